//! Rules by which articles are extracted: those of one source, and those of sites by host.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use chrono_tz::Tz;
use regex::Regex;

use crate::html::Css;
use crate::link::SameSite;

/// Rules that extract an article, compiled: of a source or of a site.
#[derive(Clone, Debug, Default)]
pub struct ArticleRules {
    /// Selectors of the headline.
    pub title: Vec<FieldRule>,
    /// Selectors of the lead paragraph.
    pub standfirst: Vec<FieldRule>,
    /// Selectors of the authors.
    pub byline: Vec<FieldRule>,
    /// Selectors of the date of publication.
    pub published: Vec<FieldRule>,
    /// Selectors of the date of the last change.
    pub modified: Vec<FieldRule>,
    /// Selectors of the text; each takes all its matches, in document order.
    pub body: Vec<FieldRule>,
    /// Selectors of the lead image.
    pub image: Vec<FieldRule>,
    /// Selectors of the page's own short link.
    pub short_link: Vec<FieldRule>,
    /// Selectors of the link to the next page of the article.
    pub next_page: Vec<FieldRule>,
    /// Selectors of the link to the whole article on one page.
    pub single_page: Vec<FieldRule>,
    /// Elements taken out of the body before it is read.
    pub remove: Vec<Css>,
    /// Plain texts: the body ends before the first text node that contains one.
    pub cut_after: Vec<String>,
    /// Plain texts: a page whose text contains one is no article (a "not found" sent with 200).
    pub reject_if_contains: Vec<String>,
    /// Zone of printed times. Of a site rule: where the source has none of its own.
    pub timezone: Option<Tz>,
    /// As `Source::key_from_url`.
    pub key_from_url: Option<Regex>,
    /// As `Source::language`.
    pub language: Option<String>,
    /// Of a site rule: domains that are one site, for every source.
    pub same_site: Vec<String>,
    /// The last day on which pages were made this way; `None`: they still are.
    pub valid_until: Option<NaiveDate>,
    /// Where they are written, for messages: `[source.article]`, `sites/paper.example.toml`.
    pub layer: String,
}

impl ArticleRules {
    /// Each selector of a field of the article, as typed, with the key of the field. Links to further pages are no such fields.
    pub fn selectors(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [
            ("title", &self.title),
            ("standfirst", &self.standfirst),
            ("byline", &self.byline),
            ("published", &self.published),
            ("modified", &self.modified),
            ("body", &self.body),
            ("image", &self.image),
            ("short_link", &self.short_link),
        ]
        .into_iter()
        .flat_map(|(key, rules)| rules.iter().map(move |rule| (key, rule.typed.as_str())))
    }

    /// Every field of selectors, with its key.
    pub(super) fn fields_mut(&mut self) -> [(&'static str, &mut Vec<FieldRule>); 10] {
        [
            ("title", &mut self.title),
            ("standfirst", &mut self.standfirst),
            ("byline", &mut self.byline),
            ("published", &mut self.published),
            ("modified", &mut self.modified),
            ("body", &mut self.body),
            ("image", &mut self.image),
            ("short_link", &mut self.short_link),
            ("next_page", &mut self.next_page),
            ("single_page", &mut self.single_page),
        ]
    }
}

/// One selector of a field.
#[derive(Clone, Debug)]
pub struct FieldRule {
    /// What to look for.
    pub css: Css,
    /// The attribute that holds the value; `None`: its text.
    pub attr: Option<String>,
    /// Its first group, else the whole match, is the value. Applied before `format`.
    pub matches: Option<Regex>,
    /// strftime pattern of a date.
    pub format: Option<String>,
    /// As typed, with its `@attr`; names the rule in counters and logs.
    pub typed: String,
}

/// Site rules by host.
#[derive(Clone, Debug, Default)]
pub struct Sites {
    rules: BTreeMap<String, ArticleRules>,
    /// What all lists of `same_site` in these rules join.
    same_site: SameSite,
}

impl Sites {
    /// From the rules of each `sites/HOST.toml`, with its host.
    pub fn new(rules: impl IntoIterator<Item = (String, ArticleRules)>) -> Self {
        let rules: BTreeMap<String, ArticleRules> = rules.into_iter().collect();
        let same_site = SameSite::new(rules.values().map(|rules| rules.same_site.as_slice()));
        Self { rules, same_site }
    }

    /// The domains that are one site for every source.
    pub fn same_site(&self) -> &SameSite {
        &self.same_site
    }

    /// The rules of all hosts.
    pub fn all(&self) -> impl Iterator<Item = &ArticleRules> {
        self.rules.values()
    }

    /// The rules for a page of `host`: of the host itself, with or without `www.`, else of the nearest parent domain.
    pub fn of(&self, host: &str) -> Option<&ArticleRules> {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let mut rest = host.strip_prefix("www.").unwrap_or(&host);
        if let Some(rules) = self.rules.get(&host).or_else(|| self.rules.get(&format!("www.{rest}"))) {
            return Some(rules);
        }
        loop {
            if let Some(rules) = self.rules.get(rest) {
                return Some(rules);
            }
            (_, rest) = rest.split_once('.')?;
        }
    }
}
