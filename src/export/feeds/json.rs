//! JSON Feed 1.1 (jsonfeed.org).

use serde_json::{Map, Value, json};

use super::FeedItem;
use crate::export::article::JsonEnclosure;
use crate::export::text::TextFormat;
use crate::export::writer::FeedChannel;
use crate::store::ArticleRef;

/// A JSON Feed document, an item a line.
pub(in crate::export) struct JsonFeed(pub(in crate::export) FeedChannel);

impl TextFormat for JsonFeed {
    fn begin(&self, first: Option<&ArticleRef<'_>>, out: &mut String) {
        let mut head = json!({"version": "https://jsonfeed.org/version/1.1", "title": self.0.title});
        if let Some(url) = &self.0.self_url {
            head["feed_url"] = json!(url);
        }
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
        // In the order of the specification; serde_json sorts them.
        let members = [
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
        ];
        let members = members.into_iter().filter(|(_, value)| !is_empty(value));
        let members: Map<_, _> = members.map(|(key, value)| (key.to_owned(), value)).collect();
        out.push_str(&Value::Object(members).to_string());
    }

    fn separator(&self) -> &'static str {
        ",\n"
    }

    fn end(&self) -> &'static str {
        "\n]}\n"
    }
}

/// Such members are left out.
fn is_empty(value: &Value) -> bool {
    *value == json!([]) || *value == json!("") || value.is_null()
}

/// A media file; its size is left out where it is unknown.
fn attachment(file: &JsonEnclosure) -> Value {
    let mut members = json!({"url": file.url, "mime_type": file.mime()});
    if let Some(length) = file.length {
        members["size_in_bytes"] = json!(length);
    }
    members
}
