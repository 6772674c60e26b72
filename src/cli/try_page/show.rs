//! What came of a page, for a person at a terminal.

use std::fmt::Write as _;
use std::io::IsTerminal as _;

use console::{Style, Term};

use super::super::width;
use super::Tried;
use crate::link;
use crate::model::{Field, PageKind};

/// Columns of the names of fields, and of origins.
const NAMES: usize = 13;
const ORIGINS: usize = 9;

/// Widest that text is set.
const WIDEST: usize = 100;

/// A page to write on, which knows whether it has colours and where it ends.
struct Sheet {
    out: String,
    colour: bool,
    /// `None`: not a terminal, lines are left as they are.
    width: Option<usize>,
}

pub(super) fn text(tried: &Tried) -> String {
    let term = Term::stdout();
    let is_terminal = std::io::stdout().is_terminal();
    let mut sheet = Sheet {
        out: String::new(),
        colour: is_terminal && console::colors_enabled(),
        width: is_terminal.then(|| usize::from(term.size().1).clamp(40, WIDEST)),
    };
    sheet.all(tried);
    sheet.out.trim_end().to_owned()
}

impl Sheet {
    fn all(&mut self, tried: &Tried) {
        let extraction = &tried.extraction;
        let url = self.paint(&link::mask_secrets(&tried.got.url), Style::new().underlined());
        let _ = writeln!(self.out, "{url}");
        let kind = match extraction.kind {
            PageKind::Article => self.paint("article", Style::new().green()),
            other => self.paint(other.as_str(), Style::new().yellow().bold()),
        };
        let _ = writeln!(self.out, "{kind}\n");
        for (field, value) in super::fields(extraction) {
            let is_asked = extraction.selectors.iter().any(|tried| tried.field == field);
            if value.is_none() && !is_asked && matches!(field, Field::NextPage | Field::SinglePage) {
                continue;
            }
            self.field(tried, field, value.as_deref());
        }
        let words = extraction.text.split_whitespace().count();
        let characters = extraction.text.chars().count();
        let paragraphs = extraction
            .text
            .split("\n\n")
            .filter(|text| !text.is_empty())
            .count();
        let pages = if tried.pages > 1 {
            format!(", {} pages", tried.pages)
        } else {
            String::new()
        };
        let body = (characters > 0)
            .then(|| format!("{paragraphs} paragraphs, {words} words, {characters} characters{pages}"));
        self.field(tried, Field::Body, body.as_deref());
        for (number, key) in tried.keys.keys.iter().enumerate() {
            let name = if number == 0 { "keys" } else { "" };
            let value = format!("{:<13} {}", key.kind.as_str(), key.key);
            self.line(name, "", &value);
        }
        if let Some(missing) = &tried.missing {
            let message = self.paint(&missing.message, Style::new().red());
            let _ = writeln!(self.out, "\n{message}");
        }
        self.summary(tried);
        if !extraction.text.is_empty() {
            self.out.push('\n');
            for line in extraction.text.lines() {
                for part in self.wrapped(line, 0) {
                    let _ = writeln!(self.out, "{part}");
                }
            }
        }
    }

    /// A field, where it came from, and below it the selectors that were tried for it.
    fn field(&mut self, tried: &Tried, field: Field, value: Option<&str>) {
        let extraction = &tried.extraction;
        let origin = extraction
            .origins
            .get(&field)
            .map_or("", |origin| origin.as_str());
        self.line(field.as_str(), origin, value.unwrap_or("-"));
        for rule in extraction.selectors.iter().filter(|tried| tried.field == field) {
            let sign = if rule.matched {
                self.paint("✓ hit   ", Style::new().green())
            } else {
                self.paint("✗ missed", Style::new().red())
            };
            let layer = self.paint(&rule.defined_in, Style::new().dim());
            let _ = writeln!(
                self.out,
                "{:indent$}{sign}  {}  {layer}",
                "",
                rule.selector,
                indent = NAMES + ORIGINS
            );
        }
    }

    fn line(&mut self, name: &str, origin: &str, value: &str) {
        let name = self.paint(&format!("{name:<NAMES$}"), Style::new().bold());
        let origin = self.paint(&format!("{origin:<ORIGINS$}"), Style::new().cyan());
        let parts = self.wrapped(value, NAMES + ORIGINS);
        for (number, part) in parts.iter().enumerate() {
            let _ = if number == 0 {
                writeln!(self.out, "{name}{origin}{part}")
            } else {
                writeln!(self.out, "{:indent$}{part}", "", indent = NAMES + ORIGINS)
            };
        }
    }

    /// What to do about it, in a line.
    fn summary(&mut self, tried: &Tried) {
        let rules = &tried.extraction.selectors;
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

    fn paint(&self, text: &str, style: Style) -> String {
        style.force_styling(self.colour).apply_to(text).to_string()
    }

    /// A text in lines that fit.
    fn wrapped(&self, text: &str, indent: usize) -> Vec<String> {
        width::wrapped(
            text,
            self.width.map(|width| width.saturating_sub(indent).max(20)),
            0,
        )
    }
}
