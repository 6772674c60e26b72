//! An export from beginning to end.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{DateTime, Utc};

use super::feeds::{Atom, FeedChannel, JsonFeed, Rss};
use super::jsonl::Jsonl;
use super::markdown::Markdown;
use super::page::Page;
use super::place::{Compress, Counted, Files, Folder, OutputSink, Parts, Target, stdout, sweep_beside};
use super::sqlite::Sqlite;
use super::table::Table;
use super::{ArticleWriter, ExportError, Fields, Format, opml, warc};
use crate::store::{ArticleQuery, ExportItem, RawPages, Reader};

/// Where to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// A pipe or a terminal.
    Stdout,
    /// A file, replaced whole.
    File(PathBuf),
    /// A folder, replaced whole.
    Folder(PathBuf),
    /// A folder, added to.
    Into(PathBuf),
}

/// What a folder is divided by, as Hive, DuckDB and Spark read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Partition {
    /// By the day of publication: date=2026-11-24
    Day,
    /// By source: source=my-paper
    Source,
}

/// An export.
#[derive(Clone, Debug)]
pub struct ExportJob {
    /// In which form.
    pub format: Format,
    /// Which articles.
    pub takeout: ArticleQuery,
    /// Which of their fields.
    pub fields: Fields,
    /// What feeds say of themselves.
    pub channel: FeedChannel,
    /// Where to.
    pub place: Destination,
    /// How it is compressed.
    pub compress: Option<Compress>,
    /// What the folder is divided by.
    pub partition: Option<Partition>,
}

/// What an export came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExportSummary {
    /// Articles, sources or pages written.
    pub written: u64,
    /// Merged and deleted articles told of.
    pub gone: u64,
    /// Bytes in the files, or on stdout.
    pub bytes: u64,
    /// Files written.
    pub files: u64,
    /// Everything up to this number was considered: where to go on.
    pub seq: i64,
}

/// Runs an export; `step` is told how many were written so far.
pub fn export(
    reader: &Reader,
    job: &ExportJob,
    now: DateTime<Utc>,
    mut step: impl FnMut(u64),
) -> Result<ExportSummary, ExportError> {
    let mut opener = Opener {
        job,
        bytes: Arc::default(),
        files: 0,
    };
    let mut summary = ExportSummary::default();
    if job.format.is_of_other_things() {
        let out = opener.one()?.sink;
        summary.written = other_things(reader, job, now, out, &mut step)?;
        summary.seq = reader.last_seq()?;
    } else {
        let folder = match &job.place {
            Destination::Folder(path) => Some(Folder::replace(path)?),
            Destination::Into(path) => Some(Folder::add_to(path)?),
            Destination::File(_) | Destination::Stdout => None,
        };
        let mut make = |stem: PathBuf| {
            let mut path = stem.into_os_string();
            path.push(job.ending());
            let opened = opener.file(Path::new(&path))?;
            form(job, opened)
        };
        let range = (
            job.takeout.since_seq,
            job.takeout.upto.unwrap_or(reader.last_seq()?),
        );
        let form: Box<dyn ArticleWriter + '_> = match &folder {
            Some(folder) if job.format.is_of_one() && job.partition.is_none() && job.compress.is_none() => {
                Box::new(Files::new(folder, job.format.ending(), &mut make))
            }
            Some(folder) => Box::new(Parts::new(folder, job.partition, range, &mut make)),
            None => form(job, opener.one()?)?,
        };
        take_out(reader, job, form, &mut summary, step)?;
        if let Some(folder) = folder {
            folder.finish()?;
        }
    }
    summary.bytes = opener.bytes.load(Ordering::Relaxed);
    summary.files = opener.files;
    Ok(summary)
}

fn take_out(
    reader: &Reader,
    job: &ExportJob,
    mut form: Box<dyn ArticleWriter + '_>,
    summary: &mut ExportSummary,
    mut step: impl FnMut(u64),
) -> Result<(), ExportError> {
    summary.seq = reader.for_each(&job.takeout, |out| {
        match out {
            ExportItem::Article(article) => {
                form.article(article)?;
                summary.written += 1;
                if summary.written.is_multiple_of(64) {
                    step(summary.written);
                }
            }
            ExportItem::Gone(change) => {
                form.gone(change)?;
                summary.gone += 1;
            }
        }
        Ok::<_, ExportError>(ControlFlow::Continue(()))
    })?;
    step(summary.written);
    form.finish()
}

