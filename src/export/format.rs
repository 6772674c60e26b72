//! The table of export formats. A row of [`FORMATS`] is the only place that knows a format.
//!
//! The help and the checks of `cuttings export` are made from it. Tests hold README.md and docs/exports.md to it (below)
//! and export every format (tests/it/export.rs). A new format is a row here and a file with its writer.

use super::citations::{Citations, bibtex, csl, ris};
use super::destination::OutputSink;
use super::error::ExportError;
use super::feeds::{AtomFeed, JsonFeed, RssFeed};
use super::html_page::HtmlPage;
use super::jsonl::JsonlWriter;
use super::markdown::Markdown;
use super::sqlite::SqliteFileWriter;
use super::table::Table;
use super::text::{TextFormat, TextWriter};
use super::writer::{ArticleWriter, RecordExport, WriterOptions};
use super::{opml, warc};
use crate::store::SortOrder;

/// What is particular to a format.
#[derive(Debug)]
pub(crate) struct Format {
    /// What `--format` takes, in lower case.
    pub(crate) name: &'static str,
    /// How its file names end, with the dot.
    pub(crate) ending: &'static str,
    /// Help of `--format`, one line of plain text.
    pub(crate) help: &'static str,
    /// Its line in docs/exports.md, in Markdown.
    #[cfg_attr(not(test), expect(dead_code, reason = "a test holds docs/exports.md to it"))]
    pub(crate) docs: &'static str,
    /// The cargo feature without which a build does not have it.
    #[cfg_attr(not(test), expect(dead_code, reason = "a test holds docs/exports.md to it"))]
    pub(crate) feature: Option<&'static str>,
    /// What it is made of, and what writes it.
    pub(crate) contents: Contents,
    /// What `--to FOLDER/` makes.
    pub(crate) folder: FolderLayout,
    /// Which articles come first.
    pub(crate) order: SortOrder,
    /// What else it has or needs.
    properties: &'static [Property],
}

/// What a format is made of.
#[derive(Debug)]
pub(crate) enum Contents {
    /// Articles, one after another.
    Articles(OpenWriter),
    /// Something else, in one file.
    Records {
        /// What they are, in the plural.
        noun: &'static str,
        /// The options of the selection that count, without `--`.
        selection: &'static [&'static str],
        /// Writes all of them; returns how many.
        write: fn(RecordExport<'_>) -> Result<u64, ExportError>,
    },
}

/// Begins an output in a format.
type OpenWriter = fn(WriterOptions) -> Result<Box<dyn ArticleWriter>, ExportError>;

/// What an export to a folder makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FolderLayout {
    /// One file, or one for each partition.
    OnePart,
    /// A file for each article, unless the folder is partitioned or compressed.
    FilePerArticle,
    /// It does not go to a folder.
    Unsupported,
}

/// What some formats have or need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Property {
    /// `--fields` chooses its columns.
    Fields,
    /// It has a record for an article that was merged or deleted.
    Removals,
    /// `cuttings import` reads it: it has what articles are known by.
    Identity,
    /// `--title` is its title.
    Title,
    /// It is a feed: `--self-url` is its link to itself, and the daemon keeps folders of it.
    Feed,
    /// It cannot be streamed: it needs `--to FILE`, and cannot be compressed.
    SeekableFile,
    /// It is compressed by itself.
    Compressed,
    /// With gzip its writer compresses each record by itself.
    GzipRecords,
}

/// What most formats have in common.
const ARTICLES: Format = Format {
    name: "",
    ending: "",
    help: "",
    docs: "",
    feature: None,
    contents: Contents::Articles(not_built),
    folder: FolderLayout::OnePart,
    order: SortOrder::Seq,
    properties: &[],
};

