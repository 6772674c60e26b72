//! A collected article, ready to be stored, and the page it was taken from.

use chrono::{DateTime, Utc};

use super::extraction::{Extraction, Field};
use super::failure::Failure;
use super::fetch::Validators;
use super::id::ArticleId;
use super::key::{Claim, Key};
use super::words::words;

words! {
    /// How the text of an article was obtained.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub enum Method {
        /// By the selectors of the source or site.
        Rule = "rule",
        /// By extraction without rules.
        Auto = "auto",
        /// From the feed.
        Feed = "feed",
    }
}

/// An article ready to be stored.
#[derive(Clone, Debug, PartialEq)]
pub struct CollectedArticle {
    /// Its fields.
    pub extraction: Extraction,
    /// How the text was obtained.
    pub method: Method,
    /// `published` in UTC, for sorting.
    pub published_at: Option<DateTime<Utc>>,
    /// The URL to show: the page's canonical where that is proved, else where it was served, or the entry's link if no page
    /// was fetched; without tracking parameters. Empty if it has none.
    pub url: String,
    /// The URL that served the page, or the entry's link if no page was fetched. Empty if it has none.
    pub served_url: String,
    /// The site of that URL; see [`crate::link::SameSite::stored_names`]. That of the feed if it has none.
    pub site: String,
    /// Whether the feed of its source is of that site.
    pub own_feed: bool,
    /// The identity of the page: its normalised final URL. Two pages with one `page_key` are the same page.
    pub page_key: String,
    /// Keys that identify the article, strongest first.
    pub keys: Vec<Key>,
    /// What the page says of addresses of other sites.
    pub claims: Vec<Claim>,
    /// Fields in which page and feed contradict each other.
    pub contradictions: Vec<Field>,
    /// The page as received, if the source stores pages (`keep_pages`).
    pub raw_page: Option<RawPage>,
    /// Of the response from `url`; they replace the stored ones. Empty if a part of the article is missing.
    pub validators: Validators,
    /// Why the text is not from the page, or not complete.
    pub failure: Option<Failure>,
    /// When the page, or the missing one of several, is tried again.
    pub page_retry_at: Option<DateTime<Utc>>,
    /// Whether it is the feed's text until the page comes: the entry goes on waiting for that as before.
    pub awaits_page: bool,
}

/// A page as received, stored for `reextract`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawPage {
    /// HTTP status.
    pub status: u16,
    /// Response headers as lines of `name: value`.
    pub headers: String,
    /// Without content codings, in its own charset.
    pub body: Vec<u8>,
    /// The body as transferred, if it was compressed: this is stored instead of `body`.
    pub encoded: Option<EncodedBody>,
    /// When it is deleted; `None`: never.
    pub expires: Option<DateTime<Utc>>,
}

/// A body as it was transferred.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncodedBody {
    /// Content codings in the order they were applied, as a list: `gzip`. At least one.
    pub codings: String,
    /// Encoded.
    pub bytes: Vec<u8>,
}

/// What recording a page changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreOutcome {
    /// A new article.
    New(ArticleId),
    /// A new text of a stored article.
    Revised(ArticleId),
    /// A stored article, unchanged; maybe by another URL.
    Known(ArticleId),
    /// Excluded by a filter of the source.
    Excluded,
    /// Nothing yet: the page is tried again.
    Waiting,
}
