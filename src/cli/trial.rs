//! Fetches a page as the daemon would, follows where it leads and its further pages, and extracts the article without storing it.
//!
//! `try` and `check --live` use it.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use chrono::{DateTime, Utc};
use url::Url;

use super::client;
use super::exit::UsageError;
use super::print::print_message;
use crate::article_builder::EntryFields;
use crate::config::{ArticleRules, Config, Source, SourceKind};
use crate::extract::{self, ExtractError, PageInput, Pagination, Segment};
use crate::feed::{self, Sitemap};
use crate::fetch::{Fetcher, Request, ResourceKind, ResponseContent};
use crate::identity::{Identity, KeyRules, PageUrls};
use crate::model::{Entry, Extraction, Failure, FieldChoice, Grade, Method, ParsedFeed};
use crate::{html, identity, link};

/// A page as it was received, or read from a file or the database.
pub(super) struct PageResponse {
    /// Before charset decoding.
    pub(super) body: Vec<u8>,
    /// `Content-Type` header.
    pub(super) content_type: Option<String>,
    /// `Link` header.
    pub(super) link_header: Option<String>,
    /// `Refresh` header.
    pub(super) refresh: Option<String>,
    /// The URL that served it.
    pub(super) url: Url,
    /// The URLs that redirected to it, the one that was asked for first.
    pub(super) hops: Vec<Url>,
}

/// What is the same for every page of a command.
#[derive(Clone, Copy)]
pub(super) struct TryContext<'a> {
    /// For the rules of sites.
    pub(super) config: &'a Config,
    /// Its rules apply, and it is asked as its `[[source]]` says.
    pub(super) source: Option<&'a Source>,
    /// Rules that go before all others.
    pub(super) extra_rules: Option<&'a ArticleRules>,
    /// Decides which dated rules apply, and what a date without a year means.
    pub(super) now: DateTime<Utc>,
}

/// An article that was tried, and how it was found.
pub(super) struct PageTrial {
    /// The first page.
    pub(super) response: PageResponse,
    /// The article of all pages.
    pub(super) extraction: Extraction,
    /// What it would be known by.
    pub(super) identity: Identity,
    /// Each page, cut into what is kept and what is not.
    pub(super) segments: Vec<(Url, Vec<Segment>)>,
    /// Pages of the article that were read.
    pub(super) pages: usize,
    /// Why a later page is missing.
    pub(super) missing: Option<Failure>,
    /// Which of page and feed won each field; empty where the source names no such page.
    pub(super) choices: Vec<FieldChoice>,
}

/// A page that was fetched and extracted.
struct ExtractedPage {
    response: PageResponse,
    extraction: Extraction,
    segments: Vec<Segment>,
}

