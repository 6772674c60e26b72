//! Leases entries for collecting: which host is ready, and which of its sources is next.
//!
//! One entry per host at a time, the longest waiting hosts first. At a host its sources take turns
//! (`host.last_source_id`); among hosts the source that was served least recently goes first ([`Claims`]). An entry
//! whose link has become an article in the meantime is settled instead of leased.

use std::collections::HashMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::claims::Claims;
use super::error::StoreError;
use super::page_id::{EntryTitle, KnownPage, PageId, article_of, is_of_site, known_page};
use super::queue::{self, NO_HOST};
use super::reader::timestamp;
use super::stored_entry::StoredEntry;
use super::{articles, feed_text, history, memberships, recalled, time};
use crate::model::{ClaimedEntry, EntryId, KnownText, PageOwner, Revisit, SourceId, TextState, Validators};
use crate::{identity, link};

/// Maximum number of entries that one claim settles because they are articles already.
const MAX_SETTLED: usize = 256;

/// Hosts that are ready between two times, longest waiting first.
pub(super) const READY_HOSTS: &str = "SELECT name, last_source_id FROM host WHERE ready_at > ?1 AND ready_at <= ?2 ORDER BY ready_at, name LIMIT ?3";

/// The next source after ?2 that has entries waiting at a host.
pub(super) const NEXT_SOURCE: &str = "SELECT source_id FROM entry WHERE host = ?1 AND source_id > ?2 \
     AND next_at IS NOT NULL AND lease_run IS NULL ORDER BY source_id LIMIT 1";

/// The longest waiting entry of a source at a host.
pub(super) const NEXT_ENTRY: &str = "SELECT id FROM entry WHERE host = ?1 AND source_id = ?2 \
     AND next_at > ?3 AND next_at <= ?4 AND lease_run IS NULL ORDER BY next_at, id LIMIT 1";

/// Entries that need no page, longest waiting first.
const WITHOUT_HOST: &str = "SELECT id, source_id FROM entry WHERE host = '' AND next_at > ?1 AND next_at <= ?2 \
     AND lease_run IS NULL ORDER BY next_at, id LIMIT ?3";

/// An entry that could be leased.
struct EntryCandidate {
    entry: i64,
    source: i64,
    host: String,
    /// The source that its host served last.
    last_source: i64,
}

/// Leases up to `limit` entries. Each host has no other entry claimed for `gap` afterwards.
pub(super) fn claim(
    db: &Connection,
    now: DateTime<Utc>,
    limit: usize,
    gap: Duration,
    claims: &Claims,
) -> Result<Vec<ClaimedEntry>, StoreError> {
    let at = time::ms(now);
    let mut settled = 0;
    if limit == 0 {
        return Ok(Vec::new());
    }
    // These make no request.
    let mut claimed = claim_feed_texts(db, now, limit, claims)?;
    for candidate in in_turn(candidates(db, at, limit)?, claims) {
        let mut next = Some(candidate);
        while let Some(candidate) = next.take().filter(|_| claimed.len() < limit && settled < MAX_SETTLED) {
            let candidate = match first_with_its_feed(db, candidate, at)? {
                EntryTurn::Now(candidate) => candidate,
                EntryTurn::Later { entry, host, at } => {
                    settled += 1;
                    queue::reschedule(db, EntryId(entry), Some(at.saturating_add(time::duration_ms(gap))))?;
                    queue::refresh_host(db, &host)?;
                    continue;
                }
            };
            if let Some((stored, known)) = settle_known(db, &candidate, now)? {
                reserve_gap(db, &candidate, at, gap)?;
                claimed.push(lease(db, &candidate, stored, known, at, claims)?);
                continue;
            }
            settled += 1;
            queue::refresh_host(db, &candidate.host)?;
            if candidate.host != NO_HOST {
                next = next_of_host(db, candidate.host, candidate.last_source, at)?;
            }
        }
    }
    Ok(claimed)
}

/// Leases entries whose feed's text is due. Their hosts are not asked, so that no gap begins.
fn claim_feed_texts(
    db: &Connection,
    now: DateTime<Utc>,
    limit: usize,
    claims: &Claims,
) -> Result<Vec<ClaimedEntry>, StoreError> {
    let at = time::ms(now);
    let due: Vec<EntryCandidate> = db
        .prepare_cached(feed_text::DUE)?
        .query_map(params![at, limit as i64], |row| {
            Ok(EntryCandidate { entry: row.get(0)?, source: row.get(1)?, host: row.get(2)?, last_source: 0 })
        })?
        .collect::<Result<_, _>>()?;
    let mut claimed = Vec::with_capacity(due.len());
    for candidate in due {
        match settle_known(db, &candidate, now)? {
            Some((stored, known)) => {
                let claim = lease(db, &candidate, stored, known, at, claims)?;
                claimed.push(ClaimedEntry { feed_text_only: true, revisit: None, ..claim });
            }
            None => queue::refresh_host(db, &candidate.host)?,
        }
    }
    Ok(claimed)
}

