//! What elements are called: the words of their classes and ids, and what those say of the text within.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::LazyLock;

use super::weights::WORDS;

/// Which of [`WORDS`] occur in names.
pub(super) type Words = [u64; 4];

/// How sure a name is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Noise {
    /// Where little of the page's text is in it.
    Likely,
    /// Where not most of the page's text is in it.
    Sure,
}

/// What is known of a class list or id.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Named {
    pub words: Words,
    pub noise: Option<Noise>,
    /// It is what bodies of articles are called.
    pub is_body: bool,
}

/// What was found out of the names of a page; most occur often.
#[derive(Default)]
pub(super) struct Known<'d>(HashMap<&'d str, Named>);

impl<'d> Known<'d> {
    pub(super) fn get(&mut self, value: &'d str) -> Named {
        *self.0.entry(value).or_insert_with(|| named(value))
    }
}

/// Names of a class list that may say it is noise, and bytes of one that are read at all.
const MOST_NAMES: usize = 30;
const MOST_READ: usize = 600;

/// Bytes of a word; no word that tells something is longer.
const LONGEST_WORD: usize = 40;

/// Reads a class list or id, word by word.
fn named(value: &str) -> Named {
    let mut named = Named::default();
    let mut before = 0;
    let mut read = 0;
    for (index, name) in value.split_whitespace().enumerate() {
        let (mut first, mut all) = (true, 0);
        words(name, |word| {
            let meaning = meaning(word);
            if let Some(place) = meaning.place
                && let Some(slot) = named.words.get_mut(place / 64)
            {
                *slot |= 1 << (place % 64);
            }
            let is = meaning.is;
            named.is_body |= is & WHOLE != 0 || before & BEFORE_BODY != 0 && is & BODY != 0;
            before = is;
            // `has-sidebar`, `with-comments`, `no-ads` say what is elsewhere.
            all |= if first { is } else { is & !ELSEWHERE };
            first = false;
        });
        if index < MOST_NAMES && all & ELSEWHERE == 0 {
            named.noise = named.noise.max(noise(all));
        }
        read += name.len() + 1;
        if read > MOST_READ {
            break;
        }
    }
    named
}

/// What the words of one name say together.
fn noise(all: u8) -> Option<Noise> {
    let good = all & IN_GOOD != 0;
    if all & IN_SURE != 0 {
        Some(if good { Noise::Likely } else { Noise::Sure })
    } else {
        (all & IN_LIKELY != 0 && !good).then_some(Noise::Likely)
    }
}

/// Calls `each` with the words of a name, in lower case; `articleBody` is two.
fn words(name: &str, mut each: impl FnMut(&str)) {
    let mut word = String::with_capacity(LONGEST_WORD + 4);
    let mut lower_before = false;
    for c in name.chars().take(MOST_READ) {
        let is_part = c.is_alphanumeric();
        if (!is_part || lower_before && c.is_uppercase()) && !word.is_empty() {
            each(&word);
            word.clear();
        }
        if is_part && word.len() < LONGEST_WORD {
            if c.is_ascii() {
                word.push(c.to_ascii_lowercase());
            } else {
                word.extend(c.to_lowercase());
            }
        }
        lower_before = c.is_lowercase();
    }
    if !word.is_empty() {
        each(&word);
    }
}

/// Bits of [`Meaning::is`].
const IN_SURE: u8 = 1;
const IN_LIKELY: u8 = 2;
const IN_GOOD: u8 = 4;
const ELSEWHERE: u8 = 8;
const WHOLE: u8 = 16;
const BEFORE_BODY: u8 = 32;
const BODY: u8 = 64;

/// What a word says wherever it stands.
#[derive(Clone, Copy, Default)]
struct Meaning {
    /// Its position in [`WORDS`].
    place: Option<usize>,
    is: u8,
}

fn meaning(word: &str) -> Meaning {
    MEANINGS.get(word).copied().unwrap_or_default()
}

/// All words that say something.
static MEANINGS: LazyLock<HashMap<&str, Meaning, BuildHasherDefault<Fnv>>> = LazyLock::new(|| {
    let mut meanings: HashMap<&str, Meaning, _> = HashMap::default();
    for (place, word) in WORDS.iter().enumerate() {
        meanings.entry(word.0).or_default().place = Some(place);
    }
    for (bit, words) in [
        (IN_SURE, SURE),
        (IN_LIKELY, LIKELY),
        (IN_GOOD, GOOD),
        (ELSEWHERE, &["has", "with", "no", "is", "without", "js"]),
        (
            WHOLE,
            &[
                "articlebody",
                "storybody",
                "articletext",
                "articlecontent",
                "newsbody",
                "newstext",
            ],
        ),
        (
            BEFORE_BODY,
            &[
                "article", "entry", "post", "story", "news", "body", "artikel", "articulo",
            ],
        ),
        (BODY, &["body", "content", "text"]),
    ] {
        for word in words {
            meanings.entry(*word).or_default().is |= bit;
        }
    }
    meanings
});

/// FNV-1a: quick for short words. The keys are our own, so nobody can make them collide.
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for Fnv {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
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
    "comment",
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
