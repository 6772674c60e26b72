//! What a page says about addresses: of another site it is only a claim, whoever comes first.

use super::stage::{Stage, article, in_all_variants, in_variants, long_text};
use crate::support::press::Press;

const BOTH: [&str; 2] = ["paper paper.example/2026/a Real", "rival rival.example/x Other"];

/// The paper's article, and the rival's page with this in its head; the address of the paper's page replaces `URL`.
fn claim(stage: &Stage, head: &str) {
    stage.paper.publish("/2026/a", "Real", &stage.text("paper"), "");
    let head = head.replace("URL", &stage.paper.url("/2026/a"));
    stage.rival.publish("/x", "Other", &stage.text("rival"), &head);
}

#[test]
fn h30_a_short_link_that_is_another_papers_article_takes_nothing() {
    in_all_variants(|stage| {
        claim(stage, "<link rel=shortlink href='URL'>");
        stage.play();
        assert_eq!(stage.articles(), BOTH);
        assert_eq!(stage.paper.count("/2026/a"), 1, "it was fetched, and once");
    });
}

#[test]
fn h30_what_a_page_says_of_another_site_is_a_row_of_claims_and_nothing_else() {
    for (head, kind) in [
        ("<link rel=canonical href='URL'>", "canonical"),
        ("<meta property='og:url' content='URL'>", "og-url"),
        ("<link rel=amphtml href='URL'>", "amp"),
    ] {
        in_all_variants(|stage| {
            claim(stage, head);
            stage.play();
            assert_eq!(stage.articles(), BOTH, "{head}");
            let claims = stage.rows("SELECT kind, url, page_url FROM claims");
            let expected = [kind.to_owned(), stage.paper.url("/2026/a"), stage.rival.url("/x")];
            assert_eq!(claims, [expected], "{head}");
            assert_eq!(stage.paper.count("/2026/a"), 1);
        });
    }
}

#[test]
fn h30_a_link_header_claims_no_more_than_a_page() {
    for relation in ["shortlink", "canonical", "next", "amphtml"] {
        in_all_variants(|stage| {
            claim(stage, "");
            let page = article("Other", &stage.text("rival"), "");
            let header = format!("<{}>; rel=\"{relation}\"", stage.paper.url("/2026/a"));
            stage.rival.answer("/x", page.header("Link", header));
            stage.play();
            assert_eq!(stage.articles(), BOTH, "{relation}");
        });
    }
}

#[test]
fn h30_a_next_page_on_another_site_is_no_part_of_the_article() {
    in_all_variants(|stage| {
        stage.paper.publish("/x/2", "Real", &stage.text("paper"), "");
        let next = stage.paper.url("/x/2");
        let pager = format!("<link rel=next href='{next}'>");
        stage.rival.publish("/x", "Other", &stage.text("rival"), &pager);
        stage.play();
        assert_eq!(stage.articles(), ["paper paper.example/x/2 Real", "rival rival.example/x Other"]);
        assert_eq!(stage.text_of("Other"), stage.text("rival"));
        assert_eq!(stage.paper.count("/x/2"), 1);
    });
}

#[test]
fn h30_a_next_page_that_redirects_to_another_site_is_no_key_of_the_article() {
    in_all_variants(|stage| {
        stage.paper.publish("/2026/a", "Real", &stage.text("paper"), "");
        stage.rival.redirect("/x/2", &stage.paper.url("/2026/a"));
        let pager = format!("<link rel=next href='{}'>", stage.rival.url("/x/2"));
        stage.rival.publish("/x", "Other", &stage.text("rival"), &pager);
        stage.play();
        assert_eq!(stage.articles(), BOTH);
    });
}

#[test]
fn h30_a_copy_with_every_claim_there_is_stays_a_copy() {
    in_all_variants(|stage| {
        let text = stage.text("paper");
        stage.paper.publish("/2026/a", "Real", &text, "");
        let url = stage.paper.url("/2026/a");
        let head = format!(
            "<link rel=canonical href='{url}'><meta property='og:url' content='{url}'>\
             <link rel=shortlink href='{url}'><link rel=amphtml href='{url}'>"
        );
        stage.rival.publish("/x", "Real", &text, &head);
        stage.play();
        assert_eq!(stage.articles(), ["paper paper.example/2026/a Real", "rival rival.example/x Real"]);
    });
}

#[test]
fn h30_a_copy_that_says_more_replaces_nothing() {
    in_all_variants(|stage| {
        let text = stage.text("paper");
        stage.paper.publish("/2026/a", "Real", &text, "");
        let url = stage.paper.url("/2026/a");
        let head = format!("<link rel=canonical href='{url}'>");
        let more = format!("{text}\n\n{}", long_text("spam"));
        stage.rival.publish("/x", "Real", &more, &head);
        stage.play();
        assert_eq!(stage.articles(), ["paper paper.example/2026/a Real", "rival rival.example/x Real"]);
    });
}

