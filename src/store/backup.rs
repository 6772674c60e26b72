//! `cuttings backup`: copies the database while it is in use, and checks the copy before it replaces anything.
//!
//! The copy gets a `store_id` of its own: once it is restored in the place of the original, numbers may be given twice, and
//! readers see by the new id that they have to start again.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use super::error::StoreError;
use super::lock::beside;
use super::schema;

/// Copies the database at `from` to `to` and replaces what was at `to` as the last step, atomically. Returns the size of
/// the copy in bytes.
///
/// Refused with `to` untouched: a database that is not ours, a target that is a folder, the database itself or a database
/// in use, and a copy that fails SQLite's integrity check.
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
    // SQLite would take the log of the other database for that of the copy.
    if beside(to, "-wal").metadata().is_ok_and(|log| log.len() > 0) {
        return Err(refused("a database in use is there: its -wal file is not empty"));
    }
    let name = to.file_name().ok_or_else(|| refused("it names no file"))?;
    let part_name = format!(".{}.{}.part", name.to_string_lossy(), std::process::id());
    let part = PartialCopy(to.with_file_name(part_name));
    part.remove();
    copy(from, &part.0).map_err(|error| error.while_doing("copy the database"))?;
    let check = seal(&part.0).map_err(|error| error.while_doing("check the copy"))?;
    if check != "ok" {
        return Err(StoreError::Damaged { doing: "back the database up", what: check });
    }
    let file = File::open(&part.0).map_err(failed)?;
    file.sync_all().map_err(failed)?;
    let size = file.metadata().map_err(failed)?.len();
    std::fs::rename(&part.0, to).map_err(failed)?;
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new("."))).and_then(|folder| folder.sync_all()).map_err(failed)?;
    Ok(size)
}

fn copy(from: &Path, to: &Path) -> Result<(), StoreError> {
    let db = Connection::open_with_flags(
        from,
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    // VACUUM INTO reads one snapshot, whatever is written meanwhile.
    db.execute("VACUUM INTO ?1", [to.to_string_lossy()])?;
    Ok(())
}

/// Gives the copy an id of its own, and returns the verdict of SQLite's integrity check: `ok` or the first fault.
fn seal(copy: &Path) -> Result<String, StoreError> {
    let id = schema::random_store_id()?;
    let db = Connection::open_with_flags(
        copy,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    db.execute("UPDATE meta SET value = ?1 WHERE key = 'store_id'", [id])?;
    Ok(db.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?)
}

/// The unfinished copy, removed on drop; after the final rename there is nothing left to remove.
struct PartialCopy(PathBuf);

impl PartialCopy {
    fn remove(&self) {
        for path in [self.0.clone(), beside(&self.0, "-journal")] {
            // Usually it does not exist.
            let _ = std::fs::remove_file(path);
        }
    }
}

impl Drop for PartialCopy {
    fn drop(&mut self) {
        self.remove();
    }
}
