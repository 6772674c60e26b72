//! The fetcher: one request over its redirects, hop by hop.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use futures_util::future::OptionFuture;
use tokio::sync::{Semaphore, mpsc};
use tokio::time::timeout;
use tracing::debug;
use url::Url;

use super::body::{self, BodyLimits};
use super::clients::{ClientError, Clients};
use super::error::FetchError;
use super::gate::Gate;
use super::guard::Guard;
use super::headers::Headers;
use super::hints::CacheHints;
use super::redirect_chain::{Clock, HopResult, RedirectChain, target};
use super::request::{Request, ResourceKind};
use super::resolve::{Lookup, SystemResolver};
use super::response::{BodyChunk, FailedFetch, FetchedDocument, Response, ResponseContent, Trail};
use super::robots::{MAX_ROBOTS, RobotsCache};
use super::{challenge, client_error, hints};
use crate::config::{self, BackoffScope};
use crate::link;
use crate::model::{Failure, Validators};

/// Longer validators are ignored: they would be sent with every request.
const MAX_VALIDATOR: usize = 4096;

/// Bytes read of a body that is not needed: enough to recognise a challenge, and to reuse the connection.
const PEEK_BYTES: u64 = 32 << 10;

/// Time limit for that.
const PEEK_TIME: Duration = Duration::from_secs(2);

/// Largest sitemap (sitemaps.org).
const MAX_SITEMAP: u64 = 50 << 20;

/// Redirects followed for robots.txt (RFC 9309, 2.3.1.2).
const ROBOTS_REDIRECTS: usize = 5;

/// Sends requests. Cheap to clone: clones share connections, the gate and the robots.txt cache.
#[derive(Clone, Debug)]
pub struct Fetcher {
    clients: Arc<Clients>,
    guard: Guard,
    gate: Arc<Gate>,
    robots_cache: Arc<RobotsCache>,
    /// Places for programs.
    programs: Arc<Semaphore>,
    limits: config::FetchConfig,
    scope: BackoffScope,
}

impl Fetcher {
    /// A fetcher with the system's resolver. `user_agent` is from [`super::user_agent`].
    pub fn new(
        limits: &config::FetchConfig,
        politeness: &config::PolitenessConfig,
        user_agent: String,
    ) -> Result<Self, ClientError> {
        Self::with_resolver(limits, politeness, user_agent, Arc::new(SystemResolver::default()))
    }

    /// A fetcher with another resolver. The guard checks its addresses, too.
    pub fn with_resolver(
        limits: &config::FetchConfig,
        politeness: &config::PolitenessConfig,
        user_agent: String,
        resolver: Arc<dyn Lookup>,
    ) -> Result<Self, ClientError> {
        Ok(Self {
            clients: Arc::new(Clients::new(limits, politeness, user_agent, resolver)?),
            guard: Guard::new(&limits.allow_networks),
            gate: Arc::new(Gate::new(politeness)),
            robots_cache: Arc::default(),
            programs: Arc::new(Semaphore::new(limits.programs)),
            limits: limits.clone(),
            scope: politeness.scope,
        })
    }

    /// Restores the stored state of hosts: none is asked before its time. See [`Gate::restore`].
    pub fn restore_hosts(&self, hosts: &[(String, DateTime<Utc>)], now: DateTime<Utc>) {
        for (host, not_before) in hosts {
            self.gate.restore(host, *not_before, now);
        }
    }

    /// Ends the backoff of a host because a person wants it asked now. The gap between two requests stays.
    pub fn clear_backoff(&self, host: &str) {
        self.gate.clear_backoff(host);
    }

    /// Gets one document, over at most `max_redirects` hops. `now` is the time of the call.
    pub async fn get(&self, request: Request, now: DateTime<Utc>) -> Result<Response, Box<FailedFetch>> {
        let chain = RedirectChain::starting(request.url.clone(), self.scope);
        if request.is_local_file {
            return Box::pin(self.get_file(&request, chain, now)).await;
        }
        self.run(&request, chain, now).await
    }

