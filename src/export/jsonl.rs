//! JSON Lines: an object for each article in the order of `seq`, and one for each that was merged or deleted.
//!
//! `export --format jsonl` and the outputs `jsonl`, `webhook` and `command` of the daemon write it. `cuttings import` reads
//! it back (see `import_line`). Keys and types are a stable interface (docs/schema.md). Only `export` adds what articles are
//! known by (`identity_json`).

use std::io::{self, Write as _};

use super::destination::OutputSink;
use super::error::ExportError;
use super::fields::Fields;
use super::identity_json::IdentityJson;
use super::writer::ArticleWriter;
use crate::store::{ArticleRef, ChangeRow, ExportItem};

/// Bytes that are gathered before they are written.
const BUFFER: usize = 1 << 16;

/// Writes JSON Lines.
pub(super) struct JsonlWriter {
    pub(super) out: OutputSink,
    /// Members of the objects, in this order.
    pub(super) fields: Fields,
    /// Not yet written; empty at first.
    pub(super) buffer: Vec<u8>,
}

impl JsonlWriter {
    fn write_if_full(&mut self) -> Result<(), ExportError> {
        if self.buffer.len() >= BUFFER {
            self.out.write_all(&self.buffer)?;
            self.buffer.clear();
        }
        Ok(())
    }

    /// Adds members to the object that was written last.
    fn add_members(&mut self, identity: &IdentityJson) -> Result<(), ExportError> {
        let end = b"}\n";
        self.buffer.truncate(self.buffer.len() - end.len());
        self.buffer.extend_from_slice(identity.members());
        self.buffer.extend_from_slice(end);
        self.write_if_full()
    }
}

impl ArticleWriter for JsonlWriter {
    fn article(&mut self, article: &ArticleRef<'_>) -> Result<(), ExportError> {
        write_article(&self.fields, article, &mut self.buffer)?;
        self.write_if_full()
    }

    fn article_with(&mut self, article: &ArticleRef<'_>, identity: &IdentityJson) -> Result<(), ExportError> {
        write_article(&self.fields, article, &mut self.buffer)?;
        self.add_members(identity)
    }

    fn removed(&mut self, change: &ChangeRow) -> Result<(), ExportError> {
        write_removal(change, &mut self.buffer)?;
        self.write_if_full()
    }

    fn removed_with(&mut self, change: &ChangeRow, identity: &IdentityJson) -> Result<(), ExportError> {
        write_removal(change, &mut self.buffer)?;
        self.add_members(identity)
    }

    fn finish(mut self: Box<Self>) -> Result<(), ExportError> {
        self.out.write_all(&self.buffer)?;
        self.out.finish()
    }
}

/// Appends the line of a change, with all fields.
pub(crate) fn append_line(item: &ExportItem<'_>, out: &mut Vec<u8>) -> io::Result<()> {
    match item {
        ExportItem::Article(article) => write_article(&Fields::default(), article, out),
        ExportItem::Gone(change) => write_removal(change, out),
    }
}

fn write_article(fields: &Fields, article: &ArticleRef<'_>, out: &mut Vec<u8>) -> io::Result<()> {
    fields.write_object(article, out)?;
    out.push(b'\n');
    Ok(())
}

fn write_removal(change: &ChangeRow, out: &mut Vec<u8>) -> io::Result<()> {
    let at = change.at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    let line = serde_json::json!({"seq": change.seq, "id": change.article_id, "op": change.op, "into": change.into_id, "at": at});
    writeln!(out, "{line}")
}
