//! Small documents that break parsers, given to the real program (docs/threats.md, H13): none takes more CPU than three
//! ordinary documents of a megabyte, or 100 MB of memory.
//!
//! CPU is compared with what the same process needs for ordinary documents, so that the test means the same in every build
//! and on every machine. The limits themselves are counted in steps, see `html::ParseLimits`.

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::workspace::{Workspace, shared};

/// Most CPU time of one document, as a multiple of an ordinary one's.
const MAX_RATIO: u64 = 3;

/// CPU milliseconds below which the clock, which ticks every 10, measures an ordinary document too badly.
const MIN_MEASURED: u64 = 100;

/// Most memory of the process, in kB.
const MAX_MEMORY: u64 = 100_000;

/// Paragraphs of the ordinary page and items of the ordinary feed.
const PARAGRAPHS: usize = 4000;

/// CPU milliseconds that a process has used. A tick is 10 ms on Linux.
fn cpu(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name of the process may contain anything, brackets too.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |index: usize| fields.get(index)?.parse::<u64>().ok();
    Some((ticks(11)? + ticks(12)?) * 10)
}

/// The most memory that a process had, in kB.
fn peak(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// A page and a feed of a megabyte each, as papers have them.
fn ordinary_documents() -> [String; 2] {
    let words = "The ferry came early and the harbour master wrote it down. ".repeat(5);
    let mut page = String::from("<!doctype html><title>The ferry</title><article><h1>The ferry</h1>");
    let mut feed =
        String::from("<rss version='2.0'><channel><title>Paper</title><link>https://paper.example/</link>");
    for number in 0..PARAGRAPHS {
        write!(page, "<p>{words}<a href='/{number}'>More</a></p>").unwrap();
        write!(
            feed,
            "<item><title>Story {number}</title><link>https://paper.example/{number}</link>\
             <description>&lt;p&gt;{words}&lt;/p&gt;</description></item>"
        )
        .unwrap();
    }
    [page + "</article>", feed + "</channel></rss>"]
}

#[test]
fn h13_attacks_cost_no_more_than_ordinary_documents_and_100_mb() {
    let Some(folder) = shared("feeds/attacks") else {
        return;
    };
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    assert!(files.len() > 20, "{files:?}");
    let workspace = Workspace::new("");
    let [page, feed] = ordinary_documents();
    fs::write(workspace.path().join("page"), page).unwrap();
    fs::write(workspace.path().join("feed"), feed).unwrap();
    for (words, ordinary) in
        [(&["parse", "--jsonl"][..], "feed"), (&["extract", "--jsonl", "--no-rules"], "page")]
    {
        let mut child = workspace
            .command(words)
            .stdin(std::process::Stdio::piped())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let pid = child.id();
        let mut input = child.stdin.take().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        // The CPU time of one document; none where there is no /proc.
        let mut cost = |path: &Path| {
            let before = cpu(pid);
            let url = "https://paper.example/2026/a";
            let request = json!({"id": 1, "path": path, "base": url, "url": url});
            writeln!(input, "{request}").unwrap();
            let mut answer = String::new();
            output.read_line(&mut answer).unwrap();
            let answer: Value = serde_json::from_str(&answer)
                .unwrap_or_else(|error| panic!("{words:?} of {}: {error}", path.display()));
            let error = answer["error"].as_str().unwrap_or_default();
            assert!(!error.contains("fault of ours"), "{}: {error}", path.display());
            Some(cpu(pid)? - before?)
        };
        let ordinary = cost(&workspace.path().join(ordinary)).map(|cost| cost.max(MIN_MEASURED));
        for path in &files {
            if let (Some(cost), Some(ordinary)) = (cost(path), ordinary) {
                assert!(
                    cost <= ordinary * MAX_RATIO,
                    "{words:?} of {}: {cost} ms, an ordinary document {ordinary} ms",
                    path.display()
                );
            }
        }
        if let Some(peak) = peak(pid) {
            assert!(peak <= MAX_MEMORY, "{words:?}: {peak} kB");
        }
        drop(input);
        assert!(child.wait().unwrap().success());
    }
}
