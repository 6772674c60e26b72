//! The walk over the hops, and one hop.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tracing::debug;

use super::clients::Clients;
use super::redirect_chain::{Clock, Step, Trail, target};
use super::robots::{MAX_ROBOTS, RobotsCache};
use super::{
    BodyChunk, CacheHints, ClientError, FailedFetch, FetchError, FetchedDocument, Gate, Guard, Headers,
    Lookup, Request, ResourceKind, Response, ResponseContent, SystemNames, body, challenge, hints,
};
use crate::config::{self, BackoffScope};
use crate::link;
use crate::model::Validators;

/// A longer validator is none: it would be sent back in every request.
const MAX_VALIDATOR: usize = 4096;

/// So much is looked at of a body that is not wanted.
const LOOK: u64 = 32 << 10;

/// Bytes of a sitemap (sitemaps.org).
const MAX_SITEMAP: u64 = 50 << 20;

/// Longest wait for such a body.
const LOOK_TIME: Duration = Duration::from_secs(2);

/// Hops to a robots.txt (RFC 9309, 2.3.1.2).
const ROBOTS_REDIRECTS: usize = 5;

/// Asks servers. Cheap to clone; clones share connections, the gate and what they know of robots.txt.
#[derive(Clone, Debug)]
pub struct Fetcher {
    clients: Arc<Clients>,
    guard: Guard,
    gate: Arc<Gate>,
    book: Arc<RobotsCache>,
    limits: config::FetchConfig,
    scope: BackoffScope,
}

impl Fetcher {
    /// A fetcher over the system's resolver. `user_agent` is from [`super::user_agent`].
    pub fn new(
        limits: &config::FetchConfig,
        politeness: &config::PolitenessConfig,
        user_agent: String,
    ) -> Result<Self, ClientError> {
        Self::with_names(limits, politeness, user_agent, Arc::new(SystemNames::default()))
    }

    /// The same, with names looked up elsewhere. The guard judges what `names` answers all the same.
    pub fn with_names(
        limits: &config::FetchConfig,
        politeness: &config::PolitenessConfig,
        user_agent: String,
        names: Arc<dyn Lookup>,
    ) -> Result<Self, ClientError> {
        Ok(Self {
            clients: Arc::new(Clients::new(limits, politeness, user_agent, names)?),
            guard: Guard::new(&limits.allow_networks),
            gate: Arc::new(Gate::new(politeness)),
            book: Arc::default(),
            limits: limits.clone(),
            scope: politeness.scope,
        })
    }

    /// Takes over the ledger of hosts as it was kept: none is asked before its time. A gap is waited for; a longer rest
    /// turns requests away.
    pub fn remember_hosts(&self, hosts: &[(String, DateTime<Utc>)], now: DateTime<Utc>) {
        for (host, not_before) in hosts {
            self.gate.remember(host, *not_before, now);
        }
    }

    /// Forgets that a host rests: a person wants it asked now. The gap between two requests stays.
    pub fn wake(&self, host: &str) {
        self.gate.wake(host);
    }

    /// Gets one document, over at most `max_redirects` hops. `now` is when it is called.
    pub async fn get(&self, request: Request, now: DateTime<Utc>) -> Result<Response, Box<FailedFetch>> {
        let trail = Trail::starting(request.url.clone(), self.scope);
        self.go(&request, trail, now).await
    }

    /// The same for a document that may be large: its body goes into `pieces` as it comes and is kept nowhere. What went
    /// there counts only if this ends well.
    pub async fn get_streamed(
        &self,
        request: Request,
        now: DateTime<Utc>,
        pieces: mpsc::Sender<BodyChunk>,
    ) -> Result<Response, Box<FailedFetch>> {
        let mut trail = Trail::starting(request.url.clone(), self.scope);
        trail.pieces = Some(pieces);
        self.go(&request, trail, now).await
    }

