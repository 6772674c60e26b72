//! The cache of robots.txt: what each origin answered, for as long as it is valid.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use super::rules::Robots;
use crate::model::RobotsResponse;

/// Origins cached.
const MAX_ORIGINS: usize = 10_000;

/// Bytes of rules cached.
const MAX_BYTES: usize = 64 << 20;

/// Request locks kept before unused ones are dropped: requests that were cancelled leave theirs behind.
const MAX_LOCKS: usize = 1000;

/// Longest validity (RFC 9309, 2.4). An entry that is valid for longer was written by another clock.
pub(super) const MAX_AGE: TimeDelta = TimeDelta::hours(24);

/// Largest difference between the clocks of concurrent requests.
const CLOCK_SKEW: TimeDelta = TimeDelta::minutes(10);

/// How long expired rules are used while robots.txt is unreachable (RFC 9309, 2.4 and 2.3.1.4).
const MAX_STALE: TimeDelta = TimeDelta::days(30);

/// What a robots.txt is cached under.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct RobotsKey {
    /// `https://paper.example`, `http://paper.example:8080`.
    pub(super) origin: String,
    /// Transport and user agent of the request, as `Request::transport_id` writes them; empty for the defaults.
    pub(super) transport: String,
}

/// The cache. Its lock is never held across an await.
#[derive(Debug, Default)]
pub(in crate::fetch) struct RobotsCache {
    state: Mutex<CacheState>,
}

#[derive(Debug, Default)]
struct CacheState {
    entries: HashMap<RobotsKey, Arc<RobotsEntry>>,
    /// Sum of [`RobotsEntry::bytes`].
    bytes: usize,
    /// Held while an origin is asked; concurrent requests wait for the answer.
    locks: HashMap<RobotsKey, Arc<tokio::sync::Mutex<()>>>,
}

/// What an origin answered.
#[derive(Debug)]
pub(super) struct RobotsEntry {
    pub(super) fetched_at: DateTime<Utc>,
    pub(super) expires_at: DateTime<Utc>,
    pub(super) verdict: RobotsVerdict,
}

#[derive(Clone, Debug)]
pub(super) enum RobotsVerdict {
    /// Rules; empty if there is no robots.txt.
    Rules(Arc<Robots>),
    /// Nothing may be fetched (RFC 9309, 2.3.1.4).
    Unreachable {
        cause: String,
        /// When the server asked to be asked again.
        retry_after: Option<DateTime<Utc>>,
    },
}

impl RobotsCache {
    /// The entry that is valid at `now`.
    pub(super) fn fresh(&self, key: &RobotsKey, now: DateTime<Utc>) -> Option<Arc<RobotsEntry>> {
        let entry = self.lock().entries.get(key).cloned()?;
        (now < entry.expires_at && entry.expires_at - now <= MAX_AGE + CLOCK_SKEW).then_some(entry)
    }

    /// Expired rules that are used while there are no newer ones, and when they were fetched.
    pub(super) fn stale(&self, key: &RobotsKey, now: DateTime<Utc>) -> Option<(DateTime<Utc>, Arc<Robots>)> {
        let entry = self.lock().entries.get(key).cloned()?;
        match &entry.verdict {
            RobotsVerdict::Rules(rules) if now - entry.fetched_at <= MAX_STALE => {
                Some((entry.fetched_at, Arc::clone(rules)))
            }
            _ => None,
        }
    }

    /// The lock to hold while an origin is asked for robots.txt.
    pub(super) fn request_lock(&self, key: &RobotsKey) -> Arc<tokio::sync::Mutex<()>> {
        let mut state = self.lock();
        if state.locks.len() > MAX_LOCKS {
            state.locks.retain(|_, lock| Arc::strong_count(lock) > 1);
        }
        Arc::clone(state.locks.entry(key.clone()).or_default())
    }

    /// Stores an entry, in place of an older one, and returns it.
    pub(super) fn insert(&self, key: RobotsKey, entry: RobotsEntry) -> Arc<RobotsEntry> {
        let entry = Arc::new(entry);
        let mut state = self.lock();
        // Whoever waits holds a copy of the lock; whoever comes later finds the entry.
        state.locks.remove(&key);
        state.bytes += entry.bytes();
        if let Some(old) = state.entries.insert(key, Arc::clone(&entry)) {
            state.bytes -= old.bytes();
        }
        if state.entries.len() > MAX_ORIGINS || state.bytes > MAX_BYTES {
            state.evict_half();
        }
        entry
    }

