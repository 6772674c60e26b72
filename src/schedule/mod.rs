//! When next, and why then. Pure: takes `now`, gives a moment and a phrase for `status`.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::model::{Grade, Next};
use crate::timing::{Schedule, show_duration};

/// Longest anything waits: a source never dies of its errors, and no server may send us away for longer.
pub const LONGEST: Duration = Duration::from_hours(24);

/// Where the backoff of a source begins: also the floor of any interval a person may set.
const FLOOR: Duration = Duration::from_mins(5);

/// First rest of a host without `Retry-After`; doubled with each failure in a row.
const HOST_REST: Duration = Duration::from_mins(1);

/// When a page's own failure is tried again, by the number of failures so far.
const PAGE_RETRIES: [Duration; 3] = [
    Duration::from_mins(10),
    Duration::from_hours(2),
    Duration::from_hours(24),
];

/// When a page is tried once more after its article was kept with the feed's own text.
pub const UPGRADE: Duration = Duration::from_hours(7 * 24);

/// The poll after a success.
pub fn after_success(schedule: &Schedule, now: DateTime<Utc>) -> Next {
    Next {
        at: schedule.next_after(now),
        why: schedule.to_string(),
    }
}

/// What a failure counts in the backoff of a source.
pub fn weight(grade: Grade) -> f64 {
    match grade {
        Grade::Temporary => 0.25,
        Grade::Soft => 0.5,
        Grade::Permanent => 1.0,
    }
}

/// The poll after a failure. `failures` is the weighted sum of the failures in a row, this one included.
///
/// The server's own word (`Retry-After`) decides at the first failure; after that it can only lengthen the backoff, so
/// that a server which always says "in a second" is not asked every second. A source that is polled rarely does not
/// wait for its next turn: what a failed poll would have seen may be gone by then.
pub fn after_failure(
    schedule: &Schedule,
    failures: f64,
    retry_after: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Next {
    let usual = (schedule.next_after(now) - now)
        .to_std()
        .unwrap_or(FLOOR)
        .min(Duration::from_hours(1));
    let backoff = doubled(FLOOR, failures * 2.0).max(usual);
    let asked = retry_after.map(|at| {
        (at - now)
            .to_std()
            .unwrap_or_default()
            .clamp(Duration::from_secs(1), LONGEST)
    });
    match asked {
        Some(asked) if failures <= weight(Grade::Permanent) / 2.0 || asked >= backoff => Next {
            at: now + asked,
            why: format!(
                "the server asked for Retry-After of {}",
                show_duration(whole(asked))
            ),
        },
        _ => Next {
            at: now + backoff,
            why: format!("backing off {} after failures", show_duration(whole(backoff))),
        },
    }
}

/// When a resting host may be asked again. `failures` counts those in a row, this one included.
pub fn host_rest(failures: u32, retry_after: Option<DateTime<Utc>>, now: DateTime<Utc>) -> DateTime<Utc> {
    match retry_after {
        Some(at) => at.clamp(now, now + LONGEST),
        None => now + doubled(HOST_REST, f64::from(failures.saturating_sub(1))),
    }
}

/// When a page is tried again after its own failure; nothing once it had all its tries.
/// `attempts` counts the failures before this one.
pub fn page_retry(attempts: u32, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let wait = PAGE_RETRIES.get(usize::try_from(attempts).ok()?)?;
    Some(now + *wait)
}

/// `first` doubled `times` times, a day at most.
fn doubled(first: Duration, times: f64) -> Duration {
    // 2^20 times any first wait is far over a day already.
    let factor = times.clamp(0.0, 20.0).exp2();
    first.mul_f64(factor).min(LONGEST)
}

/// To the second, for people.
fn whole(wait: Duration) -> Duration {
    Duration::from_secs(wait.as_secs().max(1))
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;
    use proptest::prelude::*;

    use super::*;

    fn now() -> DateTime<Utc> {
        Utc.with_ymd_and_hms(2026, 11, 24, 12, 0, 0).unwrap()
    }

    fn every(minutes: u64) -> Schedule {
        Schedule::Every(Duration::from_mins(minutes))
    }

    fn minutes(next: &Next) -> i64 {
        (next.at - now()).num_minutes()
    }

    #[test]
    fn p14_failures_back_off_up_to_a_day_and_never_further() {
        let waits: Vec<i64> = [0.25, 0.5, 1.0, 2.0, 3.0, 4.0, 5.0, 400.0]
            .into_iter()
            .map(|failures| minutes(&after_failure(&every(30), failures, None, now())))
            .collect();
        assert_eq!(waits, [30, 30, 30, 80, 320, 1280, 1440, 1440]);
    }

    #[test]
    fn a_daily_source_that_failed_is_tried_within_the_hour() {
        assert_eq!(minutes(&after_failure(&every(24 * 60), 0.25, None, now())), 60);
    }

    #[test]
    fn p13_retry_after_decides_first_and_lengthens_later() {
        let soon = Some(now() + Duration::from_secs(2));
        let late = Some(now() + Duration::from_hours(3));
        let next = after_failure(&every(30), 0.25, soon, now());
        assert_eq!(
            (next.at, next.why.as_str()),
            (
                now() + Duration::from_secs(2),
                "the server asked for Retry-After of 2s"
            )
        );
        assert_eq!(
            minutes(&after_failure(&every(30), 2.0, soon, now())),
            80,
            "a server that always says soon"
        );
        assert_eq!(minutes(&after_failure(&every(30), 2.0, late, now())), 180);
        let absurd = Some(now() + Duration::from_hours(24 * 365));
        assert_eq!(minutes(&after_failure(&every(30), 0.25, absurd, now())), 1440);
    }

    #[test]
    fn p32_a_page_is_tried_after_ten_minutes_two_hours_and_a_day() {
        let waits: Vec<_> = (0..5)
            .map(|attempts| page_retry(attempts, now()).map(|at| (at - now()).num_minutes()))
            .collect();
        assert_eq!(waits, [Some(10), Some(120), Some(1440), None, None]);
        assert_eq!(page_retry(u32::MAX, now()), None);
    }

    proptest! {
        #[test]
        fn nothing_is_due_in_the_past_or_after_more_than_a_day(
            failures in 0.0..1e6_f64, seconds in -1_000_000_i64..10_000_000, interval in 1_u64..10_000, count in 0_u32..,
        ) {
            let asked = Some(now() + chrono::Duration::seconds(seconds));
            for retry_after in [None, asked] {
                let next = after_failure(&every(interval), failures, retry_after, now());
                prop_assert!(next.at > now() && next.at <= now() + LONGEST);
                let rest = host_rest(count, retry_after, now());
                prop_assert!(rest >= now() && rest <= now() + LONGEST);
            }
        }
    }
}
