//! SIGTERM, SIGINT and a second signal during work: no article is lost or stored twice.

use crate::support::press::Press;
use crate::support::reply::{Latch, Reply};
use crate::way::{config, rss};
use crate::workspace::{Workspace, send};

#[test]
fn h27_a_stop_in_the_middle_of_a_request_ends_with_zero_and_loses_nothing() {
    for signal in ["TERM", "INT"] {
        let press = Press::start("127.0.0.2");
        let latch = Latch::closed();
        press.page("/slow", Reply::html("<p>late</p>").held(&latch));
        press.page("/a.rss", rss(&[("Slow", press.url("/slow"))]));
        let workspace = Workspace::new(&config(&[("a", press.url("/a.rss"))]));
        let mut child = workspace.spawn(&["run"]);
        assert!(press.wait_until(|seen| seen.iter().any(|seen| seen.path() == "/slow")));
        send(signal, &child);
        latch.open();
        assert_eq!(child.wait().unwrap().code(), Some(0), "{signal}");
        assert_eq!(workspace.one("PRAGMA integrity_check"), "ok");
        // Whether the page was finished or dropped, the next run has it.
        let ended = workspace.run(&["run", "--once"]);
        assert!(ended.code.is_some(), "{}", ended.stderr);
        assert_eq!(workspace.one("SELECT count(*) FROM articles"), "1", "{signal}");
    }
}

#[test]
fn h27_a_second_signal_leaves_at_once() {
    let press = Press::start("127.0.0.2");
    let latch = Latch::closed();
    press.page("/a.rss", rss(&[]).held(&latch));
    let workspace = Workspace::new(&config(&[("a", press.url("/a.rss"))]));
    let mut child = workspace.spawn(&["run"]);
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
