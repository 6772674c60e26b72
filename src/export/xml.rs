//! Text as XML holds it.

/// `text` for content and for attributes in double quotes. What XML 1.0 has no place for is left out.
pub(super) fn escape(text: &str, out: &mut Vec<u8>) {
    for c in text.chars() {
        match c {
            '&' => out.extend_from_slice(b"&amp;"),
            '<' => out.extend_from_slice(b"&lt;"),
            '>' => out.extend_from_slice(b"&gt;"),
            '"' => out.extend_from_slice(b"&quot;"),
            // A parser would make a line break of it.
            '\r' => out.extend_from_slice(b"&#13;"),
            '\t' | '\n' => out.push(c as u8),
            '\0'..' ' | '\u{FFFE}' | '\u{FFFF}' => {}
            _ => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
}

/// `<name>text</name>` on a line of its own; nothing for an empty text.
pub(super) fn element(name: &str, text: &str, out: &mut Vec<u8>) {
    if text.is_empty() {
        return;
    }
    for piece in ["<", name, ">"] {
        out.extend_from_slice(piece.as_bytes());
    }
    escape(text, out);
    for piece in ["</", name, ">\n"] {
        out.extend_from_slice(piece.as_bytes());
    }
}

/// ` name="text"`.
pub(super) fn attribute(name: &str, text: &str, out: &mut Vec<u8>) {
    for piece in [" ", name, "=\""] {
        out.extend_from_slice(piece.as_bytes());
    }
    escape(text, out);
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_text_is_well_formed() {
        let mut out = Vec::new();
        element("a", "<b c=\"d\"> & \u{1} \u{FFFF}\u{1F600}\t\r\n", &mut out);
        attribute("x", "\"<&", &mut out);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "<a>&lt;b c=&quot;d&quot;&gt; &amp;  \u{1F600}\t&#13;\n</a>\n x=\"&quot;&lt;&amp;\""
        );
    }
}
