//! Sources and configurations that fail: the messages are clear, and other sources are collected.

use crate::support::press::Press;
use crate::support::reply::{Reply, busy_for};
use crate::way::{config, page, rss};
use crate::workspace::{Workspace, tally};

#[test]
fn three_bad_sources_are_three_clear_rows_and_the_good_one_is_collected() {
    let press = Press::start("127.0.0.2");
    let text =
        "The baker at the corner has sold the same bread for forty years and sees no reason to stop now.";
    press.page("/bread", page("Bread", text, ""));
    press.page("/good.rss", rss(&[("Bread", press.url("/bread"))]));
    press.page("/html", Reply::html("<html><head><title>Welcome</title><link rel=alternate type=application/rss+xml href=/good.rss></head><body>Hello</body></html>"));
    press.page("/half.rss", rss(&[("Bread", press.url("/bread"))]).cut_after(60));
    let down = {
        let gone = Press::start("127.0.0.3");
        gone.url("/feed")
    };
    let sources = [
        ("down", down),
        ("good", press.url("/good.rss")),
        ("half", press.url("/half.rss")),
        ("html", press.url("/html")),
    ];
    let workspace = Workspace::new(&config(&sources));

    let ended = workspace.run(&["run", "--once", "--json"]);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert_eq!(tally(&ended.stdout, "good"), (1, 0, 0), "{}", ended.stdout);
    for name in ["down", "half", "html"] {
        assert_eq!(tally(&ended.stdout, name), (0, 0, 1), "{name}: {}", ended.stdout);
        assert!(ended.stderr.contains(&format!("source=\"{name}\"")), "{name} in {}", ended.stderr);
    }
    assert!(
        ended.stdout.contains("/good.rss"),
        "the page's own feed is named as a way out: {}",
        ended.stdout
    );
    assert_eq!(workspace.one("SELECT count(*) FROM articles"), "1");

    let status = workspace.run(&["status"]);
    assert_eq!(status.code, Some(1), "status says that a person is needed");
    for name in ["down", "good", "half", "html"] {
        assert!(status.stdout.contains(name), "{}", status.stdout);
    }
}

#[test]
fn eight_mistakes_are_eight_messages_with_lines_and_no_request() {
    let press = Press::start("127.0.0.2");
    let feed = press.url("/feed");
    let text = format!(
        r#"include = ["missing.toml"]
[politeness]
host_gapp = "1s"
[[source]]
name = "one"
feed = "{feed}"
every = "0s"
[[source]]
name = "one"
feed = "ftp://paper.example/feed"
cron = "61 * * * *"
timezone = "Europe/Berln"
[source.article]
title = "h1["
byline = {{ select = ".by", match = "(" }}
"#
    );
    let workspace = Workspace::new(&text);
    for command in [&["check"][..], &["run", "--once"]] {
        let ended = workspace.run(command);
        assert_eq!(ended.code, Some(2), "{}", ended.stderr);
        for (what, line) in [
            ("missing.toml", 1),
            ("host_gap", 3),
            ("every", 7),
            ("one", 9),
            ("ftp", 10),
            ("minute", 11),
            ("Europe/Berlin", 12),
            ("h1[", 14),
            ("match", 15),
        ] {
            assert!(ended.stderr.contains(what), "{what} in {}", ended.stderr);
            assert!(
                ended.stderr.contains(&format!("cuttings.toml:{line}:")),
                "line {line} in {}",
                ended.stderr
            );
        }
    }
    assert_eq!(press.requests().len(), 0);
    assert!(!workspace.database().exists(), "nothing was begun");
}

#[test]
fn h24_a_second_daemon_is_refused_and_told_of_the_first() {
    let press = Press::start("127.0.0.2");
    press.page("/a.rss", rss(&[]));
    let workspace = Workspace::new(&config(&[("a", press.url("/a.rss"))]));
    let mut first = workspace.spawn(&["run"]);
    assert!(press.wait_until(|seen| !seen.is_empty()));
    let second = workspace.run(&["run", "--once"]);
    assert_eq!(second.code, Some(1));
    assert!(second.stderr.contains(&first.id().to_string()), "names the first: {}", second.stderr);
    crate::workspace::send("TERM", &first);
    assert_eq!(first.wait().unwrap().code(), Some(0));
}

