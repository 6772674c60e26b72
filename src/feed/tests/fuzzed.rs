//! The corpus of `tests/fuzz`, with a byte removed or changed and cut at many places, without a fuzzer.

use std::path::Path;

use super::base;
use crate::feed::{SitemapReader, find_feeds, mend, parse, parse_opml, parse_sitemap};

/// Reads bytes with every parser; a panic in one fails the test.
fn read(bytes: &[u8], what: &str) {
    let base = base();
    for refused in [
        parse(bytes, None, Some(&base)).map(|mut feed| mend(&mut feed, chrono::DateTime::default())).err(),
        parse_sitemap(bytes, None, Some(&base)).err(),
        parse_opml(bytes).err(),
    ] {
        let fault = refused.is_some_and(|refused| refused.reason.contains("fault of ours"));
        assert!(!fault, "{what}: {}", bytes.escape_ascii());
    }
    find_feeds(bytes, None, &base);
    // In pieces, as the network delivers it, the result is the same.
    let mut reader = SitemapReader::new(None, Some(&base));
    for piece in bytes.chunks(7) {
        reader.push(piece);
    }
    let in_pieces = reader.finish().map(|(sitemap, _)| sitemap);
    // How much of broken gzip is unpacked depends on the length of the pieces.
    if bytes.starts_with(b"\x1f\x8b") {
        return;
    }
    assert_eq!(in_pieces, parse_sitemap(bytes, None, Some(&base)), "{what}: {}", bytes.escape_ascii());
}

#[test]
fn h14_the_corpus_of_the_fuzzer_ends_in_no_fault() {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fuzz/corpus/feed"));
    let mut inputs = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        let what = path.display().to_string();
        read(&bytes, &what);
        inputs += 1;
        // At every place of a small input, and at forty places of a large one.
        for at in (0..bytes.len()).step_by(1 + bytes.len() / 40) {
            read(&bytes[..at], &what);
            read(&bytes[at..], &what);
            let mut changed = bytes.clone();
            changed[at] = changed[at].wrapping_add(1 + u8::try_from(at % 250).unwrap());
            read(&changed, &what);
            changed.remove(at);
            read(&changed, &what);
        }
    }
    assert!(inputs >= 15, "{inputs} inputs in {}", folder.display());
}
