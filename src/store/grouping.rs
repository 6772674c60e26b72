//! Which pages are one article: those that share a key that is not shared with others.
//!
//! An article is a connected component of pages, joined by equal keys. A key that can be shared (a short link a
//! template prints, a link that leads elsewhere each day) and is seen on two pages with different texts joins nothing
//! any more, on any page: the components are then formed anew. Both rules speak of the *set* of pages, so the order in
//! which they came makes no difference.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, params};

use super::articles::{self, PageId};
use super::error::StoreError;
use super::payload::kind_of;
use super::similarity::TextSignature;
use super::text_index;
use super::{changes, ledger, retention, time};
use crate::model::{ArticleId, Key, KeyKind, SourceId};

/// Pages with the same key that a page is compared with, latest first. All of them were found alike when they came.
const COMPARED: i64 = 20;

/// The text that a page is judged by.
#[derive(Clone, Copy, Debug)]
pub(super) enum ComparedText<'a> {
    /// About to be stored.
    New(&'a str),
    /// As its last revision has it.
    Stored,
    /// Not to be judged by.
    Nothing,
}

/// Where a page belongs.
#[derive(Debug, Default)]
pub(super) struct PageGroup {
    /// The article its keys name; none: it is a new one.
    pub(super) article: Option<ArticleId>,
    /// Keys of the page that name nothing.
    shared: BTreeSet<String>,
    /// Keys that no page had: nearly all of a new article's. Nothing else need be asked of them.
    unheard: BTreeSet<String>,
}

/// Finds the article of a page with these keys, merging articles that turn out to be one, and telling apart those that
/// a shared key had joined. The keys themselves are written by [`name`].
///
/// `rejudge`: the page has another text than before, so its older keys count too.
pub(super) fn assign_article(
    db: &Connection,
    page: Option<PageId>,
    reading: ComparedText<'_>,
    keys: &[Key],
    rejudge: bool,
    source: SourceId,
    now: DateTime<Utc>,
) -> Result<PageGroup, StoreError> {
    let held = page
        .map(|page| keys_of(db, page))
        .transpose()?
        .unwrap_or_default();
    let mut all: BTreeMap<&str, bool> = BTreeMap::new();
    let mut fresh: BTreeSet<&str> = BTreeSet::new();
    for (key, soft, _) in &held {
        *all.entry(key).or_insert(true) &= soft;
        if rejudge {
            fresh.insert(key);
        }
    }
    for key in keys {
        let soft = key.kind.can_be_shared();
        *all.entry(&key.key).or_insert(true) &= soft;
        if !held
            .iter()
            .any(|(known, known_soft, _)| *known == key.key && *known_soft == soft)
        {
            fresh.insert(&key.key);
        }
    }

    let mut group = PageGroup::default();
    let mut affected: BTreeSet<ArticleId> = BTreeSet::new();
    let mut own: Option<TextSignature> = None;
    for &key in &fresh {
        if !is_heard(db, key)? {
            group.unheard.insert(key.to_owned());
            continue;
        }
        let soft = keys.iter().any(|k| k.key == key && k.kind.can_be_shared())
            || held.iter().any(|(known, soft, _)| known == key && *soft);
        if is_shared(db, key)? {
            if soft {
                group.shared.insert(key.to_owned());
            }
            continue;
        }
        if contradicted(db, page, reading, &mut own, key, soft)? {
            affected.extend(named(db, key)?);
            db.prepare_cached(
                "UPDATE alias SET shared = 1 WHERE key = ?1 AND kind IN ('short-link', 'rel-shortlink', 'link')",
            )?
            .execute([key])?;
            group.shared.insert(key.to_owned());
            ledger::count(db, source, "identity.shared", 1)?;
        }
    }
    if !affected.is_empty() {
        if let Some(page) = page {
            affected.insert(articles::article_of(db, page)?);
        }
        regroup(db, &affected, source, now)?;
    }

    let mut joined: BTreeSet<ArticleId> = BTreeSet::new();
    if let Some(page) = page {
        joined.insert(articles::article_of(db, page)?);
    }
    for (key, only_soft) in all {
        if group.unheard.contains(key) {
            continue;
        }
        if !(only_soft && (group.shared.contains(key) || is_shared(db, key)?)) {
            joined.extend(named(db, key)?);
        }
    }
    group.article = merge(db, &joined, source, now)?;
    Ok(group)
}

/// Writes the keys of a page.
pub(super) fn write_keys(
    db: &Connection,
    page: PageId,
    keys: &[Key],
    group: &PageGroup,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    for key in keys {
        let shared = key.kind.can_be_shared()
            && !group.unheard.contains(&key.key)
            && (group.shared.contains(&key.key) || is_shared(db, &key.key)?);
        db.prepare_cached(
            "INSERT OR IGNORE INTO alias (key, kind, page_id, url, shared, seen_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            key.key,
            key.kind.as_str(),
            page.0,
            key.url,
            shared,
            time::text(now)
        ])?;
    }
    Ok(())
}

/// The keys of a page: the key, whether it can be shared, whether it is.
fn keys_of(db: &Connection, page: PageId) -> Result<Vec<(String, bool, bool)>, StoreError> {
    Ok(db
        .prepare_cached("SELECT key, kind, shared FROM alias WHERE page_id = ?1")?
        .query_map([page.0], |row| {
            let soft = kind_of(&row.get::<_, String>(1)?).is_some_and(KeyKind::can_be_shared);
            Ok((row.get(0)?, soft, row.get(2)?))
        })?
        .collect::<Result<_, _>>()?)
}

/// Whether any page has a key.
fn is_heard(db: &Connection, key: &str) -> Result<bool, StoreError> {
    Ok(db
        .prepare_cached("SELECT 1 FROM alias WHERE key = ?1")?
        .exists([key])?)
}

