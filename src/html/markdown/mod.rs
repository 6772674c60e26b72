//! Sanitised HTML as Markdown: CommonMark with the tables and strikethrough of GFM.
//!
//! What Markdown cannot express stays text, or one of the few inline HTML elements that CommonMark allows. Text that
//! looks like markup is escaped, so that a renderer shows what the page shows. Tests read the output back with a
//! renderer.
//!
//! Used by `export` and by `extract --jsonl`. Input is HTML that [`super::sanitised`] wrote, so only the elements of
//! the allowlist occur.

mod inline;

#[cfg(test)]
mod tests;

use inline::{Emphasis, InlineContext, InlinePiece};

use super::allowlist::is_web_or_mail;
use super::tag::Tag;
use super::tree::{Document, NodeId};

/// Deepest nesting of quotes and lists that is written. Deeper ones are flattened: each adds a prefix to every line.
const MAX_NESTING: usize = 12;

/// Most columns that one cell of a table spans.
const MAX_SPAN: usize = 20;

/// Markdown of HTML from [`super::sanitised`]. Empty if it exceeds the limits of the parser.
pub fn markdown(sanitised: &str) -> String {
    let Ok(document) = Document::parse(sanitised, &super::ParseLimits::default()) else {
        return String::new();
    };
    let mut renderer = MarkdownRenderer {
        document: &document,
        out: String::new(),
        containers: Vec::new(),
        elements: Vec::new(),
        pieces: Vec::new(),
        after_item: false,
        closed_list: None,
    };
    renderer.walk();
    renderer.out
}

/// A quote or list item around blocks: each of their lines begins with its prefix.
struct BlockContainer {
    /// Prefix of its first line: `> ` or the marker of the item.
    first_prefix: String,
    /// Prefix of its other lines.
    prefix: String,
    /// Whether its first line is written.
    is_begun: bool,
    is_item: bool,
}

/// How an open element affects the text in it, and what its end does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum MarkdownRole {
    /// Its end ends a block.
    Block,
    /// A heading of level 1 to 6.
    Heading(u8),
    /// A caption or a term: all of it is emphasised.
    Emphasised(Emphasis),
    List {
        /// The number of the next item of an ordered list.
        next: Option<u32>,
        /// The character of its markers: `-`, `*`, `.` or `)`.
        marker: char,
    },
    /// A quote or an item with a [`BlockContainer`].
    Container,
    /// Its end adds the closing piece.
    Inline(Emphasis),
    /// A link with a target; its end adds the URL.
    Link,
}

/// An open element of the document.
struct MarkdownElement {
    id: NodeId,
    /// The position after its subtree.
    end: NodeId,
    role: MarkdownRole,
}

struct MarkdownRenderer<'d> {
    document: &'d Document,
    out: String,
    /// The quotes and items around the current position, outermost first.
    containers: Vec<BlockContainer>,
    /// The open elements that have a role, outermost first.
    elements: Vec<MarkdownElement>,
    /// The block being read.
    pieces: Vec<InlinePiece>,
    /// The last block was the first of its item: the next item follows without a blank line.
    after_item: bool,
    /// Length of the output when the last list ended, and the marker of that list: a list right after it needs another.
    closed_list: Option<(usize, char)>,
}

