//! Makes blocks of text from elements.
//!
//! Words are joined or separated as the page's layout does it: a block element ends a paragraph, an inline element
//! does not separate words. A `<br>` directly in a block ends a paragraph; in `<p>`, `<li>` or a heading one is a
//! line break and two end it. Tables of data become one block per row, tables that lay out a page are read like any
//! other element. Comments, scripts, Word's `<o:p>` and directional marks at the ends are no text; a no-break space
//! is a space.

use super::block::{Block, BlockKind};
use super::selection::Selection;
use super::tag::Tag;
use super::tree::{Document, NodeId};
use super::word_runs::{self, is_invisible};

/// An open block element, and how it affects the text in it. Most values are inherited from the block around it.
#[derive(Clone, Copy)]
struct OpenBlock {
    owner: NodeId,
    /// The position after its subtree.
    end: NodeId,
    /// 1 to 6 in a heading, else 0.
    heading: u8,
    /// Whether a `<br>` is a line break here.
    keeps_lines: bool,
    preformatted: bool,
    /// The kind of blocks in the list item around it.
    item: Option<BlockKind>,
    /// Number of lists around it.
    list_depth: u8,
    /// In an ordered list: the number of its next item.
    next_number: Option<u32>,
    /// In a data table: cells do not end a block.
    in_data_table: bool,
}

/// Collects blocks while it walks through elements, in one pass over their nodes. It charges each node and each byte
/// of text to the steps of the document.
pub(super) struct BlockReader<'d> {
    document: &'d Document,
    /// Finished blocks.
    blocks: Vec<Block>,
    /// Open block elements, outermost first.
    open: Vec<OpenBlock>,
    /// The text of the block being read; `owner` to `linked_chars` as in [`Block`].
    text: String,
    owner: NodeId,
    first: NodeId,
    last: NodeId,
    chars: usize,
    linked_chars: usize,
    /// White space, or line breaks, since the last character.
    pending_space: bool,
    pending_breaks: u8,
    /// The position after the last link.
    link_end: NodeId,
}

impl<'d> BlockReader<'d> {
    pub(super) fn new(document: &'d Document) -> Self {
        Self {
            document,
            blocks: Vec::new(),
            open: Vec::new(),
            text: String::new(),
            owner: NodeId::default(),
            first: NodeId::default(),
            last: NodeId::default(),
            chars: 0,
            linked_chars: 0,
            pending_space: false,
            pending_breaks: 0,
            link_end: NodeId::default(),
        }
    }

    /// Reads an element, except for what the selection excludes.
    pub(super) fn read(&mut self, root: NodeId, selection: &Selection) {
        let end = self.document.end(root);
        // A caller may read a text once for each element around it.
        if !self.document.spend(end.index() - root.index()) {
            return;
        }
        let mut id = root;
        self.open.clear();
        while id < end && selection.until.is_none_or(|until| id < until) {
            self.close_before(id);
            let tag = self.document.tag(id);
            let is_excluded = selection.excluded.contains(id);
            if is_excluded || tag.has_no_text() {
                if is_excluded && tag.is_block() {
                    self.end_block();
                } else if !is_excluded && matches!(tag, Tag::Iframe | Tag::Video | Tag::Audio | Tag::Object) {
                    self.pending_space = true;
                }
                id = self.document.end(id);
                continue;
            }
            match tag {
                Tag::Text => self.append(id),
                Tag::Br => self.line_break(),
                Tag::A => self.link_end = self.document.end(id).max(self.link_end),
                _ if tag.is_block() => self.open_block(id, tag),
                _ => {}
            }
            id = id.next();
        }
        // While the elements are open: they tell the kind of the last block. The subtree of the root ends here, so
        // nothing else closes them.
        self.end_block();
        self.open.clear();
    }

    pub(super) fn into_blocks(self) -> Vec<Block> {
        self.blocks
    }

    /// Closes the elements that end before `id`.
    fn close_before(&mut self, id: NodeId) {
        while let Some(open) = self.open.last().copied().filter(|open| open.end <= id) {
            let is_row = matches!(self.document.tag(open.owner), Tag::Tr | Tag::Table | Tag::Caption);
            if open.in_data_table && !is_row {
                self.pending_space = true;
            } else {
                self.end_block();
            }
            self.open.pop();
        }
    }

    /// Opens a block element: ends the block before it, or in a data table the cell or row.
    fn open_block(&mut self, id: NodeId, tag: Tag) {
        let outer = self.open.last().copied();
        let mut open = OpenBlock {
            owner: id,
            end: self.document.end(id),
            heading: tag.heading().unwrap_or_else(|| outer.map_or(0, |outer| outer.heading)),
            keeps_lines: matches!(tag, Tag::P | Tag::Li | Tag::Dt | Tag::Dd) || tag.heading().is_some(),
            preformatted: tag == Tag::Pre || outer.is_some_and(|outer| outer.preformatted),
            item: outer.and_then(|outer| outer.item),
            list_depth: outer.map_or(0, |outer| outer.list_depth),
            next_number: None,
            in_data_table: outer.is_some_and(|outer| outer.in_data_table),
        };
        if open.in_data_table {
            open.keeps_lines = true;
            match tag {
                Tag::Td | Tag::Th if self.text.is_empty() => {}
                Tag::Td | Tag::Th => {
                    self.text.push_str(" |");
                    self.pending_space = true;
                }
                Tag::Tr | Tag::Caption => self.end_block(),
                _ => self.pending_space = true,
            }
            self.open.push(open);
            return;
        }
        self.end_block();
        match tag {
            Tag::Table => open.in_data_table = self.is_data_table(id),
            Tag::Ul | Tag::Ol | Tag::Menu | Tag::Dir => {
                open.list_depth = open.list_depth.saturating_add(1);
                if tag == Tag::Ol {
                    let start = self.document.attr(id, "start");
                    open.next_number = Some(start.and_then(|start| start.trim().parse().ok()).unwrap_or(1));
                }
            }
            Tag::Li => {
                let next = self.open.last_mut().and_then(|list| list.next_number.as_mut());
                let number = next.map(|next| std::mem::replace(next, next.saturating_add(1)));
                let depth = open.list_depth.max(1);
                open.item = Some(BlockKind::Item { depth, number });
            }
            _ => {}
        }
        self.open.push(open);
    }

