//! A SQLite file of the articles.

use std::path::Path;

use super::{ArticleWriter, ExportError, OutputSink};
use crate::store::{ArticleRef, ChangeRow, SqliteWriter};

/// A database under construction, in a file that `out` puts into its place.
pub(crate) struct Sqlite {
    copy: SqliteWriter,
    out: OutputSink,
}

impl Sqlite {
    /// Begins one in the file at `aside`.
    pub(crate) fn new(aside: &Path, out: OutputSink) -> Result<Self, ExportError> {
        Ok(Self {
            copy: SqliteWriter::create(aside)?,
            out,
        })
    }
}

impl ArticleWriter for Sqlite {
    fn article(&mut self, article: &ArticleRef<'_>) -> Result<(), ExportError> {
        Ok(self.copy.add_article(article)?)
    }

    fn gone(&mut self, change: &ChangeRow) -> Result<(), ExportError> {
        Ok(self.copy.add_removed(change)?)
    }

    fn finish(self: Box<Self>) -> Result<(), ExportError> {
        self.copy.finish()?;
        self.out.finish()
    }
}
