//! Keys: the normalised URLs and ids by which an article is recognised. `identity` makes them, `store` compares them.

use super::words::words;

words! {
    /// How a key identifies an article, strongest first. The words are those of the `aliases` view.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
    pub enum KeyKind {
        /// `key_from_url` of the source, prefixed by the host.
        FromUrl = "from-url",
        /// The source's `short_link` rule.
        ShortLink = "short-link",
        /// `<link rel=shortlink>` or the `Link:` header.
        RelShortlink = "rel-shortlink",
        /// `rel=canonical`.
        Canonical = "canonical",
        /// `og:url`.
        OgUrl = "og-url",
        /// The URL that served the page.
        FinalUrl = "final-url",
        /// Any other URL that led to it: the entry's link, or a redirect.
        Link = "link",
    }
}

impl KeyKind {
    /// Whether the key counts as shared, and so identifies nothing, once pages that differ in final URL and text have it.
    pub fn can_be_shared(self) -> bool {
        matches!(self, Self::ShortLink | Self::RelShortlink | Self::Link)
    }
}

/// A key of an article; `identity` makes it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// How it identifies the article.
    pub kind: KeyKind,
    /// Normalised; equal keys identify the same article.
    pub key: String,
    /// The URL it was made from, to be shown and opened.
    pub url: String,
}
