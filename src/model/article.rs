//! A collected article, ready to be stored, and the page it was taken from.

use chrono::{DateTime, Utc};

use super::extraction::Extraction;
use super::failure::Failure;
use super::fetch::Validators;
use super::id::ArticleId;
use super::key::Key;
use super::words::words;

words! {
    /// How the text of an article was won.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub enum Method {
        /// By the selectors of the source or site.
        Rule = "rule",
        /// Automatically.
        Auto = "auto",
        /// The feed's own text.
        Feed = "feed",
    }
}

/// An article cut out, ready to be stored.
#[derive(Clone, Debug, PartialEq)]
pub struct CollectedArticle {
    /// The fields.
    pub extraction: Extraction,
    /// How the text was won.
    pub method: Method,
    /// `published` in UTC, for sorting.
    pub published_at: Option<DateTime<Utc>>,
    /// The URL to show: the final URL, or the entry's link where no page was had.
    pub url: String,
    /// Normalised final URL: the identity of this page. Two pages with one `page_key` are the same page.
    pub page_key: String,
    /// Keys that name the article, strongest first, [`KeyKind::Link`] aliases last.
    pub keys: Vec<Key>,
    /// The page as received, where the source keeps pages.
    pub raw_page: Option<RawPage>,
    /// Of the answer from `url`, both replacing what was stored; empty where the article is not all there.
    pub validators: Validators,
    /// Why the page is not the source of the text, where `method` is [`Method::Feed`] for want of a page.
    pub failure: Option<Failure>,
    /// When to try the page again, where `method` is [`Method::Feed`] for want of a page, or one of several is missing.
    pub page_retry_at: Option<DateTime<Utc>>,
}

/// A fetched page, kept for re-extraction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawPage {
    /// HTTP status.
    pub status: u16,
    /// Response headers as lines of `name: value`.
    pub headers: String,
    /// Decoded body, before charset decoding.
    pub body: Vec<u8>,
    /// The same as it was sent, where that was compressed: kept in its place.
    pub encoded: Option<EncodedBody>,
    /// When it may be dropped; `None` keeps it.
    pub expires: Option<DateTime<Utc>>,
}

/// A body as it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncodedBody {
    /// Its content codings, in the order they were applied; at least one.
    pub codings: String,
    /// With them.
    pub bytes: Vec<u8>,
}

/// What storing a page came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreOutcome {
    /// An article not seen before.
    New(ArticleId),
    /// A changed text of an article we had.
    Revised(ArticleId),
    /// Another way to an article we had; nothing new in it.
    Known(ArticleId),
    /// Left out by a filter of the source.
    Excluded,
    /// Waiting for another try.
    Waiting,
}
