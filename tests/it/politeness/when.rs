//! P10 to P20: when.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::driver::{Driver, config, hours, minutes, noon};
use crate::support::press::{Press, most_at_once, shortest_gap};
use crate::support::reply::Reply;
use crate::way::{self, page, rss};
use crate::workspace::{Workspace, send};

const NO_PAGES: &str = "pages = \"never\"";

/// A feed with these guids.
fn feed(guids: std::ops::Range<usize>, more: &str) -> Reply {
    let items = guids.rev().fold(String::new(), |mut text, guid| {
        write!(text, "<item><title>Number {guid}</title><guid>{guid}</guid></item>").unwrap();
        text
    });
    Reply::rss(format!(
        "<rss version=\"2.0\" xmlns:sy=\"http://purl.org/rss/1.0/modules/syndication/\"><channel><title>P</title>{more}{items}</channel></rss>"
    ))
}

/// Polls one source once with this answer; minutes until the next poll, and why then.
async fn next(reply: Reply, lines: &str) -> (i64, String) {
    let press = Press::start("127.0.0.2");
    press.page("/feed", reply);
    let driver = Driver::start(&config("", &[("a", press.url("/feed"), lines)]), noon()).await;
    let next = driver.poll(noon()).await.next;
    let stored = driver.status("a", noon()).next.unwrap();
    assert_eq!(next.why, stored.why, "status says the same");
    ((next.at - noon()).num_minutes(), next.why)
}

#[tokio::test]
async fn p10_adaptive_keeps_its_floors_and_the_users_word_the_hard_one() {
    let busy = || feed(0..50, "");
    let (wait, why) = next(busy().etag("\"a\""), NO_PAGES).await;
    assert!((60..=62).contains(&wait), "an hour with validators: {wait} {why}");
    let (wait, why) = next(busy(), NO_PAGES).await;
    assert!((1440..=1442).contains(&wait), "a day without: {wait} {why}");
    assert!(why.contains("conditional"), "{why}");
    // The user's own word, down to five minutes.
    let (wait, why) = next(busy(), "every = \"5m\"\npages = \"never\"").await;
    assert_eq!((wait, why.as_str()), (5, "every 5m"));
    let workspace =
        Workspace::new("[[source]]\nname = \"a\"\nfeed = \"https://paper.example/\"\nevery = \"4m\"\n");
    let ended = workspace.run(&["check"]);
    assert!(ended.code == Some(2) && ended.stderr.contains("impolite"), "{}", ended.stderr);
    // What was seen to overflow: nothing of the last document is left, and validators are there.
    let press = Press::start("127.0.0.2");
    let round = AtomicUsize::new(0);
    press.on("/feed", move |_| {
        let round = round.fetch_add(1, Ordering::SeqCst);
        feed(50 * round..50 * round + 50, "").etag(format!("\"{round}\""))
    });
    let driver = Driver::start(&config("", &[("a", press.url("/feed"), NO_PAGES)]), noon()).await;
    let first = driver.poll(noon()).await.next;
    let second = driver.poll(first.at).await.next;
    let wait = (second.at - first.at).num_minutes();
    assert!((15..=16).contains(&wait), "a quarter after an overflow: {wait}");
    let third = driver.poll(second.at).await.next;
    let wait = (third.at - second.at).num_minutes();
    assert!((15..=16).contains(&wait), "a quarter after another: {wait}");
}

