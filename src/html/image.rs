//! The file of an image, also of one that a script would load later.

use url::Url;

use super::allowed::web;
use super::tag::Tag;
use super::tree::{Document, NodeId};

/// The URL of an image: the widest of its set, what a script would load, what it has, in that order.
pub fn image_source(document: &Document, at: NodeId, base: &Url) -> Option<Url> {
    const LAZY: &[&str] = &[
        "data-src",
        "data-original",
        "data-lazy-src",
        "data-url",
        "data-image",
        "data-full-src",
        "data-hi-res-src",
        "data-img-src",
    ];
    let largest_of = |at: NodeId, name: &str| document.attr(at, name).and_then(largest);
    let lazy_set = ["data-srcset", "data-lazy-srcset"]
        .into_iter()
        .find_map(|name| largest_of(at, name));
    let lazy = LAZY.iter().filter_map(|name| document.attr(at, name));
    // Of a <picture>, whose <img> is for browsers that know none.
    let sources = document
        .parent(at)
        .filter(|outer| document.tag(*outer) == Tag::Picture)
        .into_iter()
        .flat_map(|picture| document.children(picture))
        .filter(|child| document.tag(*child) == Tag::Source)
        .filter_map(|source| largest_of(source, "srcset").or_else(|| largest_of(source, "data-srcset")));
    lazy_set
        .into_iter()
        .chain(lazy)
        .chain(largest_of(at, "srcset"))
        .chain(document.attr(at, "src").filter(|src| !is_placeholder(src)))
        .chain(sources)
        .chain(document.attr(at, "src"))
        .find_map(|src| web(base, src))
}

/// Whether a file is named like those that stand in until a script brings the image.
fn is_placeholder(src: &str) -> bool {
    let file = src.rsplit('/').next().unwrap_or(src).to_ascii_lowercase();
    [
        "blank.",
        "placeholder",
        "spacer",
        "pixel.",
        "1x1",
        "transparent",
        "lazy",
        "loading",
        "grey.gif",
    ]
    .iter()
    .any(|name| file.contains(name))
}

/// The widest of a `srcset`.
fn largest(set: &str) -> Option<&str> {
    // WHATWG HTML, 4.8.4.2.1: a URL up to white space, a size up to a comma; commas within a URL are its own.
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
        let size = size
            .trim_end_matches(|c: char| c.is_ascii_alphabetic())
            .parse()
            .unwrap_or(1.0);
        if best.is_none_or(|(_, largest)| size > largest) {
            best = Some((whole, size));
        }
    }
}
