//! Numbers the changes that readers see: a new article, a revision, a merge, a deletion.
//!
//! Each change gets the next `seq`, which grows by one and is never given again, and a row in `change`, in the same
//! transaction as the change itself. `articles`, `grouping`, `retention` and `import` call this; the view `changes` and
//! `seq` in `articles` (docs/schema.md) are what readers follow. Every change also marks the article for the text index.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, params};

use super::error::StoreError;
use super::page_id::PageId;
use super::revision_digest::TEXT_RANK;
use super::{text_index, time};
use crate::link;
use crate::model::ArticleId;

/// Adds an article without a revision yet (see [`set_first_revision`]); returns it with the `seq` of its announcement.
pub(super) fn insert_article(
    db: &Connection,
    first_seen: &str,
    now: DateTime<Utc>,
) -> Result<(ArticleId, i64), StoreError> {
    let seq = next_seq(db)?;
    db.prepare_cached("INSERT INTO article (first_seen, seq) VALUES (?1, ?2)")?
        .execute(params![first_seen, seq])?;
    let article = ArticleId(db.last_insert_rowid());
    insert_change(db, seq, article, "new", None, now)?;
    Ok((article, seq))
}

/// Shows the first revision of a new article. The revision was stored with the article's `seq` already.
pub(super) fn set_first_revision(
    db: &Connection,
    article: ArticleId,
    revision: i64,
) -> Result<(), StoreError> {
    db.prepare_cached("UPDATE article SET revision_id = ?2 WHERE id = ?1")?.execute([article.0, revision])?;
    text_index::mark_changed(db, article)
}

/// Shows another revision of an article from now on.
pub(super) fn revise(
    db: &Connection,
    article: ArticleId,
    revision: i64,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let seq = announce(db, article, "revised", None, now)?;
    db.prepare_cached("UPDATE article SET revision_id = ?2, seq = ?3 WHERE id = ?1")?
        .execute(params![article.0, revision, seq])?;
    set_seq(db, revision, seq)
}

/// Shows the URL that served a page where its canonical was shown, because that key turned out to be shared.
pub(super) fn show_served_url(
    db: &Connection,
    page: PageId,
    key: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let served: Option<String> = db
        .prepare_cached(
            "SELECT page.url FROM alias JOIN page ON page.id = alias.page_id \
             WHERE alias.key = ?1 AND alias.page_id = ?2 AND alias.kind = 'canonical'",
        )?
        .query_row(params![key, page.0], |row| row.get(0))
        .optional()?;
    let Some(served) = served.as_deref().and_then(link::web_url) else {
        return Ok(());
    };
    let changed = db
        .prepare_cached("UPDATE revision SET url = ?2 WHERE page_id = ?1 AND url <> ?2")?
        .execute(params![page.0, link::without_tracking(&served).as_str()])?;
    let shown: Option<(i64, i64)> = db
        .prepare_cached(
            "SELECT article.id, revision.id FROM revision JOIN article ON article.revision_id = revision.id \
             WHERE revision.page_id = ?1",
        )?
        .query_row([page.0], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    match shown {
        Some((article, revision)) if changed > 0 => revise(db, ArticleId(article), revision, now),
        _ => Ok(()),
    }
}

/// Whether readers see an article no longer: it was merged or deleted.
pub(super) fn is_gone(db: &Connection, article: ArticleId) -> Result<bool, StoreError> {
    Ok(db
        .prepare_cached(
            "SELECT 1 FROM article WHERE id = ?1 AND (deleted_at IS NOT NULL OR merged_into IS NOT NULL)",
        )?
        .exists([article.0])?)
}

/// Turns an article into a tombstone that leads to `into`. The caller moves its pages.
pub(super) fn merge(
    db: &Connection,
    article: ArticleId,
    into: ArticleId,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let seq = announce(db, article, "merged", Some(into), now)?;
    db.prepare_cached("UPDATE article SET merged_into = ?2, revision_id = NULL, seq = ?3 WHERE id = ?1")?
        .execute(params![article.0, into.0, seq])?;
    db.prepare_cached("UPDATE article SET merged_into = ?2 WHERE merged_into = ?1")?
        .execute(params![article.0, into.0])?;
    Ok(())
}

/// Numbers the change that an article belongs to one more source from now on. The article's own number stays.
pub(super) fn join(
    db: &Connection,
    article: ArticleId,
    source: i64,
    now: DateTime<Utc>,
) -> Result<i64, StoreError> {
    let seq = next_seq(db)?;
    insert_change(db, seq, article, "joined", None, now)?;
    db.prepare_cached("UPDATE change SET source_id = ?2 WHERE seq = ?1")?.execute([seq, source])?;
    Ok(seq)
}

/// Numbers the change that the text of a provisional article stays: its page was given up. The article's own number stays, as
/// readers have that text.
pub(super) fn settle(db: &Connection, article: ArticleId, now: DateTime<Utc>) -> Result<(), StoreError> {
    let seq = next_seq(db)?;
    insert_change(db, seq, article, "settled", None, now)?;
    db.prepare_cached("UPDATE article SET provisional = 0, settled_seq = ?2 WHERE id = ?1")?
        .execute([article.0, seq])?;
    Ok(())
}

/// Why an article was deleted: `article.deleted_why`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DeletionReason {
    /// Somebody asked for it (`cuttings delete`): no part of it is ever stored again.
    Takedown,
    /// It exceeded what its source keeps (`keep_articles`).
    Expired,
}

