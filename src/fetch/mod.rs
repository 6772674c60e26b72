//! The only way out of the house: one polite, guarded GET at a time.
//!
//! [`Fetcher::get`] walks the hops of a redirect itself. Each hop is judged by the [`Guard`], waits at the [`Gate`] of
//! its host, and gives its place back before the next; a page also needs the leave of [`Robots`]. What comes back, document or failure, carries all that was
//! learned about the hosts on the way; storing it is the caller's affair. Rules: RFC 9110, 9111, 9309.

mod access;
mod body;
mod capacity;
mod challenge;
mod client;
mod clients;
mod error;
mod gate;
mod guard;
mod headers;
mod hints;
mod redirect_chain;
mod request;
mod resolve;
mod robots;
mod webhook;

#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};
use url::Url;

pub use self::access::{AccessFault, check_access};
pub use self::client::Fetcher;
pub use self::clients::ClientError;
pub use self::error::{CODES, FetchError};
pub use self::gate::{CoolingDown, Gate, Permit};
pub use self::guard::{Guard, Refused};
pub use self::headers::Headers;
pub use self::hints::{CacheHints, MAX_RETRY_AFTER, http_date};
pub use self::request::{Request, ResourceKind, SourceHeaders, Transport, basic_auth, bearer, check_header};
pub use self::resolve::{Lookup, SystemNames};
pub use self::robots::{MAX_CRAWL_DELAY, Robots};
pub use self::webhook::WebhookClient;
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
}

/// What a server had to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResponseContent {
    /// 304, with the validators it carried: they replace ours, and what is absent stays.
    NotModified(Validators),
    /// A whole document.
    Document(FetchedDocument),
}

/// A document, whole and decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchedDocument {
    /// 200 or 203.
    pub status: u16,
    /// As received.
    pub headers: Headers,
    /// Content codings taken off; the charset is as it was. Empty where it was handed on piece by piece.
    pub body: Vec<u8>,
    /// The body as it was sent, where that was compressed; of pages only.
    pub encoded: Option<EncodedBody>,
    /// Both replace what was stored, also where one is absent now.
    pub validators: Validators,
    /// `Content-Type` as sent.
    pub content_type: Option<String>,
    /// SHA-256 of the body; of a page, which nobody compares by it, nothing.
    pub body_hash: Vec<u8>,
}

/// A part of a document that nobody keeps whole: see [`Fetcher::get_streamed`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BodyChunk {
    /// It arrives: the first.
    Begins {
        /// Where it comes from.
        url: Url,
        /// `Content-Type` as sent.
        content_type: Option<String>,
    },
    /// Bytes of its body, in order.
    Bytes(Vec<u8>),
}

/// No document, and what was learned on the way.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub struct FailedFetch {
    /// Why.
    pub error: FetchError,
    /// What was learned up to there, redirects and robots.txt included.
    pub fetch: FetchStats,
    /// When the server wishes to be asked again.
    pub hints: CacheHints,
    /// Whether the place that was asked first is the one in trouble.
    pub(crate) at_first_place: bool,
}

impl FailedFetch {
    /// The same as it is kept.
    pub fn failure(&self) -> Failure {
        Failure {
            status: self.fetch.status,
            ..self.error.failure(&self.fetch.url)
        }
    }

    /// Whether the host that was asked first is to rest, and the page is not to blame. Trouble of another host that a
    /// redirect led to is the page's own: the first host would be asked again at once.
    pub fn rests_host(&self) -> bool {
        self.error.is_host_trouble() && self.at_first_place
    }

    /// Until when a host rests that a redirect led to: it was not asked, so the page is not to blame either. Its rests
    /// grow longer, and the first host is asked but once for each.
    pub fn waits_for_another(&self) -> Option<DateTime<Utc>> {
        match &self.error {
            FetchError::Resting { until, .. } if !self.at_first_place => Some(*until),
            _ => None,
        }
    }
}

/// The one user agent: `cuttings/VERSION (+CONTACT)`. What a header cannot hold is left out of the contact.
pub fn user_agent(contact: Option<&str>) -> String {
    let contact: String = contact
        .unwrap_or_default()
        .chars()
        .filter(|c| c.is_ascii_graphic() || *c == ' ')
        .collect();
    let name = concat!("cuttings/", env!("CARGO_PKG_VERSION"));
    match contact.trim() {
        "" => name.to_owned(),
        contact => format!("{name} (+{contact})"),
    }
}

/// Makes ring the crypto of the process. First thing in main and in tests; once or often.
pub fn install_crypto() {
    // An error says that there is a provider already.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
