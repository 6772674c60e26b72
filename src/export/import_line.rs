//! Reads a line of the format `jsonl` for `cuttings import`.
//!
//! The file may come from anywhere: HTML is sanitised, control characters are dropped, URLs must be of the web, and words
//! such as `method` must be ones that the database allows. The error is a sentence for people; `cli` adds the line number.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use url::Url;

use super::article::JsonEnclosure;
use crate::store::{ImportRecord, ImportedArticle};
use crate::{html, link};

/// A line as `jsonl` writes it. Unknown keys are ignored: a later version may write more.
#[derive(Deserialize)]
struct ImportLine {
    seq: i64,
    /// Number of the article.
    id: i64,
    /// `new`, `revised`, `merged` or `deleted`; none means `new`.
    op: Option<String>,
    /// Of a merged article: the article that it is part of now.
    into: Option<i64>,
    /// Of a removal: when it happened.
    at: Option<DateTime<Utc>>,
    // The rest is of articles.
    source: Option<String>,
    url: Option<String>,
    short_link: Option<String>,
    title: Option<String>,
    standfirst: Option<String>,
    byline: Option<String>,
    #[serde(default)]
    authors: Vec<String>,
    published: Option<String>,
    published_at: Option<DateTime<Utc>>,
    precision: Option<String>,
    modified: Option<String>,
    #[serde(default)]
    text: String,
    #[serde(default)]
    html: String,
    image: Option<String>,
    image_width: Option<u32>,
    image_height: Option<u32>,
    language: Option<String>,
    site: Option<String>,
    section: Option<String>,
    #[serde(default)]
    tags: Vec<String>,
    rights: Option<String>,
    #[serde(default)]
    enclosures: Vec<JsonEnclosure>,
    kind: Option<String>,
    method: Option<String>,
    cluster: Option<i64>,
    #[serde(default)]
    origins: BTreeMap<String, String>,
    first_seen: Option<DateTime<Utc>>,
    fetched_at: Option<DateTime<Utc>>,
}

/// Words of `precision`, the least precise first.
const PRECISIONS: &[&str] = &["year", "month", "day", "minute", "instant"];

/// Reads a line. The error is a sentence for people.
pub(crate) fn read_line(text: &str) -> Result<ImportRecord, String> {
    let line: ImportLine = serde_json::from_str(text).map_err(|error| {
        let what = error.to_string();
        // There is only one line.
        what.replace(" at line 1 column ", " at byte ")
    })?;
    if line.seq <= 0 || line.id <= 0 {
        return Err("`seq` and `id` are numbers above 0".into());
    }
    match line.op.as_deref() {
        Some("merged" | "deleted") => removal(&line),
        Some("new" | "revised") | None => article(line),
        Some(other) => Err(format!("`op` is {other:?}; it is new, revised, merged or deleted")),
    }
}

/// Checks the line of a merged or deleted article.
fn removal(line: &ImportLine) -> Result<ImportRecord, String> {
    let into = line.into.filter(|_| line.op.as_deref() == Some("merged"));
    if line.op.as_deref() == Some("merged") && into.is_none_or(|into| into <= 0 || into == line.id) {
        return Err("a merged article names another one in `into`".into());
    }
    Ok(ImportRecord::Gone { seq: line.seq, id: line.id, into, at: line.at.ok_or("`at` is missing")? })
}

