//! Consumers: readers that `export --consumer` delivers to.

use serde::Serialize;

use super::time::UtcSeconds;
use crate::store::Consumer;

/// All consumers, by name. `consumers --json` prints it.
#[derive(Serialize)]
pub(crate) struct ConsumersJson<'a> {
    consumers: Vec<ConsumerJson<'a>>,
}

/// One consumer and how far it is.
#[derive(Serialize)]
struct ConsumerJson<'a> {
    /// As the caller named it.
    name: &'a str,
    /// All changes up to this number were delivered.
    seq: i64,
    /// Changes that were not delivered yet.
    lag: u64,
    /// Where a delivery ends that is under way or was killed; `null`: none is.
    upto: Option<i64>,
    /// When `seq` last changed.
    moved_at: UtcSeconds,
}

impl<'a> From<&'a [Consumer]> for ConsumersJson<'a> {
    fn from(consumers: &'a [Consumer]) -> Self {
        let consumers = consumers.iter().map(|consumer| ConsumerJson {
            name: &consumer.name,
            seq: consumer.seq,
            lag: consumer.lag,
            upto: consumer.upto,
            moved_at: UtcSeconds(consumer.moved_at),
        });
        Self { consumers: consumers.collect() }
    }
}
