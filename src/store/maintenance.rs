//! Writing beside a daemon, or without one: what a person does by hand.
//!
//! A clerk takes no lock and voids no lease. Each of its steps is a transaction of its own, short enough that a daemon
//! does not notice; SQLite lets one of the two write at a time.

use std::borrow::Borrow;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use rusqlite::{Connection, TransactionBehavior};

use super::changes::DeletionReason;
use super::cluster::RecentSketches;
use super::error::StoreError;
use super::retention::{self, PrunePlan, PruneSummary, RetentionPolicy};
use super::schema;
use super::text_index;
use crate::config::Source;
use crate::model::ArticleId;

/// A connection that writes now and then.
#[derive(Debug)]
pub struct MaintenanceWriter {
    db: Connection,
    path: PathBuf,
    latest: RecentSketches,
}

impl MaintenanceWriter {
    /// Opens a database that is there.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        // Refuses what is missing, foreign or newer, and leaves it as it is.
        drop(schema::open_reader(path)?);
        Ok(Self {
            db: schema::open_writer(path, "")?,
            path: path.to_owned(),
            latest: RecentSketches::default(),
        })
    }

    /// Where the database is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// One transaction, all of it or nothing.
    pub(super) fn step<T>(
        &mut self,
        doing: &'static str,
        work: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let failed = |error: StoreError| error.while_doing(doing);
        let step = self
            .db
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(|error| failed(error.into()))?;
        let done = work(&step)
            .and_then(|done| text_index::update(&step, &mut self.latest).map(|()| done))
            .map_err(failed)?;
        step.commit().map_err(|error| failed(error.into()))?;
        Ok(done)
    }

    /// Takes an article down: its texts, its raw pages and its words are gone, overwritten in the file, and it never
    /// comes back. `false`: it was deleted before.
    pub fn delete(&mut self, article: i64, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let doing = |error: rusqlite::Error| StoreError::from(error).while_doing("delete an article");
        let deleted = self.step("delete an article", |db| {
            let known: bool = db.query_row(
                "SELECT deleted_why IS 'takedown' FROM article WHERE id = ?1",
                [article],
                |row| row.get(0),
            )?;
            retention::drop_article(db, ArticleId(article), DeletionReason::Takedown, now)?;
            Ok(!known)
        })?;
        while self.step("merge the index of words", text_index::purge)? {}
        // What the log holds of it is overwritten too, unless a reader is at it: then the next checkpoint does it.
        self.db
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
            .map_err(doing)?;
        Ok(deleted)
    }

    /// Builds the index of words anew from what readers see; `step` is told how many articles are in it.
    pub fn rebuild_search(&mut self, mut step: impl FnMut(u64)) -> Result<(), StoreError> {
        self.step("empty the index of words", |db| {
            db.execute("INSERT INTO search (search) VALUES ('delete-all')", [])?;
            db.execute(
                "UPDATE article SET indexed_id = NULL WHERE indexed_id IS NOT NULL",
                [],
            )?;
            Ok(())
        })?;
        let (mut after, mut indexed) = (0, 0);
        loop {
            let (last, count) = self.step("index the words of articles", |db| {
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
            step(indexed);
        }
    }

    /// What the sources keep, as configured.
    pub fn policies(&self, sources: &[impl Borrow<Source>]) -> Result<Vec<RetentionPolicy>, StoreError> {
        retention::configured_policies(&self.db, sources)
    }

    /// What [`Clerk::prune`] would drop: articles by source, and raw pages.
    pub fn plan(
        &self,
        policies: &[RetentionPolicy],
        now: DateTime<Utc>,
    ) -> Result<(Vec<PrunePlan>, u64), StoreError> {
        retention::plan(&self.db, policies, now)
    }

    /// Drops what is kept no longer, part by part; `step` is told the sum after each.
    pub fn prune(
        &mut self,
        policies: &[RetentionPolicy],
        now: DateTime<Utc>,
        mut step: impl FnMut(PruneSummary),
    ) -> Result<PruneSummary, StoreError> {
        let mut sum = PruneSummary::default();
        loop {
            let part = self.step("drop what is kept no longer", |db| {
                retention::prune(db, policies, now)
            })?;
            sum.articles += part.articles;
            sum.pages += part.pages;
            step(sum);
            if !part.more {
                return Ok(sum);
            }
        }
    }
}
