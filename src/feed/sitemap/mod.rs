//! Reads sitemaps as feeds (sitemaps.org, and its news extension), for sites that have no feed.
//!
//! A sitemap may unpack to 50 MiB and list more pages than are ever kept, so it is read as a stream: [`SitemapReader`]
//! unpacks it and cuts it into blocks of whole `<url>` elements, `SitemapParser` reads a block. The tokens are those of
//! feeds, so that damage costs one page and no more.

mod parser;
mod stream;

use url::Url;

pub use self::parser::{Sitemap, SitemapLink};
pub use self::stream::SitemapReader;
use super::error::NotAFeed;

/// Parses a sitemap that is in memory.
pub(super) fn parse_document(
    bytes: &[u8],
    content_type: Option<&str>,
    base: Option<&Url>,
) -> Result<Sitemap, NotAFeed> {
    let mut reader = SitemapReader::new(content_type, base);
    reader.push(bytes);
    reader.finish().map(|(sitemap, _)| sitemap)
}
