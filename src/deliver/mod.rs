//! Configured outputs: feeds on disk, JSON Lines by day, webhooks, commands.
//!
//! Each has a mark in the database, as every consumer has (`output.NAME`), which moves when what it was given is safe
//! with it. One step of an output gives it what is new; an output that is down delays itself and nothing else.

mod command;
mod days;
mod feeds;
mod webhook;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::config::{OutputConfig, OutputKind};
use crate::export::{ExportError, Fields, MemoryOutput, jsonl};
use crate::fetch::WebhookClient;
use crate::store::{
    ArticleQuery, Consumer, ConsumerLock, ControlClient, ExportItem, OutputState, Reader, StoreError,
};

/// Changes in one message to a webhook or a command.
const BATCH: u64 = 100;

/// Bytes of such a message after which it takes no more.
const BATCH_BYTES: usize = 1 << 20;

/// Waiting after a first failure; doubled with each.
const FIRST_REST: Duration = Duration::from_secs(10);

/// Longest waiting.
const LONGEST_REST: Duration = Duration::from_hours(1);

/// Failures in a row after which a message is set aside and the next one tried: about three days.
const GIVE_UP: u64 = 80;

/// What a step came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeliveryStep {
    /// It has everything up to this number.
    Done(i64),
    /// It failed, is not asked before, and why.
    Failed(DateTime<Utc>, String),
    /// It failed in an earlier run, and is not asked before.
    Resting(DateTime<Utc>),
}

/// Why an output did not take what it was given.
struct Refusal {
    message: String,
    /// It will never take it: the next try is of what comes after.
    for_good: bool,
}

impl Refusal {
    fn soft(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            for_good: false,
        }
    }
}

impl From<ExportError> for Refusal {
    fn from(error: ExportError) -> Self {
        Self::soft(format!("{:#}", anyhow::Error::from(error)))
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::soft(error.to_string())
    }
}

/// The name of an output's mark.
pub fn consumer_of(output: &OutputConfig) -> String {
    format!("output.{}", output.name)
}

/// Gives an output what it has not had. An error is one of the database: it says nothing about the output. The `first`
/// step of a run writes feeds anew in any case, as the configuration or the folder may have changed.
pub async fn deliver(
    output: &Arc<OutputConfig>,
    database: &Path,
    hook: &WebhookClient,
    first: bool,
    now: DateTime<Utc>,
) -> Result<DeliveryStep, StoreError> {
    let (output, database) = (Arc::clone(output), database.to_owned());
    let state = state_of(&database, &output.name)?;
    if let Some(next) = state
        .as_ref()
        .and_then(|state| state.next_at)
        .filter(|next| *next > now)
    {
        return Ok(DeliveryStep::Resting(next));
    }
    let taken = {
        let (name, database) = (consumer_of(&output), database.clone());
        blocking(move || ConsumerLock::acquire(&database, &name, 0, now)).await?
    };
    let (hold, consumer) = taken?;
    let given = match &output.kind {
        OutputKind::Feeds { .. } | OutputKind::Jsonl { .. } => {
            on_disk(Arc::clone(&output), database.clone(), hold, consumer, first, now).await?
        }
        OutputKind::Webhook { .. } | OutputKind::Command { .. } => {
            in_messages(&output, &database, hook, hold, consumer, now).await?
        }
    };
    let failures = state.map_or(0, |state| state.failures);
    let (name, mark) = (output.name.clone(), consumer_of(&output));
    blocking(move || {
        let mut side = ControlClient::open(&database)?;
        match given {
            Ok(seq) => {
                if failures > 0 {
                    side.record_output_success(&name)?;
                }
                Ok(DeliveryStep::Done(seq))
            }
            Err((refusal, (after, upto))) => {
                let next = now + rest_after(failures);
                side.record_output_failure(&name, &refusal.message, next, now)?;
                if refusal.for_good || failures + 1 >= GIVE_UP {
                    side.record_dead_letter(&name, &mark, after, upto, &refusal.message, now)?;
                }
                Ok(DeliveryStep::Failed(next, refusal.message))
            }
        }
    })
    .await?
}

/// Rest after so many failures before this one.
fn rest_after(failures: u64) -> chrono::Duration {
    let rest = FIRST_REST
        .saturating_mul(1 << failures.min(10) as u32)
        .min(LONGEST_REST);
    chrono::Duration::from_std(rest).unwrap_or_default()
}

type Given = Result<i64, (Refusal, (i64, i64))>;

