//! Decides which pages are one article: those that have a key in common that is not shared.
//!
//! An article is a connected component of pages, joined by equal keys. A key that can be shared (a short link printed by
//! a template, a link that leads elsewhere each day) and is found on two pages with different texts counts as shared: it
//! joins nothing any more, on any page, and the components are formed again. Both rules are about the *set* of pages, so
//! the order in which pages arrive makes no difference. `articles` calls this in the transaction that stores a page.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, params};

use super::changes::DeletionReason;
use super::error::StoreError;
use super::page_id::{PageId, article_of, page_of_key};
use super::similarity::TextSignature;
use super::{changes, history, retention, text_index, time};
use crate::model::{ArticleId, Key, KeyKind, Method, SourceId};

/// Pages with the same key that a page is compared with at most, latest first. The older ones were found alike when they
/// were stored.
const MAX_COMPARED: i64 = 20;

/// SQL list of the kinds for which [`can_be_shared`] holds.
const SHAREABLE: &str = "('short-link', 'rel-shortlink', 'asked', 'redirect', 'link')";

pub(super) fn can_be_shared(kind: KeyKind) -> bool {
    matches!(
        kind,
        KeyKind::ShortLink | KeyKind::RelShortlink | KeyKind::Asked | KeyKind::Redirect | KeyKind::Link
    )
}

/// The text by which a page is compared with others.
#[derive(Clone, Copy, Debug)]
pub(super) enum ComparedText<'a> {
    /// A text that is about to be stored.
    New(&'a str),
    /// The latest revision.
    Stored,
    /// None: the page has no text of its own.
    Nothing,
}

/// The article of a page, and what was learned about its keys.
#[derive(Debug, Default)]
pub(super) struct PageGroup {
    /// The article that the keys name; `None`: a new one.
    pub(super) article: Option<ArticleId>,
    /// Keys of the page that are shared.
    shared: BTreeSet<String>,
    /// Keys that no page had before: nearly all keys of a new article. They need no further look-up.
    unknown: BTreeSet<String>,
}

/// A key of a page as it is stored.
struct StoredKey {
    key: String,
    /// Whether its kind can be shared.
    shareable: bool,
    shared: bool,
}

/// Finds the article of a page with these keys. Merges articles that turn out to be one, and separates those that a
/// shared key had joined. Does not write the keys: see [`write_keys`].
///
/// `text_changed`: the page has another text than before, so that its stored keys are checked again, too.
pub(super) fn assign_article(
    db: &Connection,
    page: Option<PageId>,
    text: ComparedText<'_>,
    keys: &[Key],
    text_changed: bool,
    source: SourceId,
    now: DateTime<Utc>,
) -> Result<PageGroup, StoreError> {
    let stored = match page {
        Some(page) => stored_keys(db, page)?,
        None => Vec::new(),
    };
    let stored: Vec<(&str, bool)> = stored.iter().map(|key| (&*key.key, key.shareable)).collect();
    let given: Vec<(&str, bool)> = keys.iter().map(|key| (&*key.key, can_be_shared(key.kind))).collect();
    let both = || stored.iter().chain(&given).copied();
    let unchecked: BTreeSet<&str> = stored
        .iter()
        .filter(|_| text_changed)
        .chain(given.iter().filter(|pair| !stored.contains(pair)))
        .map(|(key, _)| *key)
        .collect();

    let mut group = PageGroup::default();
    let mut affected: BTreeSet<ArticleId> = BTreeSet::new();
    let mut own: Option<TextSignature> = None;
    for key in unchecked {
        if !is_known(db, key)? {
            group.unknown.insert(key.to_owned());
            continue;
        }
        let shareable = both().any(|pair| pair == (key, true));
        if is_shared(db, key)? {
            if shareable {
                group.shared.insert(key.to_owned());
            }
            continue;
        }
        if is_contradicted(db, page, text, &mut own, key, shareable)? {
            affected.extend(article_of_key(db, key)?);
            db.prepare_cached(&format!(
                "UPDATE alias SET shared = 1 WHERE key = ?1 AND kind IN {SHAREABLE}"
            ))?
            .execute([key])?;
            group.shared.insert(key.to_owned());
            history::add_to_counter(db, source, "identity.shared", 1)?;
        }
    }
    if !affected.is_empty() {
        if let Some(page) = page {
            affected.insert(article_of(db, page)?);
        }
        regroup(db, &affected, source, now)?;
    }

    // A key counts as shared only where the page has it under no kind that cannot be shared.
    let mut only_shareable: BTreeMap<&str, bool> = BTreeMap::new();
    for (key, shareable) in both() {
        *only_shareable.entry(key).or_insert(true) &= shareable;
    }
    let mut joined: BTreeSet<ArticleId> = BTreeSet::new();
    if let Some(page) = page {
        joined.insert(article_of(db, page)?);
    }
    for (key, only_shareable) in only_shareable {
        if !(group.unknown.contains(key) || only_shareable && group.is_shared(db, key)?) {
            joined.extend(article_of_key(db, key)?);
        }
    }
    group.article = merge(db, &joined, source, now)?;
    Ok(group)
}

