//! Plain text from what feeds put into titles and names, and HTML from plain text.
//!
//! A small reader of its own and not the parser of `html`: titles are short, there are ten thousand in a feed, and RSS
//! leaves open whether `Vec<T>` is a tag.

use std::borrow::Cow;

use super::limits::truncated;
use super::reference::decode_references;

/// How the text of an element is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TextKind {
    /// Characters, none of which is markup.
    Text,
    /// HTML by declaration.
    Html,
    /// HTML or text: RSS does not say. Only the names of HTML elements make tags.
    Either,
}

/// One line of plain text as [`cut_line`] makes it; `None` if it is empty.
pub(super) fn plain_line(text: &str, kind: TextKind, limit: usize) -> Option<String> {
    Some(cut_line(text, kind, limit).0).filter(|line| !line.is_empty())
}

/// One line of plain text: tags stripped, references decoded, white space folded, no control characters, at most
/// `limit` bytes. The flag says whether something was cut.
pub(super) fn cut_line(text: &str, kind: TextKind, limit: usize) -> (String, bool) {
    let text = match kind {
        TextKind::Text => Cow::Borrowed(text),
        TextKind::Html | TextKind::Either => without_tags(text, kind),
    };
    let mut line = String::with_capacity(text.len().min(limit));
    for word in text.split(is_gap).filter(|word| !word.is_empty()) {
        let space = if line.is_empty() { "" } else { " " };
        let room = limit.saturating_sub(line.len() + space.len());
        let fitting = truncated(word, room);
        if !fitting.is_empty() {
            line.extend([space, fitting]);
        }
        if fitting.len() < word.len() {
            return (line, true);
        }
    }
    (line, false)
}

/// White space and the control characters of ASCII. Those beyond it may be bytes of text that was encoded twice.
fn is_gap(c: char) -> bool {
    c.is_whitespace() || c.is_ascii_control()
}

/// HTML without its tags, references decoded.
fn without_tags(text: &str, kind: TextKind) -> Cow<'_, str> {
    if !text.contains('<') {
        return decode_references(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    // False once a search has found no end, so that none runs twice over the same bytes.
    let mut comments_end = true;
    while let Some((before, after)) = rest.split_once('<') {
        plain.push_str(&decode_references(before));
        if let Some(comment) = after.strip_prefix("!--").filter(|_| comments_end) {
            if let Some((_, after)) = comment.split_once("-->") {
                rest = after;
                continue;
            }
            comments_end = false;
        }
        let Some((name, after_tag)) = split_tag(after, kind) else {
            plain.push('<');
            rest = after;
            continue;
        };
        if parts_words(name) {
            plain.push(' ');
        }
        rest = if is_hidden(name) { skip_element(name, after_tag) } else { after_tag };
    }
    plain.push_str(&decode_references(rest));
    Cow::Owned(plain)
}

/// Reads a tag behind its `<`: its name with the slash of an end tag, and the text after the tag.
fn split_tag(text: &str, kind: TextKind) -> Option<(&str, &str)> {
    let is_name = |(at, byte): &(usize, u8)| {
        byte.is_ascii_alphanumeric()
            || matches!(byte, b':' | b'-')
            || (*at == 0 && matches!(byte, b'/' | b'!' | b'?'))
    };
    let length = text.bytes().enumerate().take_while(is_name).count();
    let (name, inside) = text.split_at_checked(length)?;
    let word = name.strip_prefix('/').unwrap_or(name);
    if !word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '!' || c == '?') {
        return None;
    }
    if kind == TextKind::Either && !word.starts_with(['!', '?']) && !is_html_element(word) {
        return None;
    }
    if !inside.starts_with(|c: char| c.is_whitespace() || matches!(c, '/' | '>')) {
        return None;
    }
    let (_, after) = inside.split_at_checked(inside.find(['<', '>'])?)?;
    Some((name, after.strip_prefix('>').unwrap_or(after)))
}

