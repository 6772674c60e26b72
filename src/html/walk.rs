//! The walk that makes paragraphs of elements.
//!
//! Words are glued together or split where the page's layout does it, and nowhere else: a block element ends a
//! paragraph, an inline one does not part a word. A `<br>` directly in a block ends a paragraph; inside `<p>`, `<li>`
//! or a heading one is a line break and two end it. Comments, scripts, Word's `<o:p>` and directional marks at the
//! ends are no text; a no-break space is a space.

use super::runs;
use super::selection::Selection;
use super::tag::Tag;
use super::text::{Block, BlockKind, is_invisible};
use super::tree::{Document, NodeId};

/// An open block element, and what it means for the text in it.
#[derive(Clone, Copy)]
struct Frame {
    owner: NodeId,
    end: NodeId,
    heading: u8,
    /// A `<br>` is a line break.
    lines: bool,
    pre: bool,
    /// Position in `Reader::items` of the list item around it.
    item: Option<usize>,
    /// The list around it: depth, and the number its next item gets.
    depth: u8,
    next: Option<u32>,
    /// In a table of data: cells do not end a block.
    cell: bool,
}

struct Item {
    depth: u8,
    number: Option<u32>,
    begun: bool,
}

/// Gathers blocks on a walk through some elements.
pub(super) struct Reader<'d> {
    document: &'d Document,
    blocks: Vec<Block>,
    frames: Vec<Frame>,
    items: Vec<Item>,
    text: String,
    first: NodeId,
    last: NodeId,
    owner: NodeId,
    chars: usize,
    linked: usize,
    space: bool,
    breaks: u8,
    link_end: NodeId,
}

impl<'d> Reader<'d> {
    /// At the beginning, with no block yet.
    pub(super) fn new(document: &'d Document) -> Self {
        Self {
            document,
            blocks: Vec::new(),
            frames: Vec::new(),
            items: Vec::new(),
            text: String::new(),
            first: NodeId(0),
            last: NodeId(0),
            owner: NodeId(0),
            chars: 0,
            linked: 0,
            space: false,
            breaks: 0,
            link_end: NodeId(0),
        }
    }

    /// Reads an element, but for what the clip leaves out.
    pub(super) fn read(&mut self, root: NodeId, clip: &Selection) {
        let end = self.document.end(root);
        // A text may be read again for each element around it.
        if !self.document.spend(end.index() - root.index()) {
            return;
        }
        let mut at = root;
        self.frames.clear();
        while at < end && clip.until.is_none_or(|until| at < until) {
            self.close(at);
            let tag = self.document.tag(at);
            if clip.excluded.contains(at) {
                // What was taken out parted what stood around it, if it was a block.
                if tag.is_block() {
                    self.flush();
                }
                at = self.document.end(at);
                continue;
            }
            if tag.has_no_text() {
                if matches!(tag, Tag::Iframe | Tag::Video | Tag::Audio | Tag::Object) {
                    self.space = true;
                }
                at = self.document.end(at);
                continue;
            }
            match tag {
                Tag::Text => self.append(at),
                Tag::Br => self.line_break(),
                Tag::A => self.link_end = self.document.end(at).max(self.link_end),
                _ if tag.is_block() => self.open(at, tag),
                _ => {}
            }
            at = NodeId(at.0 + 1);
        }
        // Before its frames go: they say what the last block is.
        self.flush();
        self.frames.clear();
    }

    /// What was gathered.
    pub(super) fn into_blocks(self) -> Vec<Block> {
        self.blocks
    }

    fn frame(&self) -> Option<&Frame> {
        self.frames.last()
    }

    /// Leaves the elements that end before `at`.
    fn close(&mut self, at: NodeId) {
        while let Some(frame) = self.frames.last().copied() {
            if at < frame.end {
                return;
            }
            if frame.cell && !self.document.tag(frame.owner).is_row_or_table() {
                self.space = true;
            } else {
                self.flush();
            }
            self.frames.pop();
        }
    }

    fn open(&mut self, at: NodeId, tag: Tag) {
        let outer = self.frames.last().copied();
        let mut frame = Frame {
            owner: at,
            end: self.document.end(at),
            heading: tag
                .heading()
                .unwrap_or_else(|| outer.map_or(0, |outer| outer.heading)),
            lines: matches!(tag, Tag::P | Tag::Li | Tag::Dt | Tag::Dd) || tag.heading().is_some(),
            pre: tag == Tag::Pre || outer.is_some_and(|outer| outer.pre),
            item: outer.and_then(|outer| outer.item),
            depth: outer.map_or(0, |outer| outer.depth),
            next: None,
            cell: outer.is_some_and(|outer| outer.cell),
        };
        if frame.cell {
            frame.lines = true;
            match tag {
                Tag::Td | Tag::Th => {
                    if !self.text.is_empty() {
                        self.text.push_str(" |");
                        self.space = true;
                    }
                }
                Tag::Tr | Tag::Caption => self.flush(),
                _ => self.space = true,
            }
            self.frames.push(frame);
            return;
        }
        self.flush();
        match tag {
            Tag::Table => frame.cell = self.is_data_table(at),
            Tag::Ul | Tag::Ol | Tag::Menu | Tag::Dir => {
                frame.depth = frame.depth.saturating_add(1);
                if tag == Tag::Ol {
                    let start = self
                        .document
                        .attr(at, "start")
                        .and_then(|start| start.trim().parse().ok());
                    frame.next = Some(start.unwrap_or(1));
                }
            }
            Tag::Li => {
                let number = self.frames.last_mut().and_then(|list| {
                    let number = list.next?;
                    list.next = Some(number.saturating_add(1));
                    Some(number)
                });
                frame.item = Some(self.items.len());
                self.items.push(Item {
                    depth: frame.depth.max(1),
                    number,
                    begun: false,
                });
            }
            _ => {}
        }
        self.frames.push(frame);
    }

