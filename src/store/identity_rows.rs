//! Reads what an article is known by ([`ArticleIdentity`]), and the texts of its pages that readers do not see.
//!
//! `export` asks for it article by article, within the transaction of [`Reader::for_each`]. The order of all lists depends
//! on no row id but that of pages, which an import keeps: so that an export of an imported database is the same again.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::article_identity::{
    AliasRecord, ArticleIdentity, ClaimRecord, DecisionRecord, DecisionVerdict, EntryRecord, EntryState,
    MembershipRecord, PageRecord,
};
use super::article_ref::{self, ArticleRef};
use super::error::StoreError;
use super::reader::{Reader, optional_timestamp, timestamp};
use super::{revision_columns, time};

/// Where a text of an article comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextPlace {
    /// Number of its page.
    pub page: i64,
    /// Whether it is of the page's own site.
    pub first_party: bool,
    /// Whether readers see it now.
    pub is_current: bool,
}

/// A text that readers do not see.
#[derive(Debug)]
pub struct HiddenText<'a> {
    /// Where it comes from.
    pub place: TextPlace,
    /// Its fields; those of the article (numbers, `sources`, `first_seen`) mean nothing.
    pub fields: &'a ArticleRef<'a>,
}

impl Reader {
    /// The page of the text that an article had after the change `seq`, `None` where that is not stored. Without
    /// `has_revisions`, of the text that it has now.
    pub fn text_place(
        &self,
        article: i64,
        seq: i64,
        has_revisions: bool,
    ) -> Result<Option<TextPlace>, StoreError> {
        self.db
            .prepare_cached(
                "SELECT revision.page_id, revision.first_party, article.is_current \
                 FROM (SELECT revision_id, (NOT ?3 OR seq = ?2) AS is_current FROM article WHERE id = ?1) AS article \
                 JOIN revision ON revision.id = iif(is_current, article.revision_id, \
                     (SELECT id FROM revision WHERE seq = ?2 LIMIT 1))",
            )
            .and_then(|mut query| {
                query
                    .query_row(params![article, seq, has_revisions], |row| {
                        Ok(TextPlace { page: row.get(0)?, first_party: row.get(1)?, is_current: row.get(2)? })
                    })
                    .optional()
            })
            .map_err(failed)
    }

    /// What an article is known by.
    pub fn article_identity(&self, article: i64) -> Result<ArticleIdentity, StoreError> {
        identity_of(&self.db, article).map_err(failed)
    }

    /// Why an article was deleted: `takedown` or `expired`; `None` if it was not, or nobody knows.
    pub fn deletion_reason(&self, article: i64) -> Result<Option<String>, StoreError> {
        self.db
            .prepare_cached("SELECT deleted_why FROM article WHERE id = ?1")
            .and_then(|mut query| query.query_row([article], |row| row.get(0)))
            .map_err(failed)
    }

