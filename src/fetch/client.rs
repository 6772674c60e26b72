//! The walk over the hops, and one hop.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use reqwest::header::{self, HeaderMap, HeaderValue};
use tokio::time::timeout;
use url::Url;

use super::error::innermost;
use super::{
    Document, Failed, FetchError, Fetched, Gate, Guard, Headers, Hints, Hop, Lookup, Outcome, Request,
    SystemNames, Want, body, challenge, hints, install_crypto, resolve,
};
use crate::config;
use crate::link;
use crate::model::{HostNote, Trouble, Validators};

/// Idle connections are closed after the gap and this: before most servers do it.
const KEEP_IDLE: Duration = Duration::from_secs(2);

/// A longer validator is none: it would be sent back in every request.
const MAX_VALIDATOR: usize = 4096;

/// So much is looked at of a body that is not wanted.
const LOOK: u64 = 32 << 10;

/// Longest wait for such a body.
const LOOK_TIME: Duration = Duration::from_secs(2);

/// So much of a robots.txt counts (RFC 9309, 2.5).
const MAX_ROBOTS: u64 = 500 << 10;

/// Asks servers. Cheap to clone; clones share connections and the gate.
#[derive(Clone, Debug)]
pub struct Fetcher {
    client: reqwest::Client,
    guard: Guard,
    gate: Arc<Gate>,
    limits: config::Fetch,
}

/// The HTTP client could not be built.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client could not be built ({cause}); the system's CA certificates may be missing")]
pub struct ClientError {
    cause: String,
}

impl Fetcher {
    /// A fetcher over the system's resolver. `user_agent` is from [`super::user_agent`].
    pub fn new(
        limits: &config::Fetch,
        politeness: &config::Politeness,
        user_agent: String,
    ) -> Result<Self, ClientError> {
        Self::with_names(limits, politeness, user_agent, Arc::new(SystemNames::default()))
    }

    /// The same, with names looked up elsewhere. The guard judges what `names` answers all the same.
    pub fn with_names(
        limits: &config::Fetch,
        politeness: &config::Politeness,
        user_agent: String,
        names: Arc<dyn Lookup>,
    ) -> Result<Self, ClientError> {
        install_crypto();
        let guard = Guard::new(&limits.allow_networks);
        let resolver = resolve::Guarded {
            guard: guard.clone(),
            names,
        };
        let client = reqwest::Client::builder()
            .user_agent(user_agent)
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .no_proxy()
            .dns_resolver(Arc::new(resolver))
            .connect_timeout(limits.connect_timeout)
            .pool_idle_timeout(politeness.host_gap.saturating_add(KEEP_IDLE))
            .pool_max_idle_per_host(politeness.per_host)
            .http1_ignore_invalid_headers_in_responses(true)
            .http1_allow_obsolete_multiline_headers_in_responses(true)
            .http2_max_header_list_size(64 << 10)
            .build()
            .map_err(|error| ClientError {
                cause: innermost(&error),
            })?;
        Ok(Self {
            client,
            guard,
            gate: Arc::new(Gate::new(politeness)),
            limits: limits.clone(),
        })
    }

    /// Gets one document, over at most `max_redirects` hops. `now` is when it is called.
    pub async fn get(&self, request: Request, now: DateTime<Utc>) -> Result<Fetched, Box<Failed>> {
        let mut trail = Trail {
            url: request.url.clone(),
            status: None,
            hops: Vec::new(),
            hosts: Vec::new(),
            hints: Hints::default(),
            took: Duration::ZERO,
        };
        match self.walk(&request, &mut trail, now).await {
            Ok(outcome) => Ok(Fetched {
                outcome,
                status: trail.status.unwrap_or_default(),
                url: trail.url,
                hops: trail.hops,
                hosts: trail.hosts,
                hints: trail.hints,
                took: trail.took,
            }),
            Err(error) => {
                if error.is_host_trouble() {
                    trail.note(Some(Trouble {
                        code: error.code(),
                        retry_after: error.retry_after(),
                    }));
                }
                Err(Box::new(Failed {
                    error,
                    status: trail.status,
                    url: trail.url,
                    hops: trail.hops,
                    hosts: trail.hosts,
                    hints: trail.hints,
                    took: trail.took,
                }))
            }
        }
    }

