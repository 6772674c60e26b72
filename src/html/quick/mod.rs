//! A fast parser for ordinary pages. [`parse`] is its only door: a [`Document`], or `None` when it gives up.
//!
//! **What it accepts.** Pages that the tree construction rules of the HTML standard (WHATWG HTML, 13.2.6) build in
//! document order, so that no node is moved or removed after it was inserted. It reads the page once, copies no text
//! that stands in the page as it is, and appends nodes to a flat list. About 19 of 20 pages of the test corpora are
//! of this kind.
//!
//! **When it gives up.** At the first token that would need anything else: formatting elements that overlap blocks
//! (the moving part of the adoption agency algorithm), text or elements between the rows of a table (foster
//! parenting), `<frameset>`, `<plaintext>`, MathML, a second `<html>` or `<body>` with attributes, a table in an open
//! paragraph under a document type that might select quirks mode, NUL. Also beyond the [`ParseLimits`]: depth,
//! attributes, formatting elements, nodes. The caller then gives the whole page to html5ever.
//!
//! **How equality is proved.** `html::tests` compares this parser's tree with html5ever's, node by node, attributes
//! included: for random mixes of all tags (20,000 pages by default, `CUTTINGS_TREES=1000000` for more, `CUTTINGS_SEED`
//! for others) and for the pages of the extraction corpora. Where the implementation of html5ever departs from the
//! standard, this one follows html5ever; such places say so.
//!
//! **What it gains.** A page of the corpora takes 0.4 ms instead of 2.7 ms (mean of 60 pages, with those that html5ever
//! parses after all). The feature `html5ever-only` makes [`parse`] give up at once: `cargo bench --bench press
//! --features html5ever-only` shows the difference over the whole way of an article. The feature is meant for that
//! bench; no package has it.

mod builder;
mod element_groups;
mod formatting;
mod in_body;
mod in_head;
mod in_table;
mod insertion;
mod modes;
mod open_elements;
mod references;
mod svg_names;
mod tokenizer;

use memchr::memchr;

use self::builder::{GiveUp, TreeBuilder};
use self::tokenizer::HtmlToken;
use super::limits::ParseLimits;
use super::tree::Document;

/// Parses a whole page; `None` where the page is not an ordinary one or exceeds the limits.
///
/// Line ends must be LF already, as after [`super::parse::normalise_newlines`].
pub(super) fn parse(page: &str, limits: &ParseLimits) -> Option<Document> {
    if cfg!(feature = "html5ever-only") {
        return None;
    }
    // Positions in the page and in what is added to it are 32-bit numbers.
    let is_small = u32::try_from(page.len()).is_ok_and(|length| length < u32::MAX / 4);
    if !is_small || memchr(0, page.as_bytes()).is_some() {
        return None;
    }
    let mut builder = TreeBuilder::new(page, limits.attributes);
    if build(&mut builder, limits).is_ok() {
        Some(builder.finish())
    } else {
        builder.discard();
        None
    }
}

/// Processes all tokens of the page within the limits.
fn build(builder: &mut TreeBuilder<'_>, limits: &ParseLimits) -> Result<(), GiveUp> {
    loop {
        let token = builder.tokenizer.next_token(builder.is_foreign());
        builder.process(token)?;
        // The standard searches the stack and the list for many a tag. Table cells count as formatting here.
        if builder.open.len() > limits.depth
            || builder.formatting.len() > limits.formatting * 4
            || builder.tokenizer.attributes.len() > limits.attributes
            || builder.nodes.len() > limits.nodes
        {
            return Err(GiveUp);
        }
        if matches!(token, HtmlToken::Eof) {
            return Ok(());
        }
    }
}
