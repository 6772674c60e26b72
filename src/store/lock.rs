//! One writer at a time: a lock on a file beside the database, which the system drops with the process.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::error::StoreError;
use super::time;

/// Looks at a lock that is taken before it is believed, and the time between two.
const LOOKS: u32 = 5;
const LOOK: Duration = Duration::from_millis(10);

/// Held as long as the database may be written by us.
#[derive(Debug)]
pub(super) struct Lock {
    file: File,
}

impl Drop for Lock {
    /// Said, not only let go: a process that was just forked off shares the file until it runs something else.
    fn drop(&mut self) {
        let _ = self.file.unlock();
    }
}

impl Lock {
    /// Takes the lock on `DB-lock`, or names who has it.
    pub(super) fn take(database: &Path, now: DateTime<Utc>) -> Result<Self, StoreError> {
        let path = beside(database, "-lock");
        let failed = |doing| {
            let path = path.clone();
            move |error: std::io::Error| StoreError::File {
                path,
                doing,
                message: error.to_string(),
            }
        };
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(failed("open the lock file"))?;
        let mut looks = 0;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                // Somebody may only be looking whether it is taken, see [`holder`].
                Err(TryLockError::WouldBlock) if looks < LOOKS => {
                    looks += 1;
                    std::thread::sleep(LOOK);
                }
                Err(TryLockError::WouldBlock) => {
                    let Holder { pid, since } = Holder::read(&file);
                    return Err(StoreError::Locked {
                        path: database.to_owned(),
                        pid,
                        since,
                    });
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
    /// As it wrote it down.
    pub pid: String,
    /// When it started.
    pub since: String,
}

impl Holder {
    fn read(mut file: &File) -> Self {
        let mut text = String::new();
        // The holder writes its name right after it has locked: an empty file is a moment, not an error.
        let _ = file.seek(SeekFrom::Start(0));
        let _ = file.take(200).read_to_string(&mut text);
        let (pid, since) = text.trim().split_once(' ').unwrap_or(("unknown", "just now"));
        Self {
            pid: pid.to_owned(),
            since: since.to_owned(),
        }
    }
}

/// Who holds the lock of a database; none: nobody does.
pub fn holder(database: &Path) -> Option<Holder> {
    let file = File::open(beside(database, "-lock")).ok()?;
    // Freed again when the file is closed, at the end of this function.
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => Some(Holder::read(&file)),
        Ok(()) | Err(TryLockError::Error(_)) => None,
    }
}

/// A file next to the database: its name with a suffix.
pub(super) fn beside(database: &Path, suffix: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
