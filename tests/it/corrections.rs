//! What of a feed is a correction and what is none: one kind of change each, with a page and without. How many requests and
//! revisions they cost at most is in `politeness::corrections`.

use crate::politeness::corrections::{EDITED, Item, TEXT, begun, head, page_requests, revised, rss, turn};
use crate::politeness::driver::{Driver, config, hours, minutes, noon};
use crate::support::press::Press;
use crate::support::reply::Reply;
use crate::way::page;

const NEVER: &str = "pages = \"never\"";

/// Title, text, first date and date of change of what readers see.
const SHOWN: &str = "SELECT title, text, published, modified FROM articles ORDER BY article_id";

#[tokio::test]
async fn an_rss_entry_with_another_title_text_and_date_under_its_guid_is_looked_at_once() {
    let press = Press::start("127.0.0.2");
    let mut item = Item::new(&press, 0);
    item.title = "Old head".into();
    item.published = Some("2026-11-20T10:00:00Z".parse().unwrap());
    press.page("/p0", head("Old head", TEXT));
    press.page("/feed", rss(&[item.clone()]));
    let source = ("a", press.url("/feed"), "every = \"1h\"");
    let driver = Driver::start(&config("", &[source]), noon()).await;
    turn(&driver, noon()).await;
    item.title = "New head".into();
    item.text = "New words of the summary.".into();
    item.published = Some("2026-11-24T12:30:00Z".parse().unwrap());
    press.page("/p0", head("New head", EDITED));
    press.page("/feed", rss(&[item]));
    for at in [90, 180, 360, 1500, 3000] {
        turn(&driver, noon() + minutes(at)).await;
    }
    let shown = driver.rows("SELECT title, text LIKE '%untied%', published, modified FROM articles");
    assert_eq!(shown, [["New head", "1", "2026-11-20T10:00:00Z", "2026-11-24T12:30:00Z"]]);
    assert_eq!((revised(&driver), press.count("/p0")), (1, 2));
}

#[tokio::test]
async fn a_typo_in_one_part_of_an_entry_is_a_correction() {
    let whole = |word: &str| {
        format!(
            "<content:encoded><![CDATA[<p>The {word} was opened in the rain.</p><p>Nobody came.</p>]]></content:encoded>"
        )
    };
    type Mend = fn(&mut Item);
    let mends: [(&str, Mend); 4] = [
        ("title", |item| item.title = "Heads 0".into()),
        ("description", |item| item.text = "Words of entry 0".into()),
        ("content", |item| item.more = item.more.replace("brigde", "bridge")),
        ("one digit", |item| item.more = item.more.replace("Nobody came", "7 came")),
    ];
    for (what, mend) in mends {
        for pages in ["always", "never"] {
            let (press, mut items, driver) = begun(&format!("pages = \"{pages}\""), 3).await;
            items[0].more = whole("brigde");
            press.page("/feed", rss(&items));
            turn(&driver, noon() + hours(2)).await;
            let (asked, before) = (page_requests(&press), revised(&driver));
            mend(&mut items[0]);
            press.page("/p0", head("Heads 0", EDITED));
            press.page("/feed", rss(&items));
            for hour in [8, 20, 40] {
                turn(&driver, noon() + hours(hour)).await;
            }
            let looks = page_requests(&press) - asked;
            // Where the feed has a whole text, its description is no part of the article.
            let is_shown = pages == "always" || what != "description";
            assert_eq!(looks, usize::from(pages == "always"), "{what}, {pages}");
            assert_eq!(revised(&driver) - before, i64::from(is_shown), "{what}, {pages}");
        }
    }
}

#[tokio::test]
async fn an_earlier_date_is_no_correction() {
    for lines in ["", NEVER] {
        let (press, mut items, driver) = begun(lines, 3).await;
        items[0].published = Some(noon() - hours(30));
        press.page("/feed", rss(&items));
        turn(&driver, noon() + hours(3)).await;
        assert_eq!((page_requests(&press), revised(&driver)), (0, 0), "{lines}");
        let first = driver.one("SELECT published FROM articles WHERE title = 'Head 0'");
        assert_eq!(first, "2026-11-24T12:00:00Z", "{lines}");
    }
}

