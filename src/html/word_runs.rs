//! Runs of words with one space between them: text that needs no look at each character. Most text of a page is such,
//! and copying it as a whole takes a fifth of the time.

/// The run at the start of a text. It is empty if something else comes first; it ends with a word.
pub(super) struct WordRun<'t> {
    pub(super) words: &'t str,
    /// Number of characters in `words` that are no spaces.
    pub(super) chars: usize,
    pub(super) rest: &'t str,
}

/// Whether a byte of UTF-8 belongs to a character of a word, whatever bytes follow. False for the first bytes of
/// U+0080 to U+00BF, U+1000 to U+3FFF and U+F000 to U+FFFF, among which are white space, control characters and
/// marks.
fn is_word_byte(byte: u8) -> bool {
    byte > b' ' && !matches!(byte, 0x7f | 0xc2 | 0xe1 | 0xe2 | 0xe3 | 0xef)
}

/// The run of words at the start of `text`.
pub(super) fn words(text: &str) -> WordRun<'_> {
    let (mut length, mut chars, mut ends_with_word) = (0, 0, false);
    for &byte in text.as_bytes() {
        if is_word_byte(byte) {
            ends_with_word = true;
            // Continuation bytes belong to the character before.
            chars += usize::from(byte & 0xc0 != 0x80);
        } else if byte == b' ' && ends_with_word {
            ends_with_word = false;
        } else {
            break;
        }
        length += 1;
    }
    let length = length - usize::from(!ends_with_word && length > 0);
    let (words, rest) = text.split_at_checked(length).unwrap_or(("", text));
    WordRun { words, chars, rest }
}

/// White space and marks that nobody sees.
pub(super) fn is_invisible(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '\u{feff}' | '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{2066}'..='\u{2069}')
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
            ("AT&T <b>", "AT&T <b>", 7),
            ("a \u{3000}b", "a", 1),
            ("a\u{feff}b", "a", 1),
            ("", "", 0),
        ] {
            let found = words(text);
            assert_eq!((found.words, found.chars), (run, chars), "{text:?}");
            assert_eq!(format!("{}{}", found.words, found.rest), text);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 5000, ..crate::proptest_config() })]

        /// A run holds no character that separates words or is dropped.
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
