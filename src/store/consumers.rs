//! What was delivered to whom: a mark for each consumer, moved when its output is safe.
//!
//! An export for a consumer first writes down where it will end, then writes its output, syncs it, and moves the mark.
//! One that was killed in between finds the end written down and does the same range again: at least once, in order,
//! and where the output is named after its range, exactly once.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::control_client::ControlClient;
use super::error::StoreError;
use super::lock::beside;
use super::reader::{Reader, timestamp};
use super::time;

/// A consumer and how far it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consumer {
    /// As the caller named it.
    pub name: String,
    /// All changes up to this number were delivered.
    pub seq: i64,
    /// Where an export that is under way, or that was killed, ends.
    pub upto: Option<i64>,
    /// When the mark last moved.
    pub moved_at: DateTime<Utc>,
    /// Changes that it has not had.
    pub lag: u64,
}

/// The right to deliver to a consumer: one process at a time, freed by the system when that ends.
#[derive(Debug)]
pub struct ConsumerLock {
    name: String,
    side: ControlClient,
    _lock: File,
}

impl ConsumerLock {
    /// Takes the consumer, which begins at `since` where it is new; refused while another process has it.
    pub fn acquire(
        database: &Path,
        name: &str,
        since: i64,
        now: DateTime<Utc>,
    ) -> Result<(Self, Consumer), StoreError> {
        let mut side = ControlClient::open(database)?;
        let path = beside(database, &format!("-consumer-{name}"));
        let failed = |error: std::io::Error| StoreError::File {
            path: path.clone(),
            doing: "lock the consumer",
            message: error.to_string(),
        };
        let lock = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(StoreError::ConsumerBusy {
                    name: name.to_owned(),
                });
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        let typed = name.to_owned();
        let consumer = side.write("read the consumer's mark", |db| {
            db.execute(
                "INSERT OR IGNORE INTO consumer (name, seq, moved_at) VALUES (?1, ?2, ?3)",
                params![typed, since, time::text(now)],
            )?;
            Ok(one(db, &typed)?)
        })?;
        let consumer = consumer.ok_or_else(|| StoreError::damaged("consumer"))?;
        let name = name.to_owned();
        Ok((
            Self {
                name,
                side,
                _lock: lock,
            },
            consumer,
        ))
    }

    /// Writes down where the delivery that begins now will end.
    pub fn begin_delivery(&mut self, upto: i64) -> Result<(), StoreError> {
        let name = &self.name;
        self.side.write("write down the end of the delivery", |db| {
            db.execute(
                "UPDATE consumer SET upto = ?2 WHERE name = ?1",
                params![name, upto],
            )?;
            Ok(())
        })
    }

    /// Moves the mark: everything up to `seq` is with the consumer.
    pub fn end_delivery(&mut self, seq: i64, now: DateTime<Utc>) -> Result<(), StoreError> {
        let name = &self.name;
        self.side.write("move the consumer's mark", |db| {
            db.execute(
                "UPDATE consumer SET seq = max(seq, ?2), upto = NULL, moved_at = ?3 WHERE name = ?1",
                params![name, seq, time::text(now)],
            )?;
            Ok(())
        })
    }

    /// Sets the mark by hand; what was planned is forgotten.
    pub fn reset(&mut self, seq: i64, now: DateTime<Utc>) -> Result<(), StoreError> {
        let name = &self.name;
        self.side.write("set the consumer's mark", |db| {
            db.execute(
                "UPDATE consumer SET seq = ?2, upto = NULL, moved_at = ?3 WHERE name = ?1",
                params![name, seq, time::text(now)],
            )?;
            Ok(())
        })
    }

    /// Forgets the consumer.
    pub fn delete(mut self) -> Result<(), StoreError> {
        let name = &self.name;
        self.side.write("forget the consumer", |db| {
            db.execute("DELETE FROM consumer WHERE name = ?1", [name])?;
            Ok(())
        })
    }
}

impl Reader {
    /// All consumers by name, with their lag.
    pub fn consumers(&self) -> Result<Vec<Consumer>, StoreError> {
        self.db
            .prepare_cached(&format!("{CONSUMER} ORDER BY name"))
            .and_then(|mut query| query.query_map([], consumer)?.collect())
            .map_err(|error| StoreError::from(error).while_doing("read the consumers"))
    }
}

const CONSUMER: &str = "SELECT name, seq, upto, moved_at, (SELECT count(*) FROM change WHERE change.seq > consumer.seq) \
     FROM consumer";

fn one(db: &Connection, name: &str) -> rusqlite::Result<Option<Consumer>> {
    db.query_row(&format!("{CONSUMER} WHERE name = ?1"), [name], consumer)
        .optional()
}

fn consumer(row: &Row<'_>) -> rusqlite::Result<Consumer> {
    Ok(Consumer {
        name: row.get(0)?,
        seq: row.get(1)?,
        upto: row.get(2)?,
        moved_at: timestamp(row, 3)?,
        lag: row.get::<_, i64>(4)?.unsigned_abs(),
    })
}
