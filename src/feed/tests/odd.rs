//! Feeds that are cut, wrapped, half right or written in another way than their format has it.

use super::{assert_entry, base, read};
use crate::feed::parse;

#[test]
fn a_cut_document_keeps_its_whole_entries() {
    let whole = "<rss><channel><title>T</title><item><title>One</title><link>/1</link></item>";
    for (rest, is_cut) in [
        ("<item><title>Two</title><link>/2-and-mo", true),
        ("<item><title>Two</title><link>/2</link><description>half a te", true),
        ("<item>", true),
        ("", true),
        ("</channel>", true),
        ("</channel></rss>", false),
        ("</channel></RSS >\n<!-- made in 0.1 s -->", false),
        ("</rss>", false),
    ] {
        for text in [format!("{whole}{rest}"), format!("<!-- <rss> -->{whole}{rest}")] {
            let feed = read(&text);
            let titles: Vec<_> = feed.entries.iter().map(|entry| entry.title.as_deref().unwrap()).collect();
            assert_eq!((titles, feed.is_cut), (vec!["One"], is_cut), "{text}");
            assert_eq!(feed.skipped, []);
            let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
            assert_eq!(parse(&wide, None, Some(&base())).unwrap().is_cut, is_cut, "{text} in UTF-16");
        }
    }
    assert!(!read("<rss/>").is_cut);
    assert!(!read("<a:feed xmlns:a='http://www.w3.org/2005/Atom'><a:entry></a:entry></a:feed>").is_cut);
    assert!(read("<a:feed xmlns:a='http://www.w3.org/2005/Atom'><a:entry></a:entry>").is_cut);
    let json = r#"{"version": "https://jsonfeed.org/version/1.1", "title": "a \" ]", "items": [{"id": "1", "tags": ["x"]}, {"id": "2", "ti"#;
    let feed = read(json);
    assert_eq!((feed.entries.len(), feed.is_cut), (1, true));
    assert!(parse(br#"{"version": "https://jsonfeed.org/version/1.1", "items": ["#, None, None).is_err());
    assert!(
        parse(br#"{"title": "T", "items": [{"id": 1} {"id": 2}]}"#, None, None).is_err(),
        "broken, not cut"
    );
}

#[test]
fn a_document_that_is_cut_anywhere_gives_whole_entries_or_none() {
    let items = "<item><title>Ö &amp; One</title><link>/1</link><guid isPermaLink='false'>1</guid><description>&lt;p>a&lt;/p></description></item>\
        <item><title><![CDATA[Two]]></title><link>/2</link><description><![CDATA[<p>b</p>]]></description></item>";
    let entries = "<entry><id>urn:1</id><title>One</title><link href='/1'/><content type='xhtml'><div>a</div></content></entry>\
        <entry><id>urn:2</id><title type='html'>Two</title><link href='/2'/></entry>";
    let rss =
        format!("<?xml version='1.0'?><rss version='2.0'><channel><title>T</title>{items}</channel></rss>");
    let atom = format!("<feed xmlns='http://www.w3.org/2005/Atom'><title>T</title>{entries}</feed>");
    let escaped = rss.replace('&', "&amp;").replace('<', "&lt;");
    let rdf = format!(
        "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://purl.org/rss/1.0/'><channel/>{items}</rdf:RDF>"
    );
    let json = r#"{"version": "https://jsonfeed.org/version/1.1", "title": "T \"x\" ]", "items": [
        {"id": "1", "title": "One \ud83d\ude00", "url": "/1", "authors": [{"name": "A"}], "tags": ["a"]},
        {"id": "2", "title": "Two", "attachments": [{"url": "/2.mp3"}]}], "hubs": [{"type": "w", "url": "/h"}]}"#;
    let rss_in_json = r##"{"rss": {"channel": {"title": "T", "item": [{"title": "One", "link": "/1"},
        {"title": "Two", "category": [{"#value": "a"}]}]}}}"##;
    for (whole, end) in [
        (rss.as_str(), "</rss>"),
        (&atom, "</feed>"),
        (&rdf, "</rdf:RDF>"),
        (&format!("<html><body>{atom}</body></html>"), "</feed>"),
        (&format!("<html><body><pre>{escaped}</pre></body></html>"), "&lt;/rss>"),
        (json, "}"),
        (rss_in_json, "}"),
    ] {
        let full = read(whole);
        assert_eq!((full.entries.len(), full.is_cut), (2, false), "{whole}");
        let end = whole.rfind(end).unwrap();
        for length in 0..end {
            let cut = &whole.as_bytes()[..length];
            let Ok(feed) = parse(cut, None, Some(&base())) else { continue };
            let what = String::from_utf8_lossy(cut);
            assert!(feed.is_cut, "{what}");
            assert!(
                feed.entries.len() <= 2 && full.entries.starts_with(&feed.entries),
                "{what}: {:?}",
                feed.entries
            );
        }
    }
}

