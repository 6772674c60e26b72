//! The cost of the whole way: CPU seconds, memory and articles a second of the real binary, and of a yardstick beside it.
//!
//! The papers are served by this process; what is counted is its children alone. Absolute figures depend on the machine:
//! only the ratio to the yardstick can be compared.
//!
//! ```text
//! cargo bench --bench press                        # real and own pages, 1,000 feeds, 200 papers of 20 pages, three rounds
//! cargo bench --bench press -- --papers 50 --rounds 1 --pages real
//! cargo bench --bench press -- --only W3,W4 --against OTHER # does another build come to the same articles?
//! cargo bench --bench press -- --papers 0 --only W2 --database FILE # beside the articles of a database
//! cargo bench --bench press --features html5ever-only -- --only W3,yardstick # without the fast parser of pages
//! cargo bench --bench press -- --papers 0 --idle 120 # what a daemon with all feeds polled costs in two minutes
//! ```
//!
//! | work | what is done |
//! |---|---|
//! | W1 | every feed for the first time, no pages |
//! | W2 | every feed again: 304 |
//! | W3 | feeds and pages, cut out by rules; the yardstick does the same |
//! | W3- | the same, raw pages not kept |
//! | W4 | feeds and pages, cut out automatically |
//!
//! W3 and W4 are done with two kinds of pages, which are printed apart: real ones ([`real_pages`]: markup of 100 sites,
//! our words; left out where `../shared` is not there) and our own ([`own_pages`]: small, the same everywhere).
//!
//! The yardstick is fixed: reqwest, feed-rs, scraper, the same selectors, one transaction an article, a full-text index.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a bench prints, and one that cannot go on must say so and stop"
)]

mod costs;
mod database_copy;
mod idle;
mod own_pages;
mod real_pages;
#[path = "../tests/it/support/mod.rs"]
mod support;
mod yardstick;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

use costs::Used;
use support::press::Press;
use support::reply::Reply;
use yardstick::Rules;

/// The arguments.
struct Arguments {
    /// Feeds of W1 and W2.
    feeds: usize,
    /// Papers of W3 and W4, each with [`own_pages::ENTRIES`] pages.
    papers: usize,
    /// `real` or `own`: the only kind of pages. Empty: both.
    pages: String,
    /// Each work is done so often; medians are printed.
    rounds: usize,
    /// The works that are done; empty: all.
    only: Vec<String>,
    /// What is measured: this build, or another one to compare it with.
    program: PathBuf,
    /// In place of all works: so many seconds of a daemon with nothing to do.
    idle: Option<u64>,
    /// Another build that must come to the same articles.
    against: Option<PathBuf>,
    /// W1, W2 and `--idle` begin with a copy of this database.
    database: Option<PathBuf>,
}

/// The name of the yardstick among the works.
const YARDSTICK: &str = "yardstick";

/// A site with a feed; the rules cut out its articles.
struct Paper {
    press: Press,
    rules: Rules,
}

/// Papers with pages of one kind.
struct PageSet {
    name: &'static str,
    /// Those of W3 and W4; each has pages.
    papers: Vec<Paper>,
    /// Characters of each article's text, at least.
    min_text: i64,
    /// The share of the pages that must become such articles.
    min_share: f64,
    /// Bytes of a page on average.
    mean_size: usize,
}

/// One work, and what each round of it used.
struct Row {
    name: &'static str,
    used: Vec<Used>,
    /// Feeds or articles of one round.
    of: usize,
}

