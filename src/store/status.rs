//! What `status` and `list` show: the state of each source, and the store in numbers.
//!
//! All of it is read in one snapshot and by a fixed number of queries, but for the silence of each source. See
//! [`super::source_history`] for what is shown of one source.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension, Row};

use super::drift::SelectorHabit;
use super::error::StoreError;
use super::link_sharing::LinkSharing;
use super::reader::{Reader, optional_timestamp, unsigned};
use super::session_parameters::SessionLinks;
use super::source_history::Silence;
use super::{host_backoff, poll_state, time};
use crate::model::{NextPoll, SourceId};

/// The state of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceState {
    /// Never polled.
    New,
    /// The last poll went well.
    Ok,
    /// The last poll failed.
    Failing,
    /// Parsing its document crashed the process repeatedly: it is not parsed any more.
    SetAside,
    /// Its server answered 410 Gone: it is not polled any more.
    Ended,
    /// Paused by `cuttings pause`.
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

/// What is shown of one source.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceStatus {
    /// Row id.
    pub id: SourceId,
    /// Its name in the configuration.
    pub name: String,
    /// The feed as configured.
    pub url: String,
    /// Labels.
    pub tags: Vec<String>,
    /// Title of the feed, from the feed.
    pub title: Option<String>,
    /// Its state.
    pub state: SourceState,
    /// The last poll, whatever its outcome.
    pub polled_at: Option<DateTime<Utc>>,
    /// The last successful poll.
    pub succeeded_at: Option<DateTime<Utc>>,
    /// When it is polled next and why; `None` where it is not polled.
    pub next: Option<NextPoll>,
    /// When the backoff of its host ends; `None` where there is none.
    pub host_backoff_until: Option<DateTime<Utc>>,
    /// Failures in a row, weighted by their grade.
    pub failures: f64,
    /// The last failure, until the next success.
    pub last_error: Option<LastError>,
    /// The target of permanent redirects.
    pub moved_to: Option<String>,
    /// Whether its pages are fetched without robots.txt.
    pub ignore_robots: bool,
    /// Entries whose page was not fetched yet.
    pub pending: u64,
    /// Those of them whose article is stored with the feed's text for now.
    pub provisional: u64,
    /// Articles that belong to this source; one of several sources counts for each.
    pub articles: u64,
    /// Those of the last 24 hours.
    pub articles_day: u64,
    /// Those of the last 7 days.
    pub articles_week: u64,
    /// Number of requests that robots.txt ever forbade.
    pub robots_denied: u64,
    /// How often its selectors gave a value.
    pub rule_hits: u64,
    /// How often they were tried.
    pub rule_tries: u64,
    /// Time since the last article, and the usual gap; `None` where there is no article.
    pub silence: Option<Silence>,
    /// What identifies its entries where that is not their id.
    pub identifier: Option<IdentifierFallback>,
    /// Filters, and how many entries each excluded.
    pub excluded: Vec<(String, u64)>,
    /// Fields, and on how many pages the feed contradicted the page in each.
    pub contradictions: Vec<(String, u64)>,
    /// Corrections that its feed told of and that were not believed at once.
    pub doubted: u64,
    /// Entries that `cuttings backfill` asked for and that the feed has no more, nor a link to.
    pub backfill_lost: u64,
    /// Links that several of its entries have.
    pub link_sharing: LinkSharing,
    /// Sessions that were found in its links.
    pub session_links: Option<SessionLinks>,
    /// What is odd about its last document, though it was taken: one sentence each.
    pub remarks: Vec<String>,
    /// Selectors that were tried: first those that drift, then by misses.
    pub rules: Vec<RuleStat>,
}

impl SourceStatus {
    /// Whether it needs attention: it fails, was set aside, has ended, is unusually silent, or one of its selectors drifts.
    pub fn needs_attention(&self, now: DateTime<Utc>) -> bool {
        let polled = !matches!(self.state, SourceState::Gone | SourceState::Disabled | SourceState::Paused);
        let drifts = self.rules.iter().any(|rule| rule.drift.is_some());
        let silent = self.silence.is_some_and(|silence| silence.unusual_length(now).is_some());
        polled
            && (silent
                || drifts
                || matches!(self.state, SourceState::Failing | SourceState::SetAside | SourceState::Ended))
    }
}

