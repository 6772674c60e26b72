//! The forms there are, and what is special about each.

use crate::store::SortOrder;

/// A form of the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
#[value(rename_all = "lower")]
pub enum Format {
    /// One JSON object a line
    Jsonl,
    /// A table with commas (RFC 4180)
    Csv,
    /// A table with tabs
    Tsv,
    /// Markdown with front matter
    Markdown,
    /// Pages to read
    Html,
    /// RSS 2.0 with the full text
    Rss,
    /// Atom with the full text
    Atom,
    /// JSON Feed 1.1
    JsonFeed,
    /// The sources, for other feed readers
    Opml,
    /// The stored pages as they were received, for archives
    Warc,
    /// A SQLite file
    Sqlite,
    /// Columns for analysts, compressed (zstd)
    Parquet,
    /// A book, by source and day
    Epub,
}

impl Format {
    /// As file names end.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Jsonl => ".jsonl",
            Self::Csv => ".csv",
            Self::Tsv => ".tsv",
            Self::Markdown => ".md",
            Self::Html => ".html",
            Self::Rss => ".rss",
            Self::Atom => ".atom",
            Self::JsonFeed => ".json",
            Self::Opml => ".opml",
            Self::Warc => ".warc",
            Self::Sqlite => ".db",
            Self::Parquet => ".parquet",
            Self::Epub => ".epub",
        }
    }

    /// Feeds begin with what is new.
    pub fn is_feed(self) -> bool {
        matches!(self, Self::Rss | Self::Atom | Self::JsonFeed)
    }

    /// In a folder each article has a file of its own.
    pub fn is_of_one(self) -> bool {
        matches!(self, Self::Markdown | Self::Html)
    }

    /// Whether it has columns to choose from.
    pub fn has_fields(self) -> bool {
        matches!(self, Self::Jsonl | Self::Csv | Self::Tsv | Self::Parquet)
    }

    /// Whether it has a word for articles that are gone.
    pub fn tells_of_gone(self) -> bool {
        matches!(self, Self::Jsonl | Self::Sqlite)
    }

    /// Not of articles: of sources, or of stored pages.
    pub fn is_of_other_things(self) -> bool {
        matches!(self, Self::Opml | Self::Warc)
    }

    /// Whether it can be written only where one can go back.
    pub fn needs_a_file(self) -> bool {
        self == Self::Sqlite
    }

    /// Which articles come first.
    pub fn sequence(self) -> SortOrder {
        match self {
            Self::Rss | Self::Atom | Self::JsonFeed => SortOrder::Newest,
            Self::Epub => SortOrder::SourceAndDay,
            _ => SortOrder::Seq,
        }
    }
}