impl PageGroup {
    fn is_shared(&self, db: &Connection, key: &str) -> Result<bool, StoreError> {
        Ok(self.shared.contains(key) || is_shared(db, key)?)
    }
}

/// Writes the keys of a page whose group was found by [`assign_article`].
pub(super) fn write_keys(
    db: &Connection,
    page: PageId,
    keys: &[Key],
    group: &PageGroup,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    for key in keys {
        let shared =
            can_be_shared(key.kind) && !group.unknown.contains(&key.key) && group.is_shared(db, &key.key)?;
        db.prepare_cached(
            "INSERT OR IGNORE INTO alias (key, kind, page_id, url, proof, shared, seen_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            key.key,
            key.kind.as_str(),
            page.0,
            key.url,
            key.proof.as_str(),
            shared,
            time::text(now)
        ])?;
    }
    Ok(())
}

fn stored_keys(db: &Connection, page: PageId) -> Result<Vec<StoredKey>, StoreError> {
    Ok(db
        .prepare_cached("SELECT key, kind, shared FROM alias WHERE page_id = ?1")?
        .query_map([page.0], |row| {
            Ok(StoredKey {
                key: row.get(0)?,
                shareable: can_be_shared(time::word::<KeyKind>(row, 1)?),
                shared: row.get(2)?,
            })
        })?
        .collect::<Result<_, _>>()?)
}

/// Whether any page has a key.
fn is_known(db: &Connection, key: &str) -> Result<bool, StoreError> {
    Ok(db.prepare_cached("SELECT 1 FROM alias WHERE key = ?1")?.exists([key])?)
}

fn is_shared(db: &Connection, key: &str) -> Result<bool, StoreError> {
    Ok(db.prepare_cached("SELECT 1 FROM alias WHERE key = ?1 AND shared = 1")?.exists([key])?)
}

/// The article that a key names. All pages with an unshared key are of one article.
fn article_of_key(db: &Connection, key: &str) -> Result<Option<ArticleId>, StoreError> {
    page_of_key(db, key)?.map(|page| article_of(db, page)).transpose()
}

