//! A copy of the database, taken while it is written to: whole or not at all, and checked before it counts.
//!
//! The copy gets a `store_id` of its own: the day it takes the place of the original, readers see that numbers may have
//! been given twice, and start anew.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use super::error::StoreError;
use super::lock::beside;
use super::{random_id, schema};

/// Copies the database at `from` to `to`; gives the size of the copy. What was at `to` before is replaced at the end.
pub fn backup(from: &Path, to: &Path) -> Result<u64, StoreError> {
    drop(schema::open_reader(from)?);
    let refused = |message: &str| StoreError::File {
        path: to.to_owned(),
        doing: "write a backup there",
        message: message.to_owned(),
    };
    let failed = |error: io::Error| refused(&error.to_string());
    if to.is_dir() {
        return Err(refused("it is a folder; name a file in it"));
    }
    if to.exists() && to.canonicalize().map_err(failed)? == from.canonicalize().map_err(failed)? {
        return Err(refused("it is the database itself"));
    }
    // The log of another database would be taken for that of the copy.
    if beside(to, "-wal").metadata().is_ok_and(|log| log.len() > 0) {
        return Err(refused("a database in use is there: its -wal file is not empty"));
    }
    let name = to.file_name().ok_or_else(|| refused("it names no file"))?;
    let mut part = std::ffi::OsString::from(".");
    part.push(name);
    part.push(format!(".{}.part", std::process::id()));
    let part = Part(to.with_file_name(part));
    part.clear();
    copy(from, &part.0).map_err(|error| error.while_doing("copy the database"))?;
    let sealed = seal(&part.0).map_err(|error| error.while_doing("check the copy"))?;
    if sealed != "ok" {
        return Err(StoreError::Damaged {
            doing: "back the database up",
            what: sealed,
        });
    }
    let file = File::open(&part.0).map_err(failed)?;
    file.sync_all().map_err(failed)?;
    let size = file.metadata().map_err(failed)?.len();
    std::fs::rename(&part.0, to).map_err(failed)?;
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))
        .and_then(|folder| folder.sync_all())
        .map_err(failed)?;
    Ok(size)
}

fn copy(from: &Path, to: &Path) -> Result<(), StoreError> {
    let db = Connection::open_with_flags(
        from,
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    // One snapshot, whatever is written meanwhile.
    db.execute("VACUUM INTO ?1", [to.to_string_lossy()])?;
    Ok(())
}

/// Makes a copy a database of its own, and tells what SQLite thinks of it.
fn seal(copy: &Path) -> Result<String, StoreError> {
    let id = random_id()?;
    let db = Connection::open_with_flags(
        copy,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    db.execute("UPDATE meta SET value = ?1 WHERE key = 'store_id'", [id])?;
    Ok(db.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?)
}

/// The unfinished copy: gone with whoever fails.
struct Part(PathBuf);

impl Part {
    fn clear(&self) {
        for path in [self.0.clone(), beside(&self.0, "-journal")] {
            // Most often it is not there.
            let _ = std::fs::remove_file(path);
        }
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        self.clear();
    }
}
