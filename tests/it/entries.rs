//! Fields that only a feed has reach the database, the exports and our own feeds.

use serde_json::json;

use crate::support::press::Press;
use crate::support::reply::Reply;
use crate::way::{config, page};
use crate::workspace::Workspace;

const TEXT: &str =
    "The choir sang in the market hall on Sunday, and the fishmongers kept their shutters up for an hour.";

#[test]
fn fields_that_only_the_feed_has_are_stored_and_exported() {
    let press = Press::start("127.0.0.2");
    let filed = "<meta property=article:section content=Culture><meta property=article:tag content=Choirs>";
    press.page("/filed", page("Filed by the page", TEXT, filed));
    press.page("/bare", page("Filed by the feed", &format!("{TEXT} Twice."), ""));
    let feed = format!(
        "<rss version='2.0'><channel><title>The Paper</title><copyright>© The Paper</copyright>
         <item><title>Filed by the page</title><link>{0}</link><guid>{0}</guid><category>Region</category></item>
         <item><title>Filed by the feed</title><link>{1}</link><guid isPermaLink='false'>2</guid>
         <category>Region</category><category>Music</category>
         <source url='https://wire.example/rss'>The Wire</source>
         <enclosure url='https://media.example/choir.mp3' type='audio/mpeg' length='1234'/>
         <enclosure url='https://media.example/choir.ogg'/></item></channel></rss>",
        press.url("/filed"),
        press.url("/bare")
    );
    let hubs = "<https://hub.example/>; rel=hub, <https://paper.example/feed>; rel=self";
    press.page("/a.rss", Reply::rss(feed).header("Link", hubs));
    let workspace = Workspace::new(&config(&[("paper", press.url("/a.rss"))]));
    let ended = workspace.run(&["run", "--once"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);

    let mut articles = workspace.exported(&[]);
    articles.sort_by_key(|article| article["title"].to_string());
    let [bare, filed] = articles.as_slice() else {
        panic!("{articles:?}");
    };
    assert_eq!((&filed["section"], &filed["tags"]), (&json!("Culture"), &json!(["Choirs"])));
    assert_eq!(bare["tags"], json!(["Region", "Music"]));
    assert_eq!(bare["rights"], "© The Paper");
    assert_eq!(
        bare["enclosures"],
        json!([
            {"url": "https://media.example/choir.mp3", "type": "audio/mpeg", "length": 1234},
            {"url": "https://media.example/choir.ogg", "type": null, "length": null},
        ])
    );
    assert_eq!(
        workspace.rows("SELECT guid, permalink, credit, credit_url, state FROM entries WHERE article_id IS NOT NULL ORDER BY permalink"),
        [
            vec!["2", "0", "The Wire", "https://wire.example/rss", "done"],
            vec![&press.url("/filed"), "1", "", "", "done"],
        ]
    );
    assert_eq!(
        workspace.rows("SELECT rights, hubs, topic FROM sources"),
        [["© The Paper", "[\"https://hub.example/\"]", "https://paper.example/feed"]]
    );

    let rss = workspace.run(&["export", "--format", "rss"]).stdout;
    for part in [
        "<category>Music</category>",
        "<dc:rights>© The Paper</dc:rights>",
        "<enclosure url=\"https://media.example/choir.mp3\" type=\"audio/mpeg\" length=\"1234\"/>",
        "<media:content url=\"https://media.example/choir.ogg\" type=\"application/octet-stream\"/>",
    ] {
        assert!(rss.contains(part), "{part} in {rss}");
    }
    let atom = workspace.run(&["export", "--format", "atom"]).stdout;
    assert!(
        atom.contains("<link rel=\"enclosure\" type=\"audio/mpeg\" length=\"1234\" href=\"https://media.example/choir.mp3\"/>"),
        "{atom}"
    );

    // `reextract` keeps them, although the page has no media and rights.
    let again = workspace.run(&["reextract"]);
    assert_eq!(again.code, Some(0), "{}", again.stderr);
    assert_eq!(workspace.one("SELECT count(*) FROM articles WHERE rights IS NOT NULL AND tags <> '[]'"), "2");
}
