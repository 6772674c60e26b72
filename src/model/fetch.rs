//! What a fetch learned, besides the document itself.
//!
//! `fetch` fills these values in, `poll` and `collect` pass them on unchanged, and `store` records them: each host's
//! backoff and each robots.txt are stored in the transaction of the poll or page that learned of them.

use chrono::{DateTime, Utc};

/// The opaque validators of a stored document, byte for byte as the server sent them (RFC 9110, 8.8).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Validators {
    /// `ETag`, with its quotes, `W/` and suffixes.
    pub etag: Option<Vec<u8>>,
    /// `Last-Modified`, however odd.
    pub last_modified: Option<Vec<u8>>,
}

impl Validators {
    /// Nothing to be conditional with.
    pub fn is_empty(&self) -> bool {
        self.etag.is_none() && self.last_modified.is_none()
    }
}

/// What a fetch learned about a host; [`crate::store`] applies it in one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostObservation {
    /// Host name without port, lower case.
    pub host: String,
    /// Whether the host answered in good health.
    pub trouble: Option<HostFailure>,
}

/// Trouble of a host as a whole: DNS, connect, 429, 503.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostFailure {
    /// As in [`Failure::code`].
    pub code: &'static str,
    /// When the server asked us to come back (`Retry-After`).
    pub retry_after: Option<DateTime<Utc>>,
}

/// What an origin answered for robots.txt; kept, it saves the question after a restart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RobotsResponse {
    /// Scheme, host and port, the default port left out: `https://paper.example`.
    pub origin: String,
    /// By which way and under which name it was asked; empty for the straight one under ours.
    pub way: String,
    /// When it was asked.
    pub fetched_at: DateTime<Utc>,
    /// Until when it counts, at most a day later.
    pub expires_at: DateTime<Utc>,
    /// HTTP status of the last answer; `None`: there was none.
    pub status: Option<u16>,
    /// The file, at most 500 KiB; empty unless the status is a success.
    pub body: Vec<u8>,
    /// Its `Sitemap:` lines as printed.
    pub sitemaps: Vec<String>,
}
