//! Markup into tokens, for documents that are only nearly XML.
//!
//! Nothing is an error: a bare `<` is text, an unclosed quote or tag ends where the next tag begins, an unclosed
//! comment is text. Each byte is looked at a bounded number of times.

/// A piece of markup, borrowed from the document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// `<name a="b">` or `<name/>`.
    Start(Tag<'a>),
    /// `</name>`
    End(&'a str),
    /// Text with its references still in it.
    Text(&'a str),
    /// What stands in a CDATA section: text as it is.
    Verbatim(&'a str),
}

/// A start tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tag<'a> {
    /// With its prefix, as written.
    pub(super) name: &'a str,
    /// As written, references undecoded, the first [`MAX_ATTRIBUTES`] of them.
    pub(super) attributes: Vec<(&'a str, &'a str)>,
    /// Whether it closes itself.
    pub(super) empty: bool,
}

impl<'a> Tag<'a> {
    /// The raw value of an attribute by its whole name, whatever its case.
    pub(super) fn raw(&self, name: &str) -> Option<&'a str> {
        self.attributes
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|&(_, value)| value)
    }
}

/// Attributes kept of one tag; a tag of a real feed has a dozen, a root with its name spaces thirty.
pub(super) const MAX_ATTRIBUTES: usize = 128;

/// What a slash before the end of a tag belongs to, behind a value without quotes: the tag, in HTML the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dialect {
    Xml,
    Html,
}

/// The tokens of a document, comments, processing instructions and the document type left out.
#[derive(Debug)]
pub(super) struct Tokens<'a> {
    rest: &'a str,
    dialect: Dialect,
    /// Set once a search has shown that none follows, so that no search runs twice over the same bytes.
    no_comment_end: bool,
    no_section_end: bool,
    no_subset_end: bool,
}

