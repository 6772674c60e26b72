//! Redirects: what a server does with its own URL proves where that leads, and nothing about the page it leads to.

use chrono::Duration;

use super::stage::{Order, Stage, in_all_variants, in_variants};

const REAL: [&str; 1] = ["paper.example/2026/a Real"];

/// The paper's article, and a URL of the rival that redirects to it.
fn redirect(stage: &Stage) {
    stage.paper.publish("/2026/a", "Real", &stage.text("paper"), "");
    stage.rival.redirect("/x", &stage.paper.url("/2026/a"));
    stage.rival.item("Taken", &stage.rival.url("/x"), None);
}

#[test]
fn h30_a_url_that_redirects_to_another_papers_article_is_that_article() {
    in_all_variants(|stage| {
        redirect(stage);
        stage.play();
        assert_eq!(stage.articles_of_any_source(), REAL);
        assert_eq!(stage.text_of("Real"), stage.text("paper"));
        assert_eq!(stage.sources_of("Real"), "[\"paper\",\"rival\"]");
        // It is known now: nothing is fetched for another entry with that link.
        let asked = stage.rival.count("/x");
        stage.paper.entry("again", "Taken again", &stage.rival.url("/x"), None, "");
        stage.release(&[&stage.paper]);
        assert_eq!(stage.rival.count("/x"), asked);
    });
}

#[test]
fn h30_a_redirect_that_ends_and_serves_a_copy_takes_nothing() {
    for head in ["", "<link rel=canonical href='URL'><link rel=shortlink href='URL'>"] {
        in_all_variants(|stage| {
            redirect(stage);
            stage.play();
            let head = head.replace("URL", &stage.paper.url("/2026/a"));
            let copy = format!("{}\n\n{}", stage.text("paper"), stage.text("spam"));
            stage.rival.page("/x", "Real", &copy, &head);
            stage.revisit(&stage.rival);
            assert!(stage.articles_of_any_source().contains(&REAL[0].to_owned()), "{:?}", stage.articles());
            // Another text, which has nothing of the paper's.
            stage.rival.page("/x", "Spam", &stage.text("spam"), &head);
            stage.revisit(&stage.rival);
            assert_eq!(stage.articles_of_any_source(), [REAL[0], "rival.example/x Spam"]);
            assert_eq!(stage.text_of("Real"), stage.text("paper"));
        });
    }
}

#[test]
fn h30_an_older_copy_that_begins_to_redirect_does_not_swallow_the_article() {
    for title in ["Real", "Copy"] {
        in_variants(
            |variant| variant.order != Order::Together,
            |stage| {
                stage.paper.publish("/2026/a", "Real", &stage.text("paper"), "");
                stage.rival.publish("/x", title, &stage.text("paper"), "");
                stage.play();
                let id = "SELECT article_id FROM articles WHERE source = 'paper' AND title = 'Real'";
                let before = stage.one(id);
                stage.rival.redirect("/x", &stage.paper.url("/2026/a"));
                stage.revisit(&stage.rival);
                stage.revisit(&stage.rival);
                assert_eq!(stage.one(id), before);
                assert_eq!(stage.text_of_source("paper"), stage.text("paper"));
            },
        );
    }
}

#[test]
fn h30_a_shortener_used_by_two_feeds_leads_to_one_article() {
    in_all_variants(|stage| {
        let shortener = stage.site("shortener", "sho.rt.example");
        shortener.redirect("/a", &stage.paper.url("/2026/a?utm_source=short"));
        stage.paper.page("/2026/a", "Real", &stage.text("paper"), "");
        stage.paper.item("Real", &shortener.url("/a"), None);
        stage.rival.item("Worth reading", &shortener.url("/a"), None);
        stage.rival.item("Worth reading, too", &stage.paper.url("/2026/a"), None);
        stage.play();
        assert_eq!(stage.articles().len(), 1, "{:?}", stage.articles());
        assert_eq!(stage.sources_of("Real"), "[\"paper\",\"rival\"]");
        // Where the rival was first, once more for the source of the paper itself.
        let times = if stage.variant.order == Order::RivalFirst { 2 } else { 1 };
        assert_eq!(shortener.count("/a"), times, "its redirect is followed once for each site");
    });
}

/// A short link that a page prints is not known before it was asked: then the redirect is the proof.
#[test]
fn h30_a_printed_short_link_is_asked_once_before_it_is_believed() {
    in_all_variants(|stage| {
        let shortener = stage.site("shortener", "sho.rt.example");
        stage.paper.publish(
            "/2026/a",
            "Real",
            &stage.text("paper"),
            &format!("<link rel=shortlink href='{}'>", shortener.url("/a")),
        );
        shortener.redirect("/a", &stage.paper.url("/2026/a"));
        stage.rival.item("Linked", &shortener.url("/a"), None);
        stage.play();
        assert_eq!(stage.articles_of_any_source(), REAL);
        assert_eq!(stage.sources_of("Real"), "[\"paper\",\"rival\"]");
        assert_eq!(shortener.count("/a"), 1);
        stage.paper.entry("again", "Linked again", &shortener.url("/a"), None, "");
        stage.release(&[&stage.paper]);
        assert_eq!(shortener.count("/a"), 1);
    });
}

