//! One file of a configuration: its text, its lines and the mistakes found in it.

use std::cell::{OnceCell, RefCell};
use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::de::DeTable;

use super::fault::{Fault, Severity};

/// A file with what is wrong in it. Mistakes are noted as bytes and become lines and columns when shown.
pub(super) struct Text {
    path: PathBuf,
    body: String,
    /// Offsets at which lines begin.
    lines: Vec<usize>,
    /// Lines with mistakes of TOML itself, ascending: what was read of them is not to be trusted. Known once parsed.
    broken: OnceCell<Vec<usize>>,
    notes: RefCell<Vec<Note>>,
}

/// A fault before its place is looked up.
struct Note {
    severity: Severity,
    at: Range<usize>,
    message: String,
    hint: String,
}

impl Text {
    /// A file as it was read. A byte order mark does not count.
    pub(super) fn new(path: &Path, text: &str) -> Self {
        let body = text.strip_prefix('\u{feff}').unwrap_or(text).to_owned();
        let newlines = body.bytes().zip(1..).filter(|(byte, _)| *byte == b'\n');
        Self {
            path: path.to_owned(),
            lines: std::iter::once(0).chain(newlines.map(|(_, next)| next)).collect(),
            broken: OnceCell::new(),
            notes: RefCell::default(),
            body,
        }
    }

    /// Parses it, past mistakes where possible; these are noted the first time.
    pub(super) fn tree(&self) -> DeTable<'_> {
        let (tree, errors) = DeTable::parse_recoverable(&self.body);
        self.broken.get_or_init(|| {
            let mut errors: Vec<(Range<usize>, &str)> = errors
                .iter()
                .map(|error| (error.span().unwrap_or(0..0), error.message()))
                .collect();
            errors.sort_by_key(|(at, _)| at.start);
            let mut broken = Vec::new();
            for (at, message) in errors {
                let line = self.line(at.start);
                // A first mistake in a line makes others of it.
                if broken.last() != Some(&line) {
                    self.note(
                        Severity::Error,
                        at,
                        message.to_owned(),
                        syntax_hint(message).to_owned(),
                    );
                    broken.push(line);
                }
            }
            broken
        });
        tree.into_inner()
    }

    /// Whether a word occurs anywhere.
    pub(super) fn mentions(&self, word: &str) -> bool {
        self.body.contains(word)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The text of a span, quotes and all.
    pub(super) fn raw(&self, at: Range<usize>) -> &str {
        self.body.get(at).unwrap_or_default()
    }

    /// `file:line`, for messages elsewhere.
    pub(super) fn place(&self, offset: usize) -> String {
        format!("{}:{}", self.path.display(), self.line(offset))
    }

    /// Whether TOML itself is broken somewhere: then what is missing may only be lost.
    pub(super) fn is_broken(&self) -> bool {
        !self.broken().is_empty()
    }

    fn broken(&self) -> &[usize] {
        self.broken.get().map_or(&[], Vec::as_slice)
    }

    /// Notes a mistake; nothing in a line that TOML itself could not read. An empty hint is none.
    pub(super) fn fault(&self, at: Range<usize>, message: impl Into<String>, hint: impl Into<String>) {
        if self.broken().binary_search(&self.line(at.start)).is_err() {
            self.note(Severity::Error, at, message.into(), hint.into());
        }
    }

    /// Notes something odd that does no harm.
    pub(super) fn warning(&self, at: Range<usize>, message: impl Into<String>, hint: impl Into<String>) {
        self.note(Severity::Warning, at, message.into(), hint.into());
    }

    fn note(&self, severity: Severity, at: Range<usize>, message: String, hint: String) {
        self.notes.borrow_mut().push(Note {
            severity,
            at,
            message,
            hint,
        });
    }

    /// Takes the faults of one severity out, in the order of their places: at most `limit` of them, and how many
    /// there were.
    pub(super) fn faults(&self, severity: Severity, limit: usize) -> (Vec<Fault>, usize) {
        let mut notes = self.notes.borrow_mut();
        notes.sort_by_key(|note| note.at.start);
        let of_severity = || notes.iter().filter(|note| note.severity == severity);
        let faults = of_severity().take(limit).map(|note| self.locate(note)).collect();
        (faults, of_severity().count())
    }

    fn locate(&self, note: &Note) -> Fault {
        let line = self.line(note.at.start);
        let begin = self.lines.get(line - 1).copied().unwrap_or(0);
        let end = self.lines.get(line).copied().unwrap_or(self.body.len());
        let text = self.raw(begin..end).trim_end_matches(['\n', '\r']);
        let from = text.floor_char_boundary(note.at.start.saturating_sub(begin));
        let to = text.ceil_char_boundary(text.len().min(note.at.end.saturating_sub(begin)));
        let mut fault = Fault::about(&self.path, note.message.clone(), &note.hint);
        fault.severity = note.severity;
        fault.in_line(line, text, from..to.max(from))
    }

    /// The line of an offset, counted from 1.
    fn line(&self, offset: usize) -> usize {
        self.lines.partition_point(|begin| *begin <= offset).max(1)
    }
}

/// What to do about the usual mistakes of TOML.
fn syntax_hint(message: &str) -> &'static str {
    if message.starts_with("string values must be quoted") {
        "text goes in quotes: key = \"text\""
    } else if message.starts_with("duplicate key") {
        "a key stands once in its section; several values go in a list: key = [\"a\", \"b\"]"
    } else if message.starts_with("key with no value") {
        "write key = value"
    } else if message.contains("escape") {
        "in single quotes a backslash is a backslash: 'a\\d'"
    } else {
        ""
    }
}
