//! What a [`Document`](super::Document) is made of: nodes, attributes, spans of text. Both parsers fill these in.

use std::ops::Range;

use super::tag::Tag;

/// The namespace of an element.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Namespace {
    #[default]
    Html,
    Svg,
    /// MathML.
    Other,
}

/// An element or a text. Its subtree is the range of nodes from itself up to `end`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node {
    /// Index of the element around it; its own index for the root.
    pub(super) parent: u32,
    /// Index after the last node of its subtree.
    pub(super) end: u32,
    /// The characters of a text; the name of an element that [`Tag`] does not know; else empty.
    pub(super) text: Span,
    /// Index of its first attribute in the list of the document.
    pub(super) first_attribute: u32,
    pub(super) attribute_count: u16,
    pub(super) tag: Tag,
    pub(super) namespace: Namespace,
}

impl Node {
    /// A node without text, attributes or a place in a tree.
    pub(super) fn new(tag: Tag) -> Self {
        Self {
            parent: 0,
            end: 0,
            text: Span::default(),
            first_attribute: 0,
            attribute_count: 0,
            tag,
            namespace: Namespace::Html,
        }
    }

    /// Indexes of its attributes in the list of the document.
    pub(super) fn attributes(&self) -> Range<usize> {
        let first = self.first_attribute as usize;
        first..first + usize::from(self.attribute_count)
    }
}

/// An attribute of an element.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attribute {
    /// Without prefix if it has a namespace.
    pub(super) name: Span,
    pub(super) value: Span,
    /// Whether it has a namespace, such as `xlink:href` of SVG.
    pub(super) has_namespace: bool,
}

/// A range of bytes in the text of a document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) start: u32,
    pub(super) len: u32,
}

impl Span {
    /// The span from `start` up to `end`. Both are below 4 GiB, see [`ParseLimits::bytes`](super::ParseLimits::bytes).
    pub(super) fn new(start: usize, end: usize) -> Self {
        Self {
            start: u32::try_from(start).unwrap_or(u32::MAX),
            len: u32::try_from(end.saturating_sub(start)).unwrap_or_default(),
        }
    }

    /// Position after its last byte.
    pub(super) fn end(self) -> usize {
        self.start as usize + self.len as usize
    }

    pub(super) fn range(self) -> Range<usize> {
        self.start as usize..self.end()
    }

    /// Its first `length` bytes, and the rest.
    pub(super) fn split(self, length: usize) -> (Self, Self) {
        let middle = self.start as usize + length;
        (Self::new(self.start as usize, middle), Self::new(middle, self.end()))
    }

    /// The characters of the span; empty if it is not within `text`.
    pub(super) fn of(self, text: &str) -> &str {
        text.get(self.range()).unwrap_or_default()
    }
}
