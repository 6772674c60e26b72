//! P1 to P9: conditional requests.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::driver::{Driver, config, hours, noon};
use crate::support::press::{Press, Seen};
use crate::support::reply::{Latch, Reply};
use crate::way::{self, page, rss};
use crate::workspace::Workspace;

const NO_PAGES: &str = "pages = \"never\"\nevery = \"1h\"";

/// What a request said of the document we have.
fn validators(seen: &Seen) -> (Option<Vec<u8>>, Option<Vec<u8>>) {
    let bytes = |name| seen.header(name).map(<[u8]>::to_vec);
    (bytes("if-none-match"), bytes("if-modified-since"))
}

/// A feed of one entry, without validators.
fn plain() -> Reply {
    Reply::rss(
        "<rss version=\"2.0\"><channel><title>P</title><item><title>One</title><guid>1</guid></item></channel></rss>",
    )
}

/// Answers in turn, the last for ever.
fn in_turn(replies: Vec<Reply>) -> impl Fn(&Seen) -> Reply + Send + Sync + 'static {
    let turn = AtomicUsize::new(0);
    move |_| {
        let turn = turn.fetch_add(1, Ordering::SeqCst).min(replies.len() - 1);
        replies[turn].clone()
    }
}

/// Polls of one feed, two hours apart, over a restart after each: what each request said.
async fn asked(replies: Vec<Reply>) -> Vec<(Option<Vec<u8>>, Option<Vec<u8>>)> {
    let press = Press::start("127.0.0.2");
    let polls = i64::try_from(replies.len()).unwrap();
    press.on("/feed", in_turn(replies));
    let text = config("", &[("a", press.url("/feed"), NO_PAGES)]);
    let mut driver = Driver::start(&text, noon()).await;
    for poll in 0..polls {
        let now = noon() + hours(2 * poll);
        driver = driver.restart(&text, now).await;
        driver.poll(now).await;
    }
    press.requests().iter().map(validators).collect()
}

#[expect(clippy::unnecessary_wraps, reason = "it stands for a header that is there")]
fn some(bytes: &[u8]) -> Option<Vec<u8>> {
    Some(bytes.to_vec())
}

#[test]
fn p01_the_first_request_is_unconditional() {
    let press = Press::start("127.0.0.2");
    press.page("/feed", rss(&[]));
    let workspace = Workspace::new(&way::config(&[("a", press.url("/feed"))]));
    assert_eq!(workspace.run(&["run", "--once"]).code, Some(0));
    let requests = press.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(validators(&requests[0]), (None, None));
}

#[tokio::test]
async fn p02_an_etag_goes_back_byte_for_byte() {
    for tag in [
        &b"\"plain\""[..],
        b"W/\"weak\"",
        b"\"abc-gzip\"",
        b"W/\"a b, c\"",
        b"unquoted",
        b"\"8-bit \xe9\xff\"",
        b"\"a\", \"b\"",
    ] {
        let asked = asked(vec![plain().etag(tag), plain()]).await;
        assert_eq!(asked[1], (some(tag), None), "{tag:?}");
    }
}

#[tokio::test]
async fn p03_a_last_modified_goes_back_as_it_came_and_is_never_made_up() {
    for date in [
        &b"Sun, 06 Nov 1994 08:49:37 GMT"[..],
        b"yesterday",
        b"Thu, 01 Jan 1970 00:00:00 +0000",
        b"0",
        b"Sun,  06  Nov",
    ] {
        let asked = asked(vec![plain().last_modified(date), plain()]).await;
        assert_eq!(asked[1], (None, some(date)), "{date:?}");
    }
    let with_date = plain().header("Date", "Tue, 24 Nov 2026 12:00:00 GMT");
    assert_eq!(asked(vec![with_date, plain()]).await[1], (None, None));
}

#[tokio::test]
async fn p04_both_given_both_sent_and_one_given_that_one() {
    let both = plain().etag("\"a\"").last_modified("d");
    let asked = asked(vec![both, plain().etag("\"b\""), plain().last_modified("e"), plain()]).await;
    assert_eq!(asked[1..], [(some(b"\"a\""), some(b"d")), (some(b"\"b\""), None), (None, some(b"e"))]);
}

#[tokio::test]
async fn p05_a_200_replaces_both_validators_together() {
    let asked = asked(vec![
        plain().etag("\"old\"").last_modified("old"),
        plain().last_modified("new"),
        plain(),
        plain(),
    ])
    .await;
    assert_eq!(asked[2..], [(None, some(b"new")), (None, None)]);
}

#[tokio::test]
async fn p06_a_304_replaces_what_it_carries_and_its_body_is_ignored() {
    let body = "<rss version=\"2.0\"><channel><title>P</title><item><title>Never</title><guid>9</guid></item></channel></rss>";
    let raw = format!("HTTP/1.1 304 Not Modified\r\nETag: \"b\"\r\nConnection: close\r\n\r\n{body}");
    let asked = asked(vec![plain().etag("\"a\"").last_modified("d"), Reply::raw(raw), plain()]).await;
    assert_eq!(asked[1..], [(some(b"\"a\""), some(b"d")), (some(b"\"b\""), some(b"d"))]);
}

