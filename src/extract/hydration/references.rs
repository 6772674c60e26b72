//! Resolves references in hydration JSON, whose parts name each other instead of holding each other.
//!
//! Apollo keeps every object once, under its id, and writes `{"__ref": "Article:7"}` where it belongs (before version 3
//! `{"type": "id", "id": "Article:7"}`). Nuxt 3 writes one flat list (`devalue`): objects and lists hold positions in it.
//! Either can refer to itself or repeat a part without end, so what is resolved is limited.

use std::cell::Cell;
use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

/// References of one page that are followed.
const MOST_FOLLOWED: usize = 20_000;

/// Values of a flat list that are copied, and bytes of their strings.
const MOST_COPIED: usize = 100_000;
const MOST_COPIED_BYTES: usize = 8 << 20;

/// Depth to which a flat list is resolved.
const DEEPEST: usize = 64;

/// The objects of an Apollo cache that something in it refers to, by id.
pub(super) struct ApolloCache<'v> {
    by_id: HashMap<&'v str, &'v Value>,
    /// References that may still be followed.
    left: Cell<usize>,
}

impl<'v> ApolloCache<'v> {
    /// Finds the objects wherever they are in a value.
    pub(super) fn of(value: &'v Value) -> Self {
        let mut named: HashSet<&str> = HashSet::new();
        each_object(value, |fields| named.extend(referenced_id(fields)));
        let mut by_id = HashMap::new();
        if !named.is_empty() {
            each_object(value, |fields| {
                for (id, value) in fields {
                    let is_object = value.as_object().is_some_and(|fields| referenced_id(fields).is_none());
                    if is_object && named.contains(id.as_str()) {
                        by_id.entry(id.as_str()).or_insert(value);
                    }
                }
            });
        }
        Self { by_id, left: Cell::new(MOST_FOLLOWED) }
    }

    /// The object that a value refers to; none if it is no reference, or too many were followed.
    pub(super) fn follow(&self, value: &Value) -> Option<&'v Value> {
        let target = *self.by_id.get(referenced_id(value.as_object()?)?)?;
        self.left.set(self.left.get().checked_sub(1)?);
        Some(target)
    }
}

/// The id in an object that is nothing but a reference.
fn referenced_id(fields: &Map<String, Value>) -> Option<&str> {
    if fields.len() > 4 {
        return None;
    }
    let is_old = || fields.get("type").and_then(Value::as_str) == Some("id");
    match fields.get("__ref") {
        Some(id) => id.as_str(),
        None if is_old() => fields.get("id")?.as_str(),
        None => None,
    }
}

fn each_object<'v>(value: &'v Value, mut visit: impl FnMut(&'v Map<String, Value>)) {
    let mut open = vec![value];
    while let Some(value) = open.pop() {
        match value {
            Value::Array(values) => open.extend(values),
            Value::Object(fields) => {
                visit(fields);
                open.extend(fields.values());
            }
            _ => {}
        }
    }
}

/// The value that a flat list stands for; none for any other value.
pub(super) fn resolve_flat_list(value: &Value) -> Option<Value> {
    let list = value.as_array().filter(|list| is_flat_list(list))?;
    let mut resolver = FlatListResolver {
        list,
        open: HashSet::new(),
        values_left: MOST_COPIED,
        bytes_left: MOST_COPIED_BYTES,
    };
    Some(resolver.value_at(0))
}

/// True if a list begins with its root, and all lists and objects in it hold positions only.
fn is_flat_list(list: &[Value]) -> bool {
    // Negative positions stand for `undefined`, `NaN` and the like.
    let is_position =
        |value: &Value| value.as_i64().is_some_and(|at| at < i64::try_from(list.len()).unwrap_or(i64::MAX));
    let is_flat = |value: &Value| match value {
        Value::Array(values) => match values.split_first() {
            // The name of a type before its parts; dates and big numbers have text there.
            Some((Value::String(_), parts)) => parts.iter().all(|part| part.is_string() || is_position(part)),
            _ => values.iter().all(is_position),
        },
        Value::Object(fields) => fields.values().all(is_position),
        _ => true,
    };
    let is_root = |value: &Value| value.is_array() || value.is_object();
    list.len() > 1 && list.first().is_some_and(is_root) && list.iter().all(is_flat)
}

struct FlatListResolver<'v> {
    list: &'v [Value],
    /// Positions that are being resolved.
    open: HashSet<usize>,
    values_left: usize,
    bytes_left: usize,
}

impl FlatListResolver<'_> {
    /// The value at a position; null if it contains itself, or a limit is reached.
    fn value_at(&mut self, at: usize) -> Value {
        let Some(value) = self.list.get(at) else {
            return Value::Null;
        };
        let bytes = value.as_str().map_or(0, str::len);
        if self.values_left == 0
            || self.bytes_left < bytes
            || self.open.len() > DEEPEST
            || !self.open.insert(at)
        {
            return Value::Null;
        }
        self.values_left -= 1;
        self.bytes_left -= bytes;
        let resolved = match value {
            Value::Array(values) => match values.split_first() {
                // One part: a reactive value. Several: a set, or keys and values of a map in turn.
                Some((Value::String(_), [part])) => self.resolve(part),
                Some((Value::String(_), parts)) => self.resolve_all(parts),
                _ => self.resolve_all(values),
            },
            Value::Object(fields) => {
                let fields = fields.iter().map(|(name, at)| (name.clone(), self.resolve(at)));
                Value::Object(fields.collect())
            }
            plain => plain.clone(),
        };
        self.open.remove(&at);
        resolved
    }

    fn resolve_all(&mut self, positions: &[Value]) -> Value {
        positions.iter().map(|at| self.resolve(at)).collect()
    }

    fn resolve(&mut self, position: &Value) -> Value {
        let at = position.as_u64().and_then(|at| usize::try_from(at).ok());
        at.map_or(Value::Null, |at| self.value_at(at))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_flat_list_is_resolve_flat_list() {
        let flat = json!([
            ["ShallowReactive", 1],
            {"title": 2, "rows": 3, "at": 6, "none": -1},
            "A title",
            [4, 5],
            "one",
            7,
            ["Date", "2026-11-24T00:00:00.000Z"]
        ]);
        let whole = json!({"title": "A title", "rows": ["one", 7], "at": null, "none": null});
        assert_eq!(resolve_flat_list(&flat), Some(whole));
        for plain in
            [json!([[1], {"a": "b"}]), json!(["a", "b"]), json!([]), json!({"a": 1}), json!([[1, 9], 2])]
        {
            assert_eq!(resolve_flat_list(&plain), None, "{plain}");
        }
    }

    #[test]
    fn what_names_itself_comes_to_an_end() {
        assert_eq!(resolve_flat_list(&json!([{"a": 1}, [0, 0]])), Some(json!({"a": [null, null]})));
        // Twice as much with each step.
        let mut list: Vec<Value> = (1..60).map(|next| json!([next, next])).collect();
        list.push(json!("end"));
        assert!(resolve_flat_list(&Value::Array(list)).is_some());
        let cache = json!({"A": {"b": {"__ref": "A"}}});
        let cache = ApolloCache::of(&cache);
        let itself = json!({"__ref": "A"});
        let followed = (0..=MOST_FOLLOWED).take_while(|_| cache.follow(&itself).is_some()).count();
        assert_eq!(followed, MOST_FOLLOWED);
        assert_eq!(cache.follow(&json!({"__ref": "B"})), None);
    }
}
