//! Rules and the commands for those who write them: `try`, `check --live` and `check --stored`.

use serde_json::Value;

use crate::support::press::Press;
use crate::support::reply::Reply;
use crate::way::{config, page, rss};
use crate::workspace::Workspace;

pub(crate) const FIRST: &str =
    "The bridge over the river was opened on Tuesday after eleven years, to the sound of one brass band.";
pub(crate) const SECOND: &str =
    "On Wednesday it was closed again, because the toll house had been built on the wrong bank of it.";

/// A page with what a newspaper puts around an article.
fn story(more: &str) -> Reply {
    Reply::html(format!(
        "<!DOCTYPE html><html lang=en><head><meta charset=utf-8><title>The bridge - The Paper</title></head><body>\
         <nav><a href=/>Home</a> <a href=/sport>Sport</a></nav><div class=story><h1 class=head>The bridge</h1>\
         <p>{FIRST}</p><p class=ad>Subscribe to our letter & win a boat.</p><p>{SECOND}</p><p>Read more: the ferry</p>\
         <p>The ferry is older.</p></div>{more}<script>alert(1)</script></body></html>"
    ))
}

const RULES: &str = "[source.article]\n\
    title = ['.headline', '.head']\nbody = '.story p'\nremove = '.ad'\ncut_after = 'Read more:'\n";

