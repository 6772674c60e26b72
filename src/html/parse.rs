//! Parses a page: by the fast parser where the page allows it, else by html5ever. Both make the same tree.
//!
//! The fast parser is tried twice: on the page as it is, and if flattening changed the page, on the flattened one.
//! Worst case is therefore two quick passes, one scan and one pass of html5ever, each linear in the bytes of the page
//! times the limits of depth and width.

use std::borrow::Cow;

use super::flatten::flattened;
use super::limits::{LimitExceeded, ParseLimits};
use super::steps::StepBudget;
use super::tree::Document;
use super::{html5ever_parser, quick};

impl Document {
    /// Parses a decoded page. A page beyond the depths and widths of the limits is flattened; one of more bytes or
    /// nodes is an error.
    pub fn parse(html: &str, limits: &ParseLimits) -> Result<Self, LimitExceeded> {
        if html.len() > limits.bytes {
            return Err(LimitExceeded::Bytes(html.len()));
        }
        let html = normalise_newlines(html.strip_prefix('\u{feff}').unwrap_or(html));
        let steps = StepBudget::new(limits.steps);
        Ok(build(&html, limits, &steps)?.with_steps(steps))
    }
}

/// Builds the tree. Each try of the fast parser takes a step for every eight bytes, html5ever one for each byte and
/// each look at an open element. An error if the steps or the nodes exceed the limits.
fn build(html: &str, limits: &ParseLimits, steps: &StepBudget) -> Result<Document, LimitExceeded> {
    let parse_quick = |html: &str| {
        if steps.spend_text(html.len()) { Ok(quick::parse(html, limits)) } else { Err(LimitExceeded::Steps) }
    };
    if let Some(document) = parse_quick(html)? {
        return Ok(document);
    }
    let html = flattened(html, limits)?;
    if let Cow::Owned(html) = &html
        && let Some(document) = parse_quick(html)?
    {
        return Ok(document);
    }
    html5ever_parser::parse(&html, limits, steps)
}

/// Makes all line ends LF, as the standard does before tokenizing (WHATWG HTML, 13.2.3.5).
pub(super) fn normalise_newlines(html: &str) -> Cow<'_, str> {
    if memchr::memchr(b'\r', html.as_bytes()).is_none() {
        return html.into();
    }
    html.replace("\r\n", "\n").replace('\r', "\n").into()
}
