//! Pages that are looked at again: at the ages that their source names, and when their feed says that they changed.
//!
//! An entry that is done waits in the queue once more, in the lane of its host like any other, with what its feed said of
//! it. What comes back is a revision of its article or nothing, as for any other page that is had twice.

use std::time::Duration;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, params};

use super::articles;
use super::error::StoreError;
use super::page_id::PageId;
use super::payload::Payload;
use super::{host_backoff, queue, time};
use crate::model::{Entry, EntryId, EntryKeys, SourceId, Validators};
use crate::schedule;

/// The feed says that a collected entry changed: its page waits to be looked at. Not where the article is gone, where its
/// source keeps first texts only, or where more of it is waited for anyway.
pub(super) fn changed(
    db: &Connection,
    entry: EntryId,
    said: &Entry,
    keys: &EntryKeys,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let found = db
        .prepare_cached(
            "SELECT entry.host, entry.in_vain, page.asked_at, coalesce(entry.next_at, entry.parked_at) \
             FROM entry JOIN page ON page.id = entry.page_id JOIN article ON article.id = page.article_id \
             JOIN source ON source.id = entry.source_id \
             WHERE entry.id = ?1 AND entry.state IN ('done', 'known') AND entry.text_state NOT IN ('feed', 'feed-retry', 'partial') \
             AND entry.claimed_run IS NULL AND article.deleted_at IS NULL AND source.revisions <> 'first'",
        )?
        .query_row([entry.0], |row| {
            let (host, in_vain): (String, u32) = (row.get(0)?, row.get(1)?);
            let (asked_at, waits): (Option<i64>, Option<i64>) = (row.get(2)?, row.get(3)?);
            Ok((host, in_vain, asked_at.map(time::moment), waits))
        })
        .optional()?;
    let Some((was, in_vain, asked_at, waits)) = found else {
        return Ok(());
    };
    let host = keys.host.as_deref().unwrap_or(queue::NO_HOST);
    let at = if host == queue::NO_HOST {
        // Nobody is asked for it.
        time::ms(now)
    } else {
        let at = time::ms(schedule::next_recheck(in_vain, asked_at, now));
        waits.map_or(at, |waits| waits.min(at))
    };
    db.prepare_cached(
        "UPDATE entry SET text_state = 'changed', attempts = 0, host = ?2, url = ?3, payload = ?4 WHERE id = ?1",
    )?
    .execute(params![
        entry.0,
        host,
        said.link.as_ref().map(ToString::to_string),
        Payload::of(said, &keys.link_keys).write()?
    ])?;
    host_backoff::know(db, host)?;
    queue::put(db, entry, Some(at))?;
    if was != host {
        queue::refresh(db, &was)?;
    }
    Ok(())
}

/// What a page's server needs to tell whether it changed since.
pub(super) fn asked(
    db: &Connection,
    page: PageId,
    (validators, url): (&Validators, &str),
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let url = (!validators.is_empty()).then_some(url);
    db.prepare_cached(
        "UPDATE page SET asked_at = ?2, etag = ?3, last_modified = ?4, validators_url = ?5 WHERE id = ?1",
    )?
    .execute(params![
        page.0,
        time::ms(now),
        validators.etag,
        validators.last_modified,
        url
    ])?;
    Ok(())
}

/// The same of a page that did not change: what the 304 carries replaces ours, and erases nothing (RFC 9111, 3.2).
pub(super) fn not_modified(
    db: &Connection,
    page: PageId,
    validators: &Validators,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    db.prepare_cached(
        "UPDATE page SET asked_at = ?2, etag = coalesce(?3, etag), last_modified = coalesce(?4, last_modified) \
         WHERE id = ?1",
    )?
    .execute(params![
        page.0,
        time::ms(now),
        validators.etag,
        validators.last_modified
    ])?;
    Ok(())
}

/// What an entry's page came to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    pub(super) entry: EntryId,
    pub(super) page: PageId,
    /// Whether it was worth it: the feed may have said so.
    pub(super) changed: bool,
}

/// For an UPDATE of `entry`, with the page as ?2: remembers whether the feed was right that it changed, by ?3.
const JUDGED: &str = "page_id = ?2, \
     in_vain = CASE WHEN text_state <> 'changed' OR host = '' THEN in_vain WHEN ?3 THEN 0 ELSE in_vain + 1 END";

/// Ends a look at a page, or a first one that had all of it: the entry waits until `again`, or for nothing more. Of an
/// article that is gone by now nothing is waited for.
pub(super) fn settle(
    db: &Connection,
    look: Look,
    again: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let Look { entry, page, changed } = look;
    let again = match again {
        Some(at) if !articles::is_page_of_deleted(db, page)? => Some(time::ms(at)),
        _ => None,
    };
    let done = format!("{JUDGED}, state = 'done', crashes = 0, attempts = 0, had_at = coalesce(had_at, ?4)");
    if again.is_some() {
        db.prepare_cached(&format!(
            "UPDATE entry SET {done}, text_state = 'revisit' WHERE id = ?1"
        ))?
        .execute(params![entry.0, page.0, changed, time::ms(now)])?;
        return queue::put(db, entry, again);
    }
    // Nearly all end here: with one change of the row.
    let host: String = db
        .prepare_cached("SELECT host FROM entry WHERE id = ?1")?
        .query_row([entry.0], |row| row.get(0))?;
    db.prepare_cached(&format!(
        "UPDATE entry SET {done}, text_state = 'final', payload = NULL, claimed_run = NULL, claimed_claim = NULL, \
         next_at = NULL, parked_at = NULL WHERE id = ?1"
    ))?
    .execute(params![entry.0, page.0, changed, time::ms(now)])?;
    queue::refresh(db, &host)
}

/// The same of an entry whose article is kept, but waits for something better.
pub(super) fn judge(db: &Connection, look: Look) -> Result<(), StoreError> {
    db.prepare_cached(&format!("UPDATE entry SET {JUDGED} WHERE id = ?1"))?
        .execute(params![look.entry.0, look.page.0, look.changed])?;
    Ok(())
}

/// Brings what waits at an age in line with the ages of its source. What had none left before, and was dropped from the
/// queue, is not looked for.
pub(super) fn follow(
    db: &Connection,
    source: SourceId,
    ages: &[Duration],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let waiting: Vec<(i64, i64)> = db
        .prepare_cached(
            "SELECT id, had_at FROM entry WHERE source_id = ?1 AND text_state = 'revisit' AND had_at IS NOT NULL AND claimed_run IS NULL",
        )?
        .query_map([source.0], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    for (entry, had_at) in waiting {
        let again = schedule::next_revisit(ages, time::moment(had_at), now).map(time::ms);
        if again.is_none() {
            db.prepare_cached("UPDATE entry SET text_state = 'final', payload = NULL WHERE id = ?1")?
                .execute([entry])?;
        }
        queue::put(db, EntryId(entry), again)?;
    }
    Ok(())
}