fn main() -> ExitCode {
    if let Ok(folder) = std::env::var(yardstick::FOLDER) {
        yardstick::run(Path::new(&folder));
        return ExitCode::SUCCESS;
    }
    let arguments = arguments();
    if cfg!(feature = "html5ever-only") {
        println!("html5ever only: without the fast parser of pages");
    }
    if arguments.wants("W1") || arguments.wants("W2") || arguments.idle.is_some() {
        let feeds: Vec<Paper> = (0..arguments.feeds).map(|number| open_feed(1, number)).collect();
        if let Some(seconds) = arguments.idle {
            let folder = tempfile::tempdir().unwrap();
            arguments.begin(folder.path(), &feeds);
            let presses: Vec<&Press> = feeds.iter().map(|paper| &paper.press).collect();
            let time = Duration::from_secs(seconds);
            idle::measure(&arguments.program, folder.path(), &presses, time);
            return ExitCode::SUCCESS;
        }
        println!("{} feeds, {} rounds", feeds.len(), arguments.rounds);
        arguments.measure_feeds(&feeds);
    }
    for (name, open) in [("real", open_real_pages as fn(usize) -> PageSet), ("own", open_own_pages)] {
        if arguments.papers > 0 && (arguments.pages.is_empty() || arguments.pages == name) {
            let set = open(arguments.papers);
            if !set.papers.is_empty() {
                println!(
                    "{}: {} papers of {} pages of {} KB, {} rounds",
                    set.name,
                    set.papers.len(),
                    own_pages::ENTRIES,
                    set.mean_size / 1000,
                    arguments.rounds
                );
                arguments.measure_pages(&set);
            }
        }
    }
    ExitCode::SUCCESS
}

/// Adds what a work used to its row.
fn add(rows: &mut Vec<Row>, name: &'static str, of: usize, used: Used) {
    match rows.iter_mut().find(|row| row.name == name) {
        Some(row) => row.used.push(used),
        None => rows.push(Row { name, used: vec![used], of }),
    }
}

fn arguments() -> Arguments {
    let mut arguments = Arguments {
        feeds: 1000,
        papers: 200,
        pages: String::new(),
        rounds: 3,
        only: Vec::new(),
        program: PathBuf::from(env!("CARGO_BIN_EXE_cuttings")),
        idle: None,
        against: None,
        database: None,
    };
    let mut words = std::env::args().skip(1).filter(|word| word != "--bench");
    while let Some(word) = words.next() {
        let value = words.next().unwrap_or_default();
        match (word.as_str(), value.parse()) {
            ("--feeds", Ok(value)) => arguments.feeds = value,
            ("--papers", Ok(value)) => arguments.papers = value,
            ("--rounds", Ok(value)) => arguments.rounds = value,
            ("--idle", Ok(value)) => arguments.idle = Some(value as u64),
            ("--pages", _) if matches!(value.as_str(), "real" | "own") => arguments.pages = value,
            ("--only", _) => arguments.only = value.split(',').map(str::to_owned).collect(),
            ("--program", _) => arguments.program = std::path::absolute(value).unwrap(),
            ("--database", _) => arguments.database = Some(value.into()),
            ("--against", _) => arguments.against = Some(std::path::absolute(value).unwrap()),
            _ => {
                eprintln!(
                    "usage: press [--feeds N] [--papers N] [--rounds N] [--pages real|own] [--only W1,W3] [--idle SECONDS] [--program PATH] [--against PATH] [--database FILE]"
                );
                std::process::exit(2);
            }
        }
    }
    arguments
}

/// A paper on an address of its own, with a feed and no pages.
fn open_feed(network: usize, number: usize) -> Paper {
    let press = Press::start(&format!("127.{network}.{}.{}", 1 + number / 250, 1 + number % 250));
    let feed = Reply::rss(own_pages::feed(&press.url(""), number)).gzip();
    press.page("/feed", feed.etag(format!("\"{number}\"")));
    let rules = Rules { title: "h1".to_owned(), byline: ".by".to_owned(), body: ".text p".to_owned() };
    Paper { press, rules }
}

/// Adds the pages of a paper; returns their bytes in all.
fn add_pages(press: &Press, number: usize, page: impl Fn(&str, usize) -> String) -> usize {
    let mut bytes = 0;
    for id in number * own_pages::ENTRIES..(number + 1) * own_pages::ENTRIES {
        let path = format!("/2026/{id}");
        let html = page(&press.url(&path), id);
        bytes += html.len();
        let reply = Reply::html(html).gzip().etag(format!("\"{id}\""));
        press.page(&format!("{path}?utm_source=rss"), reply.clone());
        press.page(&path, reply);
    }
    bytes
}