#[tokio::test]
async fn p11_max_age_delays_on_every_answer_and_at_most_by_max_hint() {
    let polled = "every = \"30m\"\npages = \"never\"";
    let fresh = |reply: Reply| reply.header("Cache-Control", "public, max-age=36000").header("Age", "3600");
    for (reply, what) in [
        (fresh(feed(0..3, "")), "200"),
        (fresh(Reply::status(404)), "404"),
        (fresh(Reply::status(429)), "429"),
    ] {
        let (wait, why) = next(reply, polled).await;
        assert_eq!((wait, why.as_str()), (540, "the server asked for max-age=36000"), "{what}");
    }
    // 304
    let press = Press::start("127.0.0.2");
    press.page("/feed", fresh(feed(0..3, "")).etag("\"a\""));
    let driver = Driver::start(&config("", &[("a", press.url("/feed"), polled)]), noon()).await;
    driver.poll(noon()).await;
    let later = noon() + hours(10);
    let next_one = driver.poll(later).await.next;
    assert_eq!(driver.number("SELECT count(*) FROM poll WHERE status = 304"), 1);
    assert_eq!((next_one.at - later).num_minutes(), 540);
    // Expires counts without max-age only; the past and nonsense add nothing.
    let expires =
        |value: &str| feed(0..3, "").header("Expires", value).header("Date", "Tue, 24 Nov 2026 12:00:00 GMT");
    assert_eq!(next(expires("Tue, 24 Nov 2026 15:00:00 GMT"), polled).await.0, 180);
    let both = expires("Tue, 24 Nov 2026 15:00:00 GMT").header("Cache-Control", "max-age=7200");
    assert_eq!(next(both, polled).await.0, 120);
    for nothing in ["0", "-1", "soon", "Tue, 24 Nov 2026 11:00:00 GMT"] {
        assert_eq!(next(expires(nothing), polled).await.1, "every 30m", "{nothing}");
    }
    let for_ever = || feed(0..3, "").header("Cache-Control", "max-age=999999999999");
    assert_eq!(next(for_ever(), polled).await.0, 24 * 60);
    let own = format!("{polled}\nmax_hint = \"2h\"");
    assert_eq!(next(for_ever(), &own).await.0, 120);
}

#[tokio::test]
async fn p12_what_the_feed_wishes_is_honoured_together() {
    let polled = "every = \"30m\"\npages = \"never\"";
    let skip = |hours: std::ops::RangeInclusive<u8>| {
        let hours: String = hours.map(|hour| format!("<hour>{hour}</hour>")).collect();
        format!("<skipHours>{hours}</skipHours>")
    };
    for (more, wait, word) in [
        ("<ttl>90</ttl>".to_owned(), 90, "ttl"),
        ("<ttl>1</ttl>".to_owned(), 30, "every 30m"),
        ("<ttl>soon</ttl>".to_owned(), 30, "every 30m"),
        // 12:30 is skipped, and so is all until 16:00.
        (skip(12..=15), 240, "skipHours"),
        // All of Tuesday: Wednesday begins in twelve hours.
        ("<skipDays><day>Tuesday</day></skipDays>".to_owned(), 720, "skipDays"),
        // The ttl leads into the skipped hours, and they lead out.
        (format!("<ttl>90</ttl>{}", skip(13..=14)), 180, "skipHours"),
        (
            "<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>".to_owned(),
            360,
            "sy:updatePeriod",
        ),
        (
            "<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>\
             <sy:updateBase>2000-01-01T02:00:00Z</sy:updateBase>"
                .to_owned(),
            120,
            "sy:updatePeriod",
        ),
        ("<ttl>99999</ttl>".to_owned(), 1440, "ttl"),
    ] {
        let (got, why) = next(feed(0..3, &more), polled).await;
        assert!((wait..=wait + 1).contains(&got) && why.contains(word), "{more}: {got} {why}");
    }
    // A feed that skips every hour means none of it.
    let (wait, _) = next(feed(0..3, &skip(0..=23)), polled).await;
    assert!((30..=31).contains(&wait), "{wait}");
}

