//! RSS 2.0 with `content:encoded`, `dc:creator` and `media:content`.

use std::io::Write as _;

use super::{FeedChannel, FeedItem, GENERATOR, NEVER, rfc822};
use crate::export::xml::{attribute, element, escape};
use crate::export::{ArticleWriter, ExportError, OutputSink};
use crate::store::ArticleRef;

/// An RSS document.
pub(crate) struct Rss {
    out: OutputSink,
    channel: FeedChannel,
    begun: bool,
}

impl Rss {
    /// Begins one; articles come newest first.
    pub(crate) fn new(channel: FeedChannel, out: OutputSink) -> Self {
        Self {
            out,
            channel,
            begun: false,
        }
    }

    fn begin(&mut self, updated: &str, article: Option<&str>) -> Result<(), ExportError> {
        self.begun = true;
        let mut head = Vec::from(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<rss version=\"2.0\" \
             xmlns:atom=\"http://www.w3.org/2005/Atom\" xmlns:content=\"http://purl.org/rss/1.0/modules/content/\" \
             xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:media=\"http://search.yahoo.com/mrss/\">\n<channel>\n",
        );
        element("title", &self.channel.title, &mut head);
        element("link", &self.channel.link(article), &mut head);
        html("description", &self.channel.title, &mut head);
        if let Some(own) = &self.channel.own {
            head.extend_from_slice(b"<atom:link rel=\"self\" type=\"application/rss+xml\"");
            attribute("href", own, &mut head);
            head.extend_from_slice(b"/>\n");
        }
        element("generator", GENERATOR, &mut head);
        element("lastBuildDate", &rfc822(updated), &mut head);
        Ok(self.out.write_all(&head)?)
    }
}

impl ArticleWriter for Rss {
    fn article(&mut self, article: &ArticleRef<'_>) -> Result<(), ExportError> {
        if !self.begun {
            self.begin(article.fetched_at, Some(article.url))?;
        }
        let entry = FeedItem::of(&self.channel, article);
        let mut item = Vec::from("<item>\n");
        element("title", &entry.title, &mut item);
        element("link", entry.url, &mut item);
        item.extend_from_slice(b"<guid isPermaLink=\"false\">");
        escape(&entry.id, &mut item);
        item.extend_from_slice(b"</guid>\n");
        element("pubDate", &rfc822(entry.published), &mut item);
        for author in &entry.authors {
            element("dc:creator", author, &mut item);
        }
        for name in &entry.categories {
            element("category", name, &mut item);
        }
        element("dc:language", entry.language.unwrap_or_default(), &mut item);
        element("dc:rights", article.rights.unwrap_or_default(), &mut item);
        html("description", &entry.summary, &mut item);
        element("content:encoded", &entry.html, &mut item);
        // One is all that RSS knows; the others are media.
        for (at, file) in entry.enclosures.iter().enumerate() {
            let name: &[u8] = if at == 0 { b"<enclosure" } else { b"<media:content" };
            item.extend_from_slice(name);
            attribute("url", &file.url, &mut item);
            attribute("type", file.mime(), &mut item);
            match file.length {
                Some(length) if at > 0 => attribute("fileSize", &length.to_string(), &mut item),
                None if at > 0 => {}
                // Required; 0 where it is not known.
                length => attribute("length", &length.unwrap_or_default().to_string(), &mut item),
            }
            item.extend_from_slice(b"/>\n");
        }
        if let Some(image) = article.image {
            item.extend_from_slice(b"<media:content medium=\"image\"");
            attribute("url", image, &mut item);
            for (name, pixels) in [("width", article.image_width), ("height", article.image_height)] {
                if let Some(pixels) = pixels {
                    attribute(name, &pixels.to_string(), &mut item);
                }
            }
            item.extend_from_slice(b"/>\n");
        }
        item.extend_from_slice(b"</item>\n");
        Ok(self.out.write_all(&item)?)
    }

    fn finish(mut self: Box<Self>) -> Result<(), ExportError> {
        if !self.begun {
            self.begin(NEVER, None)?;
        }
        self.out.write_all(b"</channel>\n</rss>\n")?;
        self.out.finish()
    }
}

/// An element that readers take for HTML, from text: what is a tag to them must not come of it.
fn html(name: &str, text: &str, out: &mut Vec<u8>) {
    let mut html = Vec::new();
    escape(text, &mut html);
    element(name, &String::from_utf8_lossy(&html), out);
}
