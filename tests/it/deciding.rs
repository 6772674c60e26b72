//! `explain`, `join` and `part`: what makes pages one article, and what a person decides about it.

use serde_json::Value;

use crate::service::{Manager, until};
use crate::support::press::Press;
use crate::way::{config, page, rss};
use crate::workspace::{Ended, Workspace};

const BRIDGE: &str = "The bridge over the river was opened on Tuesday after eleven years, to the sound of one brass band, and \
                      four hundred people walked to the other side and back again before the ferry left.";
const MILL: &str = "Flour is sold on Fridays in the old mill by the weir, which turns again since the wheel was mended by \
                    three pupils of the school and their teacher, who had found the plans in an attic.";

/// Two pages with one text and one canonical URL, and a third with another text.
fn paper() -> (Press, Workspace) {
    let press = Press::start("127.0.0.2");
    let canonical = format!("<link rel=canonical href=\"{}\">", press.url("/bridge"));
    press.page("/bridge", page("The bridge", BRIDGE, &canonical));
    press.page("/bridge-2", page("The bridge", BRIDGE, &canonical));
    press.page("/mill", page("The mill", MILL, ""));
    press.page(
        "/a.rss",
        rss(&[
            ("The bridge", press.url("/bridge")),
            ("The bridge", press.url("/bridge-2")),
            ("The mill", press.url("/mill")),
        ]),
    );
    let workspace = Workspace::new(&config(&[("a", press.url("/a.rss"))]));
    (press, workspace)
}

fn done(workspace: &Workspace, words: &[&str]) -> Ended {
    let ended = workspace.run(words);
    assert_eq!(ended.code, Some(0), "{words:?}: {}{}", ended.stdout, ended.stderr);
    ended
}

fn article_of(workspace: &Workspace, url: &str) -> String {
    workspace.one(&format!("SELECT article_id FROM aliases WHERE url = '{url}' AND kind = 'final-url'"))
}

#[test]
fn explain_tells_what_joins_pages_and_what_a_link_would_do() {
    let (press, workspace) = paper();
    done(&workspace, &["run", "--once"]);
    let (bridge, mill) =
        (article_of(&workspace, &press.url("/bridge")), article_of(&workspace, &press.url("/mill")));
    assert_eq!(bridge, article_of(&workspace, &press.url("/bridge-2")));
    let told = done(&workspace, &["explain", &bridge]).stdout;
    for words in [
        "page 1 and page 2: both have canonical", "a since 2", "makes an entry known",
        "of the site 127.0.0.2",
    ] {
        assert!(told.contains(words), "{words} is not in:\n{told}");
    }
    assert!(told.lines().count() < 25, "one screen:\n{told}");
    let told = done(&workspace, &["explain", &(press.url("/bridge-2") + "?utm_source=x")]).stdout;
    assert!(told.contains("known: it was requested and led to article"), "{told}");
    let told = done(&workspace, &["explain", &press.url("/never")]).stdout;
    assert!(told.contains("fetched: nothing is known of it") && !told.contains("article"), "{told}");
    for (name, verdict) in [("/mill", "known"), ("/never", "unknown"), ("/", "no-key")] {
        let json = done(&workspace, &["explain", &press.url(name), "--json"]).stdout;
        let json: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(json["link"]["verdict"], verdict, "{json}");
        assert_eq!(
            json["article"]["id"].as_i64().map(|id| id.to_string()),
            (name == "/mill").then(|| mill.clone())
        );
    }
    let json: Value =
        serde_json::from_str(&done(&workspace, &["explain", &bridge, "--json"]).stdout).unwrap();
    assert_eq!(json["article"]["joined"][0]["verdict"], "key", "{json}");
    assert!(json["link"].is_null());
    for (name, code) in [("99", 1), ("ftp://paper.example/", 2), ("bridge", 2)] {
        assert_eq!(workspace.run(&["explain", name]).code, Some(code), "{name}");
    }
}

#[test]
fn a_person_joins_and_parts_and_what_comes_later_changes_nothing() {
    let (press, workspace) = paper();
    done(&workspace, &["run", "--once"]);
    let (bridge, mill) = (press.url("/bridge"), press.url("/mill"));
    let said = done(&workspace, &["join", &bridge, &mill]).stderr;
    assert!(said.contains("3 pages of it"), "{said}");
    assert_eq!(workspace.one("SELECT count(*) FROM articles"), "1");
    assert_eq!(workspace.one("SELECT count(*) FROM changes WHERE op = 'merged'"), "1");
    assert!(done(&workspace, &["explain", &bridge]).stdout.contains("a person joined them"));
    // Pages that contradict it, under new links.
    press.page("/bridge-3", page("The bridge", BRIDGE, &format!("<link rel=shortlink href=\"{bridge}\">")));
    press.page("/a.rss", rss(&[("The bridge", press.url("/bridge-3"))]).etag("\"v2\""));
    done(&workspace, &["run", "--once", "--all"]);
    assert_eq!(article_of(&workspace, &bridge), article_of(&workspace, &mill));

    let said = done(&workspace, &["part", &bridge, &mill]).stderr;
    assert!(said.contains("are articles"), "{said}");
    assert_ne!(article_of(&workspace, &bridge), article_of(&workspace, &mill));
    assert_eq!(article_of(&workspace, &bridge), article_of(&workspace, &press.url("/bridge-3")));
    assert_eq!(workspace.one("SELECT count(*) FROM articles"), "2");
    // A page that would be of both.
    press.page("/mill-now", page("The mill", MILL, &format!("<link rel=canonical href=\"{bridge}\">")));
    press.page("/a.rss", rss(&[("The mill", press.url("/mill-now"))]).etag("\"v3\""));
    done(&workspace, &["run", "--once", "--all"]);
    assert_ne!(article_of(&workspace, &bridge), article_of(&workspace, &mill));
    done(&workspace, &["verify"]);
}

