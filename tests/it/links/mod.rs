//! Links that lead on: wrappers that carry their target, pages that redirect by themselves, cookies on the way.

mod cookies;
mod leads;
mod wrappers;

use crate::politeness::driver::{Driver, config, noon};
use crate::support::markup::escaped;
use crate::support::press::Press;
use crate::way::{page, rss};

/// The text of the article that all scenes are about.
const TEXT: &str =
    "A heron stood on the weir all morning, left at noon without a word, and was replaced by a smaller one.";

/// A paper with one article, a feed on a host of its own, and what leads from the one to the other.
struct Scene {
    feed: Press,
    paper: Press,
    other: Press,
}

impl Scene {
    fn new() -> Self {
        let scene = Self {
            feed: Press::start("127.0.0.2"),
            paper: Press::start("127.0.0.4"),
            other: Press::start("127.0.0.3"),
        };
        scene.paper.page("/real", page("A heron", TEXT, ""));
        scene
    }

    /// Publishes these links, polls, and collects what is ready.
    async fn publish(&self, links: &[&str], lines: &str) -> Driver {
        let entries: Vec<(&str, String)> = links.iter().map(|link| ("Feed's title", escaped(link))).collect();
        self.feed.page("/feed", rss(&entries));
        let text = config("", &[("a", self.feed.url("/feed"), &format!("every = \"30m\"\n{lines}"))]);
        let driver = Driver::start(&text, noon()).await;
        driver.poll(noon()).await;
        driver.pages(noon()).await;
        driver
    }
}

/// The articles as title and method.
fn articles(driver: &Driver) -> Vec<String> {
    let rows = driver.rows("SELECT title, method FROM articles ORDER BY title, article_id");
    rows.into_iter().map(|row| row.join(" by ")).collect()
}

/// The latest failure of a page.
fn failure(driver: &Driver) -> String {
    let rows = driver.rows("SELECT code FROM failure ORDER BY id DESC LIMIT 1");
    rows.into_iter().flatten().next().unwrap_or_default()
}
