//! The first half of the program: from a due source to entries in the queue.
//!
//! `daemon` claims due sources, groups them by address and calls [`poll`] for each group:
//!
//! ```text
//! claims ─► fetch_document (one request) ─► parse ─► crawl child sitemaps ─► decide, per source ─► Store::record_poll
//! ```
//!
//! Failures of servers and documents are results, recorded like any other; only a failing store is an error. Times are
//! those of the caller's clock plus the time that requests took.

mod decide;
mod document;
mod download;
mod entries;
mod fetch;
mod paging;
mod parse;
mod run;
mod sitemaps;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::Instant;
use tracing::{info, warn};

use crate::config::{Config, Source};
use crate::fetch::Fetcher;
use crate::link;
use crate::model::{ClaimedSource, Failure, NextPoll, PollCounts, PollOutcome, PollResult};
use crate::store::{Store, StoreError};
use decide::decide;
use fetch::fetch_document;
use paging::FollowedPages;
use run::PollRun;

/// Longest time between two unconditional requests: some servers never change their ETag.
const FULL_INTERVAL: Duration = Duration::from_hours(7 * 24);

/// The result of one poll, for `run`'s table and for tests.
#[derive(Clone, Debug, PartialEq)]
pub struct PollReport {
    /// Name of the source.
    pub source: String,
    /// Its feed, with secrets masked.
    pub url: String,
    /// What became of its entries.
    pub counts: PollCounts,
    /// `None` if the poll succeeded.
    pub failure: Option<Failure>,
    /// What went wrong although it succeeded.
    pub faults: Vec<Failure>,
    /// Time spent on requests.
    pub duration: Duration,
    /// When it is polled next, and why then.
    pub next: NextPoll,
}

/// Polls the sources of one address, as [`group_by_address`] groups them: one request, and one transaction per source.
pub async fn poll(
    store: &Store,
    fetcher: &Fetcher,
    config: &Config,
    mut claims: Vec<(Arc<Source>, ClaimedSource)>,
    now: DateTime<Utc>,
) -> Result<Vec<PollReport>, StoreError> {
    let mut reports = Vec::with_capacity(claims.len());
    let begun = Instant::now();
    // Sources that parse the document differently, or have read other sitemaps of an index, are polled by themselves.
    while let Some((source, claim)) = claims.first() {
        let (reading, sitemaps) = (source.kind.reading_key(), claim.state.sitemaps.clone());
        let (group, others) = claims.into_iter().partition(|(source, claim)| {
            source.kind.reading_key() == reading && claim.state.sitemaps == sitemaps
        });
        claims = others;
        let agreed = agree(&group);
        let run = PollRun {
            store,
            fetcher,
            config,
            // Groups run one after the other: `Retry-After` of a later one counts from its own time.
            started_at: now + TimeDelta::milliseconds(whole_ms(begun.elapsed())),
            agreed,
            full: !agreed || is_full_due(&group, now),
        };
        reports.extend(poll_group(run, group).await?);
    }
    Ok(reports)
}

/// Polls sources that share one parsed document.
async fn poll_group(
    run: PollRun<'_>,
    claims: Vec<(Arc<Source>, ClaimedSource)>,
) -> Result<Vec<PollReport>, StoreError> {
    let mut reports = Vec::with_capacity(claims.len());
    let Some((source, claim)) = claims.first() else {
        return Ok(reports);
    };
    let mut document = Some(fetch_document(run, source, claim).await);
    let mut pages = FollowedPages::default();
    let mut claims = claims.into_iter().peekable();
    while let Some((source, claim)) = claims.next() {
        // The last source takes the document, which may be large; the others get a copy.
        let copy = if claims.peek().is_some() { document.clone() } else { document.take() };
        let Some(copy) = copy else { break };
        if let Some(document) = &mut document {
            document.fetch.clear_observations();
        }
        let outcome = decide(run, &source, claim, copy, &mut pages).await?;
        reports.push(record(run.store, &source, outcome).await?);
    }
    Ok(reports)
}

/// Groups claims that request one address in the same way, in the order of their first.
pub fn group_by_address(
    claims: impl IntoIterator<Item = (Arc<Source>, ClaimedSource)>,
) -> Vec<Vec<(Arc<Source>, ClaimedSource)>> {
    let mut groups: Vec<Vec<(Arc<Source>, ClaimedSource)>> = Vec::new();
    let mut by_address: HashMap<String, Vec<usize>> = HashMap::new();
    for (source, claim) in claims {
        let same_request = |index: &usize| {
            let first = groups.get(*index).and_then(|group| group.first());
            first.is_some_and(|(other, _)| {
                other.request == source.request
                    && other.feed_robots == source.feed_robots
                    && other.ignore_robots == source.ignore_robots
                    && other.feed_command == source.feed_command
            })
        };
        let indices = by_address.entry(claim.address.to_string()).or_default();
        if let Some(index) = indices.iter().copied().find(same_request) {
            if let Some(group) = groups.get_mut(index) {
                group.push((source, claim));
            }
        } else {
            indices.push(groups.len());
            groups.push(vec![(source, claim)]);
        }
    }
    groups
}

/// Whether the sources have the same document: only then can one conditional request serve them all.
fn agree(claims: &[(Arc<Source>, ClaimedSource)]) -> bool {
    claims.windows(2).all(|pair| {
        let [(_, one), (_, other)] = pair else { return true };
        one.validators == other.validators
            && one.body_hash == other.body_hash
            && one.validators_from == other.validators_from
    })
}

fn whole_ms(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// Whether an unconditional request is due for sources that agree.
fn is_full_due(claims: &[(Arc<Source>, ClaimedSource)], now: DateTime<Utc>) -> bool {
    let last = claims.first().and_then(|(_, claim)| claim.state.unconditional_at);
    // A time in the future was written by another clock.
    last.is_none_or(|at| (now - at).to_std().map_or(true, |since| since >= FULL_INTERVAL))
}

/// Records a poll and logs it in one line.
async fn record(store: &Store, source: &Source, outcome: PollOutcome) -> Result<PollReport, StoreError> {
    let failure = match &outcome.result {
        PollResult::Failed(failure) => Some(failure.clone()),
        _ => None,
    };
    let (duration, next) = (outcome.fetch.duration, outcome.next.clone());
    let status = outcome.fetch.status.unwrap_or_default();
    let faults = outcome.faults.clone();
    let counts = store.record_poll(outcome).await?;
    let ms = whole_ms(duration);
    for fault in &faults {
        warn!(source = source.name, url = fault.url, code = fault.code, "{}", fault.message);
    }
    match &failure {
        None => info!(
            source = source.name,
            status,
            new = counts.new,
            known = counts.known,
            skipped = counts.skipped,
            ms,
            "polled"
        ),
        Some(failure) => warn!(
            source = source.name,
            url = failure.url,
            code = failure.code,
            ms,
            "poll failed: {}; next {}",
            failure.message,
            next.at.format("%Y-%m-%d %H:%M:%SZ")
        ),
    }
    Ok(PollReport {
        source: source.name.clone(),
        url: link::mask_secrets(&source.feed),
        counts,
        failure,
        faults,
        duration,
        next,
    })
}
