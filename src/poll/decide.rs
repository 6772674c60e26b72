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
use super::paging::{FollowedPages, PageWay, PagesRead};
use super::run::PollRun;
use crate::config::{Source, SourceKind};
use crate::link;
use crate::model::{
    BROKEN_TRANSFER, ClaimedSource, DocumentRemark, Entry, EntryIdentifier, EntryKeys, Failure, FetchStats,
    Grade, NextPoll, ParsedFeed, PermanentRedirect, PollOutcome, PollResult, PollState, RemarkKind,
    TRUNCATED, Validators,
};
use crate::schedule::{self, FailureContext, PollContext, PollHints, Rhythm};
use crate::store::{StoreError, UnseenEntries};

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
    pages: &mut FollowedPages,
) -> Result<PollOutcome, StoreError> {
    let state = std::mem::take(&mut claim.state);
    let duration = document.fetch.duration;
    let was_empty = state.remarks.iter().any(|remark| remark.kind == RemarkKind::Empty);
    let rhythm = Rhythm::from_bytes(&state.rhythm).unwrap_or_default();
    let mut decider = Decider {
        run,
        source,
        least_full: if was_empty { rhythm.window() } else { 0 },
        rhythm,
        state,
        conditional: !claim.validators.is_empty(),
        overflowed: false,
        ids_degraded: false,
        faults: Vec::new(),
        followed: 0,
        fetch: document.fetch,
        pages,
        // Waits are counted from the end of the poll, so that a slow server is not polled more often for it.
        ended_at: run.started_at + duration,
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
        let moved_to = decider.fetch.moved_to().cloned();
        decider.follow_redirect(moved_to.as_ref());
    }
    decider.state.gone = decider.fetch.status == Some(410);
    decider.state.rhythm = decider.rhythm.to_bytes();
    let failures =
        failure.map_or(0.0, |failure| decider.claim.failures + schedule::failure_weight(failure.grade));
    let failure = failure.map(|failure| (failure, failures, retry_after));
    let next = decider.next_poll(document.hints, failure);
    Ok(PollOutcome {
        source: decider.claim.id,
        lease: decider.claim.lease,
        at: run.started_at,
        fetch: decider.fetch,
        result,
        state: decider.state,
        overflowed: decider.overflowed,
        ids_degraded: decider.ids_degraded,
        faults: decider.faults,
        followed: decider.followed,
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
    /// Entries that a document has at least if it has overflowed: behind an empty one as many as the one before that.
    least_full: usize,
    /// See [`PollOutcome::overflowed`].
    overflowed: bool,
    /// See [`PollOutcome::ids_degraded`].
    ids_degraded: bool,
    /// See [`PollOutcome::faults`].
    faults: Vec<Failure>,
    /// See [`PollOutcome::followed`].
    followed: u64,
    /// What the requests of the poll learned.
    fetch: FetchStats,
    /// Further documents of a paged feed.
    pages: &'a mut FollowedPages,
    /// Start of the poll plus the time that requests took.
    ended_at: DateTime<Utc>,
}

impl Decider<'_> {
    /// What is recorded of the content; updates rhythm and state.
    async fn result(&mut self, content: PolledContent) -> Result<PollResult, StoreError> {
        Ok(match content {
            PolledContent::NotModified(validators) => {
                self.state.remarks.retain(|remark| remark.kind.is_of_content());
                self.rhythm.observe(&[], 0, self.ended_at);
                PollResult::NotModified(validators)
            }
            PolledContent::Document { validators, body_hash, fault, .. }
                if self.claim.body_hash.as_ref() == Some(&body_hash) =>
            {
                self.state.remarks.retain(|remark| remark.kind.is_of_content());
                let validators = self.trusted(validators, fault);
                self.rhythm.observe(&[], 0, self.ended_at);
                PollResult::Unchanged(validators)
            }
            PolledContent::Document { feed, fault, validators, body_hash } => {
                self.state.remarks.clear();
                let validators = self.trusted(validators, fault);
                self.document(feed, validators, body_hash).await?
            }
            PolledContent::Sitemaps(crawl) => self.sitemaps(*crawl).await?,
            PolledContent::Failed { failure, .. } => PollResult::Failed(failure),
        })
    }

    /// A new document. One that is cut leaves the stored validators as they are.
    async fn document(
        &mut self,
        mut feed: Box<ParsedFeed>,
        validators: Validators,
        body_hash: Vec<u8>,
    ) -> Result<PollResult, StoreError> {
        if self.source.unwrap {
            feed.entries.iter_mut().for_each(Entry::take_off_wrapper);
        }
        let previous = self.state.identified_by;
        entries::find_sessions(&self.claim, &feed, &mut self.state);
        self.ids_degraded = matches!(self.source.kind, SourceKind::Feed)
            && entries::degrade_identifier(&self.claim, &feed, &mut self.state);
        let current = self.state.identified_by;
        self.state.hints = feed.hints.clone();
        self.remark_on(&feed);
        let is_cut = feed.is_cut;
        let (feed, keys) = self.observe(Arc::from(feed), previous, current).await?;
        if self.overflowed {
            warn!(
                source = self.claim.name,
                entries = feed.entries.len(),
                "no entry of the feed was known: entries since the last poll may have been missed"
            );
        }
        self.state.sitemaps.clear();
        let (validators, body_hash) = if is_cut {
            (self.claim.validators.clone(), self.claim.body_hash.clone().unwrap_or_default())
        } else {
            (validators, body_hash)
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
        self.state.remarks.clear();
        self.remark_on_dates(&crawl.feed);
        let (feed, keys) = self.observe(Arc::new(crawl.feed), by, by).await?;
        self.overflowed = false;
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

    /// The entries, with those of further documents of a paged feed, and their keys. Teaches the rhythm which are new, and
    /// learns whether the document overflowed.
    async fn observe(
        &mut self,
        mut feed: Arc<ParsedFeed>,
        previous: EntryIdentifier,
        current: EntryIdentifier,
    ) -> Result<(Arc<ParsedFeed>, Arc<[EntryKeys]>), StoreError> {
        let (mut keys, mut unseen) = self.unseen(&feed, previous, current).await?;
        let may_overflow = !unseen.knows_any && !feed.entries.is_empty() && !self.claim.first_poll;
        if let Some(next) = feed.next.clone().filter(|_| may_overflow && !feed.is_cut) {
            let read = Box::pin(self.read_on(next, previous, current)).await?;
            if !read.feed.entries.is_empty() {
                Arc::make_mut(&mut feed).append(read.feed);
                (keys, unseen) = self.unseen(&feed, previous, current).await?;
                unseen.knows_any |= read.is_end;
            }
        }
        let times = entries::times(&feed, &unseen.positions, self.ended_at);
        // Of a document that is cut, what is known may be in the rest; one that was empty has not overflowed before it is full
        // again.
        let is_overlap = unseen.knows_any || feed.is_cut || feed.entries.len() < self.least_full;
        let window = match feed.entries.len() {
            0 => 0,
            length if is_overlap => length.max(times.len() + 1),
            _ => times.len(),
        };
        self.overflowed = self.rhythm.observe(&times, window, self.ended_at);
        Ok((feed, keys))
    }

    /// The keys of a document's entries, and which of them are new.
    async fn unseen(
        &self,
        feed: &Arc<ParsedFeed>,
        previous: EntryIdentifier,
        current: EntryIdentifier,
    ) -> Result<(Arc<[EntryKeys]>, UnseenEntries), StoreError> {
        let PollRun { store, config, .. } = self.run;
        let session = &self.state.session_parameters;
        let keys = entries::keys(config, self.source, feed, previous, current, session, self.ended_at).into();
        let unseen = entries::unseen(store, &self.claim, feed, &keys, session).await?;
        Ok((keys, unseen))
    }

    /// Reads the further documents of a paged feed of which no entry was known, until one is.
    async fn read_on(
        &mut self,
        first: Url,
        previous: EntryIdentifier,
        current: EntryIdentifier,
    ) -> Result<PagesRead, StoreError> {
        let mut read = PagesRead::default();
        let mut way = PageWay::starting(self.source, [&self.claim.address, &self.fetch.url]);
        let mut next = Some(first);
        while let Some(url) = next.take().filter(|url| way.leads_to(url)) {
            let page = self.pages.get(self.run, self.source, &self.claim, &url, &mut self.fetch).await;
            self.ended_at = self.run.started_at + self.fetch.duration;
            let mut page = match page {
                Ok(page) => page,
                Err(failure) => {
                    let text =
                        format!("a further document of the feed could not be read: {}", failure.message);
                    self.remark(RemarkKind::Paging, text.clone());
                    self.faults.push(Failure { message: text, ..failure });
                    break;
                }
            };
            self.followed += 1;
            if self.source.unwrap {
                Arc::make_mut(&mut page).entries.iter_mut().for_each(Entry::take_off_wrapper);
            }
            let (_, unseen) = self.unseen(&page, previous, current).await?;
            read.is_end = unseen.knows_any;
            if !read.is_end {
                next.clone_from(&page.next);
                // The feed ends here, and with it what may have been missed.
                read.is_end = page.next.is_none() && !page.is_cut;
            }
            read.feed.append(ParsedFeed::clone(&page));
        }
        info!(
            source = self.claim.name,
            documents = self.followed,
            entries = read.feed.entries.len(),
            complete = read.is_end,
            "no entry of the feed was known: its further documents were read"
        );
        Ok(read)
    }

    /// The validators to store with a document: those of a faulty transfer are not trusted.
    fn trusted(&mut self, validators: Validators, fault: Option<Failure>) -> Validators {
        let validators = match fault {
            None => validators,
            Some(fault) => {
                let message =
                    format!("the feed is whole and was taken, but its transfer is faulty: {}", fault.message);
                self.remark(RemarkKind::Transfer, message.clone());
                self.faults.push(Failure { code: BROKEN_TRANSFER, message, ..fault });
                self.claim.validators.clone()
            }
        };
        self.conditional = !validators.is_empty();
        validators
    }

    fn remark(&mut self, kind: RemarkKind, text: String) {
        self.state.remarks.push(DocumentRemark { kind, text });
    }

    /// Remarks on a document that is cut, is empty or has dates that are none.
    fn remark_on(&mut self, feed: &ParsedFeed) {
        let entries = feed.entries.len();
        if feed.is_cut {
            let message = format!(
                "the feed breaks off behind its {entries} whole entries, which were taken; it is asked for again as a whole"
            );
            self.remark(RemarkKind::Cut, message.clone());
            self.faults.push(Failure {
                code: TRUNCATED,
                grade: Grade::Temporary,
                message,
                url: Some(link::mask_secrets(&self.fetch.url)),
                status: self.fetch.status,
            });
        } else if entries == 0 && self.rhythm.window() > 0 && !self.claim.first_poll {
            let before = self.rhythm.window();
            warn!(source = self.claim.name, before, "the feed has no entries, though it had some before");
            self.remark(RemarkKind::Empty, format!("the feed has no entries, though it had {before} before"));
        }
        self.remark_on_dates(feed);
    }

    fn remark_on_dates(&mut self, feed: &ParsedFeed) {
        if feed.false_dates > 0 {
            let dates = feed.false_dates;
            info!(
                source = self.claim.name,
                dates, "dates of the feed are none: the order of first sight counts"
            );
            let text = format!(
                "{dates} dates of the feed are none (a clock's zero, before 1700, or more than two days ahead): \
                 the order of first sight counts"
            );
            self.remark(RemarkKind::Dates, text);
        }
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
