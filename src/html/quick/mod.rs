//! Builds the tree of a page whose markup is as usual (WHATWG HTML, 13.2.6), in one pass and in document order.
//!
//! What a usual page never has (formatting that overlaps blocks, text between the rows of a table, frames, formulas)
//! moves nodes that are in the tree already. At the first such thing this parser gives up, and the whole page goes to
//! html5ever, whose tree this one is tested to be equal to: see the tests of `tree`.

mod body;
mod formatting;
mod head;
mod names;
mod open;
mod references;
mod tables;
mod tokens;

use memchr::memchr;

use self::open::{Active, Open, Space};
use self::tokens::{Doctype, Name, Raw, Token, Tokens};
use super::buffer_pool::Room;
use super::limits::{LimitExceeded, ParseLimits};
use super::steps::Steps;
use super::tag::Tag;
use super::tree::{Attr, Document, Flat, Span};

/// Why there is no tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The markup is not as usual.
    Unusual,
    /// It costs too much.
    TooMuch(LimitExceeded),
}

/// The markup is not as usual.
#[derive(Clone, Copy, Debug)]
struct Unusual;

impl From<Unusual> for Refusal {
    fn from(_: Unusual) -> Self {
        Self::Unusual
    }
}

type Outcome<T = ()> = Result<T, Unusual>;

/// Bytes of the page between two looks at the limits.
const CHUNK: usize = 16 << 10;

/// Parses a page; its bytes are taken from `steps`.
pub(super) fn parse(page: &str, limits: &ParseLimits, steps: &Steps) -> Result<Document, Refusal> {
    if memchr(0, page.as_bytes()).is_some()
        || u32::try_from(page.len()).map_or(true, |length| length > u32::MAX / 4)
    {
        return Err(Refusal::Unusual);
    }
    let mut builder = Builder::new(page, limits);
    let mut next_look = CHUNK;
    loop {
        let token = builder.tokens.next(builder.is_foreign());
        if builder.tokens.attributes.len() > limits.attributes {
            return Err(Refusal::Unusual);
        }
        builder.take(token)?;
        // What is open is looked through, and formatting opened again, for many a tag. Cells of tables count as formatting.
        if builder.open.len() > limits.depth || builder.formatting.len() > limits.formatting * 4 {
            return Err(Refusal::Unusual);
        }
        if builder.tokens.position() >= next_look {
            next_look = builder.tokens.position() + CHUNK;
            if !steps.spend_text(CHUNK) {
                return Err(Refusal::TooMuch(LimitExceeded::Steps));
            }
            if builder.nodes.len() > limits.nodes {
                return Err(Refusal::TooMuch(LimitExceeded::Nodes(limits.nodes)));
            }
        }
        if matches!(token, Token::Eof) {
            return if builder.nodes.len() > limits.nodes {
                Err(Refusal::TooMuch(LimitExceeded::Nodes(limits.nodes)))
            } else {
                Ok(builder.finish())
            };
        }
    }
}

/// The insertion mode (13.2.4.1). That of text is not needed: the tokenizer gives such an element whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Initial,
    BeforeHtml,
    BeforeHead,
    InHead,
    AfterHead,
    InBody,
    InTable,
    InCaption,
    InColumnGroup,
    InTableBody,
    InRow,
    InCell,
    InTemplate,
    AfterBody,
    AfterAfterBody,
}

/// What became of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Done,
    /// It is taken again, in this mode.
    Again(Mode),
}

use Step::{Again, Done};

/// A token whose text is resolved.
#[derive(Clone, Copy, Debug)]
enum Item {
    Start(Name, bool),
    End(Name),
    /// White space alone.
    White(Span),
    /// Anything else; in most modes it begins with a character that is no white space.
    Text(Span),
    Comment,
    Eof,
}

