//! Pages of our own, cut out without rules.

use std::collections::HashSet;

use chrono::DateTime;
use chrono_tz::Tz;
use proptest::prelude::*;
use url::Url;

use crate::extract::{ExtractError, PageInput, article};
use crate::html::{Document, ParseLimits, Selection, blocks, join_blocks};
use crate::model::{Extraction, PageKind};

fn extracted(html: &str) -> Result<Extraction, ExtractError> {
    let url = Url::parse("https://paper.example/2026/story.html").unwrap();
    let page = PageInput { html, url: &url, link_header: None };
    let now = DateTime::from_timestamp(1_790_000_000, 0).unwrap();
    article(&page, &[], Tz::UTC, now)
}

fn text(html: &str) -> String {
    extracted(html).unwrap().text
}

const FIRST: &str =
    "The bridge over the river was opened on Friday, two years after the first stone was laid by the mayor.";
const SECOND: &str =
    "It is forty metres long, carries two lanes and a path for those on foot, and cost nine million in all.";
const THIRD: &str =
    "The old bridge, built in 1911, will be taken down in spring; its stones go into the wall of the park.";
const QUOTE: &str =
    "“Nobody will miss the queue on Monday mornings,” said the head of the building office at the opening.";

#[test]
fn what_is_around_an_article_is_left_out() {
    let html = format!(
        r"<!doctype html><html lang=en><head><title>A bridge opens - The Paper</title></head><body>
        <header><nav class=main-nav><ul><li><a href=/>Home</a><li><a href=/world>World</a><li><a href=/sport>Sport</a></ul></nav></header>
        <div class=cookie-banner><p>We use cookies to make this site better for you. You can read more in our policy.</p><button>Yes</button></div>
        <main><article>
          <h1>A bridge opens</h1>
          <div class=byline>By <a href=/anna>Anna Author</a></div><time datetime=2026-01-02>2 January 2026</time>
          <div class=share-bar><a href=#>Facebook</a><a href=#>Mail</a></div>
          <div class=article-body>
            <p>{FIRST}</p>
            <figure><img src=b.jpg><figcaption>The new bridge on the day before it was opened to all.</figcaption></figure>
            <p>{SECOND}</p>
            <aside class=related-box><h3>Related</h3><ul><li><a href=/x>The long story of the old bridge</a></ul></aside>
            <h2>What comes next</h2>
            <p>{THIRD}</p>
            <blockquote><p>{QUOTE}</p></blockquote>
            <div class=newsletter-signup><h3>Newsletter</h3><p>Get the news of the day in your mailbox every evening.</p></div>
          </div>
          <div class=author-box><p>Anna Author writes about roads, bridges and rivers for this paper since 1999.</p></div>
        </article>
        <section class=comments id=comments><h2>3 comments</h2><div class=comment><p>I like the bridge very much, it is a fine bridge, and I have seen some.</p></div></section>
        </main>
        <footer><p>Copyright 2026 The Paper. All rights reserved, nothing may be copied without our word.</p></footer></body></html>"
    );
    let expected = [FIRST, SECOND, "What comes next", THIRD, QUOTE].join("\n\n");
    assert_eq!(text(&html), expected);
}

#[test]
fn what_is_said_twice_among_siblings_stays_what_is_printed_twice_does_not() {
    let twice = format!(
        "<body><article><h1>A bridge opens</h1><p>{FIRST}</p><p>{SECOND}</p><p>{FIRST}</p><p>{THIRD}</p></article></body>"
    );
    assert_eq!(text(&twice), [FIRST, SECOND, FIRST, THIRD].join("\n\n"));
    let printed = format!(
        "<body><article><h1>A bridge opens</h1><p>{FIRST}</p><p>{SECOND}</p><div><p>{FIRST}</p></div><p>{THIRD}</p>\
         <p>{THIRD}</p></article></body>"
    );
    assert_eq!(text(&printed), [FIRST, SECOND, THIRD].join("\n\n"));
}

#[test]
fn a_body_split_over_siblings_is_one() {
    let html = format!(
        "<body><nav><a href=/>Home</a> <a href=/b>News</a></nav><div id=w><div class=s1><p>{FIRST}</p><p>{SECOND}</p></div>\
         <div class=ad-slot><span>Advertisement</span></div><div class=s2><p>{THIRD}</p><p>{QUOTE}</p></div></div></body>"
    );
    assert_eq!(text(&html), [FIRST, SECOND, THIRD, QUOTE].join("\n\n"));
}

