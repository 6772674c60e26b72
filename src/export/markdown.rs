//! Markdown with YAML front matter, as static-site generators and note-taking programs read it.

use serde_json::Value;

use super::article::html_of;
use super::fields::list;
use super::text::TextFormat;
use crate::html;
use crate::store::ArticleRef;

/// One document, or several with an empty line between them.
pub(super) struct Markdown;

impl TextFormat for Markdown {
    fn article(&self, article: &ArticleRef<'_>, out: &mut String) {
        let mut head = FrontMatter(String::from("---\n"));
        head.text("title", article.title);
        // Programs expect a whole date under `date`; a bare year would be a number to YAML.
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
        head.list("sources", &list(article.sources));
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
        let body = html::markdown(&html_of(article));
        out.extend([&head.0, "---\n\n", body.trim(), "\n"]);
    }

    fn separator(&self) -> &'static str {
        "\n"
    }
}

/// YAML front matter. A JSON string is a YAML string.
struct FrontMatter(String);

impl FrontMatter {
    /// A value that YAML reads as it is: a date or a number.
    fn plain(&mut self, key: &str, value: &str) {
        self.0.push_str(&format!("{key}: {value}\n"));
    }

    /// A string; nothing where there is none.
    fn text(&mut self, key: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.plain(key, &quoted(value));
        }
    }

    /// A list of strings; nothing for an empty one.
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

/// A string in double quotes on one line, which YAML reads whatever is in it.
fn quoted(value: &str) -> String {
    // Line breaks to YAML, but not to JSON.
    Value::from(value)
        .to_string()
        .replace('\u{85}', "\\u0085")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
}
