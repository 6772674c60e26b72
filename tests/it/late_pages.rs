//! A week of 200 sources in virtual time, whose pages fail in every way: no article is late, all are upgraded when their page
//! returns, and no server is asked more than it bears. `cargo test week_of_failing_pages -- --nocapture` prints the figures.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, TimeDelta, Timelike as _, Utc};

use crate::politeness::driver::{Driver, config, hours, noon};
use crate::support::press::Press;
use crate::support::reply::Reply;
use crate::way::page;

const SOURCES: usize = 200;
const DAYS: i64 = 7;

/// Time between two looks at what is due.
const STEP: i64 = 10;

/// Ways in which pages fail. Two of them never end.
const WAYS: [&str; 20] = [
    "fine", "401", "403", "404", "429", "500", "502", "503", "504", "503 for an hour", "429 for a day",
    "empty", "reset", "cut", "loop", "login", "front page", "robots.txt forbids", "403 for good",
    "503 for good",
];

/// Articles that each source publishes: one a day, but for the last.
const ENTRIES: usize = 6;

/// For how many hours the pages of a source fail, from the time of the entry on: from a few hours to three days.
fn outage_of(source: usize) -> i64 {
    [3, 9, 26, 50, 75][source / WAYS.len() % 5]
}

fn way_of(source: usize) -> &'static str {
    WAYS[source % WAYS.len()]
}

/// When a source publishes its nth entry. Polls are every six hours.
fn published_at(source: usize, nth: usize) -> DateTime<Utc> {
    noon() + hours(24 * nth as i64 + 1) + TimeDelta::minutes(source as i64 * 7 % 600)
}

/// What a source says on page `nth`.
fn text_of(source: usize, nth: usize) -> String {
    let words = ["ferry", "mill", "orchard", "quarry", "lantern", "bridge", "chapel"];
    let word = |at: u32| words[(source / 7_usize.pow(at) + nth) % 7];
    format!(
        "The {} of number {source} and the {} behind it were the talk of day {nth}, when {} people came to see the {}.",
        word(0),
        word(1),
        source * 11 + nth,
        word(2)
    )
}

fn failure_of(way: &str) -> Reply {
    match way {
        "503 for an hour" => Reply::busy(Some("3600")),
        "429 for a day" => Reply::status(429).header("retry-after", "86400"),
        "empty" => Reply::html(""),
        "reset" => Reply::reset(),
        "cut" => page("Cut", "Cut in the middle.", "").cut_after(60),
        "loop" => Reply::redirect(302, "?again").header("set-cookie", "seen=1; Path=/nowhere"),
        "login" => Reply::redirect(302, "/login?next=/"),
        "front page" => Reply::redirect(302, "/"),
        status => Reply::status(status.split(' ').next().unwrap().parse().unwrap()),
    }
}

/// The feed of a source at a time, with full texts.
fn feed_at(source: usize, pages: &str, now: DateTime<Utc>) -> Reply {
    let mut items = String::new();
    for nth in (0..ENTRIES).filter(|&nth| published_at(source, nth) <= now).rev() {
        write!(
            items,
            "<item><title>Day {nth} of {source}</title><link>{pages}/{source}/{nth}</link><guid>{pages}/{source}/{nth}</guid>\
             <pubDate>{}</pubDate><content:encoded><![CDATA[<p>In the feed: {}</p>]]></content:encoded></item>",
            published_at(source, nth).to_rfc2822(),
            text_of(source, nth)
        )
        .unwrap();
    }
    Reply::rss(format!(
        "<rss version='2.0' xmlns:content='http://purl.org/rss/1.0/modules/content/'><channel><title>Source {source}</title>{items}</channel></rss>"
    ))
}

/// Serves the feeds of all sources, and their pages, on a host each for each way.
fn serve(clock: &Arc<AtomicI64>) -> (Vec<Press>, Vec<Press>) {
    let feeds: Vec<Press> =
        (0..WAYS.len()).map(|way| Press::start(&format!("127.0.4.{}", way + 1))).collect();
    let now = {
        let clock = Arc::clone(clock);
        move || DateTime::from_timestamp(clock.load(Ordering::SeqCst), 0).unwrap()
    };
    let hosts: Vec<Press> =
        (0..WAYS.len()).map(|way| Press::start(&format!("127.0.5.{}", way + 1))).collect();
    for source in 0..SOURCES {
        let (way, host) = (way_of(source), &hosts[source % WAYS.len()]);
        let (pages, at) = (host.url(""), now.clone());
        feeds[source % WAYS.len()].on(&format!("/{source}.xml"), move |_| feed_at(source, &pages, at()));
        for nth in 0..ENTRIES {
            let at = now.clone();
            let back_at = published_at(source, nth) + hours(outage_of(source));
            let is_back = move || way == "fine" || (!way.ends_with("for good") && at() >= back_at);
            host.on(&format!("/{source}/{nth}"), move |_| {
                if is_back() || way == "robots.txt forbids" {
                    page(&format!("Day {nth} of {source}"), &text_of(source, nth), "")
                } else {
                    failure_of(way)
                }
            });
        }
    }
    // For the first four days.
    let at = now.clone();
    hosts[WAYS.iter().position(|way| *way == "robots.txt forbids").unwrap()].on("/robots.txt", move |_| {
        let rule = if at() < noon() + hours(96) { "Disallow: /" } else { "Allow: /" };
        Reply::ok("text/plain", format!("User-agent: *\n{rule}\n"))
    });
    (feeds, hosts)
}

