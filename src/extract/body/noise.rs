//! Finds elements that are no part of an article, by their attributes, tags, roles and names.
//!
//! Names mislead: a whole page may be in an element with the class `sidebar-layout`. So no element counts as noise that has
//! a great share of the page's text.

use super::block_text::is_paragraph;
use super::class_names::{NameCache, NoiseLevel};
use super::view::PrefixSums;
use crate::html::{Block, Document, NodeId, NodeSet, Tag};

/// Share of the page's paragraphs that an element may have and still be noise, by how sure its name is.
const LIKELY_SHARE: f64 = 0.2;
const SURE_SHARE: f64 = 0.5;

/// Characters of a `style` attribute that are read.
const LONGEST_STYLE: usize = 400;

/// NodeSet the elements that an attribute or style hides. An element with more than half of the page's text is not marked:
/// a script shows it.
pub(super) fn mark_hidden(document: &Document, hidden: &mut NodeSet) {
    // Bytes of shown text before each node.
    let mut sums = Vec::with_capacity(document.len() + 1);
    let mut sum = 0;
    let mut mute_end = None;
    for at in document.nodes() {
        sums.push(sum);
        if document.tag(at).has_no_text() {
            mute_end = mute_end.max(Some(document.end(at)));
        }
        if mute_end.is_none_or(|end| at >= end) {
            sum += document.text(at).map_or(0, |text| text.trim().len());
        }
    }
    let before = |at: NodeId| sums.get(at.index()).copied().unwrap_or(sum);
    for at in document.nodes() {
        if matches!(document.tag(at), Tag::Text | Tag::Body | Tag::Html) {
            continue;
        }
        let is_hidden = document.attrs(at).any(|(name, value)| match name {
            "style" => is_hiding_style(value),
            "hidden" => value != "until-found",
            _ => false,
        });
        if is_hidden && (before(document.end(at)) - before(at)) * 2 <= sum {
            hidden.insert(at);
        }
    }
}

/// True if a `style` attribute hides its element.
fn is_hiding_style(style: &str) -> bool {
    let style = style.chars().filter(|c| !c.is_whitespace()).take(LONGEST_STYLE);
    let style = style.collect::<String>().to_ascii_lowercase();
    style.contains("display:none") || style.contains("visibility:hidden")
}

/// NodeSet the outermost elements that are noise by tag, role or name, and have no great share of the page's paragraphs.
pub(super) fn mark_noise<'d>(document: &'d Document, blocks: &[Block], names: &mut NameCache<'d>) -> NodeSet {
    let mut marks = NodeSet::empty(document);
    let sums =
        PrefixSums::of(blocks.iter().map(|block| if is_paragraph(block) { block.chars as f64 } else { 0.0 }));
    // Share of the page's paragraphs, by characters.
    let share = |at: NodeId| {
        let from = blocks.partition_point(|block| block.first < at);
        let to = blocks.partition_point(|block| block.first < document.end(at));
        sums.within(from..to) / sums.total().max(1.0)
    };
    let mut skip_to = None;
    for at in document.nodes() {
        if skip_to.is_some_and(|end| at < end) {
            continue;
        }
        let most = match noise_level(document, at, names) {
            Some(NoiseLevel::Sure) => SURE_SHARE,
            Some(NoiseLevel::Likely) => LIKELY_SHARE,
            None => continue,
        };
        if share(at) <= most {
            marks.insert(at);
            skip_to = Some(document.end(at));
        }
    }
    marks
}

/// How surely an element is noise; none if it is not.
fn noise_level<'d>(document: &'d Document, at: NodeId, names: &mut NameCache<'d>) -> Option<NoiseLevel> {
    match document.tag(at) {
        Tag::Nav | Tag::Footer | Tag::Aside | Tag::Menu | Tag::Dialog | Tag::Figcaption | Tag::Label => {
            return Some(NoiseLevel::Sure);
        }
        Tag::Form | Tag::Figure | Tag::Address => return Some(NoiseLevel::Likely),
        // Never noise by their names: what holds the page, inline markup, parts of tables.
        Tag::Text
        | Tag::Html
        | Tag::Body
        | Tag::Main
        | Tag::Script
        | Tag::Style
        | Tag::Head
        | Tag::B
        | Tag::I
        | Tag::Em
        | Tag::Strong
        | Tag::Br
        | Tag::Img
        | Tag::Thead
        | Tag::Tbody
        | Tag::Tfoot
        | Tag::Tr => return None,
        _ => {}
    }
    // The names with the surest level decide.
    let (mut worst, mut is_hidden, mut is_body) = (None, false, false);
    for (name, value) in document.attrs(at) {
        match name {
            "role" if is_noise_role(value) => return Some(NoiseLevel::Sure),
            "aria-hidden" | "aria-modal" => is_hidden |= value == "true",
            "itemprop" => is_body |= value.contains("articleBody"),
            "class" | "id" | "data-component" | "data-module" | "data-testid" | "data-type" | "data-area" => {
                worst = worst.max(names.get(value).noise);
            }
            _ => {}
        }
    }
    if is_hidden {
        Some(NoiseLevel::Likely)
    } else if is_body {
        None
    } else {
        worst
    }
}

/// Beginnings of texts that lead elsewhere, in lower case.
#[rustfmt::skip]
const READ_MORE: &[&str] = &[
    "read more", "read also", "also read", "read:", "related:", "see also", "more:", "watch:", "listen:",
    "click here", "lesen sie", "mehr zum thema", "auch interessant", "lire aussi", "à lire", "a lire",
    "voir aussi", "leia também", "leia mais", "lea también", "lee también", "te puede interesar", "leggi anche",
    "lees ook", "læs også", "les også", "läs också", "läs även", "lue myös", "czytaj", "zobacz", "čtěte",
    "přečtěte", "читайте", "читать", "також", "oku:", "ayrıca", "اقرأ", "بیشتر", "subscribe", "sign up",
    "follow us", "join our", "share this", "download our",
];

/// True if a text begins like a link to something else, or a request to subscribe.
pub(super) fn is_read_more(text: &str) -> bool {
    let start: String =
        text.chars().skip_while(|c| !c.is_alphanumeric()).take(24).flat_map(char::to_lowercase).collect();
    READ_MORE.iter().any(|phrase| start.starts_with(phrase))
}

/// Beginnings of picture credits, in lower case.
#[rustfmt::skip]
const CREDITS: &[&str] = &[
    "photo", "foto", "bild:", "image:", "images:", "picture:", "(photo", "(foto", "(image", "getty", "crédit",
    "source:", "quelle:", "фото", "© ", "copyright", "video:",
];

/// True if a text begins like the credit of a picture.
pub(super) fn is_credit(text: &str) -> bool {
    let start: String = text.chars().take(12).flat_map(char::to_lowercase).collect();
    CREDITS.iter().any(|phrase| start.starts_with(phrase))
}

/// True for an ARIA role of an element that is no part of an article.
pub(super) fn is_noise_role(role: &str) -> bool {
    matches!(
        role,
        "navigation"
            | "complementary"
            | "banner"
            | "contentinfo"
            | "search"
            | "dialog"
            | "alertdialog"
            | "menu"
            | "menubar"
            | "toolbar"
            | "tablist"
            | "tooltip"
    )
}
