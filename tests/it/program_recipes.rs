//! The recipes of docs/sources.md for pages by a program, as they are printed there: Chromium and `curl` where they are.

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::press::Press;
use crate::support::reply::{Latch, Reply};
use crate::way::{config, rss};
use crate::workspace::{Ended, Workspace};

const COOKBOOK: &str = include_str!("../../docs/sources.md");

const TEXT: &str = "The lighthouse keeper wrote down every ship that passed for forty years, and nobody ever asked him \
                    for the book until the harbour wanted to know how the winters had been.";

fn is_there(program: &str) -> bool {
    let version = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    let is_there = version.is_ok_and(|status| status.success());
    if !is_there {
        println!("skipped: there is no {program} here");
    }
    is_there
}

/// The `[[source]]` of this name, for a press.
fn recipe(name: &str, press: &Press) -> String {
    let head = format!("[[source]]\nname = \"{name}\"\n");
    let rest = COOKBOOK.split(&head).nth(1).unwrap();
    let block = rest.split("\n```").next().unwrap();
    format!("{head}{block}\n").replace("https://paper.example", &press.url(""))
}

#[test]
fn the_recipe_for_chromium_prints_what_scripts_made_of_a_page() {
    if !is_there("chromium") {
        return;
    }
    let press = Press::start("127.0.0.2");
    let made =
        format!("<article><h1>The book</h1><p>{TEXT}</p><p>He had kept it in the kitchen.</p></article>");
    let scripted = format!(
        "<!doctype html><html lang=en><head><title>The book</title></head><body><div id=app></div>\
         <script>setTimeout(() => {{ document.getElementById('app').innerHTML = '{made}' }}, 300)</script></body></html>"
    );
    press.page("/1", Reply::html(scripted.clone()));
    press.page("/moved", Reply::redirect(302, "/1"));
    press.page("/gone", Reply::html(scripted.clone()).with_status(404));
    press.page("/feed", rss(&[("One", press.url("/1")), ("Two", press.url("/gone"))]));
    let workspace = Workspace::new(&format!("{}{}", config(&[]), recipe("scripted", &press)));
    let temporary = workspace.path().join("tmp");
    fs::create_dir(&temporary).unwrap();
    let ended =
        workspace.command(&["run", "--once", "--wait", "30s"]).env("TMPDIR", &temporary).output().unwrap();
    let stderr = String::from_utf8_lossy(&ended.stderr).into_owned();
    let texts = workspace.rows("SELECT text FROM articles WHERE title = 'The book'");
    assert_eq!(texts.len(), 1, "{stderr}");
    assert!(texts[0][0].contains(TEXT), "{texts:?}");
    let failures = workspace.rows("SELECT code, message FROM failure WHERE stage = 'page'");
    assert_eq!(failures.len(), 1, "{failures:?}");
    assert!(failures[0][0] == "program-failed" && failures[0][1].contains("404"), "{failures:?}");
    let agents: Vec<String> = press.requests().iter().filter_map(|seen| seen.text("user-agent")).collect();
    assert!(agents.iter().all(|agent| agent.starts_with("cuttings/")), "{agents:?}");
    let left = fs::read_dir(&temporary).unwrap().count();
    assert_eq!(left, 0, "a profile was left behind");
}

#[test]
fn a_browser_that_hangs_is_killed_with_all_its_processes() {
    if !is_there("chromium") {
        return;
    }
    let press = Press::start("127.0.0.2");
    let latch = Latch::closed();
    press.page("/1", Reply::html("<p>late").held(&latch));
    press.page("/feed", rss(&[("One", press.url("/1"))]));
    let limits = config(&[]).replace("[fetch]\n", "[fetch]\ntotal_timeout = \"3s\"\n");
    let workspace = Workspace::new(&format!("{limits}{}", recipe("scripted", &press)));
    let child = workspace.spawn(&["try", &press.url("/1"), "--source", "scripted"]);
    // Whoever descends from the program has its environment.
    let mark = format!("CUTTINGS_URL={}", press.url("/1"));
    let is_left = || {
        let processes = fs::read_dir("/proc").unwrap().flatten();
        let mut environments = processes.filter_map(|process| fs::read(process.path().join("environ")).ok());
        environments
            .any(|environment| environment.split(|byte| *byte == 0).any(|line| line == mark.as_bytes()))
    };
    assert!(press.wait_until(|seen| seen.iter().any(|seen| seen.path() == "/1")));
    assert!(is_left());
    let ended = Ended::from(child.wait_with_output().unwrap());
    assert!(ended.stderr.contains("did not end within 3s"), "{}", ended.stderr);
    let begun = Instant::now();
    while is_left() {
        assert!(begun.elapsed() < Duration::from_secs(20), "a process of the browser runs on");
    }
    latch.open();
}

