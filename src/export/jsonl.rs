//! JSON Lines: one article a line, in the order of its last change.

use std::io::{self, Write};

use serde_json::{Map, Value, json};

use super::ExportError;
use crate::store::{ArticleRow, Reader};

/// Articles read at a time: what is in memory, whatever the size of the database.
const BATCH: usize = 200;

/// Writes every article whose last change is later than `since`, and gives their number and the last `seq`.
pub fn jsonl(
    reader: &Reader,
    since: i64,
    out: &mut dyn Write,
    mut step: impl FnMut(u64),
) -> Result<(u64, i64), ExportError> {
    let (mut written, mut seq) = (0, since);
    loop {
        let batch = reader.articles_since(seq, BATCH)?;
        for article in &batch {
            serde_json::to_writer(&mut *out, &line(article)).map_err(io::Error::from)?;
            out.write_all(b"\n")?;
            written += 1;
            seq = article.seq;
        }
        step(written);
        if batch.len() < BATCH {
            return Ok((written, seq));
        }
    }
}

/// One article; keys in the order a person reads them, absent values as null.
fn line(article: &ArticleRow) -> Value {
    let mut line = Map::new();
    let mut put = |key: &str, value: Value| line.insert(key.to_owned(), value);
    put("seq", json!(article.seq));
    put("id", json!(article.article_id));
    put("source", json!(article.source));
    put("url", json!(article.url));
    put("short_link", json!(article.short_link));
    put("title", json!(article.title));
    put("standfirst", json!(article.standfirst));
    put("byline", json!(article.byline));
    put("authors", json!(article.authors));
    put("published", json!(article.published));
    put("modified", json!(article.modified));
    put("text", json!(article.text));
    put("html", json!(article.html));
    put("image", json!(article.image));
    put("language", json!(article.language));
    put("site", json!(article.site));
    put("kind", json!(article.kind));
    put("method", json!(article.method));
    put("origins", json!(article.origins));
    put("first_seen", json!(rfc3339(article.first_seen)));
    put("fetched_at", json!(rfc3339(article.fetched_at)));
    Value::Object(line)
}

fn rfc3339(at: chrono::DateTime<chrono::Utc>) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}
