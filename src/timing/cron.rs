//! Cron lines with the meaning of crontab(5).
//!
//! The crate croner computes the times. It does not name the field that is wrong, and accepts more than crontab(5): the
//! fields are therefore parsed here and given to croner as plain lists of numbers.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Timelike, Utc};
use chrono_tz::Tz;
use croner::parser::CronParser;

use super::cron_field::{CronError, FIELDS};

/// A cron line in its zone: minute, hour, day of month, month, day of week.
///
/// Days follow crontab(5): where neither day field begins with `*`, one of them must match; else both. Sunday is 0 and 7.
/// Daylight saving: a line of fixed times runs once for each of them in the night the clocks go forward (at the first
/// moment after the gap) and once in the night they go back. A line with `*` in the minute or hour follows the clock.
#[derive(Clone)]
pub struct Cron {
    /// The line as typed, without the space around it.
    typed: Arc<str>,
    /// The clock it follows.
    zone: Tz,
    /// One for each time of day where these are few and fixed, since croner treats a time as fixed only where minute and
    /// hour are single numbers; else one for all.
    lines: Arc<[croner::Cron]>,
    /// The shortest time between two runs, not counting changes of the clock.
    shortest_gap: Duration,
}

/// A line with more times of day is not split into one line for each.
const MAX_FIXED_TIMES: u32 = 48;

impl Cron {
    /// Parses a line of five fields, or a nickname such as `@hourly`. Refuses a line that never runs.
    pub fn parse(expr: &str, zone: Tz) -> Result<Self, CronError> {
        let whole = |message: String| CronError {
            offset: expr.len() - expr.trim_start().len(),
            length: expr.trim().len(),
            field: None,
            message,
        };
        let line = if expr.trim_start().starts_with('@') {
            let nickname = NICKNAMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(expr.trim()));
            nickname.map(|(_, line)| *line).ok_or_else(|| {
                whole(format!("`{}` is no nickname; `@hourly` and `@daily` are", expr.trim()))
            })?
        } else {
            expr
        };
        let words: Vec<(usize, &str)> = words(line).collect();
        if words.len() != FIELDS.len() {
            return Err(whole(format!(
                "a cron line has five fields (minute, hour, day of month, month, day of week), this one has {}",
                words.len()
            )));
        }
        let mut sets = [0_u64; 5];
        for ((set, field), (offset, word)) in sets.iter_mut().zip(&FIELDS).zip(&words) {
            *set = field.parse(word).map_err(|mut error| {
                error.offset += offset;
                error
            })?;
        }
        let [minutes, hours, days, months, weekdays] = sets;
        // Sunday is 0 and 7.
        let weekdays = (weekdays | (weekdays >> 7)) & 0b111_1111;
        let starred = |index: usize| words.get(index).is_some_and(|(_, word)| word.starts_with('*'));
        let both = starred(2) || starred(4);
        if both && !some_month_has(days, months) {
            return Err(CronError {
                message: "it never fires: none of its months has such a day".to_owned(),
                ..whole(String::new())
            });
        }

        let tail = format!("{} {} {}", list(days), list(months), list(weekdays));
        let fixed =
            !starred(0) && !starred(1) && minutes.count_ones() * hours.count_ones() <= MAX_FIXED_TIMES;
        let mut typed: Vec<String> = Vec::new();
        if fixed {
            for hour in bits(hours) {
                typed.extend(bits(minutes).map(|minute| format!("{minute} {hour} {tail}")));
            }
        } else {
            typed.push(format!("{} {} {tail}", list(minutes), list(hours)));
        }
        let parser = CronParser::builder().dom_and_dow(both).build();
        let lines: Result<Arc<[croner::Cron]>, _> = typed.iter().map(|line| parser.parse(line)).collect();
        Ok(Self {
            typed: expr.trim().into(),
            zone,
            lines: lines.map_err(|error| whole(error.to_string()))?,
            shortest_gap: shortest_gap(minutes, hours),
        })
    }

    /// The same line in another zone.
    #[must_use]
    pub fn in_zone(&self, zone: Tz) -> Self {
        Self { zone, ..self.clone() }
    }

    /// The first run after `after`; `None` from about the year 4970 on.
    pub(super) fn next_after(&self, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        // Local times overflow near the ends of chrono's range.
        let early = DateTime::<Utc>::UNIX_EPOCH - TimeDelta::days(1);
        let late = early.checked_add_signed(TimeDelta::days(3000 * 365))?;
        if after > late {
            return None;
        }
        let from = after.max(early).with_nanosecond(0)?.with_timezone(&self.zone);
        self.lines
            .iter()
            .filter_map(|line| line.find_next_occurrence(&from, false).ok())
            .min()
            .map(|next| next.with_timezone(&Utc))
    }

    /// The shortest time between two runs, not counting changes of the clock.
    pub(super) fn shortest_gap(&self) -> Duration {
        self.shortest_gap
    }
}

