//! Tells people why the pages of an article are one, and why pages with a key in common are not.

use std::collections::BTreeMap;

use rusqlite::{Connection, Row, params};

use super::super::error::StoreError;
use super::super::page_id::PageId;
use super::super::time;
use super::contradiction;
use super::edges::{self, KeyHolder, KeyRow};
use super::page_keys::stored_keys;
use super::state::ComparedText;
use crate::model::{ArticleId, Claim, KeyKind, PairVerdict};

/// Pages with one key that are looked at.
const MAX_HOLDERS: i64 = 20;

/// A page, as people name it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PageName {
    /// The article it is part of.
    pub article: i64,
    /// Normalised; unique among pages.
    pub page_key: String,
    /// The URL that served it, or that a feed links to.
    pub url: String,
}

/// Two pages, and what joins them or keeps them apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PagePair {
    /// A page of the article that is explained.
    pub one: PageName,
    /// Another page, of this article or of another.
    pub other: PageName,
    /// Why they are one article, or are not.
    pub verdict: PairVerdict,
    /// The key that both have.
    pub key: Option<String>,
    /// As the first page has it.
    pub kind: Option<KeyKind>,
    /// As the other page has it.
    pub other_kind: Option<KeyKind>,
}

/// A page that has a key.
struct NamedHolder {
    name: PageName,
    holder: KeyHolder,
    row: KeyRow,
    is_deleted: bool,
}

impl NamedHolder {
    /// Reads [`HOLDERS`].
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let holder = KeyHolder::read(row)?;
        Ok(Self {
            row: KeyRow { shared: row.get(8)?, ..holder.own_row() },
            name: PageName { article: row.get(9)?, page_key: holder.page_key.clone(), url: row.get(10)? },
            is_deleted: row.get(11)?,
            holder,
        })
    }
}

/// Selects the pages that have the key ?1; first those of the article ?2.
const HOLDERS: &str = "SELECT page.id, page.page_key, page.site, page.requested_at IS NOT NULL, page.title_hash, page.comparable, \
     alias.kind, alias.proof, alias.shared, page.article_id, page.url, article.deleted_at IS NOT NULL, \
     iif(page.own_feed, 0, coalesce(page.source_id, -1)) AS speaker \
     FROM alias JOIN page ON page.id = alias.page_id JOIN article ON article.id = page.article_id \
     WHERE alias.key = ?1 ORDER BY page.article_id <> ?2, page.id LIMIT ?3";

