//! The store at size: how fast it stores and finds articles, and how large it grows.
//!
//! `cargo bench --bench store -- [--articles 100000] [--bytes 3000] [--raw] [--keep FOLDER] [--only bare,insert,queue,raw,read]`
//!
//! Articles are stored in four ways, each in transactions of 256 with `synchronous = FULL`. The time for making the texts is
//! not counted:
//!
//! - *bare*: SQLite alone, a row with text and HTML and a row of an FTS5 table. The yardstick, for the load of the machine
//!   slows it down as well.
//! - *insert*: `Store::import`, the writer's own function for articles that need not be fetched (`cuttings import`):
//!   identity, article, page, keys, revision, change, words, cluster.
//! - *queue*: the queue as well. Each article is recorded with its feed, claimed, and recorded with its page.
//! - *raw*, with `--raw`: the same with a page of 86 KB kept for each, compressed as its server sent it.
//!
//! All but *queue* are measured with at most 100,000 articles in databases of their own. With `--keep` the database of
//! *queue* stays in that folder and is used by the next run; `--only read` measures reading alone. Other work on the machine
//! disturbs, so processor time is printed beside time by the clock, and the fastest of three reads beside the first.

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

mod costs;
mod own_pages;
mod samples;

use std::io::Write as _;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::Utc;
use costs::on_processor;
use cuttings::config::Source;
use cuttings::model::{EncodedBody, Entry, PageOutcome, ParsedFeed, RawPage, SourceId};
use cuttings::store::{
    ArticleQuery, ArticleQueryError, ExportItem, ImportRecord, Reader, SearchRequest, SortBy, Store,
};
use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::future::join_all;
use rusqlite::{Connection, OpenFlags};
use samples::{Random, html_of};

/// Entries of one document, and pages claimed at a time.
const AT_ONCE: usize = 256;

/// Maximum number of articles in databases other than that of *queue*.
const AT_MOST: usize = 100_000;

/// The last articles, which are also printed apart: the difference is the cost of size.
const LAST: usize = 20_000;

struct Flags {
    articles: usize,
    bytes: usize,
    keep: Option<PathBuf>,
    only: Vec<String>,
}

impl Flags {
    fn read() -> Self {
        let mut flags = Self {
            articles: 20_000,
            bytes: 3000,
            keep: None,
            only: ["bare", "insert", "queue", "read"].map(str::to_owned).into(),
        };
        let mut args = std::env::args().skip(1);
        while let Some(arg) = args.next() {
            let mut value = || args.next().expect("a flag that takes a value");
            match arg.as_str() {
                "--articles" => flags.articles = value().parse().expect("--articles takes a number"),
                "--bytes" => flags.bytes = value().parse().expect("--bytes takes a number"),
                "--raw" => flags.only.push("raw".into()),
                "--keep" => flags.keep = Some(value().into()),
                "--only" => flags.only = value().split(',').map(str::to_owned).collect(),
                // Cargo's own.
                "--bench" => {}
                other => unreachable!("unknown flag {other}"),
            }
        }
        flags
    }

    fn wants(&self, what: &str) -> bool {
        self.only.iter().any(|only| only == what)
    }
}

fn main() {
    let flags = Flags::read();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let temporary = tempfile::tempdir().unwrap();
    let folder = flags.keep.clone().unwrap_or_else(|| temporary.path().to_owned());
    let few = flags.articles.min(AT_MOST);
    if flags.wants("bare") {
        let path = folder.join("bare.db");
        bare(&path, few, flags.bytes).print("bare", few);
        size(&path, few);
    }
    if flags.wants("insert") {
        let path = folder.join("import.db");
        runtime.block_on(import(&path, few, flags.bytes)).print("an insert", few);
        size(&path, few);
    }
    if flags.wants("raw") {
        let path = folder.join("raw.db");
        remove(&path);
        runtime
            .block_on(fill(&path, 0..few, flags.bytes, true))
            .print("with the queue, raw pages stored", few);
        size(&path, few);
    }
    let path = folder.join("bench.db");
    let present =
        if path.exists() { Reader::open(&path).unwrap().summary().unwrap().articles as usize } else { 0 };
    if flags.wants("queue") && present < flags.articles {
        let before = resident();
        runtime
            .block_on(fill(&path, present..flags.articles, flags.bytes, false))
            .print("with the queue", flags.articles - present);
        println!("memory: {before} MiB before, {} MiB after", resident());
        size(&path, flags.articles);
    }
    if flags.wants("read") {
        timed("opened for writing, and closed", 20, |_| {
            let store = Store::open(&path, Utc::now()).unwrap();
            runtime.block_on(store.close()).unwrap();
            0
        });
        runtime.block_on(look_up(&path, flags.articles.max(present)));
        read(&path);
    }
}

