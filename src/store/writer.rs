//! The writer thread: the only one that changes the database while a daemon runs.
//!
//! Callers send closures through a bounded queue. The thread runs a batch of them in one transaction, commits, and then
//! answers: a result that a caller has is on the disk (`synchronous = FULL`), and a hundred callers share one sync.
//!
//! A closure that fails or panics is rolled back alone. A savepoint for each would do that, but within a savepoint SQLite
//! copies every database page before it changes it, a hundred for an article. As failures are rare, a batch runs without
//! savepoints first; if one closure fails, the transaction is rolled back and the batch runs again, each closure in its
//! savepoint. So a closure may run twice, and must have no effect outside the database.
//!
//! A closure may wait for others to share its transaction ([`BatchPriority`]): a commit with its sync costs more than the
//! rows of a poll, and a fifth of an article.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::sync::{Semaphore, oneshot};

use super::cluster::RecentSketches;
use super::error::{SqlErrorKind, StoreError};
use super::lock::Lock;
use super::text_index;

/// Maximum number of closures in one transaction. With so many each costs a third less than with 64.
const BATCH_SIZE: usize = 256;

/// Maximum number of queued closures; further callers wait until there is room.
const QUEUE_LENGTH: usize = 512;

/// How long a closure with [`BatchPriority::Gather`] waits for others.
const GATHER_TIME: Duration = Duration::from_millis(20);

/// How long closing waits for readers before it leaves the log without a checkpoint.
const CHECKPOINT_TIMEOUT: Duration = Duration::from_millis(500);

/// A closure of a caller, whatever its result type.
trait WriteJob: Send {
    /// Runs it and keeps its result, in place of that of an earlier run; true if it succeeded.
    fn run(&mut self, db: &Connection) -> bool;

    /// Replaces its result by an error of the transaction around it.
    fn fail(&mut self, error: StoreError);

    /// Sends the result to the caller, or the error with which the transaction ended.
    fn answer(self: Box<Self>, end: Result<(), StoreError>);
}

/// A closure and the caller that waits for its result.
struct Call<T, W> {
    doing: &'static str,
    work: W,
    result: Option<Result<T, StoreError>>,
    caller: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, W> WriteJob for Call<T, W>
where
    T: Send,
    W: FnMut(&Connection) -> Result<T, StoreError> + Send,
{
    fn run(&mut self, db: &Connection) -> bool {
        let result = catch_unwind(AssertUnwindSafe(|| (self.work)(db))).unwrap_or_else(|_| {
            Err(StoreError::Sql {
                doing: "use the database",
                kind: SqlErrorKind::Other,
                message: "the step panicked".to_owned(),
            })
        });
        let is_good = result.is_ok();
        self.result = Some(result);
        is_good
    }

    fn fail(&mut self, error: StoreError) {
        self.result = Some(Err(error));
    }

    fn answer(self: Box<Self>, end: Result<(), StoreError>) {
        let Self { doing, result, caller, .. } = *self;
        let result = match (result, end) {
            (Some(Ok(value)), Ok(())) => Ok(value),
            (Some(Err(error)), _) | (_, Err(error)) => Err(error.while_doing(doing)),
            (None, Ok(())) => Err(StoreError::Closed),
        };
        let _ = caller.send(result);
    }
}

struct QueuedJob {
    priority: BatchPriority,
    work: Box<dyn WriteJob>,
}

/// Whether a closure waits for others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BatchPriority {
    /// It only reads. It runs at once, between transactions, and sees what is committed.
    Read,
    /// Its transaction begins after [`GATHER_TIME`], for others to share it.
    Gather,
    /// Its transaction begins at once, with those that are queued already.
    Now,
}

/// The thread, and the result of closing the database.
type ThreadHandle = (JoinHandle<()>, oneshot::Receiver<Result<(), StoreError>>);

/// Handle of the writer thread; dropping it ends the thread.
#[derive(Debug)]
pub(super) struct WriterThread {
    jobs: Mutex<Option<Sender<QueuedJob>>>,
    /// One permit per queued closure, returned when the thread takes it.
    permits: Arc<Semaphore>,
    thread: Mutex<Option<ThreadHandle>>,
}

