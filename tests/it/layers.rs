//! The layers of the crate: which room may import which, which may name which crate and touch which clock; and no files
//! that import each other in a circle.
//!
//! Reads the sources as text, without comments, strings and `#[cfg(test)]` items, and looks at every path that
//! begins with `crate::`, at `super::` paths that climb to the crate's root, and at a few outside names.

mod circles;
mod code;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use code::production_code;

/// Which rooms each room may import. `*`: all.
pub(crate) const MAY_IMPORT: &[(&str, &str)] = &[
    ("link", ""),
    ("html", ""),
    ("timing", ""),
    ("content_coding", ""),
    ("cpu", ""),
    ("program", ""),
    ("telemetry", ""),
    ("model", "link"),
    ("config", "html link timing"),
    ("identity", "config link model timing"),
    ("schedule", "config link model timing"),
    ("fetch", "config content_coding link model program timing"),
    ("feed", "config html link model timing"),
    ("extract", "config html link model timing"),
    ("store", "config content_coding cpu identity link model schedule timing"),
    ("probe", "extract feed html model"),
    ("field_choice", "extract model"),
    ("article_builder", "config fetch field_choice html identity link model schedule"),
    ("poll", "config cpu feed fetch identity link model probe schedule store"),
    ("collect", "article_builder config cpu extract fetch html identity link model probe schedule store"),
    ("export", "config html link model store"),
    ("deliver", "config export fetch html model program store"),
    ("daemon", "collect config deliver export fetch model poll store"),
    ("shapes", "config identity link model store"),
    ("cli", "*"),
    ("main", "*"),
];

/// Rooms that see no network, no clock and no file.
const PURE: &[&str] = &[
    "link", "timing", "html", "model", "identity", "schedule", "feed", "extract", "field_choice",
    "article_builder",
];

/// Names that only these modules may write.
const ONLY: &[(&str, &[&str])] = &[
    ("html5ever::", &["html"]),
    ("selectors::", &["html"]),
    ("scraper::", &["html"]),
    ("ammonia::", &["html"]),
    ("croner::", &["timing"]),
    ("reqwest::", &["fetch"]),
    ("feed_rs::", &["feed"]),
    ("quick_xml::", &["feed"]),
    ("rusqlite::", &["store"]),
    ("Utc::now", &["daemon", "cli", "main"]),
    ("Local::now", &[]),
    ("SystemTime::now", &["daemon", "cli", "main"]),
];

/// Names that no pure module may write.
const IMPURE: &[&str] = &[
    "fs::", "File::", "env::", "process::", "TcpStream", "TcpListener", "UdpSocket", "ToSocketAddrs",
    "Instant::now", "tokio::",
];

#[test]
fn rooms_import_only_what_they_may() {
    let rooms = rooms();
    let faults: Vec<String> =
        sources().iter().flat_map(|(file, text)| faults_of(file, text, &rooms)).collect();
    assert!(faults.is_empty(), "the layers are broken:\n{}", faults.join("\n"));
    let gone: Vec<&str> = MAY_IMPORT
        .iter()
        .flat_map(|(room, allowed)| allowed.split(' ').chain([*room]))
        .filter(|room| !["", "*", "main"].contains(room) && !rooms.contains(*room))
        .collect();
    assert!(gone.is_empty(), "MAY_IMPORT names rooms that are not there: {gone:?}");
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let code = sources().iter().map(|(file, text)| (module_path(file), production_code(text))).collect();
    let circles: Vec<String> = circles::circles(&code).into_iter().map(|circle| circle.join(", ")).collect();
    assert!(circles.is_empty(), "circles:\n{}", circles.join("\n"));
    let table = MAY_IMPORT.iter().map(|(room, allowed)| (*room, allowed.split(' ').collect())).collect();
    assert_eq!(circles::groups::<&str>(&table), Vec::<Vec<&str>>::new());
}