impl DeletionReason {
    /// Reads [`Self::as_str`].
    pub(super) fn of(word: &str) -> Self {
        if word == Self::Expired.as_str() { Self::Expired } else { Self::Takedown }
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Takedown => "takedown",
            Self::Expired => "expired",
        }
    }
}

/// Turns an article into a tombstone. The caller drops its texts: see [`super::retention`].
pub(super) fn delete(
    db: &Connection,
    article: ArticleId,
    reason: DeletionReason,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let seq = announce(db, article, "deleted", None, now)?;
    db.prepare_cached(
        "UPDATE article SET deleted_at = ?2, deleted_why = ?3, revision_id = NULL, seq = ?4 WHERE id = ?1",
    )?
    .execute(params![article.0, time::text(now), reason.as_str(), seq])?;
    Ok(())
}

/// Shows the best revision that an article has after pages moved between articles: by [`TEXT_RANK`], of feeds the first that had a
/// text; an announced revision before one that was not, then the latest.
pub(super) fn show_best_revision(
    db: &Connection,
    article: ArticleId,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let best: Option<i64> = db
        .prepare_cached(&format!(
            "SELECT revision.id FROM page JOIN revision ON revision.page_id = page.id WHERE page.article_id = ?1 \
             ORDER BY {TEXT_RANK} DESC, iif(revision.method = 'feed', \
                 (SELECT min(first.id) FROM revision AS first WHERE first.page_id = revision.page_id \
                  AND first.source_id IS revision.source_id), 0), \
             revision.seq IS NULL, revision.fetched_at DESC, revision.id DESC LIMIT 1",
        ))?
        .query_row([article.0], |row| row.get(0))
        .optional()?;
    let (shown, is_deleted, seq): (Option<i64>, bool, i64) = db
        .prepare_cached("SELECT revision_id, deleted_at IS NOT NULL, seq FROM article WHERE id = ?1")?
        .query_row([article.0], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    match (best, shown) {
        _ if is_deleted => Ok(()),
        // Split off an article that was taken down, and as empty.
        (None, None) => delete(db, article, DeletionReason::Takedown, now),
        // A new article was announced already: its revision has the same number.
        (Some(best), None) => {
            set_first_revision(db, article, best)?;
            set_seq(db, best, seq)
        }
        (Some(best), Some(shown)) if best != shown => revise(db, article, best, now),
        _ => Ok(()),
    }
}

/// Numbers a revision that has no number yet: each is announced once.
fn set_seq(db: &Connection, revision: i64, seq: i64) -> Result<(), StoreError> {
    db.prepare_cached("UPDATE revision SET seq = ?2 WHERE id = ?1 AND seq IS NULL")?
        .execute(params![revision, seq])?;
    Ok(())
}

/// Numbers a change of an article that readers know, and marks it for the text index. The caller stores the number in the
/// article.
fn announce(
    db: &Connection,
    article: ArticleId,
    op: &str,
    into: Option<ArticleId>,
    now: DateTime<Utc>,
) -> Result<i64, StoreError> {
    let seq = next_seq(db)?;
    text_index::mark_changed(db, article)?;
    insert_change(db, seq, article, op, into, now)?;
    Ok(seq)
}

/// The next number of a change.
fn next_seq(db: &Connection) -> Result<i64, StoreError> {
    // Not RETURNING, for which SQLite makes a temporary table; and WHERE, so that it sees that one row at most changes and
    // keeps no statement journal.
    db.prepare_cached("UPDATE sequence SET seq = seq + 1 WHERE one = 1")?.execute([])?;
    Ok(db.prepare_cached("SELECT seq FROM sequence")?.query_row([], |row| row.get(0))?)
}

fn insert_change(
    db: &Connection,
    seq: i64,
    article: ArticleId,
    op: &str,
    into: Option<ArticleId>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    db.prepare_cached("INSERT INTO change (seq, article_id, op, into_id, at) VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute(params![seq, article.0, op, into.map(|into| into.0), time::text(now)])?;
    Ok(())
}
