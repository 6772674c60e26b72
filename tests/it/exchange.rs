//! Export and import: what articles are known by moves with them, and a stranger's file changes nothing that is there.

use serde_json::{Value, json};

use crate::support::press::Press;
use crate::support::reply::Reply;
use crate::way::{config, page, rss};
use crate::workspace::{Ended, Workspace, tally};

fn done(ended: Ended) -> Ended {
    assert!(ended.code.is_some_and(|code| code < 2), "{}{}", ended.stdout, ended.stderr);
    ended
}

fn exported(workspace: &Workspace, more: &[&str]) -> String {
    let ended = workspace.run(&[&["export", "--format", "jsonl"], more].concat());
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    ended.stdout
}

fn import(workspace: &Workspace, lines: &str) -> Ended {
    std::fs::write(workspace.path().join("in.jsonl"), lines).unwrap();
    workspace.run(&["import", "in.jsonl"])
}

fn write(workspace: &Workspace, sql: &str) {
    rusqlite::Connection::open(workspace.database()).unwrap().execute_batch(sql).unwrap();
}

/// A text of its own for each word.
fn text(word: &str) -> String {
    (0..40).map(|number| format!("{word}{number} ")).collect()
}

/// A press with two feeds that share an article, and a database that collected them.
fn collected(press: &Press) -> Workspace {
    let canonical = format!("<link rel=canonical href=\"{}\">", press.url("/2026/bridge"));
    press.page("/2026/bridge", page("The bridge", &text("bridge"), &canonical));
    press.page("/mobile/bridge", page("The bridge", &text("bridge"), &canonical));
    press.page("/go/7", Reply::redirect(302, "/2026/bridge"));
    press.page(
        "/copied",
        page("From an agency", &text("agency"), "<link rel=canonical href='https://agency.example/1'>"),
    );
    press
        .page("/short", page("A short link", &text("short"), "<link rel=shortlink href='https://sho.rt/1'>"));
    press.page("/withdrawn", page("Withdrawn", &text("withdrawn"), ""));
    press.page("/expired", page("Expired", &text("expired"), ""));
    press.page("/gone", Reply::status(410));
    let link = |path: &str| press.url(path);
    press.page(
        "/a.rss",
        rss(&[
            ("The bridge", link("/go/7?utm_source=rss")),
            ("From an agency", link("/copied")),
            ("A short link", link("/short")),
            ("Withdrawn", link("/withdrawn")),
            ("Expired", link("/expired")),
        ]),
    );
    press.page(
        "/b.rss",
        rss(&[
            ("The bridge, mobile", link("/mobile/bridge")),
            ("From an agency", link("/copied?utm_source=b")),
            ("A lost page", link("/gone")),
        ]),
    );
    let workspace = Workspace::new(&config(&[("a", link("/a.rss")), ("b", link("/b.rss"))]));
    done(workspace.run(&["run", "--once"]));
    done(workspace.run(&["delete", &link("/withdrawn")]));
    done(workspace.run(&["delete", &link("/expired")]));
    write(
        &workspace,
        "UPDATE article SET deleted_why = 'expired' WHERE id = (SELECT article_id FROM page WHERE url LIKE '%/expired');
         INSERT INTO decision SELECT min(a.page_key, b.page_key), max(a.page_key, b.page_key), 'part', '2026-11-24T03:50:00Z'
             FROM page AS a, page AS b WHERE a.url LIKE '%/short' AND b.url LIKE '%/copied';",
    );
    workspace
}

