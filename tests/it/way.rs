//! The whole way: feeds on real HTTP, the real binary, a real database.

use std::fmt::Write as _;

use crate::support::press::Press;
use crate::support::reply::Reply;
use crate::workspace::{Workspace, tally};

/// A configuration for presses on loopback, with these sources.
pub(crate) fn config(sources: &[(&str, String)]) -> String {
    let mut text = String::from(
        "[politeness]\nhost_gap = \"10ms\"\nimpolite = true\n[fetch]\nallow_networks = [\"127.0.0.0/8\"]\n\
         [daemon]\ncontact = \"https://press.example/bot\"\n",
    );
    for (name, feed) in sources {
        write!(text, "[[source]]\nname = \"{name}\"\nfeed = \"{feed}\"\n").unwrap();
    }
    text
}

/// An article page in markup of no site.
pub(crate) fn page(title: &str, text: &str, head: &str) -> Reply {
    Reply::html(format!(
        "<!DOCTYPE html><html lang=en><head><meta charset=utf-8><title>{title} - The Paper</title>{head}</head>\
         <body><nav><a href=/>Home</a></nav><article><h1>{title}</h1><p>{text}</p>\
         <p>More was said about it on the following day, when everybody had read the morning papers twice.</p>\
         </article><footer>All rights reserved</footer></body></html>"
    ))
}

/// An RSS feed of (title, link) with the link as guid.
pub(crate) fn rss(entries: &[(&str, String)]) -> Reply {
    let mut items = String::new();
    for (title, link) in entries {
        write!(items, "<item><title>{title}</title><link>{link}</link><guid>{link}</guid><description>In short: {title}.</description></item>")
            .unwrap();
    }
    Reply::rss(format!("<rss version=\"2.0\"><channel><title>The Paper</title>{items}</channel></rss>"))
        .etag("\"v1\"")
}

#[test]
fn one_article_by_two_feeds_is_one_article_with_all_urls_as_aliases() {
    let press = Press::start("127.0.0.2");
    let canonical = format!("<link rel=canonical href=\"{}\">", press.url("/2026/bridge"));
    let text = "The bridge over the river was opened on Tuesday after eleven long years, to the sound of one very tired brass band.";
    press.page("/2026/bridge", page("The bridge", text, &canonical));
    press.page("/mobile/bridge", page("The bridge", text, &canonical));
    press.page("/go/7", Reply::redirect(302, "/2026/bridge"));
    press.page("/a.rss", rss(&[("The bridge", press.url("/go/7?utm_source=rss"))]));
    press.page("/b.rss", rss(&[("The bridge, mobile", press.url("/mobile/bridge"))]));
    let workspace = Workspace::new(&config(&[("a", press.url("/a.rss")), ("b", press.url("/b.rss"))]));

    let first = workspace.run(&["run", "--once", "--json"]);
    assert_eq!(first.code, Some(0), "{}{}", first.stdout, first.stderr);
    assert_eq!(workspace.exported(&[]).len(), 1);
    let aliases: Vec<String> =
        workspace.rows("SELECT DISTINCT url FROM aliases ORDER BY url").into_iter().flatten().collect();
    for path in ["/2026/bridge", "/mobile/bridge"] {
        assert!(aliases.contains(&press.url(path)), "{path} in {aliases:?}");
    }
    assert!(aliases.iter().any(|url| url.contains("/go/7")), "{aliases:?}");

    press.forget();
    let second = workspace.run(&["run", "--once", "--json"]);
    assert_eq!(second.code, Some(0), "{}", second.stderr);
    assert_eq!(press.requests().len(), 0, "nothing is due");

    let all = workspace.run(&["run", "--once", "--all", "--json"]);
    assert_eq!(all.code, Some(0), "{}", all.stderr);
    let requests = press.requests();
    assert_eq!(requests.len(), 2, "one request a feed, none for pages: {requests:?}");
    assert!(requests.iter().all(|seen| seen.text("if-none-match").as_deref() == Some("\"v1\"")));
    assert_eq!(workspace.exported(&[]).len(), 1);
}

