//! The tree of any page, as html5ever builds it: for those whose markup is not as usual.

use std::cell::{Ref, RefCell};

use html5ever::driver::{ParseOpts, parse_document};
use html5ever::interface::{ElementFlags, NodeOrText, QuirksMode, TreeSink};
use html5ever::tendril::{StrTendril, TendrilSink};
use html5ever::{Attribute, QualName, local_name, ns};

use super::limits::{LimitExceeded, ParseLimits};
use super::steps::Steps;
use super::tag::Tag;
use super::tree::{Attr, Document, Flat, Span};

/// Bytes the parser is given between two looks at the limits.
const CHUNK: usize = 16 << 10;

/// Parses a page. It takes a step per byte: this parser is about ten times as slow as the quick one.
pub(super) fn parse(page: &str, limits: &ParseLimits, steps: &Steps) -> Result<Document, LimitExceeded> {
    let mut parser = parse_document(Sink::default(), ParseOpts::default());
    let mut rest = page;
    while !rest.is_empty() {
        let (chunk, after) = rest.split_at(rest.floor_char_boundary(CHUNK));
        parser.process(chunk.into());
        rest = after;
        if !steps.spend(chunk.len()) {
            return Err(LimitExceeded::Steps);
        }
        if parser.tokenizer.sink.sink.0.borrow().len() > limits.nodes {
            return Err(LimitExceeded::Nodes(limits.nodes));
        }
    }
    Ok(flatten(&parser.finish()))
}

/// The document. The node before it stands for none.
const DOCUMENT: usize = 1;

/// A node that may still be moved.
#[derive(Debug)]
struct Node {
    parent: usize,
    before: usize,
    after: usize,
    first: usize,
    last: usize,
    what: What,
}

#[derive(Debug)]
enum What {
    Element(QualName, Vec<Attribute>),
    Text(StrTendril),
    /// The document, a comment.
    Nothing,
}

struct Sink(RefCell<Vec<Node>>);

impl Default for Sink {
    fn default() -> Self {
        let sink = Self(RefCell::default());
        sink.add(What::Nothing);
        sink.add(What::Nothing);
        sink
    }
}

impl Sink {
    fn add(&self, what: What) -> usize {
        let mut nodes = self.0.borrow_mut();
        nodes.push(Node {
            parent: 0,
            before: 0,
            after: 0,
            first: 0,
            last: 0,
            what,
        });
        nodes.len() - 1
    }

    fn set(&self, at: usize, change: impl FnOnce(&mut Node)) {
        if let Some(node) = self.0.borrow_mut().get_mut(at) {
            change(node);
        }
    }

    fn get(&self, at: usize, what: fn(&Node) -> usize) -> usize {
        self.0.borrow().get(at).map_or(0, what)
    }

    fn detach(&self, at: usize) {
        let (parent, before, after) = match self.0.borrow().get(at) {
            Some(node) => (node.parent, node.before, node.after),
            None => return,
        };
        if before == 0 {
            self.set(parent, |node| {
                if node.first == at {
                    node.first = after;
                }
            });
        } else {
            self.set(before, |node| node.after = after);
        }
        if after == 0 {
            self.set(parent, |node| {
                if node.last == at {
                    node.last = before;
                }
            });
        } else {
            self.set(after, |node| node.before = before);
        }
        self.set(at, |node| {
            (node.parent, node.before, node.after) = (0, 0, 0);
        });
    }

    /// Puts a node that stands nowhere into `parent` before `next`, or last.
    fn put(&self, at: usize, parent: usize, next: usize) {
        let before = if next == 0 {
            self.get(parent, |node| node.last)
        } else {
            self.get(next, |node| node.before)
        };
        self.set(at, |node| {
            (node.parent, node.before, node.after) = (parent, before, next);
        });
        if before == 0 {
            self.set(parent, |node| node.first = at);
        } else {
            self.set(before, |node| node.after = at);
        }
        if next == 0 {
            self.set(parent, |node| node.last = at);
        } else {
            self.set(next, |node| node.before = at);
        }
    }

    /// The same of a node or a text; text behind text is one.
    fn insert(&self, child: NodeOrText<usize>, parent: usize, next: usize) {
        match child {
            NodeOrText::AppendNode(at) => {
                self.detach(at);
                self.put(at, parent, next);
            }
            NodeOrText::AppendText(text) => {
                let before = if next == 0 {
                    self.get(parent, |node| node.last)
                } else {
                    self.get(next, |node| node.before)
                };
                let mut is_one = false;
                self.set(before, |node| {
                    if let What::Text(known) = &mut node.what {
                        known.push_tendril(&text);
                        is_one = true;
                    }
                });
                if !is_one {
                    let at = self.add(What::Text(text));
                    self.put(at, parent, next);
                }
            }
        }
    }
}

impl TreeSink for Sink {
    type Handle = usize;
    type Output = Vec<Node>;
    type ElemName<'a> = Ref<'a, QualName>;

    fn finish(self) -> Vec<Node> {
        self.0.into_inner()
    }

