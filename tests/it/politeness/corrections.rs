//! Entries that their feed corrects: other words, a later date, another slug. The page is looked at again, and without a page
//! the new words are a revision. Feeds that touch every entry at each poll cost a bounded number of requests and revisions.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};

use super::driver::{Driver, config, hours, noon};
use crate::support::press::Press;
use crate::support::reply::Reply;
use crate::way::page;

pub(crate) const TEXT: &str = "The mayor opened the bridge in the rain, forgot the scissors, and cut the ribbon with a key of the town.";

pub(crate) const EDITED: &str = "The mayor opened the bridge in the rain, forgot the scissors, and had the ribbon untied by a child of six.";

/// An item of RSS.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) link: String,
    pub(crate) published: Option<DateTime<Utc>>,
    pub(crate) text: String,
    pub(crate) more: String,
}

impl Item {
    pub(crate) fn new(press: &Press, number: usize) -> Self {
        Self {
            id: format!("g{number}"),
            title: format!("Head {number}"),
            link: press.url(&format!("/p{number}")),
            published: Some(noon() - hours(i64::try_from(number).unwrap())),
            text: format!("Words of entry {number}."),
            more: String::new(),
        }
    }
}

pub(crate) fn rss(items: &[Item]) -> Reply {
    let mut text = "<rss version='2.0' xmlns:content='http://purl.org/rss/1.0/modules/content/' \
         xmlns:dcterms='http://purl.org/dc/terms/'><channel><title>T</title>"
        .to_owned();
    for item in items {
        write!(text, "<item><title>{}</title><link>{}</link>", item.title, item.link).unwrap();
        if !item.id.is_empty() {
            write!(text, "<guid isPermaLink='false'>{}</guid>", item.id).unwrap();
        }
        if let Some(published) = item.published {
            write!(text, "<pubDate>{}</pubDate>", published.to_rfc2822()).unwrap();
        }
        write!(text, "<description><![CDATA[{}]]></description>{}</item>", item.text, item.more).unwrap();
    }
    Reply::rss(text + "</channel></rss>")
}

pub(crate) fn head(title: &str, text: &str) -> Reply {
    let sum: u64 = title.bytes().chain(text.bytes()).map(u64::from).sum();
    page(title, text, "").etag(format!("\"{sum}\""))
}

/// A press with a feed of some items and their pages, and the first look at them.
pub(crate) async fn begun(lines: &str, count: usize) -> (Press, Vec<Item>, Driver) {
    let press = Press::start("127.0.0.2");
    let items: Vec<Item> = (0..count).map(|number| Item::new(&press, number)).collect();
    for (number, item) in items.iter().enumerate() {
        let text =
            format!("{TEXT} That was in the year {number} of the town, as the book of number {number} says.");
        press.page(&format!("/p{number}"), head(&item.title, &text));
    }
    press.page("/feed", rss(&items));
    let lines = format!("every = \"30m\"\n{lines}");
    let driver = Driver::start(&config("", &[("a", press.url("/feed"), &lines)]), noon()).await;
    driver.poll(noon()).await;
    driver.pages(noon()).await;
    press.forget();
    (press, items, driver)
}

/// Polls and collects what is due.
pub(crate) async fn turn(driver: &Driver, now: DateTime<Utc>) {
    driver.polls(now).await;
    driver.pages(now).await;
}

pub(crate) fn page_requests(press: &Press) -> usize {
    press.requests().iter().filter(|seen| seen.path().starts_with("/p")).count()
}

pub(crate) fn revised(driver: &Driver) -> i64 {
    driver.counter("articles.revised")
}

