//! The pages of an article: fetched, parsed and joined.
//!
//! Extraction and everything that builds an article from it run with a CPU permit and under a crash guard of the store,
//! so that a panic costs this one page one failure, and a crash is noticed at the next start.

use chrono::{DateTime, Utc};
use tracing::debug;
use url::Url;

use super::context::{Attempt, CollectContext};
use crate::extract::Pagination;
use crate::fetch::{FailedFetch, FetchedDocument, Request, ResourceKind, ResponseContent};
use crate::model::{
    CollectedArticle, Extraction, Failure, FetchStats, Grade, PageKind, Revisit, SelectorOutcome, Validators,
};
use crate::store::WorkItem;
use crate::{cpu, extract, html, identity, link, probe};

/// Why a page could not be collected.
pub(super) struct PageFailure {
    /// As it is recorded.
    pub(super) failure: Failure,
    /// Whether it counts as a failed try of the page.
    pub(super) scope: FailureScope,
}

/// What a failure counts against.
#[derive(Clone, Copy)]
pub(super) enum FailureScope {
    /// The page: an attempt is counted.
    Page,
    /// The host of the entry's link; with a time what keeps this page alone from being asked until then, such as another
    /// host in backoff. No attempt is counted.
    Host(Option<DateTime<Utc>>),
}

impl From<Failure> for PageFailure {
    fn from(failure: Failure) -> Self {
        Self { failure, scope: FailureScope::Page }
    }
}

impl From<&FailedFetch> for PageFailure {
    fn from(failed: &FailedFetch) -> Self {
        let not_asked = failed.not_asked_until();
        Self {
            failure: failed.failure(),
            scope: if not_asked.is_some() || failed.is_host_failure() {
                FailureScope::Host(not_asked)
            } else {
                FailureScope::Page
            },
        }
    }
}

/// What a request for a page brought.
pub(super) enum PageVisit<T> {
    Page(T),
    /// The page did not change since the last time (304).
    NotModified(Validators),
}

/// What a page is.
enum Parsed<T> {
    Page(T),
    /// A page without a text that leads on by itself.
    LeadsTo(Url),
}

/// A page after extraction.
pub(super) struct ParsedPage {
    /// Status, URL and redirects of this page.
    pub(super) fetch: FetchStats,
    /// Becomes the stored page, if the source stores pages.
    document: FetchedDocument,
    /// Of the first page: replaced by that of all pages once they are joined.
    pub(super) extraction: Extraction,
}

impl ParsedPage {
    /// The article whose only or first page this is.
    fn build(
        self,
        context: &CollectContext,
        missing: Option<Failure>,
        now: DateTime<Utc>,
    ) -> CollectedArticle {
        context.builder().build_from_page(&self.fetch, self.document, self.extraction, missing, now)
    }
}

/// The first page of an article after extraction.
pub(super) struct FirstPage {
    /// Selectors that were tried on it.
    pub(super) selectors: Vec<SelectorOutcome>,
    /// The article, or the pages that are missing from it.
    pub(super) rest: RemainingPages,
}

/// What is left to do after the first page.
pub(super) enum RemainingPages {
    /// Nothing: the article has one page.
    None(Box<CollectedArticle>),
    /// Fetch the pages that the pagination names.
    Some(Box<ParsedPage>, Box<Pagination>),
}

impl FirstPage {
    /// Builds the article at once if no further page is linked: in the same closure, with the same CPU permit.
    fn new(context: &CollectContext, mut page: ParsedPage, fetched_at: DateTime<Utc>) -> Self {
        let selectors = std::mem::take(&mut page.extraction.selectors);
        let pagination = Pagination::new(&page.fetch.url, std::mem::take(&mut page.extraction));
        if pagination.next_url().is_some() {
            return Self { selectors, rest: RemainingPages::Some(Box::new(page), Box::new(pagination)) };
        }
        let missing;
        (page.extraction, missing) = pagination.finish();
        Self { selectors, rest: RemainingPages::None(Box::new(page.build(context, missing, fetched_at))) }
    }
}

