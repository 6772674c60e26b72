//! A whole feed document, read: RSS, Atom, JSON Feed, a listing page or a sitemap.

use std::time::Duration;

use chrono::{DateTime, Utc};
use url::Url;

use super::entry::Entry;

/// What a feed document said.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ParsedFeed {
    /// Plain text.
    pub title: Option<String>,
    /// The site the feed belongs to.
    pub link: Option<Url>,
    /// BCP 47, as declared.
    pub language: Option<String>,
    /// Who may do what with it, as one line.
    pub rights: Option<String>,
    /// Servers that tell subscribers what is new (WebSub `rel=hub`), of the document or of its `Link:` header.
    pub hubs: Vec<Url>,
    /// The address by which hubs know the feed (`rel=self`).
    pub topic: Option<Url>,
    /// In document order.
    pub entries: Vec<Entry>,
    /// Entries that could not be read: data, never a lost feed.
    pub skipped: Vec<SkippedEntry>,
    /// When the feed wishes to be polled.
    pub hints: FeedHints,
}

/// An entry that could not be read, or was cut at a limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SkippedEntry {
    /// Which entry, counted from 0 in document order.
    pub position: usize,
    /// Why, as a sentence.
    pub reason: String,
}

/// What the feed itself says of its schedule (RSS 2.0 `ttl`, `skipHours`, `skipDays`; the syndication module).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FeedHints {
    /// RSS `ttl`.
    pub ttl: Option<Duration>,
    /// Hours of the day in GMT, 0 to 23.
    pub skip_hours: Vec<u8>,
    /// Weekdays in GMT.
    pub skip_days: Vec<chrono::Weekday>,
    /// `sy:updatePeriod` divided by `sy:updateFrequency`.
    pub update_period: Option<Duration>,
    /// `sy:updateBase`.
    pub update_base: Option<DateTime<Utc>>,
}
