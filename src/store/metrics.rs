//! Figures for the metrics endpoint: totals that only grow, and current values. All are read from the database, so that a
//! restart resets none of them.

use chrono::{DateTime, Utc};

use super::error::StoreError;
use super::reader::Reader;
use super::status::PROVISIONAL;
use super::time;

/// Result of [`Reader::metrics`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoreMetrics {
    /// Sources by state: `ok`, `failing`, `new`, `paused`, `disabled`.
    pub sources: Vec<(String, u64)>,
    /// Sums of the counters of all sources, by name: `polls.taken`, `failed.http-404`, `entries.new`, `method.auto`.
    pub counters: Vec<(String, u64)>,
    /// Pages on which selectors hit, and on which they missed; sums over all selectors.
    pub rules: (u64, u64),
    /// The number of the last change.
    pub seq: u64,
    /// Entries that wait for their page.
    pub pending: u64,
    /// Articles with the feed's text, whose pages are still tried.
    pub provisional: u64,
    /// Hosts in backoff.
    pub backoff: u64,
    /// The last poll that went well.
    pub succeeded_at: Option<DateTime<Utc>>,
    /// Size of the database, log not included.
    pub bytes: u64,
}

impl Reader {
    /// Reads all figures in one snapshot.
    pub fn metrics(&self, now: DateTime<Utc>) -> Result<StoreMetrics, StoreError> {
        let snapshot = self.db.unchecked_transaction()?;
        let number = |sql: &str| -> Result<u64, StoreError> {
            let number: i64 = self.db.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
            Ok(number.unsigned_abs())
        };
        let pairs = |sql: &str| -> Result<Vec<(String, u64)>, StoreError> {
            Ok(self
                .db
                .prepare_cached(sql)?
                .query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?.unsigned_abs())))?
                .collect::<Result<_, _>>()?)
        };
        let last: Option<String> =
            self.db.query_row("SELECT max(succeeded_at) FROM source", [], |row| row.get(0))?;
        let metrics = StoreMetrics {
            sources: pairs(
                "SELECT CASE WHEN paused THEN 'paused' WHEN NOT enabled THEN 'disabled' WHEN code IS NOT NULL THEN 'failing' \
                 WHEN polled_at IS NULL THEN 'new' ELSE 'ok' END AS state, count(*) FROM source WHERE configured = 1 \
                 GROUP BY state ORDER BY state",
            )?,
            counters: pairs("SELECT name, sum(value) FROM counter GROUP BY name ORDER BY name")?,
            rules: (
                number("SELECT coalesce(sum(hits), 0) FROM rule_stat")?,
                number("SELECT coalesce(sum(misses), 0) FROM rule_stat")?,
            ),
            seq: number("SELECT seq FROM sequence")?,
            pending: number("SELECT count(*) FROM entry WHERE state = 'pending'")?,
            provisional: number(PROVISIONAL)?,
            backoff: self.db.query_row(
                "SELECT count(*) FROM host WHERE backoff_until > ?1",
                [time::ms(now)],
                |row| Ok(row.get::<_, i64>(0)?.unsigned_abs()),
            )?,
            succeeded_at: last.as_deref().and_then(time::parse),
            bytes: number("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")?,
        };
        snapshot.finish()?;
        Ok(metrics)
    }
}
