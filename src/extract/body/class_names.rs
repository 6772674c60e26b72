//! What elements are called: the words of their classes and ids, and what the words say of the text within.
//!
//! The word lists are general; none is made for a single site.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::LazyLock;

use super::weights::WORDS;

/// A set of the model's words: one bit for each of [`WORDS`].
pub(super) type WordSet = [u64; 4];

/// How surely a name is that of noise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum NoiseLevel {
    /// Noise if it has little of the page's text.
    Likely,
    /// Noise unless it has most of the page's text.
    Sure,
}

/// What a class list or id says of the element.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct NameMeaning {
    /// The model's words in it.
    pub(super) words: WordSet,
    pub(super) noise: Option<NoiseLevel>,
    /// It names the body of an article.
    pub(super) is_body: bool,
}

/// The meanings of a page's class lists and ids; most occur often.
#[derive(Default)]
pub(super) struct NameCache<'d>(HashMap<&'d str, NameMeaning>);

impl<'d> NameCache<'d> {
    /// The meaning of a class list or id.
    pub(super) fn get(&mut self, value: &'d str) -> NameMeaning {
        *self.0.entry(value).or_insert_with(|| name_meaning(value))
    }
}

/// Names of a class list that may say it is noise.
const MOST_NAMES: usize = 30;

/// Bytes of a class list that are read.
const MOST_BYTES: usize = 600;

/// Bytes of a word; longer words are cut.
const LONGEST_WORD: usize = 40;

/// Reads a class list or id, word by word.
fn name_meaning(value: &str) -> NameMeaning {
    let mut meaning = NameMeaning::default();
    let mut before = 0;
    let mut read = 0;
    for (index, name) in value.split_whitespace().enumerate() {
        let (mut is_first, mut all) = (true, 0);
        each_word(name, |word| {
            let word = MEANINGS.get(word).copied().unwrap_or_default();
            if let Some(place) = word.place
                && let Some(slot) = meaning.words.get_mut(place / 64)
            {
                *slot |= 1 << (place % 64);
            }
            meaning.is_body |= word.kinds & WHOLE_BODY != 0;
            meaning.is_body |= before & BEFORE_BODY != 0 && word.kinds & BODY != 0;
            before = word.kinds;
            // A name such as `has-sidebar` or `no-ads` says what is elsewhere.
            all |= if is_first { word.kinds } else { word.kinds & !ELSEWHERE };
            is_first = false;
        });
        if index < MOST_NAMES && all & ELSEWHERE == 0 {
            meaning.noise = meaning.noise.max(noise_level(all));
        }
        read += name.len() + 1;
        if read > MOST_BYTES {
            break;
        }
    }
    meaning
}

/// What the words of one name say together. `kinds` are the kinds of all of them.
fn noise_level(kinds: u8) -> Option<NoiseLevel> {
    let is_good = kinds & GOOD != 0;
    if kinds & SURE != 0 {
        Some(if is_good { NoiseLevel::Likely } else { NoiseLevel::Sure })
    } else {
        (kinds & LIKELY != 0 && !is_good).then_some(NoiseLevel::Likely)
    }
}

/// Calls `visit` with the words of a name in lower case; `articleBody` has two.
fn each_word(name: &str, mut visit: impl FnMut(&str)) {
    let mut word = String::with_capacity(LONGEST_WORD + 4);
    let mut after_lower = false;
    for c in name.chars().take(MOST_BYTES) {
        let is_part = c.is_alphanumeric();
        if (!is_part || after_lower && c.is_uppercase()) && !word.is_empty() {
            visit(&word);
            word.clear();
        }
        if is_part && word.len() < LONGEST_WORD {
            if c.is_ascii() {
                word.push(c.to_ascii_lowercase());
            } else {
                word.extend(c.to_lowercase());
            }
        }
        after_lower = c.is_lowercase();
    }
    if !word.is_empty() {
        visit(&word);
    }
}

/// Kinds of words, the bits of [`WordMeaning::kinds`].
const SURE: u8 = 1;
const LIKELY: u8 = 2;
const GOOD: u8 = 4;
/// As the first word of a name: the others say what is elsewhere.
const ELSEWHERE: u8 = 8;
/// Names the body of an article by itself.
const WHOLE_BODY: u8 = 16;
/// Names it together with a word of `BODY` behind it.
const BEFORE_BODY: u8 = 32;
const BODY: u8 = 64;

