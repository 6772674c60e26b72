//! Rows of the `page` table: what one final URL serves.
//!
//! A page belongs to one article, has keys (`alias`) and revisions. [`super::page_id`] finds pages by their keys.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::changes::DeletionReason;
use super::error::StoreError;
use super::grouping::Evidence;
use super::page_id::PageId;
use super::time;
use crate::link;
use crate::model::{ArticleId, CollectedArticle, SourceId, Validators};

/// A stored page.
#[derive(Debug)]
pub(super) struct StoredPage {
    pub(super) id: PageId,
    pub(super) page_key: String,
    pub(super) article: ArticleId,
    /// Why its article was deleted.
    pub(super) deleted_why: Option<DeletionReason>,
    /// The source that its text came from.
    pub(super) source: Option<SourceId>,
    pub(super) site: String,
    /// Whether its own site gave a text of it, as a page or in a feed.
    pub(super) first_party: bool,
    /// Whether the feed of its source is of its site.
    pub(super) own_feed: bool,
    /// Whether it was fetched, not only named by feeds.
    pub(super) is_fetched: bool,
    pub(super) evidence: Evidence,
}

/// Selects the columns of [`StoredPage::read`].
const STORED_PAGE: &str = "SELECT page.id, page.page_key, page.article_id, article.deleted_why, page.source_id, page.site, \
     page.first_party, page.own_feed, page.requested_at IS NOT NULL, page.title_hash, page.comparable, \
     iif(page.own_feed, 0, coalesce(page.source_id, -1)) AS speaker FROM page JOIN article ON article.id = page.article_id ";

impl StoredPage {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let is_fetched = row.get(8)?;
        let deleted_why: Option<String> = row.get(3)?;
        Ok(Self {
            id: PageId(row.get(0)?),
            page_key: row.get(1)?,
            article: ArticleId(row.get(2)?),
            deleted_why: deleted_why.as_deref().map(DeletionReason::of),
            source: row.get::<_, Option<i64>>(4)?.map(SourceId),
            site: row.get(5)?,
            first_party: row.get(6)?,
            own_feed: row.get(7)?,
            is_fetched,
            evidence: Evidence {
                is_fetched,
                title: row.get(9)?,
                is_comparable: row.get(10)?,
                speaker: row.get("speaker")?,
            },
        })
    }
}

/// The page with this normalised final URL.
pub(super) fn find(db: &Connection, page_key: &str) -> Result<Option<StoredPage>, StoreError> {
    Ok(db
        .prepare_cached(&format!("{STORED_PAGE} WHERE page.page_key = ?1"))?
        .query_row([page_key], StoredPage::read)
        .optional()?)
}

/// The page with this row id.
pub(super) fn stored(db: &Connection, page: PageId) -> Result<StoredPage, StoreError> {
    Ok(db
        .prepare_cached(&format!("{STORED_PAGE} WHERE page.id = ?1"))?
        .query_row([page.0], StoredPage::read)?)
}

/// Whether the article of a page was deleted. It still takes keys, so that nothing of it is fetched again, but no text.
pub(super) fn is_of_deleted_article(db: &Connection, page: PageId) -> Result<bool, StoreError> {
    Ok(db
        .prepare_cached(
            "SELECT 1 FROM page JOIN article ON article.id = page.article_id \
             WHERE page.id = ?1 AND article.deleted_at IS NOT NULL",
        )?
        .exists([page.0])?)
}

