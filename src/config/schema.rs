//! The JSON Schema of a configuration, for editors.
//!
//! It is made from `config/cuttings.toml`: the comment above a key is its description, its value the type and default. A
//! test checks that the file has every key.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

/// The file that documents every key.
const SHIPPED: &str = include_str!("../../config/cuttings.toml");

/// A key as the file documents it.
struct DocumentedKey {
    section: String,
    /// The section is written in double brackets.
    many: bool,
    key: String,
    value: toml::Value,
    /// Not commented out: the value is the default.
    set: bool,
    text: String,
}

/// The schema (JSON Schema 2020-12).
pub fn schema() -> Value {
    let shown = shown(SHIPPED);
    let section = |name: &str| -> Map<String, Value> {
        shown
            .iter()
            .filter(|shown| shown.section == name)
            .map(|shown| (shown.key.clone(), property(shown)))
            .collect()
    };
    let table = |properties: Map<String, Value>| json!({"type": "object", "additionalProperties": false, "properties": properties});
    let list = |of: Value| json!({"type": "array", "items": of});
    // A section that is written in double brackets may be there many times.
    let kind = |name: &str| {
        let properties = section(name);
        let many = shown.iter().any(|shown| shown.section == name && shown.many);
        if many { list(table(properties)) } else { table(properties) }
    };
    let article = section("source.article");
    let mut rules = article.clone();
    rules.extend(section("source.rules"));
    let mut defaults = section("defaults");
    // What a source says itself: all of [defaults], and what only one source can have.
    let mut source = defaults.clone();
    for (key, own) in section("source") {
        source.entry(key).or_insert(own);
    }
    // `every = "1h"` of the example is no default.
    for property in source.values_mut() {
        if let Some(property) = property.as_object_mut() {
            property.remove("default");
        }
    }
    let names: BTreeSet<&str> = shown.iter().map(|shown| shown.section.as_str()).collect();
    for name in names.iter().filter_map(|name| name.strip_prefix("source.")) {
        source.insert(name.into(), kind(&format!("source.{name}")));
    }
    defaults.insert("article".into(), json!({"$ref": "#/$defs/article"}));
    source.insert("article".into(), json!({"$ref": "#/$defs/article"}));
    source.insert("rules".into(), list(table(rules)));
    let mut source = table(source);
    if let Some(source) = source.as_object_mut() {
        source.insert("required".into(), json!(["name"]));
    }
    let mut top = section("");
    for name in names.iter().filter(|name| !name.is_empty() && !name.contains('.')) {
        top.insert((*name).into(), kind(name));
    }
    top.insert("defaults".into(), table(defaults));
    top.insert("source".into(), list(source));
    let mut schema = table(top);
    if let Some(schema) = schema.as_object_mut() {
        schema.insert("$schema".into(), json!("https://json-schema.org/draft/2020-12/schema"));
        schema.insert("title".into(), json!("Configuration of cuttings"));
        schema.insert("$defs".into(), json!({"article": table(article)}));
    }
    schema
}

/// Reads the keys, also those that are commented out.
fn shown(text: &str) -> Vec<DocumentedKey> {
    let mut found = Vec::new();
    let (mut section, mut many, mut above) = (String::new(), false, Vec::new());
    for line in text.lines() {
        let bare = line.strip_prefix('#').unwrap_or(line);
        if let Some(comment) = line.strip_prefix("# ") {
            above.push(comment);
        } else if bare.starts_with('[') {
            bare.trim_matches(['[', ']']).clone_into(&mut section);
            many = bare.starts_with("[[");
            above.clear();
        } else if let Some((key, value)) = bare.split_once(" = ").and_then(|(key, _)| {
            let parsed: toml::Table = bare.parse().ok()?;
            let value = parsed.get(key)?.clone();
            Some((key, value))
        }) {
            found.push(DocumentedKey {
                section: section.clone(),
                many,
                key: key.to_owned(),
                value,
                set: !line.starts_with('#'),
                text: above.join(" "),
            });
            above.clear();
        } else {
            above.clear();
        }
    }
    found
}

/// Sizes are also plain numbers of bytes.
const SIZES: [&str; 2] = ["max_feed", "max_page"];

