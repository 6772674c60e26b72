//! What a collected page came to: the entry's new state, with everything else it changes.
//!
//! ```text
//! pending ── article ───────────────────────────► done
//!    │  ▲                                          ▲
//!    │  └─ its own failure, or trouble of the host │
//!    ├──── the feed's text is kept ─► done, one more try a week later         ─┤
//!    └──── some of its pages are kept ─► done, the rest is tried again soon ───────┘
//! ```
//!
//! One that is done may wait to be looked at again: see [`super::revisits`].
//!
//! An article that a filter of its source leaves out ends as `unwanted`. Entries that are `known` or `seen` never come
//! here.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, params};

use super::articles;
use super::error::StoreError;
use super::page_id::{PageId, article_of};
use super::{host_backoff, ledger, queue, revisits, robots_cache, time};
use crate::model::{
    CRASHED, CollectedArticle, EncodedBody, Failure, Key, KeyKind, Lease, Method, PageOutcome, PageResult,
    SourceId, StoreOutcome, TextState, Validators,
};

/// A page as received, compressed.
#[derive(Debug)]
pub(super) struct Packed {
    codings: String,
    body: Vec<u8>,
    length: usize,
}

/// Level of zstd for pages that came uncompressed: three times smaller for a millisecond per page.
const LEVEL: i32 = 3;

/// Shortest wait after trouble of a host that left no rest behind, in milliseconds.
const AT_LEAST: i64 = 60_000;

impl Packed {
    /// Bytes that [`Self::of`] would compress; none where the page came compressed, or is not kept.
    pub(super) fn dear(outcome: &PageOutcome) -> Option<usize> {
        let PageResult::Article(cutting) = &outcome.result else {
            return None;
        };
        let raw = cutting.raw_page.as_ref().filter(|raw| raw.encoded.is_none());
        raw.map(|raw| raw.body.len())
    }

    /// The raw page of an outcome, compressed; outside the writer, which has better things to do. Its bytes are taken
    /// out of the outcome.
    pub(super) fn of(outcome: &mut PageOutcome) -> Result<Option<Self>, StoreError> {
        let PageResult::Article(cutting) = &mut outcome.result else {
            return Ok(None);
        };
        let Some(raw) = &mut cutting.raw_page else {
            return Ok(None);
        };
        let plain = std::mem::take(&mut raw.body);
        if let Some(EncodedBody { codings, bytes }) = raw.encoded.take() {
            return Ok(Some(Self {
                codings,
                body: bytes,
                length: plain.len(),
            }));
        }
        Ok(Some(Self {
            codings: "zstd".to_owned(),
            body: packed(&plain)?,
            length: plain.len(),
        }))
    }
}

/// A page with [`LEVEL`].
pub(super) fn packed(page: &[u8]) -> Result<Vec<u8>, StoreError> {
    zstd::bulk::compress(page, LEVEL).map_err(|error| StoreError::Damaged {
        doing: "compress a page",
        what: error.to_string(),
    })
}

/// An entry under lease.
struct Held {
    source: SourceId,
    text_state: TextState,
    page: Option<PageId>,
    keys_of_feed: Option<String>,
}

/// Records what a page came to. Article, aliases, raw page and the entry's state stand or fall together.
pub(super) fn record(
    db: &Connection,
    outcome: &PageOutcome,
    packed: Option<&Packed>,
) -> Result<StoreOutcome, StoreError> {
    let held = hold(db, outcome)?;
    let (mut now, mut rests) = (outcome.at, BTreeMap::new());
    if let Some(fetch) = &outcome.fetch {
        now = time::later(outcome.at, fetch.duration);
        rests = host_backoff::apply(db, &fetch.hosts, now)?;
        robots_cache::keep(db, &fetch.robots)?;
        ledger::count(db, held.source, ledger::ODD_HEADERS, fetch.odd_headers)?;
    }
    ledger::tried(db, held.source, &outcome.selectors, now)?;
    let stored = match &outcome.result {
        PageResult::Article(cutting) => article(db, outcome, &held, cutting, packed, now)?,
        PageResult::NotModified(validators) => unchanged(db, outcome, &held, validators, now)?,
        PageResult::Retry(failure, at) => retry(db, outcome, &held, failure, time::ms(*at), now)?,
        PageResult::Excluded(filter) => {
            set(
                db,
                outcome,
                "state = 'unwanted', crashes = 0, payload = NULL",
                None,
            )?;
            ledger::count(db, held.source, &format!("unwanted.{filter}"), 1)?;
            StoreOutcome::Excluded
        }
        PageResult::HostUnavailable(failure, until) => {
            ledger::failed(db, held.source, Some(outcome.entry), "page", failure, now)?;
            // The host in trouble may be one that a redirect led to: then the entry waits for that one by itself.
            let rest = rests.values().copied().max();
            let at = rest.unwrap_or_else(|| time::ms(now).saturating_add(AT_LEAST));
            let at = until.map_or(at, |until| at.max(time::ms(until)));
            queue::put(db, outcome.entry, Some(at))?;
            StoreOutcome::Waiting
        }
    };
    Ok(stored)
}

/// The entry, if whoever brings the outcome holds it still.
fn hold(db: &Connection, outcome: &PageOutcome) -> Result<Held, StoreError> {
    let Lease { run, claim } = outcome.lease;
    db.prepare_cached(
        "SELECT entry.source_id, entry.text_state, entry.page_id, page.page_key \
         FROM entry LEFT JOIN page ON page.id = entry.page_id \
         WHERE entry.id = ?1 AND entry.claimed_run = ?2 AND entry.claimed_claim = ?3",
    )?
    .query_row(params![outcome.entry.0, run, claim], |row| {
        Ok(Held {
            source: SourceId(row.get(0)?),
            text_state: time::word(row, 1)?,
            page: row.get::<_, Option<i64>>(2)?.map(PageId),
            keys_of_feed: row.get(3)?,
        })
    })
    .optional()?
    .ok_or_else(|| StoreError::LeaseLost {
        what: format!("entry {}", outcome.entry.0),
    })
}

