//! The six papers, one function each: their pages, their feeds, and what goes wrong with them.

use super::feeds::{self, Item};
use super::markup;
use super::newsroom::{Newsroom, Paper, RETRY_AFTER};
use super::press::Press;
use super::reply::{Reply, busy_for};
use super::texts::{self, Text};

impl Newsroom {
    pub(super) fn harbour_gazette(&mut self) {
        let (name, title) = ("harbour-gazette", "The Harbour Gazette");
        let press = Press::start("127.0.0.2");
        let mut items = Vec::new();
        for text in texts::of(include_str!("papers/harbour-gazette.txt")) {
            let path = format!("/{}/{}.html", text.day().replace('-', "/"), text.slug);
            let url = press.url(&path);
            press.page(&path, Reply::html(markup::gazette(title, &text, &url)));
            items.push(Item { content: full_text(&text), ..item(&text, &url) });
            self.serve(name, &text, &url, None);
        }
        let gone = press.url("/2026/11/22/spelling-bee.html");
        items.insert(
            1,
            Item {
                title: "Spelling bee: the results, withdrawn".into(),
                link: gone.clone(),
                id: gone.clone(),
                published: "2026-11-22T20:00:00+00:00".into(),
                summary: "The winner had spelled the name of the cup, not of the fish.".into(),
                ..Item::default()
            },
        );
        self.gone.push(gone);
        let feed = Reply::rss(feeds::rss(title, &press.url("/"), &items))
            .etag("\"gazette-1\"")
            .last_modified("Mon, 23 Nov 2026 07:45:00 GMT")
            .chunked();
        self.open(
            Paper { name, press, feed: "/feed.xml", rules: include_str!("papers/harbour-gazette.toml") },
            &items,
            feed,
        );
    }

    pub(super) fn nile_courier(&mut self) {
        let (name, title) = ("nile-courier", "Nile Courier");
        let press = Press::start("127.0.0.3");
        let mut items = Vec::new();
        for (i, text) in texts::of(include_str!("papers/nile-courier.txt")).iter().enumerate() {
            let number = text.slug;
            let path = format!("/NewsContent/2/8/{number}/World/Region/Story.aspx");
            let url = press.url(&path);
            // Only the first prints its short link; the box of the second is empty, as such boxes sometimes are.
            let short_link = (i == 0).then(|| press.url(&format!("/News/{number}.aspx")));
            let page = Reply::html(markup::webforms(title, text, short_link.as_deref()));
            press.page(&path, page.clone());
            if short_link.is_some() {
                press.page(&format!("/NewsContentMobile/{number}.aspx"), page.clone());
                press.page(&format!("/UI/Front/Inner.aspx?NewsContentID={number}"), page);
                press.page(&format!("/News/{number}.aspx"), Reply::redirect(302, &path));
            }
            items.push(item(text, &url));
            self.serve(name, text, &url, short_link);
        }
        let feed = Reply::rss(feeds::rss(title, &press.url("/"), &items))
            .last_modified("Fri, 20 Nov 2026 09:00:00 GMT");
        self.open(
            Paper {
                name,
                press,
                feed: "/UI/Front/rss.aspx",
                rules: include_str!("papers/nile-courier.toml"),
            },
            &items,
            feed,
        );
    }

    pub(super) fn meridienne(&mut self) {
        let (name, title) = ("meridienne", "La Méridienne");
        let press = Press::start("127.0.0.4");
        let mut items = Vec::new();
        for (i, text) in texts::of(include_str!("papers/meridienne.txt")).iter().enumerate() {
            let path = format!("/recits/{}", text.slug);
            let (url, short) = (press.url(&path), press.url(&format!("/?p={}", 310 + i)));
            let page = markup::revue(title, text, &short);
            match i {
                0 => {
                    let (bytes, _, _) = encoding_rs::WINDOWS_1252.encode(&page);
                    press.page(&path, Reply::ok("text/html; charset=iso-8859-1", bytes));
                }
                1 => {
                    let busy = Reply::busy(Some(&RETRY_AFTER.to_string()));
                    press.on(&path, busy_for(1, busy, Reply::html(page)));
                }
                _ => press.page(&path, Reply::html(page)),
            }
            items.push(Item { content: full_text(text), ..item(text, &url) });
            self.serve(name, text, &url, Some(short));
        }
        let feed =
            Reply::atom(feeds::atom(title, &press.url("/"), &items)).etag("W/\"meridienne 22, matin\"");
        self.open(
            Paper { name, press, feed: "/atom", rules: include_str!("papers/meridienne.toml") },
            &items,
            feed,
        );
    }

