//! Stores the entries of a document: new ones wait for their page.
//!
//! An entry is identified within its source by its id, link, or title and date ([`EntryKeys::ident`]). A known entry costs
//! one look-up. An entry that a filter excludes is stored as `unwanted`, so that it is known from then on. A new entry whose
//! link is an article already is `known`, and its link becomes one more key of the article.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::fmt::Write;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, params};
use url::Url;

use super::error::StoreError;
use super::page_id::{PageId, article_of, known_page};
use super::revision_columns::clean;
use super::stored_entry::StoredEntry;
use super::{articles, history, host_backoff, memberships, queue, revisits, time};
use crate::model::{Entry, EntryId, EntryKeys, Failure, Grade, ParsedFeed, PollCounts, SourceId, Timestamp};

/// Maximum number of bytes of a stored `ident`; of a longer one the beginning and a hash are stored.
const IDENT_BYTES: usize = 512;

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
    let mut entries: Vec<(&Entry, &EntryKeys)> = feed.entries.iter().zip(keys).collect();
    // Undated entries come last, in the order of the document, which is most often newest first.
    entries.sort_by_key(|(entry, _)| Reverse(date_of(entry)));
    let mut counts = PollCounts { skipped: feed.skipped.len() as u64, ..PollCounts::default() };
    let mut remaining = limit.unwrap_or(usize::MAX);
    let mut revisits = 0;
    let mut hosts = BTreeSet::new();
    for (entry, keys) in entries {
        let ident = bounded_ident(&keys.ident);
        if let Some(was) = &keys.previous_ident {
            // The entry gets another `ident`. If that is taken already, both rows stay.
            db.prepare_cached("UPDATE OR IGNORE entry SET ident = ?3 WHERE source_id = ?1 AND ident = ?2")?
                .execute(params![source.0, bounded_ident(was), ident])?;
        }
        if let Some((id, changed)) = find_known(db, source, &ident, entry)? {
            counts.known += 1;
            revisits += u64::from(changed);
            if changed && keys.excluded_by.is_none() {
                revisits::schedule_changed(db, id, entry, keys, now)?;
            }
            continue;
        }
        let row = NewEntry { source, ident: &ident, entry, keys, now };
        if let Some(page) = known_page(db, &keys.link_keys, source)? {
            articles::add_keys(db, page, &keys.link_keys, source, now)?;
            row.insert(db, "known", Some(page))?;
            memberships::refresh(db, article_of(db, page)?, now)?;
            counts.known += 1;
        } else if let Some(filter) = keys.excluded_by {
            row.insert(db, "unwanted", None)?;
            history::add_to_counter(db, source, &format!("unwanted.{filter}"), 1)?;
            counts.known += 1;
        } else if remaining == 0 {
            row.insert(db, "seen", None)?;
            counts.new += 1;
        } else {
            row.insert(db, "pending", None)?;
            hosts.insert(host_of(keys));
            remaining -= 1;
            counts.new += 1;
        }
    }
    for host in hosts {
        host_backoff::ensure_host(db, host)?;
        queue::refresh_host(db, host)?;
    }
    add_skipped(db, source, feed, now)?;
    for (name, by) in [
        ("entries.new", counts.new),
        ("entries.known", counts.known),
        ("entries.skipped", counts.skipped),
        ("entries.revisit", revisits),
    ] {
        history::add_to_counter(db, source, name, by)?;
    }
    Ok(counts)
}

/// The row of a known entry, and whether the feed says that it was changed since. One under lease is compared at the next
/// poll.
fn find_known(
    db: &Connection,
    source: SourceId,
    ident: &str,
    entry: &Entry,
) -> Result<Option<(EntryId, bool)>, StoreError> {
    let found: Option<(i64, Option<String>, bool)> = db
        .prepare_cached(
            "SELECT id, updated, lease_run IS NOT NULL FROM entry WHERE source_id = ?1 AND ident = ?2",
        )?
        .query_row(params![source.0, ident], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let Some((id, known, is_leased)) = found else {
        return Ok(None);
    };
    let updated = updated_of(entry);
    // Text of one format in UTC: it sorts by time.
    let newer = updated.is_some() && updated > known && !is_leased;
    if newer {
        db.prepare_cached("UPDATE entry SET updated = ?2 WHERE id = ?1")?.execute(params![id, updated])?;
    }
    Ok(Some((EntryId(id), newer && known.is_some())))
}

/// A row to be inserted.
struct NewEntry<'a> {
    source: SourceId,
    ident: &'a str,
    entry: &'a Entry,
    keys: &'a EntryKeys,
    now: DateTime<Utc>,
}

impl NewEntry<'_> {
    /// Inserts the row. A `pending` entry waits for its page, with what the feed said.
    fn insert(&self, db: &Connection, state: &str, page: Option<PageId>) -> Result<(), StoreError> {
        let waits = state == "pending";
        let payload =
            waits.then(|| StoredEntry::of(self.entry, &self.keys.link_keys).to_json()).transpose()?;
        let credit = self.entry.details().credit.as_ref();
        db.prepare_cached(
            "INSERT INTO entry (source_id, ident, state, host, url, payload, page_id, next_at, updated, first_seen, \
             permalink, credit, credit_url) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
        )?
        .execute(params![
            self.source.0,
            self.ident,
            state,
            host_of(self.keys),
            self.entry.link.as_ref().map(ToString::to_string),
            payload,
            page.map(|page| page.0),
            waits.then(|| time::ms(self.now)),
            updated_of(self.entry),
            time::text(self.now),
            self.entry.permalink,
            credit.and_then(|credit| credit.title.as_deref()).map(clean),
            credit.and_then(|credit| credit.url.as_ref()).map(Url::as_str)
        ])?;
        Ok(())
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

/// The date by which entries are sorted.
fn date_of(entry: &Entry) -> Option<DateTime<Utc>> {
    entry.published.as_ref().or(entry.updated.as_ref()).map(utc)
}

fn updated_of(entry: &Entry) -> Option<String> {
    entry.updated.as_ref().map(|at| time::text(utc(at)))
}

fn utc(at: &Timestamp) -> DateTime<Utc> {
    at.utc(chrono_tz::UTC)
}

/// An `ident` of bounded length: there are feeds with the whole article as `guid`.
fn bounded_ident(ident: &str) -> String {
    if ident.len() <= IDENT_BYTES {
        return ident.to_owned();
    }
    let hash = ring::digest::digest(&ring::digest::SHA256, ident.as_bytes());
    let mut short = history::prefix(ident, IDENT_BYTES / 2).to_owned();
    short.push('#');
    for byte in hash.as_ref() {
        let _ = write!(short, "{byte:02x}");
    }
    short
}

/// Positions of the entries that a source has not had yet.
pub(super) fn unseen(db: &Connection, source: SourceId, idents: &[String]) -> Result<Vec<usize>, StoreError> {
    let mut known = db.prepare_cached("SELECT 1 FROM entry WHERE source_id = ?1 AND ident = ?2")?;
    let mut unseen = Vec::new();
    for (position, ident) in idents.iter().enumerate() {
        if !known.exists(params![source.0, bounded_ident(ident)])? {
            unseen.push(position);
        }
    }
    Ok(unseen)
}
