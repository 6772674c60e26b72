//! Decides whether the ids of a feed can be relied on.
//!
//! Most feeds give each entry an id of its own. Some leave ids out, give one to several entries, or make new ones with every
//! poll: by such ids entries would be lost or stored twice. Where more than one id in twenty is bad, links identify the
//! entries of the whole feed, and where those are no better, titles and dates. `poll` keeps the choice from then on.

use std::borrow::Cow;
use std::collections::hash_map::Entry as Slot;
use std::collections::{HashMap, HashSet};

use super::fingerprint::{Fingerprint, hash_of};
use crate::link;
use crate::model::{Entry, EntryIdentifier, Timestamp};

/// One id in so many may be bad.
const TOLERANCE: usize = 20;

/// Entries of a document that are remembered until the next poll.
const MAX_REMEMBERED: usize = 500;

/// What identifies the entries of a feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentifierChoice {
    /// The strongest identifier that can be relied on.
    pub by: EntryIdentifier,
    /// Why it is none stronger, as a phrase.
    pub why: Option<String>,
    /// Links and ids of this document, to compare the next one with: pairs of 64-bit hashes, big-endian.
    pub names: Vec<u8>,
}

/// Judges a document. `before`: the `names` of the previous document; `session`: parameters that carry a session.
pub fn choose_identifier(entries: &[Entry], before: &[u8], session: &[String]) -> IdentifierChoice {
    let names = link_and_id_hashes(entries, session);
    let mut choice = IdentifierChoice { by: EntryIdentifier::Id, why: None, names: Vec::new() };
    if let Some(why) = bad_ids(entries).or_else(|| changed_ids(before, &names)) {
        choice.by = EntryIdentifier::Link;
        choice.why = Some(why);
        if let Some(why) = bad_links(entries) {
            choice.by = EntryIdentifier::Title;
            choice.why = Some(why);
        }
    }
    for (link, id) in names.into_iter().take(MAX_REMEMBERED) {
        choice.names.extend(link.to_be_bytes());
        choice.names.extend(id.to_be_bytes());
    }
    choice
}

fn exceeds_tolerance(bad: usize, of: usize) -> bool {
    bad * TOLERANCE > of
}

/// Says how many ids are missing, or the same for entries with different links or titles, where they are too many.
fn bad_ids(entries: &[Entry]) -> Option<String> {
    let missing = entries.iter().filter(|entry| id(entry).is_none()).count();
    let ambiguous =
        ambiguous(entries.iter().map(|entry| (id(entry), entry)), have_different_names).values().sum();
    verdict("ids", missing, ambiguous, entries.len())
}

/// The same of links, and entries with different titles.
fn bad_links(entries: &[Entry]) -> Option<String> {
    let key = |entry: &Entry| entry.link.as_ref().map(|link| Cow::from(link::key(link)));
    let missing = entries.iter().filter(|entry| entry.link.is_none()).count();
    let named = entries.iter().map(|entry| (key(entry), entry));
    let ambiguous = ambiguous(named, |one, other| one.title != other.title).values().sum();
    verdict("ids and links", missing, ambiguous, entries.len())
}

fn verdict(what: &str, missing: usize, ambiguous: usize, of: usize) -> Option<String> {
    exceeds_tolerance(missing + ambiguous, of).then(|| match (missing, ambiguous) {
        (missing, 0) => format!("{missing} of {of} {what} are missing"),
        (0, ambiguous) => format!("{ambiguous} of {of} {what} are not the entry's own"),
        _ => format!("{missing} of {of} {what} are missing, {ambiguous} are not the entry's own"),
    })
}

/// Ids that several different entries of a document have. Even where they are few, they identify none of them.
pub fn shared_ids(entries: &[Entry]) -> HashSet<String> {
    ambiguous(entries.iter().map(|entry| (id(entry), entry)), have_different_names).into_keys().collect()
}

/// Idents that are links, and that entries with different titles or dates have in common.
pub fn shared_links(entries: &[Entry], idents: &[(EntryIdentifier, String)]) -> HashSet<String> {
    let named = entries.iter().zip(idents).map(|(entry, (_, ident))| {
        let link = Some(&**ident).filter(|ident| ident.starts_with(super::LINK_IDENT));
        (link.map(Cow::from), entry)
    });
    ambiguous(named, |one, other| one.title != other.title || date(one) != date(other)).into_keys().collect()
}

