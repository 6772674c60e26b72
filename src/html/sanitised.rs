//! A selection of a page as sanitised HTML: paragraphs, headings, lists, quotes, tables and figures, with absolute
//! links.
//!
//! The writer keeps the elements of the allowlist and drops wrappers. Its output is then checked against the
//! allowlist once more, so that a mistake here does not become a security hole (docs/threats.md, H16).
//!
//! A start tag is written when the first text or image in the element is, so there are no empty elements. Text
//! outside of a text block gets a `<p>`. A link around blocks is repeated in each of them.

use std::fmt::Write as _;

use url::Url;

use super::allowlist::{CONTAINERS, INLINE, TEXT_BLOCKS, ensure_clean, web_url};
use super::image::image_source;
use super::limits::ParseLimits;
use super::selection::Selection;
use super::tag::Tag;
use super::tree::{Document, NodeId};

/// Sanitised HTML of a selection; relative links are resolved against `base`.
pub fn sanitised(document: &Document, selection: &Selection, base: &Url) -> String {
    let mut writer =
        SanitisedWriter { document, base, out: String::new(), elements: Vec::new(), open: Vec::new() };
    for root in &selection.roots {
        writer.write(*root, selection);
    }
    ensure_clean(writer.out)
}

/// Sanitises HTML that is not from a page, such as the text of a feed. Empty if it exceeds the limits.
pub fn sanitise(html: &str, base: &Url) -> String {
    Document::parse(html, &ParseLimits::default())
        .map(|document| sanitised(&document, &Selection::whole(&document), base))
        .unwrap_or_default()
}

/// How an allowed element may be nested.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ContentRole {
    /// Holds text and inline elements.
    TextBlock,
    /// Holds blocks only.
    Container,
    /// Is in a text block; a `<p>` is added where there is none.
    Inline,
}

/// `None` for elements that are dropped, with their content kept.
fn role(tag: Tag) -> Option<ContentRole> {
    if TEXT_BLOCKS.contains(tag) {
        Some(ContentRole::TextBlock)
    } else if CONTAINERS.contains(tag) {
        Some(ContentRole::Container)
    } else if INLINE.contains(tag) || tag == Tag::A {
        Some(ContentRole::Inline)
    } else {
        None
    }
}

/// An element of the page around the current position. Its tag is written when something in it is.
struct SourceElement {
    id: NodeId,
    /// The position after its subtree.
    end: NodeId,
    tag: Tag,
    /// `None` for a wrapper.
    role: Option<ContentRole>,
    is_written: bool,
}

struct SanitisedWriter<'d> {
    document: &'d Document,
    /// What relative URLs are resolved against.
    base: &'d Url,
    out: String,
    /// The elements around the current position, wrappers included.
    /// Outermost first.
    elements: Vec<SourceElement>,
    /// Start tags written and not yet closed. A `<p>` that the writer added has no node.
    open: Vec<(Tag, Option<NodeId>)>,
}

