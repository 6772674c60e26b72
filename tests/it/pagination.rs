//! Articles over several pages, on one page of their own, in AMP form or in the JSON of scripts.

use serde_json::Value;

use crate::rules::{FIRST, SECOND, json};
use crate::support::press::Press;
use crate::support::reply::Reply;
use crate::way::{config, rss};
use crate::workspace::Workspace;

/// A page of an article over several, with its number in a pager.
fn part(text: &str, number: usize, pages: usize) -> Reply {
    let links: String = (1..=pages)
        .map(|page| match page {
            page if page == number => format!("<span>{page}</span> "),
            1 => "<a href='/walk'>1</a> ".to_owned(),
            page => format!("<a href='/walk/{page}'>{page}</a> "),
        })
        .collect();
    Reply::html(format!(
        "<!DOCTYPE html><html lang=en><head><title>A walk - The Paper</title></head><body><nav><a href=/>Home</a></nav>\
         <article><h1>A walk</h1><p>{text}</p><div class=pages>{links}</div></article></body></html>"
    ))
}

const THIRD: &str =
    "At noon the sluice keeper came out with a lamp, though the sun stood high, and asked for the toll.";

#[test]
fn an_article_over_several_pages_is_one_article() {
    let press = Press::start("127.0.0.2");
    press.page("/walk", part(FIRST, 1, 3));
    press.page("/walk/2", part(SECOND, 2, 3));
    press.page("/walk/3", part(THIRD, 3, 3));
    press.page("/feed", rss(&[("A walk", press.url("/walk"))]));
    let workspace = Workspace::new(&config(&[("paper", press.url("/feed"))]));
    let ended = workspace.run(&["run", "--once"]);
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    let articles = workspace.exported(&[]);
    assert_eq!(articles.len(), 1);
    assert_eq!(articles[0]["text"], format!("{FIRST}\n\n{SECOND}\n\n{THIRD}"));
    assert_eq!(articles[0]["url"], press.url("/walk"));
    for path in ["/walk", "/walk/2", "/walk/3", "/robots.txt"] {
        assert_eq!(press.count(path), 1, "{path}");
    }
    assert!(press.requests().iter().all(|seen| seen.in_flight == 1), "one at a time");

    let told = json(&workspace.run(&["try", &press.url("/walk"), "--json"]).stdout);
    assert_eq!(told["pages"], 3);
    assert_eq!(told["text"], articles[0]["text"]);

    // Only its first page is stored: cut anew, that alone would say less.
    let ended = workspace.run(&["reextract"]);
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stderr.contains("1 go on on other pages"), "{}", ended.stderr);
    assert_eq!(workspace.exported(&[])[0]["text"], articles[0]["text"]);
    assert_eq!(workspace.one("SELECT group_concat(op, ' ') FROM changes"), "new");
}

#[test]
fn a_feed_that_names_the_second_page_of_an_article_does_not_double_it() {
    let whole = format!("{FIRST}\n\n{SECOND}\n\n{THIRD}");
    let named = |press: &Press, paths: &[&str]| {
        let entries: Vec<_> = paths.iter().map(|path| ("A walk", press.url(path))).collect();
        press.page("/feed", rss(&entries).etag(format!("\"{}\"", paths.join(" "))));
    };
    for (what, first, then, ops) in [
        ("later", &["/walk"][..], &["/walk/2", "/walk"][..], "new"),
        ("behind the first", &["/walk", "/walk/2"], &["/walk/3", "/walk"], "new"),
        ("before the first", &["/walk/2"], &["/walk", "/walk/2"], "new revised"),
    ] {
        let press = Press::start("127.0.0.2");
        press.page("/walk", part(FIRST, 1, 3));
        press.page("/walk/2", part(SECOND, 2, 3));
        press.page("/walk/3", part(THIRD, 3, 3));
        let workspace = Workspace::new(&config(&[("paper", press.url("/feed"))]));
        for entries in [first, then] {
            named(&press, entries);
            let ended = workspace.run(&["run", "--once", "--all"]);
            assert_eq!(ended.code, Some(0), "{what}: {}{}", ended.stdout, ended.stderr);
        }
        let articles = workspace.exported(&[]);
        assert_eq!(articles.len(), 1, "{what}: {articles:?}");
        assert_eq!(articles[0]["text"], whole, "{what}");
        assert_eq!(workspace.one("SELECT group_concat(op, ' ') FROM changes"), ops, "{what}");
        for path in ["/walk", "/walk/2", "/walk/3"] {
            let known = format!("SELECT count(*) > 0 FROM aliases WHERE url = '{}'", press.url(path));
            assert_eq!(workspace.one(&known), "1", "{what}: {path}");
        }
        if what == "later" {
            assert_eq!(press.count("/walk/2"), 1, "what is an alias is not fetched again");
        }
    }
}

