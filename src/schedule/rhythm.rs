//! The rhythm of a source: how many entries it publishes in each hour of the week, learned from what was seen.
//!
//! Each of the 168 hours of the week (UTC) has a decayed count of entries and a decayed count of hours watched. The
//! rate of one hour leans on that hour of every day, and that on the whole week, as long as little was watched. A
//! silence longer than the rates explain scales all of them down, so that a dead source soon costs a request a day.

use std::time::Duration;

use chrono::{DateTime, Datelike, Timelike, Utc};

const HOURS: usize = 168;

/// Weeks after which what was seen counts a third.
const MEMORY_WEEKS: f64 = 5.0;

/// Hours watched that outweigh the broader rate an hour leans on.
const PRIOR_HOURS: f64 = 2.0;

/// Entries expected before a poll pays.
const WORTH: f64 = 1.0;

/// Expected entries that did not come before silence is believed.
const SILENCE: f64 = 3.0;

/// How long an overflow keeps polls frequent.
const OVERFLOW_MEMORY: Duration = Duration::from_hours(14 * 24);

/// Step of the look ahead, and the shortest wait it can tell.
const STEP: Duration = Duration::from_mins(15);

/// What a source was seen to publish, and when.
#[derive(Clone, Debug, PartialEq)]
pub struct Rhythm {
    /// Entries by hour of the week, decayed.
    counts: Vec<f32>,
    /// Hours watched by hour of the week, decayed.
    watched: Vec<f32>,
    /// Until when it was watched.
    until: Option<DateTime<Utc>>,
    /// When something new was last published.
    last_new: Option<DateTime<Utc>>,
    /// When a document last had nothing in common with the one before.
    overflowed: Option<DateTime<Utc>>,
    /// Entries in the last document.
    window: u32,
}

impl Default for Rhythm {
    fn default() -> Self {
        Self {
            counts: vec![0.0; HOURS],
            watched: vec![0.0; HOURS],
            until: None,
            last_new: None,
            overflowed: None,
            window: 0,
        }
    }
}

impl Rhythm {
    /// Learns from a document: `new` are the times of entries not seen before (the time of the poll where they have
    /// none), `window` the number of all its entries. Returns whether it overflowed: nothing in it was known, so that
    /// something in between may have been missed.
    pub fn observe(&mut self, new: &[DateTime<Utc>], window: usize, now: DateTime<Utc>) -> bool {
        let first = self.until.is_none();
        // Seen for the first time, a document tells of the time since its oldest entry, four weeks at most.
        let month = now - chrono::Duration::weeks(4);
        let since = self.until.unwrap_or_else(|| {
            new.iter()
                .copied()
                .filter(|at| *at <= now)
                .min()
                .unwrap_or(now)
                .max(month)
        });
        self.decay(now - since);
        self.watch(since, now);
        for at in new {
            // An entry dated before the span it appeared in was published within it, or its date is wrong.
            let at = (*at).clamp(since.min(now), now);
            if let Some(count) = self.counts.get_mut(slot(at)) {
                *count += 1.0;
            }
            self.last_new = self.last_new.max(Some(at));
        }
        let overflowed = !first && self.window > 0 && window > 0 && new.len() >= window;
        if overflowed {
            self.overflowed = Some(now);
        }
        if window > 0 {
            self.window = u32::try_from(window).unwrap_or(u32::MAX);
        }
        self.until = Some(now);
        overflowed
    }

    /// Whether polls were seen to overflow of late.
    pub fn overflows(&self, now: DateTime<Utc>) -> bool {
        self.overflowed
            .is_some_and(|at| now - at < chrono::Duration::from_std(OVERFLOW_MEMORY).unwrap_or_default())
    }

    /// When a poll pays next: when an entry may be expected, not before `floor` and not after `longest`.
    pub fn next(&self, now: DateTime<Utc>, floor: Duration, longest: Duration) -> DateTime<Utc> {
        let rates = self.rates();
        let trust = self.trust(&rates, now);
        // Where documents overflow, a third of one is as much as may come between two polls.
        let worth = if self.overflows(now) {
            (f64::from(self.window) / 3.0).max(WORTH)
        } else {
            WORTH
        };
        let step_hours = STEP.as_secs_f64() / 3600.0;
        let (mut at, mut expected) = (now, 0.0);
        while expected < worth && at < now + longest {
            expected += rate(&rates, at) * trust * step_hours;
            at += STEP;
        }
        at.clamp(now + floor.min(longest), now + longest)
    }

