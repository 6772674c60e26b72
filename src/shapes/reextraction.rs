//! An article that changed when its stored page was extracted again.

use serde::Serialize;

/// A changed article. `reextract --json` prints one a line.
#[derive(Serialize)]
pub(crate) struct ReextractedJson<'a> {
    /// Number of the article.
    pub(crate) id: i64,
    /// The stored page.
    pub(crate) url: &'a str,
    /// Name of the source it was found by; `null`: not known any more.
    pub(crate) source: Option<&'a str>,
    /// Names of the fields that changed, or would.
    pub(crate) fields: &'a [&'static str],
}
