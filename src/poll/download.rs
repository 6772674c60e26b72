//! Requests of a poll: for the document of a source, and for the sitemaps that an index names.
//!
//! Both are made here, so that what is asked of feeds (robots.txt, request options) is asked of child sitemaps, too.

use chrono::{DateTime, Utc};
use tokio::sync::mpsc;
use url::Url;

use super::parse::{StreamedSitemap, parse_stream};
use super::run::PollRun;
use crate::config::{Source, SourceKind};
use crate::fetch::{FailedFetch, Request, ResourceKind, Response};
use crate::model::ClaimedSource;

/// Chunks of a body that wait for the parser.
const QUEUED_CHUNKS: usize = 4;

/// A response, and for a sitemap what was parsed while it arrived.
pub(super) struct Download {
    /// Its document has no body if that was streamed.
    pub(super) response: Response,
    /// `None` if the body is in `response`.
    pub(super) streamed: Option<StreamedSitemap>,
}

/// An unconditional request for a document of a source: its feed, its listing, its sitemap or a child of that.
pub(super) fn request(source: &Source, url: &Url) -> Request {
    let kind = match source.kind {
        SourceKind::Feed | SourceKind::Listing(_) => ResourceKind::Feed,
        SourceKind::Sitemap => ResourceKind::Sitemap,
    };
    // A listing is a page like those it links to; feeds and sitemaps are published to be polled.
    let obeys_robots = source.feed_robots || matches!(source.kind, SourceKind::Listing(_));
    let mut request = Request::new(url.clone(), kind);
    request.robots = obeys_robots && !source.ignore_robots;
    // A feed tells by its end tags whether it is whole.
    if matches!(source.kind, SourceKind::Feed) { request.taking_faulty() } else { request }
}

/// Sends a request. A sitemap may have 50 MiB and is parsed while it arrives; one that crashed a process before is not,
/// so that a child process can read it first, nor one that a program prints.
pub(super) async fn download(
    run: PollRun<'_>,
    source: &Source,
    claim: &ClaimedSource,
    request: Request,
    now: DateTime<Utc>,
) -> Result<Download, Box<FailedFetch>> {
    if !matches!(source.kind, SourceKind::Sitemap) || claim.crashes > 0 || source.feed_command.is_some() {
        let response = run.fetcher.get(request, now).await?;
        return Ok(Download { response, streamed: None });
    }
    let (sender, chunks) = mpsc::channel(QUEUED_CHUNKS);
    let (response, streamed) =
        tokio::join!(run.fetcher.get_streamed(request, now, sender), parse_stream(run.store, claim, chunks));
    Ok(Download { response: response?, streamed })
}
