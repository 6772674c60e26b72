//! Whether a document is there to its end. Reading takes what it finds, so that one that broke off is no error; but its
//! validators would say that the rest is known.

/// So far into a document its root begins.
const HEAD: usize = 4096;

/// Whether the root element of a feed is closed. What has no root of a feed, JSON among it, is left to its reader.
pub fn is_complete(bytes: &[u8]) -> bool {
    // UTF-16 is ASCII and zeros, as far as tags go.
    let letters = bytes
        .iter()
        .copied()
        .filter(|byte| *byte != 0)
        .map(|byte| byte.to_ascii_lowercase());
    let head = match bytes.get(..HEAD.min(bytes.len())) {
        Some(head) if !head.contains(&0) => head.to_ascii_lowercase(),
        _ => letters.clone().take(HEAD).collect(),
    };
    let Some(root) = root(&head) else { return true };
    let end = [b"</", root].concat();
    // Nearly all are whole, and not in UTF-16: then nothing but each `<` is looked at.
    let ends = |at| {
        let tag = bytes.get(at..).and_then(|rest| rest.get(..end.len()));
        tag.is_some_and(|tag| tag.eq_ignore_ascii_case(&end))
    };
    if memchr::memrchr_iter(b'<', bytes).any(ends) {
        return true;
    }
    let mut matched = 0;
    for byte in letters {
        // `<` occurs in it once, at its beginning.
        matched = match end.get(matched) {
            Some(next) if *next == byte => matched + 1,
            _ => usize::from(byte == b'<'),
        };
        if matched == end.len() {
            return true;
        }
    }
    false
}

/// The name of the first element that is the root of a feed.
fn root(head: &[u8]) -> Option<&[u8]> {
    head.split(|byte| *byte == b'<').skip(1).find_map(|tag| {
        let name = tag
            .split(|byte| byte.is_ascii_whitespace() || b"/>".contains(byte))
            .next()?;
        let local = name.rsplit(|byte| *byte == b':').next()?;
        // `<rss/>` is whole as it is.
        let closes_itself = tag.split(|byte| *byte == b'>').next()?.ends_with(b"/");
        ([&b"rss"[..], b"feed", b"rdf"].contains(&local) && !closes_itself).then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_breaks_off_is_not_whole() {
        for (text, whole) in [
            (
                "<?xml version='1.0'?><!-- <rss> --><rss version='2.0'><channel></channel></rss>",
                true,
            ),
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
            assert_eq!(is_complete(text.as_bytes()), whole, "{text}");
            let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
            assert_eq!(is_complete(&wide), whole, "{text} in UTF-16");
        }
    }
}