/// What identifies entries of a feed whose ids are unreliable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentifierFallback {
    /// `link` or `title`.
    pub by: String,
    /// Why not the id, as a phrase.
    pub reason: String,
}

/// A failure that no success followed yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastError {
    /// When.
    pub at: DateTime<Utc>,
    /// Error code, from a closed set.
    pub code: String,
    /// A sentence.
    pub message: String,
}

/// How a selector performs.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleStat {
    /// The field it is for.
    pub field: String,
    /// The selector as configured.
    pub selector: String,
    /// Pages on which it gave a value.
    pub hits: u64,
    /// Pages on which it gave none.
    pub misses: u64,
    /// The last miss.
    pub last_miss_at: Option<DateTime<Utc>>,
    /// Recent share of pages on which it gave a value, 0 to 1.
    pub rate: f64,
    /// The usual share.
    pub usual_rate: f64,
    /// Median length of the last values, in characters.
    pub length: f64,
    /// The usual median.
    pub usual_length: f64,
    /// What fell: `rate` or `length`; `None`: nothing.
    pub drift: Option<String>,
    /// Since when.
    pub drift_at: Option<DateTime<Utc>>,
}

/// The store in numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoreSummary {
    /// The id of the database. A restored backup has another one.
    pub store_id: String,
    /// Number of the last change.
    pub seq: i64,
    /// Sources in the configuration.
    pub sources: u64,
    /// Articles that readers see.
    pub articles: u64,
    /// Entries whose page was not fetched yet.
    pub pending: u64,
    /// Articles with the feed's text, whose pages are still tried.
    pub provisional: u64,
    /// Articles that were merged because they share a key.
    pub merged: u64,
    /// Articles that were split because a key turned out to be shared.
    pub split: u64,
    /// Keys that turned out to be shared.
    pub shared: u64,
    /// Size of the database without its log, in bytes.
    pub bytes: u64,
    /// Why collecting is paused; `None` where it is not.
    pub paused: Option<String>,
}

impl Reader {
    /// Every source that was ever configured, by name.
    pub fn sources_status(&self, now: DateTime<Utc>) -> Result<Vec<SourceStatus>, StoreError> {
        let snapshot = self.db.unchecked_transaction()?;
        let mut excluded = self.counters_of_kind("unwanted")?;
        let mut contradictions = self.counters_of_kind("contradiction")?;
        let entries = self.counters_of_kind("entries")?;
        let entry_counter = |id: i64, name: &str| {
            let counter = entries.get(&id)?.iter().find(|(known, _)| known == name)?;
            Some(counter.1)
        };
        let mut rules = self.rules()?;
        let mut link_sharing = self.link_sharing()?;
        let since = |days| time::text(now - chrono::Duration::days(days));
        let mut statuses: Vec<SourceStatus> = self
            .db
            .prepare_cached(SOURCES)?
            .query_map([since(1), since(7)], |row| read_source(row, now))?
            .collect::<Result<_, _>>()?;
        for status in &mut statuses {
            status.silence = self.silence(status.id)?;
            status.excluded = excluded.remove(&status.id.0).unwrap_or_default();
            status.contradictions = contradictions.remove(&status.id.0).unwrap_or_default();
            status.doubted = entry_counter(status.id.0, "doubted").unwrap_or_default();
            status.backfill_lost = entry_counter(status.id.0, "backfill-lost").unwrap_or_default();
            status.link_sharing = link_sharing.remove(&status.id.0).unwrap_or_default();
            status.session_links = self.session_links(status.id)?;
            status.rules = rules.remove(&status.id.0).unwrap_or_default();
            status.rule_hits = status.rules.iter().map(|rule| rule.hits).sum();
            status.rule_tries = status.rules.iter().map(|rule| rule.hits + rule.misses).sum();
        }
        snapshot.finish()?;
        Ok(statuses)
    }