/// One entry of each ready host, longest waiting hosts first; four times as many as wanted, so that there is a choice.
fn candidates(db: &Connection, at: i64, limit: usize) -> Result<Vec<EntryCandidate>, StoreError> {
    let window = limit.saturating_mul(4).max(64);
    let mut candidates = Vec::new();
    for (after, until) in due_ranges(at) {
        let hosts: Vec<(String, i64)> = db
            .prepare_cached(READY_HOSTS)?
            .query_map(params![after, until, window as i64], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_, _>>()?;
        for (host, last_source) in hosts {
            if host == NO_HOST {
                candidates.extend(without_host(db, at, limit)?);
            } else {
                candidates.extend(next_of_host(db, host, last_source, at)?);
            }
        }
    }
    Ok(candidates)
}

/// Times that are due: the past, and what lies further ahead than anything may ([`time::FARTHEST`]).
fn due_ranges(now: i64) -> [(i64, i64); 2] {
    [(i64::MIN, now), (now.saturating_add(time::FARTHEST), i64::MAX)]
}

/// The next entry of a host: its sources in the order of their ids, starting after the one that was served last.
fn next_of_host(
    db: &Connection,
    host: String,
    last_source: i64,
    at: i64,
) -> Result<Option<EntryCandidate>, StoreError> {
    let mut after = last_source;
    let mut wrapped = false;
    loop {
        let source: Option<i64> =
            db.prepare_cached(NEXT_SOURCE)?.query_row(params![host, after], |row| row.get(0)).optional()?;
        let Some(source) = source.filter(|&source| !wrapped || source <= last_source) else {
            if wrapped {
                return reset_host(db, &host, at).map(|()| None);
            }
            (wrapped, after) = (true, i64::MIN);
            continue;
        };
        for (from, until) in due_ranges(at) {
            let entry: Option<i64> = db
                .prepare_cached(NEXT_ENTRY)?
                .query_row(params![host, source, from, until], |row| row.get(0))
                .optional()?;
            if let Some(entry) = entry {
                return Ok(Some(EntryCandidate { entry, source, host, last_source }));
            }
        }
        after = source;
    }
}

/// Resets a host that was ready but has no entry due: its times were written while the clock was wrong.
fn reset_host(db: &Connection, host: &str, at: i64) -> Result<(), StoreError> {
    let far = at.saturating_add(time::FARTHEST);
    db.prepare_cached(
        "UPDATE host SET next_page_at = iif(next_page_at > ?2, 0, next_page_at), \
         backoff_until = iif(backoff_until > ?2, 0, backoff_until) WHERE name = ?1",
    )?
    .execute(params![host, far])?;
    queue::refresh_host(db, host)
}

/// Up to `limit` entries that need no page, longest waiting first.
fn without_host(db: &Connection, at: i64, limit: usize) -> Result<Vec<EntryCandidate>, StoreError> {
    let mut candidates = Vec::new();
    for (after, until) in due_ranges(at) {
        let mut query = db.prepare_cached(WITHOUT_HOST)?;
        let found = query.query_map(params![after, until, limit as i64], |row| {
            Ok(EntryCandidate {
                entry: row.get(0)?,
                source: row.get(1)?,
                host: NO_HOST.to_owned(),
                last_source: 0,
            })
        })?;
        for candidate in found {
            candidates.push(candidate?);
        }
    }
    if candidates.is_empty() {
        reset_host(db, NO_HOST, at)?;
    }
    Ok(candidates)
}

/// When an entry has its turn.
enum EntryTurn {
    Now(EntryCandidate),
    /// The entry of another source is tried first, at this time or later.
    Later {
        entry: i64,
        host: String,
        at: i64,
    },
}

/// Of several sources with one feed, the first in the configuration fetches a page and extracts it by its rules; the others
/// then know it.
fn first_with_its_feed(db: &Connection, own: EntryCandidate, at: i64) -> Result<EntryTurn, StoreError> {
    let first: Option<(i64, i64, i64, bool)> = db
        .prepare_cached(
            "SELECT entry.id, entry.source_id, coalesce(entry.next_at, entry.parked_at, ?3), entry.lease_run IS NOT NULL \
             FROM source AS own JOIN source AS first ON coalesce(first.permanent_url, first.url) = coalesce(own.permanent_url, own.url) \
             JOIN entry ON entry.source_id = first.id \
             AND entry.ident = (SELECT ident FROM entry WHERE id = ?2 AND state = 'pending') \
             WHERE own.id = ?1 AND first.enabled = 1 AND first.gone = 0 AND first.position < own.position \
             AND entry.state = 'pending' AND entry.host = ?4 ORDER BY first.position LIMIT 1",
        )?
        .query_row(params![own.source, own.entry, at, own.host], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        })
        .optional()?;
    Ok(match first {
        None => EntryTurn::Now(own),
        Some((entry, source, next_at, false)) if next_at <= at => {
            EntryTurn::Now(EntryCandidate { entry, source, ..own })
        }
        Some((_, _, next_at, _)) => {
            EntryTurn::Later { entry: own.entry, host: own.host, at: next_at.max(at) }
        }
    })
}