pub(crate) fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn try_tells_each_field_its_origin_and_the_selectors_that_hit_and_missed() {
    let press = Press::start("127.0.0.2");
    press.page("/bridge", story(""));
    let text = config(&[("paper", press.url("/feed"))]) + RULES;
    let workspace = Workspace::new(&text);
    let url = press.url("/bridge");

    let ended = workspace.run(&["try", &url, "--source", "paper"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let line = |begins: &str| {
        let found = ended.stdout.lines().find(|line| line.trim_start().starts_with(begins));
        found.unwrap_or_else(|| panic!("no {begins} in {}", ended.stdout)).to_owned()
    };
    assert_eq!(line("title").split_whitespace().collect::<Vec<_>>(), ["title", "rule", "The", "bridge"]);
    assert!(line("✗ missed").ends_with(".headline  [source.article]"), "{}", line("✗ missed"));
    assert!(line("✓ hit").contains(".head"), "{}", line("✓ hit"));
    assert!(line("body").contains("2 paragraphs, "), "{}", line("body"));
    assert!(line("language").contains("meta     en"), "{}", line("language"));
    assert!(ended.stdout.contains("2 selectors hit, 1 missed"), "{}", ended.stdout);
    assert!(!ended.stdout.contains('\u{1b}'), "no colours where nobody sees them");
    assert!(ended.stdout.ends_with(&format!("{FIRST}\n\n{SECOND}\n")), "{}", ended.stdout);

    let told = json(&workspace.run(&["try", &url, "--source", "paper", "--json"]).stdout);
    assert_eq!(told["origins"]["title"], "rule");
    assert_eq!(told["text"], format!("{FIRST}\n\n{SECOND}"));
    let tried: Vec<_> = told["tried"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tried| (tried["selector"].as_str().unwrap(), tried["hit"].as_bool().unwrap()))
        .collect();
    assert_eq!(tried, [(".headline", false), (".head", true), (".story p", true)]);
}

#[test]
fn try_takes_rules_from_a_file_of_its_own_before_all_others() {
    let press = Press::start("127.0.0.2");
    press.page("/bridge", story(""));
    let workspace = Workspace::new(&(config(&[("paper", press.url("/feed"))]) + RULES));
    let file = workspace.path().join("paper.toml");
    std::fs::write(&file, "title = 'p'\n").unwrap();
    let (url, file) = (press.url("/bridge"), file.to_str().unwrap().to_owned());
    let told = json(&workspace.run(&["try", &url, "--source", "paper", "--rule", &file, "--json"]).stdout);
    assert_eq!(told["title"], FIRST);
    assert_eq!(told["tried"][0]["layer"], file);

    std::fs::write(&file, "titel = 'p'\n").unwrap();
    let ended = workspace.run(&["try", &url, "--rule", &file]);
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("paper.toml:1:1"), "{}", ended.stderr);
    assert!(ended.stderr.contains("did you mean `title`"), "{}", ended.stderr);
}

#[test]
fn try_writes_a_page_with_what_is_kept_and_what_is_not() {
    let press = Press::start("127.0.0.2");
    press.page("/bridge", story("<img src=/x onerror=alert(2)><p>Other &lt;b&gt; news</p>"));
    let workspace = Workspace::new(&(config(&[("paper", press.url("/feed"))]) + RULES));
    let out = workspace.path().join("out.html");
    let url = press.url("/bridge");
    let ended = workspace.run(&["try", &url, "--source", "paper", "--html", out.to_str().unwrap()]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let html = std::fs::read_to_string(out).unwrap();
    for (class, text) in [
        ("kept", FIRST),
        ("removed", "Subscribe to our letter &amp; win a boat."),
        ("cut-off", "The ferry is older."),
        ("outside", "Other &lt;b&gt; news"),
        ("outside", "The bridge"),
    ] {
        assert!(html.contains(&format!("<span class=\"{class}\">{text}</span>")), "{class} {text}: {html}");
    }
    assert!(html.contains("default-src 'none'"), "it loads nothing");
    for bad in ["<script", "<img", "onerror", "alert(", "<link"] {
        assert!(!html.contains(bad), "{bad}");
    }
}

#[test]
fn check_live_looks_for_the_passages_and_asks_politely() {
    let press = Press::start("127.0.0.2");
    press.page("/bridge", story(""));
    press.page("/old", page("The old bridge", SECOND, ""));
    let tests = format!(
        "[[source.test]]\nurl = '{}'\ncontains = 'after eleven  years'\n\
         [[source.test]]\nurl = '{}'\ncontains = 'after eleven years'\n\
         [[source.test]]\nurl = '{}'\ncontains = 'x'\n",
        press.url("/bridge"),
        press.url("/old"),
        press.url("/none"),
    );
    let workspace = Workspace::new(&(config(&[("paper", press.url("/feed"))]) + RULES + &tests));
    assert_eq!(workspace.run(&["check"]).code, Some(0));
    assert_eq!(press.requests().len(), 0, "without --live nothing is fetched");

    let ended = workspace.run(&["check", "--live"]);
    assert_eq!(ended.code, Some(1), "{}{}", ended.stdout, ended.stderr);
    let lines: Vec<&str> = ended.stdout.lines().filter(|line| line.contains("/127.0.0.2")).collect();
    let lines: Vec<&str> = lines.into_iter().filter(|line| !line.contains(": ok, ")).collect();
    assert_eq!(lines.len(), 3, "{}", ended.stdout);
    assert!(lines[0].starts_with("ok      paper  http://127.0.0.2"), "{}", lines[0]);
    assert!(lines[1].contains("the text lacks \"after eleven years\""), "{}", lines[1]);
    assert!(lines[1].contains("cuttings.toml:"), "{}", lines[1]);
    assert!(lines[2].starts_with("failed") && lines[2].contains("404"), "{}", lines[2]);
    assert!(ended.stdout.ends_with("3 tests, 2 failed\n"), "{}", ended.stdout);
    assert_eq!(press.count("/robots.txt"), 1, "asked once");

    let told = json(workspace.run(&["check", "--live", "--json"]).stdout.lines().last().unwrap());
    assert_eq!(told["tests"][0]["ok"], true);
    assert_eq!(workspace.run(&["check", "--live", "--source", "nobody"]).code, Some(2));
}

#[test]
fn check_stored_reads_the_kept_pages_by_the_rules_of_their_day() {
    let press = Press::start("127.0.0.2");
    press.page("/bridge", story(""));
    press.page("/feed", rss(&[("The bridge", press.url("/bridge"))]));
    let test =
        format!("[[source.test]]\nurl = '{}'\ncontains = 'after eleven years'\n", press.url("/bridge"));
    let with = |rules: &str| config(&[("paper", press.url("/feed"))]) + rules + &test;
    let workspace = Workspace::new(&with(RULES));
    assert_eq!(workspace.run(&["run", "--once"]).code, Some(0));
    press.forget();

    let ended = workspace.run(&["check", "--stored"]);
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    workspace.configure(&with("[source.article]\nbody = '.gone'\nremove = 'p'\n"));
    let ended = workspace.run(&["check", "--stored"]);
    assert_eq!(ended.code, Some(1), "{}", ended.stdout);
    // Rules that ended before the page was fetched are not for it, those that end later go first.
    for (until, code) in [("2020-01-01", 1), ("2999-01-01", 0)] {
        workspace.configure(&with(&format!(
            "[source.article]\nbody = '.ad'\n[[source.rules]]\nvalid_until = {until}\nbody = '.story p'\n"
        )));
        let ended = workspace.run(&["check", "--stored"]);
        assert_eq!(ended.code, Some(code), "{until}: {}", ended.stdout);
    }
    assert_eq!(press.requests().len(), 0, "nothing is fetched");
}

#[test]
fn a_mistake_in_a_file_is_said_once_and_as_it_is() {
    let workspace = Workspace::new("");
    std::fs::write(workspace.path().join("one.toml"), "titel = 'h1'\n").unwrap();
    let broken = workspace.run(&["try", "page.html", "--rule", "one.toml"]);
    workspace.configure("[[source]]\nnam = 'a'\n");
    for (ended, word) in [(broken, "titel"), (workspace.run(&["list"]), "nam")] {
        assert_eq!(ended.code, Some(2));
        let told = format!("error: unknown key `{word}`");
        let is_told = ended.stderr.lines().any(|line| line.starts_with(&told));
        assert!(is_told, "{}", ended.stderr);
    }
}

#[test]
fn a_selector_that_dies_is_an_alarm_until_it_is_mended() {
    let press = Press::start("127.0.0.2");
    let workspace = Workspace::new("");
    let day = |day: usize, class: &str, number: usize| {
        let mut entries = Vec::new();
        for n in 0..number {
            let path = format!("/{day}/{n}");
            let text = format!("{FIRST} This was told on day {day}, for the time number {n}.");
            press.page(
                &path,
                Reply::html(format!(
                    "<article><h1 class={class}>Story {n} of {day}</h1><p>{text}</p></article>"
                )),
            );
            entries.push(("A story", press.url(&path)));
        }
        press.page("/feed", rss(&entries).etag(format!("\"{day}\"")));
    };
    let rules = |rules: &str| {
        workspace.configure(&(config(&[("paper", press.url("/feed"))]) + "[source.article]\n" + rules));
    };
    rules("title = '.head'\n");
    day(1, "head", 30);
    workspace.run(&["run", "--once"]);
    let status = workspace.run(&["status"]);
    assert_eq!(status.code, Some(0), "{}", status.stdout);
    day(2, "headline", 14);
    let ended = workspace.run(&["run", "--once", "--all"]);
    assert!(ended.stderr.contains("the site may have changed"), "{}", ended.stderr);
    let status = workspace.run(&["status"]);
    assert_eq!(status.code, Some(1), "{}", status.stdout);
    let line = status.stdout.lines().find(|line| line.contains("DRIFT")).unwrap();
    assert!(line.contains("title \".head\" hits "), "{line}");
    assert!(line.contains("it used to hit 9"), "{line}");
    let told = json(&workspace.run(&["status", "--json"]).stdout);
    assert_eq!(told["sources"][0]["rules"][0]["drift"], "rate");
    assert_eq!(workspace.one("SELECT count(*) FROM failure WHERE code = 'rule-drift'"), "1", "told once");

    rules("title = '.headline'\n");
    day(3, "headline", 1);
    workspace.run(&["run", "--once", "--all"]);
    let status = workspace.run(&["status"]);
    assert_eq!(status.code, Some(0), "{}", status.stdout);
    assert!(!status.stdout.contains("DRIFT"), "{}", status.stdout);
}

#[test]
fn try_asks_as_the_daemon_would() {
    let press = Press::start("127.0.0.2");
    press.page("/robots.txt", Reply::ok("text/plain", "User-agent: *\nDisallow: /\n"));
    press.on("/page", |seen| {
        let known = seen.text("x-key").as_deref() == Some("hush")
            && seen.text("cookie").as_deref() == Some("id=7")
            && seen.text("authorization").as_deref() == Some("Bearer hush");
        if known {
            page("The lock", "The lock on the library door was changed, and nobody told the librarian.", "")
        } else {
            Reply::status(403)
        }
    });
    let plain = config(&[("paper", press.url("/feed"))]);
    let workspace = Workspace::new(&plain);
    let denied = workspace.run(&["try", &press.url("/page"), "--source", "paper"]);
    assert_ne!(denied.code, Some(0));
    assert!(denied.stderr.contains("robots.txt"), "{}", denied.stderr);
    assert_eq!(press.count("/page"), 0);
    std::fs::write(workspace.path().join("token"), "hush\n").unwrap();
    workspace.configure(&format!(
        "{plain}ignore_robots = true\nheaders = {{ X-Key = \"hush\" }}\ncookies = {{ id = \"7\" }}\nbearer = {{ file = \"token\" }}\n"
    ));
    press.forget();
    let tried = workspace.run(&["try", &press.url("/page"), "--source", "paper"]);
    assert_eq!(tried.code, Some(0), "{}", tried.stderr);
    assert!(tried.stdout.contains("nobody told the librarian"), "{}", tried.stdout);
    assert_eq!(press.count("/robots.txt"), 0);
    // What cannot be read is said, and nobody is asked without it.
    std::fs::remove_file(workspace.path().join("token")).unwrap();
    press.forget();
    let without = workspace.run(&["try", &press.url("/page"), "--source", "paper"]);
    assert!(without.stderr.contains("token cannot be read"), "{}", without.stderr);
    assert!(press.requests().is_empty());
    let checked = workspace.run(&["check"]);
    assert_eq!(checked.code, Some(2));
    assert!(checked.stderr.contains("token cannot be read"), "{}", checked.stderr);
}
