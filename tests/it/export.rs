//! `cuttings export`: every format over the newsroom, destinations, selections, consumers.

use std::path::Path;

use regex::Regex;

use crate::support::newsroom::Newsroom;
use crate::workspace::{Ended, Workspace};

/// A workspace on which the newsroom was collected, one request at a time so that the order is always the same.
pub(crate) fn collected(room: &Newsroom) -> Workspace {
    let config = room.config_toml().replace("[politeness]", "[politeness]\nin_flight = 1");
    let workspace = Workspace::new("");
    // One source after the other: numbers are the same in each run, however busy the machine is.
    let ends = config.match_indices("\n[[source]]").map(|(at, _)| at).skip(1).chain([config.len()]);
    for end in ends {
        workspace.configure(&config[..end]);
        let ended = workspace.run(&["run", "--once", "--wait", "1m"]);
        assert!(ended.code.is_some(), "{}", ended.stderr);
    }
    assert_eq!(workspace.one("SELECT count(*) FROM articles"), "15");
    workspace
}

/// What differs from run to run, made the same.
pub(crate) fn steady(workspace: &Workspace, text: &str) -> String {
    let mut text = text.to_owned();
    let times = workspace.rows(
        "SELECT first_seen FROM articles UNION SELECT fetched_at FROM articles UNION SELECT fetched_at FROM revisions \
         UNION SELECT first_seen FROM entries UNION SELECT seen_at FROM aliases UNION SELECT at FROM changes",
    );
    for time in times.into_iter().flatten() {
        let at = chrono::DateTime::parse_from_rfc3339(&time).unwrap();
        text = text.replace(&time, "NOW").replace(&at.to_rfc2822(), "NOW");
    }
    for (pattern, by) in [
        (r"(127\.0\.0\.\d+):\d+", "$1:PORT"),
        // Whether they are of one second or two; and hashes of what has ports in it.
        (r#","(first_seen|seen_at|requested_at)":"NOW""#, ""),
        (r#","(link|title|text)_hash":"[0-9a-f]{16}""#, ""),
        (r"urn:uuid:[0-9a-f-]{36}", "urn:uuid:ID"),
        (r"sha1:[A-Z2-7]{32}", "sha1:HASH"),
        (r"cuttings-[0-9a-f]{8}-", "cuttings-STORE-"),
        // Days on which citations were accessed.
        (r#"(Y2  - |urldate = \{|"accessed":\{"date-parts":\[\[)[0-9/,-]+"#, "${1}NOW"),
        (r"(?m)^date: .*GMT\r$", "date: NOW"),
    ] {
        text = Regex::new(pattern).unwrap().replace_all(&text, by).into_owned();
    }
    text
}

fn ok(ended: &Ended) {
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
}

/// Every format there is, as the help lists them.
fn formats(workspace: &Workspace) -> Vec<String> {
    let help = workspace.run(&["export", "--help"]).stdout;
    let (_, list) = help.split_once("\n      --format <FORMAT>").unwrap();
    let list = list.split("\n      --").next().unwrap();
    let names: Vec<String> = list
        .lines()
        .filter_map(|line| Some(line.trim().strip_prefix("- ")?.split_once(':')?.0.to_owned()))
        .collect();
    assert!(names.len() > 12, "{help}");
    names
}

#[test]
fn every_format_over_the_newsroom() {
    let room = Newsroom::start();
    let workspace = collected(&room);
    for format in formats(&workspace) {
        let file = format!("all.{format}");
        // Each can be written to a file.
        ok(&workspace.run(&["export", "--format", &format, "--to", &file]));
        assert!(std::fs::metadata(workspace.path().join(&file)).unwrap().len() > 0, "{format}");
        let selection: &[&str] = match format.as_str() {
            // Not text: tests of their own.
            "sqlite" | "parquet" | "epub" => continue,
            "opml" => &["--source", "nordlicht"],
            "warc" => &["--source", "harbour-gazette", "--limit", "1"],
            _ => &["--source", "nordlicht", "--source", "meridienne", "--language", "fr", "--language", "de"],
        };
        let ended = workspace.run(&[&["export", "--format", &format], selection].concat());
        ok(&ended);
        insta::assert_snapshot!(format!("format_{format}"), steady(&workspace, &ended.stdout));
    }
    // Feeds, read by our own parser as any reader would.
    for (format, file) in [("rss", "a.rss"), ("atom", "a.atom"), ("jsonfeed", "a.json")] {
        ok(&workspace
            .run(&["export", "--format", format, "--to", file, "--self-url", "https://press.example/a"]));
        let path = workspace.path().join(file);
        let (ended, answers) = workspace.filter(
            &["parse", "--jsonl"],
            &[serde_json::json!({"id": format, "path": path.to_str().unwrap()})],
        );
        ok(&ended);
        let entries = answers[0]["entries"].as_array().unwrap();
        assert_eq!(entries.len(), 15, "{format}");
        for entry in entries {
            assert!(entry["id"].as_str().unwrap().starts_with("urn:uuid:"), "{entry}");
            assert!(!entry["content"].as_str().unwrap().is_empty(), "{entry}");
            assert!(entry["link"].as_str().unwrap().starts_with("http://127."), "{entry}");
            assert!(entry["published"].is_string(), "{entry}");
        }
    }
    crate::validators::check_with_libraries(&workspace);
    crate::validators::check_against_specifications(&workspace, "a", 15);
    let _ = crate::consumers::round_trip(&workspace);
}

pub(crate) fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    found.sort();
    found
}

#[test]
fn places_partitions_and_compression() {
    let room = Newsroom::start();
    let workspace = collected(&room);
    let all = workspace.run(&["export", "--format", "jsonl"]).stdout;

    ok(&workspace.run(&["export", "--format", "jsonl", "--to", "a.jsonl.gz", "--compress", "gzip"]));
    let packed = std::fs::read(workspace.path().join("a.jsonl.gz")).unwrap();
    let mut text = String::new();
    std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(&packed[..]), &mut text).unwrap();
    assert_eq!(text, all);
    ok(&workspace.run(&["export", "--format", "jsonl", "--to", "a.jsonl.zst", "--compress", "zstd"]));
    let packed = std::fs::read(workspace.path().join("a.jsonl.zst")).unwrap();
    assert_eq!(zstd::decode_all(&packed[..]).unwrap(), all.as_bytes());

    let ended =
        workspace.run(&["export", "--format", "jsonl", "--partition", "source", "--to", "parts", "--json"]);
    ok(&ended);
    let summary: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!((summary["written"].as_u64(), summary["files"].as_u64()), (Some(15), Some(6)), "{summary}");
    let mut lines: Vec<String> = Vec::new();
    for file in files(&workspace.path().join("parts")).iter().filter(|name| name.contains(".jsonl")) {
        assert!(file.starts_with("source=") && file.contains("/part-000000000001-"), "{file}");
        let text = std::fs::read_to_string(workspace.path().join("parts").join(file)).unwrap();
        lines.extend(text.lines().map(str::to_owned));
    }
    let mut wanted: Vec<&str> = all.lines().collect();
    wanted.sort_unstable();
    lines.sort_unstable();
    assert_eq!(lines, wanted);
    ok(&workspace
        .run(&["export", "--format", "csv", "--partition", "day", "--to", "days", "--compress", "gzip"]));
    let days = files(&workspace.path().join("days"));
    assert!(days.len() > 2 && days[1].starts_with("date=2026-"), "{days:?}");

    // A file for each article, which a second export replaces with all that is there then.
    for _ in 0..2 {
        ok(&workspace.run(&["export", "--format", "markdown", "--to", "notes/"]));
        assert_eq!(files(&workspace.path().join("notes")).len(), 1 + 15);
    }
    ok(&workspace.run(&["export", "--format", "html", "--to", "notes/", "--limit", "2"]));
    assert_eq!(files(&workspace.path().join("notes")).len(), 1 + 2);

    let copy = workspace.path().join("copy.db");
    ok(&workspace.run(&["export", "--format", "sqlite", "--to", copy.to_str().unwrap()]));
    let db = rusqlite::Connection::open(copy).unwrap();
    let count: i64 =
        db.query_row("SELECT count(*) FROM articles WHERE text <> ''", [], |row| row.get(0)).unwrap();
    assert_eq!(count, 15);
}

#[test]
fn what_cannot_be_is_one_line_with_the_nearest_right_one() {
    let room = Newsroom::start();
    let workspace = collected(&room);
    std::fs::create_dir(workspace.path().join("thesis")).unwrap();
    std::fs::write(workspace.path().join("thesis/years.txt"), "of work").unwrap();
    for (words, says, code) in [
        (&["--format", "jsonl", "--source", "nordlich"][..], "did you mean \"nordlicht\"?", 2),
        (&["--format", "jsonl", "--fields", "titel"], "did you mean \"title\"?", 2),
        (&["--format", "jsnol"], "jsonl", 2),
        (&["--format", "jsonl", "--since", "yesterday"], "is no time; write 2026-11-24", 2),
        (&["--format", "rss", "--fields", "title"], "--fields has no meaning for --format rss", 2),
        (&["--format", "sqlite"], "name it with --to", 2),
        (&["--format", "jsonl", "--to", "thesis/"], "not made by cuttings", 1),
        (&["--format", "jsonl", "--to", "no/such/a.jsonl"], "cannot be written", 1),
        (&["--format", "jsonl", "--query", "\""], "", 2),
        (&["--format", "warc", "--query", "x"], "not made of articles", 2),
    ] {
        let ended = workspace.run(&[&["export"], words].concat());
        assert_eq!(ended.code, Some(code), "{words:?}: {}", ended.stderr);
        assert!(ended.stderr.contains(says), "{words:?}: {}", ended.stderr);
        assert_eq!(ended.stdout, "", "{words:?}");
        if code == 1 {
            assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
        }
    }
    assert_eq!(files(&workspace.path().join("thesis")), ["years.txt"]);
}

#[test]
fn a_tag_selects_its_sources_and_a_wrong_one_names_the_nearest() {
    let room = Newsroom::start();
    let plain = room.config_toml();
    let name = "name = \"nordlicht\"\n";
    let tagged = plain.replace(name, &format!("{name}tags = [\"north\"]\n"));
    assert_ne!(plain, tagged);
    let workspace = Workspace::new(&tagged);
    let ended = workspace.run(&["run", "--once", "--wait", "1m"]);
    assert_eq!(workspace.exported(&[]).len(), 15, "{}", ended.stderr);
    let north = workspace.exported(&["--tag", "north"]);
    assert!(!north.is_empty() && north.len() < 15);
    assert_eq!(north, workspace.exported(&["--source", "nordlicht"]));
    let wrong = workspace.run(&["export", "--format", "jsonl", "--tag", "nrth"]);
    assert_eq!((wrong.code, wrong.stdout.as_str()), (Some(2), ""));
    assert!(wrong.stderr.contains("did you mean \"north\"?"), "{}", wrong.stderr);
}

#[test]
fn selections() {
    let room = Newsroom::start();
    let workspace = collected(&room);
    let count = |words: &[&str]| workspace.exported(words).len();
    assert_eq!(count(&[]), 15);
    assert_eq!(count(&["--limit", "3"]), 3);
    assert_eq!(count(&["--since", "3000-01-01"]), 0);
    assert_eq!(count(&["--until", "3000-01-01"]), 15);
    let french = workspace.exported(&["--language", "fr"]);
    assert!(
        !french.is_empty() && french.iter().all(|line| line["language"].as_str().unwrap().starts_with("fr"))
    );
    let one = workspace.exported(&["--fields", "url,title", "--limit", "1"]);
    assert_eq!(one[0].as_object().unwrap().keys().collect::<Vec<_>>(), ["title", "url"]);
    let title = workspace.exported(&["--limit", "1"])[0]["title"].as_str().unwrap().to_owned();
    let found = workspace.exported(&["--query", &format!("title:\"{title}\"")]);
    assert!(found.iter().any(|line| line["title"] == title.as_str()), "{title}: {found:?}");
    assert_eq!(count(&["--revisions"]), workspace.rows("SELECT seq FROM revisions").len());
    let newest: serde_json::Value =
        serde_json::from_str(&workspace.run(&["export", "--format", "jsonfeed", "--limit", "1"]).stdout)
            .unwrap();
    assert_eq!(newest["items"].as_array().unwrap().len(), 1);
    assert_eq!(
        newest["items"][0]["url"],
        workspace.one("SELECT url FROM articles ORDER BY seq DESC LIMIT 1").as_str()
    );
}

#[test]
fn consumers_get_each_change_once() {
    let room = Newsroom::start();
    let workspace = collected(&room);
    let export = |words: &[&str]| {
        let ended =
            workspace.run(&[&["export", "--format", "jsonl", "--consumer", "workspace-1"], words].concat());
        ok(&ended);
        ended.stdout.lines().count()
    };
    assert_eq!(export(&["--limit", "5"]), 5);
    assert_eq!(export(&["--limit", "5"]), 5);
    assert_eq!(export(&[]), 5);
    assert_eq!(export(&[]), 0);
    let shown = workspace.run(&["consumers", "--json"]).stdout;
    let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(shown["consumers"][0]["name"], "workspace-1");
    assert_eq!(shown["consumers"][0]["lag"], 0);
    assert_eq!(workspace.run(&["consumers", "--reset", "workspace-2"]).code, Some(2));
    ok(&workspace.run(&["consumers", "--reset", "workspace-1"]));
    assert_eq!(export(&["--to", "parts/"]), 0);
    let parts = files(&workspace.path().join("parts"));
    assert_eq!(parts.len(), 2, "{parts:?}");
    assert!(parts[1].starts_with("part-000000000001-"), "{parts:?}");
    ok(&workspace.run(&["consumers", "--forget", "workspace-1"]));
    assert!(!workspace.run(&["consumers"]).stdout.contains("workspace-1"));
    assert_eq!(workspace.run(&["export", "--format", "jsonl", "--consumer", "../x"]).code, Some(2));
}
