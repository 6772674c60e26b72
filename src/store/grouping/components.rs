//! Forms the articles of a set of pages: connected components by the keys that join them.
//!
//! Fetched pages come first. A page that was not fetched is an address: it belongs to the page that a request for it led to,
//! and never joins two others. What a person decided holds: pages that were parted are in no component together, and pages
//! that were joined are.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use rusqlite::{Connection, params};

use super::super::error::StoreError;
use super::super::page_id::{PageId, article_of};
use super::super::{changes, history, memberships, text_index, time};
use super::contradiction;
use super::edges::{self, KeyHolder, KeyRow};
use super::page_keys::stored_keys;
use super::state::ComparedText;
use crate::model::{ArticleId, Claim, KeyKind, SourceId};

/// A page and the article it is in now.
struct PageNode {
    holder: KeyHolder,
    article: ArticleId,
    is_first_party: bool,
}

/// Forms the articles of all pages of `affected` again. Deleted ones are left out. An article goes on with the component of
/// its oldest page. Where a component has several, one with a fetched page survives, else one that its own site wrote, else
/// the oldest; a component without one becomes a new article. `source` counts what happened.
pub(in crate::store) fn regroup(
    db: &Connection,
    affected: &BTreeSet<ArticleId>,
    source: Option<SourceId>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    if affected.is_empty() {
        return Ok(());
    }
    let nodes = nodes(db, affected)?;
    // The article of each page that is the oldest of one.
    let mut oldest: BTreeMap<ArticleId, PageId> = BTreeMap::new();
    for (page, node) in &nodes {
        oldest.entry(node.article).or_insert(*page);
    }
    let (mut merged, mut split) = (0, 0);
    let mut touched = BTreeSet::new();
    for component in components(db, &nodes)? {
        let members = || component.iter().filter_map(|page| Some((page, nodes.get(page)?)));
        let mut going_on: Vec<(bool, bool, ArticleId)> = members()
            .filter(|(page, node)| oldest.get(&node.article) == Some(page))
            .map(|(_, node)| {
                let of_it = || members().filter(|(_, other)| other.article == node.article);
                let is_fetched = of_it().any(|(_, other)| other.holder.evidence.is_fetched);
                let is_first_party = of_it().any(|(_, other)| other.is_first_party);
                (!is_fetched, !is_first_party, node.article)
            })
            .collect();
        going_on.sort_unstable();
        let mut going_on = going_on.into_iter().map(|(.., article)| article);
        let survivor = if let Some(article) = going_on.next() {
            article
        } else {
            split += 1;
            split_off(db, &component, now)?
        };
        let moved = members().filter(|(_, node)| node.article != survivor);
        for (page, node) in moved {
            db.prepare_cached("UPDATE page SET article_id = ?2 WHERE id = ?1")?
                .execute(params![page.0, survivor.0])?;
            touched.extend([node.article, survivor]);
        }
        for gone in going_on {
            merged += 1;
            // While its revisions are there: the survivor's may be dropped later.
            text_index::remove(db, gone.0)?;
            changes::merge(db, gone, survivor, now)?;
            touched.remove(&gone);
        }
    }
    for article in touched {
        if !changes::is_gone(db, article)? {
            changes::show_best_revision(db, article, now)?;
            memberships::refresh(db, article, now)?;
        }
    }
    if let Some(source) = source {
        history::add_to_counter(db, source, "identity.merged", merged)?;
        history::add_to_counter(db, source, "identity.split", split)?;
    }
    Ok(())
}

/// The pages of articles that are not deleted, oldest first.
fn nodes(db: &Connection, articles: &BTreeSet<ArticleId>) -> Result<BTreeMap<PageId, PageNode>, StoreError> {
    let mut nodes = BTreeMap::new();
    let mut pages = db.prepare_cached(
        "SELECT page.id, page.page_key, page.site, page.requested_at IS NOT NULL, page.title_hash, page.comparable, \
         'final-url', 'response', page.first_party, iif(page.own_feed, 0, coalesce(page.source_id, -1)) AS speaker \
         FROM page JOIN article ON article.id = page.article_id \
         WHERE page.article_id = ?1 AND article.deleted_at IS NULL",
    )?;
    for article in articles {
        let rows = pages.query_map([article.0], |row| {
            Ok(PageNode { holder: KeyHolder::read(row)?, article: *article, is_first_party: row.get(8)? })
        })?;
        for node in rows {
            let node = node?;
            nodes.insert(node.holder.page, node);
        }
    }
    Ok(nodes)
}

/// A new article for these pages, as old as the oldest of them.
fn split_off(db: &Connection, pages: &BTreeSet<PageId>, now: DateTime<Utc>) -> Result<ArticleId, StoreError> {
    let oldest = pages.first().map_or(0, |page| page.0);
    let first_seen: String = db
        .prepare_cached("SELECT first_seen FROM page WHERE id = ?1")?
        .query_row([oldest], |row| row.get(0))?;
    Ok(changes::insert_article(db, &first_seen, now)?.0)
}

