//! Pages that a program of the user's prints (`fetch_command`): what it is given, how it may fail, when it is killed.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::support::press::Press;
use crate::support::reply::Reply;
use crate::way::{config, rss};
use crate::workspace::{Ended, Workspace, send};

const TEXT: &str = "The river froze over on the ninth of January and the ferrymen sold chestnuts on the ice, where \
                    they had a stall for every boat that lay in the harbour until the thaw came in March.";

/// A shell script that prints an article.
pub(crate) fn printing(title: &str) -> String {
    format!(
        "cat <<END\n<!doctype html><html lang=en><head><title>{title}</title><meta property=og:title content='{title}'></head>\
         <body><article><h1>{title}</h1>\
         <p>{TEXT}</p><p>Printed for $1.</p></article></body></html>\nEND\n"
    )
}

/// A script that may be run.
pub(crate) fn script(workspace: &Workspace, name: &str, text: &str) {
    let path = workspace.path().join(name);
    fs::write(&path, format!("#!/bin/sh\n{text}")).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// A configuration of one source, `a`, with these lines more; a program has two seconds.
pub(crate) fn source(press: &Press, more: &str) -> String {
    let text = config(&[("a", press.url("/a.rss"))]);
    text.replace("[fetch]\n", "[fetch]\ntotal_timeout = \"2s\"\nmax_page = \"64 KiB\"\n") + more
}

/// A press whose feed has these pages, none of which it serves.
fn press(host: &str, pages: &[&str]) -> Press {
    let press = Press::start(host);
    let entries: Vec<(&str, String)> = pages.iter().map(|page| (&page[1..], press.url(page))).collect();
    press.page("/a.rss", rss(&entries));
    press
}

/// Code and message of the last failure of a page, and the tries that it was counted.
fn failure(workspace: &Workspace) -> (String, String, String) {
    let row = workspace
        .rows(
            "SELECT code, message, attempts FROM failure JOIN entry ON entry.id = entry_id \
             WHERE stage = 'page' ORDER BY failure.id DESC LIMIT 1",
        )
        .pop()
        .unwrap_or_default();
    let mut cells = row.into_iter();
    (cells.next().unwrap_or_default(), cells.next().unwrap_or_default(), cells.next().unwrap_or_default())
}

/// Waits for something that another process brings about.
fn wait_for(what: &str, is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(30), "{what}");
        std::thread::yield_now();
    }
}

/// The process whose number a script wrote into a file.
fn process_of(file: &Path) -> Option<u32> {
    fs::read_to_string(file).ok().filter(|text| text.ends_with('\n'))?.trim().parse().ok()
}

/// Whether a process runs; one that ended and was not waited for yet does not.
fn is_running(process: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    stat.rsplit(')').next().is_some_and(|rest| !rest.is_empty() && !rest.trim_start().starts_with(['Z', 'X']))
}

fn assert_ended(workspace: &Workspace, files: &[&str]) {
    for file in files {
        let process =
            process_of(&workspace.path().join(file)).unwrap_or_else(|| panic!("{file} was not written"));
        wait_for(&format!("{file} runs on"), || !is_running(process));
    }
}

