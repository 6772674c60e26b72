//! Bytes into text: byte-order mark, what the document and the server say, what the bytes are, in the order in which
//! they are right. Always valid UTF-8 without NUL (HOSTILE H12).

use encoding_rs::{DecoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// How far into a document its declaration is looked for, in bytes.
const DECLARATION: usize = 1024;

/// A document as text.
#[derive(Debug)]
pub(super) struct Decoded {
    /// Without byte-order mark, NUL and what no text may hold.
    pub(super) text: String,
    /// Whether the bytes were UTF-8, where text encoded twice is worth repairing.
    pub(super) was_utf8: bool,
}

/// Decodes a document.
pub(super) fn decode(bytes: &[u8], content_type: Option<&str>) -> Decoded {
    let (text, was_utf8) = by_mark(bytes)
        .or_else(|| by_zeros(bytes).map(|text| (text, false)))
        .unwrap_or_else(|| by_name(bytes, content_type));
    let text = if may_hold_forbidden(&text) && text.contains(|c: char| is_forbidden(c)) {
        text.chars().filter(|&c| !is_forbidden(c)).collect()
    } else {
        text
    };
    Decoded { text, was_utf8 }
}

/// By the bytes that such characters begin with: all are looked at, many at a time.
fn may_hold_forbidden(text: &str) -> bool {
    let begins = |byte: u8| matches!(byte, 0..=0x08 | 0x0b | 0x0c | 0x0e..=0x1f | 0x7f | 0xef);
    text.bytes().fold(0, |found, byte| found | u8::from(begins(byte))) > 0
}

fn is_forbidden(c: char) -> bool {
    matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{7f}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

fn by_mark(bytes: &[u8]) -> Option<(String, bool)> {
    if let Some(rest) = bytes.strip_prefix(&[0, 0, 0xfe, 0xff]) {
        return Some((utf_32(rest, u32::from_be_bytes), false));
    }
    // Before UTF-16, whose mark is the first half of this one.
    if let Some(rest) = bytes.strip_prefix(&[0xff, 0xfe, 0, 0]) {
        return Some((utf_32(rest, u32::from_le_bytes), false));
    }
    let (encoding, length) = Encoding::for_bom(bytes)?;
    let rest = bytes.get(length..)?;
    if encoding == UTF_8 && std::str::from_utf8(rest).is_err() {
        // A mark before bytes that are something else: let them speak.
        return None;
    }
    Some((lossy(encoding, rest), encoding == UTF_8))
}

/// UTF-16 and UTF-32 without a mark: `<` with its zeros.
fn by_zeros(bytes: &[u8]) -> Option<String> {
    Some(match bytes {
        [0, 0, 0, b'<' | b'{', ..] => utf_32(bytes, u32::from_be_bytes),
        [b'<' | b'{', 0, 0, 0, ..] => utf_32(bytes, u32::from_le_bytes),
        [0, b'<' | b'{', ..] => lossy(UTF_16BE, bytes),
        [b'<' | b'{', 0, ..] => lossy(UTF_16LE, bytes),
        _ => return None,
    })
}

fn utf_32(bytes: &[u8], number: fn([u8; 4]) -> u32) -> String {
    bytes
        .as_chunks::<4>()
        .0
        .iter()
        .map(|chunk| char::from_u32(number(*chunk)).unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}

/// By the names given, as far as the bytes bear them out.
fn by_name(bytes: &[u8], content_type: Option<&str>) -> (String, bool) {
    let named = [
        content_type.and_then(charset).and_then(encoding),
        declared(bytes).as_deref().and_then(encoding),
    ];
    if let Ok(text) = std::str::from_utf8(bytes) {
        // Bytes beyond ASCII that form UTF-8 throughout are UTF-8, whatever is said of them: the odds are
        // overwhelming from the third character on. Encodings that use only ASCII bytes must be named.
        let seven_bit = named
            .into_iter()
            .flatten()
            .find(|encoding| !encoding.is_ascii_compatible());
        let beyond = if text.is_ascii() {
            0
        } else {
            text.chars().filter(|c| !c.is_ascii()).take(3).count()
        };
        let multi_byte =
            named.into_iter().flatten().next().filter(|encoding| {
                (1..3).contains(&beyond) && !encoding.is_single_byte() && *encoding != UTF_8
            });
        return match seven_bit
            .or(multi_byte)
            .and_then(|encoding| strict(encoding, bytes))
        {
            Some(text) => (text, false),
            None => (text.to_owned(), true),
        };
    }
    for encoding in named.into_iter().flatten().filter(|&encoding| encoding != UTF_8) {
        if let Some(text) = strict(encoding, bytes) {
            return (text, false);
        }
    }
    // Mostly UTF-8 with a broken byte here and there stays UTF-8.
    let broken = String::from_utf8_lossy(bytes);
    let (mut good, mut bad) = (0_usize, 0_usize);
    for c in broken.chars().filter(|c| !c.is_ascii()) {
        if c == char::REPLACEMENT_CHARACTER {
            bad += 1;
        } else {
            good += 1;
        }
    }
    if good > bad * 4 {
        return (broken.into_owned(), true);
    }
    let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Deny);
    detector.feed(bytes, true);
    let guess = detector.guess(None, chardetng::Utf8Detection::Deny);
    let text = strict(guess, bytes).unwrap_or_else(|| lossy(WINDOWS_1252, bytes));
    (text, false)
}

/// The type of a document that is decoded in parts: with the encoding that its beginning declares, where the server
/// names none.
pub(super) fn named(beginning: &[u8], content_type: Option<String>) -> Option<String> {
    let told = content_type.as_deref().and_then(charset).and_then(encoding);
    match declared(beginning) {
        Some(label) if told.is_none() => Some(format!("text/xml; charset={label}")),
        _ => content_type,
    }
}

/// The encoding behind a label; those that cannot be what a readable label stands in are none.
fn encoding(label: &str) -> Option<&'static Encoding> {
    Encoding::for_label_no_replacement(label.as_bytes())
        .filter(|encoding| *encoding != UTF_16BE && *encoding != UTF_16LE)
}

/// The `charset` of a `Content-Type`.
fn charset(content_type: &str) -> Option<&str> {
    content_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim()
            .eq_ignore_ascii_case("charset")
            .then(|| value.trim().trim_matches(['"', '\'']))
    })
}