#[test]
fn p07_validators_survive_a_kill_and_belong_to_their_url() {
    let press = Press::start("127.0.0.2");
    let latch = Latch::closed();
    press.page("/feed", rss(&[]));
    press.page("/slow", rss(&[]).held(&latch));
    let one = ("a", press.url("/feed"));
    let workspace = Workspace::new(&way::config(std::slice::from_ref(&one)));
    assert_eq!(workspace.run(&["run", "--once"]).code, Some(0));
    // Killed in the middle of a request for something else.
    workspace.configure(&way::config(&[one.clone(), ("slow", press.url("/slow"))]));
    let mut child = workspace.spawn(&["run"]);
    assert!(press.wait_until(|seen| seen.iter().any(|seen| seen.path() == "/slow")));
    child.kill().unwrap();
    child.wait().unwrap();
    let last = |path: &str| validators(press.requests_for(path).last().unwrap());
    workspace.configure(&way::config(std::slice::from_ref(&one)));
    assert_eq!(workspace.run(&["run", "--once", "--all"]).code, Some(0));
    assert_eq!(last("/feed"), (some(b"\"v1\""), None));
    // Another URL starts anew, and the old one goes on where it was.
    press.page("/other", rss(&[]));
    workspace.configure(&way::config(&[("a", press.url("/other"))]));
    assert_eq!(workspace.run(&["run", "--once"]).code, Some(0));
    assert_eq!(last("/other"), (None, None));
}

#[tokio::test]
async fn p08_validators_are_kept_only_of_a_document_that_was_taken_in() {
    let new = || plain().etag("\"new\"").last_modified("new");
    for broken in [
        new().cut_after(20),
        new().chunked().cut_after(20),
        new().header("Content-Encoding", "gzip"),
        new().body("<html><body>Down for maintenance</body></html>"),
        new().body("<rss version=\"2.0\"><channel><title>P"),
        new().with_status(500),
    ] {
        let first = plain().etag("\"old\"").last_modified("old");
        let asked = asked(vec![first, broken.clone(), plain()]).await;
        assert_eq!(asked[2], (some(b"\"old\""), some(b"old")), "{broken:?}");
    }
}

#[tokio::test]
async fn p09_an_identical_body_costs_no_page_and_once_a_week_the_question_is_whole() {
    let press = Arc::new(Press::start("127.0.0.2"));
    press.page("/1", page("The pier", "The pier was painted green, which nobody had asked for.", ""));
    let feed = rss(&[("The pier", press.url("/1"))]);
    // A server that never changes its ETag, and one that changes it each time.
    press.page("/same", feed.clone());
    let count = AtomicUsize::new(0);
    press.on("/fresh", move |_| feed.clone().etag(format!("\"{}\"", count.fetch_add(1, Ordering::SeqCst))));
    let every = "every = \"12h\"";
    let text = config("", &[("same", press.url("/same"), every), ("fresh", press.url("/fresh"), every)]);
    let driver = Driver::start(&text, noon()).await;
    let mut now = noon();
    for _ in 0..16 {
        for report in driver.polls(now).await {
            assert_eq!(report.failure, None);
        }
        driver.pages(now).await;
        now += hours(13);
    }
    assert_eq!(press.count("/1"), 1, "one page, once");
    assert_eq!(driver.number("SELECT count(*) FROM articles"), 1);
    for path in ["/same", "/fresh"] {
        let whole: Vec<usize> = press
            .requests_for(path)
            .iter()
            .enumerate()
            .filter(|(_, seen)| validators(seen) == (None, None))
            .map(|(number, _)| number)
            .collect();
        // 13 hours apart, the thirteenth after the first is the first after a week.
        assert_eq!(whole, [0, 13], "{path}");
    }
    let unchanged = driver.number("SELECT count(*) FROM poll WHERE outcome = 'unchanged'");
    assert_eq!(unchanged, 15 + 1, "a hash of the body told it");
}

#[tokio::test]
async fn a_source_added_for_a_known_address_gets_the_entries_that_are_there() {
    let press = Press::start("127.0.0.2");
    press.page("/feed", plain());
    let source = |name| (name, press.url("/feed"), NO_PAGES);
    let driver = Driver::start(&config("", &[source("a")]), noon()).await;
    driver.poll(noon()).await;
    let later = noon() + hours(2);
    let driver = driver.restart(&config("", &[source("a"), source("b")]), later).await;
    let reports = driver.polls(later).await;
    let new: Vec<(&str, u64)> =
        reports.iter().map(|report| (report.source.as_str(), report.counts.new)).collect();
    assert_eq!(new, [("a", 0), ("b", 1)]);
    assert_eq!(press.count("/feed"), 2, "one request for both");
}
