//! The headline of an article, as printed, without the name of its site.
//!
//! Papers print one headline for readers and write others for search engines and for sharing; which of them is in `<h1>`
//! differs. The choice is made by agreement: a heading that the head of the page has, too, is the headline.

use super::extractor::FallbackExtractor;
use crate::extract::site_name::without_site;
use crate::extract::words::fold;
use crate::html::collapse_whitespace;
use crate::link;
use crate::model::{Candidate, Origin, Standing};

/// Headings of one level that are compared with the feed's title.
const MOST_COMPARED: usize = 10;

/// Letters from which on a text is hardly contained in another one by chance.
const LONG: usize = 12;

/// NodeSet between a headline and what follows it in `<title>`.
const SEPARATORS: &[char] = &['-', '–', '—', '|', '·', '•', '«', '»'];

/// The headlines that a page offers. Those of the head are without the name of the site.
#[derive(Debug, Default)]
struct TitleCandidates<'a> {
    /// `<h1>`, in document order.
    h1: Vec<&'a str>,
    /// `<h2>`, in document order.
    h2: Vec<&'a str>,
    json_ld: Option<String>,
    /// `og:title` and the like.
    meta: Option<String>,
    /// True if `meta` has neither the name of the site nor anything else behind a `|`.
    meta_is_bare: bool,
    /// `<title>` without the name of the site.
    title: Option<String>,
    /// `<title>` as it is.
    full_title: Option<&'a str>,
    site: Option<&'a str>,
    /// JSON-LD says that it is a news article.
    is_news: bool,
}

impl FallbackExtractor<'_> {
    /// The headline without the name of the site, and all that may be one.
    pub(super) fn title(&self) -> (Option<(String, Origin)>, Vec<Candidate<String>>) {
        let host = link::host(self.page_url);
        let site = self.json_ld.site.as_deref().or_else(|| self.meta.site());
        let h1: Vec<&str> = self.meta.h1.iter().map(|(_, text)| text.as_str()).collect();
        let strip = |title: &str| without_site(title, site, &host, &h1);
        let shared = self.meta.first(&[
            "og:title", "twitter:title", "dc.title", "dcterms.title", "title", "headline", "sailthru.title",
            "parsely-title",
        ]);
        let meta = shared.map(strip).filter(|title| !title.is_empty());
        let json_ld = self.json_ld.title.as_deref().map(strip);
        let candidates = TitleCandidates {
            h2: self.meta.h2.iter().map(|(_, text)| text.as_str()).collect(),
            json_ld: json_ld.filter(|title| !title.is_empty()),
            meta_is_bare: shared
                .is_some_and(|shared| meta.as_deref() == Some(shared) && !shared.contains(" | ")),
            meta,
            title: self.meta.title.as_deref().map(strip),
            full_title: self.meta.title.as_deref(),
            site,
            is_news: self.json_ld.is_news,
            h1,
        };
        let evidence = self.titles(&candidates);
        if candidates.heading().is_none()
            && candidates.meta.is_none()
            && candidates.json_ld.is_none()
            && let Some(line) = self.printed_line()
        {
            return (Some((line, Origin::Auto)), evidence);
        }
        (candidates.choose(), evidence)
    }

    /// All that may be the headline, by how the page has it.
    fn titles(&self, candidates: &TitleCandidates<'_>) -> Vec<Candidate<String>> {
        let candidate =
            |value: &str, origin, standing| Candidate { value: value.to_owned(), origin, standing };
        let declared = [(&candidates.json_ld, Origin::JsonLd), (&candidates.meta, Origin::Meta)];
        let mut titles: Vec<_> = declared
            .into_iter()
            .filter_map(|(title, origin)| Some(candidate(title.as_deref()?, origin, Standing::Structured)))
            .collect();
        let headings = self.meta.h1.iter().take(MOST_COMPARED).chain(self.meta.h2.iter().take(MOST_COMPARED));
        for (at, text) in headings {
            let names = self.document.attr(*at, "itemprop").unwrap_or_default();
            if names.split_whitespace().any(|name| name.eq_ignore_ascii_case("headline")) {
                titles.push(candidate(text, Origin::Auto, Standing::Structured));
            }
            titles.push(candidate(text, Origin::Auto, Standing::Printed));
        }
        let of_page = [candidates.title.as_deref(), candidates.full_title];
        titles.extend(
            of_page.into_iter().flatten().map(|title| candidate(title, Origin::Meta, Standing::Guessed)),
        );
        titles
    }

    /// The longest line of the page that `<title>` begins with, before it goes on to sections and the site.
    fn printed_line(&self) -> Option<String> {
        let full_title = self.meta.title.as_deref()?;
        let document = self.document;
        let mut best: Option<String> = None;
        for at in document.nodes() {
            let Some(text) = document.text(at).map(str::trim) else {
                continue;
            };
            // What is shorter may be the name of a section.
            if text.len() < LONG
                || text.len() >= full_title.len() + LONG
                || best.as_ref().is_some_and(|best| text.len() <= best.len())
            {
                continue;
            }
            let text = collapse_whitespace(text);
            let rest = full_title.strip_prefix(text.as_str()).unwrap_or_default();
            let is_separated = rest.starts_with(' ')
                && (rest.trim_start().starts_with(SEPARATORS) || rest.trim_start().starts_with([':', '/']));
            let is_mute = document.ancestors(at).take(3).any(|outer| document.tag(outer).has_no_text());
            if is_separated && !is_mute {
                best = Some(text);
            }
        }
        best
    }
}

