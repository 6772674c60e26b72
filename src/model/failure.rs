//! Failures as they are recorded: one row, one counter and one log line each.

use super::words::words;

words! {
    /// How bad a failure is, and with it how soon to come back.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
    pub enum Grade {
        /// Will pass by itself: a timeout, a 503, a full disk.
        Temporary = "temporary",
        /// May need time or a person: a 403, an odd document.
        Soft = "soft",
        /// Will not pass by itself: a 410, a refused address.
        Permanent = "permanent",
    }
}

/// Something that went wrong, as it is kept: a row, a counter and one log line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// From a closed set: database column and metric label, such as `http-404`, `timeout`, `not-a-feed`.
    pub code: &'static str,
    /// How bad.
    pub grade: Grade,
    /// What, why and what to do, in a sentence or two.
    pub message: String,
    /// Where, with passwords masked.
    pub url: Option<String>,
    /// HTTP status, where there was an answer.
    pub status: Option<u16>,
}

/// Codes of failures that end a process: a child's, or after three of them the input is set aside for a day.
pub const CRASHED: [&str; 2] = ["crashed", "set-aside"];

/// Processes that an input may end before it is set aside.
pub const SET_ASIDE: u32 = 3;
