//! Decodes a feed to text: by its byte-order mark, by what the document and the server say, by its bytes, in the order in
//! which they are right. The text is UTF-8 without NUL and other control characters (docs/threats.md, H12).

use encoding_rs::{DecoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// Bytes in which the XML declaration is looked for.
const MAX_DECLARATION: usize = 1024;

/// A document as text.
#[derive(Debug)]
pub(super) struct DecodedDocument {
    /// Without byte-order mark, NUL and other characters that no text may hold.
    pub(super) text: String,
    /// Whether the bytes were UTF-8. Only then text that was encoded twice is worth repairing.
    pub(super) was_utf8: bool,
}

/// Decodes a document. `content_type` is the header as the server sent it.
pub(super) fn decode_document(bytes: &[u8], content_type: Option<&str>) -> DecodedDocument {
    let (mut text, was_utf8) = decode_by_mark(bytes)
        .or_else(|| decode_by_zeros(bytes).map(|text| (text, false)))
        .unwrap_or_else(|| decode_by_label(bytes, content_type));
    // Nearly all texts are clean. A test of all bytes is vectorised and ten times as fast as a look at each character.
    if text.bytes().fold(false, |found, byte| found | may_begin_forbidden(byte)) {
        text.retain(|c| !is_forbidden(c));
    }
    DecodedDocument { text, was_utf8 }
}

/// Whether a byte is the first of a forbidden character. Some others begin with the same bytes.
fn may_begin_forbidden(byte: u8) -> bool {
    matches!(byte, 0..=0x08 | 0x0b | 0x0c | 0x0e..=0x1f | 0x7f | 0xef)
}

fn is_forbidden(c: char) -> bool {
    matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{7f}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

/// The text of a document with a byte-order mark, and whether that is of UTF-8.
fn decode_by_mark(bytes: &[u8]) -> Option<(String, bool)> {
    if let Some(rest) = bytes.strip_prefix(&[0, 0, 0xfe, 0xff]) {
        return Some((decode_utf32(rest, u32::from_be_bytes), false));
    }
    // Before UTF-16, whose mark is the first half of this one.
    if let Some(rest) = bytes.strip_prefix(&[0xff, 0xfe, 0, 0]) {
        return Some((decode_utf32(rest, u32::from_le_bytes), false));
    }
    let (encoding, length) = Encoding::for_bom(bytes)?;
    let rest = bytes.get(length..)?;
    if encoding == UTF_8 && std::str::from_utf8(rest).is_err() {
        // The mark is wrong.
        return None;
    }
    Some((decode_lossy(encoding, rest), encoding == UTF_8))
}

/// The text of UTF-16 and UTF-32 without a mark: they begin with `<` or `{` and its zeros.
fn decode_by_zeros(bytes: &[u8]) -> Option<String> {
    Some(match bytes {
        [0, 0, 0, b'<' | b'{', ..] => decode_utf32(bytes, u32::from_be_bytes),
        [b'<' | b'{', 0, 0, 0, ..] => decode_utf32(bytes, u32::from_le_bytes),
        [0, b'<' | b'{', ..] => decode_lossy(UTF_16BE, bytes),
        [b'<' | b'{', 0, ..] => decode_lossy(UTF_16LE, bytes),
        _ => return None,
    })
}

fn decode_utf32(bytes: &[u8], number: fn([u8; 4]) -> u32) -> String {
    let (chunks, _) = bytes.as_chunks::<4>();
    chunks.iter().map(|chunk| char::from_u32(number(*chunk)).unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

/// The text by the encodings that are named, as far as the bytes agree, and whether it was UTF-8.
fn decode_by_label(bytes: &[u8], content_type: Option<&str>) -> (String, bool) {
    let named = [
        content_type.and_then(charset_of).and_then(encoding_of),
        declared_label(bytes).as_deref().and_then(encoding_of),
    ];
    let mut named = named.into_iter().flatten();
    if let Ok(text) = std::str::from_utf8(bytes) {
        // Bytes beyond ASCII that form UTF-8 throughout are UTF-8, whatever is said of them: the odds are
        // overwhelming from the third character on. Encodings that use only ASCII bytes must be named.
        let seven_bit = named.clone().find(|encoding| !encoding.is_ascii_compatible());
        let is_unsure = || (1..3).contains(&text.chars().filter(|c| !c.is_ascii()).take(3).count());
        let multi_byte = || {
            let first = named.next()?;
            (!first.is_single_byte() && first != UTF_8 && is_unsure()).then_some(first)
        };
        let encoding = seven_bit.or_else(multi_byte);
        return match encoding.and_then(|encoding| decode_strict(encoding, bytes)) {
            Some(text) => (text, false),
            None => (text.to_owned(), true),
        };
    }
    let strict = |encoding| decode_strict(encoding, bytes);
    if let Some(text) = named.filter(|encoding| *encoding != UTF_8).find_map(strict) {
        return (text, false);
    }
    // UTF-8 with a broken byte here and there stays UTF-8.
    let broken = String::from_utf8_lossy(bytes);
    let bad = broken.matches(char::REPLACEMENT_CHARACTER).count();
    let good = broken.chars().filter(|c| !c.is_ascii()).count() - bad;
    if good > bad * 4 {
        return (broken.into_owned(), true);
    }
    let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Deny);
    detector.feed(bytes, true);
    let guess = detector.guess(None, chardetng::Utf8Detection::Deny);
    let text = decode_strict(guess, bytes).unwrap_or_else(|| decode_lossy(WINDOWS_1252, bytes));
    (text, false)
}

/// The content type for all parts of a document that is decoded in parts: if the server names no encoding, with the one
/// that the first part declares.
pub(super) fn content_type_of_parts(first: &[u8], content_type: Option<String>) -> Option<String> {
    let of_server = content_type.as_deref().and_then(charset_of).and_then(encoding_of);
    match declared_label(first) {
        Some(label) if of_server.is_none() => Some(format!("text/xml; charset={label}")),
        _ => content_type,
    }
}

/// The encoding of a label. UTF-16 is none: a label in it would not have been readable.
fn encoding_of(label: &str) -> Option<&'static Encoding> {
    Encoding::for_label_no_replacement(label.as_bytes())
        .filter(|encoding| *encoding != UTF_16BE && *encoding != UTF_16LE)
}

/// The `charset` of a `Content-Type`.
fn charset_of(content_type: &str) -> Option<&str> {
    content_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let is_charset = name.trim().eq_ignore_ascii_case("charset");
        is_charset.then(|| value.trim().trim_matches(['"', '\'']))
    })
}

