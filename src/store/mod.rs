//! The database: one writer, any number of readers. The only room that names rusqlite.
//!
//! - [`Store`] is the writer of a daemon, held by a lock. Its methods return when their transaction is on the disk. Each
//!   outcome of a poll or page ([`PollOutcome`](crate::model::PollOutcome), [`PageOutcome`](crate::model::PageOutcome)) is
//!   one transaction; a failure leaves nothing of it. A claim is a lease of one run: whoever holds the lock knows that
//!   every earlier run is dead, and ends its leases.
//! - [`Reader`] is a query-only connection, for any process at any time: with write-ahead logging the two never wait for
//!   each other.
//! - [`ControlClient`] writes one short transaction beside the daemon, which notices it within a second
//!   ([`Store::has_external_write`]). [`MaintenanceWriter`] does longer work in short transactions.
//!
//! Files beside the database `DB`: `DB-wal` and `DB-shm` are SQLite's and stay after closing, so that users who may not
//! write the folder can read; `DB-lock` names the process that writes; `DB-work` is the journal of inputs being parsed.
//!
//! The schema is `schema.sql`. `time` says how times are stored.

mod article_identity;
mod article_ref;
mod articles;
mod backfill;
mod backlog;
mod backup;
mod changes;
mod claims;
mod cluster;
mod consumers;
mod control;
mod control_client;
mod crash_journal;
mod decisions;
mod disk_space;
mod drift;
mod entry_changes;
mod entry_claims;
mod entry_match;
mod entry_rows;
mod error;
mod expiry;
mod explain;
mod feed_text;
mod grouping;
mod handle;
mod history;
mod host_backoff;
mod identity_rows;
mod import;
mod ingest;
mod link_sharing;
mod lock;
mod maintenance;
mod memberships;
mod metrics;
mod outputs;
mod page_id;
mod page_outcomes;
mod pages;
mod poll_outcomes;
mod poll_state;
mod query;
mod query_rows;
mod queue;
mod raw_pages;
mod reader;
mod recalled;
mod reextraction;
mod retention;
mod revision_columns;
mod revision_digest;
mod revisions;
mod revisits;
mod robots_cache;
mod schema;
mod script;
mod search;
mod secure_delete;
mod selector_stats;
mod session_parameters;
mod settling;
mod similarity;
mod source_claims;
mod source_history;
mod sources;
mod sqlite_writer;
mod status;
mod stored_entry;
mod text_index;
mod time;
mod verify;
mod writer;

#[cfg(test)]
mod tests;

pub use article_identity::{
    AliasRecord, ArticleIdentity, ClaimRecord, DecisionRecord, EntryRecord, MembershipRecord, PageRecord,
};
pub use article_ref::{ArticleRef, Joined};
pub use backfill::BackfillPlan;
pub use backlog::Backlog;
pub use backup::backup;
pub use claims::ClaimRequest;
pub use consumers::{Consumer, ConsumerLock};
pub use control::{ControlOutcome, ControlRequest};
pub use control_client::ControlClient;
pub use crash_journal::{WorkGuard, WorkItem};
pub use decisions::{Decided, DecisionRefused};
pub use entry_match::UnseenEntries;
pub use error::{SqlErrorKind, StoreError};
pub use expiry::{PrunePlan, RetentionPolicy};
pub use explain::{
    ArticleExplanation, ArticleMembership, ExplainedKey, ExplainedPage, ForeignClaim, LinkExplanation,
    LinkHolder, PageClaim, StoredDecision,
};
pub use grouping::{PageName, PagePair};
pub use handle::Store;
pub use identity_rows::{HiddenText, TextPlace};
pub use import::{
    Import, ImportRecord, ImportSummary, ImportedArticle, ImportedIdentity, ImportedPage, ImportedText,
};
pub use link_sharing::LinkSharing;
pub use lock::{Holder, holder};
pub use maintenance::MaintenanceWriter;
pub use metrics::StoreMetrics;
pub use outputs::OutputState;
pub use query::{ArticleQuery, SortOrder};
pub use query_rows::{ArticleQueryError, ExportItem};
pub use raw_pages::{RawPageRow, RawPages};
pub use reader::{ChangeRow, Reader};
pub use reextraction::{Reextraction, ReextractionOutcome};
pub use retention::{PruneForecast, PruneSummary};
pub use revisions::{ArticleNotFound, RevisionRow};
pub use robots_cache::HostStates;
pub use search::{Hit, Hits, QueryError, SearchError, SearchRequest, Snippet, SortBy};
pub use session_parameters::SessionLinks;
pub use source_history::{HostBackoff, PollRow, Silence};
pub use sqlite_writer::SqliteWriter;
pub use status::{IdentifierFallback, LastError, RuleStat, SourceState, SourceStatus, StoreSummary};