#[test]
fn what_was_moved_to_another_database_is_not_fetched_again() {
    let press = Press::start("127.0.0.2");
    let workspace = collected(&press);
    let all = exported(&workspace, &[]);
    assert_eq!(all, exported(&workspace, &["--fields", ""]), "no field chosen is all of them");

    // What a reader of the file finds.
    let lines: Vec<Value> = all.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let line_of = |title: &str| {
        lines.iter().find(|line| line["title"].as_str().is_some_and(|is| is.starts_with(title)))
    };
    let bridge = line_of("The bridge").unwrap();
    assert_eq!(bridge["sources"], json!(["a", "b"]));
    assert_eq!(bridge["memberships"].as_array().unwrap().len(), 2, "{bridge}");
    let keys = |page: &Value, name: &str| -> Vec<String> {
        let list = page[name].as_array().map(Vec::as_slice).unwrap_or_default();
        list.iter()
            .map(|key| format!("{} {}", key["kind"].as_str().unwrap(), key["key"].as_str().unwrap()))
            .collect()
    };
    let host = press.url("").replace("http://", "");
    let pages = bridge["pages"].as_array().unwrap();
    assert!(
        pages.iter().any(|page| keys(page, "aliases").contains(&format!("asked {host}/go/7"))),
        "{bridge}"
    );
    assert!(pages.iter().any(|page| page["page"] == bridge["page"]), "{bridge}");
    let copied = line_of("From an agency").unwrap();
    assert_eq!(keys(&copied["pages"][0], "claims"), ["canonical agency.example/1"]);
    let short = line_of("A short link").unwrap();
    assert!(
        keys(&short["pages"][0], "aliases").contains(&"rel-shortlink 127.0.0.2>sho.rt/1".to_owned()),
        "{short}"
    );
    assert_eq!(
        copied["decisions"].as_array().or(short["decisions"].as_array()).unwrap()[0]["verdict"],
        "part"
    );
    let gone: Vec<&str> = lines.iter().filter_map(|line| line["why"].as_str()).collect();
    assert_eq!(gone, ["takedown", "expired"]);

    for more in [&[][..], &["--revisions"]] {
        let other = Workspace::new(&config(&[("a", press.url("/a.rss")), ("b", press.url("/b.rss"))]));
        let ended = import(&other, &exported(&workspace, more));
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        assert_eq!(exported(&workspace, more), exported(&other, more));
        press.forget();
        let ended = done(other.run(&["run", "--once", "--all", "--json"]));
        for source in ["a", "b"] {
            assert_eq!(tally(&ended.stdout, source).0, 0, "{}", ended.stdout);
        }
        let paths: Vec<String> = press.requests().iter().map(|seen| seen.path().to_owned()).collect();
        let wanted = ["/a.rss", "/b.rss", "/robots.txt"];
        assert!(paths.iter().all(|path| wanted.contains(&path.as_str())), "{paths:?}");
        assert_eq!(exported(&workspace, more), exported(&other, more), "a poll changed nothing");
    }
}

#[test]
fn decisions_and_entries_with_one_link_move_with_their_articles() {
    let press = Press::start("127.0.0.2");
    let canonical = format!("<link rel=canonical href=\"{}\">", press.url("/2026/bridge"));
    for path in ["/2026/bridge", "/mobile/bridge"] {
        press.page(path, page("The bridge", &text("bridge"), &canonical));
    }
    for word in ["one", "two", "status"] {
        press.page(&format!("/{word}"), page(word, &text(word), ""));
    }
    let link = |path: &str| press.url(path);
    press.page(
        "/a.rss",
        rss(&[
            ("The bridge", link("/2026/bridge")),
            ("The bridge, mobile", link("/mobile/bridge")),
            ("One", link("/one")),
            ("Two", link("/two")),
        ]),
    );
    // A status page: entries of their own with one link, and one without.
    let status = |count: usize| {
        let items: String = (0..count)
            .map(|n| {
                let address = if n == 3 { String::new() } else { format!("<link>{}</link>", link("/status")) };
                format!("<item><title>Notice {n}</title>{address}<guid isPermaLink='false'>n{n}</guid><description>{}</description></item>",
                    text(&format!("notice{n}x")))
            })
            .collect();
        Reply::rss(format!("<rss version='2.0'><channel><title>Status</title>{items}</channel></rss>"))
            .etag(format!("\"{count}\""))
    };
    press.page("/status.rss", status(1));
    let sources = config(&[("a", link("/a.rss")), ("status", link("/status.rss"))]);
    let workspace = Workspace::new(&sources);
    done(workspace.run(&["run", "--once"]));
    press.page("/status.rss", status(4));
    done(workspace.run(&["run", "--once", "--all"]));
    done(workspace.run(&["part", &link("/2026/bridge")]));
    done(workspace.run(&["join", &link("/one"), &link("/two")]));
    assert_eq!(workspace.one("SELECT count(*) FROM decision"), "2");
    assert_eq!(workspace.one("SELECT count(*) FROM shared_link"), "1");
    for more in [&[][..], &["--revisions"]] {
        let other = Workspace::new(&sources);
        let ended = import(&other, &exported(&workspace, more));
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        assert_eq!(exported(&workspace, more), exported(&other, more));
        for sql in [
            "SELECT one_key, other_key, verdict, at FROM decision ORDER BY 1, 2",
            "SELECT name, link_hash FROM shared_link JOIN source ON source.id = source_id",
            "SELECT title_hash, comparable, requested_at / 1000 FROM page ORDER BY id",
            "SELECT source, entry, title, text FROM article_sources ORDER BY 1, 2",
        ] {
            assert_eq!(workspace.rows(sql), other.rows(sql), "{sql}");
        }
        press.forget();
        done(other.run(&["run", "--once", "--all"]));
        let asked: Vec<String> = press.requests().iter().map(|seen| seen.path().to_owned()).collect();
        assert!(
            asked.iter().all(|path| ["/a.rss", "/status.rss", "/robots.txt"].contains(&path.as_str())),
            "{asked:?}"
        );
        assert_eq!(exported(&workspace, more), exported(&other, more), "a poll changed nothing");
    }
}

