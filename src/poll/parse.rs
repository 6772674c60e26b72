//! Parses the documents of a poll.
//!
//! Parsing runs off the async threads, under a crash guard of the store ([`Store::begin_work`]): a panic is a failure of the
//! one source; should the process die, the next run has a child process read the document first ([`probe`]). Small
//! documents are parsed with a CPU permit, sitemaps chunk by chunk while they arrive.

use tokio::sync::mpsc;
use url::Url;

use super::document::ParsedDocument;
use super::run::PollRun;
use crate::config::{Source, SourceKind};
use crate::feed::{NotAFeed, Sitemap, SitemapReader};
use crate::fetch::{BodyChunk, FetchedDocument};
use crate::model::{ClaimedSource, Failure, Grade, ParsedFeed, SkippedEntry};
use crate::store::{Store, WorkItem};
use crate::{cpu, feed, link, probe};

/// Why a document could not be parsed.
pub(super) enum ParseError {
    /// It is not what the source is configured as.
    NotAFeed(NotAFeed),
    /// The parser panicked.
    Panicked,
    /// A child process did not survive it: code and message of [`probe::crash_failure`].
    Crashed(&'static str, String),
}

impl ParseError {
    /// As it is recorded for a source whose server answered `status`.
    fn failure(self, source: &Source, status: u16) -> Failure {
        let (code, grade, message) = match self {
            Self::NotAFeed(error) => {
                let code = match source.kind {
                    SourceKind::Feed => "not-a-feed",
                    SourceKind::Listing(_) => "no-links",
                    SourceKind::Sitemap => "not-a-sitemap",
                };
                (code, Grade::Soft, error.to_string())
            }
            Self::Panicked => (
                "parser-panic",
                Grade::Soft,
                "the document made the feed parser panic; please report it".to_owned(),
            ),
            Self::Crashed(code, message) => (code, Grade::Permanent, message),
        };
        Failure { code, grade, message, url: Some(link::mask_secrets(&source.feed)), status: Some(status) }
    }
}

/// A sitemap that was parsed while it arrived, and whether it arrived completely.
pub(super) struct StreamedSitemap(Result<(Sitemap, bool), ParseError>);

/// Parses a sitemap chunk by chunk on the blocking pool. `None` if no body arrived.
pub(super) async fn parse_stream(
    store: &Store,
    claim: &ClaimedSource,
    mut chunks: mpsc::Receiver<BodyChunk>,
) -> Option<StreamedSitemap> {
    let Some(BodyChunk::Begins { url, content_type }) = chunks.recv().await else {
        return None;
    };
    let mut reader = SitemapReader::new(content_type.as_deref(), Some(&url));
    while let Some(chunk) = chunks.recv().await {
        let BodyChunk::Bytes(bytes) = chunk else { continue };
        let guard = store.begin_work(WorkItem::Source(claim.id));
        let pushed = tokio::task::spawn_blocking(move || {
            let _guard = guard;
            reader.push(&bytes);
            reader
        });
        match pushed.await {
            Ok(back) => reader = back,
            Err(_panic) => return Some(StreamedSitemap(Err(ParseError::Panicked))),
        }
    }
    let guard = store.begin_work(WorkItem::Source(claim.id));
    let finished = tokio::task::spawn_blocking(move || {
        let _guard = guard;
        reader.finish()
    });
    Some(StreamedSitemap(match finished.await {
        Ok(parsed) => parsed.map_err(ParseError::NotAFeed),
        Err(_panic) => Err(ParseError::Panicked),
    }))
}

/// The parsed document, and whether it is complete. A streamed one is parsed already; another is parsed now. `url` is
/// where it was served, and the base of its relative links.
pub(super) async fn parse(
    run: PollRun<'_>,
    source: &Source,
    claim: &ClaimedSource,
    mut document: FetchedDocument,
    streamed: Option<StreamedSitemap>,
    url: &Url,
) -> Result<(ParsedDocument, bool), Failure> {
    let (status, fault) = (document.status, document.fault.take());
    let parsed = if let Some(StreamedSitemap(parsed)) = streamed {
        parsed.map(|(sitemap, complete)| (sitemap.into(), complete))
    } else {
        let parsed = parse_body(run, source, claim, document, url).await;
        parsed.map(|parsed| {
            let is_cut = matches!(&parsed, ParsedDocument::Feed(feed) if feed.is_cut);
            (parsed, !is_cut)
        })
    };
    match (parsed, fault) {
        // What is not whole is not taken from a faulty transfer.
        (Ok((_, false)) | Err(_), Some(fault)) => Err(*fault),
        (Ok((mut parsed, complete)), _) => {
            if let ParsedDocument::Feed(feed) = &mut parsed
                && !matches!(source.kind, SourceKind::Feed)
            {
                feed::drop_false_dates(feed, run.started_at);
            }
            Ok((parsed, complete))
        }
        (Err(error), None) => Err(error.failure(source, status)),
    }
}

/// Parses a body that is in memory, as the source is configured.
async fn parse_body(
    run: PollRun<'_>,
    source: &Source,
    claim: &ClaimedSource,
    document: FetchedDocument,
    url: &Url,
) -> Result<ParsedDocument, ParseError> {
    let FetchedDocument { body, content_type, headers, .. } = document;
    if claim.crashes > 0 {
        let kind = match source.kind {
            SourceKind::Listing(_) => probe::ProbeKind::Page,
            SourceKind::Feed | SourceKind::Sitemap => probe::ProbeKind::Feed,
        };
        if !probe::survives(kind, content_type.as_deref(), &body).await {
            let (code, message) = probe::crash_failure(claim.crashes);
            return Err(ParseError::Crashed(code, message));
        }
    }
    let permit = cpu::permit().await;
    let guard = run.store.begin_work(WorkItem::Source(claim.id));
    let (form, zone, base, now) = (source.kind.clone(), source.timezone, url.clone(), run.started_at);
    // A gzip file is larger than its bytes: it is always parsed on the blocking pool.
    let bytes = if body.starts_with(b"\x1f\x8b") { usize::MAX } else { body.len() };
    let parsed = permit.work(bytes, move || {
        let _guard = guard;
        let content_type = content_type.as_deref();
        Ok(match &form {
            SourceKind::Feed => {
                let mut feed = feed::parse(&body, content_type, Some(&base))?;
                feed::mend(&mut feed, now);
                feed::apply_link_headers(&mut feed, &headers.links("hub"), &headers.links("self"), &base);
                ParsedDocument::Feed(Box::new(without_blank_entries(feed)))
            }
            SourceKind::Listing(listing) => {
                let feed = feed::parse_listing(&body, content_type, &base, listing, zone)?;
                ParsedDocument::Feed(Box::new(feed))
            }
            SourceKind::Sitemap => feed::parse_sitemap(&body, content_type, Some(&base))?.into(),
        })
    });
    match parsed.await {
        Ok(parsed) => parsed.map_err(ParseError::NotAFeed),
        Err(_panic) => Err(ParseError::Panicked),
    }
}

/// Moves blank entries to `skipped`: they identify nothing, and all would be one entry.
fn without_blank_entries(mut feed: ParsedFeed) -> ParsedFeed {
    let mut position = 0;
    let skipped = &mut feed.skipped;
    feed.entries.retain(|entry| {
        let is_blank = entry.is_blank();
        if is_blank {
            skipped.push(SkippedEntry { position, reason: "the entry is blank".into() });
        }
        position += 1;
        !is_blank
    });
    feed
}