/// Time for storing articles, without the time for making their texts.
#[derive(Default)]
struct Spent {
    /// For each transaction: its time by the clock, and the processor time of the writer's thread before it.
    batches: Vec<(Duration, Duration)>,
    /// The processor time of the writer's thread after the last one.
    writer: Duration,
}

impl Spent {
    fn print(&self, what: &str, articles: usize) {
        self.print_last(what, articles, self.batches.len());
        let last = LAST / AT_ONCE;
        if self.batches.len() > last {
            let articles = articles - (self.batches.len() - last) * AT_ONCE;
            self.print_last("- of these the last", articles, last);
        }
    }

    fn print_last(&self, what: &str, articles: usize, batches: usize) {
        let batches = &self.batches[self.batches.len() - batches..];
        let clock: Duration = batches.iter().map(|(clock, _)| *clock).sum();
        let slowest = batches.iter().map(|(clock, _)| *clock).max().unwrap();
        let each = |time: Duration| time.as_secs_f64() * 1e6 / articles as f64;
        let (clock, writer) = (each(clock), each(self.writer.saturating_sub(batches[0].1)));
        println!(
            "{what}, {articles} articles: {writer:.0} µs of the writer's processor time each ({:.0}/s), {clock:.0} µs by the clock \
             ({:.0}/s); slowest {AT_ONCE}: {slowest:.1?}",
            1e6 / writer,
            1e6 / clock
        );
    }
}

/// Prints how large a closed database is.
fn size(path: &Path, articles: usize) {
    let db = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let number = |pragma: &str| -> i64 { db.query_row(pragma, [], |row| row.get(0)).unwrap() };
    let pages = number("PRAGMA page_count") - number("PRAGMA freelist_count");
    let bytes = pages * number("PRAGMA page_size");
    println!("on disk: {} bytes an article, {} MiB in all", bytes / articles as i64, bytes >> 20);
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
        let mut random = Random(3);
        let mut spent = Spent::default();
        for first in (0..articles).step_by(AT_ONCE) {
            let texts: Vec<[String; 4]> = (first..(first + AT_ONCE).min(articles))
                .map(|_| {
                    let text = random.text(bytes);
                    let html = html_of(&text);
                    [random.title(), random.text(150), text, html]
                })
                .collect();
            let (before, started) = (on_processor("bare"), Instant::now());
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
            // This thread makes the texts as well, so the sum of the transactions stands for its processor time.
            spent.batches.push((started.elapsed(), spent.writer));
            spent.writer += on_processor("bare").saturating_sub(before);
        }
        spent
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
    let mut random = Random(5);
    let store = Store::open(path, Utc::now()).unwrap();
    let mut spent = Spent::default();
    let mut import = store.begin_import().await.unwrap();
    for first in (0..articles).step_by(AT_ONCE) {
        let batch: Vec<ImportRecord> = (first..(first + AT_ONCE).min(articles))
            .map(|number| ImportRecord::Article(Box::new(random.imported_article(number, bytes, Utc::now()))))
            .collect();
        let (before, started) = (on_processor("store"), Instant::now());
        let done = store.import(&mut import, batch, Utc::now()).await.unwrap();
        spent.batches.push((started.elapsed(), before));
        assert_eq!(done.known, 0);
    }
    spent.writer = on_processor("store");
    store.close().await.unwrap();
    spent
}

/// Adds the articles of these numbers.
async fn fill(path: &Path, numbers: std::ops::Range<usize>, bytes: usize, raw: bool) -> Spent {
    let mut random = Random(0x9e37_79b9_7f4a_7c15 ^ numbers.start as u64);
    let store = Store::open(path, Utc::now()).unwrap();
    let url = url::Url::parse("https://paper.example/feed").unwrap();
    store.sync_sources(&[Source::new("paper", url)], Utc::now()).await.unwrap();
    let mut spent = Spent::default();
    let mut sent = 0;
    for first in numbers.clone().step_by(AT_ONCE) {
        let entries: Vec<Entry> = (first..(first + AT_ONCE).min(numbers.end))
            .map(|i| Entry { id: Some(format!("entry-{i}")), ..Entry::default() })
            .collect();
        let (before, started) = (on_processor("store"), Instant::now());
        let claim = store.claim_sources(Utc::now(), 1, Some(Utc::now())).await.unwrap().remove(0);
        let poll = samples::poll_with(&claim, entries, Utc::now());
        store.record_poll(poll).await.unwrap();
        let claims = store.claim_entries(Utc::now(), AT_ONCE, Duration::ZERO).await.unwrap();
        let mut duration = started.elapsed();
        let outcomes: Vec<PageOutcome> = (first..)
            .zip(claims)
            .map(|(number, claim)| {
                let mut article = random.collected_article(&claim, bytes, Utc::now());
                if raw {
                    let page = page(number);
                    sent += page.encoded.as_ref().unwrap().bytes.len();
                    article.raw_page = Some(page);
                }
                samples::collected_page(&claim, article, Utc::now())
            })
            .collect();
        let started = Instant::now();
        let calls: Vec<_> = outcomes.into_iter().map(|outcome| store.record_page(outcome)).collect();
        for stored in join_all(calls).await {
            stored.unwrap();
        }
        duration += started.elapsed();
        spent.batches.push((duration, before));
    }
    if raw {
        println!("a page as sent: {} bytes", sent / numbers.len());
    }
    spent.writer = on_processor("store");
    store.close().await.unwrap();
    spent
}

