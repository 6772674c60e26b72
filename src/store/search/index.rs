//! The index of words and the numbers of stories, kept in step with what readers see.
//!
//! FTS5 writes what it has gathered to the disk at every savepoint, and each step of the writer is one. So a step only
//! notes which articles changed, and their words follow once for the whole transaction, before it is committed.

use rusqlite::{Connection, OptionalExtension, params};

use super::super::cluster::Latest;
use super::super::error::StoreError;
use super::super::script::{Tail, segmented};
use crate::model::ArticleId;

/// Title, standfirst and text.
type Words = (Option<String>, Option<String>, String);

/// Notes that an article shows another text, or none.
pub(in super::super) fn due(db: &Connection, article: ArticleId) -> Result<(), StoreError> {
    db.prepare_cached("INSERT OR IGNORE INTO search_due (article_id) VALUES (?1)")?
        .execute([article.0])?;
    Ok(())
}

/// Indexes what is due; the last thing in a transaction.
pub(in super::super) fn catch_up(db: &Connection, latest: &mut Latest) -> Result<(), StoreError> {
    if db.is_autocommit() {
        return Ok(());
    }
    all_due(db, latest).map_err(|error| error.while_doing("index the words of articles"))
}

fn all_due(db: &Connection, latest: &mut Latest) -> Result<(), StoreError> {
    let mut due = db.prepare_cached("SELECT article_id FROM search_due ORDER BY article_id")?;
    let due: Vec<i64> = due.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    if due.is_empty() {
        return Ok(());
    }
    for article in due {
        take_out(db, article)?;
        if let Some((revision, words)) = shown(db, article)? {
            write(
                db,
                "INSERT INTO search (rowid, title, standfirst, text) VALUES (?1, ?2, ?3, ?4)",
                article,
                &words,
            )?;
            db.prepare_cached("UPDATE article SET indexed_id = ?2 WHERE id = ?1")?
                .execute([article, revision])?;
            latest.place(db, article, &words.2)?;
        }
    }
    db.prepare_cached("DELETE FROM search_due")?.execute([])?;
    Ok(())
}

/// Takes an article's words out of the index. To be called before the revision they come from is dropped: FTS5 must be
/// told what went in, to the letter. Whoever changes how texts are cut (script.rs) must have indexes built anew.
pub(in super::super) fn take_out(db: &Connection, article: i64) -> Result<(), StoreError> {
    let indexed: Option<Words> = db
        .prepare_cached(
            "SELECT revision.title, revision.standfirst, revision.text FROM article \
             JOIN revision ON revision.id = article.indexed_id WHERE article.id = ?1",
        )?
        .query_row([article], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let Some(words) = indexed else { return Ok(()) };
    write(
        db,
        "INSERT INTO search (search, rowid, title, standfirst, text) VALUES ('delete', ?1, ?2, ?3, ?4)",
        article,
        &words,
    )?;
    db.prepare_cached("UPDATE article SET indexed_id = NULL WHERE id = ?1")?
        .execute([article])?;
    Ok(())
}

/// What readers see of an article; none where they see it no more.
fn shown(db: &Connection, article: i64) -> Result<Option<(i64, Words)>, StoreError> {
    Ok(db
        .prepare_cached(
            "SELECT revision.title, revision.standfirst, revision.text, revision.id FROM article \
             JOIN revision ON revision.id = article.revision_id \
             WHERE article.id = ?1 AND article.merged_into IS NULL AND article.deleted_at IS NULL",
        )?
        .query_row([article], |row| {
            Ok((row.get(3)?, (row.get(0)?, row.get(1)?, row.get(2)?)))
        })
        .optional()?)
}

fn write(
    db: &Connection,
    sql: &str,
    article: i64,
    (title, standfirst, text): &Words,
) -> Result<(), StoreError> {
    let cut = |text: &Option<String>| {
        text.as_deref()
            .map(|text| segmented(text, Tail::Whole).into_owned())
    };
    db.prepare_cached(sql)?.execute(params![
        article,
        cut(title),
        cut(standfirst),
        segmented(text, Tail::Whole)
    ])?;
    Ok(())
}
