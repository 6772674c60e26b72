//! Intervals, cron lines and zones. The only module that names croner.

use std::time::Duration;

/// When a source is polled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Schedule {
    /// A fixed interval.
    Every(Duration),
}
