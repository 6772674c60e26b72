//! The queue of entries that wait for their page: whose turn it is, host by host and source by source.
//!
//! `host.ready_at` is when the next entry of a host can be claimed, so that finding the hosts that are ready is one
//! range of one index whatever waits behind them. [`refresh`] derives it and must follow every change of an entry's
//! `next_at` or lease and of a host's rest.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::claims::Claims;
use super::error::StoreError;
use super::page_id::page_of_keys;
use super::payload::Payload;
use super::{articles, ledger, time};
use crate::link;
use crate::model::{ClaimedEntry, EntryId, Lease, Revisit, SourceId, TextState, Validators};

/// Entries that may turn out to be articles already, in one claim; the rest wait for the next.
const SETTLED: usize = 256;

/// The host of entries that need no page: asked by nobody, so never spared.
pub(super) const NO_HOST: &str = "";

/// Hosts that are ready, longest waiting first.
pub(super) const READY: &str = "SELECT name, last_source FROM host WHERE ready_at > ?1 AND ready_at <= ?2 ORDER BY ready_at, name LIMIT ?3";

/// The next source that has entries waiting at a host.
pub(super) const NEXT_SOURCE: &str = "SELECT source_id FROM entry WHERE host = ?1 AND source_id > ?2 \
     AND next_at IS NOT NULL AND claimed_run IS NULL ORDER BY source_id LIMIT 1";

/// The entry of a source at a host that has waited longest.
pub(super) const NEXT_ENTRY: &str = "SELECT id FROM entry WHERE host = ?1 AND source_id = ?2 \
     AND next_at > ?3 AND next_at <= ?4 AND claimed_run IS NULL ORDER BY next_at, id LIMIT 1";

/// The entry of a lease, among the few that are held.
pub(super) const HELD: &str =
    "SELECT id, coalesce(next_at, parked_at) FROM entry WHERE claimed_run = ?1 AND claimed_claim = ?2";

/// Entries that need no page, longest waiting first.
const NO_PAGE: &str = "SELECT id, source_id FROM entry WHERE host = '' AND next_at > ?1 AND next_at <= ?2 \
     AND claimed_run IS NULL ORDER BY next_at, id LIMIT ?3";

/// An entry that could be claimed.
struct Candidate {
    entry: i64,
    source: i64,
    host: String,
    /// The source its host served last.
    last: i64,
}

/// Leases entries: one for each host that is ready, sources in turn. Those whose link has become an article in the
/// meantime are settled on the way.
pub(super) fn claim(
    db: &Connection,
    now: DateTime<Utc>,
    limit: usize,
    gap: Duration,
    claims: &Claims,
) -> Result<Vec<ClaimedEntry>, StoreError> {
    let at = time::ms(now);
    let mut settled = 0;
    let mut claimed = Vec::new();
    if limit == 0 {
        return Ok(claimed);
    }
    for candidate in in_turn(candidates(db, at, limit)?, claims) {
        let mut next = Some(candidate);
        while let Some(candidate) = next.take().filter(|_| claimed.len() < limit && settled < SETTLED) {
            if let Some(payload) = settle_known(db, &candidate, now)? {
                claimed.push(lease(db, &candidate, payload, at, gap, claims)?);
                continue;
            }
            settled += 1;
            refresh(db, &candidate.host)?;
            if candidate.host != NO_HOST {
                next = of_host(db, candidate.host, candidate.last, at)?;
            }
        }
    }
    Ok(claimed)
}

