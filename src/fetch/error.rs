//! Why a fetch failed: each error has a code, a grade, and whether the host as a whole failed.

use std::net::IpAddr;
use std::time::Duration;

use chrono::{DateTime, Utc};
use url::Url;

use crate::link;
use crate::model::{Failure, Grade};

/// An address that may not be connected to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{host} is at {address}, which is {what}; if that network is yours, name it in fetch.allow_networks")]
pub struct RefusedAddress {
    /// The host as requested.
    pub host: String,
    /// As the URL or the resolver gave it.
    pub address: IpAddr,
    /// What the address is for: "loopback".
    pub what: &'static str,
}

/// Why a fetch brought no document.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// Neither http nor https.
    #[error("a {scheme}: address is not opened, only http and https are; correct the link")]
    Scheme {
        /// Without the colon.
        scheme: String,
    },
    /// A URL that the client cannot request.
    #[error("HTTP has no way to ask for this address: {cause}; correct the link")]
    Url {
        /// As the client said it.
        cause: String,
    },
    /// A configured header that cannot be sent. Its value is secret and not part of the error.
    #[error("the header {name:?} cannot be sent: {cause}; correct it in the source")]
    Header {
        /// As configured.
        name: String,
        /// Why not.
        cause: &'static str,
    },
    /// Request options of the source that cannot be used: proxy, CA file, secret.
    #[error("{cause}; correct it in the source")]
    Settings {
        /// Which setting, and why.
        cause: String,
    },
    /// An address that may not be reached.
    #[error(transparent)]
    Address(#[from] RefusedAddress),
    /// A redirect from https to http.
    #[error(
        "an https address redirects to {to}, which is not encrypted; use that address itself if that is meant"
    )]
    Downgrade {
        /// Masked.
        to: String,
    },
    /// More redirects than `fetch.max_redirects`.
    #[error("more than {limit} redirects; open the address in a browser and use where it ends")]
    TooManyRedirects {
        /// `fetch.max_redirects`
        limit: usize,
    },
    /// A redirect to a URL that redirected before.
    #[error("the redirects lead back to {to}; the site may want a cookie or a consent that is not given")]
    Loop {
        /// Masked.
        to: String,
    },
    /// A redirect without a usable `Location`.
    #[error("the server answered {status} without a usable Location; the address may have moved")]
    BadRedirect {
        /// HTTP status.
        status: u16,
    },
    /// A name without an address.
    #[error("no address was found for {host}: {cause}; check the name and the resolver")]
    Dns {
        /// The name.
        host: String,
        /// As the resolver said it.
        cause: String,
    },
    /// A connection that failed.
    #[error("{host} could not be connected to: {cause}; it will be tried again")]
    Connect {
        /// The host.
        host: String,
        /// As the system said it.
        cause: String,
    },
    /// A connection that was not made in time.
    #[error("{host} could not be connected to within {after:?}; it will be tried again")]
    ConnectTimeout {
        /// The host.
        host: String,
        /// `fetch.connect_timeout`
        after: Duration,
    },
    /// No connection to the proxy, or none from it to the host.
    #[error("no way to {host} through the proxy {proxy}: {cause}; it will be tried again")]
    Proxy {
        /// The host that was to be reached.
        host: String,
        /// Masked.
        proxy: String,
        /// As the client said it.
        cause: String,
    },
    /// A host in backoff: it was not asked.
    #[error("{host} asked to be left alone until {}; it was not asked", until.format("%F %T UTC"))]
    CoolingDown {
        /// The host.
        host: String,
        /// The end of its backoff.
        until: DateTime<Utc>,
    },
    /// An invalid certificate.
    #[error("the certificate of {host} does not hold: {cause}; nothing is fetched until it does")]
    Certificate {
        /// The host.
        host: String,
        /// Expired, unknown issuer, another name.
        cause: String,
    },
    /// A TLS handshake that failed for another reason.
    #[error("no encrypted connection to {host}: {cause}")]
    Tls {
        /// The host.
        host: String,
        /// What the handshake ended with.
        cause: String,
    },
    /// No bytes for `fetch.idle_timeout`.
    #[error("nothing was heard for {after:?}; it will be tried again")]
    Idle {
        /// `fetch.idle_timeout`; before the answer begins, with the time to connect added.
        after: Duration,
    },
    /// A response that was not complete in time.
    #[error("the answer was not complete within {after:?}; it will be tried again")]
    Total {
        /// `fetch.total_timeout`
        after: Duration,
    },
    /// A connection that was closed before the response was complete.
    #[error("the connection ended before the answer did: {cause}; it will be tried again")]
    Broken {
        /// As the client said it.
        cause: String,
    },
    /// A response that is not valid HTTP.
    #[error("the answer is not proper HTTP: {cause}")]
    Protocol {
        /// As the client said it.
        cause: String,
    },
    /// A body over the limit.
    #[error(
        "the document is larger than {limit} bytes; raise fetch.max_feed or fetch.max_page if it is worth it"
    )]
    TooLarge {
        /// In decoded bytes.
        limit: u64,
    },
    /// A body that does not decode, or is truncated.
    #[error("the body does not decode as {coding}: {cause}")]
    Coding {
        /// `gzip`
        coding: String,
        /// What the decoder said.
        cause: String,
    },
    /// A content coding that was not accepted.
    #[error("the body is encoded as {coding:?}, which was not asked for")]
    UnknownCoding {
        /// As the server named it.
        coding: String,
    },
    /// A page of another type than HTML, text or XML.
    #[error("it is {content_type}, not a page; nothing was downloaded")]
    NotHtml {
        /// As the server named it.
        content_type: String,
    },
    /// A challenge of a bot protection.
    #[error("the site asks whether we are human (status {status}); ask its owner to let this user agent in")]
    Challenge {
        /// HTTP status.
        status: u16,
    },
    /// 304 to an unconditional request.
    #[error("the server answered 304 though nothing conditional was asked")]
    Unasked304,
    /// Any other status without a document.
    #[error("the server answered {status}")]
    Status {
        /// HTTP status.
        status: u16,
        /// When it asked to be asked again, for 429 and 503. Never in the past, at most a day ahead.
        retry_after: Option<DateTime<Utc>>,
    },
    /// A file that may not be a feed.
    #[error("{path} is not opened: {cause}")]
    FileRefused {
        /// As typed.
        path: String,
        /// Why, and what to do.
        cause: String,
    },
    /// A file that cannot be read.
    #[error(
        "{path} cannot be read: {cause}; check its name, and that the account of the daemon may read it \
         (under systemd homes and /tmp are hidden)"
    )]
    File {
        /// As typed.
        path: String,
        /// As the system said it.
        cause: String,
    },
    /// A program that cannot be started.
    #[error("{program} cannot be run: {cause}; install it or correct the command; it is tried again")]
    ProgramMissing {
        /// Its name.
        program: String,
        /// As the system said it.
        cause: String,
        /// When it is tried again.
        until: DateTime<Utc>,
    },
    /// A program that did not end in time.
    #[error("{program} {cause}; it was killed and will be run again (its time is fetch.total_timeout)")]
    ProgramTimeout {
        /// Its name.
        program: String,
        /// With the end of its stderr.
        cause: String,
    },
    /// A program that asks to be run later: exit code 75 (`EX_TEMPFAIL` of sysexits.h).
    #[error("{program} {cause}; that means later, so its host is left alone for a while")]
    ProgramLater {
        /// Its name.
        program: String,
        /// With the end of its stderr.
        cause: String,
    },
    /// A program that failed, or printed no document.
    #[error("{program} {cause}")]
    ProgramFailed {
        /// Its name.
        program: String,
        /// With the end of its stderr.
        cause: String,
    },
    /// robots.txt forbids the URL.
    #[error("robots.txt of {host} forbids this page; ignore_robots on the source overrides it")]
    RobotsDenied {
        /// The host.
        host: String,
    },
    /// robots.txt is unreachable: RFC 9309, 2.3.1.4 demands to assume complete disallow.
    #[error(
        "robots.txt of {host} could not be had ({cause}), so its pages are left alone; it will be tried again"
    )]
    RobotsUnreachable {
        /// The host.
        host: String,
        /// Why not.
        cause: String,
        /// When the server asked to be asked again.
        retry_after: Option<DateTime<Utc>>,
    },
}

