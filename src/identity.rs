//! The keys by which pages and entries are recognised. Pure.
//!
//! Two pages are one article when they have a key in common that is *specific*: a front page, a consent wall or a login
//! page names no article. `rel=canonical` and `og:url` count only on the page's own site; short links may be on another
//! (nyti.ms, wp.me). Only the store can see that a key is on pages that have nothing else in common
//! ([`KeyKind::can_be_shared`]). `poll` makes the keys of entries, `article_builder` those of pages; `store::grouping`
//! joins by them.

mod identifier;

use regex::Regex;
use url::Url;

use crate::link;
use crate::model::{Entry, EntryIdentifier, EntryKeys, Key, KeyKind, PageLinks};
pub use identifier::{IdentifierChoice, choose_identifier, shared_ids};

/// The keys of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The link key of the final URL, or the fallback where that URL is not specific. Unique among pages.
    pub page_key: String,
    /// All keys, strongest first, each once.
    pub keys: Vec<Key>,
}

/// The keys of a fetched page.
///
/// `pattern` is the source's `key_from_url`. `other_urls` led to the page: the entry's link and each hop of a redirect.
/// `fallback` is the key of the entry (see [`entry_key`]), for a final URL that is not specific.
pub fn of_page(
    pattern: Option<&Regex>,
    links: &PageLinks,
    final_url: &Url,
    other_urls: &[Url],
    fallback: &str,
) -> Identity {
    let on_site = |url: &&Url| link::same_site(url, final_url);
    let mut urls: Vec<(KeyKind, &Url)> = Vec::new();
    urls.extend(links.short_link.as_ref().map(|url| (KeyKind::ShortLink, url)));
    urls.extend(links.shortlink.as_ref().map(|url| (KeyKind::RelShortlink, url)));
    let canonical = links.canonical.as_ref().filter(on_site);
    urls.extend(canonical.map(|url| (KeyKind::Canonical, url)));
    urls.extend(links.og_url.as_ref().filter(on_site).map(|url| (KeyKind::OgUrl, url)));
    urls.push((KeyKind::FinalUrl, final_url));
    urls.extend(other_urls.iter().map(|url| (KeyKind::Link, url)));
    Identity { page_key: page_key(Some(final_url), fallback), keys: keys(pattern, &urls) }
}

/// The keys of an article of which only the feed's text is stored.
pub fn of_entry(pattern: Option<&Regex>, entry: &Entry, fallback: &str) -> Identity {
    let link = entry.link.as_ref();
    let urls: Vec<_> = link.map(|url| (KeyKind::FinalUrl, url)).into_iter().collect();
    Identity { page_key: page_key(link, fallback), keys: keys(pattern, &urls) }
}

/// What identifies an entry in its source, and the keys under which its link may be stored already.
pub fn of_link(pattern: Option<&Regex>, entry: &Entry, by: EntryIdentifier) -> EntryKeys {
    let link = entry.link.as_ref();
    let urls: Vec<_> = link.map(|url| (KeyKind::Link, url)).into_iter().collect();
    EntryKeys {
        ident: ident(entry, by),
        previous_ident: None,
        host: link.map(link::host),
        link_keys: keys(pattern, &urls),
        excluded_by: None,
    }
}

fn page_key(url: Option<&Url>, fallback: &str) -> String {
    url.filter(|url| is_specific(url)).map_or_else(|| fallback.to_owned(), link::key)
}

/// The key of an article without a specific URL: its source and what identifies its entry there.
pub fn entry_key(source: &str, ident: &str) -> String {
    format!("entry:{source}/{ident}")
}

/// Whether a URL can name an article: it is neither a front page nor a wall.
pub fn is_specific(url: &Url) -> bool {
    !link::is_front_page(url) && !link::is_wall(url)
}

/// What identifies an entry in its source: its id, else its link, else its title and date; the first of them that is there
/// and that `by` allows.
pub fn ident(entry: &Entry, by: EntryIdentifier) -> String {
    let id = entry.id.as_deref().map(str::trim).filter(|id| !id.is_empty());
    if let Some(id) = id.filter(|_| by == EntryIdentifier::Id) {
        return format!("id:{id}");
    }
    if let Some(link) = entry.link.as_ref().filter(|_| by != EntryIdentifier::Title) {
        return format!("link:{}", link::key(link));
    }
    let date = entry.published.or(entry.updated).map(|at| at.to_string()).unwrap_or_default();
    format!("title:{}|{date}", entry.title.as_deref().unwrap_or_default().trim())
}

