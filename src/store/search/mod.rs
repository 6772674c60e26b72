//! Full-text search in what readers see: the newest matches first, or the best of the newest.
//!
//! Sorting or ranking all matches of a common word would read all of them. Both are therefore done among the
//! [`MAX_CANDIDATES`] matches that were stored last, which FTS5 returns in that order without sorting. A source is searched
//! by a word of its own in the index ([`text_index::source_word`]), a span of time by the first and the last article that
//! were shown in it. `cuttings search` is the caller; exports use only [`expression`].

mod prefixes;
mod query;
mod snippet;
mod words;

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::HashSet;

use chrono::{DateTime, Utc};
use rusqlite::types::ValueRef;
use rusqlite::{OptionalExtension, Row, params};

pub use query::QueryError;
pub use snippet::Snippet;

use super::error::StoreError;
use super::reader::{Reader, source_by_name, timestamp};
use super::text_index;
use prefixes::PrefixSample;
use snippet::TermCounts;
use words::TermWords;

/// Matches among which the newest or the best are chosen.
const MAX_CANDIDATES: usize = 1000;

/// Arguments of [`Reader::search`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SearchRequest {
    /// Words, phrases and operators as typed. Any text is allowed.
    pub query: String,
    /// Only articles that belong to this source, by name.
    pub source: Option<String>,
    /// Only articles published at this time or later; the time of the fetch counts where the date is unknown.
    pub since: Option<DateTime<Utc>>,
    /// Only articles published before this time.
    pub until: Option<DateTime<Utc>>,
    /// Which come first.
    pub order: SortBy,
    /// At most this many articles.
    pub limit: usize,
    /// Only the first article of each cluster.
    pub one_of_a_cluster: bool,
}

/// Which articles come first, among the thousand matches that were stored last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SortBy {
    /// The latest publication; the time of the fetch counts where the date is unknown.
    #[default]
    Newest,
    /// The best match.
    Rank,
}

/// Result of a search.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Hits {
    /// The articles, in the requested order.
    pub hits: Vec<Hit>,
    /// Prefixes, as typed with their `*`, that begin too many words: only the commonest of these were searched for.
    pub shortened: Vec<String>,
}

/// An article that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    /// Id of the article; the same for all its revisions.
    pub article_id: i64,
    /// The URL to show.
    pub url: String,
    /// Headline.
    pub title: Option<String>,
    /// Name of the source of its text.
    pub source: Option<String>,
    /// Names of all its sources.
    pub sources: Vec<String>,
    /// The date as the page wrote it.
    pub published: Option<String>,
    /// Language tag (BCP 47).
    pub language: Option<String>,
    /// Number of its cluster; the same story elsewhere has the same number.
    pub cluster: i64,
    /// When the article was first stored.
    pub first_seen: DateTime<Utc>,
    /// The passage with the terms.
    pub snippet: Snippet,
    /// How well it matches, for [`SortBy::Rank`]; larger is better.
    pub score: Option<f64>,
}

/// Why a search has no result.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// The query cannot find anything.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// The database cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A typed query as an FTS5 expression.
pub(super) fn expression(typed: &str) -> Result<String, QueryError> {
    Ok(query::parse(typed)?.expression)
}

impl Reader {
    /// Searches titles, standfirsts and texts.
    pub fn search(&self, request: &SearchRequest) -> Result<Hits, SearchError> {
        let failed = |error: rusqlite::Error| StoreError::from(error).while_doing("search");
        // One snapshot; and SQLite locks the file once, not for each of a thousand texts.
        let _snapshot =
            (self.db.is_autocommit()).then(|| self.db.unchecked_transaction()).transpose().map_err(failed)?;
        let mut query = query::parse(&request.query)?;
        if !query.prefixes.is_empty() {
            let sample = PrefixSample::of(self, &query.prefixes).map_err(failed)?;
            query = query::parse_with(&request.query, &|prefix| sample.expansions(prefix))?;
        }
        let terms: Vec<TermWords> = query.terms.iter().map(TermWords::of).collect();
        let hits = self.candidates(request, &query.expression).and_then(|candidates| {
            let scored = match request.order {
                SortBy::Newest => candidates.into_iter().map(|candidate| (candidate, None)).collect(),
                SortBy::Rank => self.ranked(candidates, &terms)?,
            };
            self.hits(request, scored, &terms)
        });
        Ok(Hits { hits: hits.map_err(failed)?, shortened: query.shortened })
    }

    /// The candidates with their scores, the best first; of two with one score the newer.
    fn ranked(
        &self,
        candidates: Vec<SearchCandidate>,
        terms: &[TermWords],
    ) -> rusqlite::Result<Vec<(SearchCandidate, Option<f64>)>> {
        let (mut counted, mut counts) = (Vec::new(), Vec::new());
        let mut fields = self.db.prepare_cached(RANKED_FIELDS)?;
        for candidate in candidates {
            let count = fields
                .query_row([candidate.article], |row| {
                    let [title, standfirst, text] = [row.get_ref(0)?, row.get_ref(1)?, row.get_ref(2)?];
                    let fields = [text_or_empty(title)?, text_or_empty(standfirst)?, text_or_empty(text)?];
                    Ok(TermCounts::of(fields, terms))
                })
                .optional()?;
            if let Some(count) = count {
                counts.push(count);
                counted.push(candidate);
            }
        }
        let scores = snippet::scores(&counts, terms.len());
        let mut ranked: Vec<(SearchCandidate, f64)> = counted.into_iter().zip(scores).collect();
        // A stable sort keeps the newer of equals first.
        ranked.sort_by(|(_, a), (_, b)| b.total_cmp(a));
        Ok(ranked.into_iter().map(|(candidate, score)| (candidate, Some(score))).collect())
    }

