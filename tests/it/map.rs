//! The documents about the code are true: their links lead somewhere, the files, types and tests they name exist, and
//! every promise (P1…, H1…) names its tests.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Files below a folder with that ending, relative to the repository.
fn files(folder: &str, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![root().join(folder)];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Every document of the repository: its path and its text without fenced blocks.
fn documents() -> Vec<(PathBuf, String)> {
    let mut paths = files("docs", "md");
    for entry in fs::read_dir(root()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "md") {
            paths.push(path);
        }
    }
    let fenced = Regex::new("(?ms)^ *```.*?^ *```").unwrap();
    paths
        .into_iter()
        .map(|path| {
            let text = fs::read_to_string(&path).unwrap();
            (path, fenced.replace_all(&text, "").into_owned())
        })
        .collect()
}

/// What stands between backticks.
fn code_spans(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

fn sources() -> String {
    let paths = files("src", "rs").into_iter().chain(files("tests", "rs"));
    paths.map(|path| fs::read_to_string(path).unwrap()).collect()
}

#[test]
fn links_between_documents_lead_somewhere() {
    let link = Regex::new(r"\]\(([^)\s]+)\)").unwrap();
    let heading = Regex::new(r"(?m)^#+ +(.*)$").unwrap();
    let mut followed = 0;
    for (path, text) in documents() {
        for found in link.captures_iter(&text) {
            let target = &found[1];
            if target.starts_with("http://") || target.starts_with("https://") {
                continue;
            }
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let file = if file.is_empty() { path.clone() } else { path.parent().unwrap().join(file) };
            assert!(file.exists(), "{}: the link {target} leads nowhere", path.display());
            if !anchor.is_empty() {
                let other = fs::read_to_string(&file).unwrap();
                let known = heading.captures_iter(&other).any(|heading| {
                    let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
                    let slug: String = heading[1].to_lowercase().chars().filter(kept).collect();
                    slug.replace(' ', "-") == anchor
                });
                assert!(known, "{}: {target}: there is no such heading", path.display());
            }
            followed += 1;
        }
    }
    assert!(followed > 40, "{followed} links");
}

#[test]
fn files_that_documents_name_exist() {
    let mut named = 0;
    for (path, text) in documents() {
        for span in code_spans(&text) {
            let is_path = ["src/", "tests/", "benches/", "examples/", "docs/", "config/", ".ci/", "systemd/"]
                .iter()
                .any(|folder| span.starts_with(folder));
            // NAME and HOST stand for the reader's own.
            if !is_path || span.contains(['*', ' ']) || span.contains("NAME") || span.contains("HOST") {
                continue;
            }
            let file = span.split(':').next().unwrap();
            assert!(root().join(file).exists(), "{}: there is no `{span}`", path.display());
            named += 1;
        }
    }
    assert!(named > 20, "{named} files");
}

#[test]
fn types_that_the_architecture_names_exist() {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let code = sources();
    let name = Regex::new(r"^[A-Z][a-z]+(?:[A-Z][a-z]+)+$|^[A-Z][a-zA-Z]+::[a-z_]+$").unwrap();
    let mut known = 0;
    for span in code_spans(&text).filter(|span| name.is_match(span)) {
        let defined = match span.split_once("::") {
            None => Regex::new(&format!(r"\b(?:struct|enum|trait|type) {span}\b")),
            Some((_, function)) => Regex::new(&format!(r"\bfn {function}\b")),
        };
        assert!(defined.unwrap().is_match(&code), "ARCHITECTURE.md: there is no `{span}`");
        known += 1;
    }
    assert!(known > 8, "{known} types");
}

#[test]
fn every_promise_names_its_tests_and_every_such_test_is_named() {
    let test = Regex::new(r"\bfn ((?:[ph]\d\d_)+\w+)\(").unwrap();
    let number = Regex::new(r"(?:^|_)([ph]\d\d)(?:_|$)").unwrap();
    let prefix = Regex::new(r"^(?:[ph]\d\d_)+").unwrap();
    let mut tests: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for name in test.captures_iter(&sources()) {
        let numbers = prefix.find(&name[1]).unwrap().as_str().trim_end_matches('_').split('_');
        for number in numbers {
            tests.entry(number.to_owned()).or_default().insert(name[1].to_owned());
        }
    }
    for (file, letter) in [("docs/politeness.md", "p"), ("docs/threats.md", "h")] {
        let text = fs::read_to_string(root().join(file)).unwrap();
        let mut promises: BTreeMap<u32, BTreeSet<String>> = BTreeMap::new();
        for part in text.split("\n- **").skip(1) {
            let Some((head, rest)) = part.split_once("** ") else {
                continue;
            };
            let Some(digits) = head.strip_prefix(&letter.to_uppercase()) else {
                continue;
            };
            let own = code_spans(rest).filter(|span| number.is_match(span)).map(str::to_owned);
            promises.insert(digits.parse().unwrap(), own.collect());
        }
        let last = u32::try_from(promises.len()).unwrap();
        assert!(promises.keys().copied().eq(1..=last), "{file}: a number is left out: {:?}", promises.keys());
        for (promise, named) in &promises {
            let known = tests.remove(&format!("{letter}{promise:02}")).unwrap_or_default();
            assert!(!known.is_empty(), "{file}: there is no test for {letter}{promise:02}");
            assert_eq!(*named, known, "{file}: the tests of {letter}{promise:02} are others");
        }
        assert!(last >= 30, "{file}: {last} promises");
    }
    assert!(tests.is_empty(), "tests of promises that no document makes: {tests:?}");
}

/// One word means one thing: a type's name is defined once in all of the production code.
#[test]
fn no_type_name_is_defined_twice() {
    // Those within macros and functions are indented; an indented `type` is of a trait.
    let definition = Regex::new(
        r"(?m)^(?: *(?:pub(?:\([^)]*\))? )?(?:struct|enum|trait)|(?:pub(?:\([^)]*\))? )?type) (\w+)",
    )
    .unwrap();
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for path in files("src", "rs") {
        let inside = path.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
        if inside.contains("/tests") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let production = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
        for found in definition.captures_iter(production) {
            places.entry(found[1].to_owned()).or_default().push(inside.clone());
        }
    }
    places.retain(|_, places| places.len() > 1);
    assert!(places.is_empty(), "type names that are defined more than once:\n{places:#?}");
}

/// The table of rooms in ARCHITECTURE.md says what the test of layers enforces.
#[test]
fn the_rooms_of_the_architecture_are_those_of_the_layers() {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let row = Regex::new(r"(?m)^\| `(\w+)` \| .* \| ([a-z_ –]+) \|$").unwrap();
    let drawn: BTreeMap<&str, &str> = row
        .captures_iter(&text)
        .map(|row| (row.get(1).unwrap().as_str(), row.get(2).unwrap().as_str()))
        .collect();
    let enforced = crate::layers::MAY_IMPORT
        .iter()
        .filter(|(room, _)| *room != "main")
        .map(|(room, imports)| {
            let imports = match *imports {
                "" => "–",
                "*" => "all",
                some => some,
            };
            (*room, imports)
        })
        .collect();
    assert_eq!(drawn, enforced);
}
