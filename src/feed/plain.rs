//! Text out of what feeds put into titles and names.

use std::borrow::Cow;

use super::reference;

/// How the text of an element is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Characters, none of which is markup.
    Text,
    /// HTML by declaration.
    Html,
    /// HTML or text: RSS does not say, so only what is a tag of HTML counts as one.
    Either,
}

/// One line of plain text: tags stripped, references decoded, white space folded, no control characters, at most
/// `limit` bytes. The flag says whether something was cut.
pub(super) fn line(text: &str, kind: Kind, limit: usize) -> (String, bool) {
    let text = match kind {
        Kind::Text => Cow::Borrowed(text),
        Kind::Html | Kind::Either => strip(text, kind),
    };
    let mut folded = String::with_capacity(text.len().min(limit));
    for word in text.split(parts_words) {
        if word.is_empty() {
            continue;
        }
        let gap = usize::from(!folded.is_empty());
        if folded.len() + gap + word.len() > limit {
            let room = limit.saturating_sub(folded.len() + gap);
            let end = (0..=room)
                .rev()
                .find(|&end| word.is_char_boundary(end))
                .unwrap_or(0);
            if end > 0 {
                folded.push_str(if gap == 1 { " " } else { "" });
                folded.push_str(word.get(..end).unwrap_or_default());
            }
            return (folded, true);
        }
        if gap == 1 {
            folded.push(' ');
        }
        folded.push_str(word);
    }
    (folded, false)
}

/// White space and the control characters of ASCII. Those beyond it may be bytes of text that was encoded twice.
fn parts_words(c: char) -> bool {
    c.is_whitespace() || c.is_ascii_control()
}

/// HTML without its tags, references decoded.
fn strip(text: &str, kind: Kind) -> Cow<'_, str> {
    if !text.contains('<') {
        return reference::decode(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    let mut comments_end = true;
    while let Some((before, after)) = rest.split_once('<') {
        plain.push_str(&reference::decode(before));
        if let Some(comment) = after.strip_prefix("!--").filter(|_| comments_end) {
            if let Some((_, after)) = comment.split_once("-->") {
                rest = after;
                continue;
            }
            comments_end = false;
        }
        let Some((name, after_tag)) = tag(after, kind) else {
            plain.push('<');
            rest = after;
            continue;
        };
        if breaks(name) {
            plain.push(' ');
        }
        rest = if hides(name) {
            past_end_of(name, after_tag)
        } else {
            after_tag
        };
    }
    plain.push_str(&reference::decode(rest));
    Cow::Owned(plain)
}

/// Reads a tag behind its `<`: its name with the slash of an end tag, and what follows the tag.
fn tag(text: &str, kind: Kind) -> Option<(&str, &str)> {
    let length = text
        .bytes()
        .enumerate()
        .take_while(|&(at, byte)| {
            byte.is_ascii_alphanumeric()
                || (at == 0 && matches!(byte, b'/' | b'!' | b'?'))
                || byte == b':'
                || byte == b'-'
        })
        .count();
    let (name, inside) = text.split_at_checked(length)?;
    let word = name.strip_prefix('/').unwrap_or(name);
    if !word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '!' || c == '?') {
        return None;
    }
    if kind == Kind::Either && !word.starts_with(['!', '?']) && !is_html(word) {
        return None;
    }
    if !inside.starts_with(|c: char| c.is_whitespace() || matches!(c, '/' | '>')) {
        return None;
    }
    let length = inside.find(['<', '>'])?;
    let (_, after) = inside.split_at_checked(length)?;
    Some((name, after.strip_prefix('>').unwrap_or(after)))
}

/// Passes everything up to and with the end tag of `name`, the whole rest if there is none.
fn past_end_of<'a>(name: &str, text: &'a str) -> &'a str {
    let mut rest = text;
    while let Some((_, after)) = rest.split_once("</") {
        if after
            .get(..name.len())
            .is_some_and(|found| found.eq_ignore_ascii_case(name))
        {
            return after.split_once('>').map_or("", |(_, after)| after);
        }
        rest = after;
    }
    ""
}

fn hides(name: &str) -> bool {
    name.eq_ignore_ascii_case("script") || name.eq_ignore_ascii_case("style")
}

/// Whether a tag parts words.
fn breaks(name: &str) -> bool {
    let name = name.strip_prefix('/').unwrap_or(name).to_ascii_lowercase();
    matches!(
        name.as_str(),
        "br" | "p"
            | "div"
            | "li"
            | "ul"
            | "ol"
            | "tr"
            | "td"
            | "th"
            | "table"
            | "hr"
            | "blockquote"
            | "section"
            | "h1"
            | "h2"
            | "h3"
            | "h4"
    )
}

