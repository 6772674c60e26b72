//! P21 to P24: redirects and endings.

use super::driver::{Driver, config, hours, minutes, noon};
use crate::support::press::Press;
use crate::support::reply::Reply;
use crate::way::{self, page, rss};
use crate::workspace::Workspace;

const EVERY: &str = "every = \"30m\"\npages = \"never\"";

/// The address a source is asked at, where it is not the configured one.
fn address(driver: &Driver) -> bool {
    driver.number("SELECT permanent_url IS NOT NULL FROM source") == 1
}

#[tokio::test]
async fn p21_a_permanent_redirect_is_believed_after_five_successes_over_a_week() {
    let press = Press::start("127.0.0.2");
    press.page("/old", Reply::redirect(301, "/mid"));
    press.page("/mid", Reply::redirect(308, "/new"));
    press.page("/new", Reply::redirect(302, "/today"));
    press.page("/today", rss(&[]));
    let text = config("", &[("a", press.url("/old"), "every = \"1d\"\npages = \"never\"")]);
    let mut driver = Driver::start(&text, noon()).await;
    for day in 0..7 {
        let now = noon() + hours(25 * day);
        driver = driver.restart(&text, now).await;
        assert!(driver.poll(now).await.failure.is_none());
        assert!(!address(&driver), "day {day} is too soon");
    }
    assert!(driver.status("a", noon()).moved_to.unwrap().ends_with("/new"), "status tells it");
    let now = noon() + hours(25 * 7);
    driver.poll(now).await;
    assert!(address(&driver));
    press.forget();
    driver.poll(now + hours(25)).await;
    let asked: Vec<String> = press.requests().into_iter().map(|seen| seen.target).collect();
    assert_eq!(asked, ["/new", "/today"], "the leading permanent part only");
    // Validators went along: they belong to the URL that gave them.
    assert!(press.requests()[1].header("if-none-match").is_some());
}

#[tokio::test]
async fn p21_what_is_not_permanent_or_pinned_or_interrupted_stays() {
    for (status, lines, broken) in [
        (302, EVERY.to_owned(), false),
        (303, EVERY.to_owned(), false),
        (307, EVERY.to_owned(), false),
        (301, format!("{EVERY}\npin = true"), false),
        (308, EVERY.to_owned(), true),
    ] {
        let press = Press::start("127.0.0.2");
        press.page("/old", Reply::redirect(status, "/new"));
        press.page("/new", rss(&[]));
        let driver = Driver::start(&config("", &[("a", press.url("/old"), &lines)]), noon()).await;
        for day in 0..12 {
            // Half way the old address answers for itself: the counting begins anew.
            if broken && day == 6 {
                press.page("/old", rss(&[]));
            } else {
                press.page("/old", Reply::redirect(status, "/new"));
            }
            driver.poll(noon() + hours(24 * day)).await;
        }
        assert!(!address(&driver), "{status} {lines}");
        let moved = driver.status("a", noon()).moved_to.is_some();
        assert_eq!(moved, status == 301 || broken, "{status}: told, where it is permanent");
    }
}

#[test]
fn p22_gone_is_switched_off_until_it_is_switched_on() {
    let press = Press::start("127.0.0.2");
    press.page("/feed", Reply::status(410));
    let on = way::config(&[("a", press.url("/feed"))]);
    let workspace = Workspace::new(&on);
    assert_eq!(workspace.run(&["run", "--once"]).code, Some(1));
    for more in [&["run", "--once"][..], &["run", "--once", "--all"]] {
        workspace.run(more);
    }
    assert_eq!(press.requests().len(), 1);
    let status = workspace.run(&["status"]);
    assert_eq!(status.code, Some(1));
    assert!(status.stdout.contains("ended") && status.stdout.contains("410"), "{}", status.stdout);
    assert!(status.stdout.contains("enabled = false"), "says the way out: {}", status.stdout);
    workspace.configure(&format!("{on}enabled = false\n"));
    workspace.run(&["run", "--once"]);
    workspace.configure(&on);
    press.page("/feed", rss(&[]));
    assert_eq!(workspace.run(&["run", "--once", "--all"]).code, Some(0));
    assert_eq!(press.requests().len(), 2);
}

