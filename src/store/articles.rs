//! Stores collected articles: their page, keys and revisions.
//!
//! Which pages are one article is decided in [`super::grouping`]. A page is what one final URL serves. Its latest
//! revision is its text, whatever article it belongs to, and an article shows one revision of its pages:
//!
//! - A page whose text changed always shows the new one.
//! - Another page of the same article is shown only if it says more, so that a print version does not alternate with the
//!   page it was printed from.
//! - The feed's own text never replaces a page's text; a page's text always replaces the feed's.
//!
//! Each function runs inside the transaction of its caller.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, params};

use super::error::StoreError;
use super::grouping::{self, ComparedText};
use super::page_id::{PageId, article_of};
use super::pages;
use super::revision_columns::RevisionColumns;
use super::revision_digest::{RevisionDigest, is_same_text};
use super::similarity::TextSignature;
use super::{changes, sources, text_index, time};
use crate::config::RevisionPolicy;
use crate::model::{ArticleId, CollectedArticle, Key, SourceId, StoreOutcome};

/// Stores a collected article: its page, its keys, and a revision if the text is new.
pub(super) fn record(
    db: &Connection,
    source: SourceId,
    collected: &CollectedArticle,
    keys: &[Key],
    now: DateTime<Utc>,
) -> Result<(PageId, StoreOutcome), StoreError> {
    let digest = RevisionDigest::of(collected);
    let policy = sources::revision_policy(db, source)?;
    let page = pages::find_by_page_key(db, &collected.page_key)?;
    let before = page.map(|page| RevisionDigest::latest_of_page(db, page)).transpose()?.flatten();
    let is_changed = before.as_ref().is_none_or(|before| is_new_revision(&digest, before, policy));
    let compared = match (digest.is_of_feed(), before.is_some()) {
        (false, _) => ComparedText::New(&digest.text),
        (true, true) => ComparedText::Stored,
        (true, false) => ComparedText::Nothing,
    };
    let rejudge = is_changed && before.is_some();
    let group = grouping::assign_article(db, page, compared, keys, rejudge, source, now)?;
    // The number of a new article's change is written with its revision: updating a row of that size later would write
    // it twice.
    let (article, seq) = if let Some(article) = group.article {
        (article, None)
    } else {
        let (article, seq) = changes::insert_article(db, &time::text(now), now)?;
        (article, Some(seq))
    };
    let is_new = seq.is_some();
    let page = match page {
        Some(page) => page,
        None => pages::insert(db, article, source, collected, now)?,
    };
    grouping::write_keys(db, page, keys, &group, now)?;
    if !is_changed || (!is_new && pages::is_deleted(db, article)?) {
        return Ok((page, StoreOutcome::Known(article)));
    }
    let is_shown =
        is_new || before.is_some() || says_more_than_shown(db, article, &digest.text, digest.is_of_feed())?;
    let columns =
        RevisionColumns::of(&collected.extraction, collected.method, collected.published_at, &collected.url);
    let revision = columns.insert(db, page, source, now, seq)?;
    if is_new {
        changes::set_first_revision(db, article, revision)?;
        return Ok((page, StoreOutcome::New(article)));
    }
    if is_shown {
        changes::revise(db, article, revision, now)?;
    }
    if policy == RevisionPolicy::Latest {
        drop_older_revisions(db, page, revision)?;
    }
    let outcome = if is_shown { StoreOutcome::Revised(article) } else { StoreOutcome::Known(article) };
    Ok((page, outcome))
}

/// Whether a text makes a revision of the page whose text was `before`.
fn is_new_revision(digest: &RevisionDigest, before: &RevisionDigest, policy: RevisionPolicy) -> bool {
    match (digest.is_of_feed(), before.is_of_feed()) {
        (true, false) => false,
        (false, true) => true,
        _ => policy != RevisionPolicy::First && !digest.reads_like(before),
    }
}

/// Drops the older revisions of a page, except one that readers still see.
fn drop_older_revisions(db: &Connection, page: PageId, revision: i64) -> Result<(), StoreError> {
    let article = article_of(db, page)?;
    let is_indexed = db
        .prepare_cached(
            "SELECT 1 FROM article JOIN revision ON revision.id = article.indexed_id \
             WHERE article.id = ?1 AND revision.page_id = ?2 AND revision.id < ?3",
        )?
        .exists(params![article.0, page.0, revision])?;
    if is_indexed {
        text_index::remove(db, article.0)?;
        text_index::mark_changed(db, article)?;
    }
    db.prepare_cached(
        "DELETE FROM revision WHERE page_id = ?1 AND id < ?2 \
         AND NOT EXISTS (SELECT 1 FROM article WHERE article.revision_id = revision.id)",
    )?
    .execute(params![page.0, revision])?;
    Ok(())
}

/// Stores another extraction of a page that was fetched at `fetched_at` (`cuttings reextract`).
pub(super) fn replace(
    db: &Connection,
    page: PageId,
    source: SourceId,
    columns: &RevisionColumns,
    fetched_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let article = article_of(db, page)?;
    let is_shown = db
        .prepare_cached(
            "SELECT 1 FROM article JOIN revision ON revision.id = article.revision_id \
             WHERE article.id = ?1 AND revision.page_id = ?2",
        )?
        .exists(params![article.0, page.0])?
        || says_more_than_shown(db, article, columns.text(), columns.is_of_feed())?;
    let revision = columns.insert(db, page, source, fetched_at, None)?;
    if is_shown {
        changes::revise(db, article, revision, now)?;
    }
    if sources::revision_policy(db, source)? != RevisionPolicy::All {
        drop_older_revisions(db, page, revision)?;
    }
    Ok(())
}

/// Adds keys to a page: URLs that turned out to lead to it.
pub(super) fn add_keys(
    db: &Connection,
    page: PageId,
    keys: &[Key],
    source: SourceId,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let mut unknown = Vec::new();
    for key in keys {
        let is_known = db
            .prepare_cached("SELECT 1 FROM alias WHERE key = ?1 AND shared IN (0, 1) AND page_id = ?2")?
            .exists(params![key.key, page.0])?;
        if !is_known {
            unknown.push(key.clone());
        }
    }
    if unknown.is_empty() {
        return Ok(());
    }
    let group = grouping::assign_article(db, Some(page), ComparedText::Stored, &unknown, false, source, now)?;
    grouping::write_keys(db, page, &unknown, &group, now)
}

/// Whether the text of another page of an article says more than the one readers see.
fn says_more_than_shown(
    db: &Connection,
    article: ArticleId,
    text: &str,
    is_of_feed: bool,
) -> Result<bool, StoreError> {
    let Some(shown) = RevisionDigest::shown_by(db, article)? else {
        return Ok(true);
    };
    if is_of_feed || shown.is_of_feed() {
        return Ok(!is_of_feed);
    }
    let (ours, theirs) = (TextSignature::of(text), TextSignature::of(&shown.text));
    // The second page of an article whose text is complete says nothing that is not there.
    Ok(!is_same_text(text, &shown.text) && !ours.is_equivalent_to(&theirs) && !ours.is_contained_in(&theirs))
}
