//! The inputs that the choices of all fields share.

use chrono_tz::Tz;

use crate::model::{
    Candidate, Entry, Extraction, Field, FieldChoice, PageEvidence, Reason, Standing, Timestamp,
};

/// What a feed says of an entry.
#[derive(Clone, Debug, Default)]
pub(crate) struct FeedWords<'a> {
    pub(crate) title: Option<&'a str>,
    /// The publication date; the one that it gave first.
    pub(crate) published: Option<Timestamp>,
    /// Whether that is a date of this entry alone ([`Entry::has_own_date`]).
    pub(crate) has_own_date: bool,
    /// When it says that the entry was changed.
    pub(crate) modified: Option<Timestamp>,
    /// Names as printed.
    pub(crate) authors: &'a [String],
    /// BCP 47.
    pub(crate) language: Option<&'a str>,
    /// Whether it is a feed of the page's own site; another one only fills gaps.
    pub(crate) may_overrule: bool,
}

impl<'a> FeedWords<'a> {
    /// The words of an entry. Of one that is what is stored of its page ([`Entry::recalled`]), what the feed told counts, and what the
    /// page declares: that may have been chosen because the feed confirmed it.
    pub(crate) fn of(entry: &'a Entry, may_overrule: bool, evidence: &PageEvidence) -> Self {
        let details = entry.details();
        let words = Self {
            title: entry.title.as_deref(),
            published: entry.published,
            has_own_date: entry.has_own_date,
            modified: entry.updated.filter(|updated| Some(*updated) != entry.published),
            authors: &details.authors,
            language: details.language.as_deref(),
            may_overrule,
        };
        let Some(told) = &entry.recalled else { return words };
        let counts = |field, is_declared: bool| told.contains(&field) || is_declared;
        let counts_title =
            |title: &&str| counts(Field::Title, declared(&evidence.titles).any(|declared| declared == title));
        let counts_date = |date: &Timestamp| {
            counts(Field::Published, declared(&evidence.dates).any(|declared| declared == date))
        };
        let counts_authors = |names: &&[String]| {
            counts(Field::Byline, declared(&evidence.bylines).any(|declared| declared.names == **names))
        };
        Self {
            title: words.title.filter(counts_title),
            published: words.published.filter(counts_date),
            has_own_date: true,
            authors: Some(words.authors).filter(counts_authors).unwrap_or_default(),
            language: words.language.filter(|_| told.contains(&Field::Language)),
            ..words
        }
    }
}

/// The values that a page declares.
fn declared<T>(candidates: &[Candidate<T>]) -> impl Iterator<Item = &T> {
    let of_page = candidates.iter().filter(|candidate| candidate.standing == Standing::Structured);
    of_page.map(|candidate| &candidate.value)
}

/// Where an article stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ChoicePlace<'a> {
    /// Zone of dates without an offset.
    pub(crate) zone: Tz,
    /// Host of the page.
    pub(crate) host: &'a str,
    /// The configured language, for a text that nobody declares one for.
    pub(crate) language: Option<&'a str>,
}

/// A choice that contradicts nothing, with the origin that is noted for the field.
pub(super) fn settled(extraction: &Extraction, field: Field, reason: Reason) -> FieldChoice {
    let origin = extraction.origins.get(&field).copied();
    let reason = if origin.is_none() { Reason::Neither } else { reason };
    FieldChoice { field, origin, reason, contradiction: None }
}
