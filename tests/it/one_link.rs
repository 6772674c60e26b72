//! Entries that share a link, entries whose ids change, and sites that move: no entry is lost, and nothing is fetched twice.

use std::fmt::Write as _;

use crate::support::press::Press;
use crate::support::reply::Reply;
use crate::way::{config, page};
use crate::workspace::{Ended, Workspace};

pub(crate) const TEXT: &str =
    "The lock keeper shut the upper gate at noon, and eleven barges waited in the basin until the evening.";

/// An item of a feed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Item {
    id: Option<String>,
    title: String,
    link: String,
    /// Day and hour of November 2026.
    at: Option<(u32, u32)>,
    text: Option<String>,
    media: Option<String>,
}

impl Item {
    pub(crate) fn new(id: &str, title: &str, link: &str, day: u32) -> Self {
        Self {
            id: Some(id.to_owned()).filter(|id| !id.is_empty()),
            title: title.to_owned(),
            link: link.to_owned(),
            at: Some((day, 10)),
            text: Some(format!("What {title} says, in the words of day {day}.")),
            media: None,
        }
    }

    fn without_text(self) -> Self {
        Self { text: None, ..self }
    }

    fn undated(self) -> Self {
        Self { at: None, ..self }
    }

    fn saying(self, text: &str) -> Self {
        Self { text: Some(text.to_owned()), ..self }
    }
}

fn feed(press: &Press, items: &[Item]) -> Reply {
    let mut text =
        format!("<rss version='2.0'><channel><title>The Canal</title><link>{}</link>", press.url("/"));
    for item in items {
        write!(text, "<item><title>{}</title><link>{}</link>", item.title, item.link).unwrap();
        if let Some(id) = &item.id {
            write!(text, "<guid isPermaLink='false'>{id}</guid>").unwrap();
        }
        if let Some((day, hour)) = item.at {
            write!(text, "<pubDate>{day} Nov 2026 {hour}:00:00 GMT</pubDate>").unwrap();
        }
        if let Some(words) = &item.text {
            write!(text, "<description>{words}</description>").unwrap();
        }
        if let Some(media) = &item.media {
            write!(text, "<enclosure url='{media}' type='audio/mpeg' length='1'/>").unwrap();
        }
        text.push_str("</item>");
    }
    Reply::rss(text + "</channel></rss>")
}

/// A paper with one source, and how its pages are fetched.
pub(crate) struct Canal {
    pub(crate) press: Press,
    pub(crate) workspace: Workspace,
}

impl Canal {
    fn with(lines: &str) -> Self {
        let press = Press::start("127.0.0.2");
        let workspace = Workspace::new(&format!("{}{lines}\n", config(&[("canal", press.url("/feed"))])));
        Self { press, workspace }
    }

    pub(crate) fn new(pages: &str) -> Self {
        Self::with(&format!("pages = \"{pages}\""))
    }

    pub(crate) fn url(&self, path: &str) -> String {
        self.press.url(path)
    }

    /// Serves the feed, and runs once.
    pub(crate) fn poll(&self, items: &[Item]) -> Ended {
        let ended = self.poll_with_failures(items);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        ended
    }

    /// The same where pages cannot be fetched.
    fn poll_with_failures(&self, items: &[Item]) -> Ended {
        self.press.page("/feed", feed(&self.press, items));
        let ended = self.workspace.run(&["run", "--once", "--all"]);
        let faults = self.workspace.run(&["verify"]);
        assert_eq!(faults.code, Some(0), "{}{}", faults.stdout, faults.stderr);
        ended
    }

    /// Titles of the articles.
    pub(crate) fn titles(&self) -> Vec<String> {
        let rows = self.workspace.rows("SELECT title FROM articles ORDER BY title");
        rows.into_iter().flatten().collect()
    }

    pub(crate) fn counter(&self, name: &str) -> u64 {
        let sum = format!("SELECT coalesce(sum(value), 0) FROM counter WHERE name = '{name}'");
        self.workspace.one(&sum).parse().unwrap()
    }

