//! The meaning of each element: the one table of all vocabularies.

use std::borrow::Cow;

use super::vocabulary::Vocabulary;

/// A part of an entry or of the feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FeedField {
    Title,
    Link,
    /// RSS `guid`, a link unless it says otherwise.
    Guid,
    Id,
    Published,
    Updated,
    Summary,
    Content,
    /// A person as one line, or with [`FeedField::Name`] and [`FeedField::Email`] in it.
    Author,
    Name,
    Email,
    Category,
    Rights,
    /// The title of the feed that an entry was taken from.
    Credit,
    /// Categories with commas between them.
    Keywords,
    Language,
    /// RSS `ttl`.
    Ttl,
    /// An hour of RSS `skipHours`.
    SkipHour,
    /// A day of RSS `skipDays`.
    SkipDay,
    UpdatePeriod,
    UpdateFrequency,
    UpdateBase,
}

impl FeedField {
    /// Whether it is one line. Such a field ends where another field begins, if its own end tag is missing.
    pub(super) fn is_line(self) -> bool {
        !matches!(self, Self::Summary | Self::Content)
    }
}

/// What an element is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ElementRole {
    /// The root of a feed, or its channel.
    Feed,
    /// `rdf:RDF`: the root of a feed if there is a channel or an item in it.
    Graph,
    Entry,
    /// A field with its rank: the smaller the number, the better the source. Of equals the last counts, except for
    /// titles and rights, where the first does.
    Field(FeedField, u8),
    /// A media file named by attributes.
    Enclosure,
    /// The feed that the entry was taken from. Nothing in it belongs to the entry itself.
    Credit,
    /// Its content counts as if it stood outside.
    Transparent,
    /// Nothing in it belongs to the entry.
    Ignored,
}

/// The role of an element, by its vocabulary and its local name in any case.
pub(super) fn role_of(vocabulary: Vocabulary, local: &str) -> ElementRole {
    use ElementRole::{Credit, Enclosure, Entry, Feed, Graph, Ignored, Transparent};
    use FeedField as F;
    use Vocabulary as V;
    let field = ElementRole::Field;
    let local = if local.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(local.to_ascii_lowercase())
    } else {
        Cow::Borrowed(local)
    };
    match (vocabulary, local.as_ref()) {
        (V::Core | V::Atom, name) => match name {
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
            "hour" => field(F::SkipHour, 0),
            "day" => field(F::SkipDay, 0),
            "image" | "textinput" | "contributor" | "owner" | "cloud" => Ignored,
            _ => Transparent,
        },
        (V::Rdf, "rdf") => Graph,
        (V::DublinCore | V::DublinCoreTerms, name) => match name {
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
            _ => Ignored,
        },
        (V::Content, "encoded") => field(F::Content, 0),
        (V::Xhtml, "body") => field(F::Content, 1),
        (V::Media, "title") => field(F::Title, 3),
        (V::Media, "description") => field(F::Summary, 6),
        (V::Media, "content") => Enclosure,
        (V::Media, "copyright") => field(F::Rights, 2),
        (V::Itunes, "title") => field(F::Title, 4),
        (V::Itunes, "author") => field(F::Author, 2),
        (V::Itunes, "summary") => field(F::Summary, 4),
        (V::Itunes, "subtitle") => field(F::Summary, 5),
        (V::Itunes, "category") => field(F::Category, 2),
        (V::Itunes | V::Media, "keywords") => field(F::Keywords, 2),
        (V::Syndication, "updateperiod") => field(F::UpdatePeriod, 0),
        (V::Syndication, "updatefrequency") => field(F::UpdateFrequency, 0),
        (V::Syndication, "updatebase") => field(F::UpdateBase, 0),
        (V::Proxy, "origlink") => field(F::Link, link_rank::ORIGINAL),
        (V::Prism, "publicationdate") => field(F::Published, 3),
        (V::Prism, "modificationdate") => field(F::Updated, 2),
        (V::Rdf | V::Content | V::Xhtml, _) | (V::Media, "group") => Transparent,
        _ => Ignored,
    }
}

/// How good a link is as the address of the entry's page; smaller is better.
pub(super) mod link_rank {
    /// `<link>` of RSS, `rel="alternate"` of a page.
    pub(crate) const PAGE: u8 = 0;
    /// An alternate of another type.
    pub(crate) const ALTERNATE: u8 = 2;
    /// A `guid` that is a permalink.
    pub(crate) const PERMALINK: u8 = 3;
    /// The original link that a feed proxy kept.
    pub(crate) const ORIGINAL: u8 = 4;
    /// `rdf:about`.
    pub(crate) const ABOUT: u8 = 5;
    /// An id that happens to be a web address.
    pub(crate) const ID: u8 = 6;
    /// Content that is elsewhere, and relations such as `related` and `via`.
    pub(crate) const RELATED: u8 = 7;
    /// The media file itself.
    pub(crate) const ENCLOSURE: u8 = 8;
}

/// The rank of a link by its relation and type (RFC 4287, 4.2.7); `None` for links that never lead to the entry.
pub(super) fn rank_of_link(relation: Option<&str>, mime: Option<&str>) -> Option<u8> {
    let relation = relation.unwrap_or("alternate").trim().to_ascii_lowercase();
    let relation = relation.strip_prefix("http://www.iana.org/assignments/relation/").unwrap_or(&relation);
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