    /// Whether a table holds rows of short cells; a table that lays out a page has blocks in its cells.
    fn is_data_table(&self, table: NodeId) -> bool {
        let (mut cells, mut rows, mut blocks) = (0, 0, 0);
        for id in self.document.subtree(table).skip(1) {
            match self.document.tag(id) {
                Tag::Table | Tag::Form => return false,
                Tag::Td | Tag::Th => cells += 1,
                Tag::Tr => rows += 1,
                tag if tag.heading().is_some() => return false,
                Tag::Text | Tag::Tbody | Tag::Thead | Tag::Tfoot | Tag::Caption => {}
                tag if tag.is_block() => blocks += 1,
                _ => {}
            }
        }
        cells > rows && blocks <= cells
    }

    /// A `<br>`: what it does depends on the innermost block element.
    fn line_break(&mut self) {
        if self.text.is_empty() {
            return;
        }
        match self.open.last() {
            Some(open) if open.in_data_table => self.pending_space = true,
            Some(open) if open.preformatted => self.text.push('\n'),
            Some(open) if open.keeps_lines => {
                self.pending_breaks += 1;
                if self.pending_breaks > 1 {
                    self.end_block();
                }
            }
            _ => self.end_block(),
        }
    }

    /// Appends a text node. Runs of words are copied as they are; other characters one by one.
    fn append(&mut self, id: NodeId) {
        let text = self.document.text(id).unwrap_or_default();
        self.document.spend_text(text.len());
        let (preformatted, owner) =
            self.open.last().map_or((false, id), |open| (open.preformatted, open.owner));
        self.text.reserve(text.len());
        let mut rest = text;
        loop {
            let run = word_runs::words(rest);
            if !run.words.is_empty() {
                self.append_words(id, owner, run.words, run.chars);
                rest = run.rest;
            }
            let mut chars = rest.chars();
            let Some(c) = chars.next() else { return };
            let (word, after) = rest.split_at_checked(c.len_utf8()).unwrap_or_default();
            rest = after;
            if c.is_whitespace() {
                if preformatted && !self.text.is_empty() && c != '\r' {
                    self.text.push(c);
                } else {
                    self.pending_space = true;
                }
            } else if !c.is_control() && c != '\u{feff}' {
                self.append_words(id, owner, word, 1);
            }
        }
    }

    /// Appends words of a text node, after the space or line break that is pending.
    fn append_words(&mut self, id: NodeId, owner: NodeId, words: &str, chars: usize) {
        if self.text.is_empty() {
            (self.first, self.owner) = (id, owner);
        } else if self.pending_breaks > 0 {
            self.text.push('\n');
        } else if self.pending_space {
            self.text.push(' ');
        }
        (self.pending_space, self.pending_breaks) = (false, 0);
        self.text.push_str(words);
        self.last = id;
        self.chars += chars;
        if id < self.link_end {
            self.linked_chars += chars;
        }
    }

    /// Ends the block being read. A block without visible text is dropped.
    fn end_block(&mut self) {
        (self.pending_space, self.pending_breaks) = (false, 0);
        if self.text.is_empty() {
            return;
        }
        let mut text = std::mem::take(&mut self.text);
        let trimmed = text.trim_matches(is_invisible);
        if trimmed.len() < text.len() {
            text = String::from(trimmed);
        }
        let chars = std::mem::take(&mut self.chars);
        let linked_chars = std::mem::take(&mut self.linked_chars);
        if text.is_empty() {
            return;
        }
        let kind = match self.open.last() {
            Some(open) if open.in_data_table => BlockKind::Row,
            Some(open) if open.heading > 0 => BlockKind::Heading(open.heading),
            Some(open) if open.preformatted => BlockKind::Pre,
            Some(open) => open.item.unwrap_or(BlockKind::Paragraph),
            None => BlockKind::Paragraph,
        };
        self.blocks.push(Block {
            kind,
            weight: weight(&text, chars),
            text,
            owner: self.owner,
            first: self.first,
            last: self.last,
            chars,
            linked_chars,
        });
    }
}

/// The weight of a text of so many characters, see [`Block::weight`]. Its first 60 characters decide.
fn weight(text: &str, chars: usize) -> f64 {
    if text.is_ascii() {
        return chars as f64;
    }
    let (mut dense, mut all) = (0, 0);
    for c in text.chars().take(60).filter(|c| c.is_alphabetic()) {
        all += 1;
        dense += usize::from(matches!(c, '\u{2e80}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}'));
    }
    let factor = if dense * 2 > all { 2.5 } else { 1.0 };
    chars as f64 * factor
}
