//! The first half of the way: from a due source to entries that wait in the queue.

mod ask;
mod decide;
mod entries;
mod sitemaps;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tracing::{info, warn};

use crate::config::{Config, Source};
use crate::fetch::Fetcher;
use crate::link;
use crate::model::{ClaimedSource, Failure, NextPoll, PollCounts, PollOutcome, PollResult};
use crate::store::{Store, StoreError};
use ask::ask;
use decide::decide;

/// How often a source is asked without validators: some servers never change their ETag.
const FULL_EVERY: Duration = Duration::from_hours(7 * 24);

/// What one poll came to, for the table and for people.
#[derive(Clone, Debug, PartialEq)]
pub struct PollReport {
    /// The source.
    pub source: String,
    /// Its feed, with secrets masked.
    pub url: String,
    /// Entries.
    pub counts: PollCounts,
    /// What went wrong.
    pub failure: Option<Failure>,
    /// How long it took, waiting for the host's turn included.
    pub duration: Duration,
    /// When next, and why.
    pub next: NextPoll,
}

/// Polls the sources of one address: fetch once, parse once, and key and record for each.
pub async fn poll(
    store: &Store,
    fetcher: &Fetcher,
    config: &Config,
    mut claims: Vec<(Arc<Source>, ClaimedSource)>,
    now: DateTime<Utc>,
) -> Result<Vec<PollReport>, StoreError> {
    let mut reports = Vec::with_capacity(claims.len());
    // One page may be read in several ways, each on its own.
    while let Some((source, _)) = claims.first() {
        let reading = source.form.reading();
        let (alike, others) = claims
            .into_iter()
            .partition(|(source, _)| source.form.reading() == reading);
        claims = others;
        reports.extend(poll_alike(store, fetcher, config, alike, now).await?);
    }
    Ok(reports)
}

/// Polls sources that are one document to us.
async fn poll_alike(
    store: &Store,
    fetcher: &Fetcher,
    config: &Config,
    claims: Vec<(Arc<Source>, ClaimedSource)>,
    now: DateTime<Utc>,
) -> Result<Vec<PollReport>, StoreError> {
    let mut reports = Vec::with_capacity(claims.len());
    let Some((source, claim)) = claims.first() else {
        return Ok(reports);
    };
    let full = !agreed(&claims)
        || claim
            .state
            .full_at
            .is_none_or(|at| (now - at).to_std().is_ok_and(|time| time >= FULL_EVERY) || at > now);
    let mut answer = ask(store, fetcher, config, source, claim, full, now).await;
    let last = claims.len().saturating_sub(1);
    for (position, (source, claim)) in claims.into_iter().enumerate() {
        // What was learned of the hosts was learned once.
        let for_it = (&mut answer, position == last);
        let outcome = decide(store, config, &source, claim, for_it, full, now).await?;
        answer.fetch.clear_observations();
        reports.push(record(store, &source, outcome).await?);
    }
    Ok(reports)
}

/// Claims of sources that ask one address in one way together, in the order of their first: it is asked once.
pub fn by_address(
    claims: impl IntoIterator<Item = (Arc<Source>, ClaimedSource)>,
) -> Vec<Vec<(Arc<Source>, ClaimedSource)>> {
    let mut groups: Vec<Vec<(Arc<Source>, ClaimedSource)>> = Vec::new();
    let mut places: HashMap<String, Vec<usize>> = HashMap::new();
    for (source, claim) in claims {
        let alike = |place: &usize| {
            let first = groups.get(*place).and_then(|group| group.first());
            first.is_some_and(|(other, _)| {
                other.access == source.access
                    && (other.feed_robots, other.ignore_robots) == (source.feed_robots, source.ignore_robots)
            })
        };
        let known = places.entry(claim.address.to_string()).or_default();
        if let Some(place) = known.iter().copied().find(alike) {
            if let Some(group) = groups.get_mut(place) {
                group.push((source, claim));
            }
        } else {
            known.push(groups.len());
            groups.push(vec![(source, claim)]);
        }
    }
    groups
}

/// Whether sources of one address know the same document: only then can one conditional request serve them all.
fn agreed(claims: &[(Arc<Source>, ClaimedSource)]) -> bool {
    claims.windows(2).all(|pair| {
        let [(_, one), (_, other)] = pair else { return true };
        one.validators == other.validators
            && one.body_hash == other.body_hash
            && one.validators_from == other.validators_from
            && one.state.sitemaps == other.state.sitemaps
    })
}

/// Commits the poll and says it in one line.
async fn record(store: &Store, source: &Source, poll: PollOutcome) -> Result<PollReport, StoreError> {
    let failure = match &poll.result {
        PollResult::Failed(failure) => Some(failure.clone()),
        _ => None,
    };
    let (duration, next) = (poll.fetch.duration, poll.next.clone());
    let status = poll.fetch.status.unwrap_or_default();
    let counts = store.record_poll(poll).await?;
    let ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
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
        duration,
        next,
    })
}
