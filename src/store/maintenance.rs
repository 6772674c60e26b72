//! Maintenance beside a daemon, or without one: `delete`, `join`, `part`, `prune`, `reextract`, `verify --rebuild-search`.
//!
//! It needs no lock and ends no lease. The work is done in short transactions, so that a running daemon hardly waits: SQLite
//! lets one of the two write at a time.

use std::borrow::Borrow;
use std::path::Path;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, TransactionBehavior};

use super::changes::DeletionReason;
use super::cluster::RecentSketches;
use super::error::StoreError;
use super::expiry::{self, RetentionPolicy};
use super::retention::{self, PruneForecast, PruneSummary};
use super::schema;
use super::text_index;
use crate::config::Source;
use crate::model::ArticleId;

/// A connection for maintenance commands.
#[derive(Debug)]
pub struct MaintenanceWriter {
    db: Connection,
    latest: RecentSketches,
}

impl MaintenanceWriter {
    /// Opens an existing database.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        // Refuses a missing file, which `open_writer` would create.
        drop(schema::open_reader(path)?);
        Ok(Self { db: schema::open_writer(path, "")?, latest: RecentSketches::default() })
    }

    /// Runs `work` as one transaction.
    pub(super) fn transaction<T>(
        &mut self,
        doing: &'static str,
        work: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let failed = |error: StoreError| error.while_doing(doing);
        let transaction = self
            .db
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(|error| failed(error.into()))?;
        let done = work(&transaction)
            .and_then(|done| text_index::update(&transaction, &mut self.latest).map(|()| done))
            .map_err(failed)?;
        transaction.commit().map_err(|error| failed(error.into()))?;
        Ok(done)
    }

    /// Deletes an article: the texts, raw pages, feed texts and words that are stored of it are overwritten in the file, and
    /// it is never stored again. Text that was dropped earlier (older revisions, the feed's text of a collected entry) may
    /// stay in free pages of the file until they are used again. `false` if it was deleted before.
    pub fn delete(&mut self, article: i64, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let doing = |error: rusqlite::Error| StoreError::from(error).while_doing("delete an article");
        let deleted = self.transaction("delete an article", |db| {
            let known: bool = db.query_row(
                "SELECT deleted_why IS 'takedown' FROM article WHERE id = ?1",
                [article],
                |row| row.get(0),
            )?;
            retention::drop_article(db, ArticleId(article), DeletionReason::Takedown, now)?;
            Ok(!known)
        })?;
        while self.transaction("merge the index of words", text_index::purge)? {}
        // Overwrites the log, too. While a reader uses it, the next checkpoint does that.
        self.db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).map_err(doing)?;
        Ok(deleted)
    }

    /// Rebuilds the full-text index; `progress` gets the number of indexed articles.
    pub fn rebuild_search(&mut self, mut progress: impl FnMut(u64)) -> Result<(), StoreError> {
        self.transaction("empty the index of words", |db| {
            db.execute("INSERT INTO search (search) VALUES ('delete-all')", [])?;
            db.execute("UPDATE article SET indexed_id = NULL WHERE indexed_id IS NOT NULL", [])?;
            Ok(())
        })?;
        let (mut after, mut indexed) = (0, 0);
        loop {
            let (last, count) = self.transaction("index the words of articles", |db| {
                let articles: Vec<i64> = db
                    .prepare_cached(
                        "SELECT id FROM article WHERE id > ?1 AND merged_into IS NULL AND deleted_at IS NULL \
                         ORDER BY id LIMIT 200",
                    )?
                    .query_map([after], |row| row.get(0))?
                    .collect::<Result<_, _>>()?;
                for article in &articles {
                    text_index::mark_changed(db, ArticleId(*article))?;
                }
                Ok((articles.last().copied(), articles.len() as u64))
            })?;
            let Some(last) = last else { return Ok(()) };
            after = last;
            indexed += count;
            progress(indexed);
        }
    }

    /// The retention policies of configured sources.
    pub fn policies(&self, sources: &[impl Borrow<Source>]) -> Result<Vec<RetentionPolicy>, StoreError> {
        expiry::configured_policies(&self.db, sources)
    }

    /// What [`Self::prune`] would drop.
    pub fn forecast(
        &self,
        policies: &[RetentionPolicy],
        now: DateTime<Utc>,
    ) -> Result<PruneForecast, StoreError> {
        retention::forecast(&self.db, policies, now)
    }

    /// Drops what is kept no longer, part by part; `progress` gets the sum after each.
    pub fn prune(
        &mut self,
        policies: &[RetentionPolicy],
        now: DateTime<Utc>,
        mut progress: impl FnMut(PruneSummary),
    ) -> Result<PruneSummary, StoreError> {
        let mut sum = PruneSummary::default();
        loop {
            let part =
                self.transaction("drop what is kept no longer", |db| retention::prune(db, policies, now))?;
            sum.articles += part.articles;
            sum.pages += part.pages;
            progress(sum);
            if !part.more {
                return Ok(sum);
            }
        }
    }
}
