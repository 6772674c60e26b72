//! Clean text: what a reader sees, as paragraphs.

use super::runs;
use super::selection::Selection;
use super::tree::{Document, NodeId};
use super::walk::Reader;

/// What a block of text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockKind {
    /// A paragraph.
    Paragraph,
    /// A heading of level 1 to 6.
    Heading(u8),
    /// The first text of a list item.
    Item {
        /// Lists around it, from 1.
        depth: u8,
        /// Its number in an ordered list.
        number: Option<u32>,
    },
    /// A row of a table, its cells parted by ` | `.
    Row,
    /// Preformatted lines.
    Pre,
}

/// A paragraph, heading, list item or row.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// What it is.
    pub kind: BlockKind,
    /// Clean text; lines parted by `\n` where the page breaks them.
    pub text: String,
    /// The element that makes it a block.
    pub owner: NodeId,
    /// Its first text.
    pub first: NodeId,
    /// Its last text.
    pub last: NodeId,
    /// Characters that are not spaces.
    pub chars: usize,
    /// Those of them within links.
    pub linked_chars: usize,
    /// Characters, those of scripts that write a word with one or two counted for more.
    pub weight: f64,
}

/// The blocks of a part of a document, in order.
pub fn blocks(document: &Document, clip: &Selection) -> Vec<Block> {
    let mut reader = Reader::new(document);
    for root in &clip.roots {
        reader.read(*root, clip);
    }
    reader.into_blocks()
}

/// Blocks as one text: a blank line between paragraphs, a line break between items of a list and rows of a table.
pub fn join_blocks<'a>(blocks: impl IntoIterator<Item = &'a Block>) -> String {
    let mut text = String::new();
    let mut before: Option<BlockKind> = None;
    for block in blocks {
        if let Some(before) = before {
            let together = matches!(
                (before, block.kind),
                (BlockKind::Item { .. }, BlockKind::Item { .. }) | (BlockKind::Row, BlockKind::Row)
            );
            text.push_str(if together { "\n" } else { "\n\n" });
        }
        if let BlockKind::Item { depth, number } = block.kind {
            text.extend(std::iter::repeat_n("  ", usize::from(depth.saturating_sub(1))));
            match number {
                Some(number) => {
                    text.push_str(&number.to_string());
                    text.push_str(". ");
                }
                None => text.push_str("- "),
            }
        }
        text.push_str(&block.text);
        before = Some(block.kind);
    }
    text
}

/// The text of one element as one line: for titles, names, captions.
pub fn text_line(document: &Document, at: NodeId) -> String {
    let clip = Selection::of(document, at);
    let mut text = String::new();
    for block in blocks(document, &clip) {
        for word in block.text.split_whitespace() {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(word);
        }
    }
    text
}

/// Collapses white space, drops control characters and trims marks nobody sees.
pub fn collapse_whitespace(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut space = false;
    for c in text.chars() {
        if c.is_whitespace() {
            space = true;
        } else if !c.is_control() {
            if space && !out.is_empty() {
                out.push(' ');
            }
            space = false;
            out.push(c);
        }
    }
    let kept = out.trim_matches(is_invisible);
    if kept.len() == out.len() {
        out
    } else {
        kept.to_owned()
    }
}

/// Characters of a text that are no white space.
pub fn count_printed(text: &str) -> usize {
    let (mut printed, mut rest) = (0, text);
    loop {
        let run = runs::words(rest);
        printed += run.chars;
        let mut chars = run.rest.chars();
        let Some(c) = chars.next() else {
            return printed;
        };
        printed += usize::from(!c.is_whitespace());
        rest = chars.as_str();
    }
}

/// Marks that nobody sees, and space.
pub(super) fn is_invisible(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '\u{feff}' | '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::html::ParseLimits;

    fn text(html: &str) -> String {
        let document = Document::parse(html, &ParseLimits::default()).unwrap();
        let root = document.nodes().next().unwrap();
        join_blocks(&blocks(&document, &Selection::of(&document, root)))
    }

    #[test]
    fn text_by_example() {
        for (what, html, expected) in [
            ("paragraphs", "<p>One.</p><p>Two.</p>", "One.\n\nTwo."),
            (
                "blocks part words",
                "<div>one</div><div>two</div>three",
                "one\n\ntwo\n\nthree",
            ),
            (
                "inline elements do not",
                "<p>w<b>or</b>d<span>s</span></p>",
                "words",
            ),
            ("white space", "<p> a\n\t b&nbsp; c <b> d</b></p>", "a b c d"),
            ("br in a block", "<div>a<br>b</div>", "a\n\nb"),
            ("br in p", "<p>a<br>b<br><br>c</p>", "a\nb\n\nc"),
            ("br with space between", "<p>a<br> <br> c</p>", "a\n\nc"),
            (
                "comments and scripts",
                "<p>a<!-- x --><script>y</script>b<style>z</style></p>",
                "ab",
            ),
            (
                "Word",
                "<p class=MsoNormal>a<o:p></o:p></p><p><o:p>&nbsp;</o:p></p>",
                "a",
            ),
            ("marks at the ends", "<p>\u{200f}שלום\u{200e}</p>", "שלום"),
            (
                "lists",
                "<ul><li>a<li><p>b</p></ul><ol start=3><li>c<ul><li>d</ul></ol>",
                "- a\n- b\n3. c\n  - d",
            ),
            ("headings", "<h2>Head <i>line</i></h2>text", "Head line\n\ntext"),
            (
                "tables",
                "<table><tr><th>a<th>b<tr><td>1<br>2<td><p>3</p></table>x",
                "a | b\n1 2 | 3\n\nx",
            ),
            (
                "layout tables",
                "<table><tr><td><p>a<p>b<td><h2>c</h2></table>",
                "a\n\nb\n\nc",
            ),
            ("pre", "<pre>a\n  b</pre>", "a\n  b"),
            ("control characters", "<p>a\u{1}b\u{85}c</p>", "ab c"),
        ] {
            assert_eq!(text(html), expected, "{what}");
        }
    }
}
