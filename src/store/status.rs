//! What `status` and `list` show.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension, Row};

use super::drift::Habit;
use super::error::StoreError;
use super::reader::Reader;
use super::source_history::Silence;
use super::{host_backoff, time};
use crate::model::{NextPoll, SourceId};

/// How a source does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceState {
    /// Never polled.
    New,
    /// The last poll went well.
    Ok,
    /// The last poll failed.
    Failing,
    /// Its document killed the process again and again: not parsed.
    SetAside,
    /// Its server said that it is gone for good (410): not asked any more.
    Ended,
    /// `cuttings pause` holds it.
    Paused,
    /// Switched off in the configuration.
    Disabled,
    /// No longer in the configuration.
    Gone,
}

impl SourceState {
    /// The word shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Ok => "ok",
            Self::Failing => "failing",
            Self::SetAside => "set-aside",
            Self::Ended => "ended",
            Self::Paused => "paused",
            Self::Disabled => "disabled",
            Self::Gone => "gone",
        }
    }
}

/// Everything worth telling about a source.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceStatus {
    /// Row.
    pub id: SourceId,
    /// Its name in the configuration.
    pub name: String,
    /// The feed as configured.
    pub url: String,
    /// Labels.
    pub tags: Vec<String>,
    /// As the feed names itself.
    pub title: Option<String>,
    /// How it does.
    pub state: SourceState,
    /// The last poll, however it went.
    pub polled_at: Option<DateTime<Utc>>,
    /// The last poll that went well.
    pub succeeded_at: Option<DateTime<Utc>>,
    /// When next and why; none where it is switched off or gone.
    pub next: Option<NextPoll>,
    /// Until when its host is left alone.
    pub host_backoff_until: Option<DateTime<Utc>>,
    /// Weighted failures in a row.
    pub failures: f64,
    /// What went wrong last, until it goes well.
    pub last_error: Option<LastError>,
    /// Where permanent redirects led.
    pub moved_to: Option<String>,
    /// Whether its pages are fetched without asking robots.txt.
    pub ignore_robots: bool,
    /// Entries that wait for their page.
    pub pending: u64,
    /// Articles first found here.
    pub articles: u64,
    /// Those of the last 24 hours.
    pub articles_day: u64,
    /// Those of the last 7 days.
    pub articles_week: u64,
    /// Pages and polls that robots.txt forbade, ever.
    pub robots_denied: u64,
    /// How often its selectors found something: (found, tried).
    pub hits: (u64, u64),
    /// When the last article came, and what is usual.
    pub silence: Option<Silence>,
    /// Why its entries are not known by their ids, as a phrase, and by what instead.
    pub known_by: Option<(String, String)>,
    /// Filters, and how many entries each left out.
    pub excluded: Vec<(String, u64)>,
    /// Selectors that were tried: first those that find less than they used to, then by their misses.
    pub rules: Vec<RuleStat>,
}

impl SourceStatus {
    /// Whether a person should look at it: it fails, was set aside, has ended, is silent beyond its habit, or its selectors find less than they did.
    pub fn needs_a_person(&self, now: DateTime<Utc>) -> bool {
        let polled = !matches!(
            self.state,
            SourceState::Gone | SourceState::Disabled | SourceState::Paused
        );
        let drifts = self.rules.iter().any(|rule| rule.drift.is_some());
        let silent = self
            .silence
            .is_some_and(|silence| silence.unusual_length(now).is_some());
        polled
            && (silent
                || drifts
                || matches!(
                    self.state,
                    SourceState::Failing | SourceState::SetAside | SourceState::Ended
                ))
    }
}

/// A failure that was not made good yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastError {
    /// When.
    pub at: DateTime<Utc>,
    /// From a closed set.
    pub code: String,
    /// A sentence.
    pub message: String,
}

/// How often a selector found something.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleStat {
    /// The field it is for.
    pub field: String,
    /// As typed.
    pub selector: String,
    /// Pages on which it gave a value.
    pub hits: u64,
    /// Pages on which it gave none.
    pub misses: u64,
    /// The last of those.
    pub last_miss_at: Option<DateTime<Utc>>,
    /// Share of pages on which it gives a value of late, 0 to 1.
    pub rate: f64,
    /// The same as it used to be.
    pub usual_rate: f64,
    /// Median length of the last values, in characters.
    pub length: f64,
    /// The same as it used to be.
    pub usual_length: f64,
    /// What fell: `rate` or `length`.
    pub drift: Option<String>,
    /// Since when.
    pub drift_at: Option<DateTime<Utc>>,
}

