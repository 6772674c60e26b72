//! Searching what readers see: newest first, or the best of the newest.
//!
//! Sorting or ranking all that a common word finds would read all of it. So either is done among the matches that arrived
//! last, [`CANDIDATES`] of them: FTS5 gives its rows in the order of arrival without sorting. What one source says is
//! found by a word of its own in the index, what a time saw among the articles that were shown first and last in it.

mod beginnings;
mod query;
mod snippet;
mod words;

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::HashSet;

use chrono::{DateTime, Utc};
use rusqlite::types::ValueRef;
use rusqlite::{OptionalExtension, Row as Record, params};

pub use query::QueryError;
pub use snippet::Snippet;

use super::error::StoreError;
use super::reader::{Reader, timestamp};
use beginnings::Sample;
use snippet::Counts;
use words::Row;

/// Of how many matches the best and the newest are chosen.
const CANDIDATES: usize = 1000;

/// What is looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SearchRequest {
    /// Words, phrases and operators; any text whatever is allowed.
    pub query: String,
    /// Only articles of this source.
    pub source: Option<String>,
    /// Only published then or later; fetched, where no date is known.
    pub since: Option<DateTime<Utc>>,
    /// Only published before.
    pub until: Option<DateTime<Utc>>,
    /// Which come first.
    pub order: SortBy,
    /// At most so many.
    pub limit: usize,
    /// One article of each cluster: the same story on several sites once.
    pub one_of_a_cluster: bool,
}

/// Which come first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SortBy {
    /// What was published last (fetched, where no date is known), of the thousand matches that arrived last.
    #[default]
    Newest,
    /// What fits best, of the thousand matches that arrived last.
    Rank,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Hits {
    /// The articles, in the order asked for.
    pub hits: Vec<Hit>,
    /// Beginnings of words, as typed with their star, that begin more than can be looked through at once: what was
    /// looked for are the commonest of those words in the latest articles.
    pub shortened: Vec<String>,
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
    pub fn search(&self, search: &SearchRequest) -> Result<Hits, SearchError> {
        let failed = |error: rusqlite::Error| StoreError::from(error).while_doing("search");
        // What is found is read as it was found, and the file is locked once and not for each of a thousand texts.
        let _moment = (self.db.is_autocommit())
            .then(|| self.db.unchecked_transaction())
            .transpose()
            .map_err(failed)?;
        let mut query = query::parse(&search.query)?;
        if !query.beginnings.is_empty() {
            let sample = Sample::of(self, &query.beginnings).map_err(failed)?;
            query = query::parse_with(&search.query, &|beginning| sample.instead_of(beginning))?;
        }
        let rows: Vec<Row> = query.terms.iter().map(Row::of).collect();
        let hits = match search.order {
            SortBy::Newest => self.newest(search, &query.expression, &rows),
            SortBy::Rank => self.best(search, &query.expression, &rows),
        };
        Ok(Hits {
            hits: hits.map_err(failed)?,
            shortened: query.shortened,
        })
    }

    fn newest(&self, search: &SearchRequest, expression: &str, rows: &[Row]) -> rusqlite::Result<Vec<Hit>> {
        let mut seen = HashSet::new();
        let mut hits = Vec::new();
        for candidate in self.candidates(search, expression)? {
            if hits.len() >= search.limit {
                break;
            }
            if !search.one_of_a_cluster || seen.insert(candidate.cluster) {
                hits.extend(self.found(&candidate)?.map(|found| found.shown(rows)));
            }
        }
        Ok(hits)
    }

    fn best(&self, search: &SearchRequest, expression: &str, rows: &[Row]) -> rusqlite::Result<Vec<Hit>> {
        let (mut met, mut counts) = (Vec::new(), Vec::new());
        let mut told = self.db.prepare_cached(TOLD)?;
        for candidate in self.candidates(search, expression)? {
            let counted = told
                .query_row([candidate.article], |row| {
                    let [title, standfirst, text] = [row.get_ref(0)?, row.get_ref(1)?, row.get_ref(2)?];
                    Ok(Counts::of(
                        [words_of(title)?, words_of(standfirst)?, words_of(text)?],
                        rows,
                    ))
                })
                .optional()?;
            if let Some(counted) = counted {
                counts.push(counted);
                met.push(candidate);
            }
        }
        let scores = snippet::scores(&counts, rows.len());
        let mut ranked: Vec<(f64, Candidate)> = scores.into_iter().zip(met).collect();
        // A stable sort: of two that fit as well the newer comes first.
        ranked.sort_by(|(a, _), (b, _)| b.total_cmp(a));
        let mut seen = HashSet::new();
        let mut hits = Vec::new();
        for (score, candidate) in ranked {
            if hits.len() >= search.limit {
                break;
            }
            if !search.one_of_a_cluster || seen.insert(candidate.cluster) {
                hits.extend(self.found(&candidate)?.map(|found| Hit {
                    score: Some(score),
                    ..found.shown(rows)
                }));
            }
        }
        Ok(hits)
    }

    /// Matches that arrived last, what was published last first.
    fn candidates(&self, search: &SearchRequest, expression: &str) -> rusqlite::Result<Vec<Candidate>> {
        let mut expression = Cow::Borrowed(expression);
        if let Some(name) = &search.source {
            let source: Option<i64> = self
                .db
                .prepare_cached("SELECT id FROM source WHERE name = ?1")?
                .query_row([name], |row| row.get(0))
                .optional()?;
            let Some(source) = source else {
                return Ok(Vec::new());
            };
            expression = format!(
                "({expression}) AND source : \"{}\"",
                super::text_index::source_word(source)
            )
            .into();
        }
        let from = search.since.map_or(i64::MIN, |at| at.timestamp());
        let until = search.until.map_or(i64::MAX, |at| at.timestamp());
        let (first, last): (Option<i64>, Option<i64>) = if (from, until) == (i64::MIN, i64::MAX) {
            (Some(i64::MIN), Some(i64::MAX))
        } else {
            self.db
                .prepare_cached(SPAN)?
                .query_row([from, until], |row| Ok((row.get(0)?, row.get(1)?)))?
        };
        let (Some(first), Some(last)) = (first, last) else {
            return Ok(Vec::new());
        };
        let most = match search.limit {
            0 => 0,
            limit => limit.max(CANDIDATES),
        };
        let mut candidates: Vec<Candidate> = self
            .db
            .prepare_cached(MATCHES)?
            .query_map(
                params![expression, first, last, from, until, most as i64],
                |row| {
                    Ok(Candidate {
                        article: row.get(0)?,
                        shown_at: row.get(1)?,
                        cluster: row.get(2)?,
                    })
                },
            )?
            .collect::<Result<_, _>>()?;
        candidates.sort_by_key(|candidate| Reverse((candidate.shown_at, candidate.article)));
        Ok(candidates)
    }

    fn found(&self, candidate: &Candidate) -> rusqlite::Result<Option<Found>> {
        self.db
            .prepare_cached(FOUND)?
            .query_row([candidate.article], found)
            .optional()
    }
}

