//! The tree of any page, built by html5ever: for pages on which [`super::quick`] gives up.
//!
//! html5ever moves nodes while it parses, so they are in linked lists first. [`in_document_order`] then makes the
//! document.

use std::borrow::Cow;
use std::cell::{Cell, Ref, RefCell};

use html5ever::driver::{ParseOpts, parse_document};
use html5ever::interface::{ElementFlags, NodeOrText, QuirksMode, TreeSink};
use html5ever::tendril::{StrTendril, TendrilSink};
use html5ever::{QualName, local_name, ns};

use super::limits::{LimitExceeded, ParseLimits};
use super::node::{Attribute, Namespace, Node, Span};
use super::steps::StepBudget;
use super::tag::Tag;
use super::tree::Document;

/// Bytes that html5ever is given between two checks of the limits.
const CHUNK: usize = 16 << 10;

/// Parses a page of at most the depths and widths of the limits. It takes a step per byte and one for each look of
/// html5ever at an open element.
pub(super) fn parse(page: &str, limits: &ParseLimits, steps: &StepBudget) -> Result<Document, LimitExceeded> {
    let mut parser = parse_document(Arena::new(), ParseOpts::default());
    let mut rest = page;
    while !rest.is_empty() {
        let (chunk, after) = rest.split_at(rest.floor_char_boundary(CHUNK));
        parser.process(chunk.into());
        rest = after;
        let arena = &parser.tokenizer.sink.sink;
        if !steps.spend(chunk.len() + arena.lookups.take()) {
            return Err(LimitExceeded::Steps);
        }
        if arena.nodes.borrow().len() > limits.nodes {
            return Err(LimitExceeded::Nodes(limits.nodes));
        }
    }
    Ok(in_document_order(&parser.finish()))
}

/// Index of the document in the arena. Index 0 stands for no node.
const DOCUMENT: usize = 1;

/// A node, linked to its neighbours by index. Moving a node takes constant time, however many siblings it has.
#[derive(Debug, Default)]
struct ArenaNode {
    parent: usize,
    previous: usize,
    next: usize,
    first_child: usize,
    last_child: usize,
    content: NodeContent,
}

#[derive(Debug, Default)]
enum NodeContent {
    /// Its name with namespace, and its attributes.
    Element(QualName, Vec<html5ever::Attribute>),
    /// Characters; adjacent texts are one node.
    Text(StrTendril),
    /// The document, comments and processing instructions.
    #[default]
    None,
}

/// Where html5ever builds the tree.
struct Arena {
    nodes: RefCell<Vec<ArenaNode>>,
    /// Looks at the names of elements since the last check of the limits.
    lookups: Cell<usize>,
}

impl Arena {
    /// An arena with the document.
    fn new() -> Self {
        Self { nodes: RefCell::new(vec![ArenaNode::default(), ArenaNode::default()]), lookups: Cell::new(0) }
    }

    /// Adds a node that has no parent yet. Returns its index.
    fn add(&self, content: NodeContent) -> usize {
        let mut nodes = self.nodes.borrow_mut();
        nodes.push(ArenaNode { content, ..ArenaNode::default() });
        nodes.len() - 1
    }

    /// Changes a node; does nothing for index 0.
    fn update(&self, index: usize, change: impl FnOnce(&mut ArenaNode)) {
        if let Some(node) = self.nodes.borrow_mut().get_mut(index).filter(|_| index != 0) {
            change(node);
        }
    }

    /// A link of a node; 0 for index 0.
    fn get(&self, index: usize, link: fn(&ArenaNode) -> usize) -> usize {
        self.nodes.borrow().get(index).map_or(0, link)
    }

    /// Links two siblings; 0 stands for the edge of `parent`.
    fn link(&self, parent: usize, previous: usize, next: usize) {
        if previous == 0 {
            self.update(parent, |node| node.first_child = next);
        } else {
            self.update(previous, |node| node.next = next);
        }
        if next == 0 {
            self.update(parent, |node| node.last_child = previous);
        } else {
            self.update(next, |node| node.previous = previous);
        }
    }

