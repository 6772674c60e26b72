//! The one thread that writes.
//!
//! Callers send closures through a bounded channel. The thread takes what waits, runs it in one transaction, each
//! closure in a savepoint of its own, commits, and only then answers: what a caller was told is on the disk
//! (`synchronous = FULL`), and a hundred callers share one sync. A closure that fails or panics is rolled back alone.
//!
//! What may wait does so for a moment, for others to share its transaction ([`Haste`]): a commit and its sync cost more
//! than the rows of a poll.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::sync::{Semaphore, oneshot};

use super::cluster::Latest;
use super::error::StoreError;
use super::lock::Lock;
use super::search::index;

/// Closures in one transaction. There are as many only when as many wait; then each costs a third less than with 64.
const BATCH: usize = 256;

/// Closures that may wait; callers beyond wait to send.
const WAITING: usize = 512;

/// How long a closure that may wait does so. Polls that were begun together end within less.
const GATHER: Duration = Duration::from_millis(5);

/// How long the end waits for readers before it leaves the log as it is.
const CLOSING: Duration = Duration::from_millis(500);

/// Tells a caller what became of its closure, once the transaction has ended.
type Answer = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

/// A closure of a caller: run inside the transaction, or told why there is none.
type Work = Box<dyn FnOnce(Result<&Connection, StoreError>) -> Answer + Send>;

struct Job {
    haste: Haste,
    work: Work,
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

    /// Runs `work` in the next transaction and returns once that is committed.
    ///
    /// A caller that goes away does not undo what it sent.
    pub(super) async fn call<T: Send + 'static>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.call_in(Haste::Now, doing, work).await
    }

    /// The same with less haste.
    pub(super) async fn call_in<T: Send + 'static>(
        &self,
        haste: Haste,
        doing: &'static str,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        let work: Work = Box::new(move |db| {
            let result = db
                .and_then(|db| in_savepoint(db, work))
                .map_err(|error| error.while_doing(doing));
            Box::new(move |end: Result<(), StoreError>| {
                let end = end.map_err(|error| error.while_doing(doing));
                let _ = answer.send(result.and_then(|value| end.map(|()| value)));
            })
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
    fn gather(&self, db: &Connection) -> Option<Vec<Work>> {
        let mut batch = Vec::new();
        let mut end = None;
        loop {
            match self.next(end) {
                Ok(Job { haste, work }) => {
                    let now = Instant::now();
                    match haste {
                        Haste::Look => {
                            work(Ok(db))(Ok(()));
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
    let mut latest = Latest::default();
    while let Some(batch) = queue.gather(db) {
        let mut batch = batch.into_iter();
        while let Some(first) = batch.next() {
            transaction(db, first, &mut batch, &mut latest);
        }
    }
}

/// Runs `first`, and of the others as many as one transaction holds.
fn transaction(db: &Connection, first: Work, others: &mut std::vec::IntoIter<Work>, latest: &mut Latest) {
    if let Err(error) = db.execute_batch("BEGIN IMMEDIATE") {
        first(Err(error.into()))(Ok(()));
        return;
    }
    let mut answers = Vec::with_capacity(1 + others.len());
    let mut next = Some(first);
    while let Some(work) = next.take() {
        answers.push(work(Ok(db)));
        // A full disk or an I/O error can roll back the whole transaction behind our back.
        if !db.is_autocommit() {
            next = others.next();
        }
    }
    let end = index::catch_up(db, latest).and_then(|()| commit(db));
    if end.is_err() && !db.is_autocommit() {
        // Where even this fails, the next BEGIN does too, and says so.
        let _ = db.execute_batch("ROLLBACK");
    }
    for answer in answers {
        answer(end.clone());
    }
}

fn commit(db: &Connection) -> Result<(), StoreError> {
    if db.is_autocommit() {
        return Err(StoreError::Sql {
            doing: "commit",
            trouble: super::error::Trouble::Io,
            message: "the transaction was rolled back by an error of another step in it".to_owned(),
        });
    }
    Ok(db.execute_batch("COMMIT")?)
}

fn in_savepoint<T>(
    db: &Connection,
    work: impl FnOnce(&Connection) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    db.prepare_cached("SAVEPOINT job")?.execute([])?;
    let result = catch_unwind(AssertUnwindSafe(|| work(db))).unwrap_or_else(|_| {
        Err(StoreError::Sql {
            doing: "use the database",
            trouble: super::error::Trouble::Other,
            message: "the step panicked".to_owned(),
        })
    });
    match result {
        Ok(value) => {
            db.prepare_cached("RELEASE job")?.execute([])?;
            Ok(value)
        }
        Err(error) => {
            if !db.is_autocommit() {
                db.execute_batch("ROLLBACK TO job; RELEASE job")?;
            }
            Err(error)
        }
    }
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
