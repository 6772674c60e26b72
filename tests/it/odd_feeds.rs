//! Feeds that are cut, empty, faulty in their transfer or wrong in their dates; and when a poll says that it may have missed
//! something.

use serde_json::json;

use crate::politeness::driver::{Driver, config, hours, noon};
use crate::support::press::Press;
use crate::support::reply::Reply;
use crate::way;
use crate::workspace::{Workspace, shared, tally};

const NO_PAGES: &str = "pages = \"never\"\nevery = \"1h\"";

/// A feed of these items, each of the number of its link, its guid and its title.
fn feed(items: &[(u32, &str, &str)]) -> String {
    let items: String = items
        .iter()
        .map(|(link, guid, title)| {
            format!("<item><title>{title}</title><link>/p{link}</link><guid isPermaLink='false'>{guid}</guid></item>")
        })
        .collect();
    format!("<rss version='2.0'><channel><title>T</title>{items}</channel></rss>")
}

fn plain(numbers: std::ops::Range<u32>) -> String {
    let names: Vec<(u32, String)> = numbers.map(|number| (number, format!("N{number}"))).collect();
    feed(&names.iter().map(|(number, name)| (*number, name.as_str(), name.as_str())).collect::<Vec<_>>())
}

async fn driver(press: &Press) -> Driver {
    Driver::start(&config("", &[("a", press.url("/feed"), NO_PAGES)]), noon()).await
}

#[test]
fn a_feed_that_breaks_off_is_one_warning_with_one_count_and_its_whole_entries_are_taken() {
    let press = Press::start("127.0.0.2");
    let whole = plain(1..6);
    let cut = &whole[..whole.find("/p3").unwrap()];
    press.page("/feed", Reply::rss(cut).etag("\"cut\""));
    let text = format!("{}\n{NO_PAGES}\n", way::config(&[("a", press.url("/feed"))]));
    let workspace = Workspace::new(&text);
    let ended = workspace.run(&["run", "--once", "--json"]);
    assert_eq!((ended.code, tally(&ended.stdout, "a")), (Some(1), (2, 0, 1)), "{}", ended.stdout);
    assert_eq!(ended.stderr.matches("breaks off").count(), 1, "{}", ended.stderr);
    assert!(ended.stderr.contains("its 2 whole entries"), "{}", ended.stderr);
    assert_eq!(workspace.one("SELECT count(*) FROM failure"), "1");
    assert_eq!(
        workspace.one("SELECT name || '=' || value FROM counter WHERE name LIKE 'failed.%'"),
        "failed.truncated=1"
    );
    for words in [&["status"][..], &["status", "a"]] {
        let status = workspace.run(words);
        assert_eq!(status.stdout.replace("\n  ", " ").matches("breaks off").count(), 1, "{}", status.stdout);
    }
    press.page("/feed", Reply::rss(whole).etag("\"whole\""));
    let ended = workspace.run(&["run", "--once", "--all", "--json"]);
    assert_eq!((ended.code, tally(&ended.stdout, "a")), (Some(0), (3, 2, 0)), "{}", ended.stdout);
    assert!(!press.requests()[1].is_conditional(), "no validators were kept");
    assert!(!workspace.run(&["status"]).stdout.contains("breaks off"));
}

#[tokio::test]
async fn a_feed_that_is_whole_is_taken_though_its_transfer_is_faulty() {
    let gzip = || Reply::rss(plain(1..4)).gzip();
    let length = plain(1..4).len();
    let replies = [
        ("no last chunk", Reply::rss(plain(1..4)).chunked().cut_after(length)),
        (
            "too long a length",
            Reply::rss(plain(1..4)).header("Content-Length", (length + 7).to_string()).close(),
        ),
        ("utf-8", Reply::rss(plain(1..4)).header("Content-Encoding", "utf-8")),
        ("none", Reply::rss(plain(1..4)).header("Content-Encoding", "none")),
        ("not gzip", Reply::rss(plain(1..4)).header("Content-Encoding", "gzip")),
        ("not brotli", Reply::rss(plain(1..4)).header("Content-Encoding", "br")),
        ("identity, not gzip", Reply::rss(plain(1..4)).header("Content-Encoding", "identity, gzip")),
        ("not zstd", Reply::rss(format!("\n{}", plain(1..4))).header("Content-Encoding", "zstd")),
        ("brotli that is gzip", gzip().header("Content-Encoding", "br")),
        ("gzip once, not twice", gzip().header("Content-Encoding", "gzip, gzip")),
        ("gzip and a charset", gzip().header("Content-Encoding", "gzip, utf-8")),
        ("gzip without a name", gzip().header("Content-Encoding", "binary")),
    ];
    for (what, reply) in replies {
        let press = Press::start("127.0.0.2");
        press.page("/feed", reply.header("ETag", "\"bad\""));
        let driver = driver(&press).await;
        let report = driver.poll(noon()).await;
        assert_eq!((report.failure, report.counts.new), (None, 3), "{what}");
        assert_eq!(driver.counter("failed.broken-transfer"), 1, "{what}");
        assert!(driver.status("a", noon()).remarks[0].contains("its transfer is faulty"), "{what}");
        // The same again: nothing is new, and no validator was kept.
        let report = driver.poll(noon() + hours(2)).await;
        assert_eq!((report.failure, report.counts.new), (None, 0), "{what}");
        assert!(!press.requests()[1].is_conditional(), "{what}");
        // A sound one ends it.
        press.page("/feed", Reply::rss(plain(1..4)).etag("\"good\""));
        driver.poll(noon() + hours(4)).await;
        assert!(driver.status("a", noon() + hours(4)).remarks.is_empty(), "{what}");
        driver.poll(noon() + hours(6)).await;
        assert!(press.requests()[3].is_conditional(), "{what}");
    }
}

