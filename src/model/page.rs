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

/// An entry under lease, to be collected.
#[derive(Clone, Debug, PartialEq)]
pub struct ClaimedEntry {
    /// Row id.
    pub id: EntryId,
    /// Its [`PageOutcome`] is recorded only while this lease is held.
    pub lease: Lease,
    /// Row id of its source.
    pub source: SourceId,
    /// Name of its source in the configuration.
    pub source_name: String,
    /// Set if its page is fetched again, and its text is of another source: that one's rules read the page, and its feed's words
    /// count. For what is served in place of that page now, and for the feed's own text, those of this source do.
    pub owner: Option<Box<PageOwner>>,
    /// As the feed has it.
    pub entry: Entry,
    /// Its id within the source; see [`super::EntryKeys::ident`].
    pub ident: String,
    /// When its feed was first seen to have it.
    pub first_seen: DateTime<Utc>,
    /// Whether only the feed's text is stored now, without a request. The entry goes on waiting for its page.
    pub feed_text_only: bool,
    /// Failed tries of the page itself; failures of its host are not counted.
    pub attempts: u32,
    /// Whether other entries of its source have the same link: its article is the feed's own text, known by the entry.
    pub own_text: bool,
    /// The key of its article, where that is the entry's own and no URL.
    pub stored_key: Option<String>,
    /// Query parameters of its source that carry a session.
    pub session_parameters: Vec<String>,
    /// What is stored of its article so far.
    pub text_state: TextState,
    /// Number of processes that crashed while they parsed its page. From 1 on, a child process parses it first.
    pub crashes: u32,
    /// Set if its page is stored already, and only filters of its source are left to judge it: nothing is requested.
    pub known: Option<KnownText>,
    /// Set if its page was fetched completely before, and is fetched again for changes.
    pub revisit: Option<Revisit>,
}

/// The source that the text of a page is of, and what is known of the page.
#[derive(Clone, Debug, PartialEq)]
pub struct PageOwner {
    /// Name of the source in the configuration.
    pub source_name: String,
    /// The key of the page.
    pub page_key: String,
    /// What is known of the words of its feed.
    pub recalled: RecalledPage,
}

/// What is stored of a page, as an entry of its feed: for a page whose feed is not at hand.
#[derive(Clone, Debug, PartialEq)]
pub struct RecalledPage {
    /// With [`Entry::recalled`], and without text.
    pub entry: Entry,
    /// Whether the feed is of the page's site.
    pub own_feed: bool,
}

/// What filters judge of an article that is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownText {
    /// Title.
    pub title: Option<String>,
    /// BCP 47.
    pub language: Option<String>,
    /// The whole text.
    pub text: String,
}

words! {
    /// What is stored of an entry's article, and so why its page is fetched (again).
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub enum TextState {
        /// No text: the page was not fetched yet, or is never fetched for this entry.
        #[default]
        Missing = "missing",
        /// The feed's text until the page comes: the page is still being tried.
        Provisional = "provisional",
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

words! {
    /// What a feed says anew of an entry that is known, so that its article may have been corrected.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum EntryChange {
        /// Another title.
        Title = "title",
        /// Another text, volatile words aside, or other media files.
        Text = "text",
        /// Another link in which `key_from_url` finds the same.
        Link = "link",
        /// A later date, or a higher number behind its id.
        Date = "date",
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
        matches!(self, Self::Missing | Self::Provisional | Self::FeedRetry)
    }
}

/// A page that was fetched completely, and the validators to ask its server for changes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Revisit {
    /// When it was first fetched.
    pub fetched_at: DateTime<Utc>,
    /// Of its last response.
    pub validators: Validators,
    /// The URL that served them, if a redirect led there.
    pub validators_from: Option<Url>,
}

/// Everything that collecting one entry changes; recorded in one transaction.
#[derive(Clone, Debug, PartialEq)]
pub struct PageOutcome {
    /// The entry.
    pub entry: EntryId,
    /// Recording fails if another run has claimed the entry since.
    pub lease: Lease,
    /// Start of the attempt.
    pub at: DateTime<Utc>,
    /// What its fetches learned; `None` if nothing was requested.
    pub fetch: Option<FetchStats>,
    /// What was collected, or why nothing was.
    pub result: PageResult,
    /// Selectors that were tried on the first page, for the hit rates of the source.
    pub selectors: Vec<SelectorOutcome>,
    /// When the page is fetched again for changes; ignored unless `result` is a page.
    pub revisit_at: Option<DateTime<Utc>>,
}

/// The result of collecting an entry.
#[derive(Clone, Debug, PartialEq)]
pub enum PageResult {
    /// An article, from its page or, with [`super::Method::Feed`], from the feed's text.
    Article(Box<CollectedArticle>),
    /// The stored page did not change (304). Its validators replace stored ones; those it lacks stay (RFC 9111, 3.2).
    NotModified(Validators),
    /// The page itself failed. It is tried again at this time; a time that has passed: never.
    Retry(Failure, DateTime<Utc>),
    /// Its page is stored already ([`ClaimedEntry::known`]), and no filter excludes it.
    Known,
    /// Excluded by the filter of this name, by what its page says.
    Excluded(&'static str),
    /// The host failed as a whole: no attempt is counted, and the backoff of the host decides when the page is tried
    /// again. With a time: another host that a redirect led to is in backoff until then.
    HostUnavailable(Failure, Option<DateTime<Utc>>),
}
