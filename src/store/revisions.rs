//! Reads the revisions of an article for `diff`, and finds the article that a command's argument names.

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension, params};

use super::error::StoreError;
use super::page_id::{article_of, page_of_key};
use super::reader::{Reader, timestamp};
use crate::link;

/// One text of an article: a row of the `revisions` view, with the fields that `diff` compares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevisionRow {
    /// Row id of the revision.
    pub revision_id: i64,
    /// Number of the change that announced it.
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
    /// Paragraphs, separated by blank lines.
    pub text: String,
    /// How the text was obtained: `rule`, `auto`, `feed`.
    pub method: String,
    /// When.
    pub fetched_at: DateTime<Utc>,
}

/// No article has this id or URL.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no article {0:?}; give the number that `search` and `export` show, or any URL of it")]
pub struct ArticleNotFound(pub String);

impl Reader {
    /// The id of the article with this id or URL; of a merged article, the one it was merged into. Any URL that led to the
    /// article counts.
    pub fn find_article(&self, name: &str) -> Result<Result<i64, ArticleNotFound>, StoreError> {
        let name = name.trim();
        let found = if let Ok(id) = name.parse::<i64>() {
            let sql = "SELECT coalesce(merged_into, id) FROM article WHERE id = ?1";
            self.db.query_row(sql, [id], |row| row.get(0)).optional()?
        } else if let Some(url) = link::web_url(name)
            && let Some(page) = page_of_key(&self.db, &link::key(&url))?
        {
            Some(article_of(&self.db, page)?.0)
        } else {
            None
        };
        Ok(found.ok_or_else(|| ArticleNotFound(name.to_owned())))
    }

    /// The latest `limit` announced revisions of an article, oldest first.
    pub fn revisions_of(&self, article: i64, limit: usize) -> Result<Vec<RevisionRow>, StoreError> {
        let mut rows = self.rows(
            "read the revisions of an article",
            "SELECT revision_id, seq, url, title, standfirst, byline, published, text, method, fetched_at \
             FROM revisions WHERE article_id = ?1 ORDER BY seq DESC LIMIT ?2",
            params![article, i64::try_from(limit).unwrap_or(i64::MAX)],
            |row| {
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
            },
        )?;
        rows.reverse();
        Ok(rows)
    }
}
