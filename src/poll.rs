//! The first half of the way: from a due source to entries that wait in the queue.

mod sitemaps;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tracing::{info, warn};

use crate::config::{Config, Form, Judged, Pages, Scope, Source};
use crate::feed::{NotAFeed, Sitemap};
use crate::fetch::{Document, Fetcher, Outcome, Request, Want};
use crate::model::{
    ClaimedSource, Entry, EntryKeys, Failure, Grade, HostNote, KnownBy, Memory, Moved, Next, ParsedFeed,
    PollCounts, PollOutcome, PollResult, RobotsNote, Skipped, Validators,
};
use crate::schedule::{self, Failing, Hints, Rhythm, Situation};
use crate::store::{Store, StoreError, Work};
use crate::{feed, identity, link, probe};

/// How often a source is asked without validators: some servers never change their ETag.
const FULL_EVERY: Duration = Duration::from_hours(7 * 24);

/// Polls in a row, and the time between the first and the last of them, after which a permanent redirect is believed.
const MOVED: (u32, Duration) = (5, Duration::from_hours(7 * 24));

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
            .memory
            .full_at
            .is_none_or(|at| (now - at).to_std().is_ok_and(|time| time >= FULL_EVERY) || at > now);
    let answer = ask(store, fetcher, config, source, claim, full, now).await;
    for (position, (source, claim)) in claims.into_iter().enumerate() {
        // What was learned of the hosts was learned once.
        let mut outcome = decide(store, config, &source, claim, &answer, full, now).await?;
        if position == 0 {
            outcome.hosts.clone_from(&answer.hosts);
            outcome.robots.clone_from(&answer.robots);
            outcome.odd_headers = answer.odd_headers;
        }
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
            && one.memory.sitemaps == other.memory.sitemaps
    })
}

/// What came back, the same for every source of the address.
struct Answer {
    took: Duration,
    status: Option<u16>,
    bytes: u64,
    hosts: Vec<HostNote>,
    robots: Vec<RobotsNote>,
    odd_headers: u64,
    /// The URL that answered.
    served_by: Option<url::Url>,
    /// The end of the leading permanent redirects.
    moved_to: Option<url::Url>,
    hints: Hints,
    came: Came,
    /// Of an index of sitemaps: what was read through it.
    walked: Option<sitemaps::Walked>,
}

impl Answer {
    /// Nobody was asked.
    fn unasked(failure: Failure) -> Self {
        Self {
            took: Duration::ZERO,
            status: None,
            bytes: 0,
            hosts: Vec::new(),
            robots: Vec::new(),
            odd_headers: 0,
            served_by: None,
            moved_to: None,
            hints: Hints::default(),
            came: Came::Nothing {
                failure,
                retry_after: None,
            },
            walked: None,
        }
    }
}

enum Came {
    NotModified(Validators),
    /// Read well, or with what went wrong while reading it.
    Document {
        /// Not where it broke off: its validators would say that the rest is known.
        whole: bool,
        validators: Validators,
        body_hash: Vec<u8>,
        read: Result<Read, Failure>,
    },
    Nothing {
        failure: Failure,
        retry_after: Option<DateTime<Utc>>,
    },
}

/// What a document was read as.
enum Read {
    Entries(Box<ParsedFeed>),
    Index(Vec<feed::Child>),
}

