//! A cursor over parsed TOML that reports every mistake to its file and goes on.
//!
//! Methods that read a value return `None` where they have reported a mistake. Byte ranges are those of the file.

use std::ops::{Range, RangeInclusive};

use toml::de::{DeTable, DeValue};

use super::config_file::ConfigFile;
use super::fault::quoted;
use super::keys::Keys;

/// A table with known keys.
#[derive(Clone, Copy)]
pub(super) struct Section<'a> {
    /// The file, which collects the mistakes.
    file: &'a ConfigFile,
    table: &'a DeTable<'a>,
    keys: &'static Keys,
    /// Bytes of its header, which messages about the whole section show.
    start: usize,
    end: usize,
}

/// A value and its key.
#[derive(Clone)]
pub(super) struct ConfigValue<'a> {
    file: &'a ConfigFile,
    key: &'a str,
    /// Bytes of the key.
    key_at: Range<usize>,
    /// Bytes of the value.
    at: Range<usize>,
    parsed: &'a DeValue<'a>,
}

impl<'a> Section<'a> {
    /// A table; unknown keys are not reported. `at` is its header.
    pub(super) fn new(
        file: &'a ConfigFile,
        table: &'a DeTable<'a>,
        keys: &'static Keys,
        at: Range<usize>,
    ) -> Self {
        Self { file, table, keys, start: at.start, end: at.end }
    }

    /// A table; unknown keys are reported. `at` is its header.
    pub(super) fn checked(
        file: &'a ConfigFile,
        table: &'a DeTable<'a>,
        keys: &'static Keys,
        at: Range<usize>,
    ) -> Self {
        for key in table.keys() {
            let name: &str = key.get_ref();
            if !keys.contains(name) {
                file.fault(
                    key.span(),
                    format!("unknown key {} in {}", quoted(name), keys.section),
                    keys.hint(name),
                );
            }
        }
        Self::new(file, table, keys, at)
    }

    /// The value under a key, if there is one.
    pub(super) fn get(&self, key: &'static str) -> Option<ConfigValue<'a>> {
        debug_assert!(self.keys.contains(key), "{key} in {}", self.keys.section);
        let (name, value) = self.table.get_key_value(key)?;
        Some(ConfigValue {
            file: self.file,
            key,
            key_at: name.span(),
            at: value.span(),
            parsed: value.get_ref(),
        })
    }

    /// What `read` makes of the value under a key; `None` where there is none, or it has a mistake.
    pub(super) fn read<T>(
        &self,
        key: &'static str,
        read: impl FnOnce(&ConfigValue<'a>) -> Option<T>,
    ) -> Option<T> {
        read(&self.get(key)?)
    }

    /// The value under a key; that it is missing is a mistake.
    pub(super) fn need(&self, key: &'static str, hint: &str) -> Option<ConfigValue<'a>> {
        let value = self.get(key);
        if value.is_none() && !self.file.is_broken() {
            self.file.fault(self.at(), format!("`{key}` is missing in {}", self.keys.section), hint);
        }
        value
    }

    /// Bytes of its header.
    pub(super) fn at(&self) -> Range<usize> {
        self.start..self.end
    }

    /// The file it is in.
    pub(super) fn file(&self) -> &'a ConfigFile {
        self.file
    }
}

impl<'a> ConfigValue<'a> {
    /// Reports a mistake in the value.
    pub(super) fn fault(&self, message: impl Into<String>, hint: impl Into<String>) {
        self.file.fault(self.at.clone(), message, hint);
    }

    /// Reports that the value is odd but harmless.
    pub(super) fn warning(&self, message: impl Into<String>, hint: impl Into<String>) {
        self.file.warning(self.at.clone(), message, hint);
    }

    /// Reports a mistake about the key, such as that it should not be there.
    pub(super) fn fault_at_key(&self, message: impl Into<String>, hint: impl Into<String>) {
        self.file.fault(self.key_at.clone(), message, hint);
    }

    /// Reports a mistake within a string: `length` bytes at `offset`, both counted in what the string means, without escapes.
    pub(super) fn fault_within(
        &self,
        offset: usize,
        length: usize,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        let begin = self.offset_within(offset);
        let end = self.offset_within(offset + length).max(begin);
        self.file.fault(begin..end, message, hint);
    }

    /// `file:line` of the key, for messages about other places.
    pub(super) fn place(&self) -> String {
        self.file.place(self.key_at.start)
    }

    pub(super) fn file(&self) -> &'a ConfigFile {
        self.file
    }

    /// Bytes of the key.
    pub(super) fn key_at(&self) -> Range<usize> {
        self.key_at.clone()
    }

    /// Reports that it has the wrong type; `example` is what would be right.
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
        self.fault(format!("`{}` is {found}, {what} is expected", self.key), format!("write {example}"));
    }