    /// The store in numbers.
    pub fn summary(&self) -> Result<StoreSummary, StoreError> {
        let number = |sql: &str| self.db.query_row(sql, [], |row| unsigned(row, 0));
        let counter = |name: &str| {
            let sql = "SELECT coalesce(sum(value), 0) FROM counter WHERE name = ?1";
            self.db.query_row(sql, [name], |row| unsigned(row, 0))
        };
        let paused = "SELECT value FROM meta WHERE key = 'paused'";
        Ok(StoreSummary {
            store_id: self.store_id()?,
            seq: self.last_seq()?,
            sources: number("SELECT count(*) FROM source WHERE configured = 1")?,
            articles: number(
                "SELECT count(*) FROM article WHERE merged_into IS NULL AND deleted_at IS NULL",
            )?,
            pending: number("SELECT count(*) FROM entry WHERE state = 'pending'")?,
            provisional: number(PROVISIONAL)?,
            merged: counter("identity.merged")?,
            split: counter("identity.split")?,
            shared: counter("identity.shared")?,
            paused: self.db.query_row(paused, [], |row| row.get(0)).optional()?,
            bytes: number("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")?,
        })
    }

    /// The counters `KIND.NAME` of each source, as pairs of name and count: filters and the entries that each excluded, fields
    /// and the pages on which they were contradicted.
    fn counters_of_kind(&self, kind: &str) -> Result<HashMap<i64, Vec<(String, u64)>>, StoreError> {
        let mut query = self.db.prepare_cached(
            "SELECT source_id, substr(name, length(?1) + 2), value FROM counter WHERE name GLOB ?1 || '.*' ORDER BY name",
        )?;
        let mut rows = query.query([kind])?;
        let mut counters: HashMap<i64, Vec<(String, u64)>> = HashMap::new();
        while let Some(row) = rows.next()? {
            let counter = (row.get(1)?, unsigned(row, 2)?);
            counters.entry(row.get(0)?).or_default().push(counter);
        }
        Ok(counters)
    }

    /// Selectors of each source.
    fn rules(&self) -> Result<HashMap<i64, Vec<RuleStat>>, StoreError> {
        let mut query = self.db.prepare_cached(
            "SELECT source_id, field, selector, hits, misses, last_miss_at, recent_rate, usual_rate, usual_length, recent_lengths, drift, drift_at \
             FROM rule_stat ORDER BY drift IS NULL, misses DESC, field, selector",
        )?;
        let mut rows = query.query([])?;
        let mut rules: HashMap<i64, Vec<RuleStat>> = HashMap::new();
        while let Some(row) = rows.next()? {
            let habit = SelectorHabit {
                recent_lengths: SelectorHabit::lengths_from_bytes(&row.get::<_, Vec<u8>>(9)?),
                ..SelectorHabit::default()
            };
            rules.entry(row.get(0)?).or_default().push(RuleStat {
                field: row.get(1)?,
                selector: row.get(2)?,
                hits: unsigned(row, 3)?,
                misses: unsigned(row, 4)?,
                last_miss_at: optional_timestamp(row, 5)?,
                rate: row.get(6)?,
                usual_rate: row.get(7)?,
                length: habit.recent_length(),
                usual_length: row.get(8)?,
                drift: row.get(10)?,
                drift_at: optional_timestamp(row, 11)?,
            });
        }
        Ok(rules)
    }
}

/// Counts provisional articles.
pub(super) const PROVISIONAL: &str =
    "SELECT count(*) FROM article WHERE provisional = 1 AND merged_into IS NULL AND deleted_at IS NULL";

