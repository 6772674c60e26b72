//! The first half of the way: from a due source to entries that wait in the queue.

use std::time::Duration;

use chrono::{DateTime, Utc};
use tracing::{info, warn};

use crate::config::{Config, Source};
use crate::feed;
use crate::fetch::{Document, Fetcher, Outcome, Request, Want};
use crate::identity;
use crate::model::{
    ClaimedSource, Entry, Failure, Grade, Next, ParsedFeed, PollCounts, PollOutcome, PollResult,
};
use crate::probe;
use crate::schedule;
use crate::store::{Store, StoreError, Work};

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
    pub took: Duration,
    /// When next, and why.
    pub next: Next,
}

/// Polls one source: fetch, parse, key, record.
pub async fn poll(
    store: &Store,
    fetcher: &Fetcher,
    config: &Config,
    source: &Source,
    claim: ClaimedSource,
    now: DateTime<Utc>,
) -> Result<PollReport, StoreError> {
    let mut poll = PollOutcome {
        source: claim.id,
        lease: claim.lease,
        at: now,
        took: Duration::ZERO,
        status: None,
        bytes: 0,
        result: PollResult::NotModified(claim.validators.clone()),
        moved_to: None,
        served_by: None,
        hosts: Vec::new(),
        failures: 0.0,
        next: schedule::after_success(&source.schedule, now),
    };
    let mut request = Request::new(source.feed.clone(), Want::Feed).with_validators(claim.validators.clone());
    request.validators_from.clone_from(&claim.validators_from);
    let mut retry_after = None;
    match fetcher.get(request, now).await {
        Ok(fetched) => {
            poll.took = fetched.took;
            poll.status = Some(fetched.status);
            poll.moved_to = fetched.moved_to().cloned();
            poll.served_by = Some(fetched.url.clone());
            poll.hosts = fetched.hosts;
            match fetched.outcome {
                Outcome::NotModified(validators) => poll.result = PollResult::NotModified(validators),
                Outcome::Document(document) => {
                    poll.bytes = document.body.len() as u64;
                    poll.result = take_in(store, config, source, &claim, document, &fetched.url).await;
                }
            }
        }
        Err(failed) => {
            poll.took = failed.took;
            poll.status = failed.status;
            poll.moved_to = failed.moved_to().cloned();
            retry_after = failed.error.retry_after();
            poll.result = PollResult::Failed(failed.failure());
            poll.hosts = failed.hosts;
        }
    }
    // Waits count from the end of the poll: a slow server gets its rest.
    let end = now + poll.took;
    if let PollResult::Failed(failure) = &poll.result {
        poll.failures = claim.failures + schedule::weight(failure.grade);
        poll.next = schedule::after_failure(&source.schedule, poll.failures, retry_after, end);
        if failure.code == "set-aside" {
            poll.next = Next {
                at: end + schedule::LONGEST,
                why: "set aside for a day".into(),
            };
        }
    } else {
        poll.next = schedule::after_success(&source.schedule, end);
    }
    record(store, source, poll).await
}

/// Parses a document off the async threads. Whatever the parser does costs this one feed one error.
async fn take_in(
    store: &Store,
    config: &Config,
    source: &Source,
    claim: &ClaimedSource,
    document: Document,
    base: &url::Url,
) -> PollResult {
    if claim.body_hash.as_deref() == Some(document.body_hash.as_slice()) {
        return PollResult::Unchanged(document.validators);
    }
    let Document {
        body,
        content_type,
        validators,
        body_hash,
        ..
    } = document;
    if claim.crashes > 0 && !probe::survives(probe::Kind::Feed, content_type.as_deref(), &body).await {
        let (code, message) = probe::verdict(claim.crashes);
        return failed(source, code, Grade::Permanent, message);
    }
    let mark = store.working(Work::Source(claim.id));
    let base = base.clone();
    let parsed = tokio::task::spawn_blocking(move || {
        let parsed = feed::parse(&body, content_type.as_deref(), Some(&base));
        drop(mark);
        parsed
    })
    .await;
    match parsed {
        Ok(Ok(feed)) => taken(config, source, claim, feed, validators, body_hash),
        Ok(Err(not_a_feed)) => failed(source, "not-a-feed", Grade::Soft, not_a_feed.to_string()),
        Err(_panic) => failed(
            source,
            "parser-panic",
            Grade::Soft,
            "the document made the feed parser panic; please report it".into(),
        ),
    }
}

fn taken(
    config: &Config,
    source: &Source,
    claim: &ClaimedSource,
    feed: ParsedFeed,
    validators: crate::model::Validators,
    body_hash: Vec<u8>,
) -> PollResult {
    let pattern =
        |entry: &Entry| config.key_pattern_for(Some(source), entry.link.as_ref().unwrap_or(&source.feed));
    let keys = feed
        .entries
        .iter()
        .map(|entry| identity::of_link(pattern(entry), entry))
        .collect();
    let limit = claim.first.then_some(source.first_poll);
    PollResult::Taken {
        feed: Box::new(feed),
        keys,
        validators,
        body_hash,
        limit,
    }
}

fn failed(source: &Source, code: &'static str, grade: Grade, message: String) -> PollResult {
    PollResult::Failed(Failure {
        code,
        grade,
        message,
        url: Some(crate::link::masked(&source.feed)),
        status: None,
    })
}

/// Commits the poll and says it in one line.
async fn record(store: &Store, source: &Source, poll: PollOutcome) -> Result<PollReport, StoreError> {
    let failure = match &poll.result {
        PollResult::Failed(failure) => Some(failure.clone()),
        _ => None,
    };
    let (took, status, next) = (poll.took, poll.status.unwrap_or_default(), poll.next.clone());
    let counts = store.record_poll(poll).await?;
    let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
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
        url: crate::link::masked(&source.feed),
        counts,
        failure,
        took,
        next,
    })
}
