//! The host gate: when each host may be asked, and how many requests are in flight.
//!
//! Every request of the fetcher enters here: feeds, pages and robots.txt. A host is a name without port, or a domain
//! (`scope`). At most `per_host` requests to it run at a time; the gap lies between the *end* of one and the start of
//! the next. Requests wait for their host first, in order, and take one of the global permits last, so that a slow host
//! blocks no other.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::capacity;
use crate::config;

/// Hosts in memory before idle ones are dropped for the first time.
const FIRST_SWEEP: usize = 1024;

/// Hosts in memory, those in use not counted. The gate has only backoffs that a server named, and
/// those restored at a start; beyond this number it drops them, and the store still has them.
const MAX_HOSTS: usize = 10_000;

/// Longest restored wait that requests sit out at the gate; a longer one is a backoff and turns them away.
const MAX_RESTORED_GAP: Duration = Duration::from_mins(1);

/// Longest backoff. One that ends later was set by another clock.
const MAX_BACKOFF: Duration = Duration::from_hours(24);

/// The gate; shared by all requests of a fetcher. No lock is held across an await.
#[derive(Debug)]
pub struct Gate {
    global_permits: Arc<Semaphore>,
    per_host: usize,
    gap: Duration,
    hosts: Mutex<Hosts>,
}

#[derive(Debug)]
struct Hosts {
    by_name: HashMap<String, Arc<HostGate>>,
    /// Number of hosts at which idle ones are dropped; afterwards twice what was left, so that the cost per request is
    /// constant on average.
    sweep_at: usize,
}

#[derive(Debug)]
struct HostGate {
    permits: Arc<Semaphore>,
    pace: Mutex<Pace>,
}

/// When a host may be asked.
#[derive(Clone, Copy, Debug)]
struct Pace {
    /// Start of the last request, or its end once it ended.
    last: Option<Instant>,
    /// Restored from an earlier run: no request before it.
    not_before: Option<Instant>,
    /// Time from `last` to the next request.
    gap: Duration,
    /// End of the backoff, by the wall clock.
    backoff_until: Option<DateTime<Utc>>,
}

/// A host is in backoff: it is not asked, and the request is turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CoolingDown {
    /// End of the backoff.
    pub until: DateTime<Utc>,
}

/// The right to make one request. When it is dropped, the gap begins.
#[derive(Debug)]
pub struct Permit {
    host: Arc<HostGate>,
    _of_host: OwnedSemaphorePermit,
    _of_all: OwnedSemaphorePermit,
}

impl Gate {
    /// A gate with the limits of the configuration; a limit of 0 counts as 1. No more requests are in flight than the
    /// process may have files open.
    pub fn new(politeness: &config::PolitenessConfig) -> Self {
        let permits = |limit: usize| limit.clamp(1, Semaphore::MAX_PERMITS);
        let in_flight = politeness.in_flight.min(capacity::max_requests());
        Self {
            global_permits: Arc::new(Semaphore::new(permits(in_flight))),
            per_host: permits(politeness.per_host),
            gap: politeness.host_gap,
            hosts: Mutex::new(Hosts { by_name: HashMap::new(), sweep_at: FIRST_SWEEP }),
        }
    }

    /// Waits until `host` may be asked; fails if the host is in backoff once its permit is free. `clock` gives the time
    /// then.
    pub async fn enter_unless_cooling_down(
        &self,
        host: &str,
        clock: impl Fn() -> DateTime<Utc>,
    ) -> Result<Permit, CoolingDown> {
        let host = self.host(host);
        let host_permit = acquire(&host.permits).await;
        // The request before this one may have met a Retry-After.
        host.check_backoff(clock())?;
        Ok(self.wait_for_gap(host, host_permit).await)
    }

    async fn wait_for_gap(&self, host: Arc<HostGate>, host_permit: OwnedSemaphorePermit) -> Permit {
        while let Some(at) = host.start_or_wait() {
            tokio::time::sleep_until(at).await;
        }
        let global_permit = acquire(&self.global_permits).await;
        Permit { host, _of_host: host_permit, _of_all: global_permit }
    }

