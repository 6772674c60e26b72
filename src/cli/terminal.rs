//! The width of the terminal, and texts cut or wrapped to it. Widths are columns: a wide character takes two.

use std::io::IsTerminal as _;

use console::{Term, measure_text_width, truncate_str};

/// A narrower terminal counts as having this many columns.
const MIN_WIDTH: usize = 40;

/// The width: `$COLUMNS`, else that of the terminal. `None` where stdout is no terminal: lines are not cut, for `awk`.
pub(super) fn width() -> Option<usize> {
    let configured = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let measured = || std::io::stdout().is_terminal().then(|| usize::from(Term::stdout().size().1));
    configured.or_else(measured).filter(|&columns| columns > 0).map(|columns| columns.max(MIN_WIDTH))
}

/// The beginning of a text that fits, ending with `…` where it was cut.
pub(super) fn elided(text: &str, width: Option<usize>) -> String {
    match width {
        Some(width) => truncate_str(text, width, "…").into_owned(),
        None => text.to_owned(),
    }
}

/// A text in lines that fit, those after the first indented by `indent` columns. Words are not broken, so that a URL can
/// be copied: a longer one is a line of its own.
pub(super) fn wrapped(text: &str, width: Option<usize>, indent: usize) -> Vec<String> {
    let Some(width) = width else {
        return vec![text.to_owned()];
    };
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in text.split(' ') {
        let wide = measure_text_width(word);
        if used > indent && used + 1 + wide > width {
            lines.push(" ".repeat(indent));
            used = indent;
        }
        if let Some(line) = lines.last_mut() {
            if used > 0 && !line.ends_with(' ') {
                line.push(' ');
                used += 1;
            }
            line.push_str(word);
            used += wide;
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_where_the_terminal_does() {
        let text = "the server answered 503 and asked to be left alone for an hour";
        assert_eq!(
            wrapped(text, Some(24), 2),
            ["the server answered 503", "  and asked to be left", "  alone for an hour"]
        );
        assert_eq!(wrapped(text, None, 2), [text]);
        assert_eq!(elided(text, Some(12)), "the server …");
        assert_eq!(elided("新聞記事の見出し", Some(9)), "新聞記事…");
        assert_eq!(elided(text, None), text);
    }
}
