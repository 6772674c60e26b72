//! Moments in the database: text for people, milliseconds for the schedule.

use std::str::FromStr;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use rusqlite::Row;

/// No entry and no host waits longer: a time further ahead was written while the clock was wrong, and counts as due.
pub(super) const FARTHEST: i64 = 8 * 24 * 3600 * 1000;

/// RFC 3339 in UTC, whole seconds.
pub(super) fn text(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Milliseconds since 1970.
pub(super) fn ms(at: DateTime<Utc>) -> i64 {
    at.timestamp_millis()
}

/// The moment of a number of milliseconds; the ends of time where there is none.
pub(super) fn moment(ms: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(ms).unwrap_or(if ms < 0 {
        DateTime::<Utc>::MIN_UTC
    } else {
        DateTime::<Utc>::MAX_UTC
    })
}

/// The moment of a text of ours.
pub(super) fn parse(text: &str) -> Option<DateTime<Utc>> {
    Some(DateTime::parse_from_rfc3339(text).ok()?.to_utc())
}

/// The value of a column that holds the word of an enum.
pub(super) fn word<T: FromStr<Err = String>>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    let word = row.get_ref(column)?.as_str()?;
    word.parse().map_err(|word| {
        let error = format!("{word:?} is not one of the words of this column").into();
        rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, error)
    })
}

/// Whole milliseconds of a duration.
pub(super) fn length(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// `at` later by `by`; the end of time where there is no such moment.
pub(super) fn later(at: DateTime<Utc>, by: Duration) -> DateTime<Utc> {
    chrono::Duration::from_std(by)
        .ok()
        .and_then(|by| at.checked_add_signed(by))
        .unwrap_or(DateTime::<Utc>::MAX_UTC)
}
