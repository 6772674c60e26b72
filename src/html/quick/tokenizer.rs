//! The tokenizer: tags, text and comments, one after the other (WHATWG HTML, 13.2.5).
//!
//! It copies nothing: names, values and text are spans of the page. Character references are resolved by the caller.
//! Every byte is read a constant number of times, so that a page takes linear time.

use memchr::{memchr, memchr2, memmem};

use super::super::node::Span;
use super::super::tag::Tag;

/// A token of the page.
#[derive(Clone, Copy, Debug)]
pub(super) enum HtmlToken {
    /// A start tag. Its attributes are in [`Tokenizer::attributes`].
    Start {
        name: TagName,
        self_closing: bool,
    },
    /// An end tag. Its attributes mean nothing.
    End(TagName),
    /// Characters between tags.
    Text {
        span: Span,
        has_references: bool,
    },
    /// A comment, bogus comments and processing instructions included. Its text is dropped.
    Comment,
    Doctype(Doctype),
    /// The end of the page. It is returned again and again.
    Eof,
}

/// The name of a tag.
#[derive(Clone, Copy, Debug)]
pub(super) struct TagName {
    pub(super) tag: Tag,
    /// As in the page, in any case.
    pub(super) written: Span,
}

/// An attribute as it is in the page.
#[derive(Clone, Copy, Debug)]
pub(super) struct WrittenAttribute {
    pub(super) name: Span,
    pub(super) value: Span,
    /// Whether its name has capital letters.
    pub(super) has_capitals: bool,
    /// Whether its value has character references.
    pub(super) has_references: bool,
}

/// The document types that matter: they decide whether a table closes a paragraph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doctype {
    /// `<!doctype html>`.
    Html,
    /// One with identifiers, which would have to be looked up.
    Other,
}

/// The tokenizer states for content that holds no tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RawContent {
    /// RCDATA, as in `<title>`: character references are resolved.
    Escapable,
    /// RAWTEXT, as in `<style>`.
    Verbatim,
    /// Script data: a comment may hide the end tag of another script.
    Script,
}

/// Reads a page from start to end. A tag that the page ends in is dropped, as the standard says.
#[derive(Debug)]
pub(super) struct Tokenizer<'a> {
    page: &'a str,
    /// Bytes read so far.
    position: usize,
    /// Attributes of the last tag; at most one more than `max_attributes`.
    pub(super) attributes: Vec<WrittenAttribute>,
    max_attributes: usize,
}

impl<'a> Tokenizer<'a> {
    /// Lines of the page end with LF; the page is smaller than 4 GiB.
    pub(super) fn new(page: &'a str, max_attributes: usize) -> Self {
        Self { page, position: 0, attributes: Vec::new(), max_attributes }
    }

    /// The byte at a position; `None` at the end of the page.
    fn byte(&self, at: usize) -> Option<u8> {
        self.page.as_bytes().get(at).copied()
    }

