//! Searching what readers see: newest first, or the best of the newest.
//!
//! Newest is what arrived last: FTS5 gives its rows in that order without sorting, whatever the number of them. Ranking
//! all that a common word finds would read all of it; so the best are chosen among the newest [`CANDIDATES`].

pub(super) mod index;
mod query;
mod snippet;
mod words;

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use rusqlite::{Row as Record, params};

pub use query::QueryError;
pub use snippet::Snippet;

use super::error::StoreError;
use super::reader::{Reader, moment};
use super::time;
use snippet::Counts;
use words::Row;

/// Of how many matches the best are chosen.
const CANDIDATES: usize = 1000;

/// What is looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    /// Words, phrases and operators; any text whatever is allowed.
    pub query: String,
    /// Only articles of this source.
    pub source: Option<String>,
    /// Only published then or later; fetched, where no date is known.
    pub since: Option<DateTime<Utc>>,
    /// Only published before.
    pub until: Option<DateTime<Utc>>,
    /// Which come first.
    pub order: Order,
    /// At most so many.
    pub limit: usize,
    /// One article of each cluster: the same story on several sites once.
    pub one_of_a_cluster: bool,
}

/// Which come first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// What arrived last.
    #[default]
    Newest,
    /// What fits best, of the newest thousand matches.
    Rank,
}

/// An article that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    /// Stays the same through revisions.
    pub article_id: i64,
    /// The URL to show.
    pub url: String,
    /// Headline.
    pub title: Option<String>,
    /// Name of its source.
    pub source: Option<String>,
    /// As the page wrote it.
    pub published: Option<String>,
    /// BCP 47.
    pub language: Option<String>,
    /// The same story elsewhere has the same number.
    pub cluster: i64,
    /// When the article was first stored.
    pub first_seen: DateTime<Utc>,
    /// Where it was found.
    pub snippet: Snippet,
    /// How well it fits, where that was asked; larger is better.
    pub score: Option<f64>,
}

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// The query cannot find anything.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// The database cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A query as FTS5 wants it.
pub(super) fn expression(typed: &str) -> Result<String, QueryError> {
    Ok(query::parse(typed)?.expression)
}

impl Reader {
    /// Searches titles, standfirsts and texts.
    pub fn search(&self, search: &Search) -> Result<Vec<Hit>, SearchError> {
        let query = query::parse(&search.query)?;
        let rows: Vec<Row> = query.terms.iter().map(Row::of).collect();
        let hits = match search.order {
            Order::Newest => self.newest(search, &query.expression, &rows),
            Order::Rank => self.best(search, &query.expression, &rows),
        };
        hits.map_err(|error| StoreError::from(error).while_doing("search").into())
    }

    fn newest(&self, search: &Search, expression: &str, rows: &[Row]) -> rusqlite::Result<Vec<Hit>> {
        let mut seen = HashSet::new();
        let mut hits = Vec::new();
        self.each(search, expression, |found| {
            if !search.one_of_a_cluster || seen.insert(found.hit.cluster) {
                hits.push(found.shown(rows));
            }
            hits.len() < search.limit
        })?;
        Ok(hits)
    }

    fn best(&self, search: &Search, expression: &str, rows: &[Row]) -> rusqlite::Result<Vec<Hit>> {
        let (mut found, mut counts) = (Vec::new(), Vec::new());
        self.each(search, expression, |next| {
            let title = next.hit.title.as_deref().unwrap_or_default();
            let standfirst = next.standfirst.as_deref().unwrap_or_default();
            counts.push(Counts::of([title, standfirst, &next.text], rows));
            found.push(next);
            found.len() < CANDIDATES
        })?;
        let scores = snippet::scores(&counts, rows.len());
        let mut ranked: Vec<(f64, Found)> = scores.into_iter().zip(found).collect();
        // A stable sort: of two that fit as well the newer comes first.
        ranked.sort_by(|(a, _), (b, _)| b.total_cmp(a));
        let mut seen = HashSet::new();
        Ok(ranked
            .into_iter()
            .filter(|(_, found)| !search.one_of_a_cluster || seen.insert(found.hit.cluster))
            .take(search.limit)
            .map(|(score, found)| Hit {
                score: Some(score),
                ..found.shown(rows)
            })
            .collect())
    }

    /// Gives matches, newest first, until `take` has enough.
    fn each(
        &self,
        search: &Search,
        expression: &str,
        mut take: impl FnMut(Found) -> bool,
    ) -> rusqlite::Result<()> {
        if search.limit == 0 {
            return Ok(());
        }
        let mut query = self.db.prepare_cached(MATCHES)?;
        let mut rows = query.query(params![
            expression,
            search.source,
            search.since.map(time::text),
            search.until.map(time::text)
        ])?;
        while let Some(row) = rows.next()? {
            if !take(found(row)?) {
                break;
            }
        }
        Ok(())
    }
}

/// Matches, newest first.
pub(super) const MATCHES: &str = "SELECT article.id, revision.url, revision.title, source.name, revision.published, \
     revision.language, coalesce(article.cluster, article.id), article.first_seen, revision.standfirst, revision.text \
     FROM search CROSS JOIN article ON article.id = search.rowid CROSS JOIN revision ON revision.id = article.revision_id \
     LEFT JOIN source ON source.id = revision.source_id \
     WHERE search MATCH ?1 AND article.merged_into IS NULL AND article.deleted_at IS NULL \
     AND (?2 IS NULL OR source.name = ?2) \
     AND (?3 IS NULL OR coalesce(revision.published_at, revision.fetched_at) >= ?3) \
     AND (?4 IS NULL OR coalesce(revision.published_at, revision.fetched_at) < ?4) \
     ORDER BY search.rowid DESC";

/// A match before it is shown.
struct Found {
    hit: Hit,
    standfirst: Option<String>,
    text: String,
}

impl Found {
    fn shown(self, rows: &[Row]) -> Hit {
        let mut snippet = snippet::passage(&self.text, rows);
        if let Some(standfirst) = self.standfirst.filter(|_| snippet.marks.is_empty()) {
            let other = snippet::passage(&standfirst, rows);
            if !other.marks.is_empty() || snippet.text.is_empty() {
                snippet = other;
            }
        }
        Hit { snippet, ..self.hit }
    }
}

fn found(row: &Record<'_>) -> rusqlite::Result<Found> {
    Ok(Found {
        hit: Hit {
            article_id: row.get(0)?,
            url: row.get(1)?,
            title: row.get(2)?,
            source: row.get(3)?,
            published: row.get(4)?,
            language: row.get(5)?,
            cluster: row.get(6)?,
            first_seen: moment(row, 7)?,
            snippet: Snippet::default(),
            score: None,
        },
        standfirst: row.get(8)?,
        text: row.get(9)?,
    })
}
