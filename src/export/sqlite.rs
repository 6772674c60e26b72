//! A SQLite file with the tables `articles` and `gone`; the room `store` knows its schema.

use std::path::Path;

use super::destination::OutputSink;
use super::{ArticleWriter, ExportError};
use crate::store::{ArticleRef, ChangeRow, SqliteWriter};

/// Writes a database. SQLite writes to the file itself; finishing `out` renames that file into its place.
pub(super) struct SqliteFileWriter {
    database: SqliteWriter,
    out: OutputSink,
}

impl SqliteFileWriter {
    /// Begins a database in `file`, the empty file behind `out`.
    pub(super) fn new(file: &Path, out: OutputSink) -> Result<Self, ExportError> {
        let database = SqliteWriter::create(file)?;
        Ok(Self { database, out })
    }
}

impl ArticleWriter for SqliteFileWriter {
    fn article(&mut self, article: &ArticleRef<'_>) -> Result<(), ExportError> {
        Ok(self.database.add_article(article)?)
    }

    fn removed(&mut self, change: &ChangeRow) -> Result<(), ExportError> {
        Ok(self.database.add_removed(change)?)
    }

    fn finish(self: Box<Self>) -> Result<(), ExportError> {
        self.database.finish()?;
        self.out.finish()
    }
}
