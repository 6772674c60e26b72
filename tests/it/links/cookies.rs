//! A cookie that is set on the way goes back on that way, and nowhere else (P26).

use super::{Scene, articles, failure};
use crate::politeness::driver::{hours, noon};
use crate::support::press::Seen;
use crate::support::reply::Reply;
use crate::way::page;

fn cookies(seen: &[Seen]) -> Vec<String> {
    seen.iter().map(|seen| seen.text("cookie").unwrap_or_default()).collect()
}

#[tokio::test]
async fn p26_a_site_that_redirects_to_itself_until_its_cookie_comes_back_is_read() {
    let scene = Scene::new();
    let text = super::TEXT;
    scene.paper.on("/gate", move |seen| match seen.text("cookie") {
        Some(cookie) if cookie.contains("seen=1") => page("A heron", text, ""),
        _ => Reply::redirect(302, "/gate").header("Set-Cookie", "seen=1; Path=/; HttpOnly; SameSite=Lax"),
    });
    let link = scene.paper.url("/gate");
    let driver = scene.publish(&[&link], "").await;
    assert_eq!(articles(&driver), ["A heron by auto"]);
    assert_eq!(cookies(&scene.paper.requests_for("/gate")), ["", "seen=1"]);
    // It is forgotten: the next time the way is the same.
    assert_eq!(cookies(&scene.paper.requests_for("/robots.txt")), [""]);
    assert_eq!(driver.number("SELECT count(*) FROM alias WHERE kind = 'redirect'"), 0);
}

#[tokio::test]
async fn p26_a_cookie_of_a_chain_is_forgotten_when_the_chain_ends() {
    let scene = Scene::new();
    let text = super::TEXT;
    for (path, animal) in [("/gate/1", "heron"), ("/gate/2", "stork")] {
        scene.paper.on(path, move |seen| match seen.text("cookie") {
            Some(_) => page(&format!("A {animal}"), &text.replace("heron", animal), ""),
            None => Reply::redirect(302, path).header("Set-Cookie", "seen=1; Path=/; Max-Age=31536000"),
        });
    }
    let links = [scene.paper.url("/gate/1"), scene.paper.url("/gate/2")];
    let driver = scene.publish(&[&links[0], &links[1]], "").await;
    assert_eq!(articles(&driver), ["A heron by auto", "A stork by auto"]);
    for path in ["/gate/1", "/gate/2"] {
        assert_eq!(cookies(&scene.paper.requests_for(path)), ["", "seen=1"], "{path}");
    }
}

#[tokio::test]
async fn p26_a_feed_behind_a_cookie_is_read_too() {
    let scene = Scene::new();
    let link = scene.paper.url("/real");
    let driver = scene.publish(&[&link], "").await;
    let feed = crate::way::rss(&[("Two", scene.paper.url("/two"))]).etag("\"v2\"");
    scene.paper.page("/two", page("Two", &super::TEXT.replace("heron", "goose"), ""));
    scene.feed.on("/feed", move |seen| match seen.text("cookie") {
        Some(_) => feed.clone(),
        None => Reply::redirect(302, "/hello?back=/feed"),
    });
    scene.feed.page("/hello", Reply::redirect(302, "/feed").header("Set-Cookie", "hello=1; Path=/"));
    let report = driver.poll(noon() + hours(1)).await;
    assert_eq!((report.failure, report.counts.new), (None, 1));
}

#[tokio::test]
async fn p26_a_cookie_of_a_redirect_goes_to_its_own_host_only() {
    let scene = Scene::new();
    let real = scene.paper.url("/real");
    let set = "id=7; Path=/; Domain=0.4";
    scene.other.page("/go-there", Reply::redirect(302, &real).header("Set-Cookie", set));
    let link = scene.other.url("/go-there");
    let driver = scene.publish(&[&link], "").await;
    assert_eq!(articles(&driver), ["A heron by auto"]);
    let seen = [scene.paper.requests(), scene.feed.requests()].concat();
    assert!(cookies(&seen).iter().all(String::is_empty), "{seen:?}");
}

#[tokio::test]
async fn p26_a_host_that_is_come_back_to_gets_its_cookie_again() {
    let scene = Scene::new();
    let text = super::TEXT;
    let back = scene.paper.url("/gate");
    let there = scene.other.url("/check");
    scene.paper.on("/gate", move |seen| match seen.text("cookie") {
        Some(cookie) if cookie == "a=1" => page("A heron", text, ""),
        _ => Reply::redirect(302, &there).header("Set-Cookie", "a=1"),
    });
    scene.other.page("/check", Reply::redirect(302, &back).header("Set-Cookie", "b=2; Path=/"));
    let link = scene.paper.url("/gate");
    let driver = scene.publish(&[&link], "").await;
    assert_eq!(articles(&driver), ["A heron by auto"]);
    assert_eq!(cookies(&scene.paper.requests_for("/gate")), ["", "a=1"]);
    assert_eq!(cookies(&scene.other.requests_for("/check")), [""]);
    // Where it was checked says nothing of the page.
    let redirects = driver.rows("SELECT url FROM alias WHERE kind = 'redirect'");
    assert!(redirects.is_empty(), "{redirects:?}");
}

