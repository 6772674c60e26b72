//! A source under lease, and its state between polls.

use chrono::{DateTime, Utc};
use url::Url;

use super::feed::FeedHints;
use super::fetch::Validators;
use super::id::{Lease, SourceId};
use super::words::words;

/// A source under lease, to be polled.
#[derive(Clone, Debug, PartialEq)]
pub struct ClaimedSource {
    /// Row id.
    pub id: SourceId,
    /// Its name in the configuration.
    pub name: String,
    /// The URL to poll: the configured one, or where the feed has moved. Sources with one address are claimed together,
    /// so that it is requested once.
    pub address: Url,
    /// Its [`super::PollOutcome`] is recorded only while this lease is held.
    pub lease: Lease,
    /// Validators of the last complete document; empty if it came from another address.
    pub validators: Validators,
    /// SHA-256 of its body.
    pub body_hash: Option<Vec<u8>>,
    /// Weighted failures in a row: temporary 0.25, soft 0.5, permanent 1.
    pub failures: f64,
    /// Whether no poll has succeeded yet: `first_poll` limits the entries to collect.
    pub first_poll: bool,
    /// Number of processes that crashed while they parsed its document. From 1 on, a child process parses it first.
    pub crashes: u32,
    /// The URL that served the validators, if a redirect led there.
    pub validators_from: Option<Url>,
    /// State from poll to poll.
    pub state: PollState,
}

/// State of a source from poll to poll. [`super::PollOutcome`] replaces it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PollState {
    /// Its publishing rhythm, as `schedule::Rhythm` writes it.
    pub rhythm: Vec<u8>,
    /// Schedule hints of its last document.
    pub hints: FeedHints,
    /// Time of the last unconditional request.
    pub unconditional_at: Option<DateTime<Utc>>,
    /// A permanent redirect that was met, but not yet often enough to be followed for good.
    pub redirect: Option<PermanentRedirect>,
    /// The address it has moved to; it is polled there.
    pub moved_to: Option<Url>,
    /// Whether the last response was 410 Gone.
    pub gone: bool,
    /// Child sitemaps, if it is an index of sitemaps.
    pub sitemaps: Vec<ChildSitemap>,
    /// What identifies entries of the feed.
    pub identified_by: EntryIdentifier,
    /// Why not a better identifier, as a phrase for `status`.
    pub identified_why: Option<String>,
    /// Query parameters that turned out to carry a session.
    pub session_parameters: Vec<String>,
    /// Hashes of links and ids of its last document, as `identity` writes them.
    pub last_names: Vec<u8>,
    /// Hashes of the links of its last document without parameters that may carry a session, as `identity` writes them.
    pub last_links: Vec<u8>,
    /// What a person may want to know of its last document, though it was taken.
    pub remarks: Vec<DocumentRemark>,
}

/// Something odd about a document that was taken all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentRemark {
    /// What it is about.
    pub kind: RemarkKind,
    /// One sentence for `status`.
    pub text: String,
}

words! {
    /// What a remark on a document is about.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub enum RemarkKind {
        /// It broke off: only its whole entries were taken.
        Cut = "cut",
        /// It is whole, but its transfer was not as HTTP wants it.
        Transfer = "transfer",
        /// The further documents of a paged feed could not be read to a known entry.
        Paging = "paging",
        /// It has dates that are none.
        Dates = "dates",
        /// It has no entries, and the one before had.
        #[default]
        Empty = "empty",
    }
}

impl RemarkKind {
    /// Whether it is about what the document says, and so holds for as long as the document does not change.
    pub fn is_of_content(self) -> bool {
        matches!(self, Self::Dates | Self::Empty)
    }
}

words! {
    /// What identifies an entry within its source; from best to worst.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
    pub enum EntryIdentifier {
        /// The id that the feed gives it.
        #[default]
        Id = "id",
        /// Its link: ids are missing, shared or change.
        Link = "link",
        /// Title and date: links are no better.
        Title = "title",
    }
}

/// State of a sitemap that an index names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChildSitemap {
    /// Its URL.
    pub url: Url,
    /// `lastmod` as the index prints it.
    pub lastmod: Option<String>,
    /// `lastmod` when it was last read; of an archive, when it was first named.
    pub lastmod_read: Option<String>,
    /// Whether it was read, or is to be.
    pub state: ChildSitemapState,
    /// Validators of the sitemap as it was read.
    pub validators: Validators,
}

words! {
    /// Whether a child sitemap is read.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub enum ChildSitemapState {
        /// Old: read only once its `lastmod` changes.
        Archive = "archive",
        /// To be read.
        #[default]
        Waiting = "waiting",
        /// Read.
        Read = "read",
    }
}

/// A permanent redirect that consecutive polls met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PermanentRedirect {
    /// Where it leads: the end of the leading 301 and 308 hops.
    pub to: Url,
    /// Time of the first of them.
    pub since: DateTime<Utc>,
    /// Number of polls.
    pub times: u32,
}