    pub(super) fn nordlicht(&mut self) {
        let (name, title) = ("nordlicht", "Nordlicht");
        let press = Press::start("127.0.0.5");
        let mut items = Vec::new();
        for (i, text) in texts::of(include_str!("papers/nordlicht.txt")).iter().enumerate() {
            let path = format!("/{}/{}", text.language, text.slug);
            let (url, short) = (press.url(&path), press.url(&format!("/s/{}", 70 + i)));
            press.page(&path, Reply::html(markup::revue(title, text, &short)));
            items.push(item(text, &url));
            self.serve(name, text, &url, Some(short));
        }
        let feed = Reply::json_feed(feeds::json_feed(title, &press.url("/"), &items)).etag("\"nl-7\"");
        self.open(
            Paper { name, press, feed: "/feed.json", rules: include_str!("papers/nordlicht.toml") },
            &items,
            feed,
        );
    }

    pub(super) fn small_hours(&mut self) {
        let (name, title) = ("small-hours", "Small Hours");
        let press = Press::start("127.0.0.6");
        let mut items = Vec::new();
        for text in texts::of(include_str!("papers/small-hours.txt")) {
            let path = format!("/{}/", text.slug);
            let url = press.url(&path);
            press.page(&path, Reply::html(markup::plain(title, &text, &url)).gzip());
            items.push(item(&text, &url));
            self.serve(name, &text, &url, None);
        }
        let feed = Reply::atom(feeds::atom(title, &press.url("/"), &items)).etag("\"3-small-hours\"");
        self.open(Paper { name, press, feed: "/feed/", rules: "" }, &items, feed);
    }

    pub(super) fn press_review(&mut self) {
        let (name, title) = ("press-review", "The Press Review");
        let press = Press::start("127.0.0.7");
        let mut items = Vec::new();
        for text in texts::of(include_str!("papers/press-review.txt")) {
            let path = format!("/own/{}", text.slug);
            let url = press.url(&path);
            press.page(&path, Reply::html(markup::gazette(title, &text, &url)));
            items.push(item(&text, &url));
            self.serve(name, &text, &url, None);
        }

        // The canal of the Nile Courier, by two more of its URLs.
        let courier = self.press("nile-courier");
        let mobile = courier.url("/NewsContentMobile/51207.aspx?utm_source=press-review");
        let form = courier.url("/UI/Front/Inner.aspx?NewsContentID=51207");
        // The ferries of the Harbour Gazette, through a redirect that adds what it knows of the reader.
        let ferries = self.served[0].page.clone();
        press.page(
            "/go/1",
            Reply::redirect(301, &format!("{ferries}?utm_source=press-review&utm_medium=rss")),
        );
        let go = press.url("/go/1");
        let repeated = [("nile-courier", mobile), ("nile-courier", form), ("harbour-gazette", go)];
        for (i, (source, link)) in repeated.into_iter().enumerate() {
            let first =
                self.served.iter_mut().find(|served| served.source == source).expect("a first article");
            first.links.push(link.clone());
            items.push(Item {
                title: format!("Seen elsewhere: {}", first.title),
                link,
                id: format!("seen-elsewhere-{i}"),
                published: "2026-11-23T10:00:00+00:00".into(),
                summary: first.standfirst.into(),
                ..Item::default()
            });
        }
        let feed = Reply::rss(feeds::rss(title, &press.url("/"), &items)).etag("\"review-gzip\"").gzip();
        self.open(
            Paper { name, press, feed: "/rss", rules: include_str!("papers/press-review.toml") },
            &items,
            feed,
        );
    }
}

/// The entry of an article: its standfirst, and no full text.
fn item(text: &Text, url: &str) -> Item {
    Item {
        title: text.title.into(),
        link: url.into(),
        id: format!("tag:newsroom.example,2026:{}", text.slug),
        published: text.published.into(),
        summary: markup::escaped(text.standfirst),
        content: String::new(),
        author: text.byline.trim_start_matches("By ").into(),
    }
}

fn full_text(text: &Text) -> String {
    text.paragraphs
        .iter()
        .fold(String::new(), |html, paragraph| html + "<p>" + &markup::escaped(paragraph) + "</p>")
}
