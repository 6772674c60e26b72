//! Tells which vocabulary an element belongs to (XML namespaces, read leniently).
//!
//! Feeds spell namespaces in every way: other schemes, missing slashes, other versions, undeclared prefixes. A known
//! address decides; else the usual prefix does.

use self::Vocabulary::{
    Atom, Content, Core, DublinCore, DublinCoreTerms, Itunes, Media, Other, Prism, Proxy, Rdf, Syndication,
    Xhtml, Xml,
};

/// The vocabularies with elements that matter for entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Vocabulary {
    /// RSS of any version, CDF, and elements without a namespace.
    Core,
    /// Atom 1.0 and its drafts.
    Atom,
    /// RDF syntax, such as `rdf:about`.
    Rdf,
    /// Dublin Core elements.
    DublinCore,
    /// Dublin Core terms.
    DublinCoreTerms,
    /// RSS 1.0 content module.
    Content,
    /// XHTML.
    Xhtml,
    /// Media RSS.
    Media,
    /// Podcasts.
    Itunes,
    /// RSS 1.0 syndication module.
    Syndication,
    /// Feed proxies that keep the original link.
    Proxy,
    /// PRISM, metadata of publishers.
    Prism,
    /// `xml:base`, `xml:lang`.
    Xml,
    /// Anything else.
    Other,
}

/// Beginnings of namespace addresses, without scheme and `www.`; the first that fits counts.
const ADDRESSES: &[(&str, Vocabulary)] = &[
    ("purl.org/rss/1.0/modules/content", Content),
    ("purl.org/rss/1.0/modules/syndication", Syndication),
    ("purl.org/rss/1.0/modules/rss091", Core),
    ("purl.org/rss/1.0/modules", Other),
    ("purl.org/rss/", Core),
    ("purl.org/net/rss1.1", Core),
    ("my.netscape.com/", Core),
    ("channel.netscape.com/", Core),
    ("backend.userland.com/", Core),
    ("blogs.law.harvard.edu/tech/rss", Core),
    ("cyber.law.harvard.edu/rss", Core),
    ("w3.org/2005/atom", Atom),
    ("purl.org/atom/ns", Atom),
    ("purl.org/atom-blog/ns", Atom),
    ("purl.org/echo", Atom),
    ("purl.org/pie", Atom),
    ("w3.org/1999/02/22-rdf-syntax-ns", Rdf),
    ("purl.org/dc/elements", DublinCore),
    ("purl.org/dc/terms", DublinCoreTerms),
    ("w3.org/1999/xhtml", Xhtml),
    ("search.yahoo.com/mrss", Media),
    ("video.search.yahoo.com/mrss", Media),
    ("itunes.com/dtds/podcast", Itunes),
    ("rssnamespace.org/feedburner", Proxy),
    ("pheedo.com/namespace/pheedo", Proxy),
    ("prismstandard.org/namespaces", Prism),
];

impl Vocabulary {
    /// The vocabulary of a namespace address, whatever its scheme, case and ending.
    fn of_address(address: &str) -> Option<Self> {
        let address = address.trim().to_ascii_lowercase();
        let address = address
            .trim_start_matches("http://")
            .trim_start_matches("https://")
            .trim_start_matches("www.")
            .trim_end_matches(['/', '#']);
        ADDRESSES
            .iter()
            .find(|(beginning, _)| address.starts_with(beginning))
            .map(|(_, vocabulary)| *vocabulary)
    }

    /// The vocabulary for which a prefix is usual.
    fn of_prefix(prefix: &str) -> Self {
        match prefix.to_ascii_lowercase().as_str() {
            "" | "rss" | "rss09" | "rss1" => Core,
            "atom" | "a10" | "atom10" | "atom03" => Atom,
            "rdf" => Rdf,
            "dc" => DublinCore,
            "dcterms" | "dct" => DublinCoreTerms,
            "content" => Content,
            "xhtml" | "html" => Xhtml,
            "media" => Media,
            "itunes" => Itunes,
            "sy" => Syndication,
            "feedburner" | "pheedo" => Proxy,
            "prism" => Prism,
            "xml" => Xml,
            _ => Other,
        }
    }
}

/// Declarations in scope that are kept; beyond them only the usual prefixes are known (docs/threats.md, H13).
const MAX_DECLARATIONS: usize = 64;

