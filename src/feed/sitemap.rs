//! Sitemaps into entries (sitemaps.org, and the news extension): a site that has no feed says in one what is new.
//!
//! Read as a stream, page by page, see [`SitemapReader`]: a file may unpack to 50 MiB and list more pages than are ever
//! kept. The tokens are those of feeds, so that damage costs one page and no more.

mod stream;

use std::cmp::Reverse;

use chrono::{DateTime, Utc};
use chrono_tz::UTC;
use url::Url;

pub use stream::SitemapReader;

use super::draft::{language, web};
use super::plain::{self, Kind};
use super::token::{Token, Tokens};
use super::{NotAFeed, date, decode, limits, reference};
use crate::model::{Entry, EntryDetails, ParsedFeed, SkippedEntry, Timestamp};

/// Bytes of one field.
const FIELD: usize = 8 << 10;

/// Sitemaps of an index that are looked at.
const CHILDREN: usize = 10_000;

/// Pages that all say that they were changed at the same time were not: it is the time the sitemap was made.
const SAME_TIME: usize = 10;

/// What a sitemap turned out to be.
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
    /// When it was changed, where it says so in a way that can be read.
    pub fn changed_at(&self) -> Option<DateTime<Utc>> {
        date::parse(self.changed.as_deref()?).map(|at| at.utc(UTC))
    }
}

/// Reads a document that is there at once.
pub(super) fn read(
    bytes: &[u8],
    content_type: Option<&str>,
    base: Option<&Url>,
) -> Result<Sitemap, NotAFeed> {
    let mut reader = SitemapReader::new(content_type, base);
    reader.push(bytes);
    reader.finish().map(|(sitemap, _)| sitemap)
}

/// A page or a sitemap while it is being read.
#[derive(Debug, Default)]
struct Item {
    location: String,
    changed: String,
    title: String,
    published: String,
    language: String,
    keywords: String,
}

/// Which part of an [`Item`] the text belongs to.
type Part = fn(&mut Item) -> &mut String;

#[derive(Default)]
struct Reader {
    base: Option<Url>,
    /// One address a line; unknown before the first byte.
    is_text: Option<bool>,
    /// Name of the first element, in lower case, without prefix.
    root: Option<String>,
    /// The root is none of a sitemap.
    refused: bool,
    /// The root has ended.
    ended: bool,
    item: Option<Item>,
    part: Option<Part>,
    entries: Vec<Entry>,
    children: Vec<SitemapLink>,
    /// Pages in all, kept or not.
    seen: usize,
    skipped: Vec<SkippedEntry>,
}

impl Reader {
    fn new(base: Option<&Url>) -> Self {
        Self {
            base: base.cloned(),
            ..Self::default()
        }
    }

    fn remark(&mut self, reason: String) {
        if self.skipped.len() < limits::REMARKS {
            self.skipped.push(SkippedEntry {
                position: self.seen,
                reason,
            });
        }
    }

    /// Whether the document was there to its end, as far as can be seen.
    fn is_complete(&self) -> bool {
        self.ended || self.refused || self.root.is_none()
    }

    /// Reads a stretch that ends with a page.
    fn block(&mut self, bytes: &[u8], content_type: Option<&str>) {
        let text = decode::decode(bytes, content_type).text;
        if self.is_text == Some(true) {
            for line in text.lines().filter(|line| !line.trim().is_empty()) {
                self.take(&Item {
                    location: line.to_owned(),
                    ..Item::default()
                });
            }
            return;
        }
        for token in Tokens::new(&text) {
            match token {
                Token::Start(tag) => self.start(tag.name, tag.empty),
                Token::End(name) => self.end(name),
                Token::Text(text) => self.text(&reference::decode(text)),
                Token::Verbatim(text) => self.text(text),
            }
            if self.refused {
                return;
            }
        }
    }

    fn start(&mut self, name: &str, empty: bool) {
        let (prefix, local) = parts(name);
        if self.root.is_none() {
            self.refused = !matches!(local.as_str(), "urlset" | "sitemapindex" | "url" | "sitemap");
            self.ended = empty;
            self.root = Some(local);
            return;
        }
        if matches!(local.as_str(), "url" | "sitemap") {
            if let Some(item) = self.item.take() {
                self.take(&item);
            }
            self.item = Some(Item::default());
        }
        // Images and videos of a page have addresses and titles of their own.
        let foreign = matches!(prefix.as_str(), "image" | "video");
        self.part = match local.as_str() {
            _ if foreign || empty => None,
            "loc" => Some(|item| &mut item.location),
            "lastmod" => Some(|item| &mut item.changed),
            "title" => Some(|item| &mut item.title),
            "publication_date" => Some(|item| &mut item.published),
            "language" => Some(|item| &mut item.language),
            "keywords" => Some(|item| &mut item.keywords),
            _ => None,
        };
    }

