//! The database: one writer, query-only readers, and everything that must happen together. The only module that names
//! rusqlite.
//!
//! [`Store`] is the writer of a daemon. Its methods return once what they did is on the disk. Each outcome of a step
//! ([`PollOutcome`], [`PageOutcome`]) is one transaction; a step that fails leaves nothing behind. A claim is a lease
//! that holds as long as the run that took it: who opens the database holds its lock, so every earlier run is dead.
//!
//! [`Reader`] is for everybody else, at any time: write-ahead logging keeps the two out of each other's way. [`Side`] is
//! for what a person asks meanwhile: one short transaction, seen by the daemon within a second ([`Store::nudged`]).
//!
//! Files beside `DB`: `-wal` and `-shm` belong to it and stay when it is closed, so that people who may not write the
//! folder can read; `-lock` names the process that writes; `-work` is the list of inputs being parsed ([`Work`]).

mod article_ref;
mod articles;
mod backup;
mod changes;
mod claims;
mod cluster;
mod columns;
mod consumers;
mod control;
mod control_client;
mod crash_journal;
mod disk;
mod drift;
mod error;
mod grouping;
mod host_backoff;
mod import;
mod ingest;
mod ledger;
mod lock;
mod maintenance;
mod memory;
mod metrics;
mod outputs;
mod page_id;
mod pages;
mod payload;
mod polls;
mod query;
mod query_rows;
mod queue;
mod raw;
mod reader;
mod reextraction;
mod retention;
mod revisions;
mod revisits;
mod robots_cache;
mod schema;
mod script;
mod search;
mod secure_delete;
mod similarity;
mod source_history;
mod sources;
mod sqlite_writer;
mod status;
mod text_index;
mod time;
mod verify;
mod volatile;
mod waiting;
mod writer;

#[cfg(test)]
mod tests;

pub use article_ref::ArticleRef;
pub use backup::backup;
pub use claims::ClaimRequest;
pub use consumers::{Consumer, ConsumerLock};
pub use control::{ControlOutcome, ControlRequest};
pub use control_client::ControlClient;
pub use crash_journal::{WorkGuard, WorkItem};
pub use error::{SqlErrorKind, StoreError};
pub use import::{ImportRecord, ImportSummary, ImportedArticle};
pub use lock::{Holder, holder};
pub use maintenance::MaintenanceWriter;
pub use metrics::StoreMetrics;
pub use outputs::OutputState;
pub use query::{ArticleQuery, SortOrder};
pub use query_rows::{ArticleQueryError, ExportItem};
pub use raw::{RawPageRow, RawPages};
pub use reader::{ChangeRow, Reader};
pub use reextraction::{Reextraction, ReextractionOutcome};
pub use retention::{PrunePlan, PruneSummary, RetentionPolicy};
pub use revisions::{ArticleNotFound, RevisionRow};
pub use search::{Hit, Hits, QueryError, SearchError, SearchRequest, Snippet, SortBy};
pub use source_history::{HostBackoff, PollRow, Silence};
pub use sqlite_writer::SqliteWriter;
pub use status::{IdentifierFallback, LastError, RuleStat, SourceState, SourceStatus, StoreSummary};
pub use waiting::Backlog;

use std::borrow::Borrow;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use claims::Claims;
use rusqlite::{Connection, params};
use writer::Haste;

use crate::config::{ArticleRules, BackoffScope, Config, Source};
use crate::cpu;
use crate::model::{
    ClaimedEntry, ClaimedSource, EntryId, Lease, PageOutcome, PollCounts, PollOutcome, RobotsResponse,
    SourceId, StoreOutcome,
};

/// The writer of a database: one in the world, held by a lock.
#[derive(Debug)]
pub struct Store {
    writer: writer::Writer,
    work: Arc<crash_journal::WorkLedger>,
    claims: Arc<Claims>,
    path: PathBuf,
    /// `PRAGMA data_version` when it was last looked at: it changes with what others commit.
    version: Arc<AtomicI64>,
    recording: AtomicUsize,
}

