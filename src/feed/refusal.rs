//! Why a document is no feed, and where there may be one (HOSTILE H11).

use url::Url;

use super::NotAFeed;
use super::draft::web;
use super::token::{Tag, Token, Tokens};
use super::{plain, reference};
use crate::link;

/// Types under which pages announce feeds.
const FEED_TYPES: &[&str] = &[
    "application/rss+xml",
    "application/atom+xml",
    "application/feed+json",
    "application/rdf+xml",
];

/// Bytes that are no text at all.
pub(super) fn of_bytes(bytes: &[u8]) -> Option<NotAFeed> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Some(NotAFeed::because("the document is empty"));
    }
    let kinds: [(&[u8], &str); 8] = [
        (b"\x1f\x8b", "gzip data"),
        (b"PK\x03\x04", "a ZIP archive"),
        (b"%PDF", "a PDF file"),
        (b"\x89PNG", "a PNG image"),
        (b"GIF8", "a GIF image"),
        (b"\xff\xd8\xff", "a JPEG image"),
        (b"RIFF", "a media file"),
        (b"\x28\xb5\x2f\xfd", "zstd data"),
    ];
    kinds
        .iter()
        .find(|(magic, _)| bytes.starts_with(magic))
        .map(|(_, what)| NotAFeed::because(format!("this is {what}, not a feed")))
}

/// Markup whose root is `root`, and text without any.
pub(super) fn of_markup(text: &str, root: Option<&str>, base: Option<&Url>) -> NotAFeed {
    match root {
        None => NotAFeed::because("this is plain text, not a feed"),
        Some(root) if plain::is_html(root) => of_page(text, base),
        Some("urlset" | "sitemapindex") => NotAFeed {
            reason: "this is a sitemap, not a feed".to_owned(),
            hint: Some("give it as `sitemap = …` instead of `feed = …`".to_owned()),
        },
        Some("opml") => NotAFeed {
            reason: "this is a list of feeds (OPML), not a feed".to_owned(),
            hint: Some("give one of the feeds it lists".to_owned()),
        },
        Some("rdf") => NotAFeed::because("this is RDF without a channel or an item, not a feed"),
        Some(root) => {
            let root: String = root.chars().filter(|c| !c.is_control()).take(40).collect();
            NotAFeed::because(format!("this is XML with the root <{root}>, which is no feed"))
        }
    }
}

/// A web page: perhaps it links to its feed, perhaps it asks who we are.
fn of_page(text: &str, base: Option<&Url>) -> NotAFeed {
    let (mut feed, mut asks_for_password) = (None, false);
    for token in Tokens::of_html(text) {
        let Token::Start(tag) = token else {
            continue;
        };
        if tag.name.eq_ignore_ascii_case("link") && feed.is_none() {
            feed = announced(&tag, base);
        } else if tag.name.eq_ignore_ascii_case("input") {
            asks_for_password |= tag
                .raw("type")
                .is_some_and(|kind| kind.eq_ignore_ascii_case("password"));
        }
        if feed.is_some() && asks_for_password {
            break;
        }
    }
    NotAFeed {
        reason: if asks_for_password {
            "this is a web page that asks for a password, not a feed".to_owned()
        } else {
            "this is a web page, not a feed".to_owned()
        },
        hint: feed.map(|url| format!("it links to the feed {}", link::mask_secrets(&url))),
    }
}

/// The feed that a `<link>` announces.
fn announced(tag: &Tag<'_>, base: Option<&Url>) -> Option<Url> {
    let href = tag.raw("href").filter(|_| is_announced(tag))?;
    web(&reference::decode(href), base)
}

/// Whether a `<link>` announces a feed.
pub(super) fn is_announced(tag: &Tag<'_>) -> bool {
    let has = |wanted: &str| {
        let relations = tag.raw("rel").unwrap_or_default();
        relations
            .split_ascii_whitespace()
            .any(|relation| relation.eq_ignore_ascii_case(wanted))
    };
    has("feed") || (has("alternate") && tag.raw("type").is_some_and(is_feed_type))
}

/// Whether a type is one under which pages announce feeds.
pub(super) fn is_feed_type(mime: &str) -> bool {
    let mime = mime.split(';').next().unwrap_or_default().trim();
    FEED_TYPES.iter().any(|known| mime.eq_ignore_ascii_case(known))
}