/// The namespace declarations in scope.
#[derive(Debug, Default)]
pub(super) struct Namespaces<'a> {
    /// Innermost last.
    declared: Vec<Declaration<'a>>,
    declares_rss: bool,
}

/// An `xmlns` attribute.
#[derive(Debug)]
struct Declaration<'a> {
    /// Depth of the declaring element.
    depth: usize,
    /// Empty for the default namespace.
    prefix: &'a str,
    vocabulary: Vocabulary,
}

impl<'a> Namespaces<'a> {
    /// Adds the declarations among the attributes of an element at `depth`.
    pub(super) fn declare(&mut self, depth: usize, attributes: &[(&'a str, &'a str)]) {
        for &(name, address) in attributes {
            let Some(prefix) = name.strip_prefix("xmlns") else {
                continue;
            };
            let prefix = match prefix.strip_prefix(':') {
                Some(prefix) => prefix,
                None if prefix.is_empty() => prefix,
                None => continue,
            };
            if self.declared.len() < MAX_DECLARATIONS {
                let known = Vocabulary::of_address(address);
                self.declares_rss |= known == Some(Core);
                self.declared.push(Declaration {
                    depth,
                    prefix,
                    vocabulary: known.unwrap_or_else(|| Vocabulary::of_prefix(prefix)),
                });
            }
        }
    }

    /// Drops the declarations of elements at `depth` and deeper.
    pub(super) fn leave(&mut self, depth: usize) {
        while self.declared.pop_if(|declaration| declaration.depth >= depth).is_some() {}
    }

    /// Whether any element so far declared RSS by its address.
    pub(super) fn declares_rss(&self) -> bool {
        self.declares_rss
    }

    /// The vocabulary and the local name of an element.
    pub(super) fn resolve(&self, name: &'a str) -> (Vocabulary, &'a str) {
        let (prefix, local) = name.split_once(':').unwrap_or(("", name));
        let declared = self.declared.iter().rev().find(|known| known.prefix == prefix);
        let vocabulary = declared.map_or_else(|| Vocabulary::of_prefix(prefix), |known| known.vocabulary);
        (vocabulary, local)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_in_every_spelling() {
        for (prefix, address, expected) in [
            ("", "http://www.w3.org/2005/Atom", Vocabulary::Atom),
            ("", "https://www.w3.org/2005/atom/", Vocabulary::Atom),
            ("x", "http://purl.org/atom/ns#", Vocabulary::Atom),
            ("r", "http://purl.org/rss/1.0/", Vocabulary::Core),
            ("", "http://purl.org/rss/2.0/", Vocabulary::Core),
            ("c", "http://purl.org/rss/1.0/modules/content/", Vocabulary::Content),
            ("m", "http://search.yahoo.com/mrss", Vocabulary::Media),
            ("", "http://unknown.example/", Vocabulary::Core),
            ("dc", "http://unknown.example/", Vocabulary::DublinCore),
            ("z", "http://unknown.example/", Vocabulary::Other),
        ] {
            let mut namespaces = Namespaces::default();
            let name = if prefix.is_empty() { "xmlns".to_owned() } else { format!("xmlns:{prefix}") };
            let element = if prefix.is_empty() { "a".to_owned() } else { format!("{prefix}:a") };
            namespaces.declare(1, &[(&name, address)]);
            assert_eq!(namespaces.resolve(&element), (expected, "a"), "{prefix} {address}");
        }
    }

    #[test]
    fn the_innermost_declaration_counts_until_its_element_ends() {
        let mut namespaces = Namespaces::default();
        assert_eq!(namespaces.resolve("content:encoded").0, Vocabulary::Content, "undeclared");
        namespaces.declare(1, &[("xmlns", "http://www.w3.org/2005/Atom"), ("XMLNS", "x")]);
        namespaces.declare(2, &[("xmlns", "http://www.w3.org/1999/xhtml")]);
        assert_eq!(namespaces.resolve("p").0, Vocabulary::Xhtml);
        namespaces.leave(2);
        assert_eq!(namespaces.resolve("title").0, Vocabulary::Atom);
        namespaces.leave(1);
        assert_eq!(namespaces.resolve("title").0, Vocabulary::Core);
    }
}
