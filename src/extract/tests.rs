//! Pages of our own, cut out by rule and without.

use std::cell::Cell;

use super::*;

#[test]
fn a_page_for_which_there_is_no_time_is_given_up_at_any_step() {
    let html = format!(
        "<article><h1>A title</h1>{}</article>",
        "<p>Some text, and more of it.</p>".repeat(4_000)
    );
    let url = Url::parse("https://paper.example/a").unwrap();
    let page = Page {
        html: &html,
        url: &url,
        link_header: None,
    };
    let within = |steps: u32| {
        let left = Cell::new(steps);
        let has_time = || left.replace(left.get().saturating_sub(1)) > 0;
        article_within(&page, &[], chrono_tz::UTC, DateTime::UNIX_EPOCH, &has_time)
    };
    let mut steps = 0;
    while let Err(error) = within(steps) {
        assert_eq!((error.code(), error.grade()), ("too-slow", Grade::Soft));
        steps += 1;
    }
    assert!((8..30).contains(&steps), "it was asked {steps} times");
    assert_eq!(
        within(steps).unwrap(),
        article(&page, &[], chrono_tz::UTC, DateTime::UNIX_EPOCH).unwrap()
    );
}
