//! A cursor over parsed TOML that notes every mistake and goes on.
//!
//! Each reader answers `None` where it has noted one.

use std::ops::{Range, RangeInclusive};

use toml::de::{DeTable, DeValue};

use super::fault::quoted;
use super::keys::Keys;
use super::text::Text;

/// A table whose keys are known.
#[derive(Clone, Copy)]
pub(super) struct Section<'a> {
    /// The file, which keeps the mistakes.
    text: &'a Text,
    table: &'a DeTable<'a>,
    keys: &'static Keys,
    /// Bytes that stand for the whole in messages: its header.
    start: usize,
    end: usize,
}

/// A value and the key it stands under.
#[derive(Clone)]
pub(super) struct Value<'a> {
    text: &'a Text,
    key: &'a str,
    /// Bytes of the key.
    key_at: Range<usize>,
    /// Bytes of the value.
    at: Range<usize>,
    parsed: &'a DeValue<'a>,
}

impl<'a> Section<'a> {
    /// A table; `at` is its header.
    pub(super) fn new(text: &'a Text, table: &'a DeTable<'a>, keys: &'static Keys, at: Range<usize>) -> Self {
        Self {
            text,
            table,
            keys,
            start: at.start,
            end: at.end,
        }
    }

    /// The same; keys nobody knows are noted.
    pub(super) fn checked(
        text: &'a Text,
        table: &'a DeTable<'a>,
        keys: &'static Keys,
        at: Range<usize>,
    ) -> Self {
        for key in table.keys() {
            let name: &str = key.get_ref();
            if !keys.keys.contains(&name) {
                text.fault(
                    key.span(),
                    format!("unknown key {} in {}", quoted(name), keys.section),
                    keys.hint(name),
                );
            }
        }
        Self::new(text, table, keys, at)
    }

    /// The value under a key, if there is one.
    pub(super) fn get(&self, key: &'static str) -> Option<Value<'a>> {
        debug_assert!(self.keys.keys.contains(&key), "{key} in {}", self.keys.section);
        let (name, value) = self.table.get_key_value(key)?;
        Some(Value {
            text: self.text,
            key,
            key_at: name.span(),
            at: value.span(),
            parsed: value.get_ref(),
        })
    }

    /// The same, noted where it is missing.
    pub(super) fn need(&self, key: &'static str, hint: &str) -> Option<Value<'a>> {
        let value = self.get(key);
        if value.is_none() && !self.text.is_broken() {
            self.text.fault(
                self.at(),
                format!("`{key}` is missing in {}", self.keys.section),
                hint,
            );
        }
        value
    }

    /// Bytes of its header.
    pub(super) fn at(&self) -> Range<usize> {
        self.start..self.end
    }

    /// The file it stands in.
    pub(super) fn text(&self) -> &'a Text {
        self.text
    }
}

impl<'a> Value<'a> {
    /// Notes a mistake about the value as a whole.
    pub(super) fn fault(&self, message: impl Into<String>, hint: impl Into<String>) {
        self.text.fault(self.at.clone(), message, hint);
    }

    /// Notes a mistake about the key: that it should not be there.
    pub(super) fn fault_at_key(&self, message: impl Into<String>, hint: impl Into<String>) {
        self.text.fault(self.key_at.clone(), message, hint);
    }

    /// Notes a mistake within a string: at `length` bytes from `offset` of what it says.
    pub(super) fn fault_within(
        &self,
        offset: usize,
        length: usize,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        let begin = self.offset_within(offset);
        let end = self.offset_within(offset + length).max(begin);
        self.text.fault(begin..end, message, hint);
    }

    /// `file:line`, for messages elsewhere.
    pub(super) fn place(&self) -> String {
        self.text.place(self.key_at.start)
    }

    pub(super) fn text(&self) -> &'a Text {
        self.text
    }

    /// Bytes of the key.
    pub(super) fn key_at(&self) -> Range<usize> {
        self.key_at.clone()
    }

    /// Notes that it is of the wrong type; `example` is what would be right.
    pub(super) fn expected(&self, what: &str, example: &str) {
        let found = match self.parsed {
            DeValue::String(_) => "text",
            DeValue::Integer(_) => "a number",
            DeValue::Float(_) => "a number with a fraction",
            DeValue::Boolean(value) => {
                if *value {
                    "true"
                } else {
                    "false"
                }
            }
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        self.fault(
            format!("`{}` is {found}, {what} is expected", self.key),
            format!("write {example}"),
        );
    }

    /// A string that says something; `example` is a whole line that would be right.
    pub(super) fn string(&self, example: &str) -> Option<&'a str> {
        let text = self.text_or_empty(example)?;
        if text.trim().is_empty() {
            self.fault(
                format!("`{}` is empty", self.key),
                format!("write {example}, or leave the line out"),
            );
            return None;
        }
        Some(text)
    }

