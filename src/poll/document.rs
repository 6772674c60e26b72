//! A polled document and what was read from it: the values that pass between the steps of a poll.

use chrono::{DateTime, Utc};

use crate::feed::{Sitemap, SitemapLink};
use crate::model::{ChildSitemap, Failure, FetchStats, ParsedFeed, Validators};
use crate::schedule::PollHints;

/// What one address answered; the same for every source that shares it.
#[derive(Clone)]
pub(super) struct PolledDocument {
    /// What its fetches learned, those of child sitemaps included.
    pub(super) fetch: FetchStats,
    /// HTTP freshness of the response; the hints of the feed itself are in `content`.
    pub(super) hints: PollHints,
    /// The document, or why there is none.
    pub(super) content: PolledContent,
}

/// The content of a polled document.
#[derive(Clone)]
pub(super) enum PolledContent {
    /// 304, with the validators it carried.
    NotModified(Validators),
    /// A document that was parsed.
    Document {
        /// Empty if every source already has a body with this hash: then it was not parsed. The validators of one that is cut
        /// must not be stored, or the missing entries would never be fetched.
        feed: Box<ParsedFeed>,
        /// What was wrong with the transfer of a document that is whole all the same.
        fault: Option<Failure>,
        /// Of this response; they replace stored ones.
        validators: Validators,
        /// SHA-256 of the decoded body.
        body_hash: Vec<u8>,
    },
    /// The sitemaps that an index names.
    Sitemaps(Box<SitemapCrawl>),
    /// No response, no document, or a document that could not be parsed.
    Failed {
        /// As it is recorded for every source of the address.
        failure: Failure,
        /// When the server asked to be asked again (`Retry-After`).
        retry_after: Option<DateTime<Utc>>,
    },
}

/// What the sitemaps of an index brought.
#[derive(Clone)]
pub(super) struct SitemapCrawl {
    /// Entries of the sitemaps that were read.
    pub(super) feed: ParsedFeed,
    /// State of all child sitemaps now.
    pub(super) children: Vec<ChildSitemap>,
    /// Whether an archive was read: most of its pages are old, so `first_poll` limits them.
    pub(super) is_archive: bool,
    /// Validators of the index; after a 304 the stored ones with those it carried.
    pub(super) validators: Validators,
    /// Hash of the index.
    pub(super) body_hash: Vec<u8>,
}

/// What a body was parsed as.
pub(super) enum ParsedDocument {
    /// Entries of a feed, a listing or a sitemap of pages.
    Feed(Box<ParsedFeed>),
    /// Sitemaps that an index names.
    Index(Vec<SitemapLink>),
}

impl From<Sitemap> for ParsedDocument {
    fn from(sitemap: Sitemap) -> Self {
        match sitemap {
            Sitemap::Pages(pages) => Self::Feed(pages),
            Sitemap::Index(children) => Self::Index(children),
        }
    }
}
