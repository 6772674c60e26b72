//! The keys by which pages and entries are recognised. Pure.
//!
//! A key says that a URL is a page's, and what proves it ([`Proof`]): a response to our own request, or a page of the same site
//! that prints it. What a page says of an address of another site is a [`Claim`] and no key. A short link on another site is a
//! key within the page's own site. A front page, a consent wall or a login page names no article. `poll` makes the keys of
//! entries, `article_builder` those of pages; `store::grouping` joins by them. The rules are in docs/design/identity.md.

mod fingerprint;
mod identifier;
mod plain_text;
mod sessions;
mod volatile;

use std::borrow::Cow;

use regex::Regex;
use url::Url;

use crate::link::{self, SameSite};
use crate::model::{Claim, Entry, EntryIdentifier, Key, KeyKind, PageLinks, Proof};
pub use fingerprint::Fingerprint;
pub use identifier::{IdentifierChoice, choose_identifier, shared_ids, shared_links};
pub use sessions::{SessionSearch, find_sessions, key_pattern};
pub use volatile::lasting_words;

/// The rules by which keys are made of URLs.
#[derive(Clone, Copy, Debug)]
pub struct KeyRules<'a> {
    /// The source's `key_from_url`.
    pub pattern: Option<&'a Regex>,
    /// Domains of one publisher.
    pub same_site: &'a SameSite,
    /// Query parameters that carry a session: no part of a key.
    pub session: &'a [String],
}

/// The URLs that led to a page.
#[derive(Clone, Copy, Debug)]
pub struct PageUrls<'a> {
    /// The URL that served it.
    pub served: &'a Url,
    /// The first URL that was requested: the entry's link.
    pub asked: Option<&'a Url>,
    /// The URLs that redirected, in order.
    pub redirects: &'a [Url],
    /// Further pages of the same article that were fetched.
    pub joined: &'a [Url],
}

/// The keys of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The link key of the final URL, or the fallback where that URL is not specific. Unique among pages.
    pub page_key: String,
    /// All keys, strongest first, each once.
    pub keys: Vec<Key>,
    /// What the page says of addresses of other sites.
    pub claims: Vec<Claim>,
}

impl Identity {
    /// With the key of the wrapper that the link of the entry came in, beside the others.
    #[must_use]
    pub fn with_wrapper(mut self, rules: KeyRules<'_>, wrapper: Option<&Url>) -> Self {
        self.keys.extend(wrapper_key(rules, wrapper));
        self
    }
}

/// The keys of a fetched page. `fallback` is the key of the entry (see [`entry_key`]), for a final URL that is not specific.
pub fn of_page(rules: KeyRules<'_>, links: &PageLinks, urls: PageUrls<'_>, fallback: &str) -> Identity {
    let PageUrls { served, asked, redirects, joined } = urls;
    let is_own = |url: &Url| rules.same_site.is_same(url, served);
    let mut keys = KeyCollector { rules, scopes: rules.same_site.names(served), keys: Vec::new() };
    let mut claims: Vec<Claim> = Vec::new();
    let printed = [
        (KeyKind::ShortLink, &links.short_link),
        (KeyKind::RelShortlink, &links.shortlink),
        (KeyKind::Canonical, &links.canonical),
        (KeyKind::OgUrl, &links.og_url),
        (KeyKind::Amp, &links.amp),
    ];
    let printed: Vec<(KeyKind, &Url)> =
        printed.into_iter().filter_map(|(kind, url)| Some((kind, url.as_ref()?))).collect();
    let responses: Vec<(KeyKind, &Url)> = std::iter::once((KeyKind::FinalUrl, served))
        .chain(asked.map(|url| (KeyKind::Asked, url)))
        .chain(redirects.iter().map(|url| (KeyKind::Redirect, url)))
        .chain(joined.iter().filter(|url| is_own(url)).map(|url| (KeyKind::NextPage, url)))
        .collect();
    for (_, url) in &responses {
        keys.add_pattern(Proof::Response, url);
    }
    for (kind, url) in printed {
        if is_own(url) {
            keys.add_pattern(Proof::Site, url);
            keys.add(kind, Proof::Site, url);
        } else if matches!(kind, KeyKind::ShortLink | KeyKind::RelShortlink) {
            keys.add_scoped(kind, url);
        } else if is_specific(url) {
            claims.push(Claim { kind, key: keys.link_key(url), url: url.to_string() });
        }
    }
    for (kind, url) in responses {
        keys.add(kind, Proof::Response, url);
    }
    let mut keys = keys.keys;
    keys.sort_by_key(|key| key.kind);
    Identity { page_key: page_key(rules, Some(served), fallback), keys, claims }
}

/// The URL that is shown of a page: its canonical where that is on its own site, else the URL that served it; without tracking
/// parameters.
pub fn shown_url<'a>(same_site: &SameSite, links: &'a PageLinks, served: &'a Url) -> Cow<'a, Url> {
    let canonical = links.canonical.as_ref();
    let proved = canonical.filter(|url| is_specific(url) && same_site.is_same(url, served));
    link::without_tracking(proved.unwrap_or(served))
}

/// The keys of an article of which only the feed's text is stored. They prove nothing: nobody asked for its link.
pub fn of_entry(rules: KeyRules<'_>, link: Option<&Url>, fallback: &str) -> Identity {
    Identity { page_key: page_key(rules, link, fallback), keys: link_keys(rules, link), claims: Vec::new() }
}

