//! A parsed page as a flat list: every element and text in document order, each knowing where its subtree ends.
//!
//! A subtree is a range, a walk is a loop, and no depth of nesting is a depth of calls.

use std::borrow::Cow;
use std::ops::Range;

use super::buffer_pool::Room;
use super::css::Css;
use super::limits::{LimitExceeded, ParseLimits, bounded};
use super::quick::Refusal;
use super::steps::Steps;
use super::tag::Tag;
use super::{full, matching, quick};

/// The position of an element or text in its [`Document`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub(super) u32);

impl NodeId {
    /// As an index into a list of [`Document::len`].
    pub fn index(self) -> usize {
        self.0 as usize
    }

    /// The position before it in document order; none before the first.
    pub(super) fn before(self) -> Option<Self> {
        self.0.checked_sub(1).map(Self)
    }

    /// The position after it in document order.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// A parsed page.
pub struct Document {
    /// The page; names, values and texts are stretches of it where they stand in it as they are.
    page: String,
    /// The others, as if behind the page.
    pool: String,
    nodes: Vec<Flat>,
    attrs: Vec<Attr>,
    /// Of elements that [`Tag`] does not know.
    names: Vec<Span>,
    steps: Steps,
}

/// An element or a text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flat {
    pub(super) parent: u32,
    /// One past the last of its subtree.
    pub(super) end: u32,
    /// Of a text, itself; of an element, the place of its name in [`Document::names`], if its tag is none, and of its
    /// first attribute.
    pub(super) text: Span,
    /// How many attributes it has.
    pub(super) attrs: u16,
    pub(super) tag: Tag,
    /// 0 for HTML, 1 for SVG, 2 for anything else.
    pub(super) space: u8,
}

impl Flat {
    /// The places of its attributes.
    pub(super) fn attributes(&self) -> Range<usize> {
        let first = self.text.len as usize;
        first..first + usize::from(self.attrs)
    }
}

/// An attribute of an element.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attr {
    pub(super) name: Span,
    pub(super) value: Span,
    /// Whether its name is of a name space, as `xlink:href` of SVG is; then it is without its prefix.
    pub(super) spaced: bool,
}

/// A stretch of the page, or of what is as if behind it, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) at: u32,
    pub(super) len: u32,
}

impl Span {
    pub(super) fn new(start: usize, end: usize) -> Self {
        Self::pair(start, end.saturating_sub(start))
    }

    /// Of a page that is known to be of less than 4 GiB.
    #[allow(clippy::cast_possible_truncation, reason = "the bound is the caller's")]
    pub(super) fn of_page(start: usize, end: usize) -> Self {
        Self {
            at: start as u32,
            len: end.wrapping_sub(start) as u32,
        }
    }

    /// Two numbers in the place of one.
    pub(super) fn pair(at: usize, len: usize) -> Self {
        Self {
            at: u32::try_from(at).unwrap_or(u32::MAX),
            len: u32::try_from(len).unwrap_or_default(),
        }
    }

    pub(super) fn end(self) -> usize {
        self.at as usize + self.len as usize
    }

    pub(super) fn range(self) -> Range<usize> {
        self.at as usize..self.end()
    }

    /// The first `length` bytes, and the rest.
    pub(super) fn split(self, length: usize) -> (Self, Self) {
        let middle = self.at as usize + length;
        (Self::new(self.at as usize, middle), Self::new(middle, self.end()))
    }

    /// What stands there.
    pub(super) fn of<'t>(self, page: &'t str, pool: &'t str) -> &'t str {
        let Range { start, end } = self.range();
        match start.checked_sub(page.len()) {
            None => page.get(start..end),
            Some(from) => pool.get(from..end - page.len()),
        }
        .unwrap_or_default()
    }
}

impl Document {
    /// Parses a page within limits.
    pub fn parse(html: &str, limits: &ParseLimits) -> Result<Self, LimitExceeded> {
        if html.len() > limits.bytes {
            return Err(LimitExceeded::Bytes(html.len()));
        }
        let html = as_lines(html.strip_prefix('\u{feff}').unwrap_or(html));
        let steps = Steps::new(limits.steps);
        let mut document = Self::build(&html, limits, &steps)?;
        document.steps = steps;
        Ok(document)
    }

