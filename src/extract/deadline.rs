//! The look at the clock between the steps of the work, each of which is bounded by the size of the page.

use std::cell::Cell;

use crate::html::LimitExceeded;

/// Asks whether there is time left. What was refused once stays refused.
pub(super) struct Deadline<'a> {
    has_time: &'a dyn Fn() -> bool,
    late: Cell<bool>,
}

impl<'a> Deadline<'a> {
    pub(super) fn new(has_time: &'a dyn Fn() -> bool) -> Self {
        Self {
            has_time,
            late: Cell::new(false),
        }
    }

    /// Whether the time is up.
    pub(super) fn is_late(&self) -> bool {
        if !self.late.get() && !(self.has_time)() {
            self.late.set(true);
        }
        self.late.get()
    }

    /// Gives the page up where the time is.
    pub(super) fn in_time(&self) -> Result<(), LimitExceeded> {
        if self.is_late() {
            Err(LimitExceeded::Time)
        } else {
            Ok(())
        }
    }
}
