//! Which elements a selector matches: our tree as the `selectors` crate sees one.

use std::fmt;

use cssparser::ToCss;
use precomputed_hash::PrecomputedHash;
use selectors::attr::{AttrSelectorOperation, CaseSensitivity, NamespaceConstraint};
use selectors::bloom::BloomFilter;
use selectors::context::{MatchingForInvalidation, NeedsSelectorFlags, SelectorCaches};
use selectors::matching::{self, ElementSelectorFlags, MatchingContext, MatchingMode, QuirksMode};
use selectors::parser::{self, ParseRelative, SelectorList, SelectorParseErrorKind};
use selectors::{Element, OpaqueElement};

use super::css::Css;
use super::tag::Tag;
use super::tree::{Document, Flat, NodeId};

/// A list of selectors, compiled.
#[derive(Clone, Debug)]
pub(super) struct Selectors(SelectorList<Words>);

impl Selectors {
    /// None where it is no such list.
    pub(super) fn parse(typed: &str) -> Option<Self> {
        let mut parser = cssparser::Parser::new(typed);
        SelectorList::parse(&Parser, &mut parser, ParseRelative::No)
            .ok()
            .map(Self)
    }
}

/// The elements a selector matches, in document order. It takes a step for each element and each hop to another one: `a ~ b`
/// looks from each `b` at all between it and an `a`. When the page's steps are spent, [`Document::is_overrun`] is true and
/// the rest of the elements is left out.
pub(super) fn select(document: &Document, css: &Css) -> Vec<NodeId> {
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
    let list: Vec<_> = css
        .selectors()
        .0
        .slice()
        .iter()
        .map(|selector| (Wanted::by(selector), selector))
        .collect();
    document
        .elements()
        .filter(|(at, flat)| {
            let element = Handle { document, at: *at };
            list.iter().any(|(wanted, selector)| {
                wanted.may_be(flat, element)
                    && matching::matches_selector(selector, 0, None, &element, &mut context)
            })
        })
        .map(|(at, _)| at)
        .collect()
}

/// What an element must have to be looked at closely: nearly none of a page has it.
struct Wanted<'s> {
    tag: Option<Tag>,
    class: Option<&'s Word>,
    attributes: bool,
}

impl<'s> Wanted<'s> {
    /// By the last part of a selector, `p.text` of `.story > p.text`.
    fn by(selector: &'s parser::Selector<Words>) -> Self {
        let mut wanted = Self {
            tag: None,
            class: None,
            attributes: false,
        };
        for component in selector.iter() {
            match component {
                parser::Component::LocalName(name) => {
                    wanted.tag = Some(Tag::of(name.lower_name.as_ref())).filter(|tag| *tag != Tag::Other);
                }
                parser::Component::Class(class) => {
                    (wanted.class, wanted.attributes) = (Some(class), true);
                }
                parser::Component::ID(_) => wanted.attributes = true,
                _ => {}
            }
        }
        wanted
    }

    fn may_be(&self, flat: &Flat, element: Handle<'_>) -> bool {
        // Names of other vocabularies keep their case.
        (flat.space != 0 || self.tag.is_none_or(|tag| tag == flat.tag))
            && (flat.attrs > 0 || !self.attributes)
            && self
                .class
                .is_none_or(|class| element.has_class(class, CaseSensitivity::CaseSensitive))
    }
}

/// What selectors are made of: names and values as words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Words;

impl parser::SelectorImpl for Words {
    type ExtraMatchingData<'a> = ();
    type AttrValue = Word;
    type Identifier = Word;
    type LocalName = Word;
    type NamespaceUrl = Word;
    type NamespacePrefix = Word;
    type BorrowedNamespaceUrl = Word;
    type BorrowedLocalName = Word;
    type NonTSPseudoClass = Never;
    type PseudoElement = Never;
}

struct Parser;

impl parser::Parser<'_> for Parser {
    type Impl = Words;
    type Error = SelectorParseErrorKind;

    fn parse_is_and_where(&self) -> bool {
        true
    }

    fn parse_has(&self) -> bool {
        true
    }
}

/// A name or a value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Word(Box<str>);

impl From<&str> for Word {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl AsRef<str> for Word {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl ToCss for Word {
    fn to_css<W: fmt::Write>(&self, out: &mut W) -> fmt::Result {
        cssparser::serialize_identifier(&self.0, out)
    }
}

impl PrecomputedHash for Word {
    fn precomputed_hash(&self) -> u32 {
        // FNV-1a.
        self.0.bytes().fold(0x811c_9dc5, |hash, byte| {
            (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
        })
    }
}

/// A pseudo-class or pseudo-element that would need a browser: there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Never {}

impl ToCss for Never {
    fn to_css<W: fmt::Write>(&self, _: &mut W) -> fmt::Result {
        match *self {}
    }
}

impl parser::NonTSPseudoClass for Never {
    fn is_active_or_hover(&self) -> bool {
        match *self {}
    }

