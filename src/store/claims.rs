//! Numbers the leases of a run, and remembers which source was served last.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::model::{ClaimedEntry, Lease};

/// Arguments of [`super::Store::claim`].
#[derive(Clone, Copy, Debug)]
pub struct ClaimRequest {
    /// Maximum number of sources plus entries.
    pub room: usize,
    /// Maximum number of sources.
    pub sources: usize,
    /// Claims every source that was not claimed since then, instead of those that are due.
    pub all: Option<DateTime<Utc>>,
    /// Minimum time between two claims for one host.
    pub gap: Duration,
}

/// The claims of one run. In memory only: a new run starts with no source served.
#[derive(Debug)]
pub(super) struct Claims {
    run: i64,
    last: AtomicI64,
    /// For each source (row id) the number of the last claim of one of its entries.
    last_served: Mutex<HashMap<i64, i64>>,
}

impl Claims {
    pub(super) fn new(run: i64) -> Self {
        Self { run, last: AtomicI64::new(0), last_served: Mutex::default() }
    }

    /// Number of the run.
    pub(super) fn run(&self) -> i64 {
        self.run
    }

    /// A lease with the next number, from 1.
    pub(super) fn next_lease(&self) -> Lease {
        Lease { run: self.run, claim: self.last.fetch_add(1, Ordering::Relaxed) + 1 }
    }

    pub(super) fn last_served(&self) -> MutexGuard<'_, HashMap<i64, i64>> {
        self.last_served.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that the sources of `entries` were served. Called once the claims are committed.
    pub(super) fn note_served(&self, entries: &[ClaimedEntry]) {
        self.last_served().extend(entries.iter().map(|entry| (entry.source.0, entry.lease.claim)));
    }
}
