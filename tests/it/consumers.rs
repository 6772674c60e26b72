//! Consumers: exports that are killed again and again, beside a database that grows.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Child;

use crate::workspace::{Workspace, send};

/// Lines as `export --format jsonl` writes them, numbered from `first`.
pub(crate) fn lines(first: usize, count: usize) -> String {
    let mut out = String::new();
    for n in first..first + count {
        let text = format!("Article {n} says \\\"so\\\" at length. ").repeat(60);
        writeln!(
            out,
            "{{\"seq\":{n},\"id\":{n},\"op\":\"new\",\"source\":\"paper-{}\",\"url\":\"https://press.example/{n}\",\
             \"title\":\"Article {n}\",\"text\":\"{text}\",\"html\":\"<p>{text}</p>\",\
             \"first_seen\":\"2026-11-24T03:50:00Z\",\"fetched_at\":\"2026-11-24T03:50:00Z\"}}",
            n % 3
        )
        .unwrap();
    }
    out
}

pub(crate) fn import(workspace: &Workspace, lines: &str) {
    let path = workspace.path().join("in.jsonl");
    std::fs::write(&path, lines).unwrap();
    let ended = workspace.run(&["import", path.to_str().unwrap()]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
}

/// Every file below, with its size.
fn below(folder: &Path) -> Vec<(PathBuf, u64)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.metadata() {
            Ok(about) if about.is_dir() => found.extend(below(&entry.path())),
            Ok(about) => found.push((entry.path(), about.len())),
            // Renamed while we looked.
            Err(_) => {}
        }
    }
    found
}

/// Waits for what the round wants to see before it kills; false: the export was quicker.
fn seen(round: usize, child: &mut Child, parts: &Path, before: usize) -> bool {
    loop {
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        let files = below(parts);
        let aside = |size: u64| {
            files
                .iter()
                .any(|(path, length)| path.extension().is_some_and(|end| end == "part") && *length > size)
        };
        let whole = files.iter().filter(|(path, _)| is_part(path)).count();
        let now = match round % 5 {
            0 => true,
            1 => aside(0),
            2 => aside(200_000),
            3 => whole > before,
            _ => false,
        };
        if now {
            return true;
        }
        std::thread::yield_now();
    }
}

fn is_part(path: &Path) -> bool {
    let name = path.file_name().unwrap().to_string_lossy();
    name.starts_with("part-")
}

#[test]
fn an_export_killed_again_and_again_delivers_each_change_once_and_in_order() {
    let rounds = std::env::var("CUTTINGS_KILLS").map_or(20, |text| text.parse().unwrap());
    let workspace = Workspace::new("[daemon]\ncontact = \"https://press.example/bot\"\n");
    let mut written = 1500;
    import(&workspace, &lines(1, written));
    let parts = workspace.path().join("parts");
    let words = [
        "export", "--format", "jsonl", "--consumer", "mirror", "--to", "parts/", "--partition", "source",
        "--limit", "700",
    ];
    let mut killed = 0;
    for round in 0..rounds {
        let before = below(&parts).iter().filter(|(path, _)| is_part(path)).count();
        let mut child = workspace.spawn(&words);
        if seen(round, &mut child, &parts, before) {
            send("KILL", &child);
            killed += 1;
        }
        child.wait().unwrap();
        if round % 4 == 3 {
            import(&workspace, &lines(written + 1, 400));
            written += 400;
        }
    }
    assert!(killed * 2 > rounds, "{killed} of {rounds} were killed");
    loop {
        let ended = workspace.run(&words);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        if ended.stderr.starts_with("0 articles") {
            break;
        }
    }
    let mut all = Vec::new();
    let mut ranges = BTreeSet::new();
    for (path, _) in below(&parts) {
        if !is_part(&path) {
            assert!(path.ends_with(".cuttings-export"), "{} was left behind", path.display());
            continue;
        }
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let (from, upto) = (name[5..17].parse::<i64>().unwrap(), name[18..30].parse::<i64>().unwrap());
        ranges.insert((from, upto));
        let seqs: Vec<i64> = std::fs::read_to_string(&path)
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["seq"].as_i64().unwrap())
            .collect();
        assert!(seqs.is_sorted(), "{name}");
        assert!(seqs.iter().all(|seq| (from..=upto).contains(seq)), "{name}");
        all.extend(seqs);
    }
    all.sort_unstable();
    assert_eq!(all, (1..=written as i64).collect::<Vec<_>>(), "each change once");
    let mut next = 1;
    for (from, upto) in ranges {
        assert_eq!(from, next, "the ranges follow one another");
        next = upto + 1;
    }
    println!("{killed} of {rounds} exports killed, {written} articles delivered once");
}