#[test]
fn decisions_move_with_the_articles_and_hold_in_the_other_database() {
    let (press, workspace) = paper();
    done(&workspace, &["run", "--once"]);
    let (bridge, second, mill) = (press.url("/bridge"), press.url("/bridge-2"), press.url("/mill"));
    done(&workspace, &["part", &bridge]);
    done(&workspace, &["join", &second, &mill]);
    let file = workspace.path().join("all.jsonl");
    let file = file.to_str().unwrap();
    done(&workspace, &["export", "--format", "jsonl", "--to", file]);
    let moved = Workspace::new(&config(&[("a", press.url("/a.rss"))]));
    done(&moved, &["import", file]);
    let decisions = "SELECT one_key || ' ' || verdict || ' ' || other_key FROM decision ORDER BY 1";
    assert_eq!(moved.rows(decisions), workspace.rows(decisions));
    assert_eq!(article_of(&moved, &second), article_of(&moved, &mill));
    assert_ne!(article_of(&moved, &second), article_of(&moved, &bridge));
    // The feed leads to the same pages again.
    done(&moved, &["run", "--once", "--all"]);
    assert_eq!(article_of(&moved, &second), article_of(&moved, &mill));
    assert_ne!(article_of(&moved, &second), article_of(&moved, &bridge));
}

#[test]
fn explain_tells_that_entries_share_a_link() {
    let press = Press::start("127.0.0.2");
    let show = press.url("/show");
    press.page("/show", page("The show", BRIDGE, ""));
    let items: String = [("First", BRIDGE), ("Second", MILL)]
        .iter()
        .map(|(title, text)| {
            format!("<item><title>{title}</title><link>{show}</link><guid isPermaLink=\"false\">{title}</guid><description>{text}</description></item>")
        })
        .collect();
    press.page(
        "/a.rss",
        crate::support::reply::Reply::rss(format!(
            "<rss version=\"2.0\"><channel><title>Show</title>{items}</channel></rss>"
        )),
    );
    let workspace = Workspace::new(&config(&[("a", press.url("/a.rss"))]));
    done(&workspace, &["run", "--once"]);
    assert_eq!(workspace.one("SELECT count(*) FROM articles"), "2");
    let told = done(&workspace, &["explain", &show]).stdout;
    assert!(told.contains("several entries of a have it"), "{told}");
}

#[test]
fn what_cannot_be_decided_is_told_with_exit_code_2() {
    let (press, workspace) = paper();
    done(&workspace, &["run", "--once"]);
    let (bridge, mill) = (press.url("/bridge"), press.url("/mill"));
    let number = article_of(&workspace, &bridge);
    for (words, code, said) in [
        (&["join", &bridge, &number][..], 2, "both are article"),
        (&["part", &mill], 2, "there is nothing to part"),
        (&["part", &bridge, &mill], 2, "is no page of article"),
        (&["join", &bridge, "99"], 1, "there is no article \"99\""),
        (&["part", "https://nowhere.example/"], 1, "there is no article"),
        (&["join", &bridge], 2, "required"),
    ] {
        let ended = workspace.run(words);
        assert_eq!(ended.code, Some(code), "{words:?}: {}", ended.stderr);
        assert!(ended.stderr.contains(said), "{words:?}: {}", ended.stderr);
    }
    done(&workspace, &["delete", &mill]);
    let ended = workspace.run(&["join", &bridge, &mill]);
    assert!(ended.code == Some(2) && ended.stderr.contains("was deleted (takedown)"), "{}", ended.stderr);
    assert_eq!(workspace.one("SELECT count(*) FROM changes WHERE op = 'merged'"), "0");
}

#[test]
fn a_person_decides_while_the_daemon_runs() {
    let (press, workspace) = paper();
    let manager = Manager::start(&workspace, None);
    manager.until("READY=1");
    until(&workspace, "SELECT count(*) FROM aliases WHERE kind = 'final-url'", "3");
    let (first, second) = (press.url("/bridge"), press.url("/bridge-2"));
    done(&workspace, &["part", &first]);
    assert_ne!(article_of(&workspace, &first), article_of(&workspace, &second));
    // The daemon goes on, and obeys.
    press.page(
        "/bridge-3",
        page(
            "The bridge",
            BRIDGE,
            &format!("<link rel=canonical href=\"{first}\"><link rel=shortlink href=\"{second}\">"),
        ),
    );
    press.page("/a.rss", rss(&[("The bridge", press.url("/bridge-3"))]).etag("\"v2\""));
    done(&workspace, &["poll", "a"]);
    until(&workspace, "SELECT count(*) FROM aliases WHERE kind = 'final-url'", "4");
    assert_ne!(article_of(&workspace, &first), article_of(&workspace, &second));
    done(&workspace, &["join", &first, &second]);
    assert_eq!(article_of(&workspace, &first), article_of(&workspace, &second));
    let (code, said) = manager.stop();
    assert_eq!(code, Some(0), "{said}");
    done(&workspace, &["verify"]);
}
