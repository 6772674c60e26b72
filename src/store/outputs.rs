//! Outputs of the daemon that do not work, until they do; and what they could not be given.

use chrono::{DateTime, Utc};
use rusqlite::params;

use super::control_client::ControlClient;
use super::error::StoreError;
use super::reader::{Reader, timestamp};
use super::time;

/// An output that failed, or has dead letters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputState {
    /// Its name in the configuration.
    pub name: String,
    /// Failures in a row; 0: it works.
    pub failures: u64,
    /// The last failure.
    pub failed_at: DateTime<Utc>,
    /// What went wrong.
    pub message: String,
    /// It is left alone until then.
    pub next_at: Option<DateTime<Utc>>,
    /// Messages that it would not take.
    pub dead_letters: u64,
}

impl ControlClient {
    /// Counts a failure.
    pub fn record_output_failure(
        &mut self,
        name: &str,
        message: &str,
        next_at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let message: String = message.chars().take(1000).collect();
        self.write("record a failed output", |db| {
            db.execute(
                "INSERT INTO output (name, failures, failed_at, message, next_at) VALUES (?1, 1, ?2, ?3, ?4) \
                 ON CONFLICT (name) DO UPDATE SET failures = failures + 1, failed_at = ?2, message = ?3, next_at = ?4",
                params![name, time::text(now), message, time::text(next_at)],
            )?;
            Ok(())
        })
    }

    /// It works again.
    pub fn record_output_success(&mut self, name: &str) -> Result<(), StoreError> {
        self.write("record an output that works", |db| {
            db.execute(
                "UPDATE output SET failures = 0, next_at = NULL WHERE name = ?1",
                [name],
            )?;
            Ok(())
        })
    }

    /// Gives up on a message: it becomes a dead letter, and the mark of the consumer moves behind it.
    pub fn record_dead_letter(
        &mut self,
        name: &str,
        consumer: &str,
        (after, upto): (i64, i64),
        message: &str,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let message: String = message.chars().take(1000).collect();
        self.write("set a message aside", |db| {
            db.execute(
                "INSERT INTO dead_letter (output, after_seq, upto, at, message) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![name, after, upto, time::text(now), message],
            )?;
            db.execute(
                "UPDATE consumer SET seq = max(seq, ?2), moved_at = ?3 WHERE name = ?1",
                params![consumer, upto, time::text(now)],
            )?;
            db.execute(
                "UPDATE output SET failures = 0, next_at = NULL WHERE name = ?1",
                [name],
            )?;
            Ok(())
        })
    }
}

impl Reader {
    /// Outputs that failed at some time, by name.
    pub fn outputs(&self) -> Result<Vec<OutputState>, StoreError> {
        self.db
            .prepare_cached(
                "SELECT name, failures, failed_at, message, next_at, \
                 (SELECT count(*) FROM dead_letter WHERE dead_letter.output = output.name) FROM output ORDER BY name",
            )
            .and_then(|mut query| {
                query
                    .query_map([], |row| {
                        Ok(OutputState {
                            name: row.get(0)?,
                            failures: row.get::<_, i64>(1)?.unsigned_abs(),
                            failed_at: timestamp(row, 2)?,
                            message: row.get(3)?,
                            next_at: row.get::<_, Option<String>>(4)?.as_deref().and_then(time::parse),
                            dead_letters: row.get::<_, i64>(5)?.unsigned_abs(),
                        })
                    })?
                    .collect()
            })
            .map_err(|error| StoreError::from(error).while_doing("read the outputs"))
    }
}
