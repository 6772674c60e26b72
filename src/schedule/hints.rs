//! What servers and feeds wish: until when a copy is fresh, and at which hours nobody need ask.
//!
//! RFC 9111 (`max-age`, `Age`, `Expires`), RSS 2.0 (`ttl`, `skipHours`, `skipDays`), the RSS syndication module (`sy:*`).

use std::time::Duration;

use chrono::{DateTime, Datelike, Timelike, Utc};

use crate::model::FeedHints;
use crate::timing::format_duration;

/// The wishes known of one source.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PollHints {
    /// Until when the last answer is fresh: `max-age` minus `Age`, else `Expires`.
    pub fresh_until: Option<DateTime<Utc>>,
    /// By which word it is: `max-age=3600`, `Expires`.
    pub fresh_by: Option<String>,
    /// What the feed itself says.
    pub feed: FeedHints,
}

/// The earliest moment that honours every wish, and the strongest of them as a phrase; nothing where none delays.
///
/// `wanted` is when we would come by ourselves. Wishes delay by at most `max` from `now`.
pub(super) fn not_before(
    hints: &PollHints,
    wanted: DateTime<Utc>,
    now: DateTime<Utc>,
    max: Duration,
) -> Option<(DateTime<Utc>, String)> {
    let latest = now + max;
    let feed = &hints.feed;
    let fresh_for = hints.fresh_until.and_then(|until| (until - now).to_std().ok());
    let wishes = [
        (
            fresh_for,
            format!(
                "the server asked for {}",
                hints.fresh_by.as_deref().unwrap_or("max-age")
            ),
        ),
        (
            feed.ttl,
            format!(
                "the feed asked for a ttl of {}",
                format_duration(feed.ttl.unwrap_or_default())
            ),
        ),
        (
            period(feed, now),
            "the feed is updated then (sy:updatePeriod)".to_owned(),
        ),
    ];
    let mut at = wanted;
    let mut why = None;
    for (span, phrase) in wishes {
        let Some(span) = span.filter(|span| !span.is_zero()) else {
            continue;
        };
        let until = now + span.min(max);
        if until > at {
            at = until;
            why = Some(phrase);
        }
    }
    let open = out_of_skipped(feed, at).min(latest.max(at));
    if open > at {
        at = open;
        why = Some("the feed asked to be left alone until then (skipHours, skipDays)".into());
    }
    why.map(|why| (at, why))
}

/// Time until the next update by the syndication module: from `sy:updateBase` where there is one.
fn period(feed: &FeedHints, now: DateTime<Utc>) -> Option<Duration> {
    let period = feed.update_period.filter(|period| period.as_secs() > 0)?;
    let Some(base) = feed.update_base else {
        return Some(period);
    };
    let seconds = i64::try_from(period.as_secs()).ok()?;
    let into = (now - base).num_seconds().rem_euclid(seconds);
    u64::try_from(seconds - into).ok().map(Duration::from_secs)
}

/// The first moment from `at` that no skipped hour or day covers. A feed that skips them all means none.
fn out_of_skipped(feed: &FeedHints, at: DateTime<Utc>) -> DateTime<Utc> {
    let skipped = |at: DateTime<Utc>| {
        feed.skip_days.contains(&at.weekday())
            || u8::try_from(at.hour()).is_ok_and(|hour| feed.skip_hours.contains(&hour))
    };
    let hour = |at: DateTime<Utc>| {
        at.with_minute(0)
            .and_then(|at| at.with_second(0))
            .and_then(|at| at.with_nanosecond(0))
            .unwrap_or(at)
    };
    if !skipped(at) {
        return at;
    }
    (1..=7 * 24)
        .map(|hours| hour(at) + chrono::Duration::hours(hours))
        .find(|&later| !skipped(later))
        .unwrap_or(at)
}
