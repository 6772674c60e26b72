//! The second half of the way: from an entry that waits to an article in the store.

mod page;

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tracing::{debug, warn};
use url::Url;

use crate::config::{Config, FilterInput, PagePolicy, Source};
use crate::fetch::{Fetcher, ResponseContent};
use crate::model::{
    ClaimedEntry, CollectedArticle, Failure, FetchStats, Field, Grade, Method, PageOutcome, PageResult,
    SelectorOutcome, StoreOutcome, TextState, Validators,
};
use crate::store::{Store, StoreError};
use crate::{article_builder, identity, link, schedule};
use page::{Blame, Missed, Rest, another, fetch, first, from_feed, put_together};

/// What one page came to, for the table and for people.
#[derive(Clone, Debug, PartialEq)]
pub struct PageReport {
    /// Name of the source.
    pub source: String,
    /// The entry's link, with secrets masked; empty where it has none.
    pub url: String,
    /// What storing it came to.
    pub stored: StoreOutcome,
    /// What went wrong.
    pub failure: Option<Failure>,
    /// How long it took, waiting for the host's turn included.
    pub duration: Duration,
}

/// What one step works on; cheap to hand to another thread.
#[derive(Clone)]
struct Desk {
    config: Arc<Config>,
    source: Arc<Source>,
    claim: Arc<ClaimedEntry>,
}

impl Desk {
    fn cutting(&self) -> article_builder::ArticleBuilder<'_> {
        article_builder::ArticleBuilder {
            config: &self.config,
            source: &self.source,
            claim: &self.claim,
        }
    }
}

/// What was met on the way to a page, whatever it came to.
#[derive(Default)]
struct Way {
    /// What all its fetches learned; `None` until something was requested.
    fetch: Option<FetchStats>,
    tried: Vec<SelectorOutcome>,
}

impl Way {
    /// Time spent on requests so far.
    fn duration(&self) -> Duration {
        self.fetch.as_ref().map_or(Duration::ZERO, |fetch| fetch.duration)
    }

    fn add(&mut self, fetch: FetchStats) {
        match &mut self.fetch {
            Some(all) => all.add(fetch),
            None => self.fetch = Some(fetch),
        }
    }
}

/// Collects one entry: fetch its page, cut the article out, name it, record it.
///
/// An article never disappears: when its page had all its tries, or is not to be had at all, the feed's own text is
/// kept, and the page is tried once more a week later.
pub async fn collect(
    store: &Store,
    fetcher: &Fetcher,
    config: &Arc<Config>,
    source: &Arc<Source>,
    claim: ClaimedEntry,
    now: DateTime<Utc>,
) -> Result<PageReport, StoreError> {
    let desk = Desk {
        config: Arc::clone(config),
        source: Arc::clone(source),
        claim: Arc::new(claim),
    };
    let mut way = Way::default();
    let mut again = None;
    let (result, failure) = match attempt(store, fetcher, &desk, &mut way, now).await {
        Ok(Came::NotModified(validators)) => {
            again = look_again(&desk, now + way.duration());
            (PageResult::NotModified(validators), None)
        }
        Ok(Came::Article(cutting)) => {
            // What the feed says itself is told by the feed when it changes.
            let is_lost = cutting.failure.is_some() && desk.claim.revisit.is_some();
            if cutting.method != Method::Feed || is_lost {
                again = look_again(&desk, now + way.duration());
            }
            let failure = cutting.failure.clone();
            let result =
                unwanted(&desk, &cutting).map_or_else(|| PageResult::Article(cutting), PageResult::Excluded);
            (result, failure)
        }
        Err(Missed {
            failure,
            blame: Blame::Host(until),
        }) => (PageResult::HostUnavailable(failure.clone(), until), Some(failure)),
        Err(Missed {
            failure,
            blame: Blame::Page,
        }) => {
            let end = now + way.duration();
            let again = match failure.grade {
                // Only a part of the article is there: the rest is worth every try.
                Grade::Temporary | Grade::Soft if desk.claim.text_state == TextState::Partial => {
                    schedule::page_retry(desk.claim.attempts, end).or(Some(end))
                }
                // The article is there: another look is for changes only.
                grade if desk.claim.revisit.is_some() => {
                    let retry = (grade != Grade::Permanent)
                        .then(|| schedule::page_retry(desk.claim.attempts, end))
                        .flatten();
                    let soonest = retry.into_iter().chain(look_again(&desk, end)).min();
                    Some(soonest.unwrap_or(end))
                }
                // The article is there; this was the last look for something better.
                _ if !desk.claim.text_state.has_late_try() => Some(end),
                Grade::Permanent => None,
                Grade::Temporary | Grade::Soft => schedule::page_retry(desk.claim.attempts, end),
            };
            let result = match again {
                Some(again) => PageResult::Retry(failure.clone(), again),
                None => PageResult::Article(Box::new(
                    from_feed(store, &desk, Some(failure.clone()), end).await,
                )),
            };
            (result, Some(failure))
        }
    };
    let page = PageOutcome {
        entry: desk.claim.id,
        lease: desk.claim.lease,
        at: now,
        fetch: way.fetch,
        result,
        selectors: way.tried,
        revisit_at: again,
    };
    record(store, &desk, page, failure).await
}

/// When the page is looked at again for changes, as the source wants it.
fn look_again(desk: &Desk, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let had = desk
        .claim
        .revisit
        .as_ref()
        .map_or(now, |revisit| revisit.fetched_at);
    schedule::next_revisit(&desk.source.revisit, had, now)
}

