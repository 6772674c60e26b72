//! Articles on their way out: a selection, row by row, without copies, as of one moment.
//!
//! One read transaction holds for the whole of a takeout, so that an article which is revised meanwhile is neither
//! missing nor there twice. Memory is that of one article, whatever the size of the database.

use std::collections::HashSet;
use std::ops::ControlFlow;

use chrono::{DateTime, Utc};
use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, Row, Rows, params_from_iter};

use super::error::StoreError;
use super::filter::Filter;
use super::reader::{ChangeRow, Reader, timestamp};
use super::search::QueryError;

/// Which articles, and how they are put in order. The default is all of them, by `seq`, with what became of the rest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ArticleQuery {
    /// Only what changed after this number.
    pub since_seq: i64,
    /// Only what changed up to this number.
    pub upto: Option<i64>,
    /// Only of these sources; none: of all.
    pub sources: Vec<String>,
    /// Only of sources with one of these tags; none: of all.
    pub tags: Vec<String>,
    /// Only published then or later; first seen, where no date is known.
    pub since: Option<DateTime<Utc>>,
    /// Only published before.
    pub until: Option<DateTime<Utc>>,
    /// Only in these languages (`pt` takes `pt-BR` in); none: in all.
    pub languages: Vec<String>,
    /// Only what a search finds.
    pub query: Option<String>,
    /// Every text that readers were ever shown, not the latest alone; each under the article that it was then.
    pub revisions: bool,
    /// One article of each cluster: the same story on several sites once.
    pub one_of_a_cluster: bool,
    /// At most so many articles.
    pub limit: Option<u64>,
    /// Whether merged and deleted articles are told of; only in the order of `seq`.
    pub gone: bool,
    /// Which come first.
    pub order: SortOrder,
}

/// Which articles come first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SortOrder {
    /// Those that changed longest ago.
    #[default]
    Seq,
    /// Those that changed last.
    Newest,
    /// By source, and within it by the day of publication.
    SourceAndDay,
}

/// What comes out.
#[derive(Debug)]
pub enum ExportItem<'a> {
    /// An article, or a revision of it.
    Article(&'a ArticleRef<'a>),
    /// An article that was merged into another, or deleted.
    Gone(&'a ChangeRow),
}

/// An article as the database holds it, on loan. The columns are those of the `articles` view.
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(missing_docs, reason = "docs/schema.md describes each column")]
pub struct ArticleRef<'a> {
    pub seq: i64,
    pub article_id: i64,
    /// `new` or `revised`; `new` where the order is not that of `seq`.
    pub op: &'a str,
    pub url: &'a str,
    pub short_link: Option<&'a str>,
    pub title: Option<&'a str>,
    pub standfirst: Option<&'a str>,
    pub byline: Option<&'a str>,
    /// A JSON list.
    pub authors: &'a str,
    pub published: Option<&'a str>,
    pub published_at: Option<&'a str>,
    pub precision: Option<&'a str>,
    pub modified: Option<&'a str>,
    pub text: &'a str,
    pub html: &'a str,
    pub image: Option<&'a str>,
    /// Pixels.
    pub image_width: Option<i64>,
    pub image_height: Option<i64>,
    pub language: Option<&'a str>,
    pub site: Option<&'a str>,
    pub section: Option<&'a str>,
    /// A JSON list.
    pub tags: &'a str,
    pub rights: Option<&'a str>,
    /// A JSON list of maps.
    pub enclosures: &'a str,
    pub source: Option<&'a str>,
    pub method: &'a str,
    pub kind: &'a str,
    /// A JSON map.
    pub origins: &'a str,
    pub first_seen: &'a str,
    pub fetched_at: &'a str,
    pub cluster: i64,
}

