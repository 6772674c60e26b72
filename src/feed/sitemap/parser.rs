//! Reads the elements of a sitemap, block by block.
//!
//! `<url>` elements become entries: `loc`, `lastmod`, and of the news extension title, publication date, language and
//! keywords. `<sitemap>` elements of an index become [`SitemapLink`]s. Of more than [`limits::ENTRIES`] pages the newest
//! are kept, so memory does not grow with the document.

use std::cmp::Reverse;

use chrono::{DateTime, Utc};
use chrono_tz::UTC;
use url::Url;

use crate::feed::date::parse_date;
use crate::feed::decode::decode_document;
use crate::feed::error::NotAFeed;
use crate::feed::limits;
use crate::feed::plain_text::{TextKind, plain_line};
use crate::feed::reference::decode_references;
use crate::feed::token::{MarkupToken, MarkupTokens};
use crate::feed::values::{language_tag, web_address};
use crate::model::{Entry, EntryDetails, ParsedFeed, SkippedEntry, Timestamp};

/// Bytes of one field; a longer text is left out.
const MAX_FIELD: usize = 8 << 10;

/// Sitemaps of an index.
const MAX_SITEMAPS: usize = 10_000;

/// From this many pages on, one `lastmod` for all of them is the time at which the sitemap was made.
const MIN_PAGES_OF_ONE_TIME: usize = 10;

/// What a sitemap lists.
#[derive(Clone, Debug, PartialEq)]
pub enum Sitemap {
    /// Pages, as entries.
    Pages(Box<ParsedFeed>),
    /// Other sitemaps.
    Index(Vec<SitemapLink>),
}

/// A sitemap that an index names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SitemapLink {
    /// http or https, absolute.
    pub url: Url,
    /// `lastmod`, as printed.
    pub changed: Option<String>,
}

impl SitemapLink {
    /// `lastmod` as a moment; `None` if it is missing or no date.
    pub fn changed_at(&self) -> Option<DateTime<Utc>> {
        parse_date(self.changed.as_deref()?).map(|at| at.utc(UTC))
    }
}

/// The fields of a `<url>` or `<sitemap>` element, as printed.
#[derive(Debug, Default)]
struct ElementFields {
    location: String,
    changed: String,
    title: String,
    published: String,
    language: String,
    /// With commas between them.
    keywords: String,
}

/// Where the text of an element goes.
type Target = fn(&mut ElementFields) -> &mut String;

/// Reads blocks of a sitemap, in order.
#[derive(Default)]
pub(super) struct SitemapParser {
    base: Option<Url>,
    /// Whether it is plain text, one address a line; `None` before the first byte.
    pub(super) is_text: Option<bool>,
    /// Name of the first element, in lower case, without prefix.
    root: Option<String>,
    /// The root is not that of a sitemap.
    pub(super) is_refused: bool,
    /// The root element has ended.
    is_ended: bool,
    /// The `<url>` or `<sitemap>` that is open.
    element: Option<ElementFields>,
    target: Option<Target>,
    entries: Vec<Entry>,
    sitemaps: Vec<SitemapLink>,
    /// Pages in all, kept or not.
    seen: usize,
    skipped: Vec<SkippedEntry>,
}

impl SitemapParser {
    pub(super) fn new(base: Option<&Url>) -> Self {
        Self { base: base.cloned(), ..Self::default() }
    }

    pub(super) fn record_loss(&mut self, reason: impl Into<String>) {
        limits::record_loss(&mut self.skipped, self.seen, reason);
    }

    /// Whether the document arrived completely, as far as its markup shows.
    pub(super) fn is_complete(&self) -> bool {
        self.is_ended || self.is_refused || self.root.is_none()
    }

    /// Reads a block that ends with the end of an element or line.
    pub(super) fn read_block(&mut self, bytes: &[u8], content_type: Option<&str>) {
        let text = decode_document(bytes, content_type).text;
        if self.is_text == Some(true) {
            for line in text.lines().filter(|line| !line.trim().is_empty()) {
                self.add(&ElementFields { location: line.to_owned(), ..ElementFields::default() });
            }
            return;
        }
        for token in MarkupTokens::new(&text) {
            match token {
                MarkupToken::Start(tag) => self.start(tag.name, tag.is_empty),
                MarkupToken::End(name) => self.end(name),
                MarkupToken::Text(text) => self.text(&decode_references(text)),
                MarkupToken::CData(text) => self.text(text),
            }
            if self.is_refused {
                return;
            }
        }
    }

    /// Opens a page, or chooses where the text of one of its fields goes.
    fn start(&mut self, name: &str, is_empty: bool) {
        let (prefix, local) = split_name(name);
        let is_element = matches!(local.as_str(), "url" | "sitemap");
        if self.root.is_none() {
            self.is_refused = !is_element && !matches!(local.as_str(), "urlset" | "sitemapindex");
            self.is_ended = is_empty;
            self.root = Some(local);
            return;
        }
        if is_element && let Some(unended) = self.element.replace(ElementFields::default()) {
            self.add(&unended);
        }
        // Images and videos of a page have addresses and titles of their own.
        let is_foreign = matches!(prefix.as_str(), "image" | "video");
        self.target = match local.as_str() {
            _ if is_foreign || is_empty => None,
            "loc" => Some(|fields| &mut fields.location),
            "lastmod" => Some(|fields| &mut fields.changed),
            "title" => Some(|fields| &mut fields.title),
            "publication_date" => Some(|fields| &mut fields.published),
            "language" => Some(|fields| &mut fields.language),
            "keywords" => Some(|fields| &mut fields.keywords),
            _ => None,
        };
    }

