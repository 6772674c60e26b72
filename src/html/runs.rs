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
    let (eights, tail) = text.as_bytes().as_chunks::<8>();
    let mut reader = Reader {
        kind,
        end: 0,
        chars: 0,
        is_word: false,
    };
    if eights.iter().all(|eight| reader.eight(*eight)) {
        reader.bytes(tail);
    }
    let Reader {
        end, chars, is_word, ..
    } = reader;
    // Without the space that no word followed.
    let (words, rest) = text
        .split_at_checked(end - usize::from(!is_word && end > 0))
        .unwrap_or(("", text));
    Run { words, chars, rest }
}

/// How far a run goes.
struct Reader {
    kind: u8,
    end: usize,
    chars: usize,
    /// Whether it ends with a word so far.
    is_word: bool,
}

impl Reader {
    /// Takes bytes up to the first one that ends the run; whether there was none.
    fn bytes(&mut self, bytes: &[u8]) -> bool {
        for &byte in bytes {
            if BYTES.get(usize::from(byte)).copied().unwrap_or(0) & self.kind != 0 {
                self.is_word = true;
                // A byte that goes on with a character is none.
                self.chars += usize::from(byte & 0xc0 != 0x80);
            } else if byte == b' ' && self.is_word {
                self.is_word = false;
            } else {
                return false;
            }
            self.end += 1;
        }
        true
    }

    /// The same of eight bytes at once, where they are words in ASCII, each behind one space.
    fn eight(&mut self, eight: [u8; 8]) -> bool {
        let bytes = u64::from_le_bytes(eight);
        let spaces = among(bytes, b' ');
        let mut odd = (bytes | !bytes.wrapping_add(each(0x80 - b' ')) | among(bytes, 0x7f)) & HIGH;
        if self.kind == LITERAL {
            odd |= among(bytes, b'&') | among(bytes, b'<') | among(bytes, b'>');
        }
        let before = u64::from(!self.is_word) << 7;
        if odd != 0 || spaces & (spaces << 8 | before) != 0 {
            return self.bytes(&eight);
        }
        self.end += eight.len();
        self.chars += eight.len() - spaces.count_ones() as usize;
        self.is_word = spaces >> 63 == 0;
        true
    }
}

/// The highest bit of each of eight bytes.
const HIGH: u64 = each(0x80);

const fn each(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// Which of eight bytes of ASCII are this one, as their highest bits; of others it says anything.
const fn among(bytes: u64, byte: u8) -> u64 {
    !((bytes ^ each(byte)).wrapping_add(each(0x7f))) & HIGH
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

    /// The same, byte by byte.
    fn plainly(text: &str, kind: u8) -> (&str, usize) {
        let mut reader = Reader {
            kind,
            end: 0,
            chars: 0,
            is_word: false,
        };
        reader.bytes(text.as_bytes());
        let end = reader.end - usize::from(!reader.is_word && reader.end > 0);
        (text.get(..end).unwrap(), reader.chars)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 5000, ..crate::proptest_config() })]

        #[test]
        fn eight_bytes_at_once_are_what_each_is_alone(text in "[a-z ]{0,20}[ -~\\x00-\\x20\u{7f}éא北“\u{a0} ]{0,12}[a-z ]{0,20}") {
            for kind in [WORD, LITERAL] {
                let run = of(&text, kind);
                prop_assert_eq!((run.words, run.chars), plainly(&text, kind));
            }
        }

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
