//! Sites that print one address on every page: it names none of them, and six articles stay six, whatever their order.

use chrono::Duration;

use super::stage::{Order, Stage, in_all_variants, in_variants};

/// The paper publishes six articles, two at a time, with this head; in it `URL(path)` is an address of the paper, and `N` the
/// number of the article.
fn publish_six(stage: &Stage, head: &str) {
    let mut numbers: Vec<usize> = (1..=6).collect();
    match stage.variant.order {
        Order::RivalFirst => numbers.reverse(),
        Order::PaperFirst => {}
        Order::Together => numbers.rotate_left(3),
    }
    let base = stage.paper.url("");
    let together = if stage.variant.order == Order::Together { 6 } else { 2 };
    for some in numbers.chunks(together) {
        for number in some {
            let head = head.replace("BASE", &base).replace("NUMBER", &number.to_string());
            stage.paper.publish(
                &format!("/n/{number}"),
                &format!("Number {number}"),
                &stage.text(&format!("n{number}")),
                &head,
            );
        }
        stage.unguard();
        stage.release(&[&stage.paper]);
    }
    stage.round();
}

fn six(path: &str) -> Vec<String> {
    (1..=6).map(|number| format!("paper paper.example{path}{number} Number {number}")).collect()
}

/// Six articles at the addresses that served them, each with its text.
fn are_six(stage: &Stage) {
    assert_eq!(stage.articles(), six("/n/"));
    for number in 1..=6 {
        assert_eq!(stage.text_of(&format!("Number {number}")), stage.text(&format!("n{number}")));
    }
    assert_eq!(stage.one("SELECT count(*) FROM revisions WHERE title LIKE 'Number%'"), "6");
}

#[test]
fn h30_one_canonical_on_all_pages_of_a_site_joins_none_of_them() {
    in_variants(
        |variant| !variant.are_short,
        |stage| {
            publish_six(stage, "<link rel=canonical href='BASE/news/index.html'>");
            are_six(stage);
        },
    );
}

/// Short texts are no evidence against the canonical, so it is still shown; but other titles are other articles.
#[test]
fn h30_one_canonical_on_all_short_pages_joins_none_of_them() {
    in_variants(
        |variant| variant.are_short,
        |stage| {
            publish_six(stage, "<link rel=canonical href='BASE/news/index.html'>");
            assert_eq!(stage.articles().len(), 6, "{:?}", stage.articles());
            assert_eq!(
                stage.one("SELECT count(DISTINCT title) FROM articles WHERE title LIKE 'Number%'"),
                "6"
            );
        },
    );
}

#[test]
fn h30_the_address_of_one_article_as_canonical_of_all_joins_none_of_them() {
    in_variants(
        |variant| !variant.are_short,
        |stage| {
            publish_six(stage, "<link rel=canonical href='BASE/n/3'>");
            are_six(stage);
        },
    );
}

#[test]
fn h30_one_og_url_on_all_pages_of_a_site_joins_none_of_them() {
    in_all_variants(|stage| {
        publish_six(stage, "<meta property='og:url' content='BASE/news/index.html'>");
        are_six(stage);
    });
}

#[test]
fn h30_one_short_link_on_all_pages_of_a_site_joins_none_of_them() {
    for link in ["BASE/s/1", "http://sho.rt.example/1", "BASE/n/1"] {
        in_all_variants(|stage| {
            publish_six(stage, &format!("<link rel=shortlink href='{link}'>"));
            are_six(stage);
        });
    }
}

#[test]
fn h30_a_key_from_url_that_is_the_same_for_all_pages_joins_none_of_them() {
    in_all_variants(|stage| {
        stage.paper.configure("key_from_url = '/(n)/'");
        publish_six(stage, "");
        are_six(stage);
    });
}

#[test]
fn h30_every_key_of_a_site_may_be_wrong_at_once() {
    in_variants(
        |variant| !variant.are_short,
        |stage| {
            stage.paper.configure("key_from_url = '/(n)/'");
            publish_six(
                stage,
                "<link rel=canonical href='BASE/a'><meta property='og:url' content='BASE/b'><link rel=shortlink href='BASE/c'>\
             <link rel=amphtml href='BASE/d'>",
            );
            are_six(stage);
        },
    );
}

#[test]
fn h30_the_og_url_of_a_template_does_not_spoil_the_canonicals() {
    in_variants(
        |variant| !variant.are_short,
        |stage| {
            publish_six(
                stage,
                "<link rel=canonical href='BASE/c/NUMBER?utm_source=template'><meta property='og:url' content='BASE/template'>",
            );
            assert_eq!(stage.articles(), six("/c/"), "without tracking parameters");
            // By its canonical each is found, and by the template's address none.
            for number in 1..=6 {
                stage.paper.page(
                    &format!("/c/{number}"),
                    &format!("Number {number}"),
                    &stage.text(&format!("n{number}")),
                    "",
                );
                stage.rival.item("Again", &stage.paper.url(&format!("/c/{number}")), None);
            }
            stage.release(&[&stage.rival]);
            assert_eq!(stage.articles(), six("/c/"));
            assert_eq!(stage.sources_of("Number 1"), "[\"paper\",\"rival\"]");
        },
    );
}

