//! Where an export goes: stdout, a file, a folder with parts, or a folder with a file for each article.
//!
//! Files and folders are built under a temporary name beside their place and renamed once they are complete and synced.

mod file;
mod file_names;
mod folder;
mod folder_writers;
mod sink;
mod temporary;

pub(crate) use file::OutputFile;
pub(crate) use file_names::encode_file_name;
pub(crate) use folder::OutputFolder;
pub(super) use folder_writers::{FilePerArticleWriter, PartitionedWriter};
pub(crate) use sink::{AtomicOutput, Compression, MemoryOutput, OutputSink};
pub(super) use sink::{CountingSink, stdout};
pub(super) use temporary::sweep_beside;

use std::path::PathBuf;

/// Where an export goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Destination {
    /// A pipe or a terminal.
    Stdout,
    /// A file, replaced as a whole.
    File(PathBuf),
    /// A folder, replaced as a whole.
    Folder(PathBuf),
    /// A folder that files are added to, for consumers.
    AddToFolder(PathBuf),
}

/// What a folder is divided by, named as Hive, DuckDB and Spark read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Partition {
    /// By the day of publication: date=2026-11-24
    Day,
    /// By source: source=my-paper
    Source,
}
