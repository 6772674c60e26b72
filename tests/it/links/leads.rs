//! Pages that lead on by themselves are followed like redirects; what only a browser passes is named.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{Scene, TEXT, articles, failure};
use crate::politeness::driver::{config, hours, noon};
use crate::support::reply::Reply;
use crate::way::{self, page, rss};
use crate::workspace::Workspace;

const REAL: &str = "A heron by auto";

/// A page without a text.
fn empty(head: &str) -> Reply {
    Reply::html(format!("<html><head><title>One moment</title>{head}</head><body></body></html>"))
}

fn refresh(to: &str) -> Reply {
    empty(&format!("<meta http-equiv=\"refresh\" content=\"0; url={to}\">"))
}

/// Case 10 of the feeds.
#[tokio::test]
async fn a_page_that_is_only_a_meta_refresh_leads_to_the_article() {
    let scene = Scene::new();
    scene.paper.page("/10-meta-refresh.html", refresh("/real"));
    let driver = scene.publish(&[&scene.paper.url("/10-meta-refresh.html")], "").await;
    assert_eq!(articles(&driver), [REAL]);
    assert_eq!(driver.number("SELECT count(*) FROM failure"), 0);
    let aliases = driver.rows("SELECT kind, proof FROM alias WHERE url LIKE '%10-meta-refresh.html'");
    assert_eq!(aliases, [["asked", "response"]]);
    assert_eq!(driver.rows("SELECT url FROM articles"), [[scene.paper.url("/real")]]);
}

#[tokio::test]
async fn every_kind_of_lead_is_followed_to_another_host() {
    let scene = Scene::new();
    let real = scene.paper.url("/real");
    for (number, reply) in [
        refresh(&real),
        empty(&format!("<noscript><meta http-equiv=refresh content=\"0;URL='{real}'\"></noscript>")),
        empty(&format!("<script>window.location.replace(\"{}\")</script>", real.replace('/', "\\/"))),
        empty(&format!(
            "<base href=\"{}\"><meta http-equiv=refresh content='1;url=real'>",
            scene.paper.url("/")
        )),
        empty("").header("Refresh", format!("0; url={real}")),
        Reply::html(format!("<body onload=\"location.href='{real}'\">Redirecting…</body>")),
    ]
    .into_iter()
    .enumerate()
    {
        let path = format!("/lead/{number}");
        scene.other.page(&path, reply);
        let driver = scene.publish(&[&scene.other.url(&path)], "").await;
        assert_eq!(articles(&driver), [REAL], "{number}");
        assert_eq!(driver.number("SELECT count(*) FROM failure"), 0, "{number}");
    }
}

#[tokio::test]
async fn a_lead_is_one_hop_among_redirects_and_cookies_go_along() {
    let scene = Scene::new();
    let check = scene.paper.url("/check");
    scene.other.page("/short", Reply::redirect(301, &check));
    // A page that refreshes itself until its cookie comes back.
    scene.paper.on("/check", |seen| match seen.text("cookie") {
        Some(cookie) if cookie == "seen=1" => Reply::redirect(302, "/lead"),
        _ => refresh("/check").header("Set-Cookie", "seen=1"),
    });
    scene.paper.on("/lead", |seen| {
        assert_eq!(seen.text("cookie").as_deref(), Some("seen=1"));
        empty("<script>location='/real'</script>")
    });
    let driver = scene.publish(&[&scene.other.url("/short")], "").await;
    assert_eq!(articles(&driver), [REAL]);
    assert_eq!(
        (scene.paper.count("/check"), scene.paper.count("/lead"), scene.paper.count("/real")),
        (2, 1, 1)
    );
}

