//! Claims what is due, hands it to the two halves of the way, and stops when told.
//!
//! One loop serves both the daemon and `run --once`. Every task it starts it also joins; a stop lets what is in
//! flight finish for a while and then drops it, which closes its sockets and leaves its lease to be voided.
//!
//! A daemon also listens: to signals ([`Order`]), to what other processes write into the database, and to nobody else.

mod maintenance;
mod metrics;
mod notify;
mod outputs;
mod reload;
mod steps;
mod watchdog;

pub use outputs::deliver_once;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tracing::error;

use crate::collect::PageReport;
use crate::config::{Config, Source};
use crate::fetch::{ClientError, Fetcher};
use crate::poll::PollReport;
use crate::store::{Backlog, Store, StoreError};
use maintenance::Upkeep;
use metrics::{Health, Metrics};
use outputs::Outputs;
use steps::{Step, give_up_or_hold, next_step};
use watchdog::Pulse;

/// How long a stop waits for what is in flight; systemd kills after ninety seconds, we promise ten.
const GRACE: Duration = Duration::from_secs(8);

/// Longest that the end then waits for steps that cannot be dropped at once.
const ABORT: Duration = Duration::from_secs(1);

/// Longest sleep without another look at the clock: the machine may have been suspended, or the clock set.
const LOOK: Duration = Duration::from_secs(30);

/// How often a daemon that waits looks for what others wrote, and feeds its watchdog.
const TICK: Duration = Duration::from_millis(500);

/// Least time between two status lines.
const TELL: Duration = Duration::from_secs(5);

/// Least time between two counts of all that waits.
const COUNT: Duration = Duration::from_secs(1);

/// How long the loop holds off after the store refused to record: a full disk does not get better by haste.
const STORE_REST: Duration = Duration::from_secs(5);

/// What a run is to do.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Stop when nothing is due any more, and nothing will be within `wait`.
    pub once: bool,
    /// Poll every source, due or not.
    pub all: bool,
    /// With `once`: stay for what becomes due within this time of the start.
    pub wait: Duration,
}

/// What happens during a run, for those who watch.
#[derive(Clone, Debug)]
pub enum Event {
    /// A source was polled.
    Polled(PollReport),
    /// A page was collected.
    Collected(PageReport),
    /// What is left to do, after each step.
    Left(Backlog),
}

/// What a signal asks of a running daemon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// No new work; what is in flight may finish.
    Stop,
    /// The configuration is read anew.
    Reload,
}

/// Why a run ended early.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The store failed in a way that no waiting mends.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Nothing can be fetched at all.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// `[metrics] listen` is taken, or may not be used.
    #[error("cannot listen for [metrics] ({cause}); choose another `listen`, or leave it out")]
    Metrics {
        /// As the system said it.
        cause: std::io::Error,
    },
    /// A single run does not wait for room on the disk.
    #[error("{0}")]
    NoRoom(String),
}

/// Everything a run works with.
#[derive(Debug)]
pub struct Daemon {
    store: Arc<Store>,
    fetcher: Arc<Fetcher>,
    config: Arc<Config>,
    /// The file that `config` came from.
    path: PathBuf,
    /// The sources of `config` by their rows.
    sources: HashMap<i64, Arc<Source>>,
    options: Options,
    started: DateTime<Utc>,
    work: JoinSet<Step>,
    pulse: Pulse,
    /// Waits until nothing is in flight: it has other limits for requests.
    next_config: Option<Box<Config>>,
    /// When the status line was last sent.
    told: Option<Instant>,
    health: Health,
    /// Serves until the run ends, or another configuration says elsewhere.
    metrics: Option<Metrics>,
    /// Of a daemon; a single run delivers once it is through.
    outputs: Option<Outputs>,
    /// What was last seen to wait, and when it was counted.
    waiting: Backlog,
    counted: Option<Instant>,
}

/// What ended a wait.
enum Woken {
    Order(Signal),
    Step(Result<Step, tokio::task::JoinError>),
    /// Something is due, or may be.
    Due,
    /// Another process has written.
    Nudge,
}

