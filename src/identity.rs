//! What names an article: its keys, strongest first; pure.
//!
//! Two pages are the same article when they share a key that is *specific*. No front page is; `rel=canonical` and
//! `og:url` must stay on the page's own site (a short link may live on another: nyti.ms, wp.me); a URL that was
//! passed on the way counts only if it is neither a front page nor a consent or login wall. Whether a short link is
//! printed on pages that have nothing else in common only the store can see (`KeyKind::can_be_shared`).

mod trust;

use regex::Regex;
use url::Url;

use crate::link;
pub use trust::{IdentifierChoice, choose_identifier, shared_ids};

use crate::model::{Entry, EntryIdentifier, EntryKeys, Key, KeyKind, PageLinks};

/// The keys of a page, and what makes it this page and no other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Normalised final URL, or something of the entry's own where the final URL is not specific.
    pub page_key: String,
    /// Strongest first, without doubles.
    pub keys: Vec<Key>,
}

/// The keys of a fetched page.
///
/// `ways` are the other URLs that led to it: the entry's link and each hop of a redirect. `own` is the entry's own key
/// (see [`own_key`]), used where the final URL names no page.
pub fn of_page(
    pattern: Option<&Regex>,
    links: &PageLinks,
    final_url: &Url,
    ways: &[Url],
    own: &str,
) -> Identity {
    let on_site = |url: &&Url| link::same_site(url, final_url) && is_specific(url);
    let mut named: Vec<(KeyKind, &Url)> = Vec::new();
    named.extend(
        links
            .short_link
            .as_ref()
            .filter(|url| is_specific(url))
            .map(|url| (KeyKind::ShortLink, url)),
    );
    named.extend(
        links
            .shortlink
            .as_ref()
            .filter(|url| is_specific(url))
            .map(|url| (KeyKind::RelShortlink, url)),
    );
    named.extend(
        links
            .canonical
            .as_ref()
            .filter(on_site)
            .map(|url| (KeyKind::Canonical, url)),
    );
    named.extend(
        links
            .og_url
            .as_ref()
            .filter(on_site)
            .map(|url| (KeyKind::OgUrl, url)),
    );
    if is_specific(final_url) {
        named.push((KeyKind::FinalUrl, final_url));
    }
    named.extend(
        ways.iter()
            .filter(|url| is_specific(url))
            .map(|url| (KeyKind::Link, url)),
    );

    let page_key = if is_specific(final_url) {
        link::key(final_url)
    } else {
        own.to_owned()
    };
    Identity {
        page_key,
        keys: keys(pattern, &named),
    }
}

/// The keys of an article of which only the feed's text is had.
pub fn of_entry(pattern: Option<&Regex>, entry: &Entry, own: &str) -> Identity {
    let link = entry.link.as_ref().filter(|url| is_specific(url));
    let named: Vec<_> = link.map(|url| (KeyKind::FinalUrl, url)).into_iter().collect();
    Identity {
        page_key: link.map_or_else(|| own.to_owned(), link::key),
        keys: keys(pattern, &named),
    }
}

/// How an entry is known, and the keys by which its link may be an article already.
pub fn of_link(pattern: Option<&Regex>, entry: &Entry, by: EntryIdentifier) -> EntryKeys {
    let named: Vec<_> = entry
        .link
        .iter()
        .filter(|url| is_specific(url))
        .map(|url| (KeyKind::Link, url))
        .collect();
    EntryKeys {
        ident: ident(entry, by),
        previous_ident: None,
        host: entry.link.as_ref().map(link::host),
        link_keys: keys(pattern, &named),
        excluded_by: None,
    }
}

/// The key of an article that has no specific URL: that of its entry within its source.
pub fn entry_key(source: &str, ident: &str) -> String {
    format!("entry:{source}/{ident}")
}

/// A link that names a page: neither a front page nor a wall.
pub fn is_specific(url: &Url) -> bool {
    !link::is_front_page(url) && !link::is_wall(url)
}

/// An entry within its source: its id, else its link, else its title and date; the first of them that can be relied on.
pub fn ident(entry: &Entry, by: EntryIdentifier) -> String {
    let id = entry.id.as_deref().map(str::trim).filter(|id| !id.is_empty());
    if let Some(id) = id.filter(|_| by == EntryIdentifier::Id) {
        return format!("id:{id}");
    }
    if let Some(link) = entry.link.as_ref().filter(|_| by != EntryIdentifier::Title) {
        return format!("link:{}", link::key(link));
    }
    let date = entry
        .published
        .or(entry.updated)
        .map(|at| at.to_string())
        .unwrap_or_default();
    format!(
        "title:{}|{date}",
        entry.title.as_deref().unwrap_or_default().trim()
    )
}

