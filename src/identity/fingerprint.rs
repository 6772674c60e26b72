//! What an entry is compared by where its ident is another one: stable hashes of its link, title and text, and its date.
//!
//! The hashes are stored (`entry` in `store`), so they must be the same in every build: FNV-1a of 64 bits.

use super::plain_text::plain_text;
use super::volatile::lasting_words;
use crate::model::{Entry, Key, KeyKind};

/// Hashes of the parts of an entry; `None` for what it lacks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fingerprint {
    /// Of the key of its link, if that is specific.
    pub link: Option<i64>,
    /// Of its title, without white space and volatile words.
    pub title: Option<i64>,
    /// Of its text without tags, white space and volatile words, and of its media files.
    pub text: Option<i64>,
    /// When it was published, else changed, in milliseconds since 1970.
    pub dated: Option<i64>,
}

impl Fingerprint {
    /// Of an entry whose link has these keys.
    pub fn of(entry: &Entry, link_keys: &[Key]) -> Self {
        let title = entry.title.as_deref().filter(|title| !title.trim().is_empty());
        Self {
            link: Self::link_of(link_keys),
            title: title.map(title_hash),
            text: text_hash(entry),
            dated: date(entry),
        }
    }

    /// The hash of a link with these keys.
    pub fn link_of(link_keys: &[Key]) -> Option<i64> {
        let link = link_keys.iter().find(|key| key.kind == KeyKind::Link);
        link.map(|key| Hash::default().add(&key.key).finish())
    }

    /// Whether two entries with one link are different articles. Their texts and titles must differ; an entry without text
    /// is judged by its title, one without title by its date. `repeats_titles`: entries of that link are told apart by date
    /// and text, too, because all may have one title, like the episodes of a podcast.
    pub fn is_other_article(&self, other: &Self, repeats_titles: bool) -> bool {
        if self.has_title_of(other) {
            repeats_titles && self.dated != other.dated && self.has_other_text(other)
        } else {
            !self.has_text_of(other)
        }
    }

    /// Whether the titles are equal; of entries without title, the dates, and of those without both, the texts.
    pub fn has_title_of(&self, other: &Self) -> bool {
        if self.title.is_some() || other.title.is_some() {
            return self.title == other.title;
        }
        if self.dated.is_some() || other.dated.is_some() {
            return self.dated == other.dated;
        }
        self.has_text_of(other)
    }

    /// Whether both have a text, and the same.
    pub fn has_text_of(&self, other: &Self) -> bool {
        self.text.is_some() && self.text == other.text
    }

    /// Whether both have a text, and the texts differ.
    pub fn has_other_text(&self, other: &Self) -> bool {
        self.text.is_some() && other.text.is_some() && self.text != other.text
    }

    /// Whether title and date are both there, and both differ.
    pub fn has_other_title_and_date(&self, other: &Self) -> bool {
        let differ =
            |one: Option<i64>, other: Option<i64>| one.zip(other).is_some_and(|(one, other)| one != other);
        differ(self.title, other.title) && differ(self.dated, other.dated)
    }
}

/// The date that an entry prints, in milliseconds since 1970. Without an offset it counts as UTC.
fn date(entry: &Entry) -> Option<i64> {
    entry.printed_date().map(|at| at.utc(chrono_tz::UTC).timestamp_millis())
}

/// Hash of a title. One of volatile words alone counts as it is.
fn title_hash(title: &str) -> i64 {
    let lasting = lasting_words(title).fold(Hash::default(), Hash::add);
    if lasting.length > 0 { lasting.finish() } else { Hash::default().add_letters(title).finish() }
}

/// Hash of what an entry says beside its title. Tags are left out: pictures that only count readers have another address in
/// each document. So are queries of addresses, which often only count, too.
fn text_hash(entry: &Entry) -> Option<i64> {
    let mut hash = Hash::default();
    for text in [&entry.content, &entry.summary].into_iter().flatten() {
        for word in lasting_words(&plain_text(text)) {
            let is_address = word.contains("://");
            hash = hash.add(if is_address { without_query(word) } else { word });
        }
    }
    for file in &entry.details().enclosures {
        hash = hash.add(without_query(file.url.as_str()));
    }
    (hash.length > 0).then(|| hash.finish())
}

fn without_query(address: &str) -> &str {
    address.split_once(['?', '#']).map_or(address, |(address, _)| address)
}

/// Hash of a text.
pub(super) fn hash_of(text: &str) -> u64 {
    Hash::default().add(text).state
}

/// FNV-1a.
#[derive(Clone, Copy)]
struct Hash {
    state: u64,
    length: usize,
}

impl Default for Hash {
    fn default() -> Self {
        Self { state: 0xcbf2_9ce4_8422_2325, length: 0 }
    }
}

impl Hash {
    fn push(&mut self, byte: u8) {
        self.state = (self.state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        self.length += 1;
    }

    fn add(mut self, text: &str) -> Self {
        text.bytes().for_each(|byte| self.push(byte));
        self
    }

    fn add_letters(mut self, text: &str) -> Self {
        text.bytes().filter(|byte| !byte.is_ascii_whitespace()).for_each(|byte| self.push(byte));
        self
    }

    /// As SQLite stores it.
    fn finish(self) -> i64 {
        self.state.cast_signed()
    }
}
