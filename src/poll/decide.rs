//! What an answer means for one source.

use std::time::Duration;

use chrono::{DateTime, Utc};
use tracing::info;

use super::ask::{Answer, Came, Read};
use super::{entries, sitemaps};
use crate::config::{Config, Source, SourceKind};
use crate::link;
use crate::model::{
    ClaimedSource, EntryIdentifier, Failure, NextPoll, ParsedFeed, PermanentRedirect, PollOutcome,
    PollResult, PollState, SkippedEntry, Validators,
};
use crate::schedule::{self, FailureContext, PollContext, PollHints, Rhythm};
use crate::store::{Store, StoreError};

/// Polls in a row, and the time between the first and the last of them, after which a permanent redirect is believed.
const MOVED: (u32, Duration) = (5, Duration::from_hours(7 * 24));

/// What the answer means for one source: what is recorded, and when it is asked next. The `last` source of the answer gets
/// the document itself, the others a copy.
pub(super) async fn decide(
    store: &Store,
    config: &Config,
    source: &Source,
    mut claim: ClaimedSource,
    (answer, last): (&mut Answer, bool),
    full: bool,
    now: DateTime<Utc>,
) -> Result<PollOutcome, StoreError> {
    // Waits count from the end of the poll: a slow server gets its rest.
    let end = now + answer.fetch.duration;
    let mut memory = std::mem::take(&mut claim.state);
    let mut rhythm = Rhythm::from_bytes(&memory.rhythm).unwrap_or_default();
    let (mut failing, mut overflowed, mut degraded) = (None, false, false);
    let mut conditional = !claim.validators.is_empty();
    let mut breaks_off = false;
    let mut result = match (&answer.came, &answer.walked) {
        (came, Some(through)) => match walked(&claim, came, through) {
            Ok((taken, validators, body_hash)) => {
                conditional = !validators.is_empty();
                let keys = entries::keys(
                    config,
                    source,
                    &taken.feed,
                    (EntryIdentifier::Id, EntryIdentifier::Id),
                    end,
                );
                entries::learn(store, &claim, &taken.feed, &keys, &mut rhythm, end, false).await?;
                memory.sitemaps.clone_from(&taken.notes);
                PollResult::Document {
                    feed: Box::new(taken.feed.clone()),
                    keys,
                    validators,
                    body_hash,
                    limit: (claim.first_poll || taken.archive).then_some(source.first_poll),
                }
            }
            Err(failure) => {
                failing = Some((failure, None));
                PollResult::Failed(failure.clone())
            }
        },
        (Came::NotModified(validators), None) => {
            rhythm.observe(&[], 0, end);
            PollResult::NotModified(validators.clone())
        }
        (
            Came::Document {
                validators,
                body_hash,
                ..
            },
            None,
        ) if claim.body_hash.as_ref() == Some(body_hash) => {
            conditional = !validators.is_empty();
            rhythm.observe(&[], 0, end);
            PollResult::Unchanged(validators.clone())
        }
        (
            Came::Document {
                validators,
                body_hash,
                read: Ok(read),
                whole,
            },
            None,
        ) => {
            let nothing = ParsedFeed::default();
            let feed = match read {
                Read::Entries(feed) => feed.as_ref(),
                // What it names was read, or that failed: see `walked`.
                Read::Index(_) => &nothing,
            };
            conditional = !validators.is_empty();
            let before = memory.identified_by;
            degraded =
                matches!(source.form, SourceKind::Feed) && entries::judge_ids(&claim, feed, &mut memory);
            let keys = entries::keys(config, source, feed, (before, memory.identified_by), end);
            overflowed = entries::learn(store, &claim, feed, &keys, &mut rhythm, end, true).await?;
            memory.hints = feed.hints.clone();
            memory.sitemaps.clear();
            breaks_off = !whole;
            let (validators, body_hash) = if *whole {
                (validators.clone(), body_hash.clone())
            } else {
                (claim.validators, claim.body_hash.unwrap_or_default())
            };
            PollResult::Document {
                // Put in its place once nobody looks at it any more.
                feed: Box::default(),
                keys,
                validators,
                body_hash,
                limit: claim.first_poll.then_some(source.first_poll),
            }
        }
        (
            Came::Document {
                read: Err(failure), ..
            },
            None,
        ) => {
            failing = Some((failure, None));
            PollResult::Failed(failure.clone())
        }
        (Came::Nothing { failure, retry_after }, None) => {
            failing = Some((failure, *retry_after));
            PollResult::Failed(failure.clone())
        }
    };
    if failing.is_none() {
        if full {
            memory.full_at = Some(end);
        }
        follow(source, &mut memory, answer.fetch.moved_to(), end);
    }
    memory.gone = answer.fetch.status == Some(410);
    memory.rhythm = rhythm.to_bytes();
    let failures = failing.map_or(0.0, |(failure, _)| {
        claim.failures + schedule::failure_weight(failure.grade)
    });
    let situation = PollContext {
        name: &source.name,
        schedule: &source.schedule,
        rhythm: &rhythm,
        conditional,
        hints: &PollHints {
            feed: memory.hints.clone(),
            ..answer.hints.clone()
        },
        max_hint: source.max_hint,
        failure: failing.map(|(failure, retry_after)| FailureContext {
            failures,
            retry_after,
            refused: matches!(failure.status, Some(401 | 403)),
        }),
    };
    let mut next = schedule::next(&situation, end);
    if failing.is_some_and(|(failure, _)| failure.code == "set-aside") {
        next = NextPoll {
            at: end + schedule::MAX_WAIT,
            why: "set aside for a day".into(),
        };
    }
    if let (PollResult::Document { feed, .. }, None) = (&mut result, &answer.walked) {
        *feed = answer.document(last);
        if breaks_off {
            feed.skipped.push(SkippedEntry {
                position: feed.entries.len(),
                reason: "the document breaks off here: it is not taken for known".into(),
            });
        }
    }
    Ok(PollOutcome {
        source: claim.id,
        lease: claim.lease,
        at: now,
        fetch: answer.fetch.clone(),
        result,
        state: memory,
        overflowed,
        ids_degraded: degraded,
        failures,
        next,
    })
}