fn other_things(
    reader: &Reader,
    job: &ExportJob,
    now: DateTime<Utc>,
    out: OutputSink,
    step: impl FnMut(u64),
) -> Result<u64, ExportError> {
    let takeout = &job.takeout;
    if job.format == Format::Opml {
        return opml::opml(reader, &takeout.sources, &takeout.tags, now, out);
    }
    let which = RawPages {
        source: takeout.sources.first().cloned(),
        since: takeout.since,
    };
    let gzip = job.compress == Some(Compress::Gzip);
    warc::warc(reader, &which, takeout.limit.unwrap_or(u64::MAX), gzip, out, step)
}

impl ExportJob {
    /// As its files end.
    pub fn ending(&self) -> String {
        format!(
            "{}{}",
            self.format.ending(),
            self.compress.map(Compress::ending).unwrap_or_default()
        )
    }
}

/// Opens outputs, and counts what goes into them.
struct Opener<'a> {
    job: &'a ExportJob,
    bytes: Arc<AtomicU64>,
    files: u64,
}

/// An output, and the file in which it is written.
struct Opened {
    sink: OutputSink,
    aside: Option<PathBuf>,
}

impl Opener<'_> {
    /// The one output of a job that has one.
    fn one(&mut self) -> Result<Opened, ExportError> {
        match &self.job.place {
            Destination::Stdout => self.open(stdout(), None),
            Destination::File(path) | Destination::Folder(path) | Destination::Into(path) => {
                sweep_beside(path);
                self.file(path)
            }
        }
    }

    fn file(&mut self, path: &Path) -> Result<Opened, ExportError> {
        self.files += 1;
        let target = Target::create(path)?;
        let aside = target.aside().to_owned();
        self.open(Box::new(target), Some(aside))
    }

    fn open(&self, out: OutputSink, aside: Option<PathBuf>) -> Result<Opened, ExportError> {
        let mut sink: OutputSink = Box::new(Counted {
            out,
            bytes: Arc::clone(&self.bytes),
        });
        match self.job.compress {
            // Each record by itself, see there.
            Some(Compress::Gzip) if self.job.format == Format::Warc => {}
            Some(compress) => sink = compress.wrap(sink)?,
            None => {}
        }
        Ok(Opened { sink, aside })
    }
}

/// A form over an output.
fn form(job: &ExportJob, Opened { sink, aside }: Opened) -> Result<Box<dyn ArticleWriter>, ExportError> {
    Ok(match job.format {
        Format::Jsonl => jsonl(&job.fields, sink),
        Format::Csv => Box::new(Table::csv(&job.fields, sink)),
        Format::Tsv => Box::new(Table::tsv(&job.fields, sink)),
        Format::Markdown => Box::new(Markdown::new(sink)),
        Format::Html => Box::new(Page::new(sink)),
        Format::Rss | Format::Atom | Format::JsonFeed => feed(job.format, job.channel.clone(), sink)?,
        #[cfg(feature = "parquet")]
        Format::Parquet => Box::new(super::parquet::Parquet::new(&job.fields, sink)?),
        #[cfg(feature = "epub")]
        Format::Epub => Box::new(super::epub::Epub::new(job.channel.clone(), sink)?),
        #[cfg(not(all(feature = "parquet", feature = "epub")))]
        Format::Parquet | Format::Epub => {
            return Err(ExportError::Usage(
                "this cuttings was built without that form; `cargo build --features full` has all".into(),
            ));
        }
        Format::Sqlite => {
            let aside = aside.ok_or_else(|| ExportError::Usage("sqlite needs a file: --to PATH".into()))?;
            Box::new(Sqlite::new(&aside, sink)?)
        }
        Format::Opml | Format::Warc => {
            return Err(ExportError::Usage(format!(
                "{:?} is not made of articles",
                job.format
            )));
        }
    })
}

/// JSON Lines into `sink`.
pub fn jsonl(fields: &Fields, sink: OutputSink) -> Box<dyn ArticleWriter> {
    Box::new(Jsonl::new(fields, sink))
}

/// A feed into `sink`; the articles come newest first.
pub fn feed(
    format: Format,
    channel: FeedChannel,
    sink: OutputSink,
) -> Result<Box<dyn ArticleWriter>, ExportError> {
    Ok(match format {
        Format::Rss => Box::new(Rss::new(channel, sink)),
        Format::Atom => Box::new(Atom::new(channel, sink)),
        Format::JsonFeed => Box::new(JsonFeed::new(channel, sink)),
        other => return Err(ExportError::Usage(format!("{other:?} is no feed"))),
    })
}