#[test]
fn h30_two_sites_that_claim_each_other_are_one_article_where_the_texts_are_alike() {
    in_all_variants(|stage| {
        let text = stage.text("both");
        let head = |url: String| format!("<link rel=canonical href='{url}'>");
        stage.paper.publish("/2026/a", "Real", &text, &head(stage.rival.url("/x")));
        stage.rival.publish("/x", "Real", &text, &head(stage.paper.url("/2026/a")));
        stage.play();
        if stage.variant.are_short {
            assert_eq!(stage.articles().len(), 2, "{:?}: no evidence", stage.articles());
        } else {
            assert_eq!(stage.articles().len(), 1, "{:?}", stage.articles());
            assert_eq!(stage.sources_of("Real"), "[\"paper\",\"rival\"]");
        }
    });
}

#[test]
fn h30_two_sites_that_claim_each_other_are_two_articles_where_the_texts_differ() {
    in_all_variants(|stage| {
        let head = |url: String| format!("<link rel=canonical href='{url}'>");
        stage.paper.publish("/2026/a", "Real", &stage.text("paper"), &head(stage.rival.url("/x")));
        stage.rival.publish("/x", "Other", &stage.text("rival"), &head(stage.paper.url("/2026/a")));
        stage.play();
        assert_eq!(stage.articles(), BOTH);
    });
}

#[test]
fn h30_a_claimed_page_that_claims_itself_confirms_nothing() {
    in_all_variants(|stage| {
        let text = stage.text("paper");
        let url = stage.paper.url("/2026/a");
        let head = format!("<link rel=canonical href='{url}'><meta property='og:url' content='{url}'>");
        stage.paper.publish("/2026/a", "Real", &text, &head);
        stage.rival.publish("/x", "Real", &text, &head);
        stage.play();
        assert_eq!(stage.articles(), ["paper paper.example/2026/a Real", "rival rival.example/x Real"]);
    });
}

/// The rival's page is claimed by the paper's, the paper's by another page of the rival.
#[test]
fn h30_a_claim_is_confirmed_only_by_the_page_that_is_claimed() {
    in_all_variants(|stage| {
        let text = stage.text("paper");
        let head = |url: String| format!("<link rel=canonical href='{url}'>");
        stage.paper.publish("/2026/a", "Real", &text, &head(stage.rival.url("/x")));
        stage.rival.publish("/x", "Real", &text, "");
        stage.rival.publish("/y", "Real", &text, &head(stage.paper.url("/2026/a")));
        stage.play();
        assert_eq!(
            stage.articles(),
            ["paper paper.example/2026/a Real", "rival rival.example/x Real", "rival rival.example/y Real"]
        );
    });
}

/// Within a site, too: what a page claims is asked for once, and then known.
#[test]
fn h30_a_claimed_url_of_the_own_site_is_fetched_once_when_a_feed_links_to_it() {
    in_variants(
        |variant| !variant.are_short,
        |stage| {
            let canonical = format!("<link rel=canonical href='{}'>", stage.paper.url("/2026/a"));
            let text = stage.text("paper");
            stage.paper.page("/2026/a", "Real", &text, &canonical);
            stage.paper.publish("/print/a", "Real", &text, &canonical);
            stage.release(&[&stage.paper]);
            assert_eq!(stage.articles(), ["paper paper.example/2026/a Real"], "its canonical is shown");
            assert_eq!(stage.paper.count("/2026/a"), 0);
            stage.rival.item("Seen elsewhere", &stage.paper.url("/2026/a"), None);
            stage.release(&[&stage.rival]);
            assert_eq!(stage.paper.count("/2026/a"), 1);
            stage.rival.item("Once more", &stage.paper.url("/2026/a?utm_source=rival"), None);
            stage.release(&[&stage.rival]);
            assert_eq!(stage.paper.count("/2026/a"), 1);
            assert_eq!(stage.articles(), ["paper paper.example/2026/a Real"]);
            assert_eq!(stage.sources_of("Real"), "[\"paper\",\"rival\"]");
        },
    );
}

/// One page of the site is another article, whatever the claim of a third says: it is fetched, and seen to be another.
#[test]
fn h30_a_false_canonical_of_the_own_site_costs_a_request_and_no_article() {
    in_variants(
        |variant| !variant.are_short,
        |stage| {
            let wrong = format!("<link rel=canonical href='{}'>", stage.paper.url("/2026/b"));
            stage.paper.publish("/2026/a", "One", &stage.text("one"), &wrong);
            stage.release(&[&stage.paper]);
            stage.unguard();
            stage.paper.publish("/2026/b", "Two", &stage.text("two"), "");
            stage.release(&[&stage.paper]);
            assert_eq!(
                stage.articles(),
                ["paper paper.example/2026/a One", "paper paper.example/2026/b Two"]
            );
        },
    );
}

/// An address without a name is a site, whatever its port.
#[test]
fn h30_an_ip_address_is_a_site() {
    in_all_variants(|stage| {
        let real = stage.paper.url_at("127.0.0.2", "/2026/a");
        let elsewhere = Press::start("127.0.0.3");
        stage.paper.page("/2026/a", "Real", &stage.text("paper"), "");
        stage.paper.item("Real", &real, None);
        let head = format!("<link rel=shortlink href='{real}'><link rel=canonical href='{real}'>");
        elsewhere.page("/x", article("Other", &stage.text("rival"), &head));
        stage.rival.item("Other", &elsewhere.url("/x"), None);
        stage.play();
        assert_eq!(stage.articles(), ["paper 127.0.0.2/2026/a Real", "rival 127.0.0.3/x Other"]);
    });
}
