use chrono::{Datelike, TimeZone, Timelike, Weekday};
use proptest::prelude::*;

use super::*;
use crate::model::FeedHints;
use crate::timing::Cron;

fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 24, 12, 0, 0).unwrap()
}

fn every(minutes: u64) -> Schedule {
    Schedule::Every(Duration::from_mins(minutes))
}

/// A source that publishes nothing special and wishes nothing.
struct Case {
    schedule: Schedule,
    rhythm: Rhythm,
    hints: PollHints,
    conditional: bool,
    max_hint: Duration,
    failure: Option<FailureContext>,
}

impl Case {
    fn new(schedule: Schedule) -> Self {
        Self {
            schedule,
            rhythm: Rhythm::default(),
            hints: PollHints::default(),
            conditional: true,
            max_hint: MAX_WAIT,
            failure: None,
        }
    }

    fn failing(mut self, failures: f64, retry_after: Option<DateTime<Utc>>) -> Self {
        self.failure = Some(FailureContext { failures, retry_after, refused: false });
        self
    }

    fn fresh_for(mut self, time: Duration) -> Self {
        self.hints.fresh_until = Some(now() + time);
        self.hints.fresh_by = Some(format!("max-age={}", time.as_secs()));
        self
    }

    fn feed(mut self, feed: FeedHints) -> Self {
        self.hints.feed = feed;
        self
    }

    fn next(&self, now: DateTime<Utc>) -> NextPoll {
        let situation = PollContext {
            name: "paper",
            schedule: &self.schedule,
            rhythm: &self.rhythm,
            conditional: self.conditional,
            hints: &self.hints,
            max_hint: self.max_hint,
            failure: self.failure,
        };
        next(&situation, now)
    }

    fn minutes(&self) -> i64 {
        (self.next(now()).at - now()).num_minutes()
    }
}

fn at(next: &NextPoll) -> String {
    next.at.format("%a %H:%M").to_string()
}

#[test]
fn p14_failures_back_off_up_to_a_day_and_never_further() {
    let waits: Vec<i64> = [0.25, 0.5, 1.0, 2.0, 3.0, 4.0, 5.0, 400.0]
        .into_iter()
        .map(|failures| Case::new(every(30)).failing(failures, None).minutes())
        .collect();
    for (wait, least) in waits.iter().zip([30, 30, 30, 80, 320, 1280, 1440, 1440]) {
        // With a jitter of a tenth at most.
        assert!((least..=least + least / 10).contains(wait) && *wait <= 1440, "{waits:?}");
    }
    assert!(waits.is_sorted());
}

#[test]
fn a_daily_source_that_failed_is_tried_within_about_an_hour() {
    assert!((60..=66).contains(&Case::new(every(24 * 60)).failing(0.25, None).minutes()));
}

#[test]
fn p13_retry_after_decides_first_and_lengthens_later() {
    let soon = Some(now() + Duration::from_secs(2));
    let late = Some(now() + Duration::from_hours(3));
    let next = Case::new(every(30)).failing(0.25, soon).next(now());
    assert_eq!(
        (next.at, next.why.as_str()),
        (now() + Duration::from_secs(2), "the server asked for Retry-After of 2s")
    );
    assert!(Case::new(every(30)).failing(2.0, soon).minutes() >= 80, "a server that always says soon");
    assert_eq!(Case::new(every(30)).failing(2.0, late).minutes(), 180);
    let absurd = Some(now() + Duration::from_hours(24 * 365));
    assert_eq!(Case::new(every(30)).failing(0.25, absurd).minutes(), 1440);
}

#[test]
fn p24_a_refusal_backs_off_for_long() {
    let mut case = Case::new(every(30)).failing(0.5, None);
    case.failure.as_mut().unwrap().refused = true;
    let next = case.next(now());
    assert!(next.at >= now() + Duration::from_hours(6), "{next:?}");
    assert!(next.why.contains("refuses us"), "{next:?}");
}

