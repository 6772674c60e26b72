//! Hostile and broken documents (docs/threats.md, H11 to H15).

use std::fmt::Write as _;

use proptest::prelude::*;

use super::{base, read, shown};
use crate::feed::{limits, parse};

fn refused(text: &str) -> String {
    parse(text.as_bytes(), None, Some(&base())).unwrap_err().to_string()
}

#[test]
fn h11_pages_answers_and_other_documents() {
    for (text, expected) in [
        ("", "the document is empty"),
        (" \n ", "the document is empty"),
        ("Not found", "this is plain text, not a feed"),
        ("<!DOCTYPE html><html><head><title>Paper</title></head>", "this is a web page, not a feed"),
        (
            "<html><head><link rel=alternate type=\"application/rss+xml\" href=\"/rss?a=1&amp;b=2\"></head>",
            "this is a web page, not a feed; it links to the feed https://paper.example/rss?a=1&b=2",
        ),
        (
            "<html><form><input type=password name=p></form></html>",
            "this is a web page that asks for a password, not a feed",
        ),
        ("{\"error\": \"rate limit\"}", "this is JSON but no feed; it says “rate limit”"),
        ("{\"a\": ", "this looks like JSON but is broken at line 1, column 6"),
        ("[1, 2]", "this is a JSON list, not a JSON Feed"),
        ("\u{1f}\u{8b}", "this is plain text, not a feed"),
        ("%PDF-1.4", "this is a PDF file, not a feed"),
        (
            "<?xml version='1.0'?><urlset><url><loc>https://paper.example/</loc></url></urlset>",
            "this is a sitemap, not a feed; give it as `sitemap = …` instead of `feed = …`",
        ),
        ("<Error><Code>AccessDenied</Code></Error>", "this is XML with the root <error>, which is no feed"),
    ] {
        assert_eq!(refused(text), expected, "{text}");
    }
}

#[test]
fn h12_a_feed_is_text_whatever_its_encoding() {
    let text = "<?xml version='1.0' encoding='X'?><rss><channel><item><title>Überraschung – naïve</title></item></channel></rss>";
    for encoding in [encoding_rs::WINDOWS_1252, encoding_rs::UTF_8, encoding_rs::GB18030] {
        let text = text.replace("'X'", &format!("'{}'", encoding.name()));
        let feed = parse(&encoding.encode(&text).0, None, None).unwrap();
        assert_eq!(feed.entries[0].title.as_deref(), Some("Überraschung – naïve"), "{}", encoding.name());
    }
    let feed = parse("<rss><item><title>cafÃ© \u{0}x</title></item></rss>".as_bytes(), None, None).unwrap();
    assert_eq!(feed.entries[0].title.as_deref(), Some("café x"));
}

#[test]
fn a_packed_file_is_unpacked_and_a_bomb_is_not() {
    let packed = |text: &[u8], times: usize| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        for _ in 0..times {
            std::io::Write::write_all(&mut encoder, text).unwrap();
        }
        encoder.finish().unwrap()
    };
    let feed = parse(&packed(b"<rss><item><title>T</title></item></rss>", 1), None, None).unwrap();
    assert_eq!(feed.entries[0].title.as_deref(), Some("T"));
    for bomb in [packed(&vec![b' '; 1 << 20], 100), b"\x1f\x8bnonsense".to_vec()] {
        let refused = parse(&bomb, None, None).unwrap_err();
        assert_eq!(refused.reason, "this is gzip data, not a feed");
    }
}

#[test]
fn h13_depth_and_number_take_linear_time() {
    let deep = |open: &str, close: &str, n: usize| {
        format!(
            "<rss><channel><item>{}{}<title>T</title></item><item><title>U</title></item></channel></rss>",
            open.repeat(n),
            close.repeat(n)
        )
    };
    for (open, close) in [
        ("<media:group>", "</media:group>"),
        ("<x>", "</x>"),
        ("<description><div>", ""),
        ("<a xml:base='b/c/'>", "</a>"),
        ("<a xmlns:n='http://x.example/'>", ""),
        ("", "</nothing>"),
    ] {
        let feed = read(&deep(open, close, 20_000));
        let titles: Vec<_> = feed.entries.iter().filter_map(|entry| entry.title.as_deref()).collect();
        assert_eq!(titles.last(), Some(&"U"), "{open}");
        assert_eq!(feed.entries.len(), 2, "{open}");
    }
    let nested = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(
        refused(&format!("{{\"version\": \"https://jsonfeed.org/version/1\", \"items\": {nested}}}"))
            .contains("broken")
    );
    assert!(refused(&"[".repeat(1_000_000)).contains("far more"));
}

