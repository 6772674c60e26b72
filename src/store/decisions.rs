//! What a person decides about pages: `cuttings join` and `cuttings part`.
//!
//! A decision is about two pages, which it names by their page keys, and holds against whatever is found later. A page that is
//! stored again under its key has it again. `grouping` obeys decisions.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, params};

use super::article_identity::DecisionVerdict;
use super::changes::DeletionReason;
use super::error::StoreError;
use super::maintenance::MaintenanceWriter;
use super::page_id::{PageId, article_of};
use super::{grouping, time};
use crate::link;
use crate::model::ArticleId;

/// Pairs of pages that one decision is about, at most.
const MAX_PAIRS: usize = 10_000;

/// What became of the articles that a decision was about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// The articles of the pages, lowest number first.
    pub articles: Vec<i64>,
    /// How many pages they have.
    pub pages: usize,
}

/// Why a decision was not made: a sentence says what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecisionRefused {
    /// Both names are of one article.
    #[error("both are article {0} already")]
    SameArticle(i64),
    /// Nothing of a deleted article is stored.
    #[error("article {article} was deleted ({why}); nothing of it is stored that could be joined or parted")]
    Deleted {
        /// The article.
        article: i64,
        /// `takedown` or `expired`.
        why: &'static str,
    },
    /// There is nothing to part.
    #[error("article {article} has one page, {url}; there is nothing to part")]
    OnePage {
        /// The article.
        article: i64,
        /// Its page.
        url: String,
    },
    /// A URL is that of no page.
    #[error("{url} is no page of article {article}; its pages are {}", pages.join(", "))]
    NoSuchPage {
        /// The article.
        article: i64,
        /// As it was typed.
        url: String,
        /// URLs of its pages.
        pages: Vec<String>,
    },
    /// No page would be left.
    #[error(
        "these are all pages of article {0}; name those that shall be apart from the rest, or none to part all"
    )]
    AllPages(i64),
    /// An article has very many pages.
    #[error("these are {0} pairs of pages, more than {MAX_PAIRS}; name fewer pages")]
    TooMany(usize),
}

/// A page, as far as decisions are about it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct DecidedPage {
    id: PageId,
    page_key: String,
    url: String,
    is_fetched: bool,
}

impl MaintenanceWriter {
    /// Makes one article of two. It stays one whatever is found later.
    pub fn join(
        &mut self,
        one: i64,
        other: i64,
        now: DateTime<Utc>,
    ) -> Result<Result<Decided, DecisionRefused>, StoreError> {
        self.transaction("join articles", |db| join(db, ArticleId(one), ArticleId(other), now))
    }

    /// Parts the pages of an article from each other; where some are named, those from the rest. They stay apart whatever is
    /// found later.
    pub fn part(
        &mut self,
        article: i64,
        named: &[String],
        now: DateTime<Utc>,
    ) -> Result<Result<Decided, DecisionRefused>, StoreError> {
        self.transaction("part an article", |db| part(db, ArticleId(article), named, now))
    }
}

pub(super) fn join(
    db: &Connection,
    one: ArticleId,
    other: ArticleId,
    now: DateTime<Utc>,
) -> Result<Result<Decided, DecisionRefused>, StoreError> {
    if one == other {
        return Ok(Err(DecisionRefused::SameArticle(one.0)));
    }
    let (ours, theirs) = (pages_of(db, one)?, pages_of(db, other)?);
    for article in [one, other] {
        if let Some(refused) = deleted(db, article)? {
            return Ok(Err(refused));
        }
    }
    let pairs = ours.iter().flat_map(|one| theirs.iter().map(move |other| (one, other))).collect();
    decide(db, DecisionVerdict::Join, pairs, &BTreeSet::from([one, other]), now)
}

