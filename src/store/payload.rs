//! What the feed said of an entry, as it waits in the queue.
//!
//! JSON of a shape of its own, so that the nouns of [`crate::model`] stay free to change: every field has a default, so
//! rows written by an earlier version can be read by a later one. Dropped when the entry is collected.

use std::sync::Arc;

use chrono::{FixedOffset, NaiveDateTime};
use serde::{Deserialize, Serialize};
use url::Url;

use super::error::StoreError;
use crate::link;
use crate::model::{Enclosure, Entry, EntryDetails, Key, KeyKind, Precision, Timestamp};

/// An entry and the keys of its link.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Payload {
    id: Option<String>,
    link: Option<String>,
    title: Option<String>,
    published: Option<Moment>,
    updated: Option<Moment>,
    summary: Option<String>,
    content: Option<String>,
    authors: Vec<String>,
    categories: Vec<String>,
    language: Option<String>,
    base: Option<String>,
    enclosures: Vec<Media>,
    rights: Option<String>,
    /// Kind, key, URL.
    keys: Vec<(String, String, String)>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Moment {
    local: NaiveDateTime,
    /// Seconds east of Greenwich.
    offset: Option<i32>,
    precision: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct Media {
    url: String,
    mime: Option<String>,
    length: Option<u64>,
}

impl Payload {
    /// Of an entry and the keys of its link.
    pub(super) fn of(entry: &Entry, keys: &[Key]) -> Self {
        let details = entry.details();
        Self {
            id: entry.id.clone(),
            link: entry.link.as_ref().map(ToString::to_string),
            title: entry.title.clone(),
            published: entry.published.as_ref().map(Moment::of),
            updated: entry.updated.as_ref().map(Moment::of),
            summary: entry.summary.clone(),
            content: entry.content.clone(),
            authors: details.authors.clone(),
            categories: details.categories.clone(),
            language: details.language.clone(),
            base: entry.base.as_ref().map(ToString::to_string),
            enclosures: details
                .enclosures
                .iter()
                .map(|media| Media {
                    url: media.url.to_string(),
                    mime: media.mime.clone(),
                    length: media.length,
                })
                .collect(),
            rights: details.rights.as_deref().map(str::to_owned),
            keys: keys
                .iter()
                .map(|key| (key.kind.as_str().to_owned(), key.key.clone(), key.url.clone()))
                .collect(),
        }
    }

    /// As it is kept.
    pub(super) fn write(&self) -> Result<String, StoreError> {
        serde_json::to_string(self).map_err(|error| StoreError::damaged(format!("an entry: {error}")))
    }

    /// As it was kept; an entry without one is empty.
    pub(super) fn read(text: Option<&str>) -> Result<Self, StoreError> {
        text.map_or_else(
            || Ok(Self::default()),
            |text| {
                serde_json::from_str(text)
                    .map_err(|error| StoreError::damaged(format!("entry.payload: {error}")))
            },
        )
    }

    /// The keys of its link.
    pub(super) fn keys(&self) -> Vec<Key> {
        self.keys
            .iter()
            .filter_map(|(kind, key, url)| {
                Some(Key {
                    kind: kind_of(kind)?,
                    key: key.clone(),
                    url: url.clone(),
                })
            })
            .collect()
    }

    /// What the feed said.
    pub(super) fn entry(self) -> Result<Entry, StoreError> {
        let url = |text: &str| -> Result<Url, StoreError> {
            link::web_url(text).ok_or_else(|| StoreError::damaged("entry.payload: a link that is none"))
        };
        Ok(Entry {
            link: self.link.as_deref().map(url).transpose()?,
            base: self.base.as_deref().and_then(link::web_url).map(Box::new),
            published: self.published.as_ref().and_then(Moment::read),
            updated: self.updated.as_ref().and_then(Moment::read),
            id: self.id,
            title: self.title,
            summary: self.summary,
            content: self.content,
            // A column of the row, as is the credit: what comes of them is no part of an article.
            permalink: None,
            details: EntryDetails {
                authors: self.authors,
                categories: self.categories,
                language: self.language,
                rights: self.rights.map(Arc::from),
                enclosures: self
                    .enclosures
                    .into_iter()
                    .map(|media| {
                        Ok(Enclosure {
                            url: url(&media.url)?,
                            mime: media.mime,
                            length: media.length,
                        })
                    })
                    .collect::<Result<_, StoreError>>()?,
                credit: None,
            }
            .kept(),
        })
    }
}

impl Moment {
    fn of(at: &Timestamp) -> Self {
        Self {
            local: at.local,
            offset: at.offset.map(|offset| offset.local_minus_utc()),
            precision: at.precision.as_str().to_owned(),
        }
    }

    fn read(&self) -> Option<Timestamp> {
        Some(Timestamp {
            local: self.local,
            offset: self.offset.and_then(FixedOffset::east_opt),
            precision: precision_of(&self.precision)?,
        })
    }
}

fn precision_of(word: &str) -> Option<Precision> {
    [
        Precision::Year,
        Precision::Month,
        Precision::Day,
        Precision::Minute,
        Precision::Instant,
    ]
    .into_iter()
    .find(|precision| precision.as_str() == word)
}

/// The kinds of key, strongest first.
pub(super) const KINDS: [KeyKind; 7] = [
    KeyKind::FromUrl,
    KeyKind::ShortLink,
    KeyKind::RelShortlink,
    KeyKind::Canonical,
    KeyKind::OgUrl,
    KeyKind::FinalUrl,
    KeyKind::Link,
];

/// The kind that a word of the database stands for.
pub(super) fn kind_of(word: &str) -> Option<KeyKind> {
    KINDS.into_iter().find(|kind| kind.as_str() == word)
}
