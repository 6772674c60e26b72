//! Marks of consumers: up to which change each has received everything. Used by `export --consumer` and `deliver`.
//!
//! A delivery first stores where it will end (`upto`), then writes its output, syncs it, and moves the mark. A process
//! killed in between finds `upto` and repeats the same range. So delivery is at least once and in order; it is exactly
//! once where the output is named after its range.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension, Row, params};

use super::control_client::ControlClient;
use super::error::StoreError;
use super::lock::beside;
use super::reader::{Reader, timestamp, unsigned};
use super::time;

/// A consumer and its position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consumer {
    /// Chosen by the caller.
    pub name: String,
    /// All changes up to this number were delivered.
    pub seq: i64,
    /// The last change of a delivery that runs or was killed; `None`: there is none.
    pub upto: Option<i64>,
    /// When the mark last moved.
    pub moved_at: DateTime<Utc>,
    /// Number of changes that were not delivered yet.
    pub lag: u64,
}

/// The exclusive right to deliver to a consumer. Holds a lock on the file `DB-consumer-NAME`, which the system frees when
/// the process ends.
#[derive(Debug)]
pub struct ConsumerLock {
    name: String,
    client: ControlClient,
    _lock: File,
}

impl ConsumerLock {
    /// Locks the consumer, and adds it with the mark `since` where it is new. Refused with
    /// [`StoreError::ConsumerBusy`] while another process holds the lock.
    pub fn acquire(
        database: &Path,
        name: &str,
        since: i64,
        now: DateTime<Utc>,
    ) -> Result<(Self, Consumer), StoreError> {
        let mut client = ControlClient::open(database)?;
        let path = beside(database, &format!("-consumer-{name}"));
        let failed = |error: std::io::Error| StoreError::File {
            path: path.clone(),
            doing: "lock the consumer",
            message: error.to_string(),
        };
        let lock = OpenOptions::new().write(true).create(true).truncate(false).open(&path).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(StoreError::ConsumerBusy { name: name.to_owned() });
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        let consumer = client.write("read the consumer's mark", |db| {
            db.execute(
                "INSERT OR IGNORE INTO consumer (name, seq, moved_at) VALUES (?1, ?2, ?3)",
                params![name, since, time::text(now)],
            )?;
            db.query_row(&format!("{CONSUMERS} WHERE name = ?1"), [name], read_consumer)
                .optional()?
                .ok_or_else(|| StoreError::damaged("consumer"))
        })?;
        let name = name.to_owned();
        Ok((Self { name, client, _lock: lock }, consumer))
    }

    /// Stores the last change of the delivery that begins now.
    pub fn begin_delivery(&mut self, upto: i64) -> Result<(), StoreError> {
        let sql = "UPDATE consumer SET upto = ?2 WHERE name = ?1";
        self.client.execute("write down the end of the delivery", sql, params![self.name, upto])
    }

    /// Ends a delivery: the consumer has received everything up to `seq`. The mark never moves back.
    pub fn end_delivery(&mut self, seq: i64, now: DateTime<Utc>) -> Result<(), StoreError> {
        let sql = "UPDATE consumer SET seq = max(seq, ?2), upto = NULL, moved_at = ?3 WHERE name = ?1";
        self.client.execute("move the consumer's mark", sql, params![self.name, seq, time::text(now)])
    }

    /// Sets the mark, back as well, and drops an unfinished delivery.
    pub fn reset(&mut self, seq: i64, now: DateTime<Utc>) -> Result<(), StoreError> {
        let sql = "UPDATE consumer SET seq = ?2, upto = NULL, moved_at = ?3 WHERE name = ?1";
        self.client.execute("set the consumer's mark", sql, params![self.name, seq, time::text(now)])
    }

    /// Deletes the consumer.
    pub fn delete(mut self) -> Result<(), StoreError> {
        let sql = "DELETE FROM consumer WHERE name = ?1";
        self.client.execute("forget the consumer", sql, [&self.name])
    }
}

impl Reader {
    /// All consumers by name.
    pub fn consumers(&self) -> Result<Vec<Consumer>, StoreError> {
        let sql = format!("{CONSUMERS} ORDER BY name");
        self.rows("read the consumers", &sql, [], read_consumer)
    }
}

const CONSUMERS: &str = "SELECT name, seq, upto, moved_at, \
     (SELECT count(*) FROM change WHERE change.seq > consumer.seq) FROM consumer";

fn read_consumer(row: &Row<'_>) -> rusqlite::Result<Consumer> {
    Ok(Consumer {
        name: row.get(0)?,
        seq: row.get(1)?,
        upto: row.get(2)?,
        moved_at: timestamp(row, 3)?,
        lag: unsigned(row, 4)?,
    })
}
