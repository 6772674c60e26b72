//! The way of one request over its hops, and what is gathered on it.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use tokio::sync::mpsc;
use url::Url;

use super::{BodyChunk, CacheHints, FetchError, Headers, RedirectHop, ResponseContent};
use crate::config::BackoffScope;
use crate::link;
use crate::model::{HostFailure, HostObservation, RobotsResponse};

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
    /// Where the way has led.
    pub(super) url: Url,
    /// Of the last answer.
    pub(super) status: Option<u16>,
    pub(super) hops: Vec<RedirectHop>,
    pub(super) hosts: Vec<HostObservation>,
    pub(super) robots: Vec<RobotsResponse>,
    pub(super) hints: CacheHints,
    /// Header values that mean nothing.
    pub(super) odd: u64,
    pub(super) took: Duration,
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
            url,
            status: None,
            hops: Vec::new(),
            hosts: Vec::new(),
            robots: Vec::new(),
            hints: CacheHints::default(),
            odd: 0,
            took: Duration::ZERO,
            pieces: None,
        }
    }

    /// The name of where it is, in the ledger and at the gate.
    pub(super) fn place(&self) -> String {
        self.scope.place(&self.url)
    }

    /// Whether it is still at the place it began at.
    pub(super) fn is_at_first_place(&self) -> bool {
        let first = self.hops.first().map_or(&self.url, |hop| &hop.from);
        self.scope.place(first) == self.place()
    }

    /// The last word about the present host.
    pub(super) fn note(&mut self, trouble: Option<HostFailure>) {
        let host = self.place();
        self.note_of(HostObservation { host, trouble });
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
        self.took += aside.took;
        self.odd += aside.odd;
        for note in aside.hosts {
            self.note_of(note);
        }
    }

    /// Goes on to where a redirect leads, unless that is too far, in a circle, or out of the encrypted.
    pub(super) fn follow(&mut self, status: u16, to: Url, limit: usize) -> Result<(), FetchError> {
        let from = self.url.clone();
        if from.scheme() == "https" && to.scheme() == "http" {
            return Err(FetchError::Downgrade {
                to: link::mask_secrets(&to),
            });
        }
        if self.hops.len() >= limit {
            return Err(FetchError::TooManyRedirects { limit });
        }
        if to == from || self.hops.iter().any(|hop| hop.from == to) {
            return Err(FetchError::Loop {
                to: link::mask_secrets(&to),
            });
        }
        self.hops.push(RedirectHop {
            from,
            to: to.clone(),
            status,
        });
        self.url = to;
        Ok(())
    }

    fn note_of(&mut self, note: HostObservation) {
        self.hosts.retain(|known| known.host != note.host);
        self.hosts.push(note);
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
