//! What a page says of itself in its head: `<meta>`, `<link>`, `<title>`, and the attributes that stand for them.

use std::collections::HashMap;

use super::size::pixels;
use crate::html::{Document, NodeId, Tag, collapse_whitespace, plain_text, text_line};
use crate::model::ImageSize;

/// Names and values of the head, each name in lower case, values in document order.
#[derive(Debug, Default)]
pub(super) struct Meta {
    values: HashMap<String, Vec<String>>,
    /// `<title>`, clean.
    pub(super) title: Option<String>,
    /// `<h1>` elements with text, in document order.
    pub(super) h1: Vec<(NodeId, String)>,
    /// `<h2>` elements with text, in document order.
    pub(super) h2: Vec<(NodeId, String)>,
    /// `<html lang>`.
    pub(super) language: Option<String>,
    /// `<link>` elements: `rel` in lower case, `href`.
    pub(super) links: Vec<(String, String)>,
    /// `<base href>`.
    pub(super) base: Option<String>,
    /// Images for sharing: the addresses of each (`og:image`, `og:image:url`, `og:image:secure_url`), and its size.
    pub(super) shared: Vec<(Vec<String>, ImageSize)>,
}

/// Headings of one level that are looked at.
const MOST_HEADINGS: usize = 40;

impl Meta {
    /// Reads the whole page: what belongs into the head is often elsewhere.
    pub(super) fn read(document: &Document) -> Self {
        let mut meta = Self::default();
        for at in document.nodes() {
            match document.tag(at) {
                Tag::Meta => meta.add(document, at),
                Tag::Title if meta.title.is_none() => {
                    let in_svg = document
                        .ancestors(at)
                        .any(|outer| document.tag(outer) == Tag::Svg);
                    let title: String = document
                        .children(at)
                        .filter_map(|child| document.text(child))
                        .collect();
                    let title = plain_text(&title);
                    if !title.is_empty() && !in_svg {
                        meta.title = Some(title);
                    }
                }
                Tag::H1 if meta.h1.len() < MOST_HEADINGS => {
                    let text = text_line(document, at);
                    if !text.is_empty() {
                        meta.h1.push((at, text));
                    }
                }
                Tag::H2 if meta.h2.len() < MOST_HEADINGS => {
                    let text = text_line(document, at);
                    if !text.is_empty() {
                        meta.h2.push((at, text));
                    }
                }
                Tag::Html => meta.language = document.attr(at, "lang").map(str::to_owned),
                Tag::Link => {
                    if let (Some(rel), Some(href)) = (document.attr(at, "rel"), document.attr(at, "href")) {
                        meta.links.push((rel.to_ascii_lowercase(), href.to_owned()));
                    }
                }
                Tag::Base if meta.base.is_none() => {
                    meta.base = document
                        .attr(at, "href")
                        .map(str::trim)
                        .filter(|href| !href.is_empty())
                        .map(str::to_owned);
                }
                _ => {}
            }
        }
        meta
    }

    fn add(&mut self, document: &Document, at: NodeId) {
        let Some(content) = document
            .attr(at, "content")
            .or_else(|| document.attr(at, "value"))
        else {
            return;
        };
        let content = if content.contains('&') {
            plain_text(content)
        } else {
            collapse_whitespace(content)
        };
        if content.is_empty() {
            return;
        }
        for key in ["property", "name", "itemprop", "http-equiv"] {
            for name in document.attr(at, key).unwrap_or_default().split_whitespace() {
                let name = name.to_ascii_lowercase();
                if let Some(part) = name.strip_prefix("og:image") {
                    self.add_shared(part, &content);
                }
                self.values.entry(name).or_default().push(content.clone());
            }
        }
    }

    /// Properties of an image stand behind it (ogp.me, structured properties), in some templates before the first.
    fn add_shared(&mut self, part: &str, content: &str) {
        let begins = part.is_empty() && self.shared.last().is_none_or(|(urls, _)| !urls.is_empty());
        if begins || self.shared.is_empty() {
            self.shared.push(Default::default());
        }
        let Some((urls, size)) = self.shared.last_mut() else {
            return;
        };
        match part {
            "" | ":url" | ":secure_url" => urls.push(content.to_owned()),
            ":width" => size.width = size.width.or_else(|| pixels(content)),
            ":height" => size.height = size.height.or_else(|| pixels(content)),
            _ => {}
        }
    }