#[test]
fn p11_max_age_delays_and_says_so() {
    let next = Case::new(every(30)).fresh_for(Duration::from_hours(1)).next(now());
    assert_eq!(
        (next.at, next.why.as_str()),
        (now() + Duration::from_hours(1), "the server asked for max-age=3600")
    );
    let shorter = Case::new(every(120)).fresh_for(Duration::from_hours(1)).next(now());
    assert_eq!(shorter.why, "every 2h");
    let absurd = Case::new(every(30)).fresh_for(Duration::from_hours(24 * 365)).next(now());
    assert_eq!(absurd.at, now() + MAX_WAIT, "max_hint");
}

#[test]
fn p12_ttl_skip_hours_skip_days_and_the_syndication_module() {
    let ttl = FeedHints { ttl: Some(Duration::from_mins(90)), ..FeedHints::default() };
    let next = Case::new(every(30)).feed(ttl).next(now());
    assert_eq!((at(&next).as_str(), next.why.as_str()), ("Tue 13:30", "the feed asked for a ttl of 1h 30m"));

    let night = FeedHints { skip_hours: vec![12, 13, 14], ..FeedHints::default() };
    assert_eq!(at(&Case::new(every(30)).feed(night).next(now())), "Tue 15:00");

    let day = FeedHints { skip_days: vec![Weekday::Tue], skip_hours: vec![0, 1], ..FeedHints::default() };
    assert_eq!(at(&Case::new(every(30)).feed(day).next(now())), "Wed 02:00");

    let always = FeedHints { skip_hours: (0..24).collect(), ..FeedHints::default() };
    assert_eq!(Case::new(every(30)).feed(always).next(now()).why, "every 30m", "all hours means none");

    let weekly = FeedHints { update_period: Some(Duration::from_hours(7 * 24)), ..FeedHints::default() };
    assert_eq!(Case::new(every(30)).feed(weekly).next(now()).at, now() + MAX_WAIT, "max_hint");

    let base = Utc.with_ymd_and_hms(2026, 11, 1, 0, 20, 0).unwrap();
    let hourly = FeedHints {
        update_period: Some(Duration::from_hours(1)),
        update_base: Some(base),
        ..FeedHints::default()
    };
    // The update is at 12:20, before our own turn.
    assert_eq!(Case::new(every(30)).feed(hourly.clone()).next(now()).why, "every 30m");
    assert_eq!(at(&Case::new(every(5)).feed(hourly).next(now())), "Tue 12:20");
}

#[test]
fn a_cron_line_keeps_its_minute_and_yields_to_the_server() {
    let cron = Schedule::Cron(Cron::parse("0 18 * * *", chrono_tz::UTC).unwrap());
    assert_eq!(at(&Case::new(cron.clone()).next(now())), "Tue 18:00");
    assert_eq!(at(&Case::new(cron).fresh_for(Duration::from_hours(7)).next(now())), "Tue 19:00");
}

#[test]
fn p10_adaptive_keeps_its_floors() {
    // Ten entries an hour, always.
    let mut case = Case::new(Schedule::Adaptive);
    let mut clock = now() - chrono::Duration::days(7);
    while clock < now() {
        let new: Vec<_> = (0..10).map(|minute| clock - chrono::Duration::minutes(minute * 6)).collect();
        assert!(!case.rhythm.observe(&new, 100, clock));
        clock += chrono::Duration::hours(1);
    }
    assert!((60..=62).contains(&case.minutes()), "{}", case.minutes());
    case.conditional = false;
    assert!((1440..=1442).contains(&case.minutes()), "a day without validators");
    case.conditional = true;
    let all_new: Vec<_> = (0..100).map(|number| now() - chrono::Duration::seconds(number * 30)).collect();
    assert!(case.rhythm.observe(&all_new, 100, now()), "nothing in common with the last document");
    // It was filled within 50 minutes.
    assert!((37..=40).contains(&case.minutes()), "{}", case.minutes());
    assert!(case.next(now()).why.contains("may have been missed"));
}

#[test]
fn p32_a_page_is_tried_after_ten_minutes_two_hours_and_a_day() {
    let waits: Vec<_> =
        (0..5).map(|attempts| page_retry(attempts, now()).map(|at| (at - now()).num_minutes())).collect();
    assert_eq!(waits, [Some(10), Some(120), Some(1440), None, None]);
    assert_eq!(page_retry(u32::MAX, now()), None);
}

