//! The state of tree construction, and the types that its rules share.

use super::super::buffer_pool::Buffers;
use super::super::node::{Attribute, Node, Span};
use super::super::tag::Tag;
use super::super::tree::Document;
use super::references;
use super::tokenizer::{TagName, Tokenizer};

/// The page needs more than this parser does: html5ever has to parse it.
#[derive(Clone, Copy, Debug)]
pub(super) struct GiveUp;

/// The insertion modes (WHATWG HTML, 13.2.4.1). "text" is not needed: the tokenizer returns such content whole. The
/// modes of framesets are left to html5ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum InsertionMode {
    Initial,
    BeforeHtml,
    BeforeHead,
    InHead,
    AfterHead,
    InBody,
    InTable,
    InCaption,
    InColumnGroup,
    InTableBody,
    InRow,
    InCell,
    InTemplate,
    AfterBody,
    AfterAfterBody,
}

/// What a rule did with a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Processed {
    Done,
    /// Process the token again, in this mode.
    Reprocess(InsertionMode),
}

/// The answer of an insertion mode's rules.
pub(super) type RuleResult = Result<Processed, GiveUp>;

/// A token for tree construction: character references are resolved, runs of white space are told apart.
#[derive(Clone, Copy, Debug)]
pub(super) enum TreeToken {
    Start {
        name: TagName,
        self_closing: bool,
    },
    End(TagName),
    /// White space only (13.1: tab, LF, FF, CR, space).
    Space(Span),
    /// Other text. Outside of the body, of cells, captions and templates it begins with a character that is no white
    /// space.
    Text(Span),
    Comment,
    Eof,
}

/// The namespace of an open element, and whether HTML is allowed in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OpenIn {
    Html,
    Svg,
    /// An HTML integration point of SVG: `<title>`, `<desc>`, `<foreignObject>`.
    SvgIntegrationPoint,
}

/// An entry of the stack of open elements.
#[derive(Clone, Copy, Debug)]
pub(super) struct StackElement {
    /// Its index in [`TreeBuilder::nodes`].
    pub(super) node: u32,
    /// [`Tag::Text`] for an element of SVG, so that no rule for HTML elements applies to it.
    pub(super) tag: Tag,
    pub(super) namespace: OpenIn,
}

/// An entry of the list of active formatting elements.
#[derive(Clone, Copy, Debug)]
pub(super) struct FormattingElement {
    /// Its index in [`TreeBuilder::nodes`].
    pub(super) node: u32,
    pub(super) tag: Tag,
}

/// The parser: input, the tree so far, and the state variables of the standard.
pub(super) struct TreeBuilder<'a> {
    page: &'a str,
    pub(super) tokenizer: Tokenizer<'a>,
    /// The page, then every text that does not stand in it as it is. Spans are positions here.
    pub(super) text: String,
    /// In document order.
    pub(super) nodes: Vec<Node>,
    pub(super) attributes: Vec<Attribute>,
    /// The stack of open elements (13.2.4.2); the current node is last.
    pub(super) open: Vec<StackElement>,
    /// The list of active formatting elements (13.2.4.3); `None` is a marker.
    pub(super) formatting: Vec<Option<FormattingElement>>,
    /// The current insertion mode.
    pub(super) mode: InsertionMode,
    /// The stack of template insertion modes.
    pub(super) template_modes: Vec<InsertionMode>,
    /// The head and form element pointers (13.2.4.4), as indexes of nodes.
    pub(super) head: Option<u32>,
    pub(super) form: Option<u32>,
    /// White space after the head. It is inserted when the body begins, because elements that belong to the head may
    /// still come. `true`: a comment came before it.
    pub(super) space_after_head: Vec<(Span, bool)>,
    /// A comment or an end came after the last text: the next text is a node of its own.
    pub(super) splits_text: bool,
    /// The "frameset-ok" flag: whether a `<frameset>` would still replace the body.
    pub(super) frameset_ok: bool,
    /// Whether `<table>` closes an open `<p>`: not in quirks mode. `None` where the document type has identifiers,
    /// which would have to be looked up.
    pub(super) table_closes_p: Option<bool>,
    /// Number of `<p>` on the stack. Most tags of blocks ask for one.
    pub(super) open_paragraphs: usize,
}

impl<'a> TreeBuilder<'a> {
    /// A builder at the start of a page; `max_attributes` is the most that a tag may have.
    pub(super) fn new(page: &'a str, max_attributes: usize) -> Self {
        let Buffers { mut text, nodes, attributes } = Buffers::take(page.len());
        text.push_str(page);
        Self {
            page,
            tokenizer: Tokenizer::new(page, max_attributes),
            text,
            nodes,
            attributes,
            open: Vec::with_capacity(32),
            formatting: Vec::new(),
            mode: InsertionMode::Initial,
            template_modes: Vec::new(),
            head: None,
            form: None,
            space_after_head: Vec::new(),
            splits_text: false,
            frameset_ok: true,
            table_closes_p: Some(false),
            open_paragraphs: 0,
        }
    }

    /// The finished document.
    pub(super) fn finish(mut self) -> Document {
        // Nodes are in document order: a subtree ends where its last child's does.
        for index in (0..self.nodes.len()).rev() {
            let Some(node) = self.nodes.get(index) else { break };
            let (parent, end) = (node.parent as usize, node.end);
            if let Some(parent) = self.nodes.get_mut(parent) {
                parent.end = parent.end.max(end);
            }
        }
        Document::new(self.text, self.nodes, self.attributes)
    }

    /// Returns the buffers of a parser that gave up.
    pub(super) fn discard(self) {
        Buffers { text: self.text, nodes: self.nodes, attributes: self.attributes }.put_back();
    }

    /// The characters of a span.
    pub(super) fn str(&self, span: Span) -> &str {
        span.of(&self.text)
    }

    /// The characters of a span of the page. It outlives changes of the builder.
    pub(super) fn written(&self, span: Span) -> &'a str {
        span.of(self.page)
    }

    /// Appends text that is not in the page.
    pub(super) fn add_text(&mut self, text: &str) -> Span {
        let start = self.text.len();
        self.text.push_str(text);
        Span::new(start, self.text.len())
    }

    /// The text of a span of the page with character references resolved.
    pub(super) fn resolve(&mut self, span: Span, in_attribute: bool) -> Span {
        let start = self.text.len();
        references::resolve(span.of(self.page), in_attribute, &mut self.text);
        Span::new(start, self.text.len())
    }

    /// Whether the current node is an element of SVG.
    pub(super) fn is_foreign(&self) -> bool {
        self.open.last().is_some_and(|open| open.namespace != OpenIn::Html)
    }

    /// Appends a node to the current node; without one it is the root.
    pub(super) fn push_node(&mut self, node: Node) -> u32 {
        let index = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
        self.nodes.push(Node {
            parent: self.open.last().map_or(index, |open| open.node),
            end: index + 1,
            ..node
        });
        self.splits_text = false;
        index
    }

    /// The local name of an element.
    pub(super) fn name_of(&self, node: u32) -> &str {
        self.nodes.get(node as usize).map_or("", |node| match node.tag {
            Tag::Other => self.str(node.text),
            tag => tag.name(),
        })
    }
}
