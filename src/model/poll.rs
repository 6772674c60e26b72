//! The result of one poll: everything that `store` changes in one transaction.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::failure::Failure;
use super::feed::ParsedFeed;
use super::fetch::{FetchStats, Validators};
use super::id::{Lease, SourceId};
use super::key::Key;
use super::source::PollState;

/// When a source is polled next, and why then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NextPoll {
    /// Earliest time.
    pub at: DateTime<Utc>,
    /// A phrase for `status`: "every 30m", "the server asked for Retry-After".
    pub why: String,
}

/// Everything that one poll of one source changes; recorded in one transaction.
#[derive(Clone, Debug, PartialEq)]
pub struct PollOutcome {
    /// The source.
    pub source: SourceId,
    /// Recording fails if another run has claimed the source since.
    pub lease: Lease,
    /// Start of the poll.
    pub at: DateTime<Utc>,
    /// What its fetches learned. Of sources that share one fetch, the first alone has its hosts, robots.txt and odd
    /// headers, so that they are recorded once.
    pub fetch: FetchStats,
    /// What the poll brought.
    pub result: PollResult,
    /// The state for the next poll.
    pub state: PollState,
    /// Whether no entry of the document was known: entries in between may have been missed.
    pub overflowed: bool,
    /// Whether this poll switched to a weaker entry identifier.
    pub ids_degraded: bool,
    /// What went wrong although the poll succeeded: each a row, a counter and a log line.
    pub faults: Vec<Failure>,
    /// Number of further documents of a paged feed that were read.
    pub followed: u64,
    /// Weighted failures in a row, after this poll.
    pub failures: f64,
    /// When the source is polled next.
    pub next: NextPoll,
}

/// The result of a poll.
#[derive(Clone, Debug, PartialEq)]
pub enum PollResult {
    /// 304. Its validators replace stored ones; those it lacks stay (RFC 9111, 3.2).
    NotModified(Validators),
    /// 200 with the stored body.
    Unchanged(Validators),
    /// A document that was parsed.
    Document {
        /// Its entries.
        feed: Arc<ParsedFeed>,
        /// Keys of each entry, in the order of `feed.entries`.
        keys: Arc<[EntryKeys]>,
        /// They replace the stored ones, also with `None`.
        validators: Validators,
        /// SHA-256 of the body.
        body_hash: Vec<u8>,
        /// Number of new entries to collect, newest first; the others are recorded as seen. `None`: all.
        limit: Option<usize>,
    },
    /// No document; stored validators stay.
    Failed(Failure),
}

/// The keys of an entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EntryKeys {
    /// Its id within the source; see [`super::EntryIdentifier`].
    pub ident: String,
    /// `ident` under the identifier before, if this poll switched to a weaker one.
    pub previous_ident: Option<String>,
    /// The host that its page waits for in the queue; `None` if its page is not fetched.
    pub host: Option<String>,
    /// Keys of its link, strongest first.
    pub link_keys: Vec<Key>,
    /// Whether its link is on the site of its feed. Entries that share a link are articles of their own only there.
    pub is_own_link: bool,
    /// Whether a filter of its source judges what the page says. Then a known article is judged before it counts.
    pub judges_page: bool,
    /// The filter that excludes it: `title`, `age`.
    pub excluded_by: Option<&'static str>,
}

/// What recording a [`PollOutcome`] did with its entries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PollCounts {
    /// New entries.
    pub new: u64,
    /// Entries that were seen before, or whose link is that of a stored article.
    pub known: u64,
    /// Entries that could not be read.
    pub skipped: u64,
}
