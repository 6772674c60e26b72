//! How much of a document is read (docs/threats.md, H13 and H15), and how a loss is recorded.
//!
//! Whatever is cut or left out becomes a [`SkippedEntry`] of the feed, never an error.

use crate::model::SkippedEntry;

/// Entries of one document; archives of twenty years stay below.
pub(super) const ENTRIES: usize = 10_000;
/// Bytes of an unpacked feed that came as a gzip file.
pub(super) const UNPACKED: u64 = 32 << 20;
/// Bytes of a title or a name, as plain text.
pub(super) const LINE: usize = 4096;
/// Bytes of a copyright line; the feed's own is repeated in each of its entries.
pub(super) const RIGHTS: usize = 1000;
/// Hubs of one feed.
pub(super) const HUBS: usize = 10;
/// Bytes of an id.
pub(super) const ID: usize = 4096;
/// Bytes of a summary or content.
pub(super) const TEXT: usize = 1 << 20;
/// Authors, categories and enclosures, each, of one entry.
pub(super) const LIST: usize = 100;
/// Open elements. Deeper markup is flattened, deeper fields are left out.
pub(super) const DEPTH: usize = 256;
/// Losses recorded for one document.
const LOSSES: usize = 1000;

/// Records that an entry, or a part of it, was left out. `position` counts entries from 0, in document order.
pub(super) fn record_loss(skipped: &mut Vec<SkippedEntry>, position: usize, reason: impl Into<String>) {
    if skipped.len() < LOSSES {
        let reason = reason.into();
        skipped.push(SkippedEntry { position, reason });
    }
}

/// Records that a feed has more entries than [`ENTRIES`], if it has.
pub(super) fn record_surplus(skipped: &mut Vec<SkippedEntry>, entries: usize) {
    if entries > ENTRIES {
        let reason =
            format!("the feed has {entries} entries; those beyond the first {ENTRIES} were left out");
        record_loss(skipped, ENTRIES, reason);
    }
}

/// The first `max` bytes of a text, less what is needed to end with a whole character.
pub(super) fn truncated(text: &str, max: usize) -> &str {
    text.get(..text.floor_char_boundary(max)).unwrap_or(text)
}