    async fn walk(
        &self,
        request: &Request,
        trail: &mut Trail,
        now: DateTime<Utc>,
    ) -> Result<Outcome, FetchError> {
        let called = Instant::now();
        loop {
            self.guard.judge_url(&trail.url)?;
            let pass = self.gate.enter(&link::host(&trail.url)).await;
            let begun = Instant::now();
            let arrived = self.hop(request, trail, now, called);
            let step = timeout(self.limits.total_timeout, arrived).await;
            trail.took += begun.elapsed();
            drop(pass);
            let after = self.limits.total_timeout;
            match step.unwrap_or(Err(FetchError::Total { after }))? {
                Step::Arrived(outcome) => return Ok(outcome),
                Step::Moved { status, to } => trail.follow(status, to, self.limits.max_redirects)?,
            }
        }
    }

    /// One request and its answer. The caller holds the pass and the clock.
    async fn hop(
        &self,
        request: &Request,
        trail: &mut Trail,
        now: DateTime<Utc>,
        called: Instant,
    ) -> Result<Step, FetchError> {
        let host = link::host(&trail.url);
        let conditional = request.validators_from.as_ref().unwrap_or(&request.url) == &trail.url;
        let lines = request_lines(request, conditional);
        let asked = !request.validators.is_empty() && conditional;
        trail.status = None;
        trail.hints = Hints::default();
        // The idle limit also bounds headers without end: the client does not show them before they are complete.
        let patience = self
            .limits
            .connect_timeout
            .saturating_add(self.limits.idle_timeout);
        let response = timeout(patience, self.client.get(trail.url.clone()).headers(lines).send())
            .await
            .map_err(|_| FetchError::Idle { after: patience })?
            .map_err(|error| FetchError::of_client(&error, &host, self.limits.connect_timeout))?;
        let status = response.status().as_u16();
        let headers = Headers::from(response.headers());
        trail.status = Some(status);
        let arrived = now + called.elapsed();
        trail.hints = Hints::read(&headers, arrived);
        if !matches!(status, 429 | 503) {
            trail.note(None);
        }
        if challenge::in_headers(&headers) {
            return Err(FetchError::Challenge { status });
        }
        match status {
            301 | 302 | 303 | 307 | 308 => {
                let to = target(&trail.url, &headers, status)?;
                self.look(response, &headers).await;
                Ok(Step::Moved { status, to })
            }
            304 if asked => {
                self.look(response, &headers).await;
                Ok(Step::Arrived(Outcome::NotModified(validators(&headers))))
            }
            304 => Err(FetchError::Unasked304),
            200 | 203 => {
                let document = self.document(request.want, response, status, headers).await?;
                Ok(Step::Arrived(Outcome::Document(document)))
            }
            _ => {
                let start = self.look(response, &headers).await;
                if matches!(status, 401 | 403 | 429 | 503) && challenge::in_body(&start) {
                    return Err(FetchError::Challenge { status });
                }
                let retry_after = headers
                    .text("retry-after")
                    .filter(|_| matches!(status, 429 | 503))
                    .and_then(|value| hints::retry_after(&value, arrived));
                Err(FetchError::Status { status, retry_after })
            }
        }
    }

    async fn document(
        &self,
        want: Want,
        response: reqwest::Response,
        status: u16,
        headers: Headers,
    ) -> Result<Document, FetchError> {
        let content_type = headers.get_str("content-type");
        if want == Want::Page
            && let Some(content_type) = content_type.as_deref().filter(|named| !is_page(named))
        {
            return Err(FetchError::NotHtml {
                content_type: content_type.to_owned(),
            });
        }
        let limits = body::Limits {
            bytes: match want {
                Want::Feed => self.limits.max_feed,
                Want::Page => self.limits.max_page,
                Want::Robots => MAX_ROBOTS,
            },
            idle: self.limits.idle_timeout,
        };
        let body = body::read(response, &headers, limits).await?;
        Ok(Document {
            status,
            validators: validators(&headers),
            content_type,
            body_hash: ring::digest::digest(&ring::digest::SHA256, &body)
                .as_ref()
                .to_vec(),
            body,
            headers,
        })
    }

