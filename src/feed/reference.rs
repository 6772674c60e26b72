//! Character references: the five of XML, numbers, and the names of HTML 4, which feeds use without declaring them.
//!
//! Nothing else expands, whatever a document type declares: no entity can grow, none can name a file (docs/threats.md, H13).

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

/// Bytes between `&` and `;` that are read; `thetasym` is the longest name.
const MAX_NAME: usize = 10;

/// The text with its references replaced. A bare `&` stays, and so does an unknown name.
pub(super) fn decode_references(text: &str) -> Cow<'_, str> {
    let Some((before, mut rest)) = text.split_once('&') else {
        return Cow::Borrowed(text);
    };
    let mut decoded = String::with_capacity(text.len());
    decoded.push_str(before);
    loop {
        match parse_reference(rest) {
            Some((c, after)) => {
                decoded.extend(c);
                rest = after;
            }
            None => decoded.push('&'),
        }
        let Some((before, after)) = rest.split_once('&') else {
            decoded.push_str(rest);
            return Cow::Owned(decoded);
        };
        decoded.push_str(before);
        rest = after;
    }
}

/// Parses a reference behind its `&`: its character (`None` for one that no text may hold) and the text after it.
/// Numbers need no `;`, names do: `&copy=2` is part of an address.
fn parse_reference(text: &str) -> Option<(Option<char>, &str)> {
    if let Some(number) = text.strip_prefix('#') {
        let (digits, radix) = match number.strip_prefix(['x', 'X']) {
            Some(hex) => (hex, 16),
            None => (number, 10),
        };
        let end = digits.find(|c: char| !c.is_digit(radix)).unwrap_or(digits.len());
        let (digits, rest) = digits.split_at_checked(end).filter(|_| end > 0)?;
        let code = u32::from_str_radix(digits, radix).unwrap_or(u32::MAX);
        return Some((char_of_number(code), rest.strip_prefix(';').unwrap_or(rest)));
    }
    let end = text.bytes().take(MAX_NAME).take_while(u8::is_ascii_alphanumeric).count();
    let (name, rest) = text.split_at_checked(end)?;
    char_of_name(name).map(|c| Some((Some(c), rest.strip_prefix(';')?)))?
}

/// The character of a number. 128 to 159 mean bytes of windows-1252 (HTML standard, 13.2.5.80).
fn char_of_number(code: u32) -> Option<char> {
    if let Ok(byte @ 0x80..=0x9f) = u8::try_from(code) {
        return windows_1252(byte);
    }
    match char::from_u32(code) {
        Some(c @ ('\t' | '\n' | '\r')) => Some(c),
        Some(c) if c.is_control() => None,
        Some(c) => Some(c),
        None => Some(char::REPLACEMENT_CHARACTER),
    }
}

/// The windows-1252 character of a byte that is a control character in Latin-1; `None` for the five unassigned bytes.
pub(super) fn windows_1252(byte: u8) -> Option<char> {
    let byte = [byte];
    let (text, _) = encoding_rs::WINDOWS_1252.decode_without_bom_handling(&byte);
    text.chars().next().filter(|c| !c.is_control())
}

fn char_of_name(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => HTML.get(name).copied(),
    }
}

static HTML: LazyLock<HashMap<&'static str, char>> = LazyLock::new(|| {
    let mut words = NAMES.split_ascii_whitespace();
    std::iter::from_fn(|| Some((words.next()?, words.next()?)))
        .filter_map(|(name, code)| Some((name, char::from_u32(u32::from_str_radix(code, 16).ok()?)?)))
        .collect()
});

