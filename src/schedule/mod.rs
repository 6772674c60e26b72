//! When next, and why then. Pure: takes `now`, gives a moment and a phrase for `status`.
//!
//! One function, [`next`], decides for sources: the user's word or the rhythm of the source, then what server and feed
//! wish, then what failures and `Retry-After` demand. Nothing it gives is earlier than any of them asks for.

mod hints;
mod rhythm;

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::model::{Grade, NextPoll};
use crate::timing::{Schedule, format_duration};

pub use hints::PollHints;
pub use rhythm::Rhythm;

/// Longest anything waits of itself: a source never dies of its errors, and no server may send us away for longer.
pub const MAX_WAIT: Duration = Duration::from_hours(24);

/// Where the backoff of a source begins: also the floor of any interval a person may set.
const FLOOR: Duration = Duration::from_mins(5);

/// Floor of `adaptive` for a source whose answers can be conditional.
const ADAPTIVE_FLOOR: Duration = Duration::from_hours(1);

/// Floor of `adaptive` for a source that was seen to overflow.
const OVERFLOW_FLOOR: Duration = Duration::from_mins(15);

/// Backoff after a refusal that needs a person (401, 403).
const REFUSED: Duration = Duration::from_hours(6);

/// First rest of a host without `Retry-After`; doubled with each failure in a row.
const HOST_REST: Duration = Duration::from_mins(1);

/// When a page's own failure is tried again, by the number of failures so far.
const PAGE_RETRIES: [Duration; 3] = [
    Duration::from_mins(10),
    Duration::from_hours(2),
    Duration::from_hours(24),
];

/// Least time between two looks at a page whose feed says that it changed.
const LOOK_AGAIN: Duration = Duration::from_hours(1);

/// When a page is tried once more after its article was kept with the feed's own text.
pub const UPGRADE: Duration = Duration::from_hours(7 * 24);

/// What decides when a source is polled next.
#[derive(Clone, Debug)]
pub struct PollContext<'a> {
    /// Its name, which spreads it among others.
    pub name: &'a str,
    /// The user's word.
    pub schedule: &'a Schedule,
    /// What it was seen to publish.
    pub rhythm: &'a Rhythm,
    /// Whether its answers can be conditional.
    pub conditional: bool,
    /// What server and feed wish.
    pub hints: &'a PollHints,
    /// Longest that wishes may delay it.
    pub max_hint: Duration,
    /// What the poll that just ended came to, where it failed.
    pub failure: Option<FailureContext>,
}

/// A failure, as far as it decides when to come back.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FailureContext {
    /// Weighted sum of the failures in a row, this one included: temporary 0.25, soft 0.5, permanent 1.
    pub failures: f64,
    /// What the server said in `Retry-After`.
    pub retry_after: Option<DateTime<Utc>>,
    /// Whether the server refused us (401, 403): only a person can change that.
    pub refused: bool,
}

/// The next poll of a source whose poll ended `now`.
pub fn next(situation: &PollContext<'_>, now: DateTime<Utc>) -> NextPoll {
    let mut next = match &situation.failure {
        None => wanted(situation, now),
        Some(failing) => after_failure(situation, failing, now),
    };
    if let Some((at, why)) = hints::not_before(situation.hints, next.at, now, situation.max_hint) {
        next = NextPoll { at, why };
    }
    next
}

/// What a failure counts in the backoff of a source.
pub fn failure_weight(grade: Grade) -> f64 {
    match grade {
        Grade::Temporary => 0.25,
        Grade::Soft => 0.5,
        Grade::Permanent => 1.0,
    }
}

/// By the user's word, or by the rhythm of the source.
fn wanted(situation: &PollContext<'_>, now: DateTime<Utc>) -> NextPoll {
    let schedule = situation.schedule;
    match schedule {
        Schedule::Adaptive => {
            let floor = if situation.conditional {
                ADAPTIVE_FLOOR
            } else {
                MAX_WAIT
            };
            let usual = situation.rhythm.next(now, floor, MAX_WAIT);
            let urgent = situation.rhythm.before_it_overflows(now, OVERFLOW_FLOOR);
            let (at, why) = match (urgent.filter(|at| *at < usual), situation.conditional) {
                (Some(at), _) => (
                    at,
                    "adaptive: it overflowed, so that something may have been missed",
                ),
                (None, true) => (usual, "adaptive: when something new may be expected"),
                (None, false) => (
                    usual,
                    "adaptive: once a day, for its server knows no conditional requests",
                ),
            };
            NextPoll {
                at: jittered(situation.name, at, now),
                why: why.into(),
            }
        }
        Schedule::Every(_) => NextPoll {
            at: jittered(situation.name, schedule.next_after(now), now),
            why: schedule.to_string(),
        },
        // The user named the minute.
        Schedule::Cron(_) => NextPoll {
            at: schedule.next_after(now),
            why: schedule.to_string(),
        },
    }
}

