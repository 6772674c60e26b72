//! The cost of many sources and many articles: reading the configuration, a start, claims, polls, an insert. Only a start may
//! grow, and only with the number of sources.
//!
//! ```text
//! cargo bench --bench scale                                 # 10,000 sources, no articles
//! cargo bench --bench scale -- --sources 1000,10000,100000 --database A/bench.db,B/bench.db
//! ```
//!
//! The databases are those that `--bench store -- --only queue --keep A` has filled. Each is copied (`TMPDIR` says where to) and
//! left as it was. The numbers of sources are measured one after the other in the same copy, each in a process of its own.
//! Two tables are printed, time by the clock and processor time, with a column for each number of articles and sources.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    missing_docs,
    reason = "a bench that cannot go on must say so and stop"
)]

mod costs;
mod database_copy;
mod samples;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use cuttings::config;
use cuttings::model::{ClaimedSource, Entry, ParsedFeed};
use cuttings::store::{ImportRecord, Reader, Store};
use futures_util::future::join_all;
use samples::Random;
use tokio::runtime::Runtime;

/// Polls under way at once, and how often they are claimed and recorded.
const AT_ONCE: usize = 16;
const ROUNDS: usize = 20;

/// Articles are stored in one of so many rounds, so that the next case has nearly the same number of them.
const WITH_ARTICLES: usize = 4;

/// Entries of a feed that has new ones.
const ENTRIES: usize = 16;

/// Bytes of an article's text.
const BYTES: usize = 3000;

/// Marks the process that measures one number of sources in one database.
const ONE: &str = "--one";

fn main() {
    let mut sources = vec![10_000];
    let mut databases = Vec::new();
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut value = || args.next().expect("a flag that takes a value");
        match arg.as_str() {
            "--sources" => {
                let numbers = value();
                sources =
                    numbers.split(',').map(|number| number.parse().expect("numbers of sources")).collect();
            }
            "--database" => databases = value().split(',').map(PathBuf::from).collect(),
            ONE => {
                let number = value().parse().unwrap();
                return measure(number, Path::new(&value()));
            }
            // Cargo's own.
            "--bench" => {}
            other => unreachable!("unknown flag {other}"),
        }
    }
    let mut columns = Vec::new();
    for database in databases.iter().map(Some).chain(databases.is_empty().then_some(None)) {
        let folder = tempfile::tempdir().unwrap();
        let copy = folder.path().join("scale.db");
        if let Some(database) = database {
            eprintln!("copying {}", database.display());
            database_copy::copy(database, &copy);
        }
        for number in &sources {
            columns.push(column(*number, &copy));
        }
    }
    print(&columns);
}

/// The measurements of one process.
struct Column {
    /// Articles and sources.
    head: String,
    rows: Vec<(String, [f64; 2])>,
}

/// Measures in a process of its own, so that its memory is that of this case alone.
fn column(sources: usize, database: &Path) -> Column {
    let articles = database.exists().then(|| Reader::open(database).unwrap().summary().unwrap().articles);
    let head = format!("{}; {sources}", articles.unwrap_or(0));
    eprintln!("{head}");
    let measured = Command::new(std::env::current_exe().unwrap())
        .args([ONE, &sources.to_string()])
        .arg(database)
        .output()
        .unwrap();
    assert!(measured.status.success(), "{}", String::from_utf8_lossy(&measured.stderr));
    let rows = String::from_utf8(measured.stdout).unwrap();
    let row = |line: &str| {
        let [what, clock, processor] = line.split('\t').collect::<Vec<_>>()[..] else {
            unreachable!("{line}")
        };
        (what.to_owned(), [clock, processor].map(|number| number.parse().unwrap()))
    };
    Column { head, rows: rows.lines().map(row).collect() }
}

fn print(columns: &[Column]) {
    for (which, name) in ["by the clock", "processor time"].iter().enumerate() {
        let heads: Vec<&str> = columns.iter().map(|column| column.head.as_str()).collect();
        println!("\n| {name}; articles; sources | {} |", heads.join(" | "));
        println!("|---|{}", "---|".repeat(columns.len()));
        for (row, (what, _)) in columns[0].rows.iter().enumerate() {
            if which > 0 && what.ends_with("MiB") {
                continue;
            }
            let mut line = format!("| {what} |");
            for column in columns {
                let number = column.rows[row].1[which];
                let shown = match number {
                    _ if what.ends_with("MiB") => format!("{number:.0}"),
                    10_000.0.. => format!("{:.0} ms", number / 1000.0),
                    1000.0.. => format!("{:.1} ms", number / 1000.0),
                    10.0.. => format!("{number:.0} µs"),
                    _ => format!("{number:.1} µs"),
                };
                write!(line, " {shown} |").unwrap();
            }
            println!("{line}");
        }
    }
}

/// Prints a line for each figure: what, and microseconds by the clock and of processor time.
fn measure(sources: usize, path: &Path) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let typed = configuration(sources);
    let config =
        once("the configuration read", || config::load_text("cuttings.toml", &typed).unwrap().config);
    drop(typed);
    let start = |store: &Store| {
        runtime.block_on(store.apply_config(&config.sources, config.politeness.scope, Utc::now())).unwrap();
    };
    // The first start takes the sources in.
    let store = Store::open(path, Utc::now()).unwrap();
    once("a start with new sources", || start(&store));
    runtime.block_on(store.close()).unwrap();
    drop(store);
    let store = once("opened", || Store::open(path, Utc::now()).unwrap());
    once("a start with the same sources", || start(&store));
    once("the rest of a start", || {
        runtime.block_on(store.retain_selectors(&config)).unwrap();
        runtime.block_on(store.host_states(Utc::now())).unwrap();
    });
    Steps { store: &store, runtime: &runtime, random: Random(sources as u64) }.measure();
    runtime.block_on(store.close()).unwrap();
    for (what, name) in [("memory now", "VmRSS"), ("memory at most", "VmHWM")] {
        let number = costs::status("self", name).unwrap_or(0) >> 10;
        println!("{what}, MiB\t{number}\t{number}");
    }
}

