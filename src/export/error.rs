//! Why an export fails.

use std::io;
use std::path::PathBuf;

use crate::store::{ArticleQueryError, StoreError};

/// Why an export ended early. The old file or folder is still in its place.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ExportError {
    /// The database cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The selection cannot be read, such as a search that is not well-formed.
    #[error(transparent)]
    Query(#[from] ArticleQueryError),
    /// The output cannot be written.
    #[error("cannot write the export")]
    Write(#[from] io::Error),
    /// The file or folder cannot be written.
    #[error("{}: cannot be written; what was there before is untouched", path.display())]
    Target {
        /// The file or folder.
        path: PathBuf,
        /// The system's error.
        #[source]
        error: io::Error,
    },
    /// The folder has files that no export made.
    #[error("{}: is not empty and was not made by cuttings; it was left as it is: name a new folder", path.display())]
    ForeignFolder {
        /// The folder.
        path: PathBuf,
    },
    /// The options contradict each other, or this build lacks the format.
    #[error("{0}")]
    Usage(String),
}

impl ExportError {
    /// `path` cannot be written.
    pub(crate) fn of(path: &std::path::Path, error: io::Error) -> Self {
        Self::Target { path: path.to_owned(), error }
    }
}
