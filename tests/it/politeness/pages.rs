//! P30 to P35: pages, robots.txt, and the ledger of hosts.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::driver::{Driver, config, hours, minutes, noon};
use crate::support::press::{Press, shortest_gap};
use crate::support::reply::{Reply, busy_until};
use crate::way::{self, page, rss};
use crate::workspace::Workspace;

const EVERY: &str = "every = \"30m\"";

const TEXT: &str = "A goose crossed the market on its own, stopped at the fountain, and was seen to read the time from the church.";

fn robots(rules: &str) -> Reply {
    Reply::ok("text/plain", rules)
}

#[test]
fn p30_pages_obey_robots_txt_and_feeds_only_where_it_is_configured() {
    let press = Press::start("127.0.0.2");
    press.page("/robots.txt", robots("User-agent: *\nDisallow: /\nAllow: /yes$\nUser-agent: Cuttings\nDisallow: /no\nDisallow: /feed\n"));
    press.page("/yes", page("Yes", TEXT, ""));
    press.page("/no/1", page("No", &TEXT.replace("goose", "duck"), ""));
    press.page("/feed", rss(&[("Yes", press.url("/yes")), ("No", press.url("/no/1"))]));
    let text = way::config(&[("a", press.url("/feed"))]);
    let workspace = Workspace::new(&text);
    workspace.run(&["run", "--once"]);
    assert_eq!(
        (press.count("/feed"), press.count("/robots.txt"), press.count("/yes"), press.count("/no/1")),
        (1, 1, 1, 0)
    );
    assert!(
        workspace.one("SELECT message FROM failure WHERE code = 'robots-denied'").contains("ignore_robots")
    );
    assert!(!workspace.run(&["status"]).stdout.contains("robots.txt is ignored"));
    // The feed too.
    let obedient = Workspace::new(&format!("{text}feed_robots = true\n"));
    let ended = obedient.run(&["run", "--once"]);
    assert_eq!(press.count("/feed"), 1, "{}", ended.stdout);
    assert!(ended.stdout.contains("robots-denied"), "{}", ended.stdout);
    // None of it, and it is said.
    press.forget();
    let rude = Workspace::new(&format!("{text}ignore_robots = true\n"));
    assert_eq!(rude.run(&["run", "--once"]).code, Some(0));
    assert_eq!((press.count("/robots.txt"), press.count("/no/1")), (0, 1));
    assert!(rude.run(&["status"]).stdout.contains("a: robots.txt is ignored (ignore_robots)"));
}

#[tokio::test]
async fn p30_no_answer_for_robots_txt_forbids_and_a_4xx_allows() {
    for (reply, allowed) in [
        (Reply::status(404), true),
        (Reply::status(403), true),
        (Reply::status(500), false),
        (Reply::status(503), false),
        (Reply::reset(), false),
    ] {
        let press = Press::start("127.0.0.2");
        press.page("/robots.txt", reply.clone());
        press.page("/page", page("The goose", TEXT, ""));
        press.page("/feed", rss(&[("The goose", press.url("/page"))]));
        let driver = Driver::start(&config("", &[("a", press.url("/feed"), EVERY)]), noon()).await;
        driver.poll(noon()).await;
        driver.pages(noon()).await;
        assert_eq!(press.count("/page") == 1, allowed, "{reply:?}");
        // It costs the page no attempt.
        assert_eq!(driver.number("SELECT sum(attempts) FROM entry"), 0, "{reply:?}");
        press.remove("/robots.txt");
        driver.pages(noon() + hours(25)).await;
        assert_eq!(press.count("/page"), 1, "{reply:?}");
    }
}

