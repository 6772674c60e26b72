//! CSS selectors, compiled once and named as typed.

use std::fmt;

use super::matching::Selectors;

/// A compiled selector that remembers how it was typed.
#[derive(Clone)]
pub struct Css {
    typed: String,
    selectors: Selectors,
}

/// A selector that does not parse, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct CssError {
    /// Byte offset in the selector at which it stops making sense; its length where something is missing at the end.
    pub offset: usize,
    /// What is wrong there, as a phrase.
    pub message: String,
}

/// Longest selector in bytes, and deepest nesting of its brackets: beyond, it is no selector anyone wrote.
const LONGEST: usize = 4096;
const DEEPEST: usize = 32;

impl Css {
    /// Compiles a selector. Brackets and quotes left open, which browsers forgive, are errors here.
    pub fn parse(typed: &str) -> Result<Self, CssError> {
        if typed.len() > LONGEST {
            return Err(CssError {
                offset: LONGEST,
                message: format!("a selector is at most {LONGEST} bytes long"),
            });
        }
        let tokens = tokens(typed)?;
        balanced(&tokens)?;
        match Selectors::parse(typed) {
            Some(selectors) => Ok(Self {
                typed: typed.to_owned(),
                selectors,
            }),
            None => Err(explain(typed, &tokens)),
        }
    }

    /// As it was typed.
    pub fn typed(&self) -> &str {
        &self.typed
    }

    /// The selector, for the tree.
    pub(super) fn selectors(&self) -> &Selectors {
        &self.selectors
    }
}

impl fmt::Debug for Css {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Css({:?})", self.typed)
    }
}

/// A piece of a selector that makes sense as a whole or not at all: a name, a string, an operator.
struct Token<'a> {
    /// Bytes from the beginning of the selector.
    offset: usize,
    text: &'a str,
}

/// Cuts a selector into tokens; white space is left out.
fn tokens(typed: &str) -> Result<Vec<Token<'_>>, CssError> {
    let mut tokens = Vec::new();
    let mut rest = typed;
    loop {
        rest = rest.trim_start();
        let offset = typed.len() - rest.len();
        let Some(first) = rest.chars().next() else {
            return Ok(tokens);
        };
        let length = match first {
            '"' | '\'' => string_length(rest, first).ok_or_else(|| CssError {
                offset,
                message: format!("the quote {first} is never closed"),
            })?,
            _ if is_name(first) => name_length(rest),
            '^' | '$' | '*' | '|' | '~' if rest.chars().nth(1) == Some('=') => 2,
            _ => first.len_utf8(),
        };
        let (text, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
        tokens.push(Token { offset, text });
        rest = after;
    }
}

/// Whether a character is part of a name; digits and `-` are let through, for a clearer error than two tokens give.
fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '\\') || !c.is_ascii()
}

/// Bytes of a name at the beginning of `text`; an escape takes the character after it.
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

/// Bytes of a quoted string at the beginning of `text`, both quotes included; none where it is not closed.
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

/// Brackets close in the order they open, and are not too many.
fn balanced(tokens: &[Token<'_>]) -> Result<(), CssError> {
    let mut open: Vec<(&Token<'_>, &str)> = Vec::new();
    for token in tokens {
        match token.text {
            "(" => open.push((token, ")")),
            "[" => open.push((token, "]")),
            ")" | "]" => match open.pop() {
                Some((_, closing)) if closing == token.text => {}
                Some((opening, closing)) => {
                    return Err(CssError {
                        offset: token.offset,
                        message: format!("`{closing}` is expected here, to close `{}`", opening.text),
                    });
                }
                None => {
                    return Err(CssError {
                        offset: token.offset,
                        message: format!("`{}` closes nothing", token.text),
                    });
                }
            },
            _ => {}
        }
        if open.len() > DEEPEST {
            return Err(CssError {
                offset: token.offset,
                message: format!("brackets are nested more than {DEEPEST} deep"),
            });
        }
    }
    match open.last() {
        Some((opening, closing)) => Err(CssError {
            offset: opening.offset,
            message: format!("`{}` is never closed; `{closing}` is missing", opening.text),
        }),
        None => Ok(()),
    }
}

/// Finds the token at which a selector stops making sense, since the parser does not say: the first after which nothing
/// could follow that makes it one. Open brackets are closed by the end.
fn explain(typed: &str, tokens: &[Token<'_>]) -> CssError {
    let makes_sense = |end: usize| {
        let so_far = typed.get(..end).unwrap_or(typed);
        ["", "x", "='x'", "1", "root"]
            .iter()
            .any(|more| Selectors::parse(&format!("{so_far}{more}")).is_some())
    };
    // Making sense does not come back: the last token that keeps it is found by halving.
    let good = tokens.partition_point(|token| makes_sense(token.offset + token.text.len()));
    let before = good.checked_sub(1).and_then(|index| tokens.get(index));
    let Some(wrong) = tokens.get(good) else {
        return CssError {
            offset: typed.trim_end().len(),
            message: match before {
                None => "the selector is empty".to_owned(),
                Some(last) => format!("something must follow `{}`", last.text),
            },
        };
    };
    CssError {
        offset: wrong.offset,
        message: reason(wrong.text, before.map(|token| token.text)),
    }
}

/// Why a token does not belong where it stands, and what would.
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
            assert_eq!(Css::parse(typed).unwrap().typed(), typed);
        }
    }

    #[test]
    fn where_a_selector_stops_making_sense() {
        let mut seen = String::new();
        for typed in [
            "",
            "div >",
            "div > > p",
            "> p",
            "div[href",
            "div[href='x]",
            "div)",
            "a:not(.b]",
            "a:not(.b",
            "h1, , h2",
            "h1,",
            ".2col",
            "#1",
            "a[x=1]",
            "a:hover",
            "p a::attr(href)",
            "a::text",
            "//div/p",
            "h1 @title",
            "div..x",
            "div[=x]",
            "p:nth-child(x)",
            "p:not(a:hover)",
            "größe > !",
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
