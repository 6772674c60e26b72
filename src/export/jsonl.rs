//! JSON Lines: one article a line, in the order of its last change; and a line for each that is gone.

use std::io::Write as _;

use super::fields::{Fields, Name, Value};
use super::{ArticleWriter, ExportError, OutputSink};
use crate::store::{ArticleRef, ChangeRow};

/// Bytes that are gathered before they are written.
const ROOM: usize = 1 << 16;

/// A file of JSON Lines.
pub(crate) struct Jsonl {
    out: OutputSink,
    /// Each field with its key as it is written: `,"title":`.
    keys: Vec<(Name, String)>,
    line: Vec<u8>,
}

impl Jsonl {
    /// Begins one.
    pub(crate) fn new(fields: &Fields, out: OutputSink) -> Self {
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

impl ArticleWriter for Jsonl {
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
        Value::Number(number) | Value::Count(Some(number)) => {
            // Cannot fail: it is memory.
            let _ = write!(out, "{number}");
        }
        Value::Text(Some(text)) | Value::Time(Some(text)) => string(text, out),
        Value::Count(None) | Value::Text(None) | Value::Time(None) => out.extend_from_slice(b"null"),
        // The database holds them as JSON already, on one line.
        Value::List(json) | Value::Map(json) | Value::Json(json) => out.extend_from_slice(json.as_bytes()),
    }
}

/// Bytes that are looked at together.
const CHUNK: usize = 32;

/// A string as JSON, at the speed of memory: chunks without anything to escape are looked at by all their bytes at once,
/// in the others what is to be escaped is found by words of eight.
fn string(text: &str, out: &mut Vec<u8>) {
    let bytes = text.as_bytes();
    out.reserve(bytes.len() + bytes.len() / 16 + 2);
    out.push(b'"');
    let (chunks, rest) = bytes.as_chunks::<CHUNK>();
    // Up to here it is written.
    let mut done = 0;
    let mut put = |at: usize, byte: u8| {
        out.extend_from_slice(bytes.get(done..at).unwrap_or_default());
        done = at + 1;
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\t' => out.extend_from_slice(b"\\t"),
            b'\r' => out.extend_from_slice(b"\\r"),
            _ => {
                // Cannot fail: it is memory.
                let _ = write!(out, "\\u{byte:04x}");
            }
        }
    };
    for (number, chunk) in chunks.iter().enumerate() {
        let found = chunk
            .iter()
            .fold(0, |found, &byte| found | u8::from(is_escaped(byte)));
        if found == 0 {
            continue;
        }
        for (word, bytes) in chunk.as_chunks::<8>().0.iter().enumerate() {
            let mut marks = marked(u64::from_le_bytes(*bytes));
            while marks != 0 {
                let at = (marks.trailing_zeros() / 8) as usize;
                if let Some(&byte) = bytes.get(at).filter(|byte| is_escaped(**byte)) {
                    put(number * CHUNK + word * 8 + at, byte);
                }
                marks &= marks - 1;
            }
        }
    }
    for (at, &byte) in rest.iter().enumerate() {
        if is_escaped(byte) {
            put(bytes.len() - rest.len() + at, byte);
        }
    }
    out.extend_from_slice(bytes.get(done..).unwrap_or_default());
    out.push(b'"');
}

/// What JSON strings have no place for.
fn is_escaped(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

/// The high bit of every byte that may have to be escaped: of all that must, and of some that follow one.
fn marked(word: u64) -> u64 {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const HIGH: u64 = ONES << 7;
    let below = |word: u64, limit: u64| word.wrapping_sub(ONES * limit) & !word;
    let is = |byte: u8| below(word ^ (ONES * u64::from(byte)), 1);
    (below(word, 0x20) | is(b'"') | is(b'\\')) & HIGH
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

    proptest::proptest! {
        #[test]
        fn a_string_is_that_of_serde(words in proptest::collection::vec("[a-z]{0,40}|[\\x00-\\x7f]{1,3}|\\PC{1,3}", 0..12)) {
            let text = words.concat();
            let mut out = Vec::new();
            string(&text, &mut out);
            let wanted = serde_json::to_string(&text).unwrap();
            let wanted = wanted.replace("\\b", "\\u0008").replace("\\f", "\\u000c");
            // A backslash before a b or an f of the text is doubled, and is none of these.
            if !text.contains('\\') {
                proptest::prop_assert_eq!(String::from_utf8(out.clone()).unwrap(), wanted);
            }
            proptest::prop_assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), text);
        }
    }
}
