//! What the loop shows of itself to the metrics server: its last progress, and failures of the store.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, SecondsFormat, Utc};

use crate::store::StoreError;

/// A loop without progress for so long is not live; it makes progress every half minute at least.
const LIVENESS_TIMEOUT: Duration = Duration::from_mins(2);

/// The health of a run. Clones share it.
#[derive(Clone, Debug, Default)]
pub(super) struct Health(Arc<Mutex<HealthState>>);

#[derive(Debug, Default)]
struct HealthState {
    /// When the store last answered the loop, by both clocks.
    progress: Option<(Instant, DateTime<Utc>)>,
    /// By code, since the start of the process: a database that fails cannot count its own failures.
    store_failures: BTreeMap<&'static str, u64>,
}

impl Health {
    fn state(&self) -> MutexGuard<'_, HealthState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The store answered the loop.
    pub(super) fn progressed(&self, now: DateTime<Utc>) {
        self.state().progress = Some((Instant::now(), now));
    }

    /// Counts a store error. A lost lease is none: another claim has the work.
    pub(super) fn count_store_failure(&self, error: &StoreError) {
        if !error.is_lease_lost() {
            *self.state().store_failures.entry(error.code()).or_default() += 1;
        }
    }

    /// Store errors by code. Codes without errors are there with 0, so that `rate()` works from the first one on.
    pub(super) fn store_failures(&self) -> BTreeMap<&'static str, u64> {
        let mut counts: BTreeMap<_, _> = StoreError::CODES.iter().map(|&code| (code, 0)).collect();
        counts.extend(&self.state().store_failures);
        counts
    }

    /// HTTP status and JSON of `/health`.
    pub(super) fn report(&self) -> (u16, String) {
        let last = self.state().progress;
        let is_live = last.is_some_and(|(at, _)| at.elapsed() < LIVENESS_TIMEOUT);
        let moment = last.map(|(_, at)| at.to_rfc3339_opts(SecondsFormat::Secs, true));
        let body = format!(
            "{{\"ready\":{},\"live\":{is_live},\"last_progress\":{}}}\n",
            last.is_some(),
            moment.map_or("null".to_owned(), |at| format!("\"{at}\""))
        );
        (if is_live { 200 } else { 503 }, body)
    }
}