    /// Puts a host in backoff until the time it asked for (`Retry-After`). Waiting requests are turned away.
    pub fn back_off(&self, host: &str, until: DateTime<Utc>) {
        let host = self.host(host);
        let mut pace = lock(&host.pace);
        pace.backoff_until = pace.backoff_until.max(Some(until));
    }

    /// Restores the stored state of a host: it is not asked before `not_before`. Up to a minute is waited for; longer is a
    /// backoff.
    pub fn restore(&self, host: &str, not_before: DateTime<Utc>, now: DateTime<Utc>) {
        match (not_before - now).to_std() {
            // In the past.
            Err(_) => {}
            Ok(wait) if wait <= MAX_RESTORED_GAP => {
                let host = self.host(host);
                let mut pace = lock(&host.pace);
                pace.not_before = pace.not_before.max(Some(Instant::now() + wait));
            }
            Ok(_) => self.back_off(host, not_before),
        }
    }

    /// Ends the backoff of `host` because a person wants it asked. The gap stays.
    pub fn clear_backoff(&self, host: &str) {
        let host = self.host(host);
        let mut pace = lock(&host.pace);
        (pace.backoff_until, pace.not_before) = (None, None);
    }

    /// Sets the gap of `host` (robots.txt, `Crawl-delay`); a shorter one than the configured is ignored.
    pub fn set_gap(&self, host: &str, gap: Duration) {
        let host = self.host(host);
        lock(&host.pace).gap = gap.max(self.gap);
    }

    /// Number of hosts in memory.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        lock(&self.hosts).by_name.len()
    }

    fn host(&self, name: &str) -> Arc<HostGate> {
        let mut hosts = lock(&self.hosts);
        if let Some(host) = hosts.by_name.get(name) {
            return Arc::clone(host);
        }
        if hosts.by_name.len() >= hosts.sweep_at {
            let now = Instant::now();
            hosts.by_name.retain(|_, host| host.is_busy(now) || host.has_backoff());
            if hosts.by_name.len() >= MAX_HOSTS {
                hosts.by_name.retain(|_, host| host.is_busy(now));
            }
            hosts.sweep_at = FIRST_SWEEP.max(2 * hosts.by_name.len());
        }
        let host = Arc::new(HostGate {
            permits: Arc::new(Semaphore::new(self.per_host)),
            pace: Mutex::new(Pace { last: None, not_before: None, gap: self.gap, backoff_until: None }),
        });
        hosts.by_name.insert(name.to_owned(), Arc::clone(&host));
        host
    }
}

impl HostGate {
    /// Starts a request (`None`), or returns until when to wait before the next try.
    fn start_or_wait(&self) -> Option<Instant> {
        let mut pace = lock(&self.pace);
        let now = Instant::now();
        if let Some(next) = pace.next().filter(|next| *next > now) {
            return Some(next);
        }
        // With several permits per host the next request may start before this one ends: the gap lies between starts, too.
        pace.last = Some(now);
        None
    }

    fn check_backoff(&self, now: DateTime<Utc>) -> Result<(), CoolingDown> {
        match lock(&self.pace).backoff_until {
            Some(until) if until > now && until <= now + MAX_BACKOFF => Err(CoolingDown { until }),
            _ => Ok(()),
        }
    }

    /// Whether a request runs or waits, or the gap after the last one has not passed.
    fn is_busy(self: &Arc<Self>, now: Instant) -> bool {
        Arc::strong_count(self) > 1 || lock(&self.pace).next().is_some_and(|next| next > now)
    }

    fn has_backoff(&self) -> bool {
        lock(&self.pace).backoff_until.is_some()
    }
}

impl Pace {
    /// Earliest start of the next request; `None`: at once.
    fn next(&self) -> Option<Instant> {
        self.last.map(|last| last + self.gap).max(self.not_before)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        lock(&self.host.pace).last = Some(Instant::now());
    }
}

