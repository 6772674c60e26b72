//! A page as it is about to be stored, and what its text tells about it.

use super::super::page_id::PageId;
use crate::model::{Claim, Key};

/// What the latest text of a page tells about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) struct Evidence {
    /// Whether it is the text of the page, not that of a feed.
    pub(in crate::store) is_fetched: bool,
    /// Hash of the title.
    pub(in crate::store) title: Option<i64>,
    /// Whether the text has enough words to be compared.
    pub(in crate::store) is_comparable: bool,
    /// Whose words stand for a page that was not fetched: 0 for a feed of its own site, else the row id of the source.
    pub(in crate::store) speaker: i64,
}

/// A page that is about to be stored.
#[derive(Clone, Copy, Debug)]
pub(in crate::store) struct NewState<'a> {
    /// Its row, where it is stored already.
    pub(in crate::store) page: Option<PageId>,
    pub(in crate::store) page_key: &'a str,
    pub(in crate::store) site: &'a str,
    pub(in crate::store) evidence: Evidence,
    pub(in crate::store) text: ComparedText<'a>,
    pub(in crate::store) keys: &'a [Key],
    pub(in crate::store) claims: &'a [Claim],
}

/// The text by which a page is compared with others.
#[derive(Clone, Copy, Debug)]
pub(in crate::store) enum ComparedText<'a> {
    /// A text that is about to be stored.
    New(&'a str),
    /// The latest revision.
    Stored,
}
