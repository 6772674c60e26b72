//! The full-text index (`search`, FTS5) and the clusters, kept in step with what readers see.
//!
//! FTS5 writes its pending words to the disk at every savepoint, and each job of the writer may be one. A job therefore only
//! marks the articles that changed (`search_due`); the writer indexes them once, as the last step of its transaction.
//!
//! The index stores no text (`content = ''`): what is removed from it must be given word for word as it went in. Whoever
//! changes how texts are segmented (script.rs) must have indexes rebuilt (`cuttings verify --rebuild-search`).

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::cluster::RecentSketches;
use super::error::StoreError;
use super::script::{Segmentation, segmented};
use super::secure_delete::with_secure_delete;
use super::similarity::Sketch;
use crate::model::ArticleId;

/// Pages of the index that one transaction merges at most.
const MERGE_PAGES: i64 = 500;

/// What is indexed of an article.
struct IndexedText {
    title: Option<String>,
    standfirst: Option<String>,
    text: String,
    /// The words of its sources.
    sources: Option<String>,
}

impl IndexedText {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self { title: row.get(0)?, standfirst: row.get(1)?, text: row.get(2)?, sources: row.get(3)? })
    }
}

/// The revision that readers see of an article, and what is in the index of it.
struct ShownArticle {
    revision: i64,
    /// When it was published (else fetched), in seconds since 1970.
    shown_at: i64,
    /// The revision that is indexed; `None`: none.
    indexed: Option<i64>,
    text: IndexedText,
}

/// The word that stands for a source in the column `source`: a character for private use, which no text should have, and
/// its row id.
pub(super) fn source_word(source: i64) -> String {
    format!("\u{e000}{source}")
}

/// Marks an article that shows another text, or none, or belongs to other sources.
pub(super) fn mark_changed(db: &Connection, article: ArticleId) -> Result<(), StoreError> {
    db.prepare_cached("INSERT OR IGNORE INTO search_due (article_id) VALUES (?1)")?.execute([article.0])?;
    Ok(())
}

/// Indexes the articles that are marked, as the last step of a transaction. Does nothing outside of one.
pub(super) fn update(db: &Connection, recent: &mut RecentSketches) -> Result<(), StoreError> {
    if db.is_autocommit() {
        return Ok(());
    }
    update_marked(db, recent).map_err(|error| error.while_doing("index the words of articles"))
}

fn update_marked(db: &Connection, recent: &mut RecentSketches) -> Result<(), StoreError> {
    let mut marked = db.prepare_cached("SELECT article_id FROM search_due ORDER BY article_id")?;
    let marked: Vec<i64> = marked.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    if marked.is_empty() {
        return Ok(());
    }
    for article in marked {
        let shown = shown(db, article)?;
        remove(db, article)?;
        let Some(mut shown) = shown else { continue };
        let (words, names) = sources_of(db, article)?;
        shown.text.sources = Some(words);
        write(
            db,
            "INSERT INTO search (rowid, title, standfirst, text, source) VALUES (?1, ?2, ?3, ?4, ?5)",
            article,
            &shown.text,
        )?;
        // Where only its sources changed, it stays in its cluster.
        let (sketch, cluster) = if shown.indexed == Some(shown.revision) {
            (None, None)
        } else {
            recent.assign(db, article, &shown.text.text)?
        };
        db.prepare_cached(
            "UPDATE article SET indexed_id = ?2, shown_at = ?3, sketch = coalesce(?4, sketch), \
             cluster = coalesce(?5, cluster), indexed_sources = ?6, sources = ?7 WHERE id = ?1",
        )?
        .execute(params![
            article,
            shown.revision,
            shown.shown_at,
            sketch.map(Sketch::to_bytes),
            cluster,
            shown.text.sources,
            names
        ])?;
    }
    db.prepare_cached("DELETE FROM search_due")?.execute([])?;
    Ok(())
}

