//! A source under lease, and its state between polls.

use chrono::{DateTime, Utc};
use url::Url;

use super::feed::FeedHints;
use super::fetch::Validators;
use super::id::{Lease, SourceId};
use super::words::words;

/// A source row, leased for a poll.
#[derive(Clone, Debug, PartialEq)]
pub struct ClaimedSource {
    /// Row.
    pub id: SourceId,
    /// Its name in the configuration.
    pub name: String,
    /// The address to ask: the configured one, or the one it moved to for good. Claims of one address come together,
    /// so that it is asked once.
    pub address: Url,
    /// The lease that [`PollOutcome`] must still hold.
    pub lease: Lease,
    /// Validators of the document last taken in, for the configured URL only.
    pub validators: Validators,
    /// Hash of the body last taken in.
    pub body_hash: Option<Vec<u8>>,
    /// Weighted failures in a row: temporary 0.25, soft 0.5, permanent 1.
    pub failures: f64,
    /// Whether it was never polled with success: `first_poll` applies.
    pub first_poll: bool,
    /// How often reading its document ended a process. From the first time on it is read by a child process first.
    pub crashes: u32,
    /// The URL that gave the validators, where a redirect led to it.
    pub validators_from: Option<Url>,
    /// What is remembered from poll to poll.
    pub state: PollState,
}

/// What is remembered of a source from poll to poll, to decide when to ask next, and where.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PollState {
    /// What it was seen to publish, as [`crate::schedule`] writes it.
    pub rhythm: Vec<u8>,
    /// What its last document wished.
    pub hints: FeedHints,
    /// When it was last asked without validators.
    pub unconditional_at: Option<DateTime<Utc>>,
    /// Where permanent redirects lead.
    pub redirect: Option<PermanentRedirect>,
    /// The address it moved to for good.
    pub moved_to: Option<Url>,
    /// Whether the server said that it is gone for good (410).
    pub gone: bool,
    /// Of an index of sitemaps: what it names.
    pub sitemaps: Vec<ChildSitemap>,
    /// By what the entries of the feed are known.
    pub identified_by: EntryIdentifier,
    /// Why not by something better, as a phrase.
    pub identified_why: Option<String>,
    /// Links and ids of its last document, as [`crate::identity`] writes them.
    pub last_names: Vec<u8>,
}

words! {
    /// By what entries are known within their source.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
    pub enum EntryIdentifier {
        /// Their ids, as the feed gives them.
        #[default]
        Id = "id",
        /// Their links: the ids are missing, doubled or change.
        Link = "link",
        /// Title and date: the links are no better.
        Title = "title",
    }
}

/// What is remembered of a sitemap that an index names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChildSitemap {
    /// Where it is.
    pub url: Url,
    /// When it was changed, as the index prints it.
    pub lastmod: Option<String>,
    /// What `changed` was when it was last read, of an archive when it was first named.
    pub lastmod_read: Option<String>,
    /// Whether it was read.
    pub state: ChildSitemapState,
    /// Of what was read.
    pub validators: Validators,
}

words! {
    /// How far we are with a sitemap.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub enum ChildSitemapState {
        /// There before us, and not read.
        Archive = "archive",
        /// To be read.
        #[default]
        Waiting = "waiting",
        /// Read.
        Read = "read",
    }
}

/// A permanent redirect that was met again and again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PermanentRedirect {
    /// Where it leads: the end of the leading 301 and 308 hops.
    pub to: Url,
    /// Since when.
    pub since: DateTime<Utc>,
    /// In how many polls in a row.
    pub times: u32,
}
