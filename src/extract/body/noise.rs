//! Elements that are no part of an article, told by what they are and what they are called.

use super::names::{Known, Noise};
use crate::html::{Block, Document, NodeId, NodeSet, Tag};

/// Marks what no reader sees: hidden by attribute or style. What holds most of the page's text is shown by a script.
pub(super) fn hide(document: &Document, hidden: &mut NodeSet) {
    let mut sums = Vec::with_capacity(document.len() + 1);
    let mut sum = 0;
    let mut mute = None;
    for at in document.nodes() {
        sums.push(sum);
        if document.tag(at).has_no_text() {
            mute = mute.max(Some(document.end(at)));
        }
        if mute.is_none_or(|end| at >= end) {
            sum += document.text(at).map_or(0, |text| text.trim().len());
        }
    }
    sums.push(sum);
    for at in document.nodes() {
        let tag = document.tag(at);
        if matches!(tag, Tag::Text | Tag::Body | Tag::Html) {
            continue;
        }
        let unseen = document.attrs(at).any(|(name, value)| match name {
            "style" => hides(value),
            "hidden" => value != "until-found",
            _ => false,
        });
        if unseen {
            let get = |at: NodeId| sums.get(at.index()).copied().unwrap_or(sum);
            if (get(document.end(at)) - get(at)) * 2 <= sum {
                hidden.insert(at);
            }
        }
    }
}

/// Whether a style says that an element is not shown.
fn hides(style: &str) -> bool {
    let style: String = style.chars().filter(|c| !c.is_whitespace()).take(400).collect();
    let style = style.to_ascii_lowercase();
    style.contains("display:none") || style.contains("visibility:hidden")
}

/// Share of the page's text in paragraphs that an element marked may have.
const LIKELY_SHARE: f64 = 0.2;
const SURE_SHARE: f64 = 0.5;

/// Marks elements that are noise: by tag, role and name; never one that holds much of the page's text.
pub(super) fn mark<'d>(document: &'d Document, blocks: &[Block], known: &mut Known<'d>) -> NodeSet {
    let mut marks = NodeSet::empty(document);
    let weight = |block: &Block| {
        if super::value::is_paragraph(block) {
            block.chars
        } else {
            0
        }
    };
    let total: usize = blocks.iter().map(weight).sum();
    // Text in paragraphs before each position, so that an element's share is a difference.
    let mut sums = Vec::with_capacity(blocks.len() + 1);
    let mut sum = 0;
    sums.push(0);
    for block in blocks {
        sum += weight(block);
        sums.push(sum);
    }
    let share = |at: NodeId| {
        let from = blocks.partition_point(|block| block.first < at);
        let to = blocks.partition_point(|block| block.first < document.end(at));
        let inside = sums.get(to).unwrap_or(&0) - sums.get(from).unwrap_or(&0);
        inside as f64 / total.max(1) as f64
    };
    let mut skip_to = None;
    for at in document.nodes() {
        if skip_to.is_some_and(|end| at < end) {
            continue;
        }
        let Some(noise) = judge(document, at, known) else {
            continue;
        };
        let most = match noise {
            Noise::Sure => SURE_SHARE,
            Noise::Likely => LIKELY_SHARE,
        };
        if share(at) <= most {
            marks.insert(at);
            skip_to = Some(document.end(at));
        }
    }
    marks
}

fn judge<'d>(document: &'d Document, at: NodeId, known: &mut Known<'d>) -> Option<Noise> {
    let tag = document.tag(at);
    match tag {
        Tag::Nav | Tag::Footer | Tag::Aside | Tag::Menu | Tag::Dialog | Tag::Figcaption | Tag::Label => {
            return Some(Noise::Sure);
        }
        Tag::Form | Tag::Figure | Tag::Address => return Some(Noise::Likely),
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
        | Tag::Tr => {
            return None;
        }
        _ => {}
    }
    let (mut worst, mut hidden, mut body) = (None, false, false);
    for (name, value) in document.attrs(at) {
        match name {
            "role" if is_noise_role(value) => return Some(Noise::Sure),
            "aria-hidden" | "aria-modal" => hidden |= value == "true",
            "itemprop" => body |= value.contains("articleBody"),
            "class" | "id" | "data-component" | "data-module" | "data-testid" | "data-type" | "data-area" => {
                worst = worst.max(known.get(value).noise);
            }
            _ => {}
        }
    }
    if hidden {
        return Some(Noise::Likely);
    }
    if body {
        return None;
    }
    worst
}

/// How texts begin that lead elsewhere, in lower case.
const READ_MORE: &[&str] = &[
    "read more",
    "read also",
    "also read",
    "read:",
    "related:",
    "see also",
    "more:",
    "watch:",
    "listen:",
    "click here",
    "lesen sie",
    "mehr zum thema",
    "auch interessant",
    "lire aussi",
    "à lire",
    "a lire",
    "voir aussi",
    "leia também",
    "leia mais",
    "lea también",
    "lee también",
    "te puede interesar",
    "leggi anche",
    "lees ook",
    "læs også",
    "les også",
    "läs också",
    "läs även",
    "lue myös",
    "czytaj",
    "zobacz",
    "čtěte",
    "přečtěte",
    "читайте",
    "читать",
    "також",
    "oku:",
    "ayrıca",
    "اقرأ",
    "بیشتر",
    "subscribe",
    "sign up",
    "follow us",
    "join our",
    "share this",
    "download our",
];

/// Whether a text begins like one that leads elsewhere.
pub(super) fn is_read_more(text: &str) -> bool {
    let start: String = text
        .chars()
        .skip_while(|c| !c.is_alphanumeric())
        .take(24)
        .flat_map(char::to_lowercase)
        .collect();
    READ_MORE.iter().any(|phrase| start.starts_with(phrase))
}

/// How credits of pictures begin, in lower case.
const CREDIT: &[&str] = &[
    "photo",
    "foto",
    "bild:",
    "image:",
    "images:",
    "picture:",
    "(photo",
    "(foto",
    "(image",
    "getty",
    "crédit",
    "source:",
    "quelle:",
    "фото",
    "© ",
    "copyright",
    "video:",
];

/// Whether a text begins like the credit of a picture.
pub(super) fn is_credit(text: &str) -> bool {
    let start: String = text.chars().take(12).flat_map(char::to_lowercase).collect();
    CREDIT.iter().any(|phrase| start.starts_with(phrase))
}

/// Roles that are no part of an article.
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
