//! What a single run did.

use serde::Serialize;

use crate::model::Failure;

/// The result of a run. `run --once --json` prints it.
#[derive(Serialize)]
pub(crate) struct RunJson<'a> {
    /// Every source that is enabled, by name.
    pub(crate) sources: Vec<SourceRunJson<'a>>,
    /// Pages left in the queue.
    pub(crate) waiting: u64,
}

/// What a run did for one source.
#[derive(Serialize)]
pub(crate) struct SourceRunJson<'a> {
    /// Name.
    pub(crate) source: &'a str,
    /// Whether it was polled.
    pub(crate) polled: bool,
    /// Articles stored for the first time.
    pub(crate) new: u64,
    /// Entries and articles that were stored already.
    pub(crate) known: u64,
    /// Entries that could not be read, and URLs that failed.
    pub(crate) failed: u64,
    /// Time of its polls and pages together, in milliseconds.
    pub(crate) ms: u64,
    /// The failures, by URL.
    pub(crate) errors: Vec<FailureJson<'a>>,
}

/// Something that failed.
#[derive(Serialize)]
pub(crate) struct FailureJson<'a> {
    /// From a closed set.
    code: &'static str,
    /// `temporary`, `soft` or `permanent`.
    grade: &'static str,
    /// One sentence.
    message: &'a str,
    /// Masked.
    url: Option<&'a str>,
}

impl<'a> From<&'a Failure> for FailureJson<'a> {
    fn from(failure: &'a Failure) -> Self {
        Self {
            code: failure.code,
            grade: failure.grade.as_str(),
            message: &failure.message,
            url: failure.url.as_deref(),
        }
    }
}