    /// Requests for anything but the feed and robots.txt.
    pub(crate) fn pages(&self) -> usize {
        let requests = self.press.requests();
        requests.iter().filter(|seen| !matches!(seen.path(), "/feed" | "/robots.txt")).count()
    }

    pub(crate) fn status(&self) -> String {
        self.workspace.run(&["status"]).stdout
    }
}

fn sorted<const N: usize>(mut titles: [&str; N]) -> [&str; N] {
    titles.sort_unstable();
    titles
}

#[test]
fn each_entry_of_a_status_page_is_an_article_of_its_own() {
    for pages in ["never", "auto", "always"] {
        let canal = Canal::new(pages);
        canal.press.page(
            "/status",
            page("State of the locks", TEXT, "<meta property=og:title content='State of the locks'>"),
        );
        let item =
            |n: u32| Item::new(&format!("i{n}"), &format!("Lock {n} is shut"), &canal.url("/status"), n);
        canal.poll(&[item(1)]);
        let first = if pages == "never" { "Lock 1 is shut" } else { "State of the locks" };
        assert_eq!(canal.titles(), [first], "{pages}");
        canal.poll(&[item(2), item(1)]);
        assert_eq!(canal.titles(), sorted([first, "Lock 2 is shut"]), "{pages}");
        canal.poll(&[item(3), item(2)]);
        assert_eq!(canal.titles(), sorted([first, "Lock 2 is shut", "Lock 3 is shut"]), "{pages}");
        let own = canal.workspace.rows(
            "SELECT url, text FROM articles WHERE title IN ('Lock 2 is shut', 'Lock 3 is shut') ORDER BY title",
        );
        for (n, article) in (2..).zip(own) {
            let text = format!("What Lock {n} is shut says, in the words of day {n}.");
            assert_eq!(article, [canal.url("/status"), text], "{pages}");
        }
        assert_eq!(canal.counter("identity.shared-links"), 1, "{pages}");
        assert_eq!(canal.counter("overflows"), 0, "{pages}");
        assert!(canal.status().contains("canal: 3 entries share 1 link"), "{}", canal.status());
        let json = canal.workspace.run(&["status", "--json"]).stdout;
        assert!(json.contains("\"shared_links\": 1") || json.contains("\"shared_links\":1"), "{json}");
        assert!(canal.workspace.run(&["status", "canal"]).stdout.contains("3 entries share 1 link"));
    }
}

#[test]
fn entries_that_share_a_link_from_the_first_poll_cost_no_page() {
    for pages in ["never", "auto", "always"] {
        let canal = Canal::new(pages);
        canal.press.page("/live", page("The live page", TEXT, ""));
        let items =
            [1, 2, 3].map(|n| Item::new(&format!("urn:{n}"), &format!("Update {n}"), &canal.url("/live"), n));
        canal.poll(&items);
        assert_eq!(canal.titles(), ["Update 1", "Update 2", "Update 3"], "{pages}");
        assert_eq!(canal.pages(), 0, "{pages}");
        canal.poll(&items);
        assert_eq!(canal.titles().len(), 3, "{pages}");
        assert_eq!(canal.workspace.rows("SELECT DISTINCT state FROM entries"), [["done"]], "{pages}");
    }
}

#[test]
fn notices_without_ids_are_known_by_title_and_date() {
    for pages in ["never", "always"] {
        let canal = Canal::new(pages);
        let notice = |n: u32| Item::new("", &format!("Notice {n}"), &canal.url("/notices"), 10 + n);
        let ended = canal.poll(&[notice(2), notice(1), notice(0)]);
        assert!(ended.stderr.contains("entries are identified by title"), "{}", ended.stderr);
        assert_eq!(canal.titles(), ["Notice 0", "Notice 1", "Notice 2"], "{pages}");
        canal.poll(&[notice(3), notice(2), notice(1)]);
        canal.poll(&[notice(4)]);
        canal.poll(&[notice(4)]);
        assert_eq!(canal.titles().len(), 5, "{pages}: {:?}", canal.titles());
        assert_eq!(canal.pages(), 0);
    }
}