    /// The beginning of a body nobody wants. Read to its end, a small one leaves the connection fit for the next
    /// request; a large one is left, and the connection with it.
    async fn look(&self, response: reqwest::Response, headers: &Headers) -> Vec<u8> {
        let limits = body::Limits {
            bytes: LOOK,
            idle: self.limits.idle_timeout,
        };
        let start = body::peek(response, headers, limits);
        timeout(LOOK_TIME, start).await.unwrap_or_default()
    }
}

/// What is gathered on the way.
struct Trail {
    url: Url,
    status: Option<u16>,
    hops: Vec<Hop>,
    hosts: Vec<HostNote>,
    hints: Hints,
    took: Duration,
}

/// What one hop came to.
enum Step {
    Moved { status: u16, to: Url },
    Arrived(Outcome),
}

impl Trail {
    /// The last word about the present host.
    fn note(&mut self, trouble: Option<Trouble>) {
        let host = link::host(&self.url);
        self.hosts.retain(|note| note.host != host);
        self.hosts.push(HostNote { host, trouble });
    }

    fn follow(&mut self, status: u16, to: Url, limit: usize) -> Result<(), FetchError> {
        let from = self.url.clone();
        if from.scheme() == "https" && to.scheme() == "http" {
            return Err(FetchError::Downgrade {
                to: link::masked(&to),
            });
        }
        if self.hops.len() >= limit {
            return Err(FetchError::TooManyRedirects { limit });
        }
        if to == from || self.hops.iter().any(|hop| hop.from == to) {
            return Err(FetchError::Loop {
                to: link::masked(&to),
            });
        }
        self.hops.push(Hop {
            from,
            to: to.clone(),
            status,
        });
        self.url = to;
        Ok(())
    }
}

fn request_lines(request: &Request, conditional: bool) -> HeaderMap {
    let mut lines = HeaderMap::new();
    lines.insert(header::ACCEPT, HeaderValue::from_static(request.want.accept()));
    lines.insert(
        header::ACCEPT_ENCODING,
        HeaderValue::from_static(body::ACCEPT_ENCODING),
    );
    if conditional {
        let mut add = |name, value: &Option<Vec<u8>>| {
            // Stored bytes were a header once; if they are none now, the request is unconditional.
            if let Some(Ok(value)) = value.as_deref().map(HeaderValue::from_bytes) {
                lines.insert(name, value);
            }
        };
        add(header::IF_NONE_MATCH, &request.validators.etag);
        add(header::IF_MODIFIED_SINCE, &request.validators.last_modified);
    }
    lines
}

fn validators(headers: &Headers) -> Validators {
    let bytes = |name| {
        headers
            .get(name)
            .filter(|value| !value.is_empty() && value.len() <= MAX_VALIDATOR)
            .map(<[u8]>::to_vec)
    };
    Validators {
        etag: bytes("etag"),
        last_modified: bytes("last-modified"),
    }
}

/// Where a redirect leads (RFC 9110, 10.2.2). Bytes that are no UTF-8 are escaped one by one, as browsers do.
fn target(from: &Url, headers: &Headers, status: u16) -> Result<Url, FetchError> {
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

/// Whether a `Content-Type` may be a page. One that names no type at all decides nothing.
fn is_page(content_type: &str) -> bool {
    let essence = content_type
        .split([';', ',', ' '])
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    !essence.contains('/')
        || matches!(
            essence.as_str(),
            "text/html" | "application/xhtml+xml" | "text/plain" | "text/xml" | "application/xml"
        )
}
