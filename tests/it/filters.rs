//! Filters of a source, and what identifies its entries.

use std::fmt::Write as _;

use serde_json::Value;

use crate::support::press::Press;
use crate::support::reply::Reply;
use crate::way::{config, page};
use crate::workspace::Workspace;

const TEXT: &str =
    "The ferry to the islands was late again, and tea was made for those who waited on the quay for it.";

fn source(press: &Press, lines: &str) -> String {
    format!("{}\n{lines}\n", config(&[("paper", press.url("/rss"))]))
}

/// A feed of (id, path, title), undated, and a page for each.
fn serve(press: &Press, entries: &[(&str, &str, &str)]) {
    let mut items = String::new();
    for (id, path, title) in entries {
        press.page(path, page(title, &format!("{TEXT} It was about {title}."), ""));
        let link = press.url(path);
        write!(
            items,
            "<item><guid isPermaLink='false'>{id}</guid><link>{link}</link><title>{title}</title></item>"
        )
        .unwrap();
    }
    press.page(
        "/rss",
        Reply::rss(format!("<rss version='2.0'><channel><title>P</title>{items}</channel></rss>")),
    );
}

fn status(workspace: &Workspace) -> Value {
    let status = workspace.run(&["status", "--json"]);
    serde_json::from_str::<Value>(&status.stdout).unwrap()["sources"][0].clone()
}