#[tokio::test]
async fn a_faulty_transfer_of_a_feed_that_is_not_whole_is_no_document() {
    let whole = plain(1..4);
    for reply in [
        Reply::rss(whole.clone()).chunked().cut_after(whole.len() - 3),
        Reply::rss(whole.clone()).cut_after(whole.len() - 20),
        Reply::rss(&whole[..whole.len() - 20]).header("Content-Encoding", "utf-8"),
        Reply::html("<html><body>Busy</body></html>").header("Content-Encoding", "utf-8"),
    ] {
        let press = Press::start("127.0.0.2");
        press.page("/feed", reply);
        let driver = driver(&press).await;
        let failure = driver.poll(noon()).await.failure.unwrap();
        assert!(["reset", "unknown-coding"].contains(&failure.code), "{failure:?}");
        assert_eq!(driver.number("SELECT count(*) FROM entry"), 0);
    }
}

#[tokio::test]
async fn dates_that_are_none_are_counted_and_said_and_the_entry_stays_the_same_in_time() {
    let press = Press::start("127.0.0.2");
    let item =
        |title: &str, date: &str| format!("<item><title>{title}</title><pubDate>{date}</pubDate></item>");
    let text = format!(
        "<rss><channel><title>T</title>{}{}{}{}</channel></rss>",
        item("Ahead", "Sat, 16 Nov 2041 19:11:00 GMT"),
        item("Zero", "Thu, 01 Jan 1970 00:00:00 GMT"),
        item("Tomorrow week", "Tue, 01 Dec 2026 12:00:00 GMT"),
        item("Now", "Tue, 24 Nov 2026 11:00:00 GMT"),
    );
    press.page("/feed", Reply::rss(text.clone()));
    let sources = [("a", press.url("/feed"), "every = \"1h\"\nmax_age = \"30d\"")];
    let driver = Driver::start(&config("", &sources), noon()).await;
    assert_eq!(driver.poll(noon()).await.counts.new, 4, "none is too old");
    driver.pages(noon()).await;
    assert_eq!(driver.counter("dates.false"), 3);
    let remarks = driver.status("a", noon()).remarks;
    assert!(remarks[0].contains("3 dates of the feed are none"), "{remarks:?}");
    assert_eq!(
        driver.rows("SELECT title, published FROM articles ORDER BY title"),
        [["Ahead", ""], ["Now", "2026-11-24T11:00:00Z"], ["Tomorrow week", ""], ["Zero", ""]]
    );
    // A week later one of them is a date.
    press.page("/feed", Reply::rss(text.replace("<title>T<", "<title>U<")));
    let week = noon() + hours(24 * 7);
    let report = driver.poll(week).await;
    assert_eq!((report.counts.new, report.counts.known), (0, 4), "known by what they print");
    assert!(driver.status("a", week).remarks[0].contains("2 dates"));
}

#[tokio::test]
async fn an_empty_poll_of_a_feed_that_had_entries_is_remarked_on() {
    let press = Press::start("127.0.0.2");
    press.page("/feed", Reply::rss(plain(1..6)).etag("\"1\""));
    let driver = driver(&press).await;
    driver.poll(noon()).await;
    assert!(driver.status("a", noon()).remarks.is_empty());
    press.page("/feed", Reply::rss(plain(1..1)).etag("\"2\""));
    for hour in [2, 4] {
        driver.poll(noon() + hours(hour)).await;
        let remarks = driver.status("a", noon() + hours(hour)).remarks;
        assert_eq!(remarks, ["the feed has no entries, though it had 5 before"], "also after a 304");
        assert_eq!(driver.counter("documents.empty"), 1);
    }
    press.page("/feed", Reply::rss(plain(6..8)).etag("\"3\""));
    driver.poll(noon() + hours(6)).await;
    assert!(driver.status("a", noon() + hours(6)).remarks.is_empty());
    assert_eq!(driver.counter("overflows"), 0, "what was empty has not overflowed with two entries");
}

