//! JSON whose parts name each other instead of holding each other, as caches of frameworks write it.
//!
//! Apollo keeps every object once, under its id, and writes `{"__ref": "Article:7"}` where it belongs (before version 3
//! `{"type": "id", "id": "Article:7"}`). Nuxt 3 writes one flat list (`devalue`): objects and lists hold positions in it.

use std::cell::Cell;
use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

/// References that are followed on one page, and parts that are put together: a cache may name itself without end.
const MOST_FOLLOWED: usize = 20_000;
const MOST_PARTS: usize = 100_000;

/// Lists and objects within one another that are put together.
const DEEPEST: usize = 64;

/// Objects by the ids that others name them by.
pub(super) struct Cache<'v> {
    by_id: HashMap<&'v str, &'v Value>,
    left: Cell<usize>,
}

impl<'v> Cache<'v> {
    /// The objects of a value that something in it refers to.
    pub(super) fn of(value: &'v Value) -> Self {
        let mut named: HashSet<&str> = HashSet::new();
        each_object(value, |fields| named.extend(reference(fields)));
        let mut by_id = HashMap::new();
        if !named.is_empty() {
            each_object(value, |fields| {
                for (id, value) in fields {
                    let is_kept = value
                        .as_object()
                        .is_some_and(|fields| reference(fields).is_none());
                    if is_kept && named.contains(id.as_str()) {
                        by_id.entry(id.as_str()).or_insert(value);
                    }
                }
            });
        }
        Self {
            by_id,
            left: Cell::new(MOST_FOLLOWED),
        }
    }

    /// What a value stands for, where it is a reference.
    pub(super) fn follow(&self, value: &Value) -> Option<&'v Value> {
        let target = *self.by_id.get(reference(value.as_object()?)?)?;
        self.left.set(self.left.get().checked_sub(1)?);
        Some(target)
    }
}

/// The id that an object refers to, where it is nothing but a reference.
fn reference(fields: &Map<String, Value>) -> Option<&str> {
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

/// The value that a flat list stands for; none where it is no such list.
pub(super) fn put_together(value: &Value) -> Option<Value> {
    let list = value.as_array().filter(|list| is_flat(list))?;
    let mut parts = Parts {
        list,
        open: HashSet::new(),
        left: MOST_PARTS,
    };
    Some(parts.part(0))
}

/// Whether a list begins with its root, and all its lists and objects hold positions in it only.
fn is_flat(list: &[Value]) -> bool {
    // What is below 0 stands for `undefined`, `NaN` and the like.
    let is_position = |value: &Value| {
        value
            .as_i64()
            .is_some_and(|at| at < i64::try_from(list.len()).unwrap_or(i64::MAX))
    };
    let is_flat = |value: &Value| match value {
        Value::Array(values) => match values.split_first() {
            // The name of a kind before its parts; dates and big numbers have text there.
            Some((Value::String(_), parts)) => parts.iter().all(|part| part.is_string() || is_position(part)),
            _ => values.iter().all(is_position),
        },
        Value::Object(fields) => fields.values().all(is_position),
        _ => true,
    };
    let is_root = |value: &Value| value.is_array() || value.is_object();
    list.len() > 1 && list.first().is_some_and(is_root) && list.iter().all(is_flat)
}

struct Parts<'v> {
    list: &'v [Value],
    /// Positions we are in.
    open: HashSet<usize>,
    left: usize,
}

impl Parts<'_> {
    /// The value at a position; null where it holds itself, or is too much.
    fn part(&mut self, at: usize) -> Value {
        let Some(value) = self.list.get(at) else {
            return Value::Null;
        };
        if self.left == 0 || self.open.len() > DEEPEST || !self.open.insert(at) {
            return Value::Null;
        }
        self.left -= 1;
        let whole = match value {
            Value::Array(values) => match values.split_first() {
                // One part: what is reactive. Several: a set, or keys and values of a map in turn.
                Some((Value::String(_), parts)) => match parts {
                    [one] => self.at(one),
                    several => self.all(several),
                },
                _ => self.all(values),
            },
            Value::Object(fields) => {
                let fields = fields.iter().map(|(name, at)| (name.clone(), self.at(at)));
                Value::Object(fields.collect())
            }
            plain => plain.clone(),
        };
        self.open.remove(&at);
        whole
    }

    fn all(&mut self, positions: &[Value]) -> Value {
        positions.iter().map(|at| self.at(at)).collect()
    }

    fn at(&mut self, position: &Value) -> Value {
        let at = position.as_u64().and_then(|at| usize::try_from(at).ok());
        at.map_or(Value::Null, |at| self.part(at))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_flat_list_is_put_together() {
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
        assert_eq!(put_together(&flat), Some(whole));
        for plain in [
            json!([[1], {"a": "b"}]),
            json!(["a", "b"]),
            json!([]),
            json!({"a": 1}),
            json!([[1, 9], 2]),
        ] {
            assert_eq!(put_together(&plain), None, "{plain}");
        }
    }

    #[test]
    fn what_names_itself_comes_to_an_end() {
        assert_eq!(
            put_together(&json!([{"a": 1}, [0, 0]])),
            Some(json!({"a": [null, null]}))
        );
        // Twice as much with each step.
        let mut list: Vec<Value> = (1..60).map(|next| json!([next, next])).collect();
        list.push(json!("end"));
        assert!(put_together(&Value::Array(list)).is_some());
        let cache = json!({"A": {"b": {"__ref": "A"}}});
        let cache = Cache::of(&cache);
        let itself = json!({"__ref": "A"});
        let followed = (0..=MOST_FOLLOWED)
            .take_while(|_| cache.follow(&itself).is_some())
            .count();
        assert_eq!(followed, MOST_FOLLOWED);
        assert_eq!(cache.follow(&json!({"__ref": "B"})), None);
    }
}
