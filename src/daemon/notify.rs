//! What the service manager is told, see sd_notify(3). Without one, nothing happens.

use std::time::Duration;

use sd_notify::NotifyState;
use tracing::{debug, warn};

use crate::store::Backlog;

/// Whether somebody listens.
pub(super) fn is_heard() -> bool {
    std::env::var_os("NOTIFY_SOCKET").is_some()
}

/// How long the watchdog waits for a sign of life.
pub(super) fn watchdog() -> Option<Duration> {
    sd_notify::watchdog_enabled().filter(|time| !time.is_zero())
}

/// Sources are known, signals are heard, work begins.
pub(super) fn ready() {
    tell(&[NotifyState::Ready]);
}

/// The configuration is read anew; [`ready`] ends it. systemd wants the time, to tell this reload from an older one.
pub(super) fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(error) => debug!("the monotonic clock cannot be read: {error}"),
    }
}

/// No new work from here on.
pub(super) fn stopping() {
    tell(&[NotifyState::Stopping, NotifyState::Status("stopping")]);
}

/// A sign of life.
pub(super) fn alive() {
    tell(&[NotifyState::Watchdog]);
}

/// The line that `systemctl status` shows.
pub(super) fn status(text: &str) {
    tell(&[NotifyState::Status(text)]);
}

/// `312 sources, 4 failing, 18 pages waiting, next in 12 s`
pub(super) fn sentence(sources: u64, failing: u64, waiting: &Backlog, next: Option<Duration>) -> String {
    let counted = |number: u64, noun: &str| format!("{number} {noun}{}", if number == 1 { "" } else { "s" });
    let next = match next {
        None => "nothing to do".to_owned(),
        Some(wait) if wait.as_secs() == 0 => "at work".to_owned(),
        Some(wait) if wait.as_secs() < 120 => format!("next in {} s", wait.as_secs()),
        Some(wait) => format!("next in {} min", wait.as_secs() / 60),
    };
    format!(
        "{}, {failing} failing, {} waiting, {next}",
        counted(sources, "source"),
        counted(waiting.pending, "page")
    )
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        warn!("the service manager cannot be told: {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_line_reads_like_a_sentence() {
        let waiting = Backlog {
            pending: 18,
            ..Backlog::default()
        };
        let next = Some(Duration::from_secs(12));
        assert_eq!(
            sentence(312, 4, &waiting, next),
            "312 sources, 4 failing, 18 pages waiting, next in 12 s"
        );
        assert_eq!(
            sentence(1, 0, &Backlog::default(), Some(Duration::from_mins(40))),
            "1 source, 0 failing, 0 pages waiting, next in 40 min"
        );
    }
}
