//! The further documents of a paged feed (`rel=next`, RFC 5005, 3; `next_url` of JSON Feed).
//!
//! They are read when no entry of the first document was known, and never at a first poll, until one has a known entry: what
//! went by between two polls is in them. Each request is one like that for the first document (docs/politeness.md, P28).

use std::collections::HashMap;
use std::sync::Arc;

use url::Url;

use super::document::ParsedDocument;
use super::download::{download, request};
use super::parse::parse;
use super::run::PollRun;
use crate::config::{BackoffScope, Source};
use crate::fetch::ResponseContent;
use crate::link;
use crate::model::{ClaimedSource, Failure, FetchStats, Grade, ParsedFeed};

/// Further documents of one poll.
const MAX_DOCUMENTS: usize = 10;

/// Documents that were read in one poll, by their address: sources that share a feed share them.
#[derive(Default)]
pub(super) struct FollowedPages(HashMap<Url, Result<Arc<ParsedFeed>, Failure>>);

/// What further documents brought.
#[derive(Default)]
pub(super) struct PagesRead {
    /// All their entries.
    pub(super) feed: ParsedFeed,
    /// Whether nothing is missing: the last has a known entry, or is the last of the feed.
    pub(super) is_end: bool,
}

/// The addresses that were read on the way from one document to the next.
pub(super) struct PageWay<'a> {
    source: &'a Source,
    seen: Vec<Url>,
    left: usize,
}

impl<'a> PageWay<'a> {
    /// At a document that was asked for, and served, under these addresses.
    pub(super) fn starting(source: &'a Source, at: [&Url; 2]) -> Self {
        Self { source, seen: at.map(Url::clone).to_vec(), left: MAX_DOCUMENTS }
    }

    /// Goes on to a document, unless it was read before, is of another site, or would be one too many.
    pub(super) fn leads_to(&mut self, url: &Url) -> bool {
        let site = |url: &Url| self.source.same_site.site(url);
        let is_own = self.seen.first().is_some_and(|first| site(first) == site(url));
        if self.left == 0 || self.seen.contains(url) || !is_own {
            return false;
        }
        self.left -= 1;
        self.seen.push(url.clone());
        true
    }
}

impl FollowedPages {
    /// The document at `url`, requested unless another source did in this poll. What the request learned is added to
    /// `fetch`.
    pub(super) async fn get(
        &mut self,
        run: PollRun<'_>,
        source: &Source,
        claim: &ClaimedSource,
        url: &Url,
        fetch: &mut FetchStats,
    ) -> Result<Arc<ParsedFeed>, Failure> {
        if let Some(known) = self.0.get(url) {
            return known.clone();
        }
        let page = request_page(run, source, claim, url, fetch).await.map(Arc::new);
        self.0.insert(url.clone(), page.clone());
        page
    }
}

async fn request_page(
    run: PollRun<'_>,
    source: &Source,
    claim: &ClaimedSource,
    url: &Url,
    fetch: &mut FetchStats,
) -> Result<ParsedFeed, Failure> {
    let request = request(source, url).for_source(source).await.map_err(|error| error.failure(url))?;
    let now = run.started_at + fetch.duration;
    let mut add = |mut learned: FetchStats| {
        if run.config.politeness.scope == BackoffScope::Feed {
            learned.hosts.clear();
        }
        fetch.add(learned);
    };
    let download = match download(run, source, claim, request, now).await {
        Ok(download) => download,
        Err(failed) => {
            let failure = failed.failure();
            add(failed.fetch);
            return Err(failure);
        }
    };
    let served_by = download.response.fetch.url.clone();
    add(download.response.fetch);
    let odd = |message: &str| Failure {
        code: "not-a-feed",
        grade: Grade::Soft,
        message: message.to_owned(),
        url: Some(link::mask_secrets(url)),
        status: None,
    };
    let ResponseContent::Document(document) = download.response.content else {
        return Err(odd("it is “not modified”, though it was never asked for"));
    };
    match parse(run, source, claim, document, download.streamed, &served_by).await?.0 {
        ParsedDocument::Feed(feed) => Ok(*feed),
        ParsedDocument::Index(_) => Err(odd("it is an index of sitemaps")),
    }
}
