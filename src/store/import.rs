//! `cuttings import`: stores the articles of another database's export.
//!
//! Into an empty database the articles come verbatim ([`verbatim`]): with their numbers and all that they are known by, so
//! that exporting again gives the same bytes, and a poll knows what was collected. A database with articles of its own gives
//! new numbers and takes an article that it does not know ([`renumbered`]); nothing in the file changes what is there.
//! `export::import_line` reads and checks each line; `cli::import` sends them in batches, each of which is one transaction.

mod renumbered;
mod rows;
mod verbatim;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, params};
use url::Url;

use super::article_identity::{DecisionRecord, DecisionVerdict, MembershipRecord, PageRecord};
use super::error::StoreError;
use super::handle::Store;
use super::time;

/// Decisions that wait for the end of an import at most; of more the later ones are left out.
const MAX_DECISIONS: usize = 10_000;

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
    fn decisions(&self) -> &[DecisionRecord] {
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
    pub url: Url,
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

/// Counts of an import.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportSummary {
    /// Articles that were added.
    pub new: u64,
    /// Articles that were there already.
    pub known: u64,
    /// Merged and deleted articles that were added; 0 in a database with articles of its own.
    pub gone: u64,
    /// Records that contradict earlier ones: their places in the batch, and the reasons as phrases.
    pub refused: Vec<(usize, String)>,
}

/// An import under way: what its batches have in common.
#[derive(Clone, Debug)]
pub struct Import {
    /// Whether articles keep their numbers, because there were none when it began.
    is_verbatim: bool,
    /// The last page that was there when it began.
    last_page: i64,
    /// Decisions about pages that may come later in the file.
    decisions: Vec<DecisionRecord>,
}

/// What became of a record.
enum ImportOutcome {
    New,
    Known,
    Gone,
    /// It contradicts an earlier one; the reason.
    Refused(String),
}

impl Store {
    /// Begins an import.
    pub async fn begin_import(&self) -> Result<Import, StoreError> {
        self.writer
            .call("begin an import", |db| {
                let sql = "SELECT seq = 0, (SELECT ifnull(max(id), 0) FROM page) FROM sequence";
                let (is_verbatim, last_page) = db.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
                Ok(Import { is_verbatim, last_page, decisions: Vec::new() })
            })
            .await
    }

    /// Imports a batch in one transaction.
    pub async fn import(
        &self,
        import: &mut Import,
        batch: Vec<ImportRecord>,
        now: DateTime<Utc>,
    ) -> Result<ImportSummary, StoreError> {
        let is_verbatim = import.is_verbatim;
        if !is_verbatim {
            let free = MAX_DECISIONS.saturating_sub(import.decisions.len());
            import.decisions.extend(batch.iter().flat_map(ImportRecord::decisions).take(free).cloned());
        }
        self.writer
            .call("import articles", move |db| {
                let mut summary = ImportSummary::default();
                for (at, record) in batch.iter().enumerate() {
                    let outcome = if is_verbatim {
                        verbatim::insert(db, record)?
                    } else {
                        renumbered::insert(db, record, now)?
                    };
                    match outcome {
                        Some(ImportOutcome::New) => summary.new += 1,
                        Some(ImportOutcome::Known) => summary.known += 1,
                        Some(ImportOutcome::Gone) => summary.gone += 1,
                        Some(ImportOutcome::Refused(why)) => summary.refused.push((at, why)),
                        None => {}
                    }
                }
                Ok(summary)
            })
            .await
    }

    /// Ends an import: stores what could only be judged with all of the file.
    pub async fn end_import(&self, import: Import) -> Result<(), StoreError> {
        self.writer
            .call("end an import", move |db| {
                if import.is_verbatim {
                    verbatim::name_pages(db)
                } else {
                    renumbered::insert_decisions(db, &import.decisions, import.last_page)
                }
            })
            .await
    }
}

fn insert_decision(db: &Connection, decision: &DecisionRecord) -> Result<(), StoreError> {
    let verdict = match decision.verdict {
        DecisionVerdict::Join => "join",
        DecisionVerdict::Part => "part",
    };
    db.prepare_cached(
        "INSERT OR IGNORE INTO decision (one_key, other_key, verdict, at) VALUES (?1, ?2, ?3, ?4)",
    )?
    .execute(params![decision.one, decision.other, verdict, time::text(decision.at)])?;
    Ok(())
}
