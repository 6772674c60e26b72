//! The second half of the way: from an entry that waits to an article in the store.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use tracing::{debug, warn};
use url::Url;

use crate::config::{Config, Judged, Pages, Source};
use crate::extract::Series;
use crate::fetch::{Document, Fetched, Fetcher, Outcome, Request, Want};
use crate::model::{
    ClaimedEntry, Cutting, Extraction, Failure, Field, Grade, HostNote, Kind, Method, PageOutcome,
    PageResult, Revisit, RobotsNote, Stored, Tried, Validators,
};
use crate::store::{Store, StoreError, Work};
use crate::{cores, cutting, extract, html, identity, link, probe, schedule};

/// What one page came to, for the table and for people.
#[derive(Clone, Debug, PartialEq)]
pub struct PageReport {
    /// Name of the source.
    pub source: String,
    /// The entry's link, with secrets masked; empty where it has none.
    pub url: String,
    /// What storing it came to.
    pub stored: Stored,
    /// What went wrong.
    pub failure: Option<Failure>,
    /// How long it took, waiting for the host's turn included.
    pub took: Duration,
}

/// What one step works on; cheap to hand to another thread.
#[derive(Clone)]
struct Desk {
    config: Arc<Config>,
    source: Arc<Source>,
    claim: Arc<ClaimedEntry>,
}

impl Desk {
    fn cutting(&self) -> cutting::Desk<'_> {
        cutting::Desk {
            config: &self.config,
            source: &self.source,
            claim: &self.claim,
        }
    }
}

/// What was met on the way to a page, whatever it came to.
#[derive(Default)]
struct Way {
    took: Duration,
    hosts: Vec<HostNote>,
    robots: Vec<RobotsNote>,
    odd_headers: u64,
    tried: Vec<Tried>,
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
            again = look_again(&desk, now + way.took);
            (PageResult::NotModified(validators), None)
        }
        Ok(Came::Article(cutting)) => {
            // What the feed says itself is told by the feed when it changes.
            let is_lost = cutting.failure.is_some() && desk.claim.revisit.is_some();
            if cutting.method != Method::Feed || is_lost {
                again = look_again(&desk, now + way.took);
            }
            let failure = cutting.failure.clone();
            let result =
                unwanted(&desk, &cutting).map_or_else(|| PageResult::Article(cutting), PageResult::Unwanted);
            (result, failure)
        }
        Err(Missed {
            failure,
            host_rests: true,
        }) => (PageResult::HostRests(failure.clone()), Some(failure)),
        Err(Missed {
            failure,
            host_rests: false,
        }) => {
            let end = now + way.took;
            let again = match failure.grade {
                // Only a part of the article is there: the rest is worth every try.
                Grade::Temporary | Grade::Soft if desk.claim.partial => {
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
                _ if desk.claim.upgrade => Some(end),
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
    let Way {
        took,
        hosts,
        robots,
        odd_headers,
        tried,
    } = way;
    let page = PageOutcome {
        entry: desk.claim.id,
        lease: desk.claim.lease,
        at: now,
        took,
        result,
        hosts,
        robots,
        odd_headers,
        tried,
        again,
    };
    record(store, &desk, page, failure).await
}

/// When the page is looked at again for changes, as the source wants it.
fn look_again(desk: &Desk, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let had = desk.claim.revisit.as_ref().map_or(now, |revisit| revisit.had_at);
    schedule::revisit(&desk.source.revisit, had, now)
}

/// What speaks against an article, now that it can be read. One that is kept already stays.
fn unwanted(desk: &Desk, cutting: &Cutting) -> Option<&'static str> {
    let extraction = &cutting.extraction;
    if desk.claim.upgrade {
        return None;
    }
    desk.source.filters.against(&Judged {
        title: extraction.title.as_deref(),
        language: extraction.language.as_deref(),
        text: Some(&extraction.text),
        ..Judged::default()
    })
}

/// What a try brought.
enum Came {
    Article(Box<Cutting>),
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
        // Of an article that is kept with the feed's text for want of a page the feed says more now.
        Wanted::Never(_) if desk.claim.revisit.is_some() => {
            let cutting = from_feed(store, desk, None, now).await;
            Ok(Came::Article(Box::new(cutting)))
        }
        Wanted::No => {
            let cutting = from_feed(store, desk, None, now).await;
            Ok(Came::Article(Box::new(cutting)))
        }
        Wanted::Never(failure) => Err(Missed::own(failure)),
        Wanted::Yes(url) => {
            let known = desk.claim.revisit.as_ref();
            let (fetched, document) = match fetch(fetcher, &desk.source, (&url, known), way, now).await? {
                (fetched, Outcome::Document(document)) => (fetched, document),
                (_, Outcome::NotModified(validators)) => return Ok(Came::NotModified(validators)),
            };
            let mut first = read(store, desk, fetched, document, now)
                .await
                .map_err(Missed::own)?;
            // A link to another page is on few pages: that it is not there says nothing about the rules.
            way.tried = std::mem::take(&mut first.extraction.tried);
            way.tried
                .retain(|tried| !matches!(tried.field, Field::NextPage | Field::SinglePage));
            let mut series = Series::new(&first.fetched.url, std::mem::take(&mut first.extraction));
            while let Some(url) = series.wanted().cloned() {
                match another(store, fetcher, desk, &url, way, now).await {
                    Ok(page) => series.add(&page.fetched.url, page.extraction),
                    Err(failure) => series.missed(failure),
                }
            }
            let (extraction, missing) = series.done();
            first.extraction = extraction;
            let cutting = put_together(store, desk, first, missing, now + way.took).await;
            Ok(Came::Article(Box::new(cutting)))
        }
    }
}

