//! A folder of feeds (`feeds = "FOLDER"`), each in every feed format, with a gzip copy beside it for web servers.
//!
//! A feed in which nothing changed keeps its file, and with it its time of modification.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::ops::ControlFlow;
use std::path::Path;

use chrono::{DateTime, Utc};
use flate2::write::GzEncoder;
use url::Url;

use super::error::DeliveryError;
use super::message::query_of;
use crate::config::{FeedGrouping, OutputConfig};
use crate::export::{
    AtomicOutput as _, ExportError, FORMATS, FeedChannel, Fields, Format, MemoryOutput, OutputFile,
    OutputFolder, Property, WriterOptions, encode_file_name,
};
use crate::store::{ArticleQuery, ExportItem, Reader, SortOrder};

/// How a folder of feeds is configured.
pub(super) struct FeedFolder<'a> {
    /// The folder; created where it is missing.
    pub(super) path: &'a Path,
    /// What each feed is of.
    pub(super) grouping: FeedGrouping,
    /// Where the folder is served.
    pub(super) url: Option<&'a Url>,
    /// Articles in a feed.
    pub(super) limit: u64,
}

/// A feed of the folder.
struct FeedContents {
    /// Its title and file name.
    name: String,
    /// Its articles, newest first.
    query: ArticleQuery,
}

impl FeedFolder<'_> {
    /// Writes the feeds that changed; returns the last `seq` that is in them.
    pub(super) fn write(
        &self,
        reader: &Reader,
        output: &OutputConfig,
        now: DateTime<Utc>,
    ) -> Result<i64, DeliveryError> {
        let last_seq = reader.last_seq()?;
        let folder = OutputFolder::add_to(self.path)?;
        let store_id = reader.store_id()?;
        for feed in self.feeds(reader, output, now)? {
            for format in FORMATS.iter().filter(|format| format.has(Property::Feed)) {
                let file = format!("{}{}", encode_file_name(&feed.name), format.ending);
                let channel = FeedChannel {
                    store_id: store_id.clone(),
                    title: feed.name.clone(),
                    self_url: self.url.and_then(|url| url_of(url, &file)),
                };
                let bytes = render(reader, format, channel, &feed.query)?;
                let path = folder.work().join(&file);
                if fs::read(&path).is_ok_and(|old| old == bytes) {
                    continue;
                }
                let mut gzip = GzEncoder::new(Vec::new(), flate2::Compression::default());
                gzip.write_all(&bytes).map_err(ExportError::from)?;
                write_file(
                    &path.with_file_name(format!("{file}.gz")),
                    &gzip.finish().map_err(ExportError::from)?,
                )?;
                // Last, as it is the file that is compared.
                write_file(&path, &bytes)?;
            }
        }
        folder.finish()?;
        Ok(last_seq)
    }

    /// The feeds of the folder: one for all, or one for each selected source or tag.
    fn feeds(
        &self,
        reader: &Reader,
        output: &OutputConfig,
        now: DateTime<Utc>,
    ) -> Result<Vec<FeedContents>, DeliveryError> {
        let all = ArticleQuery {
            gone: false,
            limit: Some(self.limit),
            order: SortOrder::Newest,
            ..query_of(output, 0)
        };
        let statuses = reader.sources_status(now)?;
        let sources = statuses.iter().filter(|source| {
            (output.sources.is_empty() || output.sources.contains(&source.name))
                && (output.tags.is_empty() || output.tags.iter().any(|tag| source.tags.contains(tag)))
        });
        let feed = |name: &String, sources: Option<&String>, tags: Option<&String>| FeedContents {
            name: name.clone(),
            query: ArticleQuery {
                sources: sources.map_or_else(|| all.sources.clone(), |name| vec![name.clone()]),
                tags: tags.into_iter().cloned().collect(),
                ..all.clone()
            },
        };
        Ok(match self.grouping {
            FeedGrouping::All => vec![FeedContents { name: output.name.clone(), query: all }],
            FeedGrouping::Source => {
                sources.map(|source| feed(&source.name, Some(&source.name), None)).collect()
            }
            FeedGrouping::Tag => {
                let tags: BTreeSet<&String> = sources
                    .flat_map(|source| &source.tags)
                    .filter(|tag| output.tags.is_empty() || output.tags.contains(tag))
                    .collect();
                tags.into_iter().map(|tag| feed(tag, None, Some(tag))).collect()
            }
        })
    }
}

/// A feed as it is written.
fn render(
    reader: &Reader,
    format: &Format,
    channel: FeedChannel,
    query: &ArticleQuery,
) -> Result<Vec<u8>, ExportError> {
    let memory = MemoryOutput::default();
    let mut writer = format.open(WriterOptions {
        sink: Box::new(memory.clone()),
        file: None,
        fields: Fields::default(),
        channel,
        has_revisions: false,
    })?;
    reader.for_each(query, |item| {
        if let ExportItem::Article(article) = item {
            writer.article(article)?;
        }
        Ok::<_, ExportError>(ControlFlow::Continue(()))
    })?;
    writer.finish()?;
    Ok(memory.take())
}

/// Replaces a file as a whole.
fn write_file(path: &Path, bytes: &[u8]) -> Result<(), ExportError> {
    let mut file = OutputFile::create(path)?;
    file.write_all(bytes)?;
    Box::new(file).finish()
}

/// The URL of a file in the folder that is served at `url`, which may end in a slash or not.
fn url_of(url: &Url, file: &str) -> Option<String> {
    let mut url = url.clone();
    url.path_segments_mut().ok()?.pop_if_empty().push(file);
    Some(url.into())
}
