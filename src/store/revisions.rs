//! The texts an article has had, and which article somebody means.

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension, Row, params};

use super::articles;
use super::error::StoreError;
use super::reader::{Reader, timestamp};
use crate::link;

/// One text of an article: a row of the `revisions` view, with what can be compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevisionRow {
    /// Names the revision.
    pub revision_id: i64,
    /// Number of the change that brought it.
    pub seq: i64,
    /// The URL it was fetched from.
    pub url: String,
    /// Headline.
    pub title: Option<String>,
    /// The lead.
    pub standfirst: Option<String>,
    /// As printed.
    pub byline: Option<String>,
    /// As the page wrote it.
    pub published: Option<String>,
    /// Paragraphs parted by a blank line.
    pub text: String,
    /// How the text was won: `rule`, `auto`, `feed`.
    pub method: String,
    /// When.
    pub fetched_at: DateTime<Utc>,
}

/// No article goes by this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no article {0:?}; give the number that `search` and `export` show, or any URL of it")]
pub struct ArticleNotFound(pub String);

impl Reader {
    /// The article of a number or of any URL that led to it; one that was merged is the one it was merged into.
    pub fn find_article(&self, name: &str) -> Result<Result<i64, ArticleNotFound>, StoreError> {
        let name = name.trim();
        let found: Option<i64> = if let Ok(id) = name.parse::<i64>() {
            self.db
                .query_row(
                    "SELECT coalesce(merged_into, id) FROM article WHERE id = ?1",
                    [id],
                    |row| row.get(0),
                )
                .optional()?
        } else if let Some(url) = link::web_url(name) {
            let page: Option<i64> = self
                .db
                .prepare_cached(articles::NAMED)?
                .query_row([link::key(&url)], |row| row.get(0))
                .optional()?;
            page.map(|page| {
                self.db
                    .query_row("SELECT article_id FROM page WHERE id = ?1", [page], |row| {
                        row.get(0)
                    })
            })
            .transpose()?
        } else {
            None
        };
        Ok(found.ok_or_else(|| ArticleNotFound(name.to_owned())))
    }

    /// The latest `limit` texts of an article that readers were told of, the oldest of them first.
    pub fn revisions_of(&self, article: i64, limit: usize) -> Result<Vec<RevisionRow>, StoreError> {
        let doing =
            |error: rusqlite::Error| StoreError::from(error).while_doing("read the revisions of an article");
        let mut rows: Vec<RevisionRow> = self
            .db
            .prepare_cached(
                "SELECT revision_id, seq, url, title, standfirst, byline, published, text, method, fetched_at \
                 FROM revisions WHERE article_id = ?1 ORDER BY seq DESC LIMIT ?2",
            )
            .and_then(|mut query| {
                query
                    .query_map(params![article, i64::try_from(limit).unwrap_or(i64::MAX)], revision)?
                    .collect()
            })
            .map_err(doing)?;
        rows.reverse();
        Ok(rows)
    }
}

fn revision(row: &Row<'_>) -> rusqlite::Result<RevisionRow> {
    Ok(RevisionRow {
        revision_id: row.get(0)?,
        seq: row.get(1)?,
        url: row.get(2)?,
        title: row.get(3)?,
        standfirst: row.get(4)?,
        byline: row.get(5)?,
        published: row.get(6)?,
        text: row.get(7)?,
        method: row.get(8)?,
        fetched_at: timestamp(row, 9)?,
    })
}
