//! Atom 1.0 (RFC 4287).

use std::io::Write as _;

use super::{FeedItem, GENERATOR, NEVER, id_of};
use crate::export::destination::OutputSink;
use crate::export::xml::{attribute, element, escape, inline_element};
use crate::export::{ArticleWriter, ExportError, FeedChannel, WriterOptions};
use crate::store::ArticleRef;

/// Writes an Atom document.
pub(in crate::export) struct AtomWriter {
    out: OutputSink,
    channel: FeedChannel,
    is_begun: bool,
}

impl AtomWriter {
    /// Nothing is written before the first article: its time is that of the feed.
    pub(in crate::export) fn new(options: WriterOptions) -> Self {
        Self {
            out: options.sink,
            channel: options.channel,
            is_begun: false,
        }
    }

    /// Writes all that stands before the entries.
    fn begin(&mut self, updated: &str) -> Result<(), ExportError> {
        self.is_begun = true;
        let mut head = String::from(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\">\n",
        );
        element("id", &id_of(&self.channel), &mut head);
        element("title", &self.channel.title, &mut head);
        element("updated", updated, &mut head);
        // Required where an entry has no author (RFC 4287, 4.1.1).
        author(&self.channel.title, &mut head);
        element("generator", GENERATOR, &mut head);
        if let Some(url) = &self.channel.self_url {
            link("self", url, &mut head);
        }
        Ok(self.out.write_all(head.as_bytes())?)
    }
}

impl ArticleWriter for AtomWriter {
    fn article(&mut self, article: &ArticleRef<'_>) -> Result<(), ExportError> {
        if !self.is_begun {
            self.begin(article.fetched_at)?;
        }
        let item = FeedItem::new(&self.channel, article);
        let mut out = String::from("<entry");
        if let Some(language) = item.language {
            attribute("xml:lang", language, &mut out);
        }
        out.push_str(">\n");
        element("id", &item.id, &mut out);
        element("title", &item.title, &mut out);
        element("updated", item.updated, &mut out);
        element("published", item.published, &mut out);
        link("alternate", item.url, &mut out);
        for name in &item.authors {
            author(name, &mut out);
        }
        for name in &item.categories {
            out.push_str("<category");
            attribute("term", name, &mut out);
            out.push_str("/>\n");
        }
        for enclosure in &item.enclosures {
            out.push_str("<link rel=\"enclosure\"");
            attribute("type", enclosure.mime(), &mut out);
            if let Some(length) = enclosure.length {
                attribute("length", &length.to_string(), &mut out);
            }
            attribute("href", &enclosure.url, &mut out);
            out.push_str("/>\n");
        }
        element("rights", article.rights.unwrap_or_default(), &mut out);
        element("summary", &item.summary, &mut out);
        out.push_str("<content type=\"html\">");
        escape(&item.html, &mut out);
        out.push_str("</content>\n</entry>\n");
        Ok(self.out.write_all(out.as_bytes())?)
    }

    fn finish(mut self: Box<Self>) -> Result<(), ExportError> {
        if !self.is_begun {
            self.begin(NEVER)?;
        }
        self.out.write_all(b"</feed>\n")?;
        self.out.finish()
    }
}

fn author(name: &str, out: &mut String) {
    out.push_str("<author>");
    inline_element("name", name, out);
    out.push_str("</author>\n");
}

fn link(rel: &str, href: &str, out: &mut String) {
    out.push_str("<link");
    attribute("rel", rel, out);
    attribute("href", href, out);
    out.push_str("/>\n");
}
