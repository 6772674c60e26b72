//! Space on the disk of the database.

use std::path::Path;

/// Bytes that an ordinary user may still write beside a file; `None` where the system does not say.
pub(super) fn free_bytes(file: &Path) -> Option<u64> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let found = rustix::fs::statvfs(folder.unwrap_or(Path::new("."))).ok()?;
    Some(found.f_bavail.saturating_mul(found.f_frsize))
}

/// Bytes of the write-ahead log of a database; 0 where there is none.
pub(super) fn log_bytes(database: &Path) -> u64 {
    let mut log = database.as_os_str().to_owned();
    log.push("-wal");
    std::fs::metadata(log).map_or(0, |found| found.len())
}

/// `12 KB`, `12 MB` or `12 GB`, by powers of 1,024.
pub(super) fn megabytes(bytes: u64) -> String {
    match bytes >> 20 {
        more @ 10_240.. => format!("{} GB", more >> 10),
        0 => format!("{} KB", bytes.div_ceil(1024)),
        less => format!("{less} MB"),
    }
}
