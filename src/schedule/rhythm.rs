//! The rhythm of a source: how many entries it publishes in each hour of the week, learned from what was seen.
//!
//! Each of the 168 hours of the week (UTC) has a decayed count of entries and a decayed count of hours watched. The
//! rate of one hour leans on that hour of every day, and that on the whole week, as long as little was watched. A
//! silence longer than the rates explain scales all of them down, so that a dead source soon costs a request a day.
//!
//! A document that has nothing in common with the one before may have lost entries in between. What that teaches depends
//! on how long it took to fill: one that is filled at a stroke (a weekly issue) would be so at any poll. Where it took
//! longer than the shortest wait, the source is asked in shorter steps than that: in the hours of the week in which so
//! much is expected, or, where the flow was not to be foreseen, at any hour.

use std::time::Duration;

use chrono::{DateTime, Datelike, TimeDelta, Timelike, Utc};

const HOURS: usize = 168;

/// Weeks after which what was seen counts a third.
const MEMORY_WEEKS: f64 = 5.0;

/// Hours watched that outweigh the broader rate an hour leans on.
const PRIOR_HOURS: f64 = 2.0;

/// Entries expected before a poll pays.
const WORTH: f64 = 1.0;

/// Expected entries that did not come before silence is believed.
const SILENCE: f64 = 3.0;

/// How long an overflow keeps polls frequent, if no other is seen or averted.
const OVERFLOW_MEMORY: TimeDelta = TimeDelta::days(28);

/// Share of the time in which a document was filled that may go by between two polls.
const SHARE_OF_FILL: f64 = 0.75;

/// Share of a document that is expected in the hours around a flow if it was to be foreseen.
const FORESEEN: f64 = 2.0 / 3.0;

/// How far ahead is looked for an hour in which a document may fill.
const HORIZON: Duration = Duration::from_hours(24);

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
    /// When a document last had nothing in common with the one before, or would have had if nobody had come in time.
    overflowed: Option<DateTime<Utc>>,
    /// When that was last not to be foreseen.
    surprised: Option<DateTime<Utc>>,
    /// When the flow began that has not paused since.
    flowing_since: Option<DateTime<Utc>>,
    /// Entries in the last document.
    window: u32,
    /// Shortest time in which a document was filled, in seconds, as far as overflows are remembered.
    fill: u32,
    /// Entries in a row of polls that each brought some.
    flowing: u32,
}