/// The `encoding` of an XML declaration.
fn declared_label(bytes: &[u8]) -> Option<String> {
    let head = bytes.get(..MAX_DECLARATION).unwrap_or(bytes);
    let head: String = head.iter().map(|&byte| char::from(byte)).collect();
    let (_, after) = head.split_once("<?xml")?;
    let (declaration, _) = after.split_once('>')?;
    let (_, after) = declaration.split_once("encoding")?;
    let value = after.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let (label, _) = value.strip_prefix(quote)?.split_once(quote)?;
    Some(label.trim().to_owned())
}

/// The text, if all bytes are valid in the encoding.
fn decode_strict(encoding: &'static Encoding, bytes: &[u8]) -> Option<String> {
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let mut text = String::with_capacity(decoder.max_utf8_buffer_length(bytes.len())?);
    let (result, _) = decoder.decode_to_string_without_replacement(bytes, &mut text, true);
    matches!(result, DecoderResult::InputEmpty).then_some(text)
}

/// The text, with U+FFFD for each invalid byte.
fn decode_lossy(encoding: &'static Encoding, bytes: &[u8]) -> String {
    encoding.decode_without_bom_handling(bytes).0.into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8], content_type: Option<&str>) -> String {
        decode_document(bytes, content_type).text
    }

    #[test]
    fn h12_marks_zeros_and_names() {
        let utf_16: Vec<u8> = "<é>".encode_utf16().flat_map(u16::to_be_bytes).collect();
        let utf_32: Vec<u8> = "<é>".chars().flat_map(|c| u32::from(c).to_le_bytes()).collect();
        assert_eq!(text(&utf_16, None), "<é>");
        assert_eq!(text(&[&[0xfe, 0xff], utf_16.as_slice()].concat(), None), "<é>");
        assert_eq!(text(&utf_32, None), "<é>");
        assert_eq!(text(&[&[0xff, 0xfe, 0, 0], utf_32.as_slice()].concat(), None), "<é>");
        assert_eq!(text("\u{feff}<é>".as_bytes(), Some("text/xml; charset=koi8-r")), "<é>");
        assert_eq!(text(b"\xc4\xc1", Some("text/xml; Charset=\"KOI8-R\"")), "да");
        assert_eq!(
            text(b"<?xml version='1.0' encoding='Shift_JIS'?>\x93\xfa\x96{", None),
            "<?xml version='1.0' encoding='Shift_JIS'?>日本"
        );
        assert_eq!(
            text(b"<?xml encoding=\"iso-2022-jp\"?>\x1b$BF|K\\\x1b(B", None),
            "<?xml encoding=\"iso-2022-jp\"?>日本"
        );
    }

    #[test]
    fn h12_names_that_are_wrong() {
        assert_eq!(text("<é ü ö>".as_bytes(), Some("text/xml; charset=iso-8859-1")), "<é ü ö>");
        assert_eq!(text("<?xml encoding='utf-16'?>é".as_bytes(), None), "<?xml encoding='utf-16'?>é");
        assert_eq!(text(b"it\x92s", Some("text/xml; charset=utf-8")), "it’s");
        assert_eq!(text(b"caf\xe9", Some("text/xml; charset=nonsense")), "café");
        assert_eq!(text("é à ü ö ß \u{fffd}".as_bytes(), None), "é à ü ö ß \u{fffd}");
        let broken = [" ü ö ß é à".as_bytes(), b"\xff"].concat();
        assert_eq!(text(&broken, None), " ü ö ß é à\u{fffd}");
    }

    #[test]
    fn h12_no_nul_and_no_control_characters() {
        assert_eq!(text(b"a\0b\x01\x1b\tc\n", None), "ab\tc\n");
        assert!(!text(b"\0\0\0<\0\0\0\0", None).contains('\0'));
        assert_eq!(text(b"", None), "");
    }
}