impl PartialEq for Cron {
    fn eq(&self, other: &Self) -> bool {
        self.typed == other.typed && self.zone == other.zone
    }
}

impl Eq for Cron {}

impl fmt::Display for Cron {
    /// As typed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.typed)
    }
}

impl fmt::Debug for Cron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cron({:?}, {})", self.typed, self.zone)
    }
}

/// The nicknames of crontab(5) except `@reboot`.
const NICKNAMES: &[(&str, &str)] = &[
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
    ("@monthly", "0 0 1 * *"),
    ("@weekly", "0 0 * * 0"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@hourly", "0 * * * *"),
];

/// Words with their byte offsets.
fn words(line: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut rest = line;
    std::iter::from_fn(move || {
        rest = rest.trim_start();
        let offset = line.len() - rest.len();
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        let (word, after) = rest.split_at_checked(end)?;
        rest = after;
        (!word.is_empty()).then_some((offset, word))
    })
}

/// The numbers in a set, ascending.
fn bits(set: u64) -> impl Iterator<Item = u32> {
    (0..64).filter(move |bit| set & (1 << bit) != 0)
}

/// The numbers of a set as a field of a cron line.
fn list(set: u64) -> String {
    let values: Vec<String> = bits(set).map(|bit| bit.to_string()).collect();
    values.join(",")
}

/// Whether one of the months has one of the days in some year.
fn some_month_has(days: u64, months: u64) -> bool {
    const LONGEST: [u32; 13] = [0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let first = days.trailing_zeros();
    LONGEST.iter().zip(0..).any(|(longest, month)| months & (1 << month) != 0 && first <= *longest)
}

/// The shortest time between two runs of one day, or of two consecutive days.
fn shortest_gap(minutes: u64, hours: u64) -> Duration {
    let day: Vec<u32> =
        bits(hours).flat_map(|hour| bits(minutes).map(move |minute| hour * 60 + minute)).collect();
    let next_day = day.first().map(|first| first + 24 * 60);
    let later = day.iter().copied().skip(1).chain(next_day);
    let least = day.iter().zip(later).map(|(a, b)| b - a).min();
    Duration::from_mins(least.unwrap_or(24 * 60).into())
}

#[cfg(test)]
mod tests {
    use chrono::SecondsFormat;
    use proptest::prelude::*;

    use super::*;

    /// The runs after `after`, in the local time of the zone.
    fn runs(expr: &str, zone: Tz, after: &str, count: usize) -> Vec<String> {
        let cron = Cron::parse(expr, zone).unwrap();
        let mut now: DateTime<Utc> = after.parse().unwrap();
        (0..count)
            .map(|_| {
                let next = cron.next_after(now).unwrap();
                assert!(next > now);
                now = next;
                next.with_timezone(&zone).to_rfc3339_opts(SecondsFormat::Secs, true)
            })
            .collect()
    }

    fn error(expr: &str) -> (usize, usize, String) {
        let error = Cron::parse(expr, Tz::UTC).unwrap_err();
        (error.offset, error.length, error.to_string())
    }

    #[test]
    fn h29_a_half_past_two_job_runs_once_on_both_nights() {
        for expr in ["30 2 * * *", "0,30 2 * * *"] {
            let spring = runs(expr, Tz::Europe__Berlin, "2026-03-28T12:00:00Z", 2);
            assert_eq!(spring[0], "2026-03-29T03:00:00+02:00", "{expr}");
            assert!(spring[1].starts_with("2026-03-30T02:"), "{expr}: {spring:?}");
        }
        assert_eq!(
            runs("30 2 * * *", Tz::Europe__Berlin, "2026-10-24T12:00:00Z", 2),
            ["2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00"]
        );
        assert_eq!(
            runs("0,30 2 * * *", Tz::Europe__Berlin, "2026-10-24T12:00:00Z", 3),
            ["2026-10-25T02:00:00+02:00", "2026-10-25T02:30:00+02:00", "2026-10-26T02:00:00+01:00"]
        );
    }

    #[test]
    fn h29_a_line_with_a_star_follows_the_clock() {
        assert_eq!(
            runs("*/30 * * * *", Tz::Europe__Berlin, "2026-03-29T00:15:00Z", 2),
            ["2026-03-29T01:30:00+01:00", "2026-03-29T03:00:00+02:00"]
        );
        assert_eq!(
            runs("*/30 * * * *", Tz::Europe__Berlin, "2026-10-25T00:15:00Z", 4),
            [
                "2026-10-25T02:30:00+02:00", "2026-10-25T02:00:00+01:00", "2026-10-25T02:30:00+01:00",
                "2026-10-25T03:00:00+01:00"
            ]
        );
    }

    #[test]
    fn h29_half_hour_zones() {
        assert_eq!(
            runs("0 6 * * *", Tz::Asia__Kolkata, "2026-11-24T00:30:00Z", 1),
            ["2026-11-25T06:00:00+05:30"]
        );
        // Lord Howe moves by half an hour: 02:00 to 02:30 is missing in October.
        assert_eq!(
            runs("15 2 * * *", Tz::Australia__Lord_Howe, "2026-10-03T00:00:00Z", 2),
            ["2026-10-04T02:30:00+11:00", "2026-10-05T02:15:00+11:00"]
        );
    }

    #[test]
    fn days_follow_crontab() {
        // Neither starred: the 13th or any Friday.
        assert_eq!(
            runs("0 0 13 * FRI", Tz::UTC, "2026-11-10T00:00:00Z", 3),
            ["2026-11-13T00:00:00Z", "2026-11-20T00:00:00Z", "2026-11-27T00:00:00Z"]
        );
        assert_eq!(
            runs("0 0 12 * fri", Tz::UTC, "2026-11-10T00:00:00Z", 2),
            ["2026-11-12T00:00:00Z", "2026-11-13T00:00:00Z"]
        );
        // One begins with a star: odd days that are Mondays.
        assert_eq!(
            runs("0 0 */2 * MON", Tz::UTC, "2026-11-01T00:00:00Z", 2),
            ["2026-11-09T00:00:00Z", "2026-11-23T00:00:00Z"]
        );
        for sunday in ["0", "7", "SUN", "sun", "7-7"] {
            assert_eq!(
                runs(&format!("0 0 * * {sunday}"), Tz::UTC, "2026-11-24T00:00:00Z", 1),
                ["2026-11-29T00:00:00Z"]
            );
        }
        for weekend in ["SAT-SUN", "6-7", "0,6"] {
            assert_eq!(
                runs(&format!("0 0 * * {weekend}"), Tz::UTC, "2026-11-27T00:00:00Z", 3),
                ["2026-11-28T00:00:00Z", "2026-11-29T00:00:00Z", "2026-12-05T00:00:00Z"]
            );
        }
        assert_eq!(runs("0 0 29 FEB *", Tz::UTC, "2026-11-27T00:00:00Z", 1), ["2028-02-29T00:00:00Z"]);
        assert_eq!(runs("0 0 31 2 MON", Tz::UTC, "2027-01-27T00:00:00Z", 1), ["2027-02-01T00:00:00Z"]);
    }

    #[test]
    fn the_field_that_is_wrong_is_named() {
        for (expr, offset, length, message) in [
            ("60 * * * *", 0, 2, "minute: 60 is not within 0 to 59"),
            ("* 24 * * *", 2, 2, "hour: 24 is not within 0 to 23"),
            ("0 0 1,32 * *", 6, 2, "day of month: 32 is not within 1 to 31"),
            ("0 0 * 13 *", 6, 2, "month: 13 is not within 1 to 12"),
            ("0 0 * FEBR *", 6, 4, "month: `FEBR` is none of 1 to 12, or JAN to DEC"),
            ("*/15 6-22 * * MON-FRY", 14, 7, "day of week: `FRY` is none of 0 to 7, or SUN to SAT"),
            ("*/0 * * * *", 0, 3, "minute: a step of 0 never moves on"),
            ("*/60 * * * *", 0, 4, "minute: a step of 60 is more than the field holds (59)"),
            ("5/15 * * * *", 0, 4, "minute: a step needs a range: write `5-59/…`"),
            ("* 22-6 * * *", 2, 4, "hour: `22-6` runs backwards; write the smaller value first"),
            ("1,,2 * * * *", 2, 0, "minute: a value is missing: 0 to 59"),
            ("0 0 L * *", 4, 1, "day of month: `L` is none of 1 to 31"),
            ("0 0 ? * *", 4, 1, "day of month: `?` is none of 1 to 31"),
            ("+1 0 * * *", 0, 2, "minute: `+1` is none of 0 to 59"),
            ("0 0 31 2 *", 0, 10, "it never fires: none of its months has such a day"),
            ("0 0 31 4,6 *", 0, 12, "it never fires: none of its months has such a day"),
            ("@reboot", 0, 7, "`@reboot` is no nickname; `@hourly` and `@daily` are"),
        ] {
            assert_eq!(error(expr), (offset, length, message.to_owned()), "{expr}");
        }
        for wrong in ["", "* * * *", "0 */15 6-22 * * MON-FRI"] {
            let (_, _, message) = error(wrong);
            assert!(message.starts_with("a cron line has five fields"), "{message}");
        }
    }

    #[test]
    fn gaps_are_known_without_running() {
        for (expr, minutes) in [
            ("* * * * *", 1),
            ("*/15 6-22 * * MON-FRI", 15),
            ("0,58 * * * *", 2),
            ("0,58 6 * * *", 58),
            ("0 6 * * *", 1440),
            ("59 23 * * *", 1440),
            ("0,59 0,23 * * *", 1),
        ] {
            let cron = Cron::parse(expr, Tz::UTC).unwrap();
            assert_eq!(cron.shortest_gap(), Duration::from_mins(minutes), "{expr}");
        }
    }

    #[test]
    fn it_shows_as_typed() {
        let cron = Cron::parse(" */15 6-22 * * MON-FRI ", Tz::Africa__Cairo).unwrap();
        assert_eq!(cron.to_string(), "*/15 6-22 * * MON-FRI");
        assert_ne!(cron, Cron::parse("*/15 6-22 * * MON-FRI", Tz::UTC).unwrap());
        assert!(Cron::parse("@hourly", Tz::UTC).is_ok());
    }

    proptest! {
        #![proptest_config(crate::proptest_config())]
        #[test]
        fn errors_are_within_the_line(expr in "[-*/,0-9A-Z@ ü\u{3000}]{0,20}") {
            if let Err(error) = Cron::parse(&expr, Tz::UTC) {
                prop_assert!(expr.get(error.offset..error.offset + error.length).is_some(), "{error:?}");
            }
        }

        #[test]
        fn every_accepted_line_runs(
            fields in ("([0-9]|[1-5][0-9])", "([0-9]|2[0-3])", "([1-9]|3[01]|\\*/[2-7])", "([1-9]|\\*)", "([0-7]|\\*|\\*/7)"),
            after in 0_i64..4_000_000_000,
        ) {
            let (minute, hour, day, month, weekday) = fields;
            let line = format!("{minute} {hour} {day} {month} {weekday}");
            if let Ok(cron) = Cron::parse(&line, Tz::America__New_York) {
                let after = DateTime::<Utc>::from_timestamp_secs(after).unwrap();
                prop_assert!(cron.next_after(after).is_some_and(|next| next > after), "{line}");
            }
        }
    }
}
