//! [`Store`]: the daemon's handle of the database.
//!
//! Each method runs one closure on the writer thread ([`super::writer`]) and returns when its transaction is on the disk.

use std::borrow::Borrow;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, TransactionBehavior, params};

use super::backlog::{self, Backlog};
use super::claims::{ClaimRequest, Claims};
use super::control::{self, ControlRequest};
use super::crash_journal::{CrashJournal, WorkGuard, WorkItem};
use super::entry_match::UnseenEntries;
use super::error::StoreError;
use super::expiry;
use super::page_outcomes::{self, CompressedPage};
use super::retention::{self, PruneSummary};
use super::robots_cache::{self, HostStates};
use super::settling;
use super::sources::{self, ConfiguredSource};
use super::writer::{BatchPriority, WriterThread};
use super::{
    disk_space, entry_claims, entry_match, lock, poll_outcomes, queue, schema, selector_stats, source_claims,
    time,
};
use crate::config::{ArticleRules, BackoffScope, Config, Source};
use crate::cpu;
use crate::model::{
    ClaimedEntry, ClaimedSource, EntryId, EntryKeys, Lease, PageOutcome, ParsedFeed, PollCounts, PollOutcome,
    SourceId, StoreOutcome,
};

/// The writer of a database. Its lock makes sure that there is only one.
#[derive(Debug)]
pub struct Store {
    pub(super) writer: WriterThread,
    journal: Arc<CrashJournal>,
    claims: Arc<Claims>,
    path: PathBuf,
    /// `PRAGMA data_version` when it was last read: it changes when another connection commits.
    data_version: Arc<AtomicI64>,
    /// Outcomes that wait for their transaction.
    recording: AtomicUsize,
}

