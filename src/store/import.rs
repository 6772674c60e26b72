//! `cuttings import`: stores the articles of another database's export.
//!
//! Into an empty database the articles come verbatim ([`verbatim`]): with their numbers and all that they are known by, so
//! that exporting again gives the same bytes, and a poll knows what was collected. A database with articles of its own gives
//! new numbers and takes an article that it does not know ([`renumbered`]); nothing in the file changes what is there.
//! `export::import_line` reads and checks each line; `cli::import` sends them in batches, each of which is one transaction.

mod records;
mod renumbered;
mod rows;
mod verbatim;

use chrono::{DateTime, Utc};

use super::article_identity::DecisionRecord;
use super::error::StoreError;
use super::handle::Store;
use records::ImportOutcome;
pub use records::{ImportRecord, ImportedArticle, ImportedIdentity, ImportedPage, ImportedText};

/// Decisions that wait for the end of an import at most; of more the later ones are left out.
const MAX_DECISIONS: usize = 10_000;

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
