//! A selection of articles, and its translation into SQL. `query_rows` runs it; `export` and `deliver` build it.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use super::article_ref::COLUMNS;
use super::search::{QueryError, expression};
use super::time;

/// Which articles, in which order. The default is all of them by `seq`. Conditions apply together; an empty list sets no
/// condition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ArticleQuery {
    /// Only changes after this number.
    pub since_seq: i64,
    /// Only changes up to this number.
    pub upto: Option<i64>,
    /// Only articles of these sources, by name.
    pub sources: Vec<String>,
    /// Only articles of sources that have one of these tags.
    pub tags: Vec<String>,
    /// Only articles published at this time or later; `first_seen` counts where the date is unknown.
    pub since: Option<DateTime<Utc>>,
    /// Only articles published before this time.
    pub until: Option<DateTime<Utc>>,
    /// Only articles in these languages; `pt` includes `pt-BR`.
    pub languages: Vec<String>,
    /// Only articles that this full-text query finds.
    pub query: Option<String>,
    /// All announced revisions instead of the current one, each under the id its article had then.
    pub revisions: bool,
    /// Only the first article of each cluster.
    pub one_of_a_cluster: bool,
    /// At most this many articles.
    pub limit: Option<u64>,
    /// Whether merged and deleted articles are reported; only by [`SortOrder::Seq`].
    pub gone: bool,
    /// Which come first.
    pub order: SortOrder,
}

/// Which articles come first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SortOrder {
    /// By `seq`: the oldest change first.
    #[default]
    Seq,
    /// The latest change first.
    Newest,
    /// By source, and within it by the day of publication.
    SourceAndDay,
}

/// The revisions with the columns of their articles. `announced_id` is the article that each belonged to when it was announced;
/// its page may have moved since.
const REVISIONS: &str = "(SELECT revisions.*, change.article_id AS announced_id, article.first_seen AS first_seen, \
     coalesce(article.cluster, article.id) AS cluster FROM revisions JOIN change ON change.seq = revisions.seq \
     JOIN article ON article.id = change.article_id)";

/// SQL conditions joined by `AND`, and the values of their parameters.
#[derive(Default)]
struct Conditions {
    tests: Vec<String>,
    values: Vec<Value>,
}

impl Conditions {
    fn add(&mut self, test: impl Into<String>, values: impl IntoIterator<Item = Value>) {
        self.tests.push(test.into());
        self.values.extend(values);
    }

    fn sql(&self) -> String {
        self.tests.join(" AND ")
    }
}

/// An [`ArticleQuery`] as SQL.
pub(super) struct QuerySql {
    /// Selects the articles or revisions in order; the columns are [`COLUMNS`].
    pub(super) rows: String,
    /// Counts the same.
    pub(super) count: String,
    /// Selects the article whose last change has the number of one more parameter.
    pub(super) by_seq: String,
    /// The parameters of each.
    pub(super) values: Vec<Value>,
    /// Conditions on the table `source`.
    sources: Conditions,
}

impl QuerySql {
    pub(super) fn of(query: &ArticleQuery) -> Result<Self, QueryError> {
        let sources = source_conditions(query);
        let mut all = Conditions::default();
        all.add("seq > ?", [Value::Integer(query.since_seq)]);
        if let Some(upto) = query.upto {
            all.add("seq <= ?", [Value::Integer(upto)]);
        }
        if !sources.tests.is_empty() {
            all.add(
                format!("source IN (SELECT source.name FROM source WHERE {})", sources.sql()),
                sources.values.iter().cloned(),
            );
        }
        let seen = if query.revisions { "fetched_at" } else { "first_seen" };
        for (at, sign) in [(query.since, ">="), (query.until, "<")] {
            if let Some(at) = at {
                let test = format!("coalesce(published_at, {seen}) {sign} ?");
                all.add(test, [Value::Text(time::text(at))]);
            }
        }
        if !query.languages.is_empty() {
            let one = "(lower(language) = ? OR lower(language) LIKE ? || '-%')";
            let values = query.languages.iter().flat_map(|language| {
                let language = Value::Text(language.to_lowercase());
                [language.clone(), language]
            });
            all.add(format!("({})", vec![one; query.languages.len()].join(" OR ")), values);
        }
        if let Some(query) = &query.query {
            let test = "article_id IN (SELECT rowid FROM search WHERE search MATCH ?)";
            all.add(test, [Value::Text(expression(query)?)]);
        }

        let (from, id) =
            if query.revisions { (REVISIONS, "announced_id") } else { ("articles", "article_id") };
        let tests = all.sql();
        let order = match query.order {
            SortOrder::Seq => "seq",
            SortOrder::Newest => "seq DESC",
            SortOrder::SourceAndDay => "source, substr(coalesce(published_at, fetched_at), 1, 10), seq",
        };
        // Where one of each cluster is wanted, rows are skipped while reading.
        let limit = match query.limit.filter(|_| !query.one_of_a_cluster) {
            Some(limit) => format!(" LIMIT {limit}"),
            None => String::new(),
        };
        Ok(Self {
            rows: format!("{} FROM {from} WHERE {tests} ORDER BY {order}{limit}", select(id)),
            count: format!("SELECT count(*) FROM {from} WHERE {tests}"),
            by_seq: format!("{} FROM articles WHERE {tests} AND seq = ?", select("article_id")),
            values: all.values,
            sources,
        })
    }

    /// Row ids of the selected sources; `None` where the query does not select by source.
    pub(super) fn source_ids(&self, db: &Connection) -> rusqlite::Result<Option<HashSet<i64>>> {
        if self.sources.tests.is_empty() {
            return Ok(None);
        }
        db.prepare(&format!("SELECT source.id FROM source WHERE {}", self.sources.sql()))?
            .query_map(params_from_iter(&self.sources.values), |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()
            .map(Some)
    }
}

fn source_conditions(query: &ArticleQuery) -> Conditions {
    let mut conditions = Conditions::default();
    for (values, before, after) in [
        (&query.sources, "source.name IN (", ")"),
        (&query.tags, "EXISTS (SELECT 1 FROM json_each(source.tags) WHERE json_each.value IN (", "))"),
    ] {
        if !values.is_empty() {
            let marks = vec!["?"; values.len()].join(", ");
            let values = values.iter().cloned().map(Value::Text);
            conditions.add(format!("{before}{marks}{after}"), values);
        }
    }
    conditions
}

/// Selects [`COLUMNS`], with `id` as the id of the article.
fn select(id: &str) -> String {
    let columns: Vec<&str> =
        COLUMNS.iter().map(|(name, _)| if *name == "article_id" { id } else { name }).collect();
    format!("SELECT {}", columns.join(", "))
}
