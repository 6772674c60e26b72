//! What each room costs: parse, extract, store. Pages and feeds are made here; nothing is read from disk.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a bench that cannot go on must say so and stop"
)]

mod paper;
mod wire;

use std::hint::black_box;
use std::time::Duration;

use chrono::{DateTime, TimeZone, Utc};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use cuttings::extract::{self, Page};
use cuttings::identity;
use cuttings::link::web_url;
use cuttings::model::{ClaimedEntry, Entry, Extraction, PageOutcome};
use cuttings::store::Store;

fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 24, 12, 0, 0).unwrap()
}

fn parse(c: &mut Criterion) {
    let xml = paper::feed("https://paper.example", 1);
    let mut group = c.benchmark_group("parse");
    group.throughput(Throughput::Bytes(xml.len() as u64));
    group.bench_function("rss, 20 entries", |b| {
        b.iter(|| {
            cuttings::feed::parse(black_box(xml.as_bytes()), Some("application/rss+xml"), None)
                .unwrap()
                .entries
                .len()
        });
    });
}

fn extract(c: &mut Criterion) {
    let html = paper::page(1);
    let url = web_url("https://paper.example/2026/1").unwrap();
    let rules = cuttings::config::load_text(
        "bench.toml",
        "[[source]]\nname = \"paper\"\nfeed = \"https://paper.example/feed\"\n[source.article]\ntitle = \"h1\"\nbyline = \".by\"\nbody = \".text p\"\n",
    )
    .unwrap()
    .config;
    let mut group = c.benchmark_group("extract");
    group.throughput(Throughput::Bytes(html.len() as u64));
    let input = Page {
        html: &html,
        url: &url,
        link_header: None,
    };
    group.bench_function("page of 86 KB, automatic", |b| {
        b.iter(|| {
            extract::article(black_box(&input), &[], chrono_tz::UTC, now())
                .unwrap()
                .text
                .len()
        });
    });
    group.bench_function("page of 86 KB, rules", |b| {
        let rules = rules.rules_for(rules.sources.first(), &url, now());
        b.iter(|| {
            extract::article(black_box(&input), &rules, chrono_tz::UTC, now())
                .unwrap()
                .text
                .len()
        });
    });
}

/// From entries that wait to articles that are committed, in one database on disk.
fn store(c: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let mut group = c.benchmark_group("store");
    group
        .sample_size(10)
        .throughput(Throughput::Elements(BATCH as u64));
    group.bench_function("200 articles: record, claim, record", |b| {
        b.iter_batched(
            || tempfile::tempdir().unwrap(),
            |folder| {
                runtime.block_on(store_articles(folder.path()));
                folder
            },
            criterion::BatchSize::PerIteration,
        );
    });
}

const BATCH: usize = 200;

async fn store_articles(folder: &std::path::Path) {
    let config = cuttings::config::load_text(
        "bench.toml",
        "[[source]]\nname = \"paper\"\nfeed = \"https://paper.example/feed\"\nfirst_poll = 1000\n",
    )
    .unwrap()
    .config;
    let store = Store::open(&folder.join("cuttings.db"), now()).unwrap();
    store.sync_sources(&config.sources, now()).await.unwrap();
    let claim = store.claim_sources(now(), 1, None).await.unwrap().remove(0);
    let entries: Vec<Entry> = (0..BATCH)
        .map(|number| Entry {
            link: web_url(&format!("https://paper.example/{number}")),
            title: Some(paper::sentence(number)),
            ..Entry::default()
        })
        .collect();
    let poll = wire::taken(&claim, entries, now());
    store.record_poll(poll).await.unwrap();
    let mut at = now();
    let mut left = BATCH;
    while left > 0 {
        let claims = store.claim_entries(at, 32, Duration::ZERO).await.unwrap();
        left -= claims.len();
        futures_util::future::join_all(
            claims
                .into_iter()
                .map(|claim| store.record_page(cutting(&claim, at))),
        )
        .await;
        at += Duration::from_secs(1);
    }
    store.close().await.unwrap();
}

/// What collecting would have made of an entry: an article of 3 KB.
fn cutting(claim: &ClaimedEntry, at: DateTime<Utc>) -> PageOutcome {
    let url = claim.entry.link.clone().unwrap();
    let number = usize::try_from(claim.id.0).unwrap();
    let text: String = (0..30)
        .map(|line| paper::sentence(number * 100 + line) + "\n\n")
        .collect();
    let extraction = Extraction {
        title: claim.entry.title.clone(),
        html: text.clone(),
        text,
        ..Extraction::default()
    };
    let identity = identity::of_page(None, &extraction.links, &url, &[], "entry:paper");
    let cutting = wire::cutting(extraction, url.to_string(), identity.page_key, identity.keys, at);
    wire::collected(claim, cutting, at)
}

criterion_group!(benches, parse, extract, store);
criterion_main!(benches);