    /// As [`Self::get`], for a document that may be large: its body goes to `chunks` as it arrives, and is not in the
    /// response. What was sent there is valid only if this returns `Ok`.
    pub async fn get_streamed(
        &self,
        request: Request,
        now: DateTime<Utc>,
        chunks: mpsc::Sender<BodyChunk>,
    ) -> Result<Response, Box<FailedFetch>> {
        let mut chain = RedirectChain::starting(request.url.clone(), self.scope);
        chain.chunks = Some(chunks);
        self.run(&request, chain, now).await
    }

    /// Goes on where a page leads on by itself (a meta refresh, a script), as by one more redirect of the request that brought
    /// it. `now` is the time of the call.
    pub async fn lead_on(
        &self,
        request: &Request,
        trail: Trail,
        to: Url,
        now: DateTime<Utc>,
    ) -> Result<Response, Box<FailedFetch>> {
        let mut chain = RedirectChain::continuing(trail.fetch, trail.cookies, self.scope);
        let status = chain.fetch.status.unwrap_or(200);
        match chain.follow(status, to, self.max_redirects(request.kind)) {
            Ok(()) => self.run(request, chain, now).await,
            Err(error) => Err(chain.failed(error)),
        }
    }

    async fn run(
        &self,
        request: &Request,
        mut chain: RedirectChain,
        now: DateTime<Utc>,
    ) -> Result<Response, Box<FailedFetch>> {
        match self.follow_hops(request, &mut chain, Clock::starting(now)).await {
            Ok(content) => {
                let RedirectChain { fetch, hints, cookies, .. } = chain;
                Ok(Response { content, fetch, hints, cookies })
            }
            Err(error) => Err(chain.failed(error)),
        }
    }

    fn max_redirects(&self, kind: ResourceKind) -> usize {
        match kind {
            ResourceKind::Robots => self.limits.max_redirects.min(ROBOTS_REDIRECTS),
            ResourceKind::Feed | ResourceKind::Sitemap | ResourceKind::Page => self.limits.max_redirects,
        }
    }

    /// Follows redirects until a document arrives. Each hop is checked by the guard and against robots.txt, and waits at
    /// the gate.
    pub(super) async fn follow_hops(
        &self,
        request: &Request,
        chain: &mut RedirectChain,
        clock: Clock,
    ) -> Result<ResponseContent, FetchError> {
        let max_redirects = self.max_redirects(request.kind);
        loop {
            self.guard.check_url(&chain.fetch.url)?;
            chain.fetch.status = None;
            chain.hints = CacheHints::default();
            if request.robots && request.kind != ResourceKind::Robots {
                self.check_robots(request, chain, clock).await?;
            }
            let place = request.program.as_ref().map(|_| self.programs.acquire());
            // First, so that a program which waits for its place keeps no other request waiting.
            let _place = OptionFuture::from(place).await;
            let host = chain.host();
            let permit =
                self.gate.enter_unless_cooling_down(&host, || clock.now()).await.map_err(|cooling_down| {
                    FetchError::CoolingDown { host: host.clone(), until: cooling_down.until }
                })?;
            let started = Instant::now();
            let after = self.limits.total_timeout;
            let hop = match &request.program {
                // It has the same time, and says more when that is over.
                Some(program) => Box::pin(self.program_hop(request.kind, program, chain, clock)).await,
                None => timeout(after, self.request_hop(request, chain, clock))
                    .await
                    .unwrap_or(Err(FetchError::Total { after })),
            };
            chain.fetch.duration += started.elapsed();
            // With `scope = "feed"` a feed's Retry-After holds for that feed alone, not for its host.
            let is_of_feed_alone = self.scope == BackoffScope::Feed && request.kind == ResourceKind::Feed;
            if let Err(error) = &hop
                && let Some(until) = error.retry_after().filter(|_| !is_of_feed_alone)
            {
                // Before the permit is dropped: the next in line must not be let in.
                self.gate.back_off(&host, until);
            }
            drop(permit);
            match hop? {
                HopResult::Arrived(content) => return Ok(content),
                HopResult::Redirect { status, to } => chain.follow(status, to, max_redirects)?,
            }
        }
    }

