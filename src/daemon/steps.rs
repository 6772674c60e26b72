//! The steps of the two halves: begun as far as there is room, and what each came to.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::FutureExt as _;
use tracing::{error, info};

use super::watchdog::Half;
use super::{ABORT, Daemon, Event, GRACE, LOOK, Options, RunError, STORE_REST, notify};
use crate::collect::{self, PageReport};
use crate::config::Config;
use crate::fetch::Fetcher;
use crate::poll::{self, PollReport};
use crate::store::{Backlog, ClaimRequest, Store, StoreError};

/// What a step came to.
pub(super) enum Step {
    Polled(Result<Vec<PollReport>, StoreError>),
    Collected(Result<PageReport, StoreError>),
    Died(Half),
}

/// A step that panics ends as one, so that it is known whose it was. No `async fn`, which would hold the step twice; it comes
/// in a box, as it is of ten kilobytes and would be moved four times.
fn caught(half: Half, step: impl Future<Output = Step> + Send) -> impl Future<Output = Step> + Send {
    let step = AssertUnwindSafe(step).catch_unwind();
    step.map(move |step| step.unwrap_or(Step::Died(half)))
}

impl Daemon {
    /// Starts what is due, as far as there is room: polls first, they feed the rest.
    pub(super) async fn claim(&mut self) -> Result<(), StoreError> {
        // Half of all places at most while pages wait: a thousand sources due at once must not keep the queue from moving.
        let now = Utc::now();
        let pages_wait = self.waiting.next_entry.is_some_and(|at| at <= now);
        let half = self
            .room()
            .div_ceil(2)
            .saturating_sub(self.pulse.in_hand(Half::Poll));
        let room = self.free();
        let wanted = ClaimRequest {
            room,
            sources: if pages_wait { room.min(half) } else { room },
            all: self.options.all.then_some(self.started),
            gap: self.config.politeness.host_gap,
        };
        let (sources, entries, failed) = match self.store.claim(now, wanted).await {
            Ok((sources, entries)) => (sources, entries, None),
            // An entry that cannot be read must not keep sources from being polled.
            Err(error) => {
                let sources = self.store.claim_sources(now, wanted.sources, wanted.all);
                (sources.await?, Vec::new(), Some(error))
            }
        };
        let due: Vec<_> = sources
            .into_iter()
            .filter_map(|claim| Some((self.source(claim.id)?, claim)))
            .collect();
        for claims in poll::by_address(due) {
            let (store, fetcher, config) = self.tools();
            self.pulse.begun(Half::Poll);
            let step =
                async move { Step::Polled(poll::poll(&store, &fetcher, &config, claims, Utc::now()).await) };
            self.work.spawn(caught(Half::Poll, Box::pin(step)));
        }
        for claim in entries {
            let Some(source) = self.source(claim.source) else {
                continue;
            };
            let (store, fetcher, config) = self.tools();
            self.pulse.begun(Half::Collect);
            let step = async move {
                Step::Collected(collect::collect(&store, &fetcher, &config, &source, claim, Utc::now()).await)
            };
            self.work.spawn(caught(Half::Collect, Box::pin(step)));
        }
        failed.map_or(Ok(()), Err)
    }

    fn tools(&self) -> (Arc<Store>, Arc<Fetcher>, Arc<Config>) {
        (
            Arc::clone(&self.store),
            Arc::clone(&self.fetcher),
            Arc::clone(&self.config),
        )
    }

    /// Tells of a finished step; gives the store's error back.
    pub(super) fn seen(
        &mut self,
        step: Result<Step, tokio::task::JoinError>,
        watch: &mut impl FnMut(Event),
    ) -> Option<StoreError> {
        let failed = match step {
            Ok(Step::Polled(result)) => {
                self.pulse.ended(Half::Poll);
                match result {
                    Ok(reports) => {
                        for report in reports {
                            watch(Event::Polled(report));
                        }
                        None
                    }
                    Err(error) => Some(error),
                }
            }
            Ok(Step::Collected(result)) => {
                self.pulse.ended(Half::Collect);
                match result {
                    Ok(report) => {
                        watch(Event::Collected(report));
                        None
                    }
                    Err(error) => Some(error),
                }
            }
            Ok(Step::Died(half)) => {
                self.pulse.ended(half);
                error!("a step panicked; its lease is void at the next start, please report it");
                None
            }
            // Dropped by a stop.
            Err(_) => None,
        };
        if let Some(error) = &failed {
            if error.is_lease_lost() {
                // It was given another address meanwhile, or a later claim has it: that one will record.
                info!("{error}");
            } else {
                self.refused(error);
            }
        }
        failed
    }

    /// Lets what is in flight finish, then drops it and gives its leases back.
    pub(super) async fn finish(&mut self, watch: &mut impl FnMut(Event)) -> Result<(), RunError> {
        info!(in_flight = self.work.len(), "stopping: no new work");
        if !self.options.once {
            notify::stopping();
        }
        let drain = async {
            while let Some(step) = self.work.join_next().await {
                self.seen(step, watch);
            }
        };
        if tokio::time::timeout(GRACE, drain).await.is_err() {
            info!("some requests did not finish in time: they are dropped and done again at the next start");
            // What is being read is not dropped before it is read. Nobody waits for that.
            let _ = tokio::time::timeout(ABORT, self.work.shutdown()).await;
        }
        self.store.release_all().await?;
        Ok(())
    }
}

/// When to look for work again; nothing when a single run is through.
pub(super) fn next_step(
    waiting: &Backlog,
    config: &Config,
    options: Options,
    deadline: DateTime<Utc>,
    hold_off: Option<DateTime<Utc>>,
) -> Option<DateTime<Utc>> {
    if let Some(until) = hold_off {
        return Some(until);
    }
    let next = match (waiting.next_source, waiting.next_entry) {
        (Some(source), Some(entry)) => Some(source.min(entry)),
        (source, entry) => source.or(entry),
    };
    if !options.once {
        return Some(next.unwrap_or_else(|| Utc::now() + LOOK));
    }
    // A page that only waits for its host's turn is ready, however long the row.
    let turn = Utc::now() + config.politeness.host_gap;
    let entry = waiting.next_entry.filter(|&at| at <= deadline.max(turn));
    let source = waiting.next_source.filter(|&at| at <= deadline);
    entry.into_iter().chain(source).min()
}

/// A run that ends anyway gives up when the store does; the daemon holds off and tries again.
pub(super) fn give_up_or_hold(error: StoreError, options: Options) -> Result<DateTime<Utc>, RunError> {
    if options.once && !error.is_lease_lost() {
        return Err(error.into());
    }
    Ok(Utc::now()
        + if error.is_lease_lost() {
            Duration::ZERO
        } else {
            STORE_REST
        })
}
