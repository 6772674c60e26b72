//! Splits markup into tokens, for documents that are only nearly XML, and for the tags of web pages.
//!
//! Nothing is an error: a bare `<` is text, an unclosed quote or tag ends where the next tag begins, an unclosed
//! comment is text. Each byte is looked at a bounded number of times.

/// A part of the markup, borrowed from the document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum MarkupToken<'a> {
    /// `<name a="b">` or `<name/>`.
    Start(StartTag<'a>),
    /// `</name>`
    End(&'a str),
    /// Text with its references still in it.
    Text(&'a str),
    /// The content of a CDATA section: text as it is.
    CData(&'a str),
}

/// A start tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct StartTag<'a> {
    /// With its prefix, as written.
    pub(super) name: &'a str,
    /// Names and values as written, references undecoded; the first [`MAX_ATTRIBUTES`] of them.
    pub(super) attributes: Vec<(&'a str, &'a str)>,
    /// Whether it closes itself, as in `<name/>`.
    pub(super) is_empty: bool,
}

impl<'a> StartTag<'a> {
    /// The value of an attribute as written, by its name with prefix, in any case.
    pub(super) fn attribute(&self, name: &str) -> Option<&'a str> {
        let found = self.attributes.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|&(_, value)| value)
    }

    /// Whether this is the tag of an element, in any case.
    pub(super) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }
}

/// Attributes of one tag that are kept; a tag of a real feed has a dozen, a root with its namespaces thirty.
const MAX_ATTRIBUTES: usize = 128;

/// What the slash in `<a href=/feed/>` belongs to: in XML to the tag, in HTML to the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dialect {
    Xml,
    Html,
}

/// The tokens of a document. Comments, processing instructions and the document type are left out.
#[derive(Debug)]
pub(super) struct MarkupTokens<'a> {
    rest: &'a str,
    dialect: Dialect,
    // Each is set once a search has found no further end, so that no search runs twice over the same bytes.
    no_comment_end: bool,
    no_cdata_end: bool,
    no_doctype_end: bool,
}