/// The rival prints the short link of another paper, which leads to that paper.
#[test]
fn h30_a_short_link_of_another_paper_printed_by_the_rival_leads_where_it_redirects() {
    in_all_variants(|stage| {
        let shortener = stage.site("shortener", "sho.rt.example");
        shortener.redirect("/a", &stage.paper.url("/2026/a"));
        stage.paper.page("/2026/a", "Real", &stage.text("paper"), "");
        stage.paper.item("Real", &shortener.url("/a"), None);
        let head = format!("<link rel=shortlink href='{}'>", shortener.url("/a"));
        stage.rival.publish("/x", "Other", &stage.text("rival"), &head);
        stage.play();
        assert_eq!(stage.articles_of_any_source(), [REAL[0], "rival.example/x Other"]);
    });
}

/// The same entry leads to another article each day.
#[test]
fn h30_a_link_that_redirects_elsewhere_each_day_is_an_article_each_day() {
    in_variants(
        |variant| !variant.are_short && variant.order == Order::PaperFirst,
        |stage| {
            stage.paper.entry("latest", "The latest", &stage.paper.url("/latest"), None, "");
            for day in 1..=4 {
                stage.unguard();
                stage.paper.page(
                    &format!("/day/{day}"),
                    &format!("Day {day}"),
                    &stage.text(&format!("d{day}")),
                    "",
                );
                stage.paper.redirect("/latest", &stage.paper.url(&format!("/day/{day}")));
                stage.revisit(&stage.paper);
            }
            let days: Vec<String> =
                (1..=4).map(|day| format!("paper paper.example/day/{day} Day {day}")).collect();
            assert_eq!(stage.articles(), days);
            for day in 1..=4 {
                assert_eq!(stage.text_of(&format!("Day {day}")), stage.text(&format!("d{day}")));
            }
        },
    );
}

/// Each day has an entry of its own, and all of them have that link.
#[test]
fn h30_entries_of_a_link_that_redirects_elsewhere_each_day_are_never_fewer_articles() {
    in_variants(
        |variant| variant.order == Order::PaperFirst,
        |stage| {
            for day in 1..=4 {
                stage.paper.page(
                    &format!("/day/{day}"),
                    &format!("Day {day}"),
                    &stage.text(&format!("d{day}")),
                    "",
                );
                stage.paper.redirect("/latest", &stage.paper.url(&format!("/day/{day}")));
                let teaser = super::stage::long_text(&format!("teaser{day}"));
                stage.paper.clear();
                stage.paper.entry(
                    &format!("day-{day}"),
                    &format!("Day {day}"),
                    &stage.paper.url("/latest"),
                    None,
                    &format!("<summary>{teaser}</summary>"),
                );
                stage.unguard();
                stage.pass(Duration::days(1));
                stage.release(&[&stage.paper]);
            }
            assert!(stage.articles().len() >= 4, "{:?}", stage.articles());
        },
    );
}

/// All pages of a paper lead to one page for a night. In the morning they are what they were.
#[test]
fn h30_a_night_of_redirects_to_one_page_joins_nothing() {
    in_variants(
        |variant| !variant.are_short && variant.order == Order::PaperFirst,
        |stage| {
            for number in 1..=3 {
                stage.paper.publish(
                    &format!("/n/{number}"),
                    &format!("Number {number}"),
                    &stage.text(&format!("n{number}")),
                    "",
                );
            }
            stage.release(&[&stage.paper]);
            let day = stage.articles();
            assert_eq!(day.len(), 3);
            stage.paper.page("/back-soon", "Back soon", &stage.text("soon"), "");
            for number in 1..=3 {
                stage.paper.redirect(&format!("/n/{number}"), &stage.paper.url("/back-soon"));
            }
            stage.revisit(&stage.paper);
            for number in 1..=3 {
                stage.paper.page(
                    &format!("/n/{number}"),
                    &format!("Number {number}"),
                    &stage.text(&format!("n{number}")),
                    "",
                );
            }
            stage.revisit(&stage.paper);
            let mut morning = stage.articles();
            morning.retain(|article| !article.ends_with("Back soon"));
            assert_eq!(morning, day);
        },
    );
}

/// A paper moves to another domain: its old URLs redirect there, and its articles stay the same.
#[test]
fn h30_a_paper_that_moves_to_another_domain_loses_nothing() {
    in_variants(
        |variant| variant.order == Order::PaperFirst,
        |stage| {
            stage.paper.publish("/2026/a", "Real", &stage.text("paper"), "");
            stage.release(&[&stage.paper]);
            let moved = stage.paper.url_at("new-paper.example", "/2026/a");
            let old = stage.paper.url("/2026/a");
            let text = stage.text("paper");
            stage.paper.on("/2026/a", move |host| {
                if host.starts_with("new-paper.example") {
                    super::stage::article("Real", &text, "")
                } else {
                    crate::support::reply::Reply::redirect(301, &moved)
                }
            });
            stage.unguard();
            stage.revisit(&stage.paper);
            let articles = stage.articles();
            assert!(
                !articles.is_empty() && articles.iter().all(|article| article.ends_with(" Real")),
                "{articles:?}"
            );
            let known = stage.one(&format!("SELECT count(*) FROM aliases WHERE url = '{old}'"));
            assert_ne!(known, "0");
        },
    );
}
