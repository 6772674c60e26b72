//! Real pages and feeds from the folder of shared data; each test prints a line and ends where it is not there.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::support::press::Press;
use crate::support::reply::Reply;
use crate::way::config;
use crate::workspace::{Workspace, shared};

/// Entries of each feed the test writes.
const ENTRIES: usize = 20;

/// Unpacks an archive of the shared data with the system's tar.
fn unpack(archive: &Path) -> Option<tempfile::TempDir> {
    let folder = tempfile::tempdir().unwrap();
    match Command::new("tar").arg("-xzf").arg(archive).arg("-C").arg(folder.path()).status() {
        Ok(status) if status.success() => Some(folder),
        other => {
            println!("skipped: tar cannot unpack {}: {other:?}", archive.display());
            None
        }
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn rss(entries: &[(String, String)]) -> Reply {
    let items: String = entries
        .iter()
        .map(|(title, link)| {
            format!("<item><title>{}</title><link>{link}</link><guid>{link}</guid></item>", escaped(title))
        })
        .collect();
    Reply::rss(format!(
        "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>Press</title>{items}</channel></rss>"
    ))
}

fn atom(entries: &[(String, String)]) -> Reply {
    let items: String = entries
        .iter()
        .map(|(title, link)| {
            let title = escaped(title);
            format!("<entry><title>{title}</title><id>{link}</id><link href=\"{link}\"/><updated>2026-11-23T10:00:00Z</updated></entry>")
        })
        .collect();
    Reply::atom(format!(
        "<feed xmlns=\"http://www.w3.org/2005/Atom\"><title>Press</title><id>urn:press</id>{items}</feed>"
    ))
}

#[test]
fn the_news_pages_become_one_article_each_and_a_second_run_adds_none() {
    let Some(archive) = shared("extraction/fundus.tar.gz") else {
        return;
    };
    let Some(truth) = shared("extraction/fundus.truth.json") else {
        return;
    };
    let Some(folder) = unpack(&archive) else { return };
    let truth: BTreeMap<String, Value> =
        serde_json::from_str(&std::fs::read_to_string(truth).unwrap()).unwrap();
    let presses: Vec<Press> = (2..8).map(|last| Press::start(&format!("127.0.0.{last}"))).collect();
    let mut sources = Vec::new();
    let pages: Vec<(&String, &Value)> = truth.iter().collect();
    for (index, chunk) in pages.chunks(ENTRIES).enumerate() {
        let press = &presses[index % presses.len()];
        let mut entries = Vec::new();
        for (id, page) in chunk {
            let path = format!("/{id}.html");
            press.page(
                &path,
                Reply::html(std::fs::read(folder.path().join("fundus").join(format!("{id}.html"))).unwrap()),
            );
            entries.push((page["title"].as_str().unwrap_or("untitled").to_owned(), press.url(&path)));
        }
        let feed = format!("/feed-{index}");
        press.page(&feed, if index % 2 == 0 { rss(&entries) } else { atom(&entries) });
        sources.push((format!("feed-{index}"), press.url(&feed)));
    }
    let sources: Vec<(&str, String)> =
        sources.iter().map(|(name, feed)| (name.as_str(), feed.clone())).collect();
    let workspace = Workspace::new(&config(&sources));
    let ended = workspace.run(&["run", "--once", "--json"]);
    let articles = workspace.exported(&[]);
    assert_eq!(articles.len(), pages.len(), "{}\n{}", ended.stdout, ended.stderr);
    let mut urls: Vec<&str> = articles.iter().map(|article| article["url"].as_str().unwrap()).collect();
    urls.sort_unstable();
    urls.dedup();
    assert_eq!(urls.len(), pages.len(), "none twice");
    for article in &articles {
        assert!(article["title"].as_str().is_some_and(|title| !title.is_empty()), "{}", article["url"]);
        assert!(article["text"].as_str().is_some_and(|text| !text.is_empty()), "{}", article["url"]);
    }
    let seq = workspace.one("SELECT max(seq) FROM articles");
    workspace.run(&["run", "--once", "--all"]);
    assert_eq!(workspace.one("SELECT max(seq) FROM articles"), seq, "a second run adds none");
    assert_eq!(workspace.one("SELECT count(*) FROM articles"), pages.len().to_string());
}

/// Answers come for every line, in order, whatever the bytes.
fn answers_all(words: &[&str], files: &[PathBuf]) {
    let workspace = Workspace::new("");
    let lines: Vec<Value> = files
        .iter()
        .enumerate()
        .map(|(index, path)| json!({"id": index.to_string(), "path": path}))
        .collect();
    let (ended, answers) = workspace.filter(words, &lines);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let ids: Vec<&str> = answers.iter().map(|answer| answer["id"].as_str().unwrap()).collect();
    let expected: Vec<String> = (0..files.len()).map(|index| index.to_string()).collect();
    assert_eq!(ids, expected);
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            } else {
                files.push(entry.path());
            }
        }
    }
    files.sort();
    files
}

#[test]
fn the_feed_filter_answers_every_file_there_is() {
    let Some(archive) = shared("feeds/corpora.tar.gz") else {
        return;
    };
    let Some(folder) = unpack(&archive) else { return };
    let files = files_below(folder.path());
    assert!(files.len() > 5000, "{}", files.len());
    answers_all(&["parse", "--jsonl"], &files);
}

#[test]
fn h13_both_filters_answer_what_breaks_libraries() {
    let Some(folder) = shared("feeds/attacks") else {
        return;
    };
    let files = files_below(&folder);
    assert!(!files.is_empty());
    answers_all(&["parse", "--jsonl"], &files);
    answers_all(&["extract", "--jsonl"], &files);
}

#[test]
fn a_line_that_is_no_request_fails_only_itself() {
    let workspace = Workspace::new("");
    let page = workspace.path().join("page.html");
    std::fs::write(&page, "<title>A page</title><p>One paragraph of text that is long enough to be one.</p>")
        .unwrap();
    let lines = [
        json!({"id": "a", "path": page}),
        json!([1]),
        json!({"id": "b", "path": "nowhere.html"}),
        json!({"id": "c", "path": page, "url": "urn:page:c"}),
    ];
    for words in [["extract", "--jsonl"], ["parse", "--jsonl"]] {
        let (ended, answers) = workspace.filter(&words, &lines);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        assert_eq!(answers.len(), 4, "{words:?}");
        let wanted = words[0] == "extract";
        assert_eq!(
            answers.iter().map(|answer| answer["ok"] == true).collect::<Vec<_>>(),
            [wanted, false, false, wanted]
        );
    }
}
