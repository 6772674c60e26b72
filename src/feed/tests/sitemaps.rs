use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;

use super::base;
use crate::feed::{Sitemap, SitemapReader, limits, parse_sitemap};
use crate::model::ParsedFeed;

fn pages(bytes: &[u8]) -> ParsedFeed {
    match parse_sitemap(bytes, None, Some(&base())).unwrap() {
        Sitemap::Pages(feed) => *feed,
        Sitemap::Index(children) => panic!("{children:?}"),
    }
}

fn shown(feed: &ParsedFeed) -> Vec<String> {
    feed.entries
        .iter()
        .map(|entry| {
            let date = |at: Option<crate::model::Timestamp>| at.map_or("-".to_owned(), |at| at.to_string());
            format!(
                "{} {} {} {}",
                entry.link.as_ref().map_or("-", url::Url::path),
                entry.title.as_deref().unwrap_or("-"),
                date(entry.published),
                date(entry.updated)
            )
        })
        .collect()
}

const NEWS: &str = "<?xml version='1.0' encoding='UTF-8'?>
<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9' xmlns:news='http://www.google.com/schemas/sitemap-news/0.9'>
<url><loc> https://paper.example/a?x=1&amp;y=2 </loc><lastmod>2026-11-02</lastmod><news:news><news:publication>
<news:name>The Paper</news:name><news:language>en</news:language></news:publication>
<news:publication_date>2026-11-01T08:00:00+01:00</news:publication_date><news:title><![CDATA[Tea & <i>toast</i>]]></news:title>
<news:keywords>tea, toast</news:keywords></news:news>
<image:image><image:loc>https://paper.example/a.jpg</image:loc><image:title>A cup</image:title></image:image></url>
<url><loc>/b</loc></url><url><loc>ftp://paper.example/c</loc></url>
<sm:url><sm:loc>https://paper.example/d</sm:loc><sm:lastmod>yesterday</sm:lastmod></sm:url>
<url><loc>https://paper.example/e</loc>";

#[test]
fn news_sitemaps_have_titles_and_dates() {
    let feed = pages(NEWS.as_bytes());
    assert_eq!(
        shown(&feed),
        ["/a Tea & toast 2026-11-01T08:00:00+01:00 2026-11-02", "/b - - -", "/d - - -", "/e - - -"]
    );
    let first = &feed.entries[0];
    assert_eq!(first.link.as_ref().unwrap().query(), Some("x=1&y=2"));
    assert_eq!((first.details().language.as_deref(), first.details().categories.len()), (Some("en"), 2));
    assert_eq!(feed.skipped.len(), 1, "{:?}", feed.skipped);
}

#[test]
fn packed_in_any_encoding_and_as_plain_text() {
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(NEWS.as_bytes()).unwrap();
    let packed = packed.finish().unwrap();
    assert_eq!(shown(&pages(&packed)), shown(&pages(NEWS.as_bytes())));
    let cut = pages(&packed[..packed.len() - 20]);
    assert!(
        cut.skipped.iter().any(|skipped| skipped.reason.contains("cannot be unpacked")),
        "{:?}",
        cut.skipped
    );

    let wide: Vec<u8> =
        std::iter::once(0xfeff).chain(NEWS.encode_utf16()).flat_map(u16::to_be_bytes).collect();
    assert_eq!(shown(&pages(&wide)), shown(&pages(NEWS.as_bytes())));

    let text = pages(b"https://paper.example/1\r\nhttps://paper.example/2");
    assert_eq!(shown(&text), ["/1 - - -", "/2 - - -"]);
}

