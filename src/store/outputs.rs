//! The state of the daemon's outputs (`[[output]]`): failures in a row and dead letters.
//!
//! `deliver` writes it through a [`ControlClient`]; `status` and the metrics read it. An output that never failed has no
//! row.

use chrono::{DateTime, Utc};
use rusqlite::params;

use super::control_client::ControlClient;
use super::error::StoreError;
use super::reader::{Reader, optional_timestamp, timestamp, unsigned};
use super::time;

/// Characters of an error message that are stored.
const MAX_MESSAGE: usize = 1000;

/// An output that has failed at some time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputState {
    /// Its name in the configuration.
    pub name: String,
    /// Failures in a row; 0: it works again.
    pub failures: u64,
    /// When it last failed.
    pub failed_at: DateTime<Utc>,
    /// What went wrong then.
    pub message: String,
    /// When it is tried again; `None` while it works.
    pub next_at: Option<DateTime<Utc>>,
    /// Batches that were given up.
    pub dead_letters: u64,
}

impl ControlClient {
    /// Counts a failure of an output. Nothing is delivered to it before `next_at`.
    pub fn record_output_failure(
        &mut self,
        name: &str,
        message: &str,
        next_at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let message: String = message.chars().take(MAX_MESSAGE).collect();
        self.execute(
            "record a failed output",
            "INSERT INTO output (name, failures, failed_at, message, next_at) VALUES (?1, 1, ?2, ?3, ?4) \
             ON CONFLICT (name) DO UPDATE SET failures = failures + 1, failed_at = ?2, message = ?3, next_at = ?4",
            params![name, time::text(now), message, time::text(next_at)],
        )
    }

    /// Resets the failures of an output.
    pub fn record_output_success(&mut self, name: &str) -> Result<(), StoreError> {
        self.execute("record an output that works", RESET, [name])
    }

    /// Gives up the batch of the changes from `after` (exclusive) to `upto`: it becomes a dead letter, and the mark of the
    /// output's consumer moves past it.
    pub fn record_dead_letter(
        &mut self,
        name: &str,
        consumer: &str,
        after: i64,
        upto: i64,
        message: &str,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let message: String = message.chars().take(MAX_MESSAGE).collect();
        self.write("set a message aside", |db| {
            db.execute(
                "INSERT INTO dead_letter (output, after_seq, upto, at, message) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![name, after, upto, time::text(now), message],
            )?;
            db.execute(
                "UPDATE consumer SET seq = max(seq, ?2), moved_at = ?3 WHERE name = ?1",
                params![consumer, upto, time::text(now)],
            )?;
            db.execute(RESET, [name])?;
            Ok(())
        })
    }
}

const RESET: &str = "UPDATE output SET failures = 0, next_at = NULL WHERE name = ?1";

impl Reader {
    /// The outputs that have failed at some time, by name.
    pub fn outputs(&self) -> Result<Vec<OutputState>, StoreError> {
        self.rows(
            "read the outputs",
            "SELECT name, failures, failed_at, message, next_at, \
             (SELECT count(*) FROM dead_letter WHERE dead_letter.output = output.name) FROM output ORDER BY name",
            [],
            |row| {
                Ok(OutputState {
                    name: row.get(0)?,
                    failures: unsigned(row, 1)?,
                    failed_at: timestamp(row, 2)?,
                    message: row.get(3)?,
                    next_at: optional_timestamp(row, 4)?,
                    dead_letters: unsigned(row, 5)?,
                })
            },
        )
    }
}