#[tokio::test]
async fn p31_a_crawl_delay_is_the_gap_of_its_host() {
    let press = Press::start("127.0.0.2");
    press.page("/robots.txt", robots("User-agent: *\nCrawl-delay: 0.2\n"));
    press.page("/1", page("One", TEXT, ""));
    press.page("/2", page("Two", &TEXT.replace("goose", "duck"), ""));
    press.page("/feed", rss(&[("One", press.url("/1")), ("Two", press.url("/2"))]));
    let driver = Driver::start(&config("", &[("a", press.url("/feed"), EVERY)]), noon()).await;
    driver.poll(noon()).await;
    assert_eq!(driver.pages(noon()).await.len(), 2);
    let after_robots = press.requests().split_off(1);
    assert_eq!(after_robots.len(), 3);
    let gap = shortest_gap(&after_robots).unwrap();
    assert!(gap.as_millis() >= 200, "{gap:?}");
    assert_eq!(cuttings::fetch::MAX_CRAWL_DELAY.as_secs(), 60);
}

#[tokio::test]
async fn p32_a_pages_own_failures_have_their_times_and_the_hosts_cost_nothing() {
    let press = Press::start("127.0.0.2");
    press.page("/page", Reply::status(500));
    press.page("/feed", rss(&[("The goose", press.url("/page"))]));
    let driver = Driver::start(&config("", &[("a", press.url("/feed"), "every = \"30d\"")]), noon()).await;
    driver.poll(noon()).await;
    let mut now = noon();
    for (tries, wait) in [(1, minutes(10)), (2, hours(2)), (3, hours(24)), (4, hours(24 * 7))] {
        driver.pages(now).await;
        assert_eq!(press.count("/page"), tries);
        // Not a minute sooner.
        assert!(driver.pages(now + wait - minutes(1)).await.is_empty());
        assert_eq!(driver.number("SELECT count(*) FROM articles"), i64::from(tries >= 2));
        now += wait + minutes(1);
    }
    // The feed's own teaser is kept from the second failure on, and a week later the page is there.
    press.page("/page", page("The goose", TEXT, ""));
    driver.pages(now).await;
    assert_eq!(press.count("/page"), 5);
    assert!(driver.pages(now + hours(24 * 60)).await.is_empty(), "once per article");
    assert_eq!(driver.number("SELECT count(*) FROM articles WHERE method = 'auto'"), 1);
}

#[tokio::test]
async fn p32_trouble_of_the_host_costs_the_page_its_tries_after_three_days() {
    let press = Press::start("127.0.0.2");
    press.page("/page", Reply::busy(None));
    press.page("/feed", rss(&[("The goose", press.url("/page"))]));
    let driver = Driver::start(&config("", &[("a", press.url("/feed"), "every = \"30d\"")]), noon()).await;
    driver.poll(noon()).await;
    let mut attempts_by_day = Vec::new();
    for day in 0..16 {
        for hour in 0..24 {
            driver.pages(noon() + hours(24 * day + hour)).await;
        }
        attempts_by_day.push(driver.number("SELECT attempts FROM entry"));
    }
    assert_eq!(attempts_by_day[..3], [0, 0, 0]);
    assert!(attempts_by_day[4] > 0, "{attempts_by_day:?}");
    let asked = press.count("/page");
    assert!(asked <= 24, "{asked} requests in 16 days");
    assert_eq!(
        driver.rows("SELECT state, text_state FROM entry"),
        [["done", "final"]],
        "the end, and it is known"
    );
}

