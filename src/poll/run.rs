//! What all steps of one poll need.

use chrono::{DateTime, Utc};

use crate::config::Config;
use crate::fetch::Fetcher;
use crate::store::Store;

/// One poll of one address.
#[derive(Clone, Copy)]
pub(super) struct PollRun<'a> {
    /// Asked for the entries that are new; records outcomes.
    pub(super) store: &'a Store,
    /// Sends the requests of the poll.
    pub(super) fetcher: &'a Fetcher,
    /// Key patterns of sites, and the scope of backoffs.
    pub(super) config: &'a Config,
    /// When the poll began.
    pub(super) started_at: DateTime<Utc>,
    /// Whether the sources of the address agree on the document they have; only then are requests conditional and is a
    /// known body not parsed again.
    pub(super) agreed: bool,
    /// Whether no validators are sent: the sources disagree, or the last full request was a week ago.
    pub(super) full: bool,
}
