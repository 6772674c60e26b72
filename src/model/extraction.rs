//! What `extract` reads out of a page, and where each field came from.

use std::collections::BTreeMap;

use url::Url;

use super::enclosure::Enclosure;
use super::timestamp::Timestamp;
use super::words::words;

words! {
    /// The fields that rules or origins name. Not every column of an article has one.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
    pub enum Field {
        /// Headline.
        Title = "title",
        /// The lead, deck or summary printed above the text.
        Standfirst = "standfirst",
        /// Who wrote it.
        Byline = "byline",
        /// When it was published.
        Published = "published",
        /// When it was last changed.
        Modified = "modified",
        /// The text.
        Body = "body",
        /// The lead image.
        Image = "image",
        /// The page's own short link.
        ShortLink = "short_link",
        /// Language of the text.
        Language = "language",
        /// Name of the site.
        Site = "site",
        /// The section of the paper.
        Section = "section",
        /// Its tags.
        Tags = "tags",
        /// The page's canonical URL.
        Canonical = "canonical",
        /// The link to the next page of the article.
        NextPage = "next_page",
        /// The link to the whole article on one page.
        SinglePage = "single_page",
    }
}

words! {
    /// Where a field came from.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
    pub enum Origin {
        /// A selector of the source or of its site rule.
        Rule = "rule",
        /// schema.org data in the page.
        JsonLd = "json-ld",
        /// `<meta>`, `<link>`, `<title>` and the like.
        Meta = "meta",
        /// Extraction without rules.
        Auto = "auto",
        /// The feed's own text.
        Feed = "feed",
        /// JSON state that the page's scripts render.
        State = "state",
    }
}

words! {
    /// What kind of page it is.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub enum PageKind {
        /// An article.
        #[default]
        Article = "article",
        /// An article of which only the start is shown.
        Paywalled = "paywalled",
        /// A page that asks whether we are human.
        Challenge = "challenge",
        /// A page without a text that leads to another: by itself, or in a way that only a browser can follow.
        Interstitial = "interstitial",
        /// A front page, a section, a "not found" sent with 200.
        NotArticle = "not-an-article",
    }
}

/// How a page has a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Declared for machines: JSON-LD, microdata, `<meta>`.
    Structured,
    /// Printed where readers look for it.
    Printed,
    /// Concluded from something else: `<title>`, the URL, the date of the last change, a signature.
    Guessed,
}

/// A value that a page has for a field.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate<T> {
    /// The value.
    pub value: T,
    /// As it is stored if the value is chosen.
    pub origin: Origin,
    /// How the page has it.
    pub standing: Standing,
}

/// A byline and the names in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedByline {
    /// Several bylines are joined by commas.
    pub printed: String,
    /// Never empty.
    pub names: Vec<String>,
    /// Whether all names are full names of people: no agency, no account, not the site's own name.
    pub are_people: bool,
}

/// Everything that a page says of the fields that its feed tells, too: what was chosen and what was not. `field_choice`
/// compares it with the feed. A field with a rule has none.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PageEvidence {
    /// Headlines.
    pub titles: Vec<Candidate<String>>,
    /// Dates of publication.
    pub dates: Vec<Candidate<Timestamp>>,
    /// Bylines.
    pub bylines: Vec<Candidate<NamedByline>>,
}

/// What was extracted from a page.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Extraction {
    /// What kind of page it was.
    pub kind: PageKind,
    /// Where a page of the kind [`PageKind::Interstitial`] leads by itself; http or https.
    pub leads_to: Option<Url>,
    /// Plain text.
    pub title: Option<String>,
    /// Plain text.
    pub standfirst: Option<String>,
    /// As printed.
    pub byline: Option<String>,
    /// Clean names.
    pub authors: Vec<String>,
    /// As the page wrote it.
    pub published: Option<Timestamp>,
    /// As the page wrote it.
    pub modified: Option<Timestamp>,
    /// Paragraphs parted by a blank line.
    pub text: String,
    /// Sanitised, links absolute.
    pub html: String,
    /// The lead image.
    pub image: Option<Url>,
    /// Its size as the page declares it.
    pub image_size: ImageSize,
    /// BCP 47, lower case primary tag.
    pub language: Option<String>,
    /// Name of the site.
    pub site: Option<String>,
    /// The section of the paper.
    pub section: Option<String>,
    /// Tags of the page without duplicates; else the categories of the feed.
    pub tags: Vec<String>,
    /// Copyright or licence, from the feed.
    pub rights: Option<String>,
    /// Media files, from the feed.
    pub enclosures: Vec<Enclosure>,
    /// The page's links to itself.
    pub links: PageLinks,
    /// Links to further pages of the article.
    pub pagination: PaginationLinks,
    /// Where each field came from.
    pub origins: BTreeMap<Field, Origin>,
    /// What else the page says of the fields that its feed tells, too.
    pub evidence: PageEvidence,
    /// The selectors that were tried, in order.
    pub selectors: Vec<SelectorOutcome>,
}

/// Size of an image in pixels, as declared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ImageSize {
    /// Width.
    pub width: Option<u32>,
    /// Height.
    pub height: Option<u32>,
}

/// Links to other pages of the same article, absolute.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PaginationLinks {
    /// The page after this one.
    pub next: Option<Url>,
    /// The whole article on one page, by rule.
    pub single: Option<Url>,
    /// The AMP page: `<link rel=amphtml>`.
    pub amp: Option<Url>,
    /// URLs of the pages whose text was joined: the links, and where they were served.
    pub joined: Vec<Url>,
}

/// Links of a page to itself; `identity` decides which of them identify the article.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PageLinks {
    /// By the source's `short_link` rule.
    pub short_link: Option<Url>,
    /// `<link rel=shortlink>`; the `Link:` header is added by the caller.
    pub shortlink: Option<Url>,
    /// `<link rel=canonical>`.
    pub canonical: Option<Url>,
    /// `og:url`.
    pub og_url: Option<Url>,
    /// `<link rel=amphtml>`.
    pub amp: Option<Url>,
}

/// A selector that was tried on a page.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SelectorOutcome {
    /// For which field.
    pub field: Field,
    /// As typed, with its `@attr`.
    pub selector: String,
    /// Whether it gave a value that survived `match` and `format`.
    pub matched: bool,
    /// Characters of the value; 0 where it gave none.
    pub length: usize,
    /// The rule's section or file: `[source.article]`, `sites/paper.example.toml`.
    pub defined_in: String,
}
