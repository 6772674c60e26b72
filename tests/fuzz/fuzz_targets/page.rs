//! Any bytes, as a page without rules.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(url) = url::Url::parse("https://paper.example/2026/story.html") else {
        return;
    };
    let html = cuttings::html::decode(bytes, None);
    let page = cuttings::extract::PageInput {
        html: &html,
        url: &url,
        link_header: None,
    };
    let now = chrono::DateTime::from_timestamp_nanos(1_800_000_000_000_000_000);
    let Ok(extraction) = cuttings::extract::article(&page, &[], chrono_tz::UTC, now) else {
        return;
    };
    assert!(extraction.text.chars().all(|c| !c.is_control() || matches!(c, '\n' | '\t')));
    let html = extraction.html.to_ascii_lowercase();
    assert!(!html.contains("<script") && !html.contains("<iframe") && !html.contains("<meta"));
});
