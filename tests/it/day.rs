//! A day of 2,000 sources on 300 hosts in virtual time: the gate and the schedule as they are, servers that only take
//! their time, and the loop of the daemon in small. `cargo test simulated_day -- --nocapture` prints the figures.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashSet, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use cuttings::config::{PolitenessConfig, Source};
use cuttings::fetch::Gate;
use cuttings::model::{
    ClaimedSource, FetchStats, HostObservation, NextPoll, PollOutcome, PollResult, Validators,
};
use cuttings::schedule::{self, FailureContext, MAX_WAIT, PollContext, PollHints, Rhythm};
use cuttings::store::Store;
use cuttings::timing::Schedule;
use tokio::runtime::Handle;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

const SOURCES: usize = 2000;
const HOSTS: usize = 300;

/// The `Retry-After` of a busy server.
const BACKOFF: TimeDelta = TimeDelta::minutes(20);

/// The wall clock of a simulation.
#[derive(Clone, Copy)]
struct Clock(Instant);

impl Clock {
    fn now(self) -> DateTime<Utc> {
        midnight() + self.0.elapsed()
    }
}

fn midnight() -> DateTime<Utc> {
    "2026-11-24T00:00:00Z".parse().unwrap()
}

/// A pseudo-random number below a limit, the same in every run.
fn pseudo_random(one: usize, two: usize, below: u64) -> u64 {
    let mut mixed =
        (one as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (two as u64).wrapping_mul(0xd1b5_4a32_d192_ed03);
    mixed ^= mixed >> 31;
    mixed = mixed.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed ^= mixed >> 29;
    mixed % below
}

/// The time of a request, of a backoff, or of a full queue.
#[derive(Clone, Copy, Debug)]
struct Span {
    from: DateTime<Utc>,
    to: DateTime<Utc>,
}

/// What all servers recorded.
#[derive(Default)]
struct ServerLog {
    /// By host: from the request to its response.
    requests: BTreeMap<usize, Vec<Span>>,
    /// By host: how long it asked to be left alone.
    backoffs: BTreeMap<usize, Vec<Span>>,
    in_flight: usize,
    most_in_flight: usize,
}

/// One request through the gate, as long as the response takes. A busy server asks for a backoff. `None`: the host is in
/// backoff, and no request was sent.
async fn request(
    gate: &Gate,
    log: &Mutex<ServerLog>,
    host: usize,
    response_time: Duration,
    busy: bool,
    clock: Clock,
) -> Option<Span> {
    let permit =
        gate.enter_unless_cooling_down(&format!("host-{host}.example"), || clock.now()).await.ok()?;
    let from = clock.now();
    {
        let mut log = log.lock().unwrap();
        log.in_flight += 1;
        log.most_in_flight = log.most_in_flight.max(log.in_flight);
    }
    sleep(response_time).await;
    let span = Span { from, to: clock.now() };
    {
        let mut log = log.lock().unwrap();
        log.in_flight -= 1;
        log.requests.entry(host).or_default().push(span);
        if busy {
            // As the fetcher does: before the next in line gets the slot.
            let until = span.to + BACKOFF;
            gate.back_off(&format!("host-{host}.example"), until);
            log.backoffs.entry(host).or_default().push(Span { from: span.to, to: until });
        }
    }
    drop(permit);
    Some(span)
}

struct SimulatedSource {
    host: usize,
    name: String,
    schedule: Schedule,
    rhythm: Rhythm,
    failures: f64,
    polls: usize,
}

/// What waits for its host: since when it is due, and of which source.
type Queues = BTreeMap<usize, VecDeque<(DateTime<Utc>, usize)>>;

/// The first that waits for a host. Hosts that nothing waits for are not kept.
fn next_of(queues: &mut Queues, host: usize) -> (DateTime<Utc>, usize) {
    let queue = queues.get_mut(&host).unwrap();
    let first = queue.pop_front().unwrap();
    if queue.is_empty() {
        queues.remove(&host);
    }
    first
}

/// A poll or the fetch of a page.
#[derive(Clone, Copy)]
struct Step {
    source: usize,
    is_poll: bool,
    /// `None` where the host was in backoff, or before the request.
    request: Option<Span>,
    /// Counts all steps.
    number: usize,
}

fn simulated() -> Vec<SimulatedSource> {
    (0..SOURCES)
        .map(|number| SimulatedSource {
            // Each host has one; the others are on the first few hosts.
            host: if number < HOSTS {
                number
            } else {
                (pseudo_random(number, 1, 1000)
                    * pseudo_random(number, 2, 1000)
                    * pseudo_random(number, 3, 1000)
                    * 300
                    / 1_000_000_000) as usize
            },
            name: format!("source-{number}"),
            schedule: match number % 4 {
                0 => Schedule::Every(Duration::from_mins(15)),
                1 => Schedule::Every(Duration::from_mins(30)),
                2 => Schedule::Every(Duration::from_hours(1)),
                _ => Schedule::Adaptive,
            },
            rhythm: Rhythm::default(),
            failures: 0.0,
            polls: 0,
        })
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_simulated_day_is_polite_and_on_time() {
    let politeness = PolitenessConfig::default();
    let (gate, log) = (Arc::new(Gate::new(&politeness)), Arc::new(Mutex::new(ServerLog::default())));
    let clock = Clock(Instant::now());
    let end = midnight() + TimeDelta::days(1);
    let mut sources = simulated();
    let mut due: BinaryHeap<Reverse<(DateTime<Utc>, usize)>> =
        (0..SOURCES).map(|source| Reverse((midnight(), source))).collect();
    let (mut waiting, mut pages): (Queues, Queues) = (BTreeMap::new(), BTreeMap::new());
    let mut backoffs: BTreeMap<usize, DateTime<Utc>> = BTreeMap::new();
    let (mut polled_hosts, mut collected_hosts): (HashSet<usize>, HashSet<usize>) = Default::default();
    let mut work: JoinSet<Step> = JoinSet::new();
    let mut late: Vec<(usize, DateTime<Utc>, DateTime<Utc>)> = Vec::new();
    let mut due_at: BTreeMap<usize, DateTime<Utc>> = BTreeMap::new();
    let (mut full, mut full_since): (Vec<Span>, Option<DateTime<Utc>>) = Default::default();
    let (mut polls, mut collected, mut deferred, mut steps) = (0_usize, 0_usize, 0_usize, 0_usize);
    loop {
        let now = clock.now();
        // As the daemon does: polls first, half the free places at most, one of each host; then pages, one of each host.
        let free = politeness.in_flight - work.len();
        let places = free.div_ceil(2);
        while let Some(Reverse((at, source))) = due.pop_if_due(now).filter(|_| now < end) {
            waiting.entry(sources[source].host).or_default().push_back((at, source));
        }
        let open = |host: &usize| backoffs.get(host).is_none_or(|until| *until <= now);
        let mut ready: Vec<(DateTime<Utc>, usize)> = waiting
            .iter()
            .filter(|(host, _)| now < end && !polled_hosts.contains(*host) && open(host))
            .map(|(host, queue)| (queue[0].0, *host))
            .collect();
        ready.sort();
        for (_, host) in ready.into_iter().take(places) {
            let (at, source) = next_of(&mut waiting, host);
            polled_hosts.insert(host);
            due_at.insert(source, at);
            steps += 1;
            let step = Step { source, is_poll: true, request: None, number: steps };
            start(&mut work, &gate, &log, clock, step, host);
        }
        let places = politeness.in_flight - work.len();
        let ready: Vec<usize> = pages
            .keys()
            .copied()
            .filter(|host| !collected_hosts.contains(host) && open(host))
            .take(places)
            .collect();
        for host in ready {
            let (_, source) = next_of(&mut pages, host);
            collected_hosts.insert(host);
            steps += 1;
            let step = Step { source, is_poll: false, request: None, number: steps };
            start(&mut work, &gate, &log, clock, step, host);
        }
        match (work.len() == politeness.in_flight, full_since) {
            (true, None) => full_since = Some(now),
            (false, Some(from)) => {
                full.push(Span { from, to: now });
                full_since = None;
            }
            _ => {}
        }
        if work.is_empty() && now >= end {
            break;
        }
        let soonest = due.peek().map(|Reverse((at, _))| *at);
        let in_backoff = backoffs.iter().filter(|(host, until)| {
            **until > now && (waiting.contains_key(*host) || pages.contains_key(*host))
        });
        let next = soonest.into_iter().chain(in_backoff.map(|(_, until)| *until)).min().unwrap_or(end);
        let wait = (next - now).to_std().unwrap_or_default();
        let wait = if work.len() == politeness.in_flight { Duration::from_hours(1) } else { wait };
        let wait = wait.clamp(Duration::from_millis(1), Duration::from_hours(1));
        tokio::select! {
            Some(step) = work.join_next(), if !work.is_empty() => {
                let Step { source, is_poll, request, number } = step.unwrap();
                let now = clock.now();
                let polled = &mut sources[source];
                let busy = is_busy(number);
                let retry_after = request.filter(|_| busy).map(|span| span.to + BACKOFF);
                if let Some(until) = retry_after {
                    backoffs.insert(polled.host, until);
                }
                if request.is_none() {
                    deferred += 1;
                }
                if !is_poll {
                    collected_hosts.remove(&polled.host);
                    if request.is_none() || busy {
                        pages.entry(polled.host).or_default().push_back((now, source));
                    } else {
                        collected += 1;
                    }
                    continue;
                }
                polled_hosts.remove(&polled.host);
                let Some(span) = request else {
                    // The host is in backoff: the source is due when that ends.
                    waiting.entry(polled.host).or_default().push_front((due_at[&source], source));
                    continue;
                };
                polls += 1;
                polled.polls += 1;
                late.push((source, due_at[&source], span.from));
                let failed = busy || pseudo_random(number, 4, 50) == 0;
                polled.failures = if failed { polled.failures + 0.25 } else { 0.0 };
                let new = if failed || pseudo_random(number, 5, 3) > 0 { 0 } else { usize::try_from(pseudo_random(number, 6, 3)).unwrap() };
                polled.rhythm.observe(&vec![now; new], 30 * usize::from(new > 0), now);
                if new > 0 {
                    pages.entry(polled.host).or_default().extend(std::iter::repeat_n((now, source), new));
                }
                let hints = PollHints {
                    fresh_until: (source % 10 == 0).then(|| now + TimeDelta::hours(2)),
                    fresh_by: Some("max-age=7200".into()),
                    ..PollHints::default()
                };
                let next = schedule::next(
                    &PollContext {
                        name: &polled.name,
                        schedule: &polled.schedule,
                        rhythm: &polled.rhythm,
                        conditional: true,
                        hints: &hints,
                        max_hint: MAX_WAIT,
                        failure: failed.then_some(FailureContext { failures: polled.failures, retry_after, refused: false }),
                    },
                    now,
                );
                due.push(Reverse((next.at, source)));
            }
            () = sleep(wait) => {}
        }
    }
    let log = log.lock().unwrap();
    // No host ever saw two requests at once, or two within its gap, or one during its backoff.
    for (host, requests) in &log.requests {
        for pair in requests.windows(2) {
            assert!(pair[1].from - pair[0].to >= TimeDelta::seconds(1), "host {host}: {pair:?}");
        }
        for backoff in log.backoffs.get(host).into_iter().flatten() {
            let broken = requests.iter().find(|span| span.from >= backoff.from && span.from < backoff.to);
            assert!(broken.is_none(), "host {host} was in backoff {backoff:?} and got {broken:?}");
        }
    }
    assert!(log.most_in_flight <= politeness.in_flight, "{} at once", log.most_in_flight);
    // Nobody was later than its due time and what politeness forced: its host had a request, was in its
    // gap or in backoff, or all of `in_flight` was used.
    let gap = TimeDelta::from_std(politeness.host_gap).unwrap();
    let mut worst = TimeDelta::zero();
    let mut lateness: Vec<TimeDelta> = Vec::new();
    for (source, due, began) in &late {
        let host = sources[*source].host;
        // In the order of time: only those around polled.
        let all = &log.requests[&host];
        let around =
            all.partition_point(|span| span.to + gap <= *due)..all.partition_point(|span| span.from < *began);
        let requests = all[around].iter().map(|span| Span { from: span.from, to: span.to + gap });
        let backoffs = log.backoffs.get(&host).into_iter().flatten().copied();
        let forced = covered(
            requests.chain(backoffs).chain(
                full[full.partition_point(|span| span.to <= *due)
                    ..full.partition_point(|span| span.from < *began)]
                    .iter()
                    .copied(),
            ),
            Span { from: *due, to: *began },
        );
        worst = worst.max((*began - *due) - forced);
        lateness.push(*began - *due);
    }
    lateness.sort();
    let at =
        |percent: usize| lateness[(lateness.len() * percent / 100).min(lateness.len() - 1)].as_seconds_f64();
    let crowd = sources.iter().filter(|source| source.host == 0).count();
    let fewest = sources.iter().map(|source| source.polls).min().unwrap();
    let time_full: TimeDelta = full.iter().map(|span| span.to - span.from).sum();
    println!(
        "{SOURCES} sources on {HOSTS} hosts, {crowd} of them on one: {polls} polls and {collected} pages in a day, at most {} at \
         once, {deferred} deferred by a backoff.\nStarted after they were due: half within {:.1} s, 95 % within \
         {:.1} s, 99 % within {:.1} s, the last {:.0} s; of that not forced by politeness at most {:.1} s. All places were taken \
         for {} s. Fewest polls of a source: {fewest}.",
        log.most_in_flight,
        at(50),
        at(95),
        at(99),
        at(100),
        worst.as_seconds_f64(),
        time_full.num_seconds(),
    );
    assert!(worst <= TimeDelta::seconds(1), "{worst} late for no reason");
    assert!(fewest >= 1 && polls > 20 * SOURCES, "{polls}");
}

/// Whether the server is busy when it gets this step.
fn is_busy(number: usize) -> bool {
    pseudo_random(number, 3, 400) == 0
}

/// Starts a step.
fn start(
    work: &mut JoinSet<Step>,
    gate: &Arc<Gate>,
    log: &Arc<Mutex<ServerLog>>,
    clock: Clock,
    step: Step,
    host: usize,
) {
    let (gate, log) = (Arc::clone(gate), Arc::clone(log));
    let response_time = Duration::from_millis(50 + pseudo_random(step.number, 7, 750));
    work.spawn(async move {
        let request = request(&gate, &log, host, response_time, is_busy(step.number), clock).await;
        Step { request, ..step }
    });
}

trait PopIfDue {
    fn pop_if_due(&mut self, now: DateTime<Utc>) -> Option<Reverse<(DateTime<Utc>, usize)>>;
}

impl PopIfDue for BinaryHeap<Reverse<(DateTime<Utc>, usize)>> {
    fn pop_if_due(&mut self, now: DateTime<Utc>) -> Option<Reverse<(DateTime<Utc>, usize)>> {
        self.peek().filter(|Reverse((at, _))| *at <= now)?;
        self.pop()
    }
}

/// How much of a time these spans cover together.
fn covered(spans: impl Iterator<Item = Span>, within: Span) -> TimeDelta {
    let mut cut: Vec<Span> = spans
        .map(|span| Span { from: span.from.max(within.from), to: span.to.min(within.to) })
        .filter(|span| span.from < span.to)
        .collect();
    cut.sort_by_key(|span| span.from);
    let (mut sum, mut until) = (TimeDelta::zero(), within.from);
    for span in cut {
        let from = span.from.max(until);
        if span.to > from {
            sum += span.to - from;
            until = span.to;
        }
    }
    sum
}

/// Runs work of the store on a thread of its own, so that the paused clock does not advance.
async fn in_store<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> T {
    let handle = Handle::current();
    tokio::task::spawn_blocking(move || handle.block_on(work)).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_hundred_on_one_host_and_a_hundred_hosts_do_not_hinder_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(Store::open(&folder.path().join("cuttings.db"), midnight()).unwrap());
    // The crowded ones come first wherever something is in order.
    let sources: Vec<Source> = (0..200)
        .map(|number| {
            let host = if number < 100 { 0 } else { number };
            Source::new(
                &format!("s{number:03}"),
                format!("https://host-{host}.example/{number}").parse().unwrap(),
            )
        })
        .collect();
    let at = Arc::clone(&store);
    in_store(async move { at.sync_sources(&sources, midnight()).await.unwrap() }).await;
    let politeness = PolitenessConfig::default();
    let (gate, log) = (Arc::new(Gate::new(&politeness)), Arc::new(Mutex::new(ServerLog::default())));
    let clock = Clock(Instant::now());
    let mut work: JoinSet<ClaimedSource> = JoinSet::new();
    let mut polled = 0;
    while polled < 200 {
        let free = (politeness.in_flight - work.len()).div_ceil(2);
        let (at, now) = (Arc::clone(&store), clock.now());
        for claim in in_store(async move { at.claim_sources(now, free, None).await.unwrap() }).await {
            let (gate, log) = (Arc::clone(&gate), Arc::clone(&log));
            let host =
                claim.name[1..].parse().map(|number: usize| if number < 100 { 0 } else { number }).unwrap();
            work.spawn(async move {
                request(&gate, &log, host, Duration::from_millis(100), false, clock).await;
                claim
            });
        }
        let Some(claim) = work.join_next().await else {
            sleep(Duration::from_millis(10)).await;
            continue;
        };
        polled += 1;
        let (at, now) = (Arc::clone(&store), clock.now());
        let outcome = outcome(claim.unwrap(), now);
        in_store(async move { at.record_poll(outcome).await.unwrap() }).await;
    }
    let log = log.lock().unwrap();
    let begun =
        |host: usize| log.requests[&host].iter().map(|span| (span.from - midnight()).as_seconds_f64());
    let alone = (100..200).flat_map(begun).fold(0.0, f64::max);
    let crowded: Vec<f64> = begun(0).collect();
    println!(
        "a hundred hosts with one source each: all asked within {alone:.1} s; one host with a hundred: the last after {:.1} s",
        crowded[99]
    );
    // A hundred, each a tenth of a second, sixteen and more at a time.
    assert!(alone <= 2.0, "{alone}");
    assert_eq!(crowded.len(), 100);
    // A tenth of a second each, and a second between.
    assert!(crowded[99] <= 99.0 * 1.1 + 1.0, "{}", crowded[99]);
    assert!(crowded.windows(2).all(|pair| pair[1] - pair[0] >= 1.0999));
}

fn outcome(claim: ClaimedSource, now: DateTime<Utc>) -> PollOutcome {
    PollOutcome {
        source: claim.id,
        lease: claim.lease,
        at: now,
        fetch: FetchStats {
            status: Some(304),
            hosts: vec![HostObservation { host: cuttings::link::host(&claim.address), failure: None }],
            ..FetchStats::new(claim.address.clone())
        },
        result: PollResult::NotModified(Validators::default()),
        state: claim.state,
        overflowed: false,
        ids_degraded: false,
        faults: Vec::new(),
        followed: 0,
        failures: 0.0,
        next: NextPoll { at: now + TimeDelta::hours(1), why: "every 1h".into() },
    }
}
