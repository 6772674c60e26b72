//! Pages that are fetched again: at the ages that their source names (`revisit`), and when the feed says that they
//! changed.
//!
//! The entry is `done` and waits in the queue like any other, with what its feed said. The result is a revision of its
//! article or nothing, as for any page that is fetched twice.

use std::time::Duration;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::error::StoreError;
use super::page_id::PageId;
use super::pages;
use super::stored_entry::StoredEntry;
use super::{entry_changes, feed_text, host_backoff, queue, settling, time};
use crate::model::{Entry, EntryChange, EntryId, EntryKeys, SourceId, TextState};
use crate::schedule;

/// What came of a change that a feed reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scheduled {
    /// The page is looked at for it.
    Now,
    /// The page is awaited anyway: it has the new words.
    Already,
    /// Nothing: the article is deleted, or its source keeps first texts only.
    Not,
}

/// A collected entry that its feed says was changed.
struct ChangedEntry {
    host: String,
    url: Option<String>,
    page: PageId,
    own_text: bool,
    text_state: TextState,
    attempts: u32,
    unchanged_updates: u32,
    requested_at: Option<DateTime<Utc>>,
    waits_until: Option<i64>,
    news_at: Option<DateTime<Utc>>,
    /// When the feed's text was last stored.
    text_at: Option<DateTime<Utc>>,
    published: Option<String>,
    /// Whether another entry of the page waits for the same.
    is_awaited: bool,
    awaits_feed_text: bool,
}

impl ChangedEntry {
    /// Whether its text is the feed's because its page never came.
    fn stands_for_a_page(&self) -> bool {
        self.requested_at.is_none() && self.host != queue::NO_HOST
    }

    /// How often the feed changed its text lately.
    fn changes_in_a_row(&self, now: DateTime<Utc>) -> u32 {
        let is_quiet = self.news_at.is_none_or(|at| now - at > schedule::QUIET_TIME);
        if is_quiet { 0 } else { self.unchanged_updates }
    }

    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let ms = |column| row.get::<_, Option<i64>>(column).map(|at| at.map(time::from_ms));
        Ok(Self {
            host: row.get(0)?,
            url: row.get(1)?,
            page: PageId(row.get(2)?),
            own_text: row.get(3)?,
            text_state: time::word(row, 4)?,
            attempts: row.get(5)?,
            unchanged_updates: row.get(6)?,
            requested_at: ms(7)?,
            waits_until: row.get(8)?,
            news_at: ms(9)?,
            text_at: row.get_ref(10)?.as_str_or_null()?.and_then(time::parse),
            published: row.get(11)?,
            is_awaited: row.get(12)?,
            awaits_feed_text: row.get(13)?,
        })
    }
}

const CHANGED_ENTRY: &str = "SELECT entry.host, entry.url, entry.page_id, entry.own_text, entry.text_state, entry.attempts, \
     entry.unchanged_updates, page.requested_at, coalesce(entry.next_at, entry.parked_at), entry.news_at, \
     (SELECT max(fetched_at) FROM revision WHERE revision.page_id = page.id AND revision.source_id = source.id \
         AND revision.method = 'feed'), entry.published, \
     EXISTS (SELECT 1 FROM entry AS other WHERE other.page_id = page.id AND other.id <> entry.id AND other.host <> '' \
         AND other.text_state = 'changed' AND (other.next_at IS NOT NULL OR other.lease_run IS NOT NULL)), entry.feed_text_at IS NOT NULL \
     FROM entry JOIN page ON page.id = entry.page_id JOIN article ON article.id = page.article_id \
     JOIN source ON source.id = entry.source_id \
     WHERE entry.id = ?1 AND (entry.state IN ('done', 'known') OR entry.text_state = 'provisional') \
     AND entry.lease_run IS NULL AND article.deleted_at IS NULL AND source.revisions <> 'first'";

