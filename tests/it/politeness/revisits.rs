//! Articles that get edited: looked at again at the ages their source names, and when their feed says so; by conditional
//! requests, through the queue and the gaps of their host.

use chrono::{DateTime, Duration, Utc};

use super::driver::{Driver, config, hours, minutes, noon};
use crate::support::press::{Press, Seen, shortest_gap};
use crate::support::reply::Reply;
use crate::way::{self, page, rss};
use crate::workspace::Workspace;

const TEXT: &str =
    "The mayor opened the bridge in the rain, forgot the scissors, and cut the ribbon with a key.";

const EDITED: &str =
    "The mayor opened the bridge in the rain, forgot the scissors, and had the ribbon untied by a child.";

const AGES: &str = "every = \"30d\"\nrevisit = [\"1d\", \"1h\"]";

/// A feed of one entry of an article, with when it was changed.
fn feed(link: &str, updated: DateTime<Utc>) -> Reply {
    Reply::atom(format!(
        "<feed xmlns=\"http://www.w3.org/2005/Atom\"><title>P</title><id>p</id><updated>{0}</updated>\
         <entry><title>The bridge</title><id>1</id><link href=\"{link}\"/><updated>{0}</updated></entry></feed>",
        updated.to_rfc3339()
    ))
    .etag(format!("\"{}\"", updated.timestamp()))
}

fn bridge(text: &str) -> Reply {
    page("The bridge", text, "").etag(format!("\"{}\"", text.len()))
}

/// What each request for the page said that we have.
fn asked(press: &Press) -> Vec<Option<String>> {
    let tag = |seen: &Seen| seen.text("if-none-match");
    press.requests_for("/page").iter().map(tag).collect()
}

/// A press with one article, and the first look at it.
async fn begun(lines: &str) -> (Press, String, Driver) {
    let press = Press::start("127.0.0.2");
    press.page("/page", bridge(TEXT));
    press.page("/feed", feed(&press.url("/page"), noon()));
    let text = config("", &[("a", press.url("/feed"), lines)]);
    let driver = Driver::start(&text, noon()).await;
    driver.poll(noon()).await;
    assert_eq!(driver.pages(noon()).await.len(), 1);
    (press, text, driver)
}

fn texts(driver: &Driver) -> (i64, i64) {
    (driver.number("SELECT count(*) FROM articles"), driver.number("SELECT count(*) FROM revisions"))
}

#[tokio::test]
async fn an_edited_page_is_a_revision_and_one_that_is_as_it_was_costs_a_304() {
    let (press, text, mut driver) = begun(AGES).await;
    // Not before its age, restart or not.
    driver = driver.restart(&text, noon() + minutes(59)).await;
    assert!(driver.pages(noon() + minutes(59)).await.is_empty());
    driver.pages(noon() + minutes(61)).await;
    assert_eq!(texts(&driver), (1, 1));
    assert_eq!(driver.counter("pages.not-modified"), 1);
    press.page("/page", bridge(EDITED));
    driver = driver.restart(&text, noon() + hours(23)).await;
    assert!(driver.pages(noon() + hours(23)).await.is_empty());
    driver.pages(noon() + hours(25)).await;
    let first = Some(format!("\"{}\"", TEXT.len()));
    assert_eq!(asked(&press), [None, first.clone(), first]);
    assert_eq!(texts(&driver), (1, 2), "a revision of the same article");
    assert_eq!(driver.number("SELECT count(*) FROM articles WHERE text LIKE '%untied%'"), 1);
    assert_eq!(driver.counter("articles.revised"), 1);
    // There are no more ages, and nothing is kept for them.
    assert!(driver.pages(noon() + hours(24 * 60)).await.is_empty());
    assert_eq!(
        driver.number("SELECT count(*) FROM entry WHERE payload IS NOT NULL OR next_at IS NOT NULL"),
        0
    );
}