#[test]
fn an_href_beats_words_inside_its_link_and_words_are_no_address() {
    let links = |inside: &str| -> Vec<Option<String>> {
        let text = format!(
            "<feed xmlns='http://www.w3.org/2005/Atom' xmlns:x='http://ns.example/x'><entry><id>urn:1</id>{inside}</entry></feed>"
        );
        let feed = read(&text);
        feed.entries.into_iter().map(|entry| entry.link.map(String::from)).collect()
    };
    let one = Some("http://h.example/1".to_owned());
    for inside in [
        "<link rel='alternate' href='http://h.example/1'/><link rel='enclosure' href='http://h.example/1.m4a'><x:length>30</x:length></link>",
        "<link href='http://h.example/1'><x:length>30</x:length></link>",
        "<link href='http://h.example/1'>http://other.example/</link>",
        "<link href=' http://h.example/1 '>\n Read more \n</link>",
        "<link rel='replies' href='http://h.example/r'>http://h.example/r</link><link href='http://h.example/1'/>",
        "<link href='http://h.example/1'/><link rel='self'>http://h.example/self</link>",
        "<link> http://h.example/1 </link>",
        "<link href=''>http://h.example/1</link>",
        "<link><a href='http://h.example/1'>http://h.example/1</a></link>",
        "<link><![CDATA[http://h.example/1]]></link>",
        "<link>Words</link><link href='http://h.example/1'/>",
        "<link href='http://h.example/1'/><link>Words</link>",
    ] {
        assert_eq!(links(inside), std::slice::from_ref(&one), "{inside}");
    }
    for inside in
        ["<link>Read more</link>", "<link><x:length>30</x:length></link>", "<link/>", "<link>n/a</link>"]
    {
        assert_eq!(links(inside), [None], "{inside}");
    }
    for inside in [
        "<link>http://h.example/1</link>",
        "<link><atom:link href='http://h.example/1'/></link>",
        "<link href='http://h.example/1'>Words</link>",
        "<link href='http://h.example/1'/>",
        "<link>Words</link><guid>http://h.example/1</guid>",
        "<link></link><guid isPermaLink='true'>http://h.example/1</guid>",
        "<atom:link rel='self' href='http://h.example/feed'>x</atom:link><link>http://h.example/1</link>",
    ] {
        let text = format!(
            "<rss xmlns:atom='http://www.w3.org/2005/Atom'><channel><item>{inside}</item></channel></rss>"
        );
        let link = read(&text).entries[0].link.clone().map(String::from);
        assert_eq!(link, one, "{inside}");
    }
    let words = "<rss><channel><item><title>T</title><link>Words</link><guid isPermaLink='true'>Article 12</guid></item></channel></rss>";
    assert_eq!(read(words).entries[0].link, None);
}

#[test]
fn a_feed_within_a_page_is_read() {
    let entry = "<entry><id>urn:1</id><title>E</title><link href='http://h.example/1'/></entry>";
    let atom = format!("<feed xmlns='http://www.w3.org/2005/Atom'><title>T</title>{entry}</feed>");
    let rss = "<rss version='2.0'><channel><title>T</title><item><title>E</title><link>http://h.example/1</link></item></channel></rss>";
    let json = r#"{"version": "https://jsonfeed.org/version/1.1", "title": "T", "items": [{"id": "1", "title": "E", "url": "http://h.example/1"}]}"#;
    let escaped = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;");
    for text in [
        format!(
            "<?xml version='1.0'?><!DOCTYPE html><html xmlns='http://www.w3.org/1999/xhtml'><body>{atom}</body></html>"
        ),
        format!(
            "<!DOCTYPE html><html><head><title>Page</title><link rel='stylesheet' href='/a.css'></head><body>{atom}</body></html>"
        ),
        format!("<html><body>\n{rss}</body></html>"),
        format!("<html><body><div id='viewer'>{rss}</div></body></html>"),
        format!("<!doctype html>\n{rss}"),
        format!(
            "<html><head></head><body><pre style='word-wrap: break-word'>{}</pre></body></html>",
            escaped(rss)
        ),
        format!(
            "<html><head><meta charset='utf-8'></head><body><pre>{json}</pre><div class='json-formatter-container'></div></body></html>"
        ),
        format!("<html><body><pre>{}</pre></body></html>", escaped(&atom)),
    ] {
        let feed = read(&text);
        let link = feed.entries[0].link.as_ref().unwrap().as_str();
        assert_eq!((feed.entries.len(), link), (1, "http://h.example/1"), "{text}");
        assert_eq!((feed.title.as_deref(), feed.is_cut), (Some("T"), false), "{text}");
    }
    for text in [
        format!("<html><body><p>How to write a feed:</p><pre>{}</pre></body></html>", escaped(rss)),
        format!("<html><body><pre>{}</pre>This is RSS.</body></html>", escaped(rss)),
        "<html><body><pre>{\"error\": 1}</pre></body></html>".to_owned(),
    ] {
        let error = parse(text.as_bytes(), None, None).unwrap_err();
        assert!(error.reason.contains("web page"), "{text}: {error}");
    }
}

