//! The tokens of short scripts, for `script_redirect`. Linear in the bytes of the script.

use std::iter::Peekable;
use std::str::CharIndices;

/// A token.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Name(String),
    Text(String),
    Number(f64),
    /// `=>` is `>`.
    Mark(char),
}

/// The tokens of a script; `None` if it has something that these scripts do not have.
pub(super) fn tokens(script: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut chars = script.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let rest = script.get(at..).unwrap_or_default();
        match c {
            c if c.is_whitespace() || c == '\u{feff}' => {}
            '<' if rest.starts_with("<!--") => skip_line(&mut chars),
            '-' if rest.starts_with("-->") => skip_line(&mut chars),
            '/' if rest.starts_with("//") => skip_line(&mut chars),
            '/' if rest.starts_with("/*") => {
                let end = at + 2 + rest.get(2..)?.find("*/")? + 2;
                while chars.next_if(|(at, _)| *at < end).is_some() {}
            }
            '"' | '\'' | '`' => tokens.push(Token::Text(text(&mut chars, c)?)),
            '=' => {
                let is_arrow = chars.next_if(|(_, c)| *c == '>').is_some();
                if chars.peek().is_some_and(|(_, c)| *c == '=') {
                    return None;
                }
                tokens.push(Token::Mark(if is_arrow { '>' } else { '=' }));
            }
            '(' | ')' | '{' | '}' | ';' | ',' | '.' | '+' | '!' => tokens.push(Token::Mark(c)),
            c if c.is_ascii_digit() => {
                let mut number = String::from(c);
                while let Some((_, c)) = chars.next_if(|(_, c)| c.is_ascii_alphanumeric() || *c == '.') {
                    number.push(c);
                }
                tokens.push(Token::Number(number.parse().ok()?));
            }
            c if c.is_alphabetic() || matches!(c, '_' | '$') => {
                let mut name = String::from(c);
                while let Some((_, c)) = chars.next_if(|(_, c)| c.is_alphanumeric() || matches!(c, '_' | '$'))
                {
                    name.push(c);
                }
                tokens.push(Token::Name(name));
            }
            _ => return None,
        }
    }
    Some(tokens)
}

fn skip_line(chars: &mut Peekable<CharIndices<'_>>) {
    while chars.next_if(|(_, c)| !matches!(c, '\n' | '\r' | '\u{2028}' | '\u{2029}')).is_some() {}
}

/// A text up to its closing quote, with its escapes resolved; `None` for one that does not end, or is computed (`${…}`).
fn text(chars: &mut Peekable<CharIndices<'_>>, quote: char) -> Option<String> {
    let mut text = String::new();
    loop {
        let (_, c) = chars.next()?;
        match c {
            c if c == quote => return Some(text),
            '$' if quote == '`' && chars.peek().is_some_and(|(_, c)| *c == '{') => return None,
            '\n' | '\r' if quote != '`' => return None,
            '\\' => match chars.next()?.1 {
                'x' => text.push(code(chars, 2)?),
                'u' if chars.next_if(|(_, c)| *c == '{').is_some() => {
                    let mut number = 0_u32;
                    while let Some((_, c)) = chars.next_if(|(_, c)| c.is_ascii_hexdigit()) {
                        number = number.checked_mul(16)?.checked_add(c.to_digit(16)?)?;
                    }
                    chars.next_if(|(_, c)| *c == '}')?;
                    text.push(char::from_u32(number)?);
                }
                'u' => text.push(code(chars, 4)?),
                'n' | 'r' | 't' | 'b' | 'f' | 'v' | '0' => text.push(' '),
                '\n' | '\r' => {}
                c => text.push(c),
            },
            c => text.push(c),
        }
    }
}

/// A character by so many hexadecimal digits. One half of a pair is not understood.
fn code(chars: &mut Peekable<CharIndices<'_>>, digits: usize) -> Option<char> {
    let mut number = 0;
    for _ in 0..digits {
        number = number * 16 + chars.next()?.1.to_digit(16)?;
    }
    char::from_u32(number)
}
