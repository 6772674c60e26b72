//! The standfirst (deck, lead, summary): the text between headline and article.
//!
//! The head of a page has it, too, but often shortened or written for search engines. So the printed one counts where it
//! can be told: by the class names of such elements, by what the head says, or as a paragraph before the byline.

use super::extractor::{ArticlePosition, FallbackExtractor};
use crate::extract::words::{class_words, fold};
use crate::html::{
    Block, BlockKind, Document, NodeId, NodeSet, Selection, Tag, blocks, collapse_whitespace, text_line,
};
use crate::model::Origin;

/// Characters of a printed standfirst.
const LENGTH: std::ops::Range<usize> = 25..700;

/// Characters that a declared standfirst must exceed.
const LEAST_DECLARED: usize = 20;

/// Nodes after the headline in which it is looked for: first in few, and in more only while the result is uncertain.
const REACHES: [usize; 4] = [40, 120, 400, 1500];

/// Long paragraphs after which no standfirst comes.
const MOST_PARAGRAPHS: usize = 3;

/// Words of a text that are compared.
const MOST_WORDS: usize = 300;

/// Share of common words from which on two texts are the same standfirst.
const SAME: f64 = 0.7;

/// Class words of standfirsts.
#[rustfmt::skip]
const DECK_WORDS: &[&str] = &[
    "standfirst", "deck", "dek", "lead", "lede", "leadin", "leadtext", "intro", "introduction", "subtitle",
    "subheadline", "subheading", "subhead", "subheader", "subline", "summary", "synopsis", "excerpt",
    "abstract", "chapo", "chapeau", "entradilla", "bajada", "sapo", "sommario", "ingress", "preamble", "perex",
    "occhiello", "vorspann", "anleser", "introtext", "articlelead", "articleintro", "bullets", "bulletpoints",
    "keypoints", "dropline", "tagline", "description", "spot", "zajawka", "lid", "lidas", "teasertext",
    "headnote", "highlights",
];

/// Class words of bylines and datelines.
#[rustfmt::skip]
const BYLINE_WORDS: &[&str] = &[
    "byline", "bylines", "author", "authors", "autor", "autoren", "auteur", "auteurs", "date", "dateline",
    "datum", "timestamp", "time", "published", "posted", "source", "meta",
];

/// Class words of what is no text of the article.
#[rustfmt::skip]
const BESIDE_WORDS: &[&str] = &[
    "caption", "captions", "credit", "credits", "copyright", "share", "sharing", "social", "related", "teaser",
    "teasers", "newsletter", "breadcrumb", "breadcrumbs", "comment", "comments", "tags", "promo", "ad", "ads",
    "advertisement", "recommended", "paywall", "subscribe", "subscription", "login", "cookie", "consent",
    "hidden", "carousel", "menu", "player", "video", "toolbar", "gallery", "slideshow",
];

/// The words of a text in lower case, sorted.
type SortedWords = Vec<String>;

