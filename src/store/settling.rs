//! Articles whose text may still be replaced by that of their page: `article.provisional`.
//!
//! A new article is provisional where the feed's text stands in for a page that is still tried. It settles when a page's text
//! is shown, which is a change like any other (`revised`), or when no page of it is tried regularly any more: that is the
//! change `settled`, which only readers of settled articles are told of. An article that has settled stays so.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, params};

use super::error::StoreError;
use super::{changes, queue, time};
use crate::model::{ArticleId, EntryId};
use crate::schedule;

/// Most entries and articles that one sweep changes.
const SWEEP_LIMIT: i64 = 500;

/// Whether a page of the article ?1 is still tried regularly. A parked entry, of a source that is not polled, is not.
const IS_AWAITED: &str = "EXISTS (SELECT 1 FROM page JOIN entry ON entry.page_id = page.id WHERE page.article_id = ?1 \
     AND entry.text_state = 'provisional' AND entry.next_at IS NOT NULL)";

/// Marks a new article whose text is the feed's until its page comes.
pub(super) fn mark_provisional(db: &Connection, article: ArticleId) -> Result<(), StoreError> {
    db.prepare_cached("UPDATE article SET provisional = 1 WHERE id = ?1")?.execute([article.0])?;
    Ok(())
}

/// Settles a provisional article if its page came, or is not tried any more.
pub(super) fn settle(db: &Connection, article: ArticleId, now: DateTime<Utc>) -> Result<(), StoreError> {
    let row: Option<(bool, bool)> = db
        .prepare_cached(&format!(
            "SELECT (SELECT method FROM revision WHERE id = article.revision_id) IS 'feed', {IS_AWAITED} \
             FROM article WHERE id = ?1 AND provisional = 1"
        ))?
        .query_row([article.0], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    match row {
        None | Some((true, true)) => Ok(()),
        Some((true, false)) => changes::settle(db, article, now),
        // A page's text, or nothing any more: that was announced.
        Some((false, _)) => {
            db.prepare_cached("UPDATE article SET provisional = 0, settled_seq = seq WHERE id = ?1")?
                .execute([article.0])?;
            Ok(())
        }
    }
}

/// The feed's text stays, and the page of the entry is tried once more, a week later. Ends its lease.
pub(super) fn give_up(db: &Connection, entry: EntryId, now: DateTime<Utc>) -> Result<(), StoreError> {
    db.prepare_cached("UPDATE entry SET state = 'done', text_state = 'feed', crashes = 0 WHERE id = ?1")?
        .execute([entry.0])?;
    queue::reschedule(db, entry, Some(time::ms(time::later(now, schedule::LAST_RETRY))))
}

/// Settles what no page outcome settles. Entries whose host has been in trouble for longer than pages are tried regularly get
/// the feed's text for good; their pages are tried once more, a week later. Articles of sources that are not polled any more
/// settle as well. `true`: there may be more.
pub(super) fn sweep(db: &Connection, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let given_up_before = time::text(now - schedule::REGULAR_TRIES);
    let overdue: Vec<(i64, bool)> = db
        .prepare_cached(
            "SELECT entry.id, entry.text_state = 'missing' FROM entry JOIN host ON host.name = entry.host \
             WHERE entry.state = 'pending' AND entry.next_at IS NOT NULL AND entry.lease_run IS NULL \
             AND entry.feed_text_at IS NULL AND entry.first_seen < ?1 AND host.failures > 0 AND host.name <> '' LIMIT ?2",
        )?
        .query_map(params![given_up_before, SWEEP_LIMIT], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    for &(entry, is_missing) in &overdue {
        if is_missing {
            db.prepare_cached("UPDATE entry SET feed_text_at = ?2 WHERE id = ?1")?
                .execute(params![entry, time::ms(now)])?;
        } else {
            give_up(db, EntryId(entry), now)?;
        }
    }
    let provisional: Vec<i64> = db
        .prepare_cached(&format!(
            "SELECT id FROM article WHERE provisional = 1 AND NOT {} LIMIT ?1",
            IS_AWAITED.replace("?1", "article.id")
        ))?
        .query_map([SWEEP_LIMIT], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for &article in &provisional {
        settle(db, ArticleId(article), now)?;
    }
    let limit = usize::try_from(SWEEP_LIMIT).unwrap_or(usize::MAX);
    Ok(overdue.len() >= limit || provisional.len() >= limit)
}
