//! Decides whether a selector finds less than it used to (drift): compares its recent hit rate and length with the usual
//! ones. Pure.
//!
//! The usual values adapt slowly, and not at all while the selector drifts: an alarm does not wear off. It ends when the
//! selector finds again what it found, or when it is changed. The state is of constant size: two rates, a median and the
//! last fifteen lengths. Lengths are in characters, rates 0 to 1.

/// Number of pages before a selector is judged.
const MATURE: u64 = 20;

/// Number of recent lengths.
const LENGTHS: usize = 15;

/// Weight of one page in the recent hit rate, and in the usual one.
const RECENT_WEIGHT: f64 = 1.0 / 12.0;
const USUAL_WEIGHT: f64 = 1.0 / 100.0;

/// What fell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Drift {
    /// The share of pages on which it finds something.
    Rate,
    /// The length of what it finds.
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

/// State of one selector: a row of `rule_stat`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct SelectorHabit {
    pub(super) hits: u64,
    pub(super) misses: u64,
    pub(super) recent_rate: f64,
    pub(super) usual_rate: f64,
    /// Median.
    pub(super) usual_length: f64,
    /// Oldest first; at most [`LENGTHS`].
    pub(super) recent_lengths: Vec<u32>,
    pub(super) drift: Option<Drift>,
}

impl SelectorHabit {
    /// Adds one page: whether the selector hit, and the length of what it found.
    pub(super) fn add(&mut self, hit: bool, length: usize) {
        if hit {
            self.hits += 1;
            self.recent_lengths.push(u32::try_from(length).unwrap_or(u32::MAX));
            if self.recent_lengths.len() > LENGTHS {
                self.recent_lengths.remove(0);
            }
        } else {
            self.misses += 1;
        }
        let pages = self.hits + self.misses;
        let towards = |average: f64, weight: f64| {
            let value = if hit { 1.0 } else { 0.0 };
            // The plain mean at first.
            let mean = if pages <= MATURE { 1.0 / pages as f64 } else { 0.0 };
            average + (value - average) * weight.max(mean)
        };
        self.recent_rate = towards(self.recent_rate, RECENT_WEIGHT);
        if self.drift.is_none() {
            self.usual_rate = towards(self.usual_rate, USUAL_WEIGHT);
            if hit {
                self.learn_length(length as f64);
            }
        }
        self.drift = self.judge(pages);
    }

    /// The median of the first lengths; then it moves by a small step towards each length (Robbins-Monro).
    fn learn_length(&mut self, length: f64) {
        if self.hits <= LENGTHS as u64 {
            self.usual_length = self.recent_length();
            return;
        }
        let step = (self.usual_length * 0.02).max(0.5);
        if length > self.usual_length {
            self.usual_length += step;
        } else if length < self.usual_length {
            self.usual_length = (self.usual_length - step).max(0.0);
        }
    }

    /// Median of the recent lengths.
    pub(super) fn recent_length(&self) -> f64 {
        let mut sorted = self.recent_lengths.clone();
        sorted.sort_unstable();
        sorted.get(sorted.len() / 2).copied().unwrap_or_default().into()
    }

    fn judge(&self, pages: u64) -> Option<Drift> {
        if pages < MATURE {
            return None;
        }
        // A rate that varies by nature must fall further: by four standard deviations.
        let deviation = (self.usual_rate * (1.0 - self.usual_rate) * RECENT_WEIGHT / (2.0 - RECENT_WEIGHT))
            .max(0.0)
            .sqrt();
        let floor = match self.drift {
            Some(Drift::Rate) => self.usual_rate * 0.75,
            _ => (self.usual_rate * 0.5).min(self.usual_rate - 4.0 * deviation),
        };
        if self.recent_rate < floor {
            return Some(Drift::Rate);
        }
        let share = if self.drift == Some(Drift::Length) { 0.75 } else { 0.5 };
        let is_shorter =
            self.recent_lengths.len() == LENGTHS && self.recent_length() < self.usual_length * share;
        is_shorter.then_some(Drift::Length)
    }

    /// The recent lengths as little-endian `u32`.
    pub(super) fn lengths_to_bytes(&self) -> Vec<u8> {
        self.recent_lengths.iter().flat_map(|length| length.to_le_bytes()).collect()
    }

    /// Reads [`Self::lengths_to_bytes`].
    pub(super) fn lengths_from_bytes(blob: &[u8]) -> Vec<u32> {
        blob.chunks_exact(4)
            .filter_map(|bytes| Some(u32::from_le_bytes(bytes.try_into().ok()?)))
            .take(LENGTHS)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(pages: impl IntoIterator<Item = (bool, usize)>) -> SelectorHabit {
        let mut habit = SelectorHabit::default();
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
        assert!(habit.usual_rate > 0.9);
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
        let mut habit = SelectorHabit::default();
        for _ in 0..5_000 {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let by_chance = seed >> 16 & 0xff;
            habit.add(by_chance < 150, 500 + by_chance as usize * 10);
            assert_eq!(habit.drift, None, "{habit:?}");
        }
        assert!((0.4..0.8).contains(&habit.usual_rate), "{habit:?}");
        assert!((1_000.0..1_600.0).contains(&habit.usual_length), "{habit:?}");
    }

    #[test]
    fn a_new_selector_is_given_time() {
        assert_eq!(after((0..19).map(|n| (n < 5, 10))).drift, None);
    }

    #[test]
    fn lengths_survive_the_database() {
        let habit = after((0..40).map(|n| (true, n)));
        assert_eq!(habit.recent_lengths.len(), LENGTHS);
        assert_eq!(SelectorHabit::lengths_from_bytes(&habit.lengths_to_bytes()), habit.recent_lengths);
        assert_eq!(SelectorHabit::lengths_from_bytes(&[1, 2, 3]), [0_u32; 0]);
    }
}
