//! What is read, and messages as they are shown.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::time::Instant;

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;

fn read(text: &str) -> Loaded {
    load_text("cuttings.toml", text).unwrap_or_else(|faults| panic!("{faults}"))
}

/// Messages, one a line.
fn messages(text: &str) -> Vec<String> {
    let faults = load_text("cuttings.toml", text).expect_err(text);
    let errors = faults
        .all()
        .iter()
        .filter(|fault| fault.severity == Severity::Error);
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
fn loaded(folder: &TempDir) -> Result<Loaded, String> {
    let path = folder.path().join("cuttings.toml");
    load(&path).map_err(|faults| {
        faults
            .to_string()
            .replace(&*folder.path().to_string_lossy(), "DIR")
    })
}

const SHIPPED: &str = include_str!("../../config/cuttings.toml");

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
    // An interval and a cron line exclude each other; the folders are not there.
    let active: String = whole
        .lines()
        .filter(|line| {
            !["cron", "include", "sites"]
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
        } else if let Some((key, _)) = line.split_once(" = ") {
            if !key.starts_with('#') {
                assert!(
                    shown.entry(section.clone()).or_default().insert(key),
                    "{key} twice"
                );
            }
        }
    }
    let settings: BTreeSet<&str> = keys::DEFAULTS.keys.iter().copied().collect();
    for (section, keys) in [
        ("[daemon]", &keys::DAEMON),
        ("[politeness]", &keys::POLITENESS),
        ("[fetch]", &keys::FETCH),
        ("[source.article]", &keys::ARTICLE),
        ("[[source.test]]", &keys::TEST),
    ] {
        let known: BTreeSet<&str> = keys.keys.iter().copied().collect();
        assert_eq!(shown[section], known, "{section}");
    }
    let tables = ["article", "test"];
    let without_tables = |keys: &[&'static str]| -> BTreeSet<&str> {
        keys.iter().copied().filter(|key| !tables.contains(key)).collect()
    };
    assert_eq!(shown["[defaults]"], without_tables(keys::DEFAULTS.keys));
    let of_source: BTreeSet<&str> = without_tables(keys::SOURCE.keys)
        .difference(&settings)
        .copied()
        .collect();
    assert!(of_source.is_subset(&shown["[[source]]"]));
    assert!(["include", "sites"].iter().all(|key| shown["top"].contains(key)));
}

