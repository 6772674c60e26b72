//! Deletions and prunings touch one article: nobody else's is deleted with it, and nobody else's is kept out by it.

use chrono::Duration;

use super::stage::{Order, Stage, in_all_variants, in_variants};

const REAL: [&str; 1] = ["paper paper.example/2026/a Real"];

#[test]
fn h30_the_successor_of_a_deleted_page_takes_no_article_with_it() {
    in_all_variants(|stage| {
        let url = stage.paper.url("/2026/a");
        stage.paper.publish("/2026/a", "Real", &stage.text("paper"), "");
        stage.rival.publish("/spam", "Spam", &stage.text("spam"), "");
        stage.play();
        stage.delete("Spam");
        let head = format!(
            "<link rel=shortlink href='{url}'><link rel=canonical href='{}'><meta property='og:url' content='{url}'>",
            stage.rival.url("/spam")
        );
        stage.rival.publish("/spam2", "Spam again", &stage.text("spam2"), &head);
        stage.release(&[&stage.rival]);
        stage.round();
        assert!(stage.articles().contains(&REAL[0].to_owned()), "{:?}", stage.articles());
        assert_eq!(stage.one("SELECT count(*) FROM changes WHERE op = 'merged'"), "0");
    });
}

/// The successor says that it is the deleted page: then it is, and stays away.
#[test]
fn h30_a_page_that_says_it_is_a_deleted_one_of_its_site_stays_away() {
    in_all_variants(|stage| {
        stage.rival.publish("/spam", "Spam", &stage.text("spam"), "");
        stage.release(&[&stage.rival]);
        stage.delete("Spam");
        let head = format!("<link rel=canonical href='{}'>", stage.rival.url("/spam"));
        stage.rival.publish("/spam2", "Spam", &stage.text("spam"), &head);
        stage.release(&[&stage.rival]);
        assert_eq!(stage.articles(), [""; 0]);
    });
}

/// The successor redirects to the paper's article, which then has a URL in common with the deleted one.
#[test]
fn h30_a_deleted_page_that_redirects_to_an_article_does_not_delete_it() {
    in_all_variants(|stage| {
        stage.paper.publish("/2026/a", "Real", &stage.text("paper"), "");
        stage.rival.publish("/spam", "Spam", &stage.text("spam"), "");
        if stage.variant.order == Order::RivalFirst {
            stage.release(&[&stage.rival]);
        } else {
            stage.play();
        }
        stage.delete("Spam");
        stage.rival.redirect("/spam", &stage.paper.url("/2026/a"));
        stage.rival.redirect("/spam3", &stage.rival.url("/spam"));
        stage.rival.item("Spam once more", &stage.rival.url("/spam?more=1"), None);
        stage.rival.redirect("/spam?more=1", &stage.paper.url("/2026/a"));
        stage.rival.item("And more", &stage.rival.url("/spam3"), None);
        stage.revisit(&stage.rival);
        stage.release(&[&stage.paper]);
        assert_eq!(stage.articles_of_any_source(), ["paper.example/2026/a Real"]);
        assert_eq!(stage.text_of("Real"), stage.text("paper"));
    });
}

#[test]
fn h30_a_deleted_article_does_not_come_back_in_another_form() {
    in_all_variants(|stage| {
        let text = stage.text("paper");
        let amp = format!("<link rel=amphtml href='{}'>", stage.paper.url("/amp/a"));
        let canonical = format!("<link rel=canonical href='{}'>", stage.paper.url("/2026/a"));
        stage.paper.publish("/2026/a", "Real", &text, &amp);
        stage.paper.page("/amp/a", "Real", &text, &canonical);
        stage.paper.page("/print/a", "Real", &text, &canonical);
        if stage.variant.order == Order::RivalFirst {
            stage.rival.item("Linked", &stage.paper.url("/amp/a"), None);
        }
        stage.play();
        assert_eq!(stage.articles().len(), 1);
        stage.unguard();
        stage.delete("Real");
        for path in ["/amp/a", "/print/a", "/2026/a"] {
            stage.rival.entry(path, &format!("See {path}"), &stage.paper.url(path), None, "");
        }
        stage.release(&[&stage.rival, &stage.paper]);
        stage.pass(Duration::days(30));
        stage.round();
        assert_eq!(stage.articles(), [""; 0]);
        assert_eq!(stage.one("SELECT count(*) FROM revision WHERE title = 'Real'"), "0");
    });
}

/// What a stranger's feed said under a link, and a person deleted, does not keep out the page itself.
#[test]
fn h30_a_deleted_forgery_does_not_keep_out_the_article() {
    for pages in ["auto", "never"] {
        in_variants(
            |variant| variant.order == Order::RivalFirst,
            |stage| {
                stage.rival.configure(&format!("pages = \"{pages}\""));
                stage.rival.item("Forged", &stage.paper.url("/2026/a"), Some(&stage.text("rival")));
                stage.release(&[&stage.rival]);
                assert_eq!(stage.articles(), ["rival paper.example/2026/a Forged"]);
                stage.delete("Forged");
                stage.paper.publish("/2026/a", "Real", &stage.text("paper"), "");
                stage.release(&[&stage.paper]);
                stage.round();
                assert_eq!(stage.articles(), REAL);
                assert_eq!(stage.text_of("Real"), stage.text("paper"));
                stage.revisit(&stage.rival);
                assert_eq!(stage.articles(), REAL);
            },
        );
    }
}