struct Builder<'a> {
    page: &'a str,
    /// Room for what the document keeps of it.
    copy: String,
    tokens: Tokens<'a>,
    /// Text that stands nowhere in the page as it is.
    pool: String,
    nodes: Vec<Flat>,
    attrs: Vec<Attr>,
    names: Vec<Span>,
    open: Vec<Open>,
    /// The list of active formatting elements (13.2.4.3); none for a marker.
    formatting: Vec<Option<Active>>,
    mode: Mode,
    template_modes: Vec<Mode>,
    head: Option<u32>,
    form: Option<u32>,
    /// White space behind the head: it stands behind all that goes into the head yet. True: a comment is before it.
    pending: Vec<(Span, bool)>,
    /// Whether the next text is another than the one before.
    parted: bool,
    frameset_ok: bool,
    /// Whether a table ends a paragraph; unknown where the document type has identifiers.
    table_ends_p: Option<bool>,
    /// How many `<p>`, `<template>` are open.
    paragraphs: usize,
    templates: usize,
}

impl<'a> Builder<'a> {
    fn new(page: &'a str, limits: &ParseLimits) -> Self {
        let mut room = Room::take();
        room.nodes.reserve(page.len() / 32);
        room.attrs.reserve(page.len() / 48);
        Self {
            page,
            copy: room.page,
            tokens: Tokens::new(page, limits.attributes),
            pool: String::new(),
            nodes: room.nodes,
            attrs: room.attrs,
            names: Vec::new(),
            open: Vec::with_capacity(32),
            formatting: Vec::new(),
            mode: Mode::Initial,
            template_modes: Vec::new(),
            head: None,
            form: None,
            pending: Vec::new(),
            parted: false,
            frameset_ok: true,
            table_ends_p: Some(false),
            paragraphs: 0,
            templates: 0,
        }
    }

    fn finish(mut self) -> Document {
        // Nodes stand in document order: a subtree ends where the last of its children does.
        let mut at = self.nodes.len();
        while at > 0 {
            at -= 1;
            let Some(node) = self.nodes.get(at) else {
                break;
            };
            let (parent, end) = (node.parent as usize, node.end);
            if let Some(parent) = self.nodes.get_mut(parent) {
                parent.end = parent.end.max(end);
            }
        }
        self.copy.push_str(self.page);
        Document::new(self.copy, self.pool, self.nodes, self.attrs, self.names)
    }

    fn str(&self, span: Span) -> &str {
        span.of(self.page, &self.pool)
    }

    /// Whether the current node is of another vocabulary than HTML's.
    fn is_foreign(&self) -> bool {
        self.open.last().is_some_and(|open| open.space != Space::Html)
    }

    /// Takes a token through the modes.
    fn take(&mut self, token: Token) -> Outcome {
        match token {
            Token::Text(span, false) => self.text(span),
            Token::Text(span, true) => {
                let from = self.pool.len();
                references::resolve(span.of(self.page, ""), false, &mut self.pool);
                self.text(Span::new(
                    self.page.len() + from,
                    self.page.len() + self.pool.len(),
                ))
            }
            Token::Doctype(doctype) => {
                // Only at the very beginning it says anything.
                if self.mode == Mode::Initial {
                    self.table_ends_p = (doctype == Doctype::Html).then_some(true);
                    self.mode = Mode::BeforeHtml;
                }
                Ok(())
            }
            Token::Start(name, self_closing) => self.item(Item::Start(name, self_closing)),
            Token::End(name) => self.item(Item::End(name)),
            Token::Comment => self.item(Item::Comment),
            Token::Eof => self.item(Item::Eof),
        }
    }