#[test]
fn h13_stray_end_tags_take_linear_time() {
    // If each were searched for among all open elements, this would take minutes.
    let text = format!(
        "<rss><channel><item>{}{}<title>T</title></item></channel></rss>",
        "<x>".repeat(240),
        "</y>".repeat(2_000_000)
    );
    assert!(read(&text).is_cut, "the end of the entry is one of those that are not found");
}

#[test]
fn h13_nothing_expands_and_no_file_is_named() {
    let feed = read(
        "<!DOCTYPE rss [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;'><!ENTITY f SYSTEM 'file:///etc/hostname'>]>
        <rss><channel><item><title>&b;&f;</title></item></channel></rss>",
    );
    assert_eq!(feed.entries[0].title.as_deref(), Some("&b;&f;"));
}

#[test]
fn h15_absurd_content_is_cut_and_counted() {
    let long = "x".repeat(2_000_000);
    let categories: String = (0..1_000).fold(String::new(), |mut text, n| {
        write!(text, "<category>{n}</category>").unwrap();
        text
    });
    let feed = read(&format!(
        "<rss><channel><item><title>{long}</title><guid>{long}</guid><link>/{long}</link>{categories}
        <pubDate>Fri, 02 Jan 99999 10:20:30 GMT</pubDate><description>{long}</description></item></channel></rss>"
    ));
    let entry = &feed.entries[0];
    assert_eq!(entry.title.as_ref().map(String::len), Some(limits::LINE));
    assert_eq!(entry.summary.as_ref().map(String::len), Some(limits::TEXT));
    assert_eq!(entry.details().categories.len(), limits::LIST);
    assert_eq!((&entry.id, &entry.link, entry.published), (&None, &None, None));
    assert_eq!(feed.skipped.len(), 5, "{:?}", feed.skipped);

    let many = "<item/>".repeat(limits::ENTRIES + 5);
    let feed = read(&format!("<rss><channel>{many}</channel></rss>"));
    assert_eq!((feed.entries.len(), feed.skipped.len()), (limits::ENTRIES, 1));
    assert!(feed.skipped[0].reason.starts_with("the feed has 10005 entries"), "{:?}", feed.skipped);
}

/// Pieces that feeds are made of, to be put together wrongly.
const PIECES: &[&str] = &[
    "<rss>",
    "<channel>",
    "<item>",
    "</item>",
    "<title>",
    "</title>",
    "<link>",
    "</link>",
    "<entry>",
    "<feed xmlns='http://www.w3.org/2005/Atom'>",
    "<content type='xhtml'>",
    "</content>",
    "<div>",
    "</div>",
    "<![CDATA[",
    "]]>",
    "<!--",
    "-->",
    "&amp;",
    "&",
    "&#x",
    ";",
    "<",
    ">",
    "'",
    "\"",
    "<a href=\"",
    "<author>",
    "<name>",
    "<guid isPermaLink='",
    "<pubDate>",
    "Fri, 02 Jan 2026 ",
    "10:20:30 ",
    "+0100",
    "é",
    "日",
    "\u{0}",
    "https://x.example/",
    "<br/>",
    "<media:group>",
    "</media:group>",
    "<enclosure url='/a'/>",
    "<dc:date>",
    "2026-01-",
    "<?xml ",
    "?>",
    "<!DOCTYPE x [",
    "]>",
    "{\"items\": [",
    "{",
    "}]",
];

proptest! {
    #![proptest_config(crate::proptest_config())]
    #[test]
    fn h14_no_bytes_end_in_a_fault(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        if let Err(refusal) = parse(&bytes, None, Some(&base())) {
            prop_assert!(!refusal.reason.contains("fault of ours"), "{bytes:?}");
        }
    }

    #[test]
    fn h14_no_markup_ends_in_a_fault(pieces in proptest::collection::vec(proptest::sample::select(PIECES), 0..60)) {
        let text = pieces.concat();
        match parse(text.as_bytes(), None, Some(&base())) {
            Err(refusal) => prop_assert!(!refusal.reason.contains("fault of ours"), "{text}"),
            Ok(feed) => for entry in &feed.entries {
                prop_assert!(!shown(entry).contains('\0'));
            },
        }
    }
}
