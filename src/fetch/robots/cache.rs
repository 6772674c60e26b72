//! What the origins said, for as long as it may be believed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use super::Robots;
use crate::model::RobotsResponse;

/// Origins kept.
const MAX_ORIGINS: usize = 10_000;

/// Bytes of rules kept.
const MAX_WEIGHT: usize = 64 << 20;

/// Turns kept before those that nobody holds are dropped: askers that gave up leave theirs behind.
const MAX_TURNS: usize = 1000;

/// Longest belief (RFC 9309, 2.4). What lies further ahead was written by another clock.
pub(super) const LONGEST: TimeDelta = TimeDelta::hours(24);

/// So far apart are the clocks of requests that ran side by side.
const APART: TimeDelta = TimeDelta::minutes(10);

/// How long old rules serve while no new ones can be had (RFC 9309, 2.4 and 2.3.1.4).
const STALE: TimeDelta = TimeDelta::days(30);

/// An origin, `https://paper.example`, `http://paper.example:8080`, and the way it was asked: [`Request::way`].
///
/// [`Request::way`]: crate::fetch::Request
pub(super) type RobotsKey = (String, String);

/// The book. Nothing waits inside its lock.
#[derive(Debug, Default)]
pub(in crate::fetch) struct RobotsCache {
    pages: Mutex<Pages>,
}

#[derive(Debug, Default)]
struct Pages {
    rulings: HashMap<RobotsKey, Arc<Ruling>>,
    weight: usize,
    /// Who asks an origin holds its turn; the others wait for the answer.
    turns: HashMap<RobotsKey, Arc<tokio::sync::Mutex<()>>>,
}

/// What an origin said.
#[derive(Debug)]
pub(super) struct Ruling {
    pub(super) fetched_at: DateTime<Utc>,
    pub(super) expires_at: DateTime<Utc>,
    pub(super) verdict: Verdict,
}

#[derive(Clone, Debug)]
pub(super) enum Verdict {
    /// Rules; none where there is no robots.txt.
    Rules(Arc<Robots>),
    /// Everything is forbidden (RFC 9309, 2.3.1.4).
    Unreachable {
        /// Why.
        cause: String,
        /// When the server asked to be asked again.
        retry_after: Option<DateTime<Utc>>,
    },
}

impl RobotsCache {
    /// What is believed at `now`.
    pub(super) fn known(&self, key: &RobotsKey, now: DateTime<Utc>) -> Option<Arc<Ruling>> {
        let ruling = self.lock().rulings.get(key).cloned()?;
        (now < ruling.expires_at && ruling.expires_at - now <= LONGEST + APART).then_some(ruling)
    }

    /// Rules that are no longer believed, for want of new ones; with when they were fetched.
    pub(super) fn stale(&self, key: &RobotsKey, now: DateTime<Utc>) -> Option<(DateTime<Utc>, Arc<Robots>)> {
        let ruling = self.lock().rulings.get(key).cloned()?;
        match &ruling.verdict {
            Verdict::Rules(rules) if now - ruling.fetched_at <= STALE => {
                Some((ruling.fetched_at, Arc::clone(rules)))
            }
            _ => None,
        }
    }

    /// The right to ask an origin, one at a time. It lasts as long as somebody holds it.
    pub(super) fn turn(&self, key: &RobotsKey) -> Arc<tokio::sync::Mutex<()>> {
        let mut pages = self.lock();
        if pages.turns.len() > MAX_TURNS {
            pages.turns.retain(|_, turn| Arc::strong_count(turn) > 1);
        }
        Arc::clone(pages.turns.entry(key.clone()).or_default())
    }

    /// Writes down what an origin said, over what it said before, and gives it back.
    pub(super) fn keep(&self, key: RobotsKey, ruling: Ruling) -> Arc<Ruling> {
        let ruling = Arc::new(ruling);
        let mut pages = self.lock();
        // Who waits for it holds it; who comes later finds the ruling.
        pages.turns.remove(&key);
        pages.weight += ruling.weight();
        if let Some(old) = pages.rulings.insert(key, Arc::clone(&ruling)) {
            pages.weight -= old.weight();
        }
        if pages.rulings.len() > MAX_ORIGINS || pages.weight > MAX_WEIGHT {
            pages.halve();
        }
        ruling
    }

