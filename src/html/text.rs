//! Clean text of elements: blocks, one line, and helpers for text that is no HTML.
//!
//! "Clean" means: without markup and scripts, with white space collapsed, without control characters, trimmed.
//! Characters are not normalised otherwise: quotes, dashes and compositions stay as they are.

use super::block::Block;
use super::block_reader::BlockReader;
use super::selection::Selection;
use super::tree::{Document, NodeId};
use super::word_runs::is_invisible;

/// The blocks of a selection, in order. Blocks without visible text are left out. If the steps of the document are
/// spent, the rest is left out, too; [`Document::is_overrun`] tells.
pub fn blocks(document: &Document, selection: &Selection) -> Vec<Block> {
    let mut reader = BlockReader::new(document);
    for root in &selection.roots {
        reader.read(*root, selection);
    }
    reader.into_blocks()
}

/// The text of one element as one line, for titles, names and captions. Blocks and line breaks become single spaces.
/// Empty if the element has no visible text.
pub fn text_line(document: &Document, id: NodeId) -> String {
    let blocks = blocks(document, &Selection::of(document, id));
    let words: Vec<&str> = blocks.iter().flat_map(|block| block.text.split_whitespace()).collect();
    words.join(" ")
}

/// Collapses white space, drops control characters, and trims marks nobody sees.
pub fn collapse_whitespace(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut pending_space = false;
    for c in text.chars() {
        if c.is_whitespace() {
            pending_space = true;
        } else if !c.is_control() {
            if pending_space && !out.is_empty() {
                out.push(' ');
            }
            pending_space = false;
            out.push(c);
        }
    }
    let trimmed = out.trim_matches(is_invisible);
    if trimmed.len() == out.len() { out } else { trimmed.to_owned() }
}

/// Number of characters that are no white space. Characters are Unicode scalar values, not what a reader counts.
pub fn count_printed(text: &str) -> usize {
    if text.is_ascii() {
        return text.bytes().filter(|byte| !matches!(byte, b'\t'..=b'\r' | b' ')).count();
    }
    text.chars().filter(|c| !c.is_whitespace()).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::html::{ParseLimits, join_blocks};

    fn text(html: &str) -> String {
        let document = Document::parse(html, &ParseLimits::default()).unwrap();
        let root = document.nodes().next().unwrap();
        join_blocks(&blocks(&document, &Selection::of(&document, root)))
    }

    #[test]
    fn text_by_example() {
        for (what, html, expected) in [
            ("paragraphs", "<p>One.</p><p>Two.</p>", "One.\n\nTwo."),
            ("blocks part words", "<div>one</div><div>two</div>three", "one\n\ntwo\n\nthree"),
            ("inline elements do not", "<p>w<b>or</b>d<span>s</span></p>", "words"),
            ("white space", "<p> a\n\t b&nbsp; c <b> d</b></p>", "a b c d"),
            ("br in a block", "<div>a<br>b</div>", "a\n\nb"),
            ("br in p", "<p>a<br>b<br><br>c</p>", "a\nb\n\nc"),
            ("br with space between", "<p>a<br> <br> c</p>", "a\n\nc"),
            ("comments and scripts", "<p>a<!-- x --><script>y</script>b<style>z</style></p>", "ab"),
            ("Word", "<p class=MsoNormal>a<o:p></o:p></p><p><o:p>&nbsp;</o:p></p>", "a"),
            ("marks at the ends", "<p>\u{200f}שלום\u{200e}</p>", "שלום"),
            (
                "lists",
                "<ul><li>a<li><p>b</p></ul><ol start=3><li>c<ul><li>d</ul></ol>",
                "- a\n- b\n3. c\n  - d",
            ),
            ("headings", "<h2>Head <i>line</i></h2>text", "Head line\n\ntext"),
            ("tables", "<table><tr><th>a<th>b<tr><td>1<br>2<td><p>3</p></table>x", "a | b\n1 2 | 3\n\nx"),
            ("layout tables", "<table><tr><td><p>a<p>b<td><h2>c</h2></table>", "a\n\nb\n\nc"),
            ("pre", "<pre>a\n  b</pre>", "a\n  b"),
            ("control characters", "<p>a\u{1}b\u{85}c</p>", "ab c"),
        ] {
            assert_eq!(text(html), expected, "{what}");
        }
    }
}
