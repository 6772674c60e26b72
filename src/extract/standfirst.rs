//! The standfirst: the lead, deck or summary that is printed between headline and text.
//!
//! A page says it in its head, too, often shortened or written for search engines. So what is printed counts where it
//! can be told: by the names such elements have, by what the head says, or as what stands alone before the byline.

use super::fields::{Automatic, Place, class_words};
use super::meta::fold;
use crate::html::{
    Block, BlockKind, Document, NodeId, NodeSet, Selection, Tag, blocks, collapse_whitespace, text_line,
};
use crate::model::Origin;

/// Characters of a standfirst, at least and at most.
const LENGTH: std::ops::Range<usize> = 25..700;

/// Elements after the headline in which it is looked for, as far as it takes: most articles have said in the first of them
/// that it does not come any more.
const REACH: [usize; 4] = [40, 120, 400, 1500];

/// Long paragraphs after which no standfirst comes.
const PARAGRAPHS: usize = 3;

impl Automatic<'_> {
    /// The standfirst: as printed, else as the head says it.
    pub(super) fn standfirst(&self, title: Option<&str>, place: &Place) -> Option<(String, Origin)> {
        let long = |text: &&str| text.chars().count() > 20;
        let declared = self
            .meta
            .first(&[
                "og:description",
                "description",
                "twitter:description",
                "dc.description",
                "dcterms.description",
            ])
            .filter(long);
        let linked = self.linked.standfirst.as_deref().filter(long);
        let said: Vec<Vec<String>> = [declared, linked, self.meta.first(&["description"])]
            .into_iter()
            .flatten()
            // An excerpt of the text tells nothing.
            .filter(|text| !text.ends_with(['…', ']']) && !text.ends_with("..."))
            .map(words)
            .collect();
        if let Some(text) = self.printed_standfirst(title, place, &said) {
            return Some((text, Origin::Auto));
        }
        declared
            .map(|text| (collapse_whitespace(text), Origin::Meta))
            .or_else(|| {
                linked
                    .filter(|text| !self.is_caption(text))
                    .map(|text| (collapse_whitespace(text), Origin::JsonLd))
            })
    }

    /// The text after the headline that is most likely the standfirst.
    fn printed_standfirst(&self, title: Option<&str>, place: &Place, said: &[Vec<String>]) -> Option<String> {
        let mut found = Within::default();
        for reach in REACH {
            found = self.standfirst_within(reach, title, place, said)?;
            if found.is_certain {
                break;
            }
        }
        found.text
    }

    /// The same of the first elements; none where there is no headline.
    fn standfirst_within(
        &self,
        reach: usize,
        title: Option<&str>,
        place: &Place,
        said: &[Vec<String>],
    ) -> Option<Within> {
        let document = self.document;
        let from = document.end(place.heading?);
        let until = document.nodes().nth(from.index().saturating_add(reach));
        let mut roots = Vec::new();
        let mut at = from;
        while document.parent(at).is_some() && until.is_none_or(|until| at < until) {
            roots.push(at);
            at = document.end(at);
        }
        let clip = Selection {
            roots,
            excluded: NodeSet::empty(document),
            until,
        };
        let headline = [title.map(words).unwrap_or_default()];
        let title = title.map(fold).unwrap_or_default();
        let mut best: Option<(u8, String)> = None;
        let mut paragraphs = 0;
        let mut is_certain = until.is_none();
        let found = blocks(document, &clip);
        for (index, block) in found.iter().enumerate() {
            let length = block.text.chars().count();
            let around = Around::of(document, block, place.heading);
            if matches!(around, Around::Beside | Around::Byline)
                || block.linked_chars * 2 > block.chars
                || !LENGTH.contains(&length)
            {
                continue;
            }
            let folded = fold(&block.text);
            if folded == title {
                continue;
            }
            let named = around == Around::Deck;
            let heading = matches!(block.kind, BlockKind::Heading(_));
            let printed = if heading || !said.is_empty() {
                words(&block.text)
            } else {
                Vec::new()
            };
            let likeness = likeness(&printed, said);
            // The headline in another form.
            if heading && self::likeness(&printed, &headline) > 0.6 {
                continue;
            }
            let rank = if named && likeness >= 0.7 {
                6
            } else if named && paragraphs == 0 {
                5
            } else if likeness >= 0.7 {
                4
            } else if paragraphs == 0 && around == Around::Strong && !heading && length >= 60 {
                3
            } else if heading && index < 3 && paragraphs == 0 && length >= 40 {
                2
            } else {
                u8::from(paragraphs == 0 && length >= 60 && self.before_byline(&found, index, place))
            };
            if rank > best.as_ref().map_or(0, |(rank, _)| *rank) {
                best = Some((rank, self.whole(&found, index, named)));
            }
            if !heading && !named && length > 80 {
                paragraphs += 1;
                if paragraphs >= PARAGRAPHS {
                    // What comes behind is looked at no more, but for the next block. The last may be cut.
                    is_certain |= index + 2 < found.len();
                    break;
                }
            }
        }
        Some(Within {
            text: best.map(|(_, text)| text),
            is_certain,
        })
    }

    /// Whether the byline comes next.
    fn before_byline(&self, found: &[Block], index: usize, place: &Place) -> bool {
        found
            .get(index + 1)
            .is_some_and(|next| Around::of(self.document, next, place.heading) == Around::Byline)
    }

    /// A block, or the list it begins.
    fn whole(&self, found: &[Block], index: usize, named: bool) -> String {
        let Some(block) = found.get(index) else {
            return String::new();
        };
        if !matches!(block.kind, BlockKind::Item { .. }) || !named {
            return block.text.clone();
        }
        let list = self
            .document
            .parent(block.owner)
            .map_or(block.owner, |list| self.document.end(list));
        let items: Vec<&str> = found
            .iter()
            .skip(index)
            .take_while(|block| block.owner < list)
            .map(|block| block.text.as_str())
            .collect();
        items.join("\n\n")
    }

    /// Whether a text is printed below a picture.
    fn is_caption(&self, text: &str) -> bool {
        let text = fold(text);
        let document = self.document;
        let mut end = NodeId::default();
        document.nodes().any(|at| {
            if document.tag(at) != Tag::Figure || at < end {
                return false;
            }
            end = document.end(at);
            fold(&text_line(document, at)).contains(&text)
        })
    }
}