    /// A string that is not blank; `example` is a whole line that would be right.
    pub(super) fn string(&self, example: &str) -> Option<&'a str> {
        let text = self.text_or_empty(example)?;
        if text.trim().is_empty() {
            self.fault(format!("`{}` is empty", self.key), format!("write {example}, or leave the line out"));
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
    pub(super) fn each(&self) -> Vec<ConfigValue<'a>> {
        match self.parsed {
            DeValue::Array(values) => values
                .iter()
                .map(|value| ConfigValue { at: value.span(), parsed: value.get_ref(), ..self.clone() })
                .collect(),
            _ => vec![self.clone()],
        }
    }

    /// Strings of a list, or a single one.
    pub(super) fn strings(&self, example: &str) -> Option<Vec<String>> {
        let values = self.each();
        let strings: Vec<String> =
            values.iter().filter_map(|value| Some(value.string(example)?.to_owned())).collect();
        (strings.len() == values.len()).then_some(strings)
    }

    /// A table with the given keys.
    pub(super) fn section(&self, keys: &'static Keys) -> Option<Section<'a>> {
        let DeValue::Table(table) = self.parsed else {
            self.expected("a section", keys.section);
            return None;
        };
        Some(Section::checked(self.file, table, keys, self.at.clone()))
    }

    /// The values of a table with any keys.
    pub(super) fn named(&self, example: &str) -> Option<Vec<ConfigValue<'a>>> {
        let DeValue::Table(table) = self.parsed else {
            // Never what is there: it may be a secret.
            self.fault_at_key(format!("`{}`: a table is expected", self.key), format!("write {example}"));
            return None;
        };
        let values = table.iter().map(|(key, value)| ConfigValue {
            file: self.file,
            key: key.get_ref(),
            key_at: key.span(),
            at: value.span(),
            parsed: value.get_ref(),
        });
        Some(values.collect())
    }

    /// Its key.
    pub(super) fn key(&self) -> &'a str {
        self.key
    }

    /// The parsed value.
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
            return self.each().iter().filter_map(|value| value.section(keys)).collect();
        }
        self.fault_at_key(
            format!("`{}` is a list of sections", self.key),
            format!("write {} with two brackets on each side", keys.section),
        );
        Vec::new()
    }

    /// Where in the file a byte of a string is, counted past the quote, escapes and skipped line breaks.
    fn offset_within(&self, offset: usize) -> usize {
        let raw = self.file.raw(self.at.clone());
        let quote =
            ["\"\"\"", "'''", "\"", "'"].into_iter().find(|quote| raw.starts_with(quote)).unwrap_or_default();
        let mut inner = raw.get(quote.len()..).unwrap_or_default();
        if quote.len() == 3 {
            inner = inner.strip_prefix("\r\n").or(inner.strip_prefix('\n')).unwrap_or(inner);
        }
        let begin = self.at.end - inner.len();
        let mut decoded = 0;
        let mut rest = inner;
        while decoded < offset && !rest.is_empty() {
            let (taken, meant) = if quote.starts_with('"') { escape(rest) } else { (0, 0) };
            let plain = rest.chars().next().map_or(1, char::len_utf8);
            let (taken, meant) = if taken == 0 { (plain, plain) } else { (taken, meant) };
            decoded += meant;
            rest = rest.get(taken..).unwrap_or_default();
        }
        let last = self.at.end.saturating_sub(quote.len()).max(begin);
        (begin + (inner.len() - rest.len())).min(last)
    }
}

/// Bytes of a TOML escape at the beginning of `text`, and bytes of what it means; zeros where there is none.
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
    let meant = code.and_then(|code| u32::from_str_radix(code, 16).ok()).and_then(char::from_u32);
    (2 + digits, meant.map_or(1, char::len_utf8))
}
