//! The work that one page may cost, counted in steps.
//!
//! A step is about 10 ns of a release build: one node visited by one pass, one hop of a selector from element to
//! element, or eight bytes of text read. Parser, selectors and extraction of a page share one budget
//! ([`ParseLimits::steps`](super::ParseLimits)). No clock is read, so debug and release builds have the same limit.

use std::cell::Cell;

/// Bytes of text that count as one step.
const BYTES_PER_STEP: usize = 8;

/// The steps that are left for one page.
#[derive(Clone, Debug)]
pub(super) struct StepBudget(Cell<u32>);

impl StepBudget {
    pub(super) fn new(steps: u32) -> Self {
        Self(Cell::new(steps))
    }

    /// Takes `steps`. False if fewer are left; then none is left from now on.
    pub(super) fn spend(&self, steps: usize) -> bool {
        let left = u32::try_from(steps).ok().and_then(|steps| self.0.get().checked_sub(steps));
        self.0.set(left.unwrap_or_default());
        left.is_some()
    }

    /// Takes one step and those of reading a text of that many bytes.
    pub(super) fn spend_text(&self, bytes: usize) -> bool {
        self.spend(1 + bytes / BYTES_PER_STEP)
    }

    /// True once none is left.
    pub(super) fn are_spent(&self) -> bool {
        self.0.get() == 0
    }
}
