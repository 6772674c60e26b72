//! The second half of the way: from an entry that waits to an article in the store.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tracing::{debug, warn};
use chrono_tz::Tz;
use url::Url;

use crate::config::{Config, Keep, Pages, Source};
use crate::extract;
use crate::fetch::{Document, Fetched, Fetcher, Outcome, Request, Want};
use crate::identity::{self, Identity};
use crate::link;
use crate::model::{
    ClaimedEntry, Cutting, Entry, Extraction, Failure, Field, Grade, Kind, Method, Origin, PageOutcome, PageResult,
    RawPage, Stored, Tried,
};
use crate::schedule;
use crate::store::{Store, StoreError, Work};

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
    let mut page = PageOutcome {
        entry: claim.id,
        lease: claim.lease,
        at: now,
        took: Duration::ZERO,
        result: PageResult::Article(Box::new(from_feed(config, source, &claim, None, None))),
        hosts: Vec::new(),
        tried: Vec::new(),
    };
    let (failure, host_rests) = match wanted(source, &claim) {
        Wanted::No => return record(store, source, &claim, page, None).await,
        Wanted::Never(failure) => (failure, false),
        Wanted::Yes(url) => match fetch(fetcher, &url, &mut page, now).await {
            Err(Missed { failure, host_rests }) => (failure, host_rests),
            Ok((fetched, document)) => match cut(store, config, source, &claim, &fetched, document, now).await {
                Ok((cutting, tried)) => {
                    let failure = cutting.failure.clone();
                    page.tried = tried;
                    page.result = PageResult::Article(Box::new(cutting));
                    return record(store, source, &claim, page, failure).await;
                }
                Err(failure) => (failure, false),
            },
        },
    };

    let end = now + page.took;
    let again = match failure.grade {
        Grade::Permanent => None,
        _ => schedule::page_retry(claim.attempts, end),
    };
    page.result = if host_rests {
        PageResult::HostRests(failure.clone())
    } else if claim.upgrade {
        // The article is there; this was the last look for something better.
        PageResult::Retry(failure.clone(), end)
    } else if let Some(again) = again {
        PageResult::Retry(failure.clone(), again)
    } else {
        PageResult::Article(Box::new(from_feed(config, source, &claim, Some(failure.clone()), Some(end + schedule::UPGRADE))))
    };
    record(store, source, &claim, page, Some(failure)).await
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
    let full = claim.entry.content.as_deref().is_some_and(|content| !content.trim().is_empty());
    let permanent = |code, message: &str| {
        let url = claim.entry.link.as_ref().map(link::masked);
        Wanted::Never(Failure { code, grade: Grade::Permanent, message: message.into(), url, status: None })
    };
    match (&claim.entry.link, source.pages) {
        (_, Pages::Never) => Wanted::No,
        (_, Pages::Auto) if full => Wanted::No,
        _ if claim.set_aside => {
            permanent("set-aside", "the process died three times while it read this page: the feed's text is kept; please report it")
        }
        (None, _) => permanent("no-link", "the entry has no http or https link: the feed's text is kept"),
        (Some(url), _) if !identity::is_specific(url) => {
            permanent("not-specific", "the entry links to a front page or a login page: the feed's text is kept")
        }
        (Some(url), _) => Wanted::Yes(url.clone()),
    }
}

/// A page that was not had.
struct Missed {
    failure: Failure,
    /// Whether it is the trouble of the host that serves the entry's link, which costs the page no attempt.
    host_rests: bool,
}

/// Fetches the page, and refuses where a redirect led to no page of the article's own.
async fn fetch(fetcher: &Fetcher, url: &Url, page: &mut PageOutcome, now: DateTime<Utc>) -> Result<(Fetched, Document), Missed> {
    let mut fetched = match fetcher.get(Request::new(url.clone(), Want::Page), now).await {
        Ok(fetched) => fetched,
        Err(failed) => {
            page.took = failed.took;
            let missed = Missed { failure: failed.failure(), host_rests: failed.rests_host() };
            page.hosts = failed.hosts;
            return Err(missed);
        }
    };
    page.took = fetched.took;
    page.hosts.clone_from(&fetched.hosts);
    let own_failure = |code, message: String| Missed {
        failure: Failure {
            code,
            grade: Grade::Soft,
            message,
            url: Some(link::masked(url)),
            status: Some(fetched.status),
        },
        host_rests: false,
    };
    if !identity::is_specific(&fetched.url) {
        let code = if link::is_wall(&fetched.url) { "wall" } else { "redirected-to-front" };
        let what = if code == "wall" { "a consent or login page" } else { "the front page" };
        return Err(own_failure(code, format!("redirected to {what}: {}", link::masked(&fetched.url))));
    }
    match std::mem::replace(&mut fetched.outcome, Outcome::NotModified(crate::model::Validators::default())) {
        Outcome::Document(document) => Ok((fetched, document)),
        Outcome::NotModified(_) => Err(own_failure("http-304", "answered 304 to an unconditional request".into())),
    }
}

