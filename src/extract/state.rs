//! The text of a page that has none for a reader without scripts: in the JSON that its scripts would show.
//!
//! `__NEXT_DATA__`, Nuxt, Apollo and their like differ in where the text stands, not in what it looks like: one long
//! string of HTML or prose, or a list of blocks with prose in each. The last resort, and held to look like prose.

use serde_json::Value;

use super::meta::fold;
use super::references::{Cache, put_together};
use crate::html::{Document, Tag};

/// Bytes of all scripts that are read.
const LARGEST: usize = 4 << 20;

/// Shortest text that is believed, in characters.
const SHORTEST: usize = 250;

/// References within one another that are followed.
const MOST_HOPS: usize = 6;

/// Names that JSON is assigned to.
const NAMES: &[&str] = &[
    "__NEXT_DATA__",
    "__NUXT__",
    "__APOLLO_STATE__",
    "__INITIAL_STATE__",
    "__INITIAL_DATA__",
    "__PRELOADED_STATE__",
    "__PRELOADED_DATA__",
    "__STATE__",
    "__DATA__",
    "globalContent",
];

/// Where the text of a block stands.
const TEXTS: &[&str] = &[
    "text",
    "value",
    "content",
    "html",
    "body",
    "markup",
    "children",
    "nodes",
    "paragraph",
    "paragraphs",
    "data",
    "items",
    "spans",
];

/// What is never the article.
const OTHERS: &[&str] = &[
    "comments",
    "related",
    "relatedArticles",
    "recommended",
    "recommendations",
    "teasers",
    "navigation",
    "menu",
    "footer",
    "header",
    "translations",
    "messages",
    "i18n",
    "captions",
];

/// HTML of the article out of the JSON of a page.
pub(super) fn find(document: &Document, title: Option<&str>) -> Option<String> {
    let title = title.map(fold).filter(|title| title.len() > 8);
    let mut best = Best {
        title,
        html: String::new(),
        score: 0,
    };
    let mut left = LARGEST;
    for at in document.nodes().filter(|at| document.tag(*at) == Tag::Script) {
        let text = document.children(at).next().and_then(|text| document.text(text));
        let kind = document
            .attr(at, "type")
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase();
        let Some(text) = text.filter(|text| text.len() <= left && kind != "application/ld+json") else {
            continue;
        };
        let Some(value) = json(text, kind.ends_with("json")) else {
            continue;
        };
        left -= text.len();
        let value = put_together(&value).unwrap_or(value);
        best.look(&value, &Cache::of(&value), false, 0);
    }
    (best.score > 0).then_some(best.html)
}

/// A text as HTML, if it is prose.
pub(super) fn as_prose(text: &str) -> Option<String> {
    let html = html_of(text);
    is_prose(&crate::html::plain_text(&html)).then_some(html)
}

/// The JSON that a script is, or that it assigns to a name of [`NAMES`].
fn json(script: &str, is_json: bool) -> Option<Value> {
    let first = |text: &str| {
        serde_json::Deserializer::from_str(text)
            .into_iter::<Value>()
            .next()?
            .ok()
    };
    if is_json {
        return first(script);
    }
    NAMES.iter().find_map(|name| {
        let (_, rest) = script.split_once(name)?;
        let (between, value) = rest.split_once('=')?;
        if between.len() > 4 {
            return None;
        }
        let value = value.trim_start();
        match value.strip_prefix("JSON.parse(") {
            Some(quoted) => first(first(quoted)?.as_str()?),
            None if value.starts_with(['{', '[']) => first(value),
            None => None,
        }
    })
}

/// The best text so far.
struct Best {
    title: Option<String>,
    html: String,
    score: usize,
}