    /// The first candidates, as many as requested, with what is shown of them.
    fn hits(
        &self,
        request: &SearchRequest,
        candidates: Vec<(SearchCandidate, Option<f64>)>,
        terms: &[TermWords],
    ) -> rusqlite::Result<Vec<Hit>> {
        let mut clusters = HashSet::new();
        let mut hits = Vec::new();
        let mut fields = self.db.prepare_cached(HIT_FIELDS)?;
        for (candidate, score) in candidates {
            if hits.len() >= request.limit {
                break;
            }
            if !request.one_of_a_cluster || clusters.insert(candidate.cluster) {
                let hit = fields.query_row([candidate.article], |row| read_hit(row, terms)).optional()?;
                hits.extend(hit.map(|hit| Hit { score, ..hit }));
            }
        }
        Ok(hits)
    }

    /// The matches that were stored last, sorted by publication, the latest first.
    fn candidates(
        &self,
        request: &SearchRequest,
        expression: &str,
    ) -> rusqlite::Result<Vec<SearchCandidate>> {
        let mut expression = Cow::Borrowed(expression);
        if let Some(name) = &request.source {
            let Some(source) = source_by_name(&self.db, name)? else {
                return Ok(Vec::new());
            };
            let word = text_index::source_word(source.0);
            expression = format!("({expression}) AND source : \"{word}\"").into();
        }
        let from = request.since.map_or(i64::MIN, |at| at.timestamp());
        let until = request.until.map_or(i64::MAX, |at| at.timestamp());
        let ids: (Option<i64>, Option<i64>) = if (from, until) == (i64::MIN, i64::MAX) {
            (Some(i64::MIN), Some(i64::MAX))
        } else {
            self.db
                .prepare_cached(ID_RANGE)?
                .query_row([from, until], |row| Ok((row.get(0)?, row.get(1)?)))?
        };
        let (Some(first), Some(last)) = ids else {
            return Ok(Vec::new());
        };
        let limit = match request.limit {
            0 => 0,
            limit => limit.max(MAX_CANDIDATES),
        };
        let mut candidates: Vec<SearchCandidate> = self
            .db
            .prepare_cached(MATCHES)?
            .query_map(params![expression, first, last, from, until, limit as i64], |row| {
                Ok(SearchCandidate { article: row.get(0)?, shown_at: row.get(1)?, cluster: row.get(2)? })
            })?
            .collect::<Result<_, _>>()?;
        candidates.sort_by_key(|candidate| Reverse((candidate.shown_at, candidate.article)));
        Ok(candidates)
    }
}

/// A match with its columns of `article`, a table with small rows.
struct SearchCandidate {
    article: i64,
    /// When it was published, else fetched, in seconds since 1970.
    shown_at: i64,
    cluster: i64,
}

/// The lowest and the highest id of the articles of a span of time.
const ID_RANGE: &str = "SELECT min(id), max(id) FROM article WHERE shown_at >= ?1 AND shown_at < ?2";

/// The matches that were stored last.
pub(super) const MATCHES: &str = "SELECT article.id, article.shown_at, coalesce(article.cluster, article.id) \
     FROM search CROSS JOIN article ON article.id = search.rowid \
     WHERE search MATCH ?1 AND search.rowid BETWEEN ?2 AND ?3 AND article.shown_at >= ?4 AND article.shown_at < ?5 \
     ORDER BY search.rowid DESC LIMIT ?6";

/// What ranking needs of an article. These columns come first in a row: of its pages on the disk only the first are read.
const RANKED_FIELDS: &str = "SELECT revision.title, revision.standfirst, revision.text \
     FROM article JOIN revision ON revision.id = article.revision_id \
     WHERE article.id = ?1 AND article.merged_into IS NULL AND article.deleted_at IS NULL";

/// What is shown of an article: for [`read_hit`].
const HIT_FIELDS: &str = "SELECT article.id, revision.url, revision.title, source.name, revision.published, \
     revision.language, coalesce(article.cluster, article.id), article.first_seen, revision.standfirst, revision.text, article.sources \
     FROM article JOIN revision ON revision.id = article.revision_id LEFT JOIN source ON source.id = revision.source_id \
     WHERE article.id = ?1 AND article.merged_into IS NULL AND article.deleted_at IS NULL";

fn text_or_empty(value: ValueRef<'_>) -> rusqlite::Result<&str> {
    Ok(value.as_str_or_null()?.unwrap_or_default())
}

fn read_hit(row: &Row<'_>, terms: &[TermWords]) -> rusqlite::Result<Hit> {
    let mut snippet = snippet::passage(text_or_empty(row.get_ref(9)?)?, terms);
    if snippet.marks.is_empty()
        && let Some(standfirst) = row.get_ref(8)?.as_str_or_null()?
    {
        let other = snippet::passage(standfirst, terms);
        if !other.marks.is_empty() || snippet.text.is_empty() {
            snippet = other;
        }
    }
    Ok(Hit {
        article_id: row.get(0)?,
        url: row.get(1)?,
        title: row.get(2)?,
        source: row.get(3)?,
        sources: serde_json::from_str(row.get_ref(10)?.as_str()?).unwrap_or_default(),
        published: row.get(4)?,
        language: row.get(5)?,
        cluster: row.get(6)?,
        first_seen: timestamp(row, 7)?,
        snippet,
        score: None,
    })
}