    /// The bytes from a position on.
    fn rest(&self, at: usize) -> &'a [u8] {
        self.page.as_bytes().get(at..).unwrap_or_default()
    }

    /// The next token. `is_foreign`: the current node is no HTML element, so CDATA sections are allowed.
    #[inline]
    pub(super) fn next_token(&mut self, is_foreign: bool) -> HtmlToken {
        loop {
            let start = self.position;
            let (from, is_end) = match self.rest(start) {
                [] => return HtmlToken::Eof,
                [b'<', b'a'..=b'z' | b'A'..=b'Z', ..] => (start + 1, false),
                [b'<', b'/', b'a'..=b'z' | b'A'..=b'Z', ..] => (start + 2, true),
                // `</>` is nothing at all.
                [b'<', b'/', b'>', ..] => {
                    self.position = start + 3;
                    continue;
                }
                [b'<', b'!', ..] => return self.markup_declaration(is_foreign),
                [b'<', b'?', ..] | [b'<', b'/', _, ..] => return self.bogus_comment(),
                _ => return self.text(),
            };
            let (tag, length) = Tag::at_start(self.rest(from));
            let end = from + length;
            let name = TagName { tag, written: Span::new(from, end) };
            if self.byte(end) == Some(b'>') {
                self.attributes.clear();
                self.position = end + 1;
            } else if !self.read_attributes(end) {
                return HtmlToken::Eof;
            }
            return if is_end {
                HtmlToken::End(name)
            } else {
                HtmlToken::Start { name, self_closing: self.is_self_closing(name) }
            };
        }
    }

    /// Characters up to a tag. A `<` that begins none is one of them.
    fn text(&mut self) -> HtmlToken {
        let start = self.position;
        let (mut at, mut has_references) = (start, false);
        let end = loop {
            let rest = self.rest(at);
            let found = if has_references { memchr(b'<', rest) } else { memchr2(b'<', b'&', rest) };
            let Some(found) = found else { break self.page.len() };
            at += found;
            match self.rest(at) {
                [b'&', ..] => has_references = true,
                [_, b'a'..=b'z' | b'A'..=b'Z' | b'!' | b'?', ..] | [_, b'/', _, ..] => break at,
                _ => {}
            }
            at += 1;
        };
        self.position = end;
        HtmlToken::Text { span: Span::new(start, end), has_references }
    }

    /// Whether the start tag just read ends with a slash that is not part of an unquoted value.
    fn is_self_closing(&self, name: TagName) -> bool {
        let slash = self.position.saturating_sub(2);
        let last = match self.attributes.last() {
            Some(last) if last.value.len > 0 => last.value,
            Some(last) => last.name,
            None => name.written,
        };
        self.byte(slash) == Some(b'/') && last.end() <= slash
    }

    /// Reads attributes up to the end of the tag. `false` if the page ends within the tag.
    // Most tags have none and should not pay for this function's stack frame.
    #[inline(never)]
    fn read_attributes(&mut self, from: usize) -> bool {
        self.attributes.clear();
        let bytes = self.page.as_bytes();
        let skip_space = |mut at: usize| {
            while bytes.get(at).is_some_and(u8::is_ascii_whitespace) {
                at += 1;
            }
            at
        };
        let mut at = from;
        self.position = bytes.len();
        loop {
            match bytes.get(at) {
                None => return false,
                Some(b'>') => {
                    self.position = at + 1;
                    return true;
                }
                Some(byte) if byte.is_ascii_whitespace() || *byte == b'/' => {
                    at += 1;
                    continue;
                }
                Some(_) => {}
            }
            let start = at;
            let mut has_capitals = false;
            while let Some(byte) = bytes.get(at) {
                // A name may begin with `=`.
                let ends =
                    byte.is_ascii_whitespace() || matches!(byte, b'/' | b'>') || *byte == b'=' && at > start;
                if ends {
                    break;
                }
                has_capitals |= byte.is_ascii_uppercase();
                at += 1;
            }
            let mut attribute = WrittenAttribute {
                name: Span::new(start, at),
                value: Span::new(at, at),
                has_capitals,
                has_references: false,
            };
            at = skip_space(at);
            if bytes.get(at) == Some(&b'=') {
                at = skip_space(at + 1);
                let start = at;
                if let Some(quote @ (b'"' | b'\'')) = bytes.get(start) {
                    let rest = self.rest(start + 1);
                    let mut found = memchr2(*quote, b'&', rest);
                    if found.and_then(|found| rest.get(found)) == Some(&b'&') {
                        attribute.has_references = true;
                        found = memchr(*quote, rest);
                    }
                    let Some(length) = found else {
                        return false;
                    };
                    at = start + length + 2;
                    attribute.value = Span::new(start + 1, at - 1);
                } else {
                    while let Some(byte) = bytes.get(at)
                        && !(byte.is_ascii_whitespace() || *byte == b'>')
                    {
                        attribute.has_references |= *byte == b'&';
                        at += 1;
                    }
                    attribute.value = Span::new(start, at);
                }
            }
            if self.attributes.len() <= self.max_attributes {
                self.attributes.push(attribute);
            }
        }
    }

    /// What begins with `<!`: a comment, a document type, a CDATA section of SVG, or a bogus comment.
    fn markup_declaration(&mut self, is_foreign: bool) -> HtmlToken {
        let start = self.position;
        let rest = self.rest(start);
        if let Some(comment) = rest.strip_prefix(b"<!--") {
            self.position = start + 4 + comment_length(comment);
            return HtmlToken::Comment;
        }
        let word = rest.get(2..9).unwrap_or_default();
        if word.eq_ignore_ascii_case(b"doctype") {
            let length = memchr(b'>', rest).unwrap_or(rest.len());
            self.position = start + (length + 1).min(rest.len());
            let words = rest.get(9..length).unwrap_or_default().trim_ascii();
            return HtmlToken::Doctype(if length < rest.len() && words.eq_ignore_ascii_case(b"html") {
                Doctype::Html
            } else {
                Doctype::Other
            });
        }
        if is_foreign && let Some(content) = rest.strip_prefix(b"<![CDATA[") {
            let from = start + 9;
            let length = memmem::find(content, b"]]>");
            let end = from + length.unwrap_or(content.len());
            self.position = end + if length.is_some() { 3 } else { 0 };
            return HtmlToken::Text { span: Span::new(from, end), has_references: false };
        }
        self.bogus_comment()
    }

    /// A comment up to the next `>`.
    fn bogus_comment(&mut self) -> HtmlToken {
        let rest = self.rest(self.position);
        self.position += memchr(b'>', rest).map_or(rest.len(), |found| found + 1);
        HtmlToken::Comment
    }

    /// Reads the content of an element up to and including its end tag. Returns the content, and whether it has
    /// references to resolve.
    pub(super) fn raw_content(&mut self, name: TagName, content: RawContent) -> (Span, bool) {
        let written = name.written.of(self.page).as_bytes();
        let start = self.position;
        let end = if content == RawContent::Script {
            self.script_end(start, written)
        } else {
            self.raw_end(start, written)
        };
        self.position = end;
        if end < self.page.len() {
            self.read_attributes(end + 2 + written.len());
        }
        let span = Span::new(start, end);
        let has_references =
            content == RawContent::Escapable && memchr(b'&', span.of(self.page).as_bytes()).is_some();
        (span, has_references)
    }

    /// Whether the end tag of `name` begins at a position.
    fn is_end_tag(&self, at: usize, name: &[u8]) -> bool {
        self.rest(at).strip_prefix(b"</").is_some_and(|after| begins_with_name(after, name))
    }

    /// Position of the end tag of `name`; the end of the page if there is none.
    fn raw_end(&self, from: usize, name: &[u8]) -> usize {
        let mut at = from;
        while let Some(found) = memchr(b'<', self.rest(at)) {
            if self.is_end_tag(at + found, name) {
                return at + found;
            }
            at += found + 1;
        }
        self.page.len()
    }

    /// Where a script ends. After `<!--` the end tags of scripts that begin there do not count, until `-->`.
    fn script_end(&self, from: usize, name: &[u8]) -> usize {
        #[derive(PartialEq)]
        enum Escape {
            None,
            Escaped,
            DoubleEscaped,
        }
        let mut state = Escape::None;
        let mut at = from;
        loop {
            let rest = self.rest(at);
            let found = match state {
                Escape::None => memchr(b'<', rest),
                _ => memchr2(b'<', b'-', rest),
            };
            let Some(found) = found else {
                return self.page.len();
            };
            at += found;
            let rest = self.rest(at);
            match state {
                Escape::None if rest.starts_with(b"<!--") => {
                    state = Escape::Escaped;
                    // Its dashes may be those of the `-->`.
                    at += 1;
                }
                Escape::Escaped | Escape::DoubleEscaped if rest.starts_with(b"-->") => {
                    state = Escape::None;
                    at += 2;
                }
                Escape::None | Escape::Escaped if self.is_end_tag(at, name) => return at,
                Escape::Escaped if rest.get(1..).is_some_and(|after| begins_with_name(after, b"script")) => {
                    state = Escape::DoubleEscaped;
                }
                Escape::DoubleEscaped if self.is_end_tag(at, b"script") => state = Escape::Escaped,
                _ => {}
            }
            at += 1;
        }
    }

    /// Skips a newline at the current position. Returns whether a reference is there that may resolve to one.
    pub(super) fn skip_newline(&mut self) -> bool {
        match self.rest(self.position) {
            [b'\n', ..] => self.position += 1,
            [b'&', b'#' | b'N', ..] => return true,
            _ => {}
        }
        false
    }
}

/// Whether a text begins with a tag name, in any case, and the end of a name.
fn begins_with_name(text: &[u8], name: &[u8]) -> bool {
    text.split_at_checked(name.len()).is_some_and(|(begin, after)| {
        let ends = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'/' | b'>');
        begin.eq_ignore_ascii_case(name) && after.first().is_some_and(ends)
    })
}

/// Bytes of a comment after its `<!--`, the end included.
fn comment_length(rest: &[u8]) -> usize {
    if rest.starts_with(b">") {
        return 1;
    }
    if rest.starts_with(b"->") {
        return 2;
    }
    let mut at = 0;
    while let Some(found) = rest.get(at..).and_then(|rest| memmem::find(rest, b"--")) {
        at += found;
        match rest.get(at + 2..) {
            Some([b'>', ..]) => return at + 3,
            Some([b'!', b'>', ..]) => return at + 4,
            _ => at += 1,
        }
    }
    rest.len()
}
