//! JSON Feed 1.0 and 1.1, read by hand so that one odd value costs one field and not the feed.

use std::borrow::Cow;

use serde_json::{Map, Value};
use url::Url;

use super::channel::hand_down;
use super::draft::{Draft, Piece, language, web};
use super::fields::{Field, link_rank};
use super::plain::{self, Kind};
use super::{NotAFeed, limits};
use crate::model::{EntryDetails, ParsedFeed, SkippedEntry};

/// Objects and lists in one document: a feed has three an entry, and each costs far more memory than its two bytes.
const MAX_NODES: usize = 150_000;
/// Values in one document.
const MAX_VALUES: usize = 1_000_000;

/// Reads a JSON document. Nesting is bounded by the parser (128).
pub(super) fn read(text: &str, base: Option<&Url>) -> Result<ParsedFeed, NotAFeed> {
    let nodes = text.bytes().filter(|byte| matches!(byte, b'{' | b'[')).count();
    let values = text.bytes().filter(|byte| *byte == b',').count();
    if nodes > MAX_NODES || values > MAX_VALUES {
        return Err(NotAFeed::because(format!(
            "this is JSON of {nodes} objects and lists, far more than a feed has"
        )));
    }
    let document: Value = serde_json::from_str(&without_lone_surrogates(text)).map_err(|error| {
        NotAFeed::because(format!(
            "this looks like JSON but is broken at line {}, column {}",
            error.line(),
            error.column()
        ))
    })?;
    let Value::Object(document) = document else {
        return Err(NotAFeed::because("this is a JSON list, not a JSON Feed"));
    };
    let version = document
        .get("version")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let items = document.get("items").and_then(Value::as_array);
    let is_feed = version.contains("jsonfeed.org") || (items.is_some() && document.contains_key("title"));
    if !is_feed {
        return Err(NotAFeed::because(match message(&document) {
            Some(message) => format!("this is JSON but no feed; it says “{message}”"),
            None => "this is JSON but no feed: it has no jsonfeed.org version".to_owned(),
        }));
    }
    let mut feed = ParsedFeed {
        title: document
            .get("title")
            .and_then(text_of)
            .map(|title| plain::line(&title, Kind::Text, limits::LINE).0),
        link: document
            .get("home_page_url")
            .and_then(Value::as_str)
            .and_then(|href| web(href, base)),
        language: document
            .get("language")
            .and_then(Value::as_str)
            .and_then(language),
        topic: document
            .get("feed_url")
            .and_then(Value::as_str)
            .and_then(|href| web(href, base)),
        hubs: list(&document, "hubs")
            .iter()
            .filter_map(|hub| web(hub.get("url")?.as_str()?, base))
            .take(limits::HUBS)
            .collect(),
        ..ParsedFeed::default()
    };
    let items = items.map(Vec::as_slice).unwrap_or_default();
    for (position, item) in items.iter().take(limits::ENTRIES).enumerate() {
        let Value::Object(item) = item else {
            feed.remark(position, "it is no JSON object");
            continue;
        };
        let mut draft = Draft::default();
        entry(&mut draft, item, base);
        for reason in std::mem::take(&mut draft.remarks) {
            feed.remark(position, &reason);
        }
        feed.entries.push(draft.finish());
    }
    let of_all = EntryDetails {
        authors: people(&document),
        language: feed.language.clone(),
        ..EntryDetails::default()
    };
    hand_down(of_all, &mut feed.entries);
    if items.len() > limits::ENTRIES {
        feed.remark(
            limits::ENTRIES,
            &format!(
                "the feed has {} entries; those beyond the first {} were left out",
                items.len(),
                limits::ENTRIES
            ),
        );
    }
    Ok(feed)
}

fn entry(draft: &mut Draft, item: &Map<String, Value>, base: Option<&Url>) {
    let value = |name: &str| item.get(name).and_then(text_of);
    for (field, name, kind) in [
        (Field::Id, "id", Kind::Text),
        (Field::Title, "title", Kind::Text),
        (Field::Published, "date_published", Kind::Text),
        (Field::Updated, "date_modified", Kind::Text),
        (Field::Language, "language", Kind::Text),
        (Field::Summary, "summary", Kind::Text),
        (Field::Content, "content_text", Kind::Text),
        (Field::Content, "content_html", Kind::Html),
    ] {
        if let Some(text) = value(name) {
            let piece = Piece {
                text: cut(draft, &text).into(),
                kind,
                rank: 0,
                depth: 0,
                base,
            };
            draft.take(field, &piece);
        }
    }
    for (name, rank) in [
        ("url", link_rank::PAGE),
        ("id", link_rank::ID),
        ("external_url", link_rank::RELATED),
    ] {
        if let Some(href) = value(name) {
            let base = if rank == link_rank::ID { None } else { base };
            draft.link(rank, &href, base);
        }
    }
    for name in people(item) {
        draft.author(&name);
    }
    for tag in list(item, "tags").iter().filter_map(text_of) {
        draft.category(plain::line(&tag, Kind::Text, limits::LINE).0);
    }
    for file in list(item, "attachments") {
        let part = |name: &str| file.get(name).and_then(text_of);
        if let Some(href) = part("url") {
            draft.enclosure(
                &href,
                part("mime_type").as_deref(),
                part("size_in_bytes").as_deref(),
                base,
            );
        }
    }
}