/// Whether another page with this key has a different text, and one of the two has the key under a kind that can be shared.
/// `own` caches the signature of the page's text.
fn is_contradicted(
    db: &Connection,
    page: Option<PageId>,
    text: ComparedText<'_>,
    own: &mut Option<TextSignature>,
    key: &str,
    shareable: bool,
) -> Result<bool, StoreError> {
    let others: Vec<PageId> = db
        .prepare_cached(&format!(
            "SELECT DISTINCT page_id FROM alias WHERE key = ?1 AND shared = 0 AND page_id <> ?2 \
             AND (?3 OR kind IN {SHAREABLE}) ORDER BY page_id DESC LIMIT ?4"
        ))?
        .query_map(params![key, page.map_or(0, |page| page.0), shareable, MAX_COMPARED], |row| {
            row.get(0).map(PageId)
        })?
        .collect::<Result<_, _>>()?;
    if others.is_empty() {
        return Ok(false);
    }
    if own.is_none() {
        *own = match (text, page) {
            (ComparedText::New(text), _) => Some(TextSignature::of(text)),
            (ComparedText::Stored, Some(page)) => stored_signature(db, page)?,
            _ => None,
        };
    }
    let Some(own) = own.as_ref().filter(|own| own.is_comparable()) else {
        return Ok(false);
    };
    for other in others {
        if stored_signature(db, other)?.is_some_and(|other| own.differs_from(&other)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The signature of a page's latest revision. `None` where that is the feed's text, which may summarise another page and
/// proves nothing, or where there is no revision.
fn stored_signature(db: &Connection, page: PageId) -> Result<Option<TextSignature>, StoreError> {
    let latest: Option<(String, String)> = db
        .prepare_cached("SELECT text, method FROM revision WHERE page_id = ?1 ORDER BY id DESC LIMIT 1")?
        .query_row([page.0], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(latest.filter(|(_, method)| method != Method::Feed.as_str()).map(|(text, _)| TextSignature::of(&text)))
}

/// Makes one article of several: the oldest that is not deleted survives, the others become tombstones. Where one of them
/// was taken down, all of them are.
fn merge(
    db: &Connection,
    articles: &BTreeSet<ArticleId>,
    source: SourceId,
    now: DateTime<Utc>,
) -> Result<Option<ArticleId>, StoreError> {
    let Some(&oldest) = articles.first() else {
        return Ok(None);
    };
    if articles.len() == 1 {
        return Ok(Some(oldest));
    }
    let mut survivor = None;
    let mut taken_down = false;
    for &article in articles {
        let deleted_why: Option<String> = db
            .prepare_cached("SELECT deleted_why FROM article WHERE id = ?1")?
            .query_row([article.0], |row| row.get(0))?;
        taken_down |= deleted_why.as_deref() == Some(DeletionReason::Takedown.as_str());
        if deleted_why.is_none() {
            survivor = survivor.or(Some(article));
        }
    }
    let into = survivor.filter(|_| !taken_down).unwrap_or(oldest);
    for &article in articles.iter().filter(|&&article| article != into) {
        // While its revisions exist: the survivor's may be dropped below.
        text_index::remove(db, article.0)?;
        db.prepare_cached("UPDATE page SET article_id = ?2 WHERE article_id = ?1")?
            .execute(params![article.0, into.0])?;
        changes::merge(db, article, into, now)?;
    }
    if taken_down {
        retention::drop_article(db, into, DeletionReason::Takedown, now)?;
    }
    changes::show_best_revision(db, into, now)?;
    history::add_to_counter(db, source, "identity.merged", articles.len() as u64 - 1)?;
    Ok(Some(into))
}

/// Forms the articles of all pages of `affected` again. The component with an article's oldest page keeps its id; each
/// other component becomes a new article.
fn regroup(
    db: &Connection,
    affected: &BTreeSet<ArticleId>,
    source: SourceId,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let mut pages: BTreeMap<PageId, ArticleId> = BTreeMap::new();
    for article in affected {
        let mut query = db.prepare_cached("SELECT id FROM page WHERE article_id = ?1")?;
        for page in query.query_map([article.0], |row| row.get(0).map(PageId))? {
            pages.insert(page?, *article);
        }
    }
    let mut unassigned = affected.clone();
    let mut formed = Vec::new();
    for component in components(db, &pages)? {
        let oldest = component
            .iter()
            .filter_map(|page| pages.get(page).copied())
            .find(|article| unassigned.contains(article));
        let article = if let Some(article) = oldest {
            article
        } else {
            history::add_to_counter(db, source, "identity.split", 1)?;
            split_off(db, &component, now)?
        };
        unassigned.remove(&article);
        for page in component {
            db.prepare_cached("UPDATE page SET article_id = ?2 WHERE id = ?1 AND article_id <> ?2")?
                .execute(params![page.0, article.0])?;
        }
        formed.push(article);
    }
    // Every affected article has kept at least the component of its oldest page: none is left without pages.
    formed.into_iter().try_for_each(|article| changes::show_best_revision(db, article, now))
}

/// A new article for these pages, with the source and the age of the oldest of them.
fn split_off(db: &Connection, pages: &BTreeSet<PageId>, now: DateTime<Utc>) -> Result<ArticleId, StoreError> {
    let oldest = pages.first().map_or(0, |page| page.0);
    let first_seen: String = db
        .prepare_cached("SELECT first_seen FROM page WHERE id = ?1")?
        .query_row([oldest], |row| row.get(0))?;
    Ok(changes::insert_article(db, &first_seen, now)?.0)
}

/// The connected components of pages. Sorted by age: pages within a component, and components by their oldest page.
fn components(
    db: &Connection,
    pages: &BTreeMap<PageId, ArticleId>,
) -> Result<Vec<BTreeSet<PageId>>, StoreError> {
    // Union-find; the root of a tree is its oldest page.
    let mut parents: HashMap<PageId, PageId> = pages.keys().map(|&page| (page, page)).collect();
    let mut first_with: HashMap<String, PageId> = HashMap::new();
    for &page in pages.keys() {
        for key in stored_keys(db, page)?.into_iter().filter(|key| !key.shared) {
            let other = *first_with.entry(key.key).or_insert(page);
            let (a, b) = (root(&mut parents, page), root(&mut parents, other));
            parents.insert(a.max(b), a.min(b));
        }
    }
    let mut components: BTreeMap<PageId, BTreeSet<PageId>> = BTreeMap::new();
    for &page in pages.keys() {
        components.entry(root(&mut parents, page)).or_default().insert(page);
    }
    Ok(components.into_values().collect())
}

/// The root of a page's tree. Halves the path to it.
fn root(parents: &mut HashMap<PageId, PageId>, page: PageId) -> PageId {
    let mut at = page;
    while let Some(&parent) = parents.get(&at).filter(|&&parent| parent != at) {
        let grandparent = parents.get(&parent).copied().unwrap_or(parent);
        parents.insert(at, grandparent);
        at = parent;
    }
    at
}
