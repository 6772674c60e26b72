//! Sources found, imported and listed by the command line.

use serde_json::Value;

use crate::support::press::Press;
use crate::support::reply::Reply;
use crate::way::{config, page, rss};
use crate::workspace::{Ended, Workspace};

const TEXT: &str =
    "The ferry to the islands was late again, and tea was made for those who waited on the quay for it.";

/// A site with a front page and nothing else.
fn site(front: &str) -> (Press, Workspace, String) {
    let press = Press::start("127.0.0.2");
    press.page("/", Reply::html(format!("<!DOCTYPE html><html><head>{front}")));
    let written = format!("# Mine.\n{}# The end", config(&[]));
    let workspace = Workspace::new(&written);
    (press, workspace, written)
}

#[test]
fn the_feeds_a_site_announces_are_shown_and_one_is_added() {
    let (press, workspace, written) = site(
        "<link rel=alternate type='application/rss+xml' title=Comments href=/comments.xml>\
         <link rel=alternate type=application/atom+xml href='news.xml?a=1&amp;b=2'>\
         <link rel=alternate type=application/rss+xml href=/gone.xml></head><body><a href=/other/rss>RSS</a>",
    );
    press.page("/a", page("The ferry", TEXT, ""));
    press.page(
        "/comments.xml",
        Reply::rss(
            "<rss><channel><title>Comments for The Paper</title><item><guid>1</guid></item></channel></rss>",
        ),
    );
    press.page("/news.xml", rss(&[("The ferry", press.url("/a"))]));

    let shown = workspace.run(&["add", &press.url("/")]);
    assert_eq!(shown.code, Some(1), "{}{}", shown.stdout, shown.stderr);
    let lines: Vec<&str> = shown.stdout.lines().collect();
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(lines[1].contains("The Paper") && lines[1].ends_with("/news.xml?a=1&b=2"), "{lines:?}");
    assert!(lines[2].contains("Comments for The Paper"), "{lines:?}");
    assert!(shown.stderr.contains("/gone.xml") && shown.stderr.contains("404"), "{}", shown.stderr);
    assert!(shown.stderr.contains("--feed N"), "{}", shown.stderr);
    assert_eq!(press.count("/other/rss"), 0, "announced feeds are enough");
    assert_eq!(std::fs::read_to_string(workspace.config()).unwrap(), written);

    let added = workspace.run(&["add", &press.url("/"), "--feed", "1", "--tag", "news", "--json"]);
    assert_eq!(added.code, Some(0), "{}", added.stderr);
    let said: Value = serde_json::from_str(&added.stdout).unwrap();
    assert_eq!((&said["added"]["source"], said["found"].as_array().unwrap().len()), (&"the-paper".into(), 2));
    let now = std::fs::read_to_string(workspace.config()).unwrap();
    assert_eq!(
        now,
        format!(
            "{written}\n\n[[source]]\nname = \"the-paper\"\nfeed = \"{}\"\ntags = [\"news\"]\n",
            press.url("/news.xml?a=1&b=2")
        )
    );
    assert_eq!(workspace.run(&["run", "--once"]).code, Some(0));
    assert_eq!(workspace.exported(&[]).len(), 1);

    let again = workspace.run(&["add", &press.url("/"), "--yes"]);
    assert_eq!(again.code, Some(0), "{}", again.stderr);
    assert!(again.stderr.contains("polled already, by \"the-paper\""), "{}", again.stderr);
    assert_eq!(std::fs::read_to_string(workspace.config()).unwrap(), now);
    let wrong = workspace.run(&["add", &press.url("/"), "--feed", "9"]);
    assert_eq!(wrong.code, Some(2), "{}", wrong.stderr);
}

