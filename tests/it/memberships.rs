//! One article in several sources: whoever asks by a source or its tag gets it, and it is fetched once.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use crate::support::press::Press;
use crate::way::{config, page, rss};
use crate::workspace::Workspace;

const TEXT: &str =
    "Nobody in the street had seen the lamplighter for a week, and yet every evening all the lamps were lit.";

/// A press with these pages, each with words of its own.
fn press(pages: &[&str]) -> Press {
    let press = Press::start("127.0.0.2");
    for name in pages {
        press.page(
            &format!("/{name}"),
            page(&format!("About {name}"), &format!("{TEXT} So says {name}."), ""),
        );
    }
    press
}

/// Publishes a feed of these pages.
fn publish(press: &Press, feed: &str, pages: &[&str]) {
    let entries: Vec<(&str, String)> =
        pages.iter().map(|name| (*name, press.url(&format!("/{name}")))).collect();
    press.page(feed, rss(&entries).etag(format!("\"{}\"", pages.len())));
}

/// Two sources with a tag each, and outputs by source, by tag and of one tag alone.
fn two_sources(front: String, sport: String) -> String {
    let sources = config(&[("all", front), ("sport", sport)]);
    let tagged = sources
        .replace("name = \"all\"", "name = \"all\"\ntags = [\"front\"]")
        .replace("name = \"sport\"", "name = \"sport\"\ntags = [\"client-sport\"]");
    format!(
        "{tagged}[[output]]\nname = \"sources\"\nfeeds = \"by-source\"\n\
         [[output]]\nname = \"tags\"\nfeeds = \"by-tag\"\nper = \"tag\"\n\
         [[output]]\nname = \"client\"\njsonl = \"client\"\ntag = [\"client-sport\"]\n\
         [[output]]\nname = \"tee\"\ncommand = [\"tee\", \"-a\", \"tee.jsonl\"]\ntag = [\"client-sport\"]\n\
         [[output]]\nname = \"everything\"\ncommand = [\"tee\", \"-a\", \"everything.jsonl\"]\n"
    )
}

fn run(workspace: &Workspace) {
    let ended = workspace.run(&["run", "--once", "--all", "--wait", "20s"]);
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
}

fn titles(lines: &[Value]) -> BTreeSet<String> {
    lines.iter().map(|line| line["title"].as_str().unwrap().to_owned()).collect()
}

/// `About p0` and so on.
fn about(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| format!("About {name}")).collect()
}

/// The lines of a file of JSON Lines, or of all in a folder.
fn lines(workspace: &Workspace, name: &str) -> Vec<Value> {
    let path = workspace.path().join(name);
    let files: Vec<_> = if path.is_dir() {
        let files = fs::read_dir(path).unwrap().map(|file| file.unwrap().path());
        files.filter(|path| path.extension().is_some_and(|end| end == "jsonl")).collect()
    } else {
        vec![path]
    };
    files
        .iter()
        .flat_map(|file| {
            fs::read_to_string(file).unwrap_or_default().lines().map(str::to_owned).collect::<Vec<_>>()
        })
        .map(|line| serde_json::from_str(&line).unwrap())
        .collect()
}

/// That both sources have what they named, wherever one asks.
fn assert_each_has(workspace: &Workspace, all: &[&str], sport: &[&str]) {
    for (source, tag, names) in [("all", "front", all), ("sport", "client-sport", sport)] {
        for selection in [["--source", source], ["--tag", tag]] {
            assert_eq!(titles(&workspace.exported(&selection)), about(names), "{selection:?}");
        }
        for feed in [format!("by-source/{source}.json"), format!("by-tag/{tag}.json")] {
            let feed: Value =
                serde_json::from_str(&fs::read_to_string(workspace.path().join(&feed)).unwrap()).unwrap();
            assert_eq!(titles(feed["items"].as_array().unwrap()), about(names), "{feed}");
        }
        let found = workspace.run(&["search", "lamplighter", "--source", source, "--json"]).stdout;
        let found: Vec<Value> = found.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(titles(&found), about(names), "search --source {source}");
        let status: Value =
            serde_json::from_str(&workspace.run(&["status", source, "--json"]).stdout).unwrap();
        assert_eq!(status["source"]["articles"], names.len(), "{status}");
        assert_eq!(status["source"]["week"], names.len(), "{status}");
        let warc = workspace.run(&["export", "--format", "warc", "--source", source]).stdout;
        assert_eq!(warc.matches("WARC-Type: response").count(), names.len(), "warc of {source}");
    }
    assert_eq!(titles(&workspace.exported(&[])), about(all));
    let verified = workspace.run(&["verify"]);
    assert_eq!(verified.code, Some(0), "{}{}", verified.stdout, verified.stderr);
}

