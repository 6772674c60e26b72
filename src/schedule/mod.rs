//! Decides when a source is polled next, and when a page or a host is tried again. Pure: `now` is a parameter.
//!
//! [`next`] serves sources. It takes the configured schedule or the rhythm of the source, or the backoff after a failure,
//! and then what server and feed ask for; the result is never earlier than any of them. It comes with a phrase for
//! `status`. `poll::decide` calls it; `article_builder`, `collect` and `store` call
//! [`page_retry`], [`next_revisit`], [`next_recheck`] and [`host_backoff`]. docs/scheduling.md tells
//! users the rules, docs/politeness.md names their tests.

mod hints;
mod rhythm;

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::model::{Grade, NextPoll, TextState};
use crate::timing::{Schedule, format_duration};

pub use hints::PollHints;
pub use rhythm::Rhythm;

/// The longest wait: errors never end a source, and no `Retry-After` is followed for longer.
pub const MAX_WAIT: Duration = Duration::from_hours(24);

/// First backoff of a source; also the shortest interval that may be configured.
const MIN_WAIT: Duration = Duration::from_mins(5);

/// Shortest wait of `adaptive` for a source that supports conditional requests.
const ADAPTIVE_FLOOR: Duration = Duration::from_hours(1);

/// Shortest wait of `adaptive` for a source that has overflowed.
const OVERFLOW_FLOOR: Duration = Duration::from_mins(15);

/// First backoff after a refusal (401, 403), which only a person can resolve.
const REFUSAL_BACKOFF: Duration = Duration::from_hours(6);

/// First backoff of a host without `Retry-After`; doubled with each failure in a row.
const HOST_BACKOFF: Duration = Duration::from_mins(1);

/// Waits before the first, second and third retry of a page.
const PAGE_RETRIES: [Duration; 3] =
    [Duration::from_mins(10), Duration::from_hours(2), Duration::from_hours(24)];

/// How long an entry waits for its page before the feed's own text is stored: that makes it late by less than an hour.
pub const FEED_TEXT_WAIT: Duration = Duration::from_mins(50);

/// How long trouble of its host costs a page no try.
const HOST_PATIENCE: Duration = Duration::from_hours(3 * 24);

/// The longest that a page is tried regularly: `HOST_PATIENCE`, then its own retries.
pub const REGULAR_TRIES: Duration = Duration::from_hours(4 * 24 + 6);

/// Shortest time between two requests for a page whose feed reports changes.
const RECHECK_WAIT: Duration = Duration::from_hours(1);

/// An entry that its feed left alone for so long is believed again at once.
pub const QUIET_TIME: chrono::TimeDelta = chrono::TimeDelta::days(3);

/// Wait before the last try of a page whose article was stored with the feed's text.
pub const LAST_RETRY: Duration = Duration::from_hours(7 * 24);

/// Arguments of [`next`].
#[derive(Clone, Debug)]
pub struct PollContext<'a> {
    /// Name of the source; its jitter depends on it.
    pub name: &'a str,
    /// The configured schedule.
    pub schedule: &'a Schedule,
    /// What it was seen to publish, for `adaptive`.
    pub rhythm: &'a Rhythm,
    /// Whether it supports conditional requests.
    pub conditional: bool,
    /// What server and feed ask for.
    pub hints: &'a PollHints,
    /// The longest delay that hints may cause (`max_hint`).
    pub max_hint: Duration,
    /// The failure of the poll that just ended; `None`: it succeeded.
    pub failure: Option<FailureContext>,
}

/// A failure, as far as it decides when to poll again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FailureContext {
    /// Sum of the failures in a row, this one included, each weighted by [`failure_weight`].
    pub failures: f64,
    /// `Retry-After` of the response.
    pub retry_after: Option<DateTime<Utc>>,
    /// Whether the server refused the request (401, 403).
    pub refused: bool,
}