impl WriterThread {
    /// Starts the thread, which owns the connection and the lock until it ends.
    pub(super) fn start(db: Connection, lock: Lock) -> Result<Self, StoreError> {
        let (jobs, queue) = channel();
        let permits = Arc::new(Semaphore::new(QUEUE_LENGTH));
        let queue = JobQueue { jobs: queue, permits: Arc::clone(&permits) };
        let (ended, end) = oneshot::channel();
        let thread = std::thread::Builder::new()
            .name("store".to_owned())
            .spawn(move || {
                run(&db, &queue);
                let end = close_database(db);
                drop(lock);
                let _ = ended.send(end);
            })
            .map_err(|error| StoreError::File {
                path: "store".into(),
                doing: "start the writer thread",
                message: error.to_string(),
            })?;
        Ok(Self { jobs: Mutex::new(Some(jobs)), permits, thread: Mutex::new(Some((thread, end))) })
    }

    /// Runs `work` in the next transaction; returns once that is committed. It may run twice, if another closure of the
    /// transaction fails. If the caller stops waiting, `work` runs all the same.
    pub(super) async fn call<T: Send + 'static>(
        &self,
        doing: &'static str,
        work: impl FnMut(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.call_in(BatchPriority::Now, doing, work).await
    }

    /// Runs `work` between transactions; it must only read.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        doing: &'static str,
        work: impl FnMut(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.call_in(BatchPriority::Read, doing, work).await
    }

    /// As [`Self::call`], with a priority.
    pub(super) async fn call_in<T: Send + 'static>(
        &self,
        priority: BatchPriority,
        doing: &'static str,
        work: impl FnMut(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (caller, answered) = oneshot::channel();
        let work = Box::new(Call { doing, work, result: None, caller });
        let permit = self.permits.acquire().await.map_err(|_| StoreError::Closed)?;
        {
            let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
            let jobs = jobs.as_ref().ok_or(StoreError::Closed)?;
            jobs.send(QueuedJob { priority, work }).map_err(|_| StoreError::Closed)?;
        }
        permit.forget();
        answered.await.map_err(|_| StoreError::Closed)?
    }

    /// Refuses further calls, runs what is queued, and returns when the database is closed and the lock is free.
    pub(super) async fn close(&self) -> Result<(), StoreError> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner).take();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        match thread {
            Some((_, end)) => end.await.map_err(|_| StoreError::Closed)?,
            None => Ok(()),
        }
    }
}

impl Drop for WriterThread {
    fn drop(&mut self) {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner).take();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some((thread, _)) = thread {
            let _ = thread.join();
        }
    }
}

/// The thread's end of the queue.
struct JobQueue {
    jobs: Receiver<QueuedJob>,
    permits: Arc<Semaphore>,
}

impl JobQueue {
    /// Waits for the next closure, until `end` where that is given.
    fn next(&self, end: Option<Instant>) -> Result<QueuedJob, RecvTimeoutError> {
        let job = match end {
            None => self.jobs.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(end) => self.jobs.recv_timeout(end.saturating_duration_since(Instant::now())),
        };
        if job.is_ok() {
            self.permits.add_permits(1);
        }
        job
    }

    /// Collects the closures of one transaction, and runs those that only read. `None` at the end.
    fn gather(&self, db: &Connection) -> Option<Vec<Box<dyn WriteJob>>> {
        let mut batch = Vec::new();
        let mut end = None;
        loop {
            match self.next(end) {
                Ok(QueuedJob { priority, mut work }) => {
                    let now = Instant::now();
                    match priority {
                        BatchPriority::Read => {
                            in_savepoint(db, &mut *work);
                            work.answer(Ok(()));
                            continue;
                        }
                        BatchPriority::Gather => end = end.or(Some(now + GATHER_TIME)),
                        BatchPriority::Now => end = Some(now),
                    }
                    batch.push(work);
                    if batch.len() >= BATCH_SIZE {
                        return Some(batch);
                    }
                }
                Err(RecvTimeoutError::Timeout) => return Some(batch),
                Err(RecvTimeoutError::Disconnected) => return (!batch.is_empty()).then_some(batch),
            }
        }
    }
}

