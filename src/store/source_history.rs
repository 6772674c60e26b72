//! The story of one source, and what is quiet, denied or resting: the finer part of `status`.

use chrono::{DateTime, Duration, NaiveDateTime, Utc};
use rusqlite::params;

use super::error::StoreError;
use super::reader::{Reader, timestamp};
use super::{host_backoff, time};
use crate::model::SourceId;

/// One poll, as it was written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PollRow {
    /// When it began.
    pub at: DateTime<Utc>,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// HTTP status of the last answer.
    pub status: Option<u16>,
    /// `taken`, `unchanged`, `not-modified`, `failed`.
    pub outcome: String,
    /// Of the failure.
    pub code: Option<String>,
    /// Entries in the document.
    pub entries: u64,
    /// Those never seen before.
    pub new: u64,
    /// Decoded bytes.
    pub bytes: u64,
    /// What decided when the next one was.
    pub next_why: String,
}

/// How long a source has brought nothing, against what is usual.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Silence {
    /// The last article.
    pub since: DateTime<Utc>,
    /// The median time between two hours with articles, of the last twenty-one; none: too few to say.
    pub usual_gap: Option<Duration>,
}

/// A silence is odd from ten times the usual gap on, and never before this: papers rest at weekends.
const ODD: i64 = 10;
const WEEKEND: Duration = Duration::days(3);

/// Gaps that make a habit.
const HABIT: usize = 4;

impl Silence {
    /// For how long, where that is odd.
    pub fn unusual_length(&self, now: DateTime<Utc>) -> Option<Duration> {
        let silent = now - self.since;
        let usual = self.usual_gap?;
        (silent >= WEEKEND && silent >= usual * i32::try_from(ODD).unwrap_or(i32::MAX)).then_some(silent)
    }

    /// From the hours with articles, newest first.
    fn of(since: DateTime<Utc>, hours: &[DateTime<Utc>]) -> Self {
        let mut gaps: Vec<Duration> = hours
            .windows(2)
            .filter_map(|pair| Some(*pair.first()? - *pair.last()?))
            .collect();
        gaps.sort_unstable();
        Self {
            since,
            usual_gap: gaps.get(gaps.len() / 2).filter(|_| gaps.len() >= HABIT).copied(),
        }
    }
}

/// A host that is left alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostBackoff {
    /// Its name.
    pub name: String,
    /// Until when.
    pub until: DateTime<Utc>,
    /// Why: the code of its last trouble.
    pub code: Option<String>,
}

impl Reader {
    /// The last polls of a source, newest first.
    pub fn polls(&self, source: SourceId, limit: usize) -> Result<Vec<PollRow>, StoreError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        Ok(self
            .db
            .prepare_cached(
                "SELECT at, took_ms, status, outcome, code, entries, new, bytes, next_why FROM poll \
                 WHERE source_id = ?1 ORDER BY id DESC LIMIT ?2",
            )?
            .query_map(params![source.0, limit], |row| {
                let number = |column| row.get::<_, i64>(column).map(i64::unsigned_abs);
                Ok(PollRow {
                    at: timestamp(row, 0)?,
                    duration_ms: number(1)?,
                    status: row.get(2)?,
                    outcome: row.get(3)?,
                    code: row.get(4)?,
                    entries: number(5)?,
                    new: number(6)?,
                    bytes: number(7)?,
                    next_why: row.get(8)?,
                })
            })?
            .collect::<Result<_, _>>()?)
    }

    /// Hosts that rest, longest first.
    pub fn host_backoffs(&self, now: DateTime<Utc>, limit: usize) -> Result<Vec<HostBackoff>, StoreError> {
        let at = time::ms(now);
        let found: Vec<(i64, HostBackoff)> = self
            .db
            .prepare_cached(
                "SELECT name, rest_until, code FROM host WHERE rest_until > ?1 ORDER BY rest_until DESC LIMIT ?2",
            )?
            .query_map(params![at, limit as i64], |row| {
                let until: i64 = row.get(1)?;
                Ok((
                    until,
                    HostBackoff {
                        name: row.get(0)?,
                        until: time::moment(until),
                        code: row.get(2)?,
                    },
                ))
            })?
            .collect::<Result<_, _>>()?;
        Ok(found
            .into_iter()
            .filter(|(until, _)| host_backoff::is_resting(*until, at))
            .map(|(_, host)| host)
            .collect())
    }

    /// When the last article of a source came, and what is usual; none where there never was one.
    pub(super) fn silence(&self, source: SourceId) -> Result<Option<Silence>, StoreError> {
        let last: Option<String> = self
            .db
            .prepare_cached(
                "SELECT max(first_seen) FROM article \
                 WHERE source_id = ?1 AND merged_into IS NULL AND deleted_at IS NULL",
            )?
            .query_row([source.0], |row| row.get(0))?;
        let Some(since) = last.as_deref().and_then(time::parse) else {
            return Ok(None);
        };
        // By the hour: what one poll brought is collected over minutes and is one event.
        let hours: Vec<String> = self
            .db
            .prepare_cached(
                "SELECT DISTINCT substr(first_seen, 1, 13) FROM article \
                 WHERE source_id = ?1 AND merged_into IS NULL AND deleted_at IS NULL ORDER BY first_seen DESC LIMIT 21",
            )?
            .query_map([source.0], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        let hours: Vec<_> = hours
            .iter()
            .filter_map(|hour| {
                let text = format!("{hour}:00:00");
                NaiveDateTime::parse_from_str(&text, "%Y-%m-%dT%H:%M:%S").ok()
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
        let hours: Vec<_> = (0..6)
            .map(|number| friday - Duration::hours(2 * number))
            .collect();
        let silence = Silence::of(friday, &hours);
        assert_eq!(silence.usual_gap, Some(Duration::hours(2)));
        assert_eq!(
            silence.unusual_length(at("2026-11-23T08:00:00Z")),
            None,
            "Monday morning"
        );
        assert_eq!(
            silence.unusual_length(at("2026-11-24T17:00:00Z")),
            Some(Duration::days(4))
        );
        let weekly: Vec<_> = (0..6).map(|number| friday - Duration::weeks(number)).collect();
        assert_eq!(
            Silence::of(friday, &weekly).unusual_length(at("2026-12-24T17:00:00Z")),
            None
        );
        assert_eq!(
            Silence::of(friday, &hours[..3]).usual_gap,
            None,
            "three hours are no habit"
        );
    }
}
