//! The host gate: who may ask which host, and when.
//!
//! Feeds, pages and robots.txt all pass here. A host is its name without port. It is asked by `per_host` requests at a
//! time; between the *end* of one and the start of the next lies at least the gap. Those who wait for a host wait in
//! the order they came and hold nothing that others need; the slots of the whole house are taken last.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::capacity;
use crate::config;

/// Hosts kept before idle ones are dropped for the first time.
const SWEEP_FROM: usize = 1024;

/// Hosts kept at most, besides those in use: beyond it rests are forgotten, which the store remembers.
const MAX_RESTING: usize = 10_000;

/// So long a request may wait at the gate for the sake of a host; what must wait longer is turned away.
const PATIENCE: Duration = Duration::from_mins(1);

/// Longest rest. One that ends later was set by another clock.
const MAX_REST: Duration = Duration::from_hours(24);

/// The gate. Cheap to share, nothing waits inside a lock.
#[derive(Debug)]
pub struct Gate {
    house: Arc<Semaphore>,
    per_host: usize,
    gap: Duration,
    hosts: Mutex<Hosts>,
}

#[derive(Debug)]
struct Hosts {
    by_name: HashMap<String, Arc<Host>>,
    /// At this size idle hosts are dropped; then twice what was left, so that sweeping costs nothing on the average.
    sweep_at: usize,
}

#[derive(Debug)]
struct Host {
    slots: Arc<Semaphore>,
    pace: Mutex<Pace>,
}

#[derive(Clone, Copy, Debug)]
struct Pace {
    /// When it was last asked, or last done with.
    last: Option<Instant>,
    /// No request before it, whatever the gap.
    not_before: Option<Instant>,
    gap: Duration,
    /// Until when it asked to be left alone, by the wall clock.
    rest: Option<DateTime<Utc>>,
}

/// A host that asked to be left alone until then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CoolingDown {
    /// The end of its rest.
    pub until: DateTime<Utc>,
}

/// The right to make one request. Dropping it, in whatever way, opens the gate again after the gap.
#[derive(Debug)]
pub struct Permit {
    host: Arc<Host>,
    _slot: OwnedSemaphorePermit,
    _house: OwnedSemaphorePermit,
}

impl Gate {
    /// A gate with the limits of the configuration; a limit of nought counts as one.
    pub fn new(politeness: &config::PolitenessConfig) -> Self {
        let slots = |limit: usize| limit.clamp(1, Semaphore::MAX_PERMITS);
        Self {
            house: Arc::new(Semaphore::new(slots(
                politeness.in_flight.min(capacity::requests()),
            ))),
            per_host: slots(politeness.per_host),
            gap: politeness.host_gap,
            hosts: Mutex::new(Hosts {
                by_name: HashMap::new(),
                sweep_at: SWEEP_FROM,
            }),
        }
    }

    /// Waits until `host` may be asked, however long it rests.
    pub async fn enter(&self, host: &str) -> Permit {
        let host = self.host(host);
        let slot = acquire(&host.slots).await;
        self.pass(host, slot).await
    }

    /// The same, unless the host rests when its turn comes. `clock` tells the time then.
    pub async fn enter_unless_resting(
        &self,
        host: &str,
        clock: impl Fn() -> DateTime<Utc>,
    ) -> Result<Permit, CoolingDown> {
        let host = self.host(host);
        let slot = acquire(&host.slots).await;
        // Whoever had the slot before may have been told to stay away.
        host.resting(clock())?;
        Ok(self.pass(host, slot).await)
    }

    async fn pass(&self, host: Arc<Host>, slot: OwnedSemaphorePermit) -> Permit {
        while let Some(at) = host.reserve() {
            tokio::time::sleep_until(at).await;
        }
        let house = acquire(&self.house).await;
        Permit {
            host,
            _slot: slot,
            _house: house,
        }
    }