impl<'a> MarkupTokens<'a> {
    /// The tokens of XML.
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            rest: text,
            dialect: Dialect::Xml,
            no_comment_end: false,
            no_cdata_end: false,
            no_doctype_end: false,
        }
    }

    /// The tokens of a web page.
    pub(super) fn of_html(text: &'a str) -> Self {
        Self { dialect: Dialect::Html, ..Self::new(text) }
    }

    /// Takes so many bytes.
    fn take(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at_checked(length).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }

    /// Takes the text before the first character that ends it, everything if there is none.
    fn take_until(&mut self, is_end: impl Fn(char) -> bool) -> &'a str {
        self.take(self.rest.find(is_end).unwrap_or(self.rest.len()))
    }

    /// Text up to the next `<` that opens markup.
    fn text(&mut self) -> MarkupToken<'a> {
        let mut from = 0;
        let length = loop {
            let Some(found) = self.rest.get(from..).and_then(|rest| rest.find('<')) else {
                break self.rest.len();
            };
            from += found + 1;
            if opens_markup(self.rest.get(from..).unwrap_or_default()) {
                break from - 1;
            }
        };
        MarkupToken::Text(self.take(length))
    }

    /// Skips `<!…` and `<?…`, or gives the content of a CDATA section.
    fn declaration(&mut self) -> Option<MarkupToken<'a>> {
        if let Some(rest) = self.rest.strip_prefix("<!--") {
            let section = split_section(rest, "-->", &mut self.no_comment_end);
            self.rest = section.map_or(rest, |(_, after)| after);
        } else if let Some(rest) = self.rest.strip_prefix("<![CDATA[") {
            let section = split_section(rest, "]]>", &mut self.no_cdata_end);
            self.rest = section.map_or(rest, |(_, after)| after);
            return section.map(|(text, _)| MarkupToken::CData(text));
        } else if self.rest.starts_with("<?") {
            // One that never ends must not take the next tag with it.
            self.take(1);
            self.take_until(|c| matches!(c, '<' | '>'));
            self.rest = self.rest.strip_prefix('>').unwrap_or(self.rest);
        } else {
            self.doctype();
        }
        None
    }

    /// Skips `<!DOCTYPE …>` with its internal subset: nothing in it is read, so nothing in it expands.
    fn doctype(&mut self) {
        let (mut quote, mut in_subset) = (None, false);
        for (at, byte) in self.rest.bytes().enumerate() {
            if self.no_doctype_end {
                break;
            }
            match (byte, quote) {
                (_, Some(open)) => quote = Some(open).filter(|open| *open != byte),
                (b'"' | b'\'', None) => quote = Some(byte),
                (b'[', None) => in_subset = true,
                (b']', None) => in_subset = false,
                (b'>', None) if !in_subset => {
                    self.take(at + 1);
                    return;
                }
                _ => {}
            }
        }
        // A quote or bracket was left open: the first `>` has to do.
        self.no_doctype_end = true;
        self.rest = self.rest.split_once('>').map_or("", |(_, rest)| rest);
    }

    /// An end tag; `None` for one without a name.
    fn end_tag(&mut self) -> Option<MarkupToken<'a>> {
        self.take(2);
        let inside = self.take_until(|c| matches!(c, '<' | '>'));
        self.rest = self.rest.strip_prefix('>').unwrap_or(self.rest);
        inside.split_ascii_whitespace().next().map(MarkupToken::End)
    }

    /// A start tag with its attributes. It ends at `>`, at the next `<`, or with the document.
    fn start_tag(&mut self) -> MarkupToken<'a> {
        self.take(1);
        let mut tag = StartTag { name: self.name(), attributes: Vec::new(), is_empty: false };
        loop {
            self.rest = self.rest.trim_ascii_start();
            match self.rest.as_bytes().first() {
                None | Some(b'<') => break,
                Some(b'>') => {
                    self.take(1);
                    break;
                }
                Some(b'/') => {
                    self.take(1);
                    tag.is_empty = self.rest.starts_with('>');
                }
                Some(b'=' | b'"' | b'\'') => {
                    self.take(1);
                }
                Some(_) => {
                    let attribute = (self.name(), self.value());
                    if tag.attributes.len() < MAX_ATTRIBUTES {
                        tag.attributes.push(attribute);
                    }
                }
            }
        }
        MarkupToken::Start(tag)
    }

    /// The name of a tag or attribute.
    fn name(&mut self) -> &'a str {
        self.take_until(|c| c.is_ascii_whitespace() || matches!(c, '/' | '>' | '<' | '=' | '"' | '\''))
    }

    /// The value of an attribute: `= "value"`, `='value'`, `=value` or nothing.
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
        let end = self.rest.find(|c: char| c.is_ascii_whitespace() || matches!(c, '>' | '<'));
        let (value, after) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        let closes_tag = self.dialect == Dialect::Xml && after.starts_with('>');
        let value = value.strip_suffix('/').filter(|_| closes_tag).unwrap_or(value);
        self.take(value.len())
    }
}

impl<'a> Iterator for MarkupTokens<'a> {
    type Item = MarkupToken<'a>;