/// For [`read_source`]. The parameters are the times a day and a week ago.
const SOURCES: &str = "SELECT source.*, coalesce(host.backoff_until, 0) AS backoff_until, \
     coalesce(queue.pending, 0) AS pending, coalesce(queue.provisional, 0) AS provisional_articles, coalesce(denied.value, 0) AS denied, \
     coalesce(stored.articles, 0) AS articles, coalesce(stored.day, 0) AS day, coalesce(stored.week, 0) AS week \
     FROM source LEFT JOIN host ON host.name = source.host \
     LEFT JOIN (SELECT source_id, count(*) AS pending, sum(text_state = 'provisional') AS provisional FROM entry WHERE state = 'pending' GROUP BY source_id) AS queue \
     ON queue.source_id = source.id \
     LEFT JOIN (SELECT source_id, count(*) AS articles, sum(membership.first_seen >= ?1) AS day, \
     sum(membership.first_seen >= ?2) AS week FROM membership WHERE gone = 0 GROUP BY source_id) AS stored \
     ON stored.source_id = source.id \
     LEFT JOIN counter AS denied ON denied.source_id = source.id AND denied.name = 'failed.robots-denied' \
     ORDER BY source.name";

/// A row of [`SOURCES`]; what other queries give is empty.
fn read_source(row: &Row<'_>, now: DateTime<Utc>) -> rusqlite::Result<SourceStatus> {
    let (enabled, configured): (bool, bool) = (row.get("enabled")?, row.get("configured")?);
    let (paused, gone): (bool, bool) = (row.get("paused")?, row.get("gone")?);
    let code: Option<String> = row.get("code")?;
    let polled_at = optional_timestamp(row, "polled_at")?;
    let state = match (&code, polled_at) {
        _ if !configured => SourceState::Gone,
        _ if !enabled && paused => SourceState::Paused,
        _ if !enabled => SourceState::Disabled,
        _ if gone => SourceState::Ended,
        (Some(code), _) if code == "set-aside" => SourceState::SetAside,
        (Some(_), _) => SourceState::Failing,
        (None, None) => SourceState::New,
        (None, Some(_)) => SourceState::Ok,
    };
    let next = NextPoll { at: time::from_ms(row.get("next_at")?), why: row.get("next_why")? };
    let backoff_until: i64 = row.get("backoff_until")?;
    let last_error = match (optional_timestamp(row, "failed_at")?, code) {
        (Some(at), Some(code)) => {
            Some(LastError { at, code, message: row.get::<_, Option<_>>("message")?.unwrap_or_default() })
        }
        _ => None,
    };
    let reason: Option<String> = row.get("identified_why")?;
    let identifier = reason
        .map(|reason| Ok::<_, rusqlite::Error>(IdentifierFallback { by: row.get("identified_by")?, reason }))
        .transpose()?;
    Ok(SourceStatus {
        id: SourceId(row.get("id")?),
        name: row.get("name")?,
        url: row.get("url")?,
        tags: serde_json::from_str(&row.get::<_, String>("tags")?).unwrap_or_default(),
        title: row.get("title")?,
        state,
        polled_at,
        succeeded_at: optional_timestamp(row, "succeeded_at")?,
        next: (configured && enabled && !gone).then_some(next),
        host_backoff_until: host_backoff::is_active(backoff_until, time::ms(now))
            .then(|| time::from_ms(backoff_until)),
        failures: row.get("failures")?,
        last_error,
        moved_to: row.get("moved_to")?,
        ignore_robots: row.get("ignore_robots")?,
        pending: unsigned(row, "pending")?,
        provisional: unsigned(row, "provisional_articles")?,
        articles: unsigned(row, "articles")?,
        articles_day: unsigned(row, "day")?,
        articles_week: unsigned(row, "week")?,
        robots_denied: unsigned(row, "denied")?,
        rule_hits: 0,
        rule_tries: 0,
        silence: None,
        excluded: Vec::new(),
        contradictions: Vec::new(),
        doubted: 0,
        backfill_lost: 0,
        link_sharing: LinkSharing::default(),
        session_links: None,
        identifier,
        remarks: poll_state::read_remarks(&row.get::<_, String>("remarks")?)
            .into_iter()
            .map(|remark| remark.text)
            .collect(),
        rules: Vec::new(),
    })
}
