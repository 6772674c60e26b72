//! Learns how many entries a source publishes in each hour of the week, and predicts when a poll pays.
//!
//! Each of the 168 hours of the week (UTC) has a decayed count of entries and a decayed count of hours observed. While
//! little was observed, the rate of an hour is pulled towards that hour of all days, and that towards the whole week. A
//! silence longer than the rates explain scales all of them down, so that a dead source soon costs one request a day.
//!
//! A document that has nothing in common with the previous one *overflowed*: entries in between may be lost. A document
//! that fills within the shortest wait (a weekly issue) would overflow at any poll, and teaches nothing. Otherwise the source
//! is polled in steps shorter than its fill time: in the hours of the week in which that many entries are expected, or at
//! any hour where the overflow was not predictable.

use std::time::Duration;

use chrono::{DateTime, Datelike, TimeDelta, Timelike, Utc};

const HOURS: usize = 168;

/// Weeks after which an observation counts 1/e.
const MEMORY_WEEKS: f64 = 5.0;

/// Hours observed from which on the own rate of an hour outweighs the broader rate.
const PRIOR_HOURS: f64 = 2.0;

/// Expected entries for which a poll pays.
const ENTRIES_PER_POLL: f64 = 1.0;

/// Expected entries that may be missing before the rates are scaled down.
const TOLERATED_MISSING: f64 = 3.0;

/// How long an overflow keeps polls frequent if none follows and none is averted.
const OVERFLOW_MEMORY: TimeDelta = TimeDelta::days(28);

/// Time between two polls, as a share of the fill time of a document.
const FILL_SHARE: f64 = 0.75;

/// Share of a document that must have been expected for its overflow to count as predictable.
const PREDICTABLE_SHARE: f64 = 2.0 / 3.0;

/// How far ahead an hour is searched for in which a document may fill.
const HORIZON: Duration = Duration::from_hours(24);

/// Resolution of predictions.
const STEP: Duration = Duration::from_mins(15);

/// What was observed of a source.
#[derive(Clone, Debug, PartialEq)]
pub struct Rhythm {
    /// Entries by hour of the week, decayed.
    counts: Vec<f32>,
    /// Hours observed by hour of the week, decayed.
    observed: Vec<f32>,
    /// When it was last observed.
    until: Option<DateTime<Utc>>,
    /// When the latest entry was published.
    last_new: Option<DateTime<Utc>>,
    /// When a document last overflowed, or would have without a poll in time.
    overflowed: Option<DateTime<Utc>>,
    /// When that was last unpredictable.
    unpredicted: Option<DateTime<Utc>>,
    /// Start of the flow: of the polls in a row that each brought entries.
    flowing_since: Option<DateTime<Utc>>,
    /// Entries in the last document.
    window: u32,
    /// Shortest fill time of a document within [`OVERFLOW_MEMORY`], in seconds.
    fill: u32,
    /// Entries of the flow.
    flowing: u32,
}

impl Default for Rhythm {
    fn default() -> Self {
        Self {
            counts: vec![0.0; HOURS],
            observed: vec![0.0; HOURS],
            until: None,
            last_new: None,
            overflowed: None,
            unpredicted: None,
            flowing_since: None,
            window: 0,
            fill: 0,
            flowing: 0,
        }
    }
}

impl Rhythm {
    /// Learns from a document. `new`: the times of its new entries (the time of the poll where they have none); `window`:
    /// the number of all its entries. Returns whether it overflowed: all entries are new, and some may have been missed.
    pub fn observe(&mut self, new: &[DateTime<Utc>], window: usize, now: DateTime<Utc>) -> bool {
        let first = self.until.is_none();
        // The first document covers the time since its oldest entry, at most four weeks.
        let month = now - TimeDelta::weeks(4);
        let since = self
            .until
            .unwrap_or_else(|| new.iter().copied().filter(|at| *at <= now).min().unwrap_or(now).max(month));
        let overflowed = !first && self.window > 0 && window > 0 && new.len() >= window;
        // Before the counts change: whether it was predictable depends on them.
        if overflowed {
            self.learn_overflow(new, since, now);
        }
        self.learn_flow(new.len(), since, now);
        self.decay(now - since);
        self.add_observed(since, now);
        for at in new {
            // An entry dated outside the span has a wrong date.
            let at = (*at).clamp(since.min(now), now);
            if let Some(count) = self.counts.get_mut(hour_of_week(at)) {
                *count += 1.0;
            }
            self.last_new = self.last_new.max(Some(at));
        }
        if window > 0 {
            self.window = u32::try_from(window).unwrap_or(u32::MAX);
        }
        self.until = Some(now);
        overflowed
    }

    /// Number of entries in the last document that had any.
    pub fn window(&self) -> usize {
        usize::try_from(self.window).unwrap_or(usize::MAX)
    }

    /// When the next poll pays: when an entry is expected, between `floor` and `longest` from `now`.
    pub fn next(&self, now: DateTime<Utc>, floor: Duration, longest: Duration) -> DateTime<Utc> {
        self.when_expected(ENTRIES_PER_POLL, now, longest).clamp(now + floor.min(longest), now + longest)
    }