/// Extracts off the async threads; whatever the parser does costs this one page one error.
async fn cut(
    store: &Store,
    config: &Arc<Config>,
    source: &Arc<Source>,
    claim: &ClaimedEntry,
    fetched: &Fetched,
    document: Document,
    now: DateTime<Utc>,
) -> Result<(Cutting, Vec<Tried>), Failure> {
    let own_failure = |code, grade, message: String| Failure {
        code,
        grade,
        message,
        url: Some(link::masked(&fetched.url)),
        status: Some(fetched.status),
    };
    let mark = store.working(Work::Entry(claim.id));
    let (for_rules, rules_of, url) = (Arc::clone(config), Arc::clone(source), fetched.url.clone());
    let extracted = tokio::task::spawn_blocking(move || {
        let link_header = document.headers.get_str("link");
        let html = crate::html::decode(&document.body, document.content_type.as_deref());
        let input = extract::Page { html: &html, url: &url, link_header: link_header.as_deref() };
        let extraction = extract::article(&input, &for_rules.rules_for(Some(&rules_of), &url), for_rules.zone_for(Some(&rules_of), &url), now);
        drop(mark);
        (extraction, document)
    })
    .await;
    let (extraction, document) = match extracted {
        Ok((Ok(extraction), document)) => (extraction, document),
        Ok((Err(error), _)) => return Err(own_failure(error.code(), Grade::Soft, error.to_string())),
        Err(_panic) => {
            return Err(own_failure("extractor-panic", Grade::Soft, "the page made the extractor panic; please report it".into()));
        }
    };
    match extraction.kind {
        Kind::Challenge => return Err(own_failure("challenge", Grade::Soft, "the site asks whether we are human".into())),
        Kind::NotArticle => {
            return Err(own_failure("rejected", Grade::Soft, "the page is no article (reject_if_contains)".into()));
        }
        Kind::Article | Kind::Paywalled => {}
    }
    Ok(from_page(config, source, claim, fetched, document, extraction, now))
}

/// An article from its page, with what only the feed knew filled in.
fn from_page(
    config: &Config,
    source: &Source,
    claim: &ClaimedEntry,
    fetched: &Fetched,
    document: Document,
    mut extraction: Extraction,
    now: DateTime<Utc>,
) -> (Cutting, Vec<Tried>) {
    let tried = std::mem::take(&mut extraction.tried);
    let mut method = match extraction.origins.get(&Field::Body) {
        Some(Origin::Rule) => Method::Rule,
        _ => Method::Auto,
    };
    let mut failure = None;
    if extraction.text.is_empty() {
        let (text, html) = feed_text(&claim.entry, &fetched.url);
        (extraction.text, extraction.html) = (text, html);
        extraction.origins.insert(Field::Body, Origin::Feed);
        method = Method::Feed;
        failure = Some(Failure {
            code: "no-text",
            grade: Grade::Soft,
            message: "no text was found in the page: the feed's own is kept; a `body` selector would help".into(),
            url: Some(link::masked(&fetched.url)),
            status: Some(fetched.status),
        });
    }
    fill_from_entry(&mut extraction, &claim.entry, config, source, &fetched.url);
    let ways: Vec<Url> = claim.entry.link.iter().cloned().chain(fetched.hops.iter().map(|hop| hop.from.clone())).collect();
    let own = identity::own_key(&source.name, &claim.ident);
    let pattern = config.key_pattern_for(Some(source), &fetched.url);
    let identity = identity::of_page(pattern, &extraction.links, &fetched.url, &ways, &own);
    let end = now + fetched.took;
    let expires = match source.keep_pages {
        Keep::Never => None,
        Keep::For(time) => Some(Some(end + time)),
        Keep::Forever => Some(None),
    };
    let raw = expires.map(|expires| RawPage {
        status: document.status,
        headers: document.headers.to_lines(),
        body: document.body.to_vec(),
        expires,
    });
    let upgrade_at = (failure.is_some() && !claim.upgrade).then(|| end + schedule::UPGRADE);
    let zone = config.zone_for(Some(source), &fetched.url);
    (cutting(extraction, method, zone, fetched.url.to_string(), identity, raw, failure, upgrade_at), tried)
}

