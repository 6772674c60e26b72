//! The small press: six papers on six hosts, in three feed formats, and everything that happens to a reader of
//! feeds on an ordinary day.
//!
//! | paper | host | feed | pages | what happens |
//! |---|---|---|---|---|
//! | harbour-gazette | 127.0.0.2 | RSS 2.0, full text | magazine | one page is gone (404) |
//! | nile-courier | 127.0.0.3 | RSS 2.0 | `WebForms` | one article under three URLs with one short link |
//! | meridienne | 127.0.0.4 | Atom, full text | review | one page is busy (503) once; one is in windows-1252 |
//! | nordlicht | 127.0.0.5 | JSON Feed, no full text | review | |
//! | small-hours | 127.0.0.6 | Atom | nobody wrote rules for them | three scripts |
//! | press-review | 127.0.0.7 | RSS 2.0, gzip | magazine | repeats articles of others, one through a redirect |

use std::fmt::Write;
use std::path::{Path, PathBuf};

use super::feeds::Item;
use super::press::{Press, Seen};
use super::reply::Reply;
use super::texts::Text;

/// Seconds after which the busy page asks to be tried again.
pub const RETRY_AFTER: u64 = 2;

/// The papers, their servers, and the ledger of what they serve.
pub struct Newsroom {
    papers: Vec<Paper>,
    pub(super) served: Vec<Served>,
    pub(super) gone: Vec<String>,
    entries: usize,
}

/// One source.
pub(super) struct Paper {
    pub name: &'static str,
    pub press: Press,
    pub feed: &'static str,
    /// The rest of its `[[source]]`, as TOML.
    pub rules: &'static str,
}

/// An article as a complete run must have it, once.
#[derive(Clone, Debug)]
pub struct Served {
    /// The paper it belongs to.
    pub source: &'static str,
    /// As text.
    pub title: &'static str,
    /// The lead.
    pub standfirst: &'static str,
    /// The names, without a "By".
    pub byline: &'static str,
    /// The day of publication as printed: `2026-11-23`.
    pub day: &'static str,
    /// BCP 47.
    pub language: &'static str,
    /// The URL that serves it.
    pub page: String,
    /// Every link by which a feed leads to it.
    pub links: Vec<String>,
    /// The short link its page prints or declares.
    pub short_link: Option<String>,
    /// The beginning of its text: in no other article.
    pub first_words: &'static str,
    /// Its text.
    pub paragraphs: Vec<&'static str>,
    /// Whether the configuration has selectors for it.
    pub ruled: bool,
}

impl Newsroom {
    /// Opens all six.
    pub fn start() -> Self {
        let mut room = Self { papers: Vec::new(), served: Vec::new(), gone: Vec::new(), entries: 0 };
        room.harbour_gazette();
        room.nile_courier();
        room.meridienne();
        room.nordlicht();
        room.small_hours();
        room.press_review();
        room
    }

    /// The whole of a `cuttings.toml` for these papers. The database lies beside the file.
    pub fn config_toml(&self) -> String {
        let mut out = String::from(
            r#"[daemon]
contact = "https://example.org/bot"
database = "cuttings.db"

[politeness]              # short, because the servers are our own
host_gap = "20ms"
impolite = true

[fetch]
allow_networks = ["127.0.0.0/8"]

[defaults]
every = "30m"
"#,
        );
        for paper in &self.papers {
            let feed = paper.press.url(paper.feed);
            let _ =
                write!(out, "\n[[source]]\nname = \"{}\"\nfeed = \"{feed}\"\n{}", paper.name, paper.rules);
        }
        out
    }

    /// Writes [`Newsroom::config_toml`] to `cuttings.toml` in a folder.
    pub fn write_config(&self, folder: &Path) -> PathBuf {
        let path = folder.join("cuttings.toml");
        std::fs::write(&path, self.config_toml())
            .unwrap_or_else(|error| panic!("cannot write {}: {error}", path.display()));
        path
    }

    /// Exactly the articles that a complete run collects.
    pub fn served(&self) -> &[Served] {
        &self.served
    }

    /// Links to pages that are not there.
    pub fn gone(&self) -> &[String] {
        &self.gone
    }

    /// Entries of all feeds together.
    pub fn entries(&self) -> usize {
        self.entries
    }

    /// The server of a paper.
    pub fn press(&self, name: &str) -> &Press {
        &self.paper(name).press
    }

    /// Names of the sources, in the order of the configuration.
    pub fn sources(&self) -> impl Iterator<Item = &'static str> {
        self.papers.iter().map(|paper| paper.name)
    }

    /// Everything asked of any paper, in order of arrival.
    pub fn requests(&self) -> Vec<Seen> {
        let mut requests: Vec<Seen> = self.papers.iter().flat_map(|paper| paper.press.requests()).collect();
        requests.sort_by_key(|seen| seen.at);
        requests
    }

    /// The requests for the feed of a paper.
    pub fn feed_requests(&self, name: &str) -> Vec<Seen> {
        let paper = self.paper(name);
        paper.press.requests_for(paper.feed)
    }

    /// Every request that is neither for a feed nor for robots.txt.
    pub fn page_requests(&self) -> Vec<Seen> {
        let mut pages = Vec::new();
        for paper in &self.papers {
            let is_page = |seen: &Seen| seen.path() != paper.feed && seen.path() != "/robots.txt";
            pages.extend(paper.press.requests().into_iter().filter(is_page));
        }
        pages
    }

    /// Empties the record of every paper.
    pub fn forget(&self) {
        for paper in &self.papers {
            paper.press.forget();
        }
    }

    fn paper(&self, name: &str) -> &Paper {
        self.papers.iter().find(|paper| paper.name == name).unwrap_or_else(|| panic!("no paper {name}"))
    }

    pub(super) fn open(&mut self, paper: Paper, items: &[Item], feed: Reply) {
        self.entries += items.len();
        paper.press.page(paper.feed, feed);
        self.papers.push(paper);
    }

    pub(super) fn serve(
        &mut self,
        source: &'static str,
        text: &Text,
        page: &str,
        short_link: Option<String>,
    ) {
        self.served.push(Served {
            source,
            title: text.title,
            standfirst: text.standfirst,
            byline: text.byline.trim_start_matches("By "),
            day: text.day(),
            language: text.language,
            page: page.to_owned(),
            links: vec![page.to_owned()],
            short_link,
            first_words: text.first_words(),
            paragraphs: text.paragraphs.clone(),
            ruled: source != "small-hours",
        });
    }
}
