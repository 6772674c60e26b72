//! CSL-JSON: an array of items (the schema `csl-data.json` of the Citation Style Language, 1.0).

use serde_json::{Map, Value, json};

use super::author::Author;
use super::{Citation, CitationSyntax, PartialDate};

/// An array, an item a line.
pub(in crate::export) static SYNTAX: CitationSyntax =
    CitationSyntax { begin: "[\n", separator: ",\n", end: "\n]\n", entry };

fn entry(citation: &Citation<'_>) -> String {
    let authors: Vec<Value> = citation.authors.iter().map(name).collect();
    let keywords = citation.keywords.join(", ");
    let fields = [
        ("id", Some(json!(citation.key))),
        ("type", Some(json!("webpage"))),
        ("title", Some(json!(citation.title))),
        ("author", (!authors.is_empty()).then(|| json!(authors))),
        ("container-title", citation.site.as_ref().map(|site| json!(site))),
        ("issued", citation.published.map(date)),
        ("accessed", citation.accessed.map(date)),
        ("URL", Some(json!(citation.url))),
        ("language", citation.language.map(|language| json!(language))),
        ("abstract", citation.summary.as_ref().map(|summary| json!(summary))),
        ("keyword", (!keywords.is_empty()).then(|| json!(keywords))),
        ("note", citation.note().map(|note| json!(note))),
    ];
    let fields = fields.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?)));
    Value::Object(fields.collect::<Map<_, _>>()).to_string()
}

fn name(author: &Author) -> Value {
    match author {
        Author::Person { family, given } => json!({"family": family, "given": given}),
        Author::Literal(name) => json!({"literal": name}),
    }
}

fn date(date: PartialDate) -> Value {
    let mut parts = vec![i32::from(date.year)];
    parts.extend([date.month, date.day].into_iter().flatten().map(i32::from));
    json!({"date-parts": [parts]})
}
