//! Wrapper links are taken off before anything is asked.

use super::{Scene, TEXT, articles, failure};
use crate::politeness::driver::{config, hours, noon};
use crate::support::markup::escaped;
use crate::support::reply::Reply;
use crate::way::{page, rss};

const REAL: &str = "A heron by auto";

#[tokio::test]
async fn a_wrapper_is_taken_off_and_its_host_is_not_asked() {
    for make in [
        |wrapper: &str, target: &str| format!("{wrapper}/url?rct=j&sa=t&url={target}&ct=ga&cd=CAIy"),
        |wrapper: &str, target: &str| format!("{wrapper}/redirect?u={target}"),
        |wrapper: &str, target: &str| {
            format!("{wrapper}/out?to={}", target.replace(':', "%3A").replace('/', "%2F"))
        },
        |wrapper: &str, target: &str| format!("{wrapper}/l.php?u={target}&h=AT0"),
        |wrapper: &str, target: &str| format!("{wrapper}/ct?id=5&url={target}"),
        |wrapper: &str, target: &str| format!("{wrapper}/news/apiclick.aspx?ref=FexRss&url={target}&c=7"),
        |wrapper: &str, target: &str| {
            format!("{wrapper}/url?q=http%3A%2F%2Fnest.example%2Furl%3Furl%3D{}", target.replace('/', "%2F"))
        },
    ] {
        let scene = Scene::new();
        let link = make(&scene.other.url(""), &scene.paper.url("/real"));
        let target = scene.paper.url("/real");
        let driver = scene.publish(&[&link], "").await;
        assert_eq!(articles(&driver), [REAL], "{link}");
        assert_eq!(driver.rows("SELECT url FROM articles"), [[target.as_str()]], "{link}");
        // The wrapper is an alias, and proves nothing.
        let proof = format!("SELECT kind, proof FROM alias WHERE url = '{link}'");
        assert_eq!(driver.rows(&proof), [["link", "none"]], "{link}");
        assert_eq!(driver.find(&link), driver.find(&target), "{link}");
        assert!(scene.other.requests().is_empty(), "{link}: {:?}", scene.other.requests());
        assert_eq!(scene.paper.count("/real"), 1);
    }
}

#[tokio::test]
async fn a_wrapper_of_a_stored_page_costs_no_request() {
    let scene = Scene::new();
    let target = scene.paper.url("/real");
    let wrapper = scene.other.url(&format!("/url?url={target}&ct=ga"));
    let driver = scene.publish(&[&target], "").await;
    scene.feed.page("/feed", rss(&[("Again", escaped(&wrapper))]));
    driver.poll(noon() + hours(1)).await;
    driver.pages(noon() + hours(1)).await;
    assert_eq!(articles(&driver), [REAL]);
    assert_eq!((scene.paper.count("/real"), scene.other.requests().len()), (1, 0));
}

#[tokio::test]
async fn unwrap_false_asks_the_wrapper() {
    for in_defaults in [false, true] {
        let scene = Scene::new();
        let target = scene.paper.url("/real");
        scene.other.page("/url", Reply::redirect(302, &target));
        let link = scene.other.url(&format!("/url?url={target}"));
        let lines = if in_defaults { "[defaults]\nunwrap = false" } else { "unwrap = false" };
        let driver = scene.publish(&[&link], lines).await;
        assert_eq!(articles(&driver), [REAL]);
        let proof = format!("SELECT kind, proof FROM alias WHERE url = '{link}'");
        assert_eq!(driver.rows(&proof), [["asked", "response"]]);
        assert_eq!(scene.other.count("/url"), 1);
    }
}

#[tokio::test]
async fn robots_and_guard_judge_the_target_of_a_wrapper() {
    let scene = Scene::new();
    scene.paper.page("/robots.txt", Reply::ok("text/plain", "User-agent: *\nDisallow: /real\n"));
    scene.other.page("/robots.txt", Reply::ok("text/plain", "User-agent: *\nDisallow: /\n"));
    let link = scene.other.url(&format!("/url?url={}", scene.paper.url("/real")));
    let driver = scene.publish(&[&link], "").await;
    assert_eq!(failure(&driver), "robots-denied");
    assert_eq!((scene.paper.count("/real"), scene.other.requests().len()), (0, 0));
    for target in ["http://10.0.0.1/x", "http://169.254.169.254/latest/meta-data", "http://[::1]/x"] {
        let scene = Scene::new();
        let link = scene.other.url(&format!("/url?url={target}"));
        let driver = scene.publish(&[&link], "").await;
        assert_eq!(failure(&driver), "refused-address", "{target}");
        assert!(scene.other.requests().is_empty());
    }
}

/// A page at the address of a wrapper that carries another paper's article: neither gains the other's key.
#[tokio::test]
async fn h30_a_wrapper_gives_nobody_anything_over_its_target() {
    let scene = Scene::new();
    let target = scene.paper.url("/real");
    let link = scene.other.url(&format!("/url?url={target}"));
    // The stranger serves a text of its own there, which a source that unwraps nothing fetches.
    scene.other.page("/url", page("Forged", &TEXT.replace("heron", "crocodile"), ""));
    let driver = scene.publish(&[&link], "").await;
    let text = config(
        "",
        &[
            ("a", scene.feed.url("/feed"), "every = \"30m\""),
            ("b", scene.other.url("/feed"), "every = \"30m\"\nunwrap = false"),
        ],
    );
    scene.other.page("/feed", rss(&[("Forged", escaped(&link))]));
    let driver = driver.restart(&text, noon() + hours(1)).await;
    driver.polls(noon() + hours(1)).await;
    driver.pages(noon() + hours(1)).await;
    assert_eq!(articles(&driver), [REAL, "Forged by auto"]);
    // And an entry with the wrapper is still the target's.
    scene.feed.page("/feed", rss(&[("More", escaped(&format!("{link}&ct=ga")))]));
    driver.polls(noon() + hours(2)).await;
    driver.pages(noon() + hours(2)).await;
    assert_eq!(articles(&driver), [REAL, "Forged by auto"]);
    assert_eq!(scene.paper.count("/real"), 1);
}

/// Several entries that have one wrapper each, of one redirector: they are not one link.
#[tokio::test]
async fn entries_in_wrappers_of_one_host_are_articles_of_their_own() {
    let scene = Scene::new();
    scene.paper.page("/other", page("A stork", &TEXT.replace("heron", "stork"), ""));
    let links =
        ["/real", "/other"].map(|path| scene.other.url(&format!("/url?url={}&cd=x", scene.paper.url(path))));
    let driver = scene.publish(&[&links[0], &links[1]], "").await;
    assert_eq!(articles(&driver), [REAL, "A stork by auto"]);
}

#[tokio::test]
async fn without_a_page_the_article_is_known_by_the_target() {
    let scene = Scene::new();
    let target = scene.paper.url("/real");
    let link = scene.other.url(&format!("/url?url={target}"));
    let driver = scene.publish(&[&link], "pages = \"never\"").await;
    assert_eq!(driver.rows("SELECT url FROM articles"), [[target.as_str()]]);
    assert_eq!(driver.find(&link), driver.find(&target));
    assert!(scene.other.requests().is_empty() && scene.paper.requests().is_empty());
}
