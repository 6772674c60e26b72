//! The columns of [`PollState`]: what the schedule remembers of a source from poll to poll.
//!
//! Lists and maps are JSON with a shape of their own. What cannot be read back is dropped: the next document says it
//! again.

use std::time::Duration;

use chrono::{DateTime, Utc};
use rusqlite::Row;
use serde::{Deserialize, Serialize};

use super::time;
use crate::link;
use crate::model::{ChildSitemap, DocumentRemark, FeedHints, PermanentRedirect, PollState, Validators};

/// [`FeedHints`] as JSON; durations in seconds, days of the week from Monday, 0.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct StoredHints {
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl: Option<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    skip_hours: Vec<u8>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    skip_days: Vec<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    period: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    base: Option<DateTime<Utc>>,
}

impl StoredHints {
    fn of(hints: &FeedHints) -> Self {
        let days = hints.skip_days.iter();
        Self {
            ttl: hints.ttl.map(|ttl| ttl.as_secs()),
            skip_hours: hints.skip_hours.clone(),
            skip_days: days.filter_map(|day| u8::try_from(day.num_days_from_monday()).ok()).collect(),
            period: hints.update_period.map(|period| period.as_secs()),
            base: hints.update_base,
        }
    }

    fn hints(self) -> FeedHints {
        let days = self.skip_days.into_iter();
        FeedHints {
            ttl: self.ttl.map(Duration::from_secs),
            skip_hours: self.skip_hours,
            skip_days: days.filter_map(|day| chrono::Weekday::try_from(day).ok()).collect(),
            update_period: self.period.map(Duration::from_secs),
            update_base: self.base,
        }
    }
}

/// [`ChildSitemap`] as JSON.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct StoredSitemap {
    url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    lastmod: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lastmod_read: Option<String>,
    state: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    etag: Option<Vec<u8>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_modified: Option<Vec<u8>>,
}

impl StoredSitemap {
    fn of(sitemap: &ChildSitemap) -> Self {
        Self {
            url: sitemap.url.to_string(),
            lastmod: sitemap.lastmod.clone(),
            lastmod_read: sitemap.lastmod_read.clone(),
            state: sitemap.state.as_str().to_owned(),
            etag: sitemap.validators.etag.clone(),
            last_modified: sitemap.validators.last_modified.clone(),
        }
    }

    fn sitemap(self) -> Option<ChildSitemap> {
        Some(ChildSitemap {
            url: link::web_url(&self.url)?,
            lastmod: self.lastmod,
            lastmod_read: self.lastmod_read,
            state: self.state.parse().unwrap_or_default(),
            validators: Validators { etag: self.etag, last_modified: self.last_modified },
        })
    }
}

fn read_sitemaps(json: &str) -> Vec<ChildSitemap> {
    let stored: Vec<StoredSitemap> = serde_json::from_str(json).unwrap_or_default();
    stored.into_iter().filter_map(StoredSitemap::sitemap).collect()
}

/// The `remarks` column: pairs of kind and text.
pub(super) fn remarks_json(remarks: &[DocumentRemark]) -> String {
    let stored: Vec<_> = remarks.iter().map(|remark| (remark.kind.as_str(), &remark.text)).collect();
    serde_json::to_string(&stored).unwrap_or_else(|_| "[]".into())
}

/// Reads the `remarks` column.
pub(super) fn read_remarks(json: &str) -> Vec<DocumentRemark> {
    let stored: Vec<(String, String)> = serde_json::from_str(json).unwrap_or_default();
    let remark = |(kind, text): (String, String)| Some(DocumentRemark { kind: kind.parse().ok()?, text });
    stored.into_iter().filter_map(remark).collect()
}

/// The columns that [`read`] reads.
macro_rules! poll_state_columns {
    () => {
        "coalesce(rhythm, x''), hints, unconditional_at, moved_to, moved_since, moved_polls, permanent_url, gone, sitemaps, \
         identified_by, identified_why, last_names, session_parameters, last_links, remarks"
    };
}
pub(super) use poll_state_columns;

/// Reads `poll_state_columns!()`, which begin at column `from`.
pub(super) fn read(row: &Row<'_>, from: usize) -> rusqlite::Result<PollState> {
    let url = |column: usize| -> rusqlite::Result<_> {
        let text: Option<String> = row.get(from + column)?;
        Ok(text.as_deref().and_then(link::web_url))
    };
    let since: Option<i64> = row.get(from + 4)?;
    let times = row.get(from + 5)?;
    Ok(PollState {
        rhythm: row.get(from)?,
        hints: serde_json::from_str::<StoredHints>(&row.get::<_, String>(from + 1)?)
            .unwrap_or_default()
            .hints(),
        unconditional_at: row.get::<_, Option<i64>>(from + 2)?.map(time::from_ms),
        redirect: url(3)?.zip(since).map(|(to, since)| PermanentRedirect {
            to,
            since: time::from_ms(since),
            times,
        }),
        moved_to: url(6)?,
        gone: row.get(from + 7)?,
        sitemaps: read_sitemaps(&row.get::<_, String>(from + 8)?),
        identified_by: time::word(row, from + 9)?,
        identified_why: row.get(from + 10)?,
        last_names: row.get(from + 11)?,
        session_parameters: serde_json::from_str(&row.get::<_, String>(from + 12)?).unwrap_or_default(),
        last_links: row.get(from + 13)?,
        remarks: read_remarks(&row.get::<_, String>(from + 14)?),
    })
}

/// The `hints` column.
pub(super) fn hints_json(state: &PollState) -> String {
    serde_json::to_string(&StoredHints::of(&state.hints)).unwrap_or_else(|_| "{}".into())
}

/// The `sitemaps` column.
pub(super) fn sitemaps_json(state: &PollState) -> String {
    let stored: Vec<StoredSitemap> = state.sitemaps.iter().map(StoredSitemap::of).collect();
    serde_json::to_string(&stored).unwrap_or_else(|_| "[]".into())
}
