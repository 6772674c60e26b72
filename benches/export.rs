//! Exports by the real binary, of a database on disk into files in memory: megabytes a second, and the peak of its memory.
//!
//! `CUTTINGS_BENCH_ARTICLES=200000 cargo bench --features full --bench export` for the figures we claim; without it, a
//! tenth of them. What counts is the size of the articles as JSON Lines, whatever the form writes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a bench says what it found and stops where it cannot go on"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use cuttings::store::{Arrival, Import, Store};

const ROUNDS: usize = 3;

/// Words of an article: about 2.5 KB of text, and the same again as HTML.
fn article(number: i64) -> Arrival {
    const WORDS: [&str; 16] = [
        "bridge",
        "harbour",
        "the",
        "council",
        "said",
        "on",
        "Tuesday",
        "of",
        "„quoted“",
        "after",
        "eleven",
        "years",
        "and",
        "nobody",
        "\"asked\"",
        "río",
    ];
    let mut state = number.unsigned_abs().wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let (mut text, mut html) = (String::new(), String::new());
    for _ in 0..8 {
        let mut paragraph = String::new();
        for _ in 0..50 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let word = WORDS[(state % 16) as usize];
            paragraph.push_str(word);
            // Numbers keep it from being the same text again and again.
            if state.is_multiple_of(5) {
                paragraph.push_str(&format!("{}", state % 99_991));
            }
            paragraph.push(' ');
        }
        text.push_str(&paragraph);
        text.push_str("\n\n");
        html.push_str(&format!("<p class=\"x\">{paragraph}</p>"));
    }
    let at = "2026-11-24T03:50:00Z".parse().unwrap();
    Arrival::Article(Box::new(Import {
        seq: number,
        id: number,
        revised: false,
        source: Some(format!("paper-{}", number % 40)),
        url: format!("https://press.example/2026/{number}").parse().unwrap(),
        short_link: None,
        title: Some(format!("Article {number}, and what it says")),
        standfirst: Some("What it says, in short.".into()),
        byline: Some("By Ada Lindqvist and Tom Okafor".into()),
        authors: vec!["Ada Lindqvist".into(), "Tom Okafor".into()],
        published: Some("2026-11-23T07:40:00+01:00".into()),
        published_at: Some(at),
        precision: Some("minute".into()),
        modified: None,
        text,
        html,
        image: None,
        language: Some("en".into()),
        site: None,
        section: None,
        tags: vec!["Harbour".into(), "Trade".into()],
        rights: None,
        enclosures: "[]".into(),
        method: "auto".into(),
        kind: "article".into(),
        origins: "{\"title\":\"json-ld\",\"text\":\"auto\"}".into(),
        cluster: number,
        first_seen: at,
        fetched_at: at,
    }))
}

fn main() {
    let articles: i64 = std::env::var("CUTTINGS_BENCH_ARTICLES").map_or(20_000, |text| text.parse().unwrap());
    // Once built, a database is kept for the next time.
    let built = std::env::temp_dir().join(format!("cuttings-bench-{articles}.db"));
    if !built.exists() {
        build(&built, articles);
    }
    let memory = PathBuf::from("/dev/shm");
    let memory = if memory.is_dir() {
        memory
    } else {
        std::env::temp_dir()
    };
    let folder = tempfile::tempdir_in(memory).unwrap();
    let mut size = 0;
    println!("{articles} articles");
    for (form, more) in [
        ("jsonl", &[][..]),
        ("jsonl", &["--compress", "zstd"]),
        ("csv", &[]),
        ("rss", &[]),
        ("sqlite", &[]),
        ("parquet", &[]),
    ] {
        let mut rounds: Vec<(Duration, u64)> = Vec::new();
        let target = folder.path().join("out");
        for _ in 0..ROUNDS {
            match export(&built, form, more, &target) {
                Some(round) => rounds.push(round),
                None => break,
            }
        }
        rounds.sort();
        let Some((time, peak)) = rounds.get(rounds.len() / 2) else {
            println!("{form:8} not in this build");
            continue;
        };
        let written = fs::metadata(&target).unwrap().len();
        if size == 0 {
            size = written;
        }
        println!(
            "{form:8} {:14} {:6.0} MB/s  {:5.2} s  {:5} MB written  {peak:3} MB of memory at most",
            more.join(" "),
            size as f64 / 1e6 / time.as_secs_f64(),
            time.as_secs_f64(),
            written / 1_000_000,
        );
    }
}

fn build(path: &Path, articles: i64) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let now = "2026-11-24T04:00:00Z".parse().unwrap();
    runtime.block_on(async {
        let store = Store::open(path, now).unwrap();
        for first in (1..=articles).step_by(500) {
            let batch = (first..(first + 500).min(articles + 1)).map(article).collect();
            store.import(batch, true, now).await.unwrap();
        }
        store.close().await.unwrap();
    });
}

/// One export: its time, and the most memory it had, in megabytes; none where the build has no such form.
fn export(database: &Path, form: &str, more: &[&str], target: &Path) -> Option<(Duration, u64)> {
    let begun = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_cuttings"))
        .args(["export", "--format", form, "--to"])
        .arg(target)
        .args(more)
        .arg("--database")
        .arg(database)
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    loop {
        // The highest so far, so that the last look is as good as many.
        let text = fs::read_to_string(&status).unwrap_or_default();
        let seen = text
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
        peak = seen
            .and_then(|kb| kb.trim().parse().ok())
            .unwrap_or(peak)
            .max(peak);
        if let Some(status) = child.try_wait().unwrap() {
            return status.success().then(|| (begun.elapsed(), peak / 1000));
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}
