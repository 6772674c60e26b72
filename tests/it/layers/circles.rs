//! Groups of modules that import each other in a circle.
//!
//! A module imports another if its code names a path into it. A `pub use` is no import: it is a door, and a path through
//! it leads to the module that defines the item.

use std::collections::{BTreeMap, BTreeSet};

/// `["fetch", "robots", "rules"]` is `src/fetch/robots/rules.rs`.
type Module = Vec<String>;

/// The circles among modules, given their production code: each a sorted list of paths such as `fetch/robots/rules`.
pub(super) fn circles(code: &BTreeMap<Module, String>) -> Vec<Vec<String>> {
    groups(&imports(code))
        .into_iter()
        .map(|group| group.iter().map(|module| module.join("/")).collect())
        .collect()
}

/// The circles of a graph: sets of nodes that reach each other, smallest node first. O(nodes × edges).
pub(super) fn groups<N: Ord + Clone>(edges: &BTreeMap<N, BTreeSet<N>>) -> Vec<Vec<N>> {
    let reached: BTreeMap<&N, BTreeSet<&N>> = edges
        .keys()
        .map(|from| {
            let mut seen = BTreeSet::new();
            let mut open = vec![from];
            while let Some(node) = open.pop() {
                open.extend(edges.get(node).into_iter().flatten().filter(|to| seen.insert(*to)));
            }
            (from, seen)
        })
        .collect();
    let reaches = |from: &N, to: &N| reached.get(from).is_some_and(|seen| seen.contains(to));
    let mut found: Vec<Vec<N>> = Vec::new();
    for node in edges.keys() {
        if reaches(node, node) && !found.iter().flatten().any(|known| known == node) {
            let group = edges.keys().filter(|other| reaches(node, other) && reaches(other, node));
            found.push(group.cloned().collect());
        }
    }
    found
}

fn imports(code: &BTreeMap<Module, String>) -> BTreeMap<Module, BTreeSet<Module>> {
    let split: BTreeMap<&Module, Statements> =
        code.iter().map(|(module, code)| (module, Statements::of(code))).collect();
    let mut doors = BTreeMap::new();
    for (module, statements) in &split {
        for path in &statements.re_exports {
            if let Some((target, rest)) = resolve(code, module, path)
                && let Some(name) = rest.first()
            {
                doors.insert(((*module).clone(), name.clone()), target);
            }
        }
    }
    let targets = |module: &Module, statements: &Statements| {
        let mut targets = BTreeSet::new();
        for path in &statements.paths {
            let Some((mut target, rest)) = resolve(code, module, path) else {
                continue;
            };
            if let Some(name) = rest.first() {
                let mut passed = BTreeSet::new();
                while let Some(next) = doors.get(&(target.clone(), name.clone()))
                    && passed.insert(target.clone())
                {
                    target.clone_from(next);
                }
            }
            if target != *module && code.contains_key(&target) {
                targets.insert(target);
            }
        }
        targets
    };
    split.iter().map(|(module, statements)| ((*module).clone(), targets(module, statements))).collect()
}

/// The paths of a module's code.
#[derive(Default)]
struct Statements {
    /// Of `pub use` and `pub(…) use`.
    re_exports: Vec<Vec<String>>,
    /// Of `use`, and those in the code itself.
    paths: Vec<Vec<String>>,
}

impl Statements {
    fn of(code: &str) -> Self {
        let mut statements = Self::default();
        let mut rest = code;
        while let Some((before, tree, after)) = next_use(rest) {
            let before = before.trim_end();
            let is_public = before.ends_with("pub") || before.ends_with(')') && before.contains("pub(");
            let paths = if is_public { &mut statements.re_exports } else { &mut statements.paths };
            expand(tree, &[], paths);
            statements.paths.extend(written_paths(before));
            rest = after;
        }
        statements.paths.extend(written_paths(rest));
        statements
    }
}

/// What stands before the next `use`, its tree, and what follows its `;`.
fn next_use(code: &str) -> Option<(&str, &str, &str)> {
    let at = code
        .match_indices("use ")
        .map(|(at, _)| at)
        .find(|at| !code[..*at].ends_with(|c: char| c.is_alphanumeric() || c == '_'))?;
    let (tree, after) = code[at + "use ".len()..].split_once(';')?;
    Some((&code[..at], tree, after))
}

