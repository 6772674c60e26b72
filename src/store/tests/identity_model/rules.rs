//! The rules as a model over sets: see the specification in [`super`].

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Duration, Utc};

use super::web::Words;
use crate::link;
use crate::model::{Key, KeyKind, Proof};

/// A page, as the model knows it. By its page key.
#[derive(Clone, Debug)]
pub(super) struct Sheet {
    pub(super) site: String,
    /// Its URL.
    pub(super) address: String,
    /// What its own server last gave; `None` for an address that was never fetched.
    pub(super) fetched: Option<Fetched>,
    /// What feeds said under the address, the earliest source first.
    pub(super) said: Vec<Said>,
    pub(super) keys: BTreeSet<PageKeyRow>,
    /// Addresses of other sites that it claims.
    pub(super) claims: BTreeSet<String>,
    /// Whether its article was deleted or pruned.
    pub(super) dead: Option<Dead>,
    /// The source that its text comes from, and whether that one's feed is of its site.
    pub(super) owner: (usize, bool),
}

/// A key of a page.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PageKeyRow {
    pub(super) key: String,
    pub(super) kind: KeyKind,
    pub(super) is_proved: bool,
    pub(super) is_response: bool,
}

impl From<&Key> for PageKeyRow {
    fn from(key: &Key) -> Self {
        Self {
            key: key.key.clone(),
            kind: key.kind,
            is_proved: key.proof != Proof::None,
            is_response: key.proof == Proof::Response,
        }
    }
}

/// A text that was fetched.
#[derive(Clone, Debug)]
pub(super) struct Fetched {
    pub(super) words: Words,
    pub(super) at: DateTime<Utc>,
    /// Its canonical URL where that is of its own site, else the URL that served it.
    pub(super) url: String,
    pub(super) served: String,
}

impl Fetched {
    /// The key of the URL that is shown.
    pub(super) fn canonical_key(&self) -> String {
        link::key(&link::web_url(&self.url).unwrap())
    }
}

/// What a source said in its feed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Said {
    pub(super) source: usize,
    pub(super) words: Words,
    pub(super) is_own: bool,
}

/// Whose text is shown: the highest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    /// The feed of another site.
    Stranger,
    /// The feed of the page's site, whose source could not fetch the page.
    OwnFallback,
    /// A page that a source of another site fetched.
    Fetched,
    /// The feed of the page's site, whose source wants no page.
    OwnFeed,
    /// A page that a source of its site fetched.
    OwnPage,
}

/// Why a page has no article.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Dead {
    /// Deleted by a person.
    Deleted,
    /// Kept no longer by these sources.
    Expired(BTreeSet<usize>),
}

/// All pages, and the keys that turned out to be shared.
#[derive(Clone, Debug, Default)]
pub(super) struct Rules {
    pub(super) sheets: BTreeMap<String, Sheet>,
    pub(super) shared: BTreeSet<String>,
}

/// An article: the page keys of its pages.
pub(super) type Group = BTreeSet<String>;

impl Sheet {
    /// The words that stand for the page: its own, else those of its own site's feed, else those of the earliest feed.
    pub(super) fn words(&self) -> Option<Words> {
        self.fetched.as_ref().map(|fetched| fetched.words).or_else(|| self.said().map(|said| said.words))
    }

    /// What is shown while no page was fetched.
    pub(super) fn said(&self) -> Option<Said> {
        self.said.iter().find(|said| said.is_own).or_else(|| self.said.first()).copied()
    }

    fn rows<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a PageKeyRow> {
        self.keys.iter().filter(move |row| row.key == key)
    }

    fn is_served_at(&self, key: &str) -> bool {
        self.rows(key).any(|row| row.is_response && row.kind != KeyKind::FromUrl)
    }
}

impl Rules {
    /// Notes which keys of a page it and other pages contradict.
    pub(super) fn judge(&mut self, page: &str) {
        let own = &self.sheets[page];
        let keys: BTreeSet<&str> = own.keys.iter().map(|row| row.key.as_str()).collect();
        let found: Vec<String> =
            keys.into_iter().filter(|key| self.is_contradicted(page, key)).map(str::to_owned).collect();
        self.shared.extend(found);
    }

    fn is_contradicted(&self, page: &str, key: &str) -> bool {
        let others: Vec<&String> = self
            .sheets
            .iter()
            .filter(|(other, sheet)| {
                *other != page && sheet.dead.is_none() && sheet.rows(key).next().is_some()
            })
            .map(|(other, _)| other)
            .collect();
        others.iter().any(|other| {
            self.differ(page, other)
                && (self.is_of_one_time(page, other, key)
                    || others.iter().any(|third| self.differ(page, third) && self.differ(other, third)))
        })
    }

    /// Whether two fetched pages say that they are different articles: title and text differ, and neither is a form of the
    /// other.
    fn differ(&self, one: &str, other: &str) -> bool {
        let (a, b) = (&self.sheets[one], &self.sheets[other]);
        let is_evidence = a.fetched.is_some() && b.fetched.is_some();
        let words = a.words().zip(b.words());
        let is_form = |sheet: &Sheet, of: &str| {
            sheet.keys.iter().any(|row| row.key == of && matches!(row.kind, KeyKind::Amp | KeyKind::NextPage))
        };
        is_evidence
            && words.is_some_and(|(a, b)| a.title != b.title && a.has_other_text(b))
            && !is_form(a, other)
            && !is_form(b, one)
    }