/// The pairs of an article's pages that something joins directly, and its pages with pages of other articles that have a key
/// in common.
pub(in crate::store) fn pairs_of(db: &Connection, article: ArticleId) -> Result<Vec<PagePair>, StoreError> {
    let keys: Vec<String> = db
        .prepare_cached(
            "SELECT DISTINCT alias.key FROM page JOIN alias ON alias.page_id = page.id WHERE page.article_id = ?1 \
             ORDER BY alias.key",
        )?
        .query_map([article.0], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let mut pairs: BTreeMap<(PageId, PageId), PagePair> = BTreeMap::new();
    let mut holders = db.prepare_cached(HOLDERS)?;
    for key in &keys {
        let holders: Vec<NamedHolder> = holders
            .query_map(params![key, article.0, MAX_HOLDERS], NamedHolder::read)?
            .collect::<Result<_, _>>()?;
        for (index, one) in holders.iter().enumerate().filter(|(_, one)| one.name.article == article.0) {
            for other in holders.iter().skip(index + 1).filter(|other| other.holder.page != one.holder.page) {
                let Some(pair) = pair_with_key(db, key, one, other)? else { continue };
                let known = pairs.entry((one.holder.page, other.holder.page)).or_insert_with(|| pair.clone());
                if (pair.verdict, pair.kind) < (known.verdict, known.kind) {
                    *known = pair;
                }
            }
        }
    }
    pairs.extend(joined_without_key(db, article)?);
    Ok(pairs.into_values().collect())
}

/// What a key says of two pages. `None`: of two pages of one article, that it does not join.
fn pair_with_key(
    db: &Connection,
    key: &str,
    one: &NamedHolder,
    other: &NamedHolder,
) -> Result<Option<PagePair>, StoreError> {
    let mut verdict = edges::verdict(&one.holder, one.row, &other.holder, other.row);
    if one.name.article == other.name.article {
        if !verdict.joins() {
            return Ok(None);
        }
    } else if verdict.joins() {
        verdict = if other.is_deleted || one.is_deleted {
            PairVerdict::Deleted
        } else if are_parted(db, one.name.article, other.name.article)? {
            PairVerdict::Parted
        } else {
            PairVerdict::Address
        };
    }
    Ok(Some(PagePair {
        one: one.name.clone(),
        other: other.name.clone(),
        verdict,
        key: Some(key.to_owned()),
        kind: Some(one.row.kind),
        other_kind: Some(other.row.kind),
    }))
}

/// Whether a person parted pages of two articles.
fn are_parted(db: &Connection, one: i64, other: i64) -> Result<bool, StoreError> {
    Ok(db
        .prepare_cached(
            "SELECT 1 FROM page JOIN decision ON decision.one_key = page.page_key \
             JOIN page AS second ON second.page_key = decision.other_key \
             WHERE decision.verdict = 'part' AND (page.article_id = ?1 AND second.article_id = ?2 \
                 OR page.article_id = ?2 AND second.article_id = ?1)",
        )?
        .exists([one, other])?)
}

/// The pages of an article that a person joined, or that claim each other.
fn joined_without_key(
    db: &Connection,
    article: ArticleId,
) -> Result<BTreeMap<(PageId, PageId), PagePair>, StoreError> {
    let pages: BTreeMap<PageId, PageName> = db
        .prepare_cached("SELECT id, page_key, url FROM page WHERE article_id = ?1")?
        .query_map([article.0], |row| {
            Ok((
                PageId(row.get(0)?),
                PageName { article: article.0, page_key: row.get(1)?, url: row.get(2)? },
            ))
        })?
        .collect::<Result<_, _>>()?;
    let mut pairs = BTreeMap::new();
    let mut add = |one: PageId, other: PageId, verdict: PairVerdict| {
        let (one, other) = (one.min(other), one.max(other));
        if let (Some(a), Some(b)) = (pages.get(&one), pages.get(&other)) {
            let (key, kind, other_kind) = (None, None, None);
            let pair = PagePair { one: a.clone(), other: b.clone(), verdict, key, kind, other_kind };
            pairs.insert((one, other), pair);
        }
    };
    let mut claims = db.prepare_cached("SELECT kind, key, url FROM claim WHERE page_id = ?1")?;
    for (&page, name) in &pages {
        let claims: Vec<Claim> = claims
            .query_map([page.0], |row| {
                Ok(Claim { kind: time::word(row, 0)?, key: row.get(1)?, url: row.get(2)? })
            })?
            .collect::<Result<_, _>>()?;
        for claim in claims {
            let keys = stored_keys(db, page)?;
            for partner in edges::pages_that_claim_back(db, &name.page_key, &keys, &claim)? {
                if contradiction::are_alike(db, Some(page), ComparedText::Stored, partner)? {
                    add(page, partner, PairVerdict::Claims);
                }
            }
        }
    }
    let mut decided = db.prepare_cached(
        "SELECT page.id FROM decision JOIN page ON page.page_key = decision.other_key \
         WHERE decision.one_key = ?1 AND decision.verdict = 'join' AND page.article_id = ?2",
    )?;
    for (&page, name) in &pages {
        for other in decided.query_map(params![name.page_key, article.0], |row| row.get(0).map(PageId))? {
            add(page, other?, PairVerdict::Decision);
        }
    }
    Ok(pairs)
}
