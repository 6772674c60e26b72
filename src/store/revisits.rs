//! Pages that are fetched again: at the ages that their source names (`revisit`), and when the feed says that they
//! changed.
//!
//! The entry is `done` and waits in the queue like any other, with what its feed said. The result is a revision of its
//! article or nothing, as for any page that is fetched twice.

use std::time::Duration;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, params};

use super::error::StoreError;
use super::page_id::PageId;
use super::pages;
use super::stored_entry::StoredEntry;
use super::{host_backoff, queue, time};
use crate::model::{Entry, EntryId, EntryKeys, SourceId};
use crate::schedule;

/// Schedules the page of a collected entry, because the feed says that it changed. Ignored if the article is deleted, if
/// its source keeps first texts only, or if the page is awaited anyway.
pub(super) fn schedule_changed(
    db: &Connection,
    entry: EntryId,
    said: &Entry,
    keys: &EntryKeys,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let stored = db
        .prepare_cached(
            "SELECT entry.host, entry.unchanged_updates, page.requested_at, coalesce(entry.next_at, entry.parked_at), \
             entry.own_text \
             FROM entry JOIN page ON page.id = entry.page_id JOIN article ON article.id = page.article_id \
             JOIN source ON source.id = entry.source_id \
             WHERE entry.id = ?1 AND entry.state IN ('done', 'known') \
             AND entry.text_state NOT IN ('feed', 'feed-retry', 'partial') \
             AND entry.lease_run IS NULL AND article.deleted_at IS NULL AND source.revisions <> 'first'",
        )?
        .query_row([entry.0], |row| {
            let (host, unchanged): (String, u32) = (row.get(0)?, row.get(1)?);
            let (requested_at, waits_until): (Option<i64>, Option<i64>) = (row.get(2)?, row.get(3)?);
            Ok((host, unchanged, requested_at.map(time::from_ms), waits_until, row.get::<_, bool>(4)?))
        })
        .optional()?;
    let Some((previous_host, unchanged, requested_at, waits_until, own_text)) = stored else {
        return Ok(());
    };
    let host = keys.host.as_deref().filter(|_| !own_text).unwrap_or(queue::NO_HOST);
    let at = if host == queue::NO_HOST {
        // No request is made for it.
        time::ms(now)
    } else {
        let at = time::ms(schedule::next_recheck(unchanged, requested_at, now));
        waits_until.map_or(at, |waits_until| waits_until.min(at))
    };
    db.prepare_cached(
        "UPDATE entry SET text_state = 'changed', attempts = 0, host = ?2, url = ?3, payload = ?4 WHERE id = ?1",
    )?
    .execute(params![
        entry.0,
        host,
        said.link.as_ref().map(ToString::to_string),
        StoredEntry::of(said, &keys.link_keys).to_json()?
    ])?;
    host_backoff::ensure_host(db, host)?;
    queue::reschedule(db, entry, Some(at))?;
    if previous_host != host {
        queue::refresh_host(db, &previous_host)?;
    }
    Ok(())
}

/// A page that was fetched for an entry.
#[derive(Clone, Copy, Debug)]
pub(super) struct Visit {
    pub(super) entry: EntryId,
    pub(super) page: PageId,
    /// Whether its text was another one.
    pub(super) has_changed: bool,
}

/// For an UPDATE of `entry` with the page as ?2 and [`Visit::has_changed`] as ?3: counts how often in a row the feed said
/// that the page changed, and it had not.
const NOTE_VISIT: &str = "page_id = ?2, unchanged_updates = \
     CASE WHEN text_state <> 'changed' OR host = '' THEN unchanged_updates WHEN ?3 THEN 0 ELSE unchanged_updates + 1 END";

/// Ends the lease of an entry whose page was fetched completely. It waits until `revisit_at`, or for nothing more; always
/// for nothing more if its article is deleted.
pub(super) fn finish(
    db: &Connection,
    visit: Visit,
    revisit_at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let Visit { entry, page, has_changed } = visit;
    let revisit_at = match revisit_at {
        Some(at) if !pages::is_of_deleted_article(db, page)? => Some(time::ms(at)),
        _ => None,
    };
    let done = format!(
        "{NOTE_VISIT}, state = 'done', crashes = 0, attempts = 0, feed_text_at = NULL, \
         first_fetched_at = coalesce(first_fetched_at, ?4)"
    );
    if revisit_at.is_some() {
        db.prepare_cached(&format!("UPDATE entry SET {done}, text_state = 'revisit' WHERE id = ?1"))?
            .execute(params![entry.0, page.0, has_changed, time::ms(now)])?;
        return queue::reschedule(db, entry, revisit_at);
    }
    // Nearly all entries end here: one update of the row is enough.
    let host: String =
        db.prepare_cached("SELECT host FROM entry WHERE id = ?1")?.query_row([entry.0], |row| row.get(0))?;
    db.prepare_cached(&format!(
        "UPDATE entry SET {done}, text_state = 'final', payload = NULL, lease_run = NULL, lease_claim = NULL, \
         next_at = NULL, parked_at = NULL WHERE id = ?1"
    ))?
    .execute(params![entry.0, page.0, has_changed, time::ms(now)])?;
    queue::refresh_host(db, &host)
}

/// Notes a visit of an entry that is still incomplete; its lease is ended by the caller.
pub(super) fn note(db: &Connection, visit: Visit) -> Result<(), StoreError> {
    db.prepare_cached(&format!("UPDATE entry SET {NOTE_VISIT} WHERE id = ?1"))?
        .execute(params![visit.entry.0, visit.page.0, visit.has_changed])?;
    Ok(())
}

/// Reschedules the waiting revisits of a source whose ages were changed. Entries that had no age left before are not
/// scheduled again.
pub(super) fn reschedule_source(
    db: &Connection,
    source: SourceId,
    ages: &[Duration],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let waiting: Vec<(i64, i64)> = db
        .prepare_cached(
            "SELECT id, first_fetched_at FROM entry WHERE source_id = ?1 AND text_state = 'revisit' \
             AND first_fetched_at IS NOT NULL AND lease_run IS NULL",
        )?
        .query_map([source.0], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    for (entry, first_fetched_at) in waiting {
        let at = schedule::next_revisit(ages, time::from_ms(first_fetched_at), now).map(time::ms);
        if at.is_none() {
            db.prepare_cached("UPDATE entry SET text_state = 'final', payload = NULL WHERE id = ?1")?
                .execute([entry])?;
        }
        queue::reschedule(db, EntryId(entry), at)?;
    }
    Ok(())
}