/// The text after the end tag of `name`; empty if there is none.
fn skip_element<'a>(name: &str, text: &'a str) -> &'a str {
    let mut rest = text;
    while let Some((_, after)) = rest.split_once("</") {
        let end = after.get(..name.len());
        if end.is_some_and(|end| end.eq_ignore_ascii_case(name)) {
            return after.split_once('>').map_or("", |(_, after)| after);
        }
        rest = after;
    }
    ""
}

/// Whether the content of an element is not text to be read.
fn is_hidden(name: &str) -> bool {
    name.eq_ignore_ascii_case("script") || name.eq_ignore_ascii_case("style")
}

/// Whether a tag separates words, as blocks and line breaks do.
fn parts_words(name: &str) -> bool {
    const NAMES: &str = "br p div li ul ol tr td th table hr blockquote section h1 h2 h3 h4";
    is_in_list(name.strip_prefix('/').unwrap_or(name), NAMES)
}

/// Whether a name is that of an element of HTML, past or present, that turns up in text fields. In any case.
pub(super) fn is_html_element(name: &str) -> bool {
    const NAMES: &str = "a abbr acronym address applet area article aside audio b base basefont bdi bdo big blink \
        blockquote body br button canvas caption center cite code col colgroup data dd del details dfn dialog dir div dl \
        dt em embed fieldset figcaption figure font footer form frame frameset h1 h2 h3 h4 h5 h6 head header hr html i \
        iframe img input ins isindex kbd label legend li link main map mark marquee math menu meta meter nav nobr \
        noframes noscript object ol optgroup option output p param picture plaintext pre progress q rp rt ruby s samp \
        script section select slot small source span strike strong style sub summary sup svg table tbody td template \
        textarea tfoot th thead time title tr track tt u ul var video wbr xmp";
    is_in_list(name, NAMES)
}

/// Whether a name, in any case, is in a list with spaces between its words.
pub(super) fn is_in_list(name: &str, names: &str) -> bool {
    names.split_ascii_whitespace().any(|known| known.eq_ignore_ascii_case(name))
}

/// Plain text as HTML: `&`, `<`, `>` and `"` become references.
pub(super) fn escape_html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + text.len() / 8);
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_of_text() {
        for (text, kind, expected) in [
            ("  a \n\t b\u{7}c ", TextKind::Text, "a b c"),
            ("a <b>c</b> &amp; d", TextKind::Text, "a <b>c</b> &amp; d"),
            ("a <b>c</b> &amp; d", TextKind::Html, "a c & d"),
            ("one<br/>two<p>three", TextKind::Html, "one two three"),
            ("x<em>y</em>z", TextKind::Either, "xyz"),
            ("Vec<T> and <b>1 < 2</b>", TextKind::Either, "Vec<T> and 1 < 2"),
            ("Vec<T> and 1 < 2", TextKind::Html, "Vec and 1 < 2"),
            ("a<!-- <b> -->b<!-- c", TextKind::Html, "ab<!-- c"),
            ("a<script>if (b) {}</script>c<STYLE>d</Style>e", TextKind::Html, "ace"),
            ("a<script>b", TextKind::Html, "a"),
            ("&lt;b&gt; caf&eacute;", TextKind::Either, "<b> café"),
            ("a <b", TextKind::Either, "a <b"),
        ] {
            assert_eq!(cut_line(text, kind, 100).0, expected, "{text}");
        }
    }

    #[test]
    fn h15_long_text_is_cut_between_characters() {
        assert_eq!(cut_line("aé aé", TextKind::Text, 5), ("aé a".to_owned(), true));
        assert_eq!(cut_line("aé aé", TextKind::Text, 6), ("aé a".to_owned(), true));
        assert_eq!(cut_line("aé aé", TextKind::Text, 7), ("aé aé".to_owned(), false));
        assert_eq!(cut_line("éé", TextKind::Text, 1), (String::new(), true));
    }
}
