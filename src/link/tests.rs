use super::*;

fn url(text: &str) -> Url {
    web_url(text).unwrap_or_else(|| panic!("{text} is refused"))
}

/// What two spellings share, and what they must not.
#[test]
fn link_keys_by_example() {
    for (what, text, expected) in [
        ("the scheme", "http://paper.example/a", "paper.example/a"),
        ("the other scheme", "https://paper.example/a", "paper.example/a"),
        ("www", "https://www.paper.example/a", "paper.example/a"),
        ("www as a name of its own", "https://www.example/a", "www.example/a"),
        ("another subdomain stays", "https://m.paper.example/a", "m.paper.example/a"),
        ("case of the host", "https://PAPER.Example/a", "paper.example/a"),
        ("case of the path stays", "https://paper.example/A", "paper.example/A"),
        ("the trailing dot", "https://paper.example./a", "paper.example/a"),
        ("the default port", "http://paper.example:80/a", "paper.example/a"),
        ("the other default port", "https://paper.example:443/a", "paper.example/a"),
        ("an odd port stays", "https://paper.example:8443/a", "paper.example:8443/a"),
        ("user info", "https://joe:secret@paper.example/a", "paper.example/a"),
        ("the fragment", "https://paper.example/a#comments", "paper.example/a"),
        ("a fragment that is a route stays", "https://paper.example/#!/a/7", "paper.example#!/a/7"),
        ("a trailing slash", "https://paper.example/a/", "paper.example/a"),
        ("the front page", "https://paper.example/", "paper.example"),
        ("slashes within stay", "https://paper.example//a//b", "paper.example//a//b"),
        ("dots in the path", "https://paper.example/x/../a/./b", "paper.example/a/b"),
        ("an empty query", "https://paper.example/a?", "paper.example/a"),
        ("tracking", "https://paper.example/a?utm_source=rss&utm_medium=x&fbclid=1", "paper.example/a"),
        ("tracking in capitals", "https://paper.example/a?UTM_Source=rss", "paper.example/a"),
        ("tracking beside a parameter", "https://paper.example/a?id=7&gclid=x", "paper.example/a?id=7"),
        ("ref that says rss", "https://paper.example/a?ref=rss", "paper.example/a"),
        ("ref that may choose a page stays", "https://paper.example/a?ref=main", "paper.example/a?ref=main"),
        ("order of parameters", "https://paper.example/a?b=2&a=1", "paper.example/a?a=1&b=2"),
        ("order of one name's values stays", "https://paper.example/a?b=2&b=1", "paper.example/a?b=2&b=1"),
        ("an empty value stays", "https://paper.example/a?p=", "paper.example/a?p="),
        ("a bare parameter stays", "https://paper.example/?123", "paper.example?123"),
        ("a session behind the path", "https://paper.example/a;jsessionid=0AF?x=1", "paper.example/a?x=1"),
        (
            "a session before the path",
            "https://paper.example/(X(1)S(lit3py55t21z5v55))/a.aspx",
            "paper.example/a.aspx",
        ),
        ("a path in brackets stays", "https://paper.example/a_(S)/(b)", "paper.example/a_(S)/(b)"),
        ("a session of PHP", "https://paper.example/a?PHPSESSID=1&id=7", "paper.example/a?id=7"),
        ("one of Java in the query", "https://paper.example/a?JSessionId=0AF", "paper.example/a"),
        ("one of ASP", "https://paper.example/a?ASPSESSIONIDQQ=X", "paper.example/a"),
        ("one of ColdFusion", "https://paper.example/a?CFID=12&CFTOKEN=34", "paper.example/a"),
        ("half of it stays", "https://paper.example/a?cfid=12", "paper.example/a?cfid=12"),
        ("a token", "https://paper.example/a?sid=0123456789abcdef0", "paper.example/a"),
        ("a number of an article stays", "https://paper.example/a?sid=123", "paper.example/a?sid=123"),
        (
            "digits alone stay",
            "https://paper.example/a?s=01234567890123456789",
            "paper.example/a?s=01234567890123456789",
        ),
        (
            "a searched word stays",
            "https://paper.example/a?s=internationalisation",
            "paper.example/a?s=internationalisation",
        ),
        ("a session alone on a front page", "https://paper.example/?PHPSESSID=1", "paper.example"),
        ("another path parameter stays", "https://paper.example/a;v=2", "paper.example/a;v=2"),
        ("IDN as letters", "https://bücher.example/a", "xn--bcher-kva.example/a"),
        ("IDN as punycode", "https://xn--bcher-kva.example/a", "xn--bcher-kva.example/a"),
        ("letters in the path", "https://paper.example/ä", "paper.example/%C3%A4"),
        ("percent case", "https://paper.example/%c3%a4", "paper.example/%C3%A4"),
        ("needless escapes", "https://paper.example/%7Ejoe/%61", "paper.example/~joe/a"),
        ("an escape that matters stays", "https://paper.example/a%2fb", "paper.example/a%2Fb"),
        ("a broken escape stays", "https://paper.example/100%", "paper.example/100%"),
        ("spaces in the query", "https://paper.example/a?q=x%20y", "paper.example/a?q=x+y"),
        ("an address", "http://127.0.0.2:8080/a", "127.0.0.2:8080/a"),
        ("a short address", "http://127.1/a", "127.0.0.1/a"),
    ] {
        assert_eq!(key(&url(text)), expected, "{what}: {text}");
    }
}

