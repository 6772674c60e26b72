//! Stores collected articles: their page, keys and revisions.
//!
//! Which pages are one article is decided in [`super::grouping`]. A page is what one final URL serves. Its text comes from one
//! source; each source without a page has a text of its own, its feed's. An article shows one revision of its pages:
//!
//! - A page whose text changed always shows the new one.
//! - Another page of the same article is shown only if it says more, so that a print version does not alternate with the
//!   page it was printed from; or if the entry of the page that is shown leads there now.
//! - Sources of the page's site go before others, and pages before feeds, unless a source of the site wants no pages. Of feeds of
//!   one rank the first that had a text is shown. No source's text revises another's.
//!
//! Each function runs inside the transaction of its caller.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, params};

use super::changes::DeletionReason;
use super::error::StoreError;
use super::grouping::{self, ComparedText, Evidence, NewState, PageGroup};
use super::page_id::{PageId, article_of};
use super::pages::{self, StoredPage};
use super::revision_columns::RevisionColumns;
use super::revision_digest::{RevisionDigest, ShownRevision, is_same_text};
use super::similarity::{self, TextSignature};
use super::{changes, history, memberships, sources, text_index, time};
use crate::config::RevisionPolicy;
use crate::model::{ArticleId, CollectedArticle, Field, Key, Method, Origin, SourceId, StoreOutcome};

/// Stores a collected article: its page, its keys, and a revision if the text is new. `replaced` is the page that its entry led
/// to before.
pub(super) fn record(
    db: &Connection,
    source: SourceId,
    collected: &CollectedArticle,
    keys: &[Key],
    replaced: Option<PageId>,
    now: DateTime<Utc>,
) -> Result<(PageId, StoreOutcome), StoreError> {
    let digest = RevisionDigest::of(collected);
    let recording = Recording { db, source, collected, keys, digest, replaced, now };
    match pages::find(db, &collected.page_key)? {
        None => recording.new_page(),
        Some(page) => match page.deleted_why {
            None => recording.stored_page(&page),
            Some(why) if recording.may_replace_deleted(&page, why)? => recording.replace_deleted(&page),
            Some(_) => {
                grouping::write_keys(db, page.id, &grouping::missing_keys(db, page.id, keys)?, now)?;
                Ok((page.id, StoreOutcome::Known(page.article)))
            }
        },
    }
}

/// The rank of the words of a page's own site, where its source wants no page: see [`TEXT_RANK`](super::revision_digest::TEXT_RANK).
const OWN_FEED: i64 = 3;

/// An article that is being stored.
struct Recording<'a> {
    db: &'a Connection,
    source: SourceId,
    collected: &'a CollectedArticle,
    keys: &'a [Key],
    digest: RevisionDigest,
    /// The page that the entry led to before, and does no more if that is another one.
    replaced: Option<PageId>,
    now: DateTime<Utc>,
}

