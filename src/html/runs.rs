//! Beginnings of a text that need no look at each character: words with one space between them. Most of a page is that.

/// Bytes of words: those of letters, digits and signs, of which no character is white space, a control or a mark of order.
const WORD: u8 = 1;

/// Those of them that stand in HTML as they are.
const LITERAL: u8 = 2;

/// What each byte of UTF-8 is.
#[allow(clippy::indexing_slicing, reason = "done while compiling, of 256 bytes")]
static BYTES: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0x21;
    while byte < 0x100 {
        // The others begin some character that is none of a word: U+0080 to U+00A0, U+1680, U+2000 to U+206F, U+3000, U+FEFF.
        if byte != 0x7f && !matches!(byte, 0xc2 | 0xe1 | 0xe2 | 0xe3 | 0xef) {
            // `&`, `<` and `>` are written as references.
            table[byte] = if matches!(byte, 0x26 | 0x3c | 0x3e) {
                WORD
            } else {
                WORD | LITERAL
            };
        }
        byte += 1;
    }
    table
};

/// A run of words, and what comes behind it. It is empty where something else comes first, and ends with a word.
pub(super) struct Run<'t> {
    pub(super) words: &'t str,
    /// Characters in it that are no spaces.
    pub(super) chars: usize,
    pub(super) rest: &'t str,
}

/// The run that a text begins with.
pub(super) fn words(text: &str) -> Run<'_> {
    of(text, WORD)
}

/// The same of what may stand in HTML without being escaped.
pub(super) fn literal(text: &str) -> Run<'_> {
    of(text, LITERAL)
}

fn of(text: &str, kind: u8) -> Run<'_> {
    let (mut end, mut is_word) = (text.len(), false);
    for (at, byte) in text.bytes().enumerate() {
        if BYTES.get(usize::from(byte)).copied().unwrap_or(0) & kind != 0 {
            is_word = true;
        } else if byte == b' ' && is_word {
            is_word = false;
        } else {
            end = at;
            break;
        }
    }
    // Without the space that no word followed.
    let (words, rest) = text
        .split_at_checked(end - usize::from(!is_word && end > 0))
        .unwrap_or(("", text));
    // All bytes but spaces and those that go on with a character.
    let counts = |byte: &u8| *byte != b' ' && byte & 0xc0 != 0x80;
    Run {
        words,
        chars: words.bytes().filter(counts).count(),
        rest,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_run_ends_before_what_must_be_looked_at() {
        for (text, run, chars) in [
            ("two words, and more  here", "two words, and more", 16),
            ("straße и 北京 \u{a0}x", "straße и 北京", 9),
            (" led by a space", "", 0),
            ("led\tby a tab", "led", 3),
            ("AT&T", "AT", 2),
            ("a \u{3000}b", "a", 1),
            ("a\u{feff}b", "a", 1),
            ("", "", 0),
        ] {
            let found = literal(text);
            assert_eq!((found.words, found.chars), (run, chars), "{text:?}");
            assert_eq!(format!("{}{}", found.words, found.rest), text);
        }
        assert_eq!(words("AT&T <b>").words, "AT&T <b>");
    }

    proptest! {
        /// Whatever is in a run is what the table says of its bytes: no character of it is one that parts or vanishes.
        #[test]
        fn no_run_holds_a_character_that_is_none_of_a_word(c in any::<char>()) {
            let text = c.to_string();
            let is_plain = !c.is_whitespace() && !c.is_control() && c != '\u{feff}';
            let run = words(&text);
            prop_assert!(run.words.is_empty() || is_plain);
            prop_assert_eq!(run.chars, usize::from(!run.words.is_empty()));
        }
    }
}
