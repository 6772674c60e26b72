//! Stored pages cut anew: what today's rules make of them, against what is stored.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension};

use super::articles;
use super::columns::{self, Columns};
use super::error::StoreError;
use super::maintenance::MaintenanceWriter;
use super::page_id::PageId;
use super::reader::Reader;
use crate::model::{Extraction, Key, Method, SourceId};

/// A stored page, cut again.
#[derive(Clone, Debug)]
pub struct Reextraction {
    /// Which page.
    pub page_id: i64,
    /// When it was fetched: what is cut from it is as old.
    pub fetched_at: DateTime<Utc>,
    /// The fields.
    pub extraction: Extraction,
    /// How the text was won.
    pub method: Method,
    /// `published` in UTC.
    pub published_at: Option<DateTime<Utc>>,
    /// Keys that name the article.
    pub keys: Vec<Key>,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReextractionOutcome {
    /// The rules find what they found before.
    Same,
    /// They find no text now: what is stored stays.
    NoText,
    /// These fields differ.
    Changed(Vec<&'static str>),
    /// The page or its article is gone by now.
    Gone,
}

impl Reader {
    /// The URLs that led to a page: more of its keys may be found in them.
    pub fn ways_to(&self, page_id: i64) -> Result<Vec<String>, StoreError> {
        Ok(self
            .db
            .prepare_cached(
                "SELECT DISTINCT url FROM alias WHERE page_id = ?1 AND kind = 'link' ORDER BY url",
            )?
            .query_map([page_id], |row| row.get(0))?
            .collect::<Result<_, _>>()?)
    }

    /// What differs, without storing it.
    pub fn compare(&self, anew: &Reextraction) -> Result<ReextractionOutcome, StoreError> {
        Ok(compared(&self.db, anew)?.1)
    }
}

impl MaintenanceWriter {
    /// Stores what differs as a revision of the article.
    pub fn recast(
        &mut self,
        anew: &Reextraction,
        now: DateTime<Utc>,
    ) -> Result<ReextractionOutcome, StoreError> {
        self.step("store an article cut anew", |db| store(db, anew, now))
    }
}

/// The page's latest revision with the page's source, and what differs from it.
fn compared(
    db: &Connection,
    anew: &Reextraction,
) -> Result<(Option<(SourceId, Columns)>, ReextractionOutcome), StoreError> {
    let before = db
        .prepare_cached(&format!(
            "SELECT {}, source_id FROM revision WHERE page_id = ?1 ORDER BY id DESC LIMIT 1",
            columns::COLUMNS
        ))?
        .query_row([anew.page_id], |row| {
            Ok((SourceId(row.get("source_id")?), Columns::read(row)?))
        })
        .optional()?;
    let Some((source, before)) = before else {
        return Ok((None, ReextractionOutcome::Gone));
    };
    if anew.extraction.text.trim().is_empty() {
        return Ok((None, ReextractionOutcome::NoText));
    }
    let mut after = Columns::of(&anew.extraction, anew.method, anew.published_at, &before.url);
    after.keep_from_feed(&before);
    let fields = after.differences(&before);
    let recast = if fields.is_empty() {
        ReextractionOutcome::Same
    } else {
        ReextractionOutcome::Changed(fields)
    };
    Ok((Some((source, after)), recast))
}

fn store(
    db: &Connection,
    anew: &Reextraction,
    now: DateTime<Utc>,
) -> Result<ReextractionOutcome, StoreError> {
    let (after, recast) = compared(db, anew)?;
    let Some((source, after)) = after else {
        return Ok(recast);
    };
    let page = PageId(anew.page_id);
    // Another short link is another key, whatever else it says.
    articles::attach(db, page, &anew.keys, source, now)?;
    if let ReextractionOutcome::Changed(_) = recast {
        articles::replace(db, page, source, &after, anew.fetched_at, now)?;
    }
    Ok(recast)
}