#[test]
fn a_page_that_fails_loses_nothing_and_is_tried_again() {
    let press = Press::start("127.0.0.2");
    press.page("/walk", part(FIRST, 1, 2));
    press.page("/walk/2", Reply::status(500));
    press.page("/feed", rss(&[("A walk", press.url("/walk"))]));
    let workspace = Workspace::new(&config(&[("paper", press.url("/feed"))]));
    let ended = workspace.run(&["run", "--once"]);
    assert_eq!(ended.code, Some(1), "it is told: {}", ended.stderr);
    assert!(ended.stderr.contains("the next page of the article could not be had"), "{}", ended.stderr);
    let articles = workspace.exported(&[]);
    assert_eq!((articles.len(), &articles[0]["text"]), (1, &Value::from(FIRST)));
    assert_eq!(workspace.one("SELECT code FROM failure"), "http-500");

    // Ten minutes later; it fails once more, the page that was had included.
    let due = || {
        let database = rusqlite::Connection::open(workspace.database()).unwrap();
        let due = database.execute("UPDATE entry SET next_at = 0 WHERE next_at IS NOT NULL", []).unwrap();
        database
            .execute("UPDATE host SET ready_at = 0, backoff_until = 0, next_page_at = 0, retry_after = 0", [])
            .unwrap();
        due
    };
    assert_eq!(due(), 1, "it waits for its second page");
    press.page("/walk", Reply::status(404));
    workspace.run(&["run", "--once"]);
    assert_eq!(workspace.exported(&[])[0]["text"], FIRST);

    assert_eq!(due(), 1, "it waits still");
    press.page("/walk", part(FIRST, 1, 2));
    press.page("/walk/2", part(SECOND, 2, 2));
    let ended = workspace.run(&["run", "--once"]);
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    let articles = workspace.exported(&[]);
    assert_eq!(articles.len(), 1);
    assert_eq!(articles[0]["text"], format!("{FIRST}\n\n{SECOND}"));
    assert_eq!(workspace.one("SELECT group_concat(op, ' ') FROM changes"), "new revised");
    assert_eq!(due(), 0, "nothing waits");
}

#[test]
fn pages_are_followed_by_rule_and_one_page_goes_before_many() {
    let press = Press::start("127.0.0.2");
    let more = "<a class=on href=/two>On</a><a class=all href=/all>All on one page</a>";
    press.page("/one", Reply::html(format!("<article><h1>A walk</h1><p>{FIRST}</p></article>{more}")));
    press.page("/two", Reply::html(format!("<article><p>{SECOND}</p></article>")));
    press.page(
        "/all",
        Reply::html(format!("<article><h1>A walk</h1><p>{FIRST}</p><p>{SECOND}</p></article>")),
    );
    press.page("/feed", rss(&[("A walk", press.url("/one"))]));
    let rules = |rules: &str| config(&[("paper", press.url("/feed"))]) + "[source.article]\n" + rules;
    let whole = format!("{FIRST}\n\n{SECOND}");
    for (rule, asked, spared) in [
        ("next_page = 'a.on@href'\n", "/two", "/all"),
        ("next_page = 'a.on@href'\nsingle_page = 'a.all@href'\n", "/all", "/two"),
    ] {
        press.forget();
        let workspace = Workspace::new(&rules(rule));
        assert_eq!(workspace.run(&["run", "--once"]).code, Some(0), "{rule}");
        assert_eq!(workspace.exported(&[])[0]["text"], whole, "{rule}");
        assert_eq!((press.count(asked), press.count(spared)), (1, 0), "{rule}");
    }
}

#[test]
fn a_page_without_text_is_read_in_its_scripts_or_its_amp_form() {
    let press = Press::start("127.0.0.2");
    let state = serde_json::json!({"props": {"article": {"title": "A walk", "body": format!("<p>{FIRST}</p><p>{SECOND}</p><p>{THIRD}</p>")}}});
    press.page(
        "/state",
        Reply::html(format!(
            "<title>A walk</title><div id=__next></div><script id=__NEXT_DATA__ type='application/json'>{state}</script>"
        )),
    );
    press.page("/empty", Reply::html("<title>A walk</title><link rel=amphtml href=/amp><div id=app></div>"));
    press.page(
        "/amp",
        Reply::html(format!(
            "<html amp><title>A walk</title><article><h1>A walk</h1><p>{SECOND}</p><p>{THIRD}</p></article>"
        )),
    );
    press.page("/feed", rss(&[("A walk", press.url("/state")), ("Another", press.url("/empty"))]));
    let workspace = Workspace::new(&config(&[("paper", press.url("/feed"))]));
    let ended = workspace.run(&["run", "--once"]);
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    let articles = workspace.exported(&[]);
    let of = |path: &str| {
        articles
            .iter()
            .find(|article| article["url"] == press.url(path))
            .unwrap_or_else(|| panic!("{path}: {articles:?}"))
    };
    assert_eq!(of("/state")["text"], format!("{FIRST}\n\n{SECOND}\n\n{THIRD}"));
    assert_eq!(of("/state")["origins"]["body"], "state");
    assert_eq!(of("/empty")["text"], format!("{SECOND}\n\n{THIRD}"));
    assert_eq!(of("/empty")["origins"]["body"], "auto");
}