/// The database in a few numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoreSummary {
    /// Names the database; another one after a restore.
    pub store_id: String,
    /// The last number given to a change.
    pub seq: i64,
    /// Sources in the configuration.
    pub sources: u64,
    /// Articles that readers see.
    pub articles: u64,
    /// Entries that wait for their page.
    pub pending: u64,
    /// Articles merged because a key showed that they are one.
    pub merged: u64,
    /// Articles told apart because a key turned out to be shared.
    pub split: u64,
    /// Keys found to be shared.
    pub shared: u64,
    /// Size of the database, log not included, in bytes.
    pub bytes: u64,
    /// Why nothing is collected.
    pub paused: Option<String>,
}

impl Reader {
    /// Every source that was ever configured, by name.
    pub fn sources_status(&self, now: DateTime<Utc>) -> Result<Vec<SourceStatus>, StoreError> {
        // One snapshot for all of it.
        let snapshot = self.db.unchecked_transaction()?;
        let pending = self.counts(
            "SELECT source_id, count(*) FROM entry WHERE state = 'pending' AND ?1 <> '' GROUP BY source_id",
            now,
        )?;
        let since = |days| self.counts(ARTICLES_SINCE, now - chrono::Duration::days(days));
        let all = self.counts(ARTICLES_SINCE, DateTime::UNIX_EPOCH)?;
        let (day, week) = (since(1)?, since(7)?);
        let mut unwanted = self.excluded()?;
        let mut misses = self.rules()?;
        let denied = self.counts(
            "SELECT source_id, sum(value) FROM counter WHERE name = 'failed.robots-denied' AND ?1 <> '' GROUP BY source_id",
            now,
        )?;
        let (hits, tried) = (
            self.counts(
                "SELECT source_id, sum(hits) FROM rule_stat WHERE ?1 <> '' GROUP BY source_id",
                now,
            )?,
            self.counts(
                "SELECT source_id, sum(hits + misses) FROM rule_stat WHERE ?1 <> '' GROUP BY source_id",
                now,
            )?,
        );
        let mut query = self.db.prepare_cached(SOURCES)?;
        let mut statuses: Vec<SourceStatus> = query
            .query_map([], |row| source(row, now))?
            .collect::<Result<_, _>>()?;
        for status in &mut statuses {
            let of = |counts: &HashMap<i64, u64>| counts.get(&status.id.0).copied().unwrap_or(0);
            status.pending = of(&pending);
            status.articles = of(&all);
            status.articles_day = of(&day);
            status.articles_week = of(&week);
            status.robots_denied = of(&denied);
            status.hits = (of(&hits), of(&tried));
            status.silence = self.silence(status.id)?;
            status.excluded = unwanted.remove(&status.id.0).unwrap_or_default();
            status.rules = misses.remove(&status.id.0).unwrap_or_default();
        }
        snapshot.finish()?;
        Ok(statuses)
    }

    /// The whole in a few numbers.
    pub fn summary(&self) -> Result<StoreSummary, StoreError> {
        let number = |sql: &str| -> Result<u64, StoreError> {
            let number: i64 = self.db.query_row(sql, [], |row| row.get(0))?;
            Ok(number.unsigned_abs())
        };
        let counter = |name: &str| -> Result<u64, StoreError> {
            let sum: i64 = self.db.query_row(
                "SELECT coalesce(sum(value), 0) FROM counter WHERE name = ?1",
                [name],
                |row| row.get(0),
            )?;
            Ok(sum.unsigned_abs())
        };
        Ok(StoreSummary {
            store_id: self
                .db
                .query_row("SELECT value FROM meta WHERE key = 'store_id'", [], |row| {
                    row.get(0)
                })?,
            seq: self
                .db
                .query_row("SELECT seq FROM sequence", [], |row| row.get(0))?,
            sources: number("SELECT count(*) FROM source WHERE configured = 1")?,
            articles: number(
                "SELECT count(*) FROM article WHERE merged_into IS NULL AND deleted_at IS NULL",
            )?,
            pending: number("SELECT count(*) FROM entry WHERE state = 'pending'")?,
            merged: counter("identity.merged")?,
            split: counter("identity.split")?,
            shared: counter("identity.shared")?,
            paused: self
                .db
                .query_row("SELECT value FROM meta WHERE key = 'paused'", [], |row| {
                    row.get(0)
                })
                .optional()?,
            bytes: number("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")?,
        })
    }

    fn counts(&self, sql: &str, since: DateTime<Utc>) -> Result<HashMap<i64, u64>, StoreError> {
        Ok(self
            .db
            .prepare_cached(sql)?
            .query_map([time::text(since)], |row| {
                Ok((row.get(0)?, row.get::<_, i64>(1)?.unsigned_abs()))
            })?
            .collect::<Result<_, _>>()?)
    }

    fn excluded(&self) -> Result<HashMap<i64, Vec<(String, u64)>>, StoreError> {
        let mut query = self.db.prepare_cached(
            "SELECT source_id, substr(name, 10), value FROM counter WHERE name GLOB 'unwanted.*' ORDER BY name",
        )?;
        let mut rows = query.query([])?;
        let mut unwanted: HashMap<i64, Vec<(String, u64)>> = HashMap::new();
        while let Some(row) = rows.next()? {
            let count: i64 = row.get(2)?;
            unwanted
                .entry(row.get(0)?)
                .or_default()
                .push((row.get(1)?, count.unsigned_abs()));
        }
        Ok(unwanted)
    }

