//! What is typed into a search, made into an FTS5 expression that cannot be wrong.
//!
//! Words stand for themselves and must all be there; `"several words"` in a row, `word*` by its beginning, `AND`, `OR`,
//! `NOT` (or `-word`), parentheses, and `title:`, `standfirst:`, `text:` before any of these. Whatever else is typed is
//! looked for as words: everything that reaches SQLite is a quoted string made here.

use std::fmt;
use std::iter::Peekable;
use std::str::CharIndices;

use super::super::script::{self, Segmentation};
use super::words;

/// Words and phrases of one query.
const MOST_TERMS: usize = 64;

/// Parentheses and fields within one another.
const DEEPEST: usize = 8;

/// Longest query, in bytes.
const LONGEST: usize = 2000;

/// A query, understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Query {
    /// For `MATCH`.
    pub(super) expression: String,
    /// What may be marked in a text that was found.
    pub(super) terms: Vec<Term>,
    /// The beginnings of words in it, folded.
    pub(super) beginnings: Vec<String>,
    /// Those, as typed, for which some of their words stand.
    pub(super) shortened: Vec<String>,
}

/// A word or a phrase that is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Term {
    /// As typed.
    pub(super) text: String,
    /// Whether its last word is the beginning of one.
    pub(super) prefix: bool,
}

/// Why a query finds nothing, whatever is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueryError {
    /// No word in it.
    Empty,
    /// Only what is not wanted.
    OnlyNot,
    /// Too many words or parentheses.
    TooMuch,
}

impl std::error::Error for QueryError {}

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => write!(
                f,
                "the query has no word to look for; type words, or \"words in a row\""
            ),
            Self::OnlyNot => write!(
                f,
                "the query says only what is not wanted; put a word before NOT, such as `harbour NOT ferry`"
            ),
            Self::TooMuch => write!(
                f,
                "the query is too long: at most {MOST_TERMS} words and phrases, {DEEPEST} parentheses within one another, \
                 {LONGEST} bytes; ask twice"
            ),
        }
    }
}

#[derive(Debug)]
enum Token {
    Open,
    Close,
    And,
    Or,
    Not,
    Field(&'static str),
    Term(Term),
}

#[derive(Debug)]
enum Expr {
    Term(Term),
    Field(&'static str, Box<Expr>),
    All(Vec<(bool, Expr)>),
    Any(Vec<Expr>),
}

const FIELDS: [&str; 3] = ["title", "standfirst", "text"];

/// For the folded beginning of a word, the words to look for instead; none: it is looked for as it is.
pub(super) type Instead<'a> = dyn Fn(&str) -> Option<Vec<String>> + 'a;

/// Reads a query.
pub(super) fn parse(typed: &str) -> Result<Query, QueryError> {
    parse_with(typed, &|_| None)
}

/// The same, where some words may stand for a beginning.
pub(super) fn parse_with(typed: &str, instead: &Instead<'_>) -> Result<Query, QueryError> {
    if typed.len() > LONGEST {
        return Err(QueryError::TooMuch);
    }
    let tokens = tokens(typed);
    if tokens
        .iter()
        .filter(|token| matches!(token, Token::Term(_)))
        .count()
        > MOST_TERMS
    {
        return Err(QueryError::TooMuch);
    }
    let mut parser = Parser {
        tokens: tokens.into_iter().peekable(),
    };
    let mut parts = Vec::new();
    while parser.tokens.peek().is_some() {
        // A parenthesis that closes nothing is passed over.
        parser.tokens.next_if(|token| matches!(token, Token::Close));
        parts.push((true, parser.any(0)?));
    }
    let expr = Expr::All(parts);
    let mut written = Written {
        instead,
        terms: Vec::new(),
        beginnings: Vec::new(),
        shortened: Vec::new(),
    };
    let expression = written.expr(&expr, true)?.ok_or(QueryError::Empty)?;
    Ok(Query {
        expression,
        terms: written.terms,
        beginnings: written.beginnings,
        shortened: written.shortened,
    })
}

struct Parser {
    tokens: Peekable<std::vec::IntoIter<Token>>,
}

impl Parser {
    fn any(&mut self, depth: usize) -> Result<Expr, QueryError> {
        let mut parts = vec![self.all(depth)?];
        while self.tokens.next_if(|token| matches!(token, Token::Or)).is_some() {
            parts.push(self.all(depth)?);
        }
        Ok(Expr::Any(parts))
    }

