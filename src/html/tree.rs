//! A parsed page as a flat list: every element and text in document order, each knowing where its subtree ends.
//!
//! A subtree is a range, a walk is a loop, and no depth of nesting is a depth of calls.

use std::cell::OnceCell;

use ego_tree::NodeId;
use ego_tree::iter::Edge;
use html5ever::driver::{ParseOpts, parse_document};
use html5ever::tendril::TendrilSink;
use scraper::{ElementRef, Html, HtmlTreeSink, Node};

use super::css::Css;
use super::limits::{Limits, TooMuch, bounded};
use super::tag::Tag;

/// Bytes the parser is given between two looks at the clock.
const CHUNK: usize = 16 << 10;

/// The position of an element or text in its [`Document`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct At(pub(super) u32);

impl At {
    /// As an index into a list of [`Document::len`].
    pub fn index(self) -> usize {
        self.0 as usize
    }

    /// The position after it in document order.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// A parsed page.
pub struct Document {
    html: Html,
    nodes: Vec<Flat>,
    by_id: OnceCell<Vec<(NodeId, At)>>,
}

#[derive(Clone, Copy)]
struct Flat {
    id: NodeId,
    parent: u32,
    /// One past the last of its subtree.
    end: u32,
    tag: Tag,
}

impl Document {
    /// Parses a page within limits.
    pub fn parse(html: &str, limits: &Limits) -> Result<Self, TooMuch> {
        Self::parse_until(html, limits, &mut || false)
    }

    /// Parses a page within limits, and asks `stop` between chunks whether to go on.
    pub fn parse_until(html: &str, limits: &Limits, stop: &mut dyn FnMut() -> bool) -> Result<Self, TooMuch> {
        let html = bounded(html, limits)?;
        let sink = HtmlTreeSink::new(Html::new_document());
        let mut parser = parse_document(sink, ParseOpts::default());
        let mut rest = html.as_ref();
        while !rest.is_empty() {
            let (chunk, after) = rest.split_at(rest.floor_char_boundary(CHUNK));
            parser.process(chunk.into());
            rest = after;
            if stop() {
                return Err(TooMuch::Time);
            }
            if parser.tokenizer.sink.sink.0.borrow().tree.nodes().len() > limits.nodes {
                return Err(TooMuch::Nodes(limits.nodes));
            }
        }
        Ok(Self::flatten(parser.finish()))
    }

    fn flatten(html: Html) -> Self {
        let mut nodes: Vec<Flat> = Vec::with_capacity(html.tree.nodes().len());
        let mut open: Vec<u32> = Vec::new();
        for edge in html.tree.root().traverse() {
            match edge {
                Edge::Open(node) => {
                    let tag = match node.value() {
                        Node::Element(element) => Tag::of(element.name()),
                        Node::Text(_) => Tag::Text,
                        _ => continue,
                    };
                    let at = u32::try_from(nodes.len()).unwrap_or(u32::MAX);
                    nodes.push(Flat {
                        id: node.id(),
                        parent: open.last().copied().unwrap_or(at),
                        end: at + 1,
                        tag,
                    });
                    if tag != Tag::Text {
                        open.push(at);
                    }
                }
                Edge::Close(node) => {
                    if node.value().is_element()
                        && let Some(at) = open.pop()
                    {
                        let end = u32::try_from(nodes.len()).unwrap_or(u32::MAX);
                        if let Some(flat) = nodes.get_mut(at as usize) {
                            flat.end = end;
                        }
                    }
                }
            }
        }
        Self {
            html,
            nodes,
            by_id: OnceCell::new(),
        }
    }

    /// How many elements and texts there are.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there is nothing at all.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// All elements and texts, in document order.
    pub fn all(&self) -> impl Iterator<Item = At> + use<> {
        (0..u32::try_from(self.nodes.len()).unwrap_or(u32::MAX)).map(At)
    }

    /// An element and everything in it, in document order.
    pub fn within(&self, at: At) -> impl Iterator<Item = At> + use<> {
        (at.0..self.end(at).0).map(At)
    }