/// What the first elements after the headline say.
#[derive(Default)]
struct Within {
    text: Option<String>,
    /// More elements would say the same.
    is_certain: bool,
}

/// What the elements around a block say of it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Around {
    Nothing,
    /// All of it is in bold.
    Strong,
    /// It is named as standfirsts are.
    Deck,
    /// Who wrote it and when.
    Byline,
    /// It is no text of the article.
    Beside,
}

impl Around {
    fn of(document: &Document, block: &Block, heading: Option<NodeId>) -> Self {
        let mut around = Self::Nothing;
        let inner = document.parent(block.first).unwrap_or(block.owner);
        for (depth, at) in [inner]
            .into_iter()
            .chain(document.ancestors(inner))
            .take(9)
            .enumerate()
        {
            // What holds the headline, too, says nothing of what stands below.
            if heading.is_some_and(|heading| document.contains(at, heading)) {
                break;
            }
            let tag = document.tag(at);
            let beside = matches!(
                tag,
                Tag::Figure | Tag::Figcaption | Tag::Aside | Tag::Nav | Tag::Footer | Tag::Form | Tag::Button
            );
            if beside || class_words(document, at).any(|word| is_beside(&word)) {
                return Self::Beside;
            }
            if matches!(tag, Tag::Address | Tag::Time)
                || class_words(document, at).any(|word| is_byline(&word))
            {
                around = Self::Byline;
            }
            if depth < 5 && around != Self::Byline && class_words(document, at).any(|word| is_deck(&word)) {
                around = Self::Deck;
            }
            if matches!(tag, Tag::Strong | Tag::B) && around == Self::Nothing && document.end(at) > block.last
            {
                around = Self::Strong;
            }
        }
        around
    }
}

fn is_deck(word: &str) -> bool {
    const WORDS: &[&str] = &[
        "standfirst",
        "deck",
        "dek",
        "lead",
        "lede",
        "leadin",
        "leadtext",
        "intro",
        "introduction",
        "subtitle",
        "subheadline",
        "subheading",
        "subhead",
        "subheader",
        "subline",
        "summary",
        "synopsis",
        "excerpt",
        "abstract",
        "chapo",
        "chapeau",
        "entradilla",
        "bajada",
        "sapo",
        "sommario",
        "ingress",
        "preamble",
        "perex",
        "occhiello",
        "vorspann",
        "anleser",
        "introtext",
        "articlelead",
        "articleintro",
        "bullets",
        "bulletpoints",
        "keypoints",
        "dropline",
        "tagline",
        "description",
        "spot",
        "zajawka",
        "lid",
        "lidas",
        "teasertext",
        "headnote",
        "highlights",
    ];
    WORDS.contains(&word)
}

fn is_byline(word: &str) -> bool {
    const WORDS: &[&str] = &[
        "byline",
        "bylines",
        "author",
        "authors",
        "autor",
        "autoren",
        "auteur",
        "auteurs",
        "date",
        "dateline",
        "datum",
        "timestamp",
        "time",
        "published",
        "posted",
        "source",
        "meta",
    ];
    WORDS.contains(&word)
}

fn is_beside(word: &str) -> bool {
    const WORDS: &[&str] = &[
        "caption",
        "captions",
        "credit",
        "credits",
        "copyright",
        "share",
        "sharing",
        "social",
        "related",
        "teaser",
        "teasers",
        "newsletter",
        "breadcrumb",
        "breadcrumbs",
        "comment",
        "comments",
        "tags",
        "promo",
        "ad",
        "ads",
        "advertisement",
        "recommended",
        "paywall",
        "subscribe",
        "subscription",
        "login",
        "cookie",
        "consent",
        "hidden",
        "carousel",
        "menu",
        "player",
        "video",
        "toolbar",
        "gallery",
        "slideshow",
    ];
    WORDS.contains(&word)
}

fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .take(300)
        .map(str::to_lowercase)
        .collect();
    words.sort_unstable();
    words
}

/// The share of words a text has in common with the most like it of `said`, 0 to 1. All are sorted.
fn likeness(text: &[String], said: &[Vec<String>]) -> f64 {
    let one = |said: &Vec<String>| {
        let (mut a, mut b, mut common) = (0, 0, 0_u32);
        while let (Some(left), Some(right)) = (text.get(a), said.get(b)) {
            match left.cmp(right) {
                std::cmp::Ordering::Less => a += 1,
                std::cmp::Ordering::Greater => b += 1,
                std::cmp::Ordering::Equal => {
                    common += 1;
                    a += 1;
                    b += 1;
                }
            }
        }
        let all = u32::try_from(text.len() + said.len()).unwrap_or(u32::MAX).max(1);
        f64::from(2 * common) / f64::from(all)
    };
    said.iter().map(one).fold(0.0, f64::max)
}
