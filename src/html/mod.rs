//! HTML as a tree: compiled selectors, clean text, sanitising, limits before parsing.
//!
//! The only module that names html5ever, selectors and ammonia.

mod allowed;
mod clip;
mod css;
mod decode;
mod full;
mod image;
mod limits;
mod markdown;
mod matching;
mod quick;
mod render;
mod room;
mod runs;
mod tag;
mod text;
mod tree;
mod walk;

pub use clip::Clip;
pub use css::{Css, CssError};
pub use decode::decode;
pub use image::image_source;
pub use limits::{Limits, TooMuch};
pub use markdown::markdown;
pub use render::{sanitise, sanitised};
pub use tag::Tag;
pub use text::{Block, Shape, blocks, join, line, printed, tidy};
pub use tree::{At, Document, Marks};

use url::Url;

/// Text and sanitised HTML of a piece of HTML from elsewhere, such as a feed's own text. Both are empty where it is
/// more than we parse.
pub fn fragment(html: &str, base: &Url) -> (String, String) {
    let Ok(document) = Document::parse(html, &Limits::default()) else {
        return Default::default();
    };
    let Some(root) = document.all().next() else {
        return Default::default();
    };
    let clip = Clip::of(&document, root);
    (join(&blocks(&document, &clip)), sanitised(&document, &clip, base))
}

/// Text out of a field that may hold markup or character references, as one line.
pub fn plain(text: &str) -> String {
    if !text.contains(['<', '&']) {
        return tidy(text);
    }
    let Ok(document) = Document::parse(text, &Limits::default()) else {
        return String::new();
    };
    document
        .all()
        .next()
        .map(|root| line(&document, root))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests;
