//! What the Markdown of a piece of HTML is, by example, and that a renderer reads it back.

use url::Url;

use super::markdown;
use crate::html::sanitise;

fn of(html: &str) -> String {
    markdown(&sanitise(html, &Url::parse("https://paper.example/a/b").unwrap()))
}

#[test]
fn markdown_by_example() {
    for (what, html, expected) in [
        ("paragraphs", "<p>One.</p><p>Two\n lines.</p>", "One.\n\nTwo lines."),
        ("headings", "<h2>A <i>head</i></h2><p>b", "## A *head*\n\nb"),
        ("a heading that ends with a sign", "<h3>C#</h3>", "### C\\#"),
        ("emphasis", "<p>a <b>b</b> <em>c</em> <s>d</s>", "a **b** *c* ~~d~~"),
        ("spaces go outside", "<p>a<b> b </b>c", "a **b** c"),
        ("within words", "<p>un<b>believ</b>able", "un**believ**able"),
        ("marks within their like", "<p><b>a <strong>b</strong></b>", "**a b**"),
        ("marks that touch", "<p><i>a</i><i>b</i>", "*ab*"),
        ("other marks that touch", "<p><i>a</i><b>b</b>", "<em>a</em><strong>b</strong>"),
        ("marks within others", "<p><b>a <i>b</i></b>", "**a *b***"),
        (
            "a letter before, a quote within",
            "<p>said<b>\u{201c}no\u{201d}</b>he",
            "said<strong>\u{201c}no\u{201d}</strong>he",
        ),
        ("nothing marked", "<p>a<b> </b>b", "a b"),
        ("sub and sup", "<p>H<sub>2</sub>O", "H<sub>2</sub>O"),
        ("code", "<p><code>a_b*`c`</code>", "`` a_b*`c` ``"),
        ("breaks", "<p>a<br>b<br>", "a\\\nb"),
        (
            "links",
            "<p>See <a href='/c'>the <b>other</b></a>.",
            "See [the **other**](https://paper.example/c).",
        ),
        ("links with brackets", "<p><a href='/c_(d)'>c</a>", "[c](<https://paper.example/c_(d)>)"),
        (
            "links that show themselves",
            "<p><a href='https://paper.example/x'>https://paper.example/x</a>",
            "<https://paper.example/x>",
        ),
        ("not an image", "<p>Look!<a href='/c'>c</a>", "Look\\![c](https://paper.example/c)"),
        ("lists", "<ul><li>a<li><p>b</p></ul>", "- a\n- b"),
        ("lists in lists", "<ol start=3><li>c<ul><li>d<li>e</ul><li>f</ol>", "3. c\n   - d\n   - e\n4. f"),
        ("two blocks in an item", "<ul><li><p>a</p><p>b</p><li>c</ul>", "- a\n\n  b\n\n- c"),
        ("two lists", "<ul><li>a</ul><ul><li>b</ul><p>c", "- a\n\n* b\n\nc"),
        (
            "quotes",
            "<blockquote><p>a</p><ul><li>b</ul></blockquote><blockquote>c</blockquote>d",
            "> a\n>\n> - b\n\n> c\n\nd",
        ),
        (
            "figures",
            "<figure><img src=/i.jpg alt='A [boat]'><figcaption>A boat. <i>Photo: x</i></figcaption></figure>",
            "![A \\[boat\\]](https://paper.example/i.jpg)\n\n*A boat. Photo: x*",
        ),
        (
            "tables",
            "<table><caption>t</caption><tr><th>a<th>b<tr><td>1|2<td><p>3</p><p>4</table>",
            "*t*\n\n| a | b |\n| --- | --- |\n| 1\\|2 | 3 4 |",
        ),
        (
            "tables without heads",
            "<table><tr><td>a<td>b<tr><td colspan=2>c</table>",
            "|  |  |\n| --- | --- |\n| a | b |\n| c |  |",
        ),
        ("preformatted", "<pre>a\n  b```</pre>", "````\na\n  b```\n````"),
        ("delimiters within others beside a letter", "<p>a<b><s>c</s></b>", "a<strong>~~c~~</strong>"),
        ("rules", "<p>a<hr><p>b", "a\n\n---\n\nb"),
        ("terms", "<dl><dt>a<dd>b</dl>", "**a**\n\nb"),
    ] {
        assert_eq!(of(html), expected, "{what}");
    }
}

