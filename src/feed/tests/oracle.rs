//! A strict reader as the oracle: what it makes of well-formed feeds of ours, we make of them, too.

use std::panic::catch_unwind;

use super::base;
use crate::feed::parse;
use crate::link;

/// Feeds with nothing in them that readers may differ on.
const FEEDS: &[(&str, &str)] = &[
    (
        "RSS 2.0",
        "<?xml version='1.0'?><rss version='2.0'><channel><title>Paper</title><link>https://paper.example/</link>
        <description>News</description>
        <item><title>One &amp; only</title><link>https://paper.example/1?a=1&amp;b=2</link><guid>https://paper.example/1</guid></item>
        <item><title><![CDATA[Two]]></title><link>https://paper.example/2</link><guid isPermaLink='false'>2</guid></item>
        <item><title>Trois – été</title><link>https://paper.example/3</link><guid>urn:3</guid>
        <pubDate>Fri, 02 Jan 2026 10:20:30 +0200</pubDate></item></channel></rss>",
    ),
    (
        "RSS 1.0",
        "<?xml version='1.0'?><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://purl.org/rss/1.0/'>
        <channel rdf:about='https://paper.example/rss'><title>Paper</title><link>https://paper.example/</link>
        <description>News</description></channel>
        <item rdf:about='https://paper.example/1'><title>One</title><link>https://paper.example/1</link></item>
        <item rdf:about='https://paper.example/2'><title>Two</title><link>https://paper.example/2</link></item></rdf:RDF>",
    ),
    (
        "Atom",
        "<?xml version='1.0'?><feed xmlns='http://www.w3.org/2005/Atom'><title>Paper</title><id>urn:paper</id>
        <updated>2026-01-02T10:20:30Z</updated>
        <entry><title>One</title><id>urn:1</id><link href='https://paper.example/1'/><updated>2026-01-02T10:20:30Z</updated>
        <content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'><p>a</p></div></content></entry>
        <entry><title type='text'>Two &lt; three</title><id>urn:2</id><link rel='alternate' href='https://paper.example/2'/>
        <updated>2026-01-02T11:20:30+01:00</updated><published>2026-01-01T00:00:00Z</published></entry></feed>",
    ),
    (
        "JSON Feed",
        "{\"version\": \"https://jsonfeed.org/version/1.1\", \"title\": \"Paper\", \"items\": [
        {\"id\": \"1\", \"url\": \"https://paper.example/1\", \"title\": \"One\", \"content_text\": \"a\"},
        {\"id\": \"2\", \"url\": \"https://paper.example/2\", \"title\": \"Two\", \"content_html\": \"<p>a</p>\",
        \"date_published\": \"2026-01-02T10:20:30Z\"}]}",
    ),
];

#[test]
fn well_formed_feeds_are_read_as_a_strict_reader_reads_them() {
    let mut compared = 0;
    for (what, text) in FEEDS {
        let Ok(Ok(theirs)) = catch_unwind(|| feed_rs::parser::parse(text.as_bytes())) else {
            panic!("{what}: the oracle cannot read it");
        };
        let ours = parse(text.as_bytes(), None, Some(&base())).unwrap();
        assert_eq!(ours.title, theirs.title.map(|title| title.content), "{what}");
        assert_eq!(ours.entries.len(), theirs.entries.len(), "{what}");
        for (ours, theirs) in ours.entries.iter().zip(theirs.entries) {
            assert_eq!(ours.title, theirs.title.map(|title| title.content), "{what}");
            let link = theirs.links.first().and_then(|link| link::web_url(&link.href));
            assert!(link.is_some(), "{what}: the oracle gave no link");
            assert_eq!(ours.link, link, "{what}");
            let published = ours.published.map(|at| at.utc(chrono_tz::UTC));
            assert_eq!(published, theirs.published, "{what}");
            compared += 1;
        }
    }
    assert_eq!(compared, 9);
}