#[test]
fn an_export_of_chosen_fields_or_of_an_earlier_version_is_imported_by_its_urls() {
    let press = Press::start("127.0.0.2");
    let workspace = collected(&press);
    let names = "seq,id,op,source,url,short_link,title,text,html,method,first_seen,fetched_at";
    let lines = exported(&workspace, &["--fields", names]);
    assert!(!lines.contains("\"pages\""));
    let other = Workspace::new(&config(&[("a", press.url("/a.rss"))]));
    assert_eq!(import(&other, &lines).code, Some(0));
    assert_eq!(exported(&other, &["--fields", names]), lines);
    press.forget();
    done(other.run(&["run", "--once", "--all"]));
    assert_eq!(press.count("/copied"), 0, "known by its URL");
    let members =
        "SELECT DISTINCT source.name FROM membership JOIN source ON source.id = source_id ORDER BY 1";
    assert_eq!(other.rows(members), [["a"], ["b"]]);
}

/// A line of a stranger's file about an article of a site.
fn line(number: i64, url: &str, members: &Value) -> String {
    let mut line = json!({
        "seq": number, "id": number, "op": "new", "source": "a", "url": url, "title": "Forged", "text": text("forged"),
        "html": "", "method": "auto", "first_seen": "2026-01-01T00:00:00Z", "fetched_at": "2026-01-01T00:00:00Z", "page": number,
    });
    line.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    format!("{line}\n")
}

