//! No error vanishes: failures and polls as rows, the latest of each source; counters and hit rates for good.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, params};

use super::error::StoreError;
use super::time;
use crate::model::{EntryId, Failure, PollCounts, PollOutcome, SourceId, Tried};

/// Rows kept of each source, in `failure` and in `poll`.
const KEPT: i64 = 100;

/// Counter of header values that mean nothing.
pub(super) const ODD_HEADERS: &str = "headers.odd";

/// Bytes of a message that are kept.
const MESSAGE: usize = 2000;

/// Writes a failure down and counts it.
pub(super) fn failed(
    db: &Connection,
    source: SourceId,
    entry: Option<EntryId>,
    stage: &str,
    failure: &Failure,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    db.prepare_cached(
        "INSERT INTO failure (source_id, entry_id, at, stage, code, grade, status, url, message) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?
    .execute(params![
        source.0,
        entry.map(|id| id.0),
        time::text(now),
        stage,
        failure.code,
        failure.grade.as_str(),
        failure.status,
        failure.url,
        short(&failure.message)
    ])?;
    db.prepare_cached(
        "DELETE FROM failure WHERE source_id = ?1 AND id <= \
         (SELECT id FROM failure WHERE source_id = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
    )?
    .execute(params![source.0, KEPT])?;
    count(db, source, &format!("failed.{}", failure.code), 1)
}

/// Writes a poll down.
pub(super) fn polled(
    db: &Connection,
    outcome: &PollOutcome,
    word: &str,
    code: Option<&str>,
    entries: usize,
    counts: PollCounts,
) -> Result<(), StoreError> {
    db.prepare_cached(
        "INSERT INTO poll (source_id, at, took_ms, status, outcome, code, entries, new, known, skipped, bytes, next_why) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    )?
    .execute(params![
        outcome.source.0,
        time::text(outcome.at),
        time::length(outcome.took),
        outcome.status,
        word,
        code,
        entries as i64,
        counts.new as i64,
        counts.known as i64,
        counts.skipped as i64,
        outcome.bytes as i64,
        outcome.next.why
    ])?;
    db.prepare_cached(
        "DELETE FROM poll WHERE source_id = ?1 AND id <= \
         (SELECT id FROM poll WHERE source_id = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
    )?
    .execute(params![outcome.source.0, KEPT])?;
    Ok(())
}

/// Adds to a counter of a source.
pub(super) fn count(db: &Connection, source: SourceId, name: &str, by: u64) -> Result<(), StoreError> {
    if by > 0 {
        db.prepare_cached(
            "INSERT INTO counter (source_id, name, value) VALUES (?1, ?2, ?3) \
             ON CONFLICT DO UPDATE SET value = value + excluded.value",
        )?
        .execute(params![source.0, name, by as i64])?;
    }
    Ok(())
}

/// Adds to the hit rates of selectors.
pub(super) fn tried(
    db: &Connection,
    source: SourceId,
    tried: &[Tried],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    for rule in tried {
        db.prepare_cached(
            "INSERT INTO rule_stat (source_id, field, selector, hits, misses, last_miss_at) \
             VALUES (?1, ?2, ?3, ?4, 1 - ?4, CASE ?4 WHEN 0 THEN ?5 END) \
             ON CONFLICT DO UPDATE SET hits = hits + excluded.hits, misses = misses + excluded.misses, \
             last_miss_at = coalesce(excluded.last_miss_at, last_miss_at)",
        )?
        .execute(params![
            source.0,
            rule.field.as_str(),
            rule.selector,
            i64::from(rule.hit),
            time::text(now)
        ])?;
    }
    Ok(())
}

/// At most `bytes` of a text, whole characters.
pub(super) fn beginning(text: &str, bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes)).unwrap_or(text)
}

/// The beginning of a message, where it is longer than anybody reads.
pub(super) fn short(message: &str) -> &str {
    beginning(message, MESSAGE)
}
