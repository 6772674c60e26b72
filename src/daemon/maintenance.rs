//! Work of a run beside polls and pages: free space on the disk, articles whose pages do not come, and articles and pages past
//! their retention.

use std::time::Duration;

use chrono::{DateTime, Utc};
use tracing::{info, warn};

use crate::store::Store;

/// Time between two prunings, and two looks for what waited too long, while nothing is left to do.
const PRUNE_INTERVAL: Duration = Duration::from_mins(10);

/// Time between two looks at the free space.
const SPACE_INTERVAL: Duration = Duration::from_secs(10);

/// When what is done next.
#[derive(Debug)]
pub(super) struct Maintenance {
    prune_at: DateTime<Utc>,
    check_space_at: DateTime<Utc>,
    /// Why nothing may be claimed: the disk is nearly full.
    paused: Option<String>,
}

/// Nothing may be claimed.
pub(super) struct Pause {
    /// A sentence for people.
    pub(super) reason: String,
    /// When the disk is checked again.
    pub(super) until: DateTime<Utc>,
}

impl Maintenance {
    pub(super) fn new(now: DateTime<Utc>) -> Self {
        Self { prune_at: now, check_space_at: now, paused: None }
    }

    /// Checks the free space, settles and prunes a part, each when it is time. Returns a pause while fewer than `min_free` bytes
    /// are free.
    pub(super) async fn tick(&mut self, store: &Store, min_free: u64, now: DateTime<Utc>) -> Option<Pause> {
        if is_time(self.check_space_at, SPACE_INTERVAL, now) {
            self.check_space_at = now + SPACE_INTERVAL;
            let short = store.disk_shortage(min_free, now).await;
            match (&self.paused, &short) {
                (None, Some(reason)) => warn!("paused: {reason}"),
                (Some(_), None) => info!("there is room on the disk again: collecting goes on"),
                _ => {}
            }
            self.paused = short;
        }
        if is_time(self.prune_at, PRUNE_INTERVAL, now) {
            let is_more = settle(store, now).await | prune(store, now).await;
            self.prune_at = if is_more { now } else { now + PRUNE_INTERVAL };
        }
        let reason = self.paused.clone()?;
        Some(Pause { reason, until: self.check_space_at })
    }
}

/// Whether `at` has come. A time further away than `interval` is one of a clock that was set back since.
fn is_time(at: DateTime<Utc>, interval: Duration, now: DateTime<Utc>) -> bool {
    now >= at || at > now + interval
}

/// Settles a part of what waited too long for its page; returns whether more is left.
async fn settle(store: &Store, now: DateTime<Utc>) -> bool {
    store.settle_overdue(now).await.unwrap_or_else(|error| {
        warn!("{error}");
        false
    })
}

/// Prunes a part; returns whether more is left.
async fn prune(store: &Store, now: DateTime<Utc>) -> bool {
    match store.prune(now).await {
        Ok(pruned) => {
            let (articles, pages) = (pruned.articles, pruned.pages);
            if articles + pages > 0 {
                info!(articles, pages, "pruned what is past its retention");
            }
            pruned.more
        }
        Err(error) => {
            warn!("{error}");
            false
        }
    }
}