#[test]
fn linked_feeds_and_usual_addresses_are_found() {
    let (press, workspace, _) = site(
        "</head><body><a href=/about>About</a><a href=/service/rss.html>RSS</a><a href=/x/feed/>Feed</a>",
    );
    press.page("/service/rss.html", Reply::html("<p>What is RSS?"));
    press.page("/x/feed/", rss(&[]));
    let added = workspace.run(&["add", &press.url("/"), "--yes"]);
    assert_eq!(added.code, Some(0), "{}", added.stderr);
    assert!(workspace.run(&["list"]).stdout.contains("/x/feed/"));

    let (press, workspace, _) = site("<link rel=alternate type=application/rss+xml href=/x/feed/>");
    press.page("/x/feed/", rss(&[]));
    assert_eq!(workspace.run(&["add", &press.url("/"), "--yes"]).code, Some(0));
    assert_eq!((press.count("/x/feed/"), press.count("/x/feed")), (1, 0));

    let (press, workspace, _) = site("");
    press.page("/feed.xml", rss(&[]));
    let added = workspace.run(&["add", &press.url("/"), "--yes", "--name", "mine"]);
    assert_eq!(added.code, Some(0), "{}", added.stderr);
    assert!(workspace.run(&["list"]).stdout.contains("/feed.xml"));
    assert_eq!(press.count("/robots.txt"), 1, "robots.txt is read before a guess");
    assert_eq!(workspace.run(&["add", &press.url("/feed.xml"), "--yes"]).code, Some(0), "the feed itself");
}

#[test]
fn a_site_without_a_feed_may_have_a_sitemap_that_robots_txt_names() {
    let (press, workspace, _) = site("");
    press.page("/robots.txt", Reply::ok("text/plain", format!("Sitemap: {}\n", press.url("/map.xml"))));
    press.page(
        "/map.xml",
        Reply::ok(
            "application/xml",
            "<urlset><url><loc>/a</loc><lastmod>2026-11-02</lastmod></url></urlset>",
        ),
    );
    let added = workspace.run(&["add", &press.url("/"), "--yes"]);
    assert_eq!(added.code, Some(0), "{}", added.stderr);
    assert!(added.stdout.contains("2026-11-02"), "{}", added.stdout);
    let written = std::fs::read_to_string(workspace.config()).unwrap();
    assert!(written.contains(&format!("sitemap = \"{}\"", press.url("/map.xml"))), "{written}");
}

#[test]
fn an_article_page_without_feeds_proposes_nothing() {
    let (press, workspace, written) = site("");
    press.page("/2026/ferry", page("The ferry", TEXT, ""));
    press.page("/robots.txt", Reply::ok("text/plain", "User-agent: *\nDisallow: /rss\n"));
    let nothing = workspace.run(&["add", &press.url("/2026/ferry"), "--yes"]);
    assert_eq!(nothing.code, Some(1), "{}", nothing.stdout);
    assert_eq!(nothing.stdout, "");
    assert!(
        nothing.stderr.contains("no feed and no sitemap") && nothing.stderr.contains("listing = {"),
        "{}",
        nothing.stderr
    );
    assert_eq!(press.count("/rss"), 0, "robots.txt forbids the guess");
    assert_eq!(std::fs::read_to_string(workspace.config()).unwrap(), written);
}