#[tokio::test]
async fn p13_retry_after_holds_for_feeds_and_pages_of_the_scope() {
    for (value, wait) in [
        ("7200", 120),
        ("Tue, 24 Nov 2026 14:00:00 GMT", 120),
        ("Tuesday, 24-Nov-26 14:00:00 GMT", 120),
        ("Tue Nov 24 14:00:00 2026", 120),
        ("999999999", 1440),
    ] {
        let press = Press::start("127.0.0.2");
        press.page("/page", page("A page", "It was read by everybody in the house before noon.", ""));
        press.page("/a", rss(&[("A page", press.url("/page"))]));
        let busy = Arc::new(AtomicBool::new(false));
        let (told, now_busy) = (value.to_owned(), Arc::clone(&busy));
        press.on("/b", move |_| {
            if now_busy.load(Ordering::SeqCst) {
                Reply::status(429).header("Retry-After", &told)
            } else {
                rss(&[])
            }
        });
        let polled = "every = \"30m\"";
        let text = config("", &[("a", press.url("/a"), polled), ("b", press.url("/b"), polled)]);
        let driver = Driver::start(&text, noon()).await;
        busy.store(true, Ordering::SeqCst);
        assert_eq!(driver.polls(noon()).await.len(), 2);
        press.forget();
        // Neither the other feed nor the page that waits is asked, restart or not.
        let driver = driver.restart(&text, noon() + minutes(1)).await;
        let before = noon() + minutes(wait - 1);
        for now in [noon() + minutes(1), noon() + minutes(60), before] {
            assert!(driver.polls(now).await.is_empty() && driver.pages(now).await.is_empty(), "{value}");
        }
        assert!(press.requests().is_empty(), "{value}");
        busy.store(false, Ordering::SeqCst);
        let after = noon() + minutes(wait + 1);
        let driver = driver.restart(&text, after).await;
        assert_eq!((driver.polls(after).await.len(), driver.pages(after).await.len()), (2, 1), "{value}");
    }
    // Past means now, and nonsense is no wish: the feed backs off by itself.
    for value in ["Sun, 06 Nov 1994 08:49:37 GMT", "0", "soon", "-5"] {
        let reply = Reply::busy(Some(value));
        let (wait, why) = next(reply, "every = \"30m\"\npages = \"never\"").await;
        assert_eq!(why.contains("Retry-After"), !["soon", "-5"].contains(&value), "{value}: {wait} {why}");
    }
}

#[tokio::test]
async fn p13_its_scope_is_the_host_or_the_feed_or_the_domain() {
    for (scope, asked) in [("host", [false, true]), ("feed", [true, true]), ("domain", [false, false])] {
        let press = Press::start("127.0.0.2");
        let of = |host: &str, path: &str| format!("http://{host}:{}{path}", press.address().port());
        press.page("/busy", Reply::busy(Some("7200")));
        press.page("/same-host", rss(&[]));
        press.page("/same-domain", rss(&[]));
        let polled = "every = \"30m\"";
        let busy = ("busy", of("www.paper.example", "/busy"), polled);
        let others = [
            ("host", of("www.paper.example", "/same-host"), polled),
            ("domain", of("feeds.paper.example", "/same-domain"), polled),
        ];
        let more = format!("scope = \"{scope}\"");
        let driver = Driver::start(&config(&more, std::slice::from_ref(&busy)), noon()).await;
        driver.poll(noon()).await;
        let [host, domain] = others;
        let later = noon() + minutes(10);
        let driver = driver.restart(&config(&more, &[busy, host, domain]), later).await;
        driver.polls(later).await;
        let got = [press.count("/same-host") == 1, press.count("/same-domain") == 1];
        assert_eq!(got, asked, "{scope}");
    }
}