/// A page of an article, read.
struct Read {
    fetched: Fetched,
    document: Document,
    extraction: Extraction,
}

/// Another page of the same article, as politely as the first.
async fn another(
    store: &Store,
    fetcher: &Fetcher,
    desk: &Desk,
    url: &Url,
    way: &mut Way,
    now: DateTime<Utc>,
) -> Result<Read, Failure> {
    let now = now + way.took;
    let (fetched, outcome) = fetch(fetcher, &desk.source, (url, None), way, now)
        .await
        .map_err(|missed| missed.failure)?;
    let Outcome::Document(document) = outcome else {
        let message = "answered 304 to an unconditional request";
        return Err(own_failure(&fetched, "http-304", message.into()));
    };
    read(store, desk, fetched, document, now).await
}

/// The article of its page or pages, off the async threads.
async fn put_together(
    store: &Store,
    desk: &Desk,
    page: Read,
    missing: Option<Failure>,
    now: DateTime<Utc>,
) -> Cutting {
    let turn = cores::turn().await;
    let mark = store.working(Work::Entry(desk.claim.id));
    let worker = desk.clone();
    let panicked = own_failure(&page.fetched, "extractor-panic", PANICKED.into());
    let cutting = turn.work(move || {
        let _mark = mark;
        let Read {
            fetched,
            document,
            extraction,
        } = page;
        worker
            .cutting()
            .from_page(&fetched, document, extraction, missing, now)
    });
    match cutting.await {
        Ok(cutting) => cutting,
        Err(_panic) => from_feed(store, desk, Some(panicked), now).await,
    }
}

