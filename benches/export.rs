//! Exports by the real binary, of a database on disk into files in memory: megabytes for each second of its CPU, and the
//! peak of its memory. Before them the yardstick: a plain SELECT of the same columns whose texts are written as they are.
//!
//! `CUTTINGS_BENCH_ARTICLES=200000 cargo bench --bench export` for the figures we claim; without it, a
//! tenth of them. Megabytes are those of the articles as JSON Lines, whatever the format writes. The fastest of five
//! rounds is printed, for other work on the machine can only add time.

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

mod costs;
mod samples;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use costs::Used;
use cuttings::store::{ImportRecord, ImportedText, Store};

const ROUNDS: usize = 5;

/// Words of an article: about 2.5 KB of text, and the same again as HTML.
fn article(number: i64) -> ImportRecord {
    const WORDS: [&str; 16] = [
        "bridge", "harbour", "the", "council", "said", "on", "Tuesday", "of", "„quoted“", "after", "eleven",
        "years", "and", "nobody", "\"asked\"", "río",
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
    let url = format!("https://press.example/2026/{number}");
    let mut article = samples::imported_article(number, &url, text, html, at);
    article.text = ImportedText {
        source: Some(format!("paper-{}", number % 40)),
        title: Some(format!("Article {number}, and what it says")),
        standfirst: Some("What it says, in short.".into()),
        byline: Some("By Ada Lindqvist and Tom Okafor".into()),
        authors: vec!["Ada Lindqvist".into(), "Tom Okafor".into()],
        published: Some("2026-11-23T07:40:00+01:00".into()),
        precision: Some("minute".into()),
        language: Some("en".into()),
        tags: vec!["Harbour".into(), "Trade".into()],
        origins: "{\"title\":\"json-ld\",\"text\":\"auto\"}".into(),
        ..article.text
    };
    ImportRecord::Article(Box::new(article))
}

fn main() {
    if let [_, word, database, target] = &std::env::args().collect::<Vec<_>>()[..]
        && word == "yardstick"
    {
        return yardstick(Path::new(database), Path::new(target));
    }
    let articles: i64 = std::env::var("CUTTINGS_BENCH_ARTICLES").map_or(20_000, |text| text.parse().unwrap());
    // Once built, a database is kept for the next time.
    let built = std::env::temp_dir().join(format!("cuttings-bench-{articles}.db"));
    if !built.exists() {
        build(&built, articles);
    }
    let memory = PathBuf::from("/dev/shm");
    let memory = if memory.is_dir() { memory } else { std::env::temp_dir() };
    let folder = tempfile::tempdir_in(memory).unwrap();
    let target = folder.path().join("out");
    println!("{articles} articles");
    let plain = least(|| {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.arg("yardstick").arg(&built).arg(&target);
        costs::used(command.stderr(Stdio::null()))
    });
    let mut size = 0;
    let mut rows = vec![("yardstick".to_owned(), plain, fs::metadata(&target).unwrap().len())];
    for (form, more) in [
        ("jsonl", &[][..]),
        ("jsonl", &["--compress", "zstd"]),
        ("csv", &[]),
        ("rss", &[]),
        ("sqlite", &[]),
        ("parquet", &[]),
    ] {
        let done = least(|| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_cuttings"));
            command.args(["export", "--format", form, "--to"]).arg(&target);
            command.args(more).arg("--database").arg(&built);
            costs::used(command.stderr(Stdio::null()))
        });
        let written = fs::metadata(&target).map_or(0, |about| about.len());
        if size == 0 {
            size = written;
        }
        rows.push((format!("{form} {}", more.join(" ")), done, written));
    }
    for (name, used, written) in rows {
        let Some(Used { cpu, wall, peak }) = used else {
            println!("{name:24} not in this build");
            continue;
        };
        println!(
            "{name:24} {:6.0} MB/s  {cpu:6.2} s of CPU  {wall:6.2} s  {:5} MB written  {peak:3.0} MB of memory at most",
            size as f64 / 1e6 / cpu,
            written / 1_000_000,
        );
    }
}

/// Reads every column of every article and writes the texts one after another.
fn yardstick(database: &Path, target: &Path) {
    let db =
        rusqlite::Connection::open_with_flags(database, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let mut statement = db.prepare("SELECT * FROM articles ORDER BY seq").unwrap();
    let columns = statement.column_count();
    let mut rows = statement.query([]).unwrap();
    let mut out = std::io::BufWriter::with_capacity(1 << 16, fs::File::create(target).unwrap());
    while let Some(row) = rows.next().unwrap() {
        for column in 0..columns {
            if let rusqlite::types::ValueRef::Text(bytes) = row.get_ref(column).unwrap() {
                out.write_all(bytes).unwrap();
            }
        }
    }
    out.flush().unwrap();
}

fn build(path: &Path, articles: i64) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let now = "2026-11-24T04:00:00Z".parse().unwrap();
    runtime.block_on(async {
        let store = Store::open(path, now).unwrap();
        let mut import = store.begin_import().await.unwrap();
        for first in (1..=articles).step_by(500) {
            let batch = (first..(first + 500).min(articles + 1)).map(article).collect();
            store.import(&mut import, batch, now).await.unwrap();
        }
        store.close().await.unwrap();
    });
}

fn least(run: impl FnMut() -> Option<Used>) -> Option<Used> {
    let rounds = std::iter::repeat_with(run).take(ROUNDS).collect::<Option<Vec<_>>>()?;
    rounds.into_iter().min_by(|a, b| a.cpu.total_cmp(&b.cpu))
}