#[test]
fn notices_that_come_one_by_one_without_ids_are_all_kept() {
    for pages in ["never", "always"] {
        let canal = Canal::new(pages);
        canal.press.page("/notices", page("Notices", TEXT, "<meta property=og:title content=Notices>"));
        let notice = |n: u32| Item::new("", &format!("Notice {n}"), &canal.url("/notices"), 10 + n);
        for n in 0..4 {
            canal.poll(&[notice(n)]);
            canal.poll(&[notice(n)]);
        }
        let first = if pages == "never" { "Notice 0" } else { "Notices" };
        assert_eq!(canal.titles(), sorted([first, "Notice 1", "Notice 2", "Notice 3"]), "{pages}");
        // One of them is corrected: title and text, but not its date.
        canal.poll(&[Item { title: "Notice 3, mended".into(), ..notice(3) }]);
        assert_eq!(canal.titles().len(), 4, "{pages}: {:?}", canal.titles());
    }
}

#[test]
fn a_corrected_article_without_an_id_stays_one_article() {
    let canal = Canal::new("auto");
    canal.press.page("/a", page("The barge", TEXT, ""));
    let item = Item::new("", "The barge", &canal.url("/a"), 3);
    canal.poll(std::slice::from_ref(&item));
    canal.poll(&[Item { title: "The barge sank".into(), ..item.clone() }]);
    canal.poll(&[Item { at: Some((4, 9)), ..item.clone() }]);
    canal.poll(&[Item { title: "The barge sank".into(), at: Some((5, 9)), ..item }]);
    assert_eq!(canal.titles(), ["The barge"]);
    assert_eq!(canal.counter("identity.shared-links"), 0);
}

#[test]
fn a_podcast_whose_episodes_have_one_title_and_one_link_keeps_all_of_them() {
    for pages in ["never", "auto", "always"] {
        let canal = Canal::new(pages);
        canal.press.page("/show", page("The show", TEXT, ""));
        let episode = |n: u32| Item {
            media: Some(format!("https://media.example/{n}.mp3?from=feed")),
            text: None,
            ..Item::new(&format!("ep{n}"), "News", &canal.url("/show"), n)
        };
        canal.poll(&[episode(3), episode(2), episode(1)]);
        assert_eq!(canal.titles(), ["News"; 3], "{pages}");
        // The oldest leaves the feed while a new one comes.
        canal.poll(&[episode(4), episode(3), episode(2)]);
        canal.poll(&[episode(6), episode(5), episode(4)]);
        assert_eq!(canal.titles(), ["News"; 6], "{pages}");
        let media = canal.workspace.rows("SELECT enclosures FROM articles");
        assert!((1..=6).all(|n| media.iter().any(|row| row[0].contains(&format!("/{n}.mp3")))), "{media:?}");
        assert_eq!(canal.pages(), 0, "{pages}");
    }
}

#[test]
fn a_changelog_behind_fragments_keeps_each_version() {
    for pages in ["never", "always"] {
        let canal = Canal::new(pages);
        canal.press.page("/changelog", page("Changelog", TEXT, ""));
        let version = |n: u32| {
            let link = canal.url(&format!("/changelog#v{n}"));
            Item::new(&link, &format!("Version {n}"), &link, n)
        };
        canal.poll(&[version(2), version(1)]);
        canal.poll(&[version(4), version(3), version(2)]);
        assert_eq!(canal.titles(), ["Version 1", "Version 2", "Version 3", "Version 4"], "{pages}");
        assert!(canal.workspace.one("SELECT url FROM articles WHERE title = 'Version 3'").ends_with("#v3"));
    }
}

#[test]
fn numbered_fragments_of_one_page_are_entries_of_their_own() {
    let canal = Canal::new("never");
    let version = |n: u32| {
        let link = canal.url(&format!("/changelog#{n}"));
        Item::new(&link, &format!("Version {n}"), &link, n)
    };
    canal.poll(&[version(2), version(1)]);
    canal.poll(&[version(3), version(2)]);
    canal.poll(&[version(5), version(4)]);
    assert_eq!(canal.titles().len(), 5, "{:?}", canal.titles());
}

