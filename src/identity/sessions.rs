//! Finds query parameters that carry a session, by what they do: nearly all links of a feed have another value at each poll,
//! and without it they are the links of the poll before.
//!
//! Parameters that are known by name (`PHPSESSID`) never get here: `link` leaves them out of keys.

use std::collections::{HashMap, HashSet};

use url::Url;

use super::fingerprint::hash_of;
use super::is_specific;
use crate::link;
use crate::model::Entry;

/// Parameters of a document that may carry a session, at most: those that most links have.
const MAX_CANDIDATES: usize = 3;

/// Links of a document that are remembered until the next poll.
const MAX_REMEMBERED: usize = 500;

/// Bytes of a remembered link: the hash of the link without some parameters, and that of their values.
const RECORD: usize = 12;

/// Links with another value from which on a parameter is judged.
const MIN_CHANGED: usize = 2;

/// What a document says about sessions in its links.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionSearch {
    /// Parameters that turned out to carry a session.
    pub found: Vec<String>,
    /// What is remembered of the links, to compare the next document with.
    pub memory: Vec<u8>,
}

/// Judges a document. `before`: the `memory` of the previous one; `known`: parameters that were found already.
pub fn find_sessions(entries: &[Entry], before: &[u8], known: &[String]) -> SessionSearch {
    let links = || entries.iter().filter_map(|entry| entry.link.as_ref());
    // Most feeds end here: few links have a query.
    if links().filter(|link| link.query().is_some()).count() * 4 < entries.len() {
        return SessionSearch::default();
    }
    let links: Vec<&Url> = links().filter(|link| is_specific(link)).collect();
    let mut candidates = common_parameters(&links, known);
    if candidates.is_empty() {
        return SessionSearch::default();
    }
    let before: HashMap<u64, u32> = before.as_chunks::<RECORD>().0.iter().map(read_record).collect();
    let found = subsets(&candidates).into_iter().find(|names| is_session(&links, names, known, &before));
    let found = found.unwrap_or_default();
    candidates.retain(|name| !found.contains(name));
    let left_out: Vec<String> = known.iter().chain(&found).cloned().collect();
    let mut memory = Vec::new();
    for names in subsets(&candidates) {
        for (link, values) in records(&links, &names, &left_out).into_iter().take(MAX_REMEMBERED) {
            memory.extend(link.to_be_bytes());
            memory.extend(values.to_be_bytes());
        }
    }
    SessionSearch { found, memory }
}

/// The `key_from_url` that names the pages of these links whatever their session: by another parameter that differs in each of
/// them, else by what is before the query.
pub fn key_pattern<'a>(links: impl IntoIterator<Item = &'a Url>, session: &[String]) -> String {
    let links: Vec<&Url> = links.into_iter().collect();
    let is_of_page = |name: &String| {
        let values: Vec<&str> = links.iter().filter_map(|link| link::parameter(link, name)).collect();
        values.len() > 1 && values.iter().collect::<HashSet<_>>().len() == values.len()
    };
    let name = common_parameters(&links, session).into_iter().find(is_of_page);
    name.map_or_else(|| "^[^?;]+".to_owned(), |name| format!("[?&]{}=([^&#]+)", regex::escape(&name)))
}

/// Parameters that more than half of the links have, the most frequent first.
fn common_parameters(links: &[&Url], known: &[String]) -> Vec<String> {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for link in links.iter().filter(|link| link.query().is_some()) {
        let names: HashSet<&str> = link::parameter_names(link).collect();
        for name in names {
            *counts.entry(name).or_default() += 1;
        }
    }
    let mut common: Vec<(usize, &str)> = counts
        .into_iter()
        .filter(|(name, count)| count * 2 > links.len() && !known.iter().any(|known| known == name))
        .map(|(name, count)| (links.len() - count, name))
        .collect();
    common.sort_unstable();
    common.into_iter().take(MAX_CANDIDATES).map(|(_, name)| name.to_owned()).collect()
}

/// All sets of some names, the smallest first: a session may be in two parameters.
fn subsets(names: &[String]) -> Vec<Vec<String>> {
    let mut sets: Vec<Vec<String>> = (1_usize..1 << names.len())
        .map(|set| {
            (0..).zip(names).filter(|(bit, _)| set >> bit & 1 == 1).map(|(_, name)| name.clone()).collect()
        })
        .collect();
    sets.sort_by_key(Vec::len);
    sets
}