#[test]
fn a_table_stays_whole_whatever_its_rows_are_called() {
    let rows: String = (1..13)
        .map(|place| {
            format!(
                "<tr class='odd player-{place}'><td>{place}</td><td>Rower {place}</td><td>{}</td><td>{}</td></tr>",
                900 - place * 37,
                7 - place % 7
            )
        })
        .collect();
    let html = format!(
        "<body><nav><a href=/>Home</a> <a href=/s>Sport</a></nav><article><h1>A regatta ends</h1><p>{FIRST}</p><p>{SECOND}</p>\
         <table><tr><th>ArticlePosition</th><th>Name</th><th>Points</th><th>Wins</th></tr>{rows}</table><p>{THIRD}</p></article></body>"
    );
    let text = text(&html);
    for row in ["ArticlePosition | Name | Points | Wins", "1 | Rower 1 | 863 | 6", "12 | Rower 12 | 456 | 2"]
    {
        assert!(text.contains(row), "{row} in {text}");
    }
    // Rows of links are a list of other things.
    let links: String = (1..13)
        .map(|place| {
            format!("<tr><td>{place}</td><td><a href=/r/{place}>Regatta {place} of the year</a></td></tr>")
        })
        .collect();
    let html = format!(
        "<body><article><h1>A regatta ends</h1><p>{FIRST}</p><p>{SECOND}</p><p>{THIRD}</p></article>\
         <div><table>{links}</table></div></body>"
    );
    assert!(!self::text(&html).contains("Regatta 7"), "{}", self::text(&html));
}

#[test]
fn one_comment_nearly_as_long_as_the_article_is_a_comment() {
    let sentence = "When I was young there was no bridge at all, and whoever wanted to cross it waited for the ferry, \
                    sometimes for an hour, and nobody complained in any of those years. ";
    let long = format!("{}<br><br>{}", sentence.repeat(3), sentence.repeat(2));
    let comments: String = [
        "I like it.",
        "Fine by me, and I have seen some bridges in my time.",
        "No.",
        &long,
    ]
    .iter()
    .map(|text| {
        format!(
            "<div class='comment first'><div class=avatar><img src=/a.png></div><div class=comment_content>\
                 <div class=username><a href=/u>Somebody</a></div><div class=date>2 days ago</div>\
                 <div class=content>{text}</div></div></div>"
        )
    })
    .collect();
    let paragraphs = [
        format!("{FIRST} {SECOND}"),
        format!("{SECOND} {THIRD}"),
        format!("{THIRD} {QUOTE}"),
        format!("{QUOTE} {FIRST}"),
    ];
    let html = format!(
        "<body><nav><a href=/>Home</a> <a href=/s>Sport</a></nav><div class=wrapper><div class=article><h1>A bridge opens</h1>\
         <div class=content>{}</div></div><div><h2>Top</h2>{comments}</div></div></body>",
        paragraphs.join("<br><br>")
    );
    assert_eq!(text(&html), paragraphs.join("\n\n"));
}

#[test]
fn text_without_paragraph_elements_is_found() {
    let html = format!(
        "<body><div><a href=/>Home</a> | <a href=/a>World</a> | <a href=/b>Sport</a></div>\
         <table><tr><td><div>{FIRST}<br><br>{SECOND}<br><br>{THIRD}</div></td></tr></table></body>"
    );
    assert_eq!(text(&html), [FIRST, SECOND, THIRD].join("\n\n"));
}

#[test]
fn right_to_left_and_unspaced_scripts_are_read() {
    let (arabic, more) = (
        "قال المتحدث باسم الوزارة إن الاجتماع سيعقد يوم الجمعة المقبل في العاصمة، بحضور ممثلين عن عشر دول من المنطقة.",
        "وأضاف أن النتائج ستعلن بعد ذلك بأسبوع واحد، وأن الدعوة وجهت إلى جميع الأطراف من دون استثناء، بحسب قوله.",
    );
    let html = format!(
        "<html dir=rtl lang=ar><body><nav><a href=/>الرئيسية</a></nav><article><h1>اجتماع</h1><p>{arabic}</p><p>{more}</p></article></body></html>"
    );
    assert_eq!(text(&html), format!("{arabic}\n\n{more}"));
    let (japanese, more) = (
        "川にかかる新しい橋が十五日に開通し、市長や住民ら約二百人が渡り初めをした。工事には二年かかった。",
        "長さは四十メートルで、二車線の車道と歩道がある。古い橋は春に取り壊され、石は公園の壁に使われる。",
    );
    let html = format!(
        "<html lang=ja><body><ul><li><a href=/>ホーム</a></ul><div class=honbun><p>{japanese}</p><p>{more}</p></div></body></html>"
    );
    assert_eq!(text(&html), format!("{japanese}\n\n{more}"));
}

#[test]
fn a_body_is_never_empty_where_a_paragraph_is() {
    for around in [
        "nav", "footer", "aside", "header", "form", "figure", "dialog", "menu", "section", "table><tr><td",
        "blockquote", "div class=comments", "div class=sidebar", "div class=share",
        "div class=cookie-consent", "div id=footer", "div hidden", "div style='display:none'",
        "div aria-hidden=true", "div role=navigation", "li", "h3",
    ] {
        let html = format!("<body><{around}><p>{FIRST}</p>");
        assert_eq!(
            text(&html),
            if around == "li" { format!("- {FIRST}") } else { FIRST.to_owned() },
            "{around}"
        );
    }
}

#[test]
fn a_script_that_shows_the_page_later_hides_nothing() {
    let html = format!(
        "<body><div style='visibility: hidden'><article><p>{FIRST}</p><p>{SECOND}</p></article></div><p hidden>Not shown to anybody, ever.</p></body>"
    );
    assert_eq!(text(&html), format!("{FIRST}\n\n{SECOND}"));
}