/// All formats, in the order of the help.
pub(crate) const FORMATS: &[Format] = &[
    Format {
        name: "jsonl",
        ending: ".jsonl",
        help: "One JSON object a line",
        docs: "one JSON object a line; the columns of [schema.md](schema.md) under the same names, `article_id` as `id`, and `op`: `new` or `revised`",
        contents: Contents::Articles(|options| Ok(jsonl(options))),
        properties: &[Property::Fields, Property::Removals, Property::Identity],
        ..ARTICLES
    },
    Format {
        name: "csv",
        ending: ".csv",
        help: "A table with commas (RFC 4180)",
        docs: "a table with a header (RFC 4180, CRLF); lists are joined by `; `. A cell that a spreadsheet would run as a formula begins with an apostrophe",
        contents: Contents::Articles(|options| Ok(table(',', options))),
        properties: &[Property::Fields],
        ..ARTICLES
    },
    Format {
        name: "tsv",
        ending: ".tsv",
        help: "A table with tabs",
        docs: "the same with tabs",
        contents: Contents::Articles(|options| Ok(table('\t', options))),
        properties: &[Property::Fields],
        ..ARTICLES
    },
    Format {
        name: "markdown",
        ending: ".md",
        help: "Markdown with front matter",
        docs: "front matter (YAML) and text",
        contents: Contents::Articles(|options| Ok(text(Markdown, options.sink))),
        folder: FolderLayout::FilePerArticle,
        ..ARTICLES
    },
    Format {
        name: "html",
        ending: ".html",
        help: "Pages to read",
        docs: "pages to read, in which no script runs",
        contents: Contents::Articles(|options| Ok(text(HtmlPage, options.sink))),
        folder: FolderLayout::FilePerArticle,
        ..ARTICLES
    },
    Format {
        name: "rss",
        ending: ".rss",
        help: "RSS 2.0 with the full text",
        docs: "RSS 2.0 with the full text, newest first. Ids stay the same when an article is revised",
        contents: Contents::Articles(|options| Ok(text(RssFeed(options.channel), options.sink))),
        order: SortOrder::Newest,
        properties: &[Property::Feed, Property::Title],
        ..ARTICLES
    },
    Format {
        name: "atom",
        ending: ".atom",
        help: "Atom with the full text",
        docs: "Atom, likewise",
        contents: Contents::Articles(|options| Ok(text(AtomFeed(options.channel), options.sink))),
        order: SortOrder::Newest,
        properties: &[Property::Feed, Property::Title],
        ..ARTICLES
    },
    Format {
        name: "jsonfeed",
        ending: ".json",
        help: "JSON Feed 1.1",
        docs: "JSON Feed 1.1, likewise",
        contents: Contents::Articles(|options| Ok(text(JsonFeed(options.channel), options.sink))),
        order: SortOrder::Newest,
        properties: &[Property::Feed, Property::Title],
        ..ARTICLES
    },
    Format {
        name: "opml",
        ending: ".opml",
        help: "The sources, for other feed readers",
        docs: "the sources; passwords and tokens in their URLs are masked",
        contents: Contents::Records { noun: "sources", selection: &["source", "tag"], write: opml::write },
        folder: FolderLayout::Unsupported,
        ..ARTICLES
    },
    Format {
        name: "warc",
        ending: ".warc",
        help: "The stored pages as they were received, for archives",
        docs: "the stored pages as WARC 1.1 `response` records; with `--compress gzip` each record is a member of its own",
        contents: Contents::Records {
            noun: "pages",
            selection: &["source", "since", "limit"],
            write: warc::write,
        },
        folder: FolderLayout::Unsupported,
        properties: &[Property::GzipRecords],
        ..ARTICLES
    },
    Format {
        name: "sqlite",
        ending: ".db",
        help: "A SQLite file",
        docs: "a file with the tables `articles` and `gone`",
        contents: Contents::Articles(sqlite),
        properties: &[Property::Removals, Property::SeekableFile],
        ..ARTICLES
    },
    Format {
        name: "parquet",
        ending: ".parquet",
        help: "Columns for analysts, compressed (zstd)",
        docs: "a table for analysts with timestamps, lists and maps, compressed with zstd",
        feature: Some("parquet"),
        #[cfg(feature = "parquet")]
        contents: Contents::Articles(|options| Ok(boxed(super::parquet::ParquetWriter::new(options)?))),
        properties: &[Property::Fields, Property::Compressed],
        ..ARTICLES
    },
    Format {
        name: "epub",
        ending: ".epub",
        help: "A book, by source and day",
        docs: "a book without images, with a table of contents by source and day",
        feature: Some("epub"),
        #[cfg(feature = "epub")]
        contents: Contents::Articles(|options| Ok(boxed(super::epub::EpubWriter::new(options)?))),
        order: SortOrder::SourceAndDay,
        properties: &[Property::Title, Property::Compressed],
        ..ARTICLES
    },
    Format {
        name: "ris",
        ending: ".ris",
        help: "Citations for reference managers (RIS)",
        docs: "a citation for each article (RIS, type `ELEC`), for reference managers",
        contents: Contents::Articles(|options| {
            Ok(text(Citations::new(&ris::SYNTAX, &options), options.sink))
        }),
        ..ARTICLES
    },
    Format {
        name: "bibtex",
        ending: ".bib",
        help: "Citations for LaTeX (biblatex)",
        docs: "a citation for each article (`@online` of biblatex, UTF-8), for LaTeX",
        contents: Contents::Articles(|options| {
            Ok(text(Citations::new(&bibtex::SYNTAX, &options), options.sink))
        }),
        ..ARTICLES
    },
    Format {
        name: "csl-json",
        ending: ".json",
        help: "Citations for citation processors (CSL-JSON)",
        docs: "a citation for each article (CSL-JSON, type `webpage`), for citation processors",
        contents: Contents::Articles(|options| {
            Ok(text(Citations::new(&csl::SYNTAX, &options), options.sink))
        }),
        ..ARTICLES
    },
];

