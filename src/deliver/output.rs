//! One delivery to one output, from its position in the database to the record of what became of it.
//!
//! The position is that of a consumer, which is locked for the time of the delivery: no other process can deliver the same.
//! Files are written on the blocking pool; messages are sent by the async runtime, one after another.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::error::DeliveryError;
use super::feed_folder::FeedFolder;
use super::message::Message;
use super::{command, daily_files, webhook};
use crate::config::{OutputConfig, OutputKind};
use crate::fetch::WebhookClient;
use crate::store::{Consumer, ConsumerLock, ControlClient, OutputState, Reader, StoreError};

/// Delay after a first failure; doubled with each further one.
const FIRST_BACKOFF: Duration = Duration::from_secs(10);

/// Longest delay.
const MAX_BACKOFF: Duration = Duration::from_hours(1);

/// Failures in a row after which a message becomes a dead letter and the next one is sent: about three days.
const MAX_FAILURES: u64 = 80;

/// The result of a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DeliveryOutcome {
    /// The output has everything up to this `seq`.
    Done(i64),
    /// It failed.
    Failed {
        /// When it is retried.
        retry_at: DateTime<Utc>,
        /// A sentence for people.
        message: String,
    },
    /// It failed before and is not retried until then.
    BackingOff(DateTime<Utc>),
}

/// A delivery that failed: of the changes after one `seq` up to another.
struct FailedDelivery {
    error: DeliveryError,
    after: i64,
    upto: i64,
}

/// The `seq` up to which an output has everything, or why it has not.
type DeliveryResult = Result<i64, FailedDelivery>;

/// Delivers to an output what is new since its last delivery. An error is one of the database, not of the output. The
/// `first` delivery of a run writes feeds even where nothing is new, as the configuration or the folder may have changed.
pub(crate) async fn deliver(
    output: &Arc<OutputConfig>,
    database: &Path,
    client: &WebhookClient,
    first: bool,
    now: DateTime<Utc>,
) -> Result<DeliveryOutcome, StoreError> {
    let (output, database) = (Arc::clone(output), database.to_owned());
    let consumer_name = format!("output.{}", output.name);
    let state = state_of(&database, &output.name)?;
    let next_at = state.as_ref().and_then(|state| state.next_at);
    if let Some(next_at) = next_at.filter(|next_at| *next_at > now) {
        return Ok(DeliveryOutcome::BackingOff(next_at));
    }
    let (lock, consumer) = {
        let (name, database) = (consumer_name.clone(), database.clone());
        blocking(move || ConsumerLock::acquire(&database, &name, 0, now)).await??
    };
    let delivered = match &output.kind {
        OutputKind::Feeds { .. } | OutputKind::Jsonl { .. } => {
            let (output, database) = (Arc::clone(&output), database.clone());
            blocking(move || write_files(&output, &database, lock, &consumer, first, now)).await??
        }
        OutputKind::Webhook { .. } | OutputKind::Command { .. } => {
            send_messages(&output, &database, client, lock, &consumer, now).await?
        }
    };
    let failures = state.map_or(0, |state| state.failures);
    blocking(move || record(&database, &output.name, &consumer_name, failures, delivered, now)).await?
}

/// Writes feeds or daily files. Blocks.
fn write_files(
    output: &OutputConfig,
    database: &Path,
    mut lock: ConsumerLock,
    consumer: &Consumer,
    first: bool,
    now: DateTime<Utc>,
) -> Result<DeliveryResult, StoreError> {
    let reader = Reader::open(database)?;
    let last_seq = reader.last_seq()?;
    if last_seq == consumer.seq && !first {
        return Ok(Ok(last_seq));
    }
    let written = match &output.kind {
        OutputKind::Feeds { folder, per, url, limit } => {
            let folder = FeedFolder { path: folder, grouping: *per, url: url.as_ref(), limit: *limit };
            folder.write(&reader, output, now)
        }
        OutputKind::Jsonl { folder } => daily_files::append(&reader, output, folder, consumer, &mut lock),
        OutputKind::Webhook { .. } | OutputKind::Command { .. } => Ok(last_seq),
    };
    match written {
        Ok(seq) => {
            lock.end_delivery(seq, now)?;
            Ok(Ok(seq))
        }
        Err(error) => Ok(Err(FailedDelivery { error, after: consumer.seq, upto: last_seq })),
    }
}

/// Sends message after message until nothing is left or one fails. Each one that is confirmed moves the consumer.
async fn send_messages(
    output: &Arc<OutputConfig>,
    database: &Path,
    client: &WebhookClient,
    mut lock: ConsumerLock,
    consumer: &Consumer,
    now: DateTime<Utc>,
) -> Result<DeliveryResult, StoreError> {
    let mut since = consumer.seq;
    loop {
        let message = {
            let (output, database) = (Arc::clone(output), database.to_owned());
            blocking(move || Message::read(&output, &database, since)).await??
        };
        let upto = message.upto;
        if message.changes > 0 {
            let sent = match &output.kind {
                OutputKind::Webhook { url, secret } => {
                    webhook::post(client, url, secret.as_ref(), &output.name, &message, now).await
                }
                OutputKind::Command { words } => command::run(words, &message).await,
                OutputKind::Feeds { .. } | OutputKind::Jsonl { .. } => Ok(()),
            };
            if let Err(error) = sent {
                let after = since;
                return Ok(Err(FailedDelivery { error, after, upto }));
            }
        }
        if upto > since {
            lock = blocking(move || lock.end_delivery(upto, now).map(|()| lock)).await??;
        }
        since = upto;
        if message.is_last {
            return Ok(Ok(since));
        }
    }
}

/// Records in the database what became of a delivery after so many `failures` in a row. Blocks.
fn record(
    database: &Path,
    output: &str,
    consumer: &str,
    failures: u64,
    delivered: DeliveryResult,
    now: DateTime<Utc>,
) -> Result<DeliveryOutcome, StoreError> {
    let mut client = ControlClient::open(database)?;
    match delivered {
        Ok(seq) => {
            if failures > 0 {
                client.record_output_success(output)?;
            }
            Ok(DeliveryOutcome::Done(seq))
        }
        Err(FailedDelivery { error, after, upto }) => {
            let retry_at = now + backoff(failures);
            client.record_output_failure(output, &error.message, retry_at, now)?;
            if error.is_permanent || failures + 1 >= MAX_FAILURES {
                client.record_dead_letter(output, consumer, after, upto, &error.message, now)?;
            }
            Ok(DeliveryOutcome::Failed { retry_at, message: error.message })
        }
    }
}

/// The delay after a failure with so many `failures` before it.
fn backoff(failures: u64) -> TimeDelta {
    let delay = FIRST_BACKOFF.saturating_mul(1 << failures.min(10) as u32);
    TimeDelta::from_std(delay.min(MAX_BACKOFF)).unwrap_or_default()
}

/// What the database knows of an output that failed at some time.
fn state_of(database: &Path, name: &str) -> Result<Option<OutputState>, StoreError> {
    let mut outputs = Reader::open(database)?.outputs()?;
    outputs.retain(|state| state.name == name);
    Ok(outputs.pop())
}

/// Runs on the blocking pool: the database is read, and files are written, without the async runtime.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| StoreError::Closed)
}