#[tokio::test]
async fn a_corrected_entry_has_its_page_looked_at_conditionally() {
    type Change = fn(&mut Item);
    let changes: [(&str, Change); 5] = [
        ("title", |item| item.title = "Head, mended".into()),
        ("text", |item| item.text = "Words of entry 0, mended.".into()),
        ("date", |item| item.published = Some(noon() + hours(1))),
        ("dcterms:modified", |item| {
            item.more = "<dcterms:modified>2026-11-24T13:00:00Z</dcterms:modified>".into();
        }),
        ("media", |item| {
            item.more = "<enclosure url='https://media.example/2.mp3' type='audio/mpeg' length='1'/>".into();
        }),
    ];
    for (what, change) in changes {
        let (press, mut items, driver) = begun("", 3).await;
        if what == "dcterms:modified" {
            items[0].more = "<dcterms:modified>2026-11-24T11:00:00Z</dcterms:modified>".into();
        }
        if what == "media" {
            items[0].more =
                "<enclosure url='https://media.example/1.mp3?n=1' type='audio/mpeg' length='1'/>".into();
        }
        press.page("/feed", rss(&items));
        turn(&driver, noon() + hours(2)).await;
        let before = page_requests(&press);
        press.forget();
        change(&mut items[0]);
        press.page("/feed", rss(&items));
        press.page("/p0", head("Head 0", EDITED));
        turn(&driver, noon() + hours(5)).await;
        assert_eq!(press.count("/p0"), 1, "{what}, {before} before");
        assert_eq!(page_requests(&press), 1, "{what}");
        assert!(press.requests_for("/p0")[0].header("if-none-match").is_some(), "{what}");
        assert_eq!(driver.number("SELECT count(*) FROM articles WHERE text LIKE '%untied%'"), 1, "{what}");
        assert_eq!(revised(&driver), 1, "{what}");
        // Once.
        turn(&driver, noon() + hours(9)).await;
        assert_eq!(page_requests(&press), 1, "{what}");
    }
}

#[tokio::test]
async fn without_a_page_the_new_words_of_a_feed_are_a_revision_and_its_first_date_stays() {
    let (press, mut items, driver) = begun("pages = \"never\"", 1).await;
    items[0].title = "New title".into();
    items[0].text = "New words of this entry, corrected.".into();
    items[0].published = Some(noon() + hours(4));
    press.page("/feed", rss(&items));
    turn(&driver, noon() + hours(6)).await;
    let shown = driver.rows("SELECT title, text, published, modified FROM articles");
    assert_eq!(
        shown,
        [[
            "New title", "New words of this entry, corrected.", "2026-11-24T12:00:00Z",
            "2026-11-24T16:00:00Z"
        ]]
    );
    assert_eq!((revised(&driver), press.count("/p0")), (1, 0));
    assert_eq!(driver.rows("SELECT published FROM entries"), [["2026-11-24T12:00:00Z"]]);
}

#[tokio::test]
async fn volatile_words_are_no_correction() {
    for pages in ["always", "never"] {
        let (press, mut items, driver) = begun(&format!("pages = \"{pages}\""), 3).await;
        let texts = [
            "Tom &amp; Ann met. (3 comments)",
            "<p>Tom &#38; Ann met.</p> <p>12 comments</p>",
            "<div>Tom &amp;\n Ann   met.</div><p>1,234 views</p><p>Updated 5 minutes ago</p>",
            "Tom &amp; Ann met.<img src='https://count.example/1.gif?r=1'> (4 comments)",
            "<a href='https://x.example/?utm_source=a'>Tom</a> &amp; Ann met.<br>Generated on Mon, 30 Nov 2026 10:00:01 GMT",
        ];
        items[0].text = texts[0].into();
        press.page("/feed", rss(&items));
        turn(&driver, noon() + hours(2)).await;
        let (requests, revisions) = (page_requests(&press), revised(&driver));
        for (step, text) in (4..).step_by(2).zip(texts) {
            items[0].text = text.into();
            items[0].more = format!("<category>{step}</category><category>b</category>");
            press.page("/feed", rss(&items));
            turn(&driver, noon() + hours(step)).await;
            assert_eq!((page_requests(&press), revised(&driver)), (requests, revisions), "{pages}: {text}");
        }
    }
}