    /// Lets a host rest until the time it named (`Retry-After`); who waits for it is turned away.
    pub fn rest(&self, host: &str, until: DateTime<Utc>) {
        let host = self.host(host);
        let mut pace = lock(&host.pace);
        pace.rest = pace.rest.max(Some(until));
    }

    /// Takes over what the ledger of an earlier run says: a host is not asked before its time. A gap is waited for, a
    /// longer rest turns requests away.
    pub fn remember(&self, host: &str, not_before: DateTime<Utc>, now: DateTime<Utc>) {
        match (not_before - now).to_std() {
            // It is past.
            Err(_) => {}
            Ok(wait) if wait <= PATIENCE => {
                let host = self.host(host);
                let mut pace = lock(&host.pace);
                pace.not_before = pace.not_before.max(Some(Instant::now() + wait));
            }
            Ok(_) => self.rest(host, not_before),
        }
    }

    /// Forgets that `host` rests: a person wants it asked. The gap stays.
    pub fn wake(&self, host: &str) {
        let host = self.host(host);
        let mut pace = lock(&host.pace);
        (pace.rest, pace.not_before) = (None, None);
    }

    /// Asks for a longer gap at `host` than the configured one (robots.txt, `Crawl-delay`).
    pub fn widen(&self, host: &str, gap: Duration) {
        let host = self.host(host);
        lock(&host.pace).gap = gap.max(self.gap);
    }

    /// How many hosts are remembered.
    pub fn len(&self) -> usize {
        lock(&self.hosts).by_name.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn host(&self, name: &str) -> Arc<Host> {
        let mut hosts = lock(&self.hosts);
        if let Some(host) = hosts.by_name.get(name) {
            return Arc::clone(host);
        }
        if hosts.by_name.len() >= hosts.sweep_at {
            let now = Instant::now();
            hosts.by_name.retain(|_, host| host.is_needed(now, true));
            if hosts.by_name.len() >= MAX_RESTING {
                hosts.by_name.retain(|_, host| host.is_needed(now, false));
            }
            hosts.sweep_at = SWEEP_FROM.max(2 * hosts.by_name.len());
        }
        let host = Arc::new(Host {
            slots: Arc::new(Semaphore::new(self.per_host)),
            pace: Mutex::new(Pace {
                last: None,
                not_before: None,
                gap: self.gap,
                rest: None,
            }),
        });
        hosts.by_name.insert(name.to_owned(), Arc::clone(&host));
        host
    }
}

impl Host {
    /// Takes the next turn, or says until when to wait before asking again.
    fn reserve(&self) -> Option<Instant> {
        let mut pace = lock(&self.pace);
        let now = Instant::now();
        if let Some(next) = pace.next().filter(|next| *next > now) {
            return Some(next);
        }
        // With several slots the next one may begin before this one ends: starts are kept apart too.
        pace.last = Some(now);
        None
    }

    fn resting(&self, now: DateTime<Utc>) -> Result<(), CoolingDown> {
        match lock(&self.pace).rest {
            Some(until) if until > now && until <= now + MAX_REST => Err(CoolingDown { until }),
            _ => Ok(()),
        }
    }

    /// Whether forgetting it would forget something: it is asked or waited for, its gap has not passed, or it rests.
    fn is_needed(self: &Arc<Self>, now: Instant, rests_count: bool) -> bool {
        let pace = lock(&self.pace);
        Arc::strong_count(self) > 1
            || pace.next().is_some_and(|next| next > now)
            || rests_count && pace.rest.is_some()
    }
}

impl Pace {
    /// No request before it; `None`: at once.
    fn next(&self) -> Option<Instant> {
        self.last.map(|last| last + self.gap).max(self.not_before)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        lock(&self.host.pace).last = Some(Instant::now());
    }
}

/// A permit, in the order of asking.
async fn acquire(slots: &Arc<Semaphore>) -> OwnedSemaphorePermit {
    loop {
        // Only a closed semaphore errs, and nothing here closes one.
        if let Ok(permit) = Arc::clone(slots).acquire_owned().await {
            return permit;
        }
        std::future::pending::<()>().await;
    }
}

/// A panic elsewhere leaves times that are still times.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::fetch::Robots;

