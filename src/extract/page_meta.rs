//! The metadata of a page in HTML: `<meta>`, `<link>`, `<title>`, `<base>`, `<html lang>`, and its headings.

use std::collections::HashMap;

use super::image_attributes::pixels;
use crate::html::{Document, NodeId, Tag, collapse_whitespace, plain_text, text_line};
use crate::model::ImageSize;

/// Headings of one level that are kept.
const MOST_HEADINGS: usize = 40;

/// Names of one `<meta>` that count: each has a copy of its content.
const MOST_NAMES: usize = 16;

/// The metadata of a page. Texts are tidy and their character references decoded.
#[derive(Debug, Default)]
pub(super) struct PageMeta {
    /// Contents of `<meta>` by `property`, `name`, `itemprop` or `http-equiv` in lower case, in document order.
    values: HashMap<String, Vec<String>>,
    /// `<title>`, the first with text.
    pub(super) title: Option<String>,
    /// `<h1>` elements with text, in document order.
    pub(super) h1: Vec<(NodeId, String)>,
    /// `<h2>` elements with text, in document order.
    pub(super) h2: Vec<(NodeId, String)>,
    /// `<html lang>`.
    pub(super) language: Option<String>,
    /// `rel` in lower case and `href` of the `<link>` elements, in document order.
    links: Vec<(String, String)>,
    /// `<base href>`, the first that is not empty.
    pub(super) base: Option<String>,
    /// The images for sharing (Open Graph), in document order.
    pub(super) shared_images: Vec<SharedImage>,
}

/// An image for sharing.
#[derive(Debug, Default)]
pub(super) struct SharedImage {
    /// `og:image`, `og:image:url`, `og:image:secure_url`: URLs of the same image.
    pub(super) urls: Vec<String>,
    /// `og:image:width` and `og:image:height`.
    pub(super) size: ImageSize,
}

impl PageMeta {
    /// Reads the whole page, since pages have such elements in their body, too.
    pub(super) fn read(document: &Document) -> Self {
        let mut meta = Self::default();
        for at in document.nodes() {
            match document.tag(at) {
                Tag::Meta => meta.add_meta(document, at),
                Tag::Title if meta.title.is_none() => meta.title = title(document, at),
                Tag::H1 => add_heading(&mut meta.h1, document, at),
                Tag::H2 => add_heading(&mut meta.h2, document, at),
                Tag::Html => meta.language = document.attr(at, "lang").map(str::to_owned),
                Tag::Link => {
                    if let (Some(rel), Some(href)) = (document.attr(at, "rel"), document.attr(at, "href")) {
                        meta.links.push((rel.to_ascii_lowercase(), href.to_owned()));
                    }
                }
                Tag::Base if meta.base.is_none() => {
                    let href = document.attr(at, "href").map(str::trim);
                    meta.base = href.filter(|href| !href.is_empty()).map(str::to_owned);
                }
                _ => {}
            }
        }
        meta
    }

    fn add_meta(&mut self, document: &Document, at: NodeId) {
        let Some(content) = document.attr(at, "content").or_else(|| document.attr(at, "value")) else {
            return;
        };
        let content = if content.contains('&') { plain_text(content) } else { collapse_whitespace(content) };
        if content.is_empty() {
            return;
        }
        for key in ["property", "name", "itemprop", "http-equiv"] {
            let names = document.attr(at, key).unwrap_or_default().split_whitespace();
            for name in names.take(MOST_NAMES) {
                let name = name.to_ascii_lowercase();
                if let Some(property) = name.strip_prefix("og:image") {
                    self.add_shared_image(property, &content);
                }
                self.values.entry(name).or_default().push(content.clone());
            }
        }
    }

    /// Adds a property of an image for sharing. The properties follow the URL of their image (ogp.me, structured
    /// properties); in some templates those of the first image stand before it.
    fn add_shared_image(&mut self, property: &str, content: &str) {
        let begins =
            property.is_empty() && self.shared_images.last().is_none_or(|image| !image.urls.is_empty());
        if begins || self.shared_images.is_empty() {
            self.shared_images.push(SharedImage::default());
        }
        let Some(SharedImage { urls, size }) = self.shared_images.last_mut() else {
            return;
        };
        match property {
            "" | ":url" | ":secure_url" => urls.push(content.to_owned()),
            ":width" => size.width = size.width.or_else(|| pixels(content)),
            ":height" => size.height = size.height.or_else(|| pixels(content)),
            _ => {}
        }
    }

    /// All contents of a name, in document order.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.values.get(name).into_iter().flatten().map(String::as_str)
    }

    /// All contents of the names that fit, sorted by name.
    pub(super) fn all_matching(&self, fits: fn(&str) -> bool) -> impl Iterator<Item = &str> {
        let mut names: Vec<&str> = self.values.keys().map(String::as_str).filter(|name| fits(name)).collect();
        names.sort_unstable();
        names.into_iter().flat_map(|name| self.all(name))
    }

    /// The first content of the first of `names` that has one.
    pub(super) fn first(&self, names: &[&str]) -> Option<&str> {
        names.iter().find_map(|name| self.all(name).next())
    }

    /// The `href` of the first `<link>` with a relation.
    pub(super) fn link(&self, rel: &str) -> Option<&str> {
        self.links
            .iter()
            .find(|(rels, _)| rels.split_whitespace().any(|known| known == rel))
            .map(|(_, href)| href.as_str())
    }

    /// The name of the site.
    pub(super) fn site(&self) -> Option<&str> {
        self.first(&[
            "og:site_name", "application-name", "al:android:app_name", "publisher", "dc.publisher",
            "twitter:app:name:iphone",
        ])
        .filter(|name| name.chars().count() < 60 && !name.starts_with("http"))
    }
}

/// The text of a `<title>`; none for that of an SVG.
fn title(document: &Document, at: NodeId) -> Option<String> {
    let in_svg = document.ancestors(at).any(|outer| document.tag(outer) == Tag::Svg);
    let texts = document.children(at).filter_map(|child| document.text(child));
    let title = plain_text(&texts.collect::<String>());
    (!title.is_empty() && !in_svg).then_some(title)
}

fn add_heading(headings: &mut Vec<(NodeId, String)>, document: &Document, at: NodeId) {
    if headings.len() < MOST_HEADINGS {
        let text = text_line(document, at);
        if !text.is_empty() {
            headings.push((at, text));
        }
    }
}
