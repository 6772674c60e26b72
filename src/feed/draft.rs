//! An entry while it is parsed: of several sources of a field the best is kept.
//!
//! Feeds give a field several times: as RSS, as Dublin Core, as Media RSS. Each source has a rank (see
//! [`ElementRole::Field`](super::fields::ElementRole::Field)); the smallest rank and, of equals, the smallest depth counts.
//!
//! The readers of XML and of JSON Feed fill an [`EntryDraft`]; [`EntryDraft::finish`] makes it an [`Entry`].

use std::borrow::Cow;
use std::sync::Arc;

use url::Url;

use super::date::parse_date;
use super::fields::{FeedField, link_rank};
use super::limits;
use super::plain_text::{TextKind, cut_line, escape_html, plain_line};
use super::values::{language_tag, link_address, person_name, web_address};
use crate::link;
use crate::model::{CreditedFeed, Enclosure, Entry, EntryDetails, Timestamp};

/// A value and the rank of its source; the smaller the rank, the better the source.
#[derive(Debug)]
struct Ranked<T>(Option<(u16, T)>);

impl<T> Default for Ranked<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Ranked<T> {
    /// Takes a value unless a better one is there. Of equals the last counts.
    fn offer(&mut self, rank: u16, value: Option<T>) {
        if let Some(value) = value
            && self.0.as_ref().is_none_or(|(known, _)| rank <= *known)
        {
            self.0 = Some((rank, value));
        }
    }

    /// Takes a value unless a better one is there. Of equals the first counts.
    fn offer_first(&mut self, rank: u16, value: Option<T>) {
        if self.0.as_ref().is_none_or(|(known, _)| rank < *known) {
            self.offer(rank, value);
        }
    }

    fn into_value(self) -> Option<T> {
        self.0.map(|(_, value)| value)
    }
}

/// The text of a field.
#[derive(Debug)]
pub(super) struct FieldText<'t> {
    /// Markup or characters, as `kind` says.
    pub(super) text: Cow<'t, str>,
    pub(super) kind: TextKind,
    /// The rank of its element, see [`ElementRole::Field`](super::fields::ElementRole::Field).
    pub(super) rank: u8,
    /// Elements between it and the entry. Of two sources with the same rank the nearer is better.
    pub(super) depth: usize,
    /// The address that relative links in it start from.
    pub(super) base: Option<&'t Url>,
}

impl<'t> FieldText<'t> {
    /// The value of an attribute, which is plain text.
    pub(super) fn of_attribute(text: impl Into<Cow<'t, str>>) -> Self {
        Self { text: text.into(), kind: TextKind::Text, rank: 0, depth: 0, base: None }
    }

    /// The rank of its element, then its depth up to 255.
    fn rank(&self) -> u16 {
        u16::from(self.rank) * 256 + u16::try_from(self.depth).map_or(255, |depth| depth.min(255))
    }
}

/// The parts of an entry, each from the best source so far.
#[derive(Debug, Default)]
pub(super) struct EntryDraft {
    id: Ranked<String>,
    link: Ranked<Url>,
    title: Ranked<String>,
    published: Ranked<Timestamp>,
    updated: Ranked<Timestamp>,
    summary: Ranked<Html>,
    content: Ranked<Html>,
    authors: Vec<String>,
    categories: Vec<String>,
    language: Ranked<String>,
    enclosures: Vec<Enclosure>,
    rights: Ranked<String>,
    credit: CreditedFeed,
    permalink: Option<bool>,
    /// What was cut or left out, as sentences.
    pub(super) losses: Vec<String>,
}

impl EntryDraft {
    /// Records that something was cut or left out; the same sentence only once.
    pub(super) fn record_loss(&mut self, reason: &str) {
        if !self.losses.iter().any(|known| known == reason) {
            self.losses.push(reason.to_owned());
        }
    }

    /// Adds the text of a field. Fields of feeds, such as `ttl`, are ignored.
    pub(super) fn add(&mut self, field: FeedField, value: &FieldText<'_>) {
        let (text, rank) = (&*value.text, value.rank());
        match field {
            FeedField::Title => {
                let title = self.line(value, "the title");
                self.title.offer_first(rank, title);
            }
            FeedField::Id | FeedField::Guid => self.set_id(text, rank),
            FeedField::Published => self.published.offer(rank, parse_date(text)),
            FeedField::Updated => self.updated.offer(rank, parse_date(text)),
            FeedField::Summary => self.summary.offer(rank, Html::of(value)),
            FeedField::Content => self.content.offer(rank, Html::of(value)),
            FeedField::Author => {
                if let Some(name) = self.line(value, "an author") {
                    self.add_author(&name);
                }
            }
            FeedField::Category => {
                if let Some(name) = self.line(value, "a category") {
                    self.add_category(name);
                }
            }
            FeedField::Keywords => {
                for name in text.split(',').take(limits::LIST + 1) {
                    if let Some(name) = plain_line(name, value.kind, limits::LINE) {
                        self.add_category(name);
                    }
                }
            }
            FeedField::Language => self.language.offer(rank, language_tag(text)),
            FeedField::Rights => {
                let line = plain_line(text, value.kind, limits::RIGHTS);
                self.rights.offer_first(rank, line);
            }
            FeedField::Credit => {
                if let Some(title) = self.line(value, "the title of its source") {
                    self.credit.title.get_or_insert(title);
                }
            }
            _ => {}
        }
    }

    /// Sets whether the id of the entry is its address.
    pub(super) fn set_permalink(&mut self, is_permalink: bool) {
        self.permalink = Some(is_permalink);
    }

