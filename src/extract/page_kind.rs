//! Decides what kind of page was extracted: an article, unless there is evidence of a challenge or a paywall.

use super::jsonld::JsonLd;
use crate::html::{Css, Document, NodeSet, Selection, Tag, count_printed};
use crate::model::{Extraction, Field, Origin, PageKind};

/// Characters: a challenge page has less text.
const MOST_CHALLENGE_TEXT: usize = 600;

/// Characters: less text of a page that is not free is a teaser, if nothing better is known.
const LEAST_PAID_TEXT: usize = 1500;

/// Characters from which on the free or the paid part of an article is present.
const LEAST_PART: usize = 100;

/// The kind of a page whose article has this body.
pub(super) fn page_kind(
    document: &Document,
    json_ld: &JsonLd,
    extraction: &Extraction,
    body: &Selection,
) -> PageKind {
    if extraction.text.chars().count() < MOST_CHALLENGE_TEXT && is_challenge(document) {
        PageKind::Challenge
    } else if json_ld.is_free == Some(false) && is_cut_short(document, json_ld, extraction, body) {
        PageKind::Paywalled
    } else {
        PageKind::Article
    }
}

/// True if the paid part of an article is missing or cut short.
///
/// Publishers declare it for search engines: `hasPart` with `isAccessibleForFree: false` and a `cssSelector`
/// (schema.org/isAccessibleForFree, "subscription and paywalled content"). What the selector matches is the paid part.
fn is_cut_short(document: &Document, json_ld: &JsonLd, extraction: &Extraction, body: &Selection) -> bool {
    let text = &extraction.text;
    let is_short = text.chars().count() < LEAST_PAID_TEXT;
    // Less than half of the declared words: counts differ by captions and by what is counted as a word.
    let declared = json_ld.word_count.filter(|count| *count > 0);
    if declared.is_some_and(|count| text.split_whitespace().count() * 2 < count) && !is_unspaced(text) {
        return true;
    }
    let is_of_page = matches!(extraction.origins.get(&Field::Body), Some(Origin::Rule | Origin::Auto));
    let selectors: Vec<Css> =
        json_ld.paid_selectors.iter().filter_map(|selector| Css::parse(selector).ok()).collect();
    if selectors.is_empty() || !is_of_page {
        return is_short;
    }
    let mut paid = NodeSet::empty(document);
    for at in selectors.iter().flat_map(|css| document.select(css)) {
        for inner in document.subtree(at) {
            paid.insert(inner);
        }
    }
    let (mut free_chars, mut paid_chars) = (0, 0);
    for (at, text) in body.texts(document) {
        let chars = if paid.contains(at) { &mut paid_chars } else { &mut free_chars };
        *chars += count_printed(text);
    }
    match (free_chars >= LEAST_PART, paid_chars >= LEAST_PART) {
        (_, false) => true,
        (true, true) => false,
        // The whole article is the paid part; the page does not tell how much of it there should be.
        (false, true) => is_short,
    }
}

/// True if a text is mostly in scripts without spaces, whose words cannot be counted.
fn is_unspaced(text: &str) -> bool {
    let spaces = text.chars().filter(|c| c.is_whitespace()).count();
    spaces * 15 < text.chars().count()
}

