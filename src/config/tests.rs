//! Messages as they are shown, and what is read.

use std::time::{Duration, Instant};

use chrono_tz::Tz;
use proptest::prelude::*;

use super::*;

fn faults(text: &str) -> String {
    load_text("cuttings.toml", text).unwrap_err().to_string()
}

const EIGHT: &str = r#"[daemon]
contact = "https://example.org/bot"
databse = "x.db"

[defaults]
evry = "30m"

[[source]]
name = "one"
feed = "example.org/rss"

[[source]]
name = "two"
feed = "https://example.org/two"
cron = "*/15 25 * * *"
timezone = "Europe/Berln"

[[source]]
name = "two"
feed = "https://example.org/three"
every = 30

[source.article]
title = ["h1", "div > > p"]
byline = { select = ".by", match = '(a' }
"#;

#[test]
fn eight_mistakes_are_eight_messages() {
    let error = load_text("cuttings.toml", EIGHT).unwrap_err();
    insta::assert_snapshot!(error);
}