    fn gate(per_host: usize, in_flight: usize) -> Arc<Gate> {
        Arc::new(Gate::new(&config::PolitenessConfig {
            host_gap: Duration::from_secs(1),
            per_host,
            in_flight,
            impolite: false,
            ..config::PolitenessConfig::default()
        }))
    }

    /// Asks once, for `long`; gives back when it began.
    async fn ask(gate: Arc<Gate>, host: String, long: Duration) -> Instant {
        let pass = gate.enter(&host).await;
        let began = Instant::now();
        tokio::time::sleep(long).await;
        drop(pass);
        began
    }

    #[tokio::test(start_paused = true)]
    async fn p16_one_at_a_time_in_order_with_a_gap_after_each_end() {
        let gate = gate(1, 32);
        let start = Instant::now();
        let long = Duration::from_millis(500);
        let asks = (0..4).map(|_| ask(Arc::clone(&gate), "h".into(), long));
        let began = futures_util::future::join_all(asks).await;
        let after: Vec<u128> = began.iter().map(|at| (*at - start).as_millis()).collect();
        assert_eq!(after, [0, 1500, 3000, 4500]);
    }

    #[tokio::test(start_paused = true)]
    async fn p16_hosts_do_not_hinder_each_other() {
        let gate = gate(1, 32);
        let start = Instant::now();
        let crowd = (0..100).map(|_| ask(Arc::clone(&gate), "crowded".into(), Duration::from_millis(10)));
        let crowd = tokio::spawn(futures_util::future::join_all(crowd));
        let others = (0..30).map(|n| ask(Arc::clone(&gate), format!("h{n}"), Duration::from_millis(10)));
        for began in futures_util::future::join_all(others).await {
            assert_eq!(began - start, Duration::ZERO);
        }
        assert_eq!(crowd.await.unwrap().len(), 100);
    }

