//! An article as a row of the `articles` view (docs/schema.md), borrowed from SQLite while a query runs.
//!
//! One table below defines the fields, the columns of every query for them, and the columns of an SQLite export. `query`
//! and `query_rows` read rows, `sqlite_writer` writes them, `export` and `deliver` receive them.

use chrono::{DateTime, Utc};
use rusqlite::Row;
use rusqlite::types::{ToSql, ValueRef};

/// Defines [`ArticleRef`] and its columns from lines of name, type, and column definition in an export.
macro_rules! article_columns {
    ($($(#[$attribute:meta])* $name:ident: $type:ty = $definition:literal,)*) => {
        /// An article, or a revision of it. The fields but `op` and `joined` are the columns of the `articles` view.
        #[derive(Clone, Copy, Debug, PartialEq)]
        #[expect(missing_docs, reason = "docs/schema.md describes each column")]
        pub struct ArticleRef<'a> {
            /// `new` or `revised`; always `new` where the order is not that of `seq`.
            pub op: &'a str,
            /// The change by which it came to the selected sources, where its own change is an older one.
            pub joined: Option<Joined>,
            $($(#[$attribute])* pub $name: $type,)*
        }

        /// Names of the columns, and their definitions in an SQLite export.
        pub(super) const COLUMNS: &[(&str, &str)] = &[$((stringify!($name), $definition)),*];

        impl<'a> ArticleRef<'a> {
            /// Reads a row whose columns are [`COLUMNS`], in that order.
            pub(super) fn read(
                row: &'a Row<'_>,
                op: &'a str,
                joined: Option<Joined>,
            ) -> rusqlite::Result<Self> {
                let mut columns = 0..;
                let mut next = || row.get_ref(columns.next().unwrap_or_default());
                Ok(Self { op, joined, $($name: ColumnValue::read(next()?)?),* })
            }

            /// The values of [`COLUMNS`], in that order.
            pub(super) fn values(&self) -> [&dyn ToSql; COLUMNS.len()] {
                [$(&self.$name),*]
            }
        }
    };
}

article_columns! {
    seq: i64 = "INTEGER PRIMARY KEY",
    article_id: i64 = "INTEGER NOT NULL",
    url: &'a str = "TEXT NOT NULL",
    short_link: Option<&'a str> = "TEXT",
    title: Option<&'a str> = "TEXT",
    standfirst: Option<&'a str> = "TEXT",
    byline: Option<&'a str> = "TEXT",
    /// A JSON list.
    authors: &'a str = "TEXT NOT NULL",
    published: Option<&'a str> = "TEXT",
    published_at: Option<&'a str> = "TEXT",
    precision: Option<&'a str> = "TEXT",
    modified: Option<&'a str> = "TEXT",
    text: &'a str = "TEXT NOT NULL",
    html: &'a str = "TEXT NOT NULL",
    image: Option<&'a str> = "TEXT",
    /// Pixels.
    image_width: Option<i64> = "INTEGER",
    image_height: Option<i64> = "INTEGER",
    language: Option<&'a str> = "TEXT",
    site: Option<&'a str> = "TEXT",
    section: Option<&'a str> = "TEXT",
    /// A JSON list.
    tags: &'a str = "TEXT NOT NULL",
    rights: Option<&'a str> = "TEXT",
    /// A JSON list of objects.
    enclosures: &'a str = "TEXT NOT NULL",
    source: Option<&'a str> = "TEXT",
    /// A JSON list.
    sources: &'a str = "TEXT NOT NULL",
    method: &'a str = "TEXT NOT NULL",
    kind: &'a str = "TEXT NOT NULL",
    /// A JSON object.
    origins: &'a str = "TEXT NOT NULL",
    first_seen: &'a str = "TEXT NOT NULL",
    fetched_at: &'a str = "TEXT NOT NULL",
    cluster: i64 = "INTEGER NOT NULL",
    /// 1: the feed's text until the page comes.
    provisional: i64 = "INTEGER NOT NULL",
}

/// The change by which an article came to a source that had not named it before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Joined {
    /// Its number.
    pub seq: i64,
    /// When.
    pub at: DateTime<Utc>,
}

/// A value that borrows from a row.
trait ColumnValue<'a>: Sized {
    fn read(value: ValueRef<'a>) -> rusqlite::Result<Self>;
}

impl ColumnValue<'_> for i64 {
    fn read(value: ValueRef<'_>) -> rusqlite::Result<Self> {
        Ok(value.as_i64()?)
    }
}

impl<'a> ColumnValue<'a> for &'a str {
    /// Checks UTF-8 several times as fast as the standard library.
    fn read(value: ValueRef<'a>) -> rusqlite::Result<Self> {
        if let ValueRef::Text(bytes) = value
            && let Ok(text) = simdutf8::basic::from_utf8(bytes)
        {
            return Ok(text);
        }
        Ok(value.as_str()?)
    }
}

impl<'a, T: ColumnValue<'a>> ColumnValue<'a> for Option<T> {
    fn read(value: ValueRef<'a>) -> rusqlite::Result<Self> {
        match value {
            ValueRef::Null => Ok(None),
            value => T::read(value).map(Some),
        }
    }
}