/// The next poll of a source whose poll ended `now`.
pub fn next(context: &PollContext<'_>, now: DateTime<Utc>) -> NextPoll {
    let mut next = match &context.failure {
        None => by_schedule(context, now),
        Some(failure) => after_failure(context, failure, now),
    };
    if let Some((at, why)) = hints::not_before(context.hints, next.at, now, context.max_hint) {
        next = NextPoll { at, why };
    }
    next
}

/// Weight of a failure in the backoff of a source.
pub fn failure_weight(grade: Grade) -> f64 {
    match grade {
        Grade::Temporary => 0.25,
        Grade::Soft => 0.5,
        Grade::Permanent => 1.0,
    }
}

/// The next poll after a successful one, before hints: by the configured schedule, or by the rhythm of the source.
fn by_schedule(context: &PollContext<'_>, now: DateTime<Utc>) -> NextPoll {
    let schedule = context.schedule;
    match schedule {
        Schedule::Adaptive => {
            let floor = if context.conditional { ADAPTIVE_FLOOR } else { MAX_WAIT };
            let usual = context.rhythm.next(now, floor, MAX_WAIT);
            let urgent = context.rhythm.before_it_overflows(now, OVERFLOW_FLOOR);
            let (at, why) = match (urgent.filter(|at| *at < usual), context.conditional) {
                (Some(at), _) => (at, "adaptive: it overflowed, so that something may have been missed"),
                (None, true) => (usual, "adaptive: when something new may be expected"),
                (None, false) => {
                    (usual, "adaptive: once a day, for its server knows no conditional requests")
                }
            };
            NextPoll { at: jittered(context.name, at, now), why: why.into() }
        }
        Schedule::Every(_) => {
            NextPoll { at: jittered(context.name, schedule.next_after(now), now), why: schedule.to_string() }
        }
        // No jitter: the user chose the minute.
        Schedule::Cron(_) => NextPoll { at: schedule.next_after(now), why: schedule.to_string() },
    }
}

/// Adds up to 5 % of the wait, at most 2 minutes, depending on the name: sources that start together spread out.
fn jittered(name: &str, at: DateTime<Utc>, now: DateTime<Utc>) -> DateTime<Utc> {
    let wait = (at - now).to_std().unwrap_or_default();
    at + (wait / 20).min(Duration::from_mins(2)).mul_f64(hash_fraction(name, 0))
}

/// At the first failure `Retry-After` alone decides. After that it can only lengthen the backoff, so that a server which
/// always says "in a second" is not asked every second. The backoff of a rarely polled source starts at an hour, not at its
/// interval: entries may be gone from the feed by then.
fn after_failure(context: &PollContext<'_>, failure: &FailureContext, now: DateTime<Utc>) -> NextPoll {
    let usual = match context.schedule {
        Schedule::Adaptive => ADAPTIVE_FLOOR,
        schedule => {
            (schedule.next_after(now) - now).to_std().unwrap_or(MIN_WAIT).min(Duration::from_hours(1))
        }
    };
    let first = if failure.refused { REFUSAL_BACKOFF } else { MIN_WAIT };
    let backoff = doubled(first, failure.failures * 2.0).max(usual);
    // The jitter depends on the name alone, so that another failure never shortens the wait.
    let backoff = backoff.mul_f64(1.0 + hash_fraction(context.name, 0) / 10.0).min(MAX_WAIT);
    let requested = failure
        .retry_after
        .map(|at| (at - now).to_std().unwrap_or_default().clamp(Duration::from_secs(1), MAX_WAIT));
    match requested {
        Some(wait) if failure.failures <= failure_weight(Grade::Soft) || wait >= backoff => NextPoll {
            at: now + wait,
            why: format!("the server asked for Retry-After of {}", format_duration(whole_seconds(wait))),
        },
        _ if failure.refused => {
            NextPoll { at: now + backoff, why: "the server refuses us: a person should look".into() }
        }
        _ => NextPoll {
            at: now + backoff,
            why: format!("backing off {} after failures", format_duration(whole_minutes(backoff))),
        },
    }
}