#[test]
fn two_exports_for_one_consumer_at_a_time_are_refused() {
    let workspace = Workspace::new("[daemon]\ncontact = \"https://press.example/bot\"\n");
    import(&workspace, &lines(1, 2000));
    // The first writes into a pipe that nobody reads: it holds the consumer until that is closed.
    let mut first = workspace.spawn(&["export", "--format", "jsonl", "--consumer", "one"]);
    let mut begun = [0];
    std::io::Read::read_exact(first.stdout.as_mut().unwrap(), &mut begun).unwrap();
    let second = workspace.run(&["export", "--format", "jsonl", "--consumer", "one"]);
    assert_eq!(second.code, Some(1), "{}", second.stderr);
    assert!(second.stderr.contains("served by another process"), "{}", second.stderr);
    assert_eq!(
        workspace.run(&["export", "--format", "jsonl", "--consumer", "two"]).stdout.lines().count(),
        2000
    );
    // H27: the reader goes away; that is quiet, and nothing counts as delivered.
    drop(first.stdout.take());
    let ended = first.wait_with_output().unwrap();
    assert_eq!((ended.status.code(), ended.stderr.as_slice()), (Some(0), &b""[..]));
    assert_eq!(
        workspace.run(&["export", "--format", "jsonl", "--consumer", "one"]).stdout.lines().count(),
        2000
    );
}

#[test]
fn an_export_moved_into_an_empty_database_comes_out_the_same_to_the_byte() {
    let workspace = Workspace::new("[daemon]\ncontact = \"https://press.example/bot\"\n");
    let mut corpus = lines(1, 300);
    corpus.push_str("{\"seq\":301,\"id\":7,\"op\":\"merged\",\"into\":5,\"at\":\"2026-11-24T04:00:00Z\"}\n");
    corpus.push_str("{\"seq\":302,\"id\":8,\"op\":\"deleted\",\"at\":\"2026-11-24T04:00:00Z\"}\n");
    import(&workspace, &corpus);
    assert!(workspace.run(&["export", "--format", "jsonl"]).stdout.contains("\"op\":\"merged\""));
    let _ = round_trip(&workspace);
    // Again into the same: everything is known.
    let again = workspace.run(&["import", "in.jsonl"]);
    assert!(again.stderr.starts_with("0 articles imported, 300 known"), "{}", again.stderr);
    let bad = workspace.path().join("bad.jsonl");
    std::fs::write(&bad, "{\"seq\":1}\nno\n").unwrap();
    let ended = workspace.run(&["import", "bad.jsonl"]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("bad.jsonl:2: "), "{}", ended.stderr);
}

#[test]
fn an_export_with_revisions_moves_a_corpus() {
    let workspace = Workspace::new("[daemon]\ncontact = \"https://press.example/bot\"\n");
    let line = |seq: i64, id: i64, op: &str, says: &str| {
        format!(
            "{{\"seq\":{seq},\"id\":{id},\"op\":\"{op}\",\"url\":\"https://press.example/{id}\",\"title\":\"{says}\",\
             \"text\":\"{says} at length.\",\"cluster\":1,\"first_seen\":\"2026-11-24T03:50:00Z\",\
             \"fetched_at\":\"2026-11-24T0{seq}:00:00Z\"}}\n"
        )
    };
    let corpus = [
        line(1, 1, "new", "One"),
        line(2, 2, "new", "Two"),
        line(3, 1, "revised", "One, corrected"),
        line(4, 2, "revised", "Two, corrected"),
        "{\"seq\":5,\"id\":2,\"op\":\"merged\",\"into\":1,\"at\":\"2026-11-24T05:00:00Z\"}\n".to_owned(),
        line(6, 3, "new", "Three"),
        "{\"seq\":7,\"id\":3,\"op\":\"deleted\",\"at\":\"2026-11-24T07:00:00Z\"}\n".to_owned(),
    ]
    .concat();
    import(&workspace, &corpus);
    // An article whose pages were told apart shows an older text again.
    let db = rusqlite::Connection::open(workspace.database()).unwrap();
    db.execute_batch(
        "UPDATE article SET seq = 8, revision_id = (SELECT id FROM revision WHERE seq = 1) WHERE id = 1;
         INSERT INTO change (seq, article_id, op, at) VALUES (8, 1, 'revised', '2026-11-24T08:00:00Z');
         UPDATE sequence SET seq = 8;",
    )
    .unwrap();
    let told = |words: &[&str]| -> Vec<(i64, i64, String, String)> {
        let told = workspace.exported(words).into_iter().map(|line| {
            let number = |key: &str| line[key].as_i64().unwrap();
            let text = |key: &str| line[key].as_str().unwrap_or_default().to_owned();
            (number("seq"), number("id"), text("op"), text("title"))
        });
        told.collect()
    };
    let row = |seq, id, op: &str, title: &str| (seq, id, op.to_owned(), title.to_owned());
    assert_eq!(
        told(&["--revisions"]),
        [
            row(1, 1, "new", "One"),
            row(2, 2, "new", "Two"),
            row(3, 1, "revised", "One, corrected"),
            row(4, 2, "revised", "Two, corrected"),
            row(5, 2, "merged", ""),
            row(6, 3, "new", "Three"),
            row(7, 3, "deleted", ""),
            row(8, 1, "revised", "One"),
        ]
    );
    assert_eq!(told(&["--revisions", "--limit", "2"]).len(), 2);
    assert_eq!(told(&[]), [row(5, 2, "merged", ""), row(7, 3, "deleted", ""), row(8, 1, "revised", "One")]);
    let other = round_trip(&workspace);
    assert_eq!(
        other.rows("SELECT DISTINCT article_id FROM page ORDER BY 1"),
        [["1"], ["3"]],
        "the page of a merged article is its successor's"
    );
    assert_eq!(other.rows("SELECT title FROM articles"), [["One"]]);
}

