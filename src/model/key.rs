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
        /// `rel=amphtml`: the AMP form of the page.
        Amp = "amp",
        /// The URL that served the page.
        FinalUrl = "final-url",
        /// A URL that was requested, and led to the page.
        Asked = "asked",
        /// A redirect that led to the page.
        Redirect = "redirect",
        /// A further page of the same article, which was fetched and joined.
        NextPage = "next-page",
        /// The link of an entry whose page was not fetched.
        Link = "link",
    }
}

words! {
    /// What proves that a key is a page's.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub enum Proof {
        /// The response to our own request: we asked for this URL, or were redirected to it.
        Response = "response",
        /// A page says so about an address of its own site.
        Site = "site",
        /// Nothing: a feed links to it.
        None = "none",
    }
}

impl Proof {
    /// Whether an entry that links to the key is the page's without another request.
    pub fn makes_known(self) -> bool {
        self == Self::Response
    }
}

/// A key of a page; `identity` makes it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// How it identifies the article.
    pub kind: KeyKind,
    /// What proves that.
    pub proof: Proof,
    /// Normalised. A short link on another site than the page's begins with the page's site and `>`.
    pub key: String,
    /// The URL it was made from, to be shown and opened.
    pub url: String,
}

/// What a page says of an address of another site: that it is a copy of the page there. It proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Claim {
    /// How the page says it: `canonical`, `og-url` or `amp`.
    pub kind: KeyKind,
    /// The normalised URL.
    pub key: String,
    /// As the page has it.
    pub url: String,
}
