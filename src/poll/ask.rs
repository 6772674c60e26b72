//! What came back for an address, and what it reads as.

use chrono::{DateTime, Utc};

use tokio::sync::mpsc;

use super::sitemaps;
use crate::config::{BackoffScope, Config, Source, SourceKind};
use crate::feed::{NotAFeed, Sitemap, SitemapReader};
use crate::fetch::{
    BodyChunk, FailedFetch, FetchedDocument, Fetcher, Request, ResourceKind, Response, ResponseContent,
};
use crate::model::{ClaimedSource, Failure, FetchStats, Grade, ParsedFeed, SkippedEntry, Validators};
use crate::schedule::PollHints;
use crate::store::{Store, WorkItem};
use crate::{cpu, feed, link, probe};

/// Pieces of a document that wait for their reader.
const PIECES: usize = 4;

const PANICKED: &str = "the document made the feed parser panic; please report it";

/// What came back, the same for every source of the address.
pub(super) struct Answer {
    pub(super) fetch: FetchStats,
    pub(super) hints: PollHints,
    pub(super) came: Came,
    /// Of an index of sitemaps: what was read through it.
    pub(super) walked: Option<sitemaps::Walked>,
}

impl Answer {
    /// Nobody was asked.
    fn unasked(address: &url::Url, failure: Failure) -> Self {
        Self {
            fetch: FetchStats::new(address.clone()),
            hints: PollHints::default(),
            came: Came::Nothing {
                failure,
                retry_after: None,
            },
            walked: None,
        }
    }

    /// The document as it was read: itself for the `last` who takes it, else a copy.
    pub(super) fn document(&mut self, last: bool) -> Box<ParsedFeed> {
        match &mut self.came {
            Came::Document {
                read: Ok(Read::Entries(feed)),
                ..
            } if last => std::mem::take(feed),
            Came::Document {
                read: Ok(Read::Entries(feed)),
                ..
            } => feed.clone(),
            _ => Box::default(),
        }
    }
}

