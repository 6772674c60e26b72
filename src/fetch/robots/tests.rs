//! The rules against the examples of RFC 9309, and against files nobody should write.

use std::fmt::Write as _;
use std::time::Duration;

use super::*;

fn allows(file: &str, token: &str, path: &str) -> bool {
    Robots::parse(file.as_bytes()).allows(token, path)
}

/// A file with one rule, for everybody.
fn disallowed(pattern: &str, path: &str) -> bool {
    !allows(&format!("User-agent: *\nDisallow: {pattern}\n"), "cuttings", path)
}

/// RFC 9309, 5.1.
const SIMPLE: &str = "\
User-Agent: *
Disallow: *.gif$
Disallow: /example/
Allow: /publications/

User-Agent: foobot
Disallow:/
Allow:/example/page.html
Allow:/example/allowed.gif

User-Agent: barbot
User-Agent: bazbot
Disallow: /example/page.html

User-Agent: quxbot
";

#[test]
fn p30_the_simple_example_of_the_rfc() {
    for (token, path, may) in [
        ("other", "/picture.gif", false),
        ("other", "/picture.gif?size=1", true),
        ("other", "/example/page.html", false),
        ("other", "/publications/", true),
        ("other", "/", true),
        ("foobot", "/", false),
        ("foobot", "/publications/", false),
        ("foobot", "/example/page.html", true),
        ("foobot", "/example/allowed.gif", true),
        ("foobot", "/example/other.gif", false),
        ("barbot", "/example/page.html", false),
        ("bazbot", "/example/page.html", false),
        ("bazbot", "/picture.gif", true),
        ("quxbot", "/example/page.html", true),
        ("quxbot", "/picture.gif", true),
    ] {
        assert_eq!(allows(SIMPLE, token, path), may, "{token} {path}");
    }
}

#[test]
fn p30_the_longest_match_of_the_rfc() {
    let file = "User-Agent: foobot\nAllow: /example/page/\nDisallow: /example/page/disallowed.gif\n";
    assert!(!allows(file, "foobot", "/example/page/disallowed.gif"));
    assert!(allows(file, "foobot", "/example/page/"));
    assert!(allows(file, "foobot", "/example/"));
}

#[test]
fn p30_groups_of_one_product_are_merged() {
    // RFC 9309, 2.2.1.
    let file = "\
user-agent: ExampleBot
disallow: /foo
disallow: /bar

user-agent: *
disallow: /all

user-agent: ExampleBot
disallow: /baz
";
    for path in ["/foo", "/bar", "/baz"] {
        assert!(!allows(file, "ExampleBot", path), "{path}");
        assert!(allows(file, "BazBot", path), "{path}");
    }
    assert!(allows(file, "examplebot", "/all"));
    assert!(!allows(file, "BazBot", "/all"));
    let twice = "User-agent: *\nDisallow: /a\n\nUser-agent: *\nDisallow: /b\n";
    assert!(!allows(twice, "cuttings", "/a") && !allows(twice, "cuttings", "/b"));
}

#[test]
fn p30_a_product_is_known_by_its_token_in_any_case() {
    for line in ["cuttings", "CUTTINGS", "Cuttings/2.0", "cuttings (+https://paper.example)", "cuttings*"] {
        let file = format!("User-agent: {line}\nDisallow: /\n\nUser-agent: *\nAllow: /\n");
        assert!(!allows(&file, "cuttings", "/a"), "{line}");
        assert!(!allows(&file, "cuttings/0.1.0 (+x)", "/a"), "{line}");
    }
    for line in ["cutting", "cuttings-news", "my cuttings", "other", ""] {
        let file = format!("User-agent: {line}\nDisallow: /\n\nUser-agent: *\nAllow: /\n");
        assert!(allows(&file, "cuttings", "/a"), "{line}");
    }
}

