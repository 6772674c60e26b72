//! Dates that begin with their year: ISO 8601 in part or whole, and what looks like it.
//!
//! Lenient beyond the standard: other separators, a missing `T`, one digit for month and day, `am` and `pm`.

use chrono::{Datelike, NaiveDate};

use super::parts::DateParts;
use super::time::{parse_time, split_digits, split_half_of_day};
use super::zone::parse_offset;

/// Words between date and time that are passed over.
const MAX_WORDS_BETWEEN: usize = 3;

/// Parses a date that begins with its year: `2018-01-05T10:20:30Z`, `20180105`, `2018-005`, `2018`.
pub(super) fn parse(text: &str) -> Option<DateParts> {
    let (year, rest) = split_digits(text);
    let (mut parts, rest) = match year.len() {
        4 => separated(year, rest)?,
        7 => (ordinal(year.get(..4)?, year.get(4..)?)?, rest),
        8 => (
            DateParts {
                year: year.get(..4)?.parse().ok()?,
                month: year.get(4..6)?.parse().ok(),
                day: year.get(6..)?.parse().ok(),
                ..DateParts::default()
            },
            rest,
        ),
        _ => return None,
    };
    let mut rest = rest.trim_start_matches([' ', 'T', 't', '_', ',', '-', '.']);
    // Weekdays and the like between date and time.
    for _ in 0..MAX_WORDS_BETWEEN {
        let is_word = rest.starts_with(|c: char| !c.is_ascii_digit()) && split_half_of_day(rest).0.is_none();
        match rest.split_once(' ').filter(|(word, _)| is_word && !word.contains(|c: char| c.is_ascii_digit()))
        {
            Some((_, behind)) => rest = behind.trim_start(),
            None => break,
        }
    }
    // Korean and Chinese put it before the time, English behind it.
    let (half_before, rest) = split_half_of_day(rest);
    if let Some((time, rest)) = parse_time(rest) {
        let (half_behind, zone) = split_half_of_day(rest.trim_start());
        let half = half_before.or(half_behind);
        parts.time = Some(half.map_or(time, |afternoon| time.in_half(afternoon)));
        parts.offset = zone.split_whitespace().find_map(parse_offset);
    }
    Some(parts)
}

/// `2018`, `2018-01`, `2018-01-05`, `2018/1/5`, `2018.1.5`, `2018-005`: the date, and the text after it.
fn separated<'a>(year: &str, text: &'a str) -> Option<(DateParts, &'a str)> {
    let mut parts = DateParts { year: year.parse().ok()?, ..DateParts::default() };
    let Some(rest) = text.strip_prefix(['-', '/', '.']) else {
        // Only white space or nothing may follow a lone year.
        return text.trim().is_empty().then_some((parts, ""));
    };
    let (month, rest) = split_digits(rest.trim_start());
    match month.len() {
        1 | 2 => parts.month = month.parse().ok(),
        3 => return Some((ordinal(year, month)?, rest)),
        _ => return None,
    }
    let Some(rest) = rest.strip_prefix(['-', '/', '.']) else {
        return Some((parts, rest));
    };
    let (day, rest) = split_digits(rest.trim_start());
    if !(1..=2).contains(&day.len()) {
        return None;
    }
    parts.day = day.parse().ok();
    Some((parts, rest))
}

/// A date by the number of its day in the year, as in `2018-005` for the 5th of January.
fn ordinal(year: &str, day: &str) -> Option<DateParts> {
    let date = NaiveDate::from_yo_opt(year.parse().ok()?, day.parse().ok()?)?;
    Some(DateParts {
        year: date.year(),
        month: Some(date.month()),
        day: Some(date.day()),
        ..DateParts::default()
    })
}
