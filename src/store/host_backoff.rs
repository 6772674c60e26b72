//! Backoff of hosts: until when a failing host is not asked. Feeds and pages of a host share it.
//!
//! Applied inside the transaction of the poll or page that learned of it; [`schedule::host_backoff`] says how long.
//! Times are milliseconds since 1970, 0 for none.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, params};

use super::error::StoreError;
use super::{queue, time};
use crate::model::HostObservation;
use crate::schedule;

/// Stores what was observed of hosts, and derives when their entries can be claimed. Gives the end of the backoff of each
/// host that failed.
pub(super) fn apply(
    db: &Connection,
    observations: &[HostObservation],
    now: DateTime<Utc>,
) -> Result<BTreeMap<String, i64>, StoreError> {
    let mut backoffs = BTreeMap::new();
    for HostObservation { host, failure } in observations {
        let stored: Option<(u32, i64, i64)> = db
            .prepare_cached("SELECT failures, backoff_until, retry_after FROM host WHERE name = ?1")?
            .query_row([host], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .optional()?;
        if stored.is_none() {
            ensure_host(db, host)?;
        }
        let (failures, backoff_until, retry_after) = stored.unwrap_or((0, 0, 0));
        let Some(failure) = failure else {
            if failures > 0 || backoff_until > retry_after {
                // The server's own `Retry-After` still holds, even if a request that was under way succeeded.
                db.prepare_cached(
                    "UPDATE host SET failures = 0, code = NULL, backoff_until = min(backoff_until, retry_after) WHERE name = ?1",
                )?
                .execute([host])?;
                queue::refresh_host(db, host)?;
            }
            continue;
        };
        // A failure during a backoff is of a request that was under way before: it is not counted again.
        let is_active = is_active(backoff_until, time::ms(now));
        let failures = if is_active { failures.max(1) } else { failures.saturating_add(1) };
        // A time in the past (`Retry-After: 0`) is ignored: a failing server would be asked again at every gap.
        let named = failure.retry_after.filter(|&at| at > now);
        let named_until = named.map_or(0, |at| time::ms(schedule::host_backoff("", 1, Some(at), now)));
        let mut until = time::ms(schedule::host_backoff(host, failures, named, now));
        if is_active {
            until = until.max(backoff_until);
        }
        db.prepare_cached(
            "UPDATE host SET failures = ?2, backoff_until = ?3, retry_after = ?4, code = ?5, updated_at = ?6 WHERE name = ?1",
        )?
        .execute(params![
            host,
            failures,
            until,
            named_until.max(retry_after),
            failure.code,
            time::text(now)
        ])?;
        queue::refresh_host(db, host)?;
        backoffs.insert(host.clone(), until);
    }
    Ok(backoffs)
}

/// Adds the row of a host, if it has none.
pub(super) fn ensure_host(db: &Connection, host: &str) -> Result<(), StoreError> {
    db.prepare_cached("INSERT OR IGNORE INTO host (name) VALUES (?1)")?.execute([host])?;
    Ok(())
}

/// Whether a backoff until `until` holds at `now`. One further ahead than the longest was written by a wrong clock.
pub(super) fn is_active(until: i64, now: i64) -> bool {
    until > now && until <= now.saturating_add(time::duration_ms(schedule::MAX_WAIT))
}

/// The end of a host's backoff, and of the part of it that the server named.
pub(super) fn of(db: &Connection, host: &str) -> Result<(i64, i64), StoreError> {
    let stored = db
        .prepare_cached("SELECT backoff_until, retry_after FROM host WHERE name = ?1")?
        .query_row([host], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(stored.unwrap_or((0, 0)))
}
