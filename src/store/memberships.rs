//! Which sources an article belongs to: all those with an entry that led to one of its pages.
//!
//! The table `membership` is derived from `entry` and kept here, so that a selection by source is one look-up. A source
//! that names an article later is a change that readers of that source see (`joined`); the article's own number stays.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, params};

use super::error::StoreError;
use super::{changes, text_index};
use crate::model::ArticleId;

/// Brings the sources of an article in line with its entries. Called after an entry or a page moved to it.
pub(super) fn refresh(db: &Connection, article: ArticleId, now: DateTime<Utc>) -> Result<(), StoreError> {
    let missing: Vec<(i64, String)> = db
        .prepare_cached(
            "SELECT entry.source_id, min(entry.first_seen) FROM page JOIN entry ON entry.page_id = page.id \
             WHERE page.article_id = ?1 AND NOT EXISTS (SELECT 1 FROM membership \
                 WHERE membership.article_id = ?1 AND membership.source_id = entry.source_id) \
             GROUP BY entry.source_id",
        )?
        .query_map([article.0], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    if missing.is_empty() {
        return Ok(());
    }
    let is_first =
        !db.prepare_cached("SELECT 1 FROM membership WHERE article_id = ?1")?.exists([article.0])?;
    for (source, first_seen) in missing {
        let seq =
            if is_first { changes::seq_of(db, article)? } else { changes::join(db, article, source, now)? };
        db.prepare_cached(
            "INSERT INTO membership (article_id, source_id, first_seen, seq) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![article.0, source, first_seen, seq])?;
    }
    text_index::mark_changed(db, article)
}
