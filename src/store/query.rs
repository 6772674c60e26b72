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
#[expect(clippy::struct_excessive_bools, reason = "each is a condition by itself")]
pub struct ArticleQuery {
    /// Only changes after this number. That an article came to the selected sources is a change, too.
    pub since_seq: i64,
    /// Only changes up to this number.
    pub upto: Option<i64>,
    /// Only articles that belong to one of these sources, by name.
    pub sources: Vec<String>,
    /// Only articles that belong to a source with one of these tags.
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
    /// Only settled articles: those that are not provisional. That an article settled is a change, too.
    pub settled: bool,
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
     article.sources AS sources, article.provisional AS provisional, coalesce(article.cluster, article.id) AS cluster FROM revisions \
     JOIN change ON change.seq = revisions.seq JOIN article ON article.id = change.article_id)";

/// Since which change the text of an article is settled, where that is later than its own change; else 0.
const SETTLED: &str = "coalesce((SELECT settled_seq FROM article WHERE id = item.article_id), 0)";

/// SQL conditions, and the values of all parameters.
#[derive(Default)]
struct Conditions {
    tests: Vec<String>,
    values: Vec<Value>,
}

impl Conditions {
    /// A parameter with this value.
    fn bind(&mut self, value: impl Into<Value>) -> String {
        self.values.push(value.into());
        format!("?{}", self.values.len())
    }

    fn bind_all(&mut self, values: &[String]) -> String {
        let parameters: Vec<String> = values.iter().map(|value| self.bind(value.clone())).collect();
        parameters.join(", ")
    }

    fn add(&mut self, test: String) {
        self.tests.push(test);
    }

    fn sql(&self) -> String {
        self.tests.join(" AND ")
    }
}

/// An [`ArticleQuery`] as SQL. A row has [`COLUMNS`] and [`FIRST_MATCH`].
pub(super) struct QuerySql {
    /// Selects the articles or revisions in order.
    pub(super) rows: String,
    /// Counts the same; in the order of `seq` those that join as well.
    pub(super) count: String,
    /// Selects the article whose last change has the number of one more parameter.
    pub(super) by_seq: String,
    /// Selects an article that came to the selection by a change of the range, later than by its own. Two more parameters: the
    /// article and the number of that change.
    pub(super) joining: String,
    /// The parameters of each.
    pub(super) values: Vec<Value>,
    /// Selects the row ids of the selected sources, and how many of the parameters it takes; `None`: all sources.
    sources: Option<(String, usize)>,
}

/// Position of the column that says since which change an article belongs to the selection: to one of the selected sources,
/// and settled. Null where the query selects by neither.
pub(super) const FIRST_MATCH: usize = COLUMNS.len();

