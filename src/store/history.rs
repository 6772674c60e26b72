//! The history of a source: its latest polls and failures as rows, and counters that only grow.
//!
//! Every failure is stored where it is handled, in the transaction of its outcome. `cuttings status` and the metrics read
//! these tables.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, params};

use super::error::StoreError;
use super::time;
use crate::model::{EntryId, Failure, PollCounts, PollOutcome, SourceId};

/// Rows of `failure`, and of `poll`, that are kept per source.
const ROWS: i64 = 100;

/// Maximum number of bytes of a stored message.
const MESSAGE_BYTES: usize = 2000;

/// Counter of invalid header values that were ignored.
pub(super) const ODD_HEADERS: &str = "headers.odd";

/// Stores a failure and counts it. `stage` is `poll` or `page`.
pub(super) fn add_failure(
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
        short_message(failure)
    ])?;
    db.prepare_cached(
        "DELETE FROM failure WHERE source_id = ?1 AND id <= \
         (SELECT id FROM failure WHERE source_id = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
    )?
    .execute(params![source.0, ROWS])?;
    add_to_counter(db, source, &format!("failed.{}", failure.code), 1)
}

/// Stores a poll and counts it. `result` is the word for [`PollOutcome::result`], `code` that of its failure.
pub(super) fn add_poll(
    db: &Connection,
    outcome: &PollOutcome,
    result: &str,
    code: Option<&str>,
    entries: usize,
    counts: PollCounts,
) -> Result<(), StoreError> {
    db.prepare_cached(
        "INSERT INTO poll (source_id, at, duration_ms, status, outcome, code, entries, new, known, skipped, bytes, next_why) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    )?
    .execute(params![
        outcome.source.0,
        time::text(outcome.at),
        time::duration_ms(outcome.fetch.duration),
        outcome.fetch.status,
        result,
        code,
        entries as i64,
        counts.new as i64,
        counts.known as i64,
        counts.skipped as i64,
        outcome.fetch.bytes as i64,
        outcome.next.why
    ])?;
    db.prepare_cached(
        "DELETE FROM poll WHERE source_id = ?1 AND id <= \
         (SELECT id FROM poll WHERE source_id = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
    )?
    .execute(params![outcome.source.0, ROWS])?;
    add_to_counter(db, outcome.source, &format!("polls.{result}"), 1)
}

/// Adds to a counter of a source.
pub(super) fn add_to_counter(
    db: &Connection,
    source: SourceId,
    name: &str,
    by: u64,
) -> Result<(), StoreError> {
    if by > 0 {
        db.prepare_cached(
            "INSERT INTO counter (source_id, name, value) VALUES (?1, ?2, ?3) \
             ON CONFLICT DO UPDATE SET value = value + excluded.value",
        )?
        .execute(params![source.0, name, by as i64])?;
    }
    Ok(())
}

/// The message of a failure, cut to [`MESSAGE_BYTES`].
pub(super) fn short_message(failure: &Failure) -> &str {
    prefix(&failure.message, MESSAGE_BYTES)
}

/// At most `bytes` bytes of a text, whole characters.
pub(super) fn prefix(text: &str, bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes)).unwrap_or(text)
}