#[test]
fn what_the_filters_leave_out_is_counted_and_never_fetched() {
    let press = Press::start("127.0.0.2");
    serve(
        &press,
        &[
            ("1", "/news/1", "The ferry"),
            ("2", "/news/2", "Your horoscope"),
            ("3", "/video/3", "A film of the ferry"),
            ("4", "/news/4", "The quay"),
        ],
    );
    let workspace = Workspace::new(&source(
        &press,
        "exclude = { title = '(?i)horoscope', link = '/video/', text = 'about The quay' }",
    ));
    let ended = workspace.run(&["run", "--once"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let articles = workspace.exported(&[]);
    assert_eq!(articles.len(), 1, "{articles:?}");
    assert_eq!(articles[0]["title"], "The ferry");
    assert_eq!((press.count("/news/2"), press.count("/video/3")), (0, 0));
    assert_eq!(status(&workspace)["left_out"], serde_json::json!({"link": 1, "text": 1, "title": 1}));
    let shown = workspace.run(&["status"]).stdout;
    assert!(shown.contains("paper: left out 1 by link, 1 by text, 1 by title"), "{shown}");

    press.forget();
    assert_eq!(workspace.run(&["run", "--once", "--all"]).code, Some(0));
    assert_eq!(press.requests().len(), 1, "none is looked at again: {:?}", press.requests());
    assert_eq!(status(&workspace)["left_out"]["title"], 1);
}

#[test]
fn changing_ids_duplicate_no_entries() {
    let press = Press::start("127.0.0.2");
    serve(&press, &[("1a", "/1", "One"), ("2a", "/2", "Two")]);
    let workspace = Workspace::new(&source(&press, "first_poll = 1"));
    assert_eq!(workspace.run(&["run", "--once"]).code, Some(0));
    assert_eq!(workspace.exported(&[]).len(), 1);
    for turn in ["b", "c"] {
        let ids = [format!("1{turn}"), format!("2{turn}")];
        serve(&press, &[(&ids[0], "/1", "One"), (&ids[1], "/2", "Two")]);
        assert_eq!(workspace.run(&["run", "--once", "--all"]).code, Some(0));
    }
    let known = status(&workspace);
    assert_eq!(known["known_by"], "link");
    assert_eq!(known["known_why"], "2 of 2 ids have changed since the last poll");
    assert_eq!(workspace.one("SELECT value FROM counter WHERE name = 'identity.degraded'"), "1");
    assert_eq!(
        workspace.exported(&[]).len(),
        1,
        "what was there at the first poll is no news under another id"
    );
    assert_eq!(workspace.one("SELECT count(*) FROM entry"), "2");
    let shown = workspace.run(&["status"]).stdout;
    assert!(shown.contains("entries are known by link"), "{shown}");
}

#[test]
fn two_entries_with_one_id_are_two_articles_and_what_was_known_stays_known() {
    let press = Press::start("127.0.0.2");
    let three = [("1", "/1", "One"), ("2", "/2", "Two"), ("3", "/3", "Three")];
    serve(&press, &three);
    let workspace = Workspace::new(&source(&press, ""));
    assert_eq!(workspace.run(&["run", "--once"]).code, Some(0));
    serve(&press, &[&three[..], &[("4", "/4", "Four"), ("4", "/5", "Five")]].concat());
    press.forget();
    assert_eq!(workspace.run(&["run", "--once", "--all"]).code, Some(0));
    assert_eq!(workspace.exported(&[]).len(), 5);
    assert_eq!(press.requests().len(), 3, "feed and two pages: {:?}", press.requests());
    assert_eq!(workspace.one("SELECT count(*) FROM entry WHERE ident LIKE 'link:%'"), "5");
    assert_eq!(status(&workspace)["known_why"], "2 of 5 ids are not the entry's own");
}

#[test]
fn each_filter_decides_where_its_part_is_known() {
    let press = Press::start("127.0.0.2");
    let now = chrono::Utc::now().to_rfc2822();
    let old = "Fri, 02 Jan 2015 08:00:00 GMT";
    let german =
        "Die Fähre zu den Inseln kam wieder zu spät, und für die Wartenden wurde am Kai Tee gekocht, quay.";
    let mut items = String::new();
    for (path, category, date, more) in [
        ("/news/good", "Politics", now.as_str(), ""),
        ("/news/category", "Sport", &now, ""),
        ("/news/language", "Politics", &now, "<dc:language>de</dc:language>"),
        ("/news/age", "Politics", old, ""),
        ("/archive/link", "Politics", &now, ""),
        ("/news/german", "Politics", &now, ""),
        ("/news/text", "Politics", &now, ""),
        ("/news/undated", "Politics", "", ""),
    ] {
        let link = press.url(path);
        write!(
            items,
            "<item><link>{link}</link><title>About {path}</title><category>{category}</category>\
             <pubDate>{date}</pubDate>{more}</item>"
        )
        .unwrap();
        let text = match path {
            "/news/german" => german.to_owned(),
            "/news/text" => {
                "The bridge was closed for a day, and nobody who lives beyond it came to work.".to_owned()
            }
            _ => format!("{TEXT} It is told in {path}."),
        };
        let reply = page(&format!("About {path}"), &text, "");
        let lang = if path == "/news/german" { "lang=de" } else { "lang=en" };
        let body = format!(
            "<!DOCTYPE html><html {lang}><title>About {path}</title><article><h1>About {path}</h1><p>{text}</p></article>"
        );
        press.page(path, reply.body(body));
    }
    press.page(
        "/rss",
        Reply::rss(format!(
            "<rss version='2.0' xmlns:dc='http://purl.org/dc/elements/1.1/'><channel><title>P</title>{items}</channel></rss>"
        )),
    );
    let filters = "include = { category = '^Politics$', language = 'en', link = '/news/', text = 'quay' }\nmax_age = '30d'";
    let workspace = Workspace::new(&source(&press, filters));
    let ended = workspace.run(&["run", "--once"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let mut titles: Vec<String> =
        workspace.exported(&[]).iter().map(|article| article["title"].as_str().unwrap().to_owned()).collect();
    titles.sort();
    assert_eq!(titles, ["About /news/good", "About /news/undated"]);
    assert_eq!(
        status(&workspace)["left_out"],
        serde_json::json!({"age": 1, "category": 1, "language": 2, "link": 1, "text": 1})
    );
    for (path, fetched) in [
        ("/news/category", 0),
        ("/news/language", 0),
        ("/news/age", 0),
        ("/archive/link", 0),
        ("/news/german", 1),
        ("/news/text", 1),
    ] {
        assert_eq!(press.count(path), fetched, "{path}");
    }

    // An entry is judged once: other filters hold for what comes.
    workspace.configure(&source(&press, ""));
    press.forget();
    assert_eq!(workspace.run(&["run", "--once", "--all"]).code, Some(0));
    assert_eq!((workspace.exported(&[]).len(), press.requests().len()), (2, 1));
}

#[test]
fn a_new_source_collects_its_newest_entries_only() {
    let press = Press::start("127.0.0.2");
    let mut items = String::new();
    for day in [3, 1, 5, 2, 4] {
        let link = press.url(&format!("/{day}"));
        press.page(&format!("/{day}"), page(&format!("Day {day}"), &format!("{TEXT} It was day {day}."), ""));
        write!(
            items,
            "<item><link>{link}</link><title>Day {day}</title><pubDate>0{day} Nov 2026 08:00:00 GMT</pubDate></item>"
        )
        .unwrap();
    }
    press.page("/rss", Reply::rss(format!("<rss><channel>{items}</channel></rss>")));
    let workspace = Workspace::new(&source(&press, "first_poll = 2"));
    for _ in 0..2 {
        assert_eq!(workspace.run(&["run", "--once", "--all"]).code, Some(0));
    }
    assert_eq!(
        workspace.rows("SELECT url, state FROM entries ORDER BY url"),
        (1..=5)
            .map(|day| vec![press.url(&format!("/{day}")), if day > 3 { "done" } else { "seen" }.to_owned()])
            .collect::<Vec<_>>()
    );
    assert_eq!((press.count("/3"), press.count("/4"), press.count("/5")), (0, 1, 1));
}
