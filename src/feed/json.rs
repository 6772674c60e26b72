//! Reads JSON Feed 1.0 and 1.1 (jsonfeed.org), value by value: one odd value costs one field, not the feed.
//!
//! A document is a feed if its `version` names jsonfeed.org, or if it has a `title` and a list of `items`. Numbers are
//! read as text, because some feeds have numeric ids and sizes in quotes or the reverse. Extensions (`_name`) are ignored.

use std::borrow::Cow;

use serde_json::{Map, Value};
use url::Url;

use super::channel::apply_defaults;
use super::draft::{EntryDraft, FieldText};
use super::error::NotAFeed;
use super::fields::{FeedField, link_rank};
use super::limits::{self, truncated};
use super::plain_text::{TextKind, cut_line, plain_line};
use super::values::{language_tag, web_address};
use super::{reader, rss_in_json};
use crate::model::{EntryDetails, ParsedFeed};

/// Objects and lists in one document. A feed has three in an entry; each costs far more memory than its two bytes.
const MAX_NODES: usize = 150_000;
/// Values in one document.
const MAX_VALUES: usize = 1_000_000;

/// Parses a JSON document. Its nesting is bounded by `serde_json` (128).
pub(super) fn parse_json(text: &str, base: Option<&Url>) -> Result<ParsedFeed, NotAFeed> {
    let nodes = text.bytes().filter(|byte| matches!(byte, b'{' | b'[')).count();
    let values = text.bytes().filter(|byte| *byte == b',').count();
    if nodes > MAX_NODES || values > MAX_VALUES {
        return Err(NotAFeed::because(format!(
            "this is JSON of {nodes} objects and lists, far more than a feed has"
        )));
    }
    let text = without_lone_surrogates(text);
    let (document, is_cut) = match serde_json::from_str(&text) {
        Ok(document) => (document, false),
        Err(error) => {
            let whole = whole_items(&text).filter(|_| error.is_eof());
            let document = whole.and_then(|whole| serde_json::from_str(&whole).ok());
            let (line, column) = (error.line(), error.column());
            let broken = || format!("this looks like JSON but is broken at line {line}, column {column}");
            (document.ok_or_else(|| NotAFeed::because(broken()))?, true)
        }
    };
    let Value::Object(document) = document else {
        return Err(NotAFeed::because("this is a JSON list, not a JSON Feed"));
    };
    if let Some(markup) = rss_in_json::as_markup(&document) {
        let feed = reader::parse_markup(&markup, base, true)?;
        return Ok(ParsedFeed { is_cut, ..feed });
    }
    let items = document.get("items").and_then(Value::as_array);
    let has_version = string(&document, "version").is_some_and(|version| version.contains("jsonfeed.org"));
    let is_feed = has_version || (items.is_some() && document.contains_key("title"));
    if !is_feed {
        return Err(NotAFeed::because(match message_of(&document) {
            Some(message) => format!("this is JSON but no feed; it says “{message}”"),
            None => "this is JSON but no feed: it has no jsonfeed.org version".to_owned(),
        }));
    }
    let address = |name| string(&document, name).and_then(|href| web_address(href, base));
    let mut feed = ParsedFeed {
        title: text_or_number(&document, "title")
            .map(|title| cut_line(&title, TextKind::Text, limits::LINE).0),
        link: address("home_page_url"),
        language: string(&document, "language").and_then(language_tag),
        topic: address("feed_url"),
        next: address("next_url"),
        is_cut,
        hubs: list(&document, "hubs")
            .iter()
            .filter_map(|hub| web_address(hub.get("url")?.as_str()?, base))
            .take(limits::HUBS)
            .collect(),
        ..ParsedFeed::default()
    };
    let items = items.map(Vec::as_slice).unwrap_or_default();
    for (position, item) in items.iter().take(limits::ENTRIES).enumerate() {
        let Value::Object(item) = item else {
            limits::record_loss(&mut feed.skipped, position, "it is no JSON object");
            continue;
        };
        let draft = read_item(item, base);
        for reason in &draft.losses {
            limits::record_loss(&mut feed.skipped, position, reason);
        }
        feed.entries.push(draft.finish());
    }
    let defaults = EntryDetails {
        authors: authors_of(&document),
        language: feed.language.clone(),
        ..EntryDetails::default()
    };
    apply_defaults(defaults, &mut feed.entries);
    limits::record_surplus(&mut feed.skipped, items.len());
    Ok(feed)
}

/// Reads an entry of `items`.
fn read_item(item: &Map<String, Value>, base: Option<&Url>) -> EntryDraft {
    let mut draft = EntryDraft::default();
    // `content_html` comes last: of equals the last counts.
    for (field, name, kind) in [
        (FeedField::Id, "id", TextKind::Text),
        (FeedField::Title, "title", TextKind::Text),
        (FeedField::Published, "date_published", TextKind::Text),
        (FeedField::Updated, "date_modified", TextKind::Text),
        (FeedField::Language, "language", TextKind::Text),
        (FeedField::Summary, "summary", TextKind::Text),
        (FeedField::Content, "content_text", TextKind::Text),
        (FeedField::Content, "content_html", TextKind::Html),
    ] {
        if let Some(text) = text_or_number(item, name) {
            let fitting = truncated(&text, limits::TEXT);
            if fitting.len() < text.len() {
                draft.record_loss("a text is longer than 1 MiB and was cut");
            }
            let value = FieldText { kind, base, ..FieldText::of_attribute(fitting) };
            draft.add(field, &value);
        }
    }
    for (name, rank, base) in [
        ("url", link_rank::PAGE, base),
        ("id", link_rank::ID, None),
        ("external_url", link_rank::RELATED, base),
    ] {
        if let Some(href) = text_or_number(item, name) {
            draft.add_link(rank, &href, base);
        }
    }
    for name in authors_of(item) {
        draft.add_author(&name);
    }
    // A text is one tag, or several with commas between them.
    let text = text_or_number(item, "tags").or_else(|| text_or_number(item, "keywords"));
    if let Some(text) = text {
        draft.add(FeedField::Keywords, &FieldText::of_attribute(text));
    }
    for tag in list(item, "tags").iter().filter_map(name_of) {
        draft.add_category(tag);
    }
    for file in list(item, "attachments").iter().filter_map(Value::as_object) {
        if let Some(href) = text_or_number(file, "url") {
            let (mime, size) = (text_or_number(file, "mime_type"), text_or_number(file, "size_in_bytes"));
            draft.add_enclosure(&href, mime.as_deref(), size.as_deref(), base);
        }
    }
    draft
}

