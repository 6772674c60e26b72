//! Sites without a feed: listing pages and sitemaps take the same way as feeds.

use std::fmt::Write as _;

use crate::support::press::Press;
use crate::support::reply::Reply;
use crate::way::{config, page};
use crate::workspace::{Workspace, tally};

const TEXT: &str = "The ferry to the islands was late again, and the harbour master had tea made for those who waited on the quay.";

/// A configuration with one source.
fn source(lines: &str) -> String {
    format!("{}[[source]]\nname = \"paper\"\n{lines}\n", config(&[]))
}

fn urlset(pages: &[(String, &str)]) -> Reply {
    let mut text = String::from("<?xml version='1.0'?><urlset>");
    for (url, changed) in pages {
        write!(text, "<url><loc>{url}</loc><lastmod>{changed}</lastmod></url>").unwrap();
    }
    Reply::ok("application/xml", text + "</urlset>")
}

fn index(sitemaps: &[(String, &str)]) -> Reply {
    let mut text = String::from("<sitemapindex>");
    for (url, changed) in sitemaps {
        write!(text, "<sitemap><loc>{url}</loc><lastmod>{changed}</lastmod></sitemap>").unwrap();
    }
    Reply::ok("application/xml", text + "</sitemapindex>").etag(format!("\"{}\"", sitemaps.len()))
}

#[test]
fn a_listing_page_is_polled_like_a_feed() {
    let press = Press::start("127.0.0.2");
    press.page("/story/1", page("The ferry", TEXT, ""));
    press.page("/story/2", page("The quay", TEXT, ""));
    let listed = "<!DOCTYPE html><ul><li><a href='/story/1'>The ferry, as the list has it</a><time>2026-11-02</time>\
                  <li><a href='story/2?utm_source=list'>The quay</a><li><a href=/about>About</a></ul>";
    press.page("/", Reply::html(listed).etag("\"v1\""));
    let listing = |links: &str| {
        source(&format!(
            "listing = {{ url = \"{}\", links = \"{links}\", pattern = \"/story/\", date = \"time\" }}",
            press.url("/")
        ))
    };
    let workspace = Workspace::new(&listing("li > a@href"));
    let first = workspace.run(&["run", "--once", "--json"]);
    assert_eq!(first.code, Some(0), "{}{}", first.stdout, first.stderr);
    assert_eq!(tally(&first.stdout, "paper"), (2, 0, 0));
    let titles: Vec<_> = workspace.exported(&[]).iter().map(|article| article["title"].clone()).collect();
    assert_eq!(titles, ["The ferry", "The quay"]);
    assert_eq!(press.count("/robots.txt"), 1);
    assert_eq!(press.requests()[0].path(), "/robots.txt", "a listing is a page");

    press.forget();
    let again = workspace.run(&["run", "--once", "--all", "--json"]);
    assert_eq!(again.code, Some(0), "{}", again.stderr);
    assert_eq!(press.requests().len(), 1, "{:?}", press.requests());
    assert!(press.requests()[0].is_conditional());

    // Another selector is another reading: what was known of the page does not count.
    workspace.configure(&listing("h3 > a@href"));
    press.forget();
    let missed = workspace.run(&["run", "--once", "--json"]);
    assert_eq!(missed.code, Some(1), "{}{}", missed.stdout, missed.stderr);
    assert!(!press.requests()[0].is_conditional());
    let status = workspace.run(&["status"]);
    assert!(
        status.stdout.contains("nothing on the page matches `links` = `h3 > a@href`"),
        "{}",
        status.stdout
    );
    assert_eq!(workspace.exported(&[]).len(), 2);
}

#[test]
fn an_index_of_sitemaps_brings_what_is_new_and_asks_for_nothing_else() {
    let press = Press::start("127.0.0.2");
    let map = |n: usize| press.url(&format!("/map-{n}.xml"));
    for n in 1..=8 {
        let story = format!("/story/{n}");
        press.page(&story, page(&format!("Story {n}"), &format!("{TEXT} It was day {n}."), ""));
        press.page(
            &format!("/map-{n}.xml"),
            urlset(&[(press.url(&story), "2026-01-01")]).etag(format!("\"{n}\"")),
        );
    }
    let dates =
        ["2026-01-01", "2026-02-01", "2026-03-01", "2026-04-01", "2026-05-01", "2026-06-01", "2026-07-01"];
    let mut maps: Vec<(String, &str)> = (1..=7).map(map).zip(dates).collect();
    press.page("/sitemap.xml", index(&maps));
    let workspace = Workspace::new(&source(&format!("sitemap = \"{}\"", press.url("/sitemap.xml"))));
    let first = workspace.run(&["run", "--once", "--json"]);
    assert_eq!(first.code, Some(0), "{}{}", first.stdout, first.stderr);
    assert_eq!(workspace.exported(&[]).len(), 5, "those of the five newest");

    press.forget();
    let again = workspace.run(&["run", "--once", "--all", "--json"]);
    assert_eq!(again.code, Some(0), "{}{}", again.stdout, again.stderr);
    assert_eq!(press.requests().len(), 1, "the index alone: {:?}", press.requests());
    assert!(press.requests()[0].is_conditional());

    maps.push((map(8), "2026-08-01"));
    press.page("/sitemap.xml", index(&maps));
    press.forget();
    let third = workspace.run(&["run", "--once", "--all", "--json"]);
    assert_eq!(tally(&third.stdout, "paper"), (1, 0, 0), "{}", third.stderr);
    assert_eq!(press.requests().len(), 3, "index, new sitemap, new page: {:?}", press.requests());

    // One that is not to be had is asked again, though the index says nothing new.
    maps[7].1 = "2026-08-02";
    press.page("/sitemap.xml", index(&maps).etag("\"late\""));
    press.page("/map-8.xml", Reply::status(404));
    let failed = workspace.run(&["run", "--once", "--all", "--json"]);
    assert_eq!(failed.code, Some(1), "{}", failed.stdout);
    press.page("/story/9", page("Story 9", &format!("{TEXT} At last."), ""));
    press.page("/map-8.xml", urlset(&[(press.url("/story/9"), "2026-08-02")]));
    let mended = workspace.run(&["run", "--once", "--all", "--json"]);
    assert_eq!(mended.code, Some(0), "{}{}", mended.stdout, mended.stderr);
    assert_eq!(workspace.exported(&[]).len(), 7);
}

#[test]
fn a_packed_news_sitemap_gives_titles_and_dates() {
    let press = Press::start("127.0.0.2");
    press.page("/gone", Reply::status(410));
    let news = format!(
        "<urlset><url><loc>{}</loc><news:news><news:publication_date>2026-11-02T08:00:00Z</news:publication_date>\
         <news:title>What was on the page</news:title></news:news></url></urlset>",
        press.url("/gone")
    );
    let packed = {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        std::io::Write::write_all(&mut encoder, news.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    press.page("/news.xml.gz", Reply::ok("application/x-gzip", packed));
    let workspace = Workspace::new(&source(&format!("sitemap = \"{}\"", press.url("/news.xml.gz"))));
    workspace.run(&["run", "--once"]);
    let articles = workspace.exported(&[]);
    assert_eq!(articles.len(), 1, "{articles:?}");
    assert_eq!(articles[0]["title"], "What was on the page");
    assert_eq!(articles[0]["published"], "2026-11-02T08:00:00Z");
}
