//! Whether a selector still finds what it used to: its recent hit rate and length against the usual ones. Pure.
//!
//! The usual values are learned slowly, and not at all while the selector drifts: an alarm does not wear off, it ends
//! when the selector finds again what it found, or when it is changed. Whatever the number of pages, the memory of one
//! selector is two rates, a median and the last fifteen lengths.

/// Pages before anything is said.
const MATURE: u64 = 20;

/// Lengths that are remembered.
const RING: usize = 15;

/// Weight of a page in the recent and in the usual hit rate.
const RECENT: f64 = 1.0 / 12.0;
const USUAL: f64 = 1.0 / 100.0;

/// What fell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Drift {
    /// Pages on which it finds something.
    Rate,
    /// What it finds is much shorter.
    Length,
}

impl Drift {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Rate => "rate",
            Self::Length => "length",
        }
    }

    pub(super) fn of(word: &str) -> Option<Self> {
        match word {
            "rate" => Some(Self::Rate),
            "length" => Some(Self::Length),
            _ => None,
        }
    }
}

/// What is remembered of a selector.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Habit {
    pub(super) hits: u64,
    pub(super) misses: u64,
    /// Recent hit rate, 0 to 1.
    pub(super) rate: f64,
    /// Usual hit rate.
    pub(super) usual: f64,
    /// Usual median length in characters.
    pub(super) median: f64,
    /// The last lengths, the oldest first.
    pub(super) lengths: Vec<u32>,
    pub(super) drift: Option<Drift>,
}

impl Habit {
    /// Takes one page in.
    pub(super) fn add(&mut self, hit: bool, length: usize) {
        if hit {
            self.hits += 1;
            self.lengths.push(u32::try_from(length).unwrap_or(u32::MAX));
            if self.lengths.len() > RING {
                self.lengths.remove(0);
            }
        } else {
            self.misses += 1;
        }
        let pages = self.hits + self.misses;
        let towards = |average: f64, weight: f64| {
            let value = if hit { 1.0 } else { 0.0 };
            // At the beginning the plain mean.
            let mean = if pages <= MATURE { 1.0 / pages as f64 } else { 0.0 };
            average + (value - average) * weight.max(mean)
        };
        self.rate = towards(self.rate, RECENT);
        if self.drift.is_none() {
            self.usual = towards(self.usual, USUAL);
            if hit {
                self.learn_length(length as f64);
            }
        }
        self.drift = self.judge(pages);
    }

    /// The median: of those at hand at first, then moved a little with each length (Robbins and Monro).
    fn learn_length(&mut self, length: f64) {
        if self.hits <= RING as u64 {
            self.median = self.recent_median();
            return;
        }
        let step = (self.median * 0.02).max(0.5);
        if length > self.median {
            self.median += step;
        } else if length < self.median {
            self.median = (self.median - step).max(0.0);
        }
    }

    /// The median of the last lengths.
    pub(super) fn recent_median(&self) -> f64 {
        let mut sorted = self.lengths.clone();
        sorted.sort_unstable();
        sorted.get(sorted.len() / 2).copied().unwrap_or_default().into()
    }

    fn judge(&self, pages: u64) -> Option<Drift> {
        if pages < MATURE {
            return None;
        }
        // A rate that swings by nature needs to fall further: four times its own deviation.
        let swing = (self.usual * (1.0 - self.usual) * RECENT / (2.0 - RECENT))
            .max(0.0)
            .sqrt();
        let floor = match self.drift {
            Some(Drift::Rate) => self.usual * 0.75,
            _ => (self.usual * 0.5).min(self.usual - 4.0 * swing),
        };
        if self.rate < floor {
            return Some(Drift::Rate);
        }
        let share = if self.drift == Some(Drift::Length) {
            0.75
        } else {
            0.5
        };
        let is_shorter = self.lengths.len() == RING && self.recent_median() < self.median * share;
        is_shorter.then_some(Drift::Length)
    }

    /// The lengths as bytes, four each.
    pub(super) fn lengths_blob(&self) -> Vec<u8> {
        self.lengths
            .iter()
            .flat_map(|length| length.to_le_bytes())
            .collect()
    }

    /// The lengths out of bytes.
    pub(super) fn lengths_of(blob: &[u8]) -> Vec<u32> {
        blob.chunks_exact(4)
            .filter_map(|bytes| Some(u32::from_le_bytes(bytes.try_into().ok()?)))
            .take(RING)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(pages: impl IntoIterator<Item = (bool, usize)>) -> Habit {
        let mut habit = Habit::default();
        for (hit, length) in pages {
            habit.add(hit, length);
        }
        habit
    }

    #[test]
    fn a_selector_that_stops_hitting_is_an_alarm_until_it_hits_again() {
        let mut habit = after((0..200).map(|n| (true, 1_000 + n)));
        assert_eq!(habit.drift, None);
        let mut pages = 0;
        while habit.drift.is_none() {
            habit.add(false, 0);
            pages += 1;
        }
        assert_eq!(habit.drift, Some(Drift::Rate));
        assert!((5..=10).contains(&pages), "{pages} pages");
        for _ in 0..1_000 {
            habit.add(false, 0);
        }
        assert_eq!(habit.drift, Some(Drift::Rate), "it does not wear off");
        assert!(habit.usual > 0.9);
        for _ in 0..30 {
            habit.add(true, 1_000);
        }
        assert_eq!(habit.drift, None);
    }

    #[test]
    fn texts_that_shrink_are_an_alarm() {
        let mut habit = after((0..100).map(|n| (true, 3_000 + n * 10 % 700)));
        for _ in 0..7 {
            habit.add(true, 120);
        }
        assert_eq!(habit.drift, None);
        habit.add(true, 120);
        assert_eq!(habit.drift, Some(Drift::Length));
        for _ in 0..15 {
            habit.add(true, 3_100);
        }
        assert_eq!(habit.drift, None);
    }

    #[test]
    fn what_was_never_better_is_no_drift() {
        // The second of a list of selectors, for an old layout.
        assert_eq!(after((0..500).map(|_| (false, 0))).drift, None);
        let mut seed = 7_u32;
        let mut habit = Habit::default();
        for _ in 0..5_000 {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let by_chance = seed >> 16 & 0xff;
            habit.add(by_chance < 150, 500 + by_chance as usize * 10);
            assert_eq!(habit.drift, None, "{habit:?}");
        }
        assert!((0.4..0.8).contains(&habit.usual), "{habit:?}");
        assert!((1_000.0..1_600.0).contains(&habit.median), "{habit:?}");
    }

    #[test]
    fn a_new_selector_is_given_time() {
        assert_eq!(after((0..19).map(|n| (n < 5, 10))).drift, None);
    }

    #[test]
    fn lengths_survive_the_database() {
        let habit = after((0..40).map(|n| (true, n)));
        assert_eq!(habit.lengths.len(), RING);
        assert_eq!(Habit::lengths_of(&habit.lengths_blob()), habit.lengths);
        assert_eq!(Habit::lengths_of(&[1, 2, 3]), [0_u32; 0]);
    }
}
