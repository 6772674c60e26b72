//! `include`, `exclude` and `max_age`: which entries of a source are collected.
//!
//! They are applied twice: to the entry, before its page is fetched, and to the article. What is not known yet excludes
//! nothing.

use std::time::Duration;

use regex::Regex;

use super::keys::FILTER;
use super::value::{ConfigValue, Section};

/// The filters of a source; by default nothing is excluded.
#[derive(Clone, Debug, Default)]
pub struct Filters {
    /// Every key that is set must match.
    pub include: Filter,
    /// No key may match.
    pub exclude: Filter,
    /// Excludes entries that are older when they are first seen; those without a date are not excluded.
    pub max_age: Option<Duration>,
}

/// Patterns by what they are searched in; of a list, one match is enough.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    title: Vec<Regex>,
    link: Vec<Regex>,
    category: Vec<Regex>,
    /// Primary tags, lower case.
    language: Vec<String>,
    text: Vec<Regex>,
}

/// What is known of an entry or an article; `None` is not known.
#[derive(Clone, Copy, Debug, Default)]
pub struct FilterInput<'a> {
    /// Headline.
    pub title: Option<&'a str>,
    /// URL.
    pub link: Option<&'a str>,
    /// Categories of the feed.
    pub categories: Option<&'a [String]>,
    /// BCP 47.
    pub language: Option<&'a str>,
    /// Time since it was published.
    pub age: Option<Duration>,
    /// The whole text.
    pub text: Option<&'a str>,
}

/// Whether one of the patterns matches; `None` where the text is not known.
type MatchResult = Option<bool>;

impl Filters {
    /// The filter that excludes it, from a closed set, which names a counter; `None`: it is collected.
    pub fn excluded_by(&self, input: &FilterInput<'_>) -> Option<&'static str> {
        if let (Some(most), Some(age)) = (self.max_age, input.age)
            && age > most
        {
            return Some("age");
        }
        let missing = self.include.matches(input).find(|(_, found)| *found == Some(false));
        let unwanted = self.exclude.matches(input).find(|(_, found)| *found == Some(true));
        missing.or(unwanted).map(|(name, _)| name)
    }

    /// Whether one of them judges what only the page says: its text or its language. (Titles are judged by the feed's.)
    pub fn judge_pages(&self) -> bool {
        [&self.include, &self.exclude]
            .iter()
            .any(|filter| !filter.text.is_empty() || !filter.language.is_empty())
    }

    pub(super) fn read(section: &Section<'_>) -> Self {
        let filter = |value: Option<ConfigValue<'_>>| {
            value
                .and_then(|value| value.section(&FILTER))
                .map(|section| Filter::read(&section))
                .unwrap_or_default()
        };
        Self {
            include: filter(section.get("include")),
            exclude: filter(section.get("exclude")),
            max_age: section.get("max_age").and_then(|value| value.duration("30d")),
        }
    }
}

impl Filter {
    /// The keys that are set, and whether each matches.
    fn matches<'a>(
        &'a self,
        input: &'a FilterInput<'_>,
    ) -> impl Iterator<Item = (&'static str, MatchResult)> + 'a {
        let any = |patterns: &[Regex], text: Option<&str>| -> MatchResult {
            text.map(|text| patterns.iter().any(|pattern| pattern.is_match(text)))
        };
        let categories = input.categories.map(|categories| {
            categories.iter().any(|category| any(&self.category, Some(category)) == Some(true))
        });
        let language = input.language.map(|tag| {
            let primary = tag.split(['-', '_']).next().unwrap_or_default();
            self.language.iter().any(|wanted| wanted.eq_ignore_ascii_case(primary))
        });
        [
            ("title", !self.title.is_empty(), any(&self.title, input.title)),
            ("link", !self.link.is_empty(), any(&self.link, input.link)),
            ("category", !self.category.is_empty(), categories),
            ("language", !self.language.is_empty(), language),
            ("text", !self.text.is_empty(), any(&self.text, input.text)),
        ]
        .into_iter()
        .filter(|(_, is_set, _)| *is_set)
        .map(|(name, _, found)| (name, found))
    }

    fn read(section: &Section<'_>) -> Self {
        let patterns = |key: &'static str, example: &str| -> Vec<Regex> {
            let values = section.get(key).map(|value| value.each()).unwrap_or_default();
            values.iter().filter_map(|value| value.regex(example)).collect()
        };
        let languages = section.get("language").map(|value| value.each()).unwrap_or_default();
        Self {
            title: patterns("title", "title = '(?i)election'"),
            link: patterns("link", "link = '/news/'"),
            category: patterns("category", "category = '^Politics$'"),
            language: languages
                .iter()
                .filter_map(ConfigValue::language)
                .map(|tag| tag.split('-').next().unwrap_or_default().to_ascii_lowercase())
                .collect(),
            text: patterns("text", "text = '(?i)harbour'"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::load_text;

    fn filters(lines: &str) -> Filters {
        let text =
            format!("daemon.contact = 'x'\n[[source]]\nname = 'a'\nfeed = 'https://a.example/'\n{lines}\n");
        load_text("cuttings.toml", &text).unwrap().config.sources.remove(0).filters.clone()
    }

    #[test]
    fn include_needs_all_and_exclude_any() {
        let both = filters(
            "include = { title = ['(?i)ferry', 'quay'], language = 'en', category = '^News$' }\n\
             exclude = { link = '/video/', text = 'Advert' }\nmax_age = '2d'",
        );
        let news = ["News".to_owned()];
        let good = FilterInput {
            title: Some("The Ferry"),
            link: Some("https://a.example/news/1"),
            categories: Some(&news),
            language: Some("en-GB"),
            age: Some(Duration::from_hours(1)),
            text: None,
        };
        for (input, against) in [
            (good, None),
            (FilterInput::default(), None),
            (FilterInput { title: None, language: None, age: None, ..good }, None),
            (FilterInput { title: Some("The bridge"), ..good }, Some("title")),
            (FilterInput { categories: Some(&[]), ..good }, Some("category")),
            (FilterInput { language: Some("de"), ..good }, Some("language")),
            (FilterInput { link: Some("https://a.example/video/1"), ..good }, Some("link")),
            (FilterInput { age: Some(Duration::from_hours(50)), ..good }, Some("age")),
            (FilterInput { text: Some("An Advert"), ..good }, Some("text")),
            (FilterInput { text: Some("A text"), ..good }, None),
        ] {
            assert_eq!(both.excluded_by(&input), against, "{input:?}");
        }
        assert_eq!(filters("").excluded_by(&good), None);
    }
}
