//! The outputs beside the loop: each has a task of its own, so that one that is down delays itself and nothing else.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use super::metrics::Health;
use crate::config::OutputConfig;
use crate::deliver::{self, DeliveryStep};
use crate::fetch::{ClientError, WebhookClient};
use crate::store::{Reader, StoreError};

/// How often an output looks whether there is something new.
const LOOK: Duration = Duration::from_secs(1);

/// How long it holds off when the database cannot be read.
const STORE_REST: Duration = Duration::from_secs(30);

/// The tasks of all outputs.
#[derive(Debug)]
pub(super) struct Outputs {
    database: PathBuf,
    health: Health,
    /// Also those that were taken out and are still at their last delivery.
    running: Vec<Running>,
    stop: CancellationToken,
}

#[derive(Debug)]
struct Running {
    output: Arc<OutputConfig>,
    user_agent: String,
    /// No further delivery: the one under way is finished.
    retire: CancellationToken,
    task: JoinHandle<()>,
}

impl Drop for Outputs {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Outputs {
    /// Nothing runs yet.
    pub(super) fn new(database: &Path, health: &Health) -> Self {
        Self {
            database: database.to_owned(),
            health: health.clone(),
            running: Vec::new(),
            stop: CancellationToken::new(),
        }
    }

    /// Keeps these up to date from here on, and no others. One that is as it was goes on undisturbed; one that has
    /// changed begins when the delivery of the old one that is under way has ended: two would deliver the same twice.
    pub(super) fn follow(&mut self, outputs: &[OutputConfig], user_agent: &str) -> Result<(), ClientError> {
        self.running.retain(|running| !running.task.is_finished());
        // What it costs to build, CA certificates and all, is for those who need it.
        let hook = match outputs {
            [] => None,
            _ => Some(WebhookClient::new(user_agent)?),
        };
        for running in &self.running {
            let kept = outputs
                .iter()
                .any(|output| same(output, &running.output) && running.user_agent == user_agent);
            if !kept {
                running.retire.cancel();
            }
        }
        let Some(hook) = hook else { return Ok(()) };
        for output in outputs {
            let is_it = |running: &Running| running.output.name == output.name;
            let current = self.running.iter().rposition(is_it);
            let before = match current.map(|at| self.running.swap_remove(at)) {
                Some(running) if !running.retire.is_cancelled() => {
                    self.running.push(running);
                    continue;
                }
                before => before,
            };
            let task = {
                let (output, database, hook) =
                    (Arc::new(output.clone()), self.database.clone(), hook.clone());
                let (stop, retire, health) =
                    (self.stop.clone(), CancellationToken::new(), self.health.clone());
                let running = (Arc::clone(&output), retire.clone());
                let task = tokio::spawn(async move {
                    let in_turn = async {
                        if let Some(before) = before {
                            // One that panicked has ended, too.
                            let _ = before.task.await;
                        }
                        keep(&output, &database, &hook, &retire, &health).await;
                    };
                    tokio::select! {
                        () = stop.cancelled() => {}
                        () = in_turn => {}
                    }
                });
                Running {
                    output: running.0,
                    user_agent: user_agent.to_owned(),
                    retire: running.1,
                    task,
                }
            };
            self.running.push(task);
        }
        Ok(())
    }

    /// Ends the tasks; what was under way is done again at the next start.
    pub(super) async fn stop(&mut self) {
        self.stop.cancel();
        for running in self.running.drain(..) {
            let _ = running.task.await;
        }
    }
}

/// Whether nothing has changed but the line it stands at.
fn same(one: &OutputConfig, other: &OutputConfig) -> bool {
    OutputConfig {
        at: other.at.clone(),
        ..one.clone()
    } == *other
}

/// Brings each output up to date once; gives how many failed.
pub async fn deliver_once(
    outputs: &[OutputConfig],
    database: &Path,
    user_agent: &str,
) -> Result<usize, ClientError> {
    if outputs.is_empty() {
        return Ok(0);
    }
    let hook = WebhookClient::new(user_agent)?;
    let mut tasks = JoinSet::new();
    for output in outputs {
        let (output, database, hook) = (Arc::new(output.clone()), database.to_owned(), hook.clone());
        tasks.spawn(async move {
            let step = deliver::deliver(&output, &database, &hook, true, Utc::now()).await;
            matches!(told(&output, &step), Some(DeliveryStep::Done(_)))
        });
    }
    Ok(tasks.join_all().await.into_iter().filter(|done| !done).count())
}

/// Waits for something new, lets it gather, and delivers it; again and again, until it is retired.
async fn keep(
    output: &Arc<OutputConfig>,
    database: &Path,
    hook: &WebhookClient,
    retire: &CancellationToken,
    health: &Health,
) {
    let mut done = None;
    loop {
        let last = last_seq(database).await;
        let rest = if last.is_none() || last == done {
            LOOK
        } else {
            if retired_in(output.debounce, retire).await {
                return;
            }
            let step = deliver::deliver(output, database, hook, done.is_none(), Utc::now()).await;
            if let Err(error) = &step {
                health.store_failed(error);
            }
            match told(output, &step) {
                Some(DeliveryStep::Done(seq)) => {
                    done = Some(*seq);
                    Duration::ZERO
                }
                Some(DeliveryStep::Failed(next, _) | DeliveryStep::Resting(next)) => {
                    (*next - Utc::now()).to_std().unwrap_or_default().max(LOOK)
                }
                None => STORE_REST,
            }
        };
        if retired_in(rest, retire).await {
            return;
        }
    }
}

/// Waits so long; whether it was retired meanwhile.
async fn retired_in(time: Duration, retire: &CancellationToken) -> bool {
    tokio::time::timeout(time, retire.cancelled()).await.is_ok()
}

/// Says what became of a step.
fn told<'a>(output: &OutputConfig, step: &'a Result<DeliveryStep, StoreError>) -> Option<&'a DeliveryStep> {
    match step {
        Ok(DeliveryStep::Done(seq)) => info!(output = output.name, seq, "delivered"),
        Ok(DeliveryStep::Failed(next, why)) => {
            warn!(output = output.name, again = %next, "output failed: {why}")
        }
        Ok(DeliveryStep::Resting(next)) => debug!(output = output.name, again = %next, "output rests"),
        Err(error) => warn!(output = output.name, "output has to wait: {error}"),
    }
    step.as_ref().ok()
}

async fn last_seq(database: &Path) -> Option<i64> {
    let database = database.to_owned();
    let look = move || Reader::open(&database).and_then(|reader| reader.last_seq());
    tokio::task::spawn_blocking(look).await.ok()?.ok()
}