/// Adds the page of a collected article.
pub(super) fn insert(
    db: &Connection,
    article: ArticleId,
    source: SourceId,
    collected: &CollectedArticle,
    evidence: Evidence,
    now: DateTime<Utc>,
) -> Result<PageId, StoreError> {
    let fetched = evidence.is_fetched.then_some(&collected.validators);
    db.prepare_cached(
        "INSERT INTO page (article_id, source_id, page_key, url, site, first_party, own_feed, title_hash, comparable, \
         first_seen, requested_at, etag, last_modified, validators_url) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
    )?
    .execute(params![
        article.0,
        source.0,
        collected.page_key,
        collected.served_url,
        collected.site,
        evidence.is_fetched || collected.own_feed,
        collected.own_feed,
        evidence.title,
        evidence.is_comparable,
        time::text(now),
        fetched.map(|_| time::ms(now)),
        fetched.and_then(|validators| validators.etag.as_ref()),
        fetched.and_then(|validators| validators.last_modified.as_ref()),
        fetched.and_then(|validators| validators_url(validators, &collected.served_url))
    ])?;
    Ok(PageId(db.last_insert_rowid()))
}

/// Notes that a page has another text, and that it is of this source. A fetched page stays one.
pub(super) fn set_text(
    db: &Connection,
    page: PageId,
    source: SourceId,
    collected: &CollectedArticle,
    evidence: Evidence,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    db.prepare_cached(
        "UPDATE page SET source_id = ?2, own_feed = ?3, first_party = first_party OR ?4, title_hash = ?5, comparable = ?6, \
         url = iif(?7, ?8, url), requested_at = iif(?7, ?9, requested_at) WHERE id = ?1",
    )?
    .execute(params![
        page.0,
        source.0,
        collected.own_feed,
        evidence.is_fetched || collected.own_feed,
        evidence.title,
        evidence.is_comparable,
        evidence.is_fetched,
        collected.served_url,
        time::ms(now)
    ])?;
    Ok(())
}

/// Moves a page to another article.
pub(super) fn move_to(db: &Connection, page: PageId, article: ArticleId) -> Result<(), StoreError> {
    db.prepare_cached("UPDATE page SET article_id = ?2 WHERE id = ?1")?
        .execute(params![page.0, article.0])?;
    Ok(())
}

/// The URL that is shown of a page whose canonical or other URL is `url`: where other pages print that canonical as well, the
/// URL that served the page.
pub(super) fn url_to_show(db: &Connection, page: PageId, url: &str) -> Result<String, StoreError> {
    let served: Option<String> = db
        .prepare_cached(
            "SELECT page.url FROM page JOIN alias ON alias.page_id = page.id \
             WHERE page.id = ?1 AND page.url <> ?2 AND alias.kind = 'canonical' AND alias.shared = 1",
        )?
        .query_row(params![page.0, url], |row| row.get(0))
        .optional()?;
    let served = served.as_deref().and_then(link::web_url);
    Ok(served.map_or_else(|| url.to_owned(), |served| link::without_tracking(&served).to_string()))
}

/// Notes that a page was fetched completely at `now`, and the validators that `url` gave with it.
pub(super) fn set_validators(
    db: &Connection,
    page: PageId,
    validators: &Validators,
    url: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    db.prepare_cached(
        "UPDATE page SET requested_at = ?2, etag = ?3, last_modified = ?4, validators_url = ?5 WHERE id = ?1",
    )?
    .execute(params![
        page.0,
        time::ms(now),
        validators.etag,
        validators.last_modified,
        validators_url(validators, url)
    ])?;
    Ok(())
}

/// Notes that a page was not modified (304): validators of the response replace the stored ones, absent ones erase nothing (RFC
/// 9111, 3.2).
pub(super) fn update_validators(
    db: &Connection,
    page: PageId,
    validators: &Validators,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    db.prepare_cached(
        "UPDATE page SET requested_at = ?2, etag = coalesce(?3, etag), last_modified = coalesce(?4, last_modified) \
         WHERE id = ?1",
    )?
    .execute(params![
        page.0,
        time::ms(now),
        validators.etag,
        validators.last_modified
    ])?;
    Ok(())
}

fn validators_url<'a>(validators: &Validators, url: &'a str) -> Option<&'a str> {
    (!validators.is_empty()).then_some(url)
}
