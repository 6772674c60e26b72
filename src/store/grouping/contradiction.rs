//! Finds keys that pages contradict: pages of different final URLs that have one, and whose titles and texts both differ.
//!
//! Such a key is shared from then on, for good. Pages that say they are forms of one another (AMP, further pages) contradict
//! nothing. Texts that are too short to be compared are no evidence.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, params};

use super::super::error::StoreError;
use super::super::page_id::{PageId, article_of};
use super::super::similarity::TextSignature;
use super::super::{changes, history, time};
use super::edges::KeyHolder;
use super::page_keys::is_shared;
use super::state::{ComparedText, NewState};
use crate::model::{ArticleId, Key, KeyKind, Method, SourceId};

/// Pages with the same key that a page is compared with at most, latest first. The older ones were found alike when they
/// were stored.
const MAX_COMPARED: i64 = 20;

/// How far apart, in milliseconds, two texts were fetched at most that contradict a canonical URL or `og:url`: an article may
/// be rewritten, title and all, but not within a day.
const SAME_TIME: i64 = 24 * 3600 * 1000;

/// A page that has a key too, and may contradict it.
struct ComparedPage {
    page: PageId,
    title: Option<i64>,
    requested_at: Option<i64>,
    /// Whether its text has to be of the same time, because one of the two only claims the key.
    is_claim: bool,
    signature: Option<TextSignature>,
}

/// Keys that turned out to be shared, and the articles that had them.
#[derive(Debug, Default)]
pub(super) struct SharedKeys {
    pub(super) keys: BTreeSet<String>,
    pub(super) articles: BTreeSet<ArticleId>,
}

/// Marks those of the keys that the page and others contradict.
pub(super) fn mark_shared(
    db: &Connection,
    state: &NewState<'_>,
    keys: &[&Key],
    source: SourceId,
    now: DateTime<Utc>,
) -> Result<SharedKeys, StoreError> {
    let mut found = SharedKeys::default();
    let mut own = None;
    for key in keys {
        if is_shared(db, key)? || !is_contradicted(db, state, &mut own, key, now)? {
            continue;
        }
        let pages: Vec<PageId> = db
            .prepare_cached("SELECT DISTINCT page_id FROM alias WHERE key = ?1 AND shared = 0")?
            .query_map([&key.key], |row| row.get(0).map(PageId))?
            .collect::<Result<_, _>>()?;
        db.prepare_cached(
            "UPDATE alias SET shared = 1 WHERE key = ?1 AND shared = 0 AND kind <> 'final-url'",
        )?
        .execute([&key.key])?;
        for page in pages {
            found.articles.insert(article_of(db, page)?);
            changes::show_served_url(db, page, &key.key, now)?;
        }
        history::add_to_counter(db, source, "identity.shared", 1)?;
        found.keys.insert(key.key.clone());
    }
    Ok(found)
}

/// Whether the page and another one with this key contradict it. `own` caches the signature of the page's text.
fn is_contradicted(
    db: &Connection,
    state: &NewState<'_>,
    own: &mut Option<TextSignature>,
    key: &Key,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    // What feeds say unmakes no key of pages, nor of other sources.
    if !state.evidence.is_comparable || !state.evidence.is_fetched {
        return Ok(false);
    }
    let others = others(db, state, key)?;
    if others.is_empty() {
        return Ok(false);
    }
    if own.is_none() {
        *own = signature(db, state.page, state.text)?;
    }
    let Some(own) = own.as_ref() else { return Ok(false) };
    // Pages that differ, but were fetched at another time.
    let mut earlier: Vec<ComparedPage> = Vec::new();
    for mut other in others {
        other.signature = signature(db, Some(other.page), ComparedText::Stored)?;
        let differs = differ((state.evidence.title, own), &other);
        if !differs || are_forms(db, state, other.page)? {
            continue;
        }
        let at = other.requested_at.unwrap_or_default();
        if !other.is_claim || (time::ms(now) - at).abs() <= SAME_TIME {
            return Ok(true);
        }
        // An article that was rewritten has one earlier text. Three different ones are three articles.
        let is_third = earlier.iter().any(|earlier| {
            earlier.signature.as_ref().is_some_and(|signature| differ((earlier.title, signature), &other))
        });
        if is_third {
            return Ok(true);
        }
        earlier.push(other);
    }
    Ok(false)
}