impl QuerySql {
    pub(super) fn of(query: &ArticleQuery) -> Result<Self, QueryError> {
        let mut all = Conditions::default();
        let sources = selected_sources(query, &mut all);
        add_contents(query, &mut all)?;
        let (after, upto) = (all.bind(query.since_seq), all.bind(query.upto.unwrap_or(i64::MAX)));
        let settled = query.settled && !query.revisions;
        if query.settled {
            all.add("item.provisional = 0".into());
        }
        let is_joining = sources.is_some() || settled;
        let first_match = |id: &str| {
            let membership = sources.as_ref().map(|(sources, _)| {
                format!(
                    "(SELECT min(membership.seq) FROM membership \
                     WHERE membership.article_id = item.{id} AND membership.source_id IN ({sources}))"
                )
            });
            match (membership, settled) {
                (None, false) => "NULL".to_owned(),
                (Some(membership), false) => membership,
                (None, true) => SETTLED.to_owned(),
                (Some(membership), true) => format!("max({membership}, {SETTLED})"),
            }
        };
        let contents = all.tests.iter().fold(String::new(), |sql, test| format!("{sql} AND {test}"));
        let (from, id) =
            if query.revisions { (REVISIONS, "announced_id") } else { ("articles", "article_id") };
        // An article is part of the range by its last change or by the one that brought it to the selection, whichever is later.
        // In order, the latter are `joining`. A version is part of it by its own change.
        let changed = format!("item.seq > {after} AND item.seq <= {upto}");
        let selected = |id: &str, until: &str| {
            if is_joining { format!(" AND {} <= {until}", first_match(id)) } else { String::new() }
        };
        let in_order = changed.clone() + &selected(id, if query.revisions { &upto } else { "item.seq" });
        let in_any_order = if is_joining {
            let (selected, first_match) = (selected(id, &upto), first_match(id));
            format!("item.seq <= {upto}{selected} AND (item.seq > {after} OR {first_match} > {after})")
        } else {
            changed.clone()
        };
        let (range, order) = match query.order {
            SortOrder::Seq => (&in_order, "item.seq"),
            SortOrder::Newest => (&in_any_order, "item.seq DESC"),
            SortOrder::SourceAndDay => (
                &in_any_order,
                "item.source, substr(coalesce(item.published_at, item.fetched_at), 1, 10), item.seq",
            ),
        };
        // Where one of each cluster is wanted, rows are skipped while reading.
        let limit = match query.limit.filter(|_| !query.one_of_a_cluster) {
            Some(limit) => format!(" LIMIT {limit}"),
            None => String::new(),
        };
        let select = |id: &str| format!("SELECT {}, {}", columns(id), first_match(id));
        let (one, two) = (format!("?{}", all.values.len() + 1), format!("?{}", all.values.len() + 2));
        let before =
            if query.revisions { format!("item.seq <= {after}") } else { format!("item.seq < {two}") };
        Ok(Self {
            rows: format!(
                "{} FROM {from} AS item WHERE {range}{contents} ORDER BY {order}{limit}",
                select(id)
            ),
            count: format!("SELECT count(*) FROM {from} AS item WHERE {in_any_order}{contents}"),
            by_seq: format!(
                "{} FROM articles AS item WHERE {changed}{}{contents} AND item.seq = {one}",
                select("article_id"),
                selected("article_id", &upto)
            ),
            joining: format!(
                "{} FROM articles AS item WHERE {before}{contents} AND item.article_id = {one} AND {} = {two}",
                select("article_id"),
                first_match("article_id"),
            ),
            values: all.values,
            sources,
        })
    }

    /// Row ids of the selected sources; `None` where the query does not select by source.
    pub(super) fn source_ids(&self, db: &Connection) -> rusqlite::Result<Option<HashSet<i64>>> {
        let Some((sql, parameters)) = &self.sources else {
            return Ok(None);
        };
        db.prepare(sql)?
            .query_map(params_from_iter(self.values.iter().take(*parameters)), |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()
            .map(Some)
    }
}

/// Selects the row ids of the sources of a query, with how many parameters; `None`: all sources.
fn selected_sources(query: &ArticleQuery, all: &mut Conditions) -> Option<(String, usize)> {
    let mut sources = Conditions { values: std::mem::take(&mut all.values), ..Conditions::default() };
    if !query.sources.is_empty() {
        let names = sources.bind_all(&query.sources);
        sources.add(format!("source.name IN ({names})"));
    }
    if !query.tags.is_empty() {
        let tags = sources.bind_all(&query.tags);
        sources
            .add(format!("EXISTS (SELECT 1 FROM json_each(source.tags) WHERE json_each.value IN ({tags}))"));
    }
    let sql = format!("SELECT source.id FROM source WHERE {}", sources.sql());
    all.values = sources.values;
    (!sources.tests.is_empty()).then_some((sql, all.values.len()))
}

/// Adds the conditions on the text and its dates.
fn add_contents(query: &ArticleQuery, all: &mut Conditions) -> Result<(), QueryError> {
    let seen = if query.revisions { "fetched_at" } else { "first_seen" };
    for (at, sign) in [(query.since, ">="), (query.until, "<")] {
        if let Some(at) = at {
            let at = all.bind(time::text(at));
            all.add(format!("coalesce(item.published_at, item.{seen}) {sign} {at}"));
        }
    }
    let mut languages = Vec::new();
    for language in &query.languages {
        let language = all.bind(language.to_lowercase());
        languages.push(format!(
            "lower(item.language) = {language} OR lower(item.language) LIKE {language} || '-%'"
        ));
    }
    if !languages.is_empty() {
        all.add(format!("({})", languages.join(" OR ")));
    }
    if let Some(query) = &query.query {
        let expression = all.bind(expression(query)?);
        all.add(format!("item.article_id IN (SELECT rowid FROM search WHERE search MATCH {expression})"));
    }
    Ok(())
}

/// Lists [`COLUMNS`], with `id` as the id of the article.
fn columns(id: &str) -> String {
    let columns: Vec<String> = COLUMNS
        .iter()
        .map(|(name, _)| format!("item.{}", if *name == "article_id" { id } else { name }))
        .collect();
    columns.join(", ")
}
