//! What several formats write of an article: title, HTML, authors, day, language, ids.

use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};
use url::Url;

use super::fields::list;
use super::xml;
use crate::html;
use crate::store::ArticleRef;

/// A media file in the JSON list that the database holds. Keys are written in this order.
#[derive(Deserialize, Serialize)]
pub(super) struct JsonEnclosure {
    /// Bytes.
    pub(super) length: Option<u64>,
    /// Media type.
    #[serde(rename = "type")]
    pub(super) mime: Option<String>,
    pub(super) url: String,
}

impl JsonEnclosure {
    /// Media type for formats that require one.
    pub(super) fn mime(&self) -> &str {
        self.mime.as_deref().unwrap_or("application/octet-stream")
    }
}

/// The title, never empty: the beginning of the text (80 characters) where there is none, else the URL.
pub(super) fn title_of(article: &ArticleRef<'_>) -> String {
    let title = article.title.filter(|title| !title.trim().is_empty()).map(str::to_owned);
    title
        .or_else(|| Some(start_of(article.text, 80)).filter(|start| !start.is_empty()))
        .unwrap_or_else(|| article.url.to_owned())
}

/// The names of the authors, or the whole byline where none is known.
pub(super) fn authors_of(article: &ArticleRef<'_>) -> Vec<String> {
    let mut authors = list(article.authors);
    authors.retain(|name| !name.trim().is_empty());
    if authors.is_empty() {
        authors.extend(article.byline.filter(|byline| !byline.trim().is_empty()).map(str::to_owned));
    }
    authors
}

/// The language, where it has the form of a language tag (BCP 47).
pub(super) fn language_of<'a>(article: &ArticleRef<'a>) -> Option<&'a str> {
    let is_part =
        |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    article.language.filter(|tag| {
        let first = tag.split('-').next().unwrap_or_default();
        first.len() >= 2
            && first.bytes().all(|byte| byte.is_ascii_alphabetic())
            && tag.split('-').all(is_part)
    })
}

/// `YYYY-MM-DD`: the day of publication in UTC; the day it was first seen, where none is known.
pub(super) fn day_of<'a>(article: &ArticleRef<'a>) -> &'a str {
    let at = article.published_at.unwrap_or(article.first_seen);
    at.get(..10)
        .filter(|day| day.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-'))
        .unwrap_or("0000-00-00")
}

/// The text as HTML, made from the plain text where there is no HTML. It is sanitised again, as another program may have
/// written the database (docs/threats.md, H16).
pub(super) fn html_of(article: &ArticleRef<'_>) -> String {
    if !article.html.is_empty() {
        let base = Url::parse(article.url);
        return base.map_or_else(|_| String::new(), |base| html::sanitise(article.html, &base));
    }
    let mut out = String::new();
    for paragraph in article.text.split("\n\n").filter(|text| !text.trim().is_empty()) {
        xml::element("p", paragraph, &mut out);
    }
    out
}

/// The beginning of a text in one line: at most `limit` characters, cut at a space, and an ellipsis.
pub(super) fn start_of(text: &str, limit: usize) -> String {
    let line = text.split_whitespace().take(limit).collect::<Vec<_>>().join(" ");
    if line.chars().count() <= limit {
        return line;
    }
    let cut: String = line.chars().take(limit).collect();
    let at = cut.rfind(' ').filter(|at| *at > 0).unwrap_or(cut.len());
    format!("{}…", cut.get(..at).unwrap_or(&cut))
}

/// `urn:uuid:…`, derived from `name` alone (RFC 9562, version 8: the first 128 bits of its SHA-256).
pub(super) fn uuid_of(name: &str) -> String {
    let hash = digest(&SHA256, name.as_bytes());
    let bits = hash.as_ref().iter().take(16).fold(0, |bits: u128, byte| bits << 8 | u128::from(*byte));
    let hex = format!("{:032x}", (bits & !(0xf << 76) & !(0b11 << 62)) | (8 << 76) | (0b10 << 62));
    let parts = [(0, 8), (8, 12), (12, 16), (16, 20), (20, 32)];
    let parts = parts.map(|(from, to)| hex.get(from..to).unwrap_or_default());
    format!("urn:uuid:{}", parts.join("-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_uuids_and_stay() {
        let id = uuid_of("a/1");
        assert_eq!(id, uuid_of("a/1"));
        assert_ne!(id, uuid_of("a/2"));
        let parts: Vec<usize> = id.trim_start_matches("urn:uuid:").split('-').map(str::len).collect();
        assert_eq!(parts, [8, 4, 4, 4, 12], "{id}");
        assert_eq!(id.get(23..24), Some("8"), "{id}");
        assert!(["8", "9", "a", "b"].contains(&id.get(28..29).unwrap()), "{id}");
    }

    #[test]
    fn a_beginning_ends_at_a_word() {
        assert_eq!(start_of("one two three", 9), "one two…");
        assert_eq!(start_of("one\n\ntwo", 9), "one two");
        assert_eq!(start_of("", 9), "");
        assert_eq!(start_of("ééééé", 3), "ééé…");
    }
}