/// The fetched pages that have a key too, latest first.
fn others(db: &Connection, state: &NewState<'_>, key: &Key) -> Result<Vec<ComparedPage>, StoreError> {
    let is_claim = |kind: KeyKind| matches!(kind, KeyKind::Canonical | KeyKind::OgUrl);
    Ok(db
        .prepare_cached(
            "SELECT page.id, page.title_hash, page.requested_at, alias.kind FROM alias JOIN page ON page.id = alias.page_id \
             WHERE alias.key = ?1 AND alias.shared = 0 AND page.id <> ?2 AND page.comparable = 1 \
             AND page.requested_at IS NOT NULL ORDER BY page.id DESC LIMIT ?3",
        )?
        .query_map(
            params![
                key.key,
                state.page.map_or(0, |page| page.0),
                MAX_COMPARED
            ],
            |row| {
                Ok(ComparedPage {
                    page: PageId(row.get(0)?),
                    title: row.get(1)?,
                    requested_at: row.get(2)?,
                    is_claim: is_claim(key.kind) || is_claim(time::word(row, 3)?),
                    signature: None,
                })
            },
        )?
        .collect::<Result<_, _>>()?)
}

/// Whether title and text both differ. A title that is missing is that of no other page.
fn differ((title, text): (Option<i64>, &TextSignature), other: &ComparedPage) -> bool {
    let same_title = title.is_some() && title == other.title;
    !same_title && other.signature.as_ref().is_some_and(|signature| text.differs_from(signature))
}

/// Whether one of two pages names the other as its AMP form, or as a further page of it.
fn are_forms(db: &Connection, state: &NewState<'_>, other: PageId) -> Result<bool, StoreError> {
    let is_form = |kind: KeyKind| matches!(kind, KeyKind::Amp | KeyKind::NextPage);
    for key in state.keys.iter().filter(|key| is_form(key.kind)) {
        let names = db
            .prepare_cached("SELECT 1 FROM page WHERE id = ?1 AND page_key = ?2")?
            .exists(params![other.0, key.key])?;
        if names {
            return Ok(true);
        }
    }
    Ok(db
        .prepare_cached(
            "SELECT 1 FROM alias WHERE page_id = ?1 AND key = ?2 AND (kind = 'amp' OR kind = 'next-page')",
        )?
        .exists(params![other.0, state.page_key])?)
}

/// Whether two pages were not fetched, and feeds say different things of them: title and text differ.
pub(super) fn are_other_words(
    db: &Connection,
    page: &KeyHolder,
    text: ComparedText<'_>,
    other: &KeyHolder,
) -> Result<bool, StoreError> {
    let (own, theirs) = (page.evidence, other.evidence);
    if own.is_fetched || theirs.is_fetched || (own.title.is_some() && own.title == theirs.title) {
        return Ok(false);
    }
    let own = signature(db, Some(page.page), text)?;
    let theirs = signature(db, Some(other.page), ComparedText::Stored)?;
    Ok(own.zip(theirs).is_some_and(|(own, theirs)| own.differs_from(&theirs)))
}

/// Whether the texts of two pages can be compared and are not different.
pub(super) fn are_alike(
    db: &Connection,
    page: Option<PageId>,
    text: ComparedText<'_>,
    other: PageId,
) -> Result<bool, StoreError> {
    let (one, other) = (signature(db, page, text)?, signature(db, Some(other), ComparedText::Stored)?);
    Ok(one.zip(other).is_some_and(|(one, other)| {
        one.is_comparable() && other.is_comparable() && !one.differs_from(&other)
    }))
}

/// The signature of a page's text: of the page itself where it was fetched, else of the feed whose words stand for it.
fn signature(
    db: &Connection,
    page: Option<PageId>,
    text: ComparedText<'_>,
) -> Result<Option<TextSignature>, StoreError> {
    match (text, page) {
        (ComparedText::New(text), _) => Ok(Some(TextSignature::of(text))),
        (ComparedText::Stored, None) => Ok(None),
        (ComparedText::Stored, Some(page)) => {
            let latest: Option<String> = db
                .prepare_cached(
                    "SELECT revision.text FROM revision JOIN page ON page.id = revision.page_id WHERE page.id = ?1 \
                     ORDER BY revision.method = ?2, revision.source_id IS NOT page.source_id, revision.id DESC LIMIT 1",
                )?
                .query_row(params![page.0, Method::Feed.as_str()], |row| row.get(0))
                .optional()?;
            Ok(latest.as_deref().map(TextSignature::of))
        }
    }
}
