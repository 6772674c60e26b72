//! The dates of publication and of the last change.
//!
//! Sources in order: JSON-LD, `<meta>`, the printed date nearest to the headline, the path of the URL.

use super::extractor::{ArticlePosition, FallbackExtractor};
use crate::extract::dates::{date_in_url, is_plausible, parse_date, parse_printed_date};
use crate::extract::words::class_words;
use crate::html::{Document, NodeId, Tag, text_line};
use crate::model::{Candidate, Origin, Precision, Standing, Timestamp};

/// Names of `<meta>` for the date of publication, surest first.
#[rustfmt::skip]
const PUBLISHED: &[&str] = &[
    "article:published_time", "og:article:published_time", "datepublished", "og:published_time",
    "article.published", "published_at", "date", "dc.date.issued", "dcterms.created", "dc.date",
    "dc.date.created", "dcterms.date", "dcterms.issued", "parsely-pub-date", "sailthru.date", "pubdate",
    "publishdate", "publish-date", "publish_date", "cxenseparse:recs:publishtime", "cxenseparse:publishtime",
    "article_date_original", "displaydate", "ptime", "rnews:datepublished", "originalpublicationdate",
    "article:post_date",
];

/// Names of `<meta>` for the date of the last change, surest first.
#[rustfmt::skip]
const MODIFIED: &[&str] = &[
    "article:modified_time", "og:updated_time", "datemodified", "article:updated_time", "dcterms.modified",
    "lastmod", "last-modified",
];

/// Class words of elements with the date of publication. Words that contain "date" or "publish" count, too.
#[rustfmt::skip]
const DATE_WORDS: &[&str] = &[
    "time", "timestamp", "posted", "datum", "fecha", "source", "byline", "meta", "dateline",
];

/// Class words of elements whose dates are of something else.
#[rustfmt::skip]
const OTHERS: &[&str] = &[
    "comment", "comments", "commentlist", "related", "teaser", "teasers", "sidebar", "copyright",
];

/// The rank of microdata.
const DECLARED_RANK: u8 = 0;

/// The rank of a short line without any markup of its own (0 is the surest rank).
const LINE_RANK: u8 = 4;

/// Added to the rank of a date above the headline, where pages print the day they were fetched on.
const ABOVE: u8 = 5;

/// Added to the rank of a date after the article or beside it.
const ELSEWHERE: u8 = 10;

/// Nodes before and after the headline in which a line of its own counts.
const NODES_BEFORE: usize = 60;
const NODES_AFTER: usize = 160;

/// Nodes: an element with more is not read, since it is no date and may be read again for each element around it.
const LARGEST_ELEMENT: usize = 60;

/// Elements of a page that are read for a date.
const MOST_READ: usize = 400;

/// A date that is printed on a page.
struct PrintedDate {
    date: Timestamp,
    /// The node that has it.
    at: NodeId,
    /// See [`markup_rank`].
    rank: u8,
}

