//! The lines of an export as they are imported: read and checked one by one, not yet against each other.

use chrono::{DateTime, Utc};
use url::Url;

use super::super::article_identity::{DecisionRecord, MembershipRecord, PageRecord};

/// A line of an export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImportRecord {
    /// An article.
    Article(Box<ImportedArticle>),
    /// An article that was merged or deleted.
    Gone {
        /// Number of the change.
        seq: i64,
        /// Id of the article.
        id: i64,
        /// The article it was merged into; `None`: deleted.
        into: Option<i64>,
        /// When.
        at: DateTime<Utc>,
        /// Why it was deleted: `takedown` or `expired`; `None` where the file does not say.
        why: Option<String>,
        /// What it is still known by.
        identity: ImportedIdentity,
    },
}

impl ImportRecord {
    pub(super) fn decisions(&self) -> &[DecisionRecord] {
        match self {
            Self::Article(article) => &article.identity.decisions,
            Self::Gone { identity, .. } => &identity.decisions,
        }
    }
}

/// An article of another database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedArticle {
    /// Number of the change that brought the text.
    pub seq: i64,
    /// Number of the article.
    pub id: i64,
    /// Whether readers had another text of it before.
    pub revised: bool,
    /// The first article that tells the same.
    pub cluster: i64,
    /// When it was stored.
    pub first_seen: DateTime<Utc>,
    /// Number of the page of its text; `None` in the file of an earlier version.
    pub page: Option<i64>,
    /// What readers see.
    pub text: ImportedText,
    /// Empty on the line of an earlier text, and in the file of an earlier version.
    pub identity: ImportedIdentity,
}

/// A text of an article. The fields are columns of the `articles` view.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "docs/schema.md describes each")]
pub struct ImportedText {
    pub source: Option<String>,
    /// Whether it is of the page's own site.
    pub first_party: bool,
    /// `None`: of an entry without a link.
    pub url: Option<Url>,
    pub short_link: Option<Url>,
    pub title: Option<String>,
    pub standfirst: Option<String>,
    pub byline: Option<String>,
    pub authors: Vec<String>,
    pub published: Option<String>,
    pub published_at: Option<DateTime<Utc>>,
    pub precision: Option<String>,
    pub modified: Option<String>,
    pub text: String,
    /// Sanitised already.
    pub html: String,
    pub image: Option<String>,
    pub image_width: Option<u32>,
    pub image_height: Option<u32>,
    pub language: Option<String>,
    pub site: Option<String>,
    pub section: Option<String>,
    pub tags: Vec<String>,
    pub rights: Option<String>,
    /// A JSON list of objects.
    pub enclosures: String,
    pub method: String,
    pub kind: String,
    /// A JSON object.
    pub origins: String,
    pub fetched_at: DateTime<Utc>,
}

/// What an article is known by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportedIdentity {
    /// Its pages.
    pub pages: Vec<ImportedPage>,
    /// The sources that named it.
    pub memberships: Vec<MembershipRecord>,
    /// What people decided about its pages.
    pub decisions: Vec<DecisionRecord>,
}

/// A page, and its texts that readers do not see.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the types say it")]
pub struct ImportedPage {
    pub record: PageRecord,
    pub texts: Vec<ImportedText>,
}

/// What became of a record.
pub(super) enum ImportOutcome {
    New,
    Known,
    Gone,
    /// It contradicts an earlier one; the reason.
    Refused(String),
}
