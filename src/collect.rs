//! The second half of the program: from an entry in the queue to an article in the store.
//!
//! `daemon` claims entries and calls [`collect`] for each:
//!
//! ```text
//! claim ─► fetch page ─► extract ─► further pages ─► ArticleBuilder (feed's fields, keys) ─► Store::record_page
//! ```
//!
//! Failures of hosts and pages are results, recorded like any other; only a failing store is an error. Times are those
//! of the caller's clock plus the time that requests took.

mod context;
mod page;

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tracing::{debug, warn};
use url::Url;

use crate::config::{Config, FilterInput, PagePolicy, Source};
use crate::fetch::Fetcher;
use crate::model::{
    ClaimedEntry, CollectedArticle, Failure, Field, Grade, KnownText, Method, PageOutcome, PageResult,
    SelectorOutcome, StoreOutcome, TextState, Validators,
};
use crate::store::{Store, StoreError};
use crate::{identity, link, schedule};
use context::{Attempt, CollectContext};
use page::{FailureScope, PageFailure, PageVisit, RemainingPages};

/// The result of collecting one entry, for `run`'s table and for tests.
#[derive(Clone, Debug, PartialEq)]
pub struct PageReport {
    /// Name of the source.
    pub source: String,
    /// The entry's link, with secrets masked; empty if it has none.
    pub url: String,
    /// What was stored.
    pub stored: StoreOutcome,
    /// Why the page is not the source of the text, or not all of it.
    pub failure: Option<Failure>,
    /// Time spent on requests.
    pub duration: Duration,
}

/// Collects one entry: fetches its page, extracts the article, and records it.
///
/// No article is lost or late: while the page fails, the feed's text is stored, and the page is tried on; when it has failed
/// for good, it is tried once more a week later.
pub async fn collect(
    store: &Store,
    fetcher: &Fetcher,
    config: &Arc<Config>,
    source: &Arc<Source>,
    claim: ClaimedEntry,
    now: DateTime<Utc>,
) -> Result<PageReport, StoreError> {
    let mut attempt = Attempt {
        store,
        fetcher,
        context: CollectContext {
            config: Arc::clone(config),
            source: Arc::clone(source),
            claim: Arc::new(claim),
        },
        started_at: now,
        fetch: None,
        selectors: Vec::new(),
    };
    let content = attempt.content().await;
    let ended_at = attempt.now();
    let claim = &attempt.context.claim;
    let mut revisit_at = None;
    let (result, failure) = match content {
        Ok(PageContent::Known(known)) => {
            let excluded =
                excluded_by(&attempt.context, known.title.as_deref(), known.language.as_deref(), &known.text);
            (excluded.map_or(PageResult::Known, PageResult::Excluded), None)
        }
        Ok(PageContent::NotModified(validators)) => {
            revisit_at = next_revisit(&attempt.context, ended_at);
            (PageResult::NotModified(validators), None)
        }
        Ok(PageContent::Article(article)) => {
            // A text of the feed is renewed by the feed; the page is revisited only if it once had the text.
            let lost_its_text = article.failure.is_some() && claim.revisit.is_some();
            if article.method != Method::Feed || lost_its_text {
                revisit_at = next_revisit(&attempt.context, ended_at);
            }
            let failure = article.failure.clone();
            let fields = &article.extraction;
            let excluded = excluded_by(
                &attempt.context,
                fields.title.as_deref(),
                fields.language.as_deref(),
                &fields.text,
            );
            let result = match excluded {
                Some(filter) => PageResult::Excluded(filter),
                None => PageResult::Article(article),
            };
            (result, failure)
        }
        Err(PageFailure { failure, scope: FailureScope::Host(until) })
            if !schedule::counts_host_trouble(claim.first_seen, claim.text_state, now) =>
        {
            (PageResult::HostUnavailable(failure.clone(), until), Some(failure))
        }
        Err(PageFailure { failure, scope }) => {
            let result = if let Some(at) = retry_at(&attempt.context, failure.grade, ended_at) {
                let at = match scope {
                    FailureScope::Host(Some(until)) => at.max(until),
                    FailureScope::Host(None) | FailureScope::Page => at,
                };
                PageResult::Retry(failure.clone(), at)
            } else {
                let article = attempt.article_from_feed(Some(failure.clone()), ended_at);
                PageResult::Article(Box::new(article.await))
            };
            (result, Some(failure))
        }
    };
    let outcome = PageOutcome {
        entry: claim.id,
        lease: claim.lease,
        at: now,
        fetch: attempt.fetch,
        result,
        selectors: attempt.selectors,
        revisit_at,
    };
    record(store, &attempt.context, outcome, failure).await
}

/// What the page of an entry brought.
enum PageContent {
    Article(Box<CollectedArticle>),
    /// The page did not change since the last time (304).
    NotModified(Validators),
    /// The page is stored already; nothing is requested.
    Known(KnownText),
}

