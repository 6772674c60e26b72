//! Reads dates and times in the forms that machines and people write them, in some forty languages.
//!
//! Used by the rules (`published`, `modified`) and by extraction without rules. A text becomes tokens (`tokens`), the
//! patterns find a date (`patterns`) and the time next to it (`clock`). Nothing is invented: the precision of a result
//! is that of the text, and a text without a date gives `None`.

mod clock;
mod context;
mod formatted;
mod in_url;
mod jalali;
mod months;
mod patterns;
mod relative;
mod tokens;

#[cfg(test)]
mod tests;

use chrono::{DateTime, Datelike, Duration, NaiveDateTime, NaiveTime, Utc};
use chrono_tz::Tz;

use self::clock::time_at;
use self::patterns::{DateMatch, date_at, packed_date};
use self::relative::relative_date;
use self::tokens::{DateToken, normalise, tokenize};
use crate::model::{Precision, Timestamp};

pub(super) use self::context::DateContext;
pub(super) use self::formatted::parse_with_format;
pub(super) use self::in_url::date_in_url;

/// Tokens before and after a date among which its time is looked for.
const TIME_DISTANCE: usize = 8;

/// The first date in a text, in any form: printed, packed (`20180105`), Unix time, or relative ("3 hours ago").
pub(super) fn parse_date(text: &str, context: &DateContext<'_>) -> Option<Timestamp> {
    let text = normalise(text);
    let tokens = tokenize(&text);
    packed_date(&tokens)
        .or_else(|| first_date(&tokens, context))
        .map(|found| timestamp(&found, &tokens, context))
        .or_else(|| unix_time(text.trim()))
        .or_else(|| relative_date(&tokens, context))
}

/// The first printed date in a text. Packed numbers, Unix times and relative times do not count: in running text they
/// are mostly something else.
pub(super) fn parse_printed_date(text: &str, context: &DateContext<'_>) -> Option<Timestamp> {
    let tokens = tokenize(&normalise(text));
    Some(timestamp(&first_date(&tokens, context)?, &tokens, context))
}

/// True if something can have been published then: from 1900 to two days from now.
pub(super) fn is_plausible(date: &Timestamp, now: DateTime<Utc>) -> bool {
    date.local.year() >= 1900 && date.utc(Tz::UTC) <= now + Duration::days(2)
}

fn first_date(tokens: &[DateToken], context: &DateContext<'_>) -> Option<DateMatch> {
    (0..tokens.len()).find_map(|at| date_at(tokens, at, context))
}

/// A date with the time that stands nearest behind it, else nearest before it.
fn timestamp(found: &DateMatch, tokens: &[DateToken], context: &DateContext<'_>) -> Timestamp {
    let bare = Timestamp::in_zone(found.date.and_time(NaiveTime::MIN), found.precision, context.zone);
    if found.precision < Precision::Day {
        return bare;
    }
    let mut behind = found.end..tokens.len().min(found.end + TIME_DISTANCE);
    let mut before = (found.start.saturating_sub(TIME_DISTANCE)..found.start).rev();
    let time = behind
        .find_map(|at| time_at(tokens, at))
        .or_else(|| before.find_map(|at| time_at(tokens, at).filter(|time| time.end <= found.start)));
    let Some(time) = time else {
        return bare;
    };
    let local = NaiveDateTime::new(found.date, time.time);
    match time.offset {
        Some(offset) => Timestamp { local, offset: Some(offset), precision: time.precision },
        None => Timestamp::in_zone(local, time.precision, context.zone),
    }
}

/// Seconds or milliseconds since 1970, from 1990 to 2099.
fn unix_time(text: &str) -> Option<Timestamp> {
    let number: i64 = text.parse().ok()?;
    let seconds = match text.len() {
        9 | 10 => number,
        13 => number / 1000,
        _ => return None,
    };
    let at = DateTime::from_timestamp(seconds, 0)?;
    (1990..2100).contains(&at.year()).then(|| Timestamp::instant(at.fixed_offset()))
}
