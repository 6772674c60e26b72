//! Which sources an article belongs to: all those with an entry that led to one of its pages.
//!
//! The table `membership` is derived from `entry` and kept here, so that a selection by source is one look-up. A source
//! that names an article later is a change that readers of that source see (`joined`); the article's own number stays.
//! Rows of an article that was merged or deleted stay as they were. Rows that came with an import have no entry here.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, params};

use super::error::StoreError;
use super::page_id::PageId;
use super::{changes, history, text_index, time};
use crate::model::{ArticleId, SourceId, StoreOutcome};

/// A row of the table.
struct Membership {
    source: i64,
    first_seen: String,
    /// The change since which it counts.
    seq: i64,
    is_imported: bool,
}

/// Notes that an entry of a source led to an article. Called after the entry got its page.
pub(super) fn enter(
    db: &Connection,
    source: SourceId,
    stored: &StoreOutcome,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    match *stored {
        // Most articles have one source, which is known before anything else of them.
        StoreOutcome::New(article) => {
            db.prepare_cached(
                "INSERT OR IGNORE INTO membership (article_id, source_id, first_seen, seq) \
                 SELECT id, ?2, first_seen, seq FROM article WHERE id = ?1",
            )?
            .execute([article.0, source.0])?;
            Ok(())
        }
        StoreOutcome::Known(article) | StoreOutcome::Revised(article) => {
            let is_member = db
                .prepare_cached(
                    "SELECT 1 FROM membership WHERE article_id = ?1 AND source_id = ?2 AND imported = 0",
                )?
                .exists([article.0, source.0])?;
            if is_member { Ok(()) } else { refresh(db, article, now) }
        }
        StoreOutcome::Excluded | StoreOutcome::Waiting => Ok(()),
    }
}

