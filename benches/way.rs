//! The whole way over loopback: the real binary against papers served here, one run an iteration.
//!
//! The papers are served by this process, so that the CPU seconds of the binary alone can be read where it matters:
//! `docs/performance.md` says how.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a bench that cannot go on must say so and stop"
)]

mod paper;
#[path = "../tests/it/support/mod.rs"]
mod support;

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use support::press::Press;
use support::reply::Reply;

/// Papers, each on a host of its own with one feed.
const PAPERS: usize = 10;

fn open_papers() -> Vec<Press> {
    (0..PAPERS)
        .map(|number| {
            let press = Press::start(&format!("127.0.1.{}", number + 1));
            press.page("/feed", Reply::rss(paper::feed(&press.url(""), number)));
            for id in number * paper::ENTRIES..(number + 1) * paper::ENTRIES {
                press.page(&format!("/2026/{id}"), Reply::html(paper::page(id)).gzip());
            }
            press
        })
        .collect()
}

/// No gap between requests: the servers are our own and the figure is ours, not theirs.
fn configuration(papers: &[Press], rules: bool) -> String {
    let mut text = String::from(
        "[politeness]\nhost_gap = \"0s\"\nimpolite = true\n[fetch]\nallow_networks = [\"127.0.0.0/8\"]\n[daemon]\ncontact = \"https://press.example/bot\"\n",
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
    text
}

fn run(folder: &Path) {
    let status = Command::new(env!("CARGO_BIN_EXE_cuttings"))
        .args([
            "--quiet",
            "run",
            "--once",
            "--config",
            "cuttings.toml",
            "--database",
            "cuttings.db",
        ])
        .current_dir(folder)
        .stdout(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success(), "the run failed: {status}");
}

fn way(c: &mut Criterion) {
    let papers = open_papers();
    let mut group = c.benchmark_group("way");
    group
        .sample_size(10)
        .throughput(Throughput::Elements((PAPERS * paper::ENTRIES) as u64));
    for (name, rules) in [("200 articles, rules", true), ("200 articles, automatic", false)] {
        group.bench_function(name, |b| {
            b.iter_batched(
                || {
                    let folder = tempfile::tempdir().unwrap();
                    std::fs::write(folder.path().join("cuttings.toml"), configuration(&papers, rules))
                        .unwrap();
                    folder
                },
                |folder| {
                    run(folder.path());
                    folder
                },
                BatchSize::PerIteration,
            );
        });
    }
}

criterion_group!(benches, way);
criterion_main!(benches);
