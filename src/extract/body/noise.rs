//! Elements that are no part of an article, told by what they are and what they are called.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::html::{At, Block, Document, Marks, Tag};

/// Marks what no reader sees: hidden by attribute or style. What holds most of the page's text is shown by a script.
pub(super) fn hide(document: &Document, hidden: &mut Marks) {
    let mut sums = Vec::with_capacity(document.len() + 1);
    let mut sum = 0;
    let mut mute = None;
    for at in document.all() {
        sums.push(sum);
        if document.tag(at).is_mute() {
            mute = mute.max(Some(document.end(at)));
        }
        if mute.is_none_or(|end| at >= end) {
            sum += document.text_of(at).map_or(0, |text| text.trim().len());
        }
    }
    sums.push(sum);
    for at in document.all() {
        let tag = document.tag(at);
        if matches!(tag, Tag::Text | Tag::Body | Tag::Html) {
            continue;
        }
        let style = document.attr(at, "style").is_some_and(|style| {
            let style: String = style.chars().filter(|c| !c.is_whitespace()).take(400).collect();
            let style = style.to_ascii_lowercase();
            style.contains("display:none") || style.contains("visibility:hidden")
        });
        if style
            || document
                .attr(at, "hidden")
                .is_some_and(|value| value != "until-found")
        {
            let get = |at: At| sums.get(at.index()).copied().unwrap_or(sum);
            if (get(document.end(at)) - get(at)) * 2 <= sum {
                hidden.add(at);
            }
        }
    }
}

/// How sure a name is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Noise {
    /// Where little of the page's text is in it.
    Likely,
    /// Where not most of the page's text is in it.
    Sure,
}

/// Share of the page's text in paragraphs that an element marked may have.
const LIKELY_SHARE: f64 = 0.2;
const SURE_SHARE: f64 = 0.5;

/// Marks elements that are noise: by tag, role and name; never one that holds much of the page's text.
pub(super) fn mark(document: &Document, blocks: &[Block]) -> Marks {
    let mut marks = Marks::none(document);
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
    let share = |at: At| {
        let from = blocks.partition_point(|block| block.first < at);
        let to = blocks.partition_point(|block| block.first < document.end(at));
        let inside = sums.get(to).unwrap_or(&0) - sums.get(from).unwrap_or(&0);
        inside as f64 / total.max(1) as f64
    };
    let mut skip_to = None;
    let mut known = HashMap::new();
    for at in document.all() {
        if skip_to.is_some_and(|end| at < end) {
            continue;
        }
        let Some(noise) = judge(document, at, &mut known) else {
            continue;
        };
        let most = match noise {
            Noise::Sure => SURE_SHARE,
            Noise::Likely => LIKELY_SHARE,
        };
        if share(at) <= most {
            marks.add(at);
            skip_to = Some(document.end(at));
        }
    }
    marks
}

fn judge<'d>(document: &'d Document, at: At, known: &mut HashMap<&'d str, Option<Noise>>) -> Option<Noise> {
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
        | Tag::Img => {
            return None;
        }
        _ => {}
    }
    let attr = |name| document.attr(at, name);
    if attr("role").is_some_and(is_noise_role) {
        return Some(Noise::Sure);
    }
    if attr("aria-hidden") == Some("true") || attr("aria-modal") == Some("true") {
        return Some(Noise::Likely);
    }
    if attr("itemprop").is_some_and(|name| name.contains("articleBody")) {
        return None;
    }
    let mut worst = None;
    for (name, value) in document.attrs(at) {
        if matches!(
            name,
            "class" | "id" | "data-component" | "data-module" | "data-testid" | "data-type" | "data-area"
        ) {
            worst = worst.max(*known.entry(value).or_insert_with(|| by_name(value)));
        }
    }
    worst
}

/// Calls `each` with the words of a class list or id, in lower case; `articleBody` is two.
pub(super) fn words(value: &str, mut each: impl FnMut(&str)) {
    let mut word = String::new();
    let mut lower_before = false;
    for c in value.chars().take(600) {
        let parts = !c.is_alphanumeric() || (c.is_uppercase() && lower_before);
        if parts && !word.is_empty() {
            each(&word);
            word.clear();
        }
        if c.is_alphanumeric() && word.len() < 40 {
            word.extend(c.to_lowercase());
        }
        lower_before = c.is_lowercase();
    }
    if !word.is_empty() {
        each(&word);
    }
}

/// By the words of a class list or id.
pub(super) fn by_name(value: &str) -> Option<Noise> {
    let mut worst = None;
    for name in value.split_whitespace().take(30) {
        worst = worst.max(by_one_name(name));
        if worst == Some(Noise::Sure) {
            break;
        }
    }
    worst
}

