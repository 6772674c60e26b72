//! Fetches the document of an address, for all sources that share it.
//!
//! The first claim of the group stands for all: its validators are sent (they agree, or none are), its request options are
//! used (they are equal), and failures of the request or parser are recorded for every source.

use super::document::{ParsedDocument, PolledContent, PolledDocument};
use super::download::{Download, download, request};
use super::parse::parse;
use super::run::PollRun;
use super::sitemaps;
use crate::config::{BackoffScope, Source, SourceKind};
use crate::fetch::{CacheHints, ResponseContent};
use crate::model::{ClaimedSource, Failure, FetchStats, ParsedFeed};
use crate::schedule::PollHints;

/// Fetches and parses the document of `claim`, and reads the sitemaps that it names if it is an index.
pub(super) async fn fetch_document(
    run: PollRun<'_>,
    source: &Source,
    claim: &ClaimedSource,
) -> PolledDocument {
    let mut request = request(source, &claim.address);
    if !run.full {
        request = request.with_validators(claim.validators.clone());
        request.validators_from.clone_from(&claim.validators_from);
    }
    let request = match request.for_source(source).await {
        Ok(request) => request,
        Err(error) => {
            return PolledDocument {
                fetch: FetchStats::new(claim.address.clone()),
                hints: PollHints::default(),
                content: failed(error.failure(&claim.address)),
            };
        }
    };
    let mut document = match download(run, source, claim, request, run.started_at).await {
        Ok(download) => read(run, source, claim, download).await,
        Err(failed) => PolledDocument {
            content: PolledContent::Failed {
                failure: failed.failure(),
                retry_after: failed.error.retry_after(),
            },
            hints: hints(failed.hints),
            fetch: failed.fetch,
        },
    };
    if run.config.politeness.scope == BackoffScope::Feed {
        // The answer says nothing about other feeds of the host.
        document.fetch.hosts.clear();
    }
    document
}

/// Turns a response into what was polled: parses a new document, and follows an index to its sitemaps.
async fn read(
    run: PollRun<'_>,
    source: &Source,
    claim: &ClaimedSource,
    download: Download,
) -> PolledDocument {
    let Download { response, streamed } = download;
    let mut fetch = response.fetch;
    // Nothing new in the index does not mean nothing new in the sitemaps that it names.
    let known = &claim.state.sitemaps;
    let is_index = matches!(source.kind, SourceKind::Sitemap) && !known.is_empty();
    let content = match response.content {
        ResponseContent::NotModified(validators) if is_index => {
            let index = sitemaps::Index::not_modified(claim, validators);
            sitemaps::crawl(run, source, claim, index, &mut fetch).await
        }
        ResponseContent::NotModified(validators) => PolledContent::NotModified(validators),
        ResponseContent::Document(document) => {
            let (validators, body_hash) = (document.validators.clone(), document.body_hash.clone());
            let fault = document.fault.as_deref().cloned();
            let is_known = run.agreed && claim.body_hash.as_ref() == Some(&body_hash);
            let parsed = if is_known {
                Ok(if is_index {
                    (ParsedDocument::Index(sitemaps::links(known)), true)
                } else {
                    (ParsedDocument::Feed(Box::<ParsedFeed>::default()), true)
                })
            } else {
                parse(run, source, claim, document, streamed, &fetch.url).await
            };
            match parsed {
                Ok((ParsedDocument::Feed(feed), _)) => {
                    PolledContent::Document { feed, fault, validators, body_hash }
                }
                Ok((ParsedDocument::Index(links), _)) => {
                    let index = sitemaps::Index { links, validators, body_hash };
                    sitemaps::crawl(run, source, claim, index, &mut fetch).await
                }
                Err(failure) => failed(failure),
            }
        }
    };
    PolledDocument { fetch, hints: hints(response.hints), content }
}

/// A failure that has no `Retry-After`.
fn failed(failure: Failure) -> PolledContent {
    PolledContent::Failed { failure, retry_after: None }
}

/// The freshness of a response, in the type of `schedule`.
fn hints(of_response: CacheHints) -> PollHints {
    PollHints { fresh_until: of_response.fresh_until, fresh_by: of_response.fresh_by, ..PollHints::default() }
}