async fn on_disk(
    output: Arc<OutputConfig>,
    database: PathBuf,
    mut hold: ConsumerLock,
    consumer: Consumer,
    first: bool,
    now: DateTime<Utc>,
) -> Result<Given, StoreError> {
    blocking(move || {
        let reader = Reader::open(&database)?;
        let last = reader.last_seq()?;
        if last == consumer.seq && !first {
            return Ok(Ok(last));
        }
        let written = match &output.kind {
            OutputKind::Feeds {
                folder,
                per,
                url,
                limit,
            } => feeds::write(&reader, &output, folder, *per, url.as_ref(), *limit, now),
            OutputKind::Jsonl { folder } => days::append(&reader, &output, folder, consumer.seq),
            OutputKind::Webhook { .. } | OutputKind::Command { .. } => Ok(last),
        };
        Ok(match written {
            Ok(seq) => {
                hold.end_delivery(seq, now)?;
                Ok(seq)
            }
            Err(refusal) => Err((refusal, (consumer.seq, last))),
        })
    })
    .await?
}

async fn in_messages(
    output: &Arc<OutputConfig>,
    database: &Path,
    hook: &WebhookClient,
    mut hold: ConsumerLock,
    consumer: Consumer,
    now: DateTime<Utc>,
) -> Result<Given, StoreError> {
    let mut since = consumer.seq;
    loop {
        let message = {
            let (output, database) = (Arc::clone(output), database.to_owned());
            blocking(move || message(&output, &database, since)).await??
        };
        if message.changes > 0 {
            let sent = match &output.kind {
                OutputKind::Webhook { url, secret } => {
                    webhook::send(hook, url, secret.as_ref(), &output.name, &message, now).await
                }
                OutputKind::Command { words } => command::run(words, &message).await,
                OutputKind::Feeds { .. } | OutputKind::Jsonl { .. } => Ok(()),
            };
            if let Err(refusal) = sent {
                return Ok(Err((refusal, (since, message.upto))));
            }
        }
        if message.upto > since {
            let upto = message.upto;
            hold = blocking(move || hold.end_delivery(upto, now).map(|()| hold)).await??;
        }
        since = message.upto;
        if message.is_last {
            return Ok(Ok(since));
        }
    }
}

/// Changes as JSON Lines.
struct Message {
    body: Vec<u8>,
    changes: u64,
    /// It has everything after the last one up to here.
    upto: i64,
    is_last: bool,
}

fn message(output: &OutputConfig, database: &Path, since: i64) -> Result<Message, StoreError> {
    let reader = Reader::open(database)?;
    let memory = MemoryOutput::default();
    let mut form = jsonl(&Fields::default(), Box::new(memory.clone()));
    let (mut changes, mut bytes, mut last) = (0, 0, since);
    let mut full = false;
    let done = reader.for_each(&selection(output, since), |out| {
        if changes >= BATCH || bytes >= BATCH_BYTES {
            full = true;
            return Ok::<_, ExportError>(ControlFlow::Break(()));
        }
        match out {
            ExportItem::Article(article) => {
                form.article(article)?;
                bytes += article.text.len() + article.html.len();
                last = article.seq;
            }
            ExportItem::Gone(change) => {
                form.gone(change)?;
                last = change.seq;
            }
        }
        changes += 1;
        Ok(ControlFlow::Continue(()))
    });
    let all = done
        .and_then(|all| form.finish().map(|()| all))
        .map_err(in_store)?;
    Ok(Message {
        body: memory.bytes(),
        changes,
        upto: if full { last } else { all },
        is_last: !full,
    })
}

/// Writing to memory does not fail: what is left is the store.
fn in_store(error: ExportError) -> StoreError {
    match error {
        ExportError::Store(error) => error,
        other => StoreError::Damaged {
            doing: "read the articles",
            what: other.to_string(),
        },
    }
}

/// The articles that an output gets, with what became of others.
fn selection(output: &OutputConfig, since_seq: i64) -> ArticleQuery {
    ArticleQuery {
        since_seq,
        sources: output.sources.clone(),
        tags: output.tags.clone(),
        query: output.query.clone(),
        gone: true,
        ..ArticleQuery::default()
    }
}

fn state_of(database: &Path, name: &str) -> Result<Option<OutputState>, StoreError> {
    Ok(Reader::open(database)?
        .outputs()?
        .into_iter()
        .find(|state| state.name == name))
}

/// Off the threads that wait for others.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| StoreError::Closed)
}
