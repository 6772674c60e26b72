//! RSS 2.0 with `content:encoded`, `dc:creator` and `media:content`, after the profile of the RSS Advisory Board.

use std::io::Write as _;

use chrono::DateTime;
use url::{Origin, Url};

use super::{FeedItem, GENERATOR, NEVER, id_of};
use crate::export::destination::OutputSink;
use crate::export::xml::{attribute, element, escape};
use crate::export::{ArticleWriter, ExportError, FeedChannel, WriterOptions};
use crate::store::ArticleRef;

/// Writes an RSS document.
pub(in crate::export) struct RssWriter {
    out: OutputSink,
    channel: FeedChannel,
    is_begun: bool,
}

impl RssWriter {
    /// Nothing is written before the first article: its time is that of the feed.
    pub(in crate::export) fn new(options: WriterOptions) -> Self {
        Self {
            out: options.sink,
            channel: options.channel,
            is_begun: false,
        }
    }

    /// Writes all that stands before the items. A channel must have a link: its own URL, else the site of the first
    /// article, else its id.
    fn begin(&mut self, updated: &str, article: Option<&str>) -> Result<(), ExportError> {
        self.is_begun = true;
        let mut head = String::from(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<rss version=\"2.0\" \
             xmlns:atom=\"http://www.w3.org/2005/Atom\" xmlns:content=\"http://purl.org/rss/1.0/modules/content/\" \
             xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:media=\"http://search.yahoo.com/mrss/\">\n<channel>\n",
        );
        let site = || {
            let origin = Some(Url::parse(article?).ok()?.origin()).filter(Origin::is_tuple)?;
            Some(origin.ascii_serialization())
        };
        let self_url = self.channel.self_url.clone();
        let link = self_url.or_else(site).unwrap_or_else(|| id_of(&self.channel));
        element("title", &self.channel.title, &mut head);
        element("link", &link, &mut head);
        html_element("description", &self.channel.title, &mut head);
        if let Some(url) = &self.channel.self_url {
            head.push_str("<atom:link rel=\"self\" type=\"application/rss+xml\"");
            attribute("href", url, &mut head);
            head.push_str("/>\n");
        }
        element("generator", GENERATOR, &mut head);
        element("lastBuildDate", &rfc822(updated), &mut head);
        Ok(self.out.write_all(head.as_bytes())?)
    }
}

impl ArticleWriter for RssWriter {
    fn article(&mut self, article: &ArticleRef<'_>) -> Result<(), ExportError> {
        if !self.is_begun {
            self.begin(article.fetched_at, Some(article.url))?;
        }
        let item = FeedItem::new(&self.channel, article);
        let mut out = String::from("<item>\n");
        element("title", &item.title, &mut out);
        element("link", item.url, &mut out);
        out.push_str("<guid isPermaLink=\"false\">");
        escape(&item.id, &mut out);
        out.push_str("</guid>\n");
        element("pubDate", &rfc822(item.published), &mut out);
        for author in &item.authors {
            element("dc:creator", author, &mut out);
        }
        for name in &item.categories {
            element("category", name, &mut out);
        }
        element("dc:language", item.language.unwrap_or_default(), &mut out);
        element("dc:rights", article.rights.unwrap_or_default(), &mut out);
        html_element("description", &item.summary, &mut out);
        element("content:encoded", &item.html, &mut out);
        // An item has one enclosure at most; further files are media.
        for (at, file) in item.enclosures.iter().enumerate() {
            let (name, length) = if at == 0 {
                // Required; 0 where it is unknown.
                ("<enclosure", Some(("length", file.length.unwrap_or_default())))
            } else {
                ("<media:content", file.length.map(|length| ("fileSize", length)))
            };
            out.push_str(name);
            attribute("url", &file.url, &mut out);
            attribute("type", file.mime(), &mut out);
            if let Some((name, length)) = length {
                attribute(name, &length.to_string(), &mut out);
            }
            out.push_str("/>\n");
        }
        if let Some(image) = article.image {
            out.push_str("<media:content medium=\"image\"");
            attribute("url", image, &mut out);
            for (name, pixels) in [("width", article.image_width), ("height", article.image_height)] {
                if let Some(pixels) = pixels {
                    attribute(name, &pixels.to_string(), &mut out);
                }
            }
            out.push_str("/>\n");
        }
        out.push_str("</item>\n");
        Ok(self.out.write_all(out.as_bytes())?)
    }

    fn finish(mut self: Box<Self>) -> Result<(), ExportError> {
        if !self.is_begun {
            self.begin(NEVER, None)?;
        }
        self.out.write_all(b"</channel>\n</rss>\n")?;
        self.out.finish()
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
