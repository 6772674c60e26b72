//! Character references such as `&amp;` and `&#38;` (WHATWG HTML, 13.2.5.72 to 13.2.5.80). The table of names is
//! html5ever's.

use html5ever::data::{C1_REPLACEMENTS, NAMED_ENTITIES};
use memchr::memchr;

/// Appends `text` to `out` with character references resolved. In an attribute `&copy=` is no reference.
pub(super) fn resolve(text: &str, in_attribute: bool, out: &mut String) {
    let mut rest = text;
    while let Some(found) = memchr(b'&', rest.as_bytes()) {
        let (before, reference) = rest.split_at_checked(found).unwrap_or((rest, ""));
        out.push_str(before);
        let name = reference.get(1..).unwrap_or_default();
        let length = match name.as_bytes().first() {
            Some(b'#') => numeric(name, out),
            Some(byte) if byte.is_ascii_alphanumeric() => named(name, in_attribute, out),
            _ => 0,
        };
        if length == 0 {
            out.push('&');
        }
        rest = name.get(length..).unwrap_or_default();
    }
    out.push_str(rest);
}

/// Resolves `#38;` or `#x26;`. Numbers of C1 controls mean characters of Windows-1252; 0, surrogates and numbers beyond
/// Unicode become U+FFFD. Returns its length in bytes, or 0 if it is no number.
fn numeric(name: &str, out: &mut String) -> usize {
    let bytes = name.as_bytes();
    let (base, from) = match bytes.get(1) {
        Some(b'x' | b'X') => (16, 2),
        _ => (10, 1),
    };
    let mut number = 0_u32;
    let mut at = from;
    while let Some(digit) = bytes.get(at).and_then(|byte| char::from(*byte).to_digit(base)) {
        number = number.saturating_mul(base).saturating_add(digit);
        at += 1;
    }
    if at == from {
        return 0;
    }
    let replaced =
        number.checked_sub(0x80).and_then(|c1| C1_REPLACEMENTS.get(c1 as usize).copied().flatten());
    let named = match number {
        0 => None,
        _ => replaced.or(char::from_u32(number)),
    };
    out.push(named.unwrap_or(char::REPLACEMENT_CHARACTER));
    at + usize::from(bytes.get(at) == Some(&b';'))
}

/// Resolves the longest known name at the start of `name`; some names need no semicolon. Returns its length in bytes,
/// or 0 if there is none.
fn named(name: &str, in_attribute: bool, out: &mut String) -> usize {
    // Nearly all references of a page are among these.
    for (common, character) in
        [("amp;", '&'), ("nbsp;", '\u{a0}'), ("quot;", '"'), ("lt;", '<'), ("gt;", '>')]
    {
        if name.starts_with(common) {
            out.push(character);
            return common.len();
        }
    }
    let mut best = None;
    let mut end = 0;
    while let Some(byte) = name.as_bytes().get(end) {
        end += 1;
        // The table also has all prefixes of names, with 0 for the characters.
        let known = name.get(..end).and_then(|begin| NAMED_ENTITIES.get(begin));
        let Some((first, second)) = known else {
            break;
        };
        if *first != 0 {
            best = Some((end, *byte, *first, *second));
        }
    }
    let Some((length, last, first, second)) = best else {
        return 0;
    };
    let after = name.as_bytes().get(length);
    let is_text = last != b';' && after.is_some_and(|byte| *byte == b'=' || byte.is_ascii_alphanumeric());
    if in_attribute && is_text {
        return 0;
    }
    out.extend(char::from_u32(first));
    if second != 0 {
        out.extend(char::from_u32(second));
    }
    length
}
