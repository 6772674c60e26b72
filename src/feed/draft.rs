//! An entry while it is being read: of several sources of a field the best wins.

use std::borrow::Cow;
use std::sync::Arc;

use url::Url;

use super::fields::{Field, link_rank};
use super::plain::{self, Kind};
use super::{date, limits};
use crate::link;
use crate::model::{CreditedFeed, Enclosure, Entry, EntryDetails, Timestamp};

/// A value and how good its source is.
#[derive(Debug)]
struct Slot<T>(Option<(u16, T)>);

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Slot<T> {
    /// Takes a value unless a better one is there; of equals, the last counts.
    fn offer(&mut self, rank: u16, value: T) {
        if self.0.as_ref().is_none_or(|(known, _)| rank <= *known) {
            self.0 = Some((rank, value));
        }
    }

    /// The same, but of equals the first counts.
    fn offer_once(&mut self, rank: u16, value: T) {
        if self.0.as_ref().is_none_or(|(known, _)| rank < *known) {
            self.0 = Some((rank, value));
        }
    }

    fn take(self) -> Option<T> {
        self.0.map(|(_, value)| value)
    }
}

/// Text of an element, as read.
#[derive(Debug)]
pub(super) struct Piece<'t> {
    /// Markup or characters, as `kind` says.
    pub(super) text: Cow<'t, str>,
    pub(super) kind: Kind,
    /// See [`super::fields::Role::Field`].
    pub(super) rank: u8,
    /// Elements between it and the entry: what stands nearer is better.
    pub(super) depth: usize,
    /// Where relative links in it start from.
    pub(super) base: Option<&'t Url>,
}

impl Piece<'_> {
    fn rank(&self) -> u16 {
        u16::from(self.rank) * 256 + u16::try_from(self.depth.min(255)).unwrap_or(255)
    }
}

/// Parts of an entry, each from the best source so far.
#[derive(Debug, Default)]
pub(super) struct Draft {
    id: Slot<String>,
    link: Slot<Url>,
    title: Slot<String>,
    published: Slot<Timestamp>,
    updated: Slot<Timestamp>,
    summary: Slot<Html>,
    content: Slot<Html>,
    authors: Vec<String>,
    categories: Vec<String>,
    language: Slot<String>,
    enclosures: Vec<Enclosure>,
    rights: Slot<String>,
    credit: CreditedFeed,
    permalink: Option<bool>,
    /// What was cut, as sentences.
    pub(super) remarks: Vec<String>,
}

impl Draft {
    /// Notes what was lost, once.
    pub(super) fn remark(&mut self, text: &str) {
        if !self.remarks.iter().any(|known| known == text) {
            self.remarks.push(text.to_owned());
        }
    }

    /// Takes the text of a field that belongs to entries.
    pub(super) fn take(&mut self, field: Field, piece: &Piece<'_>) {
        match field {
            Field::Title => {
                if let Some(title) = self.line(piece, "the title") {
                    self.title.offer_once(piece.rank(), title);
                }
            }
            Field::Id | Field::Guid => self.take_id(piece),
            Field::Published => {
                if let Some(at) = date::parse(&piece.text) {
                    self.published.offer(piece.rank(), at);
                }
            }
            Field::Updated => {
                if let Some(at) = date::parse(&piece.text) {
                    self.updated.offer(piece.rank(), at);
                }
            }
            Field::Summary => {
                if let Some(html) = html(piece) {
                    self.summary.offer(piece.rank(), html);
                }
            }
            Field::Content => {
                if let Some(html) = html(piece) {
                    self.content.offer(piece.rank(), html);
                }
            }
            Field::Author => {
                if let Some(name) = self.line(piece, "an author") {
                    self.author(&name);
                }
            }
            Field::Category => {
                if let Some(name) = self.line(piece, "a category") {
                    self.category(name);
                }
            }
            Field::Keywords => {
                for name in piece.text.split(',').take(limits::LIST + 1) {
                    let name = plain::line(name, piece.kind, limits::LINE).0;
                    if !name.is_empty() {
                        self.category(name);
                    }
                }
            }
            Field::Language => {
                if let Some(tag) = language(&piece.text) {
                    self.language.offer(piece.rank(), tag);
                }
            }
            Field::Rights => {
                let line = plain::line(&piece.text, piece.kind, limits::RIGHTS).0;
                if !line.is_empty() {
                    self.rights.offer_once(piece.rank(), line);
                }
            }
            Field::Credit => {
                if let Some(title) = self.line(piece, "the title of its source") {
                    self.credit.title.get_or_insert(title);
                }
            }
            _ => {}
        }
    }