/// A match, by what the small table of articles says of it.
struct Candidate {
    article: i64,
    shown_at: i64,
    cluster: i64,
}

/// The articles that were shown first and last of those of a time.
const SPAN: &str = "SELECT min(id), max(id) FROM article WHERE shown_at >= ?1 AND shown_at < ?2";

/// Matches that arrived last.
pub(super) const MATCHES: &str = "SELECT article.id, article.shown_at, coalesce(article.cluster, article.id) \
     FROM search CROSS JOIN article ON article.id = search.rowid \
     WHERE search MATCH ?1 AND search.rowid BETWEEN ?2 AND ?3 AND article.shown_at >= ?4 AND article.shown_at < ?5 \
     ORDER BY search.rowid DESC LIMIT ?6";

/// What one is judged by: of a row of three pages on the disk the first two.
const TOLD: &str = "SELECT revision.title, revision.standfirst, revision.text \
     FROM article JOIN revision ON revision.id = article.revision_id \
     WHERE article.id = ?1 AND article.merged_into IS NULL AND article.deleted_at IS NULL";

/// What is shown of one.
const FOUND: &str = "SELECT article.id, revision.url, revision.title, source.name, revision.published, \
     revision.language, coalesce(article.cluster, article.id), article.first_seen, revision.standfirst, revision.text \
     FROM article JOIN revision ON revision.id = article.revision_id LEFT JOIN source ON source.id = revision.source_id \
     WHERE article.id = ?1 AND article.merged_into IS NULL AND article.deleted_at IS NULL";

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

/// A text where it lies; a null says nothing.
fn words_of(value: ValueRef<'_>) -> rusqlite::Result<&str> {
    Ok(value.as_str_or_null()?.unwrap_or_default())
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
            first_seen: timestamp(row, 7)?,
            snippet: Snippet::default(),
            score: None,
        },
        standfirst: row.get(8)?,
        text: row.get(9)?,
    })
}