impl FetchError {
    /// Its code: database column and metric label. `fetch::tests::CODES` lists them all.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Scheme { .. } => "refused-scheme",
            Self::Url { .. } => "bad-url",
            Self::Header { .. } => "bad-header",
            Self::Settings { .. } => "bad-settings",
            Self::Address(_) => "refused-address",
            Self::Downgrade { .. } => "refused-downgrade",
            Self::TooManyRedirects { .. } => "too-many-redirects",
            Self::Loop { .. } => "redirect-loop",
            Self::BadRedirect { .. } => "bad-redirect",
            Self::Dns { .. } => "dns",
            Self::Connect { .. } => "connect",
            Self::ConnectTimeout { .. } => "connect-timeout",
            Self::Proxy { .. } => "proxy",
            Self::CoolingDown { .. } => "host-backoff",
            Self::Certificate { .. } => "certificate",
            Self::Tls { .. } => "tls",
            Self::Idle { .. } => "idle-timeout",
            Self::Total { .. } => "total-timeout",
            Self::Broken { .. } => "reset",
            Self::Protocol { .. } => "bad-http",
            Self::TooLarge { .. } => "too-large",
            Self::Coding { .. } => "bad-coding",
            Self::UnknownCoding { .. } => "unknown-coding",
            Self::NotHtml { .. } => "not-html",
            Self::Challenge { .. } => "challenge",
            Self::Unasked304 => "unasked-304",
            Self::Status { status, .. } => code_of(*status),
            Self::FileRefused { .. } => "refused-file",
            Self::File { .. } => "file",
            Self::ProgramMissing { .. } => "program-missing",
            Self::ProgramTimeout { .. } => "program-timeout",
            Self::ProgramLater { .. } => "program-later",
            Self::ProgramFailed { .. } => "program-failed",
            Self::RobotsDenied { .. } => "robots-denied",
            Self::RobotsUnreachable { .. } => "robots-unreachable",
        }
    }

    /// How bad it is, and so how soon to try again.
    pub fn grade(&self) -> Grade {
        match self {
            Self::Dns { .. }
            | Self::Connect { .. }
            | Self::ConnectTimeout { .. }
            | Self::Proxy { .. }
            | Self::CoolingDown { .. }
            | Self::Idle { .. }
            | Self::Total { .. }
            | Self::Broken { .. }
            | Self::RobotsUnreachable { .. }
            | Self::File { .. }
            | Self::ProgramMissing { .. }
            | Self::ProgramTimeout { .. }
            | Self::ProgramLater { .. }
            | Self::Status { status: 408 | 421 | 425 | 429 | 500..=599, .. } => Grade::Temporary,
            Self::Scheme { .. }
            | Self::Url { .. }
            | Self::Address(_)
            | Self::Downgrade { .. }
            | Self::NotHtml { .. }
            | Self::FileRefused { .. }
            | Self::Status { status: 410 | 451, .. } => Grade::Permanent,
            _ => Grade::Soft,
        }
    }

    /// Whether the host as a whole failed: then the host gets a backoff, and the page no attempt.
    pub fn is_host_failure(&self) -> bool {
        matches!(
            self,
            Self::Dns { .. }
                | Self::Connect { .. }
                | Self::ConnectTimeout { .. }
                | Self::Proxy { .. }
                | Self::CoolingDown { .. }
                | Self::RobotsUnreachable { .. }
                | Self::ProgramLater { .. }
                | Self::Status { status: 429 | 503, .. }
        )
    }

    /// The HTTP status, if the status is the error.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Status { status, .. } | Self::BadRedirect { status } | Self::Challenge { status } => {
                Some(*status)
            }
            Self::Unasked304 => Some(304),
            _ => None,
        }
    }

    /// When the server asked to be asked again.
    pub fn retry_after(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::Status { retry_after, .. } | Self::RobotsUnreachable { retry_after, .. } => *retry_after,
            Self::CoolingDown { until, .. } => Some(*until),
            _ => None,
        }
    }

    /// The failure as it is recorded. `url` is where it happened; its secrets are masked.
    pub fn failure(&self, url: &Url) -> Failure {
        Failure {
            code: self.code(),
            grade: self.grade(),
            message: self.to_string(),
            url: Some(link::mask_secrets(url)),
            status: self.status(),
        }
    }
}

