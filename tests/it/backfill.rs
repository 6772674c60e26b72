//! `cuttings backfill`: what a first poll recorded as seen is collected after all.

use chrono::{DateTime, Utc};
use cuttings::store::ControlOutcome;

use crate::politeness::corrections::{Item, TEXT, head, page_requests, rss, turn};
use crate::politeness::driver::{Driver, config, hours, minutes, noon};
use crate::support::press::Press;
use crate::workspace::Workspace;

const RARELY: &str = "every = \"30d\"";

/// A press with a feed of eight entries, a day apart, of which the first poll collects two.
async fn begun(lines: &str) -> (Press, Vec<Item>, Driver) {
    let press = Press::start("127.0.0.2");
    let items: Vec<Item> = (0..8).map(|number| aged(&press, number)).collect();
    press.page("/feed", rss(&items).etag("\"1\""));
    let lines = format!("first_poll = 2\n{lines}");
    let driver = Driver::start(&config("", &[("a", press.url("/feed"), &lines)]), noon()).await;
    turn(&driver, noon()).await;
    press.forget();
    (press, items, driver)
}

/// An entry so many days old, and its page.
fn aged(press: &Press, number: usize) -> Item {
    let mut item = Item::new(press, number);
    item.published = Some(days_ago(i64::try_from(number).unwrap()));
    let text = format!("{TEXT} That was number {number} of the year {}.", 1900 + number);
    press.page(&format!("/p{number}"), head(&item.title, &text));
    item
}

fn days_ago(days: i64) -> DateTime<Utc> {
    noon() - hours(24 * days)
}

fn titles(driver: &Driver) -> Vec<String> {
    driver.rows("SELECT title FROM articles ORDER BY published DESC").into_iter().flatten().collect()
}

#[tokio::test]
async fn entries_since_a_date_are_collected_and_older_ones_are_not() {
    let (press, _, driver) = begun("every = \"1d\"").await;
    assert_eq!(titles(&driver), ["Head 0", "Head 1"]);
    let now = noon() + hours(1);
    let plan = driver.backfill("a", days_ago(5), true, now).unwrap();
    assert_eq!((plan.entries, plan.without_page), (4, 0));
    assert_eq!((plan.oldest, plan.newest), (Some(days_ago(5)), Some(days_ago(2))));
    turn(&driver, now).await;
    assert!(press.requests().is_empty(), "a dry run asks for nothing");
    assert_eq!(driver.backfill("a", days_ago(5), false, now).unwrap(), plan);
    turn(&driver, now + minutes(1)).await;
    assert_eq!(titles(&driver), ["Head 0", "Head 1", "Head 2", "Head 3", "Head 4", "Head 5"]);
    assert_eq!((press.count("/feed"), page_requests(&press)), (1, 4));
    assert!(press.requests_for("/feed")[0].header("if-none-match").is_none(), "the whole feed is needed");
    let asked: Vec<_> = press.requests().iter().map(|seen| seen.path().to_owned()).collect();
    assert_eq!(asked, ["/feed", "/p2", "/p3", "/p4", "/p5"], "newest first");
    assert_eq!(driver.counter("entries.backfilled"), 4);
    // Once; and the others may be asked for later.
    assert_eq!(driver.backfill("a", days_ago(5), false, now).unwrap().entries, 0);
    assert_eq!(driver.backfill("a", days_ago(90), false, now + hours(1)).unwrap().entries, 2);
    turn(&driver, now + hours(2)).await;
    assert_eq!(titles(&driver).len(), 8);
    // From then on the feed is asked conditionally again.
    turn(&driver, now + hours(48)).await;
    assert!(press.requests_for("/feed").last().unwrap().header("if-none-match").is_some());
    assert_eq!(page_requests(&press), 6);
}

#[tokio::test]
async fn entries_that_the_feed_no_longer_has_are_collected_by_their_link_with_their_date() {
    let (press, items, driver) = begun(RARELY).await;
    press.page("/feed", rss(&items[..3]).etag("\"2\""));
    driver.backfill("a", days_ago(4), false, noon() + hours(1)).unwrap();
    turn(&driver, noon() + hours(1)).await;
    assert_eq!(titles(&driver), ["Head 0", "Head 1", "Head 2", "Head 3", "Head 4"]);
    let published = driver.one("SELECT published FROM articles WHERE title = 'Head 4'");
    assert_eq!(published, "2026-11-20T12:00:00Z");
    assert_eq!(driver.counter("entries.backfilled"), 3);
}

#[tokio::test]
async fn without_pages_the_words_of_the_feed_are_collected_and_what_is_gone_is_counted() {
    let (press, items, driver) = begun(&format!("{RARELY}\npages = \"never\"")).await;
    press.page("/feed", rss(&items[..4]).etag("\"2\""));
    let plan = driver.backfill("a", days_ago(30), false, noon() + hours(1)).unwrap();
    assert_eq!((plan.entries, plan.without_page), (6, 6));
    turn(&driver, noon() + hours(1)).await;
    assert_eq!(titles(&driver), ["Head 0", "Head 1", "Head 2", "Head 3"]);
    assert_eq!(driver.one("SELECT text FROM articles WHERE title = 'Head 3'"), "Words of entry 3.");
    let counts = (driver.counter("entries.backfilled"), driver.counter("entries.backfill-lost"));
    assert_eq!((counts, page_requests(&press)), ((2, 4), 0));
}

