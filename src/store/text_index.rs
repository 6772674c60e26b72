//! The index of words and the numbers of stories, kept in step with what readers see.
//!
//! FTS5 writes what it has gathered to the disk at every savepoint, and each step of the writer may be one. So a step only
//! notes which articles changed, and their words follow once for the whole transaction, before it is committed.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::cluster::RecentSketches;
use super::error::StoreError;
use super::retention::with_secure_delete;
use super::script::{Segmentation, segmented};
use crate::model::ArticleId;

/// Pages of the index that are merged in one transaction.
const MERGED: i64 = 500;

/// What goes into the index.
struct Words {
    title: Option<String>,
    standfirst: Option<String>,
    text: String,
    source: Option<i64>,
}

impl Words {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            title: row.get(0)?,
            standfirst: row.get(1)?,
            text: row.get(2)?,
            source: row.get(3)?,
        })
    }
}

/// The word that stands for a source: a character for private use, which no text should have, and its row.
pub(super) fn source_word(source: i64) -> String {
    format!("\u{e000}{source}")
}

/// Notes that an article shows another text, or none.
pub(super) fn mark_changed(db: &Connection, article: ArticleId) -> Result<(), StoreError> {
    db.prepare_cached("INSERT OR IGNORE INTO search_due (article_id) VALUES (?1)")?
        .execute([article.0])?;
    Ok(())
}

/// Indexes what is due; the last thing in a transaction.
pub(super) fn update(db: &Connection, latest: &mut RecentSketches) -> Result<(), StoreError> {
    if db.is_autocommit() {
        return Ok(());
    }
    all_due(db, latest).map_err(|error| error.while_doing("index the words of articles"))
}

fn all_due(db: &Connection, latest: &mut RecentSketches) -> Result<(), StoreError> {
    let mut due = db.prepare_cached("SELECT article_id FROM search_due ORDER BY article_id")?;
    let due: Vec<i64> = due.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    if due.is_empty() {
        return Ok(());
    }
    for article in due {
        remove(db, article)?;
        if let Some((revision, shown_at, words)) = shown(db, article)? {
            write(
                db,
                "INSERT INTO search (rowid, title, standfirst, text, source) VALUES (?1, ?2, ?3, ?4, ?5)",
                article,
                &words,
            )?;
            let (sketch, cluster) = latest.assign(db, article, &words.text)?;
            db.prepare_cached(
                "UPDATE article SET indexed_id = ?2, shown_at = ?3, sketch = coalesce(?4, sketch), \
                 cluster = coalesce(?5, cluster) WHERE id = ?1",
            )?
            .execute(params![
                article,
                revision,
                shown_at,
                sketch.map(|sketch| sketch.to_bytes()),
                cluster
            ])?;
        }
    }
    db.prepare_cached("DELETE FROM search_due")?.execute([])?;
    Ok(())
}

/// Takes an article's words out of the index. To be called before the revision they come from is dropped: FTS5 must be
/// told what went in, to the letter. Whoever changes how texts are cut (script.rs) must have indexes built anew.
pub(super) fn remove(db: &Connection, article: i64) -> Result<(), StoreError> {
    let indexed: Option<Words> = db
        .prepare_cached(
            "SELECT revision.title, revision.standfirst, revision.text, revision.source_id FROM article \
             JOIN revision ON revision.id = article.indexed_id WHERE article.id = ?1",
        )?
        .query_row([article], Words::read)
        .optional()?;
    let Some(words) = indexed else { return Ok(()) };
    write(
        db,
        "INSERT INTO search (search, rowid, title, standfirst, text, source) VALUES ('delete', ?1, ?2, ?3, ?4, ?5)",
        article,
        &words,
    )?;
    db.prepare_cached("UPDATE article SET indexed_id = NULL, shown_at = NULL WHERE id = ?1")?
        .execute([article])?;
    Ok(())
}

/// Notes that words of what was taken down are to go from every part of the index, not only from what it finds.
pub(super) fn request_purge(db: &Connection) -> Result<(), StoreError> {
    db.prepare_cached("INSERT OR REPLACE INTO meta (key, value) VALUES ('forget_words', 'begin')")?
        .execute([])?;
    Ok(())
}

/// Goes on with that, some pages of the index at a time; whether there is more to do.
pub(super) fn purge(db: &Connection) -> Result<bool, StoreError> {
    let state: Option<String> = db
        .prepare_cached("SELECT value FROM meta WHERE key = 'forget_words'")?
        .query_row([], |row| row.get(0))
        .optional()?;
    let Some(state) = state else { return Ok(false) };
    // A negative number begins a merge of everything, positive ones go on with it; two changes or more: there was
    // something to do (FTS5, "The 'merge' Command").
    let pages = if state == "begin" { -MERGED } else { MERGED };
    let more = with_secure_delete(db, || {
        let before = db.total_changes();
        db.execute("INSERT INTO search (search, rank) VALUES ('merge', ?1)", [pages])?;
        Ok(db.total_changes() - before >= 2)
    })?;
    let next = if more {
        "UPDATE meta SET value = 'go on' WHERE key = 'forget_words'"
    } else {
        "DELETE FROM meta WHERE key = 'forget_words'"
    };
    db.prepare_cached(next)?.execute([])?;
    Ok(more)
}

/// What readers see of an article, its revision and when that was published; none where they see it no more.
fn shown(db: &Connection, article: i64) -> Result<Option<(i64, i64, Words)>, StoreError> {
    Ok(db
        .prepare_cached(
            "SELECT revision.title, revision.standfirst, revision.text, revision.source_id, revision.id, \
             unixepoch(coalesce(revision.published_at, revision.fetched_at)) FROM article \
             JOIN revision ON revision.id = article.revision_id \
             WHERE article.id = ?1 AND article.merged_into IS NULL AND article.deleted_at IS NULL",
        )?
        .query_row([article], |row| Ok((row.get(4)?, row.get(5)?, Words::read(row)?)))
        .optional()?)
}

fn write(db: &Connection, sql: &str, article: i64, words: &Words) -> Result<(), StoreError> {
    let cut = |text: &'_ Option<String>| {
        text.as_deref()
            .map(|text| segmented(text, Segmentation::Index).into_owned())
    };
    db.prepare_cached(sql)?.execute(params![
        article,
        cut(&words.title),
        cut(&words.standfirst),
        segmented(&words.text, Segmentation::Index),
        words.source.map(source_word)
    ])?;
    Ok(())
}
