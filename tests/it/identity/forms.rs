//! Forms of one article on one site: AMP, print, further pages, a live blog, the domains of one publisher; and its URL.

use chrono::Duration;

use super::stage::{Stage, in_all_variants, in_variants, long_text};
use crate::support::reply::Reply;

/// The page and its AMP form; each is in one feed.
fn amp(stage: &Stage, amp_url: &str) {
    let text = stage.text("paper");
    let canonical = format!("<link rel=canonical href='{}'>", stage.paper.url("/2026/a"));
    stage.paper.publish("/2026/a", "Real", &text, &format!("<link rel=amphtml href='{amp_url}'>"));
    stage.paper.page("/amp/a", "Real", &text, &canonical);
    stage.rival.item("On AMP", amp_url, None);
}

#[test]
fn h30_the_amp_form_on_the_own_site_is_the_article() {
    in_all_variants(|stage| {
        amp(stage, &stage.paper.url("/amp/a"));
        stage.play();
        assert_eq!(stage.articles(), ["paper paper.example/2026/a Real"]);
        assert_eq!(stage.sources_of("Real"), "[\"paper\",\"rival\"]");
    });
}

#[test]
fn h30_what_only_looks_like_an_amp_cache_is_another_site() {
    for host in [
        "paper-example.cdn.ampproject.org.rival.example",
        "paper-example.ampproject.rival.example",
        "rival-example.cdn.ampproject.org",
        "paper-example.cdn-ampproject.org",
    ] {
        in_all_variants(|stage| {
            let path = "/c/s/rival.example/x";
            let canonical = format!("<link rel=canonical href='{}'>", stage.paper.url("/2026/a"));
            let cached = stage.rival.url_at(host, path);
            stage.paper.publish("/2026/a", "Real", &stage.text("paper"), "");
            stage.rival.page(path, "Forged", &stage.text("rival"), &canonical);
            stage.rival.item("On AMP", &cached, None);
            stage.play();
            assert_eq!(stage.articles().len(), 2, "{host}: {:?}", stage.articles());
            assert_eq!(stage.text_of("Real"), stage.text("paper"));
        });
    }
}

/// AMP and mobile forms that are only teasers, and a print form; each under another headline.
#[test]
fn h30_forms_of_one_article_contradict_nothing() {
    in_variants(
        |variant| !variant.are_short,
        |stage| {
            let at = |path| stage.paper.url(path);
            let canonical = format!("<link rel=canonical href='{}'>", at("/2026/a"));
            stage.paper.publish(
                "/2026/a",
                "Real",
                &stage.text("paper"),
                &format!("{canonical}<link rel=amphtml href='{}'>", at("/amp/a")),
            );
            let teaser = stage.text("paper").split("\n\n").next().unwrap().to_owned();
            stage.paper.page("/amp/a", "The paper: real", &teaser, &canonical);
            stage.paper.page("/mobile/a", "Mobile: real", &teaser, &canonical);
            stage.paper.page("/print/a", "Printed: real", &stage.text("paper"), &canonical);
            stage.paper.item("Real, printed", &at("/print/a"), None);
            stage.paper.item("Real, mobile", &at("/mobile/a"), None);
            stage.release(&[&stage.paper]);
            stage.unguard();
            stage.paper.item("Real, on AMP", &at("/amp/a"), None);
            stage.release(&[&stage.paper]);
            assert_eq!(stage.articles().len(), 1, "{:?}", stage.articles());
            assert_eq!(stage.one("SELECT count(*) FROM aliases WHERE shared = 1"), "0");
        },
    );
}