impl Attempt<'_> {
    /// Fetches and extracts the first page of an article, conditionally if it was `known` before, and builds the article if that
    /// is all of it.
    pub(super) async fn fetch_first(
        &mut self,
        url: &Url,
        known: Option<&Revisit>,
    ) -> Result<PageVisit<FirstPage>, PageFailure> {
        self.visit(url, known, FirstPage::new).await
    }

    /// Fetches and extracts another page of the article, under the same rules as the first.
    pub(super) async fn fetch_further(&mut self, url: &Url) -> Result<ParsedPage, Failure> {
        match self.visit(url, None, |_, page, _| page).await.map_err(|failed| failed.failure)? {
            PageVisit::Page(page) => Ok(page),
            PageVisit::NotModified(_) => {
                let message = "answered 304 to an unconditional request";
                let fetch = FetchStats { status: Some(304), ..FetchStats::new(url.clone()) };
                Err(page_failure(&fetch, "http-304", message.into()))
            }
        }
    }

    /// Fetches a page, extracts it, and continues with `then` in the same closure, with the same CPU permit. A page that leads on
    /// by itself is followed like a redirect. Fails if it led to a page that is not specific to the article.
    async fn visit<T: Send + 'static>(
        &mut self,
        url: &Url,
        known: Option<&Revisit>,
        then: fn(&CollectContext, ParsedPage, DateTime<Utc>) -> T,
    ) -> Result<PageVisit<T>, PageFailure> {
        let source = &self.context.source;
        let mut request = Request::new(url.clone(), ResourceKind::Page);
        if let Some(known) = known {
            request = request.with_validators(known.validators.clone());
            request.validators_from.clone_from(&known.validators_from);
        }
        request.robots = !source.ignore_robots;
        let request = request.for_source(source).await.map_err(|error| error.failure(url))?;
        let started_at = self.now();
        let mut response = self.fetcher.get(request.clone(), started_at).await;
        loop {
            let (content, trail) = match response {
                Ok(response) => response.into_content(),
                Err(failed) => {
                    let failure = PageFailure::from(&*failed);
                    self.add_fetch(failed.fetch);
                    return Err(failure);
                }
            };
            let fetched_at = started_at + trail.fetch.duration;
            let parsed = match (check_specific(url, &trail.fetch), content) {
                (Err(failure), _) => Err(failure),
                (Ok(()), ResponseContent::NotModified(validators)) => {
                    self.add_fetch(trail.fetch);
                    return Ok(PageVisit::NotModified(validators));
                }
                (Ok(()), ResponseContent::Document(document)) => {
                    self.parse(trail.fetch.clone(), document, started_at, fetched_at, then).await
                }
            };
            let failure = match parsed {
                Ok(Parsed::LeadsTo(to)) if trail.leads_on_to(&to) => {
                    debug!(url = link::mask_secrets(&trail.fetch.url), "the page leads on");
                    response = self.fetcher.lead_on(&request, trail, to, fetched_at).await;
                    continue;
                }
                Ok(Parsed::LeadsTo(_)) => interstitial_failure(&trail.fetch),
                Ok(Parsed::Page(page)) => {
                    self.add_fetch(trail.fetch);
                    return Ok(PageVisit::Page(page));
                }
                Err(failure) => failure,
            };
            self.add_fetch(trail.fetch);
            return Err(failure.into());
        }
    }

    /// Extracts a page and continues with `then` in the same closure, with the same permit.
    async fn parse<T: Send + 'static>(
        &self,
        fetch: FetchStats,
        document: FetchedDocument,
        now: DateTime<Utc>,
        fetched_at: DateTime<Utc>,
        then: fn(&CollectContext, ParsedPage, DateTime<Utc>) -> T,
    ) -> Result<Parsed<T>, Failure> {
        if document.body.trim_ascii().is_empty() {
            // More likely a server in trouble than an article without text.
            return Err(page_failure(&fetch, "empty-page", "the answer is empty; it is tried again".into()));
        }
        self.probe(&fetch, &document).await?;
        let panicked = panic_failure(&fetch);
        let permit = cpu::permit().await;
        let guard = self.store.begin_work(WorkItem::Entry(self.context.claim.id));
        let context = self.context.clone();
        let parsed = permit.work(document.body.len(), move || {
            let _guard = guard;
            let extraction = extract_article(&context, &fetch, &document, now)?;
            if let Some(to) = extraction.leads_to {
                return Ok(Parsed::LeadsTo(to));
            }
            let page = ParsedPage { fetch, document, extraction };
            Ok(Parsed::Page(then(&context, page, fetched_at)))
        });
        parsed.await.map_err(|_panic| panicked)?
    }

    /// Has a child process read a page that crashed a process before.
    async fn probe(&self, fetch: &FetchStats, document: &FetchedDocument) -> Result<(), Failure> {
        let crashes = self.context.claim.crashes;
        let content_type = document.content_type.as_deref();
        if crashes == 0 || probe::survives(probe::ProbeKind::Page, content_type, &document.body).await {
            return Ok(());
        }
        let (code, message) = probe::crash_failure(crashes);
        let grade = if code == "set-aside" { Grade::Permanent } else { Grade::Soft };
        Err(Failure { grade, ..page_failure(fetch, code, message) })
    }

    /// The article from the feed's text; without any text if that cannot be parsed.
    pub(super) async fn article_from_feed(
        &self,
        failure: Option<Failure>,
        now: DateTime<Utc>,
    ) -> CollectedArticle {
        let permit = cpu::permit().await;
        let guard = self.store.begin_work(WorkItem::Entry(self.context.claim.id));
        let (context, reason) = (self.context.clone(), failure.clone());
        let entry = &self.context.claim.entry;
        let texts = [&entry.summary, &entry.content].into_iter().flatten();
        let built = permit.work(texts.map(String::len).sum(), move || {
            let _guard = guard;
            context.builder().build_from_feed(reason, now)
        });
        built.await.unwrap_or_else(|_panic| {
            let builder = self.context.builder();
            builder.without_text(Extraction::default(), failure, now)
        })
    }

    /// The article from its joined pages.
    pub(super) async fn article_from_pages(
        &self,
        page: ParsedPage,
        missing: Option<Failure>,
    ) -> CollectedArticle {
        let now = self.now();
        let panicked = panic_failure(&page.fetch);
        let permit = cpu::permit().await;
        let guard = self.store.begin_work(WorkItem::Entry(self.context.claim.id));
        let context = self.context.clone();
        let built = permit.work(page.document.body.len(), move || {
            let _guard = guard;
            page.build(&context, missing, now)
        });
        match built.await {
            Ok(article) => article,
            Err(_panic) => self.article_from_feed(Some(panicked), now).await,
        }
    }
}

