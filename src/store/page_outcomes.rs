//! Records the outcome of a collected page: article, keys, raw page, hosts, and the entry's next state, in one transaction.
//!
//! ```text
//! pending ── article ────────────────────────────► done
//!    │  ▲                                           ▲
//!    │  └─ failure of the page or of its host; meanwhile the feed's text is stored (feed_text.rs)
//!    ├──── feed's text stored ────► done, page tried once more a week later ─┤
//!    └──── some pages stored ─────► done, the others tried again soon ───────┘
//! ```
//!
//! `entry.text_state` tells these kinds of `done` apart ([`TextState`]). A page that was fetched completely may be fetched
//! again: see [`super::revisits`]. An article that a filter of its source excludes ends as `unwanted`. Entries that are
//! `known` or `seen` have no page outcome.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, params};

use super::error::StoreError;
use super::page_id::{EntryTitle, KnownPage, PageId, article_of, is_of_site, known_page, page_of_key};
use super::stored_entry::StoredEntry;
use super::{
    articles, entry_changes, entry_claims, feed_text, history, host_backoff, link_sharing, memberships,
    pages, queue, revisits, robots_cache, selector_stats, settling, sources, time,
};
use crate::model::{
    CRASHED, CollectedArticle, EncodedBody, EntryChange, Failure, KeyKind, Lease, Method, PageOutcome,
    PageResult, RawPage, SourceId, StoreOutcome, TextState, Validators,
};

/// Compression level of zstd for pages that came uncompressed: three times smaller for a millisecond per page.
const LEVEL: i32 = 3;

/// Shortest wait, in milliseconds, after a host was unavailable but has no backoff.
const MIN_WAIT: i64 = 60_000;

/// A raw page as it is stored. A page that came compressed keeps its codings; any other is compressed with zstd.
#[derive(Debug)]
pub(super) struct CompressedPage {
    codings: String,
    body: Vec<u8>,
    /// Bytes before compression.
    length: usize,
}

impl CompressedPage {
    /// Bytes that [`Self::take`] would compress; none where the page came compressed or is not stored.
    pub(super) fn bytes_to_compress(outcome: &PageOutcome) -> Option<usize> {
        let PageResult::Article(collected) = &outcome.result else {
            return None;
        };
        let raw = collected.raw_page.as_ref()?;
        raw.encoded.is_none().then_some(raw.body.len())
    }

    /// Takes the body out of an outcome. Called outside the writer thread, which would have to wait for it.
    pub(super) fn take(outcome: &mut PageOutcome) -> Result<Option<Self>, StoreError> {
        let PageResult::Article(collected) = &mut outcome.result else {
            return Ok(None);
        };
        let Some(raw) = &mut collected.raw_page else {
            return Ok(None);
        };
        let plain = std::mem::take(&mut raw.body);
        let (codings, body) = if let Some(EncodedBody { codings, bytes }) = raw.encoded.take() {
            (codings, bytes)
        } else {
            let body = zstd::bulk::compress(&plain, LEVEL)
                .map_err(|error| StoreError::Damaged { doing: "compress a page", what: error.to_string() })?;
            ("zstd".to_owned(), body)
        };
        Ok(Some(Self { codings, body, length: plain.len() }))
    }

    fn insert(
        &self,
        db: &Connection,
        page: PageId,
        raw: &RawPage,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        db.prepare_cached(
            "INSERT INTO raw_page (page_id, fetched_at, status, headers, codings, body, length, expires) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            page.0,
            time::text(now),
            raw.status,
            raw.headers,
            self.codings,
            self.body,
            self.length as i64,
            raw.expires.map(time::ms)
        ])?;
        Ok(())
    }
}

/// An entry under lease.
struct LeasedEntry {
    source: SourceId,
    text_state: TextState,
    /// The page of its article, where one is stored.
    page: Option<PageId>,
    /// What its feed says anew.
    news: Option<EntryChange>,
}

