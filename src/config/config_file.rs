//! One file of a configuration: its text, its lines and the mistakes found in it.
//!
//! Mistakes are collected behind a shared reference, because a parsed tree borrows the text while it is read.

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use regex::{Regex, RegexBuilder};
use toml::de::DeTable;

use super::fault::{Fault, SHOWN, Severity};

/// A file and its mistakes. A mistake has a byte range; its line and column are looked up when it is shown.
pub(super) struct ConfigFile {
    path: PathBuf,
    body: String,
    /// Offsets of the beginnings of lines.
    lines: Vec<usize>,
    /// Lines with TOML syntax errors, ascending; values read from them are not reliable. Set by the first parse.
    broken: OnceCell<Vec<usize>>,
    /// The text with the lines that stop the parser turned into comments; set where there are any.
    repaired: OnceCell<String>,
    collected: RefCell<Vec<LocatedFault>>,
    /// Compiled patterns by their text: one takes up to 50 kB, and a thousand sources may share it.
    patterns: RefCell<HashMap<String, Regex>>,
}

/// A mistake before its line is looked up.
struct LocatedFault {
    severity: Severity,
    at: Range<usize>,
    message: String,
    hint: String,
}

impl ConfigFile {
    /// A file as it was read; a byte order mark is left out.
    pub(super) fn new(path: &Path, text: &str) -> Self {
        let body = text.strip_prefix('\u{feff}').unwrap_or(text).to_owned();
        let newlines = body.bytes().zip(1..).filter(|(byte, _)| *byte == b'\n');
        Self {
            path: path.to_owned(),
            lines: std::iter::once(0).chain(newlines.map(|(_, next)| next)).collect(),
            broken: OnceCell::new(),
            repaired: OnceCell::new(),
            collected: RefCell::default(),
            patterns: RefCell::default(),
            body,
        }
    }

