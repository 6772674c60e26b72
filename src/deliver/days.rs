//! JSON Lines, a file for each day: appended to, never rewritten.
//!
//! The mark in the database moves after the file is synced. What a crash in between left in a file is seen by its last
//! line: half a line is cut off, and changes up to its number are not written again.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek, SeekFrom, Write as _};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use super::{Refusal, selection};
use crate::config::OutputConfig;
use crate::export::{ExportError, Fields, Folder, MemoryOutput, jsonl};
use crate::store::{ExportItem, Reader};

/// Bytes that are gathered before they are written.
const ROOM: usize = 1 << 18;

/// A file of a day.
struct Day {
    path: PathBuf,
    file: File,
    /// Number of its last line.
    last: i64,
    waiting: Vec<u8>,
}

/// Appends what changed after `since`; gives the number up to which it did.
pub(super) fn append(
    reader: &Reader,
    output: &OutputConfig,
    folder: &Path,
    since: i64,
) -> Result<i64, Refusal> {
    let folder = Folder::add_to(folder)?;
    let mut days: HashMap<String, Day> = HashMap::new();
    let upto = reader.for_each(&selection(output, since), |out| {
        let (day, seq) = match out {
            ExportItem::Article(article) => (
                article.fetched_at.get(..10).unwrap_or("undated").to_owned(),
                article.seq,
            ),
            ExportItem::Gone(change) => (change.at.format("%Y-%m-%d").to_string(), change.seq),
        };
        if !days.contains_key(&day) {
            // Changes come in the order of time: an earlier day is most often through.
            for (_, day) in days.drain() {
                day.finish()?;
            }
            let path = folder.work().join(format!("{day}.jsonl"));
            days.insert(day.clone(), Day::open(path)?);
        }
        let Some(day) = days.get_mut(&day) else {
            return Ok::<_, ExportError>(ControlFlow::Continue(()));
        };
        if seq > day.last {
            day.add(&out)?;
        }
        Ok(ControlFlow::Continue(()))
    })?;
    for (_, day) in days {
        day.finish()?;
    }
    folder.finish()?;
    Ok(upto)
}

impl Day {
    fn open(path: PathBuf) -> Result<Self, ExportError> {
        let opened = || {
            let mut options = OpenOptions::new();
            options.read(true).write(true).create(true).truncate(false);
            let mut file = options.open(&path)?;
            let last = last_number(&mut file)?;
            file.seek(SeekFrom::End(0))?;
            Ok((file, last))
        };
        let (file, last) = opened().map_err(|error| ExportError::Target {
            path: path.clone(),
            error,
        })?;
        Ok(Self {
            path,
            file,
            last,
            waiting: Vec::new(),
        })
    }

    fn add(&mut self, out: &ExportItem<'_>) -> Result<(), ExportError> {
        let memory = MemoryOutput::default();
        let mut form = jsonl(&Fields::default(), Box::new(memory.clone()));
        match out {
            ExportItem::Article(article) => form.article(article)?,
            ExportItem::Gone(change) => form.gone(change)?,
        }
        form.finish()?;
        self.waiting.extend_from_slice(&memory.bytes());
        if self.waiting.len() >= ROOM {
            self.write()?;
        }
        Ok(())
    }

    fn write(&mut self) -> Result<(), ExportError> {
        let done = self.file.write_all(&self.waiting);
        self.waiting.clear();
        done.map_err(|error| ExportError::Target {
            path: self.path.clone(),
            error,
        })
    }

    fn finish(mut self) -> Result<(), ExportError> {
        self.write()?;
        self.file.sync_all().map_err(|error| ExportError::Target {
            path: self.path.clone(),
            error,
        })
    }
}

/// The number of the last whole line, 0 where there is none; what follows it is cut off.
fn last_number(file: &mut File) -> io::Result<i64> {
    let mut end = file.seek(SeekFrom::End(0))?;
    let mut tail = Vec::new();
    // From the end backwards until two line breaks are seen: the last one, and the one before its line.
    while end > 0 && memchr::memchr_iter(b'\n', &tail).count() < 2 {
        let step = end.min(ROOM as u64);
        end -= step;
        file.seek(SeekFrom::Start(end))?;
        let mut piece = vec![0; usize::try_from(step).unwrap_or_default()];
        file.read_exact(&mut piece)?;
        piece.append(&mut tail);
        tail = piece;
    }
    let Some(last_break) = memchr::memrchr(b'\n', &tail) else {
        file.set_len(0)?;
        return Ok(0);
    };
    file.set_len(end + last_break as u64 + 1)?;
    let lines = tail.get(..last_break).unwrap_or_default();
    let begin = memchr::memrchr(b'\n', lines).map_or(0, |at| at + 1);
    #[derive(serde::Deserialize)]
    struct Line {
        seq: i64,
    }
    serde_json::from_slice(lines.get(begin..).unwrap_or_default())
        .map(|line: Line| line.seq)
        .map_err(|_| io::Error::other("its last line is not ours; move the file away"))
}
