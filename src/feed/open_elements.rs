//! The stack of open elements, and what elements inherit from those around them.

use std::rc::Rc;

use url::Url;

use super::fields::ElementRole;
use super::limits;
use super::reference::decode_references;
use super::token::StartTag;
use super::values::web_address;
use super::vocabulary::{Namespaces, Vocabulary};

/// Stray end tags of a document that are searched for among all open elements. Further ones are searched for among the
/// innermost [`FEW`] only, so that a document of stray end tags takes linear time (docs/threats.md, H13).
const MAX_STRAY_SEARCHES: usize = 100_000;

/// See [`MAX_STRAY_SEARCHES`]; a field of a feed is five elements deep.
const FEW: usize = 8;

/// An open element.
#[derive(Debug)]
pub(super) struct OpenElement<'a> {
    /// As written.
    pub(super) name: &'a str,
    pub(super) role: ElementRole,
    /// The address that relative links in it start from (`xml:base`).
    pub(super) base: Option<Rc<Url>>,
    /// `xml:lang`, as written.
    pub(super) language: Option<&'a str>,
    /// Whether it, or an element around it, has nothing that belongs to the entry.
    pub(super) is_ignored: bool,
}

/// At most [`limits::DEPTH`] open elements, outermost first.
#[derive(Debug, Default)]
pub(super) struct OpenElements<'a> {
    stack: Vec<OpenElement<'a>>,
    namespaces: Namespaces<'a>,
    /// The address of the document.
    base: Option<Rc<Url>>,
    /// End tags for which no open element was found.
    strays: usize,
}

impl<'a> OpenElements<'a> {
    pub(super) fn new(base: Option<&Url>) -> Self {
        Self { base: base.cloned().map(Rc::new), ..Self::default() }
    }

    pub(super) fn len(&self) -> usize {
        self.stack.len()
    }

    /// Whether no further element can be pushed.
    pub(super) fn is_full(&self) -> bool {
        self.stack.len() >= limits::DEPTH
    }

    pub(super) fn innermost(&self) -> Option<&OpenElement<'a>> {
        self.stack.last()
    }

    /// Whether the innermost element is a child of one with the role [`ElementRole::Credit`].
    pub(super) fn is_in_credit(&self) -> bool {
        self.stack.iter().rev().nth(1).is_some_and(|parent| parent.role == ElementRole::Credit)
    }

    /// Whether a feed or an entry is open.
    pub(super) fn is_feed_open(&self) -> bool {
        let mut roles = self.stack.iter().map(|element| element.role);
        roles.any(|role| matches!(role, ElementRole::Feed | ElementRole::Graph | ElementRole::Entry))
    }

    /// Whether any element so far declared RSS by its namespace.
    pub(super) fn declares_rss(&self) -> bool {
        self.namespaces.declares_rss()
    }

    /// Reads the namespaces that a tag declares. Returns the vocabulary and the local name of its element, which must
    /// then be pushed or [dropped](Self::drop_declarations).
    pub(super) fn resolve(&mut self, tag: &StartTag<'a>) -> (Vocabulary, &'a str) {
        self.namespaces.declare(self.stack.len() + 1, &tag.attributes);
        self.namespaces.resolve(tag.name)
    }

    /// Forgets the namespaces of a tag whose element is not pushed.
    pub(super) fn drop_declarations(&mut self) {
        self.namespaces.leave(self.stack.len() + 1);
    }

    /// Opens an element.
    pub(super) fn push(&mut self, tag: &StartTag<'a>, role: ElementRole) {
        let parent = self.stack.last();
        let inherited = parent.map_or_else(|| self.base.clone(), |parent| parent.base.clone());
        let own_base = match role {
            // CDF has no xml:base.
            ElementRole::Feed => tag.attribute("xml:base").or_else(|| tag.attribute("base")),
            _ => tag.attribute("xml:base"),
        };
        let own_base = own_base.and_then(|href| web_address(&decode_references(href), inherited.as_deref()));
        let language = tag.attribute("xml:lang");
        let is_inside_ignored = parent.is_some_and(|parent| parent.is_ignored);
        let element = OpenElement {
            name: tag.name,
            role,
            base: own_base.map(Rc::new).or(inherited),
            language: language.or_else(|| parent.and_then(|parent| parent.language)),
            is_ignored: match role {
                ElementRole::Entry => false,
                ElementRole::Ignored | ElementRole::Credit => true,
                _ => is_inside_ignored,
            },
        };
        self.stack.push(element);
    }

    /// Closes the innermost element.
    pub(super) fn pop(&mut self) -> Option<OpenElement<'a>> {
        let element = self.stack.pop()?;
        self.namespaces.leave(self.stack.len() + 1);
        Some(element)
    }

    /// The index of the innermost element of a name, in any case.
    pub(super) fn position_of(&mut self, name: &str) -> Option<usize> {
        let is_few = self.strays >= MAX_STRAY_SEARCHES;
        let from = if is_few { self.stack.len().saturating_sub(FEW) } else { 0 };
        let mut searched = self.stack.iter().skip(from);
        let found = searched.rposition(|element| element.name.eq_ignore_ascii_case(name));
        self.strays += usize::from(found.is_none());
        found.map(|at| from + at)
    }
}
