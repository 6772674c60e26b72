//! A document's entries, taken in: what was never seen waits for its page.
//!
//! An entry is known within its source by its id, else its link, else title and date; a known one costs a look-up and
//! nothing else; one that a filter leaves out is recorded, so that it costs no more. A new entry whose link is an article already is known too, and its link becomes one more alias.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::fmt::Write;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, params};
use url::Url;

use super::columns::clean;
use super::error::StoreError;
use super::page_id::{PageId, page_of_keys};
use super::payload::Payload;
use super::{articles, host_backoff, ledger, queue, revisits, time};
use crate::model::{Entry, EntryId, EntryKeys, Failure, Grade, ParsedFeed, PollCounts, SourceId, Timestamp};

/// Longest identity of an entry that is kept as it is, in bytes; the hash of a longer one does as well.
const IDENT: usize = 512;

/// Skipped entries that get a row of their own, of one document; all are counted.
const SKIPPED_ROWS: usize = 20;

/// Records the entries of a document. At most `limit` unseen ones become pending, newest first; the rest are `seen`.
pub(super) fn document(
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
    // Undated entries keep their place behind the dated ones; a document is most often newest first itself.
    entries.sort_by_key(|(entry, _)| Reverse(date_of(entry)));
    let mut counts = PollCounts {
        skipped: feed.skipped.len() as u64,
        ..PollCounts::default()
    };
    let mut room = limit.unwrap_or(usize::MAX);
    let mut revisits = 0;
    let mut hosts = BTreeSet::new();
    for (entry, keys) in entries {
        let ident = short_ident(&keys.ident);
        if let Some(was) = &keys.previous_ident {
            // Known by another name from now on; one that has that name already keeps both.
            db.prepare_cached("UPDATE OR IGNORE entry SET ident = ?3 WHERE source_id = ?1 AND ident = ?2")?
                .execute(params![source.0, short_ident(was), ident])?;
        }
        if let Some((id, changed)) = seen_before(db, source, &ident, entry)? {
            counts.known += 1;
            revisits += u64::from(changed);
            if changed && keys.excluded_by.is_none() {
                revisits::changed(db, id, entry, keys, now)?;
            }
            continue;
        }
        let row = Row {
            source,
            ident: &ident,
            entry,
            keys,
            now,
        };
        if let Some(page) = page_of_keys(db, &keys.link_keys)? {
            articles::attach(db, page, &keys.link_keys, source, now)?;
            row.insert(db, "known", Some(page), false)?;
            counts.known += 1;
        } else if let Some(filter) = keys.excluded_by {
            row.insert(db, "unwanted", None, false)?;
            ledger::count(db, source, &format!("unwanted.{filter}"), 1)?;
            counts.known += 1;
        } else if room == 0 {
            row.insert(db, "seen", None, false)?;
            counts.new += 1;
        } else {
            row.insert(db, "pending", None, true)?;
            hosts.insert(host_of(keys));
            room -= 1;
            counts.new += 1;
        }
    }
    for host in hosts {
        host_backoff::know(db, host)?;
        queue::refresh(db, host)?;
    }
    skipped(db, source, feed, now)?;
    for (name, by) in [
        ("entries.new", counts.new),
        ("entries.known", counts.known),
        ("entries.skipped", counts.skipped),
        ("entries.revisit", revisits),
    ] {
        ledger::count(db, source, name, by)?;
    }
    Ok(counts)
}

/// The row of an entry that is known, and whether the feed says it was changed since. One that is being collected just
/// now is told of at the next poll.
fn seen_before(
    db: &Connection,
    source: SourceId,
    ident: &str,
    entry: &Entry,
) -> Result<Option<(EntryId, bool)>, StoreError> {
    let found: Option<(i64, Option<String>, bool)> = db
        .prepare_cached(
            "SELECT id, updated, claimed_run IS NOT NULL FROM entry WHERE source_id = ?1 AND ident = ?2",
        )?
        .query_row(params![source.0, ident], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .optional()?;
    let Some((id, known, is_held)) = found else {
        return Ok(None);
    };
    let updated = updated_of(entry);
    // Texts of one length in one zone: they sort as moments do.
    let newer = updated.is_some() && updated > known && !is_held;
    if newer {
        db.prepare_cached("UPDATE entry SET updated = ?2 WHERE id = ?1")?
            .execute(params![id, updated])?;
    }
    Ok(Some((EntryId(id), newer && known.is_some())))
}

/// A row about to be written.
struct Row<'a> {
    source: SourceId,
    ident: &'a str,
    entry: &'a Entry,
    keys: &'a EntryKeys,
    now: DateTime<Utc>,
}

impl Row<'_> {
    /// Writes the row; what it needs for collecting only where it waits to be collected.
    fn insert(
        &self,
        db: &Connection,
        state: &str,
        page: Option<PageId>,
        waits: bool,
    ) -> Result<(), StoreError> {
        let payload = if waits {
            Some(Payload::of(self.entry, &self.keys.link_keys).write()?)
        } else {
            None
        };
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

/// The lane of the queue that an entry waits in.
fn host_of(keys: &EntryKeys) -> &str {
    keys.host.as_deref().unwrap_or(queue::NO_HOST)
}

fn skipped(
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
        ledger::failed(db, source, None, "poll", &failure, now)?;
    }
    Ok(())
}

/// By which an entry is newer than another.
fn date_of(entry: &Entry) -> Option<DateTime<Utc>> {
    entry.published.as_ref().or(entry.updated.as_ref()).map(utc)
}

fn updated_of(entry: &Entry) -> Option<String> {
    entry.updated.as_ref().map(|at| time::text(utc(at)))
}

fn utc(at: &Timestamp) -> DateTime<Utc> {
    at.utc(chrono_tz::UTC)
}

/// An identity of bounded length: feeds have been seen with the whole article as `guid`.
fn short_ident(ident: &str) -> String {
    if ident.len() <= IDENT {
        return ident.to_owned();
    }
    let hash = ring::digest::digest(&ring::digest::SHA256, ident.as_bytes());
    let mut short = ledger::beginning(ident, IDENT / 2).to_owned();
    short.push('#');
    for byte in hash.as_ref() {
        let _ = write!(short, "{byte:02x}");
    }
    short
}
