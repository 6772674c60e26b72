//! Which vocabulary a name belongs to.
//!
//! Feeds spell name spaces in every way: other schemes, missing slashes, other versions, undeclared prefixes. What is
//! meant is found by the address as far as it is known, else by the prefix everyone uses.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{Hash, Hasher};

/// The vocabularies that matter for entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Space {
    /// RSS of any version, CDF, and what has no name space.
    Core,
    /// Atom 1.0 and its drafts.
    Atom,
    /// `rdf:about` and the like.
    Rdf,
    /// Dublin Core elements.
    Dc,
    /// Dublin Core terms.
    Terms,
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
    /// Publishers' metadata.
    Prism,
    /// `xml:base`, `xml:lang`.
    Xml,
    /// Anything else.
    Other,
}

impl Space {
    /// By its address, whatever its scheme, case and ending.
    fn of_address(address: &str) -> Option<Self> {
        let address = address.trim().to_ascii_lowercase();
        let address = address
            .trim_start_matches("http://")
            .trim_start_matches("https://")
            .trim_start_matches("www.")
            .trim_end_matches(['/', '#']);
        let known = |prefixes: &[&str]| prefixes.iter().any(|prefix| address.starts_with(prefix));
        Some(if known(&["purl.org/rss/1.0/modules/content"]) {
            Self::Content
        } else if known(&["purl.org/rss/1.0/modules/syndication"]) {
            Self::Syndication
        } else if known(&["purl.org/rss/1.0/modules/rss091"]) {
            Self::Core
        } else if known(&["purl.org/rss/1.0/modules"]) {
            Self::Other
        } else if known(&[
            "purl.org/rss/",
            "purl.org/net/rss1.1",
            "my.netscape.com/",
            "channel.netscape.com/",
            "backend.userland.com/",
            "blogs.law.harvard.edu/tech/rss",
            "cyber.law.harvard.edu/rss",
            "my.netscape.com/publish/formats",
        ]) {
            Self::Core
        } else if known(&[
            "w3.org/2005/atom",
            "purl.org/atom/ns",
            "purl.org/atom-blog/ns",
            "purl.org/echo",
            "purl.org/pie",
        ]) {
            Self::Atom
        } else if known(&["w3.org/1999/02/22-rdf-syntax-ns"]) {
            Self::Rdf
        } else if known(&["purl.org/dc/elements"]) {
            Self::Dc
        } else if known(&["purl.org/dc/terms"]) {
            Self::Terms
        } else if known(&["w3.org/1999/xhtml"]) {
            Self::Xhtml
        } else if known(&["search.yahoo.com/mrss", "video.search.yahoo.com/mrss"]) {
            Self::Media
        } else if known(&["itunes.com/dtds/podcast"]) {
            Self::Itunes
        } else if known(&["rssnamespace.org/feedburner", "pheedo.com/namespace/pheedo"]) {
            Self::Proxy
        } else if known(&["prismstandard.org/namespaces"]) {
            Self::Prism
        } else {
            return None;
        })
    }

    /// By the prefix everyone uses, where the address is missing or unknown.
    fn of_prefix(prefix: &str) -> Self {
        match prefix.to_ascii_lowercase().as_str() {
            "" | "rss" | "rss09" | "rss1" => Self::Core,
            "atom" | "a10" | "atom10" | "atom03" => Self::Atom,
            "rdf" => Self::Rdf,
            "dc" => Self::Dc,
            "dcterms" | "dct" => Self::Terms,
            "content" => Self::Content,
            "xhtml" | "html" => Self::Xhtml,
            "media" => Self::Media,
            "itunes" => Self::Itunes,
            "sy" => Self::Syndication,
            "feedburner" | "pheedo" => Self::Proxy,
            "prism" => Self::Prism,
            "xml" => Self::Xml,
            _ => Self::Other,
        }
    }
}

/// Declarations kept at a time; beyond them the prefix alone decides (HOSTILE H13).
const MAX_DECLARATIONS: usize = 64;

/// The prefixes in scope.
#[derive(Debug, Default)]
pub(super) struct Spaces<'a> {
    /// Depth of the declaring element, prefix, what it stands for; innermost last.
    declared: Vec<(usize, &'a str, Space)>,
    speaks_rss: bool,
}

impl<'a> Spaces<'a> {
    /// Takes the declarations of an element that is to stand at `depth`.
    pub(super) fn declare(&mut self, depth: usize, attributes: &[(&'a str, &'a str)]) {
        for &(name, address) in attributes {
            let prefix = match name.strip_prefix("xmlns") {
                Some("") => "",
                Some(rest) => match rest.strip_prefix(':') {
                    Some(prefix) => prefix,
                    None => continue,
                },
                None => continue,
            };
            if self.declared.len() < MAX_DECLARATIONS {
                let known = Space::of_address(address);
                self.speaks_rss |= known == Some(Space::Core);
                let space = known.unwrap_or_else(|| Space::of_prefix(prefix));
                self.declared.push((depth, prefix, space));
            }
        }
    }

    /// Forgets what was declared at `depth` and below it.
    pub(super) fn leave(&mut self, depth: usize) {
        while self.declared.last().is_some_and(|&(at, ..)| at >= depth) {
            self.declared.pop();
        }
    }

    /// Whether RSS has been declared by an address of its own.
    pub(super) fn speaks_rss(&self) -> bool {
        self.speaks_rss
    }

