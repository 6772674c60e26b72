//! What a person requests: poll now, pause, resume, retry, reload. Written into the database, so that it works with a
//! running daemon and without one.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, params};

use super::control_client::ControlClient;
use super::error::StoreError;
use super::{host_backoff, queue, sources, time};

/// Result of a request for one source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ControlOutcome {
    /// It is done, or the daemon does it within a second.
    Done,
    /// There is no such source; the names that there are.
    Unknown(Vec<String>),
    /// The source exists, but the request does not apply: a phrase says why and what to do.
    Refused(String),
}

/// A request that only the running daemon can carry out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ControlRequest {
    /// Row id.
    pub id: i64,
    /// `reload`, or `wake` to end the backoff of a host.
    pub command: String,
    /// The host to wake.
    pub argument: String,
}

impl ControlClient {
    /// Makes a source due at once. The poll still sends validators, and a `Retry-After` of its host is still observed
    /// (docs/politeness.md, P18); with `force` neither.
    pub fn poll(
        &mut self,
        name: &str,
        force: bool,
        now: DateTime<Utc>,
    ) -> Result<ControlOutcome, StoreError> {
        self.write("ask for a poll", |db| {
            let Some(row) = row_of(db, name)? else {
                return unknown(db);
            };
            if let Some(why) = row.not_polled {
                return Ok(ControlOutcome::Refused(why));
            }
            let at = time::ms(now);
            let (backoff_until, retry_after) = host_backoff::of(db, &row.host)?;
            if !force && host_backoff::is_active(retry_after, at) {
                return Ok(ControlOutcome::Refused(format!(
                    "{} asked to be left alone until {}; --force asks all the same",
                    row.host,
                    time::text(time::from_ms(retry_after))
                )));
            }
            if row.gone && !force {
                return Ok(ControlOutcome::Refused(
                    "the server said that the feed is gone for good (410); --force asks all the same".into(),
                ));
            }
            db.execute(
                // `repoll`: a poll that is under way would overwrite `next_at`.
                "UPDATE source SET next_at = ?2, next_why = 'asked for', \
                 repoll = iif(lease_run IS NULL, 0, max(repoll, 1 + ?3)) WHERE id = ?1",
                params![row.id, at, force],
            )?;
            // A backoff that the server did not ask for is no reason to refuse a person.
            if host_backoff::is_active(backoff_until, at) || force {
                db.execute(
                    "UPDATE host SET backoff_until = 0, retry_after = iif(?2, 0, retry_after) WHERE name = ?1",
                    params![row.host, force],
                )?;
                queue::refresh_host(db, &row.host)?;
                db.execute(
                    "INSERT INTO request (command, argument) VALUES ('wake', ?1)",
                    [&row.host],
                )?;
            }
            if force {
                db.execute(
                    "UPDATE source SET unconditional_at = NULL, gone = 0 WHERE id = ?1",
                    [row.id],
                )?;
            }
            Ok(ControlOutcome::Done)
        })
    }

    /// Pauses a source: it is not polled and its pages wait. What is under way is finished.
    pub fn pause(&mut self, name: &str) -> Result<ControlOutcome, StoreError> {
        self.write("pause a source", |db| set_paused(db, name, true))
    }

    /// Ends a pause.
    pub fn resume(&mut self, name: &str) -> Result<ControlOutcome, StoreError> {
        self.write("resume a source", |db| set_paused(db, name, false))
    }

