//! What the whole way costs: CPU seconds, memory and articles a second of the real binary, and of a plain pipeline beside it.
//!
//! The papers are served by this process; what is counted is its children alone. Absolute figures depend on the machine:
//! the ratio to the yardstick is what counts.
//!
//! ```text
//! cargo bench --bench press                        # 1,000 feeds, 200 papers of 20 pages, three rounds
//! cargo bench --bench press -- --papers 50 --rounds 1
//! cargo bench --bench press -- --only W3,W4 --against OTHER # does another build come to the same articles?
//! cargo bench --bench press -- --papers 0 --only W2 --database FILE # beside the articles of a database
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
//! The yardstick is fixed: reqwest, feed-rs, scraper, the same selectors, one transaction an article, a full-text index.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a bench prints, and one that cannot go on must say so and stop"
)]

mod costs;
mod idle;
mod kept;
mod paper;
mod plain;
#[path = "../tests/it/support/mod.rs"]
mod support;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

use costs::Used;
use support::press::Press;
use support::reply::Reply;

/// Sizes of one call.
struct Sizes {
    /// Feeds of W1 and W2.
    feeds: usize,
    /// Papers of W3 and W4, each with [`paper::ENTRIES`] pages.
    papers: usize,
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

/// The name of the plain pipeline among the works.
const YARDSTICK: &str = "yardstick";

/// One work, and what each round of it used.
struct Row {
    name: &'static str,
    used: Vec<Used>,
    /// Feeds or articles of one round.
    of: usize,
}

fn main() -> ExitCode {
    if let Ok(folder) = std::env::var(plain::FOLDER) {
        plain::run(Path::new(&folder));
        return ExitCode::SUCCESS;
    }
    let sizes = sizes();
    let papers = open_papers(sizes.feeds.max(sizes.papers), sizes.papers);
    let articles = sizes.papers * paper::ENTRIES;
    if let Some(seconds) = sizes.idle {
        let folder = tempfile::tempdir().unwrap();
        sizes.begin(folder.path(), &papers);
        idle::measure(
            &sizes.program,
            folder.path(),
            &papers,
            Duration::from_secs(seconds),
        );
        return ExitCode::SUCCESS;
    }
    println!(
        "{} feeds; {} papers of {} pages of {} KB; {} rounds\n",
        sizes.feeds,
        sizes.papers,
        paper::ENTRIES,
        paper::page(1).len() / 1000,
        sizes.rounds
    );
    let (feeds, some) = (&papers[..sizes.feeds], &papers[..sizes.papers]);
    let mut rows: Vec<Row> = Vec::new();
    for _ in 0..sizes.rounds {
        let mut done = |name: &'static str, used: Used| {
            let of = if name < "W3" { sizes.feeds } else { articles };
            match rows.iter_mut().find(|row| row.name == name) {
                Some(row) => row.used.push(used),
                None => rows.push(Row {
                    name,
                    used: vec![used],
                    of,
                }),
            }
        };
        if sizes.wants("W1") || sizes.wants("W2") {
            let folder = tempfile::tempdir().unwrap();
            sizes.begin(folder.path(), feeds);
            done("W1", ours(&sizes.program, folder.path(), &[]));
            if sizes.wants("W2") {
                done("W2", ours(&sizes.program, folder.path(), &["--all"]));
            }
        }
        for (name, defaults, rules) in [
            ("W3", "", true),
            ("W3-", "keep_pages = \"never\"\n", true),
            ("W4", "", false),
        ] {
            if sizes.wants(name) {
                done(name, sizes.way(some, defaults, rules, articles));
            }
        }
        if sizes.wants(YARDSTICK) {
            done(YARDSTICK, yardstick(some, articles));
        }
        papers.iter().for_each(Press::forget);
    }
    print(&rows);
    ExitCode::SUCCESS
}

fn sizes() -> Sizes {
    let mut sizes = Sizes {
        feeds: 1000,
        papers: 200,
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
            ("--feeds", Ok(value)) => sizes.feeds = value,
            ("--papers", Ok(value)) => sizes.papers = value,
            ("--rounds", Ok(value)) => sizes.rounds = value,
            ("--idle", Ok(value)) => sizes.idle = Some(value as u64),
            ("--only", _) => sizes.only = value.split(',').map(str::to_owned).collect(),
            ("--program", _) => sizes.program = std::path::absolute(value).unwrap(),
            ("--database", _) => sizes.database = Some(value.into()),
            ("--against", _) => sizes.against = Some(std::path::absolute(value).unwrap()),
            _ => {
                eprintln!(
                    "usage: press [--feeds N] [--papers N] [--rounds N] [--only W1,W3] [--idle SECONDS] [--program PATH] [--against PATH] [--database FILE]"
                );
                std::process::exit(2);
            }
        }
    }
    sizes
}