#[tokio::test]
async fn a_time_on_the_day_that_was_given_first_is_no_later_date() {
    let (press, mut items, driver) = begun(NEVER, 1).await;
    let dated = |date: &str| format!("<dc:date xmlns:dc='http://purl.org/dc/elements/1.1/'>{date}</dc:date>");
    items[0] = Item { id: "other".into(), link: press.url("/other"), published: None, ..items[0].clone() };
    for (hour, date, modified) in [
        (2, "2026-11-20", ""),
        (4, "2026-11-20T09:30:00Z", ""),
        (6, "2026-11-21T08:00:00Z", "2026-11-21T08:00:00Z"),
    ] {
        items[0].more = dated(date);
        items[0].text = format!("Words of hour {hour}.");
        press.page("/feed", rss(&items));
        turn(&driver, noon() + hours(hour)).await;
        let shown = driver.rows("SELECT text, modified FROM articles WHERE url LIKE '%/other'");
        assert_eq!(shown, [[format!("Words of hour {hour}."), modified.into()]], "{date}");
    }
    let published = driver.one("SELECT published FROM articles WHERE url LIKE '%/other'");
    assert!(published.starts_with("2026-11-20"), "{published}");
}

#[tokio::test]
async fn what_readers_do_and_how_a_link_is_written_is_no_correction() {
    type Change = fn(&mut Item, i64);
    let changes: [(&str, Change); 9] = [
        ("comments in the text", |item, step| item.text = format!("Words. <p>Comments: {step}</p>")),
        ("points of a forum", |item, step| {
            item.text = format!("<p>Points: {step}</p><p># Comments: {}</p>", step * 3);
        }),
        ("comments in another element", |item, step| {
            item.more = format!(
                "<slash:comments xmlns:slash='http://purl.org/rss/1.0/modules/slash/'>{step}</slash:comments>"
            );
        }),
        ("comments in the title", |item, step| item.title = format!("Head 0 ({step} comments)")),
        ("time that passed", |item, step| item.text = format!("Words. {step} hours ago")),
        ("order of categories", |item, step| {
            let (one, two) = if step % 2 == 0 { ("a", "b") } else { ("b", "a") };
            item.more = format!("<category>{one}</category><category>{two}</category>");
        }),
        ("tracking in the link", |item, step| {
            let link = item.link.split('?').next().unwrap();
            item.link = format!("{link}?utm_source=rss{step}&amp;utm_medium=feed");
        }),
        ("size of a picture", |item, step| {
            item.text = format!("Words. <img src='https://cdn.example/a.jpg?w={step}' width='{step}'>");
        }),
        ("markup", |item, step| {
            item.text = if step % 2 == 0 {
                "Words &amp; more.".into()
            } else {
                "<p>Words  &#38; <b>more</b>.</p>\n".into()
            };
        }),
    ];
    for (what, change) in changes {
        for lines in ["", NEVER] {
            let (press, mut items, driver) = begun(lines, 3).await;
            change(&mut items[0], 2);
            press.page("/feed", rss(&items));
            turn(&driver, noon() + hours(2)).await;
            let (asked, before) = (page_requests(&press), revised(&driver));
            for step in 3..20 {
                change(&mut items[0], step);
                press.page("/feed", rss(&items));
                turn(&driver, noon() + hours(step)).await;
            }
            assert_eq!((page_requests(&press), revised(&driver)), (asked, before), "{what}, {lines:?}");
            assert_eq!(driver.number("SELECT count(*) FROM articles"), 3, "{what}, {lines:?}");
        }
    }
}

#[tokio::test]
async fn a_higher_number_behind_the_guid_is_a_correction_of_the_same_entry() {
    for stem in ["g0", "https://press.example/p0"] {
        let (press, mut items, driver) = begun("", 3).await;
        items[0].id = format!("{stem}#1");
        press.page("/feed", rss(&items));
        turn(&driver, noon() + hours(2)).await;
        let asked = press.count("/p0");
        press.page("/p0", head("Head 0", EDITED));
        items[0].id = format!("{stem}#2");
        press.page("/feed", rss(&items));
        for hour in [5, 9, 20] {
            turn(&driver, noon() + hours(hour)).await;
        }
        assert_eq!((press.count("/p0") - asked, revised(&driver)), (1, 1), "{stem}");
        assert!(press.requests_for("/p0").last().unwrap().header("if-none-match").is_some(), "{stem}");
        assert_eq!(driver.number("SELECT count(*) FROM articles"), 3, "{stem}");
    }
}

