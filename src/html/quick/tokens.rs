//! Tags, texts and comments, one after the other (WHATWG HTML, 13.2.5).
//!
//! Nothing is copied: a name, a value or a text is a stretch of the page. References in it are resolved by whoever
//! keeps it.

use memchr::{memchr, memchr2, memmem};

use super::super::tag::Tag;
use super::super::tree::Span;

/// A piece of the page.
#[derive(Clone, Copy, Debug)]
pub(super) enum Token {
    /// Its attributes are in [`Tokens::attributes`].
    Start(Name, SelfClosing),
    End(Name),
    /// Characters, and whether there are references among them.
    Text(Span, HasReferences),
    Comment,
    Doctype(Doctype),
    Eof,
}

pub(super) type SelfClosing = bool;
pub(super) type HasReferences = bool;

/// The name of a tag, as written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Name {
    pub(super) tag: Tag,
    pub(super) written: Span,
}

/// An attribute as written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attribute {
    pub(super) name: Span,
    pub(super) value: Span,
    /// Whether its name has capitals.
    pub(super) has_capitals: bool,
    pub(super) has_references: HasReferences,
}

/// What a byte is to the name of an attribute.
#[derive(Clone, Copy)]
enum Kind {
    Any,
    Capital,
    End,
}

#[allow(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "done while compiling, of 256 bytes"
)]
static KINDS: [Kind; 256] = {
    let mut table = [Kind::Any; 256];
    let mut byte = 0;
    while byte < table.len() {
        table[byte] = match byte as u8 {
            b'A'..=b'Z' => Kind::Capital,
            b'\t' | b'\n' | b'\x0c' | b'\r' | b' ' | b'/' | b'>' | b'=' => Kind::End,
            _ => Kind::Any,
        };
        byte += 1;
    }
    table
};

/// What a document type says of the way a table ends a paragraph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doctype {
    /// `<!doctype html>`.
    Html,
    /// One with identifiers, which would have to be looked up.
    Other,
}

/// How the content of an element that holds no markup is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Raw {
    /// `<title>`: references are resolved.
    Escapable,
    /// `<style>`.
    Verbatim,
    /// `<script>`: what stands in a comment may hold the end tag of another.
    Script,
}

/// Reads a page.
#[derive(Debug)]
pub(super) struct Tokens<'a> {
    page: &'a str,
    at: usize,
    /// Those of the last start tag; of too many, one more than `most`.
    pub(super) attributes: Vec<Attribute>,
    most: usize,
}

impl<'a> Tokens<'a> {
    /// A page of less than 4 GiB, in which lines end with LF.
    pub(super) fn new(page: &'a str, most: usize) -> Self {
        Self {
            page,
            at: 0,
            attributes: Vec::new(),
            most,
        }
    }