/// HTML 4.01, 24: each name and its code point.
const NAMES: &str = "\
    nbsp a0 iexcl a1 cent a2 pound a3 curren a4 yen a5 brvbar a6 sect a7 uml a8 copy a9 ordf aa \
    laquo ab not ac shy ad reg ae macr af deg b0 plusmn b1 sup2 b2 sup3 b3 acute b4 micro b5 \
    para b6 middot b7 cedil b8 sup1 b9 ordm ba raquo bb frac14 bc frac12 bd frac34 be iquest bf \
    Agrave c0 Aacute c1 Acirc c2 Atilde c3 Auml c4 Aring c5 AElig c6 Ccedil c7 Egrave c8 Eacute c9 \
    Ecirc ca Euml cb Igrave cc Iacute cd Icirc ce Iuml cf ETH d0 Ntilde d1 Ograve d2 Oacute d3 \
    Ocirc d4 Otilde d5 Ouml d6 times d7 Oslash d8 Ugrave d9 Uacute da Ucirc db Uuml dc Yacute dd \
    THORN de szlig df agrave e0 aacute e1 acirc e2 atilde e3 auml e4 aring e5 aelig e6 ccedil e7 \
    egrave e8 eacute e9 ecirc ea euml eb igrave ec iacute ed icirc ee iuml ef eth f0 ntilde f1 \
    ograve f2 oacute f3 ocirc f4 otilde f5 ouml f6 divide f7 oslash f8 ugrave f9 uacute fa ucirc fb \
    uuml fc yacute fd thorn fe yuml ff OElig 152 oelig 153 Scaron 160 scaron 161 Yuml 178 fnof 192 \
    circ 2c6 tilde 2dc Alpha 391 Beta 392 Gamma 393 Delta 394 Epsilon 395 Zeta 396 Eta 397 \
    Theta 398 Iota 399 Kappa 39a Lambda 39b Mu 39c Nu 39d Xi 39e Omicron 39f Pi 3a0 Rho 3a1 \
    Sigma 3a3 Tau 3a4 Upsilon 3a5 Phi 3a6 Chi 3a7 Psi 3a8 Omega 3a9 alpha 3b1 beta 3b2 gamma 3b3 \
    delta 3b4 epsilon 3b5 zeta 3b6 eta 3b7 theta 3b8 iota 3b9 kappa 3ba lambda 3bb mu 3bc nu 3bd \
    xi 3be omicron 3bf pi 3c0 rho 3c1 sigmaf 3c2 sigma 3c3 tau 3c4 upsilon 3c5 phi 3c6 chi 3c7 \
    psi 3c8 omega 3c9 thetasym 3d1 upsih 3d2 piv 3d6 ensp 2002 emsp 2003 thinsp 2009 zwnj 200c \
    zwj 200d lrm 200e rlm 200f ndash 2013 mdash 2014 lsquo 2018 rsquo 2019 sbquo 201a ldquo 201c \
    rdquo 201d bdquo 201e dagger 2020 Dagger 2021 bull 2022 hellip 2026 permil 2030 prime 2032 \
    Prime 2033 lsaquo 2039 rsaquo 203a oline 203e frasl 2044 euro 20ac image 2111 weierp 2118 \
    real 211c trade 2122 alefsym 2135 larr 2190 uarr 2191 rarr 2192 darr 2193 harr 2194 crarr 21b5 \
    lArr 21d0 uArr 21d1 rArr 21d2 dArr 21d3 hArr 21d4 forall 2200 part 2202 exist 2203 empty 2205 \
    nabla 2207 isin 2208 notin 2209 ni 220b prod 220f sum 2211 minus 2212 lowast 2217 radic 221a \
    prop 221d infin 221e ang 2220 and 2227 or 2228 cap 2229 cup 222a int 222b there4 2234 sim 223c \
    cong 2245 asymp 2248 ne 2260 equiv 2261 le 2264 ge 2265 sub 2282 sup 2283 nsub 2284 sube 2286 \
    supe 2287 oplus 2295 otimes 2297 perp 22a5 sdot 22c5 lceil 2308 rceil 2309 lfloor 230a \
    rfloor 230b lang 2329 rang 232a loz 25ca spades 2660 clubs 2663 hearts 2665 diams 2666 
    ";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_as_they_are_written() {
        for (text, expected) in [
            ("a", "a"),
            ("a &amp; b", "a & b"),
            ("&lt;&gt;&quot;&apos;", "<>\"'"),
            ("AT&T &", "AT&T &"),
            ("?a=1&copy=2&b=3", "?a=1&copy=2&b=3"),
            ("caf&eacute;&nbsp;&mdash;&hellip;", "café\u{a0}—…"),
            ("&#8217;&#x2019;&#X2019;", "’’’"),
            ("&#8217 and &#39s", "’ and 's"),
            ("&#146;&#x93;", "’“"),
            ("&#0;&#1;&#11;x", "x"),
            ("&#xD800;&#x110000;&#99999999999999;", "\u{fffd}\u{fffd}\u{fffd}"),
            ("&#;&#x;&;&bogus;", "&#;&#x;&;&bogus;"),
            ("&amp;amp;", "&amp;"),
            ("&é;", "&é;"),
        ] {
            assert_eq!(decode_references(text), expected, "{text}");
        }
        assert_eq!(HTML.len(), 248, "the names of HTML 4 but for the four of XML");
    }
}
