//! What a polled document means for one source: what is recorded, and when the source is polled next.
//!
//! Reads the store only to learn which entries are new; everything that changes is in the [`PollOutcome`] it returns.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tracing::{info, warn};
use url::Url;

use super::document::{PolledContent, PolledDocument, SitemapCrawl};
use super::entries;
use super::run::PollRun;
use crate::config::{Source, SourceKind};
use crate::link;
use crate::model::{
    ClaimedSource, Entry, EntryIdentifier, EntryKeys, Failure, NextPoll, ParsedFeed, PermanentRedirect,
    PollOutcome, PollResult, PollState, SkippedEntry, Validators,
};
use crate::schedule::{self, FailureContext, PollContext, PollHints, Rhythm};
use crate::store::StoreError;

/// Polls in a row that must meet a permanent redirect before it is followed for good.
const MOVED_POLLS: u32 = 5;

/// Time that must lie between the first and the last of them.
const MOVED_TIME: Duration = Duration::from_hours(7 * 24);

/// Decides for one of the sources that share `document`; each gets its own copy. The only error is that of the store.
pub(super) async fn decide(
    run: PollRun<'_>,
    source: &Source,
    mut claim: ClaimedSource,
    document: PolledDocument,
) -> Result<PollOutcome, StoreError> {
    let state = std::mem::take(&mut claim.state);
    let mut decider = Decider {
        run,
        source,
        rhythm: Rhythm::from_bytes(&state.rhythm).unwrap_or_default(),
        state,
        conditional: !claim.validators.is_empty(),
        overflowed: false,
        ids_degraded: false,
        // Waits are counted from the end of the poll, so that a slow server is not polled more often for it.
        ended_at: run.started_at + document.fetch.duration,
        claim,
    };
    let retry_after = match document.content {
        PolledContent::Failed { retry_after, .. } => retry_after,
        _ => None,
    };
    let result = decider.result(document.content).await?;
    let failure = match &result {
        PollResult::Failed(failure) => Some(failure),
        _ => None,
    };
    if failure.is_none() {
        if run.full {
            decider.state.unconditional_at = Some(decider.ended_at);
        }
        decider.follow_redirect(document.fetch.moved_to());
    }
    decider.state.gone = document.fetch.status == Some(410);
    decider.state.rhythm = decider.rhythm.to_bytes();
    let failures =
        failure.map_or(0.0, |failure| decider.claim.failures + schedule::failure_weight(failure.grade));
    let failure = failure.map(|failure| (failure, failures, retry_after));
    let next = decider.next_poll(document.hints, failure);
    Ok(PollOutcome {
        source: decider.claim.id,
        lease: decider.claim.lease,
        at: run.started_at,
        fetch: document.fetch,
        result,
        state: decider.state,
        overflowed: decider.overflowed,
        ids_degraded: decider.ids_degraded,
        failures,
        next,
    })
}

/// The state of one source while its poll is decided.
struct Decider<'a> {
    run: PollRun<'a>,
    source: &'a Source,
    /// Without its state, which is in `state`.
    claim: ClaimedSource,
    state: PollState,
    /// What the source publishes and when; learns from this document.
    rhythm: Rhythm,
    /// Whether the next request can be conditional.
    conditional: bool,
    /// See [`PollOutcome::overflowed`].
    overflowed: bool,
    /// See [`PollOutcome::ids_degraded`].
    ids_degraded: bool,
    /// Start of the poll plus the time that requests took.
    ended_at: DateTime<Utc>,
}

