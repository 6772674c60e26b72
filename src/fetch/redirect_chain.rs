//! The way of one request over its hops, and what is gathered on it.

use std::fmt::Write as _;
use std::time::Instant;

use chrono::{DateTime, Utc};
use tokio::sync::mpsc;
use url::Url;

use super::{BodyChunk, CacheHints, FetchError, Headers, ResponseContent};
use crate::config::BackoffScope;
use crate::link;
use crate::model::{FetchStats, HostFailure, HostObservation, RedirectHop};

/// The wall clock as the caller of a request knows it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    started: DateTime<Utc>,
    at: Instant,
}

impl Clock {
    pub(super) fn starting(started: DateTime<Utc>) -> Self {
        Self {
            started,
            at: Instant::now(),
        }
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        self.started + self.at.elapsed()
    }
}

/// What is gathered on the way.
#[derive(Debug)]
pub(super) struct Trail {
    /// What counts as one place in the notes.
    pub(super) scope: BackoffScope,
    /// What was learned so far.
    pub(super) fetch: FetchStats,
    pub(super) hints: CacheHints,
    /// Where the document goes piece by piece.
    pub(super) pieces: Option<mpsc::Sender<BodyChunk>>,
}

/// What one hop came to.
pub(super) enum Step {
    Moved { status: u16, to: Url },
    Arrived(ResponseContent),
}

impl Trail {
    pub(super) fn starting(url: Url, scope: BackoffScope) -> Self {
        Self {
            scope,
            fetch: FetchStats::new(url),
            hints: CacheHints::default(),
            pieces: None,
        }
    }

    /// The name of where it is, in the ledger and at the gate.
    pub(super) fn place(&self) -> String {
        self.scope.host_key(&self.fetch.url)
    }

    /// Whether it is still at the place it began at.
    pub(super) fn is_at_first_place(&self) -> bool {
        let first = self.fetch.hops.first().map_or(&self.fetch.url, |hop| &hop.from);
        self.scope.host_key(first) == self.place()
    }

    /// The last word about the present host.
    pub(super) fn note(&mut self, trouble: Option<HostFailure>) {
        let host = self.place();
        self.note_of(HostObservation {
            host,
            failure: trouble,
        });
    }

    /// The last word about a host, where an error has one.
    pub(super) fn note_trouble(&mut self, error: &FetchError) {
        if error.is_host_trouble() {
            self.note(Some(HostFailure {
                code: error.code(),
                retry_after: error.retry_after(),
            }));
        }
    }

    /// Takes over what a way beside this one gathered.
    pub(super) fn join(&mut self, aside: Self) {
        self.fetch.duration += aside.fetch.duration;
        self.fetch.odd_headers += aside.fetch.odd_headers;
        for note in aside.fetch.hosts {
            self.note_of(note);
        }
    }

    /// Goes on to where a redirect leads, unless that is too far, in a circle, or out of the encrypted.
    pub(super) fn follow(&mut self, status: u16, to: Url, limit: usize) -> Result<(), FetchError> {
        let from = self.fetch.url.clone();
        if from.scheme() == "https" && to.scheme() == "http" {
            return Err(FetchError::Downgrade {
                to: link::mask_secrets(&to),
            });
        }
        if self.fetch.hops.len() >= limit {
            return Err(FetchError::TooManyRedirects { limit });
        }
        if to == from || self.fetch.hops.iter().any(|hop| hop.from == to) {
            return Err(FetchError::Loop {
                to: link::mask_secrets(&to),
            });
        }
        self.fetch.hops.push(RedirectHop {
            from,
            to: to.clone(),
            status,
        });
        self.fetch.url = to;
        Ok(())
    }

    fn note_of(&mut self, note: HostObservation) {
        self.fetch.hosts.retain(|known| known.host != note.host);
        self.fetch.hosts.push(note);
    }
}

/// Where a redirect leads (RFC 9110, 10.2.2). Bytes that are no UTF-8 are escaped one by one, as browsers do.
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
        return Err(FetchError::Scheme {
            scheme: to.scheme().to_owned(),
        });
    }
    if to.fragment().is_none() {
        to.set_fragment(from.fragment());
    }
    // Takes user info off, and refuses what is too long.
    link::web_url(to.as_str()).ok_or_else(bad)
}