/// Records a page outcome; refused if its lease was lost.
pub(super) fn record(
    db: &Connection,
    outcome: &PageOutcome,
    compressed: Option<&CompressedPage>,
) -> Result<StoreOutcome, StoreError> {
    let leased = leased_entry(db, outcome)?;
    let source = leased.source;
    let (mut now, mut backoffs) = (outcome.at, BTreeMap::new());
    if let Some(fetch) = &outcome.fetch {
        now = time::later(outcome.at, fetch.duration);
        backoffs = host_backoff::apply(db, &fetch.hosts, now)?;
        robots_cache::store(db, &fetch.robots)?;
        history::add_to_counter(db, source, history::ODD_HEADERS, fetch.odd_headers)?;
    }
    selector_stats::add(db, source, &outcome.selectors, now)?;
    match &outcome.result {
        PageResult::Article(collected) => record_article(db, outcome, &leased, collected, compressed, now),
        PageResult::NotModified(validators) => record_not_modified(db, outcome, &leased, validators, now),
        PageResult::Retry(failure, at) => record_retry(db, outcome, &leased, failure, time::ms(*at), now),
        PageResult::Known => record_known(db, outcome, source, now),
        PageResult::Excluded(filter) => {
            let changes = "state = 'unwanted', crashes = 0, payload = NULL";
            update_entry(db, outcome, changes, None)?;
            history::add_to_counter(db, source, &format!("unwanted.{filter}"), 1)?;
            Ok(StoreOutcome::Excluded)
        }
        PageResult::HostUnavailable(failure, until) => {
            history::add_failure(db, source, Some(outcome.entry), "page", failure, now)?;
            // The failing host may be one that a redirect led to: then only this entry waits for it.
            let backoff = backoffs.values().copied().max();
            let at = backoff.unwrap_or_else(|| time::ms(now).saturating_add(MIN_WAIT));
            let at = until.map_or(at, |until| at.max(time::ms(until)));
            queue::reschedule(db, outcome.entry, Some(at))?;
            feed_text::after_failure(db, outcome.entry, source, leased.text_state, outcome.at)?;
            Ok(StoreOutcome::Waiting)
        }
    }
}

/// The entry of an outcome, if it is still under the same lease.
fn leased_entry(db: &Connection, outcome: &PageOutcome) -> Result<LeasedEntry, StoreError> {
    let Lease { run, claim } = outcome.lease;
    db.prepare_cached(
        "SELECT source_id, text_state, page_id, news FROM entry \
         WHERE entry.id = ?1 AND entry.lease_run = ?2 AND entry.lease_claim = ?3",
    )?
    .query_row(params![outcome.entry.0, run, claim], |row| {
        Ok(LeasedEntry {
            source: SourceId(row.get(0)?),
            text_state: time::word(row, 1)?,
            page: row.get::<_, Option<i64>>(2)?.map(PageId),
            news: row.get_ref(3)?.as_str_or_null()?.and_then(|word| word.parse().ok()),
        })
    })
    .optional()?
    .ok_or_else(|| StoreError::LeaseLost { what: format!("entry {}", outcome.entry.0) })
}

/// The source that a text is of. A page that is fetched again for changes is
/// extracted by the rules of the source that its text came from, whichever feed said that it changed. Another page, to which the
/// link leads now, is of the feed's own source; so is one that a source of another site fetched, where this one is of its own.
fn text_source(
    db: &Connection,
    leased: &LeasedEntry,
    collected: &CollectedArticle,
) -> Result<SourceId, StoreError> {
    let is_revisit = leased.text_state.is_whole() && collected.method != Method::Feed;
    let Some(page) = leased.page.filter(|_| is_revisit) else {
        return Ok(leased.source);
    };
    let stored = pages::stored(db, page)?;
    let is_same = stored.is_fetched && stored.page_key == collected.page_key;
    let takes_over = !stored.own_feed && is_of_site(db, leased.source, &stored.site)?;
    let owner = stored.source.filter(|_| is_same && !takes_over);
    let is_enabled = sources::is_enabled(db, owner)?;
    Ok(owner.filter(|_| is_enabled).unwrap_or(leased.source))
}

/// The page that has the `key_from_url` of a new one, under another slug.
fn other_slug(db: &Connection, collected: &CollectedArticle) -> Result<Option<PageId>, StoreError> {
    let key = collected.keys.iter().find(|key| key.kind == KeyKind::FromUrl);
    key.map_or(Ok(None), |key| page_of_key(db, &key.key))
}

