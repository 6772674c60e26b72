//! JSON Feed 1.1 (jsonfeed.org).

use serde_json::{Value, json};

use super::FeedItem;
use crate::export::article::JsonEnclosure;
use crate::export::fields::list;
use crate::export::text::TextFormat;
use crate::export::writer::FeedChannel;
use crate::store::ArticleRef;

/// A JSON Feed document, an item a line.
pub(in crate::export) struct JsonFeed(pub(in crate::export) FeedChannel);

impl TextFormat for JsonFeed {
    fn begin(&self, first: Option<&ArticleRef<'_>>, out: &mut String) {
        let head = object([
            ("version", json!("https://jsonfeed.org/version/1.1")),
            ("title", json!(self.0.title)),
            ("feed_url", json!(self.0.self_url)),
        ]);
        let head = head.to_string();
        let line_break = if first.is_some() { "\n" } else { "" };
        out.extend([head.trim_end_matches('}'), ",\"items\":[", line_break]);
    }

    fn article(&self, article: &ArticleRef<'_>, out: &mut String) {
        let item = FeedItem::new(&self.0, article);
        // Required, where there is no HTML.
        let text = match article.text {
            "" if item.html.is_empty() => Some(item.title.as_str()),
            text => Some(text),
        };
        let authors: Vec<Value> = item.authors.iter().map(|name| json!({"name": name})).collect();
        let attachments: Vec<Value> = item.enclosures.iter().map(attachment).collect();
        let item = object([
            ("id", json!(item.id)),
            ("url", json!(item.url)),
            ("title", json!(item.title)),
            ("summary", json!(item.summary)),
            ("content_html", json!(item.html)),
            ("content_text", json!(text)),
            ("date_published", json!(item.published)),
            ("date_modified", json!(item.updated)),
            ("authors", json!(authors)),
            ("image", json!(article.image)),
            ("language", json!(item.language)),
            ("tags", json!(item.categories)),
            ("attachments", json!(attachments)),
            (
                "_cuttings",
                object([("source", json!(article.source)), ("sources", json!(list(article.sources)))]),
            ),
        ]);
        out.push_str(&item.to_string());
    }

    fn separator(&self) -> &'static str {
        ",\n"
    }

    fn end(&self) -> &'static str {
        "\n]}\n"
    }
}

/// An object without its members that are null, an empty string or an empty list.
fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
    let is_empty = |value: &Value| value.is_null() || *value == json!("") || *value == json!([]);
    let members = members.into_iter().filter(|(_, value)| !is_empty(value));
    Value::Object(members.map(|(key, value)| (key.to_owned(), value)).collect())
}

fn attachment(file: &JsonEnclosure) -> Value {
    object([
        ("url", json!(file.url)),
        ("mime_type", json!(file.mime())),
        ("size_in_bytes", json!(file.length)),
    ])
}
