//! What a page says of its article in schema.org JSON-LD.
//!
//! Used by the fallback extractor, by the search for the body (`articleBody` as a hint) and to recognise paywalls. Of the
//! nodes of all scripts the likeliest is the article; nodes of the page fill what it leaves open, other articles do not.

mod parse;
mod values;

use serde_json::Value;

use self::parse::json_ld_values;
use self::values::{JsonLdNode, NodesById, images, is_a, names, text, types};
use crate::html::Document;
use crate::model::ImageSize;

/// Nodes of a page that are looked at.
const MOST_NODES: usize = 5000;

/// Parts of an article that are looked at, and selectors of them.
const MOST_PARTS: usize = 10;

/// Keywords of an article that are read.
const MOST_KEYWORDS: usize = 100;

/// The metadata of the article, as plain text.
#[derive(Debug, Default)]
pub(super) struct JsonLd {
    /// The node is a news article, or there is no node that could be one.
    pub(super) is_news: bool,
    pub(super) title: Option<String>,
    pub(super) standfirst: Option<String>,
    pub(super) authors: Vec<String>,
    /// All of the authors are organisations by their type.
    pub(super) by_organisation: bool,
    /// As written.
    pub(super) published: Option<String>,
    /// As written.
    pub(super) modified: Option<String>,
    /// `articleBody`: mostly without paragraphs, so a hint rather than a text.
    pub(super) body: Option<String>,
    /// URLs, relative ones as written, with their sizes.
    pub(super) images: Vec<(String, ImageSize)>,
    pub(super) language: Option<String>,
    /// Name of the publisher, else of the site.
    pub(super) site: Option<String>,
    /// `isAccessibleForFree`; false if a part is not.
    pub(super) is_free: Option<bool>,
    /// CSS selectors of the parts that are not free.
    pub(super) paid_selectors: Vec<String>,
    /// `wordCount` of the whole text.
    pub(super) word_count: Option<usize>,
    pub(super) section: Option<String>,
    /// Keywords, or lists of them separated by commas.
    pub(super) keywords: Vec<String>,
}

/// Reads the JSON-LD scripts of a page.
pub(super) fn read(document: &Document) -> JsonLd {
    let values = json_ld_values(document);
    let nodes = nodes(&values);
    let by_id: NodesById<'_> = nodes
        .iter()
        // A node with two properties is nothing but a reference.
        .filter(|node| node.len() > 2)
        .filter_map(|node| Some((node.get("@id")?.as_str()?, *node)))
        .collect();
    let mut ranked: Vec<(Rank, &JsonLdNode)> =
        nodes.iter().filter_map(|node| Some((rank(node)?, *node))).collect();
    ranked.sort_by_key(|(rank, _)| *rank);
    let mut json_ld = JsonLd::default();
    let Some((best, article)) = ranked.first().copied() else {
        json_ld.is_news = true;
        return json_ld;
    };
    json_ld.is_news = best > Rank::OtherWork
        || types(article).any(|name| name.contains("News") || name == "LiveBlogPosting");
    json_ld.fill_from_article(article, &by_id);
    for (rank, node) in ranked.iter().skip(1) {
        if *rank > best && *rank == Rank::Page {
            json_ld.fill_from_page(node);
        }
    }
    if json_ld.site.is_none() {
        let site = nodes.iter().find(|node| is_a(node, &["WebSite"]));
        json_ld.site = site.and_then(|site| text(site.get("name")?));
    }
    json_ld
}

/// The nodes that may be the page's own: top level, `@graph`, lists, and what the page says it is about.
fn nodes(values: &[Value]) -> Vec<&JsonLdNode> {
    let mut found = Vec::new();
    let mut open: Vec<&Value> = values.iter().rev().collect();
    while let Some(value) = open.pop() {
        match value {
            Value::Array(values) => open.extend(values.iter().rev()),
            Value::Object(node) => {
                if found.len() >= MOST_NODES {
                    break;
                }
                found.push(node);
                for key in ["mainEntity", "mainEntityOfPage", "@graph", "article", "item"] {
                    if let Some(inner @ (Value::Object(_) | Value::Array(_))) = node.get(key) {
                        open.push(inner);
                    }
                }
            }
            _ => {}
        }
    }
    found
}

/// How likely a node is the article, the likeliest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// An article with a title and its text.
    WholeArticle,
    /// An article with a title.
    TitledArticle,
    Article,
    /// A recipe, a video or the like with a headline and a date.
    OtherWork,
    /// The page around the article.
    Page,
}