/// Why a takeout ended early.
#[derive(Debug, thiserror::Error)]
pub enum ArticleQueryError {
    /// The query cannot find anything.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// The database cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Reader {
    /// Gives what was selected to `visit`, until it breaks off or fails. Gives the last number of the database as of
    /// which it was read: everything up to there has been considered.
    pub fn for_each<E: From<ArticleQueryError>>(
        &self,
        which: &ArticleQuery,
        mut visit: impl FnMut(ExportItem<'_>) -> Result<ControlFlow<()>, E>,
    ) -> Result<i64, E> {
        let failed =
            |error: rusqlite::Error| E::from(StoreError::from(error).while_doing("read the articles").into());
        let filter = Filter::of(which).map_err(|error| E::from(error.into()))?;
        let moment = self.db.unchecked_transaction().map_err(failed)?;
        let last: i64 = moment
            .query_row("SELECT seq FROM sequence", [], |row| row.get(0))
            .map_err(failed)?;
        let last = which.upto.map_or(last, |upto| upto.min(last));
        let mut statement = moment.prepare(&filter.articles()).map_err(failed)?;
        let mut rows = statement
            .query(params_from_iter(filter.params.iter()))
            .map_err(failed)?;
        if which.order != SortOrder::Seq {
            let mut clusters = HashSet::new();
            let mut left = which.limit.unwrap_or(u64::MAX);
            while left > 0
                && let Some(row) = rows.next().map_err(failed)?
            {
                let article = article(row, "new").map_err(failed)?;
                if which.one_of_a_cluster && !clusters.insert(article.cluster) {
                    continue;
                }
                if visit(ExportItem::Article(&article))?.is_break() {
                    break;
                }
                left -= 1;
            }
            return Ok(last);
        }
        let mut changes = moment
            .prepare(
                "SELECT seq, article_id, op, into_id, at FROM change WHERE seq > ?1 AND seq <= ?2 ORDER BY seq",
            )
            .map_err(failed)?;
        let mut changes = changes.query([which.since_seq, last]).map_err(failed)?;
        let mut merge = Merge {
            which,
            sources: filter.source_ids(&moment).map_err(failed)?,
            db: &moment,
            again: which.revisions.then(|| filter.again()),
            clusters: HashSet::new(),
            left: which.limit.unwrap_or(u64::MAX),
        };
        merge.run(&mut rows, &mut changes, &mut visit, failed)?;
        Ok(last)
    }

    /// How many articles a takeout has, at most: clusters are not looked at.
    pub fn count_articles(&self, which: &ArticleQuery) -> Result<u64, ArticleQueryError> {
        let filter = Filter::of(which)?;
        let count: i64 = self
            .db
            .query_row(
                &format!("SELECT count(*) FROM {} WHERE {}", filter.view, filter.tests),
                params_from_iter(filter.params.iter()),
                |row| row.get(0),
            )
            .map_err(|error| StoreError::from(error).while_doing("count the articles"))?;
        Ok(count.unsigned_abs().min(which.limit.unwrap_or(u64::MAX)))
    }

    /// The last number that was given to a change.
    pub fn last_seq(&self) -> Result<i64, StoreError> {
        Ok(self
            .db
            .query_row("SELECT seq FROM sequence", [], |row| row.get(0))?)
    }

    /// Names this database; another one after a backup was restored.
    pub fn store_id(&self) -> Result<String, StoreError> {
        Ok(self
            .db
            .query_row("SELECT value FROM meta WHERE key = 'store_id'", [], |row| {
                row.get(0)
            })?)
    }
}

/// Articles and changes side by side, both in the order of `seq`.
struct Merge<'a> {
    which: &'a ArticleQuery,
    /// Sources selected, where sources are.
    sources: Option<HashSet<i64>>,
    db: &'a Connection,
    /// Of revisions: finds the article that a change shows as it was before, with the values of the filter.
    again: Option<(String, Vec<Value>)>,
    clusters: HashSet<i64>,
    left: u64,
}