#[test]
fn an_article_that_two_sources_name_is_in_both_and_fetched_once() {
    let press = press(&["p0", "p1", "p2"]);
    publish(&press, "/all.rss", &["p0", "p1", "p2"]);
    publish(&press, "/sport.rss", &["p1"]);
    let workspace = Workspace::new(&format!(
        "[defaults]\nkeep_pages = \"7d\"\n{}",
        two_sources(press.url("/all.rss"), press.url("/sport.rss"))
    ));
    run(&workspace);
    assert_eq!(press.requests_for("/p1").len(), 1);
    assert_each_has(&workspace, &["p0", "p1", "p2"], &["p1"]);
    let shared = workspace.exported(&["--tag", "client-sport"]).remove(0);
    assert_eq!(shared["sources"], serde_json::json!(["all", "sport"]), "{shared}");
    assert_eq!(titles(&lines(&workspace, "tee.jsonl")), about(&["p1"]));
    assert_eq!(titles(&lines(&workspace, "client")), about(&["p1"]));
    assert_eq!(lines(&workspace, "everything.jsonl").len(), 3);
}

#[test]
fn one_feed_under_two_names_is_one_request_and_both_have_everything() {
    let press = press(&["p0", "p1"]);
    publish(&press, "/a.rss", &["p0", "p1"]);
    let workspace = Workspace::new(&format!(
        "[defaults]\nkeep_pages = \"7d\"\n{}",
        two_sources(press.url("/a.rss"), press.url("/a.rss"))
    ));
    run(&workspace);
    assert_eq!(press.requests_for("/a.rss").len(), 1);
    assert_eq!(press.requests_for("/p0").len() + press.requests_for("/p1").len(), 2);
    assert_each_has(&workspace, &["p0", "p1"], &["p0", "p1"]);
}

#[test]
fn a_source_that_joins_later_is_told_once_to_those_who_select_it() {
    let press = press(&["p0", "p1", "p2"]);
    publish(&press, "/all.rss", &["p0", "p1"]);
    publish(&press, "/sport.rss", &[]);
    let workspace = Workspace::new(&format!(
        "[defaults]\nkeep_pages = \"7d\"\n{}",
        two_sources(press.url("/all.rss"), press.url("/sport.rss"))
    ));
    run(&workspace);
    let consumed = |name: &str, more: &[&str]| workspace.exported(&[&["--consumer", name], more].concat());
    let by_tag = ["--tag", "client-sport"];
    assert_eq!(consumed("client", &by_tag), [] as [Value; 0]);
    assert_eq!(consumed("everyone", &[]).len(), 2);
    assert_eq!(consumed("front", &["--source", "all"]).len(), 2);
    let mark = workspace.one("SELECT max(seq) FROM changes");

    publish(&press, "/sport.rss", &["p1"]);
    run(&workspace);
    assert_eq!(press.requests_for("/p1").len(), 1);
    assert_eq!(
        workspace.rows("SELECT op, source FROM changes WHERE op = 'joined'"),
        [["joined".to_owned(), "sport".to_owned()]]
    );
    assert!(workspace.run(&["consumers", "--json"]).stdout.contains("\"lag\":1"));
    let since = workspace.exported(&["--source", "sport", "--since-seq", &mark]);
    let told = consumed("client", &by_tag);
    assert_eq!((titles(&told), &told), (about(&["p1"]), &since));
    assert_eq!(told[0]["op"], "new");
    assert!(told[0]["seq"].as_i64().unwrap() <= mark.parse().unwrap(), "its own number: {}", told[0]);
    assert_eq!(consumed("everyone", &[]), [] as [Value; 0]);
    assert_eq!(consumed("front", &["--source", "all"]), [] as [Value; 0]);
    assert_eq!(consumed("client", &by_tag), [] as [Value; 0]);
    assert!(!workspace.run(&["consumers", "--json"]).stdout.contains("\"lag\":1"), "every mark has moved");
    assert_each_has(&workspace, &["p0", "p1"], &["p1"]);

    // The outputs likewise: each line is written once.
    publish(&press, "/all.rss", &["p0", "p1", "p2"]);
    run(&workspace);
    assert_eq!(titles(&lines(&workspace, "client")), about(&["p1"]));
    assert_eq!((lines(&workspace, "client").len(), lines(&workspace, "tee.jsonl").len()), (1, 1));
    assert_eq!(lines(&workspace, "everything.jsonl").len(), 3);
}

#[test]
fn a_daily_file_has_the_line_of_a_joined_article_once_even_after_a_crash() {
    let press = press(&["p0", "p1", "p2"]);
    publish(&press, "/all.rss", &["p0", "p1"]);
    publish(&press, "/sport.rss", &["p2"]);
    let workspace = Workspace::new(&two_sources(press.url("/all.rss"), press.url("/sport.rss")));
    run(&workspace);
    let mark = workspace.one("SELECT seq FROM consumer WHERE name = 'output.client'");
    publish(&press, "/sport.rss", &["p2", "p1", "p0"]);
    run(&workspace);
    assert_eq!(titles(&lines(&workspace, "client")), about(&["p0", "p1", "p2"]));
    // As if it had been killed after the lines were written: the position and the note of the delivery are as they were.
    rusqlite::Connection::open(workspace.database())
        .unwrap()
        .execute("UPDATE consumer SET seq = ?1, upto = 99 WHERE name = 'output.client'", [mark])
        .unwrap();
    run(&workspace);
    assert_eq!(lines(&workspace, "client").len(), 3);
    assert_eq!(workspace.one("SELECT upto IS NULL FROM consumer WHERE name = 'output.client'"), "1");
}