impl MarkdownRenderer<'_> {
    /// Walks through the document once. Tables, code and preformatted text are written as a whole.
    fn walk(&mut self) {
        let Some(end) = self.document.nodes().last().map(NodeId::next) else {
            return;
        };
        let Some(mut id) = self.document.nodes().next() else {
            return;
        };
        while id < end {
            self.leave_before(id);
            let tag = self.document.tag(id);
            let whole = match tag {
                _ if tag.has_no_text() => true,
                Tag::Table => {
                    self.table(id);
                    true
                }
                Tag::Pre => {
                    self.preformatted(id);
                    true
                }
                Tag::Code | Tag::Kbd | Tag::Samp => {
                    self.pieces.push(InlinePiece::Code(self.text_within(id)));
                    true
                }
                Tag::Hr => {
                    self.end_block();
                    self.write_block("---");
                    true
                }
                _ => {
                    self.enter(id, tag);
                    false
                }
            };
            id = if whole { self.document.end(id) } else { id.next() };
        }
        self.leave_before(end);
        self.end_block();
    }

    /// Enters an element: an inline one adds a piece, a block ends the block before it.
    fn enter(&mut self, id: NodeId, tag: Tag) {
        if let Some(piece) = leaf_piece(self.document, id, tag) {
            self.pieces.push(piece);
            return;
        }
        let role = match tag {
            Tag::A if has_target(self.document, id) => {
                self.pieces.push(InlinePiece::OpenLink);
                MarkdownRole::Link
            }
            _ if Emphasis::of(tag).is_some() => {
                let Some(mark) = Emphasis::of(tag) else { return };
                self.pieces.push(InlinePiece::Open(mark));
                MarkdownRole::Inline(mark)
            }
            _ if !tag.is_block() => return,
            _ => {
                self.end_block();
                self.open(id, tag)
            }
        };
        self.elements.push(MarkdownElement { id, end: self.document.end(id), role });
    }

    /// Opens a block, list or container.
    fn open(&mut self, id: NodeId, tag: Tag) -> MarkdownRole {
        match tag {
            Tag::Blockquote if self.containers.len() < MAX_NESTING => self.open_container("> ", "> ", false),
            Tag::Ul | Tag::Ol => {
                let start = self.document.attr(id, "start");
                let start = start.and_then(|start| start.trim().parse().ok()).unwrap_or(1);
                let (usual, other) = if tag == Tag::Ol { ('.', ')') } else { ('-', '*') };
                let marker = match self.closed_list {
                    Some((length, before)) if length == self.out.len() && before == usual => {
                        self.after_item = false;
                        other
                    }
                    _ => usual,
                };
                MarkdownRole::List { next: (tag == Tag::Ol).then_some(start), marker }
            }
            Tag::Li if self.containers.len() < MAX_NESTING => {
                let list = self.elements.iter_mut().rev().find_map(|element| match &mut element.role {
                    MarkdownRole::List { next, marker } => Some((next, *marker)),
                    _ => None,
                });
                let marker = match list {
                    Some((Some(next), marker)) => {
                        let number = *next;
                        *next = number.saturating_add(1);
                        // CommonMark reads at most nine digits.
                        format!("{}{marker} ", number.min(999_999_999))
                    }
                    Some((None, marker)) => format!("{marker} "),
                    None => "- ".to_owned(),
                };
                let rest = " ".repeat(marker.len());
                self.open_container(&marker, &rest, true)
            }
            Tag::Figcaption | Tag::Caption => MarkdownRole::Emphasised(Emphasis::Em),
            Tag::Dt => MarkdownRole::Emphasised(Emphasis::Strong),
            _ => tag.heading().map_or(MarkdownRole::Block, MarkdownRole::Heading),
        }
    }

    /// Opens a quote or an item.
    fn open_container(&mut self, first_prefix: &str, prefix: &str, is_item: bool) -> MarkdownRole {
        self.containers.push(BlockContainer {
            first_prefix: first_prefix.to_owned(),
            prefix: prefix.to_owned(),
            is_begun: false,
            is_item,
        });
        MarkdownRole::Container
    }

    /// Leaves the elements that end before `id`.
    fn leave_before(&mut self, id: NodeId) {
        while let Some(element) = self.elements.last() {
            if id < element.end {
                return;
            }
            let (role, own) = (element.role, element.id);
            match role {
                MarkdownRole::Inline(mark) => self.pieces.push(InlinePiece::Close(mark)),
                MarkdownRole::Link => {
                    let href = self.document.attr(own, "href").unwrap_or_default();
                    self.pieces.push(InlinePiece::CloseLink(href.to_owned()));
                }
                _ => self.end_block(),
            }
            match role {
                MarkdownRole::Container => {
                    self.containers.pop();
                }
                MarkdownRole::List { marker, .. } => self.closed_list = Some((self.out.len(), marker)),
                _ => {}
            }
            self.elements.pop();
        }
    }

    /// Writes the block that was read.
    fn end_block(&mut self) {
        let pieces = std::mem::take(&mut self.pieces);
        if pieces.is_empty() {
            return;
        }
        let role = self.elements.iter().rev().find_map(|element| match element.role {
            role @ (MarkdownRole::Heading(_) | MarkdownRole::Emphasised(_)) => Some(role),
            _ => None,
        });
        let text = match role {
            Some(MarkdownRole::Emphasised(mark)) => {
                let marked =
                    std::iter::once(InlinePiece::Open(mark)).chain(pieces).chain([InlinePiece::Close(mark)]);
                inline::render(marked, InlineContext::Paragraph)
            }
            Some(MarkdownRole::Heading(level)) => {
                let text = inline::render(pieces, InlineContext::Heading);
                if text.is_empty() { text } else { format!("{} {text}", "#".repeat(usize::from(level))) }
            }
            _ => inline::render(pieces, InlineContext::Paragraph),
        };
        self.write_block(&text);
    }

    /// Writes a block, each line with the prefixes of its containers.
    fn write_block(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        let first_of_item =
            self.containers.last().is_some_and(|container| container.is_item && !container.is_begun);
        if !self.out.is_empty() {
            self.out.push('\n');
            if !(first_of_item && self.after_item) {
                let begun = self.containers.iter().take_while(|container| container.is_begun);
                let prefix: String = begun.map(|container| container.prefix.as_str()).collect();
                self.out.push_str(prefix.trim_end());
                self.out.push('\n');
            }
        }
        for (number, line) in text.split('\n').enumerate() {
            if number > 0 {
                self.out.push('\n');
            }
            let from = self.out.len();
            for container in &mut self.containers {
                let is_begun = std::mem::replace(&mut container.is_begun, true);
                let prefix = if is_begun { &container.prefix } else { &container.first_prefix };
                self.out.push_str(prefix);
            }
            if line.is_empty() {
                let kept = self.out.trim_end_matches(' ').len();
                self.out.truncate(kept.max(from));
            }
            self.out.push_str(line);
        }
        self.after_item = first_of_item;
    }

    /// The texts of an element, unchanged.
    fn text_within(&self, id: NodeId) -> String {
        let mut text = String::new();
        for inner in self.document.subtree(id) {
            match self.document.tag(inner) {
                Tag::Br => text.push('\n'),
                _ => text.push_str(self.document.text(inner).unwrap_or_default()),
            }
        }
        text
    }

    /// Writes a fenced code block. The fence is longer than any run of backticks in the text.
    fn preformatted(&mut self, id: NodeId) {
        self.end_block();
        let text = self.text_within(id);
        let text = text.trim_matches('\n');
        if text.trim().is_empty() {
            return;
        }
        let fence = "`".repeat(inline::longest_run(text, '`').max(2) + 1);
        self.write_block(&format!("{fence}\n{text}\n{fence}"));
    }

    /// Writes a table as in GFM: a header row, then one line per row.
    fn table(&mut self, table: NodeId) {
        self.end_block();
        let document = self.document;
        let mut caption = Vec::new();
        let mut rows: Vec<Vec<String>> = Vec::new();
        let mut has_header = false;
        let end = document.end(table);
        let mut id = table.next();
        while id < end {
            match document.tag(id) {
                Tag::Tr => rows.push(Vec::new()),
                tag @ (Tag::Td | Tag::Th) => {
                    if rows.is_empty() {
                        rows.push(Vec::new());
                    }
                    has_header |= rows.len() == 1 && tag == Tag::Th;
                    let cell = inline::render(inline_pieces(document, id), InlineContext::Cell);
                    let span = document.attr(id, "colspan").and_then(|span| span.trim().parse().ok());
                    let empty = span.unwrap_or(1_usize).clamp(1, MAX_SPAN) - 1;
                    if let Some(row) = rows.last_mut() {
                        row.push(cell);
                        row.extend(std::iter::repeat_n(String::new(), empty));
                    }
                    id = document.end(id);
                    continue;
                }
                Tag::Caption => {
                    caption = inline_pieces(document, id);
                    id = document.end(id);
                    continue;
                }
                _ => {}
            }
            id = id.next();
        }
        if !caption.is_empty() {
            let marked = std::iter::once(InlinePiece::Open(Emphasis::Em))
                .chain(caption)
                .chain([InlinePiece::Close(Emphasis::Em)]);
            self.write_block(&inline::render(marked, InlineContext::Paragraph));
        }
        rows.retain(|row| row.iter().any(|cell| !cell.is_empty()));
        let width = rows.iter().map(Vec::len).max().unwrap_or_default();
        let line = |cells: &[String]| format!("| {} |", cells.join(" | "));
        // A renderer fills up short rows, but takes the number of columns from the header.
        let mut header = if has_header && !rows.is_empty() { rows.remove(0) } else { Vec::new() };
        header.resize(width, String::new());
        let mut lines = vec![line(&header), line(&vec!["---".to_owned(); width])];
        lines.extend(rows.iter().map(|row| line(row)));
        if width > 0 {
            self.write_block(&lines.join("\n"));
        }
    }
}

