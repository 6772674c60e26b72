//! Writers over a folder: one with a file for each part of the export, one with a file for each article.

use std::collections::{HashMap, VecDeque};
use std::fs;
use std::path::PathBuf;

use super::file_names::{article_file_name, article_id_of, partition_name};
use super::{OutputFolder, Partition};
use crate::export::article::day_of;
use crate::export::error::ExportError;
use crate::export::identity_json::IdentityJson;
use crate::export::writer::ArticleWriter;
use crate::store::{ArticleRef, ChangeRow};

/// Parts that are written at a time. The one that was used longest ago is closed for another.
const MAX_OPEN: usize = 24;

/// Opens a file in the format of the export; takes its path without endings.
pub(in crate::export) type OpenFile<'a> =
    dyn FnMut(PathBuf) -> Result<Box<dyn ArticleWriter>, ExportError> + 'a;

/// Writes one part, or one for each partition.
pub(in crate::export) struct PartitionedWriter<'a> {
    folder: &'a OutputFolder,
    partition: Option<Partition>,
    /// `part-000…1-000…9`: the range of `seq` of the whole export. One that is repeated replaces its files.
    name: String,
    open_file: &'a mut OpenFile<'a>,
    /// By the name of the partition, which is empty without partitions.
    open: HashMap<String, Box<dyn ArticleWriter>>,
    /// Names of `open`, the one used last at the end.
    order: VecDeque<String>,
    /// How many parts of each partition were closed.
    closed: HashMap<String, u32>,
}

impl<'a> PartitionedWriter<'a> {
    /// The changes of the export are those after `since_seq` up to `upto`.
    pub(in crate::export) fn new(
        folder: &'a OutputFolder,
        partition: Option<Partition>,
        (since_seq, upto): (i64, i64),
        open_file: &'a mut OpenFile<'a>,
    ) -> Self {
        Self {
            folder,
            partition,
            name: format!("part-{:012}-{upto:012}", since_seq + 1),
            open_file,
            open: HashMap::new(),
            order: VecDeque::new(),
            closed: HashMap::new(),
        }
    }

    /// The open part of a partition.
    fn part(&mut self, partition: &str) -> Result<&mut Box<dyn ArticleWriter>, ExportError> {
        if !self.open.contains_key(partition) {
            if self.open.len() >= MAX_OPEN
                && let Some(oldest) = self.order.pop_front()
                && let Some(writer) = self.open.remove(&oldest)
            {
                writer.finish()?;
                *self.closed.entry(oldest).or_default() += 1;
            }
            let folder = if partition.is_empty() {
                self.folder.work().to_owned()
            } else {
                self.folder.subfolder(partition)?
            };
            let number =
                self.closed.get(partition).map_or_else(String::new, |closed| format!("-{}", closed + 1));
            let writer = (self.open_file)(folder.join(format!("{}{number}", self.name)))?;
            self.open.insert(partition.to_owned(), writer);
        }
        if self.order.back().is_none_or(|last| last != partition) {
            self.order.retain(|other| other != partition);
            self.order.push_back(partition.to_owned());
        }
        self.open.get_mut(partition).ok_or_else(|| std::io::Error::other("a part is missing").into())
    }

    fn partition(&self, day: &str, source: Option<&str>) -> String {
        match self.partition {
            None => String::new(),
            Some(Partition::Day) => partition_name("date", Some(day)),
            Some(Partition::Source) => partition_name("source", source),
        }
    }
}

impl ArticleWriter for PartitionedWriter<'_> {
    fn article(&mut self, article: &ArticleRef<'_>) -> Result<(), ExportError> {
        let partition = self.partition(day_of(article), article.source);
        self.part(&partition)?.article(article)
    }

    fn article_with(&mut self, article: &ArticleRef<'_>, identity: &IdentityJson) -> Result<(), ExportError> {
        let partition = self.partition(day_of(article), article.source);
        self.part(&partition)?.article_with(article, identity)
    }

    /// A removed article has no source any more; its day is that of the removal.
    fn removed(&mut self, change: &ChangeRow) -> Result<(), ExportError> {
        let partition = self.partition(&change.at.format("%Y-%m-%d").to_string(), None);
        self.part(&partition)?.removed(change)
    }

    fn removed_with(&mut self, change: &ChangeRow, identity: &IdentityJson) -> Result<(), ExportError> {
        let partition = self.partition(&change.at.format("%Y-%m-%d").to_string(), None);
        self.part(&partition)?.removed_with(change, identity)
    }

    fn finish(mut self: Box<Self>) -> Result<(), ExportError> {
        for partition in std::mem::take(&mut self.order) {
            if let Some(writer) = self.open.remove(&partition) {
                writer.finish()?;
            }
        }
        Ok(())
    }
}

/// Writes a file for each article. An article that comes again replaces its file, whatever its title is now.
pub(in crate::export) struct FilePerArticleWriter<'a> {
    folder: &'a OutputFolder,
    ending: &'static str,
    open_file: &'a mut OpenFile<'a>,
    /// Files of earlier exports, by the number of the article.
    old_files: HashMap<i64, String>,
}

impl<'a> FilePerArticleWriter<'a> {
    /// Files end in `ending`, which `open_file` adds.
    pub(in crate::export) fn new(
        folder: &'a OutputFolder,
        ending: &'static str,
        open_file: &'a mut OpenFile<'a>,
    ) -> Self {
        let old_files = fs::read_dir(folder.work())
            .into_iter()
            .flatten()
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|name| name.ends_with(ending))
            .filter_map(|name| Some((article_id_of(&name)?, name)))
            .collect();
        Self { folder, ending, open_file, old_files }
    }

    /// Removes the file of an earlier export, if it has another name.
    fn remove_old(&mut self, article_id: i64, name: Option<&str>) -> Result<(), ExportError> {
        match self.old_files.remove(&article_id) {
            Some(old) if Some(old.as_str()) != name => Ok(fs::remove_file(self.folder.work().join(old))?),
            _ => Ok(()),
        }
    }
}

impl ArticleWriter for FilePerArticleWriter<'_> {
    fn article(&mut self, article: &ArticleRef<'_>) -> Result<(), ExportError> {
        let name = article_file_name(article);
        let mut writer = (self.open_file)(self.folder.work().join(&name))?;
        writer.article(article)?;
        writer.finish()?;
        self.remove_old(article.article_id, Some(&format!("{name}{}", self.ending)))
    }

    fn removed(&mut self, change: &ChangeRow) -> Result<(), ExportError> {
        self.remove_old(change.article_id, None)
    }

    fn finish(self: Box<Self>) -> Result<(), ExportError> {
        Ok(())
    }
}
