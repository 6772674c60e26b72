//! `cuttings import`: stores the articles of another database's export.
//!
//! Into an empty database the articles come verbatim, with their numbers, so that exporting again gives the same bytes. A
//! database with articles of its own gives new numbers, and keeps what it knows under any URL of an imported article.
//! `export::intake` reads and checks the lines; `cli::import` sends them in batches, each of which is one transaction.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, params};
use url::Url;

use super::error::StoreError;
use super::handle::Store;
use super::page_id::page_of_key;
use super::reader::source_by_name;
use super::revision_columns::COLUMNS;
use super::{changes, memberships, text_index, time};
use crate::identity::{self, Identity, KeyRules, PageUrls};
use crate::link::SameSite;
use crate::model::{ArticleId, PageLinks, SourceId};

/// A line of an export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImportRecord {
    /// An article.
    Article(Box<ImportedArticle>),
    /// An article that was merged or deleted.
    Gone {
        /// Number of the change.
        seq: i64,
        /// Id of the article.
        id: i64,
        /// The article it was merged into; `None`: deleted.
        into: Option<i64>,
        /// When.
        at: DateTime<Utc>,
    },
}

/// An article of another database. The fields are those of the `articles` view.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "docs/schema.md describes each")]
pub struct ImportedArticle {
    pub seq: i64,
    pub id: i64,
    pub revised: bool,
    pub source: Option<String>,
    pub url: Url,
    pub short_link: Option<Url>,
    pub title: Option<String>,
    pub standfirst: Option<String>,
    pub byline: Option<String>,
    pub authors: Vec<String>,
    pub published: Option<String>,
    pub published_at: Option<DateTime<Utc>>,
    pub precision: Option<String>,
    pub modified: Option<String>,
    pub text: String,
    /// Sanitised already.
    pub html: String,
    pub image: Option<String>,
    pub image_width: Option<u32>,
    pub image_height: Option<u32>,
    pub language: Option<String>,
    pub site: Option<String>,
    pub section: Option<String>,
    pub tags: Vec<String>,
    pub rights: Option<String>,
    /// A JSON list of objects.
    pub enclosures: String,
    pub method: String,
    pub kind: String,
    /// A JSON object.
    pub origins: String,
    pub cluster: i64,
    pub first_seen: DateTime<Utc>,
    pub fetched_at: DateTime<Utc>,
}

/// Counts of an import.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ImportSummary {
    /// Articles that were added.
    pub new: u64,
    /// Articles that were there already.
    pub known: u64,
    /// Merged and deleted articles that were added; 0 in a database with articles of its own.
    pub gone: u64,
}

impl Store {
    /// Whether no change was ever numbered.
    pub async fn is_untouched(&self) -> Result<bool, StoreError> {
        self.writer
            .call("look at the last number", |db| {
                Ok(db.query_row("SELECT seq = 0 FROM sequence", [], |row| row.get(0))?)
            })
            .await
    }

    /// Imports a batch. `verbatim`: with its numbers, for a database that was empty when the import began.
    pub async fn import(
        &self,
        batch: Vec<ImportRecord>,
        verbatim: bool,
        now: DateTime<Utc>,
    ) -> Result<ImportSummary, StoreError> {
        self.writer
            .call("import articles", move |db| {
                let mut summary = ImportSummary::default();
                for record in &batch {
                    match record {
                        ImportRecord::Article(article) => {
                            let is_new = if verbatim {
                                insert_verbatim(db, article)?
                            } else {
                                insert_renumbered(db, article, now)?
                            };
                            summary.new += u64::from(is_new);
                            summary.known += u64::from(!is_new);
                        }
                        ImportRecord::Gone { seq, id, into, at } if verbatim => {
                            insert_tombstone(db, *seq, *id, *into, *at)?;
                            summary.gone += 1;
                        }
                        ImportRecord::Gone { .. } => {}
                    }
                }
                Ok(summary)
            })
            .await
    }
}

