//! HTML as a tree: compiled selectors, clean text, sanitising, limits before parsing.
//!
//! The only module that names scraper and ammonia.

mod css;

pub use css::{Css, CssError};
