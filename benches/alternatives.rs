//! Measures the crates that were the first choice: feed-rs for feeds, scraper (html5ever) for pages. docs/design quotes the
//! figures.
//!
//! `cargo bench --bench alternatives` prints
//!
//! - the score of feed-rs over the shared feed corpora, by the scorer that comes with them (python3),
//! - the answer of feed-rs to each hostile feed beside them, in a process of its own,
//! - CPU seconds of scraper for nested elements, and how they grow with depth.
//!
//! With `parse --jsonl` it is a filter like the program's own, which is how the scorer runs it. Missing corpora are left
//! out with a line.

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

use std::io::{BufRead as _, Write as _};
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

const SHARED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/feeds");

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.first().map(String::as_str) {
        Some("parse") => filter(),
        Some("read") => println!("{}", verdict(Path::new(&args[1]))),
        Some("nest") => drop(scraper::Html::parse_document(&nested(&args[1], args[2].parse().unwrap()))),
        _ => {
            corpora();
            hostile();
            depth();
        }
    }
}

/// Feeds named on stdin to entries on stdout, by feed-rs.
fn filter() {
    std::panic::set_hook(Box::new(|_| ()));
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let request: Value = serde_json::from_str(&line.unwrap()).unwrap();
        let (id, base) = (&request["id"], request["base"].as_str().map(str::to_owned));
        let bytes = std::fs::read(request["path"].as_str().unwrap()).unwrap();
        let read = catch_unwind(move || {
            let parser = feed_rs::parser::Builder::new().base_uri(base.as_deref()).build();
            parser.parse(bytes.as_slice()).map_err(|error| error.to_string())
        });
        let answer = match read {
            Ok(Ok(feed)) => {
                json!({"id": id, "ok": true, "entries": feed.entries.iter().map(entry).collect::<Vec<_>>()})
            }
            Ok(Err(error)) => json!({"id": id, "ok": false, "error": error}),
            Err(_) => json!({"id": id, "ok": false, "error": "panic"}),
        };
        writeln!(out, "{answer}").unwrap();
    }
}

fn entry(entry: &feed_rs::model::Entry) -> Value {
    json!({
        "title": entry.title.as_ref().map(|title| &title.content),
        "link": entry.links.first().map(|link| &link.href),
        "id": entry.id,
        "published": entry.published.map(|at| at.to_rfc3339()),
        "updated": entry.updated.map(|at| at.to_rfc3339()),
        "summary": entry.summary.as_ref().map(|text| &text.content),
        "content": entry.content.as_ref().and_then(|content| content.body.as_ref()),
    })
}

/// Read on a thread with the 2 MiB of stack that threads of a runtime have.
fn verdict(path: &Path) -> &'static str {
    std::panic::set_hook(Box::new(|_| ()));
    let bytes = std::fs::read(path).unwrap();
    let reader = std::thread::Builder::new()
        .stack_size(2 << 20)
        .spawn(move || feed_rs::parser::parse(bytes.as_slice()).map(|_| ()));
    match reader.unwrap().join() {
        Ok(Ok(())) => "read",
        Ok(Err(_)) => "error",
        Err(_) => "panic",
    }
}

/// This program again, as the child that may die.
fn itself() -> Command {
    Command::new(std::env::current_exe().unwrap())
}

fn corpora() {
    let scorer = Path::new(SHARED).join("run.py");
    if !scorer.exists() {
        println!("feed-rs over the corpora: left out, {SHARED} is not there");
        return;
    }
    let scored =
        Command::new("python3").arg(scorer).arg(std::env::current_exe().unwrap()).arg("--json").output();
    let total = scored
        .ok()
        .and_then(|scored| serde_json::from_slice::<Value>(&scored.stdout).ok())
        .map(|table| table["TOTAL"].clone());
    let Some(Value::Object(total)) = total else {
        println!("feed-rs over the corpora: left out, the scorer did not run");
        return;
    };
    println!("feed-rs over the corpora, per cent of the feeds right:");
    for (field, counts) in &total {
        let (right, of) = (counts[0].as_f64().unwrap(), counts[1].as_f64().unwrap());
        println!("  {field:<8}{:6.1}", 100.0 * right / of.max(1.0));
    }
}

fn hostile() {
    let Ok(folder) = std::fs::read_dir(Path::new(SHARED).join("attacks")) else {
        println!("hostile feeds: left out, {SHARED}/attacks is not there");
        return;
    };
    let mut files: Vec<PathBuf> = folder.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    println!("feed-rs and hostile feeds:");
    for file in files.iter().filter(|file| file.extension().is_some_and(|ending| ending == "xml")) {
        let ended = itself().arg("read").arg(file).stderr(Stdio::null()).output().unwrap();
        let said = String::from_utf8_lossy(&ended.stdout).trim().to_owned();
        let said = if said.is_empty() { format!("the process dies ({})", ended.status) } else { said };
        println!("  {:<28}{said}", file.file_name().unwrap().to_string_lossy());
    }
}

/// `<div>` in `<div>`, or `<ul><li>` in each other.
fn nested(kind: &str, depth: usize) -> String {
    match kind {
        "div" => "<div>".repeat(depth),
        _ => "<ul><li>x".repeat(depth),
    }
}

fn depth() {
    println!("scraper: CPU seconds for nested elements, by depth");
    for (kind, depths) in [("div", [5_000, 10_000, 20_000, 40_000]), ("ul-li", [1_000, 2_000, 4_000, 8_000])]
    {
        print!("  {kind:<8}");
        for depth in depths {
            let before = children();
            let ended =
                itself().args(["nest", kind, &depth.to_string()]).stderr(Stdio::null()).status().unwrap();
            let spent = children().saturating_sub(before);
            if ended.success() {
                print!("{depth:>8}: {:.2}", spent.as_secs_f64());
            } else {
                print!("{depth:>8}: dies");
            }
        }
        println!();
    }
}

/// CPU time of children that ended, in hundredths of a second: fields 16 and 17 of `/proc/self/stat` (proc(5)).
fn children() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let ticks = stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(13).take(2);
    Duration::from_millis(10 * ticks.filter_map(|ticks| ticks.parse::<u64>().ok()).sum::<u64>())
}