pub(super) enum Came {
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
pub(super) enum Read {
    Entries(Box<ParsedFeed>),
    Index(Vec<feed::SitemapLink>),
}

impl From<Sitemap> for Read {
    fn from(sitemap: Sitemap) -> Self {
        match sitemap {
            Sitemap::Pages(pages) => Self::Entries(pages),
            Sitemap::Index(children) => Self::Index(children),
        }
    }
}

pub(super) async fn ask(
    store: &Store,
    fetcher: &Fetcher,
    config: &Config,
    source: &Source,
    claim: &ClaimedSource,
    full: bool,
    now: DateTime<Utc>,
) -> Answer {
    let mut request = request(source, &claim.address);
    if !full {
        request = request.with_validators(claim.validators.clone());
        request.validators_from.clone_from(&claim.validators_from);
    }
    let request = match request.for_source(source).await {
        Ok(request) => request,
        Err(error) => return Answer::unasked(&claim.address, error.failure(&claim.address)),
    };
    let (fetched, streamed) = get(store, fetcher, source, claim, request, now).await;
    let mut answer = match fetched {
        Ok(fetched) => {
            let hints = PollHints {
                fresh_until: fetched.hints.fresh_until,
                fresh_by: fetched.hints.fresh_by,
                ..PollHints::default()
            };
            let came = match fetched.content {
                ResponseContent::NotModified(validators) => Came::NotModified(validators),
                ResponseContent::Document(document) => {
                    let (validators, body_hash) = (document.validators.clone(), document.body_hash.clone());
                    let unchanged = claim.body_hash.as_deref() == Some(body_hash.as_slice());
                    let (read, whole) = match streamed {
                        _ if unchanged => (Ok(Read::Entries(Box::default())), true),
                        Some(streamed) => streamed.of(source, document.status),
                        None => {
                            let whole = feed::is_complete(&document.body);
                            (
                                read(store, source, claim, document, &fetched.fetch.url).await,
                                whole,
                            )
                        }
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
                fetch: fetched.fetch,
                hints,
                came,
                walked: None,
            };
            if matches!(source.form, SourceKind::Sitemap) {
                sitemaps::walk(store, fetcher, source, claim, full, &mut answer, now).await;
            }
            answer
        }
        Err(failed) => Answer {
            hints: PollHints {
                fresh_until: failed.hints.fresh_until,
                fresh_by: failed.hints.fresh_by.clone(),
                ..PollHints::default()
            },
            came: Came::Nothing {
                failure: failed.failure(),
                retry_after: failed.error.retry_after(),
            },
            fetch: failed.fetch,
            walked: None,
        },
    };
    if config.politeness.scope == BackoffScope::Feed {
        // The answer says nothing of other feeds of the host.
        answer.fetch.hosts.clear();
    }
    answer
}

/// An unconditional request for a document of a source: its feed, its listing, its sitemap or a sitemap that this names.
pub(super) fn request(source: &Source, url: &url::Url) -> Request {
    // A listing is a page like those it links to; feeds and sitemaps are there to be asked.
    let obeys = source.feed_robots || matches!(source.form, SourceKind::Listing(_));
    let mut request = Request::new(url.clone(), want(&source.form));
    request.robots = obeys && !source.ignore_robots;
    request
}

/// What is asked for.
fn want(form: &SourceKind) -> ResourceKind {
    match form {
        SourceKind::Feed | SourceKind::Listing(_) => ResourceKind::Feed,
        SourceKind::Sitemap => ResourceKind::Sitemap,
    }
}

/// A sitemap that was read while it came, and whether it came to its end; or why it is none.
pub(super) struct Streamed(Result<(Sitemap, bool), Fault>);

enum Fault {
    NotASitemap(NotAFeed),
    Panic,
}

impl Streamed {
    /// What it means for a source.
    pub(super) fn of(self, source: &Source, status: u16) -> (Result<Read, Failure>, bool) {
        match self.0 {
            Ok((sitemap, whole)) => (Ok(sitemap.into()), whole),
            Err(fault) => (Err(fault.failure(source, status)), true),
        }
    }
}

impl Fault {
    fn failure(self, source: &Source, status: u16) -> Failure {
        let (code, message) = match self {
            Self::NotASitemap(why) => ("not-a-sitemap", why.to_string()),
            Self::Panic => ("parser-panic", PANICKED.to_owned()),
        };
        failed(source, status, code, Grade::Soft, message)
    }
}

/// Asks for a document. A sitemap may have 50 MiB and is read while it comes; one that ended a process before is not, so
/// that a child can read it first.
pub(super) async fn get(
    store: &Store,
    fetcher: &Fetcher,
    source: &Source,
    claim: &ClaimedSource,
    request: Request,
    now: DateTime<Utc>,
) -> (Result<Response, Box<FailedFetch>>, Option<Streamed>) {
    if !matches!(source.form, SourceKind::Sitemap) || claim.crashes > 0 {
        return (fetcher.get(request, now).await, None);
    }
    let (sender, pieces) = mpsc::channel(PIECES);
    let (fetched, streamed) = tokio::join!(
        fetcher.get_in_pieces(request, now, sender),
        read_pieces(store, claim, pieces)
    );
    (fetched, streamed)
}

/// Reads a sitemap off the async threads while it comes; nothing where none does.
async fn read_pieces(
    store: &Store,
    claim: &ClaimedSource,
    mut pieces: mpsc::Receiver<BodyChunk>,
) -> Option<Streamed> {
    let Some(BodyChunk::Begins { url, content_type }) = pieces.recv().await else {
        return None;
    };
    let mut reader = SitemapReader::new(content_type.as_deref(), Some(&url));
    while let Some(piece) = pieces.recv().await {
        let BodyChunk::Bytes(bytes) = piece else { continue };
        let mark = store.working(WorkItem::Source(claim.id));
        let read = tokio::task::spawn_blocking(move || {
            let _mark = mark;
            reader.push(&bytes);
            reader
        });
        match read.await {
            Ok(back) => reader = back,
            Err(_panic) => return Some(Streamed(Err(Fault::Panic))),
        }
    }
    let mark = store.working(WorkItem::Source(claim.id));
    let read = tokio::task::spawn_blocking(move || {
        let _mark = mark;
        reader.finish()
    });
    Some(Streamed(match read.await {
        Ok(read) => read.map_err(Fault::NotASitemap),
        Err(_panic) => Err(Fault::Panic),
    }))
}

fn failed(source: &Source, status: u16, code: &'static str, grade: Grade, message: String) -> Failure {
    Failure {
        code,
        grade,
        message,
        url: Some(link::mask_secrets(&source.feed)),
        status: Some(status),
    }
}

/// Parses a document with a core of its own. Whatever the parser does costs this one feed one error.
pub(super) async fn read(
    store: &Store,
    source: &Source,
    claim: &ClaimedSource,
    document: FetchedDocument,
    base: &url::Url,
) -> Result<Read, Failure> {
    let failed = |code, grade, message| failed(source, document.status, code, grade, message);
    if claim.crashes > 0
        && !probe::survives(
            match source.form {
                SourceKind::Listing(_) => probe::ProbeKind::Page,
                SourceKind::Feed | SourceKind::Sitemap => probe::ProbeKind::Feed,
            },
            document.content_type.as_deref(),
            &document.body,
        )
        .await
    {
        let (code, message) = probe::crash_failure(claim.crashes);
        return Err(failed(code, Grade::Permanent, message));
    }
    let turn = cpu::permit().await;
    let mark = store.working(WorkItem::Source(claim.id));
    let relations = [document.headers.links("hub"), document.headers.links("self")];
    let (body, content_type, base) = (document.body, document.content_type, base.clone());
    let (form, zone) = (source.form.clone(), source.timezone);
    // One that is packed is larger than it seems.
    let bytes = if body.starts_with(b"\x1f\x8b") {
        usize::MAX
    } else {
        body.len()
    };
    let parsed = turn.work(bytes, move || {
        let _mark = mark;
        let content_type = content_type.as_deref();
        Ok(match &form {
            SourceKind::Feed => {
                let mut feed = feed::parse(&body, content_type, Some(&base))?;
                feed::repair_mojibake(&mut feed);
                let [hubs, topics] = &relations;
                feed::apply_link_headers(&mut feed, hubs, topics, &base);
                Read::Entries(Box::new(without_blanks(feed)))
            }
            SourceKind::Listing(listing) => Read::Entries(Box::new(feed::parse_listing(
                &body,
                content_type,
                &base,
                listing,
                zone,
            )?)),
            SourceKind::Sitemap => feed::parse_sitemap(&body, content_type, Some(&base))?.into(),
        })
    });
    match parsed.await {
        Ok(Ok(read)) => Ok(read),
        Ok(Err(not_a_feed)) => {
            let not_a_feed: NotAFeed = not_a_feed;
            let code = match source.form {
                SourceKind::Feed => "not-a-feed",
                SourceKind::Listing(_) => "no-links",
                SourceKind::Sitemap => "not-a-sitemap",
            };
            Err(failed(code, Grade::Soft, not_a_feed.to_string()))
        }
        Err(_panic) => Err(failed("parser-panic", Grade::Soft, PANICKED.into())),
    }
}

/// Entries that say nothing at all name nothing, and would all be one.
fn without_blanks(mut feed: ParsedFeed) -> ParsedFeed {
    let mut position = 0;
    let skipped = &mut feed.skipped;
    feed.entries.retain(|entry| {
        let blank = entry.is_blank();
        if blank {
            skipped.push(SkippedEntry {
                position,
                reason: "the entry is blank".into(),
            });
        }
        position += 1;
        !blank
    });
    feed
}