/// Checks the line of an article. Optional values that make no sense (a URL that is none, a date that is none) are dropped;
/// required ones and words of a closed set are errors.
fn article(line: ImportLine) -> Result<ImportRecord, String> {
    let url = line.url.as_deref().ok_or("`url` is missing")?;
    let url = link::web_url(url).ok_or_else(|| format!("`url` is no http or https address: {url:?}"))?;
    let first_seen = line.first_seen.ok_or("`first_seen` is missing")?;
    let one_of = |name: &str, value: Option<String>, words: &[&str], default: &str| match value {
        None => Ok(default.to_owned()),
        Some(value) if words.contains(&value.as_str()) => Ok(value),
        Some(value) => Err(format!("`{name}` is {value:?}; it is {}", words.join(" or "))),
    };
    let precision =
        line.precision.map(|value| one_of("precision", Some(value), PRECISIONS, "")).transpose()?;
    let web = |value: Option<String>| value.and_then(|value| link::web_url(&value));
    let text = |value: Option<String>| value.map(|value| clean(&value));
    let date = |value: Option<String>| value.filter(|value| is_date(value));
    let html = safe(&line.html, &url);
    let enclosures: Vec<JsonEnclosure> = line.enclosures.into_iter().filter_map(enclosure).collect();
    Ok(ImportRecord::Article(Box::new(ImportedArticle {
        seq: line.seq,
        id: line.id,
        revised: line.op.as_deref() == Some("revised"),
        source: line.source.map(|name| clean(&name)).filter(|name| !name.is_empty() && name.len() <= 100),
        short_link: web(line.short_link),
        title: text(line.title),
        standfirst: text(line.standfirst),
        byline: text(line.byline),
        authors: line.authors.iter().map(|name| clean(name)).collect(),
        published: date(line.published),
        published_at: line.published_at,
        precision,
        modified: date(line.modified),
        text: clean(&line.text),
        html,
        image: web(line.image).map(String::from),
        image_width: line.image_width,
        image_height: line.image_height,
        language: text(line.language),
        site: text(line.site),
        section: text(line.section),
        tags: line.tags.iter().map(|tag| clean(tag)).collect(),
        rights: text(line.rights),
        enclosures: serde_json::to_string(&enclosures).map_err(|error| error.to_string())?,
        method: one_of("method", line.method, &["rule", "auto", "feed"], "auto")?,
        kind: line.kind.map_or_else(|| "article".to_owned(), |kind| clean(&kind)),
        origins: serde_json::to_string(&line.origins).map_err(|error| error.to_string())?,
        cluster: line.cluster.unwrap_or(line.id),
        first_seen,
        fetched_at: line.fetched_at.unwrap_or(first_seen),
        url,
    })))
}

/// A media file, if its URL is of the web.
fn enclosure(file: JsonEnclosure) -> Option<JsonEnclosure> {
    Some(JsonEnclosure {
        url: link::web_url(&file.url)?.into(),
        mime: file.mime.map(|mime| clean(&mime)),
        length: file.length,
    })
}

/// Sanitises HTML (docs/threats.md, H16); what an export wrote stays the same.
fn safe(html: &str, base: &Url) -> String {
    if html.is_empty() {
        return String::new();
    }
    clean(&html::sanitise(html, base))
}

/// Drops control characters other than tabs and line breaks.
fn clean(text: &str) -> String {
    text.chars().filter(|&c| !c.is_control() || c == '\n' || c == '\t').collect()
}

/// `2018`, `2018-01`, `2018-01-05` or RFC 3339.
fn is_date(text: &str) -> bool {
    let digits =
        |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    (text.len() <= 10 && digits(text)) || DateTime::parse_from_rfc3339(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn article_of(json: &str) -> ImportedArticle {
        match read_line(json).unwrap() {
            ImportRecord::Article(article) => *article,
            gone @ ImportRecord::Gone { .. } => panic!("{gone:?}"),
        }
    }

    #[test]
    fn h16_what_is_imported_is_sanitised() {
        let article = article_of(
            r#"{"seq":1,"id":1,"url":"https://a.example/1","first_seen":"2026-11-24T00:00:00Z","text":"a\u0007b",
            "html":"<p onclick=x()>a<script>alert(1)</script><a href=\"javascript:x\">b</a></p><iframe src=x></iframe>",
            "image":"javascript:x","short_link":"data:x","published":"<b>"}"#,
        );
        assert_eq!(article.text, "ab");
        for bad in ["script", "onclick", "iframe", "javascript"] {
            assert!(!article.html.contains(bad), "{}", article.html);
        }
        assert_eq!((article.image, article.short_link, article.published), (None, None, None));
    }

    #[test]
    fn what_is_wrong_with_a_line_is_said() {
        for (line, says) in [
            ("{", "EOF"),
            ("{\"id\":1}", "missing field `seq`"),
            ("{\"seq\":0,\"id\":1}", "numbers above 0"),
            ("{\"seq\":1,\"id\":1}", "`url` is missing"),
            ("{\"seq\":1,\"id\":1,\"url\":\"javascript:x\"}", "no http or https address"),
            ("{\"seq\":1,\"id\":1,\"op\":\"lost\"}", "new, revised, merged or deleted"),
            ("{\"seq\":1,\"id\":1,\"op\":\"merged\"}", "in `into`"),
        ] {
            let error = read_line(line).unwrap_err();
            assert!(error.contains(says), "{line}: {error}");
        }
    }
}
