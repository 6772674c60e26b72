//! A SQLite file of the articles.

use std::path::Path;

use super::{ExportError, Form, Sink};
use crate::store::{ArticleRef, ChangeRow, Copy};

/// A database under construction, in a file that `out` puts into its place.
pub(crate) struct Sqlite {
    copy: Copy,
    out: Sink,
}

impl Sqlite {
    /// Begins one in the file at `aside`.
    pub(crate) fn new(aside: &Path, out: Sink) -> Result<Self, ExportError> {
        Ok(Self {
            copy: Copy::create(aside)?,
            out,
        })
    }
}

impl Form for Sqlite {
    fn article(&mut self, article: &ArticleRef<'_>) -> Result<(), ExportError> {
        Ok(self.copy.article(article)?)
    }

    fn gone(&mut self, change: &ChangeRow) -> Result<(), ExportError> {
        Ok(self.copy.gone(change)?)
    }

    fn finish(self: Box<Self>) -> Result<(), ExportError> {
        self.copy.finish()?;
        self.out.finish()
    }
}