/// The `encoding` of an XML declaration.
fn declared(bytes: &[u8]) -> Option<String> {
    let head = bytes.get(..DECLARATION).unwrap_or(bytes);
    let head: String = head.iter().map(|&byte| char::from(byte)).collect();
    let (_, after) = head.split_once("<?xml")?;
    let (declaration, _) = after.split_once('>')?;
    let (_, after) = declaration.split_once("encoding")?;
    let value = after.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    value
        .strip_prefix(quote)?
        .split_once(quote)
        .map(|(label, _)| label.trim().to_owned())
}

fn strict(encoding: &'static Encoding, bytes: &[u8]) -> Option<String> {
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let mut text = String::with_capacity(decoder.max_utf8_buffer_length(bytes.len())?);
    let (result, _) = decoder.decode_to_string_without_replacement(bytes, &mut text, true);
    matches!(result, DecoderResult::InputEmpty).then_some(text)
}

fn lossy(encoding: &'static Encoding, bytes: &[u8]) -> String {
    encoding.decode_without_bom_handling(bytes).0.into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8], content_type: Option<&str>) -> String {
        decode(bytes, content_type).text
    }

    #[test]
    fn h12_marks_zeros_and_names() {
        let utf_16: Vec<u8> = "<é>".encode_utf16().flat_map(u16::to_be_bytes).collect();
        let utf_32: Vec<u8> = "<é>".chars().flat_map(|c| u32::from(c).to_le_bytes()).collect();
        assert_eq!(text(&utf_16, None), "<é>");
        assert_eq!(text(&[&[0xfe, 0xff], utf_16.as_slice()].concat(), None), "<é>");
        assert_eq!(text(&utf_32, None), "<é>");
        assert_eq!(
            text(&[&[0xff, 0xfe, 0, 0], utf_32.as_slice()].concat(), None),
            "<é>"
        );
        assert_eq!(
            text("\u{feff}<é>".as_bytes(), Some("text/xml; charset=koi8-r")),
            "<é>"
        );
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
        assert_eq!(
            text("<é ü ö>".as_bytes(), Some("text/xml; charset=iso-8859-1")),
            "<é ü ö>"
        );
        assert_eq!(
            text("<?xml encoding='utf-16'?>é".as_bytes(), None),
            "<?xml encoding='utf-16'?>é"
        );
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