/// An article of the feed's own text.
fn from_feed(config: &Config, source: &Source, claim: &ClaimedEntry, failure: Option<Failure>, upgrade_at: Option<DateTime<Utc>>) -> Cutting {
    let base = claim.entry.link.as_ref().unwrap_or(&source.feed);
    let (text, html) = feed_text(&claim.entry, base);
    let mut extraction = Extraction { text, html, ..Extraction::default() };
    extraction.origins.insert(Field::Body, Origin::Feed);
    fill_from_entry(&mut extraction, &claim.entry, config, source, base);
    let own = identity::own_key(&source.name, &claim.ident);
    let identity = identity::of_entry(config.key_pattern_for(Some(source), base), &claim.entry, &own);
    let url = claim.entry.link.as_ref().map(Url::to_string).unwrap_or_default();
    cutting(extraction, Method::Feed, config.zone_for(Some(source), base), url, identity, None, failure, upgrade_at)
}

#[expect(clippy::too_many_arguments, reason = "the one place where a Cutting is put together")]
fn cutting(
    extraction: Extraction,
    method: Method,
    zone: Tz,
    url: String,
    identity: Identity,
    raw: Option<RawPage>,
    failure: Option<Failure>,
    upgrade_at: Option<DateTime<Utc>>,
) -> Cutting {
    Cutting {
        published_at: extraction.published.map(|published| published.utc(zone)),
        method,
        url,
        page_key: identity.page_key,
        keys: identity.keys,
        raw,
        failure,
        upgrade_at,
        extraction,
    }
}

/// The text of the feed: the full one, else the summary.
fn feed_text(entry: &Entry, base: &Url) -> (String, String) {
    let filled = |html: &&str| !html.trim().is_empty();
    match entry.content.as_deref().filter(filled).or(entry.summary.as_deref().filter(filled)) {
        Some(html) => crate::html::fragment(html, base),
        None => Default::default(),
    }
}

/// What the page did not say and the feed did.
fn fill_from_entry(extraction: &mut Extraction, entry: &Entry, config: &Config, source: &Source, page: &Url) {
    let origins = &mut extraction.origins;
    let mut feed_gave = |field| {
        origins.insert(field, Origin::Feed);
    };
    if extraction.title.is_none() && entry.title.is_some() {
        extraction.title.clone_from(&entry.title);
        feed_gave(Field::Title);
    }
    if extraction.published.is_none() && entry.published.is_some() {
        extraction.published = entry.published;
        feed_gave(Field::Published);
    }
    if extraction.modified.is_none() && entry.updated.is_some() && entry.updated != entry.published {
        extraction.modified = entry.updated;
        feed_gave(Field::Modified);
    }
    if extraction.authors.is_empty() && !entry.authors.is_empty() {
        extraction.authors.clone_from(&entry.authors);
        feed_gave(Field::Byline);
    }
    if extraction.language.is_none() {
        extraction.language = entry.language.clone().or_else(|| config.language_for(Some(source), page).map(str::to_owned));
        if extraction.language.is_some() {
            feed_gave(Field::Language);
        }
    }
}

/// Commits the page and says it in one line.
async fn record(
    store: &Store,
    source: &Source,
    claim: &ClaimedEntry,
    page: PageOutcome,
    failure: Option<Failure>,
) -> Result<PageReport, StoreError> {
    let took = page.took;
    let missed = missed_fields(&page.tried);
    let stored = store.record_page(page).await?;
    let url = claim.entry.link.as_ref().map(link::masked).unwrap_or_default();
    let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    if !missed.is_empty() {
        warn!(source = source.name, url, fields = missed.join(","), "selectors missed: found automatically where possible");
    }
    match &failure {
        None => debug!(source = source.name, url, ms, "collected: {stored:?}"),
        Some(failure) => warn!(source = source.name, url, code = failure.code, ms, "page failed: {}", failure.message),
    }
    Ok(PageReport { source: source.name.clone(), url, stored, failure, took })
}

/// Fields that have selectors, none of which hit.
fn missed_fields(tried: &[Tried]) -> Vec<&'static str> {
    let hit = |field| tried.iter().any(|tried| tried.field == field && tried.hit);
    let mut fields: Vec<_> = tried.iter().filter(|tried| !hit(tried.field)).map(|tried| tried.field.as_str()).collect();
    fields.dedup();
    fields
}