/// None for nodes that are never the article.
fn rank(node: &JsonLdNode) -> Option<Rank> {
    const NEVER: &[&str] =
        &["BreadcrumbList", "Organization", "WebSite", "Person", "ImageObject", "ItemList"];
    const OTHER_WORKS: &[&str] =
        &["Recipe", "CreativeWork", "VideoObject", "MediaObject", "PodcastEpisode", "HowTo", "FAQPage"];
    const ARTICLES: &[&str] = &["BlogPosting", "LiveBlogPosting", "Report", "Review", "SocialMediaPosting"];
    let has = |key: &str| node.get(key).is_some_and(|value| !value.is_null());
    if is_a(node, NEVER) {
        return None;
    }
    let is_article = types(node).any(|name| {
        let name = name.rsplit(['/', ':']).next().unwrap_or(name);
        name.ends_with("Article") || ARTICLES.contains(&name)
    });
    if is_article {
        let is_titled = has("headline") || has("name");
        return Some(match (is_titled, has("articleBody")) {
            (true, true) => Rank::WholeArticle,
            (true, false) => Rank::TitledArticle,
            (false, _) => Rank::Article,
        });
    }
    if is_a(node, OTHER_WORKS) {
        return (has("headline") && has("datePublished")).then_some(Rank::OtherWork);
    }
    types(node).any(|name| name.ends_with("WebPage")).then_some(Rank::Page)
}

impl JsonLd {
    fn fill_from_article(&mut self, node: &JsonLdNode, by_id: &NodesById<'_>) {
        let get = |key: &str| node.get(key).and_then(text);
        let get_names = |key: &str| node.get(key).map(|value| names(value, by_id)).unwrap_or_default();
        self.title = get("headline").or_else(|| get("name"));
        self.standfirst = get("description");
        self.published = get("datePublished").or_else(|| get("dateCreated"));
        self.modified = get("dateModified");
        self.body = get("articleBody");
        self.language = get("inLanguage");
        self.word_count = get("wordCount").and_then(|words| words.parse().ok());
        self.fill_access(node);
        self.section = get("articleSection");
        self.keywords = match node.get("keywords") {
            Some(Value::Array(values)) => values.iter().take(MOST_KEYWORDS).filter_map(text).collect(),
            Some(value) => text(value).into_iter().collect(),
            None => Vec::new(),
        };
        self.authors = get_names("author");
        if self.authors.is_empty() {
            self.authors = get_names("creator");
        }
        self.by_organisation = !self.authors.is_empty() && node.get("author").is_some_and(are_organisations);
        self.site = get_names("publisher").into_iter().next();
        self.images = node.get("image").map(|value| images(value, by_id)).unwrap_or_default();
        if self.images.is_empty() {
            let thumbnail = get("thumbnailUrl").map(|url| (url, ImageSize::default()));
            self.images.extend(thumbnail);
        }
    }

    /// Fills from a node of the page what the article leaves open.
    fn fill_from_page(&mut self, node: &JsonLdNode) {
        let get = |key: &str| node.get(key).and_then(text);
        self.fill_access(node);
        self.published = self.published.take().or_else(|| get("datePublished"));
        self.modified = self.modified.take().or_else(|| get("dateModified"));
        self.language = self.language.take().or_else(|| get("inLanguage"));
        self.standfirst = self.standfirst.take().or_else(|| get("description"));
    }

    /// Fills in what is free and what is not (schema.org/isAccessibleForFree).
    fn fill_access(&mut self, node: &JsonLdNode) {
        let is_free = |node: &JsonLdNode| match node.get("isAccessibleForFree")? {
            Value::Bool(free) => Some(*free),
            Value::String(free) => Some(!free.eq_ignore_ascii_case("false")),
            _ => None,
        };
        self.is_free = self.is_free.or_else(|| is_free(node));
        if !self.paid_selectors.is_empty() {
            return;
        }
        let parts = list(node.get("hasPart"));
        let parts = parts.iter().filter_map(Value::as_object).take(MOST_PARTS);
        for part in parts.filter(|part| is_free(part) == Some(false)) {
            let Some(selectors @ (Value::Array(_) | Value::String(_))) = part.get("cssSelector") else {
                continue;
            };
            let selectors = list(Some(selectors)).iter().filter_map(Value::as_str);
            self.paid_selectors.extend(selectors.take(MOST_PARTS).map(str::to_owned));
            self.is_free = self.is_free.or(Some(false));
        }
        self.paid_selectors.truncate(MOST_PARTS);
    }
}

/// The values of a list, or the one value that stands for a list.
fn list(value: Option<&Value>) -> &[Value] {
    match value {
        Some(Value::Array(values)) => values,
        Some(value) => std::slice::from_ref(value),
        None => &[],
    }
}

/// True if an author, or each of several, is an organisation.
fn are_organisations(value: &Value) -> bool {
    let is_organisation = |value: &Value| {
        let node = value.as_object();
        node.is_some_and(|node| is_a(node, &["Organization", "NewsMediaOrganization"]))
    };
    list(Some(value)).iter().all(is_organisation)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::html::ParseLimits;

    fn json_ld(script: &str) -> JsonLd {
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
            assert_eq!(json_ld(script).title.as_deref(), Some("A b"), "{script}");
        }
        assert_eq!(json_ld("{").title, None);
        assert_eq!(json_ld(&"[".repeat(100_000)).title, None);
    }

    #[test]
    fn authors_are_found_behind_references() {
        let json_ld = json_ld(
            r##"{"@graph":[{"@type":"Article","headline":"x","author":[{"@id":"#a"},{"name":"B"},"C"]},
            {"@type":"Person","@id":"#a","name":"A"}]}"##,
        );
        assert_eq!(json_ld.authors, ["A", "B", "C"]);
    }
}
