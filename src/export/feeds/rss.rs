//! RSS 2.0 with `content:encoded`, `dc:creator` and `media:content`, after the profile of the RSS Advisory Board.

use chrono::DateTime;
use url::{Origin, Url};

use super::{FeedItem, GENERATOR, NEVER, id_of};
use crate::export::text::TextFormat;
use crate::export::writer::FeedChannel;
use crate::export::xml::{attribute, element, escape};
use crate::store::ArticleRef;

/// An RSS document.
pub(in crate::export) struct RssFeed(pub(in crate::export) FeedChannel);

impl TextFormat for RssFeed {
    /// The time of the feed is that of its first article. A channel must have a link: its own URL, else the site of the
    /// first article, else its id.
    fn begin(&self, first: Option<&ArticleRef<'_>>, out: &mut String) {
        out.push_str(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<rss version=\"2.0\" \
             xmlns:atom=\"http://www.w3.org/2005/Atom\" xmlns:content=\"http://purl.org/rss/1.0/modules/content/\" \
             xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:media=\"http://search.yahoo.com/mrss/\">\n<channel>\n",
        );
        let site = || {
            let origin = Some(Url::parse(first?.url).ok()?.origin()).filter(Origin::is_tuple)?;
            Some(origin.ascii_serialization())
        };
        let self_url = self.0.self_url.clone();
        let link = self_url.or_else(site).unwrap_or_else(|| id_of(&self.0));
        element("title", &self.0.title, out);
        element("link", &link, out);
        html_element("description", &self.0.title, out);
        if let Some(url) = &self.0.self_url {
            out.push_str("<atom:link rel=\"self\" type=\"application/rss+xml\"");
            attribute("href", url, out);
            out.push_str("/>\n");
        }
        element("generator", GENERATOR, out);
        let updated = first.map_or(NEVER, |article| article.fetched_at);
        element("lastBuildDate", &rfc822(updated), out);
    }

    fn article(&self, article: &ArticleRef<'_>, out: &mut String) {
        let item = FeedItem::new(&self.0, article);
        out.push_str("<item>\n");
        element("title", &item.title, out);
        element("link", item.url, out);
        out.push_str("<guid isPermaLink=\"false\">");
        escape(&item.id, out);
        out.push_str("</guid>\n");
        element("pubDate", &rfc822(item.published), out);
        for author in &item.authors {
            element("dc:creator", author, out);
        }
        for name in &item.categories {
            element("category", name, out);
        }
        element("dc:language", item.language.unwrap_or_default(), out);
        element("dc:rights", article.rights.unwrap_or_default(), out);
        html_element("description", &item.summary, out);
        element("content:encoded", &item.html, out);
        // An item has one enclosure at most; further files are media.
        for (at, file) in item.enclosures.iter().enumerate() {
            let (name, length) = if at == 0 {
                // Required; 0 where it is unknown.
                ("<enclosure", Some(("length", file.length.unwrap_or_default())))
            } else {
                ("<media:content", file.length.map(|length| ("fileSize", length)))
            };
            out.push_str(name);
            attribute("url", &file.url, out);
            attribute("type", file.mime(), out);
            if let Some((name, length)) = length {
                attribute(name, &length.to_string(), out);
            }
            out.push_str("/>\n");
        }
        if let Some(image) = article.image {
            out.push_str("<media:content medium=\"image\"");
            attribute("url", image, out);
            for (name, pixels) in [("width", article.image_width), ("height", article.image_height)] {
                if let Some(pixels) = pixels {
                    attribute(name, &pixels.to_string(), out);
                }
            }
            out.push_str("/>\n");
        }
        out.push_str("</item>\n");
    }

    fn end(&self) -> &'static str {
        "</channel>\n</rss>\n"
    }
}

/// An element whose content readers take for HTML, from plain text: escaped twice, so that `<b>` stays text.
fn html_element(name: &str, text: &str, out: &mut String) {
    let mut html = String::new();
    escape(text, &mut html);
    element(name, &html, out);
}

/// RFC 3339 as RFC 822 with a year of four digits.
fn rfc822(at: &str) -> String {
    DateTime::parse_from_rfc3339(at).map_or_else(|_| String::new(), |at| at.to_rfc2822())
}