impl Daemon {
    /// Takes in the sources of `config`, which was read from `path`, and what is known of hosts.
    pub async fn new(
        store: Arc<Store>,
        config: Config,
        path: PathBuf,
        options: Options,
    ) -> Result<Self, RunError> {
        let watchdog = if options.once { None } else { notify::watchdog() };
        let health = Health::default();
        let mut daemon = Self {
            fetcher: Arc::new(reload::fetcher(&config)?),
            store,
            config: Arc::new(Config::default()),
            path,
            sources: HashMap::new(),
            options,
            started: Utc::now(),
            work: JoinSet::new(),
            pulse: Pulse::new(watchdog, Instant::now()),
            next_config: None,
            told: None,
            health,
            metrics: None,
            outputs: None,
            waiting: Backlog::default(),
            counted: None,
        };
        daemon.remember().await?;
        if !options.once {
            daemon.outputs = Some(Outputs::new(daemon.store.path(), &daemon.health));
            daemon
                .listen(config.metrics.listen.as_ref())
                .await
                .map_err(|cause| RunError::Metrics { cause })?;
        }
        daemon.take_in(config).await?;
        Ok(daemon)
    }

    /// Runs until there is nothing left (`once`), an order stops it, or nobody can give orders any more.
    pub async fn run(
        mut self,
        mut orders: mpsc::Receiver<Signal>,
        mut watch: impl FnMut(Event),
    ) -> Result<(), RunError> {
        let ended = self.go_round(&mut orders, &mut watch).await;
        if let Some(outputs) = &mut self.outputs {
            outputs.stop().await;
        }
        ended
    }

    async fn go_round(
        &mut self,
        orders: &mut mpsc::Receiver<Signal>,
        watch: &mut impl FnMut(Event),
    ) -> Result<(), RunError> {
        let deadline = self.started + self.options.wait;
        let mut hold_off: Option<DateTime<Utc>> = None;
        let mut upkeep = Upkeep::new(self.started);
        if !self.options.once {
            notify::ready();
        }
        loop {
            let now = Utc::now();
            if let Some((word, until)) = upkeep
                .see_to(&self.store, self.config.daemon.min_free_disk, now)
                .await
            {
                if self.options.once && self.work.is_empty() {
                    return Err(RunError::NoRoom(word));
                }
                hold_off = Some(until);
            }
            let has_room = self.free() > 0 && self.next_config.is_none();
            if has_room && hold_off.is_none_or(|until| now >= until) {
                hold_off = None;
                match self.claim().await {
                    Ok(()) => self.looked(),
                    Err(error) => {
                        self.refused(&error);
                        hold_off = Some(give_up_or_hold(error, self.options)?);
                    }
                }
            }
            let waiting = self.look(watch).await;
            let next = next_step(&waiting, &self.config, self.options, deadline, hold_off);
            self.tell(&waiting, next).await;
            if self.work.is_empty() && next.is_none() {
                return Ok(());
            }
            let next = next.unwrap_or_else(|| Utc::now() + LOOK);
            match self.wait(next, orders).await {
                Woken::Order(Signal::Stop) => {
                    return self.finish(watch).await;
                }
                Woken::Order(Signal::Reload) => {
                    self.reload().await;
                }
                Woken::Step(step) => {
                    let mut step = Some(step);
                    while let Some(ended) = step.take() {
                        if let Some(error) = self.seen(ended, watch) {
                            hold_off = Some(give_up_or_hold(error, self.options)?);
                        }
                        step = self.work.try_join_next();
                    }
                }
                Woken::Due => {}
                Woken::Nudge => self.serve_requests().await,
            }
            self.change_over_when_empty().await;
        }
    }

    /// What is due next; now and then also how much waits, which takes the longer the more it is.
    async fn look(&mut self, watch: &mut impl FnMut(Event)) -> Backlog {
        let now = Utc::now();
        let lately = self.counted.is_some_and(|at| at.elapsed() < COUNT);
        let looked = if lately && !self.work.is_empty() {
            let due = self.store.due(now).await;
            due.map(|(next_source, next_entry)| Backlog {
                next_source,
                next_entry,
                ..self.waiting.clone()
            })
        } else {
            self.counted = Some(Instant::now());
            self.store.waiting(now).await
        };
        self.waiting = looked.unwrap_or_else(|error| {
            self.refused(&error);
            Backlog::default()
        });
        watch(Event::Left(self.waiting.clone()));
        self.waiting.clone()
    }

