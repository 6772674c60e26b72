//! Runs an [`ArticleQuery`]: gives its articles to a visitor one by one, as of one moment.
//!
//! One read transaction covers the whole run, so that an article that is revised meanwhile is neither missing nor there
//! twice. Memory is that of one article, whatever the size of the database.

use std::collections::HashSet;
use std::ops::ControlFlow;

use rusqlite::types::Value;
use rusqlite::{Connection, Row, Rows, params_from_iter};

use super::article_ref::{ArticleRef, Joined};
use super::error::StoreError;
use super::query::{ArticleQuery, FIRST_MATCH, QuerySql, SortOrder};
use super::reader::{ChangeRow, Reader, timestamp};
use super::search::QueryError;

/// What a visitor receives.
#[derive(Debug)]
pub enum ExportItem<'a> {
    /// An article, or a revision of it.
    Article(&'a ArticleRef<'a>),
    /// An article that was merged into another, or deleted.
    Gone(&'a ChangeRow),
}

impl ExportItem<'_> {
    /// The number of the change by which it is part of the range.
    pub fn change(&self) -> i64 {
        match self {
            Self::Article(article) => article.joined.map_or(article.seq, |joined| joined.seq),
            Self::Gone(change) => change.seq,
        }
    }
}

/// Why a query ended early.
#[derive(Debug, thiserror::Error)]
pub enum ArticleQueryError {
    /// The full-text query cannot find anything.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// The database cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Receives items until it breaks.
type Visitor<'v> = &'v mut dyn FnMut(ExportItem<'_>) -> ControlFlow<()>;

impl Reader {
    /// Gives the articles of a query to `visit`, until it breaks off or fails. Returns the `seq` up to which the database was
    /// read: all changes up to it were considered.
    pub fn for_each<E: From<ArticleQueryError>>(
        &self,
        query: &ArticleQuery,
        mut visit: impl FnMut(ExportItem<'_>) -> Result<ControlFlow<()>, E>,
    ) -> Result<i64, E> {
        let sql = QuerySql::of(query).map_err(ArticleQueryError::from)?;
        let mut failure = None;
        let last = self.visit_rows(query, &sql, &mut |item| {
            visit(item).unwrap_or_else(|error| {
                failure = Some(error);
                ControlFlow::Break(())
            })
        });
        match failure {
            Some(error) => Err(error),
            None => last.map_err(|error| {
                ArticleQueryError::from(StoreError::from(error).while_doing("read the articles")).into()
            }),
        }
    }

    fn visit_rows(&self, query: &ArticleQuery, sql: &QuerySql, visit: Visitor<'_>) -> rusqlite::Result<i64> {
        let snapshot = self.db.unchecked_transaction()?;
        let last: i64 = snapshot.query_row("SELECT seq FROM sequence", [], |row| row.get(0))?;
        let last = query.upto.map_or(last, |upto| upto.min(last));
        let mut rows = snapshot.prepare(&sql.rows)?;
        let mut rows = rows.query(params_from_iter(&sql.values))?;
        let mut walk = Walk {
            db: &snapshot,
            query,
            sql,
            sources: sql.source_ids(&snapshot)?,
            clusters: HashSet::new(),
            left: query.limit.unwrap_or(u64::MAX),
            visit,
        };
        if query.order == SortOrder::Seq {
            let mut changes = snapshot.prepare(
                "SELECT seq, article_id, op, into_id, at, source_id FROM change \
                 WHERE seq > ?1 AND seq <= ?2 ORDER BY seq",
            )?;
            walk.by_seq(&mut rows, &mut changes.query([query.since_seq, last])?)?;
        } else {
            while walk.left > 0
                && let Some(row) = rows.next()?
                && walk.article(row, "new", None)?.is_continue()
            {}
        }
        Ok(last)
    }

    /// Number of articles of a query at most: `one_of_a_cluster` is ignored.
    pub fn count_articles(&self, query: &ArticleQuery) -> Result<u64, ArticleQueryError> {
        let sql = QuerySql::of(query)?;
        let count: i64 = self
            .db
            .query_row(&sql.count, params_from_iter(&sql.values), |row| row.get(0))
            .map_err(|error| StoreError::from(error).while_doing("count the articles"))?;
        Ok(count.unsigned_abs().min(query.limit.unwrap_or(u64::MAX)))
    }
}

/// One run of a query.
struct Walk<'w> {
    db: &'w Connection,
    query: &'w ArticleQuery,
    sql: &'w QuerySql,
    /// Row ids of the selected sources; `None`: all.
    sources: Option<HashSet<i64>>,
    /// Clusters that were visited.
    clusters: HashSet<i64>,
    /// Articles that may still be visited.
    left: u64,
    visit: Visitor<'w>,
}

impl Walk<'_> {
    /// Goes through rows and changes side by side, both sorted by `seq`.
    fn by_seq(&mut self, rows: &mut Rows<'_>, changes: &mut Rows<'_>) -> rusqlite::Result<()> {
        while self.left > 0 {
            let Some(row) = rows.next()? else { break };
            let seq: i64 = row.get(0)?;
            let first_match: Option<i64> = row.get(FIRST_MATCH)?;
            // New to the selection, whatever its own change was.
            let is_new =
                !self.query.revisions && first_match.is_some_and(|first| first > self.query.since_seq);
            let mut op = if is_new { "new" } else { "revised" };
            while let Some(change) = changes.next()? {
                if change.get::<_, i64>(0)? == seq {
                    if change.get_ref(2)?.as_str() == Ok("new") {
                        op = "new";
                    }
                    break;
                }
                if self.change(change)?.is_break() {
                    return Ok(());
                }
            }
            if self.article(row, op, None)?.is_break() {
                return Ok(());
            }
        }
        if self.left > 0 {
            while let Some(change) = changes.next()?
                && self.change(change)?.is_continue()
            {}
        }
        Ok(())
    }

    /// Visits an article, unless its cluster was visited before.
    fn article(
        &mut self,
        row: &Row<'_>,
        op: &str,
        joined: Option<Joined>,
    ) -> rusqlite::Result<ControlFlow<()>> {
        let article = ArticleRef::read(row, op, joined)?;
        if self.left == 0 || (self.query.one_of_a_cluster && !self.clusters.insert(article.cluster)) {
            return Ok(ControlFlow::Continue(()));
        }
        self.left -= 1;
        Ok((self.visit)(ExportItem::Article(&article)))
    }

    /// Visits a change that has no row of its own: the article is gone, or an older revision is shown again, or it came to one
    /// more source, or settled.
    fn change(&mut self, row: &Row<'_>) -> rusqlite::Result<ControlFlow<()>> {
        let op = row.get_ref(2)?.as_str().unwrap_or_default();
        if matches!(op, "new" | "revised") {
            return self.shown_again(row.get(0)?, op);
        }
        if matches!(op, "joined" | "settled") {
            return self.joined(row, op);
        }
        if !self.query.gone || !self.is_selected(row.get(1)?)? {
            return Ok(ControlFlow::Continue(()));
        }
        Ok((self.visit)(ExportItem::Gone(&ChangeRow {
            seq: row.get(0)?,
            article_id: row.get(1)?,
            op: op.to_owned(),
            into_id: row.get(3)?,
            at: timestamp(row, 4)?,
        })))
    }

    /// Visits an article that came to one of the selected sources, unless it was of another one before, or that settled. One
    /// that has changed since is visited with that change.
    fn joined(&mut self, row: &Row<'_>, op: &str) -> rusqlite::Result<ControlFlow<()>> {
        let source: Option<i64> = row.get(5)?;
        let is_selected = |sources: &HashSet<i64>| source.is_some_and(|source| sources.contains(&source));
        let concerns_us = match op {
            "settled" => self.query.settled && !self.query.revisions,
            _ => self.sources.as_ref().is_some_and(is_selected),
        };
        if !concerns_us {
            return Ok(ControlFlow::Continue(()));
        }
        let joined = Joined { seq: row.get(0)?, at: timestamp(row, 4)? };
        let change = [row.get(1)?, joined.seq].map(Value::Integer);
        let mut query = self.db.prepare_cached(&self.sql.joining)?;
        let mut rows = query.query(params_from_iter(self.sql.values.iter().cloned().chain(change)))?;
        match rows.next()? {
            Some(row) => self.article(row, "new", Some(joined)),
            None => Ok(ControlFlow::Continue(())),
        }
    }

    /// Whether an article belongs to one of the selected sources.
    fn is_selected(&self, article: i64) -> rusqlite::Result<bool> {
        let Some(sources) = &self.sources else {
            return Ok(true);
        };
        let mut members = self.db.prepare_cached("SELECT source_id FROM membership WHERE article_id = ?1")?;
        let mut members = members.query([article])?;
        while let Some(row) = members.next()? {
            if sources.contains(&row.get(0)?) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Among revisions: visits a revision under the number of the change that shows it again.
    fn shown_again(&mut self, seq: i64, op: &str) -> rusqlite::Result<ControlFlow<()>> {
        if !self.query.revisions {
            return Ok(ControlFlow::Continue(()));
        }
        let values = self.sql.values.iter().cloned().chain([Value::Integer(seq)]);
        let mut query = self.db.prepare_cached(&self.sql.by_seq)?;
        let mut rows = query.query(params_from_iter(values))?;
        match rows.next()? {
            Some(row) => self.article(row, op, None),
            None => Ok(ControlFlow::Continue(())),
        }
    }
}