fn configuration(sources: usize) -> String {
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
    typed
}

/// What a daemon does all day.
struct Steps<'a> {
    store: &'a Store,
    runtime: &'a Runtime,
    random: Random,
}

impl Steps<'_> {
    fn measure(mut self) {
        let (store, runtime) = (self.store, self.runtime);
        let (polls, articles) = (AT_ONCE as u32, (AT_ONCE * ENTRIES) as u32);
        let mut due = Row::of("what is due next", 1);
        let mut claim = Row::of("a source claimed", polls);
        let mut unchanged = Row::of("an unchanged poll (304) recorded", polls);
        let mut unseen = Row::of("an entry of a feed looked up", articles);
        let mut changed = Row::of("a poll with 16 new entries recorded", polls);
        let mut queue = Row::of("an entry claimed", articles);
        let mut way = Row::of("an article recorded with its page", articles);
        let mut insert = Row::of("an article inserted (import)", articles);
        for round in 0..ROUNDS {
            due.add(|| runtime.block_on(store.next_claims(Utc::now())).unwrap());
            let claimed = claim.add(|| self.claim());
            let polls: Vec<_> =
                claimed.iter().map(|claim| samples::unchanged_poll(claim, Utc::now())).collect();
            unchanged
                .add(|| runtime.block_on(join_all(polls.into_iter().map(|poll| store.record_poll(poll)))));
            if !round.is_multiple_of(WITH_ARTICLES) {
                continue;
            }
            let claimed = self.claim();
            unseen.add(|| {
                for claim in &claimed {
                    let entries = entries(round);
                    let keys = entries.iter().map(samples::keys_of).collect();
                    let feed = Arc::new(ParsedFeed { entries, ..ParsedFeed::default() });
                    assert_eq!(
                        runtime
                            .block_on(store.unseen(claim.id, feed, keys, Vec::new()))
                            .unwrap()
                            .positions
                            .len(),
                        ENTRIES
                    );
                }
            });
            let polls: Vec<_> =
                claimed.iter().map(|claim| samples::poll_with(claim, entries(round), Utc::now())).collect();
            changed.add(|| runtime.block_on(join_all(polls.into_iter().map(|poll| store.record_poll(poll)))));
            let claimed = queue.add(|| {
                runtime.block_on(store.claim_entries(Utc::now(), AT_ONCE * ENTRIES, Duration::ZERO)).unwrap()
            });
            assert_eq!(claimed.len(), AT_ONCE * ENTRIES);
            let at: DateTime<Utc> = Utc::now();
            let pages: Vec<_> = claimed
                .iter()
                .map(|claim| {
                    samples::collected_page(claim, self.random.collected_article(claim, BYTES, at), at)
                })
                .collect();
            way.add(|| {
                for stored in
                    runtime.block_on(join_all(pages.into_iter().map(|page| store.record_page(page))))
                {
                    stored.unwrap();
                }
            });
            let batch = (0..AT_ONCE * ENTRIES)
                .map(|number| {
                    ImportRecord::Article(Box::new(self.random.imported_article(number, BYTES, at)))
                })
                .collect();
            let mut import = runtime.block_on(store.begin_import()).unwrap();
            insert.add(|| runtime.block_on(store.import(&mut import, batch, at)).unwrap());
        }
        for row in [due, claim, unchanged, unseen, changed, queue, way, insert] {
            row.print();
        }
    }

    fn claim(&self) -> Vec<ClaimedSource> {
        let claimed = self.runtime.block_on(self.store.claim_sources(Utc::now(), AT_ONCE, None)).unwrap();
        assert_eq!(claimed.len(), AT_ONCE, "too few sources");
        claimed
    }
}

/// Entries without links: no host has to be spared.
fn entries(round: usize) -> Vec<Entry> {
    (0..ENTRIES).map(|entry| Entry { id: Some(format!("{round}-{entry}")), ..Entry::default() }).collect()
}

/// A step that is done in each round.
struct Row {
    what: &'static str,
    /// Divides what a round took.
    of: u32,
    rounds: Vec<[Duration; 2]>,
}

impl Row {
    fn of(what: &'static str, of: u32) -> Self {
        let rounds = Vec::new();
        Self { what, of, rounds }
    }

    fn add<T>(&mut self, run: impl FnOnce() -> T) -> T {
        let (result, cost) = cost(run);
        self.rounds.push(cost);
        result
    }

    fn print(self) {
        let median = |which: usize| {
            let mut each: Vec<Duration> = self.rounds.iter().map(|round| round[which]).collect();
            each.sort_unstable();
            each[each.len() / 2] / self.of
        };
        line(self.what, [median(0), median(1)]);
    }
}

fn once<T>(what: &str, run: impl FnOnce() -> T) -> T {
    let (result, cost) = cost(run);
    line(what, cost);
    result
}

fn cost<T>(run: impl FnOnce() -> T) -> (T, [Duration; 2]) {
    let (before, started) = (costs::on_processor(""), Instant::now());
    let result = run();
    let took = started.elapsed();
    (result, [took, costs::on_processor("").saturating_sub(before)])
}

fn line(what: &str, cost: [Duration; 2]) {
    let [clock, processor] = cost.map(|time| time.as_secs_f64() * 1e6);
    println!("{what}\t{clock}\t{processor}");
}
