//! CSS selectors, compiled once and named as typed.

use std::fmt;

use scraper::Selector;

/// A compiled selector that remembers how it was typed.
#[derive(Clone)]
pub struct Css {
    typed: String,
    selector: Selector,
}

/// A selector that does not parse, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct CssError {
    /// Byte offset in the selector at which it stops making sense.
    pub offset: usize,
    /// What is wrong there, as a phrase.
    pub message: String,
}

impl Css {
    /// Compiles a selector.
    pub fn parse(typed: &str) -> Result<Self, CssError> {
        match Selector::parse(typed) {
            Ok(selector) => Ok(Self {
                typed: typed.to_owned(),
                selector,
            }),
            Err(error) => Err(CssError {
                offset: 0,
                message: error.to_string(),
            }),
        }
    }

    /// As it was typed.
    pub fn typed(&self) -> &str {
        &self.typed
    }

    /// The selector, for the tree.
    pub(crate) fn selector(&self) -> &Selector {
        &self.selector
    }
}

impl fmt::Debug for Css {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Css({:?})", self.typed)
    }
}
