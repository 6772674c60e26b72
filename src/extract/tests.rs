//! Pages of our own, cut out by rule and without.

use std::cell::Cell;

use super::*;

/// The article where the clock was asked `most` times and said no from then on, and how often it was asked in all.
fn within(most: u32, html: &str, rules: &[&ArticleRules]) -> (Result<Extraction, ExtractError>, u32) {
    let url = Url::parse("https://paper.example/a").unwrap();
    let page = PageInput {
        html,
        url: &url,
        link_header: None,
    };
    let asked = Cell::new(0);
    let has_time = || {
        asked.set(asked.get() + 1);
        asked.get() <= most
    };
    let cut = article_within(&page, rules, chrono_tz::UTC, DateTime::UNIX_EPOCH, &has_time);
    (cut, asked.get())
}

/// Gives the page up at each look at the clock in turn; gives how many there are.
fn given_up_at_any_step(html: &str, rules: &[&ArticleRules]) -> u32 {
    let (whole, steps) = within(u32::MAX, html, rules);
    for most in 0..steps {
        let (cut, asked) = within(most, html, rules);
        let error = cut.unwrap_err();
        assert_eq!(
            (error.code(), error.grade()),
            ("too-slow", Grade::Soft),
            "at {most}"
        );
        assert_eq!(asked, most + 1, "once it is late nobody asks again");
    }
    assert_eq!(within(steps, html, rules).0.unwrap(), whole.unwrap());
    steps
}

#[test]
fn a_page_for_which_there_is_no_time_is_given_up_at_any_step() {
    let html = |paragraphs: usize| {
        format!(
            "<article><h1>A title</h1>{}</article>",
            "<p>Some text, and more of it.</p>".repeat(paragraphs)
        )
    };
    let short = given_up_at_any_step(&html(10), &[]);
    let long = given_up_at_any_step(&html(4_000), &[]);
    assert!(
        long > short,
        "it is asked between the chunks that are parsed: {long}, {short}"
    );
    assert!(
        short > 20,
        "between the parts of the search and between the fields: {short}"
    );
}

#[test]
fn the_clock_is_looked_at_before_every_selector() {
    let html =
        "<article><h1>A title</h1><p class=ad>An offer.</p><p>Some text, and more of it.</p></article>";
    let rules = |count: usize| {
        let missing: Vec<String> = (0..count).map(|n| format!("'.missing-{n}'")).collect();
        let typed = format!(
            "[[source]]\nname = 'a'\nfeed = 'https://a.example/feed'\n[source.article]\nbody = [{}]\nremove = ['.ad']\n",
            missing.join(", ")
        );
        crate::config::load_text("cuttings.toml", &typed).unwrap().config
    };
    let steps = |count: usize| {
        let config = rules(count);
        let article = &config.sources.first().unwrap().article;
        given_up_at_any_step(html, &[article])
    };
    assert!(
        steps(12) >= steps(2) + 20,
        "a body and what is removed from it: {}, {}",
        steps(12),
        steps(2)
    );
}

#[test]
fn dates_are_read_in_the_language_that_is_configured_before_the_one_declared() {
    let url = Url::parse("https://paper.example/a").unwrap();
    let now = DateTime::from_timestamp(1_795_000_000, 0).unwrap();
    // The page says one thing of itself, and its editors write another.
    for (declared, configured, printed, expected) in [
        ("en-US", None, "05/04/2026", "2026-05-04"),
        ("en-US", Some("en-GB"), "05/04/2026", "2026-04-05"),
        ("de", Some("en-US"), "05/04/2026", "2026-05-04"),
        ("hr", None, "3 listopada 2026", "2026-10-03"),
        ("hr", Some("pl"), "3 listopada 2025", "2025-11-03"),
        ("en", Some("pl"), "3 listopada 2025", "2025-11-03"),
    ] {
        let language = configured.map_or_else(String::new, |language| format!("language = '{language}'\n"));
        let text = format!("[[source]]\nname = 'a'\nfeed = 'https://paper.example/feed'\n{language}");
        let config = crate::config::load_text("cuttings.toml", &text).unwrap().config;
        let html = format!(
            "<html lang={declared}><article><h1>A dyke was mended</h1><p class=date>{printed}</p>\
             <p>The dyke was mended in a night, by hand, with sand from the other side of the river.</p></article>"
        );
        let page = PageInput {
            html: &html,
            url: &url,
            link_header: None,
        };
        let rules = config.rules_for(config.sources.first().map(AsRef::as_ref), &url, now);
        let cut = article(&page, &rules, chrono_tz::UTC, now).unwrap();
        assert_eq!(
            cut.published.map(|at| at.to_string()).as_deref(),
            Some(expected),
            "{printed} on a page in {declared}, configured as {configured:?}"
        );
    }
}

#[test]
fn a_selector_that_looks_from_each_element_at_all_before_it_is_given_up() {
    let text = "daemon.contact = 'x'\n[[source]]\nname = 'a'\nfeed = 'https://paper.example/feed'\n\
                article.body = 'h1 ~ p'\n";
    let config = crate::config::load_text("cuttings.toml", text).unwrap().config;
    let article = &config.source("a").unwrap().article;
    let page =
        |paragraphs: usize, before: &str| format!("<main>{before}{}</main>", "<p>Text.".repeat(paragraphs));
    for (paragraphs, before, expected) in [
        (3000, "<h1>A dyke was mended</h1>", None),
        (60_000, "<h1>A dyke was mended</h1>", Some("too-slow")),
        (60_000, "", Some("too-slow")),
    ] {
        let (cut, _) = within(u32::MAX, &page(paragraphs, before), &[article]);
        assert_eq!(
            cut.err().map(|error| error.code()),
            expected,
            "{paragraphs} {before}"
        );
    }
}