/// The keys of specific URLs, those from the pattern first. `urls` are strongest first.
fn keys(pattern: Option<&Regex>, urls: &[(KeyKind, &Url)]) -> Vec<Key> {
    let specific: Vec<_> = urls.iter().filter(|(_, url)| is_specific(url)).collect();
    let from_pattern = specific.iter().filter_map(|(_, url)| {
        let key = link::key_from_url(pattern?, url)?;
        Some((KeyKind::FromUrl, key, url))
    });
    let from_url = specific.iter().map(|(kind, url)| (*kind, link::key(url), url));
    let mut keys: Vec<Key> = Vec::new();
    for (kind, key, url) in from_pattern.chain(from_url) {
        // A weaker kind adds nothing. But a key that is printed as a short link *and* serves the page has to be known as
        // both: only the former can turn out to be shared.
        let covers = |known: &Key| {
            known.key == key && (known.kind.can_be_shared() == kind.can_be_shared() || kind == KeyKind::Link)
        };
        if !keys.iter().any(covers) {
            let url = url.to_string();
            keys.push(Key { kind, key, url });
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
        identity.keys.iter().map(|key| format!("{} {}", key.kind.as_str(), key.key)).collect()
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
        let ways = [url("https://feeds.example/r/99"), url("https://paper.example/a/7")];
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
                "from-url =paper.example/7", "short-link pap.er/7", "rel-shortlink paper.example?p=7",
                "canonical paper.example/2026/a", "link feeds.example/r/99", "link paper.example/a/7",
            ]
        );
    }

    #[test]
    fn front_pages_walls_and_other_sites_give_no_key() {
        let links = PageLinks {
            short_link: Some(url("https://paper.example/")),
            shortlink: Some(url("https://paper.example/?utm_source=x")),
            canonical: Some(url("https://other.example/a")),
            og_url: Some(url("https://paper.example/login")),
        };
        let ways = [url("https://consent.paper.example/collect?u=1"), url("https://paper.example/")];
        let identity = of_page(None, &links, &url("https://paper.example/a"), &ways, "entry:s/1");
        assert_eq!(shown(&identity), ["final-url paper.example/a"]);
    }

    #[test]
    fn an_article_without_a_specific_url_is_known_by_its_entry() {
        let entry =
            Entry { id: Some(" 7 ".into()), link: Some(url("https://paper.example/")), ..Entry::default() };
        let keys = of_link(None, &entry, EntryIdentifier::Id);
        assert_eq!((keys.ident.as_str(), keys.link_keys.len()), ("id:7", 0));
        let identity = of_entry(None, &entry, &entry_key("s", &keys.ident));
        assert_eq!((identity.page_key.as_str(), identity.keys.len()), ("entry:s/id:7", 0));
    }

    #[test]
    fn an_entry_is_known_by_id_else_link_else_title_and_date() {
        let mut entry = Entry { title: Some("A title".into()), ..Entry::default() };
        assert_eq!(of_link(None, &entry, EntryIdentifier::Id).ident, "title:A title|");
        entry.link = Some(url("https://www.paper.example/a/#x"));
        assert_eq!(of_link(None, &entry, EntryIdentifier::Id).ident, "link:paper.example/a");
        entry.id = Some("  ".into());
        assert_eq!(of_link(None, &entry, EntryIdentifier::Id).ident, "link:paper.example/a");
        entry.id = Some("7".into());
        assert_eq!(of_link(None, &entry, EntryIdentifier::Link).ident, "link:paper.example/a");
        assert_eq!(of_link(None, &entry, EntryIdentifier::Title).ident, "title:A title|");
    }

    #[test]
    fn a_short_link_that_serves_the_page_keeps_both_kinds() {
        let links = PageLinks { short_link: Some(url("https://paper.example/7")), ..PageLinks::default() };
        let identity = of_page(None, &links, &url("https://paper.example/7"), &[], "entry:s/1");
        assert_eq!(shown(&identity), ["short-link paper.example/7", "final-url paper.example/7"]);
    }
}