/// What was read through an index of sitemaps, with the index' own validators and hash: a 304 carries only those that
/// are new.
fn walked<'a>(
    claim: &ClaimedSource,
    came: &'a Came,
    walked: &'a sitemaps::Walked,
) -> Result<(&'a sitemaps::Taken, Validators, Vec<u8>), &'a Failure> {
    let kept = claim.validators.clone();
    let (validators, body_hash) = match came {
        Came::Document {
            validators,
            body_hash,
            ..
        } => (validators.clone(), body_hash.clone()),
        Came::NotModified(new) => (
            Validators {
                etag: new.etag.clone().or(kept.etag),
                last_modified: new.last_modified.clone().or(kept.last_modified),
            },
            claim.body_hash.clone().unwrap_or_default(),
        ),
        Came::Nothing { failure, .. } => return Err(failure),
    };
    walked.as_ref().map(|taken| (taken, validators, body_hash))
}

/// Follows a permanent redirect once it was met often enough for long enough, or only tells where it is pinned.
fn follow(source: &Source, memory: &mut PollState, moved_to: Option<&url::Url>, now: DateTime<Utc>) {
    let Some(to) = moved_to else {
        memory.redirect = None;
        return;
    };
    let moved = match memory.redirect.take() {
        Some(moved) if moved.to == *to => PermanentRedirect {
            times: moved.times.saturating_add(1),
            ..moved
        },
        _ => PermanentRedirect {
            to: to.clone(),
            since: now,
            times: 1,
        },
    };
    let believed = moved.times >= MOVED.0 && (now - moved.since).to_std().is_ok_and(|time| time >= MOVED.1);
    if believed && !source.pin {
        info!(
            source = source.name,
            to = link::mask_secrets(to),
            "the feed has moved for good: asked there from now on"
        );
        memory.moved_to = Some(moved.to);
    } else {
        memory.redirect = Some(moved);
    }
}