fn is_shared(db: &Connection, key: &str) -> Result<bool, StoreError> {
    Ok(db
        .prepare_cached("SELECT 1 FROM alias WHERE key = ?1 AND shared = 1")?
        .exists([key])?)
}

/// The article that a key names. All pages that an unshared key names are of one article.
fn named(db: &Connection, key: &str) -> Result<Option<ArticleId>, StoreError> {
    db.prepare_cached(articles::NAMED)?
        .query_row([key], |row| row.get(0).map(PageId))
        .optional()?
        .map(|page| articles::article_of(db, page))
        .transpose()
}

/// Whether another page with this key has a different text, and the key can be shared on one of the two.
fn contradicted(
    db: &Connection,
    page: Option<PageId>,
    reading: ComparedText<'_>,
    own: &mut Option<TextSignature>,
    key: &str,
    soft: bool,
) -> Result<bool, StoreError> {
    let others: Vec<PageId> = db
        .prepare_cached(
            "SELECT DISTINCT page_id FROM alias WHERE key = ?1 AND shared = 0 AND page_id <> ?2 \
             AND (?3 OR kind IN ('short-link', 'rel-shortlink', 'link')) ORDER BY page_id DESC LIMIT ?4",
        )?
        .query_map(
            params![key, page.map_or(0, |page| page.0), soft, COMPARED],
            |row| row.get(0).map(PageId),
        )?
        .collect::<Result<_, _>>()?;
    if others.is_empty() {
        return Ok(false);
    }
    if own.is_none() {
        *own = match (reading, page) {
            (ComparedText::New(text), _) => Some(TextSignature::of(text)),
            (ComparedText::Stored, Some(page)) => articles::shape_of(db, page)?,
            _ => None,
        };
    }
    let Some(ours) = own.as_ref().filter(|shape| shape.is_comparable()) else {
        return Ok(false);
    };
    for other in others {
        if articles::shape_of(db, other)?.is_some_and(|theirs| ours.differs_from(&theirs)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Makes one article of several: the oldest that is still there survives, the others stay behind as tombstones.
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
    // One that was taken down takes the others along; one that was only not kept any longer goes before them.
    let mut into = None;
    let mut taken_down = false;
    for &article in articles {
        let why: Option<String> = db
            .prepare_cached("SELECT deleted_why FROM article WHERE id = ?1")?
            .query_row([article.0], |row| row.get(0))?;
        taken_down |= why.as_deref() == Some(changes::DeletionReason::Takedown.as_str());
        if why.is_none() && into.is_none() {
            into = Some(article);
        }
    }
    let into = into.filter(|_| !taken_down).unwrap_or(oldest);
    let mut merged = 0;
    for &article in articles.iter().filter(|&&article| article != into) {
        // While its revisions are there: the survivor may be one that was taken down.
        text_index::remove(db, article.0)?;
        db.prepare_cached("UPDATE page SET article_id = ?2 WHERE article_id = ?1")?
            .execute(params![article.0, into.0])?;
        changes::merge(db, article, into, now)?;
        merged += 1;
    }
    if taken_down {
        retention::drop_article(db, into, changes::DeletionReason::Takedown, now)?;
    }
    changes::show_best_revision(db, into, now)?;
    ledger::count(db, source, "identity.merged", merged)?;
    Ok(Some(into))
}

/// Forms the articles of all pages of `affected` anew. The component that holds an article's oldest page keeps its id;
/// what is left over becomes a new article.
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
    let mut free = affected.clone();
    let mut formed = Vec::new();
    for component in components(db, &pages)? {
        let oldest = component
            .iter()
            .filter_map(|page| pages.get(page).copied())
            .find(|article| free.contains(article));
        let article = if let Some(article) = oldest {
            article
        } else {
            ledger::count(db, source, "identity.split", 1)?;
            articles::split_off(db, &component, now)?
        };
        free.remove(&article);
        for page in component {
            db.prepare_cached("UPDATE page SET article_id = ?2 WHERE id = ?1 AND article_id <> ?2")?
                .execute(params![page.0, article.0])?;
        }
        formed.push(article);
    }
    // Every affected article has kept at least the component of its oldest page: none is left without pages.
    formed
        .into_iter()
        .try_for_each(|article| changes::show_best_revision(db, article, now))
}

/// Connected pages, each component and all of them in order of age.
fn components(
    db: &Connection,
    pages: &BTreeMap<PageId, ArticleId>,
) -> Result<Vec<BTreeSet<PageId>>, StoreError> {
    let mut first_of: HashMap<PageId, PageId> = pages.keys().map(|&page| (page, page)).collect();
    let mut seen: HashMap<String, PageId> = HashMap::new();
    for &page in pages.keys() {
        for (key, _, _) in keys_of(db, page)?.into_iter().filter(|(_, _, shared)| !shared) {
            let other = *seen.entry(key).or_insert(page);
            let (a, b) = (root(&mut first_of, page), root(&mut first_of, other));
            first_of.insert(a.max(b), a.min(b));
        }
    }
    let mut components: BTreeMap<PageId, BTreeSet<PageId>> = BTreeMap::new();
    for &page in pages.keys() {
        components
            .entry(root(&mut first_of, page))
            .or_default()
            .insert(page);
    }
    Ok(components.into_values().collect())
}

/// The oldest page known to be connected with `page`; shortens the way there.
fn root(first_of: &mut HashMap<PageId, PageId>, page: PageId) -> PageId {
    let mut at = page;
    while let Some(&up) = first_of.get(&at).filter(|&&up| up != at) {
        let over = first_of.get(&up).copied().unwrap_or(up);
        first_of.insert(at, over);
        at = up;
    }
    at
}
