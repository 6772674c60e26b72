//! One file of a configuration: its text, its lines and the mistakes found in it.

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use regex::{Regex, RegexBuilder};
use toml::de::DeTable;

use super::fault::{Fault, SHOWN, Severity};

/// A file with what is wrong in it. Mistakes are noted as bytes and become lines and columns when shown.
pub(super) struct Text {
    path: PathBuf,
    body: String,
    /// Offsets at which lines begin.
    lines: Vec<usize>,
    /// Lines with mistakes of TOML itself, ascending: what was read of them is not to be trusted. Known once parsed.
    broken: OnceCell<Vec<usize>>,
    /// The text with lines that the parser does not get past turned into comments; where there are any.
    passable: OnceCell<String>,
    notes: RefCell<Vec<Note>>,
    /// Compiled patterns by how they are typed: one takes up to 50 kB, and a thousand sources may share it.
    patterns: RefCell<HashMap<String, Regex>>,
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
            passable: OnceCell::new(),
            notes: RefCell::default(),
            patterns: RefCell::default(),
            body,
        }
    }

    /// Parses it, past mistakes where possible; these are noted the first time.
    pub(super) fn tree(&self) -> DeTable<'_> {
        if let Some(passable) = self.passable.get() {
            return DeTable::parse_recoverable(passable).0.into_inner();
        }
        let (mut tree, errors) = DeTable::parse_recoverable(&self.body);
        if self.broken.get().is_some() {
            return tree.into_inner();
        }
        let mut errors: Vec<(usize, toml::de::Error)> =
            errors.into_iter().map(|error| (start(&error), error)).collect();
        // After a key that stands alone the parser drops the rest of the file.
        if errors.iter().any(|(_, error)| stands_alone(error)) {
            errors.retain(|(_, error)| stands_alone(error));
            let lone = errors.iter().map(|(at, _)| self.line(*at));
            let passable = self.passable.get_or_init(|| self.without(lone.collect()));
            let (again, more) = DeTable::parse_recoverable(passable);
            tree = again;
            errors.extend(more.into_iter().map(|error| (start(&error), error)));
        }
        errors.sort_by_key(|(at, _)| *at);
        let mut broken = Vec::new();
        for (at, error) in errors {
            let line = self.line(at);
            // A first mistake in a line makes others of it.
            if broken.last() != Some(&line) {
                let message = error.message();
                let at = error.span().unwrap_or(at..at);
                self.note(
                    Severity::Error,
                    at,
                    message.to_owned(),
                    syntax_hint(message).to_owned(),
                );
                broken.push(line);
            }
        }
        self.broken.get_or_init(|| broken);
        tree.into_inner()
    }

    /// The text with some lines, ascending, as comments; every byte else where it was.
    fn without(&self, lines: Vec<usize>) -> String {
        let mut passable = String::with_capacity(self.body.len());
        let mut lines = lines.into_iter().peekable();
        for (line, number) in self.body.split_inclusive('\n').zip(1..) {
            if lines.next_if_eq(&number).is_some() {
                while lines.next_if_eq(&number).is_some() {}
                let rest = line.trim_start_matches(|c: char| c != '\n' && c != '\r');
                passable.extend(std::iter::repeat_n('#', line.len() - rest.len()));
                passable.push_str(rest);
            } else {
                passable.push_str(line);
            }
        }
        passable
    }

    /// A regular expression, compiled once a file.
    pub(super) fn pattern(&self, typed: &str) -> Result<Regex, regex::Error> {
        const LARGEST: usize = 1 << 20;
        if let Some(pattern) = self.patterns.borrow().get(typed) {
            return Ok(pattern.clone());
        }
        let pattern = RegexBuilder::new(typed).size_limit(LARGEST).build()?;
        self.patterns
            .borrow_mut()
            .insert(typed.to_owned(), pattern.clone());
        Ok(pattern)
    }

    /// Whether a word occurs anywhere.
    pub(super) fn mentions(&self, word: &str) -> bool {
        self.body.contains(word)
    }

    /// Whether a word occurs outside of lines that are comments.
    pub(super) fn says(&self, word: &str) -> bool {
        let mut lines = self.body.lines();
        lines.any(|line| !line.trim_start().starts_with('#') && line.contains(word))
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

    /// Whether there are far more mistakes than are ever shown: then costly hints can be left out.
    pub(super) fn is_flooded(&self) -> bool {
        self.notes.borrow().len() > 20 * SHOWN
    }

    /// Notes something odd that does no harm; with no bytes where it is about the file as a whole.
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
        if note.at == (0..0) && note.severity == Severity::Warning {
            return fault;
        }
        if self.is_secret(line, text) {
            return fault.in_line(line, &covered(text), from..to.max(from));
        }
        fault.in_line(line, text, from..to.max(from))
    }

    /// Whether a line may hold a password: by its key, or by the section it stands in.
    fn is_secret(&self, line: usize, text: &str) -> bool {
        let names = |text: &str| SECRETS.iter().any(|key| text.contains(key));
        let section = self
            .body
            .lines()
            .take(line)
            .filter(|line| line.trim_start().starts_with('['))
            .last();
        names(text) || section.is_some_and(names)
    }

    /// The line of an offset, counted from 1.
    fn line(&self, offset: usize) -> usize {
        self.lines.partition_point(|begin| *begin <= offset).max(1)
    }
}

/// Keys whose values are not shown.
const SECRETS: &[&str] = &["headers", "cookies", "basic_auth", "password", "bearer", "proxy"];

/// A line with what its values say covered, byte for byte.
fn covered(text: &str) -> String {
    let end = text.find('=').unwrap_or(0);
    let (key, rest) = text.split_at_checked(end).unwrap_or(("", text));
    let cover = |c: char| match c {
        '=' | '{' | '}' | ',' | '"' | '\'' | ' ' | '\t' => c.to_string(),
        _ => "*".repeat(c.len_utf8()),
    };
    rest.chars().fold(key.to_owned(), |text, c| text + &cover(c))
}

fn start(error: &toml::de::Error) -> usize {
    error.span().map_or(0, |at| at.start)
}

fn stands_alone(error: &toml::de::Error) -> bool {
    error.message().starts_with("key with no value")
}

/// What to do about the usual mistakes of TOML.
fn syntax_hint(message: &str) -> &'static str {
    if message.starts_with("string values must be quoted") {
        "text goes in quotes: key = \"text\""
    } else if message.starts_with("duplicate key") {
        "a key stands once in its section; several values go in a list: key = [\"a\", \"b\"]"
    } else if message.starts_with("key with no value") {
        "write key = value"
    } else if message.starts_with("invalid basic string") || message.starts_with("invalid literal string") {
        "close the quote in the same line"
    } else if message.contains("escape") {
        "in single quotes a backslash is a backslash: 'a\\d'"
    } else {
        ""
    }
}
