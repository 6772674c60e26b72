//! The keys and claims of pages, as they are stored.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, params};

use super::super::error::StoreError;
use super::super::page_id::PageId;
use super::super::time;
use crate::model::{Claim, Key, KeyKind};

/// Writes what a page says of addresses of other sites.
pub(in crate::store) fn write_claims(
    db: &Connection,
    page: PageId,
    claims: &[Claim],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    for claim in claims {
        db.prepare_cached(
            "INSERT OR IGNORE INTO claim (page_id, kind, key, url, seen_at) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![page.0, claim.kind.as_str(), claim.key, claim.url, time::text(now)])?;
    }
    Ok(())
}

/// The keys of a stored page that are not there yet.
pub(in crate::store) fn missing_keys(
    db: &Connection,
    page: PageId,
    keys: &[Key],
) -> Result<Vec<Key>, StoreError> {
    let mut missing = Vec::new();
    for key in keys {
        // A key that is proved already is not learned again from a feed.
        let is_stored = db
            .prepare_cached(
                "SELECT 1 FROM alias WHERE key = ?1 AND shared IN (0, 1) AND page_id = ?2 \
                 AND (proof = ?3 OR ?3 = 'none')",
            )?
            .exists(params![key.key, page.0, key.proof.as_str()])?;
        if !is_stored {
            missing.push(key.clone());
        }
    }
    Ok(missing)
}

/// The keys of a stored page.
pub(in crate::store) fn stored_keys(db: &Connection, page: PageId) -> Result<Vec<Key>, StoreError> {
    Ok(db
        .prepare_cached("SELECT kind, proof, key, url FROM alias WHERE page_id = ?1")?
        .query_map([page.0], |row| {
            Ok(Key {
                kind: time::word(row, 0)?,
                proof: time::word(row, 1)?,
                key: row.get(2)?,
                url: row.get(3)?,
            })
        })?
        .collect::<Result<_, _>>()?)
}

/// Whether any page has a key.
pub(super) fn is_known(db: &Connection, key: &str) -> Result<bool, StoreError> {
    Ok(db.prepare_cached("SELECT 1 FROM alias WHERE key = ?1")?.exists([key])?)
}

/// Whether a key identifies nothing. A page's own final URL always identifies it.
pub(super) fn is_shared(db: &Connection, key: &Key) -> Result<bool, StoreError> {
    Ok(key.kind != KeyKind::FinalUrl
        && db.prepare_cached("SELECT 1 FROM alias WHERE key = ?1 AND shared = 1")?.exists([&key.key])?)
}
