//! A page of an article: fetched, read, and put together with the others; or why not.

use chrono::{DateTime, Utc};
use url::Url;

use super::{Desk, Way};
use crate::config::Source;
use crate::extract::Pagination;
use crate::fetch::{FetchedDocument, Fetcher, Request, ResourceKind, Response, ResponseContent};
use crate::model::{
    CollectedArticle, Extraction, Failure, Grade, PageKind, Revisit, SelectorOutcome, Validators,
};
use crate::store::{Store, WorkItem};
use crate::{cpu, extract, html, identity, link, probe};

/// A page that was not had.
pub(super) struct Missed {
    pub(super) failure: Failure,
    pub(super) blame: Blame,
}

/// Whose trouble it is.
#[derive(Clone, Copy)]
pub(super) enum Blame {
    /// An attempt is counted.
    Page,
    /// None is: of the host that serves the entry's link, or of another one that rests until then.
    Host(Option<DateTime<Utc>>),
}

impl Missed {
    /// The page's own failure.
    pub(super) fn own(failure: Failure) -> Self {
        Self {
            failure,
            blame: Blame::Page,
        }
    }
}

/// A page of an article, read.
pub(super) struct Read {
    pub(super) fetched: Response,
    document: FetchedDocument,
    pub(super) extraction: Extraction,
}

impl Read {
    /// The article that it is the page of, or the first page.
    fn cut(self, desk: &Desk, missing: Option<Failure>, now: DateTime<Utc>) -> CollectedArticle {
        let Self {
            fetched,
            document,
            extraction,
        } = self;
        desk.cutting()
            .from_page(&fetched, document, extraction, missing, now)
    }
}

/// The first page of an article, read.
pub(super) struct First {
    pub(super) tried: Vec<SelectorOutcome>,
    pub(super) rest: Rest,
}

/// What is still to be done for an article whose first page was read.
pub(super) enum Rest {
    /// Nothing.
    None(Box<CollectedArticle>),
    /// Other pages of it.
    Pages(Box<Read>, Box<Pagination>),
}

impl First {
    fn of(desk: &Desk, mut page: Read, now: DateTime<Utc>) -> Self {
        let tried = std::mem::take(&mut page.extraction.selectors);
        let pagination = Pagination::new(&page.fetched.fetch.url, std::mem::take(&mut page.extraction));
        if pagination.next_url().is_some() {
            return Self {
                tried,
                rest: Rest::Pages(Box::new(page), Box::new(pagination)),
            };
        }
        let missing;
        (page.extraction, missing) = pagination.finish();
        Self {
            tried,
            rest: Rest::None(Box::new(page.cut(desk, missing, now))),
        }
    }
}

/// Fetches the page, of one that is known only if it changed, and refuses where a redirect led to no page of the
/// article's own.
pub(super) async fn fetch(
    fetcher: &Fetcher,
    source: &Source,
    (url, known): (&Url, Option<&Revisit>),
    way: &mut Way,
    now: DateTime<Utc>,
) -> Result<(Response, ResponseContent), Missed> {
    let mut request = Request::new(url.clone(), ResourceKind::Page);
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
            let missed = Missed {
                failure: failed.failure(),
                blame: match failed.waits_for_another() {
                    None if !failed.rests_host() => Blame::Page,
                    until => Blame::Host(until),
                },
            };
            way.add(failed.fetch);
            return Err(missed);
        }
    };
    way.add(fetched.fetch.clone());
    if !identity::is_specific(&fetched.fetch.url) {
        let to = link::mask_secrets(&fetched.fetch.url);
        let failure = if link::is_wall(&fetched.fetch.url) {
            own_failure(
                &fetched,
                "wall",
                format!("{} redirects to a consent or login page", link::mask_secrets(url)),
            )
        } else {
            own_failure(
                &fetched,
                "redirected-to-front",
                format!("{} redirects to the front page {to}", link::mask_secrets(url)),
            )
        };
        return Err(Missed::own(failure));
    }
    let nothing = ResponseContent::NotModified(Validators::default());
    let outcome = std::mem::replace(&mut fetched.content, nothing);
    Ok((fetched, outcome))
}

/// Reads the first page, and puts the article together where that is all of it; at `fetched_at` it was there.
pub(super) async fn first(
    store: &Store,
    desk: &Desk,
    fetched: Response,
    document: FetchedDocument,
    (now, fetched_at): (DateTime<Utc>, DateTime<Utc>),
) -> Result<First, Failure> {
    read(store, desk, fetched, document, now, move |desk, page| {
        First::of(desk, page, fetched_at)
    })
    .await
}