/// Inserts an article with its numbers; false where its change is there already.
fn insert_verbatim(db: &Connection, import: &ImportedArticle) -> Result<bool, StoreError> {
    let source = source_of(db, import)?;
    let cluster = Some(import.cluster).filter(|cluster| *cluster != import.id);
    db.prepare_cached(
        "INSERT INTO article (id, first_seen, seq, cluster) VALUES (?1, ?2, ?3, ?4) \
         ON CONFLICT (id) DO UPDATE SET first_seen = ?2, seq = max(seq, ?3), cluster = ?4",
    )?
    .execute(params![import.id, time::text(import.first_seen), import.seq, cluster])?;
    let op = if import.revised { "revised" } else { "new" };
    if !insert_change(db, import.seq, import.id, op, None, import.fetched_at)? {
        return Ok(false);
    }
    let page = db
        .prepare_cached("SELECT id FROM page WHERE article_id = ?1 ORDER BY url <> ?2, id LIMIT 1")?
        .query_row(params![import.id, import.url.as_str()], |row| row.get(0))
        .optional()?;
    let page = match page {
        Some(page) => page,
        None => insert_page(db, ArticleId(import.id), source, import)?,
    };
    let revision = insert_revision(db, page, source, import, import.seq)?;
    if let Some(source) = source {
        memberships::insert_imported(db, ArticleId(import.id), source, import.first_seen, import.seq)?;
    }
    db.prepare_cached("UPDATE article SET revision_id = ?2 WHERE id = ?1 AND seq = ?3")?
        .execute(params![import.id, revision, import.seq])?;
    text_index::mark_changed(db, ArticleId(import.id))?;
    Ok(true)
}

/// Inserts an article with new numbers; false where the database knows it.
fn insert_renumbered(
    db: &Connection,
    import: &ImportedArticle,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let identity = identity_of(import);
    if has_page_key(db, &identity.page_key)? || page_of_key(db, &identity.page_key)?.is_some() {
        return Ok(false);
    }
    let source = source_of(db, import)?;
    let (article, seq) = changes::insert_article(db, &time::text(import.first_seen), now)?;
    let page = insert_page(db, article, source, import)?;
    let revision = insert_revision(db, page, source, import, seq)?;
    if let Some(source) = source {
        memberships::insert_imported(db, article, source, import.first_seen, seq)?;
    }
    changes::set_first_revision(db, article, revision)?;
    Ok(true)
}

/// Inserts a merged or deleted article with its numbers.
fn insert_tombstone(
    db: &Connection,
    seq: i64,
    id: i64,
    into: Option<i64>,
    at: DateTime<Utc>,
) -> Result<(), StoreError> {
    // The line of the article it was merged into may follow later.
    for (article, seq) in [(id, seq), (into.unwrap_or(id), 0)] {
        db.prepare_cached(
            "INSERT INTO article (id, first_seen, seq) VALUES (?1, ?2, ?3) ON CONFLICT (id) DO UPDATE SET seq = max(seq, ?3)",
        )?
        .execute(params![article, time::text(at), seq])?;
    }
    let deleted_at = into.is_none().then(|| time::text(at));
    db.prepare_cached(
        "UPDATE article SET merged_into = ?2, deleted_at = ?3, revision_id = NULL WHERE id = ?1",
    )?
    .execute(params![id, into, deleted_at])?;
    if let Some(into) = into {
        for update in [
            "UPDATE page SET article_id = ?2 WHERE article_id = ?1",
            "UPDATE article SET merged_into = ?2 WHERE merged_into = ?1",
        ] {
            db.prepare_cached(update)?.execute([id, into])?;
        }
    }
    let op = if into.is_some() { "merged" } else { "deleted" };
    insert_change(db, seq, id, op, into, at)?;
    text_index::mark_changed(db, ArticleId(id))
}

