//! Any bytes, as a feed, a sitemap, a list of feeds and a page that announces one. A panic is a finding although `parse` would catch it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use url::Url;

fuzz_target!(|bytes: &[u8]| {
    let base = Url::parse("https://paper.example/feeds/news.xml").ok();
    // `parse` and its like give a panic back as this reason, so that a daemon lives: here it is a finding.
    let judge = |refused: &cuttings::feed::NotAFeed| assert!(!refused.reason.contains("fault of ours"));
    if let Err(refused) = cuttings::feed::parse_sitemap(bytes, None, base.as_ref()) {
        judge(&refused);
    }
    let _ = cuttings::feed::parse_opml(bytes);
    if let Some(base) = &base {
        let _ = cuttings::feed::find_feeds(bytes, None, base);
    }
    if let Err(refused) = cuttings::feed::parse(bytes, None, base.as_ref()) {
        judge(&refused);
    }
    let Ok(mut feed) = cuttings::feed::parse(bytes, None, base.as_ref()) else {
        return;
    };
    cuttings::feed::mend(&mut feed, Default::default());
    for entry in &feed.entries {
        for text in entry.title.iter().chain(&entry.summary).chain(&entry.content) {
            assert!(!text.contains('\0'));
        }
    }
});