#[test]
fn p30_percent_encoding_is_one_spelling() {
    // RFC 9309, 2.2.2: the table, each of its columns against each other.
    for spellings in [
        &["/foo/bar?baz=quz"][..],
        &[
            "/foo/bar?baz=https://foo.bar", "/foo/bar?baz=https%3A%2F%2Ffoo.bar",
            "/foo/bar?baz=https%3a%2f%2ffoo.bar",
        ],
        &["/foo/bar/ツ", "/foo/bar/%E3%83%84", "/foo/bar/%e3%83%84"],
        &["/foo/bar/%62%61%7A", "/foo/bar/baz", "/foo/bar/b%61z"],
        &["/a b|c", "/a%20b%7Cc"],
        &["/100%", "/100%25"],
    ] {
        for pattern in spellings {
            for path in spellings {
                assert!(disallowed(pattern, path), "{pattern} {path}");
            }
        }
    }
    // A reserved character escaped is another one.
    assert!(!disallowed("/a%2Fb", "/a/b"));
    assert!(!disallowed("/a/b", "/a%2Fb"));
}

#[test]
fn p30_special_characters() {
    // RFC 9309, 2.2.3.
    assert!(disallowed("/path/file-with-a-%2A.html", "/path/file-with-a-*.html"));
    assert!(!disallowed("/path/file-with-a-%2A.html", "/path/file-with-a-b.html"));
    assert!(disallowed("/path/foo-%24", "/path/foo-$"));
    assert!(disallowed("/path/foo-$bar", "/path/foo-$bar"));
    assert!(disallowed("/example/foo # and so on", "/example/foo"));
    for (pattern, path, matched) in [
        ("/this/path/exactly$", "/this/path/exactly", true),
        ("/this/path/exactly$", "/this/path/exactly/not", false),
        ("/this/*/exactly", "/this/any/path/exactly/there", true),
        ("/this/*/exactly", "/this/exactly", false),
        ("/*.php$", "/a.php", true),
        ("/*.php$", "/a.php?b", false),
        ("/*.php$", "/a.php.php", true),
        ("/fish*", "/fishheads", true),
        ("/fish/", "/fish", false),
        ("/a*b*c$", "/abcc", true),
        ("/a*a$", "/a", false),
        ("/a**b", "/ab", true),
        ("*", "/anything", true),
        ("*$", "/anything", true),
        ("$", "/", false),
        ("/$", "/", true),
        ("/$", "/a", false),
        ("/", "", true),
        ("fish", "/fish", false),
    ] {
        assert_eq!(disallowed(pattern, path), matched, "{pattern} {path}");
    }
}

#[test]
fn p30_allow_wins_among_equals_and_length_among_others() {
    for (rules, path, may) in [
        ("Allow: /p\nDisallow: /", "/page", true),
        ("Disallow: /folder\nAllow: /folder", "/folder/page", true),
        ("Allow: /folder\nDisallow: /folder", "/folder/page", true),
        ("Allow: /page\nDisallow: /*.htm", "/page.htm", false),
        ("Allow: /$\nDisallow: /", "/", true),
        ("Allow: /$\nDisallow: /", "/page.htm", false),
        ("Disallow:", "/anything", true),
        ("Disallow: /\nAllow:", "/anything", false),
        ("Disallow: /", "/robots.txt", true),
    ] {
        let file = format!("User-agent: *\n{rules}\n");
        assert_eq!(allows(&file, "cuttings", path), may, "{rules} {path}");
    }
}

#[test]
fn p30_lines_end_and_begin_as_they_like() {
    for file in [
        "User-agent: *\nDisallow: /a",
        "User-agent: *\rDisallow: /a\r",
        "User-agent: *\r\n\r\nDisallow: /a\r\n",
        "\u{feff}User-agent: *\nDisallow: /a",
        "  USER-AGENT :\t*\t\n\tdisallow\t:/a # b",
        "User-agent: *\nSitemap: https://paper.example/s.xml\nHost: x\nUser-agent: b\nDisallow: /a",
        "<html>\nUser-agent: *\nDisallow: /a",
    ] {
        assert!(!allows(file, "cuttings", "/a"), "{file:?}");
        assert!(allows(file, "cuttings", "/b"), "{file:?}");
    }
    let nobody = "Disallow: /\nUser-agent: other\nDisallow: /";
    assert!(allows(nobody, "cuttings", "/a"));
    let latin = b"User-agent: *\nDisallow: /caf\xe9\n";
    assert!(!Robots::parse(latin).allows("cuttings", "/caf%E9"));
}

