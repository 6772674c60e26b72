//! Results of the `[[source.test]]` of a configuration.

use serde::Serialize;

/// All results, in the order of the configuration. `check --live --json` and `check --stored --json` print it.
#[derive(Serialize)]
pub(crate) struct RuleTestsJson {
    pub(crate) tests: Vec<RuleTestJson>,
}

/// The result of one test.
#[derive(Serialize)]
pub(crate) struct RuleTestJson {
    /// Name of its source.
    pub(crate) source: String,
    /// The page; masked.
    pub(crate) url: String,
    /// Where the test stands in the configuration, `file:line`.
    pub(crate) at: String,
    /// Whether the passage was found.
    pub(crate) ok: bool,
    /// Why it failed; `null` where `ok`.
    pub(crate) error: Option<String>,
}