fn date(entry: &Entry) -> Option<Timestamp> {
    entry.printed_date()
}

fn id(entry: &Entry) -> Option<Cow<'_, str>> {
    let id = entry.id.as_deref().filter(|id| !id.trim().is_empty());
    id.map(Cow::from)
}

/// Whether entries that have one id are different all the same: by their links, or by title, date and text. A link to a front
/// page distinguishes nothing.
fn have_different_names(one: &Entry, other: &Entry) -> bool {
    let link = |entry: &Entry| entry.link.as_ref().filter(|link| !link::is_front_page(link)).map(link::key);
    let prints = || (Fingerprint::of(one, &[]), Fingerprint::of(other, &[]));
    match (link(one), link(other)) {
        (None, None) => one.title != other.title,
        (one_link, other_link) if one_link != other_link => true,
        _ if one.title != other.title => {
            let (one, other) = prints();
            (one.dated.is_none() || one.dated != other.dated) && !one.has_text_of(&other)
        }
        _ if one.published.is_some() && one.published != other.published => {
            let (one, other) = prints();
            other.dated.is_some() && one.has_other_text(&other)
        }
        _ => false,
    }
}

/// The entries with one name.
struct SameName<'a> {
    first: &'a Entry,
    all_equal: bool,
    count: usize,
}

/// Names that different entries have in common, and the number of entries with each.
fn ambiguous<'a>(
    entries: impl Iterator<Item = (Option<Cow<'a, str>>, &'a Entry)>,
    are_different: impl Fn(&Entry, &Entry) -> bool,
) -> HashMap<String, usize> {
    let mut names: HashMap<Cow<'a, str>, SameName<'a>> = HashMap::with_capacity(entries.size_hint().0);
    for (name, entry) in entries {
        let Some(name) = name else { continue };
        match names.entry(name) {
            Slot::Vacant(slot) => {
                slot.insert(SameName { first: entry, all_equal: true, count: 1 });
            }
            Slot::Occupied(slot) => {
                let same = slot.into_mut();
                same.count += 1;
                same.all_equal = same.all_equal && !are_different(same.first, entry);
            }
        }
    }
    names
        .into_iter()
        .filter(|(_, same)| !same.all_equal)
        .map(|(name, same)| (name.into_owned(), same.count))
        .collect()
}

/// Hashes of the links that only one entry has, and of its id, in the order of the document.
fn link_and_id_hashes(entries: &[Entry], session: &[String]) -> Vec<(u64, u64)> {
    // By link: position and id of the first entry, and the number of entries.
    let mut by_link: HashMap<String, (usize, Option<&str>, usize)> = HashMap::new();
    for (position, entry) in entries.iter().enumerate() {
        if let Some(link) = &entry.link {
            let key = link::key(&link::without_parameters(link, session));
            by_link.entry(key).or_insert((position, entry.id.as_deref(), 0)).2 += 1;
        }
    }
    let mut hashes: Vec<(usize, u64, u64)> = by_link
        .iter()
        .filter(|(_, (_, _, count))| *count == 1)
        .filter_map(|(link, (position, id, _))| {
            Some((*position, hash_of(link), hash_of(&super::id_without_session((*id)?, session))))
        })
        .collect();
    hashes.sort_unstable();
    hashes.into_iter().map(|(_, link, id)| (link, id)).collect()
}

