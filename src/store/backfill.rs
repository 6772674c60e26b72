//! Entries that a first poll recorded as seen, and that a person wants collected after all (`cuttings backfill`).
//!
//! The request is a column of the source, `backfill_since`. The next poll carries it out, in the transaction that stores its
//! document. That poll is unconditional, so that the words of the feed are there. Of an entry that the document does not have,
//! the page is fetched with its link alone. Pages are queued like those of new entries.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, params};

use super::control::{ControlOutcome, row_of, unknown};
use super::control_client::ControlClient;
use super::error::StoreError;
use super::stored_entry::StoredEntry;
use super::{history, host_backoff, queue, time};
use crate::model::{EntryId, SourceId};

/// Entries of the source ?1 that its first poll recorded as seen, published since ?2 (milliseconds); first seen since, where no
/// date is known. Those of an article that was dropped are none of them.
macro_rules! from_seen_entries {
    ($columns:literal) => {
        concat!(
            "SELECT ",
            $columns,
            " FROM entry WHERE source_id = ?1 AND state = 'seen' AND page_id IS NULL AND text_state = 'missing' \
             AND coalesce(dated, unixepoch(first_seen) * 1000) >= ?2"
        )
    };
}

/// What a backfill collects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BackfillPlan {
    /// Number of entries.
    pub entries: u64,
    /// How many of them have no page to fetch: they are collected if the feed still has them.
    pub without_page: u64,
    /// The date of the oldest one.
    pub oldest: Option<DateTime<Utc>>,
    /// The date of the newest one.
    pub newest: Option<DateTime<Utc>>,
}

impl ControlClient {
    /// Asks for the entries of a source that its first poll recorded as seen, published since that time. The source is due at
    /// once. With `dry_run` nothing is asked for.
    pub fn backfill(
        &mut self,
        name: &str,
        since: DateTime<Utc>,
        dry_run: bool,
        now: DateTime<Utc>,
    ) -> Result<Result<BackfillPlan, ControlOutcome>, StoreError> {
        self.write("ask for a backfill", |db| {
            let Some(row) = row_of(db, name)? else {
                return unknown(db).map(Err);
            };
            if let Some(why) = row.not_polled.filter(|_| !dry_run) {
                return Ok(Err(ControlOutcome::Refused(why)));
            }
            if row.gone && !dry_run {
                return Ok(Err(ControlOutcome::Refused(format!(
                    "the server said that the feed is gone for good (410); `cuttings poll {name} --force` asks all the same"
                ))));
            }
            let plan = plan(db, row.id, time::ms(since))?;
            if plan.entries > 0 && !dry_run {
                db.execute(
                    "UPDATE source SET backfill_since = min(coalesce(backfill_since, ?3), ?3), \
                     next_at = min(next_at, ?2), next_why = 'asked for', \
                     repoll = iif(lease_run IS NULL, 0, max(repoll, 1)) WHERE id = ?1",
                    params![row.id, time::ms(now), time::ms(since)],
                )?;
            }
            Ok(Ok(plan))
        })
    }
}

fn plan(db: &Connection, source: i64, since: i64) -> Result<BackfillPlan, StoreError> {
    Ok(db.query_row(
        from_seen_entries!(
            "count(*), count(iif(host = '' OR own_text OR url IS NULL, 1, NULL)), \
             min(coalesce(dated, unixepoch(first_seen) * 1000)), max(coalesce(dated, unixepoch(first_seen) * 1000))"
        ),
        params![source, since],
        |row| {
            let at = |column| row.get::<_, Option<i64>>(column).map(|at| at.map(time::from_ms));
            Ok(BackfillPlan {
                entries: row.get::<_, i64>(0)?.cast_unsigned(),
                without_page: row.get::<_, i64>(1)?.cast_unsigned(),
                oldest: at(2)?,
                newest: at(3)?,
            })
        },
    )?)
}

/// The entries that the next document of a source is to be backfilled with.
pub(super) fn requested(db: &Connection, source: SourceId) -> Result<HashSet<EntryId>, StoreError> {
    let since: Option<i64> = db
        .prepare_cached("SELECT backfill_since FROM source WHERE id = ?1")?
        .query_row([source.0], |row| row.get(0))?;
    let Some(since) = since else {
        return Ok(HashSet::new());
    };
    Ok(db
        .prepare_cached(from_seen_entries!("id"))?
        .query_map(params![source.0, since], |row| row.get(0).map(EntryId))?
        .collect::<Result<_, _>>()?)
}

/// Queues an entry with what its feed says of it. `host` is that of its page.
pub(super) fn collect(
    db: &Connection,
    entry: EntryId,
    payload: &StoredEntry,
    host: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let host: String = db
        .prepare_cached(
            "UPDATE entry SET state = 'pending', payload = ?2, host = iif(own_text, '', ?3) WHERE id = ?1 RETURNING host",
        )?
        .query_row(params![entry.0, payload.to_json()?, host], |row| row.get(0))?;
    host_backoff::ensure_host(db, &host)?;
    queue::reschedule(db, entry, Some(time::ms(now)))
}

/// Ends a backfill. `missing` are its entries that the document does not have: those with a page are queued, newest first.
/// Gives their number, and that of the others, which stay as they are.
pub(super) fn finish(
    db: &Connection,
    source: SourceId,
    missing: HashSet<EntryId>,
    now: DateTime<Utc>,
) -> Result<(u64, u64), StoreError> {
    let (mut collected, mut lost) = (0, 0);
    let mut missing: Vec<EntryId> = missing.into_iter().collect();
    missing.sort_unstable();
    for entry in missing {
        let row: Option<(String, String, Option<String>)> = db
            .prepare_cached(
                "SELECT host, url, published FROM entry WHERE id = ?1 AND host <> '' AND own_text = 0 AND url IS NOT NULL",
            )?
            .query_row([entry.0], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .optional()?;
        if let Some((host, url, published)) = row {
            let mut payload = StoredEntry::default();
            payload.keep_link(&url);
            payload.keep_first_date(published.as_deref());
            collect(db, entry, &payload, &host, now)?;
            collected += 1;
        } else {
            lost += 1;
        }
    }
    db.prepare_cached(
        "UPDATE source SET backfill_since = NULL WHERE id = ?1 AND backfill_since IS NOT NULL",
    )?
    .execute([source.0])?;
    Ok((collected, lost))
}

/// Notes that a filter of its source excludes an entry.
pub(super) fn exclude(
    db: &Connection,
    entry: EntryId,
    source: SourceId,
    filter: &str,
) -> Result<(), StoreError> {
    db.prepare_cached("UPDATE entry SET state = 'unwanted' WHERE id = ?1")?.execute([entry.0])?;
    history::add_to_counter(db, source, &format!("unwanted.{filter}"), 1)
}