async fn ask(
    store: &Store,
    fetcher: &Fetcher,
    config: &Config,
    source: &Source,
    claim: &ClaimedSource,
    full: bool,
    now: DateTime<Utc>,
) -> Answer {
    let mut request = Request::new(claim.address.clone(), want(&source.form));
    // A listing is a page like those it links to; feeds and sitemaps are there to be asked.
    request.robots = matches!(source.form, Form::Listing(_));
    if !full {
        request = request.with_validators(claim.validators.clone());
        request.validators_from.clone_from(&claim.validators_from);
    }
    request.robots = source.feed_robots && !source.ignore_robots;
    let request = match request.for_source(source).await {
        Ok(request) => request,
        Err(error) => return Answer::unasked(error.failure(&claim.address)),
    };
    let keep = |hosts: Vec<HostNote>| {
        if config.politeness.scope == Scope::Feed {
            Vec::new()
        } else {
            hosts
        }
    };
    match fetcher.get(request, now).await {
        Ok(fetched) => {
            let moved_to = fetched.moved_to().cloned();
            let hints = Hints {
                fresh_until: fetched.hints.fresh_until,
                fresh_by: fetched.hints.fresh_by,
                ..Hints::default()
            };
            let mut bytes = 0;
            let came = match fetched.outcome {
                Outcome::NotModified(validators) => Came::NotModified(validators),
                Outcome::Document(document) => {
                    bytes = document.body.len() as u64;
                    let (validators, body_hash) = (document.validators.clone(), document.body_hash.clone());
                    let unchanged = claim.body_hash.as_deref() == Some(body_hash.as_slice());
                    let whole = feed::is_whole(&document.body);
                    let read = if unchanged {
                        Ok(Read::Entries(Box::default()))
                    } else {
                        read(store, source, claim, document, &fetched.url).await
                    };
                    Came::Document {
                        whole,
                        validators,
                        body_hash,
                        read,
                    }
                }
            };
            let mut answer = Answer {
                took: fetched.took,
                status: Some(fetched.status),
                bytes,
                hosts: fetched.hosts,
                robots: fetched.robots,
                odd_headers: fetched.odd_headers,
                served_by: Some(fetched.url),
                moved_to,
                hints,
                came,
                walked: None,
            };
            if matches!(source.form, Form::Sitemap) {
                sitemaps::walk(store, fetcher, source, claim, full, &mut answer, now).await;
            }
            answer.hosts = keep(answer.hosts);
            answer
        }
        Err(failed) => Answer {
            took: failed.took,
            status: failed.status,
            bytes: 0,
            served_by: None,
            moved_to: failed.moved_to().cloned(),
            hints: Hints {
                fresh_until: failed.hints.fresh_until,
                fresh_by: failed.hints.fresh_by.clone(),
                ..Hints::default()
            },
            came: Came::Nothing {
                failure: failed.failure(),
                retry_after: failed.error.retry_after(),
            },
            hosts: keep(failed.hosts),
            robots: failed.robots,
            odd_headers: failed.odd_headers,
            walked: None,
        },
    }
}

/// Parses a document off the async threads. Whatever the parser does costs this one feed one error.
async fn read(
    store: &Store,
    source: &Source,
    claim: &ClaimedSource,
    document: Document,
    base: &url::Url,
) -> Result<Read, Failure> {
    let failed = |code, grade, message| Failure {
        code,
        grade,
        message,
        url: Some(link::masked(&source.feed)),
        status: Some(document.status),
    };
    if claim.crashes > 0
        && !probe::survives(
            match source.form {
                Form::Listing(_) => probe::Kind::Page,
                Form::Feed | Form::Sitemap => probe::Kind::Feed,
            },
            document.content_type.as_deref(),
            &document.body,
        )
        .await
    {
        let (code, message) = probe::verdict(claim.crashes);
        return Err(failed(code, Grade::Permanent, message));
    }
    let mark = store.working(Work::Source(claim.id));
    let (body, content_type, base) = (document.body, document.content_type, base.clone());
    let (form, zone) = (source.form.clone(), source.timezone);
    let parsed = tokio::task::spawn_blocking(move || {
        let _mark = mark;
        let content_type = content_type.as_deref();
        Ok(match &form {
            Form::Feed => {
                let mut feed = feed::parse(&body, content_type, Some(&base))?;
                feed::mend(&mut feed);
                Read::Entries(Box::new(without_blanks(feed)))
            }
            Form::Listing(listing) => Read::Entries(Box::new(feed::listing(
                &body,
                content_type,
                &base,
                listing,
                zone,
            )?)),
            Form::Sitemap => match feed::sitemap(&body, content_type, Some(&base))? {
                Sitemap::Pages(pages) => Read::Entries(pages),
                Sitemap::Index(children) => Read::Index(children),
            },
        })
    });
    match parsed.await {
        Ok(Ok(read)) => Ok(read),
        Ok(Err(not_a_feed)) => {
            let not_a_feed: NotAFeed = not_a_feed;
            let code = match source.form {
                Form::Feed => "not-a-feed",
                Form::Listing(_) => "no-links",
                Form::Sitemap => "not-a-sitemap",
            };
            Err(failed(code, Grade::Soft, not_a_feed.to_string()))
        }
        Err(_panic) => Err(failed(
            "parser-panic",
            Grade::Soft,
            "the document made the feed parser panic; please report it".into(),
        )),
    }
}