/// What a word says in any name.
#[derive(Clone, Copy, Default)]
struct WordMeaning {
    /// Its position in [`WORDS`].
    place: Option<usize>,
    kinds: u8,
}

/// All words that say something.
static MEANINGS: LazyLock<HashMap<&str, WordMeaning, BuildHasherDefault<FnvHasher>>> = LazyLock::new(|| {
    let mut meanings: HashMap<&str, WordMeaning, _> = HashMap::default();
    for (place, word) in WORDS.iter().enumerate() {
        meanings.entry(word.0).or_default().place = Some(place);
    }
    for (kind, words) in [
        (SURE, SURE_WORDS),
        (LIKELY, LIKELY_WORDS),
        (GOOD, GOOD_WORDS),
        (ELSEWHERE, &["has", "with", "no", "is", "without", "js"]),
        (WHOLE_BODY, &["articlebody", "storybody", "articletext", "articlecontent", "newsbody", "newstext"]),
        (BEFORE_BODY, &["article", "entry", "post", "story", "news", "body", "artikel", "articulo"]),
        (BODY, &["body", "content", "text"]),
    ] {
        for word in words {
            meanings.entry(*word).or_default().kinds |= kind;
        }
    }
    meanings
});

/// FNV-1a, which is fast for short words. The keys are our own, so nobody can make them collide.
struct FnvHasher(u64);

impl Default for FnvHasher {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for FnvHasher {
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
#[rustfmt::skip]
const SURE_WORDS: &[&str] = &[
    "share", "sharing", "sharebar", "sharebuttons", "shares", "social", "socials", "socialmedia", "sociallinks",
    "related", "relatedposts", "relatedarticles", "recommended", "recommendation", "recommendations",
    "newsletter", "newsletters", "subscribe", "subscription", "signup", "breadcrumb", "breadcrumbs", "cookie",
    "cookies", "consent", "gdpr", "taboola", "outbrain", "plista", "comment", "comments", "commentlist",
    "disqus", "respond", "advert", "advertisement", "advertising", "adsbygoogle", "banner", "sponsored",
    "promo", "promotion", "promobox", "teaser", "teasers", "popup", "modal", "lightbox", "trending", "mostread",
    "mostpopular", "popular", "readmore", "morenews", "sidebar", "navbar", "navigation", "navigate", "menu",
    "footer", "pagination", "pager", "paging", "tags", "taglist", "tagcloud", "toolbar", "breadcrumbs", "login",
    "donate", "donation", "crosslinks", "noprint", "screenreader", "addtoany", "jp-relatedposts", "widget",
    "widgets", "byline", "authorbox", "authorbio", "wp-caption-text", "caption", "captions", "credit",
    "credits", "copyright", "imagecredit", "sociable", "whatsapp", "tweet", "print", "rating", "ratings",
    "votes", "poll", "quiz", "survey", "player", "videoplayer", "podcast", "carousel", "slider", "topics",
    "hashtags", "keywords", "disclaimer", "follow", "followus", "skiplink", "skip", "loading", "spinner",
    "tooltip", "dropdown", "toc", "legend", "infobox", "weather", "ticker", "livescore", "stocks",
];

/// Words that name noise more often than not.
#[rustfmt::skip]
const LIKELY_WORDS: &[&str] = &[
    "ad", "ads", "aside", "author", "authors", "bio", "meta", "date", "dateline", "published", "timestamp",
    "posted", "time", "nav", "header", "masthead", "more", "next", "prev", "previous", "gallery", "slideshow",
    "thumbnail", "photo", "media", "video", "embed", "info", "links", "list-links", "box", "card", "cards",
    "kicker", "category", "categories", "section-title", "label", "overlay", "sticky", "hidden", "button",
    "buttons", "btn", "icon", "icons", "actions", "action", "tools", "utility", "correction", "extra", "side",
    "right", "left", "bottom", "tag", "topic", "hint", "notice", "alert", "paywall", "offer", "shop", "product",
    "affiliate", "price", "factbox", "fact", "timeline", "feed", "stream", "items", "recirc", "recirculation",
    "puff", "upsell", "inline-promo", "cta", "figure", "image", "img",
];

/// Words that name the article itself. A name with one is no noise by a likely word, and only likely by a sure one.
#[rustfmt::skip]
const GOOD_WORDS: &[&str] = &[
    "article", "content", "body", "story", "post", "entry", "text", "main", "page", "wrapper", "container",
    "paragraph", "news", "detail", "container", "layout", "grid", "row", "col", "column",
];
