//! What is kept no longer: articles that were taken down or that their source keeps no more, and raw pages that expired.
//!
//! Their aliases stay behind as tombstones, so that nothing of them is fetched or stored again, and readers are told
//! through `changes`. Everything is done in bounded parts: the daemon goes on in between.

use std::borrow::Borrow;
use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, params};

use super::changes::{self, DeletionReason};
use super::error::StoreError;
use super::text_index;
use super::{ledger, queue, time};
use crate::config::{ArticleRetention, Source};
use crate::model::{ArticleId, SourceId};

/// Articles, and raw pages, dropped in one part.
const PART: i64 = 200;

/// Free pages of the file given back in one part.
const VACUUM: i64 = 1000;

/// What a source keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetentionPolicy {
    source: SourceId,
    name: String,
    keep: ArticleRetention,
}

/// What one source would lose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrunePlan {
    /// Its name.
    pub source: String,
    /// Articles that it keeps no longer.
    pub articles: u64,
    /// When the first of them was stored, and the last.
    pub from_until: Option<(String, String)>,
}

/// What was dropped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PruneSummary {
    /// Articles.
    pub articles: u64,
    /// Raw pages.
    pub pages: u64,
    /// Whether there is more to drop.
    pub more: bool,
}

/// What the sources keep, as it was configured when they were last taken in.
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

/// The same as a configuration says it now; sources that were never taken in have nothing to drop.
pub(super) fn configured_policies(
    db: &Connection,
    sources: &[impl Borrow<Source>],
) -> Result<Vec<RetentionPolicy>, StoreError> {
    let mut policies = Vec::new();
    for source in sources
        .iter()
        .map(Borrow::borrow)
        .filter(|source| source.keep != ArticleRetention::Forever)
    {
        let id = db
            .prepare_cached("SELECT id FROM source WHERE name = ?1")?
            .query_row([&source.name], |row| row.get(0))
            .optional()?;
        policies.extend(id.map(|id| RetentionPolicy {
            source: SourceId(id),
            name: source.name.clone(),
            keep: source.keep,
        }));
    }
    Ok(policies)
}

/// Articles of a source that are still there, beyond what it keeps; the first two parameters are the source and the bound.
fn beyond(policy: &RetentionPolicy, now: DateTime<Utc>) -> Option<(&'static str, rusqlite::types::Value)> {
    match policy.keep {
        ArticleRetention::Forever => None,
        ArticleRetention::For(length) => {
            let until = chrono::Duration::from_std(length)
                .ok()
                .and_then(|length| now.checked_sub_signed(length))?;
            Some((
                "SELECT id, first_seen FROM article WHERE source_id = ?1 AND first_seen < ?2 \
                 AND merged_into IS NULL AND deleted_at IS NULL ORDER BY first_seen LIMIT ?3",
                time::text(until).into(),
            ))
        }
        ArticleRetention::Newest(count) => Some((
            "SELECT id, first_seen FROM (SELECT id, first_seen FROM article WHERE source_id = ?1 AND merged_into IS NULL \
             AND deleted_at IS NULL ORDER BY first_seen DESC, id DESC LIMIT -1 OFFSET ?2) \
             ORDER BY first_seen, id LIMIT ?3",
            i64::try_from(count).unwrap_or(i64::MAX).into(),
        )),
    }
}

/// What would be dropped, without dropping it, and how many raw pages have expired.
pub(super) fn plan(
    db: &Connection,
    policies: &[RetentionPolicy],
    now: DateTime<Utc>,
) -> Result<(Vec<PrunePlan>, u64), StoreError> {
    let mut plans = Vec::new();
    for policy in policies {
        let Some((sql, bound)) = beyond(policy, now) else {
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

/// Drops one part of what is kept no longer.
pub(super) fn prune(
    db: &Connection,
    policies: &[RetentionPolicy],
    now: DateTime<Utc>,
) -> Result<PruneSummary, StoreError> {
    let mut tidied = PruneSummary::default();
    for policy in policies {
        let Some((sql, bound)) = beyond(policy, now) else {
            continue;
        };
        let room = PART - tidied.articles as i64;
        let articles: Vec<i64> = db
            .prepare_cached(sql)?
            .query_map(params![policy.source.0, bound, room], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        for article in &articles {
            drop_article(db, ArticleId(*article), DeletionReason::Expired, now)?;
        }
        ledger::count(db, policy.source, "articles.pruned", articles.len() as u64)?;
        tidied.articles += articles.len() as u64;
        if tidied.articles as i64 >= PART {
            break;
        }
    }
    tidied.pages = db
        .prepare_cached(
            "DELETE FROM raw_page WHERE page_id IN \
             (SELECT page_id FROM raw_page WHERE expires IS NOT NULL AND expires <= ?1 ORDER BY expires LIMIT ?2)",
        )?
        .execute(params![time::ms(now), PART])? as u64;
    let forgets = text_index::purge(db)?;
    tidied.more = tidied.articles as i64 >= PART || tidied.pages as i64 >= PART || forgets;
    vacuum(db)?;
    Ok(tidied)
}

/// Gives free pages at the end of the file back to the file system.
fn vacuum(db: &Connection) -> Result<(), StoreError> {
    let mut step = db.prepare(&format!("PRAGMA incremental_vacuum({VACUUM})"))?;
    let mut rows = step.query([])?;
    while rows.next()?.is_some() {}
    Ok(())
}

/// What is dropped by `work` is overwritten in the file too, whoever drops it.
pub(super) fn with_secure_delete<T>(
    db: &Connection,
    work: impl FnOnce() -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    db.pragma_update(None, "secure_delete", true)?;
    let done = work();
    db.pragma_update(None, "secure_delete", false)?;
    done
}

/// Drops all that an article said. Its pages, its aliases and the article itself stay behind as tombstones.
pub(super) fn drop_article(
    db: &Connection,
    article: ArticleId,
    why: DeletionReason,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let known: Option<String> = db
        .prepare_cached("SELECT deleted_why FROM article WHERE id = ?1")?
        .query_row([article.0], |row| row.get(0))?;
    match (known.as_deref(), why) {
        (None, _) => changes::delete(db, article, why, now)?,
        (Some(_), DeletionReason::Takedown) => {
            db.prepare_cached("UPDATE article SET deleted_why = ?2 WHERE id = ?1")?
                .execute(params![article.0, why.as_str()])?;
        }
        (Some(_), DeletionReason::Expired) => {}
    }
    // Articles that were merged into this one are in the index no more; this one may be.
    text_index::remove(db, article.0)?;
    let drop_texts = || -> Result<(), StoreError> {
        for sql in [
            "DELETE FROM revision WHERE page_id IN (SELECT id FROM page WHERE article_id = ?1)",
            "DELETE FROM raw_page WHERE page_id IN (SELECT id FROM page WHERE article_id = ?1)",
        ] {
            db.prepare_cached(sql)?.execute([article.0])?;
        }
        Ok(())
    };
    if why == DeletionReason::Takedown {
        with_secure_delete(db, drop_texts)?;
        text_index::request_purge(db)?;
    } else {
        drop_texts()?;
    }
    // A page that was to be tried once more is not.
    let hosts: BTreeSet<String> = db
        .prepare_cached(
            "UPDATE entry SET payload = NULL, credit = NULL, credit_url = NULL, upgrade = 0, next_at = NULL, parked_at = NULL \
             WHERE page_id IN (SELECT id FROM page WHERE article_id = ?1) AND claimed_run IS NULL RETURNING host",
        )?
        .query_map([article.0], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    hosts.iter().try_for_each(|host| queue::refresh(db, host))
}