/// Says how many entries of the previous document have other ids now, where they are too many.
fn changed_ids(before: &[u8], names: &[(u64, u64)]) -> Option<String> {
    let numbers: Vec<u64> = before.as_chunks().0.iter().map(|bytes| u64::from_be_bytes(*bytes)).collect();
    let before: HashMap<u64, u64> = numbers.as_chunks().0.iter().map(|&[link, id]| (link, id)).collect();
    let (mut common, mut changed) = (0, 0);
    for (link, id) in names {
        if let Some(known) = before.get(link) {
            common += 1;
            changed += usize::from(known != id);
        }
    }
    // A single new id proves nothing.
    (changed > 1 && exceeds_tolerance(changed, common))
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
        assert_eq!(choose_identifier(&with_good(odd(), 19), &[], &[]).by, EntryIdentifier::Id);
        let judged = choose_identifier(&with_good(odd(), 18), &[], &[]);
        assert_eq!(
            (judged.by, judged.why.as_deref()),
            (EntryIdentifier::Link, Some("1 of 19 ids are missing"))
        );
        let odd = vec![entry("1", "/a", "A"), entry("1", "/b", "B")];
        let judged = choose_identifier(&with_good(odd, 3), &[], &[]);
        assert_eq!(judged.why.as_deref(), Some("2 of 5 ids are not the entry's own"));
        assert_eq!(
            shared_ids(&[entry("1", "/a", "A"), entry("1", "/b", "B"), entry("2", "/c", "C")]),
            HashSet::from(["1".to_owned()])
        );
        // The same entry twice is a doubled entry, not a doubled id.
        let odd = vec![entry("1", "/a", "A"), entry("1", "/a", "A")];
        assert_eq!(choose_identifier(&with_good(odd, 3), &[], &[]).by, EntryIdentifier::Id);
        assert_eq!(choose_identifier(&[], &[], &[]).by, EntryIdentifier::Id);
    }

    #[test]
    fn an_id_and_a_link_that_all_entries_have_identify_none() {
        let dated = |title: &str, day: u32, text: &str| Entry {
            published: chrono::NaiveDate::from_ymd_opt(2026, 11, day).map(Timestamp::date),
            summary: Some(text.to_owned()),
            ..entry("N/A", "/N/A", title)
        };
        let undated = |title: &str, text: &str| Entry { published: None, ..dated(title, 1, text) };
        for (what, one, other, differ) in [
            ("other titles", entry("N/A", "/N/A", "A"), entry("N/A", "/N/A", "B"), true),
            ("other texts too", undated("A", "a"), undated("B", "b"), true),
            ("the same text", undated("A", "a"), undated("B", "a"), false),
            ("the same date: a corrected title", dated("A", 1, "a"), dated("B", 1, "b"), false),
            ("another date", dated("A", 1, "a"), dated("B", 2, "b"), true),
            ("one title, other dates and texts", dated("A", 1, "a"), dated("A", 2, "b"), true),
            ("one title and text", dated("A", 1, "a"), dated("A", 2, "a"), false),
        ] {
            assert_eq!(!shared_ids(&[one, other]).is_empty(), differ, "{what}");
        }
        let judged = choose_identifier(&[undated("A", "a"), undated("B", "b"), undated("C", "c")], &[], &[]);
        assert_eq!(judged.by, EntryIdentifier::Title);
    }

    #[test]
    fn titles_identify_entries_where_links_are_no_better() {
        let front = |n: usize| entry("x", "/", &format!("Title {n}"));
        let judged = choose_identifier(&(0..4).map(front).collect::<Vec<_>>(), &[], &[]);
        assert_eq!(
            (judged.by, judged.why.as_deref()),
            (EntryIdentifier::Title, Some("4 of 4 ids and links are not the entry's own"))
        );
    }

    #[test]
    fn ids_that_change_with_every_poll_are_seen_by_their_links() {
        let poll = |turn: usize| -> Vec<Entry> {
            (0..10).map(|n| entry(&format!("{turn}-{n}"), &format!("/{n}"), "T")).collect()
        };
        let first = choose_identifier(&poll(1), &[], &[]);
        assert_eq!(first.by, EntryIdentifier::Id);
        let second = choose_identifier(&poll(2), &first.names, &[]);
        assert_eq!(
            (second.by, second.why.as_deref()),
            (EntryIdentifier::Link, Some("10 of 10 ids have changed since the last poll"))
        );
        assert_eq!(choose_identifier(&poll(2), &second.names, &[]).by, EntryIdentifier::Id);
        // One that was renamed is one that was renamed.
        let mut renamed = poll(1);
        renamed[0].id = Some("new".to_owned());
        assert_eq!(choose_identifier(&renamed, &first.names, &[]).by, EntryIdentifier::Id);
    }
}
