//! What `cuttings explain` shows: the pages of an article with their keys, claims and sources, why they are one article, and
//! whether an entry with a link would be known.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::changes::DeletionReason;
use super::error::StoreError;
use super::grouping::{self, PagePair};
use super::page_id::{EntryTitle, article_of, known_page, page_of_key};
use super::reader::{Reader, optional_timestamp, timestamp};
use super::time;
use crate::identity::Fingerprint;
use crate::model::{ArticleId, Key, KeyKind, LinkVerdict, Proof, SourceId};

/// Rows of one list at most.
const MAX_ROWS: i64 = 200;

/// A source that has nothing yet.
const ANY_SOURCE: SourceId = SourceId(0);

/// An article, and what makes it one.
#[derive(Clone, Debug)]
pub struct ArticleExplanation {
    /// Its number.
    pub article_id: i64,
    /// Headline that readers see.
    pub title: Option<String>,
    /// URL that readers see; `None`: it was deleted.
    pub url: Option<String>,
    /// When it was first stored.
    pub first_seen: DateTime<Utc>,
    /// Number of its last change.
    pub seq: i64,
    /// When it was deleted, and why: `takedown` or `expired`.
    pub deleted: Option<(DateTime<Utc>, &'static str)>,
    /// Articles that were merged into it, and when.
    pub merged: Vec<(i64, DateTime<Utc>)>,
    /// Sources that named it, first ones first.
    pub sources: Vec<ArticleMembership>,
    /// Its pages, oldest first.
    pub pages: Vec<ExplainedPage>,
    /// What joins them, and what keeps other articles apart that have a key in common.
    pub pairs: Vec<PagePair>,
    /// What pages of other articles say of addresses of this one.
    pub claims_by_others: Vec<ForeignClaim>,
    /// What a person decided about its pages.
    pub decisions: Vec<StoredDecision>,
}

/// A source that named an article.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArticleMembership {
    /// Its name.
    pub source: String,
    /// When it first did.
    pub first_seen: DateTime<Utc>,
    /// The change since which it counts.
    pub seq: i64,
    /// Whether readers see its text.
    pub is_shown: bool,
}

/// A page of an article.
#[derive(Clone, Debug)]
pub struct ExplainedPage {
    /// Normalised; unique among pages.
    pub page_key: String,
    /// The URL that served it, or that a feed links to.
    pub url: String,
    /// The names of its site.
    pub site: String,
    /// Title of its latest text.
    pub title: Option<String>,
    /// The source whose rules its text comes from.
    pub source: Option<String>,
    /// When it was first stored.
    pub first_seen: DateTime<Utc>,
    /// When it was last requested; `None`: only the text of a feed is stored.
    pub requested_at: Option<DateTime<Utc>>,
    /// Whether its own site gave a text of it.
    pub first_party: bool,
    /// Whether its text has enough words to be compared.
    pub comparable: bool,
    /// Its keys, strongest first.
    pub keys: Vec<ExplainedKey>,
    /// What it says of addresses of other sites.
    pub claims: Vec<PageClaim>,
}

/// A key of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExplainedKey {
    /// How it identifies the page.
    pub kind: KeyKind,
    /// What proves that it is the page's.
    pub proof: Proof,
    /// Whether pages with different texts have it, so that it identifies none.
    pub shared: bool,
    /// Normalised.
    pub key: String,
    /// The URL it was made from.
    pub url: String,
    /// When it was first seen.
    pub seen_at: DateTime<Utc>,
}

/// What a page says of an address of another site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageClaim {
    /// How it says it.
    pub kind: KeyKind,
    /// The address.
    pub url: String,
    /// When it was first seen.
    pub seen_at: DateTime<Utc>,
}

/// What a page of another article says of an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignClaim {
    /// The article of the page.
    pub article: i64,
    /// The page.
    pub page_url: String,
    /// What it says.
    pub claim: PageClaim,
}

/// What a person decided about two pages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredDecision {
    /// `join` or `part`.
    pub verdict: String,
    /// The page of the article.
    pub page_key: String,
    /// The other page.
    pub other_key: String,
    /// The article that the other page is part of; `None`: there is no such page any more.
    pub other_article: Option<i64>,
    /// When.
    pub at: DateTime<Utc>,
}

/// Whether an entry with a link would be known.
#[derive(Clone, Debug)]
pub struct LinkExplanation {
    /// Keys that the link has.
    pub keys: Vec<String>,
    /// The answer.
    pub verdict: LinkVerdict,
    /// The article that it leads to.
    pub article: Option<i64>,
    /// Pages that have one of the keys.
    pub holders: Vec<LinkHolder>,
    /// What pages of other sites say of it.
    pub claims: Vec<ForeignClaim>,
    /// Sources of which several entries have it.
    pub shared_by: Vec<String>,
}

