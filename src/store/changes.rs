//! What readers are told: each new article, revision and merge under a number that grows and never repeats.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, params};

use super::error::StoreError;
use super::text_index;
use super::time;
use crate::model::{ArticleId, SourceId};

/// A new article, without a revision yet (see [`begun`]), and the number under which it is told.
pub(super) fn insert_article(
    db: &Connection,
    source: Option<SourceId>,
    first_seen: &str,
    now: DateTime<Utc>,
) -> Result<(ArticleId, i64), StoreError> {
    let seq = next(db)?;
    db.prepare_cached("INSERT INTO article (source_id, first_seen, seq) VALUES (?1, ?2, ?3)")?
        .execute(params![source.map(|source| source.0), first_seen, seq])?;
    let article = ArticleId(db.last_insert_rowid());
    tell(db, seq, article, "new", None, now)?;
    Ok((article, seq))
}

/// The first revision of a new article, which has the number of the article already.
pub(super) fn set_first_revision(
    db: &Connection,
    article: ArticleId,
    revision: i64,
) -> Result<(), StoreError> {
    db.prepare_cached("UPDATE article SET revision_id = ?2 WHERE id = ?1")?
        .execute([article.0, revision])?;
    text_index::mark_changed(db, article)
}

/// The first revision of an article that has none: told with the article itself.
fn first(db: &Connection, article: ArticleId, revision: i64) -> Result<(), StoreError> {
    let seq: i64 = db
        .prepare_cached("UPDATE article SET revision_id = ?2 WHERE id = ?1 RETURNING seq")?
        .query_row(params![article.0, revision], |row| row.get(0))?;
    text_index::mark_changed(db, article)?;
    number(db, revision, seq)
}

/// An article shows another revision from now on.
pub(super) fn revise(
    db: &Connection,
    article: ArticleId,
    revision: i64,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let seq = next(db)?;
    db.prepare_cached("UPDATE article SET revision_id = ?2, seq = ?3 WHERE id = ?1")?
        .execute(params![article.0, revision, seq])?;
    text_index::mark_changed(db, article)?;
    number(db, revision, seq)?;
    tell(db, seq, article, "revised", None, now)
}

/// An article turned out to be another: it stays behind as a tombstone.
pub(super) fn merge(
    db: &Connection,
    article: ArticleId,
    into: ArticleId,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let seq = next(db)?;
    db.prepare_cached("UPDATE article SET merged_into = ?2, revision_id = NULL, seq = ?3 WHERE id = ?1")?
        .execute(params![article.0, into.0, seq])?;
    text_index::mark_changed(db, article)?;
    db.prepare_cached("UPDATE article SET merged_into = ?2 WHERE merged_into = ?1")?
        .execute(params![article.0, into.0])?;
    tell(db, seq, article, "merged", Some(into), now)
}

/// Why an article is no longer there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DeletionReason {
    /// Somebody asked for it: nothing of it ever comes back.
    Takedown,
    /// Its source keeps no more.
    Expired,
}

impl DeletionReason {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Takedown => "asked",
            Self::Expired => "kept",
        }
    }
}

/// An article is no longer there. What it said must go too: see [`super::retention`].
pub(super) fn delete(
    db: &Connection,
    article: ArticleId,
    why: DeletionReason,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let seq = next(db)?;
    db.prepare_cached(
        "UPDATE article SET deleted_at = ?2, deleted_why = ?3, revision_id = NULL, seq = ?4 WHERE id = ?1",
    )?
    .execute(params![article.0, time::text(now), why.as_str(), seq])?;
    text_index::mark_changed(db, article)?;
    tell(db, seq, article, "deleted", None, now)
}

/// After pages moved between articles: shows the latest revision that this one has now.
pub(super) fn show_best_revision(
    db: &Connection,
    article: ArticleId,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    // A page's own text before the feed's, what readers were told before what only says the same.
    let latest: Option<i64> = db
        .prepare_cached(
            "SELECT revision.id FROM page JOIN revision ON revision.page_id = page.id WHERE page.article_id = ?1 \
             ORDER BY revision.method = 'feed', revision.seq IS NULL, revision.fetched_at DESC, revision.id DESC LIMIT 1",
        )?
        .query_row([article.0], |row| row.get(0))
        .optional()?;
    let (shown, is_deleted): (Option<i64>, bool) = db
        .prepare_cached("SELECT revision_id, deleted_at IS NOT NULL FROM article WHERE id = ?1")?
        .query_row([article.0], |row| Ok((row.get(0)?, row.get(1)?)))?;
    match (latest, shown) {
        _ if is_deleted => Ok(()),
        // Told apart from one that was taken down, and as empty.
        (None, None) => delete(db, article, DeletionReason::Takedown, now),
        (Some(latest), None) => first(db, article, latest),
        (Some(latest), Some(shown)) if latest != shown => revise(db, article, latest, now),
        _ => Ok(()),
    }
}

/// A revision is told of once.
fn number(db: &Connection, revision: i64, seq: i64) -> Result<(), StoreError> {
    db.prepare_cached("UPDATE revision SET seq = ?2 WHERE id = ?1 AND seq IS NULL")?
        .execute(params![revision, seq])?;
    Ok(())
}

fn next(db: &Connection) -> Result<i64, StoreError> {
    // Two statements: for what is returned by one SQLite makes tables first. And of one row, so that it need not keep the
    // pages of the other ones for the case that it fails half-way.
    db.prepare_cached("UPDATE sequence SET seq = seq + 1 WHERE one = 1")?
        .execute([])?;
    Ok(db
        .prepare_cached("SELECT seq FROM sequence")?
        .query_row([], |row| row.get(0))?)
}

fn tell(
    db: &Connection,
    seq: i64,
    article: ArticleId,
    op: &str,
    into: Option<ArticleId>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    db.prepare_cached("INSERT INTO change (seq, article_id, op, into_id, at) VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute(params![
            seq,
            article.0,
            op,
            into.map(|into| into.0),
            time::text(now)
        ])?;
    Ok(())
}
