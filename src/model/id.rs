//! Row ids of the database and the lease of a claim.

/// Row id of a configured source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceId(pub i64);

/// Row id of an entry, the unit of the queue between the two halves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EntryId(pub i64);

/// Row id of an article; survives revisions, and merges in favour of the older.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ArticleId(pub i64);

/// Who holds a claim: the run that made it. A lost lease can record nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Number of the run, unique in the database.
    pub run: i64,
    /// Number of the claim, unique in the run.
    pub claim: i64,
}