#[tokio::test]
async fn p32_trouble_of_the_host_rests_its_feeds_too() {
    let press = Press::start("127.0.0.2");
    let well = Arc::new(AtomicBool::new(false));
    press.on("/page", busy_until(&well, Reply::busy(None), page("The goose", TEXT, "")));
    press.page("/feed", rss(&[("The goose", press.url("/page"))]));
    press.page("/later", rss(&[]));
    let one = ("a", press.url("/feed"), EVERY);
    let driver = Driver::start(&config("", std::slice::from_ref(&one)), noon()).await;
    driver.poll(noon()).await;
    for round in 0..8 {
        driver.pages(noon() + hours(round)).await;
    }
    assert_eq!(driver.number("SELECT sum(attempts) FROM entry"), 0);
    // Seven troubles in a row are more than an hour of rest, for a feed that was never asked as well.
    assert_eq!(press.count("/page"), 7);
    let text = config("", &[one, ("b", press.url("/later"), EVERY)]);
    let now = noon() + hours(6) + minutes(30);
    let driver = driver.restart(&text, now).await;
    driver.polls(now).await;
    assert_eq!(press.count("/later"), 0);
    well.store(true, Ordering::SeqCst);
    let now = noon() + hours(12);
    let driver = driver.restart(&text, now).await;
    driver.pages(now).await;
    driver.polls(now).await;
    assert_eq!((press.count("/later"), driver.number("SELECT count(*) FROM articles")), (1, 1));
}

#[tokio::test]
async fn p33_what_is_no_page_is_dropped_at_its_headers() {
    let press = Press::start("127.0.0.2");
    for (path, mime) in [("/film", "video/mp4"), ("/paper", "application/pdf"), ("/picture", "image/png")] {
        // Whoever read the body would never come to its end.
        press.page(path, Reply::ok(mime, "0123456789".repeat(1000)).endless());
    }
    press.page(
        "/feed",
        rss(&[
            ("A film", press.url("/film")),
            ("A paper", press.url("/paper")),
            ("A picture", press.url("/picture")),
        ]),
    );
    let driver = Driver::start(&config("", &[("a", press.url("/feed"), EVERY)]), noon()).await;
    driver.poll(noon()).await;
    for report in driver.pages(noon()).await {
        assert_eq!(report.failure.unwrap().code, "not-html");
    }
    assert_eq!(driver.number("SELECT count(*) FROM articles WHERE method = 'feed'"), 3);
    assert!(driver.pages(noon() + hours(48)).await.is_empty(), "and not asked again and again");
}

#[tokio::test]
async fn p34_of_five_hundred_entries_the_newest_fifty_are_fetched() {
    let press = Press::start("127.0.0.2");
    let items: String = (0..500)
        .map(|number| {
            let at = noon() - hours(number);
            press.page(
                &format!("/{number}"),
                page(&format!("Number {number}"), &format!("{TEXT} It was number {number}."), ""),
            );
            format!(
                "<item><title>Number {number}</title><link>{}</link><pubDate>{}</pubDate></item>",
                press.url(&format!("/{number}")),
                at.to_rfc2822()
            )
        })
        .collect();
    let body = format!("<rss version=\"2.0\"><channel><title>P</title>{items}</channel></rss>");
    press.page("/feed", Reply::rss(body));
    let text = config("", &[("a", press.url("/feed"), EVERY)]).replace("\"10ms\"", "\"1ms\"");
    let driver = Driver::start(&text, noon()).await;
    driver.poll(noon()).await;
    assert_eq!(driver.pages(noon()).await.len(), 50);
    let mut asked: Vec<usize> =
        press.requests().iter().filter_map(|seen| seen.path().trim_start_matches('/').parse().ok()).collect();
    asked.sort_unstable();
    assert_eq!(asked, (0..50).collect::<Vec<_>>());
    assert_eq!(driver.number("SELECT count(*) FROM entry WHERE state = 'seen'"), 450);
    // Nor later.
    driver.polls(noon() + hours(1)).await;
    assert!(driver.pages(noon() + hours(24 * 30)).await.is_empty());
}

