//! Extracts stored pages again (`cuttings reextract`): compares the result with what is stored, and stores it.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension};

use super::articles;
use super::error::StoreError;
use super::maintenance::MaintenanceWriter;
use super::page_id::PageId;
use super::raw_pages::TEXT_OF_PAGE;
use super::reader::Reader;
use super::revision_columns::{self, RevisionColumns};
use crate::model::{Extraction, Key, Method, SourceId};

/// A new extraction of a stored page.
#[derive(Clone, Debug)]
pub struct Reextraction {
    /// Row id of the page.
    pub page_id: i64,
    /// When the page was fetched; stored as the time of the revision.
    pub fetched_at: DateTime<Utc>,
    /// The fields.
    pub extraction: Extraction,
    /// How the text was obtained.
    pub method: Method,
    /// `published` in UTC.
    pub published_at: Option<DateTime<Utc>>,
    /// Keys that name the article.
    pub keys: Vec<Key>,
}

/// Result of a reextraction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReextractionOutcome {
    /// The fields are the same.
    Same,
    /// No text was found: the stored text stays.
    NoText,
    /// These fields differ.
    Changed(Vec<&'static str>),
    /// The page or its article was dropped meanwhile.
    Gone,
}

impl Reader {
    /// The URLs that led to a page: its keys may be found in them.
    pub fn links_to(&self, page_id: i64) -> Result<Vec<String>, StoreError> {
        Ok(self
            .db
            .prepare_cached(
                "SELECT DISTINCT url FROM alias WHERE page_id = ?1 AND kind = 'link' ORDER BY url",
            )?
            .query_map([page_id], |row| row.get(0))?
            .collect::<Result<_, _>>()?)
    }

    /// Compares without storing.
    pub fn compare(&self, reextraction: &Reextraction) -> Result<ReextractionOutcome, StoreError> {
        Ok(compare(&self.db, reextraction)?.0)
    }
}

impl MaintenanceWriter {
    /// Stores what differs as a revision of the article.
    pub fn store_reextraction(
        &mut self,
        reextraction: &Reextraction,
        now: DateTime<Utc>,
    ) -> Result<ReextractionOutcome, StoreError> {
        self.transaction("store a page extracted again", |db| store(db, reextraction, now))
    }
}

/// Compares with the page's latest revision. Also gives the source of that and the new columns, unless there is no text or
/// no page.
fn compare(
    db: &Connection,
    reextraction: &Reextraction,
) -> Result<(ReextractionOutcome, Option<(SourceId, RevisionColumns)>), StoreError> {
    let before = db
        .prepare_cached(&format!(
            "SELECT {}, source_id FROM revision WHERE id = (SELECT {TEXT_OF_PAGE} FROM page WHERE page.id = ?1)",
            revision_columns::COLUMNS
        ))?
        .query_row([reextraction.page_id], |row| {
            Ok((SourceId(row.get("source_id")?), RevisionColumns::read(row)?))
        })
        .optional()?;
    let Some((source, before)) = before else {
        return Ok((ReextractionOutcome::Gone, None));
    };
    if reextraction.extraction.text.trim().is_empty() {
        return Ok((ReextractionOutcome::NoText, None));
    }
    let mut after = RevisionColumns::of(
        &reextraction.extraction,
        reextraction.method,
        reextraction.published_at,
        before.url(),
    );
    after.keep_from_feed(&before);
    let fields = after.differences(&before);
    let outcome =
        if fields.is_empty() { ReextractionOutcome::Same } else { ReextractionOutcome::Changed(fields) };
    Ok((outcome, Some((source, after))))
}

fn store(
    db: &Connection,
    reextraction: &Reextraction,
    now: DateTime<Utc>,
) -> Result<ReextractionOutcome, StoreError> {
    let (outcome, columns) = compare(db, reextraction)?;
    let Some((source, columns)) = columns else {
        return Ok(outcome);
    };
    let page = PageId(reextraction.page_id);
    // Another short link is another key, whatever the fields say.
    articles::add_keys(db, page, &reextraction.keys, source, now)?;
    if let ReextractionOutcome::Changed(_) = outcome {
        articles::replace(db, page, source, &columns, reextraction.fetched_at, now)?;
    }
    Ok(outcome)
}