/// A feed that touches every entry at each poll, in virtual time: three weeks of polls every three hours, with a new entry each day.
#[tokio::test]
async fn p32_a_feed_that_touches_every_entry_costs_few_requests_and_revisions() {
    type Touch = fn(&mut Item, i64, usize);
    let touches: [(&str, Touch); 5] = [
        ("date of the build", |item, step, _| item.published = Some(noon() + hours(step))),
        ("rotating teaser", |item, step, _| {
            item.text = format!("{} Read on: story {}.", item.text, step * 7 % 11);
        }),
        ("advertisement", |item, step, number| {
            item.text = format!("{} Buy offer {} now.", item.text, (step * 31 + number as i64 * 17) % 1009);
        }),
        ("all of it", |item, step, number| {
            item.published = Some(noon() + hours(step));
            item.title = format!("{} – day {step}", item.title);
            item.text = format!("{} Buy offer {} now.", item.text, step * 31 + number as i64);
        }),
        ("a number behind the id", |item, step, _| item.id = format!("{}#{step}", item.id)),
    ];
    for pages in ["always", "never"] {
        for (what, touch) in
            touches.into_iter().filter(|(what, _)| pages == "always" || *what != "advertisement")
        {
            let (press, mut items, driver) = begun(&format!("pages = \"{pages}\""), 12).await;
            let mut added = 0;
            for step in (3..=(24 * 21)).step_by(3) {
                if step % 24 == 0 {
                    let number = items.len();
                    let mut item = Item::new(&press, number);
                    item.published = Some(noon() + hours(step));
                    press.page(
                        &format!("/p{number}"),
                        head(&item.title, &format!("{TEXT} It was number {number} of the day.")),
                    );
                    items.insert(0, item);
                    added += 1;
                }
                let mut touched = items[..12].to_vec();
                for (number, item) in touched.iter_mut().enumerate() {
                    touch(item, step, number);
                }
                press.page("/feed", rss(&touched));
                turn(&driver, noon() + hours(step) + super::driver::minutes(5)).await;
            }
            let again = page_requests(&press) - if pages == "always" { added } else { 0 };
            println!(
                "{pages}, {what}: {again} looks, {} revisions, {} doubted",
                revised(&driver),
                driver.counter("entries.doubted")
            );
            assert!(again <= 60, "{pages}, {what}: {again} looks");
            assert!(revised(&driver) <= 60, "{pages}, {what}: {} revisions", revised(&driver));
            let count = driver.number("SELECT count(*) FROM articles");
            assert_eq!(count, 12 + added as i64, "{pages}, {what}");
        }
    }
}

/// A source whose pages have a number in their URL.
const BY_NUMBER: &str = "key_from_url = '/(\\d+)-'";

#[tokio::test]
async fn another_slug_under_key_from_url_is_the_corrected_page() {
    // Known by id, by link with the same title, and by link with another title; with and without a redirect.
    for (id, title) in [("g", "Old head"), ("", "Old head"), ("", "New head")] {
        for redirects in [true, false] {
            let press = Press::start("127.0.0.2");
            let item = |title: &str, path: &str, hour| Item {
                id: id.into(),
                title: title.into(),
                link: press.url(path),
                published: Some(noon() + hours(hour)),
                text: format!("Words of {title}."),
                more: String::new(),
            };
            let other = item("Another story", "/2-another", -5);
            press.page("/1-old-head", head("Old head", TEXT));
            press.page("/2-another", head("Another story", "Quite another story of the harbour, its cranes and its two hundred ships at sea and what they carry home."));
            press.page("/feed", rss(&[item("Old head", "/1-old-head", -1), other.clone()]));
            let text = config("", &[("a", press.url("/feed"), &format!("every = \"30m\"\n{BY_NUMBER}"))]);
            let driver = Driver::start(&text, noon()).await;
            turn(&driver, noon()).await;
            if redirects {
                press.page("/1-old-head", Reply::redirect(301, "/1-new-head"));
            } else {
                press.remove("/1-old-head");
            }
            press.page("/1-new-head", head(title, EDITED));
            press.page("/feed", rss(&[item(title, "/1-new-head", -1), other]));
            turn(&driver, noon() + hours(2)).await;
            let shown = driver.rows(
                "SELECT title, text LIKE '%untied%', url LIKE '%new-head' FROM articles ORDER BY article_id",
            );
            let what = format!("{id:?}, {title}, {redirects}: {shown:?}");
            assert_eq!(shown.len(), 2, "{what}");
            assert!(shown.contains(&[title.to_owned(), "1".into(), "1".into()].to_vec()), "{what}");
            assert_eq!(revised(&driver), 1, "{what}");
        }
    }
}