/// `authors` of version 1.1, `author` of 1.0.
fn people(of: &Map<String, Value>) -> Vec<String> {
    let name = |person: &Value| person.get("name").and_then(text_of).or_else(|| text_of(person));
    let mut names: Vec<String> = list(of, "authors")
        .iter()
        .take(limits::LIST)
        .filter_map(name)
        .collect();
    if names.is_empty() {
        names.extend(of.get("author").and_then(name));
    }
    for text in &mut names {
        *text = plain::line(text, Kind::Text, limits::LINE).0;
    }
    names.retain(|name| !name.is_empty());
    names
}

/// A document in which halves of surrogate pairs (`\\ud83d` without its other half) stand as U+FFFD: the parser would
/// refuse the whole feed for the sake of one cut-off emoji.
fn without_lone_surrogates(text: &str) -> Cow<'_, str> {
    if !text.contains("\\ud") && !text.contains("\\uD") {
        return Cow::Borrowed(text);
    }
    let mut whole = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        whole.push_str(before);
        whole.push('\\');
        // What an escape takes with it: both halves of a pair, or one character.
        let (kept, length) = match surrogate(after) {
            Some(0xd800..0xdc00)
                if after
                    .get(5..)
                    .and_then(|rest| surrogate(rest.strip_prefix('\\')?))
                    .is_some_and(|low| low >= 0xdc00) =>
            {
                (None, 11)
            }
            Some(_) => (Some("ufffd"), 5),
            None => (None, after.chars().next().map_or(0, char::len_utf8)),
        };
        let (escape, after) = after.split_at_checked(length).unwrap_or((after, ""));
        whole.push_str(kept.unwrap_or(escape));
        rest = after;
    }
    whole.push_str(rest);
    Cow::Owned(whole)
}

/// The half of a surrogate pair that is written behind a backslash.
fn surrogate(text: &str) -> Option<u32> {
    let digits = text.strip_prefix('u')?.get(..4)?;
    u32::from_str_radix(digits, 16)
        .ok()
        .filter(|code| (0xd800..0xe000).contains(code))
}

fn list<'v>(of: &'v Map<String, Value>, name: &str) -> &'v [Value] {
    of.get(name)
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default()
}

/// A string, or a number where a string should be.
fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// At most as much as an entry may hold.
fn cut<'t>(draft: &mut Draft, text: &'t str) -> &'t str {
    if text.len() <= limits::TEXT {
        return text;
    }
    draft.remark("a text is longer than 1 MiB and was cut");
    let end = (0..=limits::TEXT).rev().find(|&end| text.is_char_boundary(end));
    text.get(..end.unwrap_or(0)).unwrap_or_default()
}

/// What an answer that is no feed says for itself.
fn message(document: &Map<String, Value>) -> Option<String> {
    ["message", "error", "detail", "error_description", "title"]
        .iter()
        .find_map(|name| document.get(*name).and_then(text_of))
        .map(|text| plain::line(&text, Kind::Text, 120).0)
        .filter(|text| !text.is_empty())
}

impl ParsedFeed {
    fn remark(&mut self, position: usize, reason: &str) {
        if self.skipped.len() < limits::REMARKS {
            let reason = reason.to_owned();
            self.skipped.push(SkippedEntry { position, reason });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h12_half_a_pair_costs_one_character() {
        for (text, expected) in [
            (r"a\\ud83d\n", r"a\\ud83d\n"),
            (r"\ud83d\ude00 \uD83D\uDE00", r"\ud83d\ude00 \uD83D\uDE00"),
            (r"\ud83d", r"\ufffd"),
            (r"\ud83dx\ude00", r"\ufffdx\ufffd"),
            (r"\ud83d\ud83d\ude00", r"\ufffd\ud83d\ude00"),
            (r"\\\ude00\\ude00", r"\\\ufffd\\ude00"),
            (r"\ude0", r"\ude0"),
            (r"\ud83dé\", r"\ufffdé\"),
        ] {
            assert_eq!(without_lone_surrogates(text), expected, "{text}");
        }
        let text = r#"{"version": "https://jsonfeed.org/version/1", "items": [{"id": "1", "title": "cut \ud83d"}, {"id": "2"}]}"#;
        let feed = read(text, None).unwrap();
        assert_eq!(feed.entries.len(), 2);
        assert_eq!(feed.entries[0].title.as_deref(), Some("cut \u{fffd}"));
    }
}
