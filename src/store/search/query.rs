//! Translates a typed query into an FTS5 expression that is always valid.
//!
//! All words must be found; `"several words"` is a phrase, `word*` a prefix. `AND`, `OR`, `NOT` (or `-word`) and
//! parentheses combine, and `title:`, `standfirst:`, `text:` restrict to a field. Anything else is searched for as words:
//! only quoted strings made here reach SQLite.

use std::fmt;
use std::iter::Peekable;
use std::str::CharIndices;

use super::super::script::{self, Segmentation};
use super::words::{self, Term};

/// Words and phrases in one query.
const MAX_TERMS: usize = 64;

/// Depth of parentheses and fields within one another.
const MAX_DEPTH: usize = 8;

/// Length of a query, in bytes.
const MAX_BYTES: usize = 2000;

/// A parsed query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Query {
    /// The right side of `MATCH`.
    pub(super) expression: String,
    /// The terms to mark in a text that was found: all that are not negated.
    pub(super) terms: Vec<Term>,
    /// The prefixes in it, folded.
    pub(super) prefixes: Vec<String>,
    /// The prefixes, as typed, that were replaced by words.
    pub(super) shortened: Vec<String>,
}

/// Why a query can find nothing, whatever is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueryError {
    /// It has no word.
    Empty,
    /// Everything in it is negated.
    OnlyNot,
    /// It exceeds a limit.
    TooMuch,
}

impl std::error::Error for QueryError {}

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => write!(f, "the query has no word to look for; type words, or \"words in a row\""),
            Self::OnlyNot => write!(
                f,
                "the query says only what is not wanted; put a word before NOT, such as `harbour NOT ferry`"
            ),
            Self::TooMuch => write!(
                f,
                "the query is too long: at most {MAX_TERMS} words and phrases, {MAX_DEPTH} parentheses within one another, \
                 {MAX_BYTES} bytes; ask twice"
            ),
        }
    }
}

#[derive(Debug)]
enum QueryToken {
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
    /// Joined by `AND`; true: required, false: negated.
    All(Vec<(bool, Expr)>),
    /// Joined by `OR`.
    Any(Vec<Expr>),
}

const FIELDS: [&str; 3] = ["title", "standfirst", "text"];

/// Gives the words that replace a folded prefix; `None`: it is searched for itself.
pub(super) type Expansions<'a> = dyn Fn(&str) -> Option<Vec<String>> + 'a;

/// Parses a query.
pub(super) fn parse(typed: &str) -> Result<Query, QueryError> {
    parse_with(typed, &|_| None)
}

/// The same; prefixes may be replaced by words.
pub(super) fn parse_with(typed: &str, expansions: &Expansions<'_>) -> Result<Query, QueryError> {
    if typed.len() > MAX_BYTES {
        return Err(QueryError::TooMuch);
    }
    let tokens = tokens(typed);
    let is_term = |token: &&QueryToken| matches!(token, QueryToken::Term(_));
    if tokens.iter().filter(is_term).count() > MAX_TERMS {
        return Err(QueryError::TooMuch);
    }
    let mut parser = QueryParser { tokens: tokens.into_iter().peekable() };
    let mut parts = Vec::new();
    while parser.tokens.peek().is_some() {
        // Skips a parenthesis that closes nothing.
        parser.tokens.next_if(|token| matches!(token, QueryToken::Close));
        parts.push((true, parser.any(0)?));
    }
    let mut writer = ExpressionWriter { expansions, query: Query::default() };
    let expression = writer.expr(&Expr::All(parts), true)?.ok_or(QueryError::Empty)?;
    Ok(Query { expression, ..writer.query })
}

/// A recursive descent parser; every token sequence is valid.
struct QueryParser {
    tokens: Peekable<std::vec::IntoIter<QueryToken>>,
}

impl QueryParser {
    /// Parts joined by `OR`.
    fn any(&mut self, depth: usize) -> Result<Expr, QueryError> {
        let mut parts = vec![self.all(depth)?];
        while self.tokens.next_if(|token| matches!(token, QueryToken::Or)).is_some() {
            parts.push(self.all(depth)?);
        }
        Ok(Expr::Any(parts))
    }

