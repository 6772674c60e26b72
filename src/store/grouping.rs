//! Decides which pages are one article. The rules, with examples, are in docs/design/identity.md.
//!
//! Pages are joined by keys. A key that two pages of different final URLs have, whose titles and texts both differ, is
//! *shared*: it joins nothing from then on, and what it had joined is parted. Pages of different sites are joined only where
//! each claims the other, or where a person said so. All rules are about the *set* of pages, so the order in which pages
//! arrive makes no difference. `articles` calls this in the transaction that stores a page.
//!
//! - [`contradiction`] marks shared keys.
//! - [`edges`] tells whether a key joins two pages.
//! - [`components`] forms the articles of a set of pages.
//! - [`reasons`] tells people why.

mod components;
mod contradiction;
mod edges;
mod page_keys;
mod reasons;
mod state;

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, params};

use super::error::StoreError;
use super::page_id::{PageId, article_of};
use super::{pages, time};
use crate::model::{ArticleId, Key, KeyKind, SourceId};
pub(super) use components::regroup;
use edges::{KeyHolder, KeyRow};
use page_keys::{is_known, is_shared, stored_keys};
pub(super) use page_keys::{missing_keys, write_claims};
pub(super) use reasons::pairs_of;
pub use reasons::{PageName, PagePair};
pub(super) use state::{ComparedText, Evidence, NewState};

/// Articles of one key that a page is compared with at most, oldest first.
const MAX_ARTICLES: i64 = 64;

/// What was learned about a page that is not stored yet.
#[derive(Debug, Default)]
pub(super) struct PageGroup {
    /// Articles that it joins; empty: it is one of its own.
    pub(super) joined: BTreeSet<ArticleId>,
    /// A deleted article that it is another form of: no text of it is stored.
    pub(super) deleted: Option<ArticleId>,
    /// Keys that no page had before: nearly all keys of a new article. They need no further look-up.
    unknown: BTreeSet<String>,
    /// Keys that this page showed to be shared.
    shared: BTreeSet<String>,
}

/// Finds the articles that a new page joins, and parts those that a key had joined wrongly.
pub(super) fn place_new_page(
    db: &Connection,
    state: &NewState<'_>,
    source: SourceId,
    now: DateTime<Utc>,
) -> Result<PageGroup, StoreError> {
    let mut group = PageGroup::default();
    for key in state.keys {
        if !is_known(db, &key.key)? {
            group.unknown.insert(key.key.clone());
        }
    }
    let known: Vec<&Key> = state.keys.iter().filter(|key| !group.unknown.contains(&key.key)).collect();
    if known.is_empty() && state.claims.is_empty() && !has_decision(db, state.page_key)? {
        return Ok(group);
    }
    let shared = contradiction::mark_shared(db, state, &known, source, now)?;
    regroup(db, &shared.articles, Some(source), now)?;
    group.shared = shared.keys;
    let page = KeyHolder::of_new(state);
    for key in &known {
        // What is shared is shared for this page, too.
        let own = KeyRow::of(key, group.is_shared(db, key)?);
        for (holder, article) in holders(db, &key.key)? {
            let row = holder.own_row();
            if article.is_deleted {
                if edges::is_form_of_deleted(&page, own, &holder, row) && keeps_out(db, article.id, source)? {
                    group.deleted = group.deleted.or(Some(article.id));
                }
            } else if edges::joins(&page, own, &holder, row)
                && !contradiction::are_other_words(db, &page, state.text, &holder)?
            {
                group.joined.insert(article.id);
            }
        }
    }
    for claim in state.claims {
        let partners = edges::pages_that_claim_back(db, state.page_key, state.keys, claim)?;
        for partner in partners {
            if contradiction::are_alike(db, state.page, state.text, partner)? {
                group.joined.insert(article_of(db, partner)?);
            }
        }
    }
    for article in components::articles_joined_by_decision(db, state.page_key)? {
        group.joined.insert(article);
    }
    Ok(group)
}

/// Forms the articles around a new page again, which was stored in the first of those that it joins, where that may not be the
/// whole truth: it joins several, or one that has other pages.
pub(super) fn settle_new_page(
    db: &Connection,
    page: PageId,
    group: &PageGroup,
    source: SourceId,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let pages: i64 = group.joined.iter().try_fold(0, |sum, article| -> Result<i64, StoreError> {
        let count: i64 = db
            .prepare_cached("SELECT count(*) FROM page WHERE article_id = ?1")?
            .query_row([article.0], |row| row.get(0))?;
        Ok(sum + count)
    })?;
    let is_decided = has_decision(db, &pages::stored(db, page)?.page_key)?;
    // The page itself and one other.
    if pages <= 2 && !is_decided {
        return Ok(());
    }
    let mut affected = group.joined.clone();
    affected.insert(article_of(db, page)?);
    regroup(db, &affected, Some(source), now)
}

