//! No error vanishes: failures and polls as rows, the latest of each source; counters and hit rates for good.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::drift::{Drift, Habit};
use super::error::StoreError;
use super::time;
use crate::model::{EntryId, Failure, Grade, PollCounts, PollOutcome, SelectorOutcome, SourceId};

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
        "INSERT INTO poll (source_id, at, duration_ms, status, outcome, code, entries, new, known, skipped, bytes, next_why) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    )?
    .execute(params![
        outcome.source.0,
        time::text(outcome.at),
        time::length(outcome.fetch.duration),
        outcome.fetch.status,
        word,
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
    .execute(params![outcome.source.0, KEPT])?;
    count(db, outcome.source, &format!("polls.{word}"), 1)
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

/// Adds to what is known of selectors; one that finds less than it used to is written down, counted and logged.
pub(super) fn tried(
    db: &Connection,
    source: SourceId,
    tried: &[SelectorOutcome],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    for rule in tried {
        let (mut habit, known) = habit(db, source, rule)?;
        let before = habit.drift;
        habit.add(rule.matched, rule.length);
        if !known {
            db.prepare_cached(
                "INSERT INTO rule_stat (source_id, field, selector, hits, misses) VALUES (?1, ?2, ?3, 0, 0)",
            )?
            .execute(params![source.0, rule.field.as_str(), rule.selector])?;
        }
        db.prepare_cached(
            "UPDATE rule_stat SET hits = ?4, misses = ?5, rate = ?6, usual = ?7, median = ?8, lengths = ?9, drift = ?10, \
             drift_at = CASE WHEN ?10 IS NULL THEN NULL ELSE coalesce(drift_at, ?12) END, \
             last_miss_at = CASE WHEN ?11 THEN last_miss_at ELSE ?12 END \
             WHERE source_id = ?1 AND field = ?2 AND selector = ?3",
        )?
        .execute(params![
            source.0,
            rule.field.as_str(),
            rule.selector,
            habit.hits as i64,
            habit.misses as i64,
            habit.rate,
            habit.usual,
            habit.median,
            habit.lengths_blob(),
            habit.drift.map(Drift::as_str),
            rule.matched,
            time::text(now)
        ])?;
        if let (None, Some(drift)) = (before, habit.drift) {
            alarm(db, source, rule, drift, &habit, now)?;
        }
    }
    Ok(())
}

/// What is remembered of a selector, and whether it has a row.
fn habit(db: &Connection, source: SourceId, rule: &SelectorOutcome) -> Result<(Habit, bool), StoreError> {
    let row = db
        .prepare_cached(
            "SELECT hits, misses, rate, usual, median, lengths, drift FROM rule_stat \
             WHERE source_id = ?1 AND field = ?2 AND selector = ?3",
        )?
        .query_row(params![source.0, rule.field.as_str(), rule.selector], |row| {
            Ok(Habit {
                hits: row.get::<_, i64>(0)?.unsigned_abs(),
                misses: row.get::<_, i64>(1)?.unsigned_abs(),
                rate: row.get(2)?,
                usual: row.get(3)?,
                median: row.get(4)?,
                lengths: Habit::lengths_of(&row.get::<_, Vec<u8>>(5)?),
                drift: row.get::<_, Option<String>>(6)?.as_deref().and_then(Drift::of),
            })
        })
        .optional()?;
    let known = row.is_some();
    Ok((row.unwrap_or_default(), known))
}

/// A row, a counter and a line for a selector that finds less than it used to.
fn alarm(
    db: &Connection,
    source: SourceId,
    rule: &SelectorOutcome,
    drift: Drift,
    habit: &Habit,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let field = rule.field.as_str();
    let selector = &rule.selector;
    let what = match drift {
        Drift::Rate => format!(
            "hits {:.0} % of pages, it used to hit {:.0} %",
            habit.rate * 100.0,
            habit.usual * 100.0
        ),
        Drift::Length => format!(
            "finds {:.0} characters, it used to find {:.0}",
            habit.recent_median(),
            habit.median
        ),
    };
    let message = format!("{field} {selector:?} {what}: the site may have changed; look with `cuttings try`");
    let name: String = db
        .prepare_cached("SELECT name FROM source WHERE id = ?1")?
        .query_row([source.0], |row| row.get(0))?;
    tracing::warn!(
        source = name,
        field,
        selector,
        drift = drift.as_str(),
        "{message}"
    );
    let failure = Failure {
        code: "rule-drift",
        grade: Grade::Soft,
        message,
        url: None,
        status: None,
    };
    failed(db, source, None, "page", &failure, now)
}

/// A selector that something is remembered of.
#[derive(Debug)]
pub(super) struct Remembered {
    pub(super) source: i64,
    pub(super) source_name: String,
    pub(super) field: String,
    pub(super) selector: String,
}

/// All of them.
pub(super) fn selectors(db: &Connection) -> Result<Vec<Remembered>, StoreError> {
    let found = db
        .prepare_cached(
            "SELECT source_id, source.name, field, selector FROM rule_stat JOIN source ON source.id = source_id",
        )?
        .query_map([], |row| {
            Ok(Remembered {
                source: row.get(0)?,
                source_name: row.get(1)?,
                field: row.get(2)?,
                selector: row.get(3)?,
            })
        })?
        .collect::<Result<_, _>>()?;
    Ok(found)
}

/// Drops what is remembered of some.
pub(super) fn forget(db: &Connection, old: &[Remembered]) -> Result<(), StoreError> {
    for old in old {
        db.prepare_cached("DELETE FROM rule_stat WHERE source_id = ?1 AND field = ?2 AND selector = ?3")?
            .execute(params![old.source, old.field, old.selector])?;
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
