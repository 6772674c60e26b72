//! One entry of a feed, a listing page or a sitemap: what `feed` reads and the queue of `store` carries to `collect`.

use std::sync::Arc;

use url::Url;

use super::enclosure::Enclosure;
use super::extraction::Field;
use super::timestamp::Timestamp;
use crate::link;

/// One entry. Rare fields are boxed: a document may have ten thousand entries of fifty bytes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Entry {
    /// The feed's own id (`guid`, `atom:id`, `rdf:about`), as printed.
    pub id: Option<String>,
    /// The page to fetch; http or https, absolute.
    pub link: Option<Url>,
    /// The link as the feed has it, where that is a wrapper around `link`.
    pub wrapper: Option<Box<Url>>,
    /// Plain text.
    pub title: Option<String>,
    /// Publication time.
    pub published: Option<Timestamp>,
    /// Whether `published` is the feed's word on this entry: a publication date of RSS, Atom or JSON Feed or a
    /// `news:publication_date`, and not one date that all entries of the document have. Any other only fills a gap.
    pub has_own_date: bool,
    /// Time of the last change.
    pub updated: Option<Timestamp>,
    /// HTML as the feed carries it, not sanitised.
    pub summary: Option<String>,
    /// HTML of the full text, if the feed has it; not sanitised.
    pub content: Option<String>,
    /// Whether `id` is the URL of the page (RSS `isPermaLink`, or its default); `None` if `id` is no `guid`.
    pub permalink: Option<bool>,
    /// Base of relative links in `content`, else `summary` (`xml:base`); `None`: the URL of the page.
    pub base: Option<Box<Url>>,
    /// Set if this is what is stored of its page, and not what a feed says: the fields that the feed told. The others are what
    /// was found on the page.
    pub recalled: Option<Vec<Field>>,
    /// Rare fields. Shared by entries that only inherit them from their feed.
    pub details: Option<Arc<EntryDetails>>,
}

/// Rare fields of an entry.
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
    /// Copyright or licence on one line: the entry's, else the feed's.
    pub rights: Option<Arc<str>>,
    /// The feed it was first published in (RSS and Atom `source`).
    pub credit: Option<CreditedFeed>,
    /// Its date as printed, where that is no date of publication. Only identity goes by it: a date that lies ahead becomes
    /// one in time, and the entry must stay the same.
    pub false_date: Option<Timestamp>,
}

impl EntryDetails {
    const NONE: &Self = &Self {
        authors: Vec::new(),
        categories: Vec::new(),
        language: None,
        enclosures: Vec::new(),
        rights: None,
        credit: None,
        false_date: None,
    };

    /// For [`Entry::details`]: `None` if all fields are empty.
    pub fn kept(self) -> Option<Arc<Self>> {
        (self != *Self::NONE).then(|| Arc::new(self))
    }
}

impl Entry {
    /// Sets [`Self::has_own_date`] of all entries of a document whose dates are publication dates. One date that all of them
    /// have, but for those that have none, is that of the document.
    pub fn mark_own_dates(entries: &mut [Self]) {
        let mut dates = entries.iter().filter_map(|entry| entry.published);
        let first = dates.next();
        let (mut others, mut is_shared) = (0, true);
        for date in dates {
            others += 1;
            is_shared &= Some(date) == first;
        }
        is_shared &= others > 0;
        for entry in entries {
            entry.has_own_date = entry.published.is_some() && !is_shared;
        }
    }

    /// Whether it has nothing to identify, fetch or show.
    pub fn is_blank(&self) -> bool {
        self.id.is_none()
            && self.link.is_none()
            && self.title.is_none()
            && self.summary.is_none()
            && self.content.is_none()
            && self.details().enclosures.is_empty()
    }

    /// Its rare fields; all empty if it has none.
    pub fn details(&self) -> &EntryDetails {
        self.details.as_deref().unwrap_or(EntryDetails::NONE)
    }

    /// Replaces a link that is a wrapper by the address that it carries.
    pub fn take_off_wrapper(&mut self) {
        if let Some(target) = self.link.as_ref().and_then(link::unwrapped) {
            self.wrapper = self.link.replace(target).map(Box::new);
        }
    }

    /// When it was published, else changed; `None` where the feed gives no date that can be one.
    pub fn date(&self) -> Option<Timestamp> {
        self.published.or(self.updated)
    }

    /// The date that the feed prints, be it one of publication or not: part of what identifies the entry.
    pub fn printed_date(&self) -> Option<Timestamp> {
        self.details().false_date.or(self.date())
    }

    /// Whether the feed has its full text.
    pub fn has_full_text(&self) -> bool {
        self.content.as_deref().is_some_and(|content| !content.trim().is_empty())
    }
}

/// The feed in which an entry was first published, as the entry names it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CreditedFeed {
    /// Its title; plain text.
    pub title: Option<String>,
    /// RSS: the feed itself; Atom: the site, else the feed. http or https, absolute.
    pub url: Option<Url>,
}
