//! What is read.

mod messages;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::time::Duration;

use chrono_tz::Tz;
use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::link::{self, SameSite};

fn read(text: &str) -> LoadedConfig {
    load_text("cuttings.toml", text).unwrap_or_else(|faults| panic!("{faults}"))
}

/// Messages, one a line.
fn messages(text: &str) -> Vec<String> {
    let faults = load_text("cuttings.toml", text).expect_err(text);
    let errors = faults.all().iter().filter(|fault| fault.severity == Severity::Error);
    errors.map(ToString::to_string).collect()
}

/// A source with more lines.
fn source(more: &str) -> String {
    format!("daemon.contact = 'x'\n[[source]]\nname = 'a'\nfeed = 'https://a.example/'\n{more}")
}

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

/// What `load` says of `cuttings.toml` in a folder, without the folder's own name.
fn loaded(folder: &TempDir) -> Result<LoadedConfig, String> {
    let path = folder.path().join("cuttings.toml");
    load(&path).map_err(|faults| faults.to_string().replace(&*folder.path().to_string_lossy(), "DIR"))
}

const SHIPPED: &str = include_str!("../../../config/cuttings.toml");

#[test]
fn the_shipped_file_says_the_defaults() {
    let loaded = read(SHIPPED);
    assert_eq!(format!("{:?}", loaded.config), format!("{:?}", Config::default()));
    assert_eq!(loaded.warnings.len(), 1);

    let with_source = format!("{SHIPPED}\n[[source]]\nname = 'a'\nfeed = 'https://a.example/'\n");
    let source = &read(&with_source).config.sources[0];
    let mut expected = Source::new("a", "https://a.example/".parse().unwrap());
    expected.at.clone_from(&source.at);
    assert_eq!(format!("{source:?}"), format!("{expected:?}"));
}

#[test]
fn the_shipped_file_shows_every_key_and_no_other() {
    let whole: String = SHIPPED
        .lines()
        .map(|line| match line.strip_prefix('#') {
            Some(setting) if setting.starts_with(|c: char| c.is_ascii_lowercase() || c == '[') => setting,
            _ => line,
        })
        .flat_map(|line| [line, "\n"])
        .collect();
    // An interval and a cron line exclude each other, as do the kinds of documents, a password and a token; the folders are not there.
    let active: String = whole
        .lines()
        .filter(|line| {
            ![
                "cron", "include", "sites", "listing", "sitemap", "bearer", "jsonl", "webhook",
                "secret_file", "command",
            ]
            .iter()
            .any(|key| line.starts_with(key))
        })
        .flat_map(|line| [line, "\n"])
        .collect();
    let source = &read(&active).config.sources[0];
    assert_eq!((source.tests.len(), source.article.published.len()), (1, 2));

    let mut shown: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    let mut section = "top".to_owned();
    for line in whole.lines() {
        if line.starts_with('[') {
            section = line.to_owned();
        } else if let Some((key, _)) = line.split_once(" = ")
            && !key.starts_with('#')
        {
            assert!(shown.entry(section.clone()).or_default().insert(key), "{key} twice");
        }
    }
    let settings: BTreeSet<&str> = keys::DEFAULTS.all().collect();
    for (section, keys) in [
        ("[daemon]", &keys::DAEMON),
        ("[politeness]", &keys::POLITENESS),
        ("[fetch]", &keys::FETCH),
        ("[metrics]", &keys::METRICS),
        ("[source.article]", &keys::ARTICLE),
        ("[[source.test]]", &keys::TEST),
        ("[[output]]", &keys::OUTPUT),
    ] {
        let known: BTreeSet<&str> = keys.all().collect();
        assert_eq!(shown[section], known, "{section}");
    }
    // Of the keys that a section shares with [source.article] two are shown again.
    assert!(shown["[[source.rules]]"].contains("valid_until"));
    let tables = ["article", "rules", "test"];
    let without_tables =
        |keys: &keys::Keys| -> BTreeSet<&str> { keys.all().filter(|key| !tables.contains(key)).collect() };
    assert_eq!(shown["[defaults]"], without_tables(&keys::DEFAULTS));
    let of_source: BTreeSet<&str> = without_tables(&keys::SOURCE).difference(&settings).copied().collect();
    assert!(of_source.is_subset(&shown["[[source]]"]));
    assert!(["include", "sites"].iter().all(|key| shown["top"].contains(key)));
}

