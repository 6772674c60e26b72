//! How far the ids of a feed can be relied on.
//!
//! Most feeds name their entries well. Some leave names out, give one name to several, or think of new ones with every
//! poll: taken at their word, they lose entries or double them. Where more than one name in twenty is bad, the whole
//! feed is known by its links, and where those are no better, by titles and dates; it stays so.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::hash_map::Entry as Slot;
use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::link;
use crate::model::{Entry, EntryIdentifier};

/// One in so many may be bad.
const ONE_IN: usize = 20;

/// Entries of a document that are remembered until the next.
const REMEMBERED: usize = 500;

/// What a document shows of its names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentifierChoice {
    /// By what its entries can be known.
    pub by: EntryIdentifier,
    /// Why not by something better, as a phrase.
    pub why: Option<String>,
    /// Links and ids of this document, for the next: pairs of hashes.
    pub names: Vec<u8>,
}

/// Judges a document. `before` are the names of the one before.
pub fn choose_identifier(entries: &[Entry], before: &[u8]) -> IdentifierChoice {
    let names = names(entries);
    let mut trust = IdentifierChoice {
        by: EntryIdentifier::Id,
        why: None,
        names: Vec::new(),
    };
    if let Some(why) = bad_ids(entries).or_else(|| changed(before, &names)) {
        trust.by = EntryIdentifier::Link;
        trust.why = Some(why);
        if let Some(why) = bad_links(entries) {
            trust.by = EntryIdentifier::Title;
            trust.why = Some(why);
        }
    }
    for (link, id) in names.into_iter().take(REMEMBERED) {
        trust.names.extend(link.to_be_bytes());
        trust.names.extend(id.to_be_bytes());
    }
    trust
}

fn is_many(bad: usize, of: usize) -> bool {
    bad * ONE_IN > of
}

/// Ids that are missing, or the same for entries with different links or titles.
fn bad_ids(entries: &[Entry]) -> Option<String> {
    let missing = entries.iter().filter(|entry| id(entry).is_none()).count();
    let doubled = shared(entries, id, link_or_title)
        .iter()
        .map(|(_, count)| count)
        .sum();
    told("ids", missing, doubled, entries.len())
}

/// Links that are missing, or the same for entries with different titles.
fn bad_links(entries: &[Entry]) -> Option<String> {
    let key = |entry: &Entry| entry.link.as_ref().map(|link| Cow::from(link::key(link)));
    let missing = entries.iter().filter(|entry| entry.link.is_none()).count();
    let doubled = shared(entries, key, |entry| entry.title.clone())
        .iter()
        .map(|(_, count)| count)
        .sum();
    told("ids and links", missing, doubled, entries.len())
}

fn told(what: &str, missing: usize, doubled: usize, of: usize) -> Option<String> {
    is_many(missing + doubled, of).then(|| match (missing, doubled) {
        (missing, 0) => format!("{missing} of {of} {what} are missing"),
        (0, doubled) => format!("{doubled} of {of} {what} are not the entry's own"),
        _ => format!("{missing} of {of} {what} are missing, {doubled} are not the entry's own"),
    })
}

/// Ids that a document gives to several entries: even where they are few, they name none of them.
pub fn shared_ids(entries: &[Entry]) -> HashSet<String> {
    shared(entries, id, link_or_title)
        .into_iter()
        .map(|(id, _)| id)
        .collect()
}

fn id(entry: &Entry) -> Option<Cow<'_, str>> {
    entry
        .id
        .as_deref()
        .filter(|id| !id.trim().is_empty())
        .map(Cow::from)
}

/// What tells entries of one name apart; a front page tells nothing.
fn link_or_title(entry: &Entry) -> Option<String> {
    let link = entry.link.as_ref().filter(|link| !link::is_front_page(link));
    link.map(link::key).or_else(|| entry.title.clone())
}

/// Entries of one name.
struct Named<'a> {
    first: &'a Entry,
    /// What the first is; not looked at while it is the only one.
    is: OnceCell<Option<String>>,
    alike: bool,
    count: usize,
}

/// Names that entries share which are not the same, and how many entries have each.
fn shared<'a>(
    entries: &'a [Entry],
    name: impl Fn(&'a Entry) -> Option<Cow<'a, str>>,
    other: impl Fn(&Entry) -> Option<String>,
) -> Vec<(String, usize)> {
    let mut seen: HashMap<Cow<'a, str>, Named<'a>> = HashMap::with_capacity(entries.len());
    for entry in entries {
        let Some(name) = name(entry) else { continue };
        match seen.entry(name) {
            Slot::Vacant(slot) => {
                slot.insert(Named {
                    first: entry,
                    is: OnceCell::new(),
                    alike: true,
                    count: 1,
                });
            }
            Slot::Occupied(slot) => {
                let named = slot.into_mut();
                named.count += 1;
                let is = named.is.get_or_init(|| other(named.first));
                named.alike = named.alike && *is == other(entry);
            }
        }
    }
    seen.into_iter()
        .filter(|(_, named)| !named.alike)
        .map(|(name, named)| (name.into_owned(), named.count))
        .collect()
}

