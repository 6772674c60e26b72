//! HTML: parses pages into a tree, matches CSS selectors, extracts clean text, writes sanitised HTML and Markdown.
//!
//! Used by `extract`, by `feed` for listing pages and texts with markup, by `export` and by `config` for selectors. A
//! page takes this way:
//!
//! - [`decode`]: bytes to text;
//! - [`Document::parse`] (`parse`): text to a tree, by our own parser (`quick`) or html5ever (`flatten`,
//!   `html5ever_parser`), within [`ParseLimits`];
//! - [`Document::select`] (`css`, `matching`) and [`Selection`]: parts of the tree;
//! - [`blocks`] and [`text_line`] (`block_reader`, `text`): clean text of a part;
//! - [`sanitised`] (`sanitised`, `allowlist`) and [`markdown`]: the same as HTML and Markdown.
//!
//! Only this module uses html5ever, selectors and ammonia. It is pure: no input or output, no clock, and the same
//! limits in every build.

mod allowlist;
mod block;
mod block_reader;
mod buffer_pool;
mod css;
mod decode;
mod flatten;
mod html5ever_parser;
mod image;
mod limits;
mod markdown;
mod matching;
mod node;
mod parse;
mod quick;
mod sanitised;
mod selection;
mod steps;
mod tag;
mod text;
mod tree;
mod word_runs;

pub use block::{Block, BlockKind, join_blocks};
pub use css::{Css, CssError};
pub use decode::decode;
pub use image::image_source;
pub use limits::{LimitExceeded, ParseLimits};
pub use markdown::markdown;
pub use sanitised::{sanitise, sanitised};
pub use selection::Selection;
pub use tag::Tag;
pub use text::{blocks, collapse_whitespace, count_printed, text_line};
pub use tree::{Document, NodeId, NodeSet};

use url::Url;

/// Text and sanitised HTML of HTML that is not from a page, such as the text of a feed. Both are empty if it exceeds
/// the limits.
pub fn text_and_html(html: &str, base: &Url) -> (String, String) {
    let Ok(document) = Document::parse(html, &ParseLimits::default()) else {
        return Default::default();
    };
    let whole = Selection::whole(&document);
    (join_blocks(&blocks(&document, &whole)), sanitised(&document, &whole, base))
}

/// The text of a field that may contain markup or character references, as one line.
pub fn plain_text(text: &str) -> String {
    if !text.contains(['<', '&']) {
        return collapse_whitespace(text);
    }
    Document::parse(text, &ParseLimits::default())
        .ok()
        .and_then(|document| Some(text_line(&document, document.root()?)))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests;