    fn lock(&self) -> MutexGuard<'_, Pages> {
        // A panic elsewhere leaves rulings that are still rulings.
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pages {
    /// Forgets what expires first until half of either limit is free; rare enough to cost nothing on the average.
    fn halve(&mut self) {
        let mut by_end: Vec<(DateTime<Utc>, RobotsKey)> = self
            .rulings
            .iter()
            .map(|(key, ruling)| (ruling.expires_at, key.clone()))
            .collect();
        by_end.sort_by_key(|(end, _)| *end);
        for (_, key) in by_end {
            if self.rulings.len() <= MAX_ORIGINS / 2 && self.weight <= MAX_WEIGHT / 2 {
                return;
            }
            if let Some(old) = self.rulings.remove(&key) {
                self.weight -= old.weight();
            }
        }
    }
}

impl Ruling {
    /// What an answer means (RFC 9309, 2.3.1): a success gives rules; any other answer that is not the server's or our
    /// haste's fault, redirects without end among them, says that there are none.
    pub(super) fn of(
        note: &RobotsResponse,
        cause: impl FnOnce() -> String,
        retry_after: Option<DateTime<Utc>>,
    ) -> Self {
        let verdict = match note.status {
            Some(200..=299) => Verdict::Rules(Arc::new(Robots::parse(&note.body))),
            None | Some(429 | 500..) => Verdict::Unreachable {
                cause: cause(),
                retry_after,
            },
            Some(_) => Verdict::Rules(Arc::default()),
        };
        Self {
            fetched_at: note.fetched_at,
            expires_at: note.expires_at,
            verdict,
        }
    }

    fn weight(&self) -> usize {
        match &self.verdict {
            Verdict::Rules(rules) => rules.weight(),
            Verdict::Unreachable { cause, .. } => cause.len(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> DateTime<Utc> {
        "2026-11-24T12:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::minutes(minute)
    }

    fn ruling(from: i64, to: i64, body: &[u8]) -> Ruling {
        Ruling {
            fetched_at: at(from),
            expires_at: at(to),
            verdict: Verdict::Rules(Arc::new(Robots::parse(body))),
        }
    }

    fn key(name: &str) -> RobotsKey {
        (format!("https://{name}"), String::new())
    }

    #[test]
    fn p30_nothing_is_believed_after_its_time_or_for_longer_than_a_day() {
        let book = RobotsCache::default();
        book.keep(key("a"), ruling(0, 60, b""));
        assert!(book.known(&key("a"), at(59)).is_some());
        assert!(book.known(&key("a"), at(60)).is_none());
        // The clock was set back by two days: what was written by the other clock is asked for again.
        assert!(book.known(&key("a"), at(-2 * 24 * 60)).is_none());
        assert!(book.stale(&key("a"), at(24 * 60)).is_some());
        assert!(book.stale(&key("a"), at(31 * 24 * 60)).is_none());
    }

    #[test]
    fn p30_the_book_is_bounded_in_origins_and_in_bytes() {
        let book = RobotsCache::default();
        for n in 0..=MAX_ORIGINS {
            drop(book.turn(&key(&n.to_string())));
            book.keep(key(&n.to_string()), ruling(0, 60 + n as i64, b""));
        }
        assert_eq!(book.lock().rulings.len(), MAX_ORIGINS / 2);
        assert!(book.known(&key(&MAX_ORIGINS.to_string()), at(0)).is_none());
        assert!(book.lock().rulings.contains_key(&key(&MAX_ORIGINS.to_string())));
        assert!(book.lock().turns.is_empty());
        // One heavy file under many names.
        let rules = Arc::new(Robots::parse(
            &[&b"User-agent: *\n"[..], &b"Allow: /\n".repeat(50_000)].concat(),
        ));
        for n in 0..100 {
            let verdict = Verdict::Rules(Arc::clone(&rules));
            book.keep(
                key(&format!("heavy{n}")),
                Ruling {
                    verdict,
                    ..ruling(0, 60 + n, b"")
                },
            );
        }
        let lock = book.lock();
        let held: usize = lock.rulings.values().map(|ruling| ruling.weight()).sum();
        assert_eq!(held, lock.weight);
        assert!(held <= MAX_WEIGHT && held > rules.weight());
    }
}