/// The same where the paper's own feed has the text.
#[test]
fn h30_a_deleted_forgery_does_not_keep_out_the_feed_of_the_own_site() {
    in_variants(
        |variant| variant.order == Order::RivalFirst,
        |stage| {
            for site in [&stage.paper, &stage.rival] {
                site.configure("pages = \"never\"");
            }
            stage.rival.item("Forged", &stage.paper.url("/2026/a"), Some(&stage.text("rival")));
            stage.release(&[&stage.rival]);
            stage.delete("Forged");
            stage.paper.item("Real", &stage.paper.url("/2026/a"), Some(&stage.text("paper")));
            stage.release(&[&stage.paper]);
            assert_eq!(stage.articles(), REAL);
        },
    );
}

#[test]
fn h30_a_forgery_that_was_pruned_does_not_keep_out_the_article() {
    in_variants(
        |variant| variant.order == Order::RivalFirst,
        |stage| {
            stage.rival.configure("pages = \"auto\"\nkeep = 1");
            stage.rival.item("Forged", &stage.paper.url("/2026/a"), Some(&stage.text("rival")));
            stage.release(&[&stage.rival]);
            stage.rival.publish("/x", "Other", &stage.text("other"), "");
            stage.release(&[&stage.rival]);
            stage.prune();
            assert_eq!(stage.articles(), ["rival rival.example/x Other"]);
            stage.paper.publish("/2026/a", "Real", &stage.text("paper"), "");
            stage.release(&[&stage.paper]);
            stage.round();
            assert!(stage.articles().contains(&REAL[0].to_owned()), "{:?}", stage.articles());
            stage.prune();
            assert!(stage.articles().contains(&REAL[0].to_owned()), "{:?}", stage.articles());
        },
    );
}

#[test]
fn h30_a_source_that_keeps_one_article_prunes_nobody_elses() {
    in_all_variants(|stage| {
        stage.rival.configure("keep = 1");
        stage.paper.publish("/2026/a", "Real", &stage.text("paper"), "");
        stage.paper.publish("/2026/b", "Too", &stage.text("too"), "");
        stage.rival.item("Linked", &stage.paper.url("/2026/a"), None);
        stage.rival.item("Linked, too", &stage.paper.url("/2026/b"), None);
        stage.rival.publish("/x", "Other", &stage.text("other"), "");
        stage.play();
        stage.prune();
        stage.prune();
        for kept in ["paper.example/2026/a Real", "paper.example/2026/b Too"] {
            assert!(stage.articles_of_any_source().contains(&kept.to_owned()), "{:?}", stage.articles());
        }
    });
}

#[test]
fn h30_an_article_is_pruned_when_none_of_its_sources_keeps_it() {
    in_variants(
        |variant| variant.order == Order::PaperFirst,
        |stage| {
            for site in [&stage.paper, &stage.rival] {
                site.configure("keep = \"10d\"");
            }
            stage.paper.publish("/2026/a", "Real", &stage.text("paper"), "");
            stage.rival.item("Linked", &stage.paper.url("/2026/a"), None);
            stage.play();
            stage.pass(Duration::days(20));
            stage.unguard();
            stage.prune();
            assert_eq!(stage.articles(), [""; 0]);
            // Neither of them brings it back.
            stage.revisit(&stage.paper);
            stage.revisit(&stage.rival);
            assert_eq!(stage.articles(), [""; 0]);
        },
    );
}

#[test]
fn h30_a_source_that_joins_after_an_article_expired_gets_it() {
    in_variants(
        |variant| variant.order == Order::PaperFirst,
        |stage| {
            stage.paper.configure("keep = \"10d\"");
            stage.paper.publish("/2026/a", "Real", &stage.text("paper"), "");
            stage.release(&[&stage.paper]);
            stage.pass(Duration::days(20));
            stage.unguard();
            stage.prune();
            assert_eq!(stage.articles(), [""; 0]);
            stage.rival.item("Linked", &stage.paper.url("/2026/a"), None);
            stage.release(&[&stage.rival]);
            assert_eq!(stage.one("SELECT count(*) FROM articles WHERE title = 'Real'"), "1");
            assert_eq!(stage.text_of("Real"), stage.text("paper"));
            stage.prune();
            assert_eq!(
                stage.one("SELECT count(*) FROM articles WHERE title = 'Real'"),
                "1",
                "the rival keeps it"
            );
        },
    );
}

/// A person names an article by a URL that another article printed, or redirected from.
#[test]
fn h30_what_a_person_names_by_a_url_is_the_article_that_is_served_there() {
    in_all_variants(|stage| {
        stage.paper.publish("/2026/a", "Real", &stage.text("paper"), "");
        let url = stage.paper.url("/2026/a");
        stage.rival.publish(
            "/x",
            "Other",
            &stage.text("rival"),
            &format!("<link rel=shortlink href='{url}'><link rel=canonical href='{url}'>"),
        );
        stage.play();
        assert_eq!(stage.title_named_by(&url), "Real");
        assert_eq!(stage.title_named_by(&stage.rival.url("/x")), "Other");
    });
}

#[test]
fn h30_spam_that_was_a_redirect_to_an_article_is_deleted_without_it() {
    in_all_variants(|stage: &Stage| {
        stage.paper.publish("/2026/a", "Real", &stage.text("paper"), "");
        stage.rival.redirect("/x", &stage.paper.url("/2026/a"));
        stage.rival.item("Taken", &stage.rival.url("/x"), None);
        stage.play();
        stage.rival.page("/x", "Spam", &stage.text("spam"), "");
        stage.revisit(&stage.rival);
        assert_eq!(stage.title_named_by(&stage.rival.url("/x")), "Spam");
        stage.delete("Spam");
        stage.round();
        assert_eq!(stage.articles_of_any_source(), ["paper.example/2026/a Real"]);
    });
}