/// When the backoff of a host ends. `failures` counts those in a row, this one included.
///
/// `Retry-After` alone decides where there is one; the caller has dropped times in the past. Otherwise up to 20 % is added, depending on the host, so that hosts that
/// failed together are not all asked together.
pub fn host_backoff(
    host: &str,
    failures: u32,
    retry_after: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> DateTime<Utc> {
    if let Some(at) = retry_after {
        return at.clamp(now, now + MAX_WAIT);
    }
    let backoff = doubled(HOST_BACKOFF, f64::from(failures.saturating_sub(1)));
    now + backoff.mul_f64(1.0 + hash_fraction(host, failures) / 5.0).min(MAX_WAIT)
}

/// A number from 0 (inclusive) to 1 (exclusive) that depends on a name and a count only: the same in every run.
fn hash_fraction(name: &str, times: u32) -> f64 {
    let mixed = name.bytes().fold(times, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
    f64::from(mixed.wrapping_mul(0x9e37_79b9) >> 16) / f64::from(1 << 16)
}

/// When a page is tried again after a failure of its own; `None` after the last retry. `attempts` counts the failures
/// before this one.
pub fn page_retry(attempts: u32, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let wait = PAGE_RETRIES.get(usize::try_from(attempts).ok()?)?;
    Some(now + *wait)
}

/// Whether trouble of its host counts as a failed try of a page whose text is missing: three days after the feed was first
/// seen to have the entry. The one try a week later waits for three days, too, for a host that is well.
pub fn counts_host_trouble(first_seen: DateTime<Utc>, stored: TextState, now: DateTime<Utc>) -> bool {
    let is_last = stored == TextState::Feed;
    let patience = if is_last { REGULAR_TRIES + LAST_RETRY + HOST_PATIENCE } else { HOST_PATIENCE };
    (is_last || stored.has_late_try()) && now >= first_seen + patience
}

/// When a page that was fetched at `fetched_at` is fetched again: at the first of `ages` (shortest first) that is still to
/// come. Ages that passed while nothing ran are skipped.
pub fn next_revisit(
    ages: &[Duration],
    fetched_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    ages.iter()
        .filter_map(|age| fetched_at.checked_add_signed(chrono::Duration::from_std(*age).ok()?))
        .find(|at| *at > now)
}

/// When a page is fetched again because its feed says that it changed: at once, but an hour at least after the last request
/// for it (`requested_at`). The hour doubles for each time in a row that the page had not changed (`in_vain`), up to a week.
pub fn next_recheck(in_vain: u32, requested_at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> DateTime<Utc> {
    let Some(requested_at) = requested_at else {
        return now;
    };
    let wait = RECHECK_WAIT.saturating_mul(1 << in_vain.min(8)).min(LAST_RETRY);
    (requested_at.min(now) + wait).max(now)
}

/// When the new text of a feed becomes a revision of an entry without a page: at once the first time; an hour, two, four and so
/// on after the last one (`text_at`) where it changed `in_a_row` times within [`QUIET_TIME`] of each other; once a day at least.
pub fn next_feed_text(in_a_row: u32, text_at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> DateTime<Utc> {
    let (Some(text_at), Some(doubled)) = (text_at, in_a_row.checked_sub(1)) else {
        return now;
    };
    let wait = RECHECK_WAIT.saturating_mul(1 << doubled.min(8)).min(MAX_WAIT);
    (text_at.min(now) + wait).max(now)
}

/// `first` doubled `times` times, at most [`MAX_WAIT`].
fn doubled(first: Duration, times: f64) -> Duration {
    // 2^20 times any first wait is far longer than a day.
    let factor = times.clamp(0.0, 20.0).exp2();
    first.mul_f64(factor).min(MAX_WAIT)
}

/// Rounded down to seconds, at least one.
fn whole_seconds(wait: Duration) -> Duration {
    Duration::from_secs(wait.as_secs().max(1))
}

/// Rounded down to minutes, at least one.
fn whole_minutes(wait: Duration) -> Duration {
    Duration::from_mins((wait.as_secs() / 60).max(1))
}

#[cfg(test)]
mod tests;
