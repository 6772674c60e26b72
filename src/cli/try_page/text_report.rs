//! The report of `try` for a terminal: the fields with the selectors that were tried, the keys, and the text.

use std::fmt::Write as _;
use std::io::IsTerminal as _;

use console::{Style, Term};

use super::super::terminal;
use super::super::trial::PageTrial;
use super::fields::{fields, origin};
use crate::link;
use crate::model::{Field, PageKind};

/// Columns of the names of fields.
const NAME_COLUMNS: usize = 13;

/// Columns of the origins.
const ORIGIN_COLUMNS: usize = 9;

/// Columns before values.
const INDENT: usize = NAME_COLUMNS + ORIGIN_COLUMNS;

/// Most columns that text is set in.
const MAX_WIDTH: usize = 100;

/// The report as far as it is written.
struct TextReport {
    out: String,
    colour: bool,
    /// Columns; `None`: not a terminal, lines are not wrapped.
    width: Option<usize>,
}

/// The report, with colours where stdout is a terminal.
pub(super) fn render(trial: &PageTrial) -> String {
    let term = Term::stdout();
    let is_terminal = std::io::stdout().is_terminal();
    let mut report = TextReport {
        out: String::new(),
        colour: is_terminal && console::colors_enabled(),
        width: is_terminal.then(|| usize::from(term.size().1).clamp(40, MAX_WIDTH)),
    };
    report.write_all(trial);
    report.out.trim_end().to_owned()
}

impl TextReport {
    /// URL, kind, fields, keys, what is missing, how the rules did, text.
    fn write_all(&mut self, trial: &PageTrial) {
        let extraction = &trial.extraction;
        let url = self.paint(&link::mask_secrets(&trial.response.url), Style::new().underlined());
        let _ = writeln!(self.out, "{url}");
        let kind = match extraction.kind {
            PageKind::Article => self.paint("article", Style::new().green()),
            other => self.paint(other.as_str(), Style::new().yellow().bold()),
        };
        let _ = writeln!(self.out, "{kind}\n");
        for (field, value) in fields(extraction) {
            let is_asked = extraction.selectors.iter().any(|tried| tried.field == field);
            if value.is_none() && !is_asked && matches!(field, Field::NextPage | Field::SinglePage) {
                continue;
            }
            self.field(trial, field, value.as_deref());
        }
        let words = extraction.text.split_whitespace().count();
        let characters = extraction.text.chars().count();
        let paragraphs = extraction.text.split("\n\n").filter(|text| !text.is_empty()).count();
        let pages = if trial.pages > 1 { format!(", {} pages", trial.pages) } else { String::new() };
        let body = (characters > 0)
            .then(|| format!("{paragraphs} paragraphs, {words} words, {characters} characters{pages}"));
        self.field(trial, Field::Body, body.as_deref());
        for (number, key) in trial.identity.keys.iter().enumerate() {
            let name = if number == 0 { "keys" } else { "" };
            let value = format!("{:<13} {}", key.kind.as_str(), key.key);
            self.line(name, "", &value);
        }
        if let Some(missing) = &trial.missing {
            let message = self.paint(&missing.message, Style::new().red());
            let _ = writeln!(self.out, "\n{message}");
        }
        self.summary(trial);
        if !extraction.text.is_empty() {
            self.out.push('\n');
            for line in extraction.text.lines() {
                for part in self.wrapped(line, 0) {
                    let _ = writeln!(self.out, "{part}");
                }
            }
        }
    }

    /// A field, how it was found, and below it how page and feed contradict each other and the selectors that were tried.
    fn field(&mut self, trial: &PageTrial, field: Field, value: Option<&str>) {
        let extraction = &trial.extraction;
        self.line(field.as_str(), origin(extraction, field), value.unwrap_or("-"));
        let choice = trial.choices.iter().find(|choice| choice.field == field);
        if let Some(choice) = choice
            && let Some(contradiction) = &choice.contradiction
        {
            for (who, says) in [("page", &contradiction.page), ("feed", &contradiction.feed)] {
                let _ = writeln!(self.out, "{:indent$}the {who} says {says}", "", indent = INDENT);
            }
            let reason = self.paint(choice.reason.as_str(), Style::new().yellow());
            let _ = writeln!(self.out, "{:indent$}chosen by {reason}", "", indent = INDENT);
        }
        for rule in extraction.selectors.iter().filter(|tried| tried.field == field) {
            let sign = if rule.matched {
                self.paint("✓ hit   ", Style::new().green())
            } else {
                self.paint("✗ missed", Style::new().red())
            };
            let layer = self.paint(&rule.defined_in, Style::new().dim());
            let _ = writeln!(self.out, "{:indent$}{sign}  {}  {layer}", "", rule.selector, indent = INDENT);
        }
    }

    /// A line of three columns; what does not fit follows below the value.
    fn line(&mut self, name: &str, origin: &str, value: &str) {
        let name = self.paint(&format!("{name:<NAME_COLUMNS$}"), Style::new().bold());
        let origin = self.paint(&format!("{origin:<ORIGIN_COLUMNS$}"), Style::new().cyan());
        let lines = self.wrapped(value, INDENT);
        for (number, line) in lines.iter().enumerate() {
            let _ = if number == 0 {
                writeln!(self.out, "{name}{origin}{line}")
            } else {
                writeln!(self.out, "{:indent$}{line}", "", indent = INDENT)
            };
        }
    }

    /// How the rules did, in a line.
    fn summary(&mut self, trial: &PageTrial) {
        let rules = &trial.extraction.selectors;
        let hits = rules.iter().filter(|rule| rule.matched).count();
        let text = if rules.is_empty() {
            "no rule has a selector for this page: all of it was found automatically; docs/sources.md shows how to write some"
                .to_owned()
        } else {
            format!("{hits} selectors hit, {} missed", rules.len() - hits)
        };
        let text = self.paint(&text, Style::new().dim());
        let _ = writeln!(self.out, "\n{text}");
    }

    /// The text with escape sequences, where there are colours.
    fn paint(&self, text: &str, style: Style) -> String {
        style.force_styling(self.colour).apply_to(text).to_string()
    }

    /// A text in lines that fit.
    fn wrapped(&self, text: &str, indent: usize) -> Vec<String> {
        terminal::wrapped(text, self.width.map(|width| width.saturating_sub(indent).max(20)), 0)
    }
}
