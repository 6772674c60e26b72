//! JSON Feed 1.1.

use std::io::Write as _;

use serde_json::{Map, Value, json};

use super::{FeedChannel, FeedItem, File};
use crate::export::{ArticleWriter, ExportError, OutputSink};
use crate::store::ArticleRef;

/// A JSON Feed document.
pub(crate) struct JsonFeed {
    out: OutputSink,
    channel: FeedChannel,
    items: u64,
}

impl JsonFeed {
    /// Begins one; articles come newest first.
    pub(crate) fn new(channel: FeedChannel, out: OutputSink) -> Self {
        Self {
            out,
            channel,
            items: 0,
        }
    }

    /// All before the items; written without the brace that closes it.
    fn begin(&mut self) -> Result<(), ExportError> {
        let mut head = Map::new();
        head.insert("version".into(), json!("https://jsonfeed.org/version/1.1"));
        head.insert("title".into(), json!(self.channel.title));
        for (key, url) in [
            ("home_page_url", &self.channel.home),
            ("feed_url", &self.channel.own),
        ] {
            if let Some(url) = url {
                head.insert(key.into(), json!(url));
            }
        }
        let head = Value::Object(head).to_string();
        let head = head.strip_suffix('}').unwrap_or(&head);
        Ok(write!(self.out, "{head},\"items\":[")?)
    }
}

impl ArticleWriter for JsonFeed {
    fn article(&mut self, article: &ArticleRef<'_>) -> Result<(), ExportError> {
        if self.items == 0 {
            self.begin()?;
        }
        let entry = FeedItem::of(&self.channel, article);
        let mut item = Map::new();
        let mut put = |key: &str, value: Value| item.insert(key.into(), value);
        put("id", json!(entry.id));
        put("url", json!(entry.url));
        put("title", json!(entry.title));
        for (key, text) in [("summary", entry.summary.as_str()), ("content_html", &entry.html)] {
            if !text.is_empty() {
                put(key, json!(text));
            }
        }
        // Required, where there is no HTML.
        if !article.text.is_empty() || entry.html.is_empty() {
            put(
                "content_text",
                json!(
                    Some(article.text)
                        .filter(|text| !text.is_empty())
                        .unwrap_or(&entry.title)
                ),
            );
        }
        put("date_published", json!(entry.published));
        put("date_modified", json!(entry.updated));
        if !entry.authors.is_empty() {
            let authors: Vec<Value> = entry.authors.iter().map(|name| json!({"name": name})).collect();
            put("authors", Value::Array(authors));
        }
        if let Some(image) = article.image {
            put("image", json!(image));
        }
        if let Some(language) = entry.language {
            put("language", json!(language));
        }
        if !entry.categories.is_empty() {
            put("tags", json!(entry.categories));
        }
        if !entry.enclosures.is_empty() {
            let file = |file: &File| {
                let mut map = Map::new();
                map.insert("url".into(), json!(file.url));
                map.insert("mime_type".into(), json!(file.mime()));
                if let Some(length) = file.length {
                    map.insert("size_in_bytes".into(), json!(length));
                }
                Value::Object(map)
            };
            put("attachments", entry.enclosures.iter().map(file).collect());
        }
        let comma = if self.items == 0 { "\n" } else { ",\n" };
        self.items += 1;
        Ok(write!(self.out, "{comma}{}", Value::Object(item))?)
    }

    fn finish(mut self: Box<Self>) -> Result<(), ExportError> {
        if self.items == 0 {
            self.begin()?;
        }
        self.out.write_all(b"\n]}\n")?;
        self.out.finish()
    }
}
