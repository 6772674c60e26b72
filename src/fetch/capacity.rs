//! How many requests fit into the limit of open files of the process (`RLIMIT_NOFILE`).
//!
//! The gate and the connection pools use it. Beyond it, requests would fail for want of a descriptor, and their hosts
//! would be blamed.

use rustix::process::{Resource, getrlimit};

/// Descriptors for everything else: database and its readers, log, journal, files that are written.
const RESERVED_DESCRIPTORS: u64 = 32;

/// Descriptors per request: its connection, and a name lookup or a second connection attempt.
const DESCRIPTORS_PER_REQUEST: u64 = 2;

/// Requests that may be in flight; at least 1.
pub(super) fn max_requests() -> usize {
    getrlimit(Resource::Nofile).current.map_or(usize::MAX, requests_within)
}

fn requests_within(limit: u64) -> usize {
    let requests = (limit.saturating_sub(RESERVED_DESCRIPTORS) / DESCRIPTORS_PER_REQUEST).max(1);
    usize::try_from(requests).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h28_there_is_room_for_one_request_at_least() {
        assert_eq!(
            [0, 32, 64, 1024, u64::MAX].map(|limit| requests_within(limit).min(10_000)),
            [1, 1, 16, 496, 10_000]
        );
    }
}