impl FallbackExtractor<'_> {
    /// The date in a text, if something can have been published then.
    fn date(&self, text: &str) -> Option<Timestamp> {
        parse_date(text, &self.dates).filter(|date| is_plausible(date, self.dates.now))
    }

    /// When the article was published, surest first; where the page does not say, when it was last changed.
    pub(super) fn published(&self, position: &ArticlePosition) -> Vec<Candidate<Timestamp>> {
        let mut dates = Vec::new();
        let mut add = |date: Option<Timestamp>, origin, standing| {
            dates.extend(date.map(|value| Candidate { value, origin, standing }));
        };
        let in_json_ld = self.json_ld.published.as_deref().and_then(|text| self.date(text));
        add(in_json_ld, Origin::JsonLd, Standing::Structured);
        let in_meta = PUBLISHED
            .iter()
            .flat_map(|name| self.meta.all(name))
            .chain(self.meta.all_matching(is_publication_name))
            .find_map(|text| self.date(text));
        add(in_meta, Origin::Meta, Standing::Structured);
        // One that is declared is only confirmed by print, which then is near the headline.
        let is_declared = in_json_ld.is_some() || in_meta.is_some();
        match self.printed_date(position, position.heading.filter(|_| is_declared)) {
            // Microdata is a declaration; the text of its element is print.
            Some(PrintedDate { date, at, rank: DECLARED_RANK }) => {
                add(Some(date), Origin::Auto, Standing::Structured);
                add(self.date_of_text(at), Origin::Auto, Standing::Printed);
            }
            printed => add(printed.map(|printed| printed.date), Origin::Auto, Standing::Printed),
        }
        add(date_in_url(self.page_url, self.dates.now), Origin::Auto, Standing::Guessed);
        if let Some((date, origin)) = self.modified() {
            add(Some(date), origin, Standing::Guessed);
        }
        dates
    }

    /// When the article was last changed.
    pub(super) fn modified(&self) -> Option<(Timestamp, Origin)> {
        let in_json_ld = || Some((self.date(self.json_ld.modified.as_deref()?)?, Origin::JsonLd));
        let in_meta = || {
            let mut contents = MODIFIED.iter().flat_map(|name| self.meta.all(name));
            Some((contents.find_map(|text| self.date(text))?, Origin::Meta))
        };
        in_json_ld().or_else(in_meta)
    }

    /// The printed date of the best rank; of several, the first. With `near`, only around that heading.
    fn printed_date(&self, position: &ArticlePosition, near: Option<NodeId>) -> Option<PrintedDate> {
        let document = self.document;
        let (from, until) = near.map_or((0, usize::MAX), |heading| {
            (heading.index().saturating_sub(NODES_BEFORE), heading.index() + NODES_AFTER)
        });
        let mut best: Option<(u8, PrintedDate)> = None;
        // Elements that were read for a date.
        let mut read = 0;
        for at in document.nodes().skip(from).take_while(|at| at.index() < until) {
            let Some(rank) = markup_rank(document, at, position) else {
                continue;
            };
            let penalty = place_penalty(document, at, position);
            // A line by itself must stand at the headline.
            if rank == LINE_RANK && penalty > 0
                || best.as_ref().is_some_and(|(known, _)| *known <= rank + penalty)
            {
                continue;
            }
            read += 1;
            if read > MOST_READ || document.is_overrun() {
                break;
            }
            let date = if rank == LINE_RANK { self.date_of_line(at) } else { self.date_of_element(at) };
            if let Some(date) = date {
                best = Some((rank + penalty, PrintedDate { date, at, rank }));
                if rank + penalty == 0 {
                    break;
                }
            }
        }
        best.map(|(_, date)| date)
    }

    /// The printed date in a text node, which must tell the day.
    fn date_of_line(&self, at: NodeId) -> Option<Timestamp> {
        let text = self.document.text(at)?.trim();
        if text.chars().count() >= 70 {
            return None;
        }
        parse_printed_date(text, &self.dates)
            .filter(|date| date.precision >= Precision::Day && is_plausible(date, self.dates.now))
    }

    /// The date in an attribute of an element, else in its text.
    fn date_of_element(&self, at: NodeId) -> Option<Timestamp> {
        let document = self.document;
        let in_attribute = ["datetime", "content", "data-time", "data-date", "title"]
            .into_iter()
            .filter_map(|name| document.attr(at, name))
            .find_map(|text| self.date(text));
        in_attribute.or_else(|| self.date_of_text(at))
    }

    /// The date in the text of an element.
    fn date_of_text(&self, at: NodeId) -> Option<Timestamp> {
        if self.document.end(at).index() - at.index() > LARGEST_ELEMENT {
            return None;
        }
        let text = text_line(self.document, at);
        (text.chars().count() < 200).then(|| self.date(&text))?
    }
}

/// How surely a node holds the date of publication, by its markup: 0 declared, 1 `<time>`, 2 class words, 3 `<time>` of a
/// change, 4 a line near the headline. None for all other nodes.
fn markup_rank(document: &Document, at: NodeId, position: &ArticlePosition) -> Option<u8> {
    let tag = document.tag(at);
    if tag == Tag::Text {
        let near = position.heading.is_some_and(|heading| {
            at.index() + NODES_BEFORE > heading.index() && at.index() < heading.index() + NODES_AFTER
        });
        let text = near.then(|| document.text(at)).flatten()?;
        let is_short = text.len() < 200 && text.bytes().filter(u8::is_ascii_digit).count() < 20;
        return (is_short && text.chars().any(char::is_numeric)).then_some(LINE_RANK);
    }
    let attr = |name| document.attr(at, name);
    if attr("itemprop").is_some_and(|name| name.eq_ignore_ascii_case("datePublished"))
        || attr("pubdate").is_some()
    {
        return Some(DECLARED_RANK);
    }
    if tag == Tag::Time {
        let is_change =
            class_words(document, at).any(|word| word.starts_with("updat") || word.starts_with("modif"));
        return Some(if is_change { 3 } else { 1 });
    }
    // Class words, the weakest markup.
    let is_named = !tag.has_no_text()
        && class_words(document, at).any(|word| {
            word.contains("date") && !word.contains("update")
                || word.contains("publish")
                || DATE_WORDS.contains(&&*word)
        });
    is_named.then_some(2)
}

/// What is added to the rank of a node for the place where it stands.
fn place_penalty(document: &Document, at: NodeId, position: &ArticlePosition) -> u8 {
    let is_other = document.ancestors(at).take(10).any(|outer| {
        matches!(document.tag(outer), Tag::Nav | Tag::Aside | Tag::Footer | Tag::Figure)
            || class_words(document, outer).any(|word| OTHERS.contains(&&*word))
    });
    let heading = position.heading;
    if at > position.end || is_other {
        ELSEWHERE
    } else if heading.is_some_and(|heading| at.index() + NODES_BEFORE < heading.index()) {
        ABOVE
    } else {
        0
    }
}

/// True if a name of `<meta>` is of the date of publication, whatever the paper's system calls it.
fn is_publication_name(name: &str) -> bool {
    name.contains("publi")
        && (name.contains("date") || name.contains("time"))
        && !["modif", "updat", "expir", "unpubli"].iter().any(|part| name.contains(part))
}