/// What is said of a page that the parser could not bear.
const PANICKED: &str = "the page made the extractor panic; please report it";

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
        let url = claim.entry.link.as_ref().map(link::masked);
        Wanted::Never(Failure {
            code,
            grade: Grade::Permanent,
            message: message.into(),
            url,
            status: None,
        })
    };
    match (&claim.entry.link, source.pages) {
        (_, Pages::Never) => Wanted::No,
        (_, Pages::Auto) if full => Wanted::No,
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

/// A page that was not had.
struct Missed {
    failure: Failure,
    /// Whether it is the trouble of the host that serves the entry's link, which costs the page no attempt.
    host_rests: bool,
}

impl Missed {
    /// The page's own failure.
    fn own(failure: Failure) -> Self {
        Self {
            failure,
            host_rests: false,
        }
    }
}

/// Fetches the page, of one that is known only if it changed, and refuses where a redirect led to no page of the
/// article's own.
async fn fetch(
    fetcher: &Fetcher,
    source: &Source,
    (url, known): (&Url, Option<&Revisit>),
    way: &mut Way,
    now: DateTime<Utc>,
) -> Result<(Fetched, Outcome), Missed> {
    let mut request = Request::new(url.clone(), Want::Page);
    if let Some(known) = known {
        request = request.with_validators(known.validators.clone());
        request.validators_from.clone_from(&known.validators_from);
    }
    request.robots = !source.ignore_robots;
    let request = request
        .for_source(source)
        .await
        .map_err(|error| Missed::own(error.failure(url)))?;
    let mut fetched = match fetcher.get(request, now).await {
        Ok(fetched) => fetched,
        Err(failed) => {
            way.took += failed.took;
            let missed = Missed {
                failure: failed.failure(),
                host_rests: failed.rests_host(),
            };
            way.hosts.extend(failed.hosts);
            way.robots.extend(failed.robots);
            way.odd_headers += failed.odd_headers;
            return Err(missed);
        }
    };
    way.took += fetched.took;
    way.hosts.append(&mut fetched.hosts);
    way.robots.append(&mut fetched.robots);
    way.odd_headers += fetched.odd_headers;
    if !identity::is_specific(&fetched.url) {
        let to = link::masked(&fetched.url);
        let failure = if link::is_wall(&fetched.url) {
            own_failure(
                &fetched,
                "wall",
                format!("{} redirects to a consent or login page", link::masked(url)),
            )
        } else {
            own_failure(
                &fetched,
                "redirected-to-front",
                format!("{} redirects to the front page {to}", link::masked(url)),
            )
        };
        return Err(Missed::own(failure));
    }
    let nothing = Outcome::NotModified(Validators::default());
    let outcome = std::mem::replace(&mut fetched.outcome, nothing);
    Ok((fetched, outcome))
}

/// Extracts off the async threads; whatever the parser does costs this one page one error.
async fn read(
    store: &Store,
    desk: &Desk,
    fetched: Fetched,
    document: Document,
    now: DateTime<Utc>,
) -> Result<Read, Failure> {
    let crashes = desk.claim.crashes;
    if crashes > 0
        && !probe::survives(
            probe::Kind::Page,
            document.content_type.as_deref(),
            &document.body,
        )
        .await
    {
        let (code, message) = probe::verdict(crashes);
        let grade = if code == "set-aside" {
            Grade::Permanent
        } else {
            Grade::Soft
        };
        return Err(Failure {
            grade,
            ..own_failure(&fetched, code, message)
        });
    }
    let panicked = own_failure(&fetched, "extractor-panic", PANICKED.into());
    let turn = cores::turn().await;
    let mark = store.working(Work::Entry(desk.claim.id));
    let desk = desk.clone();
    let read = turn.work(move || {
        let _mark = mark;
        let extraction = extract(&desk, &fetched, &document, now)?;
        Ok(Read {
            fetched,
            document,
            extraction,
        })
    });
    read.await.map_err(|_panic| panicked)?
}

/// Longest that reading one page may take. A build for debugging is given what it is slower by.
const PATIENCE: Duration = Duration::from_secs(if cfg!(debug_assertions) { 60 } else { 2 });

/// What the rules, or the automatic, make of a page.
fn extract(
    desk: &Desk,
    fetched: &Fetched,
    document: &Document,
    now: DateTime<Utc>,
) -> Result<Extraction, Failure> {
    let (config, source, url) = (&desk.config, Some(&*desk.source), &fetched.url);
    let html = html::decode(&document.body, document.content_type.as_deref());
    let link_header = document.headers.get_str("link");
    let page = extract::Page {
        html: &html,
        url,
        link_header: link_header.as_deref(),
    };
    let begun = Instant::now();
    let extraction = extract::article_within(
        &page,
        &config.rules_for(source, url, now),
        config.zone_for(source, url),
        now,
        &|| begun.elapsed() < PATIENCE,
    )
    .map_err(|error| Failure {
        grade: error.grade(),
        ..own_failure(fetched, error.code(), error.to_string())
    })?;
    match extraction.kind {
        Kind::Challenge => Err(own_failure(
            fetched,
            "challenge",
            "the site asks whether we are human".into(),
        )),
        Kind::NotArticle => Err(own_failure(
            fetched,
            "rejected",
            "the page is no article: it has a text of `reject_if_contains`".into(),
        )),
        Kind::Article | Kind::Paywalled => Ok(extraction),
    }
}

/// An article of the feed's own text, off the async threads; where even that cannot be read, without any text.
async fn from_feed(store: &Store, desk: &Desk, failure: Option<Failure>, now: DateTime<Utc>) -> Cutting {
    let turn = cores::turn().await;
    let mark = store.working(Work::Entry(desk.claim.id));
    let (reader, reason) = (desk.clone(), failure.clone());
    let read = turn.work(move || {
        let _mark = mark;
        reader.cutting().from_feed(reason, now)
    });
    read.await
        .unwrap_or_else(|_panic| desk.cutting().without_text(Extraction::default(), failure, now))
}

/// A failure of the page itself.
fn own_failure(fetched: &Fetched, code: &'static str, message: String) -> Failure {
    Failure {
        code,
        grade: Grade::Soft,
        message,
        url: Some(link::masked(&fetched.url)),
        status: Some(fetched.status),
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
    let took = page.took;
    let missed = missed_fields(&page.tried);
    let stored = store.record_page(page).await?;
    let url = claim.entry.link.as_ref().map(link::masked).unwrap_or_default();
    let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
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
        took,
    })
}

/// Fields that have selectors, none of which hit.
fn missed_fields(tried: &[Tried]) -> Vec<&'static str> {
    let hit = |field| tried.iter().any(|tried| tried.field == field && tried.hit);
    let mut fields: Vec<_> = tried
        .iter()
        .filter(|tried| !hit(tried.field))
        .map(|tried| tried.field.as_str())
        .collect();
    fields.dedup();
    fields
}