    fn build(html: &str, limits: &ParseLimits, steps: &Steps) -> Result<Self, LimitExceeded> {
        match quick::parse(html, limits, steps) {
            Ok(document) => return Ok(document),
            Err(Refusal::TooMuch(why)) => return Err(why),
            Err(Refusal::Unusual) => {}
        }
        let html = bounded(html, limits)?;
        let flattened = match &html {
            Cow::Owned(html) => quick::parse(html, limits, steps),
            Cow::Borrowed(_) => Err(Refusal::Unusual),
        };
        match flattened {
            Ok(document) => Ok(document),
            Err(Refusal::TooMuch(why)) => Err(why),
            Err(Refusal::Unusual) => full::parse(&html, limits, steps),
        }
    }
    /// Of nodes in document order.
    pub(super) fn new(
        page: String,
        pool: String,
        nodes: Vec<Flat>,
        attrs: Vec<Attr>,
        names: Vec<Span>,
    ) -> Self {
        Self {
            page,
            pool,
            nodes,
            attrs,
            names,
            steps: Steps::new(ParseLimits::default().steps),
        }
    }

    fn str(&self, span: Span) -> &str {
        span.of(&self.page, &self.pool)
    }

    pub(super) fn flat(&self, at: NodeId) -> Option<&Flat> {
        self.nodes.get(at.0 as usize)
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
    pub fn nodes(&self) -> impl Iterator<Item = NodeId> + use<> {
        (0..u32::try_from(self.nodes.len()).unwrap_or(u32::MAX)).map(NodeId)
    }

    /// All elements, in document order.
    pub(super) fn elements(&self) -> impl Iterator<Item = (NodeId, &Flat)> {
        (0..)
            .map(NodeId)
            .zip(&self.nodes)
            .filter(|(_, flat)| flat.tag != Tag::Text)
    }

    /// An element and everything in it, in document order.
    pub fn subtree(&self, at: NodeId) -> impl Iterator<Item = NodeId> + use<> {
        (at.0..self.end(at).0).map(NodeId)
    }

    /// The children of an element, in order.
    pub fn children(&self, at: NodeId) -> impl Iterator<Item = NodeId> + use<'_> {
        let (mut next, end) = (at.0 + 1, self.end(at).0);
        std::iter::from_fn(move || {
            let child = (next < end).then_some(NodeId(next))?;
            next = self.end(child).0;
            Some(child)
        })
    }

    /// The element around it; `None` for the root.
    pub fn parent(&self, at: NodeId) -> Option<NodeId> {
        let parent = self.nodes.get(at.0 as usize)?.parent;
        (parent != at.0).then_some(NodeId(parent))
    }