    fn rules(&self) -> Result<HashMap<i64, Vec<RuleStat>>, StoreError> {
        let mut query = self.db.prepare_cached(
            "SELECT source_id, field, selector, hits, misses, last_miss_at, rate, usual, median, lengths, drift, drift_at \
             FROM rule_stat ORDER BY drift IS NULL, misses DESC, field, selector",
        )?;
        let mut rows = query.query([])?;
        let mut misses: HashMap<i64, Vec<RuleStat>> = HashMap::new();
        while let Some(row) = rows.next()? {
            let habit = Habit {
                lengths: Habit::lengths_of(&row.get::<_, Vec<u8>>(9)?),
                ..Habit::default()
            };
            misses.entry(row.get(0)?).or_default().push(RuleStat {
                field: row.get(1)?,
                selector: row.get(2)?,
                hits: row.get::<_, i64>(3)?.unsigned_abs(),
                misses: row.get::<_, i64>(4)?.unsigned_abs(),
                last_miss_at: optional(row, 5)?,
                rate: row.get(6)?,
                usual_rate: row.get(7)?,
                length: habit.recent_median(),
                usual_length: row.get(8)?,
                drift: row.get(10)?,
                drift_at: optional(row, 11)?,
            });
        }
        Ok(misses)
    }
}

const ARTICLES_SINCE: &str = "SELECT source_id, count(*) FROM article \
     WHERE first_seen >= ?1 AND source_id IS NOT NULL AND merged_into IS NULL AND deleted_at IS NULL GROUP BY source_id";

const SOURCES: &str = "SELECT source.id, source.name, source.url, source.tags, source.title, source.enabled, source.configured, \
     source.crashes, source.code, source.polled_at, source.succeeded_at, source.next_at, source.next_why, \
     coalesce(host.rest_until, 0), source.failures, source.failed_at, source.message, source.moved_to, source.paused, source.gone, \
     source.ignore_robots, source.known_why, source.known_by \
     FROM source LEFT JOIN host ON host.name = source.host ORDER BY source.name";

fn source(row: &Row<'_>, now: DateTime<Utc>) -> rusqlite::Result<SourceStatus> {
    let (enabled, configured, paused): (bool, bool, bool) = (row.get(5)?, row.get(6)?, row.get(18)?);
    let code: Option<String> = row.get(8)?;
    let polled_at = optional(row, 9)?;
    let rest_until: i64 = row.get(13)?;
    let gone: bool = row.get(19)?;
    let set_aside = code.as_deref() == Some("set-aside");
    let state = match (configured, enabled, set_aside, &code, polled_at) {
        (false, ..) => SourceState::Gone,
        (_, false, ..) if paused => SourceState::Paused,
        (_, false, ..) => SourceState::Disabled,
        _ if gone => SourceState::Ended,
        (_, _, true, ..) => SourceState::SetAside,
        (_, _, _, Some(_), _) => SourceState::Failing,
        (_, _, _, _, None) => SourceState::New,
        _ => SourceState::Ok,
    };
    let next = NextPoll {
        at: time::moment(row.get(11)?),
        why: row.get(12)?,
    };
    let tags: String = row.get(3)?;
    Ok(SourceStatus {
        id: SourceId(row.get(0)?),
        name: row.get(1)?,
        url: row.get(2)?,
        tags: serde_json::from_str(&tags).unwrap_or_default(),
        title: row.get(4)?,
        state,
        polled_at,
        succeeded_at: optional(row, 10)?,
        next: (configured && enabled && !gone).then_some(next),
        host_backoff_until: host_backoff::is_resting(rest_until, time::ms(now))
            .then(|| time::moment(rest_until)),
        failures: row.get(14)?,
        last_error: match (optional(row, 15)?, code) {
            (Some(at), Some(code)) => Some(LastError {
                at,
                code,
                message: row.get::<_, Option<String>>(16)?.unwrap_or_default(),
            }),
            _ => None,
        },
        moved_to: row.get(17)?,
        ignore_robots: row.get(20)?,
        pending: 0,
        articles: 0,
        articles_day: 0,
        articles_week: 0,
        robots_denied: 0,
        hits: (0, 0),
        silence: None,
        excluded: Vec::new(),
        known_by: row
            .get::<_, Option<String>>("known_why")?
            .zip(row.get::<_, Option<String>>("known_by")?),
        rules: Vec::new(),
    })
}

fn optional(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<DateTime<Utc>>> {
    Ok(row
        .get::<_, Option<String>>(column)?
        .as_deref()
        .and_then(time::parse))
}
