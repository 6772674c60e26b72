//! Matches selectors: shows our tree to the `selectors` crate, which Firefox uses.
//!
//! Differences from a browser: pages are never in quirks mode, so classes and ids match with their case; there are no
//! pseudo-elements and no pseudo-classes that depend on a user or on scripts. Work is bounded by the steps of the
//! document.

use std::fmt;

use cssparser::ToCss;
use precomputed_hash::PrecomputedHash;
use selectors::attr::{AttrSelectorOperation, CaseSensitivity, NamespaceConstraint};
use selectors::bloom::BloomFilter;
use selectors::context::{MatchingForInvalidation, NeedsSelectorFlags, SelectorCaches};
use selectors::matching::{self, ElementSelectorFlags, MatchingContext, MatchingMode, QuirksMode};
use selectors::parser::{self, ParseRelative, SelectorList, SelectorParseErrorKind};
use selectors::{Element, OpaqueElement};

use super::node::{Namespace, Node};
use super::tag::Tag;
use super::tree::{Document, NodeId};

/// A compiled list of selectors.
#[derive(Clone, Debug)]
pub(super) struct Selectors(SelectorList<SelectorTypes>);

impl Selectors {
    /// `None` if it is no valid list of selectors.
    pub(super) fn parse(typed: &str) -> Option<Self> {
        let mut parser = cssparser::Parser::new(typed);
        SelectorList::parse(&SelectorParser, &mut parser, ParseRelative::No).ok().map(Self)
    }
}

/// The elements that match one of the selectors, in document order. Takes a step for each element and for each hop to
/// another one: `a ~ b` looks from each `b` at all elements between it and an `a`.
pub(super) fn select(document: &Document, selectors: &Selectors) -> Vec<NodeId> {
    if !document.spend(document.len()) {
        return Vec::new();
    }
    let mut caches = SelectorCaches::default();
    let mut context = MatchingContext::new(
        MatchingMode::Normal,
        None,
        &mut caches,
        QuirksMode::NoQuirks,
        NeedsSelectorFlags::No,
        MatchingForInvalidation::No,
    );
    let selectors = selectors.0.slice().iter();
    let selectors: Vec<_> = selectors.map(|selector| (Prefilter::new(selector), selector)).collect();
    document
        .elements()
        .filter(|(id, node)| {
            let element = ElementRef { document, id: *id };
            selectors.iter().any(|(prefilter, selector)| {
                prefilter.may_match(node, element)
                    && matching::matches_selector(selector, 0, None, &element, &mut context)
            })
        })
        .map(|(id, _)| id)
        .collect()
}

/// What an element needs to match a selector at all. It saves most elements of a page the full comparison.
struct Prefilter<'s> {
    /// The name of the element, if [`Tag`] knows it.
    tag: Option<Tag>,
    /// One of its classes.
    class: Option<&'s CssString>,
    /// A class or an id is needed.
    needs_attributes: bool,
}

impl<'s> Prefilter<'s> {
    /// From the last compound of a selector: `p.text` of `.story > p.text`.
    fn new(selector: &'s parser::Selector<SelectorTypes>) -> Self {
        let mut prefilter = Self { tag: None, class: None, needs_attributes: false };
        for component in selector.iter() {
            match component {
                parser::Component::LocalName(name) => {
                    prefilter.tag = Some(Tag::of(name.lower_name.as_ref())).filter(|tag| *tag != Tag::Other);
                }
                parser::Component::Class(class) => {
                    (prefilter.class, prefilter.needs_attributes) = (Some(class), true);
                }
                parser::Component::ID(_) => prefilter.needs_attributes = true,
                _ => {}
            }
        }
        prefilter
    }

    /// Whether an element has what the last compound needs. Never false for an element that matches.
    fn may_match(&self, node: &Node, element: ElementRef<'_>) -> bool {
        // Names in SVG are compared in their own case.
        (node.namespace != Namespace::Html || self.tag.is_none_or(|tag| tag == node.tag))
            && (node.attribute_count > 0 || !self.needs_attributes)
            && self.class.is_none_or(|class| element.has_class(class, CaseSensitivity::CaseSensitive))
    }
}

