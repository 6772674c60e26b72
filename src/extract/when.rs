//! When an article was published and changed: by JSON-LD, by the head, by what is printed, by the path of its URL.

use super::dates;
use super::fields::{Automatic, Place, class_words};
use crate::html::{Tag, line};
use crate::model::{Origin, Timestamp};

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
            "last-modified",
        ];
        let linked = || Some((self.date(self.linked.published.as_deref()?)?, Origin::JsonLd));
        let declared = || {
            NAMES
                .iter()
                .flat_map(|name| self.meta.all(name))
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

    /// The date printed nearest to the headline: `itemprop`, `<time>`, else by the classes dates have.
    fn printed_date(&self, place: &Place) -> Option<Timestamp> {
        let document = self.document;
        let mut best: Option<(u8, Timestamp)> = None;
        for at in document.all() {
            let tag = document.tag(at);
            if tag == Tag::Text {
                continue;
            }
            let attr = |name| document.attr(at, name);
            let is_published = attr("itemprop")
                .is_some_and(|name| name.eq_ignore_ascii_case("datePublished"))
                || attr("pubdate").is_some();
            let rank = if is_published {
                0
            } else if tag == Tag::Time {
                if class_words(document, at)
                    .any(|word| word.starts_with("updat") || word.starts_with("modif"))
                {
                    3
                } else {
                    1
                }
            } else if !tag.is_mute()
                && class_words(document, at).any(|word| {
                    word.contains("date") && !word.contains("update")
                        || word.contains("publish")
                        || matches!(
                            word.as_str(),
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
                })
            {
                2
            } else {
                continue;
            };
            let late = u8::from(at > place.end) * 10;
            if best.as_ref().is_some_and(|(known, _)| *known <= rank + late) {
                continue;
            }
            let value = ["datetime", "content", "data-time", "data-date", "title"]
                .into_iter()
                .filter_map(attr)
                .find_map(|text| self.date(text));
            let value = value.or_else(|| {
                let text = line(document, at);
                (text.chars().count() < 200).then(|| self.date(&text))?
            });
            if let Some(value) = value {
                best = Some((rank + late, value));
                if rank == 0 {
                    break;
                }
            }
        }
        best.map(|(_, at)| at)
    }
}
