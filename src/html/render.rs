//! A part of a page as sanitised HTML: paragraphs, headings, lists, quotes, tables and figures, links absolute.
//!
//! Our own writer keeps the elements it knows and drops the wrappers; the result is then held to the same list once
//! more, so that a mistake here is no hole.

use std::fmt::Write as _;

use url::Url;

use super::allowed::{BLOCKS, INLINE, PARTS, clean, web};
use super::image::image_source;
use super::runs;
use super::selection::Selection;
use super::tag::Tag;
use super::tree::{Document, NodeId};

/// Sanitised HTML of a part of a document; `base` is what relative links stand on.
pub fn sanitised(document: &Document, clip: &Selection, base: &Url) -> String {
    let mut writer = Writer {
        document,
        base,
        out: String::new(),
        frames: Vec::new(),
        open: Vec::new(),
    };
    for root in &clip.roots {
        writer.write(*root, clip);
    }
    clean(writer.out)
}

/// Sanitises HTML from elsewhere, such as a feed's own text.
pub fn sanitise(html: &str, base: &Url) -> String {
    match Document::parse(html, &super::ParseLimits::default()) {
        Ok(document) => {
            let roots: Vec<NodeId> = document.nodes().take(1).collect();
            let clip = Selection::of_all(&document, &roots);
            sanitised(&document, &clip, base)
        }
        Err(_) => String::new(),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Text,
    Part,
    Inline,
}

fn role(tag: Tag) -> Option<Role> {
    if BLOCKS.contains(&tag) {
        Some(Role::Text)
    } else if PARTS.contains(&tag) {
        Some(Role::Part)
    } else if INLINE.contains(&tag) || tag == Tag::A {
        Some(Role::Inline)
    } else {
        None
    }
}

/// An element we are in; it is written when something in it is.
struct Frame {
    at: NodeId,
    end: NodeId,
    tag: Tag,
    /// `None` for a wrapper.
    role: Option<Role>,
    written: bool,
}

struct Writer<'d> {
    document: &'d Document,
    base: &'d Url,
    out: String,
    frames: Vec<Frame>,
    /// Written and not yet closed; `P` that we added ourselves included.
    open: Vec<(Tag, Option<NodeId>)>,
}