/// Of each link that has all of these parameters: a hash of it without them, and one of their values.
fn records(links: &[&Url], names: &[String], left_out: &[String]) -> Vec<(u64, u32)> {
    let without: Vec<String> = left_out.iter().chain(names).cloned().collect();
    let set = names.join("&");
    links
        .iter()
        .filter_map(|link| {
            let values: Option<Vec<&str>> = names.iter().map(|name| link::parameter(link, name)).collect();
            let key = link::key(&link::without_parameters(link, &without));
            let values = hash_of(&values?.join("&"));
            Some((hash_of(&format!("{set} {key}")), u32::try_from(values >> 32).unwrap_or_default()))
        })
        .collect()
}

fn read_record(bytes: &[u8; RECORD]) -> (u64, u32) {
    let (link, values) = bytes.split_at(8);
    let number = |bytes: &[u8]| bytes.iter().fold(0, |number: u64, byte| number << 8 | u64::from(*byte));
    (number(link), u32::try_from(number(values)).unwrap_or_default())
}

/// Whether nearly all links that were there before have other values of these parameters, and the links are as many without
/// them.
fn is_session(links: &[&Url], names: &[String], known: &[String], before: &HashMap<u64, u32>) -> bool {
    let (mut common, mut changed) = (0, 0);
    for (link, values) in records(links, names, known) {
        if let Some(other) = before.get(&link) {
            common += 1;
            changed += usize::from(*other != values);
        }
    }
    if changed < MIN_CHANGED || changed * 20 < common * 19 {
        return false;
    }
    let distinct = |without: &[String]| {
        let keys = links.iter().map(|link| link::key(&link::without_parameters(link, without)));
        keys.collect::<HashSet<String>>().len()
    };
    let without: Vec<String> = known.iter().chain(names).cloned().collect();
    distinct(&without) == distinct(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feed(links: &[String]) -> Vec<Entry> {
        let entry = |link: &String| Entry { link: link::web_url(link), ..Entry::default() };
        links.iter().map(entry).collect()
    }

    /// What the last of two documents shows, each of five links that `link` makes of their number and the poll.
    fn found(link: impl Fn(usize, usize) -> String) -> Vec<String> {
        let document = |poll: usize| feed(&(0..5).map(|n| link(n, poll)).collect::<Vec<_>>());
        let first = find_sessions(&document(1), &[], &[]);
        assert_eq!(first.found, Vec::<String>::new());
        find_sessions(&document(2), &first.memory, &[]).found
    }

    #[test]
    fn a_parameter_with_another_value_at_each_poll_carries_a_session() {
        let none: [&str; 0] = [];
        assert_eq!(found(|n, poll| format!("https://paper.example/{n}?zz={poll}")), ["zz"]);
        assert_eq!(found(|n, poll| format!("https://paper.example/a?id={n}&zz={poll}{n}")), ["zz"]);
        assert_eq!(
            found(|n, poll| format!("https://paper.example/a?id={n}&y=a{poll}&zz={poll}")),
            ["y", "zz"]
        );
        // It chooses the page; it is the same at each poll; only some links have it; only some of them changed.
        assert_eq!(found(|n, poll| format!("https://paper.example/a?id={}", n + 5 * poll)), none);
        assert_eq!(found(|n, _| format!("https://paper.example/a?id={n}&zz=1")), none);
        assert_eq!(
            found(|n, poll| if n < 2 {
                format!("https://paper.example/{n}?zz={poll}")
            } else {
                format!("https://paper.example/{n}")
            }),
            none
        );
        assert_eq!(
            found(|n, poll| format!("https://paper.example/{n}?v={}", if n < 2 { poll } else { 1 })),
            none
        );
        assert_eq!(found(|n, _| format!("https://paper.example/{n}")), none);
        // Without it, two links would be one.
        assert_eq!(found(|n, poll| format!("https://paper.example/{}?page={}", n / 2, n + poll)), none);
    }

    #[test]
    fn what_was_found_is_not_looked_for_again() {
        let document = |poll: usize| {
            feed(&(0..5).map(|n| format!("https://paper.example/{n}?zz={poll}")).collect::<Vec<_>>())
        };
        let known = ["zz".to_owned()];
        assert_eq!(find_sessions(&document(1), &[], &known), SessionSearch::default());
    }

    #[test]
    fn the_pattern_names_the_parameter_that_chooses_the_page() {
        let links = |text: &dyn Fn(usize) -> String| -> Vec<Url> {
            (0..4).map(|n| link::web_url(&text(n)).unwrap()).collect()
        };
        let session = ["zz".to_owned()];
        let by_id = links(&|n| format!("https://paper.example/a?c=3&id={n}&zz=9"));
        assert_eq!(key_pattern(&by_id, &session), "[?&]id=([^&#]+)");
        let by_path = links(&|n| format!("https://paper.example/{n}?c=3&zz=9"));
        assert_eq!(key_pattern(&by_path, &session), "^[^?;]+");
    }
}