/// A page that all articles lead over: it is no key of any of them.
#[tokio::test]
async fn h30_the_page_that_sets_a_cookie_joins_no_articles() {
    let scene = Scene::new();
    let text = super::TEXT;
    for path in ["/day/1", "/day/2"] {
        scene.paper.on(path, move |seen| match seen.text("cookie") {
            Some(_) => {
                page("The day", &format!("{text} This is what was said at {path}, and nothing else."), "")
            }
            None => Reply::redirect(302, &format!("/check?back={path}")),
        });
    }
    scene.paper.on("/check", |seen| {
        let back = seen.target.split_once("back=").unwrap().1.to_owned();
        Reply::redirect(302, &back).header("Set-Cookie", "seen=1; Path=/")
    });
    let links = [scene.paper.url("/day/1"), scene.paper.url("/day/2")];
    let driver = scene.publish(&[&links[0], &links[1]], "").await;
    assert_eq!(articles(&driver), ["The day by auto", "The day by auto"]);
}

#[tokio::test]
async fn p23_a_loop_whose_cookies_never_suffice_ends() {
    for (set, requests) in [
        // The cookie is not for this page; it has ended; it is another one each time; there are very many.
        (Some("a=1; Path=/elsewhere"), 1),
        (Some("a=1; Max-Age=0"), 1),
        (Some("a=NUMBER"), 2),
        (None, 1),
    ] {
        let scene = Scene::new();
        scene.paper.on("/loop", move |seen| {
            let reply = Reply::redirect(302, "/loop");
            match set {
                Some(set) => reply.header("Set-Cookie", set.replace("NUMBER", &seen.number.to_string())),
                None => reply,
            }
        });
        let link = scene.paper.url("/loop");
        let driver = scene.publish(&[&link], "").await;
        assert_eq!(failure(&driver), "redirect-loop", "{set:?}");
        assert_eq!(scene.paper.count("/loop"), requests, "{set:?}");
    }
}

#[tokio::test]
async fn p26_many_and_large_cookies_are_cut_short() {
    let scene = Scene::new();
    let text = super::TEXT;
    scene.paper.on("/gate", move |seen| match seen.text("cookie") {
        Some(_) => page("A heron", text, ""),
        None => (0..60).fold(Reply::redirect(302, "/gate"), |reply, n| {
            reply.more_header(
                "Set-Cookie",
                format!("c{n}={}; Path=/", "x".repeat(if n % 2 == 0 { 20 } else { 5000 })),
            )
        }),
    });
    let link = scene.paper.url("/gate");
    let driver = scene.publish(&[&link], "").await;
    assert_eq!(articles(&driver), ["A heron by auto"]);
    let sent = cookies(&scene.paper.requests_for("/gate"));
    assert_eq!(sent[1].matches('=').count(), 30, "{sent:?}");
    assert!(sent[1].len() < 17 << 10);
}

#[tokio::test]
async fn p26_a_configured_cookie_goes_before_one_of_its_name() {
    let scene = Scene::new();
    let real = scene.paper.url("/real");
    let feed = crate::way::rss(&[("A heron", real)]);
    scene.feed.on("/gate", move |seen| match seen.text("cookie") {
        Some(cookie) if cookie.contains("more=2") => feed.clone(),
        _ => Reply::redirect(302, "/gate")
            .header("Set-Cookie", "session=theirs; Path=/")
            .more_header("Set-Cookie", "more=2; Path=/"),
    });
    let text = crate::politeness::driver::config(
        "",
        &[("a", scene.feed.url("/gate"), "every = \"30m\"\ncookies = { session = \"mine\" }")],
    );
    let driver = crate::politeness::driver::Driver::start(&text, noon()).await;
    driver.poll(noon()).await;
    driver.pages(noon()).await;
    assert_eq!(cookies(&scene.feed.requests_for("/gate")), ["session=mine", "session=mine; more=2"]);
    assert_eq!(cookies(&scene.paper.requests_for("/real")), [""]);
}

/// A feed on a host of its own, whose articles want a cookie that the owner of the paper gave out.
#[tokio::test]
async fn p23_a_configured_cookie_goes_to_the_hosts_that_it_names_and_to_no_other() {
    let scene = Scene::new();
    let text = super::TEXT;
    let away = scene.other.url("/real");
    scene.paper.on("/paid", move |seen| match seen.text("cookie") {
        Some(cookie) if cookie == "session=mine" => page("A heron", text, ""),
        _ => Reply::redirect(302, "/login"),
    });
    scene.paper.page("/away", Reply::redirect(302, &away));
    scene.other.page("/real", page("A stork", &text.replace("heron", "stork"), ""));
    let links = [scene.paper.url("/paid"), scene.paper.url("/away"), scene.other.url("/far")];
    let lines = "cookies = { session = { value = \"mine\", hosts = [\"127.0.0.4\"] }, own = \"2\" }";
    let driver = scene.publish(&[&links[0], &links[1], &links[2]], lines).await;
    assert_eq!(articles(&driver), ["A heron by auto", "A stork by auto"]);
    assert_eq!(cookies(&scene.feed.requests_for("/feed")), ["own=2"]);
    assert_eq!(cookies(&scene.paper.requests_for("/paid")), ["session=mine"]);
    assert_eq!(cookies(&scene.paper.requests_for("/away")), ["session=mine"]);
    // Neither robots.txt nor where the paper redirects to, nor another link of the feed.
    assert_eq!(cookies(&scene.paper.requests_for("/robots.txt")), [""]);
    assert!(cookies(&scene.other.requests()).iter().all(String::is_empty));
}