    /// Rows of short cells; a table that lays out a page has blocks in its cells.
    fn is_data_table(&self, table: NodeId) -> bool {
        let (mut cells, mut rows, mut inner) = (0, 0, 0);
        for at in self.document.subtree(table).skip(1) {
            match self.document.tag(at) {
                Tag::Table | Tag::Form => return false,
                Tag::Td | Tag::Th => cells += 1,
                Tag::Tr => rows += 1,
                tag if tag.heading().is_some() => return false,
                Tag::Text | Tag::Tbody | Tag::Thead | Tag::Tfoot | Tag::Caption => {}
                tag if tag.is_block() => inner += 1,
                _ => {}
            }
        }
        cells > rows && inner <= cells
    }

    fn line_break(&mut self) {
        if self.text.is_empty() {
            return;
        }
        match self.frame() {
            Some(frame) if frame.cell => self.space = true,
            Some(frame) if frame.pre => self.text.push('\n'),
            Some(frame) if frame.lines => {
                self.breaks += 1;
                if self.breaks > 1 {
                    self.flush();
                }
            }
            _ => self.flush(),
        }
    }

    fn append(&mut self, at: NodeId) {
        let text = self.document.text(at).unwrap_or_default();
        self.document.spend_text(text.len());
        let (pre, owner) = self.frame().map_or((false, at), |frame| (frame.pre, frame.owner));
        let in_link = at < self.link_end;
        // Most paragraphs are one text.
        self.text.reserve(text.len());
        let mut rest = text;
        loop {
            // Most of a page go over whole: a space between two words is what it would become.
            let run = runs::words(rest);
            if !run.words.is_empty() {
                self.begin(at, owner);
                self.text.push_str(run.words);
                self.count(at, run.chars, in_link);
                rest = run.rest;
            }
            let mut chars = rest.chars();
            let Some(c) = chars.next() else { return };
            rest = chars.as_str();
            if c.is_whitespace() {
                if pre && !self.text.is_empty() && c != '\r' {
                    self.text.push(c);
                } else {
                    self.space = true;
                }
            } else if !c.is_control() && c != '\u{feff}' {
                self.begin(at, owner);
                self.text.push(c);
                self.count(at, 1, in_link);
            }
        }
    }

    /// Before a character: where the text begins, or the space or line break that was read before.
    fn begin(&mut self, at: NodeId, owner: NodeId) {
        if self.text.is_empty() {
            (self.first, self.owner) = (at, owner);
        } else if self.breaks > 0 {
            self.text.push('\n');
        } else if self.space {
            self.text.push(' ');
        }
        (self.space, self.breaks) = (false, 0);
    }

    fn count(&mut self, at: NodeId, chars: usize, in_link: bool) {
        self.last = at;
        self.chars += chars;
        if in_link {
            self.linked += chars;
        }
    }

    fn flush(&mut self) {
        (self.space, self.breaks) = (false, 0);
        if self.text.is_empty() {
            return;
        }
        let mut text = std::mem::take(&mut self.text);
        let kept = text.trim_matches(is_invisible);
        if kept.len() < text.len() {
            text = String::from(kept);
        }
        let (chars, linked) = (std::mem::take(&mut self.chars), std::mem::take(&mut self.linked));
        if text.is_empty() {
            return;
        }
        let frame = self.frames.last().copied();
        let item = frame
            .and_then(|frame| self.items.get_mut(frame.item?))
            .filter(|item| !item.begun);
        let shape = match (frame, item) {
            (Some(frame), _) if frame.cell => BlockKind::Row,
            (Some(frame), _) if frame.heading > 0 => BlockKind::Heading(frame.heading),
            (Some(frame), _) if frame.pre => BlockKind::Pre,
            (_, Some(item)) => BlockKind::Item {
                depth: item.depth,
                number: item.number,
            },
            _ => BlockKind::Paragraph,
        };
        self.blocks.push(Block {
            kind: shape,
            weight: weight(&text, chars),
            text,
            owner: self.owner,
            first: self.first,
            last: self.last,
            chars,
            linked_chars: linked,
        });
    }
}

/// Characters, those of scripts that write a word with one or two counted for more.
fn weight(text: &str, chars: usize) -> f64 {
    // Those scripts begin at U+2E80, whose first byte in UTF-8 is this.
    if !text.bytes().take(180).any(|byte| byte >= 0xe2) {
        return chars as f64;
    }
    let sample = text.chars().take(60);
    let (mut dense, mut all) = (0, 0);
    for c in sample.filter(|c| c.is_alphabetic()) {
        all += 1;
        dense += usize::from(matches!(c, '\u{2e80}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}'));
    }
    let factor = if dense * 2 > all { 2.5 } else { 1.0 };
    chars as f64 * factor
}

impl Tag {
    fn is_row_or_table(self) -> bool {
        matches!(self, Self::Tr | Self::Table | Self::Caption)
    }
}
