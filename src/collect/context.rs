//! What all steps of collecting one entry need.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::article_builder::ArticleBuilder;
use crate::config::{Config, Source};
use crate::fetch::Fetcher;
use crate::model::{ClaimedEntry, FetchStats, SelectorOutcome};
use crate::store::Store;

/// The entry and its rules; cheap to clone into a CPU-bound closure.
#[derive(Clone)]
pub(super) struct CollectContext {
    /// Rules of sites, time zones and key patterns.
    pub(super) config: Arc<Config>,
    /// The source of the entry.
    pub(super) source: Arc<Source>,
    /// The entry under lease.
    pub(super) claim: Arc<ClaimedEntry>,
}

impl CollectContext {
    /// Builds the article of the entry.
    pub(super) fn builder(&self) -> ArticleBuilder<'_> {
        ArticleBuilder { config: &self.config, source: &self.source, claim: &self.claim }
    }
}

/// One attempt to collect an entry, and what it learned so far.
pub(super) struct Attempt<'a> {
    /// For its crash guard.
    pub(super) store: &'a Store,
    /// Sends the requests for pages.
    pub(super) fetcher: &'a Fetcher,
    pub(super) context: CollectContext,
    /// The caller's clock when the attempt began.
    pub(super) started_at: DateTime<Utc>,
    /// Of all pages; `None` until something was requested.
    pub(super) fetch: Option<FetchStats>,
    /// Selectors that were tried on the first page.
    pub(super) selectors: Vec<SelectorOutcome>,
}

impl Attempt<'_> {
    /// The start plus the time that requests took.
    pub(super) fn now(&self) -> DateTime<Utc> {
        let fetch = self.fetch.as_ref();
        self.started_at + fetch.map_or(Duration::ZERO, |fetch| fetch.duration)
    }

    /// Adds what one request learned.
    pub(super) fn add_fetch(&mut self, fetch: FetchStats) {
        match &mut self.fetch {
            Some(all) => all.add(fetch),
            None => self.fetch = Some(fetch),
        }
    }
}