/// What speaks against an article, now that it can be read. One that is kept already stays.
fn unwanted(desk: &Desk, cutting: &CollectedArticle) -> Option<&'static str> {
    let extraction = &cutting.extraction;
    if desk.claim.text_state.is_stored() {
        return None;
    }
    desk.source.filters.excluded_by(&FilterInput {
        title: extraction.title.as_deref(),
        language: extraction.language.as_deref(),
        text: Some(&extraction.text),
        ..FilterInput::default()
    })
}

/// What a try brought.
enum Came {
    Article(Box<CollectedArticle>),
    /// The page is as it was.
    NotModified(Validators),
}

/// One try: the page where there is one, the feed's text where it is the article.
async fn attempt(
    store: &Store,
    fetcher: &Fetcher,
    desk: &Desk,
    way: &mut Way,
    now: DateTime<Utc>,
) -> Result<Came, Missed> {
    match wanted(&desk.source, &desk.claim) {
        Wanted::No => {
            let cutting = from_feed(store, desk, None, now).await;
            Ok(Came::Article(Box::new(cutting)))
        }
        Wanted::Never(failure) => Err(Missed::own(failure)),
        Wanted::Yes(url) => {
            let known = desk.claim.revisit.as_ref();
            let (fetched, document) = match fetch(fetcher, &desk.source, (&url, known), way, now).await? {
                (fetched, ResponseContent::Document(document)) => (fetched, document),
                (_, ResponseContent::NotModified(validators)) => return Ok(Came::NotModified(validators)),
            };
            let first = first(store, desk, fetched, document, (now, now + way.duration()))
                .await
                .map_err(Missed::own)?;
            // A link to another page is on few pages: that it is not there says nothing about the rules.
            way.tried = first.tried;
            way.tried
                .retain(|tried| !matches!(tried.field, Field::NextPage | Field::SinglePage));
            let (mut page, mut pagination) = match first.rest {
                Rest::None(cutting) => return Ok(Came::Article(cutting)),
                Rest::Pages(page, pagination) => (page, pagination),
            };
            while let Some(url) = pagination.next_url().cloned() {
                match another(store, fetcher, desk, &url, way, now).await {
                    Ok(page) => pagination.add_page(&page.fetched.fetch.url, page.extraction),
                    Err(failure) => pagination.skip_page(failure),
                }
            }
            let (extraction, missing) = pagination.finish();
            page.extraction = extraction;
            let cutting = put_together(store, desk, *page, missing, now + way.duration()).await;
            Ok(Came::Article(Box::new(cutting)))
        }
    }
}

/// Whether an entry has a page worth a request.
enum Wanted {
    Yes(Url),
    /// The feed's text is the article, as configured.
    No,
    /// There is no page to be had.
    Never(Failure),
}

fn wanted(source: &Source, claim: &ClaimedEntry) -> Wanted {
    let full = claim.entry.has_full_text();
    let permanent = |code, message: &str| {
        if claim.revisit.is_some() {
            // It is kept with the feed's text for want of a page, and the feed says more now.
            return Wanted::No;
        }
        let url = claim.entry.link.as_ref().map(link::mask_secrets);
        Wanted::Never(Failure {
            code,
            grade: Grade::Permanent,
            message: message.into(),
            url,
            status: None,
        })
    };
    match (&claim.entry.link, source.pages) {
        (_, PagePolicy::Never) => Wanted::No,
        (_, PagePolicy::Auto) if full => Wanted::No,
        (None, _) => permanent(
            "no-link",
            "the entry has no http or https link: the feed's text is kept",
        ),
        (Some(url), _) if !identity::is_specific(url) => permanent(
            "not-specific",
            "the entry links to a front page or a login page: the feed's text is kept",
        ),
        (Some(url), _) => Wanted::Yes(url.clone()),
    }
}

/// Commits the page and says it in one line.
async fn record(
    store: &Store,
    desk: &Desk,
    page: PageOutcome,
    failure: Option<Failure>,
) -> Result<PageReport, StoreError> {
    let (source, claim) = (&desk.source, &desk.claim);
    let duration = page.fetch.as_ref().map_or(Duration::ZERO, |fetch| fetch.duration);
    let missed = missed_fields(&page.selectors);
    let stored = store.record_page(page).await?;
    let url = claim
        .entry
        .link
        .as_ref()
        .map(link::mask_secrets)
        .unwrap_or_default();
    let ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    if !missed.is_empty() {
        warn!(
            source = source.name,
            url,
            fields = missed.join(","),
            "selectors missed: found automatically where possible"
        );
    }
    match &failure {
        None => debug!(source = source.name, url, ms, "collected: {stored:?}"),
        Some(failure) => warn!(
            source = source.name,
            url,
            code = failure.code,
            ms,
            "page failed: {}",
            failure.message
        ),
    }
    Ok(PageReport {
        source: source.name.clone(),
        url,
        stored,
        failure,
        duration,
    })
}

/// Fields that have selectors, none of which hit.
fn missed_fields(tried: &[SelectorOutcome]) -> Vec<&'static str> {
    let hit = |field| tried.iter().any(|tried| tried.field == field && tried.matched);
    let mut fields: Vec<_> = tried
        .iter()
        .filter(|tried| !hit(tried.field))
        .map(|tried| tried.field.as_str())
        .collect();
    fields.dedup();
    fields
}