    /// The children of an element, in order.
    pub fn children(&self, at: At) -> impl Iterator<Item = At> + use<'_> {
        let (mut next, end) = (at.0 + 1, self.end(at).0);
        std::iter::from_fn(move || {
            let child = (next < end).then_some(At(next))?;
            next = self.end(child).0;
            Some(child)
        })
    }

    /// The element around it; `None` for the root.
    pub fn parent(&self, at: At) -> Option<At> {
        let parent = self.nodes.get(at.0 as usize)?.parent;
        (parent != at.0).then_some(At(parent))
    }

    /// The elements around it, innermost first.
    pub fn ancestors(&self, at: At) -> impl Iterator<Item = At> + use<'_> {
        std::iter::successors(self.parent(at), |at| self.parent(*at))
    }

    /// One past the last position of its subtree.
    pub fn end(&self, at: At) -> At {
        At(self.nodes.get(at.0 as usize).map_or(at.0 + 1, |flat| flat.end))
    }

    /// Whether `inner` is `outer` or within it.
    pub fn contains(&self, outer: At, inner: At) -> bool {
        outer <= inner && inner < self.end(outer)
    }

    /// What element it is.
    pub fn tag(&self, at: At) -> Tag {
        self.nodes.get(at.0 as usize).map_or(Tag::Other, |flat| flat.tag)
    }

    /// The text of a text node.
    pub fn text_of(&self, at: At) -> Option<&str> {
        let flat = self
            .nodes
            .get(at.0 as usize)
            .filter(|flat| flat.tag == Tag::Text)?;
        Some(&self.html.tree.get(flat.id)?.value().as_text()?.text)
    }

    /// The value of an attribute.
    pub fn attr(&self, at: At, name: &str) -> Option<&str> {
        self.attrs(at)
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value)
    }

    /// All attributes of an element.
    pub fn attrs(&self, at: At) -> impl Iterator<Item = (&str, &str)> {
        self.nodes
            .get(at.0 as usize)
            .filter(|flat| flat.tag != Tag::Text)
            .and_then(|flat| self.html.tree.get(flat.id)?.value().as_element())
            .into_iter()
            .flat_map(scraper::node::Element::attrs)
    }

    /// The name of an element, also of one that [`Tag`] does not know.
    pub fn name(&self, at: At) -> &str {
        self.nodes
            .get(at.0 as usize)
            .filter(|flat| flat.tag != Tag::Text)
            .and_then(|flat| self.html.tree.get(flat.id)?.value().as_element())
            .map_or("", scraper::node::Element::name)
    }

    /// The elements a selector matches, in document order.
    pub fn select(&self, css: &Css) -> Vec<At> {
        let by_id = self.by_id.get_or_init(|| {
            let mut by_id: Vec<_> = self
                .all()
                .zip(&self.nodes)
                .map(|(at, flat)| (flat.id, at))
                .collect();
            by_id.sort_unstable();
            by_id
        });
        let place = |element: ElementRef<'_>| {
            let found = by_id.binary_search_by_key(&element.id(), |(id, _)| *id).ok()?;
            by_id.get(found).map(|(_, at)| *at)
        };
        let mut found: Vec<At> = self.html.select(css.selector()).filter_map(place).collect();
        found.sort_unstable();
        found
    }
}

impl std::fmt::Debug for Document {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Document of {} nodes", self.nodes.len())
    }
}

/// A set of positions: what a walk leaves out.
#[derive(Clone, Debug, Default)]
pub struct Marks(Vec<u64>);

impl Marks {
    /// None of a document's positions.
    pub fn none(document: &Document) -> Self {
        Self(vec![0; document.len() / 64 + 1])
    }

    /// Adds one.
    pub fn add(&mut self, at: At) {
        if let Some(word) = self.0.get_mut(at.0 as usize / 64) {
            *word |= 1 << (at.0 % 64);
        }
    }

    /// Takes one out.
    pub fn remove(&mut self, at: At) {
        if let Some(word) = self.0.get_mut(at.0 as usize / 64) {
            *word &= !(1 << (at.0 % 64));
        }
    }

    /// Whether it is there.
    pub fn has(&self, at: At) -> bool {
        self.0
            .get(at.0 as usize / 64)
            .is_some_and(|word| word & (1 << (at.0 % 64)) != 0)
    }
}