/// Links that lead to one entry only, with its id.
fn names(entries: &[Entry]) -> Vec<(u64, u64)> {
    let mut by_link: HashMap<String, (usize, Option<&str>, usize)> = HashMap::new();
    for (position, entry) in entries.iter().enumerate() {
        if let Some(link) = &entry.link {
            by_link
                .entry(link::key(link))
                .or_insert((position, entry.id.as_deref(), 0))
                .2 += 1;
        }
    }
    let mut names: Vec<(usize, u64, u64)> = by_link
        .iter()
        .filter_map(|(link, (position, id, count))| {
            (*count == 1).then_some((*position, hash(link), hash((*id)?)))
        })
        .collect();
    names.sort_unstable();
    names.into_iter().map(|(_, link, id)| (link, id)).collect()
}

fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

/// Whether entries that were there before have other ids now.
fn changed(before: &[u8], names: &[(u64, u64)]) -> Option<String> {
    let number = |bytes: &[u8]| Some(u64::from_be_bytes(bytes.try_into().ok()?));
    let before: HashMap<u64, u64> = before
        .as_chunks::<16>()
        .0
        .iter()
        .filter_map(|pair| {
            let (link, id) = pair.split_at_checked(8)?;
            Some((number(link)?, number(id)?))
        })
        .collect();
    let (mut common, mut changed) = (0, 0);
    for (link, id) in names {
        if let Some(known) = before.get(link) {
            common += 1;
            changed += usize::from(known != id);
        }
    }
    // One entry that was renamed proves nothing.
    (changed > 1 && is_many(changed, common))
        .then(|| format!("{changed} of {common} ids have changed since the last poll"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(id: &str, path: &str, title: &str) -> Entry {
        Entry {
            id: Some(id.to_owned()).filter(|id| !id.is_empty()),
            link: link::web_url(&format!("https://paper.example{path}")).filter(|_| !path.is_empty()),
            title: Some(title.to_owned()),
            ..Entry::default()
        }
    }

    /// So many good entries after the odd ones.
    fn with_good(mut odd: Vec<Entry>, good: usize) -> Vec<Entry> {
        odd.extend((0..good).map(|n| entry(&format!("g{n}"), &format!("/g{n}"), &format!("G {n}"))));
        odd
    }

    #[test]
    fn one_in_twenty_may_be_bad() {
        let odd = || vec![entry("", "/a", "A")];
        assert_eq!(
            choose_identifier(&with_good(odd(), 19), &[]).by,
            EntryIdentifier::Id
        );
        let judged = choose_identifier(&with_good(odd(), 18), &[]);
        assert_eq!(
            (judged.by, judged.why.as_deref()),
            (EntryIdentifier::Link, Some("1 of 19 ids are missing"))
        );
        let odd = vec![entry("1", "/a", "A"), entry("1", "/b", "B")];
        let judged = choose_identifier(&with_good(odd, 3), &[]);
        assert_eq!(judged.why.as_deref(), Some("2 of 5 ids are not the entry's own"));
        assert_eq!(
            shared_ids(&[
                entry("1", "/a", "A"),
                entry("1", "/b", "B"),
                entry("2", "/c", "C")
            ]),
            HashSet::from(["1".to_owned()])
        );
        // The same entry twice is a doubled entry, not a doubled id.
        let odd = vec![entry("1", "/a", "A"), entry("1", "/a", "A")];
        assert_eq!(choose_identifier(&with_good(odd, 3), &[]).by, EntryIdentifier::Id);
        assert_eq!(choose_identifier(&[], &[]).by, EntryIdentifier::Id);
    }

    #[test]
    fn links_that_are_no_better_give_way_to_titles() {
        let front = |n: usize| entry("x", "/", &format!("Title {n}"));
        let judged = choose_identifier(&(0..4).map(front).collect::<Vec<_>>(), &[]);
        assert_eq!(
            (judged.by, judged.why.as_deref()),
            (
                EntryIdentifier::Title,
                Some("4 of 4 ids and links are not the entry's own")
            )
        );
    }

    #[test]
    fn ids_that_change_with_every_poll_are_seen_by_their_links() {
        let poll = |turn: usize| -> Vec<Entry> {
            (0..10)
                .map(|n| entry(&format!("{turn}-{n}"), &format!("/{n}"), "T"))
                .collect()
        };
        let first = choose_identifier(&poll(1), &[]);
        assert_eq!(first.by, EntryIdentifier::Id);
        let second = choose_identifier(&poll(2), &first.names);
        assert_eq!(
            (second.by, second.why.as_deref()),
            (
                EntryIdentifier::Link,
                Some("10 of 10 ids have changed since the last poll")
            )
        );
        assert_eq!(choose_identifier(&poll(2), &second.names).by, EntryIdentifier::Id);
        // One that was renamed is one that was renamed.
        let mut renamed = poll(1);
        renamed[0].id = Some("new".to_owned());
        assert_eq!(choose_identifier(&renamed, &first.names).by, EntryIdentifier::Id);
    }
}
