use super::*;

fn url(text: &str) -> Url {
    link::web_url(text).unwrap()
}

fn rules(same_site: &SameSite) -> KeyRules<'_> {
    KeyRules { pattern: None, same_site, session: &[] }
}

fn shown(identity: &Identity) -> Vec<String> {
    let keys = identity.keys.iter();
    keys.map(|key| format!("{} {} {}", key.kind.as_str(), key.proof.as_str(), key.key)).collect()
}

#[test]
fn keys_come_strongest_first() {
    let links = PageLinks {
        short_link: Some(url("https://pap.er/7")),
        shortlink: Some(url("https://paper.example/?p=7")),
        canonical: Some(url("https://paper.example/2026/a")),
        og_url: Some(url("https://www.paper.example/2026/a/")),
        amp: Some(url("https://amp.paper.example/2026/a")),
    };
    let pattern = Regex::new(r"/a/(\d+)").unwrap();
    let urls = PageUrls {
        served: &url("https://paper.example/2026/a?utm_source=x"),
        asked: Some(&url("https://feeds.example/r/99")),
        redirects: &[url("https://paper.example/a/7")],
        joined: &[url("https://paper.example/2026/a?page=2")],
    };
    let same_site = SameSite::default();
    let rules = KeyRules { pattern: Some(&pattern), ..rules(&same_site) };
    let identity = of_page(rules, &links, urls, "entry:s/1");
    assert_eq!(identity.page_key, "paper.example/2026/a");
    assert_eq!(
        shown(&identity),
        [
            "from-url response =paper.example/7",
            "short-link site paper.example>pap.er/7",
            "rel-shortlink site paper.example?p=7",
            "canonical site paper.example/2026/a",
            "amp site amp.paper.example/2026/a",
            "final-url response paper.example/2026/a",
            "asked response feeds.example/r/99",
            "redirect response paper.example/a/7",
            "next-page response paper.example/2026/a?page=2",
        ]
    );
    assert!(identity.claims.is_empty());
}

#[test]
fn what_a_page_says_of_another_site_is_a_claim() {
    let other = || Some(url("https://other.example/a"));
    let links = PageLinks { canonical: other(), og_url: other(), amp: other(), ..PageLinks::default() };
    let served = url("https://paper.example/x");
    let urls = PageUrls { served: &served, asked: None, redirects: &[], joined: &[] };
    let identity = of_page(rules(&SameSite::default()), &links, urls, "entry:s/1");
    assert_eq!(shown(&identity), ["final-url response paper.example/x"]);
    let claims: Vec<_> = identity.claims.iter().map(|claim| (claim.kind, claim.key.as_str())).collect();
    assert_eq!(
        claims,
        [
            (KeyKind::Canonical, "other.example/a"),
            (KeyKind::OgUrl, "other.example/a"),
            (KeyKind::Amp, "other.example/a"),
        ]
    );
    // The domains of one publisher are one site.
    let lists = [vec!["paper.example".to_owned(), "other.example".to_owned()]];
    let identity = of_page(rules(&SameSite::new(lists.iter().map(Vec::as_slice))), &links, urls, "");
    assert_eq!(shown(&identity)[0], "canonical site other.example/a");
}

#[test]
fn a_page_and_its_copy_in_a_cache_are_of_one_site() {
    let (page, copy) =
        ("https://paper.example/a", "https://paper-example.cdn.ampproject.org/c/s/paper.example/a");
    let of = |served: &Url, links: &PageLinks| {
        let urls = PageUrls { served, asked: None, redirects: &[], joined: &[] };
        of_page(rules(&SameSite::default()), links, urls, "")
    };
    let links = PageLinks {
        canonical: Some(url(page)),
        shortlink: Some(url("https://t.example/7")),
        ..PageLinks::default()
    };
    let identity = of(&url(copy), &links);
    assert_eq!(
        shown(&identity),
        [
            "rel-shortlink site paper.example>t.example/7",
            "canonical site paper.example/a",
            "final-url response paper-example.cdn.ampproject.org/c/s/paper.example/a",
        ]
    );
    assert_eq!(identity.page_key, "paper-example.cdn.ampproject.org/c/s/paper.example/a");
    let links = PageLinks { amp: Some(url(copy)), ..PageLinks::default() };
    assert_eq!(of(&url(page), &links).keys[0].proof, Proof::Site);
    assert_eq!(of(&url("https://evil.example/a"), &links).claims.len(), 1);
}

#[test]
fn a_short_link_is_a_key_under_both_names_of_a_site_that_one_source_joins() {
    let links = PageLinks { shortlink: Some(url("https://t.example/7")), ..PageLinks::default() };
    let served = url("https://show.example/1");
    let urls = PageUrls { served: &served, asked: None, redirects: &[], joined: &[] };
    let own = SameSite::of_source(&["hosting.example".to_owned(), "show.example".to_owned()]);
    assert_eq!(
        shown(&of_page(rules(&own), &links, urls, "")),
        [
            "rel-shortlink site show.example>t.example/7",
            "rel-shortlink site hosting.example+show.example>t.example/7",
            "final-url response show.example/1",
        ]
    );
}