impl Best {
    /// Looks for the text in a value; `titled`: something around it is called as the page is.
    fn look(&mut self, value: &Value, cache: &Cache<'_>, titled: bool, hops: usize) {
        match value {
            Value::String(text) => self.offer(html_of(text), titled),
            Value::Array(values) => {
                let blocks: String = values
                    .iter()
                    .filter_map(|value| match cache.follow(value) {
                        Some(whole) => (!self.is_another(whole)).then_some(whole),
                        None => Some(value),
                    })
                    .filter(|value| !is_teaser(value))
                    .map(|value| block(value, cache))
                    .collect();
                self.offer(blocks, titled);
                for value in values {
                    self.look(value, cache, titled && !is_teaser(value), hops);
                }
            }
            Value::Object(fields) => {
                // What is named here is looked at where it stands, too: it is followed for what belongs to the title.
                if let Some(whole) = cache.follow(value).filter(|_| titled && hops < MOST_HOPS) {
                    if !self.is_another(whole) {
                        self.look(whole, cache, true, hops + 1);
                    }
                    return;
                }
                let named = || {
                    let title = self.title.as_deref()?;
                    fields
                        .values()
                        .filter_map(Value::as_str)
                        .any(|text| text.len() < 500 && fold(text) == title)
                        .then_some(())
                };
                let titled = titled || named().is_some();
                for (name, value) in fields {
                    if !OTHERS.contains(&name.as_str()) {
                        self.look(value, cache, titled, hops);
                    }
                }
            }
            _ => {}
        }
    }

    /// Whether a value has a title, and not that of the page.
    fn is_another(&self, value: &Value) -> bool {
        let mut titles = ["title", "headline"]
            .iter()
            .filter_map(|name| value.get(name)?.as_str())
            .map(fold)
            .peekable();
        titles.peek().is_some() && titles.all(|title| Some(title) != self.title)
    }

    fn offer(&mut self, html: String, titled: bool) {
        if html.len() < SHORTEST {
            return;
        }
        let score = if titled { html.len() * 4 } else { html.len() };
        if score > self.score && is_prose(&crate::html::plain_text(&html)) {
            self.score = score;
            self.html = html;
        }
    }
}

/// An entry of a list of other articles: it has a title and leads somewhere.
fn is_teaser(value: &Value) -> bool {
    let has = |names: &[&str]| {
        names
            .iter()
            .any(|name| value.get(name).is_some_and(Value::is_string))
    };
    has(&["title", "headline", "heading"]) && has(&["url", "href", "link", "slug", "path", "permalink"])
}

/// A block of a list of blocks as HTML; empty where it holds no text.
fn block(value: &Value, cache: &Cache<'_>) -> String {
    if let Value::String(text) = value {
        return html_of(text);
    }
    let mut inner = String::new();
    inline(value, cache, 0, &mut inner);
    if inner.trim().is_empty() {
        return inner;
    }
    let kind = ["type", "nodeType", "tag", "tagName", "name", "__typename"]
        .iter()
        .find_map(|name| value.get(name)?.as_str())
        .unwrap_or_default()
        .to_ascii_lowercase();
    let tag = match kind.as_str() {
        "h1" | "h2" | "h3" | "h4" => "h2",
        "blockquote" | "quote" => "blockquote",
        kind if kind.contains("head") => "h2",
        _ => "p",
    };
    format!("<{tag}>{inner}</{tag}>")
}

/// The texts within a block, one after the other.
fn inline(value: &Value, cache: &Cache<'_>, depth: usize, out: &mut String) {
    if depth > 8 {
        return;
    }
    match value {
        Value::String(text) if text.contains('<') => out.push_str(text),
        Value::String(text) => escape(text, out),
        Value::Array(values) => {
            for value in values {
                inline(value, cache, depth + 1, out);
            }
        }
        Value::Object(fields) => {
            if let Some(whole) = cache.follow(value) {
                // A text is made of few of them; everything else is found behind many.
                return inline(whole, cache, depth + 3, out);
            }
            for name in TEXTS {
                match fields.get(*name) {
                    // What a name like `data` holds besides texts is none.
                    Some(Value::String(text)) if *name == "data" && !text.contains(' ') => {}
                    Some(value) => inline(value, cache, depth + 1, out),
                    None => {}
                }
            }
        }
        _ => {}
    }
}

