//! Atom 1.0 (RFC 4287).

use std::io::Write as _;

use super::{FeedChannel, FeedItem, GENERATOR, NEVER};
use crate::export::xml::{attribute, element, escape};
use crate::export::{ArticleWriter, ExportError, OutputSink};
use crate::store::ArticleRef;

/// An Atom document.
pub(crate) struct Atom {
    out: OutputSink,
    channel: FeedChannel,
    begun: bool,
}

impl Atom {
    /// Begins one; articles come newest first.
    pub(crate) fn new(channel: FeedChannel, out: OutputSink) -> Self {
        Self {
            out,
            channel,
            begun: false,
        }
    }

    fn begin(&mut self, updated: &str) -> Result<(), ExportError> {
        self.begun = true;
        let mut head = Vec::from(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\">\n",
        );
        element("id", &self.channel.id(), &mut head);
        // Required, whatever is in it.
        head.extend_from_slice(b"<title>");
        escape(&self.channel.title, &mut head);
        head.extend_from_slice(b"</title>\n");
        element("updated", updated, &mut head);
        // Entries without an author of their own need one of the feed.
        head.extend_from_slice(b"<author><name>");
        escape(&self.channel.title, &mut head);
        head.extend_from_slice(b"</name></author>\n");
        element("generator", GENERATOR, &mut head);
        for (rel, href) in [("self", &self.channel.own), ("alternate", &self.channel.home)] {
            if let Some(href) = href {
                link(rel, href, &mut head);
            }
        }
        Ok(self.out.write_all(&head)?)
    }
}

impl ArticleWriter for Atom {
    fn article(&mut self, article: &ArticleRef<'_>) -> Result<(), ExportError> {
        if !self.begun {
            self.begin(article.fetched_at)?;
        }
        let entry = FeedItem::of(&self.channel, article);
        let mut out = Vec::from("<entry");
        if let Some(language) = entry.language {
            attribute("xml:lang", language, &mut out);
        }
        out.extend_from_slice(b">\n");
        element("id", &entry.id, &mut out);
        out.extend_from_slice(b"<title>");
        escape(&entry.title, &mut out);
        out.extend_from_slice(b"</title>\n");
        element("updated", entry.updated, &mut out);
        element("published", entry.published, &mut out);
        link("alternate", entry.url, &mut out);
        for author in &entry.authors {
            out.extend_from_slice(b"<author><name>");
            escape(author, &mut out);
            out.extend_from_slice(b"</name></author>\n");
        }
        for name in &entry.categories {
            out.extend_from_slice(b"<category");
            attribute("term", name, &mut out);
            out.extend_from_slice(b"/>\n");
        }
        for file in &entry.enclosures {
            out.extend_from_slice(b"<link rel=\"enclosure\"");
            attribute("type", file.mime(), &mut out);
            if let Some(length) = file.length {
                attribute("length", &length.to_string(), &mut out);
            }
            attribute("href", &file.url, &mut out);
            out.extend_from_slice(b"/>\n");
        }
        element("rights", article.rights.unwrap_or_default(), &mut out);
        element("summary", &entry.summary, &mut out);
        out.extend_from_slice(b"<content type=\"html\">");
        escape(&entry.html, &mut out);
        out.extend_from_slice(b"</content>\n</entry>\n");
        Ok(self.out.write_all(&out)?)
    }

    fn finish(mut self: Box<Self>) -> Result<(), ExportError> {
        if !self.begun {
            self.begin(NEVER)?;
        }
        self.out.write_all(b"</feed>\n")?;
        self.out.finish()
    }
}

fn link(rel: &str, href: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(b"<link");
    attribute("rel", rel, out);
    attribute("href", href, out);
    out.extend_from_slice(b"/>\n");
}
