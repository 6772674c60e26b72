//! Options that select articles, shared by the commands that have them.

use chrono::{DateTime, NaiveDate, Utc};
use clap::ValueEnum;

use super::exit::UsageError;

/// What `--unique` shows one article of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Unique {
    /// One article of those that tell the same story
    Cluster,
}

/// A time as people type it: a date (midnight in UTC), a time with its offset, or a length of time before `now`.
pub(super) fn parse_time(typed: &str, now: DateTime<Utc>) -> Result<DateTime<Utc>, UsageError> {
    let typed = typed.trim();
    let day = || {
        let day: NaiveDate = typed.parse().ok()?;
        Some(day.and_hms_opt(0, 0, 0)?.and_utc())
    };
    let ago = || {
        let length = humantime::parse_duration(typed).ok()?;
        now.checked_sub_signed(chrono::Duration::from_std(length).ok()?)
    };
    DateTime::parse_from_rfc3339(typed)
        .ok()
        .map(|at| at.to_utc())
        .or_else(day)
        .or_else(ago)
        .ok_or_else(|| {
            UsageError(format!(
                "{typed:?} is no time; write 2026-11-24, 2026-11-24T08:00:00+02:00, or a length of time such as 7d"
            ))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_by_example() {
        let now: DateTime<Utc> = "2026-11-24T10:00:00Z".parse().unwrap();
        let shown = |typed| parse_time(typed, now).map_err(|_| ()).map(|at| at.to_rfc3339());
        assert_eq!(shown("2026-11-01"), Ok("2026-11-01T00:00:00+00:00".into()));
        assert_eq!(shown("2026-11-01T08:00:00+02:00"), Ok("2026-11-01T06:00:00+00:00".into()));
        assert_eq!(shown(" 1d 2h"), Ok("2026-11-23T08:00:00+00:00".into()));
        assert!(shown("yesterday").is_err() && shown("").is_err() && shown("99999999y").is_err());
    }
}
