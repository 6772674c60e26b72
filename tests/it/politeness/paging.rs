//! P28: the further documents of a paged feed.

use super::driver::{Driver, config, hours, noon};
use crate::support::press::Press;
use crate::support::reply::Reply;

const NO_PAGES: &str = "pages = \"never\"\nevery = \"1h\"";

/// A feed of numbered entries, newest first, and the address of its next document.
fn document(numbers: impl DoubleEndedIterator<Item = u32>, next: Option<&str>) -> Reply {
    let next = next.map(|next| format!("<link rel='next' href='{next}'/>")).unwrap_or_default();
    let entries: String = numbers
        .rev()
        .map(|number| {
            format!("<entry><id>urn:{number}</id><title>N{number}</title><link href='/p{number}'/></entry>")
        })
        .collect();
    Reply::atom(format!("<feed xmlns='http://www.w3.org/2005/Atom'><title>T</title>{next}{entries}</feed>"))
}

fn paths(press: &Press) -> Vec<String> {
    press.requests().into_iter().map(|seen| seen.target).collect()
}

#[tokio::test]
async fn p28_a_paged_feed_is_followed_when_it_overflows_and_never_at_first() {
    let press = Press::start("127.0.0.2");
    let sources = [("a", press.url("/feed"), NO_PAGES), ("b", press.url("/feed"), NO_PAGES)];
    press.page("/feed", document(0..5, Some("/feed?page=2")));
    press.page("/feed?page=2", document(0..1, None));
    let driver = Driver::start(&config("", &sources), noon()).await;
    driver.polls(noon()).await;
    assert_eq!(paths(&press), ["/feed"], "never at a first poll");
    press.page("/feed", document(3..8, Some("/feed?page=2")));
    driver.polls(noon() + hours(2)).await;
    assert_eq!(paths(&press), ["/feed", "/feed"], "entries were known");

    // Twelve entries later: the second further document has a known one, the third is not asked for.
    press.forget();
    press.page("/feed", document(15..20, Some("/feed?page=2")));
    press.page("/feed?page=2", document(10..15, Some("/feed?page=3")));
    press.page("/feed?page=3", document(5..10, Some("/feed?page=4")));
    press.page("/feed?page=4", document(0..5, None));
    let reports = driver.polls(noon() + hours(4)).await;
    assert_eq!(
        paths(&press),
        ["/feed", "/feed?page=2", "/feed?page=3"],
        "once for both sources, to a known entry"
    );
    let counts: Vec<_> = reports.iter().map(|report| (report.counts.new, report.counts.known)).collect();
    assert_eq!(counts, [(12, 3), (12, 3)]);
    assert!(
        press.requests().iter().all(|seen| seen.text("accept").unwrap().starts_with("application/rss+xml"))
    );
    assert_eq!(driver.counter("documents.followed"), 4);
    assert_eq!(driver.counter("overflows"), 0, "nothing was missed");
    assert_eq!(driver.number("SELECT count(*) FROM entry"), 40);
}

#[tokio::test]
async fn p28_ten_further_documents_of_the_own_site_and_none_twice() {
    let press = Press::start("127.0.0.2");
    let other = Press::start("127.0.0.3");
    other.page("/next", document(0..5, None));
    let urls = ["/long", "/loop", "/elsewhere", "/gone"];
    let sources: Vec<_> = urls.iter().map(|path| (&path[1..], press.url(path), NO_PAGES)).collect();
    for path in urls {
        press.page(path, document(0..2, None));
    }
    let driver = Driver::start(&config("", &sources), noon()).await;
    driver.polls(noon()).await;
    press.forget();
    press.page("/long", document(9000..9002, Some("/long?1")));
    for number in 1..=20 {
        let from = 9000 - 2 * number;
        press.page(
            &format!("/long?{number}"),
            document(from..from + 2, Some(&format!("/long?{}", number + 1))),
        );
    }
    press.page("/loop", document(9000..9002, Some("/loop?1")));
    press.page("/loop?1", document(8000..8002, Some("/loop")));
    press.page("/elsewhere", document(9000..9002, Some(&other.url("/next"))));
    press.page("/gone", document(9000..9002, Some("/gone?1")));
    press.page("/gone?1", Reply::status(404));
    let reports = driver.polls(noon() + hours(2)).await;
    let asked = |name: &str| paths(&press).iter().filter(|path| path.starts_with(name)).count();
    assert_eq!((asked("/long"), asked("/loop"), asked("/elsewhere"), asked("/gone")), (11, 2, 1, 2));
    assert_eq!(other.requests().len(), 0);
    assert_eq!(driver.counter("overflows"), 4, "no known entry was met");
    // What cannot be read is said; the poll has succeeded.
    let gone = reports.iter().find(|report| report.source == "gone").unwrap();
    assert_eq!((gone.failure.is_none(), gone.faults[0].code, gone.counts.new), (true, "http-404", 2));
    assert_eq!(driver.counter("failed.http-404"), 1);
    let remarks = driver.status("gone", noon() + hours(2)).remarks;
    assert!(remarks[0].contains("further document"), "{remarks:?}");
}

#[tokio::test]
async fn p28_rss_and_json_feeds_name_their_next_document_too() {
    let press = Press::start("127.0.0.2");
    let rss = |numbers: &[u32], next: &str| {
        let items: String = numbers
            .iter()
            .map(|number| {
                format!("<item><title>N{number}</title><guid isPermaLink='false'>{number}</guid></item>")
            })
            .collect();
        Reply::rss(format!(
            "<rss xmlns:atom='http://www.w3.org/2005/Atom'><channel><title>T</title><atom:link rel='next' href='{next}'/>{items}</channel></rss>"
        ))
    };
    let json = |numbers: &[u32], next: &str| {
        let items: Vec<_> = numbers
            .iter()
            .map(|number| serde_json::json!({"id": number, "title": format!("N{number}")}))
            .collect();
        Reply::json_feed(
            serde_json::json!({"version": "https://jsonfeed.org/version/1.1", "title": "T", "next_url": next, "items": items})
                .to_string(),
        )
    };
    press.page("/rss", rss(&[2, 1], "/rss?2"));
    press.page("/json", json(&[2, 1], "/json?2"));
    let sources = [("rss", press.url("/rss"), NO_PAGES), ("json", press.url("/json"), NO_PAGES)];
    let driver = Driver::start(&config("", &sources), noon()).await;
    driver.polls(noon()).await;
    press.page("/rss", rss(&[6, 5], "/rss?2"));
    press.page("/rss?2", rss(&[4, 3, 2], "/rss?3"));
    press.page("/json", json(&[6, 5], "/json?2"));
    press.page("/json?2", json(&[4, 3, 2], "/json?3"));
    let reports = driver.polls(noon() + hours(2)).await;
    assert!(reports.iter().all(|report| report.counts.new == 4), "{reports:?}");
    assert_eq!(driver.counter("overflows"), 0);
}
