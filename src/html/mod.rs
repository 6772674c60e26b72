//! HTML as a tree: compiled selectors, clean text, sanitising, limits before parsing.
//!
//! The only module that names html5ever, selectors and ammonia.

mod allowed;
mod buffer_pool;
mod css;
mod decode;
mod full;
mod image;
mod limits;
mod markdown;
mod matching;
mod quick;
mod render;
mod runs;
mod selection;
mod steps;
mod tag;
mod text;
mod tree;
mod walk;

pub use css::{Css, CssError};
pub use decode::decode;
pub use image::image_source;
pub use limits::{LimitExceeded, ParseLimits};
pub use markdown::markdown;
pub use render::{sanitise, sanitised};
pub use selection::Selection;
pub use tag::Tag;
pub use text::{Block, BlockKind, blocks, collapse_whitespace, count_printed, join_blocks, text_line};
pub use tree::{Document, NodeId, NodeSet};

use url::Url;

/// Text and sanitised HTML of a piece of HTML from elsewhere, such as a feed's own text. Both are empty where it is
/// more than we parse.
pub fn text_and_html(html: &str, base: &Url) -> (String, String) {
    let Ok(document) = Document::parse(html, &ParseLimits::default()) else {
        return Default::default();
    };
    let Some(root) = document.nodes().next() else {
        return Default::default();
    };
    let clip = Selection::of(&document, root);
    (
        join_blocks(&blocks(&document, &clip)),
        sanitised(&document, &clip, base),
    )
}

/// Text out of a field that may hold markup or character references, as one line.
pub fn plain_text(text: &str) -> String {
    if !text.contains(['<', '&']) {
        return collapse_whitespace(text);
    }
    let Ok(document) = Document::parse(text, &ParseLimits::default()) else {
        return String::new();
    };
    document
        .nodes()
        .next()
        .map(|root| text_line(&document, root))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests;