#[tokio::test]
async fn a_sitemap_with_a_new_lastmod_at_each_fetch_is_soon_doubted() {
    let press = Press::start("127.0.0.2");
    for number in 0..12 {
        let text = format!("{TEXT} That was number {number} of the year {}.", 1900 + number);
        press.page(&format!("/p{number}"), head(&format!("Head {number}"), &text));
    }
    // One date for all pages says nothing, from ten pages on: here each has its own.
    let sitemap = |hour: i64| {
        let url = |number: i64| {
            let lastmod = (noon() + hours(hour) - minutes(number)).to_rfc3339();
            format!("<url><loc>{}</loc><lastmod>{lastmod}</lastmod></url>", press.url(&format!("/p{number}")))
        };
        let urls: String = (0..12).map(url).collect();
        Reply::ok(
            "application/xml",
            format!("<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>{urls}</urlset>"),
        )
    };
    press.page("/map", sitemap(0));
    let text = config("", &[("a", press.url("/map"), "every = \"30m\"")]).replace("feed = ", "sitemap = ");
    let driver = Driver::start(&text, noon()).await;
    turn(&driver, noon()).await;
    assert_eq!(page_requests(&press), 12);
    press.forget();
    for step in (3..=24 * 14).step_by(3) {
        press.page("/map", sitemap(step));
        turn(&driver, noon() + hours(step)).await;
    }
    let looks = page_requests(&press);
    assert!((8..=30).contains(&looks), "{looks} looks in two weeks");
    assert_eq!(revised(&driver), 0);
    assert!(driver.counter("entries.doubted") > 0, "and it is counted");
}

#[tokio::test]
async fn a_listings_title_with_a_counter_is_corrected_by_its_words_alone() {
    let press = Press::start("127.0.0.2");
    press.page("/p0", head("Head 0", TEXT));
    let listing = |title: &str| page("All", &format!("<ul><li><a href='/p0'>{title}</a></li></ul>"), "");
    press.page("/all", listing("Head 0 (3 comments)"));
    let lines = "every = \"30m\"\nlisting = { url = \"URL\", links = \"li a@href\" }";
    let text = config("", &[("a", String::new(), lines)]).replace("feed = \"\"\n", "");
    let driver = Driver::start(&text.replace("URL", &press.url("/all")), noon()).await;
    turn(&driver, noon()).await;
    press.page("/p0", head("Head 0", EDITED));
    press.page("/all", listing("Head 0 (17 comments)"));
    turn(&driver, noon() + hours(2)).await;
    assert_eq!((press.count("/p0"), revised(&driver)), (1, 0));
    press.page("/all", listing("Head 0, mended (18 comments)"));
    turn(&driver, noon() + hours(4)).await;
    assert_eq!((press.count("/p0"), revised(&driver)), (2, 1));
}

#[tokio::test]
async fn two_sources_that_correct_one_article_cost_one_look() {
    for only_one in [false, true] {
        let press = Press::start("127.0.0.2");
        let mut items: Vec<Item> = (0..3).map(|number| Item::new(&press, number)).collect();
        for number in 0..3 {
            let text = format!("{TEXT} It was number {number} of the year {}.", 1900 + number);
            press.page(&format!("/p{number}"), head(&format!("Head {number}"), &text));
        }
        press.page("/a", rss(&items));
        press.page("/b", rss(&items));
        let every = "every = \"30m\"";
        let sources = [("a", press.url("/a"), every), ("b", press.url("/b"), every)];
        let driver = Driver::start(&config("", &sources), noon()).await;
        turn(&driver, noon()).await;
        assert_eq!(page_requests(&press), 3);
        items[0].title = "Head, mended".into();
        press.page("/p0", head("Head, mended", EDITED));
        press.page("/b", rss(&items));
        if !only_one {
            press.page("/a", rss(&items));
        }
        for hour in [3, 6, 12, 24] {
            turn(&driver, noon() + hours(hour)).await;
        }
        assert_eq!((press.count("/p0"), revised(&driver)), (2, 1), "{only_one}");
        assert_eq!(page_requests(&press), 4, "{only_one}");
        assert_eq!(driver.number("SELECT count(*) FROM articles WHERE title = 'Head, mended'"), 1);
    }
}