/// Feeds a reader in pieces of so many bytes; the result, whether it was whole, and the most that was held.
fn in_pieces(bytes: &[u8], length: usize) -> (ParsedFeed, bool, usize) {
    let mut reader = SitemapReader::new(None, Some(&base()));
    for piece in bytes.chunks(length) {
        reader.push(piece);
    }
    let most = reader.most_held();
    match reader.finish().unwrap() {
        (Sitemap::Pages(feed), whole) => (*feed, whole, most),
        (Sitemap::Index(children), _) => panic!("{children:?}"),
    }
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

#[test]
fn pieces_of_any_length_give_the_same() {
    let whole = format!("{NEWS}</url></urlset>");
    let wide: Vec<u8> = whole.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for form in [whole.as_bytes(), &packed(whole.as_bytes()), &wide] {
        for length in [1, 2, 3, 5, 7, 64, 1000] {
            let (feed, whole, _) = in_pieces(form, length);
            assert_eq!(shown(&feed), shown(&pages(NEWS.as_bytes())), "pieces of {length}");
            assert!(whole);
        }
    }
    for cut in [NEWS.as_bytes(), &packed(whole.as_bytes())[..200]] {
        assert!(!in_pieces(cut, 64).1, "its end is missing");
    }
    // What the beginning declares holds to the end.
    let mut russian = b"<?xml version='1.0' encoding='windows-1251'?><urlset>".to_vec();
    for _ in 0..3 {
        russian.extend(b"<url><loc>/a</loc><news:title>\xcf\xf0\xe8\xe2\xe5\xf2</news:title></url>");
    }
    let (feed, _, _) = in_pieces(&russian, 60);
    assert!(feed.entries.iter().all(|entry| entry.title.as_deref() == Some("Привет")), "{:?}", shown(&feed));
}

#[test]
fn h13_a_large_sitemap_is_held_a_piece_at_a_time() {
    let page =
        |n: usize| format!("<url><loc>https://paper.example/{n}</loc><lastmod>2026-01-01</lastmod></url>\n");
    let mut text = String::from("<urlset>");
    for n in 0..12_000 {
        text.push_str(&page(n));
        text.push_str(&" ".repeat(960));
    }
    text.push_str("</urlset>");
    assert!(text.len() > 11 << 20);
    for form in [text.as_bytes(), &packed(text.as_bytes())] {
        let (feed, whole, most) = in_pieces(form, 16 << 10);
        assert_eq!((feed.entries.len(), whole), (limits::ENTRIES, true));
        assert!(most <= 128 << 10, "{most} bytes were held");
    }
    // One page without end is let go of.
    let endless = format!("<urlset><url><loc>/a</loc></url><url>{}", "<x>".repeat(1 << 20));
    let (feed, whole, most) = in_pieces(endless.as_bytes(), 16 << 10);
    assert_eq!((feed.entries.len(), whole), (1, false));
    assert!(most <= 512 << 10, "{most} bytes were held");
}

#[test]
fn an_index_names_sitemaps() {
    let Sitemap::Index(children) = parse_sitemap(
        b"<sitemapindex><sitemap><loc>/1.xml.gz</loc><lastmod>2026-01-02</lastmod></sitemap><sitemap><loc>/2.xml</loc></sitemap></sitemapindex>",
        None,
        Some(&base()),
    )
    .unwrap() else {
        panic!("no index");
    };
    assert_eq!(children[0].url.as_str(), "https://paper.example/1.xml.gz");
    assert!(children[0].changed_at().is_some() && children[1].changed_at().is_none());
}

#[test]
fn one_lastmod_for_all_pages_is_dropped() {
    let made: String = (0..20)
        .map(|n| format!("<url><loc>/{n}</loc><lastmod>2026-11-02T10:00:0{}Z</lastmod></url>", n % 10))
        .collect();
    let feed = pages(format!("<urlset>{made}</urlset>").as_bytes());
    assert!(feed.entries.iter().all(|entry| entry.updated.is_none()));
    let changed = made.replacen("10:00:00", "11:00:00", 1);
    let feed = pages(format!("<urlset>{changed}</urlset>").as_bytes());
    assert!(feed.entries.iter().all(|entry| entry.updated.is_some()));
}

#[test]
fn other_documents_are_refused_with_a_hint() {
    for (text, expected) in [
        ("", "this lists no pages: it is no sitemap"),
        ("Not found", "this lists no pages: it is no sitemap"),
        (
            "<rss><channel></channel></rss>",
            "this is a feed, not a sitemap; give it as `feed = …` instead of `sitemap = …`",
        ),
        ("<!DOCTYPE html><html>", "this is a web page, not a sitemap; give it as `listing"),
        ("<Error/>", "this is XML with the root <error>, which is no sitemap"),
    ] {
        let said = parse_sitemap(text.as_bytes(), None, Some(&base())).unwrap_err().to_string();
        assert!(said.starts_with(expected), "{text}: {said}");
    }
    assert!(pages(b"<urlset/>").entries.is_empty());
}

#[test]
fn h13_the_newest_of_too_many_and_no_more_than_50_mib() {
    let many: String = (0..limits::ENTRIES * 3)
        .map(|n| {
            format!(
                "<url><loc>https://paper.example/{n}</loc><lastmod>{}-01-01</lastmod></url>",
                1990 + n % 37
            )
        })
        .collect();
    let feed = pages(format!("<urlset>{many}</urlset>").as_bytes());
    assert_eq!(feed.entries.len(), limits::ENTRIES);
    assert!(feed.entries[0].updated.unwrap().to_string().starts_with("2026"));
    assert!(feed.skipped[0].reason.starts_with("the sitemap lists 30000 pages"), "{:?}", feed.skipped);

    // A bomb: 200 MB of one page, from 200 kB.
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(b"<urlset><url><loc>https://paper.example/1</loc></url><url>").unwrap();
    let zeros = vec![b' '; 1 << 20];
    for _ in 0..200 {
        packed.write_all(&zeros).unwrap();
    }
    let feed = pages(&packed.finish().unwrap());
    assert_eq!(feed.entries.len(), 1, "{:?}", feed.entries);
    assert!(feed.skipped.iter().any(|skipped| skipped.reason.contains("50 MiB")), "{:?}", feed.skipped);
}

const PIECES: &[&str] = &[
    "<urlset>", "<url>", "</url>", "<loc>", "</loc>", "https://x.example/", "<lastmod>", "2026-01-02",
    "</lastmod>", "<sitemapindex>", "<sitemap>", "</sitemap>", "<news:title>", "<![CDATA[", "]]>", "&", "<",
    "é", "\u{0}", "\n", "<!--",
];

proptest! {
    #![proptest_config(crate::proptest_config())]
    #[test]
    fn h14_no_bytes_end_in_a_fault(
        bytes in proptest::collection::vec(any::<u8>(), 0..400),
        pieces in proptest::collection::vec(proptest::sample::select(PIECES), 0..60),
    ) {
        for bytes in [&bytes[..], pieces.concat().as_bytes(), &[b"\x1f\x8b", &bytes[..]].concat()] {
            if let Err(refusal) = parse_sitemap(bytes, None, Some(&base())) {
                prop_assert!(!refusal.reason.contains("fault of ours"), "{bytes:?}");
            }
        }
    }
}