#[test]
fn an_empty_page_is_tried_again_and_not_taken_for_an_article_without_text() {
    let press = Press::start("127.0.0.2");
    let text =
        "The baker's second shop opened at noon, after the first hour had been spent looking for the key.";
    press.on("/shop", busy_for(1, Reply::html(" \n"), page("Shop", text, "")));
    press.page("/a.rss", rss(&[("Shop", press.url("/shop"))]));
    let workspace = Workspace::new(&config(&[("a", press.url("/a.rss"))]));
    workspace.run(&["run", "--once"]);
    assert_eq!(workspace.one("SELECT code FROM failure"), "empty-page");
    assert_eq!(workspace.one("SELECT count(*) FROM articles"), "0", "it waits for its page");
    assert_eq!(workspace.run(&["retry"]).code, Some(0));
    workspace.run(&["run", "--once"]);
    assert_eq!(workspace.rows("SELECT method FROM articles"), [["auto"]]);
}

#[test]
fn a_retry_that_fails_leaves_an_article_of_the_feeds_text_its_try_a_week_later() {
    let press = Press::start("127.0.0.2");
    let text =
        "The ferry was late on Monday because nobody had told the captain that the clocks had changed.";
    press.page("/gone", Reply::status(410));
    press.page("/blank", Reply::html(" \n"));
    press.page("/no-text", Reply::html("<html><body></body></html>"));
    let paths = ["/gone", "/blank", "/no-text"];
    press.page("/a.rss", rss(&paths.map(|path| (path, press.url(path)))));
    let workspace = Workspace::new(&config(&[("a", press.url("/a.rss"))]));
    let tried = |times: [usize; 3]| assert_eq!(paths.map(|path| press.count(path)), times);
    let waits = || {
        workspace.rows("SELECT entry.state || ' ' || (entry.next_at > 1000 * (unixepoch() + 6 * 86400)) FROM entry ORDER BY id")
            .concat()
    };
    workspace.run(&["run", "--once"]);
    for _ in 0..3 {
        // Its tries are over: the article is kept with the feed's text.
        assert_eq!(workspace.run(&["retry"]).code, Some(0));
        workspace.run(&["run", "--once"]);
    }
    tried([4, 4, 4]);
    assert_eq!(workspace.one("SELECT group_concat(method) FROM articles"), "feed,feed,feed");
    assert_eq!(waits(), ["done 1", "done 1", "done 1"]);

    let asked = workspace.run(&["retry", "--source", "a"]);
    assert!(asked.stderr.contains("3 pages"), "{}", asked.stderr);
    workspace.run(&["run", "--once"]);
    tried([5, 5, 5]);
    assert_eq!(
        waits(),
        ["done 1", "done 0", "done 1"],
        "what may pass is tried again soon, as after a first failure; the rest a week later"
    );

    for path in paths {
        press.page(path, page(path, text, ""));
    }
    assert_eq!(workspace.run(&["retry"]).code, Some(0));
    workspace.run(&["run", "--once"]);
    assert_eq!(workspace.one("SELECT group_concat(method) FROM articles"), "auto,auto,auto");
    assert_eq!(workspace.one("SELECT count(*) FROM entry WHERE next_at IS NOT NULL"), "0");
}

