//! An entry under lease and the result of collecting it: everything that `store` changes in one transaction.

use chrono::{DateTime, Utc};
use url::Url;

use super::article::CollectedArticle;
use super::entry::Entry;
use super::extraction::SelectorOutcome;
use super::failure::Failure;
use super::fetch::{FetchStats, Validators};
use super::id::{EntryId, Lease, SourceId};
use super::words::words;

/// An entry leased for collecting.
#[derive(Clone, Debug, PartialEq)]
pub struct ClaimedEntry {
    /// Row.
    pub id: EntryId,
    /// The lease that [`PageOutcome`] must still hold.
    pub lease: Lease,
    /// Row of its source.
    pub source: SourceId,
    /// Name of its source in the configuration.
    pub source_name: String,
    /// What the feed said.
    pub entry: Entry,
    /// How it is known within its source.
    pub ident: String,
    /// Failures of the page itself so far.
    pub attempts: u32,
    /// What is stored of its article so far.
    pub text_state: TextState,
    /// How often reading its page ended a process. From the first time on it is read by a child process first.
    pub crashes: u32,
    /// Its page was had whole before, and is looked at again.
    pub revisit: Option<Revisit>,
}

words! {
    /// What is stored of an entry's article, and so why its page is fetched (again).
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub enum TextState {
        /// No text: the page was not fetched yet, or is never fetched for this entry.
        #[default]
        Missing = "missing",
        /// The feed's text, because the page could not be fetched. The page is tried once more, a week later.
        Feed = "feed",
        /// As [`Self::Feed`], and a person asked to try now (`cuttings retry`). The try a week later still follows.
        FeedRetry = "feed-retry",
        /// The text of some of its pages. The missing ones are tried again soon.
        Partial = "partial",
        /// The whole text. The page is fetched again at the next age of `revisit`.
        Revisit = "revisit",
        /// The whole text. The page is fetched again because the feed says that it changed.
        Changed = "changed",
        /// The text that stays: nothing more is fetched.
        Final = "final",
    }
}

impl TextState {
    /// Whether an article is stored.
    pub fn is_stored(self) -> bool {
        self != Self::Missing
    }

    /// Whether the whole text is stored, and the page is fetched for changes only.
    pub fn is_whole(self) -> bool {
        matches!(self, Self::Revisit | Self::Changed)
    }

    /// Whether the page is tried once more, a week later, after it has failed for good now.
    pub fn has_late_try(self) -> bool {
        matches!(self, Self::Missing | Self::FeedRetry)
    }
}

/// A page that was had whole, and what its server needs to tell whether it changed since.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Revisit {
    /// When it was first had.
    pub fetched_at: DateTime<Utc>,
    /// Of its last answer.
    pub validators: Validators,
    /// The URL that gave them.
    pub validators_from: Option<Url>,
}

/// Everything one collected page changes; recorded in one transaction.
#[derive(Clone, Debug, PartialEq)]
pub struct PageOutcome {
    /// Which entry.
    pub entry: EntryId,
    /// Must still be held.
    pub lease: Lease,
    /// When the step began.
    pub at: DateTime<Utc>,
    /// What its fetches learned; `None` if nothing was requested.
    pub fetch: Option<FetchStats>,
    /// What came of it.
    pub result: PageResult,
    /// Selectors tried, for the hit rates of the source.
    pub selectors: Vec<SelectorOutcome>,
    /// When the page is looked at again, if this one is had.
    pub revisit_at: Option<DateTime<Utc>>,
}

/// What came of a page.
#[derive(Clone, Debug, PartialEq)]
pub enum PageResult {
    /// An article, from the page or (method `feed`) from the feed's own text.
    Article(Box<CollectedArticle>),
    /// The page that we have did not change (304). Validators it carried replace ours, none is erased.
    NotModified(Validators),
    /// The page itself failed; it is tried again then.
    Retry(Failure, DateTime<Utc>),
    /// Not wanted after all, by what its page says: the name of a filter of the source.
    Excluded(&'static str),
    /// Trouble of the host: costs the page no attempt. When it is tried again is the host's affair; not before the time,
    /// where it is another host that rests, one that a redirect led to.
    HostUnavailable(Failure, Option<DateTime<Utc>>),
}
