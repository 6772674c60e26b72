//! Any bytes, as a feed. A panic is a finding although `parse` would catch it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use url::Url;

fuzz_target!(|bytes: &[u8]| {
    let base = Url::parse("https://paper.example/feeds/news.xml").ok();
    let Ok(mut feed) = cuttings::feed::parse(bytes, None, base.as_ref()) else {
        return;
    };
    cuttings::feed::mend(&mut feed);
    for entry in &feed.entries {
        for text in entry.title.iter().chain(&entry.summary).chain(&entry.content) {
            assert!(!text.contains('\0'));
        }
    }
});
