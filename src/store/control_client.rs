//! Small writes beside the daemon, or without one: they need no lock, only their turn at the database.

use std::path::Path;

use rusqlite::{Connection, Params, TransactionBehavior};

use super::error::StoreError;
use super::schema;

/// A connection for what a person or a reader has to say while another process may be the writer. Each call is one
/// short transaction; a running daemon sees it within a second.
#[derive(Debug)]
pub struct ControlClient {
    pub(super) db: Connection,
}

impl ControlClient {
    /// Opens the database at `path`; plainly refused where there is none, it is not ours, or it may not be written.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Ok(Self {
            db: schema::open_control(path)?,
        })
    }

    /// Runs `work` as one transaction.
    pub(super) fn write<T>(
        &mut self,
        doing: &'static str,
        work: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let step = self
            .db
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(|error| StoreError::from(error).while_doing(doing))?;
        let value = work(&step).map_err(|error| error.while_doing(doing))?;
        step.commit()
            .map_err(|error| StoreError::from(error).while_doing(doing))?;
        Ok(value)
    }

    /// Runs one statement as a transaction.
    pub(super) fn execute(
        &mut self,
        doing: &'static str,
        sql: &str,
        params: impl Params,
    ) -> Result<(), StoreError> {
        self.write(doing, |db| {
            db.execute(sql, params)?;
            Ok(())
        })
    }
}
