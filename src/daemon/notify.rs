//! Messages to the service manager, see sd_notify(3). Without one (`NOTIFY_SOCKET` is not set) they go nowhere.

use std::time::Duration;

use sd_notify::NotifyState;
use tracing::{debug, warn};

use crate::store::Backlog;

/// Whether there is a service manager.
pub(super) fn has_manager() -> bool {
    std::env::var_os("NOTIFY_SOCKET").is_some()
}

/// How long the service manager waits for a sign of life (`WatchdogSec`).
pub(super) fn watchdog_timeout() -> Option<Duration> {
    sd_notify::watchdog_enabled().filter(|time| !time.is_zero())
}

/// The daemon has its configuration and handles signals; also ends a reload.
pub(super) fn ready() {
    send(&[NotifyState::Ready]);
}

/// A reload begins; [`ready`] ends it. systemd needs the time to match the two.
pub(super) fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => send(&[NotifyState::Reloading, now]),
        Err(error) => debug!("the monotonic clock cannot be read: {error}"),
    }
}

/// A stop begins.
pub(super) fn stopping() {
    send(&[NotifyState::Stopping, NotifyState::Status("stopping")]);
}

/// A sign of life.
pub(super) fn alive() {
    send(&[NotifyState::Watchdog]);
}

/// The line that `systemctl status` shows.
pub(super) fn status(text: &str) {
    send(&[NotifyState::Status(text)]);
}

/// The status line: `312 sources, 4 failing, 18 pages waiting, next in 12 s`.
pub(super) fn status_line(sources: u64, failing: u64, backlog: &Backlog, next: Option<Duration>) -> String {
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
        counted(backlog.pending, "page")
    )
}

fn send(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        warn!("the service manager cannot be told: {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_line_reads_like_a_status_line() {
        let backlog = Backlog { pending: 18, ..Backlog::default() };
        let next = Some(Duration::from_secs(12));
        assert_eq!(
            status_line(312, 4, &backlog, next),
            "312 sources, 4 failing, 18 pages waiting, next in 12 s"
        );
        assert_eq!(
            status_line(1, 0, &Backlog::default(), Some(Duration::from_mins(40))),
            "1 source, 0 failing, 0 pages waiting, next in 40 min"
        );
    }
}
