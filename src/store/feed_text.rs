//! When the feed's own text of an entry is stored without a request, because its page does not come.
//!
//! `entry.feed_text_at` says when. [`super::entry_claims`] leases such an entry with
//! [`crate::model::ClaimedEntry::feed_text_only`]; it keeps its place in the lane of its host, where it goes on waiting for
//! the page.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, params};

use super::error::StoreError;
use super::stored_entry::StoredEntry;
use super::time;
use crate::model::{EntryId, SourceId, TextState};
use crate::schedule;

/// Entries whose feed's text is due, longest waiting first.
pub(super) const DUE: &str = "SELECT entry.id, entry.source_id, entry.host FROM entry JOIN source ON source.id = entry.source_id \
     WHERE entry.feed_text_at <= ?1 AND entry.lease_run IS NULL AND source.enabled = 1 ORDER BY entry.feed_text_at LIMIT ?2";

/// When the next one is due.
pub(super) fn next_due(db: &Connection) -> Result<Option<i64>, StoreError> {
    Ok(db
        .prepare_cached(
            "SELECT entry.feed_text_at FROM entry JOIN source ON source.id = entry.source_id \
             WHERE entry.feed_text_at IS NOT NULL AND entry.lease_run IS NULL AND source.enabled = 1 \
             ORDER BY entry.feed_text_at LIMIT 1",
        )?
        .query_row([], |row| row.get(0))
        .optional()?)
}

/// Whether the feed's own text is stored for entries of a source until their page comes.
pub(super) fn is_provisional(db: &Connection, source: SourceId) -> Result<bool, StoreError> {
    Ok(db
        .prepare_cached("SELECT provisional FROM source WHERE id = ?1")?
        .query_row([source.0], |row| row.get(0))?)
}

/// When the feed's text of a new entry is stored, should its page not have come by then. `None`: it waits for the page.
pub(super) fn of_new_entry(
    db: &Connection,
    source: SourceId,
    now: DateTime<Utc>,
) -> Result<Option<i64>, StoreError> {
    let at = time::later(now, schedule::FEED_TEXT_WAIT);
    Ok(is_provisional(db, source)?.then(|| time::ms(at)))
}

/// Stores the feed's text of an entry `at` that time, or sooner where that was said before.
pub(super) fn store_at(db: &Connection, entry: EntryId, at: i64) -> Result<(), StoreError> {
    db.prepare_cached(
        "UPDATE entry SET feed_text_at = min(coalesce(feed_text_at, ?2), ?2) \
         WHERE id = ?1 AND (next_at IS NOT NULL OR parked_at IS NOT NULL)",
    )?
    .execute(params![entry.0, at])?;
    Ok(())
}

/// After a failed try of the page of an entry that has no text yet: a full text of the feed is stored at once, a teaser after
/// the second failure of the page itself, or after [`schedule::FEED_TEXT_WAIT`].
pub(super) fn after_failure(
    db: &Connection,
    entry: EntryId,
    source: SourceId,
    stored: TextState,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    if stored != TextState::Missing || !is_provisional(db, source)? {
        return Ok(());
    }
    let (payload, attempts): (Option<String>, u32) = db
        .prepare_cached("SELECT payload, attempts FROM entry WHERE id = ?1")?
        .query_row([entry.0], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let is_whole = StoredEntry::from_json(payload.as_deref())?.has_full_text();
    let at = if is_whole || attempts > 1 { now } else { time::later(now, schedule::FEED_TEXT_WAIT) };
    store_at(db, entry, time::ms(at))
}