/// A page that has a key of a link.
#[derive(Clone, Debug)]
pub struct LinkHolder {
    /// Its article.
    pub article: i64,
    /// The URL of the page.
    pub page_url: String,
    /// Whether the page was fetched.
    pub is_fetched: bool,
    /// Why the article was deleted.
    pub deleted_why: Option<String>,
    /// The key.
    pub key: ExplainedKey,
}

impl Reader {
    /// The article of a number, deleted or not, and the one it was merged into.
    pub fn article_or_successor(&self, article: i64) -> Result<Option<i64>, StoreError> {
        let sql = "SELECT coalesce(merged_into, id) FROM article WHERE id = ?1";
        Ok(self.db.query_row(sql, [article], |row| row.get(0)).optional()?)
    }

    /// The parameters that sources leave out of links, because they carry a session; each list once.
    pub fn session_parameters(&self) -> Result<Vec<Vec<String>>, StoreError> {
        let lists = self.rows(
            "read parameters of sessions",
            "SELECT DISTINCT session_parameters FROM source WHERE session_parameters <> '[]'",
            [],
            |row| row.get::<_, String>(0),
        )?;
        Ok(lists.iter().filter_map(|list| serde_json::from_str(list).ok()).collect())
    }

    /// What makes an article one.
    pub fn explain_article(&self, article: i64) -> Result<ArticleExplanation, StoreError> {
        explain_article(&self.db, ArticleId(article)).map_err(|error| error.while_doing("explain an article"))
    }

    /// Whether an entry whose link has these keys would be known.
    pub fn explain_link(&self, keys: &[Key]) -> Result<LinkExplanation, StoreError> {
        explain_link(&self.db, keys).map_err(|error| error.while_doing("explain a link"))
    }
}

fn explain_article(db: &Connection, article: ArticleId) -> Result<ArticleExplanation, StoreError> {
    let (title, url, first_seen, seq, deleted_at, deleted_why) = db.query_row(
        "SELECT revision.title, revision.url, article.first_seen, article.seq, article.deleted_at, article.deleted_why \
         FROM article LEFT JOIN revision ON revision.id = article.revision_id WHERE article.id = ?1",
        [article.0],
        |row| {
            let why: Option<String> = row.get(5)?;
            Ok((row.get(0)?, row.get(1)?, timestamp(row, 2)?, row.get(3)?, optional_timestamp(row, 4)?, why))
        },
    )?;
    let deleted = deleted_at.zip(deleted_why.as_deref().map(|why| DeletionReason::of(why).as_str()));
    Ok(ArticleExplanation {
        article_id: article.0,
        title,
        url,
        first_seen,
        seq,
        deleted,
        merged: list(
            db,
            "SELECT article.id, max(change.at) FROM article JOIN change ON change.article_id = article.id AND change.op = 'merged' \
             WHERE article.merged_into = ?1 GROUP BY article.id ORDER BY article.id LIMIT ?2",
            article,
            |row| Ok((row.get(0)?, timestamp(row, 1)?)),
        )?,
        sources: list(
            db,
            "SELECT source.name, membership.first_seen, membership.seq, membership.source_id IS \
                 (SELECT revision.source_id FROM article JOIN revision ON revision.id = article.revision_id WHERE article.id = ?1) \
             FROM membership JOIN source ON source.id = membership.source_id WHERE membership.article_id = ?1 \
             ORDER BY membership.first_seen, source.name LIMIT ?2",
            article,
            |row| {
                Ok(ArticleMembership {
                    source: row.get(0)?,
                    first_seen: timestamp(row, 1)?,
                    seq: row.get(2)?,
                    is_shown: row.get(3)?,
                })
            },
        )?,
        pages: pages_of(db, article)?,
        pairs: grouping::pairs_of(db, article)?,
        claims_by_others: list(
            db,
            "SELECT DISTINCT page.article_id, page.url, claim.kind, claim.url, claim.seen_at \
             FROM page AS own JOIN alias ON alias.page_id = own.id JOIN claim ON claim.key = alias.key \
             JOIN page ON page.id = claim.page_id \
             WHERE own.article_id = ?1 AND page.article_id <> ?1 ORDER BY claim.seen_at, page.url LIMIT ?2",
            article,
            read_foreign_claim,
        )?,
        decisions: list(
            db,
            "SELECT decision.verdict, page.page_key, iif(one_key = page.page_key, other_key, one_key), second.article_id, decision.at \
             FROM page JOIN decision ON decision.one_key = page.page_key OR decision.other_key = page.page_key \
             LEFT JOIN page AS second ON second.page_key = iif(one_key = page.page_key, other_key, one_key) \
             WHERE page.article_id = ?1 AND (decision.one_key = page.page_key OR second.article_id IS NOT ?1) \
             ORDER BY decision.at, page.page_key, 3 LIMIT ?2",
            article,
            |row| {
                Ok(StoredDecision {
                    verdict: row.get(0)?,
                    page_key: row.get(1)?,
                    other_key: row.get(2)?,
                    other_article: row.get(3)?,
                    at: timestamp(row, 4)?,
                })
            },
        )?,
    })
}

