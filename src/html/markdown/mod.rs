//! Sanitised HTML as Markdown: CommonMark, with the tables and strike-outs of GFM.
//!
//! What Markdown cannot say stays text, or the few inline elements that CommonMark lets through. Text that looks like
//! markup is escaped, so that a renderer shows what the page showed.

mod inline;

#[cfg(test)]
mod tests;

use inline::{Mark, Piece, Within};

use super::allowed::is_web_or_mail;
use super::tag::Tag;
use super::tree::{Document, NodeId};

/// Quotes and lists around a block that are written; deeper ones are flattened, as each costs every line its prefix.
const DEEPEST: usize = 12;

/// Widest that one cell of a table counts.
const WIDEST: usize = 20;

/// Markdown of the HTML that [`super::sanitised`] gives. Empty where it is more than we parse.
pub fn markdown(sanitised: &str) -> String {
    let Ok(document) = Document::parse(sanitised, &super::ParseLimits::default()) else {
        return String::new();
    };
    let mut writer = Writer {
        document: &document,
        out: String::new(),
        containers: Vec::new(),
        frames: Vec::new(),
        pieces: Vec::new(),
        after_item: false,
        list_closed: None,
    };
    writer.walk();
    writer.out
}

/// What stands around blocks and begins each of their lines.
struct Container {
    /// Of its first line.
    marker: String,
    /// Of the lines after it.
    rest: String,
    begun: bool,
    item: bool,
}

/// An element we are in, and what its end means.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    /// Ends a block.
    Block,
    Heading(u8),
    /// A caption or a term: all of it is marked.
    All(Mark),
    List {
        /// The number of the next item, where it is numbered.
        next: Option<u32>,
        marker: char,
    },
    /// A quote or an item that is written.
    Container,
    Inline(Mark),
    Link,
}

struct Frame {
    at: NodeId,
    end: NodeId,
    role: Role,
}

struct Writer<'d> {
    document: &'d Document,
    out: String,
    containers: Vec<Container>,
    frames: Vec<Frame>,
    /// Of the block being read.
    pieces: Vec<Piece>,
    /// The last block was the first of an item: the next item follows without a blank line.
    after_item: bool,
    /// Where the output was when a list ended, and by which marker: a list right after it needs another.
    list_closed: Option<(usize, char)>,
}

