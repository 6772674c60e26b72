//! The data types that pass between the rooms of the program.
//!
//! Every room imports them as `crate::model::X`; this room imports none but `link`. Types have public fields, no
//! invariants beyond what their fields' docs say, and no behaviour beyond small conversions. Times are UTC unless the
//! type is a [`Timestamp`]; URLs are absolute and http or https unless a field says otherwise.

mod article;
mod choice;
mod enclosure;
mod entry;
mod extraction;
mod failure;
mod feed;
mod fetch;
mod id;
mod key;
mod page;
mod poll;
mod source;
mod timestamp;
mod verdict;
mod words;

pub use self::article::{CollectedArticle, EncodedBody, Method, RawPage, StoreOutcome};
pub use self::choice::{Contradiction, FieldChoice, Reason};
pub use self::enclosure::Enclosure;
pub use self::entry::{CreditedFeed, Entry, EntryDetails};
pub use self::extraction::{
    Candidate, Extraction, Field, ImageSize, NamedByline, Origin, PageEvidence, PageKind, PageLinks,
    PaginationLinks, SelectorOutcome, Standing,
};
pub use self::failure::{BROKEN_TRANSFER, CRASHED, Failure, Grade, SET_ASIDE, TRUNCATED};
pub use self::feed::{FeedHints, ParsedFeed, SkippedEntry};
pub use self::fetch::{FetchStats, HostFailure, HostObservation, RedirectHop, RobotsResponse, Validators};
pub use self::id::{ArticleId, EntryId, Lease, SourceId};
pub use self::key::{Claim, Key, KeyKind, Proof};
pub use self::page::{
    ClaimedEntry, EntryChange, KnownText, PageOutcome, PageOwner, PageResult, RecalledPage, Revisit,
    TextState,
};
pub use self::poll::{EntryKeys, NextPoll, PollCounts, PollOutcome, PollResult};
pub use self::source::{
    ChildSitemap, ChildSitemapState, ClaimedSource, DocumentRemark, EntryIdentifier, PermanentRedirect,
    PollState, RemarkKind,
};
pub use self::timestamp::{Precision, Timestamp};
pub use self::verdict::{LinkVerdict, PairVerdict};
