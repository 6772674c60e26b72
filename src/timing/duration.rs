//! Durations as people write them: `30m`, `1h 30m`, `2d`.

use std::time::Duration;

/// Why a duration cannot be parsed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct DurationError {
    /// Byte offset of the error.
    pub offset: usize,
    /// What is wrong there, as a phrase.
    pub message: String,
}

/// Units and their milliseconds. A year is 365 days. There is no month: its `m` would be read as minutes.
const UNITS: &[(&[&str], u64)] = &[
    (&["ms"], 1),
    (&["s", "sec", "second", "seconds"], 1_000),
    (&["m", "min", "minute", "minutes"], 60_000),
    (&["h", "hour", "hours"], 3_600_000),
    (&["d", "day", "days"], 86_400_000),
    (&["w", "week", "weeks"], 7 * 86_400_000),
    (&["y", "year", "years"], 365 * 86_400_000),
];

const ONLY_WHOLE: &str = "only whole numbers are read; `1.5h` is `1h 30m`";

/// Parses whole numbers with units, in any order, with or without space between them: `1h 30m`, `2 days`.
pub fn parse_duration(text: &str) -> Result<Duration, DurationError> {
    let fail = |rest: &str, message: String| DurationError { offset: text.len() - rest.len(), message };
    let mut rest = text.trim_start();
    if rest.is_empty() {
        return Err(fail(rest, "it is empty".to_owned()));
    }
    let mut total: u64 = 0;
    while !rest.is_empty() {
        let (digits, after) = split_while(rest, |c| c.is_ascii_digit());
        if digits.is_empty() {
            let message = match rest.chars().next() {
                Some('.' | ',') => ONLY_WHOLE,
                Some('-') => "it is negative",
                _ => "a number is expected here",
            };
            return Err(fail(rest, message.to_owned()));
        }
        let number: u64 = digits.parse().map_err(|_| fail(rest, "the number is too large".to_owned()))?;
        let at_unit = after.trim_start();
        let (name, after_unit) = split_while(at_unit, char::is_alphabetic);
        if name.is_empty() {
            return Err(if at_unit.starts_with(['.', ',']) {
                fail(at_unit, ONLY_WHOLE.to_owned())
            } else {
                fail(rest, format!("`{digits}` has no unit; write `{digits}m` for minutes"))
            });
        }
        let unit = UNITS.iter().find(|(names, _)| names.contains(&name));
        let Some((_, milliseconds)) = unit else {
            return Err(fail(at_unit, format!("`{name}` is no unit; the units are ms, s, m, h, d, w and y")));
        };
        total = number
            .checked_mul(*milliseconds)
            .and_then(|part| total.checked_add(part))
            .ok_or_else(|| fail(rest, "it is too long".to_owned()))?;
        rest = after_unit.trim_start();
    }
    Ok(Duration::from_millis(total))
}

/// Formats a duration to the millisecond, so that it parses back: `1h 30m`, `30d`, `0s`.
pub fn format_duration(duration: Duration) -> String {
    let mut left = duration.as_millis();
    let mut parts: Vec<String> = Vec::new();
    for (unit, milliseconds) in [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)]
    {
        let count = left / milliseconds;
        left %= milliseconds;
        if count > 0 {
            parts.push(format!("{count}{unit}"));
        }
    }
    if parts.is_empty() {
        parts.push("0s".to_owned());
    }
    parts.join(" ")
}

/// Splits a text after its first characters that belong.
fn split_while(text: &str, belongs: impl Fn(char) -> bool) -> (&str, &str) {
    let end = text.find(|c| !belongs(c)).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn units_add_up() {
        for (text, seconds) in [
            ("30m", 1800),
            ("1h 30m", 5400),
            ("1h30m", 5400),
            (" 2 days ", 172_800),
            ("2d", 172_800),
            ("1w", 604_800),
            ("2y", 63_072_000),
            ("0s", 0),
            ("90 min", 5400),
        ] {
            assert_eq!(parse_duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        assert_eq!(parse_duration("1s 5ms"), Ok(Duration::from_millis(1005)));
    }

    #[test]
    fn what_is_wrong_and_where() {
        for (text, offset, message) in [
            ("", 0, "it is empty"),
            ("30", 0, "`30` has no unit; write `30m` for minutes"),
            ("1h 30", 3, "`30` has no unit; write `30m` for minutes"),
            ("1.5h", 1, "only whole numbers are read; `1.5h` is `1h 30m`"),
            ("-5m", 0, "it is negative"),
            ("soon", 0, "a number is expected here"),
            ("2M", 1, "`M` is no unit; the units are ms, s, m, h, d, w and y"),
            ("3 mönths", 2, "`mönths` is no unit; the units are ms, s, m, h, d, w and y"),
            ("99999999999999999999s", 0, "the number is too large"),
            ("1h 9999999999999999y", 3, "it is too long"),
        ] {
            let error = parse_duration(text).unwrap_err();
            assert_eq!((error.offset, error.message.as_str()), (offset, message), "{text}");
        }
    }

    proptest! {
        #![proptest_config(crate::proptest_config())]
        #[test]
        fn formatted_durations_parse_back(milliseconds in 0..u64::MAX / 2) {
            let duration = Duration::from_millis(milliseconds);
            prop_assert_eq!(parse_duration(&format_duration(duration)), Ok(duration));
        }

        #[test]
        fn errors_are_within_the_text(text in ".*") {
            if let Err(error) = parse_duration(&text) {
                prop_assert!(text.is_char_boundary(error.offset));
            }
        }
    }
}