fn property(shown: &DocumentedKey) -> Value {
    let selector = matches!(shown.section.as_str(), "source.article" | "source.rules");
    let mut types = match &shown.value {
        toml::Value::String(_) if SIZES.contains(&shown.key.as_str()) => json!(["string", "integer"]),
        toml::Value::Datetime(_) => json!("string"),
        // A selector may be a list of them, or a table; a list of texts may be one text.
        _ if selector => json!(["string", "array", "object"]),
        toml::Value::String(_) => json!("string"),
        toml::Value::Integer(_) => json!("integer"),
        toml::Value::Float(_) => json!("number"),
        toml::Value::Boolean(_) => json!("boolean"),
        toml::Value::Array(_) => json!(["string", "array"]),
        toml::Value::Table(_) => json!(["string", "array", "object"]),
    };
    let mut property = Map::new();
    property.insert("type".into(), types.take());
    if !shown.text.is_empty() {
        property.insert("description".into(), json!(shown.text));
    }
    if shown.set {
        property.insert("default".into(), json!(shown.value));
    } else {
        property.insert("examples".into(), json!([shown.value]));
    }
    Value::Object(property)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::keys;

    /// What of `value` the schema does not allow: the part of JSON Schema that the schema uses.
    fn objections(value: &toml::Value, schema: &Value, root: &Value, at: &str, found: &mut Vec<String>) {
        let schema = match schema["$ref"].as_str() {
            Some(path) => root.pointer(path.trim_start_matches('#')).unwrap(),
            None => schema,
        };
        let kind = match value {
            toml::Value::String(_) | toml::Value::Datetime(_) => "string",
            toml::Value::Integer(_) => "integer",
            toml::Value::Float(_) => "number",
            toml::Value::Boolean(_) => "boolean",
            toml::Value::Array(_) => "array",
            toml::Value::Table(_) => "object",
        };
        let allowed = match &schema["type"] {
            Value::String(one) => one == kind,
            Value::Array(some) => some.contains(&json!(kind)),
            _ => false,
        };
        if !allowed {
            found.push(format!("{at} is of type {kind}"));
        }
        if let (Some(table), Some(known)) = (value.as_table(), schema["properties"].as_object()) {
            for (key, value) in table {
                match known.get(key) {
                    Some(schema) => objections(value, schema, root, &format!("{at}.{key}"), found),
                    None => found.push(format!("{at}.{key} is unknown")),
                }
            }
            for key in schema["required"].as_array().into_iter().flatten() {
                if !table.contains_key(key.as_str().unwrap()) {
                    found.push(format!("{at}.{key} is missing"));
                }
            }
        }
        if let (Some(list), Some(items)) = (value.as_array(), schema.get("items")) {
            for (index, value) in list.iter().enumerate() {
                objections(value, items, root, &format!("{at}[{index}]"), found);
            }
        }
    }

    fn judge(text: &str) -> Vec<String> {
        let (schema, mut found) = (schema(), Vec::new());
        let value = toml::Value::Table(text.parse().unwrap());
        objections(&value, &schema, &schema, "", &mut found);
        found
    }

    #[test]
    fn the_schema_accepts_what_is_shipped_and_shown_and_refuses_what_is_not() {
        assert_eq!(judge(SHIPPED), [""; 0]);
        let readme = include_str!("../../README.md");
        let toml = readme.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
        assert_eq!(judge(toml), [""; 0]);
        let all = "[[source]]\nname = 'a'\nfeed = 'https://a.example'\nevery = '1h'\n[source.article]\ntitle = ['h1']\n\
                   [[source.rules]]\nvalid_until = 2026-01-01\nbody = { select = 'p' }\n[[source.test]]\nurl = 'u'\ncontains = 'c'\n";
        assert_eq!(judge(all), [""; 0]);
        assert_eq!(
            judge("[fetch]\nmax_feeds = 1\n[[source]]\nfeed = 7\n"),
            [
                ".fetch.max_feeds is unknown", ".source[0].feed is of type integer",
                ".source[0].\"name\" is missing"
            ]
        );
    }

    #[test]
    fn every_key_is_in_the_schema_with_a_type_and_most_with_words() {
        let schema = schema();
        let source = &schema["properties"]["source"]["items"]["properties"];
        for (keys, properties) in [
            (&keys::TOP, &schema["properties"]),
            (&keys::DAEMON, &schema["properties"]["daemon"]["properties"]),
            (&keys::POLITENESS, &schema["properties"]["politeness"]["properties"]),
            (&keys::FETCH, &schema["properties"]["fetch"]["properties"]),
            (&keys::METRICS, &schema["properties"]["metrics"]["properties"]),
            (&keys::SOURCE, source),
            (&keys::ARTICLE, &schema["$defs"]["article"]["properties"]),
            (&keys::TEST, &source["test"]["items"]["properties"]),
        ] {
            for key in keys.all() {
                assert!(properties[key].is_object(), "{key} of {}", keys.section);
            }
        }
        assert_eq!(schema["properties"]["fetch"]["properties"]["idle_timeout"]["default"], "20s");
        let text = schema["properties"]["politeness"]["properties"]["host_gap"]["description"].as_str();
        assert!(text.unwrap().starts_with("Least time between two requests"), "{text:?}");
    }
}
