//! Checks requests against robots.txt, and requests it where it is not cached.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use futures_util::future::BoxFuture;
use url::{Position, Url};

use super::cache::{MAX_AGE, RobotsEntry, RobotsKey, RobotsVerdict};
use crate::fetch::client::Fetcher;
use crate::fetch::error::FetchError;
use crate::fetch::redirect_chain::{Clock, RedirectChain};
use crate::fetch::request::Request;
use crate::fetch::response::ResponseContent;
use crate::link;
use crate::model::RobotsResponse;

/// Shortest validity of an answer, whatever its max-age.
const MIN_AGE: TimeDelta = TimeDelta::hours(1);

/// Time until an unreachable robots.txt is requested again.
const UNREACHABLE_RETRY: TimeDelta = TimeDelta::minutes(10);

impl Fetcher {
    /// Fails if robots.txt forbids the URL that `chain` has reached. Sets the host's `Crawl-delay` as its gap.
    pub(in crate::fetch) async fn check_robots(
        &self,
        request: &Request,
        chain: &mut RedirectChain,
        clock: Clock,
    ) -> Result<(), FetchError> {
        let entry = self.robots_entry(request, chain, clock).await?;
        let host = link::host(&chain.fetch.url);
        let rules = match &entry.verdict {
            RobotsVerdict::Rules(rules) => rules,
            RobotsVerdict::Unreachable { cause, retry_after } => {
                return Err(FetchError::RobotsUnreachable {
                    host,
                    cause: cause.clone(),
                    retry_after: *retry_after,
                });
            }
        };
        let name = request.headers.user_agent().unwrap_or(self.user_agent());
        if let Some(delay) = rules.crawl_delay(name) {
            self.gate().set_gap(&chain.host(), delay);
        }
        if rules.allows(name, &chain.fetch.url[Position::BeforePath..Position::AfterQuery]) {
            Ok(())
        } else {
            Err(FetchError::RobotsDenied { host })
        }
    }

    /// Restores stored responses of earlier runs.
    pub fn restore_robots(&self, responses: &[RobotsResponse]) {
        for response in responses {
            let cause = || match response.status {
                Some(status) => format!("the server answered {status}"),
                None => "there was no answer".to_owned(),
            };
            let key = RobotsKey { origin: response.origin.clone(), transport: response.transport.clone() };
            let entry = RobotsEntry::new(response, cause, None);
            self.robots_cache().insert(key, entry);
        }
    }

    async fn robots_entry(
        &self,
        for_page: &Request,
        chain: &mut RedirectChain,
        clock: Clock,
    ) -> Result<Arc<RobotsEntry>, FetchError> {
        let key = RobotsKey {
            origin: chain.fetch.url.origin().ascii_serialization(),
            transport: for_page.transport_id(),
        };
        if let Some(entry) = self.robots_cache().fresh(&key, clock.now()) {
            return Ok(entry);
        }
        let lock = self.robots_cache().request_lock(&key);
        let _locked = lock.lock().await;
        // A concurrent request may have stored it meanwhile.
        if let Some(entry) = self.robots_cache().fresh(&key, clock.now()) {
            return Ok(entry);
        }
        self.request_robots(key, for_page, chain, clock).await
    }

    /// Requests robots.txt and caches the answer. Boxed, because the request is one like those it is part of.
    fn request_robots<'a>(
        &'a self,
        key: RobotsKey,
        for_page: &'a Request,
        chain: &'a mut RedirectChain,
        clock: Clock,
    ) -> BoxFuture<'a, Result<Arc<RobotsEntry>, FetchError>> {
        Box::pin(async move {
            let request = for_page.for_robots(robots_url(&chain.fetch.url));
            let mut robots_chain = RedirectChain::starting(request.url.clone(), chain.scope);
            let (status, body, error) = match self.follow_hops(&request, &mut robots_chain, clock).await {
                Ok(ResponseContent::Document(document)) => (Some(document.status), document.body, None),
                Ok(ResponseContent::NotModified(_)) => (Some(304), Vec::new(), None),
                Err(error) if is_error_of_page(&error, &robots_chain) => {
                    chain.add_robots_request(robots_chain);
                    return Err(error);
                }
                Err(error) => {
                    robots_chain.observe_error(&error);
                    (equivalent_status(&error, &robots_chain), Vec::new(), Some(error))
                }
            };
            let now = clock.now();
            let retry_after = error.as_ref().and_then(FetchError::retry_after);
            let fresh_until = robots_chain.hints.fresh_until.unwrap_or(now + MAX_AGE);
            chain.add_robots_request(robots_chain);
            let mut response = RobotsResponse {
                origin: key.origin.clone(),
                transport: key.transport.clone(),
                fetched_at: now,
                expires_at: fresh_until.clamp(now + MIN_AGE, now + MAX_AGE),
                status,
                body,
                sitemaps: Vec::new(),
            };
            let cause = || error.as_ref().map(ToString::to_string).unwrap_or_default();
            let mut entry = RobotsEntry::new(&response, cause, retry_after);
            match &entry.verdict {
                RobotsVerdict::Rules(rules) => response.sitemaps = rules.sitemaps().to_vec(),
                RobotsVerdict::Unreachable { .. } => {
                    let soonest = now + Duration::from_mins(1);
                    response.expires_at =
                        retry_after.unwrap_or(now + UNREACHABLE_RETRY).clamp(soonest, now + MAX_AGE);
                    entry.expires_at = response.expires_at;
                    if let Some((fetched_at, rules)) = self.robots_cache().stale(&key, now) {
                        // The old rules are used; their stored response is not replaced by this failure.
                        entry.fetched_at = fetched_at;
                        entry.verdict = RobotsVerdict::Rules(rules);
                        return Ok(self.robots_cache().insert(key, entry));
                    }
                }
            }
            chain.fetch.robots.push(response);
            Ok(self.robots_cache().insert(key, entry))
        })
    }
}

fn robots_url(of: &Url) -> Url {
    let mut url = of.clone();
    url.set_path("/robots.txt");
    url.set_query(None);
    url.set_fragment(None);
    url
}

/// Whether the page itself would fail with this error: then it is reported instead of "robots.txt unreachable".
fn is_error_of_page(error: &FetchError, robots_chain: &RedirectChain) -> bool {
    robots_chain.fetch.hops.is_empty()
        && robots_chain.fetch.status.is_none()
        && matches!(
            error,
            FetchError::Scheme { .. }
                | FetchError::Url { .. }
                | FetchError::Address(_)
                | FetchError::Certificate { .. }
                | FetchError::Tls { .. }
                | FetchError::Settings { .. }
                | FetchError::CoolingDown { .. }
        )
}

/// The status that an error counts as; `None`: unreachable. A redirect that is not followed is an answer: there is no
/// robots.txt (RFC 9309, 2.3.1.2).
fn equivalent_status(error: &FetchError, robots_chain: &RedirectChain) -> Option<u16> {
    match error {
        FetchError::Scheme { .. }
        | FetchError::Url { .. }
        | FetchError::Address(_)
        | FetchError::Downgrade { .. }
        | FetchError::TooManyRedirects { .. }
        | FetchError::Loop { .. }
        | FetchError::BadRedirect { .. } => {
            let last = robots_chain.fetch.hops.last();
            Some(last.map_or(302, |hop| hop.status))
        }
        _ => error.status(),
    }
}