    /// All values of a name.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.values.get(name).into_iter().flatten().map(String::as_str)
    }

    /// All values of the names that fit, by name.
    pub(super) fn matching(&self, fits: fn(&str) -> bool) -> impl Iterator<Item = &str> {
        let mut names: Vec<&String> = self.values.keys().filter(|name| fits(name)).collect();
        names.sort_unstable();
        names
            .into_iter()
            .filter_map(|name| self.values.get(name))
            .flatten()
            .map(String::as_str)
    }

    /// The first value of the first name that has one.
    pub(super) fn first(&self, names: &[&str]) -> Option<&str> {
        names.iter().find_map(|name| self.all(name).next())
    }

    /// The `href` of the first `<link>` of a relation.
    pub(super) fn link(&self, rel: &str) -> Option<&str> {
        self.links
            .iter()
            .find(|(known, _)| known.split_whitespace().any(|known| known == rel))
            .map(|(_, href)| href.as_str())
    }

    /// The name of the site.
    pub(super) fn site(&self) -> Option<&str> {
        self.first(&[
            "og:site_name",
            "application-name",
            "al:android:app_name",
            "publisher",
            "dc.publisher",
            "twitter:app:name:iphone",
        ])
        .filter(|name| name.chars().count() < 60 && !name.starts_with("http"))
    }
}

/// Marks that part a headline from the name of a site.
const PARTINGS: &[&str] = &[
    " | ", " - ", " – ", " — ", " :: ", " · ", " » ", " « ", " • ", " ‹ ", " › ", " ~ ", "｜", " / ", "|",
    " \\\\ ",
];

/// A title without the name of the site, where it can be told apart: `site` is its name, `host` its address, and
/// `others` are texts that may be the bare headline.
pub(super) fn without_site(title: &str, site: Option<&str>, host: &str, others: &[&str]) -> String {
    let folded = fold(title);
    for other in others {
        let other_folded = fold(other);
        let longer = other_folded.chars().count() >= 12;
        if folded == other_folded {
            return (*other).to_owned();
        }
        if longer && folded.starts_with(&other_folded) && folded.len() > other_folded.len() {
            return (*other).to_owned();
        }
    }
    let mut kept = title.trim();
    let mut names: Vec<String> = site.map(fold).into_iter().collect();
    let labels: Vec<&str> = host.split('.').collect();
    names.extend(
        labels
            .iter()
            .filter(|label| label.len() > 3 && **label != "www")
            .map(|label| fold(label)),
    );
    names.push(fold(host));
    for _ in 0..3 {
        let mut shorter = None;
        for parting in PARTINGS {
            if let Some((before, after)) = kept.rsplit_once(parting)
                && is_name(after, &names)
                && !before.trim().is_empty()
            {
                shorter = Some(before.trim());
            } else if let Some((before, after)) = kept.split_once(parting)
                && is_name(before, &names)
                && !after.trim().is_empty()
            {
                shorter = Some(after.trim());
            }
            if shorter.is_some() {
                break;
            }
        }
        match shorter {
            Some(shorter) => kept = shorter,
            None => break,
        }
    }
    kept.to_owned()
}

fn is_name(part: &str, names: &[String]) -> bool {
    let part = fold(part);
    !part.is_empty()
        && names.iter().any(|name| {
            !name.is_empty()
                && (part == *name
                    || (name.chars().count() > 3 && part.chars().count() > 3)
                        && part.chars().count() < 40
                        && (part.contains(name.as_str()) || name.contains(&part)))
        })
}

/// Letters and digits in lower case: what two printings of one name share.
pub(super) fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii_alphanumeric() {
            folded.push(c.to_ascii_lowercase());
        } else if !c.is_ascii() && c.is_alphanumeric() {
            folded.extend(c.to_lowercase());
        }
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_the_site_goes() {
        for (title, site, host, expected) in [
            (
                "Calls to boycott - The Paper",
                Some("The Paper"),
                "a.example",
                "Calls to boycott",
            ),
            (
                "The Paper | Calls - again",
                Some("The Paper"),
                "a.example",
                "Calls - again",
            ),
            (
                "Calls | World | thepaper.example",
                None,
                "www.thepaper.example",
                "Calls | World",
            ),
            (
                "Calls - a study",
                Some("The Paper"),
                "a.example",
                "Calls - a study",
            ),
            ("The Paper", Some("The Paper"), "a.example", "The Paper"),
            (
                "Rufe nach Boykott – Politik – Zeitung",
                Some("Zeitung"),
                "z.example",
                "Rufe nach Boykott – Politik",
            ),
        ] {
            assert_eq!(without_site(title, site, host, &[]), expected, "{title}");
        }
        assert_eq!(
            without_site(
                "Calls to boycott it | World",
                None,
                "a.example",
                &["Calls to boycott it"]
            ),
            "Calls to boycott it"
        );
    }
}
