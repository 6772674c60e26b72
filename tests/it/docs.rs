//! Every block of commands in the README and in docs is run, as it is printed; commands within sentences are known to the
//! program, with every flag they are printed with.
//!
//! What changes a machine, builds the program again or is not ours is played by a stub that says so: `cargo`, `install`,
//! `systemctl`, `systemd-sysusers`, `journalctl`, and `sqlite3` where its file lies outside the workspace. Our own program is
//! the real one. `paper.example` is a press on loopback.

use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Command;

use crate::support::press::Press;
use crate::way::{config, page, rss};
use crate::workspace::Workspace;

/// Programs that are played.
const PLAYED: &[&str] = &["cargo", "install", "systemctl", "systemd-sysusers", "journalctl", "sqlite3"];

/// Blocks in other languages: who holds them to the truth, or why nobody does.
const ELSEWHERE: &[(&str, &str, &str)] = &[
    (
        "README.md",
        "toml",
        "the first is judged by the schema (config::schema); the second is in docs/sources.md",
    ),
    ("docs/exports.md", "json", "an answer of a server, shown for its form"),
    (
        "docs/operations.md",
        "ini",
        "systemd/cuttings.service shows the same line, below; systemd is not asked",
    ),
    ("docs/operations.md", "toml", "checked below"),
    ("docs/performance.md", "text", "benches: minutes of full load; that they exist is checked below"),
    ("docs/schema.md", "duckdb", "run by DuckDB where it is there (readers)"),
    ("docs/schema.md", "sql", "run on a database (store::tests::reading)"),
    ("docs/sources.md", "html", "the cookbook's own test"),
    ("docs/sources.md", "text", "a feed in a file: the test of the cookbook makes the file (programs)"),
    (
        "docs/sources.md",
        "ini",
        "lines for systemd, which is not asked; that the unit has these keys is checked (programs)",
    ),
    ("docs/sources.md", "json", "the cookbook's own test"),
    ("docs/sources.md", "toml", "the cookbook's own test"),
];

/// A fenced block.
struct Block {
    line: usize,
    language: String,
    text: String,
}

/// The blocks of a document, also indented ones.
fn blocks(text: &str) -> Vec<Block> {
    let mut found = Vec::new();
    let mut open: Option<Block> = None;
    for (index, line) in text.lines().enumerate() {
        let bare = line.trim_start();
        match &mut open {
            None => {
                if let Some(language) = bare.strip_prefix("```") {
                    open =
                        Some(Block { line: index + 1, language: language.to_owned(), text: String::new() });
                }
            }
            Some(_) if bare.starts_with("```") => found.extend(open.take()),
            Some(block) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
        }
    }
    found
}

/// README and everything in docs, by name.
fn documents() -> Vec<(String, String)> {
    let root = env!("CARGO_MANIFEST_DIR");
    let mut names = vec!["README.md".to_owned()];
    for entry in fs::read_dir(format!("{root}/docs")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if name.strip_suffix(".md").is_some() {
            names.push(format!("docs/{name}"));
        }
    }
    names.sort();
    names
        .into_iter()
        .map(|name| {
            let text = fs::read_to_string(format!("{root}/{name}")).unwrap();
            (name, text)
        })
        .collect()
}

