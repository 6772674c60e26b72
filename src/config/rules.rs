//! Reads `[source.article]`, `[[source.rules]]` and the files of `sites/`: compiles selectors and patterns, checks date
//! formats.
//!
//! A value for a field is a selector, a selector with `@attr`, or a table; of a list, the first that
//! finds something gives the value; `body` takes all its matches.

use chrono::NaiveDate;
use chrono::format::{Item, StrftimeItems};
use toml::de::DeValue;

use super::article_rules::{ArticleRules, FieldRule};
use super::fault::quoted;
use super::keys::{ARTICLE, RULE, RULES};
use super::value::{ConfigValue, Section};
use crate::html::Css;

/// The rules of a section over those of `base`: a key that is there replaces the whole of what `base` has for it.
pub(super) fn article(section: &Section<'_>, base: ArticleRules) -> ArticleRules {
    let mut rules = base;
    for (key, field) in rules.fields_mut() {
        if let Some(value) = section.get(key) {
            let is_date = matches!(key, "published" | "modified");
            *field = value.each().iter().filter_map(|value| rule(value, is_date)).collect();
        }
    }
    if let Some(value) = section.get("remove") {
        let values = value.each();
        rules.remove =
            values.iter().filter_map(|value| css(value, value.string("remove = \".related\"")?)).collect();
    }
    for (key, texts, example) in [
        ("cut_after", &mut rules.cut_after, "cut_after = \"Short link:\""),
        ("reject_if_contains", &mut rules.reject_if_contains, "reject_if_contains = \"Page not found\""),
    ] {
        if let Some(value) = section.get(key) {
            *texts = value.strings(example).unwrap_or_default();
        }
    }
    rules
}

/// The rules of a file of `sites/`.
pub(super) fn site(section: &Section<'_>) -> ArticleRules {
    ArticleRules {
        same_site: section.read("same_site", ConfigValue::same_site).unwrap_or_default(),
        ..with_page_keys(section, article(section, ArticleRules::default()))
    }
}

/// The rules with `timezone`, `language` and `key_from_url` of a section, or none.
pub(super) fn with_page_keys(section: &Section<'_>, rules: ArticleRules) -> ArticleRules {
    ArticleRules {
        timezone: section.read("timezone", ConfigValue::timezone),
        language: section.read("language", ConfigValue::language),
        key_from_url: section.read("key_from_url", ConfigValue::url_pattern),
        ..rules
    }
}

/// `[[source.rules]]`, newest first: those that still hold, then by their last day.
pub(super) fn dated(value: &ConfigValue<'_>) -> Vec<ArticleRules> {
    let mut all: Vec<ArticleRules> = value
        .sections(&RULES)
        .iter()
        .map(|section| {
            let valid_until = section.get("valid_until").and_then(|value| day(&value));
            ArticleRules {
                valid_until,
                layer: match valid_until {
                    Some(day) => format!("[[source.rules]] until {day}"),
                    None => "[[source.rules]]".to_owned(),
                },
                ..article(section, ArticleRules::default())
            }
        })
        .collect();
    all.sort_by_key(|rules| std::cmp::Reverse(rules.valid_until.unwrap_or(NaiveDate::MAX)));
    all
}

/// A day, as TOML has it or in quotes.
fn day(value: &ConfigValue<'_>) -> Option<NaiveDate> {
    let typed = match value.parsed() {
        DeValue::Datetime(at) => at.to_string(),
        DeValue::String(text) => text.trim().to_owned(),
        _ => {
            value.expected("a day", "valid_until = 2026-03-31");
            return None;
        }
    };
    let day = typed.parse().ok();
    if day.is_none() {
        value.fault(
            format!("{} is no day", quoted(&typed)),
            "write the last day on which these rules held, as in valid_until = 2026-03-31",
        );
    }
    day
}

/// One rule of a field: `"sel"`, `"sel@attr"` or `{ select, match, format }`. Only dates have `format`.
pub(super) fn rule(value: &ConfigValue<'_>, is_date: bool) -> Option<FieldRule> {
    if !value.is_table() {
        return selector(value);
    }
    let section = value.section(&RULE)?;
    let select = section.need("select", "write { select = \"h1\", match = '…' }");
    let matches = section.get("match");
    let format = section.get("format");
    let rule = select.and_then(|value| selector(&value));
    let matches = match matches {
        Some(value) => Some(value.regex("match = 'By (.*)'")?),
        None => None,
    };
    let format = match format {
        Some(value) if !is_date => {
            value.fault_at_key("`format` reads dates, which this is not", "leave it out");
            return None;
        }
        Some(value) => Some(date_format(&value)?),
        None => None,
    };
    Some(FieldRule { matches, format, ..rule? })
}