    /// Whether the id of the entry is its address.
    pub(super) fn permalink(&mut self, is: bool) {
        self.permalink = Some(is);
    }

    /// The address of the feed that the entry was taken over from; of a feed and its site, the site.
    pub(super) fn credit(&mut self, href: &str, is_site: bool, base: Option<&Url>) {
        if is_site || self.credit.url.is_none() {
            self.credit.url = web(href, base).or(self.credit.url.take());
        }
    }

    /// An id as printed, but for the space around it.
    fn take_id(&mut self, piece: &Piece<'_>) {
        let id = piece.text.trim();
        if id.len() > limits::ID {
            self.remark("its id is longer than 4 kB and was left out");
        } else if !id.is_empty() {
            self.id.offer(piece.rank(), id.to_owned());
        }
    }

    /// An id that an attribute gives.
    pub(super) fn id(&mut self, id: &str) {
        self.take_id(&Piece {
            text: Cow::Borrowed(id),
            kind: Kind::Text,
            rank: 1,
            depth: 0,
            base: None,
        });
    }

    /// A link to the entry's page, perhaps.
    pub(super) fn link(&mut self, rank: u8, href: &str, base: Option<&Url>) {
        let href = href.trim();
        if href.is_empty() {
            return;
        }
        match web(href, base) {
            Some(url) => self.link.offer(u16::from(rank), url),
            None if href.len() > link::MAX_URL => self.remark("a link is longer than 4 kB and was left out"),
            None => {}
        }
    }

    /// The language where no element gives it.
    pub(super) fn default_language(&mut self, tag: &str) {
        if let Some(tag) = language(tag) {
            self.language.offer(u16::MAX, tag);
        }
    }

    /// A person as printed, or by the name where the address comes with one.
    pub(super) fn author(&mut self, text: &str) {
        let name = person(text);
        if name.is_empty() || self.authors.contains(&name) {
            return;
        }
        if self.authors.len() < limits::LIST {
            self.authors.push(name);
        } else {
            self.remark("it has more than 100 authors; the rest was left out");
        }
    }

    /// A category, once.
    pub(super) fn category(&mut self, name: String) {
        if self.categories.contains(&name) {
            return;
        }
        if self.categories.len() < limits::LIST {
            self.categories.push(name);
        } else {
            self.remark("it has more than 100 categories; the rest was left out");
        }
    }

    /// A media file; also the last resort for a link.
    pub(super) fn enclosure(
        &mut self,
        href: &str,
        mime: Option<&str>,
        length: Option<&str>,
        base: Option<&Url>,
    ) {
        let Some(url) = web(href, base) else {
            return;
        };
        if self.link.0.is_none() {
            self.link.offer(u16::from(link_rank::ENCLOSURE), url.clone());
        }
        if self.enclosures.iter().any(|known| known.url == url) {
            return;
        }
        if self.enclosures.len() >= limits::LIST {
            self.remark("it has more than 100 media files; the rest was left out");
            return;
        }
        self.enclosures.push(Enclosure {
            url,
            mime: mime
                .map(|mime| plain::line(mime, Kind::Text, 100).0)
                .filter(|mime| !mime.is_empty()),
            length: length.and_then(|length| length.trim().parse().ok()),
        });
    }

    /// One line of text, repaired.
    fn line(&mut self, piece: &Piece<'_>, what: &str) -> Option<String> {
        let (line, cut) = plain::line(&piece.text, piece.kind, limits::LINE);
        if cut {
            self.remark(&format!("{what} is longer than 4 kB and was cut"));
        }
        (!line.is_empty()).then_some(line)
    }