    async fn go(
        &self,
        request: &Request,
        mut trail: Trail,
        now: DateTime<Utc>,
    ) -> Result<Response, Box<FailedFetch>> {
        match self.walk(request, &mut trail, Clock::starting(now)).await {
            Ok(content) => Ok(Response {
                content,
                fetch: trail.fetch,
                hints: trail.hints,
            }),
            Err(error) => {
                trail.note_trouble(&error);
                Err(Box::new(FailedFetch {
                    error,
                    at_first_place: trail.is_at_first_place(),
                    fetch: trail.fetch,
                    hints: trail.hints,
                }))
            }
        }
    }

    /// From hop to hop until something arrives: each is judged, allowed, and waited for at its host's gate.
    pub(super) async fn walk(
        &self,
        request: &Request,
        trail: &mut Trail,
        clock: Clock,
    ) -> Result<ResponseContent, FetchError> {
        let limit = match request.kind {
            ResourceKind::Robots => self.limits.max_redirects.min(ROBOTS_REDIRECTS),
            ResourceKind::Feed | ResourceKind::Sitemap | ResourceKind::Page => self.limits.max_redirects,
        };
        loop {
            self.guard.judge_url(&trail.fetch.url)?;
            trail.fetch.status = None;
            trail.hints = CacheHints::default();
            if request.robots && request.kind != ResourceKind::Robots {
                self.heed(request, trail, clock).await?;
            }
            let place = trail.place();
            let entered = self.gate.enter_unless_resting(&place, || clock.now()).await;
            let pass = entered.map_err(|resting| FetchError::Resting {
                host: place.clone(),
                until: resting.until,
            })?;
            let begun = Instant::now();
            let arrived = self.hop(request, trail, clock);
            let step = timeout(self.limits.total_timeout, arrived).await;
            trail.fetch.duration += begun.elapsed();
            let after = self.limits.total_timeout;
            let step = step.unwrap_or(Err(FetchError::Total { after }));
            // Where the wish holds for the feed that was asked alone, it is no affair of its host.
            let alone = self.scope == BackoffScope::Feed && request.kind == ResourceKind::Feed;
            if let Err(error) = &step
                && let Some(until) = error.retry_after().filter(|_| !alone)
            {
                // Before the next in line gets the slot.
                self.gate.rest(&place, until);
            }
            drop(pass);
            match step? {
                Step::Arrived(outcome) => return Ok(outcome),
                Step::Moved { status, to } => trail.follow(status, to, limit)?,
            }
        }
    }

    pub(super) fn gate(&self) -> &Gate {
        &self.gate
    }

    pub(super) fn book(&self) -> &RobotsCache {
        &self.book
    }

    /// The name we go by.
    pub(super) fn user_agent(&self) -> &str {
        self.clients.user_agent()
    }

