//! The byline of an article and the authors in it.
//!
//! Sources are JSON-LD, `<meta>`, the line that is printed at the headline, and a signature below the text. Each of them
//! may name the paper or an account instead of a person, so they are compared by the names that they give, not only by
//! their order.

use super::extractor::{ArticlePosition, FallbackExtractor};
use crate::extract::authors::{self, is_account, is_full_name};
use crate::extract::words::{class_words, fold, split_words};
use crate::html::{Document, NodeId, Tag, text_line};
use crate::link;
use crate::model::{Candidate, NamedByline, Origin, Standing};

/// A byline as printed, and the names in it.
#[derive(Clone, Debug)]
pub(super) struct Byline {
    /// Several bylines are joined by commas.
    pub(super) printed: String,
    /// Never empty.
    pub(super) names: Vec<String>,
    pub(super) origin: Origin,
}

/// Names of `<meta>` for authors, surest first. `twitter:data1` counts only with the label "Written by".
#[rustfmt::skip]
const NAMES: &[&str] = &[
    "author", "article:author", "og:article:author", "dc.creator", "dcterms.creator", "byl", "sailthru.author",
    "parsely-author", "cxenseparse:author", "article:author_name", "articleauthor", "article:byline",
    "article_author", "article-author", "shareaholic:article_author_name", "citation_author", "twitter:data1",
];

/// Class words of author elements.
#[rustfmt::skip]
const AUTHOR_WORDS: &[&str] = &[
    "byline", "bylines", "author", "authors", "autor", "autoren", "auteur", "auteurs", "autores", "autore", "autorin",
    "skribent", "penulis", "redactor", "journalist", "muallif", "yazar", "forfatter", "toimittaja", "authorname",
    "bylinename", "authorwrapper", "postauthor", "articleauthor", "auteurname",
];

/// Class words of elements whose authors are of something else, within four elements around the author.
#[rustfmt::skip]
const OTHERS_NEAR: &[&str] = &[
    "quote", "quoteauthor", "commentauthor", "caption", "credit", "teaser", "teasers", "recommended",
    "trending", "popular", "bio", "biography", "avatar", "image", "photo", "foto", "card", "newsletter",
    "disclaimer", "latest", "widget",
];

/// The same within ten elements around the author.
#[rustfmt::skip]
const OTHERS_FAR: &[&str] = &[
    "comment", "comments", "commentlist", "related", "sidebar", "respond",
];

/// Nodes before the headline in which the byline is looked for.
const NODES_BEFORE: usize = 150;

/// Nodes after the headline in which a line that begins with "By" is looked for.
const NODES_AFTER: usize = 400;

/// Nodes of a byline. An element with more is a box, and it may be read again for each element within it.
const LARGEST_ELEMENT: usize = 120;

/// Elements that look like bylines which are compared.
const MOST_CANDIDATES: usize = 60;

/// Characters of a byline.
const LONGEST: usize = 160;

