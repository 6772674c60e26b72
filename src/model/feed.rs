//! A whole feed document, read: RSS, Atom, JSON Feed, a listing page or a sitemap.

use std::time::Duration;

use chrono::{DateTime, Utc};
use url::Url;

use super::entry::Entry;

/// A parsed feed document.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ParsedFeed {
    /// Plain text.
    pub title: Option<String>,
    /// The site the feed belongs to.
    pub link: Option<Url>,
    /// BCP 47, as declared.
    pub language: Option<String>,
    /// Copyright or licence, on one line.
    pub rights: Option<String>,
    /// WebSub hubs (`rel=hub`), of the document or of its `Link:` header.
    pub hubs: Vec<Url>,
    /// The URL that hubs know the feed by (WebSub topic, `rel=self`).
    pub topic: Option<Url>,
    /// The next document of a paged feed, with older entries (RFC 5005, 3; `next_url` of JSON Feed).
    pub next: Option<Url>,
    /// In document order.
    pub entries: Vec<Entry>,
    /// Entries that could not be read. One of them never fails the feed.
    pub skipped: Vec<SkippedEntry>,
    /// Whether the document ends before the feed does. An entry that it ends within is left out.
    pub is_cut: bool,
    /// Number of dates that were no dates of publication and were taken away.
    pub false_dates: u64,
    /// When the feed wants to be polled.
    pub hints: FeedHints,
}

impl ParsedFeed {
    /// Adds the entries of a further document, and what was lost of them.
    pub fn append(&mut self, further: Self) {
        let before = self.entries.len();
        self.entries.extend(further.entries);
        self.skipped.extend(
            further
                .skipped
                .into_iter()
                .map(|entry| SkippedEntry { position: before + entry.position, ..entry }),
        );
        self.false_dates += further.false_dates;
    }
}

/// An entry that could not be read, or was truncated at a limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SkippedEntry {
    /// Its position in the document, from 0.
    pub position: usize,
    /// Why, as a sentence.
    pub reason: String,
}

/// What a feed says about its schedule (RSS 2.0 `ttl`, `skipHours`, `skipDays`; RSS 1.0 syndication module).
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
