//! The settings that apply to one page: those of its source, else of its site, else of `[defaults]`.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use regex::Regex;
use url::Url;

use super::article_rules::ArticleRules;
use super::sections::Config;
use super::source::Source;
use crate::link::{self, SameSite};

impl Config {
    /// The source of a name.
    pub fn source(&self, name: &str) -> Option<&Source> {
        let named = self.sources.iter().find(|source| source.name == name);
        named.map(|source| &**source)
    }

    /// The rules for a page, strongest first: its source's for pages fetched at that time, newest first, then its
    /// source's for all pages, then those of its site.
    pub fn rules_for<'a>(
        &'a self,
        source: Option<&'a Source>,
        page: &Url,
        fetched_at: DateTime<Utc>,
    ) -> Vec<&'a ArticleRules> {
        let day = fetched_at.with_timezone(&self.zone_for(source, page)).date_naive();
        source
            .into_iter()
            .flat_map(|source| &source.rules)
            .filter(|rules| rules.valid_until.is_none_or(|last| day <= last))
            .chain(source.map(|source| &source.article))
            .chain(self.site_of(page))
            .collect()
    }

    /// The zone of times that a page prints without one.
    pub fn zone_for(&self, source: Option<&Source>, page: &Url) -> Tz {
        let own = source.and_then(|source| source.article.timezone);
        let site = || self.site_of(page)?.timezone;
        own.or_else(site).or(source.map(|source| source.timezone)).unwrap_or_default()
    }

    /// The pattern that finds the key of an article in its URL.
    pub fn key_pattern_for<'a>(&'a self, source: Option<&'a Source>, page: &Url) -> Option<&'a Regex> {
        let own = source.and_then(|source| source.article.key_from_url.as_ref());
        let site = || self.site_of(page)?.key_from_url.as_ref();
        own.or_else(site).or_else(|| source?.key_from_url.as_ref())
    }

    /// The domains that are one site.
    pub fn same_site_for<'a>(&'a self, source: Option<&'a Source>) -> &'a SameSite {
        source.map_or_else(|| self.sites.same_site(), |source| &source.same_site)
    }

    /// The language of a page that does not state one.
    pub fn language_for<'a>(&'a self, source: Option<&'a Source>, page: &Url) -> Option<&'a str> {
        let own = source.and_then(|source| source.article.language.as_deref());
        let site = || self.site_of(page)?.language.as_deref();
        own.or_else(site).or_else(|| source?.language.as_deref())
    }

    /// The rules of the site that a page is on.
    fn site_of(&self, page: &Url) -> Option<&ArticleRules> {
        self.sites.of(&link::host(page))
    }
}

#[cfg(test)]
mod tests {
    use super::super::article_rules::Sites;
    use super::*;

    #[test]
    fn a_source_goes_before_its_site_and_the_site_before_the_defaults() {
        let mut config = super::super::load_text(
            "test.toml",
            "[defaults]\ntimezone = 'Asia/Tokyo'\nlanguage = 'ja'\n\
             [[source]]\nname = 'a'\nfeed = 'https://a.example/'\ntimezone = 'Europe/Paris'\n\
             [[source]]\nname = 'b'\nfeed = 'https://b.example/'\n",
        )
        .unwrap()
        .config;
        let site = ArticleRules {
            timezone: Some(Tz::Africa__Cairo),
            language: Some("ar".into()),
            ..ArticleRules::default()
        };
        config.sites = Sites::new([("b.example".to_owned(), site)]);
        let page = |host: &str| link::web_url(&format!("https://{host}/1")).unwrap();
        let [a, b] = &config.sources[..] else { panic!("two sources") };
        assert_eq!(config.zone_for(Some(a), &page("b.example")), Tz::Europe__Paris);
        assert_eq!(config.zone_for(Some(b), &page("b.example")), Tz::Africa__Cairo);
        assert_eq!(config.zone_for(Some(b), &page("c.example")), Tz::Asia__Tokyo);
        assert_eq!(config.zone_for(None, &page("c.example")), Tz::UTC);
        assert_eq!(config.language_for(Some(b), &page("b.example")), Some("ar"));
        assert_eq!(config.language_for(Some(a), &page("c.example")), Some("ja"));
        let now = DateTime::UNIX_EPOCH;
        assert_eq!(config.rules_for(Some(b), &page("b.example"), now).len(), 2);
    }

    #[test]
    fn dated_rules_go_first_newest_first_until_their_last_day() {
        let config = super::super::load_text(
            "test.toml",
            "[[source]]\nname = 'a'\nfeed = 'https://a.example/'\ntimezone = 'Asia/Tokyo'\narticle.title = 'h1'\n\
             [[source.rules]]\nvalid_until = 2025-06-30\ntitle = '.old'\n\
             [[source.rules]]\ntitle = '.new'\n\
             [[source.rules]]\nvalid_until = '2026-03-31'\ntitle = '.less-old'\n",
        )
        .unwrap()
        .config;
        let layers = |at: &str| -> Vec<String> {
            config
                .rules_for(
                    config.source("a"),
                    &link::web_url("https://a.example/1").unwrap(),
                    at.parse().unwrap(),
                )
                .into_iter()
                .map(|rules| rules.title.first().unwrap().typed.clone())
                .collect()
        };
        assert_eq!(layers("2025-06-30T14:59:59Z"), [".new", ".less-old", ".old", "h1"]);
        // The day is that of the source's zone: in Tokyo July has begun.
        assert_eq!(layers("2025-06-30T15:00:00Z"), [".new", ".less-old", "h1"]);
        assert_eq!(layers("2026-11-24T00:00:00Z"), [".new", "h1"]);
    }
}
