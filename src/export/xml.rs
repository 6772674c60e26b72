//! Text as XML 1.0 writes it, for feeds, OPML, HTML pages and books.

/// Appends `text` for content or for an attribute in double quotes. Characters that XML 1.0 does not allow are left out.
pub(super) fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // A parser reads a bare one as a line break.
            '\r' => out.push_str("&#13;"),
            '\t' | '\n' => out.push(c),
            '\0'..' ' | '\u{FFFE}' | '\u{FFFF}' => {}
            _ => out.push(c),
        }
    }
}

/// Appends `<name>text</name>` and a line break; nothing for an empty text.
pub(super) fn element(name: &str, text: &str, out: &mut String) {
    if !text.is_empty() {
        inline_element(name, text, out);
        out.push('\n');
    }
}

/// Appends `<name>text</name>`.
pub(super) fn inline_element(name: &str, text: &str, out: &mut String) {
    out.extend(["<", name, ">"]);
    escape(text, out);
    out.extend(["</", name, ">"]);
}

/// Appends ` name="text"`.
pub(super) fn attribute(name: &str, text: &str, out: &mut String) {
    out.extend([" ", name, "=\""]);
    escape(text, out);
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_text_is_well_formed() {
        let mut out = String::new();
        element("a", "<b c=\"d\"> & \u{1} \u{FFFF}\u{1F600}\t\r\n", &mut out);
        attribute("x", "\"<&", &mut out);
        assert_eq!(out, "<a>&lt;b c=&quot;d&quot;&gt; &amp;  \u{1F600}\t&#13;\n</a>\n x=\"&quot;&lt;&amp;\"");
    }
}
