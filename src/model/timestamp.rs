//! Moments as pages and feeds print them.
//!
//! `feed` and `extract` read them, `store` keeps them as printed and, for sorting, in UTC. Leap seconds and years
//! outside chrono's range never get here: the date parsers refuse them.

use std::fmt;

use chrono::{
    DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, Offset as _, SecondsFormat, TimeZone, Utc,
};
use chrono_tz::Tz;

use super::words::words;

words! {
    /// The finest unit that was printed.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
    pub enum Precision {
        /// `2018`
        Year = "year",
        /// `2018-01`
        Month = "month",
        /// `2018-01-05`
        Day = "day",
        /// Hours and minutes, with an offset.
        Minute = "minute",
        /// Seconds, with an offset.
        Instant = "instant",
    }
}

/// A moment as a page or feed prints it: local time, offset, and precision.
///
/// A bare date has no offset: it is a date, not an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timestamp {
    /// Local time as printed. Units finer than `precision` have their first value.
    pub local: NaiveDateTime,
    /// Offset from UTC; `Some` for [`Precision::Minute`] and [`Precision::Instant`], `None` for coarser ones.
    pub offset: Option<FixedOffset>,
    /// The finest unit that was printed.
    pub precision: Precision,
}

impl Timestamp {
    /// A moment with an offset, to the second.
    pub fn instant(at: DateTime<FixedOffset>) -> Self {
        Self { local: at.naive_local(), offset: Some(*at.offset()), precision: Precision::Instant }
    }

    /// A bare date.
    pub fn date(date: NaiveDate) -> Self {
        Self { local: date.and_time(NaiveTime::MIN), offset: None, precision: Precision::Day }
    }

    /// A local time that was printed without offset, in `zone`: the earlier of two at the end of summer time, and an hour
    /// later in the gap at its beginning.
    pub fn in_zone(local: NaiveDateTime, precision: Precision, zone: Tz) -> Self {
        if precision < Precision::Minute {
            return Self { local, offset: None, precision };
        }
        let at = resolve(local, zone);
        Self { local: at.naive_local(), offset: Some(at.offset().fix()), precision }
    }

    /// In UTC, for sorting. A bare date is midnight in `zone`.
    pub fn utc(&self, zone: Tz) -> DateTime<Utc> {
        match self.offset {
            Some(offset) => (self.local - offset).and_utc(),
            None => resolve(self.local, zone).with_timezone(&Utc),
        }
    }
}

/// A local time in a zone. One that summer time skips is moved an hour ahead.
fn resolve(local: NaiveDateTime, zone: Tz) -> DateTime<Tz> {
    zone.from_local_datetime(&local)
        .earliest()
        .or_else(|| zone.from_local_datetime(&(local + chrono::Duration::hours(1))).earliest())
        .unwrap_or_else(|| zone.from_utc_datetime(&local))
}

impl fmt::Display for Timestamp {
    /// RFC 3339 with whole seconds; a bare date stays `2018-01-05`, a month `2018-01`, a year `2018`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.precision, self.offset) {
            (Precision::Year, _) => write!(f, "{}", self.local.format("%Y")),
            (Precision::Month, _) => write!(f, "{}", self.local.format("%Y-%m")),
            (Precision::Day, _) | (_, None) => write!(f, "{}", self.local.format("%Y-%m-%d")),
            (_, Some(offset)) => {
                let at = DateTime::<FixedOffset>::from_naive_utc_and_offset(self.local - offset, offset);
                f.write_str(&at.to_rfc3339_opts(SecondsFormat::Secs, true))
            }
        }
    }
}
