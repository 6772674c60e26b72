//! One poll of a source, as its history keeps it.

use serde::Serialize;

use super::time::UtcSeconds;
use crate::store::PollRow;

/// A poll.
#[derive(Serialize)]
pub(crate) struct PollJson<'a> {
    /// When it began.
    at: UtcSeconds,
    /// How long it took, in milliseconds.
    ms: u64,
    /// `taken`, `unchanged`, `not-modified` or `failed`.
    outcome: &'a str,
    /// Code of the failure; `null`: it succeeded.
    code: Option<&'a str>,
    /// HTTP status of the last response; `null`: there was none.
    http: Option<u16>,
    /// Entries in the document.
    entries: u64,
    /// Entries never seen before.
    new: u64,
    /// Size of the document after decompression.
    bytes: u64,
    /// What decided when the next poll was.
    next_why: &'a str,
}

impl<'a> From<&'a PollRow> for PollJson<'a> {
    fn from(poll: &'a PollRow) -> Self {
        Self {
            at: UtcSeconds(poll.at),
            ms: poll.duration_ms,
            outcome: &poll.outcome,
            code: poll.code.as_deref(),
            http: poll.status,
            entries: poll.entries,
            new: poll.new,
            bytes: poll.bytes,
            next_why: &poll.next_why,
        }
    }
}
