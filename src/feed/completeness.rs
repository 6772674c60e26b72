//! Tells whether a feed arrived completely.
//!
//! [`parse`](super::parse) reads a truncated document without an error. The caller must not store the validators of such
//! a document: with them the server would answer 304, and the missing entries would never come.

/// The root element begins within this many bytes.
const HEAD: usize = 4096;

/// Whether the root element of a feed is closed. `true` for a document without the root of a feed (JSON among them):
/// whether that is complete is for its parser to say.
pub fn is_complete(bytes: &[u8]) -> bool {
    // Without its zeros UTF-16 is ASCII, as far as tags go.
    let mut letters = bytes.to_ascii_lowercase();
    letters.retain(|byte| *byte != 0);
    let head = letters.get(..HEAD).unwrap_or(&letters);
    let Some(root) = root_name(head) else { return true };
    let end_tag = [b"</", root].concat();
    memchr::memmem::rfind(&letters, &end_tag).is_some()
}

/// The name, with its prefix, of the first element that is the root of a feed. `<rss/>` is none: it needs no end tag.
fn root_name(head: &[u8]) -> Option<&[u8]> {
    head.split(|byte| *byte == b'<').skip(1).find_map(|tag| {
        let name = tag.split(|byte| byte.is_ascii_whitespace() || b"/>".contains(byte)).next()?;
        let local = name.rsplit(|byte| *byte == b':').next()?;
        let closes_itself = tag.split(|byte| *byte == b'>').next()?.ends_with(b"/");
        ([&b"rss"[..], b"feed", b"rdf"].contains(&local) && !closes_itself).then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_truncated_feed_is_not_complete() {
        for (text, complete) in [
            ("<?xml version='1.0'?><!-- <rss> --><rss version='2.0'><channel></channel></rss>", true),
            ("<RSS><channel></Rss >\n<!-- made in 0.1 s -->", true),
            ("<rss><channel><item></item>", false),
            ("<rss><channel></channel></rs", false),
            ("<rss/>", true),
            ("<a:feed xmlns:a='x'><a:entry></a:entry></a:feed>", true),
            ("<a:feed xmlns:a='x'><a:entry></a:entry></feed>", false),
            ("<rdf:RDF><channel/><<</rdf:RDF>", true),
            ("<html><body>", true),
            ("{\"version\": ", true),
            ("", true),
        ] {
            assert_eq!(is_complete(text.as_bytes()), complete, "{text}");
            let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
            assert_eq!(is_complete(&wide), complete, "{text} in UTF-16");
        }
    }
}
