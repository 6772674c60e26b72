//! Exports articles, sources and stored pages in the formats of other programs.
//!
//! `cuttings export` and `cuttings list --opml` (room `cli`) and the outputs of the daemon (room `deliver`) use it.
//! [`export`] runs an [`ExportJob`]: an [`ArticleQuery`](crate::store::ArticleQuery) selects the articles, a row of
//! [`FORMATS`] writes them, a [`Destination`] takes the bytes. A finished file or folder is renamed into its place, so
//! that an export that fails leaves the old one. One article at a time is in memory, whatever the size of the database;
//! only `parquet` (a row group) and `epub` (the table of contents) need more.
//!
//! [`read_line`] reads a line of `jsonl` for `cuttings import`.

mod article;
mod citations;
mod destination;
#[cfg(feature = "epub")]
mod epub;
mod error;
mod feeds;
mod fields;
mod format;
mod html_page;
mod identity_json;
mod import_line;
mod jsonl;
mod markdown;
mod opml;
#[cfg(feature = "parquet")]
mod parquet;
mod run;
mod sqlite;
mod table;
mod text;
mod warc;
mod writer;
mod xml;

pub(crate) use destination::{
    AtomicOutput, Compression, Destination, MemoryOutput, OutputFile, OutputFolder, Partition,
    encode_file_name,
};
pub(crate) use error::ExportError;
pub(crate) use fields::Fields;
pub(crate) use format::{Contents, FORMATS, FolderLayout, Format, Property};
pub(crate) use import_line::read_line;
pub(crate) use jsonl::append_line;
pub(crate) use opml::{Outline, document as opml};
pub(crate) use run::{ExportJob, ExportSummary, export};
pub(crate) use writer::{ArticleWriter, FeedChannel, WriterOptions};

#[cfg(test)]
mod tests;