/// Two pages that something joins: strongest first, then by their page keys, so that the order is that of no database.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Edge {
    rank: EdgeRank,
    one_key: String,
    other_key: String,
    one: PageId,
    other: PageId,
}

/// What joins two pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum EdgeRank {
    /// A person.
    Decision,
    /// A key of two fetched pages, or the claims of both.
    Pages,
    /// The link of an entry, and the page that a request for it led to.
    Address,
    /// `key_from_url` in the links of entries.
    Pattern,
}

/// The components, by their oldest page.
fn components(
    db: &Connection,
    nodes: &BTreeMap<PageId, PageNode>,
) -> Result<Vec<BTreeSet<PageId>>, StoreError> {
    let decisions = Decisions::of(db, nodes)?;
    let mut edges = key_edges(db, nodes)?;
    edges.extend(claim_edges(db, nodes)?);
    edges.extend(
        decisions.joined.iter().filter_map(|(one, other)| Edge::of(nodes, *one, *other, EdgeRank::Decision)),
    );
    edges.sort();
    let mut sets = Sets::of(nodes);
    for edge in edges {
        let (one, other) = (sets.root(edge.one), sets.root(edge.other));
        let joins_two_pages = edge.rank > EdgeRank::Pages && sets.is_fetched(one) && sets.is_fetched(other);
        let is_parted = edge.rank > EdgeRank::Decision
            && decisions.parted.iter().any(|&(a, b)| {
                let pair = (sets.root(a), sets.root(b));
                pair == (one, other) || pair == (other, one)
            });
        if one != other && !joins_two_pages && !is_parted {
            sets.join(one, other);
        }
    }
    Ok(sets.into_components())
}

impl Edge {
    fn of(nodes: &BTreeMap<PageId, PageNode>, one: PageId, other: PageId, rank: EdgeRank) -> Option<Self> {
        let key = |page| nodes.get(&page).map(|node| node.holder.page_key.clone());
        let (one_key, other_key) = (key(one)?, key(other)?);
        Some(if one_key <= other_key {
            Self { rank, one_key, other_key, one, other }
        } else {
            Self { rank, one_key: other_key, other_key: one_key, one: other, other: one }
        })
    }
}

/// Disjoint sets of pages. The root of a set is its oldest page.
struct Sets {
    parents: HashMap<PageId, PageId>,
    /// Whether a page of the set was fetched, by root.
    fetched: HashMap<PageId, bool>,
}

impl Sets {
    fn of(nodes: &BTreeMap<PageId, PageNode>) -> Self {
        Self {
            parents: nodes.keys().map(|&page| (page, page)).collect(),
            fetched: nodes.iter().map(|(&page, node)| (page, node.holder.evidence.is_fetched)).collect(),
        }
    }

    /// The root of a page's set. Halves the path to it.
    fn root(&mut self, page: PageId) -> PageId {
        let mut at = page;
        while let Some(&parent) = self.parents.get(&at).filter(|&&parent| parent != at) {
            let grandparent = self.parents.get(&parent).copied().unwrap_or(parent);
            self.parents.insert(at, grandparent);
            at = parent;
        }
        at
    }

    fn is_fetched(&self, root: PageId) -> bool {
        self.fetched.get(&root).copied().unwrap_or_default()
    }

    fn join(&mut self, one: PageId, other: PageId) {
        let fetched = self.is_fetched(one) || self.is_fetched(other);
        self.parents.insert(one.max(other), one.min(other));
        self.fetched.insert(one.min(other), fetched);
    }

    fn into_components(mut self) -> Vec<BTreeSet<PageId>> {
        let mut pages: Vec<PageId> = self.parents.keys().copied().collect();
        pages.sort_unstable();
        let mut components: BTreeMap<PageId, BTreeSet<PageId>> = BTreeMap::new();
        for page in pages {
            components.entry(self.root(page)).or_default().insert(page);
        }
        components.into_values().collect()
    }
}

