//! The loop: claim, wait, take what ended, until a stop or until nothing is left.
//!
//! One round: maintenance; claim what is due, if there are free places; count the backlog; wait for the first of a signal,
//! the end of a task, an external write and the next due time. After a store error or on a full disk nothing is claimed
//! for a while, but running tasks go on.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use tokio::sync::mpsc;
use tokio::task::{JoinError, JoinSet};
use tracing::{error, warn};

use super::health::Health;
use super::maintenance::Maintenance;
use super::outputs::Outputs;
use super::state::{Daemon, Event, RunError, RunOptions, Signal, TaskOutcome};
use super::watchdog::Watchdog;
use super::{notify, reload};
use crate::config::Config;
use crate::store::{Backlog, Store, StoreError};

/// Longest sleep without a look at the clock: the machine may have been suspended, or the clock set.
pub(super) const MAX_SLEEP: Duration = Duration::from_secs(30);

/// How often a waiting daemon looks for requests in the database and serves its watchdog.
const TICK: Duration = Duration::from_millis(500);

/// Minimum time between two status lines to the service manager.
const STATUS_INTERVAL: Duration = Duration::from_secs(5);

/// Minimum time between two counts of the backlog: they take longer the longer it is.
const COUNT_INTERVAL: Duration = Duration::from_secs(1);

/// How long nothing is claimed after a store error, such as a full disk.
const STORE_BACKOFF: Duration = Duration::from_secs(5);

/// What ended a wait.
enum Wakeup {
    Signal(Signal),
    /// A task ended; a join error is that of a dropped one.
    TaskEnded(Result<TaskOutcome, JoinError>),
    /// Something may be due.
    Due,
    /// Another process has written to the database.
    ExternalWrite,
}

impl Daemon {
    /// Prepares a run: stores the sources of `config`, which was read from `config_path`, and loads what is known of
    /// hosts. A daemon starts to serve metrics and outputs.
    pub(crate) async fn new(
        store: Arc<Store>,
        config: Config,
        config_path: PathBuf,
        options: RunOptions,
    ) -> Result<Self, RunError> {
        let timeout = if options.once { None } else { notify::watchdog_timeout() };
        let mut daemon = Self {
            fetcher: Arc::new(reload::new_fetcher(&config)?),
            store,
            config: Arc::new(Config::default()),
            config_path,
            sources: HashMap::new(),
            options,
            started: Utc::now(),
            tasks: JoinSet::new(),
            watchdog: Watchdog::new(timeout, Instant::now()),
            next_config: None,
            health: Health::default(),
            metrics: None,
            outputs: None,
            backlog: Backlog::default(),
            counted_at: None,
            status_sent_at: None,
        };
        daemon.load_host_states().await?;
        if !options.once {
            daemon.outputs = Some(Outputs::new(daemon.store.path(), &daemon.health));
            daemon
                .serve_metrics(config.metrics.listen.as_ref())
                .await
                .map_err(|cause| RunError::Metrics { cause })?;
        }
        daemon.apply_config(config).await?;
        Ok(daemon)
    }

    /// Runs until a stop (or the senders of signals are gone), with `once` until nothing is left.
    pub(crate) async fn run(
        mut self,
        mut signals: mpsc::Receiver<Signal>,
        mut on_event: impl FnMut(Event),
    ) -> Result<(), RunError> {
        let ended = self.run_loop(&mut signals, &mut on_event).await;
        if let Some(outputs) = &mut self.outputs {
            outputs.stop().await;
        }
        ended
    }