impl Store {
    /// Opens the database at `path`; creates it and its folder where there is none.
    ///
    /// Refused, and left as it was: a database that another process writes, one of another version, and any other file.
    /// Leases of earlier runs end, and each input that such a run was parsing when it died is counted as a crash.
    pub fn open(path: &Path, now: DateTime<Utc>) -> Result<Self, StoreError> {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(|error| StoreError::File {
                path: folder.to_owned(),
                doing: "make the folder of the database",
                message: error.to_string(),
            })?;
        }
        let lock = lock::Lock::acquire(path, now)?;
        let mut db = schema::open_writer(path, &schema::random_store_id()?)?;
        let (journal, crashed) = CrashJournal::open(path)?;
        let run = start_run(&mut db, &crashed, now)
            .map_err(|error| error.while_doing("start a run").of_file(path))?;
        journal.clear(path)?;
        Ok(Self {
            writer: WriterThread::start(db, lock)?,
            journal: Arc::new(journal),
            claims: Arc::new(Claims::new(run)),
            path: path.to_owned(),
            data_version: Arc::default(),
            recording: AtomicUsize::new(0),
        })
    }

    /// Number of this run, unique in the database.
    pub fn run(&self) -> i64 {
        self.claims.run()
    }

    /// Path of the database.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Finishes what waits, checkpoints the log and frees the lock. Later calls fail with [`StoreError::Closed`].
    pub async fn close(&self) -> Result<(), StoreError> {
        self.writer.close().await
    }

    /// Counts sources that are polled, and those of them whose last poll failed.
    pub async fn count_failing(&self) -> Result<(u64, u64), StoreError> {
        self.writer.read("count sources", backlog::count_failing).await
    }

    /// Whether another process has written since the last call. Cheap: one pragma.
    pub async fn has_external_write(&self) -> Result<bool, StoreError> {
        let last = Arc::clone(&self.data_version);
        let read = move |db: &Connection| {
            let version = db.query_row("PRAGMA data_version", [], |row| row.get(0))?;
            Ok(last.swap(version, Ordering::Relaxed) != version)
        };
        self.writer.read("look for requests", read).await
    }

    /// Requests to this run that have no answer yet, oldest first.
    pub async fn control_requests(&self) -> Result<Vec<ControlRequest>, StoreError> {
        self.writer.read("read requests", control::open_requests).await
    }

    /// Answers a request.
    pub async fn answer_request(&self, id: i64, answer: String) -> Result<(), StoreError> {
        self.writer.call("answer a request", move |db| control::answer(db, id, &answer)).await
    }

    /// Brings the sources in line with the configuration, one backoff per host; see [`Self::apply_config`].
    pub async fn sync_sources<S: Borrow<Source>>(
        &self,
        configured: &[S],
        now: DateTime<Utc>,
    ) -> Result<Vec<(SourceId, String)>, StoreError> {
        self.apply_config(configured, BackoffScope::default(), now).await
    }

    /// Brings the sources in line with the configuration; gives their ids and names, in its order.
    ///
    /// New sources are due at once. Those that are removed or switched off keep their state and entries, and are not
    /// claimed. One with another feed URL is due at once and its next poll is unconditional; one with another schedule
    /// is due no later than that says.
    pub async fn apply_config(
        &self,
        configured: &[impl Borrow<Source>],
        scope: BackoffScope,
        now: DateTime<Utc>,
    ) -> Result<Vec<(SourceId, String)>, StoreError> {
        let configured: Vec<_> = configured
            .iter()
            .enumerate()
            .map(|(position, source)| ConfiguredSource::of(source.borrow(), position, scope))
            .collect();
        self.writer
            .call("take in the configured sources", move |db| sources::apply_config(db, &configured, now))
            .await
    }

    /// Drops the statistics of selectors that are no longer configured. Those of a source that is not configured stay, like
    /// all its state.
    pub async fn retain_selectors(&self, config: &Config) -> Result<(), StoreError> {
        let mut unused = self.writer.read("look for old selectors", selector_stats::stored_selectors).await?;
        if !unused.is_empty() {
            // Any source may lead to a page of any site.
            let sites: HashSet<(&str, &str)> = config.sites.all().flat_map(ArticleRules::selectors).collect();
            let sources = config.sources.iter();
            let by_name: HashMap<&str, &Source> =
                sources.map(|source| (source.name.as_str(), &**source)).collect();
            unused.retain(|stored| {
                let selector = (stored.field.as_str(), stored.selector.as_str());
                by_name.get(stored.source_name.as_str()).is_some_and(|source| {
                    let own = source.rules.iter().chain([&source.article]);
                    let mut own = own.flat_map(ArticleRules::selectors);
                    !sites.contains(&selector) && !own.any(|configured| configured == selector)
                })
            });
        }
        if unused.is_empty() {
            return Ok(());
        }
        self.writer.call("forget old selectors", move |db| selector_stats::remove(db, &unused)).await
    }

    /// What earlier runs learned of robots.txt and of hosts that must not be asked yet.
    pub async fn host_states(&self, now: DateTime<Utc>) -> Result<HostStates, StoreError> {
        self.writer.call("read the states of hosts", move |db| robots_cache::host_states(db, now)).await
    }

    /// Leases up to `limit` sources: see `source_claims::claim`.
    pub async fn claim_sources(
        &self,
        now: DateTime<Utc>,
        limit: usize,
        all: Option<DateTime<Utc>>,
    ) -> Result<Vec<ClaimedSource>, StoreError> {
        let claims = Arc::clone(&self.claims);
        self.writer.call("claim sources", move |db| source_claims::claim(db, now, limit, all, &claims)).await
    }

    /// Leases up to `limit` entries: see `entry_claims::claim`.
    pub async fn claim_entries(
        &self,
        now: DateTime<Utc>,
        limit: usize,
        gap: Duration,
    ) -> Result<Vec<ClaimedEntry>, StoreError> {
        let claims = Arc::clone(&self.claims);
        self.writer
            .call("claim entries", move |db| entry_claims::claim(db, now, limit, gap, &claims))
            .await
            .inspect(|entries| self.claims.note_served(entries))
    }

    /// Leases sources and then entries, in one transaction.
    pub async fn claim(
        &self,
        now: DateTime<Utc>,
        request: ClaimRequest,
    ) -> Result<(Vec<ClaimedSource>, Vec<ClaimedEntry>), StoreError> {
        let claims = Arc::clone(&self.claims);
        self.writer
            .call("claim what is due", move |db| {
                let sources = source_claims::claim(db, now, request.sources, request.all, &claims)?;
                // Sources of one address are one request; they may be more than the limit.
                let room = request.room.saturating_sub(sources.len().min(request.sources));
                let entries = entry_claims::claim(db, now, room, request.gap, &claims)?;
                Ok((sources, entries))
            })
            .await
            .inspect(|(_, entries)| self.claims.note_served(entries))
    }

    /// The entries that a source has not had yet, under whatever id. `session`: parameters that carry a session.
    pub async fn unseen(
        &self,
        source: SourceId,
        feed: Arc<ParsedFeed>,
        keys: Arc<[EntryKeys]>,
        session: Vec<String>,
    ) -> Result<UnseenEntries, StoreError> {
        let look = move |db: &Connection| entry_match::unseen(db, source, &feed, &keys, &session);
        self.writer.read("look for known entries", look).await
    }

    /// Number of outcomes that wait for their transaction. They make no requests meanwhile.
    pub fn recording(&self) -> usize {
        self.recording.load(Ordering::Relaxed)
    }

    /// Records a poll: entries, validators, what was observed of hosts, and the next poll.
    pub async fn record_poll(&self, outcome: PollOutcome) -> Result<PollCounts, StoreError> {
        let _recording = RecordingGuard::new(&self.recording);
        // It may wait for others: a poll whose outcome is lost is repeated.
        self.writer
            .call_in(BatchPriority::Gather, "record a poll", move |db| poll_outcomes::record(db, &outcome))
            .await
    }

    /// Records a page: article, keys, raw page, the entry's state, and what was observed of hosts.
    pub async fn record_page(&self, mut outcome: PageOutcome) -> Result<StoreOutcome, StoreError> {
        let _recording = RecordingGuard::new(&self.recording);
        let compressed = if let Some(bytes) = CompressedPage::bytes_to_compress(&outcome) {
            let compress = move || {
                let compressed = CompressedPage::take(&mut outcome);
                (outcome, compressed)
            };
            let permit = cpu::permit().await;
            let compressed;
            (outcome, compressed) =
                permit.work(bytes, compress).await.map_err(|_panic| StoreError::Closed)?;
            compressed?
        } else {
            CompressedPage::take(&mut outcome)?
        };
        self.writer
            .call_in(BatchPriority::Gather, "record a page", move |db| {
                page_outcomes::record(db, &outcome, compressed.as_ref())
            })
            .await
    }

    /// Drops a bounded part of what sources keep no longer, and returns free pages to the file system.
    pub async fn prune(&self, now: DateTime<Utc>) -> Result<PruneSummary, StoreError> {
        self.writer
            .call("drop what is kept no longer", move |db| {
                retention::prune(db, &expiry::stored_policies(db)?, now)
            })
            .await
    }

    /// Settles a part of the provisional articles whose pages are not tried regularly any more; `true`: there may be more.
    pub async fn settle_overdue(&self, now: DateTime<Utc>) -> Result<bool, StoreError> {
        self.writer.call("settle articles whose pages do not come", move |db| settling::sweep(db, now)).await
    }

    /// A sentence if fewer than `least` bytes are free where the database is. It is stored for `status`, if there is room.
    pub async fn disk_shortage(&self, least: u64, now: DateTime<Utc>) -> Option<String> {
        let path = self.path.clone();
        let sentence = tokio::task::spawn_blocking(move || disk_space::shortage(&path, least)).await.ok()?;
        let stored = sentence.clone();
        let store = move |db: &Connection| disk_space::store_pause(db, stored.as_deref(), now);
        if let Err(error) = self.writer.call("note how much room there is", store).await {
            tracing::debug!("{error}");
        }
        sentence
    }

    /// Ends leases without an outcome, for a clean stop. No attempt is counted.
    pub async fn release(&self, leases: Vec<Lease>) -> Result<(), StoreError> {
        self.writer.call("release what was claimed", move |db| queue::release(db, &leases)).await
    }

    /// Ends all leases of this run without an outcome.
    pub async fn release_all(&self) -> Result<(), StoreError> {
        self.writer.call("release what was claimed", queue::release_all).await
    }

    /// When the next source and the next entry can be claimed, and how much waits.
    pub async fn backlog(&self, now: DateTime<Utc>) -> Result<Backlog, StoreError> {
        self.writer.read("look at what waits", move |db| backlog::read(db, now)).await
    }

    /// As [`Self::backlog`], without counting: `pending` and `leased` are 0.
    pub async fn next_claims(&self, now: DateTime<Utc>) -> Result<Backlog, StoreError> {
        self.writer.read("look at what is due", move |db| backlog::next_claims(db, now)).await
    }

    /// Notes that the input of `item` is being parsed, until the guard is dropped. If the process dies meanwhile, the next
    /// start counts a crash of that row, and a child process reads its input first.
    pub fn begin_work(&self, item: WorkItem) -> WorkGuard {
        self.journal.begin(item)
    }
}