impl Default for Rhythm {
    fn default() -> Self {
        Self {
            counts: vec![0.0; HOURS],
            watched: vec![0.0; HOURS],
            until: None,
            last_new: None,
            overflowed: None,
            surprised: None,
            flowing_since: None,
            window: 0,
            fill: 0,
            flowing: 0,
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
        let month = now - TimeDelta::weeks(4);
        let since = self.until.unwrap_or_else(|| {
            new.iter()
                .copied()
                .filter(|at| *at <= now)
                .min()
                .unwrap_or(now)
                .max(month)
        });
        let overflowed = !first && self.window > 0 && window > 0 && new.len() >= window;
        // Judged by what was known before it came.
        if overflowed {
            self.overflow(new, since, now);
        }
        self.flow(new.len(), since, now);
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
        if window > 0 {
            self.window = u32::try_from(window).unwrap_or(u32::MAX);
        }
        self.until = Some(now);
        overflowed
    }

    /// When a poll pays next: when an entry may be expected, not before `floor` and not after `longest`.
    pub fn next(&self, now: DateTime<Utc>, floor: Duration, longest: Duration) -> DateTime<Utc> {
        self.expecting(WORTH, now, longest)
            .clamp(now + floor.min(longest), now + longest)
    }

    /// By when a source that overflowed is to be asked, so that it does not again; not before `floor`. Nothing where
    /// nothing of the kind was seen of late.
    pub fn before_it_overflows(&self, now: DateTime<Utc>, floor: Duration) -> Option<DateTime<Utc>> {
        if !is_late(self.overflowed, now) {
            return None;
        }
        let step = Duration::from_secs(u64::from(self.fill))
            .mul_f64(SHARE_OF_FILL)
            .max(floor);
        if is_late(self.surprised, now) && step <= HORIZON {
            return Some(now + step);
        }
        // A third of a document is as much as may be expected between two polls.
        let third = (f64::from(self.window) / 3.0).max(WORTH);
        let rates = self.rates();
        let mut busy = now;
        while rate(&rates, busy) < third && busy < now + HORIZON {
            busy = next_hour(busy);
        }
        let at = self.expecting(third, now, HORIZON).min(busy + step);
        Some(at.clamp(now + floor, now + HORIZON.max(floor)))
    }

    /// Learns from a document of which nothing was known. One that filled within the shortest wait would have done so at
    /// any poll: coming sooner saves nothing.
    fn overflow(&mut self, new: &[DateTime<Utc>], since: DateTime<Utc>, now: DateTime<Utc>) {
        let times = || new.iter().map(|at| (*at).clamp(since.min(now), now));
        let span = match (times().min(), times().max()) {
            (Some(first), Some(last)) if first < last => last - first,
            // Without dates: half of the time it had; whether at a stroke is not to be seen.
            _ => ((now - since) / 2).max(TimeDelta::minutes(20)),
        };
        let Some(fill) = span.to_std().ok().filter(|fill| *fill > STEP) else {
            return;
        };
        let fill = u32::try_from(fill.as_secs()).unwrap_or(u32::MAX);
        self.fill = if is_late(self.overflowed, now) {
            fill.min(self.fill)
        } else {
            fill
        };
        self.overflowed = Some(now);
        if !self.is_foreseen(since, now) {
            self.surprised = Some(now);
        }
    }

    /// Remembers an overflow for longer where another was averted: where as much as fills a document came without a pause.
    fn flow(&mut self, new: usize, since: DateTime<Utc>, now: DateTime<Utc>) {
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
        if filled && is_late(self.overflowed, now) {
            self.overflowed = Some(now);
            let began = self.flowing_since.unwrap_or(since);
            if is_late(self.surprised, now) && !self.is_foreseen(began, now) {
                self.surprised = Some(now);
            }
        }
    }

    /// Whether a flow was to be foreseen: by what is usual in its hours and those next to them, silent days or not.
    fn is_foreseen(&self, since: DateTime<Utc>, now: DateTime<Utc>) -> bool {
        let rates = self.rates();
        let mut at = (since - TimeDelta::hours(1)).max(now - TimeDelta::weeks(1));
        let mut expected = 0.0;
        while at < now + TimeDelta::hours(1) {
            let end = next_hour(at).min(now + TimeDelta::hours(1));
            expected += rate(&rates, at) * hours(end - at);
            at = end;
        }
        expected >= f64::from(self.window) * FORESEEN
    }

    /// When so many entries may be expected, as far as is looked ahead.
    fn expecting(&self, entries: f64, now: DateTime<Utc>, ahead: Duration) -> DateTime<Utc> {
        let rates = self.rates();
        let trust = self.trust(&rates, now);
        let (mut at, mut expected) = (now, 0.0);
        while expected < entries && at < now + ahead {
            expected += rate(&rates, at) * trust * STEP.as_secs_f64() / 3600.0;
            at += STEP;
        }
        at
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
        // The hour in which it was published has kept its promise.
        let Some(last) = self.last_new.map(next_hour) else {
            return 1.0;
        };
        let hours = (now - last).num_hours().max(0);
        let week: f64 = rates.iter().sum();
        let whole = hours / HOURS as i64;
        let rest = (0..hours % HOURS as i64)
            .map(|hour| rate(rates, last + TimeDelta::hours(hour)))
            .sum::<f64>();
        let missed = week * whole as f64 + rest;
        if missed > SILENCE { SILENCE / missed } else { 1.0 }
    }

    fn decay(&mut self, time: TimeDelta) {
        let weeks = time.num_minutes().max(0) as f64 / (60.0 * HOURS as f64);
        let keep = (-weeks / MEMORY_WEEKS).exp();
        for value in self.counts.iter_mut().chain(&mut self.watched) {
            *value = narrow(f64::from(*value) * keep);
        }
    }

    /// Adds the hours from `since` to `now`; of a longer absence only the last weeks count.
    fn watch(&mut self, since: DateTime<Utc>, now: DateTime<Utc>) {
        let mut at = since.max(now - TimeDelta::weeks(4));
        while at < now {
            let end = (at + TimeDelta::hours(1)).min(now);
            if let Some(watched) = self.watched.get_mut(slot(at)) {
                *watched += narrow(hours(end - at));
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
        for at in [
            self.until,
            self.last_new,
            self.overflowed,
            self.surprised,
            self.flowing_since,
        ] {
            bytes.extend(seconds(at));
        }
        for number in [self.window, self.fill, self.flowing] {
            bytes.extend(number.to_le_bytes());
        }
        bytes
    }

    /// The reverse of [`Rhythm::to_bytes`]; what has another length was written by another version and is not known.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        if bytes.len() != HOURS * 2 * 4 + 5 * 8 + 3 * 4 {
            return None;
        }
        let (floats, rest) = bytes.split_at(HOURS * 2 * 4);
        let values: Vec<f32> = floats
            .chunks_exact(4)
            .filter_map(|chunk| Some(f32::from_le_bytes(chunk.try_into().ok()?)))
            .map(sane)
            .collect();
        let (times, numbers) = rest.split_at(5 * 8);
        let mut times = times
            .chunks_exact(8)
            .filter_map(|chunk| Some(i64::from_le_bytes(chunk.try_into().ok()?)))
            .map(|seconds| DateTime::from_timestamp(seconds, 0));
        let mut numbers = numbers
            .chunks_exact(4)
            .filter_map(|chunk| Some(u32::from_le_bytes(chunk.try_into().ok()?)));
        let (counts, watched) = values.split_at_checked(HOURS)?;
        Some(Self {
            counts: counts.to_vec(),
            watched: watched.to_vec(),
            until: times.next()?,
            last_new: times.next()?,
            overflowed: times.next()?,
            surprised: times.next()?,
            flowing_since: times.next()?,
            window: numbers.next()?,
            fill: numbers.next()?,
            flowing: numbers.next()?,
        })
    }
}

/// Whether an overflow is remembered still.
fn is_late(at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> bool {
    at.is_some_and(|at| now - at < OVERFLOW_MEMORY)
}

/// The beginning of the hour after `at`; at the end of time there is none.
fn next_hour(at: DateTime<Utc>) -> DateTime<Utc> {
    let into = i64::from(at.minute() * 60 + at.second());
    at.checked_add_signed(TimeDelta::seconds(3600 - into))
        .unwrap_or(at)
}

fn hours(time: TimeDelta) -> f64 {
    time.num_seconds() as f64 / 3600.0
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