pub(super) fn part(
    db: &Connection,
    article: ArticleId,
    named: &[String],
    now: DateTime<Utc>,
) -> Result<Result<Decided, DecisionRefused>, StoreError> {
    if let Some(refused) = deleted(db, article)? {
        return Ok(Err(refused));
    }
    let pages = pages_of(db, article)?;
    if let [page] = pages.as_slice() {
        return Ok(Err(DecisionRefused::OnePage { article: article.0, url: page.url.clone() }));
    }
    let mut apart = BTreeSet::new();
    for url in named {
        let Some(page) = page_named(db, &pages, url)? else {
            let pages = pages.iter().map(|page| page.url.clone()).collect();
            return Ok(Err(DecisionRefused::NoSuchPage { article: article.0, url: url.clone(), pages }));
        };
        apart.insert(page.id);
    }
    let has_fetched = pages.iter().filter(|page| page.is_fetched).count() > 1;
    // The link of an entry stays with the page that a request for it led to, unless it is named itself.
    let stays = |page: &DecidedPage| has_fetched && !page.is_fetched && !apart.contains(&page.id);
    let mut pairs = Vec::new();
    for (index, one) in pages.iter().enumerate().filter(|(_, page)| !stays(page)) {
        for other in pages.iter().skip(index + 1).filter(|page| !stays(page)) {
            if apart.is_empty() || apart.contains(&one.id) != apart.contains(&other.id) {
                pairs.push((one, other));
            }
        }
    }
    if pairs.is_empty() {
        return Ok(Err(DecisionRefused::AllPages(article.0)));
    }
    decide(db, DecisionVerdict::Part, pairs, &BTreeSet::from([article]), now)
}

/// Writes decisions, each instead of an opposite one, and forms the articles again.
fn decide(
    db: &Connection,
    verdict: DecisionVerdict,
    pairs: Vec<(&DecidedPage, &DecidedPage)>,
    articles: &BTreeSet<ArticleId>,
    now: DateTime<Utc>,
) -> Result<Result<Decided, DecisionRefused>, StoreError> {
    if pairs.len() > MAX_PAIRS {
        return Ok(Err(DecisionRefused::TooMany(pairs.len())));
    }
    let pages: BTreeSet<PageId> = pairs.iter().flat_map(|(one, other)| [one.id, other.id]).collect();
    let mut insert = db.prepare_cached(
        "INSERT OR REPLACE INTO decision (one_key, other_key, verdict, at) VALUES (?1, ?2, ?3, ?4)",
    )?;
    for (one, other) in pairs {
        let (one, other) = (one.page_key.as_str(), other.page_key.as_str());
        insert.execute(params![one.min(other), one.max(other), verdict.as_str(), time::text(now)])?;
    }
    grouping::regroup(db, articles, None, now)?;
    let mut decided = BTreeSet::new();
    for page in &pages {
        decided.insert(article_of(db, *page)?.0);
    }
    Ok(Ok(Decided { articles: decided.into_iter().collect(), pages: pages.len() }))
}

/// The pages of an article, oldest first.
fn pages_of(db: &Connection, article: ArticleId) -> Result<Vec<DecidedPage>, StoreError> {
    Ok(db
        .prepare_cached(
            "SELECT id, page_key, url, requested_at IS NOT NULL FROM page WHERE article_id = ?1 ORDER BY id",
        )?
        .query_map([article.0], |row| {
            Ok(DecidedPage {
                id: PageId(row.get(0)?),
                page_key: row.get(1)?,
                url: row.get(2)?,
                is_fetched: row.get(3)?,
            })
        })?
        .collect::<Result<_, _>>()?)
}

/// The page that a person names: by its page key, else by its URL or one that led to it alone.
fn page_named<'a>(
    db: &Connection,
    pages: &'a [DecidedPage],
    typed: &str,
) -> Result<Option<&'a DecidedPage>, StoreError> {
    let typed = typed.trim();
    let key = link::web_url(typed).map(|url| link::key(&url));
    let name = key.as_deref().unwrap_or(typed);
    if let Some(page) = pages.iter().find(|page| page.page_key == name || page.page_key == typed) {
        return Ok(Some(page));
    }
    let mut has_key = db.prepare_cached("SELECT 1 FROM alias WHERE page_id = ?1 AND key = ?2")?;
    let mut found = Vec::new();
    for page in pages {
        if has_key.exists(params![page.id.0, name])? {
            found.push(page);
        }
    }
    Ok(match found.as_slice() {
        [page] => Some(page),
        _ => None,
    })
}

/// The refusal to decide about an article that was deleted.
fn deleted(db: &Connection, article: ArticleId) -> Result<Option<DecisionRefused>, StoreError> {
    let why: Option<String> = db
        .prepare_cached("SELECT deleted_why FROM article WHERE id = ?1")?
        .query_row([article.0], |row| row.get(0))?;
    let why = why.as_deref().map(|why| DeletionReason::of(why).as_str());
    Ok(why.map(|why| DecisionRefused::Deleted { article: article.0, why }))
}
