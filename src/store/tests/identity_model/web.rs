//! The web of the model test: a few URLs on the sites of three publishers and a shortener, and what each answers.

use std::fmt;

use proptest::prelude::*;

use crate::link::SameSite;
use crate::model::PageLinks;
use url::Url;

/// Hosts. The first two are of one publisher.
pub(super) const HOSTS: [&str; 5] =
    ["paper.example", "paper-uk.example", "rival.example", "third.example", "sho.rt.example"];

/// The sources: the host of the feed of each. Two are of one site.
pub(super) const FEEDS: [usize; 4] = [0, 2, 3, 1];

/// Paths of each host. By `key_from_url` the first two are one article.
const PATHS: [&str; 4] = ["1", "1?form=print", "2", "go"];

/// What `key_from_url` is in some cases.
pub(super) const PATTERN: &str = r"/(\d)";

/// Titles and texts. The fourth text says what the first does, and more; the last two are too short to be compared.
pub(super) const TITLES: [&str; 3] = ["The bridge", "The ferry", "The harbour"];
const SHORT: [&str; 2] = ["A line about one thing.", "Another line about something."];
pub(super) const TEXTS: usize = 6;

/// A URL: its host and its path, by number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Address {
    pub(super) host: usize,
    pub(super) path: usize,
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", HOSTS[self.host], PATHS[self.path])
    }
}

impl Address {
    pub(super) fn url(self) -> Url {
        Url::parse(&format!("https://{}/{}", HOSTS[self.host], PATHS[self.path])).unwrap()
    }

    pub(super) fn all() -> impl Iterator<Item = Self> {
        (0..HOSTS.len()).flat_map(|host| (0..PATHS.len()).map(move |path| Self { host, path }))
    }
}

pub(super) fn same_site() -> SameSite {
    SameSite::new([["paper.example".to_owned(), "paper-uk.example".to_owned()].as_slice()])
}

/// Title and text, by number.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Words {
    pub(super) title: usize,
    pub(super) text: usize,
}

impl fmt::Debug for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "title {} text {}", self.title, self.text)
    }
}

impl Words {
    pub(super) fn title(self) -> String {
        TITLES[self.title].to_owned()
    }

    pub(super) fn text(self) -> String {
        match self.text {
            0..=2 => super::super::words(&format!("t{}x", self.text)),
            3 => super::super::words("t0x") + &super::super::words("more"),
            short => SHORT[short - 4].to_owned(),
        }
    }

    /// Whether the text has enough words to be compared.
    pub(super) fn is_comparable(self) -> bool {
        self.text < 4
    }

    /// Whether both texts can be compared, and are different.
    pub(super) fn has_other_text(self, other: Self) -> bool {
        let subject = |words: Self| words.text % 3;
        self.is_comparable() && other.is_comparable() && subject(self) != subject(other)
    }
}

/// What a URL answers.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Answer {
    Gone,
    Redirect(Address),
    Page(Words, Printed),
}

/// The addresses that a page prints of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Printed {
    pub(super) canonical: Option<Address>,
    og_url: Option<Address>,
    amp: Option<Address>,
    short_link: Option<Address>,
}

impl Printed {
    pub(super) fn links(self) -> PageLinks {
        let url = |address: Option<Address>| address.map(Address::url);
        PageLinks {
            short_link: None,
            shortlink: url(self.short_link),
            canonical: url(self.canonical),
            og_url: url(self.og_url),
            amp: url(self.amp),
        }
    }
}

/// An entry of a feed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    pub(super) link: Address,
    pub(super) words: Words,
    /// Whether the feed says that it was changed just now.
    pub(super) is_updated: bool,
}

/// One thing that happens.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// A server answers something else from now on.
    Serve(Address, Answer),
    /// A source is polled: its feed has these entries. Then all pages are fetched that wait.
    Poll(usize, Vec<Line>),
    /// Time passes: hours. Then all pages are fetched that wait.
    Pass(i64),
    /// A person deletes one of the articles there are.
    Delete(usize),
    /// A source keeps its newest article only, this once.
    Prune(usize),
}

/// How the sources are configured.
#[derive(Clone, Debug)]
pub(super) struct Setting {
    /// Whether each source fetches pages.
    pub(super) fetches: Vec<bool>,
    /// Whether there is a `key_from_url`.
    pub(super) has_pattern: bool,
}

pub(super) fn setting() -> impl Strategy<Value = Setting> {
    let fetches = prop::collection::vec(prop::bool::weighted(0.75), FEEDS.len());
    (fetches, prop::bool::weighted(0.3)).prop_map(|(fetches, has_pattern)| Setting { fetches, has_pattern })
}

pub(super) fn steps() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(step(), 1..16)
}

fn step() -> impl Strategy<Value = Step> {
    let hours = prop::sample::select(vec![1, 5, 30, 200]);
    prop_oneof![
        6 => (address(), answer()).prop_map(|(address, answer)| Step::Serve(address, answer)),
        6 => (0..FEEDS.len(), prop::collection::vec(line(), 1..4)).prop_map(|(source, lines)| Step::Poll(source, lines)),
        2 => hours.prop_map(Step::Pass),
        1 => (0..8_usize).prop_map(Step::Delete),
        1 => (0..FEEDS.len()).prop_map(Step::Prune),
    ]
}

fn address() -> impl Strategy<Value = Address> {
    (0..HOSTS.len(), 0..PATHS.len()).prop_map(|(host, path)| Address { host, path })
}

fn words() -> impl Strategy<Value = Words> {
    (0..TITLES.len(), 0..TEXTS).prop_map(|(title, text)| Words { title, text })
}

fn line() -> impl Strategy<Value = Line> {
    (address(), words(), any::<bool>()).prop_map(|(link, words, is_updated)| Line { link, words, is_updated })
}

fn answer() -> impl Strategy<Value = Answer> {
    let printed = || prop::option::weighted(0.35, address());
    let printed = (printed(), printed(), printed(), printed())
        .prop_map(|(canonical, og_url, amp, short_link)| Printed { canonical, og_url, amp, short_link });
    prop_oneof![
        1 => Just(Answer::Gone),
        2 => address().prop_map(Answer::Redirect),
        7 => (words(), printed).prop_map(|(words, printed)| Answer::Page(words, printed)),
    ]
}