    /// Takes a node out of its parent, if it has one.
    fn detach(&self, index: usize) {
        let parent = self.get(index, |node| node.parent);
        if parent == 0 {
            return;
        }
        self.link(parent, self.get(index, |node| node.previous), self.get(index, |node| node.next));
        self.update(index, |node| (node.parent, node.previous, node.next) = (0, 0, 0));
    }

    /// The node before `next` in `parent`; the last one if `next` is 0.
    fn previous_of(&self, parent: usize, next: usize) -> usize {
        if next == 0 {
            self.get(parent, |node| node.last_child)
        } else {
            self.get(next, |node| node.previous)
        }
    }

    /// Inserts a detached node into `parent` before `next`, or last if that is 0.
    fn attach(&self, index: usize, parent: usize, next: usize) {
        let previous = self.previous_of(parent, next);
        self.update(index, |node| node.parent = parent);
        self.link(parent, previous, index);
        self.link(parent, index, next);
    }

    /// Inserts a node or text. Adjacent texts are one node.
    fn insert(&self, child: NodeOrText<usize>, parent: usize, next: usize) {
        match child {
            NodeOrText::AppendNode(index) => {
                self.detach(index);
                self.attach(index, parent, next);
            }
            NodeOrText::AppendText(text) => {
                let previous = self.previous_of(parent, next);
                let mut is_joined = false;
                self.update(previous, |node| {
                    if let NodeContent::Text(before) = &mut node.content {
                        before.push_tendril(&text);
                        is_joined = true;
                    }
                });
                if !is_joined {
                    let index = self.add(NodeContent::Text(text));
                    self.attach(index, parent, next);
                }
            }
        }
    }
}

impl TreeSink for Arena {
    type Handle = usize;
    type Output = Vec<ArenaNode>;
    type ElemName<'a> = Ref<'a, QualName>;

    fn finish(self) -> Vec<ArenaNode> {
        self.nodes.into_inner()
    }

    /// Errors are of no interest: every page has a tree.
    fn parse_error(&self, _: Cow<'static, str>) {}

    fn get_document(&self) -> usize {
        DOCUMENT
    }

    fn elem_name<'a>(&'a self, target: &'a usize) -> Ref<'a, QualName> {
        self.lookups.set(self.lookups.get() + 1);
        Ref::map(self.nodes.borrow(), |nodes| match nodes.get(*target).map(|node| &node.content) {
            Some(NodeContent::Element(name, _)) => name,
            _ => &NO_NAME,
        })
    }

    fn create_element(&self, name: QualName, attrs: Vec<html5ever::Attribute>, _: ElementFlags) -> usize {
        self.add(NodeContent::Element(name, attrs))
    }

    fn create_comment(&self, _: StrTendril) -> usize {
        self.add(NodeContent::None)
    }

    fn create_pi(&self, _: StrTendril, _: StrTendril) -> usize {
        self.add(NodeContent::None)
    }

    fn append(&self, parent: &usize, child: NodeOrText<usize>) {
        self.insert(child, *parent, 0);
    }

    /// Foster parenting: before the table, or into the element under it on the stack if the table has no parent.
    fn append_based_on_parent_node(&self, element: &usize, previous: &usize, child: NodeOrText<usize>) {
        if self.get(*element, |node| node.parent) != 0 {
            self.append_before_sibling(element, child);
        } else {
            self.append(previous, child);
        }
    }

    /// The document type is in no tree.
    fn append_doctype_to_document(&self, _: StrTendril, _: StrTendril, _: StrTendril) {}

    /// The contents of a template are kept as its children.
    fn get_template_contents(&self, target: &usize) -> usize {
        *target
    }

    fn same_node(&self, x: &usize, y: &usize) -> bool {
        x == y
    }

    /// Quirks mode changes no tree after this; selectors always match as in standards mode.
    fn set_quirks_mode(&self, _: QuirksMode) {}

    fn append_before_sibling(&self, sibling: &usize, child: NodeOrText<usize>) {
        if let NodeOrText::AppendNode(index) = child {
            self.detach(index);
        }
        let parent = self.get(*sibling, |node| node.parent);
        if parent != 0 {
            self.insert(child, parent, *sibling);
        }
    }

    fn add_attrs_if_missing(&self, target: &usize, attrs: Vec<html5ever::Attribute>) {
        self.update(*target, |node| {
            if let NodeContent::Element(_, known) = &mut node.content {
                for attr in attrs {
                    if !known.iter().any(|known| known.name == attr.name) {
                        known.push(attr);
                    }
                }
            }
        });
    }

    fn remove_from_parent(&self, target: &usize) {
        self.detach(*target);
    }

    fn reparent_children(&self, node: &usize, new_parent: &usize) {
        loop {
            let child = self.get(*node, |node| node.first_child);
            if child == 0 {
                return;
            }
            self.detach(child);
            self.attach(child, *new_parent, 0);
        }
    }
}

/// The name of what is no element; html5ever asks for names of elements only.
static NO_NAME: QualName = QualName { prefix: None, ns: ns!(), local: local_name!("") };

/// Collects the elements and texts of the arena in document order. The text of the document has only what is in the
/// tree: the page itself is not kept.
#[derive(Default)]
struct Collector {
    text: String,
    nodes: Vec<Node>,
    attributes: Vec<Attribute>,
    /// Indexes in `nodes` of the elements around the current position.
    open: Vec<u32>,
}

impl Collector {
    /// Appends a name, value or text to the text of the document.
    fn add_text(&mut self, text: &str) -> Span {
        let start = self.text.len();
        self.text.push_str(text);
        Span::new(start, self.text.len())
    }

