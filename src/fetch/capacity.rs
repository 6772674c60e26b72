//! How many requests there is room for among the files that a process may open.

use rustix::process::{Resource, getrlimit};

/// Descriptors that are not for requests: database and its readers, log, journal, files that are written.
const OTHERS: u64 = 32;

/// Descriptors of a request: its connection, and a look-up or a second try at the same time.
const EACH: u64 = 2;

/// Requests that may be in flight; beyond that they would fail for want of a descriptor, and look like trouble of hosts.
pub(super) fn requests() -> usize {
    getrlimit(Resource::Nofile)
        .current
        .map_or(usize::MAX, of_descriptors)
}

fn of_descriptors(limit: u64) -> usize {
    let requests = (limit.saturating_sub(OTHERS) / EACH).max(1);
    usize::try_from(requests).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h28_there_is_room_for_one_request_at_least() {
        assert_eq!(
            [0, 32, 64, 1024, u64::MAX].map(|limit| of_descriptors(limit).min(10_000)),
            [1, 1, 16, 496, 10_000]
        );
    }
}
