//! What the feed said of an entry, as JSON in `entry.payload` while the entry waits for its page.
//!
//! The JSON has a shape of its own, so that [`crate::model`] may change: every field has a default, so rows of an earlier
//! version can be read. Dropped when the entry is collected.

use std::sync::Arc;

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime};
use serde::{Deserialize, Serialize};
use url::Url;

use super::error::StoreError;
use crate::link;
use crate::model::{Enclosure, Entry, EntryDetails, Key, Precision, Proof, Timestamp};

/// An entry and the keys of its link.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct StoredEntry {
    id: Option<String>,
    link: Option<String>,
    wrapper: Option<String>,
    title: Option<String>,
    published: Option<StoredTimestamp>,
    has_own_date: bool,
    updated: Option<StoredTimestamp>,
    summary: Option<String>,
    content: Option<String>,
    authors: Vec<String>,
    categories: Vec<String>,
    language: Option<String>,
    base: Option<String>,
    enclosures: Vec<StoredEnclosure>,
    rights: Option<String>,
    recalled: Option<Vec<String>>,
    /// Kind, key, URL.
    keys: Vec<(String, String, String)>,
}

#[derive(Debug, Serialize, Deserialize)]
struct StoredTimestamp {
    local: NaiveDateTime,
    /// Seconds east of Greenwich.
    offset: Option<i32>,
    precision: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct StoredEnclosure {
    url: String,
    mime: Option<String>,
    length: Option<u64>,
}

impl StoredEntry {
    pub(super) fn of(entry: &Entry, keys: &[Key]) -> Self {
        let details = entry.details();
        let enclosures = details.enclosures.iter().map(|file| StoredEnclosure {
            url: file.url.to_string(),
            mime: file.mime.clone(),
            length: file.length,
        });
        Self {
            id: entry.id.clone(),
            link: entry.link.as_ref().map(ToString::to_string),
            wrapper: entry.wrapper.as_ref().map(ToString::to_string),
            title: entry.title.clone(),
            published: entry.published.as_ref().map(StoredTimestamp::of),
            has_own_date: entry.has_own_date,
            updated: entry.updated.as_ref().map(StoredTimestamp::of),
            summary: entry.summary.clone(),
            content: entry.content.clone(),
            authors: details.authors.clone(),
            categories: details.categories.clone(),
            language: details.language.clone(),
            base: entry.base.as_ref().map(ToString::to_string),
            enclosures: enclosures.collect(),
            rights: details.rights.as_deref().map(str::to_owned),
            recalled: entry
                .recalled
                .as_ref()
                .map(|told| told.iter().map(|field| field.as_str().to_owned()).collect()),
            keys: keys
                .iter()
                .map(|key| (key.kind.as_str().to_owned(), key.key.clone(), key.url.clone()))
                .collect(),
        }
    }

    /// See [`Entry::has_full_text`].
    pub(super) fn has_full_text(&self) -> bool {
        self.content.as_deref().is_some_and(|content| !content.trim().is_empty())
    }

    /// Its link.
    pub(super) fn link(&self) -> Option<&str> {
        self.link.as_deref()
    }

    /// Replaces its link by one that was there before.
    pub(super) fn keep_link(&mut self, url: &str) {
        self.link = Some(url.to_owned());
        self.keys.clear();
    }

    /// Puts the publication date that the feed gave first, as printed, in the place of a later one. That is a change of the
    /// entry. A time on the day that was given first is no later date.
    pub(super) fn keep_first_date(&mut self, first: Option<&str>) {
        let Some(printed) = first else { return };
        let Some(first) = printed_timestamp(printed) else { return };
        let at = |at: &Timestamp| at.utc(chrono_tz::UTC);
        let published = self.published.as_ref().and_then(StoredTimestamp::timestamp);
        if first.precision != Precision::Instant
            && published.as_ref().is_some_and(|published| published.to_string().starts_with(printed))
        {
            return;
        }
        if let Some(later) = published.filter(|published| at(published) > at(&first)) {
            let updated = self.updated.as_ref().and_then(StoredTimestamp::timestamp);
            let updated = updated.filter(|updated| at(updated) > at(&later)).unwrap_or(later);
            self.updated = Some(StoredTimestamp::of(&updated));
        }
        self.published = Some(StoredTimestamp::of(&first));
    }

