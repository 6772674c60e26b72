//! The leases that a run gives.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::model::{ClaimedEntry, Lease};

/// What is asked of [`super::Store::claim`].
#[derive(Clone, Copy, Debug)]
pub struct ClaimRequest {
    /// Sources and entries together, at most.
    pub room: usize,
    /// Sources of them, at most.
    pub sources: usize,
    /// In place of those that are due: every source that was not claimed since then.
    pub all: Option<DateTime<Utc>>,
    /// How long a host has no other entry claimed.
    pub gap: Duration,
}

/// Numbers claims, and remembers whose turn it was.
#[derive(Debug)]
pub(super) struct Claims {
    run: i64,
    last: AtomicI64,
    /// For each source the last claim that one of its entries got.
    served: Mutex<HashMap<i64, i64>>,
}

impl Claims {
    pub(super) fn new(run: i64) -> Self {
        Self {
            run,
            last: AtomicI64::new(0),
            served: Mutex::default(),
        }
    }

    /// The run that gives them.
    pub(super) fn run(&self) -> i64 {
        self.run
    }

    pub(super) fn next(&self) -> Lease {
        Lease {
            run: self.run,
            claim: self.last.fetch_add(1, Ordering::Relaxed) + 1,
        }
    }

    pub(super) fn served(&self) -> MutexGuard<'_, HashMap<i64, i64>> {
        self.served.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The sources of these had their turn.
    pub(super) fn serve(&self, entries: &[ClaimedEntry]) {
        self.served()
            .extend(entries.iter().map(|entry| (entry.source.0, entry.lease.claim)));
    }
}
