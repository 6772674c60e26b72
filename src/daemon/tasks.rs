//! Polls and page fetches as tasks, from their claim to their end.
//!
//! A claim is a lease in the database. A task records its result itself, in one transaction that also ends the lease; what
//! comes back here is a report for people, or the store error that prevented the recording.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use futures_util::FutureExt as _;
use tokio::task::JoinError;
use tracing::{error, info};

use super::notify;
use super::state::{Daemon, Event, RunError, TaskOutcome};
use super::watchdog::Stage;
use crate::config::Config;
use crate::fetch::Fetcher;
use crate::store::{ClaimRequest, Store, StoreError};
use crate::{collect, poll};

/// How long a stop waits for running tasks. The unit file allows 90 s; the documentation promises 10.
const STOP_GRACE: Duration = Duration::from_secs(8);

/// How long a stop then waits for tasks that cannot be dropped at once, as they are parsing.
const ABORT_GRACE: Duration = Duration::from_secs(1);

/// Turns a panic into an outcome. The future is boxed because it has ten kilobytes, and this is no `async fn` because that
/// would contain it twice.
fn catch_panic(
    stage: Stage,
    task: impl Future<Output = Result<Vec<Event>, StoreError>> + Send + 'static,
) -> impl Future<Output = TaskOutcome> + Send {
    let task = AssertUnwindSafe(Box::pin(task)).catch_unwind();
    task.map(move |result| TaskOutcome { stage, result: result.ok() })
}

impl Daemon {
    /// Claims what is due and starts a task for each, as far as there are free places.
    pub(super) async fn start_due_tasks(&mut self) -> Result<(), StoreError> {
        let now = Utc::now();
        // While pages are pending, polls get half of the places at most: a thousand sources due at once must not stop
        // the pages.
        let has_pages = self.backlog.next_entry.is_some_and(|at| at <= now);
        let half = self.places().div_ceil(2).saturating_sub(self.watchdog.running(Stage::Poll));
        let room = self.free_places();
        let request = ClaimRequest {
            room,
            sources: if has_pages { room.min(half) } else { room },
            all: self.options.all.then_some(self.started),
            gap: self.config.politeness.host_gap,
        };
        let (sources, entries, failed) = match self.store.claim(now, request).await {
            Ok((sources, entries)) => (sources, entries, None),
            // An entry that cannot be read must not keep sources from being polled.
            Err(error) => {
                let sources = self.store.claim_sources(now, request.sources, request.all);
                (sources.await?, Vec::new(), Some(error))
            }
        };
        let due: Vec<_> =
            sources.into_iter().filter_map(|claim| Some((self.source(claim.id)?, claim))).collect();
        for claims in poll::group_by_address(due) {
            let (store, fetcher, config) = self.shared();
            self.start(Stage::Poll, async move {
                let reports = poll::poll(&store, &fetcher, &config, claims, Utc::now()).await?;
                Ok(reports.into_iter().map(Event::Polled).collect())
            });
        }
        for claim in entries {
            let Some(source) = self.source(claim.source) else {
                continue;
            };
            let (store, fetcher, config) = self.shared();
            self.start(Stage::Collect, async move {
                let report = collect::collect(&store, &fetcher, &config, &source, claim, Utc::now()).await?;
                Ok(vec![Event::Collected(report)])
            });
        }
        failed.map_or(Ok(()), Err)
    }

    /// Starts a task.
    fn start(
        &mut self,
        stage: Stage,
        task: impl Future<Output = Result<Vec<Event>, StoreError>> + Send + 'static,
    ) {
        self.watchdog.task_begun(stage);
        self.tasks.spawn(catch_panic(stage, task));
    }

    /// What a task works with.
    fn shared(&self) -> (Arc<Store>, Arc<Fetcher>, Arc<Config>) {
        (Arc::clone(&self.store), Arc::clone(&self.fetcher), Arc::clone(&self.config))
    }

    /// Takes the outcome of a task that ended; returns the store error it ended with.
    pub(super) fn end_task(
        &mut self,
        task: Result<TaskOutcome, JoinError>,
        on_event: &mut impl FnMut(Event),
    ) -> Option<StoreError> {
        // A join error is that of a task that a stop dropped.
        let outcome = task.ok()?;
        self.watchdog.task_ended(outcome.stage);
        match outcome.result {
            Some(Ok(events)) => {
                events.into_iter().for_each(on_event);
                None
            }
            Some(Err(error)) => {
                if error.is_lease_lost() {
                    // A later claim, or another URL of the source, has the work now and will record it.
                    info!("{error}");
                } else {
                    self.report_store_error(&error);
                }
                Some(error)
            }
            None => {
                error!("a task panicked; its lease is void at the next start, please report it");
                None
            }
        }
    }

    /// Lets running tasks finish, drops those that do not, and releases their leases.
    pub(super) async fn stop(&mut self, on_event: &mut impl FnMut(Event)) -> Result<(), RunError> {
        info!(in_flight = self.tasks.len(), "stopping: no new work");
        if !self.options.once {
            notify::stopping();
        }
        let finish = async {
            while let Some(task) = self.tasks.join_next().await {
                self.end_task(task, on_event);
            }
        };
        if tokio::time::timeout(STOP_GRACE, finish).await.is_err() {
            info!("some requests did not finish in time: they are dropped and done again at the next start");
            let _ = tokio::time::timeout(ABORT_GRACE, self.tasks.shutdown()).await;
        }
        self.store.release_all().await?;
        Ok(())
    }
}