#[test]
fn a_page_that_a_program_prints_is_stored_as_the_page_of_its_address() {
    let press = press("127.0.0.2", &["/1"]);
    let workspace = Workspace::new(&source(
        &press,
        "fetch_command = [\"./get\", \"--page={url}\", \"{url}\"]\nuser_agent = \"press/2 (+mailto:a@b.example)\"\n",
    ));
    let printed = printing("The ice").replace(
        "</head>",
        "<link rel=canonical href=https://other.example/1><base href=https://other.example/></head>",
    );
    script(&workspace, "get", &format!("env > env\necho \"$0 $*\" > words\nshift\n{printed}"));
    let ended =
        workspace.command(&["run", "--once"]).env("SECRET_TOKEN", "hush").env("LANG", "C").output().unwrap();
    let ended = Ended::from(ended);
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);

    let articles = workspace.exported(&[]);
    assert_eq!(articles.len(), 1);
    let (article, url) = (&articles[0], press.url("/1"));
    assert_eq!((article["title"].as_str(), article["url"].as_str()), (Some("The ice"), Some(&*url)));
    assert!(article["text"].as_str().unwrap().ends_with(&format!("Printed for {url}.")), "{article}");
    // The page is that of the address which was asked; what it says of another site is a claim.
    assert_eq!(workspace.one("SELECT count(*) FROM aliases WHERE url LIKE '%other.example%'"), "0");
    assert_eq!(workspace.one("SELECT count(*) FROM claims WHERE url LIKE '%other.example%'"), "1");
    assert_eq!((press.count("/1"), press.count("/robots.txt")), (0, 1));

    let words = fs::read_to_string(workspace.path().join("words")).unwrap();
    assert_eq!(words.split_once(' ').unwrap().1, format!("--page={url} {url}\n"));
    let environment = fs::read_to_string(workspace.path().join("env")).unwrap();
    let line =
        |name: &str| environment.lines().find(|line| line.starts_with(name)).unwrap_or_default().to_owned();
    assert_eq!(line("CUTTINGS_URL="), format!("CUTTINGS_URL={url}"));
    assert_eq!(line("CUTTINGS_SOURCE="), "CUTTINGS_SOURCE=a");
    assert_eq!(line("CUTTINGS_USER_AGENT="), "CUTTINGS_USER_AGENT=press/2 (+mailto:a@b.example)");
    // The shell adds its own.
    let known = ["PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "PWD", "OLDPWD", "SHLVL", "_"];
    for line in environment.lines() {
        let name = line.split('=').next().unwrap();
        assert!(name.starts_with("CUTTINGS_") || known.contains(&name), "{line}");
    }
}

#[test]
fn h31_each_way_to_fail_costs_that_page_one_failure_and_leaves_no_process() {
    let cases: &[(&str, &str, &str, &str)] = &[
        // script, code, part of the message, tries that are counted
        ("echo $$ > pid; sleep 600", "program-timeout", "did not end within 2s", "1"),
        (
            "echo $$ > pid; trap '' TERM INT HUP; while :; do sleep 600; done",
            "program-timeout",
            "was killed",
            "1",
        ),
        ("echo $$ > pid; echo stuck >&2; sleep 600", "program-timeout", "within 2s: stuck", "1"),
        ("echo $$ > pid; while :; do echo '<p>again and again'; done", "too-large", "65536 bytes", "1"),
        ("echo $$ > pid; while :; do echo noise >&2; done", "program-timeout", "noise noise", "1"),
        ("echo $$ > pid; timeout 600 sleep 600", "program-timeout", "did not end", "1"),
        (
            "printf '\\033[2Jred\\nand more' >&2; exit 9",
            "program-failed",
            "exit code 9: [2Jred and more",
            "1",
        ),
        ("exec >&- 2>&-; echo $$ > pid; sleep 600", "program-timeout", "did not end", "1"),
        ("echo $$ > pid; exec head -c 5000000000 /dev/zero", "too-large", "65536 bytes", "1"),
        // Nobody writes to its stdin.
        ("cat; echo read it all >&2; exit 4", "program-failed", "exit code 4: read it all", "1"),
        ("printf '\\302\\300\\377' >&2; exit 5", "program-failed", "exit code 5: \u{fffd}", "1"),
        ("echo no such luck >&2; exit 1", "program-failed", "ended with exit code 1: no such luck", "1"),
        ("kill -9 $$", "program-failed", "was ended by signal 9", "1"),
        ("head -c 4096 /dev/zero", "program-failed", "no HTML", "1"),
        ("printf '{\"solution\": \"<p>x</p>\"}'", "program-failed", "no HTML", "1"),
        ("exit 0", "program-failed", "printed nothing", "1"),
        ("echo busy >&2; exit 75", "program-later", "exit code 75: busy", "0"),
    ];
    std::thread::scope(|scope| {
        for (number, (text, code, said, tries)) in cases.iter().enumerate() {
            scope.spawn(move || {
                let press = press(&format!("127.0.0.{}", 20 + number), &["/1"]);
                let workspace =
                    Workspace::new(&source(&press, "fetch_command = [\"sh\", \"get\", \"{url}\"]\n"));
                script(&workspace, "get", text);
                let ended = workspace.run(&["run", "--once"]);
                assert!(ended.code.is_some(), "{text}: {}", ended.stderr);
                let (found, message, counted) = failure(&workspace);
                assert_eq!((&*found, &*counted), (*code, *tries), "{text}: {message}");
                assert!(message.contains(said), "{text}: {message}");
                if text.contains("pid") {
                    assert_ended(&workspace, &["pid"]);
                }
                // The host is blamed only where the program says so.
                let blamed = workspace.one("SELECT count(*) FROM host WHERE failures > 0");
                assert_eq!(blamed, if *code == "program-later" { "1" } else { "0" }, "{text}");
                assert_eq!(press.count("/1"), 0, "{text}");
            });
        }
    });
}

