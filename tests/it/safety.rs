//! Kills, a full disk, a database that may not be written or is damaged, too few file descriptors.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use rusqlite::Connection;

use crate::support::newsroom::Newsroom;
use crate::support::press::Press;
use crate::way::{self, page, rss};
use crate::workspace::{Ended, Workspace};

/// How often a process is killed: twenty times, or what `CUTTINGS_KILLS` says; two hundred before a release.
fn kills() -> usize {
    std::env::var("CUTTINGS_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(20)
}

/// What the database has is what the press served: each article once.
fn assert_complete(workspace: &Workspace, newsroom: &Newsroom, told: &str) {
    let mut titles: BTreeMap<String, usize> = BTreeMap::new();
    for article in workspace.exported(&[]) {
        let title = article["title"].as_str().unwrap_or_default().to_owned();
        *titles.entry(title).or_default() += 1;
    }
    let expected: BTreeMap<String, usize> =
        newsroom.served().iter().map(|article| (article.title.to_owned(), 1)).collect();
    assert_eq!(titles, expected, "{told}");
    let verified = workspace.run(&["verify"]);
    assert_eq!(verified.code, Some(0), "{}{}", verified.stdout, verified.stderr);
}

/// Kills at moments told by the number of requests, so that every run dies somewhere else in its work. Each time the
/// press is complete a new database begins.
#[test]
fn h21_kills_in_the_middle_of_work_lose_and_double_nothing() {
    let newsroom = Newsroom::start();
    let mut workspace = Workspace::new(&newsroom.config_toml());
    let mut random = 0x2545_f491_u32;
    let mut complete = 0;
    for round in 0..kills() {
        random ^= random << 13;
        random ^= random >> 17;
        random ^= random << 5;
        let until = newsroom.requests().len() + 1 + (random as usize % 7);
        let mut child = workspace.spawn(&["run", "--once", "--all"]);
        while newsroom.requests().len() < until && child.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
        let _ = child.kill();
        child.wait().unwrap();
        if workspace.database().exists() {
            assert_eq!(workspace.one("PRAGMA integrity_check"), "ok", "round {round}");
            let seq = "SELECT (SELECT seq FROM sequence) - (SELECT count(*) FROM changes)";
            assert_eq!(workspace.one(seq), "0", "round {round}: a number was lost");
        }
        if round % 10 == 9 {
            let ended = workspace.run(&["run", "--once", "--all", "--wait", "20s"]);
            assert_complete(&workspace, &newsroom, &ended.stderr);
            complete += 1;
            workspace = Workspace::new(&newsroom.config_toml());
            newsroom.forget();
        }
    }
    println!("{} kills, {complete} databases complete: nothing lost, nothing doubled", kills());
    let ended = workspace.run(&["run", "--once", "--all", "--wait", "20s"]);
    assert_complete(&workspace, &newsroom, &ended.stderr);
}

/// Runs the binary where no file may grow beyond `kib`; the signal that would end it is ignored, as a daemon under
/// systemd's LimitFSIZE would have it.
fn run_with_room(workspace: &Workspace, kib: u64, words: &[&str]) -> Ended {
    let inner = workspace.command(words);
    let script = format!("trap '' XFSZ; ulimit -f {}; exec \"$0\" \"$@\"", kib * 2);
    let mut command = Command::new("sh");
    command.arg("-c").arg(script).arg(inner.get_program()).args(inner.get_args());
    command.current_dir(workspace.path()).env("HOME", workspace.path());
    command.output().unwrap().into()
}

#[test]
fn h22_a_file_that_cannot_grow_is_said_and_work_goes_on_when_it_can() {
    let newsroom = Newsroom::start();
    let workspace = Workspace::new(&newsroom.config_toml());
    let mut failed = 0;
    // From too little for a single table to nearly enough.
    for kib in [16, 64, 250, 350, 450, 700] {
        let ended = run_with_room(&workspace, kib, &["run", "--once", "--all"]);
        if ended.code != Some(0) && ended.stderr.contains("cannot ") {
            failed += 1;
            assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
        }
        if workspace.database().exists() && workspace.one("PRAGMA user_version") != "0" {
            assert_eq!(workspace.one("PRAGMA integrity_check"), "ok", "{kib} KiB");
            // A source with validators has its entries: nothing moved ahead.
            let ahead = "SELECT count(*) FROM source WHERE (etag IS NOT NULL OR last_modified IS NOT NULL) \
                         AND NOT EXISTS (SELECT 1 FROM entry WHERE source_id = source.id)";
            assert_eq!(workspace.one(ahead), "0", "{kib} KiB");
        }
    }
    assert!(failed >= 2, "the limit was felt {failed} times");
    let ended = workspace.run(&["run", "--once", "--all", "--wait", "20s"]);
    assert_complete(&workspace, &newsroom, &ended.stderr);
}

/// The command as a user who owns nothing here: directly, or where the tests run as root, as nobody.
fn as_nobody(workspace: &Workspace, words: &[&str]) -> Option<Ended> {
    let inner = workspace.command(words);
    let root = Command::new("id").arg("-u").output().unwrap().stdout == b"0\n";
    if !root {
        println!("skipped: only root can become another user");
        return None;
    }
    let mut command = Command::new("setpriv");
    command
        .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
        .arg(inner.get_program())
        .args(inner.get_args())
        .env_remove("HOME");
    match command.output() {
        Ok(output) if String::from_utf8_lossy(&output.stderr).contains("setpriv:") => {
            println!("skipped: {}", String::from_utf8_lossy(&output.stderr));
            None
        }
        Ok(output) => Some(output.into()),
        Err(error) => {
            println!("skipped: setpriv: {error}");
            None
        }
    }
}

#[test]
fn h23_who_may_only_read_reads_and_is_told_so_when_writing() {
    let newsroom = Newsroom::start();
    let workspace = Workspace::new(&newsroom.config_toml());
    workspace.run(&["run", "--once", "--all", "--wait", "20s"]);
    std::fs::set_permissions(workspace.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    for file in std::fs::read_dir(workspace.path()).unwrap() {
        let path = file.unwrap().path();
        if path.is_file() {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o644)).unwrap();
        }
    }
    let before = std::fs::read(workspace.database()).unwrap();
    // With the daemon stopped, and while it runs.
    let mut daemon = None;
    for running in [false, true] {
        if running {
            daemon = Some(workspace.spawn(&["run"]));
        }
        let Some(read) = as_nobody(&workspace, &["export", "--format", "jsonl"]) else {
            break;
        };
        assert_eq!(
            (read.code, read.stdout.lines().count()),
            (Some(0), newsroom.served().len()),
            "{}",
            read.stderr
        );
        let found = as_nobody(&workspace, &["search", "title:the OR text:the"]).unwrap();
        assert_eq!(found.code, Some(0), "{}", found.stderr);
        for words in [&["delete", "1"][..], &["run", "--once"]] {
            let refused = as_nobody(&workspace, words).unwrap();
            assert_eq!(refused.code, Some(1), "{words:?}: {}", refused.stderr);
            let said = refused.stderr.contains("may not be written")
                || refused.stderr.contains("ermission denied")
                || refused.stderr.contains("in use by process");
            assert!(said && !refused.stderr.contains("panicked"), "{words:?}: {}", refused.stderr);
        }
    }
    if let Some(mut daemon) = daemon {
        crate::workspace::send("TERM", &daemon);
        daemon.wait().unwrap();
    } else {
        assert_eq!(std::fs::read(workspace.database()).unwrap(), before, "untouched");
    }
}

