//! Drops what is kept no longer: articles beyond what their sources keep (`expiry`), articles that were taken down
//! (`cuttings delete`), and expired raw pages.
//!
//! The aliases of a dropped article stay as tombstones, so that nothing of it is fetched or stored again, and readers see
//! the deletion in `changes`. All work is done in bounded batches, so that the writer serves others in between.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, params};

use super::changes::{self, DeletionReason};
use super::error::StoreError;
use super::expiry::{self, PrunePlan, RetentionPolicy};
use super::secure_delete::with_secure_delete;
use super::{history, queue, text_index, time};
use crate::model::ArticleId;

/// Articles, and raw pages, that one batch drops at most.
const BATCH: u64 = 200;

/// Articles that one batch looks at to find those.
const LOOKS: u64 = 5000;

/// Free pages of the file that one batch returns to the file system.
const VACUUM_PAGES: i64 = 1000;

/// What pruning would drop.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PruneForecast {
    /// By source.
    pub sources: Vec<PrunePlan>,
    /// Articles.
    pub articles: u64,
    /// Raw pages.
    pub pages: u64,
}

/// What a batch dropped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PruneSummary {
    /// Articles.
    pub articles: u64,
    /// Raw pages.
    pub pages: u64,
    /// Whether another batch has something to drop.
    pub more: bool,
}

/// What pruning would drop. Drops nothing.
pub(super) fn forecast(
    db: &Connection,
    policies: &[RetentionPolicy],
    now: DateTime<Utc>,
) -> Result<PruneForecast, StoreError> {
    let (sources, articles) = expiry::plan(db, policies, now)?;
    let pages: i64 = db.query_row(
        "SELECT count(*) FROM raw_page WHERE expires IS NOT NULL AND expires <= ?1",
        [time::ms(now)],
        |row| row.get(0),
    )?;
    Ok(PruneForecast { sources, articles, pages: pages.unsigned_abs() })
}

/// Drops one batch of expired articles and raw pages, continues a requested purge of the text index, and returns free
/// pages to the file system.
pub(super) fn prune(
    db: &Connection,
    policies: &[RetentionPolicy],
    now: DateTime<Utc>,
) -> Result<PruneSummary, StoreError> {
    let mut summary = PruneSummary::default();
    let (expired, more) = expiry::next_expired(db, policies, BATCH, LOOKS, now)?;
    for expired in expired {
        drop_article(db, expired.article, DeletionReason::Expired, now)?;
        for source in expired.sources {
            history::add_to_counter(db, source, "articles.pruned", 1)?;
        }
        summary.articles += 1;
    }
    summary.pages = db
        .prepare_cached(
            "DELETE FROM raw_page WHERE page_id IN \
             (SELECT page_id FROM raw_page WHERE expires IS NOT NULL AND expires <= ?1 ORDER BY expires LIMIT ?2)",
        )?
        .execute([time::ms(now), BATCH as i64])? as u64;
    let purges = text_index::purge(db)?;
    summary.more = more || summary.pages >= BATCH || purges;
    vacuum(db)?;
    Ok(summary)
}

/// Returns free pages at the end of the file to the file system.
fn vacuum(db: &Connection) -> Result<(), StoreError> {
    let mut step = db.prepare(&format!("PRAGMA incremental_vacuum({VACUUM_PAGES})"))?;
    let mut rows = step.query([])?;
    while rows.next()?.is_some() {}
    Ok(())
}

/// Drops all texts and raw pages of an article. Its pages, aliases and the article itself stay as tombstones. What was
/// taken down is overwritten in the file, too.
pub(super) fn drop_article(
    db: &Connection,
    article: ArticleId,
    reason: DeletionReason,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let earlier: Option<String> = db
        .prepare_cached("SELECT deleted_why FROM article WHERE id = ?1")?
        .query_row([article.0], |row| row.get(0))?;
    match (earlier, reason) {
        (None, _) => changes::delete(db, article, reason, now)?,
        (Some(_), DeletionReason::Takedown) => {
            db.prepare_cached("UPDATE article SET deleted_why = ?2 WHERE id = ?1")?
                .execute(params![article.0, reason.as_str()])?;
        }
        (Some(_), DeletionReason::Expired) => {}
    }
    // Articles that were merged into this one left the index then.
    text_index::remove(db, article.0)?;
    // Texts, the feed's words included; and no further fetches of its pages.
    let drop_texts = || -> Result<BTreeSet<String>, StoreError> {
        for table in ["revision", "raw_page"] {
            let sql =
                format!("DELETE FROM {table} WHERE page_id IN (SELECT id FROM page WHERE article_id = ?1)");
            db.prepare_cached(&sql)?.execute([article.0])?;
        }
        let hosts = db
            .prepare_cached(
                "UPDATE entry SET payload = NULL, credit = NULL, credit_url = NULL, text_state = 'final', next_at = NULL, parked_at = NULL \
                 WHERE page_id IN (SELECT id FROM page WHERE article_id = ?1) AND lease_run IS NULL RETURNING host",
            )?
            .query_map([article.0], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        Ok(hosts)
    };
    let hosts = if reason == DeletionReason::Takedown {
        text_index::request_purge(db)?;
        with_secure_delete(db, drop_texts)?
    } else {
        drop_texts()?
    };
    hosts.iter().try_for_each(|host| queue::refresh_host(db, host))
}
