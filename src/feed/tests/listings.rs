use chrono_tz::Europe::Berlin;
use url::Url;

use crate::config::{Listing, SourceKind, load_text};
use crate::feed::{NotAFeed, parse_listing};
use crate::model::ParsedFeed;

fn rules(listing: &str) -> Listing {
    let text = format!(
        "daemon.contact = 'x'\n[[source]]\nname = 'a'\nlisting = {{ url = 'https://paper.example/news/', {listing} }}\n"
    );
    match load_text("cuttings.toml", &text).unwrap().config.sources.remove(0).kind.clone() {
        SourceKind::Listing(listing) => *listing,
        other => panic!("{other:?}"),
    }
}

fn read(html: &str, of: &str) -> Result<ParsedFeed, NotAFeed> {
    let base = Url::parse("https://paper.example/news/").unwrap();
    parse_listing(html.as_bytes(), None, &base, &rules(of), Berlin)
}

/// Link, title and date of each entry.
fn shown(feed: &ParsedFeed) -> Vec<String> {
    feed.entries
        .iter()
        .map(|entry| {
            let link = entry.link.as_ref().map_or("-", url::Url::path);
            let title = entry.title.as_deref().unwrap_or("-");
            entry.published.map_or_else(|| format!("{link} {title}"), |at| format!("{link} {title} {at}"))
        })
        .collect()
}

const PAGE: &str = "<!DOCTYPE html><title>The Paper | News</title><base target=_blank>
    <nav><a href='/about'>About</a></nav>
    <ul><li><a href=1><img src=x></a><h2>The bridge</h2><p>Short. <a href='1?utm_source=list'>Read</a></p><time datetime='2026-11-02T10:00:00Z'>2 Nov</time></li>
    <li><a href=' ../2#top '>The hall</a><span class=d>03.11.2026</span></li>
    <li><a href='javascript:alert(1)'>Share</a><a href='mailto:a@b.example'>Mail</a><a href='#'>Top</a><a href=''>Here</a></li>
    <li><a href='https://other.example/3'>Elsewhere</a></ul>";

#[test]
fn a_link_has_title_and_date_from_its_block() {
    let feed = read(
        PAGE,
        "links = 'li a@href', title = ['h2', 'a'], date = ['time@datetime', { select = '.d', format = '%d.%m.%Y' }]",
    );
    assert_eq!(
        shown(&feed.unwrap()),
        ["/news/1 The bridge 2026-11-02T10:00:00Z", "/2 The hall 2026-11-03", "/3 Elsewhere"]
    );
    let feed = read(PAGE, "links = ['.none a', 'li a'], pattern = '^https://paper\\.example/'").unwrap();
    assert_eq!(shown(&feed), ["/news/1 Read", "/2 The hall"]);
    assert_eq!(feed.title.as_deref(), Some("The Paper | News"));
}

#[test]
fn links_start_from_the_base_and_times_are_in_the_sources_zone() {
    let feed = read(
        "<base href=/archive/><p><a href=7>Seven</a> <i>2 July 2026, 18:30</i></p>",
        "links = 'a', date = { select = 'i', format = '%d %B %Y, %H:%M' }",
    );
    assert_eq!(shown(&feed.unwrap()), ["/archive/7 Seven 2026-07-02T18:30:00+02:00"]);
}

#[test]
fn a_list_without_links_says_why() {
    for (of, expected) in [
        ("links = 'h3 a@href'", "nothing on the page matches `links` = `h3 a@href`"),
        (
            "links = 'li a', pattern = '/2025/'",
            "8 elements match `links` = `li a`, but none leads to an address that matches `pattern` = '/2025/'",
        ),
        ("links = 'li@href'", "4 elements match `links` = `li@href`, but none has a link to another page"),
    ] {
        let said = read(PAGE, of).unwrap_err().to_string();
        assert!(said.starts_with(expected), "{said}");
    }
}

#[test]
fn h13_a_page_of_links_takes_linear_time() {
    let many: String = (0..30_000).map(|n| format!("<div><a href=/{n}>{n}</a></div>")).collect();
    let feed = read(&many, "links = 'a', title = 'a'").unwrap();
    assert_eq!((feed.entries.len(), feed.skipped.len()), (10_000, 1));
    // However deep: a list or a refusal, at once.
    let deep = format!("{}<a href=/1>One</a>", "<div><i>".repeat(50_000));
    match read(&deep, "links = 'a'") {
        Ok(feed) => assert_eq!(feed.entries.len(), 1),
        Err(refused) => assert!(refused.reason.starts_with("the page cannot be read"), "{refused}"),
    }
}

#[test]
fn a_selector_that_takes_too_many_steps_is_an_error() {
    let links: String = (0..20_000).map(|i| format!("<a href='/{i}'>Story {i}</a>")).collect();
    let error = read(&links, "links = 'h1 ~ a'").unwrap_err();
    assert!(error.to_string().contains("too many steps"), "{error}");
    assert!(read(&links, "links = 'a'").is_ok());
}