#[tokio::test]
async fn p14_failures_back_off_up_to_a_day_and_a_source_never_dies() {
    for reply in [Reply::status(404), Reply::status(500), Reply::reset()] {
        let press = Press::start("127.0.0.2");
        let well = Arc::new(AtomicBool::new(false));
        let (is_well, bad) = (Arc::clone(&well), reply.clone());
        press.on("/feed", move |_| {
            if is_well.load(Ordering::SeqCst) { feed(0..3, "").etag("\"a\"") } else { bad.clone() }
        });
        let text = config("", &[("a", press.url("/feed"), "every = \"30m\"\npages = \"never\"")]);
        let mut driver = Driver::start(&text, noon()).await;
        let (mut now, mut waits) = (noon(), Vec::new());
        for _ in 0..40 {
            let next = driver.poll(now).await.next;
            waits.push((next.at - now).num_minutes());
            // Kept over a restart.
            driver = driver.restart(&text, next.at - minutes(1)).await;
            assert!(driver.polls(next.at - minutes(1)).await.is_empty(), "{reply:?}: {waits:?}");
            now = next.at + minutes(1);
        }
        assert!(waits.is_sorted(), "{reply:?}: {waits:?}");
        assert!((30..=33).contains(&waits[0]) && waits[39] == 1440, "{reply:?}: {waits:?}");
        well.store(true, Ordering::SeqCst);
        let report = driver.poll(now).await;
        assert!(report.failure.is_none() && (30..=32).contains(&(report.next.at - now).num_minutes()));
    }
}

#[test]
fn p15_twenty_restarts_are_one_request() {
    let press = Press::start("127.0.0.2");
    press.page("/feed", rss(&[]));
    let workspace = Workspace::new(&way::config(&[("a", press.url("/feed"))]));
    for _ in 0..20 {
        assert_eq!(workspace.run(&["run", "--once"]).code, Some(0));
    }
    for signal in ["TERM", "KILL"] {
        let mut child = workspace.spawn(&["run"]);
        let started = workspace.one("SELECT count(*) FROM run");
        while workspace.one("SELECT count(*) FROM run") == started && child.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
        send(signal, &child);
        child.wait().unwrap();
    }
    assert_eq!(press.requests().len(), 1);
    assert_eq!(workspace.run(&["run", "--once", "--all"]).code, Some(0));
    let requests = press.requests();
    assert_eq!(requests.len(), 2, "--all asks for more");
    assert_eq!(requests[1].text("if-none-match").as_deref(), Some("\"v1\""));
}

#[test]
fn p16_one_at_a_time_and_a_gap_between_and_so_many_in_all() {
    let crowded = Press::start("127.0.0.2");
    let mut sources = Vec::new();
    for number in 0..20 {
        let path = format!("/{number}");
        crowded.page(&path, rss(&[]));
        sources.push((format!("c{number}"), crowded.url(&path)));
    }
    // The same host under another port.
    let other_port = Press::start("127.0.0.2");
    other_port.page("/feed", rss(&[]));
    sources.push(("port".to_owned(), other_port.url("/feed")));
    let lonely: Vec<Press> = (3..9).map(|host| Press::start(&format!("127.0.0.{host}"))).collect();
    for (number, press) in lonely.iter().enumerate() {
        press.page("/feed", rss(&[]));
        sources.push((format!("l{number}"), press.url("/feed")));
    }
    let named: Vec<(&str, String)> = sources.iter().map(|(name, url)| (name.as_str(), url.clone())).collect();
    let text = way::config(&named).replace("\"10ms\"", "\"30ms\"\nin_flight = 4");
    let workspace = Workspace::new(&text);
    assert_eq!(workspace.run(&["run", "--once"]).code, Some(0));
    let mut of_host = crowded.requests();
    of_host.extend(other_port.requests());
    assert_eq!(of_host.len(), 21);
    assert_eq!(most_at_once(&of_host), 1);
    let gap = shortest_gap(&of_host).unwrap();
    assert!(gap.as_millis() >= 30, "{gap:?}");
    let mut all = of_host;
    all.extend(lonely.iter().flat_map(Press::requests));
    assert_eq!(all.len(), 27);
    assert!(most_at_once(&all) <= 4);
}

