//! One writer at a time: a lock on the file `DB-lock`, which the system releases when the process ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::error::StoreError;
use super::time;

/// Attempts before a lock counts as held, and the time between them.
const ATTEMPTS: u32 = 5;
const RETRY_TIME: Duration = Duration::from_millis(10);

/// The lock; held as long as this process may write the database.
#[derive(Debug)]
pub(super) struct Lock {
    file: File,
}

impl Drop for Lock {
    /// Unlocks explicitly: a child process that was just forked shares the open file until it executes a program.
    fn drop(&mut self) {
        let _ = self.file.unlock();
    }
}

impl Lock {
    /// Acquires the lock, or fails with the process that holds it.
    pub(super) fn acquire(database: &Path, now: DateTime<Utc>) -> Result<Self, StoreError> {
        let path = beside(database, "-lock");
        let failed = |doing| {
            let path = path.clone();
            move |error: std::io::Error| StoreError::File { path, doing, message: error.to_string() }
        };
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(failed("open the lock file"))?;
        let mut attempts = 0;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                // Another process may only be testing it: see [`holder`].
                Err(TryLockError::WouldBlock) if attempts < ATTEMPTS => {
                    attempts += 1;
                    std::thread::sleep(RETRY_TIME);
                }
                Err(TryLockError::WouldBlock) => {
                    let Holder { pid, since } = Holder::read(&file);
                    return Err(StoreError::Locked { path: database.to_owned(), pid, since });
                }
                Err(TryLockError::Error(error)) => return Err(failed("lock the lock file")(error)),
            }
        }
        file.set_len(0)
            .and_then(|()| file.seek(SeekFrom::Start(0)))
            .and_then(|_| writeln!(file, "{} {}", std::process::id(), time::text(now)))
            .map_err(failed("write the lock file"))?;
        Ok(Self { file })
    }
}

/// The process that writes a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Its process id, as written in the file.
    pub pid: String,
    /// When it started.
    pub since: String,
}

impl Holder {
    fn read(mut file: &File) -> Self {
        let mut text = String::new();
        // The holder writes the file right after it has locked it: for a moment it is empty.
        let _ = file.seek(SeekFrom::Start(0));
        let _ = file.take(200).read_to_string(&mut text);
        let (pid, since) = text.trim().split_once(' ').unwrap_or(("unknown", "just now"));
        Self { pid: pid.to_owned(), since: since.to_owned() }
    }
}

/// The process that holds the lock of a database.
pub fn holder(database: &Path) -> Option<Holder> {
    let file = File::open(beside(database, "-lock")).ok()?;
    // Released when the file is closed, at the end of this function.
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => Some(Holder::read(&file)),
        Ok(()) | Err(TryLockError::Error(_)) => None,
    }
}

/// The path of a file beside the database: its name with a suffix.
pub(super) fn beside(database: &Path, suffix: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