    /// The vocabulary and the local name of an element.
    pub(super) fn resolve(&self, name: &'a str) -> (Space, &'a str) {
        let (prefix, local) = name.split_once(':').unwrap_or(("", name));
        let space = self
            .declared
            .iter()
            .rev()
            .find(|(_, known, _)| *known == prefix)
            .map_or_else(|| Space::of_prefix(prefix), |&(.., space)| space);
        (space, local)
    }
}

/// Names that are looked through one by one; a feed has five or so open at a time.
const FEW: usize = 12;

/// How many elements of each name are open, whatever its case.
#[derive(Debug, Default)]
pub(super) struct OpenNames<'a> {
    few: Vec<(Name<'a>, usize)>,
    /// Those that came when there were as many as [`FEW`].
    others: HashMap<Name<'a>, usize>,
}

/// A name as written; two that differ in case only are equal.
#[derive(Clone, Copy, Debug)]
struct Name<'a>(&'a str);

impl<'a> OpenNames<'a> {
    pub(super) fn open(&mut self, name: &'a str) {
        let name = Name(name);
        if let Some((_, count)) = self.few.iter_mut().find(|(known, _)| *known == name) {
            *count += 1;
        } else if self.few.len() < FEW && !self.is_among_others(name) {
            self.few.push((name, 1));
        } else {
            *self.others.entry(name).or_default() += 1;
        }
    }

    pub(super) fn close(&mut self, name: &'a str) {
        let name = Name(name);
        if let Some(place) = self.few.iter().position(|(known, _)| *known == name) {
            if let Some((_, count)) = self.few.get_mut(place) {
                *count -= 1;
                if *count == 0 {
                    self.few.swap_remove(place);
                }
            }
        } else if !self.others.is_empty()
            && let Entry::Occupied(mut count) = self.others.entry(name)
        {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }

    /// Whether an element of this name is open.
    pub(super) fn contains(&self, name: &'a str) -> bool {
        let name = Name(name);
        self.few.iter().any(|(known, _)| *known == name) || self.is_among_others(name)
    }

    fn is_among_others(&self, name: Name<'a>) -> bool {
        !self.others.is_empty() && self.others.contains_key(&name)
    }
}

impl PartialEq for Name<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(other.0)
    }
}

impl Eq for Name<'_> {}

impl Hash for Name<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // Long names that begin alike are told apart by `eq`.
        for byte in self.0.bytes().take(64) {
            state.write_u8(byte.to_ascii_lowercase());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_in_every_spelling() {
        for (prefix, address, expected) in [
            ("", "http://www.w3.org/2005/Atom", Space::Atom),
            ("", "https://www.w3.org/2005/atom/", Space::Atom),
            ("x", "http://purl.org/atom/ns#", Space::Atom),
            ("r", "http://purl.org/rss/1.0/", Space::Core),
            ("", "http://purl.org/rss/2.0/", Space::Core),
            ("c", "http://purl.org/rss/1.0/modules/content/", Space::Content),
            ("m", "http://search.yahoo.com/mrss", Space::Media),
            ("", "http://unknown.example/", Space::Core),
            ("dc", "http://unknown.example/", Space::Dc),
            ("z", "http://unknown.example/", Space::Other),
        ] {
            let mut spaces = Spaces::default();
            let name = if prefix.is_empty() {
                "xmlns".to_owned()
            } else {
                format!("xmlns:{prefix}")
            };
            let element = if prefix.is_empty() {
                "a".to_owned()
            } else {
                format!("{prefix}:a")
            };
            spaces.declare(1, &[(&name, address)]);
            assert_eq!(spaces.resolve(&element), (expected, "a"), "{prefix} {address}");
        }
    }

    #[test]
    fn open_names_are_counted_whether_few_or_many() {
        let names: Vec<String> = (0..40).map(|i| format!("Name-{i}")).collect();
        let lower: Vec<String> = names.iter().map(|name| name.to_lowercase()).collect();
        let mut open = OpenNames::default();
        let mut counts = [0_usize; 40];
        let mut dice = 7_u64;
        for _ in 0..5000 {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let at = usize::try_from(dice >> 40).unwrap() % 40;
            // More are closed than opened, so that few and many take turns.
            if dice >> 62 == 0 || counts.iter().sum::<usize>() < 3 {
                open.open(&names[at]);
                counts[at] += 1;
            } else if dice >> 62 == 1 {
                for (name, count) in names.iter().zip(&mut counts).take(at) {
                    open.open(name);
                    *count += 1;
                }
            } else {
                for (name, count) in lower.iter().zip(&mut counts).skip(at / 2) {
                    open.close(name);
                    *count = count.saturating_sub(1);
                }
            }
            for (name, count) in lower.iter().zip(&counts) {
                assert_eq!(open.contains(name), *count > 0, "{name}");
            }
        }
    }

    #[test]
    fn the_innermost_declaration_counts_until_its_element_ends() {
        let mut spaces = Spaces::default();
        assert_eq!(spaces.resolve("content:encoded").0, Space::Content, "undeclared");
        spaces.declare(1, &[("xmlns", "http://www.w3.org/2005/Atom"), ("XMLNS", "x")]);
        spaces.declare(2, &[("xmlns", "http://www.w3.org/1999/xhtml")]);
        assert_eq!(spaces.resolve("p").0, Space::Xhtml);
        spaces.leave(2);
        assert_eq!(spaces.resolve("title").0, Space::Atom);
        spaces.leave(1);
        assert_eq!(spaces.resolve("title").0, Space::Core);
    }
}
