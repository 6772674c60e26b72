//! Stores the entries of a document: new ones wait for their page.
//!
//! [`super::entry_match`] says what is known of them. A known entry costs one look-up. An entry that a filter excludes is
//! stored as `unwanted`, so that it is known from then on. A new entry whose link is an article already is `known`, and its
//! link becomes one more key of the article. One whose link other entries have, too, is an article of the feed's own text.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, params};
use url::Url;

use super::entry_rows::{EntryRow, RecognisedEntry, Recognition, Renaming, Twin};
use super::error::StoreError;
use super::page_id::{EntryTitle, PageId, article_of, known_page};
use super::revision_columns::clean;
use super::stored_entry::StoredEntry;
use super::{
    articles, entry_match, feed_text, history, host_backoff, link_sharing, memberships, queue, revisits, time,
};
use crate::identity::Fingerprint;
use crate::model::{Entry, EntryId, EntryKeys, Failure, Grade, ParsedFeed, PollCounts, SourceId};

/// Maximum number of skipped entries of one document that are stored as failures; all are counted.
const SKIPPED_ROWS: usize = 20;

/// Stores the entries of a document. At most `limit` new ones become `pending`, newest first; the others are `seen`.
pub(super) fn store_entries(
    db: &Connection,
    source: SourceId,
    feed: &ParsedFeed,
    keys: &[EntryKeys],
    limit: Option<usize>,
    now: DateTime<Utc>,
) -> Result<PollCounts, StoreError> {
    if feed.entries.len() != keys.len() {
        return Err(StoreError::damaged(format!(
            "{} entries with {} sets of keys",
            feed.entries.len(),
            keys.len()
        )));
    }
    let recognised = entry_match::recognise(db, source, feed, keys)?;
    let mut ingest = Ingest {
        db,
        source,
        now,
        remaining: limit.unwrap_or(usize::MAX),
        counts: PollCounts { skipped: feed.skipped.len() as u64, ..PollCounts::default() },
        revisits: 0,
        renamed: 0,
        moved: 0,
        same_link: 0,
        // Of a first poll, many old entries wait for their pages.
        feed_text_at: if limit.is_none() { feed_text::of_new_entry(db, source, now)? } else { None },
        hosts: BTreeSet::new(),
        rows: Vec::with_capacity(recognised.len()),
    };
    for entry in &recognised {
        let row = ingest.store(entry)?;
        ingest.rows.push(row);
    }
    link_sharing::note(db, source, &recognised, now)?;
    for host in &ingest.hosts {
        host_backoff::ensure_host(db, host)?;
        queue::refresh_host(db, host)?;
    }
    add_skipped(db, source, feed, now)?;
    for (name, by) in [
        ("entries.new", ingest.counts.new),
        ("entries.known", ingest.counts.known),
        ("entries.skipped", ingest.counts.skipped),
        ("entries.revisit", ingest.revisits),
        ("identity.renamed", ingest.renamed),
        ("identity.moved", ingest.moved),
        ("identity.same-link", ingest.same_link),
    ] {
        history::add_to_counter(db, source, name, by)?;
    }
    Ok(ingest.counts)
}

/// A document that is being stored.
struct Ingest<'a> {
    db: &'a Connection,
    source: SourceId,
    now: DateTime<Utc>,
    /// New entries that may still become `pending`.
    remaining: usize,
    counts: PollCounts,
    revisits: u64,
    renamed: u64,
    moved: u64,
    same_link: u64,
    /// When the feed's text of new entries is stored if their page has not come by then.
    feed_text_at: Option<i64>,
    /// Hosts that pages of new entries wait for.
    hosts: BTreeSet<&'a str>,
    /// Of the entries so far.
    rows: Vec<Option<EntryId>>,
}

impl<'a> Ingest<'a> {
    /// Stores one entry; gives its row.
    fn store(&mut self, entry: &RecognisedEntry<'a>) -> Result<Option<EntryId>, StoreError> {
        let is_new = matches!(entry.recognition, Recognition::New { .. });
        *(if is_new { &mut self.counts.new } else { &mut self.counts.known }) += 1;
        Ok(match &entry.recognition {
            Recognition::Repeated => None,
            Recognition::Known(row) => {
                let has_changed = self.update(entry, row)?;
                self.revisit(entry, row.id, has_changed)?;
                Some(row.id)
            }
            Recognition::Renamed(row, why) => {
                self.rename(entry, row, *why)?;
                Some(row.id)
            }
            Recognition::SameArticle(twin) => Some(self.insert_twin(entry, *twin)?),
            Recognition::New { shares_link } => Some(self.insert_new(entry, *shares_link)?),
        })
    }

