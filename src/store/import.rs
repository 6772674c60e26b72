//! Articles of another database, taken in.
//!
//! An empty database takes over the numbers as well, so that what is exported from it again is the same to the byte.
//! One that has articles of its own gives new numbers, and what it knows by any of its URLs stays as it is.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, params};
use url::Url;

use super::error::StoreError;
use super::text_index;
use super::{Store, articles, changes, time};
use crate::identity;
use crate::model::{ArticleId, Key, PageLinks, SourceId};

/// A line of an export, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImportRecord {
    /// An article.
    Article(Box<ImportedArticle>),
    /// An article that was merged or deleted there.
    Gone {
        /// Number of the change.
        seq: i64,
        /// Which article.
        id: i64,
        /// What it is from now on; none: deleted.
        into: Option<i64>,
        /// When.
        at: DateTime<Utc>,
    },
}

/// An article as another database had it. The fields are those of the `articles` view.
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
    /// Sanitised.
    pub html: String,
    pub image: Option<String>,
    pub image_width: Option<u32>,
    pub image_height: Option<u32>,
    pub language: Option<String>,
    pub site: Option<String>,
    pub section: Option<String>,
    pub tags: Vec<String>,
    pub rights: Option<String>,
    /// A JSON list of maps.
    pub enclosures: String,
    pub method: String,
    pub kind: String,
    /// A JSON map.
    pub origins: String,
    pub cluster: i64,
    pub first_seen: DateTime<Utc>,
    pub fetched_at: DateTime<Utc>,
}

/// What an import came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ImportSummary {
    /// Articles that are new here.
    pub new: u64,
    /// Articles that are here already.
    pub known: u64,
    /// Merged and deleted articles; a database with articles of its own leaves them out.
    pub gone: u64,
}

impl Store {
    /// Whether nothing was ever told to readers.
    pub async fn is_untouched(&self) -> Result<bool, StoreError> {
        self.writer
            .call("look at the last number", |db| {
                Ok(db.query_row("SELECT seq = 0 FROM sequence", [], |row| row.get(0))?)
            })
            .await
    }

    /// Takes in a batch; `verbatim` with its numbers, for a database that was empty when the import began.
    pub async fn import(
        &self,
        batch: Vec<ImportRecord>,
        verbatim: bool,
        now: DateTime<Utc>,
    ) -> Result<ImportSummary, StoreError> {
        self.writer
            .call("import articles", move |db| {
                let mut done = ImportSummary::default();
                for arrival in &batch {
                    match arrival {
                        ImportRecord::Article(article) => {
                            let is_new = if verbatim {
                                take_over(db, article)?
                            } else {
                                take_in(db, article, now)?
                            };
                            done.new += u64::from(is_new);
                            done.known += u64::from(!is_new);
                        }
                        ImportRecord::Gone { seq, id, into, at } if verbatim => {
                            gone(db, *seq, *id, *into, *at)?;
                            done.gone += 1;
                        }
                        ImportRecord::Gone { .. } => {}
                    }
                }
                Ok(done)
            })
            .await
    }
}

/// With its numbers.
fn take_over(db: &Connection, import: &ImportedArticle) -> Result<bool, StoreError> {
    let source = import
        .source
        .as_deref()
        .map(|name| source(db, name, import))
        .transpose()?;
    let cluster = Some(import.cluster).filter(|cluster| *cluster != import.id);
    db.prepare_cached(
        "INSERT INTO article (id, source_id, first_seen, seq, cluster) VALUES (?1, ?2, ?3, ?4, ?5) \
         ON CONFLICT (id) DO UPDATE SET source_id = ?2, first_seen = ?3, seq = max(seq, ?4), cluster = ?5",
    )?
    .execute(params![
        import.id,
        source.map(|source| source.0),
        time::text(import.first_seen),
        import.seq,
        cluster
    ])?;
    let op = if import.revised { "revised" } else { "new" };
    if !tell(db, import.seq, import.id, op, None, import.fetched_at)? {
        return Ok(false);
    }
    let page = db
        .prepare_cached("SELECT id FROM page WHERE article_id = ?1 ORDER BY url <> ?2, id LIMIT 1")?
        .query_row(params![import.id, import.url.as_str()], |row| row.get(0))
        .optional()?;
    let page = match page {
        Some(page) => page,
        None => add_page(db, ArticleId(import.id), source, import)?,
    };
    let revision = add_revision(db, page, source, import, Some(import.seq))?;
    db.prepare_cached("UPDATE article SET revision_id = ?2 WHERE id = ?1 AND seq = ?3")?
        .execute(params![import.id, revision, import.seq])?;
    text_index::mark_changed(db, ArticleId(import.id))?;
    Ok(true)
}

/// With new numbers; nothing, where it is known.
fn take_in(db: &Connection, import: &ImportedArticle, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let (page_key, keys) = named(import);
    let known = db
        .prepare_cached("SELECT 1 FROM page WHERE page_key = ?1")?
        .exists([&page_key])?;
    if known || articles::page_of(db, &keys)?.is_some() {
        return Ok(false);
    }
    let source = import
        .source
        .as_deref()
        .map(|name| source(db, name, import))
        .transpose()?;
    let (article, seq) = changes::insert_article(db, source, &time::text(import.first_seen), now)?;
    let page = add_page(db, article, source, import)?;
    let revision = add_revision(db, page, source, import, Some(seq))?;
    changes::set_first_revision(db, article, revision)?;
    Ok(true)
}

