//! What holds for whatever a page says: no panic, and nothing that cannot be.

use chrono::{DateTime, Datelike, Utc};
use chrono_tz::Tz;
use proptest::prelude::*;
use url::Url;

use crate::extract::dates::{DateContext, parse_date};
use crate::extract::{PageInput, article, authors, jsonld};
use crate::html::{Document, ParseLimits};

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000, 0).unwrap()
}

fn context(language: &str) -> DateContext<'_> {
    DateContext { zone: Tz::Asia__Kathmandu, now: now(), language: Some(language) }
}

/// Text in which much looks like a date.
fn datish() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[0-9]{1,9}",
        "[-/.:, T+年月日時]",
        "(jan|March|mai|mayo|januar|يناير|января|tháng|ago|vor|hours|Stunden|pm|a\\.m\\.|GMT|EST|Z|de|of)",
        "\\PC",
    ];
    proptest::collection::vec(piece, 0..14).prop_map(|pieces| pieces.join(""))
}

proptest! {
    #[test]
    fn a_date_is_of_the_calendar_and_reads_as_it_is_written(text in datish(), language in "(en|en-US|de|ar|th)") {
        if let Some(at) = parse_date(&text, &context(&language)) {
            prop_assert!((1900..2200).contains(&at.local.year()), "{text}: {at}");
            let again = parse_date(&at.to_string(), &context(&language));
            if at.precision >= crate::model::Precision::Day {
                prop_assert_eq!(again.map(|at| at.to_string()), Some(at.to_string()), "{}", text);
            }
        }
    }

    #[test]
    fn names_are_short_and_no_addresses(texts in proptest::collection::vec("\\PC{0,80}", 0..5), site in "\\PC{0,10}") {
        for name in authors::names(&texts, Some(&site)) {
            prop_assert!((2..=90).contains(&name.chars().count()), "{name:?}");
            prop_assert!(!name.contains("://") && name.trim() == name, "{name:?}");
        }
    }

    #[test]
    fn any_script_is_read(script in "[\\[\\]{}\":,\\\\ a@NewsArticl\\n<!]{0,200}") {
        let html = format!("<script type='application/ld+json'>{script}</script>");
        let _ = jsonld::read(&Document::parse(&html, &ParseLimits::default()).unwrap());
    }

    #[test]
    fn any_page_gives_its_fields(body in "(<(h1|h2|p|div class=date|time|img srcset='a 1w, b'|a rel=author|figure|input|meta name=date content=1)>|</(h1|p|div|figure)>|[a-z0-9: ]{1,12}|By Ann Lee|Short link:|https://a.example/x){0,40}") {
        let url = Url::parse("https://a.example/2018/01/05/x").unwrap();
        let page = PageInput { html: &body, url: &url, link_header: Some("<x>; rel=shortlink") };
        let cut = article(&page, &[], Tz::UTC, now()).unwrap();
        prop_assert!(cut.published.is_none_or(|at| at.local.year() >= 1900));
    }
}

/// Time grows with the page, not with its square.
#[test]
fn many_marked_elements_within_one_another_take_no_time() {
    let url = Url::parse("https://a.example/x").unwrap();
    for element in [
        "<div class='date author byline lead'>1 x",
        "<figure class=date>x",
        "<h1>x<div>",
        "<span rel=author>By A",
    ] {
        let html = format!("<h1>Headline of the page</h1>{}", element.repeat(400));
        let page = PageInput { html: &html, url: &url, link_header: None };
        let _ = article(&page, &[], Tz::UTC, now());
        let wide = format!("{}{}", html, "<p class='date byline'>3 May By</p>".repeat(20_000));
        let page = PageInput { html: &wide, url: &url, link_header: None };
        let _ = article(&page, &[], Tz::UTC, now());
    }
}
