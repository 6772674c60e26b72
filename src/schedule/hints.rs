//! What servers and feeds ask for: how long a response is fresh, and at which hours the feed is not updated.
//!
//! RFC 9111 (`max-age`, `Age`, `Expires`), RSS 2.0 (`ttl`, `skipHours`, `skipDays`), the RSS syndication module (`sy:*`).

use std::time::Duration;

use chrono::{DateTime, Datelike, Timelike, Utc};

use crate::model::FeedHints;
use crate::timing::format_duration;

/// The hints of the last response of a source.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PollHints {
    /// When the response stops being fresh: `max-age` minus `Age`, else `Expires`.
    pub fresh_until: Option<DateTime<Utc>>,
    /// The header that says so: `max-age=3600`, `Expires`.
    pub fresh_by: Option<String>,
    /// What the document says.
    pub feed: FeedHints,
}

/// The earliest time that respects every hint, and the hint that decides, as a phrase; `None` where none delays.
///
/// `planned` is the time without hints. Hints delay until `now + max` at most.
pub(super) fn not_before(
    hints: &PollHints,
    planned: DateTime<Utc>,
    now: DateTime<Utc>,
    max: Duration,
) -> Option<(DateTime<Utc>, String)> {
    let latest = now + max;
    let feed = &hints.feed;
    let fresh_for = hints.fresh_until.and_then(|until| (until - now).to_std().ok());
    let delays = [
        (fresh_for, format!("the server asked for {}", hints.fresh_by.as_deref().unwrap_or("max-age"))),
        (feed.ttl, format!("the feed asked for a ttl of {}", format_duration(feed.ttl.unwrap_or_default()))),
        (until_update(feed, now), "the feed is updated then (sy:updatePeriod)".to_owned()),
    ];
    let mut at = planned;
    let mut why = None;
    for (span, phrase) in delays {
        let Some(span) = span.filter(|span| !span.is_zero()) else {
            continue;
        };
        let until = now + span.min(max);
        if until > at {
            at = until;
            why = Some(phrase);
        }
    }
    let open = after_skipped(feed, at).min(latest.max(at));
    if open > at {
        at = open;
        why = Some("the feed asked to be left alone until then (skipHours, skipDays)".into());
    }
    why.map(|why| (at, why))
}

/// Time until the next update by the syndication module, counted from `sy:updateBase` where there is one.
fn until_update(feed: &FeedHints, now: DateTime<Utc>) -> Option<Duration> {
    let period = feed.update_period.filter(|period| period.as_secs() > 0)?;
    let Some(base) = feed.update_base else {
        return Some(period);
    };
    let seconds = i64::try_from(period.as_secs()).ok()?;
    let elapsed = (now - base).num_seconds().rem_euclid(seconds);
    u64::try_from(seconds - elapsed).ok().map(Duration::from_secs)
}

/// `at`, or else the start of the first hour after it that is not skipped. A feed that skips all hours skips none.
fn after_skipped(feed: &FeedHints, at: DateTime<Utc>) -> DateTime<Utc> {
    let skipped = |at: DateTime<Utc>| {
        feed.skip_days.contains(&at.weekday())
            || u8::try_from(at.hour()).is_ok_and(|hour| feed.skip_hours.contains(&hour))
    };
    let hour = |at: DateTime<Utc>| {
        at.with_minute(0).and_then(|at| at.with_second(0)).and_then(|at| at.with_nanosecond(0)).unwrap_or(at)
    };
    if !skipped(at) {
        return at;
    }
    (1..=7 * 24)
        .map(|hours| hour(at) + chrono::Duration::hours(hours))
        .find(|&later| !skipped(later))
        .unwrap_or(at)
}
