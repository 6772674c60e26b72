//! Reads lists of feeds, as other feed readers export them (OPML 1.0 and 2.0). Used by `import`.

use super::decode::decode_document;
use super::error::NotAFeed;
use super::limits;
use super::plain_text::{TextKind, plain_line};
use super::reference::decode_references;
use super::token::{MarkupToken, MarkupTokens, StartTag};

/// Feeds of one list; the longest seen had three thousand.
const MAX_FEEDS: usize = 50_000;

/// A feed of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OpmlFeed {
    /// Its address as printed, not checked.
    pub feed: String,
    /// Its name.
    pub title: Option<String>,
    /// The names of the folders around it, outermost first, and its categories; each once.
    pub tags: Vec<String>,
}

/// Reads a list. Outlines without an address are folders: their names become tags of the feeds in them.
pub fn parse_opml(bytes: &[u8]) -> Result<Vec<OpmlFeed>, NotAFeed> {
    let text = decode_document(bytes, None).text;
    let mut is_list = false;
    // The names of open outlines; `None` for one that is no folder.
    let mut open: Vec<Option<String>> = Vec::new();
    let mut feeds: Vec<OpmlFeed> = Vec::new();
    for token in MarkupTokens::new(&text) {
        match token {
            MarkupToken::Start(tag) if tag.is("opml") => is_list = true,
            MarkupToken::Start(tag) if tag.is("outline") => {
                let mut name = value(&tag, "text").or_else(|| value(&tag, "title"));
                if let Some(feed) = value(&tag, "xmlUrl") {
                    let title = name.take();
                    if feeds.len() < MAX_FEEDS {
                        let tags = tags_of(&open, &value(&tag, "category").unwrap_or_default());
                        feeds.push(OpmlFeed { feed, title, tags });
                    }
                }
                if !tag.is_empty && open.len() < limits::DEPTH {
                    open.push(name);
                }
            }
            MarkupToken::End(name) if name.eq_ignore_ascii_case("outline") => {
                open.pop();
            }
            _ => {}
        }
    }
    if is_list || !feeds.is_empty() {
        Ok(feeds)
    } else {
        Err(NotAFeed::with_hint(
            "this is no list of feeds (OPML)",
            "feed readers export one, often under “subscriptions”",
        ))
    }
}

/// An attribute as one line of text; `None` if it is empty.
fn value(tag: &StartTag<'_>, name: &str) -> Option<String> {
    plain_line(&decode_references(tag.attribute(name)?), TextKind::Text, limits::LINE)
}

/// Folders and categories, each once, the first [`limits::LIST`]. Categories have commas between them, and slashes
/// around them.
fn tags_of(folders: &[Option<String>], categories: &str) -> Vec<String> {
    let categories = categories
        .split(',')
        .map(|category| category.trim_matches(|c: char| c == '/' || c.is_whitespace()))
        .filter(|category| !category.is_empty());
    let mut tags: Vec<String> = Vec::new();
    for tag in folders.iter().flatten().map(String::as_str).chain(categories) {
        if tags.len() < limits::LIST && !tags.iter().any(|known| known == tag) {
            tags.push(tag.to_owned());
        }
    }
    tags
}
