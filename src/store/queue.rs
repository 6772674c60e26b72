//! The queue of entries whose page is to be fetched: one lane per host.
//!
//! An entry waits while `entry.next_at` is set and it has no lease. `host.ready_at` is derived from the host's entries,
//! its backoff and its gap: the time at which its next entry can be claimed. So the ready hosts are one range of one
//! index, however many entries wait. Whatever changes an entry's `next_at` or lease, or a host's backoff, must call
//! [`refresh_host`] afterwards. [`super::entry_claims`] takes entries out.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension, params};

use super::error::StoreError;
use crate::model::{EntryId, Lease, SourceId};

/// The lane of entries that need no page: nobody is asked, so there is no gap and no limit.
pub(super) const NO_HOST: &str = "";

/// The entry of a lease (?1 run, ?2 claim), and when it was due.
pub(super) const LEASED: &str =
    "SELECT id, coalesce(next_at, parked_at) FROM entry WHERE lease_run = ?1 AND lease_claim = ?2";

/// Ends the lease of an entry. It waits until `next_at` (milliseconds), or for nothing more (`None`). Where its source is
/// switched off, the time is parked.
pub(super) fn reschedule(db: &Connection, entry: EntryId, next_at: Option<i64>) -> Result<(), StoreError> {
    db.prepare_cached(
        "UPDATE entry SET lease_run = NULL, lease_claim = NULL, \
         next_at = iif(source.enabled, ?2, NULL), parked_at = iif(source.enabled, NULL, ?2), \
         feed_text_at = iif(?2 IS NULL, NULL, feed_text_at) \
         FROM source WHERE source.id = entry.source_id AND entry.id = ?1",
    )?
    .execute(params![entry.0, next_at])?;
    let host: String =
        db.prepare_cached("SELECT host FROM entry WHERE id = ?1")?.query_row([entry.0], |row| row.get(0))?;
    refresh_host(db, &host)
}

/// Ends leases without an outcome: no attempt is counted, and the work can be claimed again.
pub(super) fn release(db: &Connection, leases: &[Lease]) -> Result<(), StoreError> {
    for lease in leases {
        db.prepare_cached(
            "UPDATE source SET lease_run = NULL, lease_claim = NULL WHERE lease_run = ?1 AND lease_claim = ?2",
        )?
        .execute(params![lease.run, lease.claim])?;
        let entry: Option<(i64, Option<i64>)> = db
            .prepare_cached(LEASED)?
            .query_row(params![lease.run, lease.claim], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        if let Some((entry, next_at)) = entry {
            reschedule(db, EntryId(entry), next_at)?;
        }
    }
    Ok(())
}

/// Ends all leases. At a start those are of earlier runs, which are dead: this process holds the lock.
pub(super) fn release_all(db: &Connection) -> Result<(), StoreError> {
    db.execute("UPDATE source SET lease_run = NULL, lease_claim = NULL WHERE lease_run IS NOT NULL", [])?;
    let hosts: BTreeSet<String> = db
        .prepare("SELECT host FROM entry WHERE lease_run IS NOT NULL")?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    db.execute("UPDATE entry SET lease_run = NULL, lease_claim = NULL WHERE lease_run IS NOT NULL", [])?;
    hosts.iter().try_for_each(|host| refresh_host(db, host))
}

/// Takes the entries of a source out of the queue while it is switched off.
pub(super) fn park(db: &Connection, source: SourceId) -> Result<(), StoreError> {
    update_and_refresh(
        db,
        source,
        "UPDATE entry SET parked_at = next_at, next_at = NULL WHERE source_id = ?1 AND next_at IS NOT NULL RETURNING host",
    )
}

/// Puts the entries of a source back.
pub(super) fn unpark(db: &Connection, source: SourceId) -> Result<(), StoreError> {
    update_and_refresh(
        db,
        source,
        "UPDATE entry SET next_at = parked_at, parked_at = NULL WHERE source_id = ?1 AND parked_at IS NOT NULL RETURNING host",
    )
}

fn update_and_refresh(db: &Connection, source: SourceId, sql: &str) -> Result<(), StoreError> {
    let hosts: BTreeSet<String> =
        db.prepare_cached(sql)?.query_map([source.0], |row| row.get(0))?.collect::<Result<_, _>>()?;
    hosts.iter().try_for_each(|host| refresh_host(db, host))
}

/// Derives when the next entry of a host can be claimed: never while one of its entries is leased, [`NO_HOST`] aside.
pub(super) fn refresh_host(db: &Connection, host: &str) -> Result<(), StoreError> {
    db.prepare_cached(REFRESH_HOST)?.execute([host])?;
    Ok(())
}

pub(super) const REFRESH_HOST: &str = "UPDATE host SET ready_at = \
     iif(name <> '' AND EXISTS (SELECT 1 FROM entry WHERE host = ?1 AND lease_run IS NOT NULL), NULL, \
         max(backoff_until, next_page_at, \
             (SELECT min(next_at) FROM entry WHERE host = ?1 AND next_at IS NOT NULL AND lease_run IS NULL))) \
     WHERE name = ?1";