/// Settles an entry whose link we asked for before: its article belongs to this source too. Otherwise gives the stored entry,
/// and what is known of its article where filters of its source have to judge that first.
fn settle_known(
    db: &Connection,
    candidate: &EntryCandidate,
    now: DateTime<Utc>,
) -> Result<Option<(StoredEntry, Option<KnownText>)>, StoreError> {
    let (payload, has_text, own_text, judges_pages, title): (Option<String>, bool, bool, bool, _) = db
        .prepare_cached(
            "SELECT payload, text_state <> 'missing', own_text, judges_pages, title_hash \
             FROM entry JOIN source ON source.id = entry.source_id WHERE entry.id = ?1",
        )?
        .query_row([candidate.entry], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
        })?;
    let stored = StoredEntry::from_json(payload.as_deref())?;
    // An entry that needs no page has a text of its own, the feed's.
    let wants_page = candidate.host != NO_HOST || judges_pages;
    if has_text || own_text || !wants_page {
        return Ok(Some((stored, None)));
    }
    let source = SourceId(candidate.source);
    let known = known_page(db, &stored.keys(), source, EntryTitle::Hash(title))?;
    let Some(KnownPage { id: page, .. }) = known.filter(|page| !page.awaits_own_source) else {
        return Ok(Some((stored, None)));
    };
    if judges_pages && let Some(known) = known_text(db, page)? {
        return Ok(Some((stored, Some(known))));
    }
    settle(db, EntryId(candidate.entry), source, page, &stored, now)?;
    Ok(None)
}

/// Ends an entry whose page is stored: its link is one more key of it, and its source one more that named the article.
pub(super) fn settle(
    db: &Connection,
    entry: EntryId,
    source: SourceId,
    page: PageId,
    stored: &StoredEntry,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    articles::add_keys(db, page, &stored.keys(), source, now)?;
    db.prepare_cached(
        "UPDATE entry SET state = 'known', page_id = ?2, payload = NULL, next_at = NULL, parked_at = NULL, feed_text_at = NULL WHERE id = ?1",
    )?
    .execute(params![entry.0, page.0])?;
    memberships::refresh(db, article_of(db, page)?, now)?;
    history::add_to_counter(db, source, "entries.known", 1)
}

/// What filters judge of the article of a page; `None` where readers see none.
fn known_text(db: &Connection, page: PageId) -> Result<Option<KnownText>, StoreError> {
    Ok(db
        .prepare_cached(
            "SELECT title, language, text FROM page JOIN article ON article.id = page.article_id \
             JOIN revision ON revision.id = article.revision_id WHERE page.id = ?1",
        )?
        .query_row([page.0], |row| {
            Ok(KnownText { title: row.get(0)?, language: row.get(1)?, text: row.get(2)? })
        })
        .optional()?)
}

/// The first candidate of each source, least recently served source first; then the second of each, and so on.
fn in_turn(candidates: Vec<EntryCandidate>, claims: &Claims) -> Vec<EntryCandidate> {
    let served = claims.last_served();
    let mut counts: HashMap<i64, usize> = HashMap::new();
    let mut ordered = Vec::with_capacity(candidates.len());
    for candidate in candidates {
        let nth = counts.entry(candidate.source).or_default();
        let last = served.get(&candidate.source).copied().unwrap_or(0);
        ordered.push((*nth, last, candidate));
        *nth += 1;
    }
    ordered.sort_by_key(|(nth, last, candidate)| (*nth, *last, candidate.source));
    ordered.into_iter().map(|(_, _, candidate)| candidate).collect()
}