fn record_article(
    db: &Connection,
    outcome: &PageOutcome,
    leased: &LeasedEntry,
    collected: &CollectedArticle,
    compressed: Option<&CompressedPage>,
    now: DateTime<Utc>,
) -> Result<StoreOutcome, StoreError> {
    let source = leased.source;
    let text_of = text_source(db, leased, collected)?;
    let is_of_feed = collected.method == Method::Feed;
    let replaced = match leased.page {
        None if leased.news == Some(EntryChange::Link) => other_slug(db, collected)?,
        page => page,
    };
    let replaced = replaced.filter(|_| !is_of_feed);
    let (page, stored) = articles::record(db, text_of, collected, &collected.keys, replaced, now)?;
    if let Some(failure) = &collected.failure {
        history::add_failure(db, source, Some(outcome.entry), "page", failure, now)?;
    }
    let is_new = matches!(stored, StoreOutcome::New(_));
    if let (Some(raw), Some(compressed)) = (&collected.raw_page, compressed)
        && (is_new || !pages::is_of_deleted_article(db, page)?)
    {
        if !is_new {
            db.prepare_cached("DELETE FROM raw_page WHERE page_id = ?1")?.execute([page.0])?;
        }
        compressed.insert(db, page, raw, now)?;
    }
    if collected.awaits_page {
        record_feed_text(db, outcome, leased, page, &stored, now)?;
        return count_stored(db, source, text_of, collected, stored);
    }
    // A new page was inserted with its validators.
    if !is_of_feed && !is_new {
        pages::set_validators(db, page, &collected.validators, &collected.served_url, now)?;
    }
    link_sharing::settle_twins(db, outcome.entry, page)?;
    let visit = revisits::Visit {
        entry: outcome.entry,
        page,
        has_changed: matches!(stored, StoreOutcome::Revised(_)),
    };
    if let Some(news) =
        leased.news.filter(|_| visit.has_changed && !is_of_feed && leased.text_state == TextState::Changed)
    {
        entry_changes::confirm(db, source, news, now)?;
    }
    let may_retry = !is_of_feed || leased.text_state.has_late_try();
    if let Some(at) = collected.page_retry_at.filter(|_| may_retry) {
        let changes = if is_of_feed {
            "state = 'done', crashes = 0, feed_text_at = NULL, text_state = 'feed'"
        } else {
            "state = 'done', crashes = 0, feed_text_at = NULL, text_state = 'partial', attempts = attempts + 1"
        };
        revisits::note(db, visit)?;
        update_entry(db, outcome, changes, Some(time::ms(at)))?;
    } else {
        revisits::finish(db, visit, outcome.revisit_at, now)?;
    }
    memberships::enter(db, source, &stored, now)?;
    if is_of_feed && collected.own_feed && !is_new {
        // Only now the entry tells that its source wants no page.
        articles::show_own_words(db, article_of(db, page)?, now)?;
    }
    settling::settle(db, article_of(db, page)?, now)?;
    count_stored(db, source, text_of, collected, stored)
}

/// The feed's text, which stands until the page comes: the entry keeps its place in the queue.
fn record_feed_text(
    db: &Connection,
    outcome: &PageOutcome,
    leased: &LeasedEntry,
    page: PageId,
    stored: &StoreOutcome,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    link_sharing::settle_twins(db, outcome.entry, page)?;
    db.prepare_cached("UPDATE entry SET page_id = ?2, feed_text_at = NULL WHERE id = ?1")?
        .execute([outcome.entry.0, page.0])?;
    let is_first = leased.text_state == TextState::Missing;
    if is_first && !feed_text::is_provisional(db, leased.source)? {
        // It has waited for its page for as long as pages are tried regularly.
        settling::give_up(db, outcome.entry, now)?;
    } else {
        let next_at: Option<i64> = db
            .prepare_cached("SELECT coalesce(next_at, parked_at) FROM entry WHERE id = ?1")?
            .query_row([outcome.entry.0], |row| row.get(0))?;
        let changes = if is_first { "text_state = 'provisional'" } else { "text_state = text_state" };
        update_entry(db, outcome, changes, next_at)?;
        if let (true, StoreOutcome::New(article)) = (is_first, stored) {
            settling::mark_provisional(db, *article)?;
            history::add_to_counter(db, leased.source, "articles.provisional", 1)?;
        }
    }
    memberships::enter(db, leased.source, stored, now)
}

/// Counts what was stored, and how its text was obtained; for the source of that text, in what its feed contradicts the page.
fn count_stored(
    db: &Connection,
    source: SourceId,
    text_of: SourceId,
    collected: &CollectedArticle,
    stored: StoreOutcome,
) -> Result<StoreOutcome, StoreError> {
    let counter = match stored {
        StoreOutcome::New(_) => "articles.new",
        StoreOutcome::Revised(_) => "articles.revised",
        StoreOutcome::Known(_) | StoreOutcome::Excluded | StoreOutcome::Waiting => "articles.known",
    };
    history::add_to_counter(db, source, counter, 1)?;
    // A page that is read again as it was contradicts nothing anew.
    let contradictions =
        collected.contradictions.iter().filter(|_| !matches!(stored, StoreOutcome::Known(_)));
    for field in contradictions {
        history::add_to_counter(db, text_of, &format!("contradiction.{}", field.as_str()), 1)?;
    }
    history::add_to_counter(db, source, &format!("method.{}", collected.method.as_str()), 1)?;
    Ok(stored)
}