#[test]
fn p16_a_thousand_sources_that_begin_together_do_not_stay_together() {
    let schedule = every(30);
    let mut times: Vec<_> = (0..1000)
        .map(|number| jittered(&format!("source-{number}"), schedule.next_after(now()), now()))
        .collect();
    times.sort();
    let apart = |share: usize| times[share * 10] - times[0];
    assert!(times[0] >= now() + Duration::from_mins(30));
    assert!(times[999] <= now() + Duration::from_secs(31 * 60 + 30));
    assert!(
        apart(50) > chrono::Duration::seconds(30),
        "half of them in the first {} seconds",
        apart(50).num_seconds()
    );
}

#[test]
fn a_page_is_fetched_again_at_its_ages_and_missed_ages_are_skipped() {
    let ages = [1, 24, 168].map(Duration::from_hours);
    let after = |hours: i64| next_revisit(&ages, now(), now() + chrono::Duration::hours(hours));
    let at = |hours: i64| Some(now() + chrono::Duration::hours(hours));
    assert_eq!([0, 1, 30, 168].map(after), [at(1), at(24), at(168), None]);
    assert_eq!(next_revisit(&ages, DateTime::<Utc>::MAX_UTC, now()), None);
}

#[test]
fn false_reports_of_changes_double_the_wait() {
    let waits: Vec<_> =
        (0..12).map(|in_vain| (next_recheck(in_vain, Some(now()), now()) - now()).num_hours()).collect();
    assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 128, 168, 168, 168, 168]);
    assert_eq!(next_recheck(0, None, now()), now());
    let long_ago = now() - chrono::Duration::days(30);
    assert_eq!(next_recheck(u32::MAX, Some(long_ago), now()), now());
    // A clock that was wrong keeps nobody waiting for longer.
    let ahead = now() + chrono::Duration::days(300);
    assert_eq!(next_recheck(0, Some(ahead), now()), now() + chrono::Duration::hours(1));
}

fn feed_hints() -> impl Strategy<Value = FeedHints> {
    (
        proptest::option::of(0_u64..200_000),
        proptest::collection::vec(0_u8..24, 0..24),
        proptest::collection::vec(0_u8..7, 0..7),
        proptest::option::of(0_u64..1_000_000),
        proptest::option::of(0_i64..4_000_000_000),
    )
        .prop_map(|(ttl, skip_hours, days, period, base)| FeedHints {
            ttl: ttl.map(Duration::from_secs),
            skip_hours,
            skip_days: days.into_iter().filter_map(|day| Weekday::try_from(day).ok()).collect(),
            update_period: period.map(Duration::from_secs),
            update_base: base.and_then(|seconds| DateTime::from_timestamp(seconds, 0)),
        })
}

