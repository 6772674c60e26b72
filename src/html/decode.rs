//! Decodes pages: finds the character encoding and returns text.
//!
//! Encodings and labels are those of the WHATWG Encoding Standard (`encoding_rs`); the guess by content is that of
//! Firefox (`chardetng`). Used for everything that was fetched as HTML, by `extract`, `feed`, `probe` and the command
//! line.

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// Bytes that are searched for a declaration. Browsers search 1024; some pages declare later.
const DECLARATION_BYTES: usize = 8192;

/// Decodes a page. The encoding is that of, in this order: the byte order mark, the `Content-Type` header, UTF-8 if
/// the page is valid UTF-8, the declaration in the page, a guess by content. NUL is removed; undecodable bytes become
/// U+FFFD.
///
/// Valid UTF-8 comes before the declaration because text is not valid UTF-8 by chance, while declarations left over
/// from an old template occur.
pub fn decode<'a>(bytes: &'a [u8], content_type: Option<&str>) -> Cow<'a, str> {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return decoded(bytes.get(mark..).unwrap_or_default(), encoding);
    }
    if let Some(encoding) = content_type.and_then(labelled_encoding) {
        // Servers send one header for all their pages: valid UTF-8 overrules Latin-1.
        let (text, had_errors) = encoding.decode_without_bom_handling(bytes);
        let doubtful = encoding == WINDOWS_1252 && !bytes.is_ascii() && std::str::from_utf8(bytes).is_ok();
        if !had_errors && !doubtful {
            return without_nul(text);
        }
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        // An ISO-2022-JP page is ASCII with escapes.
        if !bytes.contains(&0x1b) && !looks_utf16(bytes) {
            return without_nul(text.into());
        }
    }
    if looks_utf16(bytes) {
        let encoding = if bytes.first() == Some(&0) { UTF_16BE } else { UTF_16LE };
        return decoded(bytes, encoding);
    }
    if let Some(encoding) = declared_encoding(bytes) {
        let (text, had_errors) = encoding.decode_without_bom_handling(bytes);
        // A few invalid bytes do not change a declared UTF-8.
        if !had_errors || encoding == UTF_8 && is_mostly_valid(&text) {
            return without_nul(text);
        }
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    detector.feed(bytes, true);
    let mut encoding = detector.guess(None, Utf8Detection::Allow);
    if encoding == UTF_8
        && std::str::from_utf8(bytes).is_err()
        && !is_mostly_valid(&String::from_utf8_lossy(bytes))
    {
        encoding = WINDOWS_1252;
    }
    decoded(bytes, encoding)
}

/// Decodes with an encoding; undecodable bytes become U+FFFD.
fn decoded<'a>(bytes: &'a [u8], encoding: &'static Encoding) -> Cow<'a, str> {
    without_nul(encoding.decode_without_bom_handling(bytes).0)
}

/// Removes NUL, which pages never mean.
fn without_nul(text: Cow<'_, str>) -> Cow<'_, str> {
    if memchr::memchr(0, text.as_bytes()).is_none() {
        return text;
    }
    let mut text = text.into_owned();
    text.retain(|c| c != '\0');
    text.into()
}

/// Whether text decoded as UTF-8 has more characters beyond ASCII than replaced bytes. Text of another encoding has
/// hardly any byte sequence that is valid UTF-8 by chance.
fn is_mostly_valid(text: &str) -> bool {
    let replaced = text.chars().filter(|c| *c == '\u{fffd}').count();
    let valid = text.chars().filter(|c| !c.is_ascii()).count() - replaced;
    replaced <= valid
}

/// The encoding after `charset=`, quoted or not.
fn labelled_encoding(text: &str) -> Option<&'static Encoding> {
    let lower = text.to_ascii_lowercase();
    let (_, label) = lower.split_once("charset")?;
    let label = label.trim_start().strip_prefix('=')?.trim_start();
    let label = label.trim_start_matches(['"', '\'']);
    let end = label
        .find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ';' | '>' | '/'))
        .unwrap_or(label.len());
    Encoding::for_label(label.get(..end)?.as_bytes())
}

/// The encoding of `<meta charset>`, `<meta http-equiv>` or the XML declaration. A page whose declaration is readable
/// as ASCII is not in UTF-16, so a declared UTF-16 means UTF-8 (WHATWG HTML, 13.2.3.2).
fn declared_encoding(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = String::from_utf8_lossy(bytes.get(..DECLARATION_BYTES.min(bytes.len()))?).to_ascii_lowercase();
    let xml = head.trim_start().strip_prefix("<?xml").and_then(|rest| {
        let (declaration, _) = rest.split_once("?>")?;
        let (_, label) = declaration.split_once("encoding")?;
        let label = label.trim_start_matches(|c: char| c.is_whitespace() || c == '=');
        let quote = label.chars().next()?;
        Encoding::for_label(label.get(1..)?.split(quote).next()?.as_bytes())
    });
    let found = xml.or_else(|| {
        head.match_indices("<meta").find_map(|(at, _)| {
            let rest = head.get(at..)?;
            labelled_encoding(rest.get(..rest.find('>')?)?)
        })
    })?;
    Some(if found == UTF_16LE || found == UTF_16BE { UTF_8 } else { found })
}

/// Whether most even or most odd bytes at the start are zero.
fn looks_utf16(bytes: &[u8]) -> bool {
    let head = bytes.get(..256.min(bytes.len())).unwrap_or_default();
    let zeros =
        |parity: usize| head.iter().enumerate().filter(|(i, byte)| i % 2 == parity && **byte == 0).count();
    head.len() >= 8 && (zeros(0) * 3 > head.len() || zeros(1) * 3 > head.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h12_whatever_a_page_says_its_text_is_read() {
        let (sjis, _, _) = encoding_rs::SHIFT_JIS.encode("<meta charset=shift_jis><p>日本語の記事です");
        let (cp1251, _, _) = encoding_rs::WINDOWS_1251.encode("<p>Новости дня и другие известия из столицы");
        let utf16: Vec<u8> = "<p>Grüße</p>".encode_utf16().flat_map(u16::to_be_bytes).collect();
        let mut marked = vec![0xfe, 0xff];
        marked.extend(&utf16);
        for (what, bytes, header, expected) in [
            ("a mark", marked.as_slice(), Some("text/html; charset=latin1"), "Grüße"),
            ("no mark", utf16.as_slice(), None, "Grüße"),
            ("the declaration", &sjis, None, "日本語の記事です"),
            ("the header", &cp1251, Some("text/html; charset=\"windows-1251\""), "Новости дня"),
            ("a guess", &cp1251, None, "Новости дня"),
            ("a header that lies", "<p>Grüße".as_bytes(), Some("text/html; charset=iso-8859-1"), "Grüße"),
            ("a declaration that lies", "<meta charset=latin1><p>Grüße".as_bytes(), None, "Grüße"),
            (
                "a stray byte",
                b"<meta charset=utf-8><p>caf\xc3\xa9 \xff and a good deal of plain text that goes on",
                None,
                "café",
            ),
            ("NUL", b"<p>a\0b", None, "<p>ab"),
        ] {
            let text = decode(bytes, header);
            assert!(text.contains(expected), "{what}: {text}");
            assert!(!text.contains('\0'), "{what}");
        }
    }
}