fn keys(pattern: Option<&Regex>, named: &[(KeyKind, &Url)]) -> Vec<Key> {
    let from_url = named.iter().filter_map(|(_, url)| {
        let key = link::key_from_url(pattern?, url)?;
        Some(Key {
            kind: KeyKind::FromUrl,
            key,
            url: url.to_string(),
        })
    });
    let by_link = named.iter().map(|&(kind, url)| Key {
        kind,
        key: link::key(url),
        url: url.to_string(),
    });
    let mut keys: Vec<Key> = Vec::new();
    for key in from_url.chain(by_link) {
        // A weaker kind adds nothing, but a key that a page prints as its short link *and* is served under
        // must stay known as the latter: only the former can turn out to be shared.
        let beside = |known: &Key| {
            known.key == key.key
                && (known.kind.can_be_shared() == key.kind.can_be_shared() || key.kind == KeyKind::Link)
        };
        if !keys.iter().any(beside) {
            keys.push(key);
        }
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        link::web_url(text).unwrap()
    }

    fn shown(identity: &Identity) -> Vec<String> {
        identity
            .keys
            .iter()
            .map(|key| format!("{} {}", key.kind.as_str(), key.key))
            .collect()
    }

    #[test]
    fn keys_come_strongest_first() {
        let links = PageLinks {
            short_link: Some(url("https://pap.er/7")),
            shortlink: Some(url("https://paper.example/?p=7")),
            canonical: Some(url("https://paper.example/2026/a")),
            og_url: Some(url("https://www.paper.example/2026/a/")),
        };
        let pattern = Regex::new(r"/a/(\d+)").unwrap();
        let ways = [
            url("https://feeds.example/r/99"),
            url("https://paper.example/a/7"),
        ];
        let identity = of_page(
            Some(&pattern),
            &links,
            &url("https://paper.example/2026/a?utm_source=x"),
            &ways,
            "entry:s/1",
        );
        assert_eq!(identity.page_key, "paper.example/2026/a");
        assert_eq!(
            shown(&identity),
            [
                "from-url =paper.example/7",
                "short-link pap.er/7",
                "rel-shortlink paper.example?p=7",
                "canonical paper.example/2026/a",
                "link feeds.example/r/99",
                "link paper.example/a/7",
            ]
        );
    }

    #[test]
    fn front_pages_walls_and_other_sites_name_nothing() {
        let links = PageLinks {
            short_link: Some(url("https://paper.example/")),
            shortlink: Some(url("https://paper.example/?utm_source=x")),
            canonical: Some(url("https://other.example/a")),
            og_url: Some(url("https://paper.example/login")),
        };
        let ways = [
            url("https://consent.paper.example/collect?u=1"),
            url("https://paper.example/"),
        ];
        let identity = of_page(None, &links, &url("https://paper.example/a"), &ways, "entry:s/1");
        assert_eq!(shown(&identity), ["final-url paper.example/a"]);
    }

    #[test]
    fn an_article_without_a_specific_url_is_known_by_its_entry() {
        let entry = Entry {
            id: Some(" 7 ".into()),
            link: Some(url("https://paper.example/")),
            ..Entry::default()
        };
        let keys = of_link(None, &entry, EntryIdentifier::Id);
        assert_eq!((keys.ident.as_str(), keys.link_keys.len()), ("id:7", 0));
        let identity = of_entry(None, &entry, &entry_key("s", &keys.ident));
        assert_eq!(
            (identity.page_key.as_str(), identity.keys.len()),
            ("entry:s/id:7", 0)
        );
    }

    #[test]
    fn an_entry_is_known_by_id_else_link_else_title_and_date() {
        let mut entry = Entry {
            title: Some("A title".into()),
            ..Entry::default()
        };
        assert_eq!(of_link(None, &entry, EntryIdentifier::Id).ident, "title:A title|");
        entry.link = Some(url("https://www.paper.example/a/#x"));
        assert_eq!(
            of_link(None, &entry, EntryIdentifier::Id).ident,
            "link:paper.example/a"
        );
        entry.id = Some("  ".into());
        assert_eq!(
            of_link(None, &entry, EntryIdentifier::Id).ident,
            "link:paper.example/a"
        );
        entry.id = Some("7".into());
        assert_eq!(
            of_link(None, &entry, EntryIdentifier::Link).ident,
            "link:paper.example/a"
        );
        assert_eq!(
            of_link(None, &entry, EntryIdentifier::Title).ident,
            "title:A title|"
        );
    }

    #[test]
    fn a_short_link_that_serves_the_page_keeps_both_kinds() {
        let links = PageLinks {
            short_link: Some(url("https://paper.example/7")),
            ..PageLinks::default()
        };
        let identity = of_page(None, &links, &url("https://paper.example/7"), &[], "entry:s/1");
        assert_eq!(
            shown(&identity),
            ["short-link paper.example/7", "final-url paper.example/7"]
        );
    }
}
