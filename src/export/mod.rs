//! Articles out of the store, in the forms that others read.

mod file;
mod jsonl;

pub use file::Target;
pub use jsonl::jsonl;

use std::io;
use std::path::PathBuf;

use crate::store::StoreError;

/// Why an export ended early. Whatever was at the target before is still there.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The database cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// stdout cannot be written.
    #[error("cannot write the export: {0}")]
    Write(#[from] io::Error),
    /// The target cannot be written.
    #[error("{}: cannot be written: {error}; what was there before is untouched", path.display())]
    Target {
        /// The file.
        path: PathBuf,
        /// The system's words.
        #[source]
        error: io::Error,
    },
}