    pub(super) fn limits(&self) -> &config::FetchConfig {
        &self.limits
    }

    pub(super) fn clients(&self) -> &Clients {
        &self.clients
    }

    /// Largest document of a kind, in decoded bytes.
    pub(super) fn max_bytes(&self, kind: ResourceKind) -> u64 {
        match kind {
            ResourceKind::Feed => self.limits.max_feed,
            ResourceKind::Sitemap => MAX_SITEMAP,
            ResourceKind::Page => self.limits.max_page,
            ResourceKind::Robots => MAX_ROBOTS as u64,
        }
    }

    pub(super) fn gate(&self) -> &Gate {
        &self.gate
    }

    pub(super) fn robots_cache(&self) -> &RobotsCache {
        &self.robots_cache
    }

    /// The user agent of requests whose source configures none.
    pub(super) fn user_agent(&self) -> &str {
        self.clients.user_agent()
    }

    /// One request and its response. The caller holds the permit of the host and limits the total time.
    async fn request_hop(
        &self,
        request: &Request,
        chain: &mut RedirectChain,
        clock: Clock,
    ) -> Result<HopResult, FetchError> {
        let url = chain.fetch.url.clone();
        let header_map = request.header_map(&url, &chain.cookies)?;
        chain.cookies.note_request(&url);
        let is_conditional = request.is_conditional(&url);
        let client = self.clients.get(&request.transport, &url).await?;
        let connect_timeout = self.limits.connect_timeout;
        // Headers without end are limited here, too: the client returns once they are complete.
        let after = connect_timeout.saturating_add(self.limits.idle_timeout);
        let response = timeout(after, client.get(url.clone()).headers(header_map).send())
            .await
            .map_err(|_| FetchError::Idle { after })?
            .map_err(|error| {
                let error = client_error::classify(&error, &link::host(&url), connect_timeout);
                client_error::behind_proxy(error, &request.transport)
            })?;
        let status = response.status().as_u16();
        let headers = Headers::from(response.headers());
        chain.fetch.status = Some(status);
        chain.cookies.take(&url, &headers, clock.now());
        let retry_after = read_hints(chain, &headers, clock.now());
        if !matches!(status, 429 | 503) {
            chain.observe_host(None);
        }
        if challenge::in_headers(&headers) {
            return Err(FetchError::Challenge { status });
        }
        match status {
            301 | 302 | 303 | 307 | 308 => {
                let to = target(&url, &headers, status)?;
                self.peek(response, &headers).await;
                Ok(HopResult::Redirect { status, to })
            }
            304 if is_conditional => {
                self.peek(response, &headers).await;
                Ok(HopResult::Arrived(ResponseContent::NotModified(validators(&headers))))
            }
            304 => Err(FetchError::Unasked304),
            200 | 203 => {
                let document = self.document(request, response, headers, chain).await?;
                Ok(HopResult::Arrived(ResponseContent::Document(document)))
            }
            _ => {
                let start = self.peek(response, &headers).await;
                if matches!(status, 401 | 403 | 429 | 503) && challenge::in_body(&start) {
                    return Err(FetchError::Challenge { status });
                }
                Err(FetchError::Status { status, retry_after })
            }
        }
    }