fn open_own_pages(number: usize) -> PageSet {
    let papers: Vec<Paper> = (0..number).map(|number| open_feed(2, number)).collect();
    let pages = papers.iter().enumerate();
    let bytes: usize =
        pages.map(|(number, paper)| add_pages(&paper.press, number, |_, id| own_pages::page(id))).sum();
    PageSet {
        name: "own pages",
        min_text: 4500,
        min_share: 1.0,
        mean_size: bytes / (number * own_pages::ENTRIES),
        papers,
    }
}

/// The templates by turns, one for each paper.
fn open_real_pages(number: usize) -> PageSet {
    let templates = real_pages::templates();
    let (mut papers, mut bytes) = (Vec::new(), 0);
    for (number, template) in templates.iter().cycle().take(number).enumerate() {
        let mut paper = open_feed(3, number);
        paper.rules.body.clone_from(&template.container);
        bytes += add_pages(&paper.press, number, |url, id| template.page(url, id));
        papers.push(paper);
    }
    PageSet {
        name: "real pages",
        min_text: 1000,
        min_share: 0.95,
        mean_size: bytes / (number * own_pages::ENTRIES),
        papers,
    }
}

/// Shipped settings but for the gap between requests: the servers are our own.
fn configure(folder: &Path, papers: &[Paper], defaults: &str, by_rules: bool) {
    let mut text = format!(
        "[politeness]\nhost_gap = \"0s\"\nimpolite = true\n[fetch]\nallow_networks = [\"127.0.0.0/8\"]\n\
         [daemon]\ncontact = \"https://press.example/bot\"\n[defaults]\n{defaults}"
    );
    for (number, Paper { press, rules }) in papers.iter().enumerate() {
        let url = press.url("/feed");
        let _ = write!(text, "[[source]]\nname = \"paper-{number}\"\nfeed = \"{url}\"\n");
        if by_rules {
            let Rules { title, byline, body } = rules;
            let _ =
                write!(text, "[source.article]\ntitle = {title:?}\nbyline = {byline:?}\nbody = {body:?}\n");
        }
    }
    std::fs::write(folder.join("cuttings.toml"), text).unwrap();
}

impl Arguments {
    fn wants(&self, work: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == work)
    }

    /// Prepares a folder for the polls of all feeds, without pages.
    fn begin(&self, folder: &Path, feeds: &[Paper]) {
        configure(folder, feeds, "first_poll = 0\n", false);
        if let Some(database) = &self.database {
            database_copy::copy(database, &folder.join("cuttings.db"));
        }
    }

    /// W1 and W2.
    fn measure_feeds(&self, feeds: &[Paper]) {
        let mut rows = Vec::new();
        for _ in 0..self.rounds {
            let folder = tempfile::tempdir().unwrap();
            self.begin(folder.path(), feeds);
            add(&mut rows, "W1", feeds.len(), ours(&self.program, folder.path(), &[]));
            if self.wants("W2") {
                let used = ours(&self.program, folder.path(), &["--all"]);
                add(&mut rows, "W2", feeds.len(), used);
            }
            for paper in feeds {
                paper.press.forget();
            }
        }
        print(&rows);
    }

    /// W3, W4 and the yardstick, by turns.
    fn measure_pages(&self, set: &PageSet) {
        let (mut rows, articles) = (Vec::new(), set.papers.len() * own_pages::ENTRIES);
        for _ in 0..self.rounds {
            for (name, defaults, by_rules) in
                [("W3", "", true), ("W3-", "keep_pages = \"never\"\n", true), ("W4", "", false)]
            {
                if self.wants(name) {
                    add(&mut rows, name, articles, self.collect(set, defaults, by_rules));
                }
            }
            if self.wants(YARDSTICK) {
                add(&mut rows, YARDSTICK, articles, run_yardstick(set));
            }
            for paper in &set.papers {
                paper.press.forget();
            }
        }
        print(&rows);
    }

    /// Collects all papers into an empty database.
    fn collect(&self, set: &PageSet, defaults: &str, by_rules: bool) -> Used {
        let folder = tempfile::tempdir().unwrap();
        configure(folder.path(), &set.papers, defaults, by_rules);
        let used = ours(&self.program, folder.path(), &[]);
        let db = rusqlite::Connection::open(folder.path().join("cuttings.db")).unwrap();
        let method = if by_rules { "rule" } else { "auto" };
        let sql = "SELECT count(*) FROM articles WHERE method = ?1 AND length(text) >= ?2";
        let found: i64 = db.query_row(sql, (method, set.min_text), |row| row.get(0)).unwrap();
        set.check(&format!("articles by {method}"), found);
        if let Some(other) = &self.against {
            let other_folder = tempfile::tempdir().unwrap();
            configure(other_folder.path(), &set.papers, defaults, by_rules);
            ours(other, other_folder.path(), &[]);
            let other_db = rusqlite::Connection::open(other_folder.path().join("cuttings.db")).unwrap();
            let is_same = contents(&db) == contents(&other_db);
            assert!(is_same, "{} comes to other articles", other.display());
        }
        used
    }
}

