//! What waits to be claimed, and when the next source and the next entry can be.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension};

use super::error::StoreError;
use super::source_claims::{self, busy_hosts};
use super::{feed_text, host_backoff, time};

/// What waits, and until when.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// When a source can next be claimed, backoff of its host included. None if there is no source, or each is being
    /// polled or waits for another source of its host.
    pub next_source: Option<DateTime<Utc>>,
    /// When an entry can next be claimed, backoff of its host included. None if none waits, or all their hosts are busy.
    pub next_entry: Option<DateTime<Utc>>,
    /// Entries that wait for their first page, whenever they are due.
    pub pending: u64,
    /// Sources and entries under lease.
    pub leased: u64,
}

/// Entries that wait for their page.
pub(super) const PENDING: &str =
    "SELECT count(*) FROM entry WHERE state = 'pending' AND next_at IS NOT NULL AND lease_run IS NULL";

/// Reads all of it.
pub(super) fn read(db: &Connection, now: DateTime<Utc>) -> Result<Backlog, StoreError> {
    let count = |sql: &str| -> Result<u64, StoreError> {
        let count: i64 = db.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
        Ok(count.unsigned_abs())
    };
    Ok(Backlog {
        pending: count(PENDING)?,
        leased: count("SELECT count(*) FROM entry WHERE lease_run IS NOT NULL")?
            + count("SELECT count(*) FROM source WHERE lease_run IS NOT NULL")?,
        ..next_claims(db, now)?
    })
}

/// Reads when a source and an entry can next be claimed; counts nothing.
pub(super) fn next_claims(db: &Connection, now: DateTime<Utc>) -> Result<Backlog, StoreError> {
    let now = time::ms(now);
    Ok(Backlog {
        next_source: next_source(db, now)?.map(time::from_ms),
        next_entry: next_entry(db, now)?.map(time::from_ms),
        ..Backlog::default()
    })
}

/// Counts sources that are polled, and those of them whose last poll failed.
pub(super) fn count_failing(db: &Connection) -> Result<(u64, u64), StoreError> {
    let count = |row: &rusqlite::Row<'_>, column| row.get::<_, i64>(column).map(i64::unsigned_abs);
    Ok(db
        .prepare_cached("SELECT count(*), count(code) FROM source WHERE enabled = 1")?
        .query_row([], |row| Ok((count(row, 0)?, count(row, 1)?)))?)
}

fn next_source(db: &Connection, now: i64) -> Result<Option<i64>, StoreError> {
    let mut soonest: Option<i64> = None;
    let busy = busy_hosts(db)?;
    for (sql, bound, is_due) in [
        (source_claims::CLAIMED_AFTER, now.saturating_add(source_claims::CLOCK_SLACK), true),
        (source_claims::DUE, i64::MAX, false),
    ] {
        let mut query = db.prepare_cached(sql)?;
        let mut rows = query.query([bound])?;
        while let Some(row) = rows.next()? {
            let due = if is_due { now } else { row.get(3)? };
            // Rows come soonest first: no later one can be sooner.
            if soonest.is_some_and(|soonest| soonest <= due) {
                break;
            }
            let host: String = row.get(1)?;
            if busy.contains(&host) {
                continue;
            }
            let (until, _) = host_backoff::of(db, &host)?;
            let at = if host_backoff::is_active(until, now) { due.max(until) } else { due };
            soonest = Some(soonest.map_or(at, |soonest| soonest.min(at)));
        }
    }
    Ok(soonest)
}

fn next_entry(db: &Connection, now: i64) -> Result<Option<i64>, StoreError> {
    let far = now.saturating_add(time::FARTHEST);
    let has_wrong_time = db.prepare_cached("SELECT 1 FROM host WHERE ready_at > ?1")?.exists([far])?;
    if has_wrong_time {
        return Ok(Some(now));
    }
    let ready: Option<i64> = db
        .prepare_cached("SELECT ready_at FROM host WHERE ready_at IS NOT NULL ORDER BY ready_at LIMIT 1")?
        .query_row([], |row| row.get(0))
        .optional()?;
    Ok(ready.into_iter().chain(feed_text::next_due(db)?).min())
}