    /// Gives `visit` the texts of an article that readers do not see: of each page and source the latest, by page and source.
    /// Left out is what came before the text that readers see, and with `has_revisions` whatever readers saw once.
    pub fn hidden_texts(
        &self,
        article: i64,
        has_revisions: bool,
        visit: &mut dyn FnMut(&HiddenText<'_>),
    ) -> Result<(), StoreError> {
        hidden_texts(&self.db, article, has_revisions, visit).map_err(failed)
    }
}

fn failed(error: rusqlite::Error) -> StoreError {
    StoreError::from(error).while_doing("read what articles are known by")
}

fn identity_of(db: &Connection, article: i64) -> rusqlite::Result<ArticleIdentity> {
    let mut identity = ArticleIdentity {
        pages: pages(db, article)?,
        memberships: memberships(db, article)?,
        decisions: decisions(db, article)?,
    };
    add_aliases(db, article, &mut identity.pages)?;
    add_claims(db, article, &mut identity.pages)?;
    add_entries(db, article, &identity.pages, &mut identity.memberships)?;
    Ok(identity)
}

fn pages(db: &Connection, article: i64) -> rusqlite::Result<Vec<PageRecord>> {
    db.prepare_cached(
        "SELECT page.id, page_key, page.url, site, source.name, first_party, own_feed, page.first_seen, requested_at \
         FROM page LEFT JOIN source ON source.id = page.source_id WHERE article_id = ?1 ORDER BY page.id",
    )?
    .query_map([article], |row| {
        let (url, site): (String, String) = (row.get(2)?, row.get(3)?);
        Ok(PageRecord {
            page: row.get(0)?,
            key: row.get(1)?,
            site: Some(site).filter(|site| *site != PageRecord::usual_site(&url)),
            url,
            source: row.get(4)?,
            first_party: row.get(5)?,
            own_feed: row.get(6)?,
            first_seen: timestamp(row, 7)?,
            requested_at: row.get::<_, Option<i64>>(8)?.map(whole_seconds),
            aliases: Vec::new(),
            claims: Vec::new(),
        })
    })?
    .collect()
}

/// The time of a number of milliseconds since 1970, without their fraction of a second.
fn whole_seconds(ms: i64) -> DateTime<Utc> {
    time::from_ms(ms.div_euclid(1000).saturating_mul(1000))
}

fn add_aliases(db: &Connection, article: i64, pages: &mut [PageRecord]) -> rusqlite::Result<()> {
    let mut query = db.prepare_cached(
        "SELECT page_id, kind, proof, key, alias.url, shared, seen_at FROM page JOIN alias ON alias.page_id = page.id \
         WHERE article_id = ?1 ORDER BY kind, key, shared",
    )?;
    let mut rows = query.query([article])?;
    while let Some(row) = rows.next()? {
        let Some(page) = page_of(row, pages)? else { continue };
        let (url, seen_at): (String, _) = (row.get(4)?, timestamp(row, 6)?);
        page.aliases.push(AliasRecord {
            kind: time::word(row, 1)?,
            proof: time::word(row, 2)?,
            key: row.get(3)?,
            url: Some(url).filter(|url| *url != page.url),
            shared: row.get(5)?,
            seen_at: Some(seen_at).filter(|at| *at != page.first_seen),
        });
    }
    Ok(())
}

fn add_claims(db: &Connection, article: i64, pages: &mut [PageRecord]) -> rusqlite::Result<()> {
    let mut query = db.prepare_cached(
        "SELECT page_id, kind, key, claim.url, seen_at FROM page JOIN claim ON claim.page_id = page.id \
         WHERE article_id = ?1 ORDER BY kind, key",
    )?;
    let mut rows = query.query([article])?;
    while let Some(row) = rows.next()? {
        let Some(page) = page_of(row, pages)? else { continue };
        let seen_at = timestamp(row, 4)?;
        page.claims.push(ClaimRecord {
            kind: time::word(row, 1)?,
            key: row.get(2)?,
            url: row.get(3)?,
            seen_at: Some(seen_at).filter(|at| *at != page.first_seen),
        });
    }
    Ok(())
}

/// The page whose number is in the first column.
fn page_of<'p>(row: &Row<'_>, pages: &'p mut [PageRecord]) -> rusqlite::Result<Option<&'p mut PageRecord>> {
    let number: i64 = row.get(0)?;
    Ok(pages.iter_mut().find(|page| page.page == number))
}

fn memberships(db: &Connection, article: i64) -> rusqlite::Result<Vec<MembershipRecord>> {
    db.prepare_cached(
        "SELECT source.name, membership.first_seen, membership.seq, change.at, imported \
         FROM membership JOIN source ON source.id = membership.source_id \
         LEFT JOIN change ON change.seq = membership.seq AND change.op = 'joined' \
         WHERE membership.article_id = ?1 ORDER BY source.name",
    )?
    .query_map([article], |row| {
        Ok(MembershipRecord {
            source: row.get(0)?,
            first_seen: Some(timestamp(row, 1)?),
            seq: row.get(2)?,
            joined: optional_timestamp(row, 3)?,
            imported: row.get(4)?,
            entries: Vec::new(),
        })
    })?
    .collect()
}

fn add_entries(
    db: &Connection,
    article: i64,
    pages: &[PageRecord],
    memberships: &mut Vec<MembershipRecord>,
) -> rusqlite::Result<()> {
    let first_page = pages.first().map(|page| page.page);
    let mut query = db.prepare_cached(
        "SELECT source.name, entry.ident, entry.page_id, entry.url, entry.state, entry.own_text, entry.first_seen, \
         entry.updated, entry.permalink, entry.credit, entry.credit_url, entry.link_hash, entry.title_hash, entry.text_hash, \
         entry.dated, entry.published \
         FROM page JOIN entry ON entry.page_id = page.id JOIN source ON source.id = entry.source_id \
         WHERE page.article_id = ?1 ORDER BY source.name, entry.first_seen, entry.ident",
    )?;
    let mut rows = query.query([article])?;
    while let Some(row) = rows.next()? {
        let source: String = row.get(0)?;
        let (page, first_seen): (i64, _) = (row.get(2)?, timestamp(row, 6)?);
        let at = memberships.iter().position(|member| member.source == source);
        let named_at = at.and_then(|at| memberships.get(at)).and_then(|member| member.first_seen);
        let entry = EntryRecord {
            entry: row.get(1)?,
            page: Some(page).filter(|page| Some(*page) != first_page),
            url: row.get(3)?,
            state: match row.get_ref(4)?.as_str()? {
                "known" => EntryState::Known,
                "unwanted" => EntryState::Unwanted,
                _ => EntryState::Done,
            },
            own_text: row.get(5)?,
            first_seen: Some(first_seen).filter(|at| Some(*at) != named_at),
            updated: optional_timestamp(row, 7)?,
            permalink: row.get(8)?,
            credit: row.get(9)?,
            credit_url: row.get(10)?,
            link_hash: row.get(11)?,
            title_hash: row.get(12)?,
            text_hash: row.get(13)?,
            dated: row.get(14)?,
            published: row.get(15)?,
        };
        if let Some(member) = at.and_then(|at| memberships.get_mut(at)) {
            member.entries.push(entry);
        } else {
            memberships.push(MembershipRecord {
                source,
                first_seen: None,
                seq: None,
                joined: None,
                imported: false,
                entries: vec![entry],
            });
        }
    }
    // Sources with entries that do not count were added at the end.
    memberships.sort_by(|a, b| a.source.cmp(&b.source));
    Ok(())
}

/// The decisions about the pages of an article. One about pages of two articles is of the first key's, or of the other's if
/// no page has the first.
fn decisions(db: &Connection, article: i64) -> rusqlite::Result<Vec<DecisionRecord>> {
    if !db.prepare_cached("SELECT 1 FROM decision LIMIT 1")?.exists([])? {
        return Ok(Vec::new());
    }
    db.prepare_cached(
        "SELECT verdict = 'part', one_key, other_key, at FROM page JOIN decision ON one_key = page_key WHERE article_id = ?1 \
         UNION ALL \
         SELECT verdict = 'part', one_key, other_key, at FROM page JOIN decision ON other_key = page_key WHERE article_id = ?1 \
             AND NOT EXISTS (SELECT 1 FROM page WHERE page_key = one_key) \
         ORDER BY one_key, other_key",
    )?
    .query_map([article], |row| {
        let is_part: bool = row.get(0)?;
        Ok(DecisionRecord {
            verdict: if is_part { DecisionVerdict::Part } else { DecisionVerdict::Join },
            one: row.get(1)?,
            other: row.get(2)?,
            at: timestamp(row, 3)?,
        })
    })?
    .collect()
}

fn hidden_texts(
    db: &Connection,
    article: i64,
    has_revisions: bool,
    visit: &mut dyn FnMut(&HiddenText<'_>),
) -> rusqlite::Result<()> {
    // Looks at indexes alone; nearly every article has one text.
    let is_only = !db
        .prepare_cached(
            "SELECT 1 FROM page JOIN revision ON revision.page_id = page.id WHERE page.article_id = ?1 \
             AND revision.id IS NOT (SELECT revision_id FROM article WHERE id = ?1)",
        )?
        .exists([article])?;
    if is_only {
        return Ok(());
    }
    let columns: Vec<&str> = article_ref::COLUMNS.iter().map(|(name, _)| *name).collect();
    let mut query = db.prepare_cached(&format!(
        "SELECT {}, page_id, first_party FROM \
         (SELECT 0 AS seq, 0 AS article_id, '' AS first_seen, 0 AS cluster, 0 AS provisional, '[]' AS sources, revision.id AS revision_id, \
             fetched_at, page_id, revision.first_party, revision.source_id, revision.seq AS announced, source.name AS source, {} \
          FROM revision LEFT JOIN source ON source.id = revision.source_id \
          WHERE page_id IN (SELECT id FROM page WHERE article_id = ?1)) AS own \
         WHERE (announced IS NULL OR NOT ?2) \
         AND NOT EXISTS (SELECT 1 FROM revision AS later WHERE later.page_id = own.page_id \
             AND later.source_id IS own.source_id AND (later.fetched_at, later.id) > (own.fetched_at, own.revision_id)) \
         AND NOT EXISTS (SELECT 1 FROM article JOIN revision AS shown ON shown.id = article.revision_id \
             WHERE article.id = ?1 AND shown.page_id = own.page_id AND shown.source_id IS own.source_id) \
         ORDER BY page_id, source",
        columns.join(", "),
        revision_columns::COLUMNS
            .split(", ")
            .map(|column| format!("revision.{column}"))
            .collect::<Vec<_>>()
            .join(", ")
    ))?;
    let mut rows = query.query(params![article, has_revisions])?;
    while let Some(row) = rows.next()? {
        let place = TextPlace {
            page: row.get(columns.len())?,
            first_party: row.get(columns.len() + 1)?,
            is_current: false,
        };
        visit(&HiddenText { place, fields: &ArticleRef::read(row, "new", None)? });
    }
    Ok(())
}
