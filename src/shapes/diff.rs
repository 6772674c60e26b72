//! What changed between two revisions of an article.

use std::collections::BTreeMap;

use serde::Serialize;

use super::time::UtcSeconds;

/// One change of an article. `diff --json` prints one a line.
#[derive(Serialize)]
pub(crate) struct DiffJson<'a> {
    /// Number of the article.
    pub(crate) id: i64,
    /// Number of the earlier revision.
    pub(crate) before: i64,
    /// Number of the later revision.
    pub(crate) after: i64,
    /// Number of the change that brought the later one.
    pub(crate) seq: i64,
    /// When the later one was fetched.
    pub(crate) at: UtcSeconds,
    /// Fields that differ, the text not among them, by name.
    pub(crate) fields: BTreeMap<&'static str, FieldDiffJson<'a>>,
    /// The whole text, sentence by sentence.
    pub(crate) sentences: Vec<SentenceChange<'a>>,
}

/// A field that differs; empty where it was not set.
#[derive(Clone, Copy, Serialize)]
pub(crate) struct FieldDiffJson<'a> {
    pub(crate) before: &'a str,
    pub(crate) after: &'a str,
}

/// What became of a sentence: `{"out": "…"}`, `{"in": "…"}` or `{"same": 4}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum SentenceChange<'a> {
    /// A sentence that was removed.
    Out(&'a str),
    /// A sentence that was added.
    In(&'a str),
    /// This many sentences in a row are as before.
    Same(usize),
}
