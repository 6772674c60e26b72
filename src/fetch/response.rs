//! What a fetch returns: a response, or why there is none, each with what was learned on the way.

use chrono::{DateTime, Utc};
use url::Url;

use super::cookies::ChainCookies;
use super::error::FetchError;
use super::headers::Headers;
use super::hints::CacheHints;
use crate::model::{EncodedBody, Failure, FetchStats, Validators};

/// A response that brought a document or "not modified".
#[derive(Clone, Debug, PartialEq)]
pub struct Response {
    /// Document or "not modified".
    pub content: ResponseContent,
    /// What was learned, redirects and robots.txt included.
    pub fetch: FetchStats,
    /// When the server wants to be asked again.
    pub hints: CacheHints,
    /// For a page that leads on.
    pub(super) cookies: ChainCookies,
}

/// The requests that led to a response: where they go on if the page leads on by itself.
#[derive(Debug)]
pub struct Trail {
    /// What they learned.
    pub fetch: FetchStats,
    pub(super) cookies: ChainCookies,
}

impl Response {
    /// The content, and how it was reached.
    pub fn into_content(self) -> (ResponseContent, Trail) {
        (self.content, Trail { fetch: self.fetch, cookies: self.cookies })
    }
}

impl Trail {
    /// Whether a request for `url` would be another than those before it.
    pub fn leads_on_to(&self, url: &Url) -> bool {
        self.cookies.leads_on(url)
    }
}

/// The content of a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResponseContent {
    /// 304, with the validators it carried; those that it did not carry stay valid (RFC 9111, 3.2).
    NotModified(Validators),
    /// A complete document.
    Document(FetchedDocument),
}

/// A complete, decoded document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchedDocument {
    /// 200 or 203; 200 where a program printed it, or it is a file.
    pub status: u16,
    /// As received.
    pub headers: Headers,
    /// Without content codings, in its own charset. Empty if the body was streamed.
    pub body: Vec<u8>,
    /// The body as it was transferred, if it was compressed; of pages only.
    pub encoded: Option<EncodedBody>,
    /// They replace stored validators, also with `None`.
    pub validators: Validators,
    /// `Content-Type` as sent.
    pub content_type: Option<String>,
    /// SHA-256 of `body`. Empty for pages, which are not compared by it.
    pub body_hash: Vec<u8>,
    /// What was wrong with its transfer: the body may lack its end. Only of a request that takes such a document.
    pub fault: Option<Box<Failure>>,
}

/// A part of a streamed document; see `Fetcher::get_streamed`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BodyChunk {
    /// Headers arrived. Always the first chunk.
    Begins {
        /// Where the document was served, after redirects.
        url: Url,
        /// `Content-Type` as sent.
        content_type: Option<String>,
    },
    /// Decoded bytes, in order.
    Bytes(Vec<u8>),
}

/// A fetch that brought no document.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub struct FailedFetch {
    /// Why.
    pub error: FetchError,
    /// What was learned up to there, redirects and robots.txt included.
    pub fetch: FetchStats,
    /// When the server wants to be asked again.
    pub hints: CacheHints,
    /// Whether the failing host is the one that was asked first: no redirect led to another.
    pub(crate) is_first_host: bool,
}

impl FailedFetch {
    /// The failure as it is recorded.
    pub fn failure(&self) -> Failure {
        Failure { status: self.fetch.status, ..self.error.failure(&self.fetch.url) }
    }

    /// Whether the host that was asked first failed as a whole, so that the page is not to blame. A failing host that a
    /// redirect led to counts against the page: else the first host would be asked again at once.
    pub fn is_host_failure(&self) -> bool {
        self.error.is_host_failure() && self.is_first_host
    }

    /// Until when the page waits without being to blame. Either another host that a redirect led to is in backoff: it was
    /// not asked, its backoff grows, and the first host is asked only once for each. Or the source's program cannot be run.
    pub fn not_asked_until(&self) -> Option<DateTime<Utc>> {
        match &self.error {
            FetchError::ProgramMissing { until, .. } => Some(*until),
            FetchError::CoolingDown { until, .. } if !self.is_first_host => Some(*until),
            _ => None,
        }
    }
}