    /// The entry.
    pub(super) fn finish(self) -> Entry {
        let (summary, content) = (self.summary.take(), self.content.take());
        let base = content
            .as_ref()
            .or(summary.as_ref())
            .and_then(|html| html.base.clone())
            .map(Box::new);
        Entry {
            id: self.id.take(),
            link: self.link.take(),
            title: self.title.take(),
            published: self.published.take(),
            updated: self.updated.take(),
            summary: summary.map(|html| html.text),
            content: content.map(|html| html.text),
            permalink: self.permalink,
            base,
            details: EntryDetails {
                authors: self.authors,
                categories: self.categories,
                language: self.language.take(),
                enclosures: self.enclosures,
                rights: self.rights.take().map(Arc::from),
                credit: Some(self.credit).filter(|credit| *credit != CreditedFeed::default()),
            }
            .kept(),
        }
    }
}

/// A web address, relative to where it stands. Ampersands that were escaped twice are one.
pub(super) fn web(href: &str, base: Option<&Url>) -> Option<Url> {
    let href = if href.contains("&amp;") {
        Cow::Owned(href.replace("&amp;", "&"))
    } else {
        Cow::Borrowed(href)
    };
    match base {
        Some(base) => link::resolve(base, &href),
        None => link::web_url(&href),
    }
}

/// A text and where relative links in it start from.
#[derive(Debug)]
struct Html {
    text: String,
    base: Option<Url>,
}

/// HTML out of an element's text, nothing if it is empty.
fn html(piece: &Piece<'_>) -> Option<Html> {
    let text = piece.text.trim();
    if text.is_empty() {
        return None;
    }
    Some(Html {
        text: match piece.kind {
            Kind::Text => plain::escape(text),
            Kind::Html | Kind::Either => text.to_owned(),
        },
        base: piece.base.cloned(),
    })
}

/// A language tag of letters, digits and hyphens.
pub(super) fn language(text: &str) -> Option<String> {
    let tag = text.trim().replace('_', "-");
    let sane = (2..=35).contains(&tag.len())
        && tag.starts_with(|c: char| c.is_ascii_alphabetic())
        && tag
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    sane.then_some(tag)
}

/// `joe@paper.example (Joe Bloggs)` and `Joe Bloggs <joe@paper.example>` are Joe Bloggs.
fn person(text: &str) -> String {
    let text = text.trim();
    let before = |open: char| text.split_once(open);
    if text.contains('@') {
        for (open, close) in [('(', ')'), ('（', '）')] {
            if let Some((outside, inside)) = before(open) {
                let inside = inside.trim().trim_end_matches(close).trim();
                let name = if inside.contains('@') {
                    outside.trim()
                } else {
                    inside
                };
                if !name.is_empty() {
                    return name.to_owned();
                }
            }
        }
        if let Some((name, _)) = before('<').filter(|(name, _)| !name.trim().is_empty()) {
            return name.trim().trim_matches('"').to_owned();
        }
    }
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_as_they_are_written() {
        for (text, expected) in [
            ("Joe Bloggs", "Joe Bloggs"),
            ("joe@paper.example", "joe@paper.example"),
            ("joe@paper.example (Joe Bloggs)", "Joe Bloggs"),
            ("Joe Bloggs <joe@paper.example>", "Joe Bloggs"),
            ("joe@paper.example（山田太郎）", "山田太郎"),
            ("Joe (joe@paper.example)", "Joe"),
            ("（joe@paper.example）日本", "（joe@paper.example）日本"),
            ("By Joe (Rome)", "By Joe (Rome)"),
        ] {
            assert_eq!(person(text), expected, "{text}");
        }
    }

    #[test]
    fn languages_are_tags() {
        assert_eq!(language(" en_GB "), Some("en-GB".to_owned()));
        for text in ["", "e", "English language", "<b>", "12"] {
            assert_eq!(language(text), None, "{text}");
        }
    }
}
