//! CSS selectors: compiled once, with errors that say where a selector is wrong.
//!
//! Selectors come from the rules of the configuration, written by people. The parser (`selectors`) only tells that a
//! selector is invalid, so [`explain`] searches for the place and a reason.

use std::fmt;

use super::matching::{self, Selectors};
use super::tree::{Document, NodeId};

/// A compiled list of selectors, as rules of the configuration have them.
#[derive(Clone)]
pub struct Css {
    /// As in the configuration.
    typed: String,
    selectors: Selectors,
}

/// Why a selector does not compile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct CssError {
    /// Byte offset of the error in the selector; its length if something is missing at the end.
    pub offset: usize,
    /// What is wrong, as a phrase for people.
    pub message: String,
}

impl CssError {
    /// An error at a byte offset.
    fn new(offset: usize, message: impl Into<String>) -> Self {
        Self { offset, message: message.into() }
    }
}

/// Longest selector in bytes, and deepest nesting of its brackets. The parser of selectors is recursive.
const MAX_LENGTH: usize = 4096;
const MAX_NESTING: usize = 32;

impl Css {
    /// Compiles a selector. Brackets and quotes left open, which browsers forgive, are errors here.
    pub fn parse(typed: &str) -> Result<Self, CssError> {
        if typed.len() > MAX_LENGTH {
            let message = format!("a selector is at most {MAX_LENGTH} bytes long");
            return Err(CssError::new(MAX_LENGTH, message));
        }
        let tokens = tokens(typed)?;
        check_brackets(&tokens)?;
        match Selectors::parse(typed) {
            Some(selectors) => Ok(Self { typed: typed.to_owned(), selectors }),
            None => Err(explain(typed, &tokens)),
        }
    }
}

impl fmt::Debug for Css {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Css({:?})", self.typed)
    }
}

impl Document {
    /// The elements that a selector matches, in document order. Each step from element to element counts against
    /// [`ParseLimits::steps`](super::ParseLimits::steps); when they are spent, the rest is left out and
    /// [`Document::is_overrun`] is true.
    pub fn select(&self, css: &Css) -> Vec<NodeId> {
        matching::select(self, &css.selectors)
    }
}

/// A token of a selector: a name, a string, an operator.
struct SelectorToken<'a> {
    /// Byte offset in the selector.
    offset: usize,
    /// As typed.
    text: &'a str,
}

/// Splits a selector into tokens without white space.
fn tokens(typed: &str) -> Result<Vec<SelectorToken<'_>>, CssError> {
    let mut tokens = Vec::new();
    let mut rest = typed;
    loop {
        rest = rest.trim_start();
        let offset = typed.len() - rest.len();
        let Some(first) = rest.chars().next() else {
            return Ok(tokens);
        };
        let length = match first {
            '"' | '\'' => string_length(rest, first)
                .ok_or_else(|| CssError::new(offset, format!("the quote {first} is never closed")))?,
            _ if is_name(first) => name_length(rest),
            '^' | '$' | '*' | '|' | '~' if rest.chars().nth(1) == Some('=') => 2,
            _ => first.len_utf8(),
        };
        let (text, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
        tokens.push(SelectorToken { offset, text });
        rest = after;
    }
}

/// Whether a character is part of a name. A name may begin with a digit here: one wrong token gives a clearer error
/// than two.
fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '\\') || !c.is_ascii()
}

/// Length in bytes of the name at the start of `text`; `\` escapes the next character.
fn name_length(text: &str) -> usize {
    let mut escaped = false;
    text.find(|c: char| {
        if escaped {
            escaped = false;
            return false;
        }
        escaped = c == '\\';
        !is_name(c)
    })
    .unwrap_or(text.len())
}

/// Length in bytes of the quoted string at the start of `text`, with both quotes; `None` if it is not closed.
fn string_length(text: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (offset, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return Some(offset + 1),
            _ => {}
        }
    }
    None
}