#[tokio::test]
async fn an_entry_that_is_corrected_before_its_page_was_asked_for_is_stored_once_with_the_new_words() {
    for lines in ["", NEVER] {
        let press = Press::start("127.0.0.2");
        let mut item = Item::new(&press, 0);
        press.page("/p0", Reply::status(403));
        press.page("/feed", rss(&[item.clone()]));
        let lines = format!("every = \"30m\"\n{lines}");
        let driver = Driver::start(&config("", &[("a", press.url("/feed"), &lines)]), noon()).await;
        driver.polls(noon()).await;
        item.title = "Head, mended".into();
        item.text = "Words without a typo.".into();
        item.published = Some(noon() + minutes(10));
        press.page("/feed", rss(&[item]));
        driver.polls(noon() + minutes(50)).await;
        for minute in [51, 62, 180, 240] {
            driver.pages(noon() + minutes(minute)).await;
        }
        let modified = "2026-11-24T12:10:00Z";
        assert_eq!(
            driver.rows(SHOWN),
            [["Head, mended", "Words without a typo.", "2026-11-24T12:00:00Z", modified]],
            "{lines}"
        );
        assert_eq!(revised(&driver), 0, "{lines}");
    }
}

#[tokio::test]
async fn an_article_whose_page_was_given_up_is_corrected_by_its_feed() {
    let press = Press::start("127.0.0.2");
    let mut item = Item::new(&press, 0);
    press.page("/p0", Reply::status(403));
    press.page("/feed", rss(&[]));
    let driver = Driver::start(&config("", &[("a", press.url("/feed"), "every = \"30m\"")]), noon()).await;
    turn(&driver, noon()).await;
    press.page("/feed", rss(&[item.clone()]));
    for hour in 1..24 * 14 {
        turn(&driver, noon() + hours(hour)).await;
    }
    assert_eq!(driver.one("SELECT text_state FROM entry"), "final");
    press.forget();
    for (round, words) in (0..).zip(["Words without a typo.", "Words without any."]) {
        item.text = words.into();
        press.page("/feed", rss(&[item.clone()]));
        turn(&driver, noon() + hours(24 * (14 + round))).await;
        assert_eq!(driver.one("SELECT text FROM articles"), words);
        assert_eq!((revised(&driver), press.count("/p0")), (round + 1, 0));
    }
    // The page is tried once more.
    press.page("/p0", head("Head 0", EDITED));
    for hour in 24 * 16..24 * 24 {
        turn(&driver, noon() + hours(hour)).await;
    }
    assert_eq!(press.count("/p0"), 1);
    assert!(driver.one("SELECT text FROM articles").contains("untied"));
}

#[tokio::test]
async fn a_feed_that_goes_back_and_forth_between_two_texts_costs_a_revision_a_day() {
    let (press, mut items, driver) = begun(NEVER, 12).await;
    for step in (3..=24 * 14).step_by(3) {
        items[0].text =
            if step % 2 == 0 { "Words of one server.".into() } else { "Words of another.".into() };
        press.page("/feed", rss(&items));
        turn(&driver, noon() + hours(step)).await;
    }
    let revisions = revised(&driver);
    assert!((2..=22).contains(&revisions), "{revisions} revisions in two weeks");
}

#[tokio::test]
async fn a_feed_that_goes_over_to_whole_texts_has_each_page_looked_at_once() {
    let (press, mut items, driver) = begun("", 12).await;
    for item in &mut items {
        item.more =
            format!("<content:encoded><![CDATA[<p>{TEXT}</p><p>{}</p>]]></content:encoded>", item.title);
    }
    press.page("/feed", rss(&items));
    for hour in 2..24 * 5 {
        turn(&driver, noon() + hours(hour)).await;
    }
    assert!((8..=12).contains(&page_requests(&press)), "{} looks", page_requests(&press));
    assert!((0..12).all(|number| press.count(&format!("/p{number}")) <= 1));
    assert_eq!(revised(&driver), 0);
}