    /// How much of the page was read, in bytes.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.page.as_bytes().get(at).copied()
    }

    fn rest(&self, at: usize) -> &'a [u8] {
        self.page.as_bytes().get(at..).unwrap_or_default()
    }

    /// The next piece. `foreign`: whether it stands in an element of another vocabulary than HTML's.
    #[inline]
    pub(super) fn next(&mut self, foreign: bool) -> Token {
        loop {
            let start = self.at;
            let (from, is_end) = match self.rest(start) {
                [] => return Token::Eof,
                [b'<', b'a'..=b'z' | b'A'..=b'Z', ..] => (start + 1, false),
                [b'<', b'/', b'a'..=b'z' | b'A'..=b'Z', ..] => (start + 2, true),
                // Nothing at all.
                [b'<', b'/', b'>', ..] => {
                    self.at = start + 3;
                    continue;
                }
                [b'<', b'!', ..] => return self.declaration(foreign),
                [b'<', b'?', ..] | [b'<', b'/', _, ..] => return self.bogus(),
                _ => return self.text(),
            };
            let (tag, length) = Tag::at_start(self.rest(from));
            let end = from + length;
            let written = Span::of_page(from, end);
            let name = Name { tag, written };
            if self.byte(end) == Some(b'>') {
                self.attributes.clear();
                self.at = end + 1;
            } else if !self.attributes(end) {
                return Token::Eof;
            }
            return if is_end {
                Token::End(name)
            } else {
                let has_slash = self.byte(self.at.wrapping_sub(2)) == Some(b'/');
                Token::Start(name, has_slash && self.closes_itself(name))
            };
        }
    }

    /// Characters up to a tag: a `<` that begins none is one of them.
    #[inline(never)]
    fn text(&mut self) -> Token {
        let start = self.at;
        let (mut at, mut has_references) = (start, false);
        loop {
            let rest = self.rest(at);
            let found = if has_references {
                memchr(b'<', rest)
            } else {
                memchr2(b'<', b'&', rest)
            };
            let Some(found) = found else {
                self.at = self.page.len();
                return Token::Text(Span::of_page(start, self.at), has_references);
            };
            at += found;
            match self.rest(at) {
                [b'&', ..] => has_references = true,
                [_, b'a'..=b'z' | b'A'..=b'Z' | b'!' | b'?', ..] | [_, b'/', _, ..] => {
                    self.at = at;
                    return Token::Text(Span::of_page(start, at), has_references);
                }
                _ => {}
            }
            at += 1;
        }
    }

    /// Whether the slash before the end of the tag is none of an unquoted value's.
    fn closes_itself(&self, name: Name) -> bool {
        let slash = self.at.saturating_sub(2);
        let end = match self.attributes.last() {
            Some(last) if last.value.len > 0 => last.value.end(),
            Some(last) => last.name.end(),
            None => name.written.end(),
        };
        end <= slash
    }

    /// Reads the attributes behind a name up to the end of the tag; `false` where the page ends within it. Most tags have
    /// none, and should not pay for what this keeps on the stack.
    #[inline(never)]
    fn attributes(&mut self, from: usize) -> bool {
        self.attributes.clear();
        let bytes = self.page.as_bytes();
        let mut at = from;
        loop {
            match bytes.get(at) {
                None => {
                    self.at = bytes.len();
                    return false;
                }
                Some(b'>') => {
                    self.at = at + 1;
                    return true;
                }
                Some(byte) if byte.is_ascii_whitespace() || *byte == b'/' => {
                    at += 1;
                    continue;
                }
                Some(_) => {}
            }
            let start = at;
            let mut has_capitals = bytes.get(at).is_some_and(u8::is_ascii_uppercase);
            // A name may begin with `=`.
            at += 1;
            while let Some(byte) = bytes.get(at) {
                match KINDS.get(usize::from(*byte)) {
                    Some(Kind::Any) | None => {}
                    Some(Kind::Capital) => has_capitals = true,
                    Some(Kind::End) => break,
                }
                at += 1;
            }
            let mut attribute = Attribute {
                name: Span::of_page(start, at),
                value: Span::of_page(at, at),
                has_capitals,
                has_references: false,
            };
            let skip_white = |mut at: usize| {
                while bytes.get(at).is_some_and(u8::is_ascii_whitespace) {
                    at += 1;
                }
                at
            };
            at = skip_white(at);
            if bytes.get(at) == Some(&b'=') {
                at = skip_white(at + 1);
                let from = at;
                if let Some(quote @ (b'"' | b'\'')) = bytes.get(from) {
                    let rest = bytes.get(from + 1..).unwrap_or_default();
                    let mut found = memchr2(*quote, b'&', rest);
                    if found.and_then(|found| rest.get(found)) == Some(&b'&') {
                        attribute.has_references = true;
                        found = memchr(*quote, rest);
                    }
                    let Some(length) = found else {
                        self.at = bytes.len();
                        return false;
                    };
                    at = from + length + 2;
                    attribute.value = Span::of_page(from + 1, at - 1);
                } else {
                    while let Some(byte) = bytes.get(at)
                        && !(byte.is_ascii_whitespace() || *byte == b'>')
                    {
                        attribute.has_references |= *byte == b'&';
                        at += 1;
                    }
                    attribute.value = Span::of_page(from, at);
                }
            }
            if self.attributes.len() <= self.most {
                self.attributes.push(attribute);
            }
        }
    }

    #[inline(never)]
    fn declaration(&mut self, foreign: bool) -> Token {
        let start = self.at;
        let rest = self.rest(start);
        if let Some(comment) = rest.strip_prefix(b"<!--") {
            self.at = start + 4 + comment_length(comment);
            return Token::Comment;
        }
        let is_doctype = rest
            .get(2..9)
            .is_some_and(|word| word.eq_ignore_ascii_case(b"doctype"));
        if is_doctype {
            let length = memchr(b'>', rest).unwrap_or(rest.len());
            self.at = start + (length + 1).min(rest.len());
            let words = rest.get(9..length).unwrap_or_default().trim_ascii();
            return Token::Doctype(if length < rest.len() && words.eq_ignore_ascii_case(b"html") {
                Doctype::Html
            } else {
                Doctype::Other
            });
        }
        if foreign && rest.starts_with(b"<![CDATA[") {
            let from = start + 9;
            let length = memmem::find(self.rest(from), b"]]>");
            let end = from + length.unwrap_or(self.rest(from).len());
            self.at = end + if length.is_some() { 3 } else { 0 };
            return Token::Text(Span::of_page(from, end), false);
        }
        self.bogus()
    }

    /// What is none of HTML: a comment up to the next `>`.
    fn bogus(&mut self) -> Token {
        let rest = self.rest(self.at);
        self.at += memchr(b'>', rest).map_or(rest.len(), |found| found + 1);
        Token::Comment
    }

    /// Reads the content of an element up to its end tag, and the end tag.
    pub(super) fn raw(&mut self, name: Name, kind: Raw) -> (Span, HasReferences) {
        let written = self.page.get(name.written.range()).unwrap_or_default().as_bytes();
        let start = self.at;
        let end = if kind == Raw::Script {
            self.script_end(start, written)
        } else {
            self.end_tag(start, written)
        };
        self.at = end;
        if end < self.page.len() {
            // Its attributes are nobody's; where the page ends in it, so does the content before it.
            self.attributes(end + 2 + written.len());
        }
        let content = self.page.as_bytes().get(start..end).unwrap_or_default();
        let has_references = kind == Raw::Escapable && memchr(b'&', content).is_some();
        (Span::of_page(start, end), has_references)
    }

    /// Whether the end tag of `name` begins at a `<`.
    fn ends(&self, at: usize, name: &[u8]) -> bool {
        self.rest(at)
            .strip_prefix(b"</")
            .is_some_and(|after| is_word(after, name))
    }

    fn end_tag(&self, from: usize, name: &[u8]) -> usize {
        let mut at = from;
        while let Some(found) = memchr(b'<', self.rest(at)) {
            if self.ends(at + found, name) {
                return at + found;
            }
            at += found + 1;
        }
        self.page.len()
    }

    /// Where a script ends: `<!--` hides the end tags of scripts that begin behind it, until `-->`.
    fn script_end(&self, from: usize, name: &[u8]) -> usize {
        #[derive(PartialEq)]
        enum State {
            Plain,
            Escaped,
            DoubleEscaped,
        }
        let mut state = State::Plain;
        let mut at = from;
        loop {
            let rest = self.rest(at);
            let found = match state {
                State::Plain => memchr(b'<', rest),
                _ => memchr2(b'<', b'-', rest),
            };
            let Some(found) = found else {
                return self.page.len();
            };
            at += found;
            let rest = self.rest(at);
            match state {
                State::Plain if rest.starts_with(b"<!--") => {
                    state = State::Escaped;
                    // Its dashes may be those that end it.
                    at += 2;
                    continue;
                }
                State::Escaped | State::DoubleEscaped if rest.starts_with(b"-->") => {
                    state = State::Plain;
                    at += 3;
                    continue;
                }
                State::Plain | State::Escaped if self.ends(at, name) => return at,
                State::Escaped if rest.get(1..).is_some_and(|after| is_word(after, b"script")) => {
                    state = State::DoubleEscaped;
                }
                State::DoubleEscaped if self.ends(at, b"script") => state = State::Escaped,
                _ => {}
            }
            at += 1;
        }
    }

    /// Leaves out a line end that opens preformatted text, and says whether what follows might resolve to one.
    pub(super) fn skip_line_end(&mut self) -> bool {
        match self.rest(self.at) {
            [b'\n', ..] => self.at += 1,
            [b'&', b'#' | b'N', ..] => return true,
            _ => {}
        }
        false
    }
}

/// Whether a text begins with a name, in any case, and its end.
fn is_word(text: &[u8], name: &[u8]) -> bool {
    text.get(..name.len())
        .is_some_and(|begin| begin.eq_ignore_ascii_case(name))
        && text
            .get(name.len())
            .is_some_and(|byte| byte.is_ascii_whitespace() || matches!(byte, b'/' | b'>'))
}

/// Bytes of a comment behind its `<!--`, the end included.
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