    /// A string, which may be empty.
    pub(super) fn text_or_empty(&self, example: &str) -> Option<&'a str> {
        let DeValue::String(text) = self.parsed else {
            self.expected("text in quotes", example);
            return None;
        };
        Some(text)
    }

    /// `true` or `false`.
    pub(super) fn boolean(&self) -> Option<bool> {
        let value = self.parsed.as_bool();
        if value.is_none() {
            self.expected("true or false without quotes", &format!("{} = true", self.key));
        }
        value
    }

    /// A whole number within bounds.
    pub(super) fn number(&self, bounds: RangeInclusive<usize>) -> Option<usize> {
        let Some(number) = self.parsed.as_integer() else {
            self.expected("a whole number", &format!("{} = {}", self.key, bounds.start()));
            return None;
        };
        let value = usize::from_str_radix(number.as_str(), number.radix()).ok();
        let value = value.filter(|value| bounds.contains(value));
        if value.is_none() {
            self.fault(
                format!("`{}` is {number}, which is out of bounds", self.key),
                format!("it goes from {} to {}", bounds.start(), bounds.end()),
            );
        }
        value
    }

    /// The values of a list, or the value itself.
    pub(super) fn each(&self) -> Vec<Value<'a>> {
        match self.parsed {
            DeValue::Array(values) => values
                .iter()
                .map(|value| Value {
                    at: value.span(),
                    parsed: value.get_ref(),
                    ..self.clone()
                })
                .collect(),
            _ => vec![self.clone()],
        }
    }

    /// Strings of a list, or a single one.
    pub(super) fn strings(&self, example: &str) -> Option<Vec<String>> {
        let values = self.each();
        let strings: Vec<String> = values
            .iter()
            .filter_map(|value| Some(value.string(example)?.to_owned()))
            .collect();
        (strings.len() == values.len()).then_some(strings)
    }

    /// A table with the given keys.
    pub(super) fn section(&self, keys: &'static Keys) -> Option<Section<'a>> {
        let DeValue::Table(table) = self.parsed else {
            self.expected("a section", keys.section);
            return None;
        };
        Some(Section::checked(self.text, table, keys, self.at.clone()))
    }

    /// The values of a table whose keys are the writer's own.
    pub(super) fn named(&self, example: &str) -> Option<Vec<Value<'a>>> {
        let DeValue::Table(table) = self.parsed else {
            // Never what stands there: it may be a secret.
            self.fault_at_key(
                format!("`{}`: a table is expected", self.key),
                format!("write {example}"),
            );
            return None;
        };
        let values = table.iter().map(|(key, value)| Value {
            text: self.text,
            key: key.get_ref(),
            key_at: key.span(),
            at: value.span(),
            parsed: value.get_ref(),
        });
        Some(values.collect())
    }

    /// The key it stands under.
    pub(super) fn key(&self) -> &'a str {
        self.key
    }

    /// As it was parsed.
    pub(super) fn parsed(&self) -> &'a DeValue<'a> {
        self.parsed
    }

    /// Whether it is a table.
    pub(super) fn is_table(&self) -> bool {
        self.parsed.is_table()
    }

    /// The tables of `[[key]]`.
    pub(super) fn sections(&self, keys: &'static Keys) -> Vec<Section<'a>> {
        if let DeValue::Array(_) = self.parsed {
            return self
                .each()
                .iter()
                .filter_map(|value| value.section(keys))
                .collect();
        }
        self.fault_at_key(
            format!("`{}` is a list of sections", self.key),
            format!("write {} with two brackets on each side", keys.section),
        );
        Vec::new()
    }

    /// Where in the file a byte of a string stands: past the quote, escapes and line breaks skipped.
    fn offset_within(&self, offset: usize) -> usize {
        let raw = self.text.raw(self.at.clone());
        let quote = ["\"\"\"", "'''", "\"", "'"]
            .into_iter()
            .find(|quote| raw.starts_with(quote))
            .unwrap_or_default();
        let mut inner = raw.get(quote.len()..).unwrap_or_default();
        if quote.len() == 3 {
            inner = inner
                .strip_prefix("\r\n")
                .or(inner.strip_prefix('\n'))
                .unwrap_or(inner);
        }
        let begin = self.at.end - inner.len();
        let mut decoded = 0;
        let mut rest = inner;
        while decoded < offset && !rest.is_empty() {
            let (taken, meant) = if quote.starts_with('"') {
                escape(rest)
            } else {
                (0, 0)
            };
            let plain = rest.chars().next().map_or(1, char::len_utf8);
            let (taken, meant) = if taken == 0 {
                (plain, plain)
            } else {
                (taken, meant)
            };
            decoded += meant;
            rest = rest.get(taken..).unwrap_or_default();
        }
        let last = self.at.end.saturating_sub(quote.len()).max(begin);
        (begin + (inner.len() - rest.len())).min(last)
    }
}

/// Bytes of an escape of TOML at the beginning of `text`, and bytes of what it means; zeros where there is none.
fn escape(text: &str) -> (usize, usize) {
    let digits = match text.as_bytes() {
        [b'\\', b'x', ..] => 2,
        [b'\\', b'u', ..] => 4,
        [b'\\', b'U', ..] => 8,
        [b'\\', byte, ..] if byte.is_ascii_whitespace() => {
            let rest = text.trim_start_matches('\\').trim_start();
            return (text.len() - rest.len(), 0);
        }
        [b'\\', _, ..] => return (2, 1),
        _ => return (0, 0),
    };
    let code = text.get(2..2 + digits);
    let meant = code
        .and_then(|code| u32::from_str_radix(code, 16).ok())
        .and_then(char::from_u32);
    (2 + digits, meant.map_or(1, char::len_utf8))
}
