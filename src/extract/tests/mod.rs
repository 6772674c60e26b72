//! Pages of our own, cut out by rule and without.

mod properties;

use url::Url;

use super::*;

/// The article within a budget of steps.
fn within(steps: u32, html: &str, rules: &[&ArticleRules]) -> Result<Extraction, ExtractError> {
    let url = Url::parse("https://paper.example/a").unwrap();
    let page = PageInput { html, url: &url, link_header: None };
    let limits = ParseLimits { steps, ..ParseLimits::default() };
    article_within(&page, rules, chrono_tz::UTC, DateTime::UNIX_EPOCH, &limits)
}

/// The least number of steps that is enough for a page; fewer give it up, wherever they end.
fn least_steps(html: &str, rules: &[&ArticleRules]) -> u32 {
    let most = ParseLimits::default().steps;
    let whole = within(most, html, rules).unwrap();
    let (mut too_few, mut enough) = (0, most);
    while enough - too_few > 1 {
        let middle = u32::midpoint(too_few, enough);
        match within(middle, html, rules) {
            Ok(_) => enough = middle,
            Err(_) => too_few = middle,
        }
    }
    for steps in (0..enough).step_by((enough / 100).max(1) as usize) {
        let error = within(steps, html, rules).unwrap_err();
        assert_eq!((error.code(), error.grade()), ("too-slow", Grade::Soft), "with {steps}");
    }
    assert_eq!(within(enough, html, rules).unwrap(), whole);
    enough
}

#[test]
fn a_page_for_which_there_are_no_steps_left_is_given_up_at_any_point() {
    let html = |paragraphs: usize| {
        format!(
            "<article><h1>A title</h1>{}</article>",
            "<p>Some text, and more of it.</p>".repeat(paragraphs)
        )
    };
    let (short, long) = (least_steps(&html(10), &[]), least_steps(&html(1_000), &[]));
    // Each page is passed over some forty times.
    assert!((20 * 24..1_000 * 24).contains(&short), "{short}");
    assert!((50 * short..200 * short).contains(&long), "{long}, {short}");
}

#[test]
fn every_selector_takes_steps() {
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
        least_steps(html, &[article])
    };
    let (two, twelve) = (steps(2), steps(12));
    // The document has ten nodes.
    assert!(twelve >= two + 10 * 10, "{twelve}, {two}");
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
        let page = PageInput { html: &html, url: &url, link_header: None };
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
        (600, "<h1>A dyke was mended</h1>", None),
        (6_000, "<h1>A dyke was mended</h1>", Some("too-slow")),
        (6_000, "", Some("too-slow")),
    ] {
        let cut = within(2_000_000, &page(paragraphs, before), &[article]);
        assert_eq!(cut.err().map(|error| error.code()), expected, "{paragraphs} {before}");
    }
}

/// Small pages whose parts multiply: each is given up, or what multiplies is cut.
#[test]
fn h13_a_page_whose_parts_multiply_takes_no_more_steps_than_any_other() {
    let words = "word ".repeat(2_000);
    let many_readers_of_one_class_list = format!(
        "<h1>A headline of some length</h1><div class='{words}'>{}</div>",
        "<time>1 May 1960</time>".repeat(2_000)
    );
    let many_elements_around_one_text =
        format!("<h1>A headline of some length</h1>{}{}", "<div class=date>".repeat(200), words.repeat(20));
    for html in [many_readers_of_one_class_list, many_elements_around_one_text] {
        let error = within(1_000_000, &html, &[]).map(|_| ()).unwrap_err();
        assert_eq!(error.code(), "too-slow");
    }
    let one_text_in_many_places = format!(
        "<title>The ferry came early</title><script type=application/json>[[{}1],\"{words}\"]</script>",
        "1,".repeat(50_000)
    );
    let many_names_of_one_content = format!("<meta name='{}' content='{words}'>", "a ".repeat(50_000));
    for html in [one_text_in_many_places, many_names_of_one_content] {
        assert!(within(ParseLimits::default().steps, &html, &[]).is_ok());
    }
}