    /// Sets the address of the feed that the entry was taken from. The address of a site replaces that of a feed.
    pub(super) fn set_credited_address(&mut self, href: &str, is_site: bool, base: Option<&Url>) {
        if is_site || self.credit.url.is_none() {
            self.credit.url = web_address(href, base).or(self.credit.url.take());
        }
    }

    /// Sets the id from an attribute of the entry.
    pub(super) fn set_attribute_id(&mut self, id: &str) {
        self.set_id(id, 256);
    }

    /// An id is kept as printed, except for the space around it: it identifies the entry.
    fn set_id(&mut self, id: &str, rank: u16) {
        let id = id.trim();
        if id.len() > limits::ID {
            self.record_loss("its id is longer than 4 kB and was left out");
        } else if !id.is_empty() {
            self.id.offer(rank, Some(id.to_owned()));
        }
    }

    /// Adds the text of a link that may lead to the entry's page, unless it is no address; `rank` is one of [`link_rank`].
    pub(super) fn add_link(&mut self, rank: u8, text: &str, base: Option<&Url>) {
        self.offer_link(rank, text, link_address(text, base));
    }

    /// The same for what is declared as an address.
    pub(super) fn add_href(&mut self, rank: u8, href: &str, base: Option<&Url>) {
        let is_empty = href.trim().is_empty() || href.trim_start().starts_with('#');
        self.offer_link(rank, href, if is_empty { None } else { web_address(href, base) });
    }

    fn offer_link(&mut self, rank: u8, href: &str, url: Option<Url>) {
        if url.is_none() && href.len() > link::MAX_URL {
            self.record_loss("a link is longer than 4 kB and was left out");
        }
        self.link.offer(u16::from(rank), url);
    }

    /// Sets the language for the case that no element gives it.
    pub(super) fn set_default_language(&mut self, tag: &str) {
        self.language.offer(u16::MAX, language_tag(tag));
    }

    /// Adds a person as printed, by the name where an e-mail address comes with one.
    pub(super) fn add_author(&mut self, text: &str) {
        let name = person_name(text);
        let is_known = self.authors.iter().any(|known| known == name);
        if !name.is_empty() && !is_known && self.has_room(self.authors.len(), "authors") {
            self.authors.push(name.to_owned());
        }
    }

    /// Adds a category, unless it is there.
    pub(super) fn add_category(&mut self, name: String) {
        if !self.categories.contains(&name) && self.has_room(self.categories.len(), "categories") {
            self.categories.push(name);
        }
    }

    /// Adds a media file; it is also the entry's link if there is no other.
    pub(super) fn add_enclosure(
        &mut self,
        href: &str,
        mime: Option<&str>,
        length: Option<&str>,
        base: Option<&Url>,
    ) {
        let Some(url) = link_address(href, base) else {
            return;
        };
        let rank = u16::from(link_rank::ENCLOSURE);
        self.link.offer_first(rank, Some(url.clone()));
        let is_known = self.enclosures.iter().any(|known| known.url == url);
        if !is_known && self.has_room(self.enclosures.len(), "media files") {
            self.enclosures.push(Enclosure {
                url,
                mime: mime.and_then(|mime| plain_line(mime, TextKind::Text, 100)),
                length: length.and_then(|length| length.trim().parse().ok()),
            });
        }
    }

    /// Whether a list of so many may grow; else the loss is recorded.
    fn has_room(&mut self, length: usize, what: &str) -> bool {
        if length >= limits::LIST {
            self.record_loss(&format!("it has more than 100 {what}; the rest was left out"));
        }
        length < limits::LIST
    }

    /// A field as one line of plain text; `what` names it where it is cut.
    fn line(&mut self, value: &FieldText<'_>, what: &str) -> Option<String> {
        let (line, is_cut) = cut_line(&value.text, value.kind, limits::LINE);
        if is_cut {
            self.record_loss(&format!("{what} is longer than 4 kB and was cut"));
        }
        (!line.is_empty()).then_some(line)
    }

    /// The entry, with the best of each field.
    pub(super) fn finish(self) -> Entry {
        let (summary, content) = (self.summary.into_value(), self.content.into_value());
        let base = content.as_ref().or(summary.as_ref()).and_then(|html| html.base.clone());
        Entry {
            id: self.id.into_value(),
            link: self.link.into_value(),
            wrapper: None,
            title: self.title.into_value(),
            published: self.published.into_value(),
            has_own_date: false,
            updated: self.updated.into_value(),
            summary: summary.map(|html| html.text),
            content: content.map(|html| html.text),
            permalink: self.permalink,
            recalled: None,
            base: base.map(Box::new),
            details: EntryDetails {
                authors: self.authors,
                categories: self.categories,
                language: self.language.into_value(),
                enclosures: self.enclosures,
                rights: self.rights.into_value().map(Arc::from),
                credit: Some(self.credit).filter(|credit| *credit != CreditedFeed::default()),
                false_date: None,
            }
            .kept(),
        }
    }
}

/// HTML, and the address that relative links in it start from.
#[derive(Debug)]
struct Html {
    text: String,
    base: Option<Url>,
}

impl Html {
    /// The HTML of a field; `None` if it is empty. Plain text is escaped.
    fn of(value: &FieldText<'_>) -> Option<Self> {
        let text = value.text.trim();
        let html = |text: String| Self { text, base: value.base.cloned() };
        match value.kind {
            _ if text.is_empty() => None,
            TextKind::Text => Some(html(escape_html(text))),
            TextKind::Html | TextKind::Either => Some(html(text.to_owned())),
        }
    }
}