/// A string as HTML: as it is, or its paragraphs.
fn html_of(text: &str) -> String {
    if text.len() < 20 {
        return String::new();
    }
    if text.contains("</") || text.contains("<br") {
        return text.to_owned();
    }
    let mut html = String::new();
    for paragraph in text
        .split("\n\n")
        .filter(|paragraph| !paragraph.trim().is_empty())
    {
        html.push_str("<p>");
        escape(paragraph, &mut html);
        html.push_str("</p>");
    }
    html
}

fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            c => out.push(c),
        }
    }
}

/// Whether a text reads like one: long, in sentences, of letters rather than signs.
fn is_prose(text: &str) -> bool {
    let (mut all, mut letters, mut signs, mut ends, mut words) =
        (0_usize, 0_usize, 0_usize, 0_usize, 0_usize);
    let mut before = ' ';
    for c in text.chars() {
        all += 1;
        letters += usize::from(c.is_alphanumeric());
        signs += usize::from(matches!(
            c,
            '{' | '}' | '[' | ']' | '<' | '>' | '=' | ';' | '_' | '\\' | '|'
        ));
        ends += usize::from(matches!(c, '。' | '！' | '？' | '।' | '؟'));
        if c.is_whitespace() {
            words += 1;
            ends += usize::from(matches!(before, '.' | '!' | '?' | '"' | '\u{201d}'));
        }
        before = c;
    }
    let is_spaced = words * 25 > all || text.chars().filter(|c| *c > '\u{2e80}').count() * 2 > all;
    all >= SHORTEST && letters * 10 > all * 6 && signs * 60 < all && ends >= 2 && is_spaced
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::html::ParseLimits;

    const SENTENCES: [&str; 3] = [
        "The ferry that was to replace the bridge came in on Monday morning, and nobody was on the pier to see it.",
        "Its captain, who had been told that a band would play, waited for an hour & then went to look for the mayor.",
        "The mayor was found in bed. He had been told that the ferry would come on Tuesday, with the other one.",
    ];

    fn found(script: &str) -> Option<String> {
        let html = format!("<title>The ferry came early</title><div id=root></div>{script}");
        let document = Document::parse(&html, &ParseLimits::default()).unwrap();
        find(&document, Some("The ferry came early")).map(|html| crate::html::plain_text(&html))
    }

    #[test]
    fn text_is_found_in_the_state_of_frameworks() {
        let [a, b, c] = SENTENCES;
        let html = format!("<p>{a}</p><p>{b}</p><p>{c}</p>");
        let whole = serde_json::json!({"props": {"pageProps": {"article": {"title": "The ferry came early", "body": html},
            "more": [{"title": "Another", "url": "/b", "body": html.replace("ferry", "boat").repeat(2)}]}}});
        let blocks = serde_json::json!({"content": {"blocks": [
            {"type": "header", "data": {"text": "At the pier"}},
            {"type": "paragraph", "data": {"text": a}},
            {"type": "paragraph", "data": {"text": b}},
            {"type": "paragraph", "data": {"text": c}}]}});
        let rich = serde_json::json!({"doc": {"type": "doc", "content": [
            {"type": "paragraph", "content": [{"type": "text", "text": a}]},
            {"type": "paragraph", "content": [{"type": "text", "text": b}, {"type": "text", "text": " "}]},
            {"type": "paragraph", "content": [{"type": "text", "text": c}]}]}});
        let quoted = serde_json::Value::String(rich.to_string()).to_string();
        for (what, script) in [
            (
                "Next",
                format!("<script id=__NEXT_DATA__ type='application/json'>{whole}</script>"),
            ),
            (
                "blocks",
                format!("<script type='application/json'>{blocks}</script>"),
            ),
            (
                "Apollo",
                format!("<script>window.__APOLLO_STATE__ = {rich};\nmore()</script>"),
            ),
            (
                "a quoted state",
                format!("<script>window.__INITIAL_STATE__ = JSON.parse({quoted})</script>"),
            ),
            (
                "Nuxt 3",
                format!("<script type=application/json id=__NUXT_DATA__>[[1],{whole}]</script>"),
            ),
        ] {
            let text = found(&script).unwrap_or_default();
            for sentence in SENTENCES {
                assert!(text.contains(sentence), "{what}: {text}");
            }
            assert!(!text.contains("boat"), "{what}: {text}");
        }
    }

    #[test]
    fn text_is_found_behind_references() {
        let [a, b, c] = SENTENCES;
        let another = format!("<p>{a}</p><p>{b}</p><p>{c}</p>")
            .replace("ferry", "boat")
            .repeat(2);
        let paragraph = |id: &str, text: &str| serde_json::json!({"__typename": "Paragraph", "id": id, "text": text, "of": {"__ref": "Article:1"}});
        let apollo = serde_json::json!({
            "ROOT_QUERY": {"article({\"slug\":\"ferry\"})": {"__ref": "Article:1"}},
            "Article:1": {"title": "The ferry came early", "content": {"__ref": "Content:1"}, "more": [{"__ref": "Article:2"}]},
            "Article:2": {"title": "The boat came late", "content": another},
            "Content:1": {"blocks": [{"__ref": "P:1"}, {"type": "id", "generated": false, "id": "P:2"}, {"__ref": "P:3"}]},
            "P:1": paragraph("1", a),
            "P:2": paragraph("2", b),
            "P:3": paragraph("3", c)
        });
        let next = serde_json::json!({"props": {"pageProps": {"__APOLLO_STATE__": apollo}}});
        let nuxt = serde_json::json!([
            ["ShallowReactive", 1], {"data": 2, "state": 14}, {"article": 3, "others": 12},
            {"title": 4, "paragraphs": 5}, "The ferry came early", [6, 8, 10],
            {"text": 7}, a, {"text": 9}, b, {"text": 11}, c,
            [13], another, {"user": -1, "itself": 1}
        ]);
        for (what, script) in [
            (
                "Apollo",
                format!("<script>window.__APOLLO_STATE__={apollo}</script>"),
            ),
            (
                "Apollo in Next",
                format!("<script id=__NEXT_DATA__ type='application/json'>{next}</script>"),
            ),
            (
                "Nuxt 3",
                format!("<script type=application/json id=__NUXT_DATA__>{nuxt}</script>"),
            ),
        ] {
            let text = found(&script).unwrap_or_default();
            let mut from = 0;
            for sentence in SENTENCES {
                let at = text.get(from..).and_then(|rest| rest.find(sentence));
                from += at.unwrap_or_else(|| panic!("{what}: {sentence} in {text}"));
            }
            assert!(!text.contains("boat"), "{what}: {text}");
        }
    }

    #[test]
    fn references_in_a_circle_come_to_an_end() {
        let wide: Vec<_> = (0..40)
            .map(|n| serde_json::json!({"__ref": format!("A:{n}")}))
            .collect();
        let mut cache = serde_json::Map::new();
        for n in 0..40 {
            cache.insert(
                format!("A:{n}"),
                serde_json::json!({"title": "The ferry came early", "content": wide, "blocks": wide}),
            );
        }
        let cache = serde_json::Value::Object(cache);
        assert_eq!(
            found(&format!("<script>window.__APOLLO_STATE__={cache}</script>")),
            None
        );
    }

    #[test]
    fn what_is_no_prose_is_not_taken() {
        let words = "menu.item.label ".repeat(40);
        for json in [
            serde_json::json!({"config": words}),
            serde_json::json!({"css": ".a { color: red; } .b { margin: 0; } ".repeat(20)}),
            serde_json::json!({"list": (0..50).map(|n| format!("Item {n}")).collect::<Vec<_>>()}),
            serde_json::json!({"comments": SENTENCES}),
        ] {
            assert_eq!(
                found(&format!("<script type='application/json'>{json}</script>")),
                None
            );
        }
        assert_eq!(found("<script type='application/json'>{\"a\": </script>"), None);
        assert_eq!(
            found("<script>window.__NUXT__=(function(a){return {}}(1))</script>"),
            None
        );
        let deep = format!("<script type='application/json'>{}</script>", "[".repeat(100_000));
        assert_eq!(found(&deep), None);
    }
}
