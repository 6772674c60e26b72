//! Finds a time of day that begins at a token, and its offset from UTC.

use chrono::{FixedOffset, NaiveTime};

use super::tokens::DateToken;
use crate::model::Precision;

/// A time of day among tokens.
pub(super) struct TimeMatch {
    pub(super) time: NaiveTime,
    pub(super) offset: Option<FixedOffset>,
    /// Minute, or Instant where seconds are printed.
    pub(super) precision: Precision,
    /// Index of the token after it.
    pub(super) end: usize,
}

/// The time of day that begins at a token: `10:11`, `10:11:12.345+02:00`, `10.11 Uhr`, `14h30`, `3:05 p.m. EST`. Fractions
/// of seconds are dropped, a leap second is the one before, hour 24 is hour 0.
pub(super) fn time_at(tokens: &[DateToken], at: usize) -> Option<TimeMatch> {
    let get = |at: usize| tokens.get(at);
    let mut hour = get(at)?.number(2).filter(|hour| *hour < 25)?;
    // Between hour and minute; a point counts only where no date goes on behind it.
    let separator = get(at + 1)?;
    let minute_token = get(at + 2)?;
    let minute = minute_token
        .number(2)
        .filter(|minute| *minute < 60 && matches!(minute_token, DateToken::Number { digits: 2, .. }))?;
    let colon = separator.is_mark(&[':', '：', '時', '시']);
    let dotted = separator.is_mark(&['.']) && !get(at + 3).is_some_and(|token| token.is_mark(&['.']))
        || separator.word() == Some("h");
    if !colon && !dotted {
        return None;
    }
    // Seconds, and their fraction.
    let (mut second, mut precision, mut next) = (0, Precision::Minute, at + 3);
    if colon
        && get(next).is_some_and(|token| token.is_mark(&[':']))
        && let Some(value) = get(next + 1).and_then(|token| token.number(2)).filter(|value| *value < 61)
    {
        (second, precision, next) = (value.min(59), Precision::Instant, next + 2);
        if get(next).is_some_and(|token| token.is_mark(&['.', ',']))
            && matches!(get(next + 1), Some(DateToken::Number { .. }))
        {
            next += 2;
        }
    }
    // `p.m.` is two words and two marks.
    let half_day = get(next).and_then(DateToken::word).and_then(|word| match word {
        "am" | "pm" => Some((word.starts_with('p'), 1)),
        "a" | "p" if get(next + 2).and_then(DateToken::word) == Some("m") => Some((word == "p", 3)),
        _ => None,
    });
    if let Some((is_afternoon, length)) = half_day {
        hour = match (hour, is_afternoon) {
            (12, false) => 0,
            (1..12, true) => hour + 12,
            _ => hour,
        };
        next += length;
        if get(next).is_some_and(|token| token.is_mark(&['.'])) {
            next += 1;
        }
    }
    // In `10:00-11:30` the second is the end of a time span, in `T10:00-11:30` an offset.
    let is_span = precision == Precision::Minute
        && get(next).is_some_and(|token| token.is_mark(&['-', '–', '−']))
        && at.checked_sub(1).and_then(get).and_then(DateToken::word) != Some("t");
    let (offset, length) = offset_at(tokens, next)
        .filter(|_| !is_span)
        .map_or((None, 0), |(offset, length)| (Some(offset), length));
    Some(TimeMatch {
        time: NaiveTime::from_hms_opt(hour % 24, minute, second)?,
        offset,
        precision,
        end: next + length,
    })
}

/// The offset from UTC at a token, and the number of tokens it takes: `Z`, `GMT`, `+0200`, `UTC-5`, `EST`. An unknown
/// zone name gives none: the same letters mean other zones elsewhere.
fn offset_at(tokens: &[DateToken], at: usize) -> Option<(FixedOffset, usize)> {
    let mut next = at;
    if tokens.get(next).is_some_and(|token| token.is_mark(&['(', ',', '|'])) {
        next += 1;
    }
    // A zone name by itself, or before a number: `GMT+2`.
    let mut named = None;
    if let Some(word) = tokens.get(next).and_then(DateToken::word) {
        let hours = match word {
            "z" | "utc" | "gmt" | "wet" => 0,
            "cet" | "mez" | "bst" | "west" => 1,
            "cest" | "mesz" | "eet" | "sast" => 2,
            "eest" | "msk" | "eat" => 3,
            "jst" | "kst" => 9,
            "aest" => 10,
            "aedt" => 11,
            "edt" => -4,
            "est" | "cdt" => -5,
            "cst" | "mdt" => -6,
            "mst" | "pdt" => -7,
            "pst" => -8,
            _ => return None,
        };
        named = Some((FixedOffset::east_opt(hours * 3600)?, next + 1 - at));
        next += 1;
    }
    let sign = match tokens.get(next) {
        Some(DateToken::Mark('+')) => 1,
        Some(DateToken::Mark('-' | '−')) => -1,
        _ => return named,
    };
    let (seconds, length) = match (tokens.get(next + 1), tokens.get(next + 2), tokens.get(next + 3)) {
        (Some(hours), Some(DateToken::Mark(':')), Some(minutes)) => {
            (hours.number(2)? * 3600 + minutes.number(2)? * 60, 4)
        }
        (Some(DateToken::Number { value, digits: 4 }), ..) => (value / 100 * 3600 + value % 100 * 60, 2),
        (Some(hours), ..) => (hours.number(2)? * 3600, 2),
        _ => return named,
    };
    // No zone is further from UTC than the Line Islands (+14).
    if seconds > 14 * 3600 {
        return named;
    }
    let offset = FixedOffset::east_opt(sign * i32::try_from(seconds).ok()?)?;
    Some((offset, next + length - at))
}
