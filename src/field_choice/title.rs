//! The headline.
//!
//! Beside the general order: a title that the feed has cut, or that has the site's name in it, gives way to the page's whole
//! one. `<title>` confirms a printed headline only if that is like the feed's, since it may be the site's name on every page.

use super::feed_words::{FeedWords, settled};
use super::likeness::{is_alike, is_same, letters, shares_no_word};
use crate::extract::{SEPARATORS, without_site};
use crate::model::{Candidate, Contradiction, Extraction, Field, FieldChoice, Origin, Reason, Standing};

/// Characters from which on a title that is the beginning of the page's is a cut one.
const LEAST_CUT: usize = 20;

/// Letters of what is left of a cut title.
const LEAST_LEFT: usize = 4;

/// Ends of titles that were cut.
const ELLIPSES: &[&str] = &["[…]", "[...]", "(…)", "(...)", "…", "...", "‥"];

/// What some systems write where a title is missing, as letters.
#[rustfmt::skip]
const NO_TITLES: &[&str] = &[
    "untitled", "notitle", "untitledpost", "ohnetitel", "sanstitre", "sintitulo", "senzatitolo", "semtitulo",
    "beznazvania", "беззаголовка", "безназвания", "無題", "无标题", "無標題", "제목없음",
];

/// Chooses the headline.
pub(super) fn choose(extraction: &mut Extraction, feed: &FeedWords<'_>, host: &str) -> FieldChoice {
    let site = extraction.site.clone();
    let said = feed.title.map(|title| without_site(title, site.as_deref(), host, &[]));
    let said = said.filter(|title| is_title(title, site.as_deref()));
    let own = extraction.title.clone();
    let (own, said) = match (own, said) {
        (Some(own), Some(said)) => (own, said),
        (Some(_), None) => {
            let is_rule = extraction.origins.get(&Field::Title) == Some(&Origin::Rule);
            let reason = if is_rule { Reason::Rule } else { Reason::PageAlone };
            return settled(extraction, Field::Title, reason);
        }
        (None, said) => {
            if said.is_some() {
                extraction.title = said;
                extraction.origins.insert(Field::Title, Origin::Feed);
            }
            return settled(extraction, Field::Title, Reason::FeedAlone);
        }
    };
    let contradiction = (feed.may_overrule && shares_no_word(&own, &said))
        .then(|| Contradiction { page: own.clone(), feed: said.clone() });
    let reason = decide(extraction, feed, &own, &said);
    FieldChoice { contradiction, ..settled(extraction, Field::Title, reason) }
}

/// Sets the title where it is another than extraction found, and says why it is this one.
fn decide(extraction: &mut Extraction, feed: &FeedWords<'_>, own: &str, said: &str) -> Reason {
    let origin = extraction.origins.get(&Field::Title).copied();
    if origin == Some(Origin::Rule) {
        return Reason::Rule;
    }
    if !feed.may_overrule {
        return Reason::OnlyFills;
    }
    if is_same(own, said) {
        return Reason::Agreed;
    }
    let titles = std::mem::take(&mut extraction.evidence.titles);
    let site = extraction.site.as_deref();
    let is_site =
        |title: &str| site.is_some_and(|site| is_same(site, title)) || is_masthead(title, said, &titles);
    let of = |standing| {
        let of_standing = move |title: &&Candidate<String>| title.standing == standing;
        titles.iter().filter(of_standing).filter(|title| !is_site(&title.value))
    };
    let has_own = |standing| of(standing).any(|title| is_same(&title.value, own));
    let (is_structured, is_printed) = (has_own(Standing::Structured), has_own(Standing::Printed));
    let chosen: Result<Reason, (String, Origin, Reason)> = if is_structured && is_printed {
        Ok(Reason::StructuredAndPrint)
    } else if is_structured && is_alike(own, said) {
        Ok(Reason::StructuredAndFeed)
    } else if let Some(title) = of(Standing::Structured).find(|title| is_same(&title.value, said)) {
        Err((title.value.clone(), title.origin, Reason::StructuredAndFeed))
    } else if let Some((title, origin)) = whole_title(own, origin, said, &titles) {
        Err((title, origin, Reason::WholeTitle))
    } else if is_printed && is_alike(own, said) && begins_page_title(own, &titles) {
        Ok(Reason::StructuredAndPrint)
    } else if let Some(title) = of(Standing::Structured).find(|title| is_alike(&title.value, said)) {
        Err((title.value.clone(), title.origin, Reason::StructuredAndFeed))
    } else {
        Err((said.to_owned(), Origin::Feed, Reason::Feed))
    };
    extraction.evidence.titles = titles;
    chosen.unwrap_or_else(|(title, origin, reason)| {
        extraction.title = Some(title);
        extraction.origins.insert(Field::Title, origin);
        reason
    })
}

