//! Dates in a format that a rule gives (`format = "%d.%m.%Y"`).

use chrono::format::{Parsed, StrftimeItems};
use chrono::{NaiveDate, NaiveTime};
use chrono_tz::Tz;

use super::context::DateContext;
use super::months::month;
use super::tokens::normalise;
use crate::model::{Precision, Timestamp};

/// Parses a text by a strftime format. Month names may be in any language, long or short, whichever of `%B` and `%b`
/// the format has. A format without a day gives a month or a year.
pub(crate) fn parse_with_format(text: &str, format: &str, context: &DateContext<'_>) -> Option<Timestamp> {
    let text = normalise(text.trim());
    // `%B` reads both lengths, `%b` only the short one.
    let format = format.replace("%b", "%B").replace("%h", "%B");
    parse(&text, &format, context.zone)
        .or_else(|| parse(&with_english_months(&text, context.primary_language()), &format, context.zone))
}

/// The most precise timestamp that the parsed fields allow.
fn parse(text: &str, format: &str, zone: Tz) -> Option<Timestamp> {
    let mut parsed = Parsed::new();
    chrono::format::parse(&mut parsed, text, StrftimeItems::new(format)).ok()?;
    // From the most precise reading to the least.
    if let Ok(at) = parsed.to_datetime() {
        return Some(Timestamp::instant(at));
    }
    if let Ok(at) = parsed.to_naive_datetime_with_offset(0) {
        let precision = if parsed.second().is_some() { Precision::Instant } else { Precision::Minute };
        return Some(Timestamp::in_zone(at, precision, zone));
    }
    if let Ok(date) = parsed.to_naive_date() {
        return Some(Timestamp::date(date));
    }
    let (precision, month) = match parsed.month() {
        Some(month) => (Precision::Month, month),
        None => (Precision::Year, 1),
    };
    let date = NaiveDate::from_ymd_opt(parsed.year()?, month, 1)?;
    Some(Timestamp::in_zone(date.and_time(NaiveTime::MIN), precision, zone))
}

/// The text with its month names translated to English, which are all that strftime knows.
fn with_english_months(text: &str, language: Option<&str>) -> String {
    const ENGLISH: [&str; 12] = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
        "November", "December",
    ];
    let mut out = String::new();
    // The word so far; the NUL at the end closes the last one.
    let mut word = String::new();
    for c in text.chars().chain(['\0']) {
        if c.is_alphabetic() {
            word.push(c);
            continue;
        }
        let name = month(&word.to_lowercase(), language).and_then(|month| ENGLISH.get(month as usize - 1));
        out.push_str(name.copied().unwrap_or(&word));
        word.clear();
        if c != '\0' {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    #[test]
    fn a_format_is_held_to_and_names_are_read_in_any_length_and_language() {
        let context = DateContext {
            zone: Tz::Europe__Berlin,
            now: DateTime::from_timestamp(1_700_000_000, 0).unwrap(),
            language: Some("de"),
        };
        let read = |text, format| parse_with_format(text, format, &context).map(|at| at.to_string());
        assert_eq!(read("5 Jan 2018", "%-d %B %Y").as_deref(), Some("2018-01-05"));
        assert_eq!(read("5 January 2018", "%-d %b %Y").as_deref(), Some("2018-01-05"));
        assert_eq!(read("5. März 2018", "%-d. %B %Y").as_deref(), Some("2018-03-05"));
        assert_eq!(read("05.01.2018 10:11", "%d.%m.%Y %H:%M").as_deref(), Some("2018-01-05T10:11:00+01:00"));
        assert_eq!(read("2018", "%Y").as_deref(), Some("2018"));
        assert_eq!(read("5 Jan 2018 x", "%-d %B %Y"), None);
    }
}