/// Exports, imports elsewhere, exports there: the same bytes, and search knows the words. So it is of the latest texts,
/// and of all of them.
pub(crate) fn round_trip(workspace: &Workspace) -> Workspace {
    let mut last = None;
    for more in [&[][..], &["--revisions"]] {
        let export = |workspace: &Workspace| {
            let ended = workspace.run(&[&["export", "--format", "jsonl"], more].concat());
            assert_eq!(ended.code, Some(0), "{}", ended.stderr);
            ended.stdout
        };
        let words = ["export", "--format", "jsonl", "--to", "out.jsonl.zst", "--compress", "zstd"];
        let out = workspace.run(&[&words, more].concat());
        assert_eq!(out.code, Some(0), "{}", out.stderr);
        let other = Workspace::new("[daemon]\ncontact = \"https://press.example/bot\"\n");
        let ended = other.run(&["import", workspace.path().join("out.jsonl.zst").to_str().unwrap()]);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        let (first, second) = (export(workspace), export(&other));
        for (a, b) in first.lines().zip(second.lines()) {
            assert_eq!(a, b);
        }
        assert_eq!(first, second);
        // Whoever has all texts has the latest ones.
        let latest = |workspace: &Workspace| workspace.run(&["export", "--format", "jsonl"]).stdout;
        assert_eq!(latest(workspace), latest(&other), "{more:?}");
        let words = "SELECT count(*) FROM search";
        assert_eq!(other.one(words), workspace.one(words));
        last = Some(other);
    }
    last.unwrap()
}

#[test]
fn the_next_export_removes_what_a_killed_one_left() {
    let workspace = Workspace::new("[daemon]\ncontact = \"https://press.example/bot\"\n");
    import(&workspace, &lines(1, 1500));
    std::fs::write(workspace.path().join("out.jsonl"), "old\n").unwrap();
    let asides = || -> Vec<PathBuf> {
        let paths = below(workspace.path()).into_iter().map(|(path, _)| path);
        paths.filter(|path| path.extension().is_some_and(|end| end == "part")).collect()
    };
    let words = ["export", "--format", "jsonl", "--to", "out.jsonl"];
    for _ in 0..50 {
        let mut child = workspace.spawn(&words);
        while child.try_wait().unwrap().is_none() && asides().is_empty() {
            std::thread::yield_now();
        }
        send("KILL", &child);
        child.wait().unwrap();
        if !asides().is_empty() {
            break;
        }
        std::fs::write(workspace.path().join("out.jsonl"), "old\n").unwrap();
    }
    assert_eq!(asides().len(), 1, "one was killed in the middle");
    assert_eq!(std::fs::read_to_string(workspace.path().join("out.jsonl")).unwrap(), "old\n");
    // An export that is at it keeps what it writes, whoever comes to the same place.
    let held = workspace.path().join(".out.jsonl.1.part");
    let file = std::fs::File::create(&held).unwrap();
    file.lock().unwrap();
    assert_eq!(workspace.run(&words).code, Some(0));
    assert_eq!(asides(), [held]);
    drop(file);
    assert_eq!(workspace.run(&words).code, Some(0));
    assert!(asides().is_empty());
    assert_eq!(std::fs::read_to_string(workspace.path().join("out.jsonl")).unwrap().lines().count(), 1500);
}