#[tokio::test]
async fn an_entry_with_another_link_is_asked_for_where_it_was() {
    let (press, mut items, driver) = begun("", 2).await;
    items[0].title = "Head, mended".into();
    items[0].link = press.url("/p-mended");
    press.page("/p0", Reply::redirect(301, "/p-mended"));
    press.page("/p-mended", head("Head, mended", EDITED));
    press.page("/feed", rss(&items));
    turn(&driver, noon() + hours(2)).await;
    assert_eq!(driver.number("SELECT count(*) FROM articles"), 2);
    assert_eq!(
        driver.rows("SELECT text LIKE '%untied%' FROM articles WHERE title = 'Head, mended'"),
        [["1"]]
    );
    assert_eq!((press.count("/p0"), press.count("/p-mended"), revised(&driver)), (1, 1, 1));
    // Where the old address is gone, the article stays as it was.
    items[1].title = "Head, lost".into();
    items[1].link = press.url("/p-lost");
    press.remove("/p1");
    press.page("/feed", rss(&items));
    turn(&driver, noon() + hours(4)).await;
    assert_eq!(driver.number("SELECT count(*) FROM articles"), 2);
}

#[tokio::test]
async fn the_first_date_of_a_feed_stays_and_a_later_one_says_when_it_was_modified() {
    let (press, mut items, driver) = begun("", 1).await;
    for hour in [2, 5, 9] {
        items[0].published = Some(noon() + hours(hour - 1));
        press.page("/p0", head("Head 0", &format!("{EDITED} It was hour {hour}.")));
        press.page("/feed", rss(&items));
        turn(&driver, noon() + hours(hour)).await;
        let dates = driver.rows("SELECT published, modified FROM articles");
        let modified = (noon() + hours(hour - 1)).to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
        assert_eq!(dates, [["2026-11-24T12:00:00Z".to_owned(), modified]]);
    }
    assert_eq!(revised(&driver), 3);
}

#[tokio::test]
async fn a_sitemaps_and_a_listings_change_is_a_look() {
    let press = Press::start("127.0.0.2");
    press.page("/p0", head("Head 0", TEXT));
    press.page("/p1", head("Head 1", "Quite another story of the harbour, its cranes and its ships."));
    let sitemap = |lastmod: &str, title: &str| {
        Reply::ok(
            "application/xml",
            format!(
                "<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9' xmlns:news='http://www.google.com/schemas/sitemap-news/0.9'>\
             <url><loc>{0}</loc><lastmod>{lastmod}</lastmod><news:news><news:publication_date>2026-11-24T08:00:00Z</news:publication_date>\
             <news:title>{title}</news:title></news:news></url>\
             <url><loc>{1}</loc><lastmod>2026-11-24T09:00:00Z</lastmod></url></urlset>",
                press.url("/p0"),
                press.url("/p1")
            ),
        )
    };
    let listing = |title: &str, date: &str| {
        page(
            "All",
            &format!(
                "<ul><li><a href='/p0'>{title}</a> <time>{date}</time></li><li><a href='/p1'>Head 1</a> <time>2026-11-20</time></li></ul>"
            ),
            "",
        )
    };
    let cases = [
        (
            "sitemap = ",
            vec![
                sitemap("2026-11-24T10:00:00Z", "Head 0"),
                sitemap("2026-11-24T14:00:00Z", "Head 0"),
                sitemap("2026-11-24T14:00:00Z", "Head, mended"),
            ],
        ),
        (
            "listing = ",
            vec![
                listing("Head 0", "2026-11-23"),
                listing("Head 0", "2026-11-24"),
                listing("Head, mended", "2026-11-24"),
            ],
        ),
    ];
    for (lines, documents) in cases {
        press.forget();
        press.page("/p0", head("Head 0", TEXT));
        press.page("/feed", documents[0].clone());
        let source = if lines.starts_with("sitemap") {
            format!("sitemap = \"{}\"", press.url("/feed"))
        } else {
            format!(
                "listing = {{ url = \"{}\", links = \"li a@href\", date = \"time\" }}",
                press.url("/feed")
            )
        };
        let text = config("", &[("a", press.url("/feed"), "every = \"30m\"")]);
        let text = text.replace(&format!("feed = \"{}\"", press.url("/feed")), &source);
        let driver = Driver::start(&text, noon()).await;
        turn(&driver, noon()).await;
        assert_eq!(page_requests(&press), 2, "{lines}");
        for (step, document) in (1..).zip(&documents[1..]) {
            press.page("/feed", document.clone());
            press.page("/p0", head("Head 0", &format!("{EDITED} It was step {step}.")));
            turn(&driver, noon() + hours(3 * step)).await;
            assert_eq!(revised(&driver), step, "{lines}");
        }
        assert_eq!(page_requests(&press), 4, "{lines}");
    }
}

