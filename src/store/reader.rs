//! The query-only side of the store: what commands, exports and metrics read, beside a daemon or without one.
//!
//! Write-ahead logging lets readers and the writer work at the same time. Other files of the store add methods to
//! [`Reader`], each where its table is explained.

use std::path::Path;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Params, Row, RowIndex};

use super::error::StoreError;
use super::{schema, time};
use crate::model::SourceId;

/// A query-only connection. Not `Sync`: each thread opens its own.
#[derive(Debug)]
pub struct Reader {
    pub(super) db: Connection,
}

/// A row of the `changes` view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeRow {
    /// Number of the change; grows and never repeats.
    pub seq: i64,
    /// The article that changed.
    pub article_id: i64,
    /// `new`, `revised`, `merged`, `deleted`.
    pub op: String,
    /// For `merged`: the article that it is part of from now on.
    pub into_id: Option<i64>,
    /// When.
    pub at: DateTime<Utc>,
}

impl Reader {
    /// Opens the database at `path`. Refused where there is none, it is not ours, or it has another schema.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Ok(Self { db: schema::open_reader(path)? })
    }

    /// Number of the last change; 0 in an empty database.
    pub fn last_seq(&self) -> Result<i64, StoreError> {
        Ok(self.db.query_row("SELECT seq FROM sequence", [], |row| row.get(0))?)
    }

    /// The id of this database. A restored backup has another one.
    pub fn store_id(&self) -> Result<String, StoreError> {
        let sql = "SELECT value FROM meta WHERE key = 'store_id'";
        Ok(self.db.query_row(sql, [], |row| row.get(0))?)
    }

    /// All rows of a query, each as `read` returns it. `doing` is named in errors.
    pub(super) fn rows<T>(
        &self,
        doing: &'static str,
        sql: &str,
        params: impl Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, StoreError> {
        self.db
            .prepare_cached(sql)
            .and_then(|mut query| query.query_map(params, read)?.collect())
            .map_err(|error| StoreError::from(error).while_doing(doing))
    }
}

/// The source with a name.
pub(super) fn source_by_name(db: &Connection, name: &str) -> rusqlite::Result<Option<SourceId>> {
    db.prepare_cached("SELECT id FROM source WHERE name = ?1")?
        .query_row([name], |row| row.get(0).map(SourceId))
        .optional()
}

/// A column with an RFC 3339 time.
pub(super) fn timestamp(row: &Row<'_>, column: usize) -> rusqlite::Result<DateTime<Utc>> {
    let text: String = row.get(column)?;
    time::parse(&text).ok_or_else(|| {
        rusqlite::Error::FromSqlConversionFailure(
            column,
            rusqlite::types::Type::Text,
            format!("{text:?} is no time").into(),
        )
    })
}

/// The same where the column may be null. What is not a time counts as null.
pub(super) fn optional_timestamp(
    row: &Row<'_>,
    column: impl RowIndex,
) -> rusqlite::Result<Option<DateTime<Utc>>> {
    let text: Option<String> = row.get(column)?;
    Ok(text.as_deref().and_then(time::parse))
}

/// A column with a number that is never negative.
pub(super) fn unsigned(row: &Row<'_>, column: impl RowIndex) -> rusqlite::Result<u64> {
    row.get(column).map(i64::unsigned_abs)
}
