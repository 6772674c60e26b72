//! The result of one poll: everything that `store` changes in one transaction.

use chrono::{DateTime, Utc};

use super::failure::Failure;
use super::feed::ParsedFeed;
use super::fetch::{FetchStats, Validators};
use super::id::{Lease, SourceId};
use super::key::Key;
use super::source::PollState;

/// When to do something next, and why then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NextPoll {
    /// Not before.
    pub at: DateTime<Utc>,
    /// A phrase for `status`: "every 30m", "the server asked for Retry-After".
    pub why: String,
}

/// Everything one poll changes; recorded in one transaction.
#[derive(Clone, Debug, PartialEq)]
pub struct PollOutcome {
    /// Which source.
    pub source: SourceId,
    /// Must still be held.
    pub lease: Lease,
    /// When the poll began.
    pub at: DateTime<Utc>,
    /// What its fetches learned. Of sources that share one fetch, the first alone has its hosts, robots.txt and odd
    /// headers, so that they are recorded once.
    pub fetch: FetchStats,
    /// What came of it.
    pub result: PollResult,
    /// What is remembered from poll to poll, as it is now.
    pub state: PollState,
    /// Whether the document had nothing in common with the one before: something may have been missed.
    pub overflowed: bool,
    /// Whether its ids were found to be bad now.
    pub ids_degraded: bool,
    /// Weighted failures in a row, after this poll.
    pub failures: f64,
    /// When next, and why.
    pub next: NextPoll,
}

/// What came of a poll.
#[derive(Clone, Debug, PartialEq)]
pub enum PollResult {
    /// 304: validators it carried replace ours, none is erased (RFC 9111, 3.2).
    NotModified(Validators),
    /// 200 with the body we already took in.
    Unchanged(Validators),
    /// A document taken in.
    Document {
        /// What it said; entries already cut to `first_poll` are marked `seen`.
        feed: Box<ParsedFeed>,
        /// Keys of each entry, in the order of `feed.entries`.
        keys: Vec<EntryKeys>,
        /// Replaces what was stored, both together.
        validators: Validators,
        /// Hash of the body.
        body_hash: Vec<u8>,
        /// At most so many unseen entries become pending, newest first; the rest are recorded as seen.
        limit: Option<usize>,
    },
    /// Nothing taken in; validators stay.
    Failed(Failure),
}

/// How an entry is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryKeys {
    /// Within its source: its id, else its link, else title and date.
    pub ident: String,
    /// What `ident` was before the feed's ids were found to be bad.
    pub previous_ident: Option<String>,
    /// The host that serves its link, for the queue.
    pub host: Option<String>,
    /// Keys its link may be known by, strongest first.
    pub link_keys: Vec<Key>,
    /// Why it is left out, as the source's filters are named: `title`, `age`.
    pub excluded_by: Option<&'static str>,
}

/// What an outcome of [`PollOutcome`] came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PollCounts {
    /// Entries never seen before.
    pub new: u64,
    /// Entries seen before, or whose link is an article already.
    pub known: u64,
    /// Entries that could not be read.
    pub skipped: u64,
}