#[test]
fn status_fits_the_terminal_and_tells_the_rest_of_one_source() {
    let press = Press::start("127.0.0.2");
    press.page("/html", Reply::html("<html><head><title>Welcome</title></head><body>Hello</body></html>"));
    press.page("/good.rss", rss(&[]));
    let workspace = Workspace::new(&config(&[
        ("the-evening-courier-of-the-northern-counties-and-islands", press.url("/html")),
        ("good", press.url("/good.rss")),
    ]));
    workspace.run(&["run", "--once"]);
    let status = |columns: &str, words: &[&str]| {
        let mut command = workspace.command(&[&["status"], words].concat());
        command.env("COLUMNS", columns);
        let ended = crate::workspace::Ended::from(command.output().unwrap());
        assert_eq!(ended.code, Some(1), "{}", ended.stderr);
        ended.stdout
    };
    let whole = workspace.run(&["status"]).stdout;
    let error = whole.lines().find(|line| line.contains("[not-a-feed]")).unwrap();
    assert!(error.chars().count() > 80, "{error}");
    for columns in [40, 60, 80, 100] {
        let text = status(&columns.to_string(), &[]);
        for line in text.lines() {
            assert!(line.chars().count() <= columns, "{columns}: {line:?} of {text}");
        }
        for word in ["good", "failing", "in 1", "this is a web page", "SOURCE"] {
            assert!(text.contains(word), "{columns}: {word} in {text}");
        }
        let story =
            status(&columns.to_string(), &["the-evening-courier-of-the-northern-counties-and-islands"]);
        let words = |text: &str| -> Vec<String> {
            let words = text.split_whitespace().map(|word| word.trim_end_matches(','));
            words.map(str::to_owned).collect()
        };
        // But for the name before it, and how long ago it was behind it.
        let (sentence, _) = error.rsplit_once(", ").unwrap();
        let (told, wanted) = (words(&story), words(sentence).split_off(1));
        assert!(told.windows(wanted.len()).any(|words| words == wanted), "the whole sentence is in {story}");
    }
    assert!(whole.contains("last success") && whole.contains("7 d"), "{whole}");
    assert!(!status("60", &[]).contains("articles  "), "columns were left out");
}

#[test]
fn readers_go_on_with_the_database_of_a_configuration_that_is_broken_elsewhere() {
    let press = Press::start("127.0.0.2");
    press.page("/a.rss", rss(&[("Bread", press.url("/bread"))]));
    press.page("/bread", page("Bread", "The baker at the corner has sold it for forty years.", ""));
    let good =
        config(&[("a", press.url("/a.rss"))]).replace("[daemon]\n", "[daemon]\ndatabase = \"cuttings.db\"\n");
    let workspace = Workspace::new(&good);
    workspace.run(&["run", "--once"]);
    let read = |words: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_cuttings"));
        command.args(words).arg("--config").arg(workspace.config());
        command.env("HOME", workspace.path().join("nowhere")).env_remove("XDG_DATA_HOME");
        crate::workspace::Ended::from(command.env_remove("STATE_DIRECTORY").output().unwrap())
    };
    let lines = good.lines().count();
    let readers: [(&[&str], &str); 4] = [
        (&["status"], "a "),
        (&["search", "baker"], "Bread"),
        (&["export", "--format", "jsonl"], "Bread"),
        (&["consumers"], "consumer"),
    ];
    for fault in ["feed = 5\n", "[source.article]\ntitle = \"h1[\"\n", "every = \"1h\n"] {
        workspace.configure(&format!("{good}{fault}"));
        let at = format!("cuttings.toml:{}", lines + fault.lines().count());
        for (words, wanted) in readers {
            let ended = read(words);
            assert_eq!(ended.code, Some(0), "{words:?}: {}", ended.stderr);
            assert!(ended.stdout.contains(wanted), "{words:?}: {}", ended.stdout);
            assert!(ended.stderr.contains(&at), "{words:?}: {at} in {}", ended.stderr);
            assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
        }
        assert_eq!(read(&["retry"]).code, Some(2), "who changes something wants it whole");
    }
    // What may have named another database is not passed over.
    for named in ["database = 5", "databse = \"cuttings.db\"", "database = \"cuttings.db"] {
        workspace.configure(&good.replace("database = \"cuttings.db\"", named));
        let ended = read(&["status"]);
        assert_eq!(ended.code, Some(2), "{named}: {}", ended.stderr);
    }
}
