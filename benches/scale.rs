//! What many sources cost: the configuration, a start, a claim, the record of a poll.
//!
//! `cargo bench --bench scale -- [--sources 10000] [--database FILE]`
//!
//! With `--database` the sources are added to a database that is there, such as one that `--bench store` has built:
//! nothing of this may grow with its articles.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a bench that cannot go on must say so and stop"
)]

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use chrono::Utc;
use cuttings::config;
use cuttings::model::{ClaimedSource, Memory, Next, PollOutcome, PollResult, Validators};
use cuttings::store::{Reader, Store};

/// Polls under way at once, and how often they are claimed and recorded.
const AT_ONCE: usize = 16;
const ROUNDS: usize = 40;

fn main() {
    let mut sources = 10_000;
    let temporary = tempfile::tempdir().unwrap();
    let mut path: PathBuf = temporary.path().join("scale.db");
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--sources" => sources = args.next().unwrap().parse().expect("--sources takes a number"),
            "--database" => path = args.next().map(PathBuf::from).expect("--database takes a file"),
            // Cargo's own.
            "--bench" => {}
            other => unreachable!("unknown flag {other}"),
        }
    }
    let mut typed = String::new();
    for number in 0..sources {
        writeln!(
            typed,
            "[[source]]\nname = \"s{number}\"\nfeed = \"https://p{number}.example/feed\"\ntags = [\"news\", \"t{}\"]\n\
             [source.article]\ntitle = \"h1.headline\"\nbody = [\".article-body\", \"#content p\"]\n",
            number % 40
        )
        .unwrap();
    }
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let config = timed("the configuration read", || {
        config::load_text("cuttings.toml", &typed).unwrap().config
    });
    let store = Store::open(&path, Utc::now()).unwrap();
    timed("the first start takes the sources in", || {
        runtime
            .block_on(store.sync(&config.sources, config.politeness.scope, Utc::now()))
            .unwrap();
    });
    runtime.block_on(store.close()).unwrap();
    drop(store);
    let store = timed("opened again", || Store::open(&path, Utc::now()).unwrap());
    timed("the next start takes the sources in", || {
        runtime
            .block_on(store.sync(&config.sources, config.politeness.scope, Utc::now()))
            .unwrap();
    });
    timed("the rest of a start: selectors, robots.txt, hosts", || {
        runtime.block_on(store.retain_rules(&config)).unwrap();
        runtime.block_on(store.ledger(Utc::now())).unwrap();
    });
    let (mut claims, mut records, mut dues) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let started = Instant::now();
        let claimed = runtime
            .block_on(store.claim_sources(Utc::now(), AT_ONCE, None))
            .unwrap();
        claims.push(started.elapsed());
        let started = Instant::now();
        let calls = claimed.iter().map(|claim| store.record_poll(not_modified(claim)));
        for counts in runtime.block_on(futures_util::future::join_all(calls)) {
            counts.unwrap();
        }
        records.push(started.elapsed());
        let started = Instant::now();
        runtime.block_on(store.due(Utc::now())).unwrap();
        dues.push(started.elapsed());
    }
    for (what, mut each) in [
        ("16 sources claimed", claims),
        ("16 polls recorded", records),
        ("what is due next", dues),
    ] {
        each.sort_unstable();
        println!(
            "{what}: median {:.2?}, longest {:.2?}",
            each[ROUNDS / 2],
            each[ROUNDS - 1]
        );
    }
    runtime.block_on(store.close()).unwrap();
    let reader = Reader::open(&path).unwrap();
    let articles = reader.summary().unwrap().articles;
    println!("{sources} sources, {articles} articles");
}

fn not_modified(claim: &ClaimedSource) -> PollOutcome {
    PollOutcome {
        source: claim.id,
        lease: claim.lease,
        at: Utc::now(),
        took: Duration::ZERO,
        status: Some(304),
        bytes: 0,
        result: PollResult::NotModified(Validators::default()),
        served_by: None,
        memory: Memory::default(),
        overflowed: false,
        degraded: false,
        hosts: Vec::new(),
        robots: Vec::new(),
        odd_headers: 0,
        failures: 0.0,
        next: Next {
            at: Utc::now() + chrono::Duration::hours(1),
            why: "every hour".into(),
        },
    }
}

fn timed<T>(what: &str, run: impl FnOnce() -> T) -> T {
    let before = on_processor();
    let started = Instant::now();
    let result = run();
    println!(
        "{what}: {:.1?}; {:.1?} of processor time",
        started.elapsed(),
        on_processor().saturating_sub(before)
    );
    result
}

/// Time on the processor of all threads; nothing where the system does not say.
fn on_processor() -> Duration {
    let of = |task: std::fs::DirEntry| -> Option<u64> {
        let stat = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
        stat.split(' ').next()?.parse().ok()
    };
    let tasks = std::fs::read_dir("/proc/self/task")
        .into_iter()
        .flatten()
        .flatten();
    Duration::from_nanos(tasks.filter_map(of).sum())
}
