//! A paper made here: pages of about 86 KB and feeds of twenty entries, the same in every run.

#![allow(unreachable_pub, dead_code, reason = "each bench uses a part of it")]

use std::fmt::Write as _;

/// Entries of a feed.
pub const ENTRIES: usize = 20;

/// A sentence that differs with its number.
pub fn sentence(number: usize) -> String {
    const WHO: [&str; 7] = [
        "The mayor",
        "A fisherman",
        "The baker",
        "One teacher",
        "The harbour office",
        "A pilot",
        "The orchestra",
    ];
    const WHAT: [&str; 5] = [
        "said on Tuesday that",
        "had not known whether",
        "was asked how",
        "explained to the council why",
        "denied that",
    ];
    const HOW: [&str; 6] = [
        "the bridge would open again in spring",
        "eleven ships could wait outside the harbour",
        "the price of bread had doubled within a year",
        "nobody had read the report to its end",
        "the old line to the north was to be closed",
        "the water had risen by another hand's breadth",
    ];
    format!(
        "{} {} {}, number {number}.",
        WHO[number % 7],
        WHAT[number / 7 % 5],
        HOW[number / 35 % 6]
    )
}

/// A page of about 86 KB with the furniture of a news site around twenty paragraphs.
pub fn page(number: usize) -> String {
    let mut html = format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Report {number} - The Paper</title>\
         <meta property=\"og:title\" content=\"Report {number}\"><meta property=\"article:published_time\" content=\"2026-11-23T08:00:00+01:00\">\
         <script>{}</script></head><body>",
        "var furniture = [1, 2, 3, \"and more of it\"];\n".repeat(600)
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
    for paragraph in 0..20 {
        let text: String = (0..5)
            .map(|line| sentence(number * 100 + paragraph * 5 + line) + " ")
            .collect();
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
