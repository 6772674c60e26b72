//! JSON Lines: one article a line, in the order of its last change; and a line for each that is gone.

use std::io::Write as _;

use memchr::memchr3_iter;

use super::fields::{Fields, Name, Value};
use super::{ExportError, Form, Sink};
use crate::store::{ArticleRef, ChangeRow};

/// Bytes that are gathered before they are written.
const ROOM: usize = 1 << 16;

/// A file of JSON Lines.
pub(crate) struct Jsonl {
    out: Sink,
    /// Each field with its key as it is written: `,"title":`.
    keys: Vec<(Name, String)>,
    line: Vec<u8>,
}

impl Jsonl {
    /// Begins one.
    pub(crate) fn new(fields: &Fields, out: Sink) -> Self {
        let keys = fields.0.iter().enumerate();
        Self {
            out,
            keys: keys
                .map(|(at, name)| {
                    let first = if at == 0 { '{' } else { ',' };
                    (*name, format!("{first}\"{}\":", name.as_str()))
                })
                .collect(),
            line: Vec::with_capacity(2 * ROOM),
        }
    }

    fn write(&mut self) -> Result<(), ExportError> {
        if self.line.len() >= ROOM {
            self.out.write_all(&self.line)?;
            self.line.clear();
        }
        Ok(())
    }
}

impl Form for Jsonl {
    fn article(&mut self, article: &ArticleRef<'_>) -> Result<(), ExportError> {
        for (name, key) in &self.keys {
            self.line.extend_from_slice(key.as_bytes());
            json(name.of(article), &mut self.line);
        }
        self.line.extend_from_slice(b"}\n");
        self.write()
    }

    fn gone(&mut self, change: &ChangeRow) -> Result<(), ExportError> {
        let at = change.at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
        let line = serde_json::json!({"seq": change.seq, "id": change.article_id, "op": change.op, "into": change.into_id, "at": at});
        writeln!(self.line, "{line}")?;
        self.write()
    }

    fn finish(mut self: Box<Self>) -> Result<(), ExportError> {
        self.out.write_all(&self.line)?;
        self.out.finish()
    }
}

/// A value as JSON.
fn json(value: Value<'_>, out: &mut Vec<u8>) {
    match value {
        Value::Number(number) => {
            // Cannot fail: it is memory.
            let _ = write!(out, "{number}");
        }
        Value::Text(Some(text)) | Value::Time(Some(text)) => string(text, out),
        Value::Text(None) | Value::Time(None) => out.extend_from_slice(b"null"),
        // The database holds them as JSON already, on one line.
        Value::List(json) | Value::Map(json) | Value::Json(json) => out.extend_from_slice(json.as_bytes()),
    }
}

/// A string as JSON. Stored text has no control characters but tabs and line breaks: those, quotes and backslashes are
/// looked for at the speed of memory; a text that has others all the same goes the long way.
fn string(text: &str, out: &mut Vec<u8>) {
    let bytes = text.as_bytes();
    out.reserve(bytes.len() + bytes.len() / 16 + 2);
    out.push(b'"');
    let rare = bytes.iter().filter(|&&byte| byte < 0x20 && byte != b'\n').count() > 0;
    if rare {
        for &byte in bytes {
            match byte {
                b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
                b'\n' => out.extend_from_slice(b"\\n"),
                b'\t' => out.extend_from_slice(b"\\t"),
                b'\r' => out.extend_from_slice(b"\\r"),
                0..0x20 => {
                    let _ = write!(out, "\\u{byte:04x}");
                }
                _ => out.push(byte),
            }
        }
    } else {
        let mut done = 0;
        for at in memchr3_iter(b'"', b'\\', b'\n', bytes) {
            out.extend_from_slice(bytes.get(done..at).unwrap_or_default());
            out.extend_from_slice(match bytes.get(at) {
                Some(b'"') => b"\\\"",
                Some(b'\\') => b"\\\\",
                _ => b"\\n",
            });
            done = at + 1;
        }
        out.extend_from_slice(bytes.get(done..).unwrap_or_default());
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_text_is_the_same_after_json() {
        for text in [
            "",
            "plain",
            "a \"quote\" and \\ and\nbreaks\n",
            "tab\there \"q\"",
            "bell \u{7} nul \u{0} cr \r é 世界 \u{1F600} \u{7f} \u{2028}",
        ] {
            let mut out = Vec::new();
            string(text, &mut out);
            let back: String = serde_json::from_slice(&out).unwrap();
            assert_eq!(back, text);
            assert!(!out.contains(&b'\n'));
        }
    }
}
