//! The authors.
//!
//! Beside the general order: a printed byline of people goes before structured data, and before a feed that names no person. What
//! the feed names gives way to the page if it is no author at all: an account, an e-mail address, a role, the site itself.

use super::feed_words::{FeedWords, settled};
use super::likeness::{is_same, is_same_person};
use crate::extract::{is_no_author, is_person};
use crate::model::{
    Candidate, Contradiction, Extraction, Field, FieldChoice, NamedByline, Origin, Reason, Standing,
};

/// Chooses the authors.
pub(super) fn choose(extraction: &mut Extraction, feed: &FeedWords<'_>, host: &str) -> FieldChoice {
    let origin = extraction.origins.get(&Field::Byline).copied();
    if origin == Some(Origin::Rule) && !extraction.authors.is_empty() {
        return settled(extraction, Field::Byline, Reason::Rule);
    }
    if extraction.authors.is_empty() {
        if !feed.authors.is_empty() {
            set_feed(extraction, feed);
        }
        return settled(extraction, Field::Byline, Reason::FeedAlone);
    }
    if !feed.may_overrule {
        let reason = if feed.authors.is_empty() { Reason::PageAlone } else { Reason::OnlyFills };
        return settled(extraction, Field::Byline, reason);
    }
    let is_site = |name: &str| {
        extraction.site.as_deref().is_some_and(|site| is_same(site, name))
            || host.split('.').any(|label| is_same(label, name))
    };
    let are_authors = feed.authors.iter().any(|name| !is_no_author(name) && !is_site(name));
    let own = extraction.authors.clone();
    let people = |names: &[String]| names.iter().any(|name| is_person(name));
    let contradiction =
        (are_authors && people(&own) && people(feed.authors) && !have_one_in_common(&own, feed.authors))
            .then(|| Contradiction { page: own.join(", "), feed: feed.authors.join(", ") });
    let reason = decide(extraction, feed, &own, are_authors);
    FieldChoice { contradiction, ..settled(extraction, Field::Byline, reason) }
}

/// Sets the authors where they are others than extraction found, and says why they are these.
fn decide(extraction: &mut Extraction, feed: &FeedWords<'_>, own: &[String], are_authors: bool) -> Reason {
    let of = |standing| {
        let bylines = extraction.evidence.bylines.iter();
        bylines.filter(move |byline: &&Candidate<NamedByline>| byline.standing == standing)
    };
    let said = if are_authors { feed.authors } else { &[] };
    let printed = of(Standing::Printed).find(|byline| byline.value.are_people);
    // The page's, where feed or structured data confirm what it prints.
    if let Some(printed) = printed {
        let names = &printed.value.names;
        let is_declared =
            of(Standing::Structured).any(|byline| have_one_in_common(&byline.value.names, names));
        let is_said = have_one_in_common(said, names);
        if is_said || is_declared || !said.iter().any(|name| is_person(name)) {
            let reason = match (is_declared, is_said) {
                (true, false) => Reason::StructuredAndPrint,
                (true, true) => Reason::StructuredAndFeed,
                (false, _) => Reason::PrintedPeople,
            };
            // What extraction chose may have more names or a better spelling of them.
            if !have_one_in_common(own, names) {
                let printed = printed.clone();
                set(extraction, printed);
            }
            return reason;
        }
    }
    if feed.authors.is_empty() {
        return Reason::PageAlone;
    }
    if said.is_empty() {
        return Reason::NoAuthor;
    }
    if have_one_in_common(own, said) {
        return Reason::Agreed;
    }
    let confirmed = of(Standing::Structured).find(|byline| have_one_in_common(&byline.value.names, said));
    if let Some(byline) = confirmed.cloned() {
        set(extraction, byline);
        return Reason::StructuredAndFeed;
    }
    // What the page prints is of somebody else.
    extraction.byline = None;
    set_feed(extraction, feed);
    Reason::Feed
}

fn set(extraction: &mut Extraction, byline: Candidate<NamedByline>) {
    extraction.byline = Some(byline.value.printed);
    extraction.authors = byline.value.names;
    extraction.origins.insert(Field::Byline, byline.origin);
}

fn set_feed(extraction: &mut Extraction, feed: &FeedWords<'_>) {
    extraction.authors = feed.authors.to_vec();
    extraction.origins.insert(Field::Byline, Origin::Feed);
}

fn have_one_in_common(some: &[String], others: &[String]) -> bool {
    some.iter().any(|one| others.iter().any(|other| is_same_person(one, other)))
}