#[test]
fn h31_a_program_has_no_open_file_of_ours_and_may_print_bytes_that_are_no_text() {
    let press = press("127.0.0.2", &["/1"]);
    let workspace = Workspace::new(&source(&press, "fetch_command = [\"./get\", \"{url}\"]\n"));
    let odd = printing("The ice").replace("cat <<END", "ls -l /proc/$$/fd > files\ncat <<END | tr _ '\\351'");
    script(&workspace, "get", &odd.replace("harbour", "caf_"));
    let ended = workspace.run(&["run", "--once"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let text = workspace.one("SELECT text FROM articles");
    assert!(text.contains("in the café until"), "{text}");
    let files = fs::read_to_string(workspace.path().join("files")).unwrap();
    assert!(files.contains("pipe:") && !files.contains("socket:"), "{files}");
    assert!(!files.contains(".db") && !files.contains("epoll"), "{files}");
}

#[test]
fn a_program_that_cannot_be_run_costs_no_page_a_try_and_check_finds_it() {
    let press = press("127.0.0.2", &["/1", "/2"]);
    for (program, said) in [
        ("./missing", "No such file"),
        ("./plain", "ermission denied"),
        ("no-such-program-here", "No such file"),
        ("./odd", "its first line names"),
    ] {
        let workspace =
            Workspace::new(&source(&press, &format!("fetch_command = [\"{program}\", \"{{url}}\"]\n")));
        fs::write(workspace.path().join("plain"), "#!/bin/sh\n").unwrap();
        script(&workspace, "odd", "");
        fs::write(workspace.path().join("odd"), "#!/no/such/shell\n").unwrap();
        workspace.run(&["run", "--once"]);
        let (code, message, tries) = failure(&workspace);
        assert_eq!((&*code, &*tries), ("program-missing", "0"), "{message}");
        assert!(message.contains(said) && message.contains("install it"), "{message}");
        assert_eq!(workspace.one("SELECT count(*) FROM host WHERE failures > 0"), "0");
        let waiting = "SELECT count(*) FROM entry WHERE next_at BETWEEN (unixepoch() + 500) * 1000 AND (unixepoch() + 610) * 1000";
        assert_eq!(workspace.one(waiting), "2", "{program}");

        if program == "./odd" {
            continue;
        }
        let check = workspace.run(&["check"]);
        let is_path = program.contains('/');
        assert_eq!(check.code, Some(if is_path { 2 } else { 0 }), "{}", check.stderr);
        assert!(
            check.stderr.contains("fetch_command: ") && check.stderr.contains("source \"a\""),
            "{}",
            check.stderr
        );
    }
}

#[test]
fn h31_what_a_program_leaves_behind_ends_with_it_and_its_page_counts() {
    let press = press("127.0.0.2", &["/1"]);
    let workspace = Workspace::new(&source(&press, "fetch_command = [\"./get\", \"{url}\"]\n"));
    script(
        &workspace,
        "get",
        &format!(
            "(trap '' HUP TERM; echo $(exec sh -c 'echo $PPID') > child; sleep 600) &\nuntil [ -s child ]; do :; done\n{}",
            printing("The ice")
        ),
    );
    let ended = workspace.run(&["run", "--once"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(workspace.exported(&[])[0]["title"], "The ice");
    assert_ended(&workspace, &["child"]);
}

#[test]
fn a_process_that_leaves_the_group_and_holds_the_pipe_delays_the_page_no_longer_than_a_moment() {
    let press = press("127.0.0.2", &["/1"]);
    let more = "fetch_command = [\"./get\", \"{url}\"]\n";
    let workspace = Workspace::new(&source(&press, more).replace("\"2s\"", "\"60s\""));
    let leaves = "setsid sh -c 'echo $$ > away; exec sleep 600' &\nuntil [ -s away ]; do :; done\n";
    script(&workspace, "get", &format!("{leaves}{}", printing("The ice")));
    let begun = Instant::now();
    let ended = workspace.run(&["run", "--once"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    assert_eq!(workspace.exported(&[])[0]["title"], "The ice");
    // It is no longer known: the documents say so.
    let away = process_of(&workspace.path().join("away")).unwrap();
    assert!(is_running(away));
    Command::new("kill").arg(away.to_string()).status().unwrap();
}

/// A program that ignores signals, with a child in its group and one in another.
const STUBBORN: &str = "trap '' TERM INT HUP\nsh -c 'trap \"\" TERM INT; echo $$ > child; sleep 600; :' &\n\
                        timeout 600 sh -c 'echo $$ > other; sleep 600; :' &\necho $$ > leader\nsleep 600; sleep 600\n";
const PROCESSES: [&str; 3] = ["leader", "child", "other"];

fn wait_for_all(workspace: &Workspace) {
    for file in PROCESSES {
        wait_for(file, || process_of(&workspace.path().join(file)).is_some());
    }
}

#[test]
fn h31_a_stop_of_the_daemon_ends_the_programs_that_run() {
    let press = press("127.0.0.2", &["/1"]);
    for signals in [1, 2] {
        let more = "fetch_command = [\"sh\", \"get\", \"{url}\"]\n";
        let workspace = Workspace::new(&source(&press, more).replace("\"2s\"", "\"60s\""));
        script(&workspace, "get", STUBBORN);
        let mut child = workspace.spawn(&["run"]);
        wait_for_all(&workspace);
        let begun = Instant::now();
        send("TERM", &child);
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            if signals == 2 {
                send("TERM", &child);
            }
            std::thread::yield_now();
        };
        assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
        assert!(matches!(status.code(), Some(0 | 130)), "{status}");
        assert_ended(&workspace, &PROCESSES);
        assert_eq!(workspace.one("PRAGMA integrity_check"), "ok");
        assert_eq!(workspace.one("SELECT attempts FROM entry"), "0", "a stop is no failure of the page");
    }
}

#[test]
fn try_shows_what_the_program_of_a_source_prints_and_takes_it_along_when_it_is_interrupted() {
    let press = press("127.0.0.2", &["/1"]);
    let more = "fetch_command = [\"sh\", \"get\", \"{url}\"]\n[[source.test]]\nurl = \"PAGE\"\ncontains = \"sold chestnuts\"\n";
    let workspace = Workspace::new(&source(&press, &more.replace("PAGE", &press.url("/1"))));
    script(&workspace, "get", &printing("The ice"));
    let tried = workspace.run(&["try", &press.url("/1"), "--source", "a"]);
    assert_eq!(tried.code, Some(0), "{}", tried.stderr);
    assert!(tried.stdout.contains("The ice"), "{}", tried.stdout);
    let check = workspace.run(&["check", "--live"]);
    assert_eq!(check.code, Some(0), "{}{}", check.stdout, check.stderr);

    script(&workspace, "get", "echo no such luck >&2; exit 3");
    let tried = workspace.run(&["try", &press.url("/1"), "--source", "a"]);
    assert_eq!(tried.code, Some(1), "{}", tried.stdout);
    assert!(tried.stderr.contains("sh ended with exit code 3: no such luck"), "{}", tried.stderr);

    script(&workspace, "get", STUBBORN);
    workspace.configure(&source(&press, more.split("[[").next().unwrap()).replace("\"2s\"", "\"60s\""));
    let mut child = workspace.spawn(&["try", &press.url("/1"), "--source", "a"]);
    wait_for_all(&workspace);
    send("INT", &child);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_ended(&workspace, &PROCESSES);
}

#[test]
fn h31_the_guard_judges_the_address_before_a_program_runs() {
    let press = Press::start("127.0.0.3");
    press.page(
        "/a.rss",
        rss(&[
            ("One", "http://127.0.0.2/1".into()),
            ("Two", "http://localhost/2".into()),
            ("Three", "http://[::ffff:127.0.0.2]/3".into()),
        ]),
    );
    let more = "fetch_command = [\"sh\", \"get\", \"{url}\"]\nignore_robots = true\n";
    let workspace = Workspace::new(&source(&press, more).replace("127.0.0.0/8", "127.0.0.3/32"));
    script(&workspace, "get", &format!("echo ran > ran\n{}", printing("Inside")));
    workspace.run(&["run", "--once"]);
    assert_eq!(
        workspace.one("SELECT count(DISTINCT entry_id) FROM failure WHERE code = 'refused-address'"),
        "3"
    );
    assert!(!workspace.path().join("ran").exists());
    assert_eq!(workspace.one("SELECT count(*) FROM articles WHERE title = 'Inside'"), "0");
}

#[test]
fn h31_an_address_reaches_the_program_as_one_word_whatever_is_in_it() {
    let press = Press::start("127.0.0.2");
    let nasty = "/a;touch${IFS}pwned&$(touch pwned)'\"`touch pwned`|x%0a--output=pwned?q={url}&-o";
    press.page("/a.rss", rss(&[("One", press.url(nasty).replace('&', "&amp;").replace('"', "&quot;"))]));
    let more =
        "fetch_command = [\"sh\", \"-c\", \"echo $# > count; sh get \\\"$1\\\"\", \"sh\", \"{url}\"]\n";
    let workspace = Workspace::new(&source(&press, more));
    script(
        &workspace,
        "get",
        &format!("printf '%s\\n' \"$1\" > url\n{}", printing("The ice").replace("$1", "it")),
    );
    let ended = workspace.run(&["run", "--once"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(fs::read_to_string(workspace.path().join("count")).unwrap(), "1\n");
    let given = fs::read_to_string(workspace.path().join("url")).unwrap();
    assert!(given.starts_with(&press.url("/a;touch")) && given.lines().count() == 1, "{given}");
    assert!(!workspace.path().join("pwned").exists());
}

#[test]
fn no_more_programs_run_at_once_than_are_allowed() {
    let hosts: Vec<Press> = (2..7).map(|number| press(&format!("127.0.0.{number}"), &["/1"])).collect();
    let feeds: Vec<(String, String)> =
        hosts.iter().enumerate().map(|(number, press)| (format!("s{number}"), press.url("/a.rss"))).collect();
    let feeds: Vec<(&str, String)> = feeds.iter().map(|(name, feed)| (&**name, feed.clone())).collect();
    let defaults = "[defaults]\nfetch_command = [\"./get\", \"{url}\"]\n[fetch]\nprograms = 2\n";
    let workspace = Workspace::new(&config(&feeds).replace("[fetch]\n", defaults));
    // Each notes how many there are while it runs.
    let count = "mkdir -p running\n: > running/$$\nls running | wc -l >> counts\nsleep 0.2\n";
    script(&workspace, "get", &format!("{count}{}rm running/$$\n", printing("The ice of $1")));
    let ended = workspace.run(&["run", "--once"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let counts = fs::read_to_string(workspace.path().join("counts")).unwrap();
    let counts: Vec<u32> = counts.split_whitespace().map(|count| count.parse().unwrap()).collect();
    assert_eq!((counts.len(), counts.iter().max()), (5, Some(&2)), "{counts:?}");
}

#[test]
fn p30_a_program_is_not_run_for_a_page_that_robots_txt_forbids() {
    let press = press("127.0.0.2", &["/private/1", "/2"]);
    press.page("/robots.txt", Reply::ok("text/plain", "User-agent: *\nDisallow: /private/\n"));
    let workspace = Workspace::new(&source(&press, "fetch_command = [\"sh\", \"get\", \"{url}\"]\n"));
    script(&workspace, "get", &format!("echo $1 >> ran\n{}", printing("The ice")));
    workspace.run(&["run", "--once"]);
    assert_eq!(fs::read_to_string(workspace.path().join("ran")).unwrap(), format!("{}\n", press.url("/2")));
    assert_eq!(failure(&workspace).0, "robots-denied");
}

#[test]
fn p16_a_program_takes_the_turn_of_a_request_and_the_gap_follows_it() {
    let press = press("127.0.0.2", &["/1", "/2", "/3"]);
    let more = "fetch_command = [\"sh\", \"get\", \"{url}\"]\n";
    let workspace = Workspace::new(&source(&press, more).replace("\"10ms\"", "\"300ms\""));
    let times = "date +%s%N >> times\nuntil [ -e \"$0\" ]; do :; done\n";
    script(&workspace, "get", &format!("{times}{}date +%s%N >> times\n", printing("The ice of $1")));
    let ended = workspace.run(&["run", "--once", "--wait", "20s"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let times = fs::read_to_string(workspace.path().join("times")).unwrap();
    let times: Vec<u64> = times.lines().map(|line| line.parse().unwrap()).collect();
    assert_eq!(times.len(), 6);
    // Begun and ended by turns; between an end and the next beginning lies the gap.
    for pair in times[1..5].chunks(2) {
        assert!(pair[1] - pair[0] >= 290_000_000, "{times:?}");
    }
}
