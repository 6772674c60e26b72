//! Blocks of text: the paragraphs, headings, list items and table rows that a reader sees.

use super::tree::NodeId;

/// The kind of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockKind {
    /// A paragraph.
    Paragraph,
    /// A heading of level 1 to 6.
    Heading(u8),
    /// Text of a list item.
    Item {
        /// Number of lists around it, at least 1.
        depth: u8,
        /// Its number in an ordered list.
        number: Option<u32>,
    },
    /// A row of a data table, its cells separated by ` | `.
    Row,
    /// Preformatted lines.
    Pre,
}

/// A paragraph, heading, list item or row.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// Paragraph, heading, item, row or preformatted.
    pub kind: BlockKind,
    /// Clean text, never empty; `\n` where the page breaks a line.
    pub text: String,
    /// The element that makes it a block.
    pub owner: NodeId,
    /// Its first text node.
    pub first: NodeId,
    /// Its last text node.
    pub last: NodeId,
    /// Number of characters that are no white space.
    pub chars: usize,
    /// How many of `chars` are in links.
    pub linked_chars: usize,
    /// `chars`, multiplied by 2.5 for scripts that write a word with one or two characters.
    pub weight: f64,
}

/// Joins blocks to one text: a blank line between blocks, a line break between items of a list and rows of a table.
pub fn join_blocks<'a>(blocks: impl IntoIterator<Item = &'a Block>) -> String {
    let mut text = String::new();
    let mut before: Option<BlockKind> = None;
    for block in blocks {
        if let Some(before) = before {
            let is_same_group = matches!(
                (before, block.kind),
                (BlockKind::Item { .. }, BlockKind::Item { .. }) | (BlockKind::Row, BlockKind::Row)
            );
            text.push_str(if is_same_group { "\n" } else { "\n\n" });
        }
        if let BlockKind::Item { depth, number } = block.kind {
            text.extend(std::iter::repeat_n("  ", usize::from(depth.saturating_sub(1))));
            match number {
                Some(number) => text.push_str(&format!("{number}. ")),
                None => text.push_str("- "),
            }
        }
        text.push_str(&block.text);
        before = Some(block.kind);
    }
    text
}