impl TitleCandidates<'_> {
    /// The printed headline, or what is more likely than it; without one, what the head of the page has.
    fn choose(&self) -> Option<(String, Origin)> {
        if let Some(heading) = self.heading() {
            let better = self.better_than(heading);
            return Some(better.unwrap_or_else(|| (heading.to_owned(), Origin::Auto)));
        }
        let meta = self.meta.clone().filter(|title| !self.is_site(title));
        let json_ld = self.json_ld.clone().filter(|title| !self.is_site(title));
        meta.map(|title| (title, Origin::Meta))
            .or_else(|| Some((json_ld?, Origin::JsonLd)))
            .or_else(|| Some((self.title.clone()?, Origin::Meta)))
            .or_else(|| Some(((*self.h1.first()?).to_owned(), Origin::Auto)))
    }

    fn is_site(&self, title: &str) -> bool {
        self.site.is_some_and(|site| fold(site) == fold(title))
    }

    /// The `<h1>` that is the headline: the first that the head has, too, else the only one.
    fn heading(&self) -> Option<&str> {
        let in_head = |heading: &&&str| {
            [self.json_ld.as_deref(), self.meta.as_deref(), self.title.as_deref(), self.full_title]
                .into_iter()
                .flatten()
                .any(|title| self.agrees(heading, title))
        };
        if let Some(heading) = self.h1.iter().find(in_head) {
            return Some(heading);
        }
        match self.h1.as_slice() {
            [only] if !self.is_site(only) && only.chars().count() > 20 => Some(only),
            _ => None,
        }
    }

    /// True if a heading and a title of the head are the same headline.
    fn agrees(&self, heading: &str, title: &str) -> bool {
        let printed = heading.trim();
        let rest = title.trim().strip_prefix(printed).map(str::trim_start);
        // A short heading counts where a separator or nothing follows it in the title.
        if rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(SEPARATORS)) {
            return !self.is_site(printed);
        }
        let (heading, title) = (fold(heading), fold(title));
        heading.len() > 8 && (title.starts_with(&heading) || heading.starts_with(&title) && title.len() > 8)
    }

    /// The headline that is printed elsewhere or shared, where the `<h1>` is something else.
    fn better_than(&self, heading: &str) -> Option<(String, Origin)> {
        let printed = fold(heading);
        let others: Vec<OtherTitle<'_>> = [(&self.meta, Origin::Meta), (&self.json_ld, Origin::JsonLd)]
            .into_iter()
            .filter_map(|(title, origin)| OtherTitle::of(title.as_deref()?, origin, &printed))
            .collect();
        // The `<h1>` is for search engines where another headline is printed below it, perhaps behind a kicker.
        let h2: Vec<String> = self.h2.iter().map(|text| fold(text)).collect();
        let below = others.iter().find(|other| {
            !other.folded.contains(&printed) && h2.iter().any(|text| text.ends_with(&other.folded))
        });
        // The `<h1>` has a kicker before the headline, unless what is shared has it, too.
        let is_shared = self.meta.as_deref().is_some_and(|meta| fold(meta) == printed);
        let without_kicker = || {
            others.iter().find(|other| {
                printed.ends_with(&other.folded) && !(is_shared && other.origin == Origin::JsonLd)
            })
        };
        if let Some(found) = below.or_else(without_kicker) {
            return Some(found.headline());
        }
        let meta = others.iter().find(|other| other.origin == Origin::Meta)?;
        let json_ld = others.iter().find(|other| other.origin == Origin::JsonLd);
        let full_title = self.full_title.map(fold).unwrap_or_default();
        // Both agree, and they are neither the `<h1>` with something behind it nor what is written for search engines.
        if json_ld.is_some_and(|json_ld| json_ld.folded == meta.folded)
            && !meta.folded.starts_with(&printed)
            && (meta.folded.ends_with(&printed) || !full_title.starts_with(&meta.folded))
        {
            return Some(meta.headline());
        }
        // `<title>` and `<h1>` are written for search engines, what is shared for readers.
        let is_in_title = full_title.starts_with(&printed);
        let is_apart = !meta.folded.contains(&printed) && !printed.contains(&meta.folded);
        (self.is_news && self.meta_is_bare && is_in_title && is_apart).then(|| meta.headline())
    }
}

