//! Tables for spreadsheets: CSV by RFC 4180, and the same with tabs.

use std::io::Write as _;

use super::fields::{Fields, Name, Value, list};
use super::{ArticleWriter, ExportError, OutputSink};
use crate::store::ArticleRef;

/// Bytes that are gathered before they are written.
const ROOM: usize = 1 << 16;

/// A table with a header.
pub(crate) struct Table {
    out: OutputSink,
    fields: Vec<Name>,
    separator: u8,
    line: Vec<u8>,
}

impl Table {
    /// Commas between the cells.
    pub(crate) fn csv(fields: &Fields, out: OutputSink) -> Self {
        Self::new(fields, b',', out)
    }

    /// Tabs between the cells; quoting as in CSV, which is what spreadsheets and pandas read.
    pub(crate) fn tsv(fields: &Fields, out: OutputSink) -> Self {
        Self::new(fields, b'\t', out)
    }

    fn new(fields: &Fields, separator: u8, out: OutputSink) -> Self {
        let mut table = Self {
            out,
            fields: fields.0.clone(),
            separator,
            line: Vec::with_capacity(2 * ROOM),
        };
        for (at, name) in fields.names().enumerate() {
            if at > 0 {
                table.line.push(separator);
            }
            table.line.extend_from_slice(name.as_bytes());
        }
        table.line.extend_from_slice(b"\r\n");
        table
    }
}

impl ArticleWriter for Table {
    fn article(&mut self, article: &ArticleRef<'_>) -> Result<(), ExportError> {
        for (at, name) in self.fields.iter().enumerate() {
            if at > 0 {
                self.line.push(self.separator);
            }
            match name.of(article) {
                Value::Number(number) | Value::Count(Some(number)) => write!(self.line, "{number}")?,
                Value::Count(None) => {}
                Value::Text(text) | Value::Time(text) => {
                    cell(text.unwrap_or_default(), self.separator, &mut self.line);
                }
                Value::List(json) => cell(&list(json).join("; "), self.separator, &mut self.line),
                Value::Map(json) | Value::Json(json) => cell(json, self.separator, &mut self.line),
            }
        }
        self.line.extend_from_slice(b"\r\n");
        if self.line.len() >= ROOM {
            self.out.write_all(&self.line)?;
            self.line.clear();
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<(), ExportError> {
        self.out.write_all(&self.line)?;
        self.out.finish()
    }
}

/// A cell. What a spreadsheet would run as a formula begins with an apostrophe, which shows it as text (OWASP, CSV
/// injection); full-width signs are taken for the plain ones by some.
fn cell(text: &str, separator: u8, out: &mut Vec<u8>) {
    let begins = |c: char| matches!(c, '=' | '+' | '-' | '@' | '\t' | '\r' | '＝' | '＋' | '－' | '＠');
    let neutral = if text.starts_with(begins) { "'" } else { "" };
    let quoted = text
        .bytes()
        .any(|byte| byte == separator || matches!(byte, b'"' | b'\n' | b'\r'));
    if !quoted {
        out.extend_from_slice(neutral.as_bytes());
        out.extend_from_slice(text.as_bytes());
        return;
    }
    out.push(b'"');
    out.extend_from_slice(neutral.as_bytes());
    let mut rest = text.as_bytes();
    while let Some(at) = memchr::memchr(b'"', rest) {
        let (head, tail) = rest.split_at(at + 1);
        out.extend_from_slice(head);
        out.push(b'"');
        rest = tail;
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let mut out = Vec::new();
        cell(text, b',', &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn h17_cells_are_neutralised_and_quoted() {
        for (text, cell) in [
            ("plain", "plain"),
            ("", ""),
            ("=1+1", "'=1+1"),
            ("+49 30", "'+49 30"),
            ("-1", "'-1"),
            ("@sum(a)", "'@sum(a)"),
            ("\tx", "'\tx"),
            ("\rx", "\"'\rx\""),
            ("a,b", "\"a,b\""),
            ("say \"yes\"", "\"say \"\"yes\"\"\""),
            ("=a,\"b\"\nc", "\"'=a,\"\"b\"\"\nc\""),
            ("a=b", "a=b"),
        ] {
            assert_eq!(shown(text), cell, "{text:?}");
        }
    }
}
