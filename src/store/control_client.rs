//! Short writes beside the daemon, or without one. They need no lock: SQLite lets one process write at a time.

use std::path::Path;

use rusqlite::{Connection, Params, TransactionBehavior};

use super::error::StoreError;
use super::schema;

/// A connection for short writes while another process may hold the lock: requests of commands (`control`),
/// consumers, outputs. Each call is one transaction; a running daemon notices it within a second.
#[derive(Debug)]
pub struct ControlClient {
    pub(super) db: Connection,
}

impl ControlClient {
    /// Opens an existing database; refused if it is missing, of another version, not ours, or read-only.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Ok(Self { db: schema::open_control(path)? })
    }

    /// Runs `work` as one transaction.
    pub(super) fn write<T>(
        &mut self,
        doing: &'static str,
        work: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let transaction = self
            .db
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(|error| StoreError::from(error).while_doing(doing))?;
        let value = work(&transaction).map_err(|error| error.while_doing(doing))?;
        transaction.commit().map_err(|error| StoreError::from(error).while_doing(doing))?;
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