/// Each pair is of another week: nothing was fetched within a day of the others.
#[test]
fn h30_one_canonical_on_all_pages_of_a_slow_site_joins_none_of_them_for_long() {
    in_variants(
        |variant| !variant.are_short && variant.order == Order::PaperFirst,
        |stage| {
            for number in 1..=6 {
                stage.paper.publish(
                    &format!("/n/{number}"),
                    &format!("Number {number}"),
                    &stage.text(&format!("n{number}")),
                    &format!("<link rel=canonical href='{}'>", stage.paper.url("/news/index.html")),
                );
                stage.unguard();
                stage.pass(Duration::days(7));
                stage.release(&[&stage.paper]);
            }
            are_six(stage);
        },
    );
}

/// An article gets another title and another text, and then another address: its canonical is no less its own.
#[test]
fn h30_a_canonical_is_not_contradicted_by_a_text_of_another_day() {
    in_variants(
        |variant| !variant.are_short,
        |stage| {
            let canonical = format!("<link rel=canonical href='{}'>", stage.paper.url("/2026/a"));
            stage.paper.publish("/print/a", "Before", &stage.text("before"), &canonical);
            stage.release(&[&stage.paper]);
            stage.unguard();
            stage.pass(Duration::days(3));
            stage.paper.publish("/mobile/a", "After", &stage.text("after"), &canonical);
            stage.release(&[&stage.paper]);
            assert_eq!(stage.articles().len(), 1, "{:?}", stage.articles());
            assert_eq!(stage.one("SELECT count(*) FROM revisions WHERE title IN ('Before', 'After')"), "2");
        },
    );
}

#[test]
fn h30_a_canonical_is_contradicted_by_another_title_and_text_of_the_same_day() {
    in_variants(
        |variant| !variant.are_short,
        |stage| {
            let canonical = format!("<link rel=canonical href='{}'>", stage.paper.url("/2026/a"));
            stage.paper.publish("/print/a", "Before", &stage.text("before"), &canonical);
            stage.release(&[&stage.paper]);
            assert_eq!(stage.articles(), ["paper paper.example/2026/a Before"], "the canonical is shown");
            stage.unguard();
            stage.pass(Duration::hours(10));
            stage.paper.publish("/mobile/a", "After", &stage.text("after"), &canonical);
            stage.release(&[&stage.paper]);
            assert_eq!(
                stage.articles(),
                ["paper paper.example/mobile/a After", "paper paper.example/print/a Before"]
            );
            assert_eq!(stage.one("SELECT count(*) FROM revisions WHERE title IN ('Before', 'After')"), "2");
        },
    );
}

/// Another title alone, or another text alone, is the same article.
#[test]
fn h30_a_key_is_contradicted_only_by_another_title_and_another_text() {
    for (title, seed) in [("Real", "other"), ("Other", "paper")] {
        in_variants(
            |variant| !variant.are_short,
            |stage| {
                let head = format!(
                    "<link rel=canonical href='{0}'><link rel=shortlink href='{0}'>",
                    stage.paper.url("/2026/a")
                );
                stage.paper.publish("/print/a", "Real", &stage.text("paper"), &head);
                stage.release(&[&stage.paper]);
                stage.unguard();
                stage.paper.publish("/mobile/a", title, &stage.text(seed), &head);
                stage.release(&[&stage.paper]);
                assert_eq!(stage.articles().len(), 1, "{title} {seed}: {:?}", stage.articles());
            },
        );
    }
}

/// Two pages are one article by their short link, until a third shows that it is the template's.
#[test]
fn h30_articles_that_are_parted_lose_no_revision() {
    in_variants(
        |variant| !variant.are_short,
        |stage| {
            let head = format!("<link rel=shortlink href='{}'>", stage.paper.url("/s/1"));
            stage.paper.publish("/2026/a", "Real", &stage.text("paper"), &head);
            stage.release(&[&stage.paper]);
            stage.unguard();
            let more = format!("{}\n\n{}", stage.text("paper"), stage.text("more"));
            stage.paper.publish("/2026/b", "Real, with more", &more, &head);
            stage.release(&[&stage.paper]);
            assert_eq!(stage.articles().len(), 1);
            let texts = "SELECT count(DISTINCT text) FROM revision WHERE title IN ('Real', 'Real, with more', 'Third')";
            assert_eq!(stage.one(texts), "2");
            stage.unguard();
            stage.paper.publish("/2026/c", "Third", &stage.text("third"), &head);
            stage.release(&[&stage.paper]);
            assert_eq!(
                stage.articles(),
                [
                    "paper paper.example/2026/a Real",
                    "paper paper.example/2026/b Real, with more",
                    "paper paper.example/2026/c Third"
                ]
            );
            assert_eq!(stage.one(texts), "3");
            assert_eq!(stage.text_of("Real"), stage.text("paper"));
            assert_eq!(stage.text_of("Real, with more"), more);
        },
    );
}

/// A stranger's words do not unmake the keys of a paper whose feed has the full text.
#[test]
fn h30_a_strangers_text_contradicts_no_key_of_another_site() {
    in_all_variants(|stage| {
        for site in [&stage.paper, &stage.rival] {
            site.configure("pages = \"never\"\nkey_from_url = 'id=(\\d+)'");
        }
        let text = stage.text("paper");
        stage.paper.item("Real", &stage.paper.url("/show?id=7"), Some(&text));
        stage.paper.item("Real", &stage.paper.url("/view?id=7"), Some(&text));
        stage.rival.item("Forged", &stage.paper.url("/any?id=7"), Some(&stage.text("rival")));
        stage.play();
        let own: Vec<String> =
            stage.articles().into_iter().filter(|article| article.starts_with("paper ")).collect();
        assert_eq!(own.len(), 1, "{:?}", stage.articles());
        assert_eq!(stage.text_of("Real"), text);
    });
}
