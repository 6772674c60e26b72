//! What the feed of another site says of a page never stands over what the page, or the feed of its own site, says.

use std::fmt::Write as _;

use crate::support::press::Press;
use crate::support::reply::Reply;
use crate::way::{config, page};
use crate::workspace::Workspace;

const TEXT: &str = "The bridge over the river was opened on Tuesday after eleven long years, to the sound of one tired brass \
                    band, and four hundred people walked to the other side and back again.";

/// What a feed says of the page: title, creator, day of March 2024.
struct Word<'a>(&'a str, &'a str, u32);

/// A paper, and somebody whose feed links to its pages.
struct Story {
    paper: Press,
    stranger: Press,
    workspace: Workspace,
}

impl Story {
    fn new() -> Self {
        let (paper, stranger) = (Press::start("127.0.0.2"), Press::start("127.0.0.3"));
        paper.page("/bridge", page("The bridge is open", TEXT, ""));
        for press in [&paper, &stranger] {
            press.page("/feed", rss(&paper, None));
        }
        let text = config(&[("stranger", stranger.url("/feed")), ("paper", paper.url("/feed"))]);
        Self { workspace: Workspace::new(&text), paper, stranger }
    }

    /// A feed says something, and all that waits is due.
    fn say(&self, press: &Press, word: &Word<'_>) {
        press.page("/feed", rss(&self.paper, Some(word)));
        self.go_on();
    }

    fn go_on(&self) {
        if self.workspace.database().exists() {
            rusqlite::Connection::open(self.workspace.database())
                .unwrap()
                .execute_batch(
                    "UPDATE entry SET next_at = 0 WHERE next_at IS NOT NULL; UPDATE source SET next_at = 0; \
                     UPDATE host SET ready_at = 0, backoff_until = 0, next_page_at = 0, retry_after = 0;",
                )
                .unwrap();
        }
        let ended = self.workspace.run(&["run", "--once"]);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    }

    /// Title, authors, date, tags and source of the article.
    fn shown(&self) -> String {
        self.workspace.one(
            "SELECT title || ' | ' || authors || ' | ' || ifnull(published, '-') || ' | ' || tags || ' | ' || source FROM articles",
        )
    }

    fn requests(&self) -> usize {
        self.paper.count("/bridge")
    }
}

fn rss(paper: &Press, word: Option<&Word<'_>>) -> Reply {
    let mut text = String::from(
        "<rss version='2.0' xmlns:dc='http://purl.org/dc/elements/1.1/'><channel><title>News</title>",
    );
    if let Some(Word(title, creator, day)) = word {
        let link = paper.url("/bridge");
        write!(
            text,
            "<item><title>{title}</title><link>{link}</link><guid>{link}</guid><pubDate>{day} Mar 2024 10:00:00 GMT</pubDate>\
             <dc:creator>{creator}</dc:creator><category>{creator}</category><description>In short.</description></item>"
        )
        .unwrap();
    }
    Reply::rss(text + "</channel></rss>")
}

const OWN: &str = "The bridge is open | [\"Ines Holt\"] | 2024-03-05T10:00:00Z | [\"Ines Holt\"] | paper";

#[test]
fn a_stranger_fills_gaps_only_until_a_source_of_the_site_names_the_page() {
    let story = Story::new();
    story.say(&story.stranger, &Word("Scandal!", "Evil Liar", 1));
    assert_eq!(
        story.shown(),
        "The bridge is open | [\"Evil Liar\"] | 2024-03-01T10:00:00Z | [\"Evil Liar\"] | stranger"
    );
    story.say(&story.paper, &Word("The bridge is open", "Ines Holt", 5));
    assert_eq!((story.shown().as_str(), story.requests()), (OWN, 2));
    // It is known from now on, and what the stranger says later changes nothing.
    story.say(&story.stranger, &Word("Another scandal!", "Worse Liar", 7));
    story.go_on();
    assert_eq!(story.shown(), OWN);
    assert_eq!(story.workspace.one("SELECT count(*) FROM articles"), "1");
}

#[test]
fn a_page_that_is_looked_at_again_for_a_stranger_keeps_the_words_of_its_own_feed() {
    let story = Story::new();
    story.say(&story.paper, &Word("The bridge is open", "Ines Holt", 5));
    story.say(&story.stranger, &Word("Scandal!", "Evil Liar", 1));
    assert_eq!((story.shown().as_str(), story.requests()), (OWN, 1));
    story.paper.page("/bridge", page("The bridge is open", &TEXT.replace("Tuesday", "Monday"), ""));
    story.say(&story.stranger, &Word("Another scandal!", "Worse Liar", 7));
    story.go_on();
    assert_eq!((story.shown().as_str(), story.requests()), (OWN, 2), "its text is another, and nothing else");
    assert!(story.workspace.one("SELECT text FROM articles").contains("Monday"));
}