#[tokio::test]
async fn p17_a_clock_that_jumps_makes_no_burst_and_starves_nobody() {
    let press = Press::start("127.0.0.2");
    press.page("/feed", feed(0..3, "").etag("\"a\""));
    let text = config("", &[("a", press.url("/feed"), "every = \"30m\"\npages = \"never\"")]);
    let driver = Driver::start(&text, noon()).await;
    driver.poll(noon()).await;
    // A day ahead, as after a suspend: one request, not forty-eight.
    let ahead = noon() + hours(24);
    let after = driver.poll(ahead).await.next.at;
    assert!(driver.polls(ahead).await.is_empty());
    assert!((30..=31).contains(&(after - ahead).num_minutes()));
    // Set right again: what was written a day ahead does not make it wait for a day.
    let back = noon() + minutes(1);
    assert_eq!(driver.polls(back).await.len(), 1);
    assert!(driver.polls(back).await.is_empty());
    assert_eq!(driver.polls(back + minutes(32)).await.len(), 1);
    // A little back, as by a time server: nothing happens.
    assert!(driver.polls(back + minutes(31)).await.is_empty());
    assert_eq!(press.requests().len(), 4);
}

#[test]
fn p17_a_process_that_was_stopped_goes_on_without_a_burst() {
    let (press, other) = (Press::start("127.0.0.2"), Press::start("127.0.0.3"));
    press.page("/feed", rss(&[]));
    other.page("/feed", rss(&[]));
    let every = "every = \"1s\"\n";
    let workspace =
        |press: &Press| Workspace::new(&format!("{}{every}", way::config(&[("a", press.url("/feed"))])));
    let (stopped, clock) = (workspace(&press), workspace(&other));
    let mut children = [stopped.spawn(&["run"]), clock.spawn(&["run"])];
    assert!(press.wait_until(|seen| !seen.is_empty()));
    send("STOP", &children[0]);
    let before = press.requests().len();
    // Another that was not stopped is asked so often: that many turns went by.
    let begun = other.requests().len();
    assert!(other.wait_until(|seen| seen.len() >= begun + 4));
    // One may have been on its way.
    assert!(press.requests().len() <= before + 1);
    press.forget();
    send("CONT", &children[0]);
    assert!(press.wait_until(|seen| seen.len() >= 3));
    let gap = shortest_gap(&press.requests()).unwrap();
    assert!(gap.as_millis() >= 900, "no turn is made up for: {gap:?}");
    for child in &mut children {
        send("TERM", child);
        assert_eq!(child.wait().unwrap().code(), Some(0));
    }
}

#[test]
fn p18_all_is_conditional_and_honours_retry_after() {
    let (press, busy) = (Press::start("127.0.0.2"), Press::start("127.0.0.3"));
    press.page("/feed", rss(&[]).last_modified("long ago"));
    busy.page("/feed", Reply::busy(Some("3600")));
    let workspace = Workspace::new(&way::config(&[("a", press.url("/feed")), ("busy", busy.url("/feed"))]));
    workspace.run(&["run", "--once"]);
    for _ in 0..2 {
        workspace.run(&["run", "--once", "--all"]);
    }
    let requests = press.requests();
    assert_eq!(requests.len(), 3);
    for seen in &requests[1..] {
        assert_eq!(seen.text("if-none-match").as_deref(), Some("\"v1\""));
        assert_eq!(seen.text("if-modified-since").as_deref(), Some("long ago"));
    }
    assert_eq!(busy.requests().len(), 1);
}

