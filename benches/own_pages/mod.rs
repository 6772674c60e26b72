//! Pages and feeds that are made here: pages of about 86 KB, feeds of twenty entries, the same in every run.

#![allow(unreachable_pub, dead_code, reason = "each bench uses a part of it")]

use std::fmt::Write as _;

/// Entries of a feed.
pub const ENTRIES: usize = 20;

/// Words of the sentences: enough that no two articles are alike, as in a paper.
pub const WORDS: &str = "the a of to in and for that was on with as by at from had said not were been which about \
    after before under over between council mayor harbour bridge river winter summer spring market price bread \
    report teacher pilot orchestra fisherman baker office ship water north south east west road railway station \
    school hospital budget tax minister government parliament court judge lawyer police fire storm snow flood \
    harvest wheat farmer village city town square church museum theatre concert match goal team season player \
    coach stadium crowd strike union worker factory engine plant energy wind coal gas oil electricity grid \
    company bank loan credit share profit loss export import customs border treaty talks visit president \
    election vote party leader campaign promise plan project bill law rule reform pension health doctor nurse \
    patient vaccine study research university student professor science discovery planet telescope satellite \
    rocket computer network data security attack army soldier peace war refugee camp aid donor charity earthquake \
    island coast forest park animal bird fish tree garden street house rent building architect tower garden \
    family child mother father brother sister neighbour friend letter book author poem prize film actor director \
    music singer festival holiday tourist hotel airport flight train bus bicycle driver accident injury rescue";

/// SplitMix64: neighbours have nothing in common.
fn mix(state: u64) -> u64 {
    let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// A number that depends on an article and a word.
pub fn hash(article: usize, word: &str) -> usize {
    let start = mix(article as u64 + 1);
    let hash = word.bytes().fold(start, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
    usize::try_from(mix(hash) >> 32).unwrap_or_default()
}

/// A sentence that differs with its number.
pub fn sentence(number: usize) -> String {
    use std::sync::LazyLock;
    static LIST: LazyLock<Vec<&str>> = LazyLock::new(|| WORDS.split_whitespace().collect());
    let mut state = number as u64;
    let mut below = |bound: usize| {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        usize::try_from(mix(state) % bound as u64).unwrap_or_default()
    };
    let length = 9 + below(9);
    let mut sentence = String::from("The");
    for at in 1..length {
        // Every other word is one of the commonest, as in English.
        let word = LIST[if at % 2 == 0 { below(26) } else { 26 + below(LIST.len() - 26) }];
        sentence.push(' ');
        sentence.push_str(word);
        if at == length / 2 {
            sentence.push(',');
        }
    }
    sentence.push('.');
    sentence
}

/// A page of about 86 KB with the furniture of a news site around an article of 5.3 KB: what those of 115 papers have on the
/// average (the median is 4.4 KB).
pub fn page(number: usize) -> String {
    let mut html = format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Report {number} - The Paper</title>\
         <meta property=\"og:title\" content=\"Report {number}\"><meta property=\"article:published_time\" content=\"2026-11-23T08:00:00+01:00\">\
         <script>{}</script></head><body>",
        "var furniture = [1, 2, 3, \"and more of it\"];\n".repeat(1069)
    );
    for section in 0..120 {
        let _ = write!(
            html,
            "<nav><ul><li class=\"menu-{section}\"><a href=\"/section/{section}\">Section {section}</a></li></ul></nav>"
        );
    }
    let _ = write!(
        html,
        "<main><article class=\"story\"><h1>Report {number}</h1><p class=\"by\">By Ada Writer</p><div class=\"text\">"
    );
    for paragraph in 0..15 {
        let text: String = (0..5).map(|line| sentence(number * 100 + paragraph * 5 + line) + " ").collect();
        let _ = write!(html, "<p>{text}</p>");
    }
    html.push_str("</div></article><aside>");
    for related in 0..150 {
        let _ = write!(
            html,
            "<div class=\"teaser\"><a href=\"/2026/{related}\"><img src=\"/i/{related}.jpg\" alt=\"\"><h3>{}</h3></a></div>",
            sentence(related)
        );
    }
    html.push_str("</aside><footer>All rights reserved</footer></body></html>");
    html
}

/// A feed of twenty entries with summaries.
pub fn feed(base: &str, number: usize) -> String {
    let mut xml = String::from(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><rss version=\"2.0\"><channel><title>The Paper</title>",
    );
    for entry in 0..ENTRIES {
        let id = number * ENTRIES + entry;
        let _ = write!(
            xml,
            "<item><title>Report {id}</title><link>{base}/2026/{id}?utm_source=rss</link><guid>{id}</guid>\
             <pubDate>Mon, 23 Nov 2026 08:00:00 +0100</pubDate><description>{}</description></item>",
            sentence(id)
        );
    }
    xml.push_str("</channel></rss>");
    xml
}
