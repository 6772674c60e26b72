//! The redirects of one request, and what is learned on the way (RFC 9110, 15.4).

use std::fmt::Write as _;
use std::time::Instant;

use chrono::{DateTime, Utc};
use tokio::sync::mpsc;
use url::Url;

use super::cookies::ChainCookies;
use super::error::FetchError;
use super::headers::Headers;
use super::hints::CacheHints;
use super::response::{BodyChunk, FailedFetch, ResponseContent};
use crate::config::BackoffScope;
use crate::link;
use crate::model::{FetchStats, HostFailure, HostObservation, RedirectHop};

/// The caller's wall clock, continued with a monotonic one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    started_at: DateTime<Utc>,
    started: Instant,
}

impl Clock {
    pub(super) fn starting(started_at: DateTime<Utc>) -> Self {
        Self { started_at, started: Instant::now() }
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        self.started_at + self.started.elapsed()
    }
}

/// A request on its way: where it is, and what was learned so far.
#[derive(Debug)]
pub(super) struct RedirectChain {
    /// What counts as one host.
    pub(super) scope: BackoffScope,
    pub(super) fetch: FetchStats,
    /// Of the last response.
    pub(super) hints: CacheHints,
    /// Set on the way; they go back to their own hosts.
    pub(super) cookies: ChainCookies,
    /// Where the body is streamed to; `None`: it is returned whole.
    pub(super) chunks: Option<mpsc::Sender<BodyChunk>>,
}

/// The result of one hop.
pub(super) enum HopResult {
    Redirect { status: u16, to: Url },
    Arrived(ResponseContent),
}

impl RedirectChain {
    pub(super) fn starting(url: Url, scope: BackoffScope) -> Self {
        Self::continuing(FetchStats::new(url), ChainCookies::default(), scope)
    }

    /// A chain that ended at a page which leads on.
    pub(super) fn continuing(fetch: FetchStats, cookies: ChainCookies, scope: BackoffScope) -> Self {
        Self { scope, fetch, hints: CacheHints::default(), cookies, chunks: None }
    }

    /// The present host: its name at the gate and in the store.
    pub(super) fn host(&self) -> String {
        self.scope.host_key(&self.fetch.url)
    }

    /// Whether no redirect led to another host.
    pub(super) fn is_at_first_host(&self) -> bool {
        let first = self.fetch.hops.first().map_or(&self.fetch.url, |hop| &hop.from);
        self.scope.host_key(first) == self.host()
    }

    /// Notes the state of the present host, in place of an earlier observation.
    pub(super) fn observe_host(&mut self, failure: Option<HostFailure>) {
        let host = self.host();
        self.add_observation(HostObservation { host, failure });
    }

    /// Notes that the present host failed, if the error is one of the host as a whole.
    pub(super) fn observe_error(&mut self, error: &FetchError) {
        if error.is_host_failure() {
            self.observe_host(Some(HostFailure { code: error.code(), retry_after: error.retry_after() }));
        }
    }

    /// Adds what the request for robots.txt learned. Its bytes do not count: they are no document.
    pub(super) fn add_robots_request(&mut self, robots: Self) {
        self.fetch.duration += robots.fetch.duration;
        self.fetch.odd_headers += robots.fetch.odd_headers;
        for observation in robots.fetch.hosts {
            self.add_observation(observation);
        }
    }

    /// Moves on to the target of a redirect. Refused are too many hops, https to http, and loops: a URL is requested once more
    /// if it gets a cookie that it did not get before.
    pub(super) fn follow(&mut self, status: u16, to: Url, limit: usize) -> Result<(), FetchError> {
        let from = self.fetch.url.clone();
        if from.scheme() == "https" && to.scheme() == "http" {
            return Err(FetchError::Downgrade { to: link::mask_secrets(&to) });
        }
        if self.fetch.hops.len() >= limit {
            return Err(FetchError::TooManyRedirects { limit });
        }
        if !self.cookies.leads_on(&to) {
            return Err(FetchError::Loop { to: link::mask_secrets(&to) });
        }
        self.fetch.url = to.clone();
        self.fetch.hops.push(RedirectHop { from, to, status });
        Ok(())
    }

    /// What is reported of a chain that ends here without a document.
    pub(super) fn failed(mut self, error: FetchError) -> Box<FailedFetch> {
        self.observe_error(&error);
        let is_first_host = self.is_at_first_host();
        Box::new(FailedFetch { error, is_first_host, fetch: self.fetch, hints: self.hints })
    }

    fn add_observation(&mut self, observation: HostObservation) {
        self.fetch.hosts.retain(|known| known.host != observation.host);
        self.fetch.hosts.push(observation);
    }
}

/// The target of a redirect (RFC 9110, 10.2.2). Bytes that are not UTF-8 are percent-encoded, as browsers do.
pub(super) fn target(from: &Url, headers: &Headers, status: u16) -> Result<Url, FetchError> {
    let bad = || FetchError::BadRedirect { status };
    let bytes = headers.get("location").ok_or_else(bad)?;
    let location = match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().fold(String::new(), |mut text, byte| {
            match byte {
                0..0x80 => text.push(char::from(*byte)),
                // Writing to a string does not fail.
                _ => write!(text, "%{byte:02X}").unwrap_or_default(),
            }
            text
        }),
    };
    let mut to = from.join(location.trim()).map_err(|_| bad())?;
    if !matches!(to.scheme(), "http" | "https") {
        return Err(FetchError::Scheme { scheme: to.scheme().to_owned() });
    }
    if to.fragment().is_none() {
        to.set_fragment(from.fragment());
    }
    // Removes user info, and refuses URLs that are too long.
    link::web_url(to.as_str()).ok_or_else(bad)
}
