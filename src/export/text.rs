//! Formats that are text: each is a [`TextFormat`], and [`TextWriter`] writes any of them.

use std::io::Write as _;

use super::destination::OutputSink;
use super::error::ExportError;
use super::writer::ArticleWriter;
use crate::store::ArticleRef;

/// Bytes that are gathered before they are written.
const BUFFER: usize = 1 << 16;

/// A format as functions from articles to text.
pub(super) trait TextFormat {
    /// Appends what stands before the first article, which is none in an empty export.
    fn begin(&self, _first: Option<&ArticleRef<'_>>, _out: &mut String) {}

    /// Appends an article.
    fn article(&self, article: &ArticleRef<'_>, out: &mut String);

    /// Stands between two articles.
    fn separator(&self) -> &'static str {
        ""
    }

    /// Ends the output.
    fn end(&self) -> &'static str {
        ""
    }
}

/// Writes articles in a format that is text.
pub(super) struct TextWriter<F> {
    format: F,
    out: OutputSink,
    is_begun: bool,
    /// Not yet written.
    buffer: String,
}

impl<F: TextFormat> TextWriter<F> {
    /// Nothing is written before the first article or the end.
    pub(super) fn new(format: F, out: OutputSink) -> Self {
        Self { format, out, is_begun: false, buffer: String::new() }
    }
}

impl<F: TextFormat> ArticleWriter for TextWriter<F> {
    fn article(&mut self, article: &ArticleRef<'_>) -> Result<(), ExportError> {
        if std::mem::replace(&mut self.is_begun, true) {
            self.buffer.push_str(self.format.separator());
        } else {
            self.format.begin(Some(article), &mut self.buffer);
        }
        self.format.article(article, &mut self.buffer);
        if self.buffer.len() >= BUFFER {
            self.out.write_all(self.buffer.as_bytes())?;
            self.buffer.clear();
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<(), ExportError> {
        if !self.is_begun {
            self.format.begin(None, &mut self.buffer);
        }
        self.buffer.push_str(self.format.end());
        self.out.write_all(self.buffer.as_bytes())?;
        self.out.finish()
    }
}