    /// When a source has to be polled so that it does not overflow again, not before `floor`; `None` without an overflow
    /// in the last four weeks.
    pub fn before_it_overflows(&self, now: DateTime<Utc>, floor: Duration) -> Option<DateTime<Utc>> {
        if !is_recent(self.overflowed, now) {
            return None;
        }
        let step = Duration::from_secs(u64::from(self.fill)).mul_f64(FILL_SHARE).max(floor);
        if is_recent(self.unpredicted, now) && step <= HORIZON {
            return Some(now + step);
        }
        // Between two polls at most a third of a document may be expected.
        let third = (f64::from(self.window) / 3.0).max(ENTRIES_PER_POLL);
        let rates = self.rates();
        let mut busy = now;
        while rate(&rates, busy) < third && busy < now + HORIZON {
            busy = next_hour(busy);
        }
        let at = self.when_expected(third, now, HORIZON).min(busy + step);
        Some(at.clamp(now + floor, now + HORIZON.max(floor)))
    }

    /// Learns from an overflow, unless the document filled within [`STEP`]: an earlier poll would not have helped.
    fn learn_overflow(&mut self, new: &[DateTime<Utc>], since: DateTime<Utc>, now: DateTime<Utc>) {
        let times = || new.iter().map(|at| (*at).clamp(since.min(now), now));
        let span = match (times().min(), times().max()) {
            (Some(first), Some(last)) if first < last => last - first,
            // Entries without dates: half of the time between the polls.
            _ => ((now - since) / 2).max(TimeDelta::minutes(20)),
        };
        let Some(fill) = span.to_std().ok().filter(|fill| *fill > STEP) else {
            return;
        };
        let fill = u32::try_from(fill.as_secs()).unwrap_or(u32::MAX);
        self.fill = if is_recent(self.overflowed, now) { fill.min(self.fill) } else { fill };
        self.overflowed = Some(now);
        if !self.was_predictable(since, now) {
            self.unpredicted = Some(now);
        }
    }

    /// Learns from an averted overflow: without the polls of this flow a document would have filled.
    fn learn_flow(&mut self, new: usize, since: DateTime<Utc>, now: DateTime<Utc>) {
        if new == 0 {
            self.flowing = 0;
            return;
        }
        if self.flowing == 0 {
            self.flowing_since = Some(since);
        }
        let before = self.flowing;
        self.flowing = before.saturating_add(u32::try_from(new).unwrap_or(u32::MAX));
        let filled = before < self.window && self.flowing >= self.window;
        if filled && is_recent(self.overflowed, now) {
            self.overflowed = Some(now);
            let began = self.flowing_since.unwrap_or(since);
            if is_recent(self.unpredicted, now) && !self.was_predictable(began, now) {
                self.unpredicted = Some(now);
            }
        }
    }

    /// Whether as many entries were expected in these hours and the ones next to them. Silence is not taken into account.
    fn was_predictable(&self, since: DateTime<Utc>, now: DateTime<Utc>) -> bool {
        let rates = self.rates();
        let mut at = (since - TimeDelta::hours(1)).max(now - TimeDelta::weeks(1));
        let mut expected = 0.0;
        while at < now + TimeDelta::hours(1) {
            let end = next_hour(at).min(now + TimeDelta::hours(1));
            expected += rate(&rates, at) * hours(end - at);
            at = end;
        }
        expected >= f64::from(self.window) * PREDICTABLE_SHARE
    }

    /// When the given number of entries is expected to have been published, `now + ahead` at the latest.
    fn when_expected(&self, entries: f64, now: DateTime<Utc>, ahead: Duration) -> DateTime<Utc> {
        let rates = self.rates();
        let trust = self.trust(&rates, now);
        let (mut at, mut expected) = (now, 0.0);
        while expected < entries && at < now + ahead {
            expected += rate(&rates, at) * trust * STEP.as_secs_f64() / 3600.0;
            at += STEP;
        }
        at
    }

    /// Expected entries per hour, for each hour of the week.
    fn rates(&self) -> Vec<f64> {
        let at = |list: &[f32], index: usize| f64::from(list.get(index).copied().unwrap_or_default());
        let (count, observed): (f64, f64) = (
            self.counts.iter().copied().map(f64::from).sum(),
            self.observed.iter().copied().map(f64::from).sum(),
        );
        let week = if observed > 0.0 { count / observed.max(1.0) } else { 0.0 };
        let day: Vec<f64> = (0..24)
            .map(|hour| {
                let (count, observed) = (0..7).fold((0.0, 0.0), |(count, observed), day| {
                    (
                        count + at(&self.counts, day * 24 + hour),
                        observed + at(&self.observed, day * 24 + hour),
                    )
                });
                (count + PRIOR_HOURS * week) / (observed + PRIOR_HOURS)
            })
            .collect();
        (0..HOURS)
            .map(|index| {
                let broader = day.get(index % 24).copied().unwrap_or_default();
                (at(&self.counts, index) + PRIOR_HOURS * broader) / (at(&self.observed, index) + PRIOR_HOURS)
            })
            .collect()
    }