#[test]
fn text_that_looks_like_markup_stays_text() {
    for (text, expected) in [
        ("1. May", "1\\. May"),
        ("2026. was", "2026\\. was"),
        ("- no item", "\\- no item"),
        ("-5 degrees", "-5 degrees"),
        ("# no head", "\\# no head"),
        ("#tag", "#tag"),
        ("> no quote", "\\> no quote"),
        ("+ plus", "\\+ plus"),
        ("---", "\\---"),
        ("===", "\\==="),
        ("*a* [b](c) `d` ~e~ \\", "\\*a\\* \\[b\\](c) \\`d\\` \\~e\\~ \\\\"),
        ("snake_case _a_", "snake_case \\_a\\_"),
        ("AT&T &copy;", "AT&T \\&copy;"),
        ("a < b > c", "a \\< b > c"),
    ] {
        let html = format!("<p>{}</p>", text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"));
        assert_eq!(of(&html), expected);
    }
}

#[test]
fn h13_depth_costs_no_line_its_length() {
    let deep = format!("{}a{}", "<blockquote>".repeat(250), "<p>b".repeat(2_000));
    let text = of(&deep);
    assert!(text.len() < 200_000, "{}", text.len());
    let wide =
        format!("<table><tr>{}{}</table>", "<td colspan=99999>x".repeat(500), "<tr><td>y".repeat(5_000));
    assert!(of(&wide).len() < 500_000);
}

/// What a renderer of Markdown shows: the words of each block.
fn shown(markdown: &str) -> String {
    use pulldown_cmark::{Event, Options, Parser};

    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
    let mut text = String::new();
    for event in Parser::new_ext(markdown, options) {
        match event {
            Event::Text(words) | Event::Code(words) => text.push_str(&words),
            Event::InlineHtml(element) => {
                assert!(element.trim_matches(['<', '/', '>']).len() < 7, "{element}");
            }
            Event::Html(_) => panic!("a block of HTML in {markdown}"),
            Event::Start(tag) if !is_inline(&tag) => text.push(' '),
            Event::SoftBreak | Event::HardBreak => text.push(' '),
            _ => {}
        }
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn is_inline(tag: &pulldown_cmark::Tag<'_>) -> bool {
    use pulldown_cmark::Tag;
    matches!(tag, Tag::Emphasis | Tag::Strong | Tag::Strikethrough | Tag::Link { .. } | Tag::Image { .. })
}

proptest::proptest! {
    #![proptest_config(crate::proptest_config())]
    #[test]
    fn a_renderer_shows_the_words_of_the_page(
        parts in proptest::collection::vec(
            proptest::sample::select(vec![
                "a", "b c", " ", "1. ", "- ", "+", "# ", "*", "_", "**", "`", "``", "[x](y)", "!", "&amp;lt;", "&lt;b&gt;",
                "~", "~~", "|", "\\", "=", "---", ">", ".", "\u{201c}", "中", "<b>", "</b>", "<i>", "</i>", "<s>", "</s>",
                "<code>x*</code>", "<a href='/u(1)'>l</a>", "<br>", "</p><p>", "<h2>h</h2>", "<ul><li>i</li></ul>",
                "<ol><li>n</li></ol>", "<blockquote>q</blockquote>", "<table><tr><td>t|u</td></tr></table>",
            ]),
            0..14,
        )
    ) {
        let html = format!("<p>{}</p>", parts.concat());
        // Joined, the text marks items and cells by signs of its own; they are no words of the page.
        let document = crate::html::Document::parse(&html, &crate::html::ParseLimits::default()).unwrap();
        let clip = crate::html::Selection::whole(&document);
        let words: Vec<String> = crate::html::blocks(&document, &clip)
            .into_iter()
            .map(|block| block.text)
            .collect();
        let words = words.join(" ").split_whitespace().collect::<Vec<_>>().join(" ");
        let markdown = of(&html);
        proptest::prop_assert_eq!(shown(&markdown), words, "{}\n{}", html, markdown);
    }
}
