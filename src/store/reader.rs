//! Reading, beside a daemon or without one. Never blocks the writer, never writes.

use std::path::Path;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, Row};

use super::error::StoreError;
use super::{schema, time};

/// A query-only connection. Not `Sync`: one for each thread, opened where it is needed.
#[derive(Debug)]
pub struct Reader {
    pub(super) db: Connection,
}

/// A row of the `changes` view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeRow {
    /// Grows, never repeats.
    pub seq: i64,
    /// Whose change.
    pub article_id: i64,
    /// `new`, `revised`, `merged`, `deleted`.
    pub op: String,
    /// For `merged`: the article that it is from now on.
    pub into_id: Option<i64>,
    /// When.
    pub at: DateTime<Utc>,
}

impl Reader {
    /// Opens the database at `path`; plainly refused where there is none or it is not ours.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Ok(Self {
            db: schema::open_reader(path)?,
        })
    }
}

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