impl Recording<'_> {
    fn is_of_feed(&self) -> bool {
        self.collected.method == Method::Feed
    }

    /// Whether the text is of the page, or of a feed of the page's site.
    fn is_first_party(&self) -> bool {
        !self.is_of_feed() || self.collected.own_feed
    }

    /// Whose text it is; see [`TEXT_RANK`](super::revision_digest::TEXT_RANK).
    fn rank(&self) -> i64 {
        match (self.is_of_feed(), self.collected.own_feed) {
            (false, true) => 4,
            (false, false) => 2,
            (true, true) if self.collected.failure.is_none() && !self.collected.awaits_page => OWN_FEED,
            (true, true) => 1,
            (true, false) => 0,
        }
    }

    fn evidence(&self) -> Evidence {
        // A title that the page lacks, and that a feed gave it, is no evidence of the page.
        let is_printed =
            self.is_of_feed() || self.collected.extraction.origins.get(&Field::Title) != Some(&Origin::Feed);
        let title = self.digest.title.as_deref().filter(|_| is_printed);
        Evidence {
            is_fetched: !self.is_of_feed(),
            title: title.and_then(similarity::title_hash),
            is_comparable: similarity::is_comparable(&self.digest.text),
            speaker: if self.collected.own_feed { 0 } else { self.source.0 },
        }
    }

    fn state(&self, page: Option<PageId>) -> NewState<'_> {
        NewState {
            page,
            page_key: &self.collected.page_key,
            site: &self.collected.site,
            evidence: self.evidence(),
            text: ComparedText::New(&self.digest.text),
            keys: self.keys,
            claims: &self.collected.claims,
        }
    }

    /// A page that was not stored before.
    fn new_page(&self) -> Result<(PageId, StoreOutcome), StoreError> {
        let (db, now) = (self.db, self.now);
        let group = grouping::place_new_page(db, &self.state(None), self.source, now)?;
        if let Some(article) = group.deleted.filter(|_| group.joined.is_empty()) {
            let page = self.insert_page(article, &group)?;
            history::add_to_counter(db, self.source, "identity.deleted-again", 1)?;
            return Ok((page, StoreOutcome::Known(article)));
        }
        let Some(&article) = group.joined.first() else {
            let (article, seq) = changes::insert_article(db, &time::text(now), now)?;
            let page = self.insert_page(article, &group)?;
            self.insert_first_revision(article, page, seq)?;
            return Ok((page, StoreOutcome::New(article)));
        };
        let page = self.insert_page(article, &group)?;
        let shown = self.insert_revision(page, article)?;
        grouping::settle_new_page(db, page, &group, self.source, now)?;
        let article = article_of(db, page)?;
        Ok((page, if shown { StoreOutcome::Revised(article) } else { StoreOutcome::Known(article) }))
    }

    fn insert_page(&self, article: ArticleId, group: &PageGroup) -> Result<PageId, StoreError> {
        let page = pages::insert(self.db, article, self.source, self.collected, self.evidence(), self.now)?;
        group.write_keys(self.db, page, self.keys, self.now)?;
        grouping::write_claims(self.db, page, &self.collected.claims, self.now)?;
        Ok(page)
    }

    /// A page that is stored: writes what is new of its keys, and a revision if its text is new.
    fn stored_page(&self, page: &StoredPage) -> Result<(PageId, StoreOutcome), StoreError> {
        let (db, now) = (self.db, self.now);
        let policy = sources::revision_policy(db, self.source)?;
        let before = if self.is_of_feed() {
            RevisionDigest::latest_of_feed(db, page.id, self.source)?
        } else {
            RevisionDigest::latest_of_page(db, page.id)?
        };
        let is_own_text = self.is_of_feed() || !page.is_fetched || self.may_rewrite(page)?;
        let is_changed = match &before {
            // What a feed says of a page that this source has, or that says what readers see, is no text of its own.
            None if self.is_of_feed() => !self.is_known_to_readers(page)?,
            None => true,
            Some(before) => {
                self.takes_over(page) || (policy != RevisionPolicy::First && !self.digest.reads_like(before))
            }
        };
        let is_revision = is_own_text && is_changed;
        let new_keys = grouping::missing_keys(db, page.id, self.keys)?;
        grouping::write_keys(db, page.id, &new_keys, now)?;
        grouping::write_claims(db, page.id, &self.collected.claims, now)?;
        // The text that the page is compared by from now on.
        let judges = is_revision && (!self.is_of_feed() || self.may_speak_for(page));
        let state = NewState { site: &page.site, ..self.state(Some(page.id)) };
        let evidence = if judges { state.evidence } else { page.evidence };
        if judges {
            pages::set_text(db, page.id, self.source, self.collected, evidence, now)?;
        }
        let is_shown = is_revision && self.insert_revision(page.id, page.article)?;
        let text = if judges { state.text } else { ComparedText::Stored };
        let state = NewState { evidence, text, ..state };
        if judges || !new_keys.is_empty() || !self.collected.claims.is_empty() {
            grouping::check_stored_page(db, &state, page.evidence, judges, &new_keys, self.source, now)?;
        }
        let article = article_of(db, page.id)?;
        Ok((page.id, if is_shown { StoreOutcome::Revised(article) } else { StoreOutcome::Known(article) }))
    }

    /// Whether a page's text may come from this source: it did before, or its source is no longer polled, or this one is of the
    /// page's site and that one is not.
    fn may_rewrite(&self, page: &StoredPage) -> Result<bool, StoreError> {
        Ok(page.source.is_none_or(|owner| owner == self.source)
            || self.takes_over(page)
            || !sources::is_enabled(self.db, page.source)?)
    }

    /// Whether a source of the page's own site has fetched a page whose text came from another: from now on it is this one's,
    /// even if it reads the same.
    fn takes_over(&self, page: &StoredPage) -> bool {
        !self.is_of_feed() && page.is_fetched && self.collected.own_feed && !page.own_feed
    }

    /// Whether a feed's text stands for a page that was not fetched: that of the first source, or of a feed of the page's site.
    fn may_speak_for(&self, page: &StoredPage) -> bool {
        !page.is_fetched && (page.source == Some(self.source) || (self.collected.own_feed && !page.own_feed))
    }

    /// Whether the feed's text need not be kept: this source's page is stored, or readers see the same text already, and it is
    /// no better known whose it is.
    fn is_known_to_readers(&self, page: &StoredPage) -> Result<bool, StoreError> {
        if page.is_fetched && page.source == Some(self.source) {
            return Ok(true);
        }
        let shown = ShownRevision::of(self.db, page.article)?;
        Ok(shown.is_some_and(|shown| self.digest.reads_like(&shown.digest) && shown.rank >= self.rank()))
    }

    /// Whether an article is stored under the URL of a deleted page: only feeds of other sites had that, or other sources kept it
    /// no longer and this one has not had it.
    fn may_replace_deleted(&self, page: &StoredPage, why: DeletionReason) -> Result<bool, StoreError> {
        if !page.first_party && self.is_first_party() {
            return Ok(true);
        }
        let is_member = self
            .db
            .prepare_cached("SELECT 1 FROM membership WHERE article_id = ?1 AND source_id = ?2")?
            .exists([page.article.0, self.source.0])?;
        Ok(why == DeletionReason::Expired && !is_member)
    }

    /// Stores the page as a new article; the deleted one stays deleted.
    fn replace_deleted(&self, page: &StoredPage) -> Result<(PageId, StoreOutcome), StoreError> {
        let (db, now) = (self.db, self.now);
        let (article, seq) = changes::insert_article(db, &time::text(now), now)?;
        memberships::leave(db, page.id)?;
        pages::move_to(db, page.id, article)?;
        pages::set_text(db, page.id, self.source, self.collected, self.evidence(), now)?;
        self.insert_first_revision(article, page.id, seq)?;
        let new_keys = grouping::missing_keys(db, page.id, self.keys)?;
        grouping::write_keys(db, page.id, &new_keys, now)?;
        grouping::write_claims(db, page.id, &self.collected.claims, now)?;
        let state = NewState { site: &page.site, ..self.state(Some(page.id)) };
        grouping::check_stored_page(db, &state, page.evidence, true, &new_keys, self.source, now)?;
        Ok((page.id, StoreOutcome::New(article_of(db, page.id)?)))
    }

    fn columns(&self, page: PageId) -> Result<RevisionColumns, StoreError> {
        let CollectedArticle { extraction, method, published_at, url, .. } = self.collected;
        // A canonical that other pages print as well is not shown.
        let url = pages::url_to_show(self.db, page, url)?;
        Ok(RevisionColumns::of(extraction, *method, *published_at, &url))
    }

    /// The first revision of a new article. The number of its change is written with it: updating a row of that size later
    /// would write it twice.
    fn insert_first_revision(&self, article: ArticleId, page: PageId, seq: i64) -> Result<(), StoreError> {
        let columns = self.columns(page)?;
        let revision =
            columns.insert(self.db, page, self.source, self.is_first_party(), self.now, Some(seq))?;
        changes::set_first_revision(self.db, article, revision)
    }

    /// A revision of a page of an article; returns whether readers see it.
    fn insert_revision(&self, page: PageId, article: ArticleId) -> Result<bool, StoreError> {
        let is_shown = self.is_shown(page, article)?;
        let columns = self.columns(page)?;
        let revision = columns.insert(self.db, page, self.source, self.is_first_party(), self.now, None)?;
        if is_shown {
            changes::revise(self.db, article, revision, self.now)?;
        }
        if sources::revision_policy(self.db, self.source)? == RevisionPolicy::Latest {
            drop_older_revisions(self.db, page, self.source, revision)?;
        }
        Ok(is_shown)
    }

    /// Whether readers see this text from now on, and not the one that they see.
    fn is_shown(&self, page: PageId, article: ArticleId) -> Result<bool, StoreError> {
        let Some(shown) = ShownRevision::of(self.db, article)? else {
            return Ok(true);
        };
        let is_of_feed = shown.digest.is_of_feed();
        if shown.rank != self.rank() && (is_of_feed || self.is_of_feed() || shown.page != page) {
            return Ok(self.rank() > shown.rank);
        }
        Ok(if self.is_of_feed() {
            shown.source == Some(self.source)
        } else {
            shown.page == page
                || self.replaced == Some(shown.page)
                || says_more(&self.digest.text, &shown.digest.text)
        })
    }
}

