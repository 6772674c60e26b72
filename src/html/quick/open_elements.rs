//! The stack of open elements: scopes and implied end tags (WHATWG HTML, 13.2.4.2 and 13.2.6.3).

use super::super::tag::Tag;
use super::builder::{OpenIn, StackElement, TreeBuilder};
use super::element_groups::{IMPLIED_END, SPECIAL, TABLE_PARTS};
use super::tokenizer::TagName;

/// The scopes of the standard: where the search for an open element ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ElementScope {
    Default,
    ListItem,
    Button,
    Table,
}

impl ElementScope {
    /// Whether the search stops at an element that was not the one searched for.
    fn ends_at(self, open: StackElement) -> bool {
        match open.tag {
            Tag::Html | Tag::Table | Tag::Template => true,
            // `<select>` is one of them in html5ever since customisable selects.
            Tag::Applet | Tag::Caption | Tag::Td | Tag::Th | Tag::Marquee | Tag::Object | Tag::Select => {
                self != Self::Table
            }
            Tag::Ol | Tag::Ul => self == Self::ListItem,
            Tag::Button => self == Self::Button,
            _ => open.namespace == OpenIn::SvgIntegrationPoint && self != Self::Table,
        }
    }
}

impl TreeBuilder<'_> {
    /// The tag of the current node; [`Tag::Text`] where it is none of HTML's.
    pub(super) fn current_tag(&self) -> Tag {
        self.open.last().map_or(Tag::Text, |open| open.tag)
    }

    /// Whether the stack has an element of this tag in scope.
    pub(super) fn has_in_scope(&self, scope: ElementScope, tag: Tag) -> bool {
        self.any_in_scope(scope, |open| open.tag == tag)
    }

    /// Whether the stack has an element in scope for which `matches` is true.
    pub(super) fn any_in_scope(&self, scope: ElementScope, matches: impl Fn(&StackElement) -> bool) -> bool {
        for open in self.open.iter().rev() {
            if matches(open) {
                return true;
            }
            if scope.ends_at(*open) {
                return false;
            }
        }
        false
    }

    /// Whether a `<p>` is open that a block would close.
    #[inline]
    pub(super) fn has_p_in_button_scope(&self) -> bool {
        self.open_paragraphs > 0 && self.has_in_scope(ElementScope::Button, Tag::P)
    }

    /// Whether any template is open. Rules for forms and attributes of the body differ in templates.
    pub(super) fn has_open_template(&self) -> bool {
        self.open.iter().any(|open| open.tag == Tag::Template)
    }

    /// Closes a `<p>` if one is in button scope.
    #[inline]
    pub(super) fn close_p(&mut self) {
        if self.has_p_in_button_scope() {
            self.close(Tag::P, Tag::P);
        }
    }

    /// Generates implied end tags except for `except`, then pops up to and including an element of `tag`.
    pub(super) fn close(&mut self, tag: Tag, except: Tag) {
        self.generate_implied_ends(except);
        self.pop_through(|open| open.tag == tag);
    }

    /// The same where such an element is in scope. Returns whether it was.
    pub(super) fn close_in_scope(&mut self, scope: ElementScope, tag: Tag, except: Tag) -> bool {
        let is_open = self.has_in_scope(scope, tag);
        if is_open {
            self.close(tag, except);
        }
        is_open
    }

    /// Pushes an element onto the stack.
    pub(super) fn push_open(&mut self, node: u32, tag: Tag, namespace: OpenIn) {
        self.open_paragraphs += usize::from(tag == Tag::P);
        self.open.push(StackElement { node, tag, namespace });
    }

    /// Pops the current node.
    pub(super) fn pop(&mut self) {
        if let Some(open) = self.open.pop() {
            self.open_paragraphs -= usize::from(open.tag == Tag::P);
        }
    }

    /// Pops elements until the stack has `length`.
    pub(super) fn truncate_open(&mut self, length: usize) {
        while self.open.len() > length {
            self.pop();
        }
    }

    /// Removes an element from the stack that need not be the current node.
    pub(super) fn remove_open(&mut self, node: u32) {
        if let Some(place) = self.open.iter().rposition(|open| open.node == node) {
            let open = self.open.remove(place);
            self.open_paragraphs -= usize::from(open.tag == Tag::P);
        }
    }

    /// Pops elements until one for which `matches` is true was popped.
    pub(super) fn pop_through(&mut self, matches: impl Fn(&StackElement) -> bool) {
        while let Some(open) = self.open.last().copied() {
            self.pop();
            if matches(&open) {
                return;
            }
        }
    }

    /// Clears the stack back to a context: pops until the current node is one of `tags`.
    pub(super) fn pop_to(&mut self, tags: &[Tag]) {
        while self.open.last().is_some_and(|open| !tags.contains(&open.tag)) {
            self.pop();
        }
    }

    /// Generates implied end tags, except for `except`; [`Tag::Text`] excepts none.
    pub(super) fn generate_implied_ends(&mut self, except: Tag) {
        while IMPLIED_END.contains(self.current_tag()) && self.current_tag() != except {
            self.pop();
        }
    }

    /// Generates all implied end tags thoroughly, as at the end of a template.
    pub(super) fn generate_all_implied_ends(&mut self) {
        while IMPLIED_END.contains(self.current_tag())
            || (TABLE_PARTS.contains(self.current_tag()) && self.current_tag() != Tag::Col)
        {
            self.pop();
        }
    }

    /// "Any other end tag" (13.2.6.4.7).
    pub(super) fn close_any_other(&mut self, name: TagName) {
        let place =
            self.open.iter().rposition(|open| self.is_named(*open, name) || SPECIAL.contains(open.tag));
        if let Some(place) = place
            && self.open.get(place).is_some_and(|open| self.is_named(*open, name))
        {
            self.generate_implied_ends(name.tag);
            self.truncate_open(place);
        }
    }

    /// Whether an open element is an HTML element of this name.
    fn is_named(&self, open: StackElement, name: TagName) -> bool {
        open.namespace == OpenIn::Html
            && open.tag == name.tag
            && (name.tag != Tag::Other
                || self.name_of(open.node).eq_ignore_ascii_case(self.written(name.written)))
    }
}
