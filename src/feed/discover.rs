//! Finds the feeds of a web page: those it announces, and those it seems to link to. Used by `add`.
//!
//! The page is read as tokens, not as a tree: links in broken markup count, too.

use url::Url;

use super::decode::decode_document;
use super::limits;
use super::plain_text::{TextKind, plain_line};
use super::reference::decode_references;
use super::token::{MarkupToken, MarkupTokens, StartTag};
use super::values::web_address;
use crate::link;

/// Candidates of one page; section pages announce dozens.
const MAX_CANDIDATES: usize = 50;

/// Types under which pages announce feeds.
const FEED_TYPES: &[&str] =
    &["application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml"];

/// A link that may lead to a feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedCandidate {
    /// http or https, absolute.
    pub url: Url,
    /// The title that the page gives it.
    pub title: Option<String>,
    /// Whether the page announces it as its feed (`<link rel=alternate>`). Else it only links to it.
    pub announced: bool,
}

/// The feeds that a page announces, in its order, and after them those that it seems to link to. `page` is the address
/// that the page came from. Each address is there once.
pub fn find_feeds(bytes: &[u8], content_type: Option<&str>, page: &Url) -> Vec<FeedCandidate> {
    let text = decode_document(bytes, content_type).text;
    let mut base = page.clone();
    let mut candidates: Vec<FeedCandidate> = Vec::new();
    for token in MarkupTokens::of_html(&text) {
        let MarkupToken::Start(tag) = token else {
            continue;
        };
        let href = || tag.attribute("href").map(decode_references);
        if tag.is("base") {
            base = href().and_then(|href| web_address(&href, Some(page))).unwrap_or(base);
        }
        let announced = tag.is("link") && announces_feed(&tag);
        let is_candidate = announced || (tag.is("a") && may_link_to_feed(&tag));
        if !is_candidate {
            continue;
        }
        let Some(url) = href().and_then(|href| web_address(&href, Some(&base))) else {
            continue;
        };
        let is_known = |known: &FeedCandidate| link::key(&known.url) == link::key(&url);
        if candidates.len() < MAX_CANDIDATES && !candidates.iter().any(is_known) {
            let title = tag.attribute("title").map(decode_references);
            candidates.push(FeedCandidate {
                url,
                title: title.and_then(|title| plain_line(&title, TextKind::Either, limits::LINE)),
                announced,
            });
        }
    }
    candidates.sort_by_key(|candidate| !candidate.announced);
    candidates
}

/// Whether a `<link>` announces a feed (HTML standard, 4.6.7.1).
pub(super) fn announces_feed(tag: &StartTag<'_>) -> bool {
    let has_relation = |relation: &str| {
        let relations = tag.attribute("rel").unwrap_or_default();
        relations.split_ascii_whitespace().any(|known| known.eq_ignore_ascii_case(relation))
    };
    has_relation("feed") || (has_relation("alternate") && has_feed_type(tag))
}

/// Whether the link has a type under which pages announce feeds.
fn has_feed_type(tag: &StartTag<'_>) -> bool {
    let mime = tag.attribute("type").unwrap_or_default();
    let mime = mime.split(';').next().unwrap_or_default().trim();
    FEED_TYPES.iter().any(|known| mime.eq_ignore_ascii_case(known))
}

/// Whether a link looks like one to a feed, by its type or by the words of its address. Only a request shows whether it
/// is.
fn may_link_to_feed(tag: &StartTag<'_>) -> bool {
    if has_feed_type(tag) {
        return true;
    }
    let href = tag.attribute("href").unwrap_or_default().to_ascii_lowercase();
    let (path, query) = href.split_once('?').unwrap_or((&href, ""));
    let path = path.split('#').next().unwrap_or_default().trim_end_matches('/');
    let (folders, file) = path.rsplit_once('/').unwrap_or(("", path));
    let folder = folders.rsplit('/').next().unwrap_or_default();
    let names_feed = |text: &str| {
        text.split(|c: char| !c.is_ascii_alphanumeric())
            .any(|word| matches!(word, "rss" | "rss2" | "atom" | "feed" | "feeds" | "rdf"))
    };
    names_feed(file) || names_feed(query) || (names_feed(folder) && file.rsplit('.').next() == Some("xml"))
}
