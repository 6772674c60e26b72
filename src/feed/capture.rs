//! A field while its text comes in, and how that text is to be read.

use super::fields::Field;
use super::plain::{self, Kind};
use super::token::Tag;
use super::{limits, reference};

/// The field that is being read.
#[derive(Debug)]
pub(super) struct Capture {
    /// Where its element stands on the stack.
    pub(super) at: usize,
    pub(super) field: Field,
    pub(super) rank: u8,
    pub(super) text: String,
    pub(super) declared: Declared,
    /// Whether there are elements in it: its text is markup from then on.
    pub(super) marked_up: bool,
    /// `isPermaLink` of a `guid`.
    pub(super) permalink: Option<bool>,
}

/// How a field says its text is to be read (RFC 4287, 3.1; Atom 0.3, 3.1; RSS says nothing).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Declared {
    Nothing,
    Text,
    Html,
    Xhtml,
    /// Base64 of text or markup, or of what is neither.
    Binary,
}

impl Capture {
    /// Adds text as far as there is room; false if there was too little.
    pub(super) fn push(&mut self, text: &str) -> bool {
        let room = limits::TEXT.saturating_sub(self.text.len());
        let fits = text.len() <= room;
        let end = (0..=room.min(text.len()))
            .rev()
            .find(|&end| text.is_char_boundary(end));
        let text = text.get(..end.unwrap_or(0)).unwrap_or_default();
        if self.marked_up && self.escapes() {
            self.text.push_str(&plain::escape(text));
        } else {
            self.text.push_str(text);
        }
        fits
    }

    /// Whether text between the elements in it is text: elsewhere it is escaped markup beside bare markup.
    fn escapes(&self) -> bool {
        matches!(self.declared, Declared::Xhtml | Declared::Text)
    }

    /// Adds an element that stands in the field.
    pub(super) fn open_tag(&mut self, tag: &Tag<'_>, local: &str) {
        if !self.marked_up {
            if self.escapes() {
                self.text = plain::escape(&self.text);
            }
            self.marked_up = true;
        }
        if self.text.len() > limits::TEXT {
            return;
        }
        self.text.push('<');
        self.text.push_str(local);
        for (name, value) in &tag.attributes {
            if !name.starts_with("xmlns") {
                let value = plain::escape(&reference::decode(value));
                self.text.extend([" ", name, "=\"", &value, "\""]);
            }
        }
        self.text.push_str(if is_void(local) { "/>" } else { ">" });
    }

    /// Adds the end of one.
    pub(super) fn close_tag(&mut self, name: &str) {
        let local = name.split_once(':').map_or(name, |(_, local)| local);
        self.text.extend(["</", local, ">"]);
    }

    /// The text and how it is to be read; none if it is neither text nor markup.
    pub(super) fn finish(self) -> Option<(String, Kind)> {
        let kind = match self.declared {
            Declared::Binary => return base64(&self.text).map(|text| (text, Kind::Either)),
            Declared::Text | Declared::Xhtml if self.marked_up => Kind::Html,
            Declared::Html => Kind::Html,
            // Escaped markup that is called XHTML is met more often than XHTML without a tag.
            Declared::Nothing | Declared::Xhtml => Kind::Either,
            Declared::Text => Kind::Text,
        };
        Some((self.text, kind))
    }
}

/// Reads `type` and `mode`.
pub(super) fn declared(tag: &Tag<'_>, atom: bool) -> Declared {
    let value = |name| tag.raw(name).unwrap_or_default().trim().to_ascii_lowercase();
    let (mime, mode) = (value("type"), value("mode"));
    let mime = mime.split(';').next().unwrap_or_default().trim();
    if mode == "base64" {
        return Declared::Binary;
    }
    match mime {
        "" if !atom || mode == "escaped" => Declared::Nothing,
        "" | "text" | "text/plain" | "plain" => Declared::Text,
        _ if mime.contains("html") && mode == "escaped" => Declared::Html,
        _ if mime.contains("xhtml") || mime.ends_with("+xml") || mime.ends_with("/xml") => Declared::Xhtml,
        _ if mime.contains("html") && mode == "xml" => Declared::Xhtml,
        _ if mime.contains("html") => Declared::Html,
        _ if mime.starts_with("text/") => Declared::Text,
        "application/octet-stream" => Declared::Binary,
        _ => Declared::Nothing,
    }
}

/// The text that Base64 stands for, if it is text.
fn base64(text: &str) -> Option<String> {
    let (mut bytes, mut bits, mut held) = (Vec::with_capacity(text.len() / 4 * 3), 0_u32, 0_u32);
    for byte in text.bytes().filter(|byte| !byte.is_ascii_whitespace()) {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            b'=' => break,
            _ => return None,
        };
        bits = (bits << 6 | u32::from(value)) & 0xffff;
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from(bits >> held & 0xff).ok()?);
        }
    }
    String::from_utf8(bytes).ok().filter(|text| !text.contains('\0'))
}

/// Elements of HTML that have no end tag.
pub(super) fn is_void(local: &str) -> bool {
    [
        "br", "hr", "img", "input", "meta", "link", "area", "base", "col", "embed", "param", "source",
        "track", "wbr",
    ]
    .iter()
    .any(|name| name.eq_ignore_ascii_case(local))
}
