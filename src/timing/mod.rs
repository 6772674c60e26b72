//! Schedules, cron lines, durations and time zones, as people write them. Pure. The only module that uses croner.
//!
//! `config` parses them, `schedule` computes with them, and many messages print durations. Sources of the rules: crontab(5)
//! and the IANA time zone names.

mod cron;
mod cron_field;
mod duration;

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

pub use cron::Cron;
pub use cron_field::CronError;
pub use duration::{DurationError, format_duration, parse_duration};

/// When a source is polled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Schedule {
    /// A fixed interval after the last poll.
    Every(Duration),
    /// Times by the wall clock of a zone.
    Cron(Cron),
    /// By the rhythm of the source, which `schedule` computes.
    Adaptive,
}

/// Interval of [`Schedule::Adaptive`] while nothing is known of a source, and its usual minimum (docs/politeness.md, P10).
const ADAPTIVE: Duration = Duration::from_hours(1);

/// Minimum of [`Schedule::Adaptive`] where polls have missed entries (docs/politeness.md, P10).
const ADAPTIVE_MIN: Duration = Duration::from_mins(15);

impl Schedule {
    /// When a source that was polled at `after` is due again; later than `after`, except at the end of the calendar. For
    /// `Adaptive` an hour later: `schedule` knows better.
    pub fn next_after(&self, after: DateTime<Utc>) -> DateTime<Utc> {
        let later = |interval| after.checked_add_signed(TimeDelta::from_std(interval).ok()?);
        let next = match self {
            Self::Every(interval) => later(*interval),
            Self::Cron(cron) => cron.next_after(after),
            Self::Adaptive => later(ADAPTIVE),
        };
        let day_later = || after.checked_add_signed(TimeDelta::days(1));
        next.filter(|next| *next > after).or_else(day_later).unwrap_or(DateTime::<Utc>::MAX_UTC)
    }

    /// The shortest time between two polls, not counting changes of the clock. `config` checks it against the minimum.
    pub fn shortest_gap(&self) -> Duration {
        match self {
            Self::Every(interval) => *interval,
            Self::Cron(cron) => cron.shortest_gap(),
            Self::Adaptive => ADAPTIVE_MIN,
        }
    }
}

impl fmt::Display for Schedule {
    /// `every 30m`, `cron */15 6-22 * * MON-FRI`, or `adaptive`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Every(interval) => write!(f, "every {}", format_duration(*interval)),
            Self::Cron(cron) => write!(f, "cron {cron}"),
            Self::Adaptive => f.write_str("adaptive"),
        }
    }
}

/// The time zone of an IANA name, such as `Africa/Cairo`; case-sensitive.
pub fn zone(name: &str) -> Option<Tz> {
    name.parse().ok()
}

/// The names of all time zones.
pub fn zone_names() -> impl Iterator<Item = &'static str> {
    chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn an_interval_counts_from_the_last_poll() {
        let every = Schedule::Every(Duration::from_mins(90));
        assert_eq!(every.next_after(at("2026-11-24T23:10:05Z")), at("2026-11-25T00:40:05Z"));
        assert_eq!(every.to_string(), "every 1h 30m");
        assert_eq!(every.shortest_gap(), Duration::from_mins(90));
    }

    #[test]
    fn p10_adaptive_begins_at_an_hour_and_comes_down_to_a_quarter() {
        let adaptive = Schedule::Adaptive;
        assert_eq!(adaptive.next_after(at("2026-11-24T23:10:05Z")), at("2026-11-25T00:10:05Z"));
        assert_eq!(adaptive.to_string(), "adaptive");
        assert_eq!(adaptive.shortest_gap(), Duration::from_mins(15));
    }

    #[test]
    fn next_after_is_always_later() {
        let cron = Cron::parse("0 0 29 2 *", Tz::UTC).unwrap();
        let schedules = [
            Schedule::Every(Duration::ZERO),
            Schedule::Every(Duration::MAX),
            Schedule::Cron(cron),
            Schedule::Adaptive,
        ];
        let times = [
            DateTime::<Utc>::MIN_UTC,
            at("0001-01-01T00:00:00Z"),
            at("2026-11-24T00:00:00.999999999Z"),
            at("2999-12-31T23:59:59Z"),
            "+5001-01-01T00:00:00Z".parse().unwrap(),
            "+262142-12-30T00:00:00Z".parse().unwrap(),
        ];
        for schedule in &schedules {
            for after in times {
                assert!(schedule.next_after(after) > after, "{schedule} after {after}");
            }
            let last = DateTime::<Utc>::MAX_UTC;
            assert_eq!(schedule.next_after(last), last);
        }
    }

    #[test]
    fn h29_a_zone_that_does_not_exist_is_none() {
        assert_eq!(zone("Europe/Berlin"), Some(Tz::Europe__Berlin));
        assert_eq!(zone("Europe/Atlantis"), None);
        assert_eq!(zone("europe/berlin"), None);
        assert!(zone_names().any(|name| name == "Africa/Cairo"));
    }
}