    /// Reads the body of a 200 or 203, or streams it.
    async fn document(
        &self,
        request: &Request,
        response: reqwest::Response,
        headers: Headers,
        chain: &mut RedirectChain,
    ) -> Result<FetchedDocument, FetchError> {
        let kind = request.kind;
        let content_type = headers.get_str("content-type");
        if kind == ResourceKind::Page
            && let Some(content_type) = content_type.as_deref().filter(|named| !may_be_page(named))
        {
            return Err(FetchError::NotHtml { content_type: content_type.to_owned() });
        }
        let limits = BodyLimits {
            bytes: self.max_bytes(kind),
            truncate: kind == ResourceKind::Robots,
            keep_encoded: kind == ResourceKind::Page,
            takes_faulty: request.takes_faulty,
            idle_timeout: self.limits.idle_timeout,
        };
        let mut document = FetchedDocument {
            status: response.status().as_u16(),
            validators: validators(&headers),
            content_type,
            body: Vec::new(),
            encoded: None,
            body_hash: Vec::new(),
            fault: None,
            headers,
        };
        if let Some(chunks) = &chain.chunks {
            let begins = BodyChunk::Begins {
                url: chain.fetch.url.clone(),
                content_type: document.content_type.clone(),
            };
            // A receiver that is gone does not matter: see `body::stream`.
            let _ = chunks.send(begins).await;
            let (bytes, hash) = body::stream(response, &document.headers, limits, chunks).await?;
            chain.fetch.bytes = bytes;
            document.body_hash = hash.as_ref().to_vec();
        } else {
            let body = body::read(response, &document.headers, limits).await?;
            (document.body, document.encoded) = (body.decoded, body.encoded);
            document.fault = body.fault.map(|fault| {
                Box::new(Failure { status: Some(document.status), ..fault.failure(&chain.fetch.url) })
            });
            chain.fetch.bytes = document.body.len() as u64;
            if kind != ResourceKind::Page {
                document.body_hash = body::hash(&document.body);
            }
        }
        Ok(document)
    }

    /// The start of a body that is not needed. If that is all of it, the connection can be reused.
    async fn peek(&self, response: reqwest::Response, headers: &Headers) -> Vec<u8> {
        let limits = BodyLimits {
            bytes: PEEK_BYTES,
            truncate: true,
            keep_encoded: false,
            takes_faulty: false,
            idle_timeout: self.limits.idle_timeout,
        };
        let start = body::read_start(response, headers, limits);
        timeout(PEEK_TIME, start).await.unwrap_or_default()
    }
}

/// Reads freshness into the chain, and counts and logs invalid header values. Returns the `Retry-After` of a 429 or
/// 503; with another status it is ignored.
fn read_hints(chain: &mut RedirectChain, headers: &Headers, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    chain.hints = CacheHints::read(headers, now);
    let value = headers.text("retry-after").filter(|_| matches!(chain.fetch.status, Some(429 | 503)));
    let retry_after = value.as_deref().and_then(|value| hints::retry_after(value, now));
    if value.is_some() && retry_after.is_none() {
        chain.hints.odd.push("retry-after");
    }
    for name in ["etag", "last-modified"] {
        if headers.get(name).is_some_and(|value| value.len() > MAX_VALIDATOR) {
            chain.hints.odd.push(name);
        }
    }
    for name in &chain.hints.odd {
        let value = headers.get_str(name).unwrap_or_default();
        let url = link::mask_secrets(&chain.fetch.url);
        debug!(url, header = name, value, "invalid header value ignored");
    }
    chain.fetch.odd_headers += chain.hints.odd.len() as u64;
    retry_after
}

fn validators(headers: &Headers) -> Validators {
    let bytes = |name| {
        headers
            .get(name)
            .filter(|value| !value.is_empty() && value.len() <= MAX_VALIDATOR)
            .map(<[u8]>::to_vec)
    };
    Validators { etag: bytes("etag"), last_modified: bytes("last-modified") }
}

/// Whether a document with this `Content-Type` may be a page; true if the value names no type.
fn may_be_page(content_type: &str) -> bool {
    let essence = content_type.split([';', ',', ' ']).next().unwrap_or_default().to_ascii_lowercase();
    !essence.contains('/')
        || matches!(
            essence.as_str(),
            "text/html" | "application/xhtml+xml" | "text/plain" | "text/xml" | "application/xml"
        )
}