#[test]
fn entries_whose_id_and_link_say_nothing_are_known_by_title() {
    for pages in ["never", "always"] {
        let canal = Canal::new(pages);
        let item = |n: u32| Item { link: "N/A".into(), ..Item::new("N/A", &format!("Tender {n}"), "", n) };
        // "N/A" is no link: where pages are always fetched, that is said.
        canal.poll_with_failures(&[item(1), item(2), item(3)].map(Item::undated));
        assert_eq!(canal.titles(), ["Tender 1", "Tender 2", "Tender 3"], "{pages}");
        canal.poll_with_failures(&[item(2), item(3), item(4)].map(Item::undated));
        canal.poll_with_failures(&[item(4), item(5)].map(Item::undated));
        assert_eq!(canal.titles().len(), 5, "{pages}: {:?}", canal.titles());
    }
}

#[test]
fn entries_of_a_link_blog_are_members_of_the_article_on_the_other_site() {
    for pages in ["never", "always"] {
        let canal = Canal::new(pages);
        let other = Press::start("127.0.0.3");
        other.page("/story", page("The story", TEXT, ""));
        let item =
            |n: u32| Item::new(&format!("b{n}"), &format!("Worth reading {n}"), &other.url("/story"), n);
        canal.poll(&[item(1), item(2)]);
        canal.poll(&[item(3), item(1), item(2)]);
        canal.poll(&[item(3), item(1), item(2)]);
        assert_eq!(canal.titles().len(), 1, "{pages}: {:?}", canal.titles());
        let pages_of = canal.workspace.rows("SELECT DISTINCT article_id IS NULL FROM entries");
        assert_eq!(pages_of, [["0"]], "{pages}");
        assert_eq!(canal.workspace.one("SELECT count(*) FROM entries"), "3");
        assert_eq!(other.count("/story"), usize::from(pages == "always"));
        assert_eq!(canal.counter("identity.shared-links"), 0);
        assert!(!canal.status().contains("share"), "{}", canal.status());
    }
}

#[test]
fn a_live_page_is_looked_at_again_with_each_new_entry() {
    let canal = Canal::new("always");
    let live = |text: &str| page("Storm, live", &format!("{TEXT} {text}"), "");
    canal.press.page("/live", live("It begins."));
    let item = |n: u32| Item::new(&format!("l{n}"), &format!("Storm {n}"), &canal.url("/live"), n);
    canal.poll(&[Item { media: Some("https://media.example/1.jpg".into()), ..item(1) }]);
    let shown = "SELECT title, text, published, enclosures FROM articles WHERE title = 'Storm, live'";
    let first = canal.workspace.rows(shown);
    assert!(first[0][1].contains("It begins."));
    canal.press.page("/live", live("It is over."));
    canal.poll(&[item(2)]);
    assert_eq!(canal.titles(), ["Storm 2", "Storm, live"]);
    let due = canal.workspace.rows("SELECT state, text_state, host FROM entry ORDER BY id");
    assert_eq!(due[0], ["done", "changed", "127.0.0.2"]);
    assert_eq!(due[1][0], "done");
    // What the feed alone knew of it stays though the feed has it no more.
    canal.workspace.run(&["retry"]);
    let payload = canal.workspace.one("SELECT payload FROM entry WHERE text_state = 'changed'");
    for part in ["Storm, live", "2026-11-01T10:00:00", "https://media.example/1.jpg"] {
        assert!(payload.contains(part), "{part} in {payload}");
    }
}