#[test]
fn pages_that_are_no_articles_say_so() {
    let challenge = "<title>Just a moment...</title><script>window._cf_chl_opt={a: 1}</script><p>Checking your browser, it takes a second.</p>";
    assert_eq!(extracted(challenge).unwrap().kind, PageKind::Challenge);
    let paywall = format!(
        r#"<script type="application/ld+json">{{"@type":"NewsArticle","headline":"A bridge","isAccessibleForFree":false}}</script><article><p>{FIRST}</p></article>"#
    );
    assert_eq!(extracted(&paywall).unwrap().kind, PageKind::Paywalled);
    // The mark of a challenge in a page that is an article is no challenge.
    let long: String = (1..9).map(|year| format!("<p>In its year {year}, {FIRST}</p>")).collect();
    let article =
        format!("<script src=https://x.example/cf-challenge/a.js></script><article>{long}</article>");
    assert_eq!(extracted(&article).unwrap().kind, PageKind::Article);
}

#[test]
fn hostile_pages_come_to_an_end() {
    let many = |part: &str, times: usize| part.repeat(times);
    let named = |times: usize| (0..times).map(|i| format!("<div class=c{i}>")).collect::<String>();
    let said: String = (0..6000).map(|i| format!("Sentence number {i} of the body, it is. ")).collect();
    let linked = format!(
        r#"<script type="application/ld+json">{{"@type":"Article","headline":"x","articleBody":"{said}"}}</script>{}"#,
        (0..6000).map(|i| format!("<p>Another sentence, it is number {i} of many.")).collect::<String>()
    );
    for (what, html) in [
        ("depth", many("<div>", 1_000_000)),
        ("names", named(30_000)),
        ("formatting", many("<b><i><p>x", 50_000)),
        ("attributes", format!("<p {}>text", (0..100_000).map(|i| format!("a{i}=x ")).collect::<String>())),
        ("siblings", many("<p>A sentence, and so on.", 20_000)),
        ("items", format!("<ul>{}", many("<li>", 30_000))),
        ("headings", many("<h2>x</h2>", 20_000)),
        ("tables", many("<table><tr><td>", 40_000)),
        ("classes", format!("<p class='{}'>A sentence, and so on.", many("sha re ", 100_000))),
        (
            "description",
            format!(
                "<meta name=description content='{}'>{}",
                many("A sentence, it is. ", 50_000),
                many("<p>A sentence, it is one of many more.", 5000)
            ),
        ),
        ("said", linked),
    ] {
        match extracted(&html) {
            Ok(extraction) => assert!(extraction.text.len() <= html.len() + 1, "{what}"),
            Err(ExtractError::TooMuch(_)) => {}
        }
    }
}

#[test]
fn found_by_the_fuzzer_or_thought_of_before_it() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fuzz/corpus/page");
    let mut read = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        let html = crate::html::decode(&bytes, None);
        if let Ok(extraction) = extracted(&html) {
            let name = path.display();
            assert!(extraction.text.chars().all(|c| !c.is_control() || matches!(c, '\n' | '\t')), "{name}");
            let html = extraction.html.to_ascii_lowercase();
            for bad in ["<script", "<iframe", "<meta", "<object", "<embed", "<form"] {
                assert!(!html.contains(bad), "{name}: {bad} in {html}");
            }
        }
        read += 1;
    }
    assert!(read >= 20, "only {read} files in {folder}");
}

/// Some HTML: text of known words in any nesting of known elements.
fn any_page() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "one",
        "two.",
        "three,",
        "four five six seven eight nine ten eleven.",
        "١٢",
        "語",
        "&lt;x",
        "\u{a0}",
    ]);
    let open = prop::sample::select(vec![
        "<p>", "<div class=share>", "<div>", "<article>", "<b>", "<a href=/x>", "<li>", "<ul>",
        "<table><tr><td>", "<td>", "<h2>", "<br>", "<span>", "<figure>", "<img src=x>", "<!-- c -->",
        "<pre>", "<script>var no = 1;</script>", "<svg>", "<template>",
    ]);
    let close = prop::sample::select(vec![
        "</p>", "</div>", "</b>", "</a>", "</li>", "</ul>", "</table>", "</svg>", "</template>", "</article>",
    ]);
    prop::collection::vec(prop_oneof![3 => word, 2 => open, 2 => close], 0..60)
        .prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn no_word_is_made_up_and_none_is_glued(html in any_page()) {
        let Ok(extraction) = extracted(&html) else { return Ok(()) };
        let document = Document::parse(&html, &ParseLimits::default()).unwrap();
        let whole = join_blocks(&blocks(&document, &Selection::of_all(&document, &document.nodes().take(1).collect::<Vec<_>>())));
        let known: HashSet<&str> = whole.split_whitespace().collect();
        for word in extraction.text.split_whitespace().filter(|word| !matches!(*word, "-" | "|")) {
            let numbered = word.trim_end_matches('.').parse::<u32>().is_ok();
            prop_assert!(numbered || known.contains(word), "{word:?} is not in {whole:?}");
        }
        prop_assert!(!extraction.html.contains("<script"));
    }
}
