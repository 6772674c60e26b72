//! What `status` shows in detail: the latest polls of a source, how long it has been silent, and which hosts are in backoff.

use chrono::{DateTime, Duration, NaiveDateTime, Utc};
use rusqlite::params;

use super::error::StoreError;
use super::reader::{Reader, timestamp, unsigned};
use super::{host_backoff, time};
use crate::model::SourceId;

/// One poll as it was recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PollRow {
    /// When it began.
    pub at: DateTime<Utc>,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// HTTP status of the last response.
    pub status: Option<u16>,
    /// `taken`, `unchanged`, `not-modified`, `failed`.
    pub outcome: String,
    /// Error code of a failure.
    pub code: Option<String>,
    /// Entries in the document.
    pub entries: u64,
    /// Entries that were not known before.
    pub new: u64,
    /// Bytes of the document after decompression.
    pub bytes: u64,
    /// What decided when the next poll was.
    pub next_why: String,
}

/// How long a source has published nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Silence {
    /// When the last article was first seen.
    pub since: DateTime<Utc>,
    /// Median time between two hours with articles, among the last 21; `None`: too few gaps to tell.
    pub usual_gap: Option<Duration>,
}

/// A silence is unusual from this many usual gaps on, and never before [`WEEKEND`]: newspapers pause at weekends.
const UNUSUAL_GAPS: i32 = 10;
const WEEKEND: Duration = Duration::days(3);

/// Hours with articles that are looked at, and how many gaps between them make a habit.
const HOURS: i64 = 21;
const MIN_GAPS: usize = 4;

impl Silence {
    /// The length of the silence where that is unusual.
    pub fn unusual_length(&self, now: DateTime<Utc>) -> Option<Duration> {
        let length = now - self.since;
        (length >= WEEKEND && length >= self.usual_gap? * UNUSUAL_GAPS).then_some(length)
    }

    /// `hours`: the hours with articles, newest first.
    fn of(since: DateTime<Utc>, hours: &[DateTime<Utc>]) -> Self {
        let mut gaps: Vec<Duration> =
            hours.windows(2).filter_map(|pair| Some(*pair.first()? - *pair.last()?)).collect();
        gaps.sort_unstable();
        Self { since, usual_gap: gaps.get(gaps.len() / 2).filter(|_| gaps.len() >= MIN_GAPS).copied() }
    }
}

/// A host from which nothing is requested for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostBackoff {
    /// Name of the host.
    pub name: String,
    /// When the backoff ends.
    pub until: DateTime<Utc>,
    /// Code of its last failure.
    pub code: Option<String>,
}

impl Reader {
    /// The latest polls of a source, newest first.
    pub fn polls(&self, source: SourceId, limit: usize) -> Result<Vec<PollRow>, StoreError> {
        self.rows(
            "read the polls of a source",
            "SELECT at, duration_ms, status, outcome, code, entries, new, bytes, next_why FROM poll \
             WHERE source_id = ?1 ORDER BY id DESC LIMIT ?2",
            params![source.0, i64::try_from(limit).unwrap_or(i64::MAX)],
            |row| {
                Ok(PollRow {
                    at: timestamp(row, 0)?,
                    duration_ms: unsigned(row, 1)?,
                    status: row.get(2)?,
                    outcome: row.get(3)?,
                    code: row.get(4)?,
                    entries: unsigned(row, 5)?,
                    new: unsigned(row, 6)?,
                    bytes: unsigned(row, 7)?,
                    next_why: row.get(8)?,
                })
            },
        )
    }

    /// Hosts in backoff, the longest first. A time that only a wrong clock can have written is left out.
    pub fn host_backoffs(&self, now: DateTime<Utc>, limit: usize) -> Result<Vec<HostBackoff>, StoreError> {
        let mut hosts = self.rows(
            "read the hosts in backoff",
            "SELECT name, backoff_until, code FROM host WHERE backoff_until > ?1 ORDER BY backoff_until DESC LIMIT ?2",
            params![time::ms(now), limit as i64],
            |row| {
                Ok(HostBackoff {
                    name: row.get(0)?,
                    until: time::from_ms(row.get(1)?),
                    code: row.get(2)?,
                })
            },
        )?;
        hosts.retain(|host| host_backoff::is_active(time::ms(host.until), time::ms(now)));
        Ok(hosts)
    }

    /// The silence of a source; `None` where it never had an article.
    pub(super) fn silence(&self, source: SourceId) -> Result<Option<Silence>, StoreError> {
        let last: Option<String> = self
            .db
            .prepare_cached("SELECT max(first_seen) FROM membership WHERE source_id = ?1 AND gone = 0")?
            .query_row([source.0], |row| row.get(0))?;
        let Some(since) = last.as_deref().and_then(time::parse) else {
            return Ok(None);
        };
        // By the hour: the articles of one poll are collected over minutes and are one event.
        let hours: Vec<String> = self.rows(
            "read the silence of a source",
            "SELECT DISTINCT substr(first_seen, 1, 13) FROM membership WHERE source_id = ?1 AND gone = 0 ORDER BY first_seen DESC LIMIT ?2",
            params![source.0, HOURS],
            |row| row.get(0),
        )?;
        let hours: Vec<_> = hours
            .iter()
            .filter_map(|hour| {
                NaiveDateTime::parse_from_str(&format!("{hour}:00:00"), "%Y-%m-%dT%H:%M:%S").ok()
            })
            .map(|hour| hour.and_utc())
            .collect();
        Ok(Some(Silence::of(since, &hours)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn silence_is_odd_against_the_habit_and_never_over_a_weekend() {
        let friday = at("2026-11-20T17:00:00Z");
        let hours: Vec<_> = (0..6).map(|number| friday - Duration::hours(2 * number)).collect();
        let silence = Silence::of(friday, &hours);
        assert_eq!(silence.usual_gap, Some(Duration::hours(2)));
        assert_eq!(silence.unusual_length(at("2026-11-23T08:00:00Z")), None, "Monday morning");
        assert_eq!(silence.unusual_length(at("2026-11-24T17:00:00Z")), Some(Duration::days(4)));
        let weekly: Vec<_> = (0..6).map(|number| friday - Duration::weeks(number)).collect();
        assert_eq!(Silence::of(friday, &weekly).unusual_length(at("2026-12-24T17:00:00Z")), None);
        assert_eq!(Silence::of(friday, &hours[..3]).usual_gap, None, "three hours are no habit");
    }
}
