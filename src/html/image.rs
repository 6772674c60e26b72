//! The URL of an image, of one that a script loads later, too.
//!
//! Sites keep the real URL in an attribute of their own until the image comes into view, and put a placeholder into
//! `src`.

use url::Url;

use super::allowlist::web_url;
use super::tag::Tag;
use super::tree::{Document, NodeId};

/// Attributes from which scripts load an image when it comes into view.
const LAZY_SOURCES: [&str; 8] = [
    "data-src", "data-original", "data-lazy-src", "data-url", "data-image", "data-full-src",
    "data-hi-res-src", "data-img-src",
];

/// Parts of file names of images that are replaced when a script loads the real one.
const PLACEHOLDERS: [&str; 9] =
    ["blank.", "placeholder", "spacer", "pixel.", "1x1", "transparent", "lazy", "loading", "grey.gif"];

/// The absolute http or https URL of an `<img>`. In this order: the largest of a lazy set, a lazy source, the largest
/// of its `srcset`, its `src` unless that is a placeholder, the sources of the `<picture>` around it, its `src`.
pub fn image_source(document: &Document, id: NodeId, base: &Url) -> Option<Url> {
    let largest_of = |id: NodeId, name: &str| document.attr(id, name).and_then(largest);
    let lazy_set = ["data-srcset", "data-lazy-srcset"].into_iter().find_map(|name| largest_of(id, name));
    let lazy = LAZY_SOURCES.iter().filter_map(|name| document.attr(id, name));
    let sources = document
        .parent(id)
        .filter(|outer| document.tag(*outer) == Tag::Picture)
        .into_iter()
        .flat_map(|picture| document.children(picture))
        .filter(|child| document.tag(*child) == Tag::Source)
        .filter_map(|source| largest_of(source, "srcset").or_else(|| largest_of(source, "data-srcset")));
    lazy_set
        .into_iter()
        .chain(lazy)
        .chain(largest_of(id, "srcset"))
        .chain(document.attr(id, "src").filter(|src| !is_placeholder(src)))
        .chain(sources)
        .chain(document.attr(id, "src"))
        .find_map(|src| web_url(base, src))
}

/// Whether the file name of a URL is that of a placeholder.
fn is_placeholder(src: &str) -> bool {
    // Names of folders do not count.
    let file = src.rsplit('/').next().unwrap_or(src).to_ascii_lowercase();
    PLACEHOLDERS.iter().any(|name| file.contains(name))
}

/// The URL of the widest image of a `srcset`: candidates are separated by commas, which URLs may contain, too (WHATWG
/// HTML, 4.8.4.2.1).
fn largest(set: &str) -> Option<&str> {
    let mut best: Option<(&str, f64)> = None;
    let mut rest = set;
    loop {
        rest = rest.trim_start_matches(|c: char| c == ',' || c.is_whitespace());
        if rest.is_empty() {
            return best.map(|(url, _)| url);
        }
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        let (url, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
        let whole = url.trim_end_matches(',');
        let size = if whole.len() < url.len() {
            rest = after;
            ""
        } else {
            let end = after.find(',').unwrap_or(after.len());
            let (size, later) = after.split_at_checked(end).unwrap_or((after, ""));
            rest = later;
            size.trim()
        };
        let size = size.trim_end_matches(|c: char| c.is_ascii_alphabetic()).parse().unwrap_or(1.0);
        if best.is_none_or(|(_, largest)| size > largest) {
            best = Some((whole, size));
        }
    }
}
