//! What an export wrote.

use serde::Serialize;

/// The result of an export. `export --json` prints it.
#[derive(Serialize)]
pub(crate) struct ExportJson<'a> {
    /// As `--format` names it.
    pub(crate) format: &'a str,
    /// Articles written; sources of `opml`, pages of `warc`.
    pub(crate) written: u64,
    /// Records of deleted and merged articles written.
    pub(crate) gone: u64,
    /// Bytes written, compressed where asked for.
    pub(crate) bytes: u64,
    /// Files written; 0 on stdout.
    pub(crate) files: u64,
    /// Everything up to this change is in it: the next export begins behind it.
    pub(crate) seq: i64,
    /// The consumer that was served; `null`: none.
    pub(crate) consumer: Option<&'a str>,
}
