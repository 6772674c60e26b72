//! Where a page says that its feeds are.

use url::Url;

use super::draft::web;
use super::token::{Tag, Token, Tokens};
use super::{decode, limits, plain, reference, refusal};
use crate::link;

/// Feeds of one page that are looked at; section pages announce dozens.
const LEADS: usize = 50;

/// Where a feed may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedCandidate {
    /// http or https, absolute.
    pub url: Url,
    /// As the page calls it.
    pub title: Option<String>,
    /// Whether the page announces it as its feed (`<link rel=alternate>`), instead of linking to it.
    pub announced: bool,
}

/// The feeds that a page announces, in its order, and then those that it seems to link to.
pub fn find_feeds(bytes: &[u8], content_type: Option<&str>, page: &Url) -> Vec<FeedCandidate> {
    let text = decode::decode(bytes, content_type).text;
    let mut base = page.clone();
    let mut leads: Vec<FeedCandidate> = Vec::new();
    for token in Tokens::of_html(&text) {
        let Token::Start(tag) = token else {
            continue;
        };
        let named = |name: &str| tag.name.eq_ignore_ascii_case(name);
        if named("base") {
            let href = tag
                .raw("href")
                .and_then(|href| web(&reference::decode(href), Some(page)));
            base = href.unwrap_or(base);
        }
        let announced = named("link") && refusal::is_announced(&tag);
        let linked = named("a") && is_linked(&tag);
        if !announced && !linked {
            continue;
        }
        let href = tag.raw("href").map(reference::decode);
        let Some(url) = href.and_then(|href| web(&href, Some(&base))) else {
            continue;
        };
        if leads.len() >= LEADS || leads.iter().any(|known| link::key(&known.url) == link::key(&url)) {
            continue;
        }
        let title = tag.raw("title").map(reference::decode);
        leads.push(FeedCandidate {
            url,
            title: title
                .map(|title| plain::line(&title, plain::Kind::Either, limits::LINE).0)
                .filter(|title| !title.is_empty()),
            announced,
        });
    }
    leads.sort_by_key(|lead| !lead.announced);
    leads
}

/// Whether a link looks like one to a feed: it may be asked, which shows whether it is.
fn is_linked(tag: &Tag<'_>) -> bool {
    if tag.raw("type").is_some_and(refusal::is_feed_type) {
        return true;
    }
    let href = tag.raw("href").unwrap_or_default().to_ascii_lowercase();
    let (path, query) = href.split_once('?').unwrap_or((&href, ""));
    let path = path.split('#').next().unwrap_or_default().trim_end_matches('/');
    let last = path.rsplit('/').next().unwrap_or_default();
    let words = |text: &str| {
        text.split(|c: char| !c.is_ascii_alphanumeric())
            .any(|word| matches!(word, "rss" | "rss2" | "atom" | "feed" | "feeds" | "rdf"))
    };
    let folder = path.rsplit('/').nth(1).unwrap_or_default();
    words(last) || words(query) || (words(folder) && last.rsplit('.').next() == Some("xml"))
}