#[test]
fn a_source_of_the_design_is_read() {
    let text = r#"
[daemon]
contact = "https://paper.example/bot"
database = "data/cuttings.db"
[politeness]
host_gap = "200ms"
per_host = 2
impolite = true
[fetch]
max_page = 1_048_576
allow_networks = ["127.0.0.0/8", "::1"]
[defaults]
cron = "30 2 * * *"
timezone = "Africa/Cairo"
tags = "all"
language = "ar"
[defaults.article]
title = "h1"
remove = "aside"
[[source]]
name = "one"
was = "old"
feed = " https://www.paper.example/rss?a=1 "
key_from_url = '/(\d+)'
keep_pages = "forever"
pages = "auto"
first_poll = 0
[source.article]
byline = { select = ".by", match = '^(.*)' }
published = ["time@datetime", { select = ".d", match = '\d.*', format = "%-d %B %Y" }]
short_link = "input.text_inner_ShortLink@value"
remove = []
cut_after = "Short link:"
[[source.test]]
url = "https://www.paper.example/1"
contains = "a passage"
[[source]]
name = "two"
feed = "https://two.example/feed"
every = "10s"
timezone = "Europe/Berlin"
enabled = false
"#;
    let loaded = load_text("etc/cuttings.toml", text).unwrap();
    assert!(loaded.warnings.is_empty(), "{:?}", loaded.warnings);
    insta::assert_debug_snapshot!(loaded.config);
}

#[test]
fn a_site_without_a_feed_has_a_listing_or_a_sitemap() {
    let of = |what: &str| format!("daemon.contact = 'x'\n[[source]]\nname = 'a'\n{what}\n");
    let listing = "listing = { url = 'https://a.example/news', links = ['h2 > a@href', 'a.story'], pattern = '/\\d+$', \
                   title = 'h2', date = { select = '.d', format = '%d.%m.%Y' } }";
    let source = &read(&of(listing)).config.sources[0];
    assert_eq!(source.feed.as_str(), "https://a.example/news");
    let SourceKind::Listing(listing) = &source.kind else {
        panic!("{:?}", source.kind);
    };
    assert_eq!((listing.links.len(), listing.date.len()), (2, 1));
    let source = &read(&of("sitemap = 'https://a.example/s.xml'")).config.sources[0];
    assert!(matches!(source.kind, SourceKind::Sitemap));

    for (what, expected) in [
        ("", "`feed` is missing in [[source]]"),
        ("feed = 'https://a.example/'\nsitemap = 'https://a.example/'", "`feed` and `sitemap` are both set"),
        ("listing = 'https://a.example/'", "`listing` is text, a section is expected"),
        ("listing = { url = 'https://a.example/' }", "`links` is missing in listing"),
        ("listing = { links = 'a' }", "`url` is missing in listing"),
        ("listing = { url = 'https://a.example/', links = [] }", "`links` is an empty list"),
        ("listing = { url = 'https://a.example/', links = 'a', patern = 'x' }", "did you mean `pattern`?"),
        ("listing = { url = 'https://a.example/', links = 'a[' }", "this selector does not parse"),
        (
            "listing = { url = 'https://a.example/', links = 'a', title = { select = 'b', format = '%d' } }",
            "which this is not",
        ),
        (
            "sitemap = 'https://a.example/'\npages = 'never'",
            "a sitemap has no texts, and `pages` is \"never\"",
        ),
    ] {
        let faults = load_text("cuttings.toml", &of(what)).unwrap_err().render(false);
        assert!(faults.contains(expected), "{what}: {faults}");
    }
}