#[test]
fn p31_a_crawl_delay_is_for_the_agents_named_before_it() {
    let delay =
        |file: &str, token| Robots::parse(file.as_bytes()).crawl_delay(token).map(|d| d.as_secs_f64());
    assert_eq!(delay("User-agent: *\nCrawl-delay: 10", "cuttings"), Some(10.0));
    assert_eq!(delay("User-agent: *\nDisallow: /a\nCrawl-delay: 0.5", "cuttings"), Some(0.5));
    assert_eq!(delay("User-agent: *\nCrawl-delay: 86400", "cuttings"), Some(60.0));
    assert_eq!(delay("User-agent: *\nCrawl-delay: 1e300", "cuttings"), Some(60.0));
    let other = "User-agent: slow\nCrawl-delay: 30\n\nUser-agent: *\nCrawl-delay: 2\nDisallow: /a";
    assert_eq!(delay(other, "cuttings"), Some(2.0));
    assert_eq!(delay(other, "slow"), Some(30.0));
    let own = "User-agent: *\nCrawl-delay: 30\nDisallow:\n\nUser-agent: cuttings\nDisallow: /a";
    assert_eq!(delay(own, "cuttings"), None);
    for nonsense in ["", "-1", "soon", "inf", "NaN", "1,5"] {
        assert_eq!(delay(&format!("User-agent: *\nCrawl-delay: {nonsense}"), "cuttings"), None);
    }
}

#[test]
fn sitemaps_are_for_everybody() {
    let robots = Robots::parse(
        b"Sitemap: https://paper.example/1.xml\nUser-agent: x\nsitemap:https://paper.example/2.xml\nSitemap: \xff\n",
    );
    assert_eq!(robots.sitemaps(), ["https://paper.example/1.xml", "https://paper.example/2.xml"]);
}

#[test]
fn p30_half_a_kibi_thousand_counts_and_a_line_cut_through_does_not() {
    let mut file = "User-agent: *\nDisallow: /kept\n".to_owned();
    while file.len() < MAX_ROBOTS - 12 {
        file.push_str("#\n");
    }
    file.truncate(MAX_ROBOTS - 12);
    file.push_str("\nDisallow: /cut\nDisallow: /after\n");
    let robots = Robots::parse(file.as_bytes());
    assert!(!robots.allows("cuttings", "/kept"));
    // Cut after `Disallow: /` it would forbid everything.
    assert!(robots.allows("cuttings", "/page"));
    assert!(robots.allows("cuttings", "/after"));
}

#[test]
fn p30_hostile_files_are_read_and_asked_in_linear_time() {
    let path = format!("/{}", "a".repeat(8000));
    let of = |line: &dyn Fn(usize) -> String| {
        let mut file = "User-agent: *\n".to_owned();
        for n in 0.. {
            let line = line(n);
            if file.len() + line.len() > MAX_ROBOTS {
                return file;
            }
            file.push_str(&line);
        }
        file
    };
    let stars = format!("User-agent: *\nDisallow: {}b\n", "a*".repeat(MAX_ROBOTS / 2 - 20));
    let slashed = format!("User-agent: *\nDisallow: /{}b$\n", "*a".repeat(MAX_ROBOTS / 2 - 20));
    assert!(allows(&stars, "cuttings", &path));
    assert!(allows(&slashed, "cuttings", &path));
    let many = of(&|n| format!("Allow:*{n:x}z\n"));
    assert!(allows(&many, "cuttings", &path));
    let agents = of(&|n| format!("User-agent: a{}\nCrawl-delay: {}\n", "b".repeat(n % 7), n % 50));
    assert!(allows(&agents, "cuttings", &path));
    let robots = Robots::parse(agents.as_bytes());
    assert!(robots.crawl_delay("abbb").is_some());
    let mut groups = String::new();
    for n in 0..20_000 {
        write!(groups, "User-agent: *\nAllow: /{n}\n").unwrap();
    }
    let robots = Robots::parse(groups.as_bytes());
    assert!(robots.allows("cuttings", &path));
    assert!(robots.bytes() < 20 * MAX_ROBOTS);
    assert_eq!(Robots::parse(&[0xff; 4096]), Robots::default());
    assert!(robots.crawl_delay("cuttings").unwrap_or_default() <= Duration::from_mins(1));
}
