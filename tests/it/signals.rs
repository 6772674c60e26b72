//! Stops and crashes: nothing lost, nothing doubled.

use std::collections::BTreeMap;

use crate::desk::{Desk, send};
use crate::support::newsroom::Newsroom;
use crate::support::press::Press;
use crate::support::reply::{Latch, Reply};
use crate::way::{config, rss};

#[test]
fn h27_a_stop_in_the_middle_of_a_request_ends_with_zero_and_loses_nothing() {
    for signal in ["TERM", "INT"] {
        let press = Press::start("127.0.0.2");
        let latch = Latch::closed();
        press.page("/slow", Reply::html("<p>late</p>").held(&latch));
        press.page("/a.rss", rss(&[("Slow", press.url("/slow"))]));
        let desk = Desk::new(&config(&[("a", press.url("/a.rss"))]));
        let mut child = desk.spawn(&["run"]);
        assert!(press.wait_until(|seen| seen.iter().any(|seen| seen.path() == "/slow")));
        send(signal, &child);
        latch.open();
        assert_eq!(child.wait().unwrap().code(), Some(0), "{signal}");
        assert_eq!(desk.one("PRAGMA integrity_check"), "ok");
        // Whether the page was finished or dropped, the next run has it.
        let ended = desk.run(&["run", "--once"]);
        assert!(ended.code.is_some(), "{}", ended.stderr);
        assert_eq!(desk.one("SELECT count(*) FROM articles"), "1", "{signal}");
    }
}

#[test]
fn h27_a_second_signal_leaves_at_once() {
    let press = Press::start("127.0.0.2");
    let latch = Latch::closed();
    press.page("/a.rss", rss(&[]).held(&latch));
    let desk = Desk::new(&config(&[("a", press.url("/a.rss"))]));
    let mut child = desk.spawn(&["run"]);
    assert!(press.wait_until(|seen| !seen.is_empty()));
    // The server never answers: only a second signal can end this before the grace is over. How many arrive before the
    // process listens is not known, so they go on until it ends.
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        send("TERM", &child);
        std::thread::yield_now();
    };
    assert!(matches!(status.code(), Some(0 | 130)), "{status}");
    drop(latch);
}

/// Kills the process at ten moments of a run, each told by how many requests were seen, then lets one finish.
#[test]
fn h21_ten_kills_lose_and_double_nothing() {
    let newsroom = Newsroom::start();
    let desk = Desk::new(&newsroom.config_toml());
    let mut random = 0x9e37_79b9_u32;
    for round in 0..10 {
        // xorshift: the moments differ, and are the same in every run of this test.
        random ^= random << 13;
        random ^= random >> 17;
        random ^= random << 5;
        let until = newsroom.requests().len() + 1 + (random as usize % 6);
        let mut child = desk.spawn(&["run", "--once", "--all"]);
        while newsroom.requests().len() < until && child.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
        let _ = child.kill();
        child.wait().unwrap();
        if desk.database().exists() {
            assert_eq!(desk.one("PRAGMA integrity_check"), "ok", "round {round}");
        }
    }
    let ended = desk.run(&["run", "--once", "--all", "--wait", "20s"]);
    assert_eq!(desk.one("PRAGMA integrity_check"), "ok");
    let mut titles: BTreeMap<String, usize> = BTreeMap::new();
    for article in desk.exported(&[]) {
        *titles
            .entry(article["title"].as_str().unwrap_or_default().to_owned())
            .or_default() += 1;
    }
    let expected: BTreeMap<String, usize> = newsroom
        .served()
        .iter()
        .map(|article| (article.title.to_owned(), 1))
        .collect();
    assert_eq!(titles, expected, "{}\n{}", ended.stdout, ended.stderr);
}
