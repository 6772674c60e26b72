//! A small press on loopback and the whole job against it: `cargo run --example newsroom`.
//!
//! Six papers open on 127.0.0.2 to 127.0.0.7, the real binary polls and collects them into a fresh folder, and what
//! it kept is compared with what was served. Nothing leaves the machine. Ends with 0 when every article that was
//! served is there, once.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "an example talks to whoever runs it")]

#[path = "../tests/it/support/mod.rs"]
mod support;

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, ExitCode, ExitStatus};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use anyhow::{Context, bail};
use serde_json::Value;

use support::newsroom::{Newsroom, Served};
use support::program;

/// What a shell reports for a program that Ctrl-C ended.
const INTERRUPTED: u8 = 130;

fn main() -> ExitCode {
    let interrupted = Arc::new(AtomicBool::new(false));
    match run(&interrupted) {
        _ if interrupted.load(Ordering::SeqCst) => {
            eprintln!("stopped");
            ExitCode::from(INTERRUPTED)
        }
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The whole job; whether everything that was served is there.
fn run(interrupted: &Arc<AtomicBool>) -> anyhow::Result<bool> {
    let _listening = on_interrupt(Arc::clone(interrupted))?;
    let binary = program::built()?;
    let room = Newsroom::start();
    let folder = tempfile::Builder::new().prefix("cuttings-newsroom-").tempdir()?;
    let config = room.write_config(folder.path());
    println!(
        "{} papers on loopback print {} entries; they lead to {} articles and {} page that is gone.\n",
        room.sources().count(),
        room.entries(),
        room.served().len(),
        room.gone().len(),
    );

    let started = Instant::now();
    let ended = cuttings(&binary, &config, ["run", "--once", "--wait", "20s"])?;
    if interrupted.load(Ordering::SeqCst) {
        return Ok(false);
    }
    // 1 is right: one page is gone, and that needs a person.
    if !matches!(ended.code(), Some(0 | 1)) {
        bail!("`cuttings run` ended with {ended}; its messages are above");
    }
    println!("\n{:.1} s; {}", started.elapsed().as_secs_f64(), asked(&room));

    let export = folder.path().join("articles.jsonl");
    let words =
        ["export".as_ref(), "--format".as_ref(), "jsonl".as_ref(), "--to".as_ref(), export.as_os_str()];
    let ended = cuttings(&binary, &config, words)?;
    if !ended.success() {
        bail!("`cuttings export` ended with {ended}; its messages are above");
    }
    let articles = read_lines(&export)?;
    let faults = compare(&articles, room.served());
    for fault in &faults {
        eprintln!("{fault}");
    }
    if !faults.is_empty() {
        eprintln!("\nThe folder is kept: {}", folder.keep().display());
        return Ok(false);
    }
    println!("{} articles exported, none missing, none twice.", articles.len());
    what_next(&binary, &config, &folder.keep());
    Ok(true)
}

/// Ctrl-C reaches the job as well, which finishes what it is at; here it is only remembered.
fn on_interrupt(interrupted: Arc<AtomicBool>) -> anyhow::Result<tokio::runtime::Runtime> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.spawn(async move {
        while tokio::signal::ctrl_c().await.is_ok() {
            interrupted.store(true, Ordering::SeqCst);
        }
    });
    Ok(runtime)
}

/// Runs the real thing with this terminal.
fn cuttings<I: IntoIterator<Item = A>, A: AsRef<OsStr>>(
    binary: &Path,
    config: &Path,
    words: I,
) -> anyhow::Result<ExitStatus> {
    Command::new(binary)
        .arg("--config")
        .arg(config)
        .args(words)
        .status()
        .with_context(|| format!("cannot start {}", binary.display()))
}

/// What the servers saw.
fn asked(room: &Newsroom) -> String {
    let feeds: usize = room.sources().map(|name| room.feed_requests(name).len()).sum();
    let pages = room.page_requests().len();
    let most = room.sources().map(|name| room.press(name).most_in_flight()).max().unwrap_or(0);
    format!(
        "the papers were asked {feeds} times for a feed and {pages} times for a page, at most {most} at a time each"
    )
}

fn read_lines(path: &Path) -> anyhow::Result<Vec<Value>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    text.lines()
        .enumerate()
        .map(|(i, line)| {
            serde_json::from_str(line).with_context(|| format!("{}:{} is no JSON", path.display(), i + 1))
        })
        .collect()
}

/// What is missing, doubled or foreign, a line each.
fn compare(articles: &[Value], served: &[Served]) -> Vec<String> {
    let text = |article: &Value| article["text"].as_str().unwrap_or_default().to_owned();
    let mut faults = Vec::new();
    for expected in served {
        let found = articles.iter().filter(|article| text(article).contains(expected.first_words));
        let titles: Vec<_> = found.map(|article| article["title"].as_str().unwrap_or_default()).collect();
        match titles.as_slice() {
            [] => faults.push(format!("missing: {:?} ({})", expected.title, expected.page)),
            [title] if *title != expected.title => {
                faults.push(format!("wrong title: {title:?}, not {:?} ({})", expected.title, expected.page));
            }
            [_] => {}
            more => faults.push(format!("{} times: {:?} ({})", more.len(), expected.title, expected.page)),
        }
    }
    for article in articles {
        if !served.iter().any(|expected| text(article).contains(expected.first_words)) {
            faults.push(format!("nobody served this: {}", article["title"]));
        }
    }
    faults
}

fn what_next(binary: &Path, config: &Path, folder: &Path) {
    let here = std::env::current_dir().unwrap_or_default();
    let cuttings = binary.strip_prefix(here).unwrap_or(binary).display();
    let (config, database) = (config.display(), folder.join("cuttings.db"));
    println!(
        "\nTry next:\n\
         \x20 sqlite3 {} 'SELECT seq, published, title FROM articles ORDER BY published_at DESC'\n\
         \x20 {cuttings} --config {config} status\n\
         \x20 {cuttings} --config {config} export --format jsonl\n\
         \nEverything is in {}; remove the folder when you are done.",
        database.display(),
        folder.display(),
    );
}