#[test]
fn clusters_languages_and_summaries() {
    let workspace = Workspace::new("[daemon]\ncontact = \"https://press.example/bot\"\n");
    let mut corpus = String::new();
    for (n, cluster, language) in [(1, 1, "de"), (2, 1, "de-AT"), (3, 3, "den"), (4, 1, "fr"), (5, 3, "fr")] {
        writeln!(
            corpus,
            "{{\"seq\":{n},\"id\":{n},\"url\":\"https://press.example/{n}\",\"title\":\"{n}\",\"language\":\"{language}\",\
             \"cluster\":{cluster},\"first_seen\":\"2026-11-24T03:50:00Z\"}}"
        )
        .unwrap();
    }
    import(&workspace, &corpus);
    let ids = |words: &[&str]| -> Vec<i64> {
        workspace.exported(words).iter().map(|line| line["id"].as_i64().unwrap()).collect()
    };
    assert_eq!(ids(&["--unique", "cluster"]), [1, 3]);
    assert_eq!(ids(&["--unique", "cluster", "--limit", "1"]), [1]);
    assert_eq!(ids(&["--unique", "cluster", "--language", "fr"]), [4, 5]);
    assert_eq!(ids(&["--language", "DE"]), [1, 2]);
    let feed = workspace.run(&["export", "--format", "jsonfeed", "--unique", "cluster"]).stdout;
    let feed: serde_json::Value = serde_json::from_str(&feed).unwrap();
    assert_eq!(
        (feed["items"][0]["title"].as_str(), feed["items"][1]["title"].as_str()),
        (Some("5"), Some("4"))
    );
    // The summary keeps out of the way of the data, and says what was done.
    let ended = workspace.run(&["export", "--format", "jsonl", "--json"]);
    let summary: serde_json::Value = serde_json::from_str(&ended.stderr).unwrap();
    assert_eq!(
        summary,
        serde_json::json!({"format": "jsonl", "written": 5, "gone": 0, "bytes": ended.stdout.len(), "files": 0, "seq": 5, "consumer": null})
    );
    let ended = workspace.run(&["export", "--format", "jsonl", "--json", "--to", "a", "--consumer", "x"]);
    let summary: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!((summary["files"].as_i64(), summary["consumer"].as_str()), (Some(1), Some("x")));
    assert_eq!(ended.stderr, "");
}

#[test]
fn the_progress_bar_is_for_terminals() {
    let workspace = Workspace::new("[daemon]\ncontact = \"https://press.example/bot\"\n");
    import(&workspace, &lines(1, 300));
    let words = ["export", "--format", "jsonl", "--to", "a.jsonl"];
    let ended = workspace.run(&words);
    assert_eq!(ended.stderr, "300 articles written to a.jsonl; go on with --since-seq 300\n");
    let command = workspace.command(&words);
    let quoted = std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|word| format!("'{}'", word.to_str().unwrap()))
        .collect::<Vec<_>>()
        .join(" ");
    // A terminal of 100 columns.
    let shown = std::process::Command::new("script")
        .args(["-qec", &format!("stty cols 100; {quoted}"), "/dev/null"])
        .current_dir(workspace.path())
        .stdin(std::process::Stdio::null())
        .output();
    let Ok(shown) = shown else {
        println!("skipped: there is no `script` here to be a terminal");
        return;
    };
    let shown = String::from_utf8_lossy(&shown.stdout);
    assert!(
        shown.contains(" of 300 articles, ") && shown.contains("/s, ") && shown.contains(" left"),
        "{shown:?}"
    );
    assert!(shown.contains("300 articles written to a.jsonl"), "{shown:?}");
}

#[test]
fn a_full_disk_leaves_the_old_file_and_says_so() {
    let workspace = Workspace::new("[daemon]\ncontact = \"https://press.example/bot\"\n");
    import(&workspace, &lines(1, 300));
    std::fs::write(workspace.path().join("out.jsonl"), "old\n").unwrap();
    // A file size limit stands for the disk: 512 * 100 bytes, and the signal that comes with it is ignored.
    let words = "trap '' XFSZ; ulimit -f 100; exec \"$@\"";
    let run = |to: &str, more: &[&str]| {
        let command = workspace.command(&[&["export", "--format", "jsonl", "--to", to], more].concat());
        std::process::Command::new("sh")
            .args(["-c", words, "sh"])
            .arg(command.get_program())
            .args(command.get_args())
            .current_dir(workspace.path())
            .output()
            .unwrap()
    };
    for (to, more) in [("out.jsonl", &[][..]), ("parts/", &["--consumer", "full"])] {
        let ended = run(to, more);
        let stderr = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(1), "{to}: {stderr}");
        assert!(
            stderr.contains("what was there before is untouched") && stderr.contains("File too large"),
            "{stderr}"
        );
    }
    assert_eq!(std::fs::read_to_string(workspace.path().join("out.jsonl")).unwrap(), "old\n");
    assert!(
        below(&workspace.path().join("parts")).iter().all(|(path, _)| path.ends_with(".cuttings-export"))
    );
    assert!(workspace.run(&["consumers", "--json"]).stdout.contains("\"lag\":300"));
}
