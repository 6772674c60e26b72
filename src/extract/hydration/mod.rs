//! The text of a page that shows none without scripts, from the JSON that its scripts would show (hydration data).
//!
//! `__NEXT_DATA__`, Nuxt, Apollo and the like differ in where the text stands. They agree in its form: one long string of
//! HTML or prose, or a list of blocks with prose in each. This is the last resort, so the text must look like prose.

mod references;

#[cfg(test)]
mod tests;

use serde_json::Value;

use self::references::{ApolloCache, resolve_flat_list};
use super::words::fold;
use crate::html::{Document, Tag, plain_text};

/// Bytes of all scripts of a page that are read.
const MOST_BYTES: usize = 4 << 20;

/// Characters of a text that is accepted as prose.
const LEAST_PROSE: usize = 250;

/// Bytes: a shorter string is no text.
const SHORTEST_STRING: usize = 20;

/// References within one another that are followed to look for the text.
const MOST_HOPS: usize = 6;

/// Depth of the strings within a block. A reference counts for three levels.
const DEEPEST_INLINE: usize = 8;
const REFERENCE_DEPTH: usize = 3;

/// Global variables that hydration JSON is assigned to.
#[rustfmt::skip]
const VARIABLES: &[&str] = &[
    "__NEXT_DATA__", "__NUXT__", "__APOLLO_STATE__", "__INITIAL_STATE__", "__INITIAL_DATA__",
    "__PRELOADED_STATE__", "__PRELOADED_DATA__", "__STATE__", "__DATA__", "globalContent",
];

/// Properties of a block that hold its text.
#[rustfmt::skip]
const TEXT_KEYS: &[&str] = &[
    "text", "value", "content", "html", "body", "markup", "children", "nodes", "paragraph", "paragraphs",
    "data", "items", "spans",
];

/// Properties that never hold the article.
#[rustfmt::skip]
const OTHER_KEYS: &[&str] = &[
    "comments", "related", "relatedArticles", "recommended", "recommendations", "teasers", "navigation", "menu",
    "footer", "header", "translations", "messages", "i18n", "captions",
];

/// The HTML of the article from the JSON of a page's scripts; none without prose. Text below an object with the page's
/// title is preferred.
pub(super) fn find_text(document: &Document, title: Option<&str>) -> Option<String> {
    let mut search = TextSearch {
        document,
        title: title.map(fold).filter(|title| title.len() > 8),
        html: String::new(),
        score: 0,
    };
    // Bytes that may still be parsed.
    let mut left = MOST_BYTES;
    for at in document.nodes().filter(|at| document.tag(*at) == Tag::Script) {
        let text = document.children(at).next().and_then(|text| document.text(text));
        let kind = document.attr(at, "type").unwrap_or_default().trim().to_ascii_lowercase();
        let Some(text) = text.filter(|text| text.len() <= left && kind != "application/ld+json") else {
            continue;
        };
        let Some(value) = json_of_script(text, kind.ends_with("json")) else {
            continue;
        };
        left -= text.len();
        // Nuxt 3; all others are read as they are.
        let value = resolve_flat_list(&value).unwrap_or(value);
        search.visit(&value, &ApolloCache::of(&value), false, 0);
    }
    (search.score > 0).then_some(search.html)
}

/// A text as HTML if it reads like prose.
pub(super) fn prose_html(text: &str) -> Option<String> {
    let html = string_html(text);
    is_prose(&plain_text(&html)).then_some(html)
}

/// The JSON that a script is, or that it assigns to one of [`VARIABLES`].
fn json_of_script(script: &str, is_json: bool) -> Option<Value> {
    let first_value = |text: &str| serde_json::Deserializer::from_str(text).into_iter::<Value>().next()?.ok();
    if is_json {
        return first_value(script);
    }
    VARIABLES.iter().find_map(|name| {
        let (_, rest) = script.split_once(name)?;
        let (between, value) = rest.split_once('=')?;
        // Quotes and brackets of `window["…"]`.
        if between.len() > 4 {
            return None;
        }
        let value = value.trim_start();
        match value.strip_prefix("JSON.parse(") {
            Some(quoted) => first_value(first_value(quoted)?.as_str()?),
            None if value.starts_with(['{', '[']) => first_value(value),
            None => None,
        }
    })
}

/// The search for the best text in the JSON of a page.
struct TextSearch<'d> {
    /// The page, which carries the budget of steps: each value that is visited takes some.
    document: &'d Document,
    /// The page's title, folded.
    title: Option<String>,
    /// The best text so far.
    html: String,
    /// Its length; four times that below the title. 0 is none.
    score: usize,
}