#[test]
fn h30_the_pages_of_a_series_contradict_nothing() {
    in_variants(
        |variant| !variant.are_short,
        |stage| {
            let at = |number: usize| stage.paper.url(&format!("/walk?page={number}"));
            let canonical = format!("<link rel=canonical href='{}'>", stage.paper.url("/walk"));
            for number in 1..=3 {
                let next = format!("{canonical}<link rel=next href='{}'>", at(number + 1));
                let head = if number < 3 { next } else { canonical.clone() };
                let path = format!("/walk?page={number}");
                stage.paper.page(&path, "A walk", &long_text(&format!("p{number}")), &head);
            }
            stage.paper.page(
                "/walk",
                "A walk",
                &long_text("p1"),
                &format!("{canonical}<link rel=next href='{}'>", at(2)),
            );
            stage.paper.item("A walk, third part", &at(3), None);
            stage.paper.item("A walk, second part", &at(2), None);
            stage.paper.item("A walk", &stage.paper.url("/walk"), None);
            stage.play();
            assert_eq!(stage.articles().len(), 1, "{:?}", stage.articles());
            assert_eq!(stage.one("SELECT count(*) FROM aliases WHERE shared = 1"), "0");
        },
    );
}

/// A live blog under two URLs: new reports on top, under another headline each time.
#[test]
fn h30_a_live_blog_under_two_urls_stays_one_article() {
    in_variants(
        |variant| !variant.are_short,
        |stage| {
            let canonical = format!("<link rel=canonical href='{}'>", stage.paper.url("/live"));
            let blog = |reports: usize| {
                let reports: Vec<String> =
                    (1..=reports).rev().map(|report| long_text(&format!("r{report}"))).collect();
                reports.join("\n\n")
            };
            for hour in 1..=4 {
                let title = format!("Live: hour {hour}");
                stage.paper.page("/live", &title, &blog(hour), &canonical);
                stage.paper.page("/mobile/live", &title, &blog(hour), &canonical);
                stage.paper.clear();
                if hour % 2 == 0 {
                    stage.paper.item(&title, &stage.paper.url("/live"), None);
                } else {
                    stage.paper.item(&title, &stage.paper.url("/mobile/live"), None);
                }
                stage.unguard();
                stage.paper.items(|items| items.iter_mut().for_each(|item| item.updated = stage.now()));
                stage.release(&[&stage.paper]);
            }
            assert_eq!(stage.articles().len(), 1, "{:?}", stage.articles());
            assert_eq!(stage.one("SELECT count(*) FROM aliases WHERE shared = 1"), "0");
        },
    );
}

#[test]
fn h30_the_domains_of_one_publisher_are_one_site_where_the_configuration_says_so() {
    for same_site in [true, false] {
        in_all_variants(|stage| {
            let text = stage.text("paper");
            let real = stage.paper.url("/2026/a");
            let canonical = format!("<link rel=canonical href='{real}'>");
            if same_site {
                for site in [&stage.paper, &stage.rival] {
                    site.configure("same_site = [\"paper.example\", \"paper-uk.example\"]");
                }
            }
            stage.paper.publish("/2026/a", "Real", &text, "");
            stage.paper.page("/uk/a", "Real", &text, &canonical);
            stage.rival.item("In Britain", &stage.paper.url_at("paper-uk.example", "/uk/a"), None);
            stage.play();
            let expected = if same_site { 1 } else { 2 };
            assert_eq!(stage.articles().len(), expected, "{same_site}: {:?}", stage.articles());
            // The page that came first is shown; it is of the paper's site as well.
            let real = "paper.example/2026/a Real";
            assert!(stage.articles().iter().any(|article| article.ends_with(real)), "{:?}", stage.articles());
        });
    }
}

/// Sites under one public suffix are not one site, nor is a suffix a site.
#[test]
fn h30_two_blogs_of_one_host_are_two_sites() {
    in_all_variants(|stage| {
        let real = stage.paper.url_at("paper.github.io", "/2026/a");
        stage.paper.page("/2026/a", "Real", &stage.text("paper"), "");
        stage.paper.item("Real", &real, None);
        stage.rival.page("/x", "Real", &stage.text("paper"), &format!("<link rel=canonical href='{real}'>"));
        stage.rival.item("Other", &stage.rival.url_at("rival.github.io", "/x"), None);
        stage.play();
        assert_eq!(stage.articles(), ["paper paper.github.io/2026/a Real", "rival rival.github.io/x Real"]);
    });
}

