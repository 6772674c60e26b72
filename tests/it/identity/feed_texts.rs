//! A feed's words under the link of another site: an article until its own site speaks, and nobody else's text.

use super::stage::{Order, Stage, in_all_variants, in_variants};
use crate::support::reply::Reply;

const REAL: [&str; 1] = ["paper paper.example/2026/a Real"];

/// The rival's feed has a full text of its own under the link of the paper's page.
fn forge(stage: &Stage) {
    stage.rival.item("Forged", &stage.paper.url("/2026/a"), Some(&stage.text("rival")));
}

/// The paper's article is there with its own text, and both sources are its members.
fn holds(stage: &Stage) {
    assert_eq!(stage.articles(), REAL);
    assert_eq!(stage.text_of("Real"), stage.text("paper"));
    assert_eq!(stage.sources_of("Real"), "[\"paper\",\"rival\"]");
}

#[test]
fn h30_full_text_of_a_feed_under_the_link_of_another_site_gives_way_to_the_page() {
    for pages in ["auto", "never"] {
        in_all_variants(|stage| {
            stage.rival.configure(&format!("pages = \"{pages}\""));
            stage.paper.publish("/2026/a", "Real", &stage.text("paper"), "");
            forge(stage);
            stage.play();
            holds(stage);
            assert_eq!(stage.paper.count("/2026/a"), 1);
        });
    }
}

#[test]
fn h30_a_forged_text_stored_because_the_page_failed_gives_way_to_the_page() {
    for status in [403, 404, 410] {
        in_variants(
            |variant| variant.order == Order::RivalFirst,
            |stage| {
                forge(stage);
                stage.paper.answer("/2026/a", Reply::status(status));
                stage.release(&[&stage.rival]);
                // The page failed for good, or is tried again later: then it is not the rival's article that comes of it.
                stage.paper.publish("/2026/a", "Real", &stage.text("paper"), "");
                stage.play();
                assert_eq!(stage.articles_of_any_source(), ["paper.example/2026/a Real"]);
                assert_eq!(stage.text_of("Real"), stage.text("paper"));
            },
        );
    }
}

#[test]
fn h30_where_no_page_is_fetched_the_text_of_the_own_site_is_shown() {
    in_all_variants(|stage| {
        stage.rival.configure("pages = \"never\"");
        stage.paper.configure("pages = \"never\"");
        stage.paper.item("Real", &stage.paper.url("/2026/a"), Some(&stage.text("paper")));
        forge(stage);
        stage.play();
        holds(stage);
        assert_eq!(stage.paper.count("/2026/a"), 0);
        let own = stage.rows("SELECT source, coalesce(title, ''), coalesce(text, '') FROM article_sources WHERE source = 'rival' AND entry NOT LIKE '%/old' ");
        assert_eq!(
            own,
            [["rival".to_owned(), "Forged".to_owned(), stage.text("rival")]],
            "its words stay its own"
        );
    });
}

#[test]
fn h30_of_two_strangers_the_first_is_shown_until_the_own_site_speaks() {
    in_variants(
        |variant| variant.order == Order::RivalFirst,
        |stage| {
            let third = stage.site("third", "third.example");
            for site in [&stage.rival, &third, &stage.paper] {
                site.configure("pages = \"never\"");
            }
            forge(stage);
            stage.release(&[&stage.rival]);
            third.item("Forged again", &stage.paper.url("/2026/a"), Some(&stage.text("third")));
            stage.release(&[&third]);
            assert_eq!(stage.articles(), ["rival paper.example/2026/a Forged"]);
            // The first one edits its words: they are its own.
            stage.rival.items(|items| {
                for item in items.iter_mut().filter(|item| item.title == "Forged") {
                    item.title = "Forged anew".into();
                    item.content = Some(format!("<p>{}</p>", stage.text("anew")));
                }
            });
            stage.revisit(&stage.rival);
            assert_eq!(stage.articles(), ["rival paper.example/2026/a Forged anew"]);
            stage.paper.item("Real", &stage.paper.url("/2026/a"), Some(&stage.text("paper")));
            stage.release(&[&stage.paper]);
            assert_eq!(stage.articles(), REAL);
            stage.revisit(&third);
            stage.revisit(&stage.rival);
            assert_eq!(stage.articles(), REAL);
            assert_eq!(stage.text_of("Real"), stage.text("paper"));
            assert_eq!(stage.sources_of("Real"), "[\"paper\",\"rival\",\"third\"]");
        },
    );
}

#[test]
fn h30_a_stranger_who_edits_a_text_revises_nobody_elses() {
    for pages in ["auto", "never"] {
        in_all_variants(|stage| {
            stage.rival.configure(&format!("pages = \"{pages}\""));
            stage.paper.publish("/2026/a", "Real", &stage.text("paper"), "");
            forge(stage);
            stage.play();
            stage.rival.items(|items| {
                for item in items.iter_mut().filter(|item| item.title == "Forged") {
                    item.title = "Forged anew".into();
                    item.content = Some(format!("<p>{}</p>", stage.text("anew")));
                }
            });
            let before = stage.one("SELECT count(*) FROM changes WHERE op = 'revised'");
            stage.revisit(&stage.rival);
            stage.revisit(&stage.rival);
            holds(stage);
            assert_eq!(stage.one("SELECT count(*) FROM changes WHERE op = 'revised'"), before);
        });
    }
}

/// The paper gives its full text in the feed, and only a teaser on the page. A stranger who has the page fetched does not
/// replace the one by the other.
#[test]
fn h30_a_page_fetched_for_a_stranger_does_not_replace_the_feed_text_of_the_own_site() {
    in_all_variants(|stage| {
        stage.paper.configure("pages = \"never\"");
        stage.paper.page("/2026/a", "Subscribe", &stage.text("teaser"), "");
        stage.paper.item("Real", &stage.paper.url("/2026/a"), Some(&stage.text("paper")));
        stage.rival.item("Linked", &stage.paper.url("/2026/a"), None);
        stage.play();
        holds(stage);
    });
}