    fn is_user_action_state(&self) -> bool {
        match *self {}
    }
}

impl parser::PseudoElement for Never {}

/// An element of a document.
#[derive(Clone, Copy, Debug)]
struct Handle<'d> {
    document: &'d Document,
    at: NodeId,
}

impl Handle<'_> {
    fn at(self, at: NodeId) -> Self {
        Self { at, ..self }
    }

    /// Takes a step to another element, if one is left. Without, there are no others.
    fn step(self) -> bool {
        self.document.spend(1)
    }

    fn is_element(self) -> bool {
        self.document.tag(self.at) != Tag::Text
    }

    fn space(self) -> u8 {
        self.document.flat(self.at).map_or(0, |flat| flat.space)
    }

    /// Whether its children are no children but its contents, a document of their own (WHATWG HTML, 4.12.3).
    fn is_template(self) -> bool {
        self.document.tag(self.at) == Tag::Template && self.space() == 0
    }

    /// The siblings behind it, texts included.
    fn following(self) -> impl Iterator<Item = Self> {
        let parent = self.document.parent(self.at);
        let end = parent.map_or(self.document.end(self.at), |parent| self.document.end(parent));
        let mut next = self.document.end(self.at);
        std::iter::from_fn(move || {
            let sibling = (next < end && self.step()).then(|| self.at(next))?;
            next = self.document.end(next);
            Some(sibling)
        })
    }

    /// The siblings before it, the nearest first, texts included.
    fn preceding(self) -> impl Iterator<Item = Self> {
        let parent = self.document.parent(self.at);
        let mut at = self.at;
        std::iter::from_fn(move || {
            // What stands before is the end of the sibling's subtree.
            let mut before = at.before().filter(|before| Some(*before) != parent)?;
            loop {
                if !self.step() {
                    return None;
                }
                if self.document.parent(before) == parent {
                    break;
                }
                before = self.document.parent(before)?;
            }
            at = before;
            Some(self.at(before))
        })
    }
}

impl Element for Handle<'_> {
    type Impl = Words;

    fn opaque(&self) -> OpaqueElement {
        match self.document.flat(self.at) {
            Some(flat) => OpaqueElement::new(flat),
            None => OpaqueElement::new(self.document),
        }
    }

    fn parent_element(&self) -> Option<Self> {
        let parent = self.document.parent(self.at).map(|at| self.at(at))?;
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
        let mut children = self.document.children(self.at).map(|at| self.at(at));
        children.find(|child| child.is_element())
    }

    fn is_html_element_in_html_document(&self) -> bool {
        self.space() == 0
    }

    fn has_local_name(&self, name: &Word) -> bool {
        self.document.name(self.at) == &*name.0
    }

    fn has_namespace(&self, _: &Word) -> bool {
        // No name space can be declared, so none is ever asked for.
        false
    }

    fn is_same_type(&self, other: &Self) -> bool {
        self.space() == other.space() && self.document.name(self.at) == self.document.name(other.at)
    }

    fn attr_matches(
        &self,
        space: &NamespaceConstraint<&Word>,
        name: &Word,
        operation: &AttrSelectorOperation<&Word>,
    ) -> bool {
        let spaced = match space {
            NamespaceConstraint::Any => None,
            NamespaceConstraint::Specific(_) => Some(false),
        };
        self.document
            .values(self.at, &name.0, spaced)
            .any(|value| operation.eval_str(value))
    }

    fn match_non_ts_pseudo_class(&self, class: &Never, _: &mut MatchingContext<'_, Words>) -> bool {
        match *class {}
    }

    fn match_pseudo_element(&self, element: &Never, _: &mut MatchingContext<'_, Words>) -> bool {
        match *element {}
    }

    fn apply_selector_flags(&self, _: ElementSelectorFlags) {}

    fn is_link(&self) -> bool {
        self.document.tag(self.at) == Tag::Link
    }

    fn is_html_slot_element(&self) -> bool {
        true
    }

    fn has_id(&self, id: &Word, case: CaseSensitivity) -> bool {
        let mut ids = self.document.values(self.at, "id", Some(false));
        ids.any(|known| case.eq(known.as_bytes(), id.0.as_bytes()))
    }

    fn has_class(&self, name: &Word, case: CaseSensitivity) -> bool {
        let classes = self.document.values(self.at, "class", None);
        classes
            .flat_map(str::split_ascii_whitespace)
            .any(|class| case.eq(class.as_bytes(), name.0.as_bytes()))
    }

    fn has_custom_state(&self, _: &Word) -> bool {
        false
    }

    fn imported_part(&self, _: &Word) -> Option<Word> {
        None
    }

    fn is_part(&self, _: &Word) -> bool {
        false
    }

    fn is_empty(&self) -> bool {
        self.is_template() || self.document.end(self.at) == self.at.next()
    }

    fn is_root(&self) -> bool {
        self.document.parent(self.at).is_none()
    }

    fn add_element_unique_hashes(&self, _: &mut BloomFilter) -> bool {
        false
    }
}
