//! What a source's schedule remembers from poll to poll.

use std::time::Duration;

use chrono::{DateTime, Utc};
use rusqlite::Row;
use serde::{Deserialize, Serialize};

use super::time;
use crate::link;
use crate::model::{
    ChildSitemap, ChildSitemapState, EntryIdentifier, FeedHints, PermanentRedirect, PollState, Validators,
};

/// The wishes of a feed, as JSON of our own shape. What cannot be read back is forgotten: the next document says it anew.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Wishes {
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

impl Wishes {
    fn of(hints: &FeedHints) -> Self {
        Self {
            ttl: hints.ttl.map(|ttl| ttl.as_secs()),
            skip_hours: hints.skip_hours.clone(),
            skip_days: hints
                .skip_days
                .iter()
                .filter_map(|day| u8::try_from(day.num_days_from_monday()).ok())
                .collect(),
            period: hints.update_period.map(|period| period.as_secs()),
            base: hints.update_base,
        }
    }

    fn hints(self) -> FeedHints {
        FeedHints {
            ttl: self.ttl.map(Duration::from_secs),
            skip_hours: self.skip_hours,
            skip_days: self
                .skip_days
                .into_iter()
                .filter_map(|day| chrono::Weekday::try_from(day).ok())
                .collect(),
            update_period: self.period.map(Duration::from_secs),
            update_base: self.base,
        }
    }
}

/// A [`SitemapNote`] as JSON of our own shape.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Kept {
    url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    changed: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    settled: Option<String>,
    standing: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    etag: Option<Vec<u8>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_modified: Option<Vec<u8>>,
}

impl Kept {
    fn of(note: &ChildSitemap) -> Self {
        Self {
            url: note.url.to_string(),
            changed: note.lastmod.clone(),
            settled: note.lastmod_read.clone(),
            standing: note.state.as_str().to_owned(),
            etag: note.validators.etag.clone(),
            last_modified: note.validators.last_modified.clone(),
        }
    }

    fn note(self) -> Option<ChildSitemap> {
        Some(ChildSitemap {
            url: link::web_url(&self.url)?,
            lastmod: self.changed,
            lastmod_read: self.settled,
            state: [ChildSitemapState::Archive, ChildSitemapState::Read]
                .into_iter()
                .find(|standing| standing.as_str() == self.standing)
                .unwrap_or_default(),
            validators: Validators {
                etag: self.etag,
                last_modified: self.last_modified,
            },
        })
    }
}

/// What cannot be read back is forgotten: the index is read as if for the first time.
fn sitemaps(json: &str) -> Vec<ChildSitemap> {
    let kept: Vec<Kept> = serde_json::from_str(json).unwrap_or_default();
    kept.into_iter().filter_map(Kept::note).collect()
}

fn known_by(word: &str) -> EntryIdentifier {
    [EntryIdentifier::Link, EntryIdentifier::Title]
        .into_iter()
        .find(|by| by.as_str() == word)
        .unwrap_or_default()
}

/// The columns of it, as [`read`] wants them.
macro_rules! memory_columns {
    () => {
        "coalesce(rhythm, x''), hints, full_at, moved_to, moved_since, moved_times, address, gone, sitemaps, known_by, \
         known_why, names"
    };
}
pub(super) use memory_columns;

/// Reads `memory_columns!()`, the first of which is the one at `from`.
pub(super) fn read(row: &Row<'_>, from: usize) -> rusqlite::Result<PollState> {
    let hints: String = row.get(from + 1)?;
    let moved_to: Option<String> = row.get(from + 3)?;
    let since: Option<i64> = row.get(from + 4)?;
    let times = row.get(from + 5)?;
    let address: Option<String> = row.get(from + 6)?;
    let moved = moved_to.as_deref().and_then(link::web_url).zip(since);
    Ok(PollState {
        rhythm: row.get(from)?,
        hints: serde_json::from_str::<Wishes>(&hints).unwrap_or_default().hints(),
        full_at: row.get::<_, Option<i64>>(from + 2)?.map(time::moment),
        redirect: moved.map(|(to, since)| PermanentRedirect {
            to,
            since: time::moment(since),
            times,
        }),
        moved_to: address.as_deref().and_then(link::web_url),
        gone: row.get(from + 7)?,
        sitemaps: sitemaps(&row.get::<_, String>(from + 8)?),
        identified_by: known_by(&row.get::<_, String>(from + 9)?),
        identified_why: row.get(from + 10)?,
        last_names: row.get(from + 11)?,
    })
}

/// The wishes of a feed, as they are kept.
pub(super) fn hints_json(memory: &PollState) -> String {
    serde_json::to_string(&Wishes::of(&memory.hints)).unwrap_or_else(|_| "{}".into())
}

/// What is known of sitemaps, as it is kept.
pub(super) fn sitemaps_json(memory: &PollState) -> String {
    let kept: Vec<Kept> = memory.sitemaps.iter().map(Kept::of).collect();
    serde_json::to_string(&kept).unwrap_or_else(|_| "[]".into())
}
