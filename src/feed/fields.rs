//! What each element means. The one table of the vocabularies.

use std::borrow::Cow;

use super::names::Space;

/// A part of an entry or of the feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Title,
    Link,
    /// RSS `guid`, a link unless it says otherwise.
    Guid,
    Id,
    Published,
    Updated,
    Summary,
    Content,
    /// A person as one line; may hold `name` and `email` instead.
    Author,
    Name,
    Email,
    Category,
    Rights,
    /// The title of the feed that an entry was taken over from.
    Credit,
    /// Categories parted by commas.
    Keywords,
    Language,
    Ttl,
    Hour,
    Day,
    Period,
    Frequency,
    PeriodBase,
}

impl Field {
    /// Whether it is one line, which another field's start tag ends when its own end tag is missing.
    pub(super) fn is_line(self) -> bool {
        !matches!(self, Self::Summary | Self::Content)
    }
}

/// What to do with an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// The root of a feed, or its channel.
    Feed,
    /// `rdf:RDF`: the root of a feed if there is a channel or an item in it.
    Graph,
    /// An entry.
    Entry,
    /// Text to take. The smaller the number, the better the source; of equals, the last counts, but the first title.
    Field(Field, u8),
    /// A media file named by attributes.
    Enclosure,
    /// Another feed that the entry was taken over from: nothing in it belongs to the entry itself.
    Credit,
    /// Its content counts as if it stood outside.
    Open,
    /// Nothing in it belongs to the entry.
    Closed,
}

/// The role of an element.
pub(super) fn role(space: Space, local: &str) -> Role {
    use Field as F;
    use Role::{Closed, Credit, Enclosure, Entry, Feed, Graph, Open};
    let field = Role::Field;
    let local = if local.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(local.to_ascii_lowercase())
    } else {
        Cow::Borrowed(local)
    };
    match (space, local.as_ref()) {
        (Space::Core | Space::Atom, name) => match name {
            "rss" | "feed" | "channel" => Feed,
            "item" | "entry" => Entry,
            "rdf" => Graph,
            "title" => field(F::Title, 0),
            "link" => field(F::Link, 0),
            "guid" => field(F::Guid, 0),
            "id" => field(F::Id, 0),
            "pubdate" | "published" => field(F::Published, 0),
            "issued" => field(F::Published, 1),
            "date" => field(F::Published, 3),
            "created" => field(F::Published, 4),
            "updated" | "modified" | "lastbuilddate" => field(F::Updated, 0),
            "description" | "summary" | "abstract" => field(F::Summary, 0),
            "content" => field(F::Content, 0),
            "body" => field(F::Content, 1),
            "fullitem" => field(F::Content, 2),
            "author" | "managingeditor" => field(F::Author, 0),
            "name" => field(F::Name, 0),
            "email" => field(F::Email, 0),
            "category" => field(F::Category, 0),
            "keywords" => field(F::Keywords, 0),
            "language" => field(F::Language, 0),
            "rights" | "copyright" => field(F::Rights, 0),
            "source" => Credit,
            "enclosure" => Enclosure,
            "ttl" => field(F::Ttl, 0),
            "hour" => field(F::Hour, 0),
            "day" => field(F::Day, 0),
            "image" | "textinput" | "contributor" | "owner" | "cloud" => Closed,
            _ => Open,
        },
        (Space::Rdf, "rdf") => Graph,
        (Space::Dc | Space::Terms, name) => match name {
            "title" => field(F::Title, 2),
            "creator" | "author" => field(F::Author, 1),
            "issued" => field(F::Published, 1),
            "date" => field(F::Published, 2),
            "created" => field(F::Published, 4),
            "modified" => field(F::Updated, 1),
            "description" => field(F::Summary, 2),
            "abstract" => field(F::Summary, 3),
            "subject" => field(F::Category, 1),
            "language" => field(F::Language, 1),
            "rights" => field(F::Rights, 1),
            "identifier" => field(F::Id, 9),
            _ => Closed,
        },
        (Space::Content, "encoded") => field(F::Content, 0),
        (Space::Xhtml, "body") => field(F::Content, 1),
        (Space::Media, "title") => field(F::Title, 3),
        (Space::Media, "description") => field(F::Summary, 6),
        (Space::Media, "content") => Enclosure,
        (Space::Media, "copyright") => field(F::Rights, 2),
        (Space::Itunes, "title") => field(F::Title, 4),
        (Space::Itunes, "author") => field(F::Author, 2),
        (Space::Itunes, "summary") => field(F::Summary, 4),
        (Space::Itunes, "subtitle") => field(F::Summary, 5),
        (Space::Itunes, "category") => field(F::Category, 2),
        (Space::Itunes | Space::Media, "keywords") => field(F::Keywords, 2),
        (Space::Syndication, "updateperiod") => field(F::Period, 0),
        (Space::Syndication, "updatefrequency") => field(F::Frequency, 0),
        (Space::Syndication, "updatebase") => field(F::PeriodBase, 0),
        (Space::Proxy, "origlink") => field(F::Link, link_rank::ORIGINAL),
        (Space::Prism, "publicationdate") => field(F::Published, 3),
        (Space::Prism, "modificationdate") => field(F::Updated, 2),
        (Space::Rdf | Space::Content | Space::Xhtml, _) | (Space::Media, "group") => Open,
        _ => Closed,
    }
}

/// How good a link is as the entry's page; smaller is better.
pub(super) mod link_rank {
    /// `<link>` of RSS, `rel="alternate"` of a page.
    pub(in crate::feed) const PAGE: u8 = 0;
    /// An alternate of another type.
    pub(in crate::feed) const ALTERNATE: u8 = 2;
    /// A `guid` that is a permalink.
    pub(in crate::feed) const PERMALINK: u8 = 3;
    /// What a feed proxy kept.
    pub(in crate::feed) const ORIGINAL: u8 = 4;
    /// `rdf:about`.
    pub(in crate::feed) const ABOUT: u8 = 5;
    /// An id that happens to be a web address.
    pub(in crate::feed) const ID: u8 = 6;
    /// Content that stands elsewhere, and relations such as `related` and `via`.
    pub(in crate::feed) const RELATED: u8 = 7;
    /// The media file itself.
    pub(in crate::feed) const ENCLOSURE: u8 = 8;
}

/// The rank of a link by its relation and type (RFC 4287, 4.2.7); none for those that never lead to the entry.
pub(super) fn rank_of_link(relation: Option<&str>, mime: Option<&str>) -> Option<u8> {
    let relation = relation.unwrap_or("alternate").trim().to_ascii_lowercase();
    let relation = relation
        .strip_prefix("http://www.iana.org/assignments/relation/")
        .unwrap_or(&relation);
    let mime = mime.unwrap_or_default().trim().to_ascii_lowercase();
    let is_page = mime.is_empty() || mime.contains("html");
    match relation {
        "alternate" | "" if is_page => Some(link_rank::PAGE),
        "alternate" => Some(link_rank::ALTERNATE),
        "enclosure" => Some(link_rank::ENCLOSURE),
        "related" | "via" | "canonical" | "shortlink" | "bookmark" => Some(link_rank::RELATED),
        _ => None,
    }
}
