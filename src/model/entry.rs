//! One entry of a feed, a listing page or a sitemap: what `feed` reads and the queue of `store` carries to `collect`.

use std::sync::Arc;

use url::Url;

use super::timestamp::Timestamp;

/// One entry of a feed, a listing page or a sitemap. What is rare is boxed: a document may have ten thousand of them, of
/// fifty bytes each.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Entry {
    /// The feed's own id (`guid`, `atom:id`, `rdf:about`), as printed.
    pub id: Option<String>,
    /// The page to fetch; http or https, absolute.
    pub link: Option<Url>,
    /// Plain text.
    pub title: Option<String>,
    /// Publication time.
    pub published: Option<Timestamp>,
    /// Time of the last change.
    pub updated: Option<Timestamp>,
    /// HTML as the feed carries it, not sanitised.
    pub summary: Option<String>,
    /// HTML of the full text, where the feed has it; not sanitised.
    pub content: Option<String>,
    /// Whether `id` is the address of the page too (RSS `isPermaLink`, said or meant); none where it is no `guid`.
    pub permalink: Option<bool>,
    /// What relative links within `content`, else `summary`, start from (`xml:base`, else the feed's own URL).
    pub base: Option<Box<Url>>,
    /// What else it says; entries that only take over what their feed says of them all share it.
    pub details: Option<Arc<EntryDetails>>,
}

/// What an entry says beyond what it is and where.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EntryDetails {
    /// Names as printed.
    pub authors: Vec<String>,
    /// Category terms or labels.
    pub categories: Vec<String>,
    /// BCP 47, as declared by the entry or its feed.
    pub language: Option<String>,
    /// Media files: http or https, absolute.
    pub enclosures: Vec<Enclosure>,
    /// Who may do what with it, as one line: the entry's own words, else its feed's.
    pub rights: Option<Arc<str>>,
    /// The feed that it was taken over from (RSS and Atom `source`).
    pub credit: Option<CreditedFeed>,
}

impl EntryDetails {
    const NONE: &Self = &Self {
        authors: Vec::new(),
        categories: Vec::new(),
        language: None,
        enclosures: Vec::new(),
        rights: None,
        credit: None,
    };

    /// To be kept with an entry: nothing, where nothing is said.
    pub fn kept(self) -> Option<Arc<Self>> {
        (self != *Self::NONE).then(|| Arc::new(self))
    }
}

impl Entry {
    /// Whether there is nothing in it by which it could be known, fetched or read.
    pub fn is_blank(&self) -> bool {
        self.id.is_none()
            && self.link.is_none()
            && self.title.is_none()
            && self.summary.is_none()
            && self.content.is_none()
            && self.details().enclosures.is_empty()
    }

    /// What else it says.
    pub fn details(&self) -> &EntryDetails {
        self.details.as_deref().unwrap_or(EntryDetails::NONE)
    }

    /// Whether the feed carries its full text.
    pub fn has_full_text(&self) -> bool {
        self.content
            .as_deref()
            .is_some_and(|content| !content.trim().is_empty())
    }
}

/// A media file an entry points to.
#[derive(Clone, Debug, PartialEq)]
pub struct Enclosure {
    /// http or https, absolute.
    pub url: Url,
    /// MIME type as declared.
    pub mime: Option<String>,
    /// Bytes as declared.
    pub length: Option<u64>,
}

/// Another feed, as an entry names it that was taken over from there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CreditedFeed {
    /// Its title; plain text.
    pub title: Option<String>,
    /// RSS: the feed itself; Atom: the site, else the feed. http or https, absolute.
    pub url: Option<Url>,
}
