//! Row ids of the database and the lease of a claim.

/// Row id of a configured source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceId(pub i64);

/// Row id of an entry, the unit of the queue between `poll` and `collect`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EntryId(pub i64);

/// Row id of an article. Revisions keep it; of two articles that are merged, the older one's stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ArticleId(pub i64);

/// The claim of a source or entry by a run. An outcome is recorded only while its lease is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Number of the run, unique in the database.
    pub run: i64,
    /// Number of the claim, unique in the run.
    pub claim: i64,
}
