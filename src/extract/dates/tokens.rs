//! Splits a text into the numbers, words and marks in which the date patterns look.

/// Characters of a text in which a date is looked for; the rest is ignored.
const LONGEST_TEXT: usize = 400;

/// A piece of a text.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum DateToken {
    /// A run of digits. `value` saturates; `digits` counts leading zeros, too.
    Number { value: u32, digits: usize },
    /// A run of letters, in lower case.
    Word(String),
    /// Any other character that is not white space; each CJK character is a mark of its own.
    Mark(char),
}

impl DateToken {
    /// The value of a number of `digits` digits. With `digits` 2, one digit is accepted, too.
    pub(super) fn number(&self, digits: usize) -> Option<u32> {
        match self {
            Self::Number { value, digits: own } if *own == digits || (digits == 2 && *own == 1) => {
                Some(*value)
            }
            _ => None,
        }
    }

    pub(super) fn word(&self) -> Option<&str> {
        match self {
            Self::Word(word) => Some(word),
            _ => None,
        }
    }

    pub(super) fn is_mark(&self, marks: &[char]) -> bool {
        matches!(self, Self::Mark(mark) if marks.contains(mark))
    }
}

/// The first 400 characters of a text with the digits of other scripts as ASCII.
pub(super) fn normalise(text: &str) -> String {
    text.chars().take(LONGEST_TEXT).map(ascii_digit).collect()
}

/// The tokens of a normalised text. White space separates words and is dropped, as are direction marks.
pub(super) fn tokenize(text: &str) -> Vec<DateToken> {
    let mut tokens = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if let Some(digit) = c.to_digit(10) {
            let (mut value, mut digits) = (digit, 1);
            while let Some(digit) = chars.peek().and_then(|c| c.to_digit(10)) {
                chars.next();
                value = value.saturating_mul(10).saturating_add(digit);
                digits += 1;
            }
            tokens.push(DateToken::Number { value, digits });
        } else if is_cjk(c) {
            tokens.push(DateToken::Mark(c));
        } else if is_letter(c) {
            let mut word: String = c.to_lowercase().collect();
            while let Some(c) = chars.next_if(|c| is_letter(*c)) {
                // U+0307 is what Turkish İ leaves behind in lower case.
                word.extend(c.to_lowercase().filter(|c| *c != '\u{307}'));
            }
            tokens.push(DateToken::Word(word));
        } else if !c.is_whitespace() && !matches!(c, '\u{200e}' | '\u{200f}' | '\u{200c}') {
            tokens.push(DateToken::Mark(c));
        }
    }
    tokens
}

/// CJK ideographs, kana and Hangul: `年`, `월` and the like separate numbers.
fn is_cjk(c: char) -> bool {
    matches!(c, '\u{3000}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}')
}

/// Letters and the combining marks written onto them (Latin, Devanagari, Bengali, Thai, Arabic).
fn is_letter(c: char) -> bool {
    (c.is_alphabetic() && !is_cjk(c))
        || matches!(c, '\u{300}'..='\u{36f}' | '\u{900}'..='\u{9ff}' | '\u{e30}'..='\u{e4e}' | '\u{610}'..='\u{65f}')
}

/// The ASCII digit of an Arabic, Persian, Devanagari, Bengali, Thai or full-width digit; other characters unchanged.
fn ascii_digit(c: char) -> char {
    const ZEROS: [u32; 6] = [0x660, 0x6f0, 0x966, 0x9e6, 0xe50, 0xff10];
    let value = ZEROS.into_iter().find_map(|zero| (c as u32).checked_sub(zero).filter(|value| *value < 10));
    value.and_then(|value| char::from_digit(value, 10)).unwrap_or(c)
}
