//! Which articles go out, as SQL.

use std::collections::HashSet;

use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use super::query::{ArticleQuery, SortOrder};
use super::search::{QueryError, expression};
use super::time;

/// The revisions with what their articles have, as of the change that brought each: pages move between articles later.
const REVISIONS: &str = "(SELECT revisions.*, change.article_id AS told_id, article.first_seen AS first_seen, \
     coalesce(article.cluster, article.id) AS cluster FROM revisions JOIN change ON change.seq = revisions.seq \
     JOIN article ON article.id = change.article_id)";

/// A takeout as conditions.
pub(super) struct Filter {
    pub(super) view: &'static str,
    pub(super) tests: String,
    /// Conditions on the names of sources alone, and their values.
    of_sources: String,
    source_params: Vec<Value>,
    order: &'static str,
    limit: Option<u64>,
    pub(super) params: Vec<Value>,
}

impl Filter {
    pub(super) fn of(which: &ArticleQuery) -> Result<Self, QueryError> {
        let mut params = vec![Value::Integer(which.since_seq)];
        let mut tests = vec!["seq > ?".to_owned()];
        if let Some(upto) = which.upto {
            tests.push("seq <= ?".into());
            params.push(Value::Integer(upto));
        }
        let (mut of_sources, mut source_params) = (Vec::new(), Vec::new());
        if !which.sources.is_empty() {
            of_sources.push(format!("source.name IN ({})", marks(&which.sources)));
            source_params.extend(which.sources.iter().cloned().map(Value::Text));
        }
        if !which.tags.is_empty() {
            of_sources.push(format!(
                "EXISTS (SELECT 1 FROM json_each(source.tags) WHERE json_each.value IN ({}))",
                marks(&which.tags)
            ));
            source_params.extend(which.tags.iter().cloned().map(Value::Text));
        }
        let of_sources = of_sources.join(" AND ");
        if !of_sources.is_empty() {
            tests.push(format!(
                "source IN (SELECT source.name FROM source WHERE {of_sources})"
            ));
            params.extend(source_params.iter().cloned());
        }
        let seen = if which.revisions {
            "fetched_at"
        } else {
            "first_seen"
        };
        for (at, sign) in [(which.since, ">="), (which.until, "<")] {
            if let Some(at) = at {
                tests.push(format!("coalesce(published_at, {seen}) {sign} ?"));
                params.push(Value::Text(time::text(at)));
            }
        }
        if !which.languages.is_empty() {
            let one = |_| "(lower(language) = ? OR lower(language) LIKE ? || '-%')";
            let any: Vec<_> = which.languages.iter().map(one).collect();
            tests.push(format!("({})", any.join(" OR ")));
            for language in &which.languages {
                let language = language.to_lowercase();
                params.push(Value::Text(language.clone()));
                params.push(Value::Text(language));
            }
        }
        if let Some(query) = &which.query {
            tests.push("article_id IN (SELECT rowid FROM search WHERE search MATCH ?)".into());
            params.push(Value::Text(expression(query)?));
        }
        Ok(Self {
            view: if which.revisions { REVISIONS } else { "articles" },
            tests: tests.join(" AND "),
            of_sources,
            source_params,
            order: match which.order {
                SortOrder::Seq => "seq",
                SortOrder::Newest => "seq DESC",
                SortOrder::SourceAndDay => "source, substr(coalesce(published_at, fetched_at), 1, 10), seq",
            },
            // A cluster may take several rows of it away.
            limit: which.limit.filter(|_| !which.one_of_a_cluster),
            params,
        })
    }

    pub(super) fn articles(&self) -> String {
        let limit = self
            .limit
            .map(|limit| format!(" LIMIT {limit}"))
            .unwrap_or_default();
        let id = if self.view == REVISIONS {
            "told_id"
        } else {
            "article_id"
        };
        format!("{} ORDER BY {}{limit}", self.select(self.view, id), self.order)
    }

    /// The article with a last change of this number, the last value.
    pub(super) fn again(&self) -> (String, Vec<Value>) {
        let query = format!("{} AND seq = ?", self.select("articles", "article_id"));
        (query, self.params.clone())
    }

    fn select(&self, view: &str, id: &str) -> String {
        format!(
            "SELECT seq, {id}, url, short_link, title, standfirst, byline, authors, published, published_at, \
             precision, modified, text, html, image, language, site, source, method, kind, origins, first_seen, \
             fetched_at, cluster, section, tags, rights, enclosures, image_width, image_height FROM {view} WHERE {}",
            self.tests
        )
    }

    /// Row ids of the sources selected; none where sources are not selected by.
    pub(super) fn source_ids(&self, db: &Connection) -> rusqlite::Result<Option<HashSet<i64>>> {
        if self.of_sources.is_empty() {
            return Ok(None);
        }
        db.prepare(&format!("SELECT source.id FROM source WHERE {}", self.of_sources))?
            .query_map(params_from_iter(self.source_params.iter()), |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()
            .map(Some)
    }
}

fn marks(values: &[String]) -> String {
    vec!["?"; values.len()].join(", ")
}
