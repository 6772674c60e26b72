//! Parses the JSON-LD scripts of a page, with repair.
//!
//! Templates print control characters in strings, trailing commas, unescaped quotes, HTML comments and CDATA marks around
//! the JSON, and several values in one script. What can be repaired is; a script that cannot is left out.

use serde_json::Value;

use crate::html::{Document, Tag};

/// Bytes of a script; longer ones are left out.
const LONGEST_SCRIPT: usize = 2 << 20;

/// The values of all JSON-LD scripts of a page, in document order.
pub(super) fn json_ld_values(document: &Document) -> Vec<Value> {
    document
        .nodes()
        .filter(|at| document.tag(*at) == Tag::Script)
        .filter(|at| {
            document.attr(*at, "type").is_some_and(|kind| kind.to_ascii_lowercase().contains("ld+json"))
        })
        .map(|at| {
            let texts = document.children(at).filter_map(|child| document.text(child));
            texts.collect::<String>()
        })
        .filter(|script| script.len() <= LONGEST_SCRIPT)
        .flat_map(|script| parse_script(script.trim()))
        .collect()
}

/// The values of a script: as it is, else as many as can be read after repair.
fn parse_script(script: &str) -> Vec<Value> {
    if let Ok(value) = serde_json::from_str(script) {
        return vec![value];
    }
    serde_json::Deserializer::from_str(&repair(script)).into_iter::<Value>().map_while(Result::ok).collect()
}

/// A script with the mistakes of templates repaired: see the module.
fn repair(script: &str) -> String {
    let start = script.find(['{', '[']).unwrap_or(script.len());
    // The bracket may be that of `<![CDATA[`.
    let start = script.find("CDATA[").filter(|at| *at < start + 12).map_or(start, |at| at + "CDATA[".len());
    let script = script.get(start..).unwrap_or_default();
    let mut out = String::with_capacity(script.len());
    let (mut in_string, mut is_escaped) = (false, false);
    let mut chars = script.chars().peekable();
    while let Some(c) = chars.next() {
        if !in_string {
            match c {
                '"' => in_string = true,
                // A trailing comma.
                ']' | '}' => {
                    let kept = out.trim_end().trim_end_matches([',', ' ', '\n', '\t', '\r']).len();
                    out.truncate(kept);
                }
                // The end of a statement, after the value or within it.
                ';' => continue,
                c if c.is_control() => {
                    out.push(' ');
                    continue;
                }
                _ => {}
            }
            out.push(c);
            continue;
        }
        match c {
            // An escape that JSON does not know loses its backslash.
            _ if is_escaped => {
                is_escaped = false;
                match c {
                    '"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't' | 'u' => {
                        out.push('\\');
                        out.push(c);
                    }
                    c if c.is_control() => out.push(' '),
                    c => out.push(c),
                }
            }
            '\\' => is_escaped = true,
            '"' => {
                // A quote that no JSON syntax follows belongs to the text.
                let mut ahead = chars.clone().skip_while(|c| c.is_whitespace());
                let ends = matches!(ahead.next(), None | Some(',' | ':' | '}' | ']'));
                if ends {
                    in_string = false;
                    out.push('"');
                } else {
                    out.push_str("\\\"");
                }
            }
            '\n' => out.push_str("\\n"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}
