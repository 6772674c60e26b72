//! What an article is known by, as a line of an export has it: its pages with their keys and claims, the sources that named
//! it with their entries, and what people decided about its pages.
//!
//! `export` writes these records beside the article (format `jsonl`), `identity_rows` reads them from the database, `import`
//! puts them into another one. docs/exports.md describes the JSON. What has its usual value is left out of it: each field
//! says below what that is.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::link::SameSite;
use crate::model::{KeyKind, Proof};

/// A page of an article.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageRecord {
    /// Its number. `page` of a text and of an entry names it.
    pub page: i64,
    /// The key of its final URL, or of its entry where there is no URL that names an article. No other page has it.
    pub key: String,
    /// The URL that served it; empty for an entry without a link.
    pub url: String,
    /// Its site; left out if that is the registrable domain, or host, of `url`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<String>,
    /// The source that its text came by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Whether its own site gave a text of it; left out if so.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub first_party: bool,
    /// Whether the feed of its source is of the same site; left out if so.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub own_feed: bool,
    /// When it was stored.
    pub first_seen: DateTime<Utc>,
    /// When it was last requested; left out if only a feed's text is stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested_at: Option<DateTime<Utc>>,
    /// Its keys.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<AliasRecord>,
    /// What it says of addresses of other sites.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub claims: Vec<ClaimRecord>,
}

/// A key of a page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AliasRecord {
    /// How it identifies the page.
    pub kind: KeyKind,
    /// What proves that.
    pub proof: Proof,
    /// Normalised.
    pub key: String,
    /// The URL it was made from; left out if that is the page's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Whether it was found on different pages and so names none; left out if not.
    #[serde(default, skip_serializing_if = "is_no")]
    pub shared: bool,
    /// When it was found; left out if the page was stored then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen_at: Option<DateTime<Utc>>,
}

/// What a page says of an address of another site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimRecord {
    /// How the page says it.
    pub kind: KeyKind,
    /// Normalised.
    pub key: String,
    /// As the page has it.
    pub url: String,
    /// When it was found; left out if the page was stored then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen_at: Option<DateTime<Utc>>,
}

/// A source that named an article.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MembershipRecord {
    /// Its name.
    pub source: String,
    /// When it first named the article. It and `seq` are left out if the source has entries of the article, but does not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_seen: Option<DateTime<Utc>>,
    /// The change since which it counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seq: Option<i64>,
    /// When that change was, if it is one of its own (`joined`); left out if it was a change of the article.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub joined: Option<DateTime<Utc>>,
    /// Whether it came with an import, and no entry of that database stood for it; left out if not.
    #[serde(default, skip_serializing_if = "is_no")]
    pub imported: bool,
    /// Its entries that led to the article.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub entries: Vec<EntryRecord>,
}

/// An entry of a source that led to an article.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryRecord {
    /// What identifies it in its source: `id:`, `link:` or `title:`, and the value.
    pub entry: String,
    /// The page it led to; left out if that is the first of the article.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<i64>,
    /// Its link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// `done`, `known` or `unwanted`; left out if `done`: its page was collected.
    #[serde(default, skip_serializing_if = "is_done")]
    pub state: EntryState,
    /// Whether its link is that of other entries, too; left out if not.
    #[serde(default, skip_serializing_if = "is_no")]
    pub own_text: bool,
    /// When it was first in a document; left out if the source named the article with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_seen: Option<DateTime<Utc>>,
    /// When the feed says that it was last changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated: Option<DateTime<Utc>>,
    /// The publication date that the feed gave first, as printed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<String>,
    /// Whether its id is the URL of the page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permalink: Option<bool>,
    /// Title of the feed it was taken from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit: Option<String>,
    /// URL of that feed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit_url: Option<String>,
    /// Hashes of link, title and text, and the date in milliseconds since 1970: by them it is recognised if its id changes.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "hex")]
    pub link_hash: Option<i64>,
    /// See `link_hash`.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "hex")]
    pub title_hash: Option<i64>,
    /// See `link_hash`.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "hex")]
    pub text_hash: Option<i64>,
    /// See `link_hash`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dated: Option<i64>,
}

/// State of an entry that led to an article.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EntryState {
    /// Its page was collected.
    #[default]
    Done,
    /// Its link was an article already.
    Known,
    /// A filter excluded its page since.
    Unwanted,
}

/// What a person decided about two pages, by their keys.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DecisionRecord {
    /// `join` or `part`.
    pub verdict: DecisionVerdict,
    /// The key that is first in the order of the alphabet.
    pub one: String,
    /// The other key.
    pub other: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// Whether two pages are one article.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DecisionVerdict {
    /// They are, whatever speaks against it.
    Join,
    /// They are not.
    Part,
}

impl DecisionVerdict {
    /// The word used in the database, and in JSON.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Join => "join",
            Self::Part => "part",
        }
    }
}

/// What an article is known by, and to whom it belongs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ArticleIdentity {
    /// By number: the oldest first.
    pub pages: Vec<PageRecord>,
    /// By name of the source.
    pub memberships: Vec<MembershipRecord>,
    /// By their keys.
    pub decisions: Vec<DecisionRecord>,
}

impl PageRecord {
    /// The site of a page whose record names none.
    pub fn usual_site(url: &str) -> String {
        Url::parse(url).map_or_else(|_| String::new(), |url| SameSite::default().site(&url))
    }
}

fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_yes(is: &bool) -> bool {
    *is
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_no(is: &bool) -> bool {
    !*is
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_done(state: &EntryState) -> bool {
    *state == EntryState::Done
}

/// Hashes as 16 hexadecimal digits: not every reader of JSON has integers of 64 bits.
mod hex {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    #[expect(clippy::ref_option, reason = "serde gives a reference")]
    pub(super) fn serialize<S: Serializer>(hash: &Option<i64>, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&format_args!("{:016x}", hash.unwrap_or_default()))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<i64>, D::Error> {
        let Some(digits) = Option::<String>::deserialize(from)? else {
            return Ok(None);
        };
        let hash = u64::from_str_radix(&digits, 16).ok().filter(|_| digits.len() == 16);
        hash.map(|hash| Some(hash.cast_signed()))
            .ok_or_else(|| D::Error::custom(format_args!("{digits:?} is no hash of 16 hexadecimal digits")))
    }
}