    fn end(&mut self, name: &str) {
        self.part = None;
        let (_, local) = parts(name);
        self.ended |= self.root.as_ref() == Some(&local);
        if matches!(local.as_str(), "url" | "sitemap")
            && let Some(item) = self.item.take()
        {
            self.take(&item);
        }
    }

    fn text(&mut self, text: &str) {
        if let (Some(part), Some(item)) = (self.part, &mut self.item) {
            let part = part(item);
            if part.len() + text.len() <= FIELD {
                part.push_str(text);
            }
        }
    }

    fn take(&mut self, item: &Item) {
        // A line of text that is no whole address is no address at all.
        let base = self.base.as_ref().filter(|_| self.is_text != Some(true));
        let Some(url) = web(item.location.trim(), base) else {
            self.remark("it has no http or https address".into());
            self.seen += 1;
            return;
        };
        let line = |text: &str| {
            Some(plain::line(text, Kind::Either, limits::LINE).0).filter(|line| !line.is_empty())
        };
        if self.root.as_deref() == Some("sitemapindex") {
            if self.children.len() < CHILDREN
                && !self.children.iter().rev().take(1).any(|last| last.url == url)
            {
                self.children.push(SitemapLink {
                    url,
                    changed: line(&item.changed),
                });
            }
            return;
        }
        self.seen += 1;
        let mut categories: Vec<String> = item.keywords.split(',').filter_map(line).collect();
        categories.truncate(limits::LIST);
        self.entries.push(Entry {
            link: Some(url),
            title: line(&item.title),
            published: date::parse(&item.published),
            updated: date::parse(&item.changed),
            details: EntryDetails {
                language: language(&item.language),
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

    /// Drops all but the newest; those without a date come last.
    fn keep_newest(&mut self) {
        self.entries.sort_by_key(|entry| Reverse(moment(entry)));
        self.entries.truncate(limits::ENTRIES);
    }

    fn finish(mut self) -> Result<Sitemap, NotAFeed> {
        if let Some(item) = self.item.take() {
            self.take(&item);
        }
        let is_sitemap = match &self.root {
            Some(_) => !self.refused,
            None => !self.entries.is_empty(),
        };
        if !is_sitemap {
            return Err(refusal(self.root.as_deref()));
        }
        if self.root.as_deref() == Some("sitemapindex") {
            return Ok(Sitemap::Index(self.children));
        }
        if self.seen > limits::ENTRIES {
            if self.entries.len() > limits::ENTRIES {
                self.keep_newest();
            }
            self.remark(format!(
                "the sitemap lists {} pages; the newest {} were taken",
                self.seen,
                limits::ENTRIES
            ));
        }
        forget_the_time_it_was_made(&mut self.entries);
        Ok(Sitemap::Pages(Box::new(ParsedFeed {
            entries: self.entries,
            skipped: self.skipped,
            ..ParsedFeed::default()
        })))
    }
}

/// By which a page is newer than another.
fn moment(entry: &Entry) -> Option<DateTime<Utc>> {
    entry.published.or(entry.updated).map(|at| at.utc(UTC))
}

/// Many sitemaps print the time they were made as the change of every page: that is no change of a page.
fn forget_the_time_it_was_made(entries: &mut [Entry]) {
    let minute = |at: Timestamp| at.utc(UTC).timestamp().div_euclid(60);
    let first = entries.first().and_then(|entry| entry.updated).map(minute);
    if entries.len() >= SAME_TIME
        && first.is_some()
        && entries.iter().all(|entry| entry.updated.map(minute) == first)
    {
        for entry in entries {
            entry.updated = None;
        }
    }
}

/// Prefix and local name, in lower case.
fn parts(name: &str) -> (String, String) {
    let name = name.to_ascii_lowercase();
    match name.split_once(':') {
        Some((prefix, local)) => (prefix.to_owned(), local.to_owned()),
        None => (String::new(), name),
    }
}

fn refusal(root: Option<&str>) -> NotAFeed {
    match root {
        None => NotAFeed::because("this lists no pages: it is no sitemap"),
        Some("rss" | "feed" | "rdf") => NotAFeed {
            reason: "this is a feed, not a sitemap".to_owned(),
            hint: Some("give it as `feed = …` instead of `sitemap = …`".to_owned()),
        },
        Some("html") => NotAFeed {
            reason: "this is a web page, not a sitemap".to_owned(),
            hint: Some("give it as `listing = { url = …, links = \"a@href\" }`, or look for the sitemap in robots.txt".to_owned()),
        },
        Some(root) => {
            let root: String = root.chars().filter(|c| !c.is_control()).take(40).collect();
            NotAFeed::because(format!("this is XML with the root <{root}>, which is no sitemap"))
        }
    }
}
