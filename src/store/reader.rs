//! Reading, beside a daemon or without one. Never blocks the writer, never writes.

use std::collections::BTreeMap;
use std::path::Path;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, Row, params};

use super::error::StoreError;
use super::{schema, time};

/// A query-only connection. Not `Sync`: one for each thread, opened where it is needed.
#[derive(Debug)]
pub struct Reader {
    pub(super) db: Connection,
}

/// An article as readers see it: the columns of the `articles` view.
#[derive(Clone, Debug, PartialEq)]
pub struct ArticleRow {
    /// Number of its last change.
    pub seq: i64,
    /// Stays the same through revisions.
    pub article_id: i64,
    /// The URL to show.
    pub url: String,
    /// The page's own short link.
    pub short_link: Option<String>,
    /// Headline.
    pub title: Option<String>,
    /// The lead, deck or summary printed above the text.
    pub standfirst: Option<String>,
    /// As printed.
    pub byline: Option<String>,
    /// Clean names.
    pub authors: Vec<String>,
    /// As the page wrote it: RFC 3339, or a bare date, month or year.
    pub published: Option<String>,
    /// The same in UTC, for sorting.
    pub published_at: Option<DateTime<Utc>>,
    /// How much of it was printed: `year`, `month`, `day`, `minute`, `instant`.
    pub precision: Option<String>,
    /// As the page wrote it.
    pub modified: Option<String>,
    /// Paragraphs parted by a blank line.
    pub text: String,
    /// Sanitised, links absolute.
    pub html: String,
    /// URL of the lead image.
    pub image: Option<String>,
    /// Its width in pixels.
    pub image_width: Option<u32>,
    /// Its height in pixels.
    pub image_height: Option<u32>,
    /// BCP 47.
    pub language: Option<String>,
    /// Name of the site.
    pub site: Option<String>,
    /// The section of the paper.
    pub section: Option<String>,
    /// What it is filed under.
    pub tags: Vec<String>,
    /// Who may do what with it.
    pub rights: Option<String>,
    /// Name of the source in the configuration.
    pub source: Option<String>,
    /// How the text was won: `rule`, `auto`, `feed`.
    pub method: String,
    /// `article` or `paywalled`.
    pub kind: String,
    /// Field → where it came from.
    pub origins: BTreeMap<String, String>,
    /// When the article was first stored.
    pub first_seen: DateTime<Utc>,
    /// When this revision was fetched.
    pub fetched_at: DateTime<Utc>,
    /// Articles that tell the same story have the same number: that of the first of them.
    pub cluster: i64,
}

/// A row of the `changes` view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeRow {
    /// Grows, never repeats.
    pub seq: i64,
    /// Whose change.
    pub article_id: i64,
    /// `new`, `revised`, `merged`, `deleted`.
    pub op: String,
    /// For `merged`: the article that it is from now on.
    pub into_id: Option<i64>,
    /// When.
    pub at: DateTime<Utc>,
}

impl Reader {
    /// Opens the database at `path`; plainly refused where there is none or it is not ours.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let db = schema::open_reader(path)?;
        schema::is_current(&db, path)?;
        Ok(Self { db })
    }

    /// Up to `limit` articles whose last change is later than `seq`, in the order of their changes. The last one's
    /// `seq` is where to go on.
    pub fn articles_since(&self, seq: i64, limit: usize) -> Result<Vec<ArticleRow>, StoreError> {
        self.rows(ARTICLES, seq, limit, article)
    }

    /// Up to `limit` changes later than `seq`, in order.
    pub fn changes_since(&self, seq: i64, limit: usize) -> Result<Vec<ChangeRow>, StoreError> {
        self.rows(
            "SELECT seq, article_id, op, into_id, at FROM changes WHERE seq > ?1 ORDER BY seq LIMIT ?2",
            seq,
            limit,
            |row| {
                Ok(ChangeRow {
                    seq: row.get(0)?,
                    article_id: row.get(1)?,
                    op: row.get(2)?,
                    into_id: row.get(3)?,
                    at: moment(row, 4)?,
                })
            },
        )
    }

    /// The URLs that led to an article, in order of their keys.
    pub fn aliases_of(&self, article_id: i64) -> Result<Vec<String>, StoreError> {
        self.rows(
            "SELECT DISTINCT url FROM aliases WHERE article_id = ?1 ORDER BY url LIMIT ?2",
            article_id,
            usize::MAX,
            |row| row.get(0),
        )
    }

    fn rows<T>(
        &self,
        sql: &str,
        after: i64,
        limit: usize,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, StoreError> {
        let doing = |error: rusqlite::Error| StoreError::from(error).while_doing("read the database");
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.db
            .prepare_cached(sql)
            .and_then(|mut query| query.query_map(params![after, limit], read)?.collect())
            .map_err(doing)
    }
}

/// A page of the export.
pub(super) const ARTICLES: &str = "SELECT seq, article_id, url, short_link, title, standfirst, byline, authors, published, \
     published_at, precision, modified, text, html, image, language, site, source, method, kind, origins, first_seen, \
     fetched_at, cluster, section, tags, rights, image_width, image_height FROM articles WHERE seq > ?1 ORDER BY seq LIMIT ?2";

fn article(row: &Row<'_>) -> rusqlite::Result<ArticleRow> {
    Ok(ArticleRow {
        seq: row.get(0)?,
        article_id: row.get(1)?,
        url: row.get(2)?,
        short_link: row.get(3)?,
        title: row.get(4)?,
        standfirst: row.get(5)?,
        byline: row.get(6)?,
        authors: json(row, 7)?,
        published: row.get(8)?,
        published_at: row.get::<_, Option<String>>(9)?.as_deref().and_then(time::parse),
        precision: row.get(10)?,
        modified: row.get(11)?,
        text: row.get(12)?,
        html: row.get(13)?,
        image: row.get(14)?,
        language: row.get(15)?,
        site: row.get(16)?,
        source: row.get(17)?,
        method: row.get(18)?,
        kind: row.get(19)?,
        origins: json(row, 20)?,
        first_seen: moment(row, 21)?,
        fetched_at: moment(row, 22)?,
        cluster: row.get(23)?,
        section: row.get(24)?,
        tags: json(row, 25)?,
        rights: row.get(26)?,
        image_width: row.get(27)?,
        image_height: row.get(28)?,
    })
}

fn json<T: serde::de::DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, Box::new(error))
    })
}

pub(super) fn moment(row: &Row<'_>, column: usize) -> rusqlite::Result<DateTime<Utc>> {
    let text: String = row.get(column)?;
    time::parse(&text).ok_or_else(|| {
        rusqlite::Error::FromSqlConversionFailure(
            column,
            rusqlite::types::Type::Text,
            format!("{text:?} is no time").into(),
        )
    })
}