impl PageSet {
    /// Fails if fewer pages became articles than must.
    fn check(&self, what: &str, found: i64) {
        let pages = self.papers.len() * own_pages::ENTRIES;
        let share = found as f64 / pages as f64;
        assert!(share >= self.min_share, "{}: {found} {what} of {pages} pages", self.name);
    }
}

/// All that consumers read of the articles, except for numbers and times of a run.
fn contents(db: &rusqlite::Connection) -> Vec<Vec<rusqlite::types::Value>> {
    let sql = "SELECT url, short_link, title, standfirst, byline, authors, published, published_at, precision, modified, \
               text, html, image, language, site, source, method, kind, origins, \
               (SELECT json_group_array(kind || ' ' || key) FROM (SELECT kind, key FROM aliases \
                WHERE aliases.article_id = articles.article_id ORDER BY 1, 2)) FROM articles ORDER BY url";
    let mut query = db.prepare(sql).unwrap();
    let columns = query.column_count();
    query
        .query_map([], |row| (0..columns).map(|column| row.get(column)).collect())
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap()
}

fn ours(program: &Path, folder: &Path, more: &[&str]) -> Used {
    measured(run(program, folder).arg("--once").args(more))
}

/// The program over the configuration and the database of a folder.
fn run(program: &Path, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .current_dir(folder)
        .args(["--quiet", "--config", "cuttings.toml", "--database", "cuttings.db", "run"]);
    command
}

fn run_yardstick(set: &PageSet) -> Used {
    let folder = tempfile::tempdir().unwrap();
    let feeds = set.papers.iter().map(|paper| (paper.press.url("/feed"), &paper.rules));
    yardstick::write_feeds(folder.path(), feeds);
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.env(yardstick::FOLDER, folder.path());
    let used = measured(&mut command);
    let found = yardstick::articles(folder.path(), set.min_text);
    set.check("articles of the yardstick", found);
    used
}

fn measured(command: &mut Command) -> Used {
    costs::used(command).unwrap_or_else(|| panic!("{command:?} failed"))
}

fn print(rows: &[Row]) {
    let median = |used: &[Used], part: fn(&Used) -> f64| {
        let mut values: Vec<f64> = used.iter().map(part).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    let per_thousand = |row: &Row| median(&row.used, |used| used.cpu) * 1000.0 / row.of as f64;
    let yardstick = rows.iter().find(|row| row.name == YARDSTICK).map(per_thousand);
    println!("work       CPU s per 1,000   of yardstick   articles/s   peak MB");
    for row in rows {
        let cost = per_thousand(row);
        let speed = row.of as f64 / median(&row.used, |used| used.wall);
        let ratio = yardstick
            .filter(|_| row.name >= "W3")
            .map(|yardstick| format!("{:.2}", cost / yardstick))
            .unwrap_or_default();
        println!(
            "{:<11}{cost:>15.3}{ratio:>15}{speed:>13.0}{:>10.0}",
            row.name,
            median(&row.used, |used| used.peak)
        );
    }
}