    /// Notes what changed of a known entry; true if the feed says that its page did. One under lease is compared at the next
    /// poll.
    fn update(&self, entry: &RecognisedEntry<'a>, row: &EntryRow) -> Result<bool, StoreError> {
        let updated = updated_of(entry.entry);
        // Text of one format in UTC: it sorts by time.
        let is_newer = updated.is_some() && updated > row.updated;
        let seen = Fingerprint { text: row.fingerprint.text, ..entry.fingerprint };
        let is_renamed = matches!(entry.recognition, Recognition::Renamed(..));
        if row.is_leased || !is_newer && !is_renamed && seen == row.fingerprint {
            return Ok(false);
        }
        let new = Fingerprint::of(entry.entry, &entry.keys.link_keys);
        self.db
            .prepare_cached(
                "UPDATE entry SET updated = iif(?2, ?3, updated), link_hash = ?4, title_hash = ?5, text_hash = ?6, \
                 dated = ?7 WHERE id = ?1",
            )?
            .execute(params![row.id.0, is_newer, updated, new.link, new.title, new.text, new.dated])?;
        Ok(is_newer && row.updated.is_some() || entry.has_new_title(row))
    }

    /// Schedules the page of an entry that the feed says was changed.
    fn revisit(
        &mut self,
        entry: &RecognisedEntry<'a>,
        row: EntryId,
        has_changed: bool,
    ) -> Result<(), StoreError> {
        if has_changed {
            self.revisits += 1;
            if entry.keys.excluded_by.is_none() {
                revisits::schedule_changed(self.db, row, entry.entry, entry.keys, self.now)?;
            }
        }
        Ok(())
    }

    /// Gives a row another ident. Its page is looked at again where the feed says that it changed.
    fn rename(
        &mut self,
        entry: &RecognisedEntry<'a>,
        row: &EntryRow,
        why: Renaming,
    ) -> Result<(), StoreError> {
        // The ident may be taken by another row: then both stay.
        self.db
            .prepare_cached("UPDATE OR IGNORE entry SET ident = ?2 WHERE id = ?1")?
            .execute(params![row.id.0, entry.ident])?;
        let known = &row.fingerprint;
        let is_newer = self.update(entry, row)?;
        let has_changed = match why {
            Renaming::Identifier => is_newer,
            Renaming::Suffix => true,
            Renaming::Id => {
                is_newer || entry.fingerprint.dated != known.dated || entry.fingerprint.has_other_text(known)
            }
            Renaming::Move => false,
        };
        match why {
            Renaming::Identifier => {}
            Renaming::Suffix | Renaming::Id => self.renamed += 1,
            Renaming::Move => {
                self.moved += 1;
                self.move_link(entry, row)?;
            }
        }
        self.revisit(entry, row.id, has_changed && !row.is_leased)
    }

    /// Notes that a known entry has another link now: one more key of its page, which proves nothing. A page that was not
    /// fetched yet is fetched there.
    fn move_link(&mut self, entry: &RecognisedEntry<'a>, row: &EntryRow) -> Result<(), StoreError> {
        let RecognisedEntry { entry, keys, .. } = entry;
        if let Some(page) = row.page {
            articles::add_keys(self.db, page, &keys.link_keys, self.source, self.now)?;
        }
        let url = entry.link.as_ref().map(ToString::to_string);
        self.db.prepare_cached("UPDATE entry SET url = ?2 WHERE id = ?1")?.execute(params![row.id.0, url])?;
        if row.is_pending && !row.is_leased {
            let host: String = self
                .db
                .prepare_cached("SELECT host FROM entry WHERE id = ?1")?
                .query_row([row.id.0], |row| row.get(0))?;
            let payload = StoredEntry::of(entry, &keys.link_keys).to_json()?;
            self.db
                .prepare_cached(
                    "UPDATE entry SET host = iif(own_text, host, ?2), payload = ?3 WHERE id = ?1",
                )?
                .execute(params![row.id.0, host_of(keys), payload])?;
            self.hosts.insert(host_of(keys));
            queue::refresh_host(self.db, &host)?;
        }
        Ok(())
    }

    /// Inserts an entry that is the same article as another of the source. Where that has no page yet, the entry gets it with
    /// the other ([`link_sharing::settle_twins`]).
    fn insert_twin(&mut self, entry: &RecognisedEntry<'a>, twin: Twin) -> Result<EntryId, StoreError> {
        self.same_link += 1;
        let (page, is_replaced) = match twin {
            Twin::Row { page, is_replaced } => (page, is_replaced),
            Twin::Earlier(place) => {
                let row = self.rows.get(place).copied().flatten();
                let sql = "SELECT page_id FROM entry WHERE id = ?1";
                let page: Option<i64> = match row {
                    Some(row) => self.db.prepare_cached(sql)?.query_row([row.0], |row| row.get(0))?,
                    None => None,
                };
                (page.map(PageId), false)
            }
        };
        let Some(page) = page else {
            return self.insert(entry, "seen", None, host_of(entry.keys), false);
        };
        let row = self.insert_known(entry, page)?;
        self.revisit(entry, row, is_replaced)?;
        Ok(row)
    }

