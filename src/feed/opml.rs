//! Lists of feeds, as other readers export them (OPML 1.0 and 2.0).

use super::token::{Token, Tokens};
use super::{NotAFeed, decode, limits, plain, reference};

/// Feeds of one list; the longest seen had three thousand.
const FEEDS: usize = 50_000;

/// A feed of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OpmlFeed {
    /// As printed; not yet judged.
    pub feed: String,
    /// Its name.
    pub title: Option<String>,
    /// The outlines around it, outermost first, and its categories.
    pub tags: Vec<String>,
}

/// Reads a list. Outlines without a feed are folders: their names are tags of what stands in them.
pub fn parse_opml(bytes: &[u8]) -> Result<Vec<OpmlFeed>, NotAFeed> {
    let text = decode::decode(bytes, None).text;
    let mut is_list = false;
    let mut open: Vec<Option<String>> = Vec::new();
    let mut found: Vec<OpmlFeed> = Vec::new();
    for token in Tokens::new(&text) {
        match token {
            Token::Start(tag) if tag.name.eq_ignore_ascii_case("opml") => is_list = true,
            Token::Start(tag) if tag.name.eq_ignore_ascii_case("outline") => {
                let value = |name: &str| {
                    let text = reference::decode(tag.raw(name)?);
                    Some(plain::line(&text, plain::Kind::Text, limits::LINE).0)
                        .filter(|text| !text.is_empty())
                };
                let name = value("text").or_else(|| value("title"));
                let feed = value("xmlUrl");
                if let Some(feed) = &feed {
                    let mut tags: Vec<String> = open.iter().flatten().cloned().collect();
                    let categories = value("category").unwrap_or_default();
                    tags.extend(
                        categories
                            .split(',')
                            .map(|category| {
                                category
                                    .trim_matches(|c: char| c == '/' || c.is_whitespace())
                                    .to_owned()
                            })
                            .filter(|category| !category.is_empty()),
                    );
                    let mut seen = Vec::new();
                    tags.retain(|tag| {
                        let new = !seen.contains(tag);
                        seen.push(tag.clone());
                        new
                    });
                    tags.truncate(limits::LIST);
                    if found.len() < FEEDS {
                        found.push(OpmlFeed {
                            feed: feed.clone(),
                            title: name.clone(),
                            tags,
                        });
                    }
                }
                if !tag.empty && open.len() < limits::DEPTH {
                    open.push(name.filter(|_| feed.is_none()));
                }
            }
            Token::End(name) if name.eq_ignore_ascii_case("outline") => {
                open.pop();
            }
            _ => {}
        }
    }
    if is_list || !found.is_empty() {
        Ok(found)
    } else {
        Err(NotAFeed {
            reason: "this is no list of feeds (OPML)".to_owned(),
            hint: Some("feed readers export one, often under “subscriptions”".to_owned()),
        })
    }
}
