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

/// What a busy server asks for.
const REST: TimeDelta = TimeDelta::minutes(20);

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

/// A number that looks thrown and is the same in every run.
fn dice(one: usize, two: usize, below: u64) -> u64 {
    let mut mixed =
        (one as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (two as u64).wrapping_mul(0xd1b5_4a32_d192_ed03);
    mixed ^= mixed >> 31;
    mixed = mixed.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed ^= mixed >> 29;
    mixed % below
}

/// A time in which a host was asked, or asked to be left alone.
#[derive(Clone, Copy, Debug)]
struct Span {
    from: DateTime<Utc>,
    to: DateTime<Utc>,
}

/// What all servers saw.
#[derive(Default)]
struct Seen {
    asked: BTreeMap<usize, Vec<Span>>,
    rests: BTreeMap<usize, Vec<Span>>,
    under_way: usize,
    most: usize,
}

/// One request: through the gate, and as long as the server takes; a busy one asks for rest. `None`: the host wants rest, nobody was asked.
async fn ask(
    gate: &Gate,
    seen: &Mutex<Seen>,
    host: usize,
    takes: Duration,
    busy: bool,
    clock: Clock,
) -> Option<Span> {
    let pass = gate
        .enter_unless_resting(&format!("host-{host}.example"), || clock.now())
        .await
        .ok()?;
    let from = clock.now();
    {
        let mut seen = seen.lock().unwrap();
        seen.under_way += 1;
        seen.most = seen.most.max(seen.under_way);
    }
    sleep(takes).await;
    let span = Span {
        from,
        to: clock.now(),
    };
    {
        let mut seen = seen.lock().unwrap();
        seen.under_way -= 1;
        seen.asked.entry(host).or_default().push(span);
        if busy {
            // As the fetcher does: before the next in line gets the slot.
            let until = span.to + REST;
            gate.rest(&format!("host-{host}.example"), until);
            seen.rests.entry(host).or_default().push(Span {
                from: span.to,
                to: until,
            });
        }
    }
    drop(pass);
    Some(span)
}

struct Simulated {
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

/// What a step came to: of which source, whether it was a poll, what was asked, and whether the host wants rest.
#[derive(Clone, Copy)]
struct Done {
    source: usize,
    poll: bool,
    asked: Option<Span>,
    turn: usize,
}

fn simulated() -> Vec<Simulated> {
    (0..SOURCES)
        .map(|number| Simulated {
            // Each host has one; the rest crowd on the first few.
            host: if number < HOSTS {
                number
            } else {
                (dice(number, 1, 1000) * dice(number, 2, 1000) * dice(number, 3, 1000) * 300 / 1_000_000_000)
                    as usize
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
    let (gate, seen) = (
        Arc::new(Gate::new(&politeness)),
        Arc::new(Mutex::new(Seen::default())),
    );
    let clock = Clock(Instant::now());
    let end = midnight() + TimeDelta::days(1);
    let mut sources = simulated();
    let mut due: BinaryHeap<Reverse<(DateTime<Utc>, usize)>> =
        (0..SOURCES).map(|source| Reverse((midnight(), source))).collect();
    let (mut waiting, mut pages): (Queues, Queues) = (BTreeMap::new(), BTreeMap::new());
    let mut rests: BTreeMap<usize, DateTime<Utc>> = BTreeMap::new();
    let (mut polling, mut paging): (HashSet<usize>, HashSet<usize>) = Default::default();
    let mut work: JoinSet<Done> = JoinSet::new();
    let mut late: Vec<(usize, DateTime<Utc>, DateTime<Utc>)> = Vec::new();
    let mut due_at: BTreeMap<usize, DateTime<Utc>> = BTreeMap::new();
    let (mut full, mut full_since): (Vec<Span>, Option<DateTime<Utc>>) = Default::default();
    let (mut polls, mut collected, mut turned_away, mut turn) = (0_usize, 0_usize, 0_usize, 0_usize);
    loop {
        let now = clock.now();
        // As the daemon does: polls first, half the room at most, one of each host; then pages, one of each host.
        let free = politeness.in_flight - work.len();
        let room = free.div_ceil(2);
        while let Some(Reverse((at, source))) = due.pop_if_due(now).filter(|_| now < end) {
            waiting
                .entry(sources[source].host)
                .or_default()
                .push_back((at, source));
        }
        let open = |host: &usize| rests.get(host).is_none_or(|rest| *rest <= now);
        let mut ready: Vec<(DateTime<Utc>, usize)> = waiting
            .iter()
            .filter(|(host, _)| now < end && !polling.contains(*host) && open(host))
            .map(|(host, queue)| (queue[0].0, *host))
            .collect();
        ready.sort();
        for (_, host) in ready.into_iter().take(room) {
            let (at, source) = next_of(&mut waiting, host);
            polling.insert(host);
            due_at.insert(source, at);
            turn += 1;
            let done = Done {
                source,
                poll: true,
                asked: None,
                turn,
            };
            start(&mut work, &gate, &seen, clock, done, host);
        }
        let room = politeness.in_flight - work.len();
        let ready: Vec<usize> = pages
            .keys()
            .copied()
            .filter(|host| !paging.contains(host) && open(host))
            .take(room)
            .collect();
        for host in ready {
            let (_, source) = next_of(&mut pages, host);
            paging.insert(host);
            turn += 1;
            let done = Done {
                source,
                poll: false,
                asked: None,
                turn,
            };
            start(&mut work, &gate, &seen, clock, done, host);
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
        let rested = rests.iter().filter(|(host, rest)| {
            **rest > now && (waiting.contains_key(*host) || pages.contains_key(*host))
        });
        let next = soonest
            .into_iter()
            .chain(rested.map(|(_, rest)| *rest))
            .min()
            .unwrap_or(end);
        let wait = (next - now).to_std().unwrap_or_default();
        let wait = if work.len() == politeness.in_flight {
            Duration::from_hours(1)
        } else {
            wait
        };
        let wait = wait.clamp(Duration::from_millis(1), Duration::from_hours(1));
        tokio::select! {
            Some(done) = work.join_next(), if !work.is_empty() => {
                let Done { source, poll, asked, turn } = done.unwrap();
                let now = clock.now();
                let it = &mut sources[source];
                let busy = is_busy(turn);
                let retry_after = asked.filter(|_| busy).map(|span| span.to + REST);
                if let Some(until) = retry_after {
                    rests.insert(it.host, until);
                }
                if asked.is_none() {
                    turned_away += 1;
                }
                if !poll {
                    paging.remove(&it.host);
                    if asked.is_none() || busy {
                        pages.entry(it.host).or_default().push_back((now, source));
                    } else {
                        collected += 1;
                    }
                    continue;
                }
                polling.remove(&it.host);
                let Some(span) = asked else {
                    // Turned away at the gate: the host rests, and the source is due when it does no longer.
                    waiting.entry(it.host).or_default().push_front((due_at[&source], source));
                    continue;
                };
                polls += 1;
                it.polls += 1;
                late.push((source, due_at[&source], span.from));
                let failed = busy || dice(turn, 4, 50) == 0;
                it.failures = if failed { it.failures + 0.25 } else { 0.0 };
                let new = if failed || dice(turn, 5, 3) > 0 { 0 } else { usize::try_from(dice(turn, 6, 3)).unwrap() };
                it.rhythm.observe(&vec![now; new], 30 * usize::from(new > 0), now);
                if new > 0 {
                    pages.entry(it.host).or_default().extend(std::iter::repeat_n((now, source), new));
                }
                let hints = PollHints {
                    fresh_until: (source % 10 == 0).then(|| now + TimeDelta::hours(2)),
                    fresh_by: Some("max-age=7200".into()),
                    ..PollHints::default()
                };
                let next = schedule::next(
                    &PollContext {
                        name: &it.name,
                        schedule: &it.schedule,
                        rhythm: &it.rhythm,
                        conditional: true,
                        hints: &hints,
                        max_hint: MAX_WAIT,
                        failure: failed.then_some(FailureContext { failures: it.failures, retry_after, refused: false }),
                    },
                    now,
                );
                due.push(Reverse((next.at, source)));
            }
            () = sleep(wait) => {}
        }
    }
    let seen = seen.lock().unwrap();
    // No host ever saw two requests at once, or two within its gap, or one while it rested.
    for (host, asked) in &seen.asked {
        for pair in asked.windows(2) {
            assert!(
                pair[1].from - pair[0].to >= TimeDelta::seconds(1),
                "host {host}: {pair:?}"
            );
        }
        for rest in seen.rests.get(host).into_iter().flatten() {
            let broken = asked
                .iter()
                .find(|span| span.from >= rest.from && span.from < rest.to);
            assert!(
                broken.is_none(),
                "host {host} rested {rest:?} and was asked {broken:?}"
            );
        }
    }
    assert!(seen.most <= politeness.in_flight, "{} at once", seen.most);
    // Nobody was later than its due time and what politeness forced: its host was asked, in its gap, or at rest, or the
    // house was full.
    let gap = TimeDelta::from_std(politeness.host_gap).unwrap();
    let mut worst = TimeDelta::zero();
    let mut lateness: Vec<TimeDelta> = Vec::new();
    for (source, due, began) in &late {
        let host = sources[*source].host;
        // In the order of time: only those around it.
        let all = &seen.asked[&host];
        let around =
            all.partition_point(|span| span.to + gap <= *due)..all.partition_point(|span| span.from < *began);
        let asked = all[around].iter().map(|span| Span {
            from: span.from,
            to: span.to + gap,
        });
        let rests = seen.rests.get(&host).into_iter().flatten().copied();
        let forced = covered(
            asked.chain(rests).chain(
                full[full.partition_point(|span| span.to <= *due)
                    ..full.partition_point(|span| span.from < *began)]
                    .iter()
                    .copied(),
            ),
            Span {
                from: *due,
                to: *began,
            },
        );
        worst = worst.max((*began - *due) - forced);
        lateness.push(*began - *due);
    }
    lateness.sort();
    let at =
        |percent: usize| lateness[(lateness.len() * percent / 100).min(lateness.len() - 1)].as_seconds_f64();
    let crowd = sources.iter().filter(|source| source.host == 0).count();
    let fewest = sources.iter().map(|source| source.polls).min().unwrap();
    let house_full: TimeDelta = full.iter().map(|span| span.to - span.from).sum();
    println!(
        "{SOURCES} sources on {HOSTS} hosts, {crowd} of them on one: {polls} polls and {collected} pages in a day, at most {} at \
         once, {turned_away} turned away at a host that rests.\nStarted after they were due: half within {:.1} s, 95 % within \
         {:.1} s, 99 % within {:.1} s, the last {:.0} s; of that not forced by politeness at most {:.1} s. The house was full \
         for {} s. Fewest polls of a source: {fewest}.",
        seen.most,
        at(50),
        at(95),
        at(99),
        at(100),
        worst.as_seconds_f64(),
        house_full.num_seconds(),
    );
    assert!(worst <= TimeDelta::seconds(1), "{worst} late for no reason");
    assert!(fewest >= 1 && polls > 20 * SOURCES, "{polls}");
}

/// Whether the server is busy at this turn.
fn is_busy(turn: usize) -> bool {
    dice(turn, 3, 400) == 0
}

/// Starts a step.
fn start(
    work: &mut JoinSet<Done>,
    gate: &Arc<Gate>,
    seen: &Arc<Mutex<Seen>>,
    clock: Clock,
    done: Done,
    host: usize,
) {
    let (gate, seen) = (Arc::clone(gate), Arc::clone(seen));
    let takes = Duration::from_millis(50 + dice(done.turn, 7, 750));
    work.spawn(async move {
        let asked = ask(&gate, &seen, host, takes, is_busy(done.turn), clock).await;
        Done { asked, ..done }
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
        .map(|span| Span {
            from: span.from.max(within.from),
            to: span.to.min(within.to),
        })
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

/// Work for the store, which is done on a thread of its own: the clock stands still meanwhile.
async fn stored<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> T {
    let handle = Handle::current();
    tokio::task::spawn_blocking(move || handle.block_on(work))
        .await
        .unwrap()
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
    stored(async move { at.sync_sources(&sources, midnight()).await.unwrap() }).await;
    let politeness = PolitenessConfig::default();
    let (gate, seen) = (
        Arc::new(Gate::new(&politeness)),
        Arc::new(Mutex::new(Seen::default())),
    );
    let clock = Clock(Instant::now());
    let mut work: JoinSet<ClaimedSource> = JoinSet::new();
    let mut polled = 0;
    while polled < 200 {
        let free = (politeness.in_flight - work.len()).div_ceil(2);
        let (at, now) = (Arc::clone(&store), clock.now());
        for claim in stored(async move { at.claim_sources(now, free, None).await.unwrap() }).await {
            let (gate, seen) = (Arc::clone(&gate), Arc::clone(&seen));
            let host = claim.name[1..]
                .parse()
                .map(|number: usize| if number < 100 { 0 } else { number })
                .unwrap();
            work.spawn(async move {
                ask(&gate, &seen, host, Duration::from_millis(100), false, clock).await;
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
        stored(async move { at.record_poll(outcome).await.unwrap() }).await;
    }
    let seen = seen.lock().unwrap();
    let begun = |host: usize| {
        seen.asked[&host]
            .iter()
            .map(|span| (span.from - midnight()).as_seconds_f64())
    };
    let lonely = (100..200).flat_map(begun).fold(0.0, f64::max);
    let crowded: Vec<f64> = begun(0).collect();
    println!(
        "a hundred hosts with one source each: all asked within {lonely:.1} s; one host with a hundred: the last after {:.1} s",
        crowded[99]
    );
    // A hundred, each a tenth of a second, sixteen and more at a time.
    assert!(lonely <= 2.0, "{lonely}");
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
            hosts: vec![HostObservation {
                host: cuttings::link::host(&claim.address),
                failure: None,
            }],
            ..FetchStats::new(claim.address.clone())
        },
        result: PollResult::NotModified(Validators::default()),
        state: claim.state,
        overflowed: false,
        ids_degraded: false,
        failures: 0.0,
        next: NextPoll {
            at: now + TimeDelta::hours(1),
            why: "every 1h".into(),
        },
    }
}
