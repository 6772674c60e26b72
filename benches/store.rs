//! The store at size: how fast it takes articles in, finds them, and how large it grows.
//!
//! `cargo bench --bench store -- [--articles 100000] [--bytes 3000] [--raw] [--keep FOLDER]`
//!
//! Three ways in, each in transactions of 256 articles with `synchronous = FULL`, none counting what the making of the texts
//! costs:
//!
//! - *bare*: a row with text and HTML and a row of an FTS5 table, as SQLite alone does it. The yardstick: what is slower
//!   than this by the load of the machine, we are too.
//! - *an insert*: `Store::import`, the writer's own function for articles that need not be fetched (`cuttings import`):
//!   known by none of its URLs, article, page, keys, revision, change, words, story.
//! - *the whole way*: the queue as well. Each article is recorded with its feed, claimed, and recorded with its page.
//!
//! The first two are measured with 20,000 articles at most in databases of their own. With `--keep` that of the whole way is built once in
//! that folder and used again by the next run. Others use the machine too, so time on the processor stands beside time
//! by the clock, and of what is read the fastest of three beside the first.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    missing_docs,
    reason = "a bench that cannot go on must say so and stop"
)]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use chrono::Utc;
use cuttings::config::Source;
use cuttings::identity;
use cuttings::model::{
    ClaimedSource, Cutting, Entry, Extraction, Key, KeyKind, Memory, Method, Next, PageOutcome, PageResult,
    ParsedFeed, PollOutcome, PollResult, RawPage, SourceId, Validators,
};
use cuttings::store::{Arrival, Import, Order, Reader, Search, Store};
use futures_util::future::join_all;
use rusqlite::Connection;

/// Entries of one document, and pages claimed at a time.
const AT_ONCE: usize = 256;

struct Flags {
    articles: usize,
    bytes: usize,
    raw: bool,
    keep: Option<PathBuf>,
}

impl Flags {
    fn read() -> Self {
        let mut flags = Self {
            articles: 20_000,
            bytes: 3000,
            raw: false,
            keep: None,
        };
        let mut args = std::env::args().skip(1);
        while let Some(arg) = args.next() {
            match arg.as_str() {
                "--articles" => {
                    flags.articles = args.next().unwrap().parse().expect("--articles takes a number");
                }
                "--bytes" => {
                    flags.bytes = args.next().unwrap().parse().expect("--bytes takes a number");
                }
                "--raw" => flags.raw = true,
                "--keep" => flags.keep = args.next().map(PathBuf::from),
                // Cargo's own.
                "--bench" => {}
                other => unreachable!("unknown flag {other}"),
            }
        }
        flags
    }
}

/// Numbers, the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 >> 16
    }

    /// A word of 50,000, the common ones as common as in a newspaper (Zipf).
    fn word(&mut self) -> String {
        let part = (self.roll() % 1_000_000) as f64 / 1_000_000.0;
        format!("w{}", (50_000_f64.powf(part) - 1.0) as u64)
    }

    fn title(&mut self) -> String {
        (0..8).map(|_| self.word()).collect::<Vec<_>>().join(" ")
    }

    fn text(&mut self, bytes: usize) -> String {
        let mut text = String::with_capacity(bytes + 8);
        while text.len() < bytes {
            text.push_str(&self.word());
            text.push_str(if self.roll().is_multiple_of(60) {
                ".\n\n"
            } else {
                " "
            });
        }
        text
    }
}

/// Articles of the first two ways, at most.
const AT_MOST: usize = 20_000;

fn main() {
    let flags = Flags::read();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let temporary = tempfile::tempdir().unwrap();
    let folder = flags.keep.clone().unwrap_or_else(|| temporary.path().to_owned());
    let path = folder.join("bench.db");
    let had = if path.exists() {
        Reader::open(&path).unwrap().summary().unwrap().articles as usize
    } else {
        0
    };
    let few = flags.articles.min(AT_MOST);
    bare(&folder.join("bare.db"), few, flags.bytes).print("bare", few);
    runtime
        .block_on(import(&folder.join("import.db"), few, flags.bytes))
        .print("an insert", few);
    if had < flags.articles {
        let before = resident();
        runtime
            .block_on(fill(&path, &flags, had))
            .print("the whole way", flags.articles - had);
        println!(
            "memory: {} MiB before, {} MiB after",
            before >> 20,
            resident() >> 20
        );
    }
    let size = path.metadata().unwrap().len();
    println!(
        "on disk: {} bytes an article, {} MiB in all",
        size / flags.articles.max(had) as u64,
        size >> 20
    );
    timed("opened for writing, and closed", 20, |_| {
        let store = Store::open(&path, Utc::now()).unwrap();
        runtime.block_on(store.close()).unwrap();
        0
    });
    runtime.block_on(look_up(&path, flags.articles.max(had)));
    read(&path);
}

