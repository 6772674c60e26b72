//! Who wrote an article: by JSON-LD, by the head, by the line that is printed at the headline.

use super::authors;
use super::fields::{Automatic, Place, class_words, words_of};
use super::meta::fold;
use crate::html::{Document, NodeId, Tag, text_line};
use crate::link;
use crate::model::Origin;

/// The byline as printed, the names in it, and where it is from.
pub(super) type Byline = (String, Vec<String>, Origin);

/// Names of `<meta>` for authors, surest first.
const NAMES: &[&str] = &[
    "author",
    "article:author",
    "og:article:author",
    "dc.creator",
    "dcterms.creator",
    "byl",
    "sailthru.author",
    "parsely-author",
    "cxenseparse:author",
    "article:author_name",
    "articleauthor",
    "article:byline",
    "article_author",
    "article-author",
    "shareaholic:article_author_name",
    "citation_author",
    "twitter:data1",
];

/// Elements before the headline and after it in which the byline is looked for.
const BEFORE: usize = 150;
const LONGEST: usize = 160;

/// Nodes of a byline: what holds more is a box, and reading it again and again takes long.
const LARGEST: usize = 120;

impl Automatic<'_> {
    /// The byline that is most likely.
    pub(super) fn authors(&self, site: Option<&str>, place: &Place) -> Option<Byline> {
        let of = |printed: Vec<String>, origin| {
            let names = authors::clean(&printed, site);
            (!names.is_empty()).then(|| (printed.join(", "), names, origin))
        };
        let host = link::host(self.page);
        let is_site = |name: &String| {
            let name = fold(name);
            let like = |site: &str| {
                let site = fold(site);
                site == name || site.len() > 3 && name.starts_with(&site)
            };
            site.is_some_and(like)
                || self.linked.site.as_deref().is_some_and(like)
                || host.split('.').any(|label| label == name)
        };
        let declared = || {
            NAMES
                .iter()
                .filter(|name| {
                    **name != "twitter:data1"
                        || self
                            .meta
                            .first(&["twitter:label1"])
                            .is_some_and(|label| label.contains("ritten"))
                })
                .filter_map(|name| of(self.meta.all(name).map(str::to_owned).collect(), Origin::Meta))
        };
        let printed = of(self.printed_authors(place), Origin::Auto);
        let linked = of(self.linked.authors.clone(), Origin::JsonLd);
        // Persons before papers, handles last.
        let person = |found: &Byline| {
            found
                .1
                .iter()
                .any(|name| !is_site(name) && !is_handle(name) && !authors::is_agency(name))
        };
        let whole =
            |found: &Byline| found.1.iter().any(|name| is_full(name) && !is_site(name)) && person(found);
        // What is printed may name those that the page's data leave out.
        let more = |found: &Byline| {
            linked.as_ref().is_some_and(|linked| {
                found.1.len() > linked.1.len()
                    && found.1.len() <= linked.1.len() + 3
                    && found.1.iter().all(|name| is_full(name) && !is_site(name))
                    && linked.1.iter().all(|name| found.1.contains(name))
            })
        };
        if let Some(found) = printed.clone().filter(more) {
            return Some(found);
        }
        linked
            .clone()
            .filter(|found| person(found) && !self.linked.by_organisation)
            .or_else(|| {
                declared().find(|found| {
                    if linked.is_some() {
                        whole(found)
                    } else {
                        person(found)
                    }
                })
            })
            .or_else(|| {
                printed.clone().filter(|found| {
                    if linked.is_some() {
                        whole(found)
                    } else {
                        person(found)
                    }
                })
            })
            .or_else(|| of(vec![self.signed(place)?], Origin::Auto).filter(whole))
            .or(linked.clone())
            .or_else(|| declared().next())
            .or(printed)
    }

    /// Names by the attributes and classes that bylines have, near the headline; else a line that begins with "By".
    fn printed_authors(&self, place: &Place) -> Vec<String> {
        let document = self.document;
        let from = place.heading.map_or(0, |at| at.index().saturating_sub(BEFORE));
        let mut found: Vec<(u8, NodeId)> = Vec::new();
        for at in document.nodes().skip(from).take_while(|at| *at < place.end) {
            let tag = document.tag(at);
            let large = document.end(at).index() - at.index() > LARGEST;
            if tag.has_no_text() || tag == Tag::Text || large || found.len() > 60 {
                continue;
            }
            let Some(rank) = rank(document, at) else { continue };
            if !is_beside(document, at, place.heading) {
                found.push((rank, at));
            }
        }
        let best = found.iter().map(|(rank, _)| *rank).min();
        let mut texts: Vec<String> = Vec::new();
        let (mut end, mut first) = (NodeId::default(), None);
        for (_, at) in found.iter().filter(|(rank, _)| Some(*rank) == best) {
            // Others that follow at once are of the same byline, those further down of something else.
            let near = first.is_none_or(|first: NodeId| at.index() < first.index() + 60);
            if *at < end || !near {
                continue;
            }
            let text = spelled(document, *at);
            if (2..LONGEST).contains(&text.chars().count()) {
                end = document.end(*at);
                first = first.or(Some(*at));
                if !texts.contains(&text) {
                    texts.push(text);
                }
            }
        }
        if texts.is_empty() {
            texts.extend(self.opened(place));
        }
        texts
    }

    /// A name by which the text is signed: a line of its own in bold, in italics or on the right after the last paragraph.
    fn signed(&self, place: &Place) -> Option<String> {
        let document = self.document;
        let (mut paragraphs, mut name) = (0, None);
        let from = place.heading?;
        for at in document
            .nodes()
            .skip(from.index())
            .take_while(|at| *at < place.end)
        {
            let Some(text) = document.text(at) else {
                continue;
            };
            let text = text.trim();
            let length = text.chars().count();
            if length > 60 {
                (paragraphs, name) = (paragraphs + 1, None);
            } else if paragraphs > 2 && length > 4 && is_full(text) && is_signature(document, at, text) {
                name = name.or_else(|| Some(text.to_owned()));
            }
        }
        name
    }

    /// A short line near the headline that begins as bylines do.
    fn opened(&self, place: &Place) -> Option<String> {
        let document = self.document;
        let from = document.end(place.heading?);
        let until = from.index() + 400;
        document
            .nodes()
            .skip(from.index())
            .take_while(|at| at.index() < until && *at < place.end)
            .filter(|at| document.tag(*at) == Tag::Text)
            .filter(|at| document.text(*at).is_some_and(authors::opens))
            .find_map(|at| {
                let outer = document.parent(at)?;
                if document.end(outer).index() - outer.index() > LARGEST {
                    return None;
                }
                let text = spelled(document, outer);
                let short = text.chars().count() < 100 && authors::opens(&text);
                (short && !is_beside(document, outer, place.heading)).then_some(text)
            })
    }
}