    pub(super) fn to_json(&self) -> Result<String, StoreError> {
        serde_json::to_string(self).map_err(|error| StoreError::damaged(format!("an entry: {error}")))
    }

    /// Reads [`Self::to_json`]; empty without JSON.
    pub(super) fn from_json(json: Option<&str>) -> Result<Self, StoreError> {
        json.map_or_else(
            || Ok(Self::default()),
            |json| {
                serde_json::from_str(json)
                    .map_err(|error| StoreError::damaged(format!("entry.payload: {error}")))
            },
        )
    }

    /// The keys of its link, which nobody asked for yet. One of an unknown kind is left out.
    pub(super) fn keys(&self) -> Vec<Key> {
        self.keys
            .iter()
            .filter_map(|(kind, key, url)| {
                Some(Key { kind: kind.parse().ok()?, proof: Proof::None, key: key.clone(), url: url.clone() })
            })
            .collect()
    }

    /// What the feed said. `permalink` and credit are columns of their own and no part of an article.
    pub(super) fn into_entry(self) -> Result<Entry, StoreError> {
        let url = |text: &str| -> Result<Url, StoreError> {
            link::web_url(text).ok_or_else(|| StoreError::damaged("entry.payload: not a link"))
        };
        let enclosures = self
            .enclosures
            .into_iter()
            .map(|file| Ok(Enclosure { url: url(&file.url)?, mime: file.mime, length: file.length }));
        let details = EntryDetails {
            authors: self.authors,
            categories: self.categories,
            language: self.language,
            rights: self.rights.map(Arc::from),
            enclosures: enclosures.collect::<Result<_, StoreError>>()?,
            credit: None,
            false_date: None,
        };
        Ok(Entry {
            link: self.link.as_deref().map(url).transpose()?,
            wrapper: self.wrapper.as_deref().and_then(link::web_url).map(Box::new),
            base: self.base.as_deref().and_then(link::web_url).map(Box::new),
            published: self.published.as_ref().and_then(StoredTimestamp::timestamp),
            has_own_date: self.has_own_date,
            updated: self.updated.as_ref().and_then(StoredTimestamp::timestamp),
            id: self.id,
            title: self.title,
            summary: self.summary,
            content: self.content,
            permalink: None,
            recalled: self.recalled.map(|told| told.iter().filter_map(|field| field.parse().ok()).collect()),
            details: details.kept(),
        })
    }
}

/// Reads what a [`Timestamp`] prints.
pub(super) fn printed_time(text: &str, precision: Precision) -> Option<Timestamp> {
    if precision >= Precision::Minute {
        let at = DateTime::parse_from_rfc3339(text).ok()?;
        return Some(Timestamp { precision, ..Timestamp::instant(at) });
    }
    let first = "-01-01";
    let missing = "2000-01-01".len().checked_sub(text.len())?;
    let date = format!("{text}{}", first.get(first.len().checked_sub(missing)?..)?);
    Some(Timestamp { precision, ..Timestamp::date(NaiveDate::parse_from_str(&date, "%Y-%m-%d").ok()?) })
}

/// Reads what a [`Timestamp`] prints; how long it is tells its precision.
fn printed_timestamp(text: &str) -> Option<Timestamp> {
    let precision = match text.len() {
        4 => Precision::Year,
        7 => Precision::Month,
        10 => Precision::Day,
        _ => Precision::Instant,
    };
    printed_time(text, precision)
}

impl StoredTimestamp {
    fn of(at: &Timestamp) -> Self {
        Self {
            local: at.local,
            offset: at.offset.map(|offset| offset.local_minus_utc()),
            precision: at.precision.as_str().to_owned(),
        }
    }

    fn timestamp(&self) -> Option<Timestamp> {
        Some(Timestamp {
            local: self.local,
            offset: self.offset.and_then(FixedOffset::east_opt),
            precision: self.precision.parse().ok()?,
        })
    }
}