#[test]
fn an_opml_list_is_imported_with_its_folders_as_tags() {
    let list = r#"<?xml version="1.0"?><opml version="1.1"><head><title>Mine</title></head><body>
        <outline text="World"><outline text="Europe">
        <outline type="rss" text="The Paper &amp; Co" xmlUrl="https://paper.example/rss?a=1&amp;b=2" category="/daily,local"/></outline>
        <outline text="The Other" xmlUrl="feed://other.example/rss"/>
        <outline text="The Paper again" xmlUrl="https://paper.example/rss?b=2&amp;a=1"></outline></outline>
        <outline text="Old" xmlUrl="http://pipes.yahoo.com/pipes/pipe.run?_id=1"/><outline text="Odd" xmlUrl="about:blank"/>
        <outline text="Known" xmlUrl="https://one.example/rss"/>
        </body></opml>"#;
    let workspace = Workspace::new(&config(&[("one", "https://one.example/rss".into())]));
    let before = std::fs::read_to_string(workspace.config()).unwrap();
    let file = workspace.path().join("list.opml");
    std::fs::write(&file, list).unwrap();
    let file = file.to_str().unwrap();

    let dry = workspace.run(&["import", file, "--dry-run"]);
    assert_eq!(dry.code, Some(0), "{}", dry.stderr);
    assert_eq!(std::fs::read_to_string(workspace.config()).unwrap(), before);
    let done = workspace.run(&["import", file, "--json"]);
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    let said: Value = serde_json::from_str(&done.stdout).unwrap();
    let names: Vec<&str> =
        said["added"].as_array().unwrap().iter().map(|one| one["source"].as_str().unwrap()).collect();
    assert_eq!(names, ["the-paper-co", "the-other"]);
    let left: Vec<&str> =
        said["left"].as_array().unwrap().iter().map(|one| one["why"].as_str().unwrap()).collect();
    assert!(
        left[0].starts_with("twice in the list; it is \"the-paper-co\" now")
            && left[1].starts_with("pipes.yahoo.com is dead")
            && left[2] == "no http or https address"
            && left[3].starts_with("polled already, by \"one\" at "),
        "{left:?}"
    );

    let listed = workspace.run(&["list", "--json"]);
    let listed: Value = serde_json::from_str(&listed.stdout).unwrap();
    assert_eq!(listed["sources"][1]["tags"], serde_json::json!(["World", "Europe", "daily", "local"]));
    assert_eq!(listed["sources"][2]["feed"], "http://other.example/rss");

    // What is listed can be imported again.
    let list = workspace.run(&["list", "--opml"]);
    assert_eq!(list.code, Some(0), "{}", list.stderr);
    let other = Workspace::new(&config(&[]));
    let file = other.path().join("again.opml");
    std::fs::write(&file, &list.stdout).unwrap();
    assert_eq!(other.run(&["import", file.to_str().unwrap()]).code, Some(0));
    let again: Value = serde_json::from_str(&other.run(&["list", "--json"]).stdout).unwrap();
    let feeds = |list: &Value| -> Vec<Value> {
        list["sources"].as_array().unwrap().iter().map(|one| one["feed"].clone()).collect()
    };
    assert_eq!(feeds(&again), feeds(&listed));
    assert_eq!(again["sources"][1]["tags"], listed["sources"][1]["tags"]);

    std::fs::write(&file, "<rss/>").unwrap();
    let none = other.run(&["import", file.to_str().unwrap()]);
    assert_eq!(none.code, Some(2), "{}", none.stderr);
    assert!(none.stderr.contains("this is no list of feeds"), "{}", none.stderr);
}

#[test]
fn import_creates_a_missing_configuration() {
    let workspace = Workspace::new("");
    std::fs::remove_file(workspace.config()).unwrap();
    let list = workspace.path().join("list.opml");
    let outlines =
        r#"<opml><body><outline text="The Paper" xmlUrl="https://paper.example/rss"/></body></opml>"#;
    std::fs::write(&list, outlines).unwrap();
    let list = list.to_str().unwrap();
    // Without a named configuration: the user's own.
    let alone = |words: &[&str]| -> Ended {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_cuttings"));
        command
            .args(words)
            .current_dir(workspace.path())
            .env_remove("CUTTINGS_CONFIG")
            .env("XDG_CONFIG_HOME", workspace.path().join("xdg"));
        command.output().unwrap().into()
    };
    let dry = alone(&["import", list, "--dry-run"]);
    assert_eq!(dry.code, Some(0), "{}", dry.stderr);
    assert!(!workspace.path().join("xdg").exists(), "--dry-run writes nothing");
    let done = alone(&["import", list]);
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    let written = std::fs::read_to_string(workspace.path().join("xdg/cuttings/cuttings.toml")).unwrap();
    assert!(
        written.starts_with('#') && written.ends_with("feed = \"https://paper.example/rss\"\n"),
        "{written}"
    );
    let listed = alone(&["list"]);
    assert!(listed.stdout.contains("the-paper"), "{}{}", listed.stdout, listed.stderr);

    // A named configuration that is missing is created; commands that only read fail.
    assert_eq!(workspace.run(&["list"]).code, Some(2));
    assert_eq!(workspace.run(&["import", list]).code, Some(0));
    assert!(workspace.run(&["list"]).stdout.contains("the-paper"));
    std::fs::remove_file(workspace.config()).unwrap();
    let refused = workspace.run(&["add", "http://127.0.0.2:1/", "--yes"]);
    assert!(refused.stderr.contains("127.0.0.2"), "{}", refused.stderr);
    assert!(!workspace.config().exists(), "nothing was added, so nothing is created");
}
