//! Small documents that break parsers, given to the real program: none takes a second of it, or 100 MB.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::desk::{Desk, shared};

/// Most CPU time of one document, in milliseconds, and most memory of all of them, in kB.
const MOST: (u64, u64) = (1000, 100_000);

/// Milliseconds of CPU that a process has had; a tick is ten of them wherever Linux runs.
fn cpu(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name may hold anything, brackets too.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |at: usize| fields.get(at)?.parse::<u64>().ok();
    Some((ticks(11)? + ticks(12)?) * 10)
}

/// The most memory that it had, in kB.
fn peak(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[test]
fn h13_attacks_cost_less_than_a_second_and_100_mb() {
    let Some(folder) = shared("feeds/attacks") else {
        return;
    };
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    files.sort();
    assert!(files.len() > 20, "{files:?}");
    let desk = Desk::new("");
    for words in [&["parse", "--jsonl"][..], &["extract", "--jsonl", "--no-rules"]] {
        let mut child = desk
            .command(words)
            .stdin(std::process::Stdio::piped())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let mut input = child.stdin.take().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut before = None;
        for path in &files {
            let url = "https://paper.example/2026/a";
            writeln!(
                input,
                "{}",
                json!({"id": 1, "path": path, "base": url, "url": url})
            )
            .unwrap();
            let mut answer = String::new();
            output.read_line(&mut answer).unwrap();
            let answer: Value = serde_json::from_str(&answer)
                .unwrap_or_else(|error| panic!("{words:?} of {}: {error}", path.display()));
            let said = answer["error"].as_str().unwrap_or_default();
            assert!(!said.contains("fault of ours"), "{}: {said}", path.display());
            let now = cpu(child.id());
            if let (Some(before), Some(now)) = (before.or(Some(0)), now) {
                assert!(
                    now - before <= MOST.0,
                    "{words:?} of {}: {} ms",
                    path.display(),
                    now - before
                );
            }
            before = now;
        }
        if let Some(peak) = peak(child.id()) {
            assert!(peak <= MOST.1, "{words:?}: {peak} kB");
        }
        drop(input);
        assert!(child.wait().unwrap().success());
    }
}
