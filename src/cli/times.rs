//! Lengths of time and amounts as people read them in `status` and `doctor`.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::timing;

/// `3h ago`.
pub(super) fn ago(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    match (now - at).to_std() {
        Ok(time) if time.as_secs() > 0 => format!("{} ago", rough(time)),
        _ => "just now".into(),
    }
}

/// `in 3h`.
pub(super) fn from_now(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    match (at - now).to_std() {
        Ok(time) if time.as_secs() > 0 => format!("in {}", rough(time)),
        _ => "now".into(),
    }
}

/// Rounded down to seconds, minutes, ten minutes or hours, the longer the coarser.
pub(super) fn rough(time: Duration) -> String {
    let unit = match time.as_secs() {
        0..60 => 1,
        60..3_600 => 60,
        3_600..86_400 => 600,
        _ => 3_600,
    };
    timing::format_duration(Duration::from_secs(time.as_secs() / unit * unit))
}
