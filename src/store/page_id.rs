//! Look-ups from a key to its page, and from a page to its article. Every file that writes pages uses them.

use rusqlite::{Connection, OptionalExtension};

use super::error::StoreError;
use crate::model::{ArticleId, Key};

/// Row id of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct PageId(pub i64);

/// Selects the oldest page with a key that is not shared; the parameter is the key.
pub(super) const PAGE_OF_KEY: &str =
    "SELECT page_id FROM alias WHERE key = ?1 AND shared = 0 ORDER BY page_id LIMIT 1";

/// The page of the first key that has one.
pub(super) fn page_of_keys(db: &Connection, keys: &[Key]) -> Result<Option<PageId>, StoreError> {
    for key in keys {
        let page = page_of_key(db, &key.key)?;
        if page.is_some() {
            return Ok(page);
        }
    }
    Ok(None)
}

/// The oldest page that an unshared key leads to.
pub(super) fn page_of_key(db: &Connection, key: &str) -> Result<Option<PageId>, StoreError> {
    Ok(db.prepare_cached(PAGE_OF_KEY)?.query_row([key], |row| row.get(0).map(PageId)).optional()?)
}

/// The article that a page belongs to.
pub(super) fn article_of(db: &Connection, page: PageId) -> Result<ArticleId, StoreError> {
    Ok(db
        .prepare_cached("SELECT article_id FROM page WHERE id = ?1")?
        .query_row([page.0], |row| row.get(0).map(ArticleId))?)
}