    fn all(&mut self, depth: usize) -> Result<Expr, QueryError> {
        let mut parts = Vec::new();
        let mut wanted = true;
        while let Some(token) = self
            .tokens
            .next_if(|token| !matches!(token, Token::Close | Token::Or))
        {
            match token {
                Token::Not => wanted = !wanted,
                Token::And => {}
                token => {
                    parts.extend(self.one(token, depth)?.map(|part| (wanted, part)));
                    wanted = true;
                }
            }
        }
        Ok(Expr::All(parts))
    }

    fn one(&mut self, token: Token, depth: usize) -> Result<Option<Expr>, QueryError> {
        if depth >= DEEPEST {
            return Err(QueryError::TooMuch);
        }
        Ok(match token {
            Token::Term(term) => Some(Expr::Term(term)),
            Token::Open => {
                let inner = self.any(depth + 1)?;
                self.tokens.next_if(|token| matches!(token, Token::Close));
                Some(inner)
            }
            Token::Field(field) => {
                let next = self
                    .tokens
                    .next_if(|token| matches!(token, Token::Term(_) | Token::Open | Token::Field(_)));
                match next {
                    Some(next) => self
                        .one(next, depth + 1)?
                        .map(|inner| Expr::Field(field, Box::new(inner))),
                    None => Some(Expr::Term(Term {
                        text: field.to_owned(),
                        prefix: false,
                    })),
                }
            }
            Token::Close | Token::And | Token::Or | Token::Not => None,
        })
    }
}

/// An expression being made.
struct Written<'a> {
    instead: &'a Instead<'a>,
    terms: Vec<Term>,
    beginnings: Vec<String>,
    shortened: Vec<String>,
}

impl Written<'_> {
    /// The expression; none where there is nothing in it to look for.
    fn expr(&mut self, expr: &Expr, wanted: bool) -> Result<Option<String>, QueryError> {
        match expr {
            Expr::Term(term) => {
                let written = self.term(term);
                if written.is_some() && wanted {
                    self.terms.push(term.clone());
                }
                Ok(written)
            }
            Expr::Field(field, inner) => Ok(self
                .expr(inner, wanted)?
                .map(|inner| format!("{field} : ({inner})"))),
            Expr::Any(parts) => {
                let mut any = Vec::new();
                for part in parts {
                    any.extend(self.expr(part, wanted)?);
                }
                Ok(joined(any, " OR "))
            }
            Expr::All(parts) => {
                let (mut all, mut none) = (Vec::new(), Vec::new());
                for (with, part) in parts {
                    let part = self.expr(part, wanted && *with)?;
                    if *with { &mut all } else { &mut none }.extend(part);
                }
                match (joined(all, " AND "), joined(none, " OR ")) {
                    (all, None) => Ok(all),
                    (None, Some(_)) => Err(QueryError::OnlyNot),
                    (Some(all), Some(none)) => Ok(Some(format!("({all} NOT {none})"))),
                }
            }
        }
    }

    /// A term as a string of FTS5, or several; none where no word is in it.
    fn term(&mut self, term: &Term) -> Option<String> {
        let (pairs, is_beginning) = term.pairs()?;
        if !is_beginning {
            return Some(format!("\"{pairs}\""));
        }
        let whole = format!("\"{pairs}\" *");
        let Some((before, beginning)) = words::parted(&pairs) else {
            return Some(whole);
        };
        let instead = (self.instead)(&beginning);
        self.beginnings.push(beginning.into_owned());
        match instead {
            Some(words) if !words.is_empty() => {
                self.shortened.push(format!("{}*", term.text));
                let each = words.iter().map(|word| format!("\"{before}{word}\""));
                joined(each.collect(), " OR ")
            }
            _ => Some(whole),
        }
    }
}