impl TextSearch<'_> {
    /// Looks for the text in a value. `is_titled`: an object around it has the page's title. `hops`: references that
    /// were followed to it.
    fn visit(&mut self, value: &Value, cache: &ApolloCache<'_>, is_titled: bool, hops: usize) {
        if !self.document.spend_text(value.as_str().map_or(0, str::len)) {
            return;
        }
        match value {
            Value::String(text) => self.offer(string_html(text), is_titled),
            Value::Array(values) => {
                // The list as one text: the paragraphs of an article are mostly blocks of one list.
                let blocks: String = values
                    .iter()
                    .filter_map(|value| match cache.follow(value) {
                        Some(target) => (!self.is_of_another(target)).then_some(target),
                        None => Some(value),
                    })
                    .filter(|value| !is_teaser(value))
                    .map(|value| self.block_html(value, cache))
                    .collect();
                self.offer(blocks, is_titled);
                for value in values {
                    self.visit(value, cache, is_titled && !is_teaser(value), hops);
                }
            }
            Value::Object(fields) => {
                // The target is visited where it stands, too. It is followed for what belongs to the title.
                if let Some(target) = cache.follow(value).filter(|_| is_titled && hops < MOST_HOPS) {
                    if !self.is_of_another(target) {
                        self.visit(target, cache, true, hops + 1);
                    }
                    return;
                }
                let is_titled = is_titled || self.has_title(value);
                for (name, value) in fields {
                    if !OTHER_KEYS.contains(&name.as_str()) {
                        self.visit(value, cache, is_titled, hops);
                    }
                }
            }
            _ => {}
        }
    }

    /// True if a string of an object is the page's title.
    fn has_title(&self, object: &Value) -> bool {
        let mut strings = object.as_object().into_iter().flat_map(serde_json::Map::values);
        self.title.as_deref().is_some_and(|title| {
            strings.any(|value| {
                let text = value.as_str().filter(|text| text.len() < 500);
                text.is_some_and(|text| fold(text) == title)
            })
        })
    }

    /// True if a value has a title, and not that of the page.
    fn is_of_another(&self, value: &Value) -> bool {
        let mut titles =
            ["title", "headline"].iter().filter_map(|name| value.get(name)?.as_str()).map(fold).peekable();
        titles.peek().is_some() && titles.all(|title| Some(title) != self.title)
    }

    /// Takes a text if it is the best so far.
    fn offer(&mut self, html: String, is_titled: bool) {
        if html.len() < LEAST_PROSE {
            return;
        }
        // A text below the title beats one elsewhere that is up to four times as long.
        let score = if is_titled { html.len() * 4 } else { html.len() };
        if score > self.score && is_prose(&plain_text(&html)) {
            self.score = score;
            self.html = html;
        }
    }

    /// A block as HTML, by its type a paragraph, heading or quotation; empty if it has no text.
    fn block_html(&self, value: &Value, cache: &ApolloCache<'_>) -> String {
        if let Value::String(text) = value {
            return string_html(text);
        }
        let mut inner = String::new();
        self.push_inline(value, cache, 0, &mut inner);
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

    /// Appends the strings within a block, one after the other.
    fn push_inline(&self, value: &Value, cache: &ApolloCache<'_>, depth: usize, out: &mut String) {
        if depth > DEEPEST_INLINE || !self.document.spend_text(value.as_str().map_or(0, str::len)) {
            return;
        }
        match value {
            Value::String(text) if text.contains('<') => out.push_str(text),
            Value::String(text) => push_escaped(text, out),
            Value::Array(values) => {
                for value in values {
                    self.push_inline(value, cache, depth + 1, out);
                }
            }
            Value::Object(fields) => {
                if let Some(target) = cache.follow(value) {
                    // A text consists of few references; behind many of them stands everything.
                    return self.push_inline(target, cache, depth + REFERENCE_DEPTH, out);
                }
                for name in TEXT_KEYS {
                    match fields.get(*name) {
                        // A word in `data` is no text but a value.
                        Some(Value::String(text)) if *name == "data" && !text.contains(' ') => {}
                        Some(value) => self.push_inline(value, cache, depth + 1, out),
                        None => {}
                    }
                }
            }
            _ => {}
        }
    }
}

/// True for an entry of a list of other articles: it has a title and a link.
fn is_teaser(value: &Value) -> bool {
    let has = |names: &[&str]| names.iter().any(|name| value.get(name).is_some_and(Value::is_string));
    has(&["title", "headline", "heading"]) && has(&["url", "href", "link", "slug", "path", "permalink"])
}

/// A string as HTML: as it is if it has tags, else its paragraphs; empty if it is short.
fn string_html(text: &str) -> String {
    if text.len() < SHORTEST_STRING {
        return String::new();
    }
    if text.contains("</") || text.contains("<br") {
        return text.to_owned();
    }
    let mut html = String::new();
    for paragraph in text.split("\n\n").filter(|paragraph| !paragraph.trim().is_empty()) {
        html.push_str("<p>");
        push_escaped(paragraph, &mut html);
        html.push_str("</p>");
    }
    html
}

/// Appends a text with `&` and `<` escaped for HTML.
fn push_escaped(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            c => out.push(c),
        }
    }
}

/// True if a text reads like prose: long, in sentences, with words, of letters rather than signs.
fn is_prose(text: &str) -> bool {
    let (mut all, mut letters, mut signs, mut ends, mut words) =
        (0_usize, 0_usize, 0_usize, 0_usize, 0_usize);
    let mut before = ' ';
    for c in text.chars() {
        all += 1;
        letters += usize::from(c.is_alphanumeric());
        signs += usize::from(matches!(c, '{' | '}' | '[' | ']' | '<' | '>' | '=' | ';' | '_' | '\\' | '|'));
        ends += usize::from(matches!(c, '。' | '！' | '？' | '।' | '؟'));
        if c.is_whitespace() {
            words += 1;
            ends += usize::from(matches!(before, '.' | '!' | '?' | '"' | '\u{201d}'));
        }
        before = c;
    }
    let is_spaced = words * 25 > all || text.chars().filter(|c| *c > '\u{2e80}').count() * 2 > all;
    all >= LEAST_PROSE && letters * 10 > all * 6 && signs * 60 < all && ends >= 2 && is_spaced
}
