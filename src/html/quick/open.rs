//! What is open, and what is put into it (WHATWG HTML, 13.2.4.2 and 13.2.6.1).

use super::super::tag::Tag;
use super::super::tree::{Attr, Flat, Span};
use super::names::{foreign_attribute, foreign_name, is_implied, is_special, is_table_part};
use super::tokens::Name;
use super::{Builder, names, references};

/// The vocabulary of an element, and whether HTML may stand in it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Space {
    Html,
    Svg,
    /// An HTML integration point: `<title>`, `<desc>`, `<foreignObject>`.
    SvgPoint,
}

/// An open element.
#[derive(Clone, Copy, Debug)]
pub(super) struct Open {
    pub(super) at: u32,
    /// [`Tag::Text`], which no element is, where it is none of HTML's.
    pub(super) tag: Tag,
    pub(super) space: Space,
}

impl Open {
    pub(super) fn is_special(self) -> bool {
        is_special(self.tag)
    }
}

/// An active formatting element.
#[derive(Clone, Copy, Debug)]
pub(super) struct Active {
    pub(super) at: u32,
    pub(super) tag: Tag,
}

/// Where the search for an open element ends (13.2.4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    Default,
    List,
    Button,
    Table,
}

impl Scope {
    fn ends_at(self, open: Open) -> bool {
        match open.tag {
            Tag::Html | Tag::Table | Tag::Template => true,
            Tag::Applet | Tag::Caption | Tag::Td | Tag::Th | Tag::Marquee | Tag::Object | Tag::Select => {
                self != Self::Table
            }
            Tag::Ol | Tag::Ul => self == Self::List,
            Tag::Button => self == Self::Button,
            _ => open.space == Space::SvgPoint && self != Self::Table,
        }
    }
}

