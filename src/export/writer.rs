//! What every writer of a format implements, and what it is made from.

use std::path::PathBuf;

use chrono::{DateTime, Utc};

use super::destination::OutputSink;
use super::error::ExportError;
use super::fields::Fields;
use super::identity_json::IdentityJson;
use crate::store::{ArticleQuery, ArticleRef, ChangeRow, Reader};

/// Writes articles in one format, one after another, to one output.
pub(crate) trait ArticleWriter {
    /// Writes an article.
    fn article(&mut self, article: &ArticleRef<'_>) -> Result<(), ExportError>;

    /// Writes an article with what it is known by, where the format has a place for that (`Property::Identity`).
    fn article_with(
        &mut self,
        article: &ArticleRef<'_>,
        _identity: &IdentityJson,
    ) -> Result<(), ExportError> {
        self.article(article)
    }

    /// Writes that an article was merged or deleted. Formats without such a record write nothing.
    fn removed(&mut self, _change: &ChangeRow) -> Result<(), ExportError> {
        Ok(())
    }

    /// Writes that an article was merged or deleted, with what it is known by.
    fn removed_with(&mut self, change: &ChangeRow, _identity: &IdentityJson) -> Result<(), ExportError> {
        self.removed(change)
    }

    /// Writes the end and finishes the output: it is complete from here on.
    fn finish(self: Box<Self>) -> Result<(), ExportError>;
}

/// What a writer is made from. A format uses the parts that mean something to it.
pub(crate) struct WriterOptions {
    /// Where the bytes go.
    pub(crate) sink: OutputSink,
    /// The file behind `sink` while it is written; none for stdout and memory.
    pub(crate) file: Option<PathBuf>,
    /// Columns, for tables and records.
    pub(crate) fields: Fields,
    /// Title and addresses, for feeds and books.
    pub(crate) channel: FeedChannel,
    /// The export may have several versions of an article.
    pub(crate) has_revisions: bool,
}

/// Title and addresses of a feed or a book.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct FeedChannel {
    /// Names the database. The ids of articles are derived from it, so an article has one id in all feeds of a database.
    pub(crate) store_id: String,
    /// Title; not empty.
    pub(crate) title: String,
    /// URL at which the feed will be served, if known: its link to itself.
    pub(crate) self_url: Option<String>,
}

/// What a format that is not made of articles is written from.
pub(crate) struct RecordExport<'a> {
    pub(crate) reader: &'a Reader,
    /// Of the selection only what the format names counts.
    pub(crate) query: &'a ArticleQuery,
    pub(crate) now: DateTime<Utc>,
    /// Where the bytes go.
    pub(crate) sink: OutputSink,
    /// Compress each record by itself; `sink` does not compress.
    pub(crate) gzip: bool,
    /// Is called with the number of records written so far.
    pub(crate) progress: &'a mut dyn FnMut(u64),
}
