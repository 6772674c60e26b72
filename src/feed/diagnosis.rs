//! Says what a document is that is no feed, and where there may be one (docs/threats.md, H11).
//!
//! Used when nothing in the document belongs to a feed. The sentence is stored as the failure of the poll and printed by
//! `status`, so it names what the server sent instead: a page, a login, a sitemap, an image.

use url::Url;

use super::discover::announces_feed;
use super::error::NotAFeed;
use super::plain_text::is_html_element;
use super::reference::decode_references;
use super::token::{MarkupToken, MarkupTokens};
use super::values::web_address;
use crate::link;

/// The error for bytes that are no text at all; `None` for others.
pub(super) fn diagnose_bytes(bytes: &[u8]) -> Option<NotAFeed> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Some(NotAFeed::because("the document is empty"));
    }
    // The first bytes of common formats.
    let signatures: [(&[u8], &str); 8] = [
        (b"\x1f\x8b", "gzip data"),
        (b"PK\x03\x04", "a ZIP archive"),
        (b"%PDF", "a PDF file"),
        (b"\x89PNG", "a PNG image"),
        (b"GIF8", "a GIF image"),
        (b"\xff\xd8\xff", "a JPEG image"),
        (b"RIFF", "a media file"),
        (b"\x28\xb5\x2f\xfd", "zstd data"),
    ];
    let (_, name) = signatures.iter().find(|(magic, _)| bytes.starts_with(magic))?;
    Some(NotAFeed::because(format!("this is {name}, not a feed")))
}

/// The error for markup with the root `root` (in lower case, without prefix), and for text without any markup.
pub(super) fn diagnose_markup(text: &str, root: Option<&str>, base: Option<&Url>) -> NotAFeed {
    match root {
        None => NotAFeed::because("this is plain text, not a feed"),
        Some(root) if is_html_element(root) => diagnose_page(text, base),
        Some("urlset" | "sitemapindex") => NotAFeed::with_hint(
            "this is a sitemap, not a feed",
            "give it as `sitemap = …` instead of `feed = …`",
        ),
        Some("opml") => NotAFeed::with_hint(
            "this is a list of feeds (OPML), not a feed",
            "give one of the feeds it lists",
        ),
        Some("rdf") => NotAFeed::because("this is RDF without a channel or an item, not a feed"),
        Some(root) => NotAFeed::unknown_root(root, "feed"),
    }
}

/// The error for a web page: it may announce its feed, or ask for a password.
fn diagnose_page(text: &str, base: Option<&Url>) -> NotAFeed {
    let (mut feed, mut asks_for_password) = (None, false);
    for token in MarkupTokens::of_html(text) {
        let MarkupToken::Start(tag) = token else {
            continue;
        };
        if feed.is_none() && tag.is("link") && announces_feed(&tag) {
            let href = tag.attribute("href").map(decode_references);
            feed = href.and_then(|href| web_address(&href, base));
        } else if tag.is("input") {
            let kind = tag.attribute("type").unwrap_or_default();
            asks_for_password |= kind.eq_ignore_ascii_case("password");
        }
    }
    let that = if asks_for_password { " that asks for a password" } else { "" };
    NotAFeed {
        reason: format!("this is a web page{that}, not a feed"),
        hint: feed.map(|url| format!("it links to the feed {}", link::mask_secrets(&url))),
    }
}