fn run(db: &Connection, queue: &JobQueue) {
    let mut sketches = RecentSketches::default();
    while let Some(mut batch) = queue.gather(db) {
        while !batch.is_empty() {
            match run_batch(db, &mut batch, &mut sketches) {
                BatchEnd::Committed => batch.drain(..).for_each(|work| work.answer(Ok(()))),
                BatchEnd::RolledBack => {
                    let mut batch = batch.drain(..);
                    while let Some(first) = batch.next() {
                        run_one_by_one(db, first, &mut batch, &mut sketches);
                    }
                }
                // Another process held the database for longer than the timeout; the next closure tries again.
                BatchEnd::NotBegun(error) => batch.remove(0).answer(Err(error)),
            }
        }
    }
}

/// How a transaction ended.
enum BatchEnd {
    Committed,
    /// A closure failed; nothing of the transaction is left.
    RolledBack,
    NotBegun(StoreError),
}

/// Runs a batch in one transaction, without savepoints.
fn run_batch(db: &Connection, batch: &mut [Box<dyn WriteJob>], sketches: &mut RecentSketches) -> BatchEnd {
    if let Err(error) = db.execute_batch("BEGIN IMMEDIATE") {
        return BatchEnd::NotBegun(error.into());
    }
    // After a full disk or an I/O error SQLite may have rolled back the transaction by itself.
    let is_good = batch.iter_mut().all(|work| work.run(db) && !db.is_autocommit())
        && text_index::update(db, sketches).is_ok()
        && commit(db).is_ok();
    if is_good {
        return BatchEnd::Committed;
    }
    roll_back(db);
    BatchEnd::RolledBack
}

/// Runs `first` and, until SQLite ends the transaction by itself, `others`: each in a savepoint.
fn run_one_by_one(
    db: &Connection,
    first: Box<dyn WriteJob>,
    others: &mut impl Iterator<Item = Box<dyn WriteJob>>,
    sketches: &mut RecentSketches,
) {
    if let Err(error) = db.execute_batch("BEGIN IMMEDIATE") {
        first.answer(Err(error.into()));
        return;
    }
    let mut done = Vec::new();
    let mut next = Some(first);
    while let Some(mut work) = next.take() {
        in_savepoint(db, &mut *work);
        done.push(work);
        // Otherwise SQLite has rolled back the transaction.
        if !db.is_autocommit() {
            next = others.next();
        }
    }
    let end = text_index::update(db, sketches).and_then(|()| commit(db));
    if end.is_err() {
        roll_back(db);
    }
    for work in done {
        work.answer(end.clone());
    }
}

fn roll_back(db: &Connection) {
    if !db.is_autocommit() {
        // If this fails, the next BEGIN fails and reports it.
        let _ = db.execute_batch("ROLLBACK");
    }
}

fn commit(db: &Connection) -> Result<(), StoreError> {
    if db.is_autocommit() {
        return Err(StoreError::Sql {
            doing: "commit",
            kind: SqlErrorKind::Io,
            message: "the transaction was rolled back by an error of another step in it".to_owned(),
        });
    }
    Ok(db.execute_batch("COMMIT")?)
}

fn in_savepoint(db: &Connection, work: &mut dyn WriteJob) {
    if let Err(error) = run_in_savepoint(db, work) {
        work.fail(error.into());
    }
}

fn run_in_savepoint(db: &Connection, work: &mut dyn WriteJob) -> rusqlite::Result<()> {
    db.prepare_cached("SAVEPOINT job")?.execute([])?;
    if work.run(db) {
        db.prepare_cached("RELEASE job")?.execute([])?;
    } else if !db.is_autocommit() {
        db.execute_batch("ROLLBACK TO job; RELEASE job")?;
    }
    Ok(())
}

/// Checkpoints the log, so that a copy of the database file alone is complete, and closes.
fn close_database(db: Connection) -> Result<(), StoreError> {
    let doing = |error: rusqlite::Error| StoreError::from(error).while_doing("close the database");
    // A reader may hold its snapshot for an hour: the next start reads the log then.
    db.busy_timeout(CHECKPOINT_TIMEOUT).map_err(doing)?;
    let moved = db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
    db.close().map_err(|(_, error)| doing(error))?;
    moved.map_err(doing)
}