#[tokio::test]
async fn a_feed_that_is_down_is_backfilled_when_it_is_back() {
    let (press, _, driver) = begun(RARELY).await;
    press.page("/feed", crate::support::reply::Reply::status(500));
    driver.backfill("a", days_ago(3), false, noon() + hours(1)).unwrap();
    turn(&driver, noon() + hours(1)).await;
    assert_eq!(titles(&driver).len(), 2);
    let items: Vec<Item> = (0..8).map(|number| aged(&press, number)).collect();
    press.page("/feed", rss(&items).etag("\"1\""));
    for hour in 2..40 {
        turn(&driver, noon() + hours(hour)).await;
    }
    assert_eq!(titles(&driver), ["Head 0", "Head 1", "Head 2", "Head 3"]);
}

#[tokio::test]
async fn what_a_filter_excludes_is_not_collected() {
    let (press, mut items, driver) = begun(&format!("{RARELY}\nexclude = {{ title = \"raffle\" }}")).await;
    items[2].title = "Raffle of the day".into();
    items[3].title = "raffle again".into();
    press.page("/feed", rss(&items).etag("\"2\""));
    driver.backfill("a", days_ago(4), false, noon() + hours(1)).unwrap();
    turn(&driver, noon() + hours(1)).await;
    let collected = titles(&driver);
    assert!(collected.contains(&"Head 4".to_owned()), "{collected:?}");
    assert!(!collected.iter().any(|title| title.contains("raffle")), "{collected:?}");
}

#[tokio::test]
async fn undated_entries_count_from_when_they_were_first_seen() {
    let press = Press::start("127.0.0.2");
    let items: Vec<Item> = (0..4).map(|number| Item { published: None, ..aged(&press, number) }).collect();
    press.page("/feed", rss(&items));
    let lines = "every = \"30d\"\nfirst_poll = 1";
    let driver = Driver::start(&config("", &[("a", press.url("/feed"), lines)]), noon()).await;
    turn(&driver, noon()).await;
    let entries = |since| driver.backfill("a", since, true, noon()).unwrap().entries;
    assert_eq!((entries(noon() + hours(1)), entries(noon() - hours(1))), (0, 3));
}

#[tokio::test]
async fn what_was_dropped_or_deleted_does_not_come_back() {
    let (press, _, driver) = begun(&format!("{RARELY}\nkeep = \"7d\"")).await;
    driver.delete(driver.find(&press.url("/p0")), noon());
    driver.prune(noon() + hours(24 * 9)).await;
    assert!(titles(&driver).is_empty());
    press.forget();
    let now = noon() + hours(24 * 9);
    assert_eq!(driver.backfill("a", days_ago(1), false, now).unwrap().entries, 0);
    turn(&driver, now).await;
    assert!(press.requests().is_empty());
}

#[tokio::test]
async fn a_source_that_is_not_there_is_refused_with_the_names_that_are() {
    let (_press, _, driver) = begun(RARELY).await;
    let unknown = driver.backfill("b", noon(), false, noon()).unwrap_err();
    assert_eq!(unknown, ControlOutcome::Unknown(vec!["a".into()]));
}

#[test]
fn the_command_says_what_it_will_do_and_what_it_would() {
    let press = Press::start("127.0.0.2");
    let mut items: Vec<Item> = (0..8).map(|number| aged(&press, number)).collect();
    for (item, day) in items.iter_mut().zip((17..25).rev()) {
        // Past, whatever the clock of this machine says.
        item.published = Some(format!("2020-11-{day}T12:00:00Z").parse().unwrap());
    }
    press.page("/feed", rss(&items));
    let lines = "every = \"30d\"\nfirst_poll = 2";
    let workspace = Workspace::new(&config("", &[("a", press.url("/feed"), lines)]));
    assert_eq!(workspace.run(&["run", "--once"]).code, Some(0));
    let backfill = |more: &[&str]| workspace.run(&[&["backfill", "a"], more].concat());
    let tried = backfill(&["--since", "2020-11-20T00:00:00Z", "--dry-run"]);
    assert!(tried.stdout.contains("2020-11-22"), "{}{}", tried.stdout, tried.stderr);
    assert!(
        tried.stderr.contains("a: 3 entries would be collected; nothing was changed"),
        "{}",
        tried.stderr
    );
    let asked = backfill(&["--since", "2020-11-20T00:00:00Z"]);
    assert_eq!(asked.code, Some(0));
    let says = "a: 3 entries of 2020-11-20 to 2020-11-22: the feed is polled at the next `cuttings run`";
    assert!(asked.stderr.contains(says), "{}", asked.stderr);
    assert_eq!(workspace.run(&["run", "--once"]).code, Some(0));
    assert_eq!(workspace.one("SELECT count(*) FROM articles"), "5");
    let none = backfill(&["--since", "2020-11-20T00:00:00Z"]);
    assert_eq!(none.code, Some(0));
    assert!(none.stderr.contains("recorded no entry as seen"), "{}", none.stderr);
    assert_eq!(backfill(&[]).code, Some(2), "a date is needed");
    assert_eq!(backfill(&["--since", "soon"]).code, Some(2));
    assert_eq!(workspace.run(&["pause", "a"]).code, Some(0));
    let paused = backfill(&["--since", "2020-01-01"]);
    assert!(paused.stderr.contains("it is paused"), "{}", paused.stderr);
}