    /// Makes pages that wait for another try due at once, and sources whose last poll failed: of one source or of all.
    /// The retry schedule of an article stored with the feed's text starts anew. Backoffs of hosts are observed. Gives
    /// the numbers of pages and sources.
    pub fn retry(
        &mut self,
        name: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<Result<(u64, u64), ControlOutcome>, StoreError> {
        self.write("ask for another try", |db| {
            let source = match name {
                None => None,
                Some(name) => match row_of(db, name)? {
                    Some(row) => Some(row.id),
                    None => return unknown(db).map(Err),
                },
            };
            let at = time::ms(now);
            let hosts: Vec<String> = db
                .prepare(
                    "UPDATE entry SET next_at = ?1, text_state = iif(text_state = 'feed', 'feed-retry', text_state), \
                     attempts = iif(text_state IN ('feed', 'feed-retry'), 0, attempts) \
                     WHERE next_at > ?1 AND lease_run IS NULL \
                     AND (text_state NOT IN ('revisit', 'changed') OR attempts > 0) \
                     AND (?2 IS NULL OR source_id = ?2) RETURNING host",
                )?
                .query_map(params![at, source], |row| row.get(0))?
                .collect::<Result<_, _>>()?;
            for host in hosts.iter().collect::<BTreeSet<_>>() {
                queue::refresh_host(db, host)?;
            }
            let polls = db.execute(
                "UPDATE source SET next_at = ?1, next_why = 'asked for another try' \
                 WHERE next_at > ?1 AND code IS NOT NULL AND enabled = 1 AND gone = 0 AND (?2 IS NULL OR id = ?2)",
                params![at, source],
            )?;
            Ok(Ok((hosts.len() as u64, polls as u64)))
        })
    }

    /// Asks the running daemon to reload its configuration; gives the id of the request.
    pub fn reload(&mut self) -> Result<i64, StoreError> {
        self.write("ask for a reload", |db| {
            db.execute("INSERT INTO request (command, argument) VALUES ('reload', '')", [])?;
            Ok(db.last_insert_rowid())
        })
    }

    /// The answer to a request, once there is one.
    pub fn answer(&self, id: i64) -> Result<Option<String>, StoreError> {
        let answer = self
            .db
            .query_row("SELECT answer FROM request WHERE id = ?1", [id], |row| row.get(0))
            .optional()?;
        Ok(answer.flatten())
    }
}

pub(super) struct SourceRow {
    pub(super) id: i64,
    host: String,
    enabled: bool,
    paused: bool,
    pub(super) gone: bool,
    /// Why it is not polled, as a phrase.
    pub(super) not_polled: Option<String>,
}

pub(super) fn row_of(db: &Connection, name: &str) -> Result<Option<SourceRow>, StoreError> {
    Ok(db
        .query_row(
            "SELECT id, host, enabled, paused, gone, configured FROM source WHERE name = ?1",
            [name],
            |row| {
                let (enabled, paused, configured) = (row.get(2)?, row.get(3)?, row.get(5)?);
                Ok(SourceRow {
                    id: row.get(0)?,
                    host: row.get(1)?,
                    enabled,
                    paused,
                    gone: row.get(4)?,
                    not_polled: match (configured, paused, enabled) {
                        (false, ..) => Some("it is no longer in the configuration".into()),
                        (_, true, _) => Some(format!("it is paused; `cuttings resume {name}` lets it go on")),
                        (.., false) => {
                            Some("it is switched off in the configuration (enabled = false)".into())
                        }
                        _ => None,
                    },
                })
            },
        )
        .optional()?)
}

/// The first twenty names that there are.
pub(super) fn unknown(db: &Connection) -> Result<ControlOutcome, StoreError> {
    let names = db
        .prepare("SELECT name FROM source WHERE configured = 1 ORDER BY name LIMIT 20")?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    Ok(ControlOutcome::Unknown(names))
}

fn set_paused(db: &Connection, name: &str, paused: bool) -> Result<ControlOutcome, StoreError> {
    let Some(row) = row_of(db, name)? else {
        return unknown(db);
    };
    if row.paused == paused {
        let word = if paused { "is paused already" } else { "was not paused" };
        return Ok(ControlOutcome::Refused(format!("it {word}; nothing was changed")));
    }
    let enabled: bool = db.query_row(
        "UPDATE source SET paused = ?2, enabled = config_enabled AND configured AND NOT ?2 WHERE id = ?1 RETURNING enabled",
        params![row.id, paused],
        |row| row.get(0),
    )?;
    sources::set_enabled(db, row.id, row.enabled, enabled)?;
    Ok(ControlOutcome::Done)
}

/// Requests without an answer, oldest first.
pub(super) fn open_requests(db: &Connection) -> Result<Vec<ControlRequest>, StoreError> {
    Ok(db
        .prepare_cached(
            "SELECT id, command, argument FROM request WHERE answer IS NULL ORDER BY id LIMIT 100",
        )?
        .query_map([], |row| {
            Ok(ControlRequest { id: row.get(0)?, command: row.get(1)?, argument: row.get(2)? })
        })?
        .collect::<Result<_, _>>()?)
}

/// Answers a request; answers that nobody read are dropped after a thousand more.
pub(super) fn answer(db: &Connection, id: i64, answer: &str) -> Result<(), StoreError> {
    db.execute("UPDATE request SET answer = ?2 WHERE id = ?1", params![id, answer])?;
    db.execute("DELETE FROM request WHERE id < ?1 - 1000 AND answer IS NOT NULL", [id])?;
    Ok(())
}