#[test]
fn a_source_of_the_design_is_read() {
    let text = r##"
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
"##;
    let loaded = load_text("etc/cuttings.toml", text).unwrap();
    assert!(loaded.warnings.is_empty(), "{:?}", loaded.warnings);
    insta::assert_debug_snapshot!(loaded.config);
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
fn many_mistakes_are_as_many_messages() {
    insta::assert_snapshot!(load_text("cuttings.toml", EIGHT).unwrap_err());
}

/// Each line is a file of its own that has a mistake.
#[test]
fn what_is_wrong_and_what_to_do() {
    let mut seen = String::new();
    for text in [
        "contact = 'x'",
        "[deamon]",
        "[source]\nname = 'a'",
        "daemon = 1",
        "[daemon]\ninclude = 'x'",
        "[politeness]\nhost_gap = '500ms'",
        "[politeness]\nper_host = 3",
        "[politeness]\nin_flight = 0",
        "[politeness]\nin_flight = -1",
        "[politeness]\nimpolite = 'yes'",
        "[fetch]\nmax_feed = '10 parsecs'",
        "[fetch]\nmax_page = 0",
        "[fetch]\nidle_timeout = '0s'",
        "[fetch]\ntotal_timeout = '1 fortnight'",
        "[fetch]\nmax_redirects = 11",
        "[fetch]\nallow_networks = ['10.0.0.0/33', 'localhost']",
        "[daemon]\ncontact = 'Bücher'",
        "[[source]]\nfeed = 'https://a.example/'",
        "[[source]]\nname = ''\nfeed = 'https://a.example/'",
        "[[source]]\nname = \"a\\u001bb\"\nfeed = 'https://a.example/'",
        "[[source]]\nname = 'a'\nfeed = 'feed://a.example/rss'",
        "[[source]]\nname = 'a'\nfeed = 'localhost:80/rss'",
        "[[source]]\nname = 'a'\nfeed = 'ftp://a.example/rss'",
        "[[source]]\nname = 'a'\nfeed = 'https://joe:secret@a.example/rss'",
        "[[source]]\nname = 'a'\nurl = 'https://a.example/rss'\nfeed = 'https://a.example/'",
    ] {
        for message in messages(text) {
            writeln!(seen, "{message}").unwrap();
        }
    }
    for more in [
        "every = '0s'",
        "every = '1m'",
        "every = 'adaptive'",
        "cron = '* * * * *'",
        "cron = '0 0 31 2 *'",
        "every = '1h'\ncron = '0 * * * *'",
        "timezone = 'cairo'",
        "timezone = 'Afrika/Cairo'",
        "tags = ['a', 1, '']",
        "language = 'english'",
        "key_from_url = '(\\d+)?'",
        "key_from_url = '(a{1000}){1000}'",
        "key_from_url = '['",
        "pages = 'sometimes'",
        "keep_pages = '30'",
        "keep_pages = 'always'",
        "keep_pages = true",
        "first_poll = 1.5",
        "enabled = 'true'",
        "article = 'h1'",
        "was = 'a'",
        "feeds = 'x'",
        "title = 'h1'",
        "article.title = 'a@'",
        "article.title = '@href'",
        "article.title = 'a::attr(href)'",
        "article.title = \"a\\t> > b\"",
        "article.title = 1",
        "article.title = { selector = 'h1' }",
        "article.title = { select = 'h1', format = '%Y' }",
        "article.published = { select = 'h1', format = '%Y-%Q' }",
        "article.published = { select = 'h1', format = 'yyyy-mm-dd' }",
        "article.remove = ['a', 'b@c']",
        "article.timezone = 'UTC'",
        "article.headline = 'h1'",
        "test = [{ url = 'https://a.example/1' }]",
        "[[source]]\nname = 'a'\nfeed = 'https://b.example/'",
        "[[source]]\nname = 'b'\nfeed = 'https://b.example/'\nwas = 'a'",
    ] {
        for message in messages(&source(more)) {
            writeln!(seen, "{message}").unwrap();
        }
    }
    insta::assert_snapshot!(seen);
}

#[test]
fn broken_toml_hides_no_other_mistake() {
    let text = "[daemon]\ncontact = hello\nfoo\n[politeness]\nin_flight = 0\nper_host = 1\nper_host = 2\n\
                [[source]]\nname = \"a\nfeed = 'https://a.example/'\nevry = '1h'\nkey_from_url = \"\\d\"\n";
    insta::assert_snapshot!(load_text("cuttings.toml", text).unwrap_err());
}

#[test]
fn oddities_are_warnings() {
    let text = "[[source]]\nname = 'a'\nfeed = 'https://a.example/rss'\n\
                [[source]]\nname = 'b'\nfeed = 'https://A.example:443/rss'\n";
    let loaded = read(text);
    assert_eq!(loaded.config.sources.len(), 2);
    let shown: String = loaded
        .warnings
        .iter()
        .map(|warning| warning.render(false))
        .collect();
    insta::assert_snapshot!(shown);
}

#[test]
fn includes_are_read_once_each_and_in_order() {
    let folder = folder(&[
        (
            "cuttings.toml",
            "include = ['more.toml', 'd/*.toml']\ndaemon.contact = 'x'\n[[source]]\nname = 'a'\nfeed = 'https://a.example/'",
        ),
        (
            "more.toml",
            "include = 'e/x.toml'\n[[source]]\nname = 'b'\nfeed = 'https://b.example/'\n",
        ),
        (
            "d/2.toml",
            "[[source]]\nname = 'd'\nfeed = 'https://d.example/'\n",
        ),
        (
            "d/1.toml",
            "\u{feff}[[source]]\r\nname = 'c'\r\nfeed = 'https://c.example/'\r\n",
        ),
        ("d/.hidden.toml", "nonsense"),
        ("d/1.toml~", "nonsense"),
        (
            "e/x.toml",
            "[defaults]\ntags = ['x']\n[[source]]\nname = 'e'\nfeed = 'https://e.example/'\n",
        ),
        (
            "sites/Paper.example.toml",
            "title = 'h1'\ntimezone = 'Africa/Cairo'\n",
        ),
        ("sites/README", "nonsense"),
    ]);
    let loaded = loaded(&folder).unwrap();
    let names: Vec<&str> = loaded
        .config
        .sources
        .iter()
        .map(|source| source.name.as_str())
        .collect();
    assert_eq!(names, ["a", "b", "c", "d", "e"]);
    assert!(loaded.config.sources.iter().all(|source| source.tags == ["x"]));
    assert!(loaded.config.sources[2].at.ends_with("d/1.toml:1"));
    assert_eq!(loaded.files.len(), 6);
    let rules = loaded.config.sites.of("www.paper.example").unwrap();
    assert_eq!((rules.title.len(), rules.timezone), (1, Some(Tz::Africa__Cairo)));
}

#[test]
fn mistakes_across_files() {
    let folder = folder(&[
        (
            "cuttings.toml",
            "include = ['gone.toml', 'a.toml', 'a.toml', 'no/*.toml', 'd', 'latin.toml', '']\nsites = 'rules'\ndaemon.contact = 'x'\n[[source]]\nname = 'a'\nfeed = 'https://a.example/'",
        ),
        (
            "a.toml",
            "include = 'cuttings.toml'\n[daemon]\ncontact = 'y'\n[[source]]\nname = 'a'\nfeed = 'https://b.example/'",
        ),
        ("d/1.toml", ""),
        ("rules/paper.example.toml", "titel = 'h1'\nbody = 'p >'\n"),
        ("rules/not a host.toml", ""),
        ("rules/PAPER.example.toml", ""),
    ]);
    fs::write(folder.path().join("latin.toml"), b"# one\nname = 'B\xfccher'\n").unwrap();
    insta::assert_snapshot!(loaded(&folder).unwrap_err());
}

#[test]
fn a_file_that_is_not_there_is_one_mistake() {
    let folder = folder(&[]);
    insta::assert_snapshot!(loaded(&folder).unwrap_err());
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
    assert_eq!(
        (a.language.as_deref(), a.article.language.as_deref()),
        (Some("ar"), None)
    );
}

#[test]
fn a_flood_of_mistakes_is_counted_not_shown() {
    let mut text = String::new();
    for number in 0..20_000 {
        writeln!(
            text,
            "[[source]]\nnme = '{number}'\nfeed = 'https://a.example/{number}'"
        )
        .unwrap();
    }
    let started = Instant::now();
    let faults = load_text("cuttings.toml", &text).unwrap_err();
    let shown = faults.to_string();
    assert_eq!((faults.mistakes(), faults.all().len()), (40_000, SHOWN + 1));
    assert!(shown.contains("and 39950 more"), "{shown}");
    assert!(shown.ends_with("40000 mistakes in 1 file"), "{shown}");
    assert!(shown.lines().count() < 10 * SHOWN);
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}

#[test]
fn a_long_line_is_cut_around_the_mistake() {
    let mut text = "[fetch]\nallow_networks = [".to_owned();
    for _ in 0..100_000 {
        text += "'10.0.0.0/8', 'é', ";
    }
    text += "]\n";
    let started = Instant::now();
    let faults = load_text("cuttings.toml", &text).unwrap_err();
    let shown = faults.to_string();
    assert_eq!(faults.mistakes(), 100_000);
    assert!(shown.len() < 40_000, "{}", shown.len());
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
    assert_eq!((faults.all()[0].line, faults.all()[0].column), (2, 33));
    insta::assert_snapshot!(faults.all()[1].render(false));
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
        let started = Instant::now();
        assert_eq!(read(&text).config.sources.len(), count);
        started.elapsed()
    };
    let (few, many) = (of(1_000), of(20_000));
    assert!(
        many < few * 80 + Duration::from_secs(1),
        "{few:?} for 1,000, {many:?} for 20,000"
    );
}

proptest! {
    #[test]
    fn any_text_is_answered(text in r#"([a-z]{1,4} ?= ?|\[{1,2}[a-z.]{1,6}\]{1,2}|["'\\\n{}, é]|source|feed|article|title){0,40}"#) {
        let _ = load_text("cuttings.toml", &text).map_err(|faults| faults.render(true));
    }

    #[test]
    fn any_value_is_answered(
        key in prop::sample::select(keys::SOURCE.keys.to_vec()),
        field in prop::sample::select(keys::ARTICLE.keys.to_vec()),
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