/// The sources, each with its path relative to `src`; files of tests left out.
fn sources() -> Vec<(String, String)> {
    let src = src();
    let mut files = Vec::new();
    collect(&src, &mut files);
    assert!(files.len() > 10, "no sources under {}", src.display());
    files
        .into_iter()
        .map(|file| {
            let inside = file.strip_prefix(&src).unwrap().to_string_lossy();
            (inside.replace('\\', "/"), std::fs::read_to_string(&file).unwrap())
        })
        .collect()
}

fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// The rooms, as they lie in `src`: so none can be forgotten here.
fn rooms() -> BTreeSet<String> {
    std::fs::read_dir(src())
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
        .filter(|name| !["lib", "main"].contains(&name.as_str()))
        .collect()
}

/// `store/mod.rs` is `["store"]`, `store/keys.rs` is `["store", "keys"]`.
fn module_path(file: &str) -> Vec<String> {
    let path = file.trim_end_matches(".rs");
    let path = path.strip_suffix("/mod").unwrap_or(path);
    path.split('/').map(str::to_owned).collect()
}

/// What a file, named relative to `src`, does that its module may not.
fn faults_of(file: &str, text: &str, rooms: &BTreeSet<String>) -> Vec<String> {
    let module = room_of(file);
    let code = production_code(text);
    let mut faults = Vec::new();
    match MAY_IMPORT.iter().find(|(name, _)| *name == module) {
        None if module == "lib" => {}
        None => faults.push(format!("src/{file}: room `{module}` is not in the table of MAY_IMPORT")),
        Some((_, "*")) => {}
        Some((_, allowed)) => {
            for other in imports(&code, depth_of(file)) {
                if other != module && rooms.contains(&other) && !allowed.split(' ').any(|room| room == other)
                {
                    faults.push(format!("src/{file}: `{module}` imports `{other}`"));
                }
            }
        }
    }
    for (name, modules) in ONLY {
        if mentions(&code, name) && !modules.contains(&module) {
            let allowed = modules.join(", ");
            faults.push(format!("src/{file}: `{module}` names `{name}`, which only [{allowed}] may"));
        }
    }
    if PURE.contains(&module) {
        for name in IMPURE.iter().filter(|name| mentions(&code, name)) {
            faults.push(format!("src/{file}: `{module}` is pure but names `{name}`"));
        }
    }
    faults
}

fn collect(folder: &Path, files: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            // A file of tests only is under `#[cfg(test)]` where it is declared.
            let of_tests = |part: &std::ffi::OsStr| part == "tests" || part == "tests.rs";
            if !path.iter().skip_while(|part| *part != "src").any(of_tests) {
                files.push(path);
            }
        }
    }
}

/// `store/writer.rs` and `store/mod.rs` and `store.rs` are `store`.
fn room_of(file: &str) -> &str {
    file.split('/').next().unwrap_or(file).trim_end_matches(".rs")
}

/// How many `super::` lead from a file to the crate's root.
fn depth_of(file: &str) -> usize {
    let parts = file.split('/').count();
    if file.ends_with("/mod.rs") { parts - 1 } else { parts }
}

/// First segments of all paths into the crate.
fn imports(code: &str, depth: usize) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        // `$crate` in a macro is the crate, too.
        if begins_a_word(code, at) && !code[..at].ends_with(':') {
            first_segments(&code[at + "crate::".len()..], &mut found);
        }
    }
    let root = "super::".repeat(depth);
    for (at, _) in code.match_indices(&root) {
        let rest = &code[at + root.len()..];
        if begins_a_word(code, at) && !code[..at].ends_with(':') && !rest.starts_with("super::") {
            first_segments(rest, &mut found);
        }
    }
    found
}

/// `a::b` gives `a`; `{a::b, c, d::{e}}` gives `a`, `c`, `d`.
fn first_segments(path: &str, found: &mut BTreeSet<String>) {
    let word = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let Some(group) = path.strip_prefix('{') else {
        found.insert(word(path));
        return;
    };
    let (mut depth, mut fresh) = (0_usize, true);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => return,
            '}' => depth -= 1,
            ',' if depth == 0 => fresh = true,
            c if fresh && !c.is_whitespace() => {
                found.insert(word(&group[at..]));
                fresh = false;
            }
            _ => {}
        }
    }
}