#[tokio::test]
async fn p30_robots_txt_and_the_gate_hold_for_where_a_page_leads() {
    let scene = Scene::new();
    scene.other.page("/go-on", refresh(&scene.paper.url("/real")));
    scene.paper.page("/robots.txt", Reply::ok("text/plain", "User-agent: *\nDisallow: /real\n"));
    let link = scene.other.url("/go-on");
    let driver = scene.publish(&[&link], "").await;
    assert_eq!(failure(&driver), "robots-denied");
    assert_eq!(scene.paper.count("/real"), 0);
    // A host that asked for rest is not asked.
    let scene = Scene::new();
    scene.paper.page("/busy", Reply::busy(Some("3600")));
    scene.other.page("/1", refresh(&scene.paper.url("/busy")));
    scene.other.page("/2", refresh(&scene.paper.url("/real")));
    let links = [scene.other.url("/1"), scene.other.url("/2")];
    let driver = scene.publish(&[&links[0], &links[1]], "").await;
    assert_eq!((scene.paper.count("/busy"), scene.paper.count("/real")), (1, 0));
    assert_eq!(driver.number("SELECT count(*) FROM failure WHERE code = 'host-backoff'"), 1);
}

#[tokio::test]
async fn h04_a_page_leads_to_no_refused_address() {
    for target in [
        "http://10.0.0.1/x",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::1]/x",
        "http://0x0a000001/x",
        "http://[::ffff:10.0.0.1]/x",
        "https://user@192.168.0.1/x",
    ] {
        for reply in [refresh(target), empty(&format!("<script>location = '{target}'</script>"))] {
            let scene = Scene::new();
            scene.other.page("/go-on", reply);
            let driver = scene.publish(&[&scene.other.url("/go-on")], "").await;
            assert_eq!(failure(&driver), "refused-address", "{target}");
        }
    }
}

#[tokio::test]
async fn h01_a_page_leads_to_nothing_but_http() {
    for target in [
        "file:///etc/passwd", "javascript:alert(1)", "data:text/html,<p>x", "ftp://paper.example/",
        "about:blank",
    ] {
        for reply in
            [refresh(target), empty(&format!("<base href='{target}'><script>location = '{target}'</script>"))]
        {
            let scene = Scene::new();
            scene.other.page("/go-on", reply);
            let driver = scene.publish(&[&scene.other.url("/go-on")], "").await;
            assert!(
                ["no-text", "interstitial"].contains(&&*failure(&driver)),
                "{target}: {}",
                failure(&driver)
            );
            assert_eq!(scene.other.count("/go-on"), 1);
        }
    }
}

#[tokio::test]
async fn p23_pages_that_lead_on_without_end_have_one() {
    let scene = Scene::new();
    let count = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&count);
    scene
        .paper
        .on("/chain", move |_| refresh(&format!("/chain?n={}", counter.fetch_add(1, Ordering::Relaxed))));
    let driver = scene.publish(&[&scene.paper.url("/chain")], "").await;
    assert_eq!(failure(&driver), "too-many-redirects");
    assert_eq!(count.load(Ordering::Relaxed), 11);
    // Two pages that lead to each other.
    let scene = Scene::new();
    scene.paper.page("/ping", refresh("/pong"));
    scene.paper.page("/pong", empty("<script>location.href='/ping'</script>"));
    let driver = scene.publish(&[&scene.paper.url("/ping")], "").await;
    assert_eq!(failure(&driver), "interstitial");
    assert_eq!((scene.paper.count("/ping"), scene.paper.count("/pong")), (1, 1));
    // A page that leads to itself.
    let scene = Scene::new();
    scene.paper.page("/live", refresh("/live#now"));
    let driver = scene.publish(&[&scene.paper.url("/live")], "").await;
    assert_eq!(failure(&driver), "interstitial");
    assert_eq!(scene.paper.count("/live"), 1);
}

#[tokio::test]
async fn a_live_page_with_a_text_that_refreshes_is_an_article() {
    let scene = Scene::new();
    let text = [TEXT; 4].join(" ");
    let head =
        "<meta http-equiv=refresh content='5; url=/live?again=1'><script>location.href = '/other'</script>";
    scene.paper.page("/live", page("Live", &text, head));
    let driver = scene.publish(&[&scene.paper.url("/live")], "").await;
    assert_eq!(articles(&driver), ["Live by auto"]);
    assert_eq!(scene.paper.count("/live"), 1);
}

