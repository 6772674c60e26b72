//! When a host is left alone, and until when. Feeds and pages of a host share its rest.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, params};

use super::error::StoreError;
use super::{queue, time};
use crate::model::HostObservation;
use crate::schedule;

/// Applies what was learned about hosts, and when their entries can be claimed. Gives until when each host in trouble
/// rests, in milliseconds.
pub(super) fn apply(
    db: &Connection,
    notes: &[HostObservation],
    now: DateTime<Utc>,
) -> Result<BTreeMap<String, i64>, StoreError> {
    let mut rests = BTreeMap::new();
    for note in notes {
        let found: Option<(u32, i64, i64)> = db
            .prepare_cached("SELECT failures, rest_until, retry_after FROM host WHERE name = ?1")?
            .query_row([&note.host], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .optional()?;
        if found.is_none() {
            know(db, &note.host)?;
        }
        let (failures, rest_until, asked_until) = found.unwrap_or((0, 0, 0));
        let Some(trouble) = &note.failure else {
            if failures > 0 || rest_until > asked_until {
                // A rest that the server asked for stands, even where another answer was under way and came out well.
                db.prepare_cached(
                    "UPDATE host SET failures = 0, code = NULL, rest_until = min(rest_until, retry_after) WHERE name = ?1",
                )?
                .execute([&note.host])?;
                queue::refresh(db, &note.host)?;
            }
            continue;
        };
        // What fails while the host already rests was under way before: the same trouble, not one more.
        let resting = is_resting(rest_until, time::ms(now));
        let failures = if resting {
            failures.max(1)
        } else {
            failures.saturating_add(1)
        };
        // A time that has passed (`Retry-After: 0`) names none: a server in trouble would be asked again at every gap.
        let named = trouble.retry_after.filter(|&at| at > now);
        let asked = named.map(|at| time::ms(schedule::host_backoff("", 1, Some(at), now)));
        let by_us = time::ms(schedule::host_backoff(&note.host, failures, named, now));
        let rest = if resting { rest_until.max(by_us) } else { by_us };
        db.prepare_cached(
            "UPDATE host SET failures = ?2, rest_until = ?3, retry_after = ?4, code = ?5, updated_at = ?6 WHERE name = ?1",
        )?
        .execute(params![
            note.host,
            failures,
            rest,
            asked.unwrap_or(0).max(asked_until),
            trouble.code,
            time::text(now)
        ])?;
        queue::refresh(db, &note.host)?;
        rests.insert(note.host.clone(), rest);
    }
    Ok(rests)
}

/// Makes sure that a host has its row.
pub(super) fn know(db: &Connection, host: &str) -> Result<(), StoreError> {
    db.prepare_cached("INSERT OR IGNORE INTO host (name) VALUES (?1)")?
        .execute([host])?;
    Ok(())
}

/// Whether a rest until `until` holds at `now`; one that lies further ahead than the longest was written by a wrong clock.
pub(super) fn is_resting(until: i64, now: i64) -> bool {
    until > now && until <= now.saturating_add(time::length(schedule::MAX_WAIT))
}

/// Until when a host rests, and until when it asked to be left alone; zeros for one without trouble.
pub(super) fn of(db: &Connection, host: &str) -> Result<(i64, i64), StoreError> {
    let found = db
        .prepare_cached("SELECT rest_until, retry_after FROM host WHERE name = ?1")?
        .query_row([host], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(found.unwrap_or((0, 0)))
}