/// Extracts and goes on with what was read, with a core of its own; whatever the parser does costs this one page one error.
async fn read<T: Send + 'static>(
    store: &Store,
    desk: &Desk,
    fetched: Response,
    document: FetchedDocument,
    now: DateTime<Utc>,
    then: impl FnOnce(&Desk, Read) -> T + Send + 'static,
) -> Result<T, Failure> {
    if document.body.trim_ascii().is_empty() {
        // A server in trouble, not a page without text: the article may be there the next time.
        return Err(own_failure(
            &fetched,
            "empty-page",
            "the answer is empty; it is tried again".into(),
        ));
    }
    let crashes = desk.claim.crashes;
    if crashes > 0
        && !probe::survives(
            probe::ProbeKind::Page,
            document.content_type.as_deref(),
            &document.body,
        )
        .await
    {
        let (code, message) = probe::crash_failure(crashes);
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
    let turn = cpu::permit().await;
    let mark = store.begin_work(WorkItem::Entry(desk.claim.id));
    let desk = desk.clone();
    let read = turn.work(document.body.len(), move || {
        let _mark = mark;
        let extraction = extract(&desk, &fetched, &document, now)?;
        let page = Read {
            fetched,
            document,
            extraction,
        };
        Ok(then(&desk, page))
    });
    read.await.map_err(|_panic| panicked)?
}

/// What is said of a page that the parser could not bear.
const PANICKED: &str = "the page made the extractor panic; please report it";

/// What the rules, or the automatic, make of a page.
fn extract(
    desk: &Desk,
    fetched: &Response,
    document: &FetchedDocument,
    now: DateTime<Utc>,
) -> Result<Extraction, Failure> {
    let (config, source, url) = (&desk.config, Some(&*desk.source), &fetched.fetch.url);
    let html = html::decode(&document.body, document.content_type.as_deref());
    let link_header = document.headers.get_str("link");
    let page = extract::PageInput {
        html: &html,
        url,
        link_header: link_header.as_deref(),
    };
    let rules = config.rules_for(source, url, now);
    let extraction =
        extract::article(&page, &rules, config.zone_for(source, url), now).map_err(|error| Failure {
            grade: error.grade(),
            ..own_failure(fetched, error.code(), error.to_string())
        })?;
    match extraction.kind {
        PageKind::Challenge => Err(own_failure(
            fetched,
            "challenge",
            "the site asks whether we are human".into(),
        )),
        PageKind::NotArticle => Err(own_failure(
            fetched,
            "rejected",
            "the page is no article: it has a text of `reject_if_contains`".into(),
        )),
        PageKind::Article | PageKind::Paywalled => Ok(extraction),
    }
}

/// An article of the feed's own text; where even that cannot be read, without any text.
pub(super) async fn from_feed(
    store: &Store,
    desk: &Desk,
    failure: Option<Failure>,
    now: DateTime<Utc>,
) -> CollectedArticle {
    let turn = cpu::permit().await;
    let mark = store.begin_work(WorkItem::Entry(desk.claim.id));
    let (reader, reason) = (desk.clone(), failure.clone());
    let entry = &desk.claim.entry;
    let texts = [&entry.summary, &entry.content].into_iter().flatten();
    let read = turn.work(texts.map(String::len).sum(), move || {
        let _mark = mark;
        reader.cutting().from_feed(reason, now)
    });
    read.await
        .unwrap_or_else(|_panic| desk.cutting().without_text(Extraction::default(), failure, now))
}

/// A failure of the page itself.
fn own_failure(fetched: &Response, code: &'static str, message: String) -> Failure {
    Failure {
        code,
        grade: Grade::Soft,
        message,
        url: Some(link::mask_secrets(&fetched.fetch.url)),
        status: fetched.fetch.status,
    }
}

/// Another page of the same article, as politely as the first.
pub(super) async fn another(
    store: &Store,
    fetcher: &Fetcher,
    desk: &Desk,
    url: &Url,
    way: &mut Way,
    now: DateTime<Utc>,
) -> Result<Read, Failure> {
    let now = now + way.duration();
    let (fetched, outcome) = fetch(fetcher, &desk.source, (url, None), way, now)
        .await
        .map_err(|missed| missed.failure)?;
    let ResponseContent::Document(document) = outcome else {
        let message = "answered 304 to an unconditional request";
        return Err(own_failure(&fetched, "http-304", message.into()));
    };
    read(store, desk, fetched, document, now, |_, page| page).await
}

/// The article of its pages.
pub(super) async fn put_together(
    store: &Store,
    desk: &Desk,
    page: Read,
    missing: Option<Failure>,
    now: DateTime<Utc>,
) -> CollectedArticle {
    let turn = cpu::permit().await;
    let mark = store.begin_work(WorkItem::Entry(desk.claim.id));
    let worker = desk.clone();
    let panicked = own_failure(&page.fetched, "extractor-panic", PANICKED.into());
    let cutting = turn.work(page.document.body.len(), move || {
        let _mark = mark;
        page.cut(&worker, missing, now)
    });
    match cutting.await {
        Ok(cutting) => cutting,
        Err(_panic) => from_feed(store, desk, Some(panicked), now).await,
    }
}