#[test]
fn p35_the_ledger_of_a_host_survives_a_restart() {
    let press = Press::start("127.0.0.2");
    press.page("/page", Reply::busy(Some("3600")));
    press.page("/robots.txt", robots("User-agent: *\nAllow: /\n"));
    press.page("/feed", rss(&[("The goose", press.url("/page"))]));
    press.page("/other", rss(&[]));
    let workspace = Workspace::new(&way::config(&[("a", press.url("/feed"))]));
    workspace.run(&["run", "--once"]);
    assert_eq!(press.requests().len(), 3);
    workspace.configure(&way::config(&[("a", press.url("/feed")), ("b", press.url("/other"))]));
    for _ in 0..3 {
        workspace.run(&["run", "--once", "--all"]);
    }
    assert_eq!(press.requests().len(), 3, "nothing to the host before its hour, not even a new feed");
    let status = workspace.run(&["status"]);
    assert!(status.stdout.contains("in 5"), "in fifty-nine minutes: {}", status.stdout);
}

#[tokio::test]
async fn p35_robots_answers_and_gaps_are_kept_too() {
    let press = Press::start("127.0.0.2");
    press.page("/robots.txt", robots("User-agent: *\nDisallow: /no\n"));
    press.page("/1", page("One", TEXT, ""));
    press.page("/2", page("Two", &TEXT.replace("goose", "duck"), ""));
    press.page("/feed", rss(&[("One", press.url("/1"))]));
    let text = config("", &[("a", press.url("/feed"), EVERY)]);
    let driver = Driver::start(&text, noon()).await;
    driver.poll(noon()).await;
    driver.pages(noon()).await;
    press.page("/feed", rss(&[("Two", press.url("/2")), ("No", press.url("/no"))]).etag("\"v2\""));
    let now = noon() + hours(1);
    let driver = driver.restart(&text, now).await;
    driver.poll(now).await;
    driver.pages(now).await;
    assert_eq!((press.count("/robots.txt"), press.count("/2"), press.count("/no")), (1, 1, 0));
}

#[tokio::test]
async fn p35_robots_answers_of_every_way_and_name_are_kept_too() {
    let press = Press::start("127.0.0.2");
    press.on("/robots.txt", |seen| {
        let ours = seen.text("user-agent").unwrap_or_default().starts_with("cuttings/");
        robots(if ours { "User-agent: *\nDisallow:\n" } else { "User-agent: morning-press\nDisallow: /no\n" })
    });
    let links = [("One", press.url("/1")), ("Two", press.url("/no/2"))];
    press.page("/1", page("One", TEXT, ""));
    press.page("/no/2", page("Two", &TEXT.replace("goose", "duck"), ""));
    for feed in ["/a", "/b", "/c"] {
        press.page(feed, rss(&[]));
    }
    let other = format!("{EVERY}\nuser_agent = \"morning-press/2 (+https://press.example/bot)\"");
    let old = format!("{EVERY}\nhttp1_only = true");
    let text = config(
        "",
        &[("a", press.url("/a"), EVERY), ("b", press.url("/b"), &other), ("c", press.url("/c"), &old)],
    );
    let mut driver = Driver::start(&text, noon()).await;
    driver.polls(noon()).await;
    let mut now = noon();
    for (round, feed) in ["/b", "/a", "/c", "/b", "/c"].into_iter().enumerate() {
        now += minutes(40);
        driver = driver.restart(&text, now).await;
        let more = format!("{}?{round}", links[round % 2].1);
        press.page(&more.replace(&press.url(""), ""), page(feed, &format!("{TEXT} {round} {feed}"), ""));
        press.page(feed, rss(&[(feed, more)]).etag(format!("\"{round}\"")));
        driver.polls(now).await;
        driver.pages(now).await;
    }
    // Each way asked once, whatever was restarted between.
    assert_eq!(press.count("/robots.txt"), 3);
    assert_eq!(driver.number("SELECT count(*) FROM robots"), 3);
    // The rules are those for the name of the source: `b` was forbidden what `a` may have.
    assert_eq!(press.count("/no/2?3"), 0);
    assert_eq!(press.count("/no/2?1"), 1);
    assert_eq!(
        driver.number("SELECT count(DISTINCT entry_id) FROM failure JOIN source ON source.id = source_id WHERE name = 'b' AND failure.code = 'robots-denied'"),
        1
    );
}
