//! What was being worked on when the process died.
//!
//! Parsing can end a process in ways nothing catches (a stack that overflows, memory that runs out). So the row whose
//! input is about to be parsed is written into a slot of `DB-work` before, and blanked after. A write reaches the
//! system's cache at once and survives the process; it costs no transaction and no sync. What a start-up finds there
//! is counted as a crash of that row: a kill in the middle of a *fetch* convicts nobody.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use super::error::StoreError;
use super::lock::beside;
use crate::model::{EntryId, SourceId};

/// Rows that can be worked on at once; more go unmarked.
const SLOTS: usize = 256;

/// Bytes of a slot: a word, a space, an id, blanks and a line break.
const WIDTH: usize = 32;

/// Whose input is being parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkItem {
    /// A feed.
    Source(SourceId),
    /// A page.
    Entry(EntryId),
}

/// Marks a row as being worked on until it is dropped.
#[derive(Debug)]
#[must_use = "the mark ends when this is dropped"]
pub struct WorkGuard {
    ledger: Arc<WorkLedger>,
    slot: Option<usize>,
}

/// The file and which of its slots are taken.
#[derive(Debug)]
pub(super) struct WorkLedger {
    state: Mutex<(File, Vec<bool>)>,
}

impl WorkLedger {
    /// Opens `DB-work`, and tells what the last process was working on when it died. The slots are not cleared yet:
    /// see [`WorkLedger::clear`].
    pub(super) fn open(database: &Path) -> Result<(Self, Vec<WorkItem>), StoreError> {
        let path = beside(database, "-work");
        let failed = |error: std::io::Error| StoreError::File {
            path: path.clone(),
            doing: "use the list of work begun",
            message: error.to_string(),
        };
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(failed)?;
        let mut bytes = Vec::new();
        (&file)
            .take((SLOTS * WIDTH) as u64)
            .read_to_end(&mut bytes)
            .map_err(failed)?;
        let found = String::from_utf8_lossy(&bytes).lines().filter_map(read).collect();
        let state = Mutex::new((file, vec![false; SLOTS]));
        Ok((Self { state }, found))
    }

    /// Blanks every slot, once the crashes have been counted.
    pub(super) fn clear(&self, database: &Path) -> Result<(), StoreError> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let blank = line("").repeat(SLOTS);
        state
            .0
            .seek(SeekFrom::Start(0))
            .and_then(|_| state.0.write_all(blank.as_bytes()))
            .and_then(|()| state.0.set_len((SLOTS * WIDTH) as u64))
            .map_err(|error| StoreError::File {
                path: beside(database, "-work"),
                doing: "clear the list of work begun",
                message: error.to_string(),
            })
    }

    /// Marks `work` in a free slot.
    pub(super) fn mark(self: &Arc<Self>, work: WorkItem) -> WorkGuard {
        let text = match work {
            WorkItem::Source(SourceId(id)) => format!("source {id}"),
            WorkItem::Entry(EntryId(id)) => format!("entry {id}"),
        };
        let slot = {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            let slot = state.1.iter().position(|taken| !taken);
            slot.filter(|&slot| write(&mut state, slot, &text, true))
        };
        WorkGuard {
            ledger: Arc::clone(self),
            slot,
        }
    }
}

impl Drop for WorkGuard {
    fn drop(&mut self) {
        if let Some(slot) = self.slot {
            let mut state = self.ledger.state.lock().unwrap_or_else(PoisonError::into_inner);
            write(&mut state, slot, "", false);
        }
    }
}

/// Whether the slot was written. One that cannot be is left alone: the mark is a help, not a duty.
fn write(state: &mut (File, Vec<bool>), slot: usize, text: &str, taken: bool) -> bool {
    let at = SeekFrom::Start((slot * WIDTH) as u64);
    let written = state
        .0
        .seek(at)
        .and_then(|_| state.0.write_all(line(text).as_bytes()))
        .is_ok();
    if let Some(flag) = state.1.get_mut(slot).filter(|_| written) {
        *flag = taken;
    }
    written
}

fn line(text: &str) -> String {
    format!("{text:<width$}\n", width = WIDTH - 1)
}

fn read(line: &str) -> Option<WorkItem> {
    let (word, id) = line.trim_end().split_once(' ')?;
    let id = id.parse().ok()?;
    match word {
        "source" => Some(WorkItem::Source(SourceId(id))),
        "entry" => Some(WorkItem::Entry(EntryId(id))),
        _ => None,
    }
}
