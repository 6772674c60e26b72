//! Runs an export: opens the outputs, reads the selection, writes it and puts the outputs into their places.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{DateTime, Utc};

use super::destination::{
    Compression, CountingSink, Destination, FilePerArticleWriter, OutputFile, OutputFolder, OutputSink,
    Partition, PartitionedWriter, stdout, sweep_beside,
};
use super::error::ExportError;
use super::fields::Fields;
use super::format::{Contents, FolderLayout, Format, Property};
use super::identity_json::IdentityJson;
use super::writer::{ArticleWriter, FeedChannel, RecordExport, WriterOptions};
use crate::store::{ArticleQuery, ExportItem, Reader};

/// What to export, how and where to.
#[derive(Clone, Debug)]
pub(crate) struct ExportJob {
    /// A row of the table of formats.
    pub(crate) format: &'static Format,
    /// The articles and their order.
    pub(crate) query: ArticleQuery,
    /// Columns, for formats that have them.
    pub(crate) fields: Fields,
    /// Whether to write what articles are known by, too: see [`Property::Identity`].
    pub(crate) identity: bool,
    /// Title and addresses, for feeds and books.
    pub(crate) channel: FeedChannel,
    /// Where the output goes.
    pub(crate) destination: Destination,
    /// How each file is compressed.
    pub(crate) compression: Option<Compression>,
    /// What a folder is divided by.
    pub(crate) partition: Option<Partition>,
}

/// What an export wrote.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ExportSummary {
    /// Articles, sources or pages.
    pub(crate) written: u64,
    /// Records of merged and deleted articles.
    pub(crate) removed: u64,
    /// Bytes in the files, or on stdout, compressed.
    pub(crate) bytes: u64,
    /// Files written; none on stdout.
    pub(crate) files: u64,
    /// All changes up to this number are in it: the next export begins here.
    pub(crate) seq: i64,
}

/// Articles between two calls of `progress`.
const PROGRESS_STEP: u64 = 64;

/// Runs an export. `progress` is called with the number of articles (sources, pages) written so far.
pub(crate) fn export(
    reader: &Reader,
    job: &ExportJob,
    now: DateTime<Utc>,
    mut progress: impl FnMut(u64),
) -> Result<ExportSummary, ExportError> {
    let mut opener = Opener { job, bytes: Arc::default(), files: 0 };
    let mut summary = ExportSummary::default();
    match job.format.contents {
        Contents::Records { write, .. } => {
            summary.written = write(RecordExport {
                reader,
                query: &job.query,
                now,
                sink: opener.open_single()?.sink,
                gzip: job.compression == Some(Compression::Gzip),
                progress: &mut progress,
            })?;
            summary.seq = reader.last_seq()?;
        }
        Contents::Articles(_) => export_articles(reader, job, &mut opener, &mut summary, progress)?,
    }
    summary.bytes = opener.bytes.load(Ordering::Relaxed);
    summary.files = opener.files;
    Ok(summary)
}

/// Writes the selected articles to one output or to a folder.
fn export_articles(
    reader: &Reader,
    job: &ExportJob,
    opener: &mut Opener<'_>,
    summary: &mut ExportSummary,
    mut progress: impl FnMut(u64),
) -> Result<(), ExportError> {
    let folder = match &job.destination {
        Destination::Folder(path) => Some(OutputFolder::replace(path)?),
        Destination::AddToFolder(path) => Some(OutputFolder::add_to(path)?),
        Destination::File(_) | Destination::Stdout => None,
    };
    let range = (job.query.since_seq, job.query.upto.unwrap_or(reader.last_seq()?));
    let is_plain = job.partition.is_none() && job.compression.is_none();
    let mut open_file = |path: PathBuf| {
        let mut path = path.into_os_string();
        path.push(job.format.ending);
        path.push(job.compression.map(Compression::ending).unwrap_or_default());
        opener.open_file(Path::new(&path))?.writer(job)
    };
    let mut writer: Box<dyn ArticleWriter + '_> = match &folder {
        None => opener.open_single()?.writer(job)?,
        Some(folder) if is_plain && job.format.folder == FolderLayout::FilePerArticle => {
            Box::new(FilePerArticleWriter::new(folder, job.format.ending, &mut open_file))
        }
        Some(folder) => Box::new(PartitionedWriter::new(folder, job.partition, range, &mut open_file)),
    };
    let mut identity = IdentityJson::default();
    summary.seq = reader.for_each(&job.query, |item| {
        match item {
            ExportItem::Article(article) => {
                if job.identity {
                    identity.read_article(reader, article, job.query.revisions)?;
                    writer.article_with(article, &identity)?;
                } else {
                    writer.article(article)?;
                }
                summary.written += 1;
                if summary.written.is_multiple_of(PROGRESS_STEP) {
                    progress(summary.written);
                }
            }
            ExportItem::Gone(change) => {
                if job.identity {
                    identity.read_removal(reader, change)?;
                    writer.removed_with(change, &identity)?;
                } else {
                    writer.removed(change)?;
                }
                summary.removed += 1;
            }
        }
        Ok::<_, ExportError>(ControlFlow::Continue(()))
    })?;
    progress(summary.written);
    writer.finish()?;
    folder.map_or(Ok(()), OutputFolder::finish)
}

/// Opens the outputs of an export, and counts them and their bytes.
struct Opener<'a> {
    job: &'a ExportJob,
    /// Bytes written to all of them, after compression.
    bytes: Arc<AtomicU64>,
    /// Files opened.
    files: u64,
}

/// An opened output.
struct OpenedOutput {
    sink: OutputSink,
    /// The file behind it while it is written.
    file: Option<PathBuf>,
}

impl OpenedOutput {
    /// A writer over it in the format of the job.
    fn writer(self, job: &ExportJob) -> Result<Box<dyn ArticleWriter>, ExportError> {
        job.format.open(WriterOptions {
            sink: self.sink,
            file: self.file,
            fields: job.fields.clone(),
            channel: job.channel.clone(),
            has_revisions: job.query.revisions,
        })
    }
}

impl Opener<'_> {
    /// The output of an export that has only one.
    fn open_single(&mut self) -> Result<OpenedOutput, ExportError> {
        match &self.job.destination {
            Destination::Stdout => self.open(stdout(), None),
            Destination::File(path) | Destination::Folder(path) | Destination::AddToFolder(path) => {
                sweep_beside(path);
                self.open_file(path)
            }
        }
    }

    /// A new file, renamed to `path` when it is finished.
    fn open_file(&mut self, path: &Path) -> Result<OpenedOutput, ExportError> {
        self.files += 1;
        let output = OutputFile::create(path)?;
        let file = output.temporary().to_owned();
        self.open(Box::new(output), Some(file))
    }

    /// Puts counting and compression on top of an output.
    fn open(&self, out: OutputSink, file: Option<PathBuf>) -> Result<OpenedOutput, ExportError> {
        let mut sink: OutputSink = Box::new(CountingSink { out, bytes: Arc::clone(&self.bytes) });
        match self.job.compression {
            Some(Compression::Gzip) if self.job.format.has(Property::GzipRecords) => {}
            Some(compression) => sink = compression.wrap(sink)?,
            None => {}
        }
        Ok(OpenedOutput { sink, file })
    }
}