/// A title of the head that differs from the printed heading.
struct OtherTitle<'a> {
    text: &'a str,
    folded: String,
    origin: Origin,
}

impl<'a> OtherTitle<'a> {
    /// None if it is short, or the same as `printed` (folded).
    fn of(text: &'a str, origin: Origin, printed: &str) -> Option<Self> {
        let folded = fold(text);
        (folded.chars().count() >= LONG && folded != printed).then_some(Self { text, folded, origin })
    }

    fn headline(&self) -> (String, Origin) {
        (self.text.to_owned(), self.origin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(h1: &[&str], h2: &[&str], meta: &str, json_ld: &str, full_title: &str) -> String {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let candidates = TitleCandidates {
            h1: h1.to_vec(),
            h2: h2.to_vec(),
            json_ld: some(json_ld),
            meta: some(meta),
            meta_is_bare: true,
            title: some(full_title),
            full_title: Some(full_title),
            site: Some("The Paper"),
            is_news: true,
        };
        candidates.choose().unwrap().0
    }

    #[test]
    fn the_headline_is_what_is_printed_and_said() {
        let long = "Bridge over the river closed for repairs";
        let short = "Bridge closed until the autumn at least";
        for (h1, h2, meta, json_ld, full_title, expected) in [
            (&["The Paper", long][..], &[][..], long, "", long, long),
            // Written for search engines, the headline below.
            (&[short], &["Traffic: Bridge over the river closed for repairs"], "", long, short, long),
            // A kicker in it.
            (&["Traffic Bridge over the river closed for repairs"], &[], long, "", long, long),
            // The page's data agree against the heading.
            (&[short], &[], long, long, "x", long),
            (&[short], &[], long, "", short, long),
            (&[short], &[], long, "", long, short),
            // What follows the heading in the data is no headline.
            (
                &[long],
                &[],
                "Bridge over the river closed for repairs (with pictures)",
                "Bridge over the river closed for repairs (with pictures)",
                "x",
                long,
            ),
            (&[], &[], "", "", "Only a title", "Only a title"),
        ] {
            assert_eq!(chosen(h1, h2, meta, json_ld, full_title), expected);
        }
    }
}
