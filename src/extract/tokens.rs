//! Numbers, words and marks of a text in which a date is looked for.

/// A piece of a text: a number with its digits, a word in lower case, or a single mark.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Number { value: u32, digits: usize },
    Word(String),
    Mark(char),
}

impl Token {
    /// Its value, where it is a number of so many digits (one fewer is fine for two).
    pub(super) fn number(&self, wanted: usize) -> Option<u32> {
        match self {
            Self::Number { value, digits } if *digits == wanted || (wanted == 2 && *digits == 1) => {
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

/// White space is left out, but parts words. `年`, `월` and their like are marks.
pub(super) fn tokens(text: &str) -> Vec<Token> {
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
            tokens.push(Token::Number { value, digits });
        } else if is_cjk(c) {
            tokens.push(Token::Mark(c));
        } else if is_letter(c) {
            let mut word: String = c.to_lowercase().collect();
            while let Some(c) = chars.peek().copied().filter(|c| is_letter(*c)) {
                chars.next();
                word.extend(c.to_lowercase().filter(|c| *c != '\u{307}'));
            }
            tokens.push(Token::Word(word));
        } else if !c.is_whitespace() && !matches!(c, '\u{200e}' | '\u{200f}' | '\u{200c}') {
            tokens.push(Token::Mark(c));
        }
    }
    tokens
}

fn is_cjk(c: char) -> bool {
    matches!(c, '\u{3000}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}')
}

/// Letters and the marks that are written onto them.
fn is_letter(c: char) -> bool {
    (c.is_alphabetic() && !is_cjk(c))
        || matches!(c, '\u{300}'..='\u{36f}' | '\u{900}'..='\u{9ff}' | '\u{e30}'..='\u{e4e}' | '\u{610}'..='\u{65f}')
}

/// Digits of other scripts as ASCII.
pub(super) fn ascii_digit(c: char) -> char {
    const ZEROS: [u32; 6] = [0x660, 0x6f0, 0x966, 0x9e6, 0xe50, 0xff10];
    let value = ZEROS
        .into_iter()
        .find_map(|zero| (c as u32).checked_sub(zero).filter(|value| *value < 10));
    value.and_then(|value| char::from_digit(value, 10)).unwrap_or(c)
}