/// Counts an outcome that waits for its transaction, until it is dropped.
struct RecordingGuard<'a>(&'a AtomicUsize);

impl<'a> RecordingGuard<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for RecordingGuard<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Gives this run its number, ends the leases of earlier runs, and counts their crashes.
fn start_run(db: &mut Connection, crashed: &[WorkItem], now: DateTime<Utc>) -> Result<i64, StoreError> {
    let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute(
        "INSERT INTO run (pid, started_at) VALUES (?1, ?2)",
        params![std::process::id(), time::text(now)],
    )?;
    let run = transaction.last_insert_rowid();
    // The latest row must stay, or its number would be given again.
    transaction.execute("DELETE FROM run WHERE id < ?1 - 1000", [run])?;
    transaction.execute("DELETE FROM request", [])?;
    queue::release_all(&transaction)?;
    for item in crashed {
        match *item {
            WorkItem::Source(SourceId(id)) => {
                transaction.execute("UPDATE source SET crashes = crashes + 1 WHERE id = ?1", [id])?;
            }
            WorkItem::Entry(EntryId(id)) => {
                transaction.execute("UPDATE entry SET crashes = crashes + 1 WHERE id = ?1", [id])?;
            }
        }
    }
    transaction.commit()?;
    Ok(run)
}
