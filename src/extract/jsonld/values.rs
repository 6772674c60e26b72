//! Reads the values of schema.org properties, which pages write in many forms: strings, objects, references, lists.
//!
//! A reference is an object with nothing but the `@id` of another node. References can form a circle, so depth and number
//! of values are limited.

use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::extract::image_attributes::pixels;
use crate::html::plain_text;
use crate::model::ImageSize;

/// A JSON-LD node.
pub(super) type JsonLdNode = Map<String, Value>;

/// Nodes by `@id`, for references.
pub(super) type NodesById<'v> = HashMap<&'v str, &'v JsonLdNode>;

/// Names or images of one property that are read.
const MOST_VALUES: usize = 40;

/// Lists, objects and references within one another that are followed.
const DEEPEST: usize = 4;

/// The types of a node: one or several.
pub(super) fn types(node: &JsonLdNode) -> impl Iterator<Item = &str> {
    let types = node.get("@type");
    let one = types.and_then(Value::as_str).into_iter();
    let many = types.and_then(Value::as_array).into_iter().flatten();
    one.chain(many.filter_map(Value::as_str))
}

/// True if a node has one of the types.
pub(super) fn is_a(node: &JsonLdNode, names: &[&str]) -> bool {
    types(node).any(|name| names.contains(&name))
}

/// A value as plain text: a string or number, the first of a list, the `@value` or `name` of an object.
pub(super) fn text(value: &Value) -> Option<String> {
    let mut value = value;
    for _ in 0..DEEPEST {
        value = match value {
            Value::Array(values) => values.first()?,
            Value::Object(node) => node.get("@value").or_else(|| node.get("name"))?,
            Value::Number(number) => return Some(number.to_string()),
            Value::String(text) => {
                // Some templates escape for HTML twice.
                let once = text.contains("&amp;").then(|| plain_text(text));
                let text = plain_text(once.as_deref().unwrap_or(text));
                return (!text.is_empty()).then_some(text);
            }
            _ => return None,
        };
    }
    None
}

/// The names of an author or publisher, as plain text.
pub(super) fn names(value: &Value, by_id: &NodesById<'_>) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![(value, 0)];
    while let Some((value, depth)) = open.pop() {
        if found.len() > MOST_VALUES || depth > DEEPEST {
            break;
        }
        match value {
            Value::Array(values) => open.extend(values.iter().rev().map(|value| (value, depth + 1))),
            Value::String(name) => found.push(plain_text(name)),
            Value::Object(node) => {
                // The name of the node itself, else of the node that it refers to.
                let named = node.get("name").or_else(|| by_id.get(node.get("@id")?.as_str()?)?.get("name"));
                if let Some(name @ (Value::String(_) | Value::Array(_))) = named {
                    open.push((name, depth + 1));
                } else {
                    let part = |key: &str| node.get(key).and_then(text);
                    let whole = [part("givenName"), part("familyName")];
                    let whole: Vec<String> = whole.into_iter().flatten().collect();
                    if !whole.is_empty() {
                        found.push(whole.join(" "));
                    }
                }
            }
            _ => {}
        }
    }
    found.retain(|name| !name.is_empty());
    found
}

/// The URLs of images, each with the size that its `ImageObject` has.
pub(super) fn images(value: &Value, by_id: &NodesById<'_>) -> Vec<(String, ImageSize)> {
    let mut found = Vec::new();
    let mut open = vec![(value, ImageSize::default(), 0)];
    while let Some((value, size, depth)) = open.pop() {
        if found.len() > MOST_VALUES || depth > DEEPEST {
            break;
        }
        match value {
            Value::Array(values) => {
                open.extend(values.iter().rev().map(|value| (value, size, depth + 1)));
            }
            Value::String(url) => found.push((url.trim().to_owned(), size)),
            Value::Object(node) => {
                // Its own file, else that of the node it refers to, else its `@id`, which may be the URL of the file.
                let id = node.get("@id");
                let referred = || by_id.get(id?.as_str()?).copied();
                let own = image_url(node).map(|url| (url, node));
                let found = own.or_else(|| referred().and_then(|node| Some((image_url(node)?, node))));
                if let Some((url, node)) = found {
                    open.push((url, size_of(node), depth + 1));
                } else if let Some(id) = id {
                    open.push((id, size_of(node), depth + 1));
                }
            }
            _ => {}
        }
    }
    found
}

/// The URL of an `ImageObject`.
fn image_url(node: &JsonLdNode) -> Option<&Value> {
    node.get("url").or_else(|| node.get("contentUrl"))
}

/// `width` and `height`: numbers, texts such as `1200px`, or a `QuantitativeValue`.
fn size_of(node: &JsonLdNode) -> ImageSize {
    let side = |name| {
        let value = node.get(name)?;
        let value = value.get("value").unwrap_or(value);
        match value {
            Value::Number(number) => pixels(&number.to_string()),
            Value::String(text) => pixels(text),
            _ => None,
        }
    };
    ImageSize { width: side("width"), height: side("height") }
}