#[tokio::test]
async fn ages_that_went_by_while_nothing_ran_are_one_request() {
    let (press, text, driver) = begun(AGES).await;
    let late = noon() + hours(72);
    let driver = driver.restart(&text, late).await;
    assert_eq!(driver.pages(late).await.len(), 1);
    assert!(driver.pages(late + hours(240)).await.is_empty());
    assert_eq!(press.count("/page"), 2);
}

#[tokio::test]
async fn without_validators_the_same_text_is_no_revision_and_validators_are_replaced_together() {
    let press = Press::start("127.0.0.2");
    press.page("/page", page("The bridge", TEXT, "").last_modified("long ago"));
    press.page("/feed", feed(&press.url("/page"), noon()));
    let lines = "every = \"30d\"\nrevisit = [\"1h\", \"2h\", \"3h\"]";
    let driver = Driver::start(&config("", &[("a", press.url("/feed"), lines)]), noon()).await;
    driver.poll(noon()).await;
    driver.pages(noon()).await;
    press.page("/page", page("The bridge", TEXT, ""));
    for hour in [1, 2, 3] {
        driver.pages(noon() + hours(hour) + minutes(1)).await;
    }
    let since: Vec<_> =
        press.requests_for("/page").iter().map(|seen| seen.text("if-modified-since")).collect();
    assert_eq!(since, [None, Some("long ago".to_owned()), None, None]);
    assert_eq!(texts(&driver), (1, 1));
}

#[tokio::test]
async fn behind_a_redirect_validators_go_to_the_page_that_gave_them() {
    let press = Press::start("127.0.0.2");
    press.page("/go", Reply::redirect(302, "/page"));
    press.page("/page", bridge(TEXT));
    press.page("/feed", feed(&press.url("/go"), noon()));
    let driver = Driver::start(&config("", &[("a", press.url("/feed"), AGES)]), noon()).await;
    driver.poll(noon()).await;
    driver.pages(noon()).await;
    driver.pages(noon() + minutes(61)).await;
    assert_eq!(press.count("/go"), 2);
    assert!(press.requests_for("/go").iter().all(|seen| seen.header("if-none-match").is_none()));
    assert_eq!(asked(&press)[1], Some(format!("\"{}\"", TEXT.len())));
    assert_eq!(driver.counter("pages.not-modified"), 1);
}

#[tokio::test]
async fn pages_that_come_of_age_together_keep_the_gap_and_the_turn_of_their_host() {
    let press = Press::start("127.0.0.2");
    let names: Vec<String> = (0..6).map(|number| format!("/{number}")).collect();
    for name in &names {
        press.page(name, page(name, &format!("{TEXT} That was number {name}."), ""));
    }
    let entries: Vec<(&str, String)> = names.iter().map(|name| (name.as_str(), press.url(name))).collect();
    press.page("/feed", rss(&entries));
    let driver = Driver::start(&config("", &[("a", press.url("/feed"), AGES)]), noon()).await;
    driver.poll(noon()).await;
    assert_eq!(driver.pages(noon()).await.len(), 6);
    press.forget();
    assert_eq!(driver.pages(noon() + hours(2)).await.len(), 6);
    let gap = shortest_gap(&press.requests()).unwrap();
    assert!(gap.as_millis() >= 10, "{gap:?}");
}

#[tokio::test]
async fn an_entry_that_its_feed_says_changed_is_looked_at_again() {
    let (press, text, mut driver) = begun("every = \"1h\"").await;
    press.page("/page", bridge(EDITED));
    press.page("/feed", feed(&press.url("/page"), noon() + minutes(90)));
    let now = noon() + hours(2);
    driver.poll(now).await;
    // Killed between the two: it waits.
    driver = driver.restart(&text, now).await;
    driver.pages(now).await;
    assert_eq!(asked(&press), [None, Some(format!("\"{}\"", TEXT.len()))]);
    assert_eq!(texts(&driver), (1, 2));
    assert_eq!(driver.counter("entries.revisit"), 1);
    // The same word again is no news.
    driver.polls(now + hours(2)).await;
    assert!(driver.pages(now + hours(2)).await.is_empty());
}

