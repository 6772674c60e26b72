//! One writer at a time: a lock on a file beside the database, which the system drops with the process.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use super::error::StoreError;
use super::time;

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
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                // The first writes its name right after it has locked: an empty file is a moment, not an error.
                let _ = (&file).take(200).read_to_string(&mut text);
                let (pid, since) = text.trim().split_once(' ').unwrap_or(("unknown", "just now"));
                return Err(StoreError::Locked {
                    path: database.to_owned(),
                    pid: pid.to_owned(),
                    since: since.to_owned(),
                });
            }
            Err(TryLockError::Error(error)) => return Err(failed("lock the lock file")(error)),
        }
        file.set_len(0)
            .and_then(|()| file.seek(SeekFrom::Start(0)))
            .and_then(|_| writeln!(file, "{} {}", std::process::id(), time::text(now)))
            .map_err(failed("write the lock file"))?;
        Ok(Self { file })
    }
}

/// A file next to the database: its name with a suffix.
pub(super) fn beside(database: &Path, suffix: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