impl FallbackExtractor<'_> {
    /// The most likely byline, and all that were found. Persons go before papers and agencies, full names before accounts.
    pub(super) fn byline(
        &self,
        site: Option<&str>,
        position: &ArticlePosition,
    ) -> (Option<Byline>, Vec<Candidate<NamedByline>>) {
        let byline = |printed: Vec<String>, origin| {
            let names = authors::names(&printed, site);
            (!names.is_empty()).then(|| Byline { printed: printed.join(", "), names, origin })
        };
        let is_site = |name: &str| self.is_name_of_site(name, site);
        // At least one name of a person, even if it is not a full one.
        let names_person = |found: &Byline| {
            let mut names = found.names.iter();
            names.any(|name| !is_site(name) && !is_account(name) && !authors::is_agency(name))
        };
        let names_full_person = |found: &Byline| {
            names_person(found) && found.names.iter().any(|name| is_full_name(name) && !is_site(name))
        };

        // `Written by` or `written by` beside the data of the card.
        let has_writer_label = || {
            let label = self.meta.first(&["twitter:label1"]);
            label.is_some_and(|label| label.contains("ritten"))
        };
        let in_meta = || {
            NAMES
                .iter()
                .filter(|name| **name != "twitter:data1" || has_writer_label())
                .filter_map(|name| byline(self.meta.all(name).map(str::to_owned).collect(), Origin::Meta))
        };
        let printed = byline(self.printed_authors(position), Origin::Auto);
        let in_json_ld = byline(self.json_ld.authors.clone(), Origin::JsonLd);
        // The printed byline may name authors that JSON-LD leaves out.
        let adds_names = |found: &Byline| {
            in_json_ld.as_ref().is_some_and(|json_ld| {
                found.names.len() > json_ld.names.len()
                    && found.names.len() <= json_ld.names.len() + 3
                    && found.names.iter().all(|name| is_full_name(name) && !is_site(name))
                    && json_ld.names.iter().all(|name| found.names.contains(name))
            })
        };
        let are_people = |found: &Byline| found.names.iter().all(|name| self.is_person(name, site));
        let candidate = |found: Byline, standing| Candidate {
            origin: found.origin,
            standing,
            value: NamedByline { are_people: are_people(&found), printed: found.printed, names: found.names },
        };
        let bylines = in_json_ld
            .clone()
            .into_iter()
            .chain(in_meta())
            .map(|found| candidate(found, Standing::Structured))
            .chain(printed.clone().map(|found| candidate(found, Standing::Printed)))
            .collect();
        if let Some(found) = printed.clone().filter(adds_names) {
            return (Some(found), bylines);
        }
        // Where JSON-LD names somebody, another source must name a person in full to replace it.
        let is_better = |found: &Byline| {
            if in_json_ld.is_some() { names_full_person(found) } else { names_person(found) }
        };
        let best = in_json_ld
            .clone()
            .filter(|found| names_person(found) && !self.json_ld.by_organisation)
            .or_else(|| in_meta().find(is_better))
            .or_else(|| printed.clone().filter(is_better))
            .or_else(|| byline(vec![self.signature(position)?], Origin::Auto).filter(names_full_person))
            .or(in_json_ld.clone())
            .or_else(|| in_meta().next())
            .or(printed);
        (best, bylines)
    }

    /// True if a name is that of a person in full.
    fn is_person(&self, name: &str, site: Option<&str>) -> bool {
        authors::is_person(name) && !self.is_name_of_site(name, site)
    }

    /// True if a name is that of the site: its title, the publisher of JSON-LD, a label of the host.
    fn is_name_of_site(&self, name: &str, site: Option<&str>) -> bool {
        let name = fold(name);
        let begins = |site: &str| {
            let site = fold(site);
            site == name || site.len() > 3 && name.starts_with(&site)
        };
        site.is_some_and(begins)
            || self.json_ld.site.as_deref().is_some_and(begins)
            || link::host(self.page_url).split('.').any(|label| label == name)
    }

    /// The texts of the elements near the headline that are marked up as bylines; else a line that begins with "By".
    fn printed_authors(&self, position: &ArticlePosition) -> Vec<String> {
        let document = self.document;
        let heading = position.heading;
        let from = heading.map_or(0, |at| at.index().saturating_sub(NODES_BEFORE));
        let mut candidates: Vec<(u8, NodeId)> = Vec::new();
        for at in document.nodes().skip(from).take_while(|at| *at < position.end) {
            let tag = document.tag(at);
            let is_large = document.end(at).index() - at.index() > LARGEST_ELEMENT;
            if tag.has_no_text() || tag == Tag::Text || is_large || candidates.len() > MOST_CANDIDATES {
                continue;
            }
            if let Some(rank) = markup_rank(document, at)
                && !is_of_something_else(document, at, heading)
            {
                candidates.push((rank, at));
            }
        }
        // Only the elements of the surest kind of markup are read.
        let best = candidates.iter().map(|(rank, _)| *rank).min();
        let mut texts: Vec<String> = Vec::new();
        let (mut end, mut first) = (NodeId::default(), None);
        for (_, at) in candidates.iter().filter(|(rank, _)| Some(*rank) == best) {
            // Elements that follow at once are of the same byline, those further down of something else.
            let is_near = first.is_none_or(|first: NodeId| at.index() < first.index() + 60);
            if *at < end || !is_near {
                continue;
            }
            let text = separated_text(document, *at);
            // What is too long is a box with text, what is too short an icon.
            if (2..LONGEST).contains(&text.chars().count()) {
                end = document.end(*at);
                first = first.or(Some(*at));
                if !texts.contains(&text) {
                    texts.push(text);
                }
            }
        }
        if texts.is_empty() {
            texts.extend(self.by_line(position));
        }
        texts
    }

    /// A short line after the headline that begins with a word such as "By".
    fn by_line(&self, position: &ArticlePosition) -> Option<String> {
        let document = self.document;
        let heading = position.heading?;
        let from = document.end(heading);
        let until = from.index() + NODES_AFTER;
        document
            .nodes()
            .skip(from.index())
            .take_while(|at| at.index() < until && *at < position.end)
            .filter(|at| document.text(*at).is_some_and(authors::begins_byline))
            .find_map(|at| {
                let outer = document.parent(at)?;
                if document.end(outer).index() - outer.index() > LARGEST_ELEMENT {
                    return None;
                }
                let text = separated_text(document, outer);
                let is_byline = text.chars().count() < 100 && authors::begins_byline(&text);
                (is_byline && !is_of_something_else(document, outer, Some(heading))).then_some(text)
            })
    }

    /// The name that the text is signed with: a line of its own after the last paragraph, in bold, in italics or on the
    /// right.
    fn signature(&self, position: &ArticlePosition) -> Option<String> {
        let document = self.document;
        let heading = position.heading?;
        let (mut paragraphs, mut name) = (0, None);
        let nodes = document.nodes().skip(heading.index());
        for at in nodes.take_while(|at| *at < position.end) {
            let Some(text) = document.text(at) else {
                continue;
            };
            let text = text.trim();
            let length = text.chars().count();
            // A long text is a paragraph; a name before it was not the signature.
            if length > 60 {
                (paragraphs, name) = (paragraphs + 1, None);
            } else if paragraphs > 2
                && length > 4
                && name.is_none()
                && is_full_name(text)
                && is_signature(document, at, text)
            {
                name = Some(text.to_owned());
            }
        }
        name
    }
}