#[tokio::test]
async fn a_page_that_leads_to_a_wall_or_a_front_page_is_no_article() {
    for (target, code) in [("/login?back=/real", "wall"), ("/", "redirected-to-front")] {
        let scene = Scene::new();
        scene.paper.page("/go-on", refresh(target));
        scene.paper.page("/login", page("Log in", TEXT, ""));
        scene.paper.page("/", page("Front", TEXT, ""));
        let driver = scene.publish(&[&scene.paper.url("/go-on")], "").await;
        assert_eq!(failure(&driver), code, "{target}");
    }
}

/// The script-only part of case 08 of the feeds.
#[tokio::test]
async fn a_page_that_only_scripts_pass_is_named_and_the_feed_is_kept() {
    for body in [
        "<head><title>Just a moment...</title><meta name=author content='Consent Ltd'><meta property=og:title content=Consent>\
         </head><body><div id=root></div><script>if (ok()) location.href = next()</script></body>",
        "<title>Consent</title><div id=root></div><script src=app.js></script><noscript>Enable JavaScript</noscript>",
    ] {
        let scene = Scene::new();
        scene.paper.page("/go-on", Reply::html(body));
        let driver = scene.publish(&[&scene.paper.url("/go-on")], "").await;
        assert_eq!(failure(&driver), "interstitial");
        assert_eq!(driver.counter("failed.interstitial"), 1);
        // Days later, when all tries are used up.
        for hour in [1, 6, 36, 80, 120] {
            driver.pages(noon() + hours(hour)).await;
        }
        assert_eq!(articles(&driver), ["Feed's title by feed"]);
        assert!(!driver.rows("SELECT authors, title FROM articles").concat().concat().contains("Consent"));
    }
}

#[tokio::test]
async fn a_further_page_that_leads_on_is_followed_too() {
    let scene = Scene::new();
    let long = |word: &str| format!("{} {}", TEXT.replace("heron", word), [TEXT; 2].join(" "));
    scene.paper.page("/a", page("Two pages", &long("first"), "<link rel=next href='/a?page=2'>"));
    scene.paper.on("/a", {
        let first = page("Two pages", &long("first"), "<link rel=next href='/a?page=2'>");
        move |seen| if seen.target.ends_with("page=2") { refresh("/a/second") } else { first.clone() }
    });
    scene.paper.page("/a/second", page("Two pages", &long("second"), ""));
    let driver = scene.publish(&[&scene.paper.url("/a")], "").await;
    assert_eq!(articles(&driver), ["Two pages by auto"]);
    let text = driver.rows("SELECT text FROM articles").concat().concat();
    assert!(text.contains("first") && text.contains("second"), "{text}");
}

/// What a page that leads on prints of itself counts for nothing: neither its canonical, nor its short link, nor its title.
#[tokio::test]
async fn h30_a_page_that_leads_on_claims_nothing() {
    let scene = Scene::new();
    let head = format!(
        "<link rel=canonical href='{0}'><link rel=shortlink href='{0}'><meta property=og:url content='{0}'>\
         <meta http-equiv=refresh content='0; url={1}'>",
        scene.other.url("/claimed"),
        scene.paper.url("/real")
    );
    scene.other.page("/go-on", empty(&head));
    let driver = scene.publish(&[&scene.other.url("/go-on")], "").await;
    assert_eq!(articles(&driver), [REAL]);
    let known = driver.rows("SELECT url FROM alias UNION SELECT url FROM claim").concat();
    assert!(!known.iter().any(|url| url.contains("/claimed")), "{known:?}");
}