/// Checks the keys of a stored page again: keys that are new, and all of them where its text is another one. Then forms the
/// articles around it again. The caller has written keys, claims and evidence.
///
/// `before` is the evidence before.
pub(super) fn check_stored_page(
    db: &Connection,
    state: &NewState<'_>,
    before: Evidence,
    text_changed: bool,
    new_keys: &[Key],
    source: SourceId,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let Some(page) = state.page else { return Ok(()) };
    let own = article_of(db, page)?;
    let stored = stored_keys(db, page)?;
    // With another text all keys are judged anew.
    let judged: Vec<&Key> = if text_changed { stored.iter().collect() } else { new_keys.iter().collect() };
    let mut affected = contradiction::mark_shared(db, state, &judged, source, now)?.articles;
    let this = KeyHolder::of_new(state);
    for key in judged {
        let row = KeyRow::of(key, is_shared(db, key)?);
        for (holder, article) in holders(db, &key.key)? {
            if !article.is_deleted
                && article.id != own
                && edges::joins(&this, row, &holder, holder.own_row())
                && !contradiction::are_other_words(db, &this, state.text, &holder)?
            {
                affected.insert(article.id);
            }
        }
    }
    for claim in state.claims {
        for partner in edges::pages_that_claim_back(db, state.page_key, &stored, claim)? {
            affected.insert(article_of(db, partner)?);
        }
    }
    let may_part = before != state.evidence && has_other_pages(db, own, page)?;
    if affected.is_empty() && !may_part {
        return Ok(());
    }
    affected.insert(own);
    regroup(db, &affected, Some(source), now)
}

/// Writes keys of a stored page.
pub(super) fn write_keys(
    db: &Connection,
    page: PageId,
    keys: &[Key],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    PageGroup::default().write_keys(db, page, keys, now)
}

impl PageGroup {
    /// Writes the keys of the page, which is stored by now. A key that is shared is so on every page, except where it is the
    /// page's own final URL.
    pub(super) fn write_keys(
        &self,
        db: &Connection,
        page: PageId,
        keys: &[Key],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        keys.iter().try_for_each(|key| {
            let shared = self.is_shared(db, key)?;
            db.prepare_cached(
                "INSERT INTO alias (key, kind, page_id, url, proof, shared, seen_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) \
                 ON CONFLICT DO UPDATE SET proof = excluded.proof \
                 WHERE proof = 'none' OR (proof = 'site' AND excluded.proof = 'response')",
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
            Ok(())
        })
    }

    /// Whether a key identifies nothing.
    fn is_shared(&self, db: &Connection, key: &Key) -> Result<bool, StoreError> {
        if key.kind == KeyKind::FinalUrl || self.unknown.contains(&key.key) {
            return Ok(false);
        }
        Ok(self.shared.contains(&key.key) || is_shared(db, key)?)
    }
}

/// An article that holds a key.
#[derive(Clone, Copy, Debug)]
struct HoldingArticle {
    id: ArticleId,
    is_deleted: bool,
}

/// The pages that have a key which is not shared, oldest first, and their articles.
fn holders(db: &Connection, key: &str) -> Result<Vec<(KeyHolder, HoldingArticle)>, StoreError> {
    Ok(db
        .prepare_cached(
            "SELECT page.id, page.page_key, page.site, page.requested_at IS NOT NULL, page.title_hash, page.comparable, \
             alias.kind, alias.proof, page.article_id, article.deleted_at IS NOT NULL, \
             iif(page.own_feed, 0, coalesce(page.source_id, -1)) AS speaker \
             FROM alias JOIN page ON page.id = alias.page_id JOIN article ON article.id = page.article_id \
             WHERE alias.key = ?1 AND alias.shared = 0 ORDER BY page.id LIMIT ?2",
        )?
        .query_map(params![key, MAX_ARTICLES], |row| {
            let article = HoldingArticle { id: ArticleId(row.get(8)?), is_deleted: row.get(9)? };
            Ok((KeyHolder::read(row)?, article))
        })?
        .collect::<Result<_, _>>()?)
}

/// Whether a deleted article is kept away from a source: it was taken down, or the source was one of those that kept it no longer.
fn keeps_out(db: &Connection, article: ArticleId, source: SourceId) -> Result<bool, StoreError> {
    Ok(db
        .prepare_cached(
            "SELECT 1 FROM article WHERE id = ?1 AND (deleted_why IS NOT 'expired' OR EXISTS (SELECT 1 FROM membership \
                 WHERE membership.article_id = article.id AND membership.source_id = ?2))",
        )?
        .exists(params![article.0, source.0])?)
}

fn has_decision(db: &Connection, page_key: &str) -> Result<bool, StoreError> {
    Ok(db
        .prepare_cached("SELECT 1 FROM decision WHERE one_key = ?1 OR other_key = ?1")?
        .exists([page_key])?)
}

fn has_other_pages(db: &Connection, article: ArticleId, page: PageId) -> Result<bool, StoreError> {
    Ok(db
        .prepare_cached("SELECT 1 FROM page WHERE article_id = ?1 AND id <> ?2")?
        .exists([article.0, page.0])?)
}