    /// Parts joined by `AND`, which may be left out.
    fn all(&mut self, depth: usize) -> Result<Expr, QueryError> {
        let mut parts = Vec::new();
        let mut required = true;
        while let Some(token) =
            self.tokens.next_if(|token| !matches!(token, QueryToken::Close | QueryToken::Or))
        {
            match token {
                QueryToken::Not => required = !required,
                QueryToken::And => {}
                token => {
                    parts.extend(self.one(token, depth)?.map(|part| (required, part)));
                    required = true;
                }
            }
        }
        Ok(Expr::All(parts))
    }

    /// A term, a parenthesis, or a field; `None` for anything else.
    fn one(&mut self, token: QueryToken, depth: usize) -> Result<Option<Expr>, QueryError> {
        if depth >= MAX_DEPTH {
            return Err(QueryError::TooMuch);
        }
        Ok(match token {
            QueryToken::Term(term) => Some(Expr::Term(term)),
            QueryToken::Open => {
                let inner = self.any(depth + 1)?;
                self.tokens.next_if(|token| matches!(token, QueryToken::Close));
                Some(inner)
            }
            QueryToken::Field(field) => {
                let next = self.tokens.next_if(|token| {
                    matches!(token, QueryToken::Term(_) | QueryToken::Open | QueryToken::Field(_))
                });
                match next {
                    Some(next) => self.one(next, depth + 1)?.map(|inner| Expr::Field(field, Box::new(inner))),
                    None => Some(Expr::Term(Term { text: field.to_owned(), prefix: false })),
                }
            }
            QueryToken::Close | QueryToken::And | QueryToken::Or | QueryToken::Not => None,
        })
    }
}

/// Writes the FTS5 expression of an [`Expr`], and collects the rest of the [`Query`].
struct ExpressionWriter<'a> {
    expansions: &'a Expansions<'a>,
    query: Query,
}

impl ExpressionWriter<'_> {
    /// The expression; `None` where it has no word. `required`: it is not negated.
    fn expr(&mut self, expr: &Expr, required: bool) -> Result<Option<String>, QueryError> {
        match expr {
            Expr::Term(term) => {
                let written = self.term(term);
                if written.is_some() && required {
                    self.query.terms.push(term.clone());
                }
                Ok(written)
            }
            Expr::Field(field, inner) => {
                Ok(self.expr(inner, required)?.map(|inner| format!("{field} : ({inner})")))
            }
            Expr::Any(parts) => {
                let mut any = Vec::new();
                for part in parts {
                    any.extend(self.expr(part, required)?);
                }
                Ok(joined(any, " OR "))
            }
            Expr::All(parts) => {
                let (mut all, mut none) = (Vec::new(), Vec::new());
                for (is_required, part) in parts {
                    let part = self.expr(part, required && *is_required)?;
                    if *is_required { &mut all } else { &mut none }.extend(part);
                }
                match (joined(all, " AND "), joined(none, " OR ")) {
                    (all, None) => Ok(all),
                    (None, Some(_)) => Err(QueryError::OnlyNot),
                    (Some(all), Some(none)) => Ok(Some(format!("({all} NOT {none})"))),
                }
            }
        }
    }

    /// A term as one FTS5 string or several; `None` where it has no word.
    fn term(&mut self, term: &Term) -> Option<String> {
        let (pairs, is_prefix) = segmented_term(term)?;
        if !is_prefix {
            return Some(format!("\"{pairs}\""));
        }
        let whole = format!("\"{pairs}\" *");
        let Some((before, prefix)) = words::split_last(&pairs) else {
            return Some(whole);
        };
        let expansions = (self.expansions)(&prefix);
        self.query.prefixes.push(prefix.into_owned());
        match expansions {
            Some(words) if !words.is_empty() => {
                self.query.shortened.push(format!("{}*", term.text));
                let each = words.iter().map(|word| format!("\"{before}{word}\""));
                joined(each.collect(), " OR ")
            }
            _ => Some(whole),
        }
    }
}

/// Several parts in parentheses, one part as it is.
fn joined(mut parts: Vec<String>, by: &str) -> Option<String> {
    match parts.len() {
        0 => None,
        1 => parts.pop(),
        _ => Some(format!("({})", parts.join(by))),
    }
}

