//! What a run sees to beside its work: room on the disk, what is kept no longer, and kept pages that could be smaller.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use tracing::{info, warn};

use crate::store::{PruneSummary, Repacked, Store};

/// Between two looks for what is kept no longer.
const TIDY: Duration = Duration::from_mins(10);

/// Between two looks at the room on the disk.
const ROOM: Duration = Duration::from_secs(10);

/// Between two looks for kept pages that could be smaller.
const PACK: Duration = Duration::from_mins(10);

/// How long nothing may be due before one step of packing is begun: as long as it takes.
const QUIET: Duration = Duration::from_secs(1);

/// How many times as long as a step took is waited before the next: others use the machine too.
const REST: u32 = 3;

/// Pages packed anew that are worth a line, before all is done.
const TOLD: u64 = 1000;

/// When to look next, and what was seen.
#[derive(Debug)]
pub(super) struct Upkeep {
    tidy_at: DateTime<Utc>,
    room_at: DateTime<Utc>,
    pack_at: DateTime<Utc>,
    /// What the steps of packing since the last line about them came to.
    packed: Repacked,
    /// Why nothing is claimed.
    paused: Option<String>,
}

impl Upkeep {
    pub(super) fn new(now: DateTime<Utc>) -> Self {
        Self {
            tidy_at: now,
            room_at: now,
            pack_at: now,
            packed: Repacked::default(),
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

    /// Packs some kept pages anew, where nothing else is to be done before `next`; tells when to come back for more.
    pub(super) async fn pack(
        &mut self,
        store: &Store,
        next: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Option<DateTime<Utc>> {
        if self.paused.is_some() || next < now + QUIET {
            return None;
        }
        if now < self.pack_at && self.pack_at <= now + PACK {
            return Some(self.pack_at);
        }
        let begun = Instant::now();
        let more = match store.repack(now).await {
            Ok(repacked) => {
                self.packed.pages += repacked.pages;
                self.packed.before += repacked.before;
                self.packed.after += repacked.after;
                repacked.more
            }
            Err(error) => {
                warn!("{error}");
                false
            }
        };
        self.pack_at = now + if more { begun.elapsed() * (REST + 1) } else { PACK };
        if !more || self.packed.pages >= TOLD {
            self.tell_of_packing();
        }
        Some(self.pack_at)
    }

    /// Says what packing came to since this was last asked.
    pub(super) fn tell_of_packing(&mut self) {
        let Repacked {
            pages, before, after, ..
        } = std::mem::take(&mut self.packed);
        if pages > 0 {
            info!(
                pages,
                before, after, "packed kept pages anew: bytes before and after"
            );
        }
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