/// Removes an article's words from the index. Call it before the revision that they come from is dropped.
pub(super) fn remove(db: &Connection, article: i64) -> Result<(), StoreError> {
    let indexed: Option<IndexedText> = db
        .prepare_cached(
            "SELECT revision.title, revision.standfirst, revision.text, article.indexed_sources FROM article \
             JOIN revision ON revision.id = article.indexed_id WHERE article.id = ?1",
        )?
        .query_row([article], IndexedText::read)
        .optional()?;
    let Some(text) = indexed else { return Ok(()) };
    write(
        db,
        "INSERT INTO search (search, rowid, title, standfirst, text, source) VALUES ('delete', ?1, ?2, ?3, ?4, ?5)",
        article,
        &text,
    )?;
    db.prepare_cached("UPDATE article SET indexed_id = NULL, shown_at = NULL WHERE id = ?1")?
        .execute([article])?;
    Ok(())
}

/// Requests that removed words be purged from the file too: FTS5 only marks them as deleted until their part of the index
/// is merged.
pub(super) fn request_purge(db: &Connection) -> Result<(), StoreError> {
    db.prepare_cached("INSERT OR REPLACE INTO meta (key, value) VALUES ('search_purge', 'start')")?
        .execute([])?;
    Ok(())
}

/// Does a bounded part of a requested purge; returns whether there is more to do.
pub(super) fn purge(db: &Connection) -> Result<bool, StoreError> {
    let state: Option<String> = db
        .prepare_cached("SELECT value FROM meta WHERE key = 'search_purge'")?
        .query_row([], |row| row.get(0))
        .optional()?;
    let Some(state) = state else { return Ok(false) };
    // A negative number starts a merge of everything, positive ones continue it. At least two changed rows mean that there
    // was something to do (FTS5, "The 'merge' Command").
    let pages = if state == "start" { -MERGE_PAGES } else { MERGE_PAGES };
    let has_more = with_secure_delete(db, || {
        let before = db.total_changes();
        db.execute("INSERT INTO search (search, rank) VALUES ('merge', ?1)", [pages])?;
        Ok(db.total_changes() - before >= 2)
    })?;
    let next = if has_more {
        "UPDATE meta SET value = 'continue' WHERE key = 'search_purge'"
    } else {
        "DELETE FROM meta WHERE key = 'search_purge'"
    };
    db.prepare_cached(next)?.execute([])?;
    Ok(has_more)
}

/// What is indexed of an article, but for its sources; `None` where readers see none.
fn shown(db: &Connection, article: i64) -> Result<Option<ShownArticle>, StoreError> {
    Ok(db
        .prepare_cached(
            "SELECT revision.title, revision.standfirst, revision.text, NULL, revision.id, \
             unixepoch(coalesce(revision.published_at, revision.fetched_at)), article.indexed_id FROM article \
             JOIN revision ON revision.id = article.revision_id \
             WHERE article.id = ?1 AND article.merged_into IS NULL AND article.deleted_at IS NULL",
        )?
        .query_row([article], |row| {
            Ok(ShownArticle {
                revision: row.get(4)?,
                shown_at: row.get(5)?,
                indexed: row.get(6)?,
                text: IndexedText::read(row)?,
            })
        })
        .optional()?)
}

/// The sources of an article: their words for the index, and their names as a JSON list.
fn sources_of(db: &Connection, article: i64) -> Result<(String, String), StoreError> {
    let mut query = db.prepare_cached(
        "SELECT source.id, source.name FROM membership JOIN source ON source.id = membership.source_id \
         WHERE membership.article_id = ?1 ORDER BY source.name",
    )?;
    let mut rows = query.query([article])?;
    let (mut words, mut names) = (Vec::new(), Vec::new());
    while let Some(row) = rows.next()? {
        words.push(source_word(row.get(0)?));
        names.push(row.get::<_, String>(1)?);
    }
    Ok((words.join(" "), serde_json::Value::from(names).to_string()))
}

fn write(db: &Connection, sql: &str, article: i64, text: &IndexedText) -> Result<(), StoreError> {
    let segmented = |text| segmented(text, Segmentation::Index);
    db.prepare_cached(sql)?.execute(params![
        article,
        text.title.as_deref().map(segmented),
        text.standfirst.as_deref().map(segmented),
        segmented(&text.text),
        text.sources
    ])?;
    Ok(())
}
