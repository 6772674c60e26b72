//! Chooses between what a page and its feed say of title, date, authors and language.
//!
//! ```text
//! rule > structured data that feed or print confirms > feed > structured data alone > print and guesses
//! ```
//! Exceptions of a field stand in its file; docs/explain/fields.md shows all by example. A feed overrules a page of its own
//! site only; that of another site fills gaps. If the text is the feed's, all fields are: [`take_from_feed`].
//!
//! `article_builder` calls it for each collected article, `try` and `reextract` as well. Pure.

mod authors;
mod feed_words;
mod language;
mod likeness;
mod published;
mod title;

use crate::model::{Extraction, Field, FieldChoice, Origin, Reason};

pub(crate) use feed_words::{ChoicePlace, FeedWords};

/// Chooses each field of an article whose text is the page's.
pub(crate) fn choose(
    extraction: &mut Extraction,
    feed: &FeedWords<'_>,
    place: ChoicePlace<'_>,
) -> Vec<FieldChoice> {
    let choices = vec![
        title::choose(extraction, feed, place.host),
        authors::choose(extraction, feed, place.host),
        published::choose(extraction, feed, place.zone),
        language::choose(extraction, feed, place.language),
    ];
    fill_modified(extraction, feed);
    choices
}

/// Takes all fields from the feed, for an article whose text is the feed's. Of its page only the kind, the links and what
/// rules gave for fields that the feed has not are kept: a wall or an empty frame has a title and a picture, too.
pub(crate) fn take_from_feed(
    extraction: &mut Extraction,
    feed: &FeedWords<'_>,
    place: ChoicePlace<'_>,
) -> Vec<FieldChoice> {
    let page = std::mem::take(extraction);
    let is_by_rule = |field| page.origins.get(&field) == Some(&Origin::Rule);
    *extraction = Extraction {
        kind: page.kind,
        text: page.text,
        html: page.html,
        links: page.links,
        pagination: page.pagination,
        selectors: page.selectors,
        title: page.title.filter(|_| feed.title.is_none() && is_by_rule(Field::Title)),
        standfirst: page.standfirst.filter(|_| is_by_rule(Field::Standfirst)),
        byline: page.byline.filter(|_| feed.authors.is_empty() && is_by_rule(Field::Byline)),
        published: page.published.filter(|_| feed.published.is_none() && is_by_rule(Field::Published)),
        modified: page.modified.filter(|_| feed.modified.is_none() && is_by_rule(Field::Modified)),
        image: page.image.filter(|_| is_by_rule(Field::Image)),
        ..Extraction::default()
    };
    if extraction.byline.is_some() {
        extraction.authors = page.authors;
    }
    let kept = [
        (Field::Title, extraction.title.is_some()),
        (Field::Standfirst, extraction.standfirst.is_some()),
        (Field::Byline, extraction.byline.is_some()),
        (Field::Published, extraction.published.is_some()),
        (Field::Modified, extraction.modified.is_some()),
        (Field::Image, extraction.image.is_some()),
    ];
    let by_rule = kept.into_iter().filter(|(_, is_kept)| *is_kept).map(|(field, _)| (field, Origin::Rule));
    let of_links = page.origins.into_iter().filter(|(field, _)| {
        matches!(
            field,
            Field::Body | Field::Canonical | Field::ShortLink | Field::NextPage | Field::SinglePage
        )
    });
    extraction.origins = by_rule.chain(of_links).collect();
    let said = FeedWords { may_overrule: false, ..feed.clone() };
    let mut choices = vec![
        title::choose(extraction, &said, place.host),
        authors::choose(extraction, &said, place.host),
        published::choose(extraction, &said, place.zone),
        language::choose_for_feed_text(extraction, &said, place.language),
    ];
    fill_modified(extraction, feed);
    for choice in choices.iter_mut().filter(|choice| choice.origin == Some(Origin::Feed)) {
        choice.reason = Reason::FeedText;
    }
    choices
}

/// Fills the date of the last change, which the page knows best.
fn fill_modified(extraction: &mut Extraction, feed: &FeedWords<'_>) {
    if extraction.modified.is_none() && feed.modified.is_some() {
        extraction.modified = feed.modified;
        extraction.origins.insert(Field::Modified, Origin::Feed);
    }
}

#[cfg(test)]
mod tests;