/// Stores the article, and ends the entry's way or, with the feed's text for want of a page, leaves it one more try.
fn article(
    db: &Connection,
    outcome: &PageOutcome,
    held: &Held,
    cutting: &CollectedArticle,
    packed: Option<&Packed>,
    now: DateTime<Utc>,
) -> Result<StoreOutcome, StoreError> {
    let mut keys = cutting.keys.clone();
    let is_bound = held.text_state.is_stored() && !held.text_state.is_whole();
    if let (true, Some(page), Some(key)) = (is_bound, held.page, &held.keys_of_feed) {
        // The page that comes back is the article kept with the feed's text, whatever URL it comes back under.
        let bond = Key {
            kind: KeyKind::Link,
            key: key.clone(),
            url: cutting.url.clone(),
        };
        if *key != cutting.page_key {
            articles::attach(db, page, std::slice::from_ref(&bond), held.source, now)?;
            keys.push(bond);
        }
    }
    let (page, stored) = articles::record(db, held.source, cutting, &keys, now)?;
    if let Some(failure) = &cutting.failure {
        ledger::failed(db, held.source, Some(outcome.entry), "page", failure, now)?;
    }
    let is_new = matches!(stored, StoreOutcome::New(_));
    if let (Some(raw), Some(packed)) = (&cutting.raw_page, packed)
        && (is_new || !articles::is_page_of_deleted(db, page)?)
    {
        if !is_new {
            db.prepare_cached("DELETE FROM raw_page WHERE page_id = ?1")?
                .execute([page.0])?;
        }
        db.prepare_cached(
            "INSERT INTO raw_page (page_id, fetched_at, status, headers, codings, body, length, expires) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            page.0,
            time::text(now),
            raw.status,
            raw.headers,
            packed.codings,
            packed.body,
            packed.length as i64,
            raw.expires.map(time::ms)
        ])?;
    }
    let is_of_feed = cutting.method == Method::Feed;
    // A new page was written with that.
    if !is_of_feed && !is_new {
        revisits::asked(db, page, (&cutting.validators, &cutting.url), now)?;
    }
    let look = revisits::Look {
        entry: outcome.entry,
        page,
        changed: matches!(stored, StoreOutcome::Revised(_)),
    };
    let is_more_to_come = !is_of_feed || held.text_state.has_late_try();
    if let Some(at) = cutting.page_retry_at.filter(|_| is_more_to_come) {
        let changes = if is_of_feed {
            "state = 'done', crashes = 0, text_state = 'feed'"
        } else {
            "state = 'done', crashes = 0, text_state = 'partial', attempts = attempts + 1"
        };
        revisits::judge(db, look)?;
        set(db, outcome, changes, Some(time::ms(at)))?;
    } else {
        revisits::settle(db, look, outcome.revisit_at, now)?;
    }
    let word = match stored {
        StoreOutcome::New(_) => "articles.new",
        StoreOutcome::Revised(_) => "articles.revised",
        StoreOutcome::Known(_) | StoreOutcome::Excluded | StoreOutcome::Waiting => "articles.known",
    };
    ledger::count(db, held.source, word, 1)?;
    ledger::count(db, held.source, &format!("method.{}", cutting.method.as_str()), 1)?;
    Ok(stored)
}

/// A page that is had did not change: nothing but when it is looked at next.
fn unchanged(
    db: &Connection,
    outcome: &PageOutcome,
    held: &Held,
    validators: &Validators,
    now: DateTime<Utc>,
) -> Result<StoreOutcome, StoreError> {
    let page = held
        .page
        .ok_or_else(|| StoreError::damaged(format!("entry {} has no page", outcome.entry.0)))?;
    revisits::not_modified(db, page, validators, now)?;
    let look = revisits::Look {
        entry: outcome.entry,
        page,
        changed: false,
    };
    revisits::settle(db, look, outcome.revisit_at, now)?;
    ledger::count(db, held.source, "pages.not-modified", 1)?;
    Ok(StoreOutcome::Known(article_of(db, page)?))
}

/// The page itself failed: an attempt is counted, and when it is tried again the caller has decided.
fn retry(
    db: &Connection,
    outcome: &PageOutcome,
    held: &Held,
    failure: &Failure,
    at: i64,
    now: DateTime<Utc>,
) -> Result<StoreOutcome, StoreError> {
    ledger::failed(db, held.source, Some(outcome.entry), "page", failure, now)?;
    if let (true, Some(page)) = (held.text_state.is_stored() && at <= time::ms(now), held.page) {
        // The last look for something better failed too: what is there stays.
        set(db, outcome, "text_state = 'final', payload = NULL", None)?;
        return Ok(StoreOutcome::Known(article_of(db, page)?));
    }
    let changes = if CRASHED.contains(&failure.code) {
        "crashes = crashes + 1, attempts = attempts + 1"
    } else {
        "attempts = attempts + 1"
    };
    set(db, outcome, changes, Some(at))?;
    Ok(StoreOutcome::Waiting)
}

/// Changes the entry's row, and ends the lease: the entry waits until `next_at`, or for nothing more.
fn set(
    db: &Connection,
    outcome: &PageOutcome,
    changes: &'static str,
    next_at: Option<i64>,
) -> Result<(), StoreError> {
    db.prepare_cached(&format!("UPDATE entry SET {changes} WHERE id = ?1"))?
        .execute([outcome.entry.0])?;
    queue::put(db, outcome.entry, next_at)
}
