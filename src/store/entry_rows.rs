//! Entries of a document and rows of the table `entry`, as they are compared with each other.

use std::fmt::Write;

use rusqlite::Row;

use super::page_id::PageId;
use super::{history, time};
use crate::identity::Fingerprint;
use crate::model::{Entry, EntryChange, EntryId, EntryKeys, TextState};

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
    pub(super) fingerprint: Fingerprint,
    pub(super) recognition: Recognition,
    /// Whether `key_from_url` finds in its link what it finds in that of a page whose entry is gone from the document.
    pub(super) replaces_slug: bool,
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
    /// Its page is one that the source has, under another slug.
    OtherSlug(PageId),
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
    pub(super) text_state: TextState,
    /// What the feed said anew of it before, and nobody has looked at.
    pub(super) news: Option<EntryChange>,
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
            "SELECT id, updated, lease_run IS NOT NULL, state, page_id, link_hash, title_hash, text_hash, dated, \
             text_state, news, ident \
             FROM entry WHERE source_id = ?1 AND ",
            $where
        )
    };
}

pub(super) const BY_IDENT: &str = select_entries!("ident = ?2");

/// The latest entries with a link.
pub(super) const BY_LINK: &str = select_entries!("link_hash = ?2 ORDER BY id DESC LIMIT ?3");

/// The latest entries whose page has a key.
pub(super) const BY_KEY: &str = select_entries!(
    "page_id IN (SELECT page_id FROM alias WHERE key = ?2 AND shared = 0) ORDER BY id DESC LIMIT ?3"
);

/// The latest entries: their ids are found in an index, which is shorter than the rows.
pub(super) const LATEST: &str = select_entries!(
    "id IN (SELECT id FROM entry WHERE source_id = ?1 ORDER BY id DESC LIMIT ?2) ORDER BY id DESC"
);

impl EntryRow {
    /// Whether its page waits to be looked at, because the feed says that it changed.
    pub(super) fn is_looked_at(&self) -> bool {
        self.text_state == TextState::Changed
    }

    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let state = row.get_ref(3)?.as_str()?;
        Ok(Self {
            id: EntryId(row.get(0)?),
            updated: row.get(1)?,
            is_leased: row.get(2)?,
            is_pending: state == "pending",
            text_state: time::word(row, 9)?,
            news: row.get_ref(10)?.as_str_or_null()?.and_then(|word| word.parse().ok()),
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
        Ok(Self { ident: row.get(11)?, ..Self::read(row)? })
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
