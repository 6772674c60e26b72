//! An article is there at once, with the feed's text, where its page fails; the page's text replaces it when it comes.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chrono::{DateTime, Utc};

use crate::politeness::driver::{Driver, config, hours, minutes, noon};
use crate::support::press::{Press, Seen};
use crate::support::reply::Reply;
use crate::way::page;
use crate::workspace::Workspace;

const EVERY: &str = "every = \"30m\"";

const WHOLE: &str =
    "<p>The harbour board met on Tuesday and chose the northern quay.</p><p>Work begins in March.</p>";

const PAGE: &str = "The harbour board met on Tuesday in the old customs house and chose the northern quay by five votes to four.";

/// A feed of (title, link), with a full text or with a teaser.
fn feed(entries: &[(&str, &str)], is_whole: bool) -> Reply {
    let mut items = String::new();
    for (title, link) in entries {
        write!(
            items,
            "<item><title>{title}</title><link>{link}</link><guid>{link}</guid><pubDate>24 Nov 2026 12:00:00 GMT</pubDate>\
             <description>In short: {title}.</description>"
        )
        .unwrap();
        if is_whole {
            write!(items, "<content:encoded><![CDATA[{WHOLE}]]></content:encoded>").unwrap();
        }
        items.push_str("</item>");
    }
    Reply::rss(format!(
        "<rss version='2.0' xmlns:content='http://purl.org/rss/1.0/modules/content/'><channel><title>T</title>{items}</channel></rss>"
    ))
}

/// A feed and a page, each on a host of its own. The first poll was of an empty feed.
struct Scene {
    paper: Press,
    pages: Press,
    driver: Driver,
    is_back: Arc<AtomicBool>,
}

impl Scene {
    async fn new(lines: &str) -> Self {
        let (paper, pages) = (Press::start("127.0.0.2"), Press::start("127.0.1.50"));
        paper.page("/feed", feed(&[], true));
        let source = ("a", paper.url("/feed"), &*format!("{EVERY}\n{lines}"));
        let driver = Driver::start(&config("", &[source]), noon() - hours(1)).await;
        driver.poll(noon() - hours(1)).await;
        Self { paper, pages, driver, is_back: Arc::default() }
    }

    /// One entry, whose page answers this until it is back.
    fn publish(&self, is_whole: bool, fails: impl Fn(&Seen) -> Reply + Send + Sync + 'static) {
        let is_back = Arc::clone(&self.is_back);
        self.pages.on("/x", move |seen| {
            if is_back.load(Ordering::SeqCst) { page("Quay chosen", PAGE, "") } else { fails(seen) }
        });
        self.paper.page("/feed", feed(&[("Quay chosen", &self.pages.url("/x"))], is_whole));
    }

    /// Goes on in steps, and polls and collects what is due in each.
    async fn until(&self, from: DateTime<Utc>, to: DateTime<Utc>, step: chrono::Duration) {
        let mut now = from;
        while now <= to {
            self.driver.polls(now).await;
            self.driver.pages(now).await;
            self.driver.settle(now).await;
            now += step;
        }
    }

    /// Method and whether it is provisional, of each article.
    fn articles(&self) -> Vec<Vec<String>> {
        self.driver.rows("SELECT method, provisional FROM articles")
    }
}

#[tokio::test]
async fn an_article_whose_page_fails_is_there_at_once_and_is_upgraded_when_the_page_returns() {
    let statuses = [401, 403, 404, 429, 500, 502, 503, 504];
    let mut ways: Vec<(String, Reply)> =
        statuses.iter().map(|&status| (status.to_string(), Reply::status(status))).collect();
    ways.extend([
        ("503 for an hour".into(), Reply::busy(Some("3600"))),
        ("empty".into(), Reply::html("")),
        ("reset".into(), Reply::reset()),
        ("cut".into(), page("Quay chosen", PAGE, "").cut_after(60)),
        ("loop".into(), Reply::redirect(302, "/x").header("set-cookie", "seen=1")),
        ("wall".into(), Reply::redirect(302, "/login?next=/x")),
        ("front".into(), Reply::redirect(302, "/")),
    ]);
    for (name, reply) in ways {
        let scene = Scene::new("").await;
        scene.publish(true, move |_| reply.clone());
        scene.until(noon(), noon(), minutes(10)).await;
        assert_eq!(scene.articles(), [["feed", "1"]], "{name}: at once");
        assert_eq!(
            scene.driver.one("SELECT title || ' ' || published_at FROM articles"),
            "Quay chosen 2026-11-24T12:00:00Z"
        );
        let asked = scene.pages.count("/x");
        assert!(asked <= 11, "{name}: {asked} requests");
        // It is still tried.
        scene.is_back.store(true, Ordering::SeqCst);
        scene.until(noon() + minutes(10), noon() + hours(30), minutes(30)).await;
        assert_eq!(scene.articles(), [["auto", "0"]], "{name}: upgraded");
        let ops = scene.driver.rows("SELECT op FROM changes");
        assert_eq!(ops, [["new"], ["revised"]], "{name}");
        assert_eq!(scene.driver.counter("articles.provisional"), 1, "{name}");
    }
}