    fn text(&mut self, span: Span) -> Outcome {
        if span.len == 0 {
            return Ok(());
        }
        if matches!(
            self.mode,
            Mode::InBody | Mode::InCell | Mode::InCaption | Mode::InTemplate
        ) || self.is_foreign()
        {
            return self.item(Item::Text(span));
        }
        let text = self.str(span);
        let white = text.len() - text.trim_start_matches(|c: char| c.is_ascii_whitespace()).len();
        let (white, rest) = span.split(white);
        // Between the rows of a table white space counts only if there is nothing else.
        let is_table = matches!(self.mode, Mode::InTable | Mode::InTableBody | Mode::InRow);
        if is_table && rest.len > 0 {
            return Err(Unusual);
        }
        if white.len > 0 {
            self.item(Item::White(white))?;
        }
        if rest.len > 0 {
            self.item(Item::Text(rest))?;
        }
        Ok(())
    }

    #[inline]
    fn item(&mut self, item: Item) -> Outcome {
        // As nearly always.
        if self.mode == Mode::InBody && !self.is_foreign() {
            match self.in_body(item)? {
                Done => return Ok(()),
                Again(mode) => self.mode = mode,
            }
        }
        self.item_by_mode(item)
    }

    #[inline(never)]
    fn item_by_mode(&mut self, item: Item) -> Outcome {
        loop {
            let step = if self.is_foreign_to(item) {
                self.in_foreign(item)?
            } else {
                self.step(self.mode, item)?
            };
            match step {
                Done => return Ok(()),
                Again(mode) => self.mode = mode,
            }
        }
    }

    fn step(&mut self, mode: Mode, item: Item) -> Outcome<Step> {
        match mode {
            Mode::Initial => match item {
                Item::White(_) | Item::Comment => Ok(Done),
                _ => Ok(Again(Mode::BeforeHtml)),
            },
            Mode::BeforeHtml => match item {
                Item::White(_) | Item::Comment => Ok(Done),
                Item::Start(name, _) if name.tag == Tag::Html => {
                    self.insert(name, true);
                    self.mode = Mode::BeforeHead;
                    Ok(Done)
                }
                Item::End(name) if !matches!(name.tag, Tag::Head | Tag::Body | Tag::Html | Tag::Br) => {
                    Ok(Done)
                }
                _ => {
                    self.phantom(Tag::Html);
                    Ok(Again(Mode::BeforeHead))
                }
            },
            Mode::BeforeHead => match item {
                Item::White(_) | Item::Comment => Ok(Done),
                Item::Start(name, _) if name.tag == Tag::Html => self.in_body(item),
                Item::Start(name, _) if name.tag == Tag::Head => {
                    self.head = Some(self.insert(name, true));
                    self.mode = Mode::InHead;
                    Ok(Done)
                }
                Item::End(name) if !matches!(name.tag, Tag::Head | Tag::Body | Tag::Html | Tag::Br) => {
                    Ok(Done)
                }
                _ => {
                    self.head = Some(self.phantom(Tag::Head));
                    Ok(Again(Mode::InHead))
                }
            },
            Mode::InHead => self.in_head(item),
            Mode::AfterHead => self.after_head(item),
            Mode::InBody => self.in_body(item),
            Mode::InTable => self.in_table(item),
            Mode::InCaption => self.in_caption(item),
            Mode::InColumnGroup => self.in_column_group(item),
            Mode::InTableBody => self.in_table_body(item),
            Mode::InRow => self.in_row(item),
            Mode::InCell => self.in_cell(item),
            Mode::InTemplate => self.in_template(item),
            Mode::AfterBody | Mode::AfterAfterBody => match item {
                // White space goes into the body and leaves the mode as it is.
                Item::White(_) => self.in_body(item),
                // A comment goes to the root or the document, where no text stands.
                Item::Comment | Item::Eof => Ok(Done),
                Item::Start(name, _) if name.tag == Tag::Html => self.in_body(item),
                Item::End(name) if name.tag == Tag::Html && mode == Mode::AfterBody => {
                    self.mode = Mode::AfterAfterBody;
                    Ok(Done)
                }
                _ => Ok(Again(Mode::InBody)),
            },
        }
    }