#[test]
fn entries_of_a_front_page_are_articles_of_the_feeds_text() {
    for pages in ["never", "auto", "always"] {
        let canal = Canal::new(pages);
        canal.press.page("/", page("Welcome", TEXT, ""));
        let item = |n: u32| Item::new(&format!("f{n}"), &format!("Word {n}"), &canal.url("/"), n);
        canal.poll_with_failures(&[item(1), item(2)]);
        canal.poll_with_failures(&[item(3), item(2)]);
        assert_eq!(canal.titles(), ["Word 1", "Word 2", "Word 3"], "{pages}");
        // Without ids.
        let bare = |n: u32| Item { id: None, ..item(n) };
        canal.poll_with_failures(&[bare(5), bare(4)]);
        assert_eq!(canal.titles().len(), 5, "{pages}: {:?}", canal.titles());
        assert_eq!(canal.press.count("/"), 0, "{pages}");
    }
}

#[test]
fn ids_that_change_once_are_the_same_entries() {
    for pages in ["never", "auto", "always"] {
        let canal = Canal::with(&format!("pages = \"{pages}\"\nfirst_poll = 3"));
        let items = |turn: &str| -> Vec<Item> {
            (0..5)
                .map(|n| {
                    let path = format!("/p{n}");
                    canal.press.page(&path, page(&format!("N{n}"), &format!("{TEXT} It was day {n}."), ""));
                    Item::new(&format!("{turn}-{n}"), &format!("N{n}"), &canal.url(&path), 10 + n)
                        .without_text()
                })
                .collect()
        };
        canal.poll(&items("old"));
        canal.press.forget();
        let ended = canal.poll(&items("new"));
        assert!(ended.stderr.contains("from now on entries are identified by link"), "{}", ended.stderr);
        assert!(!ended.stderr.contains("missed"), "{}", ended.stderr);
        assert_eq!((canal.pages(), canal.counter("overflows")), (0, 0), "{pages}");
        assert_eq!(canal.workspace.one("SELECT count(*) FROM entry"), "5", "{pages}");
        assert_eq!(canal.titles().len(), 3, "{pages}");
        assert!(!canal.status().contains("overflowed"), "{}", canal.status());
        canal.poll(&items("new"));
        canal.poll(&items("newer"));
        assert_eq!((canal.pages(), canal.titles().len()), (0, 3), "{pages}");
        assert_eq!(canal.workspace.one("SELECT count(*) FROM entry"), "5", "{pages}");
    }
}

#[test]
fn one_entry_with_another_id_is_looked_at_again_where_it_changed() {
    let canal = Canal::new("never");
    let item = |id: &str| Item::new(id, "The weir", &canal.url("/weir"), 3);
    let others: Vec<Item> = (0..3)
        .map(|n| Item::new(&n.to_string(), &format!("O{n}"), &canal.url(&format!("/{n}")), 2))
        .collect();
    let poll = |first: Item| canal.poll(&[&[first][..], &others].concat());
    poll(item("a"));
    poll(item("b"));
    assert_eq!(canal.counter("articles.revised"), 0);
    poll(item("c").saying("The weir was mended, after all."));
    assert_eq!((canal.titles().len(), canal.counter("identity.renamed")), (4, 2));
    assert_eq!(
        canal.workspace.one("SELECT text FROM articles WHERE title = 'The weir'"),
        "The weir was mended, after all."
    );
    // Another id and another title, but the same words: the same article, and no new one.
    poll(Item { title: "The weir is mended".into(), ..item("d").saying("The weir was mended, after all.") });
    assert_eq!((canal.titles().len(), canal.counter("identity.same-link")), (4, 1));
}

#[test]
fn another_number_behind_the_id_is_an_update() {
    let canal = Canal::new("always");
    canal.press.page("/news/1", page("The bridge", TEXT, ""));
    canal.press.page("/news/2", page("The tower", &format!("{TEXT} Twice."), ""));
    let bridge = |turn: u32, title: &str, day: u32| Item {
        text: Some(format!("Words of turn {turn}.")),
        ..Item::new(&canal.url(&format!("/news/1#{turn}")), title, &canal.url("/news/1"), day)
    };
    let tower = Item::new(&canal.url("/news/2#0"), "The tower", &canal.url("/news/2"), 2);
    canal.poll(&[bridge(0, "The bridge", 3), tower.clone()]);
    canal.poll(&[bridge(1, "The bridge is open", 4), tower.clone()]);
    canal.poll(&[bridge(5, "The bridge is shut", 5), tower]);
    assert_eq!(canal.titles(), ["The bridge", "The tower"]);
    assert_eq!(canal.workspace.one("SELECT count(*) FROM entry"), "2");
    assert_eq!(canal.workspace.one("SELECT count(*) FROM entry WHERE text_state = 'changed'"), "1");
    assert_eq!((canal.counter("identity.renamed"), canal.counter("overflows")), (2, 0));
}

