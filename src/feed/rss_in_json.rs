//! Feeds of XML formats that were written as JSON: RSS-in-JSON (`{"rss": {"channel": {"item": […]}}}`), and Atom as Google's data
//! APIs and Blogger give it (`{"feed": {"entry": […]}}`).
//!
//! They are written down as markup again, so that one reader knows the elements.

use serde_json::{Map, Value};

use super::plain_text::escape_html;

/// Members that hold the text of an element beside its attributes.
const TEXTS: [&str; 7] = ["#value", "#text", "#cdata-section", "$t", "_", "__text", "__cdata"];

/// Members that hold the attributes of an element.
const ATTRIBUTES: [&str; 3] = ["$", "@", "@attributes"];

/// Elements whose members are attributes.
const EMPTY_ELEMENTS: [&str; 5] = ["enclosure", "link", "category", "guid", "source"];

/// The markup that a document stands for; `None` if it is no such feed.
pub(super) fn as_markup(document: &Map<String, Value>) -> Option<String> {
    let member = |object: &Value, name: &str| object.get(name).is_some();
    let (name, root) = ["rss", "feed", "rdf:RDF", "channel"]
        .iter()
        .find_map(|name| Some((*name, document.get(*name).filter(|root| root.is_object())?)))?;
    let is_feed = match name {
        "rss" => member(root, "channel"),
        "feed" => member(root, "entry"),
        _ => member(root, "item"),
    };
    is_feed.then(|| {
        let mut markup = String::new();
        write_element(&mut markup, name, root);
        markup
    })
}

/// Writes an element; a list is as many elements. The depth is that of the JSON, which its parser bounds.
fn write_element(markup: &mut String, name: &str, value: &Value) {
    let Some(name) = element_name(name) else { return };
    let (name, members) = match value {
        Value::Null => return,
        Value::Array(values) => {
            for value in values {
                write_element(markup, &name, value);
            }
            return;
        }
        Value::Object(members) => (name, members),
        scalar => {
            markup.extend(["<", &name, ">", &escape_html(&text_of(scalar)), "</", &name, ">"]);
            return;
        }
    };
    let has_text = TEXTS.iter().any(|text| members.contains_key(*text));
    let local = name.rsplit(':').next().unwrap_or_default();
    let has_attributes = has_text || EMPTY_ELEMENTS.contains(&local) || name.starts_with("media:");
    markup.extend(["<", &name]);
    for attributes in ATTRIBUTES.iter().filter_map(|key| members.get(*key)?.as_object()) {
        for (key, value) in attributes {
            write_attribute(markup, key, value);
        }
    }
    let is_attribute = |key: &str, value: &Value| {
        let is_scalar = !value.is_object() && !value.is_array() && !TEXTS.contains(&key);
        is_scalar && (key.starts_with(['@', '-']) || has_attributes)
    };
    for (key, value) in members.iter().filter(|(key, value)| is_attribute(key, value)) {
        write_attribute(markup, key.trim_start_matches(['@', '-']), value);
    }
    markup.push('>');
    for (key, value) in members {
        if TEXTS.contains(&key.as_str()) {
            markup.push_str(&escape_html(&text_of(value)));
        } else if !is_attribute(key, value) && !ATTRIBUTES.contains(&key.as_str()) {
            write_element(markup, key, value);
        }
    }
    markup.extend(["</", &name, ">"]);
}

fn write_attribute(markup: &mut String, name: &str, value: &Value) {
    if let Some(name) = element_name(name) {
        markup.extend([" ", &name, "=\"", &escape_html(&text_of(value)), "\""]);
    }
}

/// A name as markup has it: `media$thumbnail` is `media:thumbnail`. `None` for what is no name.
fn element_name(key: &str) -> Option<String> {
    let name = key.replace('$', ":");
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b":-_.".contains(&byte))
        && !name.starts_with("xmlns");
    is_name.then_some(name)
}

/// A text, a number or a truth value; of others nothing.
fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(truth) => truth.to_string(),
        _ => String::new(),
    }
}
