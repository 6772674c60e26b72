//! Writes articles into an SQLite file of their own: the export format `sqlite` and the output of that name.
//!
//! The table `articles` has the columns of the `articles` view; `gone` lists merged and deleted articles.

use std::path::Path;

use rusqlite::{Connection, params};

use super::article_ref::{ArticleRef, COLUMNS};
use super::error::StoreError;
use super::reader::ChangeRow;
use super::time;

/// A database under construction. The file is complete once [`SqliteWriter::finish`] has returned.
#[derive(Debug)]
pub struct SqliteWriter {
    db: Connection,
    /// Inserts an article.
    insert: String,
}

impl SqliteWriter {
    /// Creates the tables in an empty file.
    pub fn create(path: &Path) -> Result<Self, StoreError> {
        let db = Connection::open(path).map_err(|error| StoreError::from(error).of_file(path))?;
        let columns: Vec<String> =
            COLUMNS.iter().map(|(name, definition)| format!("{name} {definition}")).collect();
        // An unfinished file is of no use: it need not survive a crash.
        db.execute_batch(&format!(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -8192; \
             CREATE TABLE articles ({}); \
             CREATE TABLE gone (seq INTEGER PRIMARY KEY, article_id INTEGER NOT NULL, op TEXT NOT NULL, into_id INTEGER, \
             at TEXT NOT NULL); BEGIN;",
            columns.join(", ")
        ))
        .map_err(failed)?;
        let marks = vec!["?"; COLUMNS.len()].join(", ");
        Ok(Self { db, insert: format!("INSERT OR REPLACE INTO articles VALUES ({marks})") })
    }

    /// Adds an article; replaces one with the same `seq`.
    pub fn add_article(&mut self, article: &ArticleRef<'_>) -> Result<(), StoreError> {
        self.db
            .prepare_cached(&self.insert)
            .and_then(|mut insert| insert.execute(article.values()))
            .map_err(failed)?;
        Ok(())
    }

    /// Adds a merged or deleted article to the table `gone`.
    pub fn add_removed(&mut self, change: &ChangeRow) -> Result<(), StoreError> {
        self.db
            .prepare_cached("INSERT OR REPLACE INTO gone VALUES (?1, ?2, ?3, ?4, ?5)")
            .and_then(|mut insert| {
                insert.execute(params![
                    change.seq,
                    change.article_id,
                    change.op,
                    change.into_id,
                    time::text(change.at)
                ])
            })
            .map_err(failed)?;
        Ok(())
    }

    /// Commits, adds the indexes and closes the file.
    pub fn finish(self) -> Result<(), StoreError> {
        self.db
            .execute_batch(
                "COMMIT; CREATE INDEX articles_id ON articles (article_id); \
                 CREATE INDEX articles_published ON articles (published_at);",
            )
            .map_err(failed)?;
        self.db.close().map_err(|(_, error)| failed(error))
    }
}

fn failed(error: rusqlite::Error) -> StoreError {
    StoreError::from(error).while_doing("write the copy")
}
