//! Asking an origin for its robots.txt, once, and heeding the answer.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use futures_util::future::BoxFuture;
use url::{Position, Url};

use super::cache::{LONGEST, RobotsKey, Ruling, Verdict};
use crate::fetch::redirect_chain::{Clock, Trail};
use crate::fetch::{FetchError, Fetcher, Request, ResponseContent};
use crate::link;
use crate::model::RobotsResponse;

/// An answer counts at least so long, whatever its max-age says.
const SHORTEST: TimeDelta = TimeDelta::hours(1);

/// After no answer the question is put again so much later.
const UNREACHABLE: TimeDelta = TimeDelta::minutes(10);

impl Fetcher {
    /// Whether robots.txt of its origin lets `request` ask for where its trail has led. A host that asks for a longer
    /// gap gets it.
    pub(in crate::fetch) async fn heed(
        &self,
        request: &Request,
        trail: &mut Trail,
        clock: Clock,
    ) -> Result<(), FetchError> {
        let ruling = self.ruling(request, trail, clock).await?;
        let host = link::host(&trail.fetch.url);
        let rules = match &ruling.verdict {
            Verdict::Rules(rules) => rules,
            Verdict::Unreachable { cause, retry_after } => {
                return Err(FetchError::RobotsUnreachable {
                    host,
                    cause: cause.clone(),
                    retry_after: *retry_after,
                });
            }
        };
        let name = request.headers.user_agent().unwrap_or(self.user_agent());
        if let Some(delay) = rules.crawl_delay(name) {
            self.gate().widen(&trail.place(), delay);
        }
        if rules.allows(name, &trail.fetch.url[Position::BeforePath..Position::AfterQuery]) {
            Ok(())
        } else {
            Err(FetchError::RobotsDenied { host })
        }
    }

    /// Takes over what earlier runs were told, as it was kept.
    pub fn remember_robots(&self, notes: &[RobotsResponse]) {
        for note in notes {
            let cause = || match note.status {
                Some(status) => format!("the server answered {status}"),
                None => "there was no answer".to_owned(),
            };
            let key = (note.origin.clone(), note.transport.clone());
            self.book().keep(key, Ruling::of(note, cause, None));
        }
    }

    async fn ruling(
        &self,
        for_page: &Request,
        trail: &mut Trail,
        clock: Clock,
    ) -> Result<Arc<Ruling>, FetchError> {
        let key = (trail.fetch.url.origin().ascii_serialization(), for_page.way());
        if let Some(known) = self.book().known(&key, clock.now()) {
            return Ok(known);
        }
        let turn = self.book().turn(&key);
        let _held = turn.lock().await;
        // Whoever had the turn before may have asked.
        if let Some(known) = self.book().known(&key, clock.now()) {
            return Ok(known);
        }
        self.ask(key, for_page, trail, clock).await
    }

    /// Boxed, because asking is a request like any other, of which this is a part.
    fn ask<'a>(
        &'a self,
        key: RobotsKey,
        for_page: &'a Request,
        trail: &'a mut Trail,
        clock: Clock,
    ) -> BoxFuture<'a, Result<Arc<Ruling>, FetchError>> {
        Box::pin(async move {
            let request = for_page.for_robots(robots_url(&trail.fetch.url));
            let mut aside = Trail::starting(request.url.clone(), trail.scope);
            let asked = self.walk(&request, &mut aside, clock).await;
            let (status, body, error) = match asked {
                Ok(ResponseContent::Document(document)) => (Some(document.status), document.body, None),
                Ok(ResponseContent::NotModified(_)) => (Some(304), Vec::new(), None),
                Err(error) if is_the_pages_own(&error, &aside) => {
                    trail.join(aside);
                    return Err(error);
                }
                Err(error) => {
                    aside.note_trouble(&error);
                    (status_of(&error, &aside), Vec::new(), Some(error))
                }
            };
            let now = clock.now();
            let retry_after = error.as_ref().and_then(FetchError::retry_after);
            let told = aside.hints.fresh_until;
            trail.join(aside);
            let mut note = RobotsResponse {
                origin: key.0.clone(),
                transport: key.1.clone(),
                fetched_at: now,
                expires_at: told.unwrap_or(now + LONGEST).clamp(now + SHORTEST, now + LONGEST),
                status,
                body,
                sitemaps: Vec::new(),
            };
            let cause = || error.as_ref().map(ToString::to_string).unwrap_or_default();
            let mut ruling = Ruling::of(&note, cause, retry_after);
            match &ruling.verdict {
                Verdict::Rules(rules) => note.sitemaps = rules.sitemaps().to_vec(),
                Verdict::Unreachable { .. } => {
                    let soon = now + Duration::from_mins(1);
                    note.expires_at = retry_after
                        .unwrap_or(now + UNREACHABLE)
                        .clamp(soon, now + LONGEST);
                    ruling.expires_at = note.expires_at;
                    if let Some((fetched_at, rules)) = self.book().stale(&key, now) {
                        // The old rules stay, and so does what is kept of them.
                        ruling.fetched_at = fetched_at;
                        ruling.verdict = Verdict::Rules(rules);
                        return Ok(self.book().keep(key, ruling));
                    }
                }
            }
            trail.fetch.robots.push(note);
            Ok(self.book().keep(key, ruling))
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

/// Errors that the page would meet just the same: they say more than that robots.txt was not had.
fn is_the_pages_own(error: &FetchError, aside: &Trail) -> bool {
    aside.fetch.hops.is_empty()
        && aside.fetch.status.is_none()
        && matches!(
            error,
            FetchError::Scheme { .. }
                | FetchError::Url { .. }
                | FetchError::Address(_)
                | FetchError::Certificate { .. }
                | FetchError::Tls { .. }
                | FetchError::Settings { .. }
                | FetchError::Resting { .. }
        )
}

/// The status that stands for an error; `None`: no answer. A redirect that leads nowhere we may go is an answer: there is
/// no robots.txt (RFC 9309, 2.3.1.2).
fn status_of(error: &FetchError, aside: &Trail) -> Option<u16> {
    match error {
        FetchError::Scheme { .. }
        | FetchError::Url { .. }
        | FetchError::Address(_)
        | FetchError::Downgrade { .. }
        | FetchError::TooManyRedirects { .. }
        | FetchError::Loop { .. }
        | FetchError::BadRedirect { .. } => Some(aside.fetch.hops.last().map_or(302, |hop| hop.status)),
        _ => error.status(),
    }
}