    /// Whether two texts are of one day, where the key is only printed as canonical URL by one of the pages.
    fn is_of_one_time(&self, one: &str, other: &str, key: &str) -> bool {
        let (a, b) = (&self.sheets[one], &self.sheets[other]);
        let is_firm = |sheet: &Sheet| {
            sheet.rows(key).any(|row| !matches!(row.kind, KeyKind::Canonical | KeyKind::OgUrl))
        };
        if is_firm(a) && is_firm(b) {
            return true;
        }
        a.fetched
            .as_ref()
            .zip(b.fetched.as_ref())
            .is_none_or(|(a, b)| (a.at - b.at).abs() <= Duration::days(1))
    }

    /// Whether a row joins. A page is always the one that its final URL serves.
    fn counts(&self, row: &PageKeyRow) -> bool {
        row.kind == KeyKind::FinalUrl || !self.shared.contains(&row.key)
    }

    /// Whether a key, or the claims of both, join two fetched pages.
    fn are_one(&self, one: &str, other: &str) -> bool {
        let (a, b) = (&self.sheets[one], &self.sheets[other]);
        let (Some(words), Some(others)) = (a.words(), b.words()) else { return false };
        let agree = words.is_comparable() && others.is_comparable() || words.title == others.title;
        let has_key = a.site == b.site
            && a.keys
                .iter()
                .filter(|row| row.is_proved && self.counts(row))
                .any(|row| b.rows(&row.key).any(|theirs| theirs.is_proved && self.counts(theirs)));
        let claims = |claiming: &Sheet, claimed: &Sheet| {
            claiming
                .claims
                .iter()
                .any(|claim| claimed.is_served_at(claim) && claimed.rows(claim).any(|row| self.counts(row)))
        };
        let is_confirmed = claims(a, b)
            && claims(b, a)
            && words.is_comparable()
            && others.is_comparable()
            && !words.has_other_text(others);
        has_key && agree || is_confirmed
    }

    /// Whether a request for an address led to a fetched page.
    fn leads_to(&self, address: &str, page: &str) -> bool {
        let (address, page) = (&self.sheets[address], &self.sheets[page]);
        address
            .keys
            .iter()
            .filter(|row| self.counts(row))
            .any(|row| page.rows(&row.key).any(|theirs| theirs.is_proved && self.counts(theirs)))
    }

    /// Whether `key_from_url` joins two addresses.
    fn are_one_address(&self, one: &str, other: &str) -> bool {
        let (a, b) = (&self.sheets[one], &self.sheets[other]);
        let (Some(said), Some(others)) = (a.said(), b.said()) else { return false };
        let is_one_speaker = said.is_own && others.is_own || said.source == others.source;
        let (words, others) = (said.words, others.words);
        let agree = words.is_comparable() && others.is_comparable() && !words.has_other_text(others)
            || words.title == others.title;
        let is_pattern = |row: &&PageKeyRow| row.kind == KeyKind::FromUrl && self.counts(row);
        a.site == b.site
            && is_one_speaker
            && agree
            && a.keys.iter().filter(is_pattern).any(|row| b.rows(&row.key).any(|row| is_pattern(&row)))
    }

    /// The articles of all pages that have one.
    pub(super) fn groups(&self) -> BTreeSet<Group> {
        let alive: Vec<&String> =
            self.sheets.iter().filter(|(_, sheet)| sheet.dead.is_none()).map(|(page, _)| page).collect();
        let is_fetched = |page: &str| self.sheets[page].fetched.is_some();
        let mut groups: Vec<Group> = alive.iter().map(|&page| Group::from([page.clone()])).collect();
        // Pages first, then the addresses that lead to them, then addresses among themselves; in the order of their keys.
        for pass in 0..3 {
            for (at, one) in alive.iter().enumerate() {
                for other in &alive[at + 1..] {
                    let joins = match (pass, is_fetched(one), is_fetched(other)) {
                        (0, true, true) => self.are_one(one, other),
                        (1, true, false) => self.leads_to(other, one),
                        (1, false, true) => self.leads_to(one, other),
                        (2, false, false) => self.are_one_address(one, other),
                        _ => false,
                    };
                    if joins {
                        unite(&mut groups, one, other, |group| {
                            pass > 0 && group.iter().any(|page| is_fetched(page))
                        });
                    }
                }
            }
        }
        groups.into_iter().collect()
    }

    /// Why a page that is new has no article: it is another form of one that was deleted. One that was kept no longer is no
    /// matter of a source that never had it.
    pub(super) fn is_form_of_deleted(&self, page: &str, source: usize) -> Option<Dead> {
        let sheet = &self.sheets[page];
        let is_form = |dead: &Sheet| {
            dead.fetched.is_some()
                && dead.site == sheet.site
                && sheet.words().is_some_and(|words| {
                    !words.is_comparable() || dead.words().is_some_and(|theirs| theirs.title == words.title)
                })
                && sheet
                    .keys
                    .iter()
                    .filter(|row| row.is_proved && self.counts(row))
                    .any(|row| dead.rows(&row.key).any(|row| row.is_response && self.counts(row)))
        };
        self.sheets
            .iter()
            .filter(|(other, dead)| *other != page && is_form(dead))
            .filter_map(|(_, dead)| dead.dead.clone())
            .find(|dead| !matches!(dead, Dead::Expired(members) if !members.contains(&source)))
    }
}

/// Makes one group of the two that have these pages, unless both are `closed`.
fn unite(groups: &mut Vec<Group>, one: &str, other: &str, closed: impl Fn(&Group) -> bool) {
    let of = |page: &str| groups.iter().position(|group| group.contains(page));
    let (Some(a), Some(b)) = (of(one), of(other)) else { return };
    if a != b && !(closed(&groups[a]) && closed(&groups[b])) {
        let taken = groups[b].clone();
        groups[a].extend(taken);
        groups.remove(b);
    }
}