    /// The rounds of the loop.
    async fn run_loop(
        &mut self,
        signals: &mut mpsc::Receiver<Signal>,
        on_event: &mut impl FnMut(Event),
    ) -> Result<(), RunError> {
        let deadline = self.started + self.options.wait;
        // Nothing is claimed before this.
        let mut paused_until: Option<DateTime<Utc>> = None;
        let mut maintenance = Maintenance::new(self.started);
        if !self.options.once {
            notify::ready();
        }
        loop {
            let now = Utc::now();
            let min_free = self.config.daemon.min_free_disk;
            if let Some(pause) = maintenance.tick(&self.store, min_free, now).await {
                if self.options.once && self.tasks.is_empty() {
                    return Err(RunError::DiskFull(pause.reason));
                }
                paused_until = Some(pause.until);
            }
            if !self.is_full() && paused_until.is_none_or(|until| now >= until) {
                paused_until = None;
                match self.start_due_tasks().await {
                    Ok(()) => self.store_answered(),
                    Err(error) => {
                        self.report_store_error(&error);
                        paused_until = Some(pause_after(error, self.options)?);
                    }
                }
            }
            self.count_backlog(on_event).await;
            let next = paused_until.or_else(|| next_due(&self.backlog, &self.config, self.options, deadline));
            self.send_status(next).await;
            if self.tasks.is_empty() && next.is_none() {
                return Ok(());
            }
            match self.wait(next.unwrap_or_else(|| Utc::now() + MAX_SLEEP), signals).await {
                Wakeup::Signal(Signal::Stop) => return self.stop(on_event).await,
                Wakeup::Signal(Signal::Reload) => {
                    self.reload().await;
                }
                Wakeup::TaskEnded(task) => {
                    let mut task = Some(task);
                    while let Some(ended) = task.take() {
                        if let Some(error) = self.end_task(ended, on_event) {
                            paused_until = Some(pause_after(error, self.options)?);
                        }
                        task = self.tasks.try_join_next();
                    }
                }
                Wakeup::Due => {}
                Wakeup::ExternalWrite => self.answer_requests().await,
            }
            self.apply_next_config().await;
        }
    }

    /// Reads when the next source and entry are due; now and then also how many are pending.
    async fn count_backlog(&mut self, on_event: &mut impl FnMut(Event)) {
        let now = Utc::now();
        let is_recent = self.counted_at.is_some_and(|at| at.elapsed() < COUNT_INTERVAL);
        let counted = if is_recent && !self.tasks.is_empty() {
            let due = self.store.next_claims(now).await;
            due.map(|due| Backlog { pending: self.backlog.pending, leased: self.backlog.leased, ..due })
        } else {
            self.counted_at = Some(Instant::now());
            self.store.backlog(now).await
        };
        self.backlog = counted.unwrap_or_else(|error| {
            self.report_store_error(&error);
            Backlog::default()
        });
        on_event(Event::Left(self.backlog.clone()));
    }

    /// Waits for a signal, the end of a task, an external write or the time `next`, and serves the watchdog meanwhile.
    async fn wait(&mut self, next: DateTime<Utc>, signals: &mut mpsc::Receiver<Signal>) -> Wakeup {
        let begun = Instant::now();
        let sleep = sleep_until(next, Utc::now());
        let tick = if self.options.once {
            MAX_SLEEP
        } else {
            self.watchdog.interval().map_or(TICK, |interval| interval.min(TICK))
        };
        // Only the end of a task makes room then.
        let is_full = self.is_full();
        loop {
            if self.watchdog.is_due(Instant::now()) {
                notify::alive();
            }
            let left = sleep.saturating_sub(begun.elapsed());
            let nap = if is_full { tick } else { left.min(tick) };
            tokio::select! {
                biased;
                signal = signals.recv() => return Wakeup::Signal(signal.unwrap_or(Signal::Stop)),
                Some(task) = self.tasks.join_next(), if !self.tasks.is_empty() => return Wakeup::TaskEnded(task),
                () = tokio::time::sleep(nap.max(Duration::from_millis(1))) => {}
            }
            if !is_full && begun.elapsed() >= sleep {
                return Wakeup::Due;
            }
            if !self.options.once {
                match self.store.has_external_write().await {
                    Ok(true) => return Wakeup::ExternalWrite,
                    Ok(false) => self.store_answered(),
                    // Logged where something is to be recorded.
                    Err(error) => self.health.count_store_failure(&error),
                }
            }
        }
    }

    /// Logs and counts a store error.
    pub(super) fn report_store_error(&self, error: &StoreError) {
        error!("{error}");
        self.health.count_store_failure(error);
    }