#[test]
fn a_site_that_moves_with_all_ids_brings_no_old_news() {
    for pages in ["never", "always"] {
        let canal = Canal::new(pages);
        let new = Press::start("127.0.0.3");
        let item = |press: &Press, n: u32| {
            let path = format!("/{n}");
            press.page(&path, page(&format!("Story {n}"), &format!("{TEXT} It was day {n}."), ""));
            Item::new(&press.url(&path), &format!("Story {n}"), &press.url(&path), n)
        };
        canal.poll(&(1..=6).map(|n| item(&canal.press, n)).collect::<Vec<_>>());
        let ended = canal.poll(&(2..=7).map(|n| item(&new, n)).collect::<Vec<_>>());
        assert!(!ended.stderr.contains("missed"), "{}", ended.stderr);
        assert_eq!(canal.titles().len(), 7, "{pages}");
        assert_eq!((canal.counter("identity.moved"), canal.counter("overflows")), (5, 0), "{pages}");
        let fetched: Vec<String> = new.requests().iter().map(|seen| seen.path().to_owned()).collect();
        let asked = fetched.iter().filter(|path| *path != "/robots.txt").cloned().collect::<Vec<_>>();
        assert_eq!(asked, if pages == "never" { vec![] } else { vec!["/7".to_owned()] });
        let alias = format!("SELECT proof FROM aliases WHERE url = '{}'", new.url("/3"));
        assert_eq!(canal.workspace.one(&alias), "none", "{pages}");
        canal.poll(&(3..=7).map(|n| item(&new, n)).collect::<Vec<_>>());
        assert_eq!(canal.titles().len(), 7, "{pages}");
    }
}

#[test]
fn an_excluded_entry_is_none_of_those_that_share_a_link() {
    let canal = Canal::with("pages = \"always\"\nexclude = { title = 'Advert' }");
    canal.press.page(
        "/status",
        page("State of the locks", TEXT, "<meta property=og:title content='State of the locks'>"),
    );
    let item = |n: u32, title: &str| Item::new(&format!("i{n}"), title, &canal.url("/status"), n);
    canal.poll(&[item(1, "Advert"), item(2, "Lock 2")]);
    canal.poll(&[item(3, "Advert again"), item(1, "Advert"), item(2, "Lock 2")]);
    assert_eq!(canal.titles(), ["State of the locks"]);
    assert_eq!(canal.counter("identity.shared-links"), 0);
    assert_eq!(
        canal.workspace.one("SELECT count(*) FROM entries WHERE state = 'unwanted' AND article_id IS NULL"),
        "2"
    );
}

#[test]
fn one_feed_under_two_names_gives_each_entry_once() {
    let press = Press::start("127.0.0.2");
    let sources = config(&[("one", press.url("/feed")), ("two", press.url("/feed"))]);
    let workspace = Workspace::new(&sources);
    let item = |n: u32, path: &str| Item::new(&format!("i{n}"), &format!("Word {n}"), &press.url(path), n);
    press.page("/feed", feed(&press, &[item(1, "/status"), item(2, "/status"), item(3, "/"), item(4, "/")]));
    for _ in 0..2 {
        workspace.run(&["run", "--once", "--all"]);
    }
    let articles = workspace.rows("SELECT title, sources FROM articles ORDER BY title");
    let both = "[\"one\",\"two\"]";
    assert_eq!(articles, [["Word 1", both], ["Word 2", both], ["Word 3", both], ["Word 4", both]]);
    assert_eq!((press.count("/status"), press.count("/")), (0, 0));
}
