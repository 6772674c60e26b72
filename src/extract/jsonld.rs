//! What a page says of itself in schema.org JSON-LD, read with patience.
//!
//! Publishers print it by template: control characters in strings, trailing commas, HTML comments and CDATA marks
//! around it, several values in one script. What can be repaired is; what cannot is left out, the rest of the scripts
//! still count.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::size::pixels;
use crate::html::{Document, Tag, plain_text};
use crate::model::ImageSize;

/// Longest script that is read, and most nodes of all scripts that are looked at.
const LONGEST: usize = 2 << 20;
const MOST_NODES: usize = 5000;

/// Parts of an article that are looked at, and selectors of them.
const MOST_PARTS: usize = 10;

/// The article node, its fields as plain text.
#[derive(Debug, Default)]
pub(super) struct Linked {
    /// Whether it is the article of a paper, or nothing is said of what it is.
    pub(super) is_news: bool,
    pub(super) title: Option<String>,
    pub(super) standfirst: Option<String>,
    pub(super) authors: Vec<String>,
    /// Whether all of them are organisations by their type.
    pub(super) by_organisation: bool,
    /// As printed.
    pub(super) published: Option<String>,
    pub(super) modified: Option<String>,
    /// Paragraphs are rarely kept; a second opinion, hardly a text.
    pub(super) body: Option<String>,
    pub(super) images: Vec<(String, ImageSize)>,
    pub(super) language: Option<String>,
    pub(super) site: Option<String>,
    /// Whether all of it may be read for nothing.
    pub(super) free: Option<bool>,
    /// Selectors of the parts that may not.
    pub(super) paid: Vec<String>,
    /// Words of the whole text.
    pub(super) words: Option<usize>,
    pub(super) section: Option<String>,
    /// Lists parted by commas, or one each.
    pub(super) keywords: Vec<String>,
}

type Object = Map<String, Value>;

/// Reads every JSON-LD script of a page.
pub(super) fn read(document: &Document) -> Linked {
    let values: Vec<Value> = scripts(document).flat_map(|script| parse(&script)).collect();
    let objects = objects(&values);
    let by_id: HashMap<&str, &Object> = objects
        .iter()
        .filter(|object| object.len() > 2)
        .filter_map(|object| Some((object.get("@id")?.as_str()?, *object)))
        .collect();
    let mut linked = Linked::default();
    let mut ranked: Vec<(u8, &Object)> = objects
        .iter()
        .filter_map(|object| Some((rank(object)?, *object)))
        .collect();
    ranked.sort_by_key(|(rank, _)| *rank);
    let Some((best, article)) = ranked.first().copied() else {
        linked.is_news = true;
        return linked;
    };
    linked.is_news =
        best > OTHER || kinds(article).any(|kind| kind.contains("News") || kind == "LiveBlogPosting");
    fill(&mut linked, article, &by_id);
    // The page around the article fills what the article leaves open; another article does not.
    for (rank, object) in ranked.iter().skip(1) {
        if *rank > best && *rank >= PAGE {
            fill_page(&mut linked, object);
        }
    }
    if linked.site.is_none() {
        linked.site = objects
            .iter()
            .find(|object| is_a(object, &["WebSite"]))
            .and_then(|object| text(object.get("name")?));
    }
    linked
}

fn scripts(document: &Document) -> impl Iterator<Item = String> {
    document
        .nodes()
        .filter(|at| document.tag(*at) == Tag::Script)
        .filter(|at| {
            document
                .attr(*at, "type")
                .is_some_and(|kind| kind.to_ascii_lowercase().contains("ld+json"))
        })
        .map(|at| {
            document
                .children(at)
                .filter_map(|child| document.text(child))
                .collect::<String>()
        })
        .filter(|script| script.len() <= LONGEST)
}

/// All values of a script; none where nothing helps.
fn parse(script: &str) -> Vec<Value> {
    let script = script.trim();
    let all = |text: &str| -> Option<Vec<Value>> {
        let values: Vec<Value> = serde_json::Deserializer::from_str(text)
            .into_iter::<Value>()
            .map_while(Result::ok)
            .collect();
        (!values.is_empty()).then_some(values)
    };
    if let Ok(value) = serde_json::from_str(script) {
        return vec![value];
    }
    let mended = mend(script);
    all(&mended).unwrap_or_default()
}