/// What the taking in cost, without the making of the texts.
struct Spent {
    clock: Duration,
    writer: Duration,
}

impl Spent {
    fn print(&self, what: &str, articles: usize) {
        let each = |time: Duration| time.as_secs_f64() * 1e6 / articles as f64;
        println!(
            "{what}, {articles} articles: {:.0} µs of the writer's processor time each ({:.0}/s), {:.0} µs by the clock ({:.0}/s)",
            each(self.writer),
            1e6 / each(self.writer),
            each(self.clock),
            1e6 / each(self.clock)
        );
    }
}

/// SQLite alone: a row with the texts, and their words. In a thread of its own, as the store's.
fn bare(path: &Path, articles: usize, bytes: usize) -> Spent {
    remove(path);
    let path = path.to_owned();
    let run = move || {
        let db = Connection::open(path).unwrap();
        db.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000; PRAGMA cache_size = -16384; \
             CREATE TABLE revision (id INTEGER PRIMARY KEY, title TEXT, standfirst TEXT, text TEXT, html TEXT); \
             CREATE VIRTUAL TABLE search USING fts5 (title, standfirst, text, content = '', \
             tokenize = \"unicode61 remove_diacritics 2 categories 'L* N* Co Mn Mc'\"); \
             INSERT INTO search (search, rank) VALUES ('hashsize', 4194304)",
        )
        .unwrap();
        let mut dice = Dice(3);
        let mut clock = Duration::ZERO;
        let mut made = Duration::ZERO;
        for first in (0..articles).step_by(AT_ONCE) {
            let busy = on_processor("bare");
            let texts: Vec<[String; 4]> = (first..(first + AT_ONCE).min(articles))
                .map(|_| {
                    let text = dice.text(bytes);
                    let html = html_of(&text);
                    [dice.title(), dice.text(150), text, html]
                })
                .collect();
            made += on_processor("bare").saturating_sub(busy);
            let started = Instant::now();
            db.execute_batch("BEGIN IMMEDIATE").unwrap();
            for texts in &texts {
                db.prepare_cached(
                    "INSERT INTO revision (title, standfirst, text, html) VALUES (?1, ?2, ?3, ?4)",
                )
                .unwrap()
                .execute(rusqlite::params_from_iter(texts))
                .unwrap();
                let row = db.last_insert_rowid();
                let [title, standfirst, text, _] = texts;
                db.prepare_cached(
                    "INSERT INTO search (rowid, title, standfirst, text) VALUES (?1, ?2, ?3, ?4)",
                )
                .unwrap()
                .execute(rusqlite::params![row, title, standfirst, text])
                .unwrap();
            }
            db.execute_batch("COMMIT").unwrap();
            clock += started.elapsed();
        }
        let writer = on_processor("bare").saturating_sub(made);
        Spent { clock, writer }
    };
    let thread = std::thread::Builder::new().name("bare".into()).spawn(run);
    thread.unwrap().join().unwrap()
}

/// Removes a database that an earlier run left.
fn remove(path: &Path) {
    for suffix in ["", "-wal", "-shm", "-lock", "-work"] {
        let _ = std::fs::remove_file(format!("{}{suffix}", path.display()));
    }
}

async fn import(path: &Path, articles: usize, bytes: usize) -> Spent {
    remove(path);
    let mut dice = Dice(5);
    let store = Store::open(path, Utc::now()).unwrap();
    let mut clock = Duration::ZERO;
    for first in (0..articles).step_by(AT_ONCE) {
        let batch: Vec<Arrival> = (first..(first + AT_ONCE).min(articles))
            .map(|number| Arrival::Article(Box::new(arrival(number, &mut dice, bytes))))
            .collect();
        let started = Instant::now();
        let done = store.import(batch, false, Utc::now()).await.unwrap();
        clock += started.elapsed();
        assert_eq!(done.known, 0);
    }
    let writer = on_processor("store");
    store.close().await.unwrap();
    Spent { clock, writer }
}

fn arrival(number: usize, dice: &mut Dice, bytes: usize) -> Import {
    let text = dice.text(bytes);
    let url = |text: String| url::Url::parse(&text).unwrap();
    Import {
        seq: number as i64 + 1,
        id: number as i64 + 1,
        revised: false,
        source: Some("paper".into()),
        url: url(format!("https://paper.example/2026/{}", dice.roll())),
        short_link: Some(url(format!("https://sho.rt/{}", dice.roll()))),
        title: Some(dice.title()),
        standfirst: Some(dice.text(150)),
        byline: None,
        authors: Vec::new(),
        published: None,
        published_at: Some(Utc::now()),
        precision: None,
        modified: None,
        html: html_of(&text),
        text,
        image: None,
        image_width: None,
        image_height: None,
        language: None,
        site: None,
        section: None,
        tags: Vec::new(),
        rights: None,
        enclosures: "[]".into(),
        method: "auto".into(),
        kind: "article".into(),
        origins: "{}".into(),
        cluster: number as i64 + 1,
        first_seen: Utc::now(),
        fetched_at: Utc::now(),
    }
}