    /// Parses it, past syntax errors where possible; these are reported the first time.
    pub(super) fn tree(&self) -> DeTable<'_> {
        if let Some(repaired) = self.repaired.get() {
            return DeTable::parse_recoverable(repaired).0.into_inner();
        }
        let (mut tree, errors) = DeTable::parse_recoverable(&self.body);
        if self.broken.get().is_some() {
            return tree.into_inner();
        }
        let mut errors: Vec<(usize, toml::de::Error)> =
            errors.into_iter().map(|error| (start(&error), error)).collect();
        // After a key that stands alone the parser drops the rest of the file.
        if errors.iter().any(|(_, error)| is_lone_key(error)) {
            errors.retain(|(_, error)| is_lone_key(error));
            let lone = errors.iter().map(|(at, _)| self.line(*at));
            let repaired = self.repaired.get_or_init(|| self.without(lone.collect()));
            let (again, more) = DeTable::parse_recoverable(repaired);
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
                self.add(Severity::Error, at, message.to_owned(), syntax_hint(message).to_owned());
                broken.push(line);
            }
        }
        self.broken.get_or_init(|| broken);
        tree.into_inner()
    }

    /// The text with some lines, ascending, as comments; offsets do not change.
    fn without(&self, lines: Vec<usize>) -> String {
        let mut repaired = String::with_capacity(self.body.len());
        let mut lines = lines.into_iter().peekable();
        for (line, number) in self.body.split_inclusive('\n').zip(1..) {
            if lines.next_if_eq(&number).is_some() {
                while lines.next_if_eq(&number).is_some() {}
                let rest = line.trim_start_matches(|c: char| c != '\n' && c != '\r');
                repaired.extend(std::iter::repeat_n('#', line.len() - rest.len()));
                repaired.push_str(rest);
            } else {
                repaired.push_str(line);
            }
        }
        repaired
    }

    /// A regular expression, compiled once per file.
    pub(super) fn pattern(&self, typed: &str) -> Result<Regex, regex::Error> {
        const LARGEST: usize = 1 << 20;
        if let Some(pattern) = self.patterns.borrow().get(typed) {
            return Ok(pattern.clone());
        }
        let pattern = RegexBuilder::new(typed).size_limit(LARGEST).build()?;
        self.patterns.borrow_mut().insert(typed.to_owned(), pattern.clone());
        Ok(pattern)
    }

    /// Whether a word occurs anywhere.
    pub(super) fn has_word(&self, word: &str) -> bool {
        self.body.contains(word)
    }

    /// Whether a word occurs outside of lines that are comments.
    pub(super) fn has_word_outside_comments(&self, word: &str) -> bool {
        let mut lines = self.body.lines();
        lines.any(|line| !line.trim_start().starts_with('#') && line.contains(word))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The text of a span, quotes included.
    pub(super) fn raw(&self, at: Range<usize>) -> &str {
        self.body.get(at).unwrap_or_default()
    }

    /// `file:line` of an offset, for messages about other places.
    pub(super) fn place(&self, offset: usize) -> String {
        format!("{}:{}", self.path.display(), self.line(offset))
    }

    /// Whether there are syntax errors: then a key that is missing may only have been lost.
    pub(super) fn is_broken(&self) -> bool {
        !self.broken().is_empty()
    }

    /// Lines with syntax errors; empty before the first parse.
    fn broken(&self) -> &[usize] {
        self.broken.get().map_or(&[], Vec::as_slice)
    }

    /// Reports a mistake, except in a line with a syntax error. An empty hint is none.
    pub(super) fn fault(&self, at: Range<usize>, message: impl Into<String>, hint: impl Into<String>) {
        if self.broken().binary_search(&self.line(at.start)).is_err() {
            self.add(Severity::Error, at, message.into(), hint.into());
        }
    }

    /// Whether there are far more mistakes than are shown: then costly hints are left out.
    pub(super) fn has_many_mistakes(&self) -> bool {
        self.collected.borrow().len() > 20 * SHOWN
    }

    /// Reports something odd but harmless; the range is empty where it is about the file as a whole.
    pub(super) fn warning(&self, at: Range<usize>, message: impl Into<String>, hint: impl Into<String>) {
        self.add(Severity::Warning, at, message.into(), hint.into());
    }

    fn add(&self, severity: Severity, at: Range<usize>, message: String, hint: String) {
        self.collected.borrow_mut().push(LocatedFault { severity, at, message, hint });
    }

    /// The faults of one severity in the order of their places, at most `limit`, and how many there are.
    pub(super) fn faults(&self, severity: Severity, limit: usize) -> (Vec<Fault>, usize) {
        let mut collected = self.collected.borrow_mut();
        collected.sort_by_key(|note| note.at.start);
        let of_severity = || collected.iter().filter(|note| note.severity == severity);
        let faults = of_severity().take(limit).map(|note| self.locate(note)).collect();
        (faults, of_severity().count())
    }

    /// The line of a mistake, with what may be secret in it masked.
    fn locate(&self, note: &LocatedFault) -> Fault {
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
            return fault.in_line(line, &mask_values(text), from..to.max(from));
        }
        fault.in_line(line, text, from..to.max(from))
    }

    /// Whether a line may have a secret: by its key, or by the section it is in.
    fn is_secret(&self, line: usize, text: &str) -> bool {
        let names = |text: &str| SECRETS.iter().any(|key| text.contains(key));
        let section = self.body.lines().take(line).filter(|line| line.trim_start().starts_with('[')).last();
        names(text) || section.is_some_and(names)
    }

    /// The line of an offset, counted from 1.
    fn line(&self, offset: usize) -> usize {
        self.lines.partition_point(|begin| *begin <= offset).max(1)
    }
}

/// Keys whose values may be secret.
const SECRETS: &[&str] = &["headers", "cookies", "basic_auth", "password", "bearer", "proxy"];

/// A line with its values replaced by `*`, byte for byte.
fn mask_values(text: &str) -> String {
    let end = text.find('=').unwrap_or(0);
    let (key, rest) = text.split_at_checked(end).unwrap_or(("", text));
    let cover = |c: char| match c {
        '=' | '{' | '}' | ',' | '"' | '\'' | ' ' | '\t' => c.to_string(),
        _ => "*".repeat(c.len_utf8()),
    };
    rest.chars().fold(key.to_owned(), |text, c| text + &cover(c))
}

/// Where a syntax error is; 0 where the parser does not say.
fn start(error: &toml::de::Error) -> usize {
    error.span().map_or(0, |at| at.start)
}

/// Whether the error is a key without a value, after which the parser drops the rest of the file.
fn is_lone_key(error: &toml::de::Error) -> bool {
    error.message().starts_with("key with no value")
}

/// What to do about a syntax error; empty where nothing is known.
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
