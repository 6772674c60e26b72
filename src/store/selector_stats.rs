//! Statistics of selectors: the `rule_stat` table, and an alarm when a selector finds less than it used to.
//!
//! [`super::drift`] decides; this file reads and writes its values.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::drift::{Drift, SelectorHabit};
use super::error::StoreError;
use super::{history, time};
use crate::model::{Failure, Grade, SelectorOutcome, SourceId};

/// Adds the selectors that were tried on one page. A selector that begins to drift is stored as a failure, counted and
/// logged.
pub(super) fn add(
    db: &Connection,
    source: SourceId,
    selectors: &[SelectorOutcome],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    for selector in selectors {
        let stored = read(db, source, selector)?;
        if stored.is_none() {
            db.prepare_cached(
                "INSERT INTO rule_stat (source_id, field, selector, hits, misses) VALUES (?1, ?2, ?3, 0, 0)",
            )?
            .execute(params![source.0, selector.field.as_str(), selector.selector])?;
        }
        let mut habit = stored.unwrap_or_default();
        let before = habit.drift;
        habit.add(selector.matched, selector.length);
        db.prepare_cached(
            "UPDATE rule_stat SET hits = ?4, misses = ?5, recent_rate = ?6, usual_rate = ?7, usual_length = ?8, \
             recent_lengths = ?9, drift = ?10, \
             drift_at = CASE WHEN ?10 IS NULL THEN NULL ELSE coalesce(drift_at, ?12) END, \
             last_miss_at = CASE WHEN ?11 THEN last_miss_at ELSE ?12 END \
             WHERE source_id = ?1 AND field = ?2 AND selector = ?3",
        )?
        .execute(params![
            source.0,
            selector.field.as_str(),
            selector.selector,
            habit.hits as i64,
            habit.misses as i64,
            habit.recent_rate,
            habit.usual_rate,
            habit.usual_length,
            habit.lengths_to_bytes(),
            habit.drift.map(Drift::as_str),
            selector.matched,
            time::text(now)
        ])?;
        if let (None, Some(drift)) = (before, habit.drift) {
            alarm(db, source, selector, drift, &habit, now)?;
        }
    }
    Ok(())
}

fn read(
    db: &Connection,
    source: SourceId,
    selector: &SelectorOutcome,
) -> Result<Option<SelectorHabit>, StoreError> {
    Ok(db
        .prepare_cached(
            "SELECT hits, misses, recent_rate, usual_rate, usual_length, recent_lengths, drift FROM rule_stat \
             WHERE source_id = ?1 AND field = ?2 AND selector = ?3",
        )?
        .query_row(
            params![source.0, selector.field.as_str(), selector.selector],
            |row| {
                Ok(SelectorHabit {
                    hits: row.get::<_, i64>(0)?.unsigned_abs(),
                    misses: row.get::<_, i64>(1)?.unsigned_abs(),
                    recent_rate: row.get(2)?,
                    usual_rate: row.get(3)?,
                    usual_length: row.get(4)?,
                    recent_lengths: SelectorHabit::lengths_from_bytes(&row.get::<_, Vec<u8>>(5)?),
                    drift: row.get::<_, Option<String>>(6)?.as_deref().and_then(Drift::of),
                })
            },
        )
        .optional()?)
}

fn alarm(
    db: &Connection,
    source: SourceId,
    selector: &SelectorOutcome,
    drift: Drift,
    habit: &SelectorHabit,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let field = selector.field.as_str();
    let selector = &selector.selector;
    let what = match drift {
        Drift::Rate => format!(
            "hits {:.0} % of pages, it used to hit {:.0} %",
            habit.recent_rate * 100.0,
            habit.usual_rate * 100.0
        ),
        Drift::Length => format!(
            "finds {:.0} characters, it used to find {:.0}",
            habit.recent_length(),
            habit.usual_length
        ),
    };
    let message = format!("{field} {selector:?} {what}: the site may have changed; look with `cuttings try`");
    let name: String = db
        .prepare_cached("SELECT name FROM source WHERE id = ?1")?
        .query_row([source.0], |row| row.get(0))?;
    tracing::warn!(source = name, field, selector, drift = drift.as_str(), "{message}");
    let failure = Failure { code: "rule-drift", grade: Grade::Soft, message, url: None, status: None };
    history::add_failure(db, source, None, "page", &failure, now)
}

/// A selector with statistics.
#[derive(Debug)]
pub(super) struct StoredSelector {
    source: i64,
    pub(super) source_name: String,
    pub(super) field: String,
    pub(super) selector: String,
}

/// All selectors with statistics.
pub(super) fn stored_selectors(db: &Connection) -> Result<Vec<StoredSelector>, StoreError> {
    let selectors = db
        .prepare_cached(
            "SELECT source_id, source.name, field, selector FROM rule_stat JOIN source ON source.id = source_id",
        )?
        .query_map([], |row| {
            Ok(StoredSelector {
                source: row.get(0)?,
                source_name: row.get(1)?,
                field: row.get(2)?,
                selector: row.get(3)?,
            })
        })?
        .collect::<Result<_, _>>()?;
    Ok(selectors)
}

/// Drops the statistics of `selectors`.
pub(super) fn remove(db: &Connection, selectors: &[StoredSelector]) -> Result<(), StoreError> {
    for selector in selectors {
        db.prepare_cached("DELETE FROM rule_stat WHERE source_id = ?1 AND field = ?2 AND selector = ?3")?
            .execute(params![selector.source, selector.field, selector.selector])?;
    }
    Ok(())
}