    /// Index of the next node.
    fn position(&self) -> u32 {
        u32::try_from(self.nodes.len()).unwrap_or(u32::MAX)
    }

    /// Appends a node to the innermost open element. An element becomes the innermost open one.
    fn push(&mut self, content: &NodeContent) {
        let index = self.position();
        let mut node = Node::new(Tag::Text);
        node.parent = self.open.last().copied().unwrap_or(index);
        node.end = index + 1;
        match content {
            NodeContent::None => return,
            NodeContent::Text(text) => node.text = self.add_text(text),
            NodeContent::Element(name, attributes) => {
                node.tag = Tag::of(&name.local);
                node.namespace = match name.ns {
                    ns!(html) => Namespace::Html,
                    ns!(svg) => Namespace::Svg,
                    _ => Namespace::Other,
                };
                if node.tag == Tag::Other {
                    node.text = self.add_text(&name.local);
                }
                node.first_attribute = u32::try_from(self.attributes.len()).unwrap_or(u32::MAX);
                node.attribute_count = u16::try_from(attributes.len()).unwrap_or(u16::MAX);
                for attribute in attributes {
                    let attribute = Attribute {
                        name: self.add_text(&attribute.name.local),
                        value: self.add_text(&attribute.value),
                        has_namespace: attribute.name.ns != ns!(),
                    };
                    self.attributes.push(attribute);
                }
                self.open.push(index);
            }
        }
        self.nodes.push(node);
    }

    /// Ends the innermost open element.
    fn close(&mut self) {
        let end = self.position();
        if let Some(node) = self.open.pop().and_then(|index| self.nodes.get_mut(index as usize)) {
            node.end = end;
        }
    }
}

/// The document that an arena holds.
fn in_document_order(arena: &[ArenaNode]) -> Document {
    let mut collector = Collector::default();
    let mut index = arena.get(DOCUMENT).map_or(0, |document| document.first_child);
    while let Some(node) = arena.get(index).filter(|_| index != 0) {
        collector.push(&node.content);
        if node.first_child != 0 {
            index = node.first_child;
            continue;
        }
        // Go to the next sibling, or to that of the nearest element around that has one.
        let mut done = node;
        loop {
            if matches!(done.content, NodeContent::Element(..)) {
                collector.close();
            }
            index = done.next;
            if index != 0 || done.parent == DOCUMENT {
                break;
            }
            let Some(parent) = arena.get(done.parent) else {
                break;
            };
            done = parent;
        }
    }
    Document::new(collector.text, collector.nodes, collector.attributes)
}