impl Store {
    /// Opens the database at `path`, and makes it and its folder where there is none.
    ///
    /// Refused, with the file as it was: a database that another process writes, one that is newer than this program,
    /// and anything that is not ours. Leases of earlier runs are void from here on, and what they were parsing when
    /// they died is counted as a crash.
    pub fn open(path: &Path, now: DateTime<Utc>) -> Result<Self, StoreError> {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(|error| StoreError::File {
                path: folder.to_owned(),
                doing: "make the folder of the database",
                message: error.to_string(),
            })?;
        }
        let lock = lock::Lock::take(path, now)?;
        let mut db = schema::open_writer(path, &random_id()?)?;
        let (work, crashed) = crash_journal::WorkLedger::open(path)?;
        let run =
            start(&mut db, &crashed, now).map_err(|error| error.while_doing("start a run").of_file(path))?;
        work.clear(path)?;
        Ok(Self {
            writer: writer::Writer::start(db, lock)?,
            work: Arc::new(work),
            claims: Arc::new(Claims::new(run)),
            path: path.to_owned(),
            version: Arc::default(),
            recording: AtomicUsize::new(0),
        })
    }

    /// How many sources are polled, and how many of them failed last time.
    pub async fn failing(&self) -> Result<(u64, u64), StoreError> {
        self.writer
            .call_in(Haste::Look, "count sources", waiting::failing)
            .await
    }

    /// Whether another process has written since this was last asked; cheap enough to be asked all day.
    pub async fn nudged(&self) -> Result<bool, StoreError> {
        let last = Arc::clone(&self.version);
        let look = move |db: &Connection| {
            let version = db.query_row("PRAGMA data_version", [], |row| row.get(0))?;
            Ok(last.swap(version, Ordering::Relaxed) != version)
        };
        self.writer.call_in(Haste::Look, "look for requests", look).await
    }

    /// What was asked of this run from beside and is not answered, oldest first.
    pub async fn requests(&self) -> Result<Vec<ControlRequest>, StoreError> {
        self.writer
            .call_in(Haste::Look, "read requests", control::open)
            .await
    }

    /// Answers a request.
    pub async fn answer(&self, id: i64, answer: String) -> Result<(), StoreError> {
        self.writer
            .call("answer a request", move |db| control::answer(db, id, &answer))
            .await
    }

    /// Number of this run, unique in the database.
    pub fn run(&self) -> i64 {
        self.claims.run()
    }

    /// Where the database is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Finishes what waits, writes the log into the database, and frees the lock. Everything after is refused.
    pub async fn close(&self) -> Result<(), StoreError> {
        self.writer.close().await
    }

    /// Brings the sources in line with the configuration; gives their rows, in its order.
    ///
    /// New ones are due at once. Those that are gone or switched off keep their state and their entries, and nothing
    /// of theirs is claimed. One with another feed URL is due at once and starts unconditional; one with another
    /// schedule is due no later than the new one says.
    pub async fn sync_sources<S: Borrow<Source>>(
        &self,
        configured: &[S],
        now: DateTime<Utc>,
    ) -> Result<Vec<(SourceId, String)>, StoreError> {
        self.sync(configured, BackoffScope::default(), now).await
    }

    /// The same, where a domain may count as one place.
    pub async fn sync(
        &self,
        configured: &[impl Borrow<Source>],
        scope: BackoffScope,
        now: DateTime<Utc>,
    ) -> Result<Vec<(SourceId, String)>, StoreError> {
        let seeds: Vec<_> = configured
            .iter()
            .map(|source| sources::Seed::of(source.borrow(), scope))
            .collect();
        self.writer
            .call("take in the configured sources", move |db| {
                sources::sync(db, &seeds, now)
            })
            .await
    }

    /// Forgets what selectors found that are no longer in the configuration. A source that is not there now keeps what is
    /// known of it, as it keeps all else.
    pub async fn retain_rules(&self, config: &Config) -> Result<(), StoreError> {
        let known = self
            .writer
            .call_in(Haste::Look, "look for old selectors", ledger::selectors)
            .await?;
        let mut old = known;
        if !old.is_empty() {
            // Any source may lead to a page of any site.
            let sites: HashSet<(&str, &str)> = config.sites.all().flat_map(ArticleRules::selectors).collect();
            let sources = config.sources.iter();
            let by_name: HashMap<&str, &Source> =
                sources.map(|source| (source.name.as_str(), &**source)).collect();
            old.retain(|old| {
                let selector = (old.field.as_str(), old.selector.as_str());
                by_name.get(old.source_name.as_str()).is_some_and(|source| {
                    let own = source.rules.iter().chain([&source.article]);
                    let mut own = own.flat_map(ArticleRules::selectors);
                    !sites.contains(&selector) && !own.any(|known| known == selector)
                })
            });
        }
        if old.is_empty() {
            return Ok(());
        }
        self.writer
            .call("forget old selectors", move |db| ledger::forget(db, &old))
            .await
    }

    /// Leases up to `limit` sources that are due and whose host does not rest. With `all`: every source that was not
    /// claimed since then, unless its host has named a time to come back.
    pub async fn claim_sources(
        &self,
        now: DateTime<Utc>,
        limit: usize,
        all: Option<DateTime<Utc>>,
    ) -> Result<Vec<ClaimedSource>, StoreError> {
        let claims = Arc::clone(&self.claims);
        self.writer
            .call("claim sources", move |db| {
                sources::claim(db, now, limit, all, &claims)
            })
            .await
    }

    /// What earlier runs learned of robots.txt and of hosts that are not to be asked yet.
    pub async fn ledger(&self, now: DateTime<Utc>) -> Result<HostStates, StoreError> {
        let read =
            move |db: &Connection| Ok((robots_cache::robots(db, now)?, robots_cache::resting(db, now)?));
        let (robots, resting) = self.writer.call("read the ledger of hosts", read).await?;
        Ok(HostStates { robots, resting })
    }

    /// Which of these entries a source has not had yet, by their position.
    pub async fn unseen(&self, source: SourceId, idents: Vec<String>) -> Result<Vec<usize>, StoreError> {
        let look = move |db: &Connection| sources::unseen(db, source, &idents);
        self.writer
            .call_in(Haste::Look, "look for known entries", look)
            .await
    }

    /// Polls and pages that wait to be recorded: meanwhile they ask nobody for anything.
    pub fn recording(&self) -> usize {
        self.recording.load(Ordering::Relaxed)
    }

    /// Records a poll: entries, validators, what was learned about hosts, and when next.
    pub async fn record_poll(&self, outcome: PollOutcome) -> Result<PollCounts, StoreError> {
        // One whose outcome is lost is polled again: it may wait for others.
        let record = move |db: &Connection| polls::record(db, &outcome);
        let _recording = Recording::new(&self.recording);
        self.writer.call_in(Haste::Gather, "record a poll", record).await
    }

    /// Leases up to `limit` entries: one for each host that is ready, sources in turn; the host has none claimed for
    /// `gap` after. Entries without a host are not spared. Those whose link is an article by now are settled instead.
    pub async fn claim_entries(
        &self,
        now: DateTime<Utc>,
        limit: usize,
        gap: Duration,
    ) -> Result<Vec<ClaimedEntry>, StoreError> {
        let claims = Arc::clone(&self.claims);
        self.writer
            .call("claim entries", move |db| {
                queue::claim(db, now, limit, gap, &claims)
            })
            .await
            .inspect(|entries| self.claims.serve(entries))
    }

    /// Leases sources and then entries, in one transaction: what [`Self::claim_sources`] and [`Self::claim_entries`] do.
    pub async fn claim(
        &self,
        now: DateTime<Utc>,
        wanted: ClaimRequest,
    ) -> Result<(Vec<ClaimedSource>, Vec<ClaimedEntry>), StoreError> {
        let claims = Arc::clone(&self.claims);
        self.writer
            .call("claim what is due", move |db| {
                let sources = sources::claim(db, now, wanted.sources, wanted.all, &claims)?;
                // Those of one address are one request, and come beyond what was asked for.
                let room = wanted.room.saturating_sub(sources.len().min(wanted.sources));
                let entries = queue::claim(db, now, room, wanted.gap, &claims)?;
                Ok((sources, entries))
            })
            .await
            .inspect(|(_, entries)| self.claims.serve(entries))
    }

    /// Records what a page came to: article, aliases, raw page, the entry's state, and what was learned about hosts.
    pub async fn record_page(&self, mut outcome: PageOutcome) -> Result<StoreOutcome, StoreError> {
        let _recording = Recording::new(&self.recording);
        let packed = if let Some(bytes) = pages::Packed::dear(&outcome) {
            let pack = move || {
                let packed = pages::Packed::of(&mut outcome);
                (outcome, packed)
            };
            let turn = cpu::permit().await;
            let packed;
            (outcome, packed) = turn
                .work(bytes, pack)
                .await
                .map_err(|_panic| StoreError::Closed)?;
            packed?
        } else {
            pages::Packed::of(&mut outcome)?
        };
        self.writer
            .call_in(Haste::Gather, "record a page", move |db| {
                pages::record(db, &outcome, packed.as_ref())
            })
            .await
    }

    /// Drops what the sources keep no longer, a bounded part of it, and gives room back to the file system. Where
    /// `more` is said there is more to do.
    pub async fn tidy(&self, now: DateTime<Utc>) -> Result<PruneSummary, StoreError> {
        self.writer
            .call("drop what is kept no longer", move |db| {
                retention::prune(db, &retention::stored_policies(db)?, now)
            })
            .await
    }

    /// Whether there are fewer than `least` bytes free where the database is, as a sentence. Written down where
    /// `status` finds it, as far as there is room for that.
    pub async fn short_of_room(&self, least: u64, now: DateTime<Utc>) -> Option<String> {
        let path = self.path.clone();
        let word = tokio::task::spawn_blocking(move || disk::shortage(&path, least))
            .await
            .ok()?;
        let written = word.clone();
        let note = move |db: &Connection| disk::note(db, written.as_deref(), now);
        if let Err(error) = self.writer.call("note how much room there is", note).await {
            tracing::debug!("{error}");
        }
        word
    }

    /// Gives leases back without an outcome: for a clean stop. No attempt is counted.
    pub async fn release(&self, leases: Vec<Lease>) -> Result<(), StoreError> {
        self.writer
            .call("release what was claimed", move |db| queue::release(db, &leases))
            .await
    }

    /// The same for everything this run still holds.
    pub async fn release_all(&self) -> Result<(), StoreError> {
        self.writer.call("release what was claimed", queue::void).await
    }

    /// When the next source and the next entry can be claimed, and how much waits.
    pub async fn waiting(&self, now: DateTime<Utc>) -> Result<Backlog, StoreError> {
        let look = move |db: &Connection| waiting::look(db, now);
        self.writer.call_in(Haste::Look, "look at what waits", look).await
    }

    /// When a source and when an entry can next be claimed: what [`Self::waiting`] says, without counting what waits.
    pub async fn due(
        &self,
        now: DateTime<Utc>,
    ) -> Result<(Option<DateTime<Utc>>, Option<DateTime<Utc>>), StoreError> {
        let look = move |db: &Connection| waiting::due(db, now);
        self.writer
            .call_in(Haste::Look, "look at what is due", look)
            .await
    }

    /// Marks a row whose input is about to be parsed, until the mark is dropped. Should the process die meanwhile, the
    /// next start counts a crash of that row; its claims say so, and a child process reads that input first.
    pub fn working(&self, work: WorkItem) -> WorkGuard {
        self.work.mark(work)
    }
}

