//! What a source's schedule remembers from poll to poll.

use std::time::Duration;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};

use super::error::StoreError;
use super::time;
use crate::link;
use crate::model::{FeedHints, Memory, Moved, SitemapNote, SourceId, Standing, Validators};

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
    fn of(note: &SitemapNote) -> Self {
        Self {
            url: note.url.to_string(),
            changed: note.changed.clone(),
            settled: note.settled.clone(),
            standing: note.standing.as_str().to_owned(),
            etag: note.validators.etag.clone(),
            last_modified: note.validators.last_modified.clone(),
        }
    }

    fn note(self) -> Option<SitemapNote> {
        Some(SitemapNote {
            url: link::web_url(&self.url)?,
            changed: self.changed,
            settled: self.settled,
            standing: [Standing::Archive, Standing::Read]
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
fn sitemaps(json: &str) -> Vec<SitemapNote> {
    let kept: Vec<Kept> = serde_json::from_str(json).unwrap_or_default();
    kept.into_iter().filter_map(Kept::note).collect()
}

pub(super) fn read(db: &Connection, source: i64) -> rusqlite::Result<Memory> {
    db.prepare_cached(
        "SELECT coalesce(rhythm, x''), hints, full_at, moved_to, moved_since, moved_times, address, gone, sitemaps FROM source WHERE id = ?1",
    )?
    .query_row([source], |row| {
        let hints: String = row.get(1)?;
        let moved_to: Option<String> = row.get(3)?;
        let since: Option<i64> = row.get(4)?;
        let times = row.get(5)?;
        let address: Option<String> = row.get(6)?;
        let moved = moved_to.as_deref().and_then(link::web_url).zip(since);
        Ok(Memory {
            rhythm: row.get(0)?,
            hints: serde_json::from_str::<Wishes>(&hints).unwrap_or_default().hints(),
            full_at: row.get::<_, Option<i64>>(2)?.map(time::moment),
            moved: moved.map(|(to, since)| Moved { to, since: time::moment(since), times }),
            address: address.as_deref().and_then(link::web_url),
            gone: row.get(7)?,
            sitemaps: sitemaps(&row.get::<_, String>(8)?),
        })
    })
}

pub(super) fn write(db: &Connection, source: SourceId, memory: &Memory) -> Result<(), StoreError> {
    let hints = serde_json::to_string(&Wishes::of(&memory.hints)).unwrap_or_else(|_| "{}".into());
    db.prepare_cached(
        "UPDATE source SET rhythm = ?2, hints = ?3, full_at = ?4, moved_to = ?5, moved_since = ?6, moved_times = ?7, address = ?8, \
         gone = ?9, sitemaps = ?10 WHERE id = ?1",
    )?
    .execute(params![
        source.0,
        memory.rhythm,
        hints,
        memory.full_at.map(time::ms),
        memory.moved.as_ref().map(|moved| moved.to.to_string()),
        memory.moved.as_ref().map(|moved| time::ms(moved.since)),
        memory.moved.as_ref().map_or(0, |moved| moved.times),
        memory.address.as_ref().map(ToString::to_string),
        memory.gone,
        serde_json::to_string(&memory.sitemaps.iter().map(Kept::of).collect::<Vec<_>>()).unwrap_or_else(|_| "[]".into())
    ])?;
    Ok(())
}