fn joined(mut parts: Vec<String>, by: &str) -> Option<String> {
    match parts.len() {
        0 => None,
        1 => parts.pop(),
        _ => Some(format!("({})", parts.join(by))),
    }
}

impl Term {
    /// For the index, and whether the last word is the beginning of one; none where no word is in it.
    fn pairs(&self) -> Option<(String, bool)> {
        if !self.text.chars().any(char::is_alphanumeric) {
            return None;
        }
        let clean: String = self
            .text
            .chars()
            .map(|c| if c == '"' || c.is_control() { ' ' } else { c })
            .collect();
        let pairs = script::segmented(&clean, Segmentation::Query);
        // One character alone is the first of a pair, or the last of its run.
        let alone = pairs.split_whitespace().next_back().is_some_and(|last| {
            last.chars().all(script::is_unspaced) && last.chars().filter(|&c| !script::is_mark(c)).count() < 2
        });
        let is_beginning = self.prefix || alone;
        Some((pairs.into_owned(), is_beginning))
    }
}

fn tokens(typed: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut chars = typed.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '(' => tokens.push(Token::Open),
            ')' => tokens.push(Token::Close),
            '"' => {
                let start = at + 1;
                let mut end = typed.len();
                for (at, c) in chars.by_ref() {
                    if c == '"' {
                        end = at;
                        break;
                    }
                }
                let prefix = chars.next_if(|&(_, c)| c == '*').is_some();
                tokens.push(term(typed.get(start..end).unwrap_or_default(), prefix));
            }
            '-' if chars.peek().is_some_and(|(_, next)| !next.is_whitespace()) => tokens.push(Token::Not),
            c if c.is_whitespace() => {}
            _ => word(typed, at, &mut chars, &mut tokens),
        }
    }
    tokens
}

/// A word, an operator, or a field with its colon.
fn word(typed: &str, start: usize, chars: &mut Peekable<CharIndices<'_>>, tokens: &mut Vec<Token>) {
    let mut end = typed.len();
    while let Some(&(at, c)) = chars.peek() {
        if c == ':' {
            let name = typed.get(start..at).unwrap_or_default();
            if let Some(field) = FIELDS.into_iter().find(|field| field.eq_ignore_ascii_case(name)) {
                chars.next();
                tokens.push(Token::Field(field));
                return;
            }
        }
        if c.is_whitespace() || matches!(c, '"' | '(' | ')') {
            end = at;
            break;
        }
        chars.next();
    }
    let word = typed.get(start..end).unwrap_or_default();
    tokens.push(match word {
        "AND" => Token::And,
        "OR" => Token::Or,
        "NOT" => Token::Not,
        _ => match word.strip_suffix('*') {
            Some(beginning) => term(beginning, true),
            None => term(word, false),
        },
    });
}