/// The elements of HTML, past and present, that turn up in text fields.
pub(super) fn is_html(name: &str) -> bool {
    const NAMES: &str = " a abbr acronym address applet area article aside audio b base basefont bdi bdo big blink \
        blockquote body br button canvas caption center cite code col colgroup data dd del details dfn dialog dir div dl \
        dt em embed fieldset figcaption figure font footer form frame frameset h1 h2 h3 h4 h5 h6 head header hr html i \
        iframe img input ins isindex kbd label legend li link main map mark marquee math menu meta meter nav nobr \
        noframes noscript object ol optgroup option output p param picture plaintext pre progress q rp rt ruby s samp \
        script section select slot small source span strike strong style sub summary sup svg table tbody td template \
        textarea tfoot th thead time title tr track tt u ul var video wbr xmp ";
    let name = name.to_ascii_lowercase();
    NAMES.split_ascii_whitespace().any(|known| known == name)
}

/// Text as HTML.
pub(super) fn escape(text: &str) -> String {
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

/// Repairs text that was UTF-8, was taken for Latin-1 and encoded again (`Ã©` for `é`), and windows-1252 punctuation
/// that was taken for control characters.
///
/// What was taken for windows-1252 (`â€™` for `’`) is left as the feed says it: [`super::repair_mojibake`] repairs it, knowingly and
/// after reading, since such text is also written on purpose, to show the damage.
pub(super) fn repair(text: String) -> String {
    if text.is_ascii() {
        return text;
    }
    let byte = |c: char| u8::try_from(u32::from(c)).ok();
    let bytes: Option<Vec<u8>> = text.chars().map(byte).collect();
    if let Some(repaired) = bytes.and_then(|bytes| String::from_utf8(bytes).ok()) {
        return repaired;
    }
    if !text.contains(is_c1) {
        return text;
    }
    text.chars()
        .map(|c| {
            let meant = byte(c).filter(|_| is_c1(c)).and_then(reference::windows_1252);
            meant.unwrap_or(c)
        })
        .collect()
}

/// Control characters beyond ASCII.
pub(super) fn is_c1(c: char) -> bool {
    ('\u{80}'..='\u{9f}').contains(&c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_of_text() {
        for (text, kind, expected) in [
            ("  a \n\t b\u{7}c ", Kind::Text, "a b c"),
            ("a <b>c</b> &amp; d", Kind::Text, "a <b>c</b> &amp; d"),
            ("a <b>c</b> &amp; d", Kind::Html, "a c & d"),
            ("one<br/>two<p>three", Kind::Html, "one two three"),
            ("x<em>y</em>z", Kind::Either, "xyz"),
            ("Vec<T> and <b>1 < 2</b>", Kind::Either, "Vec<T> and 1 < 2"),
            ("Vec<T> and 1 < 2", Kind::Html, "Vec and 1 < 2"),
            ("a<!-- <b> -->b<!-- c", Kind::Html, "ab<!-- c"),
            ("a<script>if (b) {}</script>c<STYLE>d</Style>e", Kind::Html, "ace"),
            ("a<script>b", Kind::Html, "a"),
            ("&lt;b&gt; caf&eacute;", Kind::Either, "<b> café"),
            ("a <b", Kind::Either, "a <b"),
        ] {
            assert_eq!(line(text, kind, 100).0, expected, "{text}");
        }
    }

    #[test]
    fn h15_long_text_is_cut_between_characters() {
        assert_eq!(line("aé aé", Kind::Text, 5), ("aé a".to_owned(), true));
        assert_eq!(line("aé aé", Kind::Text, 6), ("aé a".to_owned(), true));
        assert_eq!(line("aé aé", Kind::Text, 7), ("aé aé".to_owned(), false));
        assert_eq!(line("éé", Kind::Text, 1), (String::new(), true));
    }

    #[test]
    fn h12_text_that_was_encoded_twice() {
        for (text, expected) in [
            ("cafÃ©", "café"),
            ("itâ€™s", "itâ€™s"),
            ("it\u{e2}\u{80}\u{99}s", "it’s"),
            ("\u{93}quoted\u{94}", "“quoted”"),
            ("café", "café"),
            ("Ã", "Ã"),
            ("it’s cafÃ©", "it’s cafÃ©"),
            ("日本", "日本"),
        ] {
            assert_eq!(repair(text.to_owned()), expected, "{text}");
        }
    }
}
