//! BibTeX as biblatex reads it: `@online` entries in UTF-8 (biblatex manual, 2.1.1 and 2.2).

use super::author::Author;
use super::{Citation, CitationSyntax, PartialDate, one_line};

/// Entries need no frame.
pub(in crate::export) static SYNTAX: CitationSyntax =
    CitationSyntax { begin: "", separator: "\n", end: "", entry };

fn entry(citation: &Citation<'_>) -> String {
    let authors: Vec<String> = citation.authors.iter().map(name).collect();
    // A comma parts keywords.
    let keywords: Vec<String> =
        citation.keywords.iter().map(|word| escape(&one_line(&word.replace(',', " ")))).collect();
    let text = |text: &Option<String>| text.as_deref().map(escape);
    let list = |list: Vec<String>, separator: &str| (!list.is_empty()).then(|| list.join(separator));
    let fields = [
        ("author", list(authors, " and ")),
        ("title", Some(escape(&citation.title))),
        ("organization", text(&citation.site)),
        ("date", citation.published.map(date)),
        ("url", Some(verbatim(&citation.url))),
        ("urldate", citation.accessed.map(date)),
        ("language", citation.language.map(escape)),
        ("abstract", text(&citation.summary)),
        ("keywords", list(keywords, ", ")),
        ("note", text(&citation.note())),
    ];
    let mut out = format!("@online{{{},\n", citation.key);
    for (field, value) in fields {
        if let Some(value) = value {
            out.push_str(&format!("  {field} = {{{value}}},\n"));
        }
    }
    out + "}\n"
}

/// `Family, Given`; braces keep any other name in one piece, with the words `and` and `,` in it.
fn name(author: &Author) -> String {
    match author {
        Author::Person { family, given } => format!("{}, {}", escape(family), escape(given)),
        Author::Literal(name) => format!("{{{}}}", escape(name)),
    }
}

/// Text as LaTeX prints it. BibTeX counts the braces of `\{` and `\}`, so they are named instead.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '#' | '$' | '%' | '&' | '_' => out.extend(['\\', c]),
            '\\' => out.push_str("\\textbackslash{}"),
            '{' => out.push_str("\\textbraceleft{}"),
            '}' => out.push_str("\\textbraceright{}"),
            '~' => out.push_str("\\textasciitilde{}"),
            '^' => out.push_str("\\textasciicircum{}"),
            _ => out.push(c),
        }
    }
    out
}

/// A URL: biblatex reads the field `url` verbatim, so only what would end it is percent-encoded.
fn verbatim(url: &str) -> String {
    let mut out = String::with_capacity(url.len());
    for c in url.chars() {
        match c {
            '{' => out.push_str("%7B"),
            '}' => out.push_str("%7D"),
            '\\' => out.push_str("%5C"),
            c if c.is_control() || c.is_whitespace() => {}
            c => out.push(c),
        }
    }
    out
}

/// `2018`, `2018-01` or `2018-01-05` (ISO 8601-2, as biblatex wants it).
fn date(date: PartialDate) -> String {
    let rest = [date.month, date.day].into_iter().flatten();
    format!("{:04}", date.year) + &rest.map(|part| format!("-{part:02}")).collect::<String>()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Undoes [`escape`].
    fn unescaped(latex: &str) -> String {
        latex
            .replace("\\textbraceleft{}", "\u{1}")
            .replace("\\textbraceright{}", "\u{2}")
            .replace("\\textasciitilde{}", "~")
            .replace("\\textasciicircum{}", "^")
            .replace("\\textbackslash{}", "\u{3}")
            .replace('\\', "")
            .replace('\u{1}', "{")
            .replace('\u{2}', "}")
            .replace('\u{3}', "\\")
    }

    proptest! {
        #[test]
        fn any_text_is_balanced_and_comes_back(text in "[{}\\\\#$%&_~^a-z ]{0,12}|\\PC{0,20}") {
            for written in [escape(&text), verbatim(&text)] {
                let mut depth = 0;
                for c in written.chars() {
                    depth += i32::from(c == '{') - i32::from(c == '}');
                    prop_assert!(depth >= 0, "{}", written);
                }
                prop_assert_eq!(depth, 0, "{}", written);
            }
            prop_assert_eq!(unescaped(&escape(&text)), text.clone());
            // No special character is left bare.
            let bare = regex::Regex::new(r"(^|[^\\])[#$%&_~^]").unwrap();
            prop_assert!(!bare.is_match(&escape(&text)), "{}", escape(&text));
        }
    }
}