    /// Factor for the rates after a silence: 1 until [`TOLERATED_MISSING`] entries are missing, then ever less.
    fn trust(&self, rates: &[f64], now: DateTime<Utc>) -> f64 {
        // The silence starts after the hour of the last entry.
        let Some(last) = self.last_new.map(next_hour) else {
            return 1.0;
        };
        let hours = (now - last).num_hours().max(0);
        let week: f64 = rates.iter().sum();
        let whole = hours / HOURS as i64;
        let rest =
            (0..hours % HOURS as i64).map(|hour| rate(rates, last + TimeDelta::hours(hour))).sum::<f64>();
        let missed = week * whole as f64 + rest;
        (TOLERATED_MISSING / missed).min(1.0)
    }

    /// Reduces what was observed before.
    fn decay(&mut self, time: TimeDelta) {
        let weeks = time.num_minutes().max(0) as f64 / (60.0 * HOURS as f64);
        let keep = (-weeks / MEMORY_WEEKS).exp();
        for value in self.counts.iter_mut().chain(&mut self.observed) {
            *value = to_f32(f64::from(*value) * keep);
        }
    }

    /// Adds the hours from `since` to `now`; of a longer absence only the last four weeks.
    fn add_observed(&mut self, since: DateTime<Utc>, now: DateTime<Utc>) {
        let mut at = since.max(now - TimeDelta::weeks(4));
        while at < now {
            let end = (at + TimeDelta::hours(1)).min(now);
            if let Some(observed) = self.observed.get_mut(hour_of_week(at)) {
                *observed += to_f32(hours(end - at));
            }
            at = end;
        }
    }

    /// For the database: little-endian numbers in the order of the fields; times in seconds since 1970.
    pub fn to_bytes(&self) -> Vec<u8> {
        let floats = self.counts.iter().chain(&self.observed);
        let times = [self.until, self.last_new, self.overflowed, self.unpredicted, self.flowing_since];
        let times = times.map(|at| at.map_or(i64::MIN, |at| at.timestamp()).to_le_bytes());
        let numbers = [self.window, self.fill, self.flowing].map(u32::to_le_bytes);
        floats
            .flat_map(|value| value.to_le_bytes())
            .chain(times.into_iter().flatten())
            .chain(numbers.into_iter().flatten())
            .collect()
    }

    /// The reverse of [`Rhythm::to_bytes`]; `None` for another length, as another version may write it.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        if bytes.len() != HOURS * 2 * 4 + 5 * 8 + 3 * 4 {
            return None;
        }
        let (floats, rest) = bytes.split_at_checked(HOURS * 2 * 4)?;
        let (times, numbers) = rest.split_at_checked(5 * 8)?;
        let mut floats = floats.as_chunks().0.iter().map(|chunk| sanitize(f32::from_le_bytes(*chunk)));
        let mut times =
            times.as_chunks().0.iter().map(|chunk| DateTime::from_timestamp(i64::from_le_bytes(*chunk), 0));
        let mut numbers = numbers.as_chunks().0.iter().map(|chunk| u32::from_le_bytes(*chunk));
        Some(Self {
            counts: floats.by_ref().take(HOURS).collect(),
            observed: floats.collect(),
            until: times.next()?,
            last_new: times.next()?,
            overflowed: times.next()?,
            unpredicted: times.next()?,
            flowing_since: times.next()?,
            window: numbers.next()?,
            fill: numbers.next()?,
            flowing: numbers.next()?,
        })
    }
}

/// Whether a time is within [`OVERFLOW_MEMORY`].
fn is_recent(at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> bool {
    at.is_some_and(|at| now - at < OVERFLOW_MEMORY)
}

/// The start of the next hour; `at` itself at the end of the calendar.
fn next_hour(at: DateTime<Utc>) -> DateTime<Utc> {
    let into = i64::from(at.minute() * 60 + at.second());
    at.checked_add_signed(TimeDelta::seconds(3600 - into)).unwrap_or(at)
}

fn hours(time: TimeDelta) -> f64 {
    time.num_seconds() as f64 / 3600.0
}

/// Seven digits are more than the counts are precise, and halve the space.
#[expect(clippy::cast_possible_truncation, reason = "the nearest f32 is what is wanted")]
fn to_f32(value: f64) -> f32 {
    value as f32
}

/// Replaces what no [`Rhythm`] writes.
fn sanitize(value: f32) -> f32 {
    if value.is_finite() { value.max(0.0) } else { 0.0 }
}

/// Hour of the week (UTC); 0 is Monday from midnight.
fn hour_of_week(at: DateTime<Utc>) -> usize {
    (at.weekday().num_days_from_monday() * 24 + at.hour()) as usize
}

/// The rate at a time.
fn rate(rates: &[f64], at: DateTime<Utc>) -> f64 {
    rates.get(hour_of_week(at)).copied().unwrap_or_default()
}
