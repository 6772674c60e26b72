//! `same_site`: domains of one publisher, for all sources or for one.

use crate::support::press::Press;
use crate::way::{config, page, rss};
use crate::workspace::Workspace;

const TEXT: &str = "The bridge over the river was opened on Tuesday after eleven years, to the sound of one brass band, and four \
                    hundred people walked to the other side and back again before the ferry left.";

/// Two domains of a publisher, played by two addresses: the page of one prints the other's URL as its canonical.
fn publisher() -> (Press, Press) {
    let (paper, other) = (Press::start("127.0.0.2"), Press::start("127.0.0.3"));
    let canonical = format!("<link rel=canonical href=\"{}\">", other.url("/bridge"));
    paper.page("/1", page("The bridge", TEXT, &canonical));
    other.page("/bridge", page("The bridge", TEXT, ""));
    paper.page("/a.rss", rss(&[("The bridge", paper.url("/1"))]));
    other.page("/b.rss", rss(&[("The bridge", other.url("/bridge"))]));
    (paper, other)
}

fn collected(workspace: &Workspace) -> String {
    let ended = workspace.run(&["run", "--once"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    workspace.one("SELECT count(*) FROM articles")
}

#[test]
fn domains_of_one_publisher_are_believed_about_each_other() {
    let (paper, other) = publisher();
    let feeds = [("a", paper.url("/a.rss")), ("b", other.url("/b.rss"))];
    let list = "same_site = [\"127.0.0.2\", \"127.0.0.3\"]\n";
    // For nobody, for the source whose page says it, for all.
    for (place, articles, claims) in [("", "2", "1"), ("source", "1", "0"), ("site", "1", "0")] {
        let mut text = config(&feeds);
        if place == "source" {
            text = text.replace("name = \"a\"\n", &format!("name = \"a\"\n{list}"));
        }
        let workspace = Workspace::new(&text);
        if place == "site" {
            std::fs::create_dir(workspace.path().join("sites")).unwrap();
            std::fs::write(workspace.path().join("sites/127.0.0.2.toml"), list).unwrap();
        }
        assert_eq!(collected(&workspace), articles, "{place}");
        assert_eq!(workspace.one("SELECT count(*) FROM claims"), claims, "{place}");
    }
}

#[test]
fn h30_the_feed_service_of_one_source_is_a_stranger_to_others() {
    let (paper, service) = (Press::start("127.0.0.2"), Press::start("127.0.0.3"));
    let item = |title: &str, link: String| {
        crate::support::reply::Reply::rss(format!(
            "<rss version=\"2.0\"><channel><title>Show</title><item><title>{title}</title><link>{link}</link>\
             <guid isPermaLink=\"false\">{title}</guid><description>{title}: {TEXT}</description></item></channel></rss>"
        ))
    };
    service.page("/show.rss", item("The show", paper.url("/1")));
    service.page("/evil.rss", item("Evil", paper.url("/2")));
    // A page of the service says that it is the paper's.
    let canonical = format!("<link rel=canonical href=\"{}\">", paper.url("/3"));
    service.page("/page", page("Evil", TEXT, &canonical));
    service.page("/pages.rss", rss(&[("Evil", service.url("/page"))]));
    let text = config(&[
        ("show", service.url("/show.rss")),
        ("evil", service.url("/evil.rss")),
        ("pages", service.url("/pages.rss")),
    ])
    .replace(
        "name = \"show\"\n",
        "name = \"show\"\npages = \"never\"\nsame_site = [\"127.0.0.2\", \"127.0.0.3\"]\n",
    )
    .replace("name = \"evil\"\n", "name = \"evil\"\npages = \"never\"\n");
    let workspace = Workspace::new(&text);
    assert_eq!(collected(&workspace), "3");
    let first_party = "SELECT url, first_party FROM page WHERE requested_at IS NULL ORDER BY url";
    assert_eq!(
        workspace.rows(first_party),
        [[paper.url("/1"), "1".to_owned()], [paper.url("/2"), "0".to_owned()]]
    );
    assert_eq!(workspace.one("SELECT url FROM claims"), paper.url("/3"));
}