impl<'a> Tokens<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            rest: text,
            dialect: Dialect::Xml,
            no_comment_end: false,
            no_section_end: false,
            no_subset_end: false,
        }
    }

    /// The same for a web page.
    pub(super) fn of_html(text: &'a str) -> Self {
        Self {
            dialect: Dialect::Html,
            ..Self::new(text)
        }
    }

    fn skip(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
    }

    /// Takes what stands before `end` and passes it; everything if there is none.
    fn until(&mut self, end: &str) -> &'a str {
        let (taken, rest) = self.rest.split_once(end).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }

    fn text(&mut self) -> Token<'a> {
        let mut from = 0;
        let length = loop {
            let Some(found) = self.rest.get(from..).and_then(|rest| rest.find('<')) else {
                break self.rest.len();
            };
            if opens_markup(self.rest.get(from + found + 1..).unwrap_or_default()) {
                break from + found;
            }
            from += found + 1;
        };
        let (text, rest) = self.rest.split_at_checked(length).unwrap_or((self.rest, ""));
        self.rest = rest;
        Token::Text(text)
    }

    /// Passes `<!…` and `<?…`, or gives what a CDATA section holds.
    fn declaration(&mut self) -> Option<Token<'a>> {
        if let Some(rest) = self.rest.strip_prefix("<!--") {
            if !self.no_comment_end {
                if let Some((_, rest)) = rest.split_once("-->") {
                    self.rest = rest;
                    return None;
                }
                self.no_comment_end = true;
            }
            self.rest = rest;
        } else if let Some(rest) = self.rest.strip_prefix("<![CDATA[") {
            if !self.no_section_end {
                if let Some((text, rest)) = rest.split_once("]]>") {
                    self.rest = rest;
                    return Some(Token::Verbatim(text));
                }
                self.no_section_end = true;
            }
            self.rest = rest;
        } else if self.rest.starts_with("<?") {
            // One that never ends must not take the next tag with it.
            let length = self
                .rest
                .get(1..)
                .and_then(|rest| rest.find(['<', '>']))
                .map_or(self.rest.len(), |at| at + 1);
            self.skip(length);
            self.rest = self.rest.strip_prefix('>').unwrap_or(self.rest);
        } else {
            self.doctype();
        }
        None
    }

    /// Passes `<!DOCTYPE …>` with its internal subset: nothing in it is read, so nothing in it expands.
    fn doctype(&mut self) {
        let (mut quote, mut subset) = (None, false);
        for (at, byte) in self.rest.bytes().enumerate() {
            if self.no_subset_end {
                break;
            }
            match (byte, quote) {
                (_, Some(open)) => quote = Some(open).filter(|open| *open != byte),
                (b'"' | b'\'', None) => quote = Some(byte),
                (b'[', None) => subset = true,
                (b']', None) => subset = false,
                (b'>', None) if !subset => return self.skip(at + 1),
                _ => {}
            }
        }
        // A quote or bracket was left open: the first `>` has to do.
        self.no_subset_end = true;
        self.until(">");
    }

    fn end_tag(&mut self) -> Option<Token<'a>> {
        self.skip(2);
        let length = self.rest.find(['<', '>']).unwrap_or(self.rest.len());
        let (inside, rest) = self.rest.split_at_checked(length).unwrap_or((self.rest, ""));
        self.rest = rest.strip_prefix('>').unwrap_or(rest);
        let name = inside.split_ascii_whitespace().next()?;
        Some(Token::End(name))
    }

    fn start_tag(&mut self) -> Token<'a> {
        self.skip(1);
        let mut tag = Tag {
            name: self.word(),
            attributes: Vec::new(),
            empty: false,
        };
        loop {
            self.rest = self.rest.trim_ascii_start();
            match self.rest.as_bytes().first() {
                None | Some(b'<') => break,
                Some(b'>') => {
                    self.skip(1);
                    break;
                }
                Some(b'/') => {
                    self.skip(1);
                    tag.empty = self.rest.starts_with('>');
                }
                Some(b'=' | b'"' | b'\'') => self.skip(1),
                Some(_) => {
                    let name = self.word();
                    let value = self.value();
                    if tag.attributes.len() < MAX_ATTRIBUTES {
                        tag.attributes.push((name, value));
                    }
                }
            }
        }
        Token::Start(tag)
    }

    /// The name of a tag or attribute.
    fn word(&mut self) -> &'a str {
        let length = self
            .rest
            .find(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>' | '<' | '=' | '"' | '\''))
            .unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at_checked(length).unwrap_or((self.rest, ""));
        self.rest = rest;
        word
    }

    /// `= "value"`, `='value'`, `=value` or nothing.
    fn value(&mut self) -> &'a str {
        let Some(rest) = self.rest.trim_ascii_start().strip_prefix('=') else {
            return "";
        };
        self.rest = rest.trim_ascii_start();
        for quote in ['"', '\''] {
            let Some(rest) = self.rest.strip_prefix(quote) else {
                continue;
            };
            if let Some((value, after)) = rest.split_once(quote).filter(|(value, _)| !value.contains("</")) {
                self.rest = after;
                return value;
            }
            // The closing quote is missing: one that is found beyond a tag belongs to another attribute.
            self.rest = rest;
        }
        let length = self
            .rest
            .find(|c: char| c.is_ascii_whitespace() || matches!(c, '>' | '<'))
            .unwrap_or(self.rest.len());
        let (value, rest) = self.rest.split_at_checked(length).unwrap_or((self.rest, ""));
        if let Some(value) = value
            .strip_suffix('/')
            .filter(|_| self.dialect == Dialect::Xml && rest.starts_with('>'))
        {
            self.skip(length - 1);
            return value;
        }
        self.rest = rest;
        value
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        loop {
            let after = match self.rest.strip_prefix('<') {
                None if self.rest.is_empty() => return None,
                None => return Some(self.text()),
                Some(after) => after,
            };
            let token = match after.as_bytes().first() {
                _ if !opens_markup(after) => return Some(self.text()),
                Some(b'/') => self.end_tag(),
                Some(b'!' | b'?') => self.declaration(),
                _ => return Some(self.start_tag()),
            };
            if token.is_some() {
                return token;
            }
        }
    }
}

/// Whether what follows a `<` makes it more than a bare character.
fn opens_markup(after: &str) -> bool {
    let mut chars = after.chars();
    match chars.next() {
        Some('/') => chars.next().is_some_and(|c| c == '>' || is_name_start(c)),
        Some('!') => chars
            .next()
            .is_some_and(|c| c.is_ascii_alphabetic() || matches!(c, '-' | '[')),
        Some('?') => true,
        Some(c) => is_name_start(c),
        None => false,
    }
}