impl SanitisedWriter<'_> {
    /// Writes an element, except for what the selection excludes. Scripts and the like are dropped with their content.
    fn write(&mut self, root: NodeId, selection: &Selection) {
        let end = self.document.end(root);
        let mut id = root;
        while id < end && selection.until.is_none_or(|until| id < until) {
            self.leave_before(id);
            let tag = self.document.tag(id);
            if selection.excluded.contains(id) || tag.has_no_text() {
                if tag.is_block() {
                    self.end_text();
                }
                id = self.document.end(id);
                continue;
            }
            match tag {
                Tag::Text => self.write_text(id),
                Tag::Img | Tag::Amp => self.write_image(id),
                Tag::Br => self.write_line_break(),
                Tag::Hr => {
                    self.end_text();
                    self.out.push_str("<hr>");
                }
                _ => self.enter(id, tag),
            }
            id = id.next();
        }
        self.leave_before(end);
        self.close_to(0);
        self.elements.clear();
    }

    /// Enters an element. Its tag is written with its first text or image: empty elements are never written.
    fn enter(&mut self, id: NodeId, tag: Tag) {
        let role = role(tag);
        if role != Some(ContentRole::Inline) && (role.is_some() || tag.is_block()) {
            self.end_text();
        }
        self.elements.push(SourceElement { id, end: self.document.end(id), tag, role, is_written: false });
    }

    /// Leaves the elements that end before `id`.
    fn leave_before(&mut self, id: NodeId) {
        while let Some(element) = self.elements.pop_if(|element| element.end <= id) {
            if let Some(depth) = self.open.iter().rposition(|(_, node)| *node == Some(element.id)) {
                self.close_to(depth);
            } else if element.role.is_none() && element.tag.is_block() {
                self.end_text();
            }
        }
    }

    /// Closes inline elements and paragraphs, so that a block can follow.
    fn end_text(&mut self) {
        while let Some((tag, _)) = self.open.last()
            && (role(*tag) == Some(ContentRole::Inline) || *tag == Tag::P)
        {
            self.close_to(self.open.len() - 1);
        }
    }

    /// Writes end tags until `depth` start tags are open.
    fn close_to(&mut self, depth: usize) {
        while self.open.len() > depth
            && let Some((tag, node)) = self.open.pop()
        {
            let _ = write!(self.out, "</{}>", tag.name());
            // A link around blocks is opened again in the next block.
            for element in &mut self.elements {
                if Some(element.id) == node {
                    element.is_written = false;
                }
            }
        }
    }

    /// Writes the start tags that are due before a text or an image: first blocks, then a `<p>` if no text block is
    /// open, then inline elements. A figure may hold an image without a `<p>`.
    fn open_elements(&mut self, needs_text_block: bool) {
        let is_due = |element: &SourceElement| {
            !element.is_written && element.role.is_some_and(|role| role != ContentRole::Inline)
        };
        if self.elements.iter().any(is_due) {
            self.end_text();
        }
        for index in 0..self.elements.len() {
            self.open_element(index, false);
        }
        let block = self.open.iter().rev().map(|(tag, _)| *tag);
        let block = block.into_iter().find(|tag| role(*tag) != Some(ContentRole::Inline));
        let holds_text =
            block.is_some_and(|tag| TEXT_BLOCKS.contains(tag) || (!needs_text_block && tag == Tag::Figure));
        if !holds_text {
            self.out.push_str("<p>");
            self.open.push((Tag::P, None));
        }
        for index in 0..self.elements.len() {
            self.open_element(index, true);
        }
    }

    /// Writes the start tag of `elements[index]` if it is due; inline elements and blocks have their turns.
    fn open_element(&mut self, index: usize, is_inline: bool) {
        let Some(element) = self.elements.get(index) else {
            return;
        };
        if element.is_written || element.role.is_none_or(|role| (role == ContentRole::Inline) != is_inline) {
            return;
        }
        let (tag, id) = (element.tag, element.id);
        // A text block within another, such as a paragraph in a heading, is a wrapper.
        let is_nested = || {
            let mut open = self.open.iter();
            open.any(|(open, _)| *open == Tag::P || open.heading().is_some())
        };
        if !is_inline && TEXT_BLOCKS.contains(tag) && is_nested() {
            return;
        }
        if tag == Tag::A {
            let href = self.document.attr(id, "href");
            let Some(href) = href.and_then(|href| web_url(self.base, href)) else {
                return;
            };
            self.out.push_str("<a");
            self.write_attribute("href", href.as_str());
        } else {
            let _ = write!(self.out, "<{}", tag.name());
            for name in ["start", "colspan", "rowspan", "datetime"] {
                if let Some(value) = self.document.attr(id, name) {
                    self.write_attribute(name, value);
                }
            }
        }
        self.out.push('>');
        if let Some(element) = self.elements.get_mut(index) {
            element.is_written = true;
        }
        self.open.push((tag, Some(id)));
    }

    fn write_attribute(&mut self, name: &str, value: &str) {
        let _ = write!(self.out, " {name}=\"");
        escape(value, EscapeContext::Attribute, &mut self.out);
        self.out.push('"');
    }

    /// Writes the words of a text with one space between them; the text of a `<pre>` unchanged.
    fn write_text(&mut self, id: NodeId) {
        let text = self.document.text(id).unwrap_or_default();
        if text.chars().all(char::is_whitespace) {
            if !self.open.is_empty() && !self.out.ends_with(' ') {
                self.out.push(' ');
            }
            return;
        }
        self.open_elements(true);
        if self.open.iter().any(|(tag, _)| *tag == Tag::Pre) {
            escape(text, EscapeContext::Text, &mut self.out);
            return;
        }
        let mut pending_space = text.starts_with(char::is_whitespace);
        for word in text.split_whitespace() {
            if pending_space
                && !self.out.ends_with(' ')
                && (!self.out.ends_with('>') || self.ends_with_inline_tag())
            {
                self.out.push(' ');
            }
            escape(word, EscapeContext::Text, &mut self.out);
            pending_space = true;
        }
        if text.ends_with(char::is_whitespace) {
            self.out.push(' ');
        }
    }

    /// Whether the last tag written belongs to running text.
    fn ends_with_inline_tag(&self) -> bool {
        let tag = self.out.rfind('<').and_then(|at| self.out.get(at + 1..)).unwrap_or_default();
        let (tag, _) = Tag::at_start(tag.trim_start_matches('/').as_bytes());
        matches!(tag, Tag::A | Tag::Img) || INLINE.contains(tag)
    }

    /// Writes an image with an absolute URL; one without a source on the web is dropped.
    fn write_image(&mut self, id: NodeId) {
        let Some(src) = image_source(self.document, id, self.base) else {
            return;
        };
        self.open_elements(false);
        self.out.push_str("<img");
        self.write_attribute("src", src.as_str());
        for name in ["alt", "width", "height"] {
            if let Some(value) = self.document.attr(id, name).filter(|value| !value.is_empty()) {
                self.write_attribute(name, value);
            }
        }
        self.out.push('>');
    }

    /// As in clean text: a `<br>` directly in a wrapper ends a paragraph, in a text block it is a line break.
    fn write_line_break(&mut self) {
        if self.open.is_empty() {
            return;
        }
        let mut around = self.elements.iter().rev();
        let block =
            around.find(|element| element.role == Some(ContentRole::TextBlock) || element.tag.is_block());
        if block.is_some_and(|block| block.role == Some(ContentRole::TextBlock)) {
            self.out.push_str("<br>");
        } else {
            self.end_text();
        }
    }
}

