//! `try --html`: a page that shows in colours what is kept of another page and what is not.
//!
//! It loads nothing and runs nothing: what comes from the page is escaped text, and its Content-Security-Policy forbids
//! everything but its own styles.

use std::fmt::Write as _;

use super::super::trial::PageTrial;
use super::fields::{fields, origin};
use crate::extract::{Disposition, Segment};
use crate::html::BlockKind;
use crate::link;
use crate::model::{Extraction, Field};

/// Styles for light and dark; the classes of spans are the names of [`Disposition`].
const STYLE: &str = "\
:root { color-scheme: light dark }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; width: 100%; font-size: .875rem }
th, td { text-align: start; vertical-align: top; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid #8884 }
td { overflow-wrap: anywhere }
ul { list-style: none; padding: 0; margin: 0 } code { font-size: .8125rem }
span { padding: .125em .1em; border-radius: .2em; box-decoration-break: clone; -webkit-box-decoration-break: clone }
.kept { background: #3a35 } .removed { background: #d335; text-decoration: line-through }
.cut-off { background: #da35; text-decoration: line-through } .outside { color: #888 }
.hit::before { content: '✓ '; color: #292 } .missed::before { content: '✗ '; color: #c22 }
h1 { font-size: 1.25rem } li { margin: .2em 0 } .small { font-size: .8125rem; color: #888 }
";

/// The report as a whole document.
pub(super) fn page(trial: &PageTrial) -> String {
    let mut out = String::from(
        "<!DOCTYPE html>\n<html>\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n",
    );
    let shown = escaped(&link::mask_secrets(&trial.response.url));
    let _ = write!(
        out,
        "<title>cuttings try {shown}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<h1>{shown}</h1>\n"
    );
    field_table(&trial.extraction, &mut out);
    out.push_str("<p>");
    for (disposition, what) in [
        (Disposition::Kept, "kept"),
        (Disposition::Removed, "taken out by <code>remove</code>"),
        (Disposition::CutOff, "behind a text of <code>cut_after</code>"),
        (Disposition::Outside, "not of the article"),
    ] {
        let _ = write!(out, "<span class=\"{}\">{what}</span> ", disposition.as_str());
    }
    out.push_str("</p>\n<hr>\n");
    for (number, (url, segments)) in trial.segments.iter().enumerate() {
        if number > 0 {
            let _ = writeln!(
                out,
                "<p class=\"small\">Page {}: {}</p>",
                number + 1,
                escaped(&link::mask_secrets(url))
            );
        }
        for segment in segments {
            block(segment, &mut out);
        }
    }
    out.push_str("</body>\n</html>\n");
    out
}

/// Every field that was found or has a rule, how it was found, and the selectors that were tried for it.
fn field_table(extraction: &Extraction, out: &mut String) {
    out.push_str("<table>\n<tr><th>field<th>from<th>value</tr>\n");
    let body = (
        Field::Body,
        (!extraction.text.is_empty()).then(|| format!("{} characters", extraction.text.chars().count())),
    );
    for (field, value) in fields(extraction).into_iter().chain([body]) {
        let rules: Vec<_> = extraction.selectors.iter().filter(|tried| tried.field == field).collect();
        if value.is_none() && rules.is_empty() {
            continue;
        }
        let _ = write!(
            out,
            "<tr><th>{}<td>{}<td>{}",
            field.as_str(),
            origin(extraction, field),
            escaped(value.as_deref().unwrap_or("-"))
        );
        if !rules.is_empty() {
            out.push_str("<ul>");
            for rule in rules {
                let class = if rule.matched { "hit" } else { "missed" };
                let _ = write!(
                    out,
                    "<li class=\"{class}\"><code>{}</code> <span class=\"small\">{}</span></li>",
                    escaped(&rule.selector),
                    escaped(&rule.defined_in)
                );
            }
            out.push_str("</ul>");
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</table>\n");
}

/// A block of the page; each piece of text is a span with its disposition.
fn block(segment: &Segment, out: &mut String) {
    let tag = match segment.kind {
        BlockKind::Heading(1..=2) => "h2",
        BlockKind::Heading(_) => "h3",
        BlockKind::Pre => "pre",
        BlockKind::Item { .. } | BlockKind::Row | BlockKind::Paragraph => "p",
    };
    let _ = write!(out, "<{tag} dir=\"auto\">");
    if let BlockKind::Item { .. } = segment.kind {
        out.push_str("• ");
    }
    for (disposition, text) in &segment.pieces {
        let _ = write!(out, "<span class=\"{}\">{}</span>", disposition.as_str(), escaped(text));
    }
    let _ = writeln!(out, "</{tag}>");
}

/// HTML of a text; control characters are left out.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c if c.is_control() && !c.is_whitespace() => {}
            c => out.push(c),
        }
    }
    out
}