/// A page of the stranger's site gains over the paper's article what an HTTP redirect would: an alias of its own address.
#[tokio::test]
async fn h30_a_lead_gains_what_a_redirect_gains() {
    let mut rows = Vec::new();
    for reply in [|to: &str| Reply::redirect(302, to), |to: &str| refresh(to)] {
        let scene = Scene::new();
        scene.paper.page("/feed", rss(&[("A heron", scene.paper.url("/real"))]));
        scene.other.page("/x", reply(&scene.paper.url("/real")));
        let driver = scene.publish(&[&scene.other.url("/x")], "").await;
        let both = config(
            "",
            &[
                ("a", scene.feed.url("/feed"), "every = \"30m\""),
                ("paper", scene.paper.url("/feed"), "every = \"30m\""),
            ],
        );
        let driver = driver.restart(&both, noon() + hours(2)).await;
        driver.polls(noon() + hours(2)).await;
        driver.pages(noon() + hours(2)).await;
        assert_eq!(articles(&driver), [REAL]);
        // The stranger now serves a text of its own there.
        scene.other.page("/x", page("Forged", &TEXT.replace("heron", "crocodile"), ""));
        scene.feed.page("/feed", rss(&[("Forged", format!("{}?2", scene.other.url("/x")))]).etag("\"v2\""));
        driver.polls(noon() + hours(4)).await;
        driver.pages(noon() + hours(4)).await;
        assert_eq!(articles(&driver), [REAL, "Forged by auto"]);
        let keys = driver.rows("SELECT kind, proof, shared FROM alias ORDER BY kind, proof, page_id");
        rows.push((keys, driver.rows("SELECT title, sources FROM articles ORDER BY title")));
    }
    assert_eq!(rows[0], rows[1]);
}

#[tokio::test]
async fn a_page_that_is_fetched_again_is_asked_where_it_was_served() {
    let scene = Scene::new();
    scene.paper.page("/go-on", refresh("/real").etag("\"lead\""));
    scene.paper.page("/real", page("A heron", TEXT, "").etag("\"real\""));
    let driver = scene.publish(&[&scene.paper.url("/go-on")], "revisit = [\"1h\"]").await;
    driver.pages(noon() + hours(2)).await;
    assert_eq!(articles(&driver), [REAL]);
    let conditions: Vec<Option<String>> =
        [scene.paper.requests_for("/go-on"), scene.paper.requests_for("/real")]
            .concat()
            .iter()
            .map(|seen| seen.text("if-none-match"))
            .collect();
    assert_eq!(conditions, [None, None, None, Some("\"real\"".to_owned())]);
    assert_eq!(driver.counter("pages.not-modified"), 1);
}

#[test]
fn try_and_check_take_off_wrappers_and_follow_pages_that_lead_on() {
    let scene = Scene::new();
    let real = scene.paper.url("/real");
    scene.paper.page("/refresh", refresh("/real"));
    scene.paper.page("/script", empty("<script>location.replace('/refresh')</script>"));
    scene.paper.page("/header", empty("").header("Refresh", "0; url=/real"));
    scene.paper.page("/itself", refresh("/itself"));
    let wrapper = scene.other.url(&format!("/url?url={real}"));
    scene.other.page("/url", page("A wrapper", TEXT, ""));
    let source = way::config(&[("a", scene.feed.url("/feed"))]);
    let test = |path: &str| {
        format!("[[source.test]]\nurl = \"{}\"\ncontains = \"A heron stood\"\n", scene.paper.url(path))
    };
    let workspace = Workspace::new(&format!("{source}unwrap = false\n{}", test("/script")));
    for url in
        [&wrapper, &scene.paper.url("/refresh"), &scene.paper.url("/script"), &scene.paper.url("/header")]
    {
        let tried = workspace.run(&["try", url]);
        assert_eq!(tried.code, Some(0), "{url}: {}{}", tried.stdout, tried.stderr);
        assert!(
            tried.stdout.starts_with(&real) && tried.stdout.contains("A heron"),
            "{url}: {}",
            tried.stdout
        );
    }
    assert_eq!(scene.other.count("/url"), 0);
    let tried = workspace.run(&["try", &wrapper, "--source", "a"]);
    assert!(tried.stdout.contains("A wrapper"), "unwrap = false: {}{}", tried.stdout, tried.stderr);
    let tried = workspace.run(&["try", &scene.paper.url("/itself")]);
    assert_eq!(tried.code, Some(1), "{}", tried.stdout);
    assert!(tried.stdout.contains("interstitial"), "{}", tried.stdout);
    let check = workspace.run(&["check", "--live"]);
    assert_eq!(check.code, Some(0), "{}{}", check.stdout, check.stderr);
}
