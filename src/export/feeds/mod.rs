//! Feeds with the full text: RSS 2.0, Atom (RFC 4287) and JSON Feed 1.1.
//!
//! [`FeedItem`] is what all three write of an article; each format has a file of its own. Articles come newest first.
//! Nothing in a feed depends on the time of the export: the same articles make the same bytes, so that `deliver` can
//! leave an unchanged file alone.

mod atom;
mod json;
mod rss;

pub(super) use atom::AtomFeed;
pub(super) use json::JsonFeed;
pub(super) use rss::RssFeed;

use super::article::{JsonEnclosure, authors_of, html_of, language_of, start_of, title_of, uuid_of};
use super::fields::list;
use super::writer::FeedChannel;
use crate::store::ArticleRef;

/// The time of an empty feed: formats require one.
const NEVER: &str = "1970-01-01T00:00:00Z";

/// The software, as feeds name it.
const GENERATOR: &str = "cuttings";

/// An article as feeds have it.
struct FeedItem<'a> {
    /// `urn:uuid:…`: the same in all feeds of a database, also after a revision.
    id: String,
    url: &'a str,
    /// Never empty.
    title: String,
    /// Plain text: the standfirst, else the beginning of the text (300 characters).
    summary: String,
    /// The full text, sanitised.
    html: String,
    /// Names, or the byline as a whole.
    authors: Vec<String>,
    /// RFC 3339 in UTC; when it was first seen, where no date is known.
    published: &'a str,
    /// RFC 3339 in UTC: when the text was fetched.
    updated: &'a str,
    /// BCP 47.
    language: Option<&'a str>,
    /// Its sources, its section and its tags, each once.
    categories: Vec<String>,
    enclosures: Vec<JsonEnclosure>,
}

impl<'a> FeedItem<'a> {
    fn new(channel: &FeedChannel, article: &ArticleRef<'a>) -> Self {
        let mut categories: Vec<String> = Vec::new();
        let section = article.section.map(str::to_owned);
        for name in list(article.sources).into_iter().chain(section).chain(list(article.tags)) {
            if !name.trim().is_empty() && !categories.contains(&name) {
                categories.push(name);
            }
        }
        let standfirst = article.standfirst.filter(|text| !text.trim().is_empty());
        Self {
            id: uuid_of(&format!("{}/{}", channel.store_id, article.article_id)),
            url: article.url,
            title: title_of(article),
            summary: standfirst.map_or_else(|| start_of(article.text, 300), str::to_owned),
            html: html_of(article),
            authors: authors_of(article),
            published: article.published_at.unwrap_or(article.first_seen),
            updated: article.fetched_at,
            language: language_of(article),
            categories,
            enclosures: serde_json::from_str(article.enclosures).unwrap_or_default(),
        }
    }
}

/// The feed's own id (`urn:uuid:…`), the same wherever it is served.
fn id_of(channel: &FeedChannel) -> String {
    uuid_of(&format!("{}/feed/{}", channel.store_id, channel.title))
}