/// The types of names and values in selectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct SelectorTypes;

impl parser::SelectorImpl for SelectorTypes {
    type ExtraMatchingData<'a> = ();
    type AttrValue = CssString;
    type Identifier = CssString;
    type LocalName = CssString;
    type NamespaceUrl = CssString;
    type NamespacePrefix = CssString;
    type BorrowedNamespaceUrl = CssString;
    type BorrowedLocalName = CssString;
    type NonTSPseudoClass = Unsupported;
    type PseudoElement = Unsupported;
}

/// The syntax that is allowed: `:is()`, `:where()` and `:has()`, too.
struct SelectorParser;

impl parser::Parser<'_> for SelectorParser {
    type Impl = SelectorTypes;
    type Error = SelectorParseErrorKind;

    fn parse_is_and_where(&self) -> bool {
        true
    }

    fn parse_has(&self) -> bool {
        true
    }
}

/// A name or a value in a selector. Names of elements and attributes are compared in lower case for HTML.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct CssString(Box<str>);

impl From<&str> for CssString {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl AsRef<str> for CssString {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl ToCss for CssString {
    fn to_css<W: fmt::Write>(&self, out: &mut W) -> fmt::Result {
        cssparser::serialize_identifier(&self.0, out)
    }
}

impl PrecomputedHash for CssString {
    fn precomputed_hash(&self) -> u32 {
        // FNV-1a.
        self.0.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
    }
}

/// A pseudo-class such as `:hover`, or a pseudo-element. None is supported, so there is no value of this type.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Unsupported {}

impl ToCss for Unsupported {
    fn to_css<W: fmt::Write>(&self, _: &mut W) -> fmt::Result {
        match *self {}
    }
}

impl parser::NonTSPseudoClass for Unsupported {
    fn is_active_or_hover(&self) -> bool {
        match *self {}
    }

    fn is_user_action_state(&self) -> bool {
        match *self {}
    }
}

impl parser::PseudoElement for Unsupported {}

/// A node of a document, as the `selectors` crate moves through the tree.
#[derive(Clone, Copy, Debug)]
struct ElementRef<'d> {
    document: &'d Document,
    id: NodeId,
}

impl ElementRef<'_> {
    /// Another node of the same document.
    fn at(self, id: NodeId) -> Self {
        Self { id, ..self }
    }

    /// Takes a step to another node. Without steps there is no other node.
    fn step(self) -> bool {
        self.document.spend(1)
    }

    fn is_element(self) -> bool {
        self.document.tag(self.id) != Tag::Text
    }

    /// The namespace of the element; selectors compare names in SVG with their case.
    fn namespace(self) -> Namespace {
        self.document.node(self.id).map_or(Namespace::Html, |node| node.namespace)
    }

    /// Whether what is in it is not its children but a document of its own (WHATWG HTML, 4.12.3).
    fn is_template(self) -> bool {
        self.document.tag(self.id) == Tag::Template && self.namespace() == Namespace::Html
    }

    /// The siblings after it, texts included.
    fn following(self) -> impl Iterator<Item = Self> {
        let parent = self.document.parent(self.id);
        let end = self.document.end(parent.unwrap_or(self.id));
        let mut next = self.document.end(self.id);
        std::iter::from_fn(move || {
            let sibling = (next < end && self.step()).then(|| self.at(next))?;
            next = self.document.end(next);
            Some(sibling)
        })
    }

    /// The siblings before it, nearest first, texts included.
    fn preceding(self) -> impl Iterator<Item = Self> {
        let parent = self.document.parent(self.id);
        let mut id = self.id;
        std::iter::from_fn(move || {
            // The node before is the last one in the sibling's subtree.
            let mut before = id.previous().filter(|before| Some(*before) != parent)?;
            loop {
                if !self.step() {
                    return None;
                }
                if self.document.parent(before) == parent {
                    break;
                }
                before = self.document.parent(before)?;
            }
            id = before;
            Some(self.at(before))
        })
    }
}