impl FallbackExtractor<'_> {
    /// The standfirst as printed, else by `<meta>`, else by JSON-LD (which may have the caption of a picture there).
    pub(super) fn standfirst(
        &self,
        title: Option<&str>,
        position: &ArticlePosition,
    ) -> Option<(String, Origin)> {
        let is_long = |text: &&str| text.chars().count() > LEAST_DECLARED;
        let in_meta = self
            .meta
            .first(&[
                "og:description", "description", "twitter:description", "dc.description",
                "dcterms.description",
            ])
            .filter(is_long);
        let in_json_ld = self.json_ld.standfirst.as_deref().filter(is_long);
        let declared: Vec<SortedWords> = [in_meta, in_json_ld, self.meta.first(&["description"])]
            .into_iter()
            .flatten()
            // An excerpt of the article is no standfirst.
            .filter(|text| !text.ends_with(['…', ']']) && !text.ends_with("..."))
            .map(sorted_words)
            .collect();
        let printed = self.printed_standfirst(title, position, &declared);
        let in_json_ld = || in_json_ld.filter(|text| !self.is_caption(text));
        printed
            .map(|text| (text, Origin::Auto))
            .or_else(|| Some((collapse_whitespace(in_meta?), Origin::Meta)))
            .or_else(|| Some((collapse_whitespace(in_json_ld()?), Origin::JsonLd)))
    }

    /// The block after the headline that is most likely the standfirst. `declared` are those of the head.
    fn printed_standfirst(
        &self,
        title: Option<&str>,
        position: &ArticlePosition,
        declared: &[SortedWords],
    ) -> Option<String> {
        let mut search = PrintedStandfirst::default();
        for reach in REACHES {
            search = self.standfirst_within(reach, title, position, declared)?;
            if search.is_certain {
                break;
            }
        }
        search.text
    }

    /// The same among the first `reach` nodes after the headline; none without a headline.
    fn standfirst_within(
        &self,
        reach: usize,
        title: Option<&str>,
        position: &ArticlePosition,
        declared: &[SortedWords],
    ) -> Option<PrintedStandfirst> {
        let document = self.document;
        let after_headline = document.end(position.heading?);
        let until = document.nodes().nth(after_headline.index().saturating_add(reach));
        // The subtrees behind the headline, none within another.
        let mut roots = Vec::new();
        let mut at = after_headline;
        while document.parent(at).is_some() && until.is_none_or(|until| at < until) {
            roots.push(at);
            at = document.end(at);
        }
        let selection = Selection { roots, excluded: NodeSet::empty(document), until };
        let headline = [title.map(sorted_words).unwrap_or_default()];
        let title = title.map(fold).unwrap_or_default();
        let mut best: Option<(u8, String)> = None;
        let mut paragraphs = 0;
        let mut is_certain = until.is_none();
        let blocks = blocks(document, &selection);
        for (index, block) in blocks.iter().enumerate() {
            let length = block.text.chars().count();
            let surroundings = Surroundings::of(document, block, position.heading);
            if matches!(surroundings, Surroundings::Beside | Surroundings::Byline)
                || block.linked_chars * 2 > block.chars
                || !LENGTH.contains(&length)
                || fold(&block.text) == title
            {
                continue;
            }
            let is_deck = surroundings == Surroundings::Deck;
            let is_heading = matches!(block.kind, BlockKind::Heading(_));
            let words =
                if is_heading || !declared.is_empty() { sorted_words(&block.text) } else { Vec::new() };
            // A heading with the words of the headline repeats it.
            if is_heading && likeness(&words, &headline) > 0.6 {
                continue;
            }
            let is_declared = likeness(&words, declared) >= SAME;
            let is_first = paragraphs == 0;
            // A higher rank is surer: named and declared, named, declared, then by form and place.
            let rank = if is_deck && is_declared {
                6
            } else if is_deck && is_first {
                5
            } else if is_declared {
                4
            } else if is_first && surroundings == Surroundings::Strong && !is_heading && length >= 60 {
                3
            } else if is_heading && index < 3 && is_first && length >= 40 {
                2
            } else {
                u8::from(is_first && length >= 60 && self.is_before_byline(&blocks, index, position))
            };
            if rank > best.as_ref().map_or(0, |(rank, _)| *rank) {
                best = Some((rank, self.text_from(&blocks, index, is_deck)));
            }
            if !is_heading && !is_deck && length > 80 {
                paragraphs += 1;
                if paragraphs >= MOST_PARAGRAPHS {
                    // The next block may have been read as a byline; the last one may be cut at `until`.
                    is_certain |= index + 2 < blocks.len();
                    break;
                }
            }
        }
        Some(PrintedStandfirst { text: best.map(|(_, text)| text), is_certain })
    }

    /// True if the next block is a byline.
    fn is_before_byline(&self, blocks: &[Block], index: usize, position: &ArticlePosition) -> bool {
        blocks.get(index + 1).is_some_and(|next| {
            Surroundings::of(self.document, next, position.heading) == Surroundings::Byline
        })
    }

    /// The text of a block; of a list item of a deck, that of the list from there on.
    fn text_from(&self, blocks: &[Block], index: usize, is_deck: bool) -> String {
        let Some(block) = blocks.get(index) else {
            return String::new();
        };
        if !matches!(block.kind, BlockKind::Item { .. }) || !is_deck {
            return block.text.clone();
        }
        let document = self.document;
        let list_end = document.parent(block.owner).map_or(block.owner, |list| document.end(list));
        let items: Vec<&str> = blocks
            .iter()
            .skip(index)
            .take_while(|block| block.owner < list_end)
            .map(|block| block.text.as_str())
            .collect();
        items.join("\n\n")
    }

    /// True if a text is printed below a picture.
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

/// The result of looking at some nodes after the headline.
#[derive(Default)]
struct PrintedStandfirst {
    /// The best text among them.
    text: Option<String>,
    /// More nodes would give the same text.
    is_certain: bool,
}

/// What the elements around a block say of it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Surroundings {
    Nothing,
    /// All of it is bold.
    Strong,
    /// It is named as standfirsts are.
    Deck,
    /// It is a byline or a dateline.
    Byline,
    /// It is no text of the article.
    Beside,
}

impl Surroundings {
    /// Looks at up to nine elements around the block's text, up to the one that holds the headline, too.
    fn of(document: &Document, block: &Block, heading: Option<NodeId>) -> Self {
        let mut surroundings = Self::Nothing;
        let inner = document.parent(block.first).unwrap_or(block.owner);
        let around = std::iter::once(inner).chain(document.ancestors(inner)).take(9);
        for (depth, at) in around.enumerate() {
            // The names of what holds the headline, too, are not about what stands below it.
            if heading.is_some_and(|heading| document.contains(at, heading)) {
                break;
            }
            let tag = document.tag(at);
            let has_word = |words: &[&str]| class_words(document, at).any(|word| words.contains(&&*word));
            if matches!(
                tag,
                Tag::Figure | Tag::Figcaption | Tag::Aside | Tag::Nav | Tag::Footer | Tag::Form | Tag::Button
            ) || has_word(BESIDE_WORDS)
            {
                return Self::Beside;
            }
            if matches!(tag, Tag::Address | Tag::Time) || has_word(BYLINE_WORDS) {
                surroundings = Self::Byline;
            }
            if depth < 5 && surroundings != Self::Byline && has_word(DECK_WORDS) {
                surroundings = Self::Deck;
            }
            if matches!(tag, Tag::Strong | Tag::B)
                && surroundings == Self::Nothing
                && document.end(at) > block.last
            {
                surroundings = Self::Strong;
            }
        }
        surroundings
    }
}

/// At most [`MOST_WORDS`] of a text.
fn sorted_words(text: &str) -> SortedWords {
    let mut words: SortedWords = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .take(MOST_WORDS)
        .map(str::to_lowercase)
        .collect();
    words.sort_unstable();
    words
}

/// The share of words, 0 to 1, that a text has in common with the most similar of `others` (Dice coefficient).
fn likeness(text: &[String], others: &[SortedWords]) -> f64 {
    let dice = |other: &SortedWords| {
        let (mut a, mut b, mut common) = (0, 0, 0_u32);
        while let (Some(left), Some(right)) = (text.get(a), other.get(b)) {
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
        let all = u32::try_from(text.len() + other.len()).unwrap_or(u32::MAX).max(1);
        f64::from(2 * common) / f64::from(all)
    };
    others.iter().map(dice).fold(0.0, f64::max)
}