impl TryContext<'_> {
    /// Fetches a page and those that follow it.
    pub(super) async fn try_url(&self, url: Url) -> anyhow::Result<PageTrial> {
        let fetcher = client::fetcher(self.config)?;
        let first = self.fetch_and_extract(&fetcher, self.without_wrapper(&url)).await;
        let ExtractedPage { response, extraction, segments } =
            first.map_err(|failure| anyhow::anyhow!("{}: {}", link::mask_secrets(&url), failure.message))?;
        let mut all = vec![(response.url.clone(), segments)];
        let pagination = self
            .follow(&fetcher, Pagination::new(&response.url, extraction), |url, segments| {
                all.push((url, segments));
            })
            .await;
        let mut trial = self.trial(response, pagination, all);
        if let Some(source) = self.source
            && let Some(entry) = self.entry(&fetcher, source, &trial.response).await
        {
            self.add_entry(&mut trial, source, &entry);
        }
        Ok(trial)
    }

    /// Takes what the feed says of an entry, as the daemon does.
    fn add_entry(&self, trial: &mut PageTrial, source: &Source, entry: &Entry) {
        let fields = EntryFields { config: self.config, source, entry };
        let PageTrial { response, extraction, .. } = trial;
        let mut method = Method::Auto;
        if extraction.text.is_empty() {
            fields.add_text(extraction, &response.url);
            method = Method::Feed;
        }
        trial.choices = fields.add_to(extraction, method, &response.url);
    }

    /// The entry of a page in the document of its source, which is fetched. Without one only the page is shown; that the
    /// document cannot be had is said.
    async fn entry(&self, fetcher: &Fetcher, source: &Source, page: &PageResponse) -> Option<Entry> {
        let document = match self.document(fetcher, source).await {
            Ok(document) => document,
            Err(why) => {
                print_message(&format!(
                    "{}: {why}; what the feed says is left out",
                    link::mask_secrets(&source.feed)
                ));
                return None;
            }
        };
        let keys: Vec<String> = page.hops.iter().chain([&page.url]).map(link::key).collect();
        let is_of_page =
            |entry: &Entry| entry.link.as_ref().is_some_and(|link| keys.contains(&link::key(link)));
        document.entries.into_iter().find(is_of_page)
    }

    /// The document of a source; an error is a phrase.
    async fn document(&self, fetcher: &Fetcher, source: &Source) -> Result<ParsedFeed, String> {
        let kind = match source.kind {
            SourceKind::Feed | SourceKind::Listing(_) => ResourceKind::Feed,
            SourceKind::Sitemap => ResourceKind::Sitemap,
        };
        let request = Request::new(source.feed.clone(), kind).for_source(source).await;
        let mut request = request.map_err(|error| error.failure(&source.feed).message)?;
        request.takes_faulty = matches!(source.kind, SourceKind::Feed);
        let fetched = fetcher.get(request, self.now).await.map_err(|failed| failed.failure().message)?;
        let ResponseContent::Document(document) = fetched.content else {
            return Err("answered 304 to an unconditional request".to_owned());
        };
        let (body, base) = (&document.body, &fetched.fetch.url);
        let content_type = document.content_type.as_deref();
        let parsed = match &source.kind {
            SourceKind::Feed => feed::parse(body, content_type, Some(base)),
            SourceKind::Listing(listing) => {
                feed::parse_listing(body, content_type, base, listing, source.timezone)
            }
            SourceKind::Sitemap => {
                feed::parse_sitemap(body, content_type, Some(base)).map(|sitemap| match sitemap {
                    Sitemap::Pages(pages) => *pages,
                    Sitemap::Index(_) => ParsedFeed::default(),
                })
            }
        };
        let mut document = parsed.map_err(|error| error.to_string())?;
        match source.kind {
            SourceKind::Feed => feed::mend(&mut document, self.now),
            SourceKind::Listing(_) | SourceKind::Sitemap => feed::drop_false_dates(&mut document, self.now),
        }
        Ok(document)
    }

    /// Reads a page from a file; pages that follow it are not fetched. `url` is where it came from.
    pub(super) fn try_file(&self, path: &Path, url: Option<Url>) -> anyhow::Result<PageTrial> {
        let response = read_page(path, url)?;
        let (extraction, segments) = self.extract(&response)?;
        let pagination = Pagination::new(&response.url, extraction).first_page_only();
        let segments = vec![(response.url.clone(), segments)];
        Ok(self.trial(response, pagination, segments))
    }

    /// Fetches an article; that one of its pages is missing is an error.
    pub(super) async fn fetch_article(&self, fetcher: &Fetcher, url: &Url) -> Result<Extraction, Failure> {
        let first = self.fetch_and_extract(fetcher, self.without_wrapper(url)).await?;
        let pagination = Pagination::new(&first.response.url, first.extraction);
        match self.follow(fetcher, pagination, |_, _| {}).await.finish() {
            (article, None) => Ok(article),
            (_, Some(missing)) => Err(missing),
        }
    }

    /// Extracts one page.
    pub(super) fn extract(
        &self,
        response: &PageResponse,
    ) -> Result<(Extraction, Vec<Segment>), ExtractError> {
        let page_html = html::decode(&response.body, response.content_type.as_deref());
        let page =
            PageInput { html: &page_html, url: &response.url, link_header: response.link_header.as_deref() };
        let mut rules: Vec<&ArticleRules> = self.extra_rules.into_iter().collect();
        rules.extend(self.config.rules_for(self.source, &response.url, self.now));
        let zone = self
            .extra_rules
            .and_then(|rules| rules.timezone)
            .unwrap_or_else(|| self.config.zone_for(self.source, &response.url));
        let (mut extraction, segments) = extract::explained(&page, &rules, zone, self.now)?;
        extract::note_refresh_header(&mut extraction, response.refresh.as_deref(), &response.url);
        Ok((extraction, segments))
    }

    /// The address that a wrapper link carries, where the source takes them off; else the link.
    fn without_wrapper(&self, url: &Url) -> Url {
        let target = link::unwrapped(url).filter(|_| self.source.is_none_or(|source| source.unwrap));
        target.unwrap_or_else(|| url.clone())
    }

    /// Fetches and adds the further pages of an article, up to the first that fails.
    async fn follow(
        &self,
        fetcher: &Fetcher,
        mut pagination: Pagination,
        mut add: impl FnMut(Url, Vec<Segment>),
    ) -> Pagination {
        while let Some(url) = pagination.next_url().cloned() {
            match self.fetch_and_extract(fetcher, url).await {
                Ok(page) => {
                    pagination.add_page(&page.response.url, page.extraction);
                    add(page.response.url, page.segments);
                }
                Err(failure) => pagination.skip_page(failure),
            }
        }
        pagination
    }

    /// Fetches a page as the daemon would: with the headers, cookies and proxy of its source, and robots.txt. A page that leads on
    /// by itself is followed.
    async fn fetch_and_extract(&self, fetcher: &Fetcher, url: Url) -> Result<ExtractedPage, Failure> {
        let mut request = Request::new(url.clone(), ResourceKind::Page).obeying_robots();
        if let Some(source) = self.source {
            request.robots = !source.ignore_robots;
            request = request.for_source(source).await.map_err(|error| error.failure(&url))?;
        }
        let mut fetched = fetcher.get(request.clone(), self.now).await;
        loop {
            let (content, trail) = fetched.map_err(|failed| failed.failure())?.into_content();
            let ResponseContent::Document(document) = content else {
                let message = "answered 304 to an unconditional request".into();
                return Err(page_failure(&url, "http-304", message, Some(304)));
            };
            let response = PageResponse {
                link_header: document.headers.get_str("link"),
                refresh: document.headers.get_str("refresh"),
                content_type: document.content_type,
                body: document.body,
                hops: std::iter::once(url.clone()).chain(trail.fetch.redirects()).collect(),
                url: trail.fetch.url.clone(),
            };
            let (extraction, segments) = self
                .extract(&response)
                .map_err(|error| page_failure(&response.url, error.code(), error.to_string(), None))?;
            match &extraction.leads_to {
                Some(to) if trail.leads_on_to(to) => {
                    let now = self.now + trail.fetch.duration;
                    fetched = fetcher.lead_on(&request, trail, to.clone(), now).await;
                }
                _ => return Ok(ExtractedPage { response, extraction, segments }),
            }
        }
    }

    /// Puts the parts together; the keys are those that the daemon would store.
    fn trial(
        &self,
        response: PageResponse,
        pagination: Pagination,
        segments: Vec<(Url, Vec<Segment>)>,
    ) -> PageTrial {
        let pages = pagination.pages();
        let (extraction, missing) = pagination.finish();
        let rules = KeyRules {
            pattern: self.config.key_pattern_for(self.source, &response.url),
            same_site: self.config.same_site_for(self.source),
            session: &[],
        };
        let urls = PageUrls {
            served: &response.url,
            asked: response.hops.first(),
            redirects: &response.hops,
            joined: &extraction.pagination.joined,
        };
        let identity = identity::of_page(rules, &extraction.links, urls, "");
        PageTrial { response, extraction, identity, segments, pages, missing, choices: Vec::new() }
    }
}

fn page_failure(url: &Url, code: &'static str, message: String, status: Option<u16>) -> Failure {
    Failure { code, grade: Grade::Soft, message, url: Some(link::mask_secrets(url)), status }
}

/// A file as a page: of `url`, else of its own `file:` URL.
fn read_page(path: &Path, url: Option<Url>) -> anyhow::Result<PageResponse> {
    let body = std::fs::read(path)
        .with_context(|| format!("{}: cannot be read, and is no http(s) URL", path.display()))?;
    let url = match url {
        Some(url) => url,
        None => Url::from_file_path(path.canonicalize().unwrap_or_else(|_| PathBuf::from(path)))
            .ok()
            .context("the path of the file cannot be written as a URL; pass --url")?,
    };
    if !matches!(url.scheme(), "http" | "https" | "file") {
        bail!(UsageError(format!("{url}: --url is the http(s) URL that the file came from")));
    }
    Ok(PageResponse { body, content_type: None, link_header: None, refresh: None, url, hops: Vec::new() })
}