impl Attempt<'_> {
    /// The page if the entry has one to fetch, else the feed's text.
    async fn content(&mut self) -> Result<PageContent, PageFailure> {
        if let Some(known) = &self.context.claim.known {
            return Ok(PageContent::Known(known.clone()));
        }
        if self.context.claim.feed_text_only {
            let article = self.article_from_feed(None, self.started_at).await;
            return Ok(PageContent::Article(Box::new(article)));
        }
        let url = match decide_page(&self.context.source, &self.context.claim) {
            PageDecision::Fetch(url) => url,
            PageDecision::FeedText => {
                let article = self.article_from_feed(None, self.started_at).await;
                return Ok(PageContent::Article(Box::new(article)));
            }
            PageDecision::Impossible(failure) => return Err(failure.into()),
        };
        let claim = Arc::clone(&self.context.claim);
        let first = match self.fetch_first(&url, claim.revisit.as_ref()).await? {
            PageVisit::Page(first) => first,
            PageVisit::NotModified(validators) => return Ok(PageContent::NotModified(validators)),
        };
        self.selectors = first.selectors;
        // Few pages link to another one: a miss says nothing about the rule.
        self.selectors.retain(|tried| !matches!(tried.field, Field::NextPage | Field::SinglePage));
        let (mut page, mut pagination) = match first.rest {
            RemainingPages::None(article) => return Ok(PageContent::Article(article)),
            RemainingPages::Some(page, pagination) => (page, pagination),
        };
        while let Some(url) = pagination.next_url().cloned() {
            match self.fetch_further(&url).await {
                Ok(page) => pagination.add_page(&page.fetch.url, page.extraction),
                Err(failure) => pagination.skip_page(failure),
            }
        }
        let (extraction, missing) = pagination.finish();
        page.extraction = extraction;
        let article = self.article_from_pages(*page, missing).await;
        Ok(PageContent::Article(Box::new(article)))
    }
}

/// Whether the page of an entry is fetched.
enum PageDecision {
    Fetch(Url),
    /// The feed's text is the article, as configured.
    FeedText,
    /// The entry has no page.
    Impossible(Failure),
}

fn decide_page(source: &Source, claim: &ClaimedEntry) -> PageDecision {
    let impossible = |code, message: &str| {
        if claim.revisit.is_some() {
            // The feed's text is stored already, and is to be replaced because the feed changed it.
            return PageDecision::FeedText;
        }
        PageDecision::Impossible(Failure {
            code,
            grade: Grade::Permanent,
            message: message.into(),
            url: claim.entry.link.as_ref().map(link::mask_secrets),
            status: None,
        })
    };
    match (&claim.entry.link, source.pages) {
        (_, PagePolicy::Never) => PageDecision::FeedText,
        // Its link is that of other entries, too.
        _ if claim.own_text => PageDecision::FeedText,
        (_, PagePolicy::Auto) if claim.entry.has_full_text() => PageDecision::FeedText,
        (None, _) => impossible("no-link", "the entry has no http or https link: the feed's text is kept"),
        (Some(url), _) if !identity::is_specific(url) => impossible(
            "not-specific",
            "the entry links to a front page or a login page: the feed's text is kept",
        ),
        (Some(url), _) => PageDecision::Fetch(url.clone()),
    }
}

/// When a failed page is tried again; `ended_at` if not before something new is known of it. `None` if it is not, and no
/// article is stored yet: then the feed's text becomes the article.
fn retry_at(context: &CollectContext, grade: Grade, ended_at: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let claim = &context.claim;
    let next_try = || schedule::page_retry(claim.attempts, ended_at);
    match grade {
        Grade::Temporary | Grade::Soft if claim.text_state == TextState::Partial => {
            next_try().or(Some(ended_at))
        }
        // The whole text is stored: the page is fetched for changes only.
        grade if claim.revisit.is_some() => {
            let retry = (grade != Grade::Permanent).then(next_try).flatten();
            let soonest = retry.into_iter().chain(next_revisit(context, ended_at)).min();
            Some(soonest.unwrap_or(ended_at))
        }
        // The feed's text is stored, and this was the last try.
        _ if !claim.text_state.has_late_try() => Some(ended_at),
        Grade::Permanent => None,
        Grade::Temporary | Grade::Soft => next_try(),
    }
}

/// When the page is fetched again for changes (`revisit` of the source).
fn next_revisit(context: &CollectContext, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let revisit = context.claim.revisit.as_ref();
    let fetched_at = revisit.map_or(now, |revisit| revisit.fetched_at);
    schedule::next_revisit(&context.source.revisit, fetched_at, now)
}

/// The filter that excludes an article by what its page says. A stored article stays.
fn excluded_by(
    context: &CollectContext,
    title: Option<&str>,
    language: Option<&str>,
    text: &str,
) -> Option<&'static str> {
    if context.claim.text_state.is_stored() {
        return None;
    }
    let input = FilterInput { title, language, text: Some(text), ..FilterInput::default() };
    context.source.filters.excluded_by(&input)
}

/// Records a page and logs it in one line.
async fn record(
    store: &Store,
    context: &CollectContext,
    outcome: PageOutcome,
    failure: Option<Failure>,
) -> Result<PageReport, StoreError> {
    let (source, claim) = (&context.source, &context.claim);
    let fetch = outcome.fetch.as_ref();
    let duration = fetch.map_or(Duration::ZERO, |fetch| fetch.duration);
    let missed = missed_fields(&outcome.selectors);
    let stored = store.record_page(outcome).await?;
    let link = claim.entry.link.as_ref();
    let url = link.map(link::mask_secrets).unwrap_or_default();
    let ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    if !missed.is_empty() {
        warn!(
            source = source.name,
            url,
            fields = missed.join(","),
            "no selector matched: extracted without rules where possible"
        );
    }
    match &failure {
        None => debug!(source = source.name, url, ms, "collected: {stored:?}"),
        Some(failure) => {
            warn!(source = source.name, url, code = failure.code, ms, "page failed: {}", failure.message);
        }
    }
    Ok(PageReport { source: source.name.clone(), url, stored, failure, duration })
}

/// Fields that have selectors, none of which matched.
fn missed_fields(tried: &[SelectorOutcome]) -> Vec<&'static str> {
    let is_matched = |field| tried.iter().any(|tried| tried.field == field && tried.matched);
    let mut fields: Vec<_> =
        tried.iter().filter(|tried| !is_matched(tried.field)).map(|tried| tried.field.as_str()).collect();
    fields.dedup();
    fields
}
