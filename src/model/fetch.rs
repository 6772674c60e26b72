//! What a fetch learned, besides the document itself.
//!
//! `fetch` fills these values in, `poll` and `collect` pass them on unchanged, and `store` records them: each host's
//! backoff and each robots.txt are stored in the transaction of the poll or page that learned of them.

use std::time::Duration;

use chrono::{DateTime, Utc};
use url::Url;

/// What one fetch learned, whether or not it brought a document.
///
/// The same value is carried by the response or failure of `fetch`, by what `poll` and `collect` make of it, and by the
/// outcome that `store` records. Where several documents are fetched for one outcome (sitemaps of an index, pages of an
/// article), it is that of the first, with the others added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchStats {
    /// HTTP status of the last response; `None` if the last request had no response.
    pub status: Option<u16>,
    /// URL of the last request: the one that was asked for, or where redirects led.
    pub url: Url,
    /// Redirects that were followed, in order.
    pub hops: Vec<RedirectHop>,
    /// State of the hosts that were asked, in order of observation; one per host and fetch.
    pub hosts: Vec<HostObservation>,
    /// Responses to requests for robots.txt that this fetch made; `Fetcher::remember_robots` reads them back.
    pub robots: Vec<RobotsResponse>,
    /// Number of header values that are invalid and were ignored, redirects and robots.txt included.
    pub odd_headers: u64,
    /// Decoded bytes of the document; robots.txt not included.
    pub bytes: u64,
    /// Time spent on requests; waits for the host's turn are not included.
    pub duration: Duration,
}

impl FetchStats {
    /// Before the first request, for `url`.
    pub fn new(url: Url) -> Self {
        Self {
            status: None,
            url,
            hops: Vec::new(),
            hosts: Vec::new(),
            robots: Vec::new(),
            odd_headers: 0,
            bytes: 0,
            duration: Duration::ZERO,
        }
    }

    /// Where permanent redirects led: the end of the leading 301 and 308 hops (RFC 9110, 15.4). What leads back to where it began
    /// did not move.
    pub fn moved_to(&self) -> Option<&Url> {
        let to = self.hops.iter().take_while(|hop| matches!(hop.status, 301 | 308)).last().map(|hop| &hop.to);
        to.filter(|_| self.hops.first().is_some_and(|hop| hop.from != self.url))
    }

    /// The URLs that redirected to the last one, in order. Left out is a way that led back to where it began, such as over a page
    /// that sets a cookie: it says nothing of the page.
    pub fn redirects(&self) -> Vec<Url> {
        let mut way: Vec<Url> = Vec::new();
        for hop in &self.hops {
            way.push(hop.from.clone());
            if let Some(place) = way.iter().position(|url| *url == hop.to) {
                way.truncate(place);
            }
        }
        way
    }

    /// Drops what must be recorded only once where several outcomes share this fetch: hosts, robots.txt, odd headers.
    pub fn clear_observations(&mut self) {
        self.hosts.clear();
        self.robots.clear();
        self.odd_headers = 0;
    }

    /// Adds a later fetch for the same outcome. Status, URL and hops stay those of the first.
    pub fn add(&mut self, later: Self) {
        self.hosts.extend(later.hosts);
        self.robots.extend(later.robots);
        self.odd_headers += later.odd_headers;
        self.bytes += later.bytes;
        self.duration += later.duration;
    }
}

/// One redirect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedirectHop {
    /// The URL that redirected.
    pub from: Url,
    /// The URL it led to.
    pub to: Url,
    /// 301, 302, 303, 307 or 308; 200 or 203 of a page that leads on by itself.
    pub status: u16,
}

/// Validators of a document, byte for byte as the server sent them (RFC 9110, 8.8).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Validators {
    /// `ETag`, with its quotes, `W/` and suffixes.
    pub etag: Option<Vec<u8>>,
    /// `Last-Modified`, however odd.
    pub last_modified: Option<Vec<u8>>,
}

impl Validators {
    /// Whether a request with them would be unconditional.
    pub fn is_empty(&self) -> bool {
        self.etag.is_none() && self.last_modified.is_none()
    }

    /// Those of a 304, completed by the `stored` ones that it lacks (RFC 9111, 3.2).
    #[must_use]
    pub fn or(self, stored: Self) -> Self {
        Self { etag: self.etag.or(stored.etag), last_modified: self.last_modified.or(stored.last_modified) }
    }
}

/// The state of a host, as a request met it. `store` derives the host's backoff from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostObservation {
    /// Name without port, in lower case; a domain with `scope = "domain"`.
    pub host: String,
    /// `None` if the host answered without failing as a whole.
    pub failure: Option<HostFailure>,
}

/// A failure of a host as a whole: DNS, connect, 429, 503.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostFailure {
    /// As in `Failure::code`.
    pub code: &'static str,
    /// When the server asked to be asked again (`Retry-After`).
    pub retry_after: Option<DateTime<Utc>>,
}

/// The response of an origin to a request for robots.txt. Stored, so that it is not requested again after a restart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RobotsResponse {
    /// Scheme, host and port, the default port left out: `https://paper.example`.
    pub origin: String,
    /// Transport and user agent of the request; empty for the defaults.
    pub transport: String,
    /// When it was requested.
    pub fetched_at: DateTime<Utc>,
    /// Until when it is valid; at most a day later.
    pub expires_at: DateTime<Utc>,
    /// HTTP status of the last response; `None` if there was none.
    pub status: Option<u16>,
    /// The file, at most 500 KiB; empty unless the status is 2xx.
    pub body: Vec<u8>,
    /// Its `Sitemap:` lines as printed.
    pub sitemaps: Vec<String>,
}