#[test]
fn h30_short_texts_are_one_article_only_with_one_title() {
    in_variants(
        |variant| variant.are_short,
        |stage| {
            let head = format!("<link rel=shortlink href='{}'>", stage.paper.url("/s/7"));
            stage.paper.publish("/2026/a", "Real", &stage.text("paper"), &head);
            stage.paper.publish("/2026/b", "Real", &stage.text("again"), &head);
            stage.paper.publish("/2026/c", "Other", &stage.text("paper"), &head);
            stage.play();
            let articles = stage.articles();
            assert_eq!(articles.len(), 2, "{articles:?}");
            assert!(articles.iter().any(|article| article.ends_with(" Other")), "{articles:?}");
        },
    );
}

/// Forty letters of a script without spaces are as long as twenty words.
#[test]
fn h30_letters_of_scripts_without_spaces_are_counted_in_pairs() {
    in_variants(
        |variant| variant.are_short,
        |stage| {
            let letters = |from: char, count: usize| (from..).take(count).collect::<String>();
            let head = format!("<link rel=shortlink href='{}'>", stage.paper.url("/s/7"));
            // Two titles and texts of 39 letters each are no evidence; of 45 each they are, and the short link is shared.
            for (path, count) in [("/short", 39), ("/long", 45)] {
                let head = head.replace("/s/7", &format!("/s{path}"));
                stage.paper.publish(
                    &format!("{path}/a"),
                    &format!("{path} one"),
                    &letters('\u{4e00}', count),
                    &head,
                );
                stage.paper.publish(
                    &format!("{path}/b"),
                    &format!("{path} two"),
                    &letters('\u{5e00}', count),
                    &head,
                );
            }
            stage.play();
            assert_eq!(stage.articles().len(), 4, "{:?}", stage.articles());
            let shared = stage.rows("SELECT DISTINCT url FROM aliases WHERE shared = 1");
            assert_eq!(shared, [[stage.paper.url("/s/long")]]);
        },
    );
}

#[test]
fn h30_the_url_of_an_article_is_its_proved_canonical() {
    in_all_variants(|stage| {
        let canonical =
            format!("<link rel=canonical href='{}'>", stage.paper.url("/2026/a?utm_source=x&page=7"));
        stage.paper.publish("/go/1?utm_medium=rss", "Real", &stage.text("paper"), &canonical);
        let foreign = format!("<link rel=canonical href='{}'>", stage.paper.url("/2026/a"));
        stage.rival.publish("/x?utm_medium=rss", "Other", &stage.text("rival"), &foreign);
        stage.play();
        assert_eq!(
            stage.articles(),
            ["paper paper.example/2026/a?page=7 Real", "rival rival.example/x Other"]
        );
    });
}

/// A page that is another article each day, at one URL.
#[test]
fn h30_a_live_page_with_one_url_is_revised_and_never_lost() {
    in_variants(
        |variant| !variant.are_short,
        |stage| {
            for day in 1..=3 {
                stage.paper.answer(
                    "/today",
                    super::stage::article(&format!("Day {day}"), &long_text(&format!("d{day}")), ""),
                );
                stage.paper.clear();
                stage.paper.item("Today", &stage.paper.url("/today"), None);
                stage.unguard();
                stage.revisit(&stage.paper);
            }
            assert_eq!(stage.articles(), ["paper paper.example/today Day 3"]);
            assert_eq!(stage.one("SELECT count(*) FROM revisions WHERE title LIKE 'Day %'"), "3");
        },
    );
}

/// The page is away for good, and the rival says that it has it.
#[test]
fn h30_a_page_that_is_gone_is_not_inherited_by_a_claim() {
    in_variants(
        |variant| !variant.are_short,
        |stage| {
            stage.paper.publish("/2026/a", "Real", &stage.text("paper"), "");
            stage.play();
            stage.paper.answer("/2026/a", Reply::status(410));
            stage.revisit(&stage.paper);
            let url = stage.paper.url("/2026/a");
            stage.rival.publish(
                "/x",
                "Real",
                &stage.text("spam"),
                &format!("<link rel=canonical href='{url}'>"),
            );
            stage.release(&[&stage.rival]);
            stage.pass(Duration::days(8));
            stage.round();
            assert_eq!(stage.articles(), ["paper paper.example/2026/a Real", "rival rival.example/x Real"]);
        },
    );
}
