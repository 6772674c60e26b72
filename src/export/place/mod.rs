//! Where an export goes: one output, a file for each part, or a file for each article.

mod aside;
mod file;
mod folder;
mod names;
mod sink;

pub(super) use aside::sweep_beside;
pub use file::Target;
pub use folder::Folder;
#[cfg(feature = "epub")]
pub(super) use names::day as day_of;
pub use names::encoded;
pub use sink::{AtomicOutput, Compress, MemoryOutput, OutputSink};
pub(super) use sink::{Counted, stdout};

use std::collections::{HashMap, VecDeque};
use std::fs;
use std::path::PathBuf;

use super::{ArticleWriter, ExportError, Partition};
use crate::store::{ArticleRef, ChangeRow};

/// Parts that are written at a time; the one used longest ago is closed for another.
const OPEN: usize = 24;

/// Makes the form of a part of that name (a path without endings).
pub(super) type Make<'a> = dyn FnMut(PathBuf) -> Result<Box<dyn ArticleWriter>, ExportError> + 'a;

/// A folder of parts, each named after its range of `seq`, in partitions if that is wanted.
pub(super) struct Parts<'a> {
    pub(super) folder: &'a Folder,
    pub(super) partition: Option<Partition>,
    /// `part-000…1-000…9`: the whole range of the export, so that one that is repeated replaces itself.
    pub(super) name: String,
    pub(super) make: &'a mut Make<'a>,
    open: HashMap<String, Box<dyn ArticleWriter>>,
    order: VecDeque<String>,
    /// Parts closed in each partition.
    closed: HashMap<String, u32>,
}

impl<'a> Parts<'a> {
    pub(super) fn new(
        folder: &'a Folder,
        partition: Option<Partition>,
        range: (i64, i64),
        make: &'a mut Make<'a>,
    ) -> Self {
        Self {
            folder,
            partition,
            name: format!("part-{:012}-{:012}", range.0 + 1, range.1),
            make,
            open: HashMap::new(),
            order: VecDeque::new(),
            closed: HashMap::new(),
        }
    }

    fn part(&mut self, partition: &str) -> Result<&mut Box<dyn ArticleWriter>, ExportError> {
        if !self.open.contains_key(partition) {
            if self.open.len() >= OPEN
                && let Some(oldest) = self.order.pop_front()
                && let Some(form) = self.open.remove(&oldest)
            {
                form.finish()?;
                *self.closed.entry(oldest).or_default() += 1;
            }
            let folder = if partition.is_empty() {
                self.folder.work().to_owned()
            } else {
                self.folder.within(partition)?
            };
            let again = match self.closed.get(partition) {
                Some(times) => format!("-{}", times + 1),
                None => String::new(),
            };
            let form = (self.make)(folder.join(format!("{}{again}", self.name)))?;
            self.open.insert(partition.to_owned(), form);
        }
        if self.order.back().is_none_or(|last| last != partition) {
            self.order.retain(|other| other != partition);
            self.order.push_back(partition.to_owned());
        }
        self.open
            .get_mut(partition)
            .ok_or_else(|| std::io::Error::other("a part is missing").into())
    }
}

impl ArticleWriter for Parts<'_> {
    fn article(&mut self, article: &ArticleRef<'_>) -> Result<(), ExportError> {
        let partition = match self.partition {
            None => String::new(),
            Some(Partition::Day) => names::partition("date", Some(names::day(article))),
            Some(Partition::Source) => names::partition("source", article.source),
        };
        self.part(&partition)?.article(article)
    }

    /// What is gone has neither day nor source: it goes where articles without them go.
    fn gone(&mut self, change: &ChangeRow) -> Result<(), ExportError> {
        let partition = match self.partition {
            None => String::new(),
            Some(Partition::Day) => {
                let day = change.at.format("%Y-%m-%d").to_string();
                names::partition("date", Some(&day))
            }
            Some(Partition::Source) => names::partition("source", None),
        };
        self.part(&partition)?.gone(change)
    }

    fn finish(mut self: Box<Self>) -> Result<(), ExportError> {
        for partition in std::mem::take(&mut self.order) {
            if let Some(form) = self.open.remove(&partition) {
                form.finish()?;
            }
        }
        Ok(())
    }
}

/// A folder with a file for each article. One that comes again replaces its file, whatever its title is now.
pub(super) struct Files<'a> {
    folder: &'a Folder,
    ending: &'static str,
    make: &'a mut Make<'a>,
    /// What is there from earlier exports, by the number of the article.
    there: HashMap<i64, String>,
}

impl<'a> Files<'a> {
    pub(super) fn new(folder: &'a Folder, ending: &'static str, make: &'a mut Make<'a>) -> Self {
        let there = fs::read_dir(folder.work())
            .into_iter()
            .flatten()
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|name| name.ends_with(ending))
            .filter_map(|name| Some((names::number_of(&name)?, name)))
            .collect();
        Self {
            folder,
            ending,
            make,
            there,
        }
    }
}

impl ArticleWriter for Files<'_> {
    fn article(&mut self, article: &ArticleRef<'_>) -> Result<(), ExportError> {
        let name = names::of_article(article);
        let mut form = (self.make)(self.folder.work().join(&name))?;
        form.article(article)?;
        form.finish()?;
        let name = format!("{name}{}", self.ending);
        if let Some(old) = self.there.remove(&article.article_id)
            && old != name
        {
            fs::remove_file(self.folder.work().join(old))?;
        }
        Ok(())
    }

    fn gone(&mut self, change: &ChangeRow) -> Result<(), ExportError> {
        if let Some(old) = self.there.remove(&change.article_id) {
            fs::remove_file(self.folder.work().join(old))?;
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<(), ExportError> {
        Ok(())
    }
}