    fn parse_error(&self, _: std::borrow::Cow<'static, str>) {}

    fn get_document(&self) -> usize {
        DOCUMENT
    }

    fn elem_name<'a>(&'a self, target: &'a usize) -> Ref<'a, QualName> {
        Ref::map(self.0.borrow(), |nodes| {
            match nodes.get(*target).map(|node| &node.what) {
                Some(What::Element(name, _)) => name,
                _ => &NO_NAME,
            }
        })
    }

    fn create_element(&self, name: QualName, attrs: Vec<Attribute>, _: ElementFlags) -> usize {
        self.add(What::Element(name, attrs))
    }

    fn create_comment(&self, _: StrTendril) -> usize {
        self.add(What::Nothing)
    }

    fn create_pi(&self, _: StrTendril, _: StrTendril) -> usize {
        self.add(What::Nothing)
    }

    fn append(&self, parent: &usize, child: NodeOrText<usize>) {
        self.insert(child, *parent, 0);
    }

    fn append_based_on_parent_node(&self, element: &usize, previous: &usize, child: NodeOrText<usize>) {
        if self.get(*element, |node| node.parent) != 0 {
            self.append_before_sibling(element, child);
        } else {
            self.append(previous, child);
        }
    }

    fn append_doctype_to_document(&self, _: StrTendril, _: StrTendril, _: StrTendril) {}

    /// What a template holds is kept as its children.
    fn get_template_contents(&self, target: &usize) -> usize {
        *target
    }

    fn same_node(&self, x: &usize, y: &usize) -> bool {
        x == y
    }

    fn set_quirks_mode(&self, _: QuirksMode) {}

    fn append_before_sibling(&self, sibling: &usize, child: NodeOrText<usize>) {
        if let NodeOrText::AppendNode(at) = child {
            self.detach(at);
        }
        let parent = self.get(*sibling, |node| node.parent);
        if parent != 0 {
            self.insert(child, parent, *sibling);
        }
    }

    fn add_attrs_if_missing(&self, target: &usize, attrs: Vec<Attribute>) {
        self.set(*target, |node| {
            if let What::Element(_, known) = &mut node.what {
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
            let child = self.get(*node, |node| node.first);
            if child == 0 {
                return;
            }
            self.detach(child);
            self.put(child, *new_parent, 0);
        }
    }
}

static NO_NAME: QualName = QualName {
    prefix: None,
    ns: ns!(),
    local: local_name!(""),
};

/// The nodes in document order.
fn flatten(nodes: &[Node]) -> Document {
    let (mut pool, mut flats, mut attrs, mut names) = (String::new(), Vec::new(), Vec::new(), Vec::new());
    let keep = |text: &str, pool: &mut String| {
        let from = pool.len();
        pool.push_str(text);
        Span::new(from, pool.len())
    };
    let mut open: Vec<u32> = Vec::new();
    let mut at = nodes.get(DOCUMENT).map_or(0, |document| document.first);
    while let Some(node) = nodes.get(at).filter(|_| at != 0) {
        let place = u32::try_from(flats.len()).unwrap_or(u32::MAX);
        let mut flat = Flat {
            parent: open.last().copied().unwrap_or(place),
            end: place + 1,
            text: Span::default(),
            attrs: 0,
            tag: Tag::Text,
            space: 0,
        };
        match &node.what {
            What::Nothing => {}
            What::Text(text) => {
                flat.text = keep(text, &mut pool);
                flats.push(flat);
            }
            What::Element(name, own) => {
                flat.tag = Tag::of(&name.local);
                flat.space = match name.ns {
                    ns!(html) => 0,
                    ns!(svg) => 1,
                    _ => 2,
                };
                let mut known = 0;
                if flat.tag == Tag::Other {
                    known = names.len();
                    names.push(keep(&name.local, &mut pool));
                }
                flat.text = Span::pair(known, attrs.len());
                for attr in own {
                    attrs.push(Attr {
                        name: keep(&attr.name.local, &mut pool),
                        value: keep(&attr.value, &mut pool),
                        spaced: attr.name.ns != ns!(),
                    });
                }
                flat.attrs = u16::try_from(own.len()).unwrap_or(u16::MAX);
                flats.push(flat);
                open.push(place);
            }
        }
        if node.first != 0 && matches!(node.what, What::Element(..)) {
            at = node.first;
            continue;
        }
        // Out of what ends here, and on.
        while let Some(node) = nodes.get(at) {
            if matches!(node.what, What::Element(..))
                && let Some(place) = open.pop()
            {
                let end = u32::try_from(flats.len()).unwrap_or(u32::MAX);
                if let Some(flat) = flats.get_mut(place as usize) {
                    flat.end = end;
                }
            }
            at = node.after;
            if at != 0 {
                break;
            }
            at = node.parent;
            if at == DOCUMENT {
                return Document::new(String::new(), pool, flats, attrs, names);
            }
        }
    }
    Document::new(String::new(), pool, flats, attrs, names)
}
