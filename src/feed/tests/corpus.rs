//! The shared corpora against their floors, as the folder's own scorer counts. Each test prints a line and ends where the
//! corpora, `tar` or `python3` are missing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use chrono_tz::UTC;
use serde_json::{Value, json};

use crate::feed::decode::decode_document;
use crate::feed::parse;
use crate::link;
use crate::model::Entry;

/// Per cent of the feeds that have a field right in every entry, before waivers: of all, of the captures.
const FLOORS: [(&str, f64, f64); 4] =
    [("parsed", 100.0, 100.0), ("count", 99.5, 100.0), ("urls", 97.0, 98.9), ("full", 98.0, 96.0)];

/// Per cent of the feeds that may be waived.
const MOST_WAIVED: f64 = 2.0;

/// What a document that gives entries has in it.
const FEEDS: [&str; 4] = ["<rss", "<feed", "/rss1.1#", "\"items\":"];

fn shared() -> Option<PathBuf> {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/feeds"));
    if folder.is_dir() {
        return Some(folder.to_owned());
    }
    println!("skipped: {} is not there", folder.display());
    None
}

/// What a command prints; none where it cannot be run.
fn run(command: &mut Command) -> Option<String> {
    match command.output() {
        Ok(output) if output.status.success() => Some(String::from_utf8(output.stdout).unwrap()),
        other => {
            println!("skipped: {command:?} gave {other:?}");
            None
        }
    }
}

fn unpacked(folder: &Path) -> Option<tempfile::TempDir> {
    let unpacked = tempfile::tempdir().unwrap();
    run(Command::new("tar").arg("-xzf").arg(folder.join("corpora.tar.gz")).arg("-C").arg(unpacked.path()))?;
    Some(unpacked)
}

/// An entry as the scorer takes it.
fn scored(entry: &Entry) -> Value {
    let unix = |at: Option<crate::model::Timestamp>| at.map(|at| at.utc(UTC).timestamp());
    json!({
        "title": entry.title, "link": entry.link, "id": entry.id,
        "published": unix(entry.published), "updated": unix(entry.updated),
        "summary": entry.summary.is_some(), "content": entry.content.is_some(),
    })
}

/// Lines of `waivers.txt`: a feed, and why it is read differently on purpose.
fn waivers() -> BTreeMap<&'static str, &'static str> {
    let lines = include_str!("waivers.txt").lines();
    lines
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split_once("  ").unwrap_or_else(|| panic!("{line} has no reason")))
        .collect()
}

#[test]
fn the_corpora_are_read_as_the_reference_reads_them() {
    let Some(folder) = shared() else { return };
    let Some(corpora) = unpacked(&folder) else { return };
    let manifest: Vec<Value> =
        serde_json::from_slice(&std::fs::read(folder.join("manifest.json")).unwrap()).unwrap();
    let (mut answers, mut let_in) = (String::new(), Vec::new());
    for file in &manifest {
        let bytes = std::fs::read(corpora.path().join(file["path"].as_str().unwrap())).unwrap();
        let header = |wanted: &str| {
            let headers = file["headers"].as_object().unwrap();
            headers
                .iter()
                .find_map(|(name, value)| name.eq_ignore_ascii_case(wanted).then_some(value.as_str()?))
        };
        let base = file["base"].as_str().and_then(link::web_url);
        let base = match (header("content-location"), base) {
            (Some(location), Some(base)) => link::resolve(&base, location).or(Some(base)),
            (_, base) => base,
        };
        let answer = match parse(&bytes, header("content-type"), base.as_ref()) {
            Ok(feed) => {
                // Some that only look like one to a strict reader are feeds: JSON Feed, UTF-16, Atom with extensions.
                let text = decode_document(&bytes, None).text;
                let speaks = |word: &&str| text.contains(word);
                if file["kind"] == "notfeed" && !feed.entries.is_empty() && !FEEDS.iter().any(speaks) {
                    let_in.push(file["id"].to_string());
                }
                let entries: Vec<Value> = feed.entries.iter().map(scored).collect();
                json!({"id": file["id"], "ok": true, "entries": entries})
            }
            Err(refusal) => {
                assert!(refusal.reason.len() > 20, "{}: {refusal}", file["id"]);
                json!({"id": file["id"], "ok": false, "err": refusal.to_string()})
            }
        };
        answers.push_str(&answer.to_string());
        answers.push('\n');
    }
    assert_eq!(let_in, Vec::<String>::new(), "no feeds, but they gave entries");
    let candidate = corpora.path().join("candidate.jsonl");
    std::fs::write(&candidate, answers).unwrap();
    let compare = |options: &[&str]| {
        run(Command::new("python3").arg(folder.join("compare.py")).arg(&candidate).args(options))
    };

    let waivers = waivers();
    let captures: BTreeSet<&str> = manifest
        .iter()
        .filter(|file| file["origin"] == "capture")
        .filter_map(|file| file["id"].as_str())
        .collect();
    let Some(totals) = compare(&["--json"]) else {
        return;
    };
    let totals_of_captures = compare(&["--json", "--origin", "capture"]).unwrap();
    let mut differing = BTreeSet::new();
    for (field, floor, floor_of_captures) in FLOORS {
        let failed = compare(&["--list", field]).unwrap();
        let failed: Vec<&str> = failed.lines().filter_map(|line| line.split('\t').next()).collect();
        for (what, totals, floor) in
            [("all", &totals, floor), ("captures", &totals_of_captures, floor_of_captures)]
        {
            let totals: Value = serde_json::from_str(totals).unwrap();
            let figure = |at: usize| u32::try_from(totals["TOTAL"][field][at].as_u64().unwrap()).unwrap();
            let (right, of) = (figure(0), figure(1));
            let share = |right: u32| 100.0 * f64::from(right) / f64::from(of);
            let waived = failed
                .iter()
                .filter(|id| waivers.contains_key(*id) && (what == "all" || captures.contains(*id)));
            let waived = u32::try_from(waived.count()).unwrap();
            println!(
                "{field:<8}{what:<10}{right}/{of} {:.2} %, with waivers {:.2} %",
                share(right),
                share(right + waived)
            );
            assert!(share(right) >= floor, "{field} of {what} is below {floor} %");
            assert!(share(waived) <= MOST_WAIVED || what == "captures", "{waived} waivers are too many");
        }
        differing.extend(failed.into_iter().map(str::to_owned));
    }
    let needless: Vec<_> = waivers.keys().filter(|id| !differing.contains(**id)).collect();
    assert_eq!(needless, Vec::<&&str>::new(), "waivers that are no longer needed");
}
