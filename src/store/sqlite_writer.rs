//! Articles as a SQLite file of their own, to be given away.

use std::path::Path;

use rusqlite::{Connection, params};

use super::error::StoreError;
use super::query::ArticleRef;
use super::reader::ChangeRow;
use super::time;

/// A database under construction. The file is whole once [`Copy::finish`] has returned.
#[derive(Debug)]
pub struct SqliteWriter {
    db: Connection,
}

impl SqliteWriter {
    /// Begins one in an empty file.
    pub fn create(path: &Path) -> Result<Self, StoreError> {
        let db = Connection::open(path).map_err(|error| StoreError::from(error).of_file(path))?;
        // The file is of no use before it is finished: nothing of it needs to survive a crash.
        db.execute_batch(&format!(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -8192; {SCHEMA} BEGIN;"
        ))
        .map_err(doing)?;
        Ok(Self { db })
    }

    /// Adds an article.
    pub fn add_article(&mut self, article: &ArticleRef<'_>) -> Result<(), StoreError> {
        self.db
            .prepare_cached(
                "INSERT OR REPLACE INTO articles VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, \
                 ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30)",
            )
            .and_then(|mut insert| {
                insert.execute(params![
                    article.seq,
                    article.article_id,
                    article.url,
                    article.short_link,
                    article.title,
                    article.standfirst,
                    article.byline,
                    article.authors,
                    article.published,
                    article.published_at,
                    article.precision,
                    article.modified,
                    article.text,
                    article.html,
                    article.image,
                    article.image_width,
                    article.image_height,
                    article.language,
                    article.site,
                    article.section,
                    article.tags,
                    article.rights,
                    article.enclosures,
                    article.source,
                    article.method,
                    article.kind,
                    article.origins,
                    article.first_seen,
                    article.fetched_at,
                    article.cluster
                ])
            })
            .map_err(doing)?;
        Ok(())
    }

    /// Adds what became of an article that is gone.
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
            .map_err(doing)?;
        Ok(())
    }

    /// Closes the file.
    pub fn finish(self) -> Result<(), StoreError> {
        self.db
            .execute_batch(
                "COMMIT; CREATE INDEX articles_id ON articles (article_id); \
                 CREATE INDEX articles_published ON articles (published_at);",
            )
            .map_err(doing)?;
        self.db.close().map_err(|(_, error)| doing(error))
    }
}

/// The columns of the `articles` view of docs/schema.md.
const SCHEMA: &str = "CREATE TABLE articles (seq INTEGER PRIMARY KEY, article_id INTEGER NOT NULL, url TEXT NOT NULL, \
     short_link TEXT, title TEXT, standfirst TEXT, byline TEXT, authors TEXT NOT NULL, published TEXT, published_at TEXT, \
     precision TEXT, modified TEXT, text TEXT NOT NULL, html TEXT NOT NULL, image TEXT, image_width INTEGER, \
     image_height INTEGER, language TEXT, site TEXT, \
     section TEXT, tags TEXT NOT NULL, rights TEXT, enclosures TEXT NOT NULL, \
     source TEXT, method TEXT NOT NULL, kind TEXT NOT NULL, origins TEXT NOT NULL, first_seen TEXT NOT NULL, \
     fetched_at TEXT NOT NULL, cluster INTEGER NOT NULL); \
     CREATE TABLE gone (seq INTEGER PRIMARY KEY, article_id INTEGER NOT NULL, op TEXT NOT NULL, into_id INTEGER, \
     at TEXT NOT NULL);";

fn doing(error: rusqlite::Error) -> StoreError {
    StoreError::from(error).while_doing("write the copy")
}