/// Where text is written: between tags a quote needs no escape.
#[derive(Clone, Copy, PartialEq, Eq)]
enum EscapeContext {
    Text,
    Attribute,
}

/// The position of the first byte that [`escape`] may have to change. Chunks are tested as a whole: the compiler tests
/// many bytes at once, and few texts have such a byte.
fn first_special(bytes: &[u8], in_attribute: bool) -> Option<usize> {
    // 0xc2 begins the no-break space and the control characters above ASCII.
    let is_special = |byte: u8| {
        matches!(byte, 0..0x20 | 0x7f | 0xc2 | b'&' | b'<' | b'>') || (in_attribute && byte == b'"')
    };
    let mut start = 0;
    for chunk in bytes.chunks(64) {
        if chunk.iter().fold(false, |any, &byte| any | is_special(byte)) {
            return chunk.iter().position(|&byte| is_special(byte)).map(|at| start + at);
        }
        start += chunk.len();
    }
    None
}

/// Writes characters as a serializer does (WHATWG HTML, 13.3), without control characters.
fn escape(text: &str, context: EscapeContext, out: &mut String) {
    let in_attribute = context == EscapeContext::Attribute;
    let mut rest = text;
    while let Some(run) = first_special(rest.as_bytes(), in_attribute) {
        let Some((before, after)) = rest.split_at_checked(run) else {
            break;
        };
        out.push_str(before);
        let mut chars = after.chars();
        let c = chars.next();
        rest = chars.as_str();
        match c {
            Some('&') => out.push_str("&amp;"),
            Some('<') => out.push_str("&lt;"),
            Some('>') => out.push_str("&gt;"),
            Some('"') if context == EscapeContext::Attribute => out.push_str("&quot;"),
            Some('\u{a0}') => out.push_str("&nbsp;"),
            // Line ends become LF, as a parser would read them.
            Some('\r') if rest.starts_with('\n') => {}
            Some('\r') => out.push('\n'),
            Some(c) if !c.is_control() || c.is_whitespace() => out.push(c),
            _ => {}
        }
    }
    out.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sanitised_of(html: &str) -> String {
        sanitise(html, &Url::parse("https://paper.example/a/b.html").unwrap())
    }

    #[test]
    fn html_by_example() {
        for (what, html, expected) in [
            ("wrappers go", "<div><section><p>a</p></section></div>", "<p>a</p>"),
            ("loose text gets a paragraph", "<div>a<br>b <b>c</b></div>", "<p>a</p><p>b <b>c</b></p>"),
            ("empty elements go", "<p> </p><ul><li></li></ul><p>a</p>", "<p>a</p>"),
            (
                "links",
                "<p><a href='../c' onclick=x>c</a></p>",
                "<p><a href=\"https://paper.example/c\">c</a></p>",
            ),
            (
                "a link around blocks",
                "<a href=/c><div>a</div><div>b</div></a>",
                "<p><a href=\"https://paper.example/c\">a</a></p><p><a href=\"https://paper.example/c\">b</a></p>",
            ),
            ("lists", "<ul><li><p>a</p></li><li>b</li></ul>", "<ul><li><p>a</p></li><li>b</li></ul>"),
            (
                "lazy images",
                "<figure><img src='data:x' data-src=/i.jpg><figcaption>c</figcaption></figure>",
                "<figure><img src=\"https://paper.example/i.jpg\"><figcaption>c</figcaption></figure>",
            ),
            (
                "sets of images",
                "<p><img srcset='/s.jpg 300w, /l.jpg 900w'></p>",
                "<p><img src=\"https://paper.example/l.jpg\"></p>",
            ),
            (
                "sets without spaces, with a stand-in",
                "<p><img src=/blank.gif srcset='/s,1.jpg 1x,/l,2.jpg 2x'></p>",
                "<p><img src=\"https://paper.example/l,2.jpg\"></p>",
            ),
            (
                "pictures",
                "<picture><source srcset='/s.webp 300w, /l.webp 900w'><img src=/placeholder.png alt=b></picture>",
                "<p><img src=\"https://paper.example/l.webp\" alt=\"b\"></p>",
            ),
            (
                "a base without href",
                "<base><p><a href=x>a</a></p>",
                "<p><a href=\"https://paper.example/a/x\">a</a></p>",
            ),
        ] {
            assert_eq!(sanitised_of(html), expected, "{what}");
        }
    }

    #[test]
    fn h16_what_is_kept_is_harmless() {
        for html in [
            "<p>a<script>alert(1)</script></p>",
            "<p onmouseover=alert(1)>a</p>",
            "<a href=' java\nscript:alert(1)'>a</a>",
            "<a href='data:text/html,x'>a</a>",
            "<iframe src=//evil.example></iframe>a",
            "<meta http-equiv=refresh content='0;url=//evil.example'>a",
            "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">a",
            "<svg><a xlink:href='javascript:alert(1)'>a</a></svg>a",
            "<img src=x onerror=alert(1)>a",
            "a<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\"></noscript>",
        ] {
            let clean = sanitised_of(html).to_ascii_lowercase();
            for bad in ["script", "onerror", "onmouse", "data:", "iframe", "refresh", "<svg", "<math"] {
                assert!(!clean.contains(bad), "{html} became {clean}");
            }
        }
    }
}