/// Brings the sources of an article in line with its entries. Called after entries or pages moved to it or away from it.
pub(super) fn refresh(db: &Connection, article: ArticleId, now: DateTime<Utc>) -> Result<(), StoreError> {
    let live: Option<(String, i64)> = db
        .prepare_cached(
            "SELECT first_seen, seq FROM article WHERE id = ?1 AND merged_into IS NULL AND deleted_at IS NULL",
        )?
        .query_row([article.0], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((stored_at, article_seq)) = live else {
        return Ok(());
    };
    remove_departed(db, article)?;
    db.prepare_cached(
        "UPDATE membership SET imported = 0 WHERE article_id = ?1 AND imported = 1 AND EXISTS ( \
             SELECT 1 FROM page JOIN entry ON entry.page_id = page.id \
             WHERE page.article_id = ?1 AND entry.source_id = membership.source_id)",
    )?
    .execute([article.0])?;
    let missing: Vec<(i64, String, bool)> = db
        .prepare_cached(
            "SELECT source_id, min(named_at), min(imported) FROM ( \
                 SELECT entry.source_id, entry.first_seen AS named_at, 0 AS imported \
                 FROM page JOIN entry ON entry.page_id = page.id WHERE page.article_id = ?1 \
                 UNION ALL SELECT membership.source_id, membership.first_seen, 1 \
                 FROM article JOIN membership ON membership.article_id = article.id \
                 WHERE article.merged_into = ?1 AND membership.imported = 1) AS named \
             WHERE NOT EXISTS (SELECT 1 FROM membership \
                 WHERE membership.article_id = ?1 AND membership.source_id = named.source_id) \
             GROUP BY source_id ORDER BY source_id",
        )?
        .query_map([article.0], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<Result<_, _>>()?;
    if missing.is_empty() {
        return Ok(());
    }
    let is_announced_now = !has_members(db, article)? && is_new_at(db, article_seq, now)?;
    for (source, named_at, is_imported) in missing {
        let seq = if is_announced_now {
            article_seq
        } else {
            history::add_to_counter(db, SourceId(source), "articles.joined", 1)?;
            changes::join(db, article, source, now)?
        };
        // RFC 3339 in UTC: the order of the texts is that of the times.
        let first_seen = named_at.max(stored_at.clone());
        insert(db, article, &Membership { source, first_seen, seq, is_imported })?;
    }
    text_index::mark_changed(db, article)
}

/// Takes the entries off a page of a deleted article that becomes another article: what its sources have let go does not come
/// back to them.
pub(super) fn leave(db: &Connection, page: PageId) -> Result<(), StoreError> {
    db.prepare_cached("UPDATE entry SET page_id = NULL, state = 'seen' WHERE page_id = ?1")?
        .execute([page.0])?;
    Ok(())
}

/// Adds a source to an article that is being imported. `is_imported`: no entry comes with it.
pub(super) fn insert_imported(
    db: &Connection,
    article: ArticleId,
    source: SourceId,
    first_seen: DateTime<Utc>,
    seq: i64,
    is_imported: bool,
) -> Result<(), StoreError> {
    let first_seen = time::text(first_seen);
    insert(db, article, &Membership { source: source.0, first_seen, seq, is_imported })?;
    text_index::mark_changed(db, article)
}

/// Writes the names of an article's sources.
const WRITE_NAMES: &str = "UPDATE article SET sources = (SELECT json_group_array(name) FROM (SELECT source.name FROM membership \
         JOIN source ON source.id = membership.source_id WHERE membership.article_id = article.id ORDER BY source.name))";

/// Writes the sources of the articles of a source whose name changed.
pub(super) fn rename(db: &Connection, source: SourceId) -> Result<(), StoreError> {
    db.prepare_cached(&format!(
        "{WRITE_NAMES} WHERE id IN (SELECT article_id FROM membership WHERE source_id = ?1)"
    ))?
    .execute([source.0])?;
    Ok(())
}

/// Writes the sources of an article that comes merged or deleted from an import. Those of others are written at the end of the
/// transaction.
pub(super) fn write_names(db: &Connection, article: ArticleId) -> Result<(), StoreError> {
    db.prepare_cached(&format!("{WRITE_NAMES} WHERE id = ?1"))?.execute([article.0])?;
    Ok(())
}

/// Removes the sources whose entries are all of other articles now, after pages were parted.
fn remove_departed(db: &Connection, article: ArticleId) -> Result<(), StoreError> {
    let removed = db
        .prepare_cached(
            "DELETE FROM membership WHERE article_id = ?1 AND imported = 0 AND NOT EXISTS ( \
                 SELECT 1 FROM page JOIN entry ON entry.page_id = page.id \
                 WHERE page.article_id = ?1 AND entry.source_id = membership.source_id)",
        )?
        .execute([article.0])?;
    if removed == 0 {
        return Ok(());
    }
    // A source that is gone may have been the only one that kept the article: pruning looks at it again.
    db.prepare_cached(
        "UPDATE source SET pruned_first_seen = membership.first_seen, pruned_article = membership.article_id - 1 \
         FROM membership WHERE membership.article_id = ?1 AND source.id = membership.source_id \
         AND (source.pruned_first_seen, source.pruned_article) >= (membership.first_seen, membership.article_id)",
    )?
    .execute([article.0])?;
    text_index::mark_changed(db, article)
}

fn has_members(db: &Connection, article: ArticleId) -> Result<bool, StoreError> {
    Ok(db.prepare_cached("SELECT 1 FROM membership WHERE article_id = ?1")?.exists([article.0])?)
}

/// Whether a change announced a new article at `now`.
fn is_new_at(db: &Connection, seq: i64, now: DateTime<Utc>) -> Result<bool, StoreError> {
    Ok(db
        .prepare_cached("SELECT 1 FROM change WHERE seq = ?1 AND op = 'new' AND at = ?2")?
        .exists(params![seq, time::text(now)])?)
}

fn insert(db: &Connection, article: ArticleId, row: &Membership) -> Result<(), StoreError> {
    db.prepare_cached(
        "INSERT OR IGNORE INTO membership (article_id, source_id, first_seen, seq, imported, gone) \
         SELECT id, ?2, ?3, ?4, ?5, merged_into IS NOT NULL OR deleted_at IS NOT NULL FROM article WHERE id = ?1",
    )?
    .execute(params![article.0, row.source, row.first_seen, row.seq, row.is_imported])?;
    // Pruning has passed its place in the order already: it goes back.
    db.prepare_cached(
        "UPDATE source SET pruned_first_seen = ?3, pruned_article = ?1 - 1 \
         WHERE id = ?2 AND (pruned_first_seen, pruned_article) >= (?3, ?1)",
    )?
    .execute(params![article.0, row.source, row.first_seen])?;
    Ok(())
}