async fn fill(path: &Path, flags: &Flags, had: usize) -> Spent {
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15 ^ had as u64);
    let store = Store::open(path, Utc::now()).unwrap();
    let url = url::Url::parse("https://paper.example/feed").unwrap();
    store
        .sync_sources(&[Source::new("paper", url)], Utc::now())
        .await
        .unwrap();
    let mut number = had;
    let (mut slowest, mut clock) = (Duration::ZERO, Duration::ZERO);
    while number < flags.articles {
        let started = Instant::now();
        let claim = store
            .claim_sources(Utc::now(), 1, Some(Utc::now()))
            .await
            .unwrap()
            .remove(0);
        let entries: Vec<Entry> = (number..(number + AT_ONCE).min(flags.articles))
            .map(|i| Entry {
                id: Some(format!("entry-{i}")),
                ..Entry::default()
            })
            .collect();
        number += entries.len();
        store.record_poll(polled(&claim, entries)).await.unwrap();
        let claims = store
            .claim_entries(Utc::now(), AT_ONCE, Duration::ZERO)
            .await
            .unwrap();
        let mut took = started.elapsed();
        let outcomes = claims.into_iter().map(|claim| PageOutcome {
            entry: claim.id,
            lease: claim.lease,
            at: Utc::now(),
            took: Duration::ZERO,
            result: PageResult::Article(Box::new(cutting(&claim.ident, flags, &mut dice))),
            hosts: Vec::new(),
            robots: Vec::new(),
            odd_headers: 0,
            tried: Vec::new(),
            again: None,
        });
        let outcomes: Vec<PageOutcome> = outcomes.collect();
        let started = Instant::now();
        let calls: Vec<_> = outcomes
            .into_iter()
            .map(|outcome| store.record_page(outcome))
            .collect();
        for stored in join_all(calls).await {
            stored.unwrap();
        }
        took += started.elapsed();
        slowest = slowest.max(took);
        clock += took;
    }
    println!("slowest {AT_ONCE} articles: {slowest:.1?}");
    let writer = on_processor("store");
    store.close().await.unwrap();
    Spent { clock, writer }
}

fn polled(claim: &ClaimedSource, entries: Vec<Entry>) -> PollOutcome {
    let keys = entries
        .iter()
        .map(|entry| identity::of_link(None, entry, cuttings::model::KnownBy::Id))
        .collect();
    PollOutcome {
        source: claim.id,
        lease: claim.lease,
        at: Utc::now(),
        took: Duration::ZERO,
        status: Some(200),
        bytes: 0,
        result: PollResult::Taken {
            feed: Box::new(ParsedFeed {
                entries,
                ..ParsedFeed::default()
            }),
            keys,
            validators: Validators::default(),
            body_hash: Vec::new(),
            limit: None,
        },
        served_by: None,
        memory: Memory::default(),
        overflowed: false,
        degraded: false,
        hosts: Vec::new(),
        robots: Vec::new(),
        odd_headers: 0,
        failures: 0.0,
        next: Next {
            at: Utc::now(),
            why: String::new(),
        },
    }
}

fn cutting(ident: &str, flags: &Flags, dice: &mut Dice) -> Cutting {
    let text = dice.text(flags.bytes);
    let title = dice.title();
    let page_key = format!("paper.example/2026/{}/{ident}", dice.roll());
    let key = |kind, key: String| Key {
        kind,
        url: format!("https://{key}"),
        key,
    };
    Cutting {
        method: Method::Auto,
        published_at: Some(Utc::now()),
        url: format!("https://{page_key}"),
        keys: vec![
            key(KeyKind::Canonical, page_key.clone()),
            key(KeyKind::ShortLink, format!("sho.rt/{}", dice.roll())),
            key(KeyKind::Link, format!("feeds.example/{}", dice.roll())),
        ],
        page_key,
        raw: flags.raw.then(|| RawPage {
            status: 200,
            headers: "content-type: text/html; charset=utf-8".into(),
            body: format!("<html><body><article>{}</article></body></html>", html_of(&text)).into_bytes(),
            sent: None,
            expires: None,
        }),
        validators: Validators::default(),
        failure: None,
        upgrade_at: None,
        extraction: Extraction {
            title: Some(title),
            standfirst: Some(dice.text(150)),
            html: html_of(&text),
            text,
            ..Extraction::default()
        },
    }
}

