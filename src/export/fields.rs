//! The fields of an article by name, for formats that are tables or records: `jsonl`, `csv`, `tsv`, `parquet`.
//!
//! A field is one row of [`FIELDS`]. docs/schema.md describes the columns behind them.

use std::io::{self, Write as _};

use FieldValue::{Flag, Json, Number, Text};

use crate::config::nearest;
use crate::store::ArticleRef;

/// A field of an article.
#[derive(Debug)]
pub(super) struct ExportField {
    /// Key in JSON, column header, and what `--fields` takes.
    pub(super) name: &'static str,
    /// Decides about types and quoting.
    pub(super) kind: FieldKind,
    /// Reads the value.
    pub(super) value: for<'a> fn(&ArticleRef<'a>) -> FieldValue<'a>,
}

/// What a field holds, for formats with types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FieldKind {
    /// A whole number, always there.
    Number,
    /// A whole number that may be missing.
    Count,
    /// Text with few different values, or short.
    Text,
    /// Text that is different in every article.
    LongText,
    /// RFC 3339 in UTC.
    Time,
    /// A JSON list of strings.
    List,
    /// A JSON map of strings.
    Map,
    /// JSON of another shape.
    Json,
    /// `true` or `false`.
    Flag,
}

/// The value of a field, borrowed from the article.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum FieldValue<'a> {
    /// Of the kinds `Number` and `Count`.
    Number(Option<i64>),
    /// Of the kinds `Text`, `LongText` and `Time`.
    Text(Option<&'a str>),
    /// Of the kinds `List`, `Map` and `Json`. As the database holds it: on one line.
    Json(&'a str),
    /// Of the kind `Flag`.
    Flag(bool),
}

/// All fields, in the order in which a person reads them.
const FIELDS: &[ExportField] = &[
    field("seq", FieldKind::Number, |a| Number(Some(a.seq))),
    field("id", FieldKind::Number, |a| Number(Some(a.article_id))),
    field("op", FieldKind::Text, |a| Text(Some(a.op))),
    field("source", FieldKind::Text, |a| Text(a.source)),
    field("sources", FieldKind::List, |a| Json(a.sources)),
    field("url", FieldKind::LongText, |a| Text(Some(a.url))),
    field("short_link", FieldKind::Text, |a| Text(a.short_link)),
    field("title", FieldKind::LongText, |a| Text(a.title)),
    field("standfirst", FieldKind::LongText, |a| Text(a.standfirst)),
    field("byline", FieldKind::Text, |a| Text(a.byline)),
    field("authors", FieldKind::List, |a| Json(a.authors)),
    field("published", FieldKind::Text, |a| Text(a.published)),
    field("published_at", FieldKind::Time, |a| Text(a.published_at)),
    field("precision", FieldKind::Text, |a| Text(a.precision)),
    field("modified", FieldKind::Text, |a| Text(a.modified)),
    field("text", FieldKind::LongText, |a| Text(Some(a.text))),
    field("html", FieldKind::LongText, |a| Text(Some(a.html))),
    field("image", FieldKind::Text, |a| Text(a.image)),
    field("image_width", FieldKind::Count, |a| Number(a.image_width)),
    field("image_height", FieldKind::Count, |a| Number(a.image_height)),
    field("language", FieldKind::Text, |a| Text(a.language)),
    field("site", FieldKind::Text, |a| Text(a.site)),
    field("section", FieldKind::Text, |a| Text(a.section)),
    field("tags", FieldKind::List, |a| Json(a.tags)),
    field("rights", FieldKind::Text, |a| Text(a.rights)),
    field("enclosures", FieldKind::Json, |a| Json(a.enclosures)),
    field("kind", FieldKind::Text, |a| Text(Some(a.kind))),
    field("method", FieldKind::Text, |a| Text(Some(a.method))),
    field("provisional", FieldKind::Flag, |a| Flag(a.provisional != 0)),
    field("cluster", FieldKind::Number, |a| Number(Some(a.cluster))),
    field("origins", FieldKind::Map, |a| Json(a.origins)),
    field("first_seen", FieldKind::Time, |a| Text(Some(a.first_seen))),
    field("fetched_at", FieldKind::Time, |a| Text(Some(a.fetched_at))),
];

/// A row of [`FIELDS`].
const fn field(
    name: &'static str,
    kind: FieldKind,
    value: for<'a> fn(&ArticleRef<'a>) -> FieldValue<'a>,
) -> ExportField {
    ExportField { name, kind, value }
}

/// The chosen fields, in the order in which they are written; never empty.
#[derive(Clone, Debug)]
pub(crate) struct Fields(pub(super) Vec<&'static ExportField>);

impl Default for Fields {
    fn default() -> Self {
        Self(FIELDS.iter().collect())
    }
}

impl Fields {
    /// What a text has of its own; the rest belongs to its article.
    pub(super) fn of_text() -> Self {
        let of_article = ["seq", "id", "op", "sources", "provisional", "cluster", "first_seen"];
        Self(FIELDS.iter().filter(|field| !of_article.contains(&field.name)).collect())
    }

    /// Appends an article as a JSON object. Missing values are `null`, so that every object has all keys.
    pub(super) fn write_object(&self, article: &ArticleRef<'_>, out: &mut Vec<u8>) -> io::Result<()> {
        for (at, field) in self.0.iter().enumerate() {
            for part in [if at == 0 { "{\"" } else { ",\"" }, field.name, "\":"] {
                out.extend_from_slice(part.as_bytes());
            }
            match (field.value)(article) {
                Number(Some(number)) => write!(out, "{number}")?,
                Text(Some(text)) => serde_json::to_writer(&mut *out, text)?,
                Flag(flag) => write!(out, "{flag}")?,
                Number(None) | Text(None) => out.extend_from_slice(b"null"),
                Json(json) => out.extend_from_slice(json.as_bytes()),
            }
        }
        out.push(b'}');
        Ok(())
    }

    /// Reads a list such as `title,url,text`; an empty one is all of them. The error names the nearest field, for people.
    pub(crate) fn parse(typed: &str) -> Result<Self, String> {
        let mut fields: Vec<&ExportField> = Vec::new();
        for word in typed.split(',').map(str::trim).filter(|word| !word.is_empty()) {
            let word = if word == "article_id" { "id" } else { word };
            let names = || FIELDS.iter().map(|field| field.name);
            let field = FIELDS.iter().find(|field| field.name == word).ok_or_else(|| {
                let hint = nearest(word, names()).map_or_else(
                    || format!("the fields are {}", names().collect::<Vec<_>>().join(", ")),
                    |near| format!("did you mean {near:?}?"),
                );
                format!("there is no field {word:?}; {hint}")
            })?;
            if fields.iter().all(|known| known.name != field.name) {
                fields.push(field);
            }
        }
        Ok(if fields.is_empty() { Self::default() } else { Self(fields) })
    }
}

/// The strings of a JSON list as the database holds it.
pub(super) fn list(json: &str) -> Vec<String> {
    serde_json::from_str(json).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_by_name_and_the_nearest_one() {
        let names = |typed| -> Vec<&str> {
            let fields = Fields::parse(typed).unwrap().0;
            fields.iter().map(|field| field.name).collect()
        };
        assert_eq!(names(" title, url,title"), ["title", "url"]);
        assert_eq!(names("").len(), FIELDS.len());
        let hint = |typed| Fields::parse(typed).unwrap_err();
        assert_eq!(hint("titel"), "there is no field \"titel\"; did you mean \"title\"?");
        assert!(hint("colour").contains("the fields are seq, id"), "{}", hint("colour"));
    }
}