/// Entries that say nothing at all name nothing, and would all be one.
fn without_blanks(mut feed: ParsedFeed) -> ParsedFeed {
    let mut position = 0;
    let skipped = &mut feed.skipped;
    feed.entries.retain(|entry| {
        let blank = entry.is_blank();
        if blank {
            skipped.push(Skipped {
                position,
                reason: "the entry is blank".into(),
            });
        }
        position += 1;
        !blank
    });
    feed
}

/// What the answer means for one source: what is recorded, and when it is asked next.
async fn decide(
    store: &Store,
    config: &Config,
    source: &Source,
    mut claim: ClaimedSource,
    answer: &Answer,
    full: bool,
    now: DateTime<Utc>,
) -> Result<PollOutcome, StoreError> {
    // Waits count from the end of the poll: a slow server gets its rest.
    let end = now + answer.took;
    let mut memory = std::mem::take(&mut claim.memory);
    let mut rhythm = Rhythm::from_bytes(&memory.rhythm).unwrap_or_default();
    let (mut failing, mut overflowed, mut degraded) = (None, false, false);
    let mut conditional = !claim.validators.is_empty();
    let result = match (&answer.came, &answer.walked) {
        (came, Some(through)) => match walked(&claim, came, through) {
            Ok((taken, validators, body_hash)) => {
                conditional = !validators.is_empty();
                let keys = keys(config, source, &taken.feed, (KnownBy::Id, KnownBy::Id), end);
                learn(store, &claim, &taken.feed, &keys, &mut rhythm, end, false).await?;
                memory.sitemaps.clone_from(&taken.notes);
                PollResult::Taken {
                    feed: Box::new(taken.feed.clone()),
                    keys,
                    validators,
                    body_hash,
                    limit: (claim.first || taken.archive).then_some(source.first_poll),
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
            let before = memory.known_by;
            degraded = matches!(source.form, Form::Feed) && judge_ids(&claim, feed, &mut memory);
            let keys = keys(config, source, feed, (before, memory.known_by), end);
            overflowed = learn(store, &claim, feed, &keys, &mut rhythm, end, true).await?;
            memory.hints = feed.hints.clone();
            memory.sitemaps.clear();
            let mut feed = Box::new(feed.clone());
            let (validators, body_hash) = if *whole {
                (validators.clone(), body_hash.clone())
            } else {
                feed.skipped.push(Skipped {
                    position: feed.entries.len(),
                    reason: "the document breaks off here: it is not taken for known".into(),
                });
                (claim.validators, claim.body_hash.unwrap_or_default())
            };
            PollResult::Taken {
                feed,
                keys,
                validators,
                body_hash,
                limit: claim.first.then_some(source.first_poll),
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
        follow(source, &mut memory, answer.moved_to.as_ref(), end);
    }
    memory.gone = answer.status == Some(410);
    memory.rhythm = rhythm.to_bytes();
    let failures = failing.map_or(0.0, |(failure, _)| {
        claim.failures + schedule::weight(failure.grade)
    });
    let situation = Situation {
        name: &source.name,
        schedule: &source.schedule,
        rhythm: &rhythm,
        conditional,
        hints: &Hints {
            feed: memory.hints.clone(),
            ..answer.hints.clone()
        },
        max_hint: source.max_hint,
        failure: failing.map(|(failure, retry_after)| Failing {
            failures,
            retry_after,
            refused: matches!(failure.status, Some(401 | 403)),
        }),
    };
    let mut next = schedule::next(&situation, end);
    if failing.is_some_and(|(failure, _)| failure.code == "set-aside") {
        next = Next {
            at: end + schedule::LONGEST,
            why: "set aside for a day".into(),
        };
    }
    Ok(PollOutcome {
        source: claim.id,
        lease: claim.lease,
        at: now,
        took: answer.took,
        status: answer.status,
        bytes: answer.bytes,
        result,
        served_by: answer.served_by.clone(),
        memory,
        overflowed,
        degraded,
        hosts: Vec::new(),
        robots: Vec::new(),
        odd_headers: 0,
        failures,
        next,
    })
}

/// What is asked for.
fn want(form: &Form) -> Want {
    match form {
        Form::Feed | Form::Listing(_) => Want::Feed,
        Form::Sitemap => Want::Sitemap,
    }
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

/// Whether the page of an entry is fetched at all.
fn needs_page(source: &Source, entry: &Entry) -> bool {
    match source.pages {
        Pages::Always => true,
        Pages::Auto => !entry.has_full_text(),
        Pages::Never => false,
    }
}

/// Notes how far the ids of a document can be relied on. Whether that is less than before.
fn judge_ids(claim: &ClaimedSource, feed: &ParsedFeed, memory: &mut Memory) -> bool {
    let trust = identity::trust(&feed.entries, &memory.names);
    memory.names = trust.names;
    if trust.by <= memory.known_by {
        return false;
    }
    warn!(
        source = claim.name,
        "{}: from now on entries are known by {}",
        trust.why.as_deref().unwrap_or_default(),
        trust.by.as_str()
    );
    memory.known_by = trust.by;
    memory.known_why = trust.why;
    true
}

/// What the filters can know of an entry before its page is had.
fn judged(entry: &Entry, now: DateTime<Utc>) -> Judged<'_> {
    Judged {
        title: entry.title.as_deref(),
        link: entry.link.as_ref().map(url::Url::as_str),
        categories: Some(&entry.categories),
        language: entry.language.as_deref(),
        age: entry
            .published
            .or(entry.updated)
            .and_then(|at| (now - at.utc(chrono_tz::UTC)).to_std().ok()),
        text: None,
    }
}

/// How each entry of a document is known, and where its page waits.
fn keys(
    config: &Config,
    source: &Source,
    feed: &ParsedFeed,
    (before, by): (KnownBy, KnownBy),
    now: DateTime<Utc>,
) -> Vec<EntryKeys> {
    let pattern =
        |entry: &Entry| config.key_pattern_for(Some(source), entry.link.as_ref().unwrap_or(&source.feed));
    let shared = identity::shared_ids(&feed.entries);
    let keyed = |entry: &Entry| {
        let is_shared = entry.id.as_ref().is_some_and(|id| shared.contains(id));
        let by = if is_shared { by.max(KnownBy::Link) } else { by };
        let mut keys = identity::of_link(pattern(entry), entry, by);
        keys.was = (before != by).then(|| identity::ident(entry, before));
        // An entry that needs no page waits for no host.
        keys.host = entry
            .link
            .as_ref()
            .filter(|_| needs_page(source, entry))
            .map(|link| config.politeness.place(link));
        keys.unwanted = source.filters.against(&judged(entry, now));
        keys
    };
    feed.entries.iter().map(keyed).collect()
}

/// Teaches the rhythm what a document brought. Whether it had nothing in common with the one before, if it is the
/// `whole` of what there is.
async fn learn(
    store: &Store,
    claim: &ClaimedSource,
    feed: &ParsedFeed,
    keys: &[EntryKeys],
    rhythm: &mut Rhythm,
    now: DateTime<Utc>,
    whole: bool,
) -> Result<bool, StoreError> {
    let idents = keys.iter().map(|keys| keys.ident.clone()).collect();
    let unseen = store.unseen(claim.id, idents).await?;
    let times: Vec<_> = unseen
        .iter()
        .filter_map(|&position| feed.entries.get(position))
        .map(|entry| {
            entry
                .published
                .or(entry.updated)
                .map_or(now, |at| at.utc(chrono_tz::UTC))
        })
        .collect();
    let overflowed = rhythm.observe(&times, feed.entries.len(), now) && whole;
    if overflowed {
        warn!(
            source = claim.name,
            entries = feed.entries.len(),
            "nothing in the feed was known: something in between may have been missed"
        );
    }
    Ok(overflowed)
}

/// Follows a permanent redirect once it was met often enough for long enough, or only tells where it is pinned.
fn follow(source: &Source, memory: &mut Memory, moved_to: Option<&url::Url>, now: DateTime<Utc>) {
    let Some(to) = moved_to else {
        memory.moved = None;
        return;
    };
    let moved = match memory.moved.take() {
        Some(moved) if moved.to == *to => Moved {
            times: moved.times.saturating_add(1),
            ..moved
        },
        _ => Moved {
            to: to.clone(),
            since: now,
            times: 1,
        },
    };
    let believed = moved.times >= MOVED.0 && (now - moved.since).to_std().is_ok_and(|time| time >= MOVED.1);
    if believed && !source.pin {
        info!(
            source = source.name,
            to = link::masked(to),
            "the feed has moved for good: asked there from now on"
        );
        memory.address = Some(moved.to);
    } else {
        memory.moved = Some(moved);
    }
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
        url: link::masked(&source.feed),
        counts,
        failure,
        took,
        next,
    })
}