    /// Notes that the store answered: the loop is alive, also where nothing is due.
    fn store_answered(&mut self) {
        self.watchdog.store_answered();
        self.health.progressed(Utc::now());
    }

    /// No task can be started: all places are taken, or a new configuration waits for running tasks to end.
    fn is_full(&self) -> bool {
        self.free_places() == 0 || self.next_config.is_some()
    }

    /// How many tasks can be started. A task whose result waits to be recorded sends no requests, so it takes no place,
    /// unless as many wait as there are places: what they hold in memory needs a limit, too.
    pub(super) fn free_places(&self) -> usize {
        let places = self.places();
        let recording = self.store.recording().min(places);
        (places + recording).saturating_sub(self.tasks.len())
    }

    /// Most tasks at a time.
    pub(super) fn places(&self) -> usize {
        self.config.politeness.in_flight.max(1)
    }

    /// Sends the status line to the service manager, if there is one.
    async fn send_status(&mut self, next: Option<DateTime<Utc>>) {
        let is_recent = self.status_sent_at.is_some_and(|at| at.elapsed() < STATUS_INTERVAL);
        if self.options.once || is_recent || !notify::has_manager() {
            return;
        }
        let Ok((sources, failing)) = self.store.count_failing().await else {
            return;
        };
        let wait = next.map(|at| (at - Utc::now()).to_std().unwrap_or_default());
        notify::status(&notify::status_line(sources, failing, &self.backlog, wait));
        self.status_sent_at = Some(Instant::now());
    }

    /// Warns if one request may take longer than the watchdog waits: it would kill a healthy daemon.
    pub(super) fn warn_of_short_watchdog(&self) {
        let hops = u32::try_from(self.config.fetch.max_redirects).unwrap_or(u32::MAX);
        let longest = self.config.fetch.total_timeout.saturating_mul(hops.saturating_add(1));
        if let Some(timeout) = self.watchdog.timeout().filter(|&timeout| timeout < longest) {
            warn!(
                "WatchdogSec is {} s and one request may take {} s: a slow server could pass for a stuck daemon; \
                 raise WatchdogSec or lower total_timeout in [fetch]",
                timeout.as_secs(),
                longest.as_secs()
            );
        }
    }
}

/// How long to sleep until `next`, 30 s at most, so that a changed clock or a suspend is noticed (docs/politeness.md, P17).
fn sleep_until(next: DateTime<Utc>, now: DateTime<Utc>) -> Duration {
    (next - now).to_std().unwrap_or_default().min(MAX_SLEEP)
}

/// When something is due next; none when a single run is done.
fn next_due(
    backlog: &Backlog,
    config: &Config,
    options: RunOptions,
    deadline: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let (source, entry) = (backlog.next_source, backlog.next_entry);
    if !options.once {
        return Some(source.into_iter().chain(entry).min().unwrap_or_else(|| Utc::now() + MAX_SLEEP));
    }
    // A page that waits only for its host's gap is ready, however long the queue of that host is.
    let gap = Utc::now() + config.politeness.host_gap;
    let entry = entry.filter(|&at| at <= deadline.max(gap));
    let source = source.filter(|&at| at <= deadline);
    entry.into_iter().chain(source).min()
}

/// Until when nothing is claimed after a store error. A single run gives up instead.
fn pause_after(error: StoreError, options: RunOptions) -> Result<DateTime<Utc>, RunError> {
    match error.is_lease_lost() {
        true => Ok(Utc::now()),
        false if options.once => Err(error.into()),
        false => Ok(Utc::now() + STORE_BACKOFF),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p17_the_clock_is_read_again_every_thirty_seconds() {
        let now = Utc::now();
        let seconds = |seconds: i64| sleep_until(now + chrono::Duration::seconds(seconds), now).as_secs();
        assert_eq!([-86_400, 0, 7, 30, 31, 86_400].map(seconds), [0, 0, 7, 30, 30, 30]);
        assert_eq!(sleep_until(DateTime::<Utc>::MAX_UTC, now).as_secs(), 30);
    }
}
