//! The one thread that writes.
//!
//! Callers send closures through a bounded channel. The thread takes what waits, runs it in one transaction, commits, and
//! only then answers: what a caller was told is on the disk (`synchronous = FULL`), and a hundred callers share one sync.
//!
//! A closure that fails or panics is rolled back alone. That takes a savepoint for each, and under one SQLite copies every
//! page before it is changed, a hundred of them for an article. Hardly a closure fails: so all are run without, and where
//! one does fail, the transaction is rolled back and they are run again, each in a savepoint of its own. A closure may
//! therefore run twice, and leaves nothing behind but in the database.
//!
//! What may wait does so for a moment, for others to share its transaction ([`Haste`]): a commit and its sync cost more
//! than the rows of a poll, and as much as a fifth of an article.

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

/// Closures in one transaction. There are as many only when as many wait; then each costs a third less than with 64.
const BATCH: usize = 256;

/// Closures that may wait; callers beyond wait to send.
const WAITING: usize = 512;

/// How long a closure that may wait does so: what took a request to come, and is not asked for again for seconds, can.
const GATHER: Duration = Duration::from_millis(20);

/// How long the end waits for readers before it leaves the log as it is.
const CLOSING: Duration = Duration::from_millis(500);

/// A closure of a caller.
trait Work: Send {
    /// Runs it, and keeps what it came to until the transaction has ended; whether it went well. What a run before came to is
    /// forgotten.
    fn run(&mut self, db: &Connection) -> bool;

    /// What it came to is an error after all, of what is around it.
    fn fail(&mut self, error: StoreError);

    /// Tells the caller, once the transaction has ended, and how.
    fn answer(self: Box<Self>, end: Result<(), StoreError>);
}

