//! Deleting so that nothing stays readable in the file, for articles that were taken down.

use rusqlite::Connection;

use super::error::StoreError;

/// Runs `work` under `PRAGMA secure_delete`: SQLite overwrites with zeros what it deletes. Switched off again whatever
/// `work` returns, since it costs a write of every freed page.
pub(super) fn with_secure_delete<T>(
    db: &Connection,
    work: impl FnOnce() -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    db.pragma_update(None, "secure_delete", true)?;
    let result = work();
    db.pragma_update(None, "secure_delete", false)?;
    result
}
