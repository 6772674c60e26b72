//! Which source of truth won a field of an article, and why.

use super::extraction::{Field, Origin};
use super::words::words;

words! {
    /// Why a value was chosen. docs/explain/fields.md has the order.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
    pub enum Reason {
        /// A rule of the source or its site gives it.
        Rule = "rule",
        /// The text is the feed's, so all fields are.
        FeedText = "feed-text",
        /// Neither has the field.
        Neither = "neither",
        /// Only the page has the field.
        PageAlone = "page-alone",
        /// Only the feed has the field.
        FeedAlone = "feed-alone",
        /// Page and feed say the same.
        Agreed = "agreed",
        /// Structured data of the page that the feed confirms.
        StructuredAndFeed = "structured-and-feed",
        /// Structured data of the page that its print confirms.
        StructuredAndPrint = "structured-and-print",
        /// The page prints the names of people.
        PrintedPeople = "printed-people",
        /// What the feed names is no author: an account, an e-mail address, a role, the site itself.
        NoAuthor = "no-author",
        /// The text is long enough to tell its language.
        TextItself = "text-itself",
        /// The page has the day, the feed the time of that day.
        TimeOfDay = "time-of-day",
        /// The feed's date is that of the change that the page declares.
        DateOfChange = "date-of-change",
        /// The page has the whole of a title that the feed cut or that has the site's name in it.
        WholeTitle = "whole-title",
        /// Nothing on the page outweighs the feed.
        Feed = "feed",
        /// The feed is of another site, or a list of links: it only fills gaps.
        OnlyFills = "only-fills",
        /// The feed's date is not of this entry alone: it only fills a gap.
        NotItsDate = "not-its-date",
        /// Neither says it; the configuration does.
        Configured = "configured",
    }
}

/// The source of truth that won a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldChoice {
    /// The field.
    pub field: Field,
    /// Where its value is from; `None` if neither page nor feed has one.
    pub origin: Option<Origin>,
    /// Why it was chosen.
    pub reason: Reason,
    /// Set if page and feed contradict each other.
    pub contradiction: Option<Contradiction>,
}

/// Two values that cannot both be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contradiction {
    /// What extraction found on the page.
    pub page: String,
    /// What the feed says.
    pub feed: String,
}
