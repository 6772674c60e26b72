//! RIS: a line for each value, `TAG  - value`. The tags are those of the type `ELEC` (web page).

use super::author::Author;
use super::{Citation, CitationSyntax, PartialDate};

/// Records need no frame.
pub(in crate::export) static SYNTAX: CitationSyntax =
    CitationSyntax { begin: "", separator: "\r\n", end: "", entry };

fn entry(citation: &Citation<'_>) -> String {
    let mut out = String::new();
    let mut put = |tag: &str, value: &str| out.push_str(&format!("{tag}  - {value}\r\n"));
    put("TY", "ELEC");
    put("ID", &citation.key);
    for author in &citation.authors {
        match author {
            Author::Person { family, given } => put("AU", &format!("{family}, {given}")),
            // A comma would part family from given name.
            Author::Literal(name) => put("AU", &name.replace(',', "")),
        }
    }
    put("TI", &citation.title);
    if let Some(published) = citation.published {
        put("PY", &format!("{:04}", published.year));
        put("DA", &date(published));
    }
    let optional = [
        ("T2", citation.site.clone()),
        ("Y2", citation.accessed.map(date)),
        ("UR", Some(citation.url.clone())),
        ("LA", citation.language.map(str::to_owned)),
        ("AB", citation.summary.clone()),
        ("N1", citation.note()),
    ];
    for (tag, value) in optional {
        if let Some(value) = value {
            put(tag, &value);
        }
    }
    for keyword in &citation.keywords {
        put("KW", keyword);
    }
    put("ER", "");
    out
}

/// `YYYY/MM/DD/`; what is unknown is empty, the slashes stay.
fn date(date: PartialDate) -> String {
    let two = |part: Option<u8>| part.map_or_else(String::new, |part| format!("{part:02}"));
    format!("{:04}/{}/{}/", date.year, two(date.month), two(date.day))
}