#[tokio::test]
async fn week_of_failing_pages_no_article_is_late_and_all_are_upgraded() {
    let clock = Arc::new(AtomicI64::new(noon().timestamp()));
    let (feeds, hosts) = serve(&clock);
    let urls: Vec<String> =
        (0..SOURCES).map(|source| feeds[source % WAYS.len()].url(&format!("/{source}.xml"))).collect();
    let names: Vec<String> = (0..SOURCES).map(|source| format!("s{source:03}")).collect();
    let sources: Vec<(&str, String, &str)> =
        names.iter().zip(&urls).map(|(name, url)| (&**name, url.clone(), "every = \"6h\"")).collect();
    let driver = Driver::start(&config("per_host = 1", &sources), noon()).await;
    // And until a week after the last page was given up.
    let end = noon() + hours(24 * (DAYS + 12));
    let mut now = noon();
    while now <= end {
        clock.store(now.timestamp(), Ordering::SeqCst);
        if now <= noon() + hours(24 * DAYS) {
            driver.polls(now).await;
        }
        driver.pages(now).await;
        if now.minute() == 0 {
            driver.settle(now).await;
        }
        now += TimeDelta::minutes(if now < noon() + hours(24 * (DAYS + 5)) { STEP } else { 60 });
    }

    let entries = (SOURCES * ENTRIES) as i64;
    assert_eq!(
        driver.number("SELECT count(*) FROM articles"),
        entries,
        "nothing is lost, nothing is doubled"
    );
    // Late: by when a poll had the entry.
    let late = driver.rows(
        "SELECT entry.url, round((julianday(article.first_seen) - julianday(entry.first_seen)) * 1440) AS minutes \
         FROM entry JOIN page ON page.id = entry.page_id JOIN article ON article.id = page.article_id \
         WHERE (julianday(article.first_seen) - julianday(entry.first_seen)) * 1440 > 60",
    );
    assert!(late.is_empty(), "later than an hour: {late:?}");
    let slowest = driver.one(
        "SELECT round(max((julianday(article.first_seen) - julianday(entry.first_seen)) * 1440)) \
         FROM entry JOIN page ON page.id = entry.page_id JOIN article ON article.id = page.article_id",
    );
    // Upgraded, all whose pages returned while they were tried; settled, all.
    let mut figures = String::new();
    for (at, way) in WAYS.iter().enumerate() {
        let of_way = format!(
            "source IN (SELECT name FROM sources WHERE cast(substr(name, 2) AS int) % {} = {at})",
            WAYS.len()
        );
        let count =
            |more: &str| driver.number(&format!("SELECT count(*) FROM articles WHERE {of_way} AND {more}"));
        let (whole, of_feed, open) =
            (count("method <> 'feed'"), count("method = 'feed'"), count("provisional = 1"));
        let requests = hosts[at].requests();
        let pages = requests.iter().filter(|seen| seen.path() != "/robots.txt").count();
        let mut of_page: BTreeMap<&str, usize> = BTreeMap::new();
        for seen in &requests {
            *of_page.entry(seen.path()).or_default() += 1;
        }
        // Of an article's own pages; where redirects lead to is not counted.
        let own = of_page.iter().filter(|(path, _)| path.matches('/').count() == 2);
        let most = own.map(|(_, count)| *count).max().unwrap_or(0);
        writeln!(
            figures,
            "{way:20} {whole:4} of pages {of_feed:4} of feeds {open:4} provisional {pages:5} requests, {most} for one page at most"
        )
        .unwrap();
        if way.ends_with("for good") {
            assert_eq!((whole, open), (0, 0), "{way}: given up\n{figures}");
        } else {
            assert_eq!((of_feed, open), (0, 0), "{way}: upgraded\n{figures}");
        }
        // A try, three retries and one a week later, each with the hop of a redirect to itself; or as often as a host that asks for
        // an hour is asked until its outage is over, by turns with its other pages.
        assert!(most <= 16, "{way}: {most} requests for one page\n{figures}");
        let in_flight = hosts[at].most_in_flight();
        assert!(in_flight <= 1, "{way}: {in_flight} requests at once");
    }
    println!("{entries} articles, the slowest after {slowest} minutes\n{figures}");
}