/// Papers on addresses of their own; the first `with_pages` have pages, too.
fn open_papers(number: usize, with_pages: usize) -> Vec<Press> {
    (0..number)
        .map(|number| {
            let press = Press::start(&format!("127.0.{}.{}", 1 + number / 250, 1 + number % 250));
            let feed = Reply::rss(paper::feed(&press.url(""), number))
                .gzip()
                .etag(format!("\"{number}\""));
            press.page("/feed", feed);
            if number < with_pages {
                for id in number * paper::ENTRIES..(number + 1) * paper::ENTRIES {
                    let page = Reply::html(paper::page(id)).gzip().etag(format!("\"{id}\""));
                    press.page(&format!("/2026/{id}"), page.clone());
                    press.page(&format!("/2026/{id}?utm_source=rss"), page);
                }
            }
            press
        })
        .collect()
}

/// Shipped settings but for the gap between requests: the servers are our own.
fn configure(folder: &Path, papers: &[Press], defaults: &str, rules: bool) {
    let mut text = format!(
        "[politeness]\nhost_gap = \"0s\"\nimpolite = true\n[fetch]\nallow_networks = [\"127.0.0.0/8\"]\n\
         [daemon]\ncontact = \"https://press.example/bot\"\n[defaults]\n{defaults}"
    );
    for (number, press) in papers.iter().enumerate() {
        let _ = write!(
            text,
            "[[source]]\nname = \"paper-{number}\"\nfeed = \"{}\"\n",
            press.url("/feed")
        );
        if rules {
            text.push_str("[source.article]\ntitle = \"h1\"\nbyline = \".by\"\nbody = \".text p\"\n");
        }
    }
    std::fs::write(folder.join("cuttings.toml"), text).unwrap();
}

impl Sizes {
    fn wants(&self, work: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == work)
    }

    /// A folder for the polls of all feeds, which take no pages.
    fn begin(&self, folder: &Path, feeds: &[Press]) {
        configure(folder, feeds, "first_poll = 0\n", false);
        if let Some(database) = &self.database {
            kept::copy(database, &folder.join("cuttings.db"));
        }
    }

    /// The whole way over `papers` into an empty database.
    fn way(&self, papers: &[Press], defaults: &str, rules: bool, articles: usize) -> Used {
        let folder = tempfile::tempdir().unwrap();
        configure(folder.path(), papers, defaults, rules);
        let used = ours(&self.program, folder.path(), &[]);
        let db = rusqlite::Connection::open(folder.path().join("cuttings.db")).unwrap();
        let method = if rules { "rule" } else { "auto" };
        let found: i64 = db
            .query_row(
                "SELECT count(*) FROM articles WHERE method = ?1 AND length(text) > 4500",
                [method],
                |row| row.get(0),
            )
            .unwrap();
        assert_eq!(found, articles as i64, "articles whole and by {method}");
        if let Some(other) = &self.against {
            let theirs = tempfile::tempdir().unwrap();
            configure(theirs.path(), papers, defaults, rules);
            ours(other, theirs.path(), &[]);
            let theirs = rusqlite::Connection::open(theirs.path().join("cuttings.db")).unwrap();
            let same = told(&db) == told(&theirs);
            assert!(same, "{} comes to other articles", other.display());
        }
        used
    }
}

/// All that readers are told of the articles, but for numbers and times of a run.
fn told(db: &rusqlite::Connection) -> Vec<Vec<rusqlite::types::Value>> {
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
    command.current_dir(folder).args([
        "--quiet",
        "--config",
        "cuttings.toml",
        "--database",
        "cuttings.db",
        "run",
    ]);
    command
}

fn yardstick(papers: &[Press], articles: usize) -> Used {
    let folder = tempfile::tempdir().unwrap();
    let urls: String = papers.iter().map(|press| press.url("/feed\n")).collect();
    std::fs::write(folder.path().join("feeds"), urls).unwrap();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.env(plain::FOLDER, folder.path());
    let used = measured(&mut command);
    assert_eq!(
        plain::articles(folder.path()),
        articles as i64,
        "the yardstick missed pages"
    );
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