/// Inserts a change with its number; false where the number is taken.
fn insert_change(
    db: &Connection,
    seq: i64,
    id: i64,
    op: &str,
    into: Option<i64>,
    at: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let inserted = db
        .prepare_cached(
            "INSERT OR IGNORE INTO change (seq, article_id, op, into_id, at) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![seq, id, op, into, time::text(at)])?;
    db.prepare_cached("UPDATE sequence SET seq = max(seq, ?1)")?.execute([seq])?;
    Ok(inserted > 0)
}

/// The source of an article. One that is not there is added as not configured.
fn source_of(db: &Connection, import: &ImportedArticle) -> Result<Option<SourceId>, StoreError> {
    let Some(name) = &import.source else {
        return Ok(None);
    };
    let known = source_by_name(db, name)?;
    if known.is_some() {
        return Ok(known);
    }
    db.prepare_cached(
        "INSERT INTO source (name, url, host, enabled, config_enabled, configured, schedule, timezone, first_seen, next_at, next_why) \
         VALUES (?1, '', '', 0, 0, 0, '', 'UTC', ?2, 0, 'imported')",
    )?
    .execute(params![name, time::text(import.first_seen)])?;
    Ok(Some(SourceId(db.last_insert_rowid())))
}

/// The page key and the keys of an article. A URL that names no page is replaced by a key of the export's own.
fn identity_of(import: &ImportedArticle) -> Identity {
    let links = PageLinks { short_link: import.short_link.clone(), ..PageLinks::default() };
    let rules = KeyRules { pattern: None, same_site: &SameSite::default(), session: &[] };
    let urls = PageUrls { served: &import.url, asked: None, redirects: &[], joined: &[] };
    identity::of_page(rules, &links, urls, &import_key(import, import.id))
}

fn import_key(import: &ImportedArticle, id: i64) -> String {
    format!("import:{}/{id}", import.source.as_deref().unwrap_or_default())
}

fn has_page_key(db: &Connection, page_key: &str) -> Result<bool, StoreError> {
    Ok(db.prepare_cached("SELECT 1 FROM page WHERE page_key = ?1")?.exists([page_key])?)
}

/// Inserts the page of an article with its keys, and returns its row id.
fn insert_page(
    db: &Connection,
    article: ArticleId,
    source: Option<SourceId>,
    import: &ImportedArticle,
) -> Result<i64, StoreError> {
    let Identity { mut page_key, keys, .. } = identity_of(import);
    if has_page_key(db, &page_key)? {
        page_key = import_key(import, article.0);
    }
    db.prepare_cached(
        "INSERT INTO page (article_id, source_id, page_key, url, site, first_party, own_feed, comparable, first_seen) \
         VALUES (?1, ?2, ?3, ?4, ?6, 1, 1, 0, ?5)",
    )?
    .execute(params![
        article.0,
        source.map(|source| source.0),
        page_key,
        import.url.as_str(),
        time::text(import.first_seen),
        SameSite::default().site(&import.url)
    ])?;
    let page = db.last_insert_rowid();
    for key in keys {
        // A key that leads to another article stays with that one.
        db.prepare_cached(
            "INSERT OR IGNORE INTO alias (key, kind, page_id, url, proof, shared, seen_at) SELECT ?1, ?2, ?3, ?4, ?6, 0, ?5 \
             WHERE NOT EXISTS (SELECT 1 FROM alias WHERE key = ?1 AND page_id <> ?3)",
        )?
        .execute(params![
            key.key,
            key.kind.as_str(),
            page,
            key.url,
            time::text(import.fetched_at),
            key.proof.as_str()
        ])?;
    }
    Ok(page)
}

/// Inserts the text of an article, announced by the change `seq`, and returns its row id.
fn insert_revision(
    db: &Connection,
    page: i64,
    source: Option<SourceId>,
    import: &ImportedArticle,
    seq: i64,
) -> Result<i64, StoreError> {
    let marks = vec!["?"; 28].join(", ");
    db.prepare_cached(&format!(
        "INSERT INTO revision ({COLUMNS}, page_id, source_id, fetched_at, seq) VALUES ({marks})"
    ))?
    .execute(params![
        import.url.as_str(),
        import.short_link.as_ref().map(Url::as_str),
        import.title,
        import.standfirst,
        import.byline,
        serde_json::Value::from(import.authors.clone()).to_string(),
        import.published,
        import.published_at.map(time::text),
        import.precision,
        import.modified,
        import.text,
        import.html,
        import.image,
        import.language,
        import.site,
        import.method,
        import.kind,
        import.origins,
        import.section,
        serde_json::Value::from(import.tags.clone()).to_string(),
        import.rights,
        import.enclosures,
        import.image_width,
        import.image_height,
        page,
        source.map(|source| source.0),
        time::text(import.fetched_at),
        seq
    ])?;
    Ok(db.last_insert_rowid())
}
