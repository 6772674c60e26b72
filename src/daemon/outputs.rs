//! The outputs beside the loop: each has a task of its own, so that one that is down delays itself and nothing else.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use crate::config::Output;
use crate::deliver::{self, Step};
use crate::fetch::{ClientError, Hook};
use crate::store::{Reader, StoreError};

/// How often an output looks whether there is something new.
const LOOK: Duration = Duration::from_secs(1);

/// How long it holds off when the database cannot be read.
const STORE_REST: Duration = Duration::from_secs(30);

/// The tasks of all outputs.
#[derive(Debug)]
pub struct Outputs {
    all: Vec<Arc<Output>>,
    database: PathBuf,
    hook: Hook,
    tasks: JoinSet<()>,
    stop: CancellationToken,
}

impl Outputs {
    /// Nothing runs yet.
    pub fn new(outputs: &[Output], database: &Path, user_agent: &str) -> Result<Self, ClientError> {
        Ok(Self {
            all: outputs.iter().cloned().map(Arc::new).collect(),
            database: database.to_owned(),
            hook: Hook::new(user_agent)?,
            tasks: JoinSet::new(),
            stop: CancellationToken::new(),
        })
    }

    /// Keeps all outputs up to date until they are stopped.
    pub fn start(&mut self) {
        for output in &self.all {
            let (output, database, hook) = (Arc::clone(output), self.database.clone(), self.hook.clone());
            let stop = self.stop.clone();
            self.tasks.spawn(async move {
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = keep(&output, &database, &hook) => {}
                }
            });
        }
    }

    /// Ends the tasks; what was under way is done again at the next start.
    pub async fn stop(&mut self) {
        self.stop.cancel();
        while self.tasks.join_next().await.is_some() {}
    }

    /// Brings each up to date once; gives how many failed.
    pub async fn once(&self) -> usize {
        let mut tasks = JoinSet::new();
        for output in &self.all {
            let (output, database, hook) = (Arc::clone(output), self.database.clone(), self.hook.clone());
            tasks.spawn(async move {
                let step = deliver::deliver(&output, &database, &hook, true, Utc::now()).await;
                matches!(told(&output, &step), Some(Step::Done(_)))
            });
        }
        tasks.join_all().await.into_iter().filter(|done| !done).count()
    }
}

/// Waits for something new, lets it gather, and delivers it; again and again.
async fn keep(output: &Arc<Output>, database: &Path, hook: &Hook) {
    let mut done = None;
    loop {
        let last = last_seq(database).await;
        if last.is_none() || last == done {
            tokio::time::sleep(LOOK).await;
            continue;
        }
        tokio::time::sleep(output.debounce).await;
        let step = deliver::deliver(output, database, hook, done.is_none(), Utc::now()).await;
        match told(output, &step) {
            Some(Step::Done(seq)) => done = Some(*seq),
            Some(Step::Failed(next, _) | Step::Resting(next)) => {
                let rest = (*next - Utc::now()).to_std().unwrap_or_default();
                tokio::time::sleep(rest.max(LOOK)).await;
            }
            None => tokio::time::sleep(STORE_REST).await,
        }
    }
}

/// Says what became of a step.
fn told<'a>(output: &Output, step: &'a Result<Step, StoreError>) -> Option<&'a Step> {
    match step {
        Ok(Step::Done(seq)) => info!(output = output.name, seq, "delivered"),
        Ok(Step::Failed(next, why)) => warn!(output = output.name, again = %next, "output failed: {why}"),
        Ok(Step::Resting(next)) => debug!(output = output.name, again = %next, "output rests"),
        Err(error) => warn!(output = output.name, "output has to wait: {error}"),
    }
    step.as_ref().ok()
}

async fn last_seq(database: &Path) -> Option<i64> {
    let database = database.to_owned();
    let look = move || Reader::open(&database).and_then(|reader| reader.last_seq());
    tokio::task::spawn_blocking(look).await.ok()?.ok()
}