#[test]
fn h30_an_imported_file_neither_hides_nor_takes_over_articles_of_other_sites() {
    let press = Press::start("127.0.0.2");
    press.page("/1", page("One", &text("one"), ""));
    press.page("/2", page("Two", &text("two"), ""));
    press.page("/3", page("Three", &text("three"), ""));
    press.page("/a.rss", rss(&[("One", press.url("/1"))]));
    let workspace = Workspace::new(&config(&[("a", press.url("/a.rss"))]));
    done(workspace.run(&["run", "--once"]));
    let before = exported(&workspace, &[]);

    let host = press.url("").replace("http://", "");
    let key = |path: &str| format!("{host}{path}");
    let evil = |number: i64, page_key: &str, more: Value| {
        let url = format!("https://evil.example/{number}");
        let mut page = json!({"page": number, "key": page_key, "url": url, "first_seen": "2026-01-01T00:00:00Z",
                              "requested_at": "2026-01-01T00:00:00Z"});
        page.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let entry = json!({"entry": format!("id:{}", press.url("/3")), "url": press.url("/3")});
        let member =
            json!({"source": "a", "first_seen": "2026-01-01T00:00:00Z", "seq": number, "entries": [entry]});
        let decision = json!({"verdict": "join", "one": format!("evil.example/{number}"), "other": key("/1"), "at": "2026-01-01T00:00:00Z"});
        line(number, &url, &json!({"pages": [page], "memberships": [member], "decisions": [decision]}))
    };
    let alias = |kind: &str, proof: &str, path: &str, shared: bool| json!({"aliases": [{"kind": kind, "proof": proof, "key": key(path), "url": press.url(path), "shared": shared}]});
    let file = [
        evil(1, "evil.example/1", alias("asked", "response", "/2", false)),
        evil(2, "evil.example/2", alias("canonical", "site", "/2", false)),
        evil(3, "evil.example/3", alias("link", "none", "/2", false)),
        evil(4, "evil.example/4", alias("final-url", "response", "/1", true)),
        evil(5, &key("/2"), json!({})),
        evil(6, &format!("entry:a/id:{}", press.url("/3")), json!({})),
        evil(
            7,
            "evil.example/7",
            json!({"site": "127.0.0.2", "claims": [{"kind": "canonical", "key": key("/1"), "url": press.url("/1")}]}),
        ),
        format!(
            "{}\n",
            json!({"seq": 8, "id": 1, "op": "deleted", "at": "2026-01-01T00:00:00Z", "why": "takedown"})
        ),
    ];
    let ended = import(&workspace, &file.concat());
    assert!(ended.stderr.starts_with("7 articles imported"), "{}", ended.stderr);
    let after = exported(&workspace, &[]);
    assert!(after.starts_with(&before), "what was there is as it was");

    press.page(
        "/a.rss",
        rss(&[("One", press.url("/1")), ("Two", press.url("/2")), ("Three", press.url("/3"))]).etag("\"v2\""),
    );
    done(workspace.run(&["run", "--once", "--all"]));
    let own = "SELECT title FROM articles WHERE url LIKE 'http://127%' ORDER BY seq";
    assert_eq!(workspace.rows(own), [["One"], ["Two"], ["Three"]]);
    assert_eq!(workspace.one("SELECT count(*) FROM articles"), "10");
    assert_eq!(workspace.one("SELECT count(*) FROM changes WHERE op <> 'new'"), "0");
    assert_eq!(workspace.one("SELECT count(*) FROM decision"), "0");
    assert_eq!(workspace.one("SELECT count(*) FROM aliases WHERE shared = 1"), "0");

    // The same file again: everything in it is known.
    let again = import(&workspace, &file.concat());
    assert!(again.stderr.starts_with("0 articles imported, 7 known"), "{}", again.stderr);
}