/// Extracts the article with the rules of the source and of its site. Fails if the page is none.
fn extract_article(
    context: &CollectContext,
    fetch: &FetchStats,
    document: &FetchedDocument,
    now: DateTime<Utc>,
) -> Result<Extraction, Failure> {
    let (config, url) = (&context.config, &fetch.url);
    let builder = context.builder();
    let source = Some(builder.page_source(url));
    let html = html::decode(&document.body, document.content_type.as_deref());
    let link_header = document.headers.get_str("link");
    let page = extract::PageInput { html: &html, url, link_header: link_header.as_deref() };
    let rules = config.rules_for(source, url, now);
    let mut extraction =
        extract::article(&page, &rules, config.zone_for(source, url), now).map_err(|error| Failure {
            grade: error.grade(),
            ..page_failure(fetch, error.code(), error.to_string())
        })?;
    extract::note_refresh_header(&mut extraction, document.headers.get_str("refresh").as_deref(), url);
    let (code, message) = match extraction.kind {
        PageKind::Interstitial if extraction.leads_to.is_some() => return Ok(extraction),
        PageKind::Interstitial => return Err(interstitial_failure(fetch)),
        PageKind::Challenge => ("challenge", "the site asks whether we are human"),
        PageKind::NotArticle => ("rejected", "the page is no article: it has a text of `reject_if_contains`"),
        PageKind::Article | PageKind::Paywalled => return Ok(extraction),
    };
    Err(page_failure(fetch, code, message.into()))
}

/// The failure of a page that shows its text only to what runs its scripts.
fn interstitial_failure(fetch: &FetchStats) -> Failure {
    let message =
        "the page has no text and leads on by a script, which is not run; the feed's own text is kept";
    page_failure(fetch, "interstitial", message.into())
}

/// Fails if the page at the end of the redirects is not specific to the article.
fn check_specific(asked: &Url, fetch: &FetchStats) -> Result<(), Failure> {
    let served_by = &fetch.url;
    if identity::is_specific(served_by) {
        return Ok(());
    }
    let from = link::mask_secrets(asked);
    let (code, message) = if link::is_wall(served_by) {
        ("wall", format!("{from} redirects to a consent or login page"))
    } else {
        let to = link::mask_secrets(served_by);
        ("redirected-to-front", format!("{from} redirects to the front page {to}"))
    };
    Err(page_failure(fetch, code, message))
}

/// A soft failure of the page itself.
fn page_failure(fetch: &FetchStats, code: &'static str, message: String) -> Failure {
    Failure {
        code,
        grade: Grade::Soft,
        message,
        url: Some(link::mask_secrets(&fetch.url)),
        status: fetch.status,
    }
}

/// The failure of a page that made the extractor panic.
fn panic_failure(fetch: &FetchStats) -> Failure {
    let message = "the page made the extractor panic; please report it";
    page_failure(fetch, "extractor-panic", message.into())
}