#[tokio::test]
async fn what_is_deleted_excluded_or_kept_as_it_was_first_is_left_alone() {
    for lines in ["revisions = \"first\"", "exclude = { title = \"mended\" }", "deleted"] {
        let is_deleted = lines == "deleted";
        let (press, mut items, driver) = begun(if is_deleted { "" } else { lines }, 2).await;
        if is_deleted {
            driver.delete(driver.find(&press.url("/p0")), noon());
        }
        items[0].title = "Head, mended".into();
        press.page("/p0", head("Head, mended", EDITED));
        press.page("/feed", rss(&items));
        turn(&driver, noon() + hours(2)).await;
        assert_eq!((page_requests(&press), revised(&driver)), (0, 0), "{lines}");
    }
}

#[tokio::test]
async fn a_page_that_fails_is_not_asked_for_at_each_poll_of_a_feed_that_goes_on_changing() {
    let (press, mut items, driver) = begun("", 3).await;
    press.page("/p0", Reply::status(500));
    for step in 1..(24 * 7) {
        items[0].text = format!("Words of hour {step} of the storm, as the keeper of the tower wrote them.");
        press.page("/feed", rss(&items));
        turn(&driver, noon() + hours(step)).await;
    }
    let looks = press.count("/p0");
    assert!((3..=20).contains(&looks), "{looks} looks in a week");
}

#[tokio::test]
async fn a_text_of_the_feed_that_stands_for_its_page_is_corrected_without_a_request() {
    for (status, is_given_up) in [(403, false), (404, false), (404, true)] {
        let press = Press::start("127.0.0.2");
        let others: Vec<Item> = (1..4).map(|number| Item::new(&press, number)).collect();
        for number in 1..4 {
            press.page(
                &format!("/p{number}"),
                head("Another", &format!("{TEXT} Number {number} of them all.")),
            );
        }
        let all = |item: &Item| [&[item.clone()][..], &others].concat();
        let mut item = Item::new(&press, 0);
        item.text = "Words of the entry, with a typo.".into();
        press.page("/feed", rss(&others));
        let text = config("", &[("a", press.url("/feed"), "every = \"30m\"")]);
        let driver = Driver::start(&text, noon()).await;
        turn(&driver, noon()).await;
        // A new entry, after the first poll.
        press.page("/feed", rss(&all(&item)));
        press.page("/p0", Reply::status(status));
        let mut now = noon() + hours(1);
        let until = now + if is_given_up { hours(40) } else { hours(1) };
        while now <= until {
            turn(&driver, now).await;
            now += super::driver::minutes(20);
        }
        let shown = "SELECT text FROM articles WHERE url LIKE '%/p0'";
        let what = format!("{status}, {is_given_up}");
        assert_eq!(driver.rows(shown), [["Words of the entry, with a typo."]], "{what}");
        press.forget();
        now += hours(1);
        item.text = "Words of the entry, without one.".into();
        press.page("/feed", rss(&all(&item)));
        driver.polls(now).await;
        let requests = page_requests(&press);
        press.remove("/p0");
        driver.pages(now).await;
        assert_eq!(driver.rows(shown), [["Words of the entry, without one."]], "{what}");
        assert!(page_requests(&press) <= requests + 1, "{what}: the regular tries go on");
        if !is_given_up {
            // The page comes, and replaces it.
            press.page("/p0", head("Head 0", EDITED));
            for _ in 0..30 {
                now += hours(1);
                driver.pages(now).await;
            }
            assert!(driver.rows(shown)[0][0].contains("untied"), "{what}");
        }
    }
}
