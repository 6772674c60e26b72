//! Articles out of the store, in the forms that others read.
//!
//! A [`Takeout`](crate::store::Takeout) says which articles, a [`Format`] in which form, a [`Place`] where to. What is whole is renamed into
//! its place; what fails leaves what was there before. Memory is that of one article, whatever the size of the store.

#[cfg(feature = "epub")]
mod epub;
mod feeds;
mod fields;
mod format;
mod intake;
mod jsonl;
mod markdown;
mod opml;
mod page;
#[cfg(feature = "parquet")]
mod parquet;
mod place;
mod run;
mod sqlite;
mod table;
mod warc;
mod xml;

pub use feeds::FeedChannel;
pub use fields::{Fields, UnknownField};
pub use format::Format;
pub use intake::read_line;
pub(crate) use opml::{Outline, document as opml};
pub use place::encoded as file_name;
pub use place::{AtomicOutput, Compress, Folder, MemoryOutput, OutputSink, Target};
pub use run::{Destination, ExportJob, ExportSummary, Partition, export, feed, jsonl};

use std::io;
use std::path::PathBuf;

use crate::store::{ArticleQueryError, ArticleRef, ChangeRow, StoreError};

/// A form that articles are written in, one after another.
pub trait ArticleWriter {
    /// Writes an article.
    fn article(&mut self, article: &ArticleRef<'_>) -> Result<(), ExportError>;

    /// Tells that an article is gone, in forms that have a word for it.
    fn gone(&mut self, _change: &ChangeRow) -> Result<(), ExportError> {
        Ok(())
    }

    /// Writes what is left; the output is whole from here on.
    fn finish(self: Box<Self>) -> Result<(), ExportError>;
}

/// Why an export ended early. Whatever was at the target before is still there.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The database cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Nothing can be selected.
    #[error(transparent)]
    Takeout(#[from] ArticleQueryError),
    /// The output cannot be written.
    #[error("cannot write the export")]
    Write(#[from] io::Error),
    /// The target cannot be written.
    #[error("{}: cannot be written; what was there before is untouched", path.display())]
    Target {
        /// The file or folder.
        path: PathBuf,
        /// The system's words.
        #[source]
        error: io::Error,
    },
    /// The folder holds something else.
    #[error("{}: is not empty and was not made by cuttings; it was left as it is: name a new folder", path.display())]
    NotOurs {
        /// The folder.
        path: PathBuf,
    },
    /// These do not go together.
    #[error("{0}")]
    Usage(String),
}