/// A selector with or without `@attr`.
fn selector(value: &ConfigValue<'_>) -> Option<FieldRule> {
    let typed = value.string(&format!("{} or {}", "\"h1.title\"", "\"time@datetime\""))?;
    let (select, attr) = split_attr(typed);
    if let Some(attr) = attr {
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ':' | '.');
        let at = typed.len() - attr.len();
        if attr.is_empty() || !attr.chars().all(is_name) {
            value.fault_within(
                at,
                attr.len(),
                if attr.is_empty() {
                    "no attribute follows the `@`".to_owned()
                } else {
                    format!("{} is no name of an attribute", quoted(attr))
                },
                "write the attribute after the `@`, as in \"a@href\"",
            );
            return None;
        }
        if select.trim().is_empty() {
            value.fault_within(
                0, 1, "no selector stands before the `@`", "write which element, as in \"a@href\"",
            );
            return None;
        }
    }
    Some(FieldRule {
        css: css(value, select)?,
        attr: attr.map(str::to_ascii_lowercase),
        matches: None,
        format: None,
        typed: typed.to_owned(),
    })
}

/// A selector that is the beginning of what `value` says.
fn css(value: &ConfigValue<'_>, select: &str) -> Option<Css> {
    match Css::parse(select) {
        Ok(css) => Some(css),
        Err(error) => {
            let rest = select.get(error.offset..).unwrap_or_default();
            let name = rest.find(|c: char| !c.is_alphanumeric() && c != '-' && c != '_');
            let length = match name {
                None => rest.len(),
                Some(0) => rest.chars().next().map_or(0, char::len_utf8),
                Some(length) => length,
            };
            value.fault_within(
                error.offset,
                length,
                format!("this selector does not parse: {error}"),
                "write CSS, such as \"h1.title\", with `@attr` at its end for an attribute",
            );
            None
        }
    }
}

/// Splits at the last `@` outside brackets and quotes.
fn split_attr(typed: &str) -> (&str, Option<&str>) {
    let mut quote = None;
    // Of brackets.
    let mut depth = 0_usize;
    let mut escaped = false;
    let mut at = None;
    for (offset, c) in typed.char_indices() {
        if escaped || c == '\\' {
            escaped = !escaped;
            continue;
        }
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (None, '"' | '\'') => quote = Some(c),
            (None, '[' | '(') => depth += 1,
            (None, ']' | ')') => depth = depth.saturating_sub(1),
            (None, '@') if depth == 0 => at = Some(offset),
            _ => {}
        }
    }
    match at.and_then(|at| typed.split_at_checked(at)) {
        Some((select, attr)) => (select.trim_end(), Some(attr.trim_start_matches('@').trim_end())),
        None => (typed, None),
    }
}

/// A strftime pattern (chrono's syntax) with at least one part of a date; the mistake is marked where it is.
fn date_format(value: &ConfigValue<'_>) -> Option<String> {
    let example = "format = \"%d %B %Y\"";
    let typed = value.string(example)?;
    let mut rest = typed;
    let mut fields = 0;
    while let Some(percent) = rest.find('%') {
        let from = rest.get(percent..).unwrap_or_default();
        let offset = typed.len() - from.len();
        let length = from
            .char_indices()
            .skip(1)
            .find(|(_, c)| !matches!(c, '-' | '_' | '0'..='9' | '.' | ':' | '#'))
            .map_or(from.len(), |(end, c)| end + c.len_utf8());
        let (specifier, after) = from.split_at_checked(length).unwrap_or((from, ""));
        if StrftimeItems::new(specifier).any(|item| item == Item::Error) {
            value.fault_within(
                offset,
                length,
                format!("{} is no part of a date pattern", quoted(specifier)),
                format!("%Y is the year, %m or %B the month, %d the day, %H:%M the time: {example}"),
            );
            return None;
        }
        fields += usize::from(specifier != "%%");
        rest = after;
    }
    if fields == 0 {
        value.fault(
            "`format` has no part of a date in it",
            format!("%Y is the year, %m or %B the month, %d the day, %H:%M the time: {example}"),
        );
        return None;
    }
    Some(typed.to_owned())
}

/// `[defaults.article]` or `[source.article]`, if it is there.
pub(super) fn of(section: &Section<'_>, base: ArticleRules) -> ArticleRules {
    match section.get("article").and_then(|value| value.section(&ARTICLE)) {
        Some(section) => ArticleRules { layer: "[source.article]".to_owned(), ..article(&section, base) },
        None => base,
    }
}

#[cfg(test)]
mod tests {
    use super::split_attr;

    #[test]
    fn an_attribute_follows_the_last_at_outside_brackets_and_quotes() {
        for (typed, select, attr) in [
            ("a@href", "a", Some("href")),
            ("a", "a", None),
            ("a[title='x@y']", "a[title='x@y']", None),
            ("a[title='x@y]'] > img @src ", "a[title='x@y]'] > img", Some("src")),
            ("a\\@b@c", "a\\@b", Some("c")),
            ("a:not([b@c])@d", "a:not([b@c])", Some("d")),
            ("a@", "a", Some("")),
            ("@href", "", Some("href")),
        ] {
            assert_eq!(split_attr(typed), (select, attr), "{typed}");
        }
    }
}
