//! JSON Lines with a file for each day (`jsonl = "FOLDER"`): appended to, never rewritten.
//!
//! The consumer's number moves after the file is synced. A crash in between can leave lines that were not confirmed, and
//! half a line. So half a line at the end is cut off, and changes up to the `seq` of the last line are not written again.
//!
//! The line of an article that came to the selection later than by its own change has a lower `seq` than the lines before
//! it. A delivery with such lines is noted in the database before the first of them is written. If it is interrupted, the
//! next one compares with all lines of a file.

use std::collections::{HashMap, HashSet};
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Read as _, Seek, SeekFrom, Write as _};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::error::DeliveryError;
use super::message::query_of;
use crate::config::OutputConfig;
use crate::export::{ExportError, OutputFolder, append_line};
use crate::store::{Consumer, ConsumerLock, ExportItem, Reader};

/// Bytes that are gathered before they are written, and that are read at a time.
const BUFFER: usize = 1 << 18;

/// Appends the changes that a consumer has not received; returns the number up to which all are there.
pub(super) fn append(
    reader: &Reader,
    output: &OutputConfig,
    folder: &Path,
    consumer: &Consumer,
    lock: &mut ConsumerLock,
) -> Result<i64, DeliveryError> {
    let folder = OutputFolder::add_to(folder)?;
    let last = reader.last_seq()?;
    let mut is_noted = consumer.upto.is_some();
    let mut files: HashMap<String, DailyFile> = HashMap::new();
    let upto = reader.for_each(&query_of(output, consumer.seq), |item| {
        let joined = match item {
            ExportItem::Article(article) => article.joined,
            ExportItem::Gone(_) => None,
        };
        if joined.is_some() && !is_noted {
            lock.begin_delivery(last)?;
            is_noted = true;
        }
        let day = match (&item, joined) {
            (_, Some(joined)) => joined.at.format("%Y-%m-%d").to_string(),
            (ExportItem::Gone(change), _) => change.at.format("%Y-%m-%d").to_string(),
            (ExportItem::Article(article), None) => {
                article.fetched_at.get(..10).unwrap_or("undated").to_owned()
            }
        };
        if !files.contains_key(&day) {
            // Changes come in the order of time: files of other days are seldom needed again.
            for (_, file) in files.drain() {
                file.finish()?;
            }
            let path = folder.work().join(format!("{day}.jsonl"));
            files.insert(day.clone(), DailyFile::open(path, consumer.upto.is_some())?);
        }
        if let Some(file) = files.get_mut(&day).filter(|file| !file.has(&item)) {
            file.push(&item)?;
        }
        Ok::<_, ExportError>(ControlFlow::Continue(()))
    })?;
    for (_, file) in files {
        file.finish()?;
    }
    folder.finish()?;
    Ok(upto)
}

/// The file of a day.
struct DailyFile {
    /// For errors.
    path: PathBuf,
    file: File,
    /// `seq` of the last line when it was opened; 0 for an empty file.
    last_seq: i64,
    /// `seq` and `id` of all its lines, where it continues a delivery that was interrupted.
    lines: HashSet<(i64, i64)>,
    /// Lines that are not yet written.
    buffer: Vec<u8>,
}

impl DailyFile {
    /// Opens or creates the file of a day, and cuts off half a line at its end.
    fn open(path: PathBuf, was_interrupted: bool) -> Result<Self, ExportError> {
        let opened = || {
            let mut options = OpenOptions::new();
            options.read(true).write(true).create(true).truncate(false);
            let mut file = options.open(&path)?;
            let last_seq = last_seq(&mut file)?;
            let lines = if was_interrupted { all_lines(&mut file)? } else { HashSet::new() };
            file.seek(SeekFrom::End(0))?;
            Ok((file, last_seq, lines))
        };
        let (file, last_seq, lines) = opened().map_err(|error| ExportError::of(&path, error))?;
        Ok(Self { path, file, last_seq, lines, buffer: Vec::new() })
    }

    /// Whether a line of an earlier delivery has this change.
    fn has(&self, item: &ExportItem<'_>) -> bool {
        let line = match item {
            ExportItem::Article(article) => (article.seq, article.article_id),
            ExportItem::Gone(change) => (change.seq, change.article_id),
        };
        item.change() <= self.last_seq || self.lines.contains(&line)
    }

    /// Appends the line of a change.
    fn push(&mut self, item: &ExportItem<'_>) -> Result<(), ExportError> {
        append_line(item, &mut self.buffer)?;
        if self.buffer.len() >= BUFFER {
            self.write()?;
        }
        Ok(())
    }

    fn write(&mut self) -> Result<(), ExportError> {
        let written = self.file.write_all(&self.buffer);
        self.buffer.clear();
        written.map_err(|error| ExportError::of(&self.path, error))
    }

    /// Writes and syncs the file.
    fn finish(mut self) -> Result<(), ExportError> {
        self.write()?;
        self.file.sync_all().map_err(|error| ExportError::of(&self.path, error))
    }
}

/// What is read of a line.
#[derive(Deserialize)]
struct LineNumbers {
    seq: i64,
    id: i64,
}

/// The numbers of all lines.
fn all_lines(file: &mut File) -> io::Result<HashSet<(i64, i64)>> {
    file.seek(SeekFrom::Start(0))?;
    let mut lines = HashSet::new();
    for line in BufReader::with_capacity(BUFFER, file).split(b'\n') {
        let line = numbers_of(&line?)?;
        lines.insert((line.seq, line.id));
    }
    Ok(lines)
}

fn numbers_of(line: &[u8]) -> io::Result<LineNumbers> {
    serde_json::from_slice(line)
        .map_err(|_| io::Error::other("one of its lines is not ours; move the file away"))
}

/// The `seq` of the last complete line, 0 where there is none; what follows that line is cut off.
fn last_seq(file: &mut File) -> io::Result<i64> {
    let mut begin = file.seek(SeekFrom::End(0))?;
    let mut tail = Vec::new();
    // Backwards until the line break at the end of the last line and the one before it are read.
    while begin > 0 && memchr::memchr_iter(b'\n', &tail).count() < 2 {
        let step = begin.min(BUFFER as u64);
        begin -= step;
        file.seek(SeekFrom::Start(begin))?;
        let mut chunk = vec![0; usize::try_from(step).unwrap_or_default()];
        file.read_exact(&mut chunk)?;
        chunk.append(&mut tail);
        tail = chunk;
    }
    let Some(end) = memchr::memrchr(b'\n', &tail) else {
        file.set_len(0)?;
        return Ok(0);
    };
    file.set_len(begin + end as u64 + 1)?;
    let lines = tail.get(..end).unwrap_or_default();
    let line = lines.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
    Ok(numbers_of(line)?.seq)
}