#[tokio::test]
async fn what_says_that_there_is_no_page_settles_at_once() {
    for (name, reply) in [
        ("410", Reply::status(410)),
        ("451", Reply::status(451)),
        ("not HTML", Reply::ok("application/pdf", "%PDF-1.4")),
        ("no text", Reply::html("<html><head><title>Consent</title></head><body></body></html>")),
    ] {
        let scene = Scene::new("").await;
        scene.publish(true, move |_| reply.clone());
        scene.until(noon(), noon(), minutes(10)).await;
        assert_eq!(scene.articles(), [["feed", "0"]], "{name}");
        assert_eq!(scene.driver.rows("SELECT op FROM changes"), [["new"]], "{name}");
    }
}

#[tokio::test]
async fn a_page_that_refuses_for_good_is_given_up_after_four_days_and_looked_at_a_week_later() {
    for status in [403, 503] {
        let scene = Scene::new("").await;
        scene.publish(true, move |_| Reply::status(status));
        scene.until(noon(), noon() + hours(5 * 24), minutes(30)).await;
        assert_eq!(scene.articles(), [["feed", "0"]], "{status}");
        let ops = scene
            .driver
            .rows("SELECT op, (julianday(at) - julianday('2026-11-24T12:00:00Z')) < 4.3 FROM changes");
        assert_eq!(ops, [["new", "1"], ["settled", "1"]], "{status}: no revision, the text is the same");
        let asked = scene.pages.count("/x");
        assert!(asked <= 24, "{status}: {asked} requests");
        scene.is_back.store(true, Ordering::SeqCst);
        scene.until(noon() + hours(5 * 24), noon() + hours(13 * 24), hours(2)).await;
        assert_eq!(scene.articles(), [["auto", "0"]], "{status}: a week later");
    }
}

#[tokio::test]
async fn a_teaser_waits_for_one_more_try_and_an_hour_at_most() {
    // Of the page itself: the second try is ten minutes later.
    let scene = Scene::new("").await;
    scene.publish(false, |_| Reply::status(404));
    scene.until(noon(), noon() + minutes(5), minutes(5)).await;
    assert_eq!(scene.articles().len(), 0);
    scene.until(noon() + minutes(12), noon() + minutes(12), minutes(1)).await;
    assert_eq!(scene.articles(), [["feed", "1"]]);
    // Of its host, which rests for longer than that.
    let scene = Scene::new("").await;
    scene.publish(false, |_| Reply::busy(Some("36000")));
    scene.until(noon(), noon() + minutes(40), minutes(10)).await;
    assert_eq!(scene.articles().len(), 0);
    scene.until(noon() + minutes(50), noon() + minutes(50), minutes(1)).await;
    assert_eq!(scene.articles(), [["feed", "1"]]);
    assert_eq!(scene.pages.count("/x"), 1);
}

#[tokio::test]
async fn an_entry_whose_page_is_not_asked_within_the_hour_is_stored_without_a_request() {
    // Its host rests because of another entry.
    let scene = Scene::new("").await;
    scene.pages.page("/y", Reply::busy(Some("80000")));
    let entries = [scene.pages.url("/y"), scene.pages.url("/x")];
    scene.paper.page("/feed", feed(&[("One", &entries[0]), ("Two", &entries[1])], true));
    scene.until(noon(), noon() + minutes(59), minutes(10)).await;
    assert_eq!(scene.articles(), [["feed", "1"], ["feed", "1"]]);
    assert_eq!(scene.pages.requests().iter().filter(|seen| seen.path() != "/robots.txt").count(), 1);
    // Entries of a first poll wait for their pages.
    let driver = Driver::start(&config("", &[("b", scene.paper.url("/feed"), EVERY)]), noon()).await;
    driver.polls(noon()).await;
    let waits = "SELECT count(*) FROM entry WHERE feed_text_at IS NOT NULL";
    assert_eq!(driver.number(waits), 0);
}

#[tokio::test]
async fn who_wants_no_provisional_articles_gets_each_once() {
    // By source: it waits for the page as long as that is tried.
    let scene = Scene::new("provisional = false").await;
    scene.publish(true, |_| Reply::status(503));
    scene.until(noon(), noon() + hours(90), hours(1)).await;
    assert_eq!(scene.articles().len(), 0);
    scene.until(noon() + hours(91), noon() + hours(130), hours(1)).await;
    assert_eq!(scene.articles(), [["feed", "0"]], "and not for ever");
    assert_eq!(scene.driver.rows("SELECT op FROM changes"), [["new"]]);
    // Filters judge the settled text, which is in another language here.
    let scene = Scene::new("include = { text = 'customs' }").await;
    scene.publish(true, |_| Reply::status(404));
    scene.until(noon(), noon() + hours(1), minutes(10)).await;
    assert_eq!(scene.articles().len(), 0);
    assert_eq!(scene.driver.status("a", noon()).pending, 1, "it waits, and is counted");
    scene.is_back.store(true, Ordering::SeqCst);
    scene.until(noon() + hours(2), noon() + hours(30), hours(1)).await;
    assert_eq!(scene.articles(), [["auto", "0"]]);
}

