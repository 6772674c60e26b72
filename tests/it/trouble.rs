//! Sources and configurations that go wrong: said clearly, and nothing else is harmed.

use crate::desk::{Desk, tally};
use crate::support::press::Press;
use crate::support::reply::{Reply, busy_for};
use crate::way::{config, page, rss};

#[test]
fn three_bad_sources_are_three_clear_rows_and_the_good_one_is_collected() {
    let press = Press::start("127.0.0.2");
    let text =
        "The baker at the corner has sold the same bread for forty years and sees no reason to stop now.";
    press.page("/bread", page("Bread", text, ""));
    press.page("/good.rss", rss(&[("Bread", press.url("/bread"))]));
    press.page("/html", Reply::html("<html><head><title>Welcome</title><link rel=alternate type=application/rss+xml href=/good.rss></head><body>Hello</body></html>"));
    press.page("/half.rss", rss(&[("Bread", press.url("/bread"))]).cut_after(60));
    let down = {
        let gone = Press::start("127.0.0.3");
        gone.url("/feed")
    };
    let sources = [
        ("down", down),
        ("good", press.url("/good.rss")),
        ("half", press.url("/half.rss")),
        ("html", press.url("/html")),
    ];
    let desk = Desk::new(&config(&sources));

    let ended = desk.run(&["run", "--once", "--json"]);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert_eq!(tally(&ended.stdout, "good"), (1, 0, 0), "{}", ended.stdout);
    for name in ["down", "half", "html"] {
        assert_eq!(tally(&ended.stdout, name), (0, 0, 1), "{name}: {}", ended.stdout);
        assert!(
            ended.stderr.contains(&format!("source=\"{name}\"")),
            "{name} in {}",
            ended.stderr
        );
    }
    assert!(
        ended.stdout.contains("/good.rss"),
        "the page's own feed is named as a way out: {}",
        ended.stdout
    );
    assert_eq!(desk.one("SELECT count(*) FROM articles"), "1");

    let status = desk.run(&["status"]);
    assert_eq!(status.code, Some(1), "status says that a person is needed");
    for name in ["down", "good", "half", "html"] {
        assert!(status.stdout.contains(name), "{}", status.stdout);
    }
}

#[test]
fn eight_mistakes_are_eight_messages_with_lines_and_no_request() {
    let press = Press::start("127.0.0.2");
    let feed = press.url("/feed");
    let text = format!(
        r#"include = ["missing.toml"]
[politeness]
host_gapp = "1s"
[[source]]
name = "one"
feed = "{feed}"
every = "0s"
[[source]]
name = "one"
feed = "ftp://paper.example/feed"
cron = "61 * * * *"
timezone = "Europe/Berln"
[source.article]
title = "h1["
byline = {{ select = ".by", match = "(" }}
"#
    );
    let desk = Desk::new(&text);
    for command in [&["check"][..], &["run", "--once"]] {
        let ended = desk.run(command);
        assert_eq!(ended.code, Some(2), "{}", ended.stderr);
        for (what, line) in [
            ("missing.toml", 1),
            ("host_gap", 3),
            ("every", 7),
            ("one", 9),
            ("ftp", 10),
            ("minute", 11),
            ("Europe/Berlin", 12),
            ("h1[", 14),
            ("match", 15),
        ] {
            assert!(ended.stderr.contains(what), "{what} in {}", ended.stderr);
            assert!(
                ended.stderr.contains(&format!("cuttings.toml:{line}:")),
                "line {line} in {}",
                ended.stderr
            );
        }
    }
    assert_eq!(press.requests().len(), 0);
    assert!(!desk.database().exists(), "nothing was begun");
}

#[test]
fn h24_a_second_daemon_is_refused_and_told_of_the_first() {
    let press = Press::start("127.0.0.2");
    press.page("/a.rss", rss(&[]));
    let desk = Desk::new(&config(&[("a", press.url("/a.rss"))]));
    let mut first = desk.spawn(&["run"]);
    assert!(press.wait_until(|seen| !seen.is_empty()));
    let second = desk.run(&["run", "--once"]);
    assert_eq!(second.code, Some(1));
    assert!(
        second.stderr.contains(&first.id().to_string()),
        "names the first: {}",
        second.stderr
    );
    crate::desk::send("TERM", &first);
    assert_eq!(first.wait().unwrap().code(), Some(0));
}

#[test]
fn an_empty_page_is_tried_again_and_not_taken_for_an_article_without_text() {
    let press = Press::start("127.0.0.2");
    let text =
        "The baker's second shop opened at noon, after the first hour had been spent looking for the key.";
    press.on("/shop", busy_for(1, Reply::html(" \n"), page("Shop", text, "")));
    press.page("/a.rss", rss(&[("Shop", press.url("/shop"))]));
    let desk = Desk::new(&config(&[("a", press.url("/a.rss"))]));
    desk.run(&["run", "--once"]);
    assert_eq!(desk.one("SELECT code FROM failure"), "empty-page");
    assert_eq!(
        desk.one("SELECT count(*) FROM articles"),
        "0",
        "it waits for its page"
    );
    assert_eq!(desk.run(&["retry"]).code, Some(0));
    desk.run(&["run", "--once"]);
    assert_eq!(desk.rows("SELECT method FROM articles"), [["auto"]]);
}
