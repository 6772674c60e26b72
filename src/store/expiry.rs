//! Which articles are kept no longer: those that every source they belong to has let go (`keep`).
//!
//! A source lets go of an article by its age, or by its rank among the newest ones of that source. A source without a
//! policy, or one that is no longer configured, keeps what it has. Pruning looks at the articles of a source in the order
//! in which it let them go, and notes how far it came (`source.pruned_first_seen`, `pruned_article`). An article that
//! another source keeps is found again when that one lets it go. So each article costs one look per source, however many
//! are kept, and a pass that has nothing to drop costs nearly nothing.

use std::borrow::Borrow;
use std::collections::HashMap;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, params};

use super::error::StoreError;
use super::reader::source_by_name;
use super::time;
use crate::config::{ArticleRetention, Source};
use crate::model::{ArticleId, SourceId};

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
    /// Its articles that would be dropped. One of several sources counts for each of them.
    pub articles: u64,
    /// Since when it has the oldest and the newest of them.
    pub from_until: Option<(String, String)>,
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

/// A place in the order of a source's articles: when it got the article, and the article.
type Place = (String, i64);

/// The place from which on each source keeps its articles. A source that is not there keeps all.
#[derive(Debug)]
pub(super) struct Cuts(HashMap<i64, Place>);

impl Cuts {
    pub(super) fn of(
        db: &Connection,
        policies: &[RetentionPolicy],
        now: DateTime<Utc>,
    ) -> Result<Self, StoreError> {
        let mut cuts = HashMap::new();
        for policy in policies {
            if let Some(cut) = cut(db, policy, now)? {
                cuts.insert(policy.source.0, cut);
            }
        }
        Ok(Self(cuts))
    }

    /// The sources that an article belongs to, if all of them have let it go.
    fn let_go_by_all(&self, db: &Connection, article: i64) -> Result<Option<Vec<SourceId>>, StoreError> {
        let mut query =
            db.prepare_cached("SELECT source_id, first_seen FROM membership WHERE article_id = ?1")?;
        let mut rows = query.query([article])?;
        let mut sources = Vec::new();
        while let Some(row) = rows.next()? {
            let source: i64 = row.get(0)?;
            let place: Place = (row.get(1)?, article);
            if self.0.get(&source).is_none_or(|cut| place >= *cut) {
                return Ok(None);
            }
            sources.push(SourceId(source));
        }
        Ok(Some(sources))
    }
}

