//! Clean text: what a reader sees, as paragraphs.
//!
//! Words are glued together or split where the page's layout does it, and nowhere else: a block element ends a
//! paragraph, an inline one does not part a word. A `<br>` directly in a block ends a paragraph; inside `<p>`, `<li>`
//! or a heading one is a line break and two end it. Comments, scripts, Word's `<o:p>` and directional marks at the
//! ends are no text; a no-break space is a space.

use super::tag::Tag;
use super::tree::{At, Document, Marks};

/// A part of a document: some elements, without some of what is in them, up to a position.
#[derive(Clone, Debug)]
pub struct Clip {
    /// Elements or texts in document order, none within another.
    pub roots: Vec<At>,
    /// Left out, with everything in it.
    pub without: Marks,
    /// Nothing from here on.
    pub until: Option<At>,
}

impl Clip {
    /// One element, whole.
    pub fn of(document: &Document, root: At) -> Self {
        Self {
            roots: vec![root],
            without: Marks::none(document),
            until: None,
        }
    }

    /// Several elements; those within another are dropped.
    pub fn of_all(document: &Document, found: &[At]) -> Self {
        let mut roots: Vec<At> = found.to_vec();
        roots.sort_unstable();
        roots.dedup();
        let mut end = At(0);
        roots.retain(|at| {
            let outer = *at >= end;
            if outer {
                end = document.end(*at);
            }
            outer
        });
        Self {
            roots,
            without: Marks::none(document),
            until: None,
        }
    }

    /// Ends it before the first text that contains one of `phrases`. Scripts are no text.
    pub fn cut_after(&mut self, document: &Document, phrases: &[String]) {
        if phrases.is_empty() {
            return;
        }
        let found = self
            .texts(document)
            .find(|(_, text)| phrases.iter().any(|phrase| text.contains(phrase.as_str())));
        self.until = found.map(|(at, _)| at).or(self.until);
    }

    /// The texts a reader sees, in order.
    pub fn texts<'a>(&'a self, document: &'a Document) -> impl Iterator<Item = (At, &'a str)> {
        let mut roots = self.roots.iter();
        let (mut next, mut end) = (At(0), At(0));
        std::iter::from_fn(move || {
            loop {
                if next >= end {
                    next = *roots.next()?;
                    end = document.end(next);
                }
                let at = next;
                if self.until.is_some_and(|until| at >= until) {
                    return None;
                }
                let tag = document.tag(at);
                if self.without.has(at) || tag.is_mute() {
                    next = document.end(at);
                    continue;
                }
                next = At(at.0 + 1);
                if tag == Tag::Text {
                    return Some((at, document.text_of(at).unwrap_or_default()));
                }
            }
        })
    }
}

/// What a block of text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
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
    pub shape: Shape,
    /// Clean text; lines parted by `\n` where the page breaks them.
    pub text: String,
    /// The element that makes it a block.
    pub owner: At,
    /// Its first text.
    pub first: At,
    /// Its last text.
    pub last: At,
    /// Characters that are not spaces.
    pub chars: usize,
    /// Those of them within links.
    pub linked: usize,
    /// Characters, those of scripts that write a word with one or two counted for more.
    pub weight: f64,
}

/// The blocks of a part of a document, in order.
pub fn blocks(document: &Document, clip: &Clip) -> Vec<Block> {
    let mut reader = Reader::new(document);
    for root in &clip.roots {
        reader.read(*root, clip);
    }
    reader.blocks
}