impl Decider<'_> {
    /// What is recorded of the content; updates rhythm and state.
    async fn result(&mut self, content: PolledContent) -> Result<PollResult, StoreError> {
        Ok(match content {
            PolledContent::NotModified(validators) => {
                self.rhythm.observe(&[], 0, self.ended_at);
                PollResult::NotModified(validators)
            }
            PolledContent::Document { validators, body_hash, .. }
                if self.claim.body_hash.as_ref() == Some(&body_hash) =>
            {
                self.conditional = !validators.is_empty();
                self.rhythm.observe(&[], 0, self.ended_at);
                PollResult::Unchanged(validators)
            }
            PolledContent::Document { feed, complete, validators, body_hash } => {
                self.document(feed, complete, validators, body_hash).await?
            }
            PolledContent::Sitemaps(crawl) => self.sitemaps(*crawl).await?,
            PolledContent::Failed { failure, .. } => PollResult::Failed(failure),
        })
    }

    /// A new document. A truncated one leaves the stored validators as they are.
    async fn document(
        &mut self,
        mut feed: Box<ParsedFeed>,
        complete: bool,
        validators: Validators,
        body_hash: Vec<u8>,
    ) -> Result<PollResult, StoreError> {
        self.conditional = !validators.is_empty();
        if self.source.unwrap {
            feed.entries.iter_mut().for_each(Entry::take_off_wrapper);
        }
        let previous = self.state.identified_by;
        entries::find_sessions(&self.claim, &feed, &mut self.state);
        self.ids_degraded = matches!(self.source.kind, SourceKind::Feed)
            && entries::degrade_identifier(&self.claim, &feed, &mut self.state);
        let current = self.state.identified_by;
        self.state.hints = feed.hints.clone();
        if !complete {
            feed.skipped.push(SkippedEntry {
                position: feed.entries.len(),
                reason: "the document is truncated here: it is requested again".into(),
            });
        }
        let feed = Arc::from(feed);
        let keys;
        (keys, self.overflowed) = self.observe(&feed, previous, current).await?;
        if self.overflowed {
            warn!(
                source = self.claim.name,
                entries = feed.entries.len(),
                "no entry of the feed was known: entries since the last poll may have been missed"
            );
        }
        self.state.sitemaps.clear();
        let (validators, body_hash) = if complete {
            (validators, body_hash)
        } else {
            (self.claim.validators.clone(), self.claim.body_hash.clone().unwrap_or_default())
        };
        Ok(PollResult::Document {
            feed,
            keys,
            validators,
            body_hash,
            limit: self.claim.first_poll.then_some(self.source.first_poll),
        })
    }

    /// The entries of child sitemaps. They never overflow: an index names all there are. Their ids are URLs, so that the
    /// identifier stays.
    async fn sitemaps(&mut self, crawl: SitemapCrawl) -> Result<PollResult, StoreError> {
        self.conditional = !crawl.validators.is_empty();
        let by = EntryIdentifier::Id;
        let feed = Arc::new(crawl.feed);
        let (keys, _) = self.observe(&feed, by, by).await?;
        self.state.sitemaps = crawl.children;
        let is_limited = self.claim.first_poll || crawl.is_archive;
        Ok(PollResult::Document {
            feed,
            keys,
            validators: crawl.validators,
            body_hash: crawl.body_hash,
            limit: is_limited.then_some(self.source.first_poll),
        })
    }

    /// Keys of the entries. Teaches the rhythm which are new; true if all are, though the source was polled before.
    async fn observe(
        &mut self,
        feed: &Arc<ParsedFeed>,
        previous: EntryIdentifier,
        current: EntryIdentifier,
    ) -> Result<(Arc<[EntryKeys]>, bool), StoreError> {
        let PollRun { store, config, .. } = self.run;
        let now = self.ended_at;
        let session = &self.state.session_parameters;
        let keys = entries::keys(config, self.source, feed, previous, current, session, now).into();
        let new = entries::new_times(store, &self.claim, feed, &keys, session, now).await?;
        let overflowed = self.rhythm.observe(&new, feed.entries.len(), now);
        Ok((keys, overflowed))
    }

    /// Counts a permanent redirect, and follows it for good after [`MOVED_POLLS`] over [`MOVED_TIME`]. With `pin` it is
    /// only counted, so that `status` can show it.
    fn follow_redirect(&mut self, moved_to: Option<&Url>) {
        let Some(to) = moved_to else {
            self.state.redirect = None;
            return;
        };
        let redirect = match self.state.redirect.take() {
            Some(redirect) if redirect.to == *to => {
                PermanentRedirect { times: redirect.times.saturating_add(1), ..redirect }
            }
            _ => PermanentRedirect { to: to.clone(), since: self.ended_at, times: 1 },
        };
        let time = (self.ended_at - redirect.since).to_std();
        let is_permanent = redirect.times >= MOVED_POLLS && time.is_ok_and(|time| time >= MOVED_TIME);
        if is_permanent && !self.source.pin {
            info!(
                source = self.source.name,
                to = link::mask_secrets(to),
                "the feed has moved permanently: it is polled there from now on"
            );
            self.state.moved_to = Some(redirect.to);
        } else {
            self.state.redirect = Some(redirect);
        }
    }

    /// When the source is polled next: as `schedule` says, or in a day if its document crashed too many processes.
    /// `failure` comes with the weighted failures in a row and the `Retry-After`.
    fn next_poll(
        &self,
        of_response: PollHints,
        failure: Option<(&Failure, f64, Option<DateTime<Utc>>)>,
    ) -> NextPoll {
        if failure.is_some_and(|(failure, ..)| failure.code == "set-aside") {
            return NextPoll { at: self.ended_at + schedule::MAX_WAIT, why: "set aside for a day".into() };
        }
        let hints = PollHints { feed: self.state.hints.clone(), ..of_response };
        let context = PollContext {
            name: &self.source.name,
            schedule: &self.source.schedule,
            rhythm: &self.rhythm,
            conditional: self.conditional,
            hints: &hints,
            max_hint: self.source.max_hint,
            failure: failure.map(|(failure, failures, retry_after)| FailureContext {
                failures,
                retry_after,
                refused: matches!(failure.status, Some(401 | 403)),
            }),
        };
        schedule::next(&context, self.ended_at)
    }
}