#[test]
fn lines_that_contradict_one_another_are_refused_with_their_number() {
    let workspace = Workspace::new(&config(&[]));
    let known = |number: i64, more: Value| {
        let mut page = json!({"page": number, "key": format!("paper.example/{number}"), "url": format!("https://paper.example/{number}"),
                              "first_seen": "2026-01-01T00:00:00Z"});
        page.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        page
    };
    let url = |number: i64| format!("https://paper.example/{number}");
    let member = |seq: i64, more: Value| {
        let mut member = json!({"source": "a", "first_seen": "2026-01-01T00:00:00Z", "seq": seq});
        member.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        member
    };
    let entry = json!({"entry": "id:1"});
    let good =
        json!({"pages": [known(1, json!({}))], "memberships": [member(1, json!({"entries": [entry]}))]});
    let with = |number: i64, more: Value| {
        let mut members = json!({"pages": [known(number, json!({}))]});
        members.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        line(number, &url(number), &members)
    };
    let cases = [
        (line(1, &url(1), &good), ""),
        (line(1, &url(2), &json!({})), "change 1 is on an earlier line"),
        (
            line(2, &url(2), &json!({"page": 1, "pages": [known(1, json!({}))]})),
            "page 1 is on an earlier line",
        ),
        (
            line(2, &url(2), &json!({"pages": [known(2, json!({"key": "paper.example/1"}))]})),
            "is that of page 1",
        ),
        (line(2, &url(2), &json!({"pages": [known(3, json!({}))]})), "is not in `pages`"),
        (
            line(2, &url(2), &json!({"pages": [known(2, json!({})), known(2, json!({}))]})),
            "page 2 is there twice",
        ),
        (line(2, &url(2), &json!({"page": 9_007_199_254_740_992_i64})), "`page` is 9007199254740992"),
        (line(9_223_372_036_854_775_807, &url(2), &json!({})), "`seq` is 9223372036854775807"),
        (
            with(2, json!({"memberships": [member(2, json!({"entries": [entry]}))]})),
            "led to an article before",
        ),
        (
            with(2, json!({"memberships": [member(1, json!({"joined": "2026-01-01T00:00:00Z"}))]})),
            "change 1 is on an earlier line",
        ),
        (
            with(2, json!({"memberships": [member(2, json!({})), member(2, json!({}))]})),
            "source \"a\" is there twice",
        ),
        (
            with(2, json!({"memberships": [member(2, json!({"entries": [{"entry": "id:2", "page": 7}]}))]})),
            "not in `pages`",
        ),
        (with(2, json!({"memberships": [{"source": "a", "seq": 2}]})), "only one of `first_seen` and `seq`"),
        (
            line(
                2,
                &url(2),
                &json!({"pages": [known(2, json!({"aliases": [{"kind": "magic", "proof": "site", "key": "x"}]}))]}),
            ),
            "unknown variant `magic`",
        ),
        (
            line(
                2,
                &url(2),
                &json!({"pages": [known(2, json!({"aliases": [{"kind": "asked", "proof": "site", "key": "x\u{7}"}]}))]}),
            ),
            "control characters",
        ),
        (
            line(2, &url(2), &json!({"pages": [known(2, json!({"url": "file:///etc/passwd"}))]})),
            "no http or https address",
        ),
        (line(2, &url(2), &json!({"pages": [known(2, json!({"key": "page:5"}))]})), "is no key of page 2"),
        (
            with(
                2,
                json!({"decisions": [{"verdict": "burn", "one": "a", "other": "b", "at": "2026-01-01T00:00:00Z"}]}),
            ),
            "unknown variant `burn`",
        ),
        (
            "{\"seq\":3,\"id\":3,\"op\":\"deleted\",\"at\":\"2026-01-01T00:00:00Z\",\"why\":\"boredom\"}\n"
                .to_owned(),
            "takedown or expired",
        ),
        (
            "{\"seq\":3,\"id\":3,\"op\":\"merged\",\"into\":1,\"at\":\"2026-01-01T00:00:00Z\"}\n".to_owned(),
            "",
        ),
        (
            "{\"seq\":4,\"id\":4,\"op\":\"merged\",\"into\":3,\"at\":\"2026-01-01T00:00:00Z\"}\n".to_owned(),
            "was merged on an earlier line",
        ),
        (line(5, &url(5), &json!({"id": 3})), "article 3 was merged or deleted on an earlier line"),
    ];
    let file: String = cases.iter().map(|(line, _)| line.as_str()).collect();
    let ended = import(&workspace, &file);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    let refused = cases.iter().filter(|(_, says)| !says.is_empty()).count();
    assert!(
        ended.stderr.ends_with(&format!(
            "1 articles imported, 0 known already, 1 merged or deleted, {refused} lines refused\n"
        )),
        "{}",
        ended.stderr
    );
    for (number, (_, says)) in (1..).zip(&cases).filter(|(_, (_, says))| !says.is_empty()) {
        let named = format!("in.jsonl:{number}: ");
        let told = ended.stderr.lines().find(|line| line.starts_with(&named));
        // The last ones of many are only counted.
        assert!(told.is_some_and(|told| told.contains(says)), "{number} {says}: {}", ended.stderr);
    }
    // Nothing of a refused line is there.
    assert_eq!(workspace.one("SELECT count(*) FROM page"), "1");
    assert_eq!(workspace.one("SELECT count(*) FROM membership"), "1");
    assert_eq!(done(workspace.run(&["verify"])).stderr.matches("refers to one").count(), 0);
}