    fn lock(&self) -> MutexGuard<'_, CacheState> {
        // After a panic elsewhere the entries are still valid.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CacheState {
    /// Evicts what expires first until half of both limits is free. O(n log n), but rare: amortised O(log n) per insert.
    fn evict_half(&mut self) {
        let mut by_expiry: Vec<(DateTime<Utc>, RobotsKey)> =
            self.entries.iter().map(|(key, entry)| (entry.expires_at, key.clone())).collect();
        by_expiry.sort_by_key(|(expires_at, _)| *expires_at);
        for (_, key) in by_expiry {
            if self.entries.len() <= MAX_ORIGINS / 2 && self.bytes <= MAX_BYTES / 2 {
                return;
            }
            if let Some(old) = self.entries.remove(&key) {
                self.bytes -= old.bytes();
            }
        }
    }
}

impl RobotsEntry {
    /// What a response means (RFC 9309, 2.3.1). Success: its rules. No response, 429 or 5xx: unreachable. Anything else,
    /// endless redirects included: there is no robots.txt.
    pub(super) fn new(
        response: &RobotsResponse,
        cause: impl FnOnce() -> String,
        retry_after: Option<DateTime<Utc>>,
    ) -> Self {
        let verdict = match response.status {
            Some(200..=299) => RobotsVerdict::Rules(Arc::new(Robots::parse(&response.body))),
            None | Some(429 | 500..) => RobotsVerdict::Unreachable { cause: cause(), retry_after },
            Some(_) => RobotsVerdict::Rules(Arc::default()),
        };
        Self { fetched_at: response.fetched_at, expires_at: response.expires_at, verdict }
    }

    /// Approximate memory.
    fn bytes(&self) -> usize {
        match &self.verdict {
            RobotsVerdict::Rules(rules) => rules.bytes(),
            RobotsVerdict::Unreachable { cause, .. } => cause.len(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> DateTime<Utc> {
        "2026-11-24T12:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::minutes(minute)
    }

    fn entry(from: i64, to: i64, body: &[u8]) -> RobotsEntry {
        RobotsEntry {
            fetched_at: at(from),
            expires_at: at(to),
            verdict: RobotsVerdict::Rules(Arc::new(Robots::parse(body))),
        }
    }

    fn key(name: &str) -> RobotsKey {
        RobotsKey { origin: format!("https://{name}"), transport: String::new() }
    }

    #[test]
    fn p30_nothing_is_believed_after_its_time_or_for_longer_than_a_day() {
        let cache = RobotsCache::default();
        cache.insert(key("a"), entry(0, 60, b""));
        assert!(cache.fresh(&key("a"), at(59)).is_some());
        assert!(cache.fresh(&key("a"), at(60)).is_none());
        // The clock was set back by two days: what was written by the other clock is asked for again.
        assert!(cache.fresh(&key("a"), at(-2 * 24 * 60)).is_none());
        assert!(cache.stale(&key("a"), at(24 * 60)).is_some());
        assert!(cache.stale(&key("a"), at(31 * 24 * 60)).is_none());
    }

    #[test]
    fn p30_the_cache_is_bounded_in_origins_and_in_bytes() {
        let cache = RobotsCache::default();
        for n in 0..=MAX_ORIGINS {
            drop(cache.request_lock(&key(&n.to_string())));
            cache.insert(key(&n.to_string()), entry(0, 60 + n as i64, b""));
        }
        assert_eq!(cache.lock().entries.len(), MAX_ORIGINS / 2);
        assert!(cache.fresh(&key(&MAX_ORIGINS.to_string()), at(0)).is_none());
        assert!(cache.lock().entries.contains_key(&key(&MAX_ORIGINS.to_string())));
        assert!(cache.lock().locks.is_empty());
        // One heavy file under many names.
        let rules =
            Arc::new(Robots::parse(&[&b"User-agent: *\n"[..], &b"Allow: /\n".repeat(50_000)].concat()));
        for n in 0..100 {
            let verdict = RobotsVerdict::Rules(Arc::clone(&rules));
            cache.insert(key(&format!("heavy{n}")), RobotsEntry { verdict, ..entry(0, 60 + n, b"") });
        }
        let lock = cache.lock();
        let held: usize = lock.entries.values().map(|entry| entry.bytes()).sum();
        assert_eq!(held, lock.bytes);
        assert!(held <= MAX_BYTES && held > rules.bytes());
    }
}
