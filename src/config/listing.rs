//! The kind of document that a source polls: a feed, a page that links to articles, or a sitemap.

use regex::Regex;
use url::Url;

use super::article_rules::FieldRule;
use super::keys::LISTING;
use super::rules;
use super::value::ConfigValue;

/// What a source polls, by the key that names it: `feed`, `listing` or `sitemap`.
#[derive(Clone, Debug, Default)]
pub enum SourceKind {
    /// RSS, Atom or JSON Feed.
    #[default]
    Feed,
    /// A page that links to articles.
    Listing(Box<Listing>),
    /// A sitemap, or an index of sitemaps.
    Sitemap,
}

/// `listing = { url, links, … }`: how a page is read as a list of articles.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// The links, in the attribute named (`href` unless said otherwise).
    pub links: Vec<FieldRule>,
    /// Must match the URL of an article; other links are left out.
    pub pattern: Option<Regex>,
    /// The title within the block around a link; none: the text of the link.
    pub title: Vec<FieldRule>,
    /// The date within the block around a link.
    pub date: Vec<FieldRule>,
}

impl SourceKind {
    /// The key it is configured by.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Feed => "feed",
            Self::Listing(_) => "listing",
            Self::Sitemap => "sitemap",
        }
    }

    /// Everything that decides how the document is parsed: sources with the same URL and key can share one parse.
    pub fn reading_key(&self) -> String {
        let Self::Listing(listing) = self else {
            return self.as_str().to_owned();
        };
        let rules = |rules: &[FieldRule]| -> Vec<String> {
            rules
                .iter()
                .map(|rule| {
                    format!("{} {:?} {:?}", rule.typed, rule.matches.as_ref().map(Regex::as_str), rule.format)
                })
                .collect()
        };
        format!(
            "listing {:?} {:?} {:?} {:?}",
            rules(&listing.links),
            listing.pattern.as_ref().map(Regex::as_str),
            rules(&listing.title),
            rules(&listing.date)
        )
    }
}

/// Reads `listing = { url, links, … }`.
pub(super) fn read(value: &ConfigValue<'_>) -> Option<(Url, Listing)> {
    let section = value.section(&LISTING)?;
    let example = "write listing = { url = \"https://example.org/news\", links = \"h2 > a@href\" }";
    let url = section.need("url", example).and_then(|value| value.url());
    let links = section.need("links", example);
    let each = |value: Option<ConfigValue<'_>>, is_date| -> Option<Vec<FieldRule>> {
        let values = value.map(|value| value.each()).unwrap_or_default();
        let rules: Vec<FieldRule> = values.iter().filter_map(|value| rules::rule(value, is_date)).collect();
        (rules.len() == values.len()).then_some(rules)
    };
    if let Some(value) = links.as_ref().filter(|value| value.each().is_empty()) {
        value.fault("`links` is an empty list", example);
    }
    let links = each(links, false);
    let title = each(section.get("title"), false);
    let date = each(section.get("date"), true);
    let pattern = match section.get("pattern") {
        Some(value) => Some(value.regex("pattern = '/2026/'")?),
        None => None,
    };
    let listing =
        Listing { links: links.filter(|links| !links.is_empty())?, pattern, title: title?, date: date? };
    Some((url?, listing))
}
