//! Feeds with the full text: RSS 2.0, Atom (RFC 4287) and JSON Feed 1.1.
//!
//! Nothing in them tells when they were written: the same articles make the same bytes.

mod atom;
mod json;
mod rss;

pub(super) use atom::Atom;
pub(super) use json::JsonFeed;
pub(super) use rss::Rss;

use chrono::DateTime;
use ring::digest::{Digest, SHA256, digest};
use serde::Deserialize;
use url::Url;

use super::fields::list;
use crate::html;
use crate::store::ArticleRef;

/// What a feed says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FeedChannel {
    /// Names the database: the same article has the same id in all feeds of it.
    pub store_id: String,
    /// What the feed is about.
    pub title: String,
    /// The site that it belongs to.
    pub home: Option<String>,
    /// Where it will be served, if that is known.
    pub own: Option<String>,
}

/// A moment for what has none: an empty feed.
const NEVER: &str = "1970-01-01T00:00:00Z";

/// Who makes it, as feeds name their software.
const GENERATOR: &str = "cuttings";

impl FeedChannel {
    /// The feed's own id: it stays the same wherever it is served.
    fn id(&self) -> String {
        urn(&format!("{}/feed/{}", self.store_id, self.title))
    }

    /// Where readers are led. RSS wants a link in any case: the site of an article, where nothing better is known, and
    /// the feed's own id, where there is none.
    fn link(&self, article: Option<&str>) -> String {
        let site = || {
            Some(Url::parse(article?).ok()?.origin())
                .filter(url::Origin::is_tuple)
                .map(|origin| origin.ascii_serialization())
        };
        let told = self.home.clone().or_else(|| self.own.clone());
        told.or_else(site).unwrap_or_else(|| self.id())
    }
}

/// A name-based UUID (RFC 9562, version 8).
fn urn(name: &str) -> String {
    urn_of(&digest(&SHA256, name.as_bytes()))
}

/// The same for a name.
#[cfg(feature = "epub")]
pub(super) fn uuid_of(name: &str) -> String {
    urn(name)
}

/// The same of a hash.
pub(super) fn urn_of(hash: &Digest) -> String {
    let mut bytes = [0; 16];
    for (byte, hashed) in bytes.iter_mut().zip(hash.as_ref()) {
        *byte = *hashed;
    }
    let value = (u128::from_be_bytes(bytes) & !(0xf << 76) & !(0b11 << 62)) | (8 << 76) | (0b10 << 62);
    let hex = format!("{value:032x}");
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    format!(
        "urn:uuid:{}-{}-{}-{}-{}",
        part(0, 8),
        part(8, 12),
        part(12, 16),
        part(16, 20),
        part(20, 32)
    )
}

/// An article as feeds tell of it.
struct FeedItem<'a> {
    id: String,
    url: &'a str,
    title: String,
    summary: String,
    html: String,
    authors: Vec<String>,
    published: &'a str,
    updated: &'a str,
    language: Option<&'a str>,
    /// What it is filed under: its source, its section, its tags.
    categories: Vec<String>,
    enclosures: Vec<File>,
}

/// A media file.
#[derive(Deserialize)]
struct File {
    url: String,
    #[serde(rename = "type")]
    mime: Option<String>,
    length: Option<u64>,
}

impl File {
    /// Its type; feeds require one.
    fn mime(&self) -> &str {
        self.mime.as_deref().unwrap_or("application/octet-stream")
    }
}

impl<'a> FeedItem<'a> {
    fn of(channel: &FeedChannel, article: &ArticleRef<'a>) -> Self {
        let said = |text: Option<&str>| text.filter(|text| !text.trim().is_empty()).map(str::to_owned);
        let mut authors = list(article.authors);
        authors.retain(|name| !name.trim().is_empty());
        if authors.is_empty() {
            authors.extend(said(article.byline));
        }
        let mut categories: Vec<String> = Vec::new();
        let filed = article
            .source
            .into_iter()
            .chain(article.section)
            .map(str::to_owned);
        for name in filed.chain(list(article.tags)) {
            if !name.trim().is_empty() && !categories.contains(&name) {
                categories.push(name);
            }
        }
        Self {
            id: urn(&format!("{}/{}", channel.store_id, article.article_id)),
            url: article.url,
            title: title_of(article),
            summary: said(article.standfirst).unwrap_or_else(|| start_of(article.text, 300)),
            html: html_of(article),
            authors,
            published: article.published_at.unwrap_or(article.first_seen),
            updated: article.fetched_at,
            language: article.language.filter(|tag| is_language(tag)),
            categories,
            enclosures: serde_json::from_str(article.enclosures).unwrap_or_default(),
        }
    }
}

/// A title in any case: the beginning of the text where an article has none, its address where that has no words.
pub(super) fn title_of(article: &ArticleRef<'_>) -> String {
    let title = article.title.filter(|title| !title.trim().is_empty());
    title.map_or_else(
        || {
            Some(start_of(article.text, 80))
                .filter(|start| !start.is_empty())
                .unwrap_or_else(|| article.url.to_owned())
        },
        str::to_owned,
    )
}

/// Whether a text has the form of a language tag (BCP 47).
pub(super) fn is_language(tag: &str) -> bool {
    let mut parts = tag.split('-');
    let first = parts.next().unwrap_or_default();
    (2..=8).contains(&first.len())
        && first.bytes().all(|byte| byte.is_ascii_alphabetic())
        && parts.all(|part| {
            (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
        })
}

/// The text as HTML; made again where an article has text alone. Sanitised once more: the file may have been written by
/// others (HOSTILE H16).
pub(super) fn html_of(article: &ArticleRef<'_>) -> String {
    if article.html.is_empty() {
        let mut out = Vec::new();
        for paragraph in article.text.split("\n\n").filter(|text| !text.trim().is_empty()) {
            super::xml::element("p", paragraph, &mut out);
        }
        return String::from_utf8_lossy(&out).into_owned();
    }
    match Url::parse(article.url) {
        Ok(base) => html::sanitise(article.html, &base),
        Err(_) => String::new(),
    }
}

/// The beginning of a text, cut at a space.
pub(super) fn start_of(text: &str, most: usize) -> String {
    let line = text.split_whitespace().take(most).collect::<Vec<_>>().join(" ");
    if line.chars().count() <= most {
        return line;
    }
    let cut: String = line.chars().take(most).collect();
    let at = cut.rfind(' ').filter(|at| *at > 0).unwrap_or(cut.len());
    format!("{}…", cut.get(..at).unwrap_or(&cut))
}

/// A moment of the database as RSS writes it (RFC 822 with four digits of a year).
fn rfc822(at: &str) -> String {
    DateTime::parse_from_rfc3339(at).map_or_else(|_| String::new(), |at| at.to_rfc2822())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_uuids_and_stay() {
        let id = urn("a/1");
        assert_eq!(id, urn("a/1"));
        assert_ne!(id, urn("a/2"));
        let parts: Vec<usize> = id
            .trim_start_matches("urn:uuid:")
            .split('-')
            .map(str::len)
            .collect();
        assert_eq!(parts, [8, 4, 4, 4, 12], "{id}");
        assert_eq!(id.get(23..24), Some("8"), "{id}");
        assert!(["8", "9", "a", "b"].contains(&id.get(28..29).unwrap()), "{id}");
    }

    #[test]
    fn a_beginning_ends_at_a_word() {
        assert_eq!(start_of("one two three", 9), "one two…");
        assert_eq!(start_of("one\n\ntwo", 9), "one two");
        assert_eq!(start_of("", 9), "");
        assert_eq!(start_of("ééééé", 3), "ééé…");
    }
}