fn is_name_start(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_' || c == ':' || !c.is_ascii()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<String> {
        Tokens::new(text)
            .map(|token| match token {
                Token::Start(tag) => {
                    let pairs: Vec<String> = tag
                        .attributes
                        .iter()
                        .map(|(name, value)| format!(" {name}={value}"))
                        .collect();
                    let pairs = pairs.concat();
                    format!("<{}{pairs}{}>", tag.name, if tag.empty { "/" } else { "" })
                }
                Token::End(name) => format!("</{name}>"),
                Token::Text(text) => text.to_owned(),
                Token::Verbatim(text) => format!("[{text}]"),
            })
            .collect()
    }

    #[test]
    fn markup_that_is_nearly_xml() {
        for (what, text, expected) in [
            ("plain", "<a b='1'>t</a>", &["<a b=1>", "t", "</a>"][..]),
            ("self-closing", "<a/><b c=\"d\"/>", &["<a/>", "<b c=d/>"]),
            ("unquoted", "<a b=c/d e>", &["<a b=c/d e=>"]),
            ("unquoted and closed", "<a b=c/>", &["<a b=c/>"]),
            (
                "a quote that is missing",
                "<a b=\"c>t</a><d e=\"f\">",
                &["<a b=c>", "t", "</a>", "<d e=f>"],
            ),
            ("a tag that never ends", "<a <b>", &["<a>", "<b>"]),
            ("an end tag that never ends", "</a <b>", &["</a>", "<b>"]),
            (
                "bare brackets",
                "1 < 2 <3 && a <= b <> <",
                &["1 < 2 <3 && a <= b <> <"],
            ),
            ("a comment", "a<!-- <b> -- -->c", &["a", "c"]),
            ("a comment that never ends", "<!-- a > b <c>", &[" a > b ", "<c>"]),
            ("CDATA", "<![CDATA[a<b]]>c", &["[a<b]", "c"]),
            ("CDATA that never ends", "<![CDATA[a<b>", &["a", "<b>"]),
            ("an instruction", "<?xml version='1.0'?><a>", &["<a>"]),
            (
                "a document type",
                "<!DOCTYPE a [<!ENTITY b \"]>\">]><c>",
                &["<c>"],
            ),
            (
                "a document type that never ends",
                "<!DOCTYPE a [ \"><c>",
                &["<c>"],
            ),
            ("an end without a name", "a</>b", &["a", "b"]),
        ] {
            assert_eq!(shown(text), expected, "{what}: {text}");
        }
    }

    #[test]
    fn a_slash_at_the_end_of_a_bare_value_is_part_of_it_in_html() {
        let value = |tokens: Tokens<'static>| match tokens.last() {
            Some(Token::Start(tag)) => (tag.raw("href"), tag.empty),
            other => panic!("{other:?}"),
        };
        let text = "<a href=/feed/>";
        assert_eq!(value(Tokens::of_html(text)), (Some("/feed/"), false));
        assert_eq!(value(Tokens::new(text)), (Some("/feed"), true));
        assert_eq!(value(Tokens::of_html("<br href='/x'/>")), (Some("/x"), true));
    }

    #[test]
    fn h13_a_hundred_thousand_attributes_are_passed_by() {
        let text = format!("<a {}>t", "b='c' ".repeat(100_000));
        let Some(Token::Start(tag)) = Tokens::new(&text).next() else {
            panic!("no tag");
        };
        assert_eq!(tag.attributes.len(), MAX_ATTRIBUTES);
        assert_eq!(Tokens::new(&text).nth(1), Some(Token::Text("t")));
    }

    #[test]
    fn h13_unclosed_things_take_linear_time() {
        for piece in [
            "<!--",
            "<![CDATA[",
            "<a b=\"",
            "<a b='</",
            "<",
            "</",
            "<!a [\"",
            "<?a",
        ] {
            // Were it quadratic, this would take an hour.
            let text = piece.repeat(300_000);
            assert!(Tokens::new(&text).count() <= 600_000, "{piece}");
        }
    }
}