/// Words that name noise wherever they stand in a name.
const SURE: &[&str] = &[
    "share",
    "sharing",
    "sharebar",
    "sharebuttons",
    "shares",
    "social",
    "socials",
    "socialmedia",
    "sociallinks",
    "related",
    "relatedposts",
    "relatedarticles",
    "recommended",
    "recommendation",
    "recommendations",
    "newsletter",
    "newsletters",
    "subscribe",
    "subscription",
    "signup",
    "breadcrumb",
    "breadcrumbs",
    "cookie",
    "cookies",
    "consent",
    "gdpr",
    "taboola",
    "outbrain",
    "plista",
    "comments",
    "commentlist",
    "disqus",
    "respond",
    "advert",
    "advertisement",
    "advertising",
    "adsbygoogle",
    "banner",
    "sponsored",
    "promo",
    "promotion",
    "promobox",
    "teaser",
    "teasers",
    "popup",
    "modal",
    "lightbox",
    "trending",
    "mostread",
    "mostpopular",
    "popular",
    "readmore",
    "morenews",
    "sidebar",
    "navbar",
    "navigation",
    "navigate",
    "menu",
    "footer",
    "pagination",
    "pager",
    "paging",
    "tags",
    "taglist",
    "tagcloud",
    "toolbar",
    "breadcrumbs",
    "login",
    "donate",
    "donation",
    "crosslinks",
    "noprint",
    "screenreader",
    "addtoany",
    "jp-relatedposts",
    "widget",
    "widgets",
    "byline",
    "authorbox",
    "authorbio",
    "wp-caption-text",
    "caption",
    "captions",
    "credit",
    "credits",
    "copyright",
    "imagecredit",
    "sociable",
    "whatsapp",
    "tweet",
    "print",
    "rating",
    "ratings",
    "votes",
    "poll",
    "quiz",
    "survey",
    "player",
    "videoplayer",
    "podcast",
    "carousel",
    "slider",
    "topics",
    "hashtags",
    "keywords",
    "disclaimer",
    "follow",
    "followus",
    "skiplink",
    "skip",
    "loading",
    "spinner",
    "tooltip",
    "dropdown",
    "toc",
    "legend",
    "infobox",
    "weather",
    "ticker",
    "livescore",
    "stocks",
];

/// Words that name noise more often than not.
const LIKELY: &[&str] = &[
    "ad",
    "ads",
    "comment",
    "aside",
    "author",
    "authors",
    "bio",
    "meta",
    "date",
    "dateline",
    "published",
    "timestamp",
    "posted",
    "time",
    "nav",
    "header",
    "masthead",
    "more",
    "next",
    "prev",
    "previous",
    "gallery",
    "slideshow",
    "thumbnail",
    "photo",
    "media",
    "video",
    "embed",
    "info",
    "links",
    "list-links",
    "box",
    "card",
    "cards",
    "kicker",
    "category",
    "categories",
    "section-title",
    "label",
    "overlay",
    "sticky",
    "hidden",
    "button",
    "buttons",
    "btn",
    "icon",
    "icons",
    "actions",
    "action",
    "tools",
    "utility",
    "correction",
    "extra",
    "side",
    "right",
    "left",
    "bottom",
    "tag",
    "topic",
    "hint",
    "notice",
    "alert",
    "paywall",
    "offer",
    "shop",
    "product",
    "affiliate",
    "price",
    "factbox",
    "fact",
    "timeline",
    "feed",
    "stream",
    "items",
    "recirc",
    "recirculation",
    "puff",
    "upsell",
    "inline-promo",
    "cta",
    "figure",
    "image",
    "img",
];

/// Words that name the article itself: what has one is no noise by a weak word.
const GOOD: &[&str] = &[
    "article",
    "content",
    "body",
    "story",
    "post",
    "entry",
    "text",
    "main",
    "page",
    "wrapper",
    "container",
    "paragraph",
    "news",
    "detail",
    "container",
    "layout",
    "grid",
    "row",
    "col",
    "column",
];

/// The lists above, by word: which of them it is in.
static GROUPS: LazyLock<HashMap<&str, u8>> = LazyLock::new(|| {
    let mut groups = HashMap::new();
    for (bit, words) in [(1, SURE), (2, LIKELY), (4, GOOD)] {
        for word in words {
            *groups.entry(*word).or_default() |= bit;
        }
    }
    groups
});

fn by_one_name(name: &str) -> Option<Noise> {
    let (mut first, mut elsewhere, mut sure, mut likely, mut good) = (true, false, false, false, false);
    words(name, |word| {
        // `has-sidebar`, `with-comments`, `no-ads` say what is elsewhere.
        elsewhere |= first && matches!(word, "has" | "with" | "no" | "is" | "without" | "js");
        first = false;
        let group = GROUPS.get(word).copied().unwrap_or_default();
        sure |= group & 1 != 0;
        likely |= group & 2 != 0;
        good |= group & 4 != 0;
    });
    if elsewhere {
        None
    } else if sure {
        Some(if good { Noise::Likely } else { Noise::Sure })
    } else {
        (likely && !good).then_some(Noise::Likely)
    }
}

/// Whether a class list or id is what bodies of articles are called.
pub(super) fn is_body_name(value: &str) -> bool {
    const WHOLE: &[&str] = &[
        "articlebody",
        "storybody",
        "articletext",
        "articlecontent",
        "newsbody",
        "newstext",
    ];
    let mut before = false;
    let mut found = false;
    words(value, |word| {
        found |= WHOLE.contains(&word) || before && matches!(word, "body" | "content" | "text");
        before = matches!(
            word,
            "article" | "entry" | "post" | "story" | "news" | "body" | "artikel" | "articulo"
        );
    });
    found
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