/// True if a page loads a script that asks visitors to prove they are human.
fn is_challenge(document: &Document) -> bool {
    const SIGNATURES: &[&str] = &[
        "_cf_chl_opt", "cf-challenge", "captcha-delivery.com", "px-captcha", "_Incapsula_Resource",
        "geo.captcha-delivery", "awswaf",
    ];
    let has_signature = |text: &str| SIGNATURES.iter().any(|part| text.contains(part));
    document.nodes().any(|at| match document.tag(at) {
        Tag::Script | Tag::Iframe => {
            document.attr(at, "src").is_some_and(has_signature)
                || document.children(at).filter_map(|child| document.text(child)).any(has_signature)
        }
        Tag::Div => {
            document.attr(at, "id").is_some_and(has_signature)
                || document.attr(at, "class").is_some_and(has_signature)
        }
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use chrono_tz::Tz;
    use url::Url;

    use super::*;
    use crate::extract::{PageInput, article};

    fn kind(html: &str) -> PageKind {
        let url = Url::parse("https://paper.example/a/dyke").unwrap();
        let page = PageInput { html, url: &url, link_header: None };
        article(&page, &[], Tz::UTC, DateTime::UNIX_EPOCH).unwrap().kind
    }

    fn not_free(more: &str) -> String {
        format!(
            "<script type=application/ld+json>{{\"@type\":\"NewsArticle\",\"headline\":\"A dyke was mended\",\
             \"isAccessibleForFree\":\"False\"{more}}}</script>"
        )
    }

    fn paragraphs(count: usize) -> String {
        (0..count)
            .map(|n| {
                format!(
                    "<p>On day {n} the dyke was mended again, by hand, with sand from the other side of the river, \
                     and nobody could say in the evening who had begun.</p>"
                )
            })
            .collect()
    }

    #[test]
    fn a_page_is_paywalled_where_its_paid_part_is_missing() {
        let part = ",\"hasPart\":[{\"@type\":\"WebPageElement\",\"isAccessibleForFree\":true,\"cssSelector\":\".head\"},\
                    {\"@type\":\"WebPageElement\",\"isAccessibleForFree\":false,\"cssSelector\":\".paid\"}]";
        let page = |more: &str, free: usize, paid: Option<usize>| {
            let paid = paid.map(|count| format!("<div class=paid>{}</div>", paragraphs(count)));
            format!(
                "{}<article><h1>A dyke was mended</h1><div class=free>{}</div>{}</article>",
                not_free(more),
                paragraphs(free),
                paid.unwrap_or_default()
            )
        };
        let broken = part.replace(".paid", "..paid");
        for (what, html, expected) in [
            ("no part is named, short", page("", 3, None), PageKind::Paywalled),
            ("no part is named, long", page("", 20, None), PageKind::Article),
            ("the part is not there", page(part, 3, None), PageKind::Paywalled),
            ("the part is not there, much is", page(part, 20, None), PageKind::Paywalled),
            ("the part is empty", page(part, 3, Some(0)), PageKind::Paywalled),
            ("both parts are there, short", page(part, 2, Some(3)), PageKind::Article),
            ("all is the part, short", page(part, 0, Some(4)), PageKind::Paywalled),
            ("all is the part, long", page(part, 0, Some(20)), PageKind::Article),
            (
                "half of the words are there",
                page(&format!("{part},\"wordCount\":900"), 2, Some(14)),
                PageKind::Paywalled,
            ),
            (
                "most of the words are there",
                page(&format!("{part},\"wordCount\":\"500\""), 2, Some(14)),
                PageKind::Article,
            ),
            ("a selector that is none", page(&broken, 20, None), PageKind::Article),
        ] {
            assert_eq!(kind(&html), expected, "{what}");
        }
    }

    #[test]
    fn a_part_that_is_not_free_makes_the_article_one_that_is_not() {
        let html = format!(
            "<script type=application/ld+json>{{\"@type\":\"NewsArticle\",\"headline\":\"A dyke\",\
             \"hasPart\":{{\"isAccessibleForFree\":\"false\",\"cssSelector\":\".paid\"}}}}</script><article>{}</article>",
            paragraphs(20)
        );
        assert_eq!(kind(&html), PageKind::Paywalled);
    }

    #[test]
    fn what_is_free_is_never_paywalled() {
        let html = format!(
            "<script type=application/ld+json>{{\"@type\":\"NewsArticle\",\"headline\":\"A dyke\",\
             \"isAccessibleForFree\":true,\"wordCount\":900}}</script><article>{}</article>",
            paragraphs(2)
        );
        assert_eq!(kind(&html), PageKind::Article);
    }
}
