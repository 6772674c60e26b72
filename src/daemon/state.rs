//! The state of a run, and what goes in and out of it.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use tokio::task::JoinSet;

use super::health::Health;
use super::metrics_server::MetricsServer;
use super::outputs::Outputs;
use super::watchdog::{Stage, Watchdog};
use crate::collect::PageReport;
use crate::config::{Config, Source};
use crate::fetch::{ClientError, Fetcher};
use crate::poll::PollReport;
use crate::store::{Backlog, Store, StoreError};

/// What a run is to do.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RunOptions {
    /// Stop when nothing is due any more, and nothing will be within `wait`.
    pub(crate) once: bool,
    /// Poll every source, due or not.
    pub(crate) all: bool,
    /// With `once`: stay for what becomes due within this time of the start.
    pub(crate) wait: Duration,
}

/// What happens during a run, for the progress bar and the summary.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    /// A source was polled.
    Polled(PollReport),
    /// A page was collected.
    Collected(PageReport),
    /// What is left to do, after each round of the loop.
    Left(Backlog),
}

/// What a signal asks of a running daemon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    /// No new work; tasks that run may finish.
    Stop,
    /// Read the configuration again.
    Reload,
}

/// Why a run ended early.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RunError {
    /// Unrecoverable store error.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No HTTP client can be built.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// `[metrics] listen` is in use, or not permitted.
    #[error("cannot listen for [metrics] ({cause}); choose another `listen`, or leave it out")]
    Metrics {
        /// The system's error.
        cause: std::io::Error,
    },
    /// The disk is nearly full, and a single run does not wait until it is not.
    #[error("{0}")]
    DiskFull(String),
}

/// A run.
#[derive(Debug)]
pub(crate) struct Daemon {
    pub(super) store: Arc<Store>,
    pub(super) fetcher: Arc<Fetcher>,
    pub(super) config: Arc<Config>,
    /// The file of `config`.
    pub(super) config_path: PathBuf,
    /// The sources of `config` by their rows in the database.
    pub(super) sources: HashMap<i64, Arc<Source>>,
    pub(super) options: RunOptions,
    pub(super) started: DateTime<Utc>,
    /// Running tasks.
    pub(super) tasks: JoinSet<TaskOutcome>,
    pub(super) watchdog: Watchdog,
    /// A new configuration with other limits for requests: it waits until no task runs.
    pub(super) next_config: Option<Box<Config>>,
    pub(super) health: Health,
    /// Of a daemon whose configuration has `[metrics]`.
    pub(super) metrics: Option<MetricsServer>,
    /// Of a daemon; a single run delivers when it is done.
    pub(super) outputs: Option<Outputs>,
    /// What was due and pending when it was last counted.
    pub(super) backlog: Backlog,
    /// When all of `backlog` was last counted.
    pub(super) counted_at: Option<Instant>,
    /// When the status line was last sent to the service manager.
    pub(super) status_sent_at: Option<Instant>,
}

/// The result of a task.
pub(super) struct TaskOutcome {
    pub(super) stage: Stage,
    /// What it reports, or the store error that prevented it from recording its result; none after a panic.
    pub(super) result: Option<Result<Vec<Event>, StoreError>>,
}