/// A closure, and who waits for what it gives.
struct Step<T, W> {
    doing: &'static str,
    work: W,
    result: Option<Result<T, StoreError>>,
    caller: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, W> Work for Step<T, W>
where
    T: Send,
    W: FnMut(&Connection) -> Result<T, StoreError> + Send,
{
    fn run(&mut self, db: &Connection) -> bool {
        let result = catch_unwind(AssertUnwindSafe(|| (self.work)(db))).unwrap_or_else(|_| {
            Err(StoreError::Sql {
                doing: "use the database",
                trouble: SqlErrorKind::Other,
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
        let Self {
            doing,
            result,
            caller,
            ..
        } = *self;
        let result = match (result, end) {
            (Some(Ok(value)), Ok(())) => Ok(value),
            (Some(Err(error)), _) | (_, Err(error)) => Err(error.while_doing(doing)),
            (None, Ok(())) => Err(StoreError::Closed),
        };
        let _ = caller.send(result);
    }
}

struct Job {
    haste: Haste,
    work: Box<dyn Work>,
}

/// Whether a closure waits for others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Haste {
    /// It only reads: it is run at once, and sees what is committed.
    Look,
    /// Others that come within [`GATHER`] share its transaction.
    Gather,
    /// Those that wait already do.
    Now,
}

/// The thread, and how it ended.
type Thread = (JoinHandle<()>, oneshot::Receiver<Result<(), StoreError>>);

/// The way to the thread.
#[derive(Debug)]
pub(super) struct Writer {
    jobs: Mutex<Option<Sender<Job>>>,
    /// A permit is for a closure that waits; the thread gives it back when it takes it.
    room: Arc<Semaphore>,
    thread: Mutex<Option<Thread>>,
}

impl Writer {
    /// Starts the thread, which owns the connection and the lock until it ends.
    pub(super) fn start(db: Connection, lock: Lock) -> Result<Self, StoreError> {
        let (jobs, queue) = channel();
        let room = Arc::new(Semaphore::new(WAITING));
        let places = Arc::clone(&room);
        let (ended, end) = oneshot::channel();
        let thread = std::thread::Builder::new()
            .name("store".to_owned())
            .spawn(move || {
                serve(&db, &Queue { jobs: queue, places });
                let end = finish(db);
                drop(lock);
                let _ = ended.send(end);
            })
            .map_err(|error| StoreError::File {
                path: "store".into(),
                doing: "start the writer thread",
                message: error.to_string(),
            })?;
        Ok(Self {
            jobs: Mutex::new(Some(jobs)),
            room,
            thread: Mutex::new(Some((thread, end))),
        })
    }

    /// Runs `work` in the next transaction and returns once that is committed. It may be run twice, if another one of that
    /// transaction fails.
    ///
    /// A caller that goes away does not undo what it sent.
    pub(super) async fn call<T: Send + 'static>(
        &self,
        doing: &'static str,
        work: impl FnMut(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.call_in(Haste::Now, doing, work).await
    }

    /// The same with less haste.
    pub(super) async fn call_in<T: Send + 'static>(
        &self,
        haste: Haste,
        doing: &'static str,
        work: impl FnMut(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (caller, answered) = oneshot::channel();
        let work = Box::new(Step {
            doing,
            work,
            result: None,
            caller,
        });
        let place = self.room.acquire().await.map_err(|_| StoreError::Closed)?;
        {
            let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
            let jobs = jobs.as_ref().ok_or(StoreError::Closed)?;
            jobs.send(Job { haste, work }).map_err(|_| StoreError::Closed)?;
        }
        place.forget();
        answered.await.map_err(|_| StoreError::Closed)?
    }

    /// Takes no more work, finishes what waits, and returns when the database is closed and the lock free.
    pub(super) async fn close(&self) -> Result<(), StoreError> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner).take();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        match thread {
            Some((_, end)) => end.await.map_err(|_| StoreError::Closed)?,
            None => Ok(()),
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner).take();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some((thread, _)) = thread {
            let _ = thread.join();
        }
    }
}

/// What waits for the thread.
struct Queue {
    jobs: Receiver<Job>,
    places: Arc<Semaphore>,
}

impl Queue {
    /// The next closure; `None` where none came until `end`, or none will come any more.
    fn next(&self, end: Option<Instant>) -> Result<Job, RecvTimeoutError> {
        let job = match end {
            None => self.jobs.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(end) => self
                .jobs
                .recv_timeout(end.saturating_duration_since(Instant::now())),
        };
        if job.is_ok() {
            self.places.add_permits(1);
        }
        job
    }

    /// The closures of one transaction; what only reads is done on the way. `None`: no more will come.
    fn gather(&self, db: &Connection) -> Option<Vec<Box<dyn Work>>> {
        let mut batch = Vec::new();
        let mut end = None;
        loop {
            match self.next(end) {
                Ok(Job { haste, mut work }) => {
                    let now = Instant::now();
                    match haste {
                        Haste::Look => {
                            in_savepoint(db, &mut *work);
                            work.answer(Ok(()));
                            continue;
                        }
                        Haste::Gather => end = end.or(Some(now + GATHER)),
                        Haste::Now => end = Some(now),
                    }
                    batch.push(work);
                    if batch.len() >= BATCH {
                        return Some(batch);
                    }
                }
                Err(RecvTimeoutError::Timeout) => return Some(batch),
                Err(RecvTimeoutError::Disconnected) => return (!batch.is_empty()).then_some(batch),
            }
        }
    }
}

fn serve(db: &Connection, queue: &Queue) {
    let mut latest = RecentSketches::default();
    while let Some(mut batch) = queue.gather(db) {
        while !batch.is_empty() {
            match together(db, &mut batch, &mut latest) {
                Together::Committed => batch.drain(..).for_each(|work| work.answer(Ok(()))),
                Together::RolledBack => {
                    let mut batch = batch.drain(..);
                    while let Some(first) = batch.next() {
                        one_by_one(db, first, &mut batch, &mut latest);
                    }
                }
                // Another process writes, perhaps for longer than we wait; the next may have more luck.
                Together::NotBegun(error) => batch.remove(0).answer(Err(error)),
            }
        }
    }
}

/// What became of a transaction.
enum Together {
    Committed,
    /// Something in it failed, and nothing is left of it.
    RolledBack,
    NotBegun(StoreError),
}

/// Runs all in one transaction.
fn together(db: &Connection, batch: &mut [Box<dyn Work>], latest: &mut RecentSketches) -> Together {
    if let Err(error) = db.execute_batch("BEGIN IMMEDIATE") {
        return Together::NotBegun(error.into());
    }
    // A full disk or an I/O error can roll back the whole transaction behind our back.
    let is_good = batch.iter_mut().all(|work| work.run(db) && !db.is_autocommit())
        && text_index::update(db, latest).is_ok()
        && commit(db).is_ok();
    if is_good {
        return Together::Committed;
    }
    roll_back(db);
    Together::RolledBack
}

/// Runs `first`, and of the others as many as one transaction holds, each in a savepoint.
fn one_by_one(
    db: &Connection,
    first: Box<dyn Work>,
    others: &mut impl Iterator<Item = Box<dyn Work>>,
    latest: &mut RecentSketches,
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
        // Rolled back: see above.
        if !db.is_autocommit() {
            next = others.next();
        }
    }
    let end = text_index::update(db, latest).and_then(|()| commit(db));
    if end.is_err() {
        roll_back(db);
    }
    for work in done {
        work.answer(end.clone());
    }
}

fn roll_back(db: &Connection) {
    if !db.is_autocommit() {
        // Where even this fails, the next BEGIN does too, and says so.
        let _ = db.execute_batch("ROLLBACK");
    }
}

fn commit(db: &Connection) -> Result<(), StoreError> {
    if db.is_autocommit() {
        return Err(StoreError::Sql {
            doing: "commit",
            trouble: SqlErrorKind::Io,
            message: "the transaction was rolled back by an error of another step in it".to_owned(),
        });
    }
    Ok(db.execute_batch("COMMIT")?)
}

fn in_savepoint(db: &Connection, work: &mut dyn Work) {
    if let Err(error) = run_in_savepoint(db, work) {
        work.fail(error.into());
    }
}

fn run_in_savepoint(db: &Connection, work: &mut dyn Work) -> rusqlite::Result<()> {
    db.prepare_cached("SAVEPOINT job")?.execute([])?;
    if work.run(db) {
        db.prepare_cached("RELEASE job")?.execute([])?;
    } else if !db.is_autocommit() {
        db.execute_batch("ROLLBACK TO job; RELEASE job")?;
    }
    Ok(())
}

/// Moves what is in the log into the database, so that a copy of the one file is whole.
fn finish(db: Connection) -> Result<(), StoreError> {
    let doing = |error: rusqlite::Error| StoreError::from(error).while_doing("close the database");
    // A reader may hold its snapshot for an hour: the log is then read by the next start, not waited for.
    db.busy_timeout(CLOSING).map_err(doing)?;
    let moved = db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
    db.close().map_err(|(_, error)| doing(error))?;
    moved.map_err(doing)
}