/// The text of a term as the index segments it, and whether its last word is a prefix; `None` where it has no word.
fn segmented_term(term: &Term) -> Option<(String, bool)> {
    if !term.text.chars().any(char::is_alphanumeric) {
        return None;
    }
    let clean = term.text.replace(|c: char| c == '"' || c.is_control(), " ");
    let pairs = script::segmented(&clean, Segmentation::Query);
    // A character alone is the first of a pair, or the last of its run.
    let is_single = pairs.split_whitespace().next_back().is_some_and(|last| {
        last.chars().all(script::is_unspaced) && last.chars().filter(|&c| !script::is_mark(c)).count() < 2
    });
    Some((pairs.into_owned(), term.prefix || is_single))
}

/// Splits a query into tokens. Nothing is refused.
fn tokens(typed: &str) -> Vec<QueryToken> {
    let mut tokens = Vec::new();
    let mut chars = typed.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '(' => tokens.push(QueryToken::Open),
            ')' => tokens.push(QueryToken::Close),
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
            '-' if chars.peek().is_some_and(|(_, next)| !next.is_whitespace()) => {
                tokens.push(QueryToken::Not);
            }
            c if c.is_whitespace() => {}
            _ => read_word(typed, at, &mut chars, &mut tokens),
        }
    }
    tokens
}

/// Reads a word, an operator, or a field with its colon.
fn read_word(typed: &str, start: usize, chars: &mut Peekable<CharIndices<'_>>, tokens: &mut Vec<QueryToken>) {
    let mut end = typed.len();
    while let Some(&(at, c)) = chars.peek() {
        if c == ':' {
            let name = typed.get(start..at).unwrap_or_default();
            if let Some(field) = FIELDS.into_iter().find(|field| field.eq_ignore_ascii_case(name)) {
                chars.next();
                tokens.push(QueryToken::Field(field));
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
        "AND" => QueryToken::And,
        "OR" => QueryToken::Or,
        "NOT" => QueryToken::Not,
        _ => match word.strip_suffix('*') {
            Some(prefix) => term(prefix, true),
            None => term(word, false),
        },
    });
}

fn term(text: &str, prefix: bool) -> QueryToken {
    QueryToken::Term(Term { text: text.to_owned(), prefix })
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
            ("title:a text:(b OR c)", r#"(title : ("a") AND text : (("b" OR "c")))"#),
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
            let expansions = |prefix: &str| {
                let words = ["harbour", "harbourmaster"].map(str::to_owned);
                "harbour".starts_with(prefix).then(|| words.to_vec())
            };
            let query = parse_with(typed, &expansions).unwrap();
            (query.expression, query.prefixes.join(" "), query.shortened.join(" "))
        };
        assert_eq!(
            some("title:(old Harb*) ferr*"),
            (
                r#"(title : (("old" AND ("harbour" OR "harbourmaster"))) AND "ferr" *)"#.to_owned(),
                "harb ferr".to_owned(),
                "Harb*".to_owned()
            )
        );
        assert_eq!(some("\"the old harb\"*").0, r#"("the old harbour" OR "the old harbourmaster")"#);
        assert_eq!(expression(&"(".repeat(20)), "TooMuch");
        assert_eq!(expression(&"a ".repeat(65)), "TooMuch");
        assert_eq!(expression(&"x".repeat(3000)), "TooMuch");
        let terms = parse("a -b title:c").unwrap().terms;
        assert_eq!(terms.iter().map(|term| term.text.as_str()).collect::<Vec<_>>(), ["a", "c"]);
    }

    /// Whatever is typed, and whatever words stand for its prefixes, FTS5 understands it.
    #[test]
    fn h19_what_is_written_for_prefixes_is_an_expression() {
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
            let expansions = |prefix: &str| Some(vec![format!("{prefix}our"), prefix.to_owned()]);
            if let Ok(query) = parse_with(&typed, &expansions) {
                prop_assert_eq!(query.shortened.len(), query.prefixes.len());
                db.query_row(
                    "SELECT count(*) FROM search WHERE search MATCH ?1",
                    [&query.expression],
                    |row| row.get::<_, i64>(0),
                )
                .map_err(|error| TestCaseError::fail(format!("{}: {error}", query.expression)))?;
            }
        });
        let harbour = parse_with("harb*", &|prefix| Some(vec![format!("{prefix}our")])).unwrap();
        let found =
            db.query_row("SELECT rowid FROM search WHERE search MATCH ?1", [harbour.expression], |row| {
                row.get::<_, i64>(0)
            });
        assert_eq!(found, Ok(1));
    }
}