    fn end(&mut self, name: &str) {
        self.target = None;
        let (_, local) = split_name(name);
        self.is_ended |= self.root.as_ref() == Some(&local);
        if matches!(local.as_str(), "url" | "sitemap") {
            self.end_element();
        }
    }

    /// Adds the page or sitemap that is open.
    fn end_element(&mut self) {
        if let Some(element) = self.element.take() {
            self.add(&element);
        }
    }

    /// Adds text to the field whose element is open.
    fn text(&mut self, text: &str) {
        if let (Some(target), Some(element)) = (self.target, &mut self.element) {
            let field = target(element);
            if field.len() + text.len() <= MAX_FIELD {
                field.push_str(text);
            }
        }
    }

    /// Adds a page, or a sitemap of an index.
    fn add(&mut self, element: &ElementFields) {
        // A line of text that is no whole address is no address at all.
        let base = self.base.as_ref().filter(|_| self.is_text != Some(true));
        let Some(url) = web_address(element.location.trim(), base) else {
            self.record_loss("it has no http or https address");
            self.seen += 1;
            return;
        };
        let line = |text: &str| plain_line(text, TextKind::Either, limits::LINE);
        if self.root.as_deref() == Some("sitemapindex") {
            let is_repeated = self.sitemaps.last().is_some_and(|last| last.url == url);
            if self.sitemaps.len() < MAX_SITEMAPS && !is_repeated {
                let changed = line(&element.changed);
                self.sitemaps.push(SitemapLink { url, changed });
            }
            return;
        }
        self.seen += 1;
        let mut categories: Vec<String> = element.keywords.split(',').filter_map(line).collect();
        categories.truncate(limits::LIST);
        self.entries.push(Entry {
            link: Some(url),
            title: line(&element.title),
            published: parse_date(&element.published),
            updated: parse_date(&element.changed),
            details: EntryDetails {
                language: language_tag(&element.language),
                categories,
                ..EntryDetails::default()
            }
            .kept(),
            ..Entry::default()
        });
        if self.entries.len() >= 2 * limits::ENTRIES {
            self.keep_newest();
        }
    }

    /// Keeps the newest [`limits::ENTRIES`] pages; those without a date count as the oldest.
    fn keep_newest(&mut self) {
        let date = |entry: &Entry| entry.published.or(entry.updated).map(|at| at.utc(UTC));
        self.entries.sort_by_key(|entry| Reverse(date(entry)));
        self.entries.truncate(limits::ENTRIES);
    }

    /// What the sitemap lists.
    pub(super) fn finish(mut self) -> Result<Sitemap, NotAFeed> {
        self.end_element();
        let is_sitemap = match &self.root {
            Some(_) => !self.is_refused,
            None => !self.entries.is_empty(),
        };
        if !is_sitemap {
            return Err(not_a_sitemap(self.root.as_deref()));
        }
        if self.root.as_deref() == Some("sitemapindex") {
            return Ok(Sitemap::Index(self.sitemaps));
        }
        if self.seen > limits::ENTRIES {
            if self.entries.len() > limits::ENTRIES {
                self.keep_newest();
            }
            let (seen, kept) = (self.seen, limits::ENTRIES);
            self.record_loss(format!("the sitemap lists {seen} pages; the newest {kept} were taken"));
        }
        drop_time_of_making(&mut self.entries);
        Entry::mark_own_dates(&mut self.entries);
        Ok(Sitemap::Pages(Box::new(ParsedFeed {
            entries: self.entries,
            skipped: self.skipped,
            ..ParsedFeed::default()
        })))
    }
}

/// Drops `updated` if it is the same minute for all pages: many sitemaps print the time at which they were made.
fn drop_time_of_making(entries: &mut [Entry]) {
    let minute = |at: Timestamp| at.utc(UTC).timestamp().div_euclid(60);
    let first = entries.first().and_then(|entry| entry.updated).map(minute);
    if entries.len() >= MIN_PAGES_OF_ONE_TIME
        && first.is_some()
        && entries.iter().all(|entry| entry.updated.map(minute) == first)
    {
        for entry in entries {
            entry.updated = None;
        }
    }
}

/// Prefix and local name, in lower case.
fn split_name(name: &str) -> (String, String) {
    let name = name.to_ascii_lowercase();
    match name.split_once(':') {
        Some((prefix, local)) => (prefix.to_owned(), local.to_owned()),
        None => (String::new(), name),
    }
}

/// The error for a document with the root `root`, or without any markup.
fn not_a_sitemap(root: Option<&str>) -> NotAFeed {
    match root {
        None => NotAFeed::because("this lists no pages: it is no sitemap"),
        Some("rss" | "feed" | "rdf") => NotAFeed::with_hint(
            "this is a feed, not a sitemap",
            "give it as `feed = …` instead of `sitemap = …`",
        ),
        Some("html") => NotAFeed::with_hint(
            "this is a web page, not a sitemap",
            "give it as `listing = { url = …, links = \"a@href\" }`, or look for the sitemap in robots.txt",
        ),
        Some(root) => NotAFeed::unknown_root(root, "sitemap"),
    }
}