    /// Whether the rules for foreign content are those of a token (13.2.6).
    fn is_foreign_to(&self, item: Item) -> bool {
        match self.open.last().map(|open| open.space) {
            None | Some(Space::Html) => false,
            Some(Space::Svg) => !matches!(item, Item::Eof),
            Some(Space::SvgPoint) => matches!(item, Item::End(_) | Item::Comment),
        }
    }

    #[cold]
    fn in_foreign(&mut self, item: Item) -> Outcome<Step> {
        match item {
            Item::White(span) | Item::Text(span) => {
                self.append_visible(span);
                Ok(Done)
            }
            Item::Comment => {
                self.parted = true;
                Ok(Done)
            }
            Item::Start(name, self_closing) => {
                let breaks_out = names::breaks_out(name.tag)
                    || (name.tag == Tag::Font
                        && self.tokens.attributes.iter().any(|attribute| {
                            let name = self.str(attribute.name);
                            ["color", "face", "size"]
                                .iter()
                                .any(|known| name.eq_ignore_ascii_case(known))
                        }));
                if breaks_out {
                    return self.break_out(item);
                }
                self.insert_foreign(name, self_closing);
                Ok(Done)
            }
            Item::End(name) if matches!(name.tag, Tag::Br | Tag::P) => self.break_out(item),
            Item::End(name) => {
                let mut place = self.open.len().saturating_sub(1);
                let first = place;
                while let Some(open) = self.open.get(place).filter(|_| place > 0) {
                    if place < first && open.space == Space::Html {
                        return self.step(self.mode, item);
                    }
                    let written = name.written.of(self.page, "");
                    if self.name_of(open.at).eq_ignore_ascii_case(written) {
                        self.truncate(place);
                        return Ok(Done);
                    }
                    place -= 1;
                }
                Ok(Done)
            }
            Item::Eof => Ok(Done),
        }
    }

    /// HTML that stands in foreign content ends it.
    fn break_out(&mut self, item: Item) -> Outcome<Step> {
        while self.open.last().is_some_and(|open| open.space == Space::Svg) {
            self.pop();
        }
        self.step(self.mode, item)
    }

    /// The name of a node.
    fn name_of(&self, at: u32) -> &str {
        let Some(node) = self.nodes.get(at as usize) else {
            return "";
        };
        match node.tag {
            Tag::Other => self
                .names
                .get(node.text.at as usize)
                .map_or("", |span| self.str(*span)),
            tag => tag.name(),
        }
    }

    /// The mode that what is open asks for (13.2.4.1).
    fn appropriate_mode(&self) -> Mode {
        for (place, open) in self.open.iter().enumerate().rev() {
            return match open.tag {
                Tag::Td | Tag::Th if place > 0 => Mode::InCell,
                Tag::Tr => Mode::InRow,
                Tag::Tbody | Tag::Thead | Tag::Tfoot => Mode::InTableBody,
                Tag::Caption => Mode::InCaption,
                Tag::Colgroup => Mode::InColumnGroup,
                Tag::Table => Mode::InTable,
                Tag::Template => self.template_modes.last().copied().unwrap_or(Mode::InTemplate),
                Tag::Head if place > 0 => Mode::InHead,
                Tag::Body => Mode::InBody,
                Tag::Html if self.head.is_none() => Mode::BeforeHead,
                Tag::Html => Mode::AfterHead,
                _ => continue,
            };
        }
        Mode::InBody
    }

    /// Inserts an element that holds no markup, with its content.
    fn raw(&mut self, name: Name, kind: Raw) {
        self.insert(name, true);
        let (mut span, has_references) = self.tokens.raw(name, kind);
        if has_references {
            let from = self.pool.len();
            references::resolve(span.of(self.page, ""), false, &mut self.pool);
            span = Span::new(self.page.len() + from, self.page.len() + self.pool.len());
        }
        if span.len > 0 {
            self.append_text(span);
        }
        self.pop();
    }
}
