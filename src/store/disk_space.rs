//! Free disk space: collecting pauses before it runs out, so that what is under way can still be stored.

use std::path::Path;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, params};

use super::error::StoreError;
use super::time;

/// A sentence if fewer than `least` bytes are free beside the database. A file system that does not say counts as having
/// room.
pub(super) fn shortage(database: &Path, least: u64) -> Option<String> {
    let folder = database.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let room = rustix::fs::statvfs(folder).ok()?;
    let free = room.f_bavail.saturating_mul(room.f_frsize);
    (free < least).then(|| {
        format!(
            "{} MiB free on the disk of {}, less than `min_free_disk` = {} MiB: nothing is collected until there is room",
            free >> 20,
            database.display(),
            least >> 20
        )
    })
}

/// Stores the sentence for `status` with the time since when it holds, or removes it.
pub(super) fn store_pause(
    db: &Connection,
    sentence: Option<&str>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let is_stored: bool = db
        .prepare_cached("SELECT 1 FROM meta WHERE key = 'paused'")?
        .query_row([], |_| Ok(true))
        .optional()?
        .unwrap_or(false);
    match sentence {
        Some(sentence) if !is_stored => {
            db.prepare_cached("INSERT INTO meta (key, value) VALUES ('paused', ?1)")?
                .execute(params![format!("since {}: {sentence}", time::text(now))])?;
        }
        None if is_stored => {
            db.prepare_cached("DELETE FROM meta WHERE key = 'paused'")?.execute([])?;
        }
        _ => {}
    }
    Ok(())
}
