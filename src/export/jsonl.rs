//! JSON Lines: an object for each article in the order of `seq`, and one for each that was merged or deleted.
//!
//! Both ends of the program write it: `export --format jsonl`, and the outputs `jsonl`, `webhook` and `command` of the
//! daemon. `cuttings import` reads it back (see `import_line`). Keys and types are a stable interface (docs/schema.md).

use std::io::Write as _;

use super::destination::OutputSink;
use super::fields::{ExportField, FieldValue, Fields};
use super::{ArticleWriter, ExportError};
use crate::store::{ArticleRef, ChangeRow};

/// Bytes that are gathered before they are written.
const BUFFER: usize = 1 << 16;

/// Writes JSON Lines.
pub(crate) struct JsonlWriter {
    out: OutputSink,
    /// Each field with its key as it is written: `,"title":`.
    keys: Vec<(&'static ExportField, String)>,
    /// Not yet written.
    buffer: Vec<u8>,
}

impl JsonlWriter {
    /// Members come in the order of `fields`.
    pub(crate) fn new(fields: &Fields, out: OutputSink) -> Self {
        let keys = fields.0.iter().enumerate().map(|(at, field)| {
            let before = if at == 0 { '{' } else { ',' };
            (*field, format!("{before}\"{}\":", field.name))
        });
        Self {
            out,
            keys: keys.collect(),
            buffer: Vec::with_capacity(2 * BUFFER),
        }
    }

    fn write_if_full(&mut self) -> Result<(), ExportError> {
        if self.buffer.len() >= BUFFER {
            self.out.write_all(&self.buffer)?;
            self.buffer.clear();
        }
        Ok(())
    }
}

impl ArticleWriter for JsonlWriter {
    fn article(&mut self, article: &ArticleRef<'_>) -> Result<(), ExportError> {
        for (field, key) in &self.keys {
            self.buffer.extend_from_slice(key.as_bytes());
            write_json((field.value)(article), &mut self.buffer)?;
        }
        self.buffer.extend_from_slice(b"}\n");
        self.write_if_full()
    }

    fn removed(&mut self, change: &ChangeRow) -> Result<(), ExportError> {
        let at = change.at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
        let line = serde_json::json!({"seq": change.seq, "id": change.article_id, "op": change.op, "into": change.into_id, "at": at});
        writeln!(self.buffer, "{line}")?;
        self.write_if_full()
    }

    fn finish(mut self: Box<Self>) -> Result<(), ExportError> {
        self.out.write_all(&self.buffer)?;
        self.out.finish()
    }
}

/// Appends a value. Missing ones are `null`, so that every line has all keys.
fn write_json(value: FieldValue<'_>, out: &mut Vec<u8>) -> Result<(), ExportError> {
    match value {
        FieldValue::Number(Some(number)) => write!(out, "{number}")?,
        FieldValue::Text(Some(text)) => serde_json::to_writer(out, text).map_err(std::io::Error::from)?,
        FieldValue::Number(None) | FieldValue::Text(None) => out.extend_from_slice(b"null"),
        FieldValue::Json(json) => out.extend_from_slice(json.as_bytes()),
    }
    Ok(())
}
