//! A feed that was parsed, without being polled.

use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

use crate::model::{Entry, Precision, Timestamp};

/// One line that `parse --jsonl` answers. Printed in the order of its fields.
#[derive(Default, Serialize)]
pub(crate) struct ParseAnswerJson {
    /// As the request gave it; any JSON, `null` where it gave none.
    pub(crate) id: Value,
    /// Whether a feed was parsed; `error` says why not.
    pub(crate) ok: bool,
    /// Left out where `ok`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
    /// Title of the feed; left out where it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) title: Option<String>,
    /// In the order of the feed; empty where not `ok`.
    pub(crate) entries: Vec<EntryJson>,
}

/// An entry of a feed.
#[derive(Serialize)]
pub(crate) struct EntryJson {
    /// Plain text.
    title: Option<String>,
    /// Absolute URL.
    link: Option<String>,
    /// As the feed gives it.
    id: Option<String>,
    /// RFC 3339. Where the day is missing, the first of the month or year.
    published: Option<String>,
    /// Written as `published`.
    updated: Option<String>,
    /// HTML or text, as the feed gives it.
    summary: Option<String>,
    /// The full text, as the feed gives it.
    content: Option<String>,
    /// Names.
    authors: Vec<String>,
}

impl From<Entry> for EntryJson {
    fn from(entry: Entry) -> Self {
        Self {
            title: entry.title,
            link: entry.link.map(String::from),
            id: entry.id,
            published: entry.published.map(full_date),
            updated: entry.updated.map(full_date),
            summary: entry.summary,
            content: entry.content,
            authors: entry.details.map(Arc::unwrap_or_clone).unwrap_or_default().authors,
        }
    }
}

/// A moment that readers of RFC 3339 accept, which has no months without a day.
fn full_date(at: Timestamp) -> String {
    match at.precision {
        Precision::Year | Precision::Month => at.local.format("%Y-%m-%d").to_string(),
        _ => at.to_string(),
    }
}
