//! Drops what is kept no longer: articles beyond what their source keeps (`keep_articles`), articles that were taken down
//! (`cuttings delete`), and expired raw pages.
//!
//! The aliases of a dropped article stay as tombstones, so that nothing of it is fetched or stored again, and readers see
//! the deletion in `changes`. All work is done in bounded batches, so that the writer serves others in between.

use std::borrow::Borrow;
use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, params};

use super::changes::{self, DeletionReason};
use super::error::StoreError;
use super::reader::source_by_name;
use super::secure_delete::with_secure_delete;
use super::{history, queue, text_index, time};
use crate::config::{ArticleRetention, Source};
use crate::model::{ArticleId, SourceId};

/// Articles, and raw pages, that one batch drops at most.
const BATCH: u64 = 200;

/// Free pages of the file that one batch returns to the file system.
const VACUUM_PAGES: i64 = 1000;

/// What a source keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetentionPolicy {
    source: SourceId,
    name: String,
    keep: ArticleRetention,
}

/// What `cuttings prune --dry-run` reports of one source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrunePlan {
    /// Name of the source.
    pub source: String,
    /// Articles that would be dropped.
    pub articles: u64,
    /// `first_seen` of the oldest and of the newest of them.
    pub from_until: Option<(String, String)>,
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

/// The policies in the database: those of the configuration that was applied last.
pub(super) fn stored_policies(db: &Connection) -> Result<Vec<RetentionPolicy>, StoreError> {
    Ok(db
        .prepare_cached(
            "SELECT id, name, keep_for, keep_newest FROM source \
             WHERE configured = 1 AND (keep_for IS NOT NULL OR keep_newest IS NOT NULL)",
        )?
        .query_map([], |row| {
            let (length, count): (Option<i64>, Option<i64>) = (row.get(2)?, row.get(3)?);
            Ok(RetentionPolicy {
                source: SourceId(row.get(0)?),
                name: row.get(1)?,
                keep: match (length, count) {
                    (Some(length), _) => {
                        ArticleRetention::For(std::time::Duration::from_millis(length.unsigned_abs()))
                    }
                    (_, Some(count)) => {
                        ArticleRetention::Newest(usize::try_from(count).unwrap_or(usize::MAX))
                    }
                    _ => ArticleRetention::Forever,
                },
            })
        })?
        .collect::<Result<_, _>>()?)
}

/// The policies of a configuration. Sources that the database does not know have nothing to drop and are left out.
pub(super) fn configured_policies(
    db: &Connection,
    sources: &[impl Borrow<Source>],
) -> Result<Vec<RetentionPolicy>, StoreError> {
    let mut policies = Vec::new();
    for source in sources.iter().map(Borrow::borrow) {
        if source.keep == ArticleRetention::Forever {
            continue;
        }
        let id = source_by_name(db, &source.name)?;
        policies.extend(id.map(|id| RetentionPolicy {
            source: id,
            name: source.name.clone(),
            keep: source.keep,
        }));
    }
    Ok(policies)
}

/// SQL that selects the id and `first_seen` of the articles beyond a policy, oldest first, and its second parameter. The
/// first parameter is the source, the third the limit. `None` where nothing can be beyond it.
fn expired_articles(
    policy: &RetentionPolicy,
    now: DateTime<Utc>,
) -> Option<(&'static str, rusqlite::types::Value)> {
    match policy.keep {
        ArticleRetention::Forever => None,
        ArticleRetention::For(length) => {
            let until = now.checked_sub_signed(chrono::Duration::from_std(length).ok()?)?;
            Some((
                "SELECT article.id, article.first_seen FROM membership JOIN article ON article.id = membership.article_id WHERE membership.source_id = ?1 AND article.first_seen < ?2 \
                 AND merged_into IS NULL AND deleted_at IS NULL ORDER BY article.first_seen LIMIT ?3",
                time::text(until).into(),
            ))
        }
        ArticleRetention::Newest(count) => Some((
            "SELECT id, first_seen FROM (SELECT article.id, article.first_seen FROM membership JOIN article ON article.id = membership.article_id WHERE membership.source_id = ?1 AND merged_into IS NULL \
             AND deleted_at IS NULL ORDER BY article.first_seen DESC, article.id DESC LIMIT -1 OFFSET ?2) \
             ORDER BY first_seen, id LIMIT ?3",
            i64::try_from(count).unwrap_or(i64::MAX).into(),
        )),
    }
}

/// What pruning would drop of each source, and the number of expired raw pages. Drops nothing.
pub(super) fn plan(
    db: &Connection,
    policies: &[RetentionPolicy],
    now: DateTime<Utc>,
) -> Result<(Vec<PrunePlan>, u64), StoreError> {
    let mut plans = Vec::new();
    for policy in policies {
        let Some((sql, bound)) = expired_articles(policy, now) else {
            continue;
        };
        let (articles, first, last): (i64, Option<String>, Option<String>) = db.query_row(
            &format!("SELECT count(*), min(first_seen), max(first_seen) FROM ({sql})"),
            params![policy.source.0, bound, i64::MAX],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )?;
        plans.push(PrunePlan {
            source: policy.name.clone(),
            articles: articles.unsigned_abs(),
            from_until: first.zip(last),
        });
    }
    let pages: i64 = db.query_row(
        "SELECT count(*) FROM raw_page WHERE expires IS NOT NULL AND expires <= ?1",
        [time::ms(now)],
        |row| row.get(0),
    )?;
    Ok((plans, pages.unsigned_abs()))
}

/// Drops one batch of expired articles and raw pages, continues a requested purge of the text index, and returns free
/// pages to the file system.
pub(super) fn prune(
    db: &Connection,
    policies: &[RetentionPolicy],
    now: DateTime<Utc>,
) -> Result<PruneSummary, StoreError> {
    let mut summary = PruneSummary::default();
    for policy in policies {
        let Some((sql, bound)) = expired_articles(policy, now) else {
            continue;
        };
        let articles: Vec<i64> = db
            .prepare_cached(sql)?
            .query_map(params![policy.source.0, bound, (BATCH - summary.articles) as i64], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        for article in &articles {
            drop_article(db, ArticleId(*article), DeletionReason::Expired, now)?;
        }
        history::add_to_counter(db, policy.source, "articles.pruned", articles.len() as u64)?;
        summary.articles += articles.len() as u64;
        if summary.articles >= BATCH {
            break;
        }
    }
    summary.pages = db
        .prepare_cached(
            "DELETE FROM raw_page WHERE page_id IN \
             (SELECT page_id FROM raw_page WHERE expires IS NOT NULL AND expires <= ?1 ORDER BY expires LIMIT ?2)",
        )?
        .execute(params![time::ms(now), BATCH as i64])? as u64;
    let purges = text_index::purge(db)?;
    summary.more = summary.articles >= BATCH || summary.pages >= BATCH || purges;
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