impl Builder<'_> {
    /// The tag of the current node, as one of HTML's.
    pub(super) fn current(&self) -> Tag {
        self.open.last().map_or(Tag::Text, |open| open.tag)
    }

    pub(super) fn in_scope(&self, scope: Scope, tag: Tag) -> bool {
        self.finds_in_scope(scope, |open| open.tag == tag)
    }

    pub(super) fn finds_in_scope(&self, scope: Scope, is: impl Fn(&Open) -> bool) -> bool {
        for open in self.open.iter().rev() {
            if is(open) {
                return true;
            }
            if scope.ends_at(*open) {
                return false;
            }
        }
        false
    }

    #[inline]
    pub(super) fn p_in_button_scope(&self) -> bool {
        self.paragraphs > 0 && self.in_scope(Scope::Button, Tag::P)
    }

    /// Closes a `<p>` where one is in button scope.
    #[inline]
    pub(super) fn close_p(&mut self) {
        if self.p_in_button_scope() {
            self.imply_ends(Tag::P);
            self.pop_until(|open| open.tag == Tag::P);
        }
    }

    pub(super) fn pop(&mut self) {
        if let Some(open) = self.open.pop() {
            self.forget(open);
        }
    }

    fn forget(&mut self, open: Open) {
        match open.tag {
            Tag::P => self.paragraphs -= 1,
            Tag::Template => self.templates -= 1,
            _ => {}
        }
    }

    pub(super) fn truncate(&mut self, length: usize) {
        while self.open.len() > length {
            self.pop();
        }
    }

    /// Takes an element off the stack that need not be the current one.
    pub(super) fn remove(&mut self, at: u32) {
        if let Some(place) = self.open.iter().rposition(|open| open.at == at) {
            let open = self.open.remove(place);
            self.forget(open);
        }
    }

    /// Pops elements up to and with one that is meant.
    pub(super) fn pop_until(&mut self, is: impl Fn(&Open) -> bool) {
        while let Some(open) = self.open.last().copied() {
            self.pop();
            if is(&open) {
                return;
            }
        }
    }

    /// Pops elements until the current one is among these.
    pub(super) fn pop_to(&mut self, tags: &[Tag]) {
        while self.open.last().is_some_and(|open| !tags.contains(&open.tag)) {
            self.pop();
        }
    }

    /// Generates implied end tags, but for one (13.2.6.3).
    pub(super) fn imply_ends(&mut self, but: Tag) {
        while let Some(open) = self.open.last() {
            if !is_implied(open.tag) || open.tag == but {
                return;
            }
            self.pop();
        }
    }

    pub(super) fn imply_ends_thoroughly(&mut self) {
        while self
            .open
            .last()
            .is_some_and(|open| is_implied(open.tag) || (is_table_part(open.tag) && open.tag != Tag::Col))
        {
            self.pop();
        }
    }

    /// Adds a node to the current one, or the root.
    pub(super) fn push(&mut self, tag: Tag, text: Span, attrs: u16) -> u32 {
        let at = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
        self.nodes.push(Flat {
            parent: self.open.last().map_or(at, |open| open.at),
            end: at + 1,
            text,
            attrs,
            tag,
            space: 0,
        });
        self.parted = false;
        at
    }

    pub(super) fn enter(&mut self, at: u32, tag: Tag, space: Space) {
        match tag {
            Tag::P => self.paragraphs += 1,
            Tag::Template => self.templates += 1,
            _ => {}
        }
        self.open.push(Open { at, tag, space });
    }

    /// Inserts an HTML element for the last start tag; `stays`: and leaves it open.
    pub(super) fn insert(&mut self, name: Name, stays: bool) -> u32 {
        let span = self.element(name, false);
        let at = self.push(name.tag, span.0, span.1);
        if stays {
            self.enter(at, name.tag, Space::Html);
        }
        at
    }

    /// Inserts an element no tag stands for.
    pub(super) fn phantom(&mut self, tag: Tag) -> u32 {
        let at = self.push(tag, Span::default(), 0);
        self.enter(at, tag, Space::Html);
        at
    }

    /// Inserts an element of SVG.
    pub(super) fn insert_foreign(&mut self, name: Name, self_closing: bool) {
        let is_inner = self.open.last().is_some_and(|open| open.space != Space::Html);
        let adjusted = foreign_name(name.written.of(self.page, "")).filter(|_| is_inner);
        let (text, attrs) = match adjusted {
            Some(adjusted) => {
                let written = self.pooled(adjusted);
                self.element(
                    Name {
                        tag: Tag::Other,
                        written,
                    },
                    true,
                )
            }
            None => self.element(name, true),
        };
        let tag = if adjusted.is_some() { Tag::Other } else { name.tag };
        let at = self.push(tag, text, attrs);
        if let Some(node) = self.nodes.last_mut() {
            node.space = 1;
        }
        if !self_closing {
            let space = if names::is_point(self.name_of(at)) {
                Space::SvgPoint
            } else {
                Space::Svg
            };
            self.open.push(Open {
                at,
                tag: Tag::Text,
                space,
            });
        }
    }

    fn pooled(&mut self, text: &str) -> Span {
        let from = self.pool.len();
        self.pool.push_str(text);
        Span::new(self.page.len() + from, self.page.len() + self.pool.len())
    }

    /// A name in lower case.
    fn lower(&mut self, written: Span) -> Span {
        if written.at as usize >= self.page.len() {
            return written;
        }
        let text = written.of(self.page, "");
        if !text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return written;
        }
        let from = self.pool.len();
        self.pool.push_str(text);
        if let Some(copy) = self.pool.get_mut(from..) {
            copy.make_ascii_lowercase();
        }
        Span::new(self.page.len() + from, self.page.len() + self.pool.len())
    }

    /// Keeps the attributes of the last start tag and the name of an unknown element: as [`Flat::text`] and
    /// [`Flat::attrs`] have them.
    #[inline]
    fn element(&mut self, name: Name, foreign: bool) -> (Span, u16) {
        let first = self.attrs.len();
        if !self.tokens.attributes.is_empty() {
            self.keep_attributes(foreign);
        }
        let count = u16::try_from(self.attrs.len() - first).unwrap_or(u16::MAX);
        let other = if name.tag == Tag::Other {
            let written = self.lower(name.written);
            self.names.push(written);
            self.names.len() - 1
        } else {
            0
        };
        (Span::pair(other, first), count)
    }

    #[inline(never)]
    fn keep_attributes(&mut self, foreign: bool) {
        let first = self.attrs.len();
        let mut place = 0;
        while let Some(attribute) = self.tokens.attributes.get(place).copied() {
            place += 1;
            let (name, spaced) = if attribute.has_capitals || foreign {
                self.adjusted(attribute.name, foreign)
            } else {
                (attribute.name, false)
            };
            let known = self.attrs.get(first..).unwrap_or_default();
            let is_known = known.iter().any(|known| {
                known.name.len == name.len && known.spaced == spaced && self.are_alike(known.name, name)
            });
            if is_known {
                continue;
            }
            let value = if attribute.has_references {
                self.resolved(attribute.value)
            } else {
                attribute.value
            };
            self.attrs.push(Attr { name, value, spaced });
        }
    }

    /// The name an attribute is kept by, and whether it is of a name space.
    #[inline(never)]
    fn adjusted(&mut self, written: Span, foreign: bool) -> (Span, bool) {
        let name = self.lower(written);
        if !foreign {
            return (name, false);
        }
        let (adjusted, spaced) = foreign_attribute(self.str(name));
        (adjusted.map_or(name, |adjusted| self.pooled(adjusted)), spaced)
    }

    /// Whether two stretches of one length are alike.
    #[inline(never)]
    fn are_alike(&self, one: Span, other: Span) -> bool {
        self.str(one) == self.str(other)
    }

    /// A value in which references are resolved.
    fn resolved(&mut self, value: Span) -> Span {
        let text = value.of(self.page, "");
        let from = self.pool.len();
        references::resolve(text, true, &mut self.pool);
        Span::new(self.page.len() + from, self.page.len() + self.pool.len())
    }

    /// Appends text of the body; any but white space rules out that the page is one of frames.
    pub(super) fn append_visible(&mut self, span: Span) {
        // Ruled out once, it is not looked for again: nearly every text comes after that.
        self.frameset_ok = self.frameset_ok && self.str(span).bytes().all(|byte| byte.is_ascii_whitespace());
        self.append_text(span);
    }

    /// Appends text to the current node; text that follows text is one.
    #[inline]
    pub(super) fn append_text(&mut self, span: Span) {
        match (self.nodes.last(), self.open.last()) {
            (Some(last), Some(parent))
                if last.tag == Tag::Text && last.parent == parent.at && !self.parted =>
            {
                self.extend_text(last.text, span);
            }
            _ => {
                self.push(Tag::Text, span, 0);
            }
        }
    }

    /// Appends text to the last node, which is one.
    #[inline(never)]
    fn extend_text(&mut self, before: Span, span: Span) {
        let text = if before.end() == span.at as usize
            && (before.at as usize >= self.page.len()) == (span.at as usize >= self.page.len())
        {
            Span::new(before.at as usize, span.end())
        } else {
            self.joined(before, span)
        };
        if let Some(last) = self.nodes.last_mut() {
            last.text = text;
        }
    }

    /// Two texts as one. What stands last in the pool grows where it is, so that many pieces cost their length.
    fn joined(&mut self, one: Span, other: Span) -> Span {
        let end = self.page.len() + self.pool.len();
        let from = if one.at as usize >= self.page.len() && one.end() == end {
            one.at as usize
        } else {
            let copy = self.str(one).to_owned();
            self.pool.push_str(&copy);
            end
        };
        let copy = self.str(other).to_owned();
        self.pool.push_str(&copy);
        Span::new(from, self.page.len() + self.pool.len())
    }
}