/// What is known of hosts at a start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostStates {
    /// Answers for robots.txt that still count.
    pub robots: Vec<RobotsResponse>,
    /// Hosts that are not to be asked before a time.
    pub resting: Vec<(String, DateTime<Utc>)>,
}

/// Counts one that waits to be recorded, as long as it does.
struct Recording<'a>(&'a AtomicUsize);

impl<'a> Recording<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Recording<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Gives this run its number, voids the leases of earlier ones, and counts what they died of.
fn start(db: &mut Connection, crashed: &[WorkItem], now: DateTime<Utc>) -> Result<i64, StoreError> {
    let step = db.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    step.execute(
        "INSERT INTO run (pid, started_at) VALUES (?1, ?2)",
        params![std::process::id(), time::text(now)],
    )?;
    let run = step.last_insert_rowid();
    // The last number must stay, so that it is never given again.
    step.execute("DELETE FROM run WHERE id < ?1 - 1000", [run])?;
    step.execute("DELETE FROM request", [])?;
    queue::void(&step)?;
    for work in crashed {
        match *work {
            WorkItem::Source(SourceId(id)) => {
                step.execute("UPDATE source SET crashes = crashes + 1 WHERE id = ?1", [id])?;
            }
            WorkItem::Entry(EntryId(id)) => {
                step.execute("UPDATE entry SET crashes = crashes + 1 WHERE id = ?1", [id])?;
            }
        }
    }
    step.commit()?;
    Ok(run)
}

/// The name of this database among its copies.
fn random_id() -> Result<String, StoreError> {
    let random: ring::rand::Random<[u8; 16]> = ring::rand::generate(&ring::rand::SystemRandom::new())
        .map_err(|_| StoreError::File {
            path: PathBuf::from("the system's random numbers"),
            doing: "draw an id for the database",
            message: "the system gave none".to_owned(),
        })?;
    Ok(format!("{:032x}", u128::from_be_bytes(random.expose())))
}