#[test]
fn json_feeds_with_odd_members_are_read() {
    for (members, expected) in [
        (r#""author": {"name": "Ann"}"#, "authors: Ann"),
        (r#""author": "Ann""#, "authors: Ann"),
        (r#""author": [{"name": "Ann"}, "Bob"]"#, "authors: Ann, Bob"),
        (r#""authors": {"name": "Ann"}"#, "authors: Ann"),
        (r#""authors": ["Ann", {"name": "Bob"}, null, 7]"#, "authors: Ann, Bob, 7"),
        (r#""authors": "Ann""#, "authors: Ann"),
        (r#""authors": [], "author": {"name": "Ann"}"#, "authors: Ann"),
        (r#""tags": "one, two""#, "categories: one, two"),
        (r#""tags": "one""#, "categories: one"),
        (r#""tags": ["one", {"name": "two"}]"#, "categories: one, two"),
    ] {
        assert_entry(
            &format!(
                r#"{{"version": "https://jsonfeed.org/version/1.1", "items": [{{"id": 12, {members}}}]}}"#
            ),
            &["id: 12", expected],
        );
    }
}

#[test]
fn rss_in_json_and_atom_in_json_are_read() {
    let item = r##"{"title": "A <b>c</b>", "link": "http://h.example/1", "guid": {"#value": "x", "isPermaLink": "false"},
        "pubDate": "Fri, 02 Jan 2026 10:20:30 GMT", "description": "<p>s & t</p>", "content:encoded": "<p>c</p>",
        "category": ["a", {"#value": "b", "domain": "d"}], "dc:creator": "Ann",
        "enclosure": {"url": "http://h.example/1.mp3", "type": "audio/mpeg", "length": 7}}"##;
    let expected = [
        "id: x",
        "link: http://h.example/1",
        "title: A c",
        "published: 2026-01-02T10:20:30Z",
        "summary: <p>s & t</p>",
        "content: <p>c</p>",
        "authors: Ann",
        "categories: a, b",
        "enclosure: http://h.example/1.mp3 audio/mpeg 7",
        "permalink: false",
    ];
    for items in [format!("[{item}]"), item.to_owned()] {
        let text = format!(
            r#"{{"rss": {{"version": "2.0", "channel": {{"title": "T", "ttl": 30, "item": {items}}}}}}}"#
        );
        assert_entry(&text, &expected);
        assert_eq!(read(&text).title.as_deref(), Some("T"));
        assert_eq!(read(&text).hints.ttl, Some(std::time::Duration::from_mins(30)));
    }
    assert_entry(
        r#"{"version": "1.0", "encoding": "UTF-8", "feed": {"xmlns": "http://www.w3.org/2005/Atom", "id": {"$t": "f"}, "title": {"type": "text", "$t": "T"},
        "entry": [{"id": {"$t": "e"}, "published": {"$t": "2026-01-02T10:20:30Z"}, "title": {"type": "text", "$t": "A < B"},
        "content": {"type": "html", "$t": "<p>c</p>"}, "category": [{"scheme": "s", "term": "a"}],
        "link": [{"rel": "self", "href": "http://h.example/self"}, {"rel": "alternate", "type": "text/html", "href": "http://h.example/1", "title": "x"}],
        "author": [{"name": {"$t": "Ann"}, "email": {"$t": "a@h.example"}}], "media$thumbnail": {"url": "http://h.example/t.png"}}]}}"#,
        &[
            "id: e", "link: http://h.example/1", "title: A < B", "published: 2026-01-02T10:20:30Z",
            "content: <p>c</p>", "authors: Ann", "categories: a",
        ],
    );
    let none = parse(br#"{"rss": {"channel": {"title": "T"}}}"#, None, None).unwrap();
    assert_eq!(none.entries.len(), 0);
    assert!(parse(br#"{"feed": "x"}"#, None, None).is_err());
    let cut = format!(r#"{{"rss": {{"channel": {{"title": "T", "item": [{item}, {{"title": "h"#);
    assert_eq!((read(&cut).entries.len(), read(&cut).is_cut), (1, true));
}

#[test]
fn the_next_document_of_a_paged_feed_is_named() {
    for text in [
        "<feed xmlns='http://www.w3.org/2005/Atom'><link rel='next' href='?page=2'/><entry><id>1</id><link rel='next' href='/no'/></entry></feed>",
        "<rss xmlns:atom='http://www.w3.org/2005/Atom'><channel><atom:link rel='next' href='?page=2'/><item><title>T</title></item></channel></rss>",
        r#"{"version": "https://jsonfeed.org/version/1.1", "next_url": "?page=2", "items": [{"id": "1"}]}"#,
    ] {
        let next = read(text).next.unwrap();
        assert_eq!(next.as_str(), "https://paper.example/feeds/news.xml?page=2", "{text}");
    }
}