#[test]
fn only_web_urls_are_accepted() {
    for text in [
        "javascript:alert(1)", "data:text/html,x", "ftp://paper.example/a", "mailto:a@b", "/a", "",
        "http://", "file:///etc/passwd",
    ] {
        assert_eq!(web_url(text), None, "{text}");
    }
    assert_eq!(web_url(&format!("https://paper.example/{}", "x".repeat(10_000))), None, "10 kB");
    assert_eq!(url(" \u{feff}\nhttps://paper.example/a\t").as_str(), "https://paper.example/a");
    let base = url("https://paper.example/x/y");
    assert_eq!(resolve(&base, "../z?q").map(String::from).as_deref(), Some("https://paper.example/z?q"));
    assert_eq!(
        resolve(&base, "//other.example/z").map(String::from).as_deref(),
        Some("https://other.example/z")
    );
    assert_eq!(resolve(&base, "javascript:void(0)"), None);
    assert_eq!(resolve(&base, " "), None, "an empty box is absent");
}

#[test]
fn a_pattern_finds_one_key_in_every_form_of_a_url() {
    let pattern = regex::Regex::new(r"/News(?:Content(?:Print)?/\d+/\d+)?/(\d+)").unwrap();
    for text in [
        "https://english.paper.example/News/286958.aspx",
        "http://english.paper.example/NewsContent/2/8/286958/World/Region/Calls.aspx",
        "http://www.english.paper.example/NewsContentPrint/2/8/286958.aspx",
    ] {
        assert_eq!(
            key_from_url(&pattern, &url(text)).as_deref(),
            Some("=english.paper.example/286958"),
            "{text}"
        );
    }
    assert_eq!(key_from_url(&pattern, &url("https://english.paper.example/Index.aspx")), None);
    let other = key_from_url(&pattern, &url("https://arabic.paper.example/News/286958.aspx"));
    assert_eq!(other.as_deref(), Some("=arabic.paper.example/286958"), "another host counts for itself");
}

#[test]
fn front_pages_walls_and_sites() {
    for text in ["https://paper.example", "https://paper.example/?utm_source=x", "https://paper.example/#top"]
    {
        assert!(is_front_page(&url(text)), "{text}");
    }
    for text in ["https://paper.example/?p=7", "https://paper.example/a", "https://paper.example/#!/a"] {
        assert!(!is_front_page(&url(text)), "{text}");
    }
    assert!(is_wall(&url("https://consent.paper.example/collect?sid=1")));
    assert!(is_wall(&url("https://paper.example/login?next=/a")));
    assert!(!is_wall(&url("https://paper.example/2024/the-age-of-consent")));
    assert!(!is_wall(&url("https://paper.example/login-problems-at-bank")));
    let is_same = |a: &Url, b: &Url| SameSite::default().is_same(a, b);
    assert!(is_same(&url("https://www.paper.co.uk/a"), &url("http://amp.paper.co.uk/b")));
    assert!(!is_same(&url("https://one.co.uk/a"), &url("https://two.co.uk/a")));
    assert!(!is_same(&url("http://127.0.0.2/a"), &url("http://127.0.0.3/a")));
}

#[test]
fn h20_secrets_in_urls_are_masked() {
    let shown = |text: &str| mask_secrets(&Url::parse(text).unwrap());
    assert_eq!(shown("https://joe:secret@paper.example/a"), "https://joe:***@paper.example/a");
    assert_eq!(shown("https://paper.example/a?x=1&Token=abc"), "https://paper.example/a?x=1&Token=***");
    assert_eq!(shown("https://paper.example/a?x=1"), "https://paper.example/a?x=1");
}