impl Writer<'_> {
    fn write(&mut self, root: NodeId, clip: &Selection) {
        let end = self.document.end(root);
        let mut at = root;
        while at < end && clip.until.is_none_or(|until| at < until) {
            self.leave(at);
            let tag = self.document.tag(at);
            if clip.excluded.contains(at) || (tag.has_no_text() && tag != Tag::Head) {
                if tag.is_block() {
                    self.end_text();
                }
                at = self.document.end(at);
                continue;
            }
            match tag {
                Tag::Head => {
                    at = self.document.end(at);
                    continue;
                }
                Tag::Text => self.text(at),
                Tag::Img | Tag::Amp => self.image(at),
                Tag::Br => self.line_break(),
                Tag::Hr => {
                    self.end_text();
                    self.out.push_str("<hr>");
                }
                _ => self.enter(at, tag),
            }
            at = NodeId(at.0 + 1);
        }
        self.leave(end);
        self.close_to(0);
        self.frames.clear();
    }

    fn enter(&mut self, at: NodeId, tag: Tag) {
        let role = role(tag);
        if role != Some(Role::Inline) && (role.is_some() || tag.is_block()) {
            self.end_text();
        }
        self.frames.push(Frame {
            at,
            end: self.document.end(at),
            tag,
            role,
            written: false,
        });
    }

    fn leave(&mut self, at: NodeId) {
        while let Some(frame) = self.frames.last() {
            if at < frame.end {
                return;
            }
            let (own, tag, role) = (frame.at, frame.tag, frame.role);
            self.frames.pop();
            if let Some(depth) = self.open.iter().rposition(|(_, open)| *open == Some(own)) {
                self.close_to(depth);
            } else if role.is_none() && tag.is_block() {
                self.end_text();
            }
        }
    }

    /// Closes inline elements and a paragraph of our own, so that a block can follow.
    fn end_text(&mut self) {
        while let Some((tag, at)) = self.open.last().copied() {
            let ours = at.is_none() || role(tag) == Some(Role::Inline) || tag == Tag::P;
            if !ours {
                return;
            }
            self.close_to(self.open.len() - 1);
        }
    }

    fn close_to(&mut self, depth: usize) {
        while self.open.len() > depth {
            if let Some((tag, at)) = self.open.pop() {
                let _ = write!(self.out, "</{}>", tag.name());
                // A link around blocks is opened again in the next one.
                for frame in &mut self.frames {
                    if Some(frame.at) == at {
                        frame.written = false;
                    }
                }
            }
        }
    }

    /// Writes what is still to be opened around a text or an image.
    fn open_all(&mut self, needs_block: bool) {
        let pending = |frame: &Frame, inline: bool| {
            !frame.written && frame.role.is_some_and(|role| (role == Role::Inline) == inline)
        };
        if self.frames.iter().any(|frame| pending(frame, false)) {
            self.end_text();
        }
        for i in 0..self.frames.len() {
            self.open_frame(i, false);
        }
        let holds_text = self
            .open
            .iter()
            .rev()
            .find(|(tag, _)| role(*tag) != Some(Role::Inline))
            .is_some_and(|(tag, _)| BLOCKS.contains(tag) || (!needs_block && *tag == Tag::Figure));
        if !holds_text {
            self.out.push_str("<p>");
            self.open.push((Tag::P, None));
        }
        for i in 0..self.frames.len() {
            self.open_frame(i, true);
        }
    }

    fn open_frame(&mut self, i: usize, inline: bool) {
        let Some(frame) = self.frames.get_mut(i) else {
            return;
        };
        if frame.written || frame.role.is_none_or(|role| (role == Role::Inline) != inline) {
            return;
        }
        let (tag, at) = (frame.tag, frame.at);
        // A text block within another (a paragraph in a heading) is a wrapper.
        let nested = !inline
            && self
                .open
                .iter()
                .any(|(open, _)| *open == Tag::P || open.heading().is_some());
        if nested && BLOCKS.contains(&tag) {
            return;
        }
        if tag == Tag::A {
            let href = self
                .document
                .attr(at, "href")
                .and_then(|href| web(self.base, href));
            let Some(href) = href else { return };
            self.out.push_str("<a href=\"");
            escape(href.as_str(), Place::Value, &mut self.out);
            self.out.push_str("\">");
        } else {
            let _ = write!(self.out, "<{}", tag.name());
            for name in ["start", "colspan", "rowspan", "datetime"] {
                if let Some(value) = self.document.attr(at, name) {
                    let _ = write!(self.out, " {name}=\"");
                    escape(value, Place::Value, &mut self.out);
                    self.out.push('"');
                }
            }
            self.out.push('>');
        }
        if let Some(frame) = self.frames.get_mut(i) {
            frame.written = true;
        }
        self.open.push((tag, Some(at)));
    }

    fn text(&mut self, at: NodeId) {
        let text = self.document.text(at).unwrap_or_default();
        if text.chars().all(char::is_whitespace) {
            if !self.open.is_empty() && !self.out.ends_with(' ') {
                self.out.push(' ');
            }
            return;
        }
        self.open_all(true);
        let pre = self.open.iter().any(|(tag, _)| *tag == Tag::Pre);
        if pre {
            escape(text, Place::Text, &mut self.out);
            return;
        }
        let (mut space, mut rest) = (false, text);
        while !rest.is_empty() {
            let words = rest.trim_start();
            space |= words.len() < rest.len();
            let run = runs::literal(words);
            let (word, after) = if run.words.is_empty() {
                let end = words.find(char::is_whitespace).unwrap_or(words.len());
                words.split_at_checked(end).unwrap_or((words, ""))
            } else {
                (run.words, run.rest)
            };
            if word.is_empty() {
                break;
            }
            if space && !self.out.ends_with(['>', ' '])
                || space && self.out.ends_with('>') && self.is_after_inline()
            {
                self.out.push(' ');
            }
            space = false;
            if run.words.is_empty() {
                escape(word, Place::Text, &mut self.out);
            } else {
                self.out.push_str(word);
            }
            rest = after;
        }
        if space {
            self.out.push(' ');
        }
    }

    /// Whether the last tag written belongs to the running text.
    fn is_after_inline(&self) -> bool {
        let tag = self
            .out
            .rfind('<')
            .and_then(|at| self.out.get(at + 1..))
            .unwrap_or_default();
        let name = tag.trim_start_matches('/');
        let end = name
            .find(|c: char| !c.is_ascii_alphanumeric())
            .unwrap_or(name.len());
        let tag = Tag::of(name.get(..end).unwrap_or_default());
        matches!(tag, Tag::A | Tag::Img) || INLINE.contains(&tag)
    }

    fn image(&mut self, at: NodeId) {
        let Some(src) = image_source(self.document, at, self.base) else {
            return;
        };
        self.open_all(false);
        self.out.push_str("<img src=\"");
        escape(src.as_str(), Place::Value, &mut self.out);
        self.out.push('"');
        for name in ["alt", "width", "height"] {
            if let Some(value) = self.document.attr(at, name).filter(|value| !value.is_empty()) {
                let _ = write!(self.out, " {name}=\"");
                escape(value, Place::Value, &mut self.out);
                self.out.push('"');
            }
        }
        self.out.push('>');
    }

    /// As in the text: ends a paragraph directly in a block, and a line inside one.
    fn line_break(&mut self) {
        let inner = self
            .frames
            .iter()
            .rev()
            .find(|frame| frame.role == Some(Role::Text) || frame.tag.is_block());
        let lines = inner.is_some_and(|frame| frame.role == Some(Role::Text));
        let Some((_, _)) = self.open.last() else { return };
        if lines {
            self.out.push_str("<br>");
        } else {
            self.end_text();
        }
    }
}

/// Where a text is written: between tags a quote is a quote.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Text,
    Value,
}

/// Writes characters as a serializer does (WHATWG HTML, 13.3), without those that are none of a text.
fn escape(text: &str, place: Place, out: &mut String) {
    // 0xc2 begins the no-break space and the control characters beyond ASCII.
    let special = |byte: &u8| matches!(byte, 0..0x20 | 0x7f | 0xc2 | b'&' | b'<' | b'>' | b'"');
    let mut rest = text;
    while let Some(run) = rest.as_bytes().iter().position(special) {
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
            Some('"') if place == Place::Value => out.push_str("&quot;"),
            Some('\u{a0}') => out.push_str("&nbsp;"),
            // As a parser reads the ends of lines.
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
            (
                "wrappers go",
                "<div><section><p>a</p></section></div>",
                "<p>a</p>",
            ),
            (
                "loose text gets a paragraph",
                "<div>a<br>b <b>c</b></div>",
                "<p>a</p><p>b <b>c</b></p>",
            ),
            (
                "empty elements go",
                "<p> </p><ul><li></li></ul><p>a</p>",
                "<p>a</p>",
            ),
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
            (
                "lists",
                "<ul><li><p>a</p></li><li>b</li></ul>",
                "<ul><li><p>a</p></li><li>b</li></ul>",
            ),
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
            for bad in [
                "script", "onerror", "onmouse", "data:", "iframe", "refresh", "<svg", "<math",
            ] {
                assert!(!clean.contains(bad), "{html} became {clean}");
            }
        }
    }
}