/// How surely an element holds an author, by what it is called; lower is surer.
fn rank(document: &Document, at: NodeId) -> Option<u8> {
    let (mut author, mut name, mut source) = (false, false, false);
    let says_author = |value: &str| {
        value
            .split_whitespace()
            .any(|word| word.eq_ignore_ascii_case("author"))
    };
    for (key, value) in document.attrs(at) {
        match key {
            "rel" | "itemprop" if says_author(value) => return Some(0),
            "class" | "id" => {
                for word in words_of(value) {
                    match &*word {
                        "byline" | "bylines" | "author" | "authors" | "autor" | "autoren" | "auteur"
                        | "auteurs" | "autores" | "autore" | "autorin" | "skribent" | "penulis"
                        | "redactor" | "journalist" | "muallif" | "yazar" | "forfatter" | "toimittaja"
                        | "authorname" | "bylinename" | "authorwrapper" | "postauthor" | "articleauthor"
                        | "auteurname" => {
                            author = true;
                            name |= word.ends_with("name");
                        }
                        "name" | "nome" | "nom" => name = true,
                        "source" => source = true,
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    match (author, name) {
        (true, true) => Some(1),
        (true, false) => Some(2),
        _ => source.then_some(4),
    }
}

/// Whether an element is of a comment, a picture, another article or a box about the author.
fn is_beside(document: &Document, at: NodeId, heading: Option<NodeId>) -> bool {
    const NEAR: &[&str] = &[
        "quote",
        "quoteauthor",
        "commentauthor",
        "caption",
        "credit",
        "teaser",
        "teasers",
        "recommended",
        "trending",
        "popular",
        "bio",
        "biography",
        "avatar",
        "image",
        "photo",
        "foto",
        "card",
        "newsletter",
        "disclaimer",
        "latest",
        "widget",
    ];
    const FAR: &[&str] = &[
        "comment",
        "comments",
        "commentlist",
        "related",
        "sidebar",
        "respond",
    ];
    let around = [at]
        .into_iter()
        .chain(document.ancestors(at))
        .take(10)
        .take_while(|outer| heading.is_none_or(|heading| !document.contains(*outer, heading)));
    around.enumerate().any(|(depth, outer)| {
        matches!(
            document.tag(outer),
            Tag::Figure | Tag::Figcaption | Tag::Aside | Tag::Nav | Tag::Footer | Tag::Blockquote
        ) || class_words(document, outer)
            .any(|word| FAR.contains(&&*word) || depth < 4 && NEAR.contains(&&*word))
    })
}

/// The text of an element in which what the page's layout sets apart is parted, too.
fn spelled(document: &Document, at: NodeId) -> String {
    let mut text = String::new();
    let mut apart = false;
    for inner in document.subtree(at) {
        let tag = document.tag(inner);
        if tag == Tag::Br {
            apart = true;
        }
        let Some(piece) = document.text(inner) else {
            continue;
        };
        let mute = document
            .ancestors(inner)
            .take(4)
            .any(|outer| document.tag(outer).has_no_text());
        if mute || piece.trim().is_empty() {
            apart |= !piece.is_empty();
            continue;
        }
        let glued = text.ends_with(char::is_alphanumeric) && piece.starts_with(char::is_alphanumeric);
        if glued || apart && !text.is_empty() {
            text.push_str(if glued && !authors::opens(&format!("{text} x")) {
                "; "
            } else {
                " "
            });
        }
        apart = false;
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

/// Whether a text is all of its block, set apart, and neither of a picture nor a link.
fn is_signature(document: &Document, at: NodeId, text: &str) -> bool {
    let mut apart = false;
    for outer in document.ancestors(at).take(5) {
        let tag = document.tag(outer);
        if matches!(
            tag,
            Tag::A | Tag::Figure | Tag::Figcaption | Tag::Aside | Tag::Li | Tag::Td | Tag::Button
        ) || tag.heading().is_some()
        {
            return false;
        }
        apart |= matches!(tag, Tag::Strong | Tag::B | Tag::Em | Tag::I);
        if tag.is_block() {
            let right = document
                .attr(outer, "style")
                .is_some_and(|style| style.replace(' ', "").contains("text-align:right"));
            let alone = document.end(outer).index() - outer.index() < 8 && text_line(document, outer) == text;
            return alone && (apart || right);
        }
    }
    false
}

/// Whether a name has the words of a person's: two to five, none in lower case but particles.
fn is_full(name: &str) -> bool {
    let words = || name.split_whitespace();
    let lower = words()
        .filter(|word| word.chars().next().is_some_and(char::is_lowercase))
        .count();
    let words_only = name.chars().all(|c| {
        c.is_alphabetic() || matches!(c, ' ' | '-' | '.' | '\'' | '’') || ('\u{300}'..'\u{370}').contains(&c)
    });
    words_only
        && (2..=5).contains(&words().count())
        && lower * 2 < words().count()
        && !name.chars().any(|c| c.is_ascii_digit())
}

/// Whether a name is that of an account: one word in lower case.
fn is_handle(name: &str) -> bool {
    !name.contains(' ') && name.chars().all(|c| !c.is_uppercase()) && name.is_ascii()
}