/// Blocks as one text: a blank line between paragraphs, a line break between items of a list and rows of a table.
pub fn join<'a>(blocks: impl IntoIterator<Item = &'a Block>) -> String {
    let mut text = String::new();
    let mut before: Option<Shape> = None;
    for block in blocks {
        if let Some(before) = before {
            let together = matches!(
                (before, block.shape),
                (Shape::Item { .. }, Shape::Item { .. }) | (Shape::Row, Shape::Row)
            );
            text.push_str(if together { "\n" } else { "\n\n" });
        }
        if let Shape::Item { depth, number } = block.shape {
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
        before = Some(block.shape);
    }
    text
}

/// The text of one element as one line: for titles, names, captions.
pub fn line(document: &Document, at: At) -> String {
    let clip = Clip::of(document, at);
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
pub fn tidy(text: &str) -> String {
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

fn is_invisible(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '\u{feff}' | '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{2066}'..='\u{2069}')
}

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

/// An open block element, and what it means for the text in it.
#[derive(Clone, Copy)]
struct Frame {
    owner: At,
    end: At,
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

struct Reader<'d> {
    document: &'d Document,
    blocks: Vec<Block>,
    frames: Vec<Frame>,
    items: Vec<Item>,
    text: String,
    first: At,
    last: At,
    owner: At,
    chars: usize,
    linked: usize,
    space: bool,
    breaks: u8,
    link_end: At,
}

impl<'d> Reader<'d> {
    fn new(document: &'d Document) -> Self {
        Self {
            document,
            blocks: Vec::new(),
            frames: Vec::new(),
            items: Vec::new(),
            text: String::new(),
            first: At(0),
            last: At(0),
            owner: At(0),
            chars: 0,
            linked: 0,
            space: false,
            breaks: 0,
            link_end: At(0),
        }
    }

    fn read(&mut self, root: At, clip: &Clip) {
        let end = self.document.end(root);
        let mut at = root;
        self.frames.clear();
        while at < end && clip.until.is_none_or(|until| at < until) {
            self.close(at);
            let tag = self.document.tag(at);
            if clip.without.has(at) {
                // What was taken out parted what stood around it, if it was a block.
                if tag.is_block() {
                    self.flush();
                }
                at = self.document.end(at);
                continue;
            }
            if tag.is_mute() {
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
            at = At(at.0 + 1);
        }
        // Before its frames go: they say what the last block is.
        self.flush();
        self.frames.clear();
    }

    fn frame(&self) -> Option<&Frame> {
        self.frames.last()
    }

    /// Leaves the elements that end before `at`.
    fn close(&mut self, at: At) {
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

    fn open(&mut self, at: At, tag: Tag) {
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
    fn is_data_table(&self, table: At) -> bool {
        let (mut cells, mut rows, mut inner) = (0, 0, 0);
        for at in self.document.within(table).skip(1) {
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

    fn append(&mut self, at: At) {
        let text = self.document.text_of(at).unwrap_or_default();
        let (pre, owner) = self.frame().map_or((false, at), |frame| (frame.pre, frame.owner));
        let in_link = at < self.link_end;
        let mut rest = text;
        loop {
            // Most of a page are words in ASCII: those go over whole.
            let run = rest.bytes().take_while(u8::is_ascii_graphic).count();
            if let Some((word, after)) = rest.split_at_checked(run)
                && run > 0
            {
                self.begin(at, owner);
                self.text.push_str(word);
                self.count(at, run, in_link);
                rest = after;
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
    fn begin(&mut self, at: At, owner: At) {
        if self.text.is_empty() {
            (self.first, self.owner) = (at, owner);
        } else if self.breaks > 0 {
            self.text.push('\n');
        } else if self.space {
            self.text.push(' ');
        }
        (self.space, self.breaks) = (false, 0);
    }

    fn count(&mut self, at: At, chars: usize, in_link: bool) {
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
            (Some(frame), _) if frame.cell => Shape::Row,
            (Some(frame), _) if frame.heading > 0 => Shape::Heading(frame.heading),
            (Some(frame), _) if frame.pre => Shape::Pre,
            (_, Some(item)) => Shape::Item {
                depth: item.depth,
                number: item.number,
            },
            _ => Shape::Paragraph,
        };
        self.blocks.push(Block {
            shape,
            weight: weight(&text, chars),
            text,
            owner: self.owner,
            first: self.first,
            last: self.last,
            chars,
            linked,
        });
    }
}

impl Tag {
    fn is_row_or_table(self) -> bool {
        matches!(self, Self::Tr | Self::Table | Self::Caption)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::html::Limits;

    fn text(html: &str) -> String {
        let document = Document::parse(html, &Limits::default()).unwrap();
        let root = document.all().next().unwrap();
        join(&blocks(&document, &Clip::of(&document, root)))
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

    #[test]
    fn a_clip_ends_before_a_phrase_that_scripts_do_not_count_for() {
        let document = Document::parse(
            "<p>a<script>The end</script></p><p>b</p><div>The end: <p>c</div>",
            &Limits::default(),
        )
        .unwrap();
        let mut clip = Clip::of(&document, document.all().next().unwrap());
        clip.cut_after(&document, &["The end".to_owned()]);
        assert_eq!(join(&blocks(&document, &clip)), "a\n\nb");
    }
}
