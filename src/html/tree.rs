//! A parsed page as a flat list: every element and text in document order, each with the end of its subtree.
//!
//! A subtree is a range of the list and a walk is a loop, so no depth of nesting becomes a depth of calls. The list
//! does not change after parsing; positions ([`NodeId`]) are valid for the document they came from and harmless for
//! any other: what they do not find there is `None` or empty.
//!
//! Comments, processing instructions and the document type are not in the tree. The contents of a `<template>` are its
//! children, but selectors do not see them there.

use super::buffer_pool::Buffers;
use super::limits::{LimitExceeded, ParseLimits};
use super::node::{Attribute, Node, Span};
use super::steps::StepBudget;
use super::tag::Tag;

/// The position of an element or text in its [`Document`], in document order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub(super) u32);

impl NodeId {
    /// As an index into a list of [`Document::len`] items.
    pub fn index(self) -> usize {
        self.0 as usize
    }

    /// The position before it; `None` before the first.
    pub(super) fn previous(self) -> Option<Self> {
        self.0.checked_sub(1).map(Self)
    }

    /// The position after it. It may be one past the last.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// A parsed page. It owns its text.
pub struct Document {
    /// The page, then every name, value and text that is not in it as it is. All spans are positions here.
    text: String,
    nodes: Vec<Node>,
    attributes: Vec<Attribute>,
    /// The work that is left for the page.
    steps: StepBudget,
}

impl Document {
    /// A document of nodes in document order; see [`super::parse`] for how they come about.
    pub(super) fn new(text: String, nodes: Vec<Node>, attributes: Vec<Attribute>) -> Self {
        Self { text, nodes, attributes, steps: StepBudget::new(ParseLimits::default().steps) }
    }

    /// The same document with what parsing left of its budget.
    pub(super) fn with_steps(mut self, steps: StepBudget) -> Self {
        self.steps = steps;
        self
    }

    /// Takes steps from the page's budget ([`ParseLimits::steps`]). `false` if fewer are left; then none is left from
    /// now on.
    pub(crate) fn spend(&self, steps: usize) -> bool {
        self.steps.spend(steps)
    }

    /// Takes the steps of reading a text of that many bytes.
    pub(crate) fn spend_text(&self, bytes: usize) -> bool {
        self.steps.spend_text(bytes)
    }

    /// Takes the steps of one pass over all nodes.
    pub(crate) fn spend_pass(&self) -> Result<(), LimitExceeded> {
        if self.spend(self.len()) && !self.is_overrun() { Ok(()) } else { Err(LimitExceeded::Steps) }
    }

    /// Whether the budget is spent. What a selector found then is not all.
    pub fn is_overrun(&self) -> bool {
        self.steps.are_spent()
    }

    /// The characters of a span.
    fn str(&self, span: Span) -> &str {
        span.of(&self.text)
    }

    /// The node at a position; `None` past the end.
    pub(super) fn node(&self, id: NodeId) -> Option<&Node> {
        self.nodes.get(id.index())
    }

    /// Number of elements and texts.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there is no element and no text.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The `<html>` element.
    pub fn root(&self) -> Option<NodeId> {
        self.nodes().next()
    }

    /// All elements and texts.
    pub fn nodes(&self) -> impl Iterator<Item = NodeId> + use<> {
        (0..u32::try_from(self.nodes.len()).unwrap_or(u32::MAX)).map(NodeId)
    }

    /// All elements.
    pub(super) fn elements(&self) -> impl Iterator<Item = (NodeId, &Node)> {
        self.nodes().zip(&self.nodes).filter(|(_, node)| node.tag != Tag::Text)
    }

    /// An element and everything in it.
    pub fn subtree(&self, id: NodeId) -> impl Iterator<Item = NodeId> + use<> {
        (id.0..self.end(id).0).map(NodeId)
    }

    /// The children of an element.
    pub fn children(&self, id: NodeId) -> impl Iterator<Item = NodeId> + use<'_> {
        let (mut next, end) = (id.next(), self.end(id));
        std::iter::from_fn(move || {
            let child = (next < end).then_some(next)?;
            next = self.end(child);
            Some(child)
        })
    }