/// Up to a twentieth later, two minutes at most, other for each source: what began together does not stay together.
fn jittered(name: &str, at: DateTime<Utc>, now: DateTime<Utc>) -> DateTime<Utc> {
    let wait = (at - now).to_std().unwrap_or_default();
    at + (wait / 20).min(Duration::from_mins(2)).mul_f64(spread(name, 0))
}

/// The server's own word (`Retry-After`) decides at the first failure; after that it can only lengthen the backoff, so
/// that a server which always says "in a second" is not asked every second. A source that is polled rarely does not
/// wait for its next turn: what a failed poll would have seen may be gone by then.
fn after_failure(situation: &PollContext<'_>, failing: &FailureContext, now: DateTime<Utc>) -> NextPoll {
    let turn = match situation.schedule {
        Schedule::Adaptive => ADAPTIVE_FLOOR,
        schedule => (schedule.next_after(now) - now)
            .to_std()
            .unwrap_or(FLOOR)
            .min(Duration::from_hours(1)),
    };
    let first = if failing.refused { REFUSED } else { FLOOR };
    let backoff = doubled(first, failing.failures * 2.0).max(turn);
    // By name alone, so that one failure more never means a shorter wait.
    let backoff = backoff
        .mul_f64(1.0 + spread(situation.name, 0) / 10.0)
        .min(MAX_WAIT);
    let asked = failing.retry_after.map(|at| {
        (at - now)
            .to_std()
            .unwrap_or_default()
            .clamp(Duration::from_secs(1), MAX_WAIT)
    });
    match asked {
        Some(asked) if failing.failures <= failure_weight(Grade::Soft) || asked >= backoff => NextPoll {
            at: now + asked,
            why: format!(
                "the server asked for Retry-After of {}",
                format_duration(whole(asked))
            ),
        },
        _ if failing.refused => NextPoll {
            at: now + backoff,
            why: "the server refuses us: a person should look".into(),
        },
        _ => NextPoll {
            at: now + backoff,
            why: format!("backing off {} after failures", format_duration(rough(backoff))),
        },
    }
}

/// When a host in trouble may be asked again. `failures` counts those in a row, this one included.
///
/// `Retry-After` alone decides where the server sent it. Our own rest has up to a fifth on top, other for each host, so
/// that hosts which fell together do not all get asked together.
pub fn host_backoff(
    host: &str,
    failures: u32,
    retry_after: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> DateTime<Utc> {
    if let Some(at) = retry_after {
        return at.clamp(now, now + MAX_WAIT);
    }
    let rest = doubled(HOST_REST, f64::from(failures.saturating_sub(1)));
    now + rest.mul_f64(1.0 + spread(host, failures) / 5.0).min(MAX_WAIT)
}

/// A number from 0 to 1 that differs from name to name and from time to time, and is the same in every run.
pub fn spread(name: &str, times: u32) -> f64 {
    let mixed = name.bytes().fold(times, |sum, byte| {
        sum.wrapping_mul(31).wrapping_add(u32::from(byte))
    });
    f64::from(mixed.wrapping_mul(0x9e37_79b9) >> 16) / f64::from(1 << 16)
}

/// When a page is tried again after its own failure; nothing once it had all its tries.
/// `attempts` counts the failures before this one.
pub fn page_retry(attempts: u32, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let wait = PAGE_RETRIES.get(usize::try_from(attempts).ok()?)?;
    Some(now + *wait)
}

/// When a page that was had at `had` is looked at again: at the first of these ages, shortest first, that is still to
/// come. Those that went by while nothing ran are not made up for.
pub fn revisit(ages: &[Duration], had: DateTime<Utc>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    ages.iter()
        .filter_map(|age| had.checked_add_signed(chrono::Duration::from_std(*age).ok()?))
        .find(|at| *at > now)
}

/// When a page is looked at because its feed says that it changed: at once, but an hour at least after it was last
/// asked for, and twice as long for each time in a row that the feed's word was not true, up to a week.
pub fn changed(in_vain: u32, asked: Option<DateTime<Utc>>, now: DateTime<Utc>) -> DateTime<Utc> {
    let Some(asked) = asked else { return now };
    let wait = LOOK_AGAIN.saturating_mul(1 << in_vain.min(8)).min(UPGRADE);
    (asked.min(now) + wait).max(now)
}

/// `first` doubled `times` times, a day at most.
fn doubled(first: Duration, times: f64) -> Duration {
    // 2^20 times any first wait is far over a day already.
    let factor = times.clamp(0.0, 20.0).exp2();
    first.mul_f64(factor).min(MAX_WAIT)
}

/// To the second, for people.
fn whole(wait: Duration) -> Duration {
    Duration::from_secs(wait.as_secs().max(1))
}

/// To the minute, for people.
fn rough(wait: Duration) -> Duration {
    Duration::from_mins((wait.as_secs() / 60).max(1))
}

#[cfg(test)]
mod tests;