/// A text, a break or an image as a piece; `None` for other elements.
fn leaf_piece(document: &Document, id: NodeId, tag: Tag) -> Option<InlinePiece> {
    match tag {
        Tag::Text => Some(InlinePiece::Text(document.text(id).unwrap_or_default().to_owned())),
        Tag::Br => Some(InlinePiece::Break),
        Tag::Img => {
            let src = document.attr(id, "src").filter(|src| is_web_or_mail(src))?;
            Some(InlinePiece::Image {
                src: src.to_owned(),
                alt: document.attr(id, "alt").unwrap_or_default().to_owned(),
            })
        }
        _ => None,
    }
}

/// Whether a link has a URL that may be written.
fn has_target(document: &Document, id: NodeId) -> bool {
    document.attr(id, "href").is_some_and(is_web_or_mail)
}

/// The content of an element as one line, with spaces between blocks.
fn inline_pieces(document: &Document, root: NodeId) -> Vec<InlinePiece> {
    let mut pieces = Vec::new();
    let mut open: Vec<(NodeId, InlinePiece)> = Vec::new();
    for id in document.subtree(root).skip(1) {
        while let Some((_, piece)) = open.pop_if(|(end, _)| *end <= id) {
            pieces.push(piece);
        }
        let tag = document.tag(id);
        if let Some(piece) = leaf_piece(document, id, tag) {
            pieces.push(piece);
        } else if tag == Tag::A && has_target(document, id) {
            let href = document.attr(id, "href").unwrap_or_default().to_owned();
            pieces.push(InlinePiece::OpenLink);
            open.push((document.end(id), InlinePiece::CloseLink(href)));
        } else if let Some(mark) = Emphasis::of(tag) {
            pieces.push(InlinePiece::Open(mark));
            open.push((document.end(id), InlinePiece::Close(mark)));
        } else if tag.is_block() {
            pieces.push(InlinePiece::Text(" ".to_owned()));
            open.push((document.end(id), InlinePiece::Text(" ".to_owned())));
        }
    }
    pieces.extend(open.into_iter().rev().map(|(_, piece)| piece));
    pieces
}
