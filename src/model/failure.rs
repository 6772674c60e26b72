//! Failures as they are recorded: one row, one counter and one log line each.

use super::words::words;

words! {
    /// How bad a failure is, and so how soon to try again.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
    pub enum Grade {
        /// Passes by itself: a timeout, a 503, a full disk.
        Temporary = "temporary",
        /// May need time or a person: a 403, an odd document.
        Soft = "soft",
        /// Does not pass by itself: a 410 or 451, a refused address.
        Permanent = "permanent",
    }
}

/// A failure of a poll or page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// From a closed set: database column and metric label, such as `http-404`, `timeout`, `not-a-feed`.
    pub code: &'static str,
    /// How bad it is.
    pub grade: Grade,
    /// What failed, why and what to do, in a sentence or two.
    pub message: String,
    /// The URL, with secrets masked.
    pub url: Option<String>,
    /// HTTP status, if there was a response.
    pub status: Option<u16>,
}

/// Codes of inputs that crash the parser: at first, and once [`SET_ASIDE`] processes have crashed, when the input is set
/// aside for a day.
pub const CRASHED: [&str; 2] = ["crashed", "set-aside"];

/// Code of a document that broke off: its whole entries were taken.
pub const TRUNCATED: &str = "truncated";

/// Code of a document that is whole, though its transfer was faulty: all of it was taken.
pub const BROKEN_TRANSFER: &str = "broken-transfer";

/// Number of processes that an input may crash before it is set aside.
pub const SET_ASIDE: u32 = 3;