fn html_of(text: &str) -> String {
    format!("<p>{}</p>", text.replace("\n\n", "</p><p>"))
}

/// How long it takes to know that an entry is known.
async fn look_up(path: &Path, articles: usize) {
    let store = Store::open(path, Utc::now()).unwrap();
    let idents: Vec<String> = (0..20_000)
        .map(|i| format!("id:entry-{}", i * 7919 % articles))
        .collect();
    let mut each = Vec::new();
    let before = on_processor("store");
    for idents in idents.chunks(1000) {
        let idents = idents.to_vec();
        let started = Instant::now();
        store.unseen(SourceId(1), idents).await.unwrap();
        each.push(started.elapsed() / 1000);
    }
    let busy = on_processor("store").saturating_sub(before) / 20_000;
    let first = each[0];
    let median = middle(&mut each);
    println!(
        "known entry looked up: {first:.2?} by the clock in the first thousand, median of {} thousands {median:.2?}, \
         slowest {:.2?}; {busy:.2?} of processor time",
        each.len(),
        each[each.len() - 1]
    );
    store.close().await.unwrap();
}

fn middle(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn read(path: &Path) {
    let reader = Reader::open(path).unwrap();
    let last = reader.summary().unwrap().seq;
    timed("opened for reading, and the latest article read", 50, |_| {
        Reader::open(path)
            .unwrap()
            .articles_since(last - 1, 1)
            .unwrap()
            .len()
    });
    // It counts all articles.
    timed("opened, and summed up", 20, |_| {
        Reader::open(path).unwrap().summary().unwrap().seq as usize
    });
    let mut dice = Dice(7);
    let mut queries = Vec::new();
    for i in 0..150 {
        queries.push(match i % 3 {
            0 => dice.word(),
            1 => format!("{} {}", dice.word(), dice.word()),
            _ => format!("{} OR title:{}", dice.word(), dice.word()),
        });
    }
    // From `w*`, which every word begins with, to whole words.
    let beginnings: Vec<String> = (0..100)
        .map(|i| {
            let word = dice.word();
            let kept = 1 + i % word.len();
            format!("{word:.kept$}*")
        })
        .collect();
    let search = |query: &str, order| {
        let search = Search {
            query: query.to_owned(),
            order,
            limit: 20,
            ..Search::default()
        };
        reader.search(&search).unwrap().hits.len()
    };
    timed("search, newest first", queries.len(), |i| {
        search(&queries[i], Order::Newest)
    });
    timed("search, best first", queries.len(), |i| {
        search(&queries[i], Order::Rank)
    });
    timed("beginnings, newest first", beginnings.len(), |i| {
        search(&beginnings[i], Order::Newest)
    });
    timed("beginnings, best first", beginnings.len(), |i| {
        search(&beginnings[i], Order::Rank)
    });
    timed("the commonest word, newest first", 50, |_| {
        search("w1", Order::Newest)
    });
    timed("the commonest word, best first", 50, |_| {
        search("w1", Order::Rank)
    });
    timed("1,000 articles after a number", 50, |_| {
        let after = (dice.roll() as i64 % last.max(1001)) - 1000;
        reader.articles_since(after.max(0), 1000).unwrap().len()
    });
}

fn timed(what: &str, times: usize, mut run: impl FnMut(usize) -> usize) {
    let (mut firsts, mut fastest) = (Vec::new(), Vec::new());
    for i in 0..times {
        let three: Vec<Duration> = (0..3)
            .map(|_| {
                let started = Instant::now();
                std::hint::black_box(run(i));
                started.elapsed()
            })
            .collect();
        firsts.push(three[0]);
        fastest.extend(three.into_iter().min());
    }
    let p99 = (times * 99 / 100).min(times - 1);
    println!(
        "{what}: median {:.2?}, p99 {:.2?}; fastest of three: median {:.2?}, p99 {:.2?}",
        middle(&mut firsts),
        firsts[p99],
        middle(&mut fastest),
        fastest[p99]
    );
}

/// Time on the processor of this process's threads of a name, or of all of them; nothing where the system does not say.
fn on_processor(name: &str) -> Duration {
    let of = |task: &Path| -> Option<u64> {
        let comm = std::fs::read_to_string(task.join("comm")).ok()?;
        let stat = std::fs::read_to_string(task.join("schedstat")).ok()?;
        (name.is_empty() || comm.trim() == name).then(|| stat.split(' ').next()?.parse().ok())?
    };
    let tasks = std::fs::read_dir("/proc/self/task")
        .into_iter()
        .flatten()
        .flatten();
    Duration::from_nanos(tasks.filter_map(|task| of(&task.path())).sum())
}

/// Memory of this process; 0 where the system does not say.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<u64>().ok())
        .unwrap_or(0)
        << 10
}