/// A workspace on which the commands of a document find what they name.
fn workspace_for(press: &Press) -> Workspace {
    let workspace = Workspace::new(&config(&[("my-paper", press.url("/a.rss"))]));
    let bin = workspace.path().join("bin");
    fs::create_dir_all(&bin).unwrap();
    fs::create_dir_all(workspace.path().join("target/release")).unwrap();
    for place in ["bin/cuttings", "target/release/cuttings"] {
        symlink(env!("CARGO_BIN_EXE_cuttings"), workspace.path().join(place)).unwrap();
    }
    for program in PLAYED {
        let path = bin.join(program);
        fs::write(&path, "#!/bin/sh\necho \"played: $0 $*\"\n").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    fs::write(workspace.path().join("rule.toml"), "title = \"h1\"\nbody = \"article p\"\n").unwrap();
    assert!(workspace.run(&["run", "--once"]).code.is_some());
    workspace
}

#[test]
fn every_block_of_commands_in_readme_and_docs_runs() {
    let press = Press::start("127.0.0.2");
    press.page("/a.rss", rss(&[("One", press.url("/2026/a-page"))]));
    press.page(
        "/2026/a-page",
        page("One", "The page that the documentation speaks of, in a newsroom on loopback.", ""),
    );
    let mut run = 0;
    for (name, text) in documents() {
        let workspace = workspace_for(&press);
        for block in blocks(&text) {
            let (line, language) = (block.line, block.language.as_str());
            if !["sh", "bash", "console"].contains(&language) {
                let elsewhere =
                    ELSEWHERE.iter().find(|(document, known, _)| *document == name && *known == language);
                let (.., why) =
                    elsewhere.unwrap_or_else(|| panic!("{name}:{line}: nobody runs {language:?}"));
                println!("{name}:{line}: not run here, {language}: {why}");
                continue;
            }
            let path = std::env::var("PATH").unwrap();
            let commands = block.text.replace("https://paper.example", &press.url(""));
            let ended = Command::new("sh")
                .args(["-eu", "-c", &commands])
                .current_dir(workspace.path())
                .env("PATH", format!("{}:{path}", workspace.path().join("bin").display()))
                .env("HOME", workspace.path())
                .env("CUTTINGS_CONFIG", workspace.config())
                .env("STATE_DIRECTORY", workspace.path())
                .output()
                .unwrap();
            assert!(
                ended.status.success(),
                "{name}:{line}: {}\n{commands}\n{}{}",
                ended.status,
                String::from_utf8_lossy(&ended.stdout),
                String::from_utf8_lossy(&ended.stderr)
            );
            run += 1;
        }
    }
    assert!(run > 14, "{run} blocks");
}

#[test]
fn commands_within_sentences_are_known_with_their_flags() {
    let workspace = Workspace::new("");
    let mut helps: HashMap<String, String> = HashMap::new();
    let mut known = 0;
    for (name, text) in documents() {
        for span in text.split('`').skip(1).step_by(2).filter(|span| !span.contains('\n')) {
            let Some(words) = span.strip_prefix("cuttings ") else {
                continue;
            };
            let mut words = words.split_whitespace();
            let Some(command) = words.next().filter(|word| word.chars().all(|c| c.is_ascii_lowercase()))
            else {
                continue;
            };
            let help =
                helps.entry(command.to_owned()).or_insert_with(|| workspace.run(&[command, "--help"]).stdout);
            assert!(help.contains(&format!("Usage: cuttings {command}")), "{name}: `{span}`: {help}");
            for flag in words.filter(|word| word.starts_with("--")) {
                let flag = flag.trim_end_matches([']', ',', '.']);
                assert!(help.contains(flag), "{name}: `{span}`: there is no {flag}");
            }
            known += 1;
        }
    }
    assert!(known > 15, "{known} commands");
}

#[test]
fn benches_and_examples_that_docs_name_are_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut named = 0;
    for (name, text) in documents() {
        for (flag, folder) in [("--bench ", "benches"), ("--example ", "examples")] {
            for rest in text.split(flag).skip(1) {
                let program: String = rest
                    .chars()
                    .take_while(|c| c.is_ascii_alphanumeric() || *c == '-' || *c == '_')
                    .collect();
                let file = root.join(folder).join(format!("{program}.rs"));
                let in_folder = root.join(folder).join(&program).join("main.rs");
                assert!(file.exists() || in_folder.exists(), "{name}: there is no {folder}/{program}");
                named += 1;
            }
        }
    }
    assert!(named > 1, "{named}");
}

#[test]
fn the_configuration_with_a_credential_is_right_where_systemd_gives_it() {
    let operations = include_str!("../../docs/operations.md");
    let block = blocks(operations).into_iter().find(|block| block.language == "toml").unwrap();
    let unit = include_str!("../../systemd/cuttings.service");
    assert!(
        unit.contains("LoadCredential=paper-token:") && operations.contains("LoadCredential=paper-token:")
    );
    let workspace = Workspace::new(&format!("[daemon]\ncontact = 'x'\n{}", block.text));
    let check = |given: bool| {
        let mut command = workspace.command(&["check"]);
        command.env_remove("CREDENTIALS_DIRECTORY");
        if given {
            command.env("CREDENTIALS_DIRECTORY", workspace.path());
        }
        command.output().unwrap()
    };
    fs::write(workspace.path().join("paper-token"), "s3cret\n").unwrap();
    let ended = check(true);
    assert_eq!(ended.status.code(), Some(0), "{}", String::from_utf8_lossy(&ended.stderr));
    assert!(!String::from_utf8_lossy(&ended.stdout).contains("s3cret"));
}
