//! What is asked of feeds is asked of the sitemaps that an index names.

use super::driver::{Driver, config, noon};
use crate::support::press::Press;
use crate::support::reply::Reply;

fn xml(text: String) -> Reply {
    Reply::ok("application/xml", text)
}

/// An index that names `/private/child.xml` and `/public/child.xml`, and its configuration.
fn press(more: &str) -> (Press, String) {
    let press = Press::start("127.0.0.2");
    press.page("/robots.txt", Reply::ok("text/plain", "User-agent: *\nDisallow: /private/\n"));
    let children = ["/private/child.xml", "/public/child.xml"];
    let named: String =
        children.map(|path| format!("<sitemap><loc>{}</loc></sitemap>", press.url(path))).concat();
    press.page("/sitemap.xml", xml(format!("<sitemapindex>{named}</sitemapindex>")));
    for path in children {
        let page = press.url(&path.replace("child.xml", "page"));
        press.page(
            path,
            xml(format!("<urlset><url><loc>{page}</loc></url></urlset>")).header("Expires", "soon"),
        );
    }
    let source = format!("[[source]]\nname = \"a\"\nsitemap = \"{}\"\n{more}", press.url("/sitemap.xml"));
    let text = format!("{}{source}", config("", &[]));
    (press, text)
}

#[tokio::test]
async fn a_child_sitemap_obeys_feed_robots() {
    for (more, private) in [("feed_robots = true\n", 0), ("", 1)] {
        let (press, text) = press(more);
        let driver = Driver::start(&text, noon()).await;
        let report = driver.poll(noon()).await;
        assert_eq!(report.failure, None);
        assert_eq!(press.count("/private/child.xml"), private, "{more}");
        assert_eq!(press.count("/public/child.xml"), 1);
        assert_eq!(report.counts.new, 1 + private as u64);
    }
}

#[tokio::test]
async fn a_source_whose_only_child_sitemap_is_forbidden_fails_with_robots_denied() {
    let (press, text) = press("feed_robots = true\n");
    press.page(
        "/sitemap.xml",
        xml(format!(
            "<sitemapindex><sitemap><loc>{}</loc></sitemap></sitemapindex>",
            press.url("/private/child.xml")
        )),
    );
    let driver = Driver::start(&text, noon()).await;
    assert_eq!(driver.poll(noon()).await.failure.unwrap().code, "robots-denied");
    assert_eq!(press.count("/private/child.xml"), 0);
}

#[tokio::test]
async fn odd_headers_of_child_sitemaps_are_counted() {
    let (_press, text) = press("");
    let driver = Driver::start(&text, noon()).await;
    driver.poll(noon()).await;
    assert_eq!(driver.counter("headers.odd"), 2);
}