    /// Waits for whatever comes first. While nothing does, it looks for writes of others and feeds the watchdog.
    async fn wait(&mut self, next: DateTime<Utc>, orders: &mut mpsc::Receiver<Signal>) -> Woken {
        let begun = Instant::now();
        let sleep = nap(next, Utc::now());
        let tick = if self.options.once {
            LOOK
        } else {
            self.pulse.every().map_or(TICK, |every| every.min(TICK))
        };
        // Full, or about to change over: only a finished step makes room. One that waits to be recorded soon is one.
        let held = self.free() == 0 || self.next_config.is_some();
        loop {
            if self.pulse.beats(Instant::now()) {
                notify::alive();
            }
            let left = sleep.saturating_sub(begun.elapsed());
            let nap = if held { tick } else { left.min(tick) };
            tokio::select! {
                biased;
                order = orders.recv() => return Woken::Order(order.unwrap_or(Signal::Stop)),
                Some(step) = self.work.join_next(), if !self.work.is_empty() => return Woken::Step(step),
                () = tokio::time::sleep(nap.max(Duration::from_millis(1))) => {}
            }
            if !held && begun.elapsed() >= sleep {
                return Woken::Due;
            }
            if !self.options.once {
                match self.store.nudged().await {
                    Ok(true) => return Woken::Nudge,
                    Ok(false) => self.looked(),
                    // Said by whoever has something to record.
                    Err(error) => self.health.store_failed(&error),
                }
            }
        }
    }

    /// The store did not do what it was asked: said and counted.
    fn refused(&self, error: &StoreError) {
        error!("{error}");
        self.health.store_failed(error);
    }

    /// The store told what is due.
    fn looked(&mut self) {
        self.pulse.looked();
        self.health.progressed(Utc::now());
    }

    /// Places for more work. What waits to be recorded asks nobody meanwhile, and holds a place only when as many do as
    /// there are: what they keep in memory has a bound, too.
    fn free(&self) -> usize {
        let room = self.room();
        let recording = self.store.recording().min(room);
        (room + recording).saturating_sub(self.work.len())
    }

    fn room(&self) -> usize {
        self.config.politeness.in_flight.max(1)
    }

    /// Tells the service manager how it goes; not oftener than people can read.
    async fn tell(&mut self, waiting: &Backlog, next: Option<DateTime<Utc>>) {
        let lately = self.told.is_some_and(|at| at.elapsed() < TELL);
        if self.options.once || lately || !notify::is_heard() {
            return;
        }
        let Ok((sources, failing)) = self.store.failing().await else {
            return;
        };
        let wait = next.map(|at| (at - Utc::now()).to_std().unwrap_or_default());
        notify::status(&notify::sentence(sources, failing, waiting, wait));
        self.told = Some(Instant::now());
    }

    /// A step may take as long as the limits of a request allow; a watchdog with less patience kills the innocent.
    fn warn_of_a_short_watchdog(&self) {
        let hops = u32::try_from(self.config.fetch.max_redirects).unwrap_or(u32::MAX);
        let longest = self
            .config
            .fetch
            .total_timeout
            .saturating_mul(hops.saturating_add(1));
        if let Some(watchdog) = self.pulse.watchdog().filter(|&time| time < longest) {
            tracing::warn!(
                "WatchdogSec is {} s and one request may take {} s: a slow server could pass for a stuck daemon; \
                 raise WatchdogSec or lower total_timeout in [fetch]",
                watchdog.as_secs(),
                longest.as_secs()
            );
        }
    }
}

/// How long to sleep until `next`: never so long that a clock that was set, or a suspend, goes unnoticed (P17).
fn nap(next: DateTime<Utc>, now: DateTime<Utc>) -> Duration {
    (next - now).to_std().unwrap_or_default().min(LOOK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p17_the_clock_is_read_again_every_thirty_seconds() {
        let now = Utc::now();
        let nap_of = |seconds: i64| nap(now + chrono::Duration::seconds(seconds), now).as_secs();
        assert_eq!([-86_400, 0, 7, 30, 31, 86_400].map(nap_of), [0, 0, 7, 30, 30, 30]);
        assert_eq!(nap(DateTime::<Utc>::MAX_UTC, now).as_secs(), 30);
    }
}