/// Has the host of an entry that is about to be leased wait for the gap before its next page.
fn reserve_gap(
    db: &Connection,
    candidate: &EntryCandidate,
    at: i64,
    gap: Duration,
) -> Result<(), StoreError> {
    if candidate.host != NO_HOST {
        let next_page_at = at.saturating_add(time::duration_ms(gap));
        db.prepare_cached("UPDATE host SET next_page_at = ?2, last_source_id = ?3 WHERE name = ?1")?
            .execute(params![candidate.host, next_page_at, candidate.source])?;
    }
    Ok(())
}

fn lease(
    db: &Connection,
    candidate: &EntryCandidate,
    stored: StoredEntry,
    known: Option<KnownText>,
    at: i64,
    claims: &Claims,
) -> Result<ClaimedEntry, StoreError> {
    let lease = claims.next_lease();
    db.prepare_cached("UPDATE entry SET lease_run = ?2, lease_claim = ?3 WHERE id = ?1")?
        .execute(params![candidate.entry, lease.run, lease.claim])?;
    queue::refresh_host(db, &candidate.host)?;
    let entry = stored.into_entry()?;
    let owner = page_owner(db, candidate.entry)?.map(Box::new);
    Ok(db
        .prepare_cached(
            "SELECT source.name, entry.ident, entry.attempts, entry.text_state, entry.crashes, \
             entry.first_fetched_at, page.etag, page.last_modified, page.validators_url, entry.own_text, \
             source.session_parameters, page.page_key, entry.first_seen \
             FROM entry JOIN source ON source.id = entry.source_id LEFT JOIN page ON page.id = entry.page_id \
             WHERE entry.id = ?1",
        )?
        .query_row([candidate.entry], move |row| {
            let text_state: TextState = time::word(row, 3)?;
            Ok(ClaimedEntry {
                id: EntryId(candidate.entry),
                lease,
                source: SourceId(candidate.source),
                source_name: row.get(0)?,
                owner,
                entry,
                ident: row.get(1)?,
                first_seen: timestamp(row, 12)?,
                feed_text_only: false,
                attempts: row.get(2)?,
                own_text: row.get(9)?,
                stored_key: row
                    .get::<_, Option<String>>(11)?
                    .filter(|key| key.starts_with(identity::ENTRY_KEY)),
                session_parameters: serde_json::from_str(&row.get::<_, String>(10)?).unwrap_or_default(),
                text_state,
                crashes: row.get(4)?,
                known,
                revisit: text_state.is_whole().then(|| revisit(row, at)).transpose()?,
            })
        })?)
}

/// The source that the text of an entry's page is of, where that page is fetched again and its text stays that source's.
fn page_owner(db: &Connection, entry: i64) -> Result<Option<PageOwner>, StoreError> {
    let owner: Option<(i64, String, String, bool, i64, String)> = db
        .prepare_cached(
            "SELECT page.id, page.page_key, page.site, page.own_feed, entry.source_id, owner.name \
             FROM entry JOIN page ON page.id = entry.page_id JOIN source AS owner ON owner.id = page.source_id \
             WHERE entry.id = ?1 AND entry.text_state IN ('revisit', 'changed') AND entry.host <> '' \
             AND page.requested_at IS NOT NULL AND owner.id <> entry.source_id AND owner.enabled = 1 AND owner.gone = 0",
        )?
        .query_row([entry], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?))
        })
        .optional()?;
    let Some((page, page_key, site, own_feed, source, source_name)) = owner else { return Ok(None) };
    if !own_feed && is_of_site(db, SourceId(source), &site)? {
        return Ok(None);
    }
    let recalled = recalled::page(db, PageId(page))?;
    Ok(recalled.map(|recalled| PageOwner { source_name, page_key, recalled }))
}

/// From columns 5 to 8. A page that only another entry led to counts from now.
fn revisit(row: &Row<'_>, now: i64) -> rusqlite::Result<Revisit> {
    let url: Option<String> = row.get(8)?;
    Ok(Revisit {
        fetched_at: time::from_ms(row.get::<_, Option<i64>>(5)?.unwrap_or(now)),
        validators: Validators { etag: row.get(6)?, last_modified: row.get(7)? },
        validators_from: url.as_deref().and_then(link::web_url),
    })
}
