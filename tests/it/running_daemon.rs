//! A running daemon: outputs and metrics follow a reload, and a failing database is counted and logged.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Instant;

use crate::service::{Manager, PATIENCE, until};
use crate::support::press::Press;
use crate::watch::free_port;
use crate::way::{config, page, rss};
use crate::workspace::Workspace;

/// Waits until something holds.
fn wait(what: &str, holds: impl Fn() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < PATIENCE, "{what} never came");
        std::thread::yield_now();
    }
}

/// Lines of all days of a folder.
fn lines(workspace: &Workspace, folder: &str) -> usize {
    let Ok(files) = std::fs::read_dir(workspace.path().join(folder)) else {
        return 0;
    };
    files
        .map(|file| file.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "jsonl"))
        .filter_map(|path| std::fs::read_to_string(path).ok())
        .map(|text| text.lines().count())
        .sum()
}

fn metrics(port: u16) -> Option<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    write!(stream, "GET /metrics HTTP/1.1\r\n\r\n").ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).ok()?;
    Some(text)
}

fn story(press: &Press, number: usize) {
    let text =
        format!("Story number {number}, printed while the configuration of its reader was being changed.");
    press.page(&format!("/{number}"), page(&format!("Story {number}"), &text, ""));
    let entries: Vec<(String, String)> =
        (1..=number).map(|number| (format!("Story {number}"), press.url(&format!("/{number}")))).collect();
    let entries: Vec<(&str, String)> =
        entries.iter().map(|(title, url)| (title.as_str(), url.clone())).collect();
    press.page("/a.rss", rss(&entries).etag(format!("\"{number}\"")));
}

#[test]
fn h26_outputs_and_metrics_follow_a_reload() {
    let press = Press::start("127.0.0.2");
    story(&press, 1);
    let head = config(&[("a", press.url("/a.rss"))]);
    let output =
        |name: &str| format!("[[output]]\nname = \"{name}\"\njsonl = \"{name}\"\ndebounce = \"10ms\"\n");
    let listen = |port: u16| format!("[metrics]\nlisten = \"127.0.0.1:{port}\"\n");
    let (first, second) = (free_port(), free_port());
    let workspace = Workspace::new(&format!("{head}{}{}{}", listen(first), output("stays"), output("goes")));
    let manager = Manager::start(&workspace, None);
    manager.until("READY=1");
    wait("the first lines", || lines(&workspace, "stays") == 1 && lines(&workspace, "goes") == 1);
    assert!(metrics(first).is_some());

    workspace.configure(&format!("{head}{}{}{}", listen(second), output("comes"), output("stays")));
    let ended = workspace.run(&["reload"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    wait("the lines of the new output", || lines(&workspace, "comes") == 1);
    assert!(metrics(second).is_some_and(|text| text.contains("cuttings_build_info")));
    assert!(metrics(first).is_none(), "it listens where it was told last, and nowhere else");
    story(&press, 2);
    assert_eq!(workspace.run(&["poll", "a"]).code, Some(0));
    wait("the second lines", || lines(&workspace, "stays") == 2 && lines(&workspace, "comes") == 2);
    assert_eq!(lines(&workspace, "goes"), 1, "it is no longer there");

    // A place that is taken: the old one stays, and the rest of the file holds.
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    workspace.configure(
        &format!("{head}{}{}", listen(port), output("stays"))
            .replace("[daemon]\n", "[daemon]\ndatabase = \"other.db\"\n"),
    );
    assert_eq!(workspace.run(&["reload"]).code, Some(0));
    assert!(metrics(second).is_some());
    let (code, said) = manager.stop();
    assert_eq!(code, Some(0), "{said}");
    for words in ["`database` in [daemon] has changed", "cannot listen for [metrics]"] {
        assert!(said.contains(words), "{words} is not in:\n{said}");
    }
    for name in ["stays", "comes"] {
        assert_eq!(lines(&workspace, name), 2, "{name}: nothing twice");
    }
}

#[test]
fn a_database_that_fails_is_counted_by_code_and_said() {
    let press = Press::start("127.0.0.2");
    story(&press, 1);
    let port = free_port();
    let workspace = Workspace::new(&format!(
        "{}[metrics]\nlisten = \"127.0.0.1:{port}\"\n",
        config(&[("a", press.url("/a.rss"))])
    ));
    let manager = Manager::start(&workspace, None);
    manager.until("READY=1");
    until(&workspace, "SELECT count(*) FROM articles", "1");
    let failures = |code: &str| -> u64 {
        let text = metrics(port).unwrap();
        let line = format!("cuttings_store_failures_total{{code=\"{code}\"}} ");
        let found = text.lines().find_map(|found| found.strip_prefix(&line));
        found.unwrap_or_else(|| panic!("no {line} in:\n{text}")).parse().unwrap()
    };
    for code in ["store-full", "store-io", "store-busy", "store-sql"] {
        assert_eq!(failures(code), 0, "{code}: a rate needs a zero to begin with");
    }
    // A table that is not there is as good as a disk that fails.
    let damage = |sql: &str| {
        let db = rusqlite::Connection::open(workspace.database()).unwrap();
        db.busy_timeout(PATIENCE).unwrap();
        db.execute_batch(sql).unwrap();
    };
    damage("ALTER TABLE poll RENAME TO poll_elsewhere");
    assert_eq!(workspace.run(&["poll", "a"]).code, Some(0));
    wait("the count", || failures("store-sql") > 0);
    damage("ALTER TABLE poll_elsewhere RENAME TO poll");
    let (code, said) = manager.stop();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("ERROR") && said.contains("no such table"), "{said}");
    // What could not be recorded is done again.
    workspace.run(&["run", "--once", "--all"]);
    assert_eq!(workspace.one("SELECT count(*) FROM articles"), "1");
    assert_eq!(workspace.one("SELECT count(*) > 1 FROM poll"), "1");
}

/// A figure, not a limit: how long a machine takes says nothing about the program.
#[test]
fn ten_thousand_sources_are_ready_and_stop_with_zero() {
    let sources: Vec<(String, String)> = (0..10_000)
        .map(|number| {
            // Nobody listens there: what is polled before the end fails.
            let host = format!("127.2.{}.{}", number / 250, 1 + number % 250);
            (format!("source-{number}"), format!("http://{host}:9/feed"))
        })
        .collect();
    let sources: Vec<(&str, String)> =
        sources.iter().map(|(name, url)| (name.as_str(), url.clone())).collect();
    let workspace = Workspace::new(&config(&sources));
    for start in ["first", "second"] {
        let begun = Instant::now();
        let manager = Manager::start(&workspace, None);
        manager.until("READY=1");
        let ready = begun.elapsed();
        assert_eq!(workspace.one("SELECT count(*) FROM source WHERE configured = 1"), "10000");
        let begun = Instant::now();
        let (code, said) = manager.stop();
        assert_eq!(code, Some(0), "{said}");
        println!("{start} start: READY after {ready:?}, SIGTERM to exit {:?}", begun.elapsed());
    }
}