#[test]
fn what_the_next_poll_brings_by_another_url_is_recognised_before_it_is_fetched() {
    let press = Press::start("127.0.0.2");
    let text =
        "The council met in the old hall because the new one has no heating yet, and nobody took off a coat.";
    press.page("/hall", page("The hall", text, ""));
    press.page("/go/1", Reply::redirect(301, "/hall"));
    press.page("/a.rss", rss(&[("The hall", press.url("/go/1"))]));
    press.page("/b.rss", rss(&[("The hall again", press.url("/hall/?utm_medium=feed"))]));
    let workspace = Workspace::new(&config(&[("a", press.url("/a.rss"))]));
    assert_eq!(workspace.run(&["run", "--once"]).code, Some(0));
    workspace.configure(&config(&[("a", press.url("/a.rss")), ("b", press.url("/b.rss"))]));
    press.forget();
    let ended = workspace.run(&["run", "--once", "--json"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(tally(&ended.stdout, "b"), (0, 1, 0));
    assert_eq!(press.count("/hall"), 0, "known by its alias");
    assert_eq!(workspace.exported(&[]).len(), 1);
}

#[test]
fn one_bad_entry_never_loses_another() {
    let press = Press::start("127.0.0.2");
    let text =
        "A ship that nobody had ordered came in with the tide and stayed for a week at the northern pier.";
    press.page("/ship", page("The ship", text, ""));
    let feed = format!(
        "<rss version=\"2.0\"><channel><title>P & Q</title><item><title>Broken & <b>bold</title><link>javascript:alert(1)</link></item>\
         <item><title>The ship</title><link>{}</link></item></channel>",
        press.url("/ship")
    );
    press.page("/a.rss", Reply::rss(feed));
    let workspace = Workspace::new(&config(&[("a", press.url("/a.rss"))]));
    workspace.run(&["run", "--once"]);
    let articles = workspace.exported(&[]);
    assert!(
        articles.iter().any(|article| article["title"] == "The ship" && article["method"] == "auto"),
        "{articles:?}"
    );
    assert!(articles.iter().all(|article| !article.to_string().contains("javascript:")), "{articles:?}");
}

#[test]
fn an_article_whose_page_is_gone_is_kept_with_the_feeds_own_text() {
    let press = Press::start("127.0.0.2");
    press.page("/gone", Reply::status(410));
    press.page("/a.rss", rss(&[("A lost page", press.url("/gone"))]));
    let workspace = Workspace::new(&config(&[("a", press.url("/a.rss"))]));
    let ended = workspace.run(&["run", "--once", "--json"]);
    assert_eq!(ended.code, Some(1), "a page that failed is told: {}", ended.stderr);
    let articles = workspace.exported(&[]);
    assert_eq!(articles.len(), 1);
    assert_eq!(articles[0]["method"], "feed");
    assert_eq!(articles[0]["text"], "In short: A lost page.");
    assert!(ended.stderr.contains("http-410"), "{}", ended.stderr);
}

#[test]
fn export_goes_on_after_a_sequence_number() {
    let press = Press::start("127.0.0.2");
    let text =
        "Two men and a ladder were all it took to turn the clock of the town hall back to the right time.";
    for name in ["one", "two", "three"] {
        press.page(&format!("/{name}"), page(name, &format!("{text} This is number {name}."), ""));
    }
    press.page(
        "/a.rss",
        rss(&[("one", press.url("/one")), ("two", press.url("/two")), ("three", press.url("/three"))]),
    );
    let workspace = Workspace::new(&config(&[("a", press.url("/a.rss"))]));
    assert_eq!(workspace.run(&["run", "--once"]).code, Some(0));
    let all = workspace.exported(&[]);
    assert_eq!(all.len(), 3);
    let seqs: Vec<i64> = all.iter().map(|article| article["seq"].as_i64().unwrap()).collect();
    assert!(seqs.is_sorted());
    let rest = workspace.exported(&["--since-seq", &seqs[0].to_string()]);
    assert_eq!(rest.len(), 2);
    let target = workspace.path().join("out.jsonl");
    let ended = workspace.run(&["export", "--format", "jsonl", "--to", target.to_str().unwrap()]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), ""), "{}", ended.stderr);
    assert_eq!(std::fs::read_to_string(target).unwrap().lines().count(), 3);
}

/// Two sources have one feed, and rules of their own: the first in the configuration fetches and extracts, whatever its name.
#[test]
fn of_two_sources_with_one_feed_the_first_in_the_configuration_extracts() {
    let press = Press::start("127.0.0.2");
    let text =
        "The ferry sails at noon on weekdays and at dawn on Sundays, as it has done for a hundred years.";
    for number in 1..=3 {
        let head =
            format!("<meta name=one content=\"One {number}\"><meta name=two content=\"Two {number}\">");
        press.page(&format!("/{number}"), page("The ferry", &format!("{text} Part {number}."), &head));
    }
    let entries: Vec<_> = (1..=3).map(|number| ("Feed", press.url(&format!("/{number}")))).collect();
    press.page("/feed", rss(&entries));
    for (first, second) in [("a", "z"), ("z", "a")] {
        press.forget();
        let feed = || press.url("/feed");
        let rules = |source: &str, meta: &str| {
            config(&[(source, feed())]).split_once("[[source]]").unwrap().1.to_owned()
                + &format!("[source.article]\ntitle = \"meta[name={meta}]@content\"\n")
        };
        let head = config(&[]);
        let workspace = Workspace::new(&format!(
            "{head}[[source]]{}[[source]]{}",
            rules(first, "one"),
            rules(second, "two")
        ));
        let ended = workspace.run(&["run", "--once"]);
        assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
        assert_eq!(
            workspace.rows("SELECT title, source, sources FROM articles ORDER BY title"),
            (1..=3)
                .map(|number| vec![format!("One {number}"), first.to_owned(), "[\"a\",\"z\"]".to_owned()])
                .collect::<Vec<_>>()
        );
        assert_eq!(press.requests().iter().filter(|seen| seen.path() != "/robots.txt").count(), 4);
    }
}

/// A page that another source fetched is judged by the filters of this one before it counts, without a request.
#[test]
fn a_filter_judges_what_another_source_has_fetched() {
    let press = Press::start("127.0.0.2");
    let say = |what: &str| {
        format!("The council talked about {what} for most of the evening, and then about the price of bread.")
    };
    press.page("/1", page("Ferry", &say("the ferry"), ""));
    press.page("/2", page("Quay", &say("the quay"), ""));
    press.page("/feed", rss(&[("Ferry", press.url("/1")), ("Quay", press.url("/2"))]));
    let both = config(&[("all", press.url("/feed")), ("some", press.url("/feed"))]);
    let workspace = Workspace::new(&(both + "exclude = { text = 'about the quay' }\n"));
    let ended = workspace.run(&["run", "--once"]);
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    assert_eq!(
        workspace.rows("SELECT title, sources FROM articles ORDER BY title"),
        [["Ferry", "[\"all\",\"some\"]"], ["Quay", "[\"all\"]"]]
    );
    assert_eq!(
        workspace.one("SELECT count(*) FROM entries WHERE source = 'some' AND state = 'unwanted'"),
        "1"
    );
    assert_eq!(press.requests().iter().filter(|seen| seen.path() != "/robots.txt").count(), 3);
}