#[test]
fn p10_five_minutes_are_the_floor_unless_impolite() {
    for (more, polite) in [
        ("every = '5m'", true),
        ("every = '299s'", false),
        ("every = 'adaptive'", true),
        ("cron = '*/5 * * * *'", true),
        ("cron = '0,4 * * * *'", false),
        ("cron = '1,58 * * * *'", false),
        ("cron = '1,58 6 * * *'", true),
    ] {
        let text = source(more);
        assert_eq!(load_text("cuttings.toml", &text).is_ok(), polite, "{more}");
        read(&format!("politeness.impolite = true\n{text}"));
        let defaults = format!("daemon.contact = 'x'\n[defaults]\n{more}");
        assert_eq!(load_text("cuttings.toml", &defaults).is_ok(), polite, "{more}");
    }
}

#[test]
fn p16_one_request_a_second_and_host_unless_impolite() {
    for (line, polite) in [
        ("host_gap = '1s'", true),
        ("host_gap = '999ms'", false),
        ("host_gap = '0s'", false),
        ("per_host = 1", true),
        ("per_host = 2", false),
    ] {
        let text = format!("[politeness]\n{line}\n");
        assert_eq!(load_text("cuttings.toml", &text).is_ok(), polite, "{line}");
        read(&format!("{text}impolite = true\n"));
    }
}

#[test]
fn includes_are_read_once_each_and_in_order() {
    let folder = folder(&[
        (
            "cuttings.toml",
            "include = ['more.toml', 'd/*.toml']\ndaemon.contact = 'x'\n[[source]]\nname = 'a'\nfeed = 'https://a.example/'",
        ),
        ("more.toml", "include = 'e/x.toml'\n[[source]]\nname = 'b'\nfeed = 'https://b.example/'\n"),
        ("d/2.toml", "[[source]]\nname = 'd'\nfeed = 'https://d.example/'\n"),
        ("d/1.toml", "\u{feff}[[source]]\r\nname = 'c'\r\nfeed = 'https://c.example/'\r\n"),
        ("d/.hidden.toml", "nonsense"),
        ("d/1.toml~", "nonsense"),
        ("e/x.toml", "[defaults]\ntags = ['x']\n[[source]]\nname = 'e'\nfeed = 'https://e.example/'\n"),
        ("sites/Paper.example.toml", "title = 'h1'\ntimezone = 'Africa/Cairo'\n"),
        ("sites/README", "nonsense"),
    ]);
    let loaded = loaded(&folder).unwrap();
    let names: Vec<&str> = loaded.config.sources.iter().map(|source| source.name.as_str()).collect();
    assert_eq!(names, ["a", "b", "c", "d", "e"]);
    assert!(loaded.config.sources.iter().all(|source| source.tags == ["x"]));
    assert!(loaded.config.sources[2].at.ends_with("d/1.toml:1"));
    let rules = loaded.config.sites.of("www.paper.example").unwrap();
    assert_eq!((rules.title.len(), rules.timezone), (1, Some(Tz::Africa__Cairo)));
}

#[test]
fn what_a_source_says_goes_before_its_site_and_defaults_after() {
    let text = "[defaults]\ntimezone = 'Africa/Cairo'\nlanguage = 'ar'\narticle.title = 'h1'\narticle.body = 'p'\n\
                [[source]]\nname = 'a'\nfeed = 'https://a.example/'\n\
                [[source]]\nname = 'b'\nfeed = 'https://b.example/'\ntimezone = 'UTC'\narticle.title = []\n";
    let sources = read(text).config.sources;
    let [a, b] = &sources[..] else { panic!() };
    assert_eq!((a.timezone, a.article.timezone), (Tz::Africa__Cairo, None));
    assert_eq!((b.timezone, b.article.timezone), (Tz::UTC, Some(Tz::UTC)));
    assert_eq!((a.article.title.len(), a.article.body.len()), (1, 1));
    assert_eq!((b.article.title.len(), b.article.body.len()), (0, 1));
    assert_eq!((a.language.as_deref(), a.article.language.as_deref()), (Some("ar"), None));
}