    /// Entries an hour for each hour of the week.
    fn rates(&self) -> Vec<f64> {
        let at = |list: &[f32], index: usize| f64::from(list.get(index).copied().unwrap_or_default());
        let (count, watched): (f64, f64) = (
            self.counts.iter().copied().map(f64::from).sum(),
            self.watched.iter().copied().map(f64::from).sum(),
        );
        let week = if watched > 0.0 {
            count / watched.max(1.0)
        } else {
            0.0
        };
        let day: Vec<f64> = (0..24)
            .map(|hour| {
                let (count, watched) = (0..7).fold((0.0, 0.0), |(count, watched), day| {
                    (
                        count + at(&self.counts, day * 24 + hour),
                        watched + at(&self.watched, day * 24 + hour),
                    )
                });
                (count + PRIOR_HOURS * week) / (watched + PRIOR_HOURS)
            })
            .collect();
        (0..HOURS)
            .map(|index| {
                let broader = day.get(index % 24).copied().unwrap_or_default();
                (at(&self.counts, index) + PRIOR_HOURS * broader) / (at(&self.watched, index) + PRIOR_HOURS)
            })
            .collect()
    }

    /// How far the rates are believed after a silence: less, the more of what they promised did not come.
    fn trust(&self, rates: &[f64], now: DateTime<Utc>) -> f64 {
        let Some(last) = self.last_new else { return 1.0 };
        let hours = (now - last).num_hours().max(0);
        let week: f64 = rates.iter().sum();
        let whole = hours / HOURS as i64;
        let rest = (0..hours % HOURS as i64)
            .map(|hour| rate(rates, last + chrono::Duration::hours(hour)))
            .sum::<f64>();
        let missed = week * whole as f64 + rest;
        if missed > SILENCE { SILENCE / missed } else { 1.0 }
    }

    fn decay(&mut self, time: chrono::Duration) {
        let weeks = time.num_minutes().max(0) as f64 / (60.0 * HOURS as f64);
        let keep = (-weeks / MEMORY_WEEKS).exp();
        for value in self.counts.iter_mut().chain(&mut self.watched) {
            *value = narrow(f64::from(*value) * keep);
        }
    }

    /// Adds the hours from `since` to `now`; of a longer absence only the last weeks count.
    fn watch(&mut self, since: DateTime<Utc>, now: DateTime<Utc>) {
        let mut at = since.max(now - chrono::Duration::weeks(4));
        while at < now {
            let end = (at + chrono::Duration::hours(1)).min(now);
            if let Some(watched) = self.watched.get_mut(slot(at)) {
                *watched += narrow((end - at).num_seconds() as f64 / 3600.0);
            }
            at = end;
        }
    }

    /// For the database: little-endian numbers, in the order of the fields.
    pub fn to_bytes(&self) -> Vec<u8> {
        let seconds = |at: Option<DateTime<Utc>>| at.map_or(i64::MIN, |at| at.timestamp()).to_le_bytes();
        let mut bytes: Vec<u8> = self
            .counts
            .iter()
            .chain(&self.watched)
            .flat_map(|value| value.to_le_bytes())
            .collect();
        for at in [self.until, self.last_new, self.overflowed] {
            bytes.extend(seconds(at));
        }
        bytes.extend(self.window.to_le_bytes());
        bytes
    }

    /// The reverse of [`Rhythm::to_bytes`]; what has another length was written by another version and is not known.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        if bytes.len() != HOURS * 2 * 4 + 3 * 8 + 4 {
            return None;
        }
        let (floats, rest) = bytes.split_at(HOURS * 2 * 4);
        let values: Vec<f32> = floats
            .chunks_exact(4)
            .filter_map(|chunk| Some(f32::from_le_bytes(chunk.try_into().ok()?)))
            .map(sane)
            .collect();
        let (times, window) = rest.split_at(3 * 8);
        let mut times = times
            .chunks_exact(8)
            .filter_map(|chunk| Some(i64::from_le_bytes(chunk.try_into().ok()?)))
            .map(|seconds| DateTime::from_timestamp(seconds, 0));
        let (counts, watched) = values.split_at_checked(HOURS)?;
        Some(Self {
            counts: counts.to_vec(),
            watched: watched.to_vec(),
            until: times.next()?,
            last_new: times.next()?,
            overflowed: times.next()?,
            window: u32::from_le_bytes(window.try_into().ok()?),
        })
    }
}

/// The counts are kept in half the space: seven digits are more than there is to know.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the nearest f32 is what is wanted"
)]
fn narrow(value: f64) -> f32 {
    value as f32
}

fn sane(value: f32) -> f32 {
    if value.is_finite() { value.max(0.0) } else { 0.0 }
}

/// Hour of the week, 0 on Monday at midnight UTC.
fn slot(at: DateTime<Utc>) -> usize {
    (at.weekday().num_days_from_monday() * 24 + at.hour()) as usize
}

fn rate(rates: &[f64], at: DateTime<Utc>) -> f64 {
    rates.get(slot(at)).copied().unwrap_or_default()
}
