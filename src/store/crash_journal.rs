//! The journal of inputs that are being parsed: the file `DB-work`.
//!
//! Parsing can end a process in ways that nothing catches (stack overflow, out of memory). So before an input is parsed,
//! its row is written into a slot of the file, and the slot is blanked afterwards. A write reaches the system's cache at
//! once and survives the process; it needs no transaction and no sync. What a start finds in the file is counted as a
//! crash of that row. A kill during a *fetch* leaves nothing here.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::error::StoreError;
use super::lock::beside;
use crate::model::{EntryId, SourceId};

/// Maximum number of inputs in the journal; more are parsed without a slot.
const SLOTS: usize = 256;

/// Bytes of a slot: kind, space, id, blanks, line break.
const SLOT_BYTES: usize = 32;

/// Whose input is parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkItem {
    /// The document of a source.
    Source(SourceId),
    /// The page of an entry.
    Entry(EntryId),
}

/// Keeps a [`WorkItem`] in the journal until it is dropped.
#[derive(Debug)]
#[must_use = "the slot is blanked when this is dropped"]
pub struct WorkGuard {
    journal: Arc<CrashJournal>,
    slot: Option<usize>,
}

/// The file and its free slots.
#[derive(Debug)]
pub(super) struct CrashJournal {
    state: Mutex<JournalState>,
}

#[derive(Debug)]
struct JournalState {
    file: File,
    /// Whether each slot is in use.
    used: Vec<bool>,
}

impl CrashJournal {
    /// Opens `DB-work`; gives what the last process was parsing when it died. Call [`Self::clear`] once that is counted.
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
        (&file).take((SLOTS * SLOT_BYTES) as u64).read_to_end(&mut bytes).map_err(failed)?;
        let found = String::from_utf8_lossy(&bytes).lines().filter_map(parse_slot).collect();
        let state = Mutex::new(JournalState { file, used: vec![false; SLOTS] });
        Ok((Self { state }, found))
    }

    /// Blanks every slot.
    pub(super) fn clear(&self, database: &Path) -> Result<(), StoreError> {
        let mut state = self.state();
        let blank = slot_text("").repeat(SLOTS);
        state
            .file
            .seek(SeekFrom::Start(0))
            .and_then(|_| state.file.write_all(blank.as_bytes()))
            .and_then(|()| state.file.set_len((SLOTS * SLOT_BYTES) as u64))
            .map_err(|error| StoreError::File {
                path: beside(database, "-work"),
                doing: "clear the list of work begun",
                message: error.to_string(),
            })
    }

    /// Writes `item` into a free slot.
    pub(super) fn begin(self: &Arc<Self>, item: WorkItem) -> WorkGuard {
        let text = match item {
            WorkItem::Source(SourceId(id)) => format!("source {id}"),
            WorkItem::Entry(EntryId(id)) => format!("entry {id}"),
        };
        let mut state = self.state();
        let slot = state.used.iter().position(|used| !used);
        WorkGuard { journal: Arc::clone(self), slot: slot.filter(|&slot| state.write(slot, &text, true)) }
    }

    fn state(&self) -> MutexGuard<'_, JournalState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for WorkGuard {
    fn drop(&mut self) {
        if let Some(slot) = self.slot {
            self.journal.state().write(slot, "", false);
        }
    }
}

impl JournalState {
    /// Writes a slot; false if that failed. The input is parsed all the same: the journal is a help only.
    fn write(&mut self, slot: usize, text: &str, used: bool) -> bool {
        let at = SeekFrom::Start((slot * SLOT_BYTES) as u64);
        let is_written =
            self.file.seek(at).and_then(|_| self.file.write_all(slot_text(text).as_bytes())).is_ok();
        if let Some(flag) = self.used.get_mut(slot).filter(|_| is_written) {
            *flag = used;
        }
        is_written
    }
}

fn slot_text(text: &str) -> String {
    format!("{text:<width$}\n", width = SLOT_BYTES - 1)
}

fn parse_slot(line: &str) -> Option<WorkItem> {
    let (kind, id) = line.trim_end().split_once(' ')?;
    let id = id.parse().ok()?;
    match kind {
        "source" => Some(WorkItem::Source(SourceId(id))),
        "entry" => Some(WorkItem::Entry(EntryId(id))),
        _ => None,
    }
}
