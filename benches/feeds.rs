//! The cost of parsing feeds. Required: 30 MB a second in one thread, and memory below eight times the document.
//!
//! Time over the captures of the shared corpora where they are beside the checkout, and over feeds made here. Memory is
//! the growth of the peak (`VmHWM`) of a process of its own for each kind of feed; it is printed before the timings.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    clippy::print_stdout,
    reason = "a bench prints, and one that cannot go on must say so and stop"
)]

mod costs;

use std::fmt::Write as _;
use std::hint::black_box;
use std::path::Path;
use std::process::Command;

use costs::on_processor;

/// Names the kind of feed that a child process is to read.
const KIND: &str = "CUTTINGS_BENCH_FEED";

/// Readings of each kind of feed.
const ROUNDS: usize = 21;

const KINDS: [&str; 4] = ["rss", "atom", "json", "small"];

/// A feed of about eight megabytes; `small` has as many entries as are taken, with next to nothing in each.
fn made(kind: &str) -> String {
    let text =
        "A &lt;b&gt;press&lt;/b&gt; cutting – words &amp;amp; more words, as many as a paragraph has. "
            .repeat(40);
    let mut feed = match kind {
        "json" => "{\"version\": \"https://jsonfeed.org/version/1.1\", \"title\": \"Paper\", \"items\": [{}"
            .to_owned(),
        "atom" => "<feed xmlns='http://www.w3.org/2005/Atom'><title>Paper</title>".to_owned(),
        _ => "<rss version='2.0'><channel><title>Paper</title>".to_owned(),
    };
    for n in 0..if kind == "small" { 9_900 } else { 2_000 } {
        match kind {
            "json" => write!(
                feed,
                ",{{\"id\": \"{n}\", \"url\": \"/{n}\", \"title\": \"Title {n}\", \"content_html\": \"{text}\", \
                \"date_published\": \"2026-01-02T10:20:30Z\"}}"
            ),
            "atom" => write!(
                feed,
                "<entry><id>urn:{n}</id><link href='/{n}'/><title>Title {n}</title><content type='html'>{text}</content>\
                <updated>2026-01-02T10:20:30Z</updated></entry>"
            ),
            "rss" => write!(
                feed,
                "<item><guid>/{n}</guid><link>/{n}</link><title>Title {n}</title><description>{text}</description>\
                <pubDate>Fri, 02 Jan 2026 10:20:30 GMT</pubDate></item>"
            ),
            _ => write!(feed, "<item><link>/{n}</link><title>Title {n}</title></item>"),
        }
        .unwrap();
    }
    feed.push_str(match kind {
        "json" => "]}",
        "atom" => "</feed>",
        _ => "</channel></rss>",
    });
    feed
}

/// The captures, unpacked by the system's tar; none where they are not there.
fn captures() -> Option<Vec<Vec<u8>>> {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/feeds"));
    let unpacked = tempfile::tempdir().unwrap();
    let status = Command::new("tar")
        .arg("-xzf")
        .arg(folder.join("corpora.tar.gz"))
        .arg("-C")
        .arg(unpacked.path())
        .status();
    if !status.is_ok_and(|status| status.success()) {
        println!("skipped: the captures in {} cannot be had", folder.display());
        return None;
    }
    let manifest: Vec<serde_json::Value> =
        serde_json::from_slice(&std::fs::read(folder.join("manifest.json")).unwrap()).unwrap();
    let captures = manifest.iter().filter(|file| file["origin"] == "capture");
    Some(
        captures
            .map(|file| std::fs::read(unpacked.path().join(file["path"].as_str().unwrap())).unwrap())
            .collect(),
    )
}

fn read(bytes: &[u8]) -> usize {
    let base = url::Url::parse("https://paper.example/feed").unwrap();
    cuttings::feed::parse(black_box(bytes), None, Some(&base)).map_or(0, |feed| feed.entries.len())
}

fn time() {
    if let Some(captures) = captures() {
        let bytes = captures.iter().map(Vec::len).sum();
        timed("captures", bytes, || captures.iter().map(|bytes| read(bytes)).sum());
    }
    for kind in KINDS {
        let feed = made(kind);
        timed(kind, feed.len(), || read(feed.as_bytes()));
    }
}

/// Prints what one reading takes on the processor, the median of [`ROUNDS`].
fn timed(name: &str, bytes: usize, read: impl Fn() -> usize) {
    let mut rounds: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let before = on_processor("");
            black_box(read());
            on_processor("").saturating_sub(before).as_secs_f64()
        })
        .collect();
    rounds.sort_by(f64::total_cmp);
    let median = rounds[ROUNDS / 2];
    println!("time/{name:<10}{:8.1} ms of CPU, {:.0} MB a second", median * 1e3, bytes as f64 / 1e6 / median);
}

/// Peak of this process so far, in bytes; none where there is no procfs.
fn peak() -> Option<usize> {
    costs::status("self", "VmHWM")?.try_into().ok().map(|kb: usize| kb * 1024)
}

/// Prints how far the peak grows beyond the document while one feed is read, as a multiple of the document.
fn memory_of(kind: &str) {
    let feed = made(kind);
    let before = peak();
    let base = url::Url::parse("https://paper.example/feed").unwrap();
    let parsed = cuttings::feed::parse(feed.as_bytes(), None, Some(&base)).unwrap();
    if let (Some(before), Some(after)) = (before, peak()) {
        let tenths = (after - before) * 10 / feed.len();
        println!(
            "memory/{kind:<8}{} entries of {} kB took {}.{} times the document",
            parsed.entries.len(),
            feed.len() / 1024,
            tenths / 10,
            tenths % 10
        );
        assert!(tenths < 80, "more than eight times the document");
    }
}

fn main() {
    if let Ok(kind) = std::env::var(KIND) {
        return memory_of(&kind);
    }
    for kind in KINDS {
        let status = Command::new(std::env::current_exe().unwrap()).env(KIND, kind).status();
        assert!(status.is_ok_and(|status| status.success()), "{kind}");
    }
    time();
}