impl Format {
    /// The format of that name, in lower or upper case.
    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        FORMATS.iter().find(|format| format.name.eq_ignore_ascii_case(name))
    }

    /// Names of the formats with a property, such as `rss, atom, jsonfeed`.
    pub(crate) fn names_with(property: Property) -> String {
        let formats = FORMATS.iter().filter(|format| format.has(property));
        formats.map(|format| format.name).collect::<Vec<_>>().join(", ")
    }

    /// Whether it has or needs something.
    pub(crate) fn has(&self, property: Property) -> bool {
        self.properties.contains(&property)
    }

    /// What it is made of, in the plural.
    pub(crate) fn noun(&self) -> &'static str {
        match self.contents {
            Contents::Articles(_) => "articles",
            Contents::Records { noun, .. } => noun,
        }
    }

    /// Begins an output.
    pub(crate) fn open(&self, options: WriterOptions) -> Result<Box<dyn ArticleWriter>, ExportError> {
        match self.contents {
            Contents::Articles(open) => open(options),
            Contents::Records { .. } => {
                Err(ExportError::Usage(format!("{} is not made of articles", self.name)))
            }
        }
    }
}

fn boxed(writer: impl ArticleWriter + 'static) -> Box<dyn ArticleWriter> {
    Box::new(writer)
}

fn text(format: impl TextFormat + 'static, sink: OutputSink) -> Box<dyn ArticleWriter> {
    boxed(TextWriter::new(format, sink))
}

fn table(separator: char, options: WriterOptions) -> Box<dyn ArticleWriter> {
    let fields = options.fields.0;
    text(Table { fields, separator }, options.sink)
}

fn jsonl(options: WriterOptions) -> Box<dyn ArticleWriter> {
    boxed(JsonlWriter { out: options.sink, fields: options.fields, buffer: Vec::new() })
}

fn sqlite(options: WriterOptions) -> Result<Box<dyn ArticleWriter>, ExportError> {
    let file = options.file.ok_or_else(|| ExportError::Usage("sqlite needs a file: --to PATH".into()))?;
    Ok(boxed(SqliteFileWriter::new(&file, options.sink)?))
}

/// Stands for the writer of a format that this build lacks.
fn not_built(_: WriterOptions) -> Result<Box<dyn ArticleWriter>, ExportError> {
    Err(ExportError::Usage(
        "this cuttings was built without that format; `cargo build --features full` has all".into(),
    ))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn docs_and_readme_name_every_format_as_the_table_does() {
        let folder = |layout| match layout {
            FolderLayout::OnePart => "one part",
            FolderLayout::FilePerArticle => "a file for each article",
            FolderLayout::Unsupported => "",
        };
        let lines: String = FORMATS
            .iter()
            .map(|format| {
                let feature = format
                    .feature
                    .map_or_else(String::new, |name| format!(". In builds with the feature `{name}`"));
                format!("| `{}` | {}{feature} | {} |\n", format.name, format.docs, folder(format.folder))
            })
            .collect();
        let docs = include_str!("../../docs/exports.md");
        assert!(docs.contains(&lines), "docs/exports.md needs the lines\n{lines}");
        let names = |is_articles: bool| -> Vec<&str> {
            let formats = FORMATS.iter();
            let formats =
                formats.filter(|format| matches!(format.contents, Contents::Articles(_)) == is_articles);
            formats.map(|format| format.name).collect()
        };
        let articles = names(true);
        let (last, others) = articles.split_last().unwrap();
        let mut sentence = format!("articles as {} or {last}", others.join(", "));
        for name in names(false) {
            sentence += &format!("; {} as {name}", Format::named(name).unwrap().noun());
        }
        let readme = include_str!("../../README.md");
        assert!(readme.contains(&sentence), "README.md needs: {sentence}");
    }

    #[test]
    fn names_are_unique_and_every_row_is_complete() {
        let names: HashSet<&str> = FORMATS.iter().map(|format| format.name).collect();
        assert_eq!(names.len(), FORMATS.len());
        for format in FORMATS {
            let texts = [format.name, format.ending, format.help, format.docs];
            assert!(texts.iter().all(|text| !text.is_empty()), "{format:?}");
            assert!(format.ending.starts_with('.'), "{format:?}");
        }
    }
}