/// A page as its server sends it.
fn page(number: usize) -> RawPage {
    let body = own_pages::page(number).into_bytes();
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(&body).unwrap();
    RawPage {
        status: 200,
        headers: "content-type: text/html; charset=utf-8\ncontent-encoding: gzip".into(),
        body,
        encoded: Some(EncodedBody { codings: "gzip".into(), bytes: packed.finish().unwrap() }),
        expires: None,
    }
}

/// Measures the look-up of known entries.
async fn look_up(path: &Path, articles: usize) {
    let store = Store::open(path, Utc::now()).unwrap();
    let entry = |i: usize| Entry { id: Some(format!("entry-{}", i * 7919 % articles)), ..Entry::default() };
    let entries: Vec<Entry> = (0..20_000).map(entry).collect();
    let mut each = Vec::new();
    let before = on_processor("store");
    for entries in entries.chunks(1000) {
        let keys = entries.iter().map(samples::keys_of).collect();
        let feed = Arc::new(ParsedFeed { entries: entries.to_vec(), ..ParsedFeed::default() });
        let started = Instant::now();
        store.unseen(SourceId(1), feed, keys, Vec::new()).await.unwrap();
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
        read_articles(&Reader::open(path).unwrap(), last - 1, 1)
    });
    timed("opened, and summed up", 20, |_| Reader::open(path).unwrap().summary().unwrap().seq as usize);
    let mut random = Random(7);
    let mut queries = Vec::new();
    for i in 0..150 {
        queries.push(match i % 3 {
            0 => random.word(),
            1 => format!("{} {}", random.word(), random.word()),
            _ => format!("{} OR title:{}", random.word(), random.word()),
        });
    }
    // From `w*`, which every word begins with, to whole words.
    let beginnings: Vec<String> = (0..100)
        .map(|i| {
            let word = random.word();
            let kept = 1 + i % word.len();
            format!("{word:.kept$}*")
        })
        .collect();
    let search = |query: &str, order| {
        let search = SearchRequest { query: query.to_owned(), order, limit: 20, ..SearchRequest::default() };
        reader.search(&search).unwrap().hits.len()
    };
    timed("search, newest first", queries.len(), |i| search(&queries[i], SortBy::Newest));
    timed("search, best first", queries.len(), |i| search(&queries[i], SortBy::Rank));
    timed("beginnings, newest first", beginnings.len(), |i| search(&beginnings[i], SortBy::Newest));
    timed("beginnings, best first", beginnings.len(), |i| search(&beginnings[i], SortBy::Rank));
    timed("the commonest word, newest first", 50, |_| search("w1", SortBy::Newest));
    timed("the commonest word, best first", 50, |_| search("w1", SortBy::Rank));
    // The first of three reads may wait for the disk; the others are the cost of reading.
    let numbers: Vec<i64> =
        (0..50).map(|_| (random.number() as i64 % last.max(1001) - 1000).max(0)).collect();
    timed("1,000 articles after a number", numbers.len(), |i| read_articles(&reader, numbers[i], 1000));
}

/// Reads articles as an export does; returns the bytes of their texts.
fn read_articles(reader: &Reader, since_seq: i64, limit: u64) -> usize {
    let which = ArticleQuery { since_seq, limit: Some(limit), ..ArticleQuery::default() };
    let mut bytes = 0;
    let visit = |out: ExportItem<'_>| {
        if let ExportItem::Article(article) = out {
            bytes += article.text.len();
        }
        Ok::<_, ArticleQueryError>(ControlFlow::Continue(()))
    };
    reader.for_each(&which, visit).unwrap();
    bytes
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

/// Memory of this process in MiB.
fn resident() -> u64 {
    costs::status("self", "VmRSS").unwrap_or(0) >> 10
}
