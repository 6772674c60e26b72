//! Entries of a document and rows of the table `entry`, as they are compared with each other.

use std::fmt::Write;

use rusqlite::Row;

use super::history;
use super::page_id::PageId;
use crate::identity::{self, Fingerprint};
use crate::model::{Entry, EntryId, EntryKeys};

/// Maximum number of bytes of a stored `ident`; of a longer one the beginning and a hash are stored.
const IDENT_BYTES: usize = 512;

/// An entry of a document, and what the source knows of it.
#[derive(Debug)]
pub(super) struct RecognisedEntry<'a> {
    pub(super) entry: &'a Entry,
    pub(super) keys: &'a EntryKeys,
    /// Its place in the document.
    pub(super) position: usize,
    /// What it is stored as.
    pub(super) ident: String,
    /// Without the hash of the text where its ident is known.
    pub(super) fingerprint: Fingerprint,
    pub(super) recognition: Recognition,
}

impl RecognisedEntry<'_> {
    /// Whether the title of a row is another one, where nothing but the link identifies the entry.
    pub(super) fn has_new_title(&self, row: &EntryRow) -> bool {
        let (seen, known) = (&self.fingerprint, &row.fingerprint);
        self.keys.is_own_link
            && self.ident.starts_with(identity::LINK_IDENT)
            && (seen.dated, known.dated) == (None, None)
            && seen.title.zip(known.title).is_some_and(|(seen, known)| seen != known)
    }
}

/// What a source knows of an entry.
#[derive(Debug)]
pub(super) enum Recognition {
    /// Its row has its ident.
    Known(EntryRow),
    /// An earlier entry of the document has its ident or its row.
    Repeated,
    /// Its row has another ident.
    Renamed(EntryRow, Renaming),
    /// Another entry is the same article.
    SameArticle(Twin),
    /// It was not seen before. Whether its link is shared with other entries, so that it names none of them.
    New { shares_link: bool },
}

/// Why the row of an entry has another ident.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Renaming {
    /// The source identifies its entries in another way.
    Identifier,
    /// Another number behind the id says that the entry was updated.
    Suffix,
    /// The feed gave the entry another id.
    Id,
    /// The site has moved.
    Move,
}

/// The entry that is the same article as another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Twin {
    /// A stored one. Whether the document has it no longer, and the new one has another title.
    Row { page: Option<PageId>, is_replaced: bool },
    /// One of the same document, by its place in the list of recognised entries.
    Earlier(usize),
}

/// A row of `entry`, as entries are compared with it.
#[derive(Clone, Debug)]
pub(super) struct EntryRow {
    pub(super) id: EntryId,
    pub(super) updated: Option<String>,
    pub(super) is_leased: bool,
    pub(super) is_pending: bool,
    /// Whether a filter excluded it.
    pub(super) is_unwanted: bool,
    pub(super) page: Option<PageId>,
    /// Empty where it was looked up by that.
    pub(super) ident: String,
    pub(super) fingerprint: Fingerprint,
}

/// For [`EntryRow::read`]. The ident is the last column, so that it is only read where it is not known.
macro_rules! select_entries {
    ($where:literal) => {
        concat!(
            "SELECT id, updated, lease_run IS NOT NULL, state, page_id, link_hash, title_hash, text_hash, dated, ident \
             FROM entry WHERE source_id = ?1 AND ",
            $where
        )
    };
}

pub(super) const BY_IDENT: &str = select_entries!("ident = ?2");

/// The latest entries with a link.
pub(super) const BY_LINK: &str = select_entries!("link_hash = ?2 ORDER BY id DESC LIMIT ?3");

/// The latest entries: their ids are found in an index, which is shorter than the rows.
pub(super) const LATEST: &str = select_entries!(
    "id IN (SELECT id FROM entry WHERE source_id = ?1 ORDER BY id DESC LIMIT ?2) ORDER BY id DESC"
);

impl EntryRow {
    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let state = row.get_ref(3)?.as_str()?;
        Ok(Self {
            id: EntryId(row.get(0)?),
            updated: row.get(1)?,
            is_leased: row.get(2)?,
            is_pending: state == "pending",
            is_unwanted: state == "unwanted",
            page: row.get::<_, Option<i64>>(4)?.map(PageId),
            fingerprint: Fingerprint {
                link: row.get(5)?,
                title: row.get(6)?,
                text: row.get(7)?,
                dated: row.get(8)?,
            },
            ident: String::new(),
        })
    }

    pub(super) fn read_with_ident(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self { ident: row.get(9)?, ..Self::read(row)? })
    }
}

/// An `ident` of bounded length: there are feeds with the whole article as `guid`.
pub(super) fn bounded_ident(ident: &str) -> String {
    if ident.len() <= IDENT_BYTES {
        return ident.to_owned();
    }
    let hash = ring::digest::digest(&ring::digest::SHA256, ident.as_bytes());
    let mut short = history::prefix(ident, IDENT_BYTES / 2).to_owned();
    short.push('#');
    for byte in hash.as_ref() {
        let _ = write!(short, "{byte:02x}");
    }
    short
}