/// The rows of a query about an article: ?1 is its number, ?2 how many are read.
fn list<T>(
    db: &Connection,
    sql: &str,
    article: ArticleId,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>, StoreError> {
    Ok(db.prepare_cached(sql)?.query_map([article.0, MAX_ROWS], read)?.collect::<Result<_, _>>()?)
}

fn pages_of(db: &Connection, article: ArticleId) -> Result<Vec<ExplainedPage>, StoreError> {
    let mut pages: Vec<(i64, ExplainedPage)> = list(
        db,
        "SELECT page.id, page.page_key, page.url, page.site, source.name, page.first_seen, page.requested_at, page.first_party, \
             page.comparable, (SELECT title FROM revision WHERE revision.page_id = page.id \
                 ORDER BY revision.method = 'feed', revision.id DESC LIMIT 1) \
         FROM page LEFT JOIN source ON source.id = page.source_id WHERE page.article_id = ?1 ORDER BY page.id LIMIT ?2",
        article,
        |row| {
            let requested_at: Option<i64> = row.get(6)?;
            let page = ExplainedPage {
                page_key: row.get(1)?,
                url: row.get(2)?,
                site: row.get(3)?,
                source: row.get(4)?,
                first_seen: timestamp(row, 5)?,
                requested_at: requested_at.map(time::from_ms),
                first_party: row.get(7)?,
                comparable: row.get(8)?,
                title: row.get(9)?,
                keys: Vec::new(),
                claims: Vec::new(),
            };
            Ok((row.get(0)?, page))
        },
    )?;
    let mut keys = db.prepare_cached(
        "SELECT kind, proof, shared, key, url, seen_at FROM alias WHERE page_id = ?1 ORDER BY seen_at, key LIMIT ?2",
    )?;
    let mut claims = db.prepare_cached(
        "SELECT kind, url, seen_at FROM claim WHERE page_id = ?1 ORDER BY seen_at, url LIMIT ?2",
    )?;
    for (id, page) in &mut pages {
        page.keys = keys.query_map([*id, MAX_ROWS], |row| read_key(row, 0))?.collect::<Result<_, _>>()?;
        page.keys.sort_by_key(|key| key.kind);
        page.claims =
            claims.query_map([*id, MAX_ROWS], |row| read_claim(row, 0))?.collect::<Result<_, _>>()?;
    }
    Ok(pages.into_iter().map(|(_, page)| page).collect())
}

fn read_key(row: &Row<'_>, first: usize) -> rusqlite::Result<ExplainedKey> {
    Ok(ExplainedKey {
        kind: time::word(row, first)?,
        proof: time::word(row, first + 1)?,
        shared: row.get(first + 2)?,
        key: row.get(first + 3)?,
        url: row.get(first + 4)?,
        seen_at: timestamp(row, first + 5)?,
    })
}

fn read_claim(row: &Row<'_>, first: usize) -> rusqlite::Result<PageClaim> {
    Ok(PageClaim {
        kind: time::word(row, first)?,
        url: row.get(first + 1)?,
        seen_at: timestamp(row, first + 2)?,
    })
}

fn read_foreign_claim(row: &Row<'_>) -> rusqlite::Result<ForeignClaim> {
    Ok(ForeignClaim { article: row.get(0)?, page_url: row.get(1)?, claim: read_claim(row, 2)? })
}

fn explain_link(db: &Connection, keys: &[Key]) -> Result<LinkExplanation, StoreError> {
    let (mut holders, mut claims) = (Vec::new(), Vec::new());
    for key in keys {
        holders.extend(holders_of(db, "alias.key = ?1", &key.key)?);
        let rows = db
            .prepare_cached(
                "SELECT page.article_id, page.url, claim.kind, claim.url, claim.seen_at FROM claim \
                 JOIN page ON page.id = claim.page_id WHERE claim.key = ?1 ORDER BY claim.seen_at LIMIT ?2",
            )?
            .query_map(params![key.key, MAX_ROWS], read_foreign_claim)?
            .collect::<Result<Vec<_>, _>>()?;
        claims.extend(rows);
    }
    let mut shared_by: Vec<String> = Vec::new();
    for link in keys.iter().filter_map(|key| Fingerprint::link_of(std::slice::from_ref(key))) {
        let names = db
            .prepare_cached(
                "SELECT source.name FROM shared_link JOIN source ON source.id = shared_link.source_id \
                 WHERE shared_link.link_hash = ?1 ORDER BY source.name LIMIT ?2",
            )?
            .query_map([link, MAX_ROWS], |row| row.get(0))?
            .collect::<Result<Vec<_>, _>>()?;
        shared_by.extend(names);
    }
    let known = known_page(db, keys, ANY_SOURCE, EntryTitle::Any)?;
    if known.is_none() && holders.is_empty() {
        for key in keys {
            // A short link on another host than the page's. Its key begins with a site, so that no index finds it.
            let is_scoped = "alias.kind IN ('short-link', 'rel-shortlink') AND alias.key LIKE '%>%' \
                             AND substr(alias.key, instr(alias.key, '>') + 1) = ?1";
            holders.extend(holders_of(db, is_scoped, &key.key)?);
        }
    }
    let article = match known {
        Some(page) => Some(article_of(db, page.id)?.0),
        None => match keys.iter().find_map(|key| page_of_key(db, &key.key).transpose()).transpose()? {
            Some(page) => Some(article_of(db, page)?.0),
            None => holders.iter().find(|holder| !holder.key.shared).map(|holder| holder.article),
        },
    };
    let verdict = verdict(keys, known.and(article), &holders, &claims);
    Ok(LinkExplanation {
        keys: keys.iter().map(|key| key.key.clone()).collect(),
        verdict,
        article,
        holders,
        claims,
        shared_by,
    })
}

/// `known`: the article of an entry that needs no request, whatever its source.
fn verdict(keys: &[Key], known: Option<i64>, holders: &[LinkHolder], claims: &[ForeignClaim]) -> LinkVerdict {
    let has = |is: &dyn Fn(&LinkHolder) -> bool| holders.iter().any(is);
    let is_asked =
        |holder: &LinkHolder| holder.key.proof == Proof::Response && !holder.key.shared && holder.is_fetched;
    let is_expired =
        |holder: &LinkHolder| holder.deleted_why.as_deref() == Some(DeletionReason::Expired.as_str());
    if keys.is_empty() {
        LinkVerdict::NoKey
    } else if let Some(known) = known {
        let is_gone = has(&|holder| holder.article == known && holder.deleted_why.is_some());
        if is_gone { LinkVerdict::TakenDown } else { LinkVerdict::Known }
    } else if has(&|holder| is_asked(holder) && !is_expired(holder)) {
        LinkVerdict::Ambiguous
    } else if has(&|holder| is_asked(holder)) {
        LinkVerdict::Expired
    } else if has(&|holder| !holder.key.shared && holder.key.proof == Proof::Site) {
        LinkVerdict::Claimed
    } else if has(&|holder| !holder.key.shared) {
        LinkVerdict::Linked
    } else if !holders.is_empty() {
        LinkVerdict::SharedKey
    } else if claims.is_empty() {
        LinkVerdict::Unknown
    } else {
        LinkVerdict::ForeignClaim
    }
}

/// The pages with a key that `condition` finds; ?1 is `key`.
fn holders_of(db: &Connection, condition: &str, key: &str) -> Result<Vec<LinkHolder>, StoreError> {
    Ok(db
        .prepare_cached(&format!(
            "SELECT page.article_id, page.url, page.requested_at IS NOT NULL, article.deleted_why, \
                 alias.kind, alias.proof, alias.shared, alias.key, alias.url, alias.seen_at \
             FROM alias JOIN page ON page.id = alias.page_id JOIN article ON article.id = page.article_id \
             WHERE {condition} ORDER BY alias.shared, alias.kind <> 'final-url', page.id LIMIT ?2"
        ))?
        .query_map(params![key, MAX_ROWS], |row| {
            Ok(LinkHolder {
                article: row.get(0)?,
                page_url: row.get(1)?,
                is_fetched: row.get(2)?,
                deleted_why: row.get(3)?,
                key: read_key(row, 4)?,
            })
        })?
        .collect::<Result<_, _>>()?)
}