/// One entry of each host that is ready, longest waiting hosts first; more of them than are wanted, so that there is
/// something to choose from.
fn candidates(db: &Connection, at: i64, limit: usize) -> Result<Vec<Candidate>, StoreError> {
    let window = limit.saturating_mul(4).max(64);
    let mut candidates = Vec::new();
    for (after, until) in ranges(at) {
        let hosts: Vec<(String, i64)> = db
            .prepare_cached(READY)?
            .query_map(params![after, until, window as i64], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?
            .collect::<Result<_, _>>()?;
        for (host, last) in hosts {
            if host == NO_HOST {
                candidates.extend(without_page(db, at, limit)?);
            } else {
                candidates.extend(of_host(db, host, last, at)?);
            }
        }
    }
    Ok(candidates)
}

/// What is due, and what lies further ahead than anything may.
fn ranges(now: i64) -> [(i64, i64); 2] {
    [(i64::MIN, now), (now.saturating_add(time::FARTHEST), i64::MAX)]
}

/// The entry whose turn it is at a host: from the source after the one served last round to that one itself.
fn of_host(db: &Connection, host: String, last: i64, at: i64) -> Result<Option<Candidate>, StoreError> {
    let mut after = last;
    let mut wrapped = false;
    loop {
        let source: Option<i64> = db
            .prepare_cached(NEXT_SOURCE)?
            .query_row(params![host, after], |row| row.get(0))
            .optional()?;
        let Some(source) = source.filter(|&source| !wrapped || source <= last) else {
            if wrapped {
                return nothing_due(db, &host, at).map(|()| None);
            }
            (wrapped, after) = (true, i64::MIN);
            continue;
        };
        for (from, until) in ranges(at) {
            let entry: Option<i64> = db
                .prepare_cached(NEXT_ENTRY)?
                .query_row(params![host, source, from, until], |row| row.get(0))
                .optional()?;
            if let Some(entry) = entry {
                return Ok(Some(Candidate {
                    entry,
                    source,
                    host,
                    last,
                }));
            }
        }
        after = source;
    }
}

/// A host that was ready has nothing due after all: its own times were written by a wrong clock.
fn nothing_due(db: &Connection, host: &str, at: i64) -> Result<(), StoreError> {
    let far = at.saturating_add(time::FARTHEST);
    db.prepare_cached(
        "UPDATE host SET page_at = iif(page_at > ?2, 0, page_at), rest_until = iif(rest_until > ?2, 0, rest_until) \
         WHERE name = ?1",
    )?
    .execute(params![host, far])?;
    refresh(db, host)
}

/// Entries that need no page: as many as are wanted, longest waiting first.
fn without_page(db: &Connection, at: i64, limit: usize) -> Result<Vec<Candidate>, StoreError> {
    let mut candidates = Vec::new();
    for (after, until) in ranges(at) {
        let found: Vec<Candidate> = db
            .prepare_cached(NO_PAGE)?
            .query_map(params![after, until, limit as i64], |row| {
                Ok(Candidate {
                    entry: row.get(0)?,
                    source: row.get(1)?,
                    host: NO_HOST.to_owned(),
                    last: 0,
                })
            })?
            .collect::<Result<_, _>>()?;
        candidates.extend(found);
    }
    if candidates.is_empty() {
        nothing_due(db, NO_HOST, at)?;
    }
    Ok(candidates)
}

/// Settles an entry whose link is an article already: its link becomes an alias. Of any other, what the feed said.
fn settle_known(
    db: &Connection,
    candidate: &Candidate,
    now: DateTime<Utc>,
) -> Result<Option<Payload>, StoreError> {
    let (payload, is_stored): (Option<String>, bool) = db
        .prepare_cached("SELECT payload, text_state <> 'missing' FROM entry WHERE id = ?1")?
        .query_row([candidate.entry], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let payload = Payload::read(payload.as_deref())?;
    if is_stored {
        return Ok(Some(payload));
    }
    let keys = payload.keys();
    let Some(page) = page_of_keys(db, &keys)? else {
        return Ok(Some(payload));
    };
    let source = SourceId(candidate.source);
    articles::attach(db, page, &keys, source, now)?;
    db.prepare_cached(
        "UPDATE entry SET state = 'known', page_id = ?2, payload = NULL, next_at = NULL, parked_at = NULL WHERE id = ?1",
    )?
    .execute(params![candidate.entry, page.0])?;
    ledger::count(db, source, "entries.known", 1)?;
    Ok(None)
}

/// The first of each source, least recently served source first; then the second of each, and so on.
fn in_turn(candidates: Vec<Candidate>, claims: &Claims) -> Vec<Candidate> {
    let served = claims.served();
    let mut met: HashMap<i64, usize> = HashMap::new();
    let mut ordered = Vec::with_capacity(candidates.len());
    for candidate in candidates {
        let nth = met.entry(candidate.source).or_default();
        let last = served.get(&candidate.source).copied().unwrap_or(0);
        ordered.push((*nth, last, candidate));
        *nth += 1;
    }
    ordered.sort_by_key(|(nth, last, candidate)| (*nth, *last, candidate.source));
    ordered.into_iter().map(|(_, _, candidate)| candidate).collect()
}

fn lease(
    db: &Connection,
    candidate: &Candidate,
    payload: Payload,
    at: i64,
    gap: Duration,
    claims: &Claims,
) -> Result<ClaimedEntry, StoreError> {
    let lease = claims.next();
    db.prepare_cached("UPDATE entry SET claimed_run = ?2, claimed_claim = ?3 WHERE id = ?1")?
        .execute(params![candidate.entry, lease.run, lease.claim])?;
    if candidate.host != NO_HOST {
        db.prepare_cached("UPDATE host SET page_at = ?2, last_source = ?3 WHERE name = ?1")?
            .execute(params![
                candidate.host,
                at.saturating_add(time::length(gap)),
                candidate.source
            ])?;
    }
    refresh(db, &candidate.host)?;
    let entry = payload.entry()?;
    Ok(db
        .prepare_cached(
            "SELECT source.name, entry.ident, entry.attempts, entry.text_state, entry.crashes, \
             entry.had_at, page.etag, page.last_modified, page.validators_url \
             FROM entry JOIN source ON source.id = entry.source_id LEFT JOIN page ON page.id = entry.page_id \
             WHERE entry.id = ?1",
        )?
        .query_row([candidate.entry], |row| {
            let text_state: TextState = time::word(row, 3)?;
            Ok(ClaimedEntry {
                id: EntryId(candidate.entry),
                lease,
                source: SourceId(candidate.source),
                source_name: row.get(0)?,
                entry,
                ident: row.get(1)?,
                attempts: row.get(2)?,
                text_state,
                crashes: row.get(4)?,
                revisit: text_state.is_whole().then(|| revisit(row, at)).transpose()?,
            })
        })?)
}

/// What is needed to look at a page again; columns 5 to 8. One that was never had itself, but by another entry, counts
/// from now.
fn revisit(row: &Row<'_>, now: i64) -> rusqlite::Result<Revisit> {
    let url: Option<String> = row.get(8)?;
    Ok(Revisit {
        fetched_at: time::moment(row.get::<_, Option<i64>>(5)?.unwrap_or(now)),
        validators: Validators {
            etag: row.get(6)?,
            last_modified: row.get(7)?,
        },
        validators_from: url.as_deref().and_then(link::web_url),
    })
}

/// Puts an entry at the end of its lease back into the queue, or takes it out (`None`).
pub(super) fn put(db: &Connection, entry: EntryId, next_at: Option<i64>) -> Result<(), StoreError> {
    db.prepare_cached(
        "UPDATE entry SET claimed_run = NULL, claimed_claim = NULL, \
         next_at = iif(source.enabled, ?2, NULL), parked_at = iif(source.enabled, NULL, ?2) \
         FROM source WHERE source.id = entry.source_id AND entry.id = ?1",
    )?
    .execute(params![entry.0, next_at])?;
    let host: String = db
        .prepare_cached("SELECT host FROM entry WHERE id = ?1")?
        .query_row([entry.0], |row| row.get(0))?;
    refresh(db, &host)
}

/// Ends leases without an outcome: nothing is counted, and the work can be claimed again.
pub(super) fn release(db: &Connection, leases: &[Lease]) -> Result<(), StoreError> {
    for lease in leases {
        db.prepare_cached(
            "UPDATE source SET claimed_run = NULL, claimed_claim = NULL WHERE claimed_run = ?1 AND claimed_claim = ?2",
        )?
        .execute(params![lease.run, lease.claim])?;
        let entry: Option<(i64, Option<i64>)> = db
            .prepare_cached(HELD)?
            .query_row(params![lease.run, lease.claim], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .optional()?;
        if let Some((entry, next_at)) = entry {
            put(db, EntryId(entry), next_at)?;
        }
    }
    Ok(())
}

/// Voids the leases of every earlier run, which is dead: who opens the database holds its lock.
pub(super) fn void(db: &Connection) -> Result<(), StoreError> {
    db.execute(
        "UPDATE source SET claimed_run = NULL, claimed_claim = NULL WHERE claimed_run IS NOT NULL",
        [],
    )?;
    let held: BTreeSet<String> = db
        .prepare("SELECT host FROM entry WHERE claimed_run IS NOT NULL")?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    db.execute(
        "UPDATE entry SET claimed_run = NULL, claimed_claim = NULL WHERE claimed_run IS NOT NULL",
        [],
    )?;
    held.iter().try_for_each(|host| refresh(db, host))
}

/// Takes the entries of a source out of the queue while it is switched off.
pub(super) fn park(db: &Connection, source: SourceId) -> Result<(), StoreError> {
    move_all(
        db,
        source,
        "UPDATE entry SET parked_at = next_at, next_at = NULL WHERE source_id = ?1 AND next_at IS NOT NULL RETURNING host",
    )
}

/// Puts them back.
pub(super) fn unpark(db: &Connection, source: SourceId) -> Result<(), StoreError> {
    move_all(
        db,
        source,
        "UPDATE entry SET next_at = parked_at, parked_at = NULL WHERE source_id = ?1 AND parked_at IS NOT NULL RETURNING host",
    )
}

fn move_all(db: &Connection, source: SourceId, sql: &str) -> Result<(), StoreError> {
    let hosts: BTreeSet<String> = db
        .prepare_cached(sql)?
        .query_map([source.0], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    hosts.iter().try_for_each(|host| refresh(db, host))
}

/// Derives when the next entry of a host can be claimed.
pub(super) fn refresh(db: &Connection, host: &str) -> Result<(), StoreError> {
    db.prepare_cached(REFRESH)?.execute([host])?;
    Ok(())
}

pub(super) const REFRESH: &str = "UPDATE host SET ready_at = \
     iif(name <> '' AND EXISTS (SELECT 1 FROM entry WHERE host = ?1 AND claimed_run IS NOT NULL), NULL, \
         max(rest_until, page_at, \
             (SELECT min(next_at) FROM entry WHERE host = ?1 AND next_at IS NOT NULL AND claimed_run IS NULL))) \
     WHERE name = ?1";
