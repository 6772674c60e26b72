//! A folder of feeds, each as RSS, Atom and JSON Feed, and compressed beside. A feed in which nothing changed keeps its
//! file, and with it its time of modification.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use chrono::{DateTime, Utc};
use flate2::write::GzEncoder;
use url::Url;

use super::{Refusal, selection};
use crate::config::{FeedGrouping, OutputConfig};
use crate::export::{
    AtomicOutput as _, ExportError, FeedChannel, Folder, Format, MemoryOutput, Target, feed, file_name,
};
use crate::store::{ArticleQuery, ExportItem, Reader, SortOrder};

/// Writes the feeds that differ from what is there; gives the number up to which they are.
pub(super) fn write(
    reader: &Reader,
    output: &OutputConfig,
    folder: &Path,
    per: FeedGrouping,
    url: Option<&Url>,
    limit: u64,
    now: DateTime<Utc>,
) -> Result<i64, Refusal> {
    let last = reader.last_seq()?;
    let folder = Folder::add_to(folder)?;
    let base = ArticleQuery {
        gone: false,
        limit: Some(limit),
        order: SortOrder::Newest,
        ..selection(output, 0)
    };
    let store_id = reader.store_id()?;
    for (name, takeout) in groups(reader, output, per, base, now)? {
        for (format, ending) in [
            (Format::Rss, "rss"),
            (Format::Atom, "atom"),
            (Format::JsonFeed, "json"),
        ] {
            let file = format!("{}.{ending}", file_name(&name));
            let channel = FeedChannel {
                store_id: store_id.clone(),
                title: name.clone(),
                home: None,
                own: url.and_then(|url| in_folder(url, &file)),
            };
            let bytes = of(reader, format, channel, &takeout)?;
            let path = folder.work().join(&file);
            if fs::read(&path).is_ok_and(|there| there == bytes) {
                continue;
            }
            let mut packed = GzEncoder::new(Vec::new(), flate2::Compression::default());
            packed.write_all(&bytes).map_err(ExportError::from)?;
            let packed = packed.finish().map_err(ExportError::from)?;
            put(&folder.work().join(format!("{file}.gz")), &packed)?;
            // Last: it is what is compared.
            put(&path, &bytes)?;
        }
    }
    folder.finish()?;
    Ok(last)
}

/// The feeds of a folder: their names and what is in them.
fn groups(
    reader: &Reader,
    output: &OutputConfig,
    per: FeedGrouping,
    base: ArticleQuery,
    now: DateTime<Utc>,
) -> Result<Vec<(String, ArticleQuery)>, Refusal> {
    let sources = reader.sources_status(now)?;
    let wanted = sources.iter().filter(|source| {
        (output.sources.is_empty() || output.sources.contains(&source.name))
            && (output.tags.is_empty() || output.tags.iter().any(|tag| source.tags.contains(tag)))
    });
    Ok(match per {
        FeedGrouping::All => vec![(output.name.clone(), base)],
        FeedGrouping::Source => wanted
            .map(|source| {
                let takeout = ArticleQuery {
                    sources: vec![source.name.clone()],
                    tags: Vec::new(),
                    ..base.clone()
                };
                (source.name.clone(), takeout)
            })
            .collect(),
        FeedGrouping::Tag => {
            let tags: BTreeSet<&String> = wanted
                .flat_map(|source| &source.tags)
                .filter(|tag| output.tags.is_empty() || output.tags.contains(tag))
                .collect();
            tags.into_iter()
                .map(|tag| {
                    let takeout = ArticleQuery {
                        tags: vec![tag.clone()],
                        ..base.clone()
                    };
                    (tag.clone(), takeout)
                })
                .collect()
        }
    })
}

fn of(
    reader: &Reader,
    format: Format,
    channel: FeedChannel,
    takeout: &ArticleQuery,
) -> Result<Vec<u8>, Refusal> {
    let memory = MemoryOutput::default();
    let mut form = feed(format, channel, Box::new(memory.clone()))?;
    reader.for_each(takeout, |out| {
        if let ExportItem::Article(article) = out {
            form.article(article)?;
        }
        Ok::<_, ExportError>(std::ops::ControlFlow::Continue(()))
    })?;
    form.finish()?;
    Ok(memory.bytes())
}

fn put(path: &Path, bytes: &[u8]) -> Result<(), Refusal> {
    let mut target = Target::create(path)?;
    target.write_all(bytes).map_err(ExportError::from)?;
    Ok(Box::new(target).finish()?)
}

/// The address of a file in the folder that `url` serves, with or without a slash at its end.
fn in_folder(url: &Url, file: &str) -> Option<String> {
    let mut url = url.clone();
    url.path_segments_mut().ok()?.pop_if_empty().push(file);
    Some(url.into())
}