    /// One request and its answer. The caller holds the pass and the clock.
    async fn hop(&self, request: &Request, trail: &mut Trail, clock: Clock) -> Result<Step, FetchError> {
        let host = link::host(&trail.fetch.url);
        let lines = request.lines(&trail.fetch.url)?;
        let asked = request.is_conditional(&trail.fetch.url);
        let client = self.clients.of(&request.via, &trail.fetch.url).await?;
        // The idle limit also bounds headers without end: the client does not show them before they are complete.
        let patience = self
            .limits
            .connect_timeout
            .saturating_add(self.limits.idle_timeout);
        let response = timeout(
            patience,
            client.get(trail.fetch.url.clone()).headers(lines).send(),
        )
        .await
        .map_err(|_| FetchError::Idle { after: patience })?
        .map_err(|error| {
            let error = FetchError::of_client(&error, &host, self.limits.connect_timeout);
            error.by_way_of(&request.via)
        })?;
        let status = response.status().as_u16();
        let headers = Headers::from(response.headers());
        trail.fetch.status = Some(status);
        let arrived = clock.now();
        trail.hints = CacheHints::read(&headers, arrived);
        let retry_after = headers
            .text("retry-after")
            .filter(|_| matches!(status, 429 | 503));
        let wait = retry_after
            .as_deref()
            .and_then(|value| hints::retry_after(value, arrived));
        if retry_after.is_some() && wait.is_none() {
            trail.hints.odd.push("retry-after");
        }
        for name in ["etag", "last-modified"] {
            if headers.get(name).is_some_and(|value| value.len() > MAX_VALIDATOR) {
                trail.hints.odd.push(name);
            }
        }
        for name in &trail.hints.odd {
            let value = headers.get_str(name).unwrap_or_default();
            debug!(
                url = link::mask_secrets(&trail.fetch.url),
                header = name,
                value,
                "the value means nothing: passed over"
            );
        }
        trail.fetch.odd_headers += trail.hints.odd.len() as u64;
        if !matches!(status, 429 | 503) {
            trail.note(None);
        }
        if challenge::in_headers(&headers) {
            return Err(FetchError::Challenge { status });
        }
        match status {
            301 | 302 | 303 | 307 | 308 => {
                let to = target(&trail.fetch.url, &headers, status)?;
                self.look(response, &headers).await;
                Ok(Step::Moved { status, to })
            }
            304 if asked => {
                self.look(response, &headers).await;
                Ok(Step::Arrived(ResponseContent::NotModified(validators(&headers))))
            }
            304 => Err(FetchError::Unasked304),
            200 | 203 => {
                let document = self
                    .document(request.kind, response, status, headers, trail)
                    .await?;
                Ok(Step::Arrived(ResponseContent::Document(document)))
            }
            _ => {
                let start = self.look(response, &headers).await;
                if matches!(status, 401 | 403 | 429 | 503) && challenge::in_body(&start) {
                    return Err(FetchError::Challenge { status });
                }
                Err(FetchError::Status {
                    status,
                    retry_after: wait,
                })
            }
        }
    }

    async fn document(
        &self,
        want: ResourceKind,
        response: reqwest::Response,
        status: u16,
        headers: Headers,
        trail: &mut Trail,
    ) -> Result<FetchedDocument, FetchError> {
        let content_type = headers.get_str("content-type");
        if want == ResourceKind::Page
            && let Some(content_type) = content_type.as_deref().filter(|named| !is_page(named))
        {
            return Err(FetchError::NotHtml {
                content_type: content_type.to_owned(),
            });
        }
        let limits = body::BodyLimits {
            bytes: match want {
                ResourceKind::Feed => self.limits.max_feed,
                // Of the protocol, and so no setting.
                ResourceKind::Sitemap => MAX_SITEMAP,
                ResourceKind::Page => self.limits.max_page,
                ResourceKind::Robots => MAX_ROBOTS as u64,
            },
            cut: want == ResourceKind::Robots,
            as_sent: want == ResourceKind::Page,
            idle: self.limits.idle_timeout,
        };
        let (bytes, body, sent, hash) = if let Some(pieces) = &trail.pieces {
            let begins = BodyChunk::Begins {
                url: trail.fetch.url.clone(),
                content_type: content_type.clone(),
            };
            // Who does not listen does not want it: see `pass_on`.
            let _ = pieces.send(begins).await;
            let (length, hash) = body::pass_on(response, &headers, limits, pieces).await?;
            (length, Vec::new(), None, Some(hash))
        } else {
            let (body, sent) = body::read(response, &headers, limits).await?;
            let hash =
                (want != ResourceKind::Page).then(|| ring::digest::digest(&ring::digest::SHA256, &body));
            (body.len() as u64, body, sent, hash)
        };
        trail.fetch.bytes = bytes;
        Ok(FetchedDocument {
            status,
            validators: validators(&headers),
            content_type,
            body_hash: hash.map(|hash| hash.as_ref().to_vec()).unwrap_or_default(),
            body,
            encoded: sent,
            headers,
        })
    }

    /// The beginning of a body nobody wants. Read to its end, a small one leaves the connection fit for the next
    /// request; a large one is left, and the connection with it.
    async fn look(&self, response: reqwest::Response, headers: &Headers) -> Vec<u8> {
        let limits = body::BodyLimits {
            bytes: LOOK,
            cut: true,
            as_sent: false,
            idle: self.limits.idle_timeout,
        };
        let start = body::peek(response, headers, limits);
        timeout(LOOK_TIME, start).await.unwrap_or_default()
    }
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
