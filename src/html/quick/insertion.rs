//! Inserts elements and text at the current node (WHATWG HTML, 13.2.6.1 and 13.2.6.5 for SVG).

use super::super::node::{Attribute, Namespace, Node, Span};
use super::super::tag::Tag;
use super::builder::{OpenIn, TreeBuilder};
use super::svg_names::{adjusted_attribute, adjusted_element, is_integration_point};
use super::tokenizer::{RawContent, TagName};

impl TreeBuilder<'_> {
    /// Inserts an HTML element for the last start tag and pushes it onto the stack.
    pub(super) fn insert(&mut self, name: TagName) -> u32 {
        let node = self.insert_childless(name);
        self.push_open(node, name.tag, OpenIn::Html);
        node
    }

    /// Inserts an HTML element that is not kept open: void elements, and those whose content is inserted at once.
    pub(super) fn insert_childless(&mut self, name: TagName) -> u32 {
        let node = self.element(name, Namespace::Html);
        self.push_node(node)
    }

    /// Inserts an element for which the page has no tag and pushes it onto the stack.
    pub(super) fn insert_implied(&mut self, tag: Tag) -> u32 {
        let node = self.push_node(Node::new(tag));
        self.push_open(node, tag, OpenIn::Html);
        node
    }

    /// Inserts an element whose content is no markup, with its content.
    pub(super) fn insert_raw(&mut self, name: TagName, content: RawContent) {
        self.insert(name);
        let (mut span, has_references) = self.tokenizer.raw_content(name, content);
        if has_references {
            span = self.resolve(span, false);
        }
        if span.len > 0 {
            self.append_text(span);
        }
        self.pop();
    }

    /// Inserts an element of SVG. The names of elements in `<svg>` are in their proper case; on the stack they have
    /// [`Tag::Text`], so that no rule takes an SVG `<title>` for that of HTML.
    pub(super) fn insert_svg(&mut self, name: TagName, self_closing: bool) {
        let mut node = self.element(name, Namespace::Svg);
        if self.is_foreign()
            && let Some(adjusted) = adjusted_element(self.written(name.written))
        {
            (node.tag, node.text) = (Tag::Other, self.add_text(adjusted));
        }
        let node = self.push_node(node);
        if !self_closing {
            let namespace = if is_integration_point(self.name_of(node)) {
                OpenIn::SvgIntegrationPoint
            } else {
                OpenIn::Svg
            };
            self.push_open(node, Tag::Text, namespace);
        }
    }

    /// A node for the last start tag. Its attributes are appended to the list, so they must be inserted before
    /// anything else is.
    #[inline]
    fn element(&mut self, name: TagName, namespace: Namespace) -> Node {
        let first = self.attributes.len();
        if !self.tokenizer.attributes.is_empty() {
            self.append_attributes(namespace);
        }
        let mut node = Node::new(name.tag);
        node.namespace = namespace;
        node.first_attribute = u32::try_from(first).unwrap_or(u32::MAX);
        node.attribute_count = u16::try_from(self.attributes.len() - first).unwrap_or(u16::MAX);
        if name.tag == Tag::Other {
            node.text = self.lower_case(name.written);
        }
        node
    }

    /// Appends the attributes of the last start tag. Of several of one name the first counts.
    #[inline(never)]
    fn append_attributes(&mut self, namespace: Namespace) {
        let first = self.attributes.len();
        let mut index = 0;
        while let Some(written) = self.tokenizer.attributes.get(index).copied() {
            index += 1;
            let (name, has_namespace) = if written.has_capitals || namespace != Namespace::Html {
                self.attribute_name(written.name, namespace)
            } else {
                (written.name, false)
            };
            let known = self.attributes.get(first..).unwrap_or_default();
            let is_known = known.iter().any(|known| {
                known.name.len == name.len
                    && known.has_namespace == has_namespace
                    && self.str(known.name) == self.str(name)
            });
            if is_known {
                continue;
            }
            let value =
                if written.has_references { self.resolve(written.value, true) } else { written.value };
            self.attributes.push(Attribute { name, value, has_namespace });
        }
    }

    /// The adjusted name of an attribute, and whether it has a namespace.
    #[inline(never)]
    fn attribute_name(&mut self, written: Span, namespace: Namespace) -> (Span, bool) {
        let name = self.lower_case(written);
        if namespace == Namespace::Html {
            return (name, false);
        }
        let (adjusted, has_namespace) = adjusted_attribute(self.str(name));
        (adjusted.map_or(name, |adjusted| self.add_text(adjusted)), has_namespace)
    }

    /// A name in lower case.
    fn lower_case(&mut self, written: Span) -> Span {
        if !self.str(written).bytes().any(|byte| byte.is_ascii_uppercase()) {
            return written;
        }
        let lower = self.written(written).to_ascii_lowercase();
        self.add_text(&lower)
    }

    /// Appends text to the body. Any but white space rules out a frameset; once ruled out, nothing is checked.
    pub(super) fn append_body_text(&mut self, span: Span) {
        self.frameset_ok = self.frameset_ok && self.str(span).bytes().all(|byte| byte.is_ascii_whitespace());
        self.append_text(span);
    }

    /// Appends text to the current node; adjacent texts are one node.
    #[inline]
    pub(super) fn append_text(&mut self, span: Span) {
        let before = match (self.nodes.last(), self.open.last()) {
            (Some(last), Some(parent))
                if last.tag == Tag::Text && last.parent == parent.node && !self.splits_text =>
            {
                last.text
            }
            _ => {
                self.push_node(Node { text: span, ..Node::new(Tag::Text) });
                return;
            }
        };
        let joined = self.join(before, span);
        if let Some(last) = self.nodes.last_mut() {
            last.text = joined;
        }
    }

    /// Two texts as one. Text at the very end grows where it is, so that joining many pieces takes linear time.
    fn join(&mut self, one: Span, other: Span) -> Span {
        if one.end() == other.start as usize {
            return Span::new(one.start as usize, other.end());
        }
        let mut start = one.start as usize;
        if one.end() < self.text.len() {
            start = self.text.len();
            self.text.extend_from_within(one.range());
        }
        self.text.extend_from_within(other.range());
        Span::new(start, self.text.len())
    }
}
