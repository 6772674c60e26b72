//! The parts of a printed date, before they are known to form one.

use std::ops::RangeInclusive;

use chrono::{Duration, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime};

use crate::model::{Precision, Timestamp};

/// Years outside of these are taken for mistakes (docs/threats.md, H15). Of the others `false_dates` judges.
pub(super) const YEARS: RangeInclusive<i32> = 1..=2200;

/// A date as printed. Nothing is checked before [`DateParts::timestamp`].
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct DateParts {
    pub(super) year: i32,
    /// 1 to 12.
    pub(super) month: Option<u32>,
    /// 1 to 31.
    pub(super) day: Option<u32>,
    pub(super) time: Option<TimeOfDay>,
    /// Seconds east of UTC.
    pub(super) offset: Option<i32>,
}

/// A time of day; hour 24 is the end of the day.
#[derive(Clone, Copy, Debug)]
pub(super) struct TimeOfDay {
    pub(super) hour: u32,
    pub(super) minute: u32,
    /// `None` where only hours and minutes were printed.
    pub(super) second: Option<u32>,
}

impl DateParts {
    /// The moment, with the precision of what was printed. `None` if there is no such day or time.
    pub(super) fn timestamp(self) -> Option<Timestamp> {
        if !YEARS.contains(&self.year) {
            return None;
        }
        let date = NaiveDate::from_ymd_opt(self.year, self.month.unwrap_or(1), self.day.unwrap_or(1))?;
        let precision = match (self.month, self.day) {
            (None, _) => Precision::Year,
            (_, None) => Precision::Month,
            _ => Precision::Day,
        };
        let (Some(time), Precision::Day) = (self.time, precision) else {
            return Some(Timestamp { local: date.and_time(NaiveTime::MIN), offset: None, precision });
        };
        Some(Timestamp {
            local: time.on(date)?,
            offset: Some(FixedOffset::east_opt(self.offset.unwrap_or(0))?),
            precision: time.second.map_or(Precision::Minute, |_| Precision::Instant),
        })
    }
}

impl TimeOfDay {
    /// This time on a day. A leap second becomes the second before it, `24:00` the beginning of the next day.
    pub(super) fn on(self, date: NaiveDate) -> Option<NaiveDateTime> {
        let second = self.second.unwrap_or(0);
        if second > 61 || self.hour > 24 || (self.hour == 24 && (self.minute, second) != (0, 0)) {
            return None;
        }
        let time = NaiveTime::from_hms_opt(self.hour % 24, self.minute, second.min(59))?;
        Some(date.and_time(time) + Duration::days(i64::from(self.hour / 24)))
    }

    /// The time with `am` (false) or `pm` (true) beside it.
    pub(super) fn in_half(self, afternoon: bool) -> Self {
        let hour = match (self.hour, afternoon) {
            (12, false) => 0,
            (hour @ 1..=11, true) => hour + 12,
            (hour, _) => hour,
        };
        Self { hour, ..self }
    }
}