#[tokio::test]
async fn p23_ten_hops_loops_and_secrets_that_stay_at_home() {
    let (press, other) = (Press::start("127.0.0.2"), Press::start("127.0.0.3"));
    for hop in 0..11 {
        press.page(&format!("/{hop}"), Reply::redirect(302, &format!("/{}", hop + 1)));
    }
    press.page("/11", rss(&[]));
    press.page("/loop", Reply::redirect(302, "/loop"));
    press.page("/away", Reply::redirect(302, &other.url("/feed")));
    press.page("/home", Reply::redirect(302, "/feed"));
    other.page("/feed", rss(&[]));
    press.page("/feed", rss(&[]));
    let secret = "basic_auth = { user = \"me\", password = \"hush\" }\ncookies = { s = \"hush\" }\nheaders = { X-Key = \"hush\" }";
    let lines = format!("{EVERY}\n{secret}");
    let sources = [
        ("ten", press.url("/1"), EVERY),
        ("eleven", press.url("/0"), EVERY),
        ("loop", press.url("/loop"), EVERY),
        ("away", press.url("/away"), lines.as_str()),
        ("home", press.url("/home"), lines.as_str()),
    ];
    let driver = Driver::start(&config("", &sources), noon()).await;
    let reports = driver.polls(noon()).await;
    let code = |name: &str| {
        let report = reports.iter().find(|report| report.source == name).unwrap();
        report.failure.as_ref().map(|failure| failure.code)
    };
    assert_eq!(
        [code("ten"), code("eleven"), code("loop"), code("away"), code("home")],
        [None, Some("too-many-redirects"), Some("redirect-loop"), None, None]
    );
    let at_home: Vec<_> =
        press.requests().into_iter().filter(|seen| seen.header("x-key").is_some()).collect();
    assert_eq!(at_home.len(), 3, "/away, /home and /feed");
    for seen in &at_home {
        assert_eq!(seen.text("authorization").as_deref(), Some("Basic bWU6aHVzaA=="));
        assert_eq!(seen.text("cookie").as_deref(), Some("s=hush"));
    }
    let away = &other.requests()[0];
    for name in ["authorization", "cookie", "x-key"] {
        assert_eq!(away.header(name), None, "{name}");
    }
    // https to http: see fetch::tests::secure, where there is a certificate.
}

#[tokio::test]
async fn p24_a_refusal_backs_off_for_long_and_a_challenge_is_stored_as_nothing() {
    for status in [401, 403] {
        let press = Press::start("127.0.0.2");
        press.page("/feed", Reply::status(status));
        let driver = Driver::start(&config("", &[("a", press.url("/feed"), EVERY)]), noon()).await;
        let next = driver.poll(noon()).await.next;
        assert!(next.at - noon() >= hours(6), "{next:?}");
        let told = driver.status("a", noon());
        assert_eq!(told.last_error.unwrap().code, format!("http-{status}"));
        assert!(told.next.unwrap().why.contains("refuses"));
    }
    let asks = "<html><head><title>Just a moment...</title></head><body><div id=challenge-platform></div></body></html>";
    let press = Press::start("127.0.0.2");
    for (path, reply) in [
        ("/feed", Reply::html(asks).with_status(403).header("cf-mitigated", "challenge")),
        ("/page", Reply::html(asks).with_status(200).header("cf-mitigated", "challenge")),
    ] {
        press.page(path, reply);
    }
    press.page("/good", rss(&[("A page", press.url("/page"))]));
    let text =
        config("", &[("feed", press.url("/feed"), EVERY), ("good", press.url("/good"), "every = \"30m\"")]);
    let driver = Driver::start(&text, noon()).await;
    driver.polls(noon()).await;
    assert_eq!(driver.status("feed", noon()).last_error.unwrap().code, "challenge");
    let pages = driver.pages(noon()).await;
    assert_eq!(pages[0].failure.as_ref().unwrap().code, "challenge");
    assert_eq!(driver.number("SELECT count(*) FROM articles"), 0);
    // A page that lets us in later is taken then.
    press.page(
        "/page",
        page("A page", "It had been there all the time, behind a question about traffic lights.", ""),
    );
    assert_eq!(driver.pages(noon() + minutes(11)).await.len(), 1);
    assert_eq!(driver.number("SELECT count(*) FROM articles"), 1);
}