/// Checks that brackets close in the order they open and are not nested too deeply.
fn check_brackets(tokens: &[SelectorToken<'_>]) -> Result<(), CssError> {
    let mut open: Vec<(&SelectorToken<'_>, &str)> = Vec::new();
    for token in tokens {
        match token.text {
            "(" => open.push((token, ")")),
            "[" => open.push((token, "]")),
            ")" | "]" => match open.pop() {
                Some((_, closing)) if closing == token.text => {}
                Some((opening, closing)) => {
                    let message = format!("`{closing}` is expected here, to close `{}`", opening.text);
                    return Err(CssError::new(token.offset, message));
                }
                None => {
                    return Err(CssError::new(token.offset, format!("`{}` closes nothing", token.text)));
                }
            },
            _ => {}
        }
        if open.len() > MAX_NESTING {
            let message = format!("brackets are nested more than {MAX_NESTING} deep");
            return Err(CssError::new(token.offset, message));
        }
    }
    match open.last() {
        Some((opening, closing)) => {
            let message = format!("`{}` is never closed; `{closing}` is missing", opening.text);
            Err(CssError::new(opening.offset, message))
        }
        None => Ok(()),
    }
}

/// Finds the first wrong token of a selector, which the parser does not tell: no continuation of the selector up to and
/// including it is valid. The parser itself closes open brackets at the end.
fn explain(typed: &str, tokens: &[SelectorToken<'_>]) -> CssError {
    let can_continue = |end: usize| {
        let so_far = typed.get(..end).unwrap_or(typed);
        ["", "x", "='x'", "1", "root"]
            .iter()
            .any(|more| Selectors::parse(&format!("{so_far}{more}")).is_some())
    };
    // Once wrong, always wrong: a binary search finds the first.
    let good = tokens.partition_point(|token| can_continue(token.offset + token.text.len()));
    let before = good.checked_sub(1).and_then(|index| tokens.get(index));
    let Some(wrong) = tokens.get(good) else {
        let message = match before {
            None => "the selector is empty".to_owned(),
            Some(last) => format!("something must follow `{}`", last.text),
        };
        return CssError::new(typed.trim_end().len(), message);
    };
    CssError::new(wrong.offset, reason(wrong.text, before.map(|token| token.text)))
}

/// Why a token is wrong after the one before, and what to write instead. The cases are mistakes that people make:
/// names that begin with a digit, pseudo-classes of browsers, XPath, `@attribute` of other tools.
fn reason(wrong: &str, before: Option<&str>) -> String {
    let begins_with_digit = wrong.starts_with(|c: char| c.is_ascii_digit());
    match (before, wrong) {
        (Some(":"), ":") => "pseudo-elements select nothing here; for an attribute write `a@href`".to_owned(),
        (Some(":"), name) => format!(
            "`:{name}` is not known here; `:not()`, `:is()`, `:has()`, `:nth-child()` and their like are"
        ),
        (Some("."), name) if begins_with_digit => {
            format!("a class in a selector cannot begin with a digit; write `[class~='{name}']`")
        }
        (Some("#"), name) if begins_with_digit => {
            format!("an id in a selector cannot begin with a digit; write `[id='{name}']`")
        }
        (Some("=" | "^=" | "$=" | "*=" | "~=" | "|="), value) if begins_with_digit => {
            format!("a value that begins with a digit needs quotes: `'{value}'`")
        }
        (Some("["), _) => format!("the name of an attribute is expected here, not `{wrong}`"),
        (_, "@") => "`@` is no part of a selector".to_owned(),
        (_, "/") => "this looks like XPath; a CSS selector is expected".to_owned(),
        (None | Some("," | ">" | "+" | "~"), _) => {
            format!("an element, `.class`, `#id` or `[attribute]` is expected here, not `{wrong}`")
        }
        _ => format!("`{wrong}` makes no sense here"),
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn selectors_in_use_compile() {
        for typed in [
            "[id$='ContentPlaceHolder1_divContent'] ~ p",
            "h1, h2.title > span:not(.x)",
            "div[style*='clear: both']",
            "article:has(> p) p:nth-child(2n+1)",
            "a[href^=\"https://\"][rel~=x i]",
            ".größe",
            "#a\\:b",
            "*",
            "p:nth-last-of-type(-n + 3)",
            ":is(h1, h2) + p:first-child",
        ] {
            assert_eq!(Css::parse(typed).unwrap().typed, typed);
        }
    }

    #[test]
    fn where_a_selector_stops_making_sense() {
        let mut seen = String::new();
        for typed in [
            "", "div >", "div > > p", "> p", "div[href", "div[href='x]", "div)", "a:not(.b]", "a:not(.b",
            "h1, , h2", "h1,", ".2col", "#1", "a[x=1]", "a:hover", "p a::attr(href)", "a::text", "//div/p",
            "h1 @title", "div..x", "div[=x]", "p:nth-child(x)", "p:not(a:hover)", "größe > !",
            "a {color: red}",
        ] {
            let error = Css::parse(typed).unwrap_err();
            let column = typed.get(..error.offset).unwrap().chars().count();
            writeln!(seen, "{typed}\n{:column$}^ {}", "", error.message).unwrap();
        }
        insta::assert_snapshot!(seen);
    }

    #[test]
    fn nesting_is_bounded() {
        let deep = format!("{}a{}", ":not(".repeat(100), ")".repeat(100));
        assert!(Css::parse(&deep).unwrap_err().message.contains("32 deep"));
        let near = format!("{}a{}", ":not(".repeat(32), ")".repeat(32));
        assert!(Css::parse(&near).is_ok());
        assert!(Css::parse(&"a".repeat(5000)).is_err());
    }

    proptest! {
        #![proptest_config(crate::proptest_config())]
        #[test]
        fn any_text_is_answered(typed in "[a-c.#:>,~+*=^$'\"()@ \\[\\]\\\\é0-2-]{0,24}") {
            if let Err(error) = Css::parse(&typed) {
                prop_assert!(typed.is_char_boundary(error.offset), "{error:?}");
            }
        }
    }
}
