//! Whether the daemon lives: the watchdog is fed only when each half of the way made a step or has nothing in hand.

use std::time::{Duration, Instant};

/// A half of the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Half {
    /// Polls.
    Poll,
    /// Pages.
    Collect,
}

/// What each half did since the watchdog was last fed.
#[derive(Debug)]
pub(super) struct Pulse {
    /// Signs of life are due this often; none: nobody waits for any.
    every: Option<Duration>,
    fed: Instant,
    /// The store answered: whoever is idle is so because nothing is due.
    looked: bool,
    poll: Steps,
    collect: Steps,
}

#[derive(Debug, Default)]
struct Steps {
    in_hand: usize,
    moved: bool,
}

impl Steps {
    fn lives(&self) -> bool {
        self.in_hand == 0 || self.moved
    }
}

impl Pulse {
    /// A pulse for a watchdog that waits so long: it is fed four times in that time.
    pub(super) fn new(watchdog: Option<Duration>, now: Instant) -> Self {
        Self {
            every: watchdog.map(|time| time / 4),
            fed: now,
            looked: false,
            poll: Steps::default(),
            collect: Steps::default(),
        }
    }

    /// How long the watchdog waits, where there is one.
    pub(super) fn watchdog(&self) -> Option<Duration> {
        self.every.map(|time| time * 4)
    }

    /// When the next look at it is worth while.
    pub(super) fn every(&self) -> Option<Duration> {
        self.every
    }

    /// A step was begun.
    pub(super) fn begun(&mut self, half: Half) {
        let steps = self.of(half);
        steps.in_hand += 1;
        steps.moved = true;
    }

    /// A step came to an end.
    pub(super) fn ended(&mut self, half: Half) {
        let steps = self.of(half);
        steps.in_hand = steps.in_hand.saturating_sub(1);
        steps.moved = true;
    }

    /// Steps of a half that have not come to an end.
    pub(super) fn in_hand(&self, half: Half) -> usize {
        match half {
            Half::Poll => self.poll.in_hand,
            Half::Collect => self.collect.in_hand,
        }
    }

    /// The store told what is due.
    pub(super) fn looked(&mut self) {
        self.looked = true;
    }

    /// Whether a sign of life is due and deserved. Saying yes begins the next round.
    pub(super) fn beats(&mut self, now: Instant) -> bool {
        let due = self
            .every
            .is_some_and(|every| now.saturating_duration_since(self.fed) >= every);
        let deserved = self.looked && self.poll.lives() && self.collect.lives();
        if due && deserved {
            self.fed = now;
            self.looked = false;
            self.poll.moved = false;
            self.collect.moved = false;
        }
        due && deserved
    }

    fn of(&mut self, half: Half) -> &mut Steps {
        match half {
            Half::Poll => &mut self.poll,
            Half::Collect => &mut self.collect,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WATCHDOG: Duration = Duration::from_secs(40);
    const QUARTER: Duration = Duration::from_secs(10);

    #[test]
    fn one_stuck_half_is_not_hidden_by_the_other() {
        let start = Instant::now();
        let mut pulse = Pulse::new(Some(WATCHDOG), start);
        pulse.begun(Half::Collect);
        pulse.looked();
        assert!(!pulse.beats(start), "not due yet");
        assert!(pulse.beats(start + QUARTER), "it has just begun");
        for round in 2..6 {
            pulse.begun(Half::Poll);
            pulse.ended(Half::Poll);
            pulse.looked();
            assert!(
                !pulse.beats(start + QUARTER * round),
                "polls go on, the page does not"
            );
        }
        pulse.ended(Half::Collect);
        assert!(pulse.beats(start + QUARTER * 6));
    }

    #[test]
    fn idleness_must_be_proved_anew_each_time() {
        let start = Instant::now();
        let mut pulse = Pulse::new(Some(WATCHDOG), start);
        assert!(!pulse.beats(start + QUARTER), "the store has not answered");
        pulse.looked();
        assert!(pulse.beats(start + QUARTER));
        assert!(!pulse.beats(start + QUARTER * 2));
    }

    #[test]
    fn without_a_watchdog_nobody_is_told() {
        let mut pulse = Pulse::new(None, Instant::now());
        pulse.looked();
        assert!(!pulse.beats(Instant::now() + WATCHDOG));
    }
}