/// JSON out of what templates print: see the module.
fn mend(script: &str) -> String {
    let start = script.find(['{', '[']).unwrap_or(script.len());
    // `<![CDATA[` begins with a bracket, too.
    let start = script
        .find("CDATA[")
        .filter(|at| *at < start + 12)
        .map_or(start, |at| at + "CDATA[".len());
    let script = script.get(start..).unwrap_or_default();
    let mut out = String::with_capacity(script.len());
    let (mut quoted, mut escaped) = (false, false);
    let mut chars = script.chars().peekable();
    while let Some(c) = chars.next() {
        if !quoted {
            match c {
                '"' => quoted = true,
                ']' | '}' => {
                    let kept = out
                        .trim_end()
                        .trim_end_matches([',', ' ', '\n', '\t', '\r'])
                        .len();
                    out.truncate(kept);
                }
                ';' => continue,
                c if c.is_control() => {
                    out.push(' ');
                    continue;
                }
                _ => {}
            }
            out.push(c);
            continue;
        }
        match c {
            _ if escaped => {
                escaped = false;
                match c {
                    '"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't' | 'u' => {
                        out.push('\\');
                        out.push(c);
                    }
                    c if c.is_control() => out.push(' '),
                    c => out.push(c),
                }
            }
            '\\' => escaped = true,
            '"' => {
                // A quote that nothing of JSON follows is one of the text.
                let mut ahead = chars.clone().skip_while(|c| c.is_whitespace());
                let ends = matches!(ahead.next(), None | Some(',' | ':' | '}' | ']'));
                if ends {
                    quoted = false;
                    out.push('"');
                } else {
                    out.push_str("\\\"");
                }
            }
            '\n' => out.push_str("\\n"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// Every object that may be the page's own: top level, `@graph`, lists, and what the page says it is about.
fn objects(values: &[Value]) -> Vec<&Object> {
    let mut found = Vec::new();
    let mut open: Vec<&Value> = values.iter().rev().collect();
    while let Some(value) = open.pop() {
        match value {
            Value::Array(values) => open.extend(values.iter().rev()),
            Value::Object(object) => {
                if found.len() >= MOST_NODES {
                    break;
                }
                found.push(object);
                for key in [
                    "liveBlogUpdate",
                    "mainEntity",
                    "mainEntityOfPage",
                    "@graph",
                    "article",
                    "item",
                ] {
                    if key != "liveBlogUpdate"
                        && let Some(inner @ (Value::Object(_) | Value::Array(_))) = object.get(key)
                    {
                        open.push(inner);
                    }
                }
            }
            _ => {}
        }
    }
    found
}

/// From here on a node is another work, and from the next on of the page, not of the article.
const OTHER: u8 = 3;
const PAGE: u8 = 4;

/// How likely a node is the article; lower is better.
fn rank(object: &Object) -> Option<u8> {
    let has = |key: &str| object.get(key).is_some_and(|value| !value.is_null());
    if is_a(
        object,
        &[
            "BreadcrumbList",
            "Organization",
            "WebSite",
            "Person",
            "ImageObject",
            "ItemList",
        ],
    ) {
        return None;
    }
    let article = kinds(object).any(|kind| {
        let kind = kind.rsplit(['/', ':']).next().unwrap_or(kind);
        kind.ends_with("Article")
            || matches!(
                kind,
                "BlogPosting"
                    | "LiveBlogPosting"
                    | "Report"
                    | "Review"
                    | "AnalysisNewsArticle"
                    | "SocialMediaPosting"
            )
    });
    let titled = has("headline") || has("name");
    if article {
        return Some(match (has("articleBody"), titled) {
            (true, true) => 0,
            (_, true) => 1,
            _ => 2,
        });
    }
    if is_a(
        object,
        &[
            "Recipe",
            "CreativeWork",
            "VideoObject",
            "MediaObject",
            "PodcastEpisode",
            "HowTo",
            "FAQPage",
        ],
    ) {
        return (has("headline") && has("datePublished")).then_some(OTHER);
    }
    kinds(object)
        .any(|kind| kind.ends_with("WebPage"))
        .then_some(PAGE)
}

fn kinds(object: &Object) -> impl Iterator<Item = &str> {
    let kind = object.get("@type");
    let one = kind.and_then(Value::as_str).into_iter();
    let many = kind.and_then(Value::as_array).into_iter().flatten();
    one.chain(many.filter_map(Value::as_str))
}

fn is_a(object: &Object, names: &[&str]) -> bool {
    kinds(object).any(|kind| names.contains(&kind))
}

fn fill(linked: &mut Linked, object: &Object, by_id: &HashMap<&str, &Object>) {
    let get = |key: &str| object.get(key).and_then(text);
    linked.title = get("headline").or_else(|| get("name"));
    linked.standfirst = get("description");
    linked.published = get("datePublished").or_else(|| get("dateCreated"));
    linked.modified = get("dateModified");
    linked.body = get("articleBody");
    linked.language = get("inLanguage");
    linked.words = get("wordCount").and_then(|words| words.parse().ok());
    fill_price(linked, object);
    linked.section = get("articleSection");
    linked.keywords = match object.get("keywords") {
        Some(Value::Array(values)) => values.iter().take(100).filter_map(text).collect(),
        Some(value) => text(value).into_iter().collect(),
        None => Vec::new(),
    };
    let named = |value: &Value| names(value, by_id);
    linked.authors = object.get("author").map(named).unwrap_or_default();
    if linked.authors.is_empty() {
        linked.authors = object.get("creator").map(named).unwrap_or_default();
    }
    linked.by_organisation =
        !linked.authors.is_empty() && object.get("author").is_some_and(are_organisations);
    linked.site = object
        .get("publisher")
        .and_then(|value| named(value).into_iter().next());
    linked.images = object
        .get("image")
        .map(|value| images(value, by_id))
        .unwrap_or_default();
    if linked.images.is_empty() {
        let thumbnail = get("thumbnailUrl").into_iter();
        linked.images = thumbnail.map(|url| (url, ImageSize::default())).collect();
    }
}

/// What may be read for nothing, and what may not: of the article, else of its page.
fn fill_price(linked: &mut Linked, object: &Object) {
    let free = |object: &Object| match object.get("isAccessibleForFree")? {
        Value::Bool(free) => Some(*free),
        Value::String(free) => Some(!free.eq_ignore_ascii_case("false")),
        _ => None,
    };
    linked.free = linked.free.or_else(|| free(object));
    if !linked.paid.is_empty() {
        return;
    }
    let parts = match object.get("hasPart") {
        Some(Value::Array(parts)) => parts.as_slice(),
        Some(part) => std::slice::from_ref(part),
        None => &[],
    };
    let paid = parts.iter().filter_map(Value::as_object).take(MOST_PARTS);
    for part in paid.filter(|part| free(part) == Some(false)) {
        match part.get("cssSelector") {
            Some(Value::Array(selectors)) => {
                let selectors = selectors.iter().filter_map(Value::as_str).take(MOST_PARTS);
                linked.paid.extend(selectors.map(str::to_owned));
            }
            Some(Value::String(selector)) => linked.paid.push(selector.clone()),
            _ => continue,
        }
        linked.free = linked.free.or(Some(false));
    }
    linked.paid.truncate(MOST_PARTS);
}

fn are_organisations(value: &Value) -> bool {
    match value {
        Value::Array(values) => values.iter().all(|value| match value {
            Value::Object(object) => is_a(object, &["Organization", "NewsMediaOrganization"]),
            _ => false,
        }),
        Value::Object(object) => is_a(object, &["Organization", "NewsMediaOrganization"]),
        _ => false,
    }
}

/// What a page node knows of its article.
fn fill_page(linked: &mut Linked, object: &Object) {
    let get = |key: &str| object.get(key).and_then(text);
    fill_price(linked, object);
    linked.published = linked.published.take().or_else(|| get("datePublished"));
    linked.modified = linked.modified.take().or_else(|| get("dateModified"));
    linked.language = linked.language.take().or_else(|| get("inLanguage"));
    linked.standfirst = linked.standfirst.take().or_else(|| get("description"));
}

/// A value as clean text: itself, its first, its `name` or `@value`.
fn text(value: &Value) -> Option<String> {
    let mut value = value;
    for _ in 0..4 {
        value = match value {
            Value::Array(values) => values.first()?,
            Value::Object(object) => object.get("@value").or_else(|| object.get("name"))?,
            Value::Number(number) => return Some(number.to_string()),
            Value::String(text) => {
                // Escaped by the template and again by its filter for JSON.
                let twice = text.contains("&amp;").then(|| plain_text(text));
                let text = plain_text(twice.as_deref().unwrap_or(text));
                return (!text.is_empty()).then_some(text);
            }
            _ => return None,
        };
    }
    None
}

/// The names in an author or publisher: strings, objects, references, lists of them.
fn names(value: &Value, by_id: &HashMap<&str, &Object>) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![(value, 0)];
    while let Some((value, depth)) = open.pop() {
        if found.len() > 40 || depth > 4 {
            break;
        }
        match value {
            Value::Array(values) => open.extend(values.iter().rev().map(|value| (value, depth + 1))),
            Value::String(name) => found.push(plain_text(name)),
            Value::Object(object) => {
                let named = object
                    .get("name")
                    .or_else(|| by_id.get(object.get("@id")?.as_str()?)?.get("name"));
                if let Some(name @ (Value::String(_) | Value::Array(_))) = named {
                    open.push((name, depth + 1));
                } else {
                    let part = |key: &str| object.get(key).and_then(text);
                    let whole = [part("givenName"), part("familyName")];
                    let whole: Vec<String> = whole.into_iter().flatten().collect();
                    if !whole.is_empty() {
                        found.push(whole.join(" "));
                    }
                }
            }
            _ => {}
        }
    }
    found.retain(|name| !name.is_empty());
    found
}

/// The URLs in an image, each with its size: strings, objects, references, lists of them.
fn images(value: &Value, by_id: &HashMap<&str, &Object>) -> Vec<(String, ImageSize)> {
    let mut found = Vec::new();
    let mut open = vec![(value, ImageSize::default(), 0)];
    while let Some((value, size, depth)) = open.pop() {
        if found.len() > 40 || depth > 4 {
            break;
        }
        match value {
            Value::Array(values) => {
                open.extend(values.iter().rev().map(|value| (value, size, depth + 1)));
            }
            Value::String(url) => found.push((url.trim().to_owned(), size)),
            Value::Object(object) => {
                let id = object.get("@id");
                let referred = || by_id.get(id?.as_str()?).copied();
                let own = file_of(object).map(|url| (url, object));
                let found = own.or_else(|| referred().and_then(|node| Some((file_of(node)?, node))));
                if let Some((url, node)) = found {
                    open.push((url, size_of(node), depth + 1));
                } else if let Some(id) = id {
                    open.push((id, size_of(object), depth + 1));
                }
            }
            _ => {}
        }
    }
    found
}

/// The file of an `ImageObject`.
fn file_of(object: &Object) -> Option<&Value> {
    object.get("url").or_else(|| object.get("contentUrl"))
}

/// `width` and `height`: numbers, texts such as `1200px`, or a `QuantitativeValue`.
fn size_of(object: &Object) -> ImageSize {
    let side = |name| {
        let value = object.get(name)?;
        let value = value.get("value").unwrap_or(value);
        match value {
            Value::Number(number) => pixels(&number.to_string()),
            Value::String(text) => pixels(text),
            _ => None,
        }
    };
    ImageSize {
        width: side("width"),
        height: side("height"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::html::ParseLimits;

    fn linked(script: &str) -> Linked {
        let html = format!("<script type='application/ld+json'>{script}</script>");
        read(&Document::parse(&html, &ParseLimits::default()).unwrap())
    }

    #[test]
    fn broken_json_is_read_all_the_same() {
        for script in [
            r#"{"@type":"NewsArticle","headline":"A b"}"#,
            "{\"@type\":\"NewsArticle\",\"headline\":\"A\nb\",}",
            r#"<!-- {"@type":["Thing","NewsArticle"],"headline":"A &amp;nbsp;b", "keywords":["x",],} -->"#,
            "//<![CDATA[\n{\"@type\":\"NewsArticle\",\"headline\":\"A b\"};\n//]]>",
            r#"[{"@type":"WebSite","name":"x"},{"@graph":[{"@type":"NewsArticle","headline":"A b"}]}]"#,
            r#"{"@type":"WebPage","name":"y","mainEntity":{"@type":"BlogPosting","headline":"A b"}}"#,
            r#"{"@type":"NewsArticle","headline":"A b","description":"he said "no" twice"}"#,
            r#"{"@type":"NewsArticle","headline":"\A b"}"#,
        ] {
            assert_eq!(linked(script).title.as_deref(), Some("A b"), "{script}");
        }
        assert_eq!(linked("{").title, None);
        assert_eq!(linked(&"[".repeat(100_000)).title, None);
    }

    #[test]
    fn authors_are_found_behind_references() {
        let linked = linked(
            r##"{"@graph":[{"@type":"Article","headline":"x","author":[{"@id":"#a"},{"name":"B"},"C"]},
            {"@type":"Person","@id":"#a","name":"A"}]}"##,
        );
        assert_eq!(linked.authors, ["A", "B", "C"]);
    }
}
