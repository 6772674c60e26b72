//! Markdown with front matter, as static-site generators and Obsidian read it.

use std::io::Write as _;

use serde_json::Value;

use super::feeds::html_of;
use super::fields::list;
use super::{ArticleWriter, ExportError, OutputSink};
use crate::html;
use crate::store::ArticleRef;

/// One document, or several one after another.
pub(crate) struct Markdown {
    out: OutputSink,
    written: bool,
}

impl Markdown {
    /// Begins one.
    pub(crate) fn new(out: OutputSink) -> Self {
        Self { out, written: false }
    }
}

impl ArticleWriter for Markdown {
    fn article(&mut self, article: &ArticleRef<'_>) -> Result<(), ExportError> {
        if std::mem::replace(&mut self.written, true) {
            self.out.write_all(b"\n")?;
        }
        self.out.write_all(document(article).as_bytes())?;
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<(), ExportError> {
        self.out.finish()
    }
}

fn document(article: &ArticleRef<'_>) -> String {
    let mut head = Head(String::from("---\n"));
    head.text("title", article.title);
    // A year alone would be a number, and what is no date to YAML is none to others.
    match article.published {
        Some(published) if published.len() >= 10 => head.plain("date", published),
        other => {
            head.plain("date", article.published_at.unwrap_or(article.first_seen));
            head.text("published", other);
        }
    }
    head.text("modified", article.modified);
    head.list("authors", &list(article.authors));
    head.text("byline", article.byline);
    head.text("description", article.standfirst);
    head.text("source", article.source);
    head.text("site", article.site);
    head.text("url", Some(article.url));
    head.text("short_link", article.short_link);
    head.text("image", article.image);
    head.text("language", article.language);
    head.text("section", article.section);
    head.list("tags", &list(article.tags));
    head.text("rights", article.rights);
    head.plain("id", &article.article_id.to_string());
    head.plain("seq", &article.seq.to_string());
    let mut out = head.0;
    out.push_str("---\n\n");
    out.push_str(body(article).trim());
    out.push('\n');
    out
}

/// Made of the HTML, so that links and lists stay; of the text, where there is no more.
fn body(article: &ArticleRef<'_>) -> String {
    html::markdown(&html_of(article))
}

/// Front matter. A JSON string is a YAML string.
struct Head(String);

impl Head {
    fn plain(&mut self, key: &str, value: &str) {
        self.0.push_str(&format!("{key}: {value}\n"));
    }

    fn text(&mut self, key: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.plain(key, &quoted(value));
        }
    }

    fn list(&mut self, key: &str, values: &[String]) {
        if values.is_empty() {
            return;
        }
        self.0.push_str(&format!("{key}:\n"));
        for value in values {
            self.0.push_str(&format!("  - {}\n", quoted(value)));
        }
    }
}

fn quoted(value: &str) -> String {
    // YAML breaks lines at these; JSON does not mind them.
    Value::from(value)
        .to_string()
        .replace('\u{85}', "\\u0085")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
}