/// The edges by keys. Of fetched pages that a key holds for the same reasons one stands for all, so that many pages with one key
/// take linear time.
fn key_edges(db: &Connection, nodes: &BTreeMap<PageId, PageNode>) -> Result<Vec<Edge>, StoreError> {
    type Representative = (PageId, KeyRow);
    let mut by_key: HashMap<String, Vec<Representative>> = HashMap::new();
    let mut edges = Vec::new();
    let mut rows =
        db.prepare_cached("SELECT key, kind, proof FROM alias WHERE page_id = ?1 AND shared = 0")?;
    // In the order of their page keys.
    let mut pages: Vec<&PageNode> = nodes.values().collect();
    pages.sort_by(|a, b| a.holder.page_key.cmp(&b.holder.page_key));
    for node in pages {
        let keys: Vec<(String, KeyRow)> = rows
            .query_map([node.holder.page.0], |row| {
                let row_of_key =
                    KeyRow { kind: time::word(row, 1)?, proof: time::word(row, 2)?, shared: false };
                Ok((row.get(0)?, row_of_key))
            })?
            .collect::<Result<_, _>>()?;
        for (key, own) in keys {
            let representatives = by_key.entry(key).or_default();
            let mut is_represented = false;
            for (other, row) in representatives.iter() {
                let Some(other) = nodes.get(other) else { continue };
                if !edges::joins(&node.holder, own, &other.holder, *row)
                    || contradiction::are_other_words(db, &node.holder, ComparedText::Stored, &other.holder)?
                {
                    continue;
                }
                edges.extend(Edge::of(nodes, node.holder.page, other.holder.page, rank(node, own, other)));
                is_represented |= node.holder.evidence.is_fetched
                    && own == *row
                    && node.holder.evidence == other.holder.evidence
                    && node.holder.site == other.holder.site;
            }
            if !is_represented {
                representatives.push((node.holder.page, own));
            }
        }
    }
    Ok(edges)
}

fn rank(one: &PageNode, row: KeyRow, other: &PageNode) -> EdgeRank {
    if one.holder.evidence.is_fetched && other.holder.evidence.is_fetched {
        EdgeRank::Pages
    } else if row.kind == KeyKind::FromUrl {
        EdgeRank::Pattern
    } else {
        EdgeRank::Address
    }
}

/// The edges by claims: each page was served under the address that the other claims, and their texts are alike.
fn claim_edges(db: &Connection, nodes: &BTreeMap<PageId, PageNode>) -> Result<Vec<Edge>, StoreError> {
    let mut edges = Vec::new();
    let mut claims = db.prepare_cached("SELECT kind, key, url FROM claim WHERE page_id = ?1")?;
    for (page, node) in nodes {
        let claims: Vec<Claim> = claims
            .query_map([page.0], |row| {
                Ok(Claim { kind: time::word(row, 0)?, key: row.get(1)?, url: row.get(2)? })
            })?
            .collect::<Result<_, _>>()?;
        for claim in claims {
            let keys = stored_keys(db, *page)?;
            for partner in edges::pages_that_claim_back(db, &node.holder.page_key, &keys, &claim)? {
                let text = ComparedText::Stored;
                if nodes.contains_key(&partner) && contradiction::are_alike(db, Some(*page), text, partner)? {
                    edges.extend(Edge::of(nodes, *page, partner, EdgeRank::Pages));
                }
            }
        }
    }
    Ok(edges)
}

/// What a person decided about the pages.
#[derive(Default)]
struct Decisions {
    joined: Vec<(PageId, PageId)>,
    parted: Vec<(PageId, PageId)>,
}

impl Decisions {
    fn of(db: &Connection, nodes: &BTreeMap<PageId, PageNode>) -> Result<Self, StoreError> {
        let mut decisions = Self::default();
        if !db.prepare_cached("SELECT 1 FROM decision LIMIT 1")?.exists([])? {
            return Ok(decisions);
        }
        let mut query = db.prepare_cached(
            "SELECT page.id, decision.verdict = 'part' FROM decision JOIN page ON page.page_key = decision.other_key \
             WHERE decision.one_key = ?1",
        )?;
        for (page, node) in nodes {
            let rows = query.query_map([&node.holder.page_key], |row| {
                Ok((PageId(row.get(0)?), row.get::<_, bool>(1)?))
            })?;
            for row in rows {
                let (other, is_parted) = row?;
                if nodes.contains_key(&other) {
                    let pairs = if is_parted { &mut decisions.parted } else { &mut decisions.joined };
                    pairs.push((*page, other));
                }
            }
        }
        Ok(decisions)
    }
}

/// The articles, not deleted, that a person joined with the page of this key.
pub(in crate::store) fn articles_joined_by_decision(
    db: &Connection,
    page_key: &str,
) -> Result<Vec<ArticleId>, StoreError> {
    let pages: Vec<PageId> = db
        .prepare_cached(
            "SELECT page.id FROM decision JOIN page ON page.page_key = iif(one_key = ?1, other_key, one_key) \
             JOIN article ON article.id = page.article_id \
             WHERE (one_key = ?1 OR other_key = ?1) AND verdict = 'join' AND article.deleted_at IS NULL",
        )?
        .query_map([page_key], |row| row.get(0).map(PageId))?
        .collect::<Result<_, _>>()?;
    pages.into_iter().map(|page| article_of(db, page)).collect()
}