fn term(text: &str, prefix: bool) -> Token {
    Token::Term(Term {
        text: text.to_owned(),
        prefix,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn expression(typed: &str) -> String {
        match parse(typed) {
            Ok(query) => query.expression,
            Err(error) => format!("{error:?}"),
        }
    }

    #[test]
    fn queries_by_example() {
        for (typed, expected) in [
            ("harbour", r#""harbour""#),
            ("harbour ferry", r#"("harbour" AND "ferry")"#),
            (r#""old harbour" ferr*"#, r#"("old harbour" AND "ferr" *)"#),
            ("a OR b c", r#"("a" OR ("b" AND "c"))"#),
            ("a -b NOT c", r#"("a" NOT ("b" OR "c"))"#),
            ("a NOT NOT b", r#"("a" AND "b")"#),
            (
                "title:a text:(b OR c)",
                r#"(title : ("a") AND text : (("b" OR "c")))"#,
            ),
            ("https://one.example/a", r#""https://one.example/a""#),
            ("and or not near", r#"("and" AND "or" AND "not" AND "near")"#),
            ("北京市 市", "(\" 北京 京市 \" AND \" 市 \" *)"),
            ("a) b", r#"("a" AND "b")"#),
            (r#"((("a"#, r#""a""#),
            (r#"a " "#, r#""a""#),
            ("title:", r#""title""#),
            ("a AND AND OR b", r#"("a" OR "b")"#),
            ("", "Empty"),
            ("!!! \"\" ()", "Empty"),
            ("-a", "OnlyNot"),
            ("a OR NOT b", "OnlyNot"),
        ] {
            assert_eq!(expression(typed), expected, "{typed}");
        }
        let some = |typed| {
            let instead = |beginning: &str| {
                let words = ["harbour", "harbourmaster"].map(str::to_owned);
                "harbour".starts_with(beginning).then(|| words.to_vec())
            };
            let query = parse_with(typed, &instead).unwrap();
            (
                query.expression,
                query.beginnings.join(" "),
                query.shortened.join(" "),
            )
        };
        assert_eq!(
            some("title:(old Harb*) ferr*"),
            (
                r#"(title : (("old" AND ("harbour" OR "harbourmaster"))) AND "ferr" *)"#.to_owned(),
                "harb ferr".to_owned(),
                "Harb*".to_owned()
            )
        );
        assert_eq!(
            some("\"the old harb\"*").0,
            r#"("the old harbour" OR "the old harbourmaster")"#
        );
        assert_eq!(expression(&"(".repeat(20)), "TooMuch");
        assert_eq!(expression(&"a ".repeat(65)), "TooMuch");
        assert_eq!(expression(&"x".repeat(3000)), "TooMuch");
        let terms = parse("a -b title:c").unwrap().terms;
        assert_eq!(
            terms.iter().map(|term| term.text.as_str()).collect::<Vec<_>>(),
            ["a", "c"]
        );
    }

    /// Whatever is typed, and whatever words stand for its beginnings, FTS5 understands it.
    #[test]
    fn h19_what_is_written_for_beginnings_is_an_expression() {
        let db = rusqlite::Connection::open_in_memory().unwrap();
        db.execute_batch(
            "CREATE VIRTUAL TABLE search USING fts5 (title, standfirst, text, source, content = '', tokenize = \
             \"unicode61 remove_diacritics 2 categories 'L* N* Co Mn Mc'\"); \
             INSERT INTO search (rowid, text) VALUES (1, 'a harbour')",
        )
        .unwrap();
        let pieces = prop::sample::select(vec![
            "\"", "(", ")", "* ", "title:", "-", " OR ", "NOT ", "é", "a", "'", "北", "京", "\u{0301}", "ผั",
            ".", " ", "AND", "Ⓐ", "\u{e000}", "harb",
        ]);
        let typed = prop::collection::vec(pieces, 0..14).prop_map(|pieces| pieces.concat());
        proptest!(ProptestConfig::with_cases(2000), |(typed in typed)| {
            let instead = |beginning: &str| Some(vec![format!("{beginning}our"), beginning.to_owned()]);
            if let Ok(query) = parse_with(&typed, &instead) {
                prop_assert_eq!(query.shortened.len(), query.beginnings.len());
                db.query_row(
                    "SELECT count(*) FROM search WHERE search MATCH ?1",
                    [&query.expression],
                    |row| row.get::<_, i64>(0),
                )
                .map_err(|error| TestCaseError::fail(format!("{}: {error}", query.expression)))?;
            }
        });
        let harbour = parse_with("harb*", &|beginning| Some(vec![format!("{beginning}our")])).unwrap();
        let found = db.query_row(
            "SELECT rowid FROM search WHERE search MATCH ?1",
            [harbour.expression],
            |row| row.get::<_, i64>(0),
        );
        assert_eq!(found, Ok(1));
    }
}