    fn next(&mut self) -> Option<MarkupToken<'a>> {
        loop {
            let after = match self.rest.strip_prefix('<') {
                None if self.rest.is_empty() => return None,
                Some(after) if opens_markup(after) => after,
                _ => return Some(self.text()),
            };
            let token = match after.as_bytes().first() {
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

/// The content of a section that ends with `end`, and the text after it. `no_end` remembers that there is none.
fn split_section<'a>(text: &'a str, end: &str, no_end: &mut bool) -> Option<(&'a str, &'a str)> {
    let section = if *no_end { None } else { text.split_once(end) };
    *no_end = section.is_none();
    section
}

/// Whether the text after a `<` makes it more than a bare character.
fn opens_markup(after: &str) -> bool {
    let is_name_start = |c: char| c.is_ascii_alphabetic() || c == '_' || c == ':' || !c.is_ascii();
    let mut chars = after.chars();
    match (chars.next(), chars.next()) {
        (Some('/'), Some(c)) => c == '>' || is_name_start(c),
        (Some('!'), Some(c)) => c.is_ascii_alphabetic() || matches!(c, '-' | '['),
        (Some('?'), _) => true,
        (Some(c), _) => is_name_start(c),
        (None, _) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<String> {
        MarkupTokens::new(text)
            .map(|token| match token {
                MarkupToken::Start(tag) => {
                    let pairs: Vec<String> =
                        tag.attributes.iter().map(|(name, value)| format!(" {name}={value}")).collect();
                    let pairs = pairs.concat();
                    format!("<{}{pairs}{}>", tag.name, if tag.is_empty { "/" } else { "" })
                }
                MarkupToken::End(name) => format!("</{name}>"),
                MarkupToken::Text(text) => text.to_owned(),
                MarkupToken::CData(text) => format!("[{text}]"),
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
            ("a quote that is missing", "<a b=\"c>t</a><d e=\"f\">", &["<a b=c>", "t", "</a>", "<d e=f>"]),
            ("a tag that never ends", "<a <b>", &["<a>", "<b>"]),
            ("an end tag that never ends", "</a <b>", &["</a>", "<b>"]),
            ("bare brackets", "1 < 2 <3 && a <= b <> <", &["1 < 2 <3 && a <= b <> <"]),
            ("a comment", "a<!-- <b> -- -->c", &["a", "c"]),
            ("a comment that never ends", "<!-- a > b <c>", &[" a > b ", "<c>"]),
            ("CDATA", "<![CDATA[a<b]]>c", &["[a<b]", "c"]),
            ("CDATA that never ends", "<![CDATA[a<b>", &["a", "<b>"]),
            ("an instruction", "<?xml version='1.0'?><a>", &["<a>"]),
            ("a document type", "<!DOCTYPE a [<!ENTITY b \"]>\">]><c>", &["<c>"]),
            ("a document type that never ends", "<!DOCTYPE a [ \"><c>", &["<c>"]),
            ("an end without a name", "a</>b", &["a", "b"]),
        ] {
            assert_eq!(shown(text), expected, "{what}: {text}");
        }
    }

    #[test]
    fn a_slash_at_the_end_of_a_bare_value_is_part_of_it_in_html() {
        let value = |tokens: MarkupTokens<'static>| match tokens.last() {
            Some(MarkupToken::Start(tag)) => (tag.attribute("href"), tag.is_empty),
            other => panic!("{other:?}"),
        };
        let text = "<a href=/feed/>";
        assert_eq!(value(MarkupTokens::of_html(text)), (Some("/feed/"), false));
        assert_eq!(value(MarkupTokens::new(text)), (Some("/feed"), true));
        assert_eq!(value(MarkupTokens::of_html("<br href='/x'/>")), (Some("/x"), true));
    }

    #[test]
    fn h13_a_hundred_thousand_attributes_are_passed_by() {
        let text = format!("<a {}>t", "b='c' ".repeat(100_000));
        let Some(MarkupToken::Start(tag)) = MarkupTokens::new(&text).next() else {
            panic!("no tag");
        };
        assert_eq!(tag.attributes.len(), MAX_ATTRIBUTES);
        assert_eq!(MarkupTokens::new(&text).nth(1), Some(MarkupToken::Text("t")));
    }

    #[test]
    fn h13_unclosed_things_take_linear_time() {
        for piece in ["<!--", "<![CDATA[", "<a b=\"", "<a b='</", "<", "</", "<!a [\"", "<?a"] {
            // Were it quadratic, this would take an hour.
            let text = piece.repeat(300_000);
            assert!(MarkupTokens::new(&text).count() <= 600_000, "{piece}");
        }
    }
}