#[test]
fn p18_only_force_asks_a_host_that_wants_to_be_left_alone() {
    let press = Press::start("127.0.0.2");
    press.page("/feed", rss(&[]).last_modified("long ago"));
    let workspace = Workspace::new(&way::config(&[("a", press.url("/feed"))]));
    assert_eq!(workspace.run(&["run", "--once"]).code, Some(0));
    press.page("/feed", Reply::busy(Some("3600")));
    workspace.run(&["run", "--once", "--all"]);
    press.page("/feed", rss(&[]));
    press.forget();
    let refused = workspace.run(&["poll", "a"]);
    assert_eq!(refused.code, Some(1), "{}", refused.stderr);
    assert!(refused.stderr.contains("--force"), "says the way out: {}", refused.stderr);
    workspace.run(&["run", "--once", "--all"]);
    assert!(press.requests().is_empty());
    assert_eq!(workspace.run(&["poll", "a", "--force"]).code, Some(0));
    assert_eq!(workspace.run(&["run", "--once"]).code, Some(0));
    let requests = press.requests();
    assert_eq!(requests.len(), 1);
    assert!(!requests[0].is_conditional(), "forced: the whole document");
    // Forced once is not forced for good.
    workspace.run(&["run", "--once"]);
    assert_eq!(press.requests().len(), 1);
}

#[test]
fn p19_a_url_configured_twice_is_one_request() {
    let press = Press::start("127.0.0.2");
    let text = "The lighthouse keeper retired after forty years and moved to a house without a view.";
    press.page("/1", page("The keeper", text, ""));
    press.page("/feed", rss(&[("The keeper", press.url("/1"))]));
    let workspace = Workspace::new(&way::config(&[("a", press.url("/feed")), ("b", press.url("/feed"))]));
    assert_eq!(workspace.run(&["run", "--once"]).code, Some(0));
    assert_eq!((press.count("/feed"), press.count("/1")), (1, 1));
    assert_eq!(workspace.run(&["run", "--once", "--all"]).code, Some(0));
    assert_eq!(press.count("/feed"), 2);
    assert_eq!(workspace.one("SELECT count(DISTINCT source_id) FROM poll"), "2", "each has its own record");
}

#[tokio::test]
async fn p20_adaptive_follows_the_source_and_counts_what_may_be_lost() {
    // A wire of one entry a minute whose document holds thirty, and a paper of one a day.
    let press = Press::start("127.0.0.2");
    let clock = Arc::new(AtomicUsize::new(0));
    let minute = Arc::clone(&clock);
    let dated = |number: usize, at: usize| {
        let at = noon() + minutes(i64::try_from(at).unwrap());
        format!(
            "<item><title>{number}</title><guid>{number}</guid><pubDate>{}</pubDate></item>",
            at.to_rfc2822()
        )
    };
    press.on("/wire", move |_| {
        let now = minute.load(Ordering::SeqCst) + 100;
        let items: String = (now - 30..now).rev().map(|n| dated(n, n.saturating_sub(100))).collect();
        Reply::rss(format!("<rss version=\"2.0\"><channel><title>W</title>{items}</channel></rss>"))
            .etag(format!("\"{now}\""))
    });
    let minute = Arc::clone(&clock);
    press.on("/daily", move |_| {
        let day = minute.load(Ordering::SeqCst) / 1440;
        let items: String = (0..=day).rev().map(|n| dated(n, n * 1440)).collect();
        Reply::rss(format!("<rss version=\"2.0\"><channel><title>D</title>{items}</channel></rss>"))
            .etag(format!("\"{day}\""))
    });
    let text =
        config("", &[("wire", press.url("/wire"), NO_PAGES), ("daily", press.url("/daily"), NO_PAGES)]);
    let driver = Driver::start(&text, noon()).await;
    let mut last = (0, 0);
    for step in 0..(14 * 96) {
        let now = noon() + minutes(15 * step);
        clock.store(usize::try_from(15 * step).unwrap(), Ordering::SeqCst);
        driver.polls(now).await;
        if step == 13 * 96 {
            last = (press.count("/wire"), press.count("/daily"));
        }
    }
    assert!(driver.counter("overflows") >= 1, "counted as possible loss");
    let (wire, daily) = (press.count("/wire") - last.0, press.count("/daily") - last.1);
    assert!((40..=96).contains(&wire), "the wire is asked within half an hour: {wire} on the last day");
    assert!((1..=6).contains(&daily), "the paper a few times: {daily} on the last day");
}
