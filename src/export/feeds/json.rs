//! JSON Feed 1.1 (jsonfeed.org).

use std::io::Write as _;

use serde_json::{Map, Value, json};

use super::FeedItem;
use crate::export::article::JsonEnclosure;
use crate::export::destination::OutputSink;
use crate::export::{ArticleWriter, ExportError, FeedChannel, WriterOptions};
use crate::store::ArticleRef;

/// Writes a JSON Feed document, an item a line.
pub(in crate::export) struct JsonFeedWriter {
    out: OutputSink,
    channel: FeedChannel,
    is_begun: bool,
}

impl JsonFeedWriter {
    /// Nothing is written before the first article.
    pub(in crate::export) fn new(options: WriterOptions) -> Self {
        Self {
            out: options.sink,
            channel: options.channel,
            is_begun: false,
        }
    }

    /// Writes all that stands before the items: an object without its closing brace.
    fn begin(&mut self) -> Result<(), ExportError> {
        self.is_begun = true;
        let mut head = json!({"version": "https://jsonfeed.org/version/1.1", "title": self.channel.title});
        if let Some(url) = &self.channel.self_url {
            head["feed_url"] = json!(url);
        }
        let head = head.to_string();
        let head = head.strip_suffix('}').unwrap_or(&head);
        Ok(write!(self.out, "{head},\"items\":[")?)
    }
}

impl ArticleWriter for JsonFeedWriter {
    fn article(&mut self, article: &ArticleRef<'_>) -> Result<(), ExportError> {
        let comma = if self.is_begun { ",\n" } else { "\n" };
        if !self.is_begun {
            self.begin()?;
        }
        let item = FeedItem::new(&self.channel, article);
        // Required, where there is no HTML.
        let text = match article.text {
            "" if item.html.is_empty() => Some(item.title.as_str()),
            text => Some(text),
        };
        let authors: Vec<Value> = item.authors.iter().map(|name| json!({"name": name})).collect();
        let attachments: Vec<Value> = item.enclosures.iter().map(attachment).collect();
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
        Ok(write!(self.out, "{comma}{}", Value::Object(members))?)
    }

    fn finish(mut self: Box<Self>) -> Result<(), ExportError> {
        if !self.is_begun {
            self.begin()?;
        }
        self.out.write_all(b"\n]}\n")?;
        self.out.finish()
    }
}

/// Such members are left out.
fn is_empty(value: &Value) -> bool {
    *value == json!([]) || *value == json!("") || value.is_null()
}

fn attachment(file: &JsonEnclosure) -> Value {
    let mut members = json!({"url": file.url, "mime_type": file.mime()});
    if let Some(length) = file.length {
        members["size_in_bytes"] = json!(length);
    }
    members
}