/// The page is stored already: its source is one more that named the article. If it is gone meanwhile, it is fetched.
fn record_known(
    db: &Connection,
    outcome: &PageOutcome,
    source: SourceId,
    now: DateTime<Utc>,
) -> Result<StoreOutcome, StoreError> {
    let (payload, title): (Option<String>, Option<i64>) = db
        .prepare_cached("SELECT payload, title_hash FROM entry WHERE id = ?1")?
        .query_row([outcome.entry.0], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let stored = StoredEntry::from_json(payload.as_deref())?;
    let known = known_page(db, &stored.keys(), source, EntryTitle::Hash(title))?;
    let Some(KnownPage { id: page, .. }) = known.filter(|page| !page.awaits_own_source) else {
        queue::reschedule(db, outcome.entry, Some(time::ms(now)))?;
        return Ok(StoreOutcome::Waiting);
    };
    queue::reschedule(db, outcome.entry, None)?;
    entry_claims::settle(db, outcome.entry, source, page, &stored, now)?;
    Ok(StoreOutcome::Known(article_of(db, page)?))
}

/// The page is as it was: only its validators and its next visit change.
fn record_not_modified(
    db: &Connection,
    outcome: &PageOutcome,
    leased: &LeasedEntry,
    validators: &Validators,
    now: DateTime<Utc>,
) -> Result<StoreOutcome, StoreError> {
    let page =
        leased.page.ok_or_else(|| StoreError::damaged(format!("entry {} has no page", outcome.entry.0)))?;
    pages::update_validators(db, page, validators, now)?;
    let visit = revisits::Visit { entry: outcome.entry, page, has_changed: false };
    revisits::finish(db, visit, outcome.revisit_at, now)?;
    history::add_to_counter(db, leased.source, "pages.not-modified", 1)?;
    Ok(StoreOutcome::Known(article_of(db, page)?))
}

/// The page itself failed: counts an attempt; the caller has decided when it is tried again.
fn record_retry(
    db: &Connection,
    outcome: &PageOutcome,
    leased: &LeasedEntry,
    failure: &Failure,
    at: i64,
    now: DateTime<Utc>,
) -> Result<StoreOutcome, StoreError> {
    history::add_failure(db, leased.source, Some(outcome.entry), "page", failure, now)?;
    if let (TextState::Changed, Some(page)) = (leased.text_state, leased.page) {
        // The next change of its feed does not hurry the next look.
        db.prepare_cached("UPDATE page SET requested_at = ?2 WHERE id = ?1 AND requested_at IS NOT NULL")?
            .execute(params![page.0, time::ms(now)])?;
    }
    if let (true, Some(page)) = (leased.text_state.is_stored() && at <= time::ms(now), leased.page) {
        // That was the last try: the stored text stays.
        let changes = "unchanged_updates = unchanged_updates + iif(text_state = 'changed' AND host <> '', 1, 0), \
             news = iif(text_state = 'changed', NULL, news), state = 'done', text_state = 'final', payload = NULL";
        update_entry(db, outcome, changes, None)?;
        let article = article_of(db, page)?;
        settling::settle(db, article, now)?;
        return Ok(StoreOutcome::Known(article));
    }
    let changes = if CRASHED.contains(&failure.code) {
        "crashes = crashes + 1, attempts = attempts + 1"
    } else {
        "attempts = attempts + 1"
    };
    update_entry(db, outcome, changes, Some(at))?;
    feed_text::after_failure(db, outcome.entry, leased.source, leased.text_state, outcome.at)?;
    Ok(StoreOutcome::Waiting)
}

/// Changes the entry's row and ends its lease: see [`queue::reschedule`].
fn update_entry(
    db: &Connection,
    outcome: &PageOutcome,
    changes: &'static str,
    next_at: Option<i64>,
) -> Result<(), StoreError> {
    db.prepare_cached(&format!("UPDATE entry SET {changes} WHERE id = ?1"))?.execute([outcome.entry.0])?;
    queue::reschedule(db, outcome.entry, next_at)
}
