//! Rows of the `page` table: what one final URL serves.
//!
//! A page belongs to one article, has keys (`alias`) and revisions. [`super::page_id`] finds pages by their keys.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, params};

use super::error::StoreError;
use super::page_id::{PageId, article_of};
use super::time;
use crate::model::{ArticleId, CollectedArticle, Method, SourceId, Validators};

/// The page with this normalised final URL.
pub(super) fn find_by_page_key(db: &Connection, page_key: &str) -> Result<Option<PageId>, StoreError> {
    Ok(db
        .prepare_cached("SELECT id FROM page WHERE page_key = ?1")?
        .query_row([page_key], |row| row.get(0).map(PageId))
        .optional()?)
}

/// Whether an article was deleted. It still takes keys, so that nothing of it is fetched again, but no text.
pub(super) fn is_deleted(db: &Connection, article: ArticleId) -> Result<bool, StoreError> {
    Ok(db
        .prepare_cached("SELECT 1 FROM article WHERE id = ?1 AND deleted_at IS NOT NULL")?
        .exists([article.0])?)
}

/// Whether the article of a page was deleted.
pub(super) fn is_of_deleted_article(db: &Connection, page: PageId) -> Result<bool, StoreError> {
    is_deleted(db, article_of(db, page)?)
}

/// Adds the page of a collected article.
pub(super) fn insert(
    db: &Connection,
    article: ArticleId,
    source: SourceId,
    collected: &CollectedArticle,
    now: DateTime<Utc>,
) -> Result<PageId, StoreError> {
    let fetched = (collected.method != Method::Feed).then_some(&collected.validators);
    db.prepare_cached(
        "INSERT INTO page (article_id, source_id, page_key, url, site, first_party, own_feed, comparable, first_seen, requested_at, etag, last_modified, \
         validators_url) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, ?8, ?9, ?10, ?11, ?12)",
    )?
    .execute(params![
        article.0,
        source.0,
        collected.page_key,
        collected.served_url,
        collected.site,
        fetched.is_some() || collected.own_feed,
        collected.own_feed,
        time::text(now),
        fetched.map(|_| time::ms(now)),
        fetched.and_then(|validators| validators.etag.as_ref()),
        fetched.and_then(|validators| validators.last_modified.as_ref()),
        fetched.and_then(|validators| validators_url(validators, &collected.served_url))
    ])?;
    Ok(PageId(db.last_insert_rowid()))
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
