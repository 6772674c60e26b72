//! What a run sees to beside its work: room on the disk, and what is kept no longer.

use std::time::Duration;

use chrono::{DateTime, Utc};
use tracing::{info, warn};

use crate::store::{PruneSummary, Store};

/// Between two looks for what is kept no longer.
const TIDY: Duration = Duration::from_mins(10);

/// Between two looks at the room on the disk.
const ROOM: Duration = Duration::from_secs(10);

/// When to look next, and what was seen.
#[derive(Debug)]
pub(super) struct Upkeep {
    tidy_at: DateTime<Utc>,
    room_at: DateTime<Utc>,
    /// Why nothing is claimed.
    paused: Option<String>,
}

impl Upkeep {
    pub(super) fn new(now: DateTime<Utc>) -> Self {
        Self {
            tidy_at: now,
            room_at: now,
            paused: None,
        }
    }

    /// Looks at the room on the disk and drops a part of what is kept no longer, as often as is good. While there are
    /// fewer than `least` bytes free it says why, and until when to hold off.
    pub(super) async fn see_to(
        &mut self,
        store: &Store,
        least: u64,
        now: DateTime<Utc>,
    ) -> Option<(String, DateTime<Utc>)> {
        // A clock set back must not make it wait for the old time.
        if now >= self.room_at || self.room_at > now + ROOM {
            self.room_at = now + ROOM;
            let short = store.short_of_room(least, now).await;
            match (&self.paused, &short) {
                (None, Some(word)) => warn!("paused: {word}"),
                (Some(_), None) => info!("there is room on the disk again: collecting goes on"),
                _ => {}
            }
            self.paused = short;
        }
        if now >= self.tidy_at || self.tidy_at > now + TIDY {
            self.tidy_at = tidy(store, now).await;
        }
        self.paused.clone().map(|word| (word, self.room_at))
    }
}

/// Drops a part of what is kept no longer; tells when to go on.
async fn tidy(store: &Store, now: DateTime<Utc>) -> DateTime<Utc> {
    match store.tidy(now).await {
        Ok(tidied) => {
            let PruneSummary {
                articles,
                pages,
                more,
            } = tidied;
            if articles + pages > 0 {
                info!(articles, pages, "dropped what is kept no longer");
            }
            if more { now } else { now + TIDY }
        }
        Err(error) => {
            warn!("{error}");
            now + TIDY
        }
    }
}
