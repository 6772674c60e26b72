//! When an article was published and changed: by JSON-LD, by the head, by what is printed, by the path of its URL.

use super::dates;
use super::fields::{Automatic, Place, class_words};
use crate::html::{NodeId, Tag, text_line};
use crate::model::{Origin, Precision, Timestamp};

impl Automatic<'_> {
    /// A date in a text, if it can be that of something published.
    fn date(&self, text: &str) -> Option<Timestamp> {
        dates::read(text, &self.reading).filter(|at| dates::is_possible(at, self.reading.now))
    }

    /// When it was published.
    pub(super) fn published(&self, place: &Place) -> Option<(Timestamp, Origin)> {
        const NAMES: &[&str] = &[
            "article:published_time",
            "og:article:published_time",
            "datepublished",
            "og:published_time",
            "article.published",
            "published_at",
            "date",
            "dc.date.issued",
            "dcterms.created",
            "dc.date",
            "dc.date.created",
            "dcterms.date",
            "dcterms.issued",
            "parsely-pub-date",
            "sailthru.date",
            "pubdate",
            "publishdate",
            "publish-date",
            "publish_date",
            "cxenseparse:recs:publishtime",
            "cxenseparse:publishtime",
            "article_date_original",
            "displaydate",
            "ptime",
            "rnews:datepublished",
            "originalpublicationdate",
            "article:post_date",
        ];
        let linked = || Some((self.date(self.linked.published.as_deref()?)?, Origin::JsonLd));
        let declared = || {
            NAMES
                .iter()
                .flat_map(|name| self.meta.all(name))
                .chain(self.meta.matching(is_published))
                .find_map(|text| Some((self.date(text)?, Origin::Meta)))
        };
        let printed = || Some((self.printed_date(place)?, Origin::Auto));
        let in_url = || Some((dates::in_url(self.page, self.reading.now)?, Origin::Auto));
        let modified = || self.modified();
        linked()
            .or_else(declared)
            .or_else(printed)
            .or_else(in_url)
            .or_else(modified)
    }

    /// When it was last changed.
    pub(super) fn modified(&self) -> Option<(Timestamp, Origin)> {
        const NAMES: &[&str] = &[
            "article:modified_time",
            "og:updated_time",
            "datemodified",
            "article:updated_time",
            "dcterms.modified",
            "lastmod",
            "last-modified",
        ];
        let linked = || Some((self.date(self.linked.modified.as_deref()?)?, Origin::JsonLd));
        let declared = || {
            NAMES
                .iter()
                .flat_map(|name| self.meta.all(name))
                .find_map(|text| Some((self.date(text)?, Origin::Meta)))
        };
        linked().or_else(declared)
    }

    /// The date printed nearest to the headline: `itemprop`, `<time>`, else by the classes dates have, else as a short
    /// line of its own.
    fn printed_date(&self, place: &Place) -> Option<Timestamp> {
        let document = self.document;
        let mut best: Option<(u8, Timestamp)> = None;
        let mut read = 0;
        for at in document.nodes() {
            let Some(rank) = self.rank(at, place) else {
                continue;
            };
            let far = self.far(at, place);
            // A line by itself must stand at the headline.
            if rank == LINE && far > 0 || best.as_ref().is_some_and(|(known, _)| *known <= rank + far) {
                continue;
            }
            read += 1;
            if read > MOST_READ {
                break;
            }
            if let Some(value) = self.date_of(at, rank) {
                best = Some((rank + far, value));
                if rank + far == 0 {
                    break;
                }
            }
        }
        best.map(|(_, at)| at)
    }

    /// How surely an element holds the date of publication; lower is surer.
    fn rank(&self, at: NodeId, place: &Place) -> Option<u8> {
        let document = self.document;
        let tag = document.tag(at);
        if tag == Tag::Text {
            let near = place.heading.is_some_and(|heading| {
                at.index() + BEFORE > heading.index() && at.index() < heading.index() + AFTER
            });
            let text = near.then(|| document.text(at)).flatten()?;
            let short = text.len() < 200 && text.bytes().filter(u8::is_ascii_digit).count() < 20;
            let digits = text.chars().any(char::is_numeric);
            return (short && digits).then_some(LINE);
        }
        let attr = |name| document.attr(at, name);
        if attr("itemprop").is_some_and(|name| name.eq_ignore_ascii_case("datePublished"))
            || attr("pubdate").is_some()
        {
            return Some(0);
        }
        if tag == Tag::Time {
            let changed =
                class_words(document, at).any(|word| word.starts_with("updat") || word.starts_with("modif"));
            return Some(if changed { 3 } else { 1 });
        }
        let named = !tag.has_no_text()
            && class_words(document, at).any(|word| {
                word.contains("date") && !word.contains("update")
                    || word.contains("publish")
                    || matches!(
                        &*word,
                        "time"
                            | "timestamp"
                            | "posted"
                            | "datum"
                            | "fecha"
                            | "source"
                            | "byline"
                            | "meta"
                            | "dateline"
                    )
            });
        named.then_some(2)
    }

    /// What is taken from the rank of an element for where it stands.
    fn far(&self, at: NodeId, place: &Place) -> u8 {
        let document = self.document;
        let beside = document.ancestors(at).take(10).any(|outer| {
            matches!(
                document.tag(outer),
                Tag::Nav | Tag::Aside | Tag::Footer | Tag::Figure
            ) || class_words(document, outer).any(|word| {
                matches!(
                    &*word,
                    "comment"
                        | "comments"
                        | "commentlist"
                        | "related"
                        | "teaser"
                        | "teasers"
                        | "sidebar"
                        | "copyright"
                )
            })
        });
        // The head of a page prints the day it was fetched on.
        let above = place
            .heading
            .is_some_and(|heading| at.index() + BEFORE < heading.index());
        if at > place.end || beside {
            10
        } else if above {
            5
        } else {
            0
        }
    }

    fn date_of(&self, at: NodeId, rank: u8) -> Option<Timestamp> {
        let document = self.document;
        if rank == LINE {
            let text = document.text(at)?;
            let full = |at: &Timestamp| at.precision >= Precision::Day;
            let text = text.trim();
            return (text.chars().count() < 70)
                .then(|| dates::printed(text, &self.reading))
                .flatten()
                .filter(|at| full(at) && dates::is_possible(at, self.reading.now));
        }
        let value = ["datetime", "content", "data-time", "data-date", "title"]
            .into_iter()
            .filter_map(|name| document.attr(at, name))
            .find_map(|text| self.date(text));
        value.or_else(|| {
            // What holds much is no date, and reading it again and again takes long.
            if document.end(at).index() - at.index() > LARGEST {
                return None;
            }
            let text = text_line(document, at);
            (text.chars().count() < 200).then(|| self.date(&text))?
        })
    }
}

/// Whether a name of `<meta>` says when something was published, whatever the paper's system calls it.
fn is_published(name: &str) -> bool {
    let when = name.contains("date") || name.contains("time");
    name.contains("publi")
        && when
        && !["modif", "updat", "expir", "unpubli"]
            .iter()
            .any(|part| name.contains(part))
}

/// The rank of a short line without any mark.
const LINE: u8 = 4;

/// Nodes before and after the headline in which such a line is looked for.
const BEFORE: usize = 60;
const AFTER: usize = 160;

/// Nodes of an element that is read for a date, and how many are read.
const LARGEST: usize = 60;
const MOST_READ: usize = 400;
