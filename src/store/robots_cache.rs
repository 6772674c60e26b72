//! Responses for robots.txt, kept so that a restart does not request them again; and what the gate of `fetch` must know of
//! hosts at a start.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, params};

use super::error::StoreError;
use super::time;
use crate::model::RobotsResponse;

/// What is known of hosts at a start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostStates {
    /// Responses for robots.txt that have not expired.
    pub robots: Vec<RobotsResponse>,
    /// Hosts that must not be asked before a time, because of their backoff or of the gap between two pages.
    pub not_before: Vec<(String, DateTime<Utc>)>,
}

/// Stores responses; one replaces the older one of its origin.
pub(super) fn store(db: &Connection, responses: &[RobotsResponse]) -> Result<(), StoreError> {
    for response in responses {
        let sitemaps = serde_json::Value::from(response.sitemaps.clone()).to_string();
        db.prepare_cached(
            "INSERT OR REPLACE INTO robots (origin, transport, fetched_at, expires_at, status, body, sitemaps) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            response.origin,
            response.transport,
            time::ms(response.fetched_at),
            time::ms(response.expires_at),
            response.status,
            response.body,
            sitemaps
        ])?;
    }
    Ok(())
}

/// Drops expired responses and reads the others, with the hosts that must wait.
pub(super) fn host_states(db: &Connection, now: DateTime<Utc>) -> Result<HostStates, StoreError> {
    db.execute("DELETE FROM robots WHERE expires_at <= ?1", [time::ms(now)])?;
    let robots = db
        .prepare("SELECT origin, fetched_at, expires_at, status, body, sitemaps, transport FROM robots")?
        .query_map([], |row| {
            let sitemaps: String = row.get(5)?;
            Ok(RobotsResponse {
                origin: row.get(0)?,
                transport: row.get(6)?,
                fetched_at: time::from_ms(row.get(1)?),
                expires_at: time::from_ms(row.get(2)?),
                status: row.get(3)?,
                body: row.get(4)?,
                sitemaps: serde_json::from_str(&sitemaps).unwrap_or_default(),
            })
        })?
        .collect::<Result<_, _>>()?;
    let not_before = db
        .prepare(
            "SELECT name, max(backoff_until, next_page_at) FROM host \
             WHERE name <> '' AND (backoff_until > ?1 OR next_page_at > ?1)",
        )?
        .query_map([time::ms(now)], |row| Ok((row.get(0)?, time::from_ms(row.get(1)?))))?
        .collect::<Result<_, _>>()?;
    Ok(HostStates { robots, not_before })
}
