//! What is known of hosts and origins, kept for the next start.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, params};

use super::error::StoreError;
use super::time;
use crate::model::RobotsResponse;

/// Keeps what origins answered; an older answer is replaced.
pub(super) fn keep(db: &Connection, notes: &[RobotsResponse]) -> Result<(), StoreError> {
    for note in notes {
        let sitemaps = serde_json::Value::from(note.sitemaps.clone()).to_string();
        db.prepare_cached(
            "INSERT OR REPLACE INTO robots (origin, way, fetched_at, expires_at, status, body, sitemaps) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            note.origin,
            note.transport,
            time::ms(note.fetched_at),
            time::ms(note.expires_at),
            note.status,
            note.body,
            sitemaps
        ])?;
    }
    Ok(())
}

/// The answers that still count; the others are dropped.
pub(super) fn robots(db: &Connection, now: DateTime<Utc>) -> Result<Vec<RobotsResponse>, StoreError> {
    db.execute("DELETE FROM robots WHERE expires_at <= ?1", [time::ms(now)])?;
    let notes = db
        .prepare("SELECT origin, fetched_at, expires_at, status, body, sitemaps, way FROM robots")?
        .query_map([], |row| {
            let sitemaps: String = row.get(5)?;
            Ok(RobotsResponse {
                origin: row.get(0)?,
                transport: row.get(6)?,
                fetched_at: time::moment(row.get(1)?),
                expires_at: time::moment(row.get(2)?),
                status: row.get(3)?,
                body: row.get(4)?,
                sitemaps: serde_json::from_str(&sitemaps).unwrap_or_default(),
            })
        })?
        .collect::<Result<_, _>>()?;
    Ok(notes)
}

/// Hosts that are not to be asked yet, and until when.
pub(super) fn resting(
    db: &Connection,
    now: DateTime<Utc>,
) -> Result<Vec<(String, DateTime<Utc>)>, StoreError> {
    let hosts = db
        .prepare("SELECT name, max(rest_until, page_at) FROM host WHERE name <> '' AND (rest_until > ?1 OR page_at > ?1)")?
        .query_map([time::ms(now)], |row| Ok((row.get(0)?, time::moment(row.get(1)?))))?
        .collect::<Result<_, _>>()?;
    Ok(hosts)
}
