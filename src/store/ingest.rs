//! Stores the entries of a document: new ones wait for their page.
//!
//! [`super::entry_match`] says what is known of them. A known entry costs one look-up. An entry that a filter excludes is
//! stored as `unwanted`, so that it is known from then on. A new entry whose link is an article already is `known`, and its
//! link becomes one more key of the article. One whose link other entries have, too, is an article of the feed's own text.

use std::collections::{BTreeSet, HashSet};

use chrono::{DateTime, Utc};
use rusqlite::{Connection, params};
use url::Url;

use super::entry_changes::{ChangeCredit, EntryChanges};
use super::entry_rows::{EntryRow, RecognisedEntry, Recognition, Renaming, Twin};
use super::error::StoreError;
use super::page_id::{EntryTitle, PageId, article_of, known_page};
use super::revision_columns::clean;
use super::revisits::Scheduled;
use super::stored_entry::StoredEntry;
use super::{
    articles, backfill, entry_match, feed_text, history, host_backoff, link_sharing, memberships, queue,
    revisits, time,
};
use crate::model::{
    Entry, EntryChange, EntryId, EntryKeys, Failure, Grade, ParsedFeed, PollCounts, SourceId, TextState,
};

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
        credit: ChangeCredit::load(db, source, now)?,
        counts: PollCounts { skipped: feed.skipped.len() as u64, ..PollCounts::default() },
        revisits: 0,
        backfill: backfill::requested(db, source)?,
        backfilled: 0,
        doubted: 0,
        renamed: 0,
        moved: 0,
        same_link: 0,
        // Of a first poll, many old entries wait for their pages.
        feed_text_at: if limit.is_none() { feed_text::of_new_entry(db, source, now)? } else { None },
        hosts: BTreeSet::new(),
        rows: Vec::with_capacity(recognised.len()),
    };
    let changes = recognised.iter().map(|entry| ingest.changes(entry)).collect::<Result<Vec<_>, _>>()?;
    for (entry, changes) in recognised.iter().zip(changes) {
        let row = ingest.store(entry, changes)?;
        ingest.rows.push(row);
    }
    ingest.credit.store(db, source)?;
    let (by_link, lost) = backfill::finish(db, source, std::mem::take(&mut ingest.backfill), now)?;
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
        ("entries.doubted", ingest.doubted),
        ("entries.backfilled", ingest.backfilled + by_link),
        ("entries.backfill-lost", lost),
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
    /// Changes that are believed.
    revisits: u64,
    /// Changes that wait for credit.
    doubted: u64,
    /// How many more are believed.
    credit: ChangeCredit,
    /// Entries that were recorded as seen, and are wanted after all.
    backfill: HashSet<EntryId>,
    /// How many of them wait for their page now.
    backfilled: u64,
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
    /// What a known entry says against the last document; earns the source credit. One under lease is compared at the next poll.
    fn changes(&mut self, entry: &RecognisedEntry<'_>) -> Result<EntryChanges, StoreError> {
        let (Recognition::Known(row) | Recognition::Renamed(row, _)) = &entry.recognition else {
            return Ok(EntryChanges::default());
        };
        if row.is_leased {
            return Ok(EntryChanges::default());
        }
        let changes = EntryChanges::of(self.db, entry, row)?;
        self.credit.earn_quiet(changes);
        Ok(changes)
    }

    /// Stores one entry; gives its row.
    fn store(
        &mut self,
        entry: &RecognisedEntry<'a>,
        changes: EntryChanges,
    ) -> Result<Option<EntryId>, StoreError> {
        let is_new = matches!(entry.recognition, Recognition::New { .. });
        *(if is_new { &mut self.counts.new } else { &mut self.counts.known }) += 1;
        Ok(match &entry.recognition {
            Recognition::Repeated => None,
            Recognition::Known(row) => {
                self.update(entry, row)?;
                self.judge_news(entry, row, changes)?;
                self.collect_seen(entry, row.id)?;
                Some(row.id)
            }
            Recognition::Renamed(row, why) => {
                self.rename(entry, row, *why, changes)?;
                self.collect_seen(entry, row.id)?;
                Some(row.id)
            }
            Recognition::OtherSlug(page) => Some(self.insert_slug(entry, *page)?),
            Recognition::SameArticle(twin) => Some(self.insert_twin(entry, *twin)?),
            Recognition::New { shares_link } => Some(self.insert_new(entry, *shares_link)?),
        })
    }

    /// Queues an entry that was recorded as seen, if a person asked for it.
    fn collect_seen(&mut self, entry: &RecognisedEntry<'a>, row: EntryId) -> Result<(), StoreError> {
        if !self.backfill.remove(&row) {
            return Ok(());
        }
        if let Some(filter) = entry.keys.excluded_by {
            return backfill::exclude(self.db, row, self.source, filter);
        }
        self.backfilled += 1;
        let payload = StoredEntry::of(entry.entry, &entry.keys.link_keys);
        backfill::collect(self.db, row, &payload, host_of(entry.keys), self.now)
    }

    /// Notes what a known entry says now. One under lease is compared at the next poll.
    fn update(&mut self, entry: &RecognisedEntry<'a>, row: &EntryRow) -> Result<(), StoreError> {
        let updated = updated_of(entry.entry);
        // Text of one format in UTC: it sorts by time.
        let is_newer = updated.is_some() && updated > row.updated;
        let new = entry.fingerprint;
        if row.is_leased || !is_newer && new == row.fingerprint {
            return Ok(());
        }
        self.db
            .prepare_cached(
                "UPDATE entry SET updated = iif(?2, ?3, updated), link_hash = ?4, title_hash = ?5, text_hash = ?6, \
                 dated = ?7, published = coalesce(published, ?8) WHERE id = ?1",
            )?
            .execute(params![
                row.id.0,
                is_newer,
                updated,
                new.link,
                new.title,
                new.text,
                new.dated,
                published_of(entry.entry)
            ])?;
        if row.is_pending && row.text_state == TextState::Missing {
            self.hosts.insert(host_of(entry.keys));
            revisits::renew_waiting(self.db, row.id, entry.entry, entry.keys)?;
        }
        Ok(())
    }

    /// Schedules the page of an entry that the feed says was changed, if that is believed.
    fn judge_news(
        &mut self,
        entry: &RecognisedEntry<'a>,
        row: &EntryRow,
        changes: EntryChanges,
    ) -> Result<(), StoreError> {
        // Without a page there is no article yet.
        if row.is_leased || row.page.is_none() || entry.keys.excluded_by.is_some() {
            return Ok(());
        }
        let Some(now) = changes.first(|_| true) else {
            let news = row.news.filter(|_| !row.is_looked_at());
            return self.believe(entry, row.id, EntryChanges::default().and(news));
        };
        let all = changes.and(row.news);
        if all.first(|kind| self.credit.has(kind)).is_some() {
            return self.believe(entry, row.id, all);
        }
        if row.is_looked_at() {
            // It is looked at anyway.
            return revisits::schedule_changed(self.db, row.id, entry.entry, entry.keys, now, self.now)
                .map(|_| ());
        }
        self.doubted += 1;
        revisits::doubt(self.db, row.id, now, self.now)
    }

    /// Schedules the page of an entry for these changes, if there is credit for one of them.
    fn believe(
        &mut self,
        entry: &RecognisedEntry<'a>,
        row: EntryId,
        changes: EntryChanges,
    ) -> Result<(), StoreError> {
        let Some(kind) = changes.first(|kind| self.credit.has(kind)) else { return Ok(()) };
        let scheduled = revisits::schedule_changed(self.db, row, entry.entry, entry.keys, kind, self.now)?;
        if scheduled == Scheduled::Now {
            self.revisits += 1;
            self.credit.spend(changes);
        }
        Ok(())
    }

    /// Gives a row another ident. Its page is looked at again where the feed says that it changed.
    fn rename(
        &mut self,
        entry: &RecognisedEntry<'a>,
        row: &EntryRow,
        why: Renaming,
        changes: EntryChanges,
    ) -> Result<(), StoreError> {
        // The ident may be taken by another row: then both stay.
        self.db
            .prepare_cached("UPDATE OR IGNORE entry SET ident = ?2 WHERE id = ?1")?
            .execute(params![row.id.0, entry.ident])?;
        self.update(entry, row)?;
        let told = match why {
            Renaming::Identifier => None,
            Renaming::Suffix => Some(EntryChange::Date),
            // Another date under another id: earlier or later.
            Renaming::Id => (entry.fingerprint.dated != row.fingerprint.dated).then_some(EntryChange::Date),
            Renaming::Move => {
                self.moved += 1;
                return self.move_link(entry, row);
            }
        };
        if matches!(why, Renaming::Suffix | Renaming::Id) {
            self.renamed += 1;
        }
        self.judge_news(entry, row, changes.and(told))
    }

    /// Notes that a known entry has another link now: one more key of its page, which proves nothing.
    fn move_link(&mut self, entry: &RecognisedEntry<'a>, row: &EntryRow) -> Result<(), StoreError> {
        let RecognisedEntry { entry, keys, .. } = entry;
        if let Some(page) = row.page {
            articles::add_keys(self.db, page, &keys.link_keys, self.source, self.now)?;
        }
        let url = entry.link.as_ref().map(ToString::to_string);
        self.db.prepare_cached("UPDATE entry SET url = ?2 WHERE id = ?1")?.execute(params![row.id.0, url])?;
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
        if is_replaced && entry.keys.excluded_by.is_none() {
            self.believe(entry, row, EntryChanges::default().and(Some(EntryChange::Title)))?;
        }
        Ok(row)
    }

    /// Inserts an entry whose article is stored.
    fn insert_known(&self, entry: &RecognisedEntry<'a>, page: PageId) -> Result<EntryId, StoreError> {
        let row = self.insert(entry, "known", Some(page), host_of(entry.keys), false)?;
        memberships::refresh(self.db, article_of(self.db, page)?, self.now)?;
        Ok(row)
    }

    /// Inserts an entry whose page is known under another slug; the page is looked at there.
    fn insert_slug(&mut self, entry: &RecognisedEntry<'a>, page: PageId) -> Result<EntryId, StoreError> {
        self.renamed += 1;
        let row = self.insert_known(entry, page)?;
        if entry.keys.excluded_by.is_none() {
            self.believe(entry, row, EntryChanges::default().and(Some(EntryChange::Link)))?;
        }
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
        let may_fetch = self.remaining > 0;
        let known = known.filter(|page| !(page.awaits_own_source && may_fetch));
        // An entry that needs no page has a text of its own, its feed's.
        if let Some(page) = known.filter(|_| !keys.judges_page && keys.host.is_some()) {
            articles::add_keys(db, page.id, &keys.link_keys, self.source, self.now)?;
            self.count_as_known();
            return self.insert_known(entry, page.id);
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
        let RecognisedEntry { entry, keys, ident, fingerprint, replaces_slug, .. } = entry;
        let waits = state == "pending";
        let payload = waits.then(|| StoredEntry::of(entry, &keys.link_keys).to_json()).transpose()?;
        let credit = entry.details().credit.as_ref();
        self.db
            .prepare_cached(
                "INSERT INTO entry (source_id, ident, state, host, url, payload, page_id, next_at, updated, first_seen, \
                 permalink, credit, credit_url, link_hash, title_hash, text_hash, dated, own_text, published, news, feed_text_at) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21)",
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
                published_of(entry),
                replaces_slug.then_some(EntryChange::Link.as_str()),
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
            message: format!("entry {}: {}", skipped.position + 1, skipped.reason),
            url: None,
            status: None,
        };
        history::add_failure(db, source, None, "poll", &failure, now)?;
    }
    Ok(())
}

/// The publication date as printed.
fn published_of(entry: &Entry) -> Option<String> {
    entry.published.as_ref().map(ToString::to_string)
}

fn updated_of(entry: &Entry) -> Option<String> {
    entry.updated.as_ref().map(|at| time::text(at.utc(chrono_tz::UTC)))
}