/// `a::{b as x, c::{d, self}}` gives `a::b`, `a::c::d`, `a::c`.
fn expand(tree: &str, base: &[String], paths: &mut Vec<Vec<String>>) {
    let (path, group) = match tree.split_once('{') {
        Some((path, group)) => (path, Some(group)),
        None => (tree, None),
    };
    let path = path.split_once(" as ").map_or(path, |(path, _)| path);
    let segments = path.split("::").map(str::trim).filter(|segment| !segment.is_empty());
    let mut whole = base.to_vec();
    whole.extend(segments.map(str::to_owned));
    let Some(group) = group else {
        if whole.len() > 1 && whole.last().is_some_and(|last| last == "self") {
            whole.pop();
        }
        if !whole.is_empty() {
            paths.push(whole);
        }
        return;
    };
    let (mut depth, mut begin) = (0_usize, 0);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                expand(group[begin..at].trim(), &whole, paths);
                begin = at + 1;
                if c == '}' {
                    return;
                }
            }
            _ => {}
        }
    }
}

/// The paths with at least two segments in code.
fn written_paths(code: &str) -> Vec<Vec<String>> {
    let mut paths = Vec::new();
    let mut before = ' ';
    let mut rest = code;
    while let Some(c) = rest.chars().next() {
        if c.is_alphanumeric() || c == '_' {
            let end = path_end(rest);
            let path: Vec<String> = rest[..end].split("::").map(str::to_owned).collect();
            if path.len() > 1 && !matches!(before, ':' | '.') {
                paths.push(path);
            }
            rest = &rest[end..];
            before = 'a';
        } else {
            rest = &rest[c.len_utf8()..];
            before = c;
        }
    }
    paths
}

/// Where the path that a text begins with ends.
fn path_end(text: &str) -> usize {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut end = 0;
    loop {
        end += text[end..].find(|c| !is_word(c)).unwrap_or(text.len() - end);
        match text[end..].strip_prefix("::") {
            Some(after) if after.starts_with(is_word) => end += 2,
            _ => return end,
        }
    }
}

/// The module that a path in `module` leads into, and what is left of the path there. `None`: it leads out of the crate.
fn resolve(
    code: &BTreeMap<Module, String>,
    module: &Module,
    path: &[String],
) -> Option<(Module, Vec<String>)> {
    let mut rest = path;
    let mut at = module.clone();
    match rest.first()?.as_str() {
        "crate" => {
            at.clear();
            rest = &rest[1..];
        }
        "self" => rest = &rest[1..],
        "super" => {
            while rest.first().is_some_and(|segment| segment == "super") {
                at.pop();
                rest = &rest[1..];
            }
        }
        child => {
            let child = [module.as_slice(), &[child.to_owned()]].concat();
            code.get(&child)?;
        }
    }
    while let Some(segment) = rest.first() {
        let child = [at.as_slice(), std::slice::from_ref(segment)].concat();
        if !code.contains_key(&child) {
            break;
        }
        at = child;
        rest = &rest[1..];
    }
    Some((at, rest.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(files: &[(&str, &str)]) -> Vec<Vec<String>> {
        let code = files
            .iter()
            .map(|(path, code)| (path.split('/').map(str::to_owned).collect(), (*code).to_owned()))
            .collect();
        circles(&code)
    }

    #[test]
    fn a_circle_of_three_is_found_however_its_paths_are_written() {
        let found = of(&[
            ("room", "mod a; mod b; mod c; pub use self::a::A;"),
            ("room/a", "use super::{b::{self, B as Other}, d};"),
            ("room/b", "fn f() -> crate::room::c::C { todo!() }"),
            ("room/c", "fn f(x: super::A) {}"),
            ("room/d", "use std::fmt; use super::super::link::key;"),
            ("link", "pub fn key() {}"),
        ]);
        assert_eq!(found, [["room/a", "room/b", "room/c"]]);
    }

    #[test]
    fn a_child_that_uses_items_of_its_parent_is_a_circle_with_it() {
        let files =
            [("room", "mod a; use a::f; struct Shared;"), ("room/a", "use super::Shared; pub fn f() {}")];
        assert_eq!(of(&files), [["room", "room/a"]]);
    }

    #[test]
    fn doors_and_what_they_lead_to_are_no_circle() {
        let found = of(&[
            ("room", "mod a; mod b; pub use self::a::A; pub(crate) use b::{B, f};"),
            ("room/a", "use super::B; pub struct A;"),
            ("room/b", "pub struct B; pub fn f() { other::room::f() }"),
            ("other", "use crate::room::{A, B};"),
        ]);
        assert_eq!(found, Vec::<Vec<String>>::new());
    }
}
