//! Year first: ISO 8601 and what looks like it.

use chrono::{Datelike, NaiveDate};

use super::{Clock, Parts, words, zone};

/// Reads a date that begins with its year.
pub(super) fn read(text: &str) -> Option<Parts> {
    let (year, rest) = digits(text);
    let (mut parts, rest) = match year.len() {
        4 => separated(year, rest)?,
        7 => (ordinal(year.get(..4)?, year.get(4..)?)?, rest),
        8 => (
            Parts {
                year: year.get(..4)?.parse().ok()?,
                month: year.get(4..6)?.parse().ok(),
                day: year.get(6..)?.parse().ok(),
                ..Parts::default()
            },
            rest,
        ),
        _ => return None,
    };
    let rest = rest.trim_start_matches([' ', 'T', 't', '_', ',', '-']);
    let (half, rest) = words::half_of_day(rest);
    if let Some((clock, zone_text)) = clock(rest) {
        let (behind, zone_text) = words::half_of_day(zone_text.trim_start());
        parts.clock = Some(match half.or(behind) {
            Some(afternoon) => clock.half(afternoon),
            None => clock,
        });
        parts.offset = zone_text.split_whitespace().find_map(zone);
    }
    Some(parts)
}

/// `2018`, `2018-01`, `2018-01-05`, `2018/1/5`, `2018.1.5`, `2018-005`.
fn separated<'a>(year: &str, text: &'a str) -> Option<(Parts, &'a str)> {
    let mut parts = Parts {
        year: year.parse().ok()?,
        ..Parts::default()
    };
    let Some(rest) = text.strip_prefix(['-', '/', '.']) else {
        // Only white space or nothing may follow a lone year.
        return text.trim().is_empty().then_some((parts, ""));
    };
    let (month, rest) = digits(rest.trim_start());
    match month.len() {
        1 | 2 => parts.month = month.parse().ok(),
        3 => return Some((ordinal(year, month)?, rest)),
        _ => return None,
    }
    if let Some(behind) = rest.strip_prefix(['-', '/', '.']) {
        let (day, behind) = digits(behind.trim_start());
        if day.is_empty() || day.len() > 2 {
            return None;
        }
        parts.day = day.parse().ok();
        return Some((parts, behind));
    }
    Some((parts, rest))
}

/// The 5th day of 2018.
fn ordinal(year: &str, day: &str) -> Option<Parts> {
    let date = NaiveDate::from_yo_opt(year.parse().ok()?, day.parse().ok()?)?;
    Some(Parts {
        year: date.year(),
        month: Some(date.month()),
        day: Some(date.day()),
        ..Parts::default()
    })
}

/// `10:20`, `10:20:30`, `10:20:30.123`, `102030`, `1020`, and what follows it.
pub(super) fn clock(text: &str) -> Option<(Clock, &str)> {
    let (hour, rest) = digits(text);
    let (clock, rest) = match hour.len() {
        4 | 6 => (
            Clock {
                hour: hour.get(..2)?.parse().ok()?,
                minute: hour.get(2..4)?.parse().ok()?,
                second: hour.get(4..)?.parse().ok(),
            },
            rest,
        ),
        1 | 2 => {
            let (minute, rest) = digits(rest.strip_prefix([':', '.'])?);
            if minute.is_empty() || minute.len() > 2 {
                return None;
            }
            let (second, behind) = rest.strip_prefix([':', '.']).map_or(("", rest), digits);
            let second = second.get(..2).unwrap_or(second);
            (
                Clock {
                    hour: hour.parse().ok()?,
                    minute: minute.parse().ok()?,
                    second: second.parse().ok(),
                },
                behind,
            )
        }
        _ => return None,
    };
    // A fraction of a second.
    let rest = rest.strip_prefix(['.', ',']).map_or(rest, |rest| digits(rest).1);
    Some((clock, rest))
}

/// Leading digits and the rest.
fn digits(text: &str) -> (&str, &str) {
    let length = text.bytes().take_while(u8::is_ascii_digit).count();
    text.split_at_checked(length).unwrap_or(("", text))
}