#[tokio::test]
async fn ids_that_change_their_form_while_links_stay_are_no_overflow() {
    let item = |number: u32, id: &str| (number, format!("{id}-{number}"), format!("N{number}"));
    let document = |numbers: std::ops::Range<u32>, id: &str, title: &str| {
        let items: Vec<_> = numbers.map(|number| item(number, id)).collect();
        feed(
            &items
                .iter()
                .map(|(link, guid, name)| {
                    (*link, guid.as_str(), if title.is_empty() { name.as_str() } else { title })
                })
                .collect::<Vec<_>>(),
        )
    };
    for (what, first, second) in [
        ("five", document(0..5, "old", ""), document(0..5, "new", "")),
        ("ten", document(0..10, "old", ""), document(0..10, "new", "")),
        ("one more", document(0..10, "old", ""), document(1..11, "new", "")),
        ("one title", document(0..5, "old", "News"), document(0..5, "new", "News")),
        (
            "other titles",
            document(0..5, "old", ""),
            document(0..5, "new", "").replace("<title>N", "<title>Now "),
        ),
        (
            "no ids any more",
            document(0..5, "old", ""),
            document(0..5, "old", "").replace("<guid isPermaLink='false'>", "<x>").replace("</guid>", "</x>"),
        ),
    ] {
        let press = Press::start("127.0.0.2");
        press.page("/feed", Reply::rss(first).etag("\"1\""));
        let text = config("", &[("a", press.url("/feed"), "pages = \"never\"")]);
        let driver = Driver::start(&text, noon()).await;
        driver.poll(noon()).await;
        press.page("/feed", Reply::rss(second).etag("\"2\""));
        let report = driver.poll(noon() + hours(24)).await;
        // With another id and another title an entry is another one of its link.
        let new = match what {
            "one more" => 1,
            "other titles" => 5,
            _ => 0,
        };
        assert_eq!(report.counts.new, new, "{what}");
        assert_eq!(driver.counter("overflows"), 0, "{what}");
        assert!(!report.next.why.contains("overflowed"), "{what}: {}", report.next.why);
        assert!(driver.status("a", noon()).remarks.is_empty(), "{what}");
    }
}

#[tokio::test]
async fn what_is_all_new_is_an_overflow_unless_the_rest_of_the_document_is_missing() {
    for (rest, overflows) in [("", 1), ("<item><title>half", 0)] {
        let press = Press::start("127.0.0.2");
        press.page("/feed", Reply::rss(plain(0..5)));
        let driver = driver(&press).await;
        driver.poll(noon()).await;
        let next = plain(10..15);
        let next = if rest.is_empty() { next } else { next.replace("</channel></rss>", rest) };
        press.page("/feed", Reply::rss(next));
        assert_eq!(driver.poll(noon() + hours(2)).await.counts.new, 5);
        assert_eq!(driver.counter("overflows"), overflows, "{rest}");
    }
}

#[test]
fn the_filter_gives_what_the_daemon_keeps() {
    let workspace = Workspace::new(&way::config(&[]));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("feed.xml");
    let item = "<item><title>KÃ¸benhavn itâ€™s</title><link>http://h.example/a</link><pubDate>Sat, 16 Nov 2141 19:11:00 GMT</pubDate></item>";
    std::fs::write(&path, format!("<rss><channel><title>T</title>{item}</channel></rss>")).unwrap();
    let request = json!({"id": 1, "path": path});
    let (_, answers) = workspace.filter(&["parse", "--jsonl"], std::slice::from_ref(&request));
    let entry = &answers[0]["entries"][0];
    assert_eq!((&entry["title"], &entry["published"]), (&json!("København it’s"), &json!(null)));
    let (_, answers) = workspace.filter(&["parse", "--jsonl", "--as-is"], &[request]);
    let entry = &answers[0]["entries"][0];
    assert_eq!(
        (&entry["title"], &entry["published"]),
        (&json!("KÃ¸benhavn itâ€™s"), &json!("2141-11-16T19:11:00Z"))
    );
}

#[test]
fn the_shared_cases_of_reading_are_read() {
    let workspace = Workspace::new(&way::config(&[]));
    let read = |name: &str| {
        let path = shared(&format!("cases/feeds/{name}"))?;
        let request = json!({"id": 1, "path": path, "base": "http://h.example/f.xml"});
        Some(workspace.filter(&["parse", "--jsonl"], &[request]).1.remove(0)["entries"].take())
    };
    for (name, member, expected) in [
        ("b01-atom-link-with-child.xml", "link", json!(["http://h.example/1", "http://h.example/2"])),
        ("b05-minvalue-date.xml", "published", json!([null])),
        ("b06-parse-not-mended.xml", "title", json!(["København it’s"])),
        ("b12-feed-within-html.xml", "link", json!(["http://h.example/1"])),
        ("b14-date-weekday-between.xml", "published", json!(["2026-11-30T14:46:00Z"])),
        ("24-dates.xml", "published", json!([null, null])),
    ] {
        let Some(entries) = read(name) else { return };
        let found: Vec<_> = entries.as_array().unwrap().iter().map(|entry| entry[member].clone()).collect();
        assert_eq!(json!(found), expected, "{name}");
    }
}