#[tokio::test]
async fn a_provisional_text_is_never_the_first_of_first() {
    for policy in ["first", "latest", "all"] {
        let scene = Scene::new(&format!("revisions = \"{policy}\"")).await;
        scene.publish(true, |_| Reply::status(404));
        scene.until(noon(), noon(), minutes(10)).await;
        scene.is_back.store(true, Ordering::SeqCst);
        scene.until(noon() + hours(2), noon() + hours(30), hours(1)).await;
        assert_eq!(scene.articles(), [["auto", "0"]], "{policy}");
    }
}

/// The real binary: who reads settled articles gets each once, whoever reads all gets the feed's text and then the page's.
#[test]
fn settled_readers_get_each_article_once_and_in_order() {
    let press = Press::start("127.0.0.2");
    let entries = [("Up", press.url("/up")), ("Late", press.url("/late")), ("Gone", press.url("/gone"))];
    let links: Vec<(&str, &str)> = entries.iter().map(|(title, link)| (*title, link.as_str())).collect();
    press.page("/feed", feed(&links, true));
    press.page("/up", page("Up", PAGE, ""));
    press.page("/gone", Reply::status(410));
    let outputs = "[[output]]\nname = \"all\"\njsonl = \"all\"\n\
                   [[output]]\nname = \"sure\"\njsonl = \"sure\"\nsettled = true\n";
    let workspace = Workspace::new(&format!("{}{outputs}", crate::way::config(&[("a", press.url("/feed"))])));
    assert_eq!(workspace.run(&["run", "--once"]).code, Some(1));
    // What an output has got so far.
    let got = |folder: &str| -> Vec<String> {
        let files =
            std::fs::read_dir(workspace.path().join(folder)).unwrap().map(|file| file.unwrap().path());
        let text: String = files
            .filter(|path| path.extension().is_some_and(|end| end == "jsonl"))
            .map(|path| std::fs::read_to_string(path).unwrap())
            .collect();
        let lines = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        let mut got: Vec<String> =
            lines.map(|line| format!("{} {}", line["op"], line["title"]).replace('"', "")).collect();
        got.sort();
        got
    };
    assert_eq!(got("all"), ["new Gone", "new Late", "new Up"]);
    assert_eq!(got("sure"), ["new Gone", "new Up"]);
    let titles = |words: &[&str]| -> Vec<String> {
        let lines = workspace.exported(words);
        lines
            .iter()
            .map(|line| {
                format!(
                    "{} {} {}",
                    line["op"].as_str().unwrap(),
                    line["title"].as_str().unwrap(),
                    line["provisional"]
                )
            })
            .collect()
    };
    let mut all = titles(&["--consumer", "all"]);
    all.sort();
    assert_eq!(all, ["new Gone false", "new Late true", "new Up false"]);
    let mut settled = titles(&["--settled", "--consumer", "settled"]);
    settled.sort();
    assert_eq!(settled, ["new Gone false", "new Up false"]);
    let status = || workspace.run(&["status"]).stdout;
    assert!(status().contains("1 article is provisional"), "{}", status());
    assert!(status().contains("a: 1 article has the feed's text for now (provisional)"), "{}", status());
    // The page returns.
    press.page("/late", page("Late", &PAGE.replace("quay", "mole"), ""));
    workspace.run(&["retry"]);
    workspace.run(&["run", "--once"]);
    assert_eq!(titles(&["--consumer", "all"]), ["revised Late false"]);
    assert_eq!(titles(&["--settled", "--consumer", "settled"]), ["new Late false"]);
    assert_eq!(titles(&["--settled", "--consumer", "settled"]).len(), 0);
    assert_eq!(titles(&["--settled"]).len(), 3);
    assert!(!status().contains("provisional"), "{}", status());
    assert_eq!(got("all"), ["new Gone", "new Late", "new Up", "revised Late"]);
    assert_eq!(got("sure"), ["new Gone", "new Late", "new Up"]);
}

/// The page is given up: readers of settled articles are told, the others have that text already.
#[tokio::test]
async fn who_reads_settled_articles_is_told_when_a_page_is_given_up() {
    let scene = Scene::new("").await;
    scene.publish(true, |_| Reply::status(404));
    scene.until(noon(), noon(), minutes(10)).await;
    assert_eq!(scene.driver.exported(&["--settled", "--consumer", "s"]).len(), 0);
    let new = scene.driver.exported(&["--consumer", "all"]);
    assert_eq!((new.len(), new[0]["provisional"].as_bool()), (1, Some(true)));
    scene.until(noon() + minutes(10), noon() + hours(48), hours(1)).await;
    assert_eq!(scene.articles(), [["feed", "0"]]);
    assert_eq!(scene.driver.exported(&["--consumer", "all"]).len(), 0, "it has this text");
    let settled = scene.driver.exported(&["--settled", "--consumer", "s"]);
    assert_eq!(settled.len(), 1);
    assert_eq!((settled[0]["op"].as_str(), settled[0]["provisional"].as_bool()), (Some("new"), Some(false)));
    assert_eq!(scene.driver.exported(&["--settled", "--consumer", "s"]).len(), 0);
}
