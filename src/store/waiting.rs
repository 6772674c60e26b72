//! What waits, and until when nothing can be claimed.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension};

use super::error::StoreError;
use super::{host_backoff, sources, time};

/// How much waits, and for how long.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// When a source can next be claimed, its host's rest included; none: there is no source, or each is being polled or
    /// waits for another of its host.
    pub next_source: Option<DateTime<Utc>>,
    /// When an entry can next be claimed, its host's rest included; none: none waits, or their hosts are all busy.
    pub next_entry: Option<DateTime<Utc>>,
    /// Entries that wait for their page, whenever that is; second tries for articles kept with the feed's text not
    /// counted.
    pub pending: u64,
    /// Sources and entries being worked on.
    pub leased: u64,
}

pub(super) fn look(db: &Connection, now: DateTime<Utc>) -> Result<Backlog, StoreError> {
    let now = time::ms(now);
    let count = |sql: &str| -> Result<u64, StoreError> {
        let count: i64 = db.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
        Ok(count.unsigned_abs())
    };
    Ok(Backlog {
        next_source: next_source(db, now)?.map(time::moment),
        next_entry: next_entry(db, now)?.map(time::moment),
        pending: count(PENDING)?,
        leased: count("SELECT count(*) FROM entry WHERE claimed_run IS NOT NULL")?
            + count("SELECT count(*) FROM source WHERE claimed_run IS NOT NULL")?,
    })
}

/// When a source and when an entry can next be claimed.
pub(super) fn due(db: &Connection, now: DateTime<Utc>) -> Result<Due, StoreError> {
    let now = time::ms(now);
    Ok((
        next_source(db, now)?.map(time::moment),
        next_entry(db, now)?.map(time::moment),
    ))
}

/// See [`Waiting::next_source`] and [`Waiting::next_entry`].
pub(super) type Due = (Option<DateTime<Utc>>, Option<DateTime<Utc>>);

/// Entries that wait for their page.
pub(super) const PENDING: &str =
    "SELECT count(*) FROM entry WHERE state = 'pending' AND next_at IS NOT NULL AND claimed_run IS NULL";

/// Sources that are polled, and those of them whose last poll failed.
pub(super) fn failing(db: &Connection) -> Result<(u64, u64), StoreError> {
    let count = |row: &rusqlite::Row<'_>, column| row.get::<_, i64>(column).map(i64::unsigned_abs);
    Ok(db
        .prepare_cached("SELECT count(*), count(code) FROM source WHERE enabled = 1")?
        .query_row([], |row| Ok((count(row, 0)?, count(row, 1)?)))?)
}

fn next_source(db: &Connection, now: i64) -> Result<Option<i64>, StoreError> {
    let mut soonest: Option<i64> = None;
    // What waits for a poll of its host to end is looked at when that has ended.
    let busy = sources::busy_hosts(db)?;
    for (sql, bound, stray) in [
        (sources::STRAY, now.saturating_add(sources::SLACK), true),
        (sources::DUE, i64::MAX, false),
    ] {
        let mut query = db.prepare_cached(sql)?;
        let mut rows = query.query([bound])?;
        while let Some(row) = rows.next()? {
            let due = if stray { now } else { row.get(3)? };
            // They come soonest first: none behind this one can be sooner.
            if soonest.is_some_and(|soonest| soonest <= due) {
                break;
            }
            let host: String = row.get(1)?;
            if busy.contains(&host) {
                continue;
            }
            let (rest_until, _) = host_backoff::of(db, &host)?;
            let rest = if host_backoff::is_resting(rest_until, now) {
                rest_until
            } else {
                due
            };
            soonest = Some(soonest.unwrap_or(i64::MAX).min(due.max(rest)));
        }
    }
    Ok(soonest)
}

fn next_entry(db: &Connection, now: i64) -> Result<Option<i64>, StoreError> {
    let far = now.saturating_add(time::FARTHEST);
    let stray = db
        .prepare_cached("SELECT 1 FROM host WHERE ready_at > ?1")?
        .exists([far])?;
    if stray {
        return Ok(Some(now));
    }
    Ok(db
        .prepare_cached("SELECT ready_at FROM host WHERE ready_at IS NOT NULL ORDER BY ready_at LIMIT 1")?
        .query_row([], |row| row.get(0))
        .optional()?)
}