#[tokio::test]
async fn a_feed_that_always_says_that_it_changed_is_believed_less_and_less() {
    let (press, _, driver) = begun("every = \"30m\"").await;
    for step in 1..(48 * 14) {
        let now = noon() + minutes(30 * step);
        press.page("/feed", feed(&press.url("/page"), now));
        driver.polls(now + minutes(5)).await;
        driver.pages(now + minutes(5)).await;
    }
    let looks = press.count("/page") - 1;
    // An hour, two, four and so on: 1 + 2 + … + 128 hours are 255 of 336.
    assert!((7..=9).contains(&looks), "{looks} looks in two weeks");
    // One that was right is believed again.
    press.page("/page", bridge(EDITED));
    press.page("/feed", feed(&press.url("/page"), noon() + hours(24 * 22)));
    let now = noon() + hours(24 * 23);
    driver.polls(now).await;
    driver.pages(now).await;
    assert_eq!(texts(&driver), (1, 2));
    press.page("/page", bridge(TEXT));
    press.page("/feed", feed(&press.url("/page"), now + hours(1)));
    driver.polls(now + hours(2)).await;
    driver.pages(now + hours(2)).await;
    assert_eq!(texts(&driver), (1, 3));
}

#[tokio::test]
async fn an_article_of_the_feeds_own_text_is_revised_without_a_page() {
    let press = Press::start("127.0.0.2");
    let said = |text: &str, updated: DateTime<Utc>| {
        Reply::atom(format!(
            "<feed xmlns=\"http://www.w3.org/2005/Atom\"><title>P</title><id>p</id><updated>{0}</updated><entry><title>The bridge\
             </title><id>1</id><updated>{0}</updated><content>{text}</content></entry></feed>",
            updated.to_rfc3339()
        ))
    };
    press.page("/feed", said(TEXT, noon()));
    let lines = "every = \"1h\"\npages = \"never\"\nrevisit = [\"1h\"]";
    let driver = Driver::start(&config("", &[("a", press.url("/feed"), lines)]), noon()).await;
    driver.poll(noon()).await;
    driver.pages(noon()).await;
    press.page("/feed", said(EDITED, noon() + hours(1)));
    let now = noon() + hours(2);
    driver.poll(now).await;
    driver.pages(now).await;
    assert_eq!(texts(&driver), (1, 2));
    assert!(driver.pages(now + hours(9)).await.is_empty());
}

#[tokio::test]
async fn a_page_that_is_gone_or_broken_by_then_leaves_the_article_as_it_was() {
    for (reply, looks) in [
        (Reply::status(410), 2),
        (Reply::status(404), 2),
        // Tried again after ten minutes and two hours, and at the next age.
        (Reply::status(500), 4),
        (Reply::html("<html><body></body></html>").etag("\"empty\""), 2),
    ] {
        let (press, _, driver) = begun(AGES).await;
        press.page("/page", reply.clone());
        press.forget();
        let mut now = noon() + hours(1);
        while now < noon() + hours(26) {
            driver.pages(now).await;
            now += minutes(5);
        }
        assert_eq!(texts(&driver), (1, 1), "{reply:?}");
        assert_eq!(
            driver.number("SELECT count(*) FROM articles WHERE method = 'auto' AND text LIKE '%scissors%'"),
            1,
            "{reply:?}"
        );
        assert!(press.count("/page") >= looks, "{reply:?}: {}", press.count("/page"));
        let tags = asked(&press);
        assert!(
            tags.iter().all(|tag| *tag == Some(format!("\"{}\"", TEXT.len()))),
            "what was not taken in leaves no validators: {reply:?}: {tags:?}"
        );
        // The article is there: in the end it is at rest.
        now += hours(24 * 8);
        driver.pages(now).await;
        assert!(driver.pages(now + hours(24 * 8)).await.is_empty(), "{reply:?}");
    }
}