proptest! {
    #![proptest_config(crate::proptest_config())]
    /// Never before a hint, never below the floor, never starved, and hints never contradict each other.
    #[test]
    fn a_poll_respects_all_hints_and_never_starves(
        feed in feed_hints(),
        fresh in proptest::option::of(0_u64..10_000_000),
        interval in 5_u64..3000,
        adaptive: bool,
        conditional: bool,
        failures in proptest::option::of(0.25_f64..100.0),
        retry in proptest::option::of(-100_000_i64..1_000_000),
        offset in 0_i64..1_000_000,
        max_hint in 1_u64..200_000,
        history in proptest::collection::vec((1_i64..3000, 0_usize..40, 0_usize..40), 0..20),
    ) {
        let now = now() + chrono::Duration::seconds(offset);
        let schedule = if adaptive { Schedule::Adaptive } else { every(interval) };
        let mut case = Case::new(schedule).feed(feed.clone());
        case.conditional = conditional;
        case.max_hint = Duration::from_secs(max_hint);
        // What was seen until now: so many new of so many entries, so many minutes apart.
        let mut clock = now - chrono::Duration::minutes(history.iter().map(|(minutes, ..)| minutes).sum());
        for (minutes, new, window) in history {
            clock += chrono::Duration::minutes(minutes);
            let times: Vec<_> = (0..new.min(window) as i64).map(|n| clock - chrono::Duration::minutes(minutes * n / 40)).collect();
            case.rhythm.observe(&times, window, clock);
        }
        let fresh = fresh.map(Duration::from_secs);
        case.hints.fresh_until = fresh.map(|fresh| now + fresh);
        case.failure = failures.map(|failures| FailureContext {
            failures,
            retry_after: retry.map(|seconds| now + chrono::Duration::seconds(seconds)),
            refused: false,
        });
        let next = case.next(now);
        let wait = (next.at - now).to_std().unwrap();
        prop_assert!(!next.why.is_empty());
        // The floor; a server that names a shorter time itself may be asked then.
        let floor = match (failures.is_some(), adaptive) {
            (true, _) if retry.is_some() => Duration::from_secs(1),
            (false, true) => OVERFLOW_FLOOR,
            _ => MIN_WAIT,
        };
        prop_assert!(wait >= floor, "{next:?}");
        // The wishes, each up to the longest they may delay.
        for wish in [fresh, feed.ttl].into_iter().flatten() {
            prop_assert!(wait >= wish.min(case.max_hint), "{next:?}");
        }
        if let Some(period) = feed.update_period.filter(|period| !period.is_zero()) {
            let period = i64::try_from(period.as_secs()).unwrap();
            // The first update after now, counted in whole periods from the base, which may lie either side of it.
            let (base, at) = (feed.update_base.unwrap_or(now).timestamp(), now.timestamp());
            let update = base + ((at - base).div_euclid(period) + 1) * period;
            let until = (update - at).unsigned_abs();
            prop_assert!(wait.as_secs() + 1 >= until.min(max_hint), "{next:?}");
        }
        if let (Some(failing), Some(asked)) = (case.failure, case.failure.and_then(|failing| failing.retry_after)) {
            prop_assert!(failing.failures > 0.0 && next.at >= asked.min(now + MAX_WAIT), "{next:?}");
        }
        // Starvation: our own interval, a day, or what wishes may delay, whichever is longest, plus jitter.
        let own = Duration::from_mins(interval).max(MAX_WAIT).max(case.max_hint);
        prop_assert!(wait <= own + Duration::from_mins(2), "{next:?}");
        // Skipped hours, unless no hour of the week is open or the longest delay forces us.
        let open = |at: DateTime<Utc>| !feed.skip_days.contains(&at.weekday()) && !feed.skip_hours.contains(&u8::try_from(at.hour()).unwrap());
        let forced = wait >= case.max_hint || (0..168).all(|hour| !open(now + chrono::Duration::hours(hour)));
        prop_assert!(forced || open(next.at), "{next:?}");
    }

    #[test]
    fn a_host_backs_off_a_day_at_most(seconds in -1_000_000_i64..10_000_000, failures in 0_u32..) {
        for retry_after in [None, Some(now() + chrono::Duration::seconds(seconds))] {
            let rest = host_backoff("paper.example", failures, retry_after, now());
            prop_assert!(rest >= now() && rest <= now() + MAX_WAIT);
        }
    }

    #[test]
    fn a_rhythm_survives_the_database_and_nonsense_in_it(bytes in proptest::collection::vec(any::<u8>(), 1396..=1396), hours in 0_i64..10_000) {
        if let Some(mut rhythm) = Rhythm::from_bytes(&bytes) {
            let at = now() + chrono::Duration::hours(hours);
            let next = rhythm.next(at, MIN_WAIT, MAX_WAIT);
            prop_assert!(next >= at + MIN_WAIT && next <= at + MAX_WAIT);
            let urgent = rhythm.before_it_overflows(at, OVERFLOW_FLOOR).unwrap_or(at + MAX_WAIT);
            prop_assert!(urgent >= at + OVERFLOW_FLOOR && urgent <= at + MAX_WAIT);
            rhythm.observe(&[at, now(), DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC], 4, at);
            prop_assert_eq!(Rhythm::from_bytes(&rhythm.to_bytes()).map(|back| back.next(at, MIN_WAIT, MAX_WAIT)), Some(rhythm.next(at, MIN_WAIT, MAX_WAIT)));
        }
    }
}