    /// The elements around it, innermost first.
    pub fn ancestors(&self, at: NodeId) -> impl Iterator<Item = NodeId> + use<'_> {
        std::iter::successors(self.parent(at), |at| self.parent(*at))
    }

    /// One past the last position of its subtree.
    pub fn end(&self, at: NodeId) -> NodeId {
        NodeId(self.nodes.get(at.0 as usize).map_or(at.0 + 1, |flat| flat.end))
    }

    /// Whether `inner` is `outer` or within it.
    pub fn contains(&self, outer: NodeId, inner: NodeId) -> bool {
        outer <= inner && inner < self.end(outer)
    }

    /// What element it is.
    pub fn tag(&self, at: NodeId) -> Tag {
        self.nodes.get(at.0 as usize).map_or(Tag::Other, |flat| flat.tag)
    }

    /// The text of a text node.
    pub fn text(&self, at: NodeId) -> Option<&str> {
        let flat = self.flat(at).filter(|flat| flat.tag == Tag::Text)?;
        Some(self.str(flat.text))
    }

    /// The value of an attribute; one of a name space only where there is no other of the name.
    pub fn attr(&self, at: NodeId, name: &str) -> Option<&str> {
        let mut spaced = None;
        for attr in self.attributes(at) {
            if attr.name.len as usize == name.len() && self.str(attr.name) == name {
                if !attr.spaced {
                    return Some(self.str(attr.value));
                }
                spaced = spaced.or(Some(attr.value));
            }
        }
        spaced.map(|value| self.str(value))
    }

    fn attributes(&self, at: NodeId) -> &[Attr] {
        self.flat(at)
            .filter(|flat| flat.tag != Tag::Text)
            .and_then(|flat| self.attrs.get(flat.attributes()))
            .unwrap_or_default()
    }

    /// All attributes of an element, in the order of the page.
    pub fn attrs(&self, at: NodeId) -> impl Iterator<Item = (&str, &str)> {
        self.attributes(at)
            .iter()
            .map(|attr| (self.str(attr.name), self.str(attr.value)))
    }

    /// The values of the attributes of a name that are of no name space, else of one, else of any.
    pub(super) fn values<'d, 'n>(
        &'d self,
        at: NodeId,
        name: &'n str,
        spaced: Option<bool>,
    ) -> impl Iterator<Item = &'d str> + use<'d, 'n> {
        self.attributes(at)
            .iter()
            .filter(move |attr| {
                attr.name.len as usize == name.len()
                    && spaced.is_none_or(|spaced| spaced == attr.spaced)
                    && self.str(attr.name) == name
            })
            .map(|attr| self.str(attr.value))
    }

    /// The name of an element, also of one that [`Tag`] does not know.
    pub fn name(&self, at: NodeId) -> &str {
        let Some(flat) = self.flat(at) else {
            return "";
        };
        match flat.tag {
            Tag::Other => self
                .names
                .get(flat.text.at as usize)
                .map_or("", |name| self.str(*name)),
            tag => tag.name(),
        }
    }

    /// Takes steps from the page's budget ([`ParseLimits::steps`]). False if fewer are left; then none is left from now on.
    pub(crate) fn spend(&self, steps: usize) -> bool {
        self.steps.spend(steps)
    }

    /// Takes the steps of reading a text of that many bytes.
    pub(crate) fn spend_text(&self, bytes: usize) -> bool {
        self.steps.spend_text(bytes)
    }

    /// Takes the steps of one pass over all nodes.
    pub(crate) fn spend_pass(&self) -> Result<(), LimitExceeded> {
        if self.spend(self.len()) && !self.is_overrun() {
            Ok(())
        } else {
            Err(LimitExceeded::Steps)
        }
    }

    /// True once the page's budget of steps is spent. What a selector found then is not all.
    pub fn is_overrun(&self) -> bool {
        self.steps.are_spent()
    }

    /// The elements a selector matches, in document order.
    pub fn select(&self, css: &Css) -> Vec<NodeId> {
        matching::select(self, css)
    }
}

/// Lines as the tokenizer takes them: each ends with LF (WHATWG HTML, 13.2.3.5).
pub(super) fn as_lines(html: &str) -> Cow<'_, str> {
    if memchr::memchr(b'\r', html.as_bytes()).is_none() {
        return html.into();
    }
    html.replace("\r\n", "\n").replace('\r', "\n").into()
}

impl Drop for Document {
    fn drop(&mut self) {
        Room {
            page: std::mem::take(&mut self.page),
            nodes: std::mem::take(&mut self.nodes),
            attrs: std::mem::take(&mut self.attrs),
        }
        .leave();
    }
}

impl std::fmt::Debug for Document {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Document of {} nodes", self.nodes.len())
    }
}

/// A set of positions: what a walk leaves out.
#[derive(Clone, Debug, Default)]
pub struct NodeSet(Vec<u64>);

impl NodeSet {
    /// None of a document's positions.
    pub fn empty(document: &Document) -> Self {
        Self(vec![0; document.len() / 64 + 1])
    }

    /// Adds one.
    pub fn insert(&mut self, at: NodeId) {
        if let Some(word) = self.0.get_mut(at.0 as usize / 64) {
            *word |= 1 << (at.0 % 64);
        }
    }

    /// Takes one out.
    pub fn remove(&mut self, at: NodeId) {
        if let Some(word) = self.0.get_mut(at.0 as usize / 64) {
            *word &= !(1 << (at.0 % 64));
        }
    }

    /// Whether it is there.
    pub fn contains(&self, at: NodeId) -> bool {
        self.0
            .get(at.0 as usize / 64)
            .is_some_and(|word| word & (1 << (at.0 % 64)) != 0)
    }
}
