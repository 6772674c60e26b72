//! What is wrong, as it is shown.

use super::*;

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
fn h25_many_mistakes_are_as_many_messages() {
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
        "[politeness]\nscope = 'site'",
        "[fetch]\nmax_feed = '10 parsecs'",
        "[fetch]\nmax_page = 0",
        "[fetch]\nidle_timeout = '0s'",
        "[fetch]\ntotal_timeout = '1 fortnight'",
        "[fetch]\nmax_redirects = 11",
        "[fetch]\nallow_networks = ['10.0.0.0/33', 'localhost']",
        "[daemon]\ncontact = 'Bücher'",
        "[[source]]\nname = 'a'\nfeed = 'https://a.example/'\n[[source.rules]]\nvalid_until = 'soon'\ntitle = 'h1 >'",
        "[[source]]\nname = 'a'\nfeed = 'https://a.example/'\n[source.rules]\nvalid_until = 2026-03-31",
        "[[source]]\nname = 'a'\nfeed = 'https://a.example/'\n[[source.rules]]\nuntil = 2026-03-31\nnext = 'a@href'",
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
        "every = 'adaptve'",
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
        "same_site = []",
        "same_site = 'a.example'",
        "same_site = ['a.example']",
        "same_site = ['a.example', 'A.Example.']",
        "same_site = ['a.example', 'co.uk', 'github.io', 'com', 'foo.ck']",
        "same_site = ['https://www.a.example/news', 'a.example:8080', '[::1]:80', 'joe@a.example', '//b.example']",
        "same_site = ['*.a.example', '.b.example', '*.co.uk']",
        "same_site = ['intranet', 'a b', '', 'a..example', 7]",
        "pages = 'sometimes'",
        "keep_pages = '30'",
        "keep_pages = 'always'",
        "keep_pages = true",
        "keep = 'always'",
        "keep = 0",
        "keep = ['2y']",
        "revisions = 'some'",
        "revisit = ['1m', '1h', '30d', 'soon', 5]",
        "revisit = ['1h']\nrevisions = 'first'",
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
fn h29_a_zone_that_does_not_exist_names_the_nearest() {
    for (typed, hint) in [
        ("Europe/Berln", "did you mean \"Europe/Berlin\"?"),
        ("europe/berlin", "did you mean \"Europe/Berlin\"?"),
        ("cairo", "did you mean \"Africa/Cairo\"?"),
        ("Atlantis", "zones are named by region and city"),
    ] {
        let messages = messages(&source(&format!("timezone = '{typed}'")));
        assert!(messages.len() == 1 && messages[0].contains(hint), "{messages:?}");
    }
}

#[test]
fn oddities_are_warnings() {
    let text = "[[source]]\nname = 'a'\nfeed = 'https://a.example/rss'\n\
                [[source]]\nname = 'b'\nfeed = 'https://A.example:443/rss'\n";
    let loaded = read(text);
    assert_eq!(loaded.config.sources.len(), 2);
    let shown: String = loaded.warnings.iter().map(|warning| warning.render(false)).collect();
    insta::assert_snapshot!(shown);
}

#[test]
fn a_host_in_same_site_counts_as_its_whole_site_and_that_is_said() {
    let loaded = read(&source("same_site = ['feeds.Hosting.example', 'www.show.example', 'b.show.example']"));
    assert_eq!(
        loaded.config.sources[0].same_site,
        SameSite::of_source(&["hosting.example".into(), "show.example".into()])
    );
    let shown: Vec<String> = loaded.warnings.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(shown.join("\n"));
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
        ("rules/www.paper.co.uk.toml", "same_site = ['paper.example', 'paper.com']"),
        ("rules/paper.com.toml", "same_site = ['paper.example', 'co.uk']"),
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
fn a_flood_of_mistakes_is_counted_not_shown() {
    let mut text = String::new();
    for number in 0..20_000 {
        writeln!(text, "[[source]]\nnme = '{number}'\nfeed = 'https://a.example/{number}'").unwrap();
    }
    let started = super::on_cpu().unwrap_or_default();
    let faults = load_text("cuttings.toml", &text).unwrap_err();
    let shown = faults.to_string();
    assert_eq!((faults.mistakes(), faults.all().len()), (40_000, SHOWN + 1));
    assert!(shown.contains("and 39950 more"), "{shown}");
    assert!(shown.ends_with("40000 mistakes in 1 file"), "{shown}");
    assert!(shown.lines().count() < 10 * SHOWN);
    let took = super::on_cpu().unwrap_or_default().saturating_sub(started);
    assert!(took.as_secs() < 20, "{took:?}");
}

#[test]
fn a_long_line_is_cut_around_the_mistake() {
    let mut text = "[fetch]\nallow_networks = [".to_owned();
    for _ in 0..100_000 {
        text += "'10.0.0.0/8', 'é', ";
    }
    text += "]\n";
    let started = super::on_cpu().unwrap_or_default();
    let faults = load_text("cuttings.toml", &text).unwrap_err();
    let shown = faults.to_string();
    assert_eq!(faults.mistakes(), 100_000);
    assert!(shown.len() < 40_000, "{}", shown.len());
    let took = super::on_cpu().unwrap_or_default().saturating_sub(started);
    assert!(took.as_secs() < 20, "{took:?}");
    assert_eq!((faults.all()[0].line, faults.all()[0].column), (2, 33));
    insta::assert_snapshot!(faults.all()[1].render(false));
}

#[test]
fn deep_nesting_of_any_kind_is_a_mistake_not_a_crash() {
    let deep = 200_000;
    for text in [
        format!("{}a = 1", "a.".repeat(deep)),
        format!("[{}a]", "a.".repeat(deep)),
        format!("[[{}a]]", "a.".repeat(deep)),
        format!("a = {}", "[".repeat(deep)),
        format!("a = {}", "{a=".repeat(deep)),
        format!("a = {{{}a = 1}}", "a.".repeat(deep)),
        source(&format!("article.title = '{}'", "a:not(".repeat(600))),
        source(&format!("key_from_url = '{}'", "(".repeat(deep))),
        source(&format!("cron = '{}'", "1,".repeat(deep))),
        source(&format!("timezone = '{}'", "a".repeat(deep))),
    ] {
        assert!(!messages(&text).is_empty());
    }
}