impl Merge<'_> {
    fn run<E>(
        &mut self,
        rows: &mut Rows<'_>,
        changes: &mut Rows<'_>,
        visit: &mut impl FnMut(ExportItem<'_>) -> Result<ControlFlow<()>, E>,
        failed: impl Fn(rusqlite::Error) -> E,
    ) -> Result<(), E> {
        while self.left > 0 {
            let Some(row) = rows.next().map_err(&failed)? else {
                break;
            };
            let seq: i64 = row.get(0).map_err(&failed)?;
            let mut op = "revised";
            while let Some(change) = changes.next().map_err(&failed)? {
                let is_here = change.get::<_, i64>(0).map_err(&failed)? == seq;
                if !is_here && self.told(change, visit, &failed)?.is_break() {
                    return Ok(());
                }
                if is_here {
                    if change.get_ref(2).map_err(&failed)?.as_str() == Ok("new") {
                        op = "new";
                    }
                    break;
                }
            }
            let article = article(row, op).map_err(&failed)?;
            if self.which.one_of_a_cluster && !self.clusters.insert(article.cluster) {
                continue;
            }
            if visit(ExportItem::Article(&article))?.is_break() {
                return Ok(());
            }
            self.left -= 1;
        }
        if self.left > 0 {
            while let Some(change) = changes.next().map_err(&failed)? {
                if self.told(change, visit, &failed)?.is_break() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Tells of a change without a text of its own: after it there is no article any more, or one of its older texts is
    /// shown again.
    fn told<E>(
        &mut self,
        row: &Row<'_>,
        visit: &mut impl FnMut(ExportItem<'_>) -> Result<ControlFlow<()>, E>,
        failed: &impl Fn(rusqlite::Error) -> E,
    ) -> Result<ControlFlow<()>, E> {
        let op = row.get_ref(2).map_err(failed)?.as_str().unwrap_or_default();
        if matches!(op, "new" | "revised") {
            return self.shown_again(row.get(0).map_err(failed)?, op, visit, failed);
        }
        if !self.which.gone {
            return Ok(ControlFlow::Continue(()));
        }
        let change = ChangeRow {
            seq: row.get(0).map_err(failed)?,
            article_id: row.get(1).map_err(failed)?,
            op: op.to_owned(),
            into_id: row.get(3).map_err(failed)?,
            at: timestamp(row, 4).map_err(failed)?,
        };
        if let Some(sources) = &self.sources {
            let source: Option<i64> = self
                .db
                .prepare_cached("SELECT source_id FROM article WHERE id = ?1")
                .and_then(|mut query| query.query_row([change.article_id], |row| row.get(0)))
                .map_err(failed)?;
            if source.is_none_or(|source| !sources.contains(&source)) {
                return Ok(ControlFlow::Continue(()));
            }
        }
        visit(ExportItem::Gone(&change))
    }

    /// Where an article shows a text again that came with an earlier change: the text, under the number of this one.
    fn shown_again<E>(
        &mut self,
        seq: i64,
        op: &str,
        visit: &mut impl FnMut(ExportItem<'_>) -> Result<ControlFlow<()>, E>,
        failed: &impl Fn(rusqlite::Error) -> E,
    ) -> Result<ControlFlow<()>, E> {
        let Some((query, params)) = &self.again else {
            return Ok(ControlFlow::Continue(()));
        };
        let params = params.iter().cloned().chain([Value::Integer(seq)]);
        let mut query = self.db.prepare_cached(query).map_err(failed)?;
        let mut rows = query.query(params_from_iter(params)).map_err(failed)?;
        let Some(row) = rows.next().map_err(failed)? else {
            return Ok(ControlFlow::Continue(()));
        };
        let article = article(row, op).map_err(failed)?;
        if self.left == 0 || (self.which.one_of_a_cluster && !self.clusters.insert(article.cluster)) {
            return Ok(ControlFlow::Continue(()));
        }
        self.left -= 1;
        visit(ExportItem::Article(&article))
    }
}

/// A text of the database, checked to be one several times as quickly as the standard library does.
fn text(value: ValueRef<'_>) -> rusqlite::Result<&str> {
    if let ValueRef::Text(bytes) = value
        && let Ok(text) = simdutf8::basic::from_utf8(bytes)
    {
        return Ok(text);
    }
    Ok(value.as_str()?)
}

fn article<'a>(row: &'a Row<'_>, op: &'a str) -> rusqlite::Result<ArticleRef<'a>> {
    let text = |column: usize| text(row.get_ref(column)?);
    let some = |column: usize| match row.get_ref(column)? {
        ValueRef::Null => Ok(None),
        value => self::text(value).map(Some),
    };
    Ok(ArticleRef {
        seq: row.get(0)?,
        article_id: row.get(1)?,
        op,
        url: text(2)?,
        short_link: some(3)?,
        title: some(4)?,
        standfirst: some(5)?,
        byline: some(6)?,
        authors: text(7)?,
        published: some(8)?,
        published_at: some(9)?,
        precision: some(10)?,
        modified: some(11)?,
        text: text(12)?,
        html: text(13)?,
        image: some(14)?,
        language: some(15)?,
        site: some(16)?,
        source: some(17)?,
        method: text(18)?,
        kind: text(19)?,
        origins: text(20)?,
        first_seen: text(21)?,
        fetched_at: text(22)?,
        cluster: row.get(23)?,
        section: some(24)?,
        tags: text(25)?,
        rights: some(26)?,
        enclosures: text(27)?,
        image_width: row.get(28)?,
        image_height: row.get(29)?,
    })
}