/// The names of `authors` (version 1.1), else of `author` (1.0). Either may be an object, a text, or a list of them.
fn authors_of(object: &Map<String, Value>) -> Vec<String> {
    let names = |member| -> Vec<String> {
        match object.get(member) {
            Some(Value::Array(people)) => people.iter().take(limits::LIST).filter_map(name_of).collect(),
            person => person.and_then(name_of).into_iter().collect(),
        }
    };
    Some(names("authors")).filter(|names| !names.is_empty()).unwrap_or_else(|| names("author"))
}

/// The name of a person or a tag: a text, or an object with a `name`.
fn name_of(value: &Value) -> Option<String> {
    let name = ["name", "title", "label", "term", "email", "url"]
        .iter()
        .find_map(|name| value.get(name).and_then(as_text));
    plain_line(&name.or_else(|| as_text(value))?, TextKind::Text, limits::LINE)
}

/// Members that hold entries, in JSON Feed and in the forms of `rss_in_json`.
const ITEMS: [&str; 3] = ["items", "item", "entry"];

/// A document that was cut, up to the last whole object of the list of its entries, with what is open closed.
fn whole_items(text: &str) -> Option<String> {
    let (mut open, mut is_string, mut is_escaped) = (Vec::new(), false, false);
    // The last text, with a colon behind it if it is the name of a member; and how much is open where the entries are.
    let (mut name, mut items) = (0..0, None);
    let mut whole = None;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_string => is_escaped = true,
            b'"' => {
                is_string = !is_string;
                name = if is_string { at + 1..at } else { name.start..at };
            }
            _ if is_string => {}
            b'{' => open.push('}'),
            b'[' => {
                open.push(']');
                if items.is_none() && ITEMS.contains(&text.get(name.clone()).unwrap_or_default()) {
                    items = Some(open.len());
                }
            }
            b'}' | b']' => {
                open.pop();
                if byte == b'}' && items == Some(open.len()) {
                    whole = Some((at + 1, open.clone()));
                } else if items.is_some_and(|items| open.len() < items) {
                    items = None;
                }
            }
            _ => {}
        }
    }
    let (end, open) = whole?;
    let mut whole = text.get(..end)?.to_owned();
    whole.extend(open.iter().rev());
    Some(whole)
}

/// The document with U+FFFD for each half of a surrogate pair without the other half (`\\ud83d`). `serde_json` would
/// refuse the whole feed because of one emoji that was cut.
fn without_lone_surrogates(text: &str) -> Cow<'_, str> {
    if !text.contains("\\ud") && !text.contains("\\uD") {
        return Cow::Borrowed(text);
    }
    let mut whole = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        whole.push_str(before);
        whole.push('\\');
        let low = |rest: &str| surrogate(rest.strip_prefix('\\')?).filter(|code| *code >= 0xdc00);
        // An escape is both halves of a pair, half of one, or one character.
        let (replacement, length) = match surrogate(after) {
            Some(..0xdc00) if after.get(5..).and_then(low).is_some() => (None, 11),
            Some(_) => (Some("ufffd"), 5),
            None => (None, after.chars().next().map_or(0, char::len_utf8)),
        };
        let (escape, after) = after.split_at_checked(length).unwrap_or((after, ""));
        whole.push_str(replacement.unwrap_or(escape));
        rest = after;
    }
    whole.push_str(rest);
    Cow::Owned(whole)
}

/// The half of a surrogate pair that is written behind a backslash, as in `ud83d`.
fn surrogate(text: &str) -> Option<u32> {
    let digits = text.strip_prefix('u')?.get(..4)?;
    let code = u32::from_str_radix(digits, 16).ok()?;
    (0xd800..0xe000).contains(&code).then_some(code)
}

/// A member that must be a string.
fn string<'v>(object: &'v Map<String, Value>, name: &str) -> Option<&'v str> {
    object.get(name).and_then(Value::as_str)
}

/// A member that must be a list; empty if it is none.
fn list<'v>(object: &'v Map<String, Value>, name: &str) -> &'v [Value] {
    object.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// A member that is a string or a number.
fn text_or_number(object: &Map<String, Value>, name: &str) -> Option<String> {
    object.get(name).and_then(as_text)
}

/// A string, or a number where a string should be.
fn as_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The error message of an answer that is no feed.
fn message_of(document: &Map<String, Value>) -> Option<String> {
    let message = ["message", "error", "detail", "error_description", "title"]
        .iter()
        .find_map(|name| text_or_number(document, name))?;
    plain_line(&message, TextKind::Text, 120)
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
        let feed = parse_json(text, None).unwrap();
        assert_eq!(feed.entries.len(), 2);
        assert_eq!(feed.entries[0].title.as_deref(), Some("cut \u{fffd}"));
    }
}