fn gone(db: &Connection, seq: i64, id: i64, into: Option<i64>, at: DateTime<Utc>) -> Result<(), StoreError> {
    // What it was merged into may come later in the file.
    for (article, seq) in [(id, seq), (into.unwrap_or(id), 0)] {
        db.prepare_cached(
            "INSERT INTO article (id, first_seen, seq) VALUES (?1, ?2, ?3) ON CONFLICT (id) DO UPDATE SET seq = max(seq, ?3)",
        )?
        .execute(params![article, time::text(at), seq])?;
    }
    let deleted = into.is_none().then(|| time::text(at));
    db.prepare_cached(
        "UPDATE article SET merged_into = ?2, deleted_at = ?3, revision_id = NULL WHERE id = ?1",
    )?
    .execute(params![id, into, deleted])?;
    if let Some(into) = into {
        for moved in [
            "UPDATE page SET article_id = ?2 WHERE article_id = ?1",
            "UPDATE article SET merged_into = ?2 WHERE merged_into = ?1",
        ] {
            db.prepare_cached(moved)?.execute([id, into])?;
        }
    }
    let op = if into.is_some() { "merged" } else { "deleted" };
    tell(db, seq, id, op, into, at)?;
    text_index::mark_changed(db, ArticleId(id))
}

/// Gives a change the number it had; false where that number is taken.
fn tell(
    db: &Connection,
    seq: i64,
    id: i64,
    op: &str,
    into: Option<i64>,
    at: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let told = db
        .prepare_cached(
            "INSERT OR IGNORE INTO change (seq, article_id, op, into_id, at) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![seq, id, op, into, time::text(at)])?;
    db.prepare_cached("UPDATE sequence SET seq = max(seq, ?1)")?
        .execute([seq])?;
    Ok(told > 0)
}

/// The row of a source by that name; made where there is none, as one that is not configured.
fn source(db: &Connection, name: &str, import: &ImportedArticle) -> Result<SourceId, StoreError> {
    let known = db
        .prepare_cached("SELECT id FROM source WHERE name = ?1")?
        .query_row([name], |row| row.get(0).map(SourceId))
        .optional()?;
    if let Some(known) = known {
        return Ok(known);
    }
    db.prepare_cached(
        "INSERT INTO source (name, url, host, enabled, wanted, configured, schedule, timezone, first_seen, next_at, next_why) \
         VALUES (?1, '', '', 0, 0, 0, '', 'UTC', ?2, 0, 'imported')",
    )?
    .execute(params![name, time::text(import.first_seen)])?;
    Ok(SourceId(db.last_insert_rowid()))
}

/// Its page key and the keys it is known by.
fn named(import: &ImportedArticle) -> (String, Vec<Key>) {
    let links = PageLinks {
        short_link: import.short_link.clone(),
        ..PageLinks::default()
    };
    let own = format!(
        "import:{}/{}",
        import.source.as_deref().unwrap_or_default(),
        import.id
    );
    let identity = identity::of_page(None, &links, &import.url, &[], &own);
    (identity.page_key, identity.keys)
}

fn add_page(
    db: &Connection,
    article: ArticleId,
    source: Option<SourceId>,
    import: &ImportedArticle,
) -> Result<i64, StoreError> {
    let (mut page_key, keys) = named(import);
    let taken = db
        .prepare_cached("SELECT 1 FROM page WHERE page_key = ?1")?
        .exists([&page_key])?;
    if taken {
        page_key = format!(
            "import:{}/{}",
            import.source.as_deref().unwrap_or_default(),
            article.0
        );
    }
    db.prepare_cached(
        "INSERT INTO page (article_id, source_id, page_key, url, first_seen) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![
        article.0,
        source.map(|source| source.0),
        page_key,
        import.url.as_str(),
        time::text(import.first_seen)
    ])?;
    let page = db.last_insert_rowid();
    for key in keys {
        // A key that names another article already is none of this one.
        let taken = db
            .prepare_cached("SELECT 1 FROM alias WHERE key = ?1 AND page_id <> ?2")?
            .exists(params![key.key, page])?;
        if taken {
            continue;
        }
        db.prepare_cached(
            "INSERT OR IGNORE INTO alias (key, kind, page_id, url, shared, seen_at) VALUES (?1, ?2, ?3, ?4, 0, ?5)",
        )?
        .execute(params![key.key, key.kind.as_str(), page, key.url, time::text(import.fetched_at)])?;
    }
    Ok(page)
}

fn add_revision(
    db: &Connection,
    page: i64,
    source: Option<SourceId>,
    import: &ImportedArticle,
    seq: Option<i64>,
) -> Result<i64, StoreError> {
    db.prepare_cached(
        "INSERT INTO revision (page_id, source_id, seq, fetched_at, url, short_link, title, standfirst, byline, authors, \
         published, published_at, precision, modified, text, html, image, language, site, method, kind, origins, section, \
         tags, rights, enclosures, image_width, image_height) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, \
         ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28)",
    )?
    .execute(params![
        page,
        source.map(|source| source.0),
        seq,
        time::text(import.fetched_at),
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
        import.image_height
    ])?;
    Ok(db.last_insert_rowid())
}
