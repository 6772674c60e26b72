//! How much of a feed is taken in (HOSTILE H13, H15). What is cut is said in `ParsedFeed::skipped`.

/// Entries of one document; archives of twenty years stay below.
pub(super) const ENTRIES: usize = 10_000;
/// Bytes of a feed that came packed.
pub(super) const UNPACKED: u64 = 32 << 20;
/// Bytes of a title or a name, as plain text.
pub(super) const LINE: usize = 4096;
/// Bytes of a copyright line: the feed's own stands in each of its entries.
pub(super) const RIGHTS: usize = 1000;
/// Hubs of one feed.
pub(super) const HUBS: usize = 10;
/// Bytes of an id.
pub(super) const ID: usize = 4096;
/// Bytes of a summary or content.
pub(super) const TEXT: usize = 1 << 20;
/// Authors, categories and enclosures, each, of one entry.
pub(super) const LIST: usize = 100;
/// Elements open at a time; markup nested deeper is flattened, fields nested deeper are left out.
pub(super) const DEPTH: usize = 256;
/// Remarks on one document.
pub(super) const REMARKS: usize = 1000;
