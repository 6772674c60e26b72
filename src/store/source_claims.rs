//! Leases sources for polling: which are due, which may be asked now.
//!
//! One source per host at a time, soonest due first; sources that share an address are leased together and polled with
//! one request. [`super::backlog`] asks the same queries when the next source is due.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, params};
use url::Url;

use super::claims::Claims;
use super::error::StoreError;
use super::poll_state::{self, poll_state_columns};
use super::{host_backoff, time};
use crate::link;
use crate::model::{ClaimedSource, SourceId, Validators};

/// The columns and the condition that the queries below share.
macro_rules! claimable {
    () => {
        "SELECT id, host, claimed_at, next_at FROM source WHERE enabled = 1 AND gone = 0 AND lease_run IS NULL "
    };
}

/// Sources that are due at ?1, soonest first.
pub(super) const DUE: &str = concat!(claimable!(), "AND next_at <= ?1 ORDER BY next_at");

/// Sources that were claimed later than ?1: the clock was wrong then, and so is their `next_at` (docs/politeness.md,
/// P17). How far ahead `next_at` lies proves nothing: a cron line may fire once a year.
pub(super) const CLAIMED_AFTER: &str = concat!(claimable!(), "AND claimed_at > ?1 ORDER BY claimed_at");

/// Sources that were never claimed (?1 is null).
pub(super) const NEVER_CLAIMED: &str = concat!(claimable!(), "AND claimed_at IS ?1 ORDER BY id");

/// Sources that were not claimed since ?1, longest ago first.
pub(super) const CLAIMED_BEFORE: &str = concat!(claimable!(), "AND claimed_at < ?1 ORDER BY claimed_at");

/// Other sources with the same address.
pub(super) const SAME_ADDRESS: &str = "SELECT id FROM source WHERE enabled = 1 AND gone = 0 AND lease_run IS NULL AND id <> ?1 \
     AND coalesce(permanent_url, url) = (SELECT coalesce(permanent_url, url) FROM source WHERE id = ?1)";

/// Milliseconds that a clock may be set back before times in its future count as wrong.
pub(super) const CLOCK_SLACK: i64 = 5 * 60_000;

/// Leases up to `limit` sources that are due and whose host is not in backoff. With `all`: every source that was not
/// claimed since then; of backoffs, only those that the server named (`Retry-After`) count.
pub(super) fn claim(
    db: &Connection,
    now: DateTime<Utc>,
    limit: usize,
    all: Option<DateTime<Utc>>,
    claims: &Claims,
) -> Result<Vec<ClaimedSource>, StoreError> {
    let now = time::ms(now);
    let mut due: Vec<i64> = Vec::new();
    let mut busy = busy_hosts(db)?;
    let queries = match all {
        Some(since) => [(NEVER_CLAIMED, None), (CLAIMED_BEFORE, Some(time::ms(since)))],
        None => [(CLAIMED_AFTER, Some(now.saturating_add(CLOCK_SLACK))), (DUE, Some(now))],
    };
    for (sql, bound) in queries {
        let mut query = db.prepare_cached(sql)?;
        let mut rows = query.query([bound])?;
        while let Some(row) = rows.next()?.filter(|_| due.len() < limit) {
            let (id, host): (i64, String) = (row.get(0)?, row.get(1)?);
            if busy.contains(&host) {
                continue;
            }
            let (backoff_until, retry_after) = host_backoff::of(db, &host)?;
            let until = if all.is_some() { retry_after } else { backoff_until };
            if !host_backoff::is_active(until, now) && !due.contains(&id) {
                due.push(id);
                busy.insert(host);
            }
        }
    }
    let mut claimed = Vec::with_capacity(due.len());
    let mut leased = HashSet::new();
    for id in due {
        for id in std::iter::once(id).chain(same_address(db, id)?) {
            if leased.insert(id) {
                claimed.push(lease(db, id, now, claims)?);
            }
        }
    }
    Ok(claimed)
}

/// Hosts of leased sources. Another source of such a host would only wait for its gap, and take a place in `in_flight`
/// from other hosts.
pub(super) fn busy_hosts(db: &Connection) -> Result<HashSet<String>, StoreError> {
    let hosts = db
        .prepare_cached("SELECT host FROM source WHERE lease_run IS NOT NULL")?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    Ok(hosts)
}

fn same_address(db: &Connection, id: i64) -> Result<Vec<i64>, StoreError> {
    let ids =
        db.prepare_cached(SAME_ADDRESS)?.query_map([id], |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(ids)
}

/// Leases a source, with what its poll needs to be conditional.
fn lease(db: &Connection, id: i64, now: i64, claims: &Claims) -> Result<ClaimedSource, StoreError> {
    let lease = claims.next_lease();
    db.prepare_cached(
        "UPDATE source SET lease_run = ?2, lease_claim = ?3, claimed_at = ?4, repoll = 0 WHERE id = ?1",
    )?
    .execute(params![id, lease.run, lease.claim, now])?;
    Ok(db
        .prepare_cached(concat!(
            "SELECT name, iif(validators_url = url AND backfill_since IS NULL, etag, NULL), iif(validators_url = url AND backfill_since IS NULL, last_modified, NULL), \
             iif(validators_url = url AND backfill_since IS NULL, body_hash, NULL), failures, succeeded_at IS NULL, crashes, \
             iif(validators_url = url, final_url, NULL), coalesce(permanent_url, url), ",
            poll_state_columns!(),
            " FROM source WHERE id = ?1",
        ))?
        .query_row([id], |row| {
            let address: String = row.get(8)?;
            let final_url: Option<String> = row.get(7)?;
            Ok(ClaimedSource {
                id: SourceId(id),
                name: row.get(0)?,
                address: Url::parse(&address).map_err(|error| {
                    rusqlite::Error::FromSqlConversionFailure(8, rusqlite::types::Type::Text, error.into())
                })?,
                state: poll_state::read(row, 9)?,
                lease,
                validators: Validators {
                    etag: row.get(1)?,
                    last_modified: row.get(2)?,
                },
                body_hash: row.get(3)?,
                failures: row.get(4)?,
                first_poll: row.get(5)?,
                crashes: row.get(6)?,
                validators_from: final_url.as_deref().and_then(link::web_url),
            })
        })?)
}