/// Drops the older revisions of a page that came from a source, except one that readers still see.
fn drop_older_revisions(
    db: &Connection,
    page: PageId,
    source: SourceId,
    revision: i64,
) -> Result<(), StoreError> {
    let article = article_of(db, page)?;
    let is_indexed = db
        .prepare_cached(
            "SELECT 1 FROM article JOIN revision ON revision.id = article.indexed_id \
             WHERE article.id = ?1 AND revision.page_id = ?2 AND revision.id < ?3 AND revision.source_id IS ?4",
        )?
        .exists(params![article.0, page.0, revision, source.0])?;
    if is_indexed {
        text_index::remove(db, article.0)?;
        text_index::mark_changed(db, article)?;
    }
    db.prepare_cached(
        "DELETE FROM revision WHERE page_id = ?1 AND id < ?2 AND source_id IS ?3 \
         AND NOT EXISTS (SELECT 1 FROM article WHERE article.revision_id = revision.id)",
    )?
    .execute(params![page.0, revision, source.0])?;
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
    let is_shown = ShownRevision::of(db, article)?
        .is_none_or(|shown| shown.page == page || says_more(columns.text(), &shown.digest.text));
    let revision = columns.insert(db, page, source, true, fetched_at, None)?;
    if is_shown {
        changes::revise(db, article, revision, now)?;
    }
    if sources::revision_policy(db, source)? != RevisionPolicy::All {
        drop_older_revisions(db, page, source, revision)?;
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
    let new_keys = grouping::missing_keys(db, page, keys)?;
    if new_keys.is_empty() {
        return Ok(());
    }
    grouping::write_keys(db, page, &new_keys, now)?;
    let stored = pages::stored(db, page)?;
    if stored.deleted_why.is_some() {
        return Ok(());
    }
    let state = NewState {
        page: Some(page),
        page_key: &stored.page_key,
        site: &stored.site,
        evidence: stored.evidence,
        text: ComparedText::Stored,
        keys: &new_keys,
        claims: &[],
    };
    grouping::check_stored_page(db, &state, stored.evidence, false, &new_keys, source, now)
}

/// Shows the words of the feed of an article's own site, where its source wants no page and nothing of the kind is shown.
pub(super) fn show_own_words(
    db: &Connection,
    article: ArticleId,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    match ShownRevision::of(db, article)? {
        Some(shown) if shown.rank < OWN_FEED => changes::show_best_revision(db, article, now),
        _ => Ok(()),
    }
}

/// Whether the text of another page of an article says more than the one readers see.
fn says_more(text: &str, shown: &str) -> bool {
    let (ours, theirs) = (TextSignature::of(text), TextSignature::of(shown));
    // The second page of an article whose text is complete says nothing that is not there.
    !is_same_text(text, shown) && !ours.is_equivalent_to(&theirs) && !ours.is_contained_in(&theirs)
}
