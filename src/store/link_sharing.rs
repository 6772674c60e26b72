//! Links that several entries of a source have (status pages, podcasts, notices), and entries that are one article.
//!
//! A shared link names none of its entries: each is an article of the feed's own text. That is a fact of the one source
//! (`shared_link`); keys of pages and other sources never learn of it. An entry whose page was stored before keeps it, and
//! that page is looked at again with each new entry: it is a live page.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, params};

use super::entry_rows::{RecognisedEntry, Recognition};
use super::error::StoreError;
use super::page_id::PageId;
use super::reader::{Reader, unsigned};
use super::{history, host_backoff, queue, recalled, revisits, time};
use crate::model::{EntryChange, EntryId, EntryKeys, SourceId};

/// Links that several entries of a source have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LinkSharing {
    /// How many such links there are.
    pub links: u64,
    /// How many entries have one.
    pub entries: u64,
}

impl Reader {
    /// Of each source that has such links.
    pub(super) fn link_sharing(&self) -> Result<HashMap<i64, LinkSharing>, StoreError> {
        let mut query = self.db.prepare_cached(
            "SELECT shared_link.source_id, count(DISTINCT shared_link.link_hash), count(*) FROM shared_link \
             CROSS JOIN entry ON entry.source_id = shared_link.source_id AND entry.link_hash = shared_link.link_hash \
             WHERE entry.state <> 'unwanted' GROUP BY shared_link.source_id",
        )?;
        let found = query.query_map([], |row| {
            Ok((row.get(0)?, LinkSharing { links: unsigned(row, 1)?, entries: unsigned(row, 2)? }))
        })?;
        Ok(found.collect::<Result<_, _>>()?)
    }
}

/// Notes the links that the new entries of a document share, after the entries are stored.
pub(super) fn note(
    db: &Connection,
    source: SourceId,
    recognised: &[RecognisedEntry<'_>],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let mut links: BTreeMap<i64, &EntryKeys> = BTreeMap::new();
    for entry in recognised {
        if let (Recognition::New { shares_link: true }, Some(link)) =
            (&entry.recognition, entry.fingerprint.link)
        {
            links.entry(link).or_insert(entry.keys);
        }
    }
    for (link, keys) in links {
        let found = db
            .prepare_cached(
                "INSERT OR IGNORE INTO shared_link (source_id, link_hash, seen_at) VALUES (?1, ?2, ?3)",
            )?
            .execute(params![source.0, link, time::text(now)])?;
        history::add_to_counter(db, source, "identity.shared-links", found as u64)?;
        if found > 0 {
            keep_own_texts(db, source, link)?;
        }
        look_at_live_pages(db, source, link, keys, recognised, now)?;
    }
    Ok(())
}

/// Entries that wait for the page of a shared link become articles of the feed's own text. One under lease gets the page.
fn keep_own_texts(db: &Connection, source: SourceId, link: i64) -> Result<(), StoreError> {
    const WAITING: &str = "source_id = ?1 AND link_hash = ?2 AND state = 'pending' AND text_state = 'missing' \
         AND lease_run IS NULL AND own_text = 0";
    let hosts: BTreeSet<String> = db
        .prepare_cached(&format!("SELECT host FROM entry WHERE {WAITING}"))?
        .query_map([source.0, link], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    if hosts.is_empty() {
        return Ok(());
    }
    db.prepare_cached(&format!("UPDATE entry SET own_text = 1, host = ?3 WHERE {WAITING}"))?
        .execute(params![source.0, link, queue::NO_HOST])?;
    host_backoff::ensure_host(db, queue::NO_HOST)?;
    queue::refresh_host(db, queue::NO_HOST)?;
    hosts.iter().try_for_each(|host| queue::refresh_host(db, host))
}

/// Schedules the pages that were fetched for a shared link. Of an entry that the document has no more, what is stored of it
/// stands for what the feed said.
fn look_at_live_pages(
    db: &Connection,
    source: SourceId,
    link: i64,
    keys: &EntryKeys,
    recognised: &[RecognisedEntry<'_>],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let live: Vec<(EntryId, String)> = db
        .prepare_cached(
            "SELECT max(entry.id), entry.host FROM entry JOIN page ON page.id = entry.page_id \
             WHERE entry.source_id = ?1 AND entry.link_hash = ?2 AND entry.own_text = 0 AND entry.host <> '' \
             AND page.requested_at IS NOT NULL GROUP BY page.id",
        )?
        .query_map([source.0, link], |row| Ok((EntryId(row.get(0)?), row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    for (row, host) in live {
        let keys = EntryKeys { host: Some(host), ..keys.clone() };
        let said = recognised.iter().find(|entry| match &entry.recognition {
            Recognition::Known(known) | Recognition::Renamed(known, _) => known.id == row,
            _ => false,
        });
        if let Some(said) = said {
            revisits::schedule_changed(db, row, said.entry, &keys, EntryChange::Date, now)?;
        } else if let Some(said) = recalled::of_entry(db, row)? {
            revisits::schedule_changed(db, row, &said, &keys, EntryChange::Date, now)?;
        }
    }
    Ok(())
}

/// Gives the page of a collected entry to the entries of its source that are the same article under another id.
pub(super) fn settle_twins(db: &Connection, entry: EntryId, page: PageId) -> Result<(), StoreError> {
    let link: Option<(i64, i64, Option<i64>, Option<i64>)> = db
        .prepare_cached(
            "SELECT source_id, link_hash, title_hash, text_hash FROM entry WHERE id = ?1 AND link_hash IS NOT NULL",
        )?
        .query_row([entry.0], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
        .optional()?;
    let Some((source, link, title, text)) = link else {
        return Ok(());
    };
    db.prepare_cached(
        "UPDATE entry SET state = 'known', page_id = ?3 WHERE source_id = ?1 AND link_hash = ?2 AND state = 'seen' \
         AND page_id IS NULL AND (title_hash IS ?4 OR text_hash = ?5)",
    )?
    .execute(params![source, link, page.0, title, text])?;
    Ok(())
}