/// The place from which on a source keeps its articles; `None` where it keeps all.
fn cut(db: &Connection, policy: &RetentionPolicy, now: DateTime<Utc>) -> Result<Option<Place>, StoreError> {
    match policy.keep {
        ArticleRetention::Forever => Ok(None),
        ArticleRetention::For(length) => {
            let until =
                chrono::Duration::from_std(length).ok().and_then(|length| now.checked_sub_signed(length));
            Ok(until.map(|until| (time::text(until), 0)))
        }
        ArticleRetention::Newest(count) => Ok(db
            .prepare_cached(
                "SELECT first_seen, article_id FROM membership WHERE source_id = ?1 AND gone = 0 \
                 ORDER BY first_seen DESC, article_id DESC LIMIT 1 OFFSET ?2",
            )?
            .query_row(
                params![policy.source.0, i64::try_from(count.saturating_sub(1)).unwrap_or(i64::MAX)],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .optional()?),
    }
}

/// The articles of a source between two places, in order.
pub(super) const PASSED: &str = "SELECT article_id, first_seen FROM membership WHERE source_id = ?1 AND gone = 0 \
     AND (first_seen, article_id) > (?2, ?3) AND (first_seen, article_id) < (?4, ?5) \
     ORDER BY first_seen, article_id LIMIT ?6";

/// What would be dropped of each source, and how many articles that are together.
pub(super) fn plan(
    db: &Connection,
    policies: &[RetentionPolicy],
    now: DateTime<Utc>,
) -> Result<(Vec<PrunePlan>, u64), StoreError> {
    let cuts = Cuts::of(db, policies, now)?;
    let mut plans = Vec::new();
    let mut total = 0;
    for policy in policies {
        let mut plan = PrunePlan { source: policy.name.clone(), articles: 0, from_until: None };
        if let Some((first_seen, article)) = cuts.0.get(&policy.source.0) {
            let mut query = db.prepare_cached(PASSED)?;
            let mut rows = query.query(params![policy.source.0, "", 0, first_seen, article, i64::MAX])?;
            while let Some(row) = rows.next()? {
                let (article, first_seen): (i64, String) = (row.get(0)?, row.get(1)?);
                let Some(sources) = cuts.let_go_by_all(db, article)? else { continue };
                plan.articles += 1;
                total += u64::from(sources.iter().min() == Some(&policy.source));
                let from = plan.from_until.take().map_or_else(|| first_seen.clone(), |(from, _)| from);
                plan.from_until = Some((from, first_seen));
            }
        }
        plans.push(plan);
    }
    Ok((plans, total))
}

/// An article that is kept no longer, and the sources that it belonged to.
#[derive(Debug)]
pub(super) struct ExpiredArticle {
    pub(super) article: ArticleId,
    pub(super) sources: Vec<SourceId>,
}

/// Goes on through what the sources have let go: looks at `looks` articles at most, and gives those to be dropped, `limit` at
/// most. Also whether there is more. The caller drops them in the same transaction.
pub(super) fn next_expired(
    db: &Connection,
    policies: &[RetentionPolicy],
    limit: u64,
    looks: u64,
    now: DateTime<Utc>,
) -> Result<(Vec<ExpiredArticle>, bool), StoreError> {
    let cuts = Cuts::of(db, policies, now)?;
    forget_places(db, &cuts)?;
    let mut expired: Vec<ExpiredArticle> = Vec::new();
    let mut looks = looks;
    for (source, cut) in cuts.in_order() {
        let noted = noted_place(db, source)?;
        // A source that keeps more than before lets go of the same articles again later.
        let mut reached = noted.clone().min(cut.clone());
        let passed: Vec<(i64, String)> = db
            .prepare_cached(PASSED)?
            .query_map(params![source, reached.0, reached.1, cut.0, cut.1, looks as i64], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?
            .collect::<Result<_, _>>()?;
        looks -= passed.len() as u64;
        let mut is_full = false;
        for (article, first_seen) in passed {
            let is_chosen = expired.iter().any(|chosen| chosen.article.0 == article);
            if !is_chosen && let Some(sources) = cuts.let_go_by_all(db, article)? {
                is_full = expired.len() as u64 >= limit;
                if is_full {
                    break;
                }
                expired.push(ExpiredArticle { article: ArticleId(article), sources });
            }
            reached = (first_seen, article);
        }
        if reached != noted {
            note_place(db, source, &reached)?;
        }
        if is_full || looks == 0 {
            return Ok((expired, true));
        }
    }
    Ok((expired, false))
}

impl Cuts {
    /// By source.
    fn in_order(&self) -> Vec<(i64, &Place)> {
        let mut cuts: Vec<(i64, &Place)> = self.0.iter().map(|(&source, cut)| (source, cut)).collect();
        cuts.sort_unstable();
        cuts
    }
}

/// The last place of a source that pruning has looked at.
fn noted_place(db: &Connection, source: i64) -> Result<Place, StoreError> {
    Ok(db
        .prepare_cached("SELECT pruned_first_seen, pruned_article FROM source WHERE id = ?1")?
        .query_row([source], |row| Ok((row.get(0)?, row.get(1)?)))?)
}

fn note_place(db: &Connection, source: i64, (first_seen, article): &Place) -> Result<(), StoreError> {
    db.prepare_cached("UPDATE source SET pruned_first_seen = ?2, pruned_article = ?3 WHERE id = ?1")?
        .execute(params![source, first_seen, article])?;
    Ok(())
}

/// Sources that keep everything begin anew when they get a policy: meanwhile what others let go was kept for them.
fn forget_places(db: &Connection, cuts: &Cuts) -> Result<(), StoreError> {
    let noted: Vec<i64> = db
        .prepare_cached("SELECT id FROM source WHERE pruned_first_seen <> ''")?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for source in noted.into_iter().filter(|source| !cuts.0.contains_key(source)) {
        note_place(db, source, &(String::new(), 0))?;
    }
    Ok(())
}