/// True if a text is a title: neither a URL nor the site's name nor a word for none.
fn is_title(title: &str, site: Option<&str>) -> bool {
    let is_url = title.contains("://") && !title.trim().contains(' ');
    let letters = letters(title);
    !is_url
        && !letters.is_empty()
        && !NO_TITLES.contains(&letters.as_str())
        && site.is_none_or(|site| !is_same(site, title))
}

/// True if `<title>` has a text on one side of a separator, and on the other a headline like that of the feed.
fn is_masthead(text: &str, said: &str, titles: &[Candidate<String>]) -> bool {
    let page_titles = titles.iter().filter(|title| title.standing == Standing::Guessed);
    page_titles.flat_map(|title| sides(&title.value)).any(|(one, other)| {
        is_same(one, text) && is_alike(other, said) || is_same(other, text) && is_alike(one, said)
    })
}

/// True if `<title>` is a headline, or begins with it.
fn begins_page_title(headline: &str, titles: &[Candidate<String>]) -> bool {
    let headline = letters(headline);
    let mut page_titles = titles.iter().filter(|title| title.standing == Standing::Guessed);
    page_titles.any(|title| letters(&title.value).starts_with(&headline))
}

/// What stands before and behind each separator of a title.
fn sides(title: &str) -> impl Iterator<Item = (&str, &str)> {
    SEPARATORS.iter().flat_map(move |separator| {
        [title.split_once(separator), title.rsplit_once(separator)].into_iter().flatten()
    })
}

/// The page's whole form of a title that the feed has cut or written a name to.
fn whole_title(
    own: &str,
    origin: Option<Origin>,
    said: &str,
    titles: &[Candidate<String>],
) -> Option<(String, Origin)> {
    let own = (own, origin.unwrap_or(Origin::Auto));
    let all = || std::iter::once(own).chain(titles.iter().map(|title| (title.value.as_str(), title.origin)));
    let owned = |(title, origin): (&str, Origin)| (title.to_owned(), origin);
    // The feed's title as it is, and without what stands behind or before a separator.
    for part in std::iter::once(said).chain(sides(said).flat_map(|(before, behind)| [before, behind])) {
        let (part, is_cut) = without_ellipsis(part);
        let wanted = letters(part);
        if wanted.chars().count() < LEAST_LEFT {
            continue;
        }
        let is_whole = |title: &(&str, Origin)| {
            let found = letters(title.0);
            let is_longer = found.starts_with(&wanted) && found != wanted;
            // A name behind a separator does not make a title longer.
            let is_named = sides(title.0).any(|(before, _)| letters(before) == wanted);
            (part != said && found == wanted)
                || is_longer && !is_named && (is_cut || part == said && said.chars().count() >= LEAST_CUT)
        };
        if let Some(found) = all().find(is_whole) {
            return Some(owned(found));
        }
    }
    let (left, is_cut) = without_ellipsis(said);
    (is_cut && is_alike(own.0, left)).then(|| owned(own))
}

/// A title without the dots at its end, and whether it had some.
fn without_ellipsis(title: &str) -> (&str, bool) {
    let title = title.trim();
    let left = ELLIPSES.iter().find_map(|dots| title.strip_suffix(dots));
    (left.unwrap_or(title).trim_end(), left.is_some())
}
