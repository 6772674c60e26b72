//! When the watchdog of the service manager is served: only while every stage makes progress or has nothing to do.

use std::time::{Duration, Instant};

/// A stage of the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Poll,
    Collect,
}

/// Signs of life to the service manager, four in the time that it waits.
#[derive(Debug)]
pub(super) struct Watchdog {
    /// Time between two signs of life; none without a watchdog.
    interval: Option<Duration>,
    /// When the last one was sent.
    sent_at: Instant,
    /// The store has answered since then: an idle stage is idle because nothing is due.
    has_answer: bool,
    poll: StageProgress,
    collect: StageProgress,
}

/// The progress of a stage since the last sign of life.
#[derive(Debug, Default)]
struct StageProgress {
    /// Tasks that have begun and not ended.
    running: usize,
    /// A task has begun or ended since.
    has_moved: bool,
}

impl StageProgress {
    fn is_alive(&self) -> bool {
        self.running == 0 || self.has_moved
    }
}

impl Watchdog {
    /// For a service manager that kills the process after `timeout` without a sign of life.
    pub(super) fn new(timeout: Option<Duration>, now: Instant) -> Self {
        Self {
            interval: timeout.map(|timeout| timeout / 4),
            sent_at: now,
            has_answer: false,
            poll: StageProgress::default(),
            collect: StageProgress::default(),
        }
    }

    /// How long the service manager waits.
    pub(super) fn timeout(&self) -> Option<Duration> {
        self.interval.map(|interval| interval * 4)
    }

    /// How often to call [`Self::is_due`].
    pub(super) fn interval(&self) -> Option<Duration> {
        self.interval
    }

    /// A task has begun.
    pub(super) fn task_begun(&mut self, stage: Stage) {
        let progress = self.stage(stage);
        progress.running += 1;
        progress.has_moved = true;
    }

    /// A task has ended.
    pub(super) fn task_ended(&mut self, stage: Stage) {
        let progress = self.stage(stage);
        progress.running = progress.running.saturating_sub(1);
        progress.has_moved = true;
    }

    /// Tasks of a stage that have begun and not ended.
    pub(super) fn running(&mut self, stage: Stage) -> usize {
        self.stage(stage).running
    }

    /// The store has answered the loop.
    pub(super) fn store_answered(&mut self) {
        self.has_answer = true;
    }

    /// Whether a sign of life is to be sent now. If so, progress counts anew from here on.
    pub(super) fn is_due(&mut self, now: Instant) -> bool {
        let is_time =
            self.interval.is_some_and(|interval| now.saturating_duration_since(self.sent_at) >= interval);
        let is_due = is_time && self.has_answer && self.poll.is_alive() && self.collect.is_alive();
        if is_due {
            self.sent_at = now;
            self.has_answer = false;
            self.poll.has_moved = false;
            self.collect.has_moved = false;
        }
        is_due
    }

    fn stage(&mut self, stage: Stage) -> &mut StageProgress {
        match stage {
            Stage::Poll => &mut self.poll,
            Stage::Collect => &mut self.collect,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMEOUT: Duration = Duration::from_secs(40);
    const QUARTER: Duration = Duration::from_secs(10);

    #[test]
    fn one_stuck_stage_is_not_hidden_by_the_other() {
        let start = Instant::now();
        let mut watchdog = Watchdog::new(Some(TIMEOUT), start);
        watchdog.task_begun(Stage::Collect);
        watchdog.store_answered();
        assert!(!watchdog.is_due(start), "not due yet");
        assert!(watchdog.is_due(start + QUARTER), "it has just begun");
        for round in 2..6 {
            watchdog.task_begun(Stage::Poll);
            watchdog.task_ended(Stage::Poll);
            watchdog.store_answered();
            assert!(!watchdog.is_due(start + QUARTER * round), "polls go on, the page does not");
        }
        watchdog.task_ended(Stage::Collect);
        assert!(watchdog.is_due(start + QUARTER * 6));
    }

    #[test]
    fn idleness_must_be_proved_anew_each_time() {
        let start = Instant::now();
        let mut watchdog = Watchdog::new(Some(TIMEOUT), start);
        assert!(!watchdog.is_due(start + QUARTER), "the store has not answered");
        watchdog.store_answered();
        assert!(watchdog.is_due(start + QUARTER));
        assert!(!watchdog.is_due(start + QUARTER * 2));
    }

    #[test]
    fn without_a_watchdog_no_sign_of_life_is_due() {
        let mut watchdog = Watchdog::new(None, Instant::now());
        watchdog.store_answered();
        assert!(!watchdog.is_due(Instant::now() + TIMEOUT));
    }
}