    /// The element around it; `None` for the root.
    pub fn parent(&self, id: NodeId) -> Option<NodeId> {
        let parent = NodeId(self.node(id)?.parent);
        (parent != id).then_some(parent)
    }

    /// The elements around it, innermost first.
    pub fn ancestors(&self, id: NodeId) -> impl Iterator<Item = NodeId> + use<'_> {
        std::iter::successors(self.parent(id), |id| self.parent(*id))
    }

    /// The position after the last node of its subtree.
    pub fn end(&self, id: NodeId) -> NodeId {
        self.node(id).map_or(id.next(), |node| NodeId(node.end))
    }

    /// Whether `inner` is `outer` or within it.
    pub fn contains(&self, outer: NodeId, inner: NodeId) -> bool {
        outer <= inner && inner < self.end(outer)
    }

    /// Which element it is; [`Tag::Text`] for a text.
    pub fn tag(&self, id: NodeId) -> Tag {
        self.node(id).map_or(Tag::Other, |node| node.tag)
    }

    /// The characters of a text; `None` for an element.
    pub fn text(&self, id: NodeId) -> Option<&str> {
        let node = self.node(id).filter(|node| node.tag == Tag::Text)?;
        Some(self.str(node.text))
    }

    /// The name of an element, of one that [`Tag`] does not know, too.
    pub fn name(&self, id: NodeId) -> &str {
        match self.node(id) {
            Some(node) if node.tag == Tag::Other => self.str(node.text),
            Some(node) => node.tag.name(),
            None => "",
        }
    }

    /// The value of an attribute, with character references resolved; names are in lower case. One with a namespace
    /// counts only if there is no other of the name.
    pub fn attr(&self, id: NodeId, name: &str) -> Option<&str> {
        let value = |has_namespace| self.values(id, name, Some(has_namespace)).next();
        value(false).or_else(|| value(true))
    }

    /// The attributes of an element; none for a text.
    fn attributes_of(&self, id: NodeId) -> &[Attribute] {
        self.node(id).and_then(|node| self.attributes.get(node.attributes())).unwrap_or_default()
    }

    /// All attributes of an element as name and value, in the order of the page.
    pub fn attrs(&self, id: NodeId) -> impl Iterator<Item = (&str, &str)> {
        self.attributes_of(id).iter().map(|attribute| (self.str(attribute.name), self.str(attribute.value)))
    }

    /// The values of the attributes of a name: those with a namespace, those without, or (`None`) both.
    pub(super) fn values<'d, 'n>(
        &'d self,
        id: NodeId,
        name: &'n str,
        has_namespace: Option<bool>,
    ) -> impl Iterator<Item = &'d str> + use<'d, 'n> {
        self.attributes_of(id)
            .iter()
            .filter(move |attribute| {
                attribute.name.len as usize == name.len()
                    && has_namespace.is_none_or(|wanted| wanted == attribute.has_namespace)
                    && self.str(attribute.name) == name
            })
            .map(|attribute| self.str(attribute.value))
    }
}

impl Drop for Document {
    fn drop(&mut self) {
        Buffers {
            text: std::mem::take(&mut self.text),
            nodes: std::mem::take(&mut self.nodes),
            attributes: std::mem::take(&mut self.attributes),
        }
        .put_back();
    }
}

impl std::fmt::Debug for Document {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Document of {} nodes", self.nodes.len())
    }
}

/// A set of nodes of one document.
#[derive(Clone, Debug, Default)]
pub struct NodeSet(Vec<u64>);

impl NodeSet {
    /// An empty set for the nodes of a document.
    pub fn empty(document: &Document) -> Self {
        Self(vec![0; document.len() / 64 + 1])
    }

    /// Adds a node.
    pub fn insert(&mut self, id: NodeId) {
        if let Some(word) = self.0.get_mut(id.index() / 64) {
            *word |= 1 << (id.0 % 64);
        }
    }

    /// Removes a node.
    pub fn remove(&mut self, id: NodeId) {
        if let Some(word) = self.0.get_mut(id.index() / 64) {
            *word &= !(1 << (id.0 % 64));
        }
    }

    /// Whether a node is in the set.
    pub fn contains(&self, id: NodeId) -> bool {
        self.0.get(id.index() / 64).is_some_and(|word| word & (1 << (id.0 % 64)) != 0)
    }
}
