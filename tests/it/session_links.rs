//! Links and ids with a session: other ones at each poll, and yet the same articles.

use crate::one_link::{Canal, Item, TEXT};
use crate::way::page;

/// A feed of five entries with other session values at each poll.
fn session_feed(canal: &Canal, id: impl Fn(u32) -> String, link: impl Fn(u32) -> String) -> Vec<Item> {
    let page = |n: u32| page(&format!("Story {n}"), &format!("{TEXT} It was day {n}."), "");
    (1..=5)
        .map(|n| {
            let link = link(n);
            let path = link.split('?').next().unwrap().split(';').next().unwrap().to_owned();
            // One page for all values of its session, chosen by its path or by `id`.
            let url = if link.contains("id=") { link.replace("&amp;", "&") } else { path };
            canal.press.page(&url, page(n));
            Item::new(&id(n), &format!("Story {n}"), &canal.url(&link), n)
        })
        .collect()
}

#[test]
fn sessions_in_links_are_left_out_of_keys() {
    // Links and ids by number of the entry and of the poll.
    type Text = fn(u32, u32) -> String;
    let forms: [(&str, Text, Text); 8] = [
        ("PHPSESSID", |n, p| format!("{p}-{n}"), |n, p| format!("/a/{n}?PHPSESSID={p}")),
        ("ASPSESSIONID", |n, _| format!("{n}"), |n, p| format!("/a/{n}?ASPSESSIONIDQQ={p}")),
        ("jsessionid", |n, p| format!("{p}-{n}"), |n, p| format!("/a/{n};jsessionid=A{p}")),
        (
            "the same in id and link",
            |n, p| format!("http://canal.example/a/{n}?CFID=1&amp;CFTOKEN={p}"),
            |n, p| format!("/a/{n}?CFID=1&amp;CFTOKEN={p}"),
        ),
        ("a name of its own", |n, p| format!("{p}-{n}"), |n, p| format!("/a/{n}?zz={p}")),
        (
            "the same beside another one",
            |n, p| format!("http://canal.example/a?id={n}&amp;zz={p}"),
            |n, p| format!("/a?id={n}&amp;zz={p}"),
        ),
        ("two names", |n, p| format!("{p}-{n}"), |n, p| format!("/a/{n}?yy={p}&amp;zz={p}{n}")),
        ("in the id alone", |n, p| format!("http://canal.example/a/{n}?zz={p}"), |n, _| format!("/a/{n}")),
    ];
    for (what, id, link) in forms {
        for pages in ["always", "never"] {
            let canal = Canal::new(pages);
            for poll in 1..=4 {
                let ended = canal.poll(&session_feed(&canal, |n| id(n, poll), |n| link(n, poll)));
                assert!(!ended.stderr.contains("missed"), "{what}: {}", ended.stderr);
            }
            assert_eq!(canal.titles().len(), 5, "{what}, {pages}: {:?}", canal.titles());
            assert_eq!(canal.workspace.one("SELECT count(*) FROM entry"), "5", "{what}, {pages}");
            assert_eq!(
                canal.pages(),
                if pages == "always" { 5 } else { 0 },
                "{what}: {:?}",
                canal.press.requests()
            );
            assert_eq!(canal.counter("overflows"), 0, "{what}, {pages}");
        }
    }
}

#[test]
fn a_session_that_was_found_is_told_with_the_pattern_that_settles_it() {
    let canal = Canal::new("always");
    let items =
        |poll: u32| session_feed(&canal, |n| format!("{poll}-{n}"), |n| format!("/a?id={n}&amp;zz={poll}"));
    canal.poll(&items(1));
    let second = canal.poll(&items(2)).stderr;
    let third = canal.poll(&items(3)).stderr;
    let pattern = "key_from_url = '[?&]id=([^&#]+)'";
    assert!(second.contains("`zz`") && second.contains(pattern), "{second}");
    assert!(!third.contains("zz"), "told once: {third}");
    for shown in [canal.status(), canal.workspace.run(&["status", "canal"]).stdout] {
        let words = shown.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains("`zz`") && words.contains(pattern), "{shown}");
    }
    assert_eq!(canal.counter("identity.session"), 1);
    assert_eq!(
        canal.workspace.one("SELECT count(DISTINCT key) FROM aliases WHERE key NOT LIKE '%zz=%'"),
        "5"
    );
    // Pages are looked at again under the key they have now.
    assert_eq!(canal.workspace.one("SELECT count(*) FROM page WHERE page_key LIKE '%zz=%'"), "0");
}

#[test]
fn twenty_articles_behind_a_session_cost_twenty_requests() {
    let canal = Canal::new("always");
    for poll in 0..22 {
        let items: Vec<Item> = (1..=20)
            .map(|n| {
                let path = format!("/a/{n}");
                canal.press.page(&path, page(&format!("Story {n}"), &format!("{TEXT} It was day {n}."), ""));
                Item::new(
                    &format!("{poll}-{n}"),
                    &format!("Story {n}"),
                    &canal.url(&format!("{path}?zz={poll}")),
                    n,
                )
            })
            .collect();
        canal.poll(&items);
    }
    assert_eq!((canal.pages(), canal.titles().len()), (20, 20));
}