/// The keys under which the link of an entry may be stored already.
pub fn link_keys(rules: KeyRules<'_>, link: Option<&Url>) -> Vec<Key> {
    let mut keys = KeyCollector { rules, scopes: Vec::new(), keys: Vec::new() };
    if let Some(link) = link {
        keys.add_pattern(Proof::None, link);
        keys.add(KeyKind::Link, Proof::None, link);
    }
    keys.keys
}

/// The key of the wrapper that the link of an entry came in. Nobody asks for it, so it proves nothing: what a wrapper says may be
/// written by anybody.
pub fn wrapper_key(rules: KeyRules<'_>, wrapper: Option<&Url>) -> Option<Key> {
    let mut keys = KeyCollector { rules, scopes: Vec::new(), keys: Vec::new() };
    keys.add(KeyKind::Link, Proof::None, wrapper?);
    keys.keys.pop()
}

fn page_key(rules: KeyRules<'_>, url: Option<&Url>, fallback: &str) -> String {
    url.filter(|url| is_specific(url))
        .map_or_else(|| fallback.to_owned(), |url| served_key(url, rules.session))
}

/// The key of the page that a URL serves; `session` are the query parameters that carry a session.
pub fn served_key(url: &Url, session: &[String]) -> String {
    link::key(&link::without_parameters(url, session))
}

/// What the key of an article without a specific URL begins with.
pub const ENTRY_KEY: &str = "entry:";

/// The key of an article without a specific URL: a hash of its feed's URL, which may hold a password, and what identifies its
/// entry there. Sources with one feed have one article. No other feed can be given a URL with the same hash (SHA-256), and so
/// take an article over.
pub fn entry_key(feed: &Url, ident: &str) -> String {
    let hash = ring::digest::digest(&ring::digest::SHA256, link::key(feed).as_bytes());
    let hash = hash.as_ref().first_chunk::<16>().copied().unwrap_or_default();
    format!("{ENTRY_KEY}{:032x}/{ident}", u128::from_be_bytes(hash))
}

/// Whether a URL can name an article: it is neither a front page nor a wall.
pub fn is_specific(url: &Url) -> bool {
    !link::is_front_page(url) && !link::is_wall(url)
}

/// What an ident that is the feed's id begins with.
pub const ID_IDENT: &str = "id:";

/// What an ident that is a link begins with.
pub const LINK_IDENT: &str = "link:";

/// What identifies an entry in its source: its id, else its link, else its title and date; the first of them that is there
/// and that `by` allows.
pub fn ident(entry: &Entry, by: EntryIdentifier, session: &[String]) -> String {
    let id = entry.id.as_deref().map(str::trim).filter(|id| !id.is_empty());
    if let Some(id) = id.filter(|_| by == EntryIdentifier::Id) {
        return format!("{ID_IDENT}{}", id_without_session(id, session));
    }
    if let Some(link) = entry.link.as_ref().filter(|_| by != EntryIdentifier::Title) {
        return format!("{LINK_IDENT}{}", link::key(&link::without_parameters(link, session)));
    }
    let date = entry.printed_date().map(|at| at.to_string()).unwrap_or_default();
    format!("title:{}|{date}", entry.title.as_deref().unwrap_or_default().trim())
}

/// An ident without parameters that turned out to carry a session: the ident that its entry has from then on.
pub fn ident_without_session(ident: &str, session: &[String]) -> String {
    if let Some(id) = ident.strip_prefix(ID_IDENT) {
        return format!("{ID_IDENT}{}", id_without_session(id, session));
    }
    match ident.strip_prefix(LINK_IDENT) {
        Some(key) => format!("{LINK_IDENT}{}", link::text_without_session(key, session)),
        None => ident.to_owned(),
    }
}

/// An id without its session, where it is a URL.
fn id_without_session<'a>(id: &'a str, session: &[String]) -> Cow<'a, str> {
    if id.starts_with("http") { link::text_without_session(id, session) } else { id.into() }
}

/// Keys that are being collected, each once.
struct KeyCollector<'a> {
    rules: KeyRules<'a>,
    /// Names of the site whose page prints short links.
    scopes: Vec<String>,
    keys: Vec<Key>,
}

impl KeyCollector<'_> {
    /// Adds the key of a specific URL.
    fn add(&mut self, kind: KeyKind, proof: Proof, url: &Url) {
        if is_specific(url) {
            self.push(kind, proof, self.link_key(url), url);
        }
    }

    /// Adds a short link on another site: it names a page of this site only.
    fn add_scoped(&mut self, kind: KeyKind, url: &Url) {
        if is_specific(url) {
            for scope in self.scopes.clone() {
                self.push(kind, Proof::Site, format!("{scope}>{}", self.link_key(url)), url);
            }
        }
    }

    /// Adds what `key_from_url` finds in a URL.
    fn add_pattern(&mut self, proof: Proof, url: &Url) {
        let found = self.rules.pattern.and_then(|pattern| link::key_from_url(pattern, url));
        if let Some(key) = found.filter(|_| is_specific(url)) {
            self.push(KeyKind::FromUrl, proof, key, url);
        }
    }

    fn link_key(&self, url: &Url) -> String {
        link::key(&link::without_parameters(url, self.rules.session))
    }

    fn push(&mut self, kind: KeyKind, proof: Proof, key: String, url: &Url) {
        // What a page prints and what it is asked for can be contradicted separately, so both are kept.
        if !self.keys.iter().any(|known| known.key == key && known.proof == proof) {
            self.keys.push(Key { kind, proof, key, url: url.to_string() });
        }
    }
}

#[cfg(test)]
mod tests;