/// How surely an element holds an author, by its markup: 0 declared, 1 the name of an author, 2 an author, 4 a source.
fn markup_rank(document: &Document, at: NodeId) -> Option<u8> {
    let (mut is_author, mut is_name, mut is_source) = (false, false, false);
    let says_author = |value: &str| value.split_whitespace().any(|word| word.eq_ignore_ascii_case("author"));
    for (key, value) in document.attrs(at) {
        match key {
            "rel" | "itemprop" if says_author(value) => return Some(0),
            "class" | "id" => {
                for word in split_words(value) {
                    if AUTHOR_WORDS.contains(&&*word) {
                        is_author = true;
                        is_name |= word.ends_with("name");
                    }
                    is_name |= matches!(&*word, "name" | "nome" | "nom");
                    is_source |= word == "source";
                }
            }
            _ => {}
        }
    }
    match (is_author, is_name) {
        (true, true) => Some(1),
        (true, false) => Some(2),
        _ => is_source.then_some(4),
    }
}

/// True if an element is of a comment, a picture, another article or a box about the author. What holds the headline, too,
/// is not asked.
fn is_of_something_else(document: &Document, at: NodeId, heading: Option<NodeId>) -> bool {
    let around = std::iter::once(at)
        .chain(document.ancestors(at))
        .take(10)
        .take_while(|outer| heading.is_none_or(|heading| !document.contains(*outer, heading)));
    around.enumerate().any(|(depth, outer)| {
        matches!(
            document.tag(outer),
            Tag::Figure | Tag::Figcaption | Tag::Aside | Tag::Nav | Tag::Footer | Tag::Blockquote
        ) || class_words(document, outer)
            .any(|word| OTHERS_FAR.contains(&&*word) || depth < 4 && OTHERS_NEAR.contains(&&*word))
    })
}

/// The text of an element as one line, in which names that only the layout separates are separated by `; `.
fn separated_text(document: &Document, at: NodeId) -> String {
    let mut text = String::new();
    let mut is_apart = false;
    for inner in document.subtree(at) {
        is_apart |= document.tag(inner) == Tag::Br;
        let Some(piece) = document.text(inner) else {
            continue;
        };
        let is_mute = document.ancestors(inner).take(4).any(|outer| document.tag(outer).has_no_text());
        if is_mute || piece.trim().is_empty() {
            is_apart |= !piece.is_empty();
            continue;
        }
        let is_glued = text.ends_with(char::is_alphanumeric) && piece.starts_with(char::is_alphanumeric);
        if is_glued || is_apart && !text.is_empty() {
            // "By" and the name after it belong together.
            let are_names = is_glued && !authors::begins_byline(&format!("{text} x"));
            text.push_str(if are_names { "; " } else { " " });
        }
        is_apart = false;
        text.push_str(piece);
        if text.len() > LONGEST * 4 {
            break;
        }
    }
    if text.is_empty() {
        return text_line(document, at);
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// True if a text is all of its block, set apart by bold, italics or alignment, and neither of a picture nor a link.
fn is_signature(document: &Document, at: NodeId, text: &str) -> bool {
    let mut is_emphasised = false;
    for outer in document.ancestors(at).take(5) {
        let tag = document.tag(outer);
        if matches!(
            tag,
            Tag::A | Tag::Figure | Tag::Figcaption | Tag::Aside | Tag::Li | Tag::Td | Tag::Button
        ) || tag.heading().is_some()
        {
            return false;
        }
        is_emphasised |= matches!(tag, Tag::Strong | Tag::B | Tag::Em | Tag::I);
        // The block decides; elements around it are not asked.
        if tag.is_block() {
            let is_right = document
                .attr(outer, "style")
                .is_some_and(|style| style.replace(' ', "").contains("text-align:right"));
            let is_alone =
                document.end(outer).index() - outer.index() < 8 && text_line(document, outer) == text;
            return is_alone && (is_emphasised || is_right);
        }
    }
    false
}