#[test]
fn same_site_of_a_site_rule_holds_for_all_and_of_a_source_for_it_alone() {
    let folder = folder(&[
        (
            "cuttings.toml",
            "daemon.contact = 'x'\n[defaults]\nsame_site = ['a.example', 'b.example']\n\
             [[source]]\nname = 'a'\nfeed = 'https://a.example/'\n\
             [[source]]\nname = 'b'\nfeed = 'https://b.example/'\n\
             same_site = ['hosting.example', 'Bücher.example', '192.0.2.1', '[2001:db8::1]', 'localhost']\n",
        ),
        ("sites/www.paper.co.uk.toml", "same_site = ['paper.example', 'PAPER.co.uk.']\ntitle = 'h1'\n"),
        ("sites/paper.example.toml", "same_site = ['paper.example', 'paper.org']\n"),
    ]);
    let config = loaded(&folder).unwrap().config;
    let is_same = |source: Option<&Source>, a: &str, b: &str| {
        let url = |host: &str| link::web_url(&format!("http://{host}/1")).unwrap();
        config.same_site_for(source).is_same(&url(a), &url(b))
    };
    let [a, b] = &config.sources[..] else { panic!() };
    for source in [None, Some(&**a), Some(&**b)] {
        assert!(is_same(source, "news.paper.co.uk", "paper.org"), "{source:?}");
        assert!(!is_same(source, "paper.example", "a.example"), "{source:?}");
    }
    assert!(is_same(Some(a), "a.example", "b.example"));
    // A source that has a list of its own has that instead of the one of [defaults].
    assert!(!is_same(Some(b), "a.example", "b.example") && !is_same(None, "a.example", "b.example"));
    for host in ["xn--bcher-kva.example", "192.0.2.1:81", "[2001:db8:0::1]:81", "localhost:81"] {
        assert!(is_same(Some(b), "www.hosting.example:81", host), "{host}");
        assert!(!is_same(Some(a), "www.hosting.example:81", host), "{host}");
    }
}

#[test]
fn many_sources_load_in_linear_time() {
    let of = |count: usize| {
        let mut text =
            "daemon.contact = 'x'\n[defaults]\ncron = '*/30 * * * *'\nkey_from_url = '/(\\d+)'\n".to_owned();
        for number in 0..count {
            writeln!(
                text,
                "[[source]]\nname = 's{number}'\nfeed = 'https://s{number}.example/rss'\ntags = ['a', 'b']\n"
            )
            .unwrap();
        }
        let before = on_cpu();
        assert_eq!(read(&text).config.sources.len(), count);
        on_cpu().zip(before).map(|(after, before)| after.saturating_sub(before))
    };
    let (Some(few), Some(many)) = (of(1_000), of(20_000)) else {
        println!("left out: there is no /proc that tells the time of a thread");
        return;
    };
    assert!(many < few * 80 + Duration::from_secs(1), "{few:?} for 1,000, {many:?} for 20,000");
}

/// How long this thread has been on a processor (Linux): waiting for one does not count.
fn on_cpu() -> Option<Duration> {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    told.split_whitespace().next()?.parse().ok().map(Duration::from_nanos)
}

proptest! {
    #![proptest_config(crate::proptest_config())]
    #[test]
    fn any_text_is_answered(text in r#"([a-z]{1,4} ?= ?|\[{1,2}[a-z.]{1,6}\]{1,2}|["'\\\n{}, é]|source|feed|article|title){0,40}"#) {
        let _ = load_text("cuttings.toml", &text).map_err(|faults| faults.render(true));
    }

    #[test]
    fn any_value_is_answered(
        key in prop::sample::select(keys::SOURCE.all().collect::<Vec<_>>()),
        field in prop::sample::select(keys::ARTICLE.all().collect::<Vec<_>>()),
        value in "[ -~é\\n]{0,30}",
    ) {
        let literal = toml::Value::String(value).to_string();
        let text = format!("[[source]]\n{key} = {literal}\narticle.{field} = [{literal}]\n");
        let _ = load_text("cuttings.toml", &text).map_err(|faults| faults.render(false));
    }

    #[test]
    fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cuttings.toml");
        fs::write(&path, bytes).unwrap();
        let _ = load(&path).map_err(|faults| faults.to_string());
    }
}
