//! Tables for spreadsheets: CSV (RFC 4180: CRLF, a header, quotes), and the same with tabs.

use std::io::Write as _;

use super::destination::OutputSink;
use super::fields::{ExportField, FieldKind, FieldValue, list};
use super::{ArticleWriter, ExportError, WriterOptions};
use crate::store::ArticleRef;

/// Bytes that are gathered before they are written.
const BUFFER: usize = 1 << 16;

/// Writes a table with a header and a row for each article.
pub(super) struct TableWriter {
    out: OutputSink,
    fields: Vec<&'static ExportField>,
    /// A comma or a tab.
    separator: u8,
    buffer: Vec<u8>,
}

impl TableWriter {
    /// Begins with the header. Cells are quoted as in CSV with tabs too: spreadsheets and pandas read that.
    pub(super) fn new(separator: u8, options: WriterOptions) -> Self {
        let names: Vec<&str> = options.fields.0.iter().map(|field| field.name).collect();
        let header = names.join(&char::from(separator).to_string()) + "\r\n";
        Self {
            out: options.sink,
            fields: options.fields.0,
            separator,
            buffer: header.into_bytes(),
        }
    }
}

impl ArticleWriter for TableWriter {
    fn article(&mut self, article: &ArticleRef<'_>) -> Result<(), ExportError> {
        for (at, field) in self.fields.iter().enumerate() {
            if at > 0 {
                self.buffer.push(self.separator);
            }
            match (field.value)(article) {
                FieldValue::Number(Some(number)) => write!(self.buffer, "{number}")?,
                FieldValue::Number(None) | FieldValue::Text(None) => {}
                FieldValue::Json(json) if field.kind == FieldKind::List => {
                    cell(&list(json).join("; "), self.separator, &mut self.buffer);
                }
                FieldValue::Text(Some(text)) | FieldValue::Json(text) => {
                    cell(text, self.separator, &mut self.buffer);
                }
            }
        }
        self.buffer.extend_from_slice(b"\r\n");
        if self.buffer.len() >= BUFFER {
            self.out.write_all(&self.buffer)?;
            self.buffer.clear();
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<(), ExportError> {
        self.out.write_all(&self.buffer)?;
        self.out.finish()
    }
}

/// Appends a cell. A text that a spreadsheet would run as a formula gets an apostrophe in front, which shows it as text
/// (OWASP, CSV injection); some programs take full-width signs for the plain ones.
fn cell(text: &str, separator: u8, out: &mut Vec<u8>) {
    let is_sign = |c: char| matches!(c, '=' | '+' | '-' | '@' | '\t' | '\r' | '＝' | '＋' | '－' | '＠');
    let apostrophe = if text.starts_with(is_sign) { "'" } else { "" };
    let is_quoted = text
        .bytes()
        .any(|byte| byte == separator || matches!(byte, b'"' | b'\n' | b'\r'));
    let cell = if is_quoted {
        format!("\"{apostrophe}{}\"", text.replace('"', "\"\""))
    } else {
        format!("{apostrophe}{text}")
    };
    out.extend_from_slice(cell.as_bytes());
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
