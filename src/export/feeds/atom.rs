//! Atom 1.0 (RFC 4287).

use super::{FeedItem, GENERATOR, NEVER, id_of};
use crate::export::text::TextFormat;
use crate::export::writer::FeedChannel;
use crate::export::xml::{attribute, element, escape, inline_element};
use crate::store::ArticleRef;

/// An Atom document.
pub(in crate::export) struct AtomFeed(pub(in crate::export) FeedChannel);

impl TextFormat for AtomFeed {
    /// The time of the feed is that of its first article.
    fn begin(&self, first: Option<&ArticleRef<'_>>, out: &mut String) {
        out.push_str(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\">\n",
        );
        element("id", &id_of(&self.0), out);
        element("title", &self.0.title, out);
        element("updated", first.map_or(NEVER, |article| article.fetched_at), out);
        // Required where an entry has no author (RFC 4287, 4.1.1).
        author(&self.0.title, out);
        element("generator", GENERATOR, out);
        if let Some(url) = &self.0.self_url {
            link("self", url, out);
        }
    }

    fn article(&self, article: &ArticleRef<'_>, out: &mut String) {
        let item = FeedItem::new(&self.0, article);
        out.push_str("<entry");
        if let Some(language) = item.language {
            attribute("xml:lang", language, out);
        }
        out.push_str(">\n");
        element("id", &item.id, out);
        // RFC 4287, 4.1.2: exactly one title, even if it is empty.
        inline_element("title", &item.title, out);
        out.push('\n');
        element("updated", item.updated, out);
        element("published", item.published, out);
        link("alternate", item.url, out);
        for name in &item.authors {
            author(name, out);
        }
        for name in &item.categories {
            out.push_str("<category");
            attribute("term", name, out);
            out.push_str("/>\n");
        }
        for enclosure in &item.enclosures {
            out.push_str("<link rel=\"enclosure\"");
            attribute("type", enclosure.mime(), out);
            if let Some(length) = enclosure.length {
                attribute("length", &length.to_string(), out);
            }
            attribute("href", &enclosure.url, out);
            out.push_str("/>\n");
        }
        element("rights", article.rights.unwrap_or_default(), out);
        element("summary", &item.summary, out);
        out.push_str("<content type=\"html\">");
        escape(&item.html, out);
        out.push_str("</content>\n</entry>\n");
    }

    fn end(&self) -> &'static str {
        "</feed>\n"
    }
}

/// A person of whom the name is known.
fn author(name: &str, out: &mut String) {
    out.push_str("<author>");
    inline_element("name", name, out);
    out.push_str("</author>\n");
}

/// A link to another document.
fn link(rel: &str, href: &str, out: &mut String) {
    out.push_str("<link");
    attribute("rel", rel, out);
    attribute("href", href, out);
    out.push_str("/>\n");
}