#[tokio::test]
async fn trouble_of_the_host_costs_a_second_look_nothing() {
    let (press, _, driver) = begun(AGES).await;
    press.page("/page", Reply::busy(Some("7200")));
    driver.pages(noon() + minutes(61)).await;
    press.page("/page", bridge(EDITED));
    assert!(driver.pages(noon() + hours(2)).await.is_empty(), "the host rests");
    driver.pages(noon() + hours(4)).await;
    assert_eq!(texts(&driver), (1, 2));
    assert_eq!(driver.number("SELECT sum(attempts) FROM entry"), 0);
}

#[tokio::test]
async fn a_reload_changes_the_ages_of_what_waits() {
    let (press, text, driver) = begun(AGES).await;
    let now = noon() + minutes(30);
    // Nothing more.
    let driver = driver.restart(&text.replace(AGES, "every = \"30d\""), now).await;
    assert!(driver.pages(noon() + hours(30)).await.is_empty());
    assert_eq!(driver.number("SELECT count(payload) FROM entry"), 0);
    assert_eq!(press.count("/page"), 1);
    let (press, text, driver) = begun(AGES).await;
    // Sooner, and what is younger than an age only.
    let sooner = text.replace("[\"1d\", \"1h\"]", "[\"10m\", \"40m\"]");
    let driver = driver.restart(&sooner, now).await;
    assert!(driver.pages(now).await.is_empty());
    assert_eq!(driver.pages(noon() + minutes(41)).await.len(), 1);
    assert!(driver.pages(noon() + hours(30)).await.is_empty());
    assert_eq!(press.count("/page"), 2);
}

#[tokio::test]
async fn what_is_paused_waits_and_what_keeps_its_first_text_is_left_alone() {
    let (press, text, driver) = begun(AGES).await;
    let off = format!("{text}enabled = false\n");
    let driver = driver.restart(&off, noon() + minutes(10)).await;
    assert!(driver.pages(noon() + hours(2)).await.is_empty());
    let driver = driver.restart(&text, noon() + hours(3)).await;
    assert_eq!(driver.pages(noon() + hours(3)).await.len(), 1);
    assert_eq!(press.count("/page"), 2);

    let (press, _, driver) = begun("every = \"1h\"\nrevisions = \"first\"").await;
    press.page("/feed", feed(&press.url("/page"), noon() + hours(1)));
    driver.polls(noon() + hours(2)).await;
    assert!(driver.pages(noon() + hours(4)).await.is_empty());
    assert_eq!(press.count("/page"), 1);
}

#[test]
fn the_daemon_looks_again_and_a_deleted_article_is_looked_at_no_more() {
    let press = Press::start("127.0.0.2");
    press.page("/page", bridge(TEXT));
    press.page("/feed", feed(&press.url("/page"), noon()));
    let config = way::config(&[("a", press.url("/feed"))]);
    let workspace = Workspace::new(&format!("{config}revisit = [\"1s\"]\n"));
    let mut child = workspace.spawn(&["run"]);
    assert!(press.wait_until(|seen| seen.iter().filter(|seen| seen.path() == "/page").count() == 2));
    crate::workspace::send("TERM", &child);
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(asked(&press)[1], Some(format!("\"{}\"", TEXT.len())));
    assert_eq!(workspace.one("SELECT value FROM counter WHERE name = 'pages.not-modified'"), "1");

    // Another one, taken down while it waits for its day; then its feed says that it changed.
    let workspace = Workspace::new(&format!("{config}revisit = [\"1d\"]\n"));
    assert_eq!(workspace.run(&["run", "--once"]).code, Some(0));
    assert_eq!(workspace.one("SELECT count(*) FROM entry WHERE next_at IS NOT NULL"), "1");
    assert_eq!(workspace.run(&["delete", &press.url("/page")]).code, Some(0));
    assert_eq!(workspace.one("SELECT count(*) FROM entry WHERE next_at IS NOT NULL"), "0");
    press.page("/feed", feed(&press.url("/page"), noon() + Duration::days(1)));
    press.forget();
    assert_eq!(workspace.run(&["run", "--once", "--all"]).code, Some(0));
    assert_eq!((press.count("/feed"), press.count("/page")), (1, 0));
    assert_eq!(workspace.run(&["verify"]).code, Some(0));
}
