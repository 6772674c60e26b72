//! What is stored of a page, read as an entry of its feed: for `reextract`, and for a page that is fetched again where its
//! feed's words are not at hand.

use std::collections::BTreeMap;
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, Row};
use serde::Deserialize;

use super::error::StoreError;
use super::page_id::PageId;
use super::raw_pages::TEXT_OF_PAGE;
use super::reader::Reader;
use super::stored_entry::printed_time;
use super::time;
use crate::link;
use crate::model::{Enclosure, Entry, EntryDetails, EntryId, Field, Origin, RecalledPage};

/// What is stored of a page; `None` if it has no text any more.
pub(super) fn page(db: &Connection, page: PageId) -> Result<Option<RecalledPage>, StoreError> {
    Ok(db
        .prepare_cached(&format!(
            "SELECT revision.title, revision.published, revision.precision, revision.authors, revision.tags, \
             revision.language, revision.rights, revision.enclosures, revision.origins, page.own_feed \
             FROM page JOIN revision ON revision.id = {TEXT_OF_PAGE} WHERE page.id = ?1"
        ))?
        .query_row([page.0], read)
        .optional()?)
}

/// What is stored of the page of an entry, with the link of the entry.
pub(super) fn of_entry(db: &Connection, entry: EntryId) -> Result<Option<Entry>, StoreError> {
    let (of, url): (Option<i64>, Option<String>) = db
        .prepare_cached("SELECT page_id, url FROM entry WHERE id = ?1")?
        .query_row([entry.0], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let Some(of) = of else { return Ok(None) };
    let link = url.as_deref().and_then(link::web_url);
    Ok(page(db, PageId(of))?.map(|stored| Entry { link, ..stored.entry }))
}

impl Reader {
    /// What is stored of a page; `None` if it has no text any more.
    pub fn recalled_page(&self, page_id: i64) -> Result<Option<RecalledPage>, StoreError> {
        page(&self.db, PageId(page_id))
    }
}

/// Reads a row of [`page`].
fn read(row: &Row<'_>) -> rusqlite::Result<RecalledPage> {
    let text = |column: usize| row.get::<_, Option<String>>(column);
    let list = |column: usize| -> rusqlite::Result<Vec<String>> {
        Ok(serde_json::from_str(&row.get::<_, String>(column)?).unwrap_or_default())
    };
    let files: Vec<RevisionEnclosure> = serde_json::from_str(&row.get::<_, String>(7)?).unwrap_or_default();
    let files = files.into_iter().filter_map(|file| {
        Some(Enclosure { url: link::web_url(&file.url)?, mime: file.mime, length: file.length })
    });
    let origins: BTreeMap<String, String> =
        serde_json::from_str(&row.get::<_, String>(8)?).unwrap_or_default();
    let told = origins.iter().filter(|(_, origin)| *origin == Origin::Feed.as_str());
    let details = EntryDetails {
        authors: list(3)?,
        categories: list(4)?,
        language: text(5)?,
        rights: text(6)?.map(Arc::from),
        enclosures: files.collect(),
        credit: None,
        false_date: None,
    };
    let published = match text(1)? {
        Some(published) => printed_time(&published, time::word(row, 2)?),
        None => None,
    };
    Ok(RecalledPage {
        entry: Entry {
            title: text(0)?,
            published,
            recalled: Some(told.filter_map(|(field, _)| field.parse::<Field>().ok()).collect()),
            details: details.kept(),
            ..Entry::default()
        },
        own_feed: row.get(9)?,
    })
}

/// An item of `revision.enclosures`.
#[derive(Debug, Deserialize)]
struct RevisionEnclosure {
    url: String,
    #[serde(rename = "type")]
    mime: Option<String>,
    length: Option<u64>,
}
