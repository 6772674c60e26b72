//! Character references (WHATWG HTML, 13.2.5.72 to 13.2.5.84).

use html5ever::data::{C1_REPLACEMENTS, NAMED_ENTITIES};
use memchr::memchr;

/// Appends a text in which references stand for what they name. In an attribute `&copy=` is what it looks like.
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

/// Bytes of `#38;`, or 0 where there is no number.
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
    let replaced = number
        .checked_sub(0x80)
        .and_then(|c1| C1_REPLACEMENTS.get(c1 as usize).copied().flatten());
    let named = match number {
        0 => None,
        _ => replaced.or(char::from_u32(number)),
    };
    out.push(named.unwrap_or(char::REPLACEMENT_CHARACTER));
    at + usize::from(bytes.get(at) == Some(&b';'))
}

/// Bytes of the longest name there is a character for, or 0.
fn named(name: &str, in_attribute: bool, out: &mut String) -> usize {
    for (common, character) in [
        ("amp;", '&'),
        ("nbsp;", '\u{a0}'),
        ("quot;", '"'),
        ("lt;", '<'),
        ("gt;", '>'),
    ] {
        if name.starts_with(common) {
            out.push(character);
            return common.len();
        }
    }
    let mut best = None;
    let mut end = 0;
    while let Some(byte) = name.as_bytes().get(end) {
        end += 1;
        // The table has the beginnings of all names, too, with no character.
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