    /// Inserts an entry whose article is stored.
    fn insert_known(&self, entry: &RecognisedEntry<'a>, page: PageId) -> Result<EntryId, StoreError> {
        let row = self.insert(entry, "known", Some(page), host_of(entry.keys), false)?;
        memberships::refresh(self.db, article_of(self.db, page)?, self.now)?;
        Ok(row)
    }

    fn insert_new(&mut self, entry: &RecognisedEntry<'a>, shares_link: bool) -> Result<EntryId, StoreError> {
        let (db, keys) = (self.db, entry.keys);
        if let Some(filter) = keys.excluded_by {
            history::add_to_counter(db, self.source, &format!("unwanted.{filter}"), 1)?;
            self.count_as_known();
            return self.insert(entry, "unwanted", None, host_of(keys), false);
        }
        let known = if shares_link {
            None
        } else {
            known_page(db, &keys.link_keys, self.source, EntryTitle::Hash(entry.fingerprint.title))?
        };
        // An entry that needs no page has a text of its own, its feed's.
        if let Some(page) = known.filter(|_| !keys.judges_page && keys.host.is_some()) {
            articles::add_keys(db, page, &keys.link_keys, self.source, self.now)?;
            self.count_as_known();
            return self.insert_known(entry, page);
        }
        if self.remaining == 0 {
            return self.insert(entry, "seen", None, host_of(keys), shares_link);
        }
        self.remaining -= 1;
        // No request is made for a shared link. Nor for a known page that the filters of the source are still to judge:
        // `entry_claims` must not settle such an entry unjudged.
        let host = if shares_link || known.is_some() { queue::NO_HOST } else { host_of(keys) };
        self.hosts.insert(host);
        self.insert(entry, "pending", None, host, shares_link)
    }

    fn count_as_known(&mut self) {
        self.counts.new -= 1;
        self.counts.known += 1;
    }

    /// Inserts a row. A `pending` entry waits for its page, with what the feed said.
    fn insert(
        &self,
        entry: &RecognisedEntry<'a>,
        state: &str,
        page: Option<PageId>,
        host: &str,
        own_text: bool,
    ) -> Result<EntryId, StoreError> {
        let RecognisedEntry { entry, keys, ident, fingerprint, .. } = entry;
        let waits = state == "pending";
        let payload = waits.then(|| StoredEntry::of(entry, &keys.link_keys).to_json()).transpose()?;
        let credit = entry.details().credit.as_ref();
        self.db
            .prepare_cached(
                "INSERT INTO entry (source_id, ident, state, host, url, payload, page_id, next_at, updated, first_seen, \
                 permalink, credit, credit_url, link_hash, title_hash, text_hash, dated, own_text, feed_text_at) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)",
            )?
            .execute(params![
                self.source.0,
                ident,
                state,
                host,
                entry.link.as_ref().map(ToString::to_string),
                payload,
                page.map(|page| page.0),
                waits.then(|| time::ms(self.now)),
                updated_of(entry),
                time::text(self.now),
                entry.permalink,
                credit.and_then(|credit| credit.title.as_deref()).map(clean),
                credit.and_then(|credit| credit.url.as_ref()).map(Url::as_str),
                fingerprint.link,
                fingerprint.title,
                fingerprint.text,
                fingerprint.dated,
                own_text,
                self.feed_text_at.filter(|_| waits && host != queue::NO_HOST)
            ])?;
        Ok(EntryId(self.db.last_insert_rowid()))
    }
}

/// The host in whose lane of the queue an entry waits.
fn host_of(keys: &EntryKeys) -> &str {
    keys.host.as_deref().unwrap_or(queue::NO_HOST)
}

/// Stores skipped entries as failures.
fn add_skipped(
    db: &Connection,
    source: SourceId,
    feed: &ParsedFeed,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    for skipped in feed.skipped.iter().take(SKIPPED_ROWS) {
        let failure = Failure {
            code: "entry-skipped",
            grade: Grade::Soft,
            message: format!("entry {}: {}", skipped.position, skipped.reason),
            url: None,
            status: None,
        };
        history::add_failure(db, source, None, "poll", &failure, now)?;
    }
    Ok(())
}

fn updated_of(entry: &Entry) -> Option<String> {
    entry.updated.as_ref().map(|at| time::text(at.utc(chrono_tz::UTC)))
}
