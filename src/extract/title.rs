//! The headline of an article, as printed, without the name of its site.
//!
//! Papers print one headline for readers and write others for search engines and for sharing; which of them stands in
//! `<h1>` differs. What decides is where they agree: the one that is printed as a heading and said in the head, too.

use super::fields::Automatic;
use super::meta::{fold, without_site};
use crate::html::{Tag, collapse_whitespace};
use crate::link;
use crate::model::Origin;

/// Letters from which on a text is hardly in another by chance.
const LONG: usize = 12;

/// What a page offers as its headline, each without the name of the site.
#[derive(Debug, Default)]
struct Offers<'a> {
    /// `<h1>`, in document order.
    first: Vec<&'a str>,
    /// `<h2>`, in document order.
    second: Vec<&'a str>,
    linked: Option<String>,
    declared: Option<String>,
    /// Whether `declared` came without the name of the site or anything else parted off.
    bare: bool,
    /// `<title>`.
    head: Option<String>,
    /// `<title>` as it is.
    whole: Option<&'a str>,
    site: Option<&'a str>,
    /// Whether the page says it is an article of a paper.
    news: bool,
}

impl Automatic<'_> {
    /// The headline without the name of the site.
    pub(super) fn headline(&self) -> Option<(String, Origin)> {
        let host = link::host(self.page);
        let site = self.linked.site.as_deref().or_else(|| self.meta.site());
        let first: Vec<&str> = self.meta.h1.iter().map(|(_, text)| text.as_str()).collect();
        let strip = |title: &str| without_site(title, site, &host, &first);
        let raw = self.meta.first(&[
            "og:title",
            "twitter:title",
            "dc.title",
            "dcterms.title",
            "title",
            "headline",
            "sailthru.title",
            "parsely-title",
        ]);
        let declared = raw.map(strip).filter(|title| !title.is_empty());
        let linked = self.linked.title.as_deref().map(strip);
        let offers = Offers {
            second: self.meta.h2.iter().map(|(_, text)| text.as_str()).collect(),
            linked: linked.filter(|title| !title.is_empty()),
            bare: raw.is_some_and(|raw| declared.as_deref() == Some(raw) && !raw.contains(" | ")),
            declared,
            head: self.meta.title.as_deref().map(strip),
            whole: self.meta.title.as_deref(),
            site,
            news: self.linked.is_news,
            first,
        };
        if offers.heading().is_none()
            && offers.declared.is_none()
            && offers.linked.is_none()
            && let Some(line) = self.printed_line()
        {
            return Some((line, Origin::Auto));
        }
        offers.headline()
    }

    /// A line of the page that `<title>` begins with, before it goes on to sections and the site.
    fn printed_line(&self) -> Option<String> {
        let whole = self.meta.title.as_deref()?;
        let document = self.document;
        let mut best: Option<String> = None;
        for at in document.nodes().filter(|at| document.tag(*at) == Tag::Text) {
            let text = document.text(at).unwrap_or_default().trim();
            // The shortest that cannot be the name of a section.
            if text.len() < LONG
                || text.len() >= whole.len() + LONG
                || best.as_ref().is_some_and(|best| text.len() <= best.len())
            {
                continue;
            }
            let text = collapse_whitespace(text);
            let rest = whole.strip_prefix(text.as_str()).unwrap_or_default();
            let parted = rest.starts_with(' ')
                && rest
                    .trim_start()
                    .starts_with(['-', '–', '—', '|', '·', '•', '«', '»', ':', '/']);
            let mute = document
                .ancestors(at)
                .take(3)
                .any(|outer| document.tag(outer).has_no_text());
            if parted && !mute {
                best = Some(text);
            }
        }
        best
    }
}