    #[tokio::test(start_paused = true)]
    async fn p16_no_more_than_the_house_allows_are_in_flight() {
        let gate = gate(1, 3);
        let (inside, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let asks = (0..20).map(|n| {
            let (gate, inside, most) = (&gate, &inside, &most);
            async move {
                let _pass = gate.enter(&format!("h{n}")).await;
                most.fetch_max(inside.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
                tokio::time::sleep(Duration::from_secs(1)).await;
                inside.fetch_sub(1, Ordering::Relaxed);
            }
        });
        futures_util::future::join_all(asks).await;
        assert_eq!(most.load(Ordering::Relaxed), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn who_gives_up_waiting_leaves_nothing_behind() {
        let gate = gate(1, 1);
        let pass = gate.enter("h").await;
        // One waits for the host, one for the house; both give up.
        for host in ["h", "other"] {
            let waited = tokio::time::timeout(Duration::from_secs(5), gate.enter(host)).await;
            assert!(waited.is_err());
        }
        drop(pass);
        let start = Instant::now();
        drop(gate.enter("h").await);
        drop(gate.enter("other").await);
        assert_eq!(start.elapsed(), Duration::from_secs(1));
    }

    #[tokio::test(start_paused = true)]
    async fn two_slots_at_one_host_still_keep_their_starts_apart() {
        let gate = gate(2, 32);
        let start = Instant::now();
        let asks = (0..4).map(|_| ask(Arc::clone(&gate), "h".into(), Duration::from_millis(1800)));
        let mut began = futures_util::future::join_all(asks).await;
        began.sort();
        for pair in began.windows(2) {
            assert!(pair[1] - pair[0] >= Duration::from_secs(1));
        }
        assert!(began[1] - start < Duration::from_millis(1800));
    }

    #[tokio::test(start_paused = true)]
    async fn p31_a_host_may_ask_for_a_longer_gap_but_not_for_a_shorter() {
        let gate = gate(1, 32);
        let start = Instant::now();
        drop(gate.enter("h").await);
        gate.widen("h", Duration::from_secs(10));
        drop(gate.enter("h").await);
        assert_eq!(start.elapsed(), Duration::from_secs(10));
        gate.widen("h", Duration::ZERO);
        drop(gate.enter("h").await);
        drop(gate.enter("h").await);
        assert_eq!(start.elapsed(), Duration::from_secs(12));
    }

    #[tokio::test(start_paused = true)]
    async fn p31_a_crawl_delay_of_a_day_is_a_minute() {
        let gate = gate(1, 32);
        let robots = Robots::parse(b"User-agent: *\nCrawl-delay: 86400\n");
        let start = Instant::now();
        drop(gate.enter("h").await);
        gate.widen("h", robots.crawl_delay("cuttings").unwrap());
        drop(gate.enter("h").await);
        assert_eq!(start.elapsed(), Duration::from_mins(1));
    }

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + second, 0).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn p13_who_waits_for_a_host_that_wants_rest_is_turned_away() {
        let gate = gate(1, 32);
        let begun = Instant::now();
        let clock = || at(0) + begun.elapsed();
        let pass = gate.enter_unless_resting("h", clock).await.unwrap();
        let waiting = (0..50).map(|_| gate.enter_unless_resting("h", clock));
        let waiting = futures_util::future::join_all(waiting);
        let told = async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            gate.rest("h", at(3600));
            drop(pass);
        };
        let (turned, ()) = futures_util::join!(waiting, told);
        for result in turned {
            assert_eq!(result.err(), Some(CoolingDown { until: at(3600) }));
        }
        // Nobody asked: nobody waited for a gap.
        assert_eq!(begun.elapsed(), Duration::from_millis(300));
        assert!(gate.enter_unless_resting("other", clock).await.is_ok());
        assert!(gate.enter_unless_resting("h", || at(3600)).await.is_ok());
        // The clock was set back by two days.
        assert!(gate.enter_unless_resting("h", || at(-200_000)).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn p35_a_host_of_an_earlier_run_keeps_its_gap_and_its_rest() {
        let gate = gate(1, 32);
        let begun = Instant::now();
        let clock = || at(0) + begun.elapsed();
        gate.remember("gap", at(30), at(0));
        gate.remember("rest", at(7200), at(0));
        gate.remember("past", at(-1), at(0));
        drop(gate.enter_unless_resting("past", clock).await.unwrap());
        assert_eq!(begun.elapsed(), Duration::ZERO);
        assert!(gate.enter_unless_resting("rest", clock).await.is_err());
        drop(gate.enter_unless_resting("gap", clock).await.unwrap());
        assert_eq!(begun.elapsed(), Duration::from_secs(30));
    }

    #[tokio::test(start_paused = true)]
    async fn p13_more_rests_than_are_kept_do_not_fill_the_memory() {
        let gate = gate(1, 32);
        for n in 0..30_000 {
            gate.rest(&format!("h{n}"), at(3600));
        }
        assert!(gate.len() <= 2 * MAX_RESTING, "{} hosts", gate.len());
    }

    #[tokio::test(start_paused = true)]
    async fn ten_thousand_hosts_are_forgotten_when_idle() {
        let gate = gate(1, 32);
        let waiting = gate.enter("busy").await;
        for n in 0..10_000 {
            drop(gate.enter(&format!("h{n}")).await);
            tokio::time::advance(Duration::from_millis(10)).await;
        }
        assert!(gate.len() <= SWEEP_FROM, "{} hosts", gate.len());
        assert!(lock(&gate.hosts).by_name.contains_key("busy"));
        drop(waiting);
    }
}