/// Whether a name is written, at whatever path: `chrono::Utc::now` is a `Utc::now`.
fn mentions(code: &str, name: &str) -> bool {
    let outside = name.strip_suffix("::");
    let path = code.match_indices(name).any(|(at, _)| begins_a_word(code, at));
    // `use scraper;` and `use scraper as x;`
    path || outside.is_some_and(|outside| {
        ["use ", "extern crate "].iter().any(|word| {
            code.match_indices(&format!("{word}{outside}")).any(|(at, found)| {
                begins_a_word(code, at) && code[at + found.len()..].starts_with([';', ' '])
            })
        })
    })
}

fn begins_a_word(code: &str, at: usize) -> bool {
    !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_')
}

#[test]
fn a_broken_plan_is_reported() {
    let rooms = rooms();
    let fault = |file: &str, text: &str| faults_of(file, text, &rooms).join("; ");
    assert_eq!(fault("link.rs", "use crate::model::Entry;"), "src/link.rs: `link` imports `model`");
    assert!(fault("store/writer.rs", "fn f() { crate::fetch::get() }").contains("imports `fetch`"));
    assert!(
        fault("export/jsonl.rs", "use crate::{\n model::{Entry, Key},\n feed::parse,\n};").contains("`feed`")
    );
    assert!(fault("feed/mod.rs", "use super::store::Store;").contains("imports `store`"));
    assert!(fault("feed/tidy.rs", "pub use super::super::fetch;").contains("imports `fetch`"));
    assert!(fault("extract/mod.rs", "use scraper::Html;").contains("names `scraper::`"));
    assert!(fault("cli/try.rs", "use rusqlite as sql;").contains("names `rusqlite::`"));
    assert!(fault("poll.rs", "let now = chrono::Utc::now();").contains("names `Utc::now`"));
    assert!(fault("store/mod.rs", "use chrono::Utc;\nlet now = Utc::now();").contains("names `Utc::now`"));
    assert!(fault("html/text.rs", "let s = std::fs::read(p);").contains("is pure but names `fs::`"));
    assert!(fault("feed/mod.rs", "use std::{fs, io};\nfs::read(p)").contains("is pure but names `fs::`"));
    assert!(fault("schedule.rs", "let t = Instant::now();").contains("is pure"));
    assert!(fault("helpers.rs", "").contains("not in the table"));
    assert!(fault("html/text.rs", "use crate::cpu::permit;").contains("imports `cpu`"));
    assert!(fault("link.rs", "use crate::content_coding::listed;").contains("imports `content_coding`"));
}

#[test]
fn what_is_no_code_breaks_nothing() {
    for text in [
        "//! See [`crate::store`] and Utc::now().\n/* crate::store /* crate::feed */ crate::fetch */",
        "const A: &str = \"crate::store \\\" crate::fetch\"; const B: &str = r#\"crate::store \" std::fs\"#;",
        "const Q: char = '\"'; const R: char = '\\''; fn f<'a>(x: &'a str) {} // crate::store",
        "#[cfg(test)]\nmod tests { use crate::store::Store; fn f() { if true { std::fs::read(x) } } }",
        "#[cfg(test)]\nuse crate::store::Store;",
        "#[cfg(test)]\nmod tests;",
        "use my_crate::store; use crate::link; fn for_crate() {}",
        "fn mycroner() { not_scraper::x() }",
    ] {
        assert_eq!(faults_of("link.rs", text, &rooms()), Vec::<String>::new(), "{text}");
    }
    let after_tests = "#[cfg(test)] mod tests { fn f() {} }\nuse crate::store::Store;";
    assert_eq!(faults_of("link.rs", after_tests, &rooms()).len(), 1);
    assert!(faults_of("store/keys.rs", "use super::super::link; use super::writer;", &rooms()).is_empty());
}