/// Does something to the file.
type Harm<'a> = &'a dyn Fn(&std::path::Path);

#[test]
fn h23_a_damaged_newer_or_foreign_database_is_said_and_left_as_it_is() {
    let newsroom = Newsroom::start();
    let workspace = Workspace::new(&newsroom.config_toml());
    workspace.run(&["run", "--once", "--all", "--wait", "20s"]);
    let whole = std::fs::read(workspace.database()).unwrap();
    let newer = |path: &std::path::Path| {
        Connection::open(path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    };
    let foreign = |path: &std::path::Path| std::fs::write(path, "notes\n".repeat(200)).unwrap();
    let torn = |path: &std::path::Path| std::fs::write(path, &whole[..whole.len() / 3]).unwrap();
    let harms: [(&str, Harm<'_>); 3] =
        [("written by a newer cuttings", &newer), ("not a cuttings database", &foreign), ("", &torn)];
    for (sign, harm) in harms {
        for suffix in ["-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{}{suffix}", workspace.database().display()));
        }
        std::fs::write(workspace.database(), &whole).unwrap();
        harm(&workspace.database());
        let harmed = std::fs::read(workspace.database()).unwrap();
        for words in [
            &["run", "--once"][..],
            &["export", "--format", "jsonl"],
            &["search", "a"],
            &["verify"],
            &["delete", "1"],
            &["backup", "copy.db"],
            &["status"],
        ] {
            let ended = workspace.run(words);
            assert_eq!(ended.code, Some(1), "{words:?}: {}{}", ended.stdout, ended.stderr);
            assert!(
                ended.stderr.contains(sign) && !ended.stderr.contains("panicked"),
                "{words:?}: {}",
                ended.stderr
            );
            assert!(!workspace.path().join("copy.db").exists(), "no copy of what is broken");
        }
        if !sign.is_empty() {
            assert!(std::fs::read(workspace.database()).unwrap() == harmed, "{sign}: untouched");
        }
    }
}

/// A reader that never ends its transaction: the daemon's whole work goes on beside it.
#[test]
fn h24_a_reader_with_an_open_transaction_for_the_whole_run_stops_nobody() {
    let newsroom = Newsroom::start();
    let workspace = Workspace::new(&newsroom.config_toml());
    // A database to read, with nothing in it yet.
    drop(cuttings::store::Store::open(&workspace.database(), chrono::Utc::now()).unwrap());
    let reader = workspace.open();
    reader.execute_batch("BEGIN").unwrap();
    let count = || reader.query_row("SELECT count(*) FROM articles", [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(count(), 0);
    let ended = workspace.run(&["run", "--once", "--all", "--wait", "20s"]);
    assert_eq!(count(), 0, "it keeps its view");
    assert_complete(&workspace, &newsroom, &ended.stderr);
    reader.execute_batch("COMMIT").unwrap();
    assert_eq!(count(), newsroom.served().len() as i64);
}

#[test]
fn h28_sixty_four_descriptors_are_enough_for_sixty_hosts() {
    let presses: Vec<Press> = (1..=60)
        .map(|host| {
            let press = Press::start(&format!("127.0.1.{host}"));
            let entries: Vec<(String, String)> = (0..3)
                .map(|number| (format!("Number {number} of {host}"), press.url(&format!("/{number}"))))
                .collect();
            for (number, (title, _)) in entries.iter().enumerate() {
                let text = format!("The {number}th lamp of street {host} was lit on the {host}th evening, and stayed lit all night.");
                press.page(&format!("/{number}"), page(title, &text, ""));
            }
            let entries: Vec<(&str, String)> = entries.iter().map(|(title, url)| (title.as_str(), url.clone())).collect();
            press.page("/feed", rss(&entries));
            press
        })
        .collect();
    let names: Vec<String> = (0..60).map(|number| format!("s{number}")).collect();
    let sources: Vec<(&str, String)> =
        names.iter().zip(&presses).map(|(name, press)| (name.as_str(), press.url("/feed"))).collect();
    let workspace =
        Workspace::new(&way::config(&sources).replace("impolite = true", "impolite = true\nin_flight = 60"));
    let plain = workspace.command(&["run", "--once"]);
    let mut limited = Command::new("sh");
    limited
        .args(["-c", "ulimit -n 64 && exec \"$0\" \"$@\""])
        .arg(plain.get_program())
        .args(plain.get_args())
        .current_dir(workspace.path())
        .env_remove("CUTTINGS_CONFIG")
        .env_remove("CUTTINGS_LOG")
        .env("HOME", workspace.path());
    let ended = Ended::from(limited.output().unwrap());
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    assert_eq!(workspace.one("SELECT count(*) FROM articles WHERE method = 'auto'"), "180");
    assert_eq!(workspace.one("SELECT count(*) FROM failure"), "0");
}
