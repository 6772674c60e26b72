//! Tasks that deliver to the configured outputs: one per output, so that a failed output delays no other.
//!
//! A task checks every second for new changes, waits for `debounce`, and calls [`deliver::deliver`]. After a failure it
//! waits as long as the delivery says. The database holds the position of each output, so that a task can be dropped at any
//! time. [`deliver_once`] serves `run --once`.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use super::health::Health;
use crate::config::OutputConfig;
use crate::deliver::{self, DeliveryOutcome};
use crate::fetch::{ClientError, WebhookClient};
use crate::store::{Reader, StoreError};

/// How often an output checks for changes.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// Delay after a store error.
const STORE_BACKOFF: Duration = Duration::from_secs(30);

/// The tasks of all outputs.
#[derive(Debug)]
pub(super) struct Outputs {
    /// Read anew for every check.
    database: PathBuf,
    /// Counts store errors.
    health: Health,
    /// Also those that are no longer configured and still at their last delivery.
    running: Vec<RunningOutput>,
    /// Ends all tasks.
    stop: CancellationToken,
}

/// The task of an output.
#[derive(Debug)]
struct RunningOutput {
    /// As it was configured when the task began.
    output: Arc<OutputConfig>,
    user_agent: String,
    /// Ends the task after the delivery that is under way.
    retire: CancellationToken,
    task: JoinHandle<()>,
}

impl Drop for Outputs {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Outputs {
    /// No output yet.
    pub(super) fn new(database: &Path, health: &Health) -> Self {
        Self {
            database: database.to_owned(),
            health: health.clone(),
            running: Vec::new(),
            stop: CancellationToken::new(),
        }
    }

    /// Delivers to these outputs from now on, and to no others. An unchanged one goes on. A changed one begins when the
    /// delivery to the old one has ended; both at a time would deliver the same changes twice.
    pub(super) fn apply_config(
        &mut self,
        outputs: &[OutputConfig],
        user_agent: &str,
    ) -> Result<(), ClientError> {
        self.running.retain(|running| !running.task.is_finished());
        // Loading the CA certificates takes time: only where there are outputs.
        let client = match outputs {
            [] => None,
            _ => Some(WebhookClient::new(user_agent)?),
        };
        for running in &self.running {
            let is_unchanged = outputs
                .iter()
                .any(|output| is_same(output, &running.output) && running.user_agent == user_agent);
            if !is_unchanged {
                running.retire.cancel();
            }
        }
        let Some(client) = client else { return Ok(()) };
        for output in outputs {
            let is_named = |running: &RunningOutput| running.output.name == output.name;
            let current = self.running.iter().rposition(is_named);
            let before = match current.map(|at| self.running.swap_remove(at)) {
                Some(running) if !running.retire.is_cancelled() => {
                    self.running.push(running);
                    continue;
                }
                before => before,
            };
            let running = self.start(output, before, &client, user_agent);
            self.running.push(running);
        }
        Ok(())
    }

    /// Starts the task of an output. If an earlier task of it (`before`) still runs, the new one waits for its end.
    fn start(
        &self,
        output: &OutputConfig,
        before: Option<RunningOutput>,
        client: &WebhookClient,
        user_agent: &str,
    ) -> RunningOutput {
        let output = Arc::new(output.clone());
        let retire = CancellationToken::new();
        let (stop, client, health) = (self.stop.clone(), client.clone(), self.health.clone());
        let run = {
            let (output, database, retire) = (Arc::clone(&output), self.database.clone(), retire.clone());
            async move {
                if let Some(before) = before {
                    // A panic ends it, too.
                    let _ = before.task.await;
                }
                run_output(&output, &database, &client, &retire, &health).await;
            }
        };
        RunningOutput {
            output,
            user_agent: user_agent.to_owned(),
            retire,
            task: tokio::spawn(async move {
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = run => {}
                }
            }),
        }
    }

    /// Ends the tasks. A delivery that is under way is dropped and repeated at the next start.
    pub(super) async fn stop(&mut self) {
        self.stop.cancel();
        for running in self.running.drain(..) {
            let _ = running.task.await;
        }
    }
}

/// Whether two are the same but for their lines in the configuration.
fn is_same(one: &OutputConfig, other: &OutputConfig) -> bool {
    OutputConfig { at: other.at.clone(), ..one.clone() } == *other
}

/// Delivers once to each output; returns how many failed.
pub(crate) async fn deliver_once(
    outputs: &[OutputConfig],
    database: &Path,
    user_agent: &str,
) -> Result<usize, ClientError> {
    if outputs.is_empty() {
        return Ok(0);
    }
    let client = WebhookClient::new(user_agent)?;
    let mut tasks = JoinSet::new();
    for output in outputs {
        let (output, database, client) = (Arc::new(output.clone()), database.to_owned(), client.clone());
        tasks.spawn(async move {
            let delivery = deliver::deliver(&output, &database, &client, true, Utc::now()).await;
            matches!(log_delivery(&output, &delivery), Some(DeliveryOutcome::Done(_)))
        });
    }
    Ok(tasks.join_all().await.into_iter().filter(|done| !done).count())
}

/// Waits for changes and for `debounce`, then delivers; again and again until it is retired.
async fn run_output(
    output: &Arc<OutputConfig>,
    database: &Path,
    client: &WebhookClient,
    retire: &CancellationToken,
    health: &Health,
) {
    let mut done = None;
    loop {
        let last = last_seq(database).await;
        let delay = if last.is_none() || last == done {
            CHECK_INTERVAL
        } else {
            if is_retired_within(output.debounce, retire).await {
                return;
            }
            let delivery = deliver::deliver(output, database, client, done.is_none(), Utc::now()).await;
            if let Err(error) = &delivery {
                health.count_store_failure(error);
            }
            match log_delivery(output, &delivery) {
                Some(DeliveryOutcome::Done(seq)) => {
                    done = Some(*seq);
                    Duration::ZERO
                }
                Some(DeliveryOutcome::Failed { retry_at, .. } | DeliveryOutcome::BackingOff(retry_at)) => {
                    (*retry_at - Utc::now()).to_std().unwrap_or_default().max(CHECK_INTERVAL)
                }
                None => STORE_BACKOFF,
            }
        };
        if is_retired_within(delay, retire).await {
            return;
        }
    }
}

/// Sleeps; true if it was retired.
async fn is_retired_within(time: Duration, retire: &CancellationToken) -> bool {
    tokio::time::timeout(time, retire.cancelled()).await.is_ok()
}

/// Logs a delivery; none after a store error.
fn log_delivery<'a>(
    output: &OutputConfig,
    delivery: &'a Result<DeliveryOutcome, StoreError>,
) -> Option<&'a DeliveryOutcome> {
    match delivery {
        Ok(DeliveryOutcome::Done(seq)) => info!(output = output.name, seq, "delivered"),
        Ok(DeliveryOutcome::Failed { retry_at, message }) => {
            warn!(output = output.name, %retry_at, "output failed: {message}");
        }
        Ok(DeliveryOutcome::BackingOff(retry_at)) => {
            debug!(output = output.name, %retry_at, "output is backing off");
        }
        Err(error) => warn!(output = output.name, "output waits for the database: {error}"),
    }
    delivery.as_ref().ok()
}

/// The last `seq` of the database; none where it cannot be read.
async fn last_seq(database: &Path) -> Option<i64> {
    let database = database.to_owned();
    let look = move || Reader::open(&database).and_then(|reader| reader.last_seq());
    tokio::task::spawn_blocking(look).await.ok()?.ok()
}