/// Schedules the page of a collected entry, because the feed says that it changed. An entry without a page gets the feed's new
/// text as soon, without a request.
///
/// Its first publication date stays; a later one is a change of it. Where the link is another one that is not known to be of the
/// same article, the old one is asked: if the page has moved, a redirect tells.
pub(super) fn schedule_changed(
    db: &Connection,
    entry: EntryId,
    said: &Entry,
    keys: &EntryKeys,
    change: EntryChange,
    now: DateTime<Utc>,
) -> Result<Scheduled, StoreError> {
    let stored = db.prepare_cached(CHANGED_ENTRY)?.query_row([entry.0], ChangedEntry::read).optional()?;
    let Some(stored) = stored else {
        return Ok(Scheduled::Not);
    };
    let is_waiting = stored.text_state == TextState::Changed;
    let own_host = keys.host.as_deref().filter(|_| !stored.own_text).unwrap_or(queue::NO_HOST);
    let is_page = own_host != queue::NO_HOST;
    if is_page && stored.is_awaited {
        return Ok(Scheduled::Already);
    }
    let mut payload = StoredEntry::of(said, &keys.link_keys);
    payload.keep_first_date(stored.published.as_deref());
    let mut host = own_host;
    if let Some(url) = stored.url.as_deref()
        && is_other_link(db, stored.page, said, keys)?
    {
        payload.keep_link(url);
        if is_page && stored.host != queue::NO_HOST {
            host = &stored.host;
        }
    }
    if stored.text_state == TextState::Final && is_page && stored.stands_for_a_page() {
        // The page was given up. With other words of its feed it may be there: it is tried once more, a week later.
        settling::give_up(db, entry, now)?;
        return renew_feed_text(db, entry, &stored, &payload, now);
    }
    match stored.text_state {
        TextState::Provisional | TextState::Feed | TextState::FeedRetry => {
            return renew_feed_text(db, entry, &stored, &payload, now);
        }
        TextState::Partial => {
            // Its pages are tried again anyway.
            db.prepare_cached("UPDATE entry SET payload = ?2, news = NULL WHERE id = ?1")?
                .execute(params![entry.0, payload.to_json()?])?;
            return Ok(Scheduled::Already);
        }
        TextState::Missing | TextState::Revisit | TextState::Changed | TextState::Final => {}
    }
    let (at, in_a_row) = if is_page {
        (schedule::next_recheck(stored.unchanged_updates, stored.requested_at, now), stored.unchanged_updates)
    } else {
        let in_a_row = stored.changes_in_a_row(now);
        let at = schedule::next_feed_text(in_a_row, stored.text_at, now);
        (at, in_a_row.saturating_add(u32::from(!is_waiting)))
    };
    let mut at = stored.waits_until.map_or(time::ms(at), |waits_until| waits_until.min(time::ms(at)));
    if is_waiting && stored.attempts > 0 {
        // It is being tried: a feed that goes on changing does not hurry it.
        at = stored.waits_until.unwrap_or(at);
    }
    db.prepare_cached(
        "UPDATE entry SET text_state = 'changed', attempts = iif(?5, attempts, 0), host = ?2, url = ?3, payload = ?4, \
         unchanged_updates = ?6, news = ?7, news_at = ?8 WHERE id = ?1",
    )?
    .execute(params![
        entry.0,
        host,
        payload.link(),
        payload.to_json()?,
        is_waiting,
        in_a_row,
        change.as_str(),
        time::ms(now)
    ])?;
    host_backoff::ensure_host(db, host)?;
    queue::reschedule(db, entry, Some(at))?;
    if stored.host != host {
        queue::refresh_host(db, &stored.host)?;
    }
    Ok(if is_waiting { Scheduled::Already } else { Scheduled::Now })
}

/// Gives an entry the new text of its feed, which stands for its page. The page is tried as before.
fn renew_feed_text(
    db: &Connection,
    entry: EntryId,
    stored: &ChangedEntry,
    payload: &StoredEntry,
    now: DateTime<Utc>,
) -> Result<Scheduled, StoreError> {
    let in_a_row = stored.changes_in_a_row(now);
    let added = u32::from(!stored.awaits_feed_text);
    db.prepare_cached(
        "UPDATE entry SET payload = ?2, unchanged_updates = ?3, news = NULL, news_at = ?4 WHERE id = ?1",
    )?
    .execute(params![entry.0, payload.to_json()?, in_a_row.saturating_add(added), time::ms(now)])?;
    feed_text::store_at(db, entry, time::ms(schedule::next_feed_text(in_a_row, stored.text_at, now)))?;
    Ok(if stored.awaits_feed_text { Scheduled::Already } else { Scheduled::Now })
}

/// Whether an entry has another link than before, of which nothing says that it leads to the same article.
fn is_other_link(db: &Connection, page: PageId, said: &Entry, keys: &EntryKeys) -> Result<bool, StoreError> {
    if said.link.is_none() {
        return Ok(true);
    }
    if keys.link_keys.is_empty() {
        return Ok(false);
    }
    for key in &keys.link_keys {
        if entry_changes::is_key_of_article(db, page, &key.key)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Notes that a feed says something anew of an entry, and is not believed yet.
pub(super) fn doubt(
    db: &Connection,
    entry: EntryId,
    change: EntryChange,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    db.prepare_cached("UPDATE entry SET news = ?2, news_at = ?3 WHERE id = ?1")?.execute(params![
        entry.0,
        change.as_str(),
        time::ms(now)
    ])?;
    Ok(())
}

/// Gives an entry that waits for its page the words that its feed has now. Its first publication date stays.
pub(super) fn renew_waiting(
    db: &Connection,
    entry: EntryId,
    said: &Entry,
    keys: &EntryKeys,
) -> Result<(), StoreError> {
    let (host, own_text, published): (String, bool, Option<String>) = db
        .prepare_cached("SELECT host, own_text, published FROM entry WHERE id = ?1")?
        .query_row([entry.0], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let mut payload = StoredEntry::of(said, &keys.link_keys);
    payload.keep_first_date(published.as_deref());
    // A page that is known waits for the filters of its source alone.
    let new_host = keys.host.as_deref().filter(|_| !own_text && host != queue::NO_HOST).unwrap_or(&host);
    db.prepare_cached("UPDATE entry SET host = ?2, url = ?3, payload = ?4 WHERE id = ?1")?
        .execute(params![entry.0, new_host, payload.link(), payload.to_json()?])?;
    host_backoff::ensure_host(db, new_host)?;
    queue::refresh_host(db, new_host)?;
    queue::refresh_host(db, &host)
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
const NOTE_VISIT: &str = "page_id = ?2, news = iif(text_state = 'changed', NULL, news), unchanged_updates = \
     CASE WHEN text_state IN ('provisional', 'feed', 'feed-retry') THEN 0 WHEN text_state <> 'changed' OR host = '' THEN unchanged_updates WHEN ?3 THEN 0 ELSE unchanged_updates + 1 END";

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
