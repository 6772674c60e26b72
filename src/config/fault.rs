//! Mistakes in a configuration with their places, rendered like those of a compiler.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Level, Origin, Renderer, Snippet};

/// All mistakes of a configuration. Rendering shows the first [`SHOWN`] and counts the others.
#[derive(Clone, Debug, thiserror::Error)]
pub struct Faults {
    shown: Vec<Fault>,
    /// Mistakes found, those left out of `shown` included.
    mistakes: usize,
    files: usize,
}

/// Most mistakes that are shown.
pub const SHOWN: usize = 50;

/// One mistake, or a warning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Whether the configuration cannot be used because of it.
    pub severity: Severity,
    /// The file, as it was asked for.
    pub file: PathBuf,
    /// Counted from 1; 0 where the file as a whole is meant.
    pub line: usize,
    /// In characters, counted from 1; 0 where the file as a whole is meant.
    pub column: usize,
    /// What is wrong, as a phrase.
    pub message: String,
    /// What to do about it, as a phrase.
    pub hint: Option<String>,
    excerpt: Option<Excerpt>,
}

/// The line of a fault.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Excerpt {
    text: String,
    /// Bytes of `text` that are wrong.
    wrong: Range<usize>,
    /// Whether `text` is only the part of a long line around them.
    cut: bool,
}

/// How bad a fault is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The configuration can be used.
    Warning,
    /// The configuration cannot be used.
    Error,
}

impl Faults {
    pub(super) fn new(shown: Vec<Fault>, mistakes: usize, files: usize) -> Self {
        Self { shown, mistakes, files }
    }

    /// A single mistake about a file as a whole.
    pub(super) fn about(file: &Path, message: String, hint: &str) -> Self {
        Self::new(vec![Fault::about(file, message, hint)], 1, 1)
    }

    /// The mistakes in the order of the files and their lines, at most [`SHOWN`] of them, and the warnings.
    pub fn all(&self) -> &[Fault] {
        &self.shown
    }

    /// How many mistakes there are, warnings not among them.
    pub fn mistakes(&self) -> usize {
        self.mistakes
    }

    /// Whether the text or the line of a shown mistake mentions a name.
    pub(super) fn may_mention(&self, name: &str) -> bool {
        let mistakes = self.shown.iter().filter(|fault| fault.severity == Severity::Error);
        let texts = mistakes.flat_map(|fault| {
            let line = fault.excerpt.as_ref().map(|excerpt| excerpt.text.as_str());
            [Some(fault.message.as_str()), fault.hint.as_deref(), line]
        });
        texts.flatten().any(|text| text.contains(name))
    }

    /// All of it for a terminal, with colours if asked for.
    pub fn render(&self, colour: bool) -> String {
        let mut parts: Vec<String> = self.shown.iter().map(|fault| fault.render(colour)).collect();
        let named = self.shown.iter().filter(|fault| fault.severity == Severity::Error);
        let unnamed = self.mistakes.saturating_sub(named.count());
        if unnamed > 0 {
            parts.push(format!("and {unnamed} more\n"));
        }
        let mistakes = counted(self.mistakes, "mistake");
        parts.push(format!("{mistakes} in {}", counted(self.files, "file")));
        parts.join("\n")
    }
}

/// `1 source`, `2 sources`.
pub fn counted(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

impl fmt::Display for Faults {
    /// Without colours.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl Fault {
    /// A mistake about a file as a whole.
    pub(super) fn about(file: &Path, message: String, hint: &str) -> Self {
        Self {
            severity: Severity::Error,
            file: file.to_owned(),
            line: 0,
            column: 0,
            message,
            hint: (!hint.is_empty()).then(|| hint.to_owned()),
            excerpt: None,
        }
    }

    /// A fault in a line of a file; `wrong` are the bytes of `text` that are.
    pub(super) fn in_line(self, line: usize, text: &str, wrong: Range<usize>) -> Self {
        let before = text.get(..wrong.start).unwrap_or(text);
        Self { line, column: before.chars().count() + 1, excerpt: Some(Excerpt::of(text, wrong)), ..self }
    }

    /// One fault for a terminal, with a line break at its end.
    pub fn render(&self, colour: bool) -> String {
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let path = self.file.to_string_lossy();
        let title = level.primary_title(&self.message);
        let mut group = match &self.excerpt {
            None => title.element(Origin::path(path)),
            Some(Excerpt { text, wrong, cut }) => {
                let snippet = Snippet::source(text)
                    .line_start(self.line)
                    .annotation(AnnotationKind::Primary.span(wrong.clone()));
                // The column of a cut line is not that of the file.
                if *cut {
                    let origin = Origin::path(path).line(self.line).char_column(self.column);
                    title.element(origin).element(snippet)
                } else {
                    title.element(snippet.path(path))
                }
            }
        };
        if let Some(hint) = &self.hint {
            group = group.element(Level::HELP.with_name("hint").message(hint));
        }
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        renderer.decor_style(DecorStyle::Ascii).render(&[group]) + "\n"
    }
}

impl fmt::Display for Fault {
    /// On one line: `file:line:column: message (hint)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.file.display())?;
        if self.line > 0 {
            write!(f, "{}:{}:", self.line, self.column)?;
        }
        write!(f, " {}", self.message)?;
        match &self.hint {
            Some(hint) => write!(f, " ({hint})"),
            None => Ok(()),
        }
    }
}

/// Longest line shown whole; below, how much of a longer one is shown before the mistake and from there on. Bytes.
const WHOLE: usize = 400;
const BEFORE: usize = 60;
const FROM: usize = 90;

impl Excerpt {
    fn of(text: &str, wrong: Range<usize>) -> Self {
        if text.len() <= WHOLE {
            return Self { text: text.to_owned(), wrong, cut: false };
        }
        let from = text.floor_char_boundary(wrong.start.saturating_sub(BEFORE));
        let to = text.ceil_char_boundary(text.len().min(wrong.start.saturating_add(FROM)));
        let head = if from > 0 { "…" } else { "" };
        let tail = if to < text.len() { "…" } else { "" };
        let kept = text.get(from..to).unwrap_or_default();
        let shift = |offset: usize| offset.clamp(from, to) - from + head.len();
        Self { text: format!("{head}{kept}{tail}"), wrong: shift(wrong.start)..shift(wrong.end), cut: true }
    }
}

/// What someone typed, within a message: in backticks, without control characters, cut after 60 characters.
pub(super) fn quoted(text: &str) -> String {
    const LONGEST: usize = 60;
    let mut shown: String =
        text.chars().take(LONGEST).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if text.chars().nth(LONGEST).is_some() {
        shown.push('…');
    }
    format!("`{shown}`")
}