impl Writer<'_> {
    fn walk(&mut self) {
        let Some(end) = self.document.nodes().last().map(NodeId::next) else {
            return;
        };
        let Some(mut at) = self.document.nodes().next() else {
            return;
        };
        while at < end {
            self.leave(at);
            let tag = self.document.tag(at);
            let whole = match tag {
                _ if tag.has_no_text() => true,
                Tag::Table => {
                    self.table(at);
                    true
                }
                Tag::Pre => {
                    self.preformatted(at);
                    true
                }
                Tag::Code | Tag::Kbd | Tag::Samp => {
                    self.pieces.push(Piece::Code(self.text_within(at)));
                    true
                }
                Tag::Hr => {
                    self.flush();
                    self.block("---");
                    true
                }
                _ => {
                    self.enter(at, tag);
                    false
                }
            };
            at = if whole { self.document.end(at) } else { at.next() };
        }
        self.leave(end);
        self.flush();
    }

    fn enter(&mut self, at: NodeId, tag: Tag) {
        if let Some(piece) = leaf(self.document, at, tag) {
            self.pieces.push(piece);
            return;
        }
        let role = match tag {
            Tag::A if has_target(self.document, at) => {
                self.pieces.push(Piece::OpenLink);
                Role::Link
            }
            _ if Mark::of(tag).is_some() => {
                let Some(mark) = Mark::of(tag) else { return };
                self.pieces.push(Piece::Open(mark));
                Role::Inline(mark)
            }
            _ if !tag.is_block() => return,
            _ => {
                self.flush();
                self.open(at, tag)
            }
        };
        self.frames.push(Frame {
            at,
            end: self.document.end(at),
            role,
        });
    }

    /// Opens a block, list or container.
    fn open(&mut self, at: NodeId, tag: Tag) -> Role {
        match tag {
            Tag::Blockquote if self.containers.len() < DEEPEST => self.contain("> ", "> ", false),
            Tag::Ul | Tag::Ol => {
                let start = self.document.attr(at, "start");
                let start = start.and_then(|start| start.trim().parse().ok()).unwrap_or(1);
                let (usual, other) = if tag == Tag::Ol { ('.', ')') } else { ('-', '*') };
                let marker = match self.list_closed {
                    Some((length, before)) if length == self.out.len() && before == usual => {
                        self.after_item = false;
                        other
                    }
                    _ => usual,
                };
                Role::List {
                    next: (tag == Tag::Ol).then_some(start),
                    marker,
                }
            }
            Tag::Li if self.containers.len() < DEEPEST => {
                let list = self
                    .frames
                    .iter_mut()
                    .rev()
                    .find_map(|frame| match &mut frame.role {
                        Role::List { next, marker } => Some((next, *marker)),
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
                self.contain(&marker, &rest, true)
            }
            Tag::Figcaption | Tag::Caption => Role::All(Mark::Em),
            Tag::Dt => Role::All(Mark::Strong),
            _ => tag.heading().map_or(Role::Block, Role::Heading),
        }
    }

    fn contain(&mut self, marker: &str, rest: &str, item: bool) -> Role {
        self.containers.push(Container {
            marker: marker.to_owned(),
            rest: rest.to_owned(),
            begun: false,
            item,
        });
        Role::Container
    }

    /// Leaves the elements that end before `at`.
    fn leave(&mut self, at: NodeId) {
        while let Some(frame) = self.frames.last() {
            if at < frame.end {
                return;
            }
            let (role, own) = (frame.role, frame.at);
            match role {
                Role::Inline(mark) => self.pieces.push(Piece::Close(mark)),
                Role::Link => {
                    let href = self.document.attr(own, "href").unwrap_or_default();
                    self.pieces.push(Piece::CloseLink(href.to_owned()));
                }
                _ => self.flush(),
            }
            match role {
                Role::Container => {
                    self.containers.pop();
                }
                Role::List { marker, .. } => self.list_closed = Some((self.out.len(), marker)),
                _ => {}
            }
            self.frames.pop();
        }
    }

    /// Writes the block that was read so far.
    fn flush(&mut self) {
        let pieces = std::mem::take(&mut self.pieces);
        if pieces.is_empty() {
            return;
        }
        let role = self.frames.iter().rev().find_map(|frame| match frame.role {
            role @ (Role::Heading(_) | Role::All(_)) => Some(role),
            _ => None,
        });
        let text = match role {
            Some(Role::All(mark)) => {
                let marked = std::iter::once(Piece::Open(mark))
                    .chain(pieces)
                    .chain([Piece::Close(mark)]);
                inline::render(marked, Within::Paragraph)
            }
            Some(Role::Heading(level)) => {
                let text = inline::render(pieces, Within::Heading);
                if text.is_empty() {
                    text
                } else {
                    format!("{} {text}", "#".repeat(usize::from(level)))
                }
            }
            _ => inline::render(pieces, Within::Paragraph),
        };
        self.block(&text);
    }

    /// Writes a block, line by line behind what its containers begin lines with.
    fn block(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        let first_of_item = self
            .containers
            .last()
            .is_some_and(|container| container.item && !container.begun);
        if !self.out.is_empty() {
            self.out.push('\n');
            if !(first_of_item && self.after_item) {
                let begun = self.containers.iter().take_while(|container| container.begun);
                let prefix: String = begun.map(|container| container.rest.as_str()).collect();
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
                let first = !std::mem::replace(&mut container.begun, true);
                self.out
                    .push_str(if first { &container.marker } else { &container.rest });
            }
            if line.is_empty() {
                let kept = self.out.trim_end_matches(' ').len();
                self.out.truncate(kept.max(from));
            }
            self.out.push_str(line);
        }
        self.after_item = first_of_item;
    }

    /// The texts of an element as they stand.
    fn text_within(&self, at: NodeId) -> String {
        let mut text = String::new();
        for inner in self.document.subtree(at) {
            match self.document.tag(inner) {
                Tag::Br => text.push('\n'),
                _ => text.push_str(self.document.text(inner).unwrap_or_default()),
            }
        }
        text
    }

    fn preformatted(&mut self, at: NodeId) {
        self.flush();
        let text = self.text_within(at);
        let text = text.trim_matches('\n');
        if text.trim().is_empty() {
            return;
        }
        let fence = "`".repeat(inline::longest_run(text, '`').max(2) + 1);
        self.block(&format!("{fence}\n{text}\n{fence}"));
    }

    /// A table as GFM has it: one row of heads, one line a row.
    fn table(&mut self, table: NodeId) {
        self.flush();
        let document = self.document;
        let mut caption = Vec::new();
        let mut rows: Vec<Vec<String>> = Vec::new();
        let mut heads = false;
        let end = document.end(table);
        let mut at = table.next();
        while at < end {
            match document.tag(at) {
                Tag::Tr => rows.push(Vec::new()),
                tag @ (Tag::Td | Tag::Th) => {
                    if rows.is_empty() {
                        rows.push(Vec::new());
                    }
                    heads |= rows.len() == 1 && tag == Tag::Th;
                    let cell = inline::render(inline_pieces(document, at), Within::Cell);
                    let span = document
                        .attr(at, "colspan")
                        .and_then(|span| span.trim().parse().ok());
                    let empty = span.unwrap_or(1_usize).clamp(1, WIDEST) - 1;
                    if let Some(row) = rows.last_mut() {
                        row.push(cell);
                        row.extend(std::iter::repeat_n(String::new(), empty));
                    }
                    at = document.end(at);
                    continue;
                }
                Tag::Caption => {
                    caption = inline_pieces(document, at);
                    at = document.end(at);
                    continue;
                }
                _ => {}
            }
            at = at.next();
        }
        if !caption.is_empty() {
            let marked = std::iter::once(Piece::Open(Mark::Em))
                .chain(caption)
                .chain([Piece::Close(Mark::Em)]);
            self.block(&inline::render(marked, Within::Paragraph));
        }
        rows.retain(|row| row.iter().any(|cell| !cell.is_empty()));
        let width = rows.iter().map(Vec::len).max().unwrap_or_default();
        let line = |cells: &[String]| format!("| {} |", cells.join(" | "));
        // A renderer fills short rows up, but takes the number of columns from the heads.
        let mut head = if heads && !rows.is_empty() {
            rows.remove(0)
        } else {
            Vec::new()
        };
        head.resize(width, String::new());
        let mut lines = vec![line(&head), line(&vec!["---".to_owned(); width])];
        lines.extend(rows.iter().map(|row| line(row)));
        if width > 0 {
            self.block(&lines.join("\n"));
        }
    }
}

/// A text, a break or an image.
fn leaf(document: &Document, at: NodeId, tag: Tag) -> Option<Piece> {
    match tag {
        Tag::Text => Some(Piece::Text(document.text(at).unwrap_or_default().to_owned())),
        Tag::Br => Some(Piece::Break),
        Tag::Img => {
            let src = document.attr(at, "src").filter(|src| is_web_or_mail(src))?;
            Some(Piece::Image {
                src: src.to_owned(),
                alt: document.attr(at, "alt").unwrap_or_default().to_owned(),
            })
        }
        _ => None,
    }
}

fn has_target(document: &Document, at: NodeId) -> bool {
    document.attr(at, "href").is_some_and(is_web_or_mail)
}

/// All that is in an element, as one line: blocks are parted by a space.
fn inline_pieces(document: &Document, root: NodeId) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut open: Vec<(NodeId, Piece)> = Vec::new();
    for at in document.subtree(root).skip(1) {
        while let Some((_, piece)) = open.pop_if(|(end, _)| *end <= at) {
            pieces.push(piece);
        }
        let tag = document.tag(at);
        if let Some(piece) = leaf(document, at, tag) {
            pieces.push(piece);
        } else if tag == Tag::A && has_target(document, at) {
            let href = document.attr(at, "href").unwrap_or_default().to_owned();
            pieces.push(Piece::OpenLink);
            open.push((document.end(at), Piece::CloseLink(href)));
        } else if let Some(mark) = Mark::of(tag) {
            pieces.push(Piece::Open(mark));
            open.push((document.end(at), Piece::Close(mark)));
        } else if tag.is_block() {
            pieces.push(Piece::Text(" ".to_owned()));
            open.push((document.end(at), Piece::Text(" ".to_owned())));
        }
    }
    pieces.extend(open.into_iter().rev().map(|(_, piece)| piece));
    pieces
}