/// What the crate asks of elements. Shadow trees, slots, parts and custom states belong to scripts: pages as parsed
/// have none.
impl Element for ElementRef<'_> {
    type Impl = SelectorTypes;

    /// The identity of an element: the address of its node.
    fn opaque(&self) -> OpaqueElement {
        match self.document.node(self.id) {
            Some(node) => OpaqueElement::new(node),
            None => OpaqueElement::new(self.document),
        }
    }

    fn parent_element(&self) -> Option<Self> {
        let parent = self.document.parent(self.id).map(|id| self.at(id))?;
        (self.step() && !parent.is_template()).then_some(parent)
    }

    fn parent_node_is_shadow_root(&self) -> bool {
        false
    }

    fn containing_shadow_host(&self) -> Option<Self> {
        None
    }

    fn is_pseudo_element(&self) -> bool {
        false
    }

    fn prev_sibling_element(&self) -> Option<Self> {
        self.preceding().find(|sibling| sibling.is_element())
    }

    fn next_sibling_element(&self) -> Option<Self> {
        self.following().find(|sibling| sibling.is_element())
    }

    fn first_element_child(&self) -> Option<Self> {
        if self.is_template() || !self.step() {
            return None;
        }
        let mut children = self.document.children(self.id).map(|id| self.at(id));
        children.find(|child| child.is_element())
    }

    fn is_html_element_in_html_document(&self) -> bool {
        self.namespace() == Namespace::Html
    }

    fn has_local_name(&self, name: &CssString) -> bool {
        self.document.name(self.id) == &*name.0
    }

    fn has_namespace(&self, _: &CssString) -> bool {
        // Selectors cannot declare namespaces, so none is asked for.
        false
    }

    fn is_same_type(&self, other: &Self) -> bool {
        self.namespace() == other.namespace() && self.document.name(self.id) == self.document.name(other.id)
    }

    /// Attributes with a namespace match only `*|name`.
    fn attr_matches(
        &self,
        namespace: &NamespaceConstraint<&CssString>,
        name: &CssString,
        operation: &AttrSelectorOperation<&CssString>,
    ) -> bool {
        let has_namespace = match namespace {
            NamespaceConstraint::Any => None,
            NamespaceConstraint::Specific(_) => Some(false),
        };
        self.document.values(self.id, &name.0, has_namespace).any(|value| operation.eval_str(value))
    }

    fn match_non_ts_pseudo_class(
        &self,
        class: &Unsupported,
        _: &mut MatchingContext<'_, SelectorTypes>,
    ) -> bool {
        match *class {}
    }

    fn match_pseudo_element(
        &self,
        element: &Unsupported,
        _: &mut MatchingContext<'_, SelectorTypes>,
    ) -> bool {
        match *element {}
    }

    /// Flags are for restyling after changes; documents do not change.
    fn apply_selector_flags(&self, _: ElementSelectorFlags) {}

    /// `:link` and `:any-link` are not parsed, so this is never asked.
    fn is_link(&self) -> bool {
        self.document.tag(self.id) == Tag::Link
    }

    fn is_html_slot_element(&self) -> bool {
        true
    }

    fn has_id(&self, id: &CssString, case: CaseSensitivity) -> bool {
        let mut ids = self.document.values(self.id, "id", Some(false));
        ids.any(|known| case.eq(known.as_bytes(), id.0.as_bytes()))
    }

    fn has_class(&self, name: &CssString, case: CaseSensitivity) -> bool {
        let classes = self.document.values(self.id, "class", None);
        classes
            .flat_map(str::split_ascii_whitespace)
            .any(|class| case.eq(class.as_bytes(), name.0.as_bytes()))
    }

    fn has_custom_state(&self, _: &CssString) -> bool {
        false
    }

    fn imported_part(&self, _: &CssString) -> Option<CssString> {
        None
    }

    fn is_part(&self, _: &CssString) -> bool {
        false
    }

    /// `:empty`. Comments are in no tree, so they do not count.
    fn is_empty(&self) -> bool {
        self.is_template() || self.document.end(self.id) == self.id.next()
    }

    fn is_root(&self) -> bool {
        self.document.parent(self.id).is_none()
    }

    /// No bloom filter of ancestors is used: each element is matched once per selector.
    fn add_element_unique_hashes(&self, _: &mut BloomFilter) -> bool {
        false
    }
}