#[test]
fn the_lines_for_the_unit_change_what_it_has() {
    let unit = include_str!("../../systemd/cuttings.service");
    let block = COOKBOOK.split("```ini\n[Service]\n").nth(1).unwrap().split("```").next().unwrap();
    for line in block.lines() {
        let (key, value) = line.split_once('=').unwrap();
        let before = unit.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
        assert!(before.is_some_and(|before| before != value), "{line}: {before:?}");
    }
}

#[test]
fn the_recipe_for_a_login_sends_the_form_once_and_keeps_the_cookies() {
    if !is_there("curl") {
        return;
    }
    let press = Press::start("127.0.0.2");
    let article = |title: &str| {
        format!(
            "<!doctype html><html lang=en><title>{title}</title><article><h1>{title}</h1><p>{TEXT}</p><p>So says {title}.</p></article>"
        )
    };
    for title in ["one", "two"] {
        press.on(&format!("/{title}"), move |seen| match seen.text("cookie") {
            Some(cookie) if cookie.contains("session=7") => Reply::html(article(title)),
            _ => Reply::html("<html><form action=/login id=\"login\"><input name=user></form></html>"),
        });
    }
    press.on("/login", |seen| {
        let is_right = seen.method == "POST" && seen.body == b"user=me&password=hush";
        if is_right {
            Reply::html("<p>Welcome").header("set-cookie", "session=7; Path=/")
        } else {
            Reply::html("<p>No")
        }
    });
    press.page("/feed2", rss(&[("one", press.url("/one")), ("two", press.url("/two"))]));
    let workspace = Workspace::new("");
    let secret = workspace.path().join("paper.login");
    let recipe = recipe("subscribed", &press).replace("/etc/cuttings/paper.login", secret.to_str().unwrap());
    workspace.configure(&format!("{}{recipe}", config(&[])));
    fs::write(&secret, "user=me&password=wrong\n").unwrap();
    let refused = workspace.run(&["try", &press.url("/one"), "--source", "subscribed"]);
    assert_eq!(refused.code, Some(1));
    assert!(refused.stderr.contains("the login was refused"), "{}", refused.stderr);

    press.forget();
    fs::write(&secret, "user=me&password=hush\n").unwrap();
    let ended = workspace.run(&["run", "--once", "--wait", "10s"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(workspace.one("SELECT count(*) FROM articles WHERE text LIKE '%lighthouse keeper%'"), "2");
    assert_eq!(press.count("/login"), 1, "the cookie is kept for the next page");
    let agents: Vec<String> = press.requests().iter().filter_map(|seen| seen.text("user-agent")).collect();
    assert!(agents.iter().all(|agent| agent.starts_with("cuttings/")), "{agents:?}");
}

#[test]
fn the_feed_in_a_file_of_the_docs_is_one() {
    let workspace = Workspace::new("");
    let folder = workspace.path().join("feeds");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("paper.xml"), "<rss><channel><title>T</title></channel></rss>").unwrap();
    let block = COOKBOOK.split("```text\n[fetch]\n").nth(1).unwrap().split("```").next().unwrap();
    let text = format!("[daemon]\ncontact = 'x'\n[fetch]\n{block}");
    workspace.configure(&text.replace("/srv/feeds", folder.to_str().unwrap()));
    let check = workspace.run(&["check"]);
    assert_eq!((check.code, &*check.stderr), (Some(0), ""));
    assert_eq!(workspace.run(&["run", "--once"]).code, Some(0));
}
