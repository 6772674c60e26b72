//! Rules and those who write them: `try`, `check --live` and `check --stored`, articles over several pages.

use serde_json::Value;

use crate::desk::Desk;
use crate::support::press::Press;
use crate::support::reply::Reply;
use crate::way::{config, page, rss};

const FIRST: &str =
    "The bridge over the river was opened on Tuesday after eleven years, to the sound of one brass band.";
const SECOND: &str =
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

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn try_tells_each_field_its_origin_and_the_selectors_that_hit_and_missed() {
    let press = Press::start("127.0.0.2");
    press.page("/bridge", story(""));
    let text = config(&[("paper", press.url("/feed"))]) + RULES;
    let desk = Desk::new(&text);
    let url = press.url("/bridge");

    let ended = desk.run(&["try", &url, "--source", "paper"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let line = |begins: &str| {
        let found = ended
            .stdout
            .lines()
            .find(|line| line.trim_start().starts_with(begins));
        found
            .unwrap_or_else(|| panic!("no {begins} in {}", ended.stdout))
            .to_owned()
    };
    assert_eq!(
        line("title").split_whitespace().collect::<Vec<_>>(),
        ["title", "rule", "The", "bridge"]
    );
    assert!(
        line("✗ missed").ends_with(".headline  [source.article]"),
        "{}",
        line("✗ missed")
    );
    assert!(line("✓ hit").contains(".head"), "{}", line("✓ hit"));
    assert!(line("body").contains("2 paragraphs, "), "{}", line("body"));
    assert!(line("language").contains("meta     en"), "{}", line("language"));
    assert!(
        ended.stdout.contains("2 selectors hit, 1 missed"),
        "{}",
        ended.stdout
    );
    assert!(
        !ended.stdout.contains('\u{1b}'),
        "no colours where nobody sees them"
    );
    assert!(
        ended.stdout.ends_with(&format!("{FIRST}\n\n{SECOND}\n")),
        "{}",
        ended.stdout
    );

    let told = json(&desk.run(&["try", &url, "--source", "paper", "--json"]).stdout);
    assert_eq!(told["origins"]["title"], "rule");
    assert_eq!(told["text"], format!("{FIRST}\n\n{SECOND}"));
    let tried: Vec<_> = told["tried"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tried| {
            (
                tried["selector"].as_str().unwrap(),
                tried["hit"].as_bool().unwrap(),
            )
        })
        .collect();
    assert_eq!(tried, [(".headline", false), (".head", true), (".story p", true)]);
}

#[test]
fn try_takes_rules_from_a_file_of_its_own_before_all_others() {
    let press = Press::start("127.0.0.2");
    press.page("/bridge", story(""));
    let desk = Desk::new(&(config(&[("paper", press.url("/feed"))]) + RULES));
    let file = desk.path().join("paper.toml");
    std::fs::write(&file, "title = 'p'\n").unwrap();
    let (url, file) = (press.url("/bridge"), file.to_str().unwrap().to_owned());
    let told = json(
        &desk
            .run(&["try", &url, "--source", "paper", "--rule", &file, "--json"])
            .stdout,
    );
    assert_eq!(told["title"], FIRST);
    assert_eq!(told["tried"][0]["layer"], file);

    std::fs::write(&file, "titel = 'p'\n").unwrap();
    let ended = desk.run(&["try", &url, "--rule", &file]);
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("paper.toml:1:1"), "{}", ended.stderr);
    assert!(ended.stderr.contains("did you mean `title`"), "{}", ended.stderr);
}

#[test]
fn try_writes_a_page_with_what_is_kept_and_what_is_not() {
    let press = Press::start("127.0.0.2");
    press.page(
        "/bridge",
        story("<img src=/x onerror=alert(2)><p>Other &lt;b&gt; news</p>"),
    );
    let desk = Desk::new(&(config(&[("paper", press.url("/feed"))]) + RULES));
    let out = desk.path().join("out.html");
    let url = press.url("/bridge");
    let ended = desk.run(&["try", &url, "--source", "paper", "--html", out.to_str().unwrap()]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let html = std::fs::read_to_string(out).unwrap();
    for (class, text) in [
        ("kept", FIRST),
        ("removed", "Subscribe to our letter &amp; win a boat."),
        ("cut-off", "The ferry is older."),
        ("outside", "Other &lt;b&gt; news"),
        ("outside", "The bridge"),
    ] {
        assert!(
            html.contains(&format!("<span class=\"{class}\">{text}</span>")),
            "{class} {text}: {html}"
        );
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
    let desk = Desk::new(&(config(&[("paper", press.url("/feed"))]) + RULES + &tests));
    assert_eq!(desk.run(&["check"]).code, Some(0));
    assert_eq!(press.requests().len(), 0, "without --live nothing is fetched");

    let ended = desk.run(&["check", "--live"]);
    assert_eq!(ended.code, Some(1), "{}{}", ended.stdout, ended.stderr);
    let lines: Vec<&str> = ended
        .stdout
        .lines()
        .filter(|line| line.contains("/127.0.0.2"))
        .collect();
    let lines: Vec<&str> = lines
        .into_iter()
        .filter(|line| !line.contains(": ok, "))
        .collect();
    assert_eq!(lines.len(), 3, "{}", ended.stdout);
    assert!(
        lines[0].starts_with("ok      paper  http://127.0.0.2"),
        "{}",
        lines[0]
    );
    assert!(
        lines[1].contains("the text lacks \"after eleven years\""),
        "{}",
        lines[1]
    );
    assert!(lines[1].contains("cuttings.toml:"), "{}", lines[1]);
    assert!(
        lines[2].starts_with("failed") && lines[2].contains("404"),
        "{}",
        lines[2]
    );
    assert!(ended.stdout.ends_with("3 tests, 2 failed\n"), "{}", ended.stdout);
    assert_eq!(press.count("/robots.txt"), 1, "asked once");

    let told = json(
        desk.run(&["check", "--live", "--json"])
            .stdout
            .lines()
            .last()
            .unwrap(),
    );
    assert_eq!(told["tests"][0]["ok"], true);
    assert_eq!(desk.run(&["check", "--live", "--source", "nobody"]).code, Some(2));
}

#[test]
fn check_stored_reads_the_kept_pages_by_the_rules_of_their_day() {
    let press = Press::start("127.0.0.2");
    press.page("/bridge", story(""));
    press.page("/feed", rss(&[("The bridge", press.url("/bridge"))]));
    let test = format!(
        "[[source.test]]\nurl = '{}'\ncontains = 'after eleven years'\n",
        press.url("/bridge")
    );
    let with = |rules: &str| config(&[("paper", press.url("/feed"))]) + rules + &test;
    let desk = Desk::new(&with(RULES));
    assert_eq!(desk.run(&["run", "--once"]).code, Some(0));
    press.forget();

    let ended = desk.run(&["check", "--stored"]);
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    desk.configure(&with("[source.article]\nbody = '.gone'\nremove = 'p'\n"));
    let ended = desk.run(&["check", "--stored"]);
    assert_eq!(ended.code, Some(1), "{}", ended.stdout);
    // Rules that ended before the page was fetched are not for it, those that end later go first.
    for (until, code) in [("2020-01-01", 1), ("2999-01-01", 0)] {
        desk.configure(&with(&format!(
            "[source.article]\nbody = '.ad'\n[[source.rules]]\nvalid_until = {until}\nbody = '.story p'\n"
        )));
        let ended = desk.run(&["check", "--stored"]);
        assert_eq!(ended.code, Some(code), "{until}: {}", ended.stdout);
    }
    assert_eq!(press.requests().len(), 0, "nothing is fetched");
}