#[test]
fn front_pages_and_walls_give_no_key() {
    let links = PageLinks {
        short_link: Some(url("https://paper.example/")),
        shortlink: Some(url("https://paper.example/?utm_source=x")),
        og_url: Some(url("https://paper.example/login")),
        ..PageLinks::default()
    };
    let served = url("https://paper.example/a");
    let redirects = [url("https://consent.paper.example/collect?u=1"), url("https://paper.example/")];
    let urls = PageUrls { served: &served, asked: None, redirects: &redirects, joined: &[] };
    let identity = of_page(rules(&SameSite::default()), &links, urls, "entry:s/1");
    assert_eq!(shown(&identity), ["final-url response paper.example/a"]);
}

#[test]
fn an_article_without_a_specific_url_is_known_by_its_entry() {
    let same_site = SameSite::default();
    let front = url("https://paper.example/");
    assert!(link_keys(rules(&same_site), Some(&front)).is_empty());
    let key = |feed: &str| entry_key(&url(feed), "id:7");
    let feed = "https://paper.example/feed?password=secret";
    let identity = of_entry(rules(&same_site), Some(&front), &key(feed));
    assert_eq!((identity.page_key, identity.keys.len()), (key(feed), 0));
    assert!(key(feed).starts_with("entry:") && key(feed).ends_with("/id:7") && !key(feed).contains("secret"));
    assert_eq!(key("https://www.paper.example/feed/"), key("http://paper.example/feed"));
    assert_ne!(key("https://paper.example/feed"), key("https://paper.example/other"));
}

#[test]
fn an_entry_is_known_by_id_else_link_else_title_and_date() {
    let ident = |entry: &Entry, by| ident(entry, by, &["x".to_owned()]);
    let mut entry = Entry { title: Some("A title".into()), ..Entry::default() };
    assert_eq!(ident(&entry, EntryIdentifier::Id), "title:A title|");
    entry.link = Some(url("https://www.paper.example/a/?x=1#x"));
    assert_eq!(ident(&entry, EntryIdentifier::Id), "link:paper.example/a");
    entry.id = Some("  ".into());
    assert_eq!(ident(&entry, EntryIdentifier::Id), "link:paper.example/a");
    entry.id = Some(" 7 ".into());
    assert_eq!(ident(&entry, EntryIdentifier::Id), "id:7");
    assert_eq!(ident(&entry, EntryIdentifier::Link), "link:paper.example/a");
    assert_eq!(ident(&entry, EntryIdentifier::Title), "title:A title|");
}

#[test]
fn a_short_link_that_serves_the_page_keeps_both_kinds() {
    let links = PageLinks { short_link: Some(url("https://paper.example/7")), ..PageLinks::default() };
    let served = url("https://paper.example/7");
    let urls = PageUrls { served: &served, asked: None, redirects: &[], joined: &[] };
    let identity = of_page(rules(&SameSite::default()), &links, urls, "entry:s/1");
    assert_eq!(shown(&identity), ["short-link site paper.example/7", "final-url response paper.example/7"]);
}

#[test]
fn the_url_that_is_shown_is_the_proved_canonical_without_tracking() {
    let served = url("https://paper.example/a?id=7&utm_source=rss");
    let canonical = |text: &str| PageLinks { canonical: Some(url(text)), ..PageLinks::default() };
    for (links, expected) in [
        (PageLinks::default(), "https://paper.example/a?id=7"),
        (canonical("https://www.paper.example/a-title?utm_medium=x"), "https://www.paper.example/a-title"),
        (canonical("https://other.example/a"), "https://paper.example/a?id=7"),
        (canonical("https://paper.example/"), "https://paper.example/a?id=7"),
    ] {
        assert_eq!(shown_url(&SameSite::default(), &links, &served).as_str(), expected);
    }
}

#[test]
fn a_session_is_no_part_of_an_ident() {
    let session = ["zz".to_owned()];
    let ident = |id: &str, by| {
        let entry = Entry {
            id: Some(id.into()),
            link: Some(url("https://paper.example/a?zz=1&id=7")),
            ..Entry::default()
        };
        super::ident(&entry, by, &session)
    };
    for (id, expected) in [
        ("https://paper.example/a?zz=1", "id:https://paper.example/a"),
        ("http://Paper.example/a?id=7&zz=1#0", "id:http://Paper.example/a?id=7#0"),
        ("http://paper.example/a?PHPSESSID=1", "id:http://paper.example/a"),
        ("http://paper.example/a;jsessionid=1", "id:http://paper.example/a"),
        ("urn:a?zz=1", "id:urn:a?zz=1"),
        ("zz=1", "id:zz=1"),
    ] {
        assert_eq!(ident(id, EntryIdentifier::Id), expected);
        assert_eq!(ident_without_session(&format!("id:{id}"), &session), expected);
    }
    assert_eq!(ident("", EntryIdentifier::Link), "link:paper.example/a?id=7");
    assert_eq!(
        ident_without_session("link:paper.example/a?id=7&zz=1", &session),
        "link:paper.example/a?id=7"
    );
    assert_eq!(ident_without_session("title:a?zz=1|", &session), "title:a?zz=1|");
}
