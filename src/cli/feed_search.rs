//! Looks for the feeds of a site: the page itself, the feeds it names, the usual places, then the sitemaps of robots.txt.
//! Each step is taken only where those before found nothing.

use chrono::Utc;
use url::Url;

use crate::feed::{self, Sitemap};
use crate::fetch::{Fetcher, Request, ResourceKind, ResponseContent};
use crate::link;
use crate::model::{Entry, ParsedFeed};
use crate::shapes::{CandidateJson, UtcSeconds};

/// Where feeds usually are.
const USUAL_PATHS: &[&str] = &["/feed", "/rss", "/rss.xml", "/feed.xml", "/atom.xml", "/index.xml"];

/// Most documents that are fetched in one step.
const MAX_PER_STEP: usize = 8;

/// A search at one site.
pub(super) struct FeedSearch {
    fetcher: Fetcher,
    candidates: Vec<CandidateJson>,
    /// What went wrong, in sentences.
    remarks: Vec<String>,
    /// URLs as robots.txt names them.
    sitemaps: Vec<String>,
    /// Keys of the URLs that were fetched.
    fetched: Vec<String>,
}

/// A document that was fetched.
struct FetchedBody {
    body: Vec<u8>,
    content_type: Option<String>,
    /// After redirects.
    url: Url,
}

impl FeedSearch {
    pub(super) fn new(fetcher: Fetcher, site: &Url) -> Self {
        Self {
            fetcher,
            candidates: Vec::new(),
            remarks: Vec::new(),
            sitemaps: Vec::new(),
            fetched: vec![link::key(site)],
        }
    }

    /// What was found, and what went wrong.
    pub(super) fn done(self) -> (Vec<CandidateJson>, Vec<String>) {
        (self.candidates, self.remarks)
    }

    /// Searches. That the page itself cannot be fetched is an error; all that goes wrong later is a remark.
    pub(super) async fn search_site(&mut self, site: &Url) -> anyhow::Result<()> {
        let page = self
            .get(Request::new(site.clone(), ResourceKind::Feed))
            .await
            .map_err(|error| anyhow::anyhow!("{}: {error}", link::mask_secrets(site)))?;
        self.fetched.push(link::key(&page.url));
        if let Some(candidate) = page.as_candidate(&page.url) {
            self.candidates.push(candidate);
            return Ok(());
        }
        let leads = feed::find_feeds(&page.body, page.content_type.as_deref(), &page.url);
        let (announced, linked): (Vec<_>, Vec<_>) = leads.into_iter().partition(|lead| lead.announced);
        for leads in [announced, linked] {
            if self.candidates.is_empty() {
                for lead in leads.into_iter().take(MAX_PER_STEP) {
                    self.try_url(Request::new(lead.url, ResourceKind::Feed), true).await;
                }
            }
        }
        for path in USUAL_PATHS {
            if self.candidates.is_empty()
                && let Ok(guess) = page.url.join(path)
            {
                // Nobody named this URL, so robots.txt decides; it also names the sitemaps.
                self.try_url(Request::new(guess, ResourceKind::Feed).obeying_robots(), false).await;
            }
        }
        if self.candidates.is_empty() {
            let sitemaps = std::mem::take(&mut self.sitemaps);
            for sitemap in sitemaps.iter().take(MAX_PER_STEP) {
                if let Some(url) = link::resolve(&page.url, sitemap) {
                    self.try_url(Request::new(url, ResourceKind::Sitemap), true).await;
                }
            }
        }
        Ok(())
    }

    /// Fetches what may be a feed. What the site names and is none is a remark; a guess that is none is not.
    async fn try_url(&mut self, request: Request, is_named: bool) {
        let url = request.url.clone();
        if self.fetched.contains(&link::key(&url)) {
            return;
        }
        self.fetched.push(link::key(&url));
        let remark = match self.get(request).await {
            Ok(document) => match document.as_candidate(&url) {
                Some(candidate) => {
                    // Two URLs that redirect to one feed are one candidate.
                    let key = link::key(&document.url);
                    if key == link::key(&url) || !self.fetched.contains(&key) {
                        self.fetched.push(key);
                        self.candidates.push(candidate);
                    }
                    return;
                }
                None => "is named as a feed, but is none".to_owned(),
            },
            Err(error) => error,
        };
        if is_named {
            self.remarks.push(format!("{}: {remark}", link::mask_secrets(&url)));
        }
    }

    /// Fetches a document; an error is a phrase.
    async fn get(&mut self, request: Request) -> Result<FetchedBody, String> {
        let (content, url, robots) = match self.fetcher.get(request.taking_faulty(), Utc::now()).await {
            Ok(fetched) => (Ok(fetched.content), fetched.fetch.url, fetched.fetch.robots),
            Err(failed) => (Err(failed.error.to_string()), failed.fetch.url, failed.fetch.robots),
        };
        for response in robots {
            self.sitemaps.extend(response.sitemaps);
        }
        match content? {
            ResponseContent::Document(document) => {
                Ok(FetchedBody { body: document.body, content_type: document.content_type, url })
            }
            ResponseContent::NotModified(_) => Err("answered 304 to an unconditional request".to_owned()),
        }
    }
}

impl FetchedBody {
    /// The document as one that can be polled at `url`, if it is a feed or a sitemap.
    fn as_candidate(&self, url: &Url) -> Option<CandidateJson> {
        let content_type = self.content_type.as_deref();
        if let Ok(mut feed) = feed::parse(&self.body, content_type, Some(url)) {
            feed::mend(&mut feed, Utc::now());
            return Some(candidate("feed", url, &feed));
        }
        match feed::parse_sitemap(&self.body, content_type, Some(url)).ok()? {
            Sitemap::Pages(pages) => Some(candidate("sitemap", url, &pages)),
            Sitemap::Index(children) => Some(CandidateJson {
                kind: "sitemap",
                url: url.clone(),
                title: None,
                entries: children.len(),
                newest: children.iter().filter_map(feed::SitemapLink::changed_at).max().map(UtcSeconds),
            }),
        }
    }
}

fn candidate(kind: &'static str, url: &Url, feed: &ParsedFeed) -> CandidateJson {
    let dates = feed.entries.iter().filter_map(Entry::date);
    CandidateJson {
        kind,
        url: url.clone(),
        title: feed.title.clone(),
        entries: feed.entries.len(),
        newest: dates.map(|at| at.utc(chrono_tz::UTC)).max().map(UtcSeconds),
    }
}