/// A permit, in the order of requests.
async fn acquire(permits: &Arc<Semaphore>) -> OwnedSemaphorePermit {
    loop {
        // Only a closed semaphore returns an error, and nothing closes one here.
        if let Ok(permit) = Arc::clone(permits).acquire_owned().await {
            return permit;
        }
        std::future::pending::<()>().await;
    }
}

/// After a panic elsewhere the times are still valid.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::fetch::Robots;

    impl Gate {
        /// Waits until `host` may be asked; a backoff is ignored.
        async fn enter(&self, host: &str) -> Permit {
            let host = self.host(host);
            let host_permit = acquire(&host.permits).await;
            self.wait_for_gap(host, host_permit).await
        }
    }

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
        let permit = gate.enter(&host).await;
        let began = Instant::now();
        tokio::time::sleep(long).await;
        drop(permit);
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
        let permit = gate.enter("h").await;
        // One waits for the host, one for the house; both give up.
        for host in ["h", "other"] {
            let waited = tokio::time::timeout(Duration::from_secs(5), gate.enter(host)).await;
            assert!(waited.is_err());
        }
        drop(permit);
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
        gate.set_gap("h", Duration::from_secs(10));
        drop(gate.enter("h").await);
        assert_eq!(start.elapsed(), Duration::from_secs(10));
        gate.set_gap("h", Duration::ZERO);
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
        gate.set_gap("h", robots.crawl_delay("cuttings").unwrap());
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
        let permit = gate.enter_unless_cooling_down("h", clock).await.unwrap();
        let waiting = (0..50).map(|_| gate.enter_unless_cooling_down("h", clock));
        let waiting = futures_util::future::join_all(waiting);
        let told = async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            gate.back_off("h", at(3600));
            drop(permit);
        };
        let (turned, ()) = futures_util::join!(waiting, told);
        for result in turned {
            assert_eq!(result.err(), Some(CoolingDown { until: at(3600) }));
        }
        // Nobody asked: nobody waited for a gap.
        assert_eq!(begun.elapsed(), Duration::from_millis(300));
        assert!(gate.enter_unless_cooling_down("other", clock).await.is_ok());
        assert!(gate.enter_unless_cooling_down("h", || at(3600)).await.is_ok());
        // The clock was set back by two days.
        assert!(gate.enter_unless_cooling_down("h", || at(-200_000)).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn p35_a_host_of_an_earlier_run_keeps_its_gap_and_its_rest() {
        let gate = gate(1, 32);
        let begun = Instant::now();
        let clock = || at(0) + begun.elapsed();
        gate.restore("gap", at(30), at(0));
        gate.restore("rest", at(7200), at(0));
        gate.restore("past", at(-1), at(0));
        drop(gate.enter_unless_cooling_down("past", clock).await.unwrap());
        assert_eq!(begun.elapsed(), Duration::ZERO);
        assert!(gate.enter_unless_cooling_down("rest", clock).await.is_err());
        drop(gate.enter_unless_cooling_down("gap", clock).await.unwrap());
        assert_eq!(begun.elapsed(), Duration::from_secs(30));
    }

    #[tokio::test(start_paused = true)]
    async fn p13_more_rests_than_are_kept_do_not_fill_the_memory() {
        let gate = gate(1, 32);
        for n in 0..30_000 {
            gate.back_off(&format!("h{n}"), at(3600));
        }
        assert!(gate.len() <= 2 * MAX_HOSTS, "{} hosts", gate.len());
    }

    #[tokio::test(start_paused = true)]
    async fn ten_thousand_hosts_are_forgotten_when_idle() {
        let gate = gate(1, 32);
        let waiting = gate.enter("busy").await;
        for n in 0..10_000 {
            drop(gate.enter(&format!("h{n}")).await);
            tokio::time::advance(Duration::from_millis(10)).await;
        }
        assert!(gate.len() <= FIRST_SWEEP, "{} hosts", gate.len());
        assert!(lock(&gate.hosts).by_name.contains_key("busy"));
        drop(waiting);
    }
}