fn code_of(status: u16) -> &'static str {
    match (status, status / 100) {
        (400, _) => "http-400",
        (401, _) => "http-401",
        (403, _) => "http-403",
        (404, _) => "http-404",
        (410, _) => "http-410",
        (429, _) => "http-429",
        (500, _) => "http-500",
        (502, _) => "http-502",
        (503, _) => "http-503",
        (504, _) => "http-504",
        (_, 2) => "http-2xx",
        (_, 3) => "http-3xx",
        (_, 4) => "http-4xx",
        (_, 5) => "http-5xx",
        _ => "http-other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::tests::CODES;

    #[test]
    fn every_status_has_a_code_of_the_closed_set() {
        for status in 100..1000 {
            assert!(CODES.contains(&code_of(status)), "{status}");
        }
        assert!(CODES.is_sorted());
        assert_eq!(code_of(404), "http-404");
        assert_eq!(code_of(418), "http-4xx");
    }

    #[test]
    fn grades_and_blame() {
        let of = |status| FetchError::Status { status, retry_after: None };
        assert_eq!(of(404).grade(), Grade::Soft);
        assert_eq!(of(410).grade(), Grade::Permanent);
        assert_eq!(of(503).grade(), Grade::Temporary);
        assert!(of(429).is_host_failure() && of(503).is_host_failure());
        assert!(!of(500).is_host_failure() && !of(404).is_host_failure());
    }

    #[test]
    fn h20_a_failure_masks_secrets() {
        let url = Url::parse("https://me:secret@paper.example/feed?token=abc").unwrap();
        let failure = FetchError::Unasked304.failure(&url);
        let shown = format!("{failure:?}");
        assert!(!shown.contains("secret") && !shown.contains("abc"), "{shown}");
    }
}