impl Offers<'_> {
    fn headline(&self) -> Option<(String, Origin)> {
        if let Some(heading) = self.heading() {
            return Some(
                self.better(heading)
                    .unwrap_or_else(|| (heading.to_owned(), Origin::Auto)),
            );
        }
        let is_site = |title: &str| self.names_site(title);
        let linked = self.linked.clone().filter(|title| !is_site(title));
        let declared = self.declared.clone().filter(|title| !is_site(title));
        declared
            .map(|title| (title, Origin::Meta))
            .or_else(|| Some((linked?, Origin::JsonLd)))
            .or_else(|| Some((self.head.clone()?, Origin::Meta)))
            .or_else(|| Some(((*self.first.first()?).to_owned(), Origin::Auto)))
    }

    fn names_site(&self, title: &str) -> bool {
        self.site.is_some_and(|site| fold(site) == fold(title))
    }

    /// The `<h1>` that is the headline: one that is said elsewhere, too, or the only one.
    fn heading(&self) -> Option<&str> {
        let said = |heading: &&&str| {
            let printed = heading.trim();
            let heading = fold(heading);
            let like = |other: &str| {
                // A short one counts where it stands alone or parted from what follows.
                let rest = other.trim().strip_prefix(printed).map(str::trim_start);
                if rest.is_some_and(|rest| {
                    rest.is_empty() || rest.starts_with(['-', '–', '—', '|', '·', '•', '«', '»'])
                }) {
                    return !self.names_site(printed);
                }
                let other = fold(other);
                heading.len() > 8
                    && (other == heading
                        || other.starts_with(&heading)
                        || heading.starts_with(&other) && other.len() > 8)
            };
            [
                self.linked.as_deref(),
                self.declared.as_deref(),
                self.head.as_deref(),
                self.whole,
            ]
            .into_iter()
            .flatten()
            .any(like)
        };
        if let Some(heading) = self.first.iter().find(said) {
            return Some(heading);
        }
        let only = (self.first.len() == 1).then(|| self.first.first()).flatten()?;
        (!self.names_site(only) && only.chars().count() > 20).then_some(only)
    }

    /// What is the headline rather than that `<h1>`, if anything.
    fn better(&self, heading: &str) -> Option<(String, Origin)> {
        let printed = fold(heading);
        let offers = [(&self.declared, Origin::Meta), (&self.linked, Origin::JsonLd)];
        let others = || {
            offers.iter().filter_map(|(text, origin)| {
                let text = text.as_deref()?;
                let folded = fold(text);
                let other = folded.chars().count() >= LONG && folded != printed;
                other.then_some((text, folded, *origin))
            })
        };
        let given = |(text, _, origin): (&str, String, Origin)| (text.to_owned(), origin);
        // The `<h1>` is for search engines where another headline is printed below it, perhaps behind a kicker.
        let second: Vec<String> = self.second.iter().map(|text| fold(text)).collect();
        let below = others().find(|(_, folded, _)| {
            !folded.contains(&printed) && second.iter().any(|second| second.ends_with(folded.as_str()))
        });
        if let Some(found) = below {
            return Some(given(found));
        }
        // A kicker within the `<h1>`, unless what is shared has it, too.
        let shared = self
            .declared
            .as_deref()
            .is_some_and(|declared| fold(declared) == printed);
        let kicker = others().find(|(_, folded, origin)| {
            printed.ends_with(folded.as_str()) && !(shared && *origin == Origin::JsonLd)
        });
        if let Some(found) = kicker {
            return Some(given(found));
        }
        let (declared, linked) = (
            others().find(|(.., origin)| *origin == Origin::Meta)?,
            others().find(|(.., origin)| *origin == Origin::JsonLd),
        );
        let whole = self.whole.map(fold).unwrap_or_default();
        // Both say the same, and it is not the `<h1>` with something behind it nor what search engines are told.
        if linked.is_some_and(|linked| linked.1 == declared.1)
            && !declared.1.starts_with(&printed)
            && (declared.1.ends_with(&printed) || !whole.starts_with(&declared.1))
        {
            return Some(given(declared));
        }
        // `<title>` and `<h1>` are written for search engines, what is shared for readers.
        let same = whole.starts_with(&printed);
        let apart = !declared.1.contains(&printed) && !printed.contains(&declared.1);
        (self.news && self.bare && same && apart).then(|| given(declared))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(first: &[&str], second: &[&str], declared: &str, linked: &str, whole: &str) -> String {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let offers = Offers {
            first: first.to_vec(),
            second: second.to_vec(),
            linked: some(linked),
            declared: some(declared),
            bare: true,
            head: some(whole),
            whole: Some(whole),
            site: Some("The Paper"),
            news: true,
        };
        offers.headline().unwrap().0
    }

    #[test]
    fn the_headline_is_what_is_printed_and_said() {
        let long = "Bridge over the river closed for repairs";
        let short = "Bridge closed until the autumn at least";
        for (first, second, declared, linked, whole, expected) in [
            (&["The Paper", long][..], &[][..], long, "", long, long),
            // Written for search engines, the headline below.
            (
                &[short],
                &["Traffic: Bridge over the river closed for repairs"],
                "",
                long,
                short,
                long,
            ),
            // A kicker in it.
            (
                &["Traffic Bridge over the river closed for repairs"],
                &[],
                long,
                "",
                long,
                long,
            ),
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
            assert_eq!(chosen(first, second, declared, linked, whole), expected);
        }
    }
}
